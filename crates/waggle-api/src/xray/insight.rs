//! Insights of groups: worked out when somebody asks, from the traces of the asked time and of the hours before. Source: spec/xray.md
//! section 7; what an insight is stands in `waggle_xray`.
//!
//! Nothing is stored. The id of an insight says when it began and, as hashes, in which group and for which service, so that it can be
//! found again in the traces. One that the traces no longer show, because they are erased or the group's filter was changed, is gone.

mod id;

use super::READ;
use super::call::{Call, Input, Outcome};
use super::error::Refusal;
use super::filter::{self, range_of};
use super::graph::{END, GROUP_ARN, GROUP_NAME, NODES_PAGE, START, Traces, answer, graph_of_range};
use super::group::{self, Found};
use super::page::{NEXT_TOKEN, Pages, TOKEN};
use super::reading::{Reader, away};
use crate::route::{Resource, Route};
use crate::shape::{Content, Member, Shape, may, must};
use id::InsightId;
use serde_json::{Value as Json, json};
use std::time::Duration;
use waggle_metastore::{Group, Stored};
use waggle_model::TimeRange;
use waggle_xray::{FaultHistory, Insight, InsightBuilder, Seconds, impact_graph};

pub(crate) const RESOURCE: Resource = Resource {
    name: "X-Ray insights",
    about: "Times in which a service of a group failed more than usual.",
    routes: &[
        Route::operation("GetInsightSummaries", "/InsightSummaries", READ, |call| {
            Box::pin(get_summaries(call))
        })
        .about("Returns the insights that lie in a range of time, the newest first: of a group, or of all that have some.")
        .takes(Shape::Object(&[
            START,
            END,
            GROUP_NAME,
            GROUP_ARN,
            may(
                "States",
                Shape::List(&Shape::Text),
                "ACTIVE or CLOSED; both unless given.",
            ),
            PAGE_SIZE,
            TOKEN,
        ]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must(
                    "InsightSummaries",
                    Shape::List(&Shape::Any),
                    "The insights.",
                ),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation("GetInsight", "/Insight", READ, |call| {
            Box::pin(get_insight(call))
        })
        .about("Returns an insight.")
        .takes(Shape::Object(&[ID]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[must(
                "Insight",
                Shape::Any,
                "The insight.",
            )])),
        )]),
        Route::operation("GetInsightEvents", "/InsightEvents", READ, |call| {
            Box::pin(get_events(call))
        })
        .about("Returns how an insight went, in steps of five minutes.")
        .takes(Shape::Object(&[ID, PAGE_SIZE, TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                must("InsightEvents", Shape::List(&Shape::Any), "The steps."),
                NEXT_TOKEN,
            ])),
        )]),
        Route::operation(
            "GetInsightImpactGraph",
            "/InsightImpactGraph",
            READ,
            |call| Box::pin(get_impact_graph(call)),
        )
        .about("Returns the root cause of an insight and the services that call it, over however many others.")
        .takes(Shape::Object(&[ID, START, END, TOKEN]))
        .answers(&[(
            200,
            Content::Json(Shape::Object(&[
                ID,
                START,
                END,
                must(
                    "ServiceGraphStartTime",
                    Shape::Number,
                    "Where the graph begins: the part of the range in which the insight lies.",
                ),
                must("ServiceGraphEndTime", Shape::Number, "Where it ends."),
                must("Services", Shape::List(&Shape::Any), "The services."),
                NEXT_TOKEN,
            ])),
        )]),
    ],
};

const ID: Member = must("InsightId", Shape::Text, "The id of an insight.");
const PAGE_SIZE: Member = may("MaxResults", Shape::Whole, "Most of them on a page.");

/// Most insights on a page, as many as there are unless the request says. Source: spec/xray.md section 3.3.
const SUMMARIES_MAX: i64 = 100;
const EVENTS_MAX: i64 = 50;
/// How old the start of a range may be. Source: the same.
const AGE_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Longest range of an impact graph. Source: the same.
const GRAPH_RANGE_MAX: Duration = Duration::from_secs(6 * 3_600);

const NS_PER_MINUTE: i64 = 60_000_000_000;

const STATES: [&str; 2] = [ACTIVE, CLOSED];
const ACTIVE: &str = "ACTIVE";
const CLOSED: &str = "CLOSED";

