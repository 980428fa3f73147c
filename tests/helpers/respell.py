#!/usr/bin/env python3
"""Write a stream of JSON records again as other programs would.

	respell.py compact|spaced|reversed|escaped <STREAM

The values stay the same; the header stays as it is.  compact: no blanks, text
as UTF-8.  spaced: as json.dumps() writes by itself, ", " and ": " and all text
in ASCII.  reversed: the keys of each object in the opposite order.  escaped:
the first letter of each key as \\u0070.
"""
import json
import sys


def reverse(value):
    if isinstance(value, dict):
        return {key: reverse(v) for key, v in reversed(value.items())}
    if isinstance(value, list):
        return [reverse(v) for v in value]
    return value


def escape(value):
    if isinstance(value, dict):
        return "{" + ",".join(f'"\\u{ord(key[0]):04x}{json.dumps(key[1:])[1:]}:{escape(v)}'
                              for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(escape, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


WAYS = {"compact": compact, "spaced": json.dumps, "escaped": escape,
        "reversed": lambda value: compact(reverse(value))}

write = WAYS[sys.argv[1]]
for i, line in enumerate(sys.stdin):
    print(line.rstrip("\n") if i == 0 else write(json.loads(line)))
