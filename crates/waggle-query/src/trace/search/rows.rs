//! Which rows of a source a search means, and whether a trace has one of them.

use crate::chunk::Bits;
use crate::exec::{ExecError, Selector, Watch};
use crate::filter::{FilterSet, Remembered, and};
use crate::trace::TRACE_ID;
use crate::trace::many::find;
use std::ops::Range;
use std::sync::Arc;
use waggle_model::{FilterCombination, FilterOp, FilterSpec, FilterValue, RowSet, TimeRange};
use waggle_store::Source;
use waggle_store::column::{CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer};

/// The conditions of a [`RowSet`]: of each group a row passes one set.
pub(super) struct Rows {
    groups: Vec<Vec<FilterSet>>,
}

impl Rows {
    pub(super) fn new(set: &RowSet, remembered: &Arc<Remembered>) -> Result<Self, ExecError> {
        let groups = set.groups.iter().map(|group| sets(group, remembered));
        let mut groups: Vec<Vec<FilterSet>> = groups.collect::<Result<_, _>>()?;
        if groups.is_empty() {
            let in_trace = FilterSpec {
                column: TRACE_ID.to_owned(),
                op: FilterOp::Exists,
                value: FilterValue::None,
            };
            groups.push(sets(&[vec![in_trace]], remembered)?);
        }
        Ok(Self { groups })
    }

    /// Prepares to select rows of a source; `None` when it can have none.
    pub(super) fn open<'a>(
        &'a self,
        source: &'a Source,
        range: TimeRange,
    ) -> Result<Option<Opened<'a>>, ExecError> {
        let mut groups = Vec::with_capacity(self.groups.len());
        for sets in &self.groups {
            let mut selectors = Vec::with_capacity(sets.len());
            for set in sets {
                selectors.extend(Selector::new(source, range, set)?);
            }
            if selectors.is_empty() {
                return Ok(None);
            }
            groups.push(selectors);
        }
        Ok(Some(Opened { groups }))
    }
}

fn sets(
    group: &[Vec<FilterSpec>],
    remembered: &Arc<Remembered>,
) -> Result<Vec<FilterSet>, ExecError> {
    // Alternatives of one condition are tested together.
    let (single, joined): (Vec<_>, Vec<_>) =
        group.iter().partition(|conditions| conditions.len() == 1);
    let single: Vec<FilterSpec> = single.into_iter().flatten().cloned().collect();
    let mut sets = Vec::with_capacity(joined.len() + 1);
    if !single.is_empty() {
        sets.push(FilterSet::new(&single, FilterCombination::Or)?);
    }
    for conditions in joined {
        sets.push(FilterSet::new(conditions, FilterCombination::And)?);
    }
    for set in &mut sets {
        set.remember(remembered);
    }
    Ok(sets)
}

/// [`Rows`] of one source.
pub(super) struct Opened<'a> {
    /// None is empty, and none of the groups either.
    groups: Vec<Vec<Selector<'a>>>,
}

impl Opened<'_> {
    /// The chunks that can have rows, ascending.
    pub(super) fn chunks(&self) -> Range<usize> {
        // All are of the same range.
        self.groups[0][0].chunks()
    }

    /// The rows of a chunk that pass, and how many were looked at.
    pub(super) fn select(&mut self, chunk: usize) -> Result<(Bits, u64), ExecError> {
        let mut all: Option<Bits> = None;
        let mut rows_read = 0;
        for selectors in &mut self.groups {
            let mut any = [0; CHUNK_WORDS];
            for selector in selectors {
                let (selected, rows) = selector.select(chunk)?;
                rows_read = rows_read.max(rows);
                for (word, selected) in any.iter_mut().zip(selected) {
                    *word |= selected;
                }
            }
            if let Some(all) = &all {
                and(&mut any, all);
            }
            all = Some(any);
            if any == [0; CHUNK_WORDS] {
                break;
            }
        }
        Ok((all.unwrap_or([0; CHUNK_WORDS]), rows_read))
    }

    /// The times of a chunk.
    pub(super) fn times(&mut self, chunk: usize) -> Result<&ChunkBuffer<i64>, ExecError> {
        self.groups[0][0].times(chunk)
    }
}

