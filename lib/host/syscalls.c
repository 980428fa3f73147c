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

/* The names of constants that older headers lack. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#ifndef F_GETPIPE_SZ
#define F_GETPIPE_SZ 1032
#define F_SETPIPE_SZ 1031
#endif
#define TMPFILE_BIT 020000000

/* The flags of open(2) that make a file. */
#define OPEN_MAKES (O_CREAT | TMPFILE_BIT)
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
};

/*
 * ROW(name, number on x86-64, number on aarch64, rule of the filter, while
 * opening, of the head, of the lookup, of its worker), or SAME() with one rule
 * for all stages.  A new kernel's call is added at the end, and ENOSYS until
 * then.
 */
/* clang-format off */
#define SYSCALLS(ROW, SAME)                                              \
	SAME(read, 0, 63, YES)                                                 \
	SAME(write, 1, 64, YES)                                                \
	ROW(open, 2, NONE, RDONLY1, RDONLY1, MORE1, RDONLY1, RDONLY1)          \
	SAME(close, 3, 57, YES)                                                \
	SAME(stat, 4, NONE, YES)                                               \
	SAME(fstat, 5, 80, YES)                                                \
	SAME(lstat, 6, NONE, YES)                                              \
	SAME(poll, 7, NONE, YES)                                               \
	SAME(lseek, 8, 62, YES)                                                \
	SAME(mmap, 9, 222, NO_CODE)                                            \
	SAME(mprotect, 10, 226, NO_CODE)                                       \
	SAME(munmap, 11, 215, YES)                                             \
	SAME(brk, 12, 214, YES)                                                \
	SAME(rt_sigaction, 13, 134, YES)                                       \
	SAME(rt_sigprocmask, 14, 135, YES)                                     \
	SAME(rt_sigreturn, 15, 139, YES)                                       \
	ROW(ioctl, 16, 29, TTY, IOCTL, IOCTL, TTY, TTY)                        \
	SAME(pread64, 17, 67, YES)                                             \
	SAME(pwrite64, 18, 68, YES)                                            \
	SAME(readv, 19, 65, YES)                                               \
	SAME(writev, 20, 66, YES)                                              \
	SAME(access, 21, NONE, YES)                                            \
	ROW(pipe, 22, NONE, NO, YES, YES, YES, NO)                             \
	SAME(select, 23, NONE, YES)                                            \
	SAME(sched_yield, 24, 124, YES)                                        \
	SAME(mremap, 25, 216, YES)                                             \
	SAME(msync, 26, 227, YES)                                              \
	SAME(mincore, 27, 232, NO)                                             \
	SAME(madvise, 28, 233, YES)                                            \
	SAME(shmget, 29, 194, NO)                                              \
	SAME(shmat, 30, 196, NO)                                               \
	SAME(shmctl, 31, 195, NO)                                              \
	SAME(dup, 32, 23, YES)                                                 \
	SAME(dup2, 33, NONE, YES)                                              \
	SAME(pause, 34, NONE, YES)                                             \
	SAME(nanosleep, 35, 101, YES)                                          \
	ROW(getitimer, 36, 102, NO, NO, NO, YES, YES)                          \
	ROW(alarm, 37, NONE, NO, NO, NO, YES, YES)                             \
	ROW(setitimer, 38, 103, NO, NO, NO, YES, YES)                          \
	SAME(getpid, 39, 172, YES)                                             \
	SAME(sendfile, 40, 71, NO)                                             \
	ROW(socket, 41, 198, NO, NO, NETLINK, NO, NO)                        \
	ROW(connect, 42, 203, NO, NO, WITH_SOCKETS, NO, NO)                   \
	SAME(accept, 43, 202, NO)                                              \
	ROW(sendto, 44, 206, NO, YES, YES, YES, YES)                           \
	ROW(recvfrom, 45, 207, NO, YES, YES, YES, YES)                         \
	ROW(sendmsg, 46, 211, NO, YES, YES, YES, YES)                          \
	ROW(recvmsg, 47, 212, NO, YES, YES, YES, YES)                          \
	ROW(shutdown, 48, 210, NO, YES, YES, YES, YES)                         \
	ROW(bind, 49, 200, NO, NO, WITH_SOCKETS, NO, NO)                       \
	SAME(listen, 50, 201, NO)                                              \
	ROW(getsockname, 51, 204, NO, YES, YES, YES, YES)                      \
	ROW(getpeername, 52, 205, NO, YES, YES, YES, YES)                      \
	ROW(socketpair, 53, 199, NO, NO, NO, UNIX, NO)                         \
	ROW(setsockopt, 54, 208, NO, NO, WITH_SOCKETS, NO, NO)                 \
	ROW(getsockopt, 55, 209, NO, YES, YES, YES, YES)                       \
	ROW(clone, 56, 220, DENIED, DENIED, DENIED, FORK, DENIED)              \
	ROW(fork, 57, NONE, DENIED, DENIED, DENIED, YES, DENIED)               \
	SAME(vfork, 58, NONE, DENIED)                                          \
	SAME(execve, 59, 221, NO)                                              \
	SAME(exit, 60, 93, YES)                                                \
	ROW(wait4, 61, 260, NO, YES, YES, YES, NO)                             \
	SAME(kill, 62, 129, NO)                                                \
	SAME(uname, 63, 160, YES)                                              \
	SAME(semget, 64, 190, NO)                                              \
	SAME(semop, 65, 193, NO)                                               \
	SAME(semctl, 66, 191, NO)                                              \
	SAME(shmdt, 67, 197, NO)                                               \
	SAME(msgget, 68, 186, NO)                                              \
	SAME(msgsnd, 69, 189, NO)                                              \
	SAME(msgrcv, 70, 188, NO)                                              \
	SAME(msgctl, 71, 187, NO)                                              \
	SAME(fcntl, 72, 25, FCNTL)                                             \
	ROW(flock, 73, 32, NO, YES, YES, YES, NO)                              \
	SAME(fsync, 74, 82, NO)                                                \
	SAME(fdatasync, 75, 83, NO)                                            \
	SAME(truncate, 76, 45, NO)                                             \
	SAME(ftruncate, 77, 46, NO)                                            \
	SAME(getdents, 78, NONE, YES)                                          \
	SAME(getcwd, 79, 17, YES)                                              \
	SAME(chdir, 80, 49, NO)                                                \
	SAME(fchdir, 81, 50, NO)                                               \
	SAME(rename, 82, NONE, NO)                                             \
	SAME(mkdir, 83, NONE, NO)                                              \
	ROW(rmdir, 84, NONE, NO, YES, YES, NO, NO)                             \
	SAME(creat, 85, NONE, NO)                                              \
	SAME(link, 86, NONE, NO)                                               \
	ROW(unlink, 87, NONE, NO, YES, YES, NO, NO)                            \
	SAME(symlink, 88, NONE, NO)                                            \
	ROW(readlink, 89, NONE, NO, YES, YES, YES, YES)                        \
	SAME(chmod, 90, NONE, NO)                                              \
	SAME(fchmod, 91, 52, NO)                                               \
	SAME(chown, 92, NONE, NO)                                              \
	SAME(fchown, 93, 55, NO)                                               \
	SAME(lchown, 94, NONE, NO)                                             \
	SAME(umask, 95, 166, NO)                                               \
	SAME(gettimeofday, 96, 169, YES)                                       \
	SAME(getrlimit, 97, 163, YES)                                          \
	SAME(getrusage, 98, 165, YES)                                          \
	SAME(sysinfo, 99, 179, YES)                                            \
	SAME(times, 100, 153, YES)                                             \
	SAME(ptrace, 101, 117, NO)                                             \
	SAME(getuid, 102, 174, YES)                                            \
	SAME(syslog, 103, 116, NO)                                             \
	SAME(getgid, 104, 176, YES)                                            \
	SAME(setuid, 105, 146, NO)                                             \
	SAME(setgid, 106, 144, NO)                                             \
	SAME(geteuid, 107, 175, YES)                                           \
	SAME(getegid, 108, 177, YES)                                           \
	SAME(setpgid, 109, 154, NO)                                            \
	SAME(getppid, 110, 173, YES)                                           \
	SAME(getpgrp, 111, NONE, YES)                                          \
	SAME(setsid, 112, 157, NO)                                             \
	SAME(setreuid, 113, 145, NO)                                           \
	SAME(setregid, 114, 143, NO)                                           \
	SAME(getgroups, 115, 158, YES)                                         \
	SAME(setgroups, 116, 159, NO)                                          \
	SAME(setresuid, 117, 147, NO)                                          \
	SAME(getresuid, 118, 148, YES)                                         \
	SAME(setresgid, 119, 149, NO)                                          \
	SAME(getresgid, 120, 150, YES)                                         \
	SAME(getpgid, 121, 155, YES)                                           \
	SAME(setfsuid, 122, 151, NO)                                           \
	SAME(setfsgid, 123, 152, NO)                                           \
	SAME(getsid, 124, 156, YES)                                            \
	ROW(capget, 125, 90, NO, YES, NO, YES, NO)                             \
	ROW(capset, 126, 91, NO, YES, NO, YES, NO)                             \
	SAME(rt_sigpending, 127, 136, YES)                                     \
	SAME(rt_sigtimedwait, 128, 137, YES)                                   \
	SAME(rt_sigqueueinfo, 129, 138, NO)                                    \
	SAME(rt_sigsuspend, 130, 133, YES)                                     \
	SAME(sigaltstack, 131, 132, YES)                                       \
	SAME(utime, 132, NONE, NO)                                             \
	SAME(mknod, 133, NONE, NO)                                             \
	SAME(uselib, 134, NONE, NO)                                            \
	SAME(personality, 135, 92, NO)                                         \
	SAME(ustat, 136, NONE, NO)                                             \
	ROW(statfs, 137, 43, NO, YES, YES, YES, YES)                           \
	ROW(fstatfs, 138, 44, NO, YES, YES, YES, YES)                          \
	SAME(sysfs, 139, NONE, NO)                                             \
	SAME(getpriority, 140, 141, NO)                                        \
	SAME(setpriority, 141, 140, NO)                                        \
	SAME(sched_setparam, 142, 118, NO)                                     \
	SAME(sched_getparam, 143, 121, NO)                                     \
	SAME(sched_setscheduler, 144, 119, NO)                                 \
	SAME(sched_getscheduler, 145, 120, NO)                                 \
	SAME(sched_get_priority_max, 146, 125, NO)                             \
	SAME(sched_get_priority_min, 147, 126, NO)                             \
	SAME(sched_rr_get_interval, 148, 127, NO)                              \
	SAME(mlock, 149, 228, NO)                                              \
	SAME(munlock, 150, 229, NO)                                            \
	SAME(mlockall, 151, 230, NO)                                           \
	SAME(munlockall, 152, 231, NO)                                         \
	SAME(vhangup, 153, 58, NO)                                             \
	SAME(modify_ldt, 154, NONE, NO)                                        \
	SAME(pivot_root, 155, 41, NO)                                          \
	SAME(_sysctl, 156, NONE, NO)                                           \
	ROW(prctl, 157, 167, PRCTL, PRCTL_CONFINE, PRCTL, PRCTL_CONFINE, PRCTL)\
	SAME(arch_prctl, 158, NONE, ABSENT)                                    \
	SAME(adjtimex, 159, 171, NO)                                           \
	ROW(setrlimit, 160, 164, NO, YES, NO, YES, YES)                        \
	SAME(chroot, 161, 51, NO)                                              \
	SAME(sync, 162, 81, NO)                                                \
	SAME(acct, 163, 89, NO)                                                \
	SAME(settimeofday, 164, 170, NO)                                       \
	SAME(mount, 165, 40, NO)                                               \
	SAME(umount2, 166, 39, NO)                                             \
	SAME(swapon, 167, 224, NO)                                             \
	SAME(swapoff, 168, 225, NO)                                            \
	SAME(reboot, 169, 142, NO)                                             \
	SAME(sethostname, 170, 161, NO)                                        \
	SAME(setdomainname, 171, 162, NO)                                      \
	SAME(iopl, 172, NONE, NO)                                              \
	SAME(ioperm, 173, NONE, NO)                                            \
	SAME(create_module, 174, NONE, NO)                                     \
	SAME(init_module, 175, 105, NO)                                        \
	SAME(delete_module, 176, 106, NO)                                      \
	SAME(get_kernel_syms, 177, NONE, NO)                                   \
	SAME(query_module, 178, NONE, NO)                                      \
	SAME(quotactl, 179, 60, NO)                                            \
	SAME(nfsservctl, 180, 42, NO)                                          \
	SAME(getpmsg, 181, NONE, NO)                                           \
	SAME(putpmsg, 182, NONE, NO)                                           \
	SAME(afs_syscall, 183, NONE, NO)                                       \
	SAME(tuxcall, 184, NONE, NO)                                           \
	SAME(security, 185, NONE, NO)                                          \
	SAME(gettid, 186, 178, YES)                                            \
	SAME(readahead, 187, 213, NO)                                          \
	SAME(setxattr, 188, 5, NO)                                             \
	SAME(lsetxattr, 189, 6, NO)                                            \
	SAME(fsetxattr, 190, 7, NO)                                            \
	SAME(getxattr, 191, 8, NO)                                             \
	SAME(lgetxattr, 192, 9, NO)                                            \
	SAME(fgetxattr, 193, 10, NO)                                           \
	SAME(listxattr, 194, 11, NO)                                           \
	SAME(llistxattr, 195, 12, NO)                                          \
	SAME(flistxattr, 196, 13, NO)                                          \
	SAME(removexattr, 197, 14, NO)                                         \
	SAME(lremovexattr, 198, 15, NO)                                        \
	SAME(fremovexattr, 199, 16, NO)                                        \
	SAME(tkill, 200, 130, SELF)                                            \
	SAME(time, 201, NONE, YES)                                             \
	SAME(futex, 202, 98, YES)                                              \
	SAME(sched_setaffinity, 203, 122, NO)                                  \
	SAME(sched_getaffinity, 204, 123, YES)                                 \
	SAME(set_thread_area, 205, NONE, NO)                                   \
	SAME(io_setup, 206, 0, NO)                                             \
	SAME(io_destroy, 207, 1, NO)                                           \
	SAME(io_getevents, 208, 4, NO)                                         \
	SAME(io_submit, 209, 2, NO)                                            \
	SAME(io_cancel, 210, 3, NO)                                            \
	SAME(get_thread_area, 211, NONE, NO)                                   \
	SAME(lookup_dcookie, 212, 18, NO)                                      \
	ROW(epoll_create, 213, NONE, NO, YES, YES, YES, YES)                   \
	SAME(epoll_ctl_old, 214, NONE, NO)                                     \
	SAME(epoll_wait_old, 215, NONE, NO)                                    \
	SAME(remap_file_pages, 216, 234, NO)                                   \
	SAME(getdents64, 217, 61, YES)                                         \
	SAME(set_tid_address, 218, 96, YES)                                    \
	SAME(restart_syscall, 219, 128, YES)                                   \
	SAME(semtimedop, 220, 192, NO)                                         \
	ROW(fadvise64, 221, 223, NO, YES, YES, YES, YES)                       \
	SAME(timer_create, 222, 107, NO)                                       \
	SAME(timer_settime, 223, 110, NO)                                      \
	SAME(timer_gettime, 224, 108, NO)                                      \
	SAME(timer_getoverrun, 225, 109, NO)                                   \
	SAME(timer_delete, 226, 111, NO)                                       \
	SAME(clock_settime, 227, 112, NO)                                      \
	SAME(clock_gettime, 228, 113, YES)                                     \
	SAME(clock_getres, 229, 114, YES)                                      \
	SAME(clock_nanosleep, 230, 115, YES)                                   \
	SAME(exit_group, 231, 94, YES)                                         \
	ROW(epoll_wait, 232, NONE, NO, YES, YES, YES, YES)                     \
	ROW(epoll_ctl, 233, 21, NO, YES, YES, YES, YES)                        \
	SAME(tgkill, 234, 131, SELF)                                           \
	SAME(utimes, 235, NONE, NO)                                            \
	SAME(vserver, 236, NONE, NO)                                           \
	SAME(mbind, 237, 235, NO)                                              \
	SAME(set_mempolicy, 238, 237, NO)                                      \
	SAME(get_mempolicy, 239, 236, NO)                                      \
	SAME(mq_open, 240, 180, NO)                                            \
	SAME(mq_unlink, 241, 181, NO)                                          \
	SAME(mq_timedsend, 242, 182, NO)                                       \
	SAME(mq_timedreceive, 243, 183, NO)                                    \
	SAME(mq_notify, 244, 184, NO)                                          \
	SAME(mq_getsetattr, 245, 185, NO)                                      \
	SAME(kexec_load, 246, 104, NO)                                         \
	ROW(waitid, 247, 95, NO, YES, YES, YES, NO)                            \
	SAME(add_key, 248, 217, NO)                                            \
	SAME(request_key, 249, 218, NO)                                        \
	SAME(keyctl, 250, 219, NO)                                             \
	SAME(ioprio_set, 251, 30, NO)                                          \
	SAME(ioprio_get, 252, 31, NO)                                          \
	SAME(inotify_init, 253, NONE, NO)                                      \
	SAME(inotify_add_watch, 254, 27, NO)                                   \
	SAME(inotify_rm_watch, 255, 28, NO)                                    \
	SAME(migrate_pages, 256, 238, NO)                                      \
	ROW(openat, 257, 56, RDONLY2, RDONLY2, MORE2, RDONLY2, RDONLY2)        \
	SAME(mkdirat, 258, 34, NO)                                             \
	SAME(mknodat, 259, 33, NO)                                             \
	SAME(fchownat, 260, 54, NO)                                            \
	SAME(futimesat, 261, NONE, NO)                                         \
	SAME(newfstatat, 262, 79, YES)                                         \
	ROW(unlinkat, 263, 35, NO, YES, YES, NO, NO)                           \
	SAME(renameat, 264, 38, NO)                                            \
	SAME(linkat, 265, 37, NO)                                              \
	SAME(symlinkat, 266, 36, NO)                                           \
	ROW(readlinkat, 267, 78, NO, YES, YES, YES, YES)                       \
	SAME(fchmodat, 268, 53, NO)                                            \
	SAME(faccessat, 269, 48, YES)                                          \
	SAME(pselect6, 270, 72, YES)                                           \
	SAME(ppoll, 271, 73, YES)                                              \
	SAME(unshare, 272, 97, NO)                                             \
	SAME(set_robust_list, 273, 99, YES)                                    \
	SAME(get_robust_list, 274, 100, NO)                                    \
	SAME(splice, 275, 76, NO)                                              \
	SAME(tee, 276, 77, NO)                                                 \
	SAME(sync_file_range, 277, 84, NO)                                     \
	SAME(vmsplice, 278, 75, NO)                                            \
	SAME(move_pages, 279, 239, NO)                                         \
	SAME(utimensat, 280, 88, NO)                                           \
	ROW(epoll_pwait, 281, 22, NO, YES, YES, YES, YES)                      \
	SAME(signalfd, 282, NONE, NO)                                          \
	ROW(timerfd_create, 283, 85, NO, YES, YES, YES, YES)                   \
	ROW(eventfd, 284, NONE, NO, YES, YES, YES, NO)                         \
	SAME(fallocate, 285, 47, NO)                                           \
	ROW(timerfd_settime, 286, 86, NO, YES, YES, YES, YES)                  \
	ROW(timerfd_gettime, 287, 87, NO, YES, YES, YES, YES)                  \
	SAME(accept4, 288, 242, NO)                                            \
	SAME(signalfd4, 289, 74, NO)                                           \
	ROW(eventfd2, 290, 19, NO, YES, YES, YES, NO)                          \
	ROW(epoll_create1, 291, 20, NO, YES, YES, YES, YES)                    \
	SAME(dup3, 292, 24, YES)                                               \
	ROW(pipe2, 293, 59, NO, YES, YES, YES, NO)                             \
	SAME(inotify_init1, 294, 26, NO)                                       \
	SAME(preadv, 295, 69, YES)                                             \
	SAME(pwritev, 296, 70, YES)                                            \
	SAME(rt_tgsigqueueinfo, 297, 240, NO)                                  \
	ROW(perf_event_open, 298, 241, NO, YES, NO, NO, NO)                    \
	SAME(recvmmsg, 299, 243, NO)                                           \
	SAME(fanotify_init, 300, 262, NO)                                      \
	SAME(fanotify_mark, 301, 263, NO)                                      \
	ROW(prlimit64, 302, 261, LIMITS, OWN_LIMITS, LIMITS, OWN_LIMITS, OWN_LIMITS)\
	SAME(name_to_handle_at, 303, 264, NO)                                  \
	SAME(open_by_handle_at, 304, 265, NO)                                  \
	SAME(clock_adjtime, 305, 266, NO)                                      \
	SAME(syncfs, 306, 267, NO)                                             \
	SAME(sendmmsg, 307, 269, NO)                                           \
	SAME(setns, 308, 268, NO)                                              \
	SAME(getcpu, 309, 168, YES)                                            \
	SAME(process_vm_readv, 310, 270, NO)                                   \
	SAME(process_vm_writev, 311, 271, NO)                                  \
	SAME(kcmp, 312, 272, NO)                                               \
	SAME(finit_module, 313, 273, NO)                                       \
	SAME(sched_setattr, 314, 274, NO)                                      \
	SAME(sched_getattr, 315, 275, NO)                                      \
	SAME(renameat2, 316, 276, NO)                                          \
	ROW(seccomp, 317, 277, NO, SECCOMP, NO, SECCOMP, NO)                   \
	SAME(getrandom, 318, 278, YES)                                         \
	SAME(memfd_create, 319, 279, YES)                                      \
	SAME(kexec_file_load, 320, 294, NO)                                    \
	ROW(bpf, 321, 280, NO, BPF_OPENING, BPF, NO, NO)                       \
	SAME(execveat, 322, 281, NO)                                           \
	SAME(userfaultfd, 323, 282, NO)                                        \
	SAME(membarrier, 324, 283, ABSENT)                                     \
	SAME(mlock2, 325, 284, NO)                                             \
	SAME(copy_file_range, 326, 285, NO)                                    \
	SAME(preadv2, 327, 286, YES)                                           \
	SAME(pwritev2, 328, 287, YES)                                          \
	SAME(pkey_mprotect, 329, 288, NO)                                      \
	SAME(pkey_alloc, 330, 289, NO)                                         \
	SAME(pkey_free, 331, 290, NO)                                          \
	SAME(statx, 332, 291, YES)                                             \
	SAME(io_pgetevents, 333, 292, NO)                                      \
	SAME(rseq, 334, 293, YES)                                              \
	SAME(uretprobe, 335, NONE, YES)                                        \
	SAME(uprobe, 336, NONE, YES)                                           \
	ROW(pidfd_send_signal, 424, 424, NO, NO, NO, KILL, NO)                 \
	SAME(io_uring_setup, 425, 425, NO)                                     \
	SAME(io_uring_enter, 426, 426, NO)                                     \
	SAME(io_uring_register, 427, 427, NO)                                  \
	SAME(open_tree, 428, 428, NO)                                          \
	SAME(move_mount, 429, 429, NO)                                         \
	SAME(fsopen, 430, 430, NO)                                             \
	SAME(fsconfig, 431, 431, NO)                                           \
	SAME(fsmount, 432, 432, NO)                                            \
	SAME(fspick, 433, 433, NO)                                             \
	SAME(pidfd_open, 434, 434, NO)                                         \
	SAME(clone3, 435, 435, ABSENT)                                         \
	SAME(close_range, 436, 436, YES)                                       \
	ROW(openat2, 437, 437, ABSENT, OPENAT2, OPENAT2, OPENAT2, OPENAT2)     \
	SAME(pidfd_getfd, 438, 438, NO)                                        \
	SAME(faccessat2, 439, 439, YES)                                        \
	SAME(process_madvise, 440, 440, NO)                                    \
	ROW(epoll_pwait2, 441, 441, NO, YES, YES, YES, YES)                    \
	SAME(mount_setattr, 442, 442, NO)                                      \
	SAME(quotactl_fd, 443, 443, NO)                                        \
	ROW(landlock_create_ruleset, 444, 444, NO, YES, NO, YES, NO)           \
	ROW(landlock_add_rule, 445, 445, NO, YES, NO, YES, NO)                 \
	ROW(landlock_restrict_self, 446, 446, NO, YES, NO, YES, NO)            \
	SAME(memfd_secret, 447, 447, NO)                                       \
	SAME(process_mrelease, 448, 448, NO)                                   \
	SAME(futex_waitv, 449, 449, YES)                                       \
	SAME(set_mempolicy_home_node, 450, 450, NO)                            \
	SAME(cachestat, 451, 451, NO)                                          \
	SAME(fchmodat2, 452, 452, NO)                                          \
	SAME(map_shadow_stack, 453, 453, ABSENT)                               \
	SAME(futex_wake, 454, 454, YES)                                        \
	SAME(futex_wait, 455, 455, YES)                                        \
	SAME(futex_requeue, 456, 456, YES)                                     \
	SAME(statmount, 457, 457, NO)                                          \
	SAME(listmount, 458, 458, NO)                                          \
	SAME(lsm_get_self_attr, 459, 459, NO)                                  \
	SAME(lsm_set_self_attr, 460, 460, NO)                                  \
	SAME(lsm_list_modules, 461, 461, NO)                                   \
	SAME(mseal, 462, 462, YES)                                             \
	SAME(setxattrat, 463, 463, NO)                                         \
	SAME(getxattrat, 464, 464, NO)                                         \
	SAME(listxattrat, 465, 465, NO)                                        \
	SAME(removexattrat, 466, 466, NO)                                      \
	SAME(open_tree_attr, 467, 467, NO)                                     \
	SAME(file_getattr, 468, 468, NO)                                       \
	SAME(file_setattr, 469, 469, NO)                                       \
	SAME(listns, 470, 470, NO)                                             \
	SAME(rseq_slice_yield, 471, 471, YES)
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

