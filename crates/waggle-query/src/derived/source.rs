//! The derived columns of one source, made when they are asked for.

use super::DerivedColumns;
use super::build::make_column;
use crate::exec::{Watch, without_turn};
use parking_lot::Mutex;
use std::fmt;
use std::sync::{Arc, Weak};
use waggle_model::TimeRange;
use waggle_store::column::Column;
use waggle_store::{ExtraColumns, ReadError, Source};

/// What a query adds to one source.
pub(super) struct SourceColumns {
    columns: DerivedColumns,
    range: TimeRange,
    watch: Arc<Watch>,
    /// One per column.
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

impl SourceColumns {
    pub(super) fn new(columns: &DerivedColumns, range: TimeRange, watch: &Arc<Watch>) -> Self {
        let made = columns.names.iter().map(|_| Mutex::default());
        Self {
            made: made.collect(),
            columns: columns.clone(),
            range,
            watch: Arc::clone(watch),
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.columns.names.iter().position(|known| known == name)
    }

    fn make(&self, index: usize, base: &Source) -> Result<(Made, Option<Arc<Column>>), ReadError> {
        let expression = &self.columns.expressions[index];
        let Some(column) = make_column(expression, base, self.range, &self.watch)? else {
            return Ok((Made::Nothing, None));
        };
        let bytes: usize = column.types.iter().map(|typed| typed.heap_bytes()).sum();
        let made = match self.watch.keep(bytes) {
            true => Made::Kept(Arc::clone(&column)),
            false => Made::Lent(Arc::downgrade(&column)),
        };
        Ok((made, Some(column)))
    }
}

impl ExtraColumns for SourceColumns {
    fn names(&self) -> &[String] {
        &self.columns.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        let expression = self
            .index(name)
            .map(|index| &self.columns.expressions[index]);
        expression.map_or_else(Vec::new, |expression| expression.columns().collect())
    }

    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.index(name) else {
            return Ok(None);
        };
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
        let (now, column) = self.make(index, base)?;
        *made = now;
        Ok(column)
    }
}

impl fmt::Debug for SourceColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.columns.fmt(f)
    }
}
