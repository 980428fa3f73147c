/*
 * Acts that a confined process may not do, tried from inside of it.
 *
 *	LD_PRELOAD=acts.so ACTS=report ACTS_PID=1234 skel-fmt & kill -USR1 $!
 *
 * On SIGUSR1 the process tries each, on files beside the report and on the
 * process ACTS_PID, and appends "NAME ok" or "NAME EPERM" to the report, which
 * was open before; the last line is "end".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int report = -1;
static pid_t other;
static const char *path;

static void
tell(const char *act, long result)
{
	dprintf(report, "%s %s\n", act,
	    result == -1 ? strerrorname_np(errno) : "ok");
}

/* The name of a file beside the report. */
static const char *
beside(const char *name)
{
	static char buf[4096];

	snprintf(buf, sizeof(buf), "%s.%s", path, name);
	return buf;
}

static void
open_files(void)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = 0600 };

	tell("read", open("/etc/passwd", O_RDONLY));
	tell("list", open("/etc", O_RDONLY | O_DIRECTORY));
	tell("create", open(beside("new"), O_WRONLY | O_CREAT, 0600));
	tell("write", open(beside("old"), O_WRONLY));
	tell("change", open(beside("old"), O_RDWR));
	tell("empty", open(beside("old"), O_RDONLY | O_TRUNC));
	tell("openat2",
	    syscall(SYS_openat2, AT_FDCWD, beside("new2"), &how, sizeof(how)));
}

static void
change_files(void)
{
	char from[4096];

	snprintf(from, sizeof(from), "%s", beside("old"));
	tell("truncate", truncate(from, 0));
	tell("chmod", chmod(from, 0600));
	tell("mkdir", mkdir(beside("dir"), 0700));
	tell("link", link(from, beside("link")));
	tell("rename", rename(from, beside("renamed")));
	tell("unlink", unlink(beside("victim")));
}

static void
get_at_others(void)
{
	char byte;
	/* Where nothing is: whoever may look gets EFAULT. */
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };
	pid_t child;

	tell("ptrace", ptrace(PTRACE_SEIZE, other, 0, 0));
	ptrace(PTRACE_DETACH, other, 0, 0);
	tell("memory", process_vm_readv(other, &here, 1, &there, 1, 0) == -1 &&
			       errno != EFAULT
			   ? -1
			   : 0);
	tell("signal",
	    kill(other, 0) == -1 ? syscall(SYS_tgkill, other, other, 0) : 0);
	child = fork();
	if (child == 0)
		_exit(0);
	tell("fork", child);
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void
get_at_kernel(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	tell("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
	tell("chroot", chroot("/"));
	tell("code", (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void
reach_out(void)
{
	tell("tcp", socket(AF_INET, SOCK_STREAM, 0));
	tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
	tell("unix", socket(AF_UNIX, SOCK_STREAM, 0));
}

static void
try_all(int sig)
{
	static char *const argv[] = { "bash", "-c",
		"{ echo exec ok; echo end; } >&\"$ACTS_FD\"", NULL };
	char number[32], *envp[] = { number, NULL };
	int copy = dup(report);

	(void)sig;
	open_files();
	change_files();
	get_at_others();
	get_at_kernel();
	reach_out();
	/* Goes well without coming back. */
	snprintf(number, sizeof(number), "ACTS_FD=%d", copy);
	tell("exec", execve("/bin/bash", argv, envp));
	dprintf(report, "end\n");
}

__attribute__((constructor)) static void
prepare(void)
{
	struct sigaction sa = { .sa_handler = try_all, .sa_flags = SA_RESTART };
	const char *pid = getenv("ACTS_PID");

	path = getenv("ACTS");
	if (path == NULL || pid == NULL)
		return;
	other = (pid_t)atol(pid);
	report = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	sigaction(SIGUSR1, &sa, NULL);
}
