-- Columns that were declared to hold histograms, as clients of metrics datasets do.
ALTER TABLE columns ADD COLUMN is_histogram INTEGER NOT NULL DEFAULT 0;
