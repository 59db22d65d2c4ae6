use super::*;
use crate::testing::new_tenant;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_metastore::SqliteMetastore;
use waggle_model::{DatasetScope, ValueRef};

struct Bed {
    metastore: Arc<dyn Metastore>,
    admission: Admission,
    tenant: Tenant,
    now_ns: Arc<AtomicI64>,
}

async fn bed(datasets_max: usize, columns_max: usize) -> Bed {
    let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::in_memory().await.unwrap());
    let now_ns = Arc::new(AtomicI64::new(100));
    let clock = {
        let now_ns = Arc::clone(&now_ns);
        Clock::new(move || now_ns.load(Ordering::Relaxed))
    };
    let limits = AdmitLimits {
        datasets_max,
        columns_max,
    };
    Bed {
        tenant: new_tenant(&*metastore, "one").await,
        admission: Admission::new(Arc::clone(&metastore), clock, limits, Box::new(|_| ())),
        metastore,
        now_ns,
    }
}

/// One row per list of fields.
fn batch(dataset: &str, rows: &[&[(&str, ValueRef<'_>)]]) -> EventBatch {
    let mut batch = EventBatch::new(dataset);
    for row in rows {
        batch.begin_row();
        for (name, value) in *row {
            batch.put(name, *value);
        }
        batch.end_row(7, 1);
    }
    batch
}

fn one(dataset: &str) -> EventBatch {
    batch(dataset, &[&[("a", ValueRef::Int(1))]])
}

async fn types(bed: &Bed, dataset: DatasetId) -> Vec<(String, ColumnType)> {
    let columns = bed.metastore.columns(bed.tenant, dataset).await.unwrap();
    let mut types: Vec<_> = columns
        .into_iter()
        .map(|column| (column.key_name, column.column_type))
        .collect();
    types.sort();
    types
}

impl Bed {
    async fn admit(&self, batches: Vec<EventBatch>) -> Admitted {
        let admitted = self.admission.admit(self.tenant, batches, true).await;
        admitted.unwrap()
    }
}

#[tokio::test]
async fn spellings_of_a_name_are_one_dataset() {
    let bed = bed(10, 10).await;
    let batches = ["My App", "my app", "my-app", "MY-APP"].map(one).to_vec();
    let outcome = bed.admit(batches).await.outcome;
    assert_eq!(outcome.accepted_count, 4);
    assert!(outcome.datasets[0].is_some());
    assert!(outcome.datasets.iter().all(|id| *id == outcome.datasets[0]));
}

#[tokio::test]
async fn what_may_not_be_made_is_refused_and_neighbours_are_kept() {
    let bed = bed(2, 10).await;
    bed.admit(vec![one("known")]).await;
    let batches = vec![one("known"), one("new"), EventBatch::new("known")];
    let admitted = bed.admission.admit(bed.tenant, batches, false).await;
    let admitted = admitted.unwrap();
    assert_eq!(admitted.outcome.accepted_count, 1);
    assert_eq!(admitted.outcome.datasets[1..], [None, None]);
    assert_eq!(
        admitted.outcome.rejects,
        [Reject {
            batch: 1,
            row: 0,
            reason: RejectReason::UnknownDataset
        }]
    );
    let batches = vec![one("second"), one("third"), one("__all__"), one("known")];
    let outcome = bed.admit(batches).await.outcome;
    let reasons: Vec<_> = outcome
        .rejects
        .iter()
        .map(|reject| (reject.batch, reject.reason))
        .collect();
    assert_eq!(
        reasons,
        [
            (1, RejectReason::TooManyDatasets),
            (2, RejectReason::UnknownDataset)
        ]
    );
    assert_eq!(outcome.accepted_count, 2);
}

#[tokio::test]
async fn types_widen_and_are_registered_once() {
    let bed = bed(10, 10).await;
    let row = |value| batch("d", &[&[("a", value)]]);
    let dataset = bed
        .admit(vec![row(ValueRef::Int(1))])
        .await
        .outcome
        .datasets[0]
        .unwrap();
    let expected = |column_type| vec![("a".to_owned(), column_type)];
    assert_eq!(types(&bed, dataset).await, expected(ColumnType::Integer));
    bed.admit(vec![row(ValueRef::Float(1.5))]).await;
    assert_eq!(types(&bed, dataset).await, expected(ColumnType::Float));
    bed.admit(vec![row(ValueRef::Int(1))]).await;
    assert_eq!(types(&bed, dataset).await, expected(ColumnType::Float));
    bed.admit(vec![row(ValueRef::Bool(true))]).await;
    assert_eq!(types(&bed, dataset).await, expected(ColumnType::String));
}

#[tokio::test]
async fn rows_with_columns_beyond_the_limit_are_refused_and_others_kept() {
    let bed = bed(10, 3).await;
    let value = ValueRef::Int(1);
    bed.admit(vec![batch("d", &[&[("a", value), ("b", value)]])])
        .await;
    let rows: [&[(&str, ValueRef<'_>)]; 4] = [
        &[("a", value)],
        &[("a", value), ("c", value)],
        &[("d", value)],
        &[("b", value)],
    ];
    for _ in 0..2 {
        let admitted = bed.admit(vec![batch("d", &rows)]).await;
        let rejects: Vec<_> = admitted
            .outcome
            .rejects
            .iter()
            .map(|reject| (reject.row, reject.reason))
            .collect();
        assert_eq!(rejects, [(2, RejectReason::DatasetTooManyColumns)]);
        assert_eq!(admitted.outcome.accepted_count, 3);
        assert_eq!(admitted.batches[0].1.len(), 3);
    }
    let only = bed.admit(vec![batch("d", &[&[("e", value)]])]).await;
    assert_eq!(only.outcome.datasets, [None]);
    assert!(only.batches.is_empty());
}

#[tokio::test]
async fn a_full_dataset_has_room_for_columns_that_are_our_own() {
    let bed = bed(10, 2).await;
    let value = ValueRef::Int(1);
    let full: &[(&str, ValueRef<'_>)] = &[("a", value), ("b", value)];
    let dataset = bed.admit(vec![batch("d", &[full])]).await.outcome.datasets[0].unwrap();
    let series = ("meta.series", ValueRef::String("0123456789abcdef"));
    let rows: [&[(&str, ValueRef<'_>)]; 3] = [
        &[("a", value), series],
        &[("c", value), series],
        &[("meta.other", value), series],
    ];
    for _ in 0..2 {
        let admitted = bed.admit(vec![batch("d", &rows)]).await;
        let refused: Vec<usize> = admitted
            .outcome
            .rejects
            .iter()
            .map(|reject| reject.row)
            .collect();
        assert_eq!(refused, [1, 2]);
        assert_eq!(admitted.outcome.accepted_count, 1);
    }
    let names: Vec<String> = types(&bed, dataset)
        .await
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["a", "b", "meta.series"]);
}

#[tokio::test]
async fn writing_times_reach_the_metastore() {
    let bed = bed(10, 10).await;
    let value = ValueRef::Int(1);
    let dataset = bed
        .admit(vec![batch("d", &[&[("a", value), ("b", value)]])])
        .await
        .outcome
        .datasets[0];
    let dataset = dataset.unwrap();
    bed.admission.write_touches().await.unwrap();
    bed.now_ns.store(200, Ordering::Relaxed);
    bed.admit(vec![batch("d", &[&[("a", value)]])]).await;
    bed.admission.write_touches().await.unwrap();
    let found = bed.metastore.dataset(bed.tenant, dataset).await.unwrap();
    assert_eq!(found.unwrap().last_written_at_ns, Some(200));
    let scope = DatasetScope::One(dataset);
    let page = bed
        .metastore
        .search_columns(bed.tenant, &scope, "", 10)
        .await
        .unwrap();
    let times: Vec<_> = page
        .columns
        .iter()
        .map(|column| (&*column.key_name, column.last_written_at_ns))
        .collect();
    assert_eq!(times, [("a", Some(200)), ("b", Some(100))]);
}

/// A dataset is forgotten when its columns change, by whoever manages them.
#[tokio::test]
async fn writing_times_of_a_dataset_that_was_forgotten_reach_the_metastore() {
    let bed = bed(10, 10).await;
    let dataset = bed.admit(vec![one("d")]).await.outcome.datasets[0].unwrap();
    bed.admission.forget(dataset);
    bed.admission.write_touches().await.unwrap();
    let found = bed.metastore.dataset(bed.tenant, dataset).await.unwrap();
    assert_eq!(found.unwrap().last_written_at_ns, Some(100));
}

#[tokio::test]
async fn a_column_deleted_by_hand_comes_back_with_the_next_event() {
    let bed = bed(10, 10).await;
    let dataset = bed.admit(vec![one("d")]).await.outcome.datasets[0].unwrap();
    let columns = bed.metastore.columns(bed.tenant, dataset).await.unwrap();
    bed.metastore
        .delete_columns(bed.tenant, dataset, &[columns[0].id.clone()], 0)
        .await
        .unwrap();
    bed.admit(vec![one("d")]).await;
    bed.admission.write_touches().await.unwrap();
    bed.admit(vec![one("d")]).await;
    assert_eq!(types(&bed, dataset).await.len(), 1);
}