/// Most sources that a [`Tester`] keeps open: what is open holds its columns in memory, and neighbours in time are in few sources.
const OPEN_MAX: usize = 8;

/// Tells of one trace after another whether it has a row.
pub(super) struct Tester<'a> {
    rows: &'a Rows,
    sources: &'a [Source],
    /// The sources in which traces had rows of late, the latest last.
    open: Vec<Open<'a>>,
}

/// A source by its place.
struct Open<'a> {
    place: usize,
    /// `None` when it can have no row.
    opened: Option<Opened<'a>>,
    /// The chunk that was looked at last, and its rows that pass.
    last: Option<(usize, Bits)>,
}

impl<'a> Tester<'a> {
    pub(super) fn new(rows: &'a Rows, sources: &'a [Source]) -> Self {
        Self {
            rows,
            sources,
            open: Vec::new(),
        }
    }

    /// Whether a trace has a row; sources of a time at which it has one come first.
    pub(super) fn has_row(
        &mut self,
        trace_id: &str,
        time_ns: i64,
        rows_read: &mut u64,
        watch: &Watch,
    ) -> Result<bool, ExecError> {
        for is_near in [true, false] {
            for (place, source) in self.sources.iter().enumerate() {
                let (first_ns, last_ns) = source.time_bounds_ns();
                if (first_ns..=last_ns).contains(&time_ns) != is_near {
                    continue;
                }
                watch.check()?;
                let rows = rows_of(source, TimeRange::ALL, trace_id)?;
                if !rows.is_empty() && self.any_of(place, &rows, rows_read, watch)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether one of some rows of a source passes, which ascend.
    fn any_of(
        &mut self,
        place: usize,
        rows: &[u32],
        rows_read: &mut u64,
        watch: &Watch,
    ) -> Result<bool, ExecError> {
        let mut open = match self.open.iter().position(|open| open.place == place) {
            Some(known) => self.open.remove(known),
            None => Open {
                place,
                opened: self.rows.open(&self.sources[place], TimeRange::ALL)?,
                last: None,
            },
        };
        let is_found = open.any_of(rows, rows_read, watch)?;
        if self.open.len() >= OPEN_MAX {
            self.open.remove(0);
        }
        self.open.push(open);
        Ok(is_found)
    }
}

impl Open<'_> {
    fn any_of(
        &mut self,
        rows: &[u32],
        rows_read: &mut u64,
        watch: &Watch,
    ) -> Result<bool, ExecError> {
        let Some(opened) = &mut self.opened else {
            return Ok(false);
        };
        for row in rows {
            watch.check()?;
            let chunk = *row as usize / CHUNK_ROWS;
            let selected = match &self.last {
                Some((known, selected)) if *known == chunk => *selected,
                _ => {
                    let (selected, rows) = opened.select(chunk)?;
                    *rows_read += rows;
                    self.last = Some((chunk, selected));
                    selected
                }
            };
            if is_selected(&selected, *row) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The rows of a trace in a range of one source, ascending.
pub(super) fn rows_of(
    source: &Source,
    range: TimeRange,
    trace_id: &str,
) -> Result<Vec<u32>, ExecError> {
    let mut rows: Vec<u32> = Vec::new();
    find(source, 0, trace_id, |place| {
        if range.contains(place.time_ns) {
            rows.push(place.row);
        }
    })?;
    Ok(rows)
}

/// Whether any of some rows passes, which ascend.
pub(super) fn any_selected(
    opened: &mut Opened<'_>,
    rows: &[u32],
    rows_read: &mut u64,
    watch: &Watch,
) -> Result<bool, ExecError> {
    let chunk_of = |row: &u32| *row as usize / CHUNK_ROWS;
    for rows in rows.chunk_by(|one, other| chunk_of(one) == chunk_of(other)) {
        watch.check()?;
        let (selected, row_count) = opened.select(chunk_of(&rows[0]))?;
        *rows_read += row_count;
        if rows.iter().any(|row| is_selected(&selected, *row)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_selected(selected: &Bits, row: u32) -> bool {
    let position = row as usize % CHUNK_ROWS;
    selected[position / 64] >> (position % 64) & 1 == 1
}
