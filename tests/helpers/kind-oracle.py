#!/usr/bin/env python3
"""Compare the texts of a kind with what headers, Python and other tools say.

    kind-oracle.py KIND DIRECTORY UNIT

A stream with a record for each value goes into DIRECTORY; skel-fmt, which is in
PATH, must show of each the text that is computed here: of all values where there are
few, and of many random ones otherwise.  UNIT is the program of tests/unit/kinds/
kind-text, which must read each text back as the value.  Differences are printed, and
the status is 1.
"""
import datetime
import decimal
import fractions
import ipaddress
import json
import os
import random
import re
import socket
import stat
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
from make import Stream  # noqa: E402

RANDOM = random.Random(20261128)
CLOCK = {"boottime": 1795358000123456789, "monotonic": 1795357000000000001}
# What <linux/errno.h> of the kernel has, which is in no header of user space.
KERNEL_ERRNOS = range(512, 532)


def preprocess(header, *flags):
    return subprocess.run(["cc", "-E", "-D_GNU_SOURCE", *flags, "-"], input=f"#include <{header}>\n",
                          capture_output=True, text=True, check=True).stdout


def macros(header, prefix, *flags):
    """Macros with that prefix whose value is a number, or another of them."""
    found = re.findall(rf"^#define ({prefix}\w+) +(\w+)", preprocess(header, "-dM", *flags), re.M)
    values = {}
    for _ in range(3):
        for name, value in found:
            if re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", value):
                octal = re.fullmatch(r"0[0-7]+", value)
                values[name] = int(value, 8) if octal else int(value, 0)
            elif value in values:
                values[name] = values[value]
    return values, {name for name, value in found if value[0].isdigit()}


def constants(header, prefix):
    """Constants of enums with that prefix; one without a number follows the one before."""
    values, last = {}, -1
    for name, value in re.findall(rf"\b({prefix}\w+)(?: *= *(0x[0-9a-fA-F]+|[0-9]+))? *[,}}\n]",
                                  re.sub(r"^#.*$", "", preprocess(header), flags=re.M)):
        octal = re.fullmatch(r"0[0-7]+", value)
        last = last + 1 if value == "" else int(value, 8) if octal else int(value, 0)
        values.setdefault(name, last)
    return values


class Kind:
    """What is asked of one kind: the text of a value, and what it is read as."""
    sizes = (4, False),  # of the members, and whether they are signed
    order = "little"
    bytes = False
    short = False        # of a table
    known_back = True    # whether each text is read as the value
    arguments = ()       # of the unit program
    header = {}
    names = ()           # of the host, as "@names" lines
    also = {}            # texts that are read, but not shown

    def values(self, size, signed):
        bits = size * 8
        low = -(1 << bits - 1) if signed else 0
        yield from (0, low, low + (1 << bits) - 1)
        for _ in range(4000):
            yield low + RANDOM.getrandbits(RANDOM.randint(1, bits)) if not signed else \
                int.from_bytes(RANDOM.randbytes(size), "little", signed=True) >> RANDOM.randint(0, bits - 1)

    def back(self, value, size, signed):
        """The number that the text is read as; None: it is not checked."""
        return value

    def record(self, s, kind, size, signed):
        """The type of the records."""
        of = s.array(s.integer("u8", 1), size) if self.bytes else s.integer("int", size, signed)
        record = s.struct("record", ("v", of))
        s.types[record]["members"][0]["as"] = kind
        return record

    def encode(self, value, size, signed):
        return value if self.bytes else value.to_bytes(size, "little", signed=signed)


class Words(Kind):
    """Names of numbers; the others are numbers."""
    sizes = (1, False), (4, True), (2, False)

    def values(self, size, signed):
        most = {1: 256, 2: 65536, 4: 2000}[size]
        return range(-most if signed else 0, most)

    def text(self, value, size, signed):
        return self.words.get(value, str(value))


class Errno(Words):
    sizes = (4, True), (8, True), (4, False), (2, False), (2, True)

    def __init__(self):
        self.also, numbered = macros("errno.h", "E")
        self.words = {v: k for k, v in self.also.items() if k in numbered}

    def values(self, size, signed):
        least, most = -4200, 4200
        return (v for v in range(least if signed else 0, most) if abs(v) not in KERNEL_ERRNOS)

    def text(self, value, size, signed):
        if value < 0 or not signed:
            word = self.words.get(abs(value))
            return str(value) if word is None else "-" * (value < 0) + word
        return str(value)


