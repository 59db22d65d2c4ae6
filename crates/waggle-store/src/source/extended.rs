//! Columns that a query adds to the stored ones: a filter, a breakdown or a calculation reads them like any other.

use super::{ReadError, Source, Wanted};
use crate::column::{Column, ColumnPresence, TypedColumn};
use std::fmt;
use std::sync::Arc;

/// Columns of one source that are not stored in it. They are made when they are first asked for.
pub trait ExtraColumns: Send + Sync + fmt::Debug {
    /// Their names. A stored column of the same name is hidden.
    fn names(&self) -> &[String];

    /// The stored columns that one of them is made of.
    fn inputs(&self, name: &str) -> Vec<&str>;

    /// True when every row is to count once, whatever its sample rate.
    fn hides_sample_rates(&self) -> bool {
        false
    }

    /// One of them, over all rows of `base`; `None` when no row has a value.
    ///
    /// # Errors
    /// [`ReadError`] when its inputs can't be read.
    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError>;
}

/// A source with more columns.
#[derive(Clone, Debug)]
pub struct ExtendedSource {
    base: Source,
    extra: Arc<dyn ExtraColumns>,
}

impl ExtendedSource {
    /// Adds columns to a source.
    pub fn new(base: Source, extra: Arc<dyn ExtraColumns>) -> Self {
        Self { base, extra }
    }

    /// The source without them.
    pub fn base(&self) -> &Source {
        &self.base
    }

    pub(super) fn sample_rates(&self) -> Result<Option<Arc<TypedColumn>>, ReadError> {
        match self.extra.hides_sample_rates() {
            true => Ok(None),
            false => self.base.sample_rates(),
        }
    }

    /// Whether a column is one of those added here.
    pub(super) fn has(&self, name: &str) -> bool {
        self.extra.names().iter().any(|known| known == name)
    }

    pub(super) fn column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self.has(name) {
            true => self.extra.column(&self.base, name),
            false => self.base.column(name),
        }
    }

    pub(super) fn coded_column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self.has(name) {
            true => self.extra.column(&self.base, name),
            false => self.base.coded_column(name),
        }
    }

    pub(super) fn column_in(
        &self,
        name: &str,
        chunks: &[usize],
    ) -> Result<Option<Arc<Column>>, ReadError> {
        match self.has(name) {
            true => self.extra.column(&self.base, name),
            false => self.base.column_in(name, chunks),
        }
    }

    pub(super) fn has_in_memory(&self, name: &str) -> bool {
        self.has(name) || self.base.has_in_memory(name)
    }

    pub(super) fn presence(&self, name: &str) -> Result<Option<Arc<ColumnPresence>>, ReadError> {
        if !self.has(name) {
            return self.base.presence(name);
        }
        let column = self.extra.column(&self.base, name)?;
        Ok(column.map(|column| Arc::new(column.presence())))
    }

    pub(super) fn rows_with(&self, name: &str, text: &str) -> Result<Vec<u32>, ReadError> {
        if !self.has(name) {
            return self.base.rows_with(name, text);
        }
        let column = self.extra.column(&self.base, name)?;
        Ok(column.map_or_else(Vec::new, |column| column.rows_with(text)))
    }

    pub(super) fn will_read(&self, wanted: &[Wanted<'_>]) {
        let mut stored = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            match *wanted {
                Wanted::Column(name) | Wanted::Some(name) | Wanted::Presence(name)
                    if self.has(name) =>
                {
                    let inputs = self.extra.inputs(name);
                    stored.extend(inputs.into_iter().map(Wanted::Column));
                }
                wanted => stored.push(wanted),
            }
        }
        self.base.will_read(&stored);
    }

    pub(super) fn column_names(&self) -> Vec<String> {
        let mut names = self.base.column_names();
        names.retain(|name| !self.has(name));
        names.extend_from_slice(self.extra.names());
        names
    }

    pub(super) fn column_bytes(&self, name: &str) -> u64 {
        let stored = self.stored(name).into_iter();
        stored.map(|name| self.base.column_bytes(name)).sum()
    }

    /// The columns below that are read for a column here.
    fn stored<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        match self.has(name) {
            true => self.extra.inputs(name),
            false => vec![name],
        }
    }
}
