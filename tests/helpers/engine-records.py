#!/usr/bin/env python3
"""The records that the scripts of tests/engines send, and what must arrive.

    engine-records.py make N FILE     a stream of N records, of values that are easily
                                      rounded, cut or taken for something else
    engine-records.py expect FILE     from what skel-fmt --json and --raw say of them:
                                      "COUNT SUM_OF_ID SUM_OF_DELTA CHECKSUM RAW"

CHECKSUM is a sum over all records: of the first 32 bits of the MD5 of a text with all
fields, separated by "|", which each engine can compute too.  Times are nanoseconds there,
and floating-point numbers two integers: floor(v * 2^20), and the rest times 2^53, both of
which are exact.  RAW is the same with the bytes of the texts as the program wrote them.
"""
import hashlib
import json
import math
import os
import random
import struct
import subprocess
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "fixtures", "format"))

LAYOUT = struct.Struct("<Qq16s16sfd?3xiIQ16s40s3i")
TEXTS = [b"sh", b"", b"a\tb", b'say "hi", he said', b"two\nlines\r\n", b"back\\slash \\N \\t", b"\\N",
         "gr\u00fcn \u4e16\u754c".encode(), b"bad \xff\xfe utf-8 \xc3", b"'); DROP TABLE t; --", b" blanks ",
         b"null", b"{\"a\": [1]}", b"x" * 40, b"=1+1", b"\x1b[2J\x01"]
STATES = [("OPEN", 1), ("CLOSED", 2), ("LOST", -3)]


def make(n, path):
    import make as fixtures
    s = fixtures.Stream("engines")
    u64, s64 = s.integer("u64", 8), s.integer("s64", 8, True)
    u128, s128 = s.integer("u128", 16), s.integer("s128", 16, True)
    u32, s32 = s.integer("u32", 4), s.integer("s32", 4, True)
    single, double = s.type("float", "float", 4), s.type("float", "double", 8)
    truth, char = s.type("bool", "bool", 1), s.type("char", "char", 1, signed=True)
    state = s.type("enum", "state", 4, signed=True, values=STATES)
    event = s.struct("event", ("id", u64, 0), ("delta", s64, 8), ("big", u128, 16), ("change", s128, 32),
                     ("ratio", single, 48), ("load", double, 52), ("up", truth, 60), ("state", state, 64),
                     ("saddr", u32, 68), ("ns", u64, 72), ("comm", s.array(char, 16), 80),
                     ("text", s.array(char, 40), 96), ("parts", s.array(s32, 3), 136))
    members = s.types[event]["members"]
    members[8]["as"], members[9]["as"] = "ip4", "ns"
    s.map("events", "ringbuf", event)
    dice = random.Random(15)
    with open(path, "wb") as file:
        head = json.dumps(s.header, separators=(",", ":"))
        file.write(head.encode() + b"\n")
        for i in range(n):
            edge = i % 7
            record = LAYOUT.pack(
                2**64 - 1 - i if edge == 0 else i, -2**63 + i if edge == 1 else i - n // 2,
                (2**128 - 1 - i).to_bytes(16, "little") if edge == 2 else i.to_bytes(16, "little"),
                ((-2**127 + i) % 2**128).to_bytes(16, "little"),
                dice.random() + 1, (dice.random() - 0.5) * 2**20, edge == 3, STATES[i % 3][1] if edge else 77,
                dice.getrandbits(32), dice.getrandbits(40), TEXTS[i % len(TEXTS)][:16], TEXTS[i // 7 % len(TEXTS)],
                i, -i, 2**31 - 1)
            body = struct.pack("<BQ", 0, fixtures.TIME + 1001 * i) + record
            file.write(b"=" + fixtures.stuff(body) + b"\n")
        file.write(json.dumps({"@end": {"records": n, "lost": 0}}).encode() + b"\n")


def exact(v):
    scaled = v * 2**20
    whole = math.floor(scaled)
    return f"{whole}:{int((scaled - whole) * 2**53)}"


def lines_of(*options):
    process = subprocess.Popen(["skel-fmt", "-q", *options], stdout=subprocess.PIPE)
    yield from process.stdout
    assert process.wait() == 0


def short_md5(data):
    return int.from_bytes(hashlib.md5(data).digest()[:4], "big")


def expect(path):
    raw = subprocess.Popen(["skel-fmt", "-q", "--raw", path], stdout=subprocess.PIPE)
    count = ids = deltas = checksum = checksum_raw = 0
    seconds = {}
    for line in lines_of("--json", path):
        r = json.loads(line)
        whole, fraction = r["@time"][:-1].split(".")
        if whole not in seconds:
            seconds[whole] = int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp())
        bytes_ = LAYOUT.unpack(raw.stdout.read(LAYOUT.size))
        ratio = struct.unpack("<f", struct.pack("<f", r["ratio"]))[0]
        assert ratio == bytes_[4] and r["load"] == bytes_[5] and r["id"] == bytes_[0]
        first = "|".join([
            r["@map"], str(seconds[whole] * 10**9 + int(fraction)), str(r["id"]), str(r["delta"]), r["big"],
            r["change"], exact(ratio), exact(r["load"]), "true" if r["up"] else "false", r["state"],
            str(r["saddr"]), r["saddr_text"], str(r["ns"]), r["ns_text"]]).encode()
        parts = json.dumps(r["parts"], separators=(",", ":")).encode()
        comm, text = (value.split(b"\0")[0] for value in bytes_[10:12])
        checksum += short_md5(b"|".join([first, r["comm"].encode(), r["text"].encode(), parts]))
        checksum_raw += short_md5(b"|".join([first, comm, text, parts]))
        count += 1
        ids += r["id"]
        deltas += r["delta"]
    assert raw.stdout.read() == b"" and raw.wait() == 0
    print(count, ids, deltas, checksum, checksum_raw)


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
else:
    expect(sys.argv[2])
