//! Conditions on single rows that every trace which passes an expression meets by its rows: what storage can look for without putting
//! traces together. They may let through more, never less.
//!
//! Conditions that are about one and the same segment, as those on a trace's root or within a block, must hold for one row; others may each
//! be met by another row of the trace.

mod columns;

use super::expression::{CauseKind, Expression, NumberOp, Test, TextOp};
use super::keyword::Keyword;
use super::{Filter, NodePattern};
use waggle_model::{FilterOp, FilterSpec, FilterValue, RowSet, Value};

/// Rows that every trace which passes has.
#[derive(Clone, Debug, PartialEq)]
pub struct Narrowed {
    /// Those to look for: by a guess, the rarest.
    pub rows: RowSet,
    /// Each trace has one of each of these too.
    pub with: Vec<RowSet>,
}

/// Conditions of which a row passes one.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    /// Never empty; the conditions of an alternative hold together.
    alternatives: Vec<Vec<FilterSpec>>,
    /// How many traces it lets through, roughly: 0 is few.
    rank: u8,
}

/// A row that every trace which passes has.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// It passes all of these; never empty.
    groups: Vec<Group>,
    /// It is of the segment that the expression is about, and no other.
    is_subject: bool,
}

impl Row {
    /// By this the rarest is the least.
    fn rarity(&self) -> (u8, std::cmp::Reverse<usize>) {
        let ranks = self.groups.iter().map(|group| group.rank);
        let least = ranks.min().unwrap_or(PRESENCE);
        (least, std::cmp::Reverse(self.groups.len()))
    }

    fn into_set(self) -> RowSet {
        let groups = self.groups.into_iter().map(|group| {
            let mut alternatives = group.alternatives;
            // Documents that wait have no columns yet.
            alternatives.push(vec![exists("xray.document"), absent("service.name")]);
            // Nor have rows that had no room for all that a document says, or were refused.
            alternatives.push(vec![exists("xray.left_out")]);
            alternatives
        });
        RowSet {
            groups: groups.collect(),
        }
    }
}

/// What conditions are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// A trace, and so mostly its root.
    Trace,
    /// A segment, or the entity of a call.
    Block,
}

impl Scope {
    /// Whether what a keyword says is said by the one row that the scope is about.
    fn is_of_subject(self, keyword: &Keyword) -> bool {
        match keyword {
            Keyword::Fault
            | Keyword::Error
            | Keyword::ResponseTime
            | Keyword::HttpStatus
            | Keyword::HttpMethod
            | Keyword::HttpUrl
            | Keyword::HttpUserAgent
            | Keyword::HttpClientIp => true,
            Keyword::Throttle => self == Self::Block,
            _ => false,
        }
    }
}

/// Rank of a value of its own.
const VALUE: u8 = 0;
/// Rank of a service or a state.
const STATE: u8 = 1;
/// Rank of one side of a number or text.
const SIDE: u8 = 2;
/// Rank of having something at all.
const PRESENCE: u8 = 3;

/// Most rows that a trace is tested for before it is read: the rarest leave few, and leaving one out loses no trace.
const WITH_MAX: usize = 4;

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
        let mut rows = narrowing.of(&self.expression, Scope::Trace);
        rows.sort_by_key(Row::rarity);
        rows.dedup_by(|one, other| one.groups == other.groups);
        let mut rows = rows.into_iter().map(Row::into_set);
        Some(Narrowed {
            rows: rows.next()?,
            with: rows.take(WITH_MAX).collect(),
        })
    }
}

struct Narrowing<'c> {
    columns_of: &'c dyn Fn(&str) -> Vec<String>,
}

