/*
 * Perf events: a program runs at each sample of a counter, one for each CPU or
 * one for each thread of a process.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/buf.h"
#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"

#define CPUS_ONLINE "/sys/devices/system/cpu/online"
#define RATE_MAX "/proc/sys/kernel/perf_event_max_sample_rate"

enum { DEFAULT_HZ = 99 };

/* The events as perf(1) names them.  The first is the default. */
static const struct event {
	const char *name;
	uint32_t type;
	uint64_t config;
} events[] = {
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	{ "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	{ "context-switches", PERF_TYPE_SOFTWARE,
	    PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "alignment-faults", PERF_TYPE_SOFTWARE,
	    PERF_COUNT_SW_ALIGNMENT_FAULTS },
	{ "emulation-faults", PERF_TYPE_SOFTWARE,
	    PERF_COUNT_SW_EMULATION_FAULTS },
	{ "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	{ "cache-references", PERF_TYPE_HARDWARE,
	    PERF_COUNT_HW_CACHE_REFERENCES },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	{ "branch-instructions", PERF_TYPE_HARDWARE,
	    PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
	{ "bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES },
	{ "stalled-cycles-frontend", PERF_TYPE_HARDWARE,
	    PERF_COUNT_HW_STALLED_CYCLES_FRONTEND },
	{ "stalled-cycles-backend", PERF_TYPE_HARDWARE,
	    PERF_COUNT_HW_STALLED_CYCLES_BACKEND },
	{ "ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
};

/* What is counted, how often it samples, and where. */
struct sampling {
	const char *event;
	struct perf_event_attr attr;
	int pid, cpu; /* -1: any */
};

/* Where the settings come from: "-a p=perf:x" or "program p: perf_event". */
static void
put_source(struct buf *b, const struct attach_job *j)
{
	if (j->where != NULL)
		buf_printf(b, "-a %s=%s", j->where->program, j->where->text);
	else
		buf_printf(b, "program %s: perf_event", j->listed->name);
}

static int
refuse_event(const struct attach_job *j, const char *name)
{
	struct suggest near = { .wanted = name };
	struct buf list = { 0 };
	char *nearest;

	for (size_t i = 0; i < nitems(events); i++)
		suggest_offer(&near, events[i].name);
	nearest = suggest_text(&near);
	put_source(&list, j);
	buf_printf(&list, ": unknown event %s%s", name,
	    near.n > 0 && nearest != NULL ? nearest : "; expected ");
	free(nearest);
	for (size_t i = 0; i < nitems(events) && near.n == 0; i++)
		buf_printf(&list, "%s, ", events[i].name);
	if (near.n == 0)
		buf_str(&list, "raw or the number of a type");
	if (list.failed)
		report_nomem();
	else
		report_error("%.*s", (int)list.len, list.data);
	buf_free(&list);
	return -1;
}

static int
refuse(const struct attach_job *j, const char *why)
{
	struct buf b = { 0 };

	put_source(&b, j);
	report_error("%.*s: %s", (int)b.len, b.data != NULL ? b.data : "", why);
	buf_free(&b);
	return -1;
}

/* Take a name of the table, "raw", or a type's number. */
static int
set_event(struct sampling *s, const struct attach_job *j, const char *name,
    uint64_t config)
{
	unsigned long type;
	char *end;

	s->event = name;
	for (size_t i = 0; i < nitems(events); i++)
		if (strcmp(events[i].name, name) == 0) {
			s->attr.type = events[i].type;
			s->attr.config = events[i].config;
			return config == 0
				   ? 0
				   : refuse(j, "config goes with raw or the "
					       "number of a type");
		}
	s->attr.type = PERF_TYPE_RAW;
	s->attr.config = config;
	if (strcmp(name, "raw") == 0)
		return 0;
	type = strtoul(name, &end, 10);
	if (!isdigit((unsigned char)name[0]) || *end != '\0' ||
	    strlen(name) > 9)
		return refuse_event(j, name);
	s->attr.type = (uint32_t)type;
	return 0;
}

/* Whether the event is one that is counted, not a passing of time. */
static bool
counts(const struct perf_event_attr *a)
{
	return a->type == PERF_TYPE_SOFTWARE &&
	       a->config != PERF_COUNT_SW_CPU_CLOCK &&
	       a->config != PERF_COUNT_SW_TASK_CLOCK;
}

/* How often; with neither given, each time it happens or at DEFAULT_HZ. */
static int
set_rate(struct sampling *s, const struct attach_job *j, uint64_t frequency,
    uint64_t period)
{
	if (frequency != 0 && period != 0)
		return refuse(j, "it is either a frequency or a period");
	if (frequency == 0 && period == 0) {
		if (counts(&s->attr))
			period = 1;
		else
			frequency = DEFAULT_HZ;
	}
	s->attr.freq = frequency != 0;
	if (frequency != 0)
		s->attr.sample_freq = frequency;
	else
		s->attr.sample_period = period;
	return 0;
}

/* A number of "-a"; *out stays as it is where there is none. */
static int
take_number(const struct attach_where *w, const char *key, uint64_t min,
    uint64_t max, uint64_t *out)
{
	const char *value = attach_option(w, key);

	return value == NULL ? 0 : attach_number(w, key, value, min, max, out);
}

/*
 * What "-a" says, over what the package says, over the default.  An event that
 * "-a" names has nothing of the package's.
 */
static int
read_sampling(struct sampling *s, const struct attach_job *j)
{
	const struct attach_where *w = j->where;
	const struct package_program *p = j->listed;
	uint64_t frequency = 0, period = 0, config = 0, pid = 0, cpu = INT_MAX;
	bool named = w != NULL && w->target[0] != '\0';
	const char *event = named ? w->target : events[0].name;

	*s = (struct sampling){ .attr.size = sizeof(s->attr) };
	if (!named && p != NULL && p->perf_type != NULL) {
		event = p->perf_type;
		config = p->perf_config;
	}
	if (take_number(w, "config", 0, UINT64_MAX, &config) == -1 ||
	    take_number(w, "freq", 1, UINT32_MAX, &frequency) == -1 ||
	    take_number(w, "period", 1, INT64_MAX, &period) == -1 ||
	    take_number(w, "pid", 1, INT_MAX, &pid) == -1 ||
	    take_number(w, "cpu", 0, INT_MAX - 1, &cpu) == -1)
		return -1;
	if (!named && frequency == 0 && period == 0 && p != NULL) {
		frequency = p->perf_frequency;
		period = p->perf_period;
	}
	s->pid = pid == 0 ? -1 : (int)pid;
	s->cpu = cpu == INT_MAX ? -1 : (int)cpu;
	if (set_event(s, j, event, config) == -1)
		return -1;
	return set_rate(s, j, frequency, period);
}

static int
parse_perf(const struct attach_where *w)
{
	const struct attach_job j = { .where = w };
	struct sampling s;

	return read_sampling(&s, &j);
}

static int
prepare_perf(const struct attach_job *j)
{
	struct sampling s;

	return read_sampling(&s, j);
}

static int
open_event(const struct sampling *s, int pid, int cpu)
{
	return (int)syscall(
	    SYS_perf_event_open, &s->attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Whether there may be no such counter in this machine. */
static bool
is_hardware(const struct sampling *s)
{
	return s->attr.type == PERF_TYPE_HARDWARE ||
	       s->attr.type == PERF_TYPE_HW_CACHE ||
	       s->attr.type == PERF_TYPE_RAW;
}

/*
 * Sample the clock where the machine has no such counter, as virtual ones
 * often do not.  Our own thread is asked: a CPU that went offline would fail
 * the same way.
 */
static void
fall_back(struct sampling *s, const struct attach_job *j)
{
	int fd = is_hardware(s) ? open_event(s, 0, -1) : -1;

	if (fd != -1)
		close(fd);
	else if (is_hardware(s) &&
		 (errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV)) {
		report_notice("program %s: this machine has no counter for %s; "
			      "sampling %s instead",
		    j->listed->name, s->event, events[0].name);
		s->event = events[0].name;
		s->attr.type = events[0].type;
		s->attr.config = events[0].config;
		/* A period of cycles is none of nanoseconds. */
		if (!s->attr.freq) {
			s->attr.freq = 1;
			s->attr.sample_freq = DEFAULT_HZ;
		}
	}
}

/*
 * Threads that the process makes later are to be counted, other processes that
 * it makes not, which kernels before 5.13 cannot tell apart: then only those
 * that there are.
 */
static void
inherit_threads(struct sampling *s, const struct attach_job *j)
{
	int fd;

	s->attr.inherit = s->attr.inherit_thread = 1;
	fd = open_event(s, 0, -1);
	if (fd == -1 && errno == EINVAL) {
		s->attr.inherit = s->attr.inherit_thread = 0;
		fd = open_event(s, 0, -1);
		if (fd != -1)
			report_notice("program %s: this kernel (before Linux "
				      "5.13) samples no threads that process "
				      "%d makes from now on",
			    j->listed->name, s->pid);
	}
	if (fd != -1)
		close(fd);
}

/* The highest frequency that the kernel allows now, or 0. */
static uint64_t
max_frequency(void)
{
	FILE *in = fopen(RATE_MAX, "re");
	uint64_t max = 0;

	if (in != NULL && fscanf(in, "%" SCNu64, &max) != 1)
		max = 0;
	if (in != NULL)
		fclose(in);
	return max;
}

/* Report why the kernel opens no such event, or leave it to errno. */
static int
refused(const struct sampling *s, const struct attach_job *j)
{
	int error = errno;
	uint64_t max = max_frequency();

	if (error == EINVAL && s->attr.freq && s->attr.sample_freq > max)
		return attach_refuse(j,
		    "this kernel samples at most %" PRIu64
		    " times a second; see %s",
		    max, RATE_MAX);
	if (error == ESRCH)
		return attach_refuse(j, "there is no process %d", s->pid);
	if ((error == ENODEV || error == EINVAL) && s->cpu != -1)
		return attach_refuse(j, "CPU %d is not online", s->cpu);
	if (error == ENOENT || error == EOPNOTSUPP)
		return attach_refuse(
		    j, "this kernel has no event %s", s->event);
	errno = error;
	return -1;
}

/* Open one and have it run the program.  Returns 0, or -1 with errno set. */
static int
attach_event(const struct sampling *s, const struct attach_job *j,
    struct attachment *a, int pid, int cpu)
{
	int fd = open_event(s, pid, cpu), error;
	struct bpf_link *link;

	if (fd == -1)
		return -1;
	link = bpf_program__attach_perf_event(j->program, fd);
	if (link != NULL)
		return attach_hold_link(a, link);
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* One on each CPU that is online; one that goes away meanwhile is none. */
static int
attach_cpus(
    const struct sampling *s, const struct attach_job *j, struct attachment *a)
{
	FILE *in = fopen(CPUS_ONLINE, "re");
	int cpu, last, ret = 0;

	if (in == NULL)
		return attach_refuse(j, "%s: %s", CPUS_ONLINE, strerror(errno));
	/* "0-3,8" */
	while (ret == 0 && fscanf(in, "%d", &cpu) == 1) {
		if (fscanf(in, "-%d", &last) != 1)
			last = cpu;
		for (; cpu <= last && ret == 0; cpu++) {
			ret = attach_event(s, j, a, -1, cpu);
			if (ret == -1 && errno == ENODEV)
				ret = 0;
		}
		if (fgetc(in) != ',')
			break;
	}
	fclose(in);
	return ret;
}

/* One on each thread of the process; threads that it makes later are counted
 * with the one that made them. */
static int
attach_threads(
    const struct sampling *s, const struct attach_job *j, struct attachment *a)
{
	char path[64];
	struct dirent *e;
	int ret = 0, error;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", s->pid);
	dir = opendir(path);
	if (dir == NULL) {
		errno = ESRCH;
		return -1;
	}
	while (ret == 0 && (e = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		ret = attach_event(s, j, a, atoi(e->d_name), s->cpu);
		if (ret == -1 && errno == ESRCH)
			ret = 0;
	}
	error = errno;
	closedir(dir);
	errno = error;
	return ret;
}

static int
attach_perf(const struct attach_job *j, struct attachment *a)
{
	struct sampling s;
	int ret;

	if (read_sampling(&s, j) == -1) {
		errno = 0;
		return -1;
	}
	s.attr.disabled = 1;
	fall_back(&s, j);
	if (s.pid != -1)
		inherit_threads(&s, j);
	if (s.pid != -1)
		ret = attach_threads(&s, j, a);
	else if (s.cpu != -1)
		ret = attach_event(&s, j, a, -1, s.cpu);
	else
		ret = attach_cpus(&s, j, a);
	if (ret == 0 && a->nholds == 0) {
		errno = s.pid != -1 ? ESRCH : ENODEV;
		ret = -1;
	}
	return ret == 0 || errno == 0 ? ret : refused(&s, j);
}

const struct way way_perf = {
	.name = "perf",
	.syntax =
	    "perf:[EVENT][,freq=HZ|period=N][,config=N][,pid=PID][,cpu=N]",
	.keys = (const char *const[]){ "freq", "period", "config", "pid", "cpu",
	    NULL },
	.parse = parse_perf,
	.prepare = prepare_perf,
	.attach = attach_perf,
};
