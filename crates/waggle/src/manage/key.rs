//! `waggle key`: the keys of a team and of its environments.

use super::{OfTeam, Open};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use rand::RngExt;
use waggle_access::{AwsKeyRequest, KeyRequest, KeyValue, Permission, Permissions, Scope};
use waggle_metastore::{Key, KeyChange, KeyId, KeyKind, Team};

/// Keys of a team and of its environments.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum KeyCommand {
    /// Make a key; what clients send is shown once
    Create(Box<NewKey>),
    /// List the keys, without their secrets
    List {
        #[command(flatten)]
        of: OfTeam,
    },
    /// Rename a key or change what it may do; what is not said stays
    Update {
        #[command(flatten)]
        of: OfTeam,
        /// Its id
        id: String,
        /// What people call it
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// A permission it has from now on, of a configuration or AWS key; may be given several times
        #[arg(long = "allow", value_name = "NAME")]
        allowed: Vec<String>,
    },
    /// Refuse a key until it is enabled again
    Disable {
        #[command(flatten)]
        of: OfTeam,
        /// Its id
        id: String,
    },
    /// Let a key in again
    Enable {
        #[command(flatten)]
        of: OfTeam,
        /// Its id
        id: String,
    },
    /// Delete a key
    Delete {
        #[command(flatten)]
        of: OfTeam,
        /// Its id
        id: String,
    },
}

#[derive(Args, Clone, Debug)]
struct NewKey {
    #[command(flatten)]
    of: OfTeam,
    /// What people call it
    name: String,
    /// What it is for
    #[arg(long, value_enum, default_value = "ingest")]
    kind: Kind,
    /// Slug of its environment [default: the only environment of the team]; a management key has none
    #[arg(long, value_name = "SLUG")]
    environment: Option<String>,
    /// A permission or, for a management key, a scope; may be given several times [default: all]
    #[arg(long = "allow", value_name = "NAME")]
    allowed: Vec<String>,
    /// What clients send already, instead of something made up; of AWS keys the access key id, a colon and the secret
    #[arg(long, value_name = "KEY", conflicts_with = "classic")]
    value: Option<String>,
    /// In the format of Honeycomb's older kind, which knows no environments
    #[arg(long)]
    classic: bool,
    /// Days after which it ends [default: never]
    #[arg(long, value_name = "DAYS")]
    days: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Ingest,
    Configuration,
    Management,
    /// What X-Ray clients sign with
    Aws,
}

const DAY_NS: i64 = 86_400_000_000_000;

/// Runs `waggle key`.
pub(crate) async fn run(args: KeyArgs) -> Result<String> {
    match args.command {
        KeyCommand::Create(new) => create(*new).await,
        KeyCommand::List { of } => {
            let (open, team) = of.open().await?;
            let keys = open.metastore.keys(team.id).await?;
            let environments = open.metastore.environments(team.id).await?;
            Ok(keys
                .iter()
                .map(|key| {
                    let environment = environments
                        .iter()
                        .find(|it| Some(it.tenant.environment) == key.environment);
                    line(key, environment.map_or("-", |it| it.slug.as_str()))
                })
                .collect())
        }
        KeyCommand::Update {
            of,
            id,
            name,
            allowed,
        } => update(of, id, name, &allowed).await,
        KeyCommand::Disable { of, id } => switch(of, id, true).await,
        KeyCommand::Enable { of, id } => switch(of, id, false).await,
        KeyCommand::Delete { of, id } => {
            let (open, team) = of.open().await?;
            let deleted = open.access.delete_key(team.id, &KeyId(id.clone())).await;
            deleted.with_context(|| format!("the key {id} can't be deleted"))?;
            Ok(format!("the key {id} is deleted\n"))
        }
    }
}

async fn create(new: NewKey) -> Result<String> {
    if let Kind::Aws = new.kind {
        return create_aws(new).await;
    }
    let (open, team) = new.of.open().await?;
    let mut request = match new.kind {
        Kind::Management if new.environment.is_some() => {
            bail!("a management key belongs to the team and has no environment")
        }
        Kind::Management => KeyRequest::management(&new.name, &scopes(&new.allowed)?),
        Kind::Ingest | Kind::Configuration | Kind::Aws => {
            let slug = new.environment.as_deref();
            let environment = open.environment(&team, slug).await?.tenant.environment;
            let kind = match new.kind {
                Kind::Ingest => KeyKind::Ingest,
                _ => KeyKind::Configuration,
            };
            KeyRequest::new(environment, kind, &new.name).with(permissions(&new.allowed)?)
        }
    };
    request.value = match (new.value, new.classic) {
        (Some(value), _) => KeyValue::Given(value),
        (None, true) => KeyValue::RandomClassic,
        (None, false) => KeyValue::Random,
    };
    request.expires_at_ns = end_ns(new.days, open.clock.now_ns());
    let made = open.access.create_key(team.id, request).await?;
    Ok(format!("id {}\nkey {}\n", made.key.id.0, made.value))
}

