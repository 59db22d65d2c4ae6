//! The values that columns take, in plain and encoded once as span attributes. Shapes and figures follow spec/engine.md section 2.

use super::otlp::string_attribute;
use super::random::Random;
use bytes::Bytes;

/// The services, the busiest first.
pub(crate) const SERVICES: [&str; 25] = [
    "frontend",
    "api-gateway",
    "checkout",
    "cart",
    "payment",
    "catalog",
    "search",
    "recommend",
    "auth",
    "user",
    "inventory",
    "shipping",
    "email",
    "currency",
    "ads",
    "fraud",
    "pricing",
    "loyalty",
    "review",
    "media",
    "notify",
    "worker",
    "billing",
    "tax",
    "ledger",
];

const VERBS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "PATCH"];
const NOUNS: [&str; 14] = [
    "orders",
    "users",
    "items",
    "carts",
    "payments",
    "sessions",
    "shipments",
    "reviews",
    "prices",
    "stock",
    "ledger",
    "events",
    "tokens",
    "coupons",
];
const FIELDS: [&str; 14] = [
    "id",
    "user_id",
    "status",
    "created_at",
    "updated_at",
    "total_cents",
    "sku",
    "qty",
    "region",
    "tenant_id",
    "currency",
    "state",
    "version",
    "hash",
];

/// One column with few values.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) key: String,
    /// UTF-8.
    values: Vec<Bytes>,
    /// Each value as a finished attribute.
    attributes: Vec<Vec<u8>>,
}

impl Column {
    fn new(key: &str, values: impl IntoIterator<Item = String>) -> Self {
        let (mut plain, mut attributes) = (Vec::new(), Vec::new());
        for value in values {
            let mut attribute = Vec::new();
            string_attribute(&mut attribute, key, &value);
            attributes.push(attribute);
            plain.push(Bytes::from(value));
        }
        Self {
            key: key.to_owned(),
            values: plain,
            attributes,
        }
    }

    /// Value number `code`, UTF-8.
    pub(crate) fn value(&self, code: usize) -> &Bytes {
        &self.values[code]
    }

    /// The attribute with value number `code`.
    pub(crate) fn attribute(&self, code: usize) -> &[u8] {
        &self.attributes[code]
    }
}

/// Every column with few values, and the names of spans.
#[derive(Debug)]
pub(crate) struct Tables {
    /// Names of spans, UTF-8.
    pub(crate) names: Vec<Bytes>,
    pub(crate) service: Column,
    pub(crate) route: Column,
    pub(crate) method: Column,
    pub(crate) user_agent: Column,
    pub(crate) pod: Column,
    pub(crate) host: Column,
    pub(crate) node: Column,
    pub(crate) namespace: Column,
    pub(crate) cluster: Column,
    pub(crate) zone: Column,
    pub(crate) region: Column,
    pub(crate) build: Column,
    pub(crate) statement: Column,
    pub(crate) database: Column,
    pub(crate) library: Column,
    pub(crate) library_version: Column,
    pub(crate) sdk_version: Column,
    pub(crate) peer: Column,
    pub(crate) tier: Column,
    pub(crate) customer: Column,
    pub(crate) flag: Column,
    pub(crate) platform: Column,
    pub(crate) country: Column,
    pub(crate) exception: Column,
    pub(crate) annotation: Column,
    /// Names of the sparse columns.
    pub(crate) sparse: Vec<String>,
    /// The sparse columns of strings, same index.
    pub(crate) sparse_strings: Vec<Column>,
}

/// Sparse columns: the first hundred hold strings, then sixty whole numbers, then forty floats.
pub(crate) const SPARSE_COUNT: usize = 200;
pub(crate) const SPARSE_STRINGS: usize = 100;
/// The first sparse column with floats.
pub(crate) const SPARSE_FLOATS_FROM: usize = 160;

/// How many values the sparse column `index` takes.
pub(crate) fn sparse_values(index: usize) -> usize {
    [5, 20, 100, 1_000, 5_000][index % 5]
}

/// Share of events that carry the sparse column `index`: 0.1 % to 5 %, spaced evenly on a logarithmic scale.
pub(crate) fn sparse_presence(index: usize) -> f64 {
    let rank = (index * 73) % SPARSE_COUNT;
    0.001 * 50_f64.powf(rank as f64 / (SPARSE_COUNT - 1) as f64)
}

/// Odd sparse columns occur on one service only.
pub(crate) fn sparse_service(index: usize) -> Option<usize> {
    (index % 2 == 1).then_some(index % SERVICES.len())
}

