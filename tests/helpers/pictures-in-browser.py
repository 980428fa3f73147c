#!/usr/bin/env python3
"""Open pictures of skel-fmt in a browser, click and type, and look at what happens.

    pictures-in-browser.py BROWSER [DIRECTORY]

Prints a line for each thing that is checked, "ok TEXT" or "not ok TEXT", and fails
if one is not.  A screenshot of each picture is kept in the directory.  The profile is
a real one, if this machine loads BPF programs.
"""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from devtools import Browser  # noqa: E402

ROOT = os.environ["ROOT"]
HOSTILE = ["</text><script>alert(1)</script>", "]]>", "\"><script>alert(2)</script>",
           "<img src=x onerror=alert(3)>", "&lt;b&gt;&#x41;", "</title></svg>",
           "javascript:alert(4)", "a\u0001\u001b[2J\u0085b", "\u202eabc\u2066",
           "x" * 4096, "'; alert(5); '", "${alert(6)}", "{{7*7}}"]
failures = 0


def check(text, good, shown=""):
    global failures
    failures += not good
    print(("ok " if good else "not ok ") + text + ("" if good else f": {shown}"),
          flush=True)


def run(command, path, text=None, good=(0,)):
    with open(path, "w") as out:
        done = subprocess.run(command, stdout=out, input=text, text=True)
    if done.returncode not in good:
        sys.exit(f"not ok {' '.join(command)}: status {done.returncode}")
    return path


def fmt(form, path, inputs, text=None):
    return run(["skel-fmt", "-q", "--" + form, *inputs], path, text)


class Picture:
    """A picture that is open."""

    def __init__(self, browser, path, shots):
        self.b, self.path, self.shots = browser, path, shots
        browser.open(path)
        browser.run("new Promise(r => requestAnimationFrame("
                    "() => requestAnimationFrame(r)))", wait=True)

    def frame(self, name):
        """Place and width on the screen of the first frame whose name begins so."""
        return self.b.run("""((name) => {
            const f = [...document.querySelectorAll('.f')].find(
                f => f.querySelector('title').textContent.startsWith(name));
            const r = f.querySelector('rect').getBoundingClientRect();
            return { x: r.x, y: r.y + r.height / 2, width: r.width,
                shown: getComputedStyle(f).display !== 'none',
                title: f.querySelector('title').textContent };
        })(%s)""" % json.dumps(name))

    def click(self, frame):
        # Where no other frame's stroke is.
        self.b.click(frame["x"] + frame["width"] / 2, frame["y"])

    def text(self, name):
        return self.b.run(
            f"document.getElementById('{name}').textContent")

    def is_quiet(self, what):
        """No script but ours has run, and nothing was asked of anybody."""
        b = self.b
        check(what + ": no dialog, no message of the console, no request",
              not b.dialogs and not b.messages and
              b.requests == ["file://" + os.path.abspath(self.path)],
              f"{b.dialogs} {b.messages} {b.requests}")
        check(what + ": the only script is that of the picture",
              b.run("document.querySelectorAll('script').length") == 1)

    def shoot(self, name):
        if self.shots:
            self.b.screenshot(os.path.join(self.shots, name + ".png"))


def folded(inputs):
    out = subprocess.run(["skel-fmt", "-q", "--folded", *inputs], check=True,
                         capture_output=True, text=True).stdout
    return [(line.rsplit(" ", 1)[0], int(line.rsplit(" ", 1)[1]))
            for line in out.splitlines()]


def record_profile():
    """A recording of a busy process; that of the tests where BPF cannot be had."""
    if subprocess.run([f"{ROOT}/tests/helpers/has-bpf"], capture_output=True).returncode:
        return f"{ROOT}/tests/fixtures/format/stacks.skel", "main"
    work = ("i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done; "
            "tar cf /dev/null /usr/share/doc 2>/dev/null")
    run(["skel-load", "-q", "-t", "20", "-a", "profile=perf:cpu-clock,freq=199",
         "-c", f"sh -c '{work}'", f"{ROOT}/assets/profile.json"], "profile.skel",
        good=(0, 3))  # records may be lost
    return "profile.skel", None


