use super::*;
use crate::column::Packed;
use std::sync::Arc;
use waggle_model::Value;

const ROW_COUNT: u32 = 5_000;

/// A column of integers that are ten times their row, in every layout.
fn layouts(rows: &[u32]) -> Vec<TypedColumn> {
    let mut words = vec![0_u64; (ROW_COUNT as usize).div_ceil(64)];
    for &row in rows {
        words[row as usize / 64] |= 1 << (row % 64);
    }
    let dense: Vec<i64> = (0..i64::from(ROW_COUNT)).map(|row| row * 10).collect();
    let sparse: Vec<i64> = rows.iter().map(|row| i64::from(*row) * 10).collect();
    let positions = Positions::new(Packed::new(rows), ROW_COUNT).unwrap();
    let column = |presence, values| TypedColumn::new(ROW_COUNT, presence, values);
    vec![
        column(Presence::Bits(words.into()), Values::Ints(dense.into())),
        column(
            Presence::Rows(rows.into()),
            Values::Ints(sparse.clone().into()),
        ),
        column(
            Presence::Positions(Arc::new(positions)),
            Values::PackedInts(Arc::new(Packed::new(&sparse))),
        ),
    ]
}

#[test]
fn picked_rows_are_those_that_were_asked_for_in_every_layout() {
    let every = |step: u32, first: u32| -> Vec<u32> {
        let rows = (first..ROW_COUNT).step_by(step as usize);
        rows.take(CHUNK_ROWS).collect()
    };
    let asked = [
        every(1, 990),
        every(3, 1),
        every(97, 0),
        every(4_999, 0),
        vec![],
    ];
    for present in [
        every(1, 0),
        every(2, 0),
        every(7, 3),
        every(1_500, 11),
        vec![],
    ] {
        for column in layouts(&present) {
            for rows in &asked {
                let mut out = ChunkBuffer::default();
                column.pick_ints(rows, &mut out);
                for (index, row) in rows.iter().enumerate() {
                    let value = out.has(index).then(|| Value::Int(out.values[index]));
                    assert_eq!(value, column.value(*row), "row {row}");
                }
                let count: u32 = out.present.iter().map(|word| word.count_ones()).sum();
                assert!(count as usize <= rows.len());
            }
        }
    }
}

#[test]
fn other_types_read_as_absent() {
    let column = &layouts(&[1, 2, 3])[0];
    let mut out = ChunkBuffer::default();
    column.pick_codes(&[1, 2], &mut out);
    assert!(out.is_empty());
}