class Signal(Words):
    def __init__(self):
        self.also, _ = macros("signal.h", "SIG[A-Z]+[0-9]*$")
        shell = subprocess.run(["bash", "-c", "for i in {1..64}; do echo $i SIG$(kill -l $i); done"],
                               capture_output=True, text=True, check=True).stdout
        self.words = {int(n): name for n, name in map(str.split, shell.splitlines()) if name != "SIG"}
        self.words.pop(32, None), self.words.pop(33, None)
        assert self.words[34] == "SIGRTMIN" and len(self.words) == 62


class Syscall(Words):
    sizes = (4, True), (8, True)

    def __init__(self, machine, header, *flags):
        self.header, self.arguments = {"machine": machine}, (machine,)
        found, _ = macros(header, "__NR(?:3264)?_", *flags)
        self.words = {v: k[5:] for k, v in found.items() if k[4] == "_" and
                      k not in ("__NR_syscalls", "__NR_arch_specific_syscall")}
        self.last = max(self.words)
        assert len(self.words) > 290

    def values(self, size, signed):
        # Later kernels than that of the headers have more, two of them between others.
        return (v for v in range(-3, 600) if (v <= self.last or v > 511) and v not in (335, 336))


class Proto(Words):
    def __init__(self):
        self.also = constants("linux/in.h", "IPPROTO_") | constants("netinet/in.h", "IPPROTO_")
        del self.also["IPPROTO_MAX"]
        self.words = {v: k[8:] for k, v in self.also.items() if k != "IPPROTO_HOPOPTS"}
        # Protocols that the kernel leaves to programs, for which it has no constant.
        self.words |= {int(n): name for n, name in ((89, "OSPF"), (112, "VRRP"), (144, "AGGFRAG"))}
        assert len(self.words) > 25

    def values(self, size, signed):
        return (v for v in super().values(size, signed) if v not in (89, 112, 144, 256))


class Family(Words):
    sizes = (2, False), (4, True)

    def __init__(self):
        found, _ = macros("sys/socket.h", "[AP]F_")
        self.also = {k: v for k, v in found.items() if k.startswith("AF_") and k != "AF_MAX"}
        names = {}
        for k, v in self.also.items():
            names.setdefault(v, set()).add(k)
        other = {"AF_LOCAL", "AF_FILE", "AF_ROUTE"}
        self.words = {v: min(n - other) for v, n in names.items()}
        assert len(self.words) > 44


class TcpState(Words):
    sizes = (1, False), (4, True)

    def __init__(self):
        found = constants("linux/bpf.h", "BPF_TCP_")
        del found["BPF_TCP_MAX_STATES"]
        self.words = {v: k[8:] for k, v in found.items()}
        self.also = {k[4:]: v for k, v in found.items()}
        assert len(self.words) >= 12

    def values(self, size, signed):
        return (v for v in super().values(size, signed) if v <= max(self.words) or v > 13)


class SockType(Kind):
    sizes = (4, True), (4, False)

    def __init__(self):
        self.all = constants("sys/socket.h", "SOCK_")
        self.flags = {k: self.all.pop(k) for k in ("SOCK_NONBLOCK", "SOCK_CLOEXEC")}

    def values(self, size, signed):
        for value in range(1 << 13):
            yield from (value, value | 0o2000000)

    def text(self, value, size, signed):
        low = [k for k, v in self.all.items() if v == value & 15]
        rest, parts = value & (~15 if low else -1), low
        for name, bit in self.flags.items():
            if rest & bit:
                parts.append(name)
                rest &= ~bit
        return "|".join(parts + [hex(rest)] * (rest != 0)) or "0"

    def back(self, value, size, signed):
        return None if "0x" in self.text(value, size, signed) else value


class FileMode(Kind):
    sizes = (2, False), (4, False)

    def values(self, size, signed):
        return range(65536)

    def text(self, value, size, signed):
        text = stat.filemode(value)
        return text if value >> 12 else text[1:]

    def back(self, value, size, signed):
        return None if "?" in self.text(value, size, signed) else value


