//! How queries and their clauses look in JSON. Source: spec/honeycomb-api.md section 11.

use crate::shape::{Member, Named, OTHERS, Shape, joined, may, must};

/// A query as it is sent.
pub(crate) const QUERY_SPEC: Named = Named {
    name: "QuerySpec",
    about: "A question. An empty object counts the events of the last two hours.",
    members: SPEC,
};

/// The same from a page of ours, which may send back what it was given.
pub(crate) const OWN_QUERY_SPEC: Named = Named {
    name: "OwnQuerySpec",
    about: "A question. Members that are not named here are refused.",
    members: &joined::<{ SPEC.len() + 1 }>(
        &[may(
            "id",
            Shape::Text,
            "Of the query that this one was; ignored.",
        )],
        SPEC,
    ),
};

/// A query as it was sent, with its id.
pub(crate) const QUERY: Named = Named {
    name: "Query",
    about: "A saved query: what was sent, with its id.",
    members: QUERY_MEMBERS,
};

/// A condition on the rows.
pub(crate) const FILTER: Named = Named {
    name: "Filter",
    about: "A condition on the rows.",
    members: &[
        may("column", TEXT, "Name of the column."),
        must(
            "op",
            Shape::Text,
            "`=`, `!=`, `>`, `>=`, `<`, `<=`, `starts-with`, `ends-with`, `contains`, their negations with `does-not-`, `exists`, `does-not-exist`, `in`, `not-in`.",
        ),
        may(
            "value",
            Shape::Any,
            "A text, number or truth; a list of them for `in` and `not-in`; none for `exists`.",
        ),
    ],
};

/// How filters go together.
pub(crate) const FILTER_COMBINATION: Shape = Shape::OrNull(&Shape::Choice(&["AND", "OR"]));

/// The clauses that choose rows: members of requests that show or take away events.
pub(crate) const FILTERS: Shape = Shape::OrNull(&Shape::List(&Shape::Named(&FILTER)));

/// The clauses that say which time events are of.
pub(crate) const WINDOW: &[Member] = &[
    START_AND_END[0],
    START_AND_END[1],
    may(
        "time_range",
        WHOLE,
        "Seconds from the start, up to the end or up to now; 7,200 unless given.",
    ),
];

/// From when to when, to the nanosecond if need be: JavaScript's numbers can't hold that.
pub(crate) const BOUNDS: &[Member] = &[
    START_AND_END[0],
    START_AND_END[1],
    may("start_time_ns", TEXT, "The start in nanoseconds."),
    may("end_time_ns", TEXT, "The end in nanoseconds."),
];
const START_AND_END: [Member; 2] = [
    may("start_time", WHOLE, "Seconds since 1970, included."),
    may("end_time", WHOLE, "Seconds since 1970, excluded."),
];

/// Conditions on events.
const CONDITIONS: &[Member] = &[
    may("filters", FILTERS, "Which events."),
    may(
        "filter_combination",
        FILTER_COMBINATION,
        "Whether an event has to pass all filters or one; AND unless given.",
    ),
];

/// The clauses that say which events a request for events is about.
pub(crate) const ROW_CLAUSES: &[Member] = &joined::<{ CONDITIONS.len() + 3 + BOUNDS.len() }>(
    &joined::<{ CONDITIONS.len() + 3 }>(CONDITIONS, &[CALCULATED_FIELDS, USAGE_MODE, WINDOW[2]]),
    BOUNDS,
);

/// Columns that a request brings along.
const CALCULATED_FIELDS: Member = may(
    "calculated_fields",
    Shape::OrNull(&Shape::List(&Shape::Named(&NAMED_EXPRESSION))),
    "Columns that are computed for this request.",
);

/// Whether rows are taken as they are stored.
const USAGE_MODE: Member = may(
    "usage_mode",
    Shape::OrNull(&Shape::Flag),
    "Takes every stored row once; its sample rate is the column `sample_rate`.",
);

const TEXT: Shape = Shape::OrNull(&Shape::Text);
const WHOLE: Shape = Shape::OrNull(&Shape::Whole);

const SPEC: &[Member] = &joined::<{ CLAUSES.len() + WINDOW.len() }>(CLAUSES, WINDOW);
const CLAUSES: &[Member] = &[
    may(
        "calculations",
        Shape::OrNull(&Shape::List(&Shape::Named(&CALCULATION))),
        "What to calculate per group; COUNT when none is given.",
    ),
    may(
        "breakdowns",
        Shape::OrNull(&Shape::List(&Shape::Text)),
        "Columns whose values make the groups.",
    ),
    CONDITIONS[0],
    CONDITIONS[1],
    may(
        "granularity",
        Shape::OrNull(&Shape::Number),
        "Seconds of one point of the series; 0 or absent chooses.",
    ),
    may(
        "orders",
        Shape::OrNull(&Shape::List(&Shape::Named(&ORDER))),
        "The order of the groups.",
    ),
    may(
        "limit",
        Shape::OrNull(&Shape::Whole),
        "Most groups; 1 to 1,000.",
    ),
    may(
        "havings",
        Shape::OrNull(&Shape::List(&Shape::Named(&HAVING))),
        "Which groups are shown.",
    ),
    CALCULATED_FIELDS,
    may(
        "formulas",
        Shape::OrNull(&Shape::List(&Shape::Named(&NAMED_EXPRESSION))),
        "Values computed from the calculations of a group.",
    ),
    may(
        "compare_time_offset_seconds",
        Shape::OrNull(&Shape::Whole),
        "How much earlier the time to compare with is.",
    ),
    USAGE_MODE,
];

const QUERY_MEMBERS: &[Member] =
    &joined::<{ SPEC.len() + 2 }>(&[must("id", Shape::Text, "Its id."), OTHERS], SPEC);

const CALCULATION: Named = Named {
    name: "Calculation",
    about: "A value computed from the rows of a group.",
    members: &[
        must("op", Shape::Text, "COUNT, SUM, AVG, P99 and so on."),
        may(
            "column",
            TEXT,
            "The column it is computed from; none for COUNT.",
        ),
        may("name", TEXT, "What it is called in the answer."),
        may("filters", FILTERS, "Which rows count for it."),
        may(
            "filter_combination",
            FILTER_COMBINATION,
            "How its filters go together.",
        ),
    ],
};

const ORDER: Named = Named {
    name: "Order",
    about: "A breakdown or calculation to order the groups by.",
    members: &[
        may("column", TEXT, "Column of the breakdown or calculation."),
        may("op", TEXT, "The calculation."),
        may(
            "order",
            Shape::OrNull(&Shape::Choice(&["ascending", "descending"])),
            "The direction; ascending unless given.",
        ),
    ],
};

const HAVING: Named = Named {
    name: "Having",
    about: "A condition on a calculation of the query.",
    members: &[
        must("calculate_op", Shape::Text, "The calculation."),
        may("column", TEXT, "Its column."),
        must(
            "op",
            Shape::Choice(&["=", "!=", ">", ">=", "<", "<="]),
            "How to compare.",
        ),
        must("value", Shape::Number, "What to compare with."),
    ],
};

const NAMED_EXPRESSION: Named = Named {
    name: "NamedExpression",
    about: "An expression and what it is called.",
    members: &[
        must("name", Shape::Text, "What it is called."),
        must("expression", Shape::Text, "How it is computed."),
    ],
};
