//! How different the two sides of a column are, and what of it is shown.

use super::counts::ColumnCounts;
use super::values::{Pair, Text, edges_of};
use crate::number::NumberKey;
use std::cmp::Ordering;
use waggle_model::{BubbleBin, BubbleComparison, BubbleField, BubbleOther, BubbleValue, Value};

/// Columns in less than this share of both sides are listed last.
const RARE: f64 = 0.01;

/// Rows of the two sides, weighted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) selection: u64,
    pub(super) baseline: u64,
}

impl Totals {
    pub(super) fn add(&mut self, other: &Self) {
        self.selection += other.selection;
        self.baseline += other.baseline;
    }

    /// The shares of the two sides that some of their rows are: selection, baseline.
    fn shares(self, counts: Pair) -> (f64, f64) {
        let share = |count: u64, total: u64| match total {
            0 => 0.0,
            total => count as f64 / total as f64,
        };
        (
            share(counts.selection(), self.selection),
            share(counts.baseline(), self.baseline),
        )
    }

    /// What is left of the two sides.
    fn without(self, counts: Pair) -> Pair {
        Pair([
            self.baseline - counts.baseline(),
            self.selection - counts.selection(),
        ])
    }
}

/// A field with what decides its place.
pub(super) struct Scored {
    pub(super) field: BubbleField,
    is_rare: bool,
    /// Decides between equal scores.
    divergence: f64,
}

impl Scored {
    pub(super) fn new(
        column: &str,
        counts: &ColumnCounts,
        totals: Totals,
        values_max: usize,
    ) -> Self {
        let mut present = counts.texts.total();
        present.add(counts.numbers.total());
        counts.bools.iter().for_each(|pair| present.add(*pair));
        let absent = totals.without(present);
        let (selected, base) = totals.shares(present);
        let has_only_texts =
            counts.numbers.total() == Pair::default() && counts.bools == [Pair::default(); 2];
        let is_unique = counts.texts.is_unique()
            || has_only_texts
                && counts.row_count > 1
                && counts.row_count == counts.texts.len() as u64;
        let (score, divergence, comparison) = if is_unique || counts.texts.is_full() {
            // All that can be compared is whether rows have a value.
            let mut measured = Difference::default();
            measured.add((selected, base));
            let score = measured.largest;
            measured.add(totals.shares(absent));
            let comparison = match is_unique {
                true => BubbleComparison::Unique,
                false => BubbleComparison::TooManyValues,
            };
            (score, measured.divergence(), comparison)
        } else if counts.numbers.exact().is_some() {
            dimension(counts, totals, absent, values_max)
        } else {
            measure(counts, totals, values_max)
        };
        Self {
            field: BubbleField {
                column: column.to_owned(),
                score,
                selection_count: present.selection(),
                baseline_count: present.baseline(),
                comparison,
            },
            is_rare: selected < RARE && base < RARE,
            divergence,
        }
    }

    /// The order of fields: total, and the same whatever the sources.
    pub(super) fn compare(left: &Self, right: &Self) -> Ordering {
        left.is_rare
            .cmp(&right.is_rare)
            .then_with(|| right.field.score.total_cmp(&left.field.score))
            .then_with(|| right.divergence.total_cmp(&left.divergence))
            .then_with(|| left.field.column.cmp(&right.field.column))
    }
}

/// The difference of two distributions.
#[derive(Default)]
struct Difference {
    largest: f64,
    divergence: f64,
}

impl Difference {
    fn add(&mut self, (selected, base): (f64, f64)) {
        self.largest = self.largest.max((selected - base).abs());
        let middle = f64::midpoint(selected, base);
        for share in [selected, base] {
            if share > 0.0 {
                self.divergence += share / 2.0 * (share / middle).log2();
            }
        }
    }

    /// Jensen's and Shannon's divergence in bits. Rounded, because the order of the summands, which is not fixed, shows in the last
    /// digits.
    fn divergence(&self) -> f64 {
        (self.divergence * 1e9).round() / 1e9
    }
}

/// A value before it is written out.
#[derive(Clone, Copy)]
enum Known<'a> {
    Absent,
    Bool(bool),
    Number(NumberKey),
    Text(&'a Text),
}

impl Known<'_> {
    /// The same on every machine, to order values of equal counts.
    fn stable_hash(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Bool(value) => crate::number::bool_hash(*value),
            Self::Number(key) => key.stable_hash(),
            Self::Text(text) => text.hash,
        }
    }
}

