//! The shop as a table: reads shop.toml and replaces names by places, so that a misspelt call is an error at the start
//! and not a hole in a trace.

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// Everything the generator needs to know about the shop.
#[derive(Debug)]
pub(crate) struct Shop {
    /// What is planted.
    pub(crate) story: StoryTable,
    /// Names of the message topics.
    pub(crate) topics: Vec<String>,
    /// Consumers of each topic, same index.
    pub(crate) consumers: Vec<Vec<OperationId>>,
    /// Where the shop runs.
    pub(crate) regions: Vec<Region>,
    /// Companies outside.
    pub(crate) peers: Vec<Peer>,
    /// What people hold in their hands.
    pub(crate) platforms: Vec<String>,
    /// What people pay.
    pub(crate) tiers: Vec<String>,
    /// Where traces begin.
    pub(crate) entries: Vec<Entry>,
    /// Who serves.
    pub(crate) services: Vec<Service>,
    /// Fields beyond the conventions.
    pub(crate) fields: Vec<Field>,
}

/// Place of a service and of one of its operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationId {
    /// Index in [`Shop::services`].
    pub(crate) service: usize,
    /// Index in [`Service::operations`].
    pub(crate) operation: usize,
}

/// One service.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) pods: usize,
    pub(crate) operations: Vec<Operation>,
    /// Indices in [`Shop::fields`].
    pub(crate) fields: Vec<usize>,
}

/// One thing a service does.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Name of its span.
    pub(crate) span_name: String,
    pub(crate) kind: OperationKind,
    /// Median of its own work in milliseconds.
    pub(crate) own_ms: f64,
    /// Probability that it fails by itself.
    pub(crate) failing: f64,
    pub(crate) calls: Vec<Call>,
    pub(crate) log: Option<String>,
}

/// How an operation is reached.
#[derive(Debug)]
pub(crate) enum OperationKind {
    Http { method: String, route: String },
    Rpc { service: String, method: String },
    Job,
    Consumer { topic: usize },
}

/// One step of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) target: Target,
    pub(crate) repeat_min: usize,
    pub(crate) repeat_max: usize,
    pub(crate) probability: f64,
    /// The next call starts together with this one.
    pub(crate) is_beside_next: bool,
}

/// What a call reaches.
#[derive(Debug)]
pub(crate) enum Target {
    Operation(OperationId),
    Store {
        system: StoreSystem,
        verb: String,
        object: String,
    },
    Topic(usize),
    Peer {
        /// Index in [`Shop::peers`].
        peer: usize,
        method: String,
        path: String,
    },
    Step(String),
}

/// Systems that answer without spans of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreSystem {
    Postgres,
    Redis,
    Elasticsearch,
    S3,
}

/// Where the shop runs and who is near.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) share: f64,
    pub(crate) countries: Vec<String>,
}

/// A company outside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) host: String,
    /// Median of an answer in milliseconds.
    pub(crate) ms: f64,
}

/// Where a trace begins and how often.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) operation: OperationId,
    pub(crate) weight: f64,
    pub(crate) has_user: bool,
}

/// A field that some spans of some services carry.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Only on the first span of a trace, whatever its service.
    pub(crate) is_at_root: bool,
    pub(crate) presence: f64,
    pub(crate) value: FieldValue,
}

/// What a field may hold.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum FieldValue {
    Int([i64; 2]),
    Float([f64; 2]),
    Choice(Vec<String>),
    Flag(f64),
    Id(String, u64),
}

/// What is planted; see shop.toml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoryTable {
    pub(crate) slow_service: String,
    pub(crate) slow_times: f64,
    pub(crate) slow_since: f64,
    pub(crate) failing_region: String,
    pub(crate) failing_peer: String,
    pub(crate) failing_share: f64,
    pub(crate) failing_since: f64,
    pub(crate) failing_timeout_ms: f64,
}

