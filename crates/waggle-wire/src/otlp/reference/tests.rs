//! The product's reader against the reference, on messages no encoder would write: fields in any order and any number, singular messages
//! that come in parts, unknown fields and groups, wire types and lengths that are wrong, nesting up to the limit, cuts at every byte.

use super::{decode_logs, decode_metrics, decode_traces};
use crate::otlp::{Decoded, Encoding, OtlpHeaders, Refusal, Signal};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use waggle_model::{EventLimits, MetricType};

const NOW_NS: i64 = 7;

/// What a field holds.
#[derive(Clone, Copy)]
enum Kind {
    Varint,
    Fixed64,
    Fixed32,
    Text,
    Key,
    Id,
    Message(&'static [(u32, Kind)]),
    /// Numbers of eight bytes, one after another.
    Packed64,
    /// Varints, one after another.
    PackedVarint,
    /// A value; deeper ones are rarer.
    Value,
}

use Kind::{Fixed32, Fixed64, Id, Key, Packed64, PackedVarint, Text, Value, Varint};

const ATTRIBUTE: &[(u32, Kind)] = &[
    (1, Key),
    (2, Value),
    (1, Key),
    (2, Value),
    (1, Key),
    (2, Value),
    (3, Varint),
];
const ENTITY: &[(u32, Kind)] = &[(1, Text), (2, Text), (3, Text), (4, Text)];
const RESOURCE: &[(u32, Kind)] = &[
    (1, Kind::Message(ATTRIBUTE)),
    (1, Kind::Message(ATTRIBUTE)),
    (2, Varint),
    (3, Kind::Message(ENTITY)),
];
const SCOPE: &[(u32, Kind)] = &[
    (1, Text),
    (2, Text),
    (3, Kind::Message(ATTRIBUTE)),
    (4, Varint),
];
const STATUS: &[(u32, Kind)] = &[(2, Text), (3, Varint)];
const EVENT: &[(u32, Kind)] = &[
    (1, Fixed64),
    (2, Key),
    (3, Kind::Message(ATTRIBUTE)),
    (3, Kind::Message(ATTRIBUTE)),
    (4, Varint),
];
const LINK: &[(u32, Kind)] = &[
    (1, Id),
    (2, Id),
    (3, Text),
    (4, Kind::Message(ATTRIBUTE)),
    (5, Varint),
    (6, Fixed32),
];
const SPAN: &[(u32, Kind)] = &[
    (1, Id),
    (2, Id),
    (3, Text),
    (4, Id),
    (5, Text),
    (6, Varint),
    (7, Fixed64),
    (8, Fixed64),
    (9, Kind::Message(ATTRIBUTE)),
    (9, Kind::Message(ATTRIBUTE)),
    (9, Kind::Message(ATTRIBUTE)),
    (10, Varint),
    (11, Kind::Message(EVENT)),
    (12, Varint),
    (13, Kind::Message(LINK)),
    (14, Varint),
    (15, Kind::Message(STATUS)),
    (16, Fixed32),
];
const LOG: &[(u32, Kind)] = &[
    (1, Fixed64),
    (2, Varint),
    (3, Text),
    (5, Value),
    (6, Kind::Message(ATTRIBUTE)),
    (6, Kind::Message(ATTRIBUTE)),
    (7, Varint),
    (8, Fixed32),
    (9, Id),
    (10, Id),
    (11, Fixed64),
    (12, Text),
];
const LABEL: &[(u32, Kind)] = &[(1, Key), (2, Text)];
const EXEMPLAR: &[(u32, Kind)] = &[
    (1, Kind::Message(LABEL)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Id),
    (5, Id),
    (6, Fixed64),
    (7, Kind::Message(ATTRIBUTE)),
];
const NUMBER_POINT: &[(u32, Kind)] = &[
    (1, Kind::Message(LABEL)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Kind::Message(EXEMPLAR)),
    (6, Fixed64),
    (7, Kind::Message(ATTRIBUTE)),
    (8, Varint),
];
const HISTOGRAM_POINT: &[(u32, Kind)] = &[
    (1, Kind::Message(LABEL)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Packed64),
    (6, Fixed64),
    (7, Fixed64),
    (7, Packed64),
    (8, Kind::Message(EXEMPLAR)),
    (9, Kind::Message(ATTRIBUTE)),
    (10, Varint),
    (11, Fixed64),
    (12, Fixed64),
];
const BUCKETS: &[(u32, Kind)] = &[(1, Varint), (2, PackedVarint), (2, Varint)];
const EXPONENTIAL_POINT: &[(u32, Kind)] = &[
    (1, Kind::Message(ATTRIBUTE)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Varint),
    (7, Fixed64),
    (8, Kind::Message(BUCKETS)),
    (9, Kind::Message(BUCKETS)),
    (10, Varint),
    (11, Kind::Message(EXEMPLAR)),
    (12, Fixed64),
    (13, Fixed64),
    (14, Fixed64),
];
const QUANTILE: &[(u32, Kind)] = &[(1, Fixed64), (2, Fixed64)];
const SUMMARY_POINT: &[(u32, Kind)] = &[
    (1, Kind::Message(LABEL)),
    (2, Fixed64),
    (3, Fixed64),
    (4, Fixed64),
    (5, Fixed64),
    (6, Kind::Message(QUANTILE)),
    (6, Kind::Message(QUANTILE)),
    (7, Kind::Message(ATTRIBUTE)),
    (8, Varint),
];
const GAUGE: &[(u32, Kind)] = &[
    (1, Kind::Message(NUMBER_POINT)),
    (1, Kind::Message(NUMBER_POINT)),
];
const SUM: &[(u32, Kind)] = &[
    (1, Kind::Message(NUMBER_POINT)),
    (1, Kind::Message(NUMBER_POINT)),
    (2, Varint),
    (3, Varint),
];
const HISTOGRAM: &[(u32, Kind)] = &[
    (1, Kind::Message(HISTOGRAM_POINT)),
    (1, Kind::Message(HISTOGRAM_POINT)),
    (2, Varint),
];
const EXPONENTIAL: &[(u32, Kind)] = &[
    (1, Kind::Message(EXPONENTIAL_POINT)),
    (1, Kind::Message(EXPONENTIAL_POINT)),
    (2, Varint),
];
const SUMMARY: &[(u32, Kind)] = &[
    (1, Kind::Message(SUMMARY_POINT)),
    (1, Kind::Message(SUMMARY_POINT)),
];
const METRIC: &[(u32, Kind)] = &[
    (1, Key),
    (1, Key),
    (2, Text),
    (3, Text),
    (4, Kind::Message(GAUGE)),
    (5, Kind::Message(GAUGE)),
    (6, Kind::Message(SUM)),
    (7, Kind::Message(SUM)),
    (8, Kind::Message(HISTOGRAM)),
    (9, Kind::Message(HISTOGRAM)),
    (10, Kind::Message(EXPONENTIAL)),
    (11, Kind::Message(SUMMARY)),
    (12, Kind::Message(ATTRIBUTE)),
];
const SCOPE_METRICS: &[(u32, Kind)] = &[
    (1, Kind::Message(SCOPE)),
    (2, Kind::Message(METRIC)),
    (2, Kind::Message(METRIC)),
    (2, Kind::Message(METRIC)),
    (2, Kind::Message(METRIC)),
    (3, Text),
];
const RESOURCE_METRICS: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE)),
    (2, Kind::Message(SCOPE_METRICS)),
    (2, Kind::Message(SCOPE_METRICS)),
    (3, Text),
];
const METRICS: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE_METRICS)),
    (1, Kind::Message(RESOURCE_METRICS)),
    (1, Kind::Message(RESOURCE_METRICS)),
];
const SCOPE_SPANS: &[(u32, Kind)] = &[
    (1, Kind::Message(SCOPE)),
    (2, Kind::Message(SPAN)),
    (2, Kind::Message(SPAN)),
    (2, Kind::Message(SPAN)),
    (3, Text),
];
const SCOPE_LOGS: &[(u32, Kind)] = &[
    (1, Kind::Message(SCOPE)),
    (2, Kind::Message(LOG)),
    (2, Kind::Message(LOG)),
    (2, Kind::Message(LOG)),
    (3, Text),
];
const RESOURCE_SPANS: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE)),
    (2, Kind::Message(SCOPE_SPANS)),
    (2, Kind::Message(SCOPE_SPANS)),
    (3, Text),
];
const RESOURCE_LOGS: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE)),
    (2, Kind::Message(SCOPE_LOGS)),
    (2, Kind::Message(SCOPE_LOGS)),
    (3, Text),
];
const TRACES: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE_SPANS)),
    (1, Kind::Message(RESOURCE_SPANS)),
];
const LOGS: &[(u32, Kind)] = &[
    (1, Kind::Message(RESOURCE_LOGS)),
    (1, Kind::Message(RESOURCE_LOGS)),
];

