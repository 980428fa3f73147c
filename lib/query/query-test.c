#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/nomem.h"
#include "kinds/kind-words.h"
#include "query/query-constant.h"
#include "query/query-test.h"

void
query_test_free(struct query_test *t)
{
	free(t->ints);
	free(t->reals);
	free(t->texts);
	free(t->addresses);
	*t = (struct query_test){ 0 };
}

/* A side of an interval. */
struct bound {
	const struct query_number *number; /* NULL: there is none */
	bool excluded;
};

static int
fail_nomem(struct buf *why)
{
	nomem_note();
	why->failed = true;
	return -1;
}

static int
add_ints(
    struct query_test *t, struct bound low, struct bound high, struct buf *why)
{
	struct query_ints r = { query_number_least, query_number_greatest };

	if (low.number != NULL) {
		bool next = low.number->fraction || low.excluded;

		r.low = low.number->floor;
		if (next && query_number_compare_ints(
				r.low, query_number_greatest) == 0)
			return 0;
		if (next)
			r.low = query_number_next(r.low);
	}
	if (high.number != NULL) {
		bool previous = high.excluded && !high.number->fraction;

		r.high = high.number->floor;
		if (query_number_compare_ints(r.high, query_number_least) <
		    previous)
			return 0;
		if (previous)
			r.high = query_number_previous(r.high);
	}
	if (query_number_compare_ints(r.low, r.high) > 0)
		return 0;
	if (!array_room(t->ints, t->nints, t->ints_cap))
		return fail_nomem(why);
	t->ints[t->nints++] = r;
	return 0;
}

static int
add_reals(struct query_test *t, struct bound low, struct bound high,
    bool single, struct buf *why)
{
	struct query_reals r = { -INFINITY, INFINITY };
	double below, above;

	if (low.number != NULL) {
		query_number_bounds(low.number, single, &below, &above);
		r.low = above;
		if (low.excluded && below == above)
			r.low = query_number_above(above);
	}
	if (high.number != NULL) {
		query_number_bounds(high.number, single, &below, &above);
		r.high = below;
		if (high.excluded && below == above)
			r.high = query_number_below(below);
	}
	if (!(r.low <= r.high))
		return 0;
	if (!array_room(t->reals, t->nreals, t->reals_cap))
		return fail_nomem(why);
	t->reals[t->nreals++] = r;
	return 0;
}

static int
add_numbers(struct query_test *t, const struct query_target *target,
    struct bound low, struct bound high, struct buf *why)
{
	bool any = target->class == QUERY_CLASS_ANY;

	t->numbers = true;
	if ((any || target->class == QUERY_CLASS_INT) &&
	    add_ints(t, low, high, why) == -1)
		return -1;
	if ((any || target->class == QUERY_CLASS_REAL) &&
	    add_reals(
		t, low, high, !any && target->size == sizeof(float), why) == -1)
		return -1;
	return 0;
}

static int
compare_texts(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int order = n == 0 ? 0 : memcmp(a, b, n);

	return order != 0 ? (order > 0) - (order < 0)
			  : (a_len > b_len) - (a_len < b_len);
}

static int
add_texts(struct query_test *t, const struct query_texts *r, struct buf *why)
{
	t->strings = true;
	if (r->low != NULL && r->high != NULL &&
	    compare_texts(r->low, r->low_len, r->high, r->high_len) > 0)
		return 0;
	if (!array_room(t->texts, t->ntexts, t->texts_cap))
		return fail_nomem(why);
	t->texts[t->ntexts++] = *r;
	return 0;
}

static int
add_addresses(
    struct query_test *t, const struct query_addresses *a, struct buf *why)
{
	t->strings = true;
	if (memcmp(a->low, a->high, a->len) > 0)
		return 0;
	if (!array_room(t->addresses, t->naddresses, t->addresses_cap))
		return fail_nomem(why);
	t->addresses[t->naddresses++] = *a;
	return 0;
}

/* Which sides of its constant a term takes. */
struct sides {
	bool low, high, excluded;
};

static struct sides
sides_of(enum query_token_kind op)
{
	return (struct sides){
		.low = op != QUERY_LT && op != QUERY_LE,
		.high = op != QUERY_GT && op != QUERY_GE,
		.excluded = op == QUERY_LT || op == QUERY_GT,
	};
}

static int
add_text_interval(struct query_test *t, const struct query_interval *i,
    enum query_token_kind op, struct buf *why)
{
	const struct query_operand *high = i->is_range ? &i->high : &i->low;
	struct sides s = sides_of(op);
	struct query_texts r = { .above_low = s.excluded,
		.below_high = s.excluded };

