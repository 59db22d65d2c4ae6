//! Blocks: sealed rows of one dataset in Waggle's own columnar format, sorted by time and never changed.
//!
//! [`encode_block`] turns memtable runs into the bytes of a block and [`encode_sources`] any sources, blocks among them; [`Block`] reads them back column by column, each by one ranged
//! read that is the same call on a local file and on an object store. docs/format.md describes every byte.

mod bytes;
mod cache;
mod directory;
mod ids;
mod layout;
mod lookup;
mod part;
mod read;
mod write;

pub use cache::{BlockCache, CacheStats};
pub use directory::{ColumnBounds, ColumnEntry};
pub use read::{Block, BlockPlace};
pub use write::{BlockInput, EncodedBlock, encode_block, encode_sources};

use std::io;

/// A file of blocks that can be read in parts, wherever it is.
pub trait RangeRead: Send + Sync {
    /// Reads exactly `length` bytes from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file ends before, and whatever the storage reports.
    fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Fills `buffer` in the same way: memory that is used again need not be made.
    fn read_into(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.read_at(offset, buffer.len())?;
        if bytes.len() != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buffer.copy_from_slice(&bytes);
        Ok(())
    }

    /// Hears that bytes are soon to be read, so that the storage can begin to fetch them. Only a hint, and never waits.
    fn will_read(&self, _offset: u64, _length: u64) {}

    /// What an operator knows the file by, for error messages.
    fn name(&self) -> &str;
}

#[cfg(test)]
mod tests;
