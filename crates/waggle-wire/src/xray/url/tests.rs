use super::*;

#[test]
fn addresses_have_parts() {
    for (text, host, port, path, query) in [
        (
            "http://shop.example/cart",
            Some("shop.example"),
            None,
            Some("/cart"),
            None,
        ),
        (
            "https://u:p@shop.example:8443/a/b?q=1&r=?#top",
            Some("shop.example"),
            Some(8443),
            Some("/a/b"),
            Some("q=1&r=?"),
        ),
        ("http://[::1]:80", Some("::1"), Some(80), None, None),
        ("http://[::1", Some("[:"), Some(1), None, None),
        ("/cart?x", None, None, Some("/cart"), Some("x")),
        ("shop.example/cart", None, None, None, None),
        (
            "jdbc:postgresql://db1:5432/ledger",
            Some("db1"),
            Some(5432),
            Some("/ledger"),
            None,
        ),
        ("http://host:port/", Some("host"), None, Some("/"), None),
        ("", None, None, None, None),
        ("://", None, None, None, None),
    ] {
        let expected = Url {
            host,
            port,
            path,
            query,
        };
        assert_eq!(Url::parse(text), expected, "{text}");
    }
}
