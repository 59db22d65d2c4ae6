//! Random events that are as unpleasant as real ones: columns of several types, columns that are hardly ever there, times that repeat,
//! numbers at the edges.

use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use waggle_model::{DatasetId, EventBatch, TimeRange, Value};

/// One row as a person would write it down.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Event time.
    pub timestamp_ns: i64,
    /// This event stands for so many.
    pub sample_rate: u32,
    /// The dataset it is in.
    pub dataset: DatasetId,
    /// Every field.
    pub fields: BTreeMap<String, Value>,
}

/// The columns of [`random_events`], and one that no event has.
pub const COLUMNS: [&str; 12] = [
    "name",
    "user",
    "status",
    "duration_ms",
    "error",
    "mixed",
    "nasty",
    "sparse.text",
    "sparse.number",
    "größe",
    "trace.trace_id",
    "nowhere",
];

/// Makes `count` events inside and a little outside of `range`, in any order, of up to two datasets.
pub fn random_events(rng: &mut StdRng, count: usize, range: TimeRange) -> Vec<Event> {
    let length = range.end_ns - range.start_ns;
    // A coarse clock makes many events share a time.
    let tick = [1, length / 10_000, length / 40][rng.random_range(0..3)].max(1);
    let outside = if rng.random_bool(0.5) { length / 20 } else { 0 };
    let rate_max = if rng.random_bool(0.5) { 1 } else { 20 };
    let users = [3, 40, 5_000][rng.random_range(0..3)];
    (0..count)
        .map(|_| {
            let time = rng.random_range(range.start_ns - outside..range.end_ns + outside);
            Event {
                timestamp_ns: time.div_euclid(tick) * tick,
                sample_rate: rng.random_range(1..=rate_max),
                dataset: DatasetId(rng.random_range(1..=2)),
                fields: random_fields(rng, users),
            }
        })
        .collect()
}

/// Gives events what makes them spans of each other's traces, and some of them a mark that they are none.
pub fn link_spans(rng: &mut StdRng, events: &mut [Event]) {
    let spans = rng.random_range(2..9);
    for event in events {
        let mut put = |presence: f64, name: &str, rng: &mut StdRng| {
            if rng.random_bool(presence) {
                let id = format!("{:016x}", rng.random_range(0..spans));
                event.fields.insert(name.to_owned(), Value::String(id));
            }
        };
        put(0.9, "trace.span_id", rng);
        put(0.7, "trace.parent_id", rng);
        put(0.1, "meta.annotation_type", rng);
    }
}

/// Moves events of the same time apart, by as little as there is.
pub fn spread_times(events: &mut [Event]) {
    let mut taken = BTreeSet::new();
    for event in events {
        while !taken.insert(event.timestamp_ns) {
            event.timestamp_ns += 1;
        }
    }
}

fn random_fields(rng: &mut StdRng, users: u32) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    let mut put =
        |presence: f64, name: &str, rng: &mut StdRng, make: fn(&mut StdRng, u32) -> Value| {
            if rng.random_bool(presence) {
                fields.insert(name.to_owned(), make(rng, users));
            }
        };
    put(0.95, "name", rng, |rng, _| {
        text(
            rng,
            &["GET /", "GET /cart", "POST /cart", "", "naïve ☕", "a\nb"],
        )
    });
    put(0.8, "user", rng, |rng, users| {
        Value::String(format!("user-{}", rng.random_range(0..users)))
    });
    put(0.9, "status", rng, |rng, _| {
        Value::Int([200, 200, 200, 301, 404, 500, -1][rng.random_range(0..7)])
    });
    put(0.9, "duration_ms", rng, |rng, _| {
        let size = rng.random_range(-3.0..5.0);
        match rng.random_range(0..20) {
            0 => Value::Int(rng.random_range(-20..2_000)),
            1 => Value::Float(-(10_f64.powf(size))),
            2 => Value::Float(0.0),
            _ => Value::Float(10_f64.powf(size)),
        }
    });
    put(0.5, "error", rng, |rng, _| {
        Value::Bool(rng.random_bool(0.2))
    });
    put(0.8, "mixed", rng, |rng, _| match rng.random_range(0..9) {
        0 => Value::String("5".to_owned()),
        1 => Value::Int(5),
        2 => Value::Float(5.0),
        3 => Value::Float(5.5),
        4 => Value::Bool(true),
        5 => Value::String("true".to_owned()),
        6 => Value::Int(rng.random_range(0..4)),
        7 => Value::Float(f64::from(rng.random_range(0..4))),
        _ => Value::String(String::new()),
    });
    put(0.3, "nasty", rng, |rng, _| nasty(rng));
    put(0.02, "sparse.text", rng, |rng, _| {
        text(rng, &["beta", "alpha", "Ω"])
    });
    put(0.02, "sparse.number", rng, |rng, _| {
        Value::Int(rng.random_range(-3..3))
    });
    put(0.3, "größe", rng, |rng, _| {
        text(rng, &["groß", "klein", "größer", "日本語", "🦀"])
    });
    put(0.7, "trace.trace_id", rng, |rng, _| {
        Value::String(format!(
            "{:032x}",
            rng.random_range(0..30_u128) << 90 | 0xabc
        ))
    });
    fields
}

fn text(rng: &mut StdRng, texts: &[&str]) -> Value {
    Value::String(texts[rng.random_range(0..texts.len())].to_owned())
}

/// Numbers that break careless arithmetic.
fn nasty(rng: &mut StdRng) -> Value {
    match rng.random_range(0..14) {
        0 => Value::Int(i64::MAX),
        1 => Value::Int(i64::MIN),
        2 => Value::Int((1 << 53) + 1),
        3 => Value::Float(9_007_199_254_740_992.0),
        4 => Value::Float(9_223_372_036_854_775_808.0),
        5 => Value::Float(-9_223_372_036_854_775_808.0),
        6 => Value::Float(1e300),
        7 => Value::Float(-1e300),
        8 => Value::Float(1e-300),
        9 => Value::Float(-0.0),
        10 => Value::Float(f64::NAN),
        11 => Value::Float(0.1),
        12 => Value::Float(f64::from(rng.random_range(0..100)) / 10.0),
        _ => Value::Int(rng.random_range(-5..5)),
    }
}

/// The events as a batch, in their order. All must be of one dataset for the batch to make sense.
pub fn batch_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> EventBatch {
    let mut batch = EventBatch::new("random");
    for event in events {
        batch.begin_row();
        for (name, value) in &event.fields {
            batch.put(name, value.as_ref());
        }
        batch.end_row(event.timestamp_ns, event.sample_rate);
    }
    batch
}
