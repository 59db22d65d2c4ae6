//! What a run found, as a table for people, as JSON for comparing and as the section of docs/benchmarks.md.

use crate::ask::Asked;
use crate::load::Loaded;
use crate::machine::Machine;
use crate::server::Memory;
use serde::Serialize;

/// Smaller entries of the data folder are not worth a word.
const SHOWN_BYTES_MIN: u64 = 50_000;

/// Everything a run found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: String,
    /// RFC 3339.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) seed: u64,
    pub(crate) connections: usize,
    pub(crate) spans_per_request: usize,
    pub(crate) warm_runs: usize,
    pub(crate) loaded: Loaded,
    pub(crate) memory_loaded: Memory,
    pub(crate) memory_asked: Memory,
    /// From the last ack until a COUNT saw every event.
    pub(crate) visible_s: f64,
    pub(crate) shutdown_s: f64,
    pub(crate) startup_empty_s: f64,
    pub(crate) startup_loaded_s: f64,
    /// Bytes of the data folder after the clean stop.
    pub(crate) stored_bytes: u64,
    pub(crate) stored_bytes_per_event: f64,
    /// The same by entry of the folder.
    pub(crate) stored_parts: Vec<(String, u64)>,
    pub(crate) queries: Vec<Asked>,
}

impl Report {
    /// For the terminal.
    pub(crate) fn table(&self) -> String {
        let mut out = String::new();
        for (name, value) in self.figures() {
            line(&mut out, format_args!("{name:<28} {value}"));
        }
        line(&mut out, format_args!(""));
        line(
            &mut out,
            format_args!(
                "{:<24} {:>10} {:>10} {:>10} {:>10} {:>10}  answer",
                "query, ms", "first", "warm min", "median", "max", "server"
            ),
        );
        for asked in &self.queries {
            line(
                &mut out,
                format_args!(
                    "{:<24} {:>10} {:>10} {:>10} {:>10} {:>10}  {}",
                    asked.id,
                    ms(asked.first_ms),
                    ms(asked.warm_min_ms),
                    ms(asked.warm_median_ms),
                    ms(asked.warm_max_ms),
                    asked.server_min_ms.map_or_else(|| "-".to_owned(), ms),
                    asked.answer
                ),
            );
        }
        out
    }

    /// For docs/benchmarks.md.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        line(
            &mut out,
            format_args!(
                "## {}, {} events, {}\n",
                self.scenario,
                thousands(self.loaded.events),
                self.day()
            ),
        );
        line(&mut out, format_args!("| figure | value |\n| --- | --- |"));
        for (name, value) in self.figures() {
            line(&mut out, format_args!("| {name} | {value} |"));
        }
        line(
            &mut out,
            format_args!(
                "\nMilliseconds at the client, over HTTP, one query at a time, after a restart of the server: the first run, \
                 then the least, the median and the greatest of {} warm runs.\n",
                self.warm_runs
            ),
        );
        line(
            &mut out,
            format_args!("| query | first | warm min | median | max | server, min | answer |"),
        );
        line(
            &mut out,
            format_args!("| --- | ---: | ---: | ---: | ---: | ---: | --- |"),
        );
        for asked in &self.queries {
            line(
                &mut out,
                format_args!(
                    "| {} | {} | {} | {} | {} | {} | {} |",
                    asked.question,
                    ms(asked.first_ms),
                    ms(asked.warm_min_ms),
                    ms(asked.warm_median_ms),
                    ms(asked.warm_max_ms),
                    asked.server_min_ms.map_or_else(|| "–".to_owned(), ms),
                    asked.answer
                ),
            );
        }
        out
    }

    /// Day of the run.
    pub(crate) fn day(&self) -> &str {
        self.date.split('T').next().unwrap_or(&self.date)
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        let (machine, loaded) = (&self.machine, &self.loaded);
        let parts: Vec<String> = self
            .stored_parts
            .iter()
            .filter(|(_, bytes)| *bytes >= SHOWN_BYTES_MIN)
            .map(|(name, bytes)| format!("{name} {:.1} MB", *bytes as f64 / 1e6))
            .collect();
        vec![
            (
                "machine",
                format!(
                    "{} cores, {} GB, {}, Linux {}, load {:.1} before the run",
                    machine.cores,
                    machine.memory_gb,
                    machine.cpu,
                    machine.kernel,
                    machine.load_before
                ),
            ),
            (
                "build",
                format!(
                    "profile {}, commit {}{}",
                    machine.profile,
                    machine.commit,
                    if machine.is_binary_older {
                        format!(", but the binary is older ({})", machine.binary_built)
                    } else {
                        String::new()
                    }
                ),
            ),
            (
                "load",
                format!(
                    "{} events, {} a request, {} connections, seed {}",
                    thousands(loaded.events),
                    self.spans_per_request,
                    self.connections,
                    self.seed
                ),
            ),
            (
                "ingest",
                format!(
                    "{} events/s, {:.1} MB/s, {:.0} B an event on the wire",
                    thousands(loaded.events_per_s as u64),
                    loaded.mb_per_s,
                    loaded.body_bytes as f64 / loaded.events as f64
                ),
            ),
            (
                "CPU per million events",
                format!(
                    "server {:.2} s, client {:.2} s",
                    loaded.server_cpu_s_per_million, loaded.client_cpu_s_per_million
                ),
            ),
            (
                "durable ack",
                format!(
                    "p50 {} ms, p99 {} ms, max {} ms, {} retries",
                    ms(loaded.ack_p50_ms),
                    ms(loaded.ack_p99_ms),
                    ms(loaded.ack_max_ms),
                    loaded.retries
                ),
            ),
            (
                "visible after the last ack",
                format!("{:.2} s", self.visible_s),
            ),
            (
                "memory",
                format!(
                    "{:.0} MB after loading (peak {:.0}), {:.0} MB after the queries (peak {:.0})",
                    self.memory_loaded.rss_mb,
                    self.memory_loaded.peak_rss_mb,
                    self.memory_asked.rss_mb,
                    self.memory_asked.peak_rss_mb
                ),
            ),
            (
                "stop and start",
                format!(
                    "clean stop {:.2} s, start {:.2} s (empty {:.2} s)",
                    self.shutdown_s, self.startup_loaded_s, self.startup_empty_s
                ),
            ),
            (
                "on disk",
                format!(
                    "{:.1} B an event ({})",
                    self.stored_bytes_per_event,
                    parts.join(", ")
                ),
            ),
        ]
    }
}

/// Three digits, whatever the size.
fn ms(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn line(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.push_str(&arguments.to_string());
    out.push('\n');
}
