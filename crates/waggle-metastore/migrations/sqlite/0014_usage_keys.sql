-- Usage also by key, and metrics told apart. What was counted before has no key (''), and its metrics count as other events do.
CREATE TABLE usage_of_keys (
    team_id            INTEGER NOT NULL,
    environment_id     INTEGER NOT NULL,
    dataset_id         INTEGER NOT NULL,
    day                INTEGER NOT NULL,
    key_id             TEXT NOT NULL,
    event_count        INTEGER NOT NULL,
    event_bytes        INTEGER NOT NULL,
    metric_event_count INTEGER NOT NULL,
    data_point_count   INTEGER NOT NULL,
    PRIMARY KEY (team_id, environment_id, day, dataset_id, key_id),
    FOREIGN KEY (team_id, environment_id) REFERENCES environments (team_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

INSERT INTO usage_of_keys (team_id, environment_id, dataset_id, day, key_id, event_count, event_bytes, metric_event_count, data_point_count)
SELECT team_id, environment_id, dataset_id, day, '', event_count, event_bytes, 0, 0 FROM usage;

DROP TABLE usage;

ALTER TABLE usage_of_keys RENAME TO usage;
