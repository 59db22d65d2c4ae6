//! The secret of the installation, from which every keyed hash and encryption key is derived.
//!
//! It lies in a file of its own beside the metastore, so that a stolen copy of the metastore alone tells nothing about any key. Losing
//! it makes every key and AWS credential unusable; so it belongs into every backup.

#[cfg(test)]
mod tests;

use crate::{Error, Result};
use rand::RngExt;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

const FILE: &str = "installation.key";

/// 32 random bytes.
#[derive(Clone)]
pub struct InstallationSecret([u8; 32]);

impl InstallationSecret {
    /// Wraps bytes from elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the secret from `installation.key` in the folder, or makes the file when the installation is new (its metastore empty).
    ///
    /// Blocks on the disk: it runs once, before the server serves anybody. The file is not written by way of the store's disk, because
    /// this crate does not know the store and the file never changes after.
    ///
    /// # Errors
    /// `KeyFile` when the file can't be read or written, holds something else, or is missing from an installation that is not new: its
    /// stored keys could never be recognised with another secret.
    pub fn load_or_create(folder: &Path, is_new_installation: bool) -> Result<Self> {
        let path = folder.join(FILE);
        let failed = |message: String| Error::KeyFile {
            path: path.display().to_string(),
            message,
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => parse(&text)
                .ok_or_else(|| failed("it does not hold 64 hexadecimal digits".to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound && is_new_installation => {
                let secret = Self(rand::rng().random());
                write(folder, &path, &secret).map_err(|error| failed(error.to_string()))?;
                Ok(secret)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(failed(
                "it is missing, and no other file opens this metastore; restore it from a backup"
                    .to_owned(),
            )),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Derives a key for one purpose. Different purposes get unrelated keys.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        blake3::derive_key(purpose, &self.0)
    }
}

impl std::fmt::Debug for InstallationSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InstallationSecret")
    }
}

fn parse(text: &str) -> Option<InstallationSecret> {
    let hash = blake3::Hash::from_hex(text.trim_end()).ok()?;
    Some(InstallationSecret(*hash.as_bytes()))
}

/// Writes beside and renames, so that a crash leaves either no file or a whole one.
fn write(folder: &Path, path: &Path, secret: &InstallationSecret) -> std::io::Result<()> {
    let draft = path.with_extension("key.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let hex = blake3::Hash::from_bytes(secret.0).to_hex();
    writeln!(file, "{hex}")?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}
