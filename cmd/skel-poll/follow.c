#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "follow.h"
#include "poller.h"
#include "report.h"
#include "session.h"
#include "util.h"
#include "writer.h"

struct follow {
	struct stream_header *header; /* borrowed */
	const struct choice *choice;  /* borrowed */
	struct output *out;           /* borrowed */
	char *dir;                    /* owned: the session's */
	int *fds;                     /* owned, of the maps */
	uint64_t looked;              /* when is_over() last looked */
};

/* A pin lies in the session's own directory, so that no session can make us
 * read, or clear, the map of another. */
static bool
is_inside(const char *pin, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(pin, dir, n) == 0 && pin[n] == '/' &&
	       strchr(pin + n + 1, '/') == NULL;
}

static int
open_pin(const struct follow *f, const struct stream_map *m)
{
	int fd;

	if (!is_inside(m->pin, f->dir)) {
		report_error("map %s: its pin %s is not in the session's "
			     "directory %s",
		    m->name, m->pin, f->dir);
		return -1;
	}
	fd = bpf_obj_get(m->pin);
	if (fd >= 0)
		return fd;
	report_error("map %s: %s: %s", m->name, m->pin,
	    errno == ENOENT ? "its pin is gone: the session has ended"
			    : strerror(errno));
	return -1;
}

/* Leave only the maps that -m names in the header. */
static void
drop_others(struct follow *f)
{
	struct stream_header *h = f->header;
	size_t kept = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		if (choice_takes(f->choice, h->maps[i].name))
			h->maps[kept++] = h->maps[i];
		else
			stream_map_free(&h->maps[i]);
	}
	h->nmaps = kept;
}

/* Open the maps' pins, and make the session's header the stream's. */
static int
open_maps(struct follow *f)
{
	struct stream_header *h = f->header;

	f->fds = malloc((h->nmaps + 1) * sizeof(*f->fds));
	if (f->fds == NULL)
		return report_nomem();
	for (size_t i = 0; i < h->nmaps; i++)
		f->fds[i] = -1;
	for (size_t i = 0; i < h->nmaps; i++) {
		f->fds[i] = open_pin(f, &h->maps[i]);
		if (f->fds[i] == -1)
			return -1;
		free(h->maps[i].pin);
		h->maps[i].pin = NULL;
	}
	h->session = false;
	h->encoding = f->choice->encoding;
	return 0;
}

static void
close_maps(struct follow *f)
{
	for (size_t i = 0; f->fds != NULL && i < f->header->nmaps; i++)
		if (f->fds[i] != -1)
			close(f->fds[i]);
	free(f->fds);
}

/*
 * Whether the session's directory is gone, or its owner, a look once a second.
 * For sessions whose end no pipe tells: from a file, or detached.
 */
static bool
is_over(void *ctx)
{
	struct follow *f = ctx;
	uint64_t second = clock_elapsed() / CLOCK_SECOND;

	if (second == f->looked)
		return false;
	f->looked = second;
	session_sweep_dir(f->dir);
	return access(f->dir, F_OK) == -1 && errno == ENOENT;
}

/* Whether the end of the input is the end of the session. */
static bool
ends_with_input(const struct follow *f, int fd)
{
	struct stat st;

	return !f->header->detached && fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static struct poller *
open_poller(struct follow *f, int in_fd, struct writer *w)
{
	const struct stream_header *h = f->header;
	struct poller_options o = {
		.count = f->choice->count,
		.timeout_ns = f->choice->timeout_ns,
		.once = f->choice->once,
		.out_fd = f->out->fd,
		.in_fd = -1,
		.perf_pages = h->perf_buffer_pages,
		.poll_timeout_ms = h->poll_timeout_ms,
	};

	if (ends_with_input(f, in_fd)) {
		o.in_fd = in_fd;
	} else {
		o.is_over = is_over;
		o.is_over_ctx = f;
	}
	return poller_open(h, f->fds, &o, &writer_sink, w);
}

/* From the header to "@end".  Returns 0, 1 when the reader left, or -1. */
static int
run(struct poller *p, struct writer *w)
{
	int ret = writer_begin(w);

	if (ret != 0)
		return ret;
	switch (poller_run(p)) {
	case POLLER_GONE:
		return 1;
	case POLLER_FAILED:
		return -1;
	default:
		break;
	}
	if (poller_drain(p) == -1)
		return -1;
	return writer_end(w);
}

static int
stream_maps(struct follow *f, int in_fd)
{
	struct poller *p;
	struct writer w;
	int status = 1;

	if (writer_open(&w, f->header, f->out) == -1)
		return 1;
	p = open_poller(f, in_fd, &w);
	if (p != NULL && run(p, &w) != -1 && w.errors == 0)
		status = w.lost > 0 ? EXIT_LOST : 0;
	poller_close(p);
	writer_close(&w);
	return status;
}

int
follow(struct stream_reader *r, const struct choice *c, struct output *out)
{
	struct follow f = { .header = &r->header, .choice = c, .out = out };
	int status = 1;

	if (choice_check(c, f.header, r->name) == -1)
		return 1;
	f.dir = f.header->dir;
	f.header->dir = NULL;
	drop_others(&f);
	if (open_maps(&f) == 0)
		status = stream_maps(&f, r->fd);
	close_maps(&f);
	/* Of an owner that was killed nothing may stay pinned. */
	session_sweep_dir(f.dir);
	free(f.dir);
	return status;
}
