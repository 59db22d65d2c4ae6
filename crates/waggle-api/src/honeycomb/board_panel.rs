//! The panels of a board: what they may say, where they go when nobody says, and how they are shown. Source: spec/honeycomb-api.md
//! section 13.

use super::query_annotation::query_of;
use crate::ask::{ALL_DATASETS, Ask};
use crate::form::Form;
use crate::problem::{Detail, DetailCode, Problem};
use crate::shape::{Named as NamedShape, Shape, may, must};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use waggle_metastore::{
    ArtifactId, Named, Panel, PanelContent, Position, QueryAnnotation, QueryStyle, Slo,
};
use waggle_model::{DatasetId, DatasetScope};

const PANEL_TYPE: Shape = Shape::Choice(&["query", "slo", "text"]);
const STYLE: Shape = Shape::Choice(&["graph", "table", "combo"]);
const SLO_PANEL: Shape = Shape::Object(&[must("slo_id", Shape::Text, "The SLO.")]);
const TEXT_PANEL: Shape = Shape::Object(&[must(
    "content",
    Shape::Text,
    "Markdown, at most 10,000 characters.",
)]);
const VISUALIZATION: NamedShape = NamedShape {
    name: "VisualizationSettings",
    about: "How the charts of a query look.",
    members: &[
        may("hide_compare", Shape::Flag, "Without the earlier time."),
        may(
            "hide_hovers",
            Shape::Flag,
            "Without what the pointer shows.",
        ),
        may("hide_markers", Shape::Flag, "Without markers."),
        may("utc_xaxis", Shape::Flag, "Times in UTC."),
        may(
            "overlaid_charts",
            Shape::Flag,
            "Several calculations on one chart.",
        ),
        may(
            "charts",
            Shape::List(&Shape::Object(&[
                may("chart_index", Shape::Whole, "Which chart, from 0."),
                may(
                    "chart_type",
                    Shape::Choice(&CHART_TYPES),
                    "What kind of chart.",
                ),
                may("log_scale", Shape::Flag, "A logarithmic axis."),
                may("omit_missing_values", Shape::Flag, "Lines over gaps."),
            ])),
            "Chart by chart.",
        ),
    ],
};
/// A panel as it is shown.
pub(super) const PANEL: NamedShape = NamedShape {
    name: "Panel",
    about: "One rectangle of a board.",
    members: &[
        must("type", PANEL_TYPE, "What it shows."),
        must(
            "position",
            Shape::Object(&[
                must(
                    "x_coordinate",
                    Shape::Whole,
                    "Left edge on a grid of 12 columns.",
                ),
                must("y_coordinate", Shape::Whole, "Upper edge."),
                must("width", Shape::Whole, "Columns."),
                must("height", Shape::Whole, "Rows."),
            ]),
            "Where it is.",
        ),
        may(
            "query_panel",
            Shape::Object(&[
                must("query_id", Shape::Text, "The query."),
                must("query_annotation_id", Shape::Text, "Its name."),
                must("query_style", STYLE, "Charts, table or both."),
                must("dataset", Shape::Text, "Slug of the query's dataset."),
                may(
                    "visualization_settings",
                    Shape::Named(&VISUALIZATION),
                    "How its charts look.",
                ),
            ]),
            "Of a query.",
        ),
        may("slo_panel", SLO_PANEL, "Of an SLO."),
        may("text_panel", TEXT_PANEL, "Of text."),
    ],
};
/// A panel to be made.
pub(super) const NEW_PANEL: NamedShape = NamedShape {
    name: "NewPanel",
    about: "One rectangle of a board, to be made.",
    members: &[
        must("type", PANEL_TYPE, "What it shows."),
        may(
            "position",
            Shape::Object(&[
                may(
                    "x_coordinate",
                    Shape::Whole,
                    "Left edge on a grid of 12 columns.",
                ),
                may("y_coordinate", Shape::Whole, "Upper edge."),
                may("width", Shape::Whole, "Columns."),
                may("height", Shape::Whole, "Rows."),
            ]),
            "Where it is; all panels say so, or none.",
        ),
        may(
            "query_panel",
            Shape::Object(&[
                must("query_id", Shape::Text, "The query."),
                must("query_annotation_id", Shape::Text, "A name of that query."),
                may(
                    "query_style",
                    STYLE,
                    "Charts, table or both; graph unless given.",
                ),
                may(
                    "visualization_settings",
                    Shape::Named(&VISUALIZATION),
                    "How its charts look.",
                ),
            ]),
            "Of a query.",
        ),
        may("slo_panel", SLO_PANEL, "Of an SLO."),
        may("text_panel", TEXT_PANEL, "Of text."),
    ],
};

