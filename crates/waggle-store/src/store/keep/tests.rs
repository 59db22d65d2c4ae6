use super::*;
use crate::testing::{Bed, erasing, events, with_filters};
use std::path::Path;
use std::sync::atomic::Ordering;
use waggle_metastore::{DatasetChange, ErasureState, SqliteMetastore};
use waggle_model::{ColumnsDeleted, FilterSpec, TimeRange};

async fn done(bed: &Bed, id: i64) -> waggle_metastore::Erasure {
    let wait = async {
        loop {
            let found = bed.metastore.erasure(bed.tenant, ErasureId(id)).await;
            let erasure = found.unwrap().unwrap();
            if erasure.state != ErasureState::Running {
                return erasure;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .expect("the erasure ends")
}

async fn unprotect(bed: &Bed, dataset: DatasetId) {
    let open = DatasetChange {
        is_delete_protected: Some(false),
        ..DatasetChange::default()
    };
    let changed = bed
        .metastore
        .update_dataset(bed.tenant, dataset, open)
        .await;
    changed.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_dataset_is_gone_at_once_and_stays_gone() {
    let bed = Bed::new(1).await;
    let store = bed.open().await.unwrap();
    let outcome = bed.append(&store, vec![events("a", 0..3)]).await.unwrap();
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", 3..5), events("b", 5..6)])
        .await
        .unwrap();
    let dataset = outcome.datasets[0].unwrap();
    let refused = store.delete_dataset(bed.tenant, dataset).await;
    assert!(matches!(refused, Err(KeepError::Conflict(_))));
    assert_eq!(bed.numbers(&store), [0, 1, 2, 3, 4, 5]);
    unprotect(&bed, dataset).await;
    store.delete_dataset(bed.tenant, dataset).await.unwrap();
    assert_eq!(bed.numbers(&store), [5]);
    let again = store.delete_dataset(bed.tenant, dataset).await;
    assert!(matches!(again, Err(KeepError::NotFound(_))));
    // Its events are in the log still.
    store.kill().await;
    bed.disk.restart();
    let store = bed.open().await.unwrap();
    assert_eq!(bed.numbers(&store), [5]);
    store.flush().await.unwrap();
    assert_eq!(bed.numbers(&store), [5]);
}

/// How many events have the column `extra`.
fn extras(bed: &Bed, store: &Store) -> Vec<i64> {
    let scope = DatasetScope::All;
    let snapshot = store.snapshot(bed.tenant, &scope, TimeRange::ALL).unwrap();
    let mut found = Vec::new();
    for source in &snapshot.sources {
        let (number, extra) = (
            source.column("number").unwrap().unwrap(),
            source.column("extra"),
        );
        let Some(extra) = extra.unwrap() else {
            assert!(!source.column_names().contains(&"extra".to_owned()));
            continue;
        };
        for row in 0..source.row_count() {
            if extra.value(row).is_some()
                && let Some(Value::Int(number)) = number.value(row)
            {
                found.push(number);
            }
        }
    }
    found.sort_unstable();
    found
}

fn with_extra(numbers: std::ops::Range<i64>) -> waggle_model::EventBatch {
    let mut batch = waggle_model::EventBatch::new("a");
    for number in numbers {
        batch.begin_row();
        batch.put_int("number", number);
        batch.put_str("text", format!("event {number}"));
        batch.put_str("extra", format!("extra of {number}"));
        batch.put_int("more", number);
        batch.end_row(number, 1);
    }
    batch
}

async fn extra_column(bed: &Bed, dataset: DatasetId) -> ColumnId {
    let metastore = &bed.metastore;
    let column = metastore.column_by_name(bed.tenant, dataset, "extra").await;
    column.unwrap().unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_column_is_gone_at_once_and_stays_gone() {
    for flushed in [false, true] {
        let mut bed = Bed::new(2).await;
        bed.config.is_compacting = false;
        let store = bed.open().await.unwrap();
        let outcome = bed.append(&store, vec![with_extra(0..3)]).await.unwrap();
        let dataset = outcome.datasets[0].unwrap();
        store.flush().await.unwrap();
        bed.append(&store, vec![with_extra(3..5)]).await.unwrap();
        assert_eq!(extras(&bed, &store), [0, 1, 2, 3, 4]);
        let column = extra_column(&bed, dataset).await;
        let more = bed.metastore.column_by_name(bed.tenant, dataset, "more");
        let ids = [column.0.clone(), more.await.unwrap().unwrap().id.0];
        let deleted = store.delete_columns(bed.tenant, dataset, &ids).await;
        assert_eq!(deleted.unwrap().deleted, ids);
        assert_eq!(extras(&bed, &store), [0; 0]);
        assert_eq!(bed.numbers(&store), [0, 1, 2, 3, 4]);
        let again = store.delete_columns(bed.tenant, dataset, &ids).await;
        assert_eq!(again.unwrap(), ColumnsDeleted::default());

        // An event that comes later brings it anew, and keeps it.
        bed.append(&store, vec![with_extra(5..7)]).await.unwrap();
        assert_eq!(extras(&bed, &store), [5, 6]);
        assert_ne!(extra_column(&bed, dataset).await, column);
        if flushed {
            store.flush().await.unwrap();
            assert_eq!(extras(&bed, &store), [5, 6]);
        }
        store.kill().await;
        for _ in 0..2 {
            let reopened = reopen(&bed).await;
            assert_eq!(extras(&bed, &reopened), [5, 6]);
            assert_eq!(bed.numbers(&reopened), [0, 1, 2, 3, 4, 5, 6]);
            reopened.kill().await;
        }
        let store = reopen(&bed).await;
        store.flush().await.unwrap();
        assert_eq!(bed.metastore.hidden_columns().await.unwrap().len(), 2);
        store.compact().await.unwrap();
        assert_eq!(bed.metastore.hidden_columns().await.unwrap(), []);
        assert_eq!(bed.metastore.column_deletions().await.unwrap(), []);
        assert_eq!(extras(&bed, &store), [5, 6]);
        assert_eq!(bed.numbers(&store), [0, 1, 2, 3, 4, 5, 6]);
    }
}

async fn reopen(bed: &Bed) -> Arc<Store> {
    bed.disk.restart();
    bed.open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_take_old_blocks_and_leave_the_newest() {
    let mut bed = Bed::new(3).await;
    bed.config.is_compacting = false;
    let store = bed.open().await.unwrap();
    let mut dataset = None;
    for first in [0, 100, 200, 300] {
        let outcome = bed
            .append(&store, vec![events("a", first..first + 100)])
            .await
            .unwrap();
        dataset = outcome.datasets[0];
        store.flush().await.unwrap();
    }
    let dataset = dataset.unwrap();
    bed.append(&store, vec![events("b", 1_000..1_003)])
        .await
        .unwrap();
    store.flush().await.unwrap();
    bed.now_ns.store(500, Ordering::Relaxed);
    let age = |age_max_ns| RetentionLimits {
        age_max_ns: Some(age_max_ns),
        bytes_max: None,
    };
    let preview = store
        .preview_retention(bed.tenant, &[(dataset, age(300))])
        .await;
    assert_eq!(preview[0].event_count, 400);
    assert_eq!(preview[0].lost_event_count, 200);
    assert_eq!(preview[0].lost_through_ns, Some(199));
    assert_eq!(bed.numbers(&store).len(), 403);

    bed.metastore
        .set_environment_retention(bed.tenant, age(300), 1)
        .await
        .unwrap();
    store.sweep().await.unwrap();
    let expected: Vec<i64> = (200..400).chain(1_000..1_003).collect();
    assert_eq!(bed.numbers(&store), expected);
    // Another 75 later the oldest event is 75 too old, which is more than an eighth of the age: the block is written again.
    bed.now_ns.store(575, Ordering::Relaxed);
    store.sweep().await.unwrap();
    let expected: Vec<i64> = (275..400).chain(1_000..1_003).collect();
    assert_eq!(bed.numbers(&store), expected);

    // The dataset's own limits go before those of its environment: so much that only the newest block fits.
    let sizes: Vec<u64> = bed
        .metastore
        .blocks()
        .await
        .unwrap()
        .iter()
        .map(|b| b.block.length)
        .collect();
    let own = RetentionLimits {
        age_max_ns: Some(0),
        bytes_max: Some(*sizes[..2].iter().max().unwrap()),
    };
    bed.metastore
        .set_dataset_retention(bed.tenant, dataset, own, 1)
        .await
        .unwrap();
    bed.now_ns.store(10_000, Ordering::Relaxed);
    let environment = RetentionLimits::default();
    bed.metastore
        .set_environment_retention(bed.tenant, environment, 1)
        .await
        .unwrap();
    store.sweep().await.unwrap();
    let expected: Vec<i64> = (300..400).chain(1_000..1_003).collect();
    assert_eq!(bed.numbers(&store), expected);
    let files = bed.disk.mount().list(Path::new("/data/blocks")).unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_events_are_gone_and_the_others_stay() {
    let mut bed = Bed::new(4).await;
    with_filters(&mut bed);
    bed.config.is_compacting = false;
    let store = bed.open().await.unwrap();
    let outcome = bed
        .append(&store, vec![events("a", 0..100), events("b", 200..230)])
        .await
        .unwrap();
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", 100..120)])
        .await
        .unwrap();
    let a = outcome.datasets[0].unwrap();
    // Number 205 is in the other dataset, number 500 nowhere.
    let request = erasing(a, &[3, 50, 110, 205, 500]);
    assert_eq!(store.count_erasable(bed.tenant, &request).await.unwrap(), 3);
    assert_eq!(bed.numbers(&store).len(), 150);
    let id = store.erase(bed.tenant, request.clone()).await.unwrap();
    let erasure = done(&bed, id).await;
    assert_eq!(erasure.state, ErasureState::Done, "{erasure:?}");
    assert_eq!(erasure.row_count, 3);
    assert_eq!(erasure.asked.filter_text, "text in");
    let expected: Vec<i64> = (0..120)
        .filter(|number| ![3, 50, 110].contains(number))
        .chain(200..230)
        .collect();
    assert_eq!(bed.numbers(&store), expected);
    assert_eq!(store.count_erasable(bed.tenant, &request).await.unwrap(), 0);

    // A dataset of which nothing is left has no block any more.
    let all: Vec<i64> = (200..230).collect();
    let b = outcome.datasets[1].unwrap();
    let id = store.erase(bed.tenant, erasing(b, &all)).await.unwrap();
    assert_eq!(done(&bed, id).await.row_count, 30);
    let expected = &expected[..expected.len() - 30];
    assert_eq!(bed.numbers(&store), expected);
    store.kill().await;
    let store = reopen(&bed).await;
    assert_eq!(bed.numbers(&store), expected);
    let nobody = DatasetId(999);
    let refused = store.erase(bed.tenant, erasing(nobody, &[1])).await;
    assert!(matches!(refused, Err(KeepError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_start_goes_on_with_an_erasure() {
    let mut bed = Bed::new(5).await;
    let store = bed.open().await.unwrap();
    let outcome = bed.append(&store, vec![events("a", 0..4)]).await.unwrap();
    let request = erasing(outcome.datasets[0].unwrap(), &[1]);
    let refused = store.erase(bed.tenant, request.clone()).await;
    assert!(
        matches!(refused, Err(KeepError::Unavailable(_))),
        "no filters are wired"
    );
    let begun = record(bed.tenant, &request, 1);
    let metastore = Arc::clone(&bed.metastore);
    let begin = async |request: &[u8]| metastore.begin_erasure(&begun, request).await.unwrap();
    // Without filters, or with a request of another version, it can't.
    let unwired = begin(&erase::encode(&request)).await;
    let unreadable = begin(b"?").await;
    store.kill().await;
    let store = reopen(&bed).await;
    for id in [unwired, unreadable] {
        assert_eq!(done(&bed, id.0).await.state, ErasureState::Failed);
    }
    assert_eq!(bed.numbers(&store), [0, 1, 2, 3]);
    let id = begin(&erase::encode(&request)).await;
    store.kill().await;
    with_filters(&mut bed);
    let store = reopen(&bed).await;
    let erasure = done(&bed, id.0).await;
    assert_eq!((erasure.state, erasure.row_count), (ErasureState::Done, 1));
    assert_eq!(bed.numbers(&store), [0, 2, 3]);
    // One that had nothing left to do but to forget its request.
    let id = begin(b"").await;
    bed.metastore
        .forget_erased(id, bed.tenant, request.dataset, &ErasedValues::default())
        .await
        .unwrap();
    store.kill().await;
    let store = reopen(&bed).await;
    assert_eq!(done(&bed, id.0).await.state, ErasureState::Done);
    assert_eq!(bed.numbers(&store), [0, 2, 3]);
}

/// Erased means that nobody finds it on the disk: not in the log, not in a block, not in the metastore, not in what was set aside.
#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_what_was_erased() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut bed = Bed::new(6).await;
    with_filters(&mut bed);
    bed.config.data_dir.clone_from(&data);
    std::fs::create_dir_all(&data).unwrap();
    let metastore = SqliteMetastore::open(&data.join("metastore.sqlite"))
        .await
        .unwrap();
    bed.metastore = Arc::new(metastore);
    bed.tenant = crate::testing::new_tenant(&*bed.metastore, "one").await;
    let open = || {
        Store::open(
            bed.config.clone(),
            Arc::new(crate::disk::RealDisk),
            Arc::clone(&bed.metastore),
            waggle_model::Clock::fixed(1),
        )
    };
    let store = open().await.unwrap();
    let planted = "event 7777777";
    // The value is in a block of its own, in one with other values, and in the log.
    let outcome = bed
        .append(&store, vec![events("a", [7_777_777])])
        .await
        .unwrap();
    store.flush().await.unwrap();
    let numbers = (0..40).chain([7_777_777]);
    bed.append(&store, vec![events("a", numbers), events("b", 50..60)])
        .await
        .unwrap();
    store.flush().await.unwrap();
    bed.append(&store, vec![events("a", [7_777_777])])
        .await
        .unwrap();
    // So it is in a saved query, and in the answer to another one.
    let dataset = outcome.datasets[0].unwrap();
    let scope = DatasetScope::One(dataset);
    let filter = format!(r#"{{"filters":[{{"column":"text","op":"=","value":"{planted}"}}]}}"#);
    for spec in ["{}".to_owned(), filter] {
        let query = bed
            .metastore
            .create_query(bed.tenant, &scope, &spec, 1)
            .await
            .unwrap();
        let by = waggle_metastore::RunBy::Nobody;
        let created = bed
            .metastore
            .create_query_result(bed.tenant, &query.id, "{}", &by, 1);
        created.await.unwrap();
    }
    // And in a view of a board and a calculated field.
    let limits = waggle_metastore::ArtifactLimits {
        count_max: 10,
        bytes_max: 10_000,
    };
    let place = waggle_metastore::Place::default();
    let view = waggle_metastore::BoardView {
        name: "view".to_owned(),
        filters: vec![waggle_metastore::ViewFilter {
            column: "text".to_owned(),
            operation: "=".to_owned(),
            value: Some(planted.into()),
        }],
    };
    let field = waggle_metastore::DerivedColumn {
        alias: "is_it".to_owned(),
        expression: format!("EQUALS($text, `{planted}`)"),
        description: String::new(),
    };
    let made = bed
        .metastore
        .create_artifact(bed.tenant, &place, view, limits, 1);
    made.await.unwrap();
    let made = bed
        .metastore
        .create_artifact(bed.tenant, &place, field, limits, 1);
    made.await.unwrap();
    assert!(!grep(&data, planted).is_empty(), "it is there before");
    // A log file that was damaged once.
    std::fs::write(data.join("wal/0000000000000001.damaged"), planted).unwrap();

    let id = store
        .erase(bed.tenant, erasing(dataset, &[7_777_777]))
        .await
        .unwrap();
    let erasure = done(&bed, id).await;
    assert_eq!(erasure.state, ErasureState::Done, "{erasure:?}");
    assert_eq!(erasure.row_count, 3);
    assert_eq!(grep(&data, planted), [""; 0]);
    let expected: Vec<i64> = (0..40).chain(50..60).collect();
    assert_eq!(bed.numbers(&store), expected);
    // Nor is it in what a block's compression hides from grep: nobody who opens the folder finds it.
    store.kill().await;
    let store = open().await.unwrap();
    assert_eq!(bed.numbers(&store), expected);
    assert_eq!(grep(&data, planted), [""; 0]);
    let snapshot = store.snapshot(bed.tenant, &DatasetScope::All, TimeRange::ALL);
    assert_eq!(crate::testing::numbers(&snapshot.unwrap()), expected);
    store.shutdown().await.unwrap();
}

/// The files below a folder that have the text in them.
fn grep(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(grep(&path, text));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// What is looked for in what people kept: values whose events all go.
#[test]
fn only_values_that_single_events_out_are_looked_for() {
    let filter = |column: &str, op, value: Value| FilterSpec {
        column: column.to_owned(),
        op,
        value: FilterValue::One(value),
    };
    let text = |text: &str| Value::String(text.to_owned());
    let user = || filter("user", FilterOp::Equal, Value::Int(42));
    let status = || filter("status", FilterOp::Equal, Value::Int(500));
    let email = || filter("email", FilterOp::Equal, text("ada@b.c"));
    let of = |filters: Vec<FilterSpec>| EraseRequest {
        filters,
        ..erasing(DatasetId(1), &[])
    };
    let found = |texts: &[&str], numbers: &[(&str, &str)]| ErasedValues {
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        numbers: numbers
            .iter()
            .map(|(column, number)| ((*column).to_owned(), (*number).to_owned()))
            .collect(),
    };
    let nothing = ErasedValues::default();
    assert_eq!(values(&of(vec![user()])), found(&[], &[("user", "42")]));
    assert_eq!(values(&of(vec![email()])), found(&["ada@b.c"], &[]));
    let several = EraseRequest {
        filter_combination: FilterCombination::Or,
        ..of(vec![user(), email()])
    };
    assert_eq!(values(&several), found(&["ada@b.c"], &[("user", "42")]));
    // Other events have each of them.
    assert_eq!(values(&of(vec![status(), user()])), nothing);
    assert_eq!(values(&of(vec![email(), status()])), nothing);
    let of_an_hour = EraseRequest {
        range: TimeRange {
            start_ns: 0,
            end_ns: 3_600_000_000_000,
        },
        ..of(vec![status()])
    };
    assert_eq!(values(&of_an_hour), nothing);
    for (op, value, expected) in [
        (FilterOp::Greater, Value::Int(500), nothing.clone()),
        (FilterOp::NotEqual, text("ada@b.c"), nothing.clone()),
        (FilterOp::DoesNotContain, text("ada@b.c"), nothing.clone()),
        (
            FilterOp::Contains,
            text("ada@b.c"),
            found(&["ada@b.c"], &[]),
        ),
        (FilterOp::Equal, Value::Bool(true), nothing.clone()),
    ] {
        assert_eq!(
            values(&of(vec![filter("x", op, value)])),
            expected,
            "{op:?}"
        );
    }
}
