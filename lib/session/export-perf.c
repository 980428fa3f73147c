#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "session/export-perf.h"

/* What runs the programs that use a map. */
struct use {
	uint32_t id;                 /* of the map; 0: it has none */
	const struct attachment *by; /* the first; NULL: nothing so far */
	bool other;                  /* something else does too */
};

/* The number of the kernel for a map of the object, or 0. */
static uint32_t
map_id(const struct bpf_object *o, const char *name)
{
	const struct bpf_map *m = bpf_object__find_map_by_name(o, name);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (m == NULL ||
	    bpf_obj_get_info_by_fd(bpf_map__fd(m), &info, &size) != 0)
		return 0;
	return info.id;
}

/* Get the numbers of the maps that a program uses.  Returns an array to free()
 * with *n numbers; or NULL, with *n 0 if it uses none, else 1. */
static uint32_t *
program_maps(const struct bpf_program *program, uint32_t *n)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info), *ids;
	int fd = bpf_program__fd(program);

	*n = 1;
	if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
		return NULL;
	*n = info.nr_map_ids;
	if (*n == 0 || (ids = calloc(*n, sizeof(*ids))) == NULL)
		return NULL;
	info = (struct bpf_prog_info){ .nr_map_ids = *n,
		.map_ids = (uintptr_t)ids };
	size = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
		return ids;
	free(ids);
	return NULL;
}

static bool
same_samples(const struct attachment *a, const struct attachment *b)
{
	return a->event != NULL && b->event != NULL &&
	       strcmp(a->event, b->event) == 0 &&
	       a->frequency == b->frequency && a->period == b->period;
}

/* Note in the uses of all maps what runs a program: its places, of which one
 * that is not attached may be called by others. */
static void
add_program(struct use *uses, size_t nuses, const struct attachments *a,
    const struct bpf_program *program)
{
	const struct attachment *by = NULL;
	bool other = false;
	uint32_t n, *ids = program_maps(program, &n);

	for (size_t i = 0; i < a->n; i++) {
		if (a->v[i].program != program)
			continue;
		other |= by != NULL && !same_samples(by, &a->v[i]);
		by = &a->v[i];
	}
	other |= by == NULL || by->event == NULL;
	for (size_t i = 0; i < nuses; i++) {
		struct use *u = &uses[i];
		bool is_used = ids == NULL && n > 0;

		for (uint32_t k = 0; ids != NULL && k < n; k++)
			is_used |= ids[k] == u->id;
		if (!is_used)
			continue;
		u->other |=
		    other || (u->by != NULL && !same_samples(u->by, by));
		u->by = by;
	}
	free(ids);
}

static bool
samples_any(const struct attachments *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].event != NULL)
			return true;
	return false;
}

int
export_perf(
    struct stream_header *h, const struct attachments *a, struct bpf_object *o)
{
	struct bpf_program *program;
	struct use *uses;
	int ret = 0;

	if (!samples_any(a))
		return 0;
	if ((uses = calloc(h->nmaps + 1, sizeof(*uses))) == NULL)
		return report_nomem();
	for (size_t i = 0; i < h->nmaps; i++)
		uses[i].id = map_id(o, h->maps[i].name);
	bpf_object__for_each_program (program, o)
		if (bpf_program__fd(program) >= 0)
			add_program(uses, h->nmaps, a, program);
	for (size_t i = 0; i < h->nmaps && ret == 0; i++) {
		struct stream_perf *perf = &h->maps[i].perf;
		const struct attachment *by = uses[i].by;

		if (uses[i].id == 0 || by == NULL || uses[i].other)
			continue;
		free(perf->event);
		*perf = (struct stream_perf){ strdup(by->event), by->frequency,
			by->period };
		if (perf->event == NULL)
			ret = report_nomem();
	}
	free(uses);
	return ret;
}
