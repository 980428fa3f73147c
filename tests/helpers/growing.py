#!/usr/bin/env python3
"""Input of any size, on standard output: growing.py NAME N

NAME is a function below, and N the number of what the input has many of.
"""
import base64
import json
import struct
import sys
import zlib


class Btf:
    """The .BTF of an object.  Each function adds a type and returns its number."""

    def __init__(self):
        self.strings, self.types, self.count, self.places = bytearray(b"\0"), bytearray(), 0, {"": 0}

    def name(self, name):
        if name not in self.places:
            self.places[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        return self.places[name]

    def add(self, name, kind, number, size, more=b""):
        self.types += struct.pack("<III", self.name(name), kind << 24 | number, size) + more
        self.count += 1
        return self.count

    def int(self, name="int", size=4, encoding=1):
        return self.add(name, 1, 0, size, struct.pack("<I", encoding << 24 | size * 8))

    def pointer(self, to):
        return self.add("", 2, 0, to)

    def array(self, of, n, index):
        return self.add("", 3, 0, 0, struct.pack("<III", of, index, n))

    def struct(self, name, size, members):
        return self.add(name, 4, len(members), size,
                        b"".join(struct.pack("<III", self.name(m), of, bit) for m, of, bit in members))

    def enum(self, name, names):
        return self.add(name, 6, len(names), 4,
                        b"".join(struct.pack("<Ii", self.name(n), i) for i, n in enumerate(names)))

    def function(self, name, parameters, linkage=1):
        proto = self.add("", 13, len(parameters), 0,
                         b"".join(struct.pack("<II", self.name(n), of) for n, of in parameters))
        return self.add(name, 12, linkage, proto)

    def variable(self, name, of, linkage=1):
        return self.add(name, 14, 0, of, struct.pack("<I", linkage))

    def section(self, name, size, variables):
        return self.add(name, 15, len(variables), size, b"".join(struct.pack("<III", *v) for v in variables))

    def tag(self, text, on):
        return self.add(text, 17, 0, on, struct.pack("<i", -1))

    def bytes(self):
        sizes = len(self.types), len(self.types), len(self.strings)
        return struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, *sizes) + bytes(self.types + self.strings)


CODE = b"\xb7".ljust(8, b"\0") + b"\x95".ljust(8, b"\0")  # r0 = 0; exit
BYTES, ZEROS, READ, WRITE, RUN = 1, 8, 2, 3, 6


def elf(sections, symbols=()):
    """sections are (name, type, flags, content or size), symbols (name, section,
    offset, size, info)."""
    strings, places = bytearray(b"\0"), {}

    def name(text):
        if text not in places:
            places[text] = len(strings)
            strings.extend(text.encode() + b"\0")
        return places[text]

    table = bytes(24) + b"".join(struct.pack("<IBBHQQ", name(n), info, 0, section, offset, size)
                                 for n, section, offset, size, info in symbols)
    heads = [(*s, 0, 0, 0) for s in sections]
    heads.append((".symtab", 2, 0, table, len(heads) + 2, 1, 24))
    for head in heads:
        name(head[0])
    name(".strtab")
    heads.append((".strtab", 3, 0, bytes(strings), 0, 0, 0))
    body, headers = bytearray(64), [bytes(64)]
    for text, kind, flags, content, link, info, entry in heads:
        offset, size = len(body), content
        if isinstance(content, bytes):
            body += content + bytes(-len(content) % 8)
            size = len(content)
        headers.append(struct.pack("<IIQQQQIIQQ", name(text), kind, flags, 0, offset, size, link, info, 8, entry))
    return b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 1, 247, 1, 0, 0, len(body), 0, 64, 0, 0, 64, len(headers),
        len(headers) - 1) + bytes(body[64:]) + b"".join(headers)


def package(obj, **skel):
    meta = {"bpf_skel": {"obj_name": "x", "data_sections": [], "maps": [], "progs": [], **skel}, "export_types": []}
    return json.dumps({"bpf_object": base64.b64encode(zlib.compress(obj, 1)).decode(),
                       "bpf_object_size": len(obj), "meta": meta})


def variables_of(n, of, name="v{}"):
    """A package and the section .rodata of n variables of a type, which of() adds."""
    btf = Btf()
    kind, type_name = of(btf)
    names = [name.format(i) for i in range(n)]
    btf.section(".rodata", 4 * n, [(btf.variable(v, kind), 4 * i, 4) for i, v in enumerate(names)])
    obj = elf([(".rodata", BYTES, READ, bytes(4 * n)), (".BTF", BYTES, 0, btf.bytes())],
              [(v, 1, 4 * i, 4, 0x11) for i, v in enumerate(names)])
    return package(obj, data_sections=[{"name": ".rodata", "variables": [
        {"name": v, "type": type_name} for v in names]}])


def variables(n):
    """Variables that are arguments."""
    return variables_of(n, lambda btf: (btf.int(), "int"))


def other_variables(n):
    """Variables that are none, of a struct."""
    return variables_of(n, lambda btf: (btf.struct("s", 4, [("a", btf.int(), 0)]), "s"))


def named_types(n):
    """A bare meta, in which each variable has another type."""
    return json.dumps({"bpf_skel": {"data_sections": [{"name": ".rodata", "variables": [
        {"name": f"v{i}", "type": f"int[{i + 1}]"} for i in range(n)]}]}})


