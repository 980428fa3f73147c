#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "kinds/kind-bits.h"
#include "kinds/kind-text.h"

enum {
	IP4_MAX = 15, /* 255.255.255.255 */
	MAC_MAX = 17,
	IP6_MAX = 45, /* ::ffff:255.255.255.255, and seven groups before */
	TIME_LOCAL_MAX = CLOCK_LOCAL_LEN + 7,
	UNIT_SIZE = 8,
	UNIT_MAX = 40, /* digits, a fraction, a unit */
	/* Of a name that is no path; a longer one is cut. */
	NAME_MAX_SHOWN = 512,
	AF_OF_IP4 = 2,
	AF_OF_IP6 = 10,
};

bool
kind_has_bytes(enum kind kind)
{
	switch (kind) {
	case KIND_IP4:
	case KIND_IP6:
	case KIND_IP:
	case KIND_MAC:
	case KIND_PORT_BE:
	case KIND_BE16:
	case KIND_BE32:
	case KIND_BE64:
	case KIND_TEXT:
	case KIND_UTF8:
		return true;
	default:
		return false;
	}
}

bool
kind_is_unsafe(enum kind kind)
{
	return kind == KIND_FLAGS || kind == KIND_TEXT || kind == KIND_UTF8 ||
	       name_store_has_kind(kind);
}

bool
kind_is_left(enum kind kind)
{
	switch (kind) {
	case KIND_PORT_BE:
	case KIND_BE16:
	case KIND_BE32:
	case KIND_BE64:
	case KIND_NS:
	case KIND_US:
	case KIND_MS:
	case KIND_S:
	case KIND_BYTES:
	case KIND_KIB:
	case KIND_PAGES:
	case KIND_HEX:
	case KIND_OCT:
		return false;
	default:
		return true;
	}
}

size_t
kind_text_max(const struct kind_form *f)
{
	switch (f->kind) {
	case KIND_IP6:
	case KIND_IP:
		return IP6_MAX;
	case KIND_FLAGS:
		return kind_bits_enum_max(f->flags);
	case KIND_OPEN_FLAGS:
	case KIND_SOCK_TYPE:
		return KIND_FLAGS_MAX;
	case KIND_KTIME:
	case KIND_BOOTTIME:
	case KIND_REALTIME:
		return TIME_STYLE_MAX;
	case KIND_CGROUP:
		return NAME_STORE_TEXT_MAX;
	default:
		return name_store_has_kind(f->kind) ? NAME_MAX_SHOWN : UNIT_MAX;
	}
}

unsigned int
kind_text_width(const struct kind_form *f)
{
	static const unsigned char widths[KIND_COUNT] = {
		[KIND_IP4] = IP4_MAX,
		[KIND_IP6] = 25,
		[KIND_IP] = 25,
		[KIND_MAC] = MAC_MAX,
		[KIND_PORT_BE] = 5,
		[KIND_BE16] = 5,
		[KIND_BE32] = 10,
		[KIND_BE64] = 20,
		[KIND_ERRNO] = 13,
		[KIND_SIGNAL] = 9,
		[KIND_SYSCALL] = 16,
		[KIND_PROTO] = 6,
		[KIND_FAMILY] = 10,
		[KIND_TCP_STATE] = 12,
		[KIND_SOCK_TYPE] = 14,
		[KIND_FILE_MODE] = KIND_MODE_MAX,
		[KIND_OPEN_FLAGS] = 24,
		[KIND_FLAGS] = 24,
		[KIND_DEV] = 8,
		[KIND_UID] = 12,
		[KIND_GID] = 12,
		[KIND_IFINDEX] = 10,
		[KIND_CGROUP] = 30,
		[KIND_CONTAINER] = 16,
		[KIND_PID_NS] = 12,
		[KIND_KSYM] = 24,
		[KIND_USYM] = 24,
		[KIND_KTIME] = TIME_LOCAL_MAX,
		[KIND_BOOTTIME] = TIME_LOCAL_MAX,
		[KIND_REALTIME] = TIME_LOCAL_MAX,
		[KIND_NS] = 8,
		[KIND_US] = 8,
		[KIND_MS] = 8,
		[KIND_S] = 8,
		[KIND_BYTES] = 8,
		[KIND_KIB] = 8,
		[KIND_PAGES] = 8,
		[KIND_OCT] = 6,
		[KIND_BOOL] = 5,
	};

	if (f->kind == KIND_HEX)
		return 2 + 2U * f->size;
	if (f->kind == KIND_IP && f->size == 4)
		return IP4_MAX;
	return widths[f->kind];
}

