#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "perf.h"
#include "privilege.h"
#include "report.h"

#define PAGES_MAX (UINT64_C(1) << 40)

/* perf_event_open(2), "MMAP layout": the events that we ask for. */
struct sample_event {
	struct perf_event_header header;
	uint32_t size;
	unsigned char data[];
};

struct lost_event {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static void
tell(struct perf *p, uint64_t lost)
{
	if (lost <= p->told)
		return;
	p->sink->lost(p->ctx, lost - p->told);
	p->told = lost;
}

static enum bpf_perf_event_ret
take_event(void *ctx, int cpu, struct perf_event_header *event)
{
	const struct sample_event *sample = (const void *)event;
	const struct lost_event *lost = (const void *)event;
	struct perf *p = ctx;

	(void)cpu;
	switch (event->type) {
	case PERF_RECORD_SAMPLE:
		if (p->sink->record(p->ctx, sample->data, sample->size) == 0)
			break;
		p->enough = true;
		return LIBBPF_PERF_EVENT_DONE;
	case PERF_RECORD_LOST:
		p->noted += lost->lost;
		tell(p, p->noted);
		break;
	}
	return LIBBPF_PERF_EVENT_CONT;
}

static size_t
power_of_two(uint64_t n)
{
	uint64_t power = 1;

	while (power < n && power < PAGES_MAX)
		power *= 2;
	return (size_t)power;
}

static void
report_refusal(const char *name, size_t pages, int error)
{
	char where[128];

	snprintf(where, sizeof(where),
	    "map %s: cannot open perf buffers of %zu pages", name, pages);
	if (error == EACCES && privilege_paranoid(where))
		return;
	if (error == EACCES && privilege_lacks(CAP_PERFMON))
		report_error("%s: needs CAP_PERFMON; run as root", where);
	else
		report_error("%s: %s", where, strerror(error));
}

int
perf_open(struct perf *p, const char *name, int fd, uint64_t pages,
    const struct perf_sink *sink, void *ctx)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_RAW,
		.read_format = PERF_FORMAT_LOST,
		.wakeup_events = 1,
	};
	size_t n = power_of_two(pages);

	*p = (struct perf){ .name = name, .sink = sink, .ctx = ctx };
	p->counts = true;
	p->buffer = perf_buffer__new_raw(fd, n, &attr, take_event, p, NULL);
	if (p->buffer == NULL && errno == EINVAL) {
		p->counts = false;
		attr.read_format = 0;
		p->buffer =
		    perf_buffer__new_raw(fd, n, &attr, take_event, p, NULL);
	}
	if (p->buffer != NULL)
		return 0;
	report_refusal(name, n, errno);
	return -1;
}

void
perf_close(struct perf *p)
{
	perf_buffer__free(p->buffer);
	*p = (struct perf){ 0 };
}

int
perf_fd(const struct perf *p)
{
	return perf_buffer__epoll_fd(p->buffer);
}

int
perf_consume(struct perf *p)
{
	size_t n = perf_buffer__buffer_cnt(p->buffer);
	int err = 0;

	/* CPU by CPU: perf_buffer__consume() goes on to the others, which each
	 * drop a record that nobody wants. */
	p->enough = false;
	for (size_t i = 0; i < n && err == 0 && !p->enough; i++)
		err = perf_buffer__consume_buffer(p->buffer, i);
	if (err == 0)
		return 0;
	report_error("map %s: %s", p->name, strerror(-err));
	return -1;
}

int
perf_count_lost(struct perf *p)
{
	struct {
		uint64_t value, lost;
	} count;
	uint64_t lost = 0;
	int fd;

	if (!p->counts)
		return 0;
	for (size_t i = 0; i < perf_buffer__buffer_cnt(p->buffer); i++) {
		fd = perf_buffer__buffer_fd(p->buffer, i);
		if (fd < 0 ||
		    read(fd, &count, sizeof(count)) != sizeof(count)) {
			report_error("map %s: count of lost records: %s",
			    p->name, strerror(errno));
			return -1;
		}
		lost += count.lost;
	}
	tell(p, lost);
	return 0;
}
