//! Sorting that can be stopped: a series may have tens of millions of points, and a query that is cancelled ends within a tenth of a second.

use super::points::InSeries;
use crate::exec::{ExecError, Watch};
use std::cmp::Ordering;

/// So many elements are sorted without a look at the watch: some milliseconds. In unoptimised tests few, so that there are several looks.
const AT_ONCE: usize = if cfg!(all(test, debug_assertions)) {
    64
} else {
    32_768
};

/// Sorts elements of which no two are equal, in place.
pub(super) fn sort<T: Copy>(
    items: &mut [T],
    watch: &Watch,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Result<(), ExecError> {
    let mut looks = watch.steps();
    let mut open = vec![(0, items.len())];
    while let Some((start, end)) = open.pop() {
        let part = &mut items[start..end];
        if part.len() <= AT_ONCE {
            part.sort_unstable_by(&compare);
            watch.check()?;
            continue;
        }
        // The middle one of three is neither the first nor the last of all, so that each side has less than there was.
        let mut three = [part[0], part[part.len() / 2], part[part.len() - 1]];
        three.sort_unstable_by(&compare);
        let pivot = three[1];
        let mut before = 0;
        for index in 0..part.len() {
            looks.step()?;
            if compare(&part[index], &pivot) == Ordering::Less {
                part.swap(index, before);
                before += 1;
            }
        }
        open.push((start, start + before));
        open.push((start + before, end));
    }
    Ok(())
}

/// Puts the parts one after another.
pub(super) fn concat<T: Copy>(parts: &[Vec<T>], watch: &Watch) -> Result<Vec<T>, ExecError> {
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for piece in parts.iter().flat_map(|part| part.chunks(AT_ONCE)) {
        all.extend_from_slice(piece);
        watch.check()?;
    }
    Ok(all)
}

/// By series and then by time. Points of one time ascend in value, so that they are no counter that began anew.
pub(super) fn in_series<P: InSeries>(one: &P, other: &P) -> Ordering {
    let (one, other) = (one.point(), other.point());
    let by_time = (one.series, one.time_ns).cmp(&(other.series, other.time_ns));
    let by_value = by_time.then_with(|| one.value.total_cmp(&other.value));
    by_value.then_with(|| one.place.cmp(&other.place))
}

#[cfg(test)]
mod tests;