/// Few names, so that they collide; those with a meaning among them.
const KEYS: &[&str] = &[
    "",
    "a",
    "b",
    "a.b",
    "c",
    "name",
    "service.name",
    "sampleRate",
    "SampleRate",
    "library.name",
    "exception",
    "exception.message",
    "exception.type",
    "exception.escaped",
    "trace.trace_id",
    "meta.signal_type",
    "duration_ms",
    "severity",
    "body",
    "a-name-that-is-longer-than-the-limit",
];
const TEXTS: &[&str] = &[
    "",
    "x",
    "4",
    "exception",
    "io.opentelemetry.x",
    "ot=th:c",
    "th=8",
    "unknown_service:x",
    " s ",
    "żółw",
    "a longer text than the others",
];

/// Writes one message at random. `oddities` of a thousand fields are wrong in some way.
struct Writer {
    random: StdRng,
    oddities: u32,
    depth: u32,
}

impl Writer {
    fn message(&mut self, fields: &[(u32, Kind)]) -> Vec<u8> {
        let mut out = Vec::new();
        let count = self.random.random_range(0..=fields.len() * 3 / 2);
        for _ in 0..count {
            let (number, kind) = *fields.choose(&mut self.random).unwrap();
            self.field(number, kind, &mut out);
        }
        out
    }

