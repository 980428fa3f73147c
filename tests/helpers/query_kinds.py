"""Members with kinds for query-oracle.py: addresses, errors, names that the host told,
and elements of an array in which records end."""
import ipaddress
import json
import re
import struct

ERRNO = {1: "EPERM", 2: "ENOENT", 13: "EACCES", 110: "ETIMEDOUT"}
NAMES = {0: "root", 33: "www-data", 1000: "ana", 1001: None}  # of users
UNTOLD = 77


class Kinds:
    """A map of the oracle's stream, and comparisons with its members."""

    def __init__(self, rng, stream, holds):
        self.rng, self.stream, self.holds = rng, stream, holds
        s = stream
        u8, u16, u32 = s.integer("k8", 1), s.integer("k16", 2), s.integer("k32", 4)
        i32, six = s.integer("s32", 4, True), s.array(u8, 16)
        pair = s.struct("pair", ("a", u32), ("b", u16), ("c", u16))
        event = s.struct("kinds", ("saddr", u32), ("daddr", u32), ("ret", i32), ("uid", u32),
                         ("port", u16), ("pad", u16), ("six", six), ("count", u32),
                         ("pair", s.array(pair, 0)))
        kinds = {"saddr": "ip4", "daddr": "ip4", "ret": "errno", "uid": "uid", "port": "port_be",
                 "six": "ip6"}
        for m in s.types[event]["members"]:
            if m["name"] in kinds:
                m["as"] = kinds[m["name"]]
        self.map = s.map("kinds", "ringbuf", event)
        s.header["names"] = "follow"
        self.records = {}  # by their number: their members
        v4 = [0, 1, 10 << 24, (10 << 24) + 1, (10 << 24) + 300, 127 << 24 | 1, 2**32 - 1]
        self.v4 = v4 + [rng.getrandbits(32) for _ in range(5)] + \
            [(10 << 24) + rng.getrandbits(16) for _ in range(5)]
        # Without those whose text has an address of 4 bytes in it.
        self.v6 = [0, 1, 0xfe80 << 112 | 1, 0xfe80 << 112 | 0xffff, 2**128 - 1, 0x20010db8 << 96] + \
            [0xfe80 << 112 | rng.getrandbits(40) for _ in range(4)] + \
            [rng.getrandbits(128) for _ in range(3)]

    def add(self, i, time):
        rng = self.rng
        r = {"saddr": rng.choice(self.v4), "daddr": rng.choice(self.v4),
             "ret": rng.choice([0, 3, 2, 13, -2, -13, -1, -110, -4096, -600]),
             "uid": rng.choice([*NAMES, UNTOLD]), "port": rng.choice([0, 22, 80, 443, 65535]),
             "six": rng.choice(self.v6), "count": rng.randint(0, 3)}
        pairs = [(rng.choice([0, 1, 7]), rng.choice([0, 5]), rng.choice([0, 9]))
                 for _ in range(r["count"])]
        for at, pair in enumerate(pairs):
            r.update({f"pair[{at}].{name}": v for name, v in zip("abc", pair)})
        data = struct.pack(">II", r["saddr"], r["daddr"]) + struct.pack("<iI", r["ret"], r["uid"])
        data += struct.pack(">H", r["port"]) + b"\0\0" + r["six"].to_bytes(16, "big")
        data += struct.pack("<I", r["count"]) + b"".join(struct.pack("<IHH", *p) for p in pairs)
        # Zeros of an element that is not whole.
        self.stream.put(data + bytes(rng.choice([0, 0, 1, 4, 7])), self.map, time)
        self.records[i] = r

    def lines(self):
        told = [[n, name] for n, name in NAMES.items()]
        names = {"kind": "uid", "names": self.rng.sample(told, len(told))}
        return [json.dumps({"@names": names}, separators=(",", ":")).encode() + b"\n"]

    def where(self, member, true):
        return sum(1 << i for i, r in self.records.items() if member in r and true(r[member]))

    def address(self, member):
        """A comparison with an address, or with several."""
        rng, n = self.rng, 128 if member == "six" else 32
        pool = self.v6 if n == 128 else self.v4
        text = lambda v: str(ipaddress.IPv6Address(v) if n == 128 else ipaddress.IPv4Address(v))
        some = lambda: min(max(rng.choice(pool) + rng.choice([0, 0, 1, -1]), 0), 2**n - 1)
        if rng.random() < 0.5:
            op, v = rng.choice([*self.holds]), some()
            return f"{member} {op} {text(v)}", self.where(member, lambda a: self.holds[op](a, v))
        texts, ranges = [], []
        for _ in range(rng.randint(1, 5)):
            kind, low, high, bits = rng.random(), some(), some(), rng.randint(0, n)
            if kind < 0.3:
                texts.append(f"{text(low)}..{text(high)}")
            elif kind < 0.6:
                low = low >> n - bits << n - bits
                high = low | (1 << n - bits) - 1
                texts.append(f"{text(low)}/{bits}")
            else:
                high = low
                texts.append(text(low))
            ranges.append((low, high))
        return (f"{member} in ({', '.join(texts)})",
                self.where(member, lambda a: any(x <= a <= y for x, y in ranges)))

    def error(self):
        rng = self.rng
        n, name = rng.choice([*ERRNO.items()])
        op = rng.choice(["==", "!="])
        minus = rng.random() < 0.5
        true = lambda v: (v == -n if minus else abs(v) == n) == (op == "==")
        return f"ret {op} {'-' if minus else ''}{name}", self.where("ret", true)

    def user(self):
        rng, op = self.rng, self.rng.choice(["==", "!=", "in"])
        names = [n for n in NAMES.values() if n] + ["ann", "77"]
        if op != "in":
            v = rng.choice(names[:-1])
            return f'uid {op} "{v}"', self.where(
                "uid", lambda u: NAMES.get(u) is not None and self.holds[op](NAMES[u], v))
        chosen = rng.sample(names[:-1], 2)
        n = rng.choice([0, 33, UNTOLD, 1001])
        return (f'uid in ("{chosen[0]}", {n}, "{chosen[1]}")',
                self.where("uid", lambda u: u == n or NAMES.get(u) in chosen))

    def text(self, member, v):
        """What skel-fmt shows of a value; None: there is no name."""
        if member in ("saddr", "daddr"):
            return str(ipaddress.IPv4Address(v))
        if member == "six":
            return str(ipaddress.IPv6Address(v))
        if member == "ret":
            return "-" + ERRNO[-v] if -v in ERRNO else str(v)
        return NAMES.get(v) if member == "uid" else str(v)

    def match(self):
        rng = self.rng
        member, patterns = rng.choice([
            ("saddr", [r"^10\.", r"\.1$", "^127"]), ("six", ["^fe80::", ":", "f{4}$"]),
            ("ret", ["ENO", "^-E", r"^\d", "^-6"]), ("uid", ["a", "^r", "-"]),
            ("port", ["^4", "^0$"])])
        pattern, negate = rng.choice(patterns), rng.random() < 0.3
        found = re.compile(pattern)

        def true(v):
            text = self.text(member, v)
            return text is not None and (found.search(text) is None) == negate
        return f'{member} {"!~" if negate else "~"} "{pattern}"', self.where(member, true)

    def shown(self):
        rng = self.rng
        member = rng.choice(["saddr", "six", "ret", "uid", "port"])
        values = [r[member] for r in self.records.values()]
        text = self.text(member, rng.choice(values)) or "x"
        op = rng.choice([*self.holds])

        def true(v):
            own = self.text(member, v)
            return own is not None and self.holds[op](own, text)
        return f'{member}_text {op} "{text}"', self.where(member, true)

    def element(self):
        rng, op = self.rng, self.rng.choice([*self.holds])
        member, v = f"pair[{rng.randint(0, 3)}].{rng.choice('abc')}", rng.choice([0, 1, 5, 7, 9])
        return f"{member} {op} {v}", self.where(member, lambda a: self.holds[op](a, v))

    def pair(self):
        op = self.rng.choice([*self.holds])
        return f"saddr {op} daddr", sum(
            1 << i for i, r in self.records.items() if self.holds[op](r["saddr"], r["daddr"]))

    def compare(self):
        return self.rng.choice([
            lambda: self.address("saddr"), lambda: self.address("six"), self.error, self.user,
            self.match, self.shown, self.element, self.pair])()
