//! Lists that come page by page: those of the second API and the dependencies of a map. Source: spec/honeycomb-api.md section 2.4.
//!
//! A cursor holds the place of the last item in the list's order and not its number, so that a client that deletes what it lists, or
//! lists while others do, misses nothing and is not refused.

use crate::honeycomb::query_result::percent_encoded;
use crate::problem::{Detail, DetailCode, Problem};
use crate::shape::{Member, Shape, may};
use std::collections::HashMap;

const SIZE_DEFAULT: usize = 20;
const SIZE_MAX: usize = 100;
const SIZE_NAME: &str = "page[size]";
const AFTER_NAME: &str = "page[after]";

pub(crate) const SIZE: Member = may(SIZE_NAME, Shape::Whole, "1 to 100; 20 unless given.");
pub(crate) const AFTER: Member = may(
    AFTER_NAME,
    Shape::Text,
    "Where the page begins: from `links.next` of the page before.",
);
/// The links of a list.
pub(crate) const LINKS: Shape = Shape::Object(&[may(
    "next",
    Shape::OrNull(&Shape::Text),
    "Path of the next page; null on the last.",
)]);

/// Where an item is in the order of its list, ascending: a number and, where several have the same, a text of plain characters.
pub(crate) type Place = (i64, String);

/// Which page is asked for.
pub(crate) struct Page {
    size: usize,
    after: Option<Place>,
}

impl Page {
    /// Reads the parameters.
    ///
    /// # Errors
    /// One of them makes no sense.
    pub(crate) fn read(query: &HashMap<String, String>) -> Result<Self, Problem> {
        let get = |name| query.get(name).map(String::as_str);
        let size = match get(SIZE_NAME) {
            None => SIZE_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=SIZE_MAX).contains(size))
                .ok_or_else(|| wrong(SIZE_NAME, "must be between 1 and 100"))?,
        };
        let after = match get(AFTER_NAME).filter(|cursor| !cursor.is_empty()) {
            None => None,
            Some(cursor) => Some(
                place_of(cursor)
                    .ok_or_else(|| wrong(AFTER_NAME, "must come from the next link of a list"))?,
            ),
        };
        Ok(Self { size, after })
    }

    /// The items of the page, and the path of the next one. `path` is the list's own path, `others` its other parameters.
    pub(crate) fn of<T>(
        self,
        items: impl IntoIterator<Item = (Place, T)>,
        path: &str,
        others: &[(&str, &str)],
    ) -> (Vec<T>, Option<String>) {
        let mut rest = items
            .into_iter()
            .filter(|(place, _)| self.after.as_ref().is_none_or(|after| place > after));
        let (mut shown, mut last) = (Vec::new(), None);
        for (place, item) in rest.by_ref().take(self.size) {
            shown.push(item);
            last = Some(place);
        }
        let last = last.filter(|_| rest.next().is_some());
        let next = last.map(|(number, text)| {
            let size = self.size;
            let mut next =
                format!("{path}?page%5Bsize%5D={size}&page%5Bafter%5D={number:x}.{text}");
            for (name, value) in others {
                let (name, value) = (percent_encoded(name), percent_encoded(value));
                next.push_str(&format!("&{name}={value}"));
            }
            next
        });
        (shown, next)
    }
}

fn place_of(cursor: &str) -> Option<Place> {
    let (number, text) = cursor.split_once('.')?;
    let number = i64::from_str_radix(number, 16).ok()?;
    Some((number, text.to_owned()))
}

/// A parameter that is wrong.
pub(crate) fn wrong(parameter: &str, description: &str) -> Problem {
    Problem::bad_parameter(Detail::new(parameter, DetailCode::Invalid, description))
}
