"""Time commands from their start until their programs are attached, and until
the first row, and measure their peak memory; part of `make bench`."""
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
# Other tools: a name, the file that exists if the tool is installed, and the
# command, made to write each line at once as it does at a terminal.
OTHERS = [
    ("bpftrace", "bpftrace", ["bpftrace", "-e", BPFTRACE]),
    ("libbpf-tools", "/usr/sbin/opensnoop", ["stdbuf", "-oL", "/usr/sbin/opensnoop"]),
    ("bcc", "/usr/sbin/opensnoop-bpfcc",
     ["env", "PYTHONUNBUFFERED=1", "/usr/sbin/opensnoop-bpfcc"]),
]


def children(pid):
    """The process and its descendants."""
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [pid] + [p for child in f.read().split() for p in children(int(child))]


def peak(pid):
    """The peak memory of a process in MiB.  rusage is no use here: it counts the
    memory of the process before it called exec, too."""
    with open(f"/proc/{pid}/status") as f:
        kib = next(line.split()[1] for line in f if line.startswith("VmHWM"))
    return int(kib) / 1024


def cpu(pid):
    """The processor time of a process in ms, from the scheduler, not in ticks."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e6


def start(argv, lines):
    """Run a pipe until it has written so many lines.  Returns the elapsed
    milliseconds, those of processor time, and the peak memory of the first stage
    and of the last."""
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
            raise RuntimeError(f"{argv}: ended before the first row")
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
    """Run commands in turns, each a name, the stages of a pipe, and the number of
    lines to wait for.  Returns the medians by name."""
    got = {name: [] for name, *_ in commands}
    for turn in range(ROUNDS + 1):
        for name, argv, lines in commands:
            one = start(argv, lines)
            if turn > 0:
                got[name].append(one)
    return {name: [statistics.median(v) for v in zip(*runs)] for name, runs in got.items()}


def runs(name, argv):
    """Whether a tool works here; bcc's need the kernel's headers."""
    try:
        start([argv], 2)
    except RuntimeError:
        print(f"({name} is installed but does not run here)")
        return False
    return True


class Openings:
    """A thread that opens files all the time, for opensnoop to see."""

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


def table(bench, row, reference):
    """Print the tables.  reference() is the path of the reference loader or None."""
    load = os.path.join(os.path.dirname(bench.fmt), "skel-load")
    pack = os.path.join(os.path.dirname(bench.fmt), "skel-pack")

    def package(name):
        return os.path.join(ASSETS, name + ".json")

    def rival(name):
        path = bench.path(name + ".bpf.o")
        with open(path, "wb") as f:
            subprocess.run([pack, "--unpack", package(name)], stdout=f, check=True)
        return [bench.path("loader.bin"), path]

    def show(got, labels):
        ours = got["ours"]
        for name, text in labels:
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
    others = list(OTHERS)
    if reference() is not None:
        others.append(("bpf-loader-cli", reference(), [reference(), "--no-log", package("opensnoop")]))
    with Openings():
        commands += [(name, [argv], 2) for name, file, argv in others
                     if shutil.which(file) and runs(name, argv)]
        row("Start of opensnoop until the first row", *columns)
        show(medians(commands), [("ours", "skel-load | skel-fmt --json"),
                                 ("rival", "  the least loader by libbpf, printf")] +
             [(name, "  " + name) for name, *_ in others])
