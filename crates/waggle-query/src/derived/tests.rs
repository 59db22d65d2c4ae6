use super::*;
use crate::testing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use waggle_model::Value;
use waggle_testkit::{Event, random_events, random_formula};

const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 1_000_000_000_000,
};

fn field(name: &str, expression: &str) -> CalculatedField {
    CalculatedField {
        name: name.to_owned(),
        expression: expression.to_owned(),
    }
}

fn extended(fields: &[CalculatedField], source: Source, range: TimeRange) -> Source {
    let derived = DerivedColumns::new(fields).unwrap();
    let snapshot = Snapshot {
        sources: vec![source],
    };
    let watch = Arc::new(testing::watch());
    let mut extended = extend(&derived, &snapshot, range, &watch).unwrap();
    extended.sources.remove(0)
}

fn extend(
    derived: &DerivedColumns,
    snapshot: &Snapshot,
    range: TimeRange,
    watch: &Arc<Watch>,
) -> Result<Snapshot, ExecError> {
    let config = EngineConfig::default();
    derived.extend(
        snapshot,
        crate::plan::steps_of(range, None)?,
        &config,
        &Arc::default(),
        watch,
    )
}

fn is_same(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        // NaN is itself here, and -0 is not 0.
        (Some(Value::Float(left)), Some(Value::Float(right))) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

#[test]
fn a_column_has_in_every_row_the_value_of_the_naive_evaluator() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        let count = [3, 70, 1_100][rng.random_range(0..3)];
        let mut events = random_events(&mut rng, count, RANGE);
        // Blocks are sorted by time.
        events.sort_by_key(|event| event.timestamp_ns);
        for event in &mut events {
            event.dataset = waggle_model::DatasetId(1);
        }
        let rows: Vec<&Event> = events.iter().collect();
        let source = testing::source(&rows, rng.random_bool(0.7));
        let formulas: Vec<_> = (0..4).map(|_| random_formula(&mut rng, 4)).collect();
        let fields: Vec<CalculatedField> = formulas
            .iter()
            .enumerate()
            .map(|(index, formula)| field(&format!("derived {index}"), &formula.text()))
            .collect();
        if fields.iter().any(|field| field.expression.len() > 4_000) {
            continue;
        }
        let source = extended(&fields, source, TimeRange::ALL);
        for (formula, field) in formulas.iter().zip(&fields) {
            let column = source.column(&field.name).unwrap();
            for (row, event) in events.iter().enumerate() {
                let found = column.as_ref().and_then(|column| column.value(row as u32));
                let expected = formula.value(event);
                assert!(
                    is_same(found.as_ref(), expected.as_ref()),
                    "seed {seed}, row {row}: {}\n{event:?}\n{found:?} not {expected:?}",
                    field.expression
                );
            }
        }
    }
}

#[test]
fn a_field_reads_columns_and_hides_one_of_its_own_name() {
    let event = Event {
        timestamp_ns: 5,
        sample_rate: 1,
        dataset: waggle_model::DatasetId(1),
        fields: [("n".to_owned(), Value::Int(3))].into(),
    };
    let source = testing::source(&[&event], true);
    let fields = [field("n", "$n + 1"), field("m", "$n * 10")];
    let source = extended(&fields, source, TimeRange::ALL);
    let value = |name: &str| {
        source
            .column(name)
            .unwrap()
            .and_then(|column| column.value(0))
    };
    assert_eq!(value("n"), Some(Value::Float(4.0)));
    assert_eq!(value("m"), Some(Value::Float(30.0)));
    let mut names = source.column_names();
    names.sort();
    assert_eq!(names, ["m", "n"]);
}

#[test]
fn rows_outside_of_the_range_are_not_computed() {
    let events: Vec<Event> = (0..5_000)
        .map(|index| Event {
            timestamp_ns: index,
            sample_rate: 1,
            dataset: waggle_model::DatasetId(1),
            fields: [("n".to_owned(), Value::Int(index))].into(),
        })
        .collect();
    let rows: Vec<&Event> = events.iter().collect();
    let source = testing::source(&rows, true);
    let range = TimeRange {
        start_ns: 2_000,
        end_ns: 2_100,
    };
    let source = extended(&[field("more", "$n + 1")], source, range);
    let column = source.column("more").unwrap().unwrap();
    assert_eq!(column.value(2_050), Some(Value::Float(2_051.0)));
    assert_eq!(column.value(0), None);
    assert_eq!(column.value(4_999), None);
}

#[test]
fn wrong_fields_are_refused_by_name_and_place() {
    let error = |fields: &[CalculatedField]| DerivedColumns::new(fields).unwrap_err().to_string();
    assert_eq!(
        error(&[field("a", "$x"), field("b", "FOO($x)")]),
        "calculated_fields[1].expression: invalid function: FOO at line 1, column 1"
    );
    assert_eq!(
        error(&[field("a", "1"), field("a", "2")]),
        "calculated_fields[1].name: a is a calculated field already"
    );
    assert_eq!(
        error(&[field("", "1")]),
        "calculated_fields[0].name: a calculated field needs a name"
    );
    let many: Vec<CalculatedField> = (0..101).map(|n| field(&n.to_string(), "1")).collect();
    assert_eq!(error(&many), "calculated_fields: there may be at most 100");
    let derived = DerivedColumns::new(&[field("a", "$name"), field("b", "$any.name")]).unwrap();
    let watch = Arc::new(testing::watch());
    let error = extend(&derived, &Snapshot::default(), RANGE, &watch);
    assert!(matches!(
        error,
        Err(ExecError::Query(QueryError::Invalid { field, message }))
            if field == "calculated_fields[1].expression" && message.contains("any.name")
    ));
}

#[test]
fn a_query_that_is_out_of_memory_does_not_keep_columns() {
    let events = random_events(&mut StdRng::seed_from_u64(1), 2_000, RANGE);
    let rows: Vec<&Event> = events.iter().collect();
    let source = testing::source(&rows, false);
    let derived = DerivedColumns::new(&[field("a", "$duration_ms * 2")]).unwrap();
    let watch = Arc::new(testing::watch_of_bytes(1_000));
    let snapshot = Snapshot {
        sources: vec![source],
    };
    let extended = extend(&derived, &snapshot, RANGE, &watch).unwrap();
    let first = extended.sources[0].column("a").unwrap().unwrap();
    let again = extended.sources[0].column("a").unwrap().unwrap();
    assert!(Arc::ptr_eq(&first, &again), "whoever reads it shares it");
    let lent = Arc::downgrade(&first);
    drop((first, again));
    assert!(lent.upgrade().is_none(), "nobody keeps it");
    assert!(extended.sources[0].column("a").unwrap().is_some());
}
