/*
 * Perf events: a program runs at each sample of a counter.  There is a counter
 * for each CPU, or one for each thread of a process.
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

/* The events by their names in perf(1).  The first is the default. */
static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} perf_events[] = {
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

struct perf_sampling {
	const char *event; /* borrowed: its name */
	bool by_default;   /* nothing names an event */
	struct perf_event_attr attr;
	int pid, cpu; /* -1: any */
};

static struct attach_error
unknown_event(const char *name)
{
	struct suggest near = { .wanted = name };
	struct buf list = { 0 };
	struct attach_error e;
	char *nearest;

	for (size_t i = 0; i < nitems(perf_events); i++) {
		suggest_offer(&near, perf_events[i].name);
		buf_printf(&list, "%s, ", perf_events[i].name);
	}
	nearest = suggest_text(&near);
	if (nearest == NULL || list.failed)
		e = attach_errno(ENOMEM);
	else if (near.n > 0)
		e = attach_invalid("unknown event %s%s", name, nearest);
	else
		e = attach_invalid("unknown event %s; expected %.*sraw or the "
				   "number of a type",
		    name, (int)list.len, list.data);
	free(nearest);
	buf_free(&list);
	return e;
}

/* Set the event by a name of the table, "raw", or the number of a type. */
static struct attach_error
set_event(struct perf_sampling *s, const char *name, uint64_t config)
{
	unsigned long type;
	char *end;

	s->event = name;
	for (size_t i = 0; i < nitems(perf_events); i++)
		if (strcmp(perf_events[i].name, name) == 0) {
			s->attr.type = perf_events[i].type;
			s->attr.config = perf_events[i].config;
			if (config == 0)
				return ATTACH_SUCCESS;
			return attach_invalid("config goes with raw or the "
					      "number of a type");
		}
	s->attr.type = PERF_TYPE_RAW;
	s->attr.config = config;
	if (strcmp(name, "raw") == 0)
		return ATTACH_SUCCESS;
	type = strtoul(name, &end, 10);
	if (!isdigit((unsigned char)name[0]) || *end != '\0' ||
	    strlen(name) > 9)
		return unknown_event(name);
	s->attr.type = (uint32_t)type;
	return ATTACH_SUCCESS;
}

/* The numbers that a section "perf_event/type=1,config=2,period=1" gives. */
struct perf_section {
	bool given;
	char type[12]; /* a number, as text */
	uint64_t config, frequency, period;
};

/* Set the number of "KEY=VALUE", of len characters. */
static struct attach_error
set_section_number(struct perf_section *s, const char *text, size_t len)
{
	uint64_t type = 0, n;
	const struct {
		const char *key;
		uint64_t max, *value;
	} keys[] = {
		{ "type", UINT32_MAX, &type },
		{ "config", UINT64_MAX, &s->config },
		{ "frequency", UINT32_MAX, &s->frequency },
		{ "period", INT64_MAX, &s->period },
	};
	char word[64], *value;

	if (len >= sizeof(word))
		return attach_invalid("%.*s is too long", (int)len, text);
	memcpy(word, text, len);
	word[len] = '\0';
	value = strchr(word, '=');
	if (value != NULL)
		*value++ = '\0';
	for (size_t i = 0; i < nitems(keys); i++) {
		if (strcmp(word, keys[i].key) != 0)
			continue;
		if (value == NULL || !attach_parse_number(value, &n) ||
		    n > keys[i].max)
			break;
		*keys[i].value = n;
		if (keys[i].value == &type)
			snprintf(s->type, sizeof(s->type), "%" PRIu64, type);
		return ATTACH_SUCCESS;
	}
	return attach_invalid("its section has %.*s, but the numbers of "
			      "type=N,config=N,frequency=N|period=N are "
			      "expected there",
	    (int)len, text);
}

/* Parse the section of the program.  One that names no numbers, as
 * "perf_event/here", is only a name. */
static struct attach_error
parse_perf_section(struct perf_section *s, const struct attach_job *j)
{
	const char *text = strchr(attach_section_name(j->program), '/');
	struct attach_error e = ATTACH_SUCCESS;
	size_t len;

	*s = (struct perf_section){ 0 };
	if (text == NULL || strchr(text, '=') == NULL)
		return e;
	for (text++; e.failure == ATTACH_OK; text += len + 1) {
		len = strcspn(text, ",");
		e = set_section_number(s, text, len);
		if (text[len] == '\0')
			break;
	}
	s->given = true;
	if (e.failure == ATTACH_OK && s->type[0] == '\0')
		return attach_invalid("its section gives no type=N");
	return e;
}

/* Whether the event counts occurrences, and not the time that passes. */
static bool
counts_occurrences(const struct perf_event_attr *a)
{
	return a->type == PERF_TYPE_SOFTWARE &&
	       a->config != PERF_COUNT_SW_CPU_CLOCK &&
	       a->config != PERF_COUNT_SW_TASK_CLOCK;
}

/* Set the frequency or the period.  If neither is given, sample each
 * occurrence, or a clock at DEFAULT_HZ. */
static struct attach_error
set_rate(struct perf_sampling *s, uint64_t frequency, uint64_t period)
{
	if (frequency != 0 && period != 0)
		return attach_invalid("give either a frequency or a period");
	if (frequency == 0 && period == 0) {
		if (counts_occurrences(&s->attr))
			period = 1;
		else
			frequency = DEFAULT_HZ;
	}
	s->attr.freq = frequency != 0;
	if (frequency != 0)
		s->attr.sample_freq = frequency;
	else
		s->attr.sample_period = period;
	return ATTACH_SUCCESS;
}

/*
 * Set up the sampling by the options of "-a", else by what the package lists,
 * else by the section, else by the defaults.  If "-a" names an event, the event
 * and rate of the others do not count.  The where, the package's entry and the
 * section may be NULL; s points into them.
 */
static struct attach_error
parse_sampling(struct perf_sampling *s, const struct attach_where *w,
    const struct package_program *p, const struct perf_section *section)
{
	uint64_t frequency = 0, period = 0, config = 0, pid = 0, cpu = INT_MAX;
	const struct {
		const char *key;
		uint64_t min, max, *value;
	} numbers[] = {
		{ "config", 0, UINT64_MAX, &config },
		{ "freq", 1, UINT32_MAX, &frequency },
		{ "period", 1, INT64_MAX, &period },
		{ "pid", 1, INT_MAX, &pid },
		{ "cpu", 0, INT_MAX - 1, &cpu },
	};
	bool named = w != NULL && w->target[0] != '\0';
	bool listed =
	    p != NULL && (p->perf_type != NULL || p->perf_frequency != 0 ||
			     p->perf_period != 0);
	const char *event = named ? w->target : perf_events[0].name;
	struct attach_error e;

	*s = (struct perf_sampling){ .attr.size = sizeof(s->attr) };
	if (listed || section == NULL || !section->given)
		section = NULL;
	if (!named && section != NULL) {
		event = section->type;
		config = section->config;
	} else if (!named && p != NULL && p->perf_type != NULL) {
		event = p->perf_type;
		config = p->perf_config;
	} else {
		s->by_default = !named;
	}
	for (size_t i = 0; i < nitems(numbers); i++) {
		e = attach_option_number(w, numbers[i].key, numbers[i].min,
		    numbers[i].max, numbers[i].value);
		if (e.failure != ATTACH_OK)
			return e;
	}
	if (!named && frequency == 0 && period == 0 && section != NULL) {
		frequency = section->frequency;
		period = section->period;
	} else if (!named && frequency == 0 && period == 0 && p != NULL) {
		frequency = p->perf_frequency;
		period = p->perf_period;
	}
	s->pid = pid == 0 ? -1 : (int)pid;
	s->cpu = cpu == INT_MAX ? -1 : (int)cpu;
	e = set_event(s, event, config);
	return e.failure == ATTACH_OK ? set_rate(s, frequency, period) : e;
}

static struct attach_error
parse_perf(const struct attach_where *w)
{
	struct perf_sampling s;

	return parse_sampling(&s, w, NULL, NULL);
}

static struct attach_error
prepare_perf(const struct attach_job *j)
{
	struct perf_section section;
	struct perf_sampling s;
	struct attach_error e = parse_perf_section(&section, j);

	if (e.failure != ATTACH_OK)
		return e;
	return parse_sampling(&s, j->where, j->listed, &section);
}

static int
open_event(const struct perf_sampling *s, int pid, int cpu)
{
	return (int)syscall(
	    SYS_perf_event_open, &s->attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/*
 * Sample the clock where the machine has no counter of cycles, as is common for
 * virtual machines; both tell where time is spent.  Nothing else can stand in
 * for other events.  The probe opens the event for this thread: opening it for
 * a CPU fails with the same error if the CPU is offline.
 */
static void
replace_missing_cycles(
    struct perf_sampling *s, const struct attach_job *j, struct attachment *a)
{
	int fd;

	if (s->attr.type != PERF_TYPE_HARDWARE ||
	    s->attr.config != PERF_COUNT_HW_CPU_CYCLES)
		return;
	fd = open_event(s, 0, -1);
	if (fd != -1)
		close(fd);
	else if (errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV) {
		s->event = perf_events[0].name;
		s->attr.type = perf_events[0].type;
		s->attr.config = perf_events[0].config;
		/* A period of cycles is not one of nanoseconds. */
		if (!s->attr.freq) {
			s->attr.freq = 1;
			s->attr.sample_freq = DEFAULT_HZ;
		}
		report_notice("program %s: this machine has no counter for "
			      "cycles; sampling %s instead, %" PRIu64
			      " times a second",
		    j->listed->name, s->event, (uint64_t)s->attr.sample_freq);
		a->lacking_event = "cycles";
		a->sampled_event = s->event;
	}
}

/*
 * Have the threads sampled that the process creates later, but not its child
 * processes.  Kernels before 5.13 cannot tell the two apart; there only the
 * threads that exist now are sampled.
 */
static void
set_inheritance(struct perf_sampling *s, const struct attach_job *j)
{
	int fd;

	s->attr.inherit = s->attr.inherit_thread = 1;
	fd = open_event(s, 0, -1);
	if (fd == -1 && errno == EINVAL) {
		s->attr.inherit = s->attr.inherit_thread = 0;
		fd = open_event(s, 0, -1);
		if (fd != -1)
			report_notice("program %s: this kernel (before Linux "
				      "5.13) cannot sample the threads that "
				      "process %d creates from now on",
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

/* Replace the kernel's error by what it means for this event. */
static struct attach_error
explain_perf(const struct perf_sampling *s, struct attach_error e)
{
	uint64_t max = e.error == EINVAL ? max_frequency() : 0;

	if (e.error == EINVAL && s->attr.freq && s->attr.sample_freq > max)
		return attach_invalid("this kernel samples at most %" PRIu64
				      " times a second; see %s",
		    max, RATE_MAX);
	if (e.error == ESRCH)
		return attach_invalid("there is no process %d", s->pid);
	if ((e.error == ENODEV || e.error == EINVAL) && s->cpu != -1)
		return attach_invalid("CPU %d is not online", s->cpu);
	if (e.error != ENOENT && e.error != EOPNOTSUPP && e.error != ENODEV)
		return e;
	if (s->attr.type == PERF_TYPE_HARDWARE ||
	    s->attr.type == PERF_TYPE_HW_CACHE || s->attr.type == PERF_TYPE_RAW)
		return attach_missing("this machine has no counter for %s%s, "
				      "as is common for virtual machines",
		    isdigit((unsigned char)s->event[0]) ? "events of type "
							: "",
		    s->event);
	if (e.error == ENODEV)
		return e;
	if (isdigit((unsigned char)s->event[0]))
		return attach_missing("this kernel has no event of type %s "
				      "with config=%llu",
		    s->event, (unsigned long long)s->attr.config);
	return attach_missing("this kernel has no event %s", s->event);
}

/* Open a counter and have it run the program. */
static struct attach_error
attach_event(const struct perf_sampling *s, const struct attach_job *j,
    struct attachment *a, int pid, int cpu)
{
	int fd = open_event(s, pid, cpu);
	struct bpf_link *link;
	struct attach_error e;

	if (fd == -1)
		return attach_errno(errno);
	link = bpf_program__attach_perf_event(j->program, fd);
	e = attach_hold_link(a, link);
	/* The link owns the descriptor. */
	if (link == NULL)
		close(fd);
	return e;
}

/* Attach to each CPU that is online; skip one that goes offline meanwhile. */
static struct attach_error
attach_cpus(const struct perf_sampling *s, const struct attach_job *j,
    struct attachment *a)
{
	struct attach_error e = ATTACH_SUCCESS;
	FILE *in = fopen(CPUS_ONLINE, "re");
	int cpu, last;

	if (in == NULL)
		return attach_invalid("cannot read %s: %s", CPUS_ONLINE,
		    report_error_text(errno));
	/* "0-3,8" */
	while (e.failure == ATTACH_OK && fscanf(in, "%d", &cpu) == 1) {
		if (fscanf(in, "-%d", &last) != 1)
			last = cpu;
		for (; cpu <= last && e.failure == ATTACH_OK; cpu++) {
			e = attach_event(s, j, a, -1, cpu);
			if (e.error == ENODEV)
				e = ATTACH_SUCCESS;
		}
		if (fgetc(in) != ',')
			break;
	}
	fclose(in);
	if (e.failure == ATTACH_OK && a->nholds == 0)
		return attach_errno(ENODEV);
	return e;
}

/* Attach to each thread of the process; skip one that ends meanwhile.  Threads
 * that it creates later inherit the counter of their creator. */
static struct attach_error
attach_threads(const struct perf_sampling *s, const struct attach_job *j,
    struct attachment *a)
{
	struct attach_error e = ATTACH_SUCCESS;
	const struct dirent *thread;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", s->pid);
	dir = opendir(path);
	while (dir != NULL && e.failure == ATTACH_OK &&
	       (thread = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)thread->d_name[0]))
			continue;
		e = attach_event(s, j, a, atoi(thread->d_name), s->cpu);
		if (e.error == ESRCH)
			e = ATTACH_SUCCESS;
	}
	if (dir != NULL)
		closedir(dir);
	if (e.failure == ATTACH_OK && a->nholds == 0)
		return attach_errno(ESRCH);
	return e;
}

/* Note at what samples the program runs, if that is an event with a name. */
static void
note_sampling(const struct perf_sampling *s, struct attachment *a)
{
	for (size_t i = 0; i < nitems(perf_events) && a->event == NULL; i++)
		if (perf_events[i].type == s->attr.type &&
		    perf_events[i].config == s->attr.config)
			a->event = perf_events[i].name;
	a->frequency = s->attr.freq ? s->attr.sample_freq : 0;
	a->period = s->attr.freq ? 0 : s->attr.sample_period;
}

static struct attach_error
attach_perf(const struct attach_job *j, struct attachment *a)
{
	struct perf_section section;
	struct perf_sampling s;
	struct attach_error e = parse_perf_section(&section, j);

	if (e.failure == ATTACH_OK)
		e = parse_sampling(&s, j->where, j->listed, &section);
	if (e.failure != ATTACH_OK)
		return e;
	if (s.by_default && j->where == NULL)
		report_notice("program %s: it names no event; sampling %s; "
			      "another one with -a %s=perf:EVENT",
		    j->listed->name, s.event, j->listed->name);
	s.attr.disabled = 1;
	replace_missing_cycles(&s, j, a);
	note_sampling(&s, a);
	if (s.pid != -1) {
		set_inheritance(&s, j);
		e = attach_threads(&s, j, a);
	} else if (s.cpu != -1) {
		e = attach_event(&s, j, a, -1, s.cpu);
	} else {
		e = attach_cpus(&s, j, a);
	}
	return explain_perf(&s, e);
}

const struct attach_way attach_way_perf = {
	.name = "perf",
	.syntax =
	    "perf:[EVENT][,freq=HZ|period=N][,config=N][,pid=PID][,cpu=N]",
	.keys = (const char *const[]){ "freq", "period", "config", "pid", "cpu",
	    NULL },
	.parse = parse_perf,
	.prepare = prepare_perf,
	.attach = attach_perf,
};
