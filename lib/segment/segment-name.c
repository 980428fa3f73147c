#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "segment/segment-name.h"

static const char *const endings[] = { ".skel", ".skel.zst" };

static bool
is_kept(char c, char more)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '.' || c == '_' || c == more;
}

/* Appends a part of a name, in which the character more may be, and "-". */
static char *
add_part(char *p, const char *text, char more)
{
	size_t n = strnlen(text, SEGMENT_NAME_PART);

	for (size_t i = 0; i < n; i++)
		*p++ = is_kept(text[i], more) && (i > 0 || text[i] != '.')
			   ? text[i]
			   : '_';
	*p++ = '-';
	return p;
}

void
segment_name_prefix(
    char prefix[SEGMENT_NAME_MAX], const char *host, const char *program)
{
	char *p = add_part(prefix, *host != '\0' ? host : "unknown", '-');

	p = add_part(p, *program != '\0' ? program : "unknown", '_');
	*p = '\0';
}

void
segment_name_write(char name[SEGMENT_NAME_MAX], const char *prefix,
    uint64_t time_ns, bool zstd)
{
	struct clock clock = { 0 };
	char utc[CLOCK_UTC_LEN], *p = name;

	/* 2026-11-22T14:48:01.000000001Z without "-" and ":". */
	p = stpcpy(p, prefix);
	clock_utc(&clock, utc, time_ns);
	for (size_t i = 0; i < sizeof(utc); i++)
		if (utc[i] != '-' && utc[i] != ':')
			*p++ = utc[i];
	strcpy(p, endings[zstd]);
}

bool
segment_name_matches(const char *name, const char *prefix)
{
	/* What is at each place of a time: "0" stands for any digit. */
	static const char form[] = "00000000T000000.000000000Z";
	size_t n = strlen(prefix);

	if (strncmp(name, prefix, n) != 0)
		return false;
	name += n;
	for (size_t i = 0; i < sizeof(form) - 1; i++, name++)
		if (form[i] == '0' ? !isdigit((unsigned char)*name)
				   : *name != form[i])
			return false;
	for (size_t i = 0; i < nitems(endings); i++)
		if (strcmp(name, endings[i]) == 0)
			return true;
	return false;
}
