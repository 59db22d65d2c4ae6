//! Whether bytes are what was written, asked in one place, because fuzzers must get past it.

/// True when the checksum is that of the bytes. In a fuzzer's build always: behind it nothing may be trusted any more than before it.
pub(crate) fn is_whole(bytes: &[u8], checksum: u32) -> bool {
    cfg!(fuzzing) || crc32c::crc32c(bytes) == checksum
}
