//! Ids of other rows read back, wherever those rows are.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn id(number: i64) -> Value {
    let id = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed());
    Value::String(format!("{id:016x}"))
}

fn wide_id(number: i64) -> Value {
    let id = (i128::from(number) + 1) << 70 | i128::from(number);
    Value::String(format!("{id:032x}"))
}

/// The layout and the presence of the parents in a block.
fn kind_of_parents(encoded: &EncodedBlock) -> Option<(u8, u8)> {
    let mut columns = encoded.columns.iter();
    let parents = columns.find(|entry| &*entry.name == "trace.parent_id")?;
    Some((parents.layout, parents.presence))
}

#[test]
fn a_row_without_a_parent_among_rows_that_all_refer_to_one() {
    // Without an exception, the smallest distance of a chunk is not 0: that is not what absent ones stand at.
    for (gap, has_spans_in_gaps) in [(20, true), (100, true), (20, false)] {
        let rows: Vec<Row> = (0..1100)
            .map(|row| {
                let mut fields = Vec::new();
                let is_gap = row % gap == 0;
                if !is_gap || has_spans_in_gaps {
                    fields.push(("trace.span_id".to_owned(), id(row)));
                }
                if !is_gap && (row % gap != 1 || has_spans_in_gaps) {
                    fields.push(("trace.parent_id".to_owned(), id(row - 1)));
                }
                Row {
                    time: row,
                    rate: 1,
                    fields,
                }
            })
            .collect();
        let (encoded, rows) = encode(&[rows]);
        let kind = (LAYOUT_ID_REFERENCES, PRESENCE_BITMAP);
        assert_eq!(kind_of_parents(&encoded), Some(kind));
        check(
            &Source::Block(Arc::new(open(encoded.bytes).unwrap())),
            &rows,
        );
    }
}

/// Rows in several runs, out of order, with parents of every sort.
fn runs_of_spans(count: i64, rng: &mut StdRng) -> Vec<Vec<Row>> {
    fn one_of<T: Copy>(of: &[T], rng: &mut StdRng) -> T {
        of[rng.random_range(0..of.len())]
    }
    // In every other block nothing is odd but that some have no parent.
    let is_plain = rng.random_bool(0.5);
    let odd_share = |of: &[f64], rng: &mut StdRng| match is_plain {
        true => 0.0,
        false => one_of(of, rng),
    };
    let spanless_share = odd_share(&[0.0, 0.05, 0.5, 0.95], rng);
    let stranger_share = odd_share(&[0.0, 0.001, 0.05, 0.6], rng);
    let twin_share = odd_share(&[0.0, 0.02, 0.3], rng);
    let far_share = odd_share(&[0.0, 0.0, 0.01], rng);
    let wide_share = odd_share(&[0.0, 0.0, 1.0, 0.001], rng);
    let parent_share = one_of(&[1.0, 0.98, 0.9, 0.9, 0.5, 0.05], rng);
    let reach = one_of(&[1, 5, 300], rng);
    let ahead = one_of(&[0, 0, 0, 40], rng);
    let jitter = one_of(&[1, 1, 50, 5000], rng);
    let is_wide: Vec<bool> = (0..count).map(|_| rng.random_bool(wide_share)).collect();
    let id_of = |row: i64| match usize::try_from(row).ok().and_then(|row| is_wide.get(row)) {
        Some(true) => wide_id(row),
        _ => id(row),
    };
    let mut runs = vec![Vec::new(); rng.random_range(1..5)];
    for row in 0..count {
        let mut fields = Vec::new();
        if rng.random_bool(parent_share) {
            let parent = if rng.random_bool(stranger_share) {
                row + count * 7
            } else if rng.random_bool(far_share) {
                rng.random_range(0..count)
            } else {
                row - rng.random_range(1..=reach) + rng.random_range(0..=ahead)
            };
            // Whoever begins has no parent, unless everyone has one.
            if parent >= 0 || parent_share == 1.0 {
                fields.push(("trace.parent_id".to_owned(), id_of(parent)));
            }
        }
        if !rng.random_bool(spanless_share) {
            let is_twin = rng.random_bool(twin_share);
            let span = row - i64::from(is_twin);
            fields.push(("trace.span_id".to_owned(), id_of(span)));
        }
        let run = rng.random_range(0..runs.len());
        runs[run].push(Row {
            time: (row + rng.random_range(0..jitter)) / 3,
            rate: 1,
            fields,
        });
    }
    runs.retain(|rows: &Vec<Row>| !rows.is_empty());
    runs
}

