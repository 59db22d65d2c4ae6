//! Sampling rules: made, listed, changed and deleted. Source: spec/xray.md section 6.1.

use super::kept::{self, Rules};
use super::matching::{self, Request};
use super::seconds;
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Member, Named, Shape, may, must};
use crate::xray::MANAGE;
use crate::xray::arn::{self, Resource as Arn};
use crate::xray::call::{Call, Input, Outcome, reply};
use crate::xray::error::{Code, Refusal};
use crate::xray::page::{NEXT_TOKEN, Pages, TOKEN};
use crate::xray::tag::{self, Tags};
use serde_json::{Value as Json, json};
use std::ops::RangeInclusive;
use waggle_metastore::{SamplingRateBoost, SamplingRule, SamplingRules};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray sampling rules",
    about: "Which share of which requests clients keep.",
    routes: &[
        Route::operation(
            "CreateSamplingRule",
            "/CreateSamplingRule",
            MANAGE,
            |call| Box::pin(create(call)),
        )
        .about("Makes a sampling rule.")
        .takes(Shape::Object(&[
            must("SamplingRule", Shape::Named(&RULE), "The rule."),
            may("Tags", tag::TAGS, "Its tags."),
        ]))
        .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
        Route::operation(
            "GetSamplingRules",
            "/GetSamplingRules",
            Need::SendEvents,
            |call| Box::pin(list(call)),
        )
        .about("Lists the sampling rules in the order in which they are tried.")
        .takes(Shape::Object(&[TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "SamplingRuleRecords",
                    Shape::List(&Shape::Named(&RECORD)),
                    "The rules; the last is the default one.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "UpdateSamplingRule",
            "/UpdateSamplingRule",
            MANAGE,
            |call| Box::pin(update(call)),
        )
        .about(
            "Changes what is given of a sampling rule; of the default one only rate and reservoir.",
        )
        .takes(Shape::Object(&[must(
            "SamplingRuleUpdate",
            Shape::Object(UPDATE),
            "The changes, and the name or the ARN of the rule.",
        )]))
        .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
        Route::operation(
            "DeleteSamplingRule",
            "/DeleteSamplingRule",
            MANAGE,
            |call| Box::pin(delete(call)),
        )
        .about("Deletes a sampling rule and returns what it was.")
        .takes(Shape::Object(&[NAME, RULE_ARN]))
        .answers(&[(200, Content::Json(Shape::Object(ANSWER)))]),
    ],
};

const NAME: Member = may("RuleName", Shape::Text, "1 to 32 characters; unique.");
const RULE_ARN: Member = may("RuleARN", Shape::Text, "In place of the name.");
const RESOURCE_ARN: Member = may(
    "ResourceARN",
    Shape::Text,
    "Pattern, at most 500 characters.",
);
const PRIORITY: Member = may(
    "Priority",
    Shape::Whole,
    "1 to 9999; the lowest is tried first.",
);
const FIXED_RATE: Member = may(
    "FixedRate",
    Shape::Number,
    "Which share is kept when the reservoir is empty, 0 to 1.",
);
const RESERVOIR: Member = may(
    "ReservoirSize",
    Shape::Whole,
    "How many a second are kept whatever the rate, over all clients.",
);
const SERVICE_NAME: Member = may(
    "ServiceName",
    Shape::Text,
    "Pattern, at most 64 characters.",
);
const SERVICE_TYPE: Member = may(
    "ServiceType",
    Shape::Text,
    "Pattern, at most 64 characters.",
);
const HOST: Member = may("Host", Shape::Text, "Pattern, at most 64 characters.");
const METHOD: Member = may("HTTPMethod", Shape::Text, "Pattern, at most 10 characters.");
const URL_PATH: Member = may("URLPath", Shape::Text, "Pattern, at most 128 characters.");
const ATTRIBUTES: Member = may(
    "Attributes",
    Shape::Map(&Shape::Text),
    "At most 5, names and patterns of 1 to 32 characters.",
);
const BOOST: Member = may(
    "SamplingRateBoost",
    Shape::Object(&[
        must("MaxRate", Shape::Number, "0 to 1."),
        must("CooldownWindowMinutes", Shape::Whole, "At least 0."),
    ]),
    "Kept, and not acted on.",
);
const UPDATE: &[Member] = &[
    NAME,
    RULE_ARN,
    RESOURCE_ARN,
    PRIORITY,
    FIXED_RATE,
    RESERVOIR,
    SERVICE_NAME,
    SERVICE_TYPE,
    HOST,
    METHOD,
    URL_PATH,
    ATTRIBUTES,
    BOOST,
];

pub(crate) const RULE: Named = Named {
    name: "XRaySamplingRule",
    about: "Which share of which requests clients keep. In patterns `*` is any run of characters and `?` any one.",
    members: &[
        NAME,
        RULE_ARN,
        RESOURCE_ARN,
        PRIORITY,
        FIXED_RATE,
        RESERVOIR,
        SERVICE_NAME,
        SERVICE_TYPE,
        HOST,
        METHOD,
        URL_PATH,
        may("Version", Shape::Whole, "1."),
        ATTRIBUTES,
        BOOST,
    ],
};
pub(crate) const RECORD: Named = Named {
    name: "XRaySamplingRuleRecord",
    about: "A sampling rule with its times.",
    members: &[
        must("SamplingRule", Shape::Named(&RULE), "The rule."),
        must("CreatedAt", Shape::Number, "In seconds since 1970."),
        must("ModifiedAt", Shape::Number, "In seconds since 1970."),
    ],
};
const ANSWER: &[Member] = &[must(
    "SamplingRuleRecord",
    Shape::Named(&RECORD),
    "The rule.",
)];

const NAME_CHARS: RangeInclusive<usize> = 1..=32;
/// Longest text, and most attributes, of a request that a rule is looked for.
const KNOWN_CHARS_MAX: usize = 512;
const ATTRIBUTES_MAX: usize = 20;
/// What is known of a request, for which a rule is looked for.
pub(crate) const REQUEST: Shape = Shape::Object(&[
    may("ServiceName", Shape::Text, "Name of the service."),
    may(
        "ServiceType",
        Shape::Text,
        "What it runs on, as `AWS::EC2::Instance`.",
    ),
    may("Host", Shape::Text, "Host of the request."),
    may("HTTPMethod", Shape::Text, "Its method."),
    may("URLPath", Shape::Text, "Its path."),
    may(
        "ResourceARN",
        Shape::Text,
        "ARN of what the service runs on.",
    ),
    may("Attributes", Shape::Map(&Shape::Text), "Its attributes."),
]);
pub(crate) const MATCHED: Shape = Shape::Object(&[
    must(
        "SamplingRuleRecord",
        Shape::Named(&RECORD),
        "The rule that decides.",
    ),
    must(
        "Passed",
        Shape::List(&Shape::Object(&[
            must("RuleName", Shape::Text, "Name of the rule."),
            must(
                "Member",
                Shape::Text,
                "The first member in which the request differs; an attribute as `Attributes.tier`.",
            ),
        ])),
        "The rules that are tried before it.",
    ),
]);

/// Rules on one page: more than most environments have.
const PAGE: usize = 100;

async fn create(call: Call) -> Outcome {
    let input = call.input()?;
    let sent = input.must("SamplingRule", input.object("SamplingRule")?)?;
    let record = make(&call, &sent, tag::of_new(&input)?).await?;
    reply(&json!({ "SamplingRuleRecord": record }))
}

/// Makes a rule of what was sent of it, and returns its record.
pub(crate) async fn make(call: &Call, sent: &Input, tags: Tags) -> Result<Json, Refusal> {
    let now_ns = call.state.clock.now_ns();
    let rule = SamplingRule {
        tags,
        created_at_ns: now_ns,
        modified_at_ns: now_ns,
        ..new_rule(sent)?
    };
    if rule.name == SamplingRules::DEFAULT {
        return Err(sent.refuse(
            "RuleName",
            "Default is the name of the rule that is always there",
        ));
    }
    let rules_max = call.state.config.sampling_rules_max;
    kept::change(call, |rules| {
        if rules.rule(&rule.name).is_some() {
            return Err(sent.refuse("RuleName", "is the name of another sampling rule"));
        }
        if rules.0.rules.len() >= rules_max {
            return Err(Refusal::new(
                Code::RuleLimitExceeded,
                format!("there may be at most {rules_max} sampling rules (sampling-rules-max)"),
            ));
        }
        rules.0.rules.push(rule.clone());
        rules.changed_at(now_ns);
        Ok(())
    })
    .await?;
    Ok(record(call, &rule))
}

async fn list(call: Call) -> Outcome {
    let pages = Pages::of(&call.input()?)?;
    let rules = kept::read(&call).await?;
    let key = |rule: &&SamplingRule| format!("{:05} {}", rule.priority, rule.name);
    let (rules, token) = pages.cut(rules.in_order(), key, PAGE);
    let records: Vec<Json> = rules.iter().map(|rule| record(&call, rule)).collect();
    let mut answer = json!({ "SamplingRuleRecords": records });
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
    reply(&answer)
}

/// The records of all rules, in the order in which they are tried.
pub(crate) async fn all(call: &Call) -> Result<Vec<Json>, Refusal> {
    let rules = kept::read(call).await?;
    let rules = rules.in_order().into_iter();
    Ok(rules.map(|rule| record(call, rule)).collect())
}

/// The rule that a request is for, of which some members are known.
pub(crate) async fn matching(call: &Call, known: &Input) -> Result<Json, Refusal> {
    let text = |member: &str| {
        let text = known.text(member, 0..=KNOWN_CHARS_MAX)?;
        Ok::<_, Refusal>(text.map(str::to_owned))
    };
    let attributes = known.map("Attributes", 0..=ATTRIBUTES_MAX, 0..=KNOWN_CHARS_MAX)?;
    let request = Request {
        service_name: text("ServiceName")?,
        service_type: text("ServiceType")?,
        host: text("Host")?,
        http_method: text("HTTPMethod")?,
        url_path: text("URLPath")?,
        resource_arn: text("ResourceARN")?,
        attributes: attributes.into_iter().flatten().collect(),
    };
    let rules = kept::read(call).await?;
    let matched = matching::find(&rules, &request);
    let passed = matched.passed.iter();
    let passed = passed.map(|(rule, member)| json!({ "RuleName": rule.name, "Member": member }));
    Ok(json!({
        "SamplingRuleRecord": record(call, matched.rule),
        "Passed": passed.collect::<Vec<Json>>(),
    }))
}

async fn update(call: Call) -> Outcome {
    let input = call.input()?;
    let sent = input.must("SamplingRuleUpdate", input.object("SamplingRuleUpdate")?)?;
    let record = alter(&call, &name_of(&sent)?, &sent).await?;
    reply(&json!({ "SamplingRuleRecord": record }))
}

/// Changes what was sent of a rule, and returns its record.
pub(crate) async fn alter(call: &Call, name: &str, sent: &Input) -> Result<Json, Refusal> {
    let changes = Changes::read(sent)?;
    let now_ns = call.state.clock.now_ns();
    let changed = kept::change(call, |rules: &mut Rules| {
        let rule = rules.rule_mut(name).ok_or_else(|| unknown(name))?;
        let before = rule.clone();
        changes.apply(rule);
        if name == SamplingRules::DEFAULT {
            let is_allowed = *rule
                == SamplingRule {
                    fixed_rate: rule.fixed_rate,
                    reservoir_size: rule.reservoir_size,
                    ..before
                };
            if !is_allowed {
                return Err(Refusal::invalid(
                    "of the rule Default only FixedRate and ReservoirSize can be changed",
                ));
            }
        }
        rule.modified_at_ns = now_ns;
        let rule = rule.clone();
        rules.changed_at(now_ns);
        Ok(rule)
    })
    .await?;
    Ok(record(call, &changed))
}

async fn delete(call: Call) -> Outcome {
    let name = name_of(&call.input()?)?;
    reply(&json!({ "SamplingRuleRecord": remove(&call, &name).await? }))
}

/// Deletes a rule, and returns the record of what it was.
pub(crate) async fn remove(call: &Call, name: &str) -> Result<Json, Refusal> {
    if name == SamplingRules::DEFAULT {
        return Err(Refusal::invalid("the rule Default can't be deleted"));
    }
    let now_ns = call.state.clock.now_ns();
    let deleted = kept::change(call, |rules| {
        let at = rules.0.rules.iter().position(|rule| rule.name == name);
        let deleted = rules.0.rules.remove(at.ok_or_else(|| unknown(name))?);
        rules.changed_at(now_ns);
        Ok(deleted)
    })
    .await?;
    Ok(record(call, &deleted))
}

fn unknown(name: &str) -> Refusal {
    Refusal::invalid(format!("there is no sampling rule {name}"))
}

/// The rule that a request is about, by name or ARN.
fn name_of(input: &Input) -> Result<String, Refusal> {
    let name = input.text("RuleName", NAME_CHARS)?;
    let arn = input.any_text("RuleARN")?;
    match (name, arn) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(arn)) => match arn::parse(arn) {
            Some(Arn::SamplingRule(name)) => Ok(name.to_owned()),
            _ => Err(input.refuse("RuleARN", "is not the ARN of a sampling rule")),
        },
        _ => Err(Refusal::invalid(
            "one of RuleName and RuleARN must be given",
        )),
    }
}

