//! What a file's writer writes into: pieces of a good size for a socket, handed over as they are filled.

use crate::decode::DecodeError;
use std::io::{self, ErrorKind, Write};
use tokio::sync::mpsc::Sender;
use waggle_model::QueryError;

/// A piece is handed over when it has reached this size.
const PIECE_BYTES: usize = 256 << 10;

pub(super) struct Pieces {
    sender: Sender<Result<Vec<u8>, QueryError>>,
    piece: Vec<u8>,
}

impl Pieces {
    pub(super) fn new(sender: Sender<Result<Vec<u8>, QueryError>>) -> Self {
        Self {
            sender,
            piece: Vec::new(),
        }
    }

    /// A look whether anybody still takes pieces.
    pub(super) fn watch(&self) -> impl Fn() -> Result<(), DecodeError> + use<> {
        let sender = self.sender.clone();
        move || match sender.is_closed() {
            true => Err(DecodeError::Cancelled),
            false => Ok(()),
        }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        self.sender
            .blocking_send(Ok(piece))
            .map_err(|_| io::Error::from(ErrorKind::BrokenPipe))
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.piece.is_empty() {
            true => Ok(()),
            false => self.hand_over(),
        }
    }
}
