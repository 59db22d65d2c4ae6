//! What clients report about their sampling, and what they get back. Source: spec/xray.md sections 6.4 and 6.5.
//!
//! A client forgets its counts when it sends them, so a call is never refused for one report that is wrong: that one is listed as
//! unprocessed. Every list is always in the answer, and `LastRuleModification` always a number, because clients die without them.

use super::book::{Report, Sums};
use super::kept::{self, Rules};
use super::{INTERVAL_S, NS_PER_SECOND, seconds};
use crate::route::{Need, Resource, Route};
use crate::shape::{Content, Named, Shape, may, must};
use crate::xray::call::{Call, Input, Outcome, reply};
use crate::xray::error::Refusal;
use crate::xray::page::{NEXT_TOKEN, Pages, TOKEN};
use serde_json::{Value as Json, json};
use std::ops::RangeInclusive;
use waggle_access::Permission;
use waggle_metastore::SamplingRule;

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray sampling targets",
    about: "What clients report about their sampling, and what they get back.",
    routes: &[
        Route::operation(
            "GetSamplingTargets",
            "/SamplingTargets",
            Need::SendEvents,
            |call| Box::pin(targets(call)),
        )
        .about("Takes what a client did with rules, and returns how much of their reservoirs it may use.")
        .takes(Shape::Object(&[
            must(
                "SamplingStatisticsDocuments",
                Shape::List(&Shape::Any),
                "At most 25, each of a rule.",
            ),
            may(
                "SamplingBoostStatisticsDocuments",
                Shape::OrNull(&Shape::List(&Shape::Any)),
                "At most 25; taken, and not acted on.",
            ),
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "SamplingTargetDocuments",
                    Shape::List(&Shape::Named(&TARGET)),
                    "Of each rule that was reported.",
                ),
                must(
                    "LastRuleModification",
                    Shape::Number,
                    "When any rule last changed, in seconds since 1970; 1 for never.",
                ),
                must(
                    "UnprocessedStatistics",
                    Shape::List(&Shape::Named(&UNPROCESSED)),
                    "Reports that were not taken.",
                ),
                must(
                    "UnprocessedBoostStatistics",
                    Shape::List(&Shape::Named(&UNPROCESSED)),
                    "The same, about boosts.",
                ),
            ])),
        )]),
        Route::operation(
            "GetSamplingStatisticSummaries",
            "/SamplingStatisticSummaries",
            Need::OneOf(&[Permission::SendEvents, Permission::RunQueries]),
            |call| Box::pin(async move { summaries(&call) }),
        )
        .about("Lists how often rules were used within the last hour, by ten seconds, newest first.")
        .takes(Shape::Object(&[TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "SamplingStatisticSummaries",
                    Shape::List(&Shape::Named(&SUMMARY)),
                    "The sums over all clients.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
    ],
};

const TARGET: Named = Named {
    name: "XRaySamplingTarget",
    about: "How much of a rule's reservoir a client may use.",
    members: &[
        must("RuleName", Shape::Text, "Name of the rule."),
        must("FixedRate", Shape::Number, "The rule's rate."),
        must("ReservoirQuota", Shape::Whole, "Requests a second."),
        must(
            "ReservoirQuotaTTL",
            Shape::Number,
            "Until when, in seconds since 1970.",
        ),
        must("Interval", Shape::Whole, "Seconds until the next report."),
    ],
};
const UNPROCESSED: Named = Named {
    name: "XRayUnprocessedStatistics",
    about: "A report that was not taken.",
    members: &[
        must(
            "RuleName",
            Shape::Text,
            "Name of the rule, as far as it could be read.",
        ),
        must(
            "ErrorCode",
            Shape::Choice(&["RuleNotFound", "StatisticsTooOld", "InvalidStatistics"]),
            "Why.",
        ),
        must("Message", Shape::Text, "Why, in words."),
    ],
};
const SUMMARY: Named = Named {
    name: "XRaySamplingSummary",
    about: "How often a rule was used within ten seconds, as clients counted.",
    members: &[
        must("RuleName", Shape::Text, "Name of the rule."),
        must("Timestamp", Shape::Number, "Start of the ten seconds."),
        must("RequestCount", Shape::Whole, "Requests that it was for."),
        must(
            "BorrowCount",
            Shape::Whole,
            "Kept before the client had a share.",
        ),
        must("SampledCount", Shape::Whole, "Kept."),
    ],
};

const DOCUMENTS: RangeInclusive<usize> = 0..=25;
const COUNT: RangeInclusive<i64> = 0..=i32::MAX as i64;
/// Older reports are not taken.
const AGE_NS_MAX: i64 = 600 * NS_PER_SECOND;
/// How long a share holds.
const QUOTA_S: i64 = 300;
/// In place of the time of a change that never was: to old SDKs for Node an answer without a time or with 0 is none.
const NEVER_NS: i64 = NS_PER_SECOND;
/// Sums on one page.
const PAGE: usize = 100;

async fn targets(call: Call) -> Outcome {
    let input = call.input()?;
    let member = "SamplingStatisticsDocuments";
    let documents = input.must(member, input.entries(member, DOCUMENTS)?)?;
    let boosts = input.entries("SamplingBoostStatisticsDocuments", DOCUMENTS)?;
    let rules = kept::read(&call).await?;
    let now_ns = call.state.clock.now_ns();
    let mut targets = Vec::new();
    let mut unprocessed = Vec::new();
    for document in &documents {
        match target(&call, &rules, document.as_ref(), now_ns) {
            Ok(target) => targets.push(target),
            Err(refused) => unprocessed.push(refused),
        }
    }
    let unprocessed_boosts: Vec<Json> = boosts
        .iter()
        .flatten()
        .filter_map(|document| check_boost(&rules, document.as_ref(), now_ns).err())
        .collect();
    reply(&json!({
        "SamplingTargetDocuments": targets,
        "LastRuleModification": seconds(rules.0.modified_at_ns.max(NEVER_NS)),
        "UnprocessedStatistics": unprocessed,
        "UnprocessedBoostStatistics": unprocessed_boosts,
    }))
}

fn target(call: &Call, rules: &Rules, document: Option<&Input>, now_ns: i64) -> Result<Json, Json> {
    let document = document.ok_or_else(not_an_object)?;
    let invalid = |refusal: Refusal| invalid(document, &refusal);
    let (rule, at_ns) = head(rules, document, now_ns)?;
    let client = document.text("ClientID", 24..=24).map_err(invalid)?;
    let client = document.must("ClientID", client).map_err(invalid)?;
    let count = |member: &str| {
        let count = document.whole(member, COUNT).map_err(invalid)?;
        Ok::<_, Json>(count.and_then(|count| u64::try_from(count).ok()))
    };
    let sampled_count = match count("SampledCount")? {
        Some(count) => Some(count),
        // OpenTelemetry's sampler for Python calls it so.
        None => count("SampleCount")?,
    };
    let report = Report {
        rule: &rule.name,
        client,
        at_ns,
        sums: Sums {
            request_count: count("RequestCount")?.unwrap_or(0),
            borrow_count: count("BorrowCount")?.unwrap_or(0),
            sampled_count: sampled_count.unwrap_or(0),
        },
    };
    let tenant = call.caller.tenant;
    let sampling = &call.state.sampling;
    let quota = sampling.report(tenant, &report, rule.reservoir_size, now_ns);
    Ok(json!({
        "RuleName": rule.name,
        "FixedRate": rule.fixed_rate,
        "ReservoirQuota": quota,
        "ReservoirQuotaTTL": now_ns.div_euclid(NS_PER_SECOND) + QUOTA_S,
        "Interval": INTERVAL_S,
    }))
}

/// No boost is ever given, so what is reported about them is only checked.
fn check_boost(rules: &Rules, document: Option<&Input>, now_ns: i64) -> Result<(), Json> {
    let document = document.ok_or_else(not_an_object)?;
    let invalid = |refusal: Refusal| invalid(document, &refusal);
    head(rules, document, now_ns)?;
    for member in ["AnomalyCount", "TotalCount", "SampledAnomalyCount"] {
        let count = document.whole(member, COUNT).map_err(invalid)?;
        document.must(member, count).map_err(invalid)?;
    }
    Ok(())
}

/// The rule that a report is about, and its time.
fn head<'a>(
    rules: &'a Rules,
    document: &Input,
    now_ns: i64,
) -> Result<(&'a SamplingRule, i64), Json> {
    let invalid = |refusal: Refusal| invalid(document, &refusal);
    let name = document.text("RuleName", 1..=32).map_err(invalid)?;
    let name = document.must("RuleName", name).map_err(invalid)?;
    let at_ns = document.time_ns("Timestamp").map_err(invalid)?;
    let at_ns = document.must("Timestamp", at_ns).map_err(invalid)?;
    let rule = rules
        .rule(name)
        .ok_or_else(|| unprocessed(name, "RuleNotFound", "there is no such rule"))?;
    if now_ns - at_ns > AGE_NS_MAX {
        let message = "it is older than ten minutes";
        return Err(unprocessed(name, "StatisticsTooOld", message));
    }
    Ok((rule, at_ns))
}

