/*
 * The few things that everyone needs and that are no noun of their own.
 */
#ifndef SKEL_BASE_UTIL_H
#define SKEL_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* What the commands exit with; skel(7) and every manual list them. */
enum {
	EXIT_USAGE = 2, /* the command line was wrong; nothing was done */
	EXIT_LOST = 3,  /* done, but records were lost on the way */
};

/* Whether this was compiled with sanitizers that run a process beside ours and
 * look into it; gcc tells by the first names, clang by the others. */
#ifdef __has_feature
#define SANITIZED_BY(what) __has_feature(what)
#else
#define SANITIZED_BY(what) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    SANITIZED_BY(address_sanitizer) || SANITIZED_BY(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* n rounded up to the next multiple of 8: a per-CPU value's stride. */
static inline size_t
round_up_8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

#endif
