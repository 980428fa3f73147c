#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "poll/lost-counter.h"

#define LOOK_NS UINT64_C(10000000) /* between two looks, at least */

static int
failed(const struct lost_counter *c, const char *what, int error)
{
	report_error("map %s: %s: %s", c->name, what, strerror(error));
	return -1;
}

/* Whether the map behind fd is an array of this kind, of one 64-bit number. */
static int
check(const struct lost_counter *c, int fd, uint32_t type, uint32_t flags)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return failed(c, "its counter of lost records", errno);
	if (info.type == type && info.key_size == sizeof(uint32_t) &&
	    info.value_size == sizeof(uint64_t) && info.max_entries == 1 &&
	    (info.map_flags & flags) == flags)
		return 0;
	report_error("map %s: its counter of lost records is no %s of one "
		     "64-bit number",
	    c->name, libbpf_bpf_map_type_str(type));
	return -1;
}

/* What was lost since the counter was made. */
static int
count(struct lost_counter *c, uint64_t *lost)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t key = 0;

	*lost = 0;
	if (bpf_map_lookup_elem(c->fd, &key, c->values) != 0)
		return failed(c, "its counter of lost records", errno);
	for (int i = 0; i < cpus; i++)
		*lost += c->values[i];
	return 0;
}

static int
map_told(struct lost_counter *c, int fd)
{
	void *p;

	if (check(c, fd, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE) == -1)
		return -1;
	p = mmap(
	    NULL, sizeof(*c->told), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return failed(c, "its count of losses told", errno);
	c->told = p;
	return 0;
}

int
lost_counter_open(struct lost_counter *c, const char *name, int fd, int told_fd)
{
	int cpus;

	*c = (struct lost_counter){ .name = name, .fd = fd };
	c->told = &c->own;
	if (fd == -1)
		return 0;
	if (check(c, fd, BPF_MAP_TYPE_PERCPU_ARRAY, 0) == -1)
		return -1;
	if ((cpus = libbpf_num_possible_cpus()) < 0)
		return failed(c, "number of CPUs", -cpus);
	c->values = calloc((size_t)cpus, sizeof(*c->values));
	if (c->values == NULL)
		return report_nomem();
	return told_fd != -1 ? map_told(c, told_fd) : count(c, &c->own);
}

void
lost_counter_close(struct lost_counter *c)
{
	if (c->told != NULL && c->told != &c->own)
		munmap(c->told, sizeof(*c->told));
	free(c->values);
	*c = (struct lost_counter){ .fd = -1 };
}

int
lost_counter_read(struct lost_counter *c, uint64_t *more)
{
	uint64_t lost, told;

	*more = 0;
	if (c->values == NULL)
		return 0;
	if (count(c, &lost) == -1)
		return -1;
	c->due = clock_elapsed() + LOOK_NS;
	/* Another reader of the session may be at it too. */
	told = __atomic_load_n(c->told, __ATOMIC_RELAXED);
	while (told < lost && !__atomic_compare_exchange_n(c->told, &told, lost,
				  false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	if (told < lost)
		*more = lost - told;
	return 0;
}

int
lost_counter_poll(struct lost_counter *c, uint64_t *more)
{
	*more = 0;
	if (c->values == NULL || clock_elapsed() < c->due)
		return 0;
	return lost_counter_read(c, more);
}

/* A map that says: so many were told. */
static int
new_told(const struct lost_counter *c, uint64_t told)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	uint32_t key = 0;
	int fd = bpf_map_create(
	    BPF_MAP_TYPE_ARRAY, "skel_told", sizeof(key), sizeof(told), 1, &o);

	if (fd >= 0 && bpf_map_update_elem(fd, &key, &told, BPF_ANY) == 0)
		return fd;
	failed(c, "its count of losses told", errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

int
lost_counter_new_reported(const char *name, int fd, bool fresh)
{
	struct lost_counter c;
	int told = -1;

	if (lost_counter_open(&c, name, fd, -1) == 0)
		told = new_told(&c, fresh ? 0 : c.own);
	lost_counter_close(&c);
	return told;
}
