//! How the columns of each dataset are read: as the types that people chose for them, and with the meanings that the dataset's definition
//! gives them. This is where a snapshot becomes what queries see; sources of datasets in which nobody chose anything stay as they are.
//!
//! A column whose type was chosen hides the stored one: what is read of it are the stored values, cast (see [`crate::cast`]). Meanings hide
//! nothing until something asks for them: [`Source::by_definition`] then gives a source in which the usual names, those of
//! [`Meaning::column`], stand for the columns that have the meaning.

mod column;
mod defined;
mod known;
mod meant;

use crate::exec::Watch;
use column::CastColumns;
use defined::Defined;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use waggle_expression::Expression;
use waggle_model::{ColumnType, DatasetId, DatasetScope, Meaning, Tenant, TimeRange};
use waggle_store::{ExtendedSource, ReadError, Snapshot, Source};

pub use known::KnownReadings;
pub(crate) use meant::{is_defined, meant_name, usual_name, with_meant};

use crate::engine::SnapshotSource;

/// The readings of a tenant's datasets.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    datasets: HashMap<DatasetId, DatasetReading>,
}

/// How the columns of one dataset are read.
#[derive(Debug, Default)]
pub(crate) struct DatasetReading {
    /// Types that were chosen, by column.
    pub(crate) types: BTreeMap<String, ColumnType>,
    /// What was chosen to have a meaning.
    pub(crate) chosen: BTreeMap<Meaning, MeantBy>,
    /// The usual columns of any meaning that it has.
    pub(crate) usual: BTreeSet<String>,
}

/// What has a meaning.
#[derive(Clone, Debug)]
pub(crate) enum MeantBy {
    /// Nothing.
    Nothing,
    /// A column.
    Column(String),
    /// What an expression gives.
    Field(Arc<Expression>),
}

/// What has another meaning than its name says, or another name than is usual for its meaning.
type Meanings = Vec<(Meaning, MeantBy)>;

impl Readings {
    /// The readings of some datasets.
    pub(crate) fn new(datasets: HashMap<DatasetId, DatasetReading>) -> Self {
        Self { datasets }
    }

    /// The snapshot as these readings show it, for work that looks at a range only.
    pub(crate) fn apply(
        &self,
        snapshot: Snapshot,
        range: TimeRange,
        watch: &Arc<Watch>,
    ) -> Snapshot {
        let sources = snapshot.sources.into_iter();
        Snapshot {
            sources: sources
                .map(|source| self.read(source, range, watch))
                .collect(),
        }
    }

    fn read(&self, source: Source, range: TimeRange, watch: &Arc<Watch>) -> Source {
        let reading = self.datasets.get(&source.dataset());
        let casts = reading.map_or_else(Vec::new, |reading| reading.casts(&source));
        let unknown = DatasetReading::default();
        let known = reading.unwrap_or(&unknown);
        let mut meanings = match known.is_settled() {
            true => known.meanings(|name| known.usual.contains(name)),
            // The first events of a dataset are there before anyone has asked what columns it has.
            false => known.meanings(|name| known.usual.contains(name) || source.has_column(name)),
        };
        known.add_ids(&source, &mut meanings);
        if casts.is_empty() && meanings.is_empty() {
            return source;
        }
        let casts = Arc::new(CastColumns::new(casts, range, watch));
        let cast = ExtendedSource::new(source, casts);
        if meanings.is_empty() {
            return Source::Extended(Arc::new(cast));
        }
        let inputs = Source::Extended(Arc::new(cast.clone()));
        let defined = Arc::new(Defined::new(meanings, inputs, range, watch));
        Source::Extended(Arc::new(cast.defined_by(defined)))
    }
}

impl DatasetReading {
    /// True when it is known by which column its traces are told apart: then its columns are known.
    fn is_settled(&self) -> bool {
        let mut usual = Meaning::TraceId.usual().iter();
        self.chosen.contains_key(&Meaning::TraceId) || usual.any(|name| self.usual.contains(*name))
    }

    /// What has a meaning, where that is not the column that has it in most datasets.
    fn meanings(&self, has: impl Fn(&str) -> bool) -> Meanings {
        let mut meanings = Meanings::new();
        for meaning in Meaning::ALL {
            let usual = meaning.column();
            match self.chosen.get(&meaning) {
                Some(MeantBy::Column(name)) if name == usual => {}
                Some(chosen) => meanings.push((meaning, chosen.clone())),
                None if has(usual) => {}
                None => {
                    let other = meaning.usual().iter().find(|name| has(name));
                    let other = other.map(|name| MeantBy::Column((*name).to_owned()));
                    meanings.extend(other.map(|other| (meaning, other)));
                }
            }
        }
        meanings
    }

    /// Adds the ids that are in their usual columns and are no texts there: they are compared as text all the same.
    fn add_ids(&self, source: &Source, meanings: &mut Meanings) {
        for meaning in Meaning::ALL.into_iter().filter(|meaning| meaning.is_id()) {
            let usual = meaning.column();
            let is_other = |known: &ColumnType| *known != ColumnType::String;
            let stored = source.stored_types(usual);
            let has_other = match self.types.get(usual) {
                Some(chosen) => !stored.is_empty() && is_other(chosen),
                None => stored.iter().any(is_other),
            };
            if has_other && meanings.iter().all(|(known, _)| *known != meaning) {
                meanings.push((meaning, MeantBy::Column(usual.to_owned())));
            }
        }
    }

    /// The columns of a source that have to be cast: those that are not of the chosen type already.
    fn casts(&self, source: &Source) -> Vec<(String, ColumnType)> {
        let types = self.types.iter();
        let casts = types.filter(|(name, wanted)| {
            let stored = source.stored_types(name);
            stored.iter().any(|stored| stored != *wanted)
        });
        casts
            .map(|(name, wanted)| (name.clone(), *wanted))
            .collect()
    }
}

/// Snapshots as a tenant's readings show them.
pub(crate) struct Reader<'a> {
    pub(crate) source: &'a dyn SnapshotSource,
    pub(crate) readings: &'a Readings,
    pub(crate) watch: &'a Arc<Watch>,
}

impl Reader<'_> {
    /// As [`SnapshotSource::snapshot`].
    pub(crate) fn snapshot(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        range: TimeRange,
    ) -> Result<Snapshot, ReadError> {
        let snapshot = self.source.snapshot(tenant, scope, range)?;
        Ok(self.readings.apply(snapshot, range, self.watch))
    }
}

#[cfg(test)]
mod tests;
