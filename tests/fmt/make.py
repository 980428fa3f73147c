#!/usr/bin/env python3
"""Write the streams that the tests of skel-fmt read: tests/fmt/*.skel.

    tests/fmt/make.py [DIRECTORY]

The binary records are packed and stuffed here, apart from the C code, so that
both have to agree on what skel-stream(5) says.  slots.plain is drawn here too,
by the reference loader's rules for histograms.
"""
import json
import os
import struct
import sys

TIME = 1795358881_000000001  # 2026-11-22T14:48:01.000000001Z


def stuff(body):
    """COBS with 0x0A for the zero byte and the codes XORed with 0x0A."""
    out = bytearray()
    for i, block in enumerate(blocks := body.split(b"\n")):
        while len(block) > 253:
            out += bytes([0xFF ^ 0x0A]) + block[:254]
            block = block[254:]
            if not block and i == len(blocks) - 1:
                return bytes(out)
        out += bytes([(len(block) + 1) ^ 0x0A]) + block
    return bytes(out)


class Stream:
    def __init__(self, name, **more):
        self.types, self.maps, self.lines = [], [], []
        self.header = {
            "skel": "stream", "version": 1, "name": name,
            "encoding": "binary", "host": "test", "boot_id": "",
            "started": "2026-11-22T14:48:00.000000000Z",
            **more, "maps": self.maps, "types": self.types,
        }
        self.records = 0

    def type(self, kind, name="", size=0, **more):
        self.types.append({"kind": kind, "name": name, "size": size, **more})
        return len(self.types) - 1

    def integer(self, name, size, signed=False):
        return self.type("int", name, size, signed=signed)

    def size(self, index):
        return self.types[index]["size"]

    def array(self, of, count):
        return self.type("array", "", self.size(of) * count, of=of, count=count)

    def typedef(self, name, of):
        return self.type("typedef", name, self.size(of), of=of)

    def struct(self, name, *members, kind="struct"):
        """Members are (name, type) or (name, type, offset, bit, bits)."""
        done, end = [], 0
        for name_, of, *at in members:
            offset = at[0] if at else (0 if kind == "union" else end)
            done.append({"name": name_, "type": of, "offset": offset})
            if len(at) > 1:
                done[-1].update(bit_offset=at[1], bits=at[2])
            end = max(end, offset + self.size(of))
        return self.type(kind, name, end, members=done)

    def map(self, name, source, value=None, **more):
        entry = {"name": name, "source": source}
        if value is not None:
            entry["value"] = value
        self.maps.append({**entry, **more})
        return len(self.maps) - 1

    def put(self, record, map=0, time=TIME):
        body = struct.pack("<BQ", map, time) + record
        self.lines.append(b"=" + stuff(body))
        self.records += 1

    def control(self, **value):
        name, inner = next(iter(value.items()))
        self.lines.append(json.dumps({"@" + name: inner}).encode())

    def symbols(self, pid, *frames):
        """Frames are (addr, symbol, offset, file, line), as far as known."""
        keys = "addr", "symbol", "offset", "file", "line"
        self.control(symbols={"pid": pid, "frames": [
            {k: v for k, v in zip(keys, f) if v is not None} for f in frames]})

    def stack(self, stacks, number, *addrs):
        self.control(stack={"stacks": stacks, "id": number, "addrs": addrs})

    def text(self, line):
        self.lines.append(line.encode())

    def end(self, lost=0):
        self.control(end={"records": self.records, "lost": lost})

    def write(self, name):
        with open(os.path.join(DIRECTORY, name + ".skel"), "wb") as f:
            head = json.dumps(self.header, separators=(",", ":"))
            f.write(head.encode() + b"\n")
            for line in self.lines:
                f.write(line + b"\n")


