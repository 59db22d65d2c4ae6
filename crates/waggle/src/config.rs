//! Every setting of the program, once: name, unit, default, range. Flags, environment variables, the file and the reference page
//! all come from the one table, so none of them can disagree.
//!
//! A setting `wal-bytes-max` is the flag `--wal-bytes-max`, the variable `WAGGLE_WAL_BYTES_MAX` and the key `wal-bytes-max` of
//! `waggle.toml`. The first of flag, variable, file, default that is given wins.

use anyhow::{Context, Result, anyhow, bail};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One row of the table.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    pub(crate) help: &'static str,
}

/// How a setting's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A folder.
    Path,
    /// `host:port`.
    Address,
    /// `host:port` or `off`.
    Door,
    /// `true` or `false`; as a flag it needs no value.
    Switch,
    /// A whole number between these, both included.
    Number(u64, u64),
    /// Bytes with an optional `KiB`, `MiB`, `GiB`, between these.
    Bytes(u64, u64),
    /// A time with `ms`, `s`, `m`, `h` or `d`, between these seconds.
    Duration(u64, u64),
    /// Any text.
    Text,
    /// Text that is not shown again; `none` is none.
    Secret,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "data-dir",
        kind: Kind::Path,
        default: "./waggle-data",
        help: "Folder of everything durable: write-ahead log, blocks, metastore, installation key. Created when missing.",
    },
    Setting {
        name: "http",
        kind: Kind::Address,
        default: "127.0.0.1:8080",
        help: "Address of the UI, the Honeycomb API, OTLP/HTTP, /api, /healthz, /readyz and /metrics.",
    },
    Setting {
        name: "otlp-http",
        kind: Kind::Door,
        default: "127.0.0.1:4318",
        help: "A second door to OTLP/HTTP, for exporters with default settings; off closes it.",
    },
    Setting {
        name: "grpc",
        kind: Kind::Door,
        default: "127.0.0.1:4317",
        help: "Address of OTLP/gRPC and grpc.health.v1; off closes it.",
    },
    Setting {
        name: "xray",
        kind: Kind::Door,
        default: "127.0.0.1:2000",
        help: "Address of X-Ray's daemon protocol, UDP and TCP on the same number, which asks nobody for a key; open with --dev or xray-key; off closes it.",
    },
    Setting {
        name: "xray-key",
        kind: Kind::Secret,
        default: "none",
        help: "API key of the environment that what arrives at --xray belongs to, and whose permissions all of its callers have; none is the default environment with --dev, and else keeps --xray closed.",
    },
    Setting {
        name: "dev",
        kind: Kind::Switch,
        default: "false",
        help: "For one's own machine: the UI needs no sign-in and events from loopback need no key. Refused unless every address is a loopback one.",
    },
    Setting {
        name: "xray-auth",
        kind: Kind::Text,
        default: "on",
        help: "on: X-Ray requests must be signed by an AWS key. off: any signature or none will do; those of no known key go to the first environment.",
    },
    Setting {
        name: "ui-dir",
        kind: Kind::Path,
        default: "embedded",
        help: "Folder of a built UI, read for every request, for work on the UI; `embedded` is the one in the program.",
    },
    Setting {
        name: "log",
        kind: Kind::Text,
        default: "info",
        help: "What to log to standard error: a level, or tracing directives such as waggle_store=debug,info.",
    },
    Setting {
        name: "log-format",
        kind: Kind::Text,
        default: "text",
        help: "text or json.",
    },
    Setting {
        name: "request-bytes-max",
        kind: Kind::Bytes(MIB, GIB),
        default: "20MiB",
        help: "Most bytes of one request body, before and after decompression.",
    },
    Setting {
        name: "delivery-bytes-max",
        kind: Kind::Bytes(MIB, 16 * GIB),
        default: "160MiB",
        help: "Most bytes of one delivery of Amazon Data Firehose once all its records are decompressed; the records beyond are refused.",
    },
    Setting {
        name: "event-columns-max",
        kind: Kind::Number(1, 100_000),
        default: "2000",
        help: "Most fields of one event; an event with more is refused.",
    },
    Setting {
        name: "dataset-columns-max",
        kind: Kind::Number(1, 100_000),
        default: "10000",
        help: "Most columns of one dataset; an event that would bring more is refused.",
    },
    Setting {
        name: "column-deletions-max",
        kind: Kind::Number(1, 1_000),
        default: "100",
        help: "Most columns that one call may delete; more are refused. Events wait meanwhile, and each column is noted for each block of the dataset.",
    },
    Setting {
        name: "environment-datasets-max",
        kind: Kind::Number(1, 1_000_000),
        default: "1000",
        help: "Most datasets of one environment; events for another one are refused.",
    },
    Setting {
        name: "environment-artifacts-max",
        kind: Kind::Number(1, 1_000_000),
        default: "10000",
        help: "Most boards, markers, triggers and so on of one environment, of each kind; another one is refused with 409.",
    },
    Setting {
        name: "environment-artifacts-bytes-max",
        kind: Kind::Bytes(MIB, 1024 * GIB),
        default: "64MiB",
        help: "Most bytes of all boards of one environment, as they are kept, and the same for markers, triggers and each other kind; what would bring more is refused with 409.",
    },
    Setting {
        name: "sampling-rules-max",
        kind: Kind::Number(0, 1_000),
        default: "25",
        help: "Most sampling rules of one environment, the default one aside; another one is refused with RuleLimitExceededException.",
    },
    Setting {
        name: "sampling-clients-max",
        kind: Kind::Number(1, 100_000),
        default: "2000",
        help: "Most clients that share the reservoir of one sampling rule; others keep what its rate gives them.",
    },
    Setting {
        name: "groups-max",
        kind: Kind::Number(0, 1_000),
        default: "25",
        help: "Most X-Ray groups of one environment, the default one aside; another one is refused with InvalidRequestException.",
    },
    Setting {
        name: "resource-policies-max",
        kind: Kind::Number(0, 1_000),
        default: "5",
        help: "Most X-Ray resource policies of one environment; another one is refused with PolicyCountLimitExceededException.",
    },
    Setting {
        name: "map-requests-max",
        kind: Kind::Number(1, 10_000),
        default: "64",
        help: "Most maps of services that are computed or kept at once, of one team at most three quarters; the oldest that is ready goes, else a new one is refused with 429.",
    },
    Setting {
        name: "trace-rows-max",
        kind: Kind::Number(1, 1_000_000),
        default: "32000",
        help: "Most spans and logs of one trace that a page is given, those closest to the root, and as many of their events and links; it says how many there are, and opens the rest on demand. It draws 100,000 as well; beyond, a browser runs short of memory.",
    },
    Setting {
        name: "xray-trace-spread",
        kind: Kind::Duration(1, 86_400),
        default: "15m",
        help: "How far before and behind a range X-Ray's operations look for the rest of its traces; of one that lasts longer, what lies farther away may be missing.",
    },
    Setting {
        name: "xray-trace-rows-max",
        kind: Kind::Number(100, 100_000),
        default: "10000",
        help: "Most events of one trace that X-Ray's operations read; of a larger one they take the oldest and say LimitExceeded.",
    },
    Setting {
        name: "xray-page-rows-max",
        kind: Kind::Number(10_000, 100_000_000_000),
        default: "20000000",
        help: "Most events that are looked at for one page of trace summaries; the page then ends early, with a token for the rest.",
    },
    Setting {
        name: "xray-graph-bytes-max",
        kind: Kind::Bytes(MIB, 64 * GIB),
        default: "256 MiB",
        help: "Most memory of one service graph or time series; spans that need more are read in up to 64 parts, beyond which the request is refused.",
    },
    Setting {
        name: "xray-read-bytes-max",
        kind: Kind::Bytes(MIB, 64 * GIB),
        default: "64 MiB",
        help: "Most memory for the events of whole traces that one X-Ray request holds at once: it reads many traces in parts; of one that is larger alone it takes the oldest events and says LimitExceeded.",
    },
    Setting {
        name: "xray-annotation-keys",
        kind: Kind::Text,
        default: "none",
        help: "Attributes of OTLP spans that X-Ray's answers show as annotations, with commas between them, as http.route,tenant.id; besides those that a span names in aws.xray.annotations. Filter expressions find every attribute.",
    },
    Setting {
        name: "xray-group-traces-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "100000",
        help: "Most traces of a group in one service graph or time series; a request for more is refused.",
    },
    Setting {
        name: "xray-graph-links-max",
        kind: Kind::Number(100, 10_000_000),
        default: "100000",
        help: "Most links between traces that one service graph holds until it has seen both ends, about 250 bytes each; of more there are no edges, and the answer says so in x-waggle-warning.",
    },
    Setting {
        name: "xray-graph-linked-traces-max",
        kind: Kind::Number(1, 1_000_000),
        default: "1000",
        help: "Most traces that are looked up for one service graph because links lead to them from the traces it is of; edges of others are missing, and the answer says so in x-waggle-warning.",
    },
    Setting {
        name: "xray-insight-length-max",
        kind: Kind::Duration(300, 86_400),
        default: "6h",
        help: "Longest insight of a group of traces; faults that stay high for longer become what is usual. So much more time than asked is read for insights.",
    },
    Setting {
        name: "xray-insight-entries-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "2000000",
        help: "Most minutes of services, with the services that each affected, in one search for insights, about 130 bytes each; a request for more is refused.",
    },
    Setting {
        name: "rate-limit-key",
        kind: Kind::Number(0, 1_000_000_000),
        default: "0",
        help: "Most calls of the management API with one key within rate-limit-window; more get 429 until it ends. 0 for no limit.",
    },
    Setting {
        name: "rate-limit-team",
        kind: Kind::Number(0, 1_000_000_000),
        default: "0",
        help: "The same for all keys of one team together.",
    },
    Setting {
        name: "rate-limit-window",
        kind: Kind::Duration(1, 86_400),
        default: "60s",
        help: "The time in which calls are counted for rate-limit-key and rate-limit-team.",
    },
    Setting {
        name: "rate-limit-queries",
        kind: Kind::Number(0, 1_000_000_000),
        default: "0",
        help: "Most queries a minute that one team may run with its keys, by POST /1/query_results and through /api; more get 429. 0 for no limit; Honeycomb's is 10.",
    },
    Setting {
        name: "rate-limit-relational-queries",
        kind: Kind::Number(0, 1_000_000_000),
        default: "0",
        help: "Of these, most with conditions on other spans of a trace. 0 for no limit of their own; Honeycomb's is 1.",
    },
    Setting {
        name: "rate-limit-events",
        kind: Kind::Number(0, 1_000_000_000),
        default: "0",
        help: "Most events a second with one key, over all protocols; once it is a second ahead, its requests get 429. 0 for no limit.",
    },
    Setting {
        name: "rate-limit-events-wait",
        kind: Kind::Duration(1, 31 * 86_400),
        default: "1h",
        help: "Longest time a key is refused after one request of more events than rate-limit-events allows in a second: it is taken whole, and made up for.",
    },
    Setting {
        name: "xray-documents-max",
        kind: Kind::Number(1, 1_000_000),
        default: "1000",
        help: "Most documents of one PutTraceSegments; a call with more is refused.",
    },
    Setting {
        name: "xray-body-bytes-max",
        kind: Kind::Bytes(64 * KIB, GIB),
        default: "5MiB",
        help: "Most bytes of one PutTraceSegments, before and after decompression; a larger one is refused with 413.",
    },
    Setting {
        name: "xray-trace-bytes-max",
        kind: Kind::Bytes(64 * KIB, GIB),
        default: "10MiB",
        help: "Most bytes of the X-Ray documents of one trace; more are refused as InvalidSegment, and BatchGetTraces says LimitExceeded.",
    },
    Setting {
        name: "xray-pending-age",
        kind: Kind::Duration(1, 86_400),
        default: "15m",
        help: "How long an X-Ray subsegment waits for its segment, or a segment in progress for its end, before it becomes events as it is.",
    },
    Setting {
        name: "xray-pending-bytes-max",
        kind: Kind::Bytes(MIB, 1024 * GIB),
        default: "64MiB",
        help: "Most memory for X-Ray documents that wait. When a team holds three times what is free, its oldest become events as they are; when seven times, its calls with more are answered 503.",
    },
    Setting {
        name: "xray-entities-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "500000",
        help: "Most segments and subsegments remembered so that parts of a trace find each other, about 200 bytes each; older traces are looked up in the store.",
    },
    Setting {
        name: "xray-queue-bytes-max",
        kind: Kind::Bytes(MIB, 1024 * GIB),
        default: "64MiB",
        help: "Most memory for datagrams that are not stored yet; beyond it the oldest are dropped and counted.",
    },
    Setting {
        name: "xray-receive-buffer",
        kind: Kind::Bytes(64 * KIB, GIB),
        default: "8MiB",
        help: "Room for datagrams at --xray that the server has not read yet, asked of the system, which may give less: Linux at most net.core.rmem_max. What it gives is waggle_xray_receive_buffer_bytes.",
    },
    Setting {
        name: "wal-bytes-max",
        kind: Kind::Bytes(64 * KIB, 4 * GIB),
        default: "256MiB",
        help: "Size at which a write-ahead log segment is closed and its events are written as blocks.",
    },
    Setting {
        name: "memtable-bytes-max",
        kind: Kind::Bytes(16 * MIB, 1024 * GIB),
        default: "2GiB",
        help: "Most memory for events that are not in blocks yet; beyond it appends wait, then are refused as busy.",
    },
    Setting {
        name: "flush-interval",
        kind: Kind::Duration(1, 86_400),
        default: "10m",
        help: "Longest time events stay in the write-ahead log and memory before they are written as blocks.",
    },
    Setting {
        name: "disk-reserve-bytes",
        kind: Kind::Bytes(0, 1024 * GIB),
        default: "256MiB",
        help: "Room on the disk that events leave to blocks and the metastore; beyond it they are refused with 503 until there is room again, while queries go on.",
    },
    Setting {
        name: "compaction-bytes-per-second",
        kind: Kind::Bytes(0, 1024 * GIB),
        default: "64MiB",
        help: "Most bytes a second that merging and rewriting blocks in the background may read and write; 0 for no limit.",
    },
    Setting {
        name: "retention-age",
        kind: Kind::Duration(0, 200 * 366 * 86_400),
        default: "0s",
        help: "How old events may become where no limit is set for their dataset or environment; 0s keeps them for ever.",
    },
    Setting {
        name: "retention-bytes",
        kind: Kind::Bytes(0, 1024 * 1024 * GIB),
        default: "0",
        help: "Most bytes of a dataset's blocks where no limit is set for it or its environment, the oldest go first; 0 for no limit.",
    },
    Setting {
        name: "block-cache-bytes-max",
        kind: Kind::Bytes(MIB, 1024 * GIB),
        default: "1GiB",
        help: "Most memory for columns read from blocks.",
    },
    Setting {
        name: "query-deadline",
        kind: Kind::Duration(1, 3_600),
        default: "30s",
        help: "Longest time one query may run.",
    },
    Setting {
        name: "query-concurrency-max",
        kind: Kind::Number(1, 1_024),
        default: "16",
        help: "Most queries that run at once, of one team at most three quarters of them; more wait a moment, then are refused as busy.",
    },
    Setting {
        name: "picture-link-age",
        kind: Kind::Duration(60, 366 * 86_400),
        default: "7d",
        help: "How long, to the end of the day, whoever has the address of the picture of a query result sees it without a key.",
    },
    Setting {
        name: "pictures-concurrent-max",
        kind: Kind::Number(1, 1_024),
        default: "2",
        help: "Most pictures of results that are drawn at once; more get 503.",
    },
    Setting {
        name: "picture-result-bytes-max",
        kind: Kind::Bytes(4 * KIB, GIB),
        default: "8MiB",
        help: "Longest result of which there is a picture; to draw one takes about ten times as much memory.",
    },
    Setting {
        name: "query-results-running-max",
        kind: Kind::Number(1, 100_000),
        default: "64",
        help: "Most queries of POST /1/query_results that run or wait in the background, of one team at most three quarters of them; more get 429.",
    },
    Setting {
        name: "query-groups-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "5000000",
        help: "Most groups a query may have before its limit is applied.",
    },
    Setting {
        name: "query-bytes-max",
        kind: Kind::Bytes(16 * MIB, 1024 * GIB),
        default: "2GiB",
        help: "Most memory for the groups and states of one query.",
    },
    Setting {
        name: "query-bytes-shared-max",
        kind: Kind::Bytes(16 * MIB, 1024 * GIB),
        default: "4GiB",
        help: "Most memory for the groups and states of all running queries together; the one that would need more is refused as busy.",
    },
    Setting {
        name: "query-cache-bytes",
        kind: Kind::Bytes(0, 1024 * GIB),
        default: "256MiB",
        help: "Most memory for what blocks gave to earlier queries, so that a question asked again reads only what has arrived since; 0 keeps nothing.",
    },
    Setting {
        name: "query-threads",
        kind: Kind::Number(0, 1_024),
        default: "0",
        help: "Cores that all queries together may use; 0 for all there are.",
    },
    Setting {
        name: "query-nice",
        kind: Kind::Number(0, 19),
        default: "5",
        help: "By how much threads of queries step back behind those that take in events, as nice does: 0 not at all. On Linux only.",
    },
    Setting {
        name: "bubble-columns-max",
        kind: Kind::Number(1, 100_000),
        default: "2000",
        help: "Most columns that one BubbleUp compares; the rarest beyond are left out and the answer says how many.",
    },
    Setting {
        name: "bubble-values-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "1000000",
        help: "Most different texts of a column that BubbleUp tells apart; a column with more is named without a comparison.",
    },
    Setting {
        name: "text-answers-bytes-max",
        kind: Kind::Bytes(KIB, 1024 * GIB),
        default: "64MiB",
        help: "Most memory for remembering which texts of a block a condition matched.",
    },
    Setting {
        name: "trace-numbers-bytes-max",
        kind: Kind::Bytes(KIB, 1024 * GIB),
        default: "384MiB",
        help: "Most memory for remembering traces for conditions on other spans, 25 to 45 bytes each; a query with more numbers them anew, which takes it a tenth of a microsecond each.",
    },
    Setting {
        name: "metric-gap",
        kind: Kind::Duration(1, 31 * 86_400),
        default: "15m",
        help: "The longest time between two points of a counter that INCREASE and RATE compare; beyond it, what happened meanwhile is not known. Those that look back further by themselves compare over as long as that.",
    },
    Setting {
        name: "query-result-age-max",
        kind: Kind::Duration(3_600, 10 * 365 * 86_400),
        default: "90d",
        help: "How long finished query results are kept, and with them the links to them; the history remembers the runs for longer.",
    },
    Setting {
        name: "query-history-age-max",
        kind: Kind::Duration(0, 200 * 366 * 86_400),
        default: "0s",
        help: "How long the history remembers who ran which query; a run that is forgotten takes its result along. 0s is for ever.",
    },
    Setting {
        name: "query-history-max",
        kind: Kind::Number(100, 10_000_000),
        default: "100000",
        help: "Most runs of queries that the history of an environment remembers; the oldest go first, with their results.",
    },
    Setting {
        name: "saved-queries-max",
        kind: Kind::Number(1_000, 100_000_000),
        default: "200000",
        help: "Most saved queries of an environment, those of runs included; beyond, the oldest go that have no run in the history and that no board, annotation or trigger names.",
    },
    Setting {
        name: "sql-concurrency-max",
        kind: Kind::Number(1, 1_024),
        default: "4",
        help: "Most SQL queries that run at once, of one team at most three quarters of them; more wait a moment, then are refused as busy. Each may run as long as query-deadline.",
    },
    Setting {
        name: "sql-rows-max",
        kind: Kind::Number(1, 10_000_000),
        default: "10000",
        help: "Most rows in the answer to a SQL query; what is beyond is left out and the answer says so.",
    },
    Setting {
        name: "sql-bytes-max",
        kind: Kind::Bytes(16 * MIB, 1024 * GIB),
        default: "1GiB",
        help: "Most memory for the sorts, joins and groups of one SQL query.",
    },
    Setting {
        name: "export-concurrency-max",
        kind: Kind::Number(1, 1_024),
        default: "4",
        help: "Most exports that are written at once, of one team at most three quarters of them; more are refused as busy.",
    },
];

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// The effective value of every setting.
#[derive(Debug)]
pub(crate) struct Config {
    values: BTreeMap<&'static str, (String, Origin)>,
}

