/* lib/host/privilege: which missing privileges are named. */
#include <linux/capability.h>

#include "base/util.h"
#include "check.h"
#include "host/privilege.h"

#define CAP(n) (UINT64_C(1) << (n))
#define BPF_CAPS (CAP(CAP_BPF) | CAP(CAP_PERFMON))
#define REFUSED                                                                \
	"the kernel refuses it, though this process has CAP_BPF and "          \
	"CAP_PERFMON; "
#define LOCKDOWN                                                               \
	"kernel lockdown is on (/sys/kernel/security/lockdown) and may be why"
#define FILTER                                                                 \
	"a filter of system calls is on, as containers have it, and may be "   \
	"why"
#define FORBIDDEN                                                              \
	REFUSED                                                                \
	"neither kernel lockdown nor a filter of system calls is on, but a "   \
	"security module may forbid it, or the kernel allows it to nobody"
#define LOCKED                                                                 \
	" 64 KiB of locked memory, the limit (ulimit -l), which this kernel "  \
	"counts BPF's memory against; raise it, or run with CAP_SYS_RESOURCE"
#define FOR_NETWORK "needs CAP_NET_ADMIN, if it is a program for the network"

enum {
	ANY = PRIVILEGE_NETWORK | PRIVILEGE_MEMORY,
	LIMIT = 64 * 1024,
};

static const struct {
	struct privilege_facts facts;
	const char *want;
} cases[] = {
	{ { 0, LIMIT, true, .what = ANY },
	    "needs CAP_BPF and CAP_PERFMON; run as root" },
	{ { CAP(CAP_BPF), LIMIT, true, .what = ANY },
	    "needs CAP_PERFMON; run as root" },
	/* On a kernel that counts BPF's memory as locked memory. */
	{ { BPF_CAPS, LIMIT, true, .what = PRIVILEGE_MEMORY },
	    "needs more than the" LOCKED },
	{ { BPF_CAPS, LIMIT, true, .what = ANY },
	    FOR_NETWORK ", or else more than the" LOCKED },
	{ { BPF_CAPS | CAP(CAP_NET_ADMIN), LIMIT, true, .what = ANY },
	    "needs more than the" LOCKED },
	{ { CAP(CAP_SYS_ADMIN), LIMIT, true, .what = PRIVILEGE_MEMORY },
	    "needs more than the" LOCKED },
	{ { BPF_CAPS, LIMIT, true, .what = PRIVILEGE_NETWORK },
	    FOR_NETWORK "; run as root" },
	{ { BPF_CAPS, UINT64_MAX, true, .what = ANY },
	    FOR_NETWORK "; run as root" },
	{ { BPF_CAPS, UINT64_MAX, true, .what = PRIVILEGE_MEMORY }, FORBIDDEN },
	/* On a kernel that does not. */
	{ { BPF_CAPS, LIMIT, false, .what = ANY },
	    FOR_NETWORK "; run as root" },
	{ { BPF_CAPS, LIMIT, false, .what = PRIVILEGE_MEMORY }, FORBIDDEN },
	{ { BPF_CAPS | CAP(CAP_NET_ADMIN), LIMIT, false, .what = ANY },
	    FORBIDDEN },
	{ { BPF_CAPS, LIMIT, false, .what = 0 }, FORBIDDEN },
	/* What else may be the reason is said only if it is so. */
	{ { BPF_CAPS, .lockdown = LOCKDOWN_ON }, REFUSED LOCKDOWN },
	{ { BPF_CAPS, .filtered = true }, REFUSED FILTER },
	{ { BPF_CAPS, .lockdown = LOCKDOWN_ON, .filtered = true },
	    REFUSED LOCKDOWN "; " FILTER },
	{ { BPF_CAPS, .lockdown = LOCKDOWN_UNKNOWN, .filtered = true },
	    REFUSED FILTER "; so may kernel lockdown" },
	{ { BPF_CAPS, .lockdown = LOCKDOWN_UNKNOWN },
	    REFUSED "kernel lockdown may be why, which only "
		    "/sys/kernel/security/lockdown would tell: mount "
		    "securityfs there" },
	/* All capabilities of a user namespace are none. */
	{ { UINT64_MAX, LIMIT, true, ANY, .user_namespace = true },
	    "this process is in a user namespace, whose capabilities do not "
	    "count for BPF; run as root of the host" },
};

static void
what_lacks_is_named(void)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct buf words = { 0 };

		privilege_explain(&cases[i].facts, &words);
		buf_chr(&words, '\0');
		CHECK_STR(words.data, cases[i].want);
		buf_free(&words);
	}
}

static void
only_some_may_be_for_the_network(void)
{
	CHECK_NUM(privilege_of_type(BPF_PROG_TYPE_TRACEPOINT), 0);
	CHECK_NUM(privilege_of_type(BPF_PROG_TYPE_XDP), PRIVILEGE_NETWORK);
	CHECK_NUM(privilege_of_type(BPF_PROG_TYPE_UNSPEC), PRIVILEGE_NETWORK);
	CHECK_NUM(privilege_of_map(BPF_MAP_TYPE_RINGBUF), 0);
	CHECK_NUM(privilege_of_map(BPF_MAP_TYPE_XSKMAP), PRIVILEGE_NETWORK);
}

int
main(void)
{
	what_lacks_is_named();
	only_some_may_be_for_the_network();
	return check_done();
}
