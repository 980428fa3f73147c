"""Time skel-grep beside jq, for run.py: the same question of the same recording.

skel-grep reads the stream, jq the same records as JSON, which were made before and
are not timed.  Both write the records that they find.
"""
import os
import subprocess
import sys

# A question with two comparisons, as skel-grep and as jq have it.
QUESTIONS = [
    ('pid > 2000000 && comm == "cc1"', 'select(.pid > 2000000 and .comm == "cc1")'),
    ('exit_code != 0 || duration_ns > 89ms', 'select(.exit_code != 0 or .duration_ns > 89e6)'),
]


def shown(first, stdin, then=None):
    """What a command writes, through another one if there is one."""
    with open(stdin, "rb") as source:
        text = subprocess.run(first, stdin=source, stdout=subprocess.PIPE, check=True).stdout
    if then is not None:
        text = subprocess.run(then, input=text, stdout=subprocess.PIPE, check=True).stdout
    return text


def table(bench, medians, row):
    grep = os.path.join(os.path.dirname(bench.fmt), "skel-grep")
    lines = bench.path("events.json")
    with open(lines, "wb") as f:
        f.write(shown([bench.fmt, "--json", "--bare"], bench.stream))
    row(f"Those of {bench.records} events that are", "ns/record", "/ ours")
    for ours, theirs in QUESTIONS:
        # Only then a comparison is fair.
        if (shown([grep, ours], bench.stream, [bench.fmt, "--json", "--bare"]) !=
                shown(["jq", "-c", theirs], lines)):
            sys.exit(f"skel-grep '{ours}' and jq '{theirs}' do not find the same")
        got = medians([("ours", [grep, ours], bench.stream, "/dev/null"),
                       ("jq", ["jq", "-c", theirs], lines, "/dev/null"),
                       ("cat", ["cat"], bench.stream, "/dev/null")], bench.records)
        row(f"skel-grep '{ours}'", f"{got['ours']:.0f}")
        row("  jq -c 'select(...)' of their JSON", f"{got['jq']:.0f}",
            f"{got['jq'] / got['ours']:.1f}")
        row("  cat, which only reads the stream", f"{got['cat']:.0f}",
            f"{got['cat'] / got['ours']:.1f}")
    os.unlink(lines)
