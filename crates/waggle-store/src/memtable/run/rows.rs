//! Which rows of a run have a value: not listed as long as all have one, which most columns keep up.

use crate::column::Presence;
use std::sync::Arc;

/// The rows of one column and type, collected batch by batch.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    count: u32,
    /// The rows from 0 to `count` when it is empty.
    listed: Vec<u32>,
}

impl Rows {
    /// Adds rows of a batch of `row_count` rows whose first is `first_row` of the run. Returns the bytes it grew by.
    pub(super) fn extend(&mut self, rows: &[u32], first_row: u32, row_count: usize) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a run is sealed far below 2^32 rows"
        )]
        let count = rows.len() as u32;
        let before = self.listed.len();
        let is_dense = self.count == first_row && rows.len() == row_count;
        if before > 0 || !is_dense {
            if before == 0 {
                self.listed.extend(0..self.count);
            }
            self.listed.extend(rows.iter().map(|row| first_row + row));
        }
        self.count += count;
        (self.listed.len() - before) * 4
    }

    /// The rows among all of a run, and none from here on; `None` for no row.
    pub(super) fn take(&mut self, row_count: u32) -> Option<Presence> {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return None;
        }
        let presence = if count == row_count {
            Presence::All
        } else if self.listed.is_empty() {
            Presence::Rows((0..count).collect())
        } else {
            Presence::Rows(Arc::from(&*self.listed))
        };
        self.listed.clear();
        Some(presence)
    }
}
