//! Whole queries over columns whose type somebody chose, and over datasets that call the parts of a trace by names of their own.

use super::check::check;
use super::{each_seed, random_count, random_range};
use crate::engine::EngineConfig;
use crate::exec::{Passes, States};
use crate::reading::{DatasetReading, MeantBy, Readings};
use crate::testing;
use crate::testing::{ByParts, Directly};
use rand::RngExt;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::Arc;
use waggle_expression::Expression;
use waggle_model::{
    ColumnType, DatasetId, FilterCombination, FilterOp, Meaning, QueryOptions, QuerySpec,
    RowRequest, Value,
};
use waggle_testkit::{
    COLUMNS, Event, Oracle, link_spans, matching, random_events, random_filter,
    random_related_filter, random_spec, read_as, spread_times, with_other_spans,
};

const TYPE_CASES: u64 = 400;
const KEPT_CASES: u64 = 40;
const NAME_CASES: u64 = 300;
const TYPES: [ColumnType; 4] = [
    ColumnType::String,
    ColumnType::Integer,
    ColumnType::Float,
    ColumnType::Boolean,
];

type Types = BTreeMap<(DatasetId, String), ColumnType>;

fn random_types(rng: &mut StdRng) -> Types {
    let mut types = Types::new();
    for _ in 0..rng.random_range(1..8) {
        let column = COLUMNS[rng.random_range(0..COLUMNS.len())].to_owned();
        let dataset = DatasetId(rng.random_range(1..=2));
        types.insert((dataset, column), TYPES[rng.random_range(0..TYPES.len())]);
    }
    types
}

fn readings(types: &Types) -> Readings {
    let mut datasets: hashbrown::HashMap<DatasetId, DatasetReading> = hashbrown::HashMap::new();
    for ((dataset, column), wanted) in types {
        let reading = datasets.entry(*dataset).or_default();
        reading.types.insert(column.clone(), *wanted);
    }
    Readings::new(datasets)
}

fn seen(events: &[Event], types: &Types) -> Vec<Event> {
    let mut seen = events.to_vec();
    for event in &mut seen {
        for ((dataset, column), wanted) in types {
            if event.dataset == *dataset {
                read_as(event, column, *wanted);
            }
        }
    }
    seen
}

fn random_config(rng: &mut StdRng) -> EngineConfig {
    EngineConfig {
        threads: rng.random_range(1..4),
        thread_rows_min: 100,
        one_pass_cells_max: [0, 300, 65_536][rng.random_range(0..3)],
        ..EngineConfig::default()
    }
}

#[test]
fn queries_of_columns_with_chosen_types_equal_the_oracle() {
    each_seed(0..TYPE_CASES, |rng| {
        let range = random_range(rng);
        let count = random_count(rng);
        let events = random_events(rng, count, range);
        let types = random_types(rng);
        let seen = seen(&events, &types);
        let spec = random_spec(rng, &seen, range);
        let snapshot = testing::snapshot(rng, &events);
        let snapshot = testing::read_by(&readings(&types), snapshot, range);
        let options = QueryOptions {
            disable_series: rng.random_bool(0.2),
            ..QueryOptions::default()
        };
        let config = random_config(rng);
        let passes: &dyn Passes = match rng.random_bool(0.5) {
            true => &Directly,
            false => &ByParts,
        };
        println!("{spec:?}\n{types:?} {range:?} {} events", events.len());
        let table = testing::query_by(passes, &snapshot, &spec, range, &options, &config).unwrap();
        let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
        check(&spec, &oracle, &table, &options);
    });
}

