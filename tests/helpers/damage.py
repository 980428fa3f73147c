#!/usr/bin/env python3
"""Damage an ELF object.

damage.py FILE N COMMAND       run COMMAND on N damaged copies, always the same
                               ones; fail where it does not end with 0 and a
                               line, or 1 and a message
damage.py FILE type ID TYPE    a copy whose BTF type ID refers to TYPE
"""
import random
import struct
import subprocess
import sys


def btf_of(elf):
    """Where section .BTF starts: its magic, and a header of 24 bytes."""
    return elf.index(bytes.fromhex("9feb0100") + struct.pack("<I", 24))


def damaged(elf):
    copy = bytearray(elf)
    if random.random() < 0.1:
        return copy[: random.randrange(len(copy))]
    start = btf_of(elf) if random.random() < 0.6 else 0
    for _ in range(random.choice([1, 1, 2, 4])):
        at = random.randrange(start, len(copy) - 4)
        if random.random() < 0.5:
            copy[at] ^= 1 << random.randrange(8)
        else:
            word = random.choice([0, 1, 64, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
            copy[at & ~3 : (at & ~3) + 4] = struct.pack("<I", word)
    return copy


def try_all(elf, count, command):
    packed = refused = 0
    for i in range(count):
        got = subprocess.run(
            [command, "-n", "x"], input=damaged(elf), capture_output=True, timeout=60
        )
        if got.returncode == 0 and got.stdout.endswith(b"}}\n"):
            packed += 1
        elif got.returncode == 1 and not got.stdout and got.stderr:
            refused += 1
        else:
            sys.exit(f"copy {i}: status {got.returncode}: {got.stderr.decode()}")
    print(f"{packed} packed, {refused} refused")


def retype(elf, number, target):
    """Only for types before the first that has more than its twelve bytes."""
    copy = bytearray(elf)
    at = btf_of(elf) + 24 + (number - 1) * 12 + 8
    copy[at : at + 4] = struct.pack("<I", target)
    sys.stdout.buffer.write(copy)


random.seed(1)
with open(sys.argv[1], "rb") as f:
    data = f.read()
if sys.argv[2] == "type":
    retype(data, int(sys.argv[3]), int(sys.argv[4]))
else:
    try_all(data, int(sys.argv[2]), sys.argv[3])
