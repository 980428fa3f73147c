#!/usr/bin/env python3
"""stream.py N HEAD BODY: a stream's header and N binary records, as files."""

import json
import struct
import sys

n, head, body = int(sys.argv[1]), sys.argv[2], sys.argv[3]
types = [
	{"kind": "int", "name": "u64", "size": 8, "signed": False},
	{"kind": "int", "name": "u32", "size": 4, "signed": False},
	{"kind": "char", "name": "char", "size": 1, "signed": True},
	{"kind": "array", "name": "", "size": 12, "of": 2, "count": 12},
	{"kind": "struct", "name": "event", "size": 24, "members": [
		{"name": "n", "type": 0, "offset": 0},
		{"name": "pid", "type": 1, "offset": 8},
		{"name": "comm", "type": 3, "offset": 12}]}]
header = {"skel": "stream", "version": 1, "name": "soak",
	"encoding": "binary", "host": "", "boot_id": "", "started": "",
	"maps": [{"name": "rb", "source": "ringbuf", "value": 4}],
	"types": types}


def stuff(text):
	"""COBS with 0x0A in the role of zero; shorter than a block's 254."""
	out = b"="
	for block in text.split(b"\n"):
		out += bytes([(len(block) + 1) ^ 0x0A]) + block
	return out + b"\n"


with open(head, "w") as f:
	f.write(json.dumps(header, separators=(",", ":")) + "\n")
with open(body, "wb") as f:
	for i in range(n):
		f.write(stuff(struct.pack("<BQQI12s", 0, 1700000000 * 10**9 + i,
			i, i % 32768, b"a\ncommand")))
