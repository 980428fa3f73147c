#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/error.h"

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

struct attach_error
attach_invalid(const char *fmt, ...)
{
	struct attach_error e = { .failure = ATTACH_INVALID };
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&e.text, fmt, ap);
	va_end(ap);
	return n != -1 ? e : attach_errno(ENOMEM);
}

const char *
attach_error_text(const struct attach_error *e)
{
	return e->text != NULL ? e->text : strerror(e->error);
}

void
attach_error_free(struct attach_error *e)
{
	free(e->text);
	e->text = NULL;
}
