//! Insights of a shop whose bank fails, with numbers counted by hand; histories of random traces as slow loops count them.

use super::{FaultHistory, Insight, InsightBuilder, RequestImpact, impact_graph};
use crate::graph::GraphBuilder;
use crate::rows::OfTraces as _;
use crate::seconds::Seconds;
use crate::summary::ServiceId;
use crate::trace::Trace;
use crate::trace::tests::trace;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use waggle_model::TimeRange;

const START_S: i64 = 1_778_385_000;
const NS_PER_S: i64 = 1_000_000_000;
const HOURS_6_NS: i64 = 6 * 3_600 * NS_PER_S;

/// A segment of a trace: its service, the segment that calls it, and whether it failed.
#[derive(Clone, Copy, Debug)]
struct Part {
    service: &'static str,
    caller: Option<usize>,
    is_fault: bool,
}

fn part(service: &'static str, caller: Option<usize>, is_fault: bool) -> Part {
    Part {
        service,
        caller,
        is_fault,
    }
}

/// A trace of such segments, which end at one time.
fn trace_of(number: usize, end_s: i64, parts: &[Part]) -> Trace {
    let id = format!("1-6a000000-{number:024x}");
    let documents = parts.iter().enumerate().map(|(index, part)| {
        let calls = parts.iter().enumerate();
        let calls: Vec<Json> = calls
            .filter(|(_, callee)| callee.caller == Some(index))
            .map(|(callee, to)| {
                json!({"id": format!("{:016x}", 1_000 + callee), "name": to.service, "namespace": "remote",
                    "start_time": end_s - 1, "end_time": end_s, "fault": to.is_fault})
            })
            .collect();
        let mut document = json!({"id": format!("{:016x}", 1 + index), "trace_id": id, "name": part.service,
            "start_time": end_s - 1, "end_time": end_s, "fault": part.is_fault, "subsegments": calls});
        if part.caller.is_some() {
            document["parent_id"] = format!("{:016x}", 1_000 + index).into();
        }
        document.to_string()
    });
    let documents: Vec<String> = documents.collect();
    let texts: Vec<&str> = documents.iter().map(String::as_str).collect();
    trace(&texts)
}

fn history(traces: &[Trace]) -> FaultHistory {
    bounded(traces, TimeRange::ALL, usize::MAX).unwrap()
}

fn bounded(traces: &[Trace], range: TimeRange, entries_max: usize) -> Option<FaultHistory> {
    let mut builder = InsightBuilder::new(range, entries_max);
    for trace in traces {
        builder.add(trace);
    }
    builder.finish()
}

fn impact(fault_count: u64, ok_count: u64) -> RequestImpact {
    RequestImpact {
        fault_count,
        ok_count,
        total_count: fault_count + ok_count,
    }
}

fn names(insight: &Insight) -> Vec<&str> {
    let services = insight.impact.top_anomalous_services.iter();
    services.map(|one| &*one.service_id.name).collect()
}

/// 70 minutes of a shop that asks a bank and a store ten times a minute. The shop fails by itself once in ten minutes. From minute 66
/// to before 69 the bank fails in seven of ten requests; in one of those the shop gets along without it.
fn shop() -> Vec<Trace> {
    let mut traces = Vec::new();
    for minute in 0..75 {
        for request in 0..10 {
            let by_bank = (66..69).contains(&minute) && request < 7;
            let by_itself = minute % 10 == 0 && request == 9;
            let shop_fails = by_itself || (by_bank && request != 6);
            traces.push(trace_of(
                minute * 10 + request,
                START_S + 60 * minute as i64 + request as i64,
                &[
                    part("shop", None, shop_fails),
                    part("bank", Some(0), by_bank),
                    part("store", Some(0), false),
                ],
            ));
        }
    }
    traces
}

#[test]
fn a_bank_that_fails_is_named_and_not_the_shop_that_asks_it() {
    let history = history(&shop());
    let insights = history.insights(HOURS_6_NS);
    assert_eq!(insights.len(), 1, "{insights:?}");
    let insight = &insights[0];
    assert_eq!(&*insight.root_cause.name, "bank");
    let start_ns = (START_S + 66 * 60) * NS_PER_S;
    assert_eq!(insight.start_ns, start_ns);
    assert_eq!(insight.end_ns, start_ns + 180 * NS_PER_S);
    assert_eq!(insight.closed_ns, start_ns + 480 * NS_PER_S);
    // 3 x 7 of 30 at the bank; 3 x 6 of them reach the client.
    let found = &insight.impact;
    assert_eq!(
        found.root_cause_service_request_impact_statistics,
        impact(21, 9)
    );
    assert_eq!(found.client_request_impact_statistics, impact(18, 12));
    assert_eq!(names(insight), ["bank", "shop"]);
    assert_eq!(
        found.summary,
        "21 of 30 requests to bank failed, 70.0 %; of those in the hour before 0.0 % failed by themselves."
    );
    assert_eq!(
        insight.events.len(),
        1,
        "three minutes are one step of five"
    );
    assert_eq!(
        insight.events[0].event_time,
        Seconds(start_ns + 180 * NS_PER_S)
    );
    assert_eq!(insight.events[0].impact, insight.impact);

    assert_eq!(history.insights_at(start_ns, HOURS_6_NS), insights);
    for other_s in [-60, 180] {
        let other_ns = start_ns + other_s * NS_PER_S;
        assert_eq!(history.insights_at(other_ns, HOURS_6_NS), []);
    }
}

