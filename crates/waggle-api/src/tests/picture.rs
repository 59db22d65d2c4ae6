//! Pictures of results: who sees them, and where pages say so.

use super::{Answer, Installation, NOW_NS};
use crate::ApiConfig;
use axum::response::{Html, IntoResponse};
use http_body_util::BodyExt;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_metastore::QueryResultId;
use waggle_model::Clock;

const ORIGIN: &str = "http://waggle.test:8080";
const RUN: &str = "/api/environments/production/datasets/shop/query";

async fn get(installation: &Installation, path: &str) -> Answer {
    let path = path.strip_prefix(ORIGIN).unwrap_or(path);
    installation
        .ask("GET", path)
        .header("accept", "text/html")
        .send()
        .await
}

#[tokio::test]
async fn whoever_has_the_token_sees_the_picture_until_it_is_over() {
    let now_ns = Arc::new(AtomicI64::new(NOW_NS));
    let shown_ns = Arc::clone(&now_ns);
    let clock = Clock::new(move || shown_ns.load(Ordering::Relaxed));
    let installation = Installation::at(clock, ApiConfig::default()).await;
    installation.dataset(installation.production, "shop").await;
    let run = installation
        .ask_with_key("POST", RUN)
        .json(&json!({"query": {}}));
    let run = run.send().await;
    assert_eq!(run.status, 200, "{}", run.text());
    let id = run.json()["result_id"].as_str().unwrap().to_owned();
    let path = format!("/api/environments/production/results/{id}/picture");
    let shared = installation.ask_with_key("GET", &path).send().await.json();
    let (image, token) = (
        shared["image_url"].as_str().unwrap(),
        shared["token"].as_str().unwrap(),
    );
    // Seven days, to the end of the day.
    assert_eq!(shared["expires_at"], "2024-11-30T00:00:00Z");
    let seen = get(&installation, image).await;
    assert_eq!(
        (seen.status, seen.header("content-type")),
        (200, "image/png")
    );
    assert!(seen.body.starts_with(b"\x89PNG"));

    // The page of that result says where the picture is, and no other page does.
    let page = get(
        &installation,
        &format!("/default/environments/production/result/{id}?picture={token}"),
    )
    .await;
    let tag = format!(r#"<meta property="og:image" content="{image}">"#);
    assert!(page.text().contains(&tag), "{}", page.text());
    assert!(page.text().ends_with("</head>the page of a result"));
    for path in [
        format!("/default/environments/production/result/{id}"),
        format!("/default/environments/production/result/{id}?picture=made-up"),
        format!("/default/environments/production/result/yUheCUmgZ8p?picture={token}"),
        format!("/default/environments/production?picture={token}"),
    ] {
        assert!(
            !get(&installation, &path).await.text().contains("og:"),
            "{path}"
        );
    }

    let none = "no picture is to be had with this token";
    for wrong in [
        "/api/picture".to_owned(),
        "/api/picture?of=x.y".to_owned(),
        format!("/api/picture?of={token}x"),
    ] {
        get(&installation, &wrong).await.check_error(404, none);
    }
    now_ns.fetch_add(8 * 86_400_000_000_000, Ordering::Relaxed);
    get(&installation, image).await.check_error(404, none);
}

#[tokio::test]
async fn an_address_can_not_end_the_tag() {
    let installation = Installation::new().await;
    let page = Html("<head></head>").into_response();
    let token = crate::picture::token(
        &installation.state,
        installation.production,
        &QueryResultId("r".into()),
    );
    let address = format!(
        "/t/result/r?picture={}",
        installation.access.sign_picture(&token)
    );
    let origin = r#"http://x"><script>"#;
    let page =
        crate::picture::announced(&installation.state, origin, &address.parse().unwrap(), page)
            .await;
    let html = page.into_body().collect().await.unwrap().to_bytes();
    let html = String::from_utf8_lossy(&html);
    assert!(
        html.contains("og:image") && !html.contains("<script>"),
        "{html}"
    );
}
