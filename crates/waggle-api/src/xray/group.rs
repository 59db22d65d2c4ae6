//! Groups: filters of traces that have a name. Source: spec/xray.md section 7.
//!
//! `Default` is always there and has every trace; Grafana asks for it before anything else. It is stored once something of it was changed:
//! its insights or its tags. A group's filter is evaluated when traces are asked for, so a changed filter is true of old traces too.

use super::arn::{self, Resource as Arn};
use super::call::{Call, Input, Outcome, reply};
use super::error::{Code, Refusal};
use super::filter;
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::tag::{self, Tags};
use super::{MANAGE, READ};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use serde_json::{Value as Json, json};
use std::ops::RangeInclusive;
use waggle_metastore::{ArtifactLimits, Error as MetastoreError, Group, Place, Stored};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray groups",
    about: "Filters of traces that have a name.",
    routes: &[
        Route::operation("CreateGroup", "/CreateGroup", MANAGE, |call| {
            Box::pin(create(call))
        })
        .about("Makes a group.")
        .takes(Shape::Object(&[
            must("GroupName", Shape::Text, NAME_ABOUT),
            FILTER,
            INSIGHTS,
            may("Tags", tag::TAGS, "Its tags."),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
        Route::operation("GetGroup", "/GetGroup", READ, |call| Box::pin(get(call)))
            .about("Returns a group.")
            .takes(Shape::Object(&[NAME, ARN]))
            .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
        Route::operation("GetGroups", "/Groups", READ, |call| Box::pin(list(call)))
            .about("Lists the groups, the default one first.")
            .takes(Shape::Object(&[TOKEN]))
            .answers(&[(
                200,
                Content::Json(Shape::Object(&[
                    must("Groups", Shape::List(&Shape::Named(&GROUP)), "The groups."),
                    NEXT_TOKEN,
                ])),
            )]),
        Route::operation("UpdateGroup", "/UpdateGroup", MANAGE, |call| {
            Box::pin(update(call))
        })
        .about("Changes what is given of a group; of the default one only its insights.")
        .takes(Shape::Object(&[NAME, ARN, FILTER, INSIGHTS]))
        .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
        Route::operation("DeleteGroup", "/DeleteGroup", MANAGE, |call| {
            Box::pin(delete(call))
        })
        .about("Deletes a group. Its traces stay.")
        .takes(Shape::Object(&[NAME, ARN]))
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
    ],
};

pub(crate) const NAME_ABOUT: &str = "1 to 32 letters, digits and dashes; unique.";
const NAME: Member = may("GroupName", Shape::Text, NAME_ABOUT);
const ARN: Member = may("GroupARN", Shape::Text, "In place of the name.");
pub(crate) const FILTER: Member = may("FilterExpression", Shape::Text, "Which traces are in it.");
pub(crate) const INSIGHTS: Member = may(
    "InsightsConfiguration",
    Shape::Object(&[
        may(
            "InsightsEnabled",
            Shape::Flag,
            "Whether its faults are watched.",
        ),
        may(
            "NotificationsEnabled",
            Shape::Flag,
            "Whether somebody is told; only with the other.",
        ),
    ]),
    "What is watched.",
);
pub(crate) const GROUP: Named = Named {
    name: "XRayGroup",
    about: "A filter of traces with a name.",
    members: &[
        must("GroupName", Shape::Text, NAME_ABOUT),
        must("GroupARN", Shape::Text, "Its ARN."),
        FILTER,
        INSIGHTS,
    ],
};
const ANSWER: &[Member] = &[must("Group", Shape::Named(&GROUP), "The group.")];

/// The group of all traces.
pub(crate) const DEFAULT: &str = "Default";
const NAME_CHARS: RangeInclusive<usize> = 1..=32;
const ARN_CHARS: RangeInclusive<usize> = 1..=400;
/// Longest filter expression. Source: spec/xray.md section 4.6.
const FILTER_CHARS: RangeInclusive<usize> = 0..=2_000;
/// Groups on one page.
const PAGE: usize = 100;

/// A group that exists.
pub(crate) enum Found {
    /// The one of all traces; `None` until something of it was changed.
    Default(Option<Stored<Group>>),
    /// One that people made.
    Made(Stored<Group>),
}

impl Found {
    /// Which traces are in it; `None` for all.
    pub(crate) fn filter_expression(&self) -> Option<&str> {
        match self {
            Self::Default(_) => None,
            Self::Made(group) => group.value.filter_expression.as_deref(),
        }
    }

    pub(super) fn tags(&self) -> &Tags {
        static NONE: Tags = Tags::new();
        self.stored().map_or(&NONE, |group| &group.value.tags)
    }

    /// The group as it is stored, if its faults are watched.
    pub(super) fn watched(&self) -> Option<&Stored<Group>> {
        self.stored().filter(|group| group.value.has_insights)
    }

    fn of(group: Stored<Group>) -> Self {
        match group.value.name == DEFAULT {
            true => Self::Default(Some(group)),
            false => Self::Made(group),
        }
    }

    fn stored(&self) -> Option<&Stored<Group>> {
        match self {
            Self::Default(group) => group.as_ref(),
            Self::Made(group) => Some(group),
        }
    }

    fn json(&self, call: &Call) -> Json {
        let untouched = Group::default();
        let Group {
            name: _,
            filter_expression: _,
            has_insights,
            has_notifications,
            tags: _,
        } = self.stored().map_or(&untouched, |group| &group.value);
        let mut json = match self {
            Self::Default(_) => json!({
                "GroupName": DEFAULT,
                "GroupARN": arn::of_group(call, DEFAULT, None),
            }),
            Self::Made(group) => json!({
                "GroupName": group.value.name,
                "GroupARN": arn_of(call, group),
            }),
        };
        if let Some(filter) = self.filter_expression() {
            json["FilterExpression"] = filter.into();
        }
        json["InsightsConfiguration"] = json!({
            "InsightsEnabled": has_insights,
            "NotificationsEnabled": has_notifications,
        });
        json
    }
}

/// The ARN of a group that is stored.
pub(super) fn arn_of(call: &Call, group: &Stored<Group>) -> String {
    let name = &group.value.name;
    let unique = (name != DEFAULT).then_some(group.id.0.as_str());
    arn::of_group(call, name, unique)
}

/// The group that a request names by `GroupName` or `GroupARN`; an empty name is as good as none.
///
/// # Errors
/// There is no such group, or both are given.
pub(crate) async fn named(call: &Call, input: &Input) -> Result<Option<Found>, Refusal> {
    let name = input.any_text("GroupName")?;
    let arn = input.any_text("GroupARN")?;
    let found = match (name, arn) {
        (None, None) => return Ok(None),
        (Some(name), None) => {
            input.text("GroupName", NAME_CHARS)?;
            by_name(call, name).await?
        }
        (None, Some(arn)) => {
            input.text("GroupARN", ARN_CHARS)?;
            match arn::parse(arn) {
                Some(Arn::Group { name, unique }) => by_arn(call, name, unique).await?,
                _ => None,
            }
        }
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid(
                "only one of GroupName and GroupARN can be given",
            ));
        }
    };
    let named = name.or(arn).unwrap_or_default();
    found
        .map(Some)
        .ok_or_else(|| Refusal::invalid(format!("there is no group {named}")))
}

