use super::*;
use http_body_util::BodyExt;

async fn check(response: Response, status: u16, content_type: &str, body: Json) {
    assert_eq!(response.status().as_u16(), status);
    assert_eq!(response.headers()[header::CONTENT_TYPE], content_type);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Json>(&bytes).unwrap(), body);
}

#[tokio::test]
async fn v1_has_every_member_that_clients_read() {
    let problem = Problem::invalid_field("filters[0].op", DetailCode::Invalid, "unknown operator");
    check(
        problem.into_v1("http://127.0.0.1:8080", "/1/queries/x"),
        422,
        "application/problem+json",
        json!({
            "status": 422, "type": "http://127.0.0.1:8080/problems/validation-failed",
            "title": "The provided input is invalid.", "error": "The provided input is invalid.",
            "detail": "The provided input is invalid.", "instance": "/1/queries/x",
            "type_detail": [{"field": "filters[0].op", "code": "invalid", "description": "unknown operator"}],
        }),
    )
    .await;
    check(
        Problem::unknown_key().into_v1("http://x", "/"),
        401,
        "application/json",
        json!({"error": UNKNOWN_KEY}),
    )
    .await;
}

#[tokio::test]
async fn own_names_the_clause() {
    let problem = Problem::from(QueryError::Invalid {
        field: "orders[0].column".into(),
        message: "is not a breakdown".into(),
    });
    check(
        problem.into_own(),
        422,
        "application/json",
        json!({"error": "orders[0].column: is not a breakdown", "field": "orders[0].column"}),
    )
    .await;
}

#[tokio::test]
async fn a_storage_fault_does_not_leave_the_process() {
    let problem = Problem::from(QueryError::Storage("/secret/path".into()));
    assert_eq!(problem.kind(), ProblemKind::Internal);
    check(
        problem.into_own(),
        500,
        "application/json",
        json!({"error": "stored data could not be read"}),
    )
    .await;
}

#[test]
fn what_passes_says_when_to_try_again() {
    let response = Problem::from(QueryError::Busy).into_own();
    assert_eq!(response.headers()[header::RETRY_AFTER], "1");
}