#define OCTET1(n)                                                              \
	{                                                                      \
		'0' + (n) % 10, '\0', '\0', 1                                  \
	}
#define OCTET2(n)                                                              \
	{                                                                      \
		'0' + (n) / 10, '0' + (n) % 10, '\0', 2                        \
	}
#define OCTET3(n)                                                              \
	{                                                                      \
		'0' + (n) / 100, '0' + (n) / 10 % 10, '0' + (n) % 10, 3        \
	}
#define TEN(macro, n)                                                          \
	macro(n), macro((n) + 1), macro((n) + 2), macro((n) + 3),              \
	    macro((n) + 4), macro((n) + 5), macro((n) + 6), macro((n) + 7),    \
	    macro((n) + 8), macro((n) + 9)
#define FIFTY(macro, n)                                                        \
	TEN(macro, n), TEN(macro, (n) + 10), TEN(macro, (n) + 20),             \
	    TEN(macro, (n) + 30), TEN(macro, (n) + 40)

const char kind_text_octets[256][4] = {
	TEN(OCTET1, 0),
	TEN(OCTET2, 10),
	TEN(OCTET2, 20),
	TEN(OCTET2, 30),
	TEN(OCTET2, 40),
	FIFTY(OCTET2, 50),
	FIFTY(OCTET3, 100),
	FIFTY(OCTET3, 150),
	FIFTY(OCTET3, 200),
	OCTET3(250),
	OCTET3(251),
	OCTET3(252),
	OCTET3(253),
	OCTET3(254),
	OCTET3(255),
};

static const char hex_digits[] = "0123456789abcdef";

char *
kind_text_mac(char *p, const unsigned char *bytes)
{
	for (int i = 0; i < 6; i++) {
		if (i > 0)
			*p++ = ':';
		p = text_hex(p, bytes + i, 1);
	}
	return p;
}

static char *
write_hex(char *p, uint64_t number)
{
	int shift = number == 0 ? 0 : (63 - __builtin_clzll(number)) & ~3;

	*p++ = '0';
	*p++ = 'x';
	for (; shift >= 0; shift -= 4)
		*p++ = hex_digits[number >> shift & 15];
	return p;
}

/* Find the first of the longest runs of two zero groups or more. */
static unsigned int
find_zeros(const uint16_t *groups, unsigned int *at)
{
	unsigned int longest = 1, run = 0;

	*at = 8;
	for (unsigned int i = 0; i < 8; i++) {
		run = groups[i] == 0 ? run + 1 : 0;
		if (run > longest) {
			longest = run;
			*at = i + 1 - run;
		}
	}
	return *at == 8 ? 0 : longest;
}

/* Hex digits without leading zeros. */
static char *
write_group(char *p, unsigned int group)
{
	int shift = group >= 0x1000  ? 12
		    : group >= 0x100 ? 8
		    : group >= 0x10  ? 4
				     : 0;

	for (; shift >= 0; shift -= 4)
		*p++ = hex_digits[group >> shift & 15];
	return p;
}

char *
kind_text_ip6(char *p, const unsigned char *bytes)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint16_t groups[8];
	unsigned int at, zeros;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(p, "::ffff:", 7);
		return kind_text_ip4(p + 7, bytes + sizeof(mapped));
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	zeros = find_zeros(groups, &at);
	for (unsigned int i = 0; i < 8; i++) {
		if (i == at) {
			*p++ = ':';
			*p++ = ':';
			i += zeros - 1;
			continue;
		}
		if (i > 0 && i != at + zeros)
			*p++ = ':';
		p = write_group(p, groups[i]);
	}
	return p;
}

