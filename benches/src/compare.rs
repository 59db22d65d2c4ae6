//! Every query beside other engines on the same rows: warm, one engine after the other within each round; cold, each in a fresh
//! process with its files dropped from the page cache. Every answer is compared with the exact one.

mod prepare;
mod table;

use crate::answer::{Agreement, Answer, What};
use crate::ask::{Asker, Prepared, Window};
use crate::bench::Bench;
use crate::load::{Loaded, rank_ms};
use crate::note;
use crate::peer::{Look, Peer, PeerAnswer, Step};
use crate::report::Report;
use crate::scenario::{Engine, Queries, Query, Scenario};
use crate::server::{Memory, Server};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What the file of the scenario says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) warm_runs: usize,
    pub(crate) cold_runs: usize,
    pub(crate) must_mean: f64,
    pub(crate) aim_mean: f64,
}

/// The data in all engines; kept beside it, so that a later run can ask without loading again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ready {
    events: u64,
    seed: u64,
    start_s: i64,
    end_s: i64,
    trace: String,
    /// Absent where Waggle's data was there before.
    loaded: Option<Loaded>,
    stored_bytes: u64,
    peers: BTreeMap<String, Vec<Step>>,
}

impl Ready {
    fn window(&self) -> Window {
        Window {
            start_s: self.start_s,
            end_s: self.end_s,
        }
    }
}

/// Times of one way to ask one engine, in milliseconds.
#[derive(Clone, Debug, Default, Serialize)]
struct Times {
    engine: String,
    way: String,
    first_ms: f64,
    warm_min_ms: f64,
    warm_median_ms: f64,
    warm_max_ms: f64,
    /// Median of the cold runs, where there were any.
    cold_ms: Option<f64>,
}

/// Everything about one query.
#[derive(Clone, Debug, Default, Serialize)]
struct Asked {
    id: String,
    question: String,
    rows: usize,
    /// Of Waggle's answer to the exact one.
    error: f64,
    waggle: Times,
    peers: Vec<Times>,
    /// With the cache of partial states on, where the server has one.
    cached_min_ms: Option<f64>,
}

/// Runs the scenario.
///
/// # Errors
/// When an engine can't be started or asked. A wrong answer is a fault in the report.
pub(crate) async fn run(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    plan: Plan,
) -> anyhow::Result<Report> {
    let folders = Folders::new(bench)?;
    let report = measure(bench, scenario, queries, plan, &folders).await;
    if report.is_err() {
        note(&format!(
            "what was loaded stays in {}",
            folders.root.display()
        ));
    } else {
        folders.clean(bench)?;
    }
    report
}

async fn measure(
    bench: &Bench,
    scenario: &Scenario,
    queries: &Queries,
    plan: Plan,
    folders: &Folders,
) -> anyhow::Result<Report> {
    let ready = prepare::prepare(bench, scenario, folders).await?;
    let mut session = Session {
        bench,
        ready: &ready,
        folders,
        faults: Vec::new(),
    };
    let (mut asked, memory, looks) = session.warm(queries, plan.warm_runs).await?;
    if plan.cold_runs > 0 {
        session.cold(queries, plan.cold_runs, &mut asked).await;
    }
    if bench.has_cache() {
        session.cached(queries, plan.warm_runs, &mut asked).await?;
    }
    let faults = session.faults;
    let found = table::Found {
        ready: &ready,
        queries,
        asked: &asked,
        memory,
        looks: &looks,
    };
    Ok(found.report(bench, scenario, plan, faults))
}

/// Where each engine has its files.
#[derive(Debug)]
struct Folders {
    root: PathBuf,
    waggle: PathBuf,
    parquet: PathBuf,
}

impl Folders {
    fn new(bench: &Bench) -> anyhow::Result<Self> {
        let root = match &bench.reuse {
            Some(folder) => folder.clone(),
            None => bench
                .data
                .join(format!("compare-{}", bench.date.as_second())),
        };
        std::fs::create_dir_all(&root)?;
        let root = root.canonicalize()?;
        Ok(Self {
            waggle: root.join("waggle"),
            parquet: root.join("parquet"),
            root,
        })
    }

    fn of(&self, engine: Engine) -> PathBuf {
        self.root.join(engine.name())
    }

    fn clean(&self, bench: &Bench) -> anyhow::Result<()> {
        if bench.keep || bench.reuse.is_some() {
            note(&format!(
                "data is kept in {}: --reuse asks it again",
                self.root.display()
            ));
            return Ok(());
        }
        std::fs::remove_dir_all(&self.root).context("cannot remove the data")
    }
}

/// One run over loaded data.
struct Session<'a> {
    bench: &'a Bench,
    ready: &'a Ready,
    folders: &'a Folders,
    faults: Vec<String>,
}

/// One way to ask one engine.
#[derive(Clone, Debug)]
struct Statement {
    engine: Engine,
    /// The engine, and what tells this way from others.
    engine_name: &'static str,
    way: String,
    sql: String,
}

