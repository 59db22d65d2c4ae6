//! Finds traces that have certain rows, newest first, a page at a time and without reading any trace. Conditions name columns by their
//! meaning in each dataset.
//!
//! A search goes backwards through time in slices: the rows of a slice that pass the conditions name traces. The newest row that passes is
//! a trace's anchor, and the order is that of the anchors; so every trace has one place, and a page begins where the one before ended,
//! whatever it read. A trace whose anchor is newer than what a page looks at has been on an earlier page, which its rows tell.

mod rows;

use super::TRACE_ID;
use crate::chunk::each_bit;
use crate::exec::{ExecError, Watch};
use crate::filter::{Remembered, and};
use crate::relation::texts_of;
use hashbrown::{HashMap, HashSet};
use rows::{Rows, Tester, any_selected, rows_of};
use std::borrow::Cow;
use std::sync::Arc;
use waggle_model::{
    QueryStats, RowKind, TimeRange, TraceCursor, TracePage, TraceSearch, TraceWindow,
};
use waggle_store::column::{CHUNK_WORDS, ChunkBuffer};
use waggle_store::{ReadError, Snapshot, Source};

/// Rows that a slice should have, if rows were spread evenly.
const SLICE_ROWS: u64 = 131_072;
/// The first slice of a page has fewer, so many for each trace of a full page, and not fewer than these: where every row passes, it fills
/// the page, and what else is collected is collected in vain, and again for the next page.
const FIRST_ROWS_PER_TRACE: u64 = 32;
const FIRST_ROWS_MIN: u64 = 4_096;
/// The shortest slice, by how much the next is longer when one has few rows, and how often one of [`SLICE_ROWS`] the longest is.
const SLICE_NS_MIN: i64 = 1_000_000;
const SLICE_GROWTH: i64 = 4;
const SLICE_GROWTH_MAX: i64 = 16;
/// Most traces of a page that are tested for what they must have besides: each looks for its rows in every source.
const TESTED_MAX: u32 = 4_096;

/// Looks for a page of traces. `of_range` shows what has rows in a range.
pub(crate) fn find_traces(
    of_range: &dyn Fn(TimeRange) -> Result<Snapshot, ReadError>,
    search: &TraceSearch,
    remembered: &Arc<Remembered>,
    watch: &Arc<Watch>,
) -> Result<TracePage, ExecError> {
    let whole = TimeRange {
        start_ns: search
            .windows
            .iter()
            .map(|window| window.range.start_ns)
            .min()
            .unwrap_or(0),
        end_ns: search
            .windows
            .iter()
            .map(|window| window.range.end_ns)
            .max()
            .unwrap_or(0),
    };
    let snapshot = of_range(whole)?.by_definition(None);
    let windows = search
        .windows
        .iter()
        .map(|window| Window::new(window, remembered))
        .collect::<Result<Vec<_>, ExecError>>()?;
    let with = search
        .with
        .iter()
        .map(|set| Rows::new(set, remembered))
        .collect::<Result<Vec<_>, ExecError>>()?;
    // A trace may have its other rows at any time.
    let everything = match with.is_empty() {
        true => Snapshot::default(),
        false => of_range(TimeRange::ALL)?.by_definition(None),
    };
    let with = with
        .iter()
        .map(|rows| Tester::new(rows, &everything.sources));
    let mut page = Page {
        sources: &snapshot.sources,
        search,
        windows: &windows,
        with: with.collect(),
        tested: Tested::default(),
        watch,
        seen: HashSet::new(),
        trace_ids: Vec::new(),
        text_bytes: 0,
        stats: QueryStats::default(),
    };
    let end = page.run()?;
    watch.limits()?;
    let mut stats = page.stats;
    stats.elapsed_ns = watch.elapsed_ns();
    let last = page.trace_ids.last();
    let (reached_ns, next) = match end {
        End::Everything => (whole.start_ns, None),
        End::Full => {
            let next = last.map(|(time_ns, trace_id)| TraceCursor {
                time_ns: *time_ns,
                trace_id: trace_id.clone(),
            });
            (
                next.as_ref().map_or(whole.start_ns, |next| next.time_ns),
                next,
            )
        }
        End::Tested(last) => (last.time_ns, Some(last)),
        End::Rows(reached_ns) => {
            let next = TraceCursor {
                time_ns: reached_ns.saturating_sub(1),
                trace_id: String::new(),
            };
            (reached_ns, Some(next))
        }
    };
    Ok(TracePage {
        trace_ids: page.trace_ids.into_iter().map(|(_, id)| id).collect(),
        reached_ns,
        next,
        stats,
    })
}

