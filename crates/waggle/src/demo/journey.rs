//! One visit to the shop as spans and logs: walks the table from an entry, gives every step its time, and lets messages
//! start traces of their own. A pure function of the seed, the number of the visit and its start.

use super::attribute::{self, integer, text};
use super::failure::{Cause, Failure};
use super::pod::Pod;
use super::random::{Random, mix};
use super::shop::{Call, OperationId, OperationKind, Shop, Target};
use super::story::Story;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span};
use std::collections::VecDeque;

/// Everything one visit leaves behind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journey {
    /// Spans with where they ran; within a trace a parent stands before its children.
    pub(crate) spans: Vec<(Pod, Span)>,
    /// Log records with where they were written.
    pub(crate) logs: Vec<(Pod, LogRecord)>,
    /// Traces in it: one, and one more for each message that was consumed.
    pub(crate) trace_count: usize,
    /// When the last span ends, ns since the Unix epoch.
    pub(crate) end_ns: i64,
}

/// Most spans in one trace: the largest jobs of the table stay below.
const TRACE_SPANS_MAX: usize = 2_000;
/// Messages that start messages end after so many steps.
const MESSAGE_HOPS_MAX: usize = 4;
/// People who may visit; the low numbers come often.
const USER_COUNT: u64 = 480_000;
/// Probability that a visitor asks for something that is not there or not theirs.
const CLIENT_ERROR: f64 = 0.012;
/// Probability that a call to a store fails by itself.
const STORE_FAILING: f64 = 0.000_3;
/// Probability that a call to a company outside fails by itself.
const PEER_FAILING: f64 = 0.004;
/// Store calls above this are worth a line in the log.
const SLOW_STORE_MS: f64 = 25.0;

const NS_PER_MS: f64 = 1e6;

const SEVERITY_INFO: (i32, &str) = (9, "INFO");
const SEVERITY_WARN: (i32, &str) = (13, "WARN");
const SEVERITY_ERROR: (i32, &str) = (17, "ERROR");

/// Plays visit `number` of a seed, beginning at `start_ns`.
pub(crate) fn play(shop: &Shop, story: &Story, seed: u64, number: u64, start_ns: i64) -> Journey {
    let mut random = Random::new(seed, number);
    let entry = choose_entry(shop, &mut random);
    let (operation, has_user) = entry;
    let visitor = Visitor::new(shop, has_user, &mut random);
    let mut walk = Walk {
        shop,
        story,
        visitor,
        random,
        journey: Journey::default(),
        trace_id: Vec::new(),
        trace_first_span: 0,
        messages: VecDeque::new(),
        hop: 0,
    };
    walk.begin_trace();
    walk.operation(operation, start_ns, &[], Vec::new());
    walk.deliver_messages();
    walk.journey
}

fn choose_entry(shop: &Shop, random: &mut Random) -> (OperationId, bool) {
    let total: f64 = shop.entries.iter().map(|entry| entry.weight).sum();
    let mut rest = random.share() * total;
    let mut chosen = &shop.entries[0];
    for entry in &shop.entries {
        chosen = entry;
        rest -= entry.weight;
        if rest < 0.0 {
            break;
        }
    }
    (chosen.operation, chosen.has_user)
}

/// Who visits. The same user always comes from the same country with the same subscription.
struct Visitor {
    user: Option<String>,
    region: usize,
    country: String,
    platform: String,
    tier: String,
    app_version: String,
    agent: String,
    order: String,
}

impl Visitor {
    fn new(shop: &Shop, has_user: bool, random: &mut Random) -> Self {
        let number = random.skewed(USER_COUNT, 1.4);
        let mut habit = Random::new(mix(number), 1);
        let mut share = habit.share();
        let mut region = 0;
        for (index, row) in shop.regions.iter().enumerate() {
            region = index;
            share -= row.share;
            if share < 0.0 {
                break;
            }
        }
        let pick = |list: &[String], random: &mut Random| random.pick(list).cloned();
        let country = pick(&shop.regions[region].countries, &mut habit);
        let platform = pick(&shop.platforms, &mut habit).unwrap_or_default();
        let app_version = format!("7.{}.{}", 18 + random.skewed(5, 2.0), random.index(4));
        Self {
            user: has_user.then(|| format!("u{number:06}")),
            region,
            country: country.unwrap_or_default(),
            agent: agent(&platform, &app_version, &mut habit),
            platform,
            tier: shop.tiers[habit.skewed(shop.tiers.len() as u64, 2.2) as usize].clone(),
            app_version,
            order: format!("o-{:010x}", random.next() >> 24),
        }
    }
}

