"""Time skel-count beside what people count records with; part of `make bench`."""
import importlib.util
import os
import shlex
import subprocess
import sys

NOTHING = "/dev/null"
CSV = "comm,kind,duration_ns"  # the columns that the rivals which read CSV get

# Prints the rows of a query, as "key count".
DUCKDB = """
import duckdb, sys
for row in duckdb.sql(sys.argv[1]).fetchall():
    print(*row)
"""

QUESTIONS = (
    "--by comm,kind --sum duration_ns",
    "--by comm --quantile duration_ns",
    "--by ppid --keys 1000000",
    "--by comm --every 100ms --delta",
)


def pipeline(text):
    return ["sh", "-c", text]


def duckdb(query):
    return [sys.executable, "-c", DUCKDB, query]


def rows_of(argv, stdin):
    """The rows that a command prints, each as its key and its count."""
    with open(stdin, "rb") as source:
        done = subprocess.run(argv, stdin=source, stdout=subprocess.PIPE, check=True, text=True)
    words = [line.split() for line in done.stdout.splitlines()]
    return sorted(w if w[1].isdigit() else w[::-1] for w in words)


def count_rivals(fmt, stream, csv):
    """Commands that count the records of each comm: name, argv and stdin."""
    yield ("skel-fmt --json | jq | sort | uniq -c",
           pipeline(f"{fmt} --json | jq -r .comm | sort | uniq -c"), stream)
    yield "mlr count, of CSV", ["mlr", "--icsv", "--onidx", "count", "-g", "comm"], csv
    if importlib.util.find_spec("duckdb"):
        yield ("DuckDB, of CSV", duckdb(
            f"select comm, count(*) from read_csv('{csv}') group by comm"), csv)


def count_table(bench, medians, row, csv):
    skel_count = os.path.join(os.path.dirname(bench.fmt), "skel-count")
    fmt, stream = shlex.quote(bench.fmt), bench.stream
    ours = [skel_count, "--by", "comm"]
    rivals = list(count_rivals(fmt, stream, csv))
    want = rows_of(pipeline(f"{shlex.join(ours)} | {fmt} --tsv -bH -c comm,count"), stream)
    for name, argv, stdin in rivals:
        if rows_of(argv, stdin) != want:
            sys.exit(f"{shlex.join(ours)} and {name} do not count the same")

    commands = [("ours", ours, stream, NOTHING)] + [(*r, NOTHING) for r in rivals]
    # Python takes as long to start as DuckDB takes for many records.
    if any("DuckDB" in r[0] for r in rivals):
        commands.append(("start", duckdb("select 1"), NOTHING, NOTHING))
    got = medians(commands, bench.records)
    row(f"Count of {bench.records} events by comm", "ns/record", "/ ours")
    row(shlex.join(["skel-count", *ours[1:]]), f"{got['ours']:.0f}")
    for name, *_ in rivals:
        ns = got[name] - (got["start"] if "DuckDB" in name else 0)
        row(f"  {name}", f"{ns:.0f}", f"{ns / got['ours']:.1f}")

    got = medians([(q, [skel_count, *q.split()], stream, NOTHING) for q in QUESTIONS],
                  bench.records)
    for question, ns in got.items():
        row(f"skel-count {question}", f"{ns:.0f}")


def table(bench, medians, row):
    """Print the tables; medians() of run.py gives nanoseconds for each record."""
    csv = bench.path("events.csv")
    with open(csv, "wb") as out:
        subprocess.run([bench.fmt, "--csv", "--bare", "-c", CSV, bench.stream],
                       stdout=out, check=True)
    count_table(bench, medians, row, csv)
    os.unlink(csv)
