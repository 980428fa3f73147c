#!/usr/bin/env python3
"""Time the polling of live records; `make bench-live` runs it, as root.

    tests/bench/live.py DIRECTORY [SET ...]

DIRECTORY has the programs of tests/bench, built, and the objects of live.bpf.c.
A SET is one of rates, perf, lag, calls, counted and flood; without any, all of them run.

A BPF program makes the records on the first CPU, and the commands that read them
have the other CPUs.  Commands that are compared run in turns, A B A B, because
only the ratio counts.  The time is what the scheduler gave to all stages of a
pipe while records came.  If other processes use the machine, "chrt -f 10 make
bench-live" takes precedence over them.

REFERENCE in the environment is the path of bpf-loader-cli, the reference loader,
which then runs beside ours as "bpf-loader-cli --no-log PACKAGE".
"""
import contextlib
import glob
import json
import os
import signal
import statistics
import subprocess
import sys
import time

from run import REFERENCE, machine, reference, row

ROUNDS = 5
SECONDS = "0.9"  # SCHED_FIFO may not use the whole of one second
READY = 30  # seconds within which a command must attach its programs, or end


def median(values):
    return statistics.median(values) if values else float("nan")


def cpu_ns(pids):
    """The processor time that these processes have had."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path) as f:
                total += int(f.read().split()[0])
    return total


def loaded(pid):
    """Whether the process holds an attached program; it polls then, or soon."""
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        with contextlib.suppress(OSError), open(path) as f:
            if "link_type" in f.read():
                return True
    for path in glob.glob(f"/proc/{pid}/fd/*"):
        with contextlib.suppress(OSError):
            if "perf_event" in os.readlink(path):
                return True
    return False


class Running:
    """Stages of a pipe, on all CPUs but the first."""

    def __init__(self, stages, out=subprocess.DEVNULL):
        self.stages, self.text = [], b""
        last, others = None, set(range(1, os.cpu_count())) or {0}
        for i, argv in enumerate(stages):
            end = i == len(stages) - 1
            p = subprocess.Popen(argv, stdin=last, stdout=out if end else subprocess.PIPE,
                                 stderr=subprocess.DEVNULL,
                                 preexec_fn=lambda: os.sched_setaffinity(0, others))
            if last is not None:
                last.close()
            last = p.stdout
            self.stages.append(p)
        self.out = last

    def wait_ready(self):
        if not self.stages:
            return
        end = time.monotonic() + READY
        while not loaded(self.stages[0].pid):
            if time.monotonic() > end or self.stages[0].poll() is not None:
                raise RuntimeError(f"{' '.join(self.stages[0].args)}: attached nothing")
            time.sleep(0.05)
        time.sleep(0.3)

    def __enter__(self):
        try:
            self.wait_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def cpu(self):
        return cpu_ns([p.pid for p in self.stages])

    def end(self):
        """Stop the first stage; the others follow."""
        if self.stages:
            self.stages[0].send_signal(signal.SIGTERM)
        if self.out is not None:
            self.text += self.out.read()
        for p in self.stages:
            try:
                p.wait(READY)
            except subprocess.TimeoutExpired:
                if "skel" in p.args[0]:
                    raise
                print(f"({p.args[0]} did not end by SIGTERM, and was killed)")
                p.kill()
                p.wait()


class Live:
    def __init__(self, directory):
        self.directory = directory
        for kind in ("ring", "ring64", "reserve", "perf"):
            package = json.loads(subprocess.run(["skel-pack", self.path(kind + ".bpf.o")],
                                                stdout=subprocess.PIPE, check=True).stdout)
            for program in package["meta"]["bpf_skel"]["progs"]:
                # make.c runs this one by BPF_PROG_TEST_RUN.
                program["link"] = program["name"] != "make_events"
            with open(self.path(kind + ".json"), "w") as f:
                json.dump(package, f)
            # The reference loader attaches whatever is listed.
            skeleton = package["meta"]["bpf_skel"]
            skeleton["progs"] = [p for p in skeleton["progs"] if p["link"]]
            with open(self.path(kind + ".reference.json"), "w") as f:
                json.dump(package, f)

    def path(self, name):
        return os.path.join(self.directory, name)

    def ours(self, kind="ring", *options):
        return [["skel-load", *options, self.path(kind + ".json")], ["skel-fmt", "--json"]]

    def load(self, kind="ring"):
        return [["skel-load", self.path(kind + ".json")]]

    def rival(self, what, kind="ring"):
        return [[self.path("poll.bin"), what, self.path(kind + ".bpf.o")]]

    def reference(self, kind="ring"):
        """The reference loader and the commands that print the same text, by their
        names, or nothing if it cannot run here."""
        path = reference()
        if path is None:
            return {}
        stages = [[path, "--no-log", self.path(kind + ".reference.json")]]
        try:
            with Running(stages):
                return {"skel-load | skel-fmt --plain": [*self.load(kind), ["skel-fmt", "--plain"]],
                        REFERENCE: stages}
        except RuntimeError as e:
            print(f"({e}; its rows are left out)")
            return {}

    def make(self, rate, *more):
        out = subprocess.run([self.path("make.bin"), SECONDS, str(rate), *more], check=True,
                             stdout=subprocess.PIPE).stdout
        return [int(n) for n in out.split()]

    def once(self, stages, rate):
        """Run once.  Returns the time of all stages for each record that came, how
        many records were made and lost, and what submitting one took."""
        with Running(stages) as r:
            before = r.cpu()
            made, lost, _ = self.make(rate)
            time.sleep(0.1)
            used = r.cpu() - before
            cost = self.make(rate, "measure")[2]
        return used / max(1, made - lost), made, lost, cost

    def medians(self, commands, rate):
        got = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, stages in commands.items():
                got[name].append(self.once(stages, rate))
        return {name: [median([run[i] for run in runs]) for i in range(4)]
                for name, runs in got.items()}

    def table(self, commands, rates):
        """Compare each command with the first."""
        for rate in rates:
            got = self.medians(commands, rate)
            ours = next(iter(got.values()))
            for name, (ns, made, lost, cost) in got.items():
                first = name == next(iter(got))
                row(f"  {rate or 'as fast as can be'}: {name}", f"{ns:.0f}",
                    "" if first else f"{ns / ours[0]:.1f}", f"{100 * lost / made:.1f}",
                    f"{cost:.0f}", "" if first else f"{cost / max(1, ours[3]):.1f}",
                    f"{(made - lost) / float(SECONDS) / 1e6:.3f}")


COLUMNS = ["ns/record", "/ ours", "% lost", "submit ns", "/ ours", "10^6/s"]
OURS = "skel-load | skel-fmt --json"


def rates(live):
    row("A ring of 1 MiB, records a second", *COLUMNS)
    live.table({
        OURS: live.ours(),
        "libbpf's poll, nothing": live.rival("nothing"),
        "libbpf's poll, printf JSON": live.rival("printf"),
        **live.reference(),
    }, [10**3, 10**4, 10**5, 10**6, 3 * 10**6, 0])


def perf(live):
    row("Perf buffers of 64 pages, records a second", *COLUMNS)
    live.table({
        OURS: live.ours("perf"),
        "wakeup_events = 1, nothing": live.rival("nothing", "perf"),
        **live.reference("perf"),
    }, [10**3, 10**4, 10**5, 10**6, 0])


def flood(live):
    row("A ring of 64 MiB, records a second", *COLUMNS)
    live.table({"skel-load": live.load("ring64"), OURS: live.ours("ring64")}, [10**7, 0])


def lag(live):
    row("From submit to output, records a second", "p50 us", "p99 us")
    for kind in ("ring", "perf"):
        for rate in (2, 20, 10**3, 10**4, 10**5, 10**6):
            got = []
            for _ in range(ROUNDS):
                with Running([*live.ours(kind), [live.path("lag.bin")]],
                             subprocess.PIPE) as r:
                    live.make(rate)
                got.append([int(n) / 1000 for n in r.text.split()[:2]])
            row(f"  {rate}: {kind}", *(f"{median([g[i] for g in got]):.0f}" for i in range(2)))


BPFTRACE = """tracepoint:syscalls:sys_enter_getppid /comm == "call.bin"/ {
	printf("{\\"pid\\":%d,\\"comm\\":\\"%s\\",\\"time\\":%llu}\\n", pid, comm, nsecs);
}"""


def calls(live):
    row("A traced call, so often a second", "ns", "/ ours", "CPU/record", "/ ours")
    commands = {
        "untraced": [],
        OURS: live.ours(),
        "libbpf's poll, nothing": live.rival("nothing"),
        "libbpf's poll, printf JSON": live.rival("printf"),
        **live.reference(),
    }
    if subprocess.run(["which", "bpftrace"], stdout=subprocess.DEVNULL).returncode == 0:
        commands["bpftrace"] = [["bpftrace", "-e", BPFTRACE]]
    for rate in (10**4, 10**5):
        got = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, stages in commands.items():
                with Running(stages) as r:
                    before = r.cpu()
                    ns = int(subprocess.run([live.path("call.bin"), SECONDS, str(rate)],
                                            check=True, stdout=subprocess.PIPE).stdout)
                    time.sleep(0.1)
                    used = r.cpu() - before
                got[name].append((ns, used / (rate * float(SECONDS))))
        ours = [median([g[i] for g in got[OURS]]) for i in range(2)]
        base = median([g[0] for g in got["untraced"]])
        for name, runs in got.items():
            ns, used = (median([g[i] for g in runs]) for i in range(2))
            if name == "untraced":
                row(f"  {rate}: {name}", f"{ns:.0f}")
                continue
            row(f"  {rate}: {name}", f"{ns:.0f}", f"{(ns - base) / (ours[0] - base):.1f}",
                f"{used:.0f}", f"{used / ours[1]:.1f}")


def counted(live):
    """What it costs that skel-load has the calls for a ring buffer counted.  The
    differences are small, so the least of all runs counts, of processor time."""
    row("Calls counted or as written; least of all runs", "counted", "--as-is", "more")
    for kind, helper in (("ring", "bpf_ringbuf_output()"), ("reserve", "bpf_ringbuf_reserve()")):
        forms = {option: ([], []) for option in ((), ("--as-is",))}
        for _ in range(2 * ROUNDS):
            for option, (calls_ns, starts_ms) in forms.items():
                check = subprocess.Popen(["skel-load", "-q", "--check", *option,
                                          live.path(kind + ".json")], stdout=subprocess.DEVNULL)
                usage = os.wait4(check.pid, 0)[2]
                starts_ms.append((usage.ru_utime + usage.ru_stime) * 1000)
                with Running([["skel-load", *option, live.path(kind + ".json")]]):
                    calls_ns.append(int(subprocess.run(
                        [live.path("call.bin"), SECONDS, str(10**6)],
                        check=True, stdout=subprocess.PIPE).stdout))
        for what, i, digits in (("ns for a call", 0, 0), ("ms to load", 1, 1)):
            ours, plain = (min(values[i]) for values in forms.values())
            row(f"  {helper}, {what}", f"{ours:.{digits}f}", f"{plain:.{digits}f}",
                f"{ours - plain:.{digits}f}")


SETS = {"rates": rates, "perf": perf, "lag": lag, "calls": calls, "counted": counted,
        "flood": flood}


def main(argv):
    if len(argv) < 2 or any(name not in SETS for name in argv[2:]):
        sys.exit(__doc__)
    if os.geteuid() != 0:
        sys.exit("bench-live: only root can load the programs that make live records")
    live = Live(argv[1])
    print(f"{machine()}; medians of {ROUNDS} runs in turn")
    for name in argv[2:] or SETS:
        SETS[name](live)


if __name__ == "__main__":
    main(sys.argv)
