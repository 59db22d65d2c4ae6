//! Brings the same rows into every engine, one after the other, and notes what that cost.

use super::{Folders, Ready};
use crate::ask::{Asker, Window};
use crate::bench::{Bench, wait_until_visible};
use crate::load::load;
use crate::note;
use crate::scenario::{Engine, Scenario};
use crate::server::{Server, folder_bytes};
use crate::spans::{Spans, parquet};
use anyhow::Context;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Loads what is not there yet; Waggle alone where its folder was removed, as for a new format.
pub(super) async fn prepare(
    bench: &Bench,
    scenario: &Scenario,
    folders: &Folders,
) -> anyhow::Result<Ready> {
    let path = folders.root.join("ready.json");
    if let Ok(text) = fs::read_to_string(&path) {
        let mut ready: Ready =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        if !folders.waggle.exists() {
            let spans = Arc::new(scenario.data.spans(ready.window()));
            load_waggle(bench, scenario, folders, &spans, &mut ready).await?;
            fs::write(&path, serde_json::to_string_pretty(&ready)?)?;
        }
        return Ok(ready);
    }
    let window = Window::ending_before(bench.date.as_second(), scenario.data.hours);
    let spans = Arc::new(scenario.data.spans(window));
    let (trace, _) = spans
        .sample_trace()
        .context("too few events for a whole trace")?;
    let mut ready = Ready {
        events: scenario.data.events,
        seed: scenario.data.seed,
        start_s: window.start_s,
        end_s: window.end_s,
        trace,
        loaded: None,
        stored_bytes: 0,
        peers: BTreeMap::new(),
    };
    load_waggle(bench, scenario, folders, &spans, &mut ready).await?;
    load_peers(bench, folders, &spans, &mut ready)?;
    fs::write(&path, serde_json::to_string_pretty(&ready)?)?;
    Ok(ready)
}

async fn load_waggle(
    bench: &Bench,
    scenario: &Scenario,
    folders: &Folders,
    spans: &Arc<Spans>,
    ready: &mut Ready,
) -> anyhow::Result<()> {
    note(&format!("loading {} events into Waggle", ready.events));
    let server = Server::start(&bench.launch(&folders.waggle)).await?;
    let began = Instant::now();
    let progress = |events: u64| {
        let events = events.min(scenario.data.events);
        let per_s = events as f64 / began.elapsed().as_secs_f64();
        note(&format!("  {events} events, {per_s:.0} events/s"));
    };
    let (connections, each) = (scenario.load.connections, scenario.load.events_per_request);
    let loaded = load(&server, spans, connections, each, progress).await?;
    let asker = Asker::new(&server, ready.window(), &ready.trace).await?;
    wait_until_visible(&asker, loaded.events).await?;
    server.stop().await?;
    ready.stored_bytes = folder_bytes(&folders.waggle)?;
    ready.loaded = Some(loaded);
    Ok(())
}

fn load_peers(
    bench: &Bench,
    folders: &Folders,
    spans: &Spans,
    ready: &mut Ready,
) -> anyhow::Result<()> {
    note("writing Parquet files for the others");
    parquet::write_files(spans, &folders.parquet, bench.machine.cores)?;
    for engine in [Engine::DuckDb, Engine::ClickHouse] {
        note(&format!("loading {}", engine.name()));
        let steps = bench
            .python
            .start(engine, &folders.of(engine))?
            .load(&folders.parquet)?;
        for step in &steps {
            note(&format!(
                "  {}: {:.1} s, {:.1} s of CPU",
                step.what, step.wall_s, step.cpu_s
            ));
        }
        ready.peers.insert(engine.name().to_owned(), steps);
    }
    remove(&folders.parquet)
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(folder).with_context(|| folder.display().to_string())
}
