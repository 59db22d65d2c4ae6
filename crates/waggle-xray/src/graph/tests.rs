//! The service graph of the golden documents and of the worked example of spec/xray.md section 5.6.

use super::{GraphBuilder, GraphNode};
use crate::rows::OfTraces as _;
use crate::seconds::Seconds;
use crate::trace::Trace;
use crate::trace::tests::{T1, golden, trace};
use waggle_model::TimeRange;

/// Name, type and state; ok, throttled, other errors, faults, all; time in milliseconds.
type Line = (String, String, &'static str, [u64; 5], f64);

fn lines(graph: &[GraphNode]) -> Vec<Line> {
    let lines = graph.iter().map(|node| {
        let statistics = node.summary_statistics.unwrap_or_default();
        (
            node.name.to_string(),
            node.node_type.to_string(),
            node.state,
            [
                statistics.ok_count,
                statistics.error_statistics.throttle_count,
                statistics.error_statistics.other_count,
                statistics.fault_statistics.total_count,
                statistics.total_count,
            ],
            statistics.total_response_time.as_f64(),
        )
    });
    let mut lines: Vec<Line> = lines.collect();
    lines.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    lines
}

/// Callee; counts; seconds; histogram.
type EdgeLine = (String, [u64; 4], f64, Vec<(f64, u64)>);

/// Callee by name and type; ok, errors, faults, all; time; histogram.
fn edges(graph: &[GraphNode], name: &str, node_type: &str) -> Vec<EdgeLine> {
    let node = find(graph, name, node_type);
    let mut edges: Vec<_> = node
        .edges
        .iter()
        .map(|edge| {
            let to = graph
                .iter()
                .find(|node| node.reference_id == edge.reference_id)
                .unwrap();
            let statistics = edge.summary_statistics;
            let histogram = edge.response_time_histogram.as_ref().unwrap();
            (
                format!("{}/{}", to.name, to.node_type),
                [
                    statistics.ok_count,
                    statistics.error_statistics.total_count,
                    statistics.fault_statistics.total_count,
                    statistics.total_count,
                ],
                statistics.total_response_time.as_f64(),
                histogram
                    .iter()
                    .map(|entry| (entry.value.as_f64(), entry.count))
                    .collect(),
            )
        })
        .collect();
    edges.sort_by(|one, other| one.0.cmp(&other.0));
    edges
}

fn find<'a>(graph: &'a [GraphNode], name: &str, node_type: &str) -> &'a GraphNode {
    graph
        .iter()
        .find(|node| &*node.name == name && &*node.node_type == node_type)
        .unwrap()
}

fn line(name: &str, node_type: &str, state: &'static str, counts: [u64; 5], seconds: f64) -> Line {
    (
        name.to_owned(),
        node_type.to_owned(),
        state,
        counts,
        seconds,
    )
}

fn graph_of(traces: &[Trace], range: TimeRange) -> Vec<GraphNode> {
    let mut graph = GraphBuilder::new(range, usize::MAX);
    for trace in traces {
        graph.add(trace);
    }
    graph.finish()
}

fn seconds(start_s: i64, end_s: i64) -> TimeRange {
    TimeRange {
        start_ns: start_s * 1_000_000_000,
        end_ns: end_s * 1_000_000_000,
    }
}

