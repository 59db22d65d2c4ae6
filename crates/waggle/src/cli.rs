//! The command line: subcommands and their flags. Flags of `serve` come from the table of settings.

use crate::config::{Config, Kind, SETTINGS};
use crate::demo::DemoArgs;
use crate::export::ExportArgs;
use crate::import::ImportArgs;
use crate::manage::{EnvironmentArgs, KeyArgs, TeamArgs};
use crate::relay::RelayArgs;
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::path::{Path, PathBuf};

/// What the user asked for.
pub(crate) enum Invocation {
    /// Run the server.
    Serve(Config),
    /// Send the demonstration shop's telemetry.
    Demo(DemoArgs),
    /// Stand beside an application and send on what X-Ray's SDKs send.
    XrayRelay(Box<RelayArgs>),
    /// Write a window of a dataset to a file.
    Export(ExportArgs),
    /// Send the events of a file to a dataset.
    Import(ImportArgs),
    /// Make, list and delete teams.
    Team(TeamArgs),
    /// Make, list and delete environments.
    Environment(EnvironmentArgs),
    /// Make, list, change and delete keys.
    Key(KeyArgs),
    /// Print the effective settings.
    ConfigPrint(Config),
    /// Print the reference page of all settings.
    ConfigReference,
}

/// Reads the command line, the environment and the configuration file.
///
/// # Errors
/// A setting that is not understood. Wrong usage prints the usage and ends the process, as clap does.
pub(crate) fn parse() -> Result<Invocation> {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("serve", matches)) => Ok(Invocation::Serve(resolve(matches)?)),
        Some(("demo", matches)) => Ok(Invocation::Demo(DemoArgs::from_arg_matches(matches)?)),
        Some(("xray-relay", matches)) => Ok(Invocation::XrayRelay(Box::new(
            RelayArgs::from_arg_matches(matches)?,
        ))),
        Some(("export", matches)) => Ok(Invocation::Export(ExportArgs::from_arg_matches(matches)?)),
        Some(("import", matches)) => Ok(Invocation::Import(ImportArgs::from_arg_matches(matches)?)),
        Some(("team", matches)) => Ok(Invocation::Team(TeamArgs::from_arg_matches(matches)?)),
        Some(("environment", matches)) => Ok(Invocation::Environment(
            EnvironmentArgs::from_arg_matches(matches)?,
        )),
        Some(("key", matches)) => Ok(Invocation::Key(KeyArgs::from_arg_matches(matches)?)),
        Some(("config", matches)) => match matches.subcommand() {
            Some(("print", matches)) => Ok(Invocation::ConfigPrint(resolve(matches)?)),
            _ => Ok(Invocation::ConfigReference),
        },
        _ => unreachable!("clap requires a subcommand"),
    }
}

fn command() -> Command {
    Command::new("waggle")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A self-hosted observability backend: traces, events and logs in, answers out")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_settings(Command::new("serve").about("Run the server")))
        .subcommand(DemoArgs::augment_args(Command::new("demo").about(
            "Send a believable microservice shop's telemetry to a running server",
        )))
        .subcommand(RelayArgs::augment_args(
            Command::new("xray-relay")
                .version(env!("CARGO_PKG_VERSION"))
                .about("Stand in for AWS's X-Ray daemon beside an application, before a server elsewhere"),
        ))
        .subcommand(ExportArgs::augment_args(Command::new("export").about(
            "Write a window of a dataset to a file: Parquet, CSV or newline JSON",
        )))
        .subcommand(ImportArgs::augment_args(
            Command::new("import").about("Send the events of a Parquet file to a dataset"),
        ))
        .subcommand(TeamArgs::augment_args(
            Command::new("team").about("Make, list and delete teams in a data folder, and add people to them"),
        ))
        .subcommand(EnvironmentArgs::augment_args(
            Command::new("environment").about("Make, list and delete environments of a team"),
        ))
        .subcommand(KeyArgs::augment_args(
            Command::new("key").about("Make, list, disable and delete keys of a team"),
        ))
        .subcommand(
            Command::new("config")
                .about("Show the settings")
                .subcommand_required(true)
                .subcommand(with_settings(Command::new("print").about(
                    "Print every setting's effective value and where it came from",
                )))
                .subcommand(
                    Command::new("reference").about("Print the reference page of all settings"),
                ),
        )
}

fn with_settings(command: Command) -> Command {
    // A flag given twice counts as given last, so that a script can be called with one more flag.
    let command = command.args_override_self(true).arg(
        Arg::new("config").long("config").value_name("FILE").help(
            "Configuration file [default: waggle.toml in the working folder, if there is one]",
        ),
    );
    SETTINGS.iter().fold(command, |command, setting| {
        let arg = Arg::new(setting.name).long(setting.name).help(format!(
            "{} [env: {}] [default: {}]",
            setting.help,
            crate::config::variable(setting.name),
            setting.default
        ));
        command.arg(if setting.kind == Kind::Switch {
            arg.num_args(0..=1)
                .default_missing_value("true")
                .require_equals(true)
                .value_name("BOOL")
        } else {
            arg.action(ArgAction::Set)
                .value_name(value_name(setting.kind))
        })
    })
}

fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Path => "FOLDER",
        Kind::Address | Kind::Door => "HOST:PORT",
        Kind::Switch => "BOOL",
        Kind::Number(..) => "COUNT",
        Kind::Bytes(..) => "BYTES",
        Kind::Duration(..) => "TIME",
        Kind::Text => "TEXT",
        Kind::Secret => "KEY",
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the binary's config reads the environment"
)]
fn resolve(matches: &ArgMatches) -> Result<Config> {
    let named = matches.get_one::<String>("config").map(PathBuf::from);
    let path = named
        .clone()
        .unwrap_or_else(|| PathBuf::from("waggle.toml"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error).with_context(|| format!("{} can't be read", path.display()));
        }
    };
    Config::resolve(
        |name| matches.get_one::<String>(name).cloned(),
        |variable| std::env::var(variable).ok(),
        text.as_deref().map(|text| (Path::new(&path), text)),
    )
}
