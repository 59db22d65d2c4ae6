//! How deep each dataset unpacks nested JSON, remembered: the ingest path must not ask the metastore for every request.

use crate::state::ApiState;
use parking_lot::Mutex;
use std::collections::HashMap;
use waggle_model::Tenant;

/// How long a remembered depth is used: a changed setting counts after so long on other processes, and at once on this one.
const AGE_MAX_NS: i64 = 10_000_000_000;
/// Most names remembered; a client may invent any number.
const NAMES_MAX: usize = 10_000;

/// Depths by tenant and name as the client writes it.
#[derive(Default)]
pub(crate) struct DepthCache(Mutex<HashMap<(Tenant, String), (u8, i64)>>);

impl DepthCache {
    /// Forgets everything: a dataset was changed.
    pub(crate) fn clear(&self) {
        self.0.lock().clear();
    }
}

/// Levels of nested objects that become columns in this dataset; 0 for one that is not there yet.
pub(crate) async fn expand_json_depth(
    state: &ApiState,
    tenant: Tenant,
    dataset: &str,
) -> Result<u8, waggle_metastore::Error> {
    let now_ns = state.clock.now_ns();
    let key = (tenant, dataset.to_owned());
    if let Some((depth, at_ns)) = state.depths.0.lock().get(&key).copied()
        && now_ns.saturating_sub(at_ns) < AGE_MAX_NS
    {
        return Ok(depth);
    }
    let found = state.metastore.find_dataset(tenant, dataset).await?;
    let depth = found.map_or(0, |dataset| dataset.expand_json_depth);
    let mut depths = state.depths.0.lock();
    if depths.len() >= NAMES_MAX {
        depths.clear();
    }
    depths.insert(key, (depth, now_ns));
    Ok(depth)
}
