//! Artifacts: what people make around their events (boards, markers, triggers and the like), and what all of them have in common.
//!
//! Each kind is a plain struct that implements [`Artifact`], in a file of its own. This room keeps them: it knows whose an artifact is,
//! which names must not come twice, and what is in use and therefore can't be deleted. The typed methods are on `dyn Metastore`; a
//! backend implements the rows of [`Artifacts`] once for all kinds.

use crate::{Error, Metastore, Result, id};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use waggle_model::{DatasetId, Tenant};

/// Public id of an artifact. Its shape depends on the kind.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct ArtifactId(pub String);

/// The kinds of artifacts, and of the other things that they use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactKind {
    /// [`crate::QueryAnnotation`].
    QueryAnnotation,
    /// [`crate::Board`].
    Board,
    /// [`crate::BoardView`].
    BoardView,
    /// [`crate::Marker`].
    Marker,
    /// [`crate::MarkerSetting`].
    MarkerSetting,
    /// [`crate::DatasetDefinition`].
    DatasetDefinition,
    /// [`crate::Recipient`].
    Recipient,
    /// [`crate::Trigger`].
    Trigger,
    /// [`crate::Slo`].
    Slo,
    /// [`crate::BurnAlert`].
    BurnAlert,
    /// [`crate::DerivedColumn`].
    DerivedColumn,
    /// [`crate::SamplingRules`].
    SamplingRules,
    /// [`crate::Group`].
    Group,
    /// [`crate::ResourcePolicy`].
    ResourcePolicy,
    /// [`crate::DatasetGuide`].
    DatasetGuide,
    /// [`crate::BoardShelf`].
    BoardShelf,
    /// [`crate::Gateways`].
    Gateways,
}

impl ArtifactKind {
    /// The name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::QueryAnnotation => "query_annotation",
            Self::Board => "board",
            Self::BoardView => "board_view",
            Self::Marker => "marker",
            Self::MarkerSetting => "marker_setting",
            Self::DatasetDefinition => "dataset_definition",
            Self::Recipient => "recipient",
            Self::Trigger => "trigger",
            Self::Slo => "slo",
            Self::BurnAlert => "burn_alert",
            // The same as that of `Use::CalculatedField`: what uses one by its id keeps it from being deleted.
            Self::DerivedColumn => "calculated_field",
            Self::SamplingRules => "sampling_rules",
            Self::Group => "group",
            Self::ResourcePolicy => "resource_policy",
            Self::DatasetGuide => "dataset_guide",
            Self::BoardShelf => "board_shelf",
            Self::Gateways => "gateways",
        }
    }

    /// What people call one; for messages.
    pub fn title(self) -> &'static str {
        match self {
            Self::QueryAnnotation => "Query annotation",
            Self::Board => "Board",
            Self::BoardView => "Board view",
            Self::Marker => "Marker",
            Self::MarkerSetting => "Marker setting",
            Self::DatasetDefinition => "Dataset definition",
            Self::Recipient => "Recipient",
            Self::Trigger => "Trigger",
            Self::Slo => "SLO",
            Self::BurnAlert => "Burn alert",
            Self::DerivedColumn => "Derived column",
            Self::SamplingRules => "Sampling rules",
            Self::Group => "Group",
            Self::ResourcePolicy => "Resource policy",
            Self::DatasetGuide => "Suggestions",
            Self::BoardShelf => "Board shelf",
            Self::Gateways => "Gateways",
        }
    }

    /// True for what belongs to a team and not to one of its environments.
    pub(crate) fn is_team_wide(self) -> bool {
        matches!(self, Self::Recipient)
    }

    pub(crate) fn random_id(self) -> ArtifactId {
        ArtifactId(match self {
            Self::Marker | Self::MarkerSetting => id::short_hex(),
            _ => id::short(),
        })
    }
}

/// Something an artifact can't do without.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// Another artifact.
    Artifact(ArtifactKind, ArtifactId),
    /// A column, by its public id.
    Column(String),
    /// A calculated field, by its public id.
    CalculatedField(String),
}

impl Use {
    pub(crate) fn stored(&self) -> (&'static str, &str) {
        match self {
            Self::Artifact(kind, id) => (kind.name(), id.0.as_str()),
            Self::Column(id) => ("column", id),
            Self::CalculatedField(id) => ("calculated_field", id),
        }
    }
}

