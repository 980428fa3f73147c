#!/usr/bin/env python3
"""Write a stream of two sampled maps that are not cleared: stacks and histograms.

    kept-maps.py FORMAT HOST PASSES [MEMBER]      FORMAT is tests/fixtures/format

In pass n, stack k has been counted n * k times, on two CPUs each, which are records
of their own, and slot i of the histogram n * i times.  MEMBER is one more in the value
of the histogram, so that its type is another one.
"""
import json
import struct
import sys

sys.path.insert(0, sys.argv[1])
from make import Stream, TIME  # noqa: E402

host, passes, more = sys.argv[2], int(sys.argv[3]), sys.argv[4:]
s = Stream("kept", host=host, boot_id=f"boot of {host}")
u32, u64 = s.integer("u32", 4), s.integer("u64", 8)
key = s.struct("key", ("pid", u32), ("id", u32), ("cpu", u32))
sample = {"interval": 1000, "type": "default_kv", "unit": "", "clear_map": False}
s.map("counts", "sample", u64, key=key, sample=sample, stacks="stackmap",
      intepreter={"stack_trace": {"field_map": {"pid": "pid", "ustack": "id"}}})
s.map("hists", "sample", s.struct("hist", ("slots", s.array(u32, 4)), *((m, u32) for m in more)),
      key=u32, sample={**sample, "type": "log2_hist", "unit": "us"})
for k in 1, 2, 3:
    s.stack("stackmap", k, 4096 * k)
s.symbols(7, (4096, "one", 0), (8192, "two", 0), (12288, "three", 0))
for n in range(1, passes + 1):
    time = TIME + n * 10**9
    for k in 1, 2, 3:
        for cpu in 0, 1:
            s.put(struct.pack("<IIIQ", 7, k, cpu, n * k), time=time)
    s.control(sampled={"map": "counts", "round": n, "keys": 6})
    s.put(struct.pack(f"<I4I{len(more)}I", 5, 0, n, 2 * n, 3 * n, *([n] * len(more))), map=1, time=time + 1)
    s.control(sampled={"map": "hists", "round": n, "keys": 1})
s.end()
sys.stdout.buffer.write(b"".join(x + b"\n" for x in (json.dumps(s.header).encode(), *s.lines)))
