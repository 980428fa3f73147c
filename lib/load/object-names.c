#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "load/object-names.h"

static int
read_programs(struct object_names *n, struct bpf_object *bpf)
{
	struct bpf_program *program;
	uint32_t count = 0;

	bpf_object__for_each_program (program, bpf)
		count++;
	n->program = calloc(count + 1, sizeof(struct bpf_program *));
	if (n->program == NULL)
		return report_nomem();
	count = 0;
	bpf_object__for_each_program (program, bpf) {
		if (name_table_add(&n->programs, 0, bpf_program__name(program),
			count) == -1)
			return -1;
		n->program[count++] = program;
	}
	return 0;
}

/* Adds the map's name.  To libbpf the map of a section such as .rodata has that
 * name and one with the start of the object's before it, "bootstra.rodata". */
static int
add_map(struct object_names *n, struct bpf_map *map, uint32_t i)
{
	const char *name = bpf_map__name(map);
	const char *section =
	    bpf_map__is_internal(map) ? strrchr(name, '.') : NULL;

	n->map[i] = map;
	if (section != NULL && name[0] != '.' &&
	    name_table_add(&n->maps, 0, section, i) == -1)
		return -1;
	return name_table_add(&n->maps, 0, name, i);
}

static int
read_maps(struct object_names *n, struct bpf_object *bpf)
{
	struct bpf_map *map;
	uint32_t count = 0;

	bpf_object__for_each_map (map, bpf)
		count++;
	if ((n->map = calloc(count + 1, sizeof(struct bpf_map *))) == NULL)
		return report_nomem();
	count = 0;
	bpf_object__for_each_map (map, bpf) {
		if (add_map(n, map, count++) == -1)
			return -1;
	}
	return 0;
}

int
object_names_open(struct object_names *n, struct bpf_object *bpf)
{
	*n = (struct object_names){ 0 };
	return read_programs(n, bpf) == -1 ? -1 : read_maps(n, bpf);
}

void
object_names_close(struct object_names *n)
{
	name_table_free(&n->programs);
	name_table_free(&n->maps);
	name_table_free(&n->ops);
	name_table_free(&n->left_out);
	free(n->program);
	free(n->map);
	*n = (struct object_names){ 0 };
}

struct bpf_program *
object_names_program(const struct object_names *n, const char *name)
{
	uint32_t i = name_table_find(&n->programs, 0, name);

	return i != NAME_NONE ? n->program[i] : NULL;
}

struct bpf_map *
object_names_map(const struct object_names *n, const char *name)
{
	uint32_t i = name_table_find(&n->maps, 0, name);

	return i != NAME_NONE ? n->map[i] : NULL;
}
