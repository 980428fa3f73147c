#!/usr/bin/env python3
"""Time the commands against their rivals; `make bench` runs it.

    tests/bench/run.py DIRECTORY [RECORDS]     print medians and ratios
    tests/bench/run.py --filters DIRECTORY [RECORDS]   those of the filters
    tests/bench/run.py --count DIRECTORY       print instructions for each record
    tests/bench/run.py --check DIRECTORY FILE  fail if they grew beyond those in FILE

DIRECTORY has the programs of tests/bench, built, and room for the files that they
read.  Commands that are compared run in turns, A B A B, so that a machine whose
speed drifts slows both; only the ratio counts.  The time is the processor time,
user and system, of the whole process.

REFERENCE in the environment is the path of bpf-loader-cli, the reference loader,
whose start is then timed too.
"""
import json
import os
import platform
import shutil
import statistics
import struct as packing
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fixtures", "format"))
from make import Stream  # noqa: E402

import filters  # noqa: E402
import groups  # noqa: E402
import maps  # noqa: E402
import merge  # noqa: E402
import metrics  # noqa: E402
import start  # noqa: E402

ROUNDS = 5
GROWTH = 1.03  # more than this fails --check
GROWTH_BYTES = 64 << 20  # the size of each stream that growth() writes

# The forms whose instructions --count and --check count.
COUNTED = ["--json", "--json --bare", "--csv", "--tsv", "--table", "--plain", "--raw"]
# Those that are counted with and without a kind of one member, which may need so many
# instructions more.
KINDS = {"addr": "ip4", "ret": "errno"}
KIND_FORMS = ["--json", "--table"]
KIND_MOST = 60


REFERENCE = "bpf-loader-cli"


def reference():
    """The path of the reference loader, or None if there is none."""
    path = os.environ.get("REFERENCE")
    if path and shutil.which(path) is None:
        print(f"({path} is no program: the rows of {REFERENCE} are left out)")
        del os.environ["REFERENCE"]
    return os.environ.get("REFERENCE")


def cpu_seconds(argv, stdin, output):
    """Run a command once.  Returns the seconds of processor time that it used."""
    after = None
    if output == "pipe":
        after = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        out = after.stdin
    else:
        out = open(output, "wb")
    with open(stdin, "rb") as source:
        child = subprocess.Popen(argv, stdin=source, stdout=out)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    out.close()
    if after is not None:
        after.wait()
    if child.returncode != 0:
        sys.exit(f"{' '.join(argv)}: exit {child.returncode}")
    return used.ru_utime + used.ru_stime


def medians(commands, records):
    """Run commands, each a name, argv, stdin and output, in turns.  Returns the
    nanoseconds for each record by the command's name."""
    times = {name: [] for name, *_ in commands}
    for turn in range(ROUNDS + 1):
        for name, *how in commands:
            seconds = cpu_seconds(*how)
            if turn > 0:  # the first warms the caches
                times[name].append(seconds)
    return {name: statistics.median(t) / records * 1e9 for name, t in times.items()}


class Bench:
    def __init__(self, directory, records):
        self.directory, self.records = directory, records
        self.stream, self.plain = self.path("events.skel"), self.path("events")
        self.fmt = os.environ.get("SKEL_FMT", "skel-fmt")
        subprocess.run([self.path("events.bin"), str(records), self.stream, self.plain],
                       check=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def ours(self, form, output="/dev/null"):
        return [self.fmt, *form.split()], self.stream, output

    def rival(self, name):
        if name == "cat":  # reads the stream and does nothing else
            return [name], self.stream, "/dev/null"
        return [self.path(name + ".bin")], self.plain, "/dev/null"

    def same(self, form, rival):
        """Ensure that both print the same bytes: only then a comparison is fair."""
        a = subprocess.Popen([self.fmt, *form.split(), self.stream], stdout=subprocess.PIPE)
        with open(self.plain, "rb") as source:
            b = subprocess.Popen([self.path(rival + ".bin")], stdin=source,
                                 stdout=subprocess.PIPE)
        differ = subprocess.run(["cmp", f"/dev/fd/{a.stdout.fileno()}",
                                 f"/dev/fd/{b.stdout.fileno()}"],
                                pass_fds=(a.stdout.fileno(), b.stdout.fileno())).returncode
        a.wait(), b.wait()
        if differ or a.returncode or b.returncode:
            sys.exit(f"skel-fmt {form} and {rival} do not print the same")


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f
                      if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}"


