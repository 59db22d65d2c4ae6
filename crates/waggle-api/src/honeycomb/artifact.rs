//! What all resources that are artifacts share: finding one where the path says, making, changing and deleting it.
//!
//! A path with a dataset sees the artifacts of that dataset. A path with `__all__` makes artifacts of the whole environment and sees
//! those of every dataset too.

use crate::ask::{Answer, Ask};
use crate::form::Form;
use crate::problem::Problem;
use crate::shape::{Shape, must};
use crate::table::time_text;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use waggle_metastore::{
    Artifact, ArtifactId, ArtifactKind, ArtifactLimits, Error, Place, Stored, Tag,
};
use waggle_model::{DatasetId, DatasetScope, Tenant};

/// The member `tags`.
pub(crate) const TAGS: Shape = Shape::List(&Shape::Object(&[
    must("key", Shape::Text, "1 to 32 lower-case letters."),
    must(
        "value",
        Shape::Text,
        "At most 128 characters, the first a lower-case letter.",
    ),
]));
/// Most tags of a board, trigger or SLO.
const TAGS_MAX: usize = 10;
const TAG_KEY_CHARS_MAX: usize = 32;
const TAG_VALUE_CHARS_MAX: usize = 128;

impl Ask {
    pub(crate) fn tenant(&self) -> Tenant {
        self.caller.tenant
    }

    pub(crate) fn now_ns(&self) -> i64 {
        self.state.clock.now_ns()
    }

    /// The place of a new artifact: the path's dataset or the environment.
    pub(crate) async fn place(&self) -> Result<Place, Problem> {
        Ok(Place::of_dataset(match self.scope(self.tenant()).await? {
            DatasetScope::One(dataset) => Some(dataset),
            DatasetScope::All => None,
        }))
    }

    /// All artifacts of a kind that the path's `{dataset}` sees, oldest first.
    pub(crate) async fn artifacts<T: Artifact>(&self) -> Result<Vec<Stored<T>>, Problem> {
        let scope = self.scope(self.tenant()).await?;
        let mut artifacts = self.state.metastore.artifacts::<T>(self.tenant()).await?;
        artifacts.retain(|artifact| is_seen(&scope, &artifact.place));
        Ok(artifacts)
    }

    /// All artifacts of a kind that belong to the environment (or team), oldest first.
    pub(crate) async fn artifacts_of_environment<T: Artifact>(
        &self,
    ) -> Result<Vec<Stored<T>>, Problem> {
        Ok(self.state.metastore.artifacts::<T>(self.tenant()).await?)
    }

    /// The artifact of the path's `{id}`, if the path's `{dataset}` sees it.
    pub(crate) async fn artifact<T: Artifact>(&self) -> Result<Stored<T>, Problem> {
        let scope = match self.path.contains_key("dataset") {
            true => self.scope(self.tenant()).await?,
            false => DatasetScope::All,
        };
        let artifact = self.artifact_by_id::<T>(self.path("id")).await?;
        artifact
            .filter(|artifact| is_seen(&scope, &artifact.place))
            .ok_or_else(no_artifact::<T>)
    }

    /// An artifact of the tenant.
    pub(crate) async fn artifact_by_id<T: Artifact>(
        &self,
        id: &str,
    ) -> Result<Option<Stored<T>>, Problem> {
        let id = ArtifactId(id.to_owned());
        Ok(self.state.metastore.artifact(self.tenant(), &id).await?)
    }

    /// The only artifact of its kind that has a key, if it was made.
    pub(crate) async fn artifact_of_key<T: Artifact>(
        &self,
        key: &str,
    ) -> Result<Option<Stored<T>>, Problem> {
        let found = self.state.metastore.artifact_of_key(self.tenant(), key);
        Ok(found.await?)
    }

    /// Gives an artifact that was found another value, or makes it.
    pub(crate) async fn write_artifact<T: Artifact>(
        &self,
        found: Option<Stored<T>>,
        place: &Place,
        value: T,
    ) -> Result<Stored<T>, Problem> {
        match found {
            Some(stored) => self.update_artifact(stored.with(value)).await,
            None => self.create_artifact(place, value).await,
        }
    }

    /// Makes an artifact.
    pub(crate) async fn create_artifact<T: Artifact>(
        &self,
        place: &Place,
        value: T,
    ) -> Result<Stored<T>, Problem> {
        self.create_one_of(place, value, self.state.config.environment_artifacts_max)
            .await
    }

    /// Makes an artifact, if there are less than so many of its kind, or in its parent.
    pub(crate) async fn create_one_of<T: Artifact>(
        &self,
        place: &Place,
        value: T,
        count_max: usize,
    ) -> Result<Stored<T>, Problem> {
        let limits = ArtifactLimits {
            count_max,
            bytes_max: self.state.config.environment_artifacts_bytes_max,
        };
        let created = self
            .state
            .metastore
            .create_artifact(self.tenant(), place, value, limits, self.now_ns())
            .await;
        self.forget_known::<T>();
        created.map_err(in_words)
    }

