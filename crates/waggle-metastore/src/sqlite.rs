//! The metastore in one SQLite file: the embedded default.
//!
//! One connection writes, so that writers queue in the process instead of failing on each other's locks; a few others read beside it.
//! Every commit is on stable storage when it returns (`synchronous = FULL`): a block that is listed stays listed after a power cut. Only
//! that a query result was begun is not waited for: it survives the process, and a power cut at that moment takes it back whole.

mod artifact;
mod block;
mod bootstrap;
mod column;
mod dataset;
mod erasure;
mod history;
mod key;
mod query;
mod retention;
mod schema;
mod session;
mod team;
mod usage;
mod user;

use crate::{Error, Result};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row, Sqlite, Transaction};
use std::path::Path;
use std::time::Duration;
use waggle_model::{EnvironmentId, TeamId, Tenant};

const READERS: u32 = 4;
const BEGIN: &str = "BEGIN IMMEDIATE";
/// Another process (a backup, a person with a shell) may hold the file so long before a call fails as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A call waits so long for its turn on the writer before it fails as busy.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Rows or ids per statement: well below SQLite's 32,766 parameters at up to 12 a row.
const CHUNK: usize = 500;

/// The SQLite backend.
#[derive(Debug)]
pub struct SqliteMetastore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteMetastore {
    /// Opens the file, making it when it is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// `NewerSchema` when a newer program wrote it, `Corrupt` when it is no metastore, `Unavailable` when it can't be opened.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_file(path)
            .await
            .map_err(|error| name_file(error, path))
    }

    async fn open_file(path: &Path) -> Result<Self> {
        let options = connect_options()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let writer = pool(1)
            .after_release(|connection, _| Box::pin(durable(connection)))
            .connect_with(options.clone())
            .await?;
        schema::migrate(&writer).await?;
        let readers = pool(READERS)
            .connect_with(options.create_if_missing(false).pragma("query_only", "ON"))
            .await?;
        Ok(Self { writer, readers })
    }

    /// Makes an empty metastore that lives as long as this value.
    ///
    /// # Errors
    /// `Unavailable` when SQLite can't be started.
    pub async fn in_memory() -> Result<Self> {
        // A memory database belongs to its connection, so there is one for everybody and it is never replaced.
        let writer = pool(1)
            .connect_with(connect_options().in_memory(true))
            .await?;
        schema::migrate(&writer).await?;
        Ok(Self {
            readers: writer.clone(),
            writer,
        })
    }

    /// Closes all connections after the calls under way; later calls fail as unavailable.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Starts the transaction of a write. Dropping it undoes everything.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>> {
        match self.writer.begin_with(BEGIN).await {
            // SQLite takes a transaction back by itself when the disk is full, and the driver does not notice: its connection believes
            // to be in one for ever. A new connection does not.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with(BEGIN).await?)
            }
            begun => Ok(begun?),
        }
    }

    /// The same as [`write_one`](Self::write_one), but the commit does not wait for the disk: for rows whose loss in a power cut only asks
    /// somebody to ask again. The next durable commit makes this one durable too.
    async fn write_one_soon(
        &self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Option<SqliteRow>> {
        // The connection is made durable again when it comes back, also when this future is dropped.
        let mut connection = self.writer.acquire().await?;
        sqlx::query("PRAGMA synchronous = NORMAL")
            .execute(&mut *connection)
            .await?;
        let begun = connection.begin_with(BEGIN).await;
        if let Err(sqlx::Error::InvalidSavePointStatement) = begun {
            // As in `write`.
            drop(begun);
            connection.close().await?;
            return self.write_one(statement).await;
        }
        let mut transaction = begun?;
        let row = statement.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Runs one statement that changes at most one row and returns it.
    ///
    /// Not without a transaction: the driver hands out the row before the statement has ended, and outside of a transaction that end
    /// is what commits. The caller could see a row that a full disk then takes back.
    async fn write_one(
        &self,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Option<SqliteRow>> {
        let mut transaction = self.write().await?;
        let row = statement.fetch_optional(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(row)
    }
}

/// Makes the commits of a connection that nobody uses wait for the disk, or gives the connection up.
async fn durable(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    sqlx::query("PRAGMA synchronous = FULL")
        .execute(connection)
        .await?;
    Ok(true)
}

fn connect_options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        // What was deleted must not be found in the file: somebody may have asked for it to be gone.
        .pragma("secure_delete", "ON")
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(TURN_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Says which file can't be used: SQLite does not, and whoever starts the program has to mend it.
fn name_file(error: Error, path: &Path) -> Error {
    let file = path.display();
    match error {
        Error::Unavailable(cause) => Error::Unavailable(format!("{file}: {cause}").into()),
        Error::Corrupt(cause) => Error::Corrupt(format!("{file}: {cause}")),
        other => other,
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_) => Self::Corrupt(error.to_string()),
            sqlx::Error::Database(database) => {
                if database.is_unique_violation() {
                    return Self::Conflict("a row with this name or id exists already");
                }
                if database.is_foreign_key_violation() {
                    return Self::NotFound("the owner of the row");
                }
                // SQLite's primary result code is the low byte: 5 busy, 6 locked, 11 corrupt, 26 not a database.
                let code = database.code().and_then(|code| code.parse::<u32>().ok());
                match code.map(|code| code & 0xff) {
                    Some(5 | 6) => Self::Busy,
                    Some(11 | 26) => Self::Corrupt(error.to_string()),
                    _ => Self::Unavailable(Box::new(error)),
                }
            }
            _ => Self::Unavailable(Box::new(error)),
        }
    }
}

/// Reads the pair of columns that most tables start with.
fn tenant_of(row: &SqliteRow) -> Result<Tenant> {
    Ok(Tenant {
        team: TeamId(row.try_get("team_id")?),
        environment: EnvironmentId(row.try_get("environment_id")?),
    })
}

/// SQLite has no unsigned integers: a number that does not fit could not be stored as it is.
fn to_stored(value: u64, field: &'static str) -> Result<i64> {
    i64::try_from(value).map_err(|_| Error::Invalid {
        field,
        message: "is too large to be stored",
    })
}

/// Reads an unsigned number back.
fn from_stored<T: TryFrom<i64>>(row: &SqliteRow, column: &str) -> Result<T> {
    let stored: i64 = row.try_get(column)?;
    T::try_from(stored).map_err(|_| Error::Corrupt(format!("{column} is {stored}")))
}