impl Config {
    /// Resolves every setting.
    ///
    /// # Errors
    /// An unknown key in the file, or a value that its setting does not take; the message names both.
    pub(crate) fn resolve(
        flag: impl Fn(&str) -> Option<String>,
        environment: impl Fn(&str) -> Option<String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self> {
        let file = match file {
            Some((path, text)) => read_file(text)
                .with_context(|| format!("{} is not a valid configuration", path.display()))?,
            None => BTreeMap::new(),
        };
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let (value, origin) = if let Some(value) = flag(setting.name) {
                (value, Origin::Flag)
            } else if let Some(value) = environment(&variable(setting.name)) {
                (value, Origin::Environment)
            } else if let Some(value) = file.get(setting.name) {
                (value.clone(), Origin::File)
            } else {
                (setting.default.to_owned(), Origin::Default)
            };
            check(setting, &value).map_err(|message| match origin {
                Origin::Environment => anyhow!("{}={value}: {message}", variable(setting.name)),
                Origin::File => anyhow!(
                    "{} = {value:?} in the configuration file: {message}",
                    setting.name
                ),
                Origin::Flag | Origin::Default => anyhow!("--{}={value}: {message}", setting.name),
            })?;
            values.insert(setting.name, (value, origin));
        }
        Ok(Self { values })
    }

