//! The rules of an environment, read and changed whole.

use crate::xray::call::Call;
use crate::xray::error::{Code, Refusal};
use waggle_metastore::{
    ArtifactLimits, Error as MetastoreError, Place, SamplingRule, SamplingRules,
};

/// The key of the one artifact.
const KEY: &str = "rules";
/// How often a change is tried again because somebody else's came first.
const TRIES_MAX: usize = 10;

/// The rules.
pub(crate) struct Rules(pub(crate) SamplingRules);

impl Rules {
    /// All rules in the order in which they are tried; the default one is the last.
    pub(crate) fn in_order(&self) -> Vec<&SamplingRule> {
        let mut rules: Vec<&SamplingRule> = self.0.rules.iter().collect();
        rules.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
        rules.push(&self.0.default);
        rules
    }

    pub(crate) fn rule(&self, name: &str) -> Option<&SamplingRule> {
        if name == SamplingRules::DEFAULT {
            return Some(&self.0.default);
        }
        self.0.rules.iter().find(|rule| rule.name == name)
    }

    /// Notes when a rule changed. Never before what was noted: clients that asked in between would not ask again.
    pub(crate) fn changed_at(&mut self, now_ns: i64) {
        self.0.modified_at_ns = self.0.modified_at_ns.max(now_ns);
    }

    pub(crate) fn rule_mut(&mut self, name: &str) -> Option<&mut SamplingRule> {
        if name == SamplingRules::DEFAULT {
            return Some(&mut self.0.default);
        }
        self.0.rules.iter_mut().find(|rule| rule.name == name)
    }
}

/// Reads the rules of the caller's environment.
pub(crate) async fn read(call: &Call) -> Result<Rules, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let stored = metastore.artifact_of_key::<SamplingRules>(call.caller.tenant, KEY);
    let stored = stored.await?;
    Ok(Rules(stored.map(|stored| stored.value).unwrap_or_default()))
}

/// Changes the rules of the caller's environment, all or none. `change` is run again when somebody else's change came first.
pub(crate) async fn change<T>(
    call: &Call,
    change: impl Fn(&mut Rules) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let tenant = call.caller.tenant;
    let now_ns = call.state.clock.now_ns();
    let bytes_max = call.state.config.environment_artifacts_bytes_max;
    for _ in 0..TRIES_MAX {
        let stored = metastore.artifact_of_key::<SamplingRules>(tenant, KEY);
        let mut stored = stored.await?;
        let rules = stored
            .as_mut()
            .map(|stored| std::mem::take(&mut stored.value));
        let mut rules = Rules(rules.unwrap_or_default());
        let changed = change(&mut rules)?;
        let written = match stored {
            Some(mut stored) => {
                stored.value = rules.0;
                let update = metastore.update_artifact(tenant, stored, bytes_max, now_ns);
                update.await.map(|_| ())
            }
            None => {
                let limits = ArtifactLimits {
                    count_max: 1,
                    bytes_max,
                };
                let place = Place::default();
                let create = metastore.create_artifact(tenant, &place, rules.0, limits, now_ns);
                create.await.map(|_| ())
            }
        };
        match written {
            Ok(()) => return Ok(changed),
            // Somebody else was faster: the first time, there is one already.
            Err(MetastoreError::Conflict(_) | MetastoreError::LimitReached { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let message = "the sampling rules are being changed by somebody else; try again";
    Err(Refusal::new(Code::ServiceUnavailable, message))
}
