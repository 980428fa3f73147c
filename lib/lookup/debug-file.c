#include <elfutils/libdwelf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text.h"
#include "base/util.h"
#include "host/open-in-root.h"
#include "lookup/debug-file.h"

enum { BUILD_ID_MAX = 64 }; /* bytes */

#define DEBUG_DIR "/usr/lib/debug"

/* Identifies the wanted file by build ID, or without one by checksum. */
struct debug_search {
	const void *id; /* borrowed */
	size_t id_len;  /* 0: no build ID */
	uint32_t crc;   /* from .gnu_debuglink */
	bool has_crc;
	int root; /* the root directory of the process, or -1 */
};

/* Whether the whole file has this checksum. */
static bool
has_crc(const struct elf_handle *h, uint32_t want)
{
	unsigned char chunk[65536];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(h->fd, chunk, sizeof(chunk), at)) > 0) {
		crc = crc32(crc, chunk, (uInt)n);
		at += n;
	}
	return n == 0 && crc == want;
}

/* Whether the build ID of the file is the len bytes at id. */
static bool
has_build_id(const struct elf_handle *h, const void *id, size_t len)
{
	const void *own;
	ssize_t n = dwelf_elf_gnu_build_id(h->elf, &own);

	return n > 0 && (size_t)n == len && memcmp(own, id, len) == 0;
}

static bool
is_wanted_file(const struct debug_search *s, const struct elf_handle *h)
{
	if (s->id_len > 0)
		return has_build_id(h, s->id, s->id_len);
	return s->has_crc && has_crc(h, s->crc);
}

/* Try to open path in the root directory of the process, then in ours.
 * Returns 0 or -1. */
static int
try_path(const struct debug_search *s, const char *path, struct elf_handle *h)
{
	for (int own = s->root == -1; own <= 1; own++) {
		if (elf_handle_open(h, own ? open_in_root_own(path)
					   : open_in_root(s->root, path)) == -1)
			continue;
		if (is_wanted_file(s, h))
			return 0;
		elf_handle_close(h);
	}
	return -1;
}

static int
try_build_id(const struct debug_search *s, struct elf_handle *h)
{
	const unsigned char *id = s->id;
	char path[sizeof(DEBUG_DIR) + 2 * BUILD_ID_MAX + 32];
	char *p;

	if (s->id_len < 2 || s->id_len > BUILD_ID_MAX)
		return -1;
	p = text_hex(stpcpy(path, DEBUG_DIR "/.build-id/"), id, 1);
	*p++ = '/';
	strcpy(text_hex(p, id + 1, s->id_len - 1), ".debug");
	return try_path(s, path, h);
}

/* Try a name in the directory of path, in .debug there, and in the same
 * directory below /usr/lib/debug. */
static int
try_beside(const struct debug_search *s, const char *path, const char *name,
    struct elf_handle *h)
{
	static const char *const forms[] = { "%.*s/%s", "%.*s/.debug/%s",
		DEBUG_DIR "%.*s/%s" };
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;
	char beside[PATH_MAX];
	int n;

	if (slash == NULL)
		return -1;
	for (size_t i = 0; i < nitems(forms); i++) {
		n = snprintf(beside, sizeof(beside), forms[i],
		    (int)(slash - path), path, name);
		if (n > 0 && (size_t)n < sizeof(beside) &&
		    try_path(s, beside, h) == 0)
			return 0;
	}
	return -1;
}

int
debug_file_open(struct elf_handle *debug, const struct elf_handle *program,
    const char *path, int root)
{
	struct debug_search s = { .root = root };
	const char *name;
	GElf_Word crc;
	ssize_t n = dwelf_elf_gnu_build_id(program->elf, &s.id);

	s.id_len = n > 0 ? (size_t)n : 0;
	if (try_build_id(&s, debug) == 0)
		return 0;
	name = dwelf_elf_gnu_debuglink(program->elf, &crc);
	if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
		return -1;
	s.has_crc = true;
	s.crc = crc;
	return try_beside(&s, path, name, debug);
}

int
debug_file_shared(
    struct elf_handle *shared, Dwarf *dw, const char *path, int root)
{
	struct debug_search s = { .root = root };
	const char *name;
	ssize_t n = dwelf_dwarf_gnu_debugaltlink(dw, &name, &s.id);

	if (n <= 0)
		return -1;
	s.id_len = (size_t)n;
	if (try_build_id(&s, shared) == 0 ||
	    (name[0] == '/' && try_path(&s, name, shared) == 0))
		return 0;
	return try_beside(&s, path, name, shared);
}
