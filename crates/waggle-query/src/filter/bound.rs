//! Filters over one source: what is known before a row is read, and the tests of rows.
//!
//! Conditions on text become dictionary entries once per source. A chunk whose bounds decide is not read; otherwise a whole chunk is
//! compared in vector instructions, or, when filters before have left few rows of it, only those are picked. The filter that costs
//! least per row it removes goes first.

use super::memo::TextMemo;
use super::range::Interval;
use super::{Filter, FilterCombination, FilterSet, Predicate, and};
use crate::chunk::{
    Bits, FEW_ROWS, TypedBuffer, each_bit, empty_buffer, is_empty, is_few, number_bounds, pick,
    read,
};
use crate::relation::BoundRelations;
use std::sync::Arc;
use waggle_store::column::{
    CHUNK_ROWS, CHUNK_WORDS, ChunkBuffer, Column, ColumnPresence, Dictionary, TypedColumn,
    TypedPresence, first_bits,
};
use waggle_store::{ReadError, Source};

/// From so many candidates on a whole chunk is compared at once.
const MANY_ROWS: u32 = 128;
/// Up to so many rows of a chunk are picked rather than compared with all the others.
const PICKS_MAX: u32 = 8;
/// Texts to look for in a dictionary one by one; with more of them every entry is looked at instead.
const FIND_MAX: usize = 8;
/// A chunk with at most so many different codes may be decided by looking at all of them.
const CODES_MAX: u32 = 64;

/// The filters of a query over one source.
pub(crate) struct BoundFilters<'a> {
    combination: FilterCombination,
    filters: Vec<BoundFilter<'a>>,
    relations: Option<BoundRelations<'a>>,
    stored_bytes: u64,
}

impl<'a> BoundFilters<'a> {
    /// Prepares filters for a source. Where one can match nothing and all must hold, the columns of the others are not read.
    pub(super) fn new(set: &'a FilterSet, source: &Source) -> Result<Self, ReadError> {
        let mut bound = Self {
            combination: set.combination,
            filters: Vec::with_capacity(set.filters.len()),
            relations: match &set.relations {
                Some(relations) => Some(relations.bind(source)?),
                None => None,
            },
            stored_bytes: 0,
        };
        for filter in &*set.filters {
            bound.filters.push(match filter.predicate.presence() {
                Some(matches) => {
                    let presence = source.presence(&filter.column)?;
                    BoundFilter::of_presence(filter, presence, matches, source.row_count())
                }
                None => {
                    let column = Opened::new(filter, source, &set.remembered.texts)?;
                    bound.stored_bytes += source.column_bytes(&filter.column);
                    let bounds = number_bounds(source, &filter.column);
                    BoundFilter::new(filter, column, bounds, &set.remembered.texts)
                }
            });
            if set.combination == FilterCombination::And && bound.match_nothing() {
                break;
            }
        }
        if set.combination == FilterCombination::And {
            let rank = |filter: &BoundFilter<'_>| filter.rank;
            bound
                .filters
                .sort_by(|left, right| rank(left).total_cmp(&rank(right)));
        }
        Ok(bound)
    }

    /// True when no row of the source can match: a value is not in a dictionary, or a column does not occur.
    pub(crate) fn match_nothing(&self) -> bool {
        if let Some(relations) = &self.relations
            && relations.match_nothing()
        {
            return true;
        }
        let mut filters = self.filters.iter();
        match self.combination {
            FilterCombination::And => filters.any(BoundFilter::matches_nothing),
            FilterCombination::Or => {
                !self.filters.is_empty() && filters.all(BoundFilter::matches_nothing)
            }
        }
    }

    /// Bytes that the columns of the filters occupy in a block.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Clears the bits of rows that do not match.
    pub(crate) fn apply(&mut self, chunk: usize, selected: &mut Bits) {
        self.apply_filters(chunk, selected);
        if let Some(relations) = &mut self.relations
            && !is_empty(selected)
        {
            relations.apply(chunk, selected);
        }
    }

