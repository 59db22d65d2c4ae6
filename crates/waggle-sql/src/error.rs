//! From DataFusion's errors to ours: what the writer of the text can do about it, and where in the text.

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use waggle_model::{QueryError, SqlError, SqlPlace};

/// A text that can't be answered.
pub(crate) fn invalid(message: impl Into<String>) -> SqlError {
    SqlError::Invalid {
        message: message.into(),
        place: None,
    }
}

/// The same, on its way through DataFusion.
pub(crate) fn refused(message: &str) -> DataFusionError {
    DataFusionError::Plan(message.to_owned())
}

/// Translates an error of planning or running a text. `memory_bytes_max` is the limit that was hit if memory ran out.
pub(crate) fn sql_error(error: &DataFusionError, memory_bytes_max: u64) -> SqlError {
    let place = error
        .diagnostic()
        .and_then(|diagnostic| diagnostic.span)
        .map(|span| SqlPlace {
            line: span.start.line,
            column: span.start.column,
        })
        .filter(|place| place.line > 0);
    let invalid = |message: &str| SqlError::Invalid {
        message: message.trim().to_owned(),
        place,
    };
    match error.find_root() {
        DataFusionError::External(inner) => match inner.downcast_ref::<QueryError>() {
            Some(error) => SqlError::Query(error.clone()),
            None => invalid(&inner.to_string()),
        },
        DataFusionError::ResourcesExhausted(_) => SqlError::Query(QueryError::TooLarge {
            what: "bytes of memory",
            limit: memory_bytes_max,
        }),
        DataFusionError::SQL(error, _) => match &**error {
            ParserError::RecursionLimitExceeded => invalid("the text is nested too deeply"),
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
                let (message, place) = split_place(message);
                SqlError::Invalid {
                    message: message.to_owned(),
                    place,
                }
            }
        },
        DataFusionError::Plan(message)
        | DataFusionError::Execution(message)
        | DataFusionError::NotImplemented(message) => invalid(message),
        DataFusionError::SchemaError(error, _) => invalid(&error.to_string()),
        DataFusionError::ArrowError(error, _) => invalid(&error.to_string()),
        other => {
            tracing::error!(error = %other, "a SQL query failed");
            SqlError::Query(QueryError::Storage(
                "the query stopped on an internal error".to_owned(),
            ))
        }
    }
}

/// Takes `at Line: 1, Column: 8` off the end of the parser's message.
fn split_place(message: &str) -> (&str, Option<SqlPlace>) {
    let read = || {
        let (text, place) = message.rsplit_once(" at Line: ")?;
        let (line, column) = place.split_once(", Column: ")?;
        let place = SqlPlace {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        };
        Some((text, place))
    };
    match read() {
        Some((text, place)) => (text, Some(place)),
        None => (message, None),
    }
}

#[cfg(test)]
mod tests;
