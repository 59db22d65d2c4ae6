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

mod bound;
mod equality;
mod known;
mod list;
mod memo;
mod order;
mod presence;
mod range;
mod text;

use crate::chunk::{Bits, each_bit};
use crate::relation::Relations;
use std::sync::Arc;
use waggle_model::{FilterCombination, FilterOp, FilterSpec, FilterValue, QueryError};
use waggle_store::column::{CHUNK_WORDS, ChunkBuffer};
use waggle_store::{ReadError, Source, Wanted};

use known::KnownTexts;

pub(crate) use bound::BoundFilters;
pub(crate) use memo::Remembered;
pub use range::Interval;

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

    /// When only the presence of a value matters: whether a row with one matches.
    fn presence(&self) -> Option<bool> {
        None
    }

    /// The integers that match, when they are an interval or all others.
    fn int_interval(&self) -> Option<Interval<i64>> {
        None
    }

    /// The same for floats.
    fn float_interval(&self) -> Option<Interval<f64>> {
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
    fn presence(&self) -> Option<bool> {
        self.0.presence().map(|matches| !matches)
    }
    fn int_interval(&self) -> Option<Interval<i64>> {
        self.0.int_interval().map(Interval::negated)
    }
    fn float_interval(&self) -> Option<Interval<f64>> {
        self.0.float_interval().map(Interval::negated)
    }
}

/// The filters of a query.
#[derive(Clone)]
pub struct FilterSet {
    combination: FilterCombination,
    filters: Arc<[Filter]>,
    remembered: Arc<Remembered>,
    /// What they say of other spans, once that is known.
    relations: Option<Arc<Relations>>,
}

#[derive(Clone)]
pub(crate) struct Filter {
    pub(crate) column: String,
    predicate: Arc<dyn Predicate>,
    /// Says the same as the predicate, to remember its answers by; `None` when nothing says it.
    key: Option<Arc<str>>,
    /// What this query has found out about texts.
    known: Arc<KnownTexts>,
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
                    predicate: predicate.into(),
                    key: Some(format!("{} {:?}", spec.op.name(), spec.value).into()),
                    known: Arc::default(),
                })
            })
            .collect::<Result<_, QueryError>>()?;
        Ok(Self {
            combination,
            filters,
            remembered: Arc::default(),
            relations: None,
        })
    }

    /// Conditions that are not among [`FILTER_OPS`], all of which must hold: those of SQL.
    pub fn of_predicates(predicates: Vec<(String, Box<dyn Predicate>)>) -> Self {
        Self {
            combination: FilterCombination::And,
            filters: predicates
                .into_iter()
                .map(|(column, predicate)| Filter {
                    column,
                    predicate: predicate.into(),
                    key: None,
                    known: Arc::default(),
                })
                .collect(),
            remembered: Arc::default(),
            relations: None,
        }
    }

    /// No filters, with what is known from other queries.
    pub(crate) fn none(remembered: &Arc<Remembered>) -> Self {
        Self {
            combination: FilterCombination::And,
            filters: Arc::default(),
            remembered: Arc::clone(remembered),
            relations: None,
        }
    }

    /// The columns that are looked at; one may come several times.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().map(|filter| filter.column.as_str())
    }

    /// What of a source is read to apply them.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = Wanted<'_>> {
        self.filters.iter().map(|filter| {
            let is_presence = filter.predicate.presence().is_some();
            match is_presence {
                true => Wanted::Presence(&filter.column),
                false => Wanted::Column(&filter.column),
            }
        })
    }

    /// True when every row matches.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty() && self.relations.is_none()
    }

    /// Shares what is known from other queries, and what this one finds out.
    pub(crate) fn remember(&mut self, remembered: &Arc<Remembered>) {
        self.remembered = Arc::clone(remembered);
    }

    pub(crate) fn remembered(&self) -> &Arc<Remembered> {
        &self.remembered
    }

    pub(crate) fn combination(&self) -> FilterCombination {
        self.combination
    }

    pub(crate) fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// Other filters, all of which must hold, in the place of these.
    pub(crate) fn with_filters(&self, filters: Vec<Filter>) -> Self {
        Self {
            combination: self.combination,
            filters: filters.into(),
            remembered: Arc::clone(&self.remembered),
            relations: None,
        }
    }

    /// Adds conditions on other spans, which must hold too.
    pub(crate) fn relate(&mut self, relations: Arc<Relations>) {
        self.relations = Some(relations);
    }

    /// Prepares the filters for one source.
    pub(crate) fn bind(&self, source: &Source) -> Result<BoundFilters<'_>, ReadError> {
        BoundFilters::new(self, source)
    }
}

impl Filter {
    /// The same condition on another column.
    pub(crate) fn on_column(&self, column: &str) -> Self {
        Self {
            column: column.to_owned(),
            ..self.clone()
        }
    }

    /// Rows that have a column, or that lack it.
    pub(crate) fn presence(column: &str, is_present: bool) -> Self {
        Self {
            column: column.to_owned(),
            predicate: presence::condition(is_present),
            key: None,
            known: Arc::default(),
        }
    }
}

pub(crate) fn and(bits: &mut Bits, other: &Bits) {
    for (word, other) in bits.iter_mut().zip(other) {
        *word &= other;
    }
}

#[cfg(test)]
mod tests;
