"""Whether the last sample of a histogram map in a JSON stream is the map's.

	slots.py MAP OUT   MAP: "bpftool -j map dump"; OUT: the stream
"""
import json
import sys


def of_map(path):
    with open(path) as f:
        entries = json.load(f)
    return {
        e["formatted"]["key"]: e["formatted"]["value"]["slots"] for e in entries
    }


def of_stream(path):
    rounds, current = [], {}
    with open(path) as lines:
        for line in lines:
            record = json.loads(line)
            if "key" in record:
                current[record["key"]] = record["value"]["slots"]
            elif "@sampled" in record:
                rounds.append(current)
                current = {}
    return rounds[-1]


want, got = of_map(sys.argv[1]), of_stream(sys.argv[2])
total = sum(map(sum, want.values()))
if want != got or total == 0:
    print("map:", want, "stream:", got, "total:", total)
    sys.exit(1)
