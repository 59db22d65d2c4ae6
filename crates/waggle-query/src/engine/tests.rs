use super::*;
use waggle_model::{CalculationSpec, Cell, DatasetId, EnvironmentId, EventBatch, TeamId, Value};
use waggle_store::Source;
use waggle_store::memtable::RunBuilder;

const TENANT: Tenant = Tenant {
    team: TeamId(1),
    environment: EnvironmentId(1),
};
const RANGE: TimeRange = TimeRange {
    start_ns: 0,
    end_ns: 60_000_000_000,
};

/// A source that always shows the same events.
struct Fixed(Snapshot);

impl SnapshotSource for Fixed {
    fn snapshot(&self, _: Tenant, _: &DatasetScope, _: TimeRange) -> Result<Snapshot, ReadError> {
        Ok(self.0.clone())
    }
}

/// `count` rows, one a microsecond; `user` is different in each.
fn rows(count: i64) -> Snapshot {
    let mut batch = EventBatch::new("d");
    for row in 0..count {
        batch.begin_row();
        batch.put_str("name", ["a", "b", "c"][row as usize % 3]);
        batch.put_int("user", row);
        batch.end_row(row * 1_000, 1);
    }
    let mut run = RunBuilder::new(DatasetId(1));
    run.append(&batch);
    Snapshot {
        sources: vec![Source::Run(Arc::new(run.seal()))],
    }
}

fn engine(snapshot: Snapshot, config: EngineConfig, clock: Clock) -> (Arc<Engine>, Registry) {
    let mut registry = Registry::default();
    let engine = Engine::new(Arc::new(Fixed(snapshot)), config, clock, &mut registry);
    (Arc::new(engine), registry)
}

fn metrics(registry: &Registry) -> String {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
    text
}

fn by(breakdown: &str) -> QuerySpec {
    QuerySpec {
        calculations: vec![CalculationSpec {
            op: "COUNT".to_owned(),
            column: None,
        }],
        breakdowns: vec![breakdown.to_owned()],
        ..QuerySpec::default()
    }
}

async fn ask(engine: &Engine, spec: &QuerySpec) -> Result<ResultTable, QueryError> {
    engine
        .query(
            TENANT,
            DatasetScope::All,
            spec,
            RANGE,
            QueryOptions::default(),
        )
        .await
}

#[tokio::test]
async fn a_query_is_answered_and_counted() {
    let (engine, registry) = engine(rows(3_000), EngineConfig::default(), Clock::fixed(0));
    let table = ask(&engine, &by("name")).await.unwrap();
    assert_eq!(table.groups.len(), 3);
    assert_eq!(table.groups[0].key, [Some(Value::String("a".to_owned()))]);
    assert_eq!(table.groups[0].values, [Cell::Int(1_000)]);
    assert_eq!(table.total, [Cell::Int(3_000)]);
    assert!(
        ask(
            &engine,
            &QuerySpec {
                limit: Some(0),
                ..by("name")
            }
        )
        .await
        .is_err()
    );
    let metrics = metrics(&registry);
    for line in [
        "waggle_queries_started_total 1",
        "waggle_queries_finished_total{outcome=\"answered\"} 1",
        "waggle_query_rows_read_total 3000",
        "waggle_query_seconds_count 1",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
