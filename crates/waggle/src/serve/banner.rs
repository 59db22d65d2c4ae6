//! What a person sees when the server has started: where it listens, what was made for them, and what to paste next.

#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Where the server listens.
pub(super) struct Doors {
    pub(super) http: SocketAddr,
    pub(super) otlp_http: Option<SocketAddr>,
    pub(super) grpc: Option<SocketAddr>,
    /// UDP and TCP.
    pub(super) xray: Option<SocketAddr>,
}

/// Secrets made at bootstrap, in the clear for the only time.
#[derive(Default)]
pub(super) struct Made {
    pub(super) api_key: Option<String>,
    pub(super) management_key: Option<String>,
    pub(super) admin_email: Option<String>,
    pub(super) admin_password: Option<String>,
    pub(super) aws_access_key_id: Option<String>,
    pub(super) aws_secret_access_key: Option<String>,
}

/// The text printed to standard output once every door is open.
pub(super) fn text(doors: &Doors, data_dir: &Path, is_dev: bool, made: &Made) -> String {
    let origin = format!("http://{}", reached(doors.http));
    let mut out = format!("\nWaggle {} is ready\n\n", env!("CARGO_PKG_VERSION"));
    line(&mut out, "UI and API", &origin);
    if let Some(address) = doors.otlp_http {
        line(
            &mut out,
            "OTLP/HTTP",
            &format!("http://{}", reached(address)),
        );
    }
    if let Some(address) = doors.grpc {
        line(
            &mut out,
            "OTLP/gRPC",
            &format!("http://{}", reached(address)),
        );
    }
    if let Some(address) = doors.xray {
        line(&mut out, "X-Ray daemon", &reached(address).to_string());
    }
    let everywhere = [Some(doors.http), doors.otlp_http, doors.grpc, doors.xray];
    if everywhere
        .iter()
        .flatten()
        .any(|address| address.ip().is_unspecified())
    {
        line(
            &mut out,
            "Elsewhere",
            "the same ports, with this machine's name instead of the loopback address",
        );
    }
    line(&mut out, "Data", &data_dir.display().to_string());
    if is_dev {
        line(
            &mut out,
            "Mode",
            "dev: no sign-in, and no key needed from this machine",
        );
    }
    for (name, secret) in [
        ("API key", &made.api_key),
        ("Management key", &made.management_key),
        ("Administrator", &made.admin_email),
        ("Password", &made.admin_password),
        ("AWS access key", &made.aws_access_key_id),
        ("AWS secret key", &made.aws_secret_access_key),
    ] {
        if let Some(secret) = secret {
            line(&mut out, name, secret);
        }
    }
    if made.api_key.is_some() || made.admin_password.is_some() {
        out.push_str("\nKeys and passwords are shown this once. Only their hashes are kept; the AWS secret key is kept encrypted.\n");
    }
    out.push_str(&snippets(
        doors,
        &origin,
        made.api_key.as_deref().unwrap_or("YOUR_API_KEY"),
    ));
    out
}

/// The address that reaches a listener from this machine: one that listens on every address is no address to call.
fn reached(address: SocketAddr) -> SocketAddr {
    let loopback = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, address.port())
}

fn line(out: &mut String, name: &str, value: &str) {
    // Writing to a String does not fail.
    _ = writeln!(out, "  {name:<15} {value}");
}

/// Nothing here is indented: a pasted line of Python may not begin with a space.
fn snippets(doors: &Doors, origin: &str, key: &str) -> String {
    let mut out = format!(
        r#"
OpenTelemetry (Python, Flask):

python3 -m venv .venv && . .venv/bin/activate
pip install flask requests opentelemetry-sdk opentelemetry-exporter-otlp-proto-http \
  opentelemetry-instrumentation-flask opentelemetry-instrumentation-requests
export OTEL_EXPORTER_OTLP_ENDPOINT={origin}
export OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team={key}
export OTEL_SERVICE_NAME=backend-flask

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
FlaskInstrumentor().instrument_app(app)
RequestsInstrumentor().instrument()

libhoney (Python):

import libhoney
libhoney.init(writekey="{key}", dataset="shop", api_host="{origin}")
libhoney.send_now({{"name": "checkout", "duration_ms": 12.5}})
libhoney.close()

curl:

curl {origin}/1/events/shop -H "X-Honeycomb-Team: {key}" -d '{{"name": "checkout", "duration_ms": 12.5}}'
"#
    );
    if let Some(address) = doors.grpc {
        _ = write!(
            out,
            "\nOTLP over gRPC: OTEL_EXPORTER_OTLP_ENDPOINT=http://{} with OTEL_EXPORTER_OTLP_PROTOCOL=grpc and the same headers.\n",
            reached(address)
        );
    }
    out
}
