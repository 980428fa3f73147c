#!/usr/bin/env python3
"""Copy lines from standard input to standard output, at most BYTES ahead of the size of
FILE: a sender that waits for a reader behind a broker that keeps little.

    pace.py FILE BYTES
"""
import os
import sys
import time

path, ahead = sys.argv[1], int(sys.argv[2])
sent = 0
while lines := sys.stdin.buffer.readlines(1 << 16):
    while sent - os.stat(path).st_size > ahead:
        time.sleep(0.01)
    sent += sum(map(len, lines))
    sys.stdout.buffer.writelines(lines)
    sys.stdout.buffer.flush()
