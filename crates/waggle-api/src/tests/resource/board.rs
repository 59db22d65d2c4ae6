use super::{Walk, check_rules, installation, long};
use crate::tests::Installation;
use serde_json::{Value as Json, json};
use waggle_access::Permission;

/// A query in `shop` with an annotation.
async fn annotated(installation: &Installation) -> (String, String) {
    let query = installation.make_id("/1/queries/shop", &json!({})).await;
    let body = json!({"name": "a", "query_id": query});
    let annotation = installation
        .make_id("/1/query_annotations/shop", &body)
        .await;
    (query, annotation)
}

fn position(x: u32, y: u32, width: u32, height: u32) -> Json {
    json!({"x_coordinate": x, "y_coordinate": y, "width": width, "height": height})
}

#[tokio::test]
async fn boards_are_kept() {
    let installation = installation().await;
    let (query, annotation) = annotated(&installation).await;
    let settings = json!({
        "hide_compare": true, "utc_xaxis": false,
        "charts": [{"chart_index": 0, "chart_type": "stacked", "log_scale": true, "omit_missing_values": false}],
    });
    let query_panel = json!({
        "query_id": query, "query_annotation_id": annotation, "query_style": "combo", "visualization_settings": settings,
    });
    let mut shown = query_panel.clone();
    shown["dataset"] = json!("shop");
    let board = json!({
        "name": "Service health", "type": "flexible", "description": "all of it", "layout_generation": "manual",
        "panels": [
            {"type": "query", "position": position(0, 0, 8, 4), "query_panel": query_panel},
            {"type": "text", "position": position(8, 0, 4, 4), "text_panel": {"content": "# Read me"}},
        ],
        "tags": [{"key": "team", "value": "shop/eu-1"}],
        "preset_filters": [{"column": "name", "alias": "Route"}],
    });
    let mut expected = board.clone();
    expected["panels"][0]["query_panel"] = shown;
    expected
        .as_object_mut()
        .unwrap()
        .remove("layout_generation");
    Walk {
        path: "/1/boards",
        body: board,
        expected,
        change: json!({"name": "Other", "type": "flexible"}),
        changed: json!({
            "name": "Other", "description": "", "panels": [], "tags": [],
            "preset_filters": [{"column": "name", "alias": "Route"}],
        }),
        has_get: true,
        delete_status: 204,
        permission: Permission::ManageBoards,
        is_team_wide: false,
    }
    .run(&installation)
    .await;
}

#[tokio::test]
async fn a_board_links_to_the_ui_and_takes_a_slash() {
    let installation = installation().await;
    let board = installation.make("/1/boards/", &json!({"name": "b"})).await;
    let id = board["id"].as_str().unwrap();
    assert_eq!(id.len(), 11);
    assert_eq!(
        board["links"]["board_url"],
        format!("http://waggle.test:8080/default/environments/production/board/{id}")
    );
    installation
        .get("/1/boards/")
        .await
        .check(200, &json!([board]));
    let empty = installation.ask_with_key("POST", "/1/boards").send().await;
    empty.check_error(400, "could not parse request body");
    let cleared = installation
        .send(
            "PUT",
            &format!("/1/boards/{id}"),
            &json!({"name": "b", "preset_filters": []}),
        )
        .await;
    assert_eq!(cleared.json()["preset_filters"], json!([]));
}

