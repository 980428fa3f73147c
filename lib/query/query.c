#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "query/query-time.h"
#include "query/query.h"

/* An end of a part of the expression, where the next term is not known yet:
 * term * 2, and 1 more for its if_false.  Ends that wait for the same term are
 * a list, whose links are in the terms. */
struct ends {
	size_t first, last;
};

#define NO_END SIZE_MAX

struct part {
	size_t first; /* its first term */
	struct ends if_true, if_false;
};

struct parser {
	struct query *q;
	struct query_tokens in;
	unsigned int depth;
};

static void
free_operand(struct query_operand *o)
{
	free(o->text);
}

void
query_free(struct query *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n; i++) {
		struct query_term *t = &q->terms[i];

		free_operand(&t->member);
		for (size_t j = 0; j < t->nset; j++) {
			free_operand(&t->set[j].low);
			free_operand(&t->set[j].high);
		}
		free(t->set);
		query_regex_free(t->regex);
	}
	free(q->terms);
	free(q);
}

bool
query_has_times(const struct query *q)
{
	for (size_t i = 0; i < q->n; i++)
		for (size_t j = 0; j < q->terms[i].nset; j++)
			if (q->terms[i].set[j].low.is_time)
				return true;
	return false;
}

unsigned long
query_given_up(const struct query *q)
{
	return q->budget.given_up;
}

static size_t *
end_link(struct query *q, size_t end)
{
	struct query_term *t = &q->terms[end / 2];

	return end % 2 == 0 ? &t->if_true : &t->if_false;
}

/* Let all ends go on to a term or an outcome. */
static void
close_ends(struct query *q, struct ends ends, size_t to)
{
	for (size_t end = ends.first, next; end != NO_END; end = next) {
		next = *end_link(q, end);
		*end_link(q, end) = to;
	}
}

static struct ends
join_ends(struct query *q, struct ends a, struct ends b)
{
	*end_link(q, a.last) = b.first;
	a.last = b.last;
	return a;
}

static void
next_token(struct parser *p)
{
	query_tokens_next(&p->in, false);
}

static int
expected(struct parser *p, const char *what)
{
	query_tokens_expected(&p->in, what);
	return -1;
}

static const struct unit {
	char name[4];
	enum query_unit unit;
	uint64_t factor;
} units[] = {
	{ "", QUERY_NO_UNIT, 1 },
	{ "ns", QUERY_DURATION, 1 },
	{ "us", QUERY_DURATION, 1000 },
	{ "ms", QUERY_DURATION, 1000000 },
	{ "s", QUERY_DURATION, 1000000000 },
	{ "m", QUERY_DURATION, UINT64_C(60) * 1000000000 },
	{ "h", QUERY_DURATION, UINT64_C(3600) * 1000000000 },
	{ "d", QUERY_DURATION, UINT64_C(86400) * 1000000000 },
	{ "B", QUERY_SIZE, 1 },
	{ "kB", QUERY_SIZE, 1000 },
	{ "KB", QUERY_SIZE, 1000 },
	{ "MB", QUERY_SIZE, 1000000 },
	{ "GB", QUERY_SIZE, 1000000000 },
	{ "TB", QUERY_SIZE, UINT64_C(1000000000000) },
	{ "KiB", QUERY_SIZE, 1 << 10 },
	{ "MiB", QUERY_SIZE, 1 << 20 },
	{ "GiB", QUERY_SIZE, 1 << 30 },
	{ "TiB", QUERY_SIZE, UINT64_C(1) << 40 },
};

/* Parse a number and its unit.  Returns false if it is none. */
static bool
parse_number(struct query_operand *o)
{
	for (size_t i = 0; i < nitems(units); i++) {
		size_t n = strlen(units[i].name);

		if (o->len <= n ||
		    memcmp(o->text + o->len - n, units[i].name, n) != 0 ||
		    !query_number_parse(&o->number, o->text, o->len - n, false,
			units[i].factor))
			continue;
		o->kind = QUERY_NUMBER;
		o->unit = units[i].unit;
		return true;
	}
	return false;
}

/* Take the word or text that was read, with a sign before it. */
static int
take_word(struct parser *p, struct query_operand *o, size_t at)
{
	size_t len = p->in.word.len, minus = at != p->in.at;
	bool number;

	o->at = at;
	o->len = len + minus;
	o->text = malloc(o->len + 1);
	if (o->text == NULL)
		return report_nomem();
	o->text[0] = '-';
	if (len > 0)
		memcpy(o->text + minus, p->in.word.data, len);
	o->text[o->len] = '\0';
	o->kind = QUERY_STRING;
	if (p->in.kind == QUERY_TEXT) {
		o->is_time = query_time_parse(o->text, o->len, &o->time_ns);
		return 0;
	}
	number = (o->text[minus] >= '0' && o->text[minus] <= '9') ||
		 o->text[minus] == '.';
	if (number && !parse_number(o) &&
	    (minus || strpbrk(o->text + 1, ".:/") == NULL ||
		o->text[0] == '.')) {
		report_error("expression:%zu: %s is no number; units are ns, "
			     "us, ms, s, m, h, d, kB, MB, GB, KiB, MiB, GiB",
		    at + 1, o->text);
		return -1;
	}
	if (!number && !minus && strchr(o->text, ':') == NULL)
		o->kind = QUERY_NAME;
	return 0;
}

