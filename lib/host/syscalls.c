#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/util.h"
#include "host/syscalls.h"
#include "kinds/syscall-numbers.h"

/* The names of constants that older headers lack. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef F_GETPIPE_SZ
#define F_GETPIPE_SZ 1032
#define F_SETPIPE_SZ 1031
#endif
#define TMPFILE_BIT 020000000
#define MODE_BITS 0644 /* of a file that a filter makes */

/* The flags of open(2) that make a file. */
#define OPEN_MAKES (O_CREAT | TMPFILE_BIT)
/* Those that a filter makes one with, which must be new. */
#define OPEN_NEW (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
/* Those that change one. */
#define OPEN_CHANGES (O_ACCMODE | O_TRUNC | OPEN_MAKES)
/* Those that F_SETFL may set.  O_ASYNC sends signals to whom F_SETOWN says. */
#define STATUS_FLAGS (O_ACCMODE | O_APPEND | O_NONBLOCK | LARGEFILE_BITS)
/* O_LARGEFILE of x86 and of ARM, which libraries pass though it is implied. */
#define LARGEFILE_BITS (0100000 | 0400000)
/* Those of clone(2) that make a plain child: its signal, and where numbers and
 * descriptors are stored. */
#define CHILD_FLAGS                                                            \
	(0xff | CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |       \
	    CLONE_CHILD_CLEARTID)

#define NOT(bits) ((uint32_t) ~(uint32_t)(bits))
#define IS(n, name)                                                            \
	{                                                                      \
#name,                                                         \
		{                                                              \
			{                                                      \
				.arg = (n), .mask = UINT32_MAX,                \
				.value = (uint32_t)(name)                      \
			}                                                      \
		}                                                              \
	}
#define HAS_NOT(n, bits, words)                                                \
	{                                                                      \
		words,                                                         \
		{                                                              \
			{                                                      \
				.arg = (n), .mask = (bits)                     \
			}                                                      \
		}                                                              \
	}

