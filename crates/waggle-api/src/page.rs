//! Lists in pages: `page[size]` and the opaque `page[after]`. Source: spec/honeycomb-api.md section 2.4.

use super::{TeamAsk, answer};
use crate::ask::Answer;
use crate::honeycomb::query_result::percent_encoded;
use crate::problem::{Detail, DetailCode, Problem};
use crate::shape::{Member, Shape, may};
use axum::http::StatusCode;
use serde_json::{Value as Json, json};

const SIZE_DEFAULT: usize = 20;
const SIZE_MAX: usize = 100;

pub(super) const SIZE: Member = may("page[size]", Shape::Whole, "1 to 100; 20 unless given.");
pub(super) const AFTER: Member = may(
    "page[after]",
    Shape::Text,
    "Where the page begins: from `links.next` of the page before.",
);
/// The links of a list.
pub(super) const LINKS: Shape = Shape::Object(&[may(
    "next",
    Shape::OrNull(&Shape::Text),
    "Path of the next page; null on the last.",
)]);

/// Answers one page of `all`, each an object with an `id`. `path` is the list's own path, `others` its other parameters.
pub(super) fn paged(ask: &TeamAsk, all: &[Json], path: &str, others: &[(&str, &str)]) -> Answer {
    let size = match ask.query("page[size]") {
        None => SIZE_DEFAULT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|size| (1..=SIZE_MAX).contains(size))
            .ok_or_else(|| wrong("page[size]", "must be between 1 and 100"))?,
    };
    let start = match ask.query("page[after]").filter(|after| !after.is_empty()) {
        None => 0,
        Some(after) => {
            let position = all.iter().position(|item| item["id"] == *after);
            let position = position
                .ok_or_else(|| wrong("page[after]", "must come from the next link of a list"))?;
            position + 1
        }
    };
    let end = start.saturating_add(size).min(all.len());
    let page = all.get(start..end).unwrap_or_default();
    let next = page.last().filter(|_| end < all.len()).map(|last| {
        let after = last["id"].as_str().unwrap_or_default();
        let mut next = format!("{path}?page%5Bsize%5D={size}&page%5Bafter%5D={after}");
        for (name, value) in others {
            let (name, value) = (percent_encoded(name), percent_encoded(value));
            next.push_str(&format!("&{name}={value}"));
        }
        next
    });
    let body = json!({ "data": page, "links": { "next": next } });
    answer(StatusCode::OK, &body)
}

/// A parameter that is wrong.
pub(super) fn wrong(parameter: &str, description: &str) -> Problem {
    Problem::bad_parameter(Detail::new(parameter, DetailCode::Invalid, description))
}
