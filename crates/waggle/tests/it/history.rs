//! What was asked is remembered: its answer after a restart and without the events, and who asked it.

use crate::server::{KEY, Server, eventually};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_outlives_a_restart_and_its_events() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), &[]);
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
    let events = json!([{"time": at.to_string(), "data": {"name": "GET /", "took": 12}}]);
    server.post("/1/batch/shop", &events).await;
    let spec = json!({"calculations": [{"op": "SUM", "column": "took"}], "breakdowns": ["name"]});
    let asked = server.query("shop", spec.clone()).await;
    assert_eq!(asked["total"], json!({"SUM(took)": 12}));
    let query = server.post("/1/queries/shop", &spec).await;
    let body = json!({"query_id": query["id"]});
    let run = server.post("/1/query_results/shop", &body).await;
    let run_path = format!("/1/query_results/shop/{}", run["id"].as_str().unwrap());
    let answered = server.get(&run_path).await;
    assert_eq!(answered["complete"], true);
    let usage = server.get("/api/environments/production/usage").await;
    assert_eq!(usage["datasets"][0]["dataset"], "shop");
    assert_eq!(usage["events"], 1);
    assert!(server.stop());

    let server = Server::start(data.path(), &[]);
    keep_half_an_hour(&server).await;
    eventually("the event to age out", async || {
        let rows = server.rows("shop", json!([])).await;
        rows.is_empty().then_some(())
    })
    .await;
    let kept_path = format!(
        "/api/environments/production/results/{}",
        asked["result_id"].as_str().unwrap()
    );
    let kept = server.get(&kept_path).await;
    for member in ["results", "series", "total", "query"] {
        assert_eq!(kept[member], asked[member], "{member}");
    }
    assert_eq!(server.get(&run_path).await["data"], answered["data"]);
    let after = server.get("/api/environments/production/usage").await;
    assert_eq!(after["datasets"], usage["datasets"]);
    let history = server
        .get("/api/environments/production/history?column=took&mine=true")
        .await;
    let ids: Vec<&Value> = history["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| &run["result_id"])
        .collect();
    assert_eq!(ids, [&run["id"], &asked["result_id"]]);
    assert_eq!(history["runs"][1]["rows_read"], 1);

    // Nor does it need its dataset, or a key for its picture.
    let path = format!("{}/1/datasets/shop", server.origin);
    let open = json!({
        "description": "", "expand_json_depth": 0, "settings": {"delete_protected": false},
    });
    let opened = server.http.put(&path).header("x-honeycomb-team", KEY);
    assert_eq!(opened.json(&open).send().await.unwrap().status(), 200);
    let deleted = server.http.delete(path).header("x-honeycomb-team", KEY);
    assert_eq!(deleted.send().await.unwrap().status(), 202);
    assert_eq!(server.get("/1/datasets").await, json!([]));
    let mut orphan = kept;
    orphan["dataset"] = Value::Null;
    assert_eq!(server.get(&kept_path).await, orphan);
    let picture = answered["links"]["graph_image_url"].as_str().unwrap();
    let (_, picture) = picture.split_once("/api/").unwrap();
    let picture = server.http.get(format!("{}/api/{picture}", server.origin));
    let picture = picture.send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/png");
}

/// Sets a limit of age as the administrator, which counts at once.
async fn keep_half_an_hour(server: &Server) {
    let person = json!({"email": "ada@example.com", "password": "correct horse battery"});
    let call = server.http.post(format!("{}/api/session", server.origin));
    let signed_in = call.json(&person).send().await.unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let path = "/api/environments/production/retention";
    let call = server.http.put(format!("{}{path}", server.origin));
    let call = call.header("cookie", cookie);
    let set = call.json(&json!({"age_s": 1_800, "bytes": null})).send();
    assert_eq!(set.await.unwrap().status(), 200);
}
