//! SQL and exports through a double of their door: what is asked of it, and how its answers and errors look.

use super::{Call, Installation};
use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use waggle_model::{
    ExportFormat, ExportRequest, ExportStream, FilterOp, QueryError, SqlAnswer, SqlColumn,
    SqlEngine, SqlError, SqlPlace, SqlRequest, SqlType, Tenant, TimeRange, Value,
};

const SQL: &str = "/api/environments/production/sql";
const EXPORT: &str = "/api/environments/production/datasets/shop/export";

/// Answers every text with the same two rows, or with an error; an export has two pieces, the second perhaps a failure.
#[derive(Default)]
pub(super) struct CannedSql {
    pub(super) error: Mutex<Option<SqlError>>,
    pub(super) breaks_off: Mutex<bool>,
    pub(super) asked: Mutex<Vec<(Tenant, SqlRequest)>>,
    pub(super) exports: Mutex<Vec<ExportRequest>>,
}

#[async_trait]
impl SqlEngine for CannedSql {
    async fn sql(&self, tenant: Tenant, request: &SqlRequest) -> Result<SqlAnswer, SqlError> {
        self.asked.lock().push((tenant, request.clone()));
        if let Some(error) = self.error.lock().clone() {
            return Err(error);
        }
        let column = |name: &str, column_type| SqlColumn {
            name: name.to_owned(),
            column_type,
        };
        Ok(SqlAnswer {
            columns: vec![
                column("name", SqlType::String),
                column("n", SqlType::Integer),
            ],
            rows: vec![
                vec![
                    Some(Value::String("a, b".to_owned())),
                    Some(Value::Int(i64::MAX)),
                ],
                vec![None, Some(Value::Float(f64::INFINITY))],
            ],
            is_truncated: true,
            elapsed_ns: 1_500_000,
        })
    }

    async fn export(
        &self,
        _: Tenant,
        request: &ExportRequest,
    ) -> Result<Box<dyn ExportStream>, QueryError> {
        self.exports.lock().push(request.clone());
        let last = match *self.breaks_off.lock() {
            true => Err(QueryError::Storage("damaged".to_owned())),
            false => Ok(b"second".to_vec()),
        };
        Ok(Box::new(Pieces(vec![last, Ok(b"first,".to_vec())])))
    }
}

struct Pieces(Vec<Result<Vec<u8>, QueryError>>);

#[async_trait]
impl ExportStream for Pieces {
    async fn next(&mut self) -> Option<Result<Vec<u8>, QueryError>> {
        self.0.pop()
    }
}

fn post(installation: &Installation, body: &Json) -> Call {
    installation.ask_with_key("POST", SQL).json(body)
}

#[tokio::test]
async fn sql_is_answered_as_json_or_as_csv() {
    let installation = Installation::new().await;
    let sent = json!({"sql": "SELECT 1", "rows_max": 2});
    post(&installation, &sent).send().await.check(
        200,
        &json!({
            "columns": [{"name": "name", "type": "string"}, {"name": "n", "type": "integer"}],
            "rows": [["a, b", i64::MAX], [null, "inf"]],
            "truncated": true, "elapsed_ms": 1.5,
        }),
    );
    let csv = post(&installation, &sent)
        .header("accept", "text/csv")
        .send()
        .await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        csv.text(),
        "name,n\r\n\"a, b\",9223372036854775807\r\n,inf\r\n"
    );
    let (tenant, request) = installation.sql.asked.lock()[0].clone();
    assert_eq!(tenant, installation.production);
    assert_eq!(
        (request.text.as_str(), request.rows_max),
        ("SELECT 1", Some(2))
    );
}

#[tokio::test]
async fn a_text_that_cannot_run_says_where_and_why() {
    let installation = Installation::new().await;
    *installation.sql.error.lock() = Some(SqlError::Invalid {
        message: "no such column".to_owned(),
        place: Some(SqlPlace { line: 1, column: 8 }),
    });
    let sent = json!({"sql": "SELECT x"});
    post(&installation, &sent).send().await.check(
        400,
        &json!({"error": "no such column", "place": {"line": 1, "column": 8}}),
    );
    *installation.sql.error.lock() = Some(QueryError::Deadline(5).into());
    assert_eq!(post(&installation, &sent).send().await.status, 504);
    for wrong in [
        json!({}),
        json!({"sql": 5}),
        json!({"sql": "SELECT 1", "rows_max": 0}),
    ] {
        assert_eq!(
            post(&installation, &wrong).send().await.status,
            422,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn an_export_is_sent_in_pieces_with_a_name() {
    let installation = Installation::new().await;
    let dataset = installation.dataset(installation.production, "shop").await;
    let filters = "%5B%7B%22column%22%3A%22a%22%2C%22op%22%3A%22exists%22%7D%5D";
    let path = format!("{EXPORT}?format=csv&start=5&end=1970-01-01T00:00:06.5Z&filters={filters}");
    let answer = installation.ask_with_key("GET", &path).send().await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, "first,second")
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"shop.csv\""
    );
    let request = installation.sql.exports.lock()[0].clone();
    assert_eq!(
        (request.dataset, request.format),
        (dataset, ExportFormat::Csv)
    );
    assert_eq!(
        request.range,
        TimeRange {
            start_ns: 5_000_000_000,
            end_ns: 6_500_000_000
        }
    );
    assert_eq!(request.filters[0].op, FilterOp::Exists);

    for (query, status) in [
        ("format=xls", 422),
        ("start=yesterday", 422),
        ("filters=%5B", 422),
        ("", 200),
    ] {
        let path = format!("{EXPORT}?{query}");
        let answer = installation.ask_with_key("GET", &path).send().await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }
    let request = installation.sql.exports.lock().last().cloned().unwrap();
    assert_eq!(
        (request.format, request.range),
        (ExportFormat::Parquet, TimeRange::ALL)
    );
}

#[tokio::test]
async fn an_export_by_a_calculated_field_is_refused() {
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    for (place, alias) in [("shop", "is_slow"), ("__all__", "is_bot")] {
        let path = format!("/1/derived_columns/{place}");
        let made = installation.ask_with_key("POST", &path);
        let body = json!({"alias": alias, "expression": "GT($ms, 5)"});
        assert_eq!(made.json(&body).send().await.status, 201);
    }
    let filter = |column: &str| {
        format!(
            "filters=%5B%7B%22column%22%3A%22{column}%22%2C%22op%22%3A%22does-not-exist%22%7D%5D"
        )
    };
    for (query, field) in [
        (filter("is_slow"), "filters[0].column"),
        (filter("is_bot"), "filters[0].column"),
        ("calculated_fields=%5B%5D".to_owned(), "calculated_fields"),
    ] {
        let path = format!("{EXPORT}?{query}");
        let answer = installation.ask_with_key("GET", &path).send().await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
        assert_eq!(answer.json()["field"], field);
    }
    assert!(installation.sql.exports.lock().is_empty());
}

#[tokio::test]
async fn an_export_that_breaks_off_does_not_end_well() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    let installation = Installation::new().await;
    installation.dataset(installation.production, "shop").await;
    *installation.sql.breaks_off.lock() = true;
    let call = installation.ask_with_key("GET", EXPORT);
    let response = call.router.oneshot(call.request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err());
}
