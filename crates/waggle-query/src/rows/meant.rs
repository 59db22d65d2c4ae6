//! What the definitions of datasets say of rows, where their fields do not say it by the usual names themselves.
//!
//! Most rows need nothing more: what another column means is among the fields that were read already. Only what is made, by a calculated
//! field or of ids that are no text, is read once more, in the sources of these rows and no others.

use super::{Gatherer, Place};
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use hashbrown::HashMap;
use waggle_model::{Meaning, RawRow, Value};
use waggle_store::Source;

/// Where rows of one source have the meanings that the usual columns do not have.
#[derive(Default)]
struct Meant {
    /// The field that has it; `None` says that nothing has.
    copied: Vec<(Meaning, Option<String>)>,
    /// Those of which there is no field.
    made: Vec<Meaning>,
}

impl Meant {
    fn of(source: &Source) -> Self {
        let mut meant = Self::default();
        let Some(columns) = source.meanings() else {
            return meant;
        };
        let wanted = Meaning::ALL.into_iter().filter(|meaning| {
            let mut names = columns.names().iter();
            names.any(|name| name == meaning.column())
        });
        for meaning in wanted {
            match columns.stands_for(meaning.column()) {
                None => meant.made.push(meaning),
                // Whoever looks for it finds it: most datasets have one of these.
                Some(Some(name)) if !meaning.is_of_traces() && meaning.usual().contains(&name) => {}
                Some(name) => meant.copied.push((meaning, name.map(str::to_owned))),
            }
        }
        meant
    }
}

/// Adds to rows what has which meaning there. The rows are those at the places, their fields by their own names.
pub(crate) fn add_meanings(
    rows: &mut [RawRow],
    places: &[Place],
    sources: &[Source],
    config: &EngineConfig,
    watch: &Watch,
) -> Result<(), ExecError> {
    let mut known: HashMap<usize, Meant> = HashMap::new();
    for (row, place) in rows.iter_mut().zip(places) {
        let meant = known.entry(place.source);
        let meant = meant.or_insert_with(|| Meant::of(&sources[place.source]));
        for (meaning, name) in &meant.copied {
            let value = name.as_deref().and_then(|name| field(row, name).cloned());
            add(row, *meaning, value);
        }
    }
    known.retain(|_, meant| !meant.made.is_empty());
    if !known.is_empty() {
        add_made(rows, places, sources, &known, config, watch)?;
    }
    Ok(())
}

fn add_made(
    rows: &mut [RawRow],
    places: &[Place],
    sources: &[Source],
    known: &HashMap<usize, Meant>,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<(), ExecError> {
    let mut names: Vec<&str> = known
        .values()
        .flat_map(|meant| meant.made.iter().map(|meaning| meaning.column()))
        .collect();
    names.sort_unstable();
    names.dedup();
    let defined: Vec<Source> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| match known.contains_key(&index) {
            true => source.by_definition(Some(&names)),
            false => source.clone(),
        })
        .collect();
    let indices = 0..places.len();
    let indices: Vec<usize> = indices
        .filter(|index| known.contains_key(&places[*index].source))
        .collect();
    let places: Vec<Place> = indices.iter().map(|index| places[*index]).collect();
    let read = Gatherer::new(&defined, &places, config, watch)
        .only(&names)
        .rows(&places)?;
    for ((index, place), read) in indices.into_iter().zip(&places).zip(read) {
        for meaning in &known[&place.source].made {
            let value = field(&read, meaning.column()).cloned();
            add(&mut rows[index], *meaning, value);
        }
        rows[index]
            .meant
            .sort_unstable_by_key(|(meaning, _)| *meaning);
    }
    Ok(())
}

fn field<'a>(row: &'a RawRow, name: &str) -> Option<&'a Value> {
    let found = row
        .fields
        .binary_search_by(|(known, _)| known.as_str().cmp(name));
    found.ok().map(|index| &row.fields[index].1)
}

/// Adds what a row has of a meaning, where the usual field does not say it.
fn add(row: &mut RawRow, meaning: Meaning, value: Option<Value>) {
    if field(row, meaning.column()) != value.as_ref() {
        row.meant.push((meaning, value));
    }
}
