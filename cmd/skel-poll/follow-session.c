#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "follow-session.h"
#include "host/confine.h"
#include "host/path.h"
#include "poll/poller.h"
#include "poll/stream-sink.h"
#include "session/session-dir.h"
#include "symbolize/symbolizer.h"

struct session_follower {
	struct stream_header *header;           /* borrowed */
	const struct skel_poll_options *choice; /* borrowed */
	struct output *out;                     /* borrowed */
	char *dir;                              /* owned: the session's */
	struct map_fds *fds; /* owned, like the descriptors in it */
	uint64_t looked;     /* when is_over() last looked */
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

/* Open the map called name that is pinned there, and forget the pin. */
static int
open_pin(const struct session_follower *f, const char *name, char **pin)
{
	int fd;

	if (!is_inside(*pin, f->dir)) {
		report_error("map %s: its pin %s is not in the session's "
			     "directory %s",
		    name, *pin, f->dir);
		return -1;
	}
	fd = bpf_obj_get(*pin);
	if (fd >= 0) {
		free(*pin);
		*pin = NULL;
		return fd;
	}
	report_error("map %s: %s: %s%s", name, *pin,
	    errno == ENOENT ? "its pin is gone: the session has ended"
			    : strerror(errno),
	    errno == EACCES ? "; run as root, or as who made the session" : "");
	return -1;
}

/* Leave only the maps that -m names in the header. */
static void
drop_others(struct session_follower *f)
{
	struct stream_header *h = f->header;
	size_t kept = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		if (skel_poll_wants_map(f->choice, h->maps[i].name))
			h->maps[kept++] = h->maps[i];
		else
			stream_map_free(&h->maps[i]);
	}
	h->nmaps = kept;
}

/* The same for a pin that a map may have or not. */
static int
open_other(
    const struct session_follower *f, const char *name, char **pin, int *fd)
{
	if (*pin == NULL)
		return 0;
	*fd = open_pin(f, name, pin);
	return *fd == -1 ? -1 : 0;
}

/* Open all pins of map number i. */
static int
open_map(struct session_follower *f, size_t i)
{
	struct stream_map *m = &f->header->maps[i];
	struct map_fds *fds = &f->fds[i];

	fds->map = open_pin(f, m->name, &m->pins.map);
	if (fds->map == -1 ||
	    open_other(f, m->stacks, &m->pins.stacks, &fds->stacks) == -1 ||
	    open_other(f, m->lost, &m->pins.lost, &fds->lost) == -1)
		return -1;
	return open_other(f, m->lost, &m->pins.reported, &fds->reported);
}

/* Open the maps' pins, and make the session's header the stream's. */
static int
open_maps(struct session_follower *f)
{
	struct stream_header *h = f->header;

	f->fds = map_fds_new(h->nmaps);
	if (f->fds == NULL)
		return -1;
	for (size_t i = 0; i < h->nmaps; i++)
		if (open_map(f, i) == -1)
			return -1;
	h->session = false;
	h->encoding = f->choice->encoding;
	return 0;
}

/*
 * Whether the session's directory is gone, or its owner, a look once a second.
 * For sessions whose end no pipe tells: from a file, or detached.
 */
static bool
is_over(void *ctx)
{
	struct session_follower *f = ctx;
	uint64_t second = clock_elapsed() / CLOCK_SECOND;

	if (second == f->looked)
		return false;
	f->looked = second;
	session_dir_sweep(f->dir);
	return eaccess(f->dir, F_OK) == -1 && errno == ENOENT;
}

/* Whether the end of the input is the end of the session. */
static bool
ends_with_input(const struct session_follower *f, int fd)
{
	struct stat st;

	return !f->header->detached && fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static struct poller *
open_poller(struct session_follower *f, int in_fd, struct stream_sink *w)
{
	const struct stream_header *h = f->header;
	struct poller_options o = {
		.count = f->choice->count,
		.timeout_ns = f->choice->timeout_ns,
		.latency_ns = f->choice->latency_ns,
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
	return poller_open(h, f->fds, &o, &stream_sink_functions, w);
}

/* From the header to "@end".  Returns 0, 1 when the reader left, or -1. */
static int
run(struct poller *p, struct stream_sink *w)
{
	int ret = stream_sink_begin(w);

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
	return stream_sink_end(w);
}

/* All is open and mapped: what is left is to look up symbols, and to look for
 * the session's directory and sweep it. */
static void
confine(const struct symbolizer *z)
{
	struct confine_needs needs = { 0 };

	session_dir_add_needs(&needs);
	symbolizer_add_needs(z, &needs);
	confine_stage(&needs);
}

static int
stream_maps(struct session_follower *f, int in_fd)
{
	struct symbolizer *z;
	struct poller *p;
	struct stream_sink w;
	int status = 1;

	if (symbolizer_open(&z, f->header, f->fds) == -1)
		return 1;
	if (stream_sink_open(&w, f->header, f->out, z) == 0) {
		p = open_poller(f, in_fd, &w);
		if (p != NULL)
			confine(z);
		if (p != NULL && run(p, &w) != -1 && w.errors == 0)
			status = w.lost > 0 ? EXIT_LOST : 0;
		poller_close(p);
		stream_sink_close(&w);
	}
	symbolizer_close(z);
	return status;
}

int
skel_poll_follow_session(struct stream_reader *r,
    const struct skel_poll_options *c, struct output *out)
{
	struct session_follower f = {
		.header = &r->header, .choice = c, .out = out
	};
	int status = 1;

	if (skel_poll_check_maps(c, f.header, r->name) == -1)
		return 1;
	f.dir = f.header->dir;
	f.header->dir = NULL;
	drop_others(&f);
	/* Whoever owns it could have us read, or clear, any map. */
	if (path_check_owners(f.dir) == 0 && open_maps(&f) == 0)
		status = stream_maps(&f, r->fd);
	map_fds_close(f.fds, f.header->nmaps);
	/* Of an owner that was killed nothing may stay pinned. */
	session_dir_sweep(f.dir);
	free(f.dir);
	return status;
}
