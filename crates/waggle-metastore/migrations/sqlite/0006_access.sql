-- What Honeycomb's second API manages: environments with a description, a colour and a guard, keys with scopes and an end.

ALTER TABLE environments ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE environments ADD COLUMN color TEXT NOT NULL DEFAULT 'blue';
-- Whoever deletes an environment says so twice.
ALTER TABLE environments ADD COLUMN is_delete_protected INTEGER NOT NULL DEFAULT 1;

-- Names separated by spaces; only management keys have any.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
-- NULL for a key that does not end.
ALTER TABLE api_keys ADD COLUMN expires_at_ns INTEGER;
-- NULL where no person did it.
ALTER TABLE api_keys ADD COLUMN made_by INTEGER REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE api_keys ADD COLUMN changed_by INTEGER REFERENCES users (id) ON DELETE SET NULL;

UPDATE api_keys SET scopes = 'api-keys:read api-keys:write environments:read environments:write'
WHERE kind = 'management';
