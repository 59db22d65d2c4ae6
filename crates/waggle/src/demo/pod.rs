//! Where an operation runs: one pod of a service in a region, and what OpenTelemetry calls its resource.

use super::attribute::{integer, text};
use super::random::mix;
use super::shop::Shop;
use opentelemetry_proto::tonic::common::v1::KeyValue;

/// One running copy of a service. Two values are equal when their resources are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pod {
    /// Index in [`Shop::services`].
    pub(crate) service: usize,
    /// Index in [`Shop::regions`].
    pub(crate) region: usize,
    /// Which copy.
    pub(crate) number: usize,
    /// True on the build the story planted.
    pub(crate) is_slow_build: bool,
}

/// Letters of generated pod names: no vowels, as in Kubernetes.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Pod {
    /// Build id of the service, which differs on the planted build.
    pub(crate) fn build_id(self, shop: &Shop) -> String {
        let service = &shop.services[self.service];
        format!("{}-{}", service.name, self.build_number())
    }

    fn build_number(self) -> u64 {
        2_000 + mix(self.service as u64) % 4_000 + u64::from(self.is_slow_build)
    }

    /// The resource of everything this pod sends.
    pub(crate) fn resource(self, shop: &Shop) -> Vec<KeyValue> {
        let service = &shop.services[self.service];
        let region = &shop.regions[self.region];
        let seed = mix((self.service * 64 + self.region) as u64) ^ self.number as u64;
        let pod_name = format!(
            "{}-{}-{}",
            service.name,
            letters(mix(self.build_number() + self.service as u64), 9),
            letters(mix(seed + self.build_number()), 5)
        );
        let node = mix(seed) % 24;
        let zone = (b'a' + (node % 3) as u8) as char;
        let host = format!("ip-10-{}-{}-{}", self.region, node, 10 + node * 7 % 200);
        vec![
            text("service.name", &service.name),
            text("service.namespace", "shop"),
            text(
                "service.version",
                format!(
                    "{}.{}.{}",
                    1 + self.service % 4,
                    self.build_number() / 100 % 40,
                    self.build_number() % 100
                ),
            ),
            text("service.instance.id", format!("{:016x}", mix(seed))),
            text("build_id", self.build_id(shop)),
            text("deployment.environment.name", "production"),
            text("cloud.provider", "aws"),
            text("cloud.region", &region.name),
            text("cloud.availability_zone", format!("{}{zone}", region.name)),
            text("k8s.cluster.name", format!("shop-{}", region.name)),
            text("k8s.namespace.name", "shop"),
            text("k8s.node.name", &host),
            text("k8s.pod.name", pod_name),
            text("host.name", host),
            integer("process.pid", 1 + (mix(seed) % 40) as i64),
            text("telemetry.sdk.name", "opentelemetry"),
            text("telemetry.sdk.language", &service.language),
            text("telemetry.sdk.version", sdk_version(&service.language)),
        ]
    }
}

/// Name and version of the library that made a span.
pub(crate) fn scope(shop: &Shop, pod: Pod) -> (String, &'static str) {
    let language = &shop.services[pod.service].language;
    let name = match language.as_str() {
        "go" => "go.opentelemetry.io/contrib/instrumentation",
        "nodejs" => "@opentelemetry/instrumentation-http",
        "java" => "io.opentelemetry.javaagent",
        "python" => "opentelemetry.instrumentation.asgi",
        "dotnet" => "OpenTelemetry.Instrumentation.AspNetCore",
        "ruby" => "OpenTelemetry::Instrumentation::Rack",
        _ => return (format!("shop/{language}/tracing"), "1.0.0"),
    };
    (name.to_owned(), sdk_version(language))
}

fn sdk_version(language: &str) -> &'static str {
    match language {
        "go" | "python" => "1.38.0",
        "nodejs" => "2.2.0",
        "java" => "2.20.1",
        "dotnet" => "1.13.1",
        _ => "0.31.0",
    }
}

fn letters(mut seed: u64, count: usize) -> String {
    let mut name = String::with_capacity(count);
    for _ in 0..count {
        name.push(LETTERS[(seed % LETTERS.len() as u64) as usize] as char);
        seed = mix(seed);
    }
    name
}
