#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "host/pid-owner.h"
#include "host/pidns.h"
#include "host/proc-stat.h"

/* PF_EXITING of Linux, include/linux/sched.h.  An exiting process may have
 * closed its pipes before it is a zombie. */
enum { EXITING = 0x4 };

/* Set *start to the start time of a process, or to 0 if there is none or it is
 * exiting.  Returns 0, or -1 with errno set if that cannot be known. */
static int
read_start_time(long pid, unsigned long long *start)
{
	struct proc_stat s;
	int there = proc_stat_read(pid, &s);

	*start = there == 1 && !(s.flags & EXITING) ? s.start : 0;
	return there == -1 ? -1 : 0;
}

int
pid_owner_self(struct pid_owner *o)
{
	char link[32];
	ssize_t n = readlink("/proc/self", link, sizeof(link) - 1);
	int error = n == -1 ? errno : 0;

	if (n > 0) {
		link[n] = '\0';
		o->pid = strtol(link, NULL, 10);
		if (read_start_time(o->pid, &o->start) == -1 ||
		    (o->pidns = pidns_self()) == 0)
			error = errno;
		else if (o->start != 0)
			return 0;
	}
	if (error != 0 && error != ENOENT)
		report_error("cannot find the pid and start time of this "
			     "process in /proc: %s",
		    strerror(error));
	else
		report_error("cannot find the pid and start time of this "
			     "process: /proc is not mounted; mount it");
	errno = error != 0 ? error : ENOENT;
	return -1;
}

bool
pid_owner_parse(struct pid_owner *o, const char *text)
{
	int n = 0;

	return isdigit((unsigned char)text[0]) &&
	       sscanf(text, PID_OWNER_FORMAT "%n", &o->pid, &o->start,
		   &o->pidns, &n) == 3 &&
	       text[n] == '\0';
}

/* Whether the clock of the process may be set apart from ours, by a time
 * namespace: then both see another start time for it. */
static bool
has_other_clock(long pid)
{
	struct stat ours, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/ns/time", pid);
	if (stat("/proc/self/ns/time", &ours) == -1)
		return false; /* this kernel has no such namespaces */
	return stat(path, &its) == -1 ? errno != ENOENT
				      : ours.st_ino != its.st_ino;
}

bool
pid_owner_is_alive(const struct pid_owner *o)
{
	unsigned long long start;

	return pidns_self() != o->pidns ||
	       read_start_time(o->pid, &start) == -1 || start == o->start ||
	       (start != 0 && has_other_clock(o->pid));
}
