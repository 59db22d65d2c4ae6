//! Rate limits, over HTTP, with a clock that the tests move.

use super::{Answer, Call, Installation, NOW_NS};
use crate::{ApiConfig, RateLimits};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use waggle_access::Permission;
use waggle_metastore::KeyKind;
use waggle_model::Clock;

const SECOND_NS: i64 = 1_000_000_000;

struct Limited {
    installation: Installation,
    now_ns: Arc<AtomicI64>,
}

impl Limited {
    async fn new(rate_limits: RateLimits) -> Self {
        Self::with(ApiConfig {
            rate_limits,
            ..ApiConfig::default()
        })
        .await
    }

    async fn with(config: ApiConfig) -> Self {
        let now_ns = Arc::new(AtomicI64::new(NOW_NS));
        let shown_ns = Arc::clone(&now_ns);
        let clock = Clock::new(move || shown_ns.load(Ordering::Relaxed));
        Self {
            installation: Installation::at(clock, config).await,
            now_ns,
        }
    }

    fn wait(&self, seconds: i64) {
        self.now_ns
            .fetch_add(seconds * SECOND_NS, Ordering::Relaxed);
    }

    fn boards(&self) -> Call {
        self.installation.ask_with_key("GET", "/1/boards")
    }

    fn events(&self, count: usize) -> Call {
        let events = vec![json!({"data": {"n": 1}}); count];
        self.installation
            .ask_with_key("POST", "/1/batch/shop")
            .json(&json!(events))
    }
}

#[track_caller]
fn check_standing(answer: &Answer, status: u16, standing: &str, policy: &str) {
    assert_eq!(
        (
            answer.status,
            answer.header("Ratelimit"),
            answer.header("RateLimit-Policy"),
            answer.header("RateLimitPolicy")
        ),
        (status, standing, policy, policy)
    );
}

#[tokio::test]
async fn no_limit_is_no_header() {
    let installation = Installation::new().await;
    let answer = installation.ask_with_key("GET", "/1/boards").send().await;
    check_standing(&answer, 200, "", "");
    let answer = installation.manage("GET", "/2/auth").send().await;
    check_standing(&answer, 200, "", "");
}

#[tokio::test]
async fn a_key_has_so_many_calls_in_a_window() {
    let limited = Limited::new(RateLimits {
        key_calls_max: 2,
        window: Duration::from_secs(30),
        ..RateLimits::default()
    })
    .await;
    let answer = limited.boards().send().await;
    check_standing(&answer, 200, "limit=2, remaining=1, reset=30", "2;w=30");
    limited.wait(10);
    // A call that fails counts, and says so.
    let answer = limited.installation.ask_with_key("GET", "/1/boards/none");
    let answer = answer.send().await;
    check_standing(&answer, 404, "limit=2, remaining=0, reset=20", "2;w=30");
    let answer = limited.boards().send().await;
    check_standing(&answer, 429, "limit=2, remaining=0, reset=20", "2;w=30");
    // The window ends at 10:07:10.123, and headers know full seconds only.
    assert_eq!(
        answer.header("retry-after"),
        "Fri, 22 Nov 2024 10:07:11 GMT"
    );
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let text = "Please try again after 2024-11-22T10:07:11Z.";
    answer.check(
        429,
        &json!({
            "status": 429, "type": "http://waggle.test:8080/problems/rate-limited",
            "title": "You have exceeded your rate limit.",
            "error": text, "detail": text, "instance": "/1/boards",
        }),
    );
    let production = limited.installation.production;
    let other = limited
        .installation
        .key_with(
            production,
            KeyKind::Configuration,
            [Permission::ManageBoards],
        )
        .await;
    let answer = limited.boards().header("x-honeycomb-team", &other);
    let answer = answer.send().await;
    check_standing(&answer, 200, "limit=2, remaining=1, reset=30", "2;w=30");
    let answer = limited.events(1).send().await;
    check_standing(&answer, 200, "", "");
    limited.wait(20);
    let answer = limited.boards().send().await;
    check_standing(&answer, 200, "limit=2, remaining=1, reset=30", "2;w=30");
}

