use super::*;
use crate::column::ChunkBuffer;
use waggle_model::Value;

fn batch(rows: std::ops::Range<i64>) -> EventBatch {
    let mut batch = EventBatch::new("d");
    for row in rows {
        batch.begin_row();
        batch.put_str("name", if row % 2 == 0 { "even" } else { "odd" });
        if row % 10 == 0 {
            batch.put_int("mixed", row);
        } else if row % 10 == 1 {
            batch.put_str("mixed", "text");
        }
        batch.end_row(row, 1);
    }
    batch
}

#[test]
fn rows_of_several_batches_keep_their_values_and_types() {
    let mut builder = RunBuilder::new(DatasetId(1));
    builder.append(&batch(0..700));
    builder.append(&batch(700..3000));
    let run = builder.seal();
    assert_eq!(run.row_count(), 3000);
    assert_eq!(run.time_bounds_ns(), (0, 2999));
    let name = run.column("name").unwrap();
    assert_eq!(name.types.len(), 1);
    assert_eq!(name.types[0].dictionary().unwrap().len(), 2);
    let mixed = run.column("mixed").unwrap();
    assert_eq!(mixed.value(2500), Some(Value::Int(2500)));
    assert_eq!(mixed.value(2501), Some(Value::String("text".to_owned())));
    assert_eq!(mixed.value(2502), None);
    let mut ints = ChunkBuffer::default();
    mixed.types[1].read_ints(2, &mut ints);
    let present: Vec<usize> = (0..1024).filter(|&index| ints.has(index)).collect();
    assert_eq!(
        present.len(),
        (2048..3000).filter(|row| row % 10 == 0).count()
    );
    assert!(
        present
            .iter()
            .all(|&index| ints.values[index] == 2048 + index as i64)
    );
}
