#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "poll/map-walk.h"
#include "types/types.h"

enum {
	STEP_KEYS = 1024,     /* most keys in a step */
	STEP_BYTES = 1 << 20, /* and about so many bytes */
	ENOTSUPP_KERNEL = 524 /* ENOTSUPP, which no C library knows */
};

static bool
unsupported(int err)
{
	return err == -EINVAL || err == -EOPNOTSUPP || err == -ENOTSUPP_KERNEL;
}

static int
refused(const struct map_walk *s, const char *what, int err)
{
	report_error("map %s: %s: %s", s->name, what, strerror(-err));
	return -1;
}

/* How each kind of map is walked.  Returns -1 for those that cannot be. */
static int
choose_way(struct map_walk *s, const struct bpf_map_info *info)
{
	int cpus = 0;

	switch (info->type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		if ((cpus = libbpf_num_possible_cpus()) < 0)
			return refused(s, "number of CPUs", cpus);
		s->cpus = (uint64_t)cpus;
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_ARRAY:
		break;
	case BPF_MAP_TYPE_LPM_TRIE:
		s->way = SAMPLE_BY_KEY;
		break;
	default:
		report_error("map %s: a map of kind %s cannot be sampled",
		    s->name, libbpf_bpf_map_type_str(info->type));
		return -1;
	}
	s->is_array = info->type == BPF_MAP_TYPE_ARRAY ||
		      info->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	/* Arrays have no "look up and delete": one that is not mapped is set to
	 * zero element by element, each as soon as it was read, which is as
	 * near as the kernel lets us. */
	if (mmap_array_open(&s->mapped, s->fd, info, s->clear))
		s->way = SAMPLE_MAPPED;
	else if (s->is_array && s->clear)
		s->way = SAMPLE_BY_INDEX;
	return 0;
}

static int
set_key_cap(struct map_walk *s, size_t cap)
{
	unsigned char *keys = reallocarray(s->keys, cap, s->key_size);

	if (keys == NULL)
		return report_nomem();
	s->keys = keys;
	s->key_cap = cap;
	return 0;
}

/* Room for cap keys and values of a batch. */
static int
set_cap(struct map_walk *s, size_t cap)
{
	unsigned char *values = reallocarray(s->values, cap, s->value_size);

	if (values == NULL)
		return report_nomem();
	s->values = values;
	s->cap = cap;
	return set_key_cap(s, cap);
}

static int
set_sizes(struct map_walk *s, const struct bpf_map_info *info)
{
	uint64_t value_size = info->value_size, cap;

	/* bpf(2): a per-CPU value comes once for each possible CPU, each
	 * rounded up to 8 bytes. */
	if (s->cpus != 0)
		value_size = round_up_8(value_size) * s->cpus;
	if (value_size + info->key_size > TYPES_SIZE_MAX) {
		report_error("map %s: values of %llu bytes are too large",
		    s->name, (unsigned long long)value_size);
		return -1;
	}
	s->key_size = info->key_size;
	s->value_size = (size_t)value_size;
	s->max_entries = info->max_entries;
	cap = STEP_BYTES / (value_size + info->key_size + 1);
	if (cap > STEP_KEYS)
		cap = STEP_KEYS;
	if (cap > s->max_entries)
		cap = s->max_entries;
	return set_cap(s, cap == 0 ? 1 : cap);
}

int
map_walk_open(struct map_walk *s, const char *name, int fd, bool clear)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int err;

	*s = (struct map_walk){ .name = name, .fd = fd, .clear = clear };
	if ((err = bpf_obj_get_info_by_fd(fd, &info, &len)) != 0)
		return refused(s, "cannot ask the kernel about it", err);
	if (choose_way(s, &info) == -1 || set_sizes(s, &info) == -1) {
		map_walk_close(s);
		return -1;
	}
	/* The kernel's place in a batch is a number or a key. */
	s->cursor = calloc(1, s->key_size + sizeof(uint64_t));
	s->record = malloc(s->key_size + s->value_size + 1);
	s->nothing = calloc(1, s->value_size + 1);
	if (s->cursor == NULL || s->record == NULL || s->nothing == NULL) {
		map_walk_close(s);
		return report_nomem();
	}
	return 0;
}

void
map_walk_close(struct map_walk *s)
{
	free(s->cursor);
	free(s->keys);
	free(s->values);
	free(s->record);
	free(s->nothing);
	mmap_array_close(&s->mapped);
	*s = (struct map_walk){ .fd = -1 };
}

void
map_walk_start(struct map_walk *s)
{
	s->running = true;
	s->resumed = false;
	s->seen = s->nkeys = s->next = 0;
}

/* Where the value of the record goes. */
static unsigned char *
value_of(struct map_walk *s)
{
	return s->record + s->key_size;
}

/* Hand the record on, of which the value is there. */
static int
emit(struct map_walk *s, const void *key, sample_fn *fn, void *ctx)
{
	memcpy(s->record, key, s->key_size);
	s->seen++;
	return fn(ctx, s->record, s->key_size + s->value_size);
}

static int
emit_batch(struct map_walk *s, sample_fn *fn, void *ctx)
{
	int ret = 0;

	for (; s->next < s->nkeys && ret == 0; s->next++) {
		memcpy(value_of(s), s->values + s->next * s->value_size,
		    s->value_size);
		ret = emit(s, s->keys + s->next * s->key_size, fn, ctx);
	}
	s->running = s->next < s->nkeys || !s->at_end;
	return ret;
}

