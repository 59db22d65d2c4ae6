//! What SQL and exports tell about themselves.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use waggle_model::SqlError;
use waggle_query::{Outcome, Outcomes};

/// The signals of this crate.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) outcomes: Outcomes,
    pub(crate) exports: Counter,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            outcomes: Outcomes::new(registry, "waggle_sql_queries", "SQL queries"),
            exports: Counter::default(),
        };
        registry.register(
            "waggle_exports_started",
            "Exports that were begun",
            metrics.exports.clone(),
        );
        metrics
    }
}

/// How a SQL query ended.
pub(crate) fn outcome_of<T>(answer: &Result<T, SqlError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::answered,
        Err(SqlError::Invalid { .. }) => Outcome::invalid,
        Err(SqlError::Query(error)) => Outcome::from(error),
    }
}
