//! A pass over all sources that reads only what it must: the states of blocks that lie inside the range are taken from the cache, and
//! those that had to be computed are left there.

use super::gathered::{Gathered, Shape};
use super::parallel::{Pieces, fold_pieces, read_ahead};
use super::scan::scan;
use super::watch::{ExecError, Watch};
use crate::cache::{Question, StateCache};
use crate::engine::EngineConfig;
use crate::plan::{Buckets, Plan};
use foldhash::quality::FixedState;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use waggle_store::{Source, Wanted};

/// The groups of more codes than this cost as much to merge as the codes to count.
const COUNTED_MAX: usize = 4_096;

/// What a block gave to some pass.
pub(crate) struct KeptState {
    gathered: Gathered,
    /// Those that its buckets are numbered by.
    buckets: Buckets,
}

/// The states of blocks.
pub(crate) type States = StateCache<KeptState>;

/// Takes in every matching row of the sources.
pub(super) fn gather(
    plan: &Plan,
    shape: &Shape,
    sources: &[Source],
    states: &States,
    config: &EngineConfig,
    watch: &Watch,
) -> Result<Gathered, ExecError> {
    let question = match states.is_on() {
        true => question(plan, shape).filter(|question| states.takes(*question)),
        false => None,
    };
    let mut found = Vec::new();
    let mut sources_read = Vec::new();
    let mut blocks = Vec::new();
    for source in sources {
        let block = question.and_then(|_| keepable(plan, source));
        let as_read = question.map(|question| question.of_reading(source.reading_key()));
        match (block, as_read) {
            (Some(number), Some(question)) => match states.find(number, question) {
                Some(state) => found.push(state),
                None => {
                    sources_read.push(source.clone());
                    blocks.push(Some(KeptBlock::new(number, question)));
                }
            },
            _ => {
                sources_read.push(source.clone());
                blocks.push(None);
            }
        }
    }
    let reading = Reading {
        question,
        plan,
        shape,
        states,
        watch,
        blocks,
        is_too_large: AtomicBool::new(false),
    };
    let mut all = reading.read(&sources_read, config)?;
    for state in found {
        let shift = plan.buckets.shift_of(&state.buckets);
        all.merge_shifted(&state.gathered, shift, shape, watch)?;
    }
    Ok(all)
}

/// The number of a block whose state does not depend on where the range begins and ends.
fn keepable(plan: &Plan, source: &Source) -> Option<u64> {
    let (first, last) = source.time_bounds_ns();
    let is_inside = plan.range.contains(first) && plan.range.contains(last);
    let block = source.block().filter(|_| is_inside)?;
    Some(block.number())
}

/// What a pass asks of a block. Buckets of one width are aligned alike, whatever the range.
fn question(plan: &Plan, shape: &Shape) -> Option<Question> {
    let mut text = plan.filter_key.clone()?;
    let column = |index: usize| plan.columns[index].as_str();
    // Writing to a String does not fail.
    for breakdown in shape.breakdowns(plan) {
        _ = write!(text, " by {:?}", column(*breakdown));
    }
    if shape.has_states {
        for state in &plan.states {
            if state.needs_times() {
                // Where the range ends decides what is in flight.
                return None;
            }
            let name = state.calculation.state_name();
            _ = write!(text, " state {name} {:?}", state.column.map(column));
            plan.write_condition(state.condition, &mut text)?;
        }
    }
    if shape.needs_times() {
        let width_ns = plan.buckets.granularity_ns;
        _ = write!(text, " every {width_ns} {}", shape.buckets.is_some());
    }
    for map in &shape.maps {
        _ = write!(text, " map {:?} {:?}", column(map.column), map.scale);
        plan.write_condition(map.condition, &mut text)?;
    }
    shape.groups.write_frozen(&mut text);
    let hash = |seed| u128::from(FixedState::with_seed(seed).hash_one(&text));
    Some(Question(hash(1) << 64 | hash(2)))
}

/// A block whose state is to be kept.
struct KeptBlock {
    number: u64,
    question: Question,
    /// Part of it was added to what comes from elsewhere, so it can't be kept.
    is_mixed: AtomicBool,
    /// One thread has read all of it, and it is kept.
    is_done: AtomicBool,
}

impl KeptBlock {
    fn new(number: u64, question: Question) -> Self {
        Self {
            number,
            question,
            is_mixed: AtomicBool::new(false),
            is_done: AtomicBool::new(false),
        }
    }
}

struct Reading<'a> {
    /// What is asked of every block, as it is stored.
    question: Option<Question>,
    plan: &'a Plan,
    shape: &'a Shape,
    states: &'a States,
    watch: &'a Watch,
    /// One per source that is read.
    blocks: Vec<Option<KeptBlock>>,
    is_too_large: AtomicBool,
}

