//! What has to be done now and then while the server runs.

use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};
use waggle_access::Access;
use waggle_metastore::Metastore;
use waggle_model::Clock;

/// How often it is written down when keys were last used.
const LAST_USED_INTERVAL: Duration = Duration::from_secs(30);
/// How often old query results are looked for.
const RESULTS_INTERVAL: Duration = Duration::from_secs(3_600);

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

/// Deletes query results that are older than `age`, for ever: each holds its whole answer.
pub(super) async fn delete_old_results(metastore: Arc<dyn Metastore>, age: Duration, clock: Clock) {
    let age_ns = i64::try_from(age.as_nanos()).unwrap_or(i64::MAX);
    let mut interval = tokio::time::interval(RESULTS_INTERVAL);
    loop {
        interval.tick().await;
        match metastore
            .delete_query_results(clock.now_ns().saturating_sub(age_ns))
            .await
        {
            Ok(0) => {}
            Ok(deleted_count) => info!(deleted_count, "old query results are deleted"),
            Err(error) => warn!(%error, "old query results can't be deleted"),
        }
    }
}
