#include <inttypes.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "buf.h"
#include "privilege.h"
#include "report.h"
#include "util.h"

/* What loading and attaching takes; CAP_SYS_ADMIN stands for each. */
static const struct {
	unsigned int bit;
	const char *name;
} needed[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
};

/* The effective capabilities of this process, all where /proc is silent. */
static uint64_t
effective(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	uint64_t set = UINT64_MAX;
	char line[256];

	while (in != NULL && fgets(line, sizeof(line), in) != NULL)
		if (sscanf(line, "CapEff: %" SCNx64, &set) == 1)
			break;
	if (in != NULL)
		fclose(in);
	return set;
}

static bool
has(uint64_t set, unsigned int bit)
{
	return set >> bit & 1;
}

bool
privilege_suffices(void)
{
	uint64_t set = effective();

	for (size_t i = 0; i < nitems(needed); i++)
		if (!has(set, needed[i].bit) && !has(set, CAP_SYS_ADMIN))
			return false;
	return true;
}

bool
privilege_lacks(unsigned int capability)
{
	uint64_t set = effective();

	return !has(set, capability) && !has(set, CAP_SYS_ADMIN);
}

bool
privilege_is_admin(void)
{
	return has(effective(), CAP_SYS_ADMIN);
}

/* From 3 on, which Debian's and Android's kernels know and Debian's start with,
 * CAP_PERFMON is not enough. */
bool
privilege_paranoid(const char *where)
{
	FILE *in = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	int level = 0;

	if (in == NULL)
		return false;
	if (fscanf(in, "%d", &level) != 1)
		level = 0;
	fclose(in);
	if (level < 3 || privilege_is_admin())
		return false;
	report_error("%s: not permitted without CAP_SYS_ADMIN, since "
		     "kernel.perf_event_paranoid is %d; run as root, or set it "
		     "to 2",
	    where, level);
	return true;
}

void
privilege_report(const char *where)
{
	uint64_t set = effective();
	struct buf lacks = { 0 };

	for (size_t i = 0; i < nitems(needed); i++) {
		if (has(set, needed[i].bit) || has(set, CAP_SYS_ADMIN))
			continue;
		if (lacks.len > 0)
			buf_str(&lacks, " and ");
		buf_str(&lacks, needed[i].name);
	}
	if (lacks.len > 0)
		report_error("%s: needs %.*s; run as root", where,
		    (int)lacks.len, lacks.data);
	else if (!has(set, CAP_NET_ADMIN))
		report_error("%s: needs CAP_NET_ADMIN, if it is a program for "
			     "the network; run as root",
		    where);
	else
		report_error("%s: not permitted, though this process has "
			     "CAP_BPF and CAP_PERFMON: kernel lockdown or a "
			     "container's system call filter may forbid it",
		    where);
	buf_free(&lacks);
}
