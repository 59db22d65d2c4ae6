//! Whole rows: every field of the few that are shown, read from as many columns as there are.
//!
//! Rows of one source are read together, a column at a time: most columns of a wide source have a value in none of them.

use super::Place;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch, fold_items};
use crate::number::mix;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::sync::Arc;
use waggle_model::{ColumnType, RawRow, Value};
use waggle_store::column::{CHUNK_ROWS, ChunkBuffer, Column, Dictionary, TypedColumn, stable_hash};
use waggle_store::{Source, Wanted};

/// Reads whole rows from any source of a snapshot.
pub(crate) struct Gatherer<'a> {
    sources: &'a [Source],
    /// The rows that may be asked for.
    candidates: &'a [Place],
    /// The columns to read, where that is not all.
    names: Option<&'a [&'a str]>,
    config: &'a EngineConfig,
    watch: &'a Watch,
    opened: HashMap<usize, Opened>,
    buffers: Buffers,
}

/// Every column of one source, by name ascending.
struct Opened {
    columns: Vec<(String, Arc<Column>)>,
    sample_rates: Option<Arc<TypedColumn>>,
}

#[derive(Default)]
struct Buffers {
    codes: ChunkBuffer<u32>,
    ints: ChunkBuffer<i64>,
    floats: ChunkBuffer<f64>,
    bools: ChunkBuffer<bool>,
}

/// A value where it was read.
#[derive(Clone, Copy)]
enum Found<'d> {
    Text(&'d Dictionary, u32),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl<'a> Gatherer<'a> {
    /// `candidates` are the rows that may be asked for.
    pub(crate) fn new(
        sources: &'a [Source],
        candidates: &'a [Place],
        config: &'a EngineConfig,
        watch: &'a Watch,
    ) -> Self {
        Self {
            sources,
            candidates,
            names: None,
            config,
            watch,
            opened: HashMap::new(),
            buffers: Buffers::default(),
        }
    }

    /// Reads no columns but these.
    pub(super) fn only(mut self, names: &'a [&'a str]) -> Self {
        self.names = Some(names);
        self
    }

    /// Reads rows, and returns them in the order of their places.
    pub(crate) fn rows(&mut self, places: &[Place]) -> Result<Vec<RawRow>, ExecError> {
        let rows = self.rows_within(places, usize::MAX)?;
        Ok(rows.map(|(rows, _)| rows).unwrap_or_default())
    }

    /// The same with the bytes of memory that they take, or `None` when these are more than `bytes_max`; then about so many were taken
    /// meanwhile, and the largest value more.
    pub(crate) fn rows_within(
        &mut self,
        places: &[Place],
        bytes_max: usize,
    ) -> Result<Option<(Vec<RawRow>, usize)>, ExecError> {
        let mut bytes = places.len() * size_of::<RawRow>();
        let mut rows: Vec<RawRow> = places
            .iter()
            .map(|place| RawRow {
                timestamp_ns: place.time_ns,
                sample_rate: 1,
                dataset: self.sources[place.source].dataset(),
                fields: Vec::new(),
                meant: Vec::new(),
            })
            .collect();
        self.each_batch(places, |numbers, opened, indices, buffers| {
            for (index, rate) in opened.rates(numbers, buffers) {
                rows[indices[index]].sample_rate = u32::try_from(rate).unwrap_or(1);
            }
            for (name, column) in &opened.columns {
                each_value(column, numbers, buffers, |index, found| {
                    if bytes > bytes_max {
                        return;
                    }
                    let value = found.to_value();
                    let text = match &value {
                        Value::String(text) => text.len(),
                        Value::Int(_) | Value::Float(_) | Value::Bool(_) => 0,
                    };
                    bytes += size_of::<(String, Value)>() + name.len() + text;
                    rows[indices[index]].fields.push((name.clone(), value));
                });
            }
        })?;
        Ok((bytes <= bytes_max).then_some((rows, bytes)))
    }

    /// Orders rows of one time by a hash of all that is in them. Equal hashes mean equal rows, which are interchangeable.
    pub(crate) fn by_hash(&mut self, places: &[Place]) -> Result<Vec<(u64, Place)>, ExecError> {
        let mut hashed: Vec<(u64, Place)> = places
            .iter()
            .map(|place| {
                let dataset = self.sources[place.source].dataset();
                (mix(dataset.0.cast_unsigned()) ^ 1, *place)
            })
            .collect();
        self.each_batch(places, |numbers, opened, indices, buffers| {
            for (index, rate) in opened.rates(numbers, buffers) {
                hashed[indices[index]].0 ^= 1 ^ rate.cast_unsigned();
            }
            // Fields come by name ascending, so the same row hashes alike from wherever it is read.
            for (name, column) in &opened.columns {
                let name = stable_hash(name);
                each_value(column, numbers, buffers, |index, found| {
                    let (kind, bits) = found.kind_and_bits();
                    let hash = &mut hashed[indices[index]].0;
                    for part in [name, kind, bits] {
                        *hash = mix(hash.rotate_left(5) ^ part);
                    }
                });
            }
        })?;
        hashed.sort_by_key(|(hash, _)| *hash);
        Ok(hashed)
    }

    /// Calls `read` with rows of one source, ascending, its columns, and the index in `places` of each row.
    fn each_batch(
        &mut self,
        places: &[Place],
        mut read: impl FnMut(&[u32], &Opened, &[usize], &mut Buffers),
    ) -> Result<(), ExecError> {
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_unstable_by_key(|index| (places[*index].source, places[*index].row));
        let is_together =
            |left: &usize, right: &usize| places[*left].source == places[*right].source;
        for of_source in order.chunk_by(is_together) {
            for indices in of_source.chunks(CHUNK_ROWS) {
                self.watch.check()?;
                let source = places[indices[0]].source;
                let opened = match self.opened.entry(source) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        let chunks = chunks_of(self.candidates, source);
                        let source = &self.sources[source];
                        entry.insert(Opened::new(source, self.names, &chunks, self.config)?)
                    }
                };
                let numbers: Vec<u32> = indices.iter().map(|index| places[*index].row).collect();
                read(&numbers, opened, indices, &mut self.buffers);
            }
        }
        Ok(())
    }
}

