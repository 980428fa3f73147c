/* lib/poll/loss-report: the options that double the buffers that lost records.
 */
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
	return check_done();
}
