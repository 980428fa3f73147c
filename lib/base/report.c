#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vis.h>

#include "base/nomem.h"
#include "base/report.h"

enum {
	REPORT_MAX = 16384, /* the last lines of a verifier log fit */
};

static _Atomic(enum report_level) shown = REPORT_NOTICE;
static _Thread_local report_fn *sink;
static _Thread_local void *sink_ctx;

static _Thread_local bool nomem_reported;

void
report_set_level(enum report_level level)
{
	shown = level;
}

void
report_raise_level(void)
{
	shown = shown < REPORT_INFO ? REPORT_INFO : REPORT_DEBUG;
}

enum report_level
report_get_level(void)
{
	return shown;
}

void
report_set_sink(report_fn *fn, void *ctx)
{
	sink = fn;
	sink_ctx = ctx;
}

/*
 * Copy src with its control characters as escapes.  Not strvis(3), which would
 * escape UTF-8 as well in some locales: bytes above 0x7f are copied, except the
 * C1 control characters, which are c2 80 to c2 9f in UTF-8.
 */
static void
report_escape(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src != '\0' && n + 8 < size; src++) {
		unsigned char c = (unsigned char)*src;
		unsigned char next = (unsigned char)src[1];

		if (c == 0xc2 && next >= 0x80 && next <= 0x9f) {
			n += (size_t)snprintf(
			    dst + n, size - n, "\\M-B\\M^%c", next ^ 0xc0);
			src++;
			continue;
		}
		if (c >= 0x80 || (c >= 0x20 && c != 0x7f) || c == '\t') {
			dst[n++] = (char)c;
			continue;
		}
		vis(dst + n, c, VIS_CSTYLE | VIS_NL, next);
		n += strlen(dst + n);
	}
	dst[n] = '\0';
}

void
report(enum report_level level, const char *fmt, ...)
{
	char raw[REPORT_MAX], safe[REPORT_MAX];
	va_list ap;

	if (level > shown)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	report_escape(safe, sizeof(safe), raw);
	if (sink != NULL)
		sink(sink_ctx, level, safe);
	else
		fprintf(stderr, "%s: %s\n", getprogname(), safe);
}

/* Append a held line: one byte for its level, then its text and the NUL. */
static void
report_keep(void *ctx, enum report_level level, const char *text)
{
	struct report_held *h = ctx;

	buf_chr(&h->lines, (char)level);
	buf_add(&h->lines, text, strlen(text) + 1);
}

void
report_hold(struct report_held *h)
{
	*h = (struct report_held){
		.fn = sink, .ctx = sink_ctx, .nomem_reported = nomem_reported
	};
	report_set_sink(report_keep, h);
}

void
report_release_held(struct report_held *h, const char *excuse)
{
	const char *p = h->lines.len > 0 ? h->lines.data : "";
	const char *end = p + h->lines.len;

	report_set_sink(h->fn, h->ctx);
	/* That memory ran out is no excuse for anything: it is told at the end.
	 */
	if (excuse != NULL)
		nomem_reported = h->nomem_reported;
	if (h->lines.failed)
		report_nomem();
	for (; !h->lines.failed && p < end; p += strlen(p) + 1) {
		enum report_level level = (enum report_level) * p++;

		if (level != REPORT_ERROR || excuse == NULL) {
			report(level, "%s", p);
			continue;
		}
		if (*excuse != '\0')
			report_notice("%s: %s", excuse, p);
		else
			report_info("%s", p);
		excuse = "";
	}
	buf_free(&h->lines);
}

/* The soft limit of a resource; RLIM_INFINITY if it cannot be read. */
static rlim_t
get_limit(int resource)
{
	struct rlimit l;

	return getrlimit((__rlimit_resource_t)resource, &l) == 0
		   ? l.rlim_cur
		   : RLIM_INFINITY;
}

const char *
report_error_text(int error)
{
	static _Thread_local char text[160];
	const char *known = strerrordesc_np(error);
	rlim_t limit;

	if (error == EMFILE && (limit = get_limit(RLIMIT_NOFILE)) != 0)
		snprintf(text, sizeof(text), "%s; the limit is %ju (ulimit -n)",
		    known, (uintmax_t)limit);
	else if (error == ENOMEM &&
		 (limit = get_limit(RLIMIT_AS)) != RLIM_INFINITY)
		snprintf(text, sizeof(text),
		    "%s; the limit is %ju KiB (ulimit -v)", known,
		    (uintmax_t)(limit / 1024));
	else if (known != NULL)
		snprintf(text, sizeof(text), "%s", known);
	else if (error == KERNEL_ENOTSUPP)
		snprintf(text, sizeof(text),
		    "this kernel does not support it (ENOTSUPP)");
	else
		snprintf(text, sizeof(text), "the kernel's error %d", error);
	return text;
}

bool
report_is_shortage(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

int
report_nomem(void)
{
	nomem_note();
	nomem_reported = true;
	report_error("out of memory");
	return -1;
}

bool
report_pending_nomem(void)
{
	if (nomem_count() > 0 && !nomem_reported)
		report_nomem();
	return nomem_count() > 0;
}
