//! The texts of a dictionary, as they lie in a block until somebody wants to read one: what compares hashes only never pays for
//! decompressing them.

use parking_lot::Mutex;
use std::sync::OnceLock;

/// UTF-8 of all entries of a dictionary, one directly after another.
#[derive(Debug)]
pub struct Texts {
    plain: OnceLock<Vec<u8>>,
    /// A zstd frame, as long as there is nothing plain.
    frame: Mutex<Option<Box<[u8]>>>,
    length: usize,
}

impl Texts {
    /// Texts that can be read.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        Self {
            length: bytes.len(),
            plain: bytes.into(),
            frame: Mutex::default(),
        }
    }

    /// Texts of so many bytes in a zstd frame, which [`load`](Self::load) makes readable.
    pub(crate) fn compressed(frame: &[u8], length: usize) -> Self {
        Self {
            plain: OnceLock::new(),
            frame: Mutex::new(Some(frame.into())),
            length,
        }
    }

    /// The bytes; none before they are loaded.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.plain.get().map_or(&[], Vec::as_slice)
    }

    /// Bytes of all texts, loaded or not.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.plain.get().is_some()
    }

    /// Makes the texts readable, of which each ends where `ends` says.
    ///
    /// # Errors
    /// Says what is wrong with the frame: it comes from a disk. They can't be read then.
    pub(super) fn load(&self, ends: &[u32]) -> Result<(), String> {
        if self.is_loaded() {
            return Ok(());
        }
        let mut frame = self.frame.lock();
        if let Some(bytes) = &*frame {
            let bytes = zstd::bulk::decompress(bytes, self.length)
                .map_err(|error| format!("zstd: {error}"))?;
            check(&bytes, ends, self.length)?;
            self.plain.get_or_init(|| bytes);
            *frame = None;
        }
        Ok(())
    }
}

/// Checks texts that come from a disk.
///
/// # Errors
/// Says what is wrong with them.
pub(crate) fn check(bytes: &[u8], ends: &[u32], length: usize) -> Result<(), &'static str> {
    if bytes.len() != length {
        return Err("a text has the wrong length");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?;
    match ends.iter().all(|end| text.is_char_boundary(*end as usize)) {
        true => Ok(()),
        false => Err("a text ends within a character"),
    }
}

impl Clone for Texts {
    fn clone(&self) -> Self {
        let frame = self.frame.lock().clone();
        Self {
            plain: self.plain.clone(),
            frame: Mutex::new(frame),
            length: self.length,
        }
    }
}
