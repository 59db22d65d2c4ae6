//! Who owns an event. Every store and query function takes a [`Tenant`] first, so there is no unscoped read to call by mistake.

/// A team: the unit of membership and billing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TeamId(pub i64);

/// An environment of a team: the unit of isolation between datasets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnvironmentId(pub i64);

/// A dataset of an environment, unique in the whole installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DatasetId(pub i64);

/// The dataset in which documents of X-Ray wait until it is known what they belong to; also its slug. It is internal: no list of an
/// environment's datasets and columns names it, and what is read from a whole environment leaves it out. Who names it reads it.
pub const PENDING_DATASET: &str = "xray-pending";

/// One team's one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant {
    /// The owning team.
    pub team: TeamId,
    /// The environment within the team.
    pub environment: EnvironmentId,
}
