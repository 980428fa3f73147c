#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "count/question.h"

enum { WORD_MAX = 256 };

/* The names of options and the beginnings of columns, by enum column_op. */
static const char *const options[] = { "", "--sum", "--min", "--max", "--mean",
	"--quantile", "--hist" };
static const char *const prefixes[] = { "", "sum", "min", "max", "mean", "p",
	"hist" };

char *
question_key_name(const char *member)
{
	char *name;

	if (strncmp(member, "key.", 4) == 0)
		member += 4;
	else if (strncmp(member, "value.", 6) == 0)
		member += 6;
	/* Names with "@" are the stream's own. */
	name = strdup(member + (*member == '@'));
	for (char *p = name; p != NULL && *p != '\0'; p++)
		if (*p == '.')
			*p = '_';
	return name;
}

int
question_init(struct question *q)
{
	*q = (struct question){ .keys = QUESTION_KEYS, .ncolumns = 1 };
	if ((q->columns[0].name = strdup("count")) != NULL)
		return 0;
	return report_nomem();
}

void
question_free(struct question *q)
{
	for (size_t i = 0; i < q->nby; i++) {
		free(q->by[i].member);
		free(q->by[i].name);
	}
	for (size_t i = 0; i < q->ncolumns; i++) {
		free(q->columns[i].member);
		free(q->columns[i].name);
	}
	*q = (struct question){ 0 };
}

static int
add_by_member(struct question *q, const char *member)
{
	struct by_member *by = &q->by[q->nby];

	if (*member == '\0') {
		report_error("--by: the name of a member is empty");
		return -1;
	}
	if (q->nby == QUESTION_BY_MAX) {
		report_error("--by: more than %d members", QUESTION_BY_MAX);
		return -1;
	}
	q->nby++;
	by->member = strdup(member);
	by->name = question_key_name(member);
	return by->member == NULL || by->name == NULL ? report_nomem() : 0;
}

int
question_add_by(struct question *q, const char *list)
{
	char *copy = strdup(list), *rest = copy, *member;
	int ret = copy == NULL ? report_nomem() : 0;

	while (ret == 0 && (member = strsep(&rest, ",")) != NULL)
		ret = add_by_member(q, member);
	free(copy);
	return ret;
}

/* Returns a new string: the name of a column, without words of its own. */
static char *
column_name(const struct column *c, const char *percent)
{
	char *member = question_key_name(c->member), *name = NULL;

	if (member != NULL &&
	    asprintf(&name, "%s%s_%s", prefixes[c->op], percent, member) == -1)
		name = NULL;
	for (char *p = name; p != NULL && *p != '\0'; p++)
		if (*p == '.')
			*p = '_';
	free(member);
	return name;
}

static int
add_column(struct question *q, const struct column *from, const char *member,
    const char *percent)
{
	struct column *c = &q->columns[q->ncolumns];

	if (q->ncolumns == QUESTION_COLUMNS_MAX) {
		report_error("%s: more than %d columns", options[from->op],
		    QUESTION_COLUMNS_MAX);
		return -1;
	}
	*c = *from;
	q->ncolumns++;
	if ((c->member = strdup(member)) == NULL ||
	    (c->name = column_name(c, percent)) == NULL)
		return report_nomem();
	return 0;
}

static int
add_quantile(
    struct question *q, struct column *c, const char *member, const char *text)
{
	char *end;
	double percent = -1;

	/* strtod() would read "nan", "0x5" and blanks too. */
	if (text[strspn(text, "0123456789.")] == '\0' && strlen(text) < 16) {
		percent = strtod(text, &end);
		if (end == text || *end != '\0')
			percent = -1;
	}
	if (!(percent >= 0 && percent <= 100)) {
		report_error("--quantile %s: \"%s\" is not a percentage from 0 "
			     "to 100",
		    member, text);
		return -1;
	}
	c->quantile = percent / 100;
	return add_column(q, c, member, text);
}

static int
add_quantiles(
    struct question *q, struct column *c, const char *member, char *list)
{
	static const char *const usual[] = { "50", "90", "99" };
	char *word;
	int ret = 0;

	for (size_t i = 0; list == NULL && i < nitems(usual) && ret == 0; i++)
		ret = add_quantile(q, c, member, usual[i]);
	while (ret == 0 && (word = strsep(&list, ",")) != NULL)
		ret = add_quantile(q, c, member, word);
	return ret;
}

/* Parses "STEP" or "STEP:START".  Returns whether it is that. */
static bool
parse_linear(struct column *c, char *step)
{
	const long long most = INT64_C(1) << HIST_STEP_BITS;
	const char *problem = NULL, *start_problem = NULL;
	char *start = step;

	strsep(&start, ":");
	c->step = (uint64_t)strtonum(step, 1, most, &problem);
	if (start != NULL)
		c->start = (uint64_t)strtonum(start, 0, most, &start_problem);
	return problem == NULL && start_problem == NULL;
}

