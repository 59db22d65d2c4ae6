//! Random queries that make sense.

use crate::event::{COLUMNS, Event};
use rand::RngExt;
use rand::rngs::StdRng;
use waggle_model::{
    CalculationSpec, FilterCombination, FilterOp, FilterSpec, FilterValue, FormulaSpec, HavingOp,
    HavingSpec, OrderSpec, QuerySpec, SortOrder, TimeRange, TimeWindow, Value,
};

/// The calculations that give one answer per group.
const SCALARS: [&str; 23] = [
    "COUNT",
    "CONCURRENCY",
    "RATE_SUM",
    "RATE_AVG",
    "RATE_MAX",
    "SUM",
    "AVG",
    "COUNT_DISTINCT",
    "MAX",
    "MIN",
    "P001",
    "P01",
    "P05",
    "P10",
    "P20",
    "P25",
    "P50",
    "P75",
    "P80",
    "P90",
    "P95",
    "P99",
    "P999",
];

/// Makes a query over `range`, whose ends must be whole seconds, with values that occur in `events`.
pub fn random_spec(rng: &mut StdRng, events: &[Event], range: TimeRange) -> QuerySpec {
    let mut calculations: Vec<CalculationSpec> = (0..rng.random_range(0..4))
        .map(|_| random_calculation(rng))
        .collect();
    if rng.random_bool(0.2) {
        calculations.push(CalculationSpec::new("HEATMAP", Some(&random_column(rng))));
    }
    for (index, calculation) in calculations.iter_mut().enumerate() {
        if rng.random_bool(0.3) {
            calculation.name = Some(format!("answer {index}"));
            calculation.filters = (0..rng.random_range(0..3))
                .map(|_| random_filter(rng, events))
                .collect();
            calculation.filter_combination = random_combination(rng);
        }
    }
    let mut breakdowns: Vec<String> = Vec::new();
    for _ in 0..[0, 0, 1, 1, 1, 2, 3][rng.random_range(0..7)] {
        let column = random_column(rng);
        if !breakdowns.contains(&column) {
            breakdowns.push(column);
        }
    }
    let filters = (0..[0, 0, 1, 1, 2, 3][rng.random_range(0..6)])
        .map(|_| random_filter(rng, events))
        .collect();
    let seconds = (range.end_ns - range.start_ns) / 1_000_000_000;
    let formulas = random_formulas(rng, &calculations);
    let is_shown = |calculation: &CalculationSpec| {
        let name = calculation.name.as_ref();
        let name = name.map(|name| format!("$\"{name}\""));
        let mut formulas = formulas.iter();
        !name.is_some_and(|name| formulas.any(|formula| formula.expression.contains(&name)))
    };
    let mut scalars: Vec<CalculationSpec> = calculations
        .iter()
        .filter(|calculation| calculation.op != "HEATMAP" && is_shown(calculation))
        .cloned()
        .collect();
    // Not what a hidden calculation would be taken for too.
    scalars.retain(|shown| {
        let mut others = calculations.iter().filter(|other| !is_shown(other));
        others.all(|other| (&other.op, &other.column) != (&shown.op, &shown.column))
    });
    let named = formulas.iter().map(|formula| formula.name.as_str());
    scalars.extend(named.map(|name| CalculationSpec::new(name, None)));
    QuerySpec {
        formulas: formulas.clone(),
        calculated_fields: Vec::new(),
        usage_mode: false,
        orders: random_orders(rng, &breakdowns, &scalars),
        havings: random_havings(rng, &scalars),
        calculations,
        breakdowns,
        filters,
        filter_combination: random_combination(rng),
        granularity_s: match rng.random_range(0..3) {
            0 => None,
            1 => Some((seconds as u64).div_ceil(10)),
            _ => Some(rng.random_range((seconds as u64).div_ceil(200)..=seconds as u64)),
        },
        limit: match rng.random_range(0..3) {
            0 => None,
            1 => Some(rng.random_range(1..4)),
            _ => Some(rng.random_range(1..60)),
        },
        window: TimeWindow {
            start_s: Some(range.start_ns / 1_000_000_000),
            end_s: Some(range.end_ns / 1_000_000_000),
            range_s: None,
        },
    }
}

fn random_combination(rng: &mut StdRng) -> FilterCombination {
    match rng.random_bool(0.7) {
        true => FilterCombination::And,
        false => FilterCombination::Or,
    }
}

fn random_column(rng: &mut StdRng) -> String {
    COLUMNS[rng.random_range(0..COLUMNS.len())].to_owned()
}

fn random_calculation(rng: &mut StdRng) -> CalculationSpec {
    let op = SCALARS[rng.random_range(0..SCALARS.len())];
    match op == "CONCURRENCY" || op == "COUNT" && rng.random_bool(0.6) {
        true => CalculationSpec::new(op, None),
        false => CalculationSpec::new(op, Some(&random_column(rng))),
    }
}

/// Formulas over named calculations, if there are any whose answers are numbers.
fn random_formulas(rng: &mut StdRng, calculations: &[CalculationSpec]) -> Vec<FormulaSpec> {
    let is_number = |op: &str| !["HEATMAP", "MIN", "MAX"].contains(&op);
    let named = calculations
        .iter()
        .filter(|calculation| is_number(&calculation.op));
    let names: Vec<&String> = named.filter_map(|named| named.name.as_ref()).collect();
    if names.is_empty() || rng.random_bool(0.4) {
        return Vec::new();
    }
    (0..rng.random_range(1..3))
        .map(|index| FormulaSpec {
            name: format!("formula {index}"),
            expression: random_call(rng, &names, 2),
        })
        .collect()
}