class OpenFlags(Kind):
    sizes = (4, True), (8, False)

    def __init__(self, machine):
        self.header, self.arguments = {"machine": machine}, (machine,)
        self.flags, _ = macros("fcntl.h", "_*O_")
        # <asm-generic/fcntl.h>: of these the C library has none, or another value.
        self.flags |= {"O_TMPFILE": 0o20000000 | self.flags["O_DIRECTORY"], "O_LARGEFILE": 0o100000}
        if machine == "aarch64":  # arch/arm64/include/uapi/asm/fcntl.h
            self.flags |= {"O_DIRECTORY": 0o40000, "O_NOFOLLOW": 0o100000, "O_DIRECT": 0o200000,
                           "O_LARGEFILE": 0o400000, "O_TMPFILE": 0o20040000}
        self.flags = {k: v for k, v in self.flags.items() if v > 3 and k[0] != "_" and
                      k not in ("O_NDELAY", "O_FSYNC", "O_RSYNC")}
        assert len(self.flags) == 17

    def values(self, size, signed):
        yield from range(1 << 13)
        for bit in range(31):
            yield 1 << bit
        for _ in range(5000):
            value = RANDOM.choice((0, 1, 2, 3, RANDOM.getrandbits(31)))
            for flag in RANDOM.sample(sorted(self.flags.values()), 4):
                value |= flag
            yield value

    def check(self, text, value):
        """The names are those of all bits that have one, and add up to the value."""
        first, *names = text.split("|")
        if first != ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE")[value & 3] or len(set(names)) != len(names):
            return False
        rest = int(names.pop(), 16) if names and names[-1].startswith("0x") else 0
        total = value & 3 | rest
        for name in names:
            if total & self.flags.get(name, -1):
                return False
            total |= self.flags[name]
        return total == value and not any(rest & v == v for v in self.flags.values()) and \
            ("O_DSYNC" in names) <= (value & self.flags["O_SYNC"] != self.flags["O_SYNC"])

    def back(self, value, size, signed):
        return None


class Dev(Kind):
    sizes = (4, False), (4, True)

    def text(self, value, size, signed):
        value &= 0xFFFFFFFF
        return f"{value // (1 << 20)}:{value % (1 << 20)}"

    def back(self, value, size, signed):
        return value & 0xFFFFFFFF


class Address(Kind):
    bytes = True

    def back(self, value, size, signed):
        return "same"


class Ip4(Address):
    def text(self, value, size, signed):
        return str(ipaddress.IPv4Address(value))

    def values(self, size, signed):
        for octet in range(256):
            yield from (bytes([octet] * 4), bytes([octet, 0, 0, 0]), bytes([0, 0, 0, octet]))
        for _ in range(20000):
            yield RANDOM.randbytes(4)


def ip6_text(value):
    address = ipaddress.IPv6Address(value)
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped is not None else str(address)


class Ip6(Address):
    sizes = (16, False),

    def text(self, value, size, signed):
        return ip6_text(value)

    def values(self, size, signed):
        # Each set of groups that are zeros, and each number of digits.
        for zeros in range(256):
            for digits in 1, 0x10, 0x100, 0x1000:
                groups = [0 if zeros >> i & 1 else digits + i for i in range(8)]
                yield struct.pack(">8H", *groups)
        for _ in range(5000):
            yield struct.pack(">8H", *(RANDOM.getrandbits(16) & RANDOM.choice((0, 1, 0xFF, 0xFFFF)) for _ in range(8)))
        for _ in range(200):
            yield bytes(10) + b"\xff\xff" + RANDOM.randbytes(4)
            yield bytes(12) + RANDOM.randbytes(4)


