//! Acknowledged means durable: the process is killed again and again while clients send, and every acknowledged event must be there, once.

use crate::server::{KEY, Server};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KILLS: usize = 12;
const SENDERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_event_survives_twelve_kills_exactly_once() {
    let data = tempfile::tempdir().unwrap();
    // Small segments, so that kills fall into flushes as well as into appends.
    let flags = ["--wal-bytes-max", "1MiB", "--flush-interval", "1s"];
    let next = Arc::new(AtomicU64::new(0));
    let acknowledged: Arc<Mutex<Vec<u64>>> = Arc::default();
    for round in 0..KILLS {
        let server = Server::start(data.path(), &flags);
        let target = 400 * (round as u64 % 4 + 1);
        let before = acknowledged.lock().unwrap().len() as u64;
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (origin, http) = (server.origin.clone(), server.http.clone());
                let (next, acknowledged) = (Arc::clone(&next), Arc::clone(&acknowledged));
                tokio::spawn(async move {
                    while send(&http, &origin, sender, &next, &acknowledged).await {}
                })
            })
            .collect();
        // The kill comes in the middle of whatever is under way once enough has been acknowledged in this round.
        while (acknowledged.lock().unwrap().len() as u64) < before + target {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
    }

    let server = Server::start(data.path(), &flags);
    let found = ids(&server).await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    let lost: Vec<u64> = acknowledged
        .iter()
        .copied()
        .filter(|id| !found.contains_key(id))
        .collect();
    let doubled: Vec<u64> = found
        .iter()
        .filter(|(_, times)| **times > 1)
        .map(|(id, _)| *id)
        .collect();
    eprintln!(
        "{} acknowledged over {KILLS} kills, {} found, {} lost, {} doubled",
        acknowledged.len(),
        found.len(),
        lost.len(),
        doubled.len()
    );
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    assert!(doubled.is_empty(), "stored twice: {doubled:?}");

    // The same again after a clean stop, when everything comes from blocks.
    assert!(server.stop());
    let server = Server::start(data.path(), &flags);
    assert_eq!(ids(&server).await, found);
}

/// Sends one batch; false when the server is gone.
async fn send(
    http: &reqwest::Client,
    origin: &str,
    sender: usize,
    next: &AtomicU64,
    acknowledged: &Mutex<Vec<u64>>,
) -> bool {
    let first = next.fetch_add(20, Ordering::Relaxed);
    let events: Vec<Value> = (first..first + 20)
        .map(|id| json!({"data": {"id": id, "sender": sender, "padding": format!("{id:0200}")}}))
        .collect();
    let answer = http
        .post(format!("{origin}/1/batch/kills-{}", sender % 2))
        .header("X-Honeycomb-Team", KEY)
        .json(&events)
        .send()
        .await;
    let Ok(answer) = answer else { return false };
    if answer.status().as_u16() == 429 {
        return true;
    }
    assert_eq!(answer.status().as_u16(), 200);
    let Ok(statuses) = answer.json::<Value>().await else {
        return false;
    };
    let statuses = statuses.as_array().unwrap();
    assert_eq!(statuses.len(), 20);
    let accepted = (first..)
        .zip(statuses)
        .filter(|(_, entry)| entry["status"] == 202)
        .map(|(id, _)| id);
    acknowledged.lock().unwrap().extend(accepted);
    true
}

/// Every stored id and how often it is there.
async fn ids(server: &Server) -> HashMap<u64, usize> {
    let mut found = HashMap::new();
    let mut before = Value::Null;
    loop {
        let body = json!({"limit": 1000, "time_range": 86_400, "before": before});
        let page = server
            .post("/api/environments/production/datasets/__all__/rows", &body)
            .await;
        for row in page["rows"].as_array().unwrap() {
            *found
                .entry(row["data"]["id"].as_u64().unwrap())
                .or_default() += 1;
        }
        before = page["next"].clone();
        if before.is_null() {
            return found;
        }
    }
}
