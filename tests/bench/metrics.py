"""Time skel-fmt --prom beside --csv of the same rows; part of `make bench`.

The rows are those of sampled maps in passes: of counters, of histograms, and what
skel-count made of the recording.
"""
import json
import os
import struct as packing
import subprocess

from make import Stream

PASSES, KEYS = 600, 330


def write(bench, name, value, sample, make):
    """Write passes over a map of KEYS keys, whose values make(key, pass) packs."""
    s = Stream(name)
    comm = s.array(s.type("char", "char", 1, signed=True), 16)
    key = s.struct("key", ("comm", comm), ("cpu", s.integer("u32", 4)))
    s.map("m", "sample", value(s), key=key,
          sample={"interval": 1000, "type": sample, "unit": "usecs", "clear_map": False})
    for n in range(PASSES):
        for k in range(KEYS):
            s.put(packing.pack("<16sI", b"command-%d" % (k // 4), k % 4) + make(k, n), time=n * 10**9)
        s.control(sampled={"map": "m", "round": n + 1, "keys": KEYS})
    s.end()
    path = bench.path(name + ".skel")
    with open(path, "wb") as f:
        f.write(json.dumps(s.header).encode() + b"\n")
        f.writelines(line + b"\n" for line in s.lines)
    return path


def counters(s):
    u64 = s.integer("u64", 8)
    return s.struct("value", ("count", u64), ("bytes", u64), ("took_ns", u64))


def slots(s):
    return s.struct("value", ("slots", s.array(s.integer("u32", 4), 26)))


def table(bench, medians, row):
    files = [
        ("three counters", write(bench, "counters", counters, "default_kv",
            lambda k, n: packing.pack("<3Q", k * n, n, k * 1000000 + n)), PASSES * KEYS),
        ("26 slots", write(bench, "slots", slots, "log2_hist",
            lambda k, n: packing.pack("<26I", *((k * i + n) % 5000 for i in range(26)))), PASSES * KEYS),
    ]
    counted = bench.path("counted.skel")
    count = os.path.join(os.path.dirname(bench.fmt), "skel-count")
    with open(counted, "wb") as out:
        subprocess.run([count, "-q", "--by", "comm,pid", "--sum", "duration_ns", bench.stream],
                       stdout=out, check=True)
    with open(counted, "rb") as f:
        rows = sum(line.startswith(b"=") for line in f)
    files.append(("those of skel-count, in one pass", counted, rows))
    row(f"Rows of maps, {PASSES} passes of {KEYS}", "--csv", "--prom", "=FILE", "--prom / --csv")
    for name, path, records in files:
        metrics = bench.path("m.prom")
        got = medians([("csv", [bench.fmt, "--csv"], path, "/dev/null"),
                       ("prom", [bench.fmt, "-q", "--prom", "--series", "100000000"], path, "/dev/null"),
                       ("file", [bench.fmt, "-q", f"--prom={metrics}", "--series", "100000000"], path, "/dev/null")],
                      records)
        row(f"  {name}", *(f"{got[how]:.0f}" for how in ("csv", "prom", "file")), f"{got['prom'] / got['csv']:.2f}")
        os.unlink(metrics)
        os.unlink(path)
