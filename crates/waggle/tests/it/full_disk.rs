//! A disk that fills up under load: events are refused with 503 and `Retry-After`, questions are answered, and everything goes on by
//! itself once there is room. The disk is a small file system in memory.

use crate::server::{KEY, Server, eventually};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, or says aloud why that is impossible here.
    fn mount(dir: &Path, size: &str) -> Option<Self> {
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "waggle-test"])
            .arg(dir)
            .output();
        match output {
            Ok(output) if output.status.success() => Some(Self(dir.to_owned())),
            Ok(output) => {
                let reason = String::from_utf8_lossy(&output.stderr).into_owned();
                eprintln!("SKIPPED: a small file system can't be mounted: {reason}");
                None
            }
            Err(error) => {
                eprintln!("SKIPPED: there is no mount program: {error}");
                None
            }
        }
    }

    fn grow(&self, size: &str) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,size={size}")])
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that was killed a moment ago may still hold a file.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// One batch of events that do not compress; the answer's status and `Retry-After`.
async fn send(
    server: &Server,
    rng: &mut StdRng,
    first: u64,
) -> (StatusCode, Option<String>, usize) {
    let events: Vec<Value> = (first..first + 50)
        .map(|id| {
            let mut bytes = [0_u8; 1_500];
            rng.fill_bytes(&mut bytes);
            let padding: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({"data": {"id": id, "padding": padding}})
        })
        .collect();
    let answer = server
        .http
        .post(format!("{}/1/batch/full", server.origin))
        .header("X-Honeycomb-Team", KEY)
        .json(&events)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    let body: Value = answer.json().await.unwrap();
    let accepted = body.as_array().map_or(0, |entries| {
        let is_accepted = |entry: &&Value| entry["status"] == 202;
        entries.iter().filter(is_accepted).count()
    });
    (status, retry_after, accepted)
}

/// What `/readyz` says.
async fn ready(server: &Server) -> (StatusCode, String) {
    let url = format!("{}/readyz", server.origin);
    let answer = server.http.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_events_answers_questions_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), "40m") else {
        return;
    };
    let data = folder.path().join("data");
    let flags = [
        "--disk-reserve-bytes",
        "6MiB",
        "--wal-bytes-max",
        "4MiB",
        "--flush-interval",
        "1s",
    ];
    let server = Server::start(&data, &flags);
    let mut rng = StdRng::seed_from_u64(1);
    let mut acknowledged = 0;
    let mut next = 0;
    let refused = loop {
        let (status, retry_after, accepted) = send(&server, &mut rng, next).await;
        next += 50;
        acknowledged += accepted;
        match status {
            StatusCode::OK => assert_eq!(accepted, 50),
            StatusCode::TOO_MANY_REQUESTS => {}
            // Logs that have become blocks make room once more.
            _ if ready(&server).await.0 == StatusCode::OK => {}
            _ => break (status, retry_after),
        }
        assert!(next < 100_000, "the disk does not fill up");
    };
    eprintln!("{acknowledged} events acknowledged before the disk was full");
    assert_eq!(refused.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.1.as_deref(), Some("1"));
    assert_eq!(
        ready(&server).await,
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "events are refused, queries are answered: the disk is full\n".to_owned()
        )
    );
    let expected = i64::try_from(acknowledged).unwrap();
    assert_eq!(server.count("full", json!([])).await, expected);

    // Somebody else takes the reserve as well, to the last byte.
    let balloon = folder.path().join("balloon");
    let filled = Command::new("dd")
        .args([
            "if=/dev/zero",
            "bs=4k",
            &format!("of={}", balloon.display()),
        ])
        .output()
        .unwrap();
    assert!(!filled.status.success(), "dd ends when there is no room");
    for _ in 0..5 {
        let (status, retry_after, _) = send(&server, &mut rng, next).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(retry_after.as_deref(), Some("1"));
        assert_eq!(server.count("full", json!([])).await, expected);
    }

    // With room everything goes on, in the same process.
    std::fs::remove_file(&balloon).unwrap();
    disk.grow("160m");
    let accepted = eventually("events are taken in again", async || {
        let (status, _, accepted) = send(&server, &mut StdRng::seed_from_u64(2), next).await;
        (status == StatusCode::OK).then_some(accepted)
    })
    .await;
    assert_eq!(ready(&server).await, (StatusCode::OK, "ok\n".to_owned()));
    acknowledged += accepted;
    let expected = i64::try_from(acknowledged).unwrap();
    assert_eq!(server.count("full", json!([])).await, expected);
    server.kill();
    let server = Server::start(&data, &flags);
    assert_eq!(server.count("full", json!([])).await, expected);
    assert!(server.stop());
}
