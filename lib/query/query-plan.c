#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/nomem.h"
#include "query/query-cell.h"
#include "query/query-member.h"
#include "query/query-plan.h"
#include "query/query-test.h"
#include "record/field-kind.h"
#include "record/json-row.h"

enum query_op {
	STEP_FALSE, /* it cannot be true */
	STEP_U8,    /* an integer in a range */
	STEP_U16,
	STEP_U32,
	STEP_U64,
	STEP_I8,
	STEP_I16,
	STEP_I32,
	STEP_I64,
	STEP_BE16,
	STEP_BE32,
	STEP_BE64,
	STEP_TIME,
	STEP_TEXT,  /* the same as a text */
	STEP_VALUE, /* any test of a value */
	STEP_PAIR,  /* two members */
};

/* A step is a term of the query. */
struct query_step {
	uint8_t op;
	bool negate;
	uint16_t if_true, if_false;
	size_t offset, end; /* the record must have end bytes */
	/* Whether the integer less low is at most span, modulo 2^64; or the
	 * text and its length, and the size of the member. */
	union {
		struct {
			uint64_t low, span;
		};
		struct {
			const char *text;
			uint32_t len, size;
		};
	};
};

/* Where the JSON of a record has what is beside a member. */
struct beside_cell {
	uint32_t cell;
	char *rest; /* owned: where it is in there; NULL: there is none */
};

/* What JSON records and the slower steps need of a term. */
struct term {
	struct query_member member, other;
	bool found, has_other; /* these are set */
	bool addresses;        /* both are addresses, maybe as numbers */
	struct query_test test;
	enum query_token_kind op; /* of two members */
	bool negate;
	uint32_t cell, other_cell;
	struct beside_cell family, other_family, told;
	bool seen; /* a JSON record had the member */
};

struct query_plan {
	const struct query *q;     /* borrowed */
	struct query_step *steps;  /* owned */
	struct term *terms;        /* owned */
	size_t start;              /* the first step, or an outcome */
	struct kind_context kinds; /* what texts of kinds need */
	struct clock times;
	struct json_row row;
	size_t unseen; /* terms whose member no JSON record had so far */
};

void
query_plan_free(struct query_plan *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; p->terms != NULL && i < p->q->n; i++) {
		query_member_free(&p->terms[i].member);
		query_member_free(&p->terms[i].other);
		query_test_free(&p->terms[i].test);
		free(p->terms[i].family.rest);
		free(p->terms[i].other_family.rest);
		free(p->terms[i].told.rest);
	}
	json_row_close(&p->row);
	free(p->terms);
	free(p->steps);
	free(p);
}

static struct query_plan *
plan_alloc(const struct query *q)
{
	struct query_plan *p = calloc(1, sizeof(*p));

	if (p != NULL) {
		p->q = q;
		p->steps = calloc(q->n, sizeof(*p->steps));
		p->terms = calloc(q->n, sizeof(*p->terms));
		if (p->steps != NULL && p->terms != NULL &&
		    json_row_open(&p->row) == 0)
			return p;
	}
	nomem_note();
	query_plan_free(p);
	return NULL;
}

/* What two values are to each other that only differ. */
enum { UNORDERED = 2 };

/* Compare two values.  Returns false if they cannot be compared. */
static bool
compare_values(
    const struct query_value *a, const struct query_value *b, int *order)
{
	struct query_number x, y;
	size_t n = a->len < b->len ? a->len : b->len;

	if (a->kind >= QUERY_VALUE_TEXT) {
		if (a->kind != b->kind)
			return false;
		/* Addresses of two forms only differ. */
		if (a->kind == QUERY_VALUE_BYTES && a->len != b->len) {
			*order = UNORDERED;
			return true;
		}
		*order = n == 0 ? 0 : memcmp(a->text, b->text, n);
		if (*order == 0)
			*order = (a->len > b->len) - (a->len < b->len);
		*order = (*order > 0) - (*order < 0);
		return true;
	}
	if (a->kind == QUERY_VALUE_NONE || b->kind == QUERY_VALUE_NONE ||
	    b->kind >= QUERY_VALUE_TEXT)
		return false;
	x = a->kind == QUERY_VALUE_INT ? query_number_from_int(a->number)
				       : query_number_from_real(a->real);
	y = b->kind == QUERY_VALUE_INT ? query_number_from_int(b->number)
				       : query_number_from_real(b->real);
	*order = query_number_compare(&x, &y);
	return true;
}

