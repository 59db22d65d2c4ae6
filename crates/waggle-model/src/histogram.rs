//! Counts of values by size, as a point of a histogram metric has them, and the text that stands for them in a row.
//!
//! The text is what raw rows show and what queries calculate with, so it is made for both: `hist 0..5:3 10..25:1` are three values above 0
//! up to 5 and one above 10 up to 25. Empty buckets are left out. A histogram whose bounds are powers is `hist scale=3 zero=2 +10:4,1 -7:2`:
//! two zeros, 4 and 1 values in the buckets 10 and 11 above zero, and 2 in bucket 7 below it, where bucket i reaches from 2^(i/2^scale)
//! to 2^((i+1)/2^scale). What is known besides may follow: `sum=31.5 min=1 max=24`.

use std::fmt;

/// Counts of values by size.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BucketCounts {
    /// Buckets whose bounds were given one by one: none empty, ascending by lower and then upper bound.
    pub explicit: Vec<ExplicitBucket>,
    /// Buckets whose bounds are powers.
    pub exponential: Option<ExponentialBuckets>,
    /// The sum of all values, if it is known.
    pub sum: Option<f64>,
    /// No value is below it.
    pub min: Option<f64>,
    /// No value is above it.
    pub max: Option<f64>,
}

/// Values above a bound up to another; either may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExplicitBucket {
    /// All values are above it.
    pub lower: f64,
    /// No value is above it.
    pub upper: f64,
    /// How many there are.
    pub count: u64,
}

/// Buckets whose bounds are powers: bucket i holds magnitudes above 2^(i * 2^-scale) up to 2^((i + 1) * 2^-scale).
/// Source: OpenTelemetry's data model of exponential histograms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExponentialBuckets {
    /// How fine the buckets are: each step halves them.
    pub scale: i32,
    /// How many values are zero, or as good as.
    pub zero: u64,
    /// Bucket and count of the values above zero: ascending, none empty.
    pub positive: Vec<(i32, u64)>,
    /// The same of those below zero, by their magnitude.
    pub negative: Vec<(i32, u64)>,
}

/// Filled buckets of a histogram, at most: exporters make 160 and fewer. What has more is not taken for one, so that a text of any sender
/// costs a query no more than its bytes.
pub const FILLED_BUCKETS_MAX: usize = 4_096;

/// What every such text begins with.
const HEAD: &str = "hist";

impl BucketCounts {
    /// Reads a text that [`Display`](fmt::Display) wrote; `None` for any other, and for more than [`FILLED_BUCKETS_MAX`] buckets.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(HEAD)?;
        let mut counts = Self::default();
        if rest.is_empty() {
            return Some(counts);
        }
        for token in rest.strip_prefix(' ')?.split(' ') {
            counts.read(token)?;
        }
        Some(counts)
    }

    fn read(&mut self, token: &str) -> Option<()> {
        if let Some((lower, rest)) = token.split_once("..") {
            let (upper, count) = rest.rsplit_once(':')?;
            let bucket = ExplicitBucket {
                lower: lower.parse().ok()?,
                upper: upper.parse().ok()?,
                count: count.parse().ok().filter(|count| *count > 0)?,
            };
            let is_next = self
                .explicit
                .last()
                .is_none_or(|last| (last.lower, last.upper) < (bucket.lower, bucket.upper));
            // False for a NaN too.
            let is_range = bucket.lower < bucket.upper;
            let is_one = is_range && is_next && self.bucket_count() < FILLED_BUCKETS_MAX;
            if is_one {
                self.explicit.push(bucket);
            }
            return is_one.then_some(());
        }
        if let Some((name, value)) = token.split_once('=') {
            let number = || value.parse().ok().filter(|value: &f64| value.is_finite());
            match name {
                "scale" if self.exponential.is_none() => {
                    self.exponential = Some(ExponentialBuckets {
                        scale: value.parse().ok()?,
                        ..ExponentialBuckets::default()
                    });
                }
                "zero" => self.exponential.as_mut()?.zero = value.parse().ok()?,
                "sum" => self.sum = Some(number()?),
                "min" => self.min = Some(number()?),
                "max" => self.max = Some(number()?),
                _ => return None,
            }
            return Some(());
        }
        let before = self.bucket_count();
        let buckets = self.exponential.as_mut()?;
        let (run, side) = match token.strip_prefix('+') {
            Some(run) => (run, &mut buckets.positive),
            None => (token.strip_prefix('-')?, &mut buckets.negative),
        };
        let (first, counts) = run.split_once(':')?;
        let mut index: i32 = first.parse().ok()?;
        if side.last().is_some_and(|(last, _)| *last >= index) {
            return None;
        }
        for (place, count) in counts.split(',').enumerate() {
            if before + place >= FILLED_BUCKETS_MAX {
                return None;
            }
            if place > 0 {
                index = index.checked_add(1)?;
            }
            side.push((index, count.parse().ok().filter(|count| *count > 0)?));
        }
        Some(())
    }

    /// How many buckets have values, that of zeros aside.
    pub fn bucket_count(&self) -> usize {
        let sides = |buckets: &ExponentialBuckets| buckets.positive.len() + buckets.negative.len();
        self.explicit.len() + self.exponential.as_ref().map_or(0, sides)
    }

    /// How many values there are.
    pub fn total(&self) -> u64 {
        let explicit = self.explicit.iter().map(|bucket| bucket.count);
        let exponential = self.exponential.iter().flat_map(|buckets| {
            let sides = buckets.positive.iter().chain(&buckets.negative);
            sides.map(|(_, count)| *count).chain([buckets.zero])
        });
        explicit.chain(exponential).fold(0, u64::saturating_add)
    }
}

impl fmt::Display for BucketCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        if let Some(buckets) = &self.exponential {
            write!(f, " scale={}", buckets.scale)?;
            if buckets.zero > 0 {
                write!(f, " zero={}", buckets.zero)?;
            }
            write_runs(f, '-', &buckets.negative)?;
            write_runs(f, '+', &buckets.positive)?;
        }
        for bucket in &self.explicit {
            let ExplicitBucket {
                lower,
                upper,
                count,
            } = *bucket;
            write!(f, " {}..{}:{count}", Shortest(lower), Shortest(upper))?;
        }
        for (name, value) in [("sum", self.sum), ("min", self.min), ("max", self.max)] {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                write!(f, " {name}={}", Shortest(value))?;
            }
        }
        Ok(())
    }
}

/// Buckets that follow one another are one word.
fn write_runs(f: &mut fmt::Formatter<'_>, side: char, buckets: &[(i32, u64)]) -> fmt::Result {
    let follows = |one: &(i32, u64), next: &(i32, u64)| one.0.checked_add(1) == Some(next.0);
    for run in buckets.chunk_by(follows) {
        let mut separator = ':';
        for (place, (index, count)) in run.iter().enumerate() {
            if place == 0 {
                write!(f, " {side}{index}")?;
            }
            write!(f, "{separator}{count}")?;
            separator = ',';
        }
    }
    Ok(())
}

/// A number in as few digits as give it back: `5`, `0.25`, `1e300`, `inf`.
struct Shortest(f64);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PLAIN_BELOW: f64 = 1e15;
        let Self(value) = self;
        match value.fract() == 0.0 && value.abs() < PLAIN_BELOW {
            true => write!(f, "{value}"),
            false => write!(f, "{value:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