#[test]
fn the_golden_graph() {
    let mut traces = golden().to_vec();
    for _ in 0..2 {
        let graph = graph_of(&traces, seconds(1_778_384_880, 1_778_385_060));
        assert_eq!(
            lines(&graph),
            [
                line("bank.example", "remote", "unknown", [0, 0, 0, 1, 1], 0.2),
                line(
                    "carts",
                    "AWS::DynamoDB::Table",
                    "unknown",
                    [1, 0, 0, 0, 1],
                    0.04
                ),
                line(
                    "ledger@db1",
                    "Database::SQL",
                    "unknown",
                    [1, 0, 0, 0, 1],
                    0.08
                ),
                line("pricing.example", "", "active", [1, 0, 0, 0, 1], 0.08),
                line(
                    "shop.example",
                    "AWS::EC2::Instance",
                    "active",
                    [1, 1, 0, 1, 3],
                    0.546
                ),
                line("shop.example", "client", "unknown", [0; 5], 0.0),
            ]
        );
        let shop = find(&graph, "shop.example", "AWS::EC2::Instance");
        assert_eq!(shop.root, Some(true));
        let histogram = |entries: &Option<Vec<crate::HistogramEntry>>| -> Vec<(f64, u64)> {
            let entries = entries.as_ref().unwrap().iter();
            entries
                .map(|entry| (entry.value.as_f64(), entry.count))
                .collect()
        };
        assert_eq!(
            histogram(&shop.response_time_histogram),
            [(0.006, 1), (0.24, 1), (0.3, 1)]
        );
        assert_eq!(
            histogram(&shop.duration_histogram),
            [(0.006, 1), (0.26, 1), (0.3, 1)]
        );
        assert_eq!(
            edges(&graph, "shop.example", "client"),
            [(
                "shop.example/AWS::EC2::Instance".to_owned(),
                [1, 1, 1, 3],
                0.546,
                vec![(0.006, 1), (0.24, 1), (0.3, 1)]
            )]
        );
        let edge = |to: &str, counts, seconds| (to.to_owned(), counts, seconds, vec![(seconds, 1)]);
        assert_eq!(
            edges(&graph, "shop.example", "AWS::EC2::Instance"),
            [
                edge("bank.example/remote", [0, 0, 1, 1], 0.2),
                edge("carts/AWS::DynamoDB::Table", [1, 0, 0, 1], 0.04),
                edge("ledger@db1/Database::SQL", [1, 0, 0, 1], 0.08),
                edge("pricing.example/", [1, 0, 0, 1], 0.1),
            ]
        );
        let start_s = 1_778_384_900;
        let times = |name: &str, node_type: &str| {
            let node = find(&graph, name, node_type);
            let Seconds(start_ns) = node.start_time;
            let Seconds(end_ns) = node.end_time;
            (
                start_ns / 1_000_000_000 - start_s,
                end_ns / 1_000_000_000 - start_s,
            )
        };
        assert_eq!(times("shop.example", "client"), (0, 121));
        assert_eq!(times("shop.example", "AWS::EC2::Instance"), (0, 121));
        assert_eq!(times("pricing.example", ""), (0, 1));
        assert_eq!(times("carts", "AWS::DynamoDB::Table"), (0, 1));
        assert_eq!(times("bank.example", "remote"), (60, 61));
        let mut numbers: Vec<usize> = graph.iter().map(|node| node.reference_id).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
        traces.reverse();
    }
}

#[test]
fn only_segments_that_end_in_the_range_take_part() {
    let graph = graph_of(&golden(), seconds(1_778_384_950, 1_778_384_970));
    assert_eq!(
        lines(&graph),
        [
            line("bank.example", "remote", "unknown", [0, 0, 0, 1, 1], 0.2),
            line(
                "shop.example",
                "AWS::EC2::Instance",
                "active",
                [0, 0, 0, 1, 1],
                0.3
            ),
            line("shop.example", "client", "unknown", [0; 5], 0.0),
        ]
    );
}

