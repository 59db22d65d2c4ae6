//! What can be asked: Honeycomb's query specification as data. Parsing and validation of its JSON happen at the edge.

use crate::{DatasetId, Value};

/// A question over the events of one dataset or a whole environment. Source: spec/honeycomb-api.md section 11.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuerySpec {
    /// What to compute per group; empty means one COUNT.
    pub calculations: Vec<CalculationSpec>,
    /// Columns whose value combinations make the groups.
    pub breakdowns: Vec<String>,
    /// Which rows take part.
    pub filters: Vec<FilterSpec>,
    /// Whether all filters must hold or any.
    pub filter_combination: FilterCombination,
    /// Width of a time bucket in seconds; `None` chooses from the range.
    pub granularity_s: Option<u64>,
    /// Order of the groups; empty means the first calculation, descending.
    pub orders: Vec<OrderSpec>,
    /// Most groups in the answer; `None` means the default of the caller.
    pub limit: Option<usize>,
    /// Which times, perhaps relative to now.
    pub window: TimeWindow,
    /// Which groups remain.
    pub havings: Vec<HavingSpec>,
    /// Columns that are computed per event; every clause may name them like any other column.
    pub calculated_fields: Vec<CalculatedField>,
    /// What to compute from the named calculations of each group and bucket, and of the total.
    pub formulas: Vec<FormulaSpec>,
    /// Takes every stored row once, whatever its sample rate, which is then the column `sample_rate`.
    pub usage_mode: bool,
}

/// A column whose value in an event is computed from the event's other columns. Source: spec/honeycomb-api.md section 10.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CalculatedField {
    /// The name clauses use. A column of the same name is hidden.
    pub name: String,
    /// The expression, as its author wrote it.
    pub expression: String,
}

/// One calculation, by its public name (`COUNT`, `P95`, ...): the query engine's table knows the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalculationSpec {
    /// Public name, upper case.
    pub op: String,
    /// The column it reads; `None` for COUNT of rows.
    pub column: Option<String>,
    /// What it is called in results, and by formulas; `None` calls it by its operation.
    pub name: Option<String>,
    /// Which of the query's rows it looks at; the groups are those of the query all the same.
    pub filters: Vec<FilterSpec>,
    /// Whether all of its filters must hold or any.
    pub filter_combination: FilterCombination,
}

impl CalculationSpec {
    /// A calculation over all rows of the query, without a name of its own.
    pub fn new(op: &str, column: Option<&str>) -> Self {
        Self {
            op: op.to_owned(),
            column: column.map(str::to_owned),
            ..Self::default()
        }
    }

    /// COUNT of rows: what a query without calculations means.
    pub fn count() -> Self {
        Self::new("COUNT", None)
    }

    /// The key of this calculation in results: its name, or else `COUNT`, `P95(duration_ms)`.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => Self::label_of(&self.op, self.column.as_deref()),
        }
    }

    /// A calculation without a name as results show it: `COUNT`, `P95(duration_ms)`.
    pub fn label_of(op: &str, column: Option<&str>) -> String {
        match column {
            Some(column) => format!("{op}({column})"),
            None => op.to_owned(),
        }
    }
}

/// A number made of the calculations of a group or bucket, by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaSpec {
    /// Its key in results; no calculation has the same.
    pub name: String,
    /// In the language of calculated fields; `$name` is the calculation of that name.
    pub expression: String,
}

/// An answer that a query gives per group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerIndex {
    /// Index into the calculations; 0 is the COUNT of a query without any.
    Calculation(usize),
    /// Index into the formulas.
    Formula(usize),
}

impl QuerySpec {
    /// What an order or a having means by an operation and a column: the first calculation that has both, preferably one without a name,
    /// or else the calculation or formula of that name.
    pub fn find_answer(&self, op: &str, column: Option<&str>) -> Option<AnswerIndex> {
        if self.calculations.is_empty() && op == "COUNT" && column.is_none() {
            return Some(AnswerIndex::Calculation(0));
        }
        let of_op = |known: &CalculationSpec| known.op == op && known.column.as_deref() == column;
        let unnamed = |known: &CalculationSpec| known.name.is_none() && of_op(known);
        let by_op = self.calculations.iter().position(unnamed);
        let by_op = by_op.or_else(|| self.calculations.iter().position(of_op));
        match (by_op, column) {
            (Some(index), _) => Some(AnswerIndex::Calculation(index)),
            (None, None) => self.find_named(op),
            (None, Some(_)) => None,
        }
    }

    /// The calculation or formula of a name.
    pub fn find_named(&self, name: &str) -> Option<AnswerIndex> {
        let mut calculations = self.calculations.iter();
        let calculation = calculations.position(|known| known.name.as_deref() == Some(name));
        if let Some(index) = calculation {
            return Some(AnswerIndex::Calculation(index));
        }
        let mut formulas = self.formulas.iter();
        let formula = formulas.position(|formula| formula.name == name);
        formula.map(AnswerIndex::Formula)
    }
}

