//! Raw rows, newest first, page by page.
//!
//! The order is time descending, and among rows of one nanosecond a hash of everything in the row. It depends on nothing but the
//! rows, so it is the same before and after rows move from memory into blocks or blocks are merged. A cursor names the last row of a
//! page by that order, and how many rows like it have been shown, in case there are several. So no row that was there when the first
//! page was read is shown twice or left out, whatever arrives meanwhile.

mod gather;
mod matches;
mod meant;

use crate::derived::DerivedColumns;
use crate::engine::EngineConfig;
use crate::exec::{ExecError, Watch};
use crate::filter::FilterSet;
use crate::plan::steps_of;
use crate::relation::relate;
use crate::usage;
use std::sync::Arc;
use waggle_model::{QueryError, QueryStats, RowPage, RowRequest, TimeRange};
use waggle_store::{Snapshot, Source, Wanted};

pub(crate) use gather::Gatherer;
pub(crate) use matches::{Matches, Place};
pub(crate) use meant::add_meanings;

/// The last row of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    time_ns: i64,
    hash: u64,
    /// Rows with this time and hash that have been shown.
    shown: usize,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let cursor = Self {
            time_ns: parts.next()?.parse().ok()?,
            hash: u64::from_str_radix(parts.next()?, 16).ok()?,
            shown: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(cursor)
    }

    fn to_text(self) -> String {
        format!("{}.{:x}.{}", self.time_ns, self.hash, self.shown)
    }
}

/// Reads one page, from as few sources as it takes.
pub(crate) fn read_rows(
    snapshot: &Snapshot,
    request: &RowRequest,
    config: &EngineConfig,
    watch: &Arc<Watch>,
) -> Result<RowPage, ExecError> {
    if request.limit > config.rows_max {
        return Err(invalid(
            "limit",
            format!("the limit must be at most {}", config.rows_max),
        ));
    }
    let cursor = match &request.before {
        None => None,
        Some(text) => Some(
            Cursor::parse(text)
                .ok_or_else(|| invalid("before", "this is not a cursor".to_owned()))?,
        ),
    };
    let mut range = request.range;
    if let Some(cursor) = cursor {
        range.end_ns = range.end_ns.min(cursor.time_ns.saturating_add(1));
    }
    let derived = DerivedColumns::new(&request.calculated_fields)?;
    let filters = FilterSet::new(&request.filters, request.filter_combination)?;
    let remembered = filters.remembered();
    let by_rows = request.usage_mode.then(|| usage::by_rows(snapshot));
    let snapshot = by_rows.as_ref().unwrap_or(snapshot);
    let steps = steps_of(request.range, request.granularity_ns)?;
    let snapshot = &derived.extend(snapshot, steps, config, remembered, watch)?;
    let filters = relate(&filters, snapshot, request.range, config, watch)?;
    let mut newest = Newest::new(range, request.limit, cursor.map(|cursor| cursor.time_ns));
    let mut stats = QueryStats::default();
    for index in newest_first(&snapshot.sources) {
        let source = &snapshot.sources[index];
        let filtered = filters.wanted().chain([Wanted::Times]);
        source.will_read(&filtered.collect::<Vec<_>>());
        if newest.is_full_before(source.time_bounds_ns().1) {
            break;
        }
        newest.scan(source, index, &filters, &mut stats, watch)?;
    }
    let places = newest.sorted();
    let mut page = page_of(snapshot, &places, request, cursor, config, watch)?;
    watch.limits()?;
    page.stats = QueryStats {
        elapsed_ns: watch.elapsed_ns(),
        ..stats
    };
    Ok(page)
}

fn invalid(field: &str, message: String) -> ExecError {
    ExecError::Query(QueryError::Invalid {
        field: field.to_owned(),
        message,
    })
}

fn newest_first(sources: &[Source]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(sources[*index].time_bounds_ns().1));
    order
}

