//! Conditions on single rows that every trace which passes an expression meets by at least one of its rows: what storage can look for
//! without putting traces together. They may let through more, never less.

mod columns;

use super::expression::{CauseKind, Expression, NumberOp, Test, TextOp};
use super::keyword::Keyword;
use super::{Filter, NodePattern};
use waggle_model::{FilterOp, FilterSpec, FilterValue, Value};

/// Rows to look for: each inner list is an alternative whose conditions must hold together for one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Narrowed {
    /// Never empty.
    pub alternatives: Vec<Vec<FilterSpec>>,
    /// How many traces it lets through, roughly: 0 is few.
    rank: u8,
}

/// Rank of a value of its own.
const VALUE: u8 = 0;
/// Rank of a service or a state.
const STATE: u8 = 1;
/// Rank of one side of a number or text.
const SIDE: u8 = 2;
/// Rank of having something at all.
const PRESENCE: u8 = 3;

impl Expression {
    /// Whether a key of an annotation may stand for columns of several names.
    fn has_ambiguous_keys(&self) -> bool {
        match self {
            Self::Any(parts) | Self::All(parts) => parts.iter().any(Self::has_ambiguous_keys),
            Self::Not(inner)
            | Self::Service(_, inner)
            | Self::Edge(_, _, inner)
            | Self::Cause(_, _, inner) => inner.has_ambiguous_keys(),
            Self::CauseJson(..) => false,
            Self::Is(keyword) | Self::Compare(keyword, _) => {
                matches!(keyword, Keyword::Annotation(key) if key.contains('_'))
            }
            Self::Group(filter, _) => filter.has_ambiguous_keys(),
        }
    }
}

impl Filter {
    /// Whether [`narrow`](Self::narrow) needs to be told of columns.
    pub fn has_ambiguous_keys(&self) -> bool {
        self.expression.has_ambiguous_keys()
    }

    /// The rows to look for; `None` when nothing can be said. `columns_of` names the columns that an annotation key may stand for, besides
    /// the one of its own name: those that differ in characters that keys can't have.
    pub fn narrow(&self, columns_of: &dyn Fn(&str) -> Vec<String>) -> Option<Narrowed> {
        let narrowing = Narrowing { columns_of };
        let mut narrowed = narrowing.of(&self.expression)?;
        // Documents that wait have no columns yet.
        narrowed
            .alternatives
            .push(vec![exists("xray.document"), absent("service.name")]);
        Some(narrowed)
    }
}

struct Narrowing<'c> {
    columns_of: &'c dyn Fn(&str) -> Vec<String>,
}

impl Narrowing<'_> {
    fn of(&self, expression: &Expression) -> Option<Narrowed> {
        match expression {
            Expression::Any(parts) => {
                let mut all = Narrowed {
                    alternatives: Vec::new(),
                    rank: VALUE,
                };
                for part in parts {
                    let part = self.of(part)?;
                    all.alternatives.extend(part.alternatives);
                    all.rank = all.rank.max(part.rank);
                }
                (!all.alternatives.is_empty()).then_some(all)
            }
            Expression::All(parts) => {
                let parts = parts.iter().filter_map(|part| self.of(part));
                parts.min_by_key(|part| part.rank)
            }
            Expression::Not(_) => None,
            Expression::Service(pattern, block) => {
                let named = pattern.name.as_deref().map(called);
                best(named, self.of(block))
            }
            Expression::Edge(from, to, block) => {
                let to_name = to.name.as_deref().map(called);
                let from_name = named_segment(from);
                best(best(to_name, from_name), self.of(block))
            }
            Expression::Cause(CauseKind::Fault, _, _)
            | Expression::CauseJson(Some(CauseKind::Fault), _) => Some(columns::fault()),
            Expression::Cause(CauseKind::Error, _, _)
            | Expression::CauseJson(Some(CauseKind::Error), _) => Some(columns::error()),
            Expression::Cause(CauseKind::ResponseTime, _, _) | Expression::CauseJson(_, _) => None,
            Expression::Is(keyword) => self.state(keyword).or_else(|| self.presence(keyword)),
            Expression::Compare(keyword, test) => self.compare(keyword, test),
            Expression::Group(filter, is_wanted) => {
                is_wanted.then(|| self.of(&filter.expression)).flatten()
            }
        }
    }

    fn state(&self, keyword: &Keyword) -> Option<Narrowed> {
        match keyword {
            Keyword::Fault => Some(columns::fault()),
            Keyword::Error => Some(columns::error()),
            Keyword::Throttle => Some(columns::throttle()),
            _ => None,
        }
    }

    fn presence(&self, keyword: &Keyword) -> Option<Narrowed> {
        let columns = self.columns(keyword)?;
        Some(Narrowed {
            alternatives: columns.iter().map(|column| vec![exists(column)]).collect(),
            rank: PRESENCE,
        })
    }

    fn compare(&self, keyword: &Keyword, test: &Test) -> Option<Narrowed> {
        match (keyword, test) {
            (_, Test::Bool { is_equal, value }) if is_equal == value && !is_annotation(keyword) => {
                self.state(keyword)
            }
            (Keyword::ResponseTime, Test::Number(op, seconds)) => response_time(*op, *seconds),
            (Keyword::HttpUrl, Test::Text(op, text)) => Some(columns::url(*op, text)),
            // A document may name two zones, a row only one.
            (Keyword::AvailabilityZone, _) => self.presence(keyword),
            (_, test) => {
                let columns = self.columns(keyword)?;
                let conditions = columns.iter().map(|column| condition(column, test));
                Some(Narrowed {
                    alternatives: conditions.collect(),
                    rank: rank_of(test),
                })
            }
        }
    }

    /// The columns that hold a keyword's values, if rows do.
    fn columns(&self, keyword: &Keyword) -> Option<Vec<String>> {
        let named: &[&str] = match keyword {
            Keyword::HttpStatus => &["http.response.status_code", "http.status_code"],
            Keyword::HttpMethod => &["http.request.method", "http.method"],
            Keyword::HttpUserAgent => &["user_agent.original", "http.user_agent"],
            Keyword::HttpClientIp => &["client.address", "http.client_ip", "net.peer.ip"],
            Keyword::User => &["enduser.id", "user.id"],
            Keyword::InstanceId => &["host.id"],
            Keyword::ResourceArn => &["aws.xray.resource_arn", "cloud.resource_id"],
            Keyword::AccountId => &["cloud.account.id", "aws.account_id"],
            Keyword::AvailabilityZone => &["cloud.availability_zone"],
            Keyword::Annotation(key) => {
                let mut columns = (self.columns_of)(key);
                columns.push(key.clone());
                columns.push(format!("annotation.{key}"));
                columns.sort_unstable();
                columns.dedup();
                return Some(columns);
            }
            _ => return None,
        };
        Some(named.iter().map(|column| (*column).to_owned()).collect())
    }
}

