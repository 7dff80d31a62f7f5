"""Writes rows and columns of rows with pypaimon, to tables with data evolution.

update_rows.py --warehouse W --table db.t [--append JSON] [--update JSON]
Both are columns of values, {"id": [1, 2], "v": [null, 3]}; those of an update have _ROW_ID. Each is one commit.
"""
import argparse
import json

import pyarrow as pa
from pypaimon import CatalogFactory
from pypaimon.schema.data_types import PyarrowFieldParser

parser = argparse.ArgumentParser()
parser.add_argument("--warehouse", required=True)
parser.add_argument("--table", required=True)
parser.add_argument("--append", type=json.loads)
parser.add_argument("--update", type=json.loads)
args = parser.parse_args()

table = CatalogFactory.create({"warehouse": args.warehouse}).get_table(args.table)
schema = PyarrowFieldParser.from_paimon_schema(table.table_schema.fields)


def arrow(columns):
    fields = [pa.field("_ROW_ID", pa.int64()) if name == "_ROW_ID" else schema.field(name) for name in columns]
    return pa.Table.from_pydict(columns, schema=pa.schema(fields))


def publish(builder, messages):
    commit = builder.new_commit()
    commit.commit(messages)
    commit.close()


if args.append is not None:
    builder = table.new_batch_write_builder()
    write = builder.new_write()
    write.write_arrow(arrow(args.append))
    publish(builder, write.prepare_commit())
    write.close()
if args.update is not None:
    builder = table.new_batch_write_builder()
    columns = [name for name in args.update if name != "_ROW_ID"]
    update = builder.new_update().with_update_type(columns)
    publish(builder, update.update_by_arrow_with_row_id(arrow(args.update)))