int
kind_text_ip_version(const struct kind_form *f, const struct kind_value *v)
{
	static const unsigned char zeros[12];

	if (f->size == 4)
		return 4;
	if (v->family == AF_OF_IP4 || v->family == 4)
		return 4;
	if (v->family == AF_OF_IP6 || v->family == 6)
		return 6;
	return memcmp(v->bytes + 4, zeros, sizeof(zeros)) == 0 ? 4 : 6;
}

static char *
write_number(char *p, const struct kind_form *f, uint64_t number)
{
	return f->is_signed ? text_i64(p, (int64_t)number)
			    : text_u64(p, number);
}

static uint64_t
load_be(const unsigned char *bytes, size_t size)
{
	uint64_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | bytes[i];
	return v;
}

/* Write "-EACCES"; of an unsigned number that is positive "EACCES". */
static char *
write_errno(char *p, const struct kind_form *f, uint64_t number)
{
	const struct kind_words words =
	    kind_words_get(KIND_ERRNO, KIND_ARCH_UNKNOWN);
	unsigned int unused = 64 - f->size * 8U;
	int64_t v = (int64_t)(number << unused) >> unused;
	uint64_t at = v < 0 ? -(uint64_t)v : (uint64_t)v;
	const struct kind_word *word = &words.v[at];

	if (at >= words.n || word->len == 0 || (v > 0 && f->is_signed))
		return write_number(p, f, number);
	memcpy(p, word->text + (v > 0), word->len);
	return p + word->len - (v > 0);
}

static char *
write_word(char *p, const struct kind_form *f, uint64_t number,
    const struct kind_context *c)
{
	const struct kind_words words = kind_words_get(f->kind, c->arch);

	if (number >= words.n || words.v[number].len == 0)
		return write_number(p, f, number);
	memcpy(p, words.v[number].text, KIND_WORD_MAX);
	return p + words.v[number].len;
}

/* A unit is larger than the one before it by step. */
struct units {
	unsigned int step;
	unsigned int n;
	char names[7][UNIT_SIZE];
};

static const struct units times = { 1000, 4, { " ns", " us", " ms", " s" } };
static const struct units sizes = { 1024, 7,
	{ " B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB" } };

static char *
add_unit(char *p, const char *unit)
{
	/* As long as they all may be, with their NUL. */
	memcpy(p, unit, UNIT_SIZE);
	return p + strlen(unit);
}

/* Write v / 1000 with its fraction, without the zeros at its end. */
static char *
write_thousandths(char *p, uint64_t v)
{
	unsigned int rest = (unsigned int)(v % 1000);

	p = text_u64(p, v / 1000);
	if (rest == 0)
		return p;
	*p++ = '.';
	p = text_digits(p, rest, 3);
	while (p[-1] == '0')
		p--;
	return p;
}

/*
 * Write v, whose unit is number u, with three digits, rounded: 999, 1.02, 10.2,
 * 102 of the next one.  From 1000 of the last unit on all digits are shown.
 */
static char *
write_short(
    char *p, unsigned __int128 v, const struct units *units, unsigned int u)
{
	uint64_t scale = 1, number, rest, thousandths;
	unsigned int digits;

	/* Digits that are lost here are not shown. */
	for (; v > UINT64_MAX; u++)
		v /= units->step;
	number = (uint64_t)v;
	for (; u + 1 < units->n && number / units->step >= scale; u++)
		scale *= units->step;
	rest = number % scale;
	number /= scale;
	if (number >= units->step)
		return add_unit(
		    text_u64(p, number + (rest >= scale - scale / 2)),
		    units->names[u]);
	/* Of the largest scale, 2^60, ten bits are not needed. */
	thousandths =
	    number * 1000 + (scale > UINT64_MAX / 1000
				    ? (rest >> 10) * 1000 / (scale >> 10)
				    : rest * 1000 / scale);
	digits = thousandths < 10000 ? 10 : thousandths < 100000 ? 100 : 1000;
	thousandths = (thousandths + digits / 2) / digits * digits;
	if (thousandths >= units->step * 1000 && u + 1 < units->n) {
		thousandths = 1000;
		u++;
	}
	return add_unit(write_thousandths(p, thousandths), units->names[u]);
}

