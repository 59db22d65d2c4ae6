use super::{check_rules, installation};
use crate::tests::{Call, Installation};
use crate::{ApiConfig, router};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::time::Duration;
use waggle_access::Permission;
use waggle_metastore::KeyKind;
use waggle_model::{
    Cell, DatasetScope, FilterOp, FilterValue, Group, QueryError, QuerySpec, ResultTable, Value,
};

const PATH: &str = "/1/maps/dependencies/requests";

/// An engine that knows 25 services below `web`, `s00` of which was called most, and one of which calls another.
fn services(spec: &QuerySpec, mut table: ResultTable) -> ResultTable {
    assert_eq!(spec.breakdowns, ["parent.service.name", "service.name"]);
    let group = |parent: &str, child: &str, count: i64| Group {
        key: [parent, child]
            .map(|name| Some(Value::String(name.into())))
            .into(),
        values: vec![Cell::Int(count)],
    };
    let mut groups: Vec<Group> = (0..25)
        .map(|index| group("web", &format!("s{index:02}"), 100 - index))
        .collect();
    // A service's own inner spans are no calls.
    groups.extend([group("web", "web", 500), group("s03", "s04", 1_000)]);
    table.group_count = groups.len();
    table.groups = groups;
    table
}

async fn mapped() -> Installation {
    let installation = installation().await;
    *installation.engine.table.lock() = Some(Box::new(services));
    installation
}

fn edge(parent: &str, child: &str, call_count: i64) -> Json {
    json!({
        "parent_node": {"name": parent, "type": "service"}, "child_node": {"name": child, "type": "service"},
        "call_count": call_count,
    })
}

async fn ask(installation: &Installation, query: &str, body: &Json) -> String {
    let answer = installation
        .send("POST", &format!("{PATH}{query}"), body)
        .await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    let id = answer.json()["request_id"].as_str().unwrap().to_owned();
    let location = format!("http://waggle.test:8080{PATH}/{id}");
    assert_eq!(answer.header("location"), location);
    assert_eq!(
        answer.header("last-modified"),
        "Fri, 22 Nov 2024 10:06:40 GMT"
    );
    id
}

