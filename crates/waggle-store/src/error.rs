//! What can go wrong with the store, named after what the caller can do about it.

use crate::ReadError;
use std::path::{Path, PathBuf};

/// The outcome of calls on the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store can't do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process uses the data folder: stop it, or name another folder.
    #[error("the data folder {} is in use by another waggle", .0.display())]
    InUse(PathBuf),
    /// A log file is missing, a newer program wrote it, or it holds what no program of ours wrote: restore a backup, or move the file
    /// away and lose what it holds.
    #[error("the log file {} is damaged at byte {offset}: {message}", .file.display())]
    WalDamaged {
        /// The file.
        file: PathBuf,
        /// Where the first record starts that can't be read.
        offset: u64,
        /// What is wrong.
        message: String,
    },
    /// There is no room on the disk: nothing was done, and it may be tried again.
    #[error("the disk is full")]
    Full,
    /// The disk refused: look at its space and its health.
    #[error("{}: {source}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A block can't be read.
    #[error(transparent)]
    Block(#[from] ReadError),
    /// A filter can't be applied to stored events.
    #[error("the filter can't be applied: {0}")]
    Filter(String),
    /// The metastore refused: see its error.
    #[error("the metastore refused: {0}")]
    Metastore(#[from] waggle_metastore::Error),
    /// The store has stopped; the reason says why.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}

impl Error {
    pub(crate) fn io(file: &Path, source: std::io::Error) -> Self {
        if crate::disk::is_full(&source) {
            return Self::Full;
        }
        Self::Io {
            file: file.to_owned(),
            source,
        }
    }
}
