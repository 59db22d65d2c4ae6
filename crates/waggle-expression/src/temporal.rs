//! What an expression asks of a metric's series over time. Whoever evaluates the expression finds the values.

/// Longest look back of a temporal function, in seconds: 31 days.
pub const SECONDS_MAX: u32 = 31 * 86_400;

/// A metric's series, brought to one value per step. The value is that of the series' last point in the step; its other points have none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Temporal {
    /// What is made of the points.
    pub function: TemporalFunction,
    /// The column with the metric's values.
    pub metric: String,
    /// How far the function looks back from the end of a step, in seconds; `None` for as long as the step is.
    pub seconds: Option<u32>,
}

/// What is made of a series' points in a step. Source: spec/product.md QM-01, QM-02.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TemporalFunction {
    /// The last value.
    Last,
    /// By how much a counter has grown, however often it began anew.
    Increase,
    /// The same per second.
    Rate,
    /// The sum of the values.
    Summarize,
}

impl TemporalFunction {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Last, "LAST"),
        (Self::Increase, "INCREASE"),
        (Self::Rate, "RATE"),
        (Self::Summarize, "SUMMARIZE"),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, known)| *known == name)
            .map(|(function, _)| *function)
    }

    /// Its name in expressions.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(function, _)| *function == self)
            .map_or("", |(_, name)| name)
    }
}