def check_flame(browser, shots):
    stream, _ = record_profile()
    stacks = folded([stream])
    total = sum(count for _, count in stacks)
    p = Picture(browser, fmt("flame", "flame.svg", [stream]), shots)
    p.shoot("flame")
    ground = p.frame("all (")
    check("the ground row is as wide as the picture, and counts all",
          round(ground["width"]) == 1180 and
          re.sub(r"\D", "", ground["title"].split(" samples")[0]) == str(total), ground)
    # The process with the most samples, and a function in it.
    by_process = {}
    for stack, count in stacks:
        name = stack.split(";")[0]
        by_process[name] = by_process.get(name, 0) + count
    name, count = max(by_process.items(), key=lambda i: i[1])
    process = p.frame(name.replace("_", " ") if stream != "profile.skel" else name)
    check("a frame is as wide as its share",
          abs(process["width"] - 1180 * count / total) < 2, (process, count, total))
    browser.hover(process["x"] + process["width"] / 2, process["y"])
    check("pointing at a frame tells its name, count and share",
          p.text("details") == process["title"], p.text("details"))
    p.click(process)
    zoomed = p.frame(name)
    check("a click zooms", round(zoomed["width"]) == 1180, zoomed)
    others = [n for n in by_process if n != name]
    check("the frames beside it are hidden",
          not others or not p.frame(others[0] + " (")["shown"])
    p.shoot("flame-zoomed")
    browser.run("document.getElementById('reset').dispatchEvent("
                "new MouseEvent('click'))")
    check("reset zoom goes back", p.frame(name)["width"] == process["width"])
    p.click(p.frame(name))
    p.click(p.frame("all ("))
    check("a click on the ground row goes back", p.frame(name)["width"] == process["width"])
    check_search(p, stacks, total)
    check_keys(p)
    p.is_quiet("flame graph")


def check_search(p, stacks, total):
    # A part of a name of some function, in other letters.
    names = [f for stack, _ in stacks for f in stack.split(";")[1:]
             if len(f) > 3 and f.isascii() and "unknown" not in f]
    word = max(set(names), key=names.count).removesuffix("_[k]")
    want = sum(count for stack, count in stacks
               if word.lower() in ";".join(stack.split(";")).lower())
    p.b.press("f", "Control")
    check("Ctrl-F goes to the field",
          p.b.run("document.activeElement.id") == "search")
    p.b.type(word.upper())
    got = p.text("matched")
    check("the search says the share of what matches, " + got,
          got.startswith(f"matched: {100 * want / total:.2f}% "), (word, want, total))
    marked = p.b.run("""(word => [...document.querySelectorAll('.f')].every(f =>
        f.classList.contains('found') ===
        f.querySelector('title').textContent.split(' (')[0].toLowerCase()
            .includes(word) || f.dataset.c === document.querySelector('.f').dataset.c)
        )(%s)""" % json.dumps(word.lower()))
    colour = p.b.run("getComputedStyle(document.querySelector('.found rect')).fill")
    check("the frames that match are marked", marked and colour == "rgb(212, 54, 212)",
          (marked, colour))
    p.shoot("flame-search")
    p.b.press("Escape")
    check("Escape ends the search", p.text("matched") == "" and
          p.b.run("document.querySelectorAll('.found').length") == 0)


def check_keys(p):
    p.b.run("document.querySelector('.f').focus()")
    p.b.press("ArrowUp")
    p.b.press("Enter")
    width = p.b.run("document.activeElement.querySelector('rect')"
                    ".getBoundingClientRect().width")
    check("the arrow keys and Enter zoom", round(width) == 1180, width)
    p.b.press("Escape")
    check("Escape shows all again", p.b.run(
        "document.getElementById('reset').getAttribute('visibility')") == "hidden")


