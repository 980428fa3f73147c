#!/usr/bin/env python3
"""Write a stream of structs whose padding, spare bits and bytes behind a text
differ where their members do not: three records of one value, one of another.
And of unions and numbers that are sorted otherwise than by their bytes."""
import json
import struct
import sys

TYPES = [
    {"kind": "int", "name": "u8", "size": 1, "signed": False},
    {"kind": "int", "name": "int", "size": 4, "signed": True},
    {"kind": "char", "name": "char", "size": 1, "signed": True},
    {"kind": "array", "name": "", "size": 4, "of": 2, "count": 4},
    {"kind": "struct", "name": "s", "size": 16, "members": [
        {"name": "a", "type": 0, "offset": 0},
        {"name": "n", "type": 1, "offset": 4},
        {"name": "low", "type": 0, "offset": 8, "bit_offset": 1, "bits": 3},
        {"name": "t", "type": 3, "offset": 12}]},
    {"kind": "array", "name": "", "size": 32, "of": 4, "count": 2},
    {"kind": "struct", "name": "record", "size": 48, "members": [
        {"name": "s", "type": 4, "offset": 0},
        {"name": "both", "type": 5, "offset": 16}]},
]


def value(a, n, low, text, noise):
    return struct.pack("<B3siB3s4s", a, noise * 3, n,
                       low << 1 | (noise[0] & 0xF1), noise * 3,
                       (text + b"\0" + noise * 3)[:4])


def write(out, body):
    out.write(b"=")
    for block in body.split(b"\n"):
        assert len(block) < 254
        out.write(bytes([(len(block) + 1) ^ 0x0A]) + block)
    out.write(b"\n")


out = sys.stdout.buffer
out.write(json.dumps({
    "skel": "stream", "version": 1, "name": "padded", "encoding": "binary",
    "host": "", "boot_id": "", "started": "",
    "maps": [{"name": "rb", "source": "ringbuf", "value": 6}],
    "types": TYPES}).encode() + b"\n")
for a, n, noise in (1, 256, b"\1"), (1, 256, b"\xff"), (1, 256, b"\0"), (1, -2, b"\2"), (1, 3, b"\3"):
    one = value(a, n, 4, b"x", noise)
    write(out, bytes([0]) + struct.pack("<Q", 1795358881000000001) + one * 3)
out.write(b'{"@end":{"records":5,"lost":0}}\n')
