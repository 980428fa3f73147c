#!/usr/bin/env python3
"""Check a file against the Trace Event Format, and print what it has as JSON for tests.

    trace-events.py FILE      the events in their order
    trace-events.py --cut FILE   the same of a file whose end is missing

This is written from the document alone: "Trace Event Format", the array form. Each
line has an event, which a live reader relies on."""
import json
import sys
from decimal import Decimal

REQUIRED = {
    "X": {"name": str, "ts": Decimal, "pid": int, "tid": int, "dur": Decimal},
    "B": {"name": str, "ts": Decimal, "pid": int, "tid": int},
    "E": {"ts": Decimal, "pid": int, "tid": int},
    "i": {"name": str, "ts": Decimal, "s": str},
    "C": {"name": str, "ts": Decimal, "pid": int, "args": dict},
    "M": {"name": str, "pid": int, "args": dict},
}
METADATA = {"process_name": "name", "thread_name": "name"}
OPTIONAL = {"cat": str, "args": dict, "pid": int, "tid": int}


def is_a(value, kind):
    if kind is Decimal:
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    return isinstance(value, kind) and not isinstance(value, bool)


def check(event):
    phase = event["ph"]
    assert phase in REQUIRED, f"phase {phase}"
    for key, kind in REQUIRED[phase].items():
        assert key in event, f"{phase} without {key}"
        assert is_a(event[key], kind), f"{phase}: {key} is {event[key]!r}"
    for key, value in event.items():
        kind = REQUIRED[phase].get(key) or OPTIONAL.get(key)
        assert key == "ph" or kind, f"{phase} has {key}"
        assert key == "ph" or is_a(value, kind), f"{phase}: {key} is {value!r}"
    if phase == "i":
        assert event["s"] in ("g", "p", "t"), f"scope {event['s']}"
    if phase == "C":
        assert event["args"] and all(is_a(v, Decimal) for v in event["args"].values()), "the series of a counter"
    if phase == "M":
        assert METADATA.get(event["name"]) in event["args"], f"metadata {event['name']}"
    if phase == "X":
        assert event["dur"] >= 0, "a negative duration"


def unique(pairs):
    out = dict(pairs)
    assert len(out) == len(pairs), "a key is there twice"
    return out


def main():
    cut, path = (["--whole"] + sys.argv[1:])[-2:]
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if cut == "--cut":
        lines = text.split("\n")[:-1]
        text = "\n".join(lines) + "]"
    events = json.loads(text, parse_float=Decimal, object_pairs_hook=unique)
    assert isinstance(events, list), "the array form"
    if cut != "--cut":
        assert len(text.splitlines()) == len(events) + 2, "a line for each event"
    stacks = {}
    for event in events:
        check(event)
        thread = event.get("pid"), event.get("tid")
        if event["ph"] == "B":
            stacks.setdefault(thread, []).append(event)
        elif event["ph"] == "E":
            assert stacks.get(thread), "an end without a begin"
            begin = stacks[thread].pop()
            assert event.get("name", begin["name"]) == begin["name"], "the end of another slice"
            assert event["ts"] >= begin["ts"], "it ends before it begins"
    for event in events:
        print(json.dumps(event, default=str, ensure_ascii=False))


if __name__ == "__main__":
    main()
