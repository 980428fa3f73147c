/*
 * The text of a value by its kind: 16777343 is 127.0.0.1 as ip4, and -13 is
 * -EACCES as errno; and the way back, for filters.
 *
 * A form says once what is shown; a value is what differs with each record.
 * Nothing here allocates, and nothing is looked up on this machine: what only
 * the host of the records knows is in the context, or its number is shown.
 */
#ifndef SKEL_KINDS_KIND_TEXT_H
#define SKEL_KINDS_KIND_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/time-style.h"
#include "kinds/kind-words.h"
#include "kinds/name-store.h"
#include "types/types.h"

/* What a stream says of its host.  A zeroed one says nothing. */
struct kind_context {
	const struct name_store *names;     /* borrowed, or NULL */
	const struct clock_offsets *clocks; /* borrowed, or NULL */
	/* Borrowed: what keeps texts of times, and how they are written if a
	 * user said so.  Without either, times are numbers. */
	struct clock *times;
	struct time_style *time;
	enum kind_arch arch;
};

struct kind_form {
	enum kind kind;
	uint8_t size; /* bytes of the value; of KIND_TEXT and KIND_UTF8 0 */
	bool is_signed;
	/* For people: three digits, "1.2 MiB", and the local time of day.
	 * Otherwise no digit is lost. */
	bool is_short;
	const struct type *flags; /* borrowed: the enum of KIND_FLAGS */
	bool is_real; /* of a quantity: its number is the bits of a double */
};

struct kind_value {
	uint64_t number;            /* extended by its sign */
	const unsigned char *bytes; /* of kinds for which kind_has_bytes() */
	uint64_t family;            /* of KIND_IP; 0 if it is not known */
	uint64_t pid;               /* of KIND_USYM; or 0 */
	uint64_t record_ns;         /* the time of the record */
};

/* Whether the value is taken as bytes in memory and not as a number: those of
 * addresses and of what is in network order. */
bool kind_has_bytes(enum kind kind);

/* Whether the text may hold any characters, and must be escaped. */
bool kind_is_unsafe(enum kind kind);

/* Whether a number of this kind is one that is read from the left, as text is;
 * others, as a duration, are read from the right. */
bool kind_is_left(enum kind kind);

/* The most bytes that kind_text_write() writes, without TEXT_SLACK. */
size_t kind_text_max(const struct kind_form *f);

/* Whether the text of a number is more than the number because of a name that
 * the stream told; true for kinds without such names. */
bool kind_text_is_known(const struct kind_form *f, const struct kind_value *v,
    const struct kind_context *c);

/* The usual width in a table, in columns. */
unsigned int kind_text_width(const struct kind_form *f);

/*
 * Write the text of a value at p, where there is room for kind_text_max() and
 * TEXT_SLACK bytes.  Returns its end.  KIND_TEXT and KIND_UTF8 are not for this
 * function: they are text as they are (base/text.h).
 */
char *kind_text_write(char *p, const struct kind_form *f,
    const struct kind_value *v, const struct kind_context *c);

/* An address of 4, 6 or 16 bytes as text: 127.0.0.1, 01:02:03:04:05:06, and as
 * RFC 5952 has it, fe80::1. */
static inline char *kind_text_ip4(char *p, const unsigned char *bytes);
char *kind_text_mac(char *p, const unsigned char *bytes);
char *kind_text_ip6(char *p, const unsigned char *bytes);

/* The text of each byte, of which the last of four is how long it is. */
extern const char kind_text_octets[256][4];

static inline char *
kind_text_octet(char *p, unsigned char octet)
{
	memcpy(p, kind_text_octets[octet], 4);
	return p + kind_text_octets[octet][3];
}

static inline char *
kind_text_ip4(char *p, const unsigned char *bytes)
{
	p = kind_text_octet(p, bytes[0]);
	*p++ = '.';
	p = kind_text_octet(p, bytes[1]);
	*p++ = '.';
	p = kind_text_octet(p, bytes[2]);
	*p++ = '.';
	return kind_text_octet(p, bytes[3]);
}

/* Which version of IP a value of KIND_IP has: 4 or 6. */
int kind_text_ip_version(const struct kind_form *f, const struct kind_value *v);

/*
 * The number that the text of a value shows, or stands for: of kinds in network
 * order the one that they mean, of the others the value.
 */
__int128 kind_number(const struct kind_form *f, const struct kind_value *v);

/* What a text stands for. */
struct kind_constant {
	bool is_bytes;
	/* Numbers: as kind_number() returns them.  between: what is meant is
	 * more than number and less than number + 1, as 5us of a member in
	 * ms. */
	bool between;
	__int128 number;
	/* Addresses: a value equals it if its len bytes, masked, are bytes. */
	unsigned char bytes[16], mask[16];
	size_t len;
};

/*
 * Read a text of len bytes as a constant of a kind: "ENOENT" (2) and "-ENOENT",
 * "KILL", "AF_INET", "TCP", "ESTABLISHED", "openat", "O_CREAT|O_EXCL",
 * "RD|WR" of KIND_FLAGS, "-rw-r--r--", "0755", "8:1", "5ms", "4MiB", "true",
 * "2026-11-28T10:00:00Z", "10.0.0.0/8", "fe80::/10", "01:02:03:04:05:06",
 * "0x1f" and plain numbers.  Returns whether it is one.
 */
bool kind_text_read(const struct kind_form *f, const struct kind_context *c,
    const char *text, size_t len, struct kind_constant *out);

#endif
