//! Conditions of a WHERE clause that the scan decides itself: bounds on the time prune whole blocks, and conditions on one column run
//! once per dictionary entry. Everything else stays with DataFusion.
//!
//! A condition is taken over only where both would say the same of every row, so the meaning is SQL's: values are read as the
//! column's type first, and NULL satisfies nothing but IS NULL.

use crate::column::{Content, ScanColumn};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use std::cmp::Ordering;
use waggle_model::{ColumnType, TimeRange, ValueRef};
use waggle_query::Predicate;
use waggle_query::cast::{to_bool, to_float, to_int, to_text};

/// A condition that the scan decides.
pub(crate) enum Pushed {
    /// The event time lies in here.
    Time(TimeRange),
    /// The values of a column of the events satisfy this.
    Values(String, Box<dyn Predicate>),
}

/// Translates a condition; `None` when it stays with DataFusion.
pub(crate) fn translate(expr: &Expr, columns: &[ScanColumn]) -> Option<Pushed> {
    let find = |column: &Column| columns.iter().find(|known| *known.name == *column.name);
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (&**left, &**right) {
            (Expr::Column(column), Expr::Literal(literal, _)) => {
                compare(find(column)?, *op, literal)
            }
            (Expr::Literal(literal, _), Expr::Column(column)) => {
                compare(find(column)?, op.swap()?, literal)
            }
            _ => None,
        },
        Expr::Column(column) => pushed(find(column)?, Test::Compare(Is::EQUAL, Scalar::Bool(true))),
        Expr::Not(inner) => match &**inner {
            Expr::Column(column) => {
                pushed(find(column)?, Test::Compare(Is::EQUAL, Scalar::Bool(false)))
            }
            _ => None,
        },
        Expr::IsNull(inner) => match &**inner {
            Expr::Column(column) => pushed(find(column)?, Test::IsNull),
            _ => None,
        },
        Expr::IsNotNull(inner) => match &**inner {
            Expr::Column(column) => pushed(find(column)?, Test::IsNotNull),
            _ => None,
        },
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let Expr::Column(column) = &**expr else {
                return None;
            };
            let scalars = list
                .iter()
                .map(|item| match item {
                    Expr::Literal(literal, _) => Scalar::new(literal),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>()?;
            pushed(find(column)?, Test::list(scalars, *negated))
        }
        _ => None,
    }
}

fn compare(column: &ScanColumn, op: Operator, literal: &ScalarValue) -> Option<Pushed> {
    if column.content == Content::Time {
        let ScalarValue::TimestampNanosecond(Some(time_ns), _) = literal else {
            return None;
        };
        let all = TimeRange::ALL;
        let after = time_ns.checked_add(1)?;
        let range = match op {
            Operator::GtEq => TimeRange {
                start_ns: *time_ns,
                ..all
            },
            Operator::Gt => TimeRange {
                start_ns: after,
                ..all
            },
            Operator::Lt => TimeRange {
                end_ns: *time_ns,
                ..all
            },
            Operator::LtEq => TimeRange {
                end_ns: after,
                ..all
            },
            Operator::Eq => TimeRange {
                start_ns: *time_ns,
                end_ns: after,
            },
            _ => return None,
        };
        return Some(Pushed::Time(range));
    }
    let is = match op {
        Operator::Eq => Is::EQUAL,
        Operator::NotEq => Is::NOT_EQUAL,
        Operator::Lt => Is::LESS,
        Operator::LtEq => Is::LESS_OR_EQUAL,
        Operator::Gt => Is::GREATER,
        Operator::GtEq => Is::GREATER_OR_EQUAL,
        _ => return None,
    };
    let scalar = Scalar::new(literal)?;
    let test = match (is, &scalar) {
        (Is::EQUAL, Scalar::Text(_)) => Test::list(vec![scalar], false),
        (Is::NOT_EQUAL, Scalar::Text(_)) => Test::list(vec![scalar], true),
        _ => Test::Compare(is, scalar),
    };
    pushed(column, test)
}

/// Takes a test over, if the column's type and the test's are the same.
fn pushed(column: &ScanColumn, test: Test) -> Option<Pushed> {
    let Content::As(name, column_type) = &column.content else {
        return None;
    };
    let fits = match &test {
        Test::IsNull | Test::IsNotNull => true,
        Test::Compare(_, scalar) => scalar.column_type() == *column_type,
        Test::Texts { .. } => *column_type == ColumnType::String,
        Test::List { scalars, .. } => scalars
            .iter()
            .all(|scalar| scalar.column_type() == *column_type),
    };
    fits.then(|| {
        let predicate = SqlPredicate {
            column_type: *column_type,
            test,
        };
        Pushed::Values(name.to_string(), Box::new(predicate))
    })
}

