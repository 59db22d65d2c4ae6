//! The comparison as tables: ratios to the fastest other engine per query, and what each store takes.

use super::{Asked, Plan, Ready, Times};
use crate::bench::Bench;
use crate::peer::Look;
use crate::report::{Figure, Goal, Report, Table, short, thousands};
use crate::scenario::{Engine, Queries, Scenario};
use crate::server::Memory;
use serde_json::json;
use std::collections::BTreeMap;

/// Everything the run found.
pub(super) struct Found<'a> {
    pub(super) ready: &'a Ready,
    pub(super) queries: &'a Queries,
    pub(super) asked: &'a [Asked],
    pub(super) memory: Memory,
    pub(super) looks: &'a BTreeMap<Engine, Look>,
}

impl Asked {
    /// The least time of the others.
    fn best(&self, of: impl Fn(&Times) -> Option<f64>) -> Option<f64> {
        self.peers.iter().filter_map(of).reduce(f64::min)
    }

    fn warm_ratio(&self) -> f64 {
        let best = self.best(|times| Some(times.warm_min_ms));
        best.unwrap_or(f64::NAN) / self.waggle.warm_min_ms
    }

    fn median_ratio(&self) -> f64 {
        let best = self.best(|times| Some(times.warm_median_ms));
        best.unwrap_or(f64::NAN) / self.waggle.warm_median_ms
    }

    fn cold_ratio(&self) -> Option<f64> {
        Some(self.best(|times| times.cold_ms)? / self.waggle.cold_ms?)
    }

    /// The least time of one engine and order.
    fn of(&self, engine: &str, of: impl Fn(&Times) -> Option<f64>) -> String {
        let times = self.peers.iter().filter(|times| times.engine == engine);
        times
            .filter_map(of)
            .reduce(f64::min)
            .map_or_else(none, short)
    }
}