/* Take a number for the address that it is. */
static void
take_bytes(struct query_value *v)
{
	if (v->kind == QUERY_VALUE_INT)
		v->kind =
		    v->text != NULL ? QUERY_VALUE_BYTES : QUERY_VALUE_NONE;
}

/* Whether a comparison of two members is true. */
static bool
run_pair(const struct term *t, struct query_value *a, struct query_value *b)
{
	int order;
	bool is;

	if (t->addresses) {
		take_bytes(a);
		take_bytes(b);
	}
	if (!compare_values(a, b, &order))
		return false;
	if (order == UNORDERED)
		return t->op == QUERY_EQ && t->negate;
	switch (t->op) {
	case QUERY_LT:
		is = order < 0;
		break;
	case QUERY_LE:
		is = order <= 0;
		break;
	case QUERY_GT:
		is = order > 0;
		break;
	case QUERY_GE:
		is = order >= 0;
		break;
	default:
		is = order == 0;
	}
	return is != t->negate;
}

/* The least and the greatest value of the integers of a step, as its 64 bits.
 * Returns its op, or STEP_VALUE if no other step can do it. */
static enum query_op
find_range(
    const struct query_member *m, struct int128 *least, struct int128 *greatest)
{
	static const enum query_op swapped[] = { 0, 0, STEP_BE16, 0, STEP_BE32,
		0, 0, 0, STEP_BE64 };
	static const enum query_op plain[2][9] = {
		{ 0, STEP_U8, STEP_U16, 0, STEP_U32, 0, 0, 0, STEP_U64 },
		{ 0, STEP_I8, STEP_I16, 0, STEP_I32, 0, 0, 0, STEP_I64 },
	};
	size_t size = m->target.size;
	bool is_signed = m->is_signed;

	if (m->target.class != QUERY_CLASS_INT || m->as_text || size > 8 ||
	    m->place.bits != 0 || m->place.cpus != FIELD_CPUS_ONE ||
	    m->one_bool || m->as_name || (m->swapped && is_signed))
		return STEP_VALUE;
	*least = int128_least((unsigned int)size * 8, is_signed);
	*greatest = int128_greatest((unsigned int)size * 8, is_signed);
	if (m->source == QUERY_TIME)
		return STEP_TIME;
	return m->swapped && size > 1 ? swapped[size] : plain[is_signed][size];
}

static uint32_t
load_be32(const unsigned char *bytes)
{
	uint32_t v;

	memcpy(&v, bytes, sizeof(v));
	return __builtin_bswap32(v);
}

/* Make the step of a number of 4 bytes and one range of addresses. */
static bool
make_address(struct query_step *s, const struct term *t)
{
	const struct query_addresses *a = t->test.addresses;

	if (t->test.naddresses != 1 || t->test.nints != 0 ||
	    t->test.ntexts != 0 || a->len != 4 || t->member.target.size != 4 ||
	    t->member.source != QUERY_FIELD ||
	    memcmp(a->low, a->high, a->len) > 0)
		return false;
	s->op = STEP_BE32;
	s->low = load_be32(a->low);
	s->span = load_be32(a->high) - s->low;
	return true;
}

/* Make the step of a member and one range of integers. */
static bool
make_range(struct query_step *s, const struct term *t)
{
	struct int128 least, greatest, low, high;
	enum query_op op = find_range(&t->member, &least, &greatest);

	if (op != STEP_VALUE && make_address(s, t))
		return true;
	if (op == STEP_VALUE || t->test.nints != 1 || t->test.naddresses != 0 ||
	    t->test.ntexts != 0)
		return false;
	low = t->test.ints->low;
	high = t->test.ints->high;
	if (query_number_compare_ints(high, least) < 0 ||
	    query_number_compare_ints(low, greatest) > 0)
		return false;
	if (query_number_compare_ints(low, least) < 0)
		low = least;
	if (query_number_compare_ints(high, greatest) > 0)
		high = greatest;
	s->op = (uint8_t)op;
	s->low = (uint64_t)int128_bits(&low);
	s->span = (uint64_t)int128_bits(&high) - s->low;
	return true;
}

