//! What has to be done now and then while the server runs.

use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};
use waggle_access::Access;
use waggle_api::ApiState;
use waggle_metastore::Metastore;
use waggle_model::Clock;

/// How often it is written down when keys were last used.
const LAST_USED_INTERVAL: Duration = Duration::from_secs(30);
/// How often it is written down how much was taken in.
const USAGE_INTERVAL: Duration = Duration::from_secs(10);
/// How often old query results and runs are looked for.
const HISTORY_INTERVAL: Duration = Duration::from_secs(3_600);

/// Writes down when keys were last used, for ever.
pub(super) async fn write_last_used(access: Arc<Access>) {
    let mut interval = tokio::time::interval(LAST_USED_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = access.flush_last_used().await {
            warn!(%error, "last uses of keys are not written down");
        }
    }
}

/// Writes down how much was taken in, for ever.
pub(super) async fn write_usage(state: ApiState) {
    let mut interval = tokio::time::interval(USAGE_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = waggle_api::write_usage(&state).await {
            warn!(%error, "usage is not written down");
        }
    }
}

/// What is kept of the query history.
pub(super) struct HistoryBounds {
    /// How long answers are kept.
    pub(super) answer_age: Duration,
    /// How long runs are remembered; zero is for ever.
    pub(super) age: Duration,
    /// How many runs of an environment are remembered.
    pub(super) runs_max: usize,
    /// How many saved queries of an environment are kept that nothing needs.
    pub(super) queries_max: usize,
}

/// Deletes answers and runs that are beyond the bounds, for ever.
pub(super) async fn trim_history(
    metastore: Arc<dyn Metastore>,
    bounds: HistoryBounds,
    clock: Clock,
) {
    let before = |age: Duration| {
        let age_ns = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
        clock.now_ns().saturating_sub(age_ns)
    };
    let mut interval = tokio::time::interval(HISTORY_INTERVAL);
    loop {
        interval.tick().await;
        let asked_before_ns = match bounds.age {
            Duration::ZERO => i64::MIN,
            age => before(age),
        };
        match metastore
            .trim_history(asked_before_ns, bounds.runs_max)
            .await
        {
            Ok(0) => {}
            Ok(deleted_count) => info!(deleted_count, "old runs of queries are forgotten"),
            Err(error) => warn!(%error, "old runs of queries can't be forgotten"),
        }
        match metastore.trim_queries(bounds.queries_max).await {
            Ok(0) => {}
            Ok(deleted_count) => info!(deleted_count, "old saved queries are deleted"),
            Err(error) => warn!(%error, "old saved queries can't be deleted"),
        }
        match metastore.forget_answers(before(bounds.answer_age)).await {
            Ok(0) => {}
            Ok(deleted_count) => info!(deleted_count, "old query results are deleted"),
            Err(error) => warn!(%error, "old query results can't be deleted"),
        }
    }
}
