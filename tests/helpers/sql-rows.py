#!/usr/bin/env python3
"""Load a stream into SQLite, and compare each value with that of --json.

    sql-rows.py STREAM [OPTION ...]

For each map of the stream, the table that skel-fmt --sql=sqlite:t declares takes the
rows of skel-fmt --csv=sql, as SQLite's .import does: as text, which becomes what the
type of the column says.  Prints how many values were compared, and one line for each
that differs; then the status is 1.
"""
import csv
import io
import json
import sqlite3
import sys

from streams import flatten, is_absent, maps_of, run_fmt

stream, options = sys.argv[1], sys.argv[2:]
compared = differ = 0


def same(got, want):
    """Whether a value of the table is that of the JSON."""
    if is_absent(want):
        return got in ("\\N", "nan", "inf", "-inf")
    if want is None:
        return got in ("\\N", "nan", "inf", "-inf")
    if isinstance(want, bool):
        return got == ("true" if want else "false")
    if isinstance(want, float):
        return float(got) == want
    if isinstance(want, int):
        return int(got) == want
    if isinstance(want, (list, dict)):
        return got == json.dumps(want) or json.loads(got) == want
    return str(got) == want


for name in maps_of(stream):
    only = options + ([f"--map={name}"] if name else [])
    db = sqlite3.connect(":memory:")
    db.executescript(run_fmt("--sql=sqlite:t", *only, stream).decode())
    # By the names of their columns: a map whose records have several types has several.
    tables = {}
    for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
        columns = [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')]
        assert len(set(column.lower() for column in columns)) == len(columns), columns
        tables[tuple(columns)] = table
    text = run_fmt("--csv=sql", *only, stream).decode()
    records = [json.loads(line) for line in run_fmt("--json", *only, stream).splitlines()]
    table = None
    for row in csv.reader(io.StringIO(text, newline="")):
        if tuple(row) in tables or table is None:
            header, table = row, tables[tuple(row)] if len(tables) > 1 else next(iter(tables.values()))
            continue
        record = records.pop(0)
        places = ", ".join("?" * len(header))
        db.execute(f'INSERT INTO "{table}" VALUES ({places})', row)
        loaded = db.execute(f'SELECT * FROM "{table}" WHERE rowid = last_insert_rowid()').fetchone()
        for column, got, text in zip(header, loaded, row):
            want = flatten(record, column)
            # A stack is an array of objects there and a text here.
            if isinstance(want, list) and not text.startswith("["):
                want = text
            compared += 1
            if not same(got, want):
                print(f"{name}: {column}: {got!r} is not {want!r}")
                differ += 1
    if records:
        print(f"{name}: {len(records)} records have no row")
        differ += 1
print(f"{compared} values compared")
sys.exit(1 if differ else 0)