/// The requests of the worked example.
pub(crate) fn worked_example() -> Vec<Trace> {
    let web = |number: u64, end: &str, rest: &str| {
        format!(
            r#"{{"name":"web","id":"a{number:015}","trace_id":"1-6a000000-{number:024}","start_time":1000,"end_time":{end}{rest}}}"#
        )
    };
    let calls_auth = |number: u64, end: &str| {
        format!(
            r#","subsegments":[{{"name":"auth","id":"c{number:015}","namespace":"remote","start_time":1000,"end_time":{end},"http":{{"request":{{"traced":true}}}}}}]"#
        )
    };
    let auth = |number: u64, end: &str| {
        format!(
            r#"{{"name":"auth","id":"b{number:015}","parent_id":"c{number:015}","trace_id":"1-6a000000-{number:024}","start_time":1000,"end_time":{end}}}"#
        )
    };
    let queue = r#","fault":true,"subsegments":[{"name":"SQS","id":"c000000000000003","namespace":"aws","fault":true,"start_time":1000,"end_time":1000.15,"aws":{"queue_url":"q1"}}]"#;
    vec![
        trace(&[
            &web(1, "1000.1", &calls_auth(1, "1000.05")),
            &auth(1, "1000.04"),
        ]),
        trace(&[
            &web(2, "1000.3", &calls_auth(2, "1000.08")),
            &auth(2, "1000.07"),
        ]),
        trace(&[&web(3, "1000.2", queue)]),
        trace(&[&web(4, "1000.01", r#","error":true,"throttle":true"#)]),
    ]
}

#[test]
fn the_worked_example() {
    let traces = worked_example();
    let graph = GraphBuilder::of_traces(traces.iter()).finish();
    assert_eq!(
        lines(&graph),
        [
            line("auth", "", "active", [2, 0, 0, 0, 2], 0.11),
            line("q1", "AWS::SQS::Queue", "unknown", [0, 0, 0, 1, 1], 0.15),
            line("web", "", "active", [2, 1, 0, 1, 4], 0.61),
            line("web", "client", "unknown", [0; 5], 0.0),
        ]
    );
    assert_eq!(
        edges(&graph, "web", "client"),
        [(
            "web/".to_owned(),
            [2, 1, 1, 4],
            0.61,
            vec![(0.01, 1), (0.1, 1), (0.2, 1), (0.3, 1)]
        )]
    );
    assert_eq!(
        edges(&graph, "web", ""),
        [
            (
                "auth/".to_owned(),
                [2, 0, 0, 2],
                0.13,
                vec![(0.05, 1), (0.08, 1)]
            ),
            (
                "q1/AWS::SQS::Queue".to_owned(),
                [0, 0, 1, 1],
                0.15,
                vec![(0.15, 1)]
            ),
        ]
    );
}

fn with_account(number: u64, account: Option<&str>) -> Trace {
    let aws = account.map_or_else(String::new, |account| {
        format!(r#","aws":{{"account_id":"{account}"}}"#)
    });
    trace(&[&format!(
        r#"{{"name":"s","id":"a{number:015}","trace_id":"1-6a000000-{number:024}","start_time":1,"end_time":2{aws}}}"#
    )])
}

#[test]
fn accounts_tell_nodes_apart_only_when_there_are_two() {
    let count = |accounts: &[Option<&str>]| {
        let traces: Vec<Trace> = (1..)
            .zip(accounts)
            .map(|(number, account)| with_account(number, *account))
            .collect();
        let graph = GraphBuilder::of_traces(traces.iter()).finish();
        let own = graph.iter().filter(|node| &*node.node_type != "client");
        let mut counts: Vec<(Option<String>, u64)> = own
            .map(|node| {
                let account = node.account_id.as_ref().map(ToString::to_string);
                (account, node.summary_statistics.unwrap().total_count)
            })
            .collect();
        counts.sort();
        counts
    };
    let known = |account: &str| Some(account.to_owned());
    assert_eq!(count(&[None, Some("1"), None]), [(known("1"), 3)]);
    assert_eq!(
        count(&[Some("1"), Some("2"), None]),
        [(None, 1), (known("1"), 1), (known("2"), 1)]
    );
}

#[test]
fn a_link_is_an_edge_from_who_produced_to_who_took() {
    let producer = trace(&[&format!(
        r#"{{"name":"shop","id":"a000000000000001","trace_id":"{T1}","start_time":1,"end_time":3,"subsegments":[{{"name":"SQS","id":"a000000000000002","namespace":"aws","start_time":1,"end_time":2,"aws":{{"queue_url":"q"}}}}]}}"#
    )]);
    let consumer = trace(&[&format!(
        r#"{{"name":"worker","id":"b000000000000001","trace_id":"1-6a000000-0000000000000000000000ff","start_time":5.5,"end_time":6,"links":[{{"trace_id":"{T1}","id":"a000000000000002"}}]}}"#
    )]);
    let mut graph = GraphBuilder::of_traces([&consumer].into_iter());
    assert_eq!(graph.linked_traces(), [producer.id]);
    graph.link(&producer);
    assert!(graph.linked_traces().is_empty());
    let graph = graph.finish();
    let edge = &find(&graph, "shop", "").edges[0];
    assert_eq!(edge.edge_type, Some("link"));
    assert_eq!(edge.response_time_histogram, None);
    let ages = edge.received_event_age_histogram.as_ref().unwrap();
    assert_eq!((ages[0].value.as_f64(), ages[0].count), (3.5, 1));
    assert_eq!(edge.reference_id, find(&graph, "worker", "").reference_id);
}

/// A trace of a worker that took messages of other traces, one per number.
fn worker(number: usize, producers: impl Iterator<Item = usize>) -> Trace {
    let link = |producer: usize| {
        format!(r#"{{"trace_id":"1-6a000000-{producer:024}","id":"a{producer:015}"}}"#)
    };
    let links: Vec<String> = producers.map(link).collect();
    trace(&[&format!(
        r#"{{"name":"worker","id":"b{number:015}","trace_id":"1-6b000000-{number:024}","start_time":5,"end_time":6,"links":[{}]}}"#,
        links.join(",")
    )])
}

fn producer(number: usize) -> Trace {
    trace(&[&format!(
        r#"{{"name":"shop","id":"a{number:015}","trace_id":"1-6a000000-{number:024}","start_time":1,"end_time":3}}"#
    )])
}

fn linked_count(graph: &[GraphNode]) -> u64 {
    let shop = graph.iter().find(|node| &*node.name == "shop");
    let edges = shop.map_or(&[][..], |shop| &shop.edges).iter();
    let ages = edges.filter_map(|edge| edge.received_event_age_histogram.as_ref());
    ages.flatten().map(|entry| entry.count).sum()
}

#[test]
fn every_trace_may_have_a_hundred_links() {
    let graph_of = |workers: &[Trace], links_max: usize| {
        let mut graph = GraphBuilder::new(TimeRange::ALL, links_max);
        for worker in workers {
            graph.add(worker);
        }
        let (has_all, linked) = (graph.has_all_links(), graph.linked_traces());
        for number in 0..250 {
            graph.link(&producer(number));
        }
        assert!(graph.linked_traces().is_empty());
        (has_all, linked.len(), linked_count(&graph.finish()))
    };
    let many: Vec<Trace> = (0..250)
        .map(|number| worker(number, std::iter::once(number)))
        .collect();
    assert_eq!(graph_of(&many, 1_000), (true, 250, 250));
    assert_eq!(graph_of(&many, 249), (false, 249, 249));
    assert_eq!(graph_of(&[worker(0, 0..120)], 1_000), (true, 100, 100));
}

#[test]
fn a_link_to_what_has_not_come_goes_on_waiting() {
    let mut graph = GraphBuilder::of_traces([&worker(0, 7..8)].into_iter());
    let other = trace(&[
        r#"{"name":"shop","id":"c000000000000001","trace_id":"1-6a000000-000000000000000000000007","start_time":1,"end_time":3}"#,
    ]);
    graph.link(&other);
    assert_eq!(graph.linked_traces(), [producer(7).id]);
    graph.link(&producer(7));
    assert!(graph.linked_traces().is_empty());
    assert_eq!(linked_count(&graph.finish()), 1);
}
