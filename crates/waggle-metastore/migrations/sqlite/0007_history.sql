-- The history of an environment is read from its newest run on.
CREATE INDEX query_results_by_tenant ON query_results (team_id, environment_id, created_at_ns, id);
