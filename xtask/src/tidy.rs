//! House rules: who may depend on whom, shared versions, no leftovers, links that lead somewhere.

use crate::links;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Crates of the workspace and what each may use of the others, outside tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("waggle-model", &[]),
    ("waggle-wire", &["waggle-model"]),
    ("waggle-agent", &["waggle-wire", "waggle-model"]),
    ("waggle-expression", &["waggle-model"]),
    ("waggle-metastore", &["waggle-model"]),
    ("waggle-xray", &["waggle-wire", "waggle-model"]),
    ("waggle-access", &["waggle-metastore", "waggle-model"]),
    ("waggle-store", &["waggle-metastore", "waggle-model"]),
    (
        "waggle-query",
        &[
            "waggle-store",
            "waggle-metastore",
            "waggle-expression",
            "waggle-model",
        ],
    ),
    (
        "waggle-sql",
        &[
            "waggle-query",
            "waggle-store",
            "waggle-metastore",
            "waggle-model",
        ],
    ),
    (
        "waggle-api",
        &[
            "waggle-wire",
            "waggle-xray",
            "waggle-access",
            "waggle-metastore",
            "waggle-expression",
            "waggle-model",
        ],
    ),
    ("waggle-ui", &[]),
    ("waggle-testkit", &["waggle-model"]),
];

/// Words that mark something unfinished.
const LEFTOVERS: &[&str] = &[
    "TODO",
    "FIXME",
    "HACK",
    "todo!(",
    "unimplemented!(",
    "dbg!(",
    "#[ignore",
];

/// Checks everything and lists all findings.
pub(crate) fn run() -> Result<()> {
    let mut findings = dependencies()?;
    findings.extend(manifests()?);
    findings.extend(leftovers()?);
    findings.extend(broken_links()?);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} finding(s)", findings.len())
}

fn dependencies() -> Result<Vec<String>> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version=1", "--no-deps", "--locked"])
        .output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let is_dev = dependency["kind"] == "dev";
            if to.starts_with("waggle-") && !is_dev && !allowed.contains(&to) {
                findings.push(format!("{name} must not depend on {to}"));
            }
            if to == "waggle-testkit" && !is_dev {
                findings.push(format!("{name} may use waggle-testkit in tests only"));
            }
        }
    }
    Ok(findings)
}

/// Every version and feature of a third-party crate stands in the workspace table, so that two crates never build it twice.
fn manifests() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in tracked("*Cargo.toml")? {
        // The fuzzers are a workspace of their own.
        if path == "Cargo.toml" || path == "fuzz/Cargo.toml" {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let mut in_dependencies = false;
        for line in text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.contains("dependencies");
            } else if in_dependencies && line.contains('=') && !line.contains("workspace = true") {
                findings.push(format!("{path}: {line:?} must say workspace = true"));
            }
        }
    }
    Ok(findings)
}

fn leftovers() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for path in tracked("*.rs")?
        .into_iter()
        .chain(tracked("*.ts")?)
        .chain(tracked("*.tsx")?)
    {
        if path == "xtask/src/tidy.rs" {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = LEFTOVERS.iter().find(|word| line.contains(**word)) {
                findings.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    Ok(findings)
}

fn broken_links() -> Result<Vec<String>> {
    let mut pages = Vec::new();
    for path in tracked("*.md")? {
        // What lies in a crate is a part of a generated page, and its links are those of that page.
        if path.starts_with("crates/") {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        pages.push((path, text));
    }
    Ok(links::findings(&pages, |file| Path::new(file).exists()))
}

fn tracked(pattern: &str) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--", pattern])
        .output()?;
    Ok(String::from_utf8(output.stdout)?
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(str::to_owned)
        .collect())
}