    fn apply_filters(&mut self, chunk: usize, selected: &mut Bits) {
        match self.combination {
            FilterCombination::And => {
                for filter in &mut self.filters {
                    if is_empty(selected) {
                        return;
                    }
                    *selected = filter.matching(chunk, selected);
                }
            }
            FilterCombination::Or if self.filters.is_empty() => {}
            FilterCombination::Or => {
                let mut matched = [0; CHUNK_WORDS];
                let mut open = *selected;
                for filter in &mut self.filters {
                    let found = filter.matching(chunk, &open);
                    for index in 0..CHUNK_WORDS {
                        matched[index] |= found[index];
                        open[index] &= !found[index];
                    }
                    if is_empty(&open) {
                        break;
                    }
                }
                *selected = matched;
            }
        }
    }
}

struct BoundFilter<'a> {
    predicate: &'a dyn Predicate,
    column: BoundColumn,
    /// A guess at what it costs to remove a row.
    rank: f64,
}

/// What of a column is looked at.
enum BoundColumn {
    /// No row of the source has it.
    Nothing,
    /// Which rows have it, and whether those match.
    Presence(Arc<ColumnPresence>, bool),
    /// Its values, with a test per type.
    Values(Arc<Column>, Vec<BoundType>),
}

struct BoundType {
    test: Test,
    buffer: TypedBuffer,
    /// Room for narrow codes, where the dictionary is small enough for them.
    codes: Option<ChunkBuffer<u16>>,
}

/// What is known of a condition on the values of one type.
enum Test {
    /// No value matches, or every value does.
    Always(bool),
    /// Codes of a dictionary.
    Codes(Interval<u32>),
    /// 1 for each entry of a dictionary that matches.
    Entries(Arc<[u8]>),
    Ints(Interval<i64>),
    /// With the integers that are stored for the floats, where they are.
    Floats(Interval<f64>, Option<Interval<i64>>),
    /// Each value has to be asked about.
    Values,
}

/// A column that a filter looks at.
struct Opened {
    column: Option<Arc<Column>>,
    /// For each type, 1 for each entry of its dictionary that matches, where that was known without its texts.
    answers: Vec<Option<Arc<[u8]>>>,
}

impl Opened {
    /// Opens a column, without its texts where they need no look.
    fn new(filter: &Filter, source: &Source, memo: &TextMemo) -> Result<Self, ReadError> {
        let answer = |dictionary: &Arc<Dictionary>| {
            let key = filter.key.as_ref();
            let remembered = key.and_then(|key| memo.get(dictionary, key));
            remembered.or_else(|| filter.known.of(dictionary))
        };
        let name = &filter.column;
        if looks_at_each(&*filter.predicate)
            && let Some(column) = source.coded_column(name)?
        {
            let unread = |typed: &TypedColumn| {
                let dictionary = typed.dictionary()?;
                (!dictionary.has_texts()).then(|| Arc::clone(dictionary))
            };
            let unread: Vec<_> = column.types.iter().map(unread).collect();
            let answers: Vec<_> = unread
                .iter()
                .map(|dictionary| dictionary.as_ref().and_then(answer))
                .collect();
            if unread.iter().flatten().count() == answers.iter().flatten().count() {
                return Ok(Self {
                    column: Some(column),
                    answers,
                });
            }
        }
        Ok(Self {
            column: source.column(name)?,
            answers: Vec::new(),
        })
    }
}

/// True when each text of a dictionary has to be looked at, because those that match can't be found by their hashes.
fn looks_at_each(predicate: &dyn Predicate) -> bool {
    let texts = predicate.texts();
    texts.is_none_or(|(_, texts)| texts.len() > FIND_MAX)
}