impl Shop {
    /// Reads the shop that comes with the program.
    ///
    /// # Errors
    /// Names the entry of the table that is wrong; the shipped table is read by a test.
    pub(crate) fn open() -> anyhow::Result<Self> {
        Self::read(include_str!("shop.toml"))
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let table: Table = toml::from_str(text).context("shop.toml")?;
        let names = Names(&table);
        let services = table
            .services
            .iter()
            .map(|service| names.service(service))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut consumers = vec![Vec::new(); table.shop.topics.len()];
        for (service, row) in services.iter().enumerate() {
            for (operation, row) in row.operations.iter().enumerate() {
                if let OperationKind::Consumer { topic } = row.kind
                    && let Some(consumers) = consumers.get_mut(topic)
                {
                    consumers.push(OperationId { service, operation });
                }
            }
        }
        let entries = table
            .shop
            .entries
            .iter()
            .map(|entry| {
                Ok(Entry {
                    operation: names.operation(&entry.operation)?,
                    weight: entry.weight,
                    has_user: entry.user,
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self {
            consumers,
            entries,
            services,
            story: table.story,
            topics: table.shop.topics,
            regions: table.shop.regions,
            peers: table.shop.peers,
            platforms: table.shop.platforms,
            tiers: table.shop.tiers,
            fields: table
                .fields
                .into_iter()
                .map(|field| Field {
                    is_at_root: field.on.iter().any(|on| on == "*"),
                    name: field.name,
                    presence: field.presence,
                    value: field.value,
                })
                .collect(),
        })
    }

    /// The service and the operation at a place.
    ///
    /// # Panics
    /// On a place that [`Shop::open`] did not make.
    pub(crate) fn operation(&self, id: OperationId) -> (&Service, &Operation) {
        let service = &self.services[id.service];
        (service, &service.operations[id.operation])
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    story: StoryTable,
    shop: ShopTable,
    services: Vec<ServiceTable>,
    fields: Vec<FieldTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopTable {
    topics: Vec<String>,
    regions: Vec<Region>,
    peers: Vec<Peer>,
    platforms: Vec<String>,
    tiers: Vec<String>,
    entries: Vec<EntryTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryTable {
    operation: String,
    weight: f64,
    #[serde(default = "yes")]
    user: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceTable {
    name: String,
    language: String,
    rpc: Option<String>,
    pods: usize,
    operations: Vec<OperationTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationTable {
    name: String,
    topic: Option<String>,
    ms: f64,
    error: Option<f64>,
    #[serde(default)]
    calls: Vec<String>,
    log: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldTable {
    name: String,
    on: Vec<String>,
    presence: f64,
    value: FieldValue,
}

fn yes() -> bool {
    true
}

/// Percent of calls that fail by themselves when the table does not say.
const ERROR_PERCENT_DEFAULT: f64 = 0.12;

/// Looks names up in the table.
struct Names<'a>(&'a Table);

impl Names<'_> {
    fn service(&self, table: &ServiceTable) -> anyhow::Result<Service> {
        let operations = table
            .operations
            .iter()
            .map(|operation| {
                self.described_operation(table, operation)
                    .with_context(|| format!("{}.{}", table.name, operation.name))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut fields = Vec::new();
        for (index, field) in self.0.fields.iter().enumerate() {
            if field.on.contains(&table.name) {
                fields.push(index);
            }
        }
        Ok(Service {
            name: table.name.clone(),
            language: table.language.clone(),
            pods: table.pods,
            operations,
            fields,
        })
    }

    fn described_operation(
        &self,
        service: &ServiceTable,
        table: &OperationTable,
    ) -> anyhow::Result<Operation> {
        let (span_name, kind) = match (&table.topic, table.name.split_once(' ')) {
            (Some(topic), _) => {
                let topic = self.topic(topic)?;
                (table.name.clone(), OperationKind::Consumer { topic })
            }
            (None, Some(("job", _))) => (table.name.clone(), OperationKind::Job),
            (None, Some((method, route))) => (
                table.name.clone(),
                OperationKind::Http {
                    method: method.to_owned(),
                    route: route.to_owned(),
                },
            ),
            (None, None) => {
                let rpc = service
                    .rpc
                    .as_ref()
                    .context("a service with gRPC operations needs `rpc`")?;
                (
                    format!("{rpc}/{}", table.name),
                    OperationKind::Rpc {
                        service: rpc.clone(),
                        method: table.name.clone(),
                    },
                )
            }
        };
        Ok(Operation {
            span_name,
            kind,
            own_ms: table.ms,
            failing: table.error.unwrap_or(ERROR_PERCENT_DEFAULT) / 100.0,
            calls: table
                .calls
                .iter()
                .map(|call| self.call(call).with_context(|| format!("call {call:?}")))
                .collect::<anyhow::Result<Vec<_>>>()?,
            log: table.log.clone(),
        })
    }

    /// Reads `target [xMIN-MAX] [?PROBABILITY] [&]`.
    fn call(&self, text: &str) -> anyhow::Result<Call> {
        let mut rest = text;
        let mut call = Call {
            target: Target::Step(String::new()),
            repeat_min: 1,
            repeat_max: 1,
            probability: 1.0,
            is_beside_next: false,
        };
        while let Some((head, last)) = rest.rsplit_once(' ') {
            if last == "&" {
                call.is_beside_next = true;
            } else if let Some(probability) = last.strip_prefix('?') {
                call.probability = probability.parse()?;
            } else if let Some(repeat) = last.strip_prefix('x').filter(|repeat| {
                repeat
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'-')
            }) {
                let (min, max) = repeat.split_once('-').unwrap_or((repeat, repeat));
                call.repeat_min = min.parse()?;
                call.repeat_max = max.parse()?;
                ensure!(call.repeat_min <= call.repeat_max, "MIN is above MAX");
            } else {
                break;
            }
            rest = head;
        }
        call.target = self.target(rest)?;
        Ok(call)
    }

    fn target(&self, text: &str) -> anyhow::Result<Target> {
        let Some((system, rest)) = text
            .split_once(':')
            .filter(|(system, _)| !system.contains(['.', ' ']))
        else {
            return self.operation(text).map(Target::Operation);
        };
        let system = match system {
            "postgres" => StoreSystem::Postgres,
            "redis" => StoreSystem::Redis,
            "elasticsearch" => StoreSystem::Elasticsearch,
            "s3" => StoreSystem::S3,
            "do" => return Ok(Target::Step(rest.to_owned())),
            "kafka" => return self.topic(rest).map(Target::Topic),
            "http" => {
                let mut words = rest.splitn(3, ' ');
                let (Some(name), Some(method), Some(path)) =
                    (words.next(), words.next(), words.next())
                else {
                    bail!("write http:peer VERB path");
                };
                return Ok(Target::Peer {
                    peer: self.peer(name)?,
                    method: method.to_owned(),
                    path: path.to_owned(),
                });
            }
            other => bail!("there is no kind of target called {other}"),
        };
        let (verb, object) = rest.split_once(' ').context("write system:VERB object")?;
        Ok(Target::Store {
            system,
            verb: verb.to_owned(),
            object: object.to_owned(),
        })
    }

    fn operation(&self, text: &str) -> anyhow::Result<OperationId> {
        let find = || {
            let (service_name, operation_name) = text.split_once('.')?;
            let services = &self.0.services;
            let service = services.iter().position(|row| row.name == service_name)?;
            let operations = &services.get(service)?.operations;
            let operation = operations
                .iter()
                .position(|row| row.name == operation_name)?;
            Some(OperationId { service, operation })
        };
        find().with_context(|| format!("there is no operation {text}"))
    }

    fn peer(&self, name: &str) -> anyhow::Result<usize> {
        let peers = &self.0.shop.peers;
        peers
            .iter()
            .position(|peer| peer.name == name)
            .with_context(|| format!("there is no peer {name}"))
    }

    fn topic(&self, name: &str) -> anyhow::Result<usize> {
        let topics = &self.0.shop.topics;
        topics
            .iter()
            .position(|topic| topic == name)
            .with_context(|| format!("there is no topic {name}"))
    }
}