static const struct syscall_choice rdonly1[] = {
	HAS_NOT(1, OPEN_CHANGES, "for reading"),
};
static const struct syscall_choice rdonly2[] = {
	HAS_NOT(2, OPEN_CHANGES, "for reading"),
};
static const struct syscall_choice more1[] = {
	HAS_NOT(1, OPEN_MAKES, "not to make files"),
};
static const struct syscall_choice more2[] = {
	HAS_NOT(2, OPEN_MAKES, "not to make files"),
};
static const struct syscall_choice making[] = {
	HAS_NOT(2, OPEN_CHANGES, "for reading"),
	{ "new files for writing, with O_EXCL and O_NOFOLLOW",
	    { { .arg = 2, .mask = OPEN_CHANGES | OPEN_NEW, .value = OPEN_NEW },
		{ .arg = 3, .mask = (uint32_t)~MODE_BITS } } },
};
static const struct syscall_choice renaming[] = {
	HAS_NOT(4, UINT32_MAX, "without flags"),
};
static const struct syscall_choice removing[] = {
	HAS_NOT(2, UINT32_MAX, "no directories"),
};
static const struct syscall_choice no_code[] = {
	HAS_NOT(2, PROT_EXEC, "without PROT_EXEC"),
};
/* F_SETOWN, F_SETSIG, F_NOTIFY and leases send signals. */
static const struct syscall_choice fcntl_commands[] = {
	IS(1, F_DUPFD),
	IS(1, F_DUPFD_CLOEXEC),
	IS(1, F_GETFD),
	IS(1, F_SETFD),
	IS(1, F_GETFL),
	{ "F_SETFL without O_ASYNC",
	    { { .arg = 1, .mask = UINT32_MAX, .value = F_SETFL },
		{ .arg = 2, .mask = NOT(STATUS_FLAGS) } } },
	IS(1, F_GETLK),
	IS(1, F_SETLK),
	IS(1, F_SETLKW),
	IS(1, F_OFD_GETLK),
	IS(1, F_OFD_SETLK),
	IS(1, F_OFD_SETLKW),
	IS(1, F_GETPIPE_SZ),
	IS(1, F_SETPIPE_SZ),
};
/* TIOCSTI would type at the terminal. */
static const struct syscall_choice tty[] = {
	IS(1, TCGETS),
#ifdef TCGETS2
	IS(1, TCGETS2),
#endif
	IS(1, TIOCGWINSZ),
	IS(1, FIONREAD),
};
static const struct syscall_choice tty_keys[] = {
	IS(1, TCGETS),
#ifdef TCGETS2
	IS(1, TCGETS2),
#endif
	IS(1, TCSETS),
#ifdef TCSETS2
	IS(1, TCSETS2),
#endif
	IS(1, TIOCGWINSZ),
	IS(1, FIONREAD),
};
static const struct syscall_choice ioctl_requests[] = {
	IS(1, TCGETS),
#ifdef TCGETS2
	IS(1, TCGETS2),
#endif
	IS(1, TIOCGWINSZ),
	IS(1, FIONREAD),
	IS(1, PERF_EVENT_IOC_ENABLE),
	IS(1, PERF_EVENT_IOC_DISABLE),
	IS(1, PERF_EVENT_IOC_SET_OUTPUT),
};
static const struct syscall_choice prctl_options[] = {
	IS(0, PR_SET_NAME),
	IS(0, PR_GET_NAME),
	IS(0, PR_GET_DUMPABLE),
	IS(0, PR_GET_NO_NEW_PRIVS),
	IS(0, PR_GET_SECCOMP),
	IS(0, PR_CAPBSET_READ),
	IS(0, PR_SET_VMA),
};
static const struct syscall_choice confine_options[] = {
	IS(0, PR_SET_NAME),
	IS(0, PR_GET_NAME),
	IS(0, PR_GET_DUMPABLE),
	IS(0, PR_SET_DUMPABLE),
	IS(0, PR_GET_NO_NEW_PRIVS),
	IS(0, PR_SET_NO_NEW_PRIVS),
	IS(0, PR_GET_SECCOMP),
	IS(0, PR_CAPBSET_READ),
	IS(0, PR_CAPBSET_DROP),
	IS(0, PR_SET_PDEATHSIG),
	IS(0, PR_SET_VMA),
};
static const struct syscall_choice filters[] = {
	{ "SECCOMP_SET_MODE_FILTER", { { .arg = 0,
					   .mask = UINT32_MAX,
					   .value = SECCOMP_SET_MODE_FILTER },
					 { .arg = 1, .mask = UINT32_MAX } } },
};
static const struct syscall_choice limits[] = {
	{ "to read its own", { { .arg = 0, .mask = UINT32_MAX },
				 { .arg = 2, .mask = UINT64_MAX } } },
};
static const struct syscall_choice own_limits[] = {
	{ "its own", { { .arg = 0, .mask = UINT32_MAX } } },
};
static const struct syscall_choice self[] = {
	{ "to itself", { { .arg = 0, .own_pid = true, .mask = UINT32_MAX } } },
};
static const struct syscall_choice child[] = {
	HAS_NOT(0, NOT(CHILD_FLAGS), "a process, without CLONE_NEW*"),
};
static const struct syscall_choice killing[] = {
	IS(1, SIGKILL),
};
static const struct syscall_choice unix_sockets[] = {
	IS(0, AF_UNIX),
};
static const struct syscall_choice netlink_sockets[] = {
	IS(0, AF_NETLINK),
};
static const struct syscall_choice bpf_opening[] = {
	IS(0, BPF_OBJ_GET),
	IS(0, BPF_OBJ_GET_INFO_BY_FD),
	IS(0, BPF_PROG_GET_NEXT_ID),
	IS(0, BPF_PROG_GET_FD_BY_ID),
	IS(0, BPF_MAP_GET_NEXT_ID),
	IS(0, BPF_MAP_GET_FD_BY_ID),
	IS(0, BPF_BTF_GET_NEXT_ID),
	IS(0, BPF_BTF_GET_FD_BY_ID),
	IS(0, BPF_LINK_GET_NEXT_ID),
	IS(0, BPF_LINK_GET_FD_BY_ID),
	IS(0, BPF_TASK_FD_QUERY),
	IS(0, BPF_MAP_LOOKUP_ELEM),
	IS(0, BPF_MAP_UPDATE_ELEM),
	IS(0, BPF_MAP_DELETE_ELEM),
	IS(0, BPF_MAP_GET_NEXT_KEY),
	IS(0, BPF_MAP_LOOKUP_AND_DELETE_ELEM),
	IS(0, BPF_MAP_LOOKUP_BATCH),
	IS(0, BPF_MAP_LOOKUP_AND_DELETE_BATCH),
	IS(0, BPF_MAP_UPDATE_BATCH),
	IS(0, BPF_MAP_DELETE_BATCH),
	IS(0, BPF_ITER_CREATE),
};
static const struct syscall_choice bpf_commands[] = {
	IS(0, BPF_MAP_LOOKUP_ELEM),
	IS(0, BPF_MAP_UPDATE_ELEM),
	IS(0, BPF_MAP_DELETE_ELEM),
	IS(0, BPF_MAP_GET_NEXT_KEY),
	IS(0, BPF_MAP_LOOKUP_AND_DELETE_ELEM),
	IS(0, BPF_MAP_LOOKUP_BATCH),
	IS(0, BPF_MAP_LOOKUP_AND_DELETE_BATCH),
	IS(0, BPF_MAP_UPDATE_BATCH),
	IS(0, BPF_MAP_DELETE_BATCH),
	IS(0, BPF_OBJ_GET_INFO_BY_FD),
	IS(0, BPF_ITER_CREATE),
	IS(0, BPF_LINK_DETACH),
	IS(0, BPF_PROG_DETACH),
};

