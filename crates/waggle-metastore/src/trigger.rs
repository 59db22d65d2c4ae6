//! Triggers: a query that is asked again and again, and who is told when its answer passes a threshold. Source: spec/honeycomb-api.md
//! section 15.2.

use crate::named::named;
use crate::recipient::recipients_used;
use crate::{Artifact, ArtifactKind, Notified, Tag, Use};
use serde::{Deserialize, Serialize};

/// A trigger, of a dataset or of the whole environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// The name.
    pub name: String,
    /// Free text, often what to do.
    pub description: String,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Public id of the query it asks.
    pub query_id: String,
    /// When the answer is too much.
    pub threshold: Threshold,
    /// Seconds between two looks.
    pub frequency_s: u32,
    /// When people are told.
    pub alert_type: AlertType,
    /// True while nobody looks.
    pub is_disabled: bool,
    /// The hours of the week in which it looks; `None` looks always.
    pub window: Option<EvaluationWindow>,
    /// An earlier time to compare with; `None` compares the answer itself.
    pub baseline: Option<Baseline>,
    /// Who is told.
    pub notified: Vec<Notified>,
}

impl Artifact for Trigger {
    const KIND: ArtifactKind = ArtifactKind::Trigger;

    fn uses(&self) -> Vec<Use> {
        recipients_used(&self.notified)
    }
}

/// When an answer is too much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The comparison.
    pub op: ThresholdOp,
    /// The number compared with.
    pub value: f64,
    /// How many looks in a row must be too much, 1 to 5.
    pub exceeded_limit: u32,
}

named! {
    /// A comparison with a threshold.
    pub enum ThresholdOp {
        /// Above.
        #[default]
        Greater = ">",
        /// At or above.
        GreaterOrEqual = ">=",
        /// Below.
        Less = "<",
        /// At or below.
        LessOrEqual = "<=",
    }
}

named! {
    /// When people are told.
    pub enum AlertType {
        /// When the state changes.
        #[default]
        OnChange = "on_change",
        /// At every look that is too much.
        OnTrue = "on_true",
    }
}

/// The hours of the week in which a trigger looks, UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationWindow {
    /// The days on which it begins, each once, in the order of the week.
    pub days_of_week: Vec<DayOfWeek>,
    /// Minutes after midnight.
    pub start_minute: u32,
    /// Minutes after midnight; at or before the start it is the next day's.
    pub end_minute: u32,
}

named! {
    /// A day.
    pub enum DayOfWeek {
        /// Sunday.
        #[default]
        Sunday = "sunday",
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
    }
}

/// An earlier time to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// How much earlier: 60, 1440, 10080 or 40320 minutes.
    pub offset_minutes: u32,
    /// What of the two answers is compared with the threshold.
    pub baseline_type: BaselineType,
}

named! {
    /// What of the answers `b` (now) and `a` (earlier) is compared with the threshold.
    pub enum BaselineType {
        /// `b - a`.
        #[default]
        Value = "value",
        /// `(b - a) / b`, in percent.
        Percentage = "percentage",
    }
}
