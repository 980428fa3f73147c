#!/usr/bin/env python3
"""Check text in Prometheus' format 0.0.4 on standard input, or print its series.

    prom-check.py             exit 1 and say what is wrong, if anything is
    prom-check.py --values    print each series as a JSON array: [name, labels, value]
"""
import json
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
LINE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)\Z", re.S)
PAIR = re.compile(rf'({LABEL})="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|\Z)', re.S)
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?([eE][-+]?\d+)?|Inf)\Z|NaN\Z")


def wrong(number, line, what):
    sys.exit(f"line {number}: {what}: {line!r}")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


def parse(text):
    types, helps, series, family, done = {}, set(), [], None, set()
    seen = set()
    if text and not text.endswith("\n"):
        wrong("last", text[-20:], "no newline")
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            if what == "HELP":
                if name in helps or not rest or re.search(r"\\[^\\n]", rest.replace("\\\\", "")):
                    wrong(number, line, "HELP")
                helps.add(name)
            elif what == "TYPE":
                if name in types or name not in helps or rest not in ("counter", "gauge", "histogram"):
                    wrong(number, line, "TYPE")
                types[name] = rest
            else:
                wrong(number, line, "a comment")
            family = name
            continue
        match = LINE.match(line)
        if not match:
            wrong(number, line, "no sample")
        name, labels, value = match.groups()
        pairs, at = [], 0
        while labels is not None and at < len(labels):
            pair = PAIR.match(labels, at)
            if not pair:
                wrong(number, line, "labels")
            pairs.append((pair[1], unescape(pair[2])))
            at = pair.end()
        names = [n for n, _ in pairs]
        if len(set(names)) != len(names) or any(n.startswith("__") for n in names):
            wrong(number, line, "names of labels")
        if not NUMBER.match(value):
            wrong(number, line, "value")
        kind = types.get(family)
        suffix = name[len(family or ""):] if name.startswith(family or "") else None
        if kind == "histogram":
            if suffix not in ("_bucket", "_sum", "_count") or ("le" in names) != (suffix == "_bucket"):
                wrong(number, line, "part of a histogram")
        elif suffix != "" or "le" in names or (kind == "counter") != name.endswith("_total"):
            wrong(number, line, "not of its family")
        key = (name, tuple(sorted(pairs)))
        if key in seen:
            wrong(number, line, "twice")
        seen.add(key)
        series.append((name, pairs, value))
    check_histograms(types, series)
    return series


def check_histograms(types, series):
    """Buckets grow, end with +Inf, and that is the count."""
    last = {}
    for name, pairs, value in series:
        for part in ("_bucket", "_count"):
            base = name.removesuffix(part)
            if base == name or types.get(base) != "histogram":
                continue
            rest = tuple(p for p in pairs if p[0] != "le")
            le, count = last.get((base, rest), (float("-inf"), 0))
            now = float("inf") if part == "_count" else float(dict(pairs)["le"])
            if part == "_count":
                if (le, count) != (now, int(value)):
                    sys.exit(f"{base}: the count is not the last bucket: {pairs}")
            elif now <= le or int(value) < count:
                sys.exit(f"{base}: buckets do not grow: {pairs}")
            last[base, rest] = now, int(value)


try:
    data = sys.stdin.buffer.read().decode()
except UnicodeDecodeError as e:
    sys.exit(f"no UTF-8: {e}")
found = parse(data)
if "--values" in sys.argv:
    for name, pairs, value in found:
        print(json.dumps([name, dict(pairs), value], ensure_ascii=False, separators=(",", ":")))