/// One kind of artifact: what is special about it. Its serialised form is what the metastore holds, so a field may be added with a
/// default and never renamed.
pub trait Artifact: Serialize + DeserializeOwned + Send + Sync {
    /// Which kind.
    const KIND: ArtifactKind;

    /// True when others use it by its unique key, which therefore stays while they do.
    const IS_USED_BY_KEY: bool = false;

    /// What no two of one owner may share; `None` shares with anybody.
    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        None
    }

    /// What it can't do without.
    fn uses(&self) -> Vec<Use> {
        Vec::new()
    }
}

/// Where in an environment (or team) an artifact is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its dataset; `None` for one of the whole environment.
    pub dataset: Option<DatasetId>,
    /// The artifact it is a part of.
    pub parent: Option<ArtifactId>,
}

impl Place {
    /// Of a dataset, or of the whole environment.
    pub fn of_dataset(dataset: Option<DatasetId>) -> Self {
        Self {
            dataset,
            parent: None,
        }
    }

    /// Part of another artifact.
    pub fn within(parent: &ArtifactId) -> Self {
        Self {
            dataset: None,
            parent: Some(parent.clone()),
        }
    }
}

/// An artifact as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T> {
    /// Public id.
    pub id: ArtifactId,
    /// Where it is.
    pub place: Place,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at_ns: i64,
    /// When it last changed.
    pub updated_at_ns: i64,
    /// What it is.
    pub value: T,
}

/// How much of a kind an owner may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Most artifacts of the kind; of a part, most in its parent.
    pub count_max: usize,
    /// Most bytes of all artifacts of the kind, as they are kept.
    pub bytes_max: usize,
}

/// What is written of an artifact.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The artifact, serialised.
    pub text: String,
    /// See [`Artifact::unique_key`].
    pub unique_key: Option<String>,
    /// See [`Artifact::IS_USED_BY_KEY`].
    pub is_used_by_key: bool,
    /// See [`Artifact::uses`].
    pub uses: Vec<Use>,
}

/// Rows about artifacts of any kind, as a backend keeps them; [`Stored::value`] is the text of the contents. Everybody else calls the
/// typed methods of `dyn Metastore`.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Writes a new artifact.
    ///
    /// # Errors
    /// `Conflict` when its unique key is taken, `LimitReached` when its owner (or parent) has as many of the kind as it may,
    /// `TooLarge` when the kind would have more bytes than it may, `NotFound` without the owner, the parent or anything it uses.
    async fn insert_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        place: &Place,
        contents: &Contents,
        limits: ArtifactLimits,
        now_ns: i64,
    ) -> Result<Stored<String>>;

    /// Finds an artifact.
    async fn artifact_row(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
    ) -> Result<Option<Stored<String>>>;

    /// Finds the artifact of a unique key, among those that are no part of another.
    async fn artifact_row_of_key(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        unique_key: &str,
    ) -> Result<Option<Stored<String>>>;

    /// Lists the artifacts of a kind, oldest first: all of the tenant, or those that are part of `parent`.
    async fn artifact_rows(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        parent: Option<&ArtifactId>,
    ) -> Result<Vec<Stored<String>>>;

    /// Writes an artifact anew, if nobody did since `version`.
    ///
    /// # Errors
    /// `NotFound` without the artifact or anything it uses; `Conflict` when its unique key is taken or its version is another; `InUse` when
    /// its unique key would change and must not; `TooLarge` when the kind would have more than `bytes_max` bytes.
    #[expect(
        clippy::too_many_arguments,
        reason = "a row is named by three, changed by two"
    )]
    async fn replace_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
        version: u64,
        contents: &Contents,
        bytes_max: usize,
        now_ns: i64,
    ) -> Result<Stored<String>>;

    /// Deletes an artifact and its parts.
    ///
    /// # Errors
    /// `NotFound`; `InUse` while another artifact uses it.
    async fn delete_artifact(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        artifact: &ArtifactId,
    ) -> Result<()>;

    /// Lists the artifacts of a kind that use something, oldest first.
    async fn artifact_row_users(
        &self,
        tenant: Tenant,
        kind: ArtifactKind,
        used: &Use,
    ) -> Result<Vec<Stored<String>>>;
}

