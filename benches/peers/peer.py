"""One engine that Waggle is compared with, in a process that stays open.

Commands come as JSON, one a line, on standard input; each gets one line of JSON back.

  {"do": "load", "files": FOLDER}            makes the tables from Parquet files: {"steps": [{"what", "wall_s", "cpu_s"}]}
  {"do": "ask", "sql": TEXT, "rows": BOOL}   {"ms": time until the whole answer is here as Arrow, "rows": [...] when asked for}
  {"do": "look"}                             {"version", "bytes": {table: bytes}, "rss_mb"}

The process ends with its input.
"""

import glob
import json
import os
import resource
import shutil
import sys
import time

THREADS = 2
# Columns with about as many values as rows get no dictionary in ClickHouse, as its guide advises.
UNIQUE = {"trace_id", "span_id", "parent_id", "user_id"}


class DuckDb:
    def __init__(self, folder):
        self.path = os.path.join(folder, "duck.db")
        self.connection = None

    def load(self, files):
        import duckdb

        shutil.rmtree(os.path.dirname(self.path), ignore_errors=True)
        os.makedirs(os.path.dirname(self.path))
        settings = {"threads": THREADS, "memory_limit": "8GB"}
        connection = duckdb.connect(self.path, config=settings)
        source = os.path.join(files, "*.parquet")
        step = Step("load")
        connection.execute(f"CREATE TABLE ev AS SELECT * FROM read_parquet('{source}')")
        connection.execute("CHECKPOINT")
        step = step.end()
        connection.close()
        return [step]

    def open(self):
        import duckdb

        self.connection = duckdb.connect(
            self.path, read_only=True, config={"threads": THREADS}
        )
        # No query of the benchmark wants the order of insertion; without it DuckDB is faster.
        self.connection.execute("SET preserve_insertion_order = false")

    def run(self, sql):
        return self.connection.sql(sql).to_arrow_table()

    def table(self, answer):
        return answer

    def version(self):
        import duckdb

        return f"DuckDB {duckdb.__version__}"

    def bytes(self):
        # The file also holds blocks that loading left free.
        size = self.connection.sql("PRAGMA database_size").to_arrow_table().to_pylist()
        (of_file,) = [row for row in size if row["database_name"] == "duck"]
        return {"ev": of_file["used_blocks"] * of_file["block_size"]}


class ClickHouse:
    # The two orders people choose between; each query counts with the better one.
    TABLES = {"ev_service": "service_name, time", "ev_time": "time"}

    def __init__(self, folder):
        self.folder = folder
        self.session = None

    def load(self, files):
        import pyarrow.parquet
        from chdb import session

        shutil.rmtree(self.folder, ignore_errors=True)
        self.session = session.Session(self.folder)
        self.session.query("CREATE DATABASE db")
        names = sorted(glob.glob(os.path.join(files, "*.parquet")))
        fields = list(pyarrow.parquet.read_schema(names[0]))
        columns = ",\n".join(self.column(field) for field in fields)
        chosen = ", ".join(self.without_null(field) for field in fields)
        steps = []
        for table, order in self.TABLES.items():
            step = Step(f"insert by {order}")
            self.session.query(
                f"CREATE TABLE db.{table} ({columns},"
                " INDEX trace trace_id TYPE bloom_filter(0.001) GRANULARITY 1,"
                " INDEX duration duration_ms TYPE minmax GRANULARITY 1)"
                f" ENGINE = MergeTree ORDER BY ({order})"
                " SETTINGS index_granularity = 8192, min_bytes_for_wide_part = 0"
            )
            for name in names:
                self.session.query(
                    f"INSERT INTO db.{table} SELECT {chosen} FROM file('{os.path.abspath(name)}', Parquet)"
                    f" SETTINGS max_threads = {THREADS}, max_insert_threads = 1,"
                    " min_insert_block_size_rows = 1100000, min_insert_block_size_bytes = 0, max_block_size = 65536"
                )
            steps.append(step.end())
            step = Step(f"merge by {order}")
            self.session.query(f"OPTIMIZE TABLE db.{table} FINAL")
            steps.append(step.end())
        self.session.close()
        self.session = None
        return steps

    def column(self, field):
        name, kind = field.name, str(field.type)
        if name == "time":
            return "time Int64 CODEC(DoubleDelta, ZSTD(1))"
        sql = {"int64": "Int64", "double": "Float64", "bool": "Bool"}.get(kind)
        if sql is None:
            sql = "String" if name in UNIQUE else "LowCardinality(String)"
        return f"{name} {sql} CODEC(ZSTD(1))"

    def without_null(self, field):
        empty = {"int64": "0", "double": "0", "bool": "false"}.get(
            str(field.type), "''"
        )
        return f"ifNull({field.name}, {empty}) AS {field.name}"

    def open(self):
        from chdb import session

        self.session = session.Session(self.folder)
        self.session.query("SELECT count() FROM system.one", "ArrowStream")

    def run(self, sql):
        return self.session.query(
            f"{sql} SETTINGS max_threads = {THREADS}", "ArrowStream"
        )

    def table(self, answer):
        import pyarrow

        with pyarrow.ipc.open_stream(pyarrow.py_buffer(answer.bytes())) as stream:
            return stream.read_all()

    def version(self):
        answer = self.table(self.run("SELECT version() AS v"))
        return f"ClickHouse {text(answer.column('v')[0].as_py())} (chdb)"

    def bytes(self):
        answer = self.table(
            self.run(
                "SELECT table AS t, sum(bytes_on_disk) AS b FROM system.parts WHERE active AND database = 'db' GROUP BY table"
            )
        )
        return {text(row["t"]): int(row["b"]) for row in answer.to_pylist()}


class Step:
    def __init__(self, what):
        self.what = what
        self.began = time.perf_counter()
        self.cpu = cpu_s()

    def end(self):
        wall_s = time.perf_counter() - self.began
        return {"what": self.what, "wall_s": wall_s, "cpu_s": cpu_s() - self.cpu}


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rss_mb():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def flat_rows(table):
    """Rows as objects; the values of a list `p` become `p[0]`, `p[1]` and so on."""
    rows = []
    for row in table.to_pylist():
        flat = {}
        for name, value in row.items():
            if isinstance(value, list):
                flat.update((f"{name}[{i}]", text(one)) for i, one in enumerate(value))
            else:
                flat[name] = text(value)
        rows.append(flat)
    return rows


def serve(engine, commands, answers):
    is_open = False
    for line in commands:
        command = json.loads(line)
        try:
            if command["do"] == "load":
                answer = {"steps": engine.load(command["files"])}
            else:
                if not is_open:
                    engine.open()
                    is_open = True
                if command["do"] == "ask":
                    began = time.perf_counter()
                    result = engine.run(command["sql"])
                    answer = {"ms": (time.perf_counter() - began) * 1e3}
                    if command["rows"]:
                        answer["rows"] = flat_rows(engine.table(result))
                else:
                    answer = {
                        "version": engine.version(),
                        "bytes": engine.bytes(),
                        "rss_mb": rss_mb(),
                    }
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main():
    name, folder = sys.argv[1:]
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve({"duckdb": DuckDb, "clickhouse": ClickHouse}[name](folder), sys.stdin, answers)
    # Ends at once: the libraries' own shutting down takes seconds and may fail.
    os._exit(0)


main()