    /// Every setting with its value and where it came from, in the order of the table.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str, Origin)> {
        SETTINGS.iter().map(|setting| {
            let (value, origin) = &self.values[setting.name];
            let value = match setting.kind {
                Kind::Secret if value != "none" => "(not shown)",
                _ => value.as_str(),
            };
            (setting.name, value, *origin)
        })
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        &self.values[name].0
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(self.text(name))
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// Text that is not shown; `None` when there is none.
    pub(crate) fn secret(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| *text != "none")
    }

    /// Whether a setting was given by anybody.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.values[name].1 != Origin::Default
    }

    /// The address of a door; `None` when it is off.
    pub(crate) fn address(&self, name: &str) -> Option<SocketAddr> {
        parse_address(self.text(name)).ok()
    }

    pub(crate) fn number(&self, name: &str) -> usize {
        usize::try_from(parse_number(self.text(name)).unwrap_or_default()).unwrap_or(usize::MAX)
    }

    pub(crate) fn bytes(&self, name: &str) -> u64 {
        parse_bytes(self.text(name)).unwrap_or_default()
    }

    pub(crate) fn duration(&self, name: &str) -> Duration {
        parse_duration(self.text(name)).unwrap_or_default()
    }
}

/// The environment variable of a setting.
pub(crate) fn variable(name: &str) -> String {
    format!("WAGGLE_{}", name.to_uppercase().replace('-', "_"))
}

