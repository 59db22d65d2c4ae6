//! Whole rows: every field of the few that are shown, read from as many columns as there are.

use super::Place;
use crate::exec::{ExecError, Watch};
use crate::number::mix;
use hashbrown::HashMap;
use std::sync::Arc;
use waggle_model::{RawRow, Value};
use waggle_store::Source;
use waggle_store::column::{Column, TypedColumn, stable_hash};

/// Reads whole rows from any source of a snapshot.
pub(crate) struct Gatherer<'a> {
    sources: &'a [Source],
    watch: &'a Watch,
    opened: HashMap<usize, Opened>,
}

/// Every column of one source, by name ascending.
struct Opened {
    columns: Vec<(String, Arc<Column>)>,
    sample_rates: Option<Arc<TypedColumn>>,
}

impl<'a> Gatherer<'a> {
    pub(crate) fn new(sources: &'a [Source], watch: &'a Watch) -> Self {
        Self {
            sources,
            watch,
            opened: HashMap::new(),
        }
    }

    /// Reads one row.
    pub(crate) fn row(&mut self, place: Place) -> Result<RawRow, ExecError> {
        self.watch.check()?;
        let source = &self.sources[place.source];
        let opened = match self.opened.entry(place.source) {
            hashbrown::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            hashbrown::hash_map::Entry::Vacant(entry) => entry.insert(Opened::new(source)?),
        };
        let rate = match &opened.sample_rates {
            Some(rates) => rates.value(place.row),
            None => None,
        };
        Ok(RawRow {
            timestamp_ns: place.time_ns,
            sample_rate: match rate {
                Some(Value::Int(rate)) => u32::try_from(rate).unwrap_or(1),
                _ => 1,
            },
            dataset: source.dataset(),
            fields: opened
                .columns
                .iter()
                .filter_map(|(name, column)| Some((name.clone(), column.value(place.row)?)))
                .collect(),
        })
    }

    /// Orders rows of one time by a hash of all that is in them. Equal hashes mean equal rows, which are interchangeable.
    pub(crate) fn by_hash(&mut self, places: &[Place]) -> Result<Vec<(u64, Place)>, ExecError> {
        let mut hashed = Vec::with_capacity(places.len());
        for place in places {
            hashed.push((hash_of(&self.row(*place)?), *place));
        }
        hashed.sort_by_key(|(hash, _)| *hash);
        Ok(hashed)
    }
}

impl Opened {
    fn new(source: &Source) -> Result<Self, ExecError> {
        let mut names = source.column_names();
        names.sort_unstable();
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            if let Some(column) = source.column(&name)? {
                columns.push((name, column));
            }
        }
        Ok(Self {
            columns,
            sample_rates: source.sample_rates()?,
        })
    }
}

/// Fields come by name ascending, so the same row hashes alike from wherever it is read.
fn hash_of(row: &RawRow) -> u64 {
    let mut hash = mix(row.dataset.0.cast_unsigned()) ^ u64::from(row.sample_rate);
    for (name, value) in &row.fields {
        let (kind, bits) = match value {
            Value::String(text) => (0, stable_hash(text)),
            Value::Int(value) => (1, value.cast_unsigned()),
            Value::Float(value) => (2, value.to_bits()),
            Value::Bool(value) => (3, u64::from(*value)),
        };
        for part in [stable_hash(name), kind, bits] {
            hash = mix(hash.rotate_left(5) ^ part);
        }
    }
    hash
}
