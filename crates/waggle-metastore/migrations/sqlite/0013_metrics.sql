-- Datasets whose metrics are series, and what kind of metric each is.
ALTER TABLE datasets ADD COLUMN is_metrics INTEGER NOT NULL DEFAULT 0;

CREATE TABLE metrics (
    dataset_id INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (dataset_id, name)
);
