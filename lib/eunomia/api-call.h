/*
 * Calls: a thread of somebody's program inside the C library.  What it reports
 * is kept for get_error_message(), and the locale is the one that the commands
 * have, where numbers have points.
 */
#ifndef SKEL_EUNOMIA_API_CALL_H
#define SKEL_EUNOMIA_API_CALL_H

#include <stddef.h>

/* From the one to the other this thread is inside.  Handlers run outside.
 * A signal handler that interrupts the one may call both. */
void api_call_enter(void);
void api_call_leave(void);

/* Keep text of n bytes in place of what was kept. */
void api_call_set_message(const char *text, size_t n);

/* Copy what is kept, a NUL behind it, to the size bytes at out, at least 1. */
void api_call_copy_message(char *out, size_t size);

#endif