fn random_call(rng: &mut StdRng, names: &[&String], depth: usize) -> String {
    let function = ["SUM", "SUB", "MUL", "DIV", "GT"][rng.random_range(0..5)];
    let mut argument = || match rng.random_range(0..6) {
        0 if depth > 0 => random_call(rng, names, depth - 1),
        1 => ["100", "0.5", "0"][rng.random_range(0..3)].to_owned(),
        _ => format!("$\"{}\"", names[rng.random_range(0..names.len())]),
    };
    format!("{function}({}, {})", argument(), argument())
}

fn random_orders(
    rng: &mut StdRng,
    breakdowns: &[String],
    calculations: &[CalculationSpec],
) -> Vec<OrderSpec> {
    let mut orders = Vec::new();
    for _ in 0..rng.random_range(0..3) {
        let index = rng.random_range(0..breakdowns.len() + calculations.len() + 1);
        let (op, column) = match breakdowns.get(index) {
            Some(breakdown) => (None, Some(breakdown.clone())),
            None => match calculations.get(index - breakdowns.len()) {
                Some(calculation) => match &calculation.name {
                    Some(name) if rng.random_bool(0.5) => (None, Some(name.clone())),
                    Some(name) if rng.random_bool(0.5) => (Some(name.clone()), None),
                    _ => (Some(calculation.op.clone()), calculation.column.clone()),
                },
                None => continue,
            },
        };
        orders.push(OrderSpec {
            op,
            column,
            order: match rng.random_bool(0.5) {
                true => SortOrder::Ascending,
                false => SortOrder::Descending,
            },
        });
    }
    orders
}

fn random_havings(rng: &mut StdRng, calculations: &[CalculationSpec]) -> Vec<HavingSpec> {
    if calculations.is_empty() || rng.random_bool(0.7) {
        return Vec::new();
    }
    let ops = [
        HavingOp::Equal,
        HavingOp::NotEqual,
        HavingOp::Greater,
        HavingOp::GreaterOrEqual,
        HavingOp::Less,
        HavingOp::LessOrEqual,
    ];
    let calculation = &calculations[rng.random_range(0..calculations.len())];
    let (calculate_op, column) = match &calculation.name {
        Some(name) if rng.random_bool(0.5) => (name.clone(), None),
        _ => (calculation.op.clone(), calculation.column.clone()),
    };
    vec![HavingSpec {
        calculate_op,
        column,
        op: ops[rng.random_range(0..ops.len())],
        value: [0.0, 1.0, 5.0, 40.5, 200.0][rng.random_range(0..5)],
    }]
}

/// Makes a filter with any operator and a right-hand side it takes, mostly of a value that occurs.
pub fn random_filter(rng: &mut StdRng, events: &[Event]) -> FilterSpec {
    let column = random_column(rng);
    let op = FilterOp::ALL[rng.random_range(0..FilterOp::ALL.len())].0;
    let value = match op {
        FilterOp::Exists | FilterOp::DoesNotExist => FilterValue::None,
        FilterOp::In | FilterOp::NotIn => FilterValue::Many(
            (0..[0, 1, 3, 12][rng.random_range(0..4)])
                .map(|_| random_value(rng, events, &column))
                .collect(),
        ),
        FilterOp::StartsWith
        | FilterOp::DoesNotStartWith
        | FilterOp::EndsWith
        | FilterOp::DoesNotEndWith
        | FilterOp::Contains
        | FilterOp::DoesNotContain => {
            let value = random_value(rng, events, &column);
            FilterValue::One(match value {
                Value::String(text) => Value::String(part_of(rng, &text)),
                other => other,
            })
        }
        _ => FilterValue::One(random_value(rng, events, &column)),
    };
    FilterSpec { column, op, value }
}

/// Makes a filter that is mostly about another span of a row's trace.
pub fn random_related_filter(rng: &mut StdRng, events: &[Event]) -> FilterSpec {
    let prefixes = ["root.", "parent.", "child.", "any.", "any2.", "none.", ""];
    let filter = random_filter(rng, events);
    let prefix = prefixes[rng.random_range(0..prefixes.len())];
    FilterSpec {
        column: format!("{prefix}{}", filter.column),
        ..filter
    }
}

fn random_value(rng: &mut StdRng, events: &[Event], column: &str) -> Value {
    if !events.is_empty() && rng.random_bool(0.8) {
        for _ in 0..20 {
            let event = &events[rng.random_range(0..events.len())];
            if let Some(value) = event.fields.get(column) {
                return value.clone();
            }
        }
    }
    match rng.random_range(0..6) {
        0 => Value::String("5".to_owned()),
        1 => Value::Int(5),
        2 => Value::Float(5.0),
        3 => Value::Bool(rng.random_bool(0.5)),
        4 => Value::String("nobody has this".to_owned()),
        _ => Value::Float(-0.5),
    }
}

fn part_of(rng: &mut StdRng, text: &str) -> String {
    let count = text.chars().count();
    let first = rng.random_range(0..=count);
    let length = rng.random_range(0..=count - first);
    text.chars().skip(first).take(length).collect()
}
