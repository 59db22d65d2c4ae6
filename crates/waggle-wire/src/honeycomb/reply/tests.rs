use super::*;

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

#[test]
fn what_the_store_refused_stands_where_its_entry_stood() {
    let entries = [Ok(0), Err(RejectReason::Empty), Ok(1), Ok(2)];
    let reject = |row, reason| Reject {
        batch: 0,
        row,
        reason,
    };
    let rejects = [
        reject(1, RejectReason::UnknownDataset),
        reject(2, RejectReason::DatasetTooManyColumns),
    ];
    let reply = batch_reply(&entries, &rejects);
    assert_eq!(
        (reply.status, reply.content_type),
        (200, Some("application/json"))
    );
    assert_eq!(
        text(&reply),
        r#"[{"status":202},{"status":400,"error":"Request body should not be empty."},{"status":404,"error":"dataset not found"},{"status":400,"error":"Dataset has too many columns."}]"#
    );
}

#[test]
fn whole_requests_are_refused_with_the_texts_clients_know() {
    for (error, status, message) in [
        (
            HoneycombError::UnknownKey,
            401,
            "unknown API key - check your credentials",
        ),
        (
            HoneycombError::Forbidden,
            403,
            "this API key does not have permission to send events",
        ),
        (HoneycombError::UnknownDataset, 404, "dataset not found"),
        (
            HoneycombError::from(AppendError::Busy),
            429,
            "Request dropped due to rate limiting.",
        ),
        (
            HoneycombError::from(AppendError::Unavailable("disk is gone".to_owned())),
            503,
            "the server is not taking in events, try again later",
        ),
        (
            HoneycombError::Refused(RejectReason::DatasetTooManyColumns),
            400,
            "Dataset has too many columns.",
        ),
        (
            HoneycombError::Refused(RejectReason::UnknownDataset),
            404,
            "dataset not found",
        ),
    ] {
        let reply = error_reply(error);
        assert_eq!(reply.status, status);
        assert_eq!(text(&reply), format!("{{\"error\":\"{message}\"}}"));
    }
}
