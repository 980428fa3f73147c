#!/usr/bin/env python3
"""Check that the folders of lib/ depend on each other in one direction only.

	rooms.py BUILD ROOM...

The rooms are named in their order, each after those that it may use, and BUILD
holds the object files.  Every offence is one line on standard error, and the
exit status is 1:

- a folder of lib/ is not in the order, or a name in the order has no folder;
- a file includes a header of a later room, or of a command;
- an object file needs a symbol that only a later room defines.  Symbols are
  asked of nm(1), since a table of constants creates a dependency that no header
  shows;
- object files need each other in a circle, within one room too.
"""
import os
import re
import subprocess
import sys

INCLUDE = re.compile(r'^#include "(?:([^"/]+)/)?[^"]+"', re.M)


def check_folders(rooms):
    folders = {f for f in os.listdir("lib") if os.path.isdir("lib/" + f)}
    for room in folders ^ set(rooms):
        yield f"lib/{room}: {'not in the order' if room in folders else 'no such folder'}"


def check_includes(rooms):
    place = {room: i for i, room in enumerate(rooms)}
    for room in rooms:
        for name in sorted(os.listdir("lib/" + room)):
            path = f"lib/{room}/{name}"
            if not name.endswith((".c", ".h")):
                continue
            with open(path) as file:
                text = file.read()
            for line in INCLUDE.finditer(text):
                used = line.group(1)
                if used not in place:
                    yield f"{path}: {line.group(0)}: no folder of lib/"
                elif place[used] > place[room]:
                    yield f"{path}: {line.group(0)}: {used}/ comes after {room}/"


def read_symbols(paths):
    """What each object file defines, and what it needs."""
    defined, needed = {}, {}
    nm = subprocess.run(["nm", "-A", "-g", "-P"] + paths, check=True,
                        capture_output=True, text=True)
    for line in nm.stdout.splitlines():
        path, symbol, kind = line.split()[:3]
        path = path.rstrip(":")
        if kind == "U":
            needed.setdefault(path, set()).add(symbol)
        elif kind not in "wv":
            defined[symbol] = path
    return defined, needed


def find_circles(needs):
    """The sets of objects that reach each other (Tarjan's algorithm)."""
    order, low, stack, circles = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in needs.get(node, ()):
            if other not in order:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                circles.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(needs):
        if node not in order:
            visit(node)
    return circles


def check_objects(build, rooms):
    paths = [f"{build}/lib/{room}/{name[:-2]}.o" for room in rooms
             for name in sorted(os.listdir("lib/" + room)) if name.endswith(".c")]
    defined, needed = read_symbols(paths)
    place = {path: rooms.index(path.split("/")[-2]) for path in paths}
    needs = {}
    for path in paths:
        for symbol in sorted(needed.get(path, ())):
            other = defined.get(symbol, path)
            if other == path:
                continue
            needs.setdefault(path, set()).add(other)
            if place[other] > place[path]:
                yield f"{path}: {symbol}() is in the later {other}"
    for circle in find_circles(needs):
        yield "need each other: " + " ".join(os.path.relpath(p, build) for p in circle)


def main():
    build, rooms = sys.argv[1], sys.argv[2:]
    wrong = list(check_folders(rooms))
    if not wrong:
        wrong = [*check_includes(rooms), *check_objects(build, rooms)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