class Ip(Kind):
    """An address of which another member says what it is."""
    sizes = (16, False),
    known_back = False

    def record(self, s, kind, size, signed):
        record = s.struct("record", ("af", s.integer("u16", 2)), ("v", s.array(s.integer("u8", 1), size)))
        s.types[record]["members"][1]["as"] = "ip(family=af)"
        return record

    def encode(self, value, size, signed):
        return struct.pack("<H", value[0]) + value[1]

    def values(self, size, signed):
        for family in (socket.AF_INET, socket.AF_INET6, 4, 6, 0, 99):
            yield from ((family, RANDOM.randbytes(16)) for _ in range(500))
            yield from ((family, RANDOM.randbytes(4) + bytes(12)) for _ in range(500))

    def text(self, value, size, signed):
        family, address = value
        is_ip4 = family in (socket.AF_INET, 4) or family not in (socket.AF_INET6, 6) and not any(address[4:])
        return str(ipaddress.IPv4Address(address[:4])) if is_ip4 else ip6_text(address)


class Text(Kind):
    """Bytes up to a zero; each that is not UTF-8 is replaced."""
    sizes = (16, False), (7, False)
    bytes = True
    known_back = False

    def values(self, size, signed):
        for byte in range(1, 256):
            yield (b"<" + bytes([byte]) + b">").ljust(size, b"\0")
            yield (bytes([byte]) * size)
        for _ in range(5000):
            text = "".join(chr(RANDOM.choice((RANDOM.randint(1, 0x7F), RANDOM.randint(1, 0xD7FF), 0x1F600)))
                           for _ in range(RANDOM.randint(0, size))).encode()
            text = bytearray((text + b"\0" * size)[:size])
            text[RANDOM.randrange(size)] ^= RANDOM.choice((0, 0, 1 << RANDOM.randrange(8)))
            yield bytes(text)

    def text(self, value, size, signed):
        text = value.split(b"\0")[0].decode(errors="surrogateescape")
        return re.sub("[\uDC80-\uDCFF]", "\uFFFD", text)


class Flags(Kind):
    """Bits with the names of an enum."""
    known_back = False
    bits = {"ONE": 1, "TWO": 2, "FOUR": 4, "TOP": 1 << 31}
    also = {"NONE": 0, "THREE": 3}

    def record(self, s, kind, size, signed):
        s.type("enum", "bits", 4, values=[list(item) for item in (self.bits | self.also).items()])
        record = s.struct("record", ("v", s.integer("int", size, signed)))
        s.types[record]["members"][0]["as"] = "flags(bits)"
        return record

    def text(self, value, size, signed):
        value &= 0xFFFFFFFF
        for name, one in (self.bits | self.also).items():
            if one == value:
                return name
        names = [name for name, bit in self.bits.items() if value & bit]
        rest = value & ~sum(self.bits.values())
        return "|".join(names + [hex(rest)] * (rest != 0))


class Mac(Address):
    sizes = (6, False),

    def text(self, value, size, signed):
        return value.hex(":")

    def values(self, size, signed):
        return (RANDOM.randbytes(6) for _ in range(5000))


class NetworkOrder(Kind):
    bytes = True

    def __init__(self, size):
        self.sizes = (size, False),

    def values(self, size, signed):
        if size == 2:
            return (v.to_bytes(2, "big") for v in range(65536))
        return (RANDOM.getrandbits(RANDOM.randint(1, size * 8)).to_bytes(size, "big") for _ in range(5000))

    def text(self, value, size, signed):
        return str(int.from_bytes(value, "big"))

    def back(self, value, size, signed):
        return int.from_bytes(value, "big")


class Units(Kind):
    sizes = (8, False), (8, True), (4, False)

    def __init__(self, names, step, first, scale, whole):
        self.units, self.step, self.first, self.scale, self.whole = names, step, first, scale, whole

    def values(self, size, signed):
        yield from super().values(size, signed)
        for power in range(1, 63):
            for base in 10, self.step:
                for near in -1, 0, 1:
                    if base ** power + near < 1 << size * 8 - signed:
                        yield base ** power + near

    def text(self, value, size, signed):
        amount, unit = fractions.Fraction(abs(value) * self.scale), self.first
        if self.whole:
            while amount and amount % self.step == 0 and unit + 1 < len(self.units):
                amount, unit = amount / self.step, unit + 1
        else:
            while amount >= self.step and unit + 1 < len(self.units):
                amount, unit = amount / self.step, unit + 1
        decimal.getcontext().prec = 60
        number = decimal.Decimal(amount.numerator) / amount.denominator
        return f"{'-' * (value < 0)}{number.normalize():f} {self.units[unit]}"

    def check_short(self, text, value):
        """Of three digits, rounded, below a thousand of its unit unless it is the last."""
        found = re.fullmatch(r"(-?)([0-9]+)(?:\.([0-9]*[1-9]))? (\w+)", text)
        if found is None or (found[1] != "") != (value < 0):
            return False
        digits = found[2] + (found[3] or "")
        unit = self.units.index(found[4])
        shown = fractions.Fraction(found[2] + "." + (found[3] or "0")) * self.step ** (unit - self.first)
        exact = fractions.Fraction(abs(value) * self.scale)
        last = unit + 1 == len(self.units)
        place = fractions.Fraction(self.step) ** (unit - self.first) / 10 ** max(0, 3 - len(found[2]))
        if exact < self.step and unit == self.first:
            return shown == exact
        return abs(shown - exact) <= place / 2 * (1 + fractions.Fraction(1, 10 ** 9)) and \
            (len(digits) <= 3 or last or int(found[2]) < self.step) and (last or int(found[2]) < self.step) and \
            (unit == self.first or int(found[2]) > 0)