	if (s.low) {
		r.low = i->low.text;
		r.low_len = i->low.len;
	}
	if (s.high) {
		r.high = high->text;
		r.high_len = high->len;
	}
	return add_texts(t, &r, why);
}

static int
add_number_interval(struct query_test *t, const struct query_target *target,
    enum query_token_kind op, const struct query_constant *low,
    const struct query_constant *high, struct buf *why)
{
	struct sides s = sides_of(op);
	struct bound a = { s.low ? &low->number : NULL, s.excluded };
	struct bound b = { s.high ? &high->number : NULL, s.excluded };
	struct query_number other;

	if (add_numbers(t, target, a, b, why) == -1)
		return -1;
	/* "ENOENT" of an error number, which may be negative. */
	if (!low->either_sign || op == QUERY_LT || op == QUERY_LE ||
	    op == QUERY_GT || op == QUERY_GE || low != high)
		return 0;
	other = query_number_negate(&low->number);
	a.number = b.number = &other;
	return add_numbers(t, target, a, b, why);
}

static int
refuse(struct buf *why, const struct query_operand *o, const char *reason)
{
	if (o != NULL)
		buf_printf(why, "%.*s%s", QUERY_SHOWN_MAX, o->text,
		    o->len > QUERY_SHOWN_MAX ? "..." : "");
	buf_str(why, reason);
	return -1;
}

/* Go to the next address, or the one before.  Returns false if there is none.
 */
static bool
step_address(unsigned char *bytes, size_t len, int by)
{
	while (len-- > 0) {
		unsigned char was = bytes[len];

		bytes[len] = (unsigned char)(was + by);
		if (was != (by > 0 ? 0xff : 0))
			return true;
	}
	return false;
}

static bool
is_network(const struct query_addresses *a)
{
	return memcmp(a->low, a->high, a->len) != 0;
}

/* Add the addresses from one to another, or those that a comparison with one
 * takes. */
static int
add_address_interval(struct query_test *t, const struct query_interval *i,
    enum query_token_kind op, const struct query_constant *low,
    const struct query_constant *high, struct buf *why)
{
	struct query_addresses r = low->addresses;
	struct sides s = sides_of(op);

	if (!i->is_range && s.low && s.high)
		return add_addresses(t, &r, why);
	if (is_network(&low->addresses) || is_network(&high->addresses))
		return refuse(
		    why, &i->low, ": networks are compared by ==, != and in");
	if (!high->is_address || high->addresses.len != r.len)
		return refuse(
		    why, &i->high, ": it is an address of another form");
	memcpy(r.high, high->addresses.low, r.len);
	t->strings = true;
	if (!s.low)
		memset(r.low, 0, r.len);
	else if (s.excluded && !step_address(r.low, r.len, 1))
		return 0;
	if (!s.high)
		memset(r.high, 0xff, r.len);
	else if (s.excluded && !step_address(r.high, r.len, -1))
		return 0;
	return add_addresses(t, &r, why);
}

/* Add a text that the name of a number is compared with. */
static int
add_name(struct query_test *t, const struct query_interval *i,
    enum query_token_kind op, struct buf *why)
{
	if (i->is_range || (op != QUERY_EQ && op != QUERY_IN))
		return refuse(why, &i->low,
		    ": names are compared by ==, !=, in, ~ and !~");
	return add_text_interval(t, i, op, why);
}

static int
add_interval(struct query_test *t, const struct query_interval *i,
    const struct query_term *term, const struct query_target *target,
    struct buf *why)
{
	struct query_constant low, high;
	bool is_text = target->class == QUERY_CLASS_TEXT;
	bool any = target->class == QUERY_CLASS_ANY;

	if (is_text && i->low.kind == QUERY_STRING &&
	    (!i->is_range || i->high.kind == QUERY_STRING))
		return add_text_interval(t, i, term->op, why);
	if (is_text)
		return refuse(why, &i->low, ": text is put in quotes");
	if (!query_constant_read(&low, &i->low, target)) {
		if (target->has_name && i->low.kind == QUERY_STRING)
			return add_name(t, i, term->op, why);
		return refuse(why, &i->low, query_constant_wanted(target));
	}
	high = low;
	if (i->is_range && !query_constant_read(&high, &i->high, target))
		return refuse(why, &i->high, query_constant_wanted(target));
	if (any && i->low.kind != QUERY_NUMBER &&
	    (!i->is_range || i->high.kind != QUERY_NUMBER) &&
	    add_text_interval(t, i, term->op, why) == -1)
		return -1;
	if (low.is_number && high.is_number)
		return add_number_interval(
		    t, target, term->op, &low, i->is_range ? &high : &low, why);
	if (low.is_address)
		return add_address_interval(t, i, term->op, &low, &high, why);
	return any ? 0 : refuse(why, &i->low, query_constant_wanted(target));
}