#[test]
fn spans_of_several_runs_read_back_and_merge() {
    let mut kinds = BTreeSet::new();
    for seed in 0..40 {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let count = [40, 90, 600, 1100][rng.random_range(0..4)];
        let runs = runs_of_spans(count, &mut rng);
        let (encoded, rows) = encode(&runs);
        kinds.extend(kind_of_parents(&encoded));
        // The same rows, as blocks and as runs.
        let inputs = runs.iter().map(|rows| {
            let sealed = run(rows);
            let source = match rng.random_bool(0.7) {
                true => {
                    let part = encode_block(&[sealed]);
                    Source::Block(Arc::new(open(part.bytes).unwrap()))
                }
                false => Source::Run(sealed),
            };
            source.into()
        });
        let inputs: Vec<BlockInput> = inputs.collect();
        let merged = encode_sources(&inputs, &|_| true).unwrap().unwrap();
        assert!(merged.bytes == encoded.bytes, "byte by byte");
        let block = Arc::new(open(encoded.bytes).unwrap());
        check(&Source::Block(Arc::clone(&block)), &rows);
        let again = encode_sources(&[Source::Block(block).into()], &|_| true);
        assert!(again.unwrap().unwrap().bytes == merged.bytes);
    }
    for presence in 1..=3 {
        let kind = (LAYOUT_ID_REFERENCES, presence);
        assert!(kinds.contains(&kind), "no test of {kind:?}");
    }
}

#[test]
fn many_spans_read_back() {
    for seed in 0..2 {
        let mut rng = StdRng::seed_from_u64(seed);
        let row = |row: i64| {
            let is_root = row % 12 == 0;
            let mut fields = vec![("trace.span_id".to_owned(), id(row))];
            if !is_root {
                let parent = row - rng.random_range(1..=row % 12);
                fields.push(("trace.parent_id".to_owned(), id(parent)));
            }
            Row {
                time: row / 12 * 12 + row % 12 / 3,
                rate: 1,
                fields,
            }
        };
        let rows: Vec<Row> = (0..60_000).map(row).collect();
        // Traces come from several senders at once.
        let mut runs = vec![Vec::new(); 3];
        for (number, trace) in rows.chunks(12 * 7).enumerate() {
            runs[(number + seed as usize) % 3].extend_from_slice(trace);
        }
        let (encoded, rows) = encode(&runs);
        let kind = (LAYOUT_ID_REFERENCES, PRESENCE_BITMAP);
        assert_eq!(kind_of_parents(&encoded), Some(kind));
        let block = open(encoded.bytes).unwrap();
        for name in ["trace.span_id", "trace.parent_id"] {
            let column = block.column(name).unwrap().unwrap();
            for (number, row) in (0..).zip(&rows) {
                let mut fields = row.fields.iter();
                let expected = fields.find(|(field, _)| field == name);
                assert_eq!(
                    column.value(number).as_ref(),
                    expected.map(|field| &field.1)
                );
            }
        }
    }
}

#[test]
fn parents_of_every_kind_read_back_and_merge() {
    for seed in 0..12 {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let span_share = [1.0, 0.95, 0.5, 0.05][seed as usize % 4];
        let parent_share = [1.0, 0.95, 0.5, 0.05][rng.random_range(0..4)];
        let count: i64 = [300, 1024, 2500][rng.random_range(0..3)];
        let reach: i64 = [5, 300][rng.random_range(0..2)];
        let rows: Vec<Row> = (0..count)
            .map(|row| {
                let mut fields = Vec::new();
                if rng.random_bool(span_share) {
                    fields.push(("trace.span_id".to_owned(), id(row)));
                }
                if rng.random_bool(parent_share) {
                    let parent = match rng.random_range(0..20) {
                        0 => row + count * 7,
                        1 => rng.random_range(0..count),
                        2 if seed % 3 == 0 => row,
                        _ if seed % 2 == 0 => row + rng.random_range(-reach..reach),
                        _ => row - rng.random_range(0..reach),
                    };
                    fields.push(("trace.parent_id".to_owned(), id(parent)));
                }
                Row {
                    time: row / 3,
                    rate: 1,
                    fields,
                }
            })
            .collect();
        let (encoded, rows) = encode(&[rows]);
        let block = Arc::new(open(encoded.bytes.clone()).unwrap());
        check(&Source::Block(Arc::clone(&block)), &rows);
        let merged = encode_sources(&[Source::Block(block).into()], &|_| true);
        assert!(merged.unwrap().unwrap().bytes == encoded.bytes);
    }
}
