-- Events that were taken in, by dataset and day (UTC, since 1970). No reference to the dataset: what was taken in stays so when it goes.
CREATE TABLE usage (
    team_id        INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    dataset_id     INTEGER NOT NULL,
    day            INTEGER NOT NULL,
    event_count    INTEGER NOT NULL,
    event_bytes    INTEGER NOT NULL,
    PRIMARY KEY (team_id, environment_id, day, dataset_id),
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