fn not_an_object() -> Json {
    unprocessed("", "InvalidStatistics", "it is not an object")
}

fn invalid(document: &Input, refusal: &Refusal) -> Json {
    let name = document.any_text("RuleName").ok().flatten();
    let name = name.unwrap_or_default();
    unprocessed(name, "InvalidStatistics", &refusal.message)
}

fn unprocessed(rule: &str, code: &str, message: &str) -> Json {
    json!({ "RuleName": rule, "ErrorCode": code, "Message": message })
}

fn summaries(call: &Call) -> Outcome {
    let pages = Pages::of(&call.input()?)?;
    let now_ns = call.state.clock.now_ns();
    let sums = call.state.sampling.sums(call.caller.tenant, now_ns);
    // Newest first, and so the position counts down.
    let key =
        |(start_s, rule, _): &(i64, String, Sums)| format!("{:020} {rule}", i64::MAX - start_s);
    let (sums, token) = pages.cut(sums, key, PAGE);
    let int = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
    let summaries: Vec<Json> = sums
        .into_iter()
        .map(|(start_s, rule, sums)| {
            json!({
                "RuleName": rule,
                "Timestamp": start_s,
                "RequestCount": int(sums.request_count),
                "BorrowCount": int(sums.borrow_count),
                "SampledCount": int(sums.sampled_count),
            })
        })
        .collect();
    let mut answer = json!({ "SamplingStatisticSummaries": summaries });
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
    reply(&answer)
}
