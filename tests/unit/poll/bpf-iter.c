/* lib/poll/bpf-iter: the output of iterators is split into the right records,
 * whatever pieces it is read in. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "poll/bpf-iter.h"

enum { SEEN_MAX = 16 };

/* The records that the sink got. */
struct seen {
	char text[SEEN_MAX][32];
	size_t len[SEEN_MAX], n;
	size_t stop; /* after so many; 0: never */
};

static int
take(void *ctx, const void *data, size_t len)
{
	struct seen *s = ctx;

	if (s->n < SEEN_MAX) {
		snprintf(s->text[s->n], sizeof(s->text[0]), "%.*s", (int)len,
		    (const char *)data);
		s->len[s->n++] = len;
	}
	return s->stop != 0 && s->n >= s->stop ? 7 : 0;
}

/* Opens an iterator whose output is what the test writes to *in. */
static void
begin(struct bpf_iter *i, size_t size, int *in)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1)
		exit(1);
	bpf_iter_open(i, "unit", size);
	i->fd = ends[0];
	i->running = true;
	*in = ends[1];
}

static void
put(int in, const char *text)
{
	CHECK_NUM(write(in, text, strlen(text)), (int64_t)strlen(text));
}

static void
lines_come_whole_in_whatever_pieces(void)
{
	struct seen s = { .n = 0 };
	struct bpf_iter i;
	int in;

	begin(&i, 0, &in);
	put(in, "one\ntw");
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 1);
	/* There is nothing to read yet, which is not the end. */
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK(i.running);
	put(in, "o");
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 1);
	put(in, "\n\nrest");
	close(in);
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 3);
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK(!i.running);
	CHECK_NUM(i.seen, 4);
	CHECK_STR(s.text[0], "one");
	CHECK_STR(s.text[1], "two");
	CHECK_STR(s.text[2], "");
	CHECK_STR(s.text[3], "rest");
	bpf_iter_close(&i);
}

static void
records_have_their_size_but_for_the_rest(void)
{
	struct seen s = { .n = 0 };
	struct bpf_iter i;
	int in;

	begin(&i, 4, &in);
	put(in, "aaaabb");
	CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	put(in, "b\nccccd");
	close(in);
	while (i.running)
		CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 4);
	CHECK_STR(s.text[1], "bbb\n");
	CHECK_STR(s.text[2], "cccc");
	CHECK_NUM(s.len[3], 1);
	bpf_iter_close(&i);
}

static void
a_line_without_an_end_is_several(void)
{
	static char much[1 << 16];
	struct seen s = { .n = 0 };
	size_t written = 0;
	struct bpf_iter i;
	ssize_t n;
	int in;

	memset(much, 'x', sizeof(much));
	begin(&i, 0, &in);
	while (written < BPF_ITER_LINE_MAX + 100) {
		n = write(in, much, sizeof(much));
		written += n > 0 ? (size_t)n : 0;
		CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	}
	close(in);
	while (i.running)
		CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 2);
	CHECK_NUM(s.len[0], BPF_ITER_LINE_MAX);
	CHECK_NUM(s.len[0] + s.len[1], written);
	bpf_iter_close(&i);
}

static void
who_wants_no_more_is_given_no_more(void)
{
	struct seen s = { .stop = 2 };
	struct bpf_iter i;
	int in;

	begin(&i, 1, &in);
	put(in, "abcd");
	CHECK_NUM(bpf_iter_step(&i, take, &s), 7);
	CHECK_NUM(s.n, 2);
	close(in);
	bpf_iter_close(&i);
}

/* What was read is handed on completely, even if nothing more follows. */
static void
who_wants_more_later_goes_on_where_it_was(void)
{
	struct seen s = { .stop = 1 };
	struct bpf_iter i;
	int in;

	begin(&i, 0, &in);
	put(in, "one\ntwo\nthree\nfour");
	close(in);
	CHECK_NUM(bpf_iter_step(&i, take, &s), 7);
	s.stop = 3;
	CHECK_NUM(bpf_iter_step(&i, take, &s), 7);
	CHECK_NUM(s.n, 3);
	s.stop = 0;
	while (i.running)
		CHECK_NUM(bpf_iter_step(&i, take, &s), 0);
	CHECK_NUM(s.n, 4);
	CHECK_NUM(s.len[1], 3);
	CHECK_NUM(s.len[2], 5);
	CHECK_NUM(s.len[3], 4);
	bpf_iter_close(&i);
}

static void
what_is_no_link_is_refused(void)
{
	struct bpf_iter i;

	check_forget();
	bpf_iter_open(&i, "unit", 0);
	CHECK_NUM(bpf_iter_check_link(&i, -1), -1);
	CHECK_SAID("iterator unit: its link cannot be used: File descriptor in "
		   "bad state");
	check_forget();
	CHECK_NUM(bpf_iter_start(&i, -1), -1);
	CHECK_SAID("iterator unit: a pass cannot be started: ");
	CHECK(!i.running);
	bpf_iter_close(&i);
}

int
main(void)
{
	lines_come_whole_in_whatever_pieces();
	records_have_their_size_but_for_the_rest();
	a_line_without_an_end_is_several();
	who_wants_no_more_is_given_no_more();
	who_wants_more_later_goes_on_where_it_was();
	if (geteuid() == 0)
		what_is_no_link_is_refused();
	return check_done();
}
