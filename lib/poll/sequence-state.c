/*
 * What the readers of a session share of a sequence: a map of one struct.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/report.h"
#include "poll/sequence.h"

static int
failed(const char *name, int error)
{
	report_error("map %s: its sequence's state: %s", name, strerror(error));
	return -1;
}

/* Whether the map behind fd is an array of one state that may be mapped. */
static int
check(const char *name, int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return failed(name, errno);
	if (info.type == BPF_MAP_TYPE_ARRAY &&
	    info.value_size == sizeof(struct sequence_state) &&
	    info.max_entries == 1 && (info.map_flags & BPF_F_MMAPABLE) != 0)
		return 0;
	report_error("map %s: its sequence's state is no array of one value "
		     "of %zu bytes that may be mapped",
	    name, sizeof(struct sequence_state));
	return -1;
}

static int
map_state(struct sequence *q, int fd)
{
	void *p;

	if (check(q->name, fd) == -1)
		return -1;
	p = mmap(
	    NULL, sizeof(*q->all), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return failed(q->name, errno);
	q->all = p;
	q->reader = __atomic_add_fetch(&q->all->reader, 1, __ATOMIC_ACQ_REL);
	return 0;
}

int
sequence_open(
    struct sequence *q, const char *name, size_t offset, size_t size, int fd)
{
	*q = (struct sequence){ .name = name, .offset = offset, .size = size };
	q->all = &q->own;
	return fd != -1 ? map_state(q, fd) : 0;
}

void
sequence_close(struct sequence *q)
{
	if (q->all != NULL && q->all != &q->own)
		munmap(q->all, sizeof(*q->all));
	*q = (struct sequence){ 0 };
}

int
sequence_new_state(const char *name)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "skel_sequence",
	    sizeof(uint32_t), sizeof(struct sequence_state), 1, &o);

	return fd >= 0 ? fd : failed(name, errno);
}
