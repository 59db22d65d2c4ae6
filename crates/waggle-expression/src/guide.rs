//! The guide's page on calculated fields: its opening, and the table of functions. `cargo xtask bless` writes it anew.

use crate::function::{FUNCTIONS, Family};
use std::fmt::Write;

const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/guide/calculated-fields.md"
);

const CHAPTERS: [(Family, &str); 9] = [
    (Family::Condition, "Choosing"),
    (Family::Logic, "Truth"),
    (Family::Comparison, "Comparing"),
    (Family::Arithmetic, "Arithmetic"),
    (Family::Cast, "Changing the type"),
    (Family::Text, "Strings"),
    (Family::Pattern, "Regular expressions"),
    (Family::Time, "Time"),
    (Family::Metric, "Metrics"),
];

fn page() -> String {
    let mut page = include_str!("guide/opening.md").to_owned();
    for (family, title) in CHAPTERS {
        writeln!(page, "\n### {title}\n").unwrap();
        page.push_str(
            "| Function | Operator | Gives | What it gives |\n| --- | --- | --- | --- |\n",
        );
        for function in FUNCTIONS
            .iter()
            .filter(|function| function.family == family)
        {
            let operator = match function.operator {
                "" => String::new(),
                operator => format!("`{operator}`"),
            };
            writeln!(
                page,
                "| `{}` | {operator} | {} | {} |",
                function.usage,
                function.result.name(),
                function.summary
            )
            .unwrap();
        }
    }
    page
}

#[test]
fn the_guide_lists_every_function() {
    let page = page();
    for function in FUNCTIONS {
        assert!(page.contains(function.usage), "{function:?} has no chapter");
    }
    if std::env::var_os("WAGGLE_BLESS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "run `cargo xtask bless` and read the diff");
}
