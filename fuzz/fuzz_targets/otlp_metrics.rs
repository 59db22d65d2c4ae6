//! Exports of metrics, of today's protocol and of version 0.7, as protobuf and as JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::EventLimits;
use waggle_wire::otlp::{Encoding, OtlpHeaders, decode_metrics};

fuzz_target!(|body: &[u8]| {
    let limits = EventLimits::default();
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        drop(decode_metrics(
            body,
            encoding,
            &OtlpHeaders::default(),
            &limits,
            1,
        ));
    }
});
