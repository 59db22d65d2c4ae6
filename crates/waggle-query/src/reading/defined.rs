//! Columns by their meaning: what the definition of a dataset says stands under the usual names.

use super::column::cast_column;
use super::{Meanings, MeantBy};
use crate::derived::make_column;
use crate::exec::Watch;
use crate::made::MadeColumns;
use foldhash::quality::FixedState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;
use waggle_model::{ColumnType, Meaning, TimeRange};
use waggle_store::column::Column;
use waggle_store::{Definition, ExtraColumns, ReadError, Source};

/// What the columns of one source mean, where that is not what is usual.
pub(super) struct Defined(Arc<Parts>);

struct Parts {
    meanings: Meanings,
    /// The source with its columns as they are read, but by their own names.
    inputs: Source,
    range: TimeRange,
    watch: Arc<Watch>,
    made: MadeColumns,
}

impl Defined {
    /// For work that looks at a range only.
    pub(super) fn new(
        meanings: Meanings,
        inputs: Source,
        range: TimeRange,
        watch: &Arc<Watch>,
    ) -> Self {
        Self(Arc::new(Parts {
            made: MadeColumns::new(meanings.len(), watch),
            meanings,
            inputs,
            range,
            watch: Arc::clone(watch),
        }))
    }
}

impl Definition for Defined {
    fn columns(&self, names: Option<&[&str]>) -> Option<Arc<dyn ExtraColumns>> {
        let is_wanted = |name: &str| names.is_none_or(|names| names.contains(&name));
        let meanings = self.0.meanings.iter().enumerate();
        let wanted = meanings.filter(|(_, (meaning, _))| is_wanted(meaning.column()));
        let indexes: Vec<usize> = wanted.map(|(index, _)| index).collect();
        if indexes.is_empty() {
            return None;
        }
        let names = indexes.iter().map(|index| self.0.meanings[*index].0);
        Some(Arc::new(ByMeaning {
            names: names.map(|meaning| meaning.column().to_owned()).collect(),
            parts: Arc::clone(&self.0),
            indexes,
        }))
    }
}

impl fmt::Debug for Defined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.meanings.fmt(f)
    }
}

/// Some of the meanings.
struct ByMeaning {
    parts: Arc<Parts>,
    names: Vec<String>,
    /// Of each name, which of the meanings it is.
    indexes: Vec<usize>,
}

impl ByMeaning {
    fn index(&self, name: &str) -> Option<usize> {
        let at = self.names.iter().position(|known| known == name)?;
        Some(self.indexes[at])
    }
}

impl Parts {
    /// Whether a column has values that are no text. Ids are compared as text.
    fn has_other_than_text(&self, column: &str) -> Result<bool, ReadError> {
        if !self.inputs.is_extra(column) {
            let types = self.inputs.stored_types(column);
            return Ok(types.iter().any(|stored| *stored != ColumnType::String));
        }
        let column = self.inputs.column(column)?;
        Ok(column.is_some_and(|column| has_other_than_text(&column)))
    }

    fn make(&self, meaning: Meaning, by: &MeantBy) -> Result<Option<Arc<Column>>, ReadError> {
        let column = match by {
            MeantBy::Nothing => None,
            MeantBy::Column(name) => self.inputs.column(name)?,
            MeantBy::Field(expression) => {
                make_column(expression, &self.inputs, self.range, &self.watch)?
            }
        };
        match column {
            Some(column) if meaning.is_id() && has_other_than_text(&column) => {
                let to = ColumnType::String;
                cast_column(&column, to, &self.inputs, self.range, &self.watch)
            }
            column => Ok(column),
        }
    }
}

fn has_other_than_text(column: &Column) -> bool {
    let mut types = column.types.iter();
    types.any(|typed| typed.dictionary().is_none())
}

impl ExtraColumns for ByMeaning {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn inputs(&self, name: &str) -> Vec<&str> {
        match self.index(name).map(|index| &self.parts.meanings[index].1) {
            None | Some(MeantBy::Nothing) => Vec::new(),
            Some(MeantBy::Column(column)) => vec![column],
            Some(MeantBy::Field(expression)) => expression.columns().collect(),
        }
    }

    fn column(&self, _: &Source, name: &str) -> Result<Option<Arc<Column>>, ReadError> {
        let Some(index) = self.index(name) else {
            return Ok(None);
        };
        let (meaning, by) = &self.parts.meanings[index];
        self.parts.made.get(index, || self.parts.make(*meaning, by))
    }

    fn stands_for(&self, name: &str) -> Option<Option<&str>> {
        let (meaning, by) = &self.parts.meanings[self.index(name)?];
        match by {
            MeantBy::Nothing => Some(None),
            MeantBy::Field(_) => None,
            // Whatever goes wrong goes wrong again when the column is read, and is told then.
            MeantBy::Column(column) => {
                match meaning.is_id() && self.parts.has_other_than_text(column).unwrap_or(true) {
                    true => None,
                    false => Some(Some(column)),
                }
            }
        }
    }

    fn below(&self, _: &str) -> Option<&Source> {
        Some(&self.parts.inputs)
    }

    fn key(&self) -> u64 {
        let meanings = self.indexes.iter().map(|index| {
            let (meaning, by) = &self.parts.meanings[*index];
            let by = match by {
                MeantBy::Nothing => (0, ""),
                MeantBy::Column(name) => (1, name.as_str()),
                MeantBy::Field(expression) => (2, expression.text()),
            };
            (*meaning, by)
        });
        let meanings: Vec<(Meaning, (u8, &str))> = meanings.collect();
        FixedState::with_seed(4).hash_one(&meanings)
    }
}

impl fmt::Debug for ByMeaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.names.fmt(f)
    }
}
