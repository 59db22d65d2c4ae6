-- The type that somebody chose for a column, where it is not the one its values came with.
ALTER TABLE columns ADD COLUMN chosen_type TEXT;
CREATE INDEX columns_with_chosen_type ON columns (dataset_id) WHERE chosen_type IS NOT NULL;
