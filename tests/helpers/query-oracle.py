#!/usr/bin/env python3
"""Compare skel-grep with an evaluation of the same expressions in Python.

    query-oracle.py SEED RECORDS EXPRESSIONS DIRECTORY

Random records of all types go into a stream in DIRECTORY, and the same records as
JSON.  For each of so many random expressions skel-grep must pass on exactly those
records for which the expression is true here, where numbers are fractions of any
size.  The first difference ends the run with status 1; SEED repeats it.
"""
import fractions
import itertools
import json
import math
import os
import random
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
from make import TIME, Stream  # noqa: E402

from query_kinds import Kinds  # noqa: E402

POOL = 24  # values of each member
CPUS = 3
COLORS = {"RED": 0, "GREEN": 1, "BLUE": 7}
ERRORS = {"GOOD": 0, "BAD": -5, "WORSE": -70000}
WORDS = ["", "a", "ab", "bash", "bast", "sshd", "x y", "7bytes!", "8 bytes!", "tab\tq\"",
         "UPPER", "b\\n", "c++"]
OPERATORS = ["==", "!=", "<", "<=", ">", ">="]
HOLDS = {
    "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}


def single(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


class Member:
    """A member: its type, the values that it has in records, and how they are
    packed and written as constants."""

    def __init__(self, rng, name, kind, bits=0, signed=False):
        self.name, self.kind, self.bits, self.signed = name, kind, bits, signed
        self.pool = [self.choose(rng) for _ in range(POOL)]
        self.masks = {}  # bits of the records that have a value, by the value

    def choose(self, rng):
        if self.kind == "int":
            low = -(1 << self.bits - 1) if self.signed else 0
            high = low + (1 << self.bits) - 1
            v = rng.choice([0, 1, 2, 5, 10, low, low + 1, high, high - 1, rng.randint(low, high),
                            rng.randint(low, high), rng.randint(-300, 300), 1 << 53,
                            (1 << 53) + 1, -(1 << 53) - 1, 2570])
            return min(max(v, low), high)
        if self.kind == "float":
            v = rng.choice([0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 2.5, -2.5, 1e9, 1e20, 2.0 ** 53,
                            2.0 ** 63, 2.0 ** 64, -(2.0 ** 63), 5e-324, rng.uniform(-300, 300),
                            rng.gauss(0, 1)])
            return single(v) if self.bits == 32 else v
        if self.kind == "bool":
            return rng.randint(0, 1)
        if self.kind == "enum":
            return rng.choice([*COLORS.values(), 3])
        if self.kind == "error":
            return rng.choice([*ERRORS.values(), -6])
        return rng.choice(WORDS)[:self.bits]

    def pack(self, v):
        if self.kind == "float":
            return struct.pack("<f" if self.bits == 32 else "<d", v)
        if self.kind == "text":
            return v.encode().ljust(self.bits, b"\0")
        return (v % (1 << self.bits)).to_bytes(self.bits // 8, "little")

    def note(self, v, record):
        self.masks[v] = self.masks.get(v, 0) | 1 << record

    def true_for(self, holds):
        mask = 0
        for v, records in self.masks.items():
            if holds(v):
                mask |= records
        return mask


def quote(rng, text):
    escapes = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    mark = rng.choice("\"'")
    return mark + "".join("\\" + c if c == mark else escapes.get(c, c) for c in text) + mark


class Oracle:
    def __init__(self, seed, records):
        self.rng = rng = random.Random(seed)
        self.members = [Member(rng, f"{'i' if signed else 'u'}{bits}", "int", bits, signed)
                        for bits in (8, 16, 32, 64, 128) for signed in (False, True)]
        self.members += [Member(rng, "f", "float", 32), Member(rng, "d", "float", 64),
                         Member(rng, "ok", "bool", 8), Member(rng, "color", "enum", 32),
                         Member(rng, "err", "error", 32), Member(rng, "comm", "text", 8),
                         Member(rng, "at.x", "int", 16, True), Member(rng, "list[1]", "int", 32)]
        self.fields = [Member(rng, "low", "int", 5), Member(rng, "mid", "int", 7, True),
                       Member(rng, "wide", "int", 52, True)]
        self.sum = Member(rng, "hits", "int", 64)
        self.key = Member(rng, "key.pid", "int", 32)
        self.time = Member(rng, "@time", "int", 64)
        self.map = Member(rng, "@map", "text", 8)
        self.tail = Member(rng, "tail", "text", 8)
        self.known = [*self.members, *self.fields, self.sum, self.key, self.time, self.map,
                      self.tail]
        self.stream = Stream("oracle")
        self.describe()
        self.kinds = Kinds(rng, self.stream, HOLDS)
        for i in range(records):
            self.add(i)
        self.all = (1 << records) - 1

    def describe(self):
        s = self.stream
        ints = {m.name: s.integer(m.name, m.bits // 8, m.signed) for m in self.members[:10]}
        f, d = s.type("float", "float", 4), s.type("float", "double", 8)
        boolean, char = s.type("bool", "bool", 1), s.type("char", "char", 1, signed=True)
        color = s.type("enum", "color", 4, values=[list(c) for c in COLORS.items()])
        err = s.type("enum", "err", 4, signed=True, values=[list(c) for c in ERRORS.items()])
        point = s.struct("point", ("x", ints["i16"]))
        types = [*ints.values(), f, d, boolean, color, err, s.array(char, 8), point,
                 s.array(ints["u32"], 2)]
        event, offset = [], 0
        for m, of in zip(self.members, types):
            event.append((m.name.split(".")[0].split("[")[0], of, offset))
            offset += s.size(of)
        event += [("low", ints["u8"], offset, 0, 5), ("mid", ints["i16"], offset, 5, 7),
                  ("wide", ints["i64"], offset, 12, 52)]
        offset += 8
        event.append(("tail", s.array(char, 0), offset))
        s.map("rb", "ringbuf", s.struct("event", *event))
        key = s.struct("key", ("pid", ints["u32"]))
        s.map("hits", "sample", s.struct("hit", ("hits", ints["u64"])), key=key, cpus=CPUS,
              sample={"interval": 1000, "type": "default_kv", "unit": "", "clear_map": False})

    def add(self, i):
        rng, time = self.rng, TIME + i // 7 * 1000
        self.time.note(time, i)
        if rng.random() < 0.3:
            self.map.note("kinds", i)
            self.kinds.add(i, time)
            return
        if rng.random() < 0.2:
            pid, hits = rng.choice(self.key.pool), [rng.choice(self.sum.pool)
                                                    for _ in range(CPUS)]
            # The sum of one record may be more than 64 bits hold.
            self.key.note(pid, i)
            self.sum.note(sum(hits), i)
            self.map.note("hits", i)
            self.stream.put(struct.pack(f"<I{CPUS}Q", pid, *hits), 1, time)
            return
        record = b""
        for m in self.members:
            v = rng.choice(m.pool)
            m.note(v, i)
            record += (m.pack(rng.choice(m.pool)) if "[" in m.name else b"") + m.pack(v)
        bits, at = 0, 0
        for m in self.fields:
            v = rng.choice(m.pool)
            m.note(v, i)
            bits |= v % (1 << m.bits) << at
            at += m.bits
        tail = rng.choice(self.tail.pool)
        self.tail.note(tail, i)
        self.map.note("rb", i)
        ended = tail.encode() + (b"\0" if rng.random() < 0.5 else b"")
        self.stream.put(record + bits.to_bytes(8, "little") + ended, 0, time)

    def constant(self, m):
        """A constant for a member: its text, and its value."""
        rng = self.rng
        v = rng.choice([*m.masks] or m.pool)
        if m.kind == "text":
            v = v if rng.random() < 0.7 else rng.choice(WORDS)
            return quote(rng, v), v
        names = {v: n for n, v in {"enum": COLORS, "error": ERRORS}.get(m.kind, {}).items()}
        if v in names and rng.random() < 0.7:
            return rng.choice([names[v], quote(rng, names[v])]), v
        if m.kind == "bool" and rng.random() < 0.5:
            return ["false", "true"][v], v
        if m is self.time:
            v += rng.choice([0, 0, 1, -1])
            return str(v), v
        if m.kind == "float" and rng.random() < 0.7 and v != int(v):
            v = rng.choice([v, v, -v, v / 2])
            v = single(v) if m.bits == 32 else v
            return repr(v), v
        v = int(v) + rng.choice([0, 0, 0, 1, -1, 255])
        if rng.random() < 0.15:
            half = fractions.Fraction(2 * v + 1, 2)
            sign, whole = ("-", -half) if half < 0 else ("", half)
            text = f"{sign}{whole.numerator // 2}.5"
            if m.kind == "float":  # the nearest number of that type is meant
                return text, single(float(half)) if m.bits == 32 else float(half)
            return text, half
        if v % 1000 == 0 and rng.random() < 0.3:
            return f"{v // 1000}us", v
        if v > 0 and v % 1024 == 0 and rng.random() < 0.5:
            return f"{v // 1024}KiB", v
        return rng.choice([str, str, lambda n: f"-0x{-n:x}" if n < 0 else f"0x{n:X}"])(v), v

    def compare(self, m):
        rng = self.rng
        kind = rng.random()
        if kind < 0.15:
            values, texts = [], []
            for _ in range(rng.randint(1, 6)):
                (t, low), (u, high) = self.constant(m), self.constant(m)
                is_range = rng.random() < 0.4
                texts.append(f"{t}..{u}" if is_range else t)
                values.append((low, high if is_range else low))
            text = f"{m.name} in ({', '.join(texts)})"
            return text, m.true_for(lambda v: any(a <= v <= b for a, b in values))
        if kind < 0.2:
            return m.name, m.true_for(bool)
        others = [o for o in self.members if (o.kind == "text") == (m.kind == "text")]
        if kind < 0.3 and m in self.members and len(others) > 1:
            o, op = rng.choice(others), rng.choice(OPERATORS)
            pairs = itertools.product(m.masks.items(), o.masks.items())
            mask = 0
            for (v, a), (w, b) in pairs:
                if a & b and HOLDS[op](v, w):
                    mask |= a & b
            return f"{m.name} {op} {o.name}", mask
        text, c = self.constant(m)
        op = rng.choice(OPERATORS)
        if kind < 0.4 and text[0] not in "tfRGBW":
            mirror = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(op, op)
            return f"{text} {mirror} {m.name}", m.true_for(lambda v: HOLDS[op](v, c))
        space = rng.choice(["", " "])
        return f"{m.name}{space}{op}{space}{text}", m.true_for(lambda v: HOLDS[op](v, c))

    def match(self):
        import re
        m = self.rng.choice([self.members[15], self.tail, self.map])
        pattern = self.rng.choice(["^ba", "s", "^$", "[a-c]+", r"\d", "^(a|b)*$", r"^.{8}$", "T$"])
        negate = self.rng.random() < 0.3
        found = re.compile(pattern.replace("$", r"\Z"))
        return (f'{m.name} {"!~" if negate else "~"} "{pattern}"',
                m.true_for(lambda v: (found.search(v) is None) == negate))

    def expression(self, depth=0):
        """A random expression: its text, the records for which it is true, and how
        tightly its parts hold together: 2 for a term, 1 for &&, 0 for ||."""
        rng = self.rng
        kind = rng.random() if depth < 4 else 0
        if kind < 0.5:
            text, mask = (self.match() if rng.random() < 0.1
                          else self.kinds.compare() if rng.random() < 0.3
                          else self.compare(rng.choice(self.known)))
            return text, mask, 2
        if kind < 0.6:
            text, mask, _ = self.expression(depth + 1)
            return f"!({text})", self.all & ~mask, 3
        level = rng.randint(0, 1)
        parts = [self.expression(depth + 1) for _ in range(rng.randint(2, 4))]
        sign = rng.choice([" || ", "||"]) if level == 0 else rng.choice([" && ", "&&"])
        texts = [f"({t})" if own < level or rng.random() < 0.2 else t for t, _, own in parts]
        mask = 0 if level == 0 else self.all
        for _, m, _ in parts:
            mask = mask | m if level == 0 else mask & m
        return sign.join(texts), mask, level


def lines_of(header, records, selected):
    lines = list(itertools.compress(records, selected))
    end = json.dumps({"@end": {"records": len(lines), "lost": 0}}, separators=(",", ":"))
    return b"".join([header, *lines, end.encode() + b"\n"])


def main():
    seed, count, expressions, directory = *map(int, sys.argv[1:4]), sys.argv[4]
    oracle = Oracle(seed, count)
    s = oracle.stream
    binary = [line + b"\n" for line in s.lines]
    names = oracle.kinds.lines()
    header = json.dumps(s.header, separators=(",", ":")).encode() + b"\n"
    end = json.dumps({"@end": {"records": count, "lost": 0}}, separators=(",", ":")).encode()
    path, text = os.path.join(directory, "oracle.skel"), os.path.join(directory, "oracle.json")
    with open(path, "wb") as f:
        half = len(binary) // 2
        f.write(b"".join([header, *binary[:half], *names, *binary[half:], end, b"\n"]))
    shown = subprocess.run(["skel-fmt", "--json", path], stdout=subprocess.PIPE, check=True).stdout
    json_lines = shown.splitlines(keepends=True)
    s.header["encoding"] = "json"
    json_header = json.dumps(s.header, separators=(",", ":")).encode() + b"\n"
    with open(text, "wb") as f:
        f.write(b"".join([json_header, shown, end, b"\n"]))
    hits = 0
    for i in range(expressions):
        expression, mask, _ = oracle.expression()
        if not math.isfinite(len(expression)) or len(expression) > 60000:
            continue
        selected = [c == "1" for c in bin(mask)[:1:-1]]
        hits += len(selected) > 0 and mask not in (0, oracle.all)
        for file, head, records in ((path, header, binary), (text, json_header, json_lines)):
            got = subprocess.run(["skel-grep", "--", expression, file], capture_output=True)
            want = lines_of(head, records, selected)
            # A query that needs the names lets records wait for them.
            stdout, told = got.stdout, got.stdout.count(names[0])
            if told == (file == path):
                stdout = stdout.replace(names[0], b"")
            if stdout == want and got.returncode == (mask == 0) and got.stderr == b"":
                continue
            print(f"seed {seed}, expression {i} on {os.path.basename(file)}: {expression}")
            print(f"status {got.returncode}, {got.stderr.decode()}")
            lines = set(got.stdout.splitlines(keepends=True))
            for n, (record, shown) in enumerate(zip(records, json_lines)):
                want = n < len(selected) and selected[n]
                if want != (record in lines):
                    print(f"record {n} {'is missing' if want else 'is too much'}: "
                          f"{shown.decode()}")
                    break
            sys.exit(1)
    print(f"{expressions} expressions, {hits} of them true for some of {count} records only")


if __name__ == "__main__":
    main()
