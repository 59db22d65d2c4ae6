//! Documents of X-Ray, and the rows they become.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_model::{EventBatch, EventLimits};
use waggle_wire::xray::{Document, DocumentFacts, Source, dataset_name, map_document};

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
});