async fn get_summaries(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let range = recent_range(&call, &input)?;
    let states = input.texts("States", 0..=1, 1..=6)?.unwrap_or_default();
    if let Some(state) = states.iter().find(|state| !STATES.contains(state)) {
        return Err(input.refuse("States", format!("must be of {STATES:?}, not {state:?}")));
    }
    let count_max = page_size(&input, SUMMARIES_MAX)?;
    let groups: Vec<Stored<Group>> = match group::named(&call, &input).await? {
        Some(found) => found.watched().cloned().into_iter().collect(),
        None => group::watched(&call).await?,
    };
    let length_max_ns = length_max_ns(&call);
    let seen = TimeRange {
        start_ns: range.start_ns.saturating_sub(length_max_ns),
        end_ns: range.end_ns,
    };
    let find = move |history: &FaultHistory| history.insights(length_max_ns);
    let mut insights: Vec<(&Stored<Group>, Insight)> = Vec::new();
    let mut of_all: Option<Vec<Insight>> = None;
    for group in &groups {
        let is_all = group.value.filter_expression.is_none();
        let found = match &of_all {
            // Groups of all traces have the same.
            Some(found) if is_all => found.clone(),
            _ => {
                let found = find_in(&call, group, seen, find).await;
                found.map_err(|refusal| of_group(refusal, group))?
            }
        };
        if is_all {
            of_all = Some(found.clone());
        }
        insights.extend(found.into_iter().map(|insight| (group, insight)));
    }
    insights.retain(|(_, insight)| {
        insight.start_ns < range.end_ns
            && insight.end_ns > range.start_ns
            && (states.is_empty() || states.contains(&state(&call, insight)))
    });
    // The newest first, which is what pages go by too.
    let key = |(group, insight): &(&Stored<Group>, Insight)| {
        let newest = i64::MAX - insight.start_ns;
        format!("{newest:019}{}", InsightId::of(&group.id.0, insight))
    };
    insights.sort_by_cached_key(key);
    let (page, next) = pages.cut(insights, key, count_max);
    let summaries = page.iter().map(|(group, insight)| {
        let mut json = json_of(&call, group, insight);
        let now_ns = call.state.clock.now_ns();
        json["LastUpdateTime"] = json!(Seconds(insight.end_ns.min(now_ns)));
        json
    });
    let summaries: Vec<Json> = summaries.collect();
    answer(json!({ "InsightSummaries": summaries }), next)
}

async fn get_insight(call: Call) -> Outcome {
    let (group, insight) = named(&call, &call.input()?).await?;
    answer(json!({ "Insight": json_of(&call, &group, &insight) }), None)
}

async fn get_events(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let count_max = page_size(&input, EVENTS_MAX)?;
    let (_, insight) = named(&call, &input).await?;
    let (events, next) = pages.slice(insight.events, count_max)?;
    answer(json!({ "InsightEvents": events }), next)
}

async fn get_impact_graph(call: Call) -> Outcome {
    let input = call.input()?;
    let pages = Pages::of(&input)?;
    let range = recent_range(&call, &input)?;
    if range.end_ns - range.start_ns > ns(GRAPH_RANGE_MAX) {
        return Err(Refusal::invalid(
            "StartTime and EndTime may be at most six hours apart",
        ));
    }
    let (group, insight) = named(&call, &input).await?;
    let start_ns = insight.start_ns.clamp(range.start_ns, range.end_ns);
    let shown = TimeRange {
        start_ns,
        end_ns: insight.end_ns.clamp(start_ns, range.end_ns),
    };
    let reader = Reader::new(&call).await?;
    let filter = filter::of_found(&call, &Found::Made(group)).await?;
    // Links are no calls, and say nothing of who is affected.
    let graph = graph_of_range(&reader, shown, filter, 0).await?;
    let services = impact_graph(&graph.nodes, &insight.root_cause);
    let (services, next) = pages.slice(services, NODES_PAGE)?;
    answer(
        json!({
            "InsightId": input.must("InsightId", input.any_text("InsightId")?)?,
            "StartTime": Seconds(range.start_ns),
            "EndTime": Seconds(range.end_ns),
            "ServiceGraphStartTime": Seconds(shown.start_ns),
            "ServiceGraphEndTime": Seconds(shown.end_ns),
            "Services": services,
        }),
        next,
    )
}