def scalars():
    """Every scalar, at both ends of its range."""
    s = Stream("scalars")
    members, least, most = [], b"", b""
    for bits in 8, 16, 32, 64, 128:
        n = bits // 8
        for sign in "u", "s":
            members.append((f"{sign}{bits}", s.integer(f"{sign}{bits}", n, sign == "s")))
            low = -(1 << bits - 1) if sign == "s" else 0
            high = low + (1 << bits) - 1
            least += low.to_bytes(n, "little", signed=sign == "s")
            most += high.to_bytes(n, "little", signed=sign == "s")
    members += [
        ("c", s.type("char", "char", 1, signed=True)),
        ("b", s.type("bool", "_Bool", 1)),
        ("p4", s.type("pointer", "void *", 4)),
        ("p8", s.type("pointer", "void *", 8)),
        ("pid", s.typedef("pid_t", s.integer("int", 4, True))),
    ]
    least += struct.pack("<b?IQi", -128, False, 0, 0, -1)
    most += struct.pack("<b?IQi", 127, True, 2**32 - 1, 2**64 - 1, 4194304)
    s.map("rb", "ringbuf", s.struct("scalars", *members))
    s.put(least)
    s.put(most, time=TIME + 1_500_000_000)
    s.end()
    s.write("scalars")


def floats():
    s = Stream("floats")
    f4, f8 = s.type("float", "float", 4), s.type("float", "double", 8)
    s.map("rb", "ringbuf", s.struct("floats", ("ft", f4), ("dbl", f8)))
    for a, b in [(1.23, 4.56), (1.0, 1e16), (1e-7, 1e-7), (0.1, 0.1), (-0.0, -0.0),
                 (float("nan"), float("nan")), (float("inf"), -float("inf")),
                 (3.4028234663852886e38, 1.7976931348623157e308), (1e-45, 5e-324)]:
        s.put(struct.pack("<fd", a, b))
    s.end()
    s.write("floats")


def enums():
    """Known, unknown, negative, 64-bit, of each size, and as a bitfield."""
    s = Stream("enums")
    color = s.type("enum", "color", 4, signed=False,
                   values=[["RED", 0], ["GREEN", 1], ["MANY", 4294967295]])
    err = s.type("enum", "err", 4, signed=True, values=[["OK", 0], ["EPERM", -1]])
    flag = s.type("enum", "flag", 8, signed=False,
                  values=[["LOW", 1], ["TOP", 18446744073709551615]])
    tiny = s.type("enum", "tiny", 1, signed=True, values=[["NEG", -128], ["POS", 127]])
    short = s.type("enum", "short", 2, signed=False, values=[["A", 1], ["ALSO_A", 1]])
    s.map("rb", "ringbuf", s.struct(
        "enums", ("color", color), ("err", err), ("flag", flag), ("tiny", tiny),
        ("short", short), ("bits", color, 19, 2, 2), ("all", s.array(color, 2))))
    s.put(struct.pack("<IiQbHIII", 0, 0, 1, -128, 1, 0, 0, 1))
    s.put(struct.pack("<IiQbHIII", 2**32 - 1, -1, 2**64 - 1, 127, 2, 4, 7, 2**32 - 1))
    s.put(struct.pack("<IiQbHIII", 77, -77, 2**63, -1, 65535, 12, 0, 0))
    s.end()
    s.write("enums")


def texts():
    """char arrays: with and without a NUL, not UTF-8, with control bytes,
    with what CSV and JSON quote, behind a typedef, and of two dimensions."""
    s = Stream("texts")
    char = s.type("char", "char", 1, signed=True)
    name = s.typedef("name_t", s.array(s.typedef("letter", char), 16))
    s.map("rb", "ringbuf", s.struct(
        "texts", ("comm", s.array(char, 16)), ("name", name),
        ("argv", s.array(s.array(char, 8), 3)), ("file", s.array(char, 40))))

    def put(comm, name, argv, file):
        s.put(struct.pack("16s16s8s8s8s40s", comm, name, *argv, file))

    put(b"bash\0junk", b"typedef", (b"ls", b"-l", b""), b"/etc/passwd")
    put(b"sixteen letters!", b"0123456789abcdef", (b"eightchr", b"", b"x"), b"x" * 40)
    put(b"a\nb\033[2J\x7f\x01", b"tab\there\\\r", (b"\n", b"\"", b"\\"), b"say \"hi\", you")
    put("grün 中文".encode(), b"\xff\xfe\xc3", ("é".encode(), b"\xe9", b""), b"cut \xe4\xb8")
    put(b"c1 \xc2\x9b2J", "left\u202e".encode(), (b"", b"", b""), b"")
    s.end()
    s.write("texts")


