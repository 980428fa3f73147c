#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "attach/target.h"
#include "base/suggest.h"

struct attach_error
attach_target_missing(const struct attach_job *j)
{
	return attach_invalid("its section does not name its target; give one "
			      "with -a %s=%s",
	    j->listed->name, j->way->syntax);
}

struct attach_error
attach_target_parse(const struct attach_where *w)
{
	uint64_t offset;

	if (w->target[0] == '\0')
		return attach_invalid("expected %s", w->way->syntax);
	return attach_option_number(w, "offset", 0, LONG_MAX, &offset);
}

struct attach_error
attach_target_symbol(
    const struct attach_job *j, const char *text, char **name, uint64_t *offset)
{
	const char *plus = strrchr(text, '+');
	struct attach_error e;

	*offset = 0;
	if (plus != NULL && !attach_parse_number(plus + 1, offset))
		return attach_invalid("%s is not an offset", plus);
	if (plus != NULL && attach_option(j->where, "offset") != NULL)
		return attach_invalid("the offset is given twice");
	e = attach_option_number(j->where, "offset", 0, LONG_MAX, offset);
	if (e.failure != ATTACH_OK)
		return e;
	*name =
	    plus != NULL ? strndup(text, (size_t)(plus - text)) : strdup(text);
	return *name != NULL ? ATTACH_SUCCESS : attach_errno(ENOMEM);
}

char *
attach_target_suggest(const char *name)
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
