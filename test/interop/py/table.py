"""Reads and writes Paimon tables with pypaimon, in the JSON of the Java reference (test/reference/README.md).

table.py read --warehouse W --table db.t [--option k=v ...] [--columns JSON] [--filter JSON]
    prints the rows, one a line; columns are a list of names, a filter is a list of columns, operators and values by turns
table.py sql --warehouse W --query "select ... from paimon.db.t"    the same of a query of pypaimon-rust's SQL
table.py write --warehouse W --table db.t --rows FILE [--option k=v ...]
    writes the rows of {"kind":...,"row":...} lines as one commit
table.py --serve    a line {"args": [...]} in, a line {"rc": 0, "out": "..."} or {"error": "...", "trace": "..."} out
"""
import argparse
import datetime
import decimal
import json
import math
import os
import sys
import traceback

import pyarrow as pa
import pyarrow.types as types
from pypaimon import CatalogFactory
from pypaimon.schema.data_types import PyarrowFieldParser
from pypaimon_rust.datafusion import SQLContext

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


def instant(text, unit):
    """Units since the epoch of an ISO text."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    nanos = int((datetime.datetime.fromisoformat(whole) - EPOCH) / datetime.timedelta(seconds=1)) * 10**9
    return (nanos + int(fraction.ljust(9, "0"))) // UNITS[unit]


def from_json(value, kind):
    """What makes an Arrow value of a type of the reference's JSON."""
    if value is None:
        return None
    if types.is_struct(kind):
        return {field.name: from_json(value[field.name], field.type) for field in kind}
    if types.is_map(kind):
        return [(from_json(k, kind.key_type), from_json(v, kind.item_type)) for k, v in value]
    if types.is_list(kind):
        return [from_json(item, kind.value_type) for item in value]
    if types.is_timestamp(kind):
        return instant(value, kind.unit)
    if types.is_decimal(kind):
        return decimal.Decimal(value)
    if types.is_date(kind):
        return datetime.date.fromisoformat(value)
    if types.is_time(kind):
        return datetime.time.fromisoformat(value)
    if types.is_floating(kind):
        return float(value)
    if types.is_integer(kind):
        return int(value)
    if types.is_boolean(kind):
        return value in (True, "true")
    if types.is_string(kind):
        return value
    return bytes.fromhex(value)


def open_table(args):
    options = dict(option.split("=", 1) for option in args.option)
    table = CatalogFactory.create({"warehouse": os.path.abspath(args.warehouse)}).get_table(args.table)
    return table.copy(options) if options else table


def arrow_schema(table):
    return PyarrowFieldParser.from_paimon_schema(table.table_schema.fields)


METHODS = {
    "=": "equal", "!=": "not_equal", "<": "less_than", "<=": "less_or_equal", ">": "greater_than",
    ">=": "greater_or_equal", "like": "startswith",
}  # fmt: skip


def predicate(table, words):
    """Conditions in threes, all of which must hold: column, operator, value."""
    builder = table.new_read_builder().new_predicate_builder()
    schema = arrow_schema(table)

    def condition(column, operator, word):
        def literal(text):
            value = pa.scalar(from_json(text, schema.field(column).type), schema.field(column).type)
            return value.as_py()

        if operator == "isnull":
            return builder.is_null(column)
        if operator == "notnull":
            return builder.is_not_null(column)
        if operator == "in":
            return builder.is_in(column, [literal(text) for text in word.split(",")])
        return getattr(builder, METHODS[operator])(column, literal(word))

    return builder.and_predicates([condition(*words[at : at + 3]) for at in range(0, len(words), 3)])


def read(args):
    table = open_table(args)
    builder = table.new_read_builder()
    if args.filter:
        builder = builder.with_filter(predicate(table, args.filter))
    if args.columns:
        builder = builder.with_projection(args.columns)
    return lines(builder.new_read().to_arrow(builder.new_scan().plan().splits()))


def sql(args):
    context = SQLContext()
    context.register_catalog("paimon", {"warehouse": os.path.abspath(args.warehouse)})
    return "".join(lines(batch) for batch in context.sql(args.query))


def lines(arrow):
    columns = [(name, arrow.column(name)) for name in arrow.column_names]
    rows = ({name: to_json(column[i]) for name, column in columns} for i in range(arrow.num_rows))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write(args):
    table = open_table(args)
    schema = arrow_schema(table)
    with open(args.rows, encoding="utf-8") as file:
        rows = [json.loads(line)["row"] for line in file]
    arrays = [pa.array([from_json(row[field.name], field.type) for row in rows], field.type) for field in schema]
    builder = table.new_batch_write_builder()
    writer, commit = builder.new_write(), builder.new_commit()
    try:
        writer.write_arrow(pa.Table.from_arrays(arrays, schema=schema))
        commit.commit(writer.prepare_commit())
    finally:
        writer.close()
        commit.close()
    return ""


VERBS = {"read": read, "sql": sql, "write": write}


def parse(argv):
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--warehouse", required=True)
    parser.add_argument("--table")
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--columns", type=json.loads, default=[])
    parser.add_argument("--filter", type=json.loads, default=[])
    parser.add_argument("--rows")
    parser.add_argument("--query")
    return parser.parse_args(argv)


def run(argv):
    args = parse(argv)
    return VERBS[args.verb](args)


def serve():
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing but answers on the standard output
    for line in sys.stdin:
        try:
            answer = {"rc": 0, "out": run(json.loads(line)["args"])}
        except (Exception, SystemExit) as error:
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        sys.stdout.write(run(sys.argv[1:]))
