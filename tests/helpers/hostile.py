#!/usr/bin/env python3
"""Input that nobody would write by accident, on standard output.

hostile.py NAME [FILE]      NAME is a function below; FILE what it starts from
"""
import base64
import json
import struct
import sys
import zlib

VALUES = 1 << 20  # of one JSON document
INT = {"kind": "int", "name": "int", "size": 4, "signed": True}


def package(packed, size):
    return {
        "bpf_object": base64.b64encode(packed).decode(),
        "bpf_object_size": size,
        "meta": {"bpf_skel": {"data_sections": []}},
    }


def inflating(mib):
    """A zlib stream of so many MiB of zeros, a thousandth as long: one of them, again and again."""
    packer, zeros = zlib.compressobj(9, zlib.DEFLATED, -15), bytes(1 << 20)
    one = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    check = (mib << 20) % 65521 << 16 | 1
    return b"\x78\xda" + one * mib + packer.flush() + struct.pack(">I", check)


def bomb_in_small():
    return json.dumps(package(inflating(2048), 4096))


def bomb_as_told():
    return json.dumps(package(inflating(2048), 2048 << 20))


def bomb_at_most():
    return json.dumps(package(inflating(128), 128 << 20))


def size_of_64_bits():
    return json.dumps(package(inflating(1), 2**64 - 1))


def values(text, n):
    """A bare meta, with so many values more."""
    return '{"bpf_skel":{"data_sections":[]},"x":[' + text * n + "0]}"


def deep_arrays():
    return "[" * 100000


def deep_meta():
    return '{"bpf_skel":' * 100000 + "1" + "}" * 100000