/// A test of the values of a column read as one type.
struct SqlPredicate {
    column_type: ColumnType,
    test: Test,
}

enum Test {
    IsNull,
    IsNotNull,
    Compare(Is, Scalar),
    Texts {
        texts: Vec<String>,
        is_negated: bool,
    },
    List {
        scalars: Vec<Scalar>,
        is_negated: bool,
    },
}

/// Which orders of value and literal satisfy a comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Is {
    less: bool,
    equal: bool,
    greater: bool,
}

impl Is {
    const fn new(less: bool, equal: bool, greater: bool) -> Self {
        Self {
            less,
            equal,
            greater,
        }
    }
    const EQUAL: Self = Self::new(false, true, false);
    const NOT_EQUAL: Self = Self::new(true, false, true);
    const LESS: Self = Self::new(true, false, false);
    const LESS_OR_EQUAL: Self = Self::new(true, true, false);
    const GREATER: Self = Self::new(false, false, true);
    const GREATER_OR_EQUAL: Self = Self::new(false, true, true);

    fn allows(self, ordering: Ordering) -> bool {
        match ordering {
            Ordering::Less => self.less,
            Ordering::Equal => self.equal,
            Ordering::Greater => self.greater,
        }
    }
}

enum Scalar {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Scalar {
    fn new(literal: &ScalarValue) -> Option<Self> {
        match literal {
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)) => Some(Self::Text(text.clone())),
            ScalarValue::Int64(Some(value)) => Some(Self::Int(*value)),
            ScalarValue::Float64(Some(value)) => Some(Self::Float(*value)),
            ScalarValue::Boolean(Some(value)) => Some(Self::Bool(*value)),
            _ => None,
        }
    }

    fn column_type(&self) -> ColumnType {
        match self {
            Self::Text(_) => ColumnType::String,
            Self::Int(_) => ColumnType::Integer,
            Self::Float(_) => ColumnType::Float,
            Self::Bool(_) => ColumnType::Boolean,
        }
    }

    /// Order of a value, read as this scalar's type, to the scalar; `None` when it reads as null. Floats are in Arrow's total order,
    /// as DataFusion compares them.
    fn order_of(&self, value: ValueRef<'_>) -> Option<Ordering> {
        match self {
            Self::Text(text) => Some(to_text(value).as_bytes().cmp(text.as_bytes())),
            Self::Int(other) => Some(to_int(value)?.cmp(other)),
            Self::Float(other) => Some(to_float(value)?.total_cmp(other)),
            Self::Bool(other) => Some(to_bool(value)?.cmp(other)),
        }
    }
}

impl Test {
    fn list(scalars: Vec<Scalar>, is_negated: bool) -> Self {
        let texts: Option<Vec<String>> = scalars
            .iter()
            .map(|scalar| match scalar {
                Scalar::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        match texts {
            Some(mut texts) => {
                texts.sort_unstable();
                texts.dedup();
                Self::Texts { texts, is_negated }
            }
            None => Self::List {
                scalars,
                is_negated,
            },
        }
    }
}

impl SqlPredicate {
    fn holds(&self, value: ValueRef<'_>) -> bool {
        let is_null = || match self.column_type {
            ColumnType::String => false,
            ColumnType::Integer => to_int(value).is_none(),
            ColumnType::Float => to_float(value).is_none(),
            ColumnType::Boolean => to_bool(value).is_none(),
        };
        match &self.test {
            Test::IsNull => is_null(),
            Test::IsNotNull => !is_null(),
            Test::Compare(is, scalar) => scalar
                .order_of(value)
                .is_some_and(|ordering| is.allows(ordering)),
            Test::Texts { texts, is_negated } => {
                let text = to_text(value);
                let found = texts.binary_search_by(|other| other.as_str().cmp(&text));
                found.is_ok() != *is_negated
            }
            Test::List {
                scalars,
                is_negated,
            } => {
                !is_null()
                    && scalars
                        .iter()
                        .any(|scalar| scalar.order_of(value) == Some(Ordering::Equal))
                        != *is_negated
            }
        }
    }
}

impl Predicate for SqlPredicate {
    fn absent(&self) -> bool {
        matches!(self.test, Test::IsNull)
    }
    fn string(&self, value: &str) -> bool {
        self.holds(ValueRef::String(value))
    }
    fn int(&self, value: i64) -> bool {
        self.holds(ValueRef::Int(value))
    }
    fn float(&self, value: f64) -> bool {
        self.holds(ValueRef::Float(value))
    }
    fn bool(&self, value: bool) -> bool {
        self.holds(ValueRef::Bool(value))
    }
    fn texts(&self) -> Option<(bool, &[String])> {
        match &self.test {
            Test::Texts { texts, is_negated } => Some((!is_negated, texts)),
            _ => None,
        }
    }
}