impl dyn Metastore + '_ {
    /// Makes an artifact.
    ///
    /// # Errors
    /// As [`Artifacts::insert_artifact`].
    pub async fn create_artifact<T: Artifact>(
        &self,
        tenant: Tenant,
        place: &Place,
        value: T,
        limits: ArtifactLimits,
        now_ns: i64,
    ) -> Result<Stored<T>> {
        let contents = contents(&value, place)?;
        let row = self
            .insert_artifact(tenant, T::KIND, place, &contents, limits, now_ns)
            .await?;
        Ok(row.with(value))
    }

    /// Finds an artifact.
    ///
    /// # Errors
    /// The backend's; `Corrupt` when it can't be read.
    pub async fn artifact<T: Artifact>(
        &self,
        tenant: Tenant,
        artifact: &ArtifactId,
    ) -> Result<Option<Stored<T>>> {
        let row = self.artifact_row(tenant, T::KIND, artifact).await?;
        row.map(read).transpose()
    }

    /// Finds the artifact with a unique key, of a kind that is no part of another.
    ///
    /// # Errors
    /// As [`artifact`](Self::artifact).
    pub async fn artifact_of_key<T: Artifact>(
        &self,
        tenant: Tenant,
        unique_key: &str,
    ) -> Result<Option<Stored<T>>> {
        let row = self
            .artifact_row_of_key(tenant, T::KIND, unique_key)
            .await?;
        row.map(read).transpose()
    }

    /// Lists all artifacts of a kind, oldest first.
    ///
    /// # Errors
    /// As [`artifact`](Self::artifact).
    pub async fn artifacts<T: Artifact>(&self, tenant: Tenant) -> Result<Vec<Stored<T>>> {
        let rows = self.artifact_rows(tenant, T::KIND, None).await?;
        rows.into_iter().map(read).collect()
    }

    /// Lists the parts of another artifact, oldest first.
    ///
    /// # Errors
    /// As [`artifact`](Self::artifact).
    pub async fn artifact_parts<T: Artifact>(
        &self,
        tenant: Tenant,
        parent: &ArtifactId,
    ) -> Result<Vec<Stored<T>>> {
        let rows = self.artifact_rows(tenant, T::KIND, Some(parent)).await?;
        rows.into_iter().map(read).collect()
    }

    /// Writes what became of an artifact that was read before, unless somebody else was faster.
    ///
    /// # Errors
    /// As [`Artifacts::replace_artifact`].
    pub async fn update_artifact<T: Artifact>(
        &self,
        tenant: Tenant,
        changed: Stored<T>,
        bytes_max: usize,
        now_ns: i64,
    ) -> Result<Stored<T>> {
        let contents = contents(&changed.value, &changed.place)?;
        let row = self
            .replace_artifact(
                tenant,
                T::KIND,
                &changed.id,
                changed.version,
                &contents,
                bytes_max,
                now_ns,
            )
            .await?;
        Ok(row.with(changed.value))
    }

    /// Lists the artifacts of a kind that use something, oldest first.
    ///
    /// # Errors
    /// As [`artifact`](Self::artifact).
    pub async fn artifact_users<T: Artifact>(
        &self,
        tenant: Tenant,
        used: &Use,
    ) -> Result<Vec<Stored<T>>> {
        let rows = self.artifact_row_users(tenant, T::KIND, used).await?;
        rows.into_iter().map(read).collect()
    }
}

impl<T> Stored<T> {
    /// The same artifact with other contents.
    pub fn with<U>(self, value: U) -> Stored<U> {
        Stored {
            id: self.id,
            place: self.place,
            version: self.version,
            created_at_ns: self.created_at_ns,
            updated_at_ns: self.updated_at_ns,
            value,
        }
    }
}

fn contents<T: Artifact>(value: &T, place: &Place) -> Result<Contents> {
    Ok(Contents {
        text: serde_json::to_string(value).map_err(|error| Error::Unavailable(Box::new(error)))?,
        unique_key: value.unique_key(place.dataset),
        is_used_by_key: T::IS_USED_BY_KEY,
        uses: value.uses(),
    })
}

fn read<T: Artifact>(row: Stored<String>) -> Result<Stored<T>> {
    let value = serde_json::from_str(&row.value)
        .map_err(|error| Error::Corrupt(format!("{} {}: {error}", T::KIND.name(), row.id.0)))?;
    Ok(row.with(value))
}