fn dimension(
    counts: &ColumnCounts,
    totals: Totals,
    absent: Pair,
    values_max: usize,
) -> (f64, f64, BubbleComparison) {
    let mut values: Vec<(Known<'_>, Pair)> = Vec::new();
    if absent != Pair::default() {
        values.push((Known::Absent, absent));
    }
    for (value, pair) in [false, true].into_iter().zip(counts.bools) {
        if pair != Pair::default() {
            values.push((Known::Bool(value), pair));
        }
    }
    for (key, pair) in counts.numbers.exact().into_iter().flatten() {
        values.push((Known::Number(*key), *pair));
    }
    values.extend(
        counts
            .texts
            .iter()
            .map(|text| (Known::Text(text), text.counts)),
    );
    let mut difference = Difference::default();
    for (_, pair) in &values {
        difference.add(totals.shares(*pair));
    }
    let larger = |(_, pair): &(Known<'_>, Pair)| {
        let (selected, base) = totals.shares(*pair);
        selected.max(base)
    };
    let order = |left: &(Known<'_>, Pair), right: &(Known<'_>, Pair)| {
        larger(right)
            .total_cmp(&larger(left))
            .then_with(|| left.0.stable_hash().cmp(&right.0.stable_hash()))
    };
    let mut other = None;
    if values.len() > values_max {
        values.select_nth_unstable_by(values_max, order);
        let mut rest = Pair::default();
        for (_, pair) in &values[values_max..] {
            rest.add(*pair);
        }
        other = Some(BubbleOther {
            value_count: values.len() - values_max,
            selection_count: rest.selection(),
            baseline_count: rest.baseline(),
        });
        values.truncate(values_max);
    }
    values.sort_unstable_by(order);
    let values = values
        .into_iter()
        .map(|(known, pair)| BubbleValue {
            value: match known {
                Known::Absent => None,
                Known::Bool(value) => Some(Value::Bool(value)),
                Known::Number(NumberKey::Int(value)) => Some(Value::Int(value)),
                Known::Number(NumberKey::Float(bits)) => Some(Value::Float(f64::from_bits(bits))),
                Known::Text(text) => Some(Value::String(counts.texts.text(text))),
            },
            selection_count: pair.selection(),
            baseline_count: pair.baseline(),
        })
        .collect();
    (
        difference.largest,
        difference.divergence(),
        BubbleComparison::Dimension { values, other },
    )
}

fn measure(
    counts: &ColumnCounts,
    totals: Totals,
    values_max: usize,
) -> (f64, f64, BubbleComparison) {
    let bins: Vec<(i32, Pair)> = counts.numbers.bins().collect();
    let mut finite = Pair::default();
    bins.iter().for_each(|(_, pair)| finite.add(*pair));
    let mut below = totals.without(finite);
    let mut difference = Difference::default();
    difference.add(totals.shares(below));
    let mut largest = difference.largest;
    for (_, pair) in &bins {
        difference.add(totals.shares(*pair));
        below.add(*pair);
        let (selected, base) = totals.shares(below);
        largest = largest.max((selected - base).abs());
    }
    (
        largest,
        difference.divergence(),
        BubbleComparison::Measure {
            bins: shown(&bins, values_max),
        },
    )
}

/// Neighbouring bins joined two by two until there are few enough to look at.
fn shown(bins: &[(i32, Pair)], bins_max: usize) -> Vec<BubbleBin> {
    let mut joined = 0;
    let count = |joined: u32| {
        let mut bins: Vec<i32> = bins.iter().map(|(bin, _)| bin >> joined).collect();
        bins.dedup();
        bins.len()
    };
    // Positive and negative numbers are never joined, so there may be two that stay.
    while joined < 18 && count(joined) > bins_max.max(1) {
        joined += 1;
    }
    let mut shown: Vec<(i32, BubbleBin)> = Vec::new();
    for (bin, pair) in bins {
        let place = bin >> joined;
        match shown.last_mut() {
            Some((last, bin)) if *last == place => {
                bin.selection_count += pair.selection();
                bin.baseline_count += pair.baseline();
            }
            _ => {
                let first = place << joined;
                let last = first + ((1 << joined) - 1);
                shown.push((
                    place,
                    BubbleBin {
                        low: edges_of(first).0,
                        high: edges_of(last).1,
                        selection_count: pair.selection(),
                        baseline_count: pair.baseline(),
                    },
                ));
            }
        }
    }
    shown.into_iter().map(|(_, bin)| bin).collect()
}