class Hex(Kind):
    sizes = (1, False), (2, False), (4, True), (8, False), (8, True)

    def text(self, value, size, signed):
        return f"{value & (1 << size * 8) - 1:#x}"

    def back(self, value, size, signed):
        return value & (1 << size * 8) - 1


class Oct(Hex):
    def text(self, value, size, signed):
        return "0" * (value != 0) + f"{value & (1 << size * 8) - 1:o}"


class Bool(Kind):
    sizes = (1, False), (4, True)

    def text(self, value, size, signed):
        return "true" if value else "false"

    def back(self, value, size, signed):
        return int(value != 0)


class Time(Kind):
    sizes = (8, False),
    header = {"clock": CLOCK}
    known_back = False  # the unit program has other clocks

    def __init__(self, clock):
        self.added = CLOCK.get(clock, 0)

    def values(self, size, signed):
        yield from (0, 1, 999999999, 1000000000)
        for _ in range(3000):
            yield RANDOM.getrandbits(RANDOM.randint(1, 62))
        for day in range(0, 200 * 366):  # each day until 2169
            yield day * 86400_000000000 + RANDOM.choice((-1, 0, 1, 10**9)) & (1 << 63) - 1

    def text(self, value, size, signed):
        value = (value + self.added) % 2**64
        at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value // 10**9)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{value % 10**9:09}Z"


class Told(Kind):
    """Names that the stream tells: of all numbers below 1000 that are even."""
    known_back = False

    def __init__(self, kind, *sizes, unknown=str):
        self.sizes, self.kind, self.unknown = sizes, kind, unknown
        self.words = {n: f"{kind} {n}" for n in range(0, 1000, 2)}
        self.words |= {2**31 + n: f"large-{n}" for n in range(0, 10, 2)}
        self.names = {"kind": kind, "names": [list(item) for item in self.words.items()]},

    def values(self, size, signed):
        return [*range(1000), *range(2**31, 2**31 + 10)]

    def text(self, value, size, signed):
        return self.words.get(value) or self.unknown(value)


DURATIONS = "ns", "us", "ms", "s"
SIZES = "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
ARM = [f"-D{name}" for name in ("__ARCH_WANT_RENAMEAT", "__ARCH_WANT_NEW_STAT", "__ARCH_WANT_SET_GET_RLIMIT",
                                "__ARCH_WANT_TIME32_SYSCALLS", "__ARCH_WANT_SYS_CLONE3", "__ARCH_WANT_MEMFD_SECRET")]
