#include <stddef.h>
#include <string.h>

#include "base/util.h"
#include "metrics/metric-name.h"

enum { WORD_MAX = 64 };

static const struct metric_unit seconds = { "seconds", 1, 0 },
				none = { NULL, 1, 0 };

/* Last words that are units, and what they say. */
static const struct {
	const char *word;
	bool sure; /* it says so where no kind does */
	struct metric_unit unit;
} units[] = {
	{ "ns", true, { "seconds", 1, 9 } },
	{ "nsec", true, { "seconds", 1, 9 } },
	{ "nsecs", true, { "seconds", 1, 9 } },
	{ "nanoseconds", true, { "seconds", 1, 9 } },
	{ "us", true, { "seconds", 1, 6 } },
	{ "usec", true, { "seconds", 1, 6 } },
	{ "usecs", true, { "seconds", 1, 6 } },
	{ "microseconds", true, { "seconds", 1, 6 } },
	{ "ms", true, { "seconds", 1, 3 } },
	{ "msec", true, { "seconds", 1, 3 } },
	{ "msecs", true, { "seconds", 1, 3 } },
	{ "milliseconds", true, { "seconds", 1, 3 } },
	{ "s", false, { "seconds", 1, 0 } },
	{ "sec", false, { "seconds", 1, 0 } },
	{ "secs", false, { "seconds", 1, 0 } },
	{ "seconds", false, { "seconds", 1, 0 } },
	{ "b", false, { "bytes", 1, 0 } },
	{ "byte", false, { "bytes", 1, 0 } },
	{ "bytes", false, { "bytes", 1, 0 } },
	{ "kb", false, { "bytes", 1024, 0 } },
	{ "kib", false, { "bytes", 1024, 0 } },
	{ "kbytes", false, { "bytes", 1024, 0 } },
	{ "kilobytes", false, { "bytes", 1024, 0 } },
	{ "kibibytes", false, { "bytes", 1024, 0 } },
	{ "pages", false, { "bytes", 4096, 0 } },
};

/* Words that promtool takes for a unit in short, or for a type. */
static const char *const taken[] = { "s", "ms", "us", "ns", "sec", "b", "kb",
	"mb", "gb", "tb", "pb", "m", "h", "d", "counter", "gauge", "histogram",
	"summary" };

/* Prefixes of units, and units, that it wants to be others. */
static const char *const prefixes[] = { "pico", "nano", "micro", "milli",
	"centi", "deci", "deca", "hecto", "kilo", "kibi", "mega", "mibi",
	"mebi", "giga", "gibi", "tera", "tebi", "peta", "pebi" };
static const char *const wanted[] = { "amperes", "bytes", "celsius", "grams",
	"joules", "kelvin", "kelvins", "meters", "metres", "seconds", "volts",
	"bits" };
static const char *const unwanted[] = { "minutes", "hours", "days", "weeks",
	"months", "years", "fahrenheit", "rankine", "inches", "yards", "miles",
	"bits", "calories", "pounds", "ounces", "kelvins" };

static bool
is_in(const char *const *list, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], word) == 0)
			return true;
	return false;
}

/* The length of a prefix with a unit behind it, as of milliseconds; or 0. */
static size_t
find_prefix(const char *word)
{
	for (size_t i = 0; i < nitems(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(word, prefixes[i], n) == 0 &&
		    is_in(wanted, nitems(wanted), word + n))
			return n;
	}
	return 0;
}

/* Appends n bytes to the name as they are. */
static void
append(struct metric_name *m, const char *text, size_t n)
{
	if (m->len + n >= METRIC_NAME_MAX)
		return;
	memcpy(m->text + m->len, text, n);
	m->len += (unsigned int)n;
	m->text[m->len] = '\0';
}

/* Appends a word of small letters and digits. */
static void
add_word(struct metric_name *m, const char *word)
{
	size_t n = strlen(word);

	if (n == 0 || m->len + n + 2 >= METRIC_NAME_MAX - METRIC_NAME_ROOM)
		return;
	if (m->len > 0 || (*word >= '0' && *word <= '9'))
		append(m, "_", 1);
	m->last = m->len;
	append(m, word, n);
}