async fn create_aws(new: NewKey) -> Result<String> {
    if new.classic {
        bail!("AWS keys have one format only");
    }
    let value = match &new.value {
        None => None,
        Some(value) => {
            let halves = value
                .split_once(':')
                .map(|(id, secret)| (id.into(), secret.into()));
            Some(halves.context("--value takes the access key id, a colon and the secret")?)
        }
    };
    let (open, team) = new.of.open().await?;
    let environment = open.environment(&team, new.environment.as_deref()).await?;
    let request = AwsKeyRequest {
        name: new.name,
        permissions: permissions(&new.allowed)?,
        expires_at_ns: end_ns(new.days, open.clock.now_ns()),
        made_by: None,
        value,
    };
    let made = open
        .access
        .create_aws_key(environment.tenant, request)
        .await?;
    let secret = made.value.split_once(':').map_or("", |(_, secret)| secret);
    // As the AWS tools read them from the environment.
    Ok(format!(
        "AWS_ACCESS_KEY_ID={}\nAWS_SECRET_ACCESS_KEY={secret}\n",
        made.key.id.0
    ))
}

fn end_ns(days: Option<u16>, now_ns: i64) -> Option<i64> {
    days.map(|days| now_ns.saturating_add(i64::from(days).saturating_mul(DAY_NS)))
}

async fn update(
    of: OfTeam,
    id: String,
    name: Option<String>,
    allowed: &[String],
) -> Result<String> {
    let permissions = match allowed {
        [] => None,
        names => Some(permissions(names)?),
    };
    let (open, team) = of.open().await?;
    let found = open.metastore.key(team.id, &KeyId(id.clone())).await?;
    let found = found.with_context(|| format!("there is no key {id}"))?;
    let has_permissions = matches!(found.kind, KeyKind::Configuration | KeyKind::Aws);
    if permissions.is_some() && !has_permissions {
        bail!("what a key of the kind {} may do stays", found.kind.name());
    }
    let change = KeyChange {
        name,
        permissions,
        ..KeyChange::default()
    };
    change_key(&open, &team, &id, change).await?;
    Ok(format!("the key {id} is changed\n"))
}

async fn change_key(open: &Open, team: &Team, id: &str, change: KeyChange) -> Result<()> {
    let id = KeyId(id.to_owned());
    let changed = open.access.update_key(team.id, &id, change).await;
    changed.with_context(|| format!("the key {} can't be changed", id.0))?;
    Ok(())
}

async fn switch(of: OfTeam, id: String, is_disabled: bool) -> Result<String> {
    let (open, team) = of.open().await?;
    let change = KeyChange {
        is_disabled: Some(is_disabled),
        ..KeyChange::default()
    };
    change_key(&open, &team, &id, change).await?;
    let state = if is_disabled { "disabled" } else { "enabled" };
    Ok(format!("the key {id} is {state}\n"))
}

fn line(key: &Key, environment: &str) -> String {
    let state = if key.is_disabled {
        "disabled"
    } else {
        "enabled"
    };
    let kind = key.kind.name();
    format!(
        "{}\t{kind}\t{environment}\t{state}\t{}\n",
        key.id.0, key.name
    )
}

fn permissions(names: &[String]) -> Result<Permissions> {
    if names.is_empty() {
        return Ok(Permissions::all());
    }
    names
        .iter()
        .map(|name| {
            Permission::from_name(name).ok_or_else(|| {
                let known: Vec<&str> = Permission::all().map(Permission::name).collect();
                anyhow!("{name} is no permission; there are {}", known.join(", "))
            })
        })
        .collect()
}

fn scopes(names: &[String]) -> Result<Vec<Scope>> {
    if names.is_empty() {
        return Ok(Scope::ALL.to_vec());
    }
    names
        .iter()
        .map(|name| {
            Scope::from_name(name).ok_or_else(|| {
                let known = Scope::ALL.map(Scope::name);
                anyhow!("{name} is no scope; there are {}", known.join(", "))
            })
        })
        .collect()
}

/// A password that a person can type: letters and digits that are not easily confused.
pub(super) fn made_up_password() -> String {
    const READABLE: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let mut rng = rand::rng();
    (0..20)
        .map(|_| char::from(READABLE[rng.random_range(0..READABLE.len())]))
        .collect()
}
