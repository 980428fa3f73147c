#include <errno.h>
#include <grp.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "host/confine.h"
#include "host/landlock.h"
#include "host/seccomp.h"

enum {
	CAPS_MAX = 64,
	/* The user and the group that own no files. */
	NOBODY = 65534,
};

/* Report a privilege that could not be given up, with errno as the reason. */
static void
report_kept(const char *what)
{
	report_info("cannot give up %s: %s", what, strerror(errno));
}

/* The permitted capabilities, or none after reporting an error. */
static uint64_t
read_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, caps) == -1)
		report_kept("capabilities");
	return caps[0].permitted | (uint64_t)caps[1].permitted << 32;
}

/* The inheritable set becomes empty, and with it the ambient one. */
static void
set_caps(uint64_t effective, uint64_t permitted)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {
		{ .effective = (uint32_t)effective,
		    .permitted = (uint32_t)permitted },
		{ .effective = (uint32_t)(effective >> 32),
		    .permitted = (uint32_t)(permitted >> 32) },
	};

	if (syscall(SYS_capset, &header, caps) == -1)
		report_kept("capabilities");
}

/*
 * Give up what execve(2) could give back: new privileges, and the capabilities
 * of the bounding set.  Without CAP_SETPCAP the bounding set cannot be changed,
 * but then no_new_privs suffices.
 */
static void
give_up_exec(uint64_t have)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		report_kept("new privileges");
	for (unsigned long i = 0;
	     have & CONFINE_CAP(CAP_SETPCAP) && i < CAPS_MAX; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == -1) {
			if (errno != EINVAL)
				report_kept("bounding capabilities");
			break;
		}
}

static void
confine_calls(enum syscall_stage stage, unsigned int needs)
{
	if (seccomp_confine(stage, needs) == -1)
		report_kept("system calls");
}

static void
confine_reader(bool opens, int dirfd, unsigned int needs)
{
	/* Read the time zone while its file can be opened. */
	tzset();
	give_up_exec(read_caps());
	/* The sanitizers read /proc at exit. */
	if (landlock_confine(opens || SANITIZED, dirfd) == -1)
		report_kept("access to files");
	set_caps(0, 0);
	confine_calls(SYSCALL_FILTER, needs);
}

void
confine_filter(bool opens)
{
	confine_reader(opens, -1, 0);
}

void
confine_filter_with_keys(bool opens)
{
	confine_reader(opens, -1, SYSCALL_KEYS);
}

void
confine_filter_writing(bool opens, int dirfd)
{
	confine_reader(opens, dirfd, SYSCALL_MAKES);
}

/*
 * Whether using an open map requires CAP_BPF.  Linux before 5.19 does so if
 * kernel.unprivileged_bpf_disabled is set.  The probe uses an invalid
 * descriptor: EBADF means that the call is permitted, EPERM that it is not.
 */
static bool
maps_need_bpf(void)
{
	union {
		uint32_t fd;
		char bytes[128];
	} attr = { .bytes = { 0 } };

	attr.fd = UINT32_MAX;
	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ==
		   -1 &&
	       errno == EPERM;
}

void
confine_privileged(const struct confine_needs *n)
{
	uint64_t have = read_caps(), keep = have & n->caps;
	uint64_t bpf = have & CONFINE_CAP(CAP_BPF);

	/* CAP_BPF was split off CAP_SYS_ADMIN in Linux 5.8. */
	if (bpf == 0)
		bpf = have & CONFINE_CAP(CAP_SYS_ADMIN);
	give_up_exec(have);
	set_caps(keep, keep | bpf);
	if (bpf != 0 && maps_need_bpf())
		keep |= bpf;
	set_caps(keep, keep);
	confine_calls(
	    SYSCALL_HEAD, (n->opens_for_writing ? SYSCALL_WRITES : 0) |
			      (n->removes ? SYSCALL_REMOVES : 0) |
			      (n->sockets ? SYSCALL_SOCKETS : 0) |
			      (n->openat2 ? SYSCALL_OPENAT2 : 0));
}

void
confine_opening(void)
{
	/* For the use of maps and of perf events, which before Linux 5.8 and
	 * on some systems takes CAP_SYS_ADMIN; for the memory of both; for
	 * pins; and for the names of functions. */
	static const uint64_t caps =
	    CONFINE_CAP(CAP_BPF) | CONFINE_CAP(CAP_PERFMON) |
	    CONFINE_CAP(CAP_SYS_ADMIN) | CONFINE_CAP(CAP_IPC_LOCK) |
	    CONFINE_CAP(CAP_SYS_RESOURCE) | CONFINE_CAP(CAP_DAC_OVERRIDE) |
	    CONFINE_CAP(CAP_DAC_READ_SEARCH) | CONFINE_CAP(CAP_SYS_PTRACE) |
	    CONFINE_CAP(CAP_CHECKPOINT_RESTORE) | CONFINE_CAP(CAP_SYSLOG);
	uint64_t have = read_caps();

	give_up_exec(have);
	set_caps(have & caps, have & caps);
	/* A filter that comes later cannot give back what this one takes, and
	 * naming functions may need the call, and the end of a session the
	 * other. */
	confine_calls(SYSCALL_OPENING, SYSCALL_OPENAT2 | SYSCALL_REMOVES);
}

/* Keep no privilege but reading the files of all users, and only read.
 * Without Landlock nothing could see that openat2(2) only reads. */
static void
confine_reading(enum syscall_stage stage, unsigned int needs)
{
	uint64_t have = read_caps();
	uint64_t keep = have & CONFINE_CAP(CAP_DAC_READ_SEARCH);

	give_up_exec(have);
	if (landlock_confine_changes() == -1)
		report_kept("changes of files");
	else
		needs |= SYSCALL_OPENAT2;
	set_caps(keep, keep);
	confine_calls(stage, needs);
}

void
confine_lookup(void)
{
	confine_reading(SYSCALL_LOOKUP, 0);
}

void
confine_lookup_worker(bool watches)
{
	confine_reading(SYSCALL_WORKER, watches ? SYSCALL_WATCHES : 0);
}

void
confine_account_service(void)
{
	give_up_exec(read_caps());
	/* Without the privilege it is no user of special rights. */
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
				  setresgid(NOBODY, NOBODY, NOBODY) == -1 ||
				  setresuid(NOBODY, NOBODY, NOBODY) == -1))
		report_kept("the user root");
	set_caps(0, 0);
}
