//! Recipients: where alerts of a team go. Source: spec/honeycomb-api.md section 15.1.

use crate::named::named;
use crate::{Artifact, ArtifactId, ArtifactKind, Named, Use};
use serde::{Deserialize, Serialize};
use waggle_model::DatasetId;

named! {
    /// How a recipient is reached.
    pub enum RecipientType {
        /// Electronic mail.
        #[default]
        Email = "email",
        /// A channel of Slack.
        Slack = "slack",
        /// A service of PagerDuty.
        PagerDuty = "pagerduty",
        /// Any program that takes HTTP.
        Webhook = "webhook",
        /// A workflow of Microsoft Teams.
        MsTeamsWorkflow = "msteams_workflow",
        /// A connector of Microsoft Teams, which its maker has switched off: old ones are readable, new ones are refused.
        MsTeams = "msteams",
    }
}

/// A place that takes alerts; it belongs to the whole team.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// How it is reached.
    pub recipient_type: RecipientType,
    /// A keyed hash of its address or name, of which no two recipients of a type have the same.
    pub target_hash: String,
    /// The details of the API as JSON, encrypted with the installation's secret: addresses of webhooks and keys open doors.
    #[serde(with = "hex")]
    pub sealed_details: Vec<u8>,
}

/// Without what is secret, so that no log holds it.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipient")
            .field("recipient_type", &self.recipient_type)
            .finish_non_exhaustive()
    }
}

impl Recipient {
    /// The unique key of the recipient of a type with this hash of its address or name.
    pub fn key_of(recipient_type: RecipientType, target_hash: &str) -> String {
        format!("{}/{target_hash}", recipient_type.name())
    }
}

impl Artifact for Recipient {
    const KIND: ArtifactKind = ArtifactKind::Recipient;

    fn unique_key(&self, _dataset: Option<DatasetId>) -> Option<String> {
        Some(Self::key_of(self.recipient_type, &self.target_hash))
    }
}

/// Who is told by a trigger or burn alert, and with which words of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notified {
    /// A recipient of the team.
    #[serde(rename = "recipient")]
    Recipient {
        /// The recipient.
        id: ArtifactId,
        /// How urgent it is for PagerDuty.
        pagerduty_severity: PagerDutySeverity,
        /// Values for the variables of a webhook's templates.
        variables: Vec<Variable>,
    },
    /// A marker with this message, made in the trigger's dataset.
    #[serde(rename = "marker")]
    Marker {
        /// The message.
        message: String,
    },
}

named! {
    /// How urgent an alert is for PagerDuty.
    pub enum PagerDutySeverity {
        /// The most urgent.
        #[default]
        Critical = "critical",
        /// Second.
        Error = "error",
        /// Third.
        Warning = "warning",
        /// The least urgent.
        Info = "info",
    }
}

/// A value for a variable of a webhook's templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The recipients among those that are told.
pub(crate) fn recipients_used(notified: &[Notified]) -> Vec<Use> {
    let recipients = notified.iter().filter_map(|notified| match notified {
        Notified::Recipient { id, .. } => Some(Use::Artifact(ArtifactKind::Recipient, id.clone())),
        Notified::Marker { .. } => None,
    });
    recipients.collect()
}

/// Bytes as hexadecimal text: a list of numbers would take twice the room.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::fmt::Write;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            write!(text, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
        let (pairs, rest) = digits.as_deref().unwrap_or(&[16]).as_chunks::<2>();
        if !rest.is_empty() {
            return Err(D::Error::custom("not pairs of hexadecimal digits"));
        }
        let bytes = pairs
            .iter()
            .map(|[high, low]| u8::try_from(high * 16 + low));
        bytes.collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}
