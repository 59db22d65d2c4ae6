-- Times are nanoseconds since the Unix epoch. Ids are AUTOINCREMENT: an id that was deleted is never given out again, because the
-- write-ahead log or a file name may still hold it.

CREATE TABLE teams (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL,
    slug          TEXT NOT NULL UNIQUE,
    created_at_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE environments (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id       INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    slug          TEXT NOT NULL,
    created_at_ns INTEGER NOT NULL,
    UNIQUE (team_id, slug),
    -- Lets other tables refer to the pair, so that no row can name an environment of another team.
    UNIQUE (team_id, id)
) STRICT;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id       INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    email         TEXT NOT NULL,
    email_folded  TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    created_at_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    token_hash    BLOB PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ns INTEGER NOT NULL,
    expires_at_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_expiry ON sessions (expires_at_ns);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE api_keys (
    id              TEXT PRIMARY KEY,
    team_id         INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    -- NULL for a management key, which belongs to the whole team.
    environment_id  INTEGER,
    kind            TEXT NOT NULL,
    name            TEXT NOT NULL,
    secret_hash     BLOB NOT NULL UNIQUE,
    -- Names separated by spaces.
    permissions     TEXT NOT NULL,
    is_disabled     INTEGER NOT NULL,
    created_at_ns   INTEGER NOT NULL,
    updated_at_ns   INTEGER NOT NULL,
    last_used_at_ns INTEGER,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX api_keys_by_tenant ON api_keys (team_id, environment_id);

CREATE TABLE aws_keys (
    access_key_id    TEXT PRIMARY KEY,
    team_id          INTEGER NOT NULL,
    environment_id   INTEGER NOT NULL,
    -- Encrypted with the installation's secret: the signature check must be able to read it.
    encrypted_secret BLOB NOT NULL,
    created_at_ns    INTEGER NOT NULL,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE datasets (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id             INTEGER NOT NULL,
    environment_id      INTEGER NOT NULL,
    name                TEXT NOT NULL,
    name_folded         TEXT NOT NULL,
    slug                TEXT NOT NULL,
    description         TEXT NOT NULL,
    expand_json_depth   INTEGER NOT NULL,
    is_delete_protected INTEGER NOT NULL,
    created_at_ns       INTEGER NOT NULL,
    last_written_at_ns  INTEGER,
    UNIQUE (environment_id, name_folded),
    UNIQUE (environment_id, slug),
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE columns (
    id                 TEXT PRIMARY KEY,
    dataset_id         INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    key_name           TEXT NOT NULL,
    key_name_folded    TEXT NOT NULL,
    type               TEXT NOT NULL,
    description        TEXT NOT NULL,
    is_hidden          INTEGER NOT NULL,
    created_at_ns      INTEGER NOT NULL,
    updated_at_ns      INTEGER NOT NULL,
    last_written_at_ns INTEGER,
    UNIQUE (dataset_id, key_name)
) STRICT;

CREATE TABLE blocks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    team_id        INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    dataset_id     INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    file           TEXT NOT NULL,
    file_offset    INTEGER NOT NULL,
    length         INTEGER NOT NULL,
    row_count      INTEGER NOT NULL,
    min_time_ns    INTEGER NOT NULL,
    max_time_ns    INTEGER NOT NULL,
    format_version INTEGER NOT NULL,
    created_at_ns  INTEGER NOT NULL
) STRICT;

CREATE INDEX blocks_by_dataset ON blocks (dataset_id, min_time_ns);

-- One row once the first log file is covered.
CREATE TABLE wal_coverage (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    covered_through INTEGER NOT NULL
) STRICT;

CREATE TABLE queries (
    id             TEXT PRIMARY KEY,
    team_id        INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    -- NULL for all datasets. No reference: an old query stays readable when its dataset is gone.
    dataset_id     INTEGER,
    spec_json      TEXT NOT NULL,
    created_at_ns  INTEGER NOT NULL,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE query_results (
    id              TEXT PRIMARY KEY,
    query_id        TEXT NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    team_id         INTEGER NOT NULL,
    environment_id  INTEGER NOT NULL,
    state           TEXT NOT NULL,
    options_json    TEXT NOT NULL,
    result_json     TEXT,
    failure         TEXT,
    run_by_key_id   TEXT,
    run_by_user_id  INTEGER,
    created_at_ns   INTEGER NOT NULL,
    completed_at_ns INTEGER,
    elapsed_ns      INTEGER,
    rows_read       INTEGER
) STRICT;

CREATE INDEX query_results_by_query ON query_results (query_id);
CREATE INDEX query_results_by_time ON query_results (created_at_ns);
