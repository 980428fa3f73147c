#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "host/seccomp.h"

/* The flags of open(2) that create or change a file. */
#define OPEN_CHANGES (O_ACCMODE | O_CREAT | O_TRUNC)

/* A system call, with any arguments or with one argument whose masked bits have
 * a value. */
struct seccomp_call {
	int number; /* negative if this architecture does not have it */
	unsigned int argument;
	uint64_t bits; /* the mask; 0: any arguments */
	uint64_t value;
};

#define CALL(name)                                                             \
	{                                                                      \
		.number = SCMP_SYS(name)                                       \
	}
#define CALL_IF(name, arg, mask, want)                                         \
	{                                                                      \
		.number = SCMP_SYS(name), .argument = (arg), .bits = (mask),   \
		.value = (want)                                                \
	}

static const struct seccomp_call filter_calls[] = {
	CALL(read),
	CALL(readv),
	CALL(pread64),
	CALL(write),
	CALL(writev),
	CALL(lseek),
	CALL(_llseek),
	CALL(close),
	CALL(dup),
	CALL_IF(open, 1, OPEN_CHANGES, O_RDONLY),
	CALL_IF(openat, 2, OPEN_CHANGES, O_RDONLY),
	CALL(fstat),
	CALL(fstat64),
	CALL(newfstatat),
	CALL(fstatat64),
	CALL(statx),
	CALL(access),
	CALL(faccessat),
	CALL(faccessat2),
	CALL_IF(fcntl, 1, UINT32_MAX, F_GETFD),
	CALL_IF(fcntl, 1, UINT32_MAX, F_GETFL),
	CALL_IF(fcntl, 1, UINT32_MAX, F_DUPFD_CLOEXEC),
	CALL_IF(fcntl64, 1, UINT32_MAX, F_GETFD),
	CALL_IF(fcntl64, 1, UINT32_MAX, F_GETFL),
	/* TIOCSTI is missing because it injects input to the terminal. */
	CALL_IF(ioctl, 1, UINT32_MAX, TCGETS),
#ifdef TCGETS2
	CALL_IF(ioctl, 1, UINT32_MAX, TCGETS2),
#endif
	CALL_IF(ioctl, 1, UINT32_MAX, TIOCGWINSZ),
	/* libbpf 1.5 opens one for each map of an object that it reads. */
	CALL(memfd_create),
	CALL(poll),
	CALL(ppoll),
	CALL(ppoll_time64),
	CALL(brk),
	CALL_IF(mmap, 2, PROT_EXEC, 0),
	CALL_IF(mmap2, 2, PROT_EXEC, 0),
	CALL_IF(mprotect, 2, PROT_EXEC, 0),
	CALL(mremap),
	CALL(munmap),
	CALL(madvise),
	CALL(futex),
	CALL(futex_time64),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(restart_syscall),
	CALL(exit),
	CALL(exit_group),
	CALL(clock_gettime),
	CALL(clock_gettime64),
	CALL(gettimeofday),
	CALL(time),
	CALL(getrandom),
	CALL(getpid),
	CALL(gettid),
	CALL(uname),
	CALL(sysinfo),
};

static const struct seccomp_call privileged_calls[] = {
	CALL(execve),
	CALL(execveat),
	CALL(fork),
	CALL(vfork),
	CALL(clone),
	CALL(clone3),
	CALL(ptrace),
	CALL(process_vm_readv),
	CALL(process_vm_writev),
	CALL(process_madvise),
	CALL(pidfd_getfd),
	CALL(kill),
	CALL(tkill),
	CALL(rt_sigqueueinfo),
	CALL(rt_tgsigqueueinfo),
	CALL(pidfd_send_signal),
	CALL(kcmp),
	CALL(mount),
	CALL(umount2),
	CALL(move_mount),
	CALL(open_tree),
	CALL(fsopen),
	CALL(pivot_root),
	CALL(chroot),
	CALL(setns),
	CALL(unshare),
	CALL(init_module),
	CALL(finit_module),
	CALL(delete_module),
	CALL(kexec_load),
	CALL(kexec_file_load),
	CALL(reboot),
	CALL(perf_event_open),
	CALL(userfaultfd),
	CALL(io_uring_setup),
	CALL(open_by_handle_at),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_MAP_CREATE),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_PROG_LOAD),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_BTF_LOAD),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_LINK_CREATE),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_PROG_ATTACH),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_RAW_TRACEPOINT_OPEN),
	CALL_IF(bpf, 0, UINT32_MAX, BPF_OBJ_PIN),
	CALL_IF(mmap, 2, PROT_EXEC, PROT_EXEC),
	CALL_IF(mmap2, 2, PROT_EXEC, PROT_EXEC),
	CALL_IF(mprotect, 2, PROT_EXEC, PROT_EXEC),
	CALL(mkdir),
	CALL(mkdirat),
	CALL(mknod),
	CALL(mknodat),
	CALL(link),
	CALL(linkat),
	CALL(symlink),
	CALL(symlinkat),
	CALL(rename),
	CALL(renameat),
	CALL(renameat2),
	CALL(chmod),
	CALL(fchmod),
	CALL(fchmodat),
	CALL(chown),
	CALL(fchown),
	CALL(lchown),
	CALL(fchownat),
	CALL(setxattr),
	CALL(lsetxattr),
	CALL(fsetxattr),
};

