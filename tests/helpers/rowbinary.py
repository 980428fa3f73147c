#!/usr/bin/env python3
"""Decode ClickHouse's RowBinary, and compare each value with that of --json.

    rowbinary.py STREAM [OPTION ...]

The types are those of the table that skel-fmt --sql=clickhouse declares for the same
options.  Prints how many values were compared, and one line for each that differs; then
the status is 1.  A float in JSON that is no number is null, so that it only has to be
none here; text is compared as UTF-8, in which wrong bytes are U+FFFD.
"""
import json
import math
import re
import struct
import sys
from datetime import datetime, timezone

from streams import ABSENT, flatten, header_of, maps_of, run_fmt

stream, options = sys.argv[1], sys.argv[2:]
compared = differ = 0


class Rows:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "the last row is cut"
        self.at += n
        return self.data[self.at - n:self.at]

    def count(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def value(self, kind):
        if match := re.fullmatch(r"Nullable\((.*)\)", kind):
            return ABSENT if self.take(1) == b"\1" else self.value(match[1])
        if match := re.fullmatch(r"Array\((.*)\)", kind):
            return [self.value(match[1]) for _ in range(self.count())]
        if match := re.fullmatch(r"(U?)Int(\d+)", kind):
            return int.from_bytes(self.take(int(match[2]) // 8), "little", signed=not match[1])
        if kind == "Bool":
            return {b"\0": False, b"\1": True}[self.take(1)]
        if kind == "Float32":
            return struct.unpack("<f", self.take(4))[0]
        if kind == "Float64":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "String":
            return self.take(self.count())
        if kind.startswith("DateTime64(9"):
            return struct.unpack("<q", self.take(8))[0]
        raise AssertionError(kind)


def nanoseconds(text):
    whole, fraction = text.rstrip("Z").split(".")
    seconds = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 10**9 + int(fraction)


def as_text(data):
    """UTF-8 in which each wrong byte is U+FFFD, as the forms of text have it."""
    text = ""
    while data:
        try:
            return text + data.decode()
        except UnicodeDecodeError as error:
            text += data[:error.start].decode() + "\uFFFD"
            data = data[error.start + 1:]
    return text


def same(got, want, kind, name):
    if want is ABSENT or want is None:
        return got is ABSENT or got == [] or got == b"" or (isinstance(got, float) and not math.isfinite(got))
    if name == "@time":
        return got == nanoseconds(want)
    if kind in ("String", "Nullable(String)"):
        text = as_text(got)
        if isinstance(want, str):
            return text == want
        # A stack is an array of objects in JSON and a text here.
        if isinstance(want, list) and not text.startswith("["):
            return True
        return json.loads(text) == want
    if "Float32" in kind:
        return got == struct.unpack("<f", struct.pack("<f", want))[0]
    if isinstance(got, list):
        return got == want
    return got == (int(want) if isinstance(want, str) else want) and isinstance(got, bool) == isinstance(want, bool)


names = [entry["name"] for entry in header_of(stream).get("maps", [])]
for name in maps_of(stream):
    if names.count(name) > 1:
        continue  # records of several types are several tables
    only = options + ([f"--map={name}"] if name else [])
    statement = run_fmt("--sql=clickhouse:t", *only, stream).decode()
    columns = re.findall(r"^\t`((?:[^`\\]|``|\\.)*)` (.*?),?$", statement, re.M)
    header = run_fmt("--csv", *only, stream).decode().partition("\r\n")[0].split(",") if columns else []
    assert len(header) == len(columns), (header, columns)
    rows = Rows(run_fmt("--rowbinary", *only, stream))
    for line in run_fmt("--json", *only, stream).splitlines():
        record = json.loads(line)
        for title, (_, kind) in zip(header, columns):
            got, want = rows.value(kind), flatten(record, title)
            compared += 1
            if not same(got, want, kind, title):
                print(f"{name}: {title} {kind}: {got!r} is not {want!r}")
                differ += 1
    if rows.at != len(rows.data):
        print(f"{name}: {len(rows.data) - rows.at} bytes after the last row")
        differ += 1
print(f"{compared} values compared")
sys.exit(1 if differ else 0)
