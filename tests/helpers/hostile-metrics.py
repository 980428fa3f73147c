#!/usr/bin/env python3
"""Write streams whose names would be no metrics as they are.

    hostile-metrics.py DIRECTORY COUNT SEED

Names of programs, maps and members, helps and texts have quotes, newlines, bytes that
are no UTF-8, names that Prometheus keeps for itself, and such as are equal when what is
not allowed in them has been replaced.  The streams are DIRECTORY/0.skel and so on.
"""
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
directory, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.argv = ["make.py", directory]
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
import make  # noqa: E402

make.DIRECTORY = directory
rng = random.Random(seed)
NAMES = ["le", "__name__", "quantile", "job", "instance", "host", "a\"b", "a\nb", "a\\b", "a\tb", "a{b}", "a=b", "# HELP x", "é", "日本",
         "\x01", "\x7f", " ", "A", "a", "fooBar", "foo_bar", "foo-bar", "foo.bar", "foo__bar", "FOO_BAR", "x_total", "x_sum", "x_count",
         "x_bucket", "x_info", "x_created", "1", "9a", "_", "__", "seconds", "ms", "b", "bits", "total", "count", "sum", "bucket", "gauge",
         "counter", "info", "timestamp", "delta_ns", "skel_build_info", "skel_lost_total", "percent", "ratio", "kib", "days", "x" * 300, "\U0001f600"]
TEXTS = [b"", b"a", b'a"b', b"a\nb", b"a\\b", b"\\", b'"', b"\xff\xfe", b"\xc3", b"\x01\x7f", "é".encode(), b"a{b}=c", b"\\n", b"x" * 16, b"\t\r"]
KINDS = ["ns", "us", "ms", "s", "bytes", "kib", "pages", "uid", "errno", "bool", "ktime", None, None, None, None]


def member_names(n):
    return rng.sample(NAMES, n)


def make_struct(s, n, scalars):
    """A struct of n members with hostile names; returns it and how to pack a value."""
    names, packs, members = member_names(n), [], []
    for name in names:
        what = rng.choice(scalars)
        if what == "text":
            type_, pack = s.array(s.type("char", "char", 1), 16), lambda: rng.choice(TEXTS)[:16].ljust(16, b"\0")
        elif what == "double":
            type_, pack = s.type("float", "double", 8), lambda: struct.pack("<d", rng.choice([0, -1.5, 1e300, float("nan"), float("inf")]))
        else:
            type_, pack = s.integer("u64", 8), lambda: struct.pack("<Q", rng.choice([0, 1, 2**63, 2**64 - 1, rng.randrange(1000)]))
        members.append((name, type_))
        packs.append(pack)
    return members, packs


for number in range(count):
    s = make.Stream(rng.choice(NAMES))
    for name in rng.sample([n for n in NAMES if "\x01" not in n], rng.randrange(1, 4)):
        hist = rng.random() < 0.4
        key, key_packs = make_struct(s, rng.randrange(1, 5), ["text", "u64"])
        value, value_packs = make_struct(s, rng.randrange(1, 6), ["u64", "u64", "double", "text"])
        if hist:
            value.append(("slots", s.array(s.integer("u64", 8), 8)))
            value_packs.append(lambda: struct.pack("<8Q", *(rng.randrange(100) for _ in range(8))))
        types = s.struct("k", *key), s.struct("v", *value)
        for member in s.types[types[1]]["members"]:
            if rng.random() < 0.5:
                member["help"] = rng.choice(NAMES + ["", "a\\nb", 'say "x"\n# TYPE y counter', "é\u2028"])
            kind = rng.choice(KINDS)
            if kind is not None and s.types[member["type"]]["kind"] == "int":
                member["as"] = kind
            if rng.random() < 0.2:
                member["gauge"] = True
        sample = {"interval": 1000, "type": rng.choice(["log2_hist", "linear_hist"]) if hist else "default_kv",
                  "unit": rng.choice(["(unit)", "usecs", "ms", "KiB", 'a"b\n', "seconds"]), "clear_map": rng.random() < 0.3}
        index = s.map(name, "sample", types[1], key=types[0], sample=sample)
        for _ in range(rng.randrange(1, 30)):
            s.put(b"".join(pack() for pack in key_packs) + b"".join(pack() for pack in value_packs), map=index)
    s.end()
    s.write(str(number))
