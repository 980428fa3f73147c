#include <errno.h>
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

enum { CAPS_MAX = 64 };

/* What was not given up, and why: errno. */
static void
tell(const char *what)
{
	report_info("not given up: %s: %s", what, strerror(errno));
}

/* The permitted capabilities, or none after telling why. */
static uint64_t
get_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, caps) == -1)
		tell("capabilities");
	return caps[0].permitted | (uint64_t)caps[1].permitted << 32;
}

/* Inheritable ones are none, and with them go the ambient ones. */
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
		tell("capabilities");
}

/*
 * What an exec could bring back: new privileges, and the capabilities on the
 * bounds.  An ordinary user may not take these off, and has no use for them
 * either.
 */
static void
give_up_exec(uint64_t have)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		tell("new privileges");
	for (unsigned long i = 0;
	     have & CONFINE_CAP(CAP_SETPCAP) && i < CAPS_MAX; i++)
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == -1) {
			if (errno != EINVAL)
				tell("bounding capabilities");
			break;
		}
}

void
confine_filter(bool opens)
{
	/* Read once, here, from a file that cannot be opened later. */
	tzset();
	give_up_exec(get_caps());
	/* The sanitizers look into /proc at the end. */
	if (landlock_confine(opens || SANITIZED) == -1)
		tell("the file system");
	set_caps(0, 0);
	if (seccomp_confine_filter() == -1)
		tell("system calls");
}

/*
 * Until Linux 5.19 those without CAP_BPF cannot even use a map that is open,
 * where kernel.unprivileged_bpf_disabled is set.  Asked with a descriptor that
 * there is not: EBADF is who may.
 */
static bool
needs_bpf(void)
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
confine_stage(const struct confine_needs *n)
{
	uint64_t have = get_caps(), keep = have & n->caps;
	uint64_t bpf = have & CONFINE_CAP(CAP_BPF);

	/* Before Linux 5.8 that was a part of it. */
	if (bpf == 0)
		bpf = have & CONFINE_CAP(CAP_SYS_ADMIN);
	give_up_exec(have);
	set_caps(keep, keep | bpf);
	if (bpf != 0 && needs_bpf())
		keep |= bpf;
	set_caps(keep, keep);
	if (seccomp_confine_stage(n) == -1)
		tell("system calls");
}
