//! Runs the fuzz targets with the compiler the project builds with. `cargo fuzz` wants a nightly one, for its address sanitizer; the
//! workspace has no unsafe code for that to watch, and the coverage that guides libFuzzer is an LLVM pass that stable passes on.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What makes code tell libFuzzer where it has been, as `cargo fuzz` sets it; overflows and failed assertions are found too.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
];
/// Targets that need the feature `store` of the workspace in `fuzz/`.
const WITH_STORE: [&str; 2] = ["block", "wal"];
/// One input may take this long before it counts as a hang.
const INPUT_SECONDS: u32 = 10;
const MEMORY_MB: u32 = 2_048;

/// Runs one target, or all of them, for some seconds each. What they find to be new is kept beside the build; what breaks them is named
/// by libFuzzer and ends the run.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (target, seconds) = match arguments {
        [target, seconds] => (target.as_str(), seconds),
        _ => bail!("usage: cargo xtask fuzz <target>|all <seconds>"),
    };
    let seconds: u32 = seconds
        .parse()
        .with_context(|| format!("the seconds to run: {seconds:?}"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let targets = targets(&root.join("fuzz/fuzz_targets"), target)?;
    let built = build(&root, &targets)?;
    for target in &targets {
        fuzz(&root, &built, target, seconds)?;
    }
    Ok(())
}

fn targets(folder: &Path, wanted: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir().context("fuzz/fuzz_targets")? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str()) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    if wanted == "all" {
        return Ok(names);
    }
    if !names.iter().any(|name| name == wanted) {
        bail!(
            "there is no target {wanted:?}; there are {}",
            names.join(", ")
        );
    }
    Ok(vec![wanted.to_owned()])
}

/// Builds beside the other builds, so that the flags rebuild nothing of theirs. Returns the folder of the programs.
fn build(root: &Path, targets: &[String]) -> Result<PathBuf> {
    let folder = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), PathBuf::from)
        .join("fuzz");
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8(version.stdout)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc -vV names no host")?;
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root.join("fuzz"))
        .args(["build", "--release", "--target", host])
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}"));
    if targets
        .iter()
        .any(|name| WITH_STORE.contains(&name.as_str()))
    {
        cargo.args(["--features", "store"]);
    }
    for target in targets {
        cargo.args(["--bin", target]);
    }
    if !cargo.status()?.success() {
        bail!("the fuzz targets did not build");
    }
    Ok(folder.join(host).join("release"))
}

fn fuzz(root: &Path, built: &Path, target: &str, seconds: u32) -> Result<()> {
    let found = built.join("corpus").join(target);
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(built.join(target));
    command.arg(&found);
    let corpus = root.join("fuzz/corpus").join(target);
    if corpus.is_dir() {
        command.arg(corpus);
    }
    let status = command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MB}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args(["-print_final_stats=1", "-verbosity=0"])
        .status()?;
    if !status.success() {
        bail!("{target} found an input that breaks it");
    }
    println!("{target}: {seconds} s without a finding");
    Ok(())
}
