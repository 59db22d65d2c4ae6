use super::MIGRATIONS;
use crate::{Error, Metastore, Recipient, SqliteMetastore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use std::path::Path;
use waggle_model::{EnvironmentId, TeamId, Tenant};

#[tokio::test]
async fn an_empty_file_gets_the_schema_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metastore.sqlite");
    let metastore = SqliteMetastore::open(&path).await.unwrap();
    use crate::Teams;
    metastore.create_team("bees", 1).await.unwrap();
    metastore.close().await;
    for _ in 0..2 {
        let metastore = SqliteMetastore::open(&path).await.unwrap();
        assert_eq!(metastore.teams().await.unwrap().len(), 1);
        let version: u32 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&metastore.readers)
            .await
            .unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&metastore.readers)
            .await
            .unwrap();
        assert_eq!(mode, "wal");
        let synchronous: u32 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(&metastore.writer)
            .await
            .unwrap();
        assert_eq!(synchronous, 2, "2 is FULL");
        metastore.close().await;
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metastore.sqlite");
    SqliteMetastore::open(&path).await.unwrap().close().await;
    execute(&path, "PRAGMA user_version = 1000").await;
    for _ in 0..2 {
        let error = SqliteMetastore::open(&path).await.unwrap_err();
        assert!(matches!(error, Error::NewerSchema { found: 1000, .. }));
        assert!(error.to_string().contains("a newer Waggle wrote it"));
    }
}

#[tokio::test]
async fn what_is_no_metastore_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other_program = folder.path().join("other.sqlite");
    execute(&other_program, "CREATE TABLE songs (title TEXT)").await;
    let no_database = folder.path().join("text.sqlite");
    std::fs::write(
        &no_database,
        "not a database, but long enough to be one ".repeat(100),
    )
    .unwrap();
    for path in [other_program, no_database] {
        let error = SqliteMetastore::open(&path).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt(_)), "{path:?}: {error:?}");
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
    }
    let missing_folder = folder.path().join("missing/metastore.sqlite");
    let error = SqliteMetastore::open(&missing_folder).await.unwrap_err();
    let Error::Unavailable(cause) = error else {
        panic!("{error:?}");
    };
    let cause = cause.to_string();
    assert!(
        cause.starts_with(&format!("{}: ", missing_folder.display())),
        "{cause}"
    );
}

#[tokio::test]
async fn sealed_details_of_older_versions_stay_readable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metastore.sqlite");
    for migration in &MIGRATIONS[..7] {
        execute(&path, migration).await;
    }
    execute(
        &path,
        "INSERT INTO teams VALUES (1, 'bees', 'bees', 1);
         INSERT INTO artifacts (id, kind, team_id, unique_key, contents, version, created_at_ns, updated_at_ns)
         VALUES ('r', 'recipient', 1, 'email/x',
                 '{\"recipient_type\":\"email\",\"target_hash\":\"x\",\"sealed_details\":[0,255,16,1,2,3,4,5,6,7,8,9]}', 1, 1, 1);
         PRAGMA application_id = 2003265388; PRAGMA user_version = 7",
    )
    .await;
    let metastore = SqliteMetastore::open(&path).await.unwrap();
    let tenant = Tenant {
        team: TeamId(1),
        environment: EnvironmentId(1),
    };
    let metastore: &dyn Metastore = &metastore;
    let found = metastore.artifacts::<Recipient>(tenant).await.unwrap();
    let details: Vec<&[u8]> = found
        .iter()
        .map(|found| found.value.sealed_details.as_slice())
        .collect();
    assert_eq!(details, [[0, 255, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
}

async fn execute(path: &Path, sql: &'static str) {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Credentials of the first start lay alone before migration 9; afterwards they are keys.
#[tokio::test]
async fn older_aws_credentials_become_keys() {
    use crate::{KeyId, KeyKind, Keys, Permissions};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metastore.sqlite");
    for migration in &MIGRATIONS[..8] {
        execute(&path, migration).await;
    }
    execute(
        &path,
        "INSERT INTO teams (id, name, slug, created_at_ns) VALUES (1, 'bees', 'bees', 5);
         INSERT INTO environments (id, team_id, name, slug, created_at_ns) VALUES (1, 1, 'e', 'e', 5);
         INSERT INTO aws_keys VALUES ('AKIA1', 1, 1, x'0102', 5), ('AKIA2', 1, 1, x'03', 6);
         PRAGMA application_id = 0x7767676c; PRAGMA user_version = 8;",
    )
    .await;
    let metastore = SqliteMetastore::open(&path).await.unwrap();
    let key = metastore.aws_key(&KeyId("AKIA1".to_owned())).await;
    let key = key.unwrap().unwrap();
    assert_eq!(key.encrypted_secret, [1, 2]);
    assert_eq!(key.owner.key.kind, KeyKind::Aws);
    assert_eq!(key.owner.key.permissions, Permissions::all());
    assert_eq!(key.owner.environment.unwrap().slug, "e");
    let keys = metastore.keys(key.owner.team.id).await.unwrap();
    assert_eq!(keys.len(), 2);
}

/// Usage had no keys before migration 14; what was counted stays.
#[tokio::test]
async fn usage_of_older_versions_is_kept_without_a_key() {
    use crate::{Taken, Usages};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metastore.sqlite");
    for migration in &MIGRATIONS[..13] {
        execute(&path, migration).await;
    }
    execute(
        &path,
        "INSERT INTO teams (id, name, slug, created_at_ns) VALUES (1, 'bees', 'bees', 5);
         INSERT INTO environments (id, team_id, name, slug, created_at_ns) VALUES (1, 1, 'e', 'e', 5);
         INSERT INTO usage VALUES (1, 1, 7, 20000, 3, 90);
         PRAGMA application_id = 0x7767676c; PRAGMA user_version = 13;",
    )
    .await;
    let metastore = SqliteMetastore::open(&path).await.unwrap();
    let tenant = Tenant {
        team: TeamId(1),
        environment: EnvironmentId(1),
    };
    let found = metastore.usage(tenant, 20_000..=20_000).await.unwrap();
    let [usage] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((usage.dataset.0, &usage.key), (7, &None));
    let taken = Taken {
        events: 3,
        bytes: 90,
        ..Taken::default()
    };
    assert_eq!(usage.taken, taken);
}
