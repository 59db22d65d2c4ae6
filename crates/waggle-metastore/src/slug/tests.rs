use super::{is_usable_name, means_same, slug};

#[test]
fn names_become_slugs() {
    for (name, expected) in [
        ("backend-flask", "backend-flask"),
        ("My Dataset!", "my-dataset-"),
        ("my-dataset-", "my-dataset-"),
        ("a/b c", "a-b-c"),
        ("Under_score.v1~x", "under_score.v1~x"),
        ("Zoë", "zo-"),
        ("日本", "--"),
        ("İ", "i-"),
    ] {
        assert_eq!(slug(name), expected, "{name}");
        assert_eq!(slug(expected), expected, "a slug is its own slug: {name}");
    }
}

#[test]
fn some_names_cannot_be_used() {
    let longest = "é".repeat(255);
    let too_long = "x".repeat(256);
    for (name, expected) in [
        ("shop", true),
        (" padded ", true),
        ("a/b", true),
        (longest.as_str(), true),
        (too_long.as_str(), false),
        ("", false),
        (" \t", false),
        ("line\nbreak", false),
        ("nul\0", false),
        ("__all__", false),
        ("__ALL__", false),
        ("__all", true),
    ] {
        assert_eq!(is_usable_name(name), expected, "{name:?}");
    }
}

#[test]
fn names_of_one_slug_mean_one_dataset_in_ascii_only() {
    assert!(means_same("My Dataset!", "my dataset?"));
    assert!(means_same("my-dataset-", "My Dataset!"));
    assert!(!means_same("日本", "中国"));
    assert!(!means_same("Zoë", "zo!"));
    assert!(!means_same("shop", "shop2"));
}
