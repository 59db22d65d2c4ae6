//! The first start on an empty folder: who owns the installation, and the secrets that are shown once and never again.

use crate::key::{configuration_secret, long_secret, random};
use crate::{Access, Error, Permissions, Result, Scope, aws};
use waggle_metastore::{
    Environment, FirstRows, KeyId, KeyKind, NewAwsKey, NewKey, NewUser, Role, Team,
};

const TEAM: &str = "default";
const ENVIRONMENT: &str = "production";
const ADMIN_EMAIL: &str = "admin@localhost";
/// Letters and digits that are not easily confused: a person types this one.
const READABLE: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
const GIVEN_BYTES_MAX: usize = 256;

/// What the settings say about the first start. What is not given (or empty) is made up.
#[derive(Clone, Default)]
pub struct BootstrapValues {
    /// Name of the team.
    pub team: Option<String>,
    /// Name of the environment.
    pub environment: Option<String>,
    /// What clients of the environment send as their key; any visible ASCII.
    pub api_key: Option<String>,
    /// Management key, as `id:secret`.
    pub management_key: Option<String>,
    /// Address of the administrator.
    pub admin_email: Option<String>,
    /// Password of the administrator.
    pub admin_password: Option<String>,
    /// Public half of the AWS credentials; only with the other half.
    pub aws_access_key_id: Option<String>,
    /// Secret half of the AWS credentials.
    pub aws_secret_access_key: Option<String>,
}

/// What became of a first start.
pub enum BootstrapOutcome {
    /// The metastore was empty and now has this.
    Done(Box<Bootstrapped>),
    /// The metastore was not empty: the values were ignored.
    AlreadyDone,
}

/// Everything that was made, secrets in the clear: to be shown once.
pub struct Bootstrapped {
    /// The team.
    pub team: Team,
    /// Its environment.
    pub environment: Environment,
    /// What clients send as `X-Honeycomb-Team`: a configuration key with all permissions.
    pub api_key: Credential,
    /// The management key, as `id:secret`.
    pub management_key: Credential,
    /// Address of the administrator.
    pub admin_email: String,
    /// Password of the administrator.
    pub admin_password: Credential,
    /// Public half of the AWS credentials.
    pub aws_access_key_id: String,
    /// Secret half of the AWS credentials.
    pub aws_secret_access_key: Credential,
}

/// A secret and whether its owner knows it already.
#[derive(Clone)]
pub struct Credential {
    /// The secret itself.
    pub value: String,
    /// True when it was made up here, so that this is the only time to show it.
    pub is_made_up: bool,
}

