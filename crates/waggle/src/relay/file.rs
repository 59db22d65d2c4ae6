//! The configuration file of AWS's daemon, as far as it goes: `Name: value`, and one level of names below a name. It is YAML of that form
//! alone; anything else in it is an error.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::Path;

/// Values by name; those below another name as `Socket.UDPAddress`.
#[derive(Debug, Default)]
pub(super) struct DaemonFile(BTreeMap<String, String>);

impl DaemonFile {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("--config: {} can't be read", path.display()))?;
        Self::parse(&text).with_context(|| format!("--config: {}", path.display()))
    }

    /// A value that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn parse(text: &str) -> Result<Self> {
        let mut values = BTreeMap::new();
        let mut section = String::new();
        for (index, line) in text.lines().enumerate() {
            let content = match line.split_once(" #") {
                Some((content, _)) => content,
                None => line,
            };
            if content.trim().is_empty() || content.trim_start().starts_with('#') {
                continue;
            }
            let Some((name, value)) = content.trim().split_once(':') else {
                bail!("line {} is not `Name: value`", index + 1);
            };
            let value = value.trim().trim_matches(['"', '\'']);
            let is_nested = content.starts_with([' ', '\t']);
            if is_nested && section.is_empty() {
                bail!("line {} belongs to nothing", index + 1);
            }
            let key = match is_nested {
                true => format!("{section}.{name}"),
                false => name.to_owned(),
            };
            if !is_nested {
                section = match value.is_empty() {
                    true => name.to_owned(),
                    false => String::new(),
                };
            }
            if !NAMES.contains(&key.as_str()) {
                bail!("line {}: there is no setting {key}", index + 1);
            }
            values.insert(key, value.to_owned());
        }
        Ok(Self(values))
    }
}

/// Every name that AWS's daemon knows. Source: spec/xray.md section 1.3.
const NAMES: &[&str] = &[
    "TotalBufferSizeMB",
    "Concurrency",
    "Region",
    "Endpoint",
    "Socket",
    "Socket.UDPAddress",
    "Socket.TCPAddress",
    "Logging",
    "Logging.LogRotation",
    "Logging.LogLevel",
    "Logging.LogPath",
    "LocalMode",
    "ResourceARN",
    "RoleARN",
    "NoVerifySSL",
    "ProxyAddress",
    "Version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_the_daemon_is_read() {
        let file = DaemonFile::parse(
            "# comment\nTotalBufferSizeMB: 24\nRegion: \"eu-x-1\"\nSocket:\n  # below\n  UDPAddress: \"127.0.0.1:3000\" # port\n  \
             TCPAddress: '127.0.0.1:3001'\nLogging:\n  LogLevel: prod\nEndpoint: \"\"\nVersion: 2\n",
        )
        .unwrap();
        assert_eq!(file.text("Socket.UDPAddress").unwrap(), "127.0.0.1:3000");
        assert_eq!(file.text("Socket.TCPAddress").unwrap(), "127.0.0.1:3001");
        assert_eq!(file.text("Logging.LogLevel").unwrap(), "prod");
        assert_eq!(file.text("Region").unwrap(), "eu-x-1");
        assert_eq!(file.text("Endpoint"), None);
        for text in ["- a", "  A: 1", "Nonsense: 1", "Socket:\n  Nonsense: 1"] {
            assert!(DaemonFile::parse(text).is_err(), "{text}");
        }
    }
}
