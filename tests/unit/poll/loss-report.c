/* lib/poll/loss-report: the options that double the buffers that lost records,
 * and what it means how full a ring buffer was. */
#include "poll/loss-report.h"
#include "check.h"

static struct loss_counts lost;

/* Reports count lost records of map number map of h, beside those before. */
static void
lose(struct stream_header *h, unsigned int map, uint64_t count)
{
	lost.all += count;
	lost.of_map[map] += count;
	check_forget();
	loss_report(h, &lost);
}

static void
fullness_is_told(
    struct stream_map *m, const struct ring_fullness *f, const char *want)
{
	check_forget();
	loss_report_fullness(m, f);
	CHECK_STR(check_reports, want);
}

static void
the_fullness_is_told_as_what_it_means(void)
{
	static char a[] = "a";
	struct stream_map m = { .name = a, .source = STREAM_RINGBUF };
	struct ring_fullness f = {
		.size = 4096,
		.most = 4080,
		.largest = 24,
		.since = UINT64_C(1795963681999999999),
	};

	fullness_is_told(&m, &f,
	    "map a: records may have been lost since 2026-11-29T14:48:01Z: it "
	    "was full, at most 4080 of 4096 bytes were in use; its size is for "
	    "the program to say that loaded it\n");
	f.at_first = true;
	m.polling.buffer_size = 4096;
	fullness_is_told(&m, &f,
	    "map a: records may have been lost since 2026-11-29T14:48:01Z or "
	    "before: it was full, at most 4080 of 4096 bytes were in use; for "
	    "a larger buffer: skel-load --map a=entries:8K\n");
	/* Nothing larger is possible. */
	m.polling.buffer_size = 1 << 30;
	fullness_is_told(&m, &f,
	    "map a: records may have been lost since 2026-11-29T14:48:01Z or "
	    "before: it was full, at most 4080 of 4096 bytes were in use\n");
	/* The rest is for -v only. */
	f.counted = true;
	fullness_is_told(&m, &f, "");
	f.counted = false;
	f.since = 0;
	fullness_is_told(&m, &f, "");
	report_set_level(REPORT_INFO);
	fullness_is_told(&m, &f,
	    "map a: at most 4080 of 4096 bytes were in use: there was room for "
	    "every record of up to 24 bytes\n");
	f.counted = true;
	fullness_is_told(
	    &m, &f, "map a: at most 4080 of 4096 bytes were in use\n");
	report_set_level(REPORT_NOTICE);
}

int
main(void)
{
	static char a[] = "a", b[] = "b";
	struct stream_map maps[] = {
		{ .name = a, .source = STREAM_RINGBUF },
		{ .name = a, .source = STREAM_RINGBUF },
		{ .name = b, .source = STREAM_PERF },
	};
	struct stream_header h = { .maps = maps, .nmaps = 3 };

	check_forget();
	loss_report(&h, &lost);
	CHECK_STR(check_reports, "");
	/* The size of the buffer is not known. */
	lose(&h, 0, 1);
	CHECK_STR(check_reports, "1 record was lost\n");
	maps[0].polling.buffer_size = maps[1].polling.buffer_size = 16384;
	maps[2].polling.buffer_size = 64;
	lose(&h, 0, 1);
	CHECK_STR(check_reports,
	    "2 records were lost; for larger buffers: --map a=entries:32K\n");
	/* The other type of the records of the same map. */
	lose(&h, 1, 1);
	CHECK_STR(check_reports,
	    "3 records were lost; for larger buffers: --map a=entries:32K\n");
	maps[0].polling.buffer_size = maps[1].polling.buffer_size = 512 << 20;
	lose(&h, 2, 1);
	CHECK_STR(check_reports,
	    "4 records were lost; for larger buffers: --map a=entries:1G "
	    "--map b=pages:128\n");
	/* Nothing larger is possible. */
	maps[0].polling.buffer_size = maps[1].polling.buffer_size = 1 << 30;
	maps[2].polling.buffer_size = 1 << 20;
	lose(&h, 0, 1);
	CHECK_STR(check_reports, "5 records were lost\n");
	the_fullness_is_told_as_what_it_means();
	return check_done();
}
