//! BubbleUp: what sets some rows of a query apart from its other rows, column by column.

use crate::{CalculatedField, FilterCombination, FilterSpec, QueryStats, TimeRange, Value};

/// Which rows to compare with which.
#[derive(Clone, Debug)]
pub struct BubbleUpRequest {
    /// The times of the query.
    pub range: TimeRange,
    /// Which rows are in the query.
    pub filters: Vec<FilterSpec>,
    /// How these filters combine.
    pub filter_combination: FilterCombination,
    /// Columns that are computed per event; filters may name them, and they are compared like the others.
    pub calculated_fields: Vec<CalculatedField>,
    /// How long the steps are in which calculated fields follow series, as a query of the chart has them; `None` as in a query without.
    pub granularity_ns: Option<i64>,
    /// Which of them are compared with all the others.
    pub selection: BubbleSelection,
    /// The columns to compare; `None` for all there are.
    pub columns: Option<Vec<String>>,
    /// Most values or bins listed per column.
    pub values_max: usize,
    /// Takes every stored row once, as [`QuerySpec::usage_mode`](crate::QuerySpec::usage_mode) does.
    pub usage_mode: bool,
}

/// A box or a group: the rows that lie in the range and pass every filter.
#[derive(Clone, Debug, Default)]
pub struct BubbleSelection {
    /// The times, if they are narrower than the query's.
    pub range: Option<TimeRange>,
    /// Filters that all must hold.
    pub filters: Vec<FilterSpec>,
}

/// How the selection differs from the baseline, which is every other row of the query. All counts are weighted by sample rate, but in usage
/// mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BubbleUp {
    /// Rows in the selection.
    pub selection_count: u64,
    /// Rows of the query outside of it: the two add up to the query's COUNT.
    pub baseline_count: u64,
    /// The columns, most different first; those in under 1 % of the rows of either side come after all others, and those without a
    /// comparison at the end.
    pub fields: Vec<BubbleField>,
    /// Columns that were not compared because there are more than one request may look at. The rarest are left out.
    pub columns_left_out: usize,
    /// What it cost.
    pub stats: QueryStats,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct BubbleField {
    /// Its name.
    pub column: String,
    /// 0 for no difference, 1 for the largest there can be.
    pub score: f64,
    /// Rows of the selection that have a value.
    pub selection_count: u64,
    /// Rows of the baseline that have a value.
    pub baseline_count: u64,
    /// The comparison.
    pub comparison: BubbleComparison,
}

/// What was compared.
#[derive(Clone, Debug, PartialEq)]
pub enum BubbleComparison {
    /// Texts, booleans and the numbers of columns with few different ones. The score is the largest difference between the shares
    /// that a value, or no value, has of the two sides.
    Dimension {
        /// The values with the largest share of either side first. No value is one of them.
        values: Vec<BubbleValue>,
        /// The values beyond; `None` when there are none.
        other: Option<BubbleOther>,
    },
    /// Numbers. The score is the largest difference between the shares of the two sides that lie below a value (Kolmogorov and
    /// Smirnov); rows without a finite number lie below all.
    Measure {
        /// Where values are, ascending; bins without any are left out.
        bins: Vec<BubbleBin>,
    },
    /// No value occurs twice, as with span ids: there is nothing to compare.
    Unique,
    /// There are more different values than one request may hold.
    TooManyValues,
}

/// A value of a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct BubbleValue {
    /// The value; `None` for rows without one.
    pub value: Option<Value>,
    /// Rows of the selection that have it.
    pub selection_count: u64,
    /// Rows of the baseline that have it.
    pub baseline_count: u64,
}

/// The values of a dimension that are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BubbleOther {
    /// How many.
    pub value_count: usize,
    /// Rows of the selection that have one of them.
    pub selection_count: u64,
    /// Rows of the baseline that have one of them.
    pub baseline_count: u64,
}

/// Numbers close together: bins get wider with the size of the numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BubbleBin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Rows of the selection with such a number.
    pub selection_count: u64,
    /// Rows of the baseline with such a number.
    pub baseline_count: u64,
}