/* Write a duration with all its digits: 1.000001 s. */
static char *
write_exact_time(char *p, uint64_t v, unsigned int u)
{
	uint64_t scale = 1, rest;
	int digits = 0;

	for (; u + 1 < times.n && v >= scale * 1000; u++) {
		scale *= 1000;
		digits += 3;
	}
	rest = v % scale;
	p = text_u64(p, v / scale);
	if (rest != 0) {
		*p++ = '.';
		p = text_digits(p, rest, digits);
		while (p[-1] == '0')
			p--;
	}
	return add_unit(p, times.names[u]);
}

/* Write a number of bytes in the largest unit of which it is a multiple. */
static char *
write_exact_size(char *p, unsigned __int128 v)
{
	unsigned int u = 0;

	for (; v != 0 && v % sizes.step == 0 && u + 1 < sizes.n; u++)
		v /= sizes.step;
	p = text_u128(p, v);
	return add_unit(p, sizes.names[u]);
}

static char *
write_with_unit(char *p, const struct kind_form *f, uint64_t number)
{
	unsigned __int128 v;

	if (f->is_signed && (int64_t)number < 0) {
		*p++ = '-';
		number = -number;
	}
	v = number;
	if (f->kind >= KIND_BYTES) {
		v *= f->kind == KIND_PAGES ? 4096
		     : f->kind == KIND_KIB ? 1024
					   : 1;
		return f->is_short ? write_short(p, v, &sizes, 0)
				   : write_exact_size(p, v);
	}
	return f->is_short
		   ? write_short(p, v, &times, (unsigned)(f->kind - KIND_NS))
		   : write_exact_time(p, number, (unsigned)(f->kind - KIND_NS));
}

/* A quantity that is no integer, as a mean: up to ns, or bytes. */
static char *
write_real_with_unit(char *p, const struct kind_form *f, uint64_t bits)
{
	static const double factors[] = {
		[KIND_NS] = 1,
		[KIND_US] = 1e3,
		[KIND_MS] = 1e6,
		[KIND_S] = 1e9,
		[KIND_BYTES] = 1,
		[KIND_KIB] = 1024,
		[KIND_PAGES] = 4096,
	};
	struct kind_form whole = *f;
	double v;

	memcpy(&v, &bits, sizeof(v));
	/* What fits no integer, or is none, has no unit. */
	if (!(fabs(v * factors[f->kind]) < 0x1p63))
		return text_double(p, v);
	whole.kind = f->kind >= KIND_BYTES ? KIND_BYTES : KIND_NS;
	whole.is_signed = true;
	v *= factors[f->kind];
	return write_with_unit(
	    p, &whole, (uint64_t)(int64_t)(v < 0 ? v - 0.5 : v + 0.5));
}

/* Write a time: 2026-11-28T10:00:00.000000001Z, or for people 10:00:00.000000.
 * If the clocks of the host are not known, the number. */
static char *
write_time(char *p, const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c)
{
	bool known = c->clocks != NULL && c->clocks->known;
	uint64_t ns = v->number;

	if (f->kind == KIND_KTIME && known)
		ns += c->clocks->monotonic;
	else if (f->kind == KIND_BOOTTIME && known)
		ns += c->clocks->boottime;
	else if (f->kind != KIND_REALTIME)
		return write_number(p, f, ns);
	if (c->time != NULL)
		return time_style_write_within(c->time, p, ns, v->record_ns);
	if (c->times == NULL)
		return write_number(p, f, ns);
	if (!f->is_short)
		return clock_utc(c->times, p, ns);
	p = clock_local(c->times, p, ns);
	*p++ = '.';
	return text_digits(p, ns % CLOCK_SECOND / 1000, 6);
}