def row(*cells):
    print(f"{cells[0]:<44}" + "".join(f"{c:>12}" for c in cells[1:]), flush=True)


def replay(bench):
    """Time a recorded stream in every form, against code written by hand."""
    for rival in ("printf", "jansson", "special"):
        bench.same("--json --bare", rival)
    bench.same("--table", "row")
    row(f"Replay of {bench.records} events", "ns/record", "/ ours")
    pairs = [
        ("--json --bare", ["printf", "jansson", "special", "cat"]),
        ("--csv --bare", ["printf"]),
        ("--table", ["printf", "row"]),
        ("--json", ["dump"]),
    ]
    says = {
        "printf": "  printf, JSON", "jansson": "  jansson, JSON",
        "special": "  code for this struct alone, JSON",
        "row": "  printf and localtime, table",
        "dump": "  libbpf's btf_dump, C",
        "cat": "  cat, which only reads the stream",
    }
    for form, rivals in pairs:
        commands = [("ours", *bench.ours(form))] + [(r, *bench.rival(r)) for r in rivals]
        got = medians(commands, bench.records)
        row(f"skel-fmt {form}", f"{got['ours']:.0f}")
        for r in rivals:
            row(says[r], f"{got[r]:.0f}", f"{got[r] / got['ours']:.1f}")
    row("Each form, and where it goes", "/dev/null", "pipe", "file")
    for form in COUNTED:
        got = medians([(o, *bench.ours(form, o))
                       for o in ("/dev/null", "pipe", bench.path("out"))], bench.records)
        row(f"skel-fmt {form}", *(f"{ns:.0f}" for ns in got.values()))
    os.unlink(bench.path("out"))


def growth(bench):
    """Time records of growing size."""
    def write(s, lines):
        path = bench.path("growth.skel")
        one = b"".join(line + b"\n" for line in lines)
        count = max(1, GROWTH_BYTES // len(one))
        with open(path, "wb") as f:
            f.write(json.dumps(s.header).encode() + b"\n")
            f.writelines(one for _ in range(count))
            end = {"records": count * len(lines), "lost": 0}
            f.write(json.dumps({"@end": end}).encode() + b"\n")
        return path, count * len(lines)

    def lines_of(s, count, data):
        for i in range(count):
            s.put(data, i)
        return s.lines

    def members(n):
        s = Stream("members")
        u32 = s.integer("unsigned int", 4)
        s.map("m", "ringbuf", s.struct("event", *((f"m{i}", u32) for i in range(n))))
        return s, lines_of(s, 1, packing.pack(f"<{n}I", *range(1000000, 1000000 + n)))

    def nesting(n):
        s = Stream("nesting")
        u32 = s.integer("unsigned int", 4)
        inner = u32
        for i in range(n):
            inner = s.struct(f"s{i}", ("a", u32), ("b", inner))
        s.map("m", "ringbuf", inner)
        data = packing.pack(f"<{n + 1}I", *range(1000000, 1000001 + n))
        return s, lines_of(s, 1, data)

    def strings(n):
        s = Stream("strings")
        char = s.type("char", "char", 1, signed=True)
        s.map("m", "ringbuf", s.struct("event", ("text", s.array(char, n))))
        return s, lines_of(s, 1, b"x" * (n - 1) + b"\0")

    def maps(n):
        s = Stream("maps")
        u32 = s.integer("unsigned int", 4)
        event = s.struct("event", ("a", u32), ("b", u32))
        for i in range(n):
            s.map(f"m{i}", "ringbuf", event)
        return s, lines_of(s, n, packing.pack("<2I", 1000000, 2000000))

    for title, unit, make, sizes in (
        ("Members, each an unsigned int", "member", members, (1, 10, 100, 1000)),
        ("Structs in each other", "level", nesting, (1, 2, 4, 8, 16)),
        ("Bytes of a string", "byte", strings, (16, 64, 256, 1024, 4096)),
        ("Maps, a record of each in turn", "", maps, (1, 4, 16, 64)),
    ):
        row(title, "ns/record", f"ns/{unit}" if unit else "")
        for size in sizes:
            path, count = write(*make(size))
            got = medians([("ours", [bench.fmt, "--json"], path, "/dev/null")], count)
            ns = got["ours"]
            row(f"  {size}", f"{ns:.0f}", f"{ns / size:.2f}" if unit else "")
    os.unlink(bench.path("growth.skel"))


def instructions(bench, argv, stdin):
    """The instructions of one run, counted by valgrind."""
    out = bench.path("callgrind.out")
    with open(stdin, "rb") as source:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *argv],
            stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    os.unlink(out)
    return int(done.stderr.rsplit("Collected :", 1)[1].split()[0])


