#include <bpf/libbpf.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "base/report.h"
#include "session/export-buffer.h"

enum {
	/* The size of a perf event is a number of 16 bits; a record has 4 bytes
	 * before it, and with these it is padded to 8. */
	PERF_EVENT_MAX = UINT16_MAX & ~7,
	PERF_EVENT_HEAD = 8 + 4,
	/* Records of a ring buffer have a head and are padded to 8 bytes; the
	 * kernel leaves at least one byte free. */
	RING_UNUSED = BPF_RINGBUF_HDR_SZ + 8,
};

static uint64_t
round_pages(uint64_t pages)
{
	uint64_t n = 1;

	while (n < pages)
		n *= 2;
	return n;
}

/* The most bytes that a record of a perf buffer with this number of pages can
 * have. */
static uint64_t
perf_record_max(uint64_t pages)
{
	uint64_t bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);

	if (bytes - 8 > PERF_EVENT_MAX)
		bytes = PERF_EVENT_MAX + 8;
	return bytes - 8 - PERF_EVENT_HEAD;
}

static int
check_perf_buffer(const struct stream_map *m, const char *name)
{
	uint64_t pages = m->polling.buffer_size;
	uint64_t most = perf_record_max(pages);
	uint64_t largest = perf_record_max(UINT32_MAX);

	if (m->record_size <= most)
		return 0;
	if (m->record_size > largest)
		report_error("%s: map %s: its type has %zu bytes, but a record "
			     "of a perf buffer has at most %" PRIu64,
		    name, m->name, m->record_size, largest);
	else
		report_error("%s: map %s: its type has %zu bytes, but a record "
			     "in a perf buffer of %" PRIu64
			     " pages has at most %" PRIu64
			     "; --map %s=pages:%" PRIu64,
		    name, m->name, m->record_size, pages, most, m->name,
		    round_pages(
			m->record_size / (uint64_t)sysconf(_SC_PAGESIZE) + 2));
	return -1;
}

static int
check_ring_buffer(const struct stream_map *m, const char *name)
{
	uint64_t bytes = m->polling.buffer_size, needed = bytes;

	if (bytes == 0 || m->record_size + RING_UNUSED <= bytes)
		return 0;
	while (needed < m->record_size + RING_UNUSED)
		needed *= 2;
	report_error("%s: map %s: its type has %zu bytes, too many for a ring "
		     "buffer of %" PRIu64 "; --map %s=entries:%" PRIu64,
	    name, m->name, m->record_size, bytes, m->name, needed);
	return -1;
}

void
export_set_buffers(struct stream_header *h, const struct object *o,
    const struct launch_options *options)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];
		uint64_t pages;

		if (m->source == STREAM_RINGBUF) {
			m->polling.buffer_size = bpf_map__max_entries(
			    object_names_map(&o->names, m->name));
		} else if (m->source == STREAM_PERF) {
			pages = map_sizes_pages(
			    options->sizes, options->nsizes, m->name);
			if (pages == 0)
				pages = o->package->perf_buffer_pages;
			m->polling.buffer_size = round_pages(pages);
		}
	}
}

int
export_check_buffers(const struct stream_header *h, const char *name)
{
	int ret = 0;

	for (size_t i = 0; i < h->nmaps && ret == 0; i++) {
		if (h->maps[i].source == STREAM_PERF)
			ret = check_perf_buffer(&h->maps[i], name);
		else if (h->maps[i].source == STREAM_RINGBUF)
			ret = check_ring_buffer(&h->maps[i], name);
	}
	return ret;
}