/// Slugs of datasets.
pub(super) type Slugs = HashMap<DatasetId, String>;

const PANELS_MAX: usize = 200;
const MARKDOWN_CHARS_MAX: usize = 10_000;
const CHARTS_MAX: usize = 100;
const GRID_COLUMNS: u32 = 12;
const GRID_ROWS_MAX: u32 = 100_000;
const FLAGS: [&str; 5] = [
    "hide_compare",
    "hide_hovers",
    "hide_markers",
    "utc_xaxis",
    "overlaid_charts",
];
const CHART_FLAGS: [&str; 2] = ["log_scale", "omit_missing_values"];
const CHART_TYPES: [&str; 7] = [
    "default", "line", "stacked", "stat", "tsbar", "cbar", "cpie",
];

/// A panel as it was sent.
pub(super) struct ReadPanel {
    path: String,
    panel: Panel,
}

/// The member `panels`, laid out.
pub(super) fn read_panels(form: &Form<'_>) -> Vec<ReadPanel> {
    let is_auto = match form
        .optional_text("layout_generation", usize::MAX)
        .as_deref()
    {
        None | Some("" | "manual") => false,
        Some("auto") => true,
        Some(_) => {
            form.invalid("layout_generation", "must be one of auto, manual");
            false
        }
    };
    let items = form.objects("panels", PANELS_MAX);
    let positioned = items.iter().filter(|item| item.get("position").is_some());
    let positioned = positioned.count();
    if !is_auto && positioned > 0 && positioned < items.len() {
        form.invalid("panels", "either all panels have a position or none");
    }
    let mut panels = Vec::with_capacity(items.len());
    for item in &items {
        panels.push(ReadPanel {
            path: item.at(""),
            panel: Panel {
                position: read_position(item),
                content: read_content(item),
            },
        });
    }
    if is_auto || positioned == 0 {
        lay_out(&mut panels);
    }
    panels
}

fn read_position(item: &Form<'_>) -> Position {
    let Some(form) = item.object("position") else {
        return Position::default();
    };
    let number = |field, max| form.optional_u32(field, 0..=max).unwrap_or(0);
    let (width, height) = DEFAULT_SIZE;
    let or_default = |size, default| if size == 0 { default } else { size };
    let position = Position {
        x: number("x_coordinate", GRID_COLUMNS - 1),
        y: number("y_coordinate", GRID_ROWS_MAX),
        width: or_default(number("width", GRID_COLUMNS), width),
        height: or_default(number("height", GRID_ROWS_MAX), height),
    };
    if position.x + position.width > GRID_COLUMNS {
        form.invalid("width", format!("must end within {GRID_COLUMNS} columns"));
    }
    position
}

const DEFAULT_SIZE: (u32, u32) = (6, 4);

/// Side by side in reading order, text over the whole width.
fn lay_out(panels: &mut [ReadPanel]) {
    let (mut x, mut y, mut row_height) = (0, 0, 0);
    for ReadPanel { panel, .. } in panels {
        let (width, height) = match panel.content {
            PanelContent::Query { .. } | PanelContent::Slo { .. } => DEFAULT_SIZE,
            PanelContent::Text { .. } => (GRID_COLUMNS, 2),
        };
        if x + width > GRID_COLUMNS {
            (x, y, row_height) = (0, y + row_height, 0);
        }
        panel.position = Position {
            x,
            y,
            width,
            height,
        };
        x += width;
        row_height = row_height.max(height);
    }
}

fn read_content(item: &Form<'_>) -> PanelContent {
    let nothing = PanelContent::Text {
        markdown: String::new(),
    };
    let panel_type = item.text("type", usize::MAX);
    match panel_type.as_str() {
        "" => nothing,
        "query" => match item.required_object("query_panel") {
            Some(form) => read_query_panel(&form),
            None => nothing,
        },
        "slo" => match item.required_object("slo_panel") {
            Some(form) => PanelContent::Slo {
                slo_id: ArtifactId(form.text("slo_id", usize::MAX)),
            },
            None => nothing,
        },
        "text" => match item.required_object("text_panel") {
            Some(form) => PanelContent::Text {
                markdown: form.text("content", MARKDOWN_CHARS_MAX),
            },
            None => nothing,
        },
        _ => {
            item.invalid("type", "must be one of query, slo, text");
            nothing
        }
    }
}

fn read_query_panel(form: &Form<'_>) -> PanelContent {
    PanelContent::Query {
        query_id: form.text("query_id", usize::MAX),
        annotation_id: ArtifactId(form.text("query_annotation_id", usize::MAX)),
        style: form.choice::<QueryStyle>("query_style"),
        visualization_json: form
            .object("visualization_settings")
            .map(|form| read_visualization(&form).to_string()),
    }
}

