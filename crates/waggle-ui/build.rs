//! Picks the folder with the built UI and writes a table of its files for `include_bytes!`.
//!
//! The order is `WAGGLE_UI_DIST`, `ui/dist`, and then a page that says how to build the UI. Runs no npm and touches no network:
//! `cargo build` must work on a machine without node.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(required("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(required("OUT_DIR")?).join("assets.rs");
    println!("cargo:rerun-if-env-changed=WAGGLE_UI_DIST");

    let built = manifest.join("../../ui/dist");
    let dist = match env::var_os("WAGGLE_UI_DIST") {
        Some(named) => PathBuf::from(named),
        None => built,
    };
    // Watching a folder that is missing makes cargo look again on every build, which is what finds a UI built later.
    println!("cargo:rerun-if-changed={}", dist.display());
    if !dist.join("index.html").is_file() {
        println!(
            "cargo:warning=no built UI in {}: embedding a page that says how to build it (`make build`, or `npm ci && npm run build` in ui/)",
            dist.display()
        );
        return fs::write(out, "pub(crate) static FILES: &[Entry] = &[];\n");
    }

    let dist = dist.canonicalize()?;
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    let mut table = String::from("pub(crate) static FILES: &[Entry] = &[\n");
    for name in &files {
        let path = dist.join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        table.push_str(&format!(
            "    ({name:?}, include_bytes!({:?})),\n",
            path.display().to_string()
        ));
    }
    table.push_str("];\n");
    fs::write(out, table)
}

/// Names of all files below `folder`, relative to `root`, with forward slashes.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let (Ok(relative), Some(_)) = (path.strip_prefix(root), path.to_str()) {
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            files.push(parts.join("/"));
        }
    }
    Ok(())
}

fn required(name: &str) -> io::Result<std::ffi::OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo sets {name}")))
}
