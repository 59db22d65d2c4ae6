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