/// Cuts the page out of all places that may be on it, newest first.
fn page_of(
    snapshot: &Snapshot,
    places: &[Place],
    request: &RowRequest,
    cursor: Option<Cursor>,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<RowPage, ExecError> {
    let limit = request.limit;
    let mut gatherer = Gatherer::new(&snapshot.sources, places, config, watch);
    let mut chosen: Vec<Place> = Vec::with_capacity(limit.min(places.len()));
    let mut last = cursor;
    let mut is_more = false;
    for run in places.chunk_by(|left, right| left.time_ns == right.time_ns) {
        if chosen.len() >= limit {
            is_more = true;
            break;
        }
        let time_ns = run[0].time_ns;
        let at_cursor = cursor.filter(|cursor| cursor.time_ns == time_ns);
        if let ([place], None) = (run, at_cursor) {
            // The only row of its time needs no order, and its hash only if it is the last of the page.
            chosen.push(*place);
            last = None;
            continue;
        }
        let mut shown_before = 0;
        for (hash, place) in gatherer.by_hash(run)? {
            if let Some(cursor) = at_cursor {
                if hash < cursor.hash {
                    continue;
                }
                if hash == cursor.hash && shown_before < cursor.shown {
                    shown_before += 1;
                    continue;
                }
            }
            if chosen.len() >= limit {
                is_more = true;
                break;
            }
            let shown = match last {
                Some(last) if last.time_ns == time_ns && last.hash == hash => last.shown + 1,
                _ => 1,
            };
            last = Some(Cursor {
                time_ns,
                hash,
                shown,
            });
            chosen.push(place);
        }
    }
    if let (None, true, Some(place)) = (last, is_more, chosen.last()) {
        last = gatherer
            .by_hash(&[*place])?
            .first()
            .map(|(hash, place)| Cursor {
                time_ns: place.time_ns,
                hash: *hash,
                shown: 1,
            });
    }
    let mut rows = gatherer.rows(&chosen)?;
    if !request.by_definition {
        add_meanings(&mut rows, &chosen, &snapshot.sources, config, watch)?;
    }
    Ok(RowPage {
        next: last.filter(|_| is_more).map(Cursor::to_text),
        rows,
        stats: QueryStats::default(),
    })
}

/// The newest matching rows seen so far.
struct Newest {
    range: TimeRange,
    /// How many must be kept: one more than the page, to know whether there is a next one.
    wanted: usize,
    /// Rows of this time may have been shown already, so they are kept but do not count.
    cursor_ns: Option<i64>,
    places: Vec<Place>,
    /// Rows before this time can't be on the page.
    oldest_ns: i64,
    prune_at: usize,
}

impl Newest {
    fn new(range: TimeRange, limit: usize, cursor_ns: Option<i64>) -> Self {
        Self {
            range,
            wanted: limit + 1,
            cursor_ns,
            places: Vec::new(),
            oldest_ns: i64::MIN,
            prune_at: (limit + 1) * 2,
        }
    }

    /// True when no row up to `time_ns` can be on the page any more.
    fn is_full_before(&mut self, time_ns: i64) -> bool {
        self.prune();
        time_ns < self.oldest_ns
    }

    fn scan(
        &mut self,
        source: &Source,
        index: usize,
        filters: &FilterSet,
        stats: &mut QueryStats,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        let Some(mut matches) = Matches::new(source, index, self.range, filters, stats)? else {
            return Ok(());
        };
        while let Some(places) = matches.previous_chunk(self.oldest_ns, stats, watch)? {
            let oldest_ns = self.oldest_ns;
            let is_new_enough = |place: &&Place| place.time_ns >= oldest_ns;
            self.places.extend(places.iter().filter(is_new_enough));
            if self.places.len() >= self.prune_at {
                self.prune();
            }
        }
        Ok(())
    }

    /// Forgets rows that have enough newer ones before them.
    fn prune(&mut self) {
        let cursor_ns = self.cursor_ns;
        let newer_first = |place: &Place| std::cmp::Reverse(place.time_ns);
        let at_cursor = {
            self.places
                .sort_unstable_by_key(|place| Some(place.time_ns) != cursor_ns);
            self.places
                .partition_point(|place| Some(place.time_ns) == cursor_ns)
        };
        let candidates = &mut self.places[at_cursor..];
        if candidates.len() >= self.wanted {
            let (_, oldest, _) =
                candidates.select_nth_unstable_by_key(self.wanted - 1, newer_first);
            let oldest_ns = oldest.time_ns;
            self.oldest_ns = oldest_ns;
            self.places.retain(|place| place.time_ns >= oldest_ns);
        }
        self.prune_at = (self.places.len() * 2).max(self.wanted * 2);
    }

    fn sorted(mut self) -> Vec<Place> {
        self.prune();
        self.places
            .sort_by_key(|place| std::cmp::Reverse(place.time_ns));
        self.places
    }
}

#[cfg(test)]
mod tests;
