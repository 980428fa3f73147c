#!/usr/bin/env python3
"""Compare skel-count with groupings of the same records in Python and DuckDB.

    count-oracle.py SEED RECORDS QUESTIONS DIRECTORY

Random records of several maps go into a stream in DIRECTORY.  For each of so many
random questions skel-count must write the passes, the rows and their order, and the
notices, that come out here: numbers are of any size in Python, and quantiles within
1/128 of the number at their rank.  If Python has DuckDB, it answers those questions
too that it can be asked.  The first difference ends the run with status 1; SEED
repeats it.
"""
import csv
import itertools
import json
import math
import os
import random
import re
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
from make import TIME, Stream  # noqa: E402

try:
    import duckdb
except ImportError:
    duckdb = None

CPUS = 3
SLOTS = 64
COLORS = {"RED": 0, "GREEN": 1, "BLUE": 7}
ERRORS = {"GOOD": 0, "BAD": -5, "WORSE": -70000}
WORDS = ["", "a", "ab", "bash", "bast", "sshd", "x y", "7bytes!", "8 bytes!", "tab\tq\"",
         "UPPER", "b\\n", "c++", "a name of 16 byt"]
OTHER = "(other)"
EVERY = {"1": 10**6, "3ms": 3 * 10**6, "7ms": 7 * 10**6, "1s": 10**9, "1h": 3600 * 10**9}


def single(v):
    return struct.unpack("<f", struct.pack("<f", v))[0]


class Difference(Exception):
    pass


class Member:
    """A member of a map: its type, and the values that it has in records."""

    def __init__(self, rng, name, kind, size, signed=False, bits=0, pool=12):
        self.name, self.kind, self.size, self.signed = name, kind, size, signed
        self.bits = bits or size * 8
        self.pool = [self.choose(rng) for _ in range(rng.choice([2, 5, pool]))]

    def choose(self, rng):
        if self.kind == "int":
            low = -(1 << self.bits - 1) if self.signed else 0
            high = low + (1 << self.bits) - 1
            v = rng.choice([0, 1, 2, 5, 10, 63, 64, low, low + 1, high, high - 1, -1,
                            rng.randint(low, high), rng.randint(low, high),
                            rng.randint(-300, 300), 1 << 53, (1 << 53) + 1, 10**6])
            return min(max(v, low), high)
        if self.kind == "float":
            v = rng.choice([0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 2.5, -2.5, 1e9, 1e20, -1e20,
                            2.0**53, 5e-324, 1e-30, math.nan, math.inf, rng.uniform(-300, 300),
                            rng.gauss(0, 1), rng.gauss(0, 1)])
            return single(v) if self.size == 4 else v
        if self.kind == "bool":
            return rng.randint(0, 1)
        if self.kind == "enum":
            return rng.choice([*COLORS.values(), 3] if not self.signed
                              else [*ERRORS.values(), -6])
        if self.kind == "bytes":
            return bytes(rng.choice([0, 10, 255, 7]) for _ in range(self.size))
        return rng.choice(WORDS)[:min(self.size, 16)]

    def pack(self, v):
        if self.kind == "float":
            return struct.pack("<f" if self.size == 4 else "<d", v)
        if self.kind == "text":
            return v.encode().ljust(self.size, b"\0")
        return v if self.kind == "bytes" else (v % (1 << self.size * 8)).to_bytes(
            self.size, "little")

    @property
    def is_number(self):
        return self.kind not in ("text", "bytes")


def widen(a, b):
    """A member that holds the values of both, as counted_member_widen() says."""
    to = Member.__new__(Member)
    to.__dict__.update(a.__dict__)
    if a.kind == b.kind and (a.size, a.signed) == (b.size, b.signed):
        return to
    to.size = max(a.size, b.size)
    if a.kind in ("int", "enum", "bool"):
        unsigned = b if a.signed else a
        if a.signed != b.signed and to.size == unsigned.size:
            to.size *= 2
        to.kind, to.signed = "int", a.signed or b.signed
    return to


class Map:
    def __init__(self, name, number, members, replaced=False, sampled=False):
        self.name, self.number, self.replaced, self.sampled = name, number, replaced, sampled
        self.members = {m.name: m for m in members}


