//! Columns that calculations read by their meaning. They get names that no clause of a query can have, so that a column which the query names
//! stays what it is, whatever has the meaning in a dataset.

use std::sync::Arc;
use waggle_store::column::Column;
use waggle_store::{ExtendedSource, ExtraColumns, ReadError, Snapshot, Source};

/// The name under which the column is read that has the meaning for which this one is usual.
pub(crate) fn meant_name(usual: &str) -> String {
    format!("\0{usual}")
}

/// The name that the column was asked for by.
pub(crate) fn usual_name(name: &str) -> &str {
    name.strip_prefix('\0').unwrap_or(name)
}

/// Whether something else than a column of this usual name has its meaning somewhere.
pub(crate) fn is_defined(snapshot: &Snapshot, usual: &str) -> bool {
    let mut definitions = snapshot.sources.iter().filter_map(Source::definition);
    definitions.any(|known| known.columns(Some(&[usual])).is_some())
}

/// The snapshot with what has the meanings of these columns, under the names that [`meant_name`] gives.
pub(crate) fn with_meant(snapshot: &Snapshot, usual: &[&'static str]) -> Snapshot {
    let names: Arc<[String]> = usual.iter().map(|usual| meant_name(usual)).collect();
    let sources = snapshot.sources.iter().map(|source| {
        let definition = source.definition();
        let meant = Meant {
            names: Arc::clone(&names),
            usual: usual.to_vec(),
            defined: definition.and_then(|known| known.columns(Some(usual))),
        };
        let extended = ExtendedSource::new(source.clone(), Arc::new(meant));
        Source::Extended(Arc::new(extended))
    });
    Snapshot {
        sources: sources.collect(),
    }
}

#[derive(Debug)]
struct Meant {
    names: Arc<[String]>,
    usual: Vec<&'static str>,
    /// Those of them that have another meaning here than is usual.
    defined: Option<Arc<dyn ExtraColumns>>,
}

impl Meant {
    /// What a name here is usually called, and the columns that say what has the meaning, if it is another one.
    fn usual(&self, name: &str) -> Option<(&'static str, Option<&dyn ExtraColumns>)> {
        let usual = self.usual[self.names.iter().position(|known| known == name)?];
        let defined = self.defined.as_deref();
        let has_it = |defined: &&dyn ExtraColumns| defined.names().iter().any(|n| n == usual);
        Some((usual, defined.filter(has_it)))
    }
}

impl ExtraColumns for Meant {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        match self.usual(name) {
            None => Vec::new(),
            Some((usual, None)) => vec![usual],
            Some((usual, Some(defined))) => defined.inputs(usual),
        }
    }

    fn column(&self, base: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        match self.usual(name) {
            None => Ok(None),
            Some((usual, None)) => base.column(usual),
            Some((usual, Some(defined))) => defined.column(base, usual),
        }
    }

    fn stands_for(&self, name: &str) -> Option<Option<&str>> {
        match self.usual(name)? {
            (usual, None) => Some(Some(usual)),
            (usual, Some(defined)) => defined.stands_for(usual),
        }
    }

    fn below(&self, name: &str) -> Option<&Source> {
        let (usual, defined) = self.usual(name)?;
        defined?.below(usual)
    }

    fn key(&self) -> u64 {
        self.defined.as_ref().map_or(0, |defined| defined.key())
    }
}