impl Narrowing<'_> {
    /// Rows that whatever passes the expression has; none when nothing can be said.
    fn of(&self, expression: &Expression, scope: Scope) -> Vec<Row> {
        match expression {
            Expression::Any(parts) => self.of_any(parts, scope).into_iter().collect(),
            Expression::All(parts) => {
                let rows = parts.iter().flat_map(|part| self.of(part, scope));
                joined(rows.collect())
            }
            Expression::Not(_) => Vec::new(),
            Expression::Service(pattern, block) => {
                let mut rows = self.of(block, Scope::Block);
                if let Some(name) = pattern.name.as_deref() {
                    rows.push(Row {
                        groups: vec![called(name)],
                        is_subject: true,
                    });
                }
                of_somebody(joined(rows))
            }
            Expression::Edge(from, to, block) => {
                let mut rows = of_somebody(self.of(block, Scope::Block));
                rows.extend(to.name.as_deref().map(called).map(row));
                rows.extend(named_segment(from).map(row));
                rows
            }
            Expression::Cause(CauseKind::Fault, _, _)
            | Expression::CauseJson(Some(CauseKind::Fault), _) => vec![row(columns::fault())],
            Expression::Cause(CauseKind::Error, _, _)
            | Expression::CauseJson(Some(CauseKind::Error), _) => vec![row(columns::error())],
            Expression::Cause(CauseKind::ResponseTime, _, _) | Expression::CauseJson(_, _) => {
                Vec::new()
            }
            Expression::Is(keyword) => {
                let group = self.state(keyword).or_else(|| self.presence(keyword));
                of_keyword(group, keyword, scope)
            }
            Expression::Compare(keyword, test) => {
                of_keyword(self.compare(keyword, test), keyword, scope)
            }
            Expression::Group(filter, true) => self.of(&filter.expression, scope),
            Expression::Group(_, false) => Vec::new(),
        }
    }

    /// The row that whatever passes one of some expressions has: of each the rarest group.
    fn of_any(&self, parts: &[Expression], scope: Scope) -> Option<Row> {
        let mut any = Group {
            alternatives: Vec::new(),
            rank: VALUE,
        };
        let mut is_subject = true;
        for part in parts {
            let rows = self.of(part, scope).into_iter();
            let rarest = rows.min_by_key(Row::rarity)?;
            is_subject &= rarest.is_subject;
            let group = rarest.groups.into_iter().min_by_key(|group| group.rank)?;
            any.alternatives.extend(group.alternatives);
            any.rank = any.rank.max(group.rank);
        }
        (!any.alternatives.is_empty()).then(|| Row {
            groups: vec![any],
            is_subject,
        })
    }

    fn state(&self, keyword: &Keyword) -> Option<Group> {
        match keyword {
            Keyword::Fault => Some(columns::fault()),
            Keyword::Error => Some(columns::error()),
            Keyword::Throttle => Some(columns::throttle()),
            _ => None,
        }
    }

    fn presence(&self, keyword: &Keyword) -> Option<Group> {
        let columns = self.columns(keyword)?;
        Some(Group {
            alternatives: columns.iter().map(|column| vec![exists(column)]).collect(),
            rank: PRESENCE,
        })
    }

    fn compare(&self, keyword: &Keyword, test: &Test) -> Option<Group> {
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
                Some(Group {
                    alternatives: conditions.collect(),
                    rank: match keyword {
                        // There are few, and most traces have the same.
                        Keyword::HttpMethod => PRESENCE,
                        Keyword::HttpStatus => STATE.max(rank_of(test)),
                        _ => rank_of(test),
                    },
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

fn row(group: Group) -> Row {
    Row {
        groups: vec![group],
        is_subject: false,
    }
}

fn of_keyword(group: Option<Group>, keyword: &Keyword, scope: Scope) -> Vec<Row> {
    let row = group.map(|group| Row {
        groups: vec![group],
        is_subject: scope.is_of_subject(keyword),
    });
    row.into_iter().collect()
}

/// What is said of one segment becomes what one row says.
fn joined(rows: Vec<Row>) -> Vec<Row> {
    let (of_subject, mut rows): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| row.is_subject);
    let groups: Vec<Group> = of_subject.into_iter().flat_map(|row| row.groups).collect();
    if !groups.is_empty() {
        rows.push(Row {
            groups,
            is_subject: true,
        });
    }
    rows
}

/// Seen from outside of a block, its segment is any segment.
fn of_somebody(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row.is_subject = false;
    }
    rows
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
fn response_time(op: NumberOp, seconds: f64) -> Option<Group> {
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
    Some(Group {
        alternatives: vec![conditions],
        rank,
    })
}

/// Rows of a segment of this name, or of a call that a segment of this name is inferred from.
fn called(name: &str) -> Group {
    let mut alternatives = columns::segment_name(name);
    alternatives.extend(columns::call_name(name));
    Group {
        alternatives,
        rank: STATE,
    }
}

/// Rows of a segment that calls: its name is that of a service that sends, or of the client of one.
fn named_segment(pattern: &NodePattern) -> Option<Group> {
    let name = pattern.name.as_deref()?;
    Some(Group {
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
