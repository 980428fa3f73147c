/*
 * Preloaded into a command: the close(2) that FAULT_AT numbers, from 1, closes,
 * and says EIO all the same, as one does on a disk that cannot take what was
 * written before; 0 is that of standard output.  With FAULT_SITES, a file, none
 * fails; the file gets the number of all.  What the C library closes for itself
 * is not among them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_ulong calls;
static unsigned long fail_at = ULONG_MAX;
static FILE *sites;
static int (*real_close)(int);

/* What is closed of the output is a second descriptor, so that its failure can
 * be said. */
static bool
is_output(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(STDOUT_FILENO, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int
close(int fd)
{
	bool chosen = fail_at == 0 && is_output(fd);

	/* A sanitizer closes before we are started. */
	if (real_close == NULL)
		*(void **)&real_close = dlsym(RTLD_NEXT, "close");
	if (real_close(fd) == -1)
		return -1;
	if (++calls != fail_at && !chosen)
		return 0;
	errno = EIO;
	return -1;
}

__attribute__((constructor)) static void
start(void)
{
	const char *at = getenv("FAULT_AT"), *file = getenv("FAULT_SITES");

	if (at != NULL)
		fail_at = strtoul(at, NULL, 10);
	if (file != NULL)
		sites = fopen(file, "w");
	calls = 0;
	unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void
end(void)
{
	if (sites != NULL)
		fprintf(sites, "all %lu\n", calls);
}
