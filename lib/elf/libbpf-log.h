/*
 * What libbpf says.  Its lines go to report(): warnings under -v, the rest
 * under -vv.  The last warnings are kept, by thread, for the report of what
 * failed.
 */
#ifndef SKEL_ELF_LIBBPF_LOG_H
#define SKEL_ELF_LIBBPF_LOG_H

#include <stdbool.h>

/* Take over what libbpf says on this thread; what it says on others goes to
 * whoever had it before. */
void libbpf_log_capture(void);

/* Give it back on this thread. */
void libbpf_log_release(void);

/* Forget what was said so far: what comes next is about something new. */
void libbpf_log_clear(void);

/* Report the last warnings, unless -v has shown them already. */
void libbpf_log_report(void);

/* Whether the last warnings speak of what. */
bool libbpf_log_mentions(const char *what);

/* Why libbpf could not read the BTF of the kernel, or the file in its place: an
 * errno; 0 if it could, or did not want to. */
int libbpf_log_btf_error(void);

/* The program that a warning named last, "" if none did.  Borrowed. */
const char *libbpf_log_program(void);

/* The verifier's log of the last program that failed: a string to free, or
 * NULL if there was none. */
char *libbpf_log_verifier(void);

#endif
