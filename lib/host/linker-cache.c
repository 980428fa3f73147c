#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/linker-cache.h"

#define CACHE_FILE "/etc/ld.so.cache"
#define CACHE_MAGIC "glibc-ld.so.cache1.1"
#define OLD_MAGIC "ld.so-1.7.0"

enum { CACHE_MAX = 64 << 20 };

/* The layout is that of glibc's sysdeps/generic/dl-cache.h. */
struct cache_head {
	char magic[20];
	uint32_t nlibs, strings;
	uint8_t flags, padding[3];
	uint32_t extension, unused[3];
};

struct cache_entry {
	int32_t flags;
	uint32_t name, path; /* offsets from the head */
	uint32_t version;
	uint64_t hwcap;
};

/* An older cache may stand before the new one, with a head of 16 bytes and
 * entries of 12.  Returns the new one, or NULL. */
static const char *
find_cache(const char *cache, size_t *len)
{
	uint32_t n;
	size_t skip;

	if (*len >= 16 && memcmp(cache, OLD_MAGIC, strlen(OLD_MAGIC)) == 0) {
		memcpy(&n, cache + 12, sizeof(n));
		if (n > *len / 12)
			return NULL;
		skip = (16 + (size_t)n * 12 + 7) & ~(size_t)7;
		if (skip > *len)
			return NULL;
		cache += skip;
		*len -= skip;
	}
	if (*len < sizeof(struct cache_head) ||
	    memcmp(cache, CACHE_MAGIC, strlen(CACHE_MAGIC)) != 0)
		return NULL;
	return cache;
}

/* The string at this offset, or NULL. */
static const char *
cache_string(const char *cache, size_t len, uint32_t at)
{
	if (at >= len || memchr(cache + at, '\0', len - at) == NULL)
		return NULL;
	return cache + at;
}

static bool
name_fits(const char *name, const char *wanted)
{
	size_t n = strlen(wanted);

	return wanted[n - 1] == '.' ? strncmp(name, wanted, n) == 0
				    : strcmp(name, wanted) == 0;
}

char *
linker_cache_search(const char *cache, size_t len, const char *name,
    int (*fits)(const char *path))
{
	struct cache_head head;
	struct cache_entry entry;
	const char *key, *path;

	if (name[0] == '\0' || (cache = find_cache(cache, &len)) == NULL)
		return NULL;
	memcpy(&head, cache, sizeof(head));
	if (head.nlibs > (len - sizeof(head)) / sizeof(entry))
		return NULL;
	for (size_t i = 0; i < head.nlibs; i++) {
		memcpy(&entry, cache + sizeof(head) + i * sizeof(entry),
		    sizeof(entry));
		key = cache_string(cache, len, entry.name);
		path = cache_string(cache, len, entry.path);
		if (key != NULL && path != NULL && path[0] == '/' &&
		    name_fits(key, name) && fits(path))
			return strdup(path);
	}
	return NULL;
}

/* Read the head of the ELF file.  Returns whether there is one. */
static bool
read_elf_head(const char *path, Elf64_Ehdr *head)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok;

	if (fd == -1)
		return false;
	ok = pread(fd, head, sizeof(*head), 0) == sizeof(*head) &&
	     memcmp(head->e_ident, ELFMAG, SELFMAG) == 0;
	close(fd);
	return ok;
}

/* Whether the library is for the machine that this program is for. */
static int
is_for_this_machine(const char *path)
{
	Elf64_Ehdr own, library;

	return read_elf_head("/proc/self/exe", &own) &&
	       read_elf_head(path, &library) &&
	       own.e_ident[EI_CLASS] == library.e_ident[EI_CLASS] &&
	       own.e_machine == library.e_machine;
}

char *
linker_cache_find(const char *name)
{
	int fd = open(CACHE_FILE, O_RDONLY | O_CLOEXEC);
	struct buf cache = { 0 };
	char *path = NULL;

	if (fd == -1)
		return NULL;
	if (buf_read_fd(&cache, fd, CACHE_MAX) == 0)
		path = linker_cache_search(
		    cache.data, cache.len, name, is_for_this_machine);
	buf_free(&cache);
	close(fd);
	return path;
}
