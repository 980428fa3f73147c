#!/usr/bin/env python3
"""Write streams whose names come after the records that need them.

    late-names.py move STREAM      STREAM with all @symbols lines before @end; of an
                                   address that gets another name only the first counts
    late-names.py first STREAM     the same names, but as they come in STREAM
    late-names.py small            three records on lines 2 to 4, and names on lines 5 to 7
    late-names.py many N           N records that wait, and then their name
    late-names.py numbers          two records of a user, a function, and an address in a
                                   process on lines 2 and 3, and names on lines 4 to 7
"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../fixtures/format"))
from make import Stream  # noqa: E402


def write(lines):
    sys.stdout.buffer.write(b"".join(lines))


def first_names(lines):
    """The lines without names for addresses that have one."""
    known = set()
    for line in lines:
        if line.startswith(b'{"@symbols"'):
            value = json.loads(line)["@symbols"]
            new = [f for f in value["frames"] if (value["pid"], f["addr"]) not in known]
            known.update((value["pid"], f["addr"]) for f in new)
            if not new:
                continue
            line = json.dumps({"@symbols": {**value, "frames": new}}).encode() + b"\n"
        yield line


def move(lines):
    names = [line for line in lines if line.startswith(b'{"@symbols"')]
    header = json.loads(lines[0])
    header["symbols"] = "follow"
    rest = [line for line in lines[1:-1] if line not in names]
    return [json.dumps(header).encode() + b"\n", *rest, *names, lines[-1]]


def stream():
    s = Stream("late", symbols="follow")
    u32, u64 = s.integer("u32", 4), s.integer("u64", 8)
    s.map("ev", "ringbuf", s.struct("ev", ("pid", u32), ("n", u32), ("ustack", s.array(u64, 2))),
          intepreter={"stack_trace": {}})
    s.map("plain", "ringbuf", s.struct("plain", ("n", u32)))
    return s


def event(s, n, *addrs):
    s.put(struct.pack("<II2Q", 42, n, *addrs, *[0] * (2 - len(addrs))))


def lines_of(s):
    return [line + b"\n" for line in (json.dumps(s.header).encode(), *s.lines)]


def small():
    s = stream()
    event(s, 1, 0x10, 0x11)
    s.put(struct.pack("<I", 2), map=1)
    event(s, 3, 0x20)
    s.symbols(42, (0x11, "main"))
    s.symbols(42, (0x10, "leaf"))
    s.symbols(42, (0x20,))
    s.end()
    return lines_of(s)


def many(n):
    s = stream()
    for i in range(n):
        event(s, i, 0x10)
    s.symbols(42, (0x10, "leaf"))
    s.end()
    return lines_of(s)


def names(s, kind, *pairs, **more):
    s.lines.append(json.dumps({"@names": {"kind": kind, **more, "names": pairs}}).encode())


def numbers():
    s = Stream("numbers", names="follow")
    u32, u64 = s.integer("u32", 4), s.integer("u64", 8)
    event = s.struct("ev", ("pid", u32), ("owner", u32), ("fn", u64), ("at", u64), ("n", u32))
    kinds = {"owner": "uid", "fn": "ksym", "at": "usym"}
    for m in s.header["types"][event]["members"]:
        if m["name"] in kinds:
            m["as"] = kinds[m["name"]]
    s.map("ev", "ringbuf", event)
    s.put(struct.pack("<IIQQII", 42, 1000, 0xffffffff81000000, 0x401136, 1, 0))
    s.put(struct.pack("<IIQQII", 43, 1000, 0xffffffff81000000, 0x401136, 2, 0))
    names(s, "uid", (1000, "ana"))
    names(s, "ksym", (0xffffffff81000000, "do_it+0x4"))
    names(s, "usym", (0x401136, "main"), pid=42)
    names(s, "usym", (0x401136, None), pid=43)
    s.end()
    return lines_of(s)


if sys.argv[1] == "numbers":
    write(numbers())
elif sys.argv[1] == "small":
    write(small())
elif sys.argv[1] == "many":
    write(many(int(sys.argv[2])))
else:
    with open(sys.argv[2], "rb") as f:
        lines = list(first_names(f.readlines()))
    write(move(lines) if sys.argv[1] == "move" else lines)
