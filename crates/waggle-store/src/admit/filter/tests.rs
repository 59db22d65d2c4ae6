use super::*;
use waggle_model::ValueRef;

fn batch(rows: &[u32]) -> EventBatch {
    let mut batch = EventBatch::new("d");
    for &row in rows {
        batch.begin_row();
        batch.put_int("all", i64::from(row));
        if row % 2 == 0 {
            batch.put("mixed", ValueRef::Bool(row % 4 == 0));
        } else {
            batch.put(
                "mixed",
                ValueRef::String(if row % 3 == 0 { "x" } else { "y" }),
            );
        }
        if row == 5 {
            batch.put_float("rare", 0.5);
        }
        batch.end_row(i64::from(row), row + 1);
    }
    batch
}

/// Compares by what each row holds: entries of texts may be numbered differently.
fn rows(batch: &EventBatch) -> Vec<String> {
    (0..batch.len())
        .map(|row| {
            let mut text = format!(
                "{} x{}",
                batch.timestamps_ns()[row],
                batch.sample_rates()[row]
            );
            for column in batch.columns() {
                let at = |rows: &[u32]| rows.iter().position(|r| *r as usize == row);
                if let Some(slot) = at(&column.strings.rows) {
                    text += column.strings.entry(column.strings.codes[slot]);
                }
                if let Some(slot) = at(&column.ints.rows) {
                    text += &format!(" {}={}", column.name, column.ints.values[slot]);
                }
                if let Some(slot) = at(&column.floats.rows) {
                    text += &format!(" {}={}", column.name, column.floats.values[slot]);
                }
                if let Some(slot) = at(&column.bools.rows) {
                    text += &format!(" {}={}", column.name, column.bools.values[slot]);
                }
            }
            text
        })
        .collect()
}

#[test]
fn the_rows_that_stay_are_the_rows_that_were() {
    let all: Vec<u32> = (0..10).collect();
    for mask in 0..1_u32 << 10 {
        let (dropped, kept): (Vec<u32>, Vec<u32>) =
            all.iter().partition(|&&row| mask >> row & 1 == 1);
        let filtered = without_rows(&batch(&all), &dropped);
        assert_eq!(rows(&filtered), rows(&batch(&kept)), "dropped {dropped:?}");
    }
}