#[tokio::test]
async fn a_team_has_so_many_calls_whichever_key_it_uses() {
    let limited = Limited::new(RateLimits {
        key_calls_max: 100,
        team_calls_max: 2,
        ..RateLimits::default()
    })
    .await;
    let answer = limited.boards().send().await;
    check_standing(&answer, 200, "limit=2, remaining=1, reset=60", "2;w=60");
    let manage = || limited.installation.manage("GET", "/2/auth").send();
    let answer = manage().await;
    check_standing(&answer, 200, "limit=2, remaining=0, reset=60", "2;w=60");
    let answer = manage().await;
    check_standing(&answer, 429, "limit=2, remaining=0, reset=60", "2;w=60");
    assert_eq!(answer.header("content-type"), "application/vnd.api+json");
    assert_eq!(
        answer.header("retry-after"),
        "Fri, 22 Nov 2024 10:07:41 GMT"
    );
    let error = &answer.json()["errors"][0];
    assert_eq!(error["status"], "429");
    assert_eq!(error["code"], "rate-limited/may-retry");
    assert_eq!(error["title"], "request rate limit exceeded");
    // Nobody is told about limits of a team that isn't theirs.
    let answer = limited.boards().header("x-honeycomb-team", "nobodys");
    check_standing(&answer.send().await, 401, "", "");
    // People in the UI are not counted.
    let cookie = limited.installation.sign_in().await;
    for _ in 0..3 {
        let answer = limited
            .installation
            .ask("GET", "/api/environments/production/datasets")
            .header("cookie", &cookie);
        check_standing(&answer.send().await, 200, "", "");
    }
}

#[tokio::test]
async fn a_team_runs_so_many_queries_a_minute_and_fewer_across_spans() {
    let limited = Limited::new(RateLimits {
        team_queries_max: 3,
        team_relational_queries_max: 1,
        ..RateLimits::default()
    })
    .await;
    let installation = &limited.installation;
    installation.dataset(installation.production, "shop").await;
    let save = async |query| {
        let saved = installation.ask_with_key("POST", "/1/queries/shop");
        let saved = saved.json(&query).send().await;
        check_standing(&saved, 200, "", "");
        saved.json()["id"].as_str().unwrap().to_owned()
    };
    let plain = save(json!({})).await;
    let relational = save(json!({"filters": [{"column": "any.error", "op": "exists"}]})).await;
    let run = |query: &str| {
        installation
            .ask_with_key("POST", "/1/query_results/shop")
            .json(&json!({"query_id": query}))
            .send()
    };
    let answer = run(&relational).await;
    check_standing(&answer, 201, "limit=1, remaining=0, reset=60", "1;w=60");
    let answer = run(&relational).await;
    check_standing(&answer, 429, "limit=1, remaining=0, reset=60", "1;w=60");
    answer.check_error(429, "This endpoint allows 1 request per minute.");
    assert_eq!(answer.header("retry-after"), "");
    let answer = run(&plain).await;
    check_standing(&answer, 201, "limit=3, remaining=1, reset=60", "3;w=60");
    let answer = run(&plain).await;
    check_standing(&answer, 201, "limit=3, remaining=0, reset=60", "3;w=60");
    let answer = run(&plain).await;
    answer.check_error(429, "This endpoint allows 3 requests per minute.");
    limited.wait(60);
    assert_eq!(run(&relational).await.status, 201);
}

#[tokio::test]
async fn a_key_sends_so_many_events_a_second() {
    let limited = Limited::new(RateLimits {
        key_events_per_second: 10,
        ..RateLimits::default()
    })
    .await;
    // A batch is taken whole, and has to be made up for.
    assert_eq!(limited.events(25).send().await.status, 200);
    let refused = limited.events(1).send().await;
    refused.check(
        429,
        &json!({"error": "Request dropped due to rate limiting."}),
    );
    assert_eq!(refused.header("retry-after"), "1");
    check_standing(&refused, 429, "", "");
    let event = || limited.installation.ask_with_key("POST", "/1/events/shop");
    let refused = event().json(&json!({"n": 1})).send().await;
    refused.check_error(429, "Request dropped due to rate limiting.");
    for path in ["/v1/traces", "/v1/logs", "/v1/metrics"] {
        let refused = limited.installation.ask_with_key("POST", path);
        let refused = refused.json(&json!({})).send().await;
        assert_eq!(
            (refused.status, refused.json()["message"].as_str()),
            (429, Some("Request dropped due to rate limiting."))
        );
        assert_eq!(refused.header("retry-after"), "1");
    }
    let refused = limited
        .installation
        .ask_with_key("POST", "/1/kinesis_events/shop")
        .header("x-amz-firehose-request-id", "one")
        .json(&json!({"requestId": "one", "timestamp": 1, "records": []}))
        .send()
        .await;
    assert_eq!(
        (refused.status, refused.json()["errorMessage"].as_str()),
        (429, Some("Request dropped due to rate limiting."))
    );
    let other = limited
        .installation
        .key_with(
            limited.installation.production,
            KeyKind::Configuration,
            [Permission::SendEvents, Permission::CreateDatasets],
        )
        .await;
    let answer = limited.events(1).header("x-honeycomb-team", &other);
    assert_eq!(answer.send().await.status, 200);
    limited.wait(2);
    let taken = event().json(&json!({"n": 1})).send().await;
    assert_eq!(taken.status, 200, "{}", taken.text());
}