/// The group that a request must name.
pub(super) async fn must_be_named(call: &Call, input: &Input) -> Result<Found, Refusal> {
    let found = named(call, input).await?;
    found.ok_or_else(|| Refusal::invalid("one of GroupName and GroupARN must be given"))
}

/// The group with a name, in the caller's environment.
pub(crate) async fn by_name(call: &Call, name: &str) -> Result<Option<Found>, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let group = metastore.artifact_of_key::<Group>(call.caller.tenant, name);
    Ok(match (name, group.await?) {
        (DEFAULT, group) => Some(Found::Default(group)),
        (_, group) => group.map(Found::Made),
    })
}

/// The group with the parts of an ARN.
pub(crate) async fn by_arn(
    call: &Call,
    name: &str,
    unique: Option<&str>,
) -> Result<Option<Found>, Refusal> {
    let found = by_name(call, name).await?;
    Ok(found.filter(|found| match found {
        Found::Default(_) => unique.is_none(),
        Found::Made(group) => unique == Some(group.id.0.as_str()),
    }))
}

/// Changes the tags of a group.
pub(super) async fn change_tags(
    call: &Call,
    arn: &str,
    name: &str,
    unique: Option<&str>,
    change: impl FnOnce(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let found = by_arn(call, name, unique).await?;
    let found = found.ok_or_else(|| tag::unknown(arn))?;
    let mut tags = found.tags().clone();
    change(&mut tags)?;
    write(call, found, |group| group.tags = tags).await?;
    Ok(())
}

async fn create(call: Call) -> Outcome {
    reply(&json!({ "Group": make(&call, &call.input()?).await? }))
}

/// Makes a group of what was sent of it, and returns it.
pub(crate) async fn make(call: &Call, input: &Input) -> Result<Json, Refusal> {
    let name = input.must("GroupName", input.text("GroupName", NAME_CHARS)?)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.chars().all(is_plain) {
        return Err(input.refuse("GroupName", "must have letters, digits and dashes only"));
    }
    let taken = || input.refuse("GroupName", "is the name of another group");
    if name == DEFAULT {
        return Err(taken());
    }
    let mut group = Group {
        name: name.to_owned(),
        tags: tag::of_new(input)?,
        ..Group::default()
    };
    change(call, input, &mut group).await?;
    let groups_max = call.state.config.groups_max;
    // The default one is not one of them, stored or not.
    let has_default = matches!(by_name(call, DEFAULT).await?, Some(Found::Default(Some(_))));
    let count_max = groups_max.saturating_add(usize::from(has_default));
    let made = store_new(call, group, count_max).await;
    let made = made.map_err(|error| match error {
        MetastoreError::Conflict(_) => taken(),
        MetastoreError::LimitReached { .. } => Refusal::invalid(format!(
            "there may be at most {groups_max} groups (groups-max)"
        )),
        other => other.into(),
    })?;
    Ok(Found::Made(made).json(call))
}

async fn store_new(
    call: &Call,
    group: Group,
    count_max: usize,
) -> Result<Stored<Group>, MetastoreError> {
    let limits = ArtifactLimits {
        count_max,
        bytes_max: call.state.config.environment_artifacts_bytes_max,
    };
    let metastore = call.state.metastore.as_ref();
    let (tenant, now_ns) = (call.caller.tenant, call.state.clock.now_ns());
    metastore
        .create_artifact(tenant, &Place::default(), group, limits, now_ns)
        .await
}

async fn get(call: Call) -> Outcome {
    let found = must_be_named(&call, &call.input()?).await?;
    reply(&json!({ "Group": found.json(&call) }))
}

async fn list(call: Call) -> Outcome {
    let pages = Pages::of(&call.input()?)?;
    let (groups, token) = pages.cut(in_order(&call).await?, |(name, _)| name.clone(), PAGE);
    let groups: Vec<Json> = groups.iter().map(|(_, found)| found.json(&call)).collect();
    let mut answer = json!({ "Groups": groups });
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
    reply(&answer)
}

/// All groups, the default one first.
pub(crate) async fn all(call: &Call) -> Result<Vec<Json>, Refusal> {
    let groups = in_order(call).await?.into_iter();
    Ok(groups.map(|(_, found)| found.json(call)).collect())
}

/// All groups with what they are ordered by, the default one first.
async fn in_order(call: &Call) -> Result<Vec<(String, Found)>, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let groups = metastore.artifacts::<Group>(call.caller.tenant).await?;
    let mut default = Found::Default(None);
    let mut made: Vec<(String, Found)> = Vec::with_capacity(groups.len());
    for group in groups {
        let name = group.value.name.clone();
        match Found::of(group) {
            found @ Found::Default(_) => default = found,
            found @ Found::Made(_) => made.push((name, found)),
        }
    }
    made.sort_by(|(a, _), (b, _)| a.cmp(b));
    made.insert(0, (String::new(), default));
    Ok(made)
}