#[tokio::test]
async fn panels_without_positions_are_laid_out() {
    let installation = installation().await;
    let (query, annotation) = annotated(&installation).await;
    let graph = json!({"type": "query", "query_panel": {"query_id": query, "query_annotation_id": annotation}});
    let text = json!({"type": "text", "text_panel": {"content": "x"}});
    let placed = |panel: &Json, at: Json| {
        let mut panel = panel.clone();
        panel["position"] = at;
        panel
    };
    let expected = [
        position(0, 0, 6, 4),
        position(6, 0, 6, 4),
        position(0, 4, 12, 2),
        position(0, 6, 6, 4),
    ];
    let elsewhere = position(3, 9, 1, 1);
    let panels = [&graph, &graph, &text, &graph];
    let panels_elsewhere: Vec<Json> = panels
        .iter()
        .map(|panel| placed(panel, elsewhere.clone()))
        .collect();
    for body in [
        json!({"name": "b", "panels": panels}),
        json!({"name": "b", "panels": panels_elsewhere, "layout_generation": "auto"}),
    ] {
        let board = installation.make("/1/boards", &body).await;
        let panels = board["panels"].as_array().unwrap();
        let positions: Vec<&Json> = panels.iter().map(|panel| &panel["position"]).collect();
        assert_eq!(positions, expected.iter().collect::<Vec<_>>());
        assert_eq!(panels[0]["query_panel"]["query_style"], "graph");
    }
    // A size that is not said gets one.
    let body = json!({"name": "b", "panels": [placed(&graph, json!({"x_coordinate": 2}))]});
    let board = installation.make("/1/boards", &body).await;
    assert_eq!(board["panels"][0]["position"], position(2, 0, 6, 4));
}

