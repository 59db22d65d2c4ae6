//! A part of all traces, the same part whoever asks and whenever. Source: spec/xray.md section 4.1.

use sha2::{Digest, Sha256};
use waggle_wire::xray::TraceId;

/// Whether a trace is in a sample of this size, 0 to 1. Larger samples have all traces that smaller ones have.
pub fn is_sampled(id: TraceId, rate: f64) -> bool {
    let digest = Sha256::digest(id.to_string().as_bytes());
    let mut number: u32 = 0;
    for byte in digest.iter().take(4) {
        number = number << 8 | u32::from(*byte);
    }
    f64::from(number) / (f64::from(u32::MAX) + 1.0) < rate
}

#[cfg(test)]
mod tests {
    use super::is_sampled;
    use waggle_wire::xray::TraceId;

    #[test]
    fn a_sample_is_as_large_as_asked_for() {
        let ids = (1..=10_000).map(|number| TraceId::parse(&format!("{number:032x}")).unwrap());
        let ids: Vec<TraceId> = ids.collect();
        let count = |rate: f64| ids.iter().filter(|id| is_sampled(**id, rate)).count();
        assert_eq!((count(0.0), count(1.0)), (0, 10_000));
        assert!((2_300..2_700).contains(&count(0.25)), "{}", count(0.25));
        assert!(
            ids.iter()
                .all(|id| is_sampled(*id, 0.5) || !is_sampled(*id, 0.25))
        );
    }
}
