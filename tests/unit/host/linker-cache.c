/* lib/host/linker-cache: libraries by name; a damaged cache does no harm. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "host/linker-cache.h"

enum { HEAD = 48, ENTRY = 24 };

static const char *const libraries[][2] = {
	{ "libssl.so.3", "/other/libssl.so.3" },
	{ "libssl.so.3", "/lib/libssl.so.3" },
	{ "libssl.so.1.1", "/lib/libssl.so.1.1" },
	{ "libsslx.so.1", "/lib/libsslx.so.1" },
	{ "libc.so.6", "relative/libc.so.6" },
};

enum { LIBRARIES = sizeof(libraries) / sizeof(libraries[0]) };

static unsigned char cache[1024];

static void
put(size_t at, uint32_t n)
{
	memcpy(cache + at, &n, sizeof(n));
}

/* Makes a cache at this offset.  Returns its end. */
static size_t
make_cache(size_t at)
{
	size_t end = HEAD + LIBRARIES * ENTRY;

	memcpy(cache + at, "glibc-ld.so.cache1.1", 20);
	put(at + 20, LIBRARIES);
	for (size_t i = 0; i < LIBRARIES; i++)
		for (size_t k = 0; k < 2; k++) {
			put(at + HEAD + i * ENTRY + 4 + k * 4, (uint32_t)end);
			strcpy((char *)cache + at + end, libraries[i][k]);
			end += strlen(libraries[i][k]) + 1;
		}
	return at + end;
}

static int
is_in_lib(const char *path)
{
	return strncmp(path, "/lib/", 5) == 0;
}

/* Returns the path in static memory, or "". */
static const char *
find(size_t len, const char *name)
{
	static char found[64];
	char *exact = malloc(len + 1), *path;

	/* Behind the end of the block the address sanitizer watches. */
	if (exact == NULL)
		return "";
	memcpy(exact, cache, len);
	path = linker_cache_search(exact, len, name, is_in_lib);
	snprintf(found, sizeof(found), "%s", path != NULL ? path : "");
	free(path);
	free(exact);
	return found;
}

int
main(void)
{
	size_t len = make_cache(0), start;

	CHECK_STR(find(len, "libssl.so.3"), "/lib/libssl.so.3");
	CHECK_STR(find(len, "libssl.so."), "/lib/libssl.so.3");
	CHECK_STR(find(len, "libssl.so.1.1"), "/lib/libssl.so.1.1");
	CHECK_STR(find(len, "libssl.so"), "");
	CHECK_STR(find(len, "libc.so."), "");
	CHECK_STR(find(len, ""), "");
	for (size_t i = 0; i < len; i++)
		find(i, "libssl.so.1.1");

	/* Damage each byte. */
	for (size_t i = 0; i < len; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			cache[i] ^= (unsigned char)(1U << bit);
			find(len, "libsslx.so.");
			cache[i] ^= (unsigned char)(1U << bit);
		}

	/* A cache of the old layout may stand before. */
	memset(cache, 0, sizeof(cache));
	memcpy(cache, "ld.so-1.7.0", 12);
	put(12, 1);
	start = (16 + 12 + 7) / 8 * 8;
	len = make_cache(start);
	CHECK_STR(find(len, "libssl.so."), "/lib/libssl.so.3");
	put(12, UINT32_MAX);
	CHECK_STR(find(len, "libssl.so."), "");
	return check_done();
}
