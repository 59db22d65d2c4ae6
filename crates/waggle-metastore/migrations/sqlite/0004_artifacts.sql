-- Things that people make around their events: boards, markers, triggers. One table for all kinds, because the metastore asks the same
-- of each: whose it is, that no two share a name where they must not, what it needs. What makes a kind special is in `contents`.
CREATE TABLE artifacts (
    id             TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    team_id        INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    -- NULL for what belongs to the whole team.
    environment_id INTEGER,
    -- NULL for what belongs to the whole environment.
    dataset_id     INTEGER REFERENCES datasets (id) ON DELETE CASCADE,
    -- What it is a part of: it goes when that goes.
    parent_id      TEXT REFERENCES artifacts (id) ON DELETE CASCADE,
    -- No two of a kind and owner may share it; NULL shares with anybody.
    unique_key     TEXT,
    contents       TEXT NOT NULL,
    version        INTEGER NOT NULL,
    created_at_ns  INTEGER NOT NULL,
    updated_at_ns  INTEGER NOT NULL,
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX artifacts_by_owner ON artifacts (kind, team_id, environment_id, created_at_ns);
CREATE INDEX artifacts_by_dataset ON artifacts (dataset_id);
CREATE INDEX artifacts_by_parent ON artifacts (parent_id);
CREATE UNIQUE INDEX artifacts_by_unique_key
    ON artifacts (kind, team_id, COALESCE(environment_id, 0), COALESCE(parent_id, ''), unique_key);

-- What an artifact can't do without: it can't be deleted before. It may be an artifact or a row of another table.
CREATE TABLE artifact_uses (
    artifact_id TEXT NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
    used_kind   TEXT NOT NULL,
    used_id     TEXT NOT NULL,
    PRIMARY KEY (artifact_id, used_kind, used_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_uses_by_used ON artifact_uses (used_kind, used_id);