/// One condition on a column.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterSpec {
    /// The column.
    pub column: String,
    /// The operator.
    pub op: FilterOp,
    /// The right-hand side, as the operator needs it.
    pub value: FilterValue,
}

/// Right-hand side of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum FilterValue {
    /// `exists` and `does-not-exist` take none.
    None,
    /// One scalar.
    One(Value),
    /// `in` and `not-in` take a list.
    Many(Vec<Value>),
}

/// The filter operators of spec/honeycomb-api.md section 11.3. The negative ones match rows without the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the operator of its public name"
)]
pub enum FilterOp {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    StartsWith,
    DoesNotStartWith,
    EndsWith,
    DoesNotEndWith,
    Exists,
    DoesNotExist,
    Contains,
    DoesNotContain,
    In,
    NotIn,
}

impl FilterOp {
    /// Every operator with its public name, in the order of the spec.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::Equal, "="),
        (Self::NotEqual, "!="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::StartsWith, "starts-with"),
        (Self::DoesNotStartWith, "does-not-start-with"),
        (Self::EndsWith, "ends-with"),
        (Self::DoesNotEndWith, "does-not-end-with"),
        (Self::Exists, "exists"),
        (Self::DoesNotExist, "does-not-exist"),
        (Self::Contains, "contains"),
        (Self::DoesNotContain, "does-not-contain"),
        (Self::In, "in"),
        (Self::NotIn, "not-in"),
    ];

    /// Reads a public name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(op, _)| *op)
    }

    /// The public name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(op, _)| *op == self)
            .map_or("", |(_, name)| name)
    }
}

/// How filters combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FilterCombination {
    /// Every filter must hold.
    #[default]
    And,
    /// One is enough.
    Or,
}

/// One ordering key: a breakdown (`column` without `op`), a calculation (`op` with its column), or a calculation or formula by its own
/// name, as `op` or as `column` alone.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderSpec {
    /// The calculation's operation, if it orders by one.
    pub op: Option<String>,
    /// The breakdown, or the calculation's column.
    pub column: Option<String>,
    /// The direction.
    pub order: SortOrder,
}

/// Direction of an ordering key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortOrder {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// A condition on a finished calculation of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct HavingSpec {
    /// The operation of a calculation of the query, or the name of a calculation or formula.
    pub calculate_op: String,
    /// The calculation's column.
    pub column: Option<String>,
    /// The comparison.
    pub op: HavingOp,
    /// The number compared with.
    pub value: f64,
}

/// Comparisons of a having.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is the operator of its public name"
)]
pub enum HavingOp {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The times a query asks for, before "now" is known. Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeWindow {
    /// Start, included.
    pub start_s: Option<i64>,
    /// End, excluded.
    pub end_s: Option<i64>,
    /// Length in seconds.
    pub range_s: Option<i64>,
}

/// Default length of a window in seconds. Source: spec/honeycomb-api.md section 11.1.
const WINDOW_DEFAULT_S: i64 = 7_200;
const NS_PER_S: i64 = 1_000_000_000;

impl TimeWindow {
    /// Fixes the window: a start and a length, an end and a length, both ends, or the last `range_s` up to now.
    ///
    /// A relative window ends at the next whole second, so that an event acknowledged a moment ago lies inside.
    pub fn resolve(self, now_ns: i64) -> TimeRange {
        let range_s = self.range_s.unwrap_or(WINDOW_DEFAULT_S);
        let now_s = now_ns.div_euclid(NS_PER_S) + 1;
        let (start_s, end_s) = match (self.start_s, self.end_s) {
            (Some(start), Some(end)) => (start, end),
            (Some(start), None) => (start, start.saturating_add(range_s)),
            (None, Some(end)) => (end.saturating_sub(range_s), end),
            (None, None) => (now_s.saturating_sub(range_s), now_s),
        };
        TimeRange {
            start_ns: start_s.saturating_mul(NS_PER_S),
            end_ns: end_s.saturating_mul(NS_PER_S),
        }
    }
}

/// A fixed span of time: start included, end excluded, nanoseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First nanosecond inside.
    pub start_ns: i64,
    /// First nanosecond after.
    pub end_ns: i64,
}

impl TimeRange {
    /// Everything there can be, but for the very last nanosecond.
    pub const ALL: Self = Self {
        start_ns: i64::MIN,
        end_ns: i64::MAX,
    };

    /// The range of the same length so many seconds before.
    pub fn earlier(self, seconds: i64) -> Self {
        let offset_ns = seconds.saturating_mul(NS_PER_S);
        Self {
            start_ns: self.start_ns.saturating_sub(offset_ns),
            end_ns: self.end_ns.saturating_sub(offset_ns),
        }
    }

    /// True when `timestamp_ns` lies inside.
    pub fn contains(self, timestamp_ns: i64) -> bool {
        self.start_ns <= timestamp_ns && timestamp_ns < self.end_ns
    }
}

/// Whose events a query reads, within its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatasetScope {
    /// One dataset.
    One(DatasetId),
    /// Every dataset of the environment (`__all__`).
    All,
}
