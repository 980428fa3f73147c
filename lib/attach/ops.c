/*
 * struct_ops: the kernel takes a whole struct of programs.  The first program
 * of it that the package lists attaches the struct, and stands for the others.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attach/net.h"
#include "base/report.h"
#include "host/kallsyms.h"
#include "load/struct-ops.h"

/* Before loading: the struct of the program, and whether a link will hold it.
 */
static int
prepare(const struct attach_job *j)
{
	const char *name = j->listed->name;
	struct bpf_map *map =
	    struct_ops_map(j->object->package, j->object->bpf, name);

	if (map == NULL) {
		report_error("program %s: no struct in section .struct_ops has "
			     "it; leave it out with -a %s=off",
		    name, name);
		return -1;
	}
	/* Linux 6.4 or newer. */
	if (kallsyms_has("bpf_struct_ops_link_create", false))
		bpf_map__set_map_flags(
		    map, bpf_map__map_flags(map) | ATTACH_MAP_LINK);
	return 0;
}

/* What the struct's other programs say of it. */
enum turn {
	TURN_FIRST, /* this one attaches it */
	TURN_LATER, /* one before it has */
	TURN_NEVER, /* one of them is not to be attached */
};

static enum turn
find_turn(const struct attach_job *j, const struct bpf_map *map)
{
	const struct package *p = j->object->package;
	enum turn turn = TURN_LATER;
	bool before = false;

	for (size_t i = 0; i < p->nprograms; i++) {
		const struct package_program *other = &p->programs[i];
		struct bpf_program *program = bpf_object__find_program_by_name(
		    j->object->bpf, other->name);

		if (program == NULL ||
		    bpf_program__type(program) != BPF_PROG_TYPE_STRUCT_OPS ||
		    struct_ops_map(p, j->object->bpf, other->name) != map)
			continue;
		if (!other->link || !bpf_program__autoload(program)) {
			report_info("map %s: not attached, since its program "
				    "%s is not to be",
			    bpf_map__name(map), other->name);
			return TURN_NEVER;
		}
		if (!before && other == j->listed)
			turn = TURN_FIRST;
		before = true;
	}
	return turn;
}

/* libbpf before 1.2 fills the struct in and leaves the link to us.  The link
 * it returns has the map for its descriptor, which stays the object's. */
static int
hold_by_link(struct attachment *a, struct bpf_map *map, struct bpf_link *link)
{
	bool complete = bpf_link__fd(link) != bpf_map__fd(map);
	int fd;

	if (complete)
		return attach_hold_link(a, link);
	bpf_link__disconnect(link);
	bpf_link__destroy(link);
	fd = bpf_link_create(
	    bpf_map__fd(map), 0, (enum bpf_attach_type)ATTACH_STRUCT_OPS, NULL);
	return attach_hold_fd(a, fd);
}

static void
take_away(void *state)
{
	bpf_link__destroy(state);
}

static int
attach(const struct attach_job *j, struct attachment *a)
{
	const struct object *o = j->object;
	struct bpf_map *map =
	    struct_ops_map(o->package, o->bpf, j->listed->name);
	struct bpf_link *link;

	if (map == NULL || find_turn(j, map) != TURN_FIRST)
		return 0;
	link = bpf_map__attach_struct_ops(map);
	if (link == NULL)
		return -1;
	report_info("map %s: attached", bpf_map__name(map));
	if ((bpf_map__map_flags(map) & ATTACH_MAP_LINK) != 0)
		return hold_by_link(a, map, link);
	/* No link of the kernel's: it cannot be pinned. */
	return attach_hold_undo(a, take_away, link);
}

const struct way way_ops = {
	.prepare = prepare,
	.attach = attach,
};