/// What one thread has gathered.
struct Part {
    all: Gathered,
    /// From blocks that other threads read too, with the index of the source.
    shared: Vec<(usize, Gathered)>,
}

impl Reading<'_> {
    fn read(&self, sources: &[Source], config: &EngineConfig) -> Result<Gathered, ExecError> {
        let mut parts = fold_pieces(
            sources,
            config,
            || Part {
                all: Gathered::new(self.plan, self.shape),
                shared: Vec::new(),
            },
            |part, index, source, pieces| {
                read_ahead(sources, index, config, |source| self.wanted(source));
                self.take(part, index, source, pieces)
            },
        )?
        .into_iter();
        let Some(Part { mut all, shared }) = parts.next() else {
            return Ok(Gathered::new(self.plan, self.shape));
        };
        let mut by_source: BTreeMap<usize, Gathered> = BTreeMap::new();
        self.add_shared(&mut by_source, shared)?;
        for part in parts {
            all.absorb(part.all, self.shape, self.watch)?;
            self.add_shared(&mut by_source, part.shared)?;
        }
        for (index, gathered) in by_source {
            all.merge_shifted(&gathered, 0, self.shape, self.watch)?;
            if let Some(block) = &self.blocks[index]
                && !block.is_mixed.load(Ordering::Relaxed)
                && !block.is_done.load(Ordering::Relaxed)
            {
                self.keep(block, gathered)?;
            }
        }
        Ok(all)
    }

    fn add_shared(
        &self,
        by_source: &mut BTreeMap<usize, Gathered>,
        shared: Vec<(usize, Gathered)>,
    ) -> Result<(), ExecError> {
        for (index, gathered) in shared {
            match by_source.get_mut(&index) {
                Some(other) => other.absorb(gathered, self.shape, self.watch)?,
                None => _ = by_source.insert(index, gathered),
            }
        }
        Ok(())
    }

    /// What will be read of a source for certain, or is small: behind filters it may be nothing but their own columns.
    fn wanted(&self, source: &Source) -> Vec<Wanted<'_>> {
        let plan = self.plan;
        let mut wanted: Vec<Wanted<'_>> = plan.filters.wanted().collect();
        let columns = plan.columns.iter().enumerate();
        let columns = columns.filter(|(index, _)| self.shape.reads(plan, *index));
        let columns = columns.map(|(_, name)| match plan.filters.is_empty() {
            true => Wanted::Column(name),
            false => Wanted::Some(name),
        });
        wanted.extend(columns);
        if plan.filters.is_empty() {
            let conditions = plan.conditions.iter();
            wanted.extend(conditions.flat_map(|condition| condition.filters.wanted()));
        }
        let (first, last) = source.time_bounds_ns();
        let is_cut = !plan.range.contains(first) || !plan.range.contains(last);
        if is_cut || self.shape.needs_times() {
            wanted.push(Wanted::Times);
        }
        wanted
    }

    /// Takes in pieces of a source: of a block whose state is to be kept, apart from all else.
    fn take(
        &self,
        part: &mut Part,
        index: usize,
        source: &Source,
        pieces: &Pieces,
    ) -> Result<(), ExecError> {
        let scan = |gathered: &mut Gathered| {
            scan(gathered, source, pieces, self.plan, self.shape, self.watch)
        };
        let Some(block) = &self.blocks[index] else {
            return scan(&mut part.all);
        };
        if self.is_too_large.load(Ordering::Relaxed) {
            block.is_mixed.store(true, Ordering::Relaxed);
            return scan(&mut part.all);
        }
        let mut own = Gathered::new(self.plan, self.shape);
        scan(&mut own)?;
        let is_too_large =
            own.bytes() > self.states.state_bytes_max() || own.counted_len() > COUNTED_MAX;
        if is_too_large {
            self.is_too_large.store(true, Ordering::Relaxed);
            if let Some(question) = self.question {
                self.states.refuse(question);
            }
            block.is_mixed.store(true, Ordering::Relaxed);
            return part.all.absorb(own, self.shape, self.watch);
        }
        own.settle(self.shape, self.watch)?;
        if pieces.is_shared() {
            part.shared.push((index, own));
            return Ok(());
        }
        part.all.merge_shifted(&own, 0, self.shape, self.watch)?;
        block.is_done.store(true, Ordering::Relaxed);
        self.keep(block, own)
    }

    fn keep(&self, block: &KeptBlock, gathered: Gathered) -> Result<(), ExecError> {
        let (gathered, bytes) = gathered.kept()?;
        let state = Arc::new(KeptState {
            gathered,
            buckets: self.plan.buckets,
        });
        self.states.keep(block.number, block.question, state, bytes);
        Ok(())
    }
}
