#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "elf/libbpf-log.h"
#include "load/possible-cpus.h"
#include "poll/map-walk.h"
#include "types/types.h"

enum {
	STEP_KEYS = 1024,      /* the most keys in a step */
	STEP_BYTES = 1 << 20,  /* bytes of them, about */
	ENOTSUPP_KERNEL = 524, /* ENOTSUPP is not in <errno.h> */
};

/* Whether the error means that the kernel lacks this operation for the map. */
static bool
is_unsupported(int err)
{
	return err == -EINVAL || err == -EOPNOTSUPP || err == -ENOTSUPP_KERNEL;
}

static int
report_walk_failure(const struct map_walk *w, const char *what, int err)
{
	report_error("map %s: %s: %s", w->name, what, report_error_text(-err));
	return -1;
}

static int
choose_map_walk_way(struct map_walk *w, const struct bpf_map_info *info)
{
	int cpus = 0;

	switch (info->type) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		if ((cpus = possible_cpus(w->name)) == -1)
			return -1;
		w->cpus = (uint64_t)cpus;
		break;
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_ARRAY:
		break;
	case BPF_MAP_TYPE_LPM_TRIE:
		w->way = MAP_WALK_BY_KEY;
		break;
	default:
		report_error("map %s: a map of type %s cannot be sampled",
		    w->name, libbpf_map_type_name(info->type));
		return -1;
	}
	w->is_array = info->type == BPF_MAP_TYPE_ARRAY ||
		      info->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	/* The kernel has no "look up and delete" for arrays.  Setting each
	 * element to zero right after its look-up loses the least. */
	if (mmap_array_open(&w->mapped, w->fd, info, w->clear))
		w->way = MAP_WALK_MAPPED;
	else if (w->is_array && w->clear)
		w->way = MAP_WALK_BY_INDEX;
	return 0;
}

static int
grow_walk_keys(struct map_walk *w, size_t cap)
{
	unsigned char *keys = reallocarray(w->keys, cap, w->key_size);

	if (keys == NULL)
		return report_nomem();
	w->keys = keys;
	w->key_cap = cap;
	return 0;
}

/* Makes room for a batch of cap keys and values. */
static int
set_batch_size(struct map_walk *w, size_t cap)
{
	unsigned char *values = reallocarray(w->values, cap, w->value_size);

	if (values == NULL)
		return report_nomem();
	w->values = values;
	w->cap = cap;
	return grow_walk_keys(w, cap);
}

static int
set_map_walk_sizes(struct map_walk *w, const struct bpf_map_info *info)
{
	uint64_t value_size = info->value_size, cap;

	/* Of a per-CPU map the kernel gives a value for each possible CPU,
	 * each rounded up to 8 bytes. */
	if (w->cpus != 0)
		value_size = round_up_8(value_size) * w->cpus;
	if (value_size + info->key_size > TYPES_SIZE_MAX) {
		report_error("map %s: values of %llu bytes are too large",
		    w->name, (unsigned long long)value_size);
		return -1;
	}
	w->key_size = info->key_size;
	w->value_size = (size_t)value_size;
	w->max_entries = info->max_entries;
	cap = STEP_BYTES / (value_size + info->key_size + 1);
	if (cap > STEP_KEYS)
		cap = STEP_KEYS;
	if (cap > w->max_entries)
		cap = w->max_entries;
	return set_batch_size(w, cap == 0 ? 1 : cap);
}

/* Checks that the part lies in the only element of an array. */
static int
check_walk_part(const struct map_walk *w)
{
	if (w->is_array && w->cpus == 0 && w->max_entries == 1 &&
	    w->part_offset <= w->value_size &&
	    w->part_size <= w->value_size - w->part_offset)
		return 0;
	report_error("map %s: its values have %zu bytes, the header says that "
		     "it has %zu at offset %zu",
	    w->name, w->value_size, w->part_size, w->part_offset);
	return -1;
}

