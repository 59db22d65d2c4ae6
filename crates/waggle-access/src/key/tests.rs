use super::{configuration_secret, is_classic, long_secret};

#[test]
fn classic_keys_are_told_by_their_shape() {
    let hex = "0123456789abcdef0123456789abcdef";
    let ingest = format!("hcxic_{}", "0a".repeat(29));
    for (key, expected) in [
        (hex, true),
        (ingest.as_str(), true),
        ("", false),
        (&hex[1..], false),
        (&hex.to_uppercase(), false),
        (&hex.replace('f', "g"), false),
        (&ingest.replace("hcx", "hcX"), false),
        (&ingest.replace("hcx", "hc1"), false),
        (&ingest.replace("ic_", "ik_"), false),
        (&ingest.replace('a', "A"), false),
        (&ingest[..63], false),
        (&format!("{ingest}0"), false),
        ("abc123DEF456ghi789jklm", false),
        (&"é".repeat(16), false),
    ] {
        assert_eq!(is_classic(key), expected, "{key}");
    }
}

#[test]
fn secrets_have_their_lengths_and_are_not_classic() {
    for (secret, length) in [(configuration_secret(), 22), (long_secret(), 32)] {
        assert_eq!(secret.len(), length);
        assert!(secret.chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(!is_classic(&secret));
    }
    assert_ne!(configuration_secret(), configuration_secret());
}
