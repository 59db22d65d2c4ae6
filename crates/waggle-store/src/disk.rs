//! Every file call of the store, behind one trait.
//!
//! Nothing else in the store touches a file, so that tests can put a simulated disk in its place which loses what was not synced,
//! tears writes, fills up and stops at any call. Promises of durability are made by exactly three calls: [`DiskFile::sync`] for the
//! bytes of a file, [`Disk::sync_dir`] for names, [`Disk::create_dir`] for directories.

mod real;
#[cfg(test)]
pub(crate) mod sim;

pub use real::RealDisk;

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A place for files.
pub trait Disk: Debug + Send + Sync {
    /// Makes a directory and its parents unless they exist; they are durable on return.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Lists the names of the files in a directory, in no order. Names that are not UTF-8 are left out: none of ours is.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;

    /// Makes an empty file for appending and reading; an existing one loses its content. The name is durable after
    /// [`sync_dir`](Self::sync_dir).
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens an existing file for reading, and for [`DiskFile::truncate`].
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Gives a file another name, replacing what had it; durable after [`sync_dir`](Self::sync_dir).
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file; durable after [`sync_dir`](Self::sync_dir). Open handles stay readable.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Waits until all names of a directory are on stable storage.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Bytes that this process may still write in a directory.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;

    /// Takes a file as a lock that nobody else gets, in any process, until the returned value is dropped.
    ///
    /// # Errors
    /// `WouldBlock` while somebody else holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>>;
}

/// True when a write failed for want of room: nothing is broken, and it may be tried again when there is some.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// An open file.
pub trait DiskFile: Debug + Send + Sync {
    /// Writes all bytes at the end. After an error the file may hold any prefix of them.
    fn append(&self, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all bytes written so far are on stable storage.
    fn sync(&self) -> io::Result<()>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Hears that bytes are soon to be read, so that they can be fetched meanwhile. Only a hint: it never waits and never fails.
    fn will_read(&self, _offset: u64, _length: u64) {}

    /// The length in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Cuts everything from `length` on; durable after [`sync`](Self::sync). The next append goes there.
    fn truncate(&self, length: u64) -> io::Result<()>;
}
