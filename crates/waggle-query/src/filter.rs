//! Conditions on rows.
//!
//! An operator turns its right-hand side into a [`Predicate`] once per query; the predicate is bound to a source once per source,
//! where conditions on text run once per dictionary entry and become a bit per entry; per chunk only bits and numbers are looked at.
//!
//! Types never coerce (spec/honeycomb-api.md section 10.2: `200` is not `"200"`), but integers and floats are one kind:
//!
//! | filter's value | text row | integer or float row | boolean row | row without the column |
//! |---|---|---|---|---|
//! | text, `=` `in` | same bytes | no | no | no |
//! | number, `=` `in` | no | same number (`5` = `5.0`) | no | no |
//! | boolean, `=` `in` | no | no | same | no |
//! | text, `<` `<=` `>` `>=` | byte order | no | no | no |
//! | number, `<` `<=` `>` `>=` | no | exact order; NaN never | no | no |
//! | boolean, `<` `<=` `>` `>=` | no | no | no | no |
//! | `starts-with` `ends-with` `contains` | on bytes; a number or boolean on the right is read as its text | no | no | no |
//! | `exists` | yes | yes | yes | no |
//!
//! Every negative operator (`!=`, `does-not-...`, `not-in`) is the exact opposite of its positive one, so it matches rows of another
//! type and rows without the column.

mod equality;
mod list;
mod order;
mod presence;
mod text;

use crate::chunk::{Bits, ColumnReader, TypedBuffer, each_bit, stored_bytes};
use std::sync::Arc;
use waggle_model::{FilterCombination, FilterOp, FilterSpec, FilterValue, QueryError};
use waggle_store::column::{CHUNK_WORDS, ChunkBuffer, Column, Dictionary};
use waggle_store::{ReadError, Source};

/// Every filter operator, in the order of the spec.
pub static FILTER_OPS: &[&dyn FilterOperator] = &[
    &equality::Equal,
    &equality::NotEqual,
    &order::Compare::GREATER,
    &order::Compare::GREATER_OR_EQUAL,
    &order::Compare::LESS,
    &order::Compare::LESS_OR_EQUAL,
    &text::Search::STARTS_WITH,
    &text::Search::DOES_NOT_START_WITH,
    &text::Search::ENDS_WITH,
    &text::Search::DOES_NOT_END_WITH,
    &presence::Exists,
    &presence::DoesNotExist,
    &text::Search::CONTAINS,
    &text::Search::DOES_NOT_CONTAIN,
    &list::In,
    &list::NotIn,
];

/// One operator of [`FILTER_OPS`].
pub trait FilterOperator: Sync {
    /// Which operator this is.
    fn op(&self) -> FilterOp;

    /// Makes the condition.
    ///
    /// # Errors
    /// Says which right-hand side the operator needs instead.
    fn predicate(&self, value: &FilterValue) -> Result<Box<dyn Predicate>, &'static str>;
}

/// A condition on one value. The methods on chunks are compiled per predicate, so that their loops call nothing.
pub trait Predicate: Send + Sync {
    /// Whether a row without the column matches.
    fn absent(&self) -> bool;
    /// Whether a text matches.
    fn string(&self, value: &str) -> bool;
    /// Whether an integer matches.
    fn int(&self, value: i64) -> bool;
    /// Whether a float matches.
    fn float(&self, value: f64) -> bool;
    /// Whether a boolean matches.
    fn bool(&self, value: bool) -> bool;

    /// The only texts that match (`true`) or that do not (`false`), when they are few: a dictionary finds them by their hash.
    fn texts(&self) -> Option<(bool, &[String])> {
        None
    }

    /// The rows of `among` whose integer matches.
    fn ints(&self, chunk: &ChunkBuffer<i64>, among: &Bits) -> Bits {
        matching(chunk, among, |value| self.int(value))
    }

    /// The rows of `among` whose float matches.
    fn floats(&self, chunk: &ChunkBuffer<f64>, among: &Bits) -> Bits {
        matching(chunk, among, |value| self.float(value))
    }
}

fn matching<T: Copy>(chunk: &ChunkBuffer<T>, among: &Bits, test: impl Fn(T) -> bool) -> Bits {
    let mut matched = [0; CHUNK_WORDS];
    let mut candidates = chunk.present;
    and(&mut candidates, among);
    each_bit(&candidates, |index| {
        if test(chunk.values[index]) {
            matched[index / 64] |= 1 << (index % 64);
        }
    });
    matched
}

