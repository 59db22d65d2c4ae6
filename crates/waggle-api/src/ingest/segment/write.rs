//! The rows of a flight, as one append.

use super::recent::{Key, Part, Place};
use std::collections::BTreeMap;
use waggle_model::{EventBatch, EventLimits, PENDING_DATASET};
use waggle_wire::xray::{
    DATASET_UNKNOWN, Document, DocumentFacts, dataset_name, map_document, map_left_out,
    map_pending, map_settled, map_trace_full,
};

/// Batches, and which document each row holds that must not be refused. Documents are given by their number among the writes.
pub(super) struct Written {
    pub(super) batches: Vec<EventBatch>,
    /// By batch and row. Behind each are the other rows of its document.
    pub(super) rows: BTreeMap<(usize, usize), usize>,
    /// The rows of documents whose wait ends with this append: when one is refused, nothing may be stored.
    pub(super) must: Vec<(usize, usize)>,
    /// Documents that no row can hold.
    pub(super) refused: Vec<usize>,
}

impl Written {
    pub(super) fn new(
        writes: &[(Part, Place)],
        full: &[Key],
        now_ns: i64,
        limits: &EventLimits,
    ) -> Self {
        let mut written = Self {
            batches: Vec::new(),
            rows: BTreeMap::new(),
            must: Vec::new(),
            refused: Vec::new(),
        };
        for (number, (part, place)) in writes.iter().enumerate() {
            written.write(number, part, place, limits);
        }
        for (_, trace_id) in full {
            let batch = written.batch(PENDING_DATASET);
            if let Some(batch) = written.batches.get_mut(batch) {
                // A row of three columns breaks no limit.
                _ = map_trace_full(*trace_id, now_ns, limits, batch);
            }
        }
        written
    }

    /// Whether rows are to be written to a dataset.
    pub(super) fn has(&self, dataset: &str) -> bool {
        self.batches.iter().any(|batch| batch.dataset == dataset)
    }

    fn write(&mut self, document_number: usize, part: &Part, place: &Place, limits: &EventLimits) {
        // It was parsed before it came here.
        let Ok(document) = Document::parse(part.text.as_bytes()) else {
            return;
        };
        let service = match place {
            Place::Events { service, .. } => service.as_deref(),
            Place::Waiting | Place::Kept => None,
        };
        let facts = DocumentFacts {
            service,
            received_ns: part.received_ns,
            source: part.source,
        };
        let dataset = match place {
            Place::Events {
                is_elsewhere: true, ..
            } => DATASET_UNKNOWN,
            Place::Events { .. } => dataset_name(&document, service),
            Place::Waiting | Place::Kept => PENDING_DATASET,
        };
        // What no event can hold must not begin to wait for becoming one.
        let is_writable = *place != Place::Waiting || {
            let mut scratch = EventBatch::new(PENDING_DATASET);
            map_document(&document, facts, limits, &mut scratch).is_ok()
        };
        if !is_writable {
            self.refused.push(document_number);
            return;
        }
        let number = self.batch(dataset);
        let Some(batch) = self.batches.get_mut(number) else {
            return;
        };
        let row = match place {
            Place::Events { .. } => map_document(&document, facts, limits, batch),
            Place::Waiting => map_pending(&document, facts, false, limits, batch),
            Place::Kept => map_pending(&document, facts, true, limits, batch),
        };
        let Ok(row) = row else {
            self.refused.push(document_number);
            return;
        };
        self.rows.insert((number, row), document_number);
        if let Place::Events { settles: true, .. } = place {
            self.must.push((number, row));
            let pending = self.batch(PENDING_DATASET);
            if let Some(batch) = self.batches.get_mut(pending) {
                let (_, trace_id) = part.key;
                // Not the time of now: a later document of the entity may be durable by then, and wait.
                let settled_ns = part.received_ns;
                _ = map_settled(trace_id, part.id, part.start_ns, settled_ns, limits, batch);
            }
        }
    }

    /// The number of the batch of a dataset.
    fn batch(&mut self, dataset: &str) -> usize {
        let found = self.batches.iter().position(|b| b.dataset == dataset);
        found.unwrap_or_else(|| {
            self.batches.push(EventBatch::new(dataset));
            self.batches.len() - 1
        })
    }
}

/// Writes down that the store refused rows of a document.
pub(super) fn note_left_out(part: &Part, limits: &EventLimits, batch: &mut EventBatch) {
    let (_, trace_id) = part.key;
    // A row of two columns breaks no limit.
    _ = map_left_out(trace_id, part.start_ns, limits, batch);
}
