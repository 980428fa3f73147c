#!/usr/bin/env python3
"""Decode a profile.proto, gzip'd, and print it for tests.

    pprof.py FILE             all of it, as JSON
    pprof.py --folded FILE    the stacks with their first value, as --folded has them
    pprof.py --check FILE     nothing, if it is what profile.proto says it must be

This is written from the description alone, github.com/google/pprof's
proto/profile.proto, and from protobuf.dev's of the encoding."""
import gzip
import json
import struct
import sys

MESSAGES = {
    "Profile": {1: ("sample_type", "*ValueType"), 2: ("sample", "*Sample"), 3: ("mapping", "*Mapping"),
                4: ("location", "*Location"), 5: ("function", "*Function"), 6: ("string_table", "*string"),
                7: ("drop_frames", "int"), 8: ("keep_frames", "int"), 9: ("time_nanos", "int"),
                10: ("duration_nanos", "int"), 11: ("period_type", "ValueType"), 12: ("period", "int"),
                13: ("comment", "*int"), 14: ("default_sample_type", "int"), 15: ("doc_url", "int")},
    "ValueType": {1: ("type", "int"), 2: ("unit", "int")},
    "Sample": {1: ("location_id", "*uint"), 2: ("value", "*int"), 3: ("label", "*Label")},
    "Label": {1: ("key", "int"), 2: ("str", "int"), 3: ("num", "int"), 4: ("num_unit", "int")},
    "Mapping": {1: ("id", "uint"), 2: ("memory_start", "uint"), 3: ("memory_limit", "uint"), 4: ("file_offset", "uint"),
                5: ("filename", "int"), 6: ("build_id", "int"), 7: ("has_functions", "int"), 8: ("has_filenames", "int"),
                9: ("has_line_numbers", "int"), 10: ("has_inline_frames", "int")},
    "Location": {1: ("id", "uint"), 2: ("mapping_id", "uint"), 3: ("address", "uint"), 4: ("line", "*Line"),
                 5: ("is_folded", "int")},
    "Line": {1: ("function_id", "uint"), 2: ("line", "int"), 3: ("column", "int")},
    "Function": {1: ("id", "uint"), 2: ("name", "int"), 3: ("system_name", "int"), 4: ("filename", "int"),
                 5: ("start_line", "int")},
}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            assert shift <= 70, "a varint of more than ten bytes"
            return value & (1 << 64) - 1, at


def number(value, kind):
    return value - (1 << 64) if kind == "int" and value >> 63 else value