/// All are let in before the first is counted: what they bring is looked at when it is known.
#[tokio::test]
async fn batches_at_once_do_not_get_around_the_limit() {
    let limited = Limited::with(ApiConfig {
        rate_limits: RateLimits {
            key_events_per_second: 10,
            ..RateLimits::default()
        },
        offload_bytes_min: 0,
        ..ApiConfig::default()
    })
    .await;
    let sent = (0..8).map(|_| limited.events(20).send());
    let answers = futures::future::join_all(sent).await;
    let count = |status| {
        let answers = answers.iter();
        answers.filter(|answer| answer.status == status).count()
    };
    assert_eq!((count(200), count(429)), (1, 7));
    assert_eq!(limited.installation.sink.take().len(), 20);
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    refused.check_error(429, "Request dropped due to rate limiting.");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn queries_of_keys_count_whichever_door_they_take() {
    let limited = Limited::new(RateLimits {
        team_queries_max: 1,
        ..RateLimits::default()
    })
    .await;
    let installation = &limited.installation;
    installation.dataset(installation.production, "shop").await;
    let here = "/api/environments/production";
    let shop = format!("{here}/datasets/shop");
    let times = json!({"start_time": 1_732_269_600, "end_time": 1_732_273_200});
    let mut selecting = times.clone();
    selecting["selection"] = json!({"filters": [{"column": "a", "op": "exists"}]});
    let doors = [
        ("POST", format!("{shop}/query"), json!({})),
        ("POST", format!("{shop}/rows"), times),
        ("POST", format!("{shop}/bubble-up"), selecting),
        ("POST", format!("{here}/sql"), json!({"sql": "SELECT 1"})),
        ("GET", format!("{shop}/export"), Json::Null),
    ];
    for (method, path, body) in &doors {
        let ask = |call: Call| match body {
            Json::Null => call,
            body => call.json(body),
        };
        let taken = ask(installation.ask_with_key(method, path)).send().await;
        assert_eq!(taken.status, 200, "{path}: {}", taken.text());
        let refused = ask(installation.ask_with_key(method, path)).send().await;
        refused.check_error(429, "This endpoint allows 1 request per minute.");
        let cookie = installation.sign_in().await;
        let person = ask(installation.ask(method, path)).header("cookie", &cookie);
        assert_eq!(person.send().await.status, 200, "{path}");
        limited.wait(60);
    }
}

#[tokio::test]
async fn browsers_may_read_the_limits_and_name_their_library() {
    let limited = Limited::new(RateLimits {
        key_calls_max: 1,
        ..RateLimits::default()
    })
    .await;
    for path in ["/1/events/shop", "/1/batch/shop", "/v1/traces", "/1/boards"] {
        let preflight = limited
            .installation
            .ask("OPTIONS", path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "content-type,x-honeycomb-team,x-honeycomb-useragent",
            )
            .send()
            .await;
        assert_eq!(preflight.status, 200, "{path}");
        let allowed = preflight.header("access-control-allow-headers");
        assert!(
            allowed
                .split(',')
                .any(|name| name == "x-honeycomb-useragent"),
            "{path}: {allowed}"
        );
    }
    for status in [200, 429] {
        let answer = limited.boards().header("origin", "https://shop.example");
        let answer = answer.send().await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let exposed = answer.header("access-control-expose-headers");
        for name in [
            "retry-after",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "ratelimitpolicy",
        ] {
            assert!(exposed.split(',').any(|it| it == name), "{name}: {exposed}");
        }
    }
}