/// The settings that we know, as they were sent: clients compare what they get back with that.
fn read_visualization(form: &Form<'_>) -> Json {
    let mut settings = Map::new();
    copy_flags(form, &FLAGS, &mut settings);
    if form.get("charts").is_some() {
        let items = form.objects("charts", CHARTS_MAX);
        let charts: Vec<Json> = items.iter().map(read_chart).collect();
        settings.insert("charts".to_owned(), charts.into());
    }
    Json::Object(settings)
}

fn read_chart(form: &Form<'_>) -> Json {
    let mut chart = Map::new();
    if let Some(index) = form.optional_u32("chart_index", 0..=u32::MAX) {
        chart.insert("chart_index".to_owned(), index.into());
    }
    if let Some(chart_type) = form.optional_text("chart_type", usize::MAX) {
        if !CHART_TYPES.contains(&chart_type.as_str()) {
            let types = CHART_TYPES.join(", ");
            form.invalid("chart_type", format!("must be one of {types}"));
        }
        chart.insert("chart_type".to_owned(), chart_type.into());
    }
    copy_flags(form, &CHART_FLAGS, &mut chart);
    Json::Object(chart)
}

fn copy_flags(form: &Form<'_>, fields: &[&str], settings: &mut Map<String, Json>) {
    for field in fields {
        if let Some(is_set) = form.optional_flag(field) {
            settings.insert((*field).to_owned(), is_set.into());
        }
    }
}

/// Looks whether what the panels show exists.
pub(super) async fn check(ask: &Ask, panels: Vec<ReadPanel>) -> Result<Vec<Panel>, Problem> {
    let mut details = Vec::new();
    let mut invalid = |path: &str, field: &str, text: &str| {
        let path = format!("{path}.{field}");
        details.push(Detail::new(path, DetailCode::Invalid, text));
    };
    let mut checked = Vec::with_capacity(panels.len());
    for ReadPanel { path, panel } in panels {
        match &panel.content {
            PanelContent::Text { .. } => {}
            PanelContent::Slo { slo_id } => {
                if ask.artifact_by_id::<Slo>(&slo_id.0).await?.is_none() {
                    invalid(&path, "slo_panel.slo_id", "there is no such SLO");
                }
            }
            PanelContent::Query {
                query_id,
                annotation_id,
                ..
            } => {
                if query_of(ask, query_id).await?.is_none() {
                    invalid(&path, "query_panel.query_id", "there is no such query");
                }
                let annotation = ask.artifact_by_id::<QueryAnnotation>(&annotation_id.0);
                let field = "query_panel.query_annotation_id";
                match annotation.await? {
                    None => invalid(&path, field, "there is no such query annotation"),
                    Some(annotation) if annotation.value.query_id != *query_id => {
                        invalid(&path, field, "belongs to another query");
                    }
                    Some(_) => {}
                }
            }
        }
        checked.push(panel);
    }
    if details.is_empty() {
        return Ok(checked);
    }
    Err(Problem::invalid(details))
}

pub(super) async fn panel_json(ask: &Ask, panel: &Panel, slugs: &Slugs) -> Result<Json, Problem> {
    let position = json!({
        "x_coordinate": panel.position.x,
        "y_coordinate": panel.position.y,
        "width": panel.position.width,
        "height": panel.position.height,
    });
    Ok(match &panel.content {
        PanelContent::Query {
            query_id,
            annotation_id,
            style,
            visualization_json,
        } => {
            let query = query_of(ask, query_id).await?;
            let mut query_panel = json!({
                "query_id": query_id,
                "query_annotation_id": annotation_id.0,
                "query_style": style.name(),
                "dataset": match query.map(|query| query.scope) {
                    Some(DatasetScope::One(dataset)) => slugs.get(&dataset).cloned().unwrap_or_default(),
                    Some(DatasetScope::All) => ALL_DATASETS.to_owned(),
                    None => String::new(),
                },
            });
            if let Some(settings) = visualization_json {
                query_panel["visualization_settings"] =
                    serde_json::from_str(settings).map_err(|error| Problem::internal(&error))?;
            }
            json!({ "type": "query", "position": position, "query_panel": query_panel })
        }
        PanelContent::Slo { slo_id } => {
            json!({ "type": "slo", "position": position, "slo_panel": { "slo_id": slo_id.0 } })
        }
        PanelContent::Text { markdown } => {
            json!({ "type": "text", "position": position, "text_panel": { "content": markdown } })
        }
    })
}
