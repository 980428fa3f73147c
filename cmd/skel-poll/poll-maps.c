#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "describe-map.h"
#include "find-map.h"
#include "poll-maps.h"
#include "record/member-notes.h"
#include "types/member-kinds.h"
#include "write-stream.h"

enum { PERF_PAGES = 64, POLL_TIMEOUT_MS = 100 }; /* a package's defaults */

/* Whether an earlier operand named the same map. */
static bool
is_repeated(const struct found_map *maps, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (maps[i].info.id == maps[n].info.id)
			return true;
	return false;
}

/* Opens the maps, and adds them to the header.  Returns 0 or -1. */
static int
open_maps(struct stream_header *h, struct found_map *maps,
    const char *const *operands, size_t n, struct map_fds *fds,
    const struct skel_poll_options *o)
{
	for (size_t i = 0; i < n; i++) {
		if (find_map(&maps[i], operands[i]) == -1)
			return -1;
		fds[i].map = maps[i].fd;
		if (is_repeated(maps, i)) {
			report_error(
			    "%s: this map was named before", operands[i]);
			return -1;
		}
		if (describe_map(h, &maps[i], o) == -1)
			return -1;
	}
	return member_kinds_set(&h->types, "map") == -1
		   ? -1
		   : member_notes_apply_options(h, o->as, o->nas);
}

/* Checks that each --type and --sample with a name is for one of the maps. */
static int
check_option_names(
    const struct stream_header *h, const struct skel_poll_options *o)
{
	for (size_t i = 0; i < o->ntypes; i++)
		if (o->types[i].map != NULL &&
		    stream_header_find_map(h, o->types[i].map) == -1) {
			report_error("--type %s=...: no map of this name is "
				     "read",
			    o->types[i].map);
			return -1;
		}
	for (size_t i = 0; i < o->nsamples; i++) {
		size_t k = 0;

		while (k < h->nmaps && !(h->maps[k].source == STREAM_SAMPLE &&
					   sample_option_matches(&o->samples[i],
					       h->maps[k].name)))
			k++;
		if (k == h->nmaps) {
			report_error("--sample %s: no map of this name is "
				     "sampled",
			    o->samples[i].pattern);
			return -1;
		}
	}
	return 0;
}

static int
poll_opened_maps(struct stream_header *h, const struct map_fds *fds,
    const struct skel_poll_options *o, struct output *out)
{
	const struct poller_options settings = {
		.in_fd = -1,
		.perf_pages = PERF_PAGES,
		.poll_timeout_ms = POLL_TIMEOUT_MS,
	};
	struct confine_needs needs = { 0 };

	h->encoding = o->encoding;
	return skel_poll_write_stream(h, fds, &settings, o, &needs, out);
}

int
skel_poll_maps(const char *const *operands, size_t n,
    const struct skel_poll_options *o, struct output *out)
{
	struct stream_header h = { 0 };
	struct found_map *maps = calloc(n, sizeof(*maps));
	struct map_fds *fds = map_fds_new(n);
	int status = EXIT_FAILURE;

	if (maps == NULL)
		report_nomem();
	if (maps != NULL && fds != NULL &&
	    stream_header_init(&h, n == 1 ? operands[0] : "maps") == 0 &&
	    open_maps(&h, maps, operands, n, fds, o) == 0 &&
	    check_option_names(&h, o) == 0)
		status = poll_opened_maps(&h, fds, o, out);
	map_fds_close(fds, n);
	stream_header_free(&h);
	free(maps);
	return status;
}
