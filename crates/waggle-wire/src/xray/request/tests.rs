use super::super::RejectCode;
use super::*;

#[test]
fn documents_are_texts_in_a_list() {
    let decode = |body: &str| decode_segments(body.as_bytes(), 3);
    assert_eq!(
        decode(r#"{"TraceSegmentDocuments":["{\"a\": 1}","[{},2]"],"More":1}"#).unwrap(),
        ["{\"a\": 1}", "{}", "2"]
    );
    assert_eq!(
        decode(r#"{"TraceSegmentDocuments":["[{"]}"#).unwrap(),
        ["[{"]
    );
    assert!(
        decode(r#"{"TraceSegmentDocuments":[]}"#)
            .unwrap()
            .is_empty()
    );
    for (body, error) in [
        ("{}", RequestError::Missing("TraceSegmentDocuments")),
        (
            r#"{"TraceSegmentDocuments":null}"#,
            RequestError::Missing("TraceSegmentDocuments"),
        ),
        (r#"{"TraceSegmentDocuments":{}}"#, RequestError::Malformed),
        (r#"{"TraceSegmentDocuments":[1]}"#, RequestError::Malformed),
        ("", RequestError::Malformed),
        ("[]", RequestError::Malformed),
        (
            r#"{"TraceSegmentDocuments":["[1,2]","3","4"]}"#,
            RequestError::TooMany(3),
        ),
    ] {
        assert_eq!(decode(body).unwrap_err(), error, "{body}");
    }
}

#[test]
fn refusals_with_an_id_come_first() {
    let rejected = |code, id: Option<&str>| Rejected {
        code,
        id: id.map(str::to_owned),
    };
    let refusals = [
        rejected(RejectCode::ParseError, None),
        rejected(RejectCode::MissingName, Some("a\"1")),
    ];
    assert_eq!(
        segments_reply(&refusals),
        r#"{"UnprocessedTraceSegments":[{"Id":"a\"1","ErrorCode":"MissingName","Message":"Invalid segment. ErrorCode: MissingName"},{"ErrorCode":"ParseError","Message":"Invalid segment. ErrorCode: ParseError"}]}"#
    );
    assert_eq!(segments_reply([]), r#"{"UnprocessedTraceSegments":[]}"#);
}
