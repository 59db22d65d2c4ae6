//! Tags: what people note about groups and sampling rules. Source: spec/xray.md sections 3.1, 3.3 and 7.

use super::arn::{self, Resource as Tagged};
use super::call::{Call, Input, Outcome, reply};
use super::error::{Code, Refusal};
use super::group;
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::sampling::kept;
use super::{MANAGE, READ};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Shape, must};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray tags",
    about: "What people note about groups and sampling rules.",
    routes: &[
        Route::operation("TagResource", "/TagResource", MANAGE, |call| {
            Box::pin(tag(call))
        })
        .about("Adds tags to a group or sampling rule; one with the same key goes.")
        .takes(Shape::Object(&[
            ARN,
            must("Tags", TAGS, "At most 50 in all."),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
        Route::operation("UntagResource", "/UntagResource", MANAGE, |call| {
            Box::pin(untag(call))
        })
        .about("Takes tags from a group or sampling rule.")
        .takes(Shape::Object(&[
            ARN,
            must("TagKeys", Shape::List(&Shape::Text), "Keys of tags."),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(&[])))]),
        Route::operation(
            "ListTagsForResource",
            "/ListTagsForResource",
            READ,
            |call| Box::pin(list(call)),
        )
        .about("Lists the tags of a group or sampling rule.")
        .takes(Shape::Object(&[ARN, TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("Tags", TAGS, "All of them."),
                NEXT_TOKEN,
            ])),
        )]),
    ],
};

const ARN: Member = must(
    "ResourceARN",
    Shape::Text,
    "ARN of a group or a sampling rule.",
);

/// A list of tags.
pub(crate) const TAGS: Shape = Shape::List(&Shape::Object(&[
    must(
        "Key",
        Shape::Text,
        "1 to 128 characters, not beginning with `aws:`.",
    ),
    must("Value", Shape::Text, "At most 256 characters."),
]));

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// Most tags of a resource.
const TAGS_MAX: usize = 50;
/// Most tags of a request.
const LIST: RangeInclusive<usize> = 0..=200;
const KEY: RangeInclusive<usize> = 1..=128;
const VALUE: RangeInclusive<usize> = 0..=256;
const ARN_CHARS: RangeInclusive<usize> = 1..=1_011;

async fn tag(call: Call) -> Outcome {
    let input = call.input()?;
    let arn = input.must("ResourceARN", input.text("ResourceARN", ARN_CHARS)?)?;
    let added = input.must("Tags", read(&input)?)?;
    change(&call, arn, |tags| {
        tags.extend(added.clone());
        if tags.len() > TAGS_MAX {
            let message = format!("a resource may have at most {TAGS_MAX} tags");
            return Err(Refusal::about(Code::TooManyTags, arn, message));
        }
        Ok(())
    })
    .await?;
    reply(&json!({}))
}

async fn untag(call: Call) -> Outcome {
    let input = call.input()?;
    let arn = input.must("ResourceARN", input.text("ResourceARN", ARN_CHARS)?)?;
    let keys = input.must("TagKeys", input.texts("TagKeys", LIST, KEY)?)?;
    change(&call, arn, |tags| {
        tags.retain(|key, _| !keys.contains(&key.as_str()));
        Ok(())
    })
    .await?;
    reply(&json!({}))
}

async fn list(call: Call) -> Outcome {
    let input = call.input()?;
    Pages::of(&input)?;
    let arn = input.must("ResourceARN", input.text("ResourceARN", ARN_CHARS)?)?;
    let tags = match arn::parse(arn) {
        Some(Tagged::SamplingRule(name)) => {
            let rules = kept::read(&call).await?;
            let rule = rules.rule(name).ok_or_else(|| unknown(arn))?;
            rule.tags.clone()
        }
        Some(Tagged::Group { name, unique }) => {
            let found = group::by_arn(&call, name, unique).await?;
            found.ok_or_else(|| unknown(arn))?.tags().clone()
        }
        None => return Err(unknown(arn)),
    };
    let tags: Vec<Json> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    reply(&json!({ "Tags": tags }))
}

async fn change(
    call: &Call,
    arn: &str,
    change: impl Fn(&mut Tags) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    match arn::parse(arn) {
        Some(Tagged::SamplingRule(name)) => {
            kept::change(call, |rules| {
                let rule = rules.rule_mut(name).ok_or_else(|| unknown(arn))?;
                change(&mut rule.tags)
            })
            .await
        }
        Some(Tagged::Group { name, unique }) => {
            group::change_tags(call, arn, name, unique, change).await
        }
        None => Err(unknown(arn)),
    }
}

/// Reads the member `Tags`.
///
/// # Errors
/// A tag that can't be one, or more than a resource may have.
pub(crate) fn read(input: &Input) -> Result<Option<Tags>, Refusal> {
    let Some(sent) = input.objects("Tags", LIST)? else {
        return Ok(None);
    };
    let mut tags = Tags::new();
    for tag in sent {
        let key = tag.must("Key", tag.text("Key", KEY)?)?;
        let value = tag.must("Value", tag.text("Value", VALUE)?)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(tag.refuse("Key", "must not begin with aws:, which is AWS's own"));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(Some(tags))
}

/// Reads the tags of something new.
///
/// # Errors
/// As [`read`], and more than a resource may have.
pub(crate) fn of_new(input: &Input) -> Result<Tags, Refusal> {
    let tags = read(input)?.unwrap_or_default();
    if tags.len() > TAGS_MAX {
        return Err(input.refuse("Tags", format!("must have at most {TAGS_MAX} keys")));
    }
    Ok(tags)
}

/// Nothing has this ARN.
pub(super) fn unknown(arn: &str) -> Refusal {
    let message = format!("there is no group and no sampling rule {arn}");
    Refusal::about(Code::ResourceNotFound, arn, message)
}
