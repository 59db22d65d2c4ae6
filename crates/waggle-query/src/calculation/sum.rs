//! SUM, and the state it shares with AVG.

use super::{
    Calculation, ColumnRule, Partial, Rows, each_histogram, each_number, pairs, state, state_mut,
};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use crate::number::Number;
use std::any::Any;
use std::mem::take;
use waggle_model::Cell;

pub(super) struct Sum;

impl Calculation for Sum {
    fn name(&self) -> &'static str {
        "SUM"
    }
    fn column_rule(&self) -> ColumnRule {
        ColumnRule::Required
    }
    fn state_name(&self) -> &'static str {
        "sum"
    }
    fn start(&self) -> Box<dyn Partial> {
        Box::new(Sums::default())
    }
    fn finish(&self, partial: &dyn Partial, cell: usize) -> Cell {
        let total = &state::<Sums>(partial).0[cell];
        match i64::try_from(total.ints) {
            _ if total.weight == 0 && !total.has_float => Cell::Null,
            Ok(sum) if !total.has_float => Cell::Int(sum),
            _ => Cell::Float(total.as_f64()),
        }
    }
}

/// Sum and weight per cell.
#[derive(Default)]
pub(super) struct Sums(Vec<Total>);

/// Integers are added exactly. Floats are added in two floats, the second holding what the first had to round away, so that the
/// order of additions shows in none of the digits an answer has unless sums of very different sizes cancel.
#[derive(Clone, Copy, Default)]
struct Total {
    ints: i128,
    floats: f64,
    rounded_away: f64,
    weight: u64,
    has_float: bool,
}

impl Sums {
    /// Weighted mean of a cell; `None` when it has no numbers.
    pub(super) fn mean(&self, cell: usize) -> Option<f64> {
        let total = &self.0[cell];
        (total.weight > 0).then(|| total.as_f64() / total.weight as f64)
    }
}

impl Total {
    fn as_f64(&self) -> f64 {
        let mut total = *self;
        total.add_float(self.ints as f64);
        total.floats + total.rounded_away
    }

    fn add(&mut self, other: &Self) {
        self.ints = self.ints.wrapping_add(other.ints);
        self.weight = self.weight.saturating_add(other.weight);
        self.has_float |= other.has_float;
        self.add_float(other.floats);
        self.rounded_away += other.rounded_away;
    }

    fn add_float(&mut self, value: f64) {
        // Source: Knuth, TAOCP vol. 2, 4.2.2, theorem B (TwoSum).
        let sum = self.floats + value;
        if sum.is_finite() {
            let part = sum - self.floats;
            self.rounded_away += (self.floats - (sum - part)) + (value - part);
        } else {
            self.rounded_away = 0.0;
        }
        self.floats = sum;
    }
}

impl Partial for Sums {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.0.reserve_exact(cells.saturating_sub(self.0.len()));
    }
    fn grow(&mut self, cells: usize) {
        self.0.resize(cells, Total::default());
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        if let [TypedBuffer::Floats(values)] = column
            && let Some(values) = rows.dense(values)
        {
            for (cell, value) in rows.cells.iter().zip(values) {
                if !value.is_nan() {
                    let total = &mut self.0[*cell as usize];
                    total.weight = total.weight.saturating_add(1);
                    total.has_float = true;
                    total.add_float(*value);
                }
            }
            return;
        }
        each_number(rows, column, |cell, value, weight| {
            let total = &mut self.0[cell];
            total.weight = total.weight.saturating_add(weight);
            match value {
                Number::Int(value) => total.ints += i128::from(value) * i128::from(weight),
                Number::Float(value) => {
                    total.has_float = true;
                    total.add_float(value * weight as f64);
                }
            }
        });
        for buffer in column {
            if let TypedBuffer::Bools(values) = buffer {
                rows.each_value(values, |cell, value, weight| {
                    let total = &mut self.0[cell];
                    total.weight = total.weight.saturating_add(weight);
                    total.ints += i128::from(value) * i128::from(weight);
                });
            }
        }
        each_histogram(rows, column, |cell, counts, weight| {
            if let Some(sum) = counts.sum {
                let total = &mut self.0[cell];
                let values = counts.total().saturating_mul(weight);
                total.weight = total.weight.saturating_add(values);
                total.has_float = true;
                total.add_float(sum * weight as f64);
            }
        });
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            self.0[*to as usize].add(&take(&mut other.0[*from as usize]));
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        for (total, cell) in pairs(&state::<Self>(other).0, first, cells) {
            self.0[cell].add(total);
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for total in &self.0 {
            out.extend_from_slice(&total.ints.to_le_bytes());
            out.put_f64(total.floats);
            out.put_f64(total.rounded_away);
            out.put_u64(total.weight);
            out.push(u8::from(total.has_float));
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for own in &mut self.0 {
            let ints = bytes.take(size_of::<i128>())?.try_into();
            own.add(&Total {
                ints: i128::from_le_bytes(ints.map_err(|_| Damaged("too short"))?),
                floats: bytes.f64()?,
                rounded_away: bytes.f64()?,
                weight: bytes.u64()?,
                has_float: bytes.bool()?,
            });
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Total>()
    }
}
