use super::{Walk, check_rules, installation, long};
use crate::ApiConfig;
use crate::tests::{Installation, NOW_NS};
use serde_json::json;
use waggle_access::Permission;

#[tokio::test]
async fn markers_are_kept() {
    let installation = installation().await;
    for path in ["/1/markers/shop", "/1/markers/__all__"] {
        Walk {
            path,
            body: json!({"start_time": 1471040808, "end_time": 1471040920, "message": "backend deploy #123", "type": "deploy",
                         "url": "http://link"}),
            expected: json!({"start_time": 1471040808, "end_time": 1471040920, "message": "backend deploy #123", "type": "deploy",
                             "url": "http://link"}),
            change: json!({"message": "x"}),
            changed: json!({"start_time": 1471040808, "end_time": 1471040920, "message": "x", "type": "deploy", "url": "http://link"}),
            has_get: false,
            delete_status: 200,
            permission: Permission::ManageMarkers,
            is_team_wide: false,
        }
        .run(&installation)
        .await;
    }
}

/// What honeymarker does: add, list, update with one member, remove; in a dataset whose name has a space.
#[tokio::test]
async fn honeymarkers_habits_work() {
    let installation = installation().await;
    installation
        .dataset(installation.production, "My Shop")
        .await;
    let path = "/1/markers/My%20Shop";
    let body = json!({"message": "back", "start_time": 0, "end_time": 0, "type": "", "url": ""});
    let made = installation.send("POST", path, &body).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["start_time"], NOW_NS / 1_000_000_000);
    assert_eq!(made.get("end_time"), None);
    assert_eq!(made.get("type"), None);
    let id = made["id"].as_str().unwrap();
    assert!(
        id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{id}"
    );
    let listed = installation
        .ask_with_key("GET", path)
        .header("x-honeycomb-dataset", "My Shop");
    assert_eq!(listed.send().await.json(), json!([made]));
    let one = format!("{path}/{id}");
    let changed = installation
        .send("PUT", &one, &json!({"end_time": 1_800_000_000}))
        .await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.json()["message"], "back");
    let deleted = installation.delete(&one).await;
    assert_eq!((deleted.status, &deleted.json()["id"]), (200, &made["id"]));
}

#[tokio::test]
async fn a_dataset_sees_its_own_markers_and_all_sees_all() {
    let installation = installation().await;
    let of_shop = installation
        .make("/1/markers/shop", &json!({"message": "shop"}))
        .await;
    let wide = installation
        .make("/1/markers/__all__", &json!({"message": "wide"}))
        .await;
    let get = |path: &'static str| installation.get(path);
    get("/1/markers/shop").await.check(200, &json!([of_shop]));
    get("/1/markers/other").await.check(200, &json!([]));
    get("/1/markers/__all__")
        .await
        .check(200, &json!([of_shop, wide]));
    let id = of_shop["id"].as_str().unwrap();
    let answer = installation.delete(&format!("/1/markers/other/{id}")).await;
    answer.check_error(404, "Marker not found");
    get("/1/markers/missing")
        .await
        .check_error(404, "Dataset not found");
}

#[tokio::test]
async fn lists_of_markers_show_the_colour_of_the_type() {
    let installation = installation().await;
    let deploy = json!({"type": "deploy"});
    for path in ["/1/markers/shop", "/1/markers/other", "/1/markers/__all__"] {
        installation.make(path, &deploy).await;
    }
    installation.make("/1/markers/shop", &json!({})).await;
    let color = |color: &str| json!({"type": "deploy", "color": color});
    installation
        .make("/1/marker_settings/shop", &color("#111111"))
        .await;
    installation
        .make("/1/marker_settings/__all__", &color("#222222"))
        .await;
    let listed = installation.get("/1/markers/__all__").await.json();
    let colors: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|marker| marker.get("color").cloned())
        .collect();
    assert_eq!(
        colors,
        [
            Some(json!("#111111")),
            Some(json!("#222222")),
            Some(json!("#222222")),
            None
        ]
    );
}

#[tokio::test]
async fn marker_settings_are_kept() {
    let installation = installation().await;
    let path = "/1/marker_settings/shop";
    let body = json!({"type": "deploy", "color": "#F96E11"});
    Walk {
        path,
        body: body.clone(),
        expected: json!({"type": "deploy", "color": "#F96E11", "updated_at": null}),
        change: json!({"type": "deploy", "color": "#000000"}),
        changed: json!({"type": "deploy", "color": "#000000", "updated_at": "2024-11-22T10:06:40.123Z"}),
        has_get: false,
        delete_status: 200,
        permission: Permission::ManageMarkers,
        is_team_wide: false,
    }
    .run(&installation)
    .await;
    installation.make(path, &body).await;
    let again = installation.send("POST", path, &body).await;
    again.check_error(409, "A resource by that name already exists.");
    installation.make("/1/marker_settings/other", &body).await;
}

#[tokio::test]
async fn wrong_markers_are_named_field_by_field() {
    let installation = installation().await;
    let base = json!({"start_time": 10, "type": "deploy"});
    check_rules(
        &installation,
        "POST",
        "/1/markers/shop",
        &base,
        &[
            (
                json!({"start_time": "now"}),
                "start_time",
                "incorrect_type",
                "must be a whole number",
            ),
            (
                json!({"end_time": 9}),
                "end_time",
                "invalid",
                "must not be before start_time",
            ),
            (
                json!({"message": 7}),
                "message",
                "incorrect_type",
                "must be a string",
            ),
            (
                json!({"type": long(256)}),
                "type",
                "invalid",
                "must have at most 255 characters",
            ),
            (
                json!({"url": long(2_049)}),
                "url",
                "invalid",
                "must have at most 2048 characters",
            ),
        ],
    )
    .await;
    check_rules(
        &installation,
        "POST",
        "/1/marker_settings/shop",
        &json!({"type": "deploy", "color": "#123abc"}),
        &[
            (json!({"type": ""}), "type", "missing", "cannot be blank"),
            (json!({"type": null}), "type", "missing", "cannot be blank"),
            (
                json!({"color": null}),
                "color",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"color": "red"}),
                "color",
                "invalid",
                "must have the form #RRGGBB",
            ),
            (
                json!({"color": "#12345g"}),
                "color",
                "invalid",
                "must have the form #RRGGBB",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn markers_take_so_much_room_together() {
    let installation = Installation::with(ApiConfig {
        environment_artifacts_bytes_max: 3_000,
        ..ApiConfig::default()
    })
    .await;
    let path = "/1/markers/__all__";
    let marker = json!({"message": long(1_200)});
    let first = installation.make_id(path, &marker).await;
    installation.make(path, &marker).await;
    let full = "Marker: all together would have more than 3000 bytes, the most they may have";
    let answer = installation.send("POST", path, &marker).await;
    answer.check_error(409, full);
    let one = format!("{path}/{first}");
    let answer = installation
        .send("PUT", &one, &json!({"message": long(2_000)}))
        .await;
    answer.check_error(409, full);
    assert_eq!(installation.delete(&one).await.status, 200);
    installation.make(path, &marker).await;
}