impl<'a> BoundFilter<'a> {
    fn new(
        filter: &'a Filter,
        Opened { column, answers }: Opened,
        bounds: Option<(f64, f64)>,
        memo: &TextMemo,
    ) -> Self {
        let mut types = Vec::new();
        let mut answers = answers.into_iter();
        let mut cost = 1.0;
        let mut passing = 0.0;
        let mut absent = 1.0;
        for typed in column.iter().flat_map(|column| &column.types) {
            let test = match answers.next().flatten() {
                Some(entries) => Test::of_entries(entries),
                None => Test::new(filter, typed, memo),
            };
            let (test_cost, share) = test.guess(typed, bounds);
            let present = typed.value_count() as f64 / f64::from(typed.row_count()).max(1.0);
            cost += test_cost * present;
            passing += share * present;
            absent -= present;
            let is_small = typed
                .dictionary()
                .is_some_and(|entries| entries.len() <= 1 << 16);
            let codes = (is_small && matches!(test, Test::Entries(_))).then(ChunkBuffer::default);
            types.push(BoundType {
                test,
                buffer: empty_buffer(typed),
                codes,
            });
        }
        if filter.predicate.absent() {
            passing += absent;
        }
        Self {
            predicate: &*filter.predicate,
            column: match column {
                Some(column) => BoundColumn::Values(column, types),
                None => BoundColumn::Nothing,
            },
            rank: cost / (1.0 - passing).max(1e-3),
        }
    }

    /// `matches` tells whether rows with the column do.
    fn of_presence(
        filter: &'a Filter,
        presence: Option<Arc<ColumnPresence>>,
        matches: bool,
        row_count: u32,
    ) -> Self {
        let counts = presence.iter().flat_map(|presence| &presence.types);
        let count: usize = counts.map(TypedPresence::value_count).sum();
        let present = count as f64 / f64::from(row_count).max(1.0);
        let passing = if matches { present } else { 1.0 - present };
        Self {
            predicate: &*filter.predicate,
            column: match presence {
                Some(presence) => BoundColumn::Presence(presence, matches),
                None => BoundColumn::Nothing,
            },
            // Rare values are a list, which hardly costs anything where it has no row.
            rank: (0.1 + present) / (1.0 - passing).max(1e-3),
        }
    }

    fn matches_nothing(&self) -> bool {
        if self.predicate.absent() {
            return false;
        }
        match &self.column {
            BoundColumn::Nothing => true,
            BoundColumn::Presence(_, matches) => !matches,
            BoundColumn::Values(_, types) => types
                .iter()
                .all(|typed| matches!(typed.test, Test::Always(false))),
        }
    }

    fn matching(&mut self, chunk: usize, among: &Bits) -> Bits {
        let mut matched = [0; CHUNK_WORDS];
        let (column, types) = match &mut self.column {
            BoundColumn::Values(column, types) => (column, types),
            BoundColumn::Nothing => {
                return if self.predicate.absent() {
                    *among
                } else {
                    matched
                };
            }
            BoundColumn::Presence(presence, matches) => {
                let mut present = [0; CHUNK_WORDS];
                presence.read(chunk, &mut present);
                for (index, matched) in matched.iter_mut().enumerate() {
                    let wanted = if *matches {
                        present[index]
                    } else {
                        !present[index]
                    };
                    *matched = among[index] & wanted;
                }
                return matched;
            }
        };
        let mut absent = *among;
        let mut few: Option<Few> = None;
        for (typed, bound) in column.types.iter().zip(types) {
            if typed.is_chunk_absent(chunk) {
                continue;
            }
            let mut present = [0; CHUNK_WORDS];
            match bound.test.decide(typed, chunk) {
                Some(all) if all || self.predicate.absent() => {
                    typed.read_presence(chunk, &mut present);
                    if all {
                        or_and(&mut matched, &present, among);
                    }
                }
                Some(_) => {}
                None if typed.has_slot_per_row() => {
                    typed.read_presence(chunk, &mut present);
                    let mut candidates = present;
                    and(&mut candidates, among);
                    let found = bound.find(typed, chunk, self.predicate, &candidates);
                    or_and(&mut matched, &found, &candidates);
                }
                None => {
                    let few = match &mut few {
                        None if is_few(among) => Some(few.insert(Few::new(chunk, among))),
                        few => few.as_mut(),
                    };
                    if let Some(few) = few {
                        bound.pick_and_find(typed, few, self.predicate, &mut matched);
                        few.put_back(bound.buffer.present(), &mut present);
                    } else {
                        read(typed, chunk, &mut bound.buffer);
                        present = *bound.buffer.present();
                        let found = bound.test.find(&bound.buffer, self.predicate, among);
                        or_and(&mut matched, &found, among);
                    }
                }
            }
            if self.predicate.absent() {
                for (absent, present) in absent.iter_mut().zip(present) {
                    *absent &= !present;
                }
            }
        }
        if self.predicate.absent() {
            or_and(&mut matched, &absent, among);
        }
        matched
    }
}

