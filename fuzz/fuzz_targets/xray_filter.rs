//! Whatever is given as a filter expression: an answer for a trace, or an error within the text, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waggle_wire::xray::{Document, TraceId};
use waggle_xray::{Filter, NoGroups, Parts, Selector, Trace, entities_of_document};

const DOCUMENT: &str = r#"{"name":"a","id":"a000000000000001","trace_id":"1-6a000000-000000000000000000000001","start_time":1,"end_time":2,"fault":true,"annotations":{"k":1},"subsegments":[{"name":"b","id":"a000000000000002","start_time":1,"end_time":2,"namespace":"remote","fault":true}]}"#;

fuzz_target!(|text: &str| {
    let length = text.chars().count();
    if let Err(error) = Selector::parse(text) {
        assert!(error.position <= length);
    }
    match Filter::parse(text, &NoGroups) {
        Err(error) => assert!(error.position <= length),
        Ok(filter) => {
            let document = Document::parse(DOCUMENT.as_bytes()).unwrap();
            let parts = Parts {
                entities: entities_of_document(&document).collect(),
                ..Parts::default()
            };
            let id = TraceId::parse("1-6a000000-000000000000000000000001").unwrap();
            filter.matches(&Trace::new(id, parts));
            filter.narrow(&|_| Vec::new());
        }
    }
});
