//! The data: wide spans of one day, made block by block so that any of them can be made alone and again. Shapes and figures
//! follow spec/engine.md section 2: 25 skewed services, 400 names, 150 routes, 500 pods, 1.5 million possible users, about
//! 12 spans a trace, log-normal durations, 1.1 % errors, one slow subset (a region, a build and a flag in one hour).

pub(crate) mod batch;
mod field;
pub(crate) mod otlp;
pub(crate) mod parquet;
pub(crate) mod random;
mod table;
#[cfg(test)]
mod tests;

use random::Random;
use table::{SPARSE_COUNT, SPARSE_FLOATS_FROM, SPARSE_STRINGS, Tables};

/// Rows of a block: small, so that blocks sent side by side leave the data nearly sorted by time.
pub(crate) const BLOCK_ROWS: usize = 2_048;

const NS_PER_HOUR: i64 = 3_600_000_000_000;
/// `service.name` of everything, and so the dataset: the skewed services are a column like any other.
pub(crate) const DATASET: &str = "bench";

const SLOW_HOUR: i64 = 14;
const SLOW_REGION: usize = 1;
const SLOW_BUILD: usize = 42;
const SLOW_FLAG: usize = 1;
const SLOW_TIMES: f64 = 12.0;

/// All data of a run.
#[derive(Debug)]
pub(crate) struct Spans {
    tables: Tables,
    seed: u64,
    event_count: u64,
    start_ns: i64,
    length_ns: i64,
}

impl Spans {
    /// `event_count` spans from `start_ns` over `hours`.
    pub(crate) fn new(seed: u64, event_count: u64, start_ns: i64, hours: i64) -> Self {
        Self {
            tables: Tables::new(),
            seed,
            event_count,
            start_ns,
            length_ns: hours * NS_PER_HOUR,
        }
    }

    /// How many blocks there are.
    pub(crate) fn block_count(&self) -> u64 {
        self.event_count.div_ceil(BLOCK_ROWS as u64)
    }

    /// Makes block `number`. All are full but the last.
    pub(crate) fn block(&self, number: u64) -> Block {
        let before = number * BLOCK_ROWS as u64;
        let row_count = self
            .event_count
            .saturating_sub(before)
            .min(BLOCK_ROWS as u64) as usize;
        let mut random = Random::new(self.seed, number * 2);
        let mut rows = Vec::with_capacity(row_count);
        while rows.len() < row_count {
            let position = before + rows.len() as u64;
            self.trace(position, row_count, &mut rows, &mut random);
        }
        let sparse = sparse(&rows, &mut Random::new(self.seed, number * 2 + 1));
        Block { rows, sparse }
    }

    /// One whole trace, for asking for it: its id and its number of spans.
    pub(crate) fn sample_trace(&self) -> Option<(String, usize)> {
        let block = self.block(self.block_count() / 2);
        // The last trace of a block may be cut short.
        let last = block.rows.last()?.trace_id;
        let mut best = None;
        for trace in block.rows.chunk_by(|a, b| a.trace_id == b.trace_id) {
            let is_larger = best.is_none_or(|(_, count)| trace.len() > count);
            if let Some(row) = trace
                .first()
                .filter(|row| row.trace_id != last && is_larger)
            {
                best = Some((row.trace_id, trace.len()));
            }
        }
        best.map(|(id, count)| (format!("{id:032x}"), count))
    }

    /// Adds a trace, as far as there is room.
    fn trace(&self, position: u64, row_count: usize, rows: &mut Vec<Row>, random: &mut Random) {
        let step = self.length_ns as f64 / self.event_count as f64;
        let end_ns = self.start_ns + self.length_ns;
        let start_ns = self.start_ns + ((position as f64 + random.share()) * step) as i64;
        let span_count = (1 + random.skewed(34, 1.95)).min(row_count - rows.len());
        let first = rows.len();
        let shared = Row {
            trace_id: u128::from(random.next() | 1) << 64 | u128::from(random.next()),
            user: random.skewed(1_500_000, 1.6),
            customer: random.skewed(50_000, 2.0),
            tier: random.skewed(4, 1.5),
            region: random.skewed(6, 1.4),
            platform: random.skewed(5, 1.3),
            country: random.skewed(60, 2.2),
            flag: match random.share() {
                share if share < 0.3 => SLOW_FLAG,
                share if share < 0.335 => 2,
                _ => 0,
            },
            user_agent: random.skewed(300, 2.0),
            peer: random.skewed(20_000, 1.5),
            sampling_weight: [1, 1, 1, 1, 2, 5, 10, 20][random.index(8)],
            ..Row::default()
        };
        let root_service = [0, 1, 1, 0, 21][random.index(5)];
        for index in 0..span_count {
            let is_root = index == 0;
            let service = if is_root {
                root_service
            } else {
                random.skewed(25, 1.7)
            };
            let name = service * 16 + random.skewed(16, 1.8);
            let build = if random.share() < 0.1 {
                SLOW_BUILD
            } else {
                (service * 2 + random.index(3)) % 60
            };
            let later_ns = if is_root {
                0
            } else {
                (random.share() * 4e8) as i64
            };
            let time_ns = (start_ns + later_ns).min(end_ns - 1);
            let mut duration_ms = (1.0 + (name % 17) as f64 * 0.2 + random.normal() * 0.9).exp();
            let is_slow = (time_ns - self.start_ns) / NS_PER_HOUR == SLOW_HOUR
                && (shared.region, build, shared.flag) == (SLOW_REGION, SLOW_BUILD, SLOW_FLAG);
            if is_slow {
                duration_ms *= SLOW_TIMES;
            }
            let http = (random.share() < 0.7).then(|| Http {
                status: status(random.share()),
                route: service * 6 + random.skewed(6, 1.5),
                method: random.skewed(5, 2.0),
                response_bytes: (6.0 + random.normal() * 2.0).exp() as i64,
                request_bytes: (4.0 + random.normal()).exp() as i64,
            });
            let is_error =
                http.as_ref().is_some_and(|http| http.status >= 500) || random.share() < 0.003;
            rows.push(Row {
                time_ns,
                duration_ns: (duration_ms * 1e6) as u64,
                span_id: random.next() | 1,
                parent_id: if is_root {
                    0
                } else {
                    rows[first + random.index(index)].span_id
                },
                service,
                name,
                build,
                http,
                statement: (random.share() < 0.2).then(|| random.skewed(2_000, 2.0)),
                kind: if is_root {
                    2
                } else {
                    1 + random.index(5) as u64
                },
                pod: service * 20 + random.index(20),
                exception: is_error.then(|| random.skewed(200, 2.0)),
                thread: random.index(64) as i64,
                port: 1_024 + random.index(60_000) as i64,
                queue_ms: (random.share() * 1e4).round() / 1e3,
                annotation: (random.share() < 0.05).then(|| random.index(2)),
                ..shared.clone()
            });
        }
    }
}