impl Tables {
    pub(crate) fn new() -> Self {
        let routes: Vec<String> = (0..150)
            .map(|i| {
                format!(
                    "/api/v{}/{}/{{id}}/{}{i}",
                    1 + i % 3,
                    NOUNS[i % 14],
                    FIELDS[(i / 7) % 14]
                )
            })
            .collect();
        let names = (0..400)
            .map(|i| {
                if i % 3 == 0 {
                    Bytes::from(format!("{} {}", VERBS[i % 4], routes[i % 150]))
                } else {
                    Bytes::from(format!("{}.{}/Op{i}", SERVICES[i / 16], NOUNS[i % 14]))
                }
            })
            .collect();
        let sparse: Vec<String> = (0..SPARSE_COUNT).map(sparse_name).collect();
        Self {
            names,
            service: Column::new("service_name", SERVICES.map(String::from)),
            route: Column::new("http_route", routes),
            method: Column::new("http_method", VERBS.map(String::from)),
            user_agent: Column::new("http_user_agent", (0..300).map(user_agent)),
            pod: Column::new("k8s_pod_name", (0..500).map(pod)),
            host: numbered("host_name", "ip-10-0-12-", 120),
            node: numbered("k8s_node_name", "node-pool-a-", 60),
            namespace: numbered("k8s_namespace", "ns-", 8),
            cluster: numbered("k8s_cluster", "prod-", 3),
            zone: numbered("cloud_az", "az-", 18),
            region: Column::new(
                "region",
                [
                    "us-east-1",
                    "eu-west-1",
                    "us-west-2",
                    "ap-south-1",
                    "sa-east-1",
                    "eu-north-1",
                ]
                .map(String::from),
            ),
            build: numbered("build_id", "build-", 60),
            statement: Column::new("db_statement", statements()),
            database: Column::new(
                "db_system",
                ["postgresql", "mysql", "redis", "mongodb"].map(String::from),
            ),
            library: numbered("library_name", "instrumentation/", 30),
            library_version: numbered("library_version", "0.4.", 20),
            sdk_version: numbered("sdk_version", "1.2.", 8),
            peer: Column::new(
                "net_peer_ip",
                (0..20_000).map(|i| format!("10.{}.{}.{}", i / 4_096, (i / 16) % 256, i % 16 * 16)),
            ),
            tier: Column::new(
                "customer_tier",
                ["free", "pro", "team", "enterprise"].map(String::from),
            ),
            customer: Column::new("customer_id", (0..50_000).map(|i| format!("cust_{i:05}"))),
            flag: Column::new(
                "flag_checkout_v2",
                ["off", "on", "control"].map(String::from),
            ),
            platform: Column::new(
                "platform",
                ["web", "ios", "android", "api", "partner"].map(String::from),
            ),
            country: numbered("country", "C", 60),
            exception: Column::new("exception_message", (0..200).map(exception)),
            annotation: Column::new("annotation_type", ["span_event", "link"].map(String::from)),
            sparse_strings: sparse
                .iter()
                .take(SPARSE_STRINGS)
                .enumerate()
                .map(|(index, key)| numbered(key, &format!("v{index}-"), sparse_values(index)))
                .collect(),
            sparse,
        }
    }
}

fn sparse_name(index: usize) -> String {
    let kind = match index {
        0..SPARSE_STRINGS => 's',
        SPARSE_STRINGS..SPARSE_FLOATS_FROM => 'i',
        _ => 'f',
    };
    format!("attr_{kind}{index:03}")
}

fn numbered(key: &str, prefix: &str, count: usize) -> Column {
    Column::new(key, (0..count).map(|i| format!("{prefix}{i:03}")))
}

fn user_agent(i: usize) -> String {
    format!(
        "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) AppleWebKit/{}.36 (KHTML, like Gecko) Chrome/{}.0.{i}.99 Safari/537.36",
        60 + i % 60,
        500 + i % 37,
        90 + i % 40
    )
}

fn pod(i: usize) -> String {
    format!(
        "{}-7d9f{:04x}-{:05x}",
        SERVICES[i / 20],
        i * 77 % 65_536,
        i * 7_919 % 1_048_576
    )
}

fn exception(i: usize) -> String {
    let kind = ["Timeout", "IO", "Auth", "Value"][i % 4];
    format!(
        "{kind}Exception: operation {i} failed after {} retries: connection reset by peer",
        i % 9
    )
}

/// Two thousand statements of a few hundred bytes, as an object mapper writes them.
fn statements() -> Vec<String> {
    let mut random = Random::new(7, 0);
    (0..2_000)
        .map(|i| {
            let table = NOUNS[random.index(14)];
            let mut text = match random.index(4) {
                0 => format!("INSERT INTO {table}_{} (", i % 37),
                1 => format!("UPDATE {table}_{} SET ", i % 37),
                _ => format!("SELECT /* q{i} */ "),
            };
            for k in 0..6 + random.index(14) {
                if k > 0 {
                    text.push_str(", ");
                }
                text.push_str(&format!("{} = ${k}", FIELDS[random.index(14)]));
            }
            let other = NOUNS[random.index(14)];
            text.push_str(&format!(
                " FROM {table} JOIN {other} ON {table}.id = {other}.{} WHERE {} = $1 AND {} > $2 ORDER BY {} LIMIT {}",
                FIELDS[random.index(14)],
                FIELDS[random.index(14)],
                FIELDS[random.index(14)],
                FIELDS[random.index(14)],
                10 + random.index(500)
            ));
            text
        })
        .collect()
}
