//! The door against a real metastore.

mod aws;
mod bootstrap;
mod key;
mod people;

use crate::{
    Access, BootstrapOutcome, BootstrapValues, Bootstrapped, Caller, Error, InstallationSecret,
    Result,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use waggle_metastore::{Metastore, SqliteMetastore};
use waggle_model::Clock;

const START: i64 = 1_732_000_000_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// An installation with a clock that stands still until it is moved.
struct Installation {
    metastore: Arc<dyn Metastore>,
    now_ns: Arc<AtomicI64>,
    access: Access,
}

impl Installation {
    async fn empty() -> Self {
        let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::in_memory().await.unwrap());
        let now_ns = Arc::new(AtomicI64::new(START));
        let access = door(&metastore, &now_ns, 1);
        Self {
            metastore,
            now_ns,
            access,
        }
    }

    /// Another process on the same metastore.
    fn other_process(&self) -> Access {
        door(&self.metastore, &self.now_ns, 1)
    }

    fn pass(&self, ns: i64) {
        self.now_ns.fetch_add(ns, Ordering::Relaxed);
    }

    async fn bootstrap(&self, values: BootstrapValues) -> Bootstrapped {
        match self.access.bootstrap(values).await.unwrap() {
            BootstrapOutcome::Done(made) => *made,
            BootstrapOutcome::AlreadyDone => panic!("the installation is not empty"),
        }
    }
}

fn door(metastore: &Arc<dyn Metastore>, now_ns: &Arc<AtomicI64>, secret: u8) -> Access {
    let now_ns = Arc::clone(now_ns);
    Access::new(
        Arc::clone(metastore),
        &InstallationSecret::from_bytes([secret; 32]),
        Clock::new(move || now_ns.load(Ordering::Relaxed)),
    )
}

fn is_unknown(caller: &Result<Arc<Caller>>) -> bool {
    matches!(caller, Err(Error::UnknownKey))
}
