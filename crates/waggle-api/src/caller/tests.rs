use super::*;
use axum::http::HeaderValue;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

#[test]
fn the_first_key_counts_and_a_blank_one_is_none() {
    let check = |pairs: &[(&'static str, &'static str)], expected: Option<&str>| {
        assert_eq!(key_of(&headers(pairs)), expected, "{pairs:?}");
    };
    check(&[], None);
    check(&[("x-honeycomb-team", "")], None);
    check(
        &[("x-honeycomb-team", " a "), ("x-honeycomb-team", "b")],
        Some("a"),
    );
    check(&[("x-hny-team", "b")], Some("b"));
}

#[test]
fn the_token_is_found_among_other_cookies() {
    let check = |cookie: &'static str, expected: Option<&str>| {
        assert_eq!(
            token_of(&headers(&[("cookie", cookie)])),
            expected,
            "{cookie}"
        );
    };
    check("a=b; waggle_session=xyz; c", Some("xyz"));
    check("not_waggle_session=xyz", None);
}

#[test]
fn only_pages_and_names_of_this_machine_are_local() {
    let check = |host: &'static str, origin: Option<&'static str>, expected: bool| {
        let mut pairs = vec![("host", host)];
        pairs.extend(origin.map(|origin| ("origin", origin)));
        let headers = headers(&pairs);
        let found = is_local_host(&headers) && is_local_origin(&headers);
        assert_eq!(found, expected, "{host} {origin:?}");
    };
    check("localhost:8080", None, true);
    check("127.0.0.1:8080", Some("http://127.0.0.1:8080"), true);
    check("[::1]:8080", Some("http://[::1]:8080"), true);
    check("waggle.localhost", Some("http://localhost:3000"), true);
    check("evil.example", None, false);
    check("127.0.0.1.evil.example:8080", None, false);
    check("localhost:8080", Some("https://evil.example"), false);
    check("localhost:8080", Some("null"), false);
}