def nested():
    """Arrays, structs, unions, anonymous members, bitfields."""
    s = Stream("nested")
    u8, u16, u32, i32, u64, i64 = (
        s.integer("u8", 1), s.integer("u16", 2), s.integer("u32", 4),
        s.integer("int", 4, True), s.integer("u64", 8), s.integer("s64", 8, True))
    boolean = s.type("bool", "_Bool", 1)
    u128 = s.integer("u128", 16)
    point = s.struct("point", ("x", i32), ("y", i32))
    either = s.struct("either", ("whole", u32), ("halves", s.array(u16, 2)), kind="union")
    inner = s.struct("", ("seen", u32), ("when", u64))
    choice = s.struct("", ("errno", i32), ("fd", u32), kind="union")
    bits = s.struct(
        "bits", ("low", u32, 0, 0, 3), ("mid", i32, 0, 3, 5), ("on", boolean, 1, 0, 1),
        ("wide", i64, 1, 1, 63), ("big", u128, 9, 7, 68))
    bits_size = 26
    s.types[bits]["size"] = bits_size
    s.map("rb", "ringbuf", s.struct(
        "nested", ("pid", u32), ("at", point), ("", inner), ("either", either),
        ("", choice), ("cube", s.array(s.array(s.array(i32, 4), 3), 2)),
        ("path", s.array(point, 2)), ("flags", bits), ("none", s.array(u8, 0))))

    def put(n, fields):
        raw = struct.pack("<IiiIQ", n, -n, n * 2, n + 1, n + 2)
        raw += struct.pack("<I", 0x00020001 * n) + struct.pack("<i", -n)
        raw += struct.pack("<24i", *range(n, n + 24))
        raw += struct.pack("<4i", 1, 2, 3, -4)
        low, mid, on, wide, big = fields
        word = (low & 7) | (mid & 31) << 3 | on << 8 | (wide & (1 << 63) - 1) << 9
        word |= big << (9 * 8 + 7)
        s.put(raw + word.to_bytes(bits_size, "little"))

    put(1, (7, -16, 1, -1, (1 << 68) - 1))
    put(100, (2, 15, 0, 2**62 - 1, 5))
    s.end()
    s.write("nested")


def reference():
    """The columns of the header line that the reference loader's tests want."""
    s = Stream("reference")
    char = s.type("char", "char", 1, signed=True)
    i8, u8 = s.integer("signed char", 1, True), s.integer("unsigned char", 1)
    i16, u16 = s.integer("short", 2, True), s.integer("unsigned short", 2)
    i32, u32 = s.integer("int", 4, True), s.integer("unsigned int", 4)
    i64, u64 = s.integer("long", 8, True), s.integer("unsigned long", 8)
    e = s.type("enum", "E", 4, signed=False, values=[["E_A", 0], ["E_B", 1]])
    pair = s.struct("pair", ("zeta", i32), ("alpha", e), ("Beta", s.array(char, 4)))
    s.map("rb", "ringbuf", s.struct(
        "S", ("arr1", s.array(s.array(s.array(i32, 4), 3), 2)), ("str", s.array(char, 16)),
        ("str_arr", s.array(s.array(char, 16), 2)), ("ft", s.type("float", "float", 4)),
        ("dbl", s.type("float", "double", 8)), ("u8v", u8), ("i8v", i8), ("u16v", u16),
        ("i16v", i16), ("u32v", u32), ("i32v", i32), ("u64v", u64), ("i64v", i64),
        ("e", e)))
    s.map("small", "ringbuf", s.struct("small", ("pid", u32), ("p", pair), ("comm", s.array(char, 16))))
    s.put(struct.pack("<24i16s16s16sfdBbHhIiQqI", *range(24), b"A-String", b"A", b"B,C",
                      1.23, 4.56, 255, -128, 65535, -32768, 2**32 - 1, -2**31,
                      2**64 - 1, -2**63, 1))
    s.put(struct.pack("<Iii4s16s", 7, -1, 9, b"xyz", b"a\033[1mb"), map=1)
    s.end()
    s.write("reference")


