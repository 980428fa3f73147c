#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "kinds/kind-bits.h"
#include "kinds/kind-text.h"

/* Longer texts are no constant, except for names with "|" between them. */
enum { CONSTANT_MAX = 64 };

/* A text with a NUL, for functions of the C library. */
struct constant_text {
	char s[CONSTANT_MAX + 1];
};

/* Returns false if the text is too long, or has a NUL. */
static bool
copy_text(struct constant_text *t, const char *text, size_t len)
{
	if (len > CONSTANT_MAX || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(t->s, text, len);
	t->s[len] = '\0';
	return true;
}

/* Reads digits of a base, of at least one; *p is set behind them. */
static bool
read_digits(const char **p, unsigned int base, unsigned __int128 *out)
{
	const unsigned __int128 most = ~(unsigned __int128)0 >> 8;
	const char *start = *p;

	for (*out = 0;; ++*p) {
		unsigned int digit =
		    **p >= '0' && **p <= '9' ? (unsigned int)(**p - '0')
		    : (**p | 0x20) >= 'a' && (**p | 0x20) <= 'f'
			? (unsigned int)(**p | 0x20) - 'a' + 10
			: 16;

		if (digit >= base)
			return *p > start;
		*out = *out * base + digit;
		if (*out > most)
			return false;
	}
}

/* Reads a whole number, decimal, 0x or with a leading zero octal. */
static bool
read_number(const char *s, __int128 *out)
{
	bool negative = *s == '-';
	unsigned __int128 v;
	unsigned int base = 10;

	s += negative;
	if (s[0] == '0' && (s[1] | 0x20) == 'x') {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && s[1] != '\0') {
		base = 8;
		s++;
	}
	if (!read_digits(&s, base, &v) || *s != '\0')
		return false;
	*out = negative ? -(__int128)v : (__int128)v;
	return true;
}

struct unit {
	const char *name;
	uint64_t scale; /* in the least unit */
};

static const struct unit time_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 },
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", UINT64_C(60) * 1000000000 },
	{ "min", UINT64_C(60) * 1000000000 },
	{ "h", UINT64_C(3600) * 1000000000 },
	{ "d", UINT64_C(86400) * 1000000000 },
};

static const struct unit size_units[] = {
	{ "B", 1 },
	{ "KiB", UINT64_C(1) << 10 },
	{ "MiB", UINT64_C(1) << 20 },
	{ "GiB", UINT64_C(1) << 30 },
	{ "TiB", UINT64_C(1) << 40 },
	{ "PiB", UINT64_C(1) << 50 },
	{ "EiB", UINT64_C(1) << 60 },
	{ "K", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "kB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "TB", UINT64_C(1000000000000) },
};

/* The unit with that name; the case of letters matters only between "M", a
 * size, and "m", minutes, which are not in one list.  NULL if there is none. */
static const struct unit *
find_unit(const struct unit *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(v[i].name, name) == 0)
			return &v[i];
	return NULL;
}

/*
 * Reads a number with a unit, "1.5 ms", and divides it by the scale that the
 * member counts in; what is lost thereby makes it lie between two numbers.
 */
static bool
read_with_unit(const char *s, const struct unit *v, size_t n, uint64_t counts,
    struct kind_constant *out)
{
	unsigned __int128 whole, fraction = 0, scale = 1, sum;
	bool negative = *s == '-';
	const unsigned __int128 most = (unsigned __int128)1 << 125;
	const struct unit *unit;
	const char *start;

	s += negative;
	if (!read_digits(&s, 10, &whole))
		return false;
	if (*s == '.') {
		start = ++s;
		if (!read_digits(&s, 10, &fraction) || s - start > 18)
			return false;
		for (; start < s; start++)
			scale *= 10;
	}
	while (*s == ' ')
		s++;
	/* Both parts stay below 2^126: 2^64 pages in KiB, the most that is
	 * shown, too. */
	if ((unit = find_unit(v, n, s)) == NULL || whole > most / unit->scale)
		return false;
	sum = whole * unit->scale;
	fraction *= unit->scale;
	sum += fraction / scale;
	out->between = fraction % scale != 0 || sum % counts != 0;
	out->number = (__int128)(sum / counts);
	if (!negative)
		return true;
	out->number = -out->number - (out->between ? 1 : 0);
	return true;
}

/* Reads "8:1" as the kernel has it. */
static bool
read_dev(const char *s, __int128 *out)
{
	unsigned __int128 major, minor;

	if (!read_digits(&s, 10, &major) || *s++ != ':' ||
	    !read_digits(&s, 10, &minor) || *s != '\0' || major > 0xfff ||
	    minor > 0xfffff)
		return false;
	*out = (__int128)(major << 20 | minor);
	return true;
}

static bool
read_time(const struct kind_form *f, const struct kind_context *c,
    const char *text, size_t len, __int128 *out)
{
	uint64_t ns;

	if (clock_parse(text, len, &ns) == -1)
		return false;
	*out = ns;
	if (f->kind == KIND_REALTIME)
		return true;
	if (c->clocks == NULL || !c->clocks->known)
		return false;
	/* The difference may be negative, as two's complement. */
	*out -= (int64_t)(f->kind == KIND_KTIME ? c->clocks->monotonic
						: c->clocks->boottime);
	return true;
}