/* Make the step of a member that is the same as a text. */
static bool
make_text(struct query_step *s, const struct term *t)
{
	const struct query_member *m = &t->member;
	const struct query_texts *r = t->test.texts;

	if (m->target.class != QUERY_CLASS_TEXT || m->source != QUERY_FIELD ||
	    m->as_text || t->test.ntexts != 1 || t->test.regex != NULL ||
	    r->low == NULL || r->low != r->high || r->above_low || m->to_end ||
	    m->target.size > STREAM_RECORD_MAX)
		return false;
	s->op = STEP_TEXT;
	s->text = r->low;
	s->len = (uint32_t)r->low_len;
	s->size = (uint32_t)m->target.size;
	return true;
}

/* Whether no integer is in the test, as "pid == 1.5". */
static bool
is_never(const struct term *t)
{
	return t->member.target.class == QUERY_CLASS_INT && !t->test.negate &&
	       t->test.regex == NULL && t->test.nints == 0 &&
	       t->test.ntexts == 0 && t->test.naddresses == 0;
}

/* Make the step of a term, which was found. */
static void
make_step(struct query_step *s, struct term *t)
{
	s->negate = t->test.negate;
	s->offset = t->member.place.offset;
	s->end = t->member.source == QUERY_FIELD ? t->member.end : 0;
	s->op = STEP_VALUE;
	if (t->has_other) {
		s->op = STEP_PAIR;
		s->end = 0;
	} else if (is_never(t)) {
		s->op = STEP_FALSE;
	} else if (!make_range(s, t) && !make_text(s, t)) {
		s->end = 0;
	}
}

/* Let steps that cannot be true be left out. */
static void
link_steps(struct query_plan *p)
{
	const struct query *q = p->q;

	for (size_t i = q->n; i-- > 0;) {
		const struct query_term *t = &q->terms[i];
		struct query_step *s = &p->steps[i];
		size_t to[2] = { t->if_true, t->if_false };

		for (size_t j = 0; j < 2; j++)
			while (to[j] < q->n && p->steps[to[j]].op == STEP_FALSE)
				to[j] = p->steps[to[j]].if_false;
		s->if_true = (uint16_t)to[0];
		s->if_false = (uint16_t)to[1];
	}
	p->start = p->steps[0].op == STEP_FALSE ? p->steps[0].if_false : 0;
}

/* Whether a term compares with one name, which may be a member too. */
static bool
has_other_name(const struct query_term *term)
{
	return term->op >= QUERY_EQ && term->op <= QUERY_GE &&
	       term->nset == 1 && term->set->low.kind == QUERY_NAME;
}

/* What a plan is made for. */
struct site {
	const struct stream_header *h; /* NULL: JSON without types */
	unsigned int map;
	bool json;
	const struct name_store *names;
};

/* The term with its two names exchanged: "EXIT == kind". */
static void
exchange(struct query_term *to, struct query_interval *set,
    const struct query_term *from)
{
	static const enum query_token_kind mirrored[] = {
		[QUERY_EQ] = QUERY_EQ,
		[QUERY_LT] = QUERY_GT,
		[QUERY_LE] = QUERY_GE,
		[QUERY_GT] = QUERY_LT,
		[QUERY_GE] = QUERY_LE,
	};

	*to = *from;
	*set = (struct query_interval){ .low = from->member };
	to->member = from->set->low;
	to->op = mirrored[from->op];
	to->set = set;
}

/* Whether both members are addresses, as numbers or as bytes. */
static bool
are_addresses(const struct term *t)
{
	const enum kind a = t->member.target.kind, b = t->other.target.kind;

	return a >= KIND_IP4 && a <= KIND_MAC && b >= KIND_IP4 && b <= KIND_MAC;
}