def check_hostile(browser, shots):
    lines = "".join(json.dumps(
        {"comm": name, "ustack": [{"addr": 2, "symbol": name},
                                  {"addr": 1, "symbol": "main"}]}) + "\n"
        for name in HOSTILE)
    p = Picture(browser, fmt("flame", "hostile.svg", [], lines), shots)
    p.shoot("hostile")
    for name in HOSTILE[:7]:
        check("a name stays text: " + name, p.frame(name + " (")["shown"])
        p.click(p.frame(name + " ("))
        p.b.press("f", "Control")
        p.b.type(name)
        p.b.press("Escape")
        p.b.press("Escape")
    p.is_quiet("hostile names")
    check("names made no elements", browser.run(
        "document.querySelectorAll('img,b,script').length") == 1)


def check_sizes(browser, shots):
    p = Picture(browser, fmt("flame", "small.svg", [],
                '{"comm":"one","ustack":[{"addr":1,"symbol":"main"}]}\n'), shots)
    p.shoot("flame-small")
    check("a picture of one sample", round(p.frame("main")["width"]) == 1180)
    lines = "".join(json.dumps(
        {"comm": f"process {i % 40}", "value": 1 + i % 97, "ustack": [
            {"addr": k, "symbol": f"function_{(i * 7 + k * k) % (3 + 5 * k)}"}
            for k in range(60, 0, -1)]}) + "\n" for i in range(60000))
    p = Picture(browser, fmt("flame", "large.svg", [], lines), shots)
    p.shoot("flame-large")
    n = browser.run("document.querySelectorAll('.f').length")
    check(f"a picture of {n} frames zooms", n > 5000)
    p.click(p.frame("process 7 ("))
    check("a click zooms there", round(p.frame("process 7 (")["width"]) == 1180)
    p.shoot("flame-large-zoomed")
    p.is_quiet("large flame graph")
    # No text is wider than its frame.
    wide = browser.run("""[...document.querySelectorAll('.f')].filter(f =>
        getComputedStyle(f).display !== 'none' && f.querySelector('text').textContent
        && f.querySelector('text').getBBox().width >
            f.querySelector('rect').getBBox().width).length""")
    check("no text is wider than its frame", wide == 0, wide)


def check_heat(browser, shots):
    lines = "".join(json.dumps({"@map": "m", "@time": "2026-11-22T14:%02d:%02d.%03d000000Z" %
                                (i // 6000, i // 100 % 60, i % 100 * 10),
                                "cpu": i % 2, "ns": (i * i) % (50 + i)}) + "\n"
                    for i in range(12000))
    run(["skel-count", "--by", "cpu", "--hist", "ns", "--every", "1s"], "heat.skel", lines)
    p = Picture(browser, fmt("heat", "heat.svg", ["heat.skel"]), shots)
    p.shoot("heat")
    cells = browser.run("[...document.querySelectorAll('[data-c]')].map("
                        "c => Number(c.dataset.c)).reduce((a, b) => a + b)")
    check("the cells of a heat map count all", cells == 12000, cells)
    cell = browser.run("""(() => { const c = document.querySelectorAll('[data-c]')[50];
        const r = c.getBoundingClientRect();
        return [r.x + r.width / 2, r.y + r.height / 2,
            c.querySelector('title').textContent]; })()""")
    browser.hover(cell[0], cell[1])
    check("pointing at a cell tells its time, range and count, " + cell[2],
          p.text("details") == cell[2], p.text("details"))
    browser.hover(5, 5)
    check("pointing elsewhere tells nothing", p.text("details") == "")
    p.is_quiet("heat map")


def main():
    browser = Browser(sys.argv[1])
    shots = sys.argv[2] if len(sys.argv) > 2 else ""
    try:
        check_flame(browser, shots)
        check_hostile(browser, shots)
        check_sizes(browser, shots)
        check_heat(browser, shots)
    finally:
        browser.close()
    sys.exit(failures > 0)


main()
