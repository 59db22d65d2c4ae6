use super::*;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

#[test]
fn decimal_text_becomes_exact_nanoseconds() {
    for (text, expected) in [
        ("0", Some(0)),
        ("-0.0", Some(0)),
        ("1778384900.24", Some(1_778_384_900_240_000_000)),
        ("1.478293361271E9", Some(1_478_293_361_271_000_000)),
        ("1.47E+9", Some(1_470_000_000_000_000_000)),
        ("17783849002400e-4", Some(1_778_384_900_240_000_000)),
        ("1778384900.123456789", Some(1_778_384_900_123_456_789)),
        ("1778384900.1234567894", Some(1_778_384_900_123_456_789)),
        ("1778384900.1234567895", Some(1_778_384_900_123_456_790)),
        ("0.0000000005", Some(1)),
        ("-1.5", Some(-1_500_000_000)),
        ("5e-10", Some(1)),
        ("4e-10", Some(0)),
        ("9e-999999999999999999999", Some(0)),
        ("0e999999999999999999999", Some(0)),
        ("0.000e5", Some(0)),
        ("9223372036.854775807", Some(i64::MAX)),
        ("9223372036.854775808", None),
        ("1e999999999999999999999", None),
        ("1778384900000", None),
        ("", None),
        ("1e", None),
        ("abc", None),
    ] {
        assert_eq!(nanoseconds_from_decimal(text), expected, "{text}");
    }
}

#[test]
fn every_nanosecond_survives_its_text() {
    let seed = 20_261_122;
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..2_000 {
        let time_ns: i64 = random.random_range(0..i64::MAX);
        let text = format!("{}.{:09}", time_ns / 1_000_000_000, time_ns % 1_000_000_000);
        assert_eq!(nanoseconds_from_decimal(&text), Some(time_ns), "{text}");
    }
}
