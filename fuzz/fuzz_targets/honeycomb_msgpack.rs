//! Honeycomb events as msgpack: every entry of a batch that is read has its row.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::EventLimits;
use waggle_wire::honeycomb::{EventHeaders, EventOptions, Format, decode_batch, decode_event};

fuzz_target!(|body: &[u8]| {
    let limits = EventLimits::default();
    for expand_json_depth in [0, 2] {
        let options = EventOptions {
            limits: &limits,
            now_ns: 1,
            expand_json_depth,
        };
        drop(decode_event(
            "d",
            body,
            Format::Msgpack,
            EventHeaders::default(),
            &options,
        ));
        if let Ok(decoded) = decode_batch("d", body, Format::Msgpack, &options) {
            let taken = decoded.entries.iter().filter(|entry| entry.is_ok()).count();
            assert_eq!(taken, decoded.batch.len());
        }
    }
});
