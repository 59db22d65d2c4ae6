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
    let run = installation.ask_with_key("POST", RUN).json(&json!({}));
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

/// The address of the picture of a new result.
async fn shared(installation: &Installation) -> String {
    installation.dataset(installation.production, "shop").await;
    let run = installation.ask_with_key("POST", RUN).json(&json!({}));
    let run = run.send().await.json();
    let id = run["result_id"].as_str().unwrap();
    let path = format!("/api/environments/production/results/{id}/picture");
    let shared = installation.ask_with_key("GET", &path).send().await.json();
    shared["image_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn no_more_pictures_are_drawn_at_once_than_may_be() {
    let installation = Installation::new().await;
    let image = shared(&installation).await;
    let limits = &installation.state.limits;
    let all = limits.pictures.try_acquire_many(2).unwrap();
    let refused = get(&installation, &image).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.check_error(503, "as many pictures as may be are being drawn; try again");
    drop(all);
    for _ in 0..3 {
        assert_eq!(get(&installation, &image).await.status, 200);
    }
}

#[tokio::test]
async fn of_a_very_long_result_there_is_no_picture() {
    let bounded = async |picture_result_bytes_max| {
        let config = ApiConfig {
            picture_result_bytes_max,
            ..ApiConfig::default()
        };
        let installation = Installation::with(config).await;
        let image = shared(&installation).await;
        get(&installation, &image).await
    };
    let none = "there is no picture of a result of more than 100 bytes";
    bounded(100).await.check_error(404, none);
    assert_eq!(bounded(100_000).await.status, 200);
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
