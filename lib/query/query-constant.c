#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "kinds/kind-text.h"
#include "kinds/kind-words.h"
#include "query/query-constant.h"

enum { ADDRESS_TEXT_MAX = 64 };

static bool
read_mac(struct query_addresses *a, const char *text, size_t len)
{
	if (len != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int high = text_hex_value(text[3 * i]);
		int low = text_hex_value(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
			return false;
		a->low[i] = (unsigned char)(high << 4 | low);
	}
	a->len = 6;
	return true;
}

/* Let the bits behind the first ones be any. */
static void
set_network(struct query_addresses *a, unsigned long bits)
{
	for (size_t i = 0; i < a->len; i++) {
		unsigned int left =
		    bits > 8 * i ? (unsigned int)(bits - 8 * i) : 0;
		unsigned int rest = left >= 8 ? 0 : 0xffU >> left;

		a->low[i] &= (unsigned char)~rest;
		a->high[i] = (unsigned char)(a->low[i] | rest);
	}
}

bool
query_constant_read_address(
    struct query_addresses *a, const char *text, size_t len)
{
	char copy[ADDRESS_TEXT_MAX], *slash, *end;
	unsigned long bits = 128;

	*a = (struct query_addresses){ .len = 0 };
	if (len >= sizeof(copy) || len == 0)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if ((slash = strchr(copy, '/')) != NULL) {
		*slash = '\0';
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end != '\0')
			return false;
	}
	if (inet_pton(AF_INET, copy, a->low) == 1)
		a->len = 4;
	else if (inet_pton(AF_INET6, copy, a->low) == 1)
		a->len = 16;
	else if (slash != NULL || !read_mac(a, text, len))
		return false;
	if (slash != NULL && bits > 8 * a->len)
		return false;
	set_network(a, bits);
	return true;
}

static void
set_number(struct query_constant *c, struct int128 v)
{
	c->is_number = true;
	c->number = query_number_from_int(v);
}

static void
set_signed(struct query_constant *c, int64_t v)
{
	uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;

	set_number(c, (struct int128){ v < 0, magnitude });
}

/* What a number with a unit is in the unit of the member. */
static void
read_number(struct query_constant *c, const struct query_operand *o,
    const struct query_target *target)
{
	static const struct {
		enum kind kind;
		enum query_unit unit;
		uint64_t divisor;
	} units[] = {
		{ KIND_US, QUERY_DURATION, 1000 },
		{ KIND_MS, QUERY_DURATION, 1000000 },
		{ KIND_S, QUERY_DURATION, 1000000000 },
		{ KIND_KIB, QUERY_SIZE, 1024 },
		{ KIND_PAGES, QUERY_SIZE, 4096 },
	};

	c->is_number = true;
	c->number = o->number;
	for (size_t i = 0; i < nitems(units); i++)
		if (units[i].kind == target->kind && units[i].unit == o->unit)
			c->number =
			    query_number_divide(&o->number, units[i].divisor);
}

static struct int128
constant_value(const struct type *type, const struct type_constant *constant)
{
	return int128_from_bits(constant->value,
	    type->is_signed ? 64 : (unsigned int)type->size * 8,
	    type->is_signed);
}

/* Find "NAME", or "NAME(3)", among the constants of an enum. */
static bool
read_enum(struct query_constant *c, const struct type *type, const char *text,
    size_t len)
{
	const char *bracket = memchr(text, '(', len);
	const struct type_constant *constant = types_find_constant_named(
	    type, text, bracket != NULL ? (size_t)(bracket - text) : len);

	if (constant == NULL)
		return false;
	set_number(c, constant_value(type, constant));
	return true;
}

/* "RD|WR" of an enum whose constants are bits. */
static bool
read_flags(struct query_constant *c, const struct type *type, const char *text)
{
	uint64_t bits = 0;
	size_t n;

	for (;; text += n + 1) {
		n = strcspn(text, "|");
		if (!read_enum(c, type, text, n))
			return false;
		bits |= (uint64_t)int128_bits(&c->number.floor);
		if (text[n] == '\0')
			break;
	}
	set_number(c, (struct int128){ false, bits });
	return true;
}

/* Find a constant of any enum of the stream, if all that have it agree. */
static bool
read_any_enum(struct query_constant *c, const struct types *t, const char *text,
    size_t len)
{
	struct query_constant found;
	bool any = false;

	for (size_t i = 0; t != NULL && i < t->n; i++) {
		if (t->v[i].kind != TYPE_ENUM ||
		    !read_enum(&found, &t->v[i], text, len))
			continue;
		if (any && query_number_compare(&c->number, &found.number) != 0)
			return false;
		*c = found;
		any = true;
	}
	return any;
}

/* Names of numbers that are spelled in full, beside a member of no kind:
 * "-ENOENT", "SIGKILL". */
