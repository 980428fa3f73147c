#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/output.h"
#include "base/report.h"
#include "complete.h"
#include "host/confine.h"

/* An option on the command line, and its argument, "" if it has none. */
struct given {
	const struct command_option *option;
	const char *arg;
};

struct completion {
	const struct command *command;
	char *const *words;
	size_t n, at;        /* at: that under the cursor */
	struct given *given; /* owned */
	size_t ngiven;
	const char **operands; /* owned: without the word under the cursor */
	size_t noperands;
	/* What the word under the cursor is: the argument of an option; an
	 * operand, with so many before it; or the name of an option. */
	const struct command_option *option;
	size_t before;
	bool ended;  /* options have */
	size_t from; /* where in the word what is completed begins */
};

static const char asking[] = "--complete=";

bool
complete_is_asked(int argc, char *const argv[])
{
	return argc > 2 && strncmp(argv[1], asking, strlen(asking)) == 0 &&
	       strcmp(argv[2], "--") == 0;
}

const char *
complete_prefix(const struct completion *c)
{
	return c->words[c->at] + c->from;
}

const char *
complete_operand(const struct completion *c, size_t index)
{
	return index < c->noperands ? c->operands[index] : NULL;
}

const char *
complete_option(const struct completion *c, int value)
{
	for (size_t i = c->ngiven; i > 0; i--)
		if (c->given[i - 1].option->value == value)
			return c->given[i - 1].arg;
	return NULL;
}

static bool
is_plain(const char *word)
{
	for (; *word != '\0'; word++)
		if (!isalnum((unsigned char)*word) &&
		    strchr("_.:=,/@%+-[]", *word) == NULL)
			return false;
	return true;
}

bool
complete_offer(struct completion *c, const char *word, const char *help)
{
	const char *prefix = complete_prefix(c);

	if (strncmp(word, prefix, strlen(prefix)) != 0 || !is_plain(word))
		return false;
	printf("%.*s%s", (int)c->from, c->words[c->at], word);
	if (help != NULL)
		printf("\t%s", help);
	putchar('\n');
	return true;
}

bool
complete_offer_with(struct completion *c, const char *word, const char *end)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "%s%s", word, end);
	return complete_offer(c, whole, NULL);
}

void
complete_offer_files(struct completion *c, const char *patterns)
{
	printf("+files %zu%s%s\n", c->from, *patterns != '\0' ? " " : "",
	    patterns);
}

void
complete_offer_dirs(struct completion *c)
{
	printf("+dirs %zu\n", c->from);
}

void
complete_leave_open(struct completion *c)
{
	(void)c;
	puts("+nospace");
}

void
complete_skip_to(struct completion *c, const char *characters)
{
	const char *prefix = complete_prefix(c);

	for (const char *p = prefix; *p != '\0'; p++)
		if (strchr(characters, *p) != NULL)
			c->from = (size_t)(p + 1 - c->words[c->at]);
}

bool
complete_skip_past(struct completion *c, char character, char **before)
{
	const char *prefix = complete_prefix(c),
		   *found = strchr(prefix, character);

	if (found == NULL)
		return false;
	*before = strndup(prefix, (size_t)(found - prefix));
	c->from += (size_t)(found - prefix) + 1;
	return true;
}