static int
parse_operand(struct parser *p, struct query_operand *o, const char *what)
{
	size_t at = p->in.at;

	if (p->in.kind == QUERY_MINUS) {
		next_token(p);
		if (p->in.kind != QUERY_WORD || p->in.at != at + 1)
			return expected(p, "a number or a name behind the -");
	} else if (p->in.kind != QUERY_WORD && p->in.kind != QUERY_TEXT) {
		return expected(p, what);
	}
	if (take_word(p, o, at) == -1)
		return -1;
	next_token(p);
	return 0;
}

static struct query_interval *
add_value(struct parser *p, struct query_term *t)
{
	if (p->q->values++ == QUERY_VALUES_MAX) {
		report_error("expression:%zu: more than %d constants",
		    p->in.at + 1, QUERY_VALUES_MAX);
		return NULL;
	}
	if (!array_room(t->set, t->nset, t->set_cap)) {
		report_nomem();
		return NULL;
	}
	t->set[t->nset] = (struct query_interval){ .is_range = false };
	return &t->set[t->nset++];
}

static int
parse_interval(struct parser *p, struct query_term *t)
{
	struct query_interval *i = add_value(p, t);

	if (i == NULL || parse_operand(p, &i->low, "a constant") == -1)
		return -1;
	if (p->in.kind != QUERY_RANGE)
		return 0;
	next_token(p);
	i->is_range = true;
	return parse_operand(p, &i->high, "a constant behind the ..");
}

/* Parse what follows "in": "(1, 2, 5..9)", "5..9" or "10.0.0.0/8". */
static int
parse_set(struct parser *p, struct query_term *t)
{
	if (p->in.kind != QUERY_OPEN)
		return parse_interval(p, t);
	do {
		next_token(p);
		if (parse_interval(p, t) == -1)
			return -1;
	} while (p->in.kind == QUERY_COMMA);
	if (p->in.kind != QUERY_CLOSE)
		return expected(p, "\",\" or \")\" in the list");
	next_token(p);
	return 0;
}

/* Parse the pattern of "~", which the current token is. */
static int
parse_pattern(struct parser *p, struct query_term *t)
{
	char error[256];
	size_t at;

	query_tokens_next(&p->in, true);
	if (p->in.kind != QUERY_TEXT)
		return expected(p, "a regular expression in quotes");
	t->regex = query_regex_new(p->in.word.len > 0 ? p->in.word.data : "",
	    p->in.word.len, &p->q->budget, error, &at);
	if (t->regex == NULL) {
		report_error("expression:%zu: regular expression: %s, at its "
			     "byte %zu",
		    p->in.at + 1, error, at);
		return -1;
	}
	next_token(p);
	return 0;
}

/* The operator with its sides exchanged. */
static enum query_token_kind
mirror(enum query_token_kind op)
{
	return op == QUERY_LT   ? QUERY_GT
	       : op == QUERY_LE ? QUERY_GE
	       : op == QUERY_GT ? QUERY_LT
	       : op == QUERY_GE ? QUERY_LE
				: op;
}

/* Parse what follows a comparison's operator.  Its left side may be the
 * constant. */
static int
parse_right(struct parser *p, struct query_term *t)
{
	struct query_interval *i = add_value(p, t);
	struct query_operand left = t->member;

	if (i == NULL ||
	    parse_operand(p, &i->low, "a constant or a member") == -1)
		return -1;
	if (left.kind == QUERY_NAME)
		return 0;
	if (i->low.kind != QUERY_NAME) {
		report_error("expression:%zu: both sides are constants; one "
			     "must be the name of a member",
		    t->at + 1);
		return -1;
	}
	t->member = i->low;
	i->low = left;
	t->op = mirror(t->op);
	return 0;
}

static bool
is_comparison(enum query_token_kind kind)
{
	return kind >= QUERY_EQ && kind <= QUERY_IN;
}

static int
parse_operator(struct parser *p, struct query_term *t)
{
	enum query_token_kind op = p->in.kind;

	t->op = op == QUERY_NE         ? QUERY_EQ
		: op == QUERY_NO_MATCH ? QUERY_MATCH
				       : op;
	t->negate = t->op != op;
	if (!is_comparison(op)) {
		t->op = QUERY_WORD;
		if (t->member.kind == QUERY_NAME)
			return 0;
		return expected(p, "a comparison, such as == or <");
	}
	if ((op == QUERY_IN || t->op == QUERY_MATCH) &&
	    t->member.kind != QUERY_NAME) {
		report_error("expression:%zu: expected the name of a member "
			     "before %s",
		    t->at + 1, op == QUERY_IN ? "in" : "~");
		return -1;
	}
	if (t->op == QUERY_MATCH)
		return parse_pattern(p, t);
	next_token(p);
	return op == QUERY_IN ? parse_set(p, t) : parse_right(p, t);
}