    fn odd(&mut self) -> bool {
        self.random.random_range(0..1_000) < self.oddities
    }

    fn field(&mut self, number: u32, kind: Kind, out: &mut Vec<u8>) {
        if self.odd() {
            return self.unknown(out);
        }
        let mut number = u64::from(number);
        if self.odd() {
            number = self.random.random_range(0..40);
        }
        match kind {
            Varint => {
                put_varint(number << 3, out);
                let value = match self.random.random_range(0..4) {
                    0 => self.random.random(),
                    1 => u64::from(self.random.random::<u32>()),
                    _ => self.random.random_range(0..26),
                };
                put_varint(value, out);
                if self.odd() {
                    // Longer than it must be.
                    if let Some(last) = out.last_mut() {
                        *last |= 0x80;
                    }
                    out.push(self.random.random_range(0..2));
                }
            }
            Fixed64 => {
                put_varint(number << 3 | 1, out);
                let value = self.fixed64();
                out.extend(value.to_le_bytes());
            }
            Packed64 => {
                let mut inner = Vec::new();
                for _ in 0..self.random.random_range(0..4) {
                    inner.extend(self.fixed64().to_le_bytes());
                }
                if self.odd() {
                    inner.pop();
                }
                self.bytes(number, &inner, out);
            }
            PackedVarint => {
                let mut inner = Vec::new();
                for _ in 0..self.random.random_range(0..4) {
                    put_varint(self.random.random_range(0..300), &mut inner);
                }
                self.bytes(number, &inner, out);
            }
            Fixed32 => {
                put_varint(number << 3 | 5, out);
                out.extend(self.random.random::<u32>().to_le_bytes());
            }
            Text => {
                let text = *TEXTS.choose(&mut self.random).unwrap();
                self.bytes(number, text.as_bytes(), out);
            }
            Key => {
                let text = *KEYS.choose(&mut self.random).unwrap();
                self.bytes(number, text.as_bytes(), out);
            }
            Id => {
                let length = *[0, 8, 16, 12, 24, 3].choose(&mut self.random).unwrap();
                let id: Vec<u8> = (0..length)
                    .map(|_| *[0, 0, 0x1f, 0xee].choose(&mut self.random).unwrap())
                    .collect();
                self.bytes(number, &id, out);
            }
            Kind::Message(fields) => {
                let inner = self.message(fields);
                self.bytes(number, &inner, out);
            }
            Value => {
                let inner = self.value();
                self.bytes(number, &inner, out);
            }
        }
    }

    fn fixed64(&mut self) -> u64 {
        match self.random.random_range(0..6) {
            0 => self.random.random(),
            1 => 0,
            2 => f64::NAN.to_bits(),
            3 => f64::from(self.random.random_range(-3..4)).to_bits(),
            4 => [0.5_f64, 0.99, 1.0][self.random.random_range(0..3)].to_bits(),
            _ => self.random.random_range(0..5_000_000),
        }
    }

