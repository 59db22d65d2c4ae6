-- What is kept and what goes: limits of age and size, columns that were deleted, events that were erased.

-- A limit that is NULL is left to whoever stands above; 0 keeps everything.
CREATE TABLE environment_retention (
    team_id        INTEGER NOT NULL,
    environment_id INTEGER PRIMARY KEY,
    age_max_ns     INTEGER,
    bytes_max      INTEGER,
    updated_at_ns  INTEGER NOT NULL,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE dataset_retention (
    dataset_id    INTEGER PRIMARY KEY REFERENCES datasets (id) ON DELETE CASCADE,
    age_max_ns    INTEGER,
    bytes_max     INTEGER,
    updated_at_ns INTEGER NOT NULL
) STRICT;

-- Columns that were deleted and are still in the file of a block. Gone with the block, which a rewritten one replaces.
CREATE TABLE hidden_columns (
    block_id INTEGER NOT NULL REFERENCES blocks (id) ON DELETE CASCADE,
    key_name TEXT NOT NULL,
    PRIMARY KEY (block_id, key_name)
) STRICT, WITHOUT ROWID;

-- Columns that were deleted and may still be in log files up to this number. Gone when blocks cover them.
CREATE TABLE column_deletions (
    dataset_id  INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    key_name    TEXT NOT NULL,
    wal_through INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, key_name)
) STRICT, WITHOUT ROWID;

-- The record of erasures: who, when, which columns, how many rows; never the values, which shall be nowhere.
CREATE TABLE erasures (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id        INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    -- No reference: the record stays when the dataset goes.
    dataset_id     INTEGER NOT NULL,
    asked_by       TEXT NOT NULL,
    filter_text    TEXT NOT NULL,
    start_ns       INTEGER NOT NULL,
    end_ns         INTEGER NOT NULL,
    state          TEXT NOT NULL,
    row_count      INTEGER NOT NULL,
    failure        TEXT,
    created_at_ns  INTEGER NOT NULL,
    finished_at_ns INTEGER,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX erasures_by_tenant ON erasures (team_id, environment_id, id);