enum rule {
	RULE_NO,
	RULE_YES,
	RULE_DENIED, /* without a report */
	RULE_ABSENT, /* as if the kernel did not have it */
	RULE_RDONLY1,
	RULE_RDONLY2,
	RULE_MORE1,
	RULE_MORE2,
	RULE_OPENAT2,
	RULE_NO_CODE,
	RULE_FCNTL,
	RULE_TTY,
	RULE_TTY_KEYS,
	RULE_IOCTL,
	RULE_PRCTL,
	RULE_PRCTL_CONFINE,
	RULE_SECCOMP,
	RULE_LIMITS,
	RULE_OWN_LIMITS,
	RULE_SELF,
	RULE_FORK,
	RULE_KILL,
	RULE_UNIX,
	RULE_NETLINK,
	RULE_WITH_SOCKETS,
	RULE_BPF,
	RULE_BPF_OPENING,
	RULE_WATCH,
	RULE_REMOVE,
	RULE_MAKE,
	RULE_RENAME,
	RULE_UNLINK,
	RULE_SYNC,
};

#define CHOICES(list)                                                          \
	.choices = (list), .nchoices = nitems(list),                           \
	.otherwise = SYSCALL_REFUSED

static const struct syscall_rule rules[] = {
	[RULE_NO] = { .otherwise = SYSCALL_REFUSED },
	[RULE_YES] = { .otherwise = SYSCALL_ALLOWED },
	[RULE_DENIED] = { .otherwise = SYSCALL_EPERM },
	[RULE_ABSENT] = { .otherwise = SYSCALL_ENOSYS },
	[RULE_RDONLY1] = { CHOICES(rdonly1) },
	[RULE_RDONLY2] = { CHOICES(rdonly2) },
	[RULE_MORE1] = { CHOICES(more1), .need = SYSCALL_WRITES,
	    .without = RULE_RDONLY1 },
	[RULE_MORE2] = { CHOICES(more2), .need = SYSCALL_WRITES,
	    .without = RULE_RDONLY2 },
	[RULE_OPENAT2] = { .otherwise = SYSCALL_ALLOWED,
	    .need = SYSCALL_OPENAT2,
	    .without = RULE_ABSENT },
	[RULE_NO_CODE] = { CHOICES(no_code) },
	[RULE_FCNTL] = { CHOICES(fcntl_commands) },
	[RULE_TTY] = { CHOICES(tty) },
	[RULE_TTY_KEYS] = { CHOICES(tty_keys), .need = SYSCALL_KEYS,
	    .without = RULE_TTY },
	[RULE_IOCTL] = { CHOICES(ioctl_requests) },
	[RULE_PRCTL] = { CHOICES(prctl_options) },
	[RULE_PRCTL_CONFINE] = { CHOICES(confine_options) },
	[RULE_SECCOMP] = { CHOICES(filters) },
	[RULE_LIMITS] = { CHOICES(limits) },
	[RULE_OWN_LIMITS] = { CHOICES(own_limits) },
	[RULE_SELF] = { CHOICES(self) },
	[RULE_FORK] = { .choices = child,
	    .nchoices = nitems(child),
	    .otherwise = SYSCALL_EPERM },
	[RULE_KILL] = { CHOICES(killing) },
	[RULE_UNIX] = { CHOICES(unix_sockets) },
	[RULE_NETLINK] = { CHOICES(netlink_sockets), .need = SYSCALL_SOCKETS,
	    .without = RULE_NO },
	[RULE_WITH_SOCKETS] = { .otherwise = SYSCALL_ALLOWED,
	    .need = SYSCALL_SOCKETS,
	    .without = RULE_NO },
	[RULE_BPF] = { CHOICES(bpf_commands) },
	[RULE_BPF_OPENING] = { CHOICES(bpf_opening) },
	[RULE_WATCH] = { .otherwise = SYSCALL_ALLOWED,
	    .need = SYSCALL_WATCHES,
	    .without = RULE_NO },
	[RULE_REMOVE] = { .otherwise = SYSCALL_ALLOWED,
	    .need = SYSCALL_REMOVES,
	    .without = RULE_NO },
	[RULE_MAKE] = { CHOICES(making), .need = SYSCALL_MAKES,
	    .without = RULE_RDONLY2 },
	[RULE_RENAME] = { CHOICES(renaming), .need = SYSCALL_MAKES,
	    .without = RULE_NO },
	[RULE_UNLINK] = { CHOICES(removing), .need = SYSCALL_MAKES,
	    .without = RULE_NO },
	[RULE_SYNC] = { .otherwise = SYSCALL_ALLOWED,
	    .need = SYSCALL_MAKES,
	    .without = RULE_NO },
};

