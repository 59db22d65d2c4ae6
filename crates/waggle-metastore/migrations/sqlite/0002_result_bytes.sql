-- A result may be tens of megabytes of JSON and compresses well, so it is kept as bytes in whatever form its writer chose. Results
-- from before this have theirs in result_json.
ALTER TABLE query_results ADD COLUMN result BLOB;