impl BoundType {
    /// The rows of a chunk, and perhaps others, that match among those that have a value.
    fn find(
        &mut self,
        typed: &TypedColumn,
        chunk: usize,
        predicate: &dyn Predicate,
        candidates: &Bits,
    ) -> Bits {
        let mut found = [0; CHUNK_WORDS];
        let count = count(candidates);
        if count == 0 {
            return found;
        }
        if let Some(interval) = self.test.stored()
            && count > PICKS_MAX
            && typed.between(chunk, (interval.low, interval.high), &mut found)
        {
            if !interval.is_inside {
                found = found.map(|word| !word);
            }
            return found;
        }
        if count <= FEW_ROWS as u32 {
            let few = Few::new(chunk, candidates);
            self.pick_and_find(typed, &few, predicate, &mut found);
            return found;
        }
        if let (Some(codes), Test::Entries(entries)) = (&mut self.codes, &self.test)
            && typed.read_codes_u16(chunk, codes)
        {
            let holds = |code: u16| entries.get(usize::from(code)) == Some(&1);
            return matching(codes, candidates, holds);
        }
        read(typed, chunk, &mut self.buffer);
        self.test.find(&self.buffer, predicate, candidates)
    }

    /// Picks rows one by one and adds those that match.
    fn pick_and_find(
        &mut self,
        typed: &TypedColumn,
        few: &Few,
        predicate: &dyn Predicate,
        matched: &mut Bits,
    ) {
        pick(typed, &few.rows, &mut self.buffer);
        let candidates = first_bits(few.rows.len());
        let found = self.test.find(&self.buffer, predicate, &candidates);
        few.put_back(&found, matched);
    }
}

/// A few rows of a chunk, by their number in the source.
struct Few {
    rows: Vec<u32>,
}

impl Few {
    fn new(chunk: usize, among: &Bits) -> Self {
        let first = (chunk * CHUNK_ROWS) as u32;
        let mut rows = Vec::with_capacity(FEW_ROWS);
        each_bit(among, |position| rows.push(first + position as u32));
        Self { rows }
    }

    /// Sets the bits of the rows whose index is set in `found`.
    fn put_back(&self, found: &Bits, bits: &mut Bits) {
        each_bit(found, |index| {
            let position = self.rows[index] as usize % CHUNK_ROWS;
            bits[position / 64] |= 1 << (position % 64);
        });
    }
}

impl Test {
    fn new(filter: &Filter, typed: &TypedColumn, memo: &TextMemo) -> Self {
        use waggle_model::ColumnType;
        let predicate = &*filter.predicate;
        match (typed.dictionary(), typed.column_type()) {
            (Some(dictionary), _) => Self::of_texts(filter, dictionary, memo),
            (None, ColumnType::Integer) => {
                predicate.int_interval().map_or(Self::Values, Self::Ints)
            }
            (None, ColumnType::Float) => {
                predicate.float_interval().map_or(Self::Values, |interval| {
                    let stored = typed.decimals_between(interval.low, interval.high);
                    let stored = stored.map(|(low, high)| Interval {
                        low,
                        high,
                        is_inside: interval.is_inside,
                    });
                    Self::Floats(interval, stored)
                })
            }
            (None, ColumnType::Boolean) => match (predicate.bool(false), predicate.bool(true)) {
                (all, other) if all == other => Self::Always(all),
                _ => Self::Values,
            },
            (None, ColumnType::String) => Self::Values,
        }
    }

