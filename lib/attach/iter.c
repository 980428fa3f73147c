/*
 * Iterators, over everything that their section names, or over a selection:
 * the elements of a map, one process, one thread, a part of the cgroups.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "attach/way.h"
#include "base/util.h"

static const char *const iter_keys[] = { "map", "pid", "tid", "cgroup", "order",
	NULL };

/* The options of an iterator, by the name in its section.  The kernel ignores
 * those that an iterator does not use. */
static const struct {
	const char *iterator;
	const char *keys[2];
} iter_options[] = {
	{ "task", { "pid", "tid" } },
	{ "task_file", { "pid", "tid" } },
	{ "task_vma", { "pid", "tid" } },
	{ "bpf_map_elem", { "map", NULL } },
	{ "bpf_sk_storage_map", { "map", NULL } },
	{ "sockmap", { "map", NULL } },
	{ "cgroup", { "cgroup", "order" } },
};

static const struct {
	const char *name;
	enum bpf_cgroup_iter_order order;
} cgroup_orders[] = {
	{ "pre", BPF_CGROUP_ITER_DESCENDANTS_PRE }, /* the default */
	{ "post", BPF_CGROUP_ITER_DESCENDANTS_POST },
	{ "up", BPF_CGROUP_ITER_ANCESTORS_UP },
	{ "self", BPF_CGROUP_ITER_SELF_ONLY },
};

/* The name of the iterator: "task" of the sections iter/task and
 * iter.s/task. */
static const char *
iterator_name(const struct attach_job *j)
{
	const char *slash = strchr(attach_section_name(j->program), '/');

	return slash != NULL ? slash + 1 : "";
}

static bool
iterator_has_option(const char *iterator, const char *key)
{
	for (size_t i = 0; i < nitems(iter_options); i++)
		for (size_t k = 0; k < nitems(iter_options[i].keys); k++)
			if (strcmp(iter_options[i].iterator, iterator) == 0 &&
			    iter_options[i].keys[k] != NULL &&
			    strcmp(iter_options[i].keys[k], key) == 0)
				return true;
	return false;
}

/* Set *order to the option's value or the default.  Returns false if the value
 * is unknown. */
static bool
find_cgroup_order(
    const struct attach_where *w, enum bpf_cgroup_iter_order *order)
{
	const char *name = attach_option(w, "order");

	*order = cgroup_orders[0].order;
	for (size_t i = 0; name != NULL && i < nitems(cgroup_orders); i++) {
		*order = cgroup_orders[i].order;
		if (strcmp(cgroup_orders[i].name, name) == 0)
			return true;
	}
	return name == NULL;
}

/* Set *pid and *tid, to 0 where they are not given. */
static struct attach_error
parse_task(const struct attach_where *w, uint32_t *pid, uint32_t *tid)
{
	uint64_t process = 0, thread = 0;
	struct attach_error e =
	    attach_option_number(w, "pid", 1, INT32_MAX, &process);

	if (e.failure == ATTACH_OK)
		e = attach_option_number(w, "tid", 1, INT32_MAX, &thread);
	*pid = (uint32_t)process;
	*tid = (uint32_t)thread;
	return e;
}

static struct attach_error
parse_iter(const struct attach_where *w)
{
	enum bpf_cgroup_iter_order order;
	struct attach_error e;
	uint32_t pid, tid;

	if (w->target[0] != '\0')
		return attach_invalid("expected %s", w->way->syntax);
	e = parse_task(w, &pid, &tid);
	if (e.failure != ATTACH_OK)
		return e;
	if (!find_cgroup_order(w, &order))
		return attach_invalid("order is pre, post, up or self");
	if (pid != 0 && tid != 0)
		return attach_invalid("pid and tid exclude each other");
	return ATTACH_SUCCESS;
}

static struct attach_error
prepare_iter(const struct attach_job *j)
{
	const struct attach_where *w = j->where;

	for (size_t i = 0; w != NULL && i < w->noptions; i++)
		if (!iterator_has_option(iterator_name(j), w->options[i].key))
			return attach_invalid("an iterator of %s has no option "
					      "%s",
			    iterator_name(j), w->options[i].key);
	return ATTACH_SUCCESS;
}

static struct attach_error
create_iter_link(const struct attach_job *j, struct attachment *a,
    union bpf_iter_link_info *info)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = info,
	    .link_info_len = info != NULL ? sizeof(*info) : 0);

	return attach_hold_link(a, bpf_program__attach_iter(j->program, &opts));
}

/* Attach to a map, by its name in the object or by the path of its pin. */
static struct attach_error
attach_map_iter(const struct attach_job *j, struct attachment *a)
{
	const char *name = attach_option(j->where, "map");
	bool pinned = name != NULL && strchr(name, '/') != NULL;
	union bpf_iter_link_info info = { 0 };
	struct attach_error e;
	int fd;

	if (name == NULL)
		return attach_invalid(
		    "it needs a map; name one with -a %s=iter:map=NAME",
		    j->listed->name);
	if (pinned)
		fd = bpf_obj_get(name);
	else
		fd = bpf_object__find_map_fd_by_name(j->object->bpf, name);
	if (fd < 0 && pinned)
		return attach_invalid("map %s: %s", name, strerror(errno));
	if (fd < 0)
		return attach_invalid("the object has no map %s; give a map of "
				      "another by the path of its pin",
		    name);
	info.map.map_fd = (uint32_t)fd;
	e = create_iter_link(j, a, &info);
	if (pinned)
		close(fd);
	return e;
}

static struct attach_error
attach_cgroup_iter(const struct attach_job *j, struct attachment *a)
{
	const char *path = attach_option(j->where, "cgroup");
	union bpf_iter_link_info info = { 0 };
	struct attach_error e;
	int fd = -1;

	find_cgroup_order(j->where, &info.cgroup.order);
	if (path != NULL) {
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			return attach_invalid(
			    "cgroup %s: %s", path, strerror(errno));
		info.cgroup.cgroup_fd = (uint32_t)fd;
	}
	e = create_iter_link(j, a, &info);
	if (fd != -1)
		close(fd);
	return e;
}

static struct attach_error
attach_iter(const struct attach_job *j, struct attachment *a)
{
	const char *iterator = iterator_name(j);
	union bpf_iter_link_info info = { 0 };
	struct attach_error e;

	if (iterator_has_option(iterator, "map"))
		return attach_map_iter(j, a);
	if (iterator_has_option(iterator, "cgroup"))
		return attach_cgroup_iter(j, a);
	e = parse_task(j->where, &info.task.pid, &info.task.tid);
	if (e.failure != ATTACH_OK)
		return e;
	/* Kernels before 6.1 refuse link info that they do not know. */
	if (info.task.pid == 0 && info.task.tid == 0)
		return create_iter_link(j, a, NULL);
	return create_iter_link(j, a, &info);
}

const struct attach_way attach_way_iter = {
	.name = "iter",
	.syntax = "iter:[map=NAME|pid=PID|tid=TID|cgroup=PATH,order=ORDER]",
	.keys = iter_keys,
	.parse = parse_iter,
	.one_place = true,
	.prepare = prepare_iter,
	.attach = attach_iter,
};