/// The reference page of all settings, in Markdown.
pub(crate) fn reference() -> String {
    let mut page = String::from(
        "# Settings\n\nPrinted by `waggle config reference` from the table in `crates/waggle/src/config.rs`.\n\n\
         Every setting is a flag of `waggle serve`, an environment variable and a key of `waggle.toml` (read from the working \
         folder, or from `--config`). The first of flag, variable, file and default that is given wins; \
         `waggle config print` shows the effective values and where each came from.\n\n\
         | setting | variable | default | takes | meaning |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        page.push_str(&format!(
            "| `{}` | `{}` | `{}` | {} | {} |\n",
            setting.name,
            variable(setting.name),
            setting.default,
            takes(setting.kind),
            setting.help
        ));
    }
    page
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Path => "a folder".to_owned(),
        Kind::Address => "host:port".to_owned(),
        Kind::Door => "host:port or `off`".to_owned(),
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::Number(min, max) => format!("{min} to {max}"),
        Kind::Bytes(min, max) => format!("{} to {}", bytes_text(min), bytes_text(max)),
        Kind::Duration(min, max) => format!("{} to {}", duration_text(min), duration_text(max)),
        Kind::Text => "text".to_owned(),
        Kind::Secret => "text or `none`".to_owned(),
    }
}

