#!/usr/bin/env python3
"""Compare skel-merge --order with Python's sort.

    tests/helpers/merge-oracle.py FORMAT SEED ROUNDS DIRECTORY

Each round makes some streams of hosts of random records, whose times are out of
order by less than the bound, merges them, as files and through pipes, and
compares every record with those of all streams, sorted.  FORMAT is the folder
of make.py.
"""
import json
import random
import struct
import subprocess
import sys

FORMAT, SEED, ROUNDS, DIRECTORY = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
sys.path.insert(0, FORMAT)
from make import Stream, TIME, stuff

BOUND = 50_000_000


def unstuff(line):
    body, at = bytearray(), 0
    while at < len(line):
        code = line[at] ^ 0x0A
        if code == 0 or at + code > len(line):
            raise ValueError("not stuffed right")
        body += line[at + 1:at + code]
        at += code
        if code != 255 and at < len(line):
            body.append(0x0A)
    return bytes(body)


def make(rng, number, maps, name):
    s = Stream("random", host=f"host{number}", boot_id=str(number))
    u64 = s.integer("u64", 8)
    event = s.struct("event", ("host", u64), ("n", u64), ("text", s.array(s.integer("u8", 1), 8)))
    for m in range(maps):
        s.map(f"m{m}", "ringbuf", event)
    now, records = TIME + rng.randrange(BOUND * 2), []
    for n in range(rng.randrange(400)):
        now += rng.choice([0, 1, 1000, 100_000, BOUND // 3])
        at = now - rng.choice([0, 0, 0, rng.randrange(BOUND)])
        text = bytes(rng.choice([0x0A, 0xFF, 0, 61]) for _ in range(8))
        m = rng.randrange(maps)
        body = struct.pack("<QQ8s", number, n, text) + bytes(rng.randrange(3)) * rng.randrange(200)
        s.put(body, map=m, time=at)
        records.append((at, number, n, m, body))
        if rng.random() < 0.05:
            s.control(lost={"map": f"m{m}", "count": 1})
    s.end(lost=sum(b"@lost" in line for line in s.lines))
    with open(f"{DIRECTORY}/{name}", "wb") as f:
        f.write(json.dumps(s.header).encode() + b"\n")
        f.writelines(line + b"\n" for line in s.lines)
    # Equal times stay in the order in which they came.
    return records, json.loads(s.lines[-1])["@end"]["lost"]


def read(data):
    lines = data.split(b"\n")
    header = json.loads(lines[0])
    for line in lines[1:]:
        if line.startswith(b"="):
            body = unstuff(line[1:])
            assert b"\n" not in line and stuff(body) == line[1:], line
            m = header["maps"][body[0]]
            hosts = header.get("hosts", [header])
            yield int.from_bytes(body[1:9], "little"), hosts[m.get("host", 0)]["host"], m["name"], body[9:]


def check(rng, number):
    n, maps = rng.randint(1, 6), rng.randint(1, 13)
    everything, lost, files = [], 0, []
    for i in range(n):
        files.append(f"{number}-{i}.skel")
        records, more = make(rng, i, maps, files[-1])
        everything += records
        lost += more
    want = [(at, f"host{i}", f"m{m}", body) for at, i, _, m, body in
            sorted(everything, key=lambda r: (r[0], r[1]))]
    piped = " ".join(f"<(cat {f})" for f in files)
    for command in ("skel-merge --order " + " ".join(files), "skel-merge --order=1h " + piped):
        done = subprocess.run(["bash", "-c", command], cwd=DIRECTORY, capture_output=True, check=False)
        assert done.returncode == 0 and not done.stderr, (command, done.stderr)
        got = list(read(done.stdout))
        assert got == want, f"round {number}: {command}: other records or another order"
        end = json.loads(done.stdout.splitlines()[-1])["@end"]
        assert (end["records"], end["lost"]) == (len(want), lost), end
    return len(want)


def main():
    rng, total = random.Random(SEED), 0
    for number in range(ROUNDS):
        total += check(rng, number)
    print(f"{ROUNDS} rounds, {total} records")


main()
