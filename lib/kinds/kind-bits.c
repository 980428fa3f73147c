#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "kinds/kind-bits.h"

/* The letters of types of files, by the four bits above the permissions. */
static const char file_types[16] = {
	[1] = 'p',
	[2] = 'c',
	[4] = 'd',
	[6] = 'b',
	[8] = '-',
	[10] = 'l',
	[12] = 's',
};

/* The letters of setuid, setgid and the sticky bit, in place of "x". */
static const char specials[3] = { 's', 's', 't' };

char *
kind_bits_mode(char *p, uint64_t mode)
{
	unsigned int type = mode >> 12 & 15;

	if (type != 0)
		*p++ = file_types[type] != '\0' ? file_types[type] : '?';
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int rwx = mode >> (6 - 3 * i) & 7;
		bool x = (rwx & 1) != 0;

		*p++ = (rwx & 4) != 0 ? 'r' : '-';
		*p++ = (rwx & 2) != 0 ? 'w' : '-';
		if ((mode >> (11 - i) & 1) == 0)
			*p++ = x ? 'x' : '-';
		else
			*p++ = (char)(x ? specials[i] : specials[i] - 0x20);
	}
	return p;
}

/* The bits of three letters, "rwx", of class i.  Returns whether they are. */
static bool
read_class(const char *s, unsigned int i, int64_t *mode)
{
	unsigned int rwx = 0;

	if ((s[0] != 'r' && s[0] != '-') || (s[1] != 'w' && s[1] != '-'))
		return false;
	rwx |= s[0] == 'r' ? 4 : 0;
	rwx |= s[1] == 'w' ? 2 : 0;
	if (s[2] == 'x' || s[2] == specials[i])
		rwx |= 1;
	if (s[2] == specials[i] || s[2] == specials[i] - 0x20)
		*mode |= 1 << (11 - i);
	else if (s[2] != 'x' && s[2] != '-')
		return false;
	*mode |= (int64_t)rwx << (6 - 3 * i);
	return true;
}

bool
kind_bits_read_mode(const char *text, size_t len, int64_t *mode)
{
	*mode = 0;
	if (len == KIND_MODE_MAX) {
		for (int type = 1; type < 16; type++)
			if (file_types[type] == text[0])
				*mode = type << 12;
		if (*mode == 0)
			return false;
		text++;
		len--;
	}
	return len == 9 && read_class(text, 0, mode) &&
	       read_class(text + 3, 1, mode) && read_class(text + 6, 2, mode);
}

struct flag {
	const char *name;
	uint32_t bits;     /* on x86-64 */
	uint32_t arm_bits; /* on aarch64, if they differ; or 0 */
};

/* Those of open(2), of all bits of a flag before those of a part of it. */
static const struct flag open_flags[] = {
	{ "O_CREAT", 0100, 0 },
	{ "O_EXCL", 0200, 0 },
	{ "O_NOCTTY", 0400, 0 },
	{ "O_TRUNC", 01000, 0 },
	{ "O_APPEND", 02000, 0 },
	{ "O_NONBLOCK", 04000, 0 },
	{ "O_SYNC", 04010000, 0 },
	{ "O_DSYNC", 010000, 0 },
	{ "O_ASYNC", 020000, 0 },
	{ "O_DIRECT", 040000, 0200000 },
	{ "O_LARGEFILE", 0100000, 0400000 },
	{ "O_NOFOLLOW", 0400000, 0100000 },
	{ "O_NOATIME", 01000000, 0 },
	{ "O_CLOEXEC", 02000000, 0 },
	{ "O_PATH", 010000000, 0 },
	{ "O_TMPFILE", 020200000, 020040000 },
	{ "O_DIRECTORY", 0200000, 040000 },
};

static const struct flag sock_flags[] = {
	{ "SOCK_NONBLOCK", 04000, 0 },
	{ "SOCK_CLOEXEC", 02000000, 0 },
};

/* How a file is opened: the two lowest bits. */
static const char *const open_modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR",
	"O_ACCMODE" };

static uint64_t
flag_bits(const struct flag *f, enum kind_arch arch)
{
	return arch == KIND_ARCH_AARCH64 && f->arm_bits != 0 ? f->arm_bits
							     : f->bits;
}

static char *
add_name(char *p, const char *start, const char *name)
{
	size_t n = strlen(name);

	if (p != start)
		*p++ = '|';
	memcpy(p, name, n);
	return p + n;
}

/* Write the rest of the bits, that have no name; if there was no name either,
 * "0". */
static char *
add_rest(char *p, const char *start, uint64_t rest)
{
	if (rest == 0 && p != start)
		return p;
	if (p != start)
		*p++ = '|';
	return p + sprintf(p, rest == 0 ? "0" : "%#" PRIx64, rest);
}

static char *
add_flags(char *p, const char *start, const struct flag *v, size_t n,
    uint64_t rest, enum kind_arch arch)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = flag_bits(&v[i], arch);

		if ((rest & bits) != bits)
			continue;
		rest &= ~bits;
		p = add_name(p, start, v[i].name);
	}
	return add_rest(p, start, rest);
}

