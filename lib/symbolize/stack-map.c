#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "record/stack-layout.h"
#include "symbolize/stack-map.h"

/* The least time between two reads of an id. */
#define READ_PERIOD (CLOCK_SECOND / 10)

static int
report_bad_stack_map(const char *name, const char *what)
{
	report_error("map %s: %s", name, what);
	return -1;
}

int
stack_map_open(struct stack_map *m, const char *name, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	*m = (struct stack_map){ .name = name, .fd = fd };
	if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
		return report_bad_stack_map(name, strerror(errno));
	if (info.type != BPF_MAP_TYPE_STACK_TRACE)
		return report_bad_stack_map(name,
		    "other maps refer to it for their "
		    "stacks, but it is not a stack-trace map");
	if (info.map_flags & BPF_F_STACK_BUILD_ID)
		return report_bad_stack_map(name,
		    "its stacks are build IDs and offsets, "
		    "which are not supported; remove "
		    "BPF_F_STACK_BUILD_ID from its flags");
	m->depth = info.value_size / sizeof(*m->addrs);
	/* The kernel rounds up to a power of two (stack_map_alloc() in
	 * kernel/bpf/stackmap.c). */
	for (m->n = 1; m->n < info.max_entries && m->n < UINT32_MAX / 2;)
		m->n *= 2;
	m->read = calloc((size_t)m->n + 1, sizeof(*m->read));
	m->addrs = calloc((size_t)m->depth + 1, sizeof(*m->addrs));
	if (m->read != NULL && m->addrs != NULL)
		return 0;
	stack_map_close(m);
	return report_nomem();
}

void
stack_map_close(struct stack_map *m)
{
	free(m->read);
	free(m->addrs);
	*m = (struct stack_map){ 0 };
}

/* Read a stack into m->addrs.  Returns how many addresses, 0 if there is no
 * such stack. */
static size_t
read_stack(struct stack_map *m, uint32_t id)
{
	size_t n = 0;

	if (bpf_map_lookup_elem(m->fd, &id, m->addrs) != 0)
		return 0;
	while (n < m->depth && n < STACK_DEPTH_MAX && m->addrs[n] != 0)
		n++;
	return n;
}

size_t
stack_map_get(struct stack_map *m, int32_t id, uint64_t now,
    struct symbol_store *store, struct buf *out, const uint64_t **addrs,
    int (*changing)(void *ctx), void *ctx)
{
	size_t known, n;

	if (id < 0 || (uint32_t)id >= m->n)
		return 0;
	known = symbol_store_find_stack(store, m->name, id, addrs);
	if (m->read[id] != 0 && now - m->read[id] < READ_PERIOD)
		return known;
	m->read[id] = now;
	n = read_stack(m, (uint32_t)id);
	if (n == 0 ||
	    (n == known && memcmp(*addrs, m->addrs, n * sizeof(**addrs)) == 0))
		return known;
	if (known > 0 && changing(ctx) == -1)
		return 0;
	if (symbol_store_set_stack(store, m->name, id, m->addrs, n) == -1)
		return 0;
	if (out != NULL)
		symbol_store_write_stack(store, out, m->name, id);
	return symbol_store_find_stack(store, m->name, id, addrs);
}