fn agent(platform: &str, app_version: &str, habit: &mut Random) -> String {
    match platform {
        "ios" => format!("Shop/{app_version} (iPhone; iOS 26.{})", habit.index(3)),
        "android" => format!(
            "Shop/{app_version} (Android {}; Mobile)",
            12 + habit.index(5)
        ),
        "partner-api" => format!("shop-client-go/1.{}", habit.index(9)),
        _ => format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
            138 + habit.index(8)
        ),
    }
}

/// A message on its way to its consumers.
struct Message {
    topic: usize,
    sent_ns: i64,
    link: span::Link,
    hop: usize,
}

/// How a step ended.
struct Done {
    end_ns: i64,
    failure: Option<Failure>,
}

struct Walk<'a> {
    shop: &'a Shop,
    story: &'a Story,
    visitor: Visitor,
    random: Random,
    journey: Journey,
    trace_id: Vec<u8>,
    trace_first_span: usize,
    messages: VecDeque<Message>,
    hop: usize,
}

impl Walk<'_> {
    fn begin_trace(&mut self) {
        let (high, low) = (self.random.next() | 1, self.random.next());
        self.trace_id = [high.to_be_bytes(), low.to_be_bytes()].concat();
        self.trace_first_span = self.journey.spans.len();
        self.journey.trace_count += 1;
    }

    fn deliver_messages(&mut self) {
        while let Some(message) = self.messages.pop_front() {
            if message.hop >= MESSAGE_HOPS_MAX {
                continue;
            }
            self.hop = message.hop + 1;
            let shop = self.shop;
            for consumer in shop.consumers.get(message.topic).into_iter().flatten() {
                let start_ns = message.sent_ns + ns(self.random.spread(45.0, 0.9));
                self.begin_trace();
                self.operation(*consumer, start_ns, &[], vec![message.link.clone()]);
            }
        }
    }

    /// Plays an operation and all it calls.
    fn operation(
        &mut self,
        id: OperationId,
        start_ns: i64,
        parent: &[u8],
        links: Vec<span::Link>,
    ) -> Done {
        let shop = self.shop;
        let (service, operation) = shop.operation(id);
        let pod = self.pod(id.service, start_ns);
        let place = self.open(pod, &operation.span_name, start_ns, parent);
        let span_id = self.span(place).span_id.clone();
        let own_ms = self.random.spread(operation.own_ms, 0.4) * self.slowness(pod);
        let gap_ns = ns(own_ms) / (operation.calls.len() as i64 + 1);

        let refused = match &operation.kind {
            OperationKind::Http { route, .. } if self.random.chance(CLIENT_ERROR) => {
                Some(if route.contains('{') { 404 } else { 400 })
            }
            _ => None,
        };
        let mut done = Done {
            end_ns: start_ns + gap_ns,
            failure: None,
        };
        if refused.is_none() {
            self.calls(pod, &operation.calls, own_ms, gap_ns, &span_id, &mut done);
        }
        let carried = done.failure.take();
        let failure = match carried {
            Some(failure) => Some(failure),
            None if self.random.chance(operation.failing) => {
                let failure = Failure::own(&mut self.random);
                let event = failure.event(&service.language, &operation.span_name, done.end_ns);
                self.span(place).events.push(event);
                self.log(pod, &span_id, done.end_ns, SEVERITY_ERROR, &failure.message);
                Some(failure)
            }
            None => None,
        };
        let end_ns = done.end_ns.max(start_ns + gap_ns);

        let mut attributes = match &operation.kind {
            OperationKind::Http { method, route } => {
                let status = match &failure {
                    Some(failure) => failure.http_status(),
                    None => refused.unwrap_or(if method == "POST" { 201 } else { 200 }),
                };
                let agent = self.visitor.agent.clone();
                attribute::http_server(method, route, status, &agent, &mut self.random)
            }
            OperationKind::Rpc {
                service: rpc,
                method,
            } => {
                let status = failure.as_ref().map_or(0, Failure::grpc_status);
                attribute::rpc(rpc, method, status, &service.name)
            }
            OperationKind::Consumer { topic } => {
                let mut attributes =
                    attribute::message(&shop.topics[*topic], "process", &mut self.random);
                attributes.push(text("messaging.consumer.group.name", &service.name));
                attributes
            }
            OperationKind::Job => vec![text("job.schedule", "cron")],
        };
        self.add_visitor(&mut attributes, parent.is_empty());
        self.add_fields(&mut attributes, id.service, parent.is_empty());
        if let Some(template) = operation.log.as_ref().filter(|_| failure.is_none()) {
            let line = self.fill(template, end_ns - start_ns);
            self.log(pod, &span_id, end_ns, SEVERITY_INFO, &line);
        }

        let kind = match operation.kind {
            OperationKind::Http { .. } | OperationKind::Rpc { .. } => span::SpanKind::Server,
            OperationKind::Consumer { .. } => span::SpanKind::Consumer,
            OperationKind::Job => span::SpanKind::Internal,
        };
        self.span(place).links = links;
        self.close(place, kind, end_ns, attributes, failure.as_ref());
        Done { end_ns, failure }
    }

    /// Plays the calls of an operation one after the other, or side by side where the table says so.
    fn calls(
        &mut self,
        pod: Pod,
        calls: &[Call],
        own_ms: f64,
        gap_ns: i64,
        span_id: &[u8],
        done: &mut Done,
    ) {
        let mut now_ns = done.end_ns;
        for call in calls {
            if !self.random.chance(call.probability) {
                continue;
            }
            let more = self.random.index(call.repeat_max - call.repeat_min + 1);
            for _ in 0..call.repeat_min + more {
                if self.journey.spans.len() - self.trace_first_span >= TRACE_SPANS_MAX {
                    return;
                }
                let one = self.call(pod, &call.target, now_ns, span_id, own_ms);
                done.end_ns = done.end_ns.max(one.end_ns);
                if !call.is_beside_next {
                    now_ns = done.end_ns + gap_ns / 8;
                }
                let Some(failure) = one.failure else { continue };
                let is_carried = self.random.chance(failure.reach);
                let failure = failure.carried(&self.callee(&call.target));
                self.log(pod, span_id, one.end_ns, SEVERITY_WARN, &failure.message);
                if is_carried {
                    done.failure = Some(failure);
                    return;
                }
            }
            if !call.is_beside_next {
                now_ns += gap_ns;
                done.end_ns = done.end_ns.max(now_ns);
            }
        }
    }

    fn call(
        &mut self,
        pod: Pod,
        target: &Target,
        start_ns: i64,
        parent: &[u8],
        own_ms: f64,
    ) -> Done {
        let shop = self.shop;
        match target {
            Target::Operation(id) => self.call_operation(pod, *id, start_ns, parent),
            Target::Store {
                system,
                verb,
                object,
            } => {
                let name = attribute::store_span_name(*system, verb, object);
                let ms = self.random.spread(attribute::store_ms(*system, verb), 0.55);
                let attributes = attribute::store(*system, verb, object, &mut self.random);
                let failing = self.random.chance(STORE_FAILING);
                let failure = failing.then(|| Failure::own(&mut self.random));
                let kind = span::SpanKind::Client;
                let done = self.leaf(pod, &name, kind, start_ns, ms, parent, attributes, failure);
                if ms > SLOW_STORE_MS {
                    let line = format!("slow {verb} on {object}: {ms:.1} ms");
                    self.log(pod, parent, done.end_ns, SEVERITY_WARN, &line);
                }
                done
            }
            Target::Step(name) => {
                let ms = self.random.spread(own_ms * 0.25, 0.6);
                let attributes = vec![text("code.function.name", name.replace(' ', "_"))];
                let kind = span::SpanKind::Internal;
                self.leaf(pod, name, kind, start_ns, ms, parent, attributes, None)
            }
            Target::Topic(topic) => {
                let topic_name = &shop.topics[*topic];
                let ms = self.random.spread(1.1, 0.5);
                let attributes = attribute::message(topic_name, "publish", &mut self.random);
                let name = format!("{topic_name} publish");
                let kind = span::SpanKind::Producer;
                let done = self.leaf(pod, &name, kind, start_ns, ms, parent, attributes, None);
                let producer = self
                    .journey
                    .spans
                    .last()
                    .map(|(_, span)| span.span_id.clone());
                self.messages.push_back(Message {
                    topic: *topic,
                    sent_ns: done.end_ns,
                    hop: self.hop,
                    link: span::Link {
                        trace_id: self.trace_id.clone(),
                        span_id: producer.unwrap_or_default(),
                        attributes: vec![text("messaging.destination.name", topic_name)],
                        ..span::Link::default()
                    },
                });
                done
            }
            Target::Peer { peer, method, path } => {
                self.call_peer(pod, *peer, method, path, start_ns, parent)
            }
        }
    }

    /// A client span here and, inside it, the server's.
    fn call_operation(&mut self, pod: Pod, id: OperationId, start_ns: i64, parent: &[u8]) -> Done {
        let shop = self.shop;
        let (service, operation) = shop.operation(id);
        let place = self.open(pod, &operation.span_name, start_ns, parent);
        let span_id = self.span(place).span_id.clone();
        let way_ns = ns(self.random.spread(0.25, 0.4));
        let served = self.operation(id, start_ns + way_ns, &span_id, Vec::new());
        let end_ns = served.end_ns + way_ns;
        let failure = served.failure;
        let attributes = match &operation.kind {
            OperationKind::Rpc {
                service: rpc,
                method,
            } => {
                let status = failure.as_ref().map_or(0, Failure::grpc_status);
                attribute::rpc(rpc, method, status, &service.name)
            }
            OperationKind::Http { method, route } => {
                let status = failure.as_ref().map_or(200, Failure::http_status);
                let host = format!("{}.shop.svc", service.name);
                attribute::http_client(method, &host, 8_080, route, Some(status), &mut self.random)
            }
            OperationKind::Job | OperationKind::Consumer { .. } => Vec::new(),
        };
        self.close(
            place,
            span::SpanKind::Client,
            end_ns,
            attributes,
            failure.as_ref(),
        );
        Done { end_ns, failure }
    }

    fn call_peer(
        &mut self,
        pod: Pod,
        peer: usize,
        method: &str,
        path: &str,
        start_ns: i64,
        parent: &[u8],
    ) -> Done {
        let company = &self.shop.peers[peer];
        let timeout = self.story.timeout_probability(pod.region, peer, start_ns);
        let (ms, status, failure) = if self.random.chance(timeout) {
            let limit_ms = self.story.failing_timeout_ms;
            let failure = Failure {
                cause: Cause::Timeout,
                message: format!("no answer from {} within {limit_ms:.0} ms", company.name),
                reach: 1.0,
            };
            (limit_ms + self.random.share() * 4.0, None, Some(failure))
        } else if self.random.chance(PEER_FAILING) {
            let failure = Failure {
                cause: Cause::Unavailable,
                message: format!("{} answered 503", company.name),
                reach: 0.6,
            };
            (
                self.random.spread(company.ms * 0.4, 0.4),
                Some(503),
                Some(failure),
            )
        } else {
            (self.random.spread(company.ms, 0.35), Some(200), None)
        };
        let mut attributes =
            attribute::http_client(method, &company.host, 443, path, status, &mut self.random);
        attributes.push(text("peer.service", &company.name));
        let name = format!("{method} {path}");
        let kind = span::SpanKind::Client;
        self.leaf(pod, &name, kind, start_ns, ms, parent, attributes, failure)
    }

    /// A span without children.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of a span")]
    fn leaf(
        &mut self,
        pod: Pod,
        name: &str,
        kind: span::SpanKind,
        start_ns: i64,
        ms: f64,
        parent: &[u8],
        attributes: Vec<KeyValue>,
        failure: Option<Failure>,
    ) -> Done {
        let end_ns = start_ns + ns(ms);
        let place = self.open(pod, name, start_ns, parent);
        if let Some(failure) = &failure {
            let language = &self.shop.services[pod.service].language;
            let event = failure.event(language, name, end_ns);
            self.span(place).events.push(event);
            self.log(pod, parent, end_ns, SEVERITY_ERROR, &failure.message);
        }
        self.close(place, kind, end_ns, attributes, failure.as_ref());
        Done { end_ns, failure }
    }

    fn pod(&mut self, service: usize, at_ns: i64) -> Pod {
        let number = self.random.index(self.shop.services[service].pods);
        Pod {
            service,
            region: self.visitor.region,
            number,
            is_slow_build: self.story.runs_slow_build(service, number, at_ns),
        }
    }

    fn slowness(&self, pod: Pod) -> f64 {
        if pod.is_slow_build {
            self.story.slow_times
        } else {
            1.0
        }
    }

    /// Adds a span, to be finished by [`Walk::close`]; gives its place.
    fn open(&mut self, pod: Pod, name: &str, start_ns: i64, parent: &[u8]) -> usize {
        let span = Span {
            trace_id: self.trace_id.clone(),
            span_id: (self.random.next() | 1).to_be_bytes().to_vec(),
            parent_span_id: parent.to_vec(),
            name: name.to_owned(),
            start_time_unix_nano: start_ns as u64,
            ..Span::default()
        };
        self.journey.spans.push((pod, span));
        self.journey.spans.len() - 1
    }

    fn close(
        &mut self,
        place: usize,
        kind: span::SpanKind,
        end_ns: i64,
        attributes: Vec<KeyValue>,
        failure: Option<&Failure>,
    ) {
        self.journey.end_ns = self.journey.end_ns.max(end_ns);
        let span = self.span(place);
        span.kind = kind as i32;
        span.end_time_unix_nano = end_ns as u64;
        span.attributes = attributes;
        span.status = failure.map(|failure| Status {
            message: failure.message.clone(),
            code: 2,
        });
    }

    fn span(&mut self, place: usize) -> &mut Span {
        &mut self.journey.spans[place].1
    }

    fn add_visitor(&self, attributes: &mut Vec<KeyValue>, is_root: bool) {
        let visitor = &self.visitor;
        let Some(user) = &visitor.user else { return };
        attributes.push(text("user.id", user));
        if is_root {
            attributes.extend([
                text("user.tier", &visitor.tier),
                text("app.platform", &visitor.platform),
                text("app.version", &visitor.app_version),
                text("geo.country.iso_code", &visitor.country),
            ]);
        }
    }

    fn add_fields(&mut self, attributes: &mut Vec<KeyValue>, service: usize, is_root: bool) {
        let shop = self.shop;
        for &index in &shop.services[service].fields {
            attributes.extend(attribute::field(shop, index, &mut self.random));
        }
        if is_root {
            for (index, field) in shop.fields.iter().enumerate() {
                if field.is_at_root {
                    attributes.extend(attribute::field(shop, index, &mut self.random));
                }
            }
        }
    }

    fn log(&mut self, pod: Pod, span_id: &[u8], at_ns: i64, severity: (i32, &str), line: &str) {
        let mut attributes = vec![text(
            "code.namespace",
            &self.shop.services[pod.service].name,
        )];
        if let Some(user) = &self.visitor.user {
            attributes.push(text("user.id", user));
        }
        if line.contains(&self.visitor.order) {
            attributes.push(text("order.id", &self.visitor.order));
        }
        attributes.push(integer("thread.id", 1 + self.random.index(64) as i64));
        let record = LogRecord {
            time_unix_nano: at_ns as u64,
            observed_time_unix_nano: at_ns as u64,
            severity_number: severity.0,
            severity_text: severity.1.to_owned(),
            body: Some(AnyValue {
                value: Some(Value::StringValue(line.to_owned())),
            }),
            attributes,
            trace_id: self.trace_id.clone(),
            span_id: span_id.to_vec(),
            ..LogRecord::default()
        };
        self.journey.logs.push((pod, record));
    }

    fn fill(&self, template: &str, elapsed_ns: i64) -> String {
        template
            .replace("{user}", self.visitor.user.as_deref().unwrap_or("nobody"))
            .replace("{order}", &self.visitor.order)
            .replace("{ms}", &(elapsed_ns / NS_PER_MS as i64).to_string())
    }

    fn callee(&self, target: &Target) -> String {
        match target {
            Target::Operation(id) => self.shop.services[id.service].name.clone(),
            Target::Store { object, .. } => object.clone(),
            Target::Topic(topic) => self.shop.topics[*topic].clone(),
            Target::Peer { peer, .. } => self.shop.peers[*peer].name.clone(),
            Target::Step(name) => name.clone(),
        }
    }
}

fn ns(ms: f64) -> i64 {
    (ms * NS_PER_MS) as i64
}