/// The name of a new rule: as it is, or out of the ARN that it is to have. Who copies a rule sends both.
fn name_of_new(sent: &Input) -> Result<&str, Refusal> {
    let name = sent.text("RuleName", NAME_CHARS)?;
    let Some(arn) = sent.any_text("RuleARN")? else {
        return sent.must("RuleName", name);
    };
    match arn::parse(arn) {
        Some(Arn::SamplingRule(named)) if name.is_none_or(|name| name == named) => {
            let chars = named.chars().count();
            let is_usable = NAME_CHARS.contains(&chars);
            let refused = || sent.refuse("RuleARN", "must name a rule of 1 to 32 characters");
            is_usable.then_some(named).ok_or_else(refused)
        }
        Some(Arn::SamplingRule(_)) => {
            Err(sent.refuse("RuleARN", "is of another rule than RuleName"))
        }
        _ => Err(sent.refuse("RuleARN", "is not the ARN of a sampling rule")),
    }
}

fn new_rule(sent: &Input) -> Result<SamplingRule, Refusal> {
    let name = name_of_new(sent)?;
    if name.chars().any(char::is_control) {
        return Err(sent.refuse("RuleName", "must not have control characters"));
    }
    let version = sent.must("Version", sent.whole("Version", 1..=i64::MAX)?)?;
    if version != 1 {
        return Err(sent.refuse("Version", format!("must be 1, is {version}")));
    }
    let changes = Changes::read(sent)?;
    for member in [
        "ResourceARN",
        "Priority",
        "FixedRate",
        "ReservoirSize",
        "ServiceName",
        "ServiceType",
        "Host",
        "HTTPMethod",
        "URLPath",
    ] {
        sent.must(member, sent.has(member).then_some(()))?;
    }
    let mut rule = SamplingRule {
        name: name.to_owned(),
        ..SamplingRules::default().default
    };
    changes.apply(&mut rule);
    Ok(rule)
}