/// The groups whose faults are watched.
pub(super) async fn watched(call: &Call) -> Result<Vec<Stored<Group>>, Refusal> {
    let metastore = call.state.metastore.as_ref();
    let mut groups = metastore.artifacts::<Group>(call.caller.tenant).await?;
    groups.retain(|group| group.value.has_insights);
    Ok(groups)
}

async fn update(call: Call) -> Outcome {
    let input = call.input()?;
    let found = must_be_named(&call, &input).await?;
    reply(&json!({ "Group": alter(&call, found, &input).await? }))
}

/// Changes what was sent of a group, and returns it.
pub(crate) async fn alter(call: &Call, found: Found, input: &Input) -> Result<Json, Refusal> {
    let mut group = match found.stored() {
        Some(stored) => stored.value.clone(),
        None => Group::default(),
    };
    change(call, input, &mut group).await?;
    if matches!(found, Found::Default(_)) && group.filter_expression.is_some() {
        return Err(input.refuse(
            "FilterExpression",
            "can't be changed of the group Default, which has all traces",
        ));
    }
    let changed = write(call, found, |stored| *stored = group).await?;
    Ok(Found::of(changed).json(call))
}

async fn delete(call: Call) -> Outcome {
    let found = must_be_named(&call, &call.input()?).await?;
    remove(&call, found).await?;
    reply(&json!({}))
}

