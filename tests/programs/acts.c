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
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls that older headers lack. */
#define NR_clone3 435
#define NR_fchmodat2 452
#define NR_setxattrat 463

static int report = -1;
static pid_t other;
static const char *path;

static void
tell(const char *act, long result)
{
	dprintf(report, "%s %s\n", act,
	    result == -1 ? strerrorname_np(errno) : "ok");
}

/* The same of a call with senseless arguments: whoever may make it gets past
 * the filter, to the error that the kernel has for these. */
static void
tell_past(const char *act, long result, int error)
{
	tell(act, result == -1 && errno == error ? 0 : result);
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
	tell("fchown", fchown(report, (uid_t)-1, (gid_t)-1));
	tell("fchmodat2", syscall(NR_fchmodat2, AT_FDCWD, path, 0644, 0));
	tell_past("setxattrat",
	    syscall(NR_setxattrat, AT_FDCWD, "", 0, NULL, NULL, 0), EINVAL);
}

/* The C library's function uses another call if there are no flags. */
static long
replace(const char *from, const char *to)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* What a filter that makes files in the directory of the report may do there,
 * and outside of it. */
static void
make_files(void)
{
	static const int new = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
	char from[4096];

	tell("make", open(beside("new3"), new, 0644));
	tell("make-setuid", open(beside("new4"), new, 04755));
	tell("make-outside", open("../acts.outside", new, 0644));
	snprintf(from, sizeof(from), "%s", beside("from"));
	tell("move-outside", replace(from, "../acts.moved") == 0
				 ? replace("../acts.moved", from)
				 : -1);
	tell("replace", replace(from, beside("to")));
	tell("unlinkat", unlinkat(AT_FDCWD, beside("victim2"), 0));
	tell("sync", fsync(report));
}

/* Signals to others by way of descriptors, and input for a terminal. */
static void
use_descriptors(void)
{
	int fds[2] = { -1, -1 };

	if (pipe(fds) == -1)
		fds[0] = dup(report);
	tell("setown", fcntl(fds[0], F_SETOWN, other));
	tell("setsig", fcntl(fds[0], F_SETSIG, SIGKILL));
	tell("async", fcntl(fds[0], F_SETFL, O_ASYNC));
	close(fds[0]);
	close(fds[1]);
	tell_past("tiocsti", ioctl(report, TIOCSTI, "x"), ENOTTY);
}

/* Memory with code, memory that others share, and queues. */
static void
make_memory(void)
{
	void *p =
	    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int old = personality(0xffffffff), shm;
	long mq;

	tell("pkey", syscall(SYS_pkey_mprotect, p, 4096, PROT_EXEC, -1));
	munmap(p, 4096);
	tell("personality", personality(READ_IMPLIES_EXEC));
	personality(old == -1 ? 0 : (unsigned long)old);
	shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
	tell("shmget", shm);
	shmctl(shm, IPC_RMID, NULL);
	tell_past("shmat", (long)shmat(-1, NULL, SHM_EXEC), EINVAL);
	mq = syscall(SYS_mq_open, "skel-acts", O_RDWR | O_CREAT, 0600, NULL);
	tell("mq", mq);
	if (mq != -1)
		syscall(SYS_mq_unlink, "skel-acts");
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
	tell_past("clone3", syscall(NR_clone3, NULL, 0), EINVAL);
	tell_past("setns", setns(-1, 0), EBADF);
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
	int error = errno, copy = dup(report);

	(void)sig;
	open_files();
	change_files();
	make_files();
	use_descriptors();
	make_memory();
	get_at_others();
	get_at_kernel();
	reach_out();
	/* Goes well without coming back. */
	snprintf(number, sizeof(number), "ACTS_FD=%d", copy);
	tell("exec", execve("/bin/bash", argv, envp));
	dprintf(report, "end\n");
	/* The process may be between a call that failed and a look at why. */
	errno = error;
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
