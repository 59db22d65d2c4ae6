//! The one binary. What comes in: a command line, settings, a clock. What goes out: a running server, or one command's work done.
//! What it never does: anything another crate could; it introduces them to each other.

mod cli;
mod config;
mod demo;
mod export;
mod import;
mod manage;
mod relay;
mod remote;
mod serve;
mod udp;

use anyhow::Result;
use cli::Invocation;
use mimalloc::MiMalloc;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

/// A request's columns are many short-lived vectors, made on one thread and freed on another: with glibc's allocator more than a third
/// of the server's time under load went into them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let invocation = cli::parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    match invocation {
        Invocation::Serve(config) => runtime.block_on(serve::run(config)),
        Invocation::Demo(args) => runtime.block_on(demo::run(args)),
        Invocation::XrayRelay(args) => runtime.block_on(relay::run(*args)),
        Invocation::Export(args) => runtime.block_on(export::run(args)),
        Invocation::Import(args) => runtime.block_on(import::run(args)),
        Invocation::Team(args) => print(&runtime.block_on(manage::team(args))?),
        Invocation::Environment(args) => print(&runtime.block_on(manage::environment(args))?),
        Invocation::Key(args) => print(&runtime.block_on(manage::key(args))?),
        Invocation::ConfigPrint(config) => print(&effective(&config)),
        Invocation::ConfigReference => print(&config::reference()),
    }
}

fn effective(config: &config::Config) -> String {
    config
        .all()
        .map(|(name, value, origin)| format!("{name} = {value:?}  # {origin}\n"))
        .collect()
}

/// Writes the output of a command. A reader that has seen enough, such as `head`, closes the pipe: that is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

#[expect(clippy::print_stderr, reason = "the last word of a failed command")]
fn complain(error: &anyhow::Error) {
    eprintln!("waggle: {error:#}");
}
