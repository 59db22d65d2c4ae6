use super::*;
use crate::filter::Remembered;
use crate::relation::TRACE_ID;
use crate::relation::traces::Numbered;
use crate::testing::{watch, watch_of_bytes};
use std::collections::BTreeMap;
use waggle_model::{DatasetId, EventBatch};
use waggle_store::Source;
use waggle_store::column::Interner;
use waggle_store::memtable::RunBuilder;

fn dictionary(traces: impl Iterator<Item = u32>) -> Arc<Dictionary> {
    let mut interner = Interner::default();
    for trace in traces {
        interner.intern(&format!("{trace:032x}"));
    }
    Arc::new(interner.into_dictionary())
}

fn config() -> EngineConfig {
    EngineConfig {
        threads: 2,
        thread_rows_min: 100,
        ..EngineConfig::default()
    }
}

fn number(known: &Known, dictionaries: &[Arc<Dictionary>]) -> Vec<Arc<[u32]>> {
    let dictionaries: Vec<_> = dictionaries.iter().cloned().map(Some).collect();
    let numbers = known.number(&dictionaries, &config(), &watch()).unwrap();
    numbers.into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_trace_has_one_number_wherever_it_is_and_shares_it_with_no_other() {
    // Parts of the traces in other orders, most of them in several dictionaries.
    let dictionaries: Vec<Arc<Dictionary>> = (0..6)
        .map(|part| dictionary((0..9_000).map(move |at| (at * 7 + part * 5_000) % 31_000)))
        .collect();
    let known = Known::new();
    // Two queries at once, which begin at other ends.
    let mut all = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut turned = dictionaries.clone();
            turned.reverse();
            number(&known, &turned)
        });
        let mut one = number(&known, &dictionaries);
        one.extend(other.join().unwrap());
        one
    });
    let theirs = all.split_off(6);
    let theirs = theirs.iter().rev();
    assert!(all.iter().zip(theirs).all(|(one, other)| one == other));
    let mut number_of = BTreeMap::new();
    for (dictionary, numbers) in dictionaries.iter().zip(&all) {
        assert_eq!(numbers.len(), dictionary.len());
        for (code, number) in (0..).zip(numbers.iter()) {
            assert!((*number as usize) < known.count());
            let first = number_of.entry(dictionary.hash(code)).or_insert(*number);
            assert_eq!(first, number);
        }
    }
    let distinct: std::collections::BTreeSet<u32> = number_of.values().copied().collect();
    assert_eq!(distinct.len(), number_of.len());
    // A bit per number, so there must not be many that nothing has.
    assert!(known.count() < number_of.len() * 3 / 2, "{}", known.count());
}

#[test]
fn numbers_are_remembered_up_to_a_limit_and_given_anew_beyond() {
    let dictionaries = [dictionary(0..5_000), dictionary(2_000..7_000)];
    let ample = TraceNumbers::new(1 << 20);
    let known = ample.known();
    let first = number(&known, &dictionaries);
    ample.keep(&known);
    assert!(Arc::ptr_eq(&known, &ample.known()));
    let again = number(&ample.known(), &dictionaries);
    assert!(Arc::ptr_eq(&first[0], &again[0]) && Arc::ptr_eq(&first[1], &again[1]));

    let tight = TraceNumbers::new(10_000);
    let known = tight.known();
    number(&known, &dictionaries);
    tight.keep(&known);
    assert!(!Arc::ptr_eq(&known, &tight.known()));
    assert_eq!(tight.known().count(), 0);
}

/// What a query numbers is its memory, so that one over too many traces is refused and not the process killed.
#[test]
fn numbering_is_memory_of_the_query() {
    let watch = watch_of_bytes(50_000);
    let known = Known::new();
    let refused = known.number(&[Some(dictionary(0..50_000))], &config(), &watch);
    assert!(matches!(
        refused,
        Err(ExecError::Query(QueryError::TooLarge { what: "bytes", .. }))
    ));
}

/// What it has numbered before it is refused is nobody's memory afterwards, so it must not stay beyond what may be remembered.
#[test]
fn a_refused_query_leaves_no_numbers_behind() {
    const BYTES_MAX: usize = 10_000;
    const TRACES: u32 = 50_000;
    let mut batch = EventBatch::new("d");
    for trace in 0..TRACES {
        batch.begin_row();
        batch.put_str(TRACE_ID, format!("{trace:032x}"));
        batch.end_row(i64::from(trace), 1);
    }
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    let sources = [Source::Run(Arc::new(run.seal()))];
    let remembered = Remembered::new(0, BYTES_MAX);
    // Enough to sort the ids and for some of the tables.
    let sorted_bytes = TRACES as usize * (size_of::<(u64, u32)>() + size_of::<u32>());
    let watch = watch_of_bytes(sorted_bytes as u64 + 100_000);
    let known = remembered.traces.known();
    let refused = Numbered::new(&sources, &remembered, &config(), &watch);
    assert!(matches!(
        refused,
        Err(ExecError::Query(QueryError::TooLarge { what: "bytes", .. }))
    ));
    assert!(known.bytes() > BYTES_MAX, "nothing was numbered");
    let left = remembered.traces.known().bytes();
    assert!(left <= BYTES_MAX, "{left} bytes");
}

#[test]
fn the_traces_of_a_hundred_million_spans_have_room_by_default() {
    // What the benchmark `growth` has: tables double all at once, at seven eighths of a power of two.
    const TRACES: usize = 8_300_000;
    let table = Table::with_capacity_and_hasher(TRACES / TABLES, BuildHasherDefault::default());
    let bytes = table.allocation_size() * TABLES + TRACES * size_of::<u32>();
    let bytes_max = EngineConfig::default().trace_numbers_bytes_max;
    assert!(bytes <= bytes_max, "{bytes} bytes of {bytes_max}");
}
