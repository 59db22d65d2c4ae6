//! What can go wrong, named after what the caller can do about it.

use waggle_model::KeepError;

/// The outcome of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The row does not exist, or belongs to another tenant: answer 404.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The row exists already, or another row stands in the way: answer 409, or read again and decide anew.
    #[error("{0}")]
    Conflict(&'static str),
    /// Something else can't do without the row: answer 409.
    #[error("{0} is in use")]
    InUse(&'static str),
    /// A value can't be used whatever the state of the metastore: answer 422.
    #[error("{field}: {message}")]
    Invalid {
        /// Which value.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// A limit handed in by the caller is reached: nothing was made.
    #[error("there are already {limit} {what}, the most there may be")]
    LimitReached {
        /// What there are too many of.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// What was handed in would bring its kind beyond a limit of bytes handed in by the caller: nothing was written.
    #[error("{what}: all together would have more than {bytes_max} bytes, the most they may have")]
    TooLarge {
        /// Of what there would be too much.
        what: &'static str,
        /// The most bytes there may be.
        bytes_max: usize,
    },
    /// Somebody else held the metastore too long: try again.
    #[error("the metastore is busy; try again")]
    Busy,
    /// A newer Waggle wrote this metastore: start that version, or restore a backup.
    #[error(
        "the metastore has schema version {found}, but this program knows versions up to {known}: a newer Waggle wrote it"
    )]
    NewerSchema {
        /// The version in the metastore.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// What is stored can't be what was written: restore a backup.
    #[error("the metastore is damaged: {0}")]
    Corrupt(String),
    /// The metastore can't be reached or can't write: the disk is full, the file is gone, the connection broke.
    #[error("the metastore is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<Error> for KeepError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::NotFound(what),
            Error::Conflict(text) => Self::Conflict(text.to_owned()),
            Error::InUse(_) => Self::Conflict(error.to_string()),
            Error::Invalid { field, message } => Self::Invalid {
                field: field.to_owned(),
                message: message.to_owned(),
            },
            error => Self::Unavailable(error.to_string()),
        }
    }
}
