/*
 * Sockmaps: programs that run for the sockets in a map of the object.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/net.h"
#include "attach/way.h"
#include "base/buf.h"

/* The arguments for detaching where the kernel has no link. */
struct sockmap_program {
	int program, map; /* borrowed from the object */
	enum bpf_attach_type type;
};

static bool
has_sockets(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH;
}

/* The hook that the section names; "sk_skb" alone is a verdict without a
 * parser. */
static enum bpf_attach_type
sockmap_hook(const struct attach_job *j)
{
	const char *section = attach_section_name(j->program);

	if (bpf_program__type(j->program) == BPF_PROG_TYPE_SK_MSG)
		return BPF_SK_MSG_VERDICT;
	if (strncmp(section, "sk_skb/stream_parser", 20) == 0)
		return BPF_SK_SKB_STREAM_PARSER;
	if (strncmp(section, "sk_skb/stream_verdict", 21) == 0)
		return BPF_SK_SKB_STREAM_VERDICT;
	return BPF_SK_SKB_VERDICT;
}

/* The error for a program whose map cannot be determined. */
static struct attach_error
no_sockmap(const struct attach_job *j)
{
	struct buf names = { 0 };
	struct attach_error e;
	struct bpf_map *map;

	bpf_object__for_each_map (map, j->object->bpf)
		if (has_sockets(map))
			buf_list(&names, 0, bpf_map__name(map));
	if (names.len == 0)
		e = attach_invalid("%s programs are attached to a sockmap or "
				   "sockhash, and the object has none",
		    j->kind->name);
	else if (j->where != NULL)
		e = attach_invalid("the object has no such sockmap or "
				   "sockhash; it has: %.*s",
		    (int)names.len, names.data);
	else
		e = attach_invalid("the object has several sockmaps; choose "
				   "one with -a %s=sockmap:MAP; it has: %.*s",
		    j->listed->name, (int)names.len, names.data);
	buf_free(&names);
	return e;
}

/* Find the map that "-a" names, else the only one that the object has. */
static struct attach_error
find_sockmap(const struct attach_job *j, struct bpf_map **found)
{
	struct bpf_map *map;
	size_t n = 0;

	bpf_object__for_each_map (map, j->object->bpf) {
		if (!has_sockets(map) ||
		    (j->where != NULL &&
			strcmp(bpf_map__name(map), j->where->target) != 0))
			continue;
		*found = map;
		n++;
	}
	return n == 1 ? ATTACH_SUCCESS : no_sockmap(j);
}

/* Find the program at this hook of the map, which the kernel would replace.
 * Returns its id, or 0; kernels before 5.16 do not support the query. */
static uint32_t
program_of_map(const struct bpf_map *map, enum bpf_attach_type type)
{
	uint32_t id = 0, n = 1;

	if (bpf_prog_query(bpf_map__fd(map), type, 0, NULL, &id, &n) != 0 ||
	    n == 0)
		return 0;
	return id;
}

static void
detach_sockmap(void *state)
{
	struct sockmap_program *s = state;

	bpf_prog_detach2(s->program, s->map, s->type);
	free(s);
}

/* Attach without a link, for kernels before 6.10. */
static struct attach_error
attach_sockmap_program(
    const struct sockmap_program *program, struct attachment *a)
{
	struct sockmap_program *s = malloc(sizeof(*s));
	struct attach_error e;

	if (s == NULL)
		return attach_errno(ENOMEM);
	*s = *program;
	if (bpf_prog_attach(s->program, s->map, s->type, 0) == 0)
		return attach_hold_undo(a, detach_sockmap, s);
	e = attach_errno(errno);
	free(s);
	return e;
}

static struct attach_error
attach_sockmap(const struct attach_job *j, struct attachment *a)
{
	char present[ATTACH_PROGRAM_TEXT];
	struct sockmap_program s;
	struct bpf_map *map = NULL;
	struct attach_error e = find_sockmap(j, &map);
	uint32_t id;
	int fd;

	if (e.failure != ATTACH_OK)
		return e;
	s = (struct sockmap_program){ .program = bpf_program__fd(j->program),
		.map = bpf_map__fd(map),
		.type = sockmap_hook(j) };
	if ((id = program_of_map(map, s.type)) != 0)
		return attach_invalid("map %s has such a program already (%s); "
				      "nothing was changed",
		    bpf_map__name(map), attach_net_program(id, present));
	fd = bpf_link_create(s.program, s.map, s.type, NULL);
	if (fd < 0 && errno == EINVAL)
		return attach_sockmap_program(&s, a);
	return attach_hold_fd(a, fd);
}

/* The map must be clear before loading. */
static struct attach_error
prepare_sockmap(const struct attach_job *j)
{
	struct bpf_map *map;

	return find_sockmap(j, &map);
}

const struct attach_way attach_way_sockmap = {
	.name = "sockmap",
	.syntax = "sockmap:MAP",
	.prepare = prepare_sockmap,
	.attach = attach_sockmap,
};
