#!/usr/bin/env python3
"""Streams of two hosts on which the same numbers have different names.

    tests/helpers/two-hosts.py FORMAT DIRECTORY

writes DIRECTORY/a.skel, b.skel and ab.skel, which is both of them, merged by
hand as skel-stream(5) says.  FORMAT is the folder of make.py.
"""
import json
import struct
import sys

sys.path.insert(0, sys.argv[1])
from make import Stream, TIME, stuff

DIRECTORY = sys.argv[2]
RECORDS = 5


def one(host, user, function, boot, first, extra):
    s = Stream("two", host=host, boot_id=boot * 36, machine="x86_64",
               started=f"2026-11-22T14:48:0{first}.000000000Z",
               clock={"boottime": TIME - first * 1000, "monotonic": TIME - first * 100})
    u32, i32, u64 = s.integer("u32", 4), s.integer("int", 4, True), s.integer("u64", 8)
    char = s.type("char", "char", 1, signed=True)
    comm = s.array(char, 16)
    event = s.struct("event", ("uid", u32), ("pid", u32), ("stack", i32), ("pad", u32),
                     ("born", u64), ("comm", comm))
    for m in s.types[event]["members"]:
        kind = {"uid": "uid", "born": "boottime"}.get(m["name"])
        if kind:
            m["as"] = kind
    s.map("rb", "ringbuf", event, stacks="stackmap", intepreter={
        "stack_trace": {"with_symbols": True, "field_map":
                        {"pid": "pid", "ustack": "stack", "comm": "comm"}}})
    if extra:
        other = s.struct("event", ("uid", u32), ("more", u64, 8))
        s.types[other]["members"][0]["as"] = "uid"
        s.map("perf", "perf", other)
    else:
        s.map("perf", "perf", u64)
    s.control(names={"kind": "uid", "names": [[1000, user]]})
    s.symbols(7, (4096 + first, function, 1))
    s.stack("stackmap", 3, 4096 + first)
    for i in range(RECORDS):
        s.put(struct.pack("<IIiIQ16s", 1000, 7, 3, 0, 5000 + i, host.encode()),
              time=TIME + 2000 * i + first * 1000)
    s.put(struct.pack("<IIQ", 1000, 0, 9) if extra else struct.pack("<Q", 10), map=1,
          time=TIME + 100000 + first)
    s.control(lost={"map": "rb", "count": 2 + first})
    s.end(lost=2 + first)
    return s


def write(name, s):
    with open(f"{DIRECTORY}/{name}.skel", "wb") as f:
        f.write(json.dumps(s.header, separators=(",", ":")).encode() + b"\n")
        for line in s.lines:
            f.write(line + b"\n")


def unstuff(line):
    body, at = bytearray(), 0
    while at < len(line):
        code = line[at] ^ 0x0A
        body += line[at + 1:at + code]
        at += code
        if code != 255 and at < len(line):
            body.append(0x0A)
    return bytes(body)


def merge(a, b):
    """One after the other; the types of event and u64 are those of a."""
    hosts = [{k: s.header[k] for k in ("host", "boot_id", "started", "machine", "name", "clock")}
             for s in (a, b)]
    types, base = list(a.types), len(a.types)
    for node in b.types:
        node = json.loads(json.dumps(node))
        for m in node.get("members", ()):
            m["type"] += base
        if "of" in node:
            node["of"] += base
        types.append(node)
    maps = [{**m, "host": 0} for m in a.maps]
    maps.append({**b.maps[0], "host": 1, "value": a.maps[0]["value"]})
    maps.append({**b.maps[1], "host": 1, "value": b.maps[1]["value"] + base})
    lines = []
    for k, s in enumerate((a, b)):
        for line in s.lines:
            if line[:1] == b"=":
                body = unstuff(line[1:])
                lines.append(b"=" + stuff(bytes([body[0] + 2 * k]) + body[1:]))
            elif not line.startswith(b'{"@end"'):
                (name, inner), = json.loads(line).items()
                lines.append(json.dumps({name: {**inner, "host": k}}).encode())
    merged = Stream("two")
    merged.header = {"skel": "stream", "version": 2, "name": "two", "encoding": "binary",
                     "started": a.header["started"], "hosts": hosts, "maps": maps,
                     "types": types}
    merged.lines = lines
    merged.control(end={"records": a.records + b.records, "lost": 5})
    return merged


A = one("a", "ana", "alpha", "a", 0, False)
B = one("host-b", "bob", "beta", "b", 1, True)
write("a", A)
write("b", B)
write("ab", merge(A, B))
