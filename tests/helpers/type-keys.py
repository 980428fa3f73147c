#!/usr/bin/env python3
"""Type keys into a shell on a terminal, and wait for what it shows.

    type-keys.py bash|zsh FILE KEYS WANT

FILE is the shell's completion.  KEYS may contain "\\t".  The status is 0 as soon as
the line with the cursor contains WANT, and 1 if it does not within 30 seconds; then
what the shell wrote is printed.
"""
import os
import pty
import re
import select
import signal
import sys
import time

shell, path, keys, want = sys.argv[1:]
keys = keys.replace("\\t", "\t")
# What the shell prints when it has read the first line, where it is written otherwise.
READY = "ready"
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"],
        f"PS1='> '; bind 'set bell-style none'; . '{path}'; echo r''eady\n"),
    "zsh": (["zsh", "-f", "-i"],
        f"PS1='> '; fpath=('{os.path.dirname(path)}' $fpath); autoload -Uz compinit; "
        "compinit -u -D; echo r''eady\n"),
}
argv, first = START[shell]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", HISTFILE="", LANG="C.UTF-8")
    os.execvp(argv[0], argv)
seen = b""
end = time.monotonic() + 30


def wait_for(text, since):
    """Whether the text comes; escape sequences do not count."""
    global seen
    while True:
        plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\x07\r]", b"", seen[since:])
        # Backspaces move the cursor before the line is written again.
        if text.encode() in plain:
            return True
        if time.monotonic() > end or not select.select([fd], [], [], end - time.monotonic())[0]:
            return False
        try:
            seen += os.read(fd, 65536)
        except OSError:
            return False


os.write(fd, first.encode())
good = wait_for("\n" + READY + "\n", 0)
start = len(seen)
if good:
    os.write(fd, keys.encode())
    good = wait_for(want, start)
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
if not good:
    print(repr(seen[start:] if start else seen))
sys.exit(0 if good else 1)