    /// Writes a changed artifact.
    pub(crate) async fn update_artifact<T: Artifact>(
        &self,
        changed: Stored<T>,
    ) -> Result<Stored<T>, Problem> {
        let bytes_max = self.state.config.environment_artifacts_bytes_max;
        let updated = self
            .state
            .metastore
            .update_artifact(self.tenant(), changed, bytes_max, self.now_ns())
            .await;
        self.forget_known::<T>();
        updated.map_err(in_words)
    }

    /// Deletes an artifact.
    pub(crate) async fn delete_artifact<T: Artifact>(
        &self,
        artifact: &Stored<T>,
    ) -> Result<(), Problem> {
        let deleted = self
            .state
            .metastore
            .delete_artifact(self.tenant(), T::KIND, &artifact.id)
            .await;
        self.forget_known::<T>();
        deleted.map_err(in_words)
    }

    /// Deletes an artifact, or says why it can't be while something uses it.
    pub(crate) async fn delete_unused<T: Artifact>(
        &self,
        artifact: &Stored<T>,
        in_use: &str,
    ) -> Result<(), Problem> {
        let deleted = self
            .state
            .metastore
            .delete_artifact(self.tenant(), T::KIND, &artifact.id)
            .await;
        self.forget_known::<T>();
        deleted.map_err(|error| match error {
            Error::InUse(_) => Problem::conflict(in_use),
            other => in_words(other),
        })
    }

    /// What is remembered of a kind is no longer true.
    fn forget_known<T: Artifact>(&self) {
        if T::KIND == ArtifactKind::DerivedColumn {
            self.state.kept_fields.forget(self.tenant());
        }
        if matches!(
            T::KIND,
            ArtifactKind::DerivedColumn | ArtifactKind::DatasetDefinition
        ) {
            self.state.engine.forget_definitions(self.tenant());
        }
    }

    /// The slugs of the tenant's datasets.
    pub(crate) async fn slugs(&self) -> Result<HashMap<DatasetId, String>, Problem> {
        let datasets = self.state.metastore.datasets(self.tenant()).await?;
        let slugs = datasets.into_iter();
        Ok(slugs.map(|dataset| (dataset.id, dataset.slug)).collect())
    }

    /// The address of the environment in the UI, without a slash at the end. Source: spec/honeycomb-api.md section 12.4.
    pub(crate) fn ui_url(&self) -> String {
        let origin = self.state.config.origin.as_deref().unwrap_or(&self.origin);
        let caller = &self.caller;
        format!(
            "{origin}/{}/environments/{}",
            caller.team_slug, caller.environment_slug
        )
    }
}

pub(crate) fn no_artifact<T: Artifact>() -> Problem {
    Problem::not_found(format!("{} not found", T::KIND.title()))
}

/// 204, the answer to most deletions.
pub(crate) fn no_content() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn is_seen(scope: &DatasetScope, place: &Place) -> bool {
    match scope {
        DatasetScope::All => true,
        DatasetScope::One(dataset) => place.dataset == Some(*dataset),
    }
}

fn in_words(error: Error) -> Problem {
    match error {
        Error::LimitReached { what, limit } => Problem::conflict(format!(
            "{what}: there are already {limit}, the most there may be"
        )),
        Error::NotFound(what) => Problem::not_found(format!("{what} not found")),
        other => other.into(),
    }
}

/// Adds when an artifact was made and changed.
pub(crate) fn with_times<T>(mut json: Json, artifact: &Stored<T>) -> Json {
    json["created_at"] = time_text(artifact.created_at_ns).into();
    json["updated_at"] = time_text(artifact.updated_at_ns).into();
    json
}

/// The member `tags`. Source: spec/honeycomb-api.md section 13.
pub(crate) fn read_tags(form: &Form<'_>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    for item in form.objects("tags", TAGS_MAX) {
        let tag = Tag {
            key: item.text("key", TAG_KEY_CHARS_MAX),
            value: item.text("value", TAG_VALUE_CHARS_MAX),
        };
        if !tag.key.bytes().all(|byte| byte.is_ascii_lowercase()) {
            item.invalid("key", "must consist of lower-case letters");
        }
        let mut value = tag.value.bytes();
        let is_first_right = value.next().is_none_or(|byte| byte.is_ascii_lowercase());
        let is_rest_right = value.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'/' | b'-')
        });
        if !is_first_right || !is_rest_right {
            item.invalid(
                "value",
                "must start with a lower-case letter and go on with lower-case letters, digits, / and -",
            );
        }
        tags.push(tag);
    }
    tags
}

pub(crate) fn tags_json(tags: &[Tag]) -> Json {
    let tags = tags.iter();
    tags.map(|tag| json!({ "key": tag.key, "value": tag.value }))
        .collect()
}