/// What is given of a rule.
struct Changes {
    resource_arn: Option<String>,
    priority: Option<u16>,
    fixed_rate: Option<f64>,
    reservoir_size: Option<u32>,
    service_name: Option<String>,
    service_type: Option<String>,
    host: Option<String>,
    http_method: Option<String>,
    url_path: Option<String>,
    attributes: Option<Vec<(String, String)>>,
    rate_boost: Option<SamplingRateBoost>,
}

impl Changes {
    fn read(sent: &Input) -> Result<Self, Refusal> {
        let text = |member: &str, chars_max: usize| {
            let text = sent.text(member, 0..=chars_max)?;
            Ok::<_, Refusal>(text.map(str::to_owned))
        };
        let int = i64::from(i32::MAX);
        Ok(Self {
            resource_arn: text("ResourceARN", 500)?,
            priority: sent
                .whole("Priority", 1..=9_999)?
                .and_then(|priority| u16::try_from(priority).ok()),
            fixed_rate: sent.number("FixedRate", 0.0..=1.0)?,
            reservoir_size: sent
                .whole("ReservoirSize", 0..=int)?
                .and_then(|size| u32::try_from(size).ok()),
            service_name: text("ServiceName", 64)?,
            service_type: text("ServiceType", 64)?,
            host: text("Host", 64)?,
            http_method: text("HTTPMethod", 10)?,
            url_path: text("URLPath", 128)?,
            attributes: sent.map("Attributes", 0..=5, 1..=32)?,
            rate_boost: match sent.object("SamplingRateBoost")? {
                None => None,
                Some(boost) => {
                    let (rate, cooldown) = ("MaxRate", "CooldownWindowMinutes");
                    let minutes = boost.must(cooldown, boost.whole(cooldown, 0..=int)?)?;
                    Some(SamplingRateBoost {
                        max_rate: boost.must(rate, boost.number(rate, 0.0..=1.0)?)?,
                        cooldown_minutes: u32::try_from(minutes).unwrap_or(u32::MAX),
                    })
                }
            },
        })
    }

