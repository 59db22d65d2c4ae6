//! What kinds of metrics there are: what a number means depends on whether it starts anew with every point.

/// The kind of a metric, as its sender declared it. Source: spec/product.md QM-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// A value at a moment.
    Gauge,
    /// A number that is added to.
    Sum {
        /// Whether it starts anew with every point.
        temporality: Temporality,
        /// True when it never falls but by starting anew.
        is_monotonic: bool,
    },
    /// Counts of values by size.
    Histogram(Temporality),
    /// Quantiles that the sender has computed, over whatever time it chose.
    Summary,
}

/// What a sum or a histogram counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporality {
    /// From the start of the program that reports it.
    Cumulative,
    /// From the point before.
    Delta,
}

impl MetricType {
    /// Every kind with its public name.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Gauge, "gauge"),
        (
            Self::Sum {
                temporality: Temporality::Cumulative,
                is_monotonic: true,
            },
            "sum(cumulative,monotonic)",
        ),
        (
            Self::Sum {
                temporality: Temporality::Cumulative,
                is_monotonic: false,
            },
            "sum(cumulative)",
        ),
        (
            Self::Sum {
                temporality: Temporality::Delta,
                is_monotonic: true,
            },
            "sum(delta,monotonic)",
        ),
        (
            Self::Sum {
                temporality: Temporality::Delta,
                is_monotonic: false,
            },
            "sum(delta)",
        ),
        (
            Self::Histogram(Temporality::Cumulative),
            "histogram(cumulative)",
        ),
        (Self::Histogram(Temporality::Delta), "histogram(delta)"),
        (Self::Summary, "summary"),
    ];

    /// Reads a public name; `None` for an unknown one.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The public name.
    pub fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }
}
