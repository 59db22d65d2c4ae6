//! Usage mode: questions about the stored rows themselves, of which each counts once. Their sample rates are a column like any other.
//!
//! Every source of the snapshot is wrapped before anything else reads it: it then says that it has no sample rates, so whatever
//! weighs rows by them takes each once without knowing why. Source: spec/product.md, QR-10.

use std::sync::Arc;
use waggle_store::column::{Column, Presence, TypedColumn, Values};
use waggle_store::{ExtendedSource, ExtraColumns, ReadError, Snapshot, Source};

/// The column that holds how many events a row stands for. A stored one of that name is hidden.
const SAMPLE_RATE: &str = "sample_rate";

/// The snapshot with every row counting once.
pub(crate) fn by_rows(snapshot: &Snapshot) -> Snapshot {
    let extra: Arc<dyn ExtraColumns> = Arc::new(SampleRates {
        names: [SAMPLE_RATE.to_owned()],
    });
    let sources = snapshot.sources.iter().map(|source| {
        let extended = ExtendedSource::new(source.clone(), Arc::clone(&extra));
        Source::Extended(Arc::new(extended))
    });
    Snapshot {
        sources: sources.collect(),
    }
}

/// Sample rates as a column.
#[derive(Debug)]
struct SampleRates {
    names: [String; 1],
}

impl ExtraColumns for SampleRates {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn inputs(&self, _: &str) -> Vec<&str> {
        Vec::new()
    }

    fn hides_sample_rates(&self) -> bool {
        true
    }

    fn column(&self, base: &Source, _: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let row_count = base.row_count();
        let rates = match base.sample_rates()? {
            Some(rates) => TypedColumn::clone(&rates),
            None => {
                let ones = vec![1; row_count as usize];
                TypedColumn::new(row_count, Presence::All, Values::Ints(ones.into()))
            }
        };
        Ok(Some(Arc::new(Column { types: vec![rates] })))
    }
}
