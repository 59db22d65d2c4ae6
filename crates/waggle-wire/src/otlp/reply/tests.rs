use super::super::{Place, Refusal};
use super::*;

#[test]
fn what_the_store_refused_is_counted_by_what_it_was() {
    let decoded = Decoded {
        batches: Vec::new(),
        refusals: vec![Refusal {
            place: Place {
                resource: 0,
                scope: 0,
                record: 0,
                part: RefusedPart::SpanEvent(0),
            },
            reason: RejectReason::TooLarge,
        }],
        annotations: vec![(0, 0), (1, 0), (1, 1)],
        points: Vec::new(),
        ..Decoded::default()
    };
    let reject = |batch, row| Reject {
        batch,
        row,
        reason: RejectReason::DatasetTooManyColumns,
    };
    let rejected = rejected_count(&decoded, &[reject(0, 0), reject(0, 1), reject(1, 2)]);
    let expected = RejectedCount {
        records: 2,
        annotations: 2,
        reason: Some(RejectReason::TooLarge),
    };
    assert_eq!(rejected, expected);
    let reply = export_reply(Signal::Traces, ContentType::Json, &rejected);
    assert_eq!(
        String::from_utf8(reply.body).unwrap(),
        r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"spans refused: 2, span events and links refused: 2, first reason: too large"}}"#
    );
}

#[test]
fn a_refused_row_of_data_points_counts_as_many_as_it_is_made_of() {
    let point = |number| Refusal {
        place: Place {
            resource: 0,
            scope: 0,
            record: 0,
            part: RefusedPart::Point(number),
        },
        reason: RejectReason::TooManyColumns,
    };
    let decoded = Decoded {
        refusals: vec![point(0), point(1)],
        points: vec![5, 7],
        ..Decoded::default()
    };
    let reject = Reject {
        batch: 0,
        row: 1,
        reason: RejectReason::UnknownDataset,
    };
    let reply = export_reply(
        Signal::Metrics,
        ContentType::Json,
        &rejected_count(&decoded, &[reject]),
    );
    assert_eq!(
        String::from_utf8(reply.body).unwrap(),
        r#"{"partialSuccess":{"rejectedDataPoints":"9","errorMessage":"data points refused: 9, first reason: too many attributes"}}"#
    );
}

#[test]
fn a_store_that_takes_nothing_in_asks_exporters_to_try_again() {
    for (append_error, status) in [
        (AppendError::Busy, 503),
        (AppendError::Full, 503),
        (AppendError::Unavailable("disk is gone".to_owned()), 503),
    ] {
        let error = OtlpError::from(append_error);
        let reply = error_reply(Some(ContentType::Json), &error);
        assert_eq!((reply.status, grpc_code(&error)), (status, 14));
        assert!(!String::from_utf8(reply.body).unwrap().contains("disk"));
    }
}

#[test]
fn keys_are_refused_as_the_spec_says() {
    for (error, status, code) in [
        (OtlpError::UnknownKey, 401, 16),
        (OtlpError::Forbidden, 403, 7),
    ] {
        let reply = error_reply(Some(ContentType::XProtobuf), &error);
        assert_eq!((reply.status, grpc_code(&error)), (status, code));
        let message = RpcStatus::decode(&*reply.body).unwrap().message;
        assert_eq!(message, error.to_string());
    }
}
