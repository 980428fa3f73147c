#!/usr/bin/env python3
"""Check what "skel-fmt --json" adds to histograms, by what the header says of them.

    buckets.py STREAM PLAIN JSON

STREAM is the stream, PLAIN has its records as JSON without buckets, JSON those of
skel-fmt.  Prints how many arrays of buckets there are, and how many are not empty.
"""
import json
import sys

LAST = 63  # of histograms whose bucket is in the key


def bounds(map_, i, member):
    if map_["sample"]["type"] == "linear_hist":
        step, start = member.get("step", 1), member.get("start", 0)
        return start + i * step, start + (i + 1) * step - 1
    return (0 if i == 0 else 1 << i), (2 << i) - 1


def find_member(types, i, name):
    while types[i]["kind"] in ("array", "typedef"):
        i = types[i]["of"]
    return next((m for m in types[i].get("members", []) if m["name"] == name), None)


def expect(map_, types, value, i):
    """Add to value, of type i, what its slots count."""
    if isinstance(value, list):
        for v in value:
            expect(map_, types, v, i)
        return
    for name, v in list(value.items()) if isinstance(value, dict) else []:
        member = find_member(types, i, name)
        if name != "slots" or not isinstance(v, list) or not v or not all(type(n) is int for n in v):
            expect(map_, types, v, member["type"])
            continue
        last = max((k for k, n in enumerate(v) if n != 0), default=-1)
        add(map_, value, [bucket(*bounds(map_, k, member), n, k + 1 == len(v)) for k, n in enumerate(v[:last + 1])])


def bucket(low, high, count, is_open):
    return {"min": low, **({} if is_open else {"max": high}), "count": count}


def add(map_, where, buckets):
    if map_["sample"]["unit"] != "(unit)":
        where["unit"] = map_["sample"]["unit"]
    where["buckets"] = buckets
    found.append(buckets)


def expect_key(map_, record):
    exp2 = map_["sample"].get("buckets") == "exp2_hist"
    key = record["key"]
    number = list(key.values())[-1] if isinstance(key, dict) else key
    count = record["value"]
    if isinstance(count, dict):
        count = count["count"]
    if not isinstance(number, int) or not isinstance(count, int):
        return
    low, high = (number, number) if not exp2 else bounds({"sample": {"type": "log2_hist"}}, min(number, LAST), {}) if number >= 0 else (0, 0)
    add(map_, record, [bucket(low, high, count, exp2 and number >= LAST)] if number >= 0 and count else [])


found = []
with open(sys.argv[1], "rb") as f:
    header = json.loads(f.readline())
maps = {m["name"]: m for m in header["maps"]}
plain = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
plain = [r for r in plain if "@map" in r]
got = [json.loads(line) for line in open(sys.argv[3], encoding="utf-8")]
if len(plain) != len(got):
    sys.exit(f"{len(got)} records, not {len(plain)}")
for want, have in zip(plain, got):
    m = maps[want["@map"]]
    sample = m.get("sample", {})
    if "value" not in m or sample.get("type") is None:
        continue
    if sample["type"] != "default_kv":
        before = len(found)
        expect(m, header["types"], want["value"] if "value" in want else want["values"], m["value"])
        if len(found) == before and sample["type"] == "linear_hist":
            expect_key(m, want)
    elif sample.get("buckets") == "exp2_hist":
        expect_key(m, want)
    if want != have:
        sys.exit(f"have {json.dumps(have)}\nwant {json.dumps(want)}")
print(len(found), sum(b != [] for b in found))
