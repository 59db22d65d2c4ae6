use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::{assets::Assets, router, router_of_folder, router_over};

static FILES: &[crate::assets::Entry] = &[
    ("assets/app-1a2b.js", b"plain"),
    ("assets/app-1a2b.js.br", b"brotli"),
    ("assets/app-1a2b.js.gz", b"gzip"),
    ("assets/font-3c4d.woff2", b"font"),
    ("index.html", b"<meta content=\"__CSP_NONCE__\"><p>app</p>"),
    ("theme.js", b"theme"),
];

async fn get(path: &str, headers: &[(&str, &str)]) -> (Response<()>, String) {
    ask(router_over(Assets::Embedded(FILES)), "GET", path, headers).await
}

async fn ask(
    router: axum::Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (Response<()>, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (
        Response::from_parts(parts, ()),
        String::from_utf8(bytes.to_vec()).unwrap(),
    )
}

fn header_of(response: &Response<()>, name: header::HeaderName) -> &str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn assets_are_immutable_and_come_in_the_best_accepted_encoding() {
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", "br", "brotli"),
        ("gzip", "gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", "gzip"),
        ("*", "br", "brotli"),
        ("*;q=0", "", "plain"),
        ("identity", "", "plain"),
        ("", "", "plain"),
    ] {
        let (response, got) = get("/assets/app-1a2b.js", &[("accept-encoding", accepted)]).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(got, body, "accept-encoding: {accepted}");
        assert_eq!(
            header_of(&response, header::CONTENT_ENCODING),
            encoding,
            "accept-encoding: {accepted}"
        );
        assert_eq!(
            header_of(&response, header::CACHE_CONTROL),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(header_of(&response, header::VARY), "Accept-Encoding");
        assert_eq!(
            header_of(&response, header::CONTENT_TYPE),
            "text/javascript; charset=utf-8"
        );
    }
}

#[tokio::test]
async fn a_file_without_a_twin_is_sent_as_it_is() {
    let (response, got) = get("/assets/font-3c4d.woff2", &[("accept-encoding", "br")]).await;
    assert_eq!(got, "font");
    assert_eq!(header_of(&response, header::CONTENT_ENCODING), "");
    assert_eq!(header_of(&response, header::CONTENT_TYPE), "font/woff2");
}

#[tokio::test]
async fn files_without_a_hash_in_their_name_are_revalidated() {
    let (response, got) = get("/theme.js", &[]).await;
    assert_eq!(got, "theme");
    assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
}

#[tokio::test]
async fn any_other_path_is_the_page_with_a_fresh_nonce() {
    let html = [("accept", "text/html,application/xhtml+xml")];
    let mut nonces = Vec::new();
    for path in [
        "/",
        "/index.html",
        "/default/environments/production/datasets/backend-flask?query=%7B%7D",
        "/1x/y",
    ] {
        let (response, got) = get(path, &html).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(got.contains("<p>app</p>"), "{path}: {got}");
        assert_eq!(header_of(&response, header::CACHE_CONTROL), "no-cache");
        assert_eq!(
            header_of(&response, header::X_CONTENT_TYPE_OPTIONS),
            "nosniff"
        );
        assert_eq!(header_of(&response, header::REFERRER_POLICY), "same-origin");
        let policy = header_of(&response, header::CONTENT_SECURITY_POLICY).to_owned();
        let nonce = policy
            .split("'nonce-")
            .nth(1)
            .unwrap()
            .split('\'')
            .next()
            .unwrap()
            .to_owned();
        assert_eq!(nonce.len(), 32);
        assert!(
            got.contains(&format!("content=\"{nonce}\"")),
            "the page carries the nonce of its policy"
        );
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "a nonce is never used twice");
}

#[tokio::test]
async fn api_paths_never_answer_with_html() {
    for path in [
        "/1/nothing",
        "/2/teams",
        "/v1/traces",
        "/api/nope",
        "/healthz",
        "/readyz/x",
        "/metrics",
        "/1",
        "/api",
    ] {
        let (response, got) = get(path, &[("accept", "text/html")]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(got, r#"{"error":"not found"}"#, "{path}");
        assert_eq!(
            header_of(&response, header::CONTENT_TYPE),
            "application/json"
        );
    }
}

#[tokio::test]
async fn what_wants_no_page_gets_none() {
    for (method, path, accept) in [
        ("GET", "/assets/gone-5e6f.js", "text/html"),
        ("GET", "/assets/app-1a2b.js.br", "text/html"),
        (
            "GET",
            "/default/environments/production",
            "application/json",
        ),
        ("POST", "/default/environments/production", "text/html"),
    ] {
        let (response, _) = ask(
            router_over(Assets::Embedded(FILES)),
            method,
            path,
            &[("accept", accept)],
        )
        .await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_build_the_page_says_how_to_make_one() {
    let (response, got) = ask(
        router_over(Assets::Embedded(&[])),
        "GET",
        "/",
        &[("accept", "text/html")],
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(got.contains("npm ci --ignore-scripts"), "{got}");
    assert!(got.contains("make build"), "{got}");
    assert!(!got.contains("__CSP_NONCE__"), "{got}");
}

#[tokio::test]
async fn the_embedded_build_serves_every_file_its_page_names() {
    let (response, page) = ask(router(), "GET", "/", &[("accept", "text/html")]).await;
    assert_eq!(response.status(), StatusCode::OK);
    for part in page.split("=\"/").skip(1) {
        let path = format!("/{}", part.split('"').next().unwrap());
        let (response, _) = ask(router(), "HEAD", &path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_folder_is_served_as_it_is_now_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    std::fs::create_dir_all(dist.join("assets")).unwrap();
    std::fs::write(folder.path().join("secret.js"), "secret").unwrap();
    let html = [("accept", "text/html")];
    let ask = async |path: &str| {
        ask(router_of_folder(dist.clone()), "GET", path, &html)
            .await
            .1
    };
    assert!(ask("/").await.contains("without its web interface"));
    std::fs::write(dist.join("index.html"), "<p>__CSP_NONCE__</p>").unwrap();
    for text in ["one", "two"] {
        std::fs::write(dist.join("assets/app.js"), text).unwrap();
        assert_eq!(ask("/assets/app.js").await, text);
    }
    for path in ["/../secret.js", "/assets/../../secret.js", "//secret.js"] {
        assert!(!ask(path).await.contains("secret"), "{path}");
    }
    assert!(ask("/any/page").await.starts_with("<p>"));
}