    fn value(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        for _ in 0..self.random.random_range(0..=2) {
            let deepest = if self.depth > 3 { 5 } else { 9 };
            let kind = self.random.random_range(1..deepest);
            self.depth += 1;
            match kind {
                1 => self.field(1, Text, &mut out),
                2 => self.field(2, Varint, &mut out),
                3 => self.field(3, Varint, &mut out),
                4 => self.field(4, Fixed64, &mut out),
                5 => self.field(5, Kind::Message(&[(1, Value), (1, Value)]), &mut out),
                6 => self.field(
                    6,
                    Kind::Message(&[(1, Kind::Message(ATTRIBUTE)), (1, Kind::Message(ATTRIBUTE))]),
                    &mut out,
                ),
                7 => self.field(7, Text, &mut out),
                _ => self.field(8, Varint, &mut out),
            }
            self.depth -= 1;
        }
        out
    }

    fn bytes(&mut self, number: u64, bytes: &[u8], out: &mut Vec<u8>) {
        put_varint(number << 3 | 2, out);
        let mut length = bytes.len() as u64;
        if self.odd() {
            length = length.wrapping_add_signed(self.random.random_range(-2..3));
        }
        put_varint(length, out);
        let start = out.len();
        out.extend(bytes);
        if self.odd() && out.len() > start {
            let place = self.random.random_range(start..out.len());
            out[place] = self.random.random();
        }
    }

