/*
 * Make maps to sample, and sample them as programs usually do: a rival.
 *
 *	maps.bin make KIND ENTRIES PATH   make a full map and pin it at PATH
 *	maps.bin walk PATH TIMES          write its keys and values, key by key
 *
 * Keys are numbers of 4 bytes and values of 8.  KIND is hash, array,
 * array_mmapable, percpu_hash or percpu_array.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS_MAX = 1024 };

static const struct kind {
	const char *name;
	enum bpf_map_type type;
	uint32_t flags;
	bool percpu;
} kinds[] = {
	{ "hash", BPF_MAP_TYPE_HASH, 0, false },
	{ "array", BPF_MAP_TYPE_ARRAY, 0, false },
	{ "array_mmapable", BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE, false },
	{ "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 0, true },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 0, true },
};

static int
fail(const char *what, int error)
{
	fprintf(stderr, "maps: %s: %s\n", what, strerror(error));
	return EXIT_FAILURE;
}

static const struct kind *
find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

static int
make(const char *name, uint32_t entries, const char *path)
{
	const struct kind *kind = find_kind(name);
	uint64_t values[CPUS_MAX] = { 0 };
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int fd, cpus = libbpf_num_possible_cpus();

	if (kind == NULL || cpus < 1 || cpus > CPUS_MAX)
		return fail(name, EINVAL);
	opts.map_flags = kind->flags;
	fd = bpf_map_create(kind->type, "bench", sizeof(uint32_t),
	    sizeof(uint64_t), entries, &opts);
	if (fd < 0)
		return fail(name, errno);
	for (uint32_t key = 0; key < entries; key++) {
		for (int i = 0; i < (kind->percpu ? cpus : 1); i++)
			values[i] = UINT64_C(1000000) + key;
		if (bpf_map_update_elem(fd, &key, values, BPF_ANY) != 0)
			return fail(name, errno);
	}
	return bpf_obj_pin(fd, path) == 0 ? 0 : fail(path, errno);
}

/* Writes every key with its value once. */
static void
walk_once(int fd, size_t size)
{
	uint64_t values[CPUS_MAX];
	const void *from = NULL;
	uint32_t key;

	while (bpf_map_get_next_key(fd, from, &key) == 0) {
		from = &key;
		if (bpf_map_lookup_elem(fd, &key, values) != 0)
			continue;
		fwrite(&key, sizeof(key), 1, stdout);
		fwrite(values, size, 1, stdout);
	}
}

static int
walk(const char *path, unsigned long times)
{
	static char out[64 << 10];
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);
	size_t cpus = 1;
	int fd = bpf_obj_get(path);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		return fail(path, errno);
	if (info.type == BPF_MAP_TYPE_PERCPU_HASH ||
	    info.type == BPF_MAP_TYPE_PERCPU_ARRAY)
		cpus = (size_t)libbpf_num_possible_cpus();
	if (info.key_size != sizeof(uint32_t) ||
	    info.value_size != sizeof(uint64_t) || cpus > CPUS_MAX)
		return fail(path, EINVAL);
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	while (times-- > 0)
		walk_once(fd, cpus * sizeof(uint64_t));
	return fflush(stdout) == 0 ? EXIT_SUCCESS : fail(path, errno);
}

int
main(int argc, char *argv[])
{
	if (argc == 5 && strcmp(argv[1], "make") == 0)
		return make(
		    argv[2], (uint32_t)strtoul(argv[3], NULL, 10), argv[4]);
	if (argc == 4 && strcmp(argv[1], "walk") == 0)
		return walk(argv[2], strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: maps make kind entries path\n"
			"       maps walk path times\n");
	return EXIT_FAILURE;
}
