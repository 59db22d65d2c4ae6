//! Deliveries of Amazon Data Firehose.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::EventLimits;
use waggle_wire::honeycomb::EventOptions;
use waggle_wire::kinesis::decode_records;

fuzz_target!(|body: &[u8]| {
    let limits = EventLimits::default();
    let options = EventOptions {
        limits: &limits,
        now_ns: 1,
        expand_json_depth: 2,
    };
    drop(decode_records("d", body, 1 << 20, 8 << 20, &options));
});
