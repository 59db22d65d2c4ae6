use super::*;

fn strings(batch: &EventBatch, name: &str) -> Vec<(u32, String)> {
    let column = batch
        .columns()
        .iter()
        .find(|column| &*column.name == name)
        .unwrap();
    column
        .strings
        .rows
        .iter()
        .zip(&column.strings.codes)
        .map(|(&row, &code)| (row, column.strings.entry(code).to_owned()))
        .collect()
}

#[test]
fn first_writer_of_a_column_wins_within_a_row_only() {
    let mut batch = EventBatch::new("d");
    batch.begin_row();
    assert!(batch.put_str("name", "span"));
    assert!(!batch.put_str("name", "resource"));
    assert!(!batch.put_int("name", 7));
    batch.end_row(1, 1);
    batch.begin_row();
    assert!(batch.put_int("name", 7));
    batch.end_row(2, 0);
    assert_eq!(strings(&batch, "name"), [(0, "span".to_owned())]);
    assert_eq!(batch.columns()[0].ints.rows, [1]);
    assert_eq!(batch.sample_rates(), [1, 1]);
}

#[test]
fn repeated_text_is_stored_once() {
    let mut batch = EventBatch::new("d");
    for row in 0..100 {
        batch.begin_row();
        batch.put_str("service.name", "checkout");
        batch.end_row(row, 1);
    }
    assert_eq!(batch.columns()[0].strings.entry_count(), 1);
    assert_eq!(batch.columns()[0].strings.rows.len(), 100);
}

#[test]
fn an_aborted_row_leaves_its_neighbours_as_they_were() {
    let mut batch = EventBatch::new("d");
    batch.begin_row();
    batch.put_str("a", "x");
    batch.end_row(1, 1);
    batch.begin_row();
    batch.put_str("a", "x");
    batch.put_float("b", 1.5);
    assert_eq!(batch.row_column_count(), 2);
    batch.abort_row();
    batch.begin_row();
    assert!(!batch.has("a"));
    batch.put_str("a", "z");
    batch.end_row(3, 1);
    assert_eq!(
        strings(&batch, "a"),
        [(0, "x".to_owned()), (1, "z".to_owned())]
    );
    assert_eq!(batch.columns()[1].value_count(), 0);
    assert_eq!(batch.len(), 2);
}

#[test]
fn broken_parts_are_refused() {
    let column = |rows: Vec<u32>, codes: Vec<u32>, ends: Vec<u32>, bytes: &[u8]| {
        BatchColumn::from_parts(
            "a".into(),
            StringValues {
                rows,
                codes,
                ends,
                bytes: bytes.to_vec(),
            },
            TypedValues::default(),
            TypedValues::default(),
            TypedValues::default(),
        )
    };
    let build = |column| {
        EventBatch::from_parts("d".into(), vec![1, 2], vec![1, 1], vec![column]).map(|_| ())
    };
    assert_eq!(build(column(vec![0, 1], vec![0, 0], vec![1], b"x")), Ok(()));
    assert!(build(column(vec![1, 0], vec![0, 0], vec![1], b"x")).is_err());
    assert!(build(column(vec![0, 2], vec![0, 0], vec![1], b"x")).is_err());
    assert!(build(column(vec![0, 1], vec![0, 1], vec![1], b"x")).is_err());
    assert!(build(column(vec![0, 1], vec![0, 0], vec![2], b"x")).is_err());
    assert!(build(column(vec![0, 1], vec![0, 0], vec![1], b"\xff")).is_err());
    assert!(build(column(vec![0], vec![0, 0], vec![1], b"x")).is_err());
}

#[test]
fn a_filled_column_has_one_value_in_every_row() {
    let mut batch = EventBatch::new("d");
    for row in 0..3 {
        batch.begin_row();
        batch.put_int("n", row);
        if row == 1 {
            batch.put_str("at", "somewhere else");
        }
        batch.end_row(row, 1);
    }
    for value in [7, 8] {
        batch.fill_int("at", value);
        batch.fill_int("new", value);
        assert_eq!(batch.columns().len(), 3);
        for name in ["at", "new"] {
            let mut columns = batch.columns().iter();
            let column = columns.find(|column| &*column.name == name).unwrap();
            assert_eq!(column.ints.rows, [0, 1, 2]);
            assert_eq!(column.ints.values, [value; 3]);
            assert_eq!(column.value_count(), 3);
        }
    }
    batch.begin_row();
    assert!(batch.put_int("new", 9));
    batch.end_row(3, 1);
    assert_eq!(batch.columns()[2].ints.values, [8, 8, 8, 9]);
}
