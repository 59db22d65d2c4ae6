//! Columns: which names the events of a dataset use, and as what type each is read.

use crate::{BlockId, Result};
use async_trait::async_trait;
use waggle_model::{ColumnType, DatasetId, DatasetScope, Tenant};

/// Public id of a column: 11 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub String);

/// A column of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Public id.
    pub id: ColumnId,
    /// The dataset it belongs to.
    pub dataset: DatasetId,
    /// Its name in events; never changes.
    pub key_name: String,
    /// The type queries read it as: the one that was chosen, or else the one that can show all values it came with.
    pub column_type: ColumnType,
    /// The type that can show all values it came with; that of one made by hand is the one it was made with.
    pub seen_type: ColumnType,
    /// True when somebody chose another type than it came with: then queries read every value cast to it.
    pub is_chosen: bool,
    /// True for one that was declared to hold histograms; its values are read as they came.
    pub is_histogram: bool,
    /// Free text of its owners.
    pub description: String,
    /// True when lists should not offer it.
    pub is_hidden: bool,
    /// When it was first seen or made.
    pub created_at_ns: i64,
    /// When its type, description or visibility last changed.
    pub updated_at_ns: i64,
    /// When an event last had it, exact to a few seconds; `None` before the first.
    pub last_written_at_ns: Option<i64>,
}

/// A column as an event showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenColumn {
    /// Its name.
    pub key_name: String,
    /// The type of the value.
    pub column_type: ColumnType,
}

/// A column made by hand.
#[derive(Clone, Debug)]
pub struct NewColumn {
    /// Its name.
    pub key_name: String,
    /// The type queries read it as.
    pub column_type: ColumnType,
    /// True for one that was declared to hold histograms; its values are read as its type says all the same.
    pub is_histogram: bool,
    /// Free text of its owners.
    pub description: String,
    /// True when lists should not offer it.
    pub is_hidden: bool,
}

/// New values for a column; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct ColumnChange {
    /// The type queries shall read it as; the one it came with says that every value is read as it came.
    pub column_type: Option<ColumnType>,
    /// Whether it was declared to hold histograms.
    pub is_histogram: Option<bool>,
    /// Free text of its owners.
    pub description: Option<String>,
    /// Whether lists should not offer it.
    pub is_hidden: Option<bool>,
}

/// The first columns of a search, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnPage {
    /// The best matches.
    pub columns: Vec<Column>,
    /// All matches.
    pub total: usize,
}

/// What became of columns that were to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedColumns {
    /// Those that are gone, each with its name in events.
    pub columns: Vec<(ColumnId, String)>,
    /// Those that stay because an artifact uses them.
    pub in_use: Vec<ColumnId>,
    /// The blocks that may hold values of those that are gone.
    pub blocks: Vec<BlockId>,
}

/// A column that was deleted while log files held values of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDeletion {
    /// Its dataset.
    pub dataset: DatasetId,
    /// Its name in events.
    pub key_name: String,
    /// The last log file that may hold values that were deleted.
    pub wal_through: u64,
}

/// Chooses the type that can show values of both types: integers and floats are numbers, anything else mixed is text.
pub fn widen(one: ColumnType, other: ColumnType) -> ColumnType {
    match (one, other) {
        _ if one == other => one,
        (ColumnType::Integer, ColumnType::Float) | (ColumnType::Float, ColumnType::Integer) => {
            ColumnType::Float
        }
        _ => ColumnType::String,
    }
}

/// Rows about columns.
#[async_trait]
pub trait Columns: Send + Sync {
    /// Makes the columns that are new and widens the types of those that are not (see [`widen`]). Any number of callers may do so at
    /// once, and doing it again changes nothing.
    ///
    /// Returns, in the order given, each column as it is now; `None` where it would be new and the dataset has `columns_max` already.
    /// A new column counts as written now.
    ///
    /// # Errors
    /// `NotFound` without the dataset.
    async fn register_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        seen: &[SeenColumn],
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Vec<Option<Column>>>;

    /// Makes a column by hand.
    ///
    /// # Errors
    /// `NotFound` without the dataset, `Conflict` when it has the column, `LimitReached` when it has `columns_max` already.
    async fn create_column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: NewColumn,
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Column>;

    /// Makes a column by hand in every dataset of a tenant that does not have it, and returns them, that of the oldest dataset first. All
    /// or none are made.
    ///
    /// # Errors
    /// `NotFound` without any dataset, `Conflict` when all have the column, `LimitReached` when one of them has `columns_max` already.
    async fn create_column_everywhere(
        &self,
        tenant: Tenant,
        column: NewColumn,
        columns_max: usize,
        now_ns: i64,
    ) -> Result<Vec<Column>>;

    /// Lists all columns of a dataset, by name; empty when there is no such dataset.
    async fn columns(&self, tenant: Tenant, dataset: DatasetId) -> Result<Vec<Column>>;

    /// Lists the columns that say how events of a tenant are read: those with one of some names, and those whose type was chosen; in no
    /// order.
    async fn read_columns(&self, tenant: Tenant, names: &[&str]) -> Result<Vec<Column>>;

    /// Finds a column by id.
    async fn column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: &ColumnId,
    ) -> Result<Option<Column>>;

    /// Finds a column by its exact name.
    async fn column_by_name(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        key_name: &str,
    ) -> Result<Option<Column>>;

    /// Lists the columns whose name contains `text` (whatever its case; empty matches all): those that start with it first, then the
    /// most recently written, then by name.
    ///
    /// Over all datasets, columns of one name come once: the most recently written, with the type that can show all of them.
    async fn search_columns(
        &self,
        tenant: Tenant,
        scope: &DatasetScope,
        text: &str,
        limit: usize,
    ) -> Result<ColumnPage>;

    /// Changes a column and returns it as it is now.
    ///
    /// # Errors
    /// `NotFound`.
    async fn update_column(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        column: &ColumnId,
        change: ColumnChange,
        now_ns: i64,
    ) -> Result<Column>;

    /// Deletes columns, and with them their values: notes that all listed blocks of the dataset, and log files up to `wal_through`, hold
    /// values that nobody may see. The next event with one makes it anew. Those that an artifact uses stay, and are told; those that the
    /// dataset does not have, or that are another tenant's, are left out.
    async fn delete_columns(
        &self,
        tenant: Tenant,
        dataset: DatasetId,
        columns: &[ColumnId],
        wal_through: u64,
    ) -> Result<DeletedColumns>;

    /// Lists the columns that were deleted and are still in blocks, by block.
    async fn hidden_columns(&self) -> Result<Vec<(BlockId, String)>>;

    /// Lists the columns that were deleted and may still be in log files. A commit of blocks that covers the files ends it.
    async fn column_deletions(&self) -> Result<Vec<ColumnDeletion>>;
}
