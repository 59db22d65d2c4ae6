//! `waggle team|environment|key`: teams, their environments and their keys from a shell, straight in the data folder.
//!
//! The commands open the metastore file beside a server that may be running: SQLite lets several programs in, and the server sees a
//! new key at once and a changed or deleted one after 30 seconds. So there is one way, which also works before the first start of a
//! program that needs a key, and none of it needs a management key. What would take events away is left to the API, because only the
//! running server knows what it holds in memory.

mod key;

use crate::serve::system_clock;
use anyhow::{Context, Result, anyhow, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::sync::Arc;
use waggle_access::{Access, InstallationSecret, KeyRequest, Scope};
use waggle_metastore::{
    ENVIRONMENT_COLORS, Environment, EnvironmentChange, Metastore, Role, SqliteMetastore, Team,
    color_after, environment_public_id,
};
use waggle_model::Clock;

pub(crate) use key::{KeyArgs, run as key};

/// Where the rows are.
#[derive(Args, Clone, Debug)]
pub(crate) struct Folder {
    /// The data folder of the server
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "./waggle-data",
        env = "WAGGLE_DATA_DIR"
    )]
    data_dir: PathBuf,
}

/// Which team a command is about.
#[derive(Args, Clone, Debug)]
pub(crate) struct OfTeam {
    #[command(flatten)]
    folder: Folder,
    /// Slug of the team [default: the only team]
    #[arg(long, value_name = "SLUG")]
    team: Option<String>,
}

/// Teams.
#[derive(Args, Clone, Debug)]
pub(crate) struct TeamArgs {
    #[command(subcommand)]
    command: TeamCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum TeamCommand {
    /// Make a team with a management key, which is shown once
    Create {
        #[command(flatten)]
        folder: Folder,
        /// Its name
        name: String,
        /// Address of a person who may sign in to it; the password is made up and shown once
        #[arg(long, value_name = "ADDRESS")]
        admin_email: Option<String>,
    },
    /// Add a person to a team; the password is made up and shown once
    AddMember {
        #[command(flatten)]
        of: OfTeam,
        /// Address that the person signs in with
        email: String,
        /// Name to show [default: the address up to its @]
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// The person may manage keys, environments and retention, too
        #[arg(long)]
        administrator: bool,
    },
    /// List the teams
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Delete a team that has no environments
    Delete {
        #[command(flatten)]
        folder: Folder,
        /// Its slug
        slug: String,
    },
}

/// Environments of a team.
#[derive(Args, Clone, Debug)]
pub(crate) struct EnvironmentArgs {
    #[command(subcommand)]
    command: EnvironmentCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum EnvironmentCommand {
    /// Make an environment
    Create {
        #[command(flatten)]
        of: OfTeam,
        /// Its name
        name: String,
        #[command(flatten)]
        looks: Looks,
    },
    /// Describe, colour or protect an environment; what is not said stays
    Update {
        #[command(flatten)]
        of: OfTeam,
        /// Its slug
        slug: String,
        #[command(flatten)]
        looks: Looks,
        /// Whether DELETE of the API refuses to delete it
        #[arg(long, value_name = "BOOL")]
        protected: Option<bool>,
    },
    /// List the environments
    List {
        #[command(flatten)]
        of: OfTeam,
    },
    /// Delete an environment that has no datasets
    Delete {
        #[command(flatten)]
        of: OfTeam,
        /// Its slug
        slug: String,
    },
}

/// What people see of an environment beside its name.
#[derive(Args, Clone, Debug)]
struct Looks {
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The colour people know it by
    #[arg(long, value_name = "COLOR", value_parser = PossibleValuesParser::new(ENVIRONMENT_COLORS))]
    color: Option<String>,
}

/// Runs `waggle team`.
pub(crate) async fn team(args: TeamArgs) -> Result<String> {
    match args.command {
        TeamCommand::Create {
            folder,
            name,
            admin_email,
        } => {
            let open = Open::new(&folder).await?;
            let team = open
                .metastore
                .create_team(&name, open.clock.now_ns())
                .await
                .with_context(|| format!("the team {name:?} can't be made"))?;
            let request = KeyRequest::management("first management key", &Scope::ALL);
            let made = open.access.create_key(team.id, request).await?;
            let mut text = format!("team {}\nmanagement key {}\n", team.slug, made.value);
            if let Some(email) = admin_email {
                let role = Role::Administrator;
                text.push_str(&open.add(&team, &email, "Administrator", role).await?);
            }
            Ok(text)
        }
        TeamCommand::AddMember {
            of,
            email,
            name,
            administrator,
        } => {
            let (open, team) = of.open().await?;
            let role = if administrator {
                Role::Administrator
            } else {
                Role::Member
            };
            let called = email.split('@').next().unwrap_or_default();
            let name = name.as_deref().unwrap_or(called);
            open.add(&team, &email, name, role)
                .await
                .with_context(|| format!("{email} can't be added"))
        }
        TeamCommand::List { folder } => {
            let open = Open::new(&folder).await?;
            let teams = open.metastore.teams().await?;
            Ok(teams
                .iter()
                .map(|team| format!("{}\t{}\n", team.slug, team.name))
                .collect())
        }
        TeamCommand::Delete { folder, slug } => {
            let open = Open::new(&folder).await?;
            let team = open.team(Some(&slug)).await?;
            open.metastore.delete_team(team.id).await?;
            Ok(format!("the team {slug} is deleted\n"))
        }
    }
}

/// Runs `waggle environment`.
pub(crate) async fn environment(args: EnvironmentArgs) -> Result<String> {
    match args.command {
        EnvironmentCommand::Create { of, name, looks } => {
            let (open, team) = of.open().await?;
            let now_ns = open.clock.now_ns();
            let count = open.metastore.environments(team.id).await?.len();
            let made = open
                .metastore
                .create_environment(team.id, &name, now_ns)
                .await
                .with_context(|| format!("the environment {name:?} can't be made"))?;
            let change = EnvironmentChange {
                description: looks.description,
                color: Some(looks.color.unwrap_or_else(|| color_after(count))),
                is_delete_protected: None,
            };
            let made = open
                .metastore
                .update_environment(made.tenant, change)
                .await?;
            Ok(environment_line(&made))
        }
        EnvironmentCommand::Update {
            of,
            slug,
            looks,
            protected,
        } => {
            let (open, team) = of.open().await?;
            let environment = open.environment(&team, Some(&slug)).await?;
            let change = EnvironmentChange {
                description: looks.description,
                color: looks.color,
                is_delete_protected: protected,
            };
            let metastore = &open.metastore;
            let changed = metastore.update_environment(environment.tenant, change);
            Ok(environment_line(&changed.await?))
        }
        EnvironmentCommand::List { of } => {
            let (open, team) = of.open().await?;
            let environments = open.metastore.environments(team.id).await?;
            Ok(environments.iter().map(environment_line).collect())
        }
        EnvironmentCommand::Delete { of, slug } => {
            let (open, team) = of.open().await?;
            let environment = open.environment(&team, Some(&slug)).await?;
            let tenant = environment.tenant;
            if !open.metastore.datasets(tenant).await?.is_empty() {
                bail!(
                    "the environment {slug} has datasets; DELETE /2/teams/{}/environments/{} of the running server takes them too",
                    team.slug,
                    environment_public_id(tenant.environment)
                );
            }
            // Whoever types the slug at the machine itself means it.
            let unprotected = EnvironmentChange {
                is_delete_protected: Some(false),
                ..EnvironmentChange::default()
            };
            open.metastore
                .update_environment(tenant, unprotected)
                .await?;
            open.metastore.delete_environment(tenant).await?;
            Ok(format!("the environment {slug} is deleted\n"))
        }
    }
}

fn environment_line(environment: &Environment) -> String {
    let id = environment_public_id(environment.tenant.environment);
    let state = match environment.is_delete_protected {
        true => "protected",
        false => "unprotected",
    };
    let Environment {
        slug, color, name, ..
    } = environment;
    format!("{id}\t{slug}\t{color}\t{state}\t{name}\n")
}

/// An opened data folder.
struct Open {
    metastore: Arc<dyn Metastore>,
    access: Access,
    clock: Clock,
}

impl OfTeam {
    async fn open(&self) -> Result<(Open, Team)> {
        let open = Open::new(&self.folder).await?;
        let team = open.team(self.team.as_deref()).await?;
        Ok((open, team))
    }
}

impl Open {
    async fn new(folder: &Folder) -> Result<Self> {
        let file = folder.data_dir.join("metastore.sqlite");
        if !file.exists() {
            bail!(
                "{} is no data folder; `waggle serve` makes one, and --data-dir names another",
                folder.data_dir.display()
            );
        }
        let metastore: Arc<dyn Metastore> = Arc::new(SqliteMetastore::open(&file).await?);
        let secret = InstallationSecret::load_or_create(&folder.data_dir, false)?;
        let clock = system_clock();
        Ok(Self {
            access: Access::new(Arc::clone(&metastore), &secret, clock.clone()),
            metastore,
            clock,
        })
    }