/// Deletes a group, and returns what it was.
pub(crate) async fn remove(call: &Call, found: Found) -> Result<Json, Refusal> {
    let json = found.json(call);
    let Found::Made(group) = found else {
        return Err(Refusal::invalid("the group Default can't be deleted"));
    };
    let metastore = call.state.metastore.as_ref();
    let kind = waggle_metastore::ArtifactKind::Group;
    metastore
        .delete_artifact(call.caller.tenant, kind, &group.id)
        .await?;
    Ok(json)
}

/// Reads what a request says of a group.
async fn change(call: &Call, input: &Input, group: &mut Group) -> Result<(), Refusal> {
    if let Some(filter) = input.text("FilterExpression", FILTER_CHARS)? {
        group.filter_expression = (!filter.trim().is_empty()).then(|| filter.to_owned());
        if let Some(filter) = &group.filter_expression {
            filter::check(call, &group.name, filter).await?;
        }
    }
    if let Some(insights) = input.object("InsightsConfiguration")? {
        if let Some(is_on) = insights.flag("InsightsEnabled")? {
            group.has_insights = is_on;
        }
        if let Some(is_on) = insights.flag("NotificationsEnabled")? {
            group.has_notifications = is_on;
        }
        if group.has_notifications && !group.has_insights {
            return Err(insights.refuse("NotificationsEnabled", "needs InsightsEnabled"));
        }
    }
    Ok(())
}

/// Changes a group where it is stored; the default one is from then on.
async fn write(
    call: &Call,
    found: Found,
    change: impl FnOnce(&mut Group),
) -> Result<Stored<Group>, Refusal> {
    let written = match found {
        Found::Made(mut group) | Found::Default(Some(mut group)) => {
            change(&mut group.value);
            let metastore = call.state.metastore.as_ref();
            let bytes_max = call.state.config.environment_artifacts_bytes_max;
            let (tenant, now_ns) = (call.caller.tenant, call.state.clock.now_ns());
            let written = metastore.update_artifact(tenant, group, bytes_max, now_ns);
            written.await
        }
        Found::Default(None) => {
            let mut group = Group::default();
            change(&mut group);
            DEFAULT.clone_into(&mut group.name);
            store_new(call, group, usize::MAX).await
        }
    };
    written.map_err(|error| match error {
        MetastoreError::Conflict(text) => Refusal::new(Code::ServiceUnavailable, text),
        other => other.into(),
    })
}
