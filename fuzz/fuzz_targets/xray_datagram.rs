//! Datagrams at the daemon's port.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_wire::xray::read_datagram;

fuzz_target!(|body: &[u8]| {
    drop(read_datagram(body));
});
