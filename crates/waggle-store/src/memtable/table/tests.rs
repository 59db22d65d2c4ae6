use super::*;
use waggle_model::{EnvironmentId, TeamId};

fn table() -> Table {
    let tenant = Tenant {
        team: TeamId(1),
        environment: EnvironmentId(1),
    };
    Table::new(tenant, DatasetId(1))
}

fn batch(rows: i64) -> EventBatch {
    let mut batch = EventBatch::new("d");
    for row in 0..rows {
        batch.begin_row();
        batch.put_int("n", row);
        batch.end_row(row, 1);
    }
    batch
}

fn rows(runs: &[Arc<Run>]) -> Vec<u32> {
    runs.iter().map(|run| run.row_count()).collect()
}

#[test]
fn reading_again_without_new_rows_copies_nothing() {
    let table = table();
    table.insert(&batch(10));
    let first = table.read();
    let second = table.read();
    assert!(Arc::ptr_eq(&first[0], &second[0]));
    table.insert(&batch(1));
    assert_eq!(rows(&table.read()), [11]);
    assert_eq!(rows(&first), [10]);
}

#[test]
fn reading_seals_a_large_open_run_and_filling_seals_a_full_one() {
    let table = table();
    table.insert(&batch(4_097));
    assert_eq!(rows(&table.read()), [4_097]);
    table.insert(&batch(5));
    assert_eq!(rows(&table.read()), [4_097, 5]);
    table.insert(&batch(65_536));
    table.insert(&batch(2));
    assert_eq!(rows(&table.read()), [4_097, 65_541, 2]);
    assert_eq!(rows(&table.seal()), [4_097, 65_541, 2]);
    assert_eq!(rows(&table.seal()), [4_097, 65_541, 2]);
    assert_eq!(table.row_count(), 69_640);
}
