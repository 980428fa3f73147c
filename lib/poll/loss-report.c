#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/report.h"
#include "poll/loss-report.h"

enum {
	RING_BYTES_MAX = 1 << 30, /* as map_sizes_set() has it */
	PERF_PAGES_MAX = 1 << 20,
};

/* Appends n, which is a power of two for all sizes of buffers, as 512, 64K or
 * 16M. */
static void
write_short_size(struct buf *out, uint64_t n)
{
	static const char suffixes[] = { '\0', 'K', 'M', 'G' };
	size_t i = 0;

	while (i + 1 < sizeof(suffixes) && n % 1024 == 0) {
		n /= 1024;
		i++;
	}
	buf_printf(out, "%" PRIu64, n);
	if (suffixes[i] != '\0')
		buf_chr(out, suffixes[i]);
}

/* Whether the size of the buffer is known and can be doubled. */
static bool
can_double(const struct stream_map *m)
{
	uint64_t max =
	    m->source == STREAM_PERF ? PERF_PAGES_MAX : RING_BYTES_MAX;

	return m->polling.buffer_size != 0 && m->polling.buffer_size < max;
}

/* Whether an earlier map of the header with losses has the same name: a map of
 * several types is there once for each. */
static bool
was_advised(
    const struct stream_header *h, const struct loss_counts *lost, size_t map)
{
	for (size_t i = 0; i < map; i++)
		if (lost->of_map[i] > 0 &&
		    strcmp(h->maps[i].name, h->maps[map].name) == 0)
			return true;
	return false;
}

static void
write_option(struct buf *out, const struct stream_map *m)
{
	buf_printf(out, " --map %s=%s:", m->name,
	    m->source == STREAM_PERF ? "pages" : "entries");
	write_short_size(out, m->polling.buffer_size * 2);
}

/* Appends the options that double the buffers that lost records. */
static void
write_loss_advice(struct buf *out, const struct stream_header *h,
    const struct loss_counts *lost)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		const struct stream_map *m = &h->maps[i];

		if (lost->of_map[i] == 0 || !can_double(m) ||
		    was_advised(h, lost, i))
			continue;
		if (out->len == 0)
			buf_printf(out, "; for larger buffers:");
		write_option(out, m);
	}
}

void
loss_report(const struct stream_header *h, const struct loss_counts *lost)
{
	struct buf advice = { 0 };

	if (lost->all == 0)
		return;
	write_loss_advice(&advice, h, lost);
	report_notice("%" PRIu64 " record%s lost%.*s", lost->all,
	    lost->all == 1 ? " was" : "s were",
	    advice.failed ? 0 : (int)advice.len,
	    advice.data != NULL ? advice.data : "");
	buf_free(&advice);
}

/* Appends what makes the ring buffer larger. */
static void
write_ring_advice(struct buf *out, const struct stream_map *m)
{
	if (m->polling.buffer_size == 0) {
		buf_printf(out, "; its size is for the program to say that "
				"loaded it");
	} else if (can_double(m)) {
		buf_printf(out, "; for a larger buffer: skel-load");
		write_option(out, m);
	}
}

/* Appends since when records may have been lost, to the second. */
static void
write_since(struct buf *out, const struct ring_fullness *f)
{
	char text[CLOCK_UTC_LEN];
	struct clock clock = { 0 };

	clock_utc(&clock, text, f->since);
	buf_printf(out, "since %.*sZ%s", (int)strlen("2026-11-22T14:48:01"),
	    text, f->at_first ? " or before" : "");
}

void
loss_report_fullness(const struct stream_map *m, const struct ring_fullness *f)
{
	struct buf text = { 0 };
	bool lost = f->since != 0 && !f->counted;

	buf_printf(&text, "map %s: ", m->name);
	if (lost) {
		buf_printf(&text, "records may have been lost ");
		write_since(&text, f);
		buf_printf(&text, ": it was full, ");
	}
	buf_printf(&text,
	    "at most %" PRIu64 " of %" PRIu64 " bytes were in use", f->most,
	    f->size);
	if (lost)
		write_ring_advice(&text, m);
	else if (!f->counted)
		buf_printf(&text,
		    ": there was room for every record of up to "
		    "%" PRIu64 " bytes",
		    f->largest);
	buf_chr(&text, '\0');
	if (!text.failed)
		report(lost ? REPORT_NOTICE : REPORT_INFO, "%s", text.data);
	buf_free(&text);
}
