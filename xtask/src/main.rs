//! Automation of the repository, in Rust. `cargo xtask tidy` checks the house rules a compiler does not; `cargo xtask bless` rewrites
//! golden files, whose diff is then read by a person; `cargo xtask fuzz` runs the fuzz targets.
#![expect(
    clippy::print_stdout,
    reason = "a command line tool speaks by printing"
)]

mod fuzz;
mod links;
mod tidy;

use anyhow::{Result, bail};
use std::process::Command;

fn main() -> Result<()> {
    let tasks: Vec<String> = std::env::args().skip(1).collect();
    match tasks.first().map(String::as_str) {
        Some("tidy") => tidy::run(),
        Some("bless") => bless(),
        Some("fuzz") => fuzz::run(&tasks[1..]),
        _ => bail!("usage: cargo xtask tidy|bless|fuzz"),
    }
}

fn bless() -> Result<()> {
    let status = Command::new("cargo")
        .args([
            "test",
            "-p",
            "waggle-wire",
            "-p",
            "waggle-expression",
            "-p",
            "waggle-api",
            "--lib",
        ])
        .env("WAGGLE_BLESS", "1")
        .status()?;
    if !status.success() {
        bail!("the golden cases did not run");
    }
    println!("blessed; read the diff: a changed golden file is a changed promise");
    Ok(())
}
