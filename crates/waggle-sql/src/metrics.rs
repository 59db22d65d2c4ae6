//! What SQL and exports tell about themselves.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use waggle_model::{QueryError, SqlError};

/// The signals of this crate.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) started: Counter,
    pub(crate) finished: Family<OutcomeLabels, Counter>,
    pub(crate) exports: Counter,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) outcome: Outcome,
}

/// How a SQL query ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    reason = "the names of the variants are the values of the label"
)]
pub(crate) enum Outcome {
    answered,
    invalid,
    deadline,
    too_large,
    busy,
    storage_error,
    cancelled,
}

impl Metrics {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            started: Counter::default(),
            finished: Family::default(),
            exports: Counter::default(),
        };
        registry.register(
            "waggle_sql_queries_started",
            "SQL queries asked for",
            metrics.started.clone(),
        );
        registry.register(
            "waggle_sql_queries_finished",
            "SQL queries that ended, by outcome",
            metrics.finished.clone(),
        );
        registry.register(
            "waggle_exports_started",
            "Exports that were begun",
            metrics.exports.clone(),
        );
        metrics
    }
}

/// Counts a SQL query in and out; one that is dropped without an outcome was cancelled.
pub(crate) struct RunningQuestion<'a> {
    metrics: &'a Metrics,
    outcome: Outcome,
}

impl<'a> RunningQuestion<'a> {
    pub(crate) fn new(metrics: &'a Metrics) -> Self {
        metrics.started.inc();
        Self {
            metrics,
            outcome: Outcome::cancelled,
        }
    }

    pub(crate) fn note<T>(&mut self, answer: &Result<T, SqlError>) {
        self.outcome = match answer {
            Ok(_) => Outcome::answered,
            Err(SqlError::Invalid { .. } | SqlError::Query(QueryError::Invalid { .. })) => {
                Outcome::invalid
            }
            Err(SqlError::Query(QueryError::Deadline(_))) => Outcome::deadline,
            Err(SqlError::Query(QueryError::TooLarge { .. })) => Outcome::too_large,
            Err(SqlError::Query(QueryError::Busy)) => Outcome::busy,
            Err(SqlError::Query(QueryError::Storage(_))) => Outcome::storage_error,
        };
    }
}

impl Drop for RunningQuestion<'_> {
    fn drop(&mut self) {
        let outcome = self.outcome;
        self.metrics
            .finished
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }
}