def counts(directory):
    """The instructions per record of each form: the difference between runs with
    few and with many records, so that the start does not count."""
    few = Bench(directory, 2000)
    first = {form: instructions(few, *few.ours(form)[:2]) for form in COUNTED}
    rival = instructions(few, *few.rival("printf")[:2])
    many = Bench(directory, 22000)
    per = {form: (instructions(many, *many.ours(form)[:2]) - first[form]) / 20000
           for form in COUNTED}
    return per, (instructions(many, *many.rival("printf")[:2]) - rival) / 20000


def kinds(directory):
    """The instructions per record that a kind of one member needs more, by the form
    and the kind."""
    bench = Bench(directory, 1)

    def write(n):
        s = Stream("kinds")
        u32, i32 = s.integer("unsigned int", 4), s.integer("int", 4, True)
        char = s.type("char", "char", 1, signed=True)
        s.map("m", "ringbuf", s.struct("event", ("pid", u32), ("addr", u32), ("ret", i32),
                                       ("comm", s.array(char, 16))))
        for i in range(n):
            ret = (0, 3, -2, -13, 0, -110, 7, -1)[i % 8]
            s.put(packing.pack("<IIi16s", 1000 + i, i * 2654435761 % 2**32, ret, b"bash"))
        with open(bench.path("kinds.skel"), "wb") as f:
            for line in (json.dumps(s.header).encode(), *s.lines):
                f.write(line + b"\n")
            f.write(json.dumps({"@end": {"records": n, "lost": 0}}).encode() + b"\n")
        return bench.path("kinds.skel")

    def per(*argv):
        few, many = (instructions(bench, [bench.fmt, *argv], write(n)) for n in (1000, 6000))
        return (many - few) / 5000

    more = {(form, kind): per(form, "--as", f"{member}={kind}") - per(form)
            for form in KIND_FORMS for member, kind in KINDS.items()}
    os.unlink(bench.path("kinds.skel"))
    return more


def count(directory):
    per, rival = counts(directory)
    print("# Instructions of skel-fmt per event of assets/bootstrap; make bench-count")
    for form, n in per.items():
        print(f"{n:.0f}\t{form}")
    print(f"# printf(3), JSON: {rival:.0f}")


def check(directory, committed):
    per, _ = counts(directory)
    bad = 0
    with open(committed) as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    for n, form in lines:
        now = per[form]
        grew = now > int(n) * GROWTH
        bad += grew
        print(f"{'not ok' if grew else 'ok'} skel-fmt {form}: "
              f"{now:.0f} instructions a record, {n} committed")
    for (form, kind), more in kinds(directory).items():
        bad += more > KIND_MOST
        print(f"{'not ok' if more > KIND_MOST else 'ok'} skel-fmt {form}, a member of kind {kind}: "
              f"{more:+.0f} instructions a record, at most {KIND_MOST:+}")
    sys.exit(1 if bad else 0)


def begin(argv):
    bench = Bench(argv[0], int(argv[1]) if len(argv) == 2 else 10**6)
    print(f"{machine()}; medians of {ROUNDS} runs in turn")
    return bench


def main(argv):
    if len(argv) == 3 and argv[1] == "--count":
        count(argv[2])
    elif len(argv) == 4 and argv[1] == "--check":
        check(argv[2], argv[3])
    elif len(argv) in (3, 4) and argv[1] == "--filters":
        bench = begin(argv[2:])
        filters.table(bench, medians, row)
        groups.table(bench, medians, row)
        merge.table(bench, medians, row)
        metrics.table(bench, medians, row)
    elif len(argv) in (2, 3) and not argv[1].startswith("-"):
        bench = begin(argv[1:])
        replay(bench)
        growth(bench)
        maps.table(bench, medians, row)
        start.table(bench, row, reference)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv)
