//! Columns that a query makes when they are asked for: each once, and kept as long as the query has the memory.

use crate::exec::{Watch, without_turn};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use waggle_store::ReadError;
use waggle_store::column::Column;

/// What was made of some columns, by their numbers.
pub(crate) struct MadeColumns {
    watch: Arc<Watch>,
    made: Vec<Mutex<Made>>,
}

/// A column that was made before.
#[derive(Clone, Default)]
enum Made {
    #[default]
    NotYet,
    /// No row has a value.
    Nothing,
    /// Kept, and counted as memory of the query.
    Kept(Arc<Column>),
    /// Someone may still be reading it; to keep it would take too much of the query's memory.
    Lent(Weak<Column>),
}

impl MadeColumns {
    /// So many columns, none of them made.
    pub(crate) fn new(count: usize, watch: &Arc<Watch>) -> Self {
        Self {
            watch: Arc::clone(watch),
            made: (0..count).map(|_| Mutex::default()).collect(),
        }
    }

    /// True when the column of a number is known to be counted as memory of the query. Never waits: whoever has the column in hand may be
    /// waiting for the caller's turn.
    pub(crate) fn is_kept(&self, index: usize) -> bool {
        let made = self.made[index].try_lock();
        made.is_some_and(|made| matches!(*made, Made::Kept(_)))
    }

    /// The column of a number, for which `make` is asked unless it is there; `None` when no row has a value.
    pub(crate) fn get(
        &self,
        index: usize,
        make: impl FnOnce() -> Result<Option<Arc<Column>>, ReadError>,
    ) -> Result<Option<Arc<Column>>, ReadError> {
        // Threads that share a source wait for the one that makes the column, and let others compute meanwhile.
        let mut made = match self.made[index].try_lock() {
            Some(made) => made,
            None => without_turn(|| self.made[index].lock()),
        };
        match &*made {
            Made::Nothing => return Ok(None),
            Made::Kept(column) => return Ok(Some(Arc::clone(column))),
            Made::Lent(column) => {
                if let Some(column) = column.upgrade() {
                    return Ok(Some(column));
                }
            }
            Made::NotYet => {}
        }
        let column = make()?;
        *made = match &column {
            None => Made::Nothing,
            Some(column) => {
                let bytes: usize = column.types.iter().map(|typed| typed.heap_bytes()).sum();
                match self.watch.keep(bytes) {
                    true => Made::Kept(Arc::clone(column)),
                    false => Made::Lent(Arc::downgrade(column)),
                }
            }
        };
        Ok(column)
    }
}