impl Access {
    /// Makes team, environment, administrator and keys, unless there is a team already.
    ///
    /// # Errors
    /// `Invalid` for a value that can't be used; nothing was made then.
    pub async fn bootstrap(&self, values: BootstrapValues) -> Result<BootstrapOutcome> {
        if !self.metastore().is_empty().await? {
            return Ok(BootstrapOutcome::AlreadyDone);
        }
        let plan = Plan::new(values)?;
        let rows = self.first_rows(&plan).await?;
        let made = self
            .metastore()
            .bootstrap(&rows, self.clock().now_ns())
            .await;
        self.cache().forget();
        let first = match made {
            Ok(first) => first,
            // Another process was faster.
            Err(waggle_metastore::Error::Conflict(_)) if !self.metastore().is_empty().await? => {
                return Ok(BootstrapOutcome::AlreadyDone);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(BootstrapOutcome::Done(Box::new(Bootstrapped {
            team: first.team,
            environment: first.environment,
            api_key: plan.api_key,
            management_key: plan.management_key,
            admin_email: plan.admin_email,
            admin_password: plan.admin_password,
            aws_access_key_id: plan.aws_access_key_id,
            aws_secret_access_key: plan.aws_secret_access_key,
        })))
    }

    async fn first_rows(&self, plan: &Plan) -> Result<FirstRows> {
        let password = plan.admin_password.value.clone();
        let (aws_id, aws_secret) = (&plan.aws_access_key_id, &plan.aws_secret_access_key.value);
        let aws_key = NewAwsKey {
            key: self.new_aws_key(aws_id, "first AWS key", aws_secret),
            encrypted_secret: aws::encrypt(self.aws_secret_key(), aws_id, aws_secret)?,
        };
        Ok(FirstRows {
            team_name: plan.team.clone(),
            environment_name: plan.environment.clone(),
            administrator: NewUser {
                email: plan.admin_email.clone(),
                name: "Administrator".to_owned(),
                password_hash: self.passwords().hash(password).await?,
                role: Role::Administrator,
            },
            environment_keys: vec![NewKey {
                id: KeyId::random(KeyKind::Configuration),
                kind: KeyKind::Configuration,
                name: "first key".to_owned(),
                secret_hash: self.key_hash(&plan.api_key.value),
                permissions: Permissions::all(),
                scopes: Vec::new(),
                is_disabled: false,
                expires_at_ns: None,
                made_by: None,
            }],
            team_keys: vec![NewKey {
                id: plan.management_key_id.clone(),
                kind: KeyKind::Management,
                name: "first management key".to_owned(),
                secret_hash: self.key_hash(&plan.management_key.value),
                permissions: Permissions::default(),
                scopes: Scope::ALL.to_vec(),
                is_disabled: false,
                expires_at_ns: None,
                made_by: None,
            }],
            aws_keys: vec![aws_key],
        })
    }
}

/// The values with the gaps filled.
struct Plan {
    team: String,
    environment: String,
    api_key: Credential,
    management_key_id: KeyId,
    management_key: Credential,
    admin_email: String,
    admin_password: Credential,
    aws_access_key_id: String,
    aws_secret_access_key: Credential,
}

impl Plan {
    fn new(values: BootstrapValues) -> Result<Self> {
        let BootstrapValues {
            team,
            environment,
            api_key,
            management_key,
            admin_email,
            admin_password,
            aws_access_key_id,
            aws_secret_access_key,
        } = values;
        check(&api_key, "bootstrap API key")?;
        check(&management_key, "bootstrap management key")?;
        check(&aws_access_key_id, "bootstrap AWS access key id")?;
        check(&aws_secret_access_key, "bootstrap AWS secret access key")?;
        let management_key = credential(given(management_key), || {
            format!("{}:{}", KeyId::random(KeyKind::Management).0, long_secret())
        });
        let (aws_access_key_id, aws_secret_access_key) =
            match (given(aws_access_key_id), given(aws_secret_access_key)) {
                (None, None) => (
                    KeyId::random(KeyKind::Aws).0,
                    credential(None, aws::made_up_secret),
                ),
                (Some(id), Some(secret)) => {
                    aws::check_access_key_id(&id)?;
                    (id, credential(Some(secret), String::new))
                }
                _ => {
                    return Err(Error::Invalid {
                        field: "bootstrap AWS keys",
                        message: "the access key id and the secret access key belong together",
                    });
                }
            };
        Ok(Self {
            team: given(team).unwrap_or_else(|| TEAM.to_owned()),
            environment: given(environment).unwrap_or_else(|| ENVIRONMENT.to_owned()),
            api_key: credential(given(api_key), configuration_secret),
            management_key_id: management_key_id(&management_key.value)?,
            management_key,
            admin_email: given(admin_email).unwrap_or_else(|| ADMIN_EMAIL.to_owned()),
            // Spaces around a password belong to it.
            admin_password: credential(admin_password.filter(|it| !it.is_empty()), || {
                random(READABLE, 20)
            }),
            aws_access_key_id,
            aws_secret_access_key,
        })
    }
}

/// An empty setting is one that was not given.
fn given(value: Option<String>) -> Option<String> {
    value
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn credential(given: Option<String>, make_up: impl FnOnce() -> String) -> Credential {
    Credential {
        is_made_up: given.is_none(),
        value: given.unwrap_or_else(make_up),
    }
}

/// Keys travel in headers, which hold visible ASCII.
fn check(value: &Option<String>, field: &'static str) -> Result<()> {
    let value = value.as_deref().unwrap_or_default().trim();
    if value.len() <= GIVEN_BYTES_MAX && value.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Error::Invalid {
        field,
        message: "must have at most 256 visible ASCII characters",
    })
}

fn management_key_id(value: &str) -> Result<KeyId> {
    match value.split_once(':') {
        Some((id, secret)) if !id.is_empty() && !secret.is_empty() => Ok(KeyId(id.to_owned())),
        _ => Err(Error::Invalid {
            field: "bootstrap management key",
            message: "must be an id and a secret with a colon between them",
        }),
    }
}
