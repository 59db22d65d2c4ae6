//! How answers to queries and raw rows look in JSON.

use crate::shape::{Member, Named, Shape, may, must};

/// A row of a result: of one group, of all, or of those beyond the limit.
pub(crate) const ROW: Named = Named {
    name: "ResultRow",
    about: "A row of a result.",
    members: &[must("data", CELLS, CELLS_ABOUT)],
};

/// A row of a series.
pub(crate) const POINT: Named = Named {
    name: "ResultPoint",
    about: "A row of a series.",
    members: &[
        must("time", Shape::Time, "Start of its time."),
        must("data", CELLS, CELLS_ABOUT),
    ],
};

/// A group's values by name.
const CELLS: Shape = Shape::Map(&Shape::Any);
const CELLS_ABOUT: &str = "Breakdowns and calculations by name. What has no value is absent.";

/// A whole answer, as `/api/` shows it.
pub(crate) const TABLE: &[Member] = &[
    must("start_time", Shape::Number, "Seconds since 1970, included."),
    must("end_time", Shape::Number, "Seconds since 1970, excluded."),
    must(
        "granularity",
        Shape::Number,
        "Seconds of one point of the series.",
    ),
    must(
        "calculations",
        Shape::List(&Shape::Text),
        "Names of the calculations.",
    ),
    must(
        "breakdowns",
        Shape::List(&Shape::Text),
        "Names of the breakdowns.",
    ),
    must(
        "results",
        Shape::List(&Shape::Named(&ROW)),
        "One row per group.",
    ),
    must(
        "series",
        Shape::List(&Shape::Named(&POINT)),
        "One row per time and group, ascending in time.",
    ),
    must("total", CELLS, "The row of all groups."),
    must(
        "total_series",
        Shape::List(&Shape::Named(&POINT)),
        "The row of all groups, per time.",
    ),
    must(
        "other",
        Shape::OrNull(&CELLS),
        "The row of the groups beyond the limit.",
    ),
    must(
        "group_count",
        Shape::Whole,
        "How many groups there are, those beyond the limit included.",
    ),
    must(
        "heatmaps",
        Shape::Map(&Shape::Named(&HEATMAP)),
        "Heatmaps by the name of their calculation.",
    ),
    must("stats", Shape::Named(&STATS), "What the answer cost."),
];

/// A heatmap; results of Honeycomb's API have the same.
pub(crate) const HEATMAP: Named = Named {
    name: "Heatmap",
    about: "How many rows had which value when.",
    members: &[
        must("min_value", Shape::Number, "Lowest value."),
        must("max_value", Shape::Number, "Highest value."),
        must("step_size", Shape::Number, "Height of a bin."),
        must("bins", Shape::Whole, "How many bins there are."),
        must("times", Shape::List(&Shape::Time), "Start of each time."),
        must(
            "counts",
            Shape::List(&Shape::List(&Shape::Number)),
            "Per time, how many rows each bin has.",
        ),
    ],
};

/// What an answer cost.
pub(crate) const STATS: Named = Named {
    name: "Stats",
    about: "What an answer cost and how exact it is.",
    members: &[
        must("rows_read", Shape::Whole, "Rows that were looked at."),
        must(
            "rows_matched",
            Shape::Whole,
            "Rows that passed the filters.",
        ),
        must("bytes_read", Shape::Whole, "Bytes read from blocks."),
        must("blocks_read", Shape::Whole, "Blocks that were read."),
        must("elapsed_ms", Shape::Number, "Milliseconds it took."),
        must(
            "sample_rate_applied",
            Shape::Flag,
            "True when some row stands for more than one event.",
        ),
        must(
            "approximate",
            Shape::Any,
            "What is not exact in the answer.",
        ),
    ],
};

/// An event.
pub(crate) const RAW_ROW: Named = Named {
    name: "Row",
    about: "An event with every field.",
    members: &[
        must("timestamp", Shape::Time, "When it happened."),
        must(
            "timestamp_ns",
            Shape::Text,
            "The same in nanoseconds since 1970.",
        ),
        must(
            "dataset",
            Shape::OrNull(&Shape::Text),
            "Slug of its dataset.",
        ),
        must(
            "sample_rate",
            Shape::Whole,
            "How many events it stands for.",
        ),
        must("data", Shape::Map(&Shape::Any), "Its fields."),
        may(
            "by_definition",
            Shape::Map(&Shape::Any),
            "What its dataset's definition says of the event, by the names that are usual for it, such as `trace.trace_id` and `duration_ms`; null says that the event has nothing of it. Only where `data` has something else by these names.",
        ),
    ],
};

/// A page's mark, or none.
pub(crate) const NEXT: Member = may(
    "next",
    Shape::OrNull(&Shape::Text),
    "What to give as `before` for the next page; null on the last.",
);
