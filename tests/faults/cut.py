#!/usr/bin/env python3
"""Cut a recorded stream at every byte, and see what skel-fmt makes of it.

	cut.py FILE

Of the header every 29th byte will do, but with FAULTS=all; and of the records
every fifth where SAN makes each run slow.  Up to the cut all is read: what
comes out is what comes of the whole lines before it.  The end is missing, which
is said, and no more; where not even the header is whole, that is, with status
1.  The last line counts.
"""

import os
import subprocess
import sys

data = open(sys.argv[1], "rb").read()
header = data.index(b"\n") + 1
every = os.environ.get("FAULTS") == "all"
stride = 1 if every else 29
step = 5 if os.environ.get("SAN") and not every else 1


def fmt(text):
	p = subprocess.run(["skel-fmt", "--json"], input=text, timeout=60,
		stdout=subprocess.PIPE, stderr=subprocess.PIPE)
	return p.returncode, p.stdout, p.stderr.decode()


# What has come out behind each whole line.
status, all_out, err = fmt(data)
if status != 0 or err:
	sys.exit(f"the whole stream fails: {err}")
outputs = iter(all_out.splitlines(True))
want, out_of, end = b"", {header: b""}, header
for line in data[header:].split(b"\n")[:-1]:
	end += len(line) + 1
	# Lines about the stream itself print nothing.
	if not line.startswith(b'{"@') or line.startswith(b'{"@map"'):
		want += next(outputs)
	out_of[end] = want

wrong = cuts = 0
for n in [*range(0, header, stride), *range(header, len(data), step)]:
	cuts += 1
	status, out, err = fmt(data[:n])
	whole = data[:n].rfind(b"\n") + 1
	if n < header:
		# Nothing at all is no stream of which something is missing.
		ok = out == b"" and (status == 1 and err != "" or n == 0)
	else:
		# A line that lacks nothing but its newline may be read.
		ok = out in (out_of[whole], out_of.get(n + 1)) and status in (0, 1)
		ok = ok and ("end" in err or n + 1 == len(data))
	if not ok:
		wrong += 1
		print(f"cut at {n}: status {status}, {out[-200:]}, {err}")
print(f"{cuts} cuts of {len(data)} bytes, {wrong} wrong")
sys.exit(1 if wrong or not cuts else 0)