#[test]
fn what_is_seen_without_its_whole_past_is_no_insight() {
    let minute_ns = 60 * NS_PER_S;
    let from = |minute: i64| TimeRange {
        start_ns: START_S * NS_PER_S + minute * minute_ns,
        end_ns: i64::MAX,
    };
    // Minute 68 is the last one that fails, and its past begins with minute 4.
    for (first, count) in [(0, 1), (4, 1), (5, 0), (30, 0)] {
        let history = bounded(&shop(), from(first), usize::MAX).unwrap();
        assert_eq!(history.insights(HOURS_6_NS).len(), count, "{first}");
    }
}

#[test]
fn more_entries_than_may_be_are_no_history() {
    // 75 minutes of three services; the bank affects itself and the shop in three, the shop itself once in ten.
    let entries = 75 * 3 + 3 * 2 + 8;
    let traces = shop();
    assert!(bounded(&traces, TimeRange::ALL, entries).is_some());
    assert!(bounded(&traces, TimeRange::ALL, entries - 1).is_none());
}

#[test]
fn without_a_burst_there_is_nothing() {
    let traces: Vec<Trace> = shop().into_iter().take(660).collect();
    assert_eq!(history(&traces).insights(HOURS_6_NS), []);
}

#[test]
fn a_service_that_nobody_instrumented_is_named_with_its_type() {
    let mut traces = Vec::new();
    for minute in 0..75_i64 {
        for request in 0..4 {
            let is_fault = minute >= 70;
            let end_s = START_S + 60 * minute + request;
            let number = minute * 4 + request;
            let call = json!({"id": format!("{:016x}", 2), "name": "bank", "namespace": "remote", "start_time": end_s - 1,
                "end_time": end_s, "fault": is_fault});
            let text = json!({"id": format!("{:016x}", 1), "trace_id": format!("1-6a000000-{number:024x}"), "name": "shop",
                "start_time": end_s - 1, "end_time": end_s, "fault": is_fault, "subsegments": [call]});
            traces.push(trace(&[&text.to_string()]));
        }
    }
    let insights = history(&traces).insights(HOURS_6_NS);
    assert_eq!(insights.len(), 1);
    let cause = &insights[0].root_cause;
    assert_eq!((&*cause.name, &*cause.node_type), ("bank", "remote"));
    // The graph of the time: the store that the shop asks is not touched.
    let mut more = traces.clone();
    more.push(trace_of(
        9_999,
        START_S,
        &[part("shop", None, false), part("store", Some(0), false)],
    ));
    let nodes = GraphBuilder::of_traces(more.iter()).finish();
    let touched = impact_graph(&nodes, cause);
    let lines: Vec<(&str, &str, Vec<&str>)> = touched
        .iter()
        .map(|service| {
            let name_of = |number| {
                let mut all = touched.iter();
                &*all.find(|other| other.reference_id == number).unwrap().name
            };
            let callees = service.edges.iter();
            (
                &*service.name,
                &*service.node_type,
                callees.map(|edge| name_of(edge.reference_id)).collect(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("bank", "remote", vec![]),
            ("shop", "", vec!["bank"]),
            ("shop", "client", vec!["shop"]),
        ]
    );
}

#[test]
fn steps_add_up_to_the_whole() {
    let mut traces = Vec::new();
    for minute in 0..90_i64 {
        for request in 0..10 {
            let is_fault = (66..79).contains(&minute) && request < 5;
            let number = usize::try_from(minute * 10 + request).unwrap();
            let end_s = START_S + 60 * minute + request;
            traces.push(trace_of(number, end_s, &[part("shop", None, is_fault)]));
        }
    }
    let insights = history(&traces).insights(HOURS_6_NS);
    let [insight] = insights.as_slice() else {
        panic!("{insights:?}")
    };
    let counts: Vec<RequestImpact> = insight
        .events
        .iter()
        .map(|event| event.impact.root_cause_service_request_impact_statistics)
        .collect();
    assert_eq!(counts, [impact(25, 25), impact(25, 25), impact(15, 15)]);
    let whole = &insight.impact;
    assert_eq!(
        whole.root_cause_service_request_impact_statistics,
        impact(65, 65)
    );
    assert_eq!(whole.client_request_impact_statistics, impact(65, 65));
    let json = serde_json::to_value(&insight.events[0]).unwrap();
    let shop = json!({"ServiceId": {"Name": "shop", "Names": ["shop"], "Type": ""}});
    assert_eq!(json["TopAnomalousServices"], json!([shop]));
    assert_eq!(json["EventTime"], (START_S + 71 * 60) as f64);
}

/// By service and minute: requests, origins, clients, and the affected ones by name.
type Counts = BTreeMap<
    (String, i64),
    (
        RequestImpact,
        u64,
        RequestImpact,
        BTreeMap<&'static str, u64>,
    ),
>;

#[test]
fn random_traces_are_counted_as_the_definition_says() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let services = ["a", "b", "c", "d"];
    let count = |counts: &mut RequestImpact, is_fault: bool| {
        counts.total_count += 1;
        counts.fault_count += u64::from(is_fault);
        counts.ok_count += u64::from(!is_fault);
    };
    for round in 0..200 {
        let mut traces = Vec::new();
        let mut naive = Counts::new();
        for number in 0..random.random_range(1..5) {
            let end_s = START_S + 60 * random.random_range(0..3);
            let mut parts = Vec::new();
            for index in 0..random.random_range(1..8) {
                let caller = (index > 0).then(|| random.random_range(0..index));
                let service = services[random.random_range(0..services.len())];
                parts.push(part(service, caller, random.random_bool(0.5)));
            }
            traces.push(trace_of(number, end_s, &parts));
            let minute = end_s.div_euclid(60);
            for (index, one) in parts.iter().enumerate() {
                let key = (one.service.to_owned(), minute);
                let entry = naive.entry(key).or_default();
                count(&mut entry.0, one.is_fault);
                if parts[..index]
                    .iter()
                    .all(|other| other.service != one.service)
                {
                    count(&mut entry.2, parts[0].is_fault);
                }
            }
            // Every failed segment and the origins below it that it is joined to by failed ones.
            let is_origin = |index: usize| {
                let calls = parts.iter().filter(|call| call.caller == Some(index));
                parts[index].is_fault && !calls.into_iter().any(|call| call.is_fault)
            };
            for origin in (0..parts.len()).filter(|index| is_origin(*index)) {
                let key = (parts[origin].service.to_owned(), minute);
                naive.get_mut(&key).unwrap().1 += 1;
            }
            for service in services {
                let joined = |segment: usize| {
                    (0..parts.len()).any(|origin| {
                        let mut at = Some(origin);
                        while let Some(index) = at.filter(|index| parts[*index].is_fault) {
                            if index == segment {
                                return is_origin(origin) && parts[origin].service == service;
                            }
                            at = parts[index].caller;
                        }
                        false
                    })
                };
                for segment in (0..parts.len()).filter(|segment| joined(*segment)) {
                    let key = (service.to_owned(), minute);
                    let affected = &mut naive.get_mut(&key).unwrap().3;
                    *affected.entry(parts[segment].service).or_default() += 1;
                }
            }
        }
        let history = history(&traces);
        let name = |place: usize| services_name(&history, place);
        let mut counts = Counts::new();
        for service in &history.services {
            for (minute, counted) in &service.minutes {
                let affected = counted.affected.iter();
                counts.insert(
                    (service.id.name.to_string(), *minute),
                    (
                        counted.requests,
                        counted.origin_count,
                        counted.clients,
                        affected
                            .map(|(place, count)| (name(*place), *count))
                            .collect(),
                    ),
                );
            }
        }
        assert_eq!(counts, naive, "round {round}");
    }
}

fn services_name(history: &FaultHistory, place: usize) -> &'static str {
    let name = &history.services[place].id.name;
    ["a", "b", "c", "d"]
        .into_iter()
        .find(|one| *one == &**name)
        .unwrap()
}

#[test]
fn an_account_that_is_known_later_is_that_of_the_service() {
    let text = |number: u32, account: Json| {
        json!({"id": "0000000000000001", "trace_id": format!("1-6a000000-{number:024x}"), "name": "shop", "start_time": START_S,
            "end_time": START_S + 1, "aws": account})
        .to_string()
    };
    let traces = [
        trace(&[&text(1, json!({}))]),
        trace(&[&text(2, json!({"account_id": "000000000001"}))]),
    ];
    let history = history(&traces);
    let ids: Vec<&ServiceId> = history.services.iter().map(|service| &service.id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0].account_id.as_deref(), Some("000000000001"));
}