char *
kind_bits_open(char *p, uint64_t flags, enum kind_arch arch)
{
	const char *start = p;

	/* They are an int, which may have been extended by its sign. */
	flags &= UINT32_MAX;
	p = add_name(p, start, open_modes[flags & 3]);
	return add_flags(p, start, open_flags, nitems(open_flags),
	    flags & ~UINT64_C(3), arch);
}

char *
kind_bits_sock(char *p, uint64_t type)
{
	const struct kind_words words =
	    kind_words_get(KIND_SOCK_TYPE, KIND_ARCH_UNKNOWN);
	const char *start = p;
	uint64_t low = type & 15;

	if (low < words.n && words.v[low].len > 0) {
		p = add_name(p, start, words.v[low].text);
		type &= ~UINT64_C(15);
	}
	return add_flags(
	    p, start, sock_flags, nitems(sock_flags), type, KIND_ARCH_UNKNOWN);
}

/* The first name of the bit, which may be the sign of a signed enum. */
static const struct type_constant *
find_bit(const struct type *type, uint64_t bit)
{
	const struct type_constant *c = types_find_constant(type, bit);

	return c != NULL || !type->is_signed ? c
					     : types_find_constant(type, -bit);
}

char *
kind_bits_enum(char *p, uint64_t number, size_t size, const struct type *type)
{
	const struct type_constant *c = types_find_constant(type, number);
	uint64_t bits = number & UINT64_MAX >> (64 - size * 8), rest = 0;
	const char *start = p;

	if (c != NULL)
		return add_name(p, start, c->name);
	for (; bits != 0; bits &= bits - 1) {
		c = find_bit(type, bits & -bits);
		if (c != NULL)
			p = add_name(p, start, c->name);
		else
			rest |= bits & -bits;
	}
	return add_rest(p, start, rest);
}

size_t
kind_bits_enum_max(const struct type *type)
{
	size_t most = 24, one = 0;

	for (size_t i = 0; i < type->nconstants; i++) {
		uint64_t value = type->constants[i].value;
		size_t n = strlen(type->constants[i].name) + 1;

		/* At most 64 are shown at once, each for another bit. */
		if (find_bit(type, value) == &type->constants[i] &&
		    ((value & (value - 1)) == 0 ||
			(-value & (-value - 1)) == 0))
			most += n;
		if (n > one)
			one = n;
	}
	return most > one ? most : one;
}

/* Reads names with "|" between them; find() adds that of one. */
static bool
read_names(const char *text, size_t len, int64_t *bits, const void *ctx,
    bool (*find)(const void *, const char *, size_t, int64_t *))
{
	const char *end = text + len, *bar;

	*bits = 0;
	for (;; text = bar + 1) {
		bar = memchr(text, '|', (size_t)(end - text));
		if (!find(ctx, text, (size_t)((bar != NULL ? bar : end) - text),
			bits))
			return false;
		if (bar == NULL)
			return true;
	}
}

static bool
find_flag(const struct flag *v, size_t n, enum kind_arch arch, const char *name,
    size_t len, int64_t *bits)
{
	for (size_t i = 0; i < n; i++) {
		if (strlen(v[i].name) != len ||
		    strncasecmp(v[i].name, name, len) != 0)
			continue;
		*bits |= (int64_t)flag_bits(&v[i], arch);
		return true;
	}
	return false;
}

static bool
find_open_flag(const void *ctx, const char *name, size_t len, int64_t *bits)
{
	const enum kind_arch *arch = ctx;

	for (size_t i = 0; i < nitems(open_modes); i++) {
		if (strlen(open_modes[i]) != len ||
		    strncasecmp(open_modes[i], name, len) != 0)
			continue;
		*bits |= (int64_t)i;
		return true;
	}
	return find_flag(
	    open_flags, nitems(open_flags), *arch, name, len, bits);
}

bool
kind_bits_read_open(
    enum kind_arch arch, const char *text, size_t len, int64_t *flags)
{
	return read_names(text, len, flags, &arch, find_open_flag);
}

static bool
find_sock_flag(const void *ctx, const char *name, size_t len, int64_t *bits)
{
	const enum kind_arch *arch = ctx;
	int64_t type;

	if (kind_words_find(KIND_SOCK_TYPE, *arch, name, len, &type)) {
		*bits |= type;
		return true;
	}
	return find_flag(
	    sock_flags, nitems(sock_flags), *arch, name, len, bits);
}

bool
kind_bits_read_sock(const char *text, size_t len, int64_t *type)
{
	const enum kind_arch arch = KIND_ARCH_UNKNOWN;

	return read_names(text, len, type, &arch, find_sock_flag);
}

static bool
find_constant(const void *ctx, const char *name, size_t len, int64_t *bits)
{
	const struct type_constant *c =
	    types_find_constant_named(ctx, name, len);

	if (c != NULL)
		*bits |= (int64_t)c->value;
	return c != NULL;
}

bool
kind_bits_read_enum(
    const struct type *type, const char *text, size_t len, int64_t *bits)
{
	return read_names(text, len, bits, type, find_constant);
}
