//! Random expressions over random traces, against a second evaluation that goes by what was drawn and not by what was parsed; and what
//! `narrow` says of them.

use super::tests::is_match;
use super::{Filter, NoGroups};
use crate::trace::tests::{StoredRow, row_of, trace_of_rows};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const TRACE: &str = "1-6a000000-000000000000000000000001";

/// A segment as it was drawn.
#[derive(Clone, Debug)]
struct Drawn {
    name: &'static str,
    /// Milliseconds.
    start: i64,
    end: i64,
    fault: bool,
    error: bool,
    throttle: bool,
    method: Option<&'static str>,
    status: Option<i64>,
    user: Option<&'static str>,
    age: Option<i64>,
    tier: Option<&'static str>,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// The first is the root, the others answer calls of its own.
fn draw(rng: &mut StdRng) -> Vec<Drawn> {
    let count = rng.random_range(1..4);
    let pick = |rng: &mut StdRng, from: &[&'static str]| {
        let index = rng.random_range(0..=from.len());
        from.get(index).copied()
    };
    (0..count)
        .map(|_| {
            let start = rng.random_range(0..100);
            Drawn {
                name: NAMES[rng.random_range(0..NAMES.len())],
                start,
                end: start + rng.random_range(0..100),
                fault: rng.random_bool(0.3),
                error: rng.random_bool(0.3),
                throttle: rng.random_bool(0.2),
                method: pick(rng, &["GET", "POST"]),
                status: rng.random_bool(0.5).then(|| rng.random_range(200..204)),
                user: pick(rng, &["ann", "bob"]),
                age: rng.random_bool(0.5).then(|| rng.random_range(0..4)),
                tier: pick(rng, &["gold", "go"]),
            }
        })
        .collect()
}

fn rows(segments: &[Drawn]) -> Vec<StoredRow> {
    let seconds = |ms: i64| format!("{}.{:03}", 1_778_384_900 + ms / 1_000, ms % 1_000);
    let rows = segments.iter().enumerate().map(|(index, drawn)| {
        let mut parts = vec![
            format!(
                r#""name":"{}","id":"a00000000000000{index}","trace_id":"{TRACE}""#,
                drawn.name
            ),
            format!(
                r#""start_time":{},"end_time":{}"#,
                seconds(drawn.start),
                seconds(drawn.end)
            ),
            format!(
                r#""fault":{},"error":{},"throttle":{}"#,
                drawn.fault, drawn.error, drawn.throttle
            ),
        ];
        if index > 0 {
            parts.push(r#""parent_id":"a000000000000000""#.to_owned());
        }
        parts.extend(drawn.user.map(|user| format!(r#""user":"{user}""#)));
        let method = drawn
            .method
            .map(|method| format!(r#""request":{{"method":"{method}"}}"#));
        let status = drawn
            .status
            .map(|status| format!(r#""response":{{"status":{status}}}"#));
        let http: Vec<String> = [method, status].into_iter().flatten().collect();
        parts.push(format!(r#""http":{{{}}}"#, http.join(",")));
        let age = drawn.age.map(|age| format!(r#""age":{age}"#));
        let tier = drawn.tier.map(|tier| format!(r#""tier":"{tier}""#));
        let annotations: Vec<String> = [age, tier].into_iter().flatten().collect();
        parts.push(format!(r#""annotations":{{{}}}"#, annotations.join(",")));
        row_of(index as i64, &format!("{{{}}}", parts.join(",")))
    });
    rows.collect()
}

/// A condition on one segment, or on the trace where it stands outside of a block.
#[derive(Clone, Debug)]
enum Leaf {
    Fault,
    Error,
    Throttle,
    Ok,
    Time(&'static str, i64),
    Status(&'static str, i64),
    Method(&'static str, &'static str),
    User(&'static str, &'static str),
    Age(&'static str, i64),
    Tier(&'static str, &'static str),
    HasAge,
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Leaf),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    Service(Option<&'static str>, Option<Box<Self>>),
}

const ORDERS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];
const TEXTS: [&str; 5] = ["=", "!=", "CONTAINS", "BEGINSWITH", "ENDSWITH"];

fn draw_tree(rng: &mut StdRng, depth: usize, in_block: bool) -> Tree {
    let order = ORDERS[rng.random_range(0..ORDERS.len())];
    let text = TEXTS[rng.random_range(0..TEXTS.len())];
    let kind = rng.random_range(0..if depth == 0 { 4 } else { 8 });
    let parts = |rng: &mut StdRng| {
        let count = rng.random_range(1..4);
        (0..count)
            .map(|_| draw_tree(rng, depth - 1, in_block))
            .collect()
    };
    match kind {
        4 => Tree::Not(Box::new(draw_tree(rng, depth - 1, in_block))),
        5 => Tree::And(parts(rng)),
        6 => Tree::Or(parts(rng)),
        7 if !in_block => {
            let name = rng
                .random_bool(0.6)
                .then(|| NAMES[rng.random_range(0..NAMES.len())]);
            let block = rng
                .random_bool(0.6)
                .then(|| Box::new(draw_tree(rng, depth - 1, true)));
            Tree::Service(name, block)
        }
        _ => Tree::Leaf(match rng.random_range(0..if in_block { 10 } else { 11 }) {
            0 => Leaf::Fault,
            1 => Leaf::Error,
            2 => Leaf::Throttle,
            3 => Leaf::Ok,
            4 => Leaf::Time(order, rng.random_range(0..100)),
            5 => Leaf::Status(order, rng.random_range(199..205)),
            6 => Leaf::Method(text, ["GET", "ET", "P"][rng.random_range(0..3)]),
            7 => Leaf::Age(order, rng.random_range(0..4)),
            8 => Leaf::Tier(text, ["gold", "go", "d"][rng.random_range(0..3)]),
            9 => Leaf::HasAge,
            _ => Leaf::User(text, ["ann", "n", "bo"][rng.random_range(0..3)]),
        }),
    }
}

fn write(rng: &mut StdRng, tree: &Tree) -> String {
    match tree {
        Tree::Leaf(leaf) => match leaf {
            Leaf::Fault => {
                ["fault", "fault = true", "fault != false"][rng.random_range(0..3)].to_owned()
            }
            Leaf::Error => ["error", "ERROR=true"][rng.random_range(0..2)].to_owned(),
            Leaf::Throttle => "throttle".to_owned(),
            Leaf::Ok => "ok".to_owned(),
            Leaf::Time(op, ms) => format!("responsetime {op} {}", *ms as f64 / 1e3),
            Leaf::Status(op, status) => format!("http.status {op} {status}"),
            Leaf::Method(op, text) => format!("http.method {op} \"{text}\""),
            Leaf::User(op, text) => format!("user {op} {text}"),
            Leaf::Age(op, age) => format!("annotation.age {op} {age}"),
            Leaf::Tier(op, text) => format!("annotation[tier] {op} \"{text}\""),
            Leaf::HasAge => "annotation[\"age\"]".to_owned(),
        },
        Tree::Not(inner) => format!("!({})", write(rng, inner)),
        Tree::And(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| format!("({})", write(rng, part)))
                .collect();
            parts.join([" AND ", " ", " and "][rng.random_range(0..3)])
        }
        Tree::Or(parts) => {
            let parts: Vec<String> = parts
                .iter()
                .map(|part| format!("({})", write(rng, part)))
                .collect();
            parts.join(" OR ")
        }
        Tree::Service(name, block) => {
            let name = name.map_or_else(String::new, |name| format!("\"{name}\""));
            match block {
                Some(block) => format!("service({name}) {{ {} }}", write(rng, block)),
                None => format!("service({name})"),
            }
        }
    }
}

fn ordered(op: &str, have: i64, wanted: i64) -> bool {
    match op {
        "=" => have == wanted,
        "!=" => have != wanted,
        "<" => have < wanted,
        "<=" => have <= wanted,
        ">" => have > wanted,
        _ => have >= wanted,
    }
}

fn texted(op: &str, have: &str, wanted: &str) -> bool {
    match op {
        "=" => have == wanted,
        "!=" => have != wanted,
        "CONTAINS" => have.contains(wanted),
        "BEGINSWITH" => have.starts_with(wanted),
        _ => have.ends_with(wanted),
    }
}

/// Whether a tree holds of the trace, or in a block of one segment.
fn holds(tree: &Tree, segments: &[Drawn], of: Option<&Drawn>) -> bool {
    match tree {
        Tree::Not(inner) => !holds(inner, segments, of),
        Tree::And(parts) => parts.iter().all(|part| holds(part, segments, of)),
        Tree::Or(parts) => parts.iter().any(|part| holds(part, segments, of)),
        Tree::Service(name, block) => segments.iter().any(|segment| {
            name.is_none_or(|name| name == segment.name)
                && block
                    .as_ref()
                    .is_none_or(|block| holds(block, segments, Some(segment)))
        }),
        Tree::Leaf(leaf) => {
            // What is asked of a trace is asked of its root, but for what any segment may have.
            let one = of.unwrap_or(&segments[0]);
            let any: Vec<&Drawn> = of.map_or_else(|| segments.iter().collect(), |one| vec![one]);
            match leaf {
                Leaf::Fault => one.fault,
                Leaf::Error => one.error,
                Leaf::Throttle => any.iter().any(|segment| segment.throttle),
                Leaf::Ok => !one.fault && !one.error && !any.iter().any(|segment| segment.throttle),
                Leaf::Time(op, ms) => ordered(op, one.end - one.start, *ms),
                Leaf::Status(op, status) => {
                    one.status.is_some_and(|have| ordered(op, have, *status))
                }
                Leaf::Method(op, text) => one.method.is_some_and(|have| texted(op, have, text)),
                Leaf::User(op, text) => any
                    .iter()
                    .filter_map(|segment| segment.user)
                    .any(|have| texted(op, have, text)),
                Leaf::Age(op, age) => any
                    .iter()
                    .filter_map(|segment| segment.age)
                    .any(|have| ordered(op, have, *age)),
                Leaf::Tier(op, text) => any
                    .iter()
                    .filter_map(|segment| segment.tier)
                    .any(|have| texted(op, have, text)),
                Leaf::HasAge => any.iter().any(|segment| segment.age.is_some()),
            }
        }
    }
}

#[test]
fn two_evaluations_agree() {
    let (mut matched, mut narrowed) = (0, 0);
    for seed in 0..600 {
        let mut rng = StdRng::seed_from_u64(seed);
        let segments = draw(&mut rng);
        let trace = trace_of_rows(TRACE, &rows(&segments));
        for _ in 0..10 {
            let tree = draw_tree(&mut rng, 3, false);
            let text = write(&mut rng, &tree);
            if text.len() > 1_900 {
                continue;
            }
            let expected = holds(&tree, &segments, None);
            assert_eq!(
                is_match(&text, &trace),
                expected,
                "seed {seed}: {text}\n{segments:#?}"
            );
            matched += usize::from(expected);
            let filter = Filter::parse(&text, &NoGroups).unwrap();
            narrowed += usize::from(filter.narrow(&|_| Vec::new()).is_some());
        }
    }
    assert!(
        matched > 1_000 && narrowed > 1_000,
        "{matched} matched, {narrowed} narrowed"
    );
}