#define NONE -1
#if defined(__x86_64__) && !defined(__ILP32__)
#define KNOWN 1
#define NUMBER(x86, arm) (x86)
#define AGREES(name, x86, arm) HEADER_AGREES(name, x86)
#elif defined(__aarch64__)
#define KNOWN 1
#define NUMBER(x86, arm) (arm)
#define AGREES(name, x86, arm) HEADER_AGREES(name, arm)
#else
#define KNOWN 0
#define NUMBER(x86, arm) NONE
#define AGREES(name, x86, arm)
#endif

#define ASSERT_ROW(name, x86, arm, a, b, c, d, e) AGREES(name, x86, arm)
#define ASSERT_SAME(name, x86, arm, a) AGREES(name, x86, arm)
SYSCALLS(ASSERT_ROW, ASSERT_SAME)

#define MAKE_ROW(name, x86, arm, a, b, c, d, e)                                \
	{ #name, NUMBER(x86, arm),                                             \
		{ RULE_##a, RULE_##b, RULE_##c, RULE_##d, RULE_##e } },
#define MAKE_SAME(name, x86, arm, a) MAKE_ROW(name, x86, arm, a, a, a, a, a)

static const struct syscall_row rows[] = { SYSCALLS(MAKE_ROW, MAKE_SAME) };

const struct syscall_row *
syscall_rows(size_t *n)
{
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
