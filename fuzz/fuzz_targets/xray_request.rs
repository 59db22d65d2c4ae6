//! Requests of PutTraceSegments and PutTelemetryRecords.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::EventLimits;
use waggle_wire::xray::{decode_segments, decode_telemetry};

fuzz_target!(|body: &[u8]| {
    drop(decode_segments(body, 1_000));
    drop(decode_telemetry(body, 1, &EventLimits::default()));
});