/// The chunks of a source that places are in, ascending.
fn chunks_of(places: &[Place], source: usize) -> Vec<usize> {
    let places = places.iter().filter(|place| place.source == source);
    let mut chunks: Vec<usize> = places
        .map(|place| place.row as usize / CHUNK_ROWS)
        .collect();
    chunks.sort_unstable();
    chunks.dedup();
    chunks
}

impl Opened {
    /// Opens some chunks of the columns, by several threads: columns are hundreds.
    fn new(
        source: &Source,
        only: Option<&[&str]>,
        chunks: &[usize],
        config: &EngineConfig,
    ) -> Result<Self, ExecError> {
        let mut names = source.column_names();
        names.retain(|name| only.is_none_or(|only| only.contains(&name.as_str())));
        names.sort_unstable();
        let wanted: Vec<Wanted<'_>> = names.iter().map(|name| Wanted::Some(name)).collect();
        source.will_read(&wanted);
        let rows = u64::from(source.row_count());
        let parts = fold_items(names.len(), rows, config, Vec::new, |part, index| {
            let column = source.column_in(&names[index], chunks)?;
            part.extend(column.map(|column| (names[index].clone(), column)));
            Ok(())
        })?;
        let mut columns: Vec<(String, Arc<Column>)> = parts.into_iter().flatten().collect();
        columns.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        Ok(Self {
            columns,
            sample_rates: source.base().sample_rates()?,
        })
    }

    /// The sample rates of rows, each with its index; none where all are 1.
    fn rates<'b>(
        &self,
        rows: &[u32],
        buffers: &'b mut Buffers,
    ) -> impl Iterator<Item = (usize, i64)> + use<'b> {
        let ints = &mut buffers.ints;
        let count = match &self.sample_rates {
            Some(rates) => {
                rates.pick_ints(rows, ints);
                rows.len()
            }
            None => 0,
        };
        ints.values[..count].iter().copied().enumerate()
    }
}

/// Calls `visit` with every value of a column in some rows, and the row's index.
fn each_value(
    column: &Column,
    rows: &[u32],
    buffers: &mut Buffers,
    mut visit: impl FnMut(usize, Found<'_>),
) {
    let Buffers {
        codes,
        ints,
        floats,
        bools,
    } = buffers;
    let indices = || 0..rows.len();
    for typed in &column.types {
        match (typed.dictionary(), typed.column_type()) {
            (Some(dictionary), _) => {
                typed.pick_codes(rows, codes);
                for index in indices().filter(|index| codes.has(*index)) {
                    visit(index, Found::Text(dictionary, codes.values[index]));
                }
            }
            (None, ColumnType::Float) => {
                typed.pick_floats(rows, floats);
                for index in indices().filter(|index| floats.has(*index)) {
                    visit(index, Found::Float(floats.values[index]));
                }
            }
            (None, ColumnType::Boolean) => {
                typed.pick_bools(rows, bools);
                for index in indices().filter(|index| bools.has(*index)) {
                    visit(index, Found::Bool(bools.values[index]));
                }
            }
            (None, _) => {
                typed.pick_ints(rows, ints);
                for index in indices().filter(|index| ints.has(*index)) {
                    visit(index, Found::Int(ints.values[index]));
                }
            }
        }
    }
}

impl Found<'_> {
    fn to_value(self) -> Value {
        match self {
            Self::Text(dictionary, code) => Value::String(dictionary.text(code).into_owned()),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Bool(value) => Value::Bool(value),
        }
    }

    /// What tells a value from others when rows are hashed.
    fn kind_and_bits(self) -> (u64, u64) {
        match self {
            Self::Text(dictionary, code) => (0, dictionary.hash(code)),
            Self::Int(value) => (1, value.cast_unsigned()),
            Self::Float(value) => (2, value.to_bits()),
            Self::Bool(value) => (3, u64::from(value)),
        }
    }
}