/// The insight that a request names, and its group.
async fn named(call: &Call, input: &Input) -> Result<(Stored<Group>, Insight), Refusal> {
    let text = input.must("InsightId", input.text("InsightId", id::CHARS..=id::CHARS)?)?;
    let id = InsightId::parse(text)
        .ok_or_else(|| input.refuse("InsightId", "must be the id of an insight"))?;
    let length_max_ns = length_max_ns(call);
    for group in group::watched(call).await? {
        if !id.is_of(&group.id.0) {
            continue;
        }
        let start_ns = id.start_ns();
        let seen = TimeRange {
            start_ns,
            end_ns: start_ns,
        };
        let find = move |history: &FaultHistory| history.insights_at(start_ns, length_max_ns);
        let mut found = find_in(call, &group, seen, find).await?.into_iter();
        if let Some(insight) = found.find(|insight| InsightId::of(&group.id.0, insight) == id) {
            return Ok((group, insight));
        }
    }
    Err(Refusal::invalid(format!("there is no insight {text}")))
}

/// Reads what insights that begin in a range are made of, and looks for some.
async fn find_in(
    call: &Call,
    group: &Stored<Group>,
    range: TimeRange,
    find: impl FnOnce(&FaultHistory) -> Vec<Insight> + Send + 'static,
) -> Result<Vec<Insight>, Refusal> {
    let reader = Reader::new(call).await?;
    let filter = filter::of_found(call, &Found::Made(group.clone())).await?;
    // Whole minutes, with the past of the first one, up to where the last one may end.
    let start_ns = range.start_ns.saturating_sub(Insight::PAST_NS);
    let end_ns = range.end_ns.saturating_add(length_max_ns(call));
    let read = TimeRange {
        start_ns: start_ns.div_euclid(NS_PER_MINUTE) * NS_PER_MINUTE,
        end_ns: end_ns.min(call.state.clock.now_ns()),
    };
    let traces = Traces::passing(read, filter);
    let entries_max = call.state.config.xray_limits.insight_entries_max;
    let start = move || InsightBuilder::new(read, entries_max);
    let built = traces.fold(&reader, start).await?;
    let found = away(move || built.finish().map(|history| find(&history))).await;
    found.ok_or_else(|| {
        let what = format!("more than {entries_max} minutes of services to look at");
        Refusal::invalid(format!("there are {what}; ask for a shorter range"))
    })
}

/// Says of which group a refusal is, where the request has named none.
fn of_group(mut refusal: Refusal, group: &Stored<Group>) -> Refusal {
    refusal.message = format!("of the group {}: {}", group.value.name, refusal.message);
    refusal
}

fn json_of(call: &Call, group: &Stored<Group>, insight: &Insight) -> Json {
    let mut json = json!(insight.impact);
    json["InsightId"] = InsightId::of(&group.id.0, insight).to_string().into();
    json["GroupARN"] = group::arn_of(call, group).into();
    json["GroupName"] = group.value.name.as_str().into();
    json["RootCauseServiceId"] = json!(insight.root_cause);
    json["Categories"] = json!(["FAULT"]);
    json["StartTime"] = json!(Seconds(insight.start_ns));
    let state = state(call, insight);
    json["State"] = state.into();
    if state == CLOSED {
        json["EndTime"] = json!(Seconds(insight.end_ns));
    }
    json
}

fn state(call: &Call, insight: &Insight) -> &'static str {
    match call.state.clock.now_ns() < insight.closed_ns {
        true => ACTIVE,
        false => CLOSED,
    }
}

/// The range of a request, which must begin in the last 30 days.
fn recent_range(call: &Call, input: &Input) -> Result<TimeRange, Refusal> {
    let range = range_of(input)?;
    if range.start_ns < call.state.clock.now_ns().saturating_sub(ns(AGE_MAX)) {
        return Err(input.refuse("StartTime", "must not be more than 30 days ago"));
    }
    Ok(range)
}

fn page_size(input: &Input, most: i64) -> Result<usize, Refusal> {
    let count = input.whole("MaxResults", 1..=most)?.unwrap_or(most);
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn length_max_ns(call: &Call) -> i64 {
    ns(call.state.config.xray_limits.insight_length_max)
}

fn ns(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