def decode(data, message):
    fields = MESSAGES[message]
    out = {name: [] if kind[0] == "*" else 0 for name, kind in fields.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        assert tag >> 3 in fields, f"{message} has no field {tag >> 3}"
        name, kind = fields[tag >> 3]
        many, kind = kind[0] == "*", kind.lstrip("*")
        if tag & 7 == 0:
            assert kind in ("int", "uint"), f"{name} is a number"
            value, at = varint(data, at)
            values = [number(value, kind)]
        else:
            assert tag & 7 == 2, f"wire type {tag & 7}"
            size, at = varint(data, at)
            part = data[at:at + size]
            assert len(part) == size, f"{name} is cut"
            at += size
            if kind == "string":
                values = [part.decode()]
            elif kind in ("int", "uint"):
                assert many, f"{name} is packed"
                values, i = [], 0
                while i < size:
                    value, i = varint(part, i)
                    values.append(number(value, kind))
            else:
                values = [decode(part, kind)]
        if many:
            out[name] += values
        else:
            out[name] = values[-1]
    return out


class Profile:
    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        # No flags, so no name; and no time.
        assert data[:4] == b"\x1f\x8b\x08\x00" and struct.unpack("<I", data[4:8])[0] == 0, "the header of gzip"
        self.raw = decode(gzip.decompress(data), "Profile")
        self.strings = self.raw["string_table"]
        self.functions = self.by_id("function")
        self.locations = self.by_id("location")
        self.mappings = self.by_id("mapping")
        self.check()

    def by_id(self, name):
        out = {x["id"]: x for x in self.raw[name]}
        assert len(out) == len(self.raw[name]) and 0 not in out, f"{name}: ids"
        return out

    def check(self):
        raw = self.raw
        assert self.strings[0] == "", "string 0"
        assert len(set(self.strings)) == len(self.strings), "a string is there twice"
        assert raw["sample_type"], "no sample type"
        for s in raw["sample"]:
            assert len(s["value"]) == len(raw["sample_type"]), "values"
            assert s["location_id"], "a sample without a location"
            for i in s["location_id"]:
                assert i in self.locations, f"location {i}"
            for label in s["label"]:
                assert self.strings[label["key"]], "a label without a key"
                assert not (label["str"] and label["num"]), "a label of two values"
        for x in raw["location"]:
            m = x["mapping_id"]
            if m:
                assert self.mappings[m]["memory_start"] <= x["address"] < self.mappings[m]["memory_limit"], \
                    "an address outside of its mapping"
            for line in x["line"]:
                assert line["function_id"] in self.functions, "function"
        for f in raw["function"]:
            assert self.strings[f["name"]], "a function without a name"
            self.strings[f["filename"]]
        for c in raw["comment"]:
            self.strings[c]

    def frames(self, sample):
        """The functions of a sample, the innermost first, as [name, file, line]; None: unknown."""
        for i in sample["location_id"]:
            lines = self.locations[i]["line"]
            for line in lines:
                f = self.functions[line["function_id"]]
                yield self.strings[f["name"]], self.strings[f["filename"]], line["line"]
            if not lines:
                yield None

    def labels(self, sample):
        return {self.strings[x["key"]]: self.strings[x["str"]] if x["str"] else x["num"] for x in sample["label"]}

    def types(self):
        return ["/".join((self.strings[t["type"]], self.strings[t["unit"]])) for t in self.raw["sample_type"]]

    def json(self):
        s = self.strings
        return {
            "types": self.types(),
            "samples": [{"stack": [list(f) if f else None for f in self.frames(x)], "values": x["value"],
                         "labels": self.labels(x)} for x in self.raw["sample"]],
            "mappings": [{"start": m["memory_start"], "limit": m["memory_limit"], "offset": m["file_offset"],
                          "file": s[m["filename"]], "build_id": s[m["build_id"]],
                          "has": [m[k] for k in ("has_functions", "has_filenames", "has_line_numbers",
                                                 "has_inline_frames")]} for m in self.raw["mapping"]],
            "locations": [{"mapping": x["mapping_id"], "address": x["address"],
                           "lines": [[s[self.functions[y["function_id"]]["name"]], y["line"]] for y in x["line"]]}
                          for x in self.raw["location"]],
            "time": self.raw["time_nanos"], "duration": self.raw["duration_nanos"],
            "period": self.raw["period"], "comments": [s[c] for c in self.raw["comment"]],
        }

    def folded(self):
        """As skel-fmt --folded writes it: kernel functions end with "_[k]" there, which nobody can tell here."""
        sums = {}
        for x in self.raw["sample"]:
            names = [f[0] if f else "[unknown]" for f in self.frames(x)][::-1]
            labels = self.labels(x)
            process = labels.get("comm", str(labels["pid"]) if "pid" in labels else None)
            key = ";".join(y.replace(" ", "_").replace(";", ":") for y in ([process] if process else []) + names)
            sums[key] = sums.get(key, 0) + x["value"][0]
        return sums


def main():
    mode, path = (["--json"] + sys.argv[1:])[-2:]
    p = Profile(path)
    if mode == "--json":
        print(json.dumps(p.json(), ensure_ascii=False))
    elif mode == "--folded":
        for key, count in sorted(p.folded().items(), key=lambda x: x[0].encode()):
            print(key, count)


if __name__ == "__main__":
    main()
