/*
 * Targets of probes: what "-a" or a section's name says of the place, in the
 * forms that several ways share.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach/way.h"
#include "base/report.h"
#include "base/suggest.h"

const char *
attach_target(const struct attach_job *j)
{
	const char *slash;

	if (j->where != NULL)
		return j->where->target;
	slash = strchr(attach_section(j->program), '/');
	return slash != NULL ? slash + 1 : "";
}

bool
attach_read_offset(const char *text, uint64_t *offset)
{
	char *end;

	errno = 0;
	*offset = strtoull(text, &end, 0);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

int
attach_symbol(
    const struct attach_job *j, const char *text, char **name, uint64_t *offset)
{
	const char *plus = strrchr(text, '+');
	const char *option = attach_option(j->where, "offset");

	*offset = 0;
	if (plus != NULL && !attach_read_offset(plus + 1, offset))
		return attach_refuse(j, "%s is no offset", plus);
	if (option != NULL && plus != NULL)
		return attach_refuse(j, "the offset is given twice");
	if (option != NULL && attach_number(j->where, "offset", option, 0,
				  LONG_MAX, offset) == -1) {
		errno = 0;
		return -1;
	}
	*name =
	    plus != NULL ? strndup(text, (size_t)(plus - text)) : strdup(text);
	return *name != NULL ? 0 : -1;
}

int
attach_pid(const struct attach_where *w, int *pid)
{
	const char *value = attach_option(w, "pid");
	uint64_t n;

	*pid = -1;
	if (value == NULL)
		return 0;
	if (attach_number(w, "pid", value, 1, INT_MAX, &n) == -1)
		return -1;
	*pid = (int)n;
	return 0;
}

int
attach_parse_symbol(const struct attach_where *w)
{
	const char *offset = attach_option(w, "offset");
	uint64_t n;

	if (w->target[0] == '\0') {
		report_error("-a %s=%s: expected %s", w->program, w->text,
		    w->way->syntax);
		return -1;
	}
	return offset == NULL
		   ? 0
		   : attach_number(w, "offset", offset, 0, LONG_MAX, &n);
}

char *
attach_near_function(const char *name)
{
	FILE *in = fopen("/proc/kallsyms", "re");
	struct suggest near = { .wanted = name };
	char symbol[SUGGEST_NAME], type;

	while (
	    in != NULL && fscanf(in, "%*s %c %63s%*[^\n]", &type, symbol) == 2)
		if (tolower((unsigned char)type) == 't')
			suggest_offer(&near, symbol);
	if (in != NULL)
		fclose(in);
	return suggest_text(&near);
}
