//! What a run found, as tables for people, as JSON for comparing and as a section of docs/benchmarks.md.

use crate::machine::Machine;
use serde::Serialize;
use serde_json::Value;

/// Everything a run found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: String,
    pub(crate) about: String,
    /// RFC 3339.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) figures: Vec<Figure>,
    pub(crate) tables: Vec<Table>,
    pub(crate) goals: Vec<Goal>,
    /// What is wrong: a mismatch, a loss. A run with any fails.
    pub(crate) faults: Vec<String>,
    /// Every number, for programs.
    pub(crate) data: Value,
}

/// One thing worth a line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Rows under a heading.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Table {
    pub(crate) about: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// A number that was promised or hoped for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Goal {
    pub(crate) what: String,
    pub(crate) found: f64,
    pub(crate) wanted: f64,
    pub(crate) is_must: bool,
}

impl Goal {
    fn is_met(&self) -> bool {
        self.found >= self.wanted
    }

    fn line(&self) -> String {
        let verdict = if self.is_met() { "pass" } else { "FAIL" };
        let kind = if self.is_must { "must" } else { "aim" };
        let (found, wanted) = (short(self.found), short(self.wanted));
        format!("{verdict} {kind} {}: {found}, wanted {wanted}", self.what)
    }
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

impl Table {
    pub(crate) fn new(about: impl Into<String>, head: &[&str]) -> Self {
        Self {
            about: about.into(),
            head: head.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
        }
    }
}

impl Report {
    /// For the terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = format!("\n== {}: {}\n", self.scenario, self.about);
        for figure in self.all_figures() {
            out += &format!("{:<28} {}\n", figure.name, figure.value);
        }
        for table in &self.tables {
            out += &format!("\n{}\n", table.about);
            out += &aligned(table);
        }
        out += "\n";
        for goal in &self.goals {
            out += &format!("{}\n", goal.line());
        }
        for fault in &self.faults {
            out += &format!("WRONG: {fault}\n");
        }
        out
    }

    /// For docs/benchmarks.md.
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("## {}, {}\n\n", self.scenario, self.day());
        out += "| figure | value |\n| --- | --- |\n";
        for figure in self.all_figures() {
            out += &format!("| {} | {} |\n", figure.name, figure.value);
        }
        for table in &self.tables {
            out += &format!("\n{}\n\n| {} |\n|", table.about, table.head.join(" | "));
            for index in 0..table.head.len() {
                out += if index == 0 { " --- |" } else { " ---: |" };
            }
            out += "\n";
            for row in &table.rows {
                out += &format!("| {} |\n", row.join(" | "));
            }
        }
        if !self.goals.is_empty() || !self.faults.is_empty() {
            out += "\n";
        }
        for goal in &self.goals {
            out += &format!("- {}\n", goal.line());
        }
        for fault in &self.faults {
            out += &format!("- WRONG: {fault}\n");
        }
        out
    }

    /// Day of the run.
    pub(crate) fn day(&self) -> &str {
        self.date.split('T').next().unwrap_or(&self.date)
    }

    fn all_figures(&self) -> Vec<Figure> {
        let machine = &self.machine;
        let older = if machine.is_binary_older {
            format!(", but the binary is older ({})", machine.binary_built)
        } else {
            String::new()
        };
        let mut figures = vec![
            Figure::new(
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
            Figure::new(
                "build",
                format!(
                    "profile {}, commit {}{older}",
                    machine.profile, machine.commit
                ),
            ),
        ];
        figures.extend(self.figures.iter().cloned());
        figures
    }
}

/// Columns as wide as their widest cell; the first to the left, the others to the right.
fn aligned(table: &Table) -> String {
    let rows = || std::iter::once(&table.head).chain(&table.rows);
    let widths: Vec<usize> = (0..table.head.len())
        .map(|index| {
            let cells = rows().filter_map(|row| row.get(index));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in rows() {
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if index == 0 {
                out += &format!("{cell:<width$}");
            } else {
                out += &format!("  {cell:>width$}");
            }
        }
        out += "\n";
    }
    out
}

/// Three digits, whatever the size.
pub(crate) fn short(value: f64) -> String {
    match value {
        value if value >= 1_000.0 => thousands(value.round() as u64),
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// Digits in groups of three.
pub(crate) fn thousands(number: u64) -> String {
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