def most_values():
    return values('{"a":1},', VALUES // 2 - 8)


def more_values():
    return values("[],", 8 << 20)


def escapes():
    evil = "\x1b]0;owned\x07\x9b2J\r\n"
    variables = [{"name": "n", "type": "int", "cmdarg": {"help": evil, "long": "n", "default": evil}}]
    return json.dumps(
        {"bpf_skel": {"obj_name": evil, "data_sections": [{"name": evil, "variables": variables}],
                      "maps": [{"name": evil, "ident": "m", "sample": {"interval": 1, "type": evil}}]}}
    )


def long_name(ident=5, **more):
    name = "n" * (8 << 20)
    variable = {"name": name, "type": name, **more}
    return json.dumps({"bpf_skel": {"data_sections": [{"name": ".rodata", "variables": [variable]}],
                                    "maps": [{"name": name, "ident": ident}]}})


def long_name_of_argument():
    return long_name("m", cmdarg={"default": 1})


def header(types, maps=None, **more):
    maps = [{"name": "m", "source": "ringbuf", "value": 0}] if maps is None else maps
    return json.dumps({"skel": "stream", "version": 1, "name": "x", "encoding": "binary",
                       "maps": maps, "types": types, **more}, separators=(",", ":")) + "\n"


def typedef_of_itself():
    return header([{"kind": "typedef", "name": "t", "size": 4, "of": 0}])


def struct_in_itself():
    return header([{"kind": "struct", "name": "s", "size": 4, "members": [{"name": "a", "type": 1, "offset": 0}]},
                   {"kind": "array", "name": "", "size": 4, "of": 0, "count": 1}])


def struct_of_exabytes():
    return header([{"kind": "struct", "name": "s", "size": 2**60, "members": []}])


def array_of_exabytes():
    return header([{"kind": "array", "name": "", "size": 2**60, "of": 1, "count": 2**58}, INT])


def count_that_overflows():
    """2^62 + 1 elements of 4 bytes are 4 bytes, in 64 bits."""
    return header([{"kind": "array", "name": "", "size": 4, "of": 1, "count": 2**62 + 1}, INT])


def offset_that_overflows():
    return header([{"kind": "struct", "name": "s", "size": 4,
                    "members": [{"name": "a", "type": 1, "offset": 2**64 - 4}]}, INT])


def cpus_that_overflow():
    maps = [{"name": "m", "source": "sample", "key": 0, "value": 0, "cpus": 2**63,
             "sample": {"interval": 1, "type": "default_kv"}}]
    return header([INT], maps)


def doubled_64_times():
    """Each struct has the one before twice: 2^64 members, in no bytes."""
    types = [{"kind": "struct", "name": "e", "size": 0, "members": []}]
    for i in range(60):
        types.append({"kind": "struct", "name": "s", "size": 0,
                      "members": [{"name": n, "type": i, "offset": 0} for n in "ab"]})
    return header(types, [{"name": "m", "source": "ringbuf", "value": 60}])


def many_maps():
    return header([INT], [{"name": f"m{i}", "source": "perf"} for i in range(257)])


def many_types():
    return header([INT] * 65537)


def deep_header():
    return '{"skel":"stream","version":1,"types":' + "[" * 100000 + "]" * 100000 + "}\n"


def long_header():
    return header([INT], x="x" * (17 << 20))


def most_header_values():
    return header([INT], [], x=[{"a": 1}] * (VALUES // 2 - 20)) + '{"@end":{"records":0,"lost":0}}\n'


def more_header_values():
    return header([INT], [], x=[[]] * (5 << 20))


def nul_in_name():
    return header([INT], [{"name": "m\0", "source": "ringbuf", "value": 0}])


def lines(*bad):
    return [header([INT]), *bad, '{"@end":{"records":0,"lost":0}}\n']


def control_of_values():
    return lines('{"@stack":[' + "[]," * (20 << 20) + "0]}\n")


def deep_control():
    return lines('{"@lost":' + "[" * 100000 + "]" * 100000 + "}\n")


def deep_record():
    return lines('{"@map":"m","@time":' + '{"a":' * 100000 + "1" + "}" * 100000 + "}\n")


def long_line():
    return lines(*["x" * (1 << 20)] * 300, "\n")


def stuff(body):
    """COBS, of bytes that have no 0x0A."""
    blocks = [body[i:i + 254] for i in range(0, len(body), 254)]
    return b"".join(bytes([(len(b) + 1) ^ 0x0A]) + b for b in blocks)


def record_of_64_mib():
    raw = header([INT], [{"name": "m", "source": "perf"}]).encode()
    return raw + b"=" + stuff(bytes(9) + b"\x81" * (63 << 20)) + b'\n{"@end":{"records":1,"lost":0}}\n'


def btf_struct_in_itself():
    """The first struct with members has itself as its first member's type."""
    with open(sys.argv[2], "rb") as f:
        elf = bytearray(f.read())
    start = elf.index(bytes.fromhex("9feb0100") + struct.pack("<I", 24))
    types, length = struct.unpack_from("<II", elf, start + 8)
    at, number = start + 24 + types, 1
    extra = {1: 4, 3: 12, 14: 4, 17: 4}  # int, array, variable, tag
    each = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
    while at < start + 24 + types + length:
        info = struct.unpack_from("<I", elf, at + 4)[0]
        kind, n = info >> 24 & 31, info & 0xFFFF
        if kind == 4 and n > 0 and len(sys.argv) == 4 and number == int(sys.argv[3]):
            struct.pack_into("<I", elf, at + 12 + 4, number)
            return bytes(elf)
        at += 12 + extra.get(kind, 0) + n * each.get(kind, 0)
        number += 1
    sys.exit("no such struct")


def with_dwarf(entries, **sections):
    """The object of argv[2] with these entries in a unit of DWARF 4, and sections by
    the end of their names."""
    with open(sys.argv[2], "rb") as f:
        elf = bytearray(f.read())
    headers, = struct.unpack_from("<Q", elf, 40)
    n, names = struct.unpack_from("<HH", elf, 60)
    at = [headers + 64 * i for i in range(n)]
    strings, = struct.unpack_from("<Q", elf, at[names] + 24)
    unit = struct.pack("<HIB", 4, 0, 8) + b"\x01" + bytes(12) + entries + b"\0"
    sections["info"] = struct.pack("<I", len(unit)) + unit
    for header in at:
        start = strings + struct.unpack_from("<I", elf, header)[0]
        name = elf[start:elf.index(0, start)].decode()
        if name.startswith(".rel.debug"):
            struct.pack_into("<QQ", elf, header + 24, 0, 0)
        elif name.startswith(".debug_") and name[7:] in sections:
            content = sections[name[7:]]
            struct.pack_into("<QQ", elf, header + 24, len(elf), len(content))
            elf += content
    return bytes(elf)


def elf_object(sections, names=b""):
    """An object of sections: the offset of its name, its type, flags, offset and bytes, if
    those are its own, or else its size."""
    body, headers = bytearray(64), [bytes(64)]
    for name, kind, flags, offset, content in [*sections, (0, 3, 0, None, b"\0" + names)]:
        size = content
        if isinstance(content, bytes):
            offset, size = len(body), len(content)
            body += content + bytes(-len(content) % 8)
        headers.append(struct.pack("<IIQQQQIIQQ", name, kind, flags, 0, offset, size, 0, 0, 8, 0))
    start = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, len(body), 0, 64, 0, 0, 64, len(headers), len(headers) - 1)
    return start + bytes(body[64:]) + b"".join(headers)


def sections_that_overlap():
    """30000 sections that are the same MiB of code."""
    code = b"\xb7".ljust(8, b"\0") * (1 << 17)
    return elf_object([(0, 1, 6, None, code)] + [(0, 1, 6, 64, len(code))] * 30000)


def section_of_long_name():
    return elf_object([(1, 1, 6, None, bytes(8))], b"x" * (16 << 20) + b"\0")


def package_of(name):
    elf = globals()[name]()
    return json.dumps(package(zlib.compress(elf, 9), len(elf)))


# Abbreviations: 1 a unit with code at 0, 2 a struct with its name elsewhere, 3 a
# function, 4 a variable with a list of locations, 5 a pointer, 6 an int.
ABBREVS = bytes.fromhex("01 11 01 10 17 11 01 00 00"
                        "02 13 00 03 0e 0b 0b 3a 0b 00 00"
                        "03 2e 01 11 01 12 06 00 00"
                        "04 34 00 49 13 02 17 00 00"
                        "05 0f 00 49 13 00 00"
                        "06 24 00 03 0e 3e 0b 0b 0b 00 00 00")


def dwarf_same_names():
    """A million structs of one size with names that differ in their last letters."""
    names = b"a" * (1 << 20) + b"\0"
    entries = b"".join(b"\x02" + struct.pack("<IBB", len(names) - 250 + i % 200, 32, 1) for i in range(1000000))
    return with_dwarf(entries, abbrev=ABBREVS, str=names)


def dwarf_long_lists():
    """100000 variables with the same list of 100000 locations."""
    place = b"".join(struct.pack("<QQHB", i * 8, i * 8 + 8, 1, 0x50 + i % 10) for i in range(100000))
    variables = b"".join(b"\x04" + struct.pack("<II", 24 + 13, 0) for _ in range(100000))
    entries = b"\x06" + struct.pack("<IBB", 0, 5, 4) + b"\x05" + struct.pack("<I", 24) + \
        b"\x03" + struct.pack("<QI", 0, 1 << 20) + variables + b"\0"
    return with_dwarf(entries, abbrev=ABBREVS, str=b"int\0", loc=place + bytes(16))


def dwarf_many_entries():
    """20 million labels of one byte with 60 attributes of none."""
    label = b"\x07\x0a\0" + b"\x3f\x19" * 60 + b"\0\0\0"
    return with_dwarf(b"\x07" * 20000000, abbrev=ABBREVS[:-1] + label)


def dwarf_wide_array():
    """300000 variables of an array with as many children that are no dimensions."""
    more = b"\x07\x01\x01\x49\x13\0\0" + b"\x08\x0a\0\0\0" + b"\0"
    entries = b"\x06" + struct.pack("<IBB", 0, 5, 4) + \
        b"\x07" + struct.pack("<I", 24) + b"\x08" * 300000 + b"\0" + \
        b"\x03" + struct.pack("<QI", 0, 1 << 20) + (b"\x04" + struct.pack("<II", 31, 0)) * 300000 + b"\0"
    return with_dwarf(entries, abbrev=ABBREVS[:-1] + more, str=b"int\0", loc=bytes(16))


def dwarf_nearly_equal():
    """200000 structs of the same name that differ in the last of 15000 members of a member."""
    more = bytes.fromhex("07 13 01 03 0e 0b 0b 3a 0b 00 00" "08 0d 00 03 0e 49 13 00 00 00")
    entries = b"\x06" + struct.pack("<IBB", 0, 5, 4)
    inner = []
    for i in range(9):
        inner.append(24 + len(entries))
        entries += b"\x07" + struct.pack("<IBB", 4, 16, 1)
        entries += (b"\x08" + struct.pack("<II", 4, 24)) * 15000
        entries += b"\x08" + struct.pack("<II", 6 + 2 * i, 24) + b"\0"
    outer = [b"\x07" + struct.pack("<IBB", 6, 32, 1) + b"\x08" + struct.pack("<II", 4, i) + b"\0" for i in inner]
    entries += b"".join(outer[:8]) + outer[8] * 200000
    return with_dwarf(entries, abbrev=ABBREVS[:-1] + more, str=b"int\0b\0" + b"".join(b"%c\0" % (65 + i) for i in range(9)))


def dwarf_long_chains():
    """500000 variables of a type behind 30 typedefs with 60 long names each."""
    more = b"\x07\x16\0\x49\x13" + b"\x03\x0e" * 60 + b"\0\0" + b"\0"
    entries = b"\x06" + struct.pack("<IBB", 0, 5, 4)
    at = 24
    for i in range(30):
        before, at = at, 24 + len(entries)
        entries += b"\x07" + struct.pack("<I", before) + struct.pack("<I", 4) * 60
    entries += b"\x03" + struct.pack("<QI", 0, 1 << 20) + (b"\x04" + struct.pack("<II", at, 0)) * 500000 + b"\0"
    return with_dwarf(entries, abbrev=ABBREVS[:-1] + more, str=b"int\0" + b"a" * 4000 + b"\0", loc=bytes(16))


def dwarf_bomb():
    """Debug information that would inflate to 2^40 bytes."""
    elf = bytearray(with_dwarf(b"", abbrev=struct.pack("<IIQQ", 1, 0, 1 << 40, 1) + inflating(1)))
    headers, = struct.unpack_from("<Q", elf, 40)
    for i in range(struct.unpack_from("<H", elf, 60)[0]):
        offset, = struct.unpack_from("<Q", elf, headers + 64 * i + 24)
        if elf[offset:offset + 16] == struct.pack("<IIQ", 1, 0, 1 << 40):
            struct.pack_into("<Q", elf, headers + 64 * i + 8, 1 << 11)
    return bytes(elf)


def package_of_sections_that_overlap():
    return package_of("sections_that_overlap")


def package_of_section_of_long_name():
    return package_of("section_of_long_name")


made = globals()[sys.argv[1]]()
for piece in made if isinstance(made, list) else [made]:
    sys.stdout.buffer.write(piece if isinstance(piece, bytes) else piece.encode("utf-8"))
