//! The state of MIN and MAX: per cell the outermost number and the outermost text.

use super::{Partial, Rows, each_number, pairs, state, state_mut};
use crate::bytes::{ByteReader, ByteWrite, Damaged};
use crate::chunk::TypedBuffer;
use crate::number::Number;
use crate::sketch::value_range;
use std::any::Any;
use std::cmp::Ordering;
use waggle_model::{BucketCounts, Cell};

/// `SIDE` tells which end is kept: see [`SMALLEST`] and [`LARGEST`].
#[derive(Default)]
pub(super) struct Extremes<const SIDE: i8> {
    numbers: Vec<Option<Number>>,
    /// As long as `numbers` once a text has been seen, else empty.
    texts: Vec<Option<Box<str>>>,
    text_bytes: usize,
}

pub(super) const SMALLEST: i8 = -1;
pub(super) const LARGEST: i8 = 1;

impl<const SIDE: i8> Extremes<SIDE> {
    /// The outermost number, or the outermost text when there is no number.
    pub(super) fn finish(&self, cell: usize) -> Cell {
        match (self.numbers[cell], self.texts.get(cell)) {
            (Some(Number::Int(value)), _) => Cell::Int(value),
            (Some(Number::Float(value)), _) => Cell::Float(value),
            (None, Some(Some(text))) => Cell::Text(text.to_string()),
            (None, _) => Cell::Null,
        }
    }

    fn note_number(&mut self, cell: usize, value: Number) {
        let is_further = match self.numbers[cell] {
            None => true,
            Some(current) => match value.compare(current) {
                Some(Ordering::Less) => SIDE == SMALLEST,
                Some(Ordering::Greater) => SIDE == LARGEST,
                // Of equal numbers the integer is kept, so that the order of rows does not show.
                Some(Ordering::Equal) => {
                    matches!((value, current), (Number::Int(_), Number::Float(_)))
                }
                None => false,
            },
        };
        if is_further {
            self.numbers[cell] = Some(match value {
                // Adding zero makes minus zero plus zero, for the same reason.
                Number::Float(value) => Number::Float(value + 0.0),
                Number::Int(value) => Number::Int(value),
            });
        }
    }

    fn note_text(&mut self, cell: usize, text: &str) {
        if self.texts.is_empty() {
            self.texts.resize(self.numbers.len(), None);
        }
        let current = &mut self.texts[cell];
        let is_further =
            current
                .as_ref()
                .is_none_or(|current| match text.as_bytes().cmp(current.as_bytes()) {
                    Ordering::Less => SIDE == SMALLEST,
                    Ordering::Greater => SIDE == LARGEST,
                    Ordering::Equal => false,
                });
        if is_further {
            self.text_bytes += text.len();
            self.text_bytes -= current.as_ref().map_or(0, |text| text.len());
            *current = Some(text.into());
        }
    }
}

impl<const SIDE: i8> Partial for Extremes<SIDE> {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn reserve(&mut self, cells: usize) {
        self.numbers
            .reserve_exact(cells.saturating_sub(self.numbers.len()));
    }
    fn grow(&mut self, cells: usize) {
        self.numbers.resize(cells, None);
        if !self.texts.is_empty() {
            self.texts.resize(cells, None);
        }
    }
    fn update(&mut self, rows: &Rows<'_>, column: &[TypedBuffer]) {
        if let [TypedBuffer::Floats(values)] = column
            && let Some(values) = rows.dense(values)
        {
            for (cell, value) in rows.cells.iter().zip(values) {
                let is_inside = match self.numbers[*cell as usize] {
                    Some(Number::Float(current)) if SIDE == SMALLEST => *value >= current,
                    Some(Number::Float(current)) => *value <= current,
                    _ => false,
                };
                if !is_inside && !value.is_nan() {
                    self.note_number(*cell as usize, Number::Float(*value));
                }
            }
            return;
        }
        each_number(rows, column, |cell, value, _| self.note_number(cell, value));
        for buffer in column {
            if let TypedBuffer::Strings(codes, dictionary) = buffer {
                rows.each_value(codes, |cell, code, _| {
                    let text = dictionary.text(code);
                    match BucketCounts::parse(&text) {
                        None => self.note_text(cell, &text),
                        Some(counts) => {
                            if let Some((min, max)) = value_range(&counts) {
                                let outermost = if SIDE == SMALLEST { min } else { max };
                                self.note_number(cell, Number::Float(outermost));
                            }
                        }
                    }
                });
            }
        }
    }
    fn absorb(&mut self, other: &mut dyn Partial, moves: &[(u32, u32)]) {
        let other = state_mut::<Self>(other);
        for (from, to) in moves {
            if let Some(number) = other.numbers[*from as usize].take() {
                self.note_number(*to as usize, number);
            }
            if let Some(text) = other.texts.get_mut(*from as usize).and_then(Option::take) {
                other.text_bytes -= text.len();
                self.note_text(*to as usize, &text);
            }
        }
    }
    fn merge(&mut self, other: &dyn Partial, first: usize, cells: &[u32]) {
        let other = state::<Self>(other);
        for (number, cell) in pairs(&other.numbers, first, cells) {
            if let Some(number) = number {
                self.note_number(cell, *number);
            }
        }
        for (text, cell) in pairs(&other.texts, first, cells) {
            if let Some(text) = text {
                self.note_text(cell, text);
            }
        }
    }
    fn encode(&self, out: &mut Vec<u8>) {
        for number in &self.numbers {
            match number {
                None => out.push(0),
                Some(Number::Int(value)) => {
                    out.push(1);
                    out.put_i64(*value);
                }
                Some(Number::Float(value)) => {
                    out.push(2);
                    out.put_f64(*value);
                }
            }
        }
        out.put_u64(self.texts.len() as u64);
        for text in &self.texts {
            out.push(u8::from(text.is_some()));
            if let Some(text) = text {
                out.put_bytes(text.as_bytes());
            }
        }
    }
    fn decode(&mut self, bytes: &mut ByteReader<'_>) -> Result<(), Damaged> {
        for cell in 0..self.numbers.len() {
            match bytes.u8()? {
                0 => {}
                1 => self.note_number(cell, Number::Int(bytes.i64()?)),
                2 => self.note_number(cell, Number::Float(bytes.f64()?)),
                _ => return Err(Damaged("an unknown type of number")),
            }
        }
        let texts = bytes.length()?;
        if texts > self.numbers.len() {
            return Err(Damaged("more texts than cells"));
        }
        for cell in 0..texts {
            if bytes.bool()? {
                self.note_text(cell, bytes.text()?);
            }
        }
        Ok(())
    }
    fn heap_bytes(&self) -> usize {
        self.numbers.capacity() * size_of::<Option<Number>>()
            + self.texts.capacity() * size_of::<Option<Box<str>>>()
            + self.text_bytes
    }
}
