#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "package/args-words.h"

/* The fields of a line of args_list(). */
enum { LONG, SHORT, TYPE, DEFAULT, CHOICES, HELP, FIELDS };

/* Takes the words of a list, which is overwritten. */
static void
take_choices(char *list, args_word *take, void *ctx)
{
	char *word;

	while ((word = strsep(&list, "|")) != NULL)
		if (strcmp(word, "-") != 0)
			take(ctx, word, NULL);
}

/* Whether the word before a place is this argument, which takes the word there
 * as its value. */
static bool
takes_next(char *const field[FIELDS], const char *before)
{
	/* The value of a bool can only follow "=". */
	if (before == NULL || strcmp(field[TYPE], "bool") == 0 ||
	    strcmp(field[TYPE], "_Bool") == 0)
		return false;
	return strcmp(before, field[LONG]) == 0 ||
	       strcmp(before, field[SHORT]) == 0;
}

static bool
split(char *line, char *field[FIELDS])
{
	for (int i = 0; i < FIELDS; i++)
		if ((field[i] = strsep(&line, "\t")) == NULL)
			return false;
	return true;
}

void
args_words(const struct args *a, const char *before, const char *name,
    args_word *take, void *ctx)
{
	struct buf list = { 0 }, names = { 0 };
	char *rest, *line, *field[FIELDS];

	args_list(a, &list);
	buf_chr(&list, '\0');
	if (list.failed)
		goto out;
	rest = list.data;
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!split(line, field))
			continue;
		if (name != NULL ? strcmp(name, field[LONG]) == 0
				 : takes_next(field, before)) {
			take_choices(field[CHOICES], take, ctx);
			goto out;
		}
		buf_printf(&names, "%s\t%s\n", field[LONG], field[HELP]);
	}
	if (name != NULL)
		goto out;
	buf_str(&names, "--help\tprint the help of the program\n"
			"--version\tprint its version\n");
	if (args_verbose_is_free(a))
		buf_str(&names, "--verbose\tprint what is done\n");
	buf_chr(&names, '\0');
	if (names.failed)
		goto out;
	rest = names.data;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		const char *word = strsep(&line, "\t");

		take(ctx, word, line);
	}
out:
	buf_free(&list);
	buf_free(&names);
}