impl Found<'_> {
    pub(super) fn report(
        &self,
        bench: &Bench,
        scenario: &Scenario,
        plan: Plan,
        faults: Vec<String>,
    ) -> Report {
        let mut report = bench.report(scenario);
        report.figures = self.figures(plan);
        report.tables = vec![self.times(), self.ways(), self.stores()];
        report.goals = self.goals(plan);
        report.faults = faults;
        report.data = json!({
            "ready": self.ready,
            "queries": self.asked,
            "waggle_memory": self.memory,
        });
        report
    }

    fn figures(&self, plan: Plan) -> Vec<Figure> {
        let versions: Vec<&str> = self
            .looks
            .values()
            .map(|look| look.version.as_str())
            .collect();
        vec![
            Figure::new(
                "beside",
                format!("{}, two threads each", versions.join(", ")),
            ),
            Figure::new(
                "data",
                format!(
                    "{} spans over a day, seed {}",
                    thousands(self.ready.events),
                    self.ready.seed
                ),
            ),
            Figure::new(
                "runs",
                format!(
                    "least of {} warm ones, engines in turn; median of {} cold ones; Waggle without its cache of partial states",
                    plan.warm_runs, plan.cold_runs
                ),
            ),
        ]
    }

    fn times(&self) -> Table {
        let mut table = Table::new(
            "Milliseconds at the client, least of the warm runs. `ratio` is the fastest other engine by Waggle, `of medians` the same of \
             medians; cold: first query of a fresh process, its files dropped from the page cache. `error` is the greatest of \
             Waggle's answer to the exact one.",
            &[
                "query",
                "Waggle",
                "DuckDB",
                "CH service",
                "CH time",
                "ratio",
                "of medians",
                "first",
                "median",
                "cached",
                "cold Waggle",
                "cold DuckDB",
                "cold CH",
                "cold ratio",
                "rows",
                "error",
            ],
        );
        for asked in self.asked {
            let warm = |times: &Times| Some(times.warm_min_ms);
            let cold_of = |engine: &str| asked.of(engine, |times| times.cold_ms);
            let cold_click = [
                cold_of("ClickHouse by service"),
                cold_of("ClickHouse by time"),
            ];
            table.rows.push(vec![
                format!("{} {}", asked.id, asked.question),
                short(asked.waggle.warm_min_ms),
                asked.of("DuckDB", warm),
                asked.of("ClickHouse by service", warm),
                asked.of("ClickHouse by time", warm),
                short(asked.warm_ratio()),
                short(asked.median_ratio()),
                short(asked.waggle.first_ms),
                short(asked.waggle.warm_median_ms),
                asked.cached_min_ms.map_or_else(none, short),
                asked.waggle.cold_ms.map_or_else(none, short),
                cold_of("DuckDB"),
                cold_click.join(" / "),
                asked.cold_ratio().map_or_else(none, short),
                asked.rows.to_string(),
                if asked.error > 0.0 {
                    format!("{:.2} %", asked.error * 100.0)
                } else {
                    none()
                },
            ]);
        }
        table
    }

    fn ways(&self) -> Table {
        let mut table = Table::new(
            "The ways other engines compute percentiles, least of the warm runs in ms; the fastest counts.",
            &["query", "engine", "way", "ms"],
        );
        for asked in self.asked {
            for times in asked.peers.iter().filter(|times| !times.way.is_empty()) {
                let row = [&asked.id, &times.engine, &times.way].map(String::clone);
                table
                    .rows
                    .push([row.to_vec(), vec![short(times.warm_min_ms)]].concat());
            }
        }
        table
    }

    fn stores(&self) -> Table {
        let mut table = Table::new(
            "What each store takes. Waggle is loaded over OTLP/HTTP with durable acks while the client makes the data on the same cores; \
             the others read Parquet files.",
            &[
                "store",
                "B an event",
                "load, s",
                "CPU, s",
                "memory after the queries, MB",
            ],
        );
        let events = self.ready.events as f64;
        let loaded = self.ready.loaded.as_ref();
        table.rows.push(vec![
            "Waggle".to_owned(),
            short(self.ready.stored_bytes as f64 / events),
            loaded.map_or_else(none, |loaded| short(loaded.elapsed_s)),
            loaded.map_or_else(none, |loaded| {
                short(loaded.server_cpu_s_per_million * events / 1e6)
            }),
            format!(
                "{} (peak {})",
                short(self.memory.rss_mb),
                short(self.memory.peak_rss_mb)
            ),
        ]);
        for (engine, look) in self.looks {
            let steps = self
                .ready
                .peers
                .get(engine.name())
                .map_or(&[][..], Vec::as_slice);
            for (name, bytes) in &look.bytes {
                let order = engine
                    .tables()
                    .iter()
                    .find(|(table, _)| table.ends_with(name.as_str()));
                let order = order.map_or(name.as_str(), |(_, order)| *order);
                // Its steps say "by" what, as the order does; a store of one table has one step.
                let by = if name.ends_with("_service") {
                    "by service_name"
                } else {
                    "by time"
                };
                let of_table = steps
                    .iter()
                    .filter(|step| look.bytes.len() == 1 || step.what.contains(by));
                let (wall_s, cpu_s) = of_table.fold((0.0, 0.0), |sum, step| {
                    (sum.0 + step.wall_s, sum.1 + step.cpu_s)
                });
                table.rows.push(vec![
                    order.to_owned(),
                    short(*bytes as f64 / events),
                    short(wall_s),
                    short(cpu_s),
                    short(look.rss_mb),
                ]);
            }
        }
        table
    }

    fn goals(&self, plan: Plan) -> Vec<Goal> {
        let mut goals = Vec::new();
        let mut goal = |what: String, found: f64, wanted: f64, is_must: bool| {
            goals.push(Goal {
                what,
                found,
                wanted,
                is_must,
            });
        };
        let warm = geometric_mean(self.asked.iter().map(Asked::warm_ratio));
        let median = geometric_mean(self.asked.iter().map(Asked::median_ratio));
        goal(
            "warm ratio, geometric mean".to_owned(),
            warm,
            plan.must_mean,
            true,
        );
        goal(
            "warm ratio, geometric mean".to_owned(),
            warm,
            plan.aim_mean,
            false,
        );
        goal(
            "warm ratio of medians, geometric mean".to_owned(),
            median,
            plan.must_mean,
            true,
        );
        for asked in self.asked {
            let Some(query) = self
                .queries
                .queries
                .iter()
                .find(|query| query.id == asked.id)
            else {
                continue;
            };
            goal(
                format!("{} warm ratio", asked.id),
                asked.warm_ratio(),
                query.must,
                true,
            );
            goal(
                format!("{} warm ratio", asked.id),
                asked.warm_ratio(),
                query.aim,
                false,
            );
        }
        let cold: Vec<f64> = self.asked.iter().filter_map(Asked::cold_ratio).collect();
        if !cold.is_empty() {
            goal(
                "cold ratio, geometric mean".to_owned(),
                geometric_mean(cold.into_iter()),
                1.0,
                true,
            );
        }
        for asked in self.asked {
            if let Some(ratio) = asked.cold_ratio() {
                goal(format!("{} cold ratio", asked.id), ratio, 1.0, true);
            }
        }
        goals
    }
}

fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| {
        (sum + value.ln(), count + 1)
    });
    (sum / f64::from(count)).exp()
}

fn none() -> String {
    "-".to_owned()
}
