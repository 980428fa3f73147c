#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "host/path.h"
#include "poll/lost-counter.h"
#include "session/session-dir.h"
#include "session/session.h"

/* Pins the stack-trace map that map number i refers to; if an earlier map
 * refers to it too, its pin is used. */
static int
pin_stacks(struct stream_header *h, size_t i, const struct object *o)
{
	struct stream_map *m = &h->maps[i];
	int fd;

	free(m->pins.stacks);
	m->pins.stacks = NULL;
	for (size_t k = 0; k < i && m->pins.stacks == NULL; k++) {
		if (h->maps[k].stacks == NULL ||
		    strcmp(h->maps[k].stacks, m->stacks) != 0)
			continue;
		m->pins.stacks = strdup(h->maps[k].pins.stacks);
		if (m->pins.stacks == NULL)
			return report_nomem();
	}
	if (m->pins.stacks != NULL)
		return 0;
	fd = bpf_object__find_map_fd_by_name(o->bpf, m->stacks);
	m->pins.stacks = session_dir_pin(h->dir, fd, "stacks_", m->stacks);
	return m->pins.stacks != NULL ? 0 : -1;
}

/* Pins the counter of a ring buffer's lost records, and the map in which the
 * readers of the session note how many of them were reported. */
static int
pin_counter(const char *dir, struct stream_map *m, const struct object *o)
{
	const struct bpf_map *map = object_names_map(&o->names, m->lost_map);
	int fd = bpf_map__fd(map), reported;

	free(m->pins.lost);
	free(m->pins.reported);
	m->pins.reported = NULL;
	m->pins.lost = session_dir_pin(dir, fd, "lost_", m->name);
	if (m->pins.lost == NULL)
		return -1;
	/* A counter that its definition pins may be older than this process. */
	reported = lost_counter_new_reported(
	    m->name, fd, bpf_map__pin_path(map) == NULL);
	if (reported == -1)
		return -1;
	m->pins.reported = session_dir_pin(dir, reported, "told_", m->name);
	close(reported);
	return m->pins.reported != NULL ? 0 : -1;
}

/* Removes iterators that were not attached from h: there is no link to pin. */
static void
drop_left_out_iterators(struct stream_header *h, const struct attachments *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];

		if (m->source == STREAM_ITER &&
		    attach_link_fd(a, m->name) == -1)
			stream_map_free(m);
		else
			h->maps[kept++] = *m;
	}
	h->nmaps = kept;
}

static int
pin_maps(struct stream_header *h, const struct object *o,
    const struct attachments *a)
{
	for (size_t i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];
		size_t first = (size_t)stream_header_find_map(h, m->name);
		int fd = m->source == STREAM_ITER
			     ? attach_link_fd(a, m->name)
			     : bpf_object__find_map_fd_by_name(
				   o->bpf, m->part.set ? m->part.map : m->name);

		free(m->pins.map);
		/* A map with several types has one pin for all of them. */
		m->pins.map = first < i
				  ? strdup(h->maps[first].pins.map)
				  : session_dir_pin(h->dir, fd, "", m->name);
		if (m->pins.map == NULL ||
		    session_dir_make_turn(h->dir, m->name) == -1 ||
		    (m->stacks != NULL && pin_stacks(h, i, o) == -1) ||
		    (m->lost_map != NULL && pin_counter(h->dir, m, o) == -1))
			return -1;
	}
	return 0;
}

/* Pins hold number i of an attached program as "link_PROGRAM", or, if the
 * program has several, as "linkN_PROGRAM". */
static int
pin_hold(const char *dir, const struct attachment *a, size_t i, size_t number,
    bool several)
{
	const char *program = bpf_program__name(a->program);
	const struct attach_hold *h = &a->holds[i];
	int fd = h->link != NULL ? bpf_link__fd(h->link) : h->fd;
	char prefix[32] = "link_", *path;

	if (h->undo != NULL || h->socket) {
		report_error("program %s: cannot be left running: it is "
			     "attached without a link, so it is detached when "
			     "this process ends; leave it out with -a %s=off",
		    program, program);
		return -1;
	}
	/* libbpf makes several links of one USDT probe and shows 0 for them;
	 * its real descriptors are above 2. */
	if (fd <= STDERR_FILENO) {
		report_error("program %s: cannot be left running: the link of "
			     "a program in section %s cannot be pinned; leave "
			     "it out with -a %s=off",
		    program, bpf_program__section_name(a->program), program);
		return -1;
	}
	if (several)
		snprintf(prefix, sizeof(prefix), "link%zu_", number);
	path = session_dir_pin(dir, fd, prefix, program);
	free(path);
	return path != NULL ? 0 : -1;
}

/* Pins all links, which then outlive this process. */
static int
pin_links(const char *dir, const struct attachments *a)
{
	size_t number = 0; /* of this program's hold, over all its places */

	for (size_t i = 0; i < a->n; i++) {
		bool more =
		    i + 1 < a->n && a->v[i + 1].program == a->v[i].program;
		bool again = i > 0 && a->v[i - 1].program == a->v[i].program;

		if (!again)
			number = 0;
		for (size_t k = 0; k < a->v[i].nholds; k++)
			if (pin_hold(dir, &a->v[i], k, number++,
				a->v[i].nholds > 1 || more || again) == -1)
				return -1;
	}
	if (session_dir_disown(dir) == -1)
		return -1;
	/* Otherwise closing a link would disable its perf event, although the
	 * link is pinned. */
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < a->v[i].nholds; k++)
			if (a->v[i].holds[k].link != NULL)
				bpf_link__disconnect(a->v[i].holds[k].link);
	return 0;
}

int
session_pin(struct stream_header *h, const char *dir, const struct object *o,
    struct attachments *a, bool detached)
{
	if (dir != NULL && path_check_owners(dir) == -1)
		return -1;
	free(h->dir);
	h->dir = dir != NULL ? path_absolute(dir)
			     : session_dir_default(o->package->obj_name);
	if (h->dir == NULL || session_dir_claim(h->dir) == -1)
		return -1;
	h->session = true;
	h->detached = detached;
	h->perf_buffer_pages = o->package->perf_buffer_pages;
	h->poll_timeout_ms = o->package->poll_timeout_ms;
	drop_left_out_iterators(h, a);
	if (pin_maps(h, o, a) == 0 && (!detached || pin_links(h->dir, a) == 0))
		return 0;
	session_dir_remove_own(h->dir);
	return -1;
}

int
session_unpin(const struct stream_header *h)
{
	return h->detached ? 0 : session_dir_remove_own(h->dir);
}