fn is_annotation(keyword: &Keyword) -> bool {
    matches!(keyword, Keyword::Annotation(_))
}

fn best(one: Option<Narrowed>, other: Option<Narrowed>) -> Option<Narrowed> {
    match (one, other) {
        (Some(one), Some(other)) if other.rank < one.rank => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}

fn rank_of(test: &Test) -> u8 {
    match test {
        Test::Bool { .. } | Test::Number(NumberOp::Equal, _) | Test::Text(TextOp::Equal, _) => {
            VALUE
        }
        Test::Number(NumberOp::NotEqual, _) | Test::Text(TextOp::NotEqual, _) => PRESENCE,
        Test::Text(_, text) if text.is_empty() => PRESENCE,
        Test::Number(..) | Test::Text(..) => SIDE,
    }
}

/// The conditions on one column for one row.
fn condition(column: &str, test: &Test) -> Vec<FilterSpec> {
    let one = |op, value| vec![spec(column, op, FilterValue::One(value))];
    match test {
        Test::Bool {
            is_equal: true,
            value,
        } => one(FilterOp::Equal, Value::Bool(*value)),
        Test::Number(op, number) => {
            let op = match op {
                NumberOp::Equal => FilterOp::Equal,
                NumberOp::Less => FilterOp::Less,
                NumberOp::LessOrEqual => FilterOp::LessOrEqual,
                NumberOp::Greater => FilterOp::Greater,
                NumberOp::GreaterOrEqual => FilterOp::GreaterOrEqual,
                NumberOp::NotEqual => return vec![exists(column)],
            };
            one(op, Value::Float(*number))
        }
        Test::Text(op, text) if !text.is_empty() => {
            let op = match op {
                TextOp::Equal => FilterOp::Equal,
                TextOp::Contains => FilterOp::Contains,
                TextOp::BeginsWith => FilterOp::StartsWith,
                TextOp::EndsWith => FilterOp::EndsWith,
                TextOp::NotEqual => return vec![exists(column)],
            };
            one(op, Value::String(text.clone()))
        }
        Test::Bool { .. } | Test::Text(..) => vec![exists(column)],
    }
}

/// A root is a row, and its time is in it; a little room is left for what a float of milliseconds rounds away.
fn response_time(op: NumberOp, seconds: f64) -> Option<Narrowed> {
    const ROOM: f64 = 1e-6;
    let ms = seconds * 1e3;
    let low = spec("duration_ms", FilterOp::GreaterOrEqual, number(ms - ROOM));
    let high = spec("duration_ms", FilterOp::LessOrEqual, number(ms + ROOM));
    let (conditions, rank) = match op {
        NumberOp::Greater | NumberOp::GreaterOrEqual => (vec![low], SIDE),
        NumberOp::Less | NumberOp::LessOrEqual => (vec![high], PRESENCE),
        NumberOp::Equal => (vec![low, high], VALUE),
        NumberOp::NotEqual => return None,
    };
    Some(Narrowed {
        alternatives: vec![conditions],
        rank,
    })
}

/// Rows of a segment of this name, or of a call that a segment of this name is inferred from.
fn called(name: &str) -> Narrowed {
    let mut alternatives = columns::segment_name(name);
    alternatives.extend(columns::call_name(name));
    Narrowed {
        alternatives,
        rank: STATE,
    }
}

/// Rows of a segment that calls: its name is that of a service that sends, or of the client of one.
fn named_segment(pattern: &NodePattern) -> Option<Narrowed> {
    let name = pattern.name.as_deref()?;
    Some(Narrowed {
        alternatives: columns::segment_name(name),
        rank: STATE,
    })
}

fn spec(column: &str, op: FilterOp, value: FilterValue) -> FilterSpec {
    FilterSpec {
        column: column.to_owned(),
        op,
        value,
    }
}

fn exists(column: &str) -> FilterSpec {
    spec(column, FilterOp::Exists, FilterValue::None)
}

fn absent(column: &str) -> FilterSpec {
    spec(column, FilterOp::DoesNotExist, FilterValue::None)
}

fn number(number: f64) -> FilterValue {
    FilterValue::One(Value::Float(number))
}

#[cfg(test)]
mod tests;