int
map_walk_open(struct map_walk *w, const char *name, int fd,
    const struct map_walk_options *o)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	int err;

	*w = (struct map_walk){
		.name = name,
		.fd = fd,
		.clear = o->clear,
		.nonzero = o->nonzero,
		.part = o->part,
		.part_offset = (size_t)o->offset,
		.part_size = (size_t)o->size,
	};
	if ((err = bpf_obj_get_info_by_fd(fd, &info, &len)) != 0)
		return report_walk_failure(
		    w, "cannot get its description from the kernel", err);
	if (choose_map_walk_way(w, &info) == -1 ||
	    set_map_walk_sizes(w, &info) == -1 ||
	    (o->part && check_walk_part(w) == -1)) {
		map_walk_close(w);
		return -1;
	}
	/* The kernel's position in a batch is a number or a key. */
	w->cursor = calloc(1, w->key_size + sizeof(uint64_t));
	w->record = malloc(w->key_size + w->value_size + 1);
	w->zeros = calloc(1, w->value_size + 1);
	if (w->cursor == NULL || w->record == NULL || w->zeros == NULL) {
		map_walk_close(w);
		return report_nomem();
	}
	return 0;
}

void
map_walk_close(struct map_walk *w)
{
	free(w->cursor);
	free(w->keys);
	free(w->values);
	free(w->record);
	free(w->zeros);
	mmap_array_close(&w->mapped);
	*w = (struct map_walk){ .fd = -1 };
}

void
map_walk_start(struct map_walk *w)
{
	w->running = true;
	w->resumed = false;
	w->seen = w->nkeys = w->next = 0;
}

/* Passes on the record, whose value is in place. */
static int
emit_walk_record(
    struct map_walk *w, const void *key, poll_record_fn *fn, void *ctx)
{
	const unsigned char *value = w->record + w->key_size;
	size_t size = w->value_size;

	if (w->part) {
		value += w->part_offset;
		size = w->part_size;
	}
	if (w->nonzero && memcmp(value, w->zeros, size) == 0)
		return 0;
	w->seen++;
	if (w->part)
		return fn(ctx, value, size);
	memcpy(w->record, key, w->key_size);
	return fn(ctx, w->record, w->key_size + w->value_size);
}

static int
emit_walk_batch(struct map_walk *w, poll_record_fn *fn, void *ctx)
{
	int ret = 0;

	for (; w->next < w->nkeys && ret == 0; w->next++) {
		memcpy(w->record + w->key_size,
		    w->values + w->next * w->value_size, w->value_size);
		ret = emit_walk_record(
		    w, w->keys + w->next * w->key_size, fn, ctx);
	}
	w->running = w->next < w->nkeys || !w->at_end;
	return ret;
}

/* Makes room for a bucket of a hash that does not fit into a batch. */
static int
grow_walk_batch(struct map_walk *w)
{
	/* A hash has a few spare elements for each CPU beyond max_entries. */
	if (w->cap / 4 > w->max_entries || w->cap > UINT32_MAX / 2)
		return report_walk_failure(w, "batch look-up failed", -ENOSPC);
	return set_batch_size(w, w->cap * 2);
}

static int
step_by_batch(struct map_walk *w, poll_record_fn *fn, void *ctx)
{
	void *in = w->resumed ? w->cursor : NULL;
	uint32_t count = (uint32_t)w->cap;
	int err;

	/* The last step ended within a batch. */
	if (w->next < w->nkeys)
		return emit_walk_batch(w, fn, ctx);
	if (w->clear)
		err = bpf_map_lookup_and_delete_batch(
		    w->fd, in, w->cursor, w->keys, w->values, &count, NULL);
	else
		err = bpf_map_lookup_batch(
		    w->fd, in, w->cursor, w->keys, w->values, &count, NULL);
	if (err == -ENOSPC)
		return grow_walk_batch(w);
	if (is_unsupported(err) && !w->resumed) {
		w->way = w->is_array ? MAP_WALK_BY_INDEX : MAP_WALK_BY_KEY;
		return 0;
	}
	/* With ENOENT come the last keys. */
	if (err != 0 && err != -ENOENT)
		return report_walk_failure(w, "batch look-up failed", err);
	w->resumed = true;
	w->at_end = err != 0;
	w->nkeys = count;
	w->next = 0;
	return emit_walk_batch(w, fn, ctx);
}