class Records:
    """The maps, and their records in the order of the stream: (map, time, values),
    or (map, None, None) at the end of a pass over a sampled map."""

    def __init__(self, seed, count):
        self.rng = rng = random.Random(seed)
        names = [(f"{'i' if s else 'u'}{8 * n}", n, s) for n in (1, 2, 4, 8, 16)
                 for s in (False, True)]
        self.ints = [Member(rng, name, "int", n, s) for name, n, s in names]
        self.plain = [*self.ints, Member(rng, "f", "float", 4), Member(rng, "d", "float", 8),
                      Member(rng, "ok", "bool", 1), Member(rng, "color", "enum", 4),
                      Member(rng, "err", "enum", 4, True), Member(rng, "comm", "text", 8),
                      Member(rng, "file", "text", 24), Member(rng, "addr", "bytes", 4),
                      Member(rng, "at.x", "int", 2, True)]
        self.fields = [Member(rng, "low", "int", 1, bits=5),
                       Member(rng, "mid", "int", 2, True, bits=7),
                       Member(rng, "wide", "int", 8, True, bits=52)]
        self.tail = Member(rng, "tail", "text", 256)
        self.less = [Member(rng, "u8", "int", 4, True), Member(rng, "i32", "int", 4),
                     Member(rng, "i64", "int", 8, False), Member(rng, "d", "float", 4),
                     Member(rng, "comm", "text", 16), Member(rng, "color", "int", 2, True),
                     Member(rng, "err", "enum", 4, True), Member(rng, "only", "int", 8)]
        # The sum of one record shall fit 64 bits.
        self.sums = [Member(rng, "hits", "int", 8, bits=62), Member(rng, "pid", "int", 4)]
        self.stream = Stream("oracle")
        constant = Member(rng, "@map", "text", 8)
        self.maps = [
            Map("rb", 0, [*self.plain, *self.fields, self.tail, constant]),
            Map("less", 1, [*self.less, constant]),
            Map("all", 2, [*self.sums, constant], replaced=True, sampled=True),
            Map("new", 3, [*self.sums, constant], sampled=True),
        ]
        self.describe()
        self.records, self.data = [], []
        time = TIME
        while len(self.records) < count:
            time += rng.choice([0, 1, 1000, 400000, 10**6, 5 * 10**6])
            if rng.random() < 0.05:
                time = (time // 10**6 + 1) * 10**6  # the end of a pass
            self.add(rng.random(), time + rng.choice([0, 0, 0, -900000]))

    def describe(self):
        s = self.stream
        self.types = {}
        color = s.type("enum", "color", 4, values=[list(c) for c in COLORS.items()])
        err = s.type("enum", "err", 4, signed=True, values=[list(c) for c in ERRORS.items()])
        char = s.type("char", "char", 1, signed=True)
        byte = s.integer("unsigned char", 1)

        def type_of(m):
            if m.kind == "text":
                return s.array(char, m.size)
            if m.kind == "bytes":
                return s.array(byte, m.size)
            if m.kind == "enum":
                return err if m.signed else color
            if m.kind in ("float", "bool"):
                return s.type(m.kind, {4: "float", 8: "double", 1: "bool"}[m.size], m.size)
            return s.integer(m.name, m.size, m.signed)

        point = s.struct("point", ("x", type_of(self.plain[-1])))
        event, offset = [], 0
        for m in self.plain:
            of = point if m.name == "at.x" else type_of(m)
            event.append((m.name.split(".")[0], of, offset))
            offset += m.size
        low, mid, wide = map(type_of, self.fields)
        event += [("low", low, offset, 0, 5), ("mid", mid, offset, 5, 7),
                  ("wide", wide, offset, 12, 52)]
        event.append(("tail", s.array(char, 0), offset + 8))
        s.map("rb", "ringbuf", s.struct("event", *event))
        s.map("less", "ringbuf", s.struct("less", *((m.name, type_of(m)) for m in self.less)))
        key = s.struct("key", ("pid", type_of(self.sums[1])))
        hit = s.struct("hit", ("hits", type_of(self.sums[0])))
        for name, clear in (("all", False), ("new", True)):
            s.map(name, "sample", hit, key=key, cpus=CPUS, sample={
                "interval": 1000, "type": "default_kv", "unit": "", "clear_map": clear})

    def put(self, number, time, values, record):
        values["@map"] = self.maps[number].name
        self.records.append((self.maps[number], time, values))
        self.stream.put(record, number, time)

    def add(self, kind, time):
        rng = self.rng
        if kind < 0.02:
            number = rng.choice([2, 3])
            pids = rng.sample(range(100), rng.randint(1, 6))
            for pid in pids:
                hits = [rng.choice(self.sums[0].pool) // CPUS for _ in range(CPUS)]
                self.put(number, time, {"pid": pid, "hits": sum(hits)},
                         struct.pack(f"<I{CPUS}Q", pid, *hits))
            self.stream.control(sampled={"map": self.maps[number].name, "round": 1,
                                         "keys": len(pids)})
            self.records.append((self.maps[number], None, None))
            return
        if kind < 0.2:
            values = {m.name: rng.choice(m.pool) for m in self.less}
            self.put(1, time, values, b"".join(m.pack(values[m.name]) for m in self.less))
            return
        values = {m.name: rng.choice(m.pool) for m in [*self.plain, *self.fields, self.tail]}
        record = b"".join(m.pack(values[m.name]) for m in self.plain)
        bits, at = 0, 0
        for m in self.fields:
            bits |= values[m.name] % (1 << m.bits) << at
            at += m.bits
        tail = values["tail"].encode() + (b"\0" if rng.random() < 0.5 else b"")
        self.put(0, time, values, record + bits.to_bytes(8, "little") + tail)

    def write(self, path, first=0, end=None):
        """Write the stream of the lines from first up to end."""
        lines = self.stream.lines[first:end]
        count = sum(line[:1] == b"=" for line in lines)
        with open(path, "wb") as f:
            f.write(b"\n".join([
                json.dumps(self.stream.header, separators=(",", ":")).encode(), *lines,
                json.dumps({"@end": {"records": count, "lost": 0}}).encode(), b""]))

    def write_json(self, path, to):
        """Write the stream at path in JSON."""
        header = {**self.stream.header, "encoding": "json"}
        end = {"@end": {"records": self.stream.records, "lost": 0}}
        with open(to, "wb") as f:
            f.write(json.dumps(header).encode() + b"\n")
            f.flush()
            subprocess.run(["skel-fmt", "--json", path], stdout=f, check=True)
            f.write(json.dumps(end).encode() + b"\n")


class Column:
    """What is asked of a member: the words of the option, and the column's name."""

    def __init__(self, op, member, argument="", percent=None, step=0, wide=False):
        self.op, self.member, self.argument = op, member, argument
        self.percent, self.step, self.wide = percent, step, wide
        prefix = f"p{percent}" if op == "quantile" else op
        self.name = f"{prefix}_{plain(member)}".replace(".", "_")


def plain(name):
    for prefix in ("key.", "value.", "@"):
        name = name.removeprefix(prefix)
    return name.replace(".", "_")


class Question:
    def __init__(self, records):
        rng, self.records = records.rng, records
        self.maps = self.choose_maps(rng, records.maps)
        names = set.intersection(*(set(m.members) for m in self.maps))
        if len(self.maps) > 1:
            names.discard("wide")
        names = sorted(names)
        self.by = rng.sample(names, min(len(names), rng.choice([0, 1, 1, 1, 2, 2, 3])))
        self.wide = {n: self.widened(n) for n in names}
        self.columns = []
        numbers = [n for n in names if self.wide[n].is_number]
        for _ in range(rng.choice([0, 0, 1, 1, 2, 4]) if numbers else 0):
            self.add_columns(rng, rng.choice(numbers))
        self.every, self.delta = rng.choice([None, None, None, *EVERY]), rng.random() < 0.4
        self.top = rng.choice([None, None, None, 1, 3, 10])
        self.keys = rng.choice([None, None, None, 1, 2, 5])
        self.sort, self.ascending = None, False
        if rng.random() < 0.5:
            names = ["count", *map(plain, self.by)]
            # Which rows the top ones by a quantile are depends on its error.
            names += [c.name for c in self.columns
                      if c.op not in (["hist", "quantile"] if self.top else ["hist"])]
            self.sort, self.ascending = rng.choice(names), rng.random() < 0.3

    def choose_maps(self, rng, maps):
        kind = rng.random()
        if kind < 0.15:
            return maps[:2]
        return [rng.choice(maps[1:])] if kind < 0.35 else maps[:1]

    def widened(self, name):
        members = [m.members[name] for m in self.maps]
        return members[0] if len(members) == 1 else widen(*members)

    def add_columns(self, rng, member):
        op = rng.choice(["sum", "sum", "min", "max", "mean", "quantile", "hist"])
        new = []
        if op == "sum" and rng.random() < 0.5:
            new = [Column(op, member, "=128", wide=True)]
        elif op == "quantile":
            percents = rng.choice([["50", "90", "99"], ["0"], ["100"], ["12.5", "99.9"],
                                   ["25", "75"]])
            words = "" if percents[0] == "50" else "=" + ",".join(percents)
            new = [Column(op, member, words, percent=p) for p in percents]
        elif op == "hist":
            hists = [c for c in self.columns if c.op == "hist"]
            step = hists[0].step if hists else rng.choice([0, 0, 1, 5, 1000])
            new = [Column(op, member, f"=linear:{step}" if step else "=log2", step=step)]
        else:
            new = [Column(op, member)]
        if {c.name for c in new} & {c.name for c in self.columns}:
            return
        self.columns += new

    def is_for_bare_json(self):
        """Whether JSON without types has the same answer: types are guessed there, so
        that the bounds of sums, and the texts that have room for "(other)", are not
        those of the members."""
        members = [self.wide[n] for n in self.members()]
        return (self.maps == self.records.maps[:1] and not self.every and not self.keys and
                all(m.kind == "text" or (m.kind == "int" and m.size <= 8) for m in members) and
                "@map" not in self.by and
                all(c.op != "sum" or c.wide for c in self.columns))

    def spelled(self, name):
        """A name as it may be written: with "key." or "value." before it."""
        parts = {"pid": "key.", "hits": "value."}
        return (parts.get(name, "") if self.records.rng.random() < 0.5 else "") + name

    def members(self):
        return [*self.by, *(c.member for c in self.columns)]

    def words(self):
        words = []
        if self.by:
            words += ["--by", ",".join(map(self.spelled, self.by))]
        for c, _ in itertools.groupby(self.columns, lambda c: (c.op, c.member, c.argument)):
            words += [f"--{c[0]}", self.spelled(c[1]) + c[2]]
        for name in ("every", "top", "keys"):
            value = getattr(self, name)
            if value is not None:
                words += [f"--{name}", str(value)]
        if self.delta:
            words += ["--delta"]
        if self.sort:
            words += ["--sort", "+" * self.ascending + self.sort]
        return words

    def map_words(self):
        return [word for m in self.maps for word in ("-m", m.name)]


class Sum:
    """Neumaier's sum, step by step as measure.c says it is added up."""

    def __init__(self):
        self.sum = self.lost = 0.0

    def add(self, v):
        total = self.sum + v
        if math.isfinite(total):
            self.lost += ((self.sum - total) + v if abs(self.sum) >= abs(v)
                          else (v - total) + self.sum)
        self.sum = total

    def get(self):
        return self.sum + self.lost


def clamp(v, bits, signed):
    low = -(1 << bits - 1) if signed else 0
    return min(max(v, low), low + (1 << bits) - 1)


def slot(v, step):
    if isinstance(v, float):
        v = 0 if not v > 0 else (1 << 64) - 1 if v >= 2.0**64 else int(v)
    if v < 0:
        v = 0
    if step:
        return min(v // step, SLOTS - 1)
    return min(max(v.bit_length() - 1, 0), SLOTS - 1)


class Group:
    """The values of the records of one key, by the columns' members."""

    def __init__(self, question, key):
        self.key, self.count = key, 0
        self.values = {c.member: [] for c in question.columns}

    def add(self, values):
        self.count += 1
        for name, v in self.values.items():
            v.append(values[name])


def measure(question, column, group):
    """The value of a column: that which is sorted by, and that which is written."""
    m, values = question.wide[column.member], group.values[column.member]
    real = m.kind == "float"
    if column.op == "hist":
        slots = [0] * SLOTS
        for v in values:
            slots[slot(v, column.step)] += 1
        return None, slots
    if real:
        values = [v for v in values if not math.isnan(v)]
    if column.op == "quantile":
        return None, (sorted(values), column)
    if column.op in ("min", "max"):
        v = min(values, default=math.nan) if column.op == "min" else max(values,
                                                                       default=math.nan)
        return v, v
    if real:
        total = Sum()
        for v in values:
            total.add(v)
        check_sum(values, total.get())
        v = total.get()
        if column.op == "mean":
            v = v / len(values) if values else math.nan
        return v, v
    v = 0
    for more in values:
        v = clamp(v + more, 128, m.signed)
    if column.op == "mean":
        return float(v) / len(values), float(v) / len(values)
    return v, clamp(v, 128 if column.wide or m.size > 8 else 64, m.signed)


def check_sum(values, got):
    """The sum that is modelled here is as good as it has to be."""
    if not all(map(math.isfinite, values)):
        return
    exact, size = math.fsum(values), math.fsum(map(abs, values))
    if abs(got - exact) > 2**-52 * abs(exact) + len(values)**2 * 2**-104 * size + 5e-324:
        raise Difference(f"the sum of {values} is {exact}, not {got}")


def check_quantile(values, column, whole, got):
    """Whether a quantile is as near to the number at its rank as it is said to be."""
    n = len(values)
    if n == 0:
        return math.isnan(got)
    rank = int(float(column.percent) / 100 * (n - 1))
    want = values[rank]
    if want == got:
        return True
    if not math.isfinite(want):
        return False
    # Numbers of one sign that are 2^32 times nearer to zero share a bucket.
    side = max((abs(v) for v in values if (v < 0) == (want < 0) and abs(v) != math.inf),
               default=0)
    if abs(want) <= side / 2**31:
        return abs(got) <= side / 2**30 and got * want >= 0
    if whole and abs(want) < 64:
        return False
    if abs(want) < sys.float_info.min:
        return abs(got) < sys.float_info.min
    # Integers beyond 2^53 are rounded before.
    return abs(got - want) <= abs(want) * (2**-7 + 2**-50)


class Answer:
    """The passes that a question has: each its time, and its groups in order."""

    def __init__(self, question, records):
        self.question, self.passes, self.others, self.clamped = question, [], 0, set()
        self.measured = {}
        self.layout()
        self.replaced = any(m.replaced for m in question.maps)
        self.run(records)

    def layout(self):
        """The sizes of the members of a key, and whether it has one for all others."""
        q, self.parts = self.question, []
        for name in q.by:
            m = q.wide[name]
            size = max(len(x.name) for x in q.maps) + 1 if name == "@map" else m.size
            self.parts.append((size, m))
        texts = [m for size, m in self.parts if m.kind == "text" and size > len(OTHER)]
        self.has_other = bool(q.by) and not texts

    def key(self, values):
        out = []
        for name in self.question.by:
            m, v = self.question.wide[name], values[name]
            if m.kind == "float":
                v = "nan" if math.isnan(v) else v + 0.0
            out.append(v)
        return (*out, False)

    def order(self, key):
        """What the order of keys is by: what is no number is less than any number."""
        out = []
        for (_, m), v in zip(self.parts, key):
            out.append(v.encode() if m.kind == "text" else
                       (v != "nan", 0 if v == "nan" else v) if m.kind == "float" else v)
        return (*out, key[-1])

    def other_key(self):
        empty = {"text": OTHER, "bytes": None, "float": 0.0}
        out = []
        for size, m in self.parts:
            v = empty.get(m.kind, 0)
            out.append(bytes(size) if v is None else v[:size - 1] if m.kind == "text" else v)
        return (*out, True)

    def group(self, values):
        key = self.key(values)
        if key in self.groups:
            return self.groups[key]
        if len(self.groups) >= (self.question.keys or 100000):
            self.others += 1
            key = self.other_key()
            if key in self.groups:
                return self.groups[key]
        self.groups[key] = group = Group(self.question, key)
        return group

    def run(self, records):
        q, every = self.question, EVERY.get(self.question.every, 0)
        self.groups, end, last, counted, complete = {}, 0, 0, False, False
        for source, time, values in records:
            if source not in q.maps:
                continue
            if time is None:
                if counted and (every == 0 or last >= end):
                    self.emit(last if every == 0 or last < end else end)
                    counted, end = False, 0
                complete = self.replaced
                continue
            if complete:
                self.groups, complete = {}, False
            if every and end and time >= end and counted and not self.replaced:
                self.emit(end)
                end = 0
            last = max(last, time)
            if every and not end:
                end = (last // every + 1) * every
            counted = True
            self.group(values).add(values)
        if counted:
            self.emit(last if every == 0 or last < end else end)

    def emit(self, time):
        rows = self.ordered([self.row(g) for g in self.groups.values()])
        q, shown, kept = self.question, 0, []
        for row in rows:
            if not row["key"][-1]:
                shown += 1
                if q.top and shown > q.top:
                    continue
            kept.append(row)
            self.clamped |= {c.name for c in q.columns if c.op == "sum" and
                             self.is_clamped(q.wide[c.member], row, c.name)}
        self.passes.append((time, kept))
        if q.delta:
            self.groups = {}

    @staticmethod
    def is_clamped(m, row, name):
        if m.kind == "float":
            return False
        v = row["sorted"][name]
        ends = (clamp(1 << 200, 128, m.signed), clamp(-(1 << 200), 128, True))
        return v != row["value"][name] or v == ends[0] or (m.signed and v == ends[1])

    def row(self, group):
        """The row of a group as it is now; that of the group stays the same until
        something is added to it."""
        known = self.measured.get(group)
        if known and known["count"] == group.count:
            return known
        got = {c.name: measure(self.question, c, group) for c in self.question.columns}
        row = {"key": group.key, "count": group.count, "order": self.order(group.key),
               "sorted": {n: s for n, (s, _) in got.items()},
               "value": {n: v for n, (_, v) in got.items()}}
        self.measured[group] = row
        return row

    def ordered(self, rows):
        q = self.question
        by = {plain(n): i for i, n in enumerate(q.by)}
        columns = {c.name: c for c in q.columns}

        def number(row):
            if q.sort in (None, "count"):
                return row["count"]
            if q.sort in columns:
                v = row["sorted"][q.sort]
                return (v == v, v if v == v else 0)
            return row["order"][by[q.sort]]

        if q.sort in columns and columns[q.sort].op == "quantile":
            return rows  # sorted by what is written
        rows = sorted(rows, key=lambda r: r["order"])
        # Equal rows stay in the order of their keys, since both sorts are stable.
        return sorted(rows, key=number, reverse=not q.ascending)


def unstuff(line):
    """The record in a line of a stream, which begins with "="."""
    out, at = bytearray(), 1
    while at < len(line):
        code = line[at] ^ 0x0A
        out += line[at + 1:at + code]
        at += code
        if code != 0xFF and at < len(line):
            out += b"\n"
    return bytes(out)


class Output:
    """The stream that skel-count wrote: passes, each its times and its rows."""

    def __init__(self, data):
        first, *lines = data.split(b"\n")
        header = json.loads(first)
        self.types = header["types"]
        (entry,) = header["maps"]
        self.key = list(self.leaves(entry["key"], 0))
        self.value = list(self.leaves(entry["value"], self.types[entry["key"]]["size"]))
        self.passes, rows, self.end = [], [], None
        for line in lines:
            if line[:1] == b"=":
                body = unstuff(line)
                rows.append((struct.unpack_from("<Q", body, 1)[0], body[9:]))
            elif line.startswith(b'{"@sampled"'):
                said = json.loads(line)["@sampled"]
                if said["keys"] != len(rows) or said["round"] != len(self.passes) + 1:
                    raise Difference(f"{line.decode()} after {len(rows)} rows")
                self.passes.append(rows)
                rows = []
            elif line.startswith(b'{"@end"'):
                self.end = json.loads(line)["@end"]

    def leaves(self, index, offset):
        for m in self.types[index]["members"]:
            of = self.types[m["type"]]
            if of["kind"] == "struct" and of["name"].startswith("hist_"):
                (inner,) = self.leaves(m["type"], offset + m["offset"])
                yield (m["name"], *inner[1:])
            else:
                yield m["name"], offset + m["offset"], of

    def read(self, row, leaf):
        _, offset, of = leaf
        data = row[offset:offset + of["size"]]
        if of["kind"] == "float":
            return struct.unpack("<f" if of["size"] == 4 else "<d", data)[0]
        if of["kind"] == "array":
            item = self.types[of["of"]]
            if item["kind"] == "char":
                return data.split(b"\0")[0].decode()
            return list(struct.unpack("<64Q", data)) if item["size"] == 8 else data
        return int.from_bytes(data, "little", signed=of.get("signed", False))

    def rows(self, rows):
        for time, row in rows:
            key = []
            for leaf in self.key:
                v = self.read(row, leaf)
                key.append("nan" if v != v else v)
            yield time, key, {leaf[0]: self.read(row, leaf) for leaf in self.value}


def same(a, b):
    return a == b or (a != a and b != b)


def compare_row(question, names, want, time, at, key, value):
    if time is not None and at != time:
        raise Difference(f"the time of a row is {at}, not {time}")
    is_other = want["key"][-1]
    key_want = list(want["key"][:-1])
    if "other" in names:
        key_want.append(is_other)
    if key != key_want:
        raise Difference(f"the key {key} stands where {key_want} was expected")
    if value["count"] != want["count"]:
        raise Difference(f"{key}: the count is {value['count']}, not {want['count']}")
    hists = sum(c.op == "hist" for c in question.columns)
    for c in question.columns:
        got, expected = value["slots" if c.op == "hist" and hists == 1 else c.name], (
            want["value"][c.name])
        if c.op == "quantile":
            whole = question.wide[c.member].kind != "float"
            if not check_quantile(*expected, whole, got):
                raise Difference(f"{key}: {c.name} is {got}, of {expected[0]}")
        elif not same(got, expected):
            raise Difference(f"{key}: {c.name} is {got}, not {expected}")


def by_quantile(question, output, answer):
    """Put the expected rows into the order of the quantile that was written, which
    must be the order that was asked for."""
    names = [c.name for c in question.columns if c.op == "quantile"]
    if question.sort not in names:
        return
    for (_, want), rows in zip(answer.passes, output.passes):
        known = {tuple(r["key"]): r for r in want}
        # Numbers alone have a member for the row of all other keys, if there may be one.
        told = "other" in [leaf[0] for leaf in output.key]
        got = [(tuple(key[:len(question.by)]), bool(key[-1]) if told
                else not answer.has_other and tuple(key) == answer.other_key()[:-1],
                value[question.sort])
               for _, key, value in output.rows(rows)]
        order = [known.get((*key, other)) for key, other, _ in got]
        if None in order or len(order) != len(want):
            return
        sign = 1 if question.ascending else -1
        ranks = [(sign * (v == v), sign * v if v == v else 0, r["order"])
                 for (_, _, v), r in zip(got, order)]
        if ranks != sorted(ranks):
            raise Difference(f"the rows are not in the order of {question.sort}")
        want[:] = order


def compare(question, answer, output):
    names = [leaf[0] for leaf in output.key]
    by_quantile(question, output, answer)
    if len(output.passes) != len(answer.passes):
        raise Difference(f"{len(output.passes)} passes, not {len(answer.passes)}")
    total = sum(len(rows) for _, rows in answer.passes)
    for (time, want), rows in zip(answer.passes, output.passes):
        for expected, (at, key, value) in zip(want, output.rows(rows)):
            compare_row(question, names, expected, time, at, key, value)
        if len(want) != len(rows):
            raise Difference(f"{len(rows)} rows, not {len(want)}")
    if output.end != {"records": total, "lost": 0}:
        raise Difference(f"the end says {output.end}, not {total} records")


def notices(question, answer):
    if answer.others:
        yield (f"{answer.others} records of more than {question.keys} keys are counted as "
               "others; --keys allows more")
    for c in question.columns:
        if c.name in answer.clamped:
            yield f"a number in {c.name} was too large, and the nearest is shown"


class Duck:
    """The same records in tables of DuckDB, one for each map."""

    def __init__(self, records, directory):
        self.db = duckdb.connect()
        for m in records.maps:
            names = list(m.members)
            path = os.path.join(directory, m.name + ".csv")
            with open(path, "w", newline="") as f:
                out = csv.writer(f, quoting=csv.QUOTE_ALL)
                out.writerow(names)
                for source, time, values in records.records:
                    if source is m and time is not None:
                        out.writerow([v.hex() if isinstance(v, bytes) else v
                                      for v in map(values.get, names)])
            types = ", ".join(f"'{n}': '{self.type(m.members[n])}'" for n in names)
            self.db.execute(f"create table \"{m.name}\" as select * from read_csv('{path}', "
                            f"columns={{{types}}}, header=true, nullstr='\\N', quote='\"', "
                            "escape='\"', delim=',')")

    @staticmethod
    def type(m):
        if m.kind in ("text", "bytes"):
            return "VARCHAR"
        if m.kind == "float":
            return "FLOAT" if m.size == 4 else "DOUBLE"
        return ("" if m.signed else "U") + {1: "TINYINT", 2: "SMALLINT", 4: "INTEGER",
                                            8: "BIGINT", 16: "HUGEINT"}[m.size]

    def can_answer(self, question):
        """Those of one pass with all keys and rows.  Sums of 128 bits overflow."""
        (source, *more) = question.maps
        return not (more or source.sampled or question.every or question.keys or question.top)

    def compare(self, question, answer):
        (source,) = question.maps
        by = [f'"{n}" + 0.0' if question.wide[n].kind == "float" else f'"{n}"'
              for n in question.by]
        asked, columns = ["count(*)"], []
        for c in question.columns:
            m, name = question.wide[c.member], f'"{c.member}"'
            if c.op in ("sum", "mean", "hist", "quantile") and (
                    m.size == 16 or m.kind == "float"):
                continue
            if c.op == "mean":
                continue
            number = (f"filter (where not isnan({name}))" if m.kind == "float" else "")
            asked.append({
                "sum": f"sum({name}::HUGEINT)", "min": f"min({name}) {number}",
                "max": f"max({name}) {number}",
                "hist": f"map_entries(histogram(if({name} < 2, 0, "
                        f"length(bin({name}::UBIGINT)) - 1)))" if not c.step
                        else f"map_entries(histogram(if({name} < 0, 0, least({name} // {c.step}, "
                             "63))))",
                "quantile": f"list_sort(list({name}))[1 + floor({c.percent} / 100.0 * "
                            "(count(*) - 1))::BIGINT]"}[c.op])
            columns.append(c)
        rows = self.db.execute(f"select {', '.join(by + asked)} from \"{source.name}\" "
                               f"group by {', '.join(by) or '()'}").fetchall()
        ((_, want),) = answer.passes
        known = {r["key"][:-1]: r for r in want}
        if len(known) != len(rows):
            raise Difference(f"DuckDB: {len(rows)} groups, not {len(known)}")
        for row in rows:
            key = tuple("nan" if v != v else bytes.fromhex(v) if question.wide[n].kind == "bytes"
                        else v for n, v in zip(question.by, row))
            r = known[key]
            values = row[len(by):]
            if values[0] != r["count"]:
                raise Difference(f"DuckDB: {key}: the count is {values[0]}, not {r['count']}")
            for c, v in zip(columns, values[1:]):
                self.check(c, v, r, key, question)

    def check(self, column, v, row, key, question):
        want = row["value"][column.name]
        if column.op == "hist":
            slots = [0] * SLOTS
            for entry in v:
                slots[entry["key"]] = entry["value"]
            v = slots
        elif column.op == "quantile":
            values, _ = want
            want = values[int(float(column.percent) / 100 * (len(values) - 1))]
        elif column.op == "sum":
            v = clamp(v, 128 if column.wide else 64, question.wide[column.member].signed)
        if v is None and want != want:
            return
        if not same(v, want):
            raise Difference(f"DuckDB: {key}: {column.name} is {v}, not {want}")


def compare_with_sort(question, path):
    """The counts of one member, by sort and uniq."""
    (name,) = question.by
    words = subprocess.run(
        ["bash", "-c", 'skel-fmt --tsv -bH -c "$1" -m "$2" "$3" | sort | uniq -c | awk '
         "'{ n = $1; sub(/^ *[0-9]+ /, \"\"); print n \"\\t\" $0 }' | sort",
         "sort", name, question.maps[0].name, path], capture_output=True, text=True, check=True)
    ours = subprocess.run(
        ["bash", "-c", 'skel-count --by "$1" -m "$2" "$3" | skel-fmt --tsv -bH -c count,"$4" | sort',
         "count", name, question.maps[0].name, path, plain(name)],
        capture_output=True, text=True, check=True)
    if ours.stdout != words.stdout:
        raise Difference(f"sort and uniq: {words.stdout}skel-count: {ours.stdout}")


def ask(question, answer, inputs, stdin=None, maps=True):
    words = ["skel-count", *question.words(), *(question.map_words() if maps else []), *inputs]
    got = subprocess.run(words, stdin=stdin, capture_output=True)
    if got.returncode != 0:
        raise Difference(f"status {got.returncode}: {got.stderr.decode()}")
    if not got.stdout.startswith(b"{"):
        raise Difference(f"no stream: {got.stdout!r} {got.stderr.decode()}")
    compare(question, answer, Output(got.stdout))
    want = [f"skel-count: {text}" for text in notices(question, answer)]
    if got.stderr.decode().splitlines() != want:
        raise Difference(f"notices: {got.stderr.decode()}, not {want}")
    return got


def check_question(question, records, paths, duck):
    rng, (whole, *parts, text, bare) = records.rng, paths
    answer = Answer(question, records.records)
    got = ask(question, answer, [whole])
    if duck is not None and duck.can_answer(question):
        duck.compare(question, answer)
    if rng.random() < 0.1:
        ask(question, answer, parts)
    if rng.random() < 0.1:
        with subprocess.Popen(["cat", *parts], stdout=subprocess.PIPE) as cat:
            ask(question, answer, [], cat.stdout)
    if rng.random() < 0.1 and not question.maps[0].sampled and not any(
            question.wide[n].kind == "float" for n in question.members()):
        ask(question, answer, [text])  # where NaN and infinities are null
    if rng.random() < 0.05:
        shown = subprocess.run(["skel-fmt", "--json"], input=got.stdout, capture_output=True)
        lines = subprocess.run(["skel-count", "-f", "json", *question.words(),
                                *question.map_words(), whole],
                               capture_output=True).stdout
        # What only skel-fmt says of histograms; buckets.py checks it.
        shown = re.sub(rb'(,"unit":"[^"]*")?,"buckets":\[[^]]*\]', b"", shown.stdout)
        if shown.splitlines() != [line for line in lines.splitlines()[1:-1]
                                         if not line.startswith(b'{"@sampled"')]:
            raise Difference("skel-count -f json and skel-fmt --json differ")
    if len(question.by) == 1 and len(question.maps) == 1 and rng.random() < 0.05 and (
            question.wide[question.by[0]].kind in ("int", "enum", "bool")):
        if not question.maps[0].sampled:
            compare_with_sort(question, whole)
    if rng.random() < 0.2 and question.is_for_bare_json():
        answer.passes = [(None, rows) for _, rows in answer.passes]  # when it was read
        ask(question, answer, [bare], maps=False)
    return sum(len(rows) for _, rows in answer.passes)


def main():
    seed, count, questions, directory = *map(int, sys.argv[1:4]), sys.argv[4]
    rows = done = 0
    # Other records now and then, since their members have few values each.
    for turn in range((questions + 499) // 500):
        records = Records(seed + turn, count)
        paths = [os.path.join(directory, n) for n in ("whole.skel", "first.skel", "rest.skel",
                                                      "whole.json", "bare.json")]
        cut = records.rng.randint(0, len(records.stream.lines))
        # A pass over a sampled map stays in one of the files.
        while 0 < cut < len(records.stream.lines) and (
                records.stream.lines[cut - 1][:1] == b"=" and records.records[cut - 1][0].sampled):
            cut += 1
        records.write(paths[0])
        records.write(paths[1], 0, cut)
        records.write(paths[2], cut)
        records.write_json(paths[0], paths[3])
        with open(paths[4], "wb") as f:
            subprocess.run(["skel-fmt", "--json", "--bare", "-m", "rb", paths[0]], stdout=f,
                           check=True)
        duck = Duck(records, directory) if duckdb else None
        for _ in range(min(500, questions - done)):
            question = Question(records)
            try:
                rows += check_question(question, records, paths, duck)
            except Difference as e:
                words = [*question.words(), *question.map_words()]
                print(f"seed {seed}, question {done}: skel-count {' '.join(words)} {paths[0]}\n{e}")
                sys.exit(1)
            done += 1
    print(f"{done} questions, {rows} rows of them, about {count} records"
          f"{', DuckDB agrees' if duckdb else ''}")


if __name__ == "__main__":
    main()
