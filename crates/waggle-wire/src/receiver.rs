//! The table of ingest protocols: one line per protocol, read by the checks that every receiver is routed, guarded and has cases.

/// One ingest protocol over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    /// Its name, which is also the folder of its code and cases.
    pub name: &'static str,
    /// The `POST` paths it answers; a path that ends in `/` takes a dataset name after it.
    pub routes: &'static [&'static str],
}

/// Every ingest protocol.
pub const RECEIVERS: &[Receiver] = &[
    Receiver {
        name: "otlp",
        routes: &["/v1/traces", "/v1/logs", "/v1/metrics"],
    },
    Receiver {
        name: "honeycomb",
        routes: &["/1/events/", "/1/batch/"],
    },
    Receiver {
        name: "kinesis",
        routes: &["/1/kinesis_events/"],
    },
    Receiver {
        name: "xray",
        routes: &["/TraceSegments", "/TelemetryRecords"],
    },
];
