#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "attach/option.h"
#include "attach/way.h"
#include "base/array.h"
#include "base/report.h"

int
attach_patterns_add(
    struct attach_patterns *p, const char *option, const char *list)
{
	const char *all = list;
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (n == 0) {
			report_error("%s %s: expected the names of programs, "
				     "with commas between them",
			    option, all);
			return -1;
		}
		if (!array_room(p->v, p->n, p->cap) ||
		    (p->v[p->n] = strndup(list, n)) == NULL)
			return report_nomem();
		p->n++;
		if (list[n] == '\0')
			return 0;
	}
}

bool
attach_patterns_match(const struct attach_patterns *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (fnmatch(p->v[i], name, 0) == 0)
			return true;
	return false;
}

static void
free_patterns(struct attach_patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i]);
	free(p->v);
}

void
attach_where_free(struct attach_where *w)
{
	free(w->program);
	free(w->words);
}

void
attach_options_free(struct attach_options *o)
{
	for (size_t i = 0; i < o->nwheres; i++)
		attach_where_free(&o->wheres[i]);
	free(o->wheres);
	free_patterns(&o->only);
	free_patterns(&o->optional);
	*o = (struct attach_options){ 0 };
}

const char *
attach_option(const struct attach_where *w, const char *key)
{
	for (size_t i = 0; w != NULL && i < w->noptions; i++)
		if (strcmp(w->options[i].key, key) == 0)
			return w->options[i].value;
	return NULL;
}

bool
attach_parse_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0;
}

struct attach_error
attach_option_number(const struct attach_where *w, const char *key,
    uint64_t min, uint64_t max, uint64_t *out)
{
	const char *value = attach_option(w, key);
	uint64_t n;

	if (value == NULL)
		return ATTACH_SUCCESS;
	if (!attach_parse_number(value, &n) || n < min || n > max)
		return attach_invalid("%s: expected a number from %" PRIu64
				      " to %" PRIu64,
		    key, min, max);
	*out = n;
	return ATTACH_SUCCESS;
}

struct attach_error
attach_option_offset(const struct attach_where *w)
{
	uint64_t offset;

	if (w->target[0] == '\0')
		return attach_invalid("expected %s", w->way->syntax);
	return attach_option_number(w, "offset", 0, LONG_MAX, &offset);
}
