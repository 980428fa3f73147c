/*
 * API calls: the state of a thread while it is in a function of the C library.
 * Its reports are kept as the message for get_error_message() instead of being
 * printed, and its locale is "C", so that numbers have a decimal point.
 */
#ifndef SKEL_EUNOMIA_API_CALL_H
#define SKEL_EUNOMIA_API_CALL_H

#include <stddef.h>

/*
 * Every public function calls the first when it begins and the second when it
 * ends; a handler runs between the second and the first.  Calls may be nested:
 * a signal handler may interrupt a public function and call another.
 */
void api_call_enter(void);
void api_call_leave(void);

/* Makes the n bytes of text the message of this thread. */
void api_call_set_message(const char *text, size_t n);

/* Copies the message of this thread and a NUL to the size bytes at out, at
 * least 1; cuts off what does not fit. */
void api_call_copy_message(char *out, size_t size);

#endif