KINDS = {
    "errno": [Errno], "signal": [Signal], "proto": [Proto], "family": [Family], "tcp_state": [TcpState],
    "syscall": [lambda: Syscall("x86_64", "asm/unistd_64.h"),
                lambda: Syscall("aarch64", "asm-generic/unistd.h", "-D__BITS_PER_LONG=64", *ARM)],
    "sock_type": [SockType], "file_mode": [FileMode],
    "open_flags": [lambda: OpenFlags("x86_64"), lambda: OpenFlags("aarch64")], "dev": [Dev],
    "ip4": [Ip4], "ip6": [Ip6], "mac": [Mac], "port_be": [lambda: NetworkOrder(2)], "be16": [lambda: NetworkOrder(2)],
    "be32": [lambda: NetworkOrder(4)], "be64": [lambda: NetworkOrder(8)],
    "ns": [lambda: Units(DURATIONS, 1000, 0, 1, False)], "us": [lambda: Units(DURATIONS, 1000, 1, 1, False)],
    "ms": [lambda: Units(DURATIONS, 1000, 2, 1, False)], "s": [lambda: Units(DURATIONS, 1000, 3, 1, False)],
    "bytes": [lambda: Units(SIZES, 1024, 0, 1, True)], "kib": [lambda: Units(SIZES, 1024, 0, 1024, True)],
    "pages": [lambda: Units(SIZES, 1024, 0, 4096, True)],
    "ip": [Ip], "text": [Text], "utf8": [Text], "flags": [Flags], "hex": [Hex], "oct": [Oct], "bool": [Bool],
    "ktime": [lambda: Time("monotonic")], "boottime": [lambda: Time("boottime")], "realtime": [lambda: Time("")],
    **{kind: [lambda kind=kind: Told(kind, (4, False), (8, False))]
       for kind in ("uid", "gid", "ifindex", "cgroup", "container", "pid_ns")},
    "ksym": [lambda: Told("ksym", (8, False), unknown=hex)],
}


def shown(stream, kind, directory, size, signed, values, *form):
    """The texts that skel-fmt prints of a member that has this value in each record."""
    s = Stream(kind, **stream.header)
    s.map("rb", "ringbuf", stream.record(s, kind, size, signed))
    for told in stream.names:
        s.control(names=told)
    for value in values:
        s.put(stream.encode(value, size, signed))
    s.end()
    path = os.path.join(directory, kind + ".skel")
    with open(path, "wb") as f:
        f.write(json.dumps(s.header).encode() + b"\n" + b"\n".join(s.lines) + b"\n")
    out = subprocess.run(["skel-fmt", "--bare", "--no-header", "-c", "v_text", *form, path],
                         capture_output=True, text=True, check=True)
    assert out.stderr == "", out.stderr
    if "--json" in form:
        return [json.loads(line)["v_text"] for line in out.stdout.split("\n")[:-1]]
    return [line.strip() for line in out.stdout.splitlines()]


def read_back(stream, unit, kind, size, signed, values):
    lines = [v.hex() if stream.bytes else str(v) for v in values]
    out = subprocess.run([unit, kind, str(size), "signed" if signed else "unsigned", *stream.arguments],
                         input="\n".join(lines) + "\n", capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


class Report:
    def __init__(self):
        self.wrong = self.right = 0

    def check(self, right, *what):
        self.right += right
        self.wrong += not right
        if not right and self.wrong <= 5:
            print("differs:", *what)


def compare(report, stream, kind, directory, unit, size, signed):
    values = list(stream.values(size, signed))
    texts = shown(stream, kind, directory, size, signed, values,
                  *(["--json"] if isinstance(stream, Text) else ["--tsv", "--text"]))
    report.check(len(texts) == len(values), len(texts), "lines of", len(values))
    for value, text in zip(values, texts):
        if hasattr(stream, "check"):
            report.check(stream.check(text, value & 0xFFFFFFFF), kind, size, value, text)
        else:
            want = stream.text(value, size, signed)
            report.check(text == want, kind, size, "of", value, "shown", text, "wanted", want)
    if hasattr(stream, "check_short"):
        for value, text in zip(values, shown(stream, kind, directory, size, signed, values, "--table")):
            report.check(stream.check_short(text, value), kind, size, "in a table", value, text)
    if not stream.known_back:
        return
    for value, text, (same, back) in zip(values, texts, read_back(stream, unit, kind, size, signed, values)):
        want = stream.back(value, size, signed)
        report.check(same == text, kind, "of", value, "the unit program shows", same)
        report.check(want is None or str(want) == back, kind, "of", value, text, "read as", back)


def main(kind, directory, unit):
    report = Report()
    for make in KINDS[kind]:
        stream = make()
        for size, signed in stream.sizes:
            compare(report, stream, kind, directory, unit, size, signed)
    print(f"{kind}: {report.right} texts and values are the same, {report.wrong} differ")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