/* Let a member be read as what the term compares. */
static void
set_compared(struct query_member *m, const struct query_term *term)
{
	bool is_enum =
	    m->target.type != NULL && m->target.type->kind == TYPE_ENUM;

	if (term->regex != NULL && is_enum)
		m->as_name = true;
	else if (term->regex != NULL && m->target.has_text)
		m->as_text = true;
}

/* Find the members of a term, and compile what it compares with.  Returns 1, 0
 * if the map does not have the member, or -1 with why. */
static int
compile_typed(struct query_plan *p, struct term *t,
    const struct query_term *term, const struct site *at, struct buf *why)
{
	struct query_interval set;
	struct query_term other;
	int got = query_member_find(
	    &t->member, at->h, at->map, term->member.text, &p->kinds, why);

	if (got == 0 && has_other_name(term)) {
		exchange(&other, &set, term);
		term = &other;
		query_member_free(&t->member);
		got = query_member_find(&t->member, at->h, at->map,
		    term->member.text, &p->kinds, why);
	} else if (got == 1 && has_other_name(term)) {
		int there = query_member_find(&t->other, at->h, at->map,
		    term->set->low.text, &p->kinds, why);

		t->op = term->op;
		t->negate = t->test.negate = term->negate;
		t->has_other = there == 1;
		t->addresses = t->has_other && are_addresses(t);
		if (there != 0)
			return there;
	}
	if (got != 1)
		return got;
	set_compared(&t->member, term);
	got = query_test_make(&t->test, term, &t->member.target, why);
	t->member.with_name = t->member.target.has_name && t->test.ntexts > 0;
	return got == 0 ? 1 : -1;
}

static int
compile_untyped(struct query_plan *p, struct term *t,
    const struct query_term *term, struct buf *why)
{
	query_member_free(&t->member);
	query_member_free(&t->other);
	if (query_member_set_untyped(
		&t->member, term->member.text, &p->kinds, why) == -1)
		return -1;
	if (has_other_name(term)) {
		t->has_other = true;
		t->op = term->op;
		t->negate = term->negate;
		if (query_member_set_untyped(
			&t->other, term->set->low.text, &p->kinds, why) == -1)
			return -1;
	}
	set_compared(&t->member, term);
	return query_test_make(&t->test, term, &t->member.target, why) == 0
		   ? 1
		   : -1;
}

/* Find what JSON records have beside a member: of that name or, without one,
 * its text. */
static void
add_beside(struct query_plan *p, const struct query_member *m, const char *name,
    struct beside_cell *c, struct buf *why)
{
	char *path;

	if (!query_member_find_beside(m, name, &path, &c->rest, why))
		return;
	c->cell = json_row_add(&p->row, path);
	free(path);
}

static void
add_family(struct query_plan *p, const struct query_member *m,
    struct beside_cell *c, struct buf *why)
{
	const char *family = query_member_family(m);

	if (family != NULL)
		add_beside(p, m, family, c, why);
}

static int
add_cells(struct query_plan *p, struct term *t, struct buf *why)
{
	const struct query_member *m = &t->member;

	add_family(p, m, &t->family, why);
	if (t->has_other)
		add_family(p, &t->other, &t->other_family, why);
	if (m->target.has_name)
		add_beside(p, m, NULL, &t->told, why);
	t->cell = json_row_add(&p->row, t->member.path);
	if (t->has_other)
		t->other_cell = json_row_add(&p->row, t->other.path);
	return p->row.failed || why->failed ? -1 : 0;
}

/* Compile a term.  Returns 0, or -1 when memory ran out. */
static int
compile_term(struct query_plan *p, size_t i, const struct site *at,
    struct query_obstacle *obstacle)
{
	const struct query_term *term = &p->q->terms[i];
	struct term *t = &p->terms[i];
	struct buf why = { 0 };
	int got = 0, ret = 0;

	if (at->h != NULL)
		got = compile_typed(p, t, term, at, &why);
	if (got == 0 && at->json && !why.failed) {
		query_test_free(&t->test);
		got = compile_untyped(p, t, term, &why);
	}
	buf_chr(&why, '\0');
	if (why.failed) {
		ret = -1;
	} else if (got == 1) {
		t->found = true;
		p->unseen += t->member.target.class == QUERY_CLASS_ANY;
		make_step(&p->steps[i], t);
		ret = add_cells(p, t, &why);
	} else if (obstacle != NULL) {
		obstacle->any = true;
		obstacle->why = got == -1 ? strdup(why.data) : NULL;
	}
	buf_free(&why);
	return ret;
}

