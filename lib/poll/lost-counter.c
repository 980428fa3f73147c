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

#define POLL_INTERVAL UINT64_C(10000000) /* ns */

static int
report_counter_failure(const struct lost_counter *c, int error)
{
	report_error("map %s: its counter of lost records: %s", c->name,
	    strerror(error));
	return -1;
}

/* Checks that the map behind fd is an array of this type with one 64-bit
 * number, and has these flags. */
static int
check_counter_map(
    const struct lost_counter *c, int fd, uint32_t type, uint32_t flags)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return report_counter_failure(c, errno);
	if (info.type == type && info.key_size == sizeof(uint32_t) &&
	    info.value_size == sizeof(uint64_t) && info.max_entries == 1 &&
	    (info.map_flags & flags) == flags)
		return 0;
	report_error("map %s: its counter of lost records is no %s of one "
		     "64-bit number",
	    c->name, libbpf_bpf_map_type_str(type));
	return -1;
}

/* Sets *lost to the losses on all CPUs since the counter was made. */
static int
sum_lost(struct lost_counter *c, uint64_t *lost)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t key = 0;

	*lost = 0;
	if (bpf_map_lookup_elem(c->fd, &key, c->values) != 0)
		return report_counter_failure(c, errno);
	for (int i = 0; i < cpus; i++)
		*lost += c->values[i];
	return 0;
}

static int
map_reported(struct lost_counter *c, int fd)
{
	void *p;

	if (check_counter_map(c, fd, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE) == -1)
		return -1;
	p = mmap(NULL, sizeof(*c->reported), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (p == MAP_FAILED)
		return report_counter_failure(c, errno);
	c->reported = p;
	return 0;
}

int
lost_counter_open(
    struct lost_counter *c, const char *name, int fd, int reported_fd)
{
	int cpus;

	*c = (struct lost_counter){ .name = name, .fd = fd };
	c->reported = &c->own;
	if (fd == -1)
		return 0;
	if (check_counter_map(c, fd, BPF_MAP_TYPE_PERCPU_ARRAY, 0) == -1)
		return -1;
	if ((cpus = libbpf_num_possible_cpus()) < 0)
		return report_counter_failure(c, -cpus);
	c->values = calloc((size_t)cpus, sizeof(*c->values));
	if (c->values == NULL)
		return report_nomem();
	return reported_fd != -1 ? map_reported(c, reported_fd)
				 : sum_lost(c, &c->own);
}

void
lost_counter_close(struct lost_counter *c)
{
	if (c->reported != NULL && c->reported != &c->own)
		munmap(c->reported, sizeof(*c->reported));
	free(c->values);
	*c = (struct lost_counter){ .fd = -1 };
}

int
lost_counter_read(struct lost_counter *c, uint64_t *more)
{
	uint64_t lost, reported;

	*more = 0;
	if (c->values == NULL)
		return 0;
	if (sum_lost(c, &lost) == -1)
		return -1;
	c->due = clock_elapsed() + POLL_INTERVAL;
	/* Another reader of the session may do the same at this moment: only
	 * one of them raises the number and reports the difference. */
	reported = __atomic_load_n(c->reported, __ATOMIC_RELAXED);
	while (reported < lost &&
	       !__atomic_compare_exchange_n(c->reported, &reported, lost, false,
		   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	if (reported < lost)
		*more = lost - reported;
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

int
lost_counter_new_reported(const char *name, int fd, bool fresh)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	struct lost_counter c;
	uint64_t reported;
	uint32_t key = 0;
	int map = -1;

	if (lost_counter_open(&c, name, fd, -1) == 0) {
		reported = fresh ? 0 : c.own;
		map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_reported",
		    sizeof(key), sizeof(reported), 1, &o);
		if (map < 0 ||
		    bpf_map_update_elem(map, &key, &reported, BPF_ANY) != 0) {
			report_counter_failure(&c, errno);
			if (map >= 0)
				close(map);
			map = -1;
		}
	}
	lost_counter_close(&c);
	return map;
}
