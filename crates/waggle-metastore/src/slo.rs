//! Service level objectives and the alerts on their budgets. Source: spec/honeycomb-api.md sections 15.3 and 15.4.

use crate::named::named;
use crate::recipient::recipients_used;
use crate::{Artifact, ArtifactId, ArtifactKind, Notified, Tag, Use};
use serde::{Deserialize, Serialize};

/// A promise about how many events are good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slo {
    /// The name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Alias of the calculated field that says of an event whether it is good; no value means it does not count.
    pub sli_alias: String,
    /// Public ids of the fields of that alias in the datasets it reads.
    pub sli_field_ids: Vec<String>,
    /// Days over which the promise is kept.
    pub time_period_days: u32,
    /// Good events of a million.
    pub target_per_million: u32,
    /// Labels.
    pub tags: Vec<Tag>,
    /// Ids of the datasets whose events count, when it belongs to the whole environment; otherwise its own.
    pub dataset_ids: Vec<i64>,
    /// Events before count no more; `None` counts all of the period.
    pub reset_at_ns: Option<i64>,
}

impl Artifact for Slo {
    const KIND: ArtifactKind = ArtifactKind::Slo;

    fn uses(&self) -> Vec<Use> {
        let fields = self.sli_field_ids.iter();
        fields.map(|id| Use::CalculatedField(id.clone())).collect()
    }
}

/// Who is told when the budget of an SLO runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BurnAlert {
    /// The SLO; never changes.
    pub slo_id: ArtifactId,
    /// Free text.
    pub description: String,
    /// When people are told; its kind never changes.
    pub condition: BurnCondition,
    /// Who is told.
    pub notified: Vec<Notified>,
}

impl Artifact for BurnAlert {
    const KIND: ArtifactKind = ArtifactKind::BurnAlert;

    fn uses(&self) -> Vec<Use> {
        let mut uses = recipients_used(&self.notified);
        uses.push(Use::Artifact(ArtifactKind::Slo, self.slo_id.clone()));
        uses
    }
}

/// When people are told about a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BurnCondition {
    /// When it would be gone in so many minutes.
    ExhaustionTime {
        /// Minutes.
        exhaustion_minutes: u32,
    },
    /// When it falls by so much within a time.
    BudgetRate {
        /// The time, in minutes.
        window_minutes: u32,
        /// The fall, in millionths of the whole budget.
        decrease_per_million: u32,
    },
}

impl BurnCondition {
    /// The kind of condition.
    pub fn burn_alert_type(self) -> BurnAlertType {
        match self {
            Self::ExhaustionTime { .. } => BurnAlertType::ExhaustionTime,
            Self::BudgetRate { .. } => BurnAlertType::BudgetRate,
        }
    }
}

named! {
    /// The kinds of burn alerts.
    pub enum BurnAlertType {
        /// See [`BurnCondition::ExhaustionTime`].
        #[default]
        ExhaustionTime = "exhaustion_time",
        /// See [`BurnCondition::BudgetRate`].
        BudgetRate = "budget_rate",
    }
}
