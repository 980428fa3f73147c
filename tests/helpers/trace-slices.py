#!/usr/bin/env python3
"""What a viewer should find in traces of skel-fmt --trace, as JSON with sorted keys.

    trace-slices.py FILE     the slices that are over and took some time: of each
                             thread, by their names, how many and their nanoseconds
    trace-slices.py --chromium CHROMIUM SPEEDSCOPE FILE
                             the slices that speedscope finds: its page, in the
                             directory of its package, opens the trace in that
                             browser, and exports what it has read
"""
import base64
import json
import os
import re
import sys
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def add(threads, thread, name, ns):
    # Some viewers leave out slices that take no time.
    if ns == 0:
        return
    of = threads.setdefault(thread, {}).setdefault(name, [0, 0])
    of[0] += 1
    of[1] += ns


def show(threads):
    print(json.dumps(threads, indent=1, sort_keys=True))


def expect(path):
    names, threads = {}, {}
    with open(path, encoding="utf-8") as f:
        events = json.load(f, parse_float=Decimal)
    for e in events:
        if e["ph"] == "M":
            names[e["name"], e["pid"], e["tid"] if e["name"] == "thread_name" else 0] = e["args"]["name"]
    for e in events:
        if e["ph"] != "X":
            continue
        pid, tid = e["pid"], e["tid"]
        thread = f"{names.get(('process_name', pid, 0), '')} {pid}, {names.get(('thread_name', pid, tid), '')} {tid}"
        add(threads, thread, e["name"], int(e["dur"] * 1000))
    show(threads)


# Keep what the page would save as a file.
EXPORT = """(() => {
    const create = URL.createObjectURL;
    URL.createObjectURL = blob => (window.exported = blob, create.call(URL, blob));
    [...document.querySelectorAll('div')].findLast(e => e.textContent.endsWith('Export')).click();
    return window.exported.text();
})()"""


def open_in_speedscope(chromium, package, path):
    from devtools import Browser
    page = "file://" + os.path.abspath(os.path.join(package, "dist/release/index.html"))
    load = os.path.abspath(path + ".js")
    with open(path, "rb") as f, open(load, "w", encoding="utf-8") as out:
        text = base64.b64encode(f.read()).decode()
        out.write(f"speedscope.loadFileFromBase64('trace.json', '{text}')")
    is_open = "document.body !== null && document.body.innerText.includes('Export')"
    b = Browser(chromium)
    try:
        b.call("Page.navigate", url=page + "#localProfilePath=" + load)
        b.wait_for("profile in speedscope", lambda: b.run(is_open))
        text = b.run(EXPORT, wait=True)
        if shot := os.environ.get("SHOTS"):
            b.screenshot(os.path.join(shot, "speedscope.png"))
        if b.dialogs:
            sys.exit(f"speedscope says: {b.dialogs}")
    finally:
        b.close()
    got, threads = json.loads(text), {}
    frames = [f["name"] for f in got["shared"]["frames"]]
    for p in got["profiles"]:
        # "NAME (pid 1), NAME (tid 2)"; a frame's name is followed by its arguments.
        m = re.fullmatch(r"(?:(.*) \(pid (\d+)\)|pid (\d+)), (?:(.*) \(tid (\d+)\)|tid (\d+))", p["name"], re.S)
        thread = f"{m[1] or ''} {m[2] or m[3]}, {m[4] or ''} {m[5] or m[6]}"
        stack = []
        for e in p["events"]:
            if e["type"] == "O":
                stack.append(e)
                continue
            begin = stack.pop()
            assert begin["frame"] == e["frame"], "slices are nested"
            add(threads, thread, frames[e["frame"]].split(" {", 1)[0], round((e["at"] - begin["at"]) * 1000))
        assert p["unit"] == "microseconds" and not stack
    show(threads)


def main():
    if sys.argv[1] == "--chromium":
        open_in_speedscope(*sys.argv[2:])
    else:
        expect(sys.argv[1])


if __name__ == "__main__":
    main()