/// Why a page ends.
enum End {
    Everything,
    /// It has as many traces as it may.
    Full,
    /// It has tested as many as it may, and this one last.
    Tested(TraceCursor),
    /// It has read as many rows as it may, down to this time.
    Rows(i64),
}

/// A window with its conditions.
struct Window {
    range: TimeRange,
    kinds: Vec<Kind>,
}

/// Rows that are looked for.
struct Kind {
    touches: Option<TimeRange>,
    rows: Rows,
}

impl Window {
    fn new(window: &TraceWindow, remembered: &Arc<Remembered>) -> Result<Self, ExecError> {
        let kinds = window.kinds.iter();
        let kinds: Result<Vec<Kind>, ExecError> =
            kinds.map(|kind| Kind::new(kind, remembered)).collect();
        Ok(Self {
            range: window.range,
            kinds: kinds?,
        })
    }
}

impl Kind {
    fn new(kind: &RowKind, remembered: &Arc<Remembered>) -> Result<Self, ExecError> {
        Ok(Self {
            touches: kind.touches,
            rows: Rows::new(&kind.rows, remembered)?,
        })
    }
}

struct Page<'a> {
    sources: &'a [Source],
    search: &'a TraceSearch,
    windows: &'a [Window],
    with: Vec<Tester<'a>>,
    tested: Tested,
    watch: &'a Arc<Watch>,
    /// Traces whose place is known from the slices so far, on this page or before.
    seen: HashSet<String>,
    trace_ids: Vec<(i64, String)>,
    /// Bytes of the ids in both.
    text_bytes: usize,
    stats: QueryStats,
}

/// What tests have cost.
#[derive(Default)]
struct Tested {
    traces: u32,
    rows_read: u64,
}