def hists():
    s = Stream("hists")
    char, u32, u64 = s.type("char", "char", 1), s.integer("unsigned int", 4), s.integer("u64", 8)
    hist = s.struct("hist", ("slots", s.array(u32, 26)), ("comm", s.array(char, 16)))
    wide = s.struct("wide", ("slots", s.array(u64, 40)))
    key = s.struct("key", ("pid", u32), ("dev", u32))
    s.map("hists", "sample", hist, key=s.typedef("u32", u32),
          sample={"interval": 1000, "type": "log2_hist", "unit": "(unit)", "clear_map": False})
    s.map("wide", "sample", wide, key=key, cpus=2,
          sample={"interval": 1000, "type": "log2_hist", "unit": "usecs", "clear_map": False})
    s.map("line", "sample", hist, key=s.typedef("u32", u32),
          sample={"interval": 1000, "type": "linear_hist", "unit": "cpus", "clear_map": False})
    s.map("each", "sample", hist, key=s.typedef("u32", u32), cpus=2,
          sample={"interval": 1000, "type": "linear_hist", "unit": "each", "clear_map": False})
    slots = list(range(1000, 1026))
    pack = lambda v, comm: struct.pack("<26I16s", *v, comm)
    s.put(struct.pack("<I", 305419896) + pack(slots, b"COMM-STR"))
    s.put(struct.pack("<I", 1) + pack([0] * 26, b"idle\n"), time=TIME + 1)
    s.control(sampled={"map": "hists", "round": 1, "keys": 2})
    cpu = [0] * 40
    cpu[3], cpu[34] = 5, 200_000_000
    s.put(struct.pack("<II", 1, 2) + struct.pack("<40Q", *cpu) * 2, map=1)
    s.control(sampled={"map": "wide", "round": 1, "keys": 1})
    s.put(struct.pack("<I", 7) + pack([1, 0, 3] + [0] * 23, b"lin"), map=2)
    s.control(sampled={"map": "line", "round": 1, "keys": 1})
    s.put(struct.pack("<I", 8) + pack([1, 2, 0, 5] + [0] * 22, b"\"slots\":[9") +
          pack([3, 0, 0, 5] + [0] * 22, b"b"), map=3)
    s.end()
    s.write("hists")


def picture(slots, unit, linear=False):
    """A histogram as the reference loader draws it; a linear one is ours."""
    while slots and slots[-1] == 0:
        slots = slots[:-1]
    if not slots:
        return ""
    wide = not linear and len(slots) - 1 > 32
    column, stars = (20, 20) if wide else (10, 40)
    text = " " * (15 if wide else 5) + unit.ljust(29 if wide else 19) + " : count    distribution\n"
    for i, n in enumerate(slots):
        low, high = 2**i, 2**(i + 1) - 1
        if low == high:
            low -= 1
        if linear:
            text += f"{i:>{column}}" + " " * (4 + column)
        else:
            text += f"{low:>{column}} -> {high:<{column}}"
        text += f" : {n:<8} |{'*' * (n * stars // max(slots)):<{stars}}|\n"
    return text