    /// Few texts are found by their hashes; for other conditions every entry is looked at once.
    fn of_texts(filter: &Filter, dictionary: &Arc<Dictionary>, memo: &TextMemo) -> Self {
        match filter.predicate.texts() {
            Some((is_match, texts)) if texts.len() <= FIND_MAX => {
                let mut codes: Vec<u32> = texts
                    .iter()
                    .flat_map(|text| dictionary.find(text))
                    .collect();
                codes.sort_unstable();
                codes.dedup();
                let (Some(low), Some(high)) = (codes.first(), codes.last()) else {
                    return Self::Always(!is_match);
                };
                if (high - low) as usize == codes.len() - 1 {
                    let interval = Interval::inside(*low, *high);
                    return Self::Codes(match is_match {
                        true => interval,
                        false => interval.negated(),
                    });
                }
                let mut entries = vec![u8::from(!is_match); dictionary.len()];
                for code in codes {
                    entries[code as usize] ^= 1;
                }
                Self::Entries(entries.into())
            }
            _ => {
                let look = || -> Arc<[u8]> {
                    let entries: Arc<[u8]> = (0..dictionary.len() as u32)
                        .map(|code| u8::from(filter.predicate.string(&dictionary.text(code))))
                        .collect();
                    filter.known.learn(dictionary, &entries);
                    entries
                };
                let entries = match &filter.key {
                    Some(key) => memo.get_or_look(dictionary, key, look),
                    None => look(),
                };
                Self::of_entries(entries)
            }
        }
    }

    fn of_entries(entries: Arc<[u8]>) -> Self {
        let run_of = |wanted: u8| {
            let low = entries.iter().position(|entry| *entry == wanted)?;
            let high = entries.iter().rposition(|entry| *entry == wanted)?;
            let is_run = entries[low..=high].iter().all(|entry| *entry == wanted);
            is_run.then(|| Interval::inside(low as u32, high as u32))
        };
        if !entries.contains(&1) {
            Self::Always(false)
        } else if !entries.contains(&0) {
            Self::Always(true)
        } else if let Some(run) = run_of(1) {
            Self::Codes(run)
        } else if let Some(run) = run_of(0) {
            Self::Codes(run.negated())
        } else {
            Self::Entries(entries)
        }
    }

    /// What a test of a row costs and which share of the values it may pass, as a guess. `bounds` are those of the column's numbers.
    fn guess(&self, typed: &TypedColumn, bounds: Option<(f64, f64)>) -> (f64, f64) {
        let entries = typed.dictionary().map_or(1, |entries| entries.len()) as f64;
        match self {
            Self::Always(all) => (0.0, f64::from(u8::from(*all))),
            Self::Codes(interval) => {
                let inside = f64::from(interval.high - interval.low + 1) / entries;
                (
                    1.0,
                    if interval.is_inside {
                        inside
                    } else {
                        1.0 - inside
                    },
                )
            }
            Self::Entries(matching) => {
                let count: u32 = matching.iter().map(|entry| u32::from(*entry)).sum();
                (6.0, f64::from(count) / entries)
            }
            Self::Ints(interval) => {
                let floats = Interval {
                    low: interval.low as f64,
                    high: interval.high as f64,
                    is_inside: interval.is_inside,
                };
                (1.0, bounds.map_or(0.3, |bounds| floats.share(bounds)))
            }
            Self::Floats(interval, stored) => {
                let cost = if stored.is_some() { 1.0 } else { 2.0 };
                (cost, bounds.map_or(0.3, |bounds| interval.share(bounds)))
            }
            Self::Values => (4.0, 0.5),
        }
    }

    /// The stored integers that match, when they are an interval or all others.
    fn stored(&self) -> Option<Interval<i64>> {
        match self {
            Self::Codes(interval) => Some(Interval {
                low: i64::from(interval.low),
                high: i64::from(interval.high),
                is_inside: interval.is_inside,
            }),
            Self::Ints(interval) => Some(*interval),
            Self::Floats(_, stored) => *stored,
            Self::Always(_) | Self::Entries(_) | Self::Values => None,
        }
    }