/* Appends a word, or what stands for it. */
static void
add_plain(struct metric_name *m, char *word)
{
	size_t n = find_prefix(word);
	char first[WORD_MAX];

	if (n > 0) {
		memcpy(first, word, n);
		first[n] = '\0';
		add_word(m, first);
		word += n;
	}
	if (is_in(taken, nitems(taken), word) ||
	    is_in(unwanted, nitems(unwanted), word))
		memcpy(word + strlen(word), "val", sizeof("val"));
	add_word(m, word);
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Copies the next word of *text, in small letters, and moves on.  Returns
 * whether there is one. */
static bool
next_word(const char **text, char word[WORD_MAX])
{
	const char *p = *text;
	size_t n = 0;
	char before = '\0';

	while (*p != '\0' && !is_word_char(*p))
		p++;
	for (; is_word_char(*p) && n < WORD_MAX - sizeof("val");
	     before = *p++) {
		bool large = *p >= 'A' && *p <= 'Z';

		if (large && before >= 'a' && before <= 'z')
			break;
		word[n++] = large ? (char)(*p - 'A' + 'a') : *p;
	}
	word[n] = '\0';
	*text = p;
	return n > 0;
}

void
metric_name_add(struct metric_name *n, const char *text, bool last)
{
	char word[WORD_MAX];

	while (next_word(&text, word)) {
		bool is_last = strpbrk(text, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789") == NULL;
		bool is_unit = false;

		/* metric_name_set_unit() decides about the last one. */
		for (size_t i = 0; last && is_last && i < nitems(units); i++)
			is_unit |= strcmp(units[i].word, word) == 0;
		if (is_unit)
			add_word(n, word);
		else
			add_plain(n, word);
	}
}

void
metric_name_add_once(struct metric_name *n, const char *text)
{
	struct metric_name words = { .len = 0 };

	metric_name_add(&words, text, true);
	if (words.len > 0 && words.len <= n->len &&
	    strcmp(n->text + n->len - words.len, words.text) == 0 &&
	    (words.len == n->len || n->text[n->len - words.len - 1] == '_'))
		return;
	metric_name_add(n, text, true);
}

struct metric_unit
metric_unit_of_kind(enum kind kind)
{
	switch (kind) {
	case KIND_NS:
		return (struct metric_unit){ "seconds", 1, 9 };
	case KIND_US:
		return (struct metric_unit){ "seconds", 1, 6 };
	case KIND_MS:
		return (struct metric_unit){ "seconds", 1, 3 };
	case KIND_S:
		return seconds;
	case KIND_BYTES:
		return (struct metric_unit){ "bytes", 1, 0 };
	case KIND_KIB:
		return (struct metric_unit){ "bytes", 1024, 0 };
	case KIND_PAGES:
		return (struct metric_unit){ "bytes", 4096, 0 };
	default:
		return none;
	}
}

struct metric_unit
metric_unit_of_text(const char *text)
{
	char word[WORD_MAX];

	if (next_word(&text, word) && *text == '\0')
		for (size_t i = 0; i < nitems(units); i++)
			if (strcmp(units[i].word, word) == 0)
				return units[i].unit;
	return none;
}

void
metric_name_set_unit(struct metric_name *n, struct metric_unit *u)
{
	char last[WORD_MAX];
	size_t i;

	memcpy(last, n->text + n->last,
	    n->len - n->last < WORD_MAX ? n->len - n->last + 1 : 1);
	for (i = 0; i < nitems(units); i++)
		if (strcmp(units[i].word, last) == 0)
			break;
	if (i < nitems(units)) {
		if (u->name == NULL && units[i].sure)
			*u = units[i].unit;
		n->len = n->last > 0 ? n->last - 1 : 0;
		n->text[n->len] = '\0';
		if (u->name == NULL)
			add_plain(n, last);
	}
	if (u->name != NULL)
		add_word(n, u->name);
}

void
metric_name_label(struct metric_name *n, const char *text)
{
	char word[WORD_MAX];

	*n = (struct metric_name){ .len = 0 };
	while (next_word(&text, word))
		add_word(n, word);
	if (n->len == 0)
		add_word(n, "label");
	else if (strcmp(n->text, "le") == 0 || strcmp(n->text, "quantile") == 0)
		append(n, "val", sizeof("val") - 1);
}

/* Whether the last word is one of the list. */
static bool
ends_with(const struct metric_name *n, const char *const *list, size_t nlist)
{
	return is_in(list, nlist, n->text + n->last);
}

static const char *const suffixes[] = { "total", "count", "sum", "bucket" };

void
metric_name_end_gauge(struct metric_name *n)
{
	if (ends_with(n, suffixes, nitems(suffixes)))
		append(n, "val", sizeof("val") - 1);
}

void
metric_name_end_histogram(struct metric_name *n)
{
	if (ends_with(n, suffixes, nitems(suffixes)))
		append(n, "_hist", sizeof("_hist") - 1);
}

void
metric_name_end_counter(struct metric_name *n)
{
	if (n->last > 0 && strcmp(n->text + n->last, "total") == 0) {
		n->len = n->last - 1;
		n->text[n->len] = '\0';
	}
}
