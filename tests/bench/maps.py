"""Time the sampling of maps against a walk over their keys; part of `make bench`."""
import json
import os
import shutil
import subprocess

KINDS = ("hash", "percpu_hash", "array", "array_mmapable", "percpu_array")
SIZES = (10**3, 10**5, 10**6)
ENTRIES = 100000  # of all passes together, at least; the start hardly counts then


def possible_cpus():
    with open("/sys/devices/system/cpu/possible") as f:
        return int(f.read().strip().replace(",", "-").rsplit("-", 1)[-1]) + 1


def session(directory, kind):
    """The session that skel-load --pin would have written for this map."""
    m = {"name": kind, "source": "sample", "key": 0, "value": 1,
         "pin": os.path.join(directory, kind),
         "sample": {"interval": 1, "type": "default_kv", "unit": "", "clear_map": False}}
    if kind.startswith("percpu"):
        m["cpus"] = possible_cpus()
    return json.dumps({
        "skel": "session", "version": 1, "name": "maps", "encoding": "binary", "host": "",
        "boot_id": "", "started": "", "dir": directory, "perf_buffer_pages": 64,
        "poll_timeout_ms": 100, "maps": [m],
        "types": [{"kind": "int", "name": "u32", "size": 4, "signed": False},
                  {"kind": "int", "name": "u64", "size": 8, "signed": False}]})


def table(bench, medians, row):
    """Print the tables; medians() of run.py gives nanoseconds for each entry."""
    poll = os.path.join(os.path.dirname(bench.fmt), "skel-poll")
    maps, line = bench.path("maps.bin"), bench.path("session")
    directory = f"/sys/fs/bpf/skel-bench-{os.getpid()}"
    os.mkdir(directory)
    try:
        for size in SIZES:
            passes = max(1, ENTRIES // size)
            count = passes * size
            row(f"Maps of {size} entries", "ns/entry", "/ ours")
            for kind in KINDS:
                pin = os.path.join(directory, kind)
                subprocess.run([maps, "make", kind, str(size), pin], check=True)
                with open(line, "w") as f:
                    f.write(session(directory, kind) + "\n")
                got = medians([
                    ("ours", [poll, "-n", str(count), line], "/dev/null", "/dev/null"),
                    ("walk", [maps, "walk", pin, str(passes)], "/dev/null", "/dev/null"),
                ], count)
                os.unlink(pin)
                row(f"skel-poll, {kind}", f"{got['ours']:.0f}")
                row("  key by key", f"{got['walk']:.0f}", f"{got['walk'] / got['ours']:.1f}")
    finally:
        shutil.rmtree(directory)
        os.unlink(line)