#[test]
fn rows_show_values_as_their_columns_are_read() {
    each_seed(0..TYPE_CASES / 4, |rng| {
        let range = random_range(rng);
        let mut events = random_events(rng, 200, range);
        spread_times(&mut events);
        let types = random_types(rng);
        let seen = seen(&events, &types);
        let filters = vec![random_filter(rng, &seen)];
        println!("{types:?} {filters:?}");
        let snapshot = testing::snapshot(rng, &events);
        let snapshot = testing::read_by(&readings(&types), snapshot, range);
        let request = RowRequest {
            by_definition: false,
            usage_mode: false,
            range,
            filters: filters.clone(),
            filter_combination: FilterCombination::And,
            calculated_fields: Vec::new(),
            granularity_ns: None,
            limit: 1_000,
            before: None,
        };
        let page = testing::rows(&snapshot, &request).unwrap();
        let mut expected = matching(&seen, range, &filters, FilterCombination::And);
        expected.sort_by_key(|event| std::cmp::Reverse(event.timestamp_ns));
        assert_eq!(page.rows.len(), expected.len());
        for (row, event) in page.rows.iter().zip(expected) {
            assert_eq!(row.timestamp_ns, event.timestamp_ns);
            let fields = row
                .fields
                .iter()
                .map(|(name, value)| (name, value.to_string()));
            let expected = event.fields.iter();
            let expected = expected.map(|(name, value)| (name, value.to_string()));
            assert_eq!(fields.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    });
}

/// Blocks stay, and so does what is kept of them: each choice of types must find its own.
#[test]
fn a_change_of_types_is_seen_at_once_and_so_is_its_end() {
    each_seed(0..KEPT_CASES, |rng| {
        let range = random_range(rng);
        let events = random_events(rng, 1_000, range);
        let mut inside = events;
        inside.retain(|event| range.contains(event.timestamp_ns) && event.dataset.0 == 1);
        if inside.is_empty() {
            return;
        }
        let rows: Vec<&Event> = inside.iter().collect();
        let snapshot = waggle_store::Snapshot {
            sources: vec![testing::source(&rows, true)],
        };
        let spec = QuerySpec {
            limit: Some(1_000),
            ..random_spec(rng, &inside, range)
        };
        let states = Arc::new(States::new(1 << 30));
        let options = QueryOptions::default();
        let config = random_config(rng);
        let (one, other) = (random_types(rng), random_types(rng));
        let none = Types::new();
        for types in [&none, &one, &other, &one, &none, &other] {
            println!("{types:?} {spec:?}");
            let seen = seen(&inside, types);
            let read = testing::read_by(&readings(types), snapshot.clone(), range);
            let table =
                testing::query_with(&states, &read, &spec, range, &options, &config).unwrap();
            let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
            check(&spec, &oracle, &table, &options);
        }
    });
}

/// What the second dataset calls things, one of them by a formula.
const OWN_NAMES: [(Meaning, &str); 6] = [
    (Meaning::TraceId, "tid"),
    (Meaning::SpanId, "sid"),
    (Meaning::ParentId, "pid"),
    (Meaning::AnnotationType, "note"),
    (Meaning::DurationMs, "took_ms"),
    (Meaning::Error, "failed"),
];

fn with_own_names(events: &[Event]) -> Vec<Event> {
    let mut renamed = events.to_vec();
    for event in renamed.iter_mut().filter(|event| event.dataset.0 == 2) {
        for (meaning, own) in OWN_NAMES {
            if let Some(value) = event.fields.remove(meaning.column()) {
                event.fields.insert(own.to_owned(), value);
            }
            // What is called as usual there means nothing.
            let decoy = Value::String("decoy".to_owned());
            event.fields.insert(meaning.column().to_owned(), decoy);
        }
    }
    renamed
}

fn own_names() -> Readings {
    let mut reading = DatasetReading::default();
    for (meaning, own) in OWN_NAMES {
        let by = match meaning {
            Meaning::DurationMs | Meaning::ParentId => {
                let expression = format!("COALESCE($nothing, ${own})");
                MeantBy::Field(Arc::new(Expression::parse(&expression).unwrap()))
            }
            _ => MeantBy::Column(own.to_owned()),
        };
        reading.chosen.insert(meaning, by);
    }
    Readings::new([(DatasetId(2), reading)].into_iter().collect())
}

#[test]
fn traces_of_datasets_with_names_of_their_own_equal_the_oracle() {
    each_seed(0..NAME_CASES, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(1..300);
        let mut events = random_events(rng, count, range);
        link_spans(rng, &mut events);
        spread_times(&mut events);
        // A formula takes an empty text for no value.
        for event in &mut events {
            event
                .fields
                .retain(|_, value| *value != Value::String(String::new()));
        }
        let mut spec = random_spec(rng, &events, range);
        spec.filter_combination = FilterCombination::And;
        for calculation in &mut spec.calculations {
            calculation.filter_combination = FilterCombination::And;
        }
        for breakdown in &mut spec.breakdowns {
            if rng.random_bool(0.5) {
                let prefix = ["root.", "parent.", "child."][rng.random_range(0..3)];
                breakdown.insert_str(0, prefix);
            }
        }
        spec.orders.retain(|order| order.op.is_some());
        let filters = (0..rng.random_range(0..3)).map(|_| random_related_filter(rng, &events));
        spec.filters.extend(filters.collect::<Vec<_>>());
        let snapshot = testing::snapshot(rng, &with_own_names(&events));
        let read = testing::read_by(&own_names(), snapshot, range).by_definition(None);
        let options = QueryOptions::default();
        let config = random_config(rng);
        println!("{spec:?}\n{range:?} {} events", events.len());
        let table = testing::query(&read, &spec, range, &options, &config).unwrap();
        let seen = with_other_spans(&events, range, &spec);
        let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
        check(&spec, &oracle, &table, &options);
    });
}

/// Other columns are read by their own names where nothing asks for meanings; which spans belong together is known all the same.
#[test]
fn relations_hold_where_columns_are_named_by_themselves() {
    each_seed(0..NAME_CASES / 3, |rng| {
        let range = random_range(rng);
        let count = rng.random_range(1..300);
        let mut events = random_events(rng, count, range);
        link_spans(rng, &mut events);
        spread_times(&mut events);
        for event in &mut events {
            event
                .fields
                .retain(|_, value| *value != Value::String(String::new()));
        }
        let mut filter = random_related_filter(rng, &events);
        while OWN_NAMES
            .iter()
            .any(|(meaning, _)| filter.column.ends_with(meaning.column()))
        {
            filter = random_related_filter(rng, &events);
        }
        let spec = QuerySpec {
            breakdowns: vec!["parent.status".to_owned(), "root.name".to_owned()],
            filters: vec![filter],
            ..QuerySpec::default()
        };
        let snapshot = testing::snapshot(rng, &with_own_names(&events));
        let read = testing::read_by(&own_names(), snapshot, range);
        let options = QueryOptions::default();
        let config = random_config(rng);
        println!("{spec:?}\n{range:?} {} events", events.len());
        let table = testing::query(&read, &spec, range, &options, &config).unwrap();
        let seen = with_other_spans(&events, range, &spec);
        let oracle = Oracle::new(&spec, &seen, range, table.granularity_ns);
        check(&spec, &oracle, &table, &options);
    });
}

#[test]
fn a_filter_on_a_chosen_type_is_not_pruned_by_what_is_stored() {
    let event = |number: i64, status: &str| Event {
        timestamp_ns: number,
        sample_rate: 1,
        dataset: DatasetId(1),
        fields: [("status".to_owned(), Value::String(status.to_owned()))].into(),
    };
    let events = [event(1, "200"), event(2, "404"), event(3, "fast")];
    let rows: Vec<&Event> = events.iter().collect();
    let range = waggle_model::TimeRange {
        start_ns: 0,
        end_ns: 1_000_000_000,
    };
    for is_block in [true, false] {
        let snapshot = waggle_store::Snapshot {
            sources: vec![testing::source(&rows, is_block)],
        };
        let types = [((DatasetId(1), "status".to_owned()), ColumnType::Integer)].into();
        let snapshot = testing::read_by(&readings(&types), snapshot, range);
        let request = RowRequest {
            by_definition: false,
            usage_mode: false,
            range,
            filters: vec![waggle_model::FilterSpec {
                column: "status".to_owned(),
                op: FilterOp::Greater,
                value: waggle_model::FilterValue::One(Value::Int(300)),
            }],
            filter_combination: FilterCombination::And,
            calculated_fields: Vec::new(),
            granularity_ns: None,
            limit: 10,
            before: None,
        };
        let page = testing::rows(&snapshot, &request).unwrap();
        let found: Vec<&Value> = page.rows.iter().map(|row| &row.fields[0].1).collect();
        assert_eq!(found, [&Value::Int(404)]);
    }
}