    fn apply(&self, rule: &mut SamplingRule) {
        fn set<T: Clone>(value: &mut T, change: &Option<T>) {
            if let Some(change) = change {
                value.clone_from(change);
            }
        }
        set(&mut rule.resource_arn, &self.resource_arn);
        set(&mut rule.priority, &self.priority);
        set(&mut rule.fixed_rate, &self.fixed_rate);
        set(&mut rule.reservoir_size, &self.reservoir_size);
        set(&mut rule.service_name, &self.service_name);
        set(&mut rule.service_type, &self.service_type);
        set(&mut rule.host, &self.host);
        set(&mut rule.http_method, &self.http_method);
        set(&mut rule.url_path, &self.url_path);
        if let Some(attributes) = &self.attributes {
            rule.attributes = attributes.iter().cloned().collect();
        }
        if self.rate_boost.is_some() {
            rule.rate_boost.clone_from(&self.rate_boost);
        }
    }
}

/// A rule as clients read it. Some ignore a rule that lacks any of these members.
fn record(call: &Call, rule: &SamplingRule) -> Json {
    let mut json = json!({
        "RuleName": rule.name,
        "RuleARN": arn::of_rule(call, &rule.name),
        "ResourceARN": rule.resource_arn,
        "Priority": rule.priority,
        "FixedRate": rule.fixed_rate,
        "ReservoirSize": rule.reservoir_size,
        "ServiceName": rule.service_name,
        "ServiceType": rule.service_type,
        "Host": rule.host,
        "HTTPMethod": rule.http_method,
        "URLPath": rule.url_path,
        "Version": 1,
        "Attributes": rule.attributes,
    });
    if let Some(boost) = &rule.rate_boost {
        json["SamplingRateBoost"] = json!({
            "MaxRate": boost.max_rate,
            "CooldownWindowMinutes": boost.cooldown_minutes,
        });
    }
    json!({
        "SamplingRule": json,
        "CreatedAt": seconds(rule.created_at_ns),
        "ModifiedAt": seconds(rule.modified_at_ns),
    })
}
