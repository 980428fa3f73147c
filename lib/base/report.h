/*
 * Reports: everything that is said to people.  The library reports what it
 * knows, once, where it knows it, and returns -1; only commands decide to die.
 *
 * A report is one line on standard error, "skel-load: x.json: no such map".
 * Control bytes in it are shown as vis(3) shows them, so no package and no
 * process can write on somebody's terminal through a message.
 */
#ifndef SKEL_BASE_REPORT_H
#define SKEL_BASE_REPORT_H

#include "base/buf.h"

enum report_level {
	REPORT_ERROR,  /* always */
	REPORT_NOTICE, /* not under -q: mounts, losses, a missing end */
	REPORT_INFO,   /* -v: what is done and with which values */
	REPORT_DEBUG,  /* -vv: libbpf's debug lines too */
};

/* Show reports up to this level.  The default is REPORT_NOTICE. */
void report_set_level(enum report_level level);

/* "-v": show informing reports too, the second time everything. */
void report_raise_level(void);

/* The level up to which reports are shown. */
enum report_level report_get_level(void);

/*
 * Whoever wants the reports of the calling thread instead of standard error,
 * the C library for one.  text has no newline and is borrowed.  A NULL fn
 * gives them back to standard error.
 */
typedef void report_fn(void *ctx, enum report_level level, const char *text);
void report_set_sink(report_fn *fn, void *ctx);

/*
 * Reports of the calling thread, held back until it is known how grave they
 * are: between report_hold() and one of the two others none is shown.
 */
struct report_held {
	struct buf lines; /* owned */
	report_fn *fn;    /* whoever had them before */
	void *ctx;
};
void report_hold(struct report_held *h);

/* Show them as they came, and hold no more. */
void report_release_held(struct report_held *h);

/* The same, but what they tell is no failure: the first error is a notice,
 * "WHAT: its text", the others are for -v. */
void report_excuse_held(struct report_held *h, const char *what);

/* Report one line; fmt as printf(3)'s, without a newline. */
void report(enum report_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define report_error(...) report(REPORT_ERROR, __VA_ARGS__)
#define report_notice(...) report(REPORT_NOTICE, __VA_ARGS__)
#define report_info(...) report(REPORT_INFO, __VA_ARGS__)

/* Report that memory ran out.  Returns -1, for "return report_nomem();". */
int report_nomem(void);

/* Whether memory ever ran out in the calling thread (base/nomem.h); reports it
 * if that has not been done. */
bool report_pending_nomem(void);

#endif
