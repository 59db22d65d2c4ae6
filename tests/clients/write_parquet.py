"""Writes one table with pyarrow in every way its files come: python write_parquet.py FOLDER."""

import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1000
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def table(unit, zone):
    """Times in whole milliseconds, so that every unit holds them."""
    rows = range(ROWS)
    times = [START + timedelta(milliseconds=1500 * i) for i in rows]
    if zone is None:
        times = [at.replace(tzinfo=None) for at in times]
    inner = pa.struct([("label", pa.string())])
    nested = pa.struct([("code", pa.int16()), ("inner", inner)])
    columns = {
        "event_time": pa.array(times, pa.timestamp(unit, zone)),
        "amount": pa.array([Decimal(i) / 100 for i in rows], pa.decimal128(12, 2)),
        "large": pa.array([Decimal(i) / 100 for i in rows], pa.decimal256(50, 2)),
        "name": pa.array([None if i % 3 == 0 else f"user-{i % 7}" for i in rows], pa.string()),
        "nested": pa.array(
            [None if i % 5 == 0 else {"code": i, "inner": {"label": None if i % 2 else "even"}} for i in rows], nested
        ),
        "tags": pa.array([None if i % 4 == 0 else ["a", None] for i in rows], pa.list_(pa.string())),
        "attributes": pa.array([[("k", 7)] for _ in rows], pa.map_(pa.string(), pa.int64())),
        "unsigned": pa.array([2**63 + 2048 for _ in rows], pa.uint64()),
        "raw": pa.array([b"\xff\x00" for _ in rows], pa.binary()),
        "day": pa.array([date(2026, 1, 2) for _ in rows], pa.date32()),
        "at": pa.array([time(10, 30) for _ in rows], pa.time64("us")),
        "ok": pa.array([None if i % 10 == 0 else i % 2 == 0 for i in rows], pa.bool_()),
        "nothing": pa.array([None for _ in rows], pa.null()),
    }
    return pa.table(columns)


def main():
    folder = Path(sys.argv[1])

    def write(name, contents, **options):
        pq.write_table(contents, folder / f"{name}.parquet", row_group_size=300, **options)

    write("snappy", table("ns", None), compression="snappy", use_deprecated_int96_timestamps=True)
    write("zstd", table("us", "America/New_York"), compression="zstd", data_page_version="2.0", use_dictionary=False)
    write("gzip", table("ms", "UTC"), compression="gzip", use_dictionary=["name", "day"])
    plain = {"event_time": "DELTA_BINARY_PACKED", "name": "DELTA_BYTE_ARRAY", "raw": "DELTA_LENGTH_BYTE_ARRAY"}
    write("none", table("ns", "UTC"), compression="none", use_dictionary=False, column_encoding=plain)
    write("brotli", table("ms", "UTC"), compression="brotli")


main()
