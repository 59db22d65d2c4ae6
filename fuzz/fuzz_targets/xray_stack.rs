//! Stack traces in whatever language, and the documents and summaries that are made of them. The first byte is the language.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::Value;
use waggle_wire::xray::{Json, TraceId};
use waggle_xray::{
    Room, Row, StoredFields, Trace, TraceSummary, rows_to_parts, segment_documents_within,
    span_documents,
};

const LANGUAGES: [&str; 9] = [
    "java", "python", "nodejs", "webjs", "dotnet", "go", "ruby", "php", "rust",
];

fn room(bytes_max: usize) -> Room {
    Room {
        bytes_max,
        documents_max: 3,
    }
}

fuzz_target!(|body: &[u8]| {
    let Some((language, stack)) = body.split_first() else {
        return;
    };
    let stack = String::from_utf8_lossy(stack);
    let text = |name: &str, text: &str| (name.to_owned(), Value::String(text.to_owned()));
    let mut fields = vec![
        ("duration_ms".to_owned(), Value::Float(1.0)),
        ("error".to_owned(), Value::Bool(true)),
        text("exception.stacktrace", &stack),
        text("exception.type", "E"),
        text("service.name", "shop"),
        text("trace.span_id", "a000000000000001"),
    ];
    // Some texts say nothing of their language.
    if let Some(language) = LANGUAGES.get(usize::from(*language)) {
        fields.insert(5, text("telemetry.sdk.language", language));
    }
    let fields = StoredFields(&fields);
    let rows = [Row {
        timestamp_ns: 1,
        fields: &fields,
    }];
    let id = TraceId::parse("1-6a000000-000000000000000000000001").unwrap();
    let trace = Trace::new(id, rows_to_parts(&rows, &[]));
    for made in segment_documents_within(&trace, &rows, room(2_000)) {
        assert!(Json::from_text(&made.text).is_some());
    }
    span_documents(&trace, &rows, 2_000);
    TraceSummary::of(&trace, None);
});