/*
 * ROW(name, rule of the filter, while opening, of the head, of the lookup, of
 * its worker), or SAME() with one rule for all stages.  The numbers are in
 * kinds/syscall-numbers.h.  A new kernel's call is added at the end of both
 * lists, and ENOSYS until then.
 */
/* clang-format off */
#define SYSCALLS(ROW, SAME)                                                    \
	SAME(read, YES)                                                        \
	SAME(write, YES)                                                       \
	ROW(open, RDONLY1, RDONLY1, MORE1, RDONLY1, RDONLY1)                   \
	SAME(close, YES)                                                       \
	SAME(stat, YES)                                                        \
	SAME(fstat, YES)                                                       \
	SAME(lstat, YES)                                                       \
	SAME(poll, YES)                                                        \
	SAME(lseek, YES)                                                       \
	SAME(mmap, NO_CODE)                                                    \
	SAME(mprotect, NO_CODE)                                                \
	SAME(munmap, YES)                                                      \
	SAME(brk, YES)                                                         \
	SAME(rt_sigaction, YES)                                                \
	SAME(rt_sigprocmask, YES)                                              \
	SAME(rt_sigreturn, YES)                                                \
	ROW(ioctl, TTY_KEYS, IOCTL, IOCTL, TTY, TTY)                           \
	SAME(pread64, YES)                                                     \
	SAME(pwrite64, YES)                                                    \
	SAME(readv, YES)                                                       \
	SAME(writev, YES)                                                      \
	SAME(access, YES)                                                      \
	ROW(pipe, NO, YES, YES, YES, NO)                                       \
	SAME(select, YES)                                                      \
	SAME(sched_yield, YES)                                                 \
	SAME(mremap, YES)                                                      \
	SAME(msync, YES)                                                       \
	SAME(mincore, NO)                                                      \
	SAME(madvise, YES)                                                     \
	SAME(shmget, NO)                                                       \
	SAME(shmat, NO)                                                        \
	SAME(shmctl, NO)                                                       \
	SAME(dup, YES)                                                         \
	SAME(dup2, YES)                                                        \
	SAME(pause, YES)                                                       \
	SAME(nanosleep, YES)                                                   \
	ROW(getitimer, NO, NO, NO, YES, YES)                                   \
	ROW(alarm, NO, NO, NO, YES, YES)                                       \
	ROW(setitimer, NO, NO, NO, YES, YES)                                   \
	SAME(getpid, YES)                                                      \
	SAME(sendfile, NO)                                                     \
	ROW(socket, NO, NO, NETLINK, NO, NO)                                   \
	ROW(connect, NO, NO, WITH_SOCKETS, NO, NO)                             \
	SAME(accept, NO)                                                       \
	ROW(sendto, NO, YES, YES, YES, YES)                                    \
	ROW(recvfrom, NO, YES, YES, YES, YES)                                  \
	ROW(sendmsg, NO, YES, YES, YES, YES)                                   \
	ROW(recvmsg, NO, YES, YES, YES, YES)                                   \
	ROW(shutdown, NO, YES, YES, YES, YES)                                  \
	ROW(bind, NO, NO, WITH_SOCKETS, NO, NO)                                \
	SAME(listen, NO)                                                       \
	ROW(getsockname, NO, YES, YES, YES, YES)                               \
	ROW(getpeername, NO, YES, YES, YES, YES)                               \
	ROW(socketpair, NO, NO, NO, UNIX, NO)                                  \
	ROW(setsockopt, NO, NO, WITH_SOCKETS, NO, NO)                          \
	ROW(getsockopt, NO, YES, YES, YES, YES)                                \
	ROW(clone, DENIED, DENIED, DENIED, FORK, DENIED)                       \
	ROW(fork, DENIED, DENIED, DENIED, YES, DENIED)                         \
	SAME(vfork, DENIED)                                                    \
	SAME(execve, NO)                                                       \
	SAME(exit, YES)                                                        \
	ROW(wait4, NO, YES, YES, YES, NO)                                      \
	SAME(kill, NO)                                                         \
	SAME(uname, YES)                                                       \
	SAME(semget, NO)                                                       \
	SAME(semop, NO)                                                        \
	SAME(semctl, NO)                                                       \
	SAME(shmdt, NO)                                                        \
	SAME(msgget, NO)                                                       \
	SAME(msgsnd, NO)                                                       \
	SAME(msgrcv, NO)                                                       \
	SAME(msgctl, NO)                                                       \
	SAME(fcntl, FCNTL)                                                     \
	ROW(flock, NO, YES, YES, YES, NO)                                      \
	ROW(fsync, SYNC, NO, NO, NO, NO)                                       \
	ROW(fdatasync, SYNC, NO, NO, NO, NO)                                   \
	SAME(truncate, NO)                                                     \
	SAME(ftruncate, NO)                                                    \
	SAME(getdents, YES)                                                    \
	SAME(getcwd, YES)                                                      \
	SAME(chdir, NO)                                                        \
	SAME(fchdir, NO)                                                       \
	SAME(rename, NO)                                                       \
	SAME(mkdir, NO)                                                        \
	ROW(rmdir, NO, REMOVE, REMOVE, NO, NO)                                 \
	SAME(creat, NO)                                                        \
	SAME(link, NO)                                                         \
	ROW(unlink, NO, REMOVE, REMOVE, NO, NO)                                \
	SAME(symlink, NO)                                                      \
	ROW(readlink, NO, YES, YES, YES, YES)                                  \
	SAME(chmod, NO)                                                        \
	SAME(fchmod, NO)                                                       \
	SAME(chown, NO)                                                        \
	SAME(fchown, NO)                                                       \
	SAME(lchown, NO)                                                       \
	SAME(umask, NO)                                                        \
	SAME(gettimeofday, YES)                                                \
	SAME(getrlimit, YES)                                                   \
	SAME(getrusage, YES)                                                   \
	SAME(sysinfo, YES)                                                     \
	SAME(times, YES)                                                       \
	SAME(ptrace, NO)                                                       \
	SAME(getuid, YES)                                                      \
	SAME(syslog, NO)                                                       \
	SAME(getgid, YES)                                                      \
	SAME(setuid, NO)                                                       \
	SAME(setgid, NO)                                                       \
	SAME(geteuid, YES)                                                     \
	SAME(getegid, YES)                                                     \
	SAME(setpgid, NO)                                                      \
	SAME(getppid, YES)                                                     \
	SAME(getpgrp, YES)                                                     \
	SAME(setsid, NO)                                                       \
	SAME(setreuid, NO)                                                     \
	SAME(setregid, NO)                                                     \
	SAME(getgroups, YES)                                                   \
	SAME(setgroups, NO)                                                    \
	SAME(setresuid, NO)                                                    \
	SAME(getresuid, YES)                                                   \
	SAME(setresgid, NO)                                                    \
	SAME(getresgid, YES)                                                   \
	SAME(getpgid, YES)                                                     \
	SAME(setfsuid, NO)                                                     \
	SAME(setfsgid, NO)                                                     \
	SAME(getsid, YES)                                                      \
	ROW(capget, NO, YES, NO, YES, NO)                                      \
	ROW(capset, NO, YES, NO, YES, NO)                                      \
	SAME(rt_sigpending, YES)                                               \
	SAME(rt_sigtimedwait, YES)                                             \
	SAME(rt_sigqueueinfo, NO)                                              \
	SAME(rt_sigsuspend, YES)                                               \
	SAME(sigaltstack, YES)                                                 \
	SAME(utime, NO)                                                        \
	SAME(mknod, NO)                                                        \
	SAME(uselib, NO)                                                       \
	SAME(personality, NO)                                                  \
	SAME(ustat, NO)                                                        \
	ROW(statfs, NO, YES, YES, YES, YES)                                    \
	ROW(fstatfs, NO, YES, YES, YES, YES)                                   \
	SAME(sysfs, NO)                                                        \
	SAME(getpriority, NO)                                                  \
	SAME(setpriority, NO)                                                  \
	SAME(sched_setparam, NO)                                               \
	SAME(sched_getparam, NO)                                               \
	SAME(sched_setscheduler, NO)                                           \
	SAME(sched_getscheduler, NO)                                           \
	SAME(sched_get_priority_max, NO)                                       \
	SAME(sched_get_priority_min, NO)                                       \
	SAME(sched_rr_get_interval, NO)                                        \
	SAME(mlock, NO)                                                        \
	SAME(munlock, NO)                                                      \
	SAME(mlockall, NO)                                                     \
	SAME(munlockall, NO)                                                   \
	SAME(vhangup, NO)                                                      \
	SAME(modify_ldt, NO)                                                   \
	SAME(pivot_root, NO)                                                   \
	SAME(_sysctl, NO)                                                      \
	ROW(prctl, PRCTL, PRCTL_CONFINE, PRCTL, PRCTL_CONFINE, PRCTL)          \
	SAME(arch_prctl, ABSENT)                                               \
	SAME(adjtimex, NO)                                                     \
	ROW(setrlimit, NO, YES, NO, YES, YES)                                  \
	SAME(chroot, NO)                                                       \
	SAME(sync, NO)                                                         \
	SAME(acct, NO)                                                         \
	SAME(settimeofday, NO)                                                 \
	SAME(mount, NO)                                                        \
	SAME(umount2, NO)                                                      \
	SAME(swapon, NO)                                                       \
	SAME(swapoff, NO)                                                      \
	SAME(reboot, NO)                                                       \
	SAME(sethostname, NO)                                                  \
	SAME(setdomainname, NO)                                                \
	SAME(iopl, NO)                                                         \
	SAME(ioperm, NO)                                                       \
	SAME(create_module, NO)                                                \
	SAME(init_module, NO)                                                  \
	SAME(delete_module, NO)                                                \
	SAME(get_kernel_syms, NO)                                              \
	SAME(query_module, NO)                                                 \
	SAME(quotactl, NO)                                                     \
	SAME(nfsservctl, NO)                                                   \
	SAME(getpmsg, NO)                                                      \
	SAME(putpmsg, NO)                                                      \
	SAME(afs_syscall, NO)                                                  \
	SAME(tuxcall, NO)                                                      \
	SAME(security, NO)                                                     \
	SAME(gettid, YES)                                                      \
	SAME(readahead, NO)                                                    \
	SAME(setxattr, NO)                                                     \
	SAME(lsetxattr, NO)                                                    \
	SAME(fsetxattr, NO)                                                    \
	SAME(getxattr, NO)                                                     \
	SAME(lgetxattr, NO)                                                    \
	SAME(fgetxattr, NO)                                                    \
	SAME(listxattr, NO)                                                    \
	SAME(llistxattr, NO)                                                   \
	SAME(flistxattr, NO)                                                   \
	SAME(removexattr, NO)                                                  \
	SAME(lremovexattr, NO)                                                 \
	SAME(fremovexattr, NO)                                                 \
	SAME(tkill, SELF)                                                      \
	SAME(time, YES)                                                        \
	SAME(futex, YES)                                                       \
	SAME(sched_setaffinity, NO)                                            \
	SAME(sched_getaffinity, YES)                                           \
	SAME(set_thread_area, NO)                                              \
	SAME(io_setup, NO)                                                     \
	SAME(io_destroy, NO)                                                   \
	SAME(io_getevents, NO)                                                 \
	SAME(io_submit, NO)                                                    \
	SAME(io_cancel, NO)                                                    \
	SAME(get_thread_area, NO)                                              \
	SAME(lookup_dcookie, NO)                                               \
	ROW(epoll_create, NO, YES, YES, YES, YES)                              \
	SAME(epoll_ctl_old, NO)                                                \
	SAME(epoll_wait_old, NO)                                               \
	SAME(remap_file_pages, NO)                                             \
	SAME(getdents64, YES)                                                  \
	SAME(set_tid_address, YES)                                             \
	SAME(restart_syscall, YES)                                             \
	SAME(semtimedop, NO)                                                   \
	ROW(fadvise64, NO, YES, YES, YES, YES)                                 \
	SAME(timer_create, NO)                                                 \
	SAME(timer_settime, NO)                                                \
	SAME(timer_gettime, NO)                                                \
	SAME(timer_getoverrun, NO)                                             \
	SAME(timer_delete, NO)                                                 \
	SAME(clock_settime, NO)                                                \
	SAME(clock_gettime, YES)                                               \
	SAME(clock_getres, YES)                                                \
	SAME(clock_nanosleep, YES)                                             \
	SAME(exit_group, YES)                                                  \
	ROW(epoll_wait, NO, YES, YES, YES, YES)                                \
	ROW(epoll_ctl, NO, YES, YES, YES, YES)                                 \
	SAME(tgkill, SELF)                                                     \
	SAME(utimes, NO)                                                       \
	SAME(vserver, NO)                                                      \
	SAME(mbind, NO)                                                        \
	SAME(set_mempolicy, NO)                                                \
	SAME(get_mempolicy, NO)                                                \
	SAME(mq_open, NO)                                                      \
	SAME(mq_unlink, NO)                                                    \
	SAME(mq_timedsend, NO)                                                 \
	SAME(mq_timedreceive, NO)                                              \
	SAME(mq_notify, NO)                                                    \
	SAME(mq_getsetattr, NO)                                                \
	SAME(kexec_load, NO)                                                   \
	ROW(waitid, NO, YES, YES, YES, NO)                                     \
	SAME(add_key, NO)                                                      \
	SAME(request_key, NO)                                                  \
	SAME(keyctl, NO)                                                       \
	SAME(ioprio_set, NO)                                                   \
	SAME(ioprio_get, NO)                                                   \
	SAME(inotify_init, NO)                                                 \
	ROW(inotify_add_watch, NO, YES, NO, YES, WATCH)                        \
	SAME(inotify_rm_watch, NO)                                             \
	SAME(migrate_pages, NO)                                                \
	ROW(openat, MAKE, RDONLY2, MORE2, RDONLY2, RDONLY2)                    \
	SAME(mkdirat, NO)                                                      \
	SAME(mknodat, NO)                                                      \
	SAME(fchownat, NO)                                                     \
	SAME(futimesat, NO)                                                    \
	SAME(newfstatat, YES)                                                  \
	ROW(unlinkat, UNLINK, REMOVE, REMOVE, NO, NO)                          \
	SAME(renameat, NO)                                                     \
	SAME(linkat, NO)                                                       \
	SAME(symlinkat, NO)                                                    \
	ROW(readlinkat, NO, YES, YES, YES, YES)                                \
	SAME(fchmodat, NO)                                                     \
	SAME(faccessat, YES)                                                   \
	SAME(pselect6, YES)                                                    \
	SAME(ppoll, YES)                                                       \
	SAME(unshare, NO)                                                      \
	SAME(set_robust_list, YES)                                             \
	SAME(get_robust_list, NO)                                              \
	SAME(splice, NO)                                                       \
	SAME(tee, NO)                                                          \
	SAME(sync_file_range, NO)                                              \
	SAME(vmsplice, NO)                                                     \
	SAME(move_pages, NO)                                                   \
	SAME(utimensat, NO)                                                    \
	ROW(epoll_pwait, NO, YES, YES, YES, YES)                               \
	SAME(signalfd, NO)                                                     \
	ROW(timerfd_create, NO, YES, YES, YES, YES)                            \
	ROW(eventfd, NO, YES, YES, YES, NO)                                    \
	SAME(fallocate, NO)                                                    \
	ROW(timerfd_settime, NO, YES, YES, YES, YES)                           \
	ROW(timerfd_gettime, NO, YES, YES, YES, YES)                           \
	SAME(accept4, NO)                                                      \
	SAME(signalfd4, NO)                                                    \
	ROW(eventfd2, NO, YES, YES, YES, NO)                                   \
	ROW(epoll_create1, NO, YES, YES, YES, YES)                             \
	SAME(dup3, YES)                                                        \
	ROW(pipe2, NO, YES, YES, YES, NO)                                      \
	ROW(inotify_init1, NO, YES, NO, NO, NO)                                \
	SAME(preadv, YES)                                                      \
	SAME(pwritev, YES)                                                     \
	SAME(rt_tgsigqueueinfo, NO)                                            \
	ROW(perf_event_open, NO, YES, NO, NO, NO)                              \
	SAME(recvmmsg, NO)                                                     \
	SAME(fanotify_init, NO)                                                \
	SAME(fanotify_mark, NO)                                                \
	ROW(prlimit64, LIMITS, OWN_LIMITS, LIMITS, OWN_LIMITS, OWN_LIMITS)     \
	SAME(name_to_handle_at, NO)                                            \
	SAME(open_by_handle_at, NO)                                            \
	SAME(clock_adjtime, NO)                                                \
	SAME(syncfs, NO)                                                       \
	SAME(sendmmsg, NO)                                                     \
	SAME(setns, NO)                                                        \
	SAME(getcpu, YES)                                                      \
	SAME(process_vm_readv, NO)                                             \
	SAME(process_vm_writev, NO)                                            \
	SAME(kcmp, NO)                                                         \
	SAME(finit_module, NO)                                                 \
	SAME(sched_setattr, NO)                                                \
	SAME(sched_getattr, NO)                                                \
	ROW(renameat2, RENAME, NO, NO, NO, NO)                                 \
	ROW(seccomp, NO, SECCOMP, NO, SECCOMP, NO)                             \
	SAME(getrandom, YES)                                                   \
	SAME(memfd_create, YES)                                                \
	SAME(kexec_file_load, NO)                                              \
	ROW(bpf, NO, BPF_OPENING, BPF, NO, NO)                                 \
	SAME(execveat, NO)                                                     \
	SAME(userfaultfd, NO)                                                  \
	SAME(membarrier, ABSENT)                                               \
	SAME(mlock2, NO)                                                       \
	SAME(copy_file_range, NO)                                              \
	SAME(preadv2, YES)                                                     \
	SAME(pwritev2, YES)                                                    \
	SAME(pkey_mprotect, NO)                                                \
	SAME(pkey_alloc, NO)                                                   \
	SAME(pkey_free, NO)                                                    \
	SAME(statx, YES)                                                       \
	SAME(io_pgetevents, NO)                                                \
	SAME(rseq, YES)                                                        \
	SAME(uretprobe, YES)                                                   \
	SAME(uprobe, YES)                                                      \
	ROW(pidfd_send_signal, NO, NO, NO, KILL, NO)                           \
	SAME(io_uring_setup, NO)                                               \
	SAME(io_uring_enter, NO)                                               \
	SAME(io_uring_register, NO)                                            \
	SAME(open_tree, NO)                                                    \
	SAME(move_mount, NO)                                                   \
	SAME(fsopen, NO)                                                       \
	SAME(fsconfig, NO)                                                     \
	SAME(fsmount, NO)                                                      \
	SAME(fspick, NO)                                                       \
	ROW(pidfd_open, NO, YES, NO, NO, NO)                                   \
	SAME(clone3, ABSENT)                                                   \
	SAME(close_range, YES)                                                 \
	ROW(openat2, ABSENT, OPENAT2, OPENAT2, OPENAT2, OPENAT2)               \
	SAME(pidfd_getfd, NO)                                                  \
	SAME(faccessat2, YES)                                                  \
	SAME(process_madvise, NO)                                              \
	ROW(epoll_pwait2, NO, YES, YES, YES, YES)                              \
	SAME(mount_setattr, NO)                                                \
	SAME(quotactl_fd, NO)                                                  \
	ROW(landlock_create_ruleset, NO, YES, NO, YES, NO)                     \
	ROW(landlock_add_rule, NO, YES, NO, YES, NO)                           \
	ROW(landlock_restrict_self, NO, YES, NO, YES, NO)                      \
	SAME(memfd_secret, NO)                                                 \
	SAME(process_mrelease, NO)                                             \
	SAME(futex_waitv, YES)                                                 \
	SAME(set_mempolicy_home_node, NO)                                      \
	SAME(cachestat, NO)                                                    \
	SAME(fchmodat2, NO)                                                    \
	SAME(map_shadow_stack, ABSENT)                                         \
	SAME(futex_wake, YES)                                                  \
	SAME(futex_wait, YES)                                                  \
	SAME(futex_requeue, YES)                                               \
	SAME(statmount, NO)                                                    \
	SAME(listmount, NO)                                                    \
	SAME(lsm_get_self_attr, NO)                                            \
	SAME(lsm_set_self_attr, NO)                                            \
	SAME(lsm_list_modules, NO)                                             \
	SAME(mseal, YES)                                                       \
	SAME(setxattrat, NO)                                                   \
	SAME(getxattrat, NO)                                                   \
	SAME(listxattrat, NO)                                                  \
	SAME(removexattrat, NO)                                                \
	SAME(open_tree_attr, NO)                                               \
	SAME(file_getattr, NO)                                                 \
	SAME(file_setattr, NO)                                                 \
	SAME(listns, NO)                                                       \
	SAME(rseq_slice_yield, YES)
