/*
 * Messages for people.  The library reports an error once, where the facts are
 * known, and returns -1 to callers that only pass that on; no library
 * function ends the process.
 *
 * A report is one line on standard error, "skel-load: x.json: no such map".
 * Control bytes in it are shown as vis(3) shows them, because names in packages
 * and of processes may hold escape sequences for the terminal.
 */
#ifndef SKEL_BASE_REPORT_H
#define SKEL_BASE_REPORT_H

#include <stdbool.h>

#include "base/buf.h"

enum report_level {
	REPORT_ERROR,  /* always shown */
	REPORT_NOTICE, /* hidden by -q: mounts, lost records, a missing end */
	REPORT_INFO,   /* shown by -v: each step and the values it uses */
	REPORT_DEBUG,  /* shown by -vv: libbpf's debug messages too */
};

/* Show reports up to a level.  The default is REPORT_NOTICE. */
void report_set_level(enum report_level level);
enum report_level report_get_level(void);

/* Handle one -v: show REPORT_INFO too, and after a second one everything. */
void report_raise_level(void);

/*
 * Send the reports of the calling thread to fn instead of standard error, or
 * back to standard error if fn is NULL.  text, which is borrowed, has no
 * newline.
 */
typedef void report_fn(void *ctx, enum report_level level, const char *text);
void report_set_sink(report_fn *fn, void *ctx);

/*
 * Hold back the reports of the calling thread until it is known whether they
 * are errors: report_hold(), then report_release_held() to show them.  If
 * excuse is not NULL, a failure does not matter: the first error becomes the
 * notice "EXCUSE: its text", and each further one is only REPORT_INFO; if
 * excuse is "", all of them are.
 */
struct report_held {
	struct buf lines; /* owned */
	report_fn *fn;    /* the sink before */
	void *ctx;
	bool nomem_reported; /* before that memory ran out */
};
void report_hold(struct report_held *h);
void report_release_held(struct report_held *h, const char *excuse);

/* Report one line, formatted as by printf(3), without a newline. */
void report(enum report_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define report_error(...) report(REPORT_ERROR, __VA_ARGS__)
#define report_notice(...) report(REPORT_NOTICE, __VA_ARGS__)
#define report_info(...) report(REPORT_INFO, __VA_ARGS__)

/* The kernel's ENOTSUPP, which errno.h does not have. */
enum { KERNEL_ENOTSUPP = 524 };

/*
 * The text of an errno for a message: strerror(3)'s, which does not know the
 * kernel's own errors such as ENOTSUPP, and for a lack of descriptors or memory
 * the limit of this process too.  Valid until the thread's next call.
 */
const char *report_error_text(int error);

/* Whether the error is a lack of memory or of descriptors, which says nothing
 * about what was tried. */
bool report_is_shortage(int error);

/* Report that memory ran out.  Returns -1, for "return report_nomem();". */
int report_nomem(void);

/* Whether memory ever ran out in the calling thread (base/nomem.h).  Reports it
 * if report_nomem() was never called there. */
bool report_pending_nomem(void);

#endif
