//! Documents of X-Ray, the rows they become, and the answers that are made of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::{EventBatch, EventLimits, Value};
use waggle_wire::xray::{Document, DocumentFacts, Json, Source, dataset_name, map_document};
use waggle_xray::{
    Room, Row, StoredFields, Trace, TraceSummary, rows_to_parts, segment_documents_within,
};

fn room(bytes_max: usize) -> Room {
    Room {
        bytes_max,
        documents_max: 3,
    }
}

fuzz_target!(|body: &[u8]| {
    let Ok(document) = Document::parse(body) else {
        return;
    };
    assert_eq!(document.text().as_bytes(), body);
    let facts = DocumentFacts {
        service: None,
        received_ns: 1,
        source: Source::Api,
    };
    let mut batch = EventBatch::new(dataset_name(&document, None));
    let limits = EventLimits::default();
    assert!(map_document(&document, facts, &limits, &mut batch).is_ok());
    assert!(batch.len() >= document.entities().count());
    let text = Value::String(document.text().to_owned());
    let fields = [("xray.document".to_owned(), text)];
    let fields = StoredFields(&fields);
    let rows = [Row {
        timestamp_ns: document.entity().start_ns(),
        fields: &fields,
    }];
    let trace = Trace::new(document.trace_id(), rows_to_parts(&rows, &[]));
    TraceSummary::of(&trace, None);
    // Whatever is cut, it is JSON.
    for made in segment_documents_within(&trace, &rows, room(4_000)) {
        assert!(Json::from_text(&made.text).is_some());
    }
});
