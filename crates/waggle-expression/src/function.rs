//! Every function of the language, one family a file.
//!
//! A function says once per call what is wrong with its arguments or what it prepares of them, and then gives a value per row. It
//! depends on nothing but its arguments. Source: spec/honeycomb-api.md section 10.3.

mod arithmetic;
mod bucket;
mod cast;
mod compare;
mod condition;
mod logic;
pub(crate) mod metric;
mod pattern;
mod text;
mod time;

use crate::datum::Datum;
use crate::expression::{Node, ResultType};
use regex::Regex;
use std::fmt;
use std::ops::Range;

/// Every function, in the order of the guide.
pub static FUNCTIONS: &[&Function] = &[
    &condition::IF,
    &condition::SWITCH,
    &condition::COALESCE,
    &logic::NOT,
    &logic::AND,
    &logic::OR,
    &compare::LT,
    &compare::LTE,
    &compare::GT,
    &compare::GTE,
    &compare::EQUALS,
    &compare::IN,
    &compare::EXISTS,
    &compare::MIN,
    &compare::MAX,
    &arithmetic::SUM,
    &arithmetic::SUB,
    &arithmetic::MUL,
    &arithmetic::DIV,
    &arithmetic::MOD,
    &arithmetic::LOG10,
    &bucket::BUCKET,
    &cast::INT,
    &cast::FLOAT,
    &cast::BOOL,
    &cast::STRING,
    &text::CONCAT,
    &text::STARTS_WITH,
    &text::ENDS_WITH,
    &text::CONTAINS,
    &text::TO_LOWER,
    &text::LENGTH,
    &pattern::REG_MATCH,
    &pattern::REG_VALUE,
    &pattern::REG_COUNT,
    &time::UNIX_TIMESTAMP,
    &time::EVENT_TIMESTAMP,
    &time::INGEST_TIMESTAMP,
    &time::FORMAT_TIME,
    &metric::LAST,
    &metric::RATE,
    &metric::INCREASE,
    &metric::SUMMARIZE,
    &metric::RAW_METRIC,
];

/// The function of a name, in upper or lower case.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS
        .iter()
        .find(|function| function.name.eq_ignore_ascii_case(name))
        .copied()
}

/// One function of the language.
pub struct Function {
    /// Its name, upper case.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// The operator that means the same; empty when there is none.
    pub operator: &'static str,
    /// What it gives, with its rules for empty values and other types.
    pub summary: &'static str,
    /// Which kind of function it is.
    pub family: Family,
    /// How many arguments it takes.
    pub arity: Arity,
    /// The type of its values.
    pub result: ResultType,
    /// Of so many arguments, those that can be its value as they are; only for [`ResultType::Any`].
    pub(crate) results: fn(usize) -> Vec<usize>,
    /// Checks arguments that must be constant, and prepares what a row needs.
    pub(crate) prepare: fn(&[Node]) -> Result<Prepared, String>,
    /// The value in a row.
    pub(crate) apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Kinds of functions: the chapters of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the chapter of its name")]
pub enum Family {
    Condition,
    Logic,
    Comparison,
    Arithmetic,
    Cast,
    Text,
    Pattern,
    Time,
    Metric,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arity {
    /// At least so many.
    pub min: usize,
    /// At most so many; `None` for any number.
    pub max: Option<usize>,
}

impl Arity {
    const fn exactly(count: usize) -> Self {
        Self {
            min: count,
            max: Some(count),
        }
    }

    const fn between(range: Range<usize>) -> Self {
        Self {
            min: range.start,
            max: Some(range.end),
        }
    }

    const fn from(min: usize) -> Self {
        Self { min, max: None }
    }

    /// True when it takes so many.
    pub fn takes(self, count: usize) -> bool {
        count >= self.min && self.max.is_none_or(|max| count <= max)
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        match (self.min, self.max) {
            (0, Some(0)) => f.write_str("no arguments"),
            (min, Some(max)) if min == max => write!(f, "{min} argument{}", plural(min)),
            (min, Some(max)) => write!(f, "{min} to {max} arguments"),
            (min, None) => write!(f, "{min} or more arguments"),
        }
    }
}

/// What a call has made of its constant arguments.
#[derive(Clone, Debug)]
pub(crate) enum Prepared {
    /// Nothing.
    Nothing,
    /// A pattern.
    Pattern(Regex),
    /// Edges of bins.
    Bins(bucket::Bins),
    /// Whether text is measured in bytes.
    InBytes(bool),
    /// How to write a time.
    Format(String),
}

fn nothing_to_prepare(_arguments: &[Node]) -> Result<Prepared, String> {
    Ok(Prepared::Nothing)
}

fn no_results(_count: usize) -> Vec<usize> {
    Vec::new()
}

/// What most functions have in common.
const fn plain(
    name: &'static str,
    usage: &'static str,
    family: Family,
    arity: Arity,
    result: ResultType,
    apply: for<'a> fn(&[Datum<'a>], &Prepared) -> Datum<'a>,
) -> Function {
    Function {
        name,
        usage,
        operator: "",
        summary: "",
        family,
        arity,
        result,
        results: no_results,
        prepare: nothing_to_prepare,
        apply,
    }
}

/// The text of a constant argument.
fn constant_text<'a>(
    arguments: &'a [Node],
    index: usize,
    what: &str,
) -> Result<Option<&'a str>, String> {
    match arguments.get(index) {
        None => Ok(None),
        Some(Node::Constant(Datum::Text(text))) => Ok(Some(text)),
        Some(_) => Err(format!("{what} must be a literal string")),
    }
}
