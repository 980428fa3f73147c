/*
 * Small helpers that everything needs and that belong to no other file.
 */
#ifndef SKEL_BASE_UTIL_H
#define SKEL_BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* 1 in a build with a sanitizer that inspects the process by means that a
 * confined process does not have.  gcc defines the macros, clang the features.
 */
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

/* n rounded up to a multiple of 8, the distance of the values of two CPUs in
 * what bpf(2) returns for a per-CPU map. */
static inline size_t
round_up_8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

#endif
