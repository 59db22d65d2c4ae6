use super::*;

fn rows(times_ns: impl IntoIterator<Item = i64>) -> Vec<Row> {
    times_ns
        .into_iter()
        .zip(0..)
        .map(|(at, row)| (at, 0, row))
        .collect()
}

fn lengths(rows: &[Row], cut: Cut) -> Vec<usize> {
    parts(rows, cut).iter().map(|part| part.len()).collect()
}

#[test]
fn rows_are_shared_out_evenly() {
    let rows = rows(0..100);
    assert_eq!(lengths(&rows, Cut::Even(1)), [100]);
    assert_eq!(lengths(&rows, Cut::Even(3)), [34, 34, 32]);
    assert_eq!(lengths(&rows[..2], Cut::Even(5)), [1, 1]);
    assert_eq!(lengths(&[], Cut::Even(2)), [0; 0]);
    assert_eq!(lengths(&[], Cut::Late), [0; 0]);
}

#[test]
fn a_few_rows_of_long_ago_get_a_block_of_their_own() {
    let evenly = rows((0..1_000).map(|row| row * 7));
    assert_eq!(lengths(&evenly, Cut::Late), [1_000]);
    let one_time = rows([5; 1_000]);
    assert_eq!(lengths(&one_time, Cut::Late), [1_000]);
    // A hundredth of the rows is spread over the day before the last ten minutes.
    let late = rows(
        (0..10)
            .map(|row| row * 8_640)
            .chain((0..990).map(|row| 86_400 + row)),
    );
    assert_eq!(lengths(&late, Cut::Late), [10, 990]);
    // Two equal halves of different days are no late rows: cutting them apart would undo the merge.
    let halves = rows((0..500).chain(1_000_000..1_000_500));
    assert_eq!(lengths(&halves, Cut::Late), [1_000]);
    assert_eq!(lengths(&rows(0..7), Cut::Late), [7]);
}