static const struct seccomp_call socket_calls[] = {
	CALL(socket),
	CALL(socketpair),
	CALL(connect),
	CALL(bind),
	CALL(listen),
	CALL(accept),
	CALL(accept4),
};

static const struct seccomp_call write_calls[] = {
	CALL(creat),
	CALL(truncate),
	CALL(truncate64),
	CALL_IF(open, 1, O_ACCMODE, O_WRONLY),
	CALL_IF(open, 1, O_ACCMODE, O_RDWR),
	CALL_IF(open, 1, O_ACCMODE, O_ACCMODE),
	CALL_IF(open, 1, O_CREAT, O_CREAT),
	CALL_IF(open, 1, O_TRUNC, O_TRUNC),
	CALL_IF(openat, 2, O_ACCMODE, O_WRONLY),
	CALL_IF(openat, 2, O_ACCMODE, O_RDWR),
	CALL_IF(openat, 2, O_ACCMODE, O_ACCMODE),
	CALL_IF(openat, 2, O_CREAT, O_CREAT),
	CALL_IF(openat, 2, O_TRUNC, O_TRUNC),
};

/* Add a rule for each call.  Returns 0, or a negative errno. */
static int
add_rules(scmp_filter_ctx c, uint32_t action, const struct seccomp_call *calls,
    size_t n)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		const struct seccomp_call *call = &calls[i];
		struct scmp_arg_cmp arg = { .arg = call->argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = call->bits,
			.datum_b = call->value };

		if (call->number >= 0)
			ret = seccomp_rule_add_array(c, action, call->number,
			    call->bits != 0 ? 1 : 0, &arg);
	}
	return ret;
}

/*
 * Create an empty filter, or return NULL with errno set.  Where seccomp(2) is
 * missing, libseccomp would use prctl(2).  Only valgrind lacks the call, and
 * the filter would then apply to valgrind itself.
 */
static scmp_filter_ctx
create_filter(uint32_t action)
{
	uint32_t wanted = SECCOMP_RET_ERRNO;
	scmp_filter_ctx c;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &wanted) == -1 &&
	    errno == ENOSYS)
		return NULL;
	if ((c = seccomp_init(action)) == NULL)
		errno = ENOMEM;
	return c;
}

/* Load the filter if ret is 0, and release it.  Returns 0, or -1 with errno
 * set. */
static int
load_filter(scmp_filter_ctx c, int ret)
{
	if (ret == 0)
		ret = seccomp_load(c);
	seccomp_release(c);
	errno = -ret;
	return ret == 0 ? 0 : -1;
}

int
seccomp_confine_filter(void)
{
	scmp_filter_ctx c;
	int ret;

	if (SANITIZED)
		return 0;
	if ((c = create_filter(SCMP_ACT_ERRNO(EPERM))) == NULL)
		return -1;
	ret = add_rules(c, SCMP_ACT_ALLOW, filter_calls, nitems(filter_calls));
	/* raise(3) uses it. */
	if (ret == 0)
		ret = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid(), 0));
	return load_filter(c, ret);
}

int
seccomp_confine_privileged(const struct confine_needs *needs)
{
	const uint32_t no = SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx c;
	int ret;

	if (SANITIZED)
		return 0;
	if ((c = create_filter(SCMP_ACT_ALLOW)) == NULL)
		return -1;
	ret = add_rules(c, no, privileged_calls, nitems(privileged_calls));
	if (ret == 0)
		ret = seccomp_rule_add(c, no, SCMP_SYS(tgkill), 1,
		    SCMP_A0_32(SCMP_CMP_NE, (uint32_t)getpid(), 0));
	if (ret == 0 && !needs->sockets)
		ret = add_rules(c, no, socket_calls, nitems(socket_calls));
	if (ret == 0 && !needs->opens_for_writing)
		ret = add_rules(c, no, write_calls, nitems(write_calls));
	if (ret == 0 && !needs->openat2 && !needs->opens_for_writing)
		ret = seccomp_rule_add(c, no, SCMP_SYS(openat2), 0);
	return load_filter(c, ret);
}
