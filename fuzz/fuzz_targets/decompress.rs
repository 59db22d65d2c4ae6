//! Compressed bodies: never more comes out than allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_wire::{ContentEncoding, decompress};

fuzz_target!(|body: &[u8]| {
    for encoding in [ContentEncoding::Gzip, ContentEncoding::Zstd] {
        if let Ok(output) = decompress(encoding, body, 100_000) {
            assert!(output.len() <= 100_000);
        }
    }
});