    /// Whether all values of a chunk match or none does, when its bounds say so.
    fn decide(&self, typed: &TypedColumn, chunk: usize) -> Option<bool> {
        match self {
            Self::Always(all) => Some(*all),
            Self::Codes(interval) => interval.decides(typed.code_bounds(chunk)?),
            Self::Entries(entries) => {
                let (low, high) = typed.code_bounds(chunk)?;
                if high - low >= CODES_MAX {
                    return None;
                }
                // The upper bound may be higher than any code.
                let high = (high as usize).min(entries.len() - 1);
                let entries = entries.get(low as usize..=high)?;
                let first = *entries.first()?;
                let is_same = entries.iter().all(|entry| *entry == first);
                is_same.then_some(first == 1)
            }
            Self::Ints(interval) => interval.decides(typed.chunk_bounds(chunk)?),
            Self::Floats(interval, _) => interval.decides(typed.float_bounds(chunk)?),
            Self::Values => None,
        }
    }

    /// The rows of `among` in a buffer that match.
    fn find(&self, buffer: &TypedBuffer, predicate: &dyn Predicate, among: &Bits) -> Bits {
        match (self, buffer) {
            (Self::Always(true), buffer) => {
                let mut found = *among;
                and(&mut found, buffer.present());
                found
            }
            (Self::Codes(interval), TypedBuffer::Strings(codes, _)) => {
                matching(codes, among, |code| interval.holds(code))
            }
            (Self::Entries(entries), TypedBuffer::Strings(codes, _)) => {
                matching(codes, among, |code| {
                    entries.get(code as usize).is_some_and(|entry| *entry == 1)
                })
            }
            (Self::Ints(interval), TypedBuffer::Ints(values)) => {
                matching(values, among, |value| interval.holds(value))
            }
            (Self::Floats(interval, _), TypedBuffer::Floats(values)) => {
                matching(values, among, |value| interval.holds(value))
            }
            (Self::Values, TypedBuffer::Ints(values)) => predicate.ints(values, among),
            (Self::Values, TypedBuffer::Floats(values)) => predicate.floats(values, among),
            (Self::Values, TypedBuffer::Bools(values)) => {
                let answers = [predicate.bool(false), predicate.bool(true)];
                matching(values, among, |value| answers[usize::from(value)])
            }
            (Self::Values, TypedBuffer::Strings(codes, dictionary)) => {
                super::matching(codes, among, |code| {
                    predicate.string(&dictionary.text(code))
                })
            }
            // A test is made for the type of its buffer.
            _ => [0; CHUNK_WORDS],
        }
    }
}

/// The rows of `among` whose value passes a test that is quick and asks for nothing outside, so that it may be made of any value.
#[inline]
fn matching<T: Copy>(buffer: &ChunkBuffer<T>, among: &Bits, test: impl Fn(T) -> bool) -> Bits {
    if count(among) < MANY_ROWS {
        return super::matching(buffer, among, test);
    }
    let mut matched = [0; CHUNK_WORDS];
    for (word, values) in matched.iter_mut().zip(buffer.values.chunks_exact(64)) {
        let mut answers = [0_u8; 64];
        for (answer, value) in answers.iter_mut().zip(values) {
            *answer = u8::from(test(*value));
        }
        for (index, eight) in answers.as_chunks::<8>().0.iter().enumerate() {
            *word |= low_bits(u64::from_le_bytes(*eight)) << (index * 8);
        }
    }
    and(&mut matched, &buffer.present);
    and(&mut matched, among);
    matched
}

/// The lowest bits of eight bytes, which have no others, as one byte: the product moves each to its place in the highest byte.
fn low_bits(bytes: u64) -> u64 {
    bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

fn count(bits: &Bits) -> u32 {
    bits.iter().map(|word| word.count_ones()).sum()
}

fn or_and(bits: &mut Bits, left: &Bits, right: &Bits) {
    for ((bits, left), right) in bits.iter_mut().zip(left).zip(right) {
        *bits |= left & right;
    }
}
