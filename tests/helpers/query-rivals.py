#!/usr/bin/env python3
"""Compare skel-grep with DuckDB and awk, as far as they can ask the same.

    query-rivals.py SEED RECORDS EXPRESSIONS DIRECTORY

Random records go into a stream in DIRECTORY; DuckDB reads what skel-fmt --json makes
of them, and awk what --tsv does.  Each random expression is written in all three
languages, and all must find the same records.  awk has numbers up to 2^53 only, so
it is not asked about others, and DuckDB only if Python has its module.  The first
difference ends the run with status 1; SEED repeats it.
"""
import json
import os
import random
import struct
import subprocess
import sys

try:
    import duckdb
except ImportError:
    duckdb = None

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
from make import Stream  # noqa: E402

WORDS = ["", "a", "ab", "bash", "bast", "sshd", "x y", "UPPER", "c++", "zz"]
PATTERNS = ["^ba", "s", "^$", "[a-c]+", "^(a|b)*$", "^....$", "T$", "y|z", "[[:upper:]]"]
NAMES = {0: "root", 33: "www-data", 1000: "ana"}
OPERATORS = ["==", "!=", "<", "<=", ">", ">="]
TYPES = {"id": "UINTEGER", "i": "BIGINT", "u": "UBIGINT", "n": "INTEGER", "d": "DOUBLE", "t": "VARCHAR",
         "b": "BOOLEAN", "ret": "INTEGER", "ret_text": "VARCHAR", "uid": "UINTEGER",
         "uid_text": "VARCHAR"}
COLUMNS = [*TYPES]