/* clang-format on */

/* Libraries and we ourselves must not run with other numbers than the kernel's:
 * each name that the headers know has the number that they say. */
#define TEXT(x) #x
#define EXPANDED(x) TEXT(x)
#define HEADER_AGREES(name, number)                                            \
	_Static_assert(                                                        \
	    __builtin_strcmp(EXPANDED(__NR_##name), "__NR_" #name) == 0 ||     \
		__builtin_strcmp(EXPANDED(__NR_##name), #number) == 0,         \
	    "the number of " #name);

#if defined(__x86_64__) && !defined(__ILP32__)
#define KNOWN 1
#define NUMBER(name) SYSCALL_X86_64_##name
#define AGREES(name, x86, arm) HEADER_AGREES(name, x86)
#elif defined(__aarch64__)
#define KNOWN 1
#define NUMBER(name) SYSCALL_AARCH64_##name
#define AGREES(name, x86, arm) HEADER_AGREES(name, arm)
#else
#define KNOWN 0
#define NUMBER(name) -1
#define AGREES(name, x86, arm)
#endif

SYSCALL_NUMBERS(AGREES)

#define MAKE_ROW(name, a, b, c, d, e)                                          \
	{ #name, NUMBER(name),                                                 \
		{ RULE_##a, RULE_##b, RULE_##c, RULE_##d, RULE_##e } },
#define MAKE_SAME(name, a) MAKE_ROW(name, a, a, a, a, a)

static const struct syscall_row rows[] = { SYSCALLS(MAKE_ROW, MAKE_SAME) };

const struct syscall_row *
syscall_rows(size_t *n)
{
	_Static_assert(nitems(rows) == SYSCALL_PLACES,
	    "a rule for each call of kinds/syscall-numbers.h");
	*n = KNOWN ? nitems(rows) : 0;
	return rows;
}

const struct syscall_rule *
syscall_rule(
    const struct syscall_row *row, enum syscall_stage stage, unsigned int needs)
{
	const struct syscall_rule *r = &rules[row->rules[stage]];

	return (r->need & ~needs) != 0 ? &rules[r->without] : r;
}

const char *
syscall_name(int number)
{
	for (size_t i = 0; i < nitems(rows) && number >= 0; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return NULL;
}
