-- AWS credentials become keys like all others, with a name, permissions and an end; only their encrypted secret is kept apart. Those made
-- before may do everything, as they could. Their hash is of nothing: what they sign with is never sent as a key.

INSERT INTO api_keys (id, team_id, environment_id, kind, name, secret_hash, permissions, is_disabled, created_at_ns, updated_at_ns)
SELECT access_key_id, team_id, environment_id, 'aws', 'first AWS key', randomblob(32),
       'send_events create_datasets manage_columns run_queries manage_boards manage_privateBoards manage_slos manage_triggers manage_recipients manage_markers read_service_maps visible_team_members',
       0, created_at_ns, created_at_ns
FROM aws_keys;

CREATE TABLE aws_secrets (
    key_id           TEXT PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    -- Encrypted with the installation's secret: the signature check must be able to read it.
    encrypted_secret BLOB NOT NULL
) STRICT;

INSERT INTO aws_secrets (key_id, encrypted_secret) SELECT access_key_id, encrypted_secret FROM aws_keys;

DROP TABLE aws_keys;