class Rivals:
    def __init__(self, seed, count, directory):
        self.rng = rng = random.Random(seed)
        self.stream = os.path.join(directory, "rivals.skel")
        self.lines = os.path.join(directory, "rivals.json")
        self.table = os.path.join(directory, "rivals.tsv")
        self.pools = {
            "i": [0, 1, -1, 2**53 + 1, 2**63 - 1, -2**63] + [rng.randint(-2**63, 2**63 - 1)
                                                             for _ in range(6)],
            "u": [0, 1, 2**53, 2**53 + 1, 2**64 - 1] + [rng.getrandbits(64) for _ in range(6)],
            "n": [0, 1, -1, 2**31 - 1, -2**31] + [rng.randint(-50, 50) for _ in range(8)],
            "d": [0.0, 0.5, -2.5, 1e9, 0.1] + [rng.uniform(-9, 9) for _ in range(6)],
            "t": WORDS, "b": [False, True], "ret": [0, 3, -2, -13, -110, -999],
            "uid": [*NAMES, 7],
        }
        self.write(count)

    def write(self, count):
        s, rng = Stream("rivals"), self.rng
        u32, i32 = s.integer("u32", 4), s.integer("int", 4, True)
        i64, u64 = s.integer("s64", 8, True), s.integer("u64", 8)
        d, b = s.type("float", "double", 8), s.type("bool", "bool", 1)
        char = s.type("char", "char", 1, signed=True)
        event = s.struct("event", ("id", u32), ("n", i32), ("i", i64), ("u", u64), ("d", d),
                         ("ret", i32), ("uid", u32), ("b", b), ("t", s.array(char, 7)))
        for m in s.types[event]["members"]:
            m.update({"ret": {"as": "errno"}, "uid": {"as": "uid"}}.get(m["name"], {}))
        s.map("rb", "ringbuf", event)
        names = {"@names": {"kind": "uid", "names": [*map(list, NAMES.items())]}}
        s.lines.append(json.dumps(names).encode())
        for i in range(count):
            v = {name: rng.choice(pool) for name, pool in self.pools.items()}
            s.put(struct.pack("<IiqQdiI?7s", i, v["n"], v["i"], v["u"], v["d"], v["ret"], v["uid"],
                              v["b"], v["t"].encode()))
        s.lines.append(json.dumps({"@end": {"records": count, "lost": 0}}).encode())
        with open(self.stream, "wb") as f:
            f.writelines(line + b"\n" for line in (json.dumps(s.header).encode(), *s.lines))
        for form, path in (["--json"], self.lines), (["--tsv", "--no-header", "-c", ",".join(COLUMNS)],
                                                     self.table):
            with open(path, "wb") as f:
                subprocess.run(["skel-fmt", "--bare", *form, self.stream], stdout=f, check=True)
        if duckdb:
            self.db = duckdb.connect()
            self.db.execute("CREATE TABLE r AS SELECT * FROM read_json(?, format='newline_delimited', "
                            "columns=?)", [self.lines, TYPES])

    def number(self, member):
        """A constant in the three languages."""
        v = self.rng.choice(self.pools[member])
        if member == "d":
            return repr(v), f"{v!r}::DOUBLE", repr(v)
        v += self.rng.choice([0, 0, 1, -1])
        return str(v), f"({v})::HUGEINT", str(v)

    def term(self):
        """A comparison in the three languages; in that of awk None if it has none."""
        rng = self.rng
        member = rng.choice(["i", "u", "n", "n", "d", "d", "t", "t", "b", "ret_text", "uid", "uid~"])
        field = f"${COLUMNS.index(member) + 1}" if member in COLUMNS else None
        op = rng.choice(OPERATORS)
        sql = {"==": "=", "!=": "<>"}.get(op, op)
        if member == "b":
            return "b", "b", f'{field} == "true"'
        if member == "uid":
            op = rng.choice(["==", "!="])
            name = rng.choice([*NAMES.values(), "bob"])
            field = f"${COLUMNS.index('uid_text') + 1}"
            # Where there is no name the text is the number.
            return (f'uid {op} "{name}"', f"(uid IN (0,33,1000) AND uid_text {'=' if op == '==' else '<>'} '{name}')",
                    f'({field} !~ /^[0-9]/ && {field} {op} "{name}")')
        if member in ("t", "ret_text", "uid~") and (member == "uid~" or rng.random() < 0.4):
            negate = rng.random() < 0.3
            pattern = rng.choice(PATTERNS)
            ours, column = (member, member) if member != "uid~" else ("uid", "uid_text")
            field = f"${COLUMNS.index(column) + 1}"
            known, only = ("uid IN (0,33,1000) AND ", f"{field} !~ /^[0-9]/ && ") if ours == "uid" else ("", "")
            return (f'{ours} {"!~" if negate else "~"} "{pattern}"',
                    f"({known}{'NOT ' if negate else ''}regexp_matches({column}, '{pattern}'))",
                    f'({only}{field} {"!~" if negate else "~"} /{pattern}/)')
        if member in ("t", "ret_text"):
            v = rng.choice(WORDS if member == "t" else ["-ENOENT", "-EACCES", "0", "3", "-999"])
            return f'{member} {op} "{v}"', f"{member} {sql} '{v}'", f'({field} "" {op} "{v}" "")'
        awk = field if member in ("n", "d") else None
        if rng.random() < 0.3:
            parts = []
            for _ in range(rng.randint(1, 4)):
                low, high = self.number(member), self.number(member)
                if rng.random() < 0.5:
                    high = low
                parts.append((f"{low[0]}..{high[0]}" if low is not high else low[0],
                              f"{member} BETWEEN {low[1]} AND {high[1]}",
                              f"({awk} >= {low[2]} && {awk} <= {high[2]})"))
            return (f"{member} in ({', '.join(p[0] for p in parts)})",
                    f"({' OR '.join(p[1] for p in parts)})",
                    awk and f"({' || '.join(p[2] for p in parts)})")
        c = self.number(member)
        return f"{member} {op} {c[0]}", f"{member} {sql} {c[1]}", awk and f"({awk} {op} {c[2]})"

    def expression(self, depth=0):
        rng = self.rng
        kind = rng.random() if depth < 3 else 0
        if kind < 0.4:
            return self.term()
        if kind < 0.5:
            ours, sql, awk = self.expression(depth + 1)
            return f"!({ours})", f"NOT ({sql})", awk and f"!({awk})"
        parts = [self.expression(depth + 1) for _ in range(rng.randint(2, 3))]
        sign, word = rng.choice([("&&", "AND"), ("||", "OR")])
        return (f" {sign} ".join(f"({p[0]})" for p in parts), f" {word} ".join(f"({p[1]})" for p in parts),
                f" {sign} ".join(f"({p[2]})" for p in parts) if all(p[2] for p in parts) else None)

    def found(self, expression):
        first = subprocess.Popen(["skel-grep", "--", expression, self.stream], stdout=subprocess.PIPE)
        ids = subprocess.run(["skel-fmt", "--tsv", "--no-header", "--bare", "-c", "id"],
                             stdin=first.stdout, stdout=subprocess.PIPE, check=True).stdout
        first.stdout.close()
        if first.wait() > 1:
            sys.exit(f"skel-grep '{expression}': status {first.returncode}")
        return [int(n) for n in ids.split()]

    def asked(self, sql, awk):
        """What the others find, by their names."""
        if duckdb:
            rows = self.db.execute(f"SELECT id FROM r WHERE {sql} ORDER BY id").fetchall()
            yield "DuckDB", sql, [n for n, in rows]
        if awk:
            done = subprocess.run(["awk", "-F", "\t", f"{awk} {{ print $1 }}", self.table],
                                  stdout=subprocess.PIPE, check=True, env={**os.environ, "LC_ALL": "C"})
            yield "awk", awk, [int(n) for n in done.stdout.split()]


def main():
    seed, count, expressions, directory = *map(int, sys.argv[1:4]), sys.argv[4]
    rivals = Rivals(seed, count, directory)
    asked, some = {"DuckDB": 0, "awk": 0}, 0
    for i in range(expressions):
        ours, sql, awk = rivals.expression()
        ids = rivals.found(ours)
        some += 0 < len(ids) < count
        for name, text, others in rivals.asked(sql, awk):
            asked[name] += 1
            if others == ids:
                continue
            differ = sorted(set(ids) ^ set(others))
            print(f"seed {seed}, expression {i}: {ours}\n{name}: {text}")
            print(f"skel-grep finds {len(ids)}, {name} {len(others)}; the first that differs: "
                  f"{differ[0] if differ else 'their order'}")
            sys.exit(1)
    print(f"{expressions} expressions, {some} of them true for some of {count} records only; "
          f"DuckDB was asked {asked['DuckDB']} of them, awk {asked['awk']}")


if __name__ == "__main__":
    main()
