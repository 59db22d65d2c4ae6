//! Filters of queries as what the store erases by: the store knows no filters, the query engine writes nothing.

use std::sync::Arc;
use waggle_model::{EraseRequest, KeepError, QueryError, TimeRange};
use waggle_query::{ExecError, FilterSet, Selector};
use waggle_store::column::CHUNK_WORDS;
use waggle_store::{PredicateHook, RowPredicate, Source};

/// Makes sense of erasures the way queries make sense of their filters.
pub(super) fn predicates() -> PredicateHook {
    PredicateHook(Arc::new(|request: &EraseRequest| {
        refuse_relations(request)?;
        let filters =
            FilterSet::new(&request.filters, request.filter_combination).map_err(|error| {
                match error {
                    QueryError::Invalid { field, message } => KeepError::Invalid { field, message },
                    other => KeepError::Unavailable(other.to_string()),
                }
            })?;
        Ok(Arc::new(Chosen {
            filters,
            range: request.range,
        }))
    }))
}

/// What queries say of other spans of a trace can't be said of an event alone, and taken for the name of a column it would choose wrong.
fn refuse_relations(request: &EraseRequest) -> Result<(), KeepError> {
    const PREFIXES: [&str; 7] = [
        "root.", "parent.", "child.", "any.", "any2.", "any3.", "none.",
    ];
    let mut filters = (0..).zip(&request.filters);
    let wrong = filters.find(|(_, filter)| PREFIXES.iter().any(|p| filter.column.starts_with(p)));
    match wrong {
        None => Ok(()),
        Some((index, _)) => Err(KeepError::Invalid {
            field: format!("filters[{index}].column"),
            message: "an erasure looks at each event alone, not at its trace".to_owned(),
        }),
    }
}

struct Chosen {
    filters: FilterSet,
    range: TimeRange,
}

impl RowPredicate for Chosen {
    fn rows(&self, source: &Source) -> Result<Vec<u64>, String> {
        let mut rows = vec![0; (source.row_count() as usize).div_ceil(64)];
        let selector = Selector::new(source, self.range, &self.filters).map_err(text)?;
        let Some(mut selector) = selector else {
            return Ok(rows);
        };
        for chunk in selector.chunks() {
            let (chosen, _) = selector.select(chunk).map_err(text)?;
            let words = rows.iter_mut().skip(chunk * CHUNK_WORDS);
            for (word, chosen) in words.zip(chosen) {
                *word = chosen;
            }
        }
        Ok(rows)
    }
}

fn text(error: ExecError) -> String {
    match error {
        ExecError::Query(error) => error.to_string(),
        ExecError::Cancelled | ExecError::TooManyCells => "it was interrupted".to_owned(),
    }
}
