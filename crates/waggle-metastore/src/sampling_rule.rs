//! X-Ray's sampling rules: which share of which requests clients keep. Source: spec/xray.md section 6.
//!
//! The rules of an environment are one artifact. They are few, every reader wants all of them, and clients ask when any of them last
//! changed, be it by a deletion: with one row there is one answer, and no rule without it.

use crate::{Artifact, ArtifactKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use waggle_model::DatasetId;

/// The sampling rules of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingRules {
    /// What people made, in no order.
    pub rules: Vec<SamplingRule>,
    /// The rule of whatever no other rule is for.
    pub default: SamplingRule,
    /// When any rule was last made, changed or deleted; 0 for never.
    pub modified_at_ns: i64,
}

/// One sampling rule. Texts are patterns: `*` is any run of characters, `?` any one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingRule {
    /// Its name, unique in the environment.
    pub name: String,
    /// Rules are tried in ascending order of this, then by name.
    pub priority: u16,
    /// Which share of requests is kept when the reservoir is empty, from 0 to 1.
    pub fixed_rate: f64,
    /// How many requests a second are kept whatever the rate, over all clients.
    pub reservoir_size: u32,
    /// Name of the service.
    pub service_name: String,
    /// What the service runs on.
    pub service_type: String,
    /// Host of the request.
    pub host: String,
    /// Method of the request.
    pub http_method: String,
    /// Path of the request.
    pub url_path: String,
    /// ARN of what the service runs on.
    pub resource_arn: String,
    /// What the attributes of a request must match.
    pub attributes: BTreeMap<String, String>,
    /// By how much more may be kept while something is wrong.
    pub rate_boost: Option<SamplingRateBoost>,
    /// What people noted about it.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created_at_ns: i64,
    /// When it last changed.
    pub modified_at_ns: i64,
}

/// By how much more may be kept while something is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SamplingRateBoost {
    /// The highest rate, from 0 to 1.
    pub max_rate: f64,
    /// Minutes between two boosts.
    pub cooldown_minutes: u32,
}

impl SamplingRules {
    /// Name of the rule of whatever no other rule is for.
    pub const DEFAULT: &str = "Default";
}

impl Default for SamplingRules {
    /// One request a second and a twentieth of the rest, as AWS begins.
    fn default() -> Self {
        let anything = || "*".to_owned();
        Self {
            rules: Vec::new(),
            default: SamplingRule {
                name: Self::DEFAULT.to_owned(),
                priority: 10_000,
                fixed_rate: 0.05,
                reservoir_size: 1,
                service_name: anything(),
                service_type: anything(),
                host: anything(),
                http_method: anything(),
                url_path: anything(),
                resource_arn: anything(),
                attributes: BTreeMap::new(),
                rate_boost: None,
                tags: BTreeMap::new(),
                created_at_ns: 0,
                modified_at_ns: 0,
            },
            modified_at_ns: 0,
        }
    }
}

impl Artifact for SamplingRules {
    const KIND: ArtifactKind = ArtifactKind::SamplingRules;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some("rules".to_owned())
    }
}