/// The opposite of a condition.
pub(crate) struct Not<P>(pub(crate) P);

impl<P: Predicate> Predicate for Not<P> {
    fn absent(&self) -> bool {
        !self.0.absent()
    }
    fn string(&self, value: &str) -> bool {
        !self.0.string(value)
    }
    fn int(&self, value: i64) -> bool {
        !self.0.int(value)
    }
    fn float(&self, value: f64) -> bool {
        !self.0.float(value)
    }
    fn bool(&self, value: bool) -> bool {
        !self.0.bool(value)
    }
    fn texts(&self) -> Option<(bool, &[String])> {
        let (among, texts) = self.0.texts()?;
        Some((!among, texts))
    }
}

/// The filters of a query.
#[derive(Clone)]
pub struct FilterSet {
    combination: FilterCombination,
    filters: Arc<[Filter]>,
}

struct Filter {
    column: String,
    predicate: Box<dyn Predicate>,
}

impl FilterSet {
    /// Checks and prepares filters.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with the filter that is wrong.
    pub fn new(specs: &[FilterSpec], combination: FilterCombination) -> Result<Self, QueryError> {
        let filters = specs
            .iter()
            .enumerate()
            .map(|(index, spec)| {
                let invalid = |part: &str, message: &str| QueryError::Invalid {
                    field: format!("filters[{index}].{part}"),
                    message: message.to_owned(),
                };
                if spec.column.is_empty() {
                    return Err(invalid("column", "a filter needs a column"));
                }
                let operator = FILTER_OPS
                    .iter()
                    .find(|operator| operator.op() == spec.op)
                    .ok_or_else(|| invalid("op", "unknown operator"))?;
                let predicate = operator
                    .predicate(&spec.value)
                    .map_err(|message| invalid("value", message))?;
                Ok(Filter {
                    column: spec.column.clone(),
                    predicate,
                })
            })
            .collect::<Result<_, QueryError>>()?;
        Ok(Self {
            combination,
            filters,
        })
    }

    /// Conditions that are not among [`FILTER_OPS`], all of which must hold: those of SQL.
    pub fn of_predicates(predicates: Vec<(String, Box<dyn Predicate>)>) -> Self {
        Self {
            combination: FilterCombination::And,
            filters: predicates
                .into_iter()
                .map(|(column, predicate)| Filter { column, predicate })
                .collect(),
        }
    }

    /// The columns that are looked at; one may come several times.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().map(|filter| filter.column.as_str())
    }

    /// True when every row matches.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// Prepares the filters for one source.
    pub(crate) fn bind(&self, source: &Source) -> Result<BoundFilters<'_>, ReadError> {
        let mut bound = BoundFilters {
            combination: self.combination,
            filters: Vec::with_capacity(self.filters.len()),
            stored_bytes: 0,
        };
        for filter in &*self.filters {
            let column = source.column(&filter.column)?;
            bound.stored_bytes += stored_bytes(source, &filter.column);
            bound
                .filters
                .push(BoundFilter::new(&*filter.predicate, column));
            if self.combination == FilterCombination::And && bound.match_nothing() {
                // The other columns need not be read to know that.
                break;
            }
        }
        Ok(bound)
    }
}

/// The filters of a query over one source.
pub(crate) struct BoundFilters<'a> {
    combination: FilterCombination,
    filters: Vec<BoundFilter<'a>>,
    stored_bytes: u64,
}

impl BoundFilters<'_> {
    /// True when no row of the source can match: a value is not in a dictionary, or a column does not occur.
    pub(crate) fn match_nothing(&self) -> bool {
        let mut filters = self.filters.iter();
        match self.combination {
            FilterCombination::And => filters.any(BoundFilter::matches_nothing),
            FilterCombination::Or => {
                !self.filters.is_empty() && filters.all(BoundFilter::matches_nothing)
            }
        }
    }

    /// Bytes that the columns of the filters occupy in a block.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Clears the bits of rows that do not match.
    pub(crate) fn apply(&mut self, chunk: usize, selected: &mut Bits) {
        if self.filters.is_empty() {
            return;
        }
        match self.combination {
            FilterCombination::And => {
                for filter in &mut self.filters {
                    if crate::chunk::is_empty(selected) {
                        return;
                    }
                    *selected = filter.matching(chunk, selected);
                }
            }
            FilterCombination::Or => {
                let mut matched = [0; CHUNK_WORDS];
                let mut open = *selected;
                for filter in &mut self.filters {
                    let found = filter.matching(chunk, &open);
                    for index in 0..CHUNK_WORDS {
                        matched[index] |= found[index];
                        open[index] &= !found[index];
                    }
                    if crate::chunk::is_empty(&open) {
                        break;
                    }
                }
                *selected = matched;
            }
        }
    }
}

