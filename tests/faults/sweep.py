#!/usr/bin/env python3
"""Run a command again and again, each time with one fault in another place.

	sweep.py [-m] [-o how] [-i file] [-n most] alloc LIBRARY COMMAND...
	sweep.py [-o how] [-i file] [-n most] close LIBRARY COMMAND...
	sweep.py [-o how] [-i file] [-n most] calls COMMAND...
	sweep.py [-n most] kill COMMAND...

alloc: an allocation finds no memory, at each call site in turn; LIBRARY is
alloc.c compiled.  calls: a system call fails, by strace(1), each in turn; of one name no more than
8, or 64, since some are made a thousand times at one place.
kill: SIGKILL at the start of each of the same calls.  -n: at most so many
faults, evenly spread over all; FAULTS=all in the environment means all, and
every allocation.

What must come of a fault: exit status 1 and a line on standard error that
starts with the command's name; or status 0 and what comes without the fault.
-o same: that is the same output, and a failure's is the start of it; -o lines:
the same, but lines that failed may be others; -o end: one that ends as a stream
does; -o any: nobody knows.  -m: a failure's line says that it was memory.  No
signal, no other status, no hang; nothing of the process
left on a bpffs or in tracefs, unless it was killed or says so.  What was otherwise is
shown, and is the exit status; the last line counts.
"""

import argparse
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

# A command that takes longer hangs, even with a sanitizer on a busy machine.
PATIENCE = 20

# Which system calls fail in the real world, and how.  Not close(2): strace would
# leave the descriptor open, which the kernel never does; "close" is for that.
# Nor brk(2), which says no with the old end, and no error.
ERRORS = {
	"openat": ["EMFILE", "ENOMEM", "EIO"],
	"open": ["EMFILE"],
	"read": ["EIO", "EINTR"],
	"pread64": ["EIO"],
	"write": ["ENOSPC", "EIO", "EINTR"],
	"writev": ["ENOSPC"],
	"mmap": ["ENOMEM"],
	"mprotect": ["ENOMEM"],
	"newfstatat": ["EIO"],
	"fstat": ["EIO"],
	"statfs": ["EIO"],
	"fstatfs": ["EIO"],
	"lseek": ["EIO"],
	"getdents64": ["EIO"],
	"bpf": ["ENOMEM", "EPERM", "EMFILE", "EINTR"],
	"epoll_create1": ["EMFILE"],
	"epoll_ctl": ["ENOMEM", "ENOSPC"],
	"epoll_wait": ["EINTR"],
	"poll": ["EINTR", "ENOMEM"],
	"perf_event_open": ["EMFILE", "EACCES"],
	"ioctl": ["ENOMEM", "EPERM"],
	"mkdir": ["ENOSPC", "EACCES"],
	"mkdirat": ["ENOSPC", "EACCES"],
	"rmdir": ["EIO"],
	"unlink": ["EIO"],
	"unlinkat": ["EIO", "EPERM"],
	"access": ["EIO"],
	"faccessat2": ["EIO", "ENOSYS"],
	"flock": ["ENOLCK", "EINTR"],
	"mount": ["EPERM"],
	"dup": ["EMFILE"],
	"dup2": ["EMFILE"],
	"fcntl": ["EMFILE"],
	"socket": ["EMFILE"],
	"sendto": ["ENOBUFS"],
	"recvmsg": ["ENOMEM"],
	"timerfd_create": ["EMFILE"],
	"timerfd_settime": ["ENOMEM"],
	"signalfd4": ["EMFILE"],
	"eventfd2": ["EMFILE"],
	"pipe2": ["EMFILE"],
	"prlimit64": ["EPERM"],
	"rt_sigaction": ["EINVAL"],
	"uname": ["EFAULT"],
	"readlink": ["EIO"],
	"memfd_create": ["EMFILE"],
	"getrandom": ["ENOSYS"],
	"capget": ["EPERM"],
	"capset": ["EPERM"],
	"prctl": ["EINVAL", "EPERM"],
	"seccomp": ["ENOMEM", "EINVAL", "EPERM"],
	"landlock_create_ruleset": ["EOPNOTSUPP", "EMFILE"],
	"landlock_add_rule": ["ENOMEM"],
	"landlock_restrict_self": ["EPERM"],
}


class Run:
	"""One run of a command: how it ended and what it said."""

	def __init__(self, argv, options, env=None):
		with open(options.i or os.devnull, "rb") as stdin:
			p = subprocess.Popen(argv, stdin=stdin,
				stdout=subprocess.PIPE, stderr=subprocess.PIPE,
				env={**os.environ, **(env or {})},
				start_new_session=True)
			self.hung = False
			try:
				self.out, err = p.communicate(timeout=PATIENCE)
			except subprocess.TimeoutExpired:
				self.hung = True
				os.killpg(p.pid, signal.SIGKILL)
				self.out, err = p.communicate()
		self.err = err.decode(errors="replace")
		self.status = p.returncode
		self.pid = p.pid

	def done(self):
		"""Whether it did what was asked; a busy machine may lose records."""
		return self.status == 0 or (self.status == 3 and
			re.search("records? (was|were) lost", self.err))


