#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "package/events-option.h"

/* Ends the text at the first of these characters, and returns what follows it;
 * NULL if there is none. */
static char *
cut_after(char *text, char at)
{
	char *rest = strchr(text, at);

	if (rest != NULL)
		*rest++ = '\0';
	return rest;
}

/* Divides the copy of the argument in o->name. */
static bool
divide_option(struct events_option *o)
{
	char *type = cut_after(o->name, '='), *member, *value, *end;

	if (type == NULL || o->name[0] == '\0')
		return false;
	member = cut_after(type, ',');
	o->type = type;
	if (member == NULL)
		return type[0] != '\0';
	o->member = member;
	if ((value = cut_after(member, '=')) == NULL)
		return false;
	errno = 0;
	o->value = (uint64_t)strtoll(value, &end, 0);
	return type[0] != '\0' && member[0] != '\0' && errno == 0 &&
	       end != value && *end == '\0';
}

int
events_option_parse(struct events_option *o, const char *text)
{
	*o = (struct events_option){ .text = text };
	if ((o->name = strdup(text)) == NULL)
		return report_nomem();
	if (divide_option(o))
		return 0;
	report_error("--events %s: expected MAP=TYPE or MAP=TYPE,MEMBER=NUMBER,"
		     " such as 'rb=struct event'",
	    text);
	events_option_free(o);
	return -1;
}

void
events_option_free(struct events_option *o)
{
	free(o->name);
	*o = (struct events_option){ .text = NULL };
}
