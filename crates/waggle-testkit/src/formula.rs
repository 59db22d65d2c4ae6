//! Random expressions of calculated fields, and their values by the plainest reading of the specification.
//! Source: spec/honeycomb-api.md section 10.

use crate::event::{COLUMNS, Event};
use crate::oracle::compare_numbers;
use rand::RngExt;
use rand::rngs::StdRng;
use regex::Regex;
use std::cmp::Ordering;
use std::sync::OnceLock;
use waggle_model::Value;

/// An expression.
#[derive(Clone, Debug)]
pub enum Formula {
    /// A column.
    Column(String),
    /// A literal; none is `null`.
    Literal(Option<Value>),
    /// A function and its arguments.
    Call(&'static str, Vec<Formula>),
    /// An operator between two operands.
    Infix(&'static str, Box<Formula>, Box<Formula>),
}

const PATTERNS: [&str; 6] = ["GET", "^user-([0-9])", "[a-z]+", "(x)?a", "", "ß$"];
const TEXTS: [&str; 8] = ["GET /", "user-1", "5", "true", "", "a", "größer", "beta"];

/// Makes an expression of at most so many calls inside one another.
pub fn random_formula(rng: &mut StdRng, depth: usize) -> Formula {
    if depth == 0 || rng.random_bool(0.15) {
        return match rng.random_bool(0.7) {
            true => Formula::Column(COLUMNS[rng.random_range(0..COLUMNS.len())].to_owned()),
            false => Formula::Literal(random_literal(rng)),
        };
    }
    let name = [
        "IF",
        "IF",
        "SWITCH",
        "COALESCE",
        "NOT",
        "AND",
        "OR",
        "LT",
        "LTE",
        "GT",
        "GTE",
        "EQUALS",
        "IN",
        "EXISTS",
        "MIN",
        "MAX",
        "SUM",
        "SUB",
        "MUL",
        "DIV",
        "MOD",
        "LOG10",
        "BUCKET",
        "INT",
        "FLOAT",
        "BOOL",
        "STRING",
        "CONCAT",
        "STARTS_WITH",
        "ENDS_WITH",
        "CONTAINS",
        "TO_LOWER",
        "LENGTH",
        "REG_MATCH",
        "REG_VALUE",
        "REG_COUNT",
        "EVENT_TIMESTAMP",
        "infix",
        "infix",
        "infix",
    ][rng.random_range(0..40)];
    let count = match name {
        "EVENT_TIMESTAMP" => 0,
        "NOT" | "EXISTS" | "LOG10" | "INT" | "FLOAT" | "BOOL" | "STRING" | "TO_LOWER" => 1,
        "IF" | "IN" => rng.random_range(2..6),
        "AND" | "OR" | "MIN" | "MAX" | "SUM" | "MUL" | "COALESCE" | "CONCAT" => {
            rng.random_range(1..4)
        }
        "SWITCH" | "BUCKET" | "LENGTH" | "REG_MATCH" | "REG_VALUE" | "REG_COUNT" => 1,
        _ => 2,
    };
    let mut arguments: Vec<Formula> = (0..count).map(|_| random_formula(rng, depth - 1)).collect();
    let text = |text: &str| Formula::Literal(Some(Value::String(text.to_owned())));
    match name {
        "SWITCH" => {
            for _ in 0..rng.random_range(1..4) {
                arguments.push(text(TEXTS[rng.random_range(0..TEXTS.len())]));
                arguments.push(random_formula(rng, depth - 1));
            }
            if rng.random_bool(0.5) {
                arguments.push(random_formula(rng, depth - 1));
            }
        }
        "BUCKET" => {
            let numbers = [0.5, -3.0, 20.0];
            let given = rng.random_range(1..4);
            arguments.extend(
                numbers[..given]
                    .iter()
                    .map(|number| Formula::Literal(Some(Value::Float(*number)))),
            );
        }
        "LENGTH" if rng.random_bool(0.5) => {
            arguments.push(text(["bytes", "chars"][rng.random_range(0..2)]));
        }
        "REG_MATCH" | "REG_VALUE" | "REG_COUNT" => {
            arguments.push(text(PATTERNS[rng.random_range(0..PATTERNS.len())]));
        }
        "infix" => {
            let operator = [
                "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "=", "!=", "AND", "OR",
            ][rng.random_range(0..13)];
            let right = Box::new(arguments.remove(1));
            return Formula::Infix(operator, Box::new(arguments.remove(0)), right);
        }
        _ => {}
    }
    Formula::Call(name, arguments)
}

fn random_literal(rng: &mut StdRng) -> Option<Value> {
    Some(match rng.random_range(0..8) {
        0 => return None,
        1 => Value::Bool(rng.random_bool(0.5)),
        2 => Value::Int(rng.random_range(-3..6)),
        3 => Value::Int([200, 404, i64::MAX, i64::MIN][rng.random_range(0..4)]),
        4 => Value::Float([0.0, 5.0, -2.5, 1e300][rng.random_range(0..4)]),
        _ => Value::String(TEXTS[rng.random_range(0..TEXTS.len())].to_owned()),
    })
}

impl Formula {
    /// The expression as a person would write it, with more brackets than needed.
    pub fn text(&self) -> String {
        match self {
            Self::Column(name) => format!("$\"{name}\""),
            Self::Literal(None) => "null".to_owned(),
            Self::Literal(Some(Value::String(text))) => format!("`{text}`"),
            Self::Literal(Some(Value::Float(value))) => format!("{value:?}"),
            Self::Literal(Some(value)) => value.to_string(),
            Self::Call(name, arguments) => {
                let arguments: Vec<String> = arguments.iter().map(Self::text).collect();
                format!("{name}({})", arguments.join(", "))
            }
            Self::Infix(operator, left, right) => {
                format!("({} {operator} {})", left.text(), right.text())
            }
        }
    }

    /// Its value in an event.
    pub fn value(&self, event: &Event) -> Option<Value> {
        match self {
            Self::Column(name) => event.fields.get(name).cloned(),
            Self::Literal(value) => value.clone(),
            Self::Infix(operator, left, right) => {
                let (left, right) = (left.value(event), right.value(event));
                let name = match *operator {
                    "+" => "SUM",
                    "-" => "SUB",
                    "*" => "MUL",
                    "/" => "DIV",
                    "%" => "MOD",
                    "<" => "LT",
                    "<=" => "LTE",
                    ">" => "GT",
                    ">=" => "GTE",
                    "=" => "EQUALS",
                    "!=" => return Some(Value::Bool(!equal(left.as_ref(), right.as_ref()))),
                    name => name,
                };
                apply(name, &[left, right], event)
            }
            Self::Call(name, arguments) => {
                let values: Vec<Option<Value>> = arguments
                    .iter()
                    .map(|argument| argument.value(event))
                    .collect();
                apply(name, &values, event)
            }
        }
    }
}

fn apply(name: &str, values: &[Option<Value>], event: &Event) -> Option<Value> {
    let get = |index: usize| values.get(index).and_then(Option::as_ref);
    let text = |index: usize| match get(index) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let holds = |wanted: &[Ordering]| {
        let order = get(0)
            .zip(get(1))
            .and_then(|(left, right)| order(left, right));
        Some(Value::Bool(
            order.is_some_and(|order| wanted.contains(&order)),
        ))
    };
    let finite = |value: f64| value.is_finite().then_some(Value::Float(value));
    match name {
        "IF" => {
            for pair in values.chunks(2) {
                match pair {
                    [condition, value] if is_true(condition.as_ref()) => return value.clone(),
                    [otherwise] => return otherwise.clone(),
                    _ => {}
                }
            }
            None
        }
        "SWITCH" => {
            for pair in values[1..].chunks(2) {
                match pair {
                    [case, value] if equal(get(0), case.as_ref()) => return value.clone(),
                    [otherwise] => return otherwise.clone(),
                    _ => {}
                }
            }
            None
        }
        "COALESCE" => values.iter().flatten().next().cloned(),
        "NOT" => Some(Value::Bool(!is_true(get(0)))),
        "AND" => Some(Value::Bool(
            values.iter().all(|value| is_true(value.as_ref())),
        )),
        "OR" => Some(Value::Bool(
            values.iter().any(|value| is_true(value.as_ref())),
        )),
        "LT" => holds(&[Ordering::Less]),
        "LTE" => holds(&[Ordering::Less, Ordering::Equal]),
        "GT" => holds(&[Ordering::Greater]),
        "GTE" => holds(&[Ordering::Greater, Ordering::Equal]),
        "EQUALS" => Some(Value::Bool(equal(get(0), get(1)))),
        "IN" => Some(Value::Bool(
            values[1..]
                .iter()
                .any(|other| equal(get(0), other.as_ref())),
        )),
        "EXISTS" => Some(Value::Bool(get(0).is_some())),
        "MIN" => extreme(values, Ordering::Less),
        "MAX" => extreme(values, Ordering::Greater),
        "SUM" => finite(
            values
                .iter()
                .skip(1)
                .fold(number(get(0)), |sum, value| sum + number(value.as_ref())),
        ),
        "MUL" => finite(
            values
                .iter()
                .skip(1)
                .fold(number(get(0)), |product, value| {
                    product * number(value.as_ref())
                }),
        ),
        "SUB" => finite(number(get(0)) - number(get(1))),
        "DIV" if number(get(1)) == 0.0 => None,
        "DIV" => finite(number(get(0)) / number(get(1))),
        "MOD" if number(get(1)) == 0.0 => None,
        "MOD" => finite(number(get(0)) % number(get(1))),
        "LOG10" => match get(0) {
            Some(Value::Bool(_)) | None => None,
            value if number(value) > 0.0 => finite(number(value).log10()),
            _ => None,
        },
        "BUCKET" => match get(0) {
            Some(Value::Int(_) | Value::Float(_)) => bin(values),
            _ => None,
        },
        "INT" => Some(Value::Int(match get(0) {
            Some(Value::Int(value)) => *value,
            Some(Value::String(text)) if text.parse::<i64>().is_ok() => text.parse().unwrap_or(0),
            value => number(value) as i64,
        })),
        "FLOAT" => Some(Value::Float(number(get(0)))),
        "BOOL" => Some(Value::Bool(is_true(get(0)))),
        "STRING" => Some(Value::String(written(get(0)))),
        "CONCAT" => Some(Value::String(
            values.iter().map(|value| written(value.as_ref())).collect(),
        )),
        "STARTS_WITH" => Some(Value::Bool(
            text(0)
                .zip(text(1))
                .is_some_and(|(all, part)| all.starts_with(part)),
        )),
        "ENDS_WITH" => Some(Value::Bool(
            text(0)
                .zip(text(1))
                .is_some_and(|(all, part)| all.ends_with(part)),
        )),
        "CONTAINS" => Some(Value::Bool(
            text(0)
                .zip(text(1))
                .is_some_and(|(all, part)| all.contains(part)),
        )),
        "TO_LOWER" => text(0).map(|text| Value::String(text.to_lowercase())),
        "LENGTH" => text(0).map(|measured| match text(1) {
            Some("bytes") => Value::Int(measured.len() as i64),
            _ => Value::Int(measured.chars().count() as i64),
        }),
        "REG_MATCH" => Some(Value::Bool(
            text(0).is_some_and(|text| regex(values).is_match(text)),
        )),
        "REG_COUNT" => Some(Value::Int(
            text(0).map_or(0, |text| regex(values).find_iter(text).count()) as i64,
        )),
        "REG_VALUE" => {
            let regex = regex(values);
            let groups = regex.captures(text(0)?)?;
            let caught = groups.get(if regex.captures_len() > 1 { 1 } else { 0 })?;
            Some(Value::String(caught.as_str().to_owned()))
        }
        "EVENT_TIMESTAMP" => Some(Value::Float(
            event.timestamp_ns.div_euclid(1_000) as f64 / 1e6,
        )),
        _ => None,
    }
}

fn regex(values: &[Option<Value>]) -> &'static Regex {
    static COMPILED: OnceLock<Vec<Regex>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let patterns = PATTERNS.iter().map(|pattern| Regex::new(pattern));
        patterns.flatten().collect()
    });
    let is_wanted = |regex: &&Regex| {
        values[1].as_ref().map(ToString::to_string).as_deref() == Some(regex.as_str())
    };
    let found = compiled.iter().find(is_wanted);
    found.unwrap_or_else(|| unreachable!("every pattern is one of the list"))
}

