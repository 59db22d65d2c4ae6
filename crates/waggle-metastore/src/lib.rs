//! Every durable row that is not an event.
//!
//! What comes in: intentions of the other crates ("make this dataset if it is new", "replace these blocks by those") with the time
//! they happened at. What goes out: typed rows. What it never does: read a clock, hold an event, speak a wire format, keep a clear
//! secret. It is the only crate that speaks SQL, and no type of its surface tells which database answers.
#![warn(missing_docs)]

mod annotation;
mod artifact;
mod block;
mod board;
mod bootstrap;
mod column;
mod dataset;
mod definition;
mod derived_column;
mod erased;
mod erasure;
mod error;
mod gateway;
mod group;
mod guide;
mod history;
mod id;
mod key;
mod marker;
mod named;
mod permission;
mod query;
mod recent;
mod recipient;
mod resource_policy;
mod retention;
mod sampling_rule;
mod session;
mod shelf;
mod slo;
mod slug;
mod sqlite;
mod team;
mod trigger;
mod usage;
mod user;

#[cfg(test)]
mod conformance;

pub use annotation::QueryAnnotation;
pub use artifact::{
    Artifact, ArtifactId, ArtifactKind, ArtifactLimits, Artifacts, Contents, Place, Stored, Use,
};
pub use block::{Block, BlockId, Blocks, NewBlock};
pub use board::{
    Board, BoardSharing, BoardView, Panel, PanelContent, Position, PresetFilter, QueryStyle, Tag,
    ViewFilter,
};
pub use bootstrap::{Bootstrap, FirstRows, FirstTeam};
pub use column::{
    Column, ColumnChange, ColumnDeletion, ColumnId, ColumnPage, Columns, DeletedColumns, NewColumn,
    SeenColumn, widen,
};
pub use dataset::{Dataset, DatasetChange, DatasetSummary, Datasets, EnsuredDataset, Written};
pub use definition::{DatasetDefinition, DefinedColumn};
pub use derived_column::DerivedColumn;
pub use erasure::{
    ErasedValues, Erasure, ErasureId, ErasureState, Erasures, NewErasure, RunningErasure,
};
pub use error::{Error, Result};
pub use gateway::Gateways;
pub use group::Group;
pub use guide::DatasetGuide;
pub use history::{PastRun, QueryHistory, RunFilter, RunPlace, RunState};
pub use id::{environment_of_public_id, environment_public_id, team_public_id, user_public_id};
pub use key::{AwsKey, Key, KeyChange, KeyId, KeyKind, KeyOwner, Keys, NewAwsKey, NewKey};
pub use marker::{Marker, MarkerSetting};
pub use named::Named;
pub use permission::{Permission, Permissions, Scope};
pub use query::{
    Queries, Query, QueryAnswer, QueryId, QueryOutcome, QueryResult, QueryResultId, RunBy,
};
pub use recent::Recent;
pub use recipient::{Notified, PagerDutySeverity, Recipient, RecipientType, Variable};
pub use resource_policy::ResourcePolicy;
pub use retention::{DatasetRetention, Retentions};
pub use sampling_rule::{SamplingRateBoost, SamplingRule, SamplingRules};
pub use session::{NewSession, Session, Sessions};
pub use shelf::BoardShelf;
pub use slo::{BurnAlert, BurnAlertType, BurnCondition, Slo};
pub use slug::{is_usable_name, slug};
pub use sqlite::SqliteMetastore;
pub use team::{ENVIRONMENT_COLORS, Environment, EnvironmentChange, Team, Teams, color_after};
pub use trigger::{
    AlertType, Baseline, BaselineType, DayOfWeek, EvaluationWindow, Threshold, ThresholdOp, Trigger,
};
pub use usage::{Taken, Usage, Usages};
pub use user::{NewUser, Role, User, UserId, Users};

/// All rooms of the metastore behind one door. Methods of every room can be called on `dyn Metastore` without importing the room.
///
/// All times are nanoseconds since the Unix epoch, UTC, handed in by the caller. A write is durable when its future has returned, unless
/// its description says otherwise, and every later read sees it. A write is one transaction: it happens whole or not at all, also when
/// its future is dropped half-way.
pub trait Metastore:
    Bootstrap
    + Teams
    + Users
    + Sessions
    + Keys
    + Datasets
    + Columns
    + Blocks
    + Queries
    + QueryHistory
    + Retentions
    + Erasures
    + Artifacts
    + Usages
{
}

impl<T> Metastore for T where
    T: Bootstrap
        + Teams
        + Users
        + Sessions
        + Keys
        + Datasets
        + Columns
        + Blocks
        + Queries
        + QueryHistory
        + QueryHistory
        + Retentions
        + Erasures
        + Artifacts
        + Usages
{
}
