use super::*;

#[test]
fn only_the_two_classic_shapes_are_classic() {
    let tail = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl";
    assert_eq!(tail.len(), 58);
    for (key, classic) in [
        ("0123456789abcdef0123456789abcdef", true),
        ("0123456789ABCDEF0123456789abcdef", false),
        ("0123456789abcdef0123456789abcde", false),
        ("0123456789abcdef0123456789abcdeg", false),
        (&*format!("hcaic_{tail}"), true),
        (&*format!("hc1ic_{tail}"), false),
        (&*format!("hcaik_{tail}"), false),
        (&*format!("hcxik_{tail}"), false),
        (&*format!("hcaic_{}", tail.to_uppercase()), false),
        ("abc123DEF456ghi789jklm", false),
        ("", false),
    ] {
        assert_eq!(is_classic_key(key), classic, "{key}");
    }
}