fn is_true(value: Option<&Value>) -> bool {
    match value {
        None => false,
        Some(Value::Bool(value)) => *value,
        Some(Value::Int(value)) => *value != 0,
        Some(Value::Float(value)) => *value != 0.0,
        Some(Value::String(text)) => text == "true",
    }
}

fn number(value: Option<&Value>) -> f64 {
    match value {
        Some(Value::Int(value)) => *value as f64,
        Some(Value::Float(value)) => *value,
        // The random texts hold no words that read as numbers.
        Some(Value::String(text)) => text.parse().unwrap_or(0.0),
        Some(Value::Bool(_)) | None => 0.0,
    }
}

fn written(value: Option<&Value>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(_) | Value::String(_), _) | (_, Value::Bool(_) | Value::String(_)) => None,
        _ => compare_numbers(left, right),
    }
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(Value::Bool(left)), Some(Value::Bool(right))) => left == right,
        (Some(left), Some(right)) => order(left, right) == Some(Ordering::Equal),
        _ => false,
    }
}

/// Of equal ones the first.
fn extreme(values: &[Option<Value>], wanted: Ordering) -> Option<Value> {
    let mut present = values.iter().flatten();
    let mut best = present.next()?.clone();
    for value in present {
        let found = match (value, &best) {
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            _ => order(value, &best),
        };
        if found == Some(wanted) {
            best = value.clone();
        }
    }
    Some(best)
}

/// Goes through the bins of 0.5 one after another; very large numbers have bins too wide to count.
fn bin(values: &[Option<Value>]) -> Option<Value> {
    let get = |index: usize| values.get(index).map(|value| number(value.as_ref()));
    let (value, size) = (get(0)?, get(1)?);
    let (low, high) = (get(2).unwrap_or(0.0), get(3));
    let label = if value.is_nan() {
        return None;
    } else if value < low {
        format!("< {low}")
    } else if let Some(high) = high.filter(|high| value > *high) {
        format!("> {high}")
    } else {
        let mut bin = ((value - low) / size).ceil() - 1.0;
        if bin < 0.0 {
            bin = 0.0;
        }
        let from = low + bin * size;
        let to = high.map_or(from + size, |high| high.min(from + size));
        format!("{from} - {to}")
    };
    Some(Value::String(label))
}
