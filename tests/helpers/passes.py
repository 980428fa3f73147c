#!/usr/bin/env python3
"""Write a stream of sampled maps, a pass whenever one is asked for.

    passes.py FIFO MAP...

Each line of FIFO asks for one thing:

    MAP ROWS FACTOR   a pass over MAP with so many keys, task-0, task-1, ..., whose hits are
                      0, FACTOR, 2 * FACTOR, ...: the largest comes last
    hostile MAP       a pass with one key, whose name would clear the screen
    garbage           a line that is no record
    end               the end of the stream
"""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../fixtures/format"))
from make import Stream  # noqa: E402

out = sys.stdout.buffer
s = Stream("passes")
u64, char = s.integer("u64", 8), s.type("char", "char", 1)
key, value = s.array(char, 64), s.struct("value", ("hits", u64), ("bytes", u64))
maps = sys.argv[2:]
for name in maps:
    s.map(name, "sample", value, key=key,
          sample={"interval": 1000, "type": "default_kv", "unit": "(unit)", "clear_map": False})


def put(name, rows):
    index = maps.index(name)
    for comm, hits in rows:
        s.put(struct.pack("<64sQQ", comm, hits, hits * 1000), map=index)
    s.control(sampled={"map": name, "round": 1, "keys": len(rows)})


out.write(json.dumps(s.header).encode() + b"\n")
with open(sys.argv[1]) as commands:
    for line in commands:
        s.lines = []
        words = line.split()
        if words == ["end"]:
            s.end()
        elif words == ["garbage"]:
            s.text("garbage")
        elif words[0] == "hostile":
            put(words[1], [(b"\x1b[2J\x1b[1;1Hgone\x07", 1)])
        else:
            put(words[0], [(f"task-{i}".encode(), i * int(words[2])) for i in range(int(words[1]))])
        out.write(b"".join(line + b"\n" for line in s.lines))
        out.flush()
        if words == ["end"]:
            break
