#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "elf/libbpf-log.h"
#include "load/possible-cpus.h"
#include "poll/lost-counter.h"

#define POLL_INTERVAL UINT64_C(10000000) /* ns */

static int
report_counter_failure(const struct lost_counter *c, int error)
{
	report_error("map %s: its counter of lost records: %s", c->name,
	    report_error_text(error));
	return -1;
}

static int
report_no_counter(const struct lost_counter *c, enum bpf_map_type wanted)
{
	report_error("map %s: its counter of lost records is no %s of one "
		     "64-bit number",
	    c->name, libbpf_map_type_name(wanted));
	return -1;
}

/* Sets *info to the description of the map behind fd, and checks that it is an
 * array with one element; wanted is the type for the report. */
static int
get_counter_info(const struct lost_counter *c, int fd, enum bpf_map_type wanted,
    struct bpf_map_info *info)
{
	uint32_t len = sizeof(*info);

	*info = (struct bpf_map_info){ 0 };
	if (bpf_obj_get_info_by_fd(fd, info, &len) != 0)
		return report_counter_failure(c, errno);
	if (info->key_size == sizeof(uint32_t) && info->max_entries == 1)
		return 0;
	return report_no_counter(c, wanted);
}

/* Checks the map of the counter, and makes room for its value. */
static int
open_counter_map(struct lost_counter *c)
{
	int cpus;
	struct bpf_map_info info;

	if (get_counter_info(c, c->fd, BPF_MAP_TYPE_PERCPU_ARRAY, &info) == -1)
		return -1;
	c->calls = info.type == BPF_MAP_TYPE_ARRAY &&
		   info.value_size == sizeof(struct call_counts);
	if (!c->calls && (info.type != BPF_MAP_TYPE_PERCPU_ARRAY ||
			     info.value_size != sizeof(uint64_t)))
		return report_no_counter(c, BPF_MAP_TYPE_PERCPU_ARRAY);
	if ((cpus = possible_cpus(c->name)) == -1)
		return -1;
	c->values = calloc(
	    (size_t)cpus + sizeof(struct call_counts) / sizeof(*c->values),
	    sizeof(*c->values));
	return c->values != NULL ? 0 : report_nomem();
}

/* Reports once that losses cannot be told from records that others took. */
static void
notice_uncounted(struct lost_counter *c)
{
	if (!c->told)
		report_notice("map %s: another process reads it too, so its "
			      "lost records cannot be counted",
		    c->name);
	c->told = true;
}

/*
 * Calls that have returned, without the records that came.  The order of the
 * two matters: whatever has been counted before has its record in the ring, so
 * the difference is lost for certain.
 */
static uint64_t
subtract_arrived(struct lost_counter *c, const struct call_counts *counts)
{
	uint64_t arrived;

	if (counts->calls == 0 || c->ring == NULL)
		return 0;
	if (!ring_arrived(c->ring, &arrived)) {
		notice_uncounted(c);
		return 0;
	}
	return counts->calls - arrived <= INT64_MAX ? counts->calls - arrived
						    : 0;
}

/* Sets *lost to the losses since the counter was made. */
static int
sum_lost(struct lost_counter *c, uint64_t *lost)
{
	int cpus = libbpf_num_possible_cpus();
	struct call_counts counts;
	uint32_t key = 0;

	*lost = 0;
	if (bpf_map_lookup_elem(c->fd, &key, c->values) != 0)
		return report_counter_failure(c, errno);
	if (c->calls) {
		memcpy(&counts, c->values, sizeof(counts));
		*lost = counts.failed + subtract_arrived(c, &counts);
		return 0;
	}
	for (int i = 0; i < cpus; i++)
		*lost += c->values[i];
	return 0;
}

static int
map_shared(struct lost_counter *c, int fd)
{
	struct bpf_map_info info;
	void *p;

	if (get_counter_info(c, fd, BPF_MAP_TYPE_ARRAY, &info) == -1)
		return -1;
	if (info.type != BPF_MAP_TYPE_ARRAY ||
	    info.value_size != sizeof(struct lost_shared) ||
	    !(info.map_flags & BPF_F_MMAPABLE))
		return report_no_counter(c, BPF_MAP_TYPE_ARRAY);
	p = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (p == MAP_FAILED)
		return report_counter_failure(c, errno);
	c->shared = p;
	return 0;
}

int
lost_counter_open(struct lost_counter *c, const char *name, struct ring *ring,
    int fd, int reported_fd)
{
	*c = (struct lost_counter){ .name = name, .ring = ring, .fd = fd };
	c->shared = &c->own;
	if (fd == -1)
		return 0;
	if (open_counter_map(c) == -1 ||
	    (reported_fd != -1 && map_shared(c, reported_fd) == -1))
		return -1;
	if (c->calls && ring != NULL)
		ring_count(ring, &c->shared->tally, reported_fd == -1);
	return reported_fd != -1 ? 0 : sum_lost(c, &c->own.reported);
}

void
lost_counter_close(struct lost_counter *c)
{
	if (c->shared != NULL && c->shared != &c->own)
		munmap(c->shared, sizeof(*c->shared));
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
	reported = __atomic_load_n(&c->shared->reported, __ATOMIC_RELAXED);
	while (reported < lost &&
	       !__atomic_compare_exchange_n(&c->shared->reported, &reported,
		   lost, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
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
	struct lost_shared shared = { 0 };
	struct lost_counter c;
	uint32_t key = 0;
	int map = -1;

	if (lost_counter_open(&c, name, NULL, fd, -1) == 0) {
		shared.reported = fresh ? 0 : c.own.reported;
		map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_reported",
		    sizeof(key), sizeof(shared), 1, &o);
		if (map < 0 ||
		    bpf_map_update_elem(map, &key, &shared, BPF_ANY) != 0) {
			report_counter_failure(&c, errno);
			if (map >= 0)
				close(map);
			map = -1;
		}
	}
	lost_counter_close(&c);
	return map;
}