static struct query_plan *
make_plan(const struct query *q, const struct site *at,
    struct query_obstacle *obstacles)
{
	struct query_plan *p = plan_alloc(q);

	if (p == NULL)
		return NULL;
	p->kinds = (struct kind_context){ .times = &p->times };
	if (at->h != NULL) {
		uint32_t host = at->h->maps[at->map].host;

		p->kinds.names = name_store_of(at->names, host);
		p->kinds.clocks = &stream_header_clocks(at->h)[host];
		p->kinds.arch = stream_header_arch(at->h, at->map);
	}
	for (size_t i = 0; i < q->n; i++)
		if (compile_term(p, i, at,
			obstacles != NULL ? &obstacles[i] : NULL) == -1) {
			nomem_note();
			query_plan_free(p);
			return NULL;
		}
	link_steps(p);
	p->row.news_left = at->h == NULL ? JSON_ROW_NEWS_MAX : 0;
	return p;
}

struct query_plan *
query_plan_new(const struct query *q, const struct stream_header *h,
    unsigned int map, const struct name_store *names, bool json,
    struct query_obstacle *obstacles)
{
	const struct site at = { h, map, json, names };

	return make_plan(q, &at, obstacles);
}

struct query_plan *
query_plan_new_untyped(const struct query *q)
{
	const struct site at = { .json = true };

	return make_plan(q, &at, NULL);
}

#define LOAD(type, at)                                                         \
	({                                                                     \
		type v_;                                                       \
		memcpy(&v_, (at), sizeof(v_));                                 \
		v_;                                                            \
	})

/* Whether a text of at most left bytes is that of the step. */
static bool
is_text(const struct query_step *s, const unsigned char *at, size_t left)
{
	if (left > s->size)
		left = s->size;
	return left >= s->len && memcmp(at, s->text, s->len) == 0 &&
	       (left == s->len || at[s->len] == '\0');
}

/* Run a step that is none of the fast ones.  Returns as query_test_run(). */
static int __attribute__((noinline)) run_slowly(struct query_plan *p, size_t i,
    uint64_t time_ns, const unsigned char *record, size_t len)
{
	struct term *t = &p->terms[i];
	struct query_value v, other;

	query_member_load(&t->member, &v, time_ns, record, len);
	if (!t->has_other)
		return query_test_run(&t->test, &v);
	query_member_load(&t->other, &other, time_ns, record, len);
	return run_pair(t, &v, &other);
}

bool
query_plan_run(struct query_plan *p, uint64_t time_ns,
    const unsigned char *record, size_t len)
{
	size_t i = p->start, n = p->q->n;

	while (i < n) {
		const struct query_step *s = &p->steps[i];
		const unsigned char *at = record + s->offset;
		uint64_t v;
		bool is;

		if (s->end > len) {
			i = s->if_false;
			continue;
		}
		switch (s->op) {
		case STEP_U8:
			v = *at;
			break;
		case STEP_U16:
			v = LOAD(uint16_t, at);
			break;
		case STEP_U32:
			v = LOAD(uint32_t, at);
			break;
		case STEP_U64:
		case STEP_I64:
			v = LOAD(uint64_t, at);
			break;
		case STEP_I8:
			v = (uint64_t)LOAD(int8_t, at);
			break;
		case STEP_I16:
			v = (uint64_t)LOAD(int16_t, at);
			break;
		case STEP_I32:
			v = (uint64_t)LOAD(int32_t, at);
			break;
		case STEP_BE16:
			v = __builtin_bswap16(LOAD(uint16_t, at));
			break;
		case STEP_BE32:
			v = __builtin_bswap32(LOAD(uint32_t, at));
			break;
		case STEP_BE64:
			v = __builtin_bswap64(LOAD(uint64_t, at));
			break;
		case STEP_TIME:
			v = time_ns;
			break;
		case STEP_TEXT:
			is = is_text(s, at, len - s->offset);
			i = is != s->negate ? s->if_true : s->if_false;
			continue;
		default:
			i = run_slowly(p, i, time_ns, record, len) == 1
				? s->if_true
				: s->if_false;
			continue;
		}
		is = v - s->low <= s->span;
		i = is != s->negate ? s->if_true : s->if_false;
	}
	return i == QUERY_TRUE;
}

