"""Reads an exported Parquet file with DuckDB and prints what is in it as JSON."""

import json
import sys

import duckdb

file = sys.argv[1]
rows, total, first, last, weight = duckdb.sql(
    f"""SELECT count(*), sum(amount), min(epoch_ns("timestamp")), max(epoch_ns("timestamp")), sum(sample_rate)
        FROM read_parquet('{file}')"""
).fetchall()[0]
types = dict(duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('{file}'))").fetchall())
ascending = duckdb.sql(
    f"""SELECT count(*) FROM (SELECT "timestamp" < lag("timestamp") OVER (ORDER BY file_row_number) AS back
        FROM read_parquet('{file}', file_row_number=true)) WHERE back"""
).fetchall()[0][0]
codecs = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{file}')").fetchall()
traces = duckdb.sql(
    f"""SELECT count(*) FROM read_parquet('{file}') WHERE "trace.trace_id" = '0af7651916cd43dd8448eb211c80319c'"""
).fetchall()[0][0]
print(
    json.dumps(
        {
            "rows": rows,
            "sum": float(total),
            "first": first,
            "last": last,
            "weight": int(weight),
            "types": types,
            "out_of_order": ascending,
            "codecs": [codec for (codec,) in codecs],
            "trace": traces,
        }
    )
)
