//! The derived columns of one source, made when they are asked for.

use super::DerivedColumns;
use super::build::make_column;
use crate::exec::Watch;
use crate::made::MadeColumns;
use std::fmt;
use std::sync::Arc;
use waggle_model::TimeRange;
use waggle_store::column::Column;
use waggle_store::{ExtraColumns, ReadError, Source};

/// What a query adds to one source.
pub(super) struct SourceColumns {
    columns: DerivedColumns,
    /// The source that expressions read: with columns of other spans.
    inputs: Source,
    range: TimeRange,
    watch: Arc<Watch>,
    made: MadeColumns,
}

impl SourceColumns {
    pub(super) fn new(
        columns: &DerivedColumns,
        inputs: Source,
        range: TimeRange,
        watch: &Arc<Watch>,
    ) -> Self {
        Self {
            columns: columns.clone(),
            inputs,
            range,
            watch: Arc::clone(watch),
            made: MadeColumns::new(columns.names.len(), watch),
        }
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.columns.names.iter().position(|known| known == name)
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

    fn column(&self, _: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.index(name) else {
            return Ok(None);
        };
        self.made.get(index, || {
            let expression = &self.columns.expressions[index];
            make_column(expression, &self.inputs, self.range, &self.watch)
        })
    }
}

impl fmt::Debug for SourceColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.columns.fmt(f)
    }
}