impl Session<'_> {
    async fn asker(&self, server: &Server) -> anyhow::Result<Asker> {
        Asker::new(server, self.ready.window(), &self.ready.trace).await
    }

    fn sql(&self, text: &str, table: &str) -> String {
        use crate::scenario::Range;
        let window = self.ready.window();
        let ns = |seconds: i64| (seconds * 1_000_000_000).to_string();
        let (hour, last) = (window.part(Range::Hour), window.part(Range::Last));
        text.replace("{table}", table)
            .replace("{start}", &ns(window.start_s))
            .replace("{end}", &ns(window.end_s))
            .replace("{hour_start}", &ns(hour.start_s))
            .replace("{hour_end}", &ns(hour.end_s))
            .replace("{last_start}", &ns(last.start_s))
            .replace("{trace}", &self.ready.trace)
    }

    fn statements(&self, query: &Query) -> Vec<Statement> {
        let mut statements = Vec::new();
        for peer in &query.peers {
            for (table, engine_name) in peer.engine.tables() {
                statements.push(Statement {
                    engine: peer.engine,
                    engine_name,
                    way: peer.way.clone(),
                    sql: self.sql(&peer.sql, table),
                });
            }
        }
        statements
    }

    fn open(&self) -> anyhow::Result<BTreeMap<Engine, Peer>> {
        let mut peers = BTreeMap::new();
        for engine in [Engine::DuckDb, Engine::ClickHouse] {
            let peer = self.bench.python.start(engine, &self.folders.of(engine))?;
            peers.insert(engine, peer);
        }
        Ok(peers)
    }

    async fn warm(
        &mut self,
        queries: &Queries,
        runs: usize,
    ) -> anyhow::Result<(Vec<Asked>, Memory, BTreeMap<Engine, Look>)> {
        let server = Server::start(&self.bench.launch_without_cache(&self.folders.waggle)).await?;
        let asker = self.asker(&server).await?;
        let mut peers = self.open()?;
        let mut all = Vec::new();
        for query in &queries.queries {
            note(&format!("asking {}: {}", query.id, query.question));
            match self.warm_one(query, runs, &asker, &mut peers).await {
                Ok(asked) => all.push(asked),
                Err(error) => self.faults.push(format!("{}: {error:#}", query.id)),
            }
        }
        let mut looks = BTreeMap::new();
        for (engine, peer) in &mut peers {
            looks.insert(*engine, peer.look()?);
        }
        let memory = server.memory()?;
        server.stop().await?;
        Ok((all, memory, looks))
    }

    async fn warm_one(
        &mut self,
        query: &Query,
        runs: usize,
        asker: &Asker,
        peers: &mut BTreeMap<Engine, Peer>,
    ) -> anyhow::Result<Asked> {
        let statements = self.statements(query);
        let (exact, firsts) = self.first_of_peers(query, &statements, peers)?;
        let prepared = asker.prepare(query).await?;
        let first = asker.ask(&prepared).await.context("Waggle")?;
        let agreement = self.check_waggle(query, &first.bodies, &exact);

        let mut waggle_times = Vec::new();
        let mut peer_times = vec![Vec::new(); statements.len()];
        for _ in 0..runs {
            waggle_times.push(asker.ask(&prepared).await?.elapsed);
            for (statement, times) in statements.iter().zip(&mut peer_times) {
                let answer = ask_peer(peers, statement.engine, &statement.sql, false)?;
                times.push(Duration::from_secs_f64(answer.ms / 1e3));
            }
        }
        let peers = statements.iter().zip(firsts).zip(peer_times);
        Ok(Asked {
            id: query.id.clone(),
            question: query.question.clone(),
            rows: agreement.rows,
            error: agreement.error,
            waggle: times(
                "Waggle",
                "",
                first.elapsed.as_secs_f64() * 1e3,
                waggle_times,
            ),
            peers: peers
                .map(|((statement, first_ms), warm)| {
                    times(statement.engine_name, &statement.way, first_ms, warm)
                })
                .collect(),
            cached_min_ms: None,
        })
    }

    /// The exact answer, and how long each way took first; each is compared with it.
    fn first_of_peers(
        &mut self,
        query: &Query,
        statements: &[Statement],
        peers: &mut BTreeMap<Engine, Peer>,
    ) -> anyhow::Result<(Answer, Vec<f64>)> {
        let exact = match &query.reference {
            Some(reference) => {
                let (table, _) = Engine::DuckDb.tables()[0];
                let sql = self.sql(reference, table);
                let rows = ask_peer(peers, Engine::DuckDb, &sql, true)?.rows;
                Some(Answer::of_peer(query, Engine::DuckDb, &rows)?)
            }
            None => None,
        };
        let mut exact = exact;
        let mut firsts = Vec::new();
        for statement in statements {
            let given = ask_peer(peers, statement.engine, &statement.sql, true)?;
            firsts.push(given.ms);
            let answer = Answer::of_peer(query, statement.engine, &given.rows)?;
            // Without a statement of its own, the first answer is the exact one.
            let exact = exact.get_or_insert_with(|| answer.clone());
            let compared = answer.compare(query, exact, What::Counts);
            if let Err(error) =
                compared.with_context(|| format!("{} {}", statement.engine_name, statement.way))
            {
                self.faults.push(format!("{}: {error:#}", query.id));
            }
        }
        Ok((exact.context("nobody was asked")?, firsts))
    }

    fn check_waggle(&mut self, query: &Query, bodies: &[Vec<u8>], exact: &Answer) -> Agreement {
        let compared = Answer::of_waggle(query, bodies)
            .and_then(|answer| answer.compare(query, exact, What::Everything));
        match compared.context("Waggle") {
            Ok(agreement) => agreement,
            Err(error) => {
                self.faults.push(format!("{}: {error:#}", query.id));
                Agreement::default()
            }
        }
    }

    /// Each query as the first of a fresh process, nothing of its store in the page cache. Of each engine and order the way that
    /// was fastest warm.
    async fn cold(&mut self, queries: &Queries, runs: usize, asked: &mut [Asked]) {
        for asked in asked {
            let query = queries.queries.iter().find(|query| query.id == asked.id);
            let Some(query) = query else { continue };
            note(&format!("asking {} cold", query.id));
            if let Err(error) = self.cold_one(query, runs, asked).await {
                self.faults.push(format!("{} cold: {error:#}", query.id));
            }
        }
    }

    async fn cold_one(&self, query: &Query, runs: usize, asked: &mut Asked) -> anyhow::Result<()> {
        let statements = self.statements(query);
        let (mut waggle, mut others) = (Vec::new(), BTreeMap::<usize, Vec<Duration>>::new());
        for _ in 0..runs {
            waggle.push(self.cold_waggle(query).await?);
            for index in fastest_ways(&asked.peers) {
                let elapsed = self.cold_peer(&statements[index])?;
                others.entry(index).or_default().push(elapsed);
            }
        }
        asked.waggle.cold_ms = Some(median_ms(waggle));
        for (index, times) in others {
            asked.peers[index].cold_ms = Some(median_ms(times));
        }
        Ok(())
    }

    async fn cold_waggle(&self, query: &Query) -> anyhow::Result<Duration> {
        let server = Server::start(&self.bench.launch_without_cache(&self.folders.waggle)).await?;
        let asker = self.asker(&server).await?;
        let prepared = asker.prepare(query).await?;
        self.bench.python.evict(&self.folders.waggle)?;
        let answered = asker.ask(&prepared).await?;
        server.stop().await?;
        Ok(answered.elapsed)
    }

    fn cold_peer(&self, statement: &Statement) -> anyhow::Result<Duration> {
        let folder = self.folders.of(statement.engine);
        let mut peer = self.bench.python.start(statement.engine, &folder)?;
        // Opens the store, so that the time is that of the query.
        peer.ask("SELECT 1 AS one", false)?;
        self.bench.python.evict(&folder)?;
        let answer = peer.ask(&statement.sql, false)?;
        Ok(Duration::from_secs_f64(answer.ms / 1e3))
    }

    async fn cached(
        &self,
        queries: &Queries,
        runs: usize,
        asked: &mut [Asked],
    ) -> anyhow::Result<()> {
        note("asking with the cache on");
        let server = Server::start(&self.bench.launch(&self.folders.waggle)).await?;
        let asker = self.asker(&server).await?;
        for asked in asked {
            let Some(query) = queries.queries.iter().find(|query| query.id == asked.id) else {
                continue;
            };
            let prepared = asker.prepare(query).await?;
            let times = run_warm(&asker, &prepared, runs + 1).await?;
            asked.cached_min_ms = Some(rank_ms(&times, 0.0));
        }
        server.stop().await?;
        Ok(())
    }
}