impl Page<'_> {
    fn run(&mut self) -> Result<End, ExecError> {
        let windows = self.windows;
        for (number, window) in windows.iter().enumerate() {
            let mut end_ns = window.range.end_ns;
            if let Some(after) = &self.search.after {
                end_ns = end_ns.min(after.time_ns.saturating_add(1));
            }
            let usual_ns = self.slice_ns(window.range, SLICE_ROWS);
            let mut slice_ns = self.slice_ns(window.range, self.first_rows());
            while let Some(newest_ns) = self.newest_before(window.range.start_ns, end_ns) {
                // What lies between has no rows.
                end_ns = end_ns.min(newest_ns.saturating_add(1));
                let start_ns = window.range.start_ns.max(end_ns.saturating_sub(slice_ns));
                let rows_before = self.stats.rows_read;
                let last = self.slice(number, TimeRange { start_ns, end_ns })?;
                if self.trace_ids.len() > self.search.limit {
                    self.trace_ids.truncate(self.search.limit);
                    return Ok(End::Full);
                }
                if let Some(last) = last {
                    return Ok(End::Tested(last));
                }
                end_ns = start_ns;
                if self.stats.rows_read >= self.search.rows_max {
                    return Ok(End::Rows(start_ns));
                }
                slice_ns = next_slice_ns(slice_ns, usual_ns, self.stats.rows_read - rows_before);
            }
        }
        Ok(End::Everything)
    }

    /// Rows of the first slice.
    fn first_rows(&self) -> u64 {
        let traces = u64::try_from(self.search.limit).unwrap_or(u64::MAX);
        let rows = traces.saturating_mul(FIRST_ROWS_PER_TRACE);
        rows.clamp(FIRST_ROWS_MIN, SLICE_ROWS)
    }

    /// How long a slice is that has about so many rows.
    fn slice_ns(&self, range: TimeRange, slice_rows: u64) -> i64 {
        let sources = self.sources.iter().filter(|source| is_in(source, range));
        let (mut rows, mut first_ns, mut last_ns) = (0_u64, i64::MAX, i64::MIN);
        for source in sources {
            let (first, last) = source.time_bounds_ns();
            rows += u64::from(source.row_count());
            first_ns = first_ns.min(first);
            last_ns = last_ns.max(last);
        }
        let length_ns = last_ns.saturating_sub(first_ns);
        let slices = i64::try_from(rows / slice_rows).unwrap_or(i64::MAX).max(1);
        (length_ns / slices).max(SLICE_NS_MIN)
    }

    /// The newest time before `end_ns` at which a source can have rows, none if that is before `start_ns`.
    fn newest_before(&self, start_ns: i64, end_ns: i64) -> Option<i64> {
        if start_ns >= end_ns {
            return None;
        }
        let range = TimeRange { start_ns, end_ns };
        let sources = self.sources.iter().filter(|source| is_in(source, range));
        let newest = sources.map(|source| source.time_bounds_ns().1.min(end_ns - 1));
        newest.max()
    }

    /// Adds the traces whose anchor is in a slice; the place of the last one looked at when the page may test no more.
    fn slice(&mut self, number: usize, slice: TimeRange) -> Result<Option<TraceCursor>, ExecError> {
        let (windows, watch) = (self.windows, self.watch);
        let mut found = Anchors::default();
        for kind in &windows[number].kinds {
            let mut of_kind = Anchors::default();
            for source in self.sources.iter().filter(|source| is_in(source, slice)) {
                let rows_read = collect(source, slice, &kind.rows, &mut of_kind, watch)?;
                self.add_rows_read(rows_read);
            }
            let of_kind_bytes = of_kind.bytes();
            for (trace_id, time_ns) in of_kind.times {
                if self.seen.contains(&trace_id) || !self.touches(kind, &trace_id)? {
                    continue;
                }
                found.add(Cow::Owned(trace_id), time_ns, watch)?;
            }
            watch.account(of_kind_bytes, 0)?;
        }
        let (before, found_bytes) = (self.bytes(), found.bytes());
        let mut new: Vec<(i64, String)> = found
            .times
            .into_iter()
            .map(|(trace_id, time_ns)| (time_ns, trace_id))
            .collect();
        new.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let mut last = None;
        for (time_ns, trace_id) in new {
            if self.trace_ids.len() > self.search.limit || last.is_some() {
                break;
            }
            watch.check()?;
            self.text_bytes += trace_id.len();
            self.seen.insert(trace_id.clone());
            if !self.is_after(time_ns, &trace_id) {
                continue;
            }
            let is_found = self.has_all(&trace_id, time_ns)? && !self.was_before(&trace_id)?;
            last = self.may_test_no_more().then(|| TraceCursor {
                time_ns,
                trace_id: trace_id.clone(),
            });
            if is_found {
                self.text_bytes += trace_id.len();
                self.trace_ids.push((time_ns, trace_id));
            }
        }
        watch.account(before, self.bytes())?;
        watch.account(found_bytes, 0)?;
        Ok(last)
    }

    fn may_test_no_more(&self) -> bool {
        self.tested.traces >= TESTED_MAX
            || (self.tested.traces > 0 && self.tested.rows_read >= self.search.rows_max)
    }

    /// What is held from slice to slice.
    fn bytes(&self) -> usize {
        let places = self.trace_ids.capacity() * size_of::<(i64, String)>();
        self.seen.allocation_size() + places + self.text_bytes
    }

    fn add_rows_read(&mut self, rows: u64) {
        self.stats.rows_read += rows;
        self.watch.add_rows_read(rows);
    }

    /// Whether a place is behind the one where the page before ended.
    fn is_after(&self, time_ns: i64, trace_id: &str) -> bool {
        self.search.after.as_ref().is_none_or(|after| {
            time_ns < after.time_ns
                || (time_ns == after.time_ns && trace_id > after.trace_id.as_str())
        })
    }

    /// Whether a trace was on an earlier page: it has a row that was looked for in what they covered.
    fn was_before(&mut self, trace_id: &str) -> Result<bool, ExecError> {
        let Some(after) = &self.search.after else {
            return Ok(false);
        };
        let newer = TimeRange {
            start_ns: after.time_ns.saturating_add(1),
            end_ns: i64::MAX,
        };
        for window in self.windows {
            if window.range.end_ns <= newer.start_ns {
                continue;
            }
            let range = TimeRange {
                start_ns: window.range.start_ns.max(newer.start_ns),
                end_ns: window.range.end_ns,
            };
            for kind in &window.kinds {
                if self.has_row(trace_id, range, Some(&kind.rows))?
                    && self.touches(kind, trace_id)?
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn touches(&mut self, kind: &Kind, trace_id: &str) -> Result<bool, ExecError> {
        self.watch.check()?;
        match kind.touches {
            None => Ok(true),
            Some(range) => self.has_row(trace_id, range, None),
        }
    }

    /// Whether a trace has all the rows that it must have besides, one of whose rows is at a time.
    fn has_all(&mut self, trace_id: &str, time_ns: i64) -> Result<bool, ExecError> {
        if self.with.is_empty() {
            return Ok(true);
        }
        let watch = self.watch;
        let mut rows_read = 0;
        let mut has_all = true;
        for tester in &mut self.with {
            if !tester.has_row(trace_id, time_ns, &mut rows_read, watch)? {
                has_all = false;
                break;
            }
        }
        self.tested.traces += 1;
        self.tested.rows_read += rows_read;
        self.add_rows_read(rows_read);
        Ok(has_all)
    }

    /// Whether a trace has a row in a range, one that passes some conditions if there are any.
    fn has_row(
        &mut self,
        trace_id: &str,
        range: TimeRange,
        rows: Option<&Rows>,
    ) -> Result<bool, ExecError> {
        let (sources, watch) = (self.sources, self.watch);
        for source in sources.iter().filter(|source| is_in(source, range)) {
            let found = rows_of(source, range, trace_id)?;
            self.add_rows_read(found.len() as u64);
            let Some(rows) = rows.filter(|_| !found.is_empty()) else {
                if found.is_empty() {
                    continue;
                }
                return Ok(true);
            };
            let Some(mut opened) = rows.open(source, range)? else {
                continue;
            };
            let mut rows_read = 0;
            let is_found = any_selected(&mut opened, &found, &mut rows_read, watch)?;
            self.add_rows_read(rows_read);
            if is_found {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Traces, each with the newest of its rows.
#[derive(Default)]
struct Anchors {
    times: HashMap<String, i64>,
    text_bytes: usize,
}

impl Anchors {
    /// Adds a row; a trace that is new is accounted for.
    fn add(
        &mut self,
        trace_id: Cow<'_, str>,
        time_ns: i64,
        watch: &Watch,
    ) -> Result<(), ExecError> {
        if let Some(known) = self.times.get_mut(trace_id.as_ref()) {
            *known = time_ns.max(*known);
            return Ok(());
        }
        let before = self.bytes();
        self.text_bytes += trace_id.len();
        self.times.insert(trace_id.into_owned(), time_ns);
        watch.account(before, self.bytes())
    }

    fn bytes(&self) -> usize {
        self.times.allocation_size() + self.text_bytes
    }
}

/// How long the next slice is: longer after one with few rows, not longer than usual after one with many, for rows come in heaps.
fn next_slice_ns(slice_ns: i64, usual_ns: i64, rows_read: u64) -> i64 {
    match rows_read {
        rows if rows > SLICE_ROWS => slice_ns.min(usual_ns),
        rows if rows < SLICE_ROWS / 2 => slice_ns
            .saturating_mul(SLICE_GROWTH)
            .min(usual_ns.saturating_mul(SLICE_GROWTH_MAX)),
        _ => slice_ns,
    }
}

fn is_in(source: &Source, range: TimeRange) -> bool {
    let (first, last) = source.time_bounds_ns();
    source.row_count() > 0 && last >= range.start_ns && first < range.end_ns
}

/// Collects the traces of the rows of one source that pass, each with its newest; returns the rows that were looked at.
fn collect(
    source: &Source,
    range: TimeRange,
    rows: &Rows,
    found: &mut Anchors,
    watch: &Watch,
) -> Result<u64, ExecError> {
    let Some(mut opened) = rows.open(source, range)? else {
        return Ok(0);
    };
    let Some(column) = source.column(TRACE_ID)? else {
        return Ok(0);
    };
    let Some(ids) = texts_of(&column.types) else {
        return Ok(0);
    };
    let Some(dictionary) = ids.dictionary() else {
        return Ok(0);
    };
    let mut rows_read = 0;
    let mut codes = ChunkBuffer::default();
    // Newest row by code, so that an id becomes text once.
    let mut newest: HashMap<u32, i64> = HashMap::new();
    for chunk in opened.chunks() {
        watch.check()?;
        let (mut selected, rows) = opened.select(chunk)?;
        rows_read += rows;
        if selected == [0; CHUNK_WORDS] {
            continue;
        }
        ids.read_codes(chunk, &mut codes);
        and(&mut selected, &codes.present);
        let times = opened.times(chunk)?;
        let before = newest.allocation_size();
        each_bit(&selected, |position| {
            let time_ns = times.values[position];
            let known = newest.entry(codes.values[position]).or_insert(time_ns);
            *known = time_ns.max(*known);
        });
        watch.account(before, newest.allocation_size())?;
    }
    let newest_bytes = newest.allocation_size();
    let mut steps = watch.steps();
    for (code, time_ns) in newest {
        steps.step()?;
        found.add(dictionary.text(code), time_ns, watch)?;
    }
    watch.account(newest_bytes, 0)?;
    Ok(rows_read)
}

#[cfg(test)]
mod tests;
