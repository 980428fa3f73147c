/*
 * Preloaded into a command: the allocation that FAULT_AT numbers, from 1, finds
 * no memory.  With FAULT_SITES, a file, none fails; the file gets the number of
 * the first allocation of each call site, a line each, and that of all.  A call
 * site is a chain of callers, so that one function of a library counts once for
 * each who calls it.  With FAULT_SHOW who asked in vain is said on standard
 * error; addr2line(1) knows more.  What libdw itself asks for is left alone: it
 * ends the process when it gets none, and there is no other.  So is what
 * setlocale(3) asks for where SAN is set: it leaks when it gets none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <locale.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLER __builtin_return_address(0)

enum { FRAMES = 24, SKIPPED = 2, SITES_MAX = 1 << 16 };

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static atomic_ulong calls;
static unsigned long fail_at;
static bool show, in_setlocale;
static FILE *sites;
static uint64_t seen[SITES_MAX];
static _Thread_local bool busy; /* in here already: backtrace(3) allocates */

static uint64_t
hash_callers(void)
{
	void *frames[FRAMES];
	int n = backtrace(frames, FRAMES);
	uint64_t h = 1;

	for (int i = SKIPPED; i < n; i++)
		h = (h ^ (uint64_t)(uintptr_t)frames[i]) * 0x9e3779b97f4a7c15;
	return h | 1;
}

static void
show_callers(void)
{
	void *frames[FRAMES];

	busy = true;
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES), STDERR_FILENO);
	busy = false;
}

/* Whether nobody has allocated there before. */
static bool
is_new(uint64_t site)
{
	size_t i = (site >> 20) % SITES_MAX;

	for (; seen[i] != 0; i = (i + 1) % SITES_MAX)
		if (seen[i] == site)
			return false;
	seen[i] = site;
	return true;
}

static bool
is_spared(const void *caller)
{
	Dl_info i;

	return dladdr(caller, &i) != 0 && strstr(i.dli_fname, "/libdw") != NULL;
}

/* Count an allocation.  Returns whether it is the one to fail. */
static bool
fails(const void *caller)
{
	unsigned long n;

	if (busy || (fail_at == 0 && sites == NULL) || is_spared(caller))
		return false;
	n = ++calls;
	if (sites != NULL) {
		busy = true;
		if (is_new(hash_callers()))
			fprintf(sites, "%lu\n", n);
		busy = false;
	}
	if (n != fail_at || in_setlocale)
		return false;
	if (show)
		show_callers();
	errno = ENOMEM;
	return true;
}

static void
find(void)
{
	busy = true;
	*(void **)&real_free = dlsym(RTLD_NEXT, "free");
	*(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
	*(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
	*(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
	busy = false;
}

/* Until all is relocated: a sanitizer is started before us. */
static char early[1 << 18] __attribute__((aligned(16)));
static size_t early_used;

static bool
is_early(const void *p)
{
	return (const char *)p >= early &&
	       (const char *)p < early + sizeof(early);
}

static void *
get_early(size_t size)
{
	size_t at = early_used;

	if (size > sizeof(early) - 16 - at)
		return NULL;
	early_used += (size + 15) / 16 * 16;
	return early + at;
}

void *
malloc(size_t size)
{
	if (real_malloc == NULL)
		return get_early(size);
	return fails(CALLER) ? NULL : real_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	if (real_calloc == NULL)
		return get_early(n * size);
	return fails(CALLER) ? NULL : real_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	void *copy;

	if (real_realloc == NULL || is_early(p)) {
		if ((copy = malloc(size)) != NULL && p != NULL)
			memcpy(copy, p,
			    size < (size_t)(early + sizeof(early) - (char *)p)
				? size
				: (size_t)(early + sizeof(early) - (char *)p));
		return copy;
	}
	return fails(CALLER) ? NULL : real_realloc(p, size);
}

void
free(void *p)
{
	if (!is_early(p) && real_free != NULL)
		real_free(p);
}

/* Not the sanitizer's, which allocate for themselves. */
char *
strndup(const char *s, size_t max)
{
	size_t n = strnlen(s, max);
	char *copy = malloc(n + 1);

	if (copy == NULL)
		return NULL;
	copy[n] = '\0';
	return memcpy(copy, s, n);
}

char *
strdup(const char *s)
{
	return strndup(s, strlen(s));
}

char *
setlocale(int category, const char *locale)
{
	char *(*real)(int, const char *);
	char *set;

	*(void **)&real = dlsym(RTLD_NEXT, "setlocale");
	in_setlocale = getenv("SAN") != NULL;
	set = real(category, locale);
	in_setlocale = false;
	return set;
}

__attribute__((constructor)) static void
start(void)
{
	const char *at = getenv("FAULT_AT"), *file = getenv("FAULT_SITES");

	if (real_malloc == NULL)
		find();
	busy = true;
	show = getenv("FAULT_SHOW") != NULL;
	if (at != NULL)
		fail_at = strtoul(at, NULL, 10);
	if (file != NULL)
		sites = fopen(file, "w");
	if (sites != NULL)
		setlinebuf(sites);
	busy = false;
	/* Whoever is started from here is not meant. */
	unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void
end(void)
{
	FILE *f = sites;

	if (f == NULL)
		return;
	sites = NULL;
	fprintf(f, "all %lu\n", calls);
	fclose(f);
}
