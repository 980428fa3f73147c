"""Processes to be seen, and whether they were.

	processes.py run N WORKER        start N of them, a few at a time; print
	                                 "pid ppid status path" for each
	processes.py check EXPECTED OUT  OUT: bootstrap's records, as JSON lines
"""
import json
import os
import subprocess
import sys


def run(count, worker):
    for first in range(0, count, 8):
        batch = []
        for i in range(first, min(first + 8, count)):
            status = i % 251
            batch.append((subprocess.Popen([worker, str(status)]), status))
        for child, status in batch:
            assert child.wait() == status
            print(child.pid, os.getpid(), status, worker)


def check(expected, out):
    records = {}
    with open(out) as lines:
        for line in lines:
            record = json.loads(line)
            records.setdefault(record["pid"], []).append(record)
    wrong = 0
    with open(expected) as lines:
        for line in lines:
            pid, ppid, status, path = line.split(" ")
            path = path.rstrip("\n")
            comm = os.path.basename(path)[:15]
            seen = records.get(int(pid), [])
            starts = [r for r in seen if not r["exit_event"]]
            ends = [r for r in seen if r["exit_event"]]
            good = (
                len(starts) == 1
                and len(ends) == 1
                and starts[0]["filename"] == path
                and all(r["ppid"] == int(ppid) and r["comm"] == comm for r in seen)
                and ends[0]["exit_code"] == int(status)
                and ends[0]["duration_ns"] > 0
            )
            if not good:
                wrong += 1
                print("wrong for", line.strip(), "seen:", seen)
    sys.exit(wrong != 0)


if sys.argv[1] == "run":
    run(int(sys.argv[2]), sys.argv[3])
else:
    check(sys.argv[2], sys.argv[3])