def slots():
    """Slots of each width, large counts, the widest picture, and what are none."""
    s = Stream("slots")
    u8, u16, u32, u64 = (s.integer(f"u{8 * n}", n) for n in (1, 2, 4, 8))
    count, key = s.typedef("count_t", u16), u32
    half = s.struct("half", ("low", u32), ("slots", s.array(u32, 2)))
    texts = []

    def hist(name, of, slots, linear=False, unit="(unit)", cpus=0, value=None, drawn=True):
        kind = "linear_hist" if linear else "log2_hist"
        value = value or s.struct(name, ("slots", s.array(of, len(slots))))
        more = {"cpus": cpus} if cpus else {}
        at = s.map(name, "sample", value, key=key, **more,
                   sample={"interval": 1, "type": kind, "unit": unit, "clear_map": False})
        size = s.size(of)
        raw = b"".join(n.to_bytes(size, "little") for n in slots)
        s.put(struct.pack("<I", at) + raw.ljust(-(-len(raw) // 8) * 8 if cpus else 0, b"\0") * (cpus or 1), map=at)
        if drawn:
            total = [n * (cpus or 1) for n in slots]
            texts.append(f"key =  {at}\n\n{picture(total, unit, linear)}\n")
        return at

    hist("bytes", u8, [0, 255, 1, 0])
    hist("shorts", count, [1, 0, 65535], linear=True, unit="queue", value=s.struct(
        "shorts", ("slots", s.typedef("counts_t", s.array(count, 3)))))
    hist("most", u32, [2**32 - 1, 107374183, 2**31])
    hist("large", u64, [2**32, 2**63] + [0] * 61 + [2**64 - 1], unit="nsecs")
    hist("narrow", u64, [7] * 33 + [0] * 3)
    hist("wide", u64, [7] * 34)
    hist("zero", u32, [0] * 8)
    hist("cpus", u32, [2**32 - 1, 5, 1], cpus=3)
    hist("line", u64, [i * 10**9 for i in range(40)], linear=True, unit="depth")
    hist("inside", u32, [3, 4], value=s.struct("inside", ("", s.struct("", ("slots", s.array(u32, 2))))))
    # No slots: keys and values.
    row = "14:48:01 {\"u32\":%d} %s\n"
    at = hist("scalar", u32, [9], value=s.struct("scalar", ("slots", u32)), drawn=False)
    texts.append(row % (at, '{"slots":9}'))
    at = hist("floats", u32, [0x3F800000], drawn=False,
              value=s.struct("floats", ("slots", s.array(s.type("float", "float", 4), 1))))
    texts.append(row % (at, '{"slots":[1.0]}'))
    at = hist("below", u32, [1, 2, 3], value=s.struct("below", ("half", half)), linear=True, drawn=False)
    texts.append(row % (at, '{"half":{"__EUNOMIA_TYPE":"struct","__EUNOMIA_TYPE_NAME":"half","low":1,"slots":[2,3]}}'))
    at = hist("empty", u32, [8], drawn=False, value=s.struct("empty", ("slots", s.array(u32, 0)), ("n", u32)))
    texts.append(row % (at, '{"n":8,"slots":[]}'))
    s.end()
    s.write("slots")
    with open(os.path.join(DIRECTORY, "slots.plain"), "w") as f:
        # One header for all maps with the same columns.
        for names in "SLOTS  ", "HALF   ", "SLOTS  N      ":
            f.write("TIME     U32    " + names + "\n")
        f.write("".join(texts))


def sampled():
    """Keys and values, scalar and struct, plain and per CPU, raw."""
    s = Stream("sampled")
    char, u32, i64, u64 = (s.type("char", "char", 1), s.integer("u32", 4),
                           s.integer("s64", 8, True), s.integer("u64", 8))
    kv = {"interval": 1000, "type": "default_kv", "unit": "(unit)", "clear_map": False}
    hist = s.struct("hist", ("slots", s.array(u32, 3)), ("comm", s.array(char, 8)))
    stat = s.struct("stat", ("count", u64), ("sum", i64), ("each", s.array(u32, 2)))
    key = s.struct("key", ("pid", u32), ("name", s.array(char, 8)))
    s.map("scalar", "sample", u64, key=u32, sample=kv)
    s.map("struct", "sample", hist, key=key, sample=kv)
    s.map("count", "sample", u32, key=u32, cpus=3, sample=kv)
    s.map("stats", "sample", stat, key=u32, cpus=2, sample=kv)
    s.map("named", "sample", hist, key=u32, cpus=2, sample=kv)
    s.map("raw", "sample", sample=kv)
    s.map("broken", "sample", stat, key=u32, sample={**kv, "type": "log2_hist"})
    s.put(struct.pack("<IQ", 5, 2**64 - 1))
    s.put(struct.pack("<IQ", 4294967295, 0))
    s.control(sampled={"map": "scalar", "round": 1, "keys": 2})
    s.put(struct.pack("<I8s3I8s", 42, b"a,b", 1, 2, 3, b"bash"), map=1)
    s.control(sampled={"map": "struct", "round": 1, "keys": 1})
    s.put(struct.pack("<IIxxxxIxxxxIxxxx", 7, 2**32 - 1, 1, 3), map=2)
    s.put(struct.pack("<I", 7) + struct.pack("<QqII", 2**64 - 1, -5, 1, 2) +
          struct.pack("<QqII", 1, 2, 3, 4), map=3)
    s.put(struct.pack("<I", 8) + struct.pack("<3I8sxxxx", 1, 2, 3, b"x") * 2, map=4)
    s.put(b"\x01\x02\n\xff", map=5)
    s.put(struct.pack("<IQqII", 9, 1, 2, 3, 4), map=6)
    s.end()
    s.write("sampled")


def plain_maps():
    """Two ring buffers in turn, one that is no struct, one without a type."""
    s = Stream("maps")
    u32, char = s.integer("u32", 4), s.type("char", "char", 1)
    s.map("execs", "ringbuf", s.struct("exec", ("pid", u32), ("comm", s.array(char, 16))))
    s.map("exits", "perf", s.struct("exit", ("pid", u32), ("code", s.integer("int", 4, True))))
    s.map("numbers", "ringbuf", u32)
    s.map("bytes", "ringbuf")
    s.put(struct.pack("<I16s", 10, b"true"))
    s.put(struct.pack("<I16s", 11, b"false"))
    s.put(struct.pack("<Ii", 10, 0) + b"padding", map=1)
    s.put(struct.pack("<I16s", 12, b"ls"))
    s.put(struct.pack("<I", 99), map=2)
    s.put(b"\n\0any", map=3)
    s.control(lost={"map": "exits", "count": 12})
    s.control(later={"whatever": 1})
    s.end(lost=12)
    s.write("maps")


K = 0xFFFFFFFF81000000  # where a kernel's functions are


def stacks():
    """Stacks as addresses and as ids, with names, inlined functions, hostile
    names, without names, on one side, on none; beside a map without any."""
    s = Stream("stacks")
    char, u32, s32, u64 = (s.type("char", "char", 1, signed=True), s.integer("unsigned int", 4),
                           s.integer("int", 4, True), s.integer("unsigned long long", 8))
    trace = s.array(s.typedef("__u64", u64), 4)
    comm = s.array(char, 16)
    event = s.struct("event", ("pid", u32), ("cpu_id", u32), ("comm", comm), ("kstack_sz", s32),
                     ("ustack_sz", s32), ("kstack", trace), ("ustack", trace))
    key = s.struct("key", ("tgid", u32), ("kid", s32), ("uid", s32))
    stat = s.struct("stat", ("count", u64), ("last", u64))
    three = s.array(u64, 3)
    trap = s.struct("trap", ("addrs", three), ("deep", s.array(s.struct("in", ("addrs", three)), 2)))
    kv = {"interval": 1000, "type": "default_kv", "unit": "(unit)", "clear_map": False}
    fields = {"pid": "tgid", "kstack": "kid", "ustack": "uid"}
    ids = {"stack_trace": {"field_map": fields}}
    s.map("profile", "perf", event, intepreter={"stack_trace": {}})
    s.map("counts", "sample", u64, key=key, sample=kv, intepreter=ids, stacks="stackmap")
    s.map("cleared", "sample", stat, key=key, cpus=2, sample={**kv, "clear_map": True},
          intepreter=ids, stacks="stackmap")
    s.map("bare", "perf", event, intepreter={"stack_trace": {"with_symbols": False}})
    s.map("trap", "ringbuf", trap, intepreter={"stack_trace": {"field_map": {"ustack": "addrs"}}})
    s.map("other", "ringbuf", u32)

    def put(pid, cpu, name, kernel, user, map=0, ksize=None, usize=None):
        sizes = [len(a) * 8 if n is None else n for a, n in ((kernel, ksize), (user, usize))]
        both = [a + [0xDEAD] * (4 - len(a)) for a in (kernel, user)]
        s.put(struct.pack("<II16sii8Q", pid, cpu, name, *sizes, *both[0], *both[1]), map=map)

    s.symbols(0, (K + 0x10, "do_syscall_64", 16), (K + 0x1234, "ext4_write [ext4]", 0x34),
              (K + 0x20, "asm_sysvec_apic_timer_interrupt", 0x1A))
    s.symbols(42, (0x401136, "spin", None, "/src/work/busy.c", 12),
              (0x401136, "busy", 6, "/src/work/busy.c", 30), (0x4011A0, "main", 0x40, "/src/x.c", 7),
              (0x7F0000000010, "std::vector<int, std::allocator<int> >::push_back(int const&)", 16,
               "/usr/include/c++/12/bits/stl_vector_with_a_long_name.h", 1287))
    put(42, 7, b"busy loop", [K + 0x20], [0x401136, 0x4011A0])
    put(42, 7, b"busy loop", [K + 0x1234, K + 0x10], [0x7F0000000010, 0x4011A0, 0x999])
    put(42, 7, b"busy loop", [K + 0x20], [0x401136, 0x4011A0])
    put(42, 8, b"busy loop", [], [0x4011A0], ksize=-14)
    put(42, 8, b"busy loop", [K + 0x20], [], usize=-14)
    put(42, 8, b"busy loop", [], [])
    put(42, 8, b"deep", [K + 0x20] * 4, [0x4011A0] * 4, usize=1 << 20)
    s.symbols(43, (0x10, "a;b \033[2J\n\"c\"\\, d", 1, "/a b/\033]0;\".c", 0), (0x20, "\u00e4\u202e", 2))
    put(43, 0, b"e;v\033il\xff", [], [0x10, 0x20, 0x30])
    put(44, 0, b"", [], [0x10])
    # A later line for the same address replaces the first.
    s.symbols(42, (0x4011A0, "main2", 0))
    put(42, 7, b"busy", [], [0x4011A0])

    def count(pid, kernel, user, value, map=1):
        s.put(struct.pack("<Iii", pid, kernel, user) + value, map=map)

    q = lambda *n: struct.pack(f"<{len(n)}Q", *n)
    s.stack("stackmap", 1, K + 0x20)
    s.stack("stackmap", 2, 0x401136, 0x4011A0)
    s.stack("othermap", 3, 0x401136)
    count(42, 1, 2, q(10))
    count(42, -14, 2, q(1))
    count(42, 1, 3, q(5))
    count(42, 7, 2, q(3))
    s.control(sampled={"map": "counts", "round": 1, "keys": 4})
    count(42, 1, 2, q(12))
    s.stack("stackmap", 2, 0x4011A0)
    count(42, -14, 2, q(1))
    s.control(sampled={"map": "counts", "round": 2, "keys": 2})
    count(7, -14, 2, q(2, 100, 3, 100), map=2)
    s.control(sampled={"map": "cleared", "round": 1, "keys": 1})
    count(7, -14, 2, q(4, 100, 0, 100), map=2)
    s.control(sampled={"map": "cleared", "round": 2, "keys": 1})
    put(4660, 22136, b"test-comm", [0x10000, 0x10001], [0x10000], map=3)
    s.put(q(0x10, 0x20, 0, 1, 2, 3, 4, 5, 6), map=4)
    s.put(struct.pack("<I", 5), map=5)
    s.control(symbols={"pid": 1, "frames": []})
    s.end()
    s.write("stacks")


DIRECTORY = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":
    for make in (scalars, floats, enums, texts, nested, reference, hists, slots, sampled, stacks,
                 plain_maps):
        make()