fn read_file(text: &str) -> Result<BTreeMap<String, String>> {
    let table: toml::Table = text.parse()?;
    table
        .into_iter()
        .map(|(key, value)| {
            if !SETTINGS.iter().any(|setting| setting.name == key) {
                bail!("there is no setting {key:?}");
            }
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(switch) => switch.to_string(),
                other => bail!(
                    "{key} takes a text, a whole number or a boolean, not {}",
                    other.type_str()
                ),
            };
            Ok((key, value))
        })
        .collect()
}

fn check(setting: &Setting, value: &str) -> Result<(), String> {
    let within = |number: u64, min: u64, max: u64| {
        if (min..=max).contains(&number) {
            Ok(())
        } else {
            Err(format!("takes {}", takes(setting.kind)))
        }
    };
    match setting.kind {
        Kind::Path | Kind::Text | Kind::Secret if value.is_empty() => {
            Err("must not be empty".to_owned())
        }
        Kind::Path | Kind::Text | Kind::Secret => Ok(()),
        Kind::Address => parse_address(value).map(|_| ()),
        Kind::Door if value == "off" => Ok(()),
        Kind::Door => parse_address(value).map(|_| ()),
        Kind::Switch if value == "true" || value == "false" => Ok(()),
        Kind::Switch => Err("takes true or false".to_owned()),
        Kind::Number(min, max) => within(parse_number(value)?, min, max),
        Kind::Bytes(min, max) => within(parse_bytes(value)?, min, max),
        Kind::Duration(min, max) => within(parse_duration(value)?.as_secs(), min, max),
    }
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let text = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse()
        .map_err(|_| "takes an address and a port, such as 127.0.0.1:8080".to_owned())
}