struct BoundFilter<'a> {
    predicate: &'a dyn Predicate,
    /// Per type of the column what is known before a row is read, as [`ColumnReader`] orders them; empty without the column.
    types: Vec<BoundType>,
    reader: Option<ColumnReader>,
}

enum BoundType {
    /// A bit per dictionary entry.
    Entries { matching: Vec<u64>, is_empty: bool },
    /// Numbers and booleans are tested row by row.
    Values,
}

impl<'a> BoundFilter<'a> {
    fn new(predicate: &'a dyn Predicate, column: Option<Arc<Column>>) -> Self {
        let types = column
            .iter()
            .flat_map(|column| &column.types)
            .map(|typed| match typed.dictionary() {
                Some(dictionary) => {
                    let matching = matching_entries(predicate, dictionary);
                    let is_empty = matching.iter().all(|word| *word == 0);
                    BoundType::Entries { matching, is_empty }
                }
                None => BoundType::Values,
            })
            .collect();
        Self {
            predicate,
            types,
            reader: column.map(ColumnReader::new),
        }
    }

    fn matches_nothing(&self) -> bool {
        !self.predicate.absent()
            && self
                .types
                .iter()
                .all(|known| matches!(known, BoundType::Entries { is_empty: true, .. }))
    }

    fn matching(&mut self, chunk: usize, among: &Bits) -> Bits {
        let Some(reader) = &mut self.reader else {
            return if self.predicate.absent() {
                *among
            } else {
                [0; CHUNK_WORDS]
            };
        };
        let mut matched = [0; CHUNK_WORDS];
        let mut absent = *among;
        for (buffer, known) in reader.read(chunk).iter().zip(&self.types) {
            let found = match (buffer, known) {
                (TypedBuffer::Strings(codes, _), BoundType::Entries { matching: bits, .. }) => {
                    matching(codes, among, |code| {
                        bits[code as usize / 64] >> (code % 64) & 1 == 1
                    })
                }
                (TypedBuffer::Strings(codes, dictionary), BoundType::Values) => {
                    matching(codes, among, |code| {
                        self.predicate.string(&dictionary.text(code))
                    })
                }
                (TypedBuffer::Ints(values), _) => self.predicate.ints(values, among),
                (TypedBuffer::Floats(values), _) => self.predicate.floats(values, among),
                (TypedBuffer::Bools(values), _) => {
                    let answers = [self.predicate.bool(false), self.predicate.bool(true)];
                    matching(values, among, |value| answers[usize::from(value)])
                }
            };
            for index in 0..CHUNK_WORDS {
                matched[index] |= found[index];
                absent[index] &= !buffer.present()[index];
            }
        }
        if self.predicate.absent() {
            for index in 0..CHUNK_WORDS {
                matched[index] |= absent[index];
            }
        }
        matched
    }
}

/// Few texts are found by their hashes; other conditions look at every entry once.
fn matching_entries(predicate: &dyn Predicate, dictionary: &Dictionary) -> Vec<u64> {
    const FIND_MAX: usize = 8;
    let mut bits = vec![0_u64; dictionary.len().div_ceil(64)];
    match predicate.texts() {
        Some((is_match, texts)) if texts.len() <= FIND_MAX => {
            if !is_match {
                bits.fill(u64::MAX);
            }
            for text in texts {
                for code in dictionary.find(text) {
                    bits[code as usize / 64] ^= 1 << (code % 64);
                }
            }
        }
        _ => {
            for code in 0..dictionary.len() as u32 {
                if predicate.string(&dictionary.text(code)) {
                    bits[code as usize / 64] |= 1 << (code % 64);
                }
            }
        }
    }
    bits
}

pub(crate) fn and(bits: &mut Bits, other: &Bits) {
    for (word, other) in bits.iter_mut().zip(other) {
        *word &= other;
    }
}

#[cfg(test)]
mod tests;