static bool
read_well_known(struct query_constant *c, const char *text, size_t len)
{
	bool minus = *text == '-';
	int64_t v;

	if (len > 1u + minus && text[minus] == 'E' &&
	    kind_words_find(
		KIND_ERRNO, KIND_ARCH_UNKNOWN, text + minus, len - minus, &v))
		set_signed(c, minus ? -v : v);
	else if (len > 3 && memcmp(text, "SIG", 3) == 0 &&
		 kind_words_find(KIND_SIGNAL, KIND_ARCH_UNKNOWN, text, len, &v))
		set_signed(c, v);
	else
		return false;
	return true;
}

/* What the kind of the member makes of a text. */
static bool
read_kind(struct query_constant *c, const struct query_target *target,
    const char *text, size_t len)
{
	const struct kind_form form = { .kind = target->kind,
		.size = (uint8_t)target->size,
		.flags = target->flags };
	struct kind_constant k;

	if (target->kind == KIND_NONE || target->size > 16 ||
	    !kind_text_read(&form, target->kinds, text, len, &k) || k.is_bytes)
		return false;
	set_number(c, int128_from_bits((unsigned __int128)k.number, 128, true));
	c->number.fraction = k.between;
	c->either_sign = target->kind == KIND_ERRNO && *text != '-';
	return true;
}

static bool
read_bool(struct query_constant *c, const char *text)
{
	bool yes = strcmp(text, "true") == 0;

	if (!yes && strcmp(text, "false") != 0)
		return false;
	set_signed(c, yes);
	return true;
}

/* A time beside a member of a kind of time. */
static bool
read_time(struct query_constant *c, const struct query_operand *o,
    const struct query_target *target)
{
	const struct clock_offsets *clock = target->kinds->clocks;
	bool known = clock != NULL && clock->known;
	uint64_t offset = 0;

	if (!o->is_time)
		return false;
	if (target->kind == KIND_KTIME && known)
		offset = clock->monotonic;
	else if (target->kind == KIND_BOOTTIME && known)
		offset = clock->boottime;
	else if (target->kind != KIND_REALTIME)
		return false;
	set_signed(c, o->time_ns - (int64_t)offset);
	return true;
}

static bool
read_address(struct query_constant *c, const struct query_operand *o,
    const struct query_target *target)
{
	bool either = target->kind == KIND_IP;

	c->is_address =
	    o->kind == QUERY_STRING &&
	    query_constant_read_address(&c->addresses, o->text, o->len) &&
	    (target->class == QUERY_CLASS_ANY ||
		target->size == c->addresses.len ||
		(either && c->addresses.len == 4));
	return c->is_address;
}

static bool
read_int(struct query_constant *c, const struct query_operand *o,
    const struct query_target *target)
{
	const struct type *type = target->type;

	/* Any other word is a name. */
	if (target->has_name)
		return read_kind(c, target, o->text, o->len);
	return (type != NULL && type->kind == TYPE_ENUM &&
		   (type->bits != 0 ? read_flags(c, type, o->text)
				    : read_enum(c, type, o->text, o->len))) ||
	       read_time(c, o, target) ||
	       read_kind(c, target, o->text, o->len) || read_bool(c, o->text) ||
	       read_address(c, o, target) ||
	       read_well_known(c, o->text, o->len) ||
	       read_any_enum(c, target->types, o->text, o->len);
}

bool
query_constant_read(struct query_constant *c, const struct query_operand *o,
    const struct query_target *target)
{
	*c = (struct query_constant){ .is_number = false };
	if (o->kind == QUERY_NUMBER && target->class != QUERY_CLASS_BYTES) {
		read_number(c, o, target);
		return true;
	}
	switch (target->class) {
	case QUERY_CLASS_INT:
		return o->kind != QUERY_NUMBER && read_int(c, o, target);
	case QUERY_CLASS_BYTES:
		return read_address(c, o, target);
	case QUERY_CLASS_ANY:
		if (!read_bool(c, o->text) &&
		    !read_well_known(c, o->text, o->len))
			read_address(c, o, target);
		return true;
	default:
		return false;
	}
}

const char *
query_constant_wanted(const struct query_target *target)
{
	const struct type *type = target->type;

	if (target->class == QUERY_CLASS_BYTES)
		return ": it is an address, of another form";
	if (target->has_name)
		return ": names are put in quotes";
	if (target->class == QUERY_CLASS_INT && type != NULL &&
	    type->kind == TYPE_ENUM)
		return ": its enum has no such constant";
	if (target->kind == KIND_SYSCALL &&
	    target->kinds->arch == KIND_ARCH_UNKNOWN)
		return ": the header does not say of which machine its system "
		       "calls are; compare with numbers";
	return ": it is a number, and this is neither the name of a member nor "
	       "of a number";
}
