/* lib/base/output: readers that leave, full disks, and terminals. */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/output.h"
#include "check.h"

static void
control_bytes_reach_no_terminal(void)
{
	static const char text[] = "a\0b\033[2J\177\tc\r\n\0";
	static const char want[] = "a\\^@b\\^[[2J\\^?\tc\\r\n\\^@";
	char got[64] = "";
	struct output o;
	int ends[2];

	CHECK_NUM(pipe(ends), 0);
	CHECK_NUM(output_open(&o, ends[1], "<stdout>"), 0);
	output_protect(&o);
	buf_add(&o.buf, text, sizeof(text) - 1);
	CHECK_NUM(output_close(&o), 0);
	CHECK_NUM(read(ends[0], got, sizeof(got) - 1), sizeof(want) - 1);
	CHECK_STR(got, want);
	close(ends[0]);
	close(ends[1]);
}

static void
a_reader_that_leaves_is_no_failure(void)
{
	struct output o;
	int ends[2];

	check_forget();
	CHECK_NUM(pipe(ends), 0);
	CHECK_NUM(output_open(&o, ends[1], "<stdout>"), 0);
	CHECK_NUM(output_wait(&o, -1, 0), 0);
	close(ends[0]);
	CHECK_NUM(output_wait(&o, -1, 0), OUTPUT_GONE);
	buf_str(&o.buf, "line\n");
	CHECK_NUM(output_flush(&o), -1);
	CHECK(o.gone && !o.failed);
	CHECK_NUM(output_close(&o), -1);
	CHECK_STR(check_reports, "");
	close(ends[1]);
}

static void
what_cannot_be_written_is_a_failure(void)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct output o;

	check_forget();
	if (fd != -1) {
		CHECK_NUM(output_open(&o, fd, "<stdout>"), 0);
		buf_str(&o.buf, "line\n");
		CHECK_NUM(output_close(&o), -1);
		CHECK(o.failed && !o.gone);
		CHECK_STR(check_reports, "<stdout>: No space left on device\n");
		close(fd);
	}
	check_forget();
	CHECK_NUM(output_open(&o, fd, "<stdout>"), -1);
	CHECK_STR(check_reports, "<stdout>: Bad file descriptor\n");
}

static void
input_is_waited_for(void)
{
	struct output o;
	int in[2], out[2];

	CHECK_NUM(pipe(in), 0);
	CHECK_NUM(pipe(out), 0);
	CHECK_NUM(output_open(&o, out[1], "<stdout>"), 0);
	CHECK_NUM(output_wait(&o, in[0], 0), 0);
	CHECK_NUM(write(in[1], "x", 1), 1);
	CHECK_NUM(output_wait(&o, in[0], -1), OUTPUT_READY);
	close(out[0]);
	CHECK_NUM(output_wait(&o, in[0], -1), OUTPUT_READY | OUTPUT_GONE);
	for (int i = 0; i < 2; i++)
		close(in[i]);
	close(out[1]);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	control_bytes_reach_no_terminal();
	a_reader_that_leaves_is_no_failure();
	what_cannot_be_written_is_a_failure();
	input_is_waited_for();
	return check_done();
}
