//! From a dataset's name to its slug, and when two names mean the same dataset. Pure rules; spec/honeycomb-api.md section 4.3.

#[cfg(test)]
mod tests;

/// Most characters in a dataset's name.
const NAME_CHARS_MAX: usize = 255;
/// The whole environment: means every dataset, so none can have this name.
const ALL: &str = "__all__";

/// Makes the slug of a name: lower case, and every character outside `[a-z0-9_~.-]` becomes `-`.
pub fn slug(name: &str) -> String {
    fold(name)
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' | '~' | '.' | '-' => c,
            _ => '-',
        })
        .collect()
}

/// True when a dataset can have this name: 1 to 255 characters, not blank, no control characters, not the reserved `__all__`.
pub fn is_usable_name(name: &str) -> bool {
    !name.trim().is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(char::is_control)
        && fold(name) != ALL
}

/// Names that fold to the same text are the same name.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// True when two names that are not equal mean the same dataset because their slugs are equal.
///
/// `My Dataset!` and `my dataset?` do: clients address datasets by slug and could not tell the two apart. Names in other alphabets do
/// not: the slug rule turns each of their letters into `-`, so that `日本` and `中国` share a slug without having anything in common.
pub(crate) fn means_same(one: &str, other: &str) -> bool {
    one.is_ascii() && other.is_ascii() && slug(one) == slug(other)
}
