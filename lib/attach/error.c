#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "attach/error.h"
#include "base/report.h"

struct attach_error
attach_errno(int error)
{
	struct attach_error e = { .failure = ATTACH_FAILED, .error = error };

	if (error == EPERM || error == EACCES)
		e.failure = ATTACH_DENIED;
	else if (error == ENOENT)
		e.failure = ATTACH_MISSING;
	return e;
}

/* An error with a text; ENOMEM if there is no memory for it. */
static struct attach_error
error_with_text(enum attach_failure failure, const char *fmt, va_list ap)
{
	struct attach_error e = { .failure = failure };

	if (vasprintf(&e.text, fmt, ap) == -1)
		return attach_errno(ENOMEM);
	return e;
}

struct attach_error
attach_invalid(const char *fmt, ...)
{
	struct attach_error e;
	va_list ap;

	va_start(ap, fmt);
	e = error_with_text(ATTACH_INVALID, fmt, ap);
	va_end(ap);
	return e;
}

struct attach_error
attach_missing(const char *fmt, ...)
{
	struct attach_error e;
	va_list ap;

	va_start(ap, fmt);
	e = error_with_text(ATTACH_MISSING, fmt, ap);
	va_end(ap);
	return e;
}

const char *
attach_error_text(const struct attach_error *e)
{
	return e->text != NULL ? e->text : report_error_text(e->error);
}

void
attach_error_free(struct attach_error *e)
{
	free(e->text);
	e->text = NULL;
}
