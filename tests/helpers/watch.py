#!/usr/bin/env python3
"""Run a command, and say what memory it and its descendants used, and whether any outlived it.

    watch.py SECONDS REPORT COMMAND...

The command is killed after SECONDS. REPORT gets the lines "status N" (137: killed), "peak N", the
most KiB that the processes had together, shared memory divided among those that share it, and a
line "left NAME" for each descendant that is there when the command has ended, even one that had
left its children, but for the moment that a killed process takes to give back its memory; "remain
NAME" for each that is there a while later.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36


def descendants():
    """The processes that descend from this one, by their pids, with their names."""
    parents, names = {}, {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as f:
                text = f.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:].rsplit(")", 1)
        state, parent = rest.split()[:2]
        if state != "Z":
            parents[int(pid)], names[int(pid)] = int(parent), name
    found, more = {}, [os.getpid()]
    while more:
        at = more.pop()
        for pid, parent in parents.items():
            if parent == at:
                found[pid] = names[pid]
                more.append(pid)
    return found


def memory(pid):
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            return sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    except (OSError, IndexError):
        return 0


def main():
    # Orphans become children of this process.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    end = time.monotonic() + float(sys.argv[1])
    child = subprocess.Popen(sys.argv[3:])
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    peak = 0
    while child.poll() is None:
        peak = max(peak, sum(map(memory, descendants())))
        if time.monotonic() > end:
            child.kill()
        time.sleep(0.02)
    status = child.returncode if child.returncode >= 0 else 128 - child.returncode
    lines = ["status %d" % status, "peak %d" % peak]
    end = time.monotonic() + 2
    while descendants() and time.monotonic() < end:
        time.sleep(0.02)
    lines += ["left " + name for name in descendants().values()]
    end = time.monotonic() + 20
    while descendants() and time.monotonic() < end:
        time.sleep(0.02)
    for pid, name in descendants().items():
        lines.append("remain " + name)
        os.kill(pid, signal.SIGKILL)
    with open(sys.argv[2], "w") as f:
        f.write("".join(line + "\n" for line in lines))
    return status


sys.exit(main())