    fn unknown(&mut self, out: &mut Vec<u8>) {
        let number = self.random.random_range(17..60);
        match self.random.random_range(0..6) {
            0 => self.field(number, Varint, out),
            1 => self.field(number, Fixed64, out),
            2 => self.field(number, Fixed32, out),
            3 => {
                put_varint(u64::from(number) << 3 | 3, out);
                for _ in 0..self.random.random_range(0..3) {
                    self.unknown(out);
                }
                put_varint(u64::from(number) << 3 | 4, out);
            }
            _ => self.field(number, Text, out),
        }
    }
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Everything a row says, in an order of its own.
type Rows = Vec<(String, i64, u32, BTreeMap<String, String>)>;

fn rows(decoded: &Decoded) -> Rows {
    let mut all = Rows::new();
    for batch in &decoded.batches {
        let first = all.len();
        let facts = batch.timestamps_ns().iter().zip(batch.sample_rates());
        for (time_ns, rate) in facts {
            all.push((batch.dataset.clone(), *time_ns, *rate, BTreeMap::new()));
        }
        if batch.is_empty() {
            all.push((batch.dataset.clone(), 0, 0, BTreeMap::new()));
        }
        for column in batch.columns() {
            let mut put = |row: u32, value: String| {
                let place = all[first + row as usize]
                    .3
                    .insert(column.name.to_string(), value);
                assert_eq!(place, None, "two values of {}", column.name);
            };
            for list in [
                &column.strings.rows,
                &column.ints.rows,
                &column.floats.rows,
                &column.bools.rows,
            ] {
                assert!(list.is_sorted_by(|left, right| left < right));
            }
            for (row, code) in column.strings.rows.iter().zip(&column.strings.codes) {
                put(*row, format!("{:?}", column.strings.entry(*code)));
            }
            for (row, value) in column.ints.rows.iter().zip(&column.ints.values) {
                put(*row, value.to_string());
            }
            for (row, value) in column.floats.rows.iter().zip(&column.floats.values) {
                put(*row, format!("{value:?}"));
            }
            for (row, value) in column.bools.rows.iter().zip(&column.bools.values) {
                put(*row, value.to_string());
            }
        }
    }
    all
}

/// Both ways must refuse the request, or give the same rows, refusals and annotations. Returns whether it was taken.
pub(crate) fn check(signal: Signal, body: &[u8], limits: &EventLimits, what: &str) -> bool {
    let headers = OtlpHeaders {
        classic_key: false,
        dataset: Some("d"),
    };
    let (actual, expected) = match signal {
        Signal::Traces => (
            crate::otlp::decode_traces(body, Encoding::Protobuf, &headers, limits).ok(),
            decode_traces(body, &headers, limits).ok(),
        ),
        Signal::Logs => (
            crate::otlp::decode_logs(body, Encoding::Protobuf, &headers, limits, NOW_NS).ok(),
            decode_logs(body, &headers, limits, NOW_NS).ok(),
        ),
        Signal::Metrics => (
            crate::otlp::decode_metrics(body, Encoding::Protobuf, &headers, limits, NOW_NS).ok(),
            decode_metrics(body, &headers, limits, NOW_NS).ok(),
        ),
    };
    type Kinds = BTreeMap<String, MetricType>;
    type Answer = (Rows, Vec<Refusal>, Vec<(usize, usize)>, Vec<usize>, Kinds);
    let answer = |decoded: &Decoded| -> Answer {
        (
            rows(decoded),
            decoded.refusals.clone(),
            decoded.annotations.clone(),
            decoded.points.clone(),
            decoded.metrics.clone(),
        )
    };
    let is_taken = expected.is_some();
    assert_eq!(
        actual.as_ref().map(answer),
        expected.as_ref().map(answer),
        "{signal:?}, {what}: {body:02x?}"
    );
    is_taken
}

fn limits(random: &mut StdRng) -> EventLimits {
    let default = EventLimits::default();
    match random.random_range(0..4) {
        0 => EventLimits {
            columns_max: random.random_range(0..25),
            event_bytes_max: random.random_range(0..600),
            string_bytes_max: random.random_range(0..20),
            column_name_bytes_max: 30,
        },
        1 => EventLimits {
            columns_max: random.random_range(8..25),
            ..default
        },
        2 => EventLimits {
            event_bytes_max: random.random_range(100..900),
            ..default
        },
        _ => default,
    }
}

#[test]
fn both_ways_say_the_same_of_random_messages() {
    let mut taken = 0;
    for seed in 0..1_500 {
        let mut writer = Writer {
            random: StdRng::seed_from_u64(seed),
            oddities: [0, 5, 30][seed as usize % 3],
            depth: 0,
        };
        let (signal, fields) = match writer.random.random_range(0..5) {
            0 | 1 => (Signal::Traces, TRACES),
            2 => (Signal::Logs, LOGS),
            _ => (Signal::Metrics, METRICS),
        };
        let body = writer.message(fields);
        let limits = limits(&mut writer.random);
        taken += usize::from(check(signal, &body, &limits, &format!("seed {seed}")));
    }
    assert!(taken > 500, "only {taken} messages were whole");
}

#[test]
fn both_ways_refuse_a_message_cut_at_the_same_bytes() {
    for seed in 0..18 {
        let mut writer = Writer {
            random: StdRng::seed_from_u64(seed),
            oddities: 2,
            depth: 0,
        };
        let (signal, fields) = match seed % 3 {
            0 => (Signal::Traces, TRACES),
            1 => (Signal::Logs, LOGS),
            _ => (Signal::Metrics, METRICS),
        };
        let mut body = Vec::new();
        while body.len() < 300 {
            body.extend(writer.message(fields));
        }
        body.truncate(1_500);
        for length in 0..body.len() {
            check(
                signal,
                &body[..length],
                &EventLimits::default(),
                &format!("seed {seed}"),
            );
        }
    }
}

#[test]
fn both_ways_stop_at_the_same_depth() {
    let wrap = |number: u64, inner: &[u8]| {
        let mut out = Vec::new();
        put_varint(number << 3 | 2, &mut out);
        put_varint(inner.len() as u64, &mut out);
        out.extend(inner);
        out
    };
    let mut taken = Vec::new();
    for is_group in [false, true] {
        for levels in 40..50 {
            // Lists within lists, with text or an unknown group at the bottom.
            let mut value = match is_group {
                false => wrap(1, b"deep"),
                true => vec![0xa3, 0x01, 0xab, 0x01, 0xac, 0x01, 0xa4, 0x01],
            };
            for _ in 0..levels {
                value = wrap(5, &wrap(1, &value));
            }
            let attribute = [wrap(1, b"key"), wrap(2, &value)].concat();
            let span = wrap(9, &attribute);
            let body = wrap(1, &wrap(2, &wrap(2, &span)));
            let is_taken = check(Signal::Traces, &body, &EventLimits::default(), "deep");
            taken.push(is_taken);
        }
    }
    assert!(taken.contains(&true) && taken.contains(&false));
}