/* A bucket of a hash that holds more keys than there is room for. */
static int
grow(struct map_walk *s)
{
	/* A hash has a few spare elements for each CPU beside its entries. */
	if (s->cap / 4 > s->max_entries || s->cap > UINT32_MAX / 2)
		return refused(s, "batch look-up", -ENOSPC);
	return set_cap(s, s->cap * 2);
}

static int
step_batch(struct map_walk *s, sample_fn *fn, void *ctx)
{
	void *in = s->resumed ? s->cursor : NULL;
	uint32_t count = (uint32_t)s->cap;
	int err;

	/* The rest of a batch in whose middle fn wanted no more. */
	if (s->next < s->nkeys)
		return emit_batch(s, fn, ctx);
	if (s->clear)
		err = bpf_map_lookup_and_delete_batch(
		    s->fd, in, s->cursor, s->keys, s->values, &count, NULL);
	else
		err = bpf_map_lookup_batch(
		    s->fd, in, s->cursor, s->keys, s->values, &count, NULL);
	if (err == -ENOSPC)
		return grow(s);
	if (unsupported(err) && !s->resumed) {
		s->way = s->is_array ? SAMPLE_BY_INDEX : SAMPLE_BY_KEY;
		return 0;
	}
	/* ENOENT: the end, with the last keys. */
	if (err != 0 && err != -ENOENT)
		return refused(s, "batch look-up", err);
	s->resumed = true;
	s->at_end = err != 0;
	s->nkeys = count;
	s->next = 0;
	return emit_batch(s, fn, ctx);
}

/*
 * Collect the keys there are.  A key that is deleted while the kernel stands
 * on it sends the walk back to the start, so it is bounded.
 */
static int
collect_keys(struct map_walk *s)
{
	uint64_t most = 2 * (uint64_t)s->max_entries + 1;
	unsigned char *key = s->cursor;
	int err;

	while (s->nkeys < most) {
		err =
		    bpf_map_get_next_key(s->fd, s->nkeys > 0 ? key : NULL, key);
		if (err == -ENOENT)
			break;
		if (err != 0)
			return refused(s, "next key", err);
		if (s->nkeys == s->key_cap &&
		    set_key_cap(s, s->key_cap * 2) == -1)
			return -1;
		memcpy(s->keys + s->nkeys++ * s->key_size, key, s->key_size);
	}
	s->resumed = true;
	return 0;
}

/* Look one key up, and delete it if the map is to be cleared. */
static int
take_key(struct map_walk *s, const unsigned char *key)
{
	int err;

	if (!s->clear)
		return bpf_map_lookup_elem(s->fd, key, value_of(s));
	err = bpf_map_lookup_and_delete_elem(s->fd, key, value_of(s));
	if (!unsupported(err))
		return err;
	if ((err = bpf_map_lookup_elem(s->fd, key, value_of(s))) == 0)
		bpf_map_delete_elem(s->fd, key);
	return err;
}

static int
step_keys(struct map_walk *s, sample_fn *fn, void *ctx)
{
	const unsigned char *key;
	int err, ret = 0;

	if (!s->resumed)
		return collect_keys(s);
	for (int i = 0; i < STEP_KEYS && s->next < s->nkeys && ret == 0; i++) {
		key = s->keys + s->next++ * s->key_size;
		err = take_key(s, key);
		if (err == 0)
			ret = emit(s, key, fn, ctx);
		else if (err != -ENOENT) /* ENOENT: it vanished meanwhile */
			ret = refused(s, "look-up", err);
	}
	s->running = s->next < s->nkeys;
	return ret;
}

static int
step_indexes(struct map_walk *s, sample_fn *fn, void *ctx)
{
	int err, ret = 0;

	for (int i = 0; i < STEP_KEYS && s->next < s->max_entries && ret == 0;
	     i++) {
		uint32_t index = (uint32_t)s->next++;

		err = bpf_map_lookup_elem(s->fd, &index, value_of(s));
		if (err == 0 && s->clear)
			err = bpf_map_update_elem(
			    s->fd, &index, s->nothing, BPF_ANY);
		if (err != 0)
			return refused(s, "look-up", err);
		ret = emit(s, &index, fn, ctx);
	}
	s->running = s->next < s->max_entries;
	return ret;
}

static int
step_mapped(struct map_walk *s, sample_fn *fn, void *ctx)
{
	int ret = 0;

	for (int i = 0; i < STEP_KEYS && s->next < s->max_entries && ret == 0;
	     i++) {
		uint32_t index = (uint32_t)s->next++;

		if (s->clear)
			mmap_array_read_and_clear(
			    &s->mapped, index, value_of(s));
		else
			mmap_array_read(&s->mapped, index, value_of(s));
		ret = emit(s, &index, fn, ctx);
	}
	s->running = s->next < s->max_entries;
	return ret;
}

int
map_walk_step(struct map_walk *s, sample_fn *fn, void *ctx)
{
	switch (s->way) {
	case SAMPLE_BY_BATCH:
		return step_batch(s, fn, ctx);
	case SAMPLE_BY_KEY:
		return step_keys(s, fn, ctx);
	case SAMPLE_MAPPED:
		return step_mapped(s, fn, ctx);
	default:
		return step_indexes(s, fn, ctx);
	}
}
