#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "follow-session.h"
#include "host/confine.h"
#include "host/path.h"
#include "poll/poller.h"
#include "record/member-notes.h"
#include "session/session-dir.h"
#include "session/session-watch.h"
#include "stream/stream-clock.h"
#include "write-stream.h"

struct session_follower {
	struct stream_header *header;            /* borrowed */
	const struct skel_poll_options *options; /* borrowed */
	struct output *out;                      /* borrowed */
	char *dir;                               /* owned: the session's */
	struct map_fds *fds;     /* owned, like the descriptors in it */
	uint64_t checked_second; /* when session_has_ended() last checked */
	int watch; /* of session_watch_open(); -1: it has to check */
};

/* Returns whether a pin is directly in the session's directory.  No session
 * may make skel-poll read, or clear, a map that is pinned elsewhere. */
static bool
is_pin_in_dir(const char *pin, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(pin, dir, n) == 0 && pin[n] == '/' &&
	       strchr(pin + n + 1, '/') == NULL;
}

/* Opens a pin of the map called name, if there is one, and removes it from the
 * header, since a stream has none.  Returns 0, or -1 after reporting. */
static int
open_pin(
    const struct session_follower *f, const char *name, char **pin, int *fd)
{
	if (*pin == NULL)
		return 0;
	if (!is_pin_in_dir(*pin, f->dir)) {
		report_error("map %s: its pin %s is not in the session's "
			     "directory %s",
		    name, *pin, f->dir);
		return -1;
	}
	*fd = bpf_obj_get(*pin);
	if (*fd >= 0) {
		free(*pin);
		*pin = NULL;
		return 0;
	}
	*fd = -1;
	if (errno == ENOENT)
		report_error("map %s: %s does not exist: the session has ended",
		    name, *pin);
	else
		report_error("map %s: %s: %s%s", name, *pin, strerror(errno),
		    errno == EACCES ? "; run as root or as the user who made "
				      "the session"
				    : "");
	return -1;
}

/* Opens the directory whose lock is the turn to read the map.  A session of an
 * older version has none.  Returns 0, or -1 after reporting. */
static int
open_turn(const struct session_follower *f, const char *name, int *fd)
{
	*fd = session_dir_open_turn(f->dir, name);
	if (*fd != -1 || errno == ENOENT)
		return 0;
	report_error(
	    "map %s: its turns in %s: %s", name, f->dir, strerror(errno));
	return -1;
}

/* Removes the maps that -m does not name from the header. */
static void
drop_unwanted_maps(struct session_follower *f)
{
	struct stream_header *h = f->header;
	size_t kept = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		if (skel_poll_wants_map(f->options, h->maps[i].name))
			h->maps[kept++] = h->maps[i];
		else
			stream_map_free(&h->maps[i]);
	}
	h->nmaps = kept;
}

/* Opens all pins and turns the session's header into the stream's. */
static int
open_session_maps(struct session_follower *f)
{
	struct stream_header *h = f->header;
	struct stream_clock clock;

	f->fds = map_fds_new(h->nmaps);
	if (f->fds == NULL)
		return -1;
	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];
		struct map_fds *fds = &f->fds[i];

		if (open_pin(f, m->name, &m->pins.map, &fds->map) == -1 ||
		    open_pin(f, m->stacks, &m->pins.stacks, &fds->stacks) ==
			-1 ||
		    open_pin(f, m->lost_map, &m->pins.lost, &fds->lost) == -1 ||
		    open_pin(f, m->lost_map, &m->pins.reported,
			&fds->reported) == -1 ||
		    open_turn(f, m->name, &fds->turn) == -1)
			return -1;
	}
	h->session = false;
	stream_clock_open(&clock);
	h->clock = clock.offsets;
	h->encoding = f->options->encoding;
	/* A label may be the number of an entry, which has changed. */
	return stream_header_set_labels(h);
}

/* Returns whether the session's directory or its owner is gone.  Where nothing
 * tells that something may have changed, this checks once a second. */
static bool
session_has_ended(void *ctx)
{
	struct session_follower *f = ctx;
	uint64_t second = clock_elapsed() / CLOCK_SECOND;

	if (f->watch != -1)
		session_watch_clear();
	else if (second == f->checked_second)
		return false;
	f->checked_second = second;
	session_dir_sweep(f->dir);
	return eaccess(f->dir, F_OK) == -1 && errno == ENOENT;
}

/* Polls the opened maps.  Returns the exit status. */
static int
poll_session(struct session_follower *f, int in_fd)
{
	const struct stream_header *h = f->header;
	struct confine_needs needs = { 0 };
	struct poller_options o = {
		.in_fd = -1,
		.perf_pages = h->perf_buffer_pages,
		.poll_timeout_ms = h->poll_timeout_ms,
		.records_wake = h->records_wake,
	};
	struct stat st;

	/* If the session comes through a pipe from the skel-load that holds it,
	 * it ends with the input. */
	if (!h->detached && fstat(in_fd, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))) {
		o.in_fd = in_fd;
	} else {
		f->watch = session_watch_open(f->dir);
		o.is_over = session_has_ended;
		o.is_over_ctx = f;
		o.over_fd = f->watch;
	}
	/* The session's directory is found and removed. */
	session_dir_add_needs(&needs);
	return skel_poll_write_stream(
	    f->header, f->fds, &o, f->options, &needs, f->out);
}

int
skel_poll_follow_session(struct stream_reader *r,
    const struct skel_poll_options *options, struct output *out)
{
	struct session_follower f = {
		.header = &r->header,
		.options = options,
		.out = out,
		.watch = -1,
	};
	int status = EXIT_FAILURE;

	if (skel_poll_check_maps(options, f.header, r->name) == -1 ||
	    member_notes_apply_options(f.header, options->as, options->nas) ==
		-1)
		return EXIT_FAILURE;
	f.dir = f.header->dir;
	f.header->dir = NULL;
	drop_unwanted_maps(&f);
	/* A user who could replace the directory could make this process read,
	 * or clear, any map. */
	if (path_check_owners(f.dir) == 0 && open_session_maps(&f) == 0)
		status = poll_session(&f, r->input.fd);
	session_watch_close();
	map_fds_close(f.fds, f.header->nmaps);
	/* If the owner was killed, its pins are to go. */
	session_dir_sweep(f.dir);
	free(f.dir);
	return status;
}