def library_faults(options):
	"""Yield what to show and a function to run it, per allocation or close."""
	library, *command = options.command
	preload = {"LD_PRELOAD": library}
	if os.environ.get("SAN"):
		preload["ASAN_OPTIONS"] = "verify_asan_link_order=0:exitcode=99"
	sites = tempfile.NamedTemporaryFile("r")
	Run(command, options, {**preload, "FAULT_SITES": sites.name})
	*first, last = sites.read().splitlines()
	word, count = last.split()
	if word != "all":
		sys.exit(f"{library} did not count")
	if os.environ.get("FAULTS") == "all":
		first = range(1, int(count) + 1)
	if options.way == "close":
		# Of processes that are looked at there are more or fewer in each
		# run; 0 is the output, in any.
		first = range(int(count) + 1)
	for n in first:
		yield f"{options.way} {n} of {count}", lambda n=n: Run(
			command, options, {**preload, "FAULT_AT": str(n)})


def traced(options, *more):
	return ["strace", "-qq", "-I2", *more, *options.command]


def calls_of(options):
	"""The names of the system calls of a run, in order, and how many of them
	the loader makes before the program begins: its last ones read what the
	limit of the stack is and let go of the list of libraries."""
	with tempfile.NamedTemporaryFile("r") as log:
		Run(traced(options, "-o", log.name), options)
		names = re.findall(r"^(\w+)\(", log.read(), re.M)
	return names, names.index("munmap") + 1 if "munmap" in names else 0


def chosen(options):
	"""Yield the names of the calls to try and which of that name it is."""
	names, before = calls_of(options)
	most = 64 if os.environ.get("FAULTS") == "all" else 8
	seen = {}
	for i, name in enumerate(names):
		seen.setdefault(name, []).append(i)
	for name, at in seen.items():
		n = [k + 1 for k, i in enumerate(at) if i >= before]
		for k in range(min(most, len(n))):
			yield name, n[k * len(n) // min(most, len(n))]


def call_faults(options):
	log = tempfile.NamedTemporaryFile("r")
	for name, n in chosen(options):
		errors = ERRORS.get(name, [])
		if errors and os.environ.get("FAULTS") != "all":
			errors = [errors[n % len(errors)]]
		for e in errors:
			yield f"{name} {n}: {e}", lambda name=name, n=n, e=e: Run(
				traced(options, "-o", log.name, "-e", f"trace={name}",
				"-e", f"inject={name}:error={e}:when={n}"), options)


def kill_faults(options):
	for name, n in chosen(options):
		if name != "exit_group":
			yield f"SIGKILL at {name} {n}", lambda name=name, n=n: Run(
				traced(options, "-o", "/dev/null", "-e",
				f"inject={name}:signal=KILL:when={n}"), options)


def spread(faults, most):
	faults = list(faults)
	if most is None or os.environ.get("FAULTS") == "all" or len(faults) <= most:
		return faults
	return [faults[i * len(faults) // most] for i in range(most)]


def left_behind(pid):
	return [p for pattern in ("/sys/fs/bpf/skel/*-{}-*",
			"/sys/kernel/tracing/instances/*-{}-*")
		for p in glob.glob(pattern.format(pid))]


def verdict(run, plain, options, name):
	"""What is wrong with a run, or None."""
	if run.hung:
		return "hung"
	if not run.done() and run.status != 1:
		return f"status {run.status}"
	if run.status == 1:
		if not any(l.startswith(f"{name}: ") for l in run.err.splitlines()):
			return "no message"
		if options.m and "memory" not in run.err:
			return "memory is not named"
		if options.o == "same" and not plain.out.startswith(run.out):
			return "other output before the failure"
	elif options.o in ("same", "lines") and run.out != plain.out:
		return "silent and another output"
	elif options.o == "end" and b'{"@end":' not in run.out.splitlines()[-1]:
		return "silent without an end"
	left = left_behind(run.pid)
	if left and "the next skel-load will remove it" not in run.err:
		return f"left {left}"
	return None


def main():
	p = argparse.ArgumentParser()
	p.add_argument("-i")
	p.add_argument("-m", action="store_true")
	p.add_argument("-n", type=int)
	p.add_argument("-o", choices=["same", "lines", "end", "any"], default="same")
	p.add_argument("way", choices=["alloc", "close", "calls", "kill"])
	p.add_argument("command", nargs=argparse.REMAINDER)
	options = p.parse_args()
	command = options.command[1 if options.way in ("alloc", "close") else 0:]
	name = os.path.basename(command[0])
	faults = spread({"alloc": library_faults, "close": library_faults,
		"calls": call_faults, "kill": kill_faults}[options.way](options), options.n)
	plain = Run(command, options)
	if not plain.done():
		sys.exit(f"fails by itself: {plain.err}")
	failed = coped = wrong = 0
	for what, run in faults:
		r = run()
		killed = r.status == -signal.SIGKILL and options.way == "kill"
		v = None if killed else verdict(r, plain, options, name)
		if v is not None:
			wrong += 1
			print(f"{what}: {v}: {r.err.strip()[-1500:]}", flush=True)
		elif r.done():
			coped += 1
		else:
			failed += 1
	ends = "killed" if options.way == "kill" else "failures said"
	print(f"{options.way}: {name}: {len(faults)} faults, {failed} {ends}, "
		f"{coped} coped with, {wrong} wrong")
	return 1 if wrong or failed == 0 else 0


sys.exit(main())