/* Collects the keys that are in the map.  If a program deletes the key at which
 * the kernel is, the kernel begins again at the first, so there is a bound. */
static int
collect_walk_keys(struct map_walk *w)
{
	uint64_t most = 2 * (uint64_t)w->max_entries + 1;
	unsigned char *key = w->cursor;
	int err;

	while (w->nkeys < most) {
		err =
		    bpf_map_get_next_key(w->fd, w->nkeys > 0 ? key : NULL, key);
		if (err == -ENOENT)
			break;
		if (err != 0)
			return report_walk_failure(
			    w, "cannot get its next key", err);
		if (w->nkeys == w->key_cap &&
		    grow_walk_keys(w, w->key_cap * 2) == -1)
			return -1;
		memcpy(w->keys + w->nkeys++ * w->key_size, key, w->key_size);
	}
	w->resumed = true;
	return 0;
}

/* Looks up one key, and deletes it if the map is to be cleared. */
static int
read_walk_key(struct map_walk *w, const unsigned char *key)
{
	unsigned char *value = w->record + w->key_size;
	int err;

	if (w->clear) {
		err = bpf_map_lookup_and_delete_elem(w->fd, key, value);
		if (!is_unsupported(err))
			return err;
	}
	err = bpf_map_lookup_elem(w->fd, key, value);
	if (err == 0 && w->clear)
		bpf_map_delete_elem(w->fd, key);
	return err;
}

static int
step_by_key(struct map_walk *w, poll_record_fn *fn, void *ctx)
{
	const unsigned char *key;
	int err, ret = 0;

	if (!w->resumed)
		return collect_walk_keys(w);
	for (int i = 0; i < STEP_KEYS && w->next < w->nkeys && ret == 0; i++) {
		key = w->keys + w->next++ * w->key_size;
		err = read_walk_key(w, key);
		if (err == 0)
			ret = emit_walk_record(w, key, fn, ctx);
		else if (err != -ENOENT) /* ENOENT: a program deleted it */
			ret = report_walk_failure(w, "look-up failed", err);
	}
	w->running = w->next < w->nkeys;
	return ret;
}

/* Reads the elements of an array, from memory or by look-ups. */
static int
step_array(struct map_walk *w, poll_record_fn *fn, void *ctx)
{
	unsigned char *value = w->record + w->key_size;
	int err = 0, ret = 0;

	for (int i = 0; i < STEP_KEYS && w->next < w->max_entries && ret == 0;
	     i++) {
		uint32_t index = (uint32_t)w->next++;

		if (w->way == MAP_WALK_BY_INDEX) {
			err = bpf_map_lookup_elem(w->fd, &index, value);
			if (err == 0 && w->clear && !w->part)
				err = bpf_map_update_elem(
				    w->fd, &index, w->zeros, BPF_ANY);
		} else if (w->clear && w->part) {
			mmap_array_take(&w->mapped, w->part_offset,
			    w->part_size, value + w->part_offset);
		} else if (w->clear) {
			mmap_array_read_and_clear(&w->mapped, index, value);
		} else {
			mmap_array_read(&w->mapped, index, value);
		}
		if (err != 0)
			return report_walk_failure(w, "look-up failed", err);
		ret = emit_walk_record(w, &index, fn, ctx);
	}
	w->running = w->next < w->max_entries;
	return ret;
}

int
map_walk_step(struct map_walk *w, poll_record_fn *fn, void *ctx)
{
	switch (w->way) {
	case MAP_WALK_BY_BATCH:
		return step_by_batch(w, fn, ctx);
	case MAP_WALK_BY_KEY:
		return step_by_key(w, fn, ctx);
	default:
		return step_array(w, fn, ctx);
	}
}