static int
parse_term(struct parser *p, struct part *part)
{
	struct query *q = p->q;
	size_t i = q->n;
	struct query_term *t;

	if (i == QUERY_TERMS_MAX) {
		report_error("expression:%zu: more than %d comparisons",
		    p->in.at + 1, QUERY_TERMS_MAX);
		return -1;
	}
	if (!array_room(q->terms, q->n, q->cap))
		return report_nomem();
	t = &q->terms[q->n++];
	*t = (struct query_term){
		.at = p->in.at, .if_true = NO_END, .if_false = NO_END
	};
	*part = (struct part){ i, { 2 * i, 2 * i }, { 2 * i + 1, 2 * i + 1 } };
	if (parse_operand(p, &t->member,
		"the name of a member, a constant, ! or (") == -1 ||
	    parse_operator(p, t) == -1)
		return -1;
	if (is_comparison(p->in.kind))
		return expected(p, "&& or || between two comparisons");
	return 0;
}

static int parse_or(struct parser *p, struct part *part);

static int parse_unary(struct parser *p, struct part *part);

/* Parse what follows a "!". */
static int
parse_negated(struct parser *p, struct part *part)
{
	struct ends ends;
	bool bare;

	next_token(p);
	bare = p->in.kind != QUERY_OPEN && p->in.kind != QUERY_NOT;
	if (parse_unary(p, part) == -1)
		return -1;
	/* In C the ! of "!a == 1" is a's. */
	if (bare && p->q->terms[part->first].op != QUERY_WORD) {
		report_error("expression:%zu: put what the ! is for in "
			     "parentheses: !(...)",
		    p->q->terms[part->first].at + 1);
		return -1;
	}
	ends = part->if_true;
	part->if_true = part->if_false;
	part->if_false = ends;
	return 0;
}

/* Parse "!", parentheses or a comparison. */
static int
parse_unary(struct parser *p, struct part *part)
{
	int ret;

	if (p->in.kind != QUERY_NOT && p->in.kind != QUERY_OPEN)
		return parse_term(p, part);
	if (p->depth++ == QUERY_DEPTH_MAX) {
		report_error("expression:%zu: more than %d parentheses and ! "
			     "around each other",
		    p->in.at + 1, QUERY_DEPTH_MAX);
		return -1;
	}
	if (p->in.kind == QUERY_NOT) {
		ret = parse_negated(p, part);
	} else {
		next_token(p);
		ret = parse_or(p, part);
		if (ret == 0 && p->in.kind != QUERY_CLOSE)
			ret = expected(p, "&&, || or )");
		if (ret == 0)
			next_token(p);
	}
	p->depth--;
	return ret;
}

static int
parse_and(struct parser *p, struct part *part)
{
	struct part next;

	if (parse_unary(p, part) == -1)
		return -1;
	while (p->in.kind == QUERY_AND) {
		next_token(p);
		if (parse_unary(p, &next) == -1)
			return -1;
		close_ends(p->q, part->if_true, next.first);
		part->if_true = next.if_true;
		part->if_false = join_ends(p->q, part->if_false, next.if_false);
	}
	return 0;
}

static int
parse_or(struct parser *p, struct part *part)
{
	struct part next;

	if (parse_and(p, part) == -1)
		return -1;
	while (p->in.kind == QUERY_OR) {
		next_token(p);
		if (parse_and(p, &next) == -1)
			return -1;
		close_ends(p->q, part->if_false, next.first);
		part->if_false = next.if_false;
		part->if_true = join_ends(p->q, part->if_true, next.if_true);
	}
	return 0;
}

struct query *
query_parse(const char *text)
{
	struct parser p = { .in = { .text = text, .len = strlen(text) } };
	struct part all;
	int ret;

	if (p.in.len > QUERY_LEN_MAX) {
		report_error(
		    "the expression is longer than %d bytes", QUERY_LEN_MAX);
		return NULL;
	}
	if ((p.q = calloc(1, sizeof(*p.q))) == NULL) {
		report_nomem();
		return NULL;
	}
	next_token(&p);
	ret = parse_or(&p, &all);
	if (ret == 0 && p.in.kind != QUERY_END)
		ret = expected(&p, "&&, || or the end");
	query_tokens_close(&p.in);
	if (ret == -1) {
		query_free(p.q);
		return NULL;
	}
	close_ends(p.q, all.if_true, QUERY_TRUE);
	close_ends(p.q, all.if_false, QUERY_FALSE);
	return p.q;
}
