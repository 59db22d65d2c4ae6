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

/// One team's one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant {
    /// The owning team.
    pub team: TeamId,
    /// The environment within the team.
    pub environment: EnvironmentId,
}