static const char *
find_name(const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c)
{
	return c->names == NULL
		   ? NULL
		   : name_store_find_of(c->names, f->kind,
			 f->kind == KIND_USYM ? v->pid : 0, v->number);
}

bool
kind_text_is_known(const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c)
{
	return !name_store_has_kind(f->kind) || find_name(f, v, c) != NULL;
}

static char *
write_name(char *p, const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c)
{
	const char *name = find_name(f, v, c);
	size_t n;

	if (name != NULL) {
		n = strnlen(name, kind_text_max(f));
		memcpy(p, name, n);
		return p + n;
	}
	return f->kind == KIND_KSYM || f->kind == KIND_USYM
		   ? write_hex(p, v->number)
		   : write_number(p, f, v->number);
}

/* What is left of a number that was extended by its sign. */
static uint64_t
bits_of(const struct kind_form *f, uint64_t number)
{
	return number & UINT64_MAX >> (64 - f->size * 8U);
}

/* The kinds that are seldom. */
static char *
write_other(char *p, const struct kind_form *f, uint64_t number,
    const struct kind_context *c)
{
	switch (f->kind) {
	case KIND_SOCK_TYPE:
		return kind_bits_sock(p, bits_of(f, number));
	case KIND_FILE_MODE:
		return kind_bits_mode(p, number);
	case KIND_OPEN_FLAGS:
		return kind_bits_open(p, number, c->arch);
	case KIND_FLAGS:
		return kind_bits_enum(p, number, f->size, f->flags);
	case KIND_DEV:
		p = text_u64(p, bits_of(f, number) >> 20);
		*p++ = ':';
		return text_u64(p, number & 0xfffff);
	case KIND_HEX:
		return write_hex(p, bits_of(f, number));
	case KIND_OCT:
		return p + sprintf(p, "%#" PRIo64, bits_of(f, number));
	case KIND_BOOL:
		memcpy(p, number != 0 ? "true\0" : "false", 6);
		return p + (number != 0 ? 4 : 5);
	default:
		return write_number(p, f, number);
	}
}

char *
kind_text_write(char *p, const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c)
{
	switch (f->kind) {
	case KIND_IP4:
		return kind_text_ip4(p, v->bytes);
	case KIND_IP6:
		return kind_text_ip6(p, v->bytes);
	case KIND_IP:
		return kind_text_ip_version(f, v) == 4
			   ? kind_text_ip4(p, v->bytes)
			   : kind_text_ip6(p, v->bytes);
	case KIND_MAC:
		return kind_text_mac(p, v->bytes);
	case KIND_PORT_BE:
	case KIND_BE16:
	case KIND_BE32:
	case KIND_BE64:
		return text_u64(p, load_be(v->bytes, f->size));
	case KIND_ERRNO:
		return write_errno(p, f, v->number);
	case KIND_SIGNAL:
	case KIND_SYSCALL:
	case KIND_PROTO:
	case KIND_FAMILY:
	case KIND_TCP_STATE:
		return write_word(p, f, v->number, c);
	case KIND_KTIME:
	case KIND_BOOTTIME:
	case KIND_REALTIME:
		return write_time(p, f, v, c);
	case KIND_NS:
	case KIND_US:
	case KIND_MS:
	case KIND_S:
	case KIND_BYTES:
	case KIND_KIB:
	case KIND_PAGES:
		return f->is_real ? write_real_with_unit(p, f, v->number)
				  : write_with_unit(p, f, v->number);
	default:
		return name_store_has_kind(f->kind)
			   ? write_name(p, f, v, c)
			   : write_other(p, f, v->number, c);
	}
}

__int128
kind_number(const struct kind_form *f, const struct kind_value *v)
{
	if (kind_has_bytes(f->kind))
		return (__int128)load_be(v->bytes, f->size);
	return f->is_signed ? (__int128)(int64_t)v->number
			    : (__int128)v->number;
}
