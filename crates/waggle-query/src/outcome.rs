//! How many queries were asked and how they ended, which the doors for queries and for SQL count alike.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use waggle_model::QueryError;

/// The counts of one door.
#[derive(Debug)]
pub struct Outcomes {
    started: Counter,
    finished: Family<OutcomeLabels, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: Outcome,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
#[expect(
    non_camel_case_types,
    missing_docs,
    reason = "the names of the variants are the values of the label"
)]
pub enum Outcome {
    answered,
    invalid,
    deadline,
    too_large,
    busy,
    storage_error,
    cancelled,
}

impl Outcomes {
    /// Registers `<name>_started` and `<name>_finished`; `what` is asked for there.
    pub fn new(registry: &mut Registry, name: &str, what: &str) -> Self {
        let outcomes = Self {
            started: Counter::default(),
            finished: Family::default(),
        };
        registry.register(
            format!("{name}_started"),
            format!("{what} asked for"),
            outcomes.started.clone(),
        );
        registry.register(
            format!("{name}_finished"),
            format!("{what} that ended, by outcome"),
            outcomes.finished.clone(),
        );
        outcomes
    }

    /// Counts a query in, and out when what is returned goes.
    pub fn start(&self) -> Counted<'_> {
        self.started.inc();
        Counted {
            outcomes: self,
            outcome: Outcome::cancelled,
        }
    }
}

/// A query that was counted in. One that is dropped without an outcome was cancelled.
#[derive(Debug)]
pub struct Counted<'a> {
    outcomes: &'a Outcomes,
    /// How it ended.
    pub outcome: Outcome,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let outcome = self.outcome;
        let labels = OutcomeLabels { outcome };
        self.outcomes.finished.get_or_create(&labels).inc();
    }
}

impl From<&QueryError> for Outcome {
    fn from(error: &QueryError) -> Self {
        match error {
            QueryError::Invalid { .. } => Self::invalid,
            QueryError::Deadline(_) => Self::deadline,
            QueryError::TooLarge { .. } => Self::too_large,
            QueryError::Busy => Self::busy,
            QueryError::Storage(_) => Self::storage_error,
        }
    }
}