/* Sort n ranges by their low ends, and join those that meet: join() adds a
 * later one to the one before, or returns false if there is a gap between
 * them. */
static void
join_ranges(void *ranges, size_t *n, size_t size,
    int (*compare)(const void *, const void *),
    bool (*join)(void *, const void *))
{
	char *at = ranges;
	size_t last = 0;

	if (*n < 2)
		return;
	qsort(ranges, *n, size, compare);
	for (size_t i = 1; i < *n; i++)
		if (!join(at + last * size, at + i * size))
			memmove(at + ++last * size, at + i * size, size);
	*n = last + 1;
}

static int
compare_ints(const void *a, const void *b)
{
	const struct query_ints *x = a, *y = b;

	return query_number_compare_ints(x->low, y->low);
}

static bool
join_ints(void *last, const void *next)
{
	struct query_ints *x = last;
	const struct query_ints *y = next;

	if (query_number_compare_ints(y->low, query_number_next(x->high)) > 0)
		return false;
	if (query_number_compare_ints(y->high, x->high) > 0)
		x->high = y->high;
	return true;
}

static int
compare_reals(const void *a, const void *b)
{
	const struct query_reals *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

static bool
join_reals(void *last, const void *next)
{
	struct query_reals *x = last;
	const struct query_reals *y = next;

	if (y->low > x->high)
		return false;
	if (y->high > x->high)
		x->high = y->high;
	return true;
}

static int
compare_lows(const void *a, const void *b)
{
	const struct query_texts *x = a, *y = b;

	return compare_texts(x->low, x->low_len, y->low, y->low_len);
}

static bool
join_texts(void *last, const void *next)
{
	struct query_texts *x = last;
	const struct query_texts *y = next;

	if (compare_texts(y->low, y->low_len, x->high, x->high_len) > 0)
		return false;
	if (compare_texts(y->high, y->high_len, x->high, x->high_len) > 0) {
		x->high = y->high;
		x->high_len = y->high_len;
	}
	return true;
}

static int
compare_addresses(const void *a, const void *b)
{
	const struct query_addresses *x = a, *y = b;

	return x->len != y->len ? (x->len > y->len) - (x->len < y->len)
				: memcmp(x->low, y->low, x->len);
}

static bool
join_addresses(void *last, const void *next)
{
	struct query_addresses *x = last;
	const struct query_addresses *y = next;

	if (x->len != y->len || memcmp(y->low, x->high, x->len) > 0)
		return false;
	if (memcmp(y->high, x->high, x->len) > 0)
		memcpy(x->high, y->high, x->len);
	return true;
}

/* Several ranges are all of "in", and have both ends. */
static void
join_all(struct query_test *t)
{
	join_ranges(
	    t->ints, &t->nints, sizeof(*t->ints), compare_ints, join_ints);
	join_ranges(
	    t->reals, &t->nreals, sizeof(*t->reals), compare_reals, join_reals);
	join_ranges(
	    t->texts, &t->ntexts, sizeof(*t->texts), compare_lows, join_texts);
	join_ranges(t->addresses, &t->naddresses, sizeof(*t->addresses),
	    compare_addresses, join_addresses);
}

/* The test of a member alone: that it is not 0, not empty. */
static int
make_truth(
    struct query_test *t, const struct query_target *target, struct buf *why)
{
	const struct query_number zero = { .fraction = false };
	const struct bound at = { .number = &zero };
	const struct query_addresses unset = { .len = target->size };
	const struct query_addresses unset4 = { .len = 4 };

	t->negate = true;
	if (target->class == QUERY_CLASS_BYTES)
		return add_addresses(t, &unset, why) |
		       (target->kind == KIND_IP ? add_addresses(t, &unset4, why)
						: 0);
	if ((target->class == QUERY_CLASS_TEXT ||
		target->class == QUERY_CLASS_ANY) &&
	    add_texts(t, &(struct query_texts){ .low = "", .high = "" }, why) ==
		-1)
		return -1;
	return target->class == QUERY_CLASS_TEXT
		   ? 0
		   : add_numbers(t, target, at, at, why);
}

int
query_test_make(struct query_test *t, const struct query_term *term,
    const struct query_target *target, struct buf *why)
{
	*t = (struct query_test){ .negate = term->negate,
		.regex = term->regex,
		.loose = target->class == QUERY_CLASS_ANY };
	if (term->op == QUERY_WORD)
		return make_truth(t, target, why);
	if (term->regex != NULL) {
		t->strings = true;
		if (target->class == QUERY_CLASS_TEXT || t->loose ||
		    target->has_text ||
		    (target->type != NULL && target->type->kind == TYPE_ENUM))
			return 0;
		return refuse(why, NULL, "it is no text, which ~ is for");
	}
	for (size_t i = 0; i < term->nset; i++)
		if (add_interval(t, &term->set[i], term, target, why) == -1)
			return -1;
	join_all(t);
	return 0;
}

static bool
has_int(const struct query_test *t, struct int128 v)
{
	size_t at;

	array_partition(
	    at, t->nints, query_number_compare_ints(t->ints[at].high, v) < 0);
	return at < t->nints &&
	       query_number_compare_ints(t->ints[at].low, v) <= 0;
}

static bool
has_real(const struct query_test *t, double v)
{
	size_t at;

	array_partition(at, t->nreals, t->reals[at].high < v);
	return at < t->nreals && t->reals[at].low <= v;
}

/* Less than, equal to or greater than 0, as the range is below the address,
 * has it, or is above. */
static int
place_address(const struct query_addresses *a, const char *bytes, size_t len)
{
	if (a->len != len)
		return a->len < len ? -1 : 1;
	if (memcmp(a->high, bytes, len) < 0)
		return -1;
	return memcmp(a->low, bytes, len) > 0;
}

static bool
has_address(const struct query_test *t, const char *bytes, size_t len)
{
	size_t at;

	array_partition(at, t->naddresses,
	    place_address(&t->addresses[at], bytes, len) < 0);
	return at < t->naddresses &&
	       place_address(&t->addresses[at], bytes, len) == 0;
}

/* The same for a text. */
static int
place_text(const struct query_texts *r, const char *text, size_t len)
{
	if (r->high != NULL &&
	    compare_texts(text, len, r->high, r->high_len) > -r->below_high)
		return -1;
	return r->low != NULL &&
	       compare_texts(text, len, r->low, r->low_len) < r->above_low;
}

static bool
has_text(const struct query_test *t, const char *text, size_t len)
{
	size_t at;

	array_partition(
	    at, t->ntexts, place_text(&t->texts[at], text, len) < 0);
	return at < t->ntexts && place_text(&t->texts[at], text, len) == 0;
}

/* The length of NAME in "NAME(3)", as JSON has enums; or len. */
static size_t
enum_name_len(const char *text, size_t len)
{
	size_t at = len;

	if (len < 4 || text[len - 1] != ')')
		return len;
	for (at = len - 2; at > 0 && (text[at] == '-' ||
					 (text[at] >= '0' && text[at] <= '9'));
	     at--)
		;
	return text[at] == '(' && at > 0 ? at : len;
}

/* Whether a text of JSON without types is in the test. */
static bool
has_loose_text(const struct query_test *t, const char *text, size_t len)
{
	size_t name = enum_name_len(text, len);
	struct query_addresses a = { .len = 0 };

	if (t->naddresses > 0 && query_constant_read_address(&a, text, len) &&
	    !is_network(&a))
		return has_address(t, (const char *)a.low, a.len);
	return has_text(t, text, len) ||
	       (name != len && has_text(t, text, name));
}

int
query_test_run(const struct query_test *t, const struct query_value *v)
{
	int got;
	bool in;

	switch (v->kind) {
	case QUERY_VALUE_INT:
		if (!t->numbers && !t->strings)
			return -1;
		in = has_int(t, v->number) ||
		     (t->naddresses > 0 && has_address(t, v->text, v->len));
		if (in || t->ntexts == 0 || t->loose)
			break;
		if (v->name == NULL)
			return -1;
		in = has_text(t, v->name, v->name_len);
		break;
	case QUERY_VALUE_REAL:
		if (!t->numbers)
			return -1;
		in = has_real(t, v->real);
		break;
	case QUERY_VALUE_TEXT:
		if (!t->strings)
			return -1;
		if (t->regex != NULL) {
			got = query_regex_match(t->regex, v->text, v->len);
			return got == -1 ? -1 : (got == 1) != t->negate;
		}
		in = t->loose ? has_loose_text(t, v->text, v->len)
			      : has_text(t, v->text, v->len);
		break;
	case QUERY_VALUE_BYTES:
		if (!t->strings)
			return -1;
		in = has_address(t, v->text, v->len);
		break;
	default:
		return -1;
	}
	return in != t->negate;
}
