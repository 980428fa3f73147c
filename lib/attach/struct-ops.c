/*
 * struct_ops: the kernel takes a whole struct of programs.  The first program
 * of the struct that the package lists attaches the struct for all of them.
 */
#include <bpf/bpf.h>
#include <errno.h>

#include "attach/way.h"
#include "base/report.h"
#include "host/kallsyms.h"
#include "load/struct-ops.h"

/* Constants of linux/bpf.h that the headers of Linux 6.1 lack. */
enum {
	ATTACH_STRUCT_OPS = 44,    /* BPF_STRUCT_OPS: Linux 6.4 */
	ATTACH_MAP_LINK = 1 << 13, /* BPF_F_LINK, a flag of maps: Linux 6.4 */
};

/* Check that the program is in a struct, and ask for a link to the struct
 * where the kernel has one. */
static struct attach_error
prepare_struct_ops(const struct attach_job *j)
{
	const char *name = j->listed->name;
	struct bpf_map *map = struct_ops_find_map(&j->object->names, name);

	if (map == NULL)
		return attach_invalid("it is in no struct of section "
				      ".struct_ops; leave it out with -a "
				      "%s=off",
		    name);
	/* Linux 6.4 or newer. */
	if (kallsyms_has("bpf_struct_ops_link_create", false))
		bpf_map__set_map_flags(
		    map, bpf_map__map_flags(map) | ATTACH_MAP_LINK);
	return ATTACH_SUCCESS;
}

/* Whether attaching this program means attaching its struct: it is the first
 * of the struct, and none of the others is left out. */
static bool
attaches_struct(const struct attach_job *j, const struct bpf_map *map)
{
	const struct package *p = j->object->package;
	const struct package_program *first = NULL;

	for (size_t i = 0; i < p->nprograms; i++) {
		const struct package_program *other = &p->programs[i];
		struct bpf_program *program =
		    object_names_program(&j->object->names, other->name);

		if (program == NULL ||
		    bpf_program__type(program) != BPF_PROG_TYPE_STRUCT_OPS ||
		    struct_ops_find_map(&j->object->names, other->name) != map)
			continue;
		if (!other->link ||
		    struct_ops_is_left_out(&j->object->names, other->name)) {
			report_info("map %s: not attached, because its program "
				    "%s is left out",
			    bpf_map__name(map), other->name);
			return false;
		}
		if (first == NULL)
			first = other;
	}
	return first == j->listed;
}

static void
destroy_link(void *link)
{
	bpf_link__destroy(link);
}

static struct attach_error
attach_struct_ops(const struct attach_job *j, struct attachment *a)
{
	const struct object *o = j->object;
	struct bpf_map *map = struct_ops_find_map(&o->names, j->listed->name);
	struct bpf_link *link;

	if (map == NULL || !attaches_struct(j, map))
		return ATTACH_SUCCESS;
	link = bpf_map__attach_struct_ops(map);
	if (link == NULL)
		return attach_errno(errno);
	report_info("map %s: attached", bpf_map__name(map));
	/* A kernel without links to structs has nothing to pin. */
	if ((bpf_map__map_flags(map) & ATTACH_MAP_LINK) == 0)
		return attach_hold_undo(a, destroy_link, link);
	/* libbpf before 1.2 fills the struct in and leaves the link to us: its
	 * own has the map's descriptor, which belongs to the object. */
	if (bpf_link__fd(link) != bpf_map__fd(map))
		return attach_hold_link(a, link);
	bpf_link__disconnect(link);
	bpf_link__destroy(link);
	return attach_hold_fd(
	    a, bpf_link_create(bpf_map__fd(map), 0,
		   (enum bpf_attach_type)ATTACH_STRUCT_OPS, NULL));
}

const struct attach_way attach_way_struct_ops = {
	.prepare = prepare_struct_ops,
	.attach = attach_struct_ops,
};
