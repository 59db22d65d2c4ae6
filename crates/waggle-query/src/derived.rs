//! Derived columns: expressions over other columns that clauses name like any column.
//!
//! Before a query reads its snapshot, every source of it is extended by the derived columns. One is made of a source when something asks
//! for it, over the rows of the query's range, and is then a column like the stored ones: filters, groups, calculations, heat maps,
//! BubbleUp and raw rows know no difference. A part of an expression that looks at one column of text is evaluated once per entry of
//! its dictionary, everything else over 1024 rows at a time.

mod build;
mod fast;
mod lanes;
mod source;
mod step;

pub(crate) use build::{ColumnBuilder, TEXT_BYTES_MAX, make_column};
pub(crate) use lanes::{Lanes, Tables};

use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use crate::filter::{FilterSet, Remembered};
use crate::relation::{self, is_relational};
use crate::temporal::{self, Steps};
use hashbrown::HashSet;
use source::SourceColumns;
use std::sync::Arc;
use waggle_expression::{Expression, Temporal};
use waggle_model::{CalculatedField, QueryError, TimeRange};
use waggle_store::{ExtendedSource, Snapshot, Source};

/// Most calculated fields of one query. Source: spec/honeycomb-api.md section 11.1.
const FIELDS_MAX: usize = 100;

/// The derived columns of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct DerivedColumns {
    names: Arc<[String]>,
    expressions: Arc<[Expression]>,
}

impl DerivedColumns {
    /// Reads the fields of a query.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with the field, and the place in its expression.
    pub(crate) fn new(fields: &[CalculatedField]) -> Result<Self, QueryError> {
        let invalid = |field: String, message: String| Err(QueryError::Invalid { field, message });
        if fields.len() > FIELDS_MAX {
            let message = format!("there may be at most {FIELDS_MAX}");
            return invalid("calculated_fields".to_owned(), message);
        }
        let mut seen = HashSet::new();
        let mut expressions = Vec::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            let path = |member: &str| format!("calculated_fields[{index}].{member}");
            if field.name.is_empty() {
                return invalid(path("name"), "a calculated field needs a name".to_owned());
            }
            if !seen.insert(field.name.as_str()) {
                let message = format!("{} is a calculated field already", field.name);
                return invalid(path("name"), message);
            }
            match Expression::parse(&field.expression) {
                Ok(expression) => expressions.push(expression),
                Err(error) => return invalid(path("expression"), error.to_string()),
            }
        }
        Ok(Self {
            names: fields.iter().map(|field| field.name.clone()).collect(),
            expressions: expressions.into(),
        })
    }

    /// True when there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether one of them has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// What tells a query with these columns from one with others that have the same names.
    pub(crate) fn key(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let texts = self.expressions.iter().map(Expression::text);
        let fields: Vec<(&String, &str)> = self.names.iter().zip(texts).collect();
        format!(" where {fields:?}")
    }

    /// True when an expression may look at other spans of a row's trace.
    pub(crate) fn may_relate(&self) -> bool {
        let mut columns = self.expressions.iter().flat_map(Expression::columns);
        columns.any(is_relational)
    }

    /// True when an expression looks at the points before a row's.
    pub(crate) fn looks_back(&self) -> bool {
        self.temporals().next().is_some()
    }

    /// What a snapshot must hold for a query over a range.
    pub(crate) fn reach(&self, range: TimeRange, config: &EngineConfig) -> TimeRange {
        temporal::reach(self.temporals(), range, config)
    }

    fn temporals(&self) -> impl Iterator<Item = &Temporal> {
        self.expressions.iter().flat_map(Expression::temporals)
    }

    /// The snapshot with these columns in every source, for a query that looks at a range only and cuts it into `steps`. The sources
    /// that only [`reach`](Self::reach) asks for are not in it.
    ///
    /// # Errors
    /// [`ExecError::Query`] names the field when an expression reads any span of a trace, which only filters can.
    pub(crate) fn extend(
        &self,
        snapshot: &Snapshot,
        steps: Steps,
        config: &EngineConfig,
        remembered: &Arc<Remembered>,
        watch: &Arc<Watch>,
    ) -> Result<Snapshot, ExecError> {
        if self.is_empty() {
            return Ok(snapshot.clone());
        }
        let range = steps.range();
        let inputs = temporal::extend(snapshot, self.temporals(), steps, config, watch)?;
        let inputs = relation::extend(
            &inputs,
            self.expressions.iter().flat_map(Expression::columns),
            |name| self.field_of(name),
            &FilterSet::none(remembered),
            range,
            config,
            watch,
        )?;
        let sources = snapshot.sources.iter().zip(inputs.sources);
        let sources = sources.filter(|(source, _)| {
            let (first, last) = source.time_bounds_ns();
            first < range.end_ns && last >= range.start_ns
        });
        let sources = sources.map(|(source, inputs)| {
            let columns = SourceColumns::new(self, inputs, range, watch);
            Source::Extended(Arc::new(ExtendedSource::new(
                source.clone(),
                Arc::new(columns),
            )))
        });
        Ok(Snapshot {
            sources: sources.collect(),
        })
    }

    /// The first expression that reads a column, as a field of the query.
    fn field_of(&self, column: &str) -> String {
        let mut expressions = self.expressions.iter();
        let reads = |expression: &Expression| expression.columns().any(|known| known == column);
        let index = expressions.position(reads).unwrap_or_default();
        format!("calculated_fields[{index}].expression")
    }
}

#[cfg(test)]
mod tests;
