//! Columns that a query adds to the stored ones: a filter, a breakdown or a calculation reads them like any other. Some are made, some
//! are another column under one more name.

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

    /// What one of them is that is not made: a column of the base, or with `None` nothing at all.
    fn stands_for(&self, _name: &str) -> Option<Option<&str>> {
        None
    }

    /// The source whose column one of them stands for, where that is not the base: there, names may have come to mean something else.
    fn below(&self, _name: &str) -> Option<&Source> {
        None
    }

    /// What tells these columns from others of the same names, where no query says it; 0 where queries do.
    fn key(&self) -> u64 {
        0
    }
}

/// What columns of a source mean, where that is not what most sources call them.
pub trait Definition: Send + Sync + fmt::Debug {
    /// Columns by the names of those whose meaning they have, of these names or of all there are; `None` when the columns of these names
    /// have it themselves.
    fn columns(&self, names: Option<&[&str]>) -> Option<Arc<dyn ExtraColumns>>;
}

/// A source with more columns.
#[derive(Clone, Debug)]
pub struct ExtendedSource {
    base: Source,
    extra: Arc<dyn ExtraColumns>,
    definition: Option<Arc<dyn Definition>>,
}

/// Where a column is.
enum Place<'a> {
    /// It is made.
    Made,
    /// A column of this source: most often, of the base.
    Of(&'a Source, &'a str),
    /// No row has it.
    Nowhere,
}

impl ExtendedSource {
    /// Adds columns to a source.
    pub fn new(base: Source, extra: Arc<dyn ExtraColumns>) -> Self {
        Self {
            base,
            extra,
            definition: None,
        }
    }

    /// The same, and says what its columns mean.
    #[must_use]
    pub fn defined_by(mut self, definition: Arc<dyn Definition>) -> Self {
        self.definition = Some(definition);
        self
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

    pub(super) fn definition(&self) -> Option<&Arc<dyn Definition>> {
        self.definition.as_ref()
    }

    pub(super) fn key(&self) -> u64 {
        self.extra.key()
    }

    fn place<'a>(&'a self, name: &'a str) -> Place<'a> {
        match (self.has(name), self.extra.stands_for(name)) {
            (false, _) => Place::Of(&self.base, name),
            (true, None) => Place::Made,
            (true, Some(Some(column))) => {
                Place::Of(self.extra.below(name).unwrap_or(&self.base), column)
            }
            (true, Some(None)) => Place::Nowhere,
        }
    }

    /// Whether some row may have a value in a column.
    pub(super) fn has_column(&self, name: &str) -> bool {
        match self.place(name) {
            Place::Made => true,
            Place::Of(source, name) => source.has_column(name),
            Place::Nowhere => false,
        }
    }

    /// Whether a column is one of those added here.
    pub(super) fn has(&self, name: &str) -> bool {
        self.extra.names().iter().any(|known| known == name)
    }

    pub(super) fn column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self.place(name) {
            Place::Made => self.extra.column(&self.base, name),
            Place::Of(source, name) => source.column(name),
            Place::Nowhere => Ok(None),
        }
    }

    pub(super) fn coded_column(&self, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self.place(name) {
            Place::Made => self.extra.column(&self.base, name),
            Place::Of(source, name) => source.coded_column(name),
            Place::Nowhere => Ok(None),
        }
    }

    pub(super) fn column_in(
        &self,
        name: &str,
        chunks: &[usize],
    ) -> Result<Option<Arc<Column>>, ReadError> {
        match self.place(name) {
            Place::Made => self.extra.column(&self.base, name),
            Place::Of(source, name) => source.column_in(name, chunks),
            Place::Nowhere => Ok(None),
        }
    }

    pub(super) fn has_in_memory(&self, name: &str) -> bool {
        match self.place(name) {
            Place::Made | Place::Nowhere => true,
            Place::Of(source, name) => source.has_in_memory(name),
        }
    }

    pub(super) fn presence(&self, name: &str) -> Result<Option<Arc<ColumnPresence>>, ReadError> {
        match self.place(name) {
            Place::Made => {
                let column = self.extra.column(&self.base, name)?;
                Ok(column.map(|column| Arc::new(column.presence())))
            }
            Place::Of(source, name) => source.presence(name),
            Place::Nowhere => Ok(None),
        }
    }

    pub(super) fn rows_with(&self, name: &str, text: &str) -> Result<Vec<u32>, ReadError> {
        match self.place(name) {
            Place::Made => {
                let column = self.extra.column(&self.base, name)?;
                Ok(column.map_or_else(Vec::new, |column| column.rows_with(text)))
            }
            Place::Of(source, name) => source.rows_with(name, text),
            Place::Nowhere => Ok(Vec::new()),
        }
    }

    pub(super) fn will_read(&self, wanted: &[Wanted<'_>]) {
        let mut stored = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            match *wanted {
                Wanted::Times => stored.push(Wanted::Times),
                Wanted::Column(name) => self.add_wanted(name, Wanted::Column, &mut stored),
                Wanted::Some(name) => self.add_wanted(name, Wanted::Some, &mut stored),
                Wanted::Presence(name) => self.add_wanted(name, Wanted::Presence, &mut stored),
            }
        }
        self.base.will_read(&stored);
    }

    fn add_wanted<'a>(
        &'a self,
        name: &'a str,
        wanted: impl Fn(&'a str) -> Wanted<'a>,
        stored: &mut Vec<Wanted<'a>>,
    ) {
        match self.place(name) {
            Place::Made => {
                let inputs = self.extra.inputs(name);
                stored.extend(inputs.into_iter().map(Wanted::Column));
            }
            Place::Of(source, name) if std::ptr::eq(source, &self.base) => {
                stored.push(wanted(name));
            }
            Place::Of(source, name) => source.will_read(&[wanted(name)]),
            Place::Nowhere => {}
        }
    }

    pub(super) fn column_names(&self) -> Vec<String> {
        let mut names = self.base.column_names();
        names.retain(|name| !self.has(name));
        names.extend_from_slice(self.extra.names());
        names
    }

    pub(super) fn column_bytes(&self, name: &str) -> u64 {
        match self.place(name) {
            Place::Made => {
                let inputs = self.extra.inputs(name).into_iter();
                inputs.map(|name| self.base.column_bytes(name)).sum()
            }
            Place::Of(source, name) => source.column_bytes(name),
            Place::Nowhere => 0,
        }
    }
}