bool
complete_may_read(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

static const struct command_option *
find_long(const struct command *c, const char *name, size_t len)
{
	const struct command_option *found = NULL;

	for (const struct command_option *o = c->options; o->name != NULL;
	     o++) {
		if (strncmp(o->name, name, len) != 0)
			continue;
		if (o->name[len] == '\0')
			return o;
		if (found == NULL)
			found = o;
	}
	return found;
}

static const struct command_option *
find_letter(const struct command *c, char letter)
{
	for (const struct command_option *o = c->options; o->name != NULL; o++)
		if (o->value == letter && o->help != NULL)
			return o;
	return NULL;
}

static bool
needs_argument(const struct command_option *o)
{
	return o->arg != NULL && !command_option_may_end(o);
}

/* Notes an option with its argument, which begins at byte from of the word with
 * this index. */
static void
note_option(struct completion *c, const struct command_option *o, size_t word,
    size_t from)
{
	c->given[c->ngiven++] = (struct given){ o, c->words[word] + from };
	if (word != c->at)
		return;
	c->option = o;
	c->from = from;
}

static void
note_flag(struct completion *c, const struct command_option *o)
{
	c->given[c->ngiven++] = (struct given){ o, "" };
}

/* Parses the option at word i.  Returns how many words it takes. */
static size_t
parse_option(struct completion *c, size_t i)
{
	const char *word = c->words[i], *equals = strchr(word, '=');
	const struct command_option *o;
	size_t n;

	if (word[1] == '-') {
		n = equals != NULL ? (size_t)(equals - word) : strlen(word);
		o = find_long(c->command, word + 2, n - 2);
		if (o == NULL)
			return 1;
		if (equals != NULL && o->arg != NULL) {
			note_option(c, o, i, n + 1);
			return 1;
		}
		if (!needs_argument(o) && i != c->at)
			note_flag(c, o);
		if (!needs_argument(o) || i == c->at)
			return 1;
	} else {
		for (n = 1; word[n] != '\0'; n++) {
			o = find_letter(c->command, word[n]);
			if (o != NULL && o->arg != NULL)
				break;
			if (o != NULL && i != c->at)
				note_flag(c, o);
		}
		if (word[n] == '\0')
			return 1;
		if (word[n + 1] != '\0' || !needs_argument(o)) {
			note_option(c, o, i, n + 1);
			return 1;
		}
		if (i == c->at)
			return 1;
	}
	if (i + 1 < c->n)
		note_option(c, o, i + 1, 0);
	return 2;
}

/* Parse all words.  Those after a package belong to its program; elsewhere
 * somebody may have written the file first, and the options are still of use.
 */
static void
parse_words(struct completion *c)
{
	const char *operands = c->command->operands;
	bool ends = operands != NULL && strcmp(operands, "package") == 0;
	bool ended = false;

	for (size_t i = 0; i < c->n;) {
		const char *word = c->words[i];
		bool here = i == c->at;

		if (here) {
			c->before = c->noperands;
			c->ended = ended;
		}
		if (!ended && strcmp(word, "--") == 0 && !here) {
			ended = true;
			i++;
		} else if (!ended && word[0] == '-' && word[1] != '\0') {
			i += parse_option(c, i);
		} else {
			if (!here) {
				c->operands[c->noperands++] = word;
				ended |= ends;
			}
			i++;
		}
	}
}

static void
offer_options(struct completion *c)
{
	char word[64];

	for (const struct command_option *o = c->command->options;
	     o->name != NULL; o++) {
		snprintf(word, sizeof(word), "--%s", o->name);
		complete_offer(c, word, o->help);
		if (o->value > UCHAR_MAX || o->help == NULL)
			continue;
		snprintf(word, sizeof(word), "-%c", o->value);
		complete_offer(c, word, o->help);
	}
}

/* Offers the words of a list that "=" begins, such as "=binary json". */
static void
offer_choices(struct completion *c, const char *list)
{
	char word[64];

	for (list++; *list != '\0'; list += strspn(list, " ")) {
		size_t n = strcspn(list, " ");

		snprintf(word, sizeof(word), "%.*s", (int)n, list);
		complete_offer(c, word, NULL);
		list += n;
	}
}

/* Offers what stands for what in a table. */
static void
offer(struct completion *c, const char *what)
{
	if (what == NULL)
		return;
	if (what[0] == '=')
		offer_choices(c, what);
	else if (strcmp(what, "file") == 0)
		complete_offer_files(c, "");
	else if (strcmp(what, "dir") == 0)
		complete_offer_dirs(c);
	else if (c->command->complete != NULL)
		c->command->complete(c, what, c->before);
}

static void
complete_word(struct completion *c)
{
	if (c->option != NULL)
		offer(c, c->option->words);
	else if (c->words[c->at][0] == '-' && !c->ended)
		offer_options(c);
	else
		offer(c, c->command->operands);
}

int
complete_run(const struct command *command, int argc, char *const argv[])
{
	struct completion c = {
		.command = command, .words = argv + 3, .n = (size_t)(argc - 3)
	};
	size_t letters = c.n;
	char *end;

	c.at = strtoul(argv[1] + strlen(asking), &end, 10);
	if (*end != '\0' || c.at >= c.n)
		return EXIT_USAGE;
	/* Nobody reads what is wrong with a file while a word is typed. */
	report_set_level(REPORT_ERROR);
	if (command->confine != NULL)
		command->confine();
	else
		confine_filter(true);
	for (size_t i = 0; i < c.n; i++)
		letters += strlen(c.words[i]);
	c.given = calloc(letters + 1, sizeof(*c.given));
	c.operands = calloc(c.n + 1, sizeof(*c.operands));
	if (c.given != NULL && c.operands != NULL) {
		parse_words(&c);
		complete_word(&c);
	}
	free(c.given);
	free(c.operands);
	return output_flush_stdio() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