/* Reads a number that has a name, or bits that have. */
static bool
read_names(const struct kind_form *f, const struct kind_context *c,
    const char *text, size_t len, int64_t *out)
{
	bool negative = f->kind == KIND_ERRNO && len > 0 && *text == '-';

	switch (f->kind) {
	case KIND_ERRNO:
		if (!kind_words_find(
			f->kind, c->arch, text + negative, len - negative, out))
			return false;
		*out = negative ? -*out : *out;
		return true;
	case KIND_SOCK_TYPE:
		return kind_bits_read_sock(text, len, out);
	case KIND_OPEN_FLAGS:
		return kind_bits_read_open(c->arch, text, len, out);
	case KIND_FLAGS:
		return kind_bits_read_enum(f->flags, text, len, out);
	case KIND_FILE_MODE:
		return kind_bits_read_mode(text, len, out);
	case KIND_BOOL:
		*out = len == 4;
		return (len == 4 && strncmp(text, "true", 4) == 0) ||
		       (len == 5 && strncmp(text, "false", 5) == 0);
	default:
		return kind_words_find(f->kind, c->arch, text, len, out);
	}
}

static bool
read_units(const struct kind_form *f, const char *s, struct kind_constant *out)
{
	static const uint64_t counts[] = { 1, 1000, 1000000, 1000000000 };

	switch (f->kind) {
	case KIND_NS:
	case KIND_US:
	case KIND_MS:
	case KIND_S:
		return read_with_unit(s, time_units, nitems(time_units),
		    counts[f->kind - KIND_NS], out);
	case KIND_BYTES:
	case KIND_KIB:
	case KIND_PAGES:
		return read_with_unit(s, size_units, nitems(size_units),
		    f->kind == KIND_PAGES ? 4096
		    : f->kind == KIND_KIB ? 1024
					  : 1,
		    out);
	default:
		return false;
	}
}

/* Sets the mask of the first bits, and clears the others of the address. */
static void
set_network(struct kind_constant *out, unsigned int bits)
{
	for (size_t i = 0; i < out->len; i++) {
		unsigned int here = bits >= 8 ? 8 : bits;

		out->mask[i] = (unsigned char)(0xff00 >> here);
		out->bytes[i] &= out->mask[i];
		bits -= here;
	}
}

/* Reads the number of bits of a network, up to most. */
static bool
read_prefix(const char *s, unsigned int most, unsigned int *bits)
{
	unsigned __int128 v;

	if (!read_digits(&s, 10, &v) || *s != '\0' || v > most)
		return false;
	*bits = (unsigned int)v;
	return true;
}

/* Reads "10.0.0.0/8" or "fe80::/10"; s is changed. */
static bool
read_ip(enum kind kind, char *s, struct kind_constant *out)
{
	char *slash = strchr(s, '/');
	unsigned int bits;

	if (slash != NULL)
		*slash = '\0';
	if (kind != KIND_IP6 && inet_pton(AF_INET, s, out->bytes) == 1)
		out->len = 4;
	else if (kind != KIND_IP4 && inet_pton(AF_INET6, s, out->bytes) == 1)
		out->len = 16;
	else
		return false;
	bits = (unsigned int)out->len * 8;
	if (slash != NULL && !read_prefix(slash + 1, bits, &bits))
		return false;
	set_network(out, bits);
	return true;
}

static bool
read_mac(const char *s, struct kind_constant *out)
{
	unsigned __int128 v;

	for (int i = 0; i < 6; i++) {
		const char *start = s;

		if (!read_digits(&s, 16, &v) || s - start > 2 ||
		    *s != (i < 5 ? ':' : '\0'))
			return false;
		s++;
		out->bytes[i] = (unsigned char)v;
	}
	out->len = 6;
	set_network(out, 48);
	return true;
}

bool
kind_text_read(const struct kind_form *f, const struct kind_context *c,
    const char *text, size_t len, struct kind_constant *out)
{
	struct constant_text t;
	int64_t number;

	*out = (struct kind_constant){ .between = false };
	if (f->kind == KIND_FLAGS && f->flags == NULL)
		return false;
	if (len > 0 && read_names(f, c, text, len, &number)) {
		out->number = number;
		return true;
	}
	if (!copy_text(&t, text, len))
		return false;
	switch (f->kind) {
	case KIND_IP4:
	case KIND_IP6:
	case KIND_IP:
		out->is_bytes = true;
		return read_ip(f->kind, t.s, out);
	case KIND_MAC:
		out->is_bytes = true;
		return read_mac(t.s, out);
	case KIND_DEV:
		if (read_dev(t.s, &out->number))
			return true;
		break;
	case KIND_KTIME:
	case KIND_BOOTTIME:
	case KIND_REALTIME:
		if (read_time(f, c, text, len, &out->number))
			return true;
		break;
	default:
		if (read_units(f, t.s, out))
			return true;
		out->between = false;
		break;
	}
	return read_number(t.s, &out->number);
}
