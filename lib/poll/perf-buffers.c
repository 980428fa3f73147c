#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"
#include "host/privilege.h"
#include "load/possible-cpus.h"
#include "poll/perf-buffers.h"
#include "poll/poll-interval.h"

#define PAGES_MAX (UINT64_C(1) << 40)

/* The layout of events is in perf_event_open(2), "MMAP layout". */
struct perf_sample_event {
	struct perf_event_header header;
	uint32_t size;
	unsigned char data[];
};

/* The two perf events of a CPU, and the buffer to which they write. */
struct perf_cpu {
	int cpu;
	int wakeup;    /* wakes the reader; borrowed from libbpf */
	int no_wakeup; /* owned */
	const struct perf_event_mmap_page *page; /* borrowed from libbpf */
};

struct perf_lost_event {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static uint64_t
perf_buffers_lost_since(struct perf_buffers *p, uint64_t lost)
{
	uint64_t more = lost > p->reported ? lost - p->reported : 0;

	p->reported += more;
	return more;
}

uint64_t
perf_buffers_lost_from_events(struct perf_buffers *p)
{
	return perf_buffers_lost_since(p, p->noted);
}

static enum bpf_perf_event_ret
read_buffer_event(void *ctx, int cpu, struct perf_event_header *event)
{
	const struct perf_sample_event *sample = (const void *)event;
	const struct perf_lost_event *lost = (const void *)event;
	struct perf_buffers *p = ctx;

	(void)cpu;
	switch (event->type) {
	case PERF_RECORD_SAMPLE:
		if (p->fn(p->ctx, sample->data, sample->size) == 0)
			break;
		p->stopped = true;
		return LIBBPF_PERF_EVENT_DONE;
	case PERF_RECORD_LOST:
		p->noted += lost->lost;
		break;
	}
	return LIBBPF_PERF_EVENT_CONT;
}

/* EPERM after the first events were opened is about their locked memory. */
static void
report_perf_refusal(const struct perf_buffers *p, size_t pages, int error)
{
	char where[128];

	snprintf(where, sizeof(where),
	    "map %s: cannot open perf buffers of %zu pages", p->name, pages);
	if (error == EACCES && privilege_report_paranoid(where))
		return;
	if (error == EACCES && privilege_lacks(CAP_PERFMON))
		report_error("%s: needs CAP_PERFMON; run as root", where);
	else if (error == EPERM && p->ncpus > 0)
		report_error("%s: more than this process may lock; needs "
			     "CAP_IPC_LOCK, a higher "
			     "kernel.perf_event_mlock_kb, or fewer pages "
			     "(--map %s=pages:N)",
		    where, p->name);
	else
		report_error("%s: %s", where, report_error_text(error));
}

/* Opens the event without wakeup of each CPU; a CPU that is offline has none.
 */
static int
open_no_wakeup_events(
    struct perf_buffers *p, uint64_t nkeys, const struct perf_event_attr *attr)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 0) {
		errno = -cpus;
		return -1;
	}
	p->cpus = calloc((size_t)cpus, sizeof(*p->cpus));
	if (p->cpus == NULL)
		return -1;
	for (int cpu = 0; cpu < cpus && (uint64_t)cpu < nkeys; cpu++) {
		int fd = (int)syscall(SYS_perf_event_open, attr, -1, cpu, -1,
		    PERF_FLAG_FD_CLOEXEC);

		if (fd == -1 && errno == ENODEV)
			continue;
		if (fd == -1)
			return -1;
		p->cpus[p->ncpus++] = (struct perf_cpu){
			.cpu = cpu, .wakeup = -1, .no_wakeup = fd
		};
	}
	return 0;
}

/* Opens the event that wakes, and the buffer, of each CPU that has the
 * other event. */
static int
open_wakeup_events(
    struct perf_buffers *p, size_t pages, struct perf_event_attr *attr)
{
	LIBBPF_OPTS(perf_buffer_raw_opts, o, .cpu_cnt = (int)p->ncpus);
	int *cpus = calloc(p->ncpus + 1, sizeof(*cpus));

	if (cpus == NULL)
		return -1;
	for (size_t i = 0; i < p->ncpus; i++)
		cpus[i] = p->cpus[i].cpu;
	o.cpus = o.map_keys = cpus;
	p->buffer =
	    perf_buffer__new_raw(p->map, pages, attr, read_buffer_event, p, &o);
	free(cpus);
	return p->buffer != NULL ? 0 : -1;
}

/* Makes the events without wakeup write to the buffers of the others. */
static int
join_events(struct perf_buffers *p)
{
	for (size_t i = 0; i < p->ncpus; i++) {
		struct perf_cpu *c = &p->cpus[i];
		void *page;
		size_t size;
		int err = perf_buffer__buffer(p->buffer, (int)i, &page, &size);

		c->wakeup = perf_buffer__buffer_fd(p->buffer, i);
		c->page = page;
		if (err < 0 || c->wakeup < 0) {
			errno = err < 0 ? -err : -c->wakeup;
			return -1;
		}
		if (ioctl(c->no_wakeup, PERF_EVENT_IOC_SET_OUTPUT, c->wakeup) ==
		    -1)
			return -1;
	}
	return 0;
}

