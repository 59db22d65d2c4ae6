//! Formulas: numbers made of the named calculations of a group, a bucket or the total, once these are finished.
//!
//! `$name` is a calculation of the query by its own name. What a calculation has no answer for is empty, with the rules of calculated
//! fields: nothing compares with it, arithmetic takes it for 0, DIV by 0 is empty. Truth is 1 or 0. Source: spec/product.md QB-08.

use super::invalid;
use crate::calculation::calculation;
use std::fmt;
use waggle_expression::{Datum, Expression, Family, Input};
use waggle_model::{AnswerIndex, Cell, FormulaSpec, QueryError, QuerySpec};

/// A formula whose names are resolved.
#[derive(Clone)]
pub(crate) struct Formula {
    expression: Expression,
    /// The calculations it reads, by their index in the query.
    pub(crate) calculations: Vec<usize>,
}

impl Formula {
    /// Resolves the formula of this index.
    pub(super) fn new(
        spec: &QuerySpec,
        formula: &FormulaSpec,
        index: usize,
    ) -> Result<Self, QueryError> {
        let field = format!("formulas[{index}].expression");
        let expression = Expression::parse(&formula.expression)
            .map_err(|error| invalid(&field, error.to_string()))?;
        let calls = expression.calls().into_iter();
        let metric_call = calls
            .map(|call| call.function)
            .find(|function| function.family == Family::Metric);
        let temporal = || {
            expression
                .temporals()
                .next()
                .map(|temporal| temporal.function.name())
        };
        if let Some(name) = metric_call.map(|function| function.name).or_else(temporal) {
            return Err(invalid(
                &field,
                format!("{name} can't be used in a formula"),
            ));
        }
        let mut calculations = Vec::with_capacity(expression.inputs().len());
        for input in expression.inputs() {
            let Input::Column(name) = input else {
                return Err(invalid(
                    &field,
                    "a formula has no event to take a time from",
                ));
            };
            let Some(AnswerIndex::Calculation(index)) = spec.find_named(name) else {
                let message = format!("{name} is not the name of a calculation of this query");
                return Err(invalid(&field, message));
            };
            let op = &spec.calculations[index].op;
            if calculation(op).is_some_and(|calculation| !calculation.is_scalar()) {
                return Err(invalid(&field, format!("{op} can't be used in a formula")));
            }
            calculations.push(index);
        }
        Ok(Self {
            expression,
            calculations,
        })
    }

    /// Its answer from those of its calculations.
    pub(crate) fn evaluate(&self, answer: impl Fn(usize) -> Cell) -> Cell {
        let cells: Vec<Cell> = self
            .calculations
            .iter()
            .map(|index| answer(*index))
            .collect();
        let datum = |input: usize| match &cells[input] {
            Cell::Null => Datum::Null,
            Cell::Int(value) => Datum::Int(*value),
            Cell::Float(value) => Datum::Float(*value),
            Cell::Text(value) => Datum::Text(value.clone().into()),
        };
        match self.expression.evaluate(&datum) {
            Datum::Null => Cell::Null,
            Datum::Bool(value) => Cell::Int(i64::from(value)),
            Datum::Int(value) => Cell::Int(value),
            Datum::Float(value) => Cell::Float(value),
            Datum::Text(value) => Cell::Text(value.into_owned()),
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expression.text())
    }
}
