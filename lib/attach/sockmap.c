#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/net.h"
#include "base/buf.h"
#include "base/report.h"

/* What undoes an attachment without a link. */
struct joint {
	int program, map; /* borrowed from the object */
	enum bpf_attach_type type;
};

static bool
has_sockets(const struct bpf_map *map)
{
	enum bpf_map_type type = bpf_map__type(map);

	return type == BPF_MAP_TYPE_SOCKMAP || type == BPF_MAP_TYPE_SOCKHASH;
}

/* What the section says; "sk_skb" alone is a verdict without a parser. */
static enum bpf_attach_type
find_type(const struct attach_job *j)
{
	const char *section = attach_section(j->program);

	if (bpf_program__type(j->program) == BPF_PROG_TYPE_SK_MSG)
		return BPF_SK_MSG_VERDICT;
	if (strncmp(section, "sk_skb/stream_parser", 20) == 0)
		return BPF_SK_SKB_STREAM_PARSER;
	if (strncmp(section, "sk_skb/stream_verdict", 21) == 0)
		return BPF_SK_SKB_STREAM_VERDICT;
	return BPF_SK_SKB_VERDICT;
}

/* Report that the program's map is not clear, and which could be.  Returns
 * NULL. */
static struct bpf_map *
refuse_map(const struct attach_job *j)
{
	const char *name = j->listed->name;
	struct buf names = { 0 };
	struct bpf_map *map;

	bpf_object__for_each_map (map, j->object->bpf)
		if (has_sockets(map))
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
			    bpf_map__name(map));
	if (names.len == 0)
		report_error("program %s: %s programs belong to a map of "
			     "sockets, and the object has none",
		    name, j->kind->name);
	else if (j->where != NULL)
		report_error("program %s: %s: the object has no such map of "
			     "sockets; it has: %.*s",
		    name, attach_place(j), (int)names.len, names.data);
	else
		report_error("program %s: say to which map of sockets it goes "
			     "with -a %s=sockmap:MAP; there are: %.*s",
		    name, name, (int)names.len, names.data);
	buf_free(&names);
	return NULL;
}

/* The map that "-a" names, else the only one there is. */
static struct bpf_map *
find_map(const struct attach_job *j)
{
	struct bpf_map *map, *only = NULL;
	size_t n = 0;

	bpf_object__for_each_map (map, j->object->bpf) {
		if (!has_sockets(map))
			continue;
		if (j->where != NULL &&
		    strcmp(bpf_map__name(map), j->where->target) == 0)
			return map;
		only = map;
		n++;
	}
	return j->where == NULL && n == 1 ? only : refuse_map(j);
}

/* Whether the map has such a program: the kernel would replace it.  Kernels
 * before 5.16 do not say. */
static bool
is_taken(const struct attach_job *j, const struct bpf_map *map,
    enum bpf_attach_type type)
{
	char named[ATTACH_NAMED_MAX];
	uint32_t id = 0, n = 1;

	if (bpf_prog_query(bpf_map__fd(map), type, 0, NULL, &id, &n) != 0 ||
	    n == 0)
		return false;
	report_error("program %s: map %s has such a program already (%s), "
		     "which was left as it is",
	    j->listed->name, bpf_map__name(map), attach_named(id, named));
	return true;
}

static void
part(void *state)
{
	struct joint *j = state;

	bpf_prog_detach2(j->program, j->map, j->type);
	free(j);
}

/* Without a link: kernels before 6.10. */
static int
join(const struct attach_job *j, struct attachment *a,
    const struct bpf_map *map, enum bpf_attach_type type)
{
	struct joint *state = malloc(sizeof(*state));

	if (state == NULL)
		return -1;
	*state = (struct joint){
		.program = bpf_program__fd(j->program),
		.map = bpf_map__fd(map),
		.type = type,
	};
	if (bpf_prog_attach(state->program, state->map, type, 0) == 0)
		return attach_hold_undo(a, part, state);
	free(state);
	return -1;
}

static int
attach(const struct attach_job *j, struct attachment *a)
{
	struct bpf_map *map = find_map(j);
	enum bpf_attach_type type = find_type(j);
	int fd;

	if (map == NULL || is_taken(j, map, type)) {
		errno = 0;
		return -1;
	}
	fd = bpf_link_create(
	    bpf_program__fd(j->program), bpf_map__fd(map), type, NULL);
	if (fd >= 0)
		return attach_hold_fd(a, fd);
	return errno == EINVAL ? join(j, a, map, type) : -1;
}

/* Before loading: which map it is must be clear. */
static int
prepare(const struct attach_job *j)
{
	return find_map(j) != NULL ? 0 : -1;
}

const struct way way_sockmap = {
	.name = "sockmap",
	.syntax = "sockmap:MAP",
	.prepare = prepare,
	.attach = attach,
};