/// Times of so many runs, sorted.
pub(crate) async fn run_warm(
    asker: &Asker,
    prepared: &Prepared,
    runs: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..runs {
        times.push(asker.ask(prepared).await?.elapsed);
    }
    times.sort_unstable();
    Ok(times)
}

fn ask_peer(
    peers: &mut BTreeMap<Engine, Peer>,
    engine: Engine,
    sql: &str,
    with_rows: bool,
) -> anyhow::Result<PeerAnswer> {
    let peer = peers.get_mut(&engine).context("the engine is not open")?;
    peer.ask(sql, with_rows).with_context(|| engine.name())
}

fn times(engine: &str, way: &str, first_ms: f64, mut warm: Vec<Duration>) -> Times {
    warm.sort_unstable();
    Times {
        engine: engine.to_owned(),
        way: way.to_owned(),
        first_ms,
        warm_min_ms: rank_ms(&warm, 0.0),
        warm_median_ms: rank_ms(&warm, 0.5),
        warm_max_ms: rank_ms(&warm, 1.0),
        cold_ms: None,
    }
}

/// The fastest way of each engine and order, by its place in the list.
fn fastest_ways(peers: &[Times]) -> Vec<usize> {
    let mut best: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, times) in peers.iter().enumerate() {
        let known = best.entry(&times.engine).or_insert(index);
        if times.warm_min_ms < peers[*known].warm_min_ms {
            *known = index;
        }
    }
    best.into_values().collect()
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    rank_ms(&times, 0.5)
}
