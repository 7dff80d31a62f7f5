"""Reads Paimon tables with pypaimon, in the JSON of the Java reference (test/reference/README.md).

read_table.py --warehouse W --table db.t [--option k=v ...] prints the rows, one a line
read_table.py --serve    a line {"args": [...]} in, a line {"rc": 0, "out": "..."} or {"error": "...", "trace": "..."} out
"""
import argparse
import datetime
import json
import math
import os
import sys
import traceback

import pyarrow as pa
import pyarrow.types as types
from pypaimon import CatalogFactory

EPOCH = datetime.datetime(1970, 1, 1)
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def timestamp(scalar):
    """ISO with six digits, nine where the type has nanoseconds; Z for the zoned type."""
    nanos = scalar.cast(pa.int64()).as_py() * UNITS[scalar.type.unit]
    seconds, rest = divmod(nanos, 10**9)
    whole = (EPOCH + datetime.timedelta(seconds=seconds)).isoformat()
    digits = f"{rest:09d}" if scalar.type.unit == "ns" else f"{rest // 1000:06d}"
    return f"{whole}.{digits}{'Z' if scalar.type.tz else ''}"


def number(value):
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def to_json(scalar):
    """One Arrow value as the reference prints it."""
    kind = scalar.type
    if not scalar.is_valid:
        return None
    if types.is_struct(kind):
        return {field.name: to_json(scalar[i]) for i, field in enumerate(kind)}
    if types.is_map(kind):
        return [[to_json(entry[0]), to_json(entry[1])] for entry in scalar.values]
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return [to_json(value) for value in scalar.values]
    if types.is_timestamp(kind):
        return timestamp(scalar)
    value = scalar.as_py()
    if types.is_int64(kind):
        return str(value)
    if types.is_decimal(kind):
        return format(value, "f")
    if types.is_floating(kind):
        return number(value)
    if types.is_date(kind):
        return value.isoformat()
    if types.is_time(kind):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (bool, int, str)):
        return value
    raise TypeError(f"no JSON form for the type {kind}")


def read(args):
    options = dict(option.split("=", 1) for option in args.option)
    table = CatalogFactory.create({"warehouse": os.path.abspath(args.warehouse)}).get_table(args.table)
    builder = (table.copy(options) if options else table).new_read_builder()
    arrow = builder.new_read().to_arrow(builder.new_scan().plan().splits())
    columns = [(name, arrow.column(name)) for name in arrow.column_names]
    rows = ({name: to_json(column[i]) for name, column in columns} for i in range(arrow.num_rows))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def parse(argv):
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--warehouse", required=True)
    parser.add_argument("--table", required=True)
    parser.add_argument("--option", action="append", default=[])
    return parser.parse_args(argv)


def serve():
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing but answers on the standard output
    for line in sys.stdin:
        try:
            answer = {"rc": 0, "out": read(parse(json.loads(line)["args"]))}
        except (Exception, SystemExit) as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        sys.stdout.write(read(parse(sys.argv[1:])))
