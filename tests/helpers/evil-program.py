#!/usr/bin/env python3
"""Write x86-64 programs that loop, with tables that cost whoever names their function.

    evil-program.py KIND FILE

mangled      a name of 400 bytes that stands for 2^50
underscores  100000 symbols that share a name of a million underscores
same         200000 symbols of one address, whose long names differ only in their end
lines        a compressed line table of a few KB for 30 million lines
blocks       a function with 100000 blocks, which share a list of 200000 ranges
units        60000 functions that share such a list
huge         a compressed section of a few KB that is 100 MB
cycle        debug entries of which each refers to the next, and the last to the first
"""
import struct
import sys
import zlib

BASE = 0x400000
CODE = b"\xeb\xfe"  # jmp to itself
CODE_AT = 0x1000
COMPRESSED = 0x800


def uleb(n):
    out = bytearray()
    while True:
        out.append(n & 0x7F | (0x80 if n > 0x7F else 0))
        n >>= 7
        if n == 0:
            return bytes(out)


def elf(sections):
    """sections: (name, type, flags, bytes, link by name or "", size of an entry)"""
    sections = [(".text", 1, 6, CODE, "", 0)] + sections + [(".shstrtab", 3, 0, None, "", 0)]
    names, at = bytearray(b"\0"), {}
    for name, *_ in sections:
        at[name] = len(names)
        names += name.encode() + b"\0"
    index = {name: i + 1 for i, (name, *_) in enumerate(sections)}
    body, table = bytearray(CODE_AT), [bytes(64)]
    for name, kind, flags, data, link, entry in sections:
        data = bytes(names) if data is None else data
        body += bytes(-len(body) % 8)
        table.append(struct.pack("<IIQQQQIIQQ", at[name], kind, flags,
                                 BASE + CODE_AT if name == ".text" else 0, len(body), len(data),
                                 index.get(link, 0), 1 if kind == 2 else 0, 8, entry))
        body += data
    body += bytes(-len(body) % 8)
    body[:64] = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, BASE + CODE_AT, 64,
                            len(body), 0, 64, 56, 1, 64, len(table), len(table) - 1)
    body[64:120] = struct.pack("<IIQQQQQQ", 1, 5, CODE_AT, BASE + CODE_AT, BASE + CODE_AT,
                               len(CODE), len(CODE), 0x1000)
    return bytes(body) + b"".join(table)


def symbols(names, text):
    """names: the offset in text of the name of each symbol"""
    one = struct.Struct("<IBBHQQ")
    return [(".strtab", 3, 0, text, "", 0),
            (".symtab", 2, 0, bytes(24) + b"".join(
                one.pack(n, 0x12, 0, 1, BASE + CODE_AT, len(CODE)) for n in names), ".strtab", 24)]


def squeezed(data):
    return struct.pack("<IIQQ", 1, 0, len(data), 1) + zlib.compress(data, 1)


# Abbreviations of debug entries: a unit, a function with children, one that has
# ranges, a block with ranges, and an inlined copy of another entry.
ABBREV = bytes([1, 0x11, 1, 0x11, 1, 0x12, 7, 0x10, 0x17, 3, 8, 0, 0,
                2, 0x2E, 1, 3, 8, 0x11, 1, 0x12, 7, 0, 0,
                3, 0x2E, 0, 0x55, 0x17, 0, 0,
                4, 0x0B, 0, 0x55, 0x17, 0, 0,
                5, 0x2E, 0, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0,
                0])
HERE = struct.pack("<QQ", BASE + CODE_AT, len(CODE))


def dwarf(entries, ranges=0, lines=0):
    unit = b"\1" + HERE + struct.pack("<I", 0) + b"x.c\0" + entries + b"\0"
    info = struct.pack("<HIB", 4, 0, 8) + unit
    # Each opcode 0x14 is a line more.
    program = b"\0\x09\2" + struct.pack("<Q", BASE + CODE_AT) + b"\x14" * lines + b"\0\1\1"
    head = bytes([1, 1, 1, 0xFB, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0]) + b"x.c\0\0\0\0\0"
    table = struct.pack("<HI", 4, len(head)) + head + program
    table = struct.pack("<I", len(table)) + table
    return [(".debug_abbrev", 1, 0, ABBREV, "", 0),
            (".debug_info", 1, 0, struct.pack("<I", len(info)) + info, "", 0),
            (".debug_ranges", 1, 0, struct.pack("<QQ", 0x10, 0x20) * ranges + bytes(16), "", 0),
            (".debug_line", 1, COMPRESSED, squeezed(table), "", 0)]


def mangled(depth):
    """Each parameter is a function of the one before, twice."""
    def number(n):
        digits = ""
        while n or not digits:
            digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[n % 36] + digits
            n //= 36
        return digits

    def again(n):
        return "S_" if n == 0 else "S" + number(n - 1) + "_"
    kind, last, following = "Pc", 1, 2
    for _ in range(depth):
        kind = "PFv" + kind + again(last) + "E"
        last, following = following + 1, following + 2
    return ("_Z1fIDp" + kind + "Evv").encode()


def hot(entries):
    return b"\2hot\0" + HERE + entries + b"\0"


def make(kind):
    if kind == "mangled":
        return symbols([1], b"\0" + mangled(50) + b"\0")
    if kind == "underscores":
        return symbols([1] * 100000, b"\0" + b"_" * 1000000 + b"\0")
    if kind == "same":
        return symbols(range(1, 200001), b"\0" + b"a" * 1200000 + b"\0")
    if kind == "lines":
        return dwarf(hot(b""), lines=30000000)
    if kind == "blocks":
        return dwarf(hot((b"\4" + bytes(4)) * 100000), ranges=200000)
    if kind == "units":
        return dwarf((b"\3" + bytes(4)) * 60000, ranges=200000)
    if kind == "huge":
        return symbols([1], b"\0hot\0") + dwarf(hot(b"")) + [
            (".debug_str", 1, COMPRESSED, squeezed(bytes(100 << 20)), "", 0)]
    if kind == "cycle":
        # The entries are 21 bytes each, after the unit's head and its own entry.
        first = 4 + 7 + 1 + 16 + 4 + 4
        return dwarf(b"".join(
            b"\5" + struct.pack("<I", first + (i + 1) % 1000 * 21) + HERE for i in range(1000)))
    sys.exit(__doc__)


kind, path = sys.argv[1:]
with open(path, "wb") as out:
    out.write(elf(make(kind)))