fn parse_number(text: &str) -> Result<u64, String> {
    text.replace('_', "")
        .parse()
        .map_err(|_| "takes a whole number".to_owned())
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = split_unit(text);
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => GIB,
        _ => return Err("takes bytes, such as 1048576, 512KiB, 20MiB or 2GiB".to_owned()),
    };
    parse_number(digits)?
        .checked_mul(factor)
        .ok_or_else(|| "is too large".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = split_unit(text);
    let number = parse_number(digits)?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3_600))),
        "d" => Ok(Duration::from_secs(number.saturating_mul(86_400))),
        _ => Err("takes a time with a unit, such as 500ms, 30s, 10m, 2h or 7d".to_owned()),
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    (&text[..digits], text[digits..].trim())
}

fn bytes_text(bytes: u64) -> String {
    [(GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes.is_multiple_of(*unit))
        .map_or_else(
            || format!("{bytes}B"),
            |(unit, name)| format!("{}{name}", bytes / unit),
        )
}

fn duration_text(seconds: u64) -> String {
    [(86_400, "d"), (3_600, "h"), (60, "m")]
        .into_iter()
        .find(|(unit, _)| seconds.is_multiple_of(*unit))
        .map_or_else(
            || format!("{seconds}s"),
            |(unit, name)| format!("{}{name}", seconds / unit),
        )
}

#[cfg(test)]
mod tests;
