use super::{basic, basic_seconds, encoded_path, sorted_query};

#[test]
fn times_are_read_and_written() {
    assert_eq!(basic_seconds("20150830T123600Z"), Some(1_440_938_160));
    assert_eq!(basic(1_440_938_160), "20150830T123600Z");
    for wrong in [
        "20150830T123600",
        "20150830 123600Z",
        "20151330T123600Z",
        "+0150830T123600Z",
        "",
    ] {
        assert_eq!(basic_seconds(wrong), None, "{wrong}");
    }
}

#[test]
fn paths_are_encoded_once_more_and_parameters_sorted() {
    assert_eq!(encoded_path("/v1/traces"), "/v1/traces");
    assert_eq!(encoded_path("/a%20b/c~d"), "/a%2520b/c~d");
    assert_eq!(sorted_query("b=2&a=%20&a=1&c"), "a=%20&a=1&b=2&c=");
    assert_eq!(sorted_query(""), "");
}