/* The value of a JSON record beside a member. */
static bool
find_beside(const struct query_plan *p, const struct beside_cell *c,
    struct json_value *v)
{
	if (c->rest == NULL)
		return false;
	*v = p->row.cells[c->cell];
	return query_cell_find(v, c->rest);
}

static struct query_beside
load_family(const struct query_plan *p, const struct beside_cell *c)
{
	struct query_beside b = { .told = NULL };
	struct json_value v;

	if (find_beside(p, c, &v))
		field_kind_read_number(&v, &b.family);
	return b;
}

static void
load_told(
    const struct query_plan *p, const struct term *t, struct query_beside *b)
{
	struct json_value v;

	/* Names with escapes are compared as they are in JSON. */
	if (find_beside(p, &t->told, &v) && v.kind == JSON_VALUE_STRING) {
		b->told = v.text + 1;
		b->told_len = v.len - 2;
	}
}

/* Run a term over the cells of a JSON record.  Returns as query_test_run(). */
static int
run_cells(struct query_plan *p, struct term *t)
{
	const struct json_value *cells = p->row.cells;
	struct query_value v, other;
	struct query_beside beside;

	if (!t->found)
		return -1;
	beside = load_family(p, &t->family);
	load_told(p, t, &beside);
	query_cell_load_beside(&t->member, &v, &cells[t->cell], &beside);
	if (!t->has_other)
		return query_test_run(&t->test, &v);
	beside = load_family(p, &t->other_family);
	query_cell_load_beside(
	    &t->other, &other, &cells[t->other_cell], &beside);
	if (t->other.target.class == QUERY_CLASS_ANY &&
	    other.kind == QUERY_VALUE_NONE)
		return query_test_run(&t->test, &v);
	return run_pair(t, &v, &other);
}

/* Note which members the record has that none had before. */
static void
note_seen(struct query_plan *p)
{
	for (size_t i = 0; i < p->q->n; i++) {
		struct term *t = &p->terms[i];

		if (!t->found || t->seen ||
		    t->member.target.class != QUERY_CLASS_ANY ||
		    p->row.cells[t->cell].kind == JSON_VALUE_ABSENT)
			continue;
		t->seen = true;
		p->unseen--;
	}
}

int
query_plan_run_json(
    struct query_plan *p, const char *text, size_t len, size_t *wrong_at)
{
	size_t i = p->start, n = p->q->n;

	if (json_row_parse(&p->row, text, len) == -1) {
		*wrong_at = p->row.wrong_at;
		return -1;
	}
	if (p->unseen > 0)
		note_seen(p);
	while (i < n)
		i = run_cells(p, &p->terms[i]) == 1 ? p->steps[i].if_true
						    : p->steps[i].if_false;
	return i == QUERY_TRUE;
}

bool
query_plan_needs_names(const struct query_plan *p)
{
	for (size_t i = 0; i < p->q->n; i++) {
		const struct term *t = &p->terms[i];

		if (t->found && t->member.target.has_name &&
		    (t->member.as_text || t->test.ntexts > 0))
			return true;
	}
	return false;
}

bool
query_plan_is_unseen(const struct query_plan *p, size_t term)
{
	const struct term *t = &p->terms[term];

	return t->found && !t->seen &&
	       t->member.target.class == QUERY_CLASS_ANY;
}

void
query_plan_keep_seen(struct query_plan *p, const struct query_plan *from)
{
	for (size_t i = 0; i < p->q->n; i++)
		if (from->terms[i].seen && query_plan_is_unseen(p, i)) {
			p->terms[i].seen = true;
			p->unseen--;
		}
}

const char *
query_plan_others(struct query_plan *p)
{
	buf_chr(&p->row.news, '\0');
	return p->row.news.failed ? "" : p->row.news.data;
}
