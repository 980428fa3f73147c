"""What tests in Python need to know of streams."""
import json
import subprocess

ABSENT = object()


def run_fmt(*arguments):
    """The output of skel-fmt."""
    return subprocess.run(["skel-fmt", "-q", *arguments], stdout=subprocess.PIPE, check=True).stdout


def header_of(stream):
    with open(stream, "rb") as file:
        return json.loads(file.readline())


def maps_of(stream):
    """The names of its maps, each once; "" for records without a header."""
    header = header_of(stream)
    if header.get("skel") != "stream":
        return [""]
    return list(dict.fromkeys(entry["name"] for entry in header["maps"]))


def is_absent(value):
    return value is ABSENT


def find(record, path):
    """The value of the path "a.b" in a record, or ABSENT.  Names may have dots."""
    if path in record:
        return record[path]
    for name, value in record.items():
        if isinstance(value, dict) and path.startswith(name + "."):
            found = find(value, path[len(name) + 1:])
            if found is not ABSENT:
                return found
    return ABSENT


def without_buckets(value):
    """The value without what JSON alone says of slots: what they count."""
    if isinstance(value, list):
        return [without_buckets(each) for each in value]
    if isinstance(value, dict):
        added = ("unit", "buckets") if "slots" in value and "buckets" in value else ()
        return {name: without_buckets(each) for name, each in value.items() if name not in added}
    return value


def flatten(record, column):
    """The value that a column of CSV shows.  Those of a sampled map are called as the
    members of its key and its value."""
    for prefix in ("", "key.", "value.", "values."):
        found = find(record, prefix + column)
        if found is not ABSENT:
            return without_buckets(found)
    return ABSENT