fn status(share: f64) -> i64 {
    const STATUS: [(f64, i64); 12] = [
        (0.900, 200),
        (0.925, 201),
        (0.940, 204),
        (0.955, 304),
        (0.965, 301),
        (0.975, 404),
        (0.980, 400),
        (0.985, 401),
        (0.988, 429),
        (0.994, 500),
        (0.997, 503),
        (1.000, 502),
    ];
    STATUS
        .iter()
        .find(|(below, _)| share < *below)
        .map_or(502, |(_, status)| *status)
}

/// One span: its numbers, and codes into the tables.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    time_ns: i64,
    duration_ns: u64,
    trace_id: u128,
    span_id: u64,
    /// 0 at the root.
    parent_id: u64,
    kind: u64,
    service: usize,
    name: usize,
    build: usize,
    pod: usize,
    http: Option<Http>,
    statement: Option<usize>,
    /// Present on errors.
    exception: Option<usize>,
    annotation: Option<usize>,
    user: usize,
    customer: usize,
    tier: usize,
    region: usize,
    platform: usize,
    country: usize,
    flag: usize,
    user_agent: usize,
    peer: usize,
    sampling_weight: i64,
    thread: i64,
    port: i64,
    queue_ms: f64,
}

impl Row {
    /// As the server computes it from start and end.
    fn duration_ms(&self) -> f64 {
        self.duration_ns as f64 / 1e6
    }
}

/// What spans of HTTP requests carry.
#[derive(Clone, Debug, PartialEq)]
struct Http {
    status: i64,
    route: usize,
    method: usize,
    response_bytes: i64,
    request_bytes: i64,
}

/// A value in a sparse column.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sparse {
    row: usize,
    column: usize,
    value: SparseValue,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum SparseValue {
    Text(usize),
    Int(i64),
    Float(f64),
}

/// Lays the sparse columns over rows, in the order of the rows.
fn sparse(rows: &[Row], random: &mut Random) -> Vec<Sparse> {
    let mut all = Vec::with_capacity(rows.len() * 3);
    for column in 0..SPARSE_COUNT {
        let service = table::sparse_service(column);
        let presence = table::sparse_presence(column);
        // A column of one service is laid out as often among that service's rows as makes up for the others.
        let density = if service.is_some() {
            (presence * 14.0).min(0.9)
        } else {
            presence
        };
        let miss = (1.0 - density).ln();
        let mut row = 0;
        loop {
            row += (random.share().max(1e-300).ln() / miss) as usize;
            let Some(of_row) = rows.get(row) else { break };
            if service.is_none_or(|service| service == of_row.service) {
                let value_count = table::sparse_values(column);
                let value = match column {
                    0..SPARSE_STRINGS => SparseValue::Text(random.skewed(value_count, 1.8)),
                    SPARSE_STRINGS..SPARSE_FLOATS_FROM => {
                        SparseValue::Int(random.skewed(value_count * 100, 2.0) as i64)
                    }
                    _ => SparseValue::Float((random.share() * 1e5).round() / 1e2),
                };
                all.push(Sparse { row, column, value });
            }
            row += 1;
        }
    }
    all.sort_unstable_by_key(|sparse| (sparse.row, sparse.column));
    all
}

/// Some thousand rows.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    rows: Vec<Row>,
    sparse: Vec<Sparse>,
}

impl Block {
    /// Its rows in order, each with its sparse values.
    fn rows(&self) -> impl Iterator<Item = (&Row, &[Sparse])> {
        let mut sparse = self.sparse.as_slice();
        self.rows.iter().enumerate().map(move |(index, row)| {
            let of_row = sparse.iter().take_while(|one| one.row == index).count();
            let (of_row, rest) = sparse.split_at(of_row);
            sparse = rest;
            (row, of_row)
        })
    }
}