static int
parse_hist(struct column *c, const char *member, const char *words)
{
	static const char linear[] = "linear:";
	char *numbers;
	bool good = false;

	if (words == NULL || strcmp(words, "log2") == 0)
		return 0;
	if (strncmp(words, linear, sizeof(linear) - 1) == 0) {
		if ((numbers = strdup(words + sizeof(linear) - 1)) == NULL)
			return report_nomem();
		good = parse_linear(c, numbers);
		free(numbers);
	}
	if (good)
		return 0;
	report_error("--hist %s: \"%s\" is neither log2 nor "
		     "linear:STEP[:START] with integers of at most 2^%d",
	    member, words, HIST_STEP_BITS);
	return -1;
}

static int
parse_words(
    struct question *q, struct column *c, const char *member, char *words)
{
	switch (c->op) {
	case COLUMN_QUANTILE:
		return add_quantiles(q, c, member, words);
	case COLUMN_HIST:
		if (parse_hist(c, member, words) == -1)
			return -1;
		break;
	case COLUMN_SUM:
		c->wide = words != NULL && strcmp(words, "128") == 0;
		if (words == NULL || c->wide)
			break;
		/* FALLTHROUGH */
	default:
		if (words == NULL)
			break;
		report_error("%s %s: \"%s\": there is nothing like that to "
			     "choose",
		    options[c->op], member, words);
		return -1;
	}
	return add_column(q, c, member, "");
}

int
question_add_columns(struct question *q, enum column_op op, const char *words)
{
	struct column c = { .op = op };
	char *copy = strdup(words), *rest = copy, *member;
	int ret;

	if (copy == NULL)
		return report_nomem();
	member = strsep(&rest, "=");
	if (*member != '\0') {
		ret = parse_words(q, &c, member, rest);
	} else {
		report_error("%s: the name of a member is empty", options[op]);
		ret = -1;
	}
	free(copy);
	return ret;
}

int
question_parse_every(struct question *q, const char *text)
{
	static const struct unit {
		const char *name;
		uint64_t ns;
	} units[] = { { "", 1000000 }, { "ms", 1000000 }, { "s", 1000000000 },
		{ "m", UINT64_C(60000000000) },
		{ "h", UINT64_C(3600000000000) } };
	const uint64_t most = UINT64_C(366) * 24 * 3600 * 1000000000;
	size_t digits = strspn(text, "0123456789");
	unsigned long long n;

	errno = 0;
	n = strtoull(text, NULL, 10);
	for (size_t i = 0; i < nitems(units) && digits > 0 && errno == 0; i++)
		if (strcmp(text + digits, units[i].name) == 0 && n > 0 &&
		    !__builtin_mul_overflow(n, units[i].ns, &q->every_ns) &&
		    q->every_ns <= most)
			return 0;
	report_error("--every: \"%s\" is no interval; expected one such as 5s, "
		     "500ms, 1m or 1h",
	    text);
	return -1;
}

/* The name of column i: the members of the key come first. */
static const char *
name_at(const struct question *q, size_t i)
{
	return i < q->nby ? q->by[i].name : q->columns[i - q->nby].name;
}

size_t
question_sort_column(const struct question *q)
{
	for (size_t i = q->nby; i < q->nby + q->ncolumns; i++)
		if (strcmp(name_at(q, i), q->sort) == 0)
			return i;
	for (size_t i = 0; i < q->nby; i++)
		if (strcmp(name_at(q, i), q->sort) == 0)
			return i;
	return q->nby + q->ncolumns;
}

/* Check that no name stands twice in the columns from first up to end. */
static int
check_unique(const struct question *q, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++)
		for (size_t j = first; j < i; j++)
			if (strcmp(name_at(q, i), name_at(q, j)) == 0) {
				report_error("two columns would be called "
					     "\"%s\"",
				    name_at(q, i));
				return -1;
			}
	return 0;
}

static int
check_sort(const struct question *q)
{
	size_t n = q->nby + q->ncolumns, at;
	struct suggest nearest = { .wanted = q->sort };
	char *text;

	if (q->sort == NULL)
		return 0;
	at = question_sort_column(q);
	if (at < n &&
	    (at < q->nby || q->columns[at - q->nby].op != COLUMN_HIST))
		return 0;
	for (size_t i = 0; i < n; i++)
		suggest_offer(&nearest, name_at(q, i));
	text = suggest_text(&nearest);
	report_error(at < n ? "--sort: \"%s\" is a histogram%s"
			    : "--sort: there is no column \"%s\"%s",
	    q->sort, at < n || text == NULL ? "" : text);
	free(text);
	return -1;
}

/* A sampled map is drawn as one sort of histogram. */
static int
check_hists(const struct question *q)
{
	const struct column *first = NULL;

	for (size_t i = 0; i < q->ncolumns; i++) {
		const struct column *c = &q->columns[i];

		if (c->op != COLUMN_HIST)
			continue;
		if (first != NULL && (c->step == 0) != (first->step == 0)) {
			report_error("--hist: %s and %s have to be both log2 "
				     "or both linear",
			    first->member, c->member);
			return -1;
		}
		first = c;
	}
	return 0;
}

int
question_check(const struct question *q)
{
	if (check_unique(q, 0, q->nby) == -1 ||
	    check_unique(q, q->nby, q->nby + q->ncolumns) == -1 ||
	    check_sort(q) == -1)
		return -1;
	return check_hists(q);
}
