use super::*;

#[test]
fn the_name_is_everything_after_the_prefix_decoded() {
    for (path, name) in [
        ("/1/batch/shop", Some("shop")),
        ("/1/events/shop", Some("shop")),
        ("/1/batch/My%20Dataset!", Some("My Dataset!")),
        ("/1/batch/a/b", Some("a/b")),
        ("/1/batch/a%2Fb", Some("a/b")),
        ("/1/batch/a%2fb/c", Some("a/b/c")),
        ("/1/events/caf%C3%A9%20%F0%9F%90%9D", Some("café 🐝")),
        ("/1/batch/a+b", Some("a+b")),
        ("/1/batch/100%", Some("100%")),
        ("/1/batch/100%2", Some("100%2")),
        ("/1/batch/%zz", Some("%zz")),
        ("/1/batch/%ff", Some("\u{fffd}")),
        ("/1/batch/", None),
        ("/1/batch/%20", None),
        ("/1/batch/__all__", None),
        ("/1/batch/%5F_all__", None),
        ("/1/markers/shop", None),
    ] {
        assert_eq!(dataset_name_from_path(path).as_deref(), name, "{path}");
    }
}