#[tokio::test]
async fn a_map_is_asked_for_and_fetched_page_by_page() {
    let installation = mapped().await;
    let id = ask(&installation, "", &json!({"time_range": 600})).await;
    let mut path = format!("{PATH}/{id}?page[size]=10");
    let mut pages = Vec::new();
    let mut edges: Vec<Json> = Vec::new();
    loop {
        let answer = installation.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("cache-control"), "private, max-age=3600");
        let page = answer.json();
        assert_eq!(
            (&page["status"], &page["request_id"]),
            (&json!("ready"), &json!(id))
        );
        let dependencies = page["dependencies"].as_array().unwrap().clone();
        pages.push(dependencies.len());
        edges.extend(dependencies);
        match page["links"]["next"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, [10, 10, 6]);
    assert_eq!(edges[0], edge("s03", "s04", 1_000));
    assert_eq!(edges[1], edge("web", "s00", 100));
    assert_eq!(edges[25], edge("web", "s24", 76));
    let asked = installation.engine.last();
    assert_eq!(asked.scope, DatasetScope::All);
    assert_eq!(asked.range.end_ns - asked.range.start_ns, 600_000_000_000);
    let default = installation.get(&format!("{PATH}/{id}")).await.json();
    assert_eq!(default["dependencies"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn filters_and_limits_cut_a_map() {
    let installation = mapped().await;
    let filters = json!({"filters": [{"name": "s04", "type": "service"}]});
    let id = ask(&installation, "", &filters).await;
    let page = installation.get(&format!("{PATH}/{id}")).await.json();
    assert_eq!(
        page["dependencies"],
        json!([edge("s03", "s04", 1_000), edge("web", "s04", 96)])
    );
    let id = ask(&installation, "?limit=1", &json!({})).await;
    let page = installation.get(&format!("{PATH}/{id}")).await.json();
    assert_eq!(page["dependencies"], json!([edge("s03", "s04", 1_000)]));
    assert_eq!(page["links"], json!({"next": null}));
}

#[tokio::test]
async fn a_map_is_pending_until_it_is_computed_and_says_when_it_failed() {
    let config = ApiConfig {
        result_wait: Duration::from_millis(20),
        map_requests_max: 1,
        ..ApiConfig::default()
    };
    let installation = Installation::with(config).await;
    let gate = installation.engine.gate.acquire().await.unwrap();
    let id = ask(&installation, "", &json!({})).await;
    let path = format!("{PATH}/{id}");
    let pending = json!({"request_id": id, "status": "pending", "dependencies": null, "links": {"next": null}});
    let answer = installation.get(&path).await;
    answer.check(200, &pending);
    assert_eq!(answer.header("cache-control"), "");
    let full = installation.send("POST", PATH, &json!({})).await;
    full.check_error(429, "too many maps are being computed; try again");
    *installation.engine.error.lock() = Some(QueryError::Busy);
    drop(gate);
    let mut answer = installation.get(&path).await.json();
    while answer["status"] == "pending" {
        answer = installation.get(&path).await.json();
    }
    assert_eq!(answer["status"], "error");
    assert_eq!(answer["dependencies"], Json::Null);
    // One that has ended makes room.
    ask(&installation, "", &json!({})).await;
    assert_eq!(installation.get(&path).await.status, 404);
}

#[tokio::test]
async fn wrong_maps_are_refused() {
    let installation = mapped().await;
    check_rules(
        &installation,
        "POST",
        PATH,
        &json!({}),
        &[
            (
                json!({"start_time": 1, "end_time": 2, "time_range": 1}),
                "time_range",
                "invalid",
                "start_time, end_time and time_range cannot all be given",
            ),
            (
                json!({"start_time": 3, "end_time": 2}),
                "start_time",
                "invalid",
                "must not be after end_time",
            ),
            (
                json!({"time_range": "1h"}),
                "time_range",
                "incorrect_type",
                "must be a whole number of seconds",
            ),
            (
                json!({"time_range": 0}),
                "time_range",
                "invalid",
                "must be above 0",
            ),
            (
                json!({"filters": [{"name": "a"}]}),
                "filters[0].type",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"filters": [{"name": "a", "type": "host"}]}),
                "filters[0].type",
                "invalid",
                "must be service",
            ),
            (
                json!({"filters": vec![json!({"name": "a", "type": "service"}); 101]}),
                "filters",
                "invalid",
                "must have at most 100 entries",
            ),
        ],
    )
    .await;
    for limit in ["0", "64001"] {
        let answer = installation
            .send("POST", &format!("{PATH}?limit={limit}"), &json!({}))
            .await;
        answer.check_error(400, "limit must be between 1 and 64000");
    }
    let without_body = installation.ask_with_key("POST", PATH).send().await;
    assert!(matches!(without_body.status, 200 | 201));
    let id = without_body.json()["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (query, error) in [
        ("page[size]=101", "page[size] must be between 1 and 100"),
        ("page[size]=0", "page[size] must be between 1 and 100"),
        (
            "page[after]=zz",
            "page[after] must come from the next link of a list",
        ),
    ] {
        let answer = installation.get(&format!("{PATH}/{id}?{query}")).await;
        answer.check_error(400, error);
    }
    let beyond = installation
        .get(&format!("{PATH}/{id}?page[after]=ffff."))
        .await;
    assert_eq!(beyond.json()["dependencies"], json!([]));
    let staging = installation
        .key_with(
            installation.staging,
            KeyKind::Configuration,
            Permission::all(),
        )
        .await;
    let answer = Call::new(
        router(installation.state.clone()),
        "GET",
        &format!("{PATH}/{id}"),
    )
    .header("x-honeycomb-team", &staging)
    .send()
    .await;
    answer.check_error(404, "Map request not found");
}

#[tokio::test]
async fn one_team_leaves_a_quarter_of_the_maps_to_others() {
    let installation = Installation::with(ApiConfig {
        map_requests_max: 4,
        ..ApiConfig::default()
    })
    .await;
    let theirs = installation.other_team().await;
    let gate = installation.engine.gate.acquire().await.unwrap();
    let post = async |key: &str| {
        let call = installation.ask("POST", PATH).json(&json!({}));
        let answer = call.header("x-honeycomb-team", key).send().await;
        (answer.status, answer.json()["request_id"].clone())
    };
    let get = async |key: &str, id: &Json| {
        let path = format!("{PATH}/{}", id.as_str().unwrap());
        let call = installation.ask("GET", &path);
        call.header("x-honeycomb-team", key).send().await.status
    };
    for status in [201, 201, 201, 429] {
        assert_eq!(post(&installation.key).await.0, status);
    }
    let (status, kept) = post(&theirs).await;
    assert_eq!(status, 201);
    assert_eq!(post(&theirs).await.0, 429);
    drop(gate);
    assert_eq!(get(&theirs, &kept).await, 200);
    // Who asks for many more loses its own.
    for _ in 0..8 {
        let (status, id) = post(&installation.key).await;
        assert!(matches!(status, 200 | 201));
        assert_eq!(get(&installation.key, &id).await, 200);
    }
    assert_eq!(get(&theirs, &kept).await, 200);
}

/// Traces of one kind: how many there are, and who calls whom in each.
type Kind = (i64, &'static [(&'static str, &'static str)]);

/// `edge`, which nobody calls, calls `web`; `web` and `cron` call `proxy`, which calls `shop` and `relay`; that calls `search`.
/// `batch` calls `disk` through `gate`.
const KINDS: [Kind; 5] = [
    (
        5,
        &[
            ("edge", "web"),
            ("web", "web"),
            ("web", "proxy"),
            ("proxy", "shop"),
        ],
    ),
    (
        3,
        &[("web", "proxy"), ("proxy", "relay"), ("relay", "search")],
    ),
    (2, &[("cron", "proxy"), ("proxy", "shop")]),
    (
        4,
        &[
            ("edge", "web"),
            ("web", "batch"),
            ("batch", "gate"),
            ("gate", "disk"),
        ],
    ),
    (1, &[("web", "shop")]),
];

/// An engine that knows these, and answers for pairs of services or for what is below some in traces of one.
fn through_gateways(spec: &QuerySpec, mut table: ResultTable) -> ResultTable {
    let value = |column: &str, op: FilterOp| {
        let mut filters = spec.filters.iter();
        let filter = filters.find(|filter| filter.column == column && filter.op == op)?;
        Some(filter.value.clone())
    };
    let is_in = |value: &Option<FilterValue>, name: &str| match value {
        Some(FilterValue::Many(names)) => names.contains(&Value::String(name.into())),
        _ => panic!("{value:?}"),
    };
    let is_pair = spec.breakdowns.len() == 2;
    let mut counts: BTreeMap<Vec<&str>, i64> = BTreeMap::new();
    for (count, calls) in KINDS {
        for (parent, child) in calls {
            let key = match is_pair {
                true => vec![*parent, *child],
                false => vec![*child],
            };
            let is_counted = is_pair || {
                let of_caller = value("any.service.name", FilterOp::Equal);
                let is_there =
                    |name: &str| of_caller == Some(FilterValue::One(Value::String(name.into())));
                calls
                    .iter()
                    .any(|(one, other)| is_there(one) || is_there(other))
                    && is_in(&value("parent.service.name", FilterOp::In), parent)
                    && !is_in(&value("service.name", FilterOp::NotIn), child)
            };
            if is_counted {
                *counts.entry(key).or_default() += count;
            }
        }
    }
    let groups = counts.into_iter().map(|(names, count)| Group {
        key: names
            .iter()
            .map(|name| Some(Value::String((*name).into())))
            .collect(),
        values: vec![Cell::Int(count)],
    });
    table.groups = groups.collect();
    table.group_count = table.groups.len();
    table
}

#[tokio::test]
async fn calls_pass_through_gateways() {
    let installation = installation().await;
    *installation.engine.table.lock() = Some(Box::new(through_gateways));
    let settings = "/api/environments/production/service-map";
    let wanted = json!({"gateways": ["edge", "gate", "proxy", "relay"]});
    installation
        .get(settings)
        .await
        .check(200, &json!({"gateways": []}));
    let sent = json!({"gateways": ["relay", "proxy", "edge", "gate", "proxy"]});
    installation
        .send("PUT", settings, &sent)
        .await
        .check(200, &wanted);
    installation.get(settings).await.check(200, &wanted);
    let id = ask(&installation, "", &json!({})).await;
    let page = installation.get(&format!("{PATH}/{id}")).await.json();
    let expected = json!([
        edge("edge", "web", 9),
        edge("web", "shop", 6),
        edge("batch", "disk", 4),
        edge("web", "batch", 4),
        edge("web", "search", 3),
        edge("cron", "shop", 2),
    ]);
    assert_eq!(page["dependencies"], expected);
    let wrong = installation
        .send("PUT", settings, &json!({"gateways": [""]}))
        .await;
    assert_eq!(wrong.status, 422);
}
