"""From the start of a command until its programs are attached, and until the
first row; and how much memory it had at most: `make bench`."""
import os
import shutil
import signal
import statistics
import subprocess
import threading
import time

ROUNDS = 11
ASSETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "assets")

BPFTRACE = "tracepoint:syscalls:sys_enter_openat { printf(\"%s %s\\n\", comm, str(args->filename)); }"
# Tools of others: a name, the file that is there if they are, and how they are
# run, with each line written at once, as at a terminal.
OTHERS = [
    ("bpftrace", "bpftrace", ["bpftrace", "-e", BPFTRACE]),
    ("libbpf-tools", "/usr/sbin/opensnoop", ["stdbuf", "-oL", "/usr/sbin/opensnoop"]),
    ("bcc", "/usr/sbin/opensnoop-bpfcc",
     ["env", "PYTHONUNBUFFERED=1", "/usr/sbin/opensnoop-bpfcc"]),
]


def children(pid):
    """The process and those below it."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [p for child in f.read().split() for p in children(int(child))]


def peak(pid):
    """The most memory that it had at once, MiB.  Not rusage's: that counts
    what the process was before it became this command."""
    with open(f"/proc/{pid}/status") as f:
        kib = next(line.split()[1] for line in f if line.startswith("VmHWM"))
    return int(kib) / 1024


def cpu(pid):
    """Its processor time, ms; that of a scheduler, so not in ticks."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e6


def start(argv, lines):
    """Run a pipe until it has written so many lines.  Returns milliseconds by
    the clock, those of the processors, and the peak memory of its first
    stage and its last."""
    begin = time.monotonic()
    stages, source = [], subprocess.DEVNULL
    for stage in argv:
        stages.append(subprocess.Popen(stage, stdin=source, stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL))
        source = stages[-1].stdout
    for _ in range(lines):
        if not source.readline():
            for stage in stages:
                stage.kill()
                stage.wait()
            raise RuntimeError(f"{argv}: it ended")
    took = (time.monotonic() - begin) * 1000
    pids = [s.pid for s in stages]
    spent, memory = sum(map(cpu, pids)), [peak(pids[0]), peak(pids[-1])]
    for stage in stages:
        stage.send_signal(signal.SIGTERM)
    for stage in stages:
        stage.stdout.close()
        stage.wait()
    return took, spent, *memory


def medians(commands):
    """Each is a name, the stages of a pipe, and for how many lines to wait."""
    got = {name: [] for name, *_ in commands}
    for turn in range(ROUNDS + 1):
        for name, argv, lines in commands:
            one = start(argv, lines)
            if turn > 0:
                got[name].append(one)
    return {name: [statistics.median(v) for v in zip(*runs)] for name, runs in got.items()}


def runs(name, argv):
    """Whether it does, on this machine: bcc wants the kernel's headers."""
    try:
        start([argv], 2)
    except RuntimeError:
        print(f"({name} is there, and does not run here)")
        return False
    return True


class Openings:
    """Somebody opens files all the time."""
    def __enter__(self):
        self.end = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.end.wait(0.001):
            os.close(os.open("/dev/null", os.O_RDONLY))

    def __exit__(self, *_):
        self.end.set()
        self.thread.join()


def table(bench, row):
    load = os.path.join(os.path.dirname(bench.fmt), "skel-load")
    pack = os.path.join(os.path.dirname(bench.fmt), "skel-pack")

    def package(name):
        return os.path.join(ASSETS, name + ".json")

    def rival(name):
        path = bench.path(name + ".bpf.o")
        with open(path, "wb") as f:
            subprocess.run([pack, "--unpack", package(name)], stdout=f, check=True)
        return [bench.path("loader.bin"), path]

    def show(got, says):
        ours = got["ours"]
        for name, text in says:
            if name in got:
                took, spent, first, last = got[name]
                row(text, f"{took:.1f}", f"{took / ours[0]:.2f}", f"{spent:.1f}",
                    f"{spent / ours[1]:.2f}", f"{first:.1f}", f"{last:.1f}")

    columns = ("ms", "/ ours", "ms of CPU", "/ ours", "MiB, first", "last stage")
    for name in ("bootstrap", "opensnoop"):
        row(f"Start of {name} until it is attached", *columns)
        show(medians([("ours", [[load, package(name)]], 1), ("rival", [rival(name)], 1)]),
             [("ours", "skel-load"), ("rival", "  the least loader by libbpf")])
    commands = [("ours", [[load, package("opensnoop")], [bench.fmt, "--json"]], 1),
                ("rival", [rival("opensnoop")], 2)]
    with Openings():
        commands += [(name, [argv], 2) for name, file, argv in OTHERS
                     if shutil.which(file) and runs(name, argv)]
        row("Start of opensnoop until the first row", *columns)
        show(medians(commands), [("ours", "skel-load | skel-fmt --json"),
                                 ("rival", "  the least loader by libbpf, printf")] +
             [(name, "  " + name) for name, *_ in OTHERS])