def constants_and_variables(n):
    """Variables of an enum of as many constants."""
    return variables_of(n, lambda btf: (btf.enum("e", [f"constant_{i}" for i in range(n)]), "enum e"))


def sections(n):
    """Sections of a variable each."""
    btf = Btf()
    kind = btf.int()
    for i in range(n):
        btf.section(f".data.s{i}", 4, [(btf.variable(f"v{i}", kind), 0, 4)])
    obj = elf([*((f".data.s{i}", BYTES, WRITE, bytes(4)) for i in range(n)), (".BTF", BYTES, 0, btf.bytes())],
              [(f"v{i}", i + 1, 0, 4, 0x11) for i in range(n)])
    return package(obj, data_sections=[{"name": f".data.s{i}", "variables": [
        {"name": f"v{i}", "type": "int", "value": 1}]} for i in range(n)])


def object_of(btf, sections=(), symbols=()):
    """An object with a license."""
    text = btf.array(btf.int("char", 1), 4, 1)
    btf.section("license", 4, [(btf.variable("license", text), 0, 4)])
    return elf([("license", BYTES, WRITE, b"GPL\0"), *sections, (".BTF", BYTES, 0, btf.bytes())],
               [("license", 1, 0, 4, 0x11), *symbols])


def map_type(btf, index, kind=27):
    number = btf.pointer(btf.array(index, kind, index))
    entries = btf.pointer(btf.array(index, 4096, index))
    return btf.struct("", 16, [("type", number, 0), ("max_entries", entries, 64)])


def tags(n):
    """Tags of a function, for a map at the end of the BTF."""
    btf = Btf()
    event = btf.struct("event", 4, [("a", btf.int(), 0)])
    function = btf.function("f", [("e", btf.pointer(event))], 0)
    for _ in range(n):
        btf.tag("skel:events=m", function)
    btf.section(".maps", 16, [(btf.variable("m", map_type(btf, 1)), 0, 16)])
    return object_of(btf, [(".maps", BYTES, WRITE, bytes(16))], [("m", 2, 0, 16, 0x11)])


def default_tags(n):
    """Defaults of variables."""
    btf = Btf()
    kind = btf.int()
    numbers = [btf.variable(f"v{i}", kind) for i in range(n)]
    btf.section(".rodata", 4 * n, [(v, 4 * i, 4) for i, v in enumerate(numbers)])
    for v in numbers:
        btf.tag("skel:default=1", v)
    return object_of(btf, [(".rodata", BYTES, READ, bytes(4 * n))],
                     [(f"v{i}", 2, 4 * i, 4, 0x11) for i in range(n)])


def maps(n):
    btf = Btf()
    kind = map_type(btf, btf.int())
    btf.section(".maps", 16 * n, [(btf.variable(f"m{i}", kind), 16 * i, 16) for i in range(n)])
    return object_of(btf, [(".maps", BYTES, WRITE, bytes(16 * n))],
                     [(f"m{i}", 2, 16 * i, 16, 0x11) for i in range(n)])


def programs(n):
    btf = Btf()
    btf.int()
    for i in range(n):
        btf.function(f"p{i}", [])
    return object_of(btf, [("raw_tp/sys_enter", BYTES, RUN, CODE * n)],
                     [(f"p{i}", 2, 16 * i, 16, 0x12) for i in range(n)])


def header(types, encoding="json", **record):
    record = {"@map": "m", "@time": "2026-01-01T00:00:00.000000001Z", **record}
    return "\n".join(json.dumps(line) for line in [
        {"skel": "stream", "version": 1, "name": "x", "encoding": encoding, "types": types,
         "maps": [{"name": "m", "source": "ringbuf", "value": len(types) - 1}]},
        record, {"@end": {"records": 1, "lost": 0}}]) + "\n"


def enum(n):
    return {"kind": "enum", "name": "e", "size": 4, "values": [[f"c{i}", i] for i in range(n)]}


def constants(n):
    """A record of so many constants, of as many."""
    return header([enum(n), {"kind": "array", "name": "", "size": 4 * n, "of": 0, "count": n},
                   {"kind": "struct", "name": "s", "size": 4 * n,
                    "members": [{"name": "a", "type": 1, "offset": 0}]}], a=[f"c{n - 1}"] * n)


def members(n):
    return header([{"kind": "int", "name": "int", "size": 4, "signed": True},
                   {"kind": "struct", "name": "s", "size": 4 * n,
                    "members": [{"name": f"a{i}", "type": 0, "offset": 4 * i} for i in range(n)]}],
                  **{f"a{i}": i for i in range(n)})


def enums(n):
    """Members of so many enums."""
    return header([*(enum(1) for _ in range(n)),
                   {"kind": "struct", "name": "s", "size": 4 * n,
                    "members": [{"name": f"a{i}", "type": i, "offset": 4 * i} for i in range(n)]}],
                  **{f"a{i}": 0 for i in range(n)})


def keys(n):
    """Records without a header."""
    return json.dumps({f"a{i}": i for i in range(n)}) + "\n"


made = globals()[sys.argv[1]](int(sys.argv[2]))
sys.stdout.buffer.write(made if isinstance(made, bytes) else made.encode())
