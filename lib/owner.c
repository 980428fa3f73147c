#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owner.h"
#include "pidns.h"
#include "proc-stat.h"
#include "report.h"

/* PF_EXITING (Linux, include/linux/sched.h): its pipes may be closed before it
 * is a zombie. */
enum { EXITING = 0x4 };

/* When process pid started, 0 if there is none; one that ends is none. */
static unsigned long long
start_time(long pid)
{
	struct proc_stat s;

	return proc_stat_read(pid, &s) && !(s.flags & EXITING) ? s.start : 0;
}

int
owner_self(struct owner *o)
{
	char link[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);

	if (n > 0) {
		link[n] = '\0';
		o->pid = strtol(link, NULL, 10);
		o->start = start_time(o->pid);
		o->pidns = pidns_self();
		if (o->start != 0 && o->pidns != 0)
			return 0;
	}
	report_error("/proc does not say who this process is; mount it");
	return -1;
}

bool
owner_parse(struct owner *o, const char *text)
{
	int n = 0;

	return isdigit((unsigned char)text[0]) &&
	       sscanf(text, OWNER_FORMAT "%n", &o->pid, &o->start, &o->pidns,
		   &n) == 3 &&
	       text[n] == '\0';
}

bool
owner_lives(const struct owner *o)
{
	if (pidns_self() != o->pidns)
		return true;
	return start_time(o->pid) == o->start;
}