    /// Makes a person of a team; says how they sign in.
    async fn add(&self, team: &Team, email: &str, name: &str, role: Role) -> Result<String> {
        let password = key::made_up_password();
        self.access
            .create_user(team.id, email, name, &password, role)
            .await?;
        Ok(format!("sign in as {email} with {password}\n"))
    }

    /// The team of this slug, or the only one.
    async fn team(&self, slug: Option<&str>) -> Result<Team> {
        let teams = self.metastore.teams().await?;
        match slug {
            Some(slug) => teams
                .into_iter()
                .find(|team| team.slug == slug)
                .ok_or_else(|| anyhow!("there is no team {slug}")),
            None => only(teams, "team", |team| &team.slug),
        }
    }

    /// The environment of this slug, or the only one of the team.
    async fn environment(&self, team: &Team, slug: Option<&str>) -> Result<Environment> {
        let environments = self.metastore.environments(team.id).await?;
        match slug {
            Some(slug) => environments
                .into_iter()
                .find(|environment| environment.slug == slug)
                .ok_or_else(|| anyhow!("the team {} has no environment {slug}", team.slug)),
            None => only(environments, "environment", |environment| &environment.slug),
        }
    }
}

/// The only one of a list; a longer list asks for its name.
fn only<T>(mut all: Vec<T>, what: &str, slug: fn(&T) -> &String) -> Result<T> {
    match all.len() {
        1 => Ok(all.remove(0)),
        0 => bail!("there is no {what} yet"),
        _ => {
            let slugs: Vec<&str> = all.iter().map(|one| slug(one).as_str()).collect();
            bail!("say which with --{what}: {}", slugs.join(", "))
        }
    }
}