/* Opens all events and buffers.  Returns 0, or -1 with errno set. */
static int
open_perf_events(struct perf_buffers *p, uint64_t nkeys, size_t pages)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.read_format = p->counts ? PERF_FORMAT_LOST : 0,
	};

	if (open_no_wakeup_events(p, nkeys, &attr) == -1)
		return -1;
	attr.wakeup_events = 1;
	return open_wakeup_events(p, pages, &attr) == 0 ? join_events(p) : -1;
}

int
perf_buffers_open(struct perf_buffers *p, const char *name, int fd,
    uint64_t nkeys, uint64_t pages)
{
	size_t n = 1;

	while (n < pages && n < PAGES_MAX)
		n *= 2;
	*p = (struct perf_buffers){ .name = name, .map = fd, .counts = true };
	if (possible_cpus(name) == -1)
		return -1;
	if (open_perf_events(p, nkeys, n) == 0)
		return 0;
	if (errno == EINVAL) {
		/* Before Linux 6.0 there is no PERF_FORMAT_LOST. */
		perf_buffers_close(p);
		*p = (struct perf_buffers){ .name = name, .map = fd };
		if (open_perf_events(p, nkeys, n) == 0)
			return 0;
	}
	report_perf_refusal(p, n, errno);
	return -1;
}

void
perf_buffers_close(struct perf_buffers *p)
{
	perf_buffer__free(p->buffer);
	for (size_t i = 0; i < p->ncpus; i++)
		close(p->cpus[i].no_wakeup);
	free(p->cpus);
	*p = (struct perf_buffers){ 0 };
}

uint64_t
perf_buffers_fill(const struct perf_buffers *p)
{
	uint64_t fullest = 0;

	for (size_t i = 0; i < p->ncpus; i++) {
		const struct perf_event_mmap_page *m = p->cpus[i].page;
		uint64_t head =
		    __atomic_load_n(&m->data_head, __ATOMIC_ACQUIRE);
		uint64_t part =
		    poll_interval_fill(head - m->data_tail, m->data_size);

		if (part > fullest)
			fullest = part;
	}
	return fullest;
}

int
perf_buffers_set_no_wakeup(struct perf_buffers *p, bool no_wakeup)
{
	for (size_t i = 0; i < p->ncpus; i++) {
		struct perf_cpu *c = &p->cpus[i];
		int fd = no_wakeup ? c->no_wakeup : c->wakeup;

		if (bpf_map_update_elem(p->map, &c->cpu, &fd, BPF_ANY) == 0)
			continue;
		report_error("map %s: cannot set the perf event of CPU %d: %s",
		    p->name, c->cpu, report_error_text(errno));
		return -1;
	}
	return 0;
}

int
perf_buffers_fd(const struct perf_buffers *p)
{
	return perf_buffer__epoll_fd(p->buffer);
}

int
perf_buffers_consume(struct perf_buffers *p, poll_record_fn *fn, void *ctx)
{
	int err = 0;

	/* Not by perf_buffer__consume(): when the callback stops it in one
	 * buffer, libbpf goes on to the next, and drops the record with which
	 * the callback stops it there. */
	p->fn = fn;
	p->ctx = ctx;
	p->stopped = false;
	for (size_t i = 0; i < p->ncpus && err == 0 && !p->stopped; i++)
		err = perf_buffer__consume_buffer(p->buffer, i);
	if (err == 0)
		return 0;
	report_error("map %s: cannot read its perf buffer: %s", p->name,
	    report_error_text(-err));
	return -1;
}

/* Adds the losses that the kernel has counted for one event. */
static int
add_event_lost(const struct perf_buffers *p, int fd, uint64_t *lost)
{
	struct {
		uint64_t value, lost;
	} count;
	ssize_t n = read(fd, &count, sizeof(count));

	if (n == sizeof(count)) {
		*lost += count.lost;
		return 0;
	}
	report_error("map %s: cannot read its count of lost records: %s",
	    p->name, n == -1 ? report_error_text(errno) : "it is too short");
	return -1;
}

int
perf_buffers_lost_from_counters(struct perf_buffers *p, uint64_t *more)
{
	uint64_t lost = 0;

	*more = 0;
	if (!p->counts)
		return 0;
	for (size_t i = 0; i < p->ncpus; i++)
		if (add_event_lost(p, p->cpus[i].wakeup, &lost) == -1 ||
		    add_event_lost(p, p->cpus[i].no_wakeup, &lost) == -1)
			return -1;
	*more = perf_buffers_lost_since(p, lost);
	return 0;
}