#[tokio::test]
async fn wrong_boards_are_named_field_by_field() {
    let installation = installation().await;
    let (query, annotation) = annotated(&installation).await;
    let (other_query, _) = annotated(&installation).await;
    let panel = |members: Json| json!({"panels": [members]});
    let query_panel = |members: Json| {
        let mut query_panel = json!({"query_id": query, "query_annotation_id": annotation});
        for (member, value) in members.as_object().unwrap() {
            query_panel[member] = value.clone();
        }
        json!({"panels": [{"type": "query", "query_panel": query_panel}]})
    };
    let text = |position: Json| {
        panel(json!({"type": "text", "text_panel": {"content": "x"}, "position": position}))
    };
    let settings = |settings: Json| query_panel(json!({"visualization_settings": settings}));
    let settings_path =
        |field: &str| format!("panels[0].query_panel.visualization_settings.{field}");
    let tags = |key: &str, value: &str| json!({"tags": [{"key": key, "value": value}]});
    let filters = vec![json!({"column": "a", "alias": "a"}); 6];
    let value_text =
        "must start with a lower-case letter and go on with lower-case letters, digits, / and -";
    check_rules(
        &installation,
        "POST",
        "/1/boards",
        &json!({"name": "b"}),
        &[
            (json!({"name": null}), "name", "missing", "cannot be blank"),
            (
                json!({"name": long(256)}),
                "name",
                "invalid",
                "must have at most 255 characters",
            ),
            (
                json!({"description": long(1_025)}),
                "description",
                "invalid",
                "must have at most 1024 characters",
            ),
            (
                json!({"type": "list"}),
                "type",
                "invalid",
                "must be flexible",
            ),
            (
                json!({"layout_generation": "magic"}),
                "layout_generation",
                "invalid",
                "must be one of auto, manual",
            ),
            (
                json!({"panels": {}}),
                "panels",
                "incorrect_type",
                "must be a list",
            ),
            (
                panel(json!(7)),
                "panels[0]",
                "incorrect_type",
                "must be a JSON object",
            ),
            (
                panel(json!({})),
                "panels[0].type",
                "missing",
                "cannot be blank",
            ),
            (
                panel(json!({"type": "poem"})),
                "panels[0].type",
                "invalid",
                "must be one of query, slo, text",
            ),
            (
                panel(json!({"type": "query"})),
                "panels[0].query_panel",
                "missing",
                "cannot be blank",
            ),
            (
                panel(json!({"type": "slo", "slo_panel": {}})),
                "panels[0].slo_panel.slo_id",
                "missing",
                "cannot be blank",
            ),
            (
                panel(json!({"type": "slo", "slo_panel": {"slo_id": "x"}})),
                "panels[0].slo_panel.slo_id",
                "invalid",
                "there is no such SLO",
            ),
            (
                panel(json!({"type": "text", "text_panel": {"content": long(10_001)}})),
                "panels[0].text_panel.content",
                "invalid",
                "must have at most 10000 characters",
            ),
            (
                query_panel(json!({"query_id": "x"})),
                "panels[0].query_panel.query_id",
                "invalid",
                "there is no such query",
            ),
            (
                query_panel(json!({"query_id": other_query})),
                "panels[0].query_panel.query_annotation_id",
                "invalid",
                "belongs to another query",
            ),
            (
                query_panel(json!({"query_annotation_id": "x"})),
                "panels[0].query_panel.query_annotation_id",
                "invalid",
                "there is no such query annotation",
            ),
            (
                query_panel(json!({"query_annotation_id": null})),
                "panels[0].query_panel.query_annotation_id",
                "missing",
                "cannot be blank",
            ),
            (
                query_panel(json!({"query_style": "pie"})),
                "panels[0].query_panel.query_style",
                "invalid",
                "must be one of graph, table, combo",
            ),
            (
                settings(json!({"hide_hovers": 1})),
                &settings_path("hide_hovers"),
                "incorrect_type",
                "must be true or false",
            ),
            (
                settings(json!({"charts": [{"chart_type": "pie"}]})),
                &settings_path("charts[0].chart_type"),
                "invalid",
                "must be one of default, line, stacked, stat, tsbar, cbar, cpie",
            ),
            (
                settings(json!({"charts": [{"chart_index": -1}]})),
                &settings_path("charts[0].chart_index"),
                "invalid",
                "must be between 0 and 4294967295",
            ),
            (
                text(json!({"x_coordinate": -1})),
                "panels[0].position.x_coordinate",
                "invalid",
                "must be between 0 and 11",
            ),
            (
                text(json!({"x_coordinate": 7, "width": 6})),
                "panels[0].position.width",
                "invalid",
                "must end within 12 columns",
            ),
            (
                json!({"panels": [{"type": "text", "text_panel": {"content": "x"}, "position": {}},
                               {"type": "text", "text_panel": {"content": "x"}}]}),
                "panels",
                "invalid",
                "either all panels have a position or none",
            ),
            (
                json!({"tags": vec![json!({"key": "a", "value": "b"}); 11]}),
                "tags",
                "invalid",
                "must have at most 10 entries",
            ),
            (
                tags("Team", "x"),
                "tags[0].key",
                "invalid",
                "must consist of lower-case letters",
            ),
            (
                tags(&long(33), "x"),
                "tags[0].key",
                "invalid",
                "must have at most 32 characters",
            ),
            (tags("team", "1x"), "tags[0].value", "invalid", value_text),
            (tags("team", "a b"), "tags[0].value", "invalid", value_text),
            (
                tags("team", &long(129)),
                "tags[0].value",
                "invalid",
                "must have at most 128 characters",
            ),
            (
                json!({"preset_filters": filters}),
                "preset_filters",
                "invalid",
                "must have at most 5 entries",
            ),
            (
                json!({"preset_filters": [{"column": "a"}]}),
                "preset_filters[0].alias",
                "missing",
                "cannot be blank",
            ),
            (
                json!({"preset_filters": [{"column": "a", "alias": long(51)}]}),
                "preset_filters[0].alias",
                "invalid",
                "must have at most 50 characters",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_board_stands_in_nobodys_way() {
    let installation = installation().await;
    let (query, annotation) = annotated(&installation).await;
    let body = json!({"name": "b", "panels": [{"type": "query", "query_panel": {"query_id": query, "query_annotation_id": annotation}}]});
    let board = installation.make("/1/boards", &body).await;
    let path = format!("/1/query_annotations/shop/{annotation}");
    assert_eq!(installation.delete(&path).await.status, 204);
    let path = format!("/1/boards/{}", board["id"].as_str().unwrap());
    installation.get(&path).await.check(200, &board);
}

#[tokio::test]
async fn board_views_are_kept() {
    let installation = installation().await;
    let board = installation
        .make_id("/1/boards", &json!({"name": "b"}))
        .await;
    let other = installation
        .make_id("/1/boards", &json!({"name": "c"}))
        .await;
    let path = format!("/1/boards/{board}/views");
    let filters = json!([
        {"column": "status", "operation": ">=", "value": 500},
        {"column": "name", "operation": "in", "value": ["a", "b"]},
        {"column": "error", "operation": "exists"},
    ]);
    Walk {
        path: &path,
        body: json!({"name": "errors", "filters": filters}),
        expected: json!({"name": "errors", "filters": filters}),
        change: json!({"name": "e", "filters": [filters[2]]}),
        changed: json!({"name": "e", "filters": [filters[2]]}),
        has_get: true,
        delete_status: 204,
        permission: Permission::ManageBoards,
        is_team_wide: false,
    }
    .run(&installation)
    .await;

    let body = json!({"name": "errors", "filters": filters});
    let view = installation.make_id(&path, &body).await;
    let again = installation.send("POST", &path, &body).await;
    again.check_error(409, "A resource by that name already exists.");
    let elsewhere = format!("/1/boards/{other}/views");
    let answer = installation.get(&format!("{elsewhere}/{view}")).await;
    answer.check_error(404, "Board view not found");
    installation.make(&elsewhere, &body).await;
    for index in 1..50 {
        let body = json!({"name": format!("view {index}"), "filters": filters});
        installation.make(&path, &body).await;
    }
    let full = installation
        .send(
            "POST",
            &path,
            &json!({"name": "one more", "filters": filters}),
        )
        .await;
    full.check_error(
        409,
        "Board view: there are already 50, the most there may be",
    );
    let deleted = installation.delete(&format!("/1/boards/{board}")).await;
    assert_eq!(deleted.status, 204);
    installation
        .get(&path)
        .await
        .check_error(404, "Board not found");
}

#[tokio::test]
async fn wrong_views_are_named_field_by_field() {
    let installation = installation().await;
    let board = installation
        .make_id("/1/boards", &json!({"name": "b"}))
        .await;
    let filter = |filter: Json| json!({"filters": [filter]});
    check_rules(
        &installation,
        "POST",
        &format!("/1/boards/{board}/views"),
        &json!({"name": "v", "filters": [{"column": "a", "operation": "exists"}]}),
        &[
            (json!({"name": ""}), "name", "missing", "cannot be blank"),
            (json!({"filters": null}), "filters", "missing", "cannot be blank"),
            (json!({"filters": []}), "filters", "invalid", "needs at least one filter"),
            (filter(json!({"operation": "exists"})), "filters[0].column", "missing", "cannot be blank"),
            (filter(json!({"column": "a", "operation": "~", "value": 1})), "filters[0].operation", "invalid",
             "must be one of =, !=, >, >=, <, <=, starts-with, does-not-start-with, ends-with, does-not-end-with, exists, does-not-exist, \
              contains, does-not-contain, in, not-in"),
            (filter(json!({"column": "a", "operation": "exists", "value": 1})), "filters[0].value", "invalid", "exists takes no value"),
            (filter(json!({"column": "a", "operation": "="})), "filters[0].value", "missing", "cannot be blank"),
            (filter(json!({"column": "a", "operation": "=", "value": [1]})), "filters[0].value", "incorrect_type",
             "must be a string, number or boolean"),
            (filter(json!({"column": "a", "operation": "in", "value": 1})), "filters[0].value", "incorrect_type", "must be a list of values"),
            (filter(json!({"column": "a", "operation": "in", "value": [long(5_000), long(5_000)]})), "filters[0].value", "invalid",
             "must have at most 10000 bytes"),
        ],
    )
    .await;
}
