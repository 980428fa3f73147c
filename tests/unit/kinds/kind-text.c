/*
 * lib/kinds/kind-text: values as text and back.
 *
 *	kind-text              the cases below
 *	kind-text KIND SIZE [signed | short | x86_64 | aarch64]...
 *	                       the text of each number on standard input, or of
 *	                       the bytes in hex, and what it is read as
 *	kind-text --manual     the table of skel-stream(5)
 *	kind-text --kinds      that of skel(7)
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/text.h"
#include "base/util.h"
#include "check.h"
#include "kinds/kind-text.h"
#include "types/member-kinds.h"

static struct clock times;
static const struct clock_offsets clocks = { .known = true,
	.boottime = UINT64_C(1795358881) * CLOCK_SECOND,
	.monotonic = UINT64_C(1795358880) * CLOCK_SECOND };
static struct kind_context context = { .times = &times, .clocks = &clocks };

/* The enum of KIND_FLAGS. */
static struct types types;

static void
make_types(void)
{
	static const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{ "NONE", 0 },
		{ "RD", 1 },
		{ "WR", 2 },
		{ "RDWR", 3 },
		{ "TOP", (uint64_t)INT32_MIN },
	};
	struct type flags = { .kind = TYPE_ENUM,
		.name = strdup("access"),
		.size = 4,
		.is_signed = true,
		.constants = calloc(nitems(all), sizeof(*flags.constants)),
		.nconstants = nitems(all) };

	for (size_t i = 0; i < nitems(all); i++) {
		flags.constants[i].name = strdup(all[i].name);
		flags.constants[i].value = all[i].value;
	}
	CHECK_NUM(types_add(&types, &flags, "test"), 0);
}

/* Writes into a buffer of exactly the size that is promised. */
static const char *
text_of(const struct kind_form *f, const struct kind_value *v)
{
	static char *text;
	char *end;

	free(text);
	text = malloc(kind_text_max(f) + TEXT_SLACK);
	end = kind_text_write(text, f, v, &context);
	CHECK((size_t)(end - text) <= kind_text_max(f));
	*end = '\0';
	return text;
}

static struct kind_form
make_form(enum kind kind, unsigned int size, bool is_signed, bool is_short)
{
	return (struct kind_form){ .kind = kind,
		.size = (uint8_t)size,
		.is_signed = is_signed,
		.is_short = is_short,
		.flags = types.v };
}

static void
check_number(
    const struct kind_form *f, uint64_t number, const char *want, int line)
{
	const struct kind_value v = { .number = number };

	check_str(text_of(f, &v), want, __FILE__, line);
}

#define U(kind, size, number, want)                                            \
	check_number(&(struct kind_form){ (kind), (size), false, false,        \
			 types.v, false },                                     \
	    (uint64_t)(number), (want), __LINE__)
#define I(kind, size, number, want)                                            \
	check_number(&(struct kind_form){ (kind), (size), true, false,         \
			 types.v, false },                                     \
	    (uint64_t)(number), (want), __LINE__)
/* A quantity that is no integer. */
static void
check_real(
    enum kind kind, bool is_short, double number, const char *want, int line)
{
	struct kind_form f = make_form(kind, 8, false, is_short);
	uint64_t bits;

	f.is_real = true;
	memcpy(&bits, &number, sizeof(bits));
	check_number(&f, bits, want, line);
}

#define REAL(kind, is_short, number, want)                                     \
	check_real((kind), (is_short), (number), (want), __LINE__)
#define SHORT(kind, number, want)                                              \
	check_number(                                                          \
	    &(struct kind_form){ (kind), 8, false, true, types.v, false },     \
	    (uint64_t)(number), (want), __LINE__)

static void
numbers_that_have_names(void)
{
	I(KIND_ERRNO, 4, -13, "-EACCES");
	I(KIND_ERRNO, 4, 13, "13"); /* a descriptor */
	I(KIND_ERRNO, 4, 0, "0");
	I(KIND_ERRNO, 4, -41, "-41");
	I(KIND_ERRNO, 4, -512, "-ERESTARTSYS");
	I(KIND_ERRNO, 8, INT64_MIN, "-9223372036854775808");
	I(KIND_ERRNO, 1, -128, "-EKEYREVOKED");
	U(KIND_ERRNO, 4, 13, "EACCES");
	U(KIND_ERRNO, 4, UINT32_MAX - 12, "-EACCES");
	U(KIND_ERRNO, 8, (uint64_t)-2, "-ENOENT");
	U(KIND_ERRNO, 2, 0, "0");
	I(KIND_SIGNAL, 4, 9, "SIGKILL");
	I(KIND_SIGNAL, 4, 0, "0");
	I(KIND_SIGNAL, 4, 33, "33");
	I(KIND_SIGNAL, 4, -1, "-1");
	I(KIND_SIGNAL, 4, 64, "SIGRTMAX");
	I(KIND_SIGNAL, 4, 65, "65");
	U(KIND_PROTO, 1, 6, "TCP");
	U(KIND_PROTO, 1, 3, "3");
	U(KIND_FAMILY, 2, 10, "AF_INET6");
	U(KIND_TCP_STATE, 1, 1, "ESTABLISHED");
	U(KIND_SOCK_TYPE, 4, 1, "SOCK_STREAM");
	U(KIND_SOCK_TYPE, 4, 02004001,
	    "SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC");
	U(KIND_SOCK_TYPE, 4, 0, "0");
	U(KIND_SOCK_TYPE, 4, 0x1f, "0x1f");
	I(KIND_SYSCALL, 8, 257, "257"); /* of what machine? */
	context.arch = KIND_ARCH_X86_64;
	I(KIND_SYSCALL, 8, 257, "openat");
	I(KIND_SYSCALL, 8, -1, "-1");
	I(KIND_SYSCALL, 8, 512, "512");
	I(KIND_SYSCALL, 8, 471, "rseq_slice_yield");
	context.arch = KIND_ARCH_AARCH64;
	I(KIND_SYSCALL, 8, 56, "openat");
	context.arch = KIND_ARCH_UNKNOWN;
	U(KIND_UID, 4, 1000, "1000");
	U(KIND_KSYM, 8, 0xffffffff81000000, "0xffffffff81000000");
	U(KIND_BOOL, 1, 2, "true");
	U(KIND_BOOL, 1, 0, "false");
}

static void
numbers_of_which_parts_have_names(void)
{
	U(KIND_FILE_MODE, 2, 0100644, "-rw-r--r--");
	U(KIND_FILE_MODE, 2, 041777, "drwxrwxrwt");
	U(KIND_FILE_MODE, 2, 0107000, "---S--S--T");
	U(KIND_FILE_MODE, 2, 0644, "rw-r--r--");
	U(KIND_FILE_MODE, 8, UINT64_MAX, "?rwsrwsrwt");
	I(KIND_OPEN_FLAGS, 4, 0, "O_RDONLY");
	I(KIND_OPEN_FLAGS, 4, 02000000, "O_RDONLY|O_CLOEXEC");
	I(KIND_OPEN_FLAGS, 4, 04010002, "O_RDWR|O_SYNC");
	I(KIND_OPEN_FLAGS, 4, 010002, "O_RDWR|O_DSYNC");
	I(KIND_OPEN_FLAGS, 4, 0200000, "O_RDONLY|O_DIRECTORY");
	I(KIND_OPEN_FLAGS, 4, 020200002, "O_RDWR|O_TMPFILE");
	I(KIND_OPEN_FLAGS, 4, INT32_MIN, "O_RDONLY|0x80000000");
	context.arch = KIND_ARCH_AARCH64;
	I(KIND_OPEN_FLAGS, 4, 040000, "O_RDONLY|O_DIRECTORY");
	context.arch = KIND_ARCH_UNKNOWN;
	U(KIND_FLAGS, 4, 3, "RDWR");
	U(KIND_FLAGS, 4, 0, "NONE");
	U(KIND_FLAGS, 4, 9, "RD|0x8");
	I(KIND_FLAGS, 4, INT32_MIN + 2, "WR|TOP");
	I(KIND_FLAGS, 4, -1, "RD|WR|TOP|0x7ffffffc");
	U(KIND_DEV, 4, 8 << 20 | 1, "8:1");
	U(KIND_DEV, 4, UINT32_MAX, "4095:1048575");
	U(KIND_HEX, 4, 31, "0x1f");
	I(KIND_HEX, 4, -1, "0xffffffff");
	U(KIND_HEX, 4, 0, "0x0");
	U(KIND_OCT, 4, 0755, "0755");
	U(KIND_OCT, 4, 0, "0");
}

static void
quantities(void)
{
	U(KIND_NS, 8, 0, "0 ns");
	U(KIND_NS, 8, 1500000, "1.5 ms");
	U(KIND_NS, 8, 1234567890, "1.23456789 s");
	U(KIND_NS, 8, UINT64_MAX, "18446744073.709551615 s");
	U(KIND_US, 4, 999, "999 us");
	U(KIND_MS, 4, 1001, "1.001 s");
	U(KIND_S, 4, 90, "90 s");
	I(KIND_NS, 8, -1500, "-1.5 us");
	I(KIND_NS, 8, INT64_MIN, "-9223372036.854775808 s");
	REAL(KIND_NS, false, 1500000.4, "1.5 ms");
	REAL(KIND_NS, true, 1234567.5, "1.23 ms");
	REAL(KIND_S, false, -1.5, "-1.5 s");
	REAL(KIND_S, true, 0.0000005, "500 ns");
	REAL(KIND_MS, false, 0.25, "250 us");
	REAL(KIND_KIB, false, 1.5, "1536 B");
	REAL(KIND_PAGES, true, 0.5, "2 KiB");
	REAL(KIND_BYTES, false, 0, "0 B");
	REAL(KIND_S, true, 1e300, "1e300");
	REAL(
	    KIND_NS, false, -1.7976931348623157e308, "-1.7976931348623157e308");
	REAL(KIND_BYTES, true, NAN, "null");
	REAL(KIND_NS, true, INFINITY, "null");
	SHORT(KIND_NS, 999, "999 ns");
	SHORT(KIND_NS, 1234567, "1.23 ms");
	SHORT(KIND_NS, 1235000, "1.24 ms");
	SHORT(KIND_NS, 9999000, "10 ms");
	SHORT(KIND_NS, 12345678, "12.3 ms");
	SHORT(KIND_NS, 999499999, "999 ms");
	SHORT(KIND_NS, 999500000, "1 s");
	SHORT(KIND_S, 86400, "86400 s");
	SHORT(KIND_S, UINT64_MAX, "18446744073709551615 s");
	U(KIND_BYTES, 8, 4096, "4 KiB");
	U(KIND_BYTES, 8, 4097, "4097 B");
	U(KIND_BYTES, 8, 0, "0 B");
	U(KIND_KIB, 8, 1536, "1536 KiB");
	U(KIND_PAGES, 8, 1024, "4 MiB");
	U(KIND_PAGES, 8, UINT64_MAX, "73786976294838206460 KiB");
	SHORT(KIND_BYTES, 1023, "1023 B");
	SHORT(KIND_BYTES, 1536, "1.5 KiB");
	SHORT(KIND_BYTES, 1048575, "1 MiB");
	SHORT(KIND_BYTES, 4097, "4 KiB");
	SHORT(KIND_PAGES, UINT64_MAX, "65536 EiB");
}

static void
check_bytes(enum kind kind, unsigned int size, const void *bytes,
    uint64_t family, const char *want, int line)
{
	const struct kind_form f = make_form(kind, size, false, false);
	const struct kind_value v = { .bytes = bytes, .family = family };

	check_str(text_of(&f, &v), want, __FILE__, line);
}

#define BYTES(kind, size, bytes, family, want)                                 \
	check_bytes((kind), (size), (bytes), (family), (want), __LINE__)

static void
addresses(void)
{
	static const char link[16] = "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
	static const char four[16] = "\x7f\0\0\1";

	BYTES(KIND_IP4, 4, "\x7f\0\0\1", 0, "127.0.0.1");
	BYTES(KIND_IP4, 4, "\xff\xff\xff\xff", 0, "255.255.255.255");
	BYTES(KIND_IP6, 16, link, 0, "fe80::1");
	BYTES(KIND_IP6, 16, four, 0, "7f00:1::");
	BYTES(KIND_IP, 16, four, 2, "127.0.0.1");
	BYTES(KIND_IP, 16, four, 4, "127.0.0.1");
	BYTES(KIND_IP, 16, four, 10, "7f00:1::");
	BYTES(KIND_IP, 16, four, 0, "127.0.0.1");
	BYTES(KIND_IP, 16, link, 0, "fe80::1");
	BYTES(KIND_IP, 4, four, 10, "127.0.0.1");
	BYTES(KIND_MAC, 6, "\x01\x02\x03\xaa\xbb\xff", 0, "01:02:03:aa:bb:ff");
	BYTES(KIND_PORT_BE, 2, "\0\x50", 0, "80");
	BYTES(KIND_BE64, 8, "\0\0\0\0\0\0\1\0", 0, "256");
}

static void
times_of_a_host(void)
{
	const struct clock_offsets *known = context.clocks;

	U(KIND_BOOTTIME, 8, 123456789, "2026-11-22T14:48:01.123456789Z");
	U(KIND_KTIME, 8, 1000000001, "2026-11-22T14:48:01.000000001Z");
	U(KIND_REALTIME, 8, 1, "1970-01-01T00:00:00.000000001Z");
	SHORT(KIND_BOOTTIME, 123456789, "14:48:01.123456");
	context.clocks = NULL;
	U(KIND_BOOTTIME, 8, 5, "5");
	U(KIND_REALTIME, 8, 1, "1970-01-01T00:00:00.000000001Z");
	context.clocks = known;
}

static void
names_that_were_told(void)
{
	struct name_store *names = name_store_new();
	char longest[NAME_STORE_TEXT_MAX + 1];

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	name_store_set(names, KIND_UID, 0, 1000, "ana");
	name_store_set(names, KIND_CGROUP, 0, 1000, longest);
	context.names = names;
	U(KIND_UID, 4, 1000, "ana");
	U(KIND_GID, 4, 1000, "1000");
	U(KIND_CGROUP, 8, 1000, longest);
	context.names = NULL;
	name_store_free(names);
}

/* Reads a text as a constant of a kind, and compares the number. */
static void
check_read(enum kind kind, unsigned int size, const char *text, bool readable,
    int64_t want, bool between, int line)
{
	const struct kind_form f = make_form(kind, size, true, false);
	struct kind_constant c;
	bool got = kind_text_read(&f, &context, text, strlen(text), &c);

	check_num(got, readable, __FILE__, line);
	if (!got || !readable)
		return;
	check_num((uint64_t)c.number, (uint64_t)want, __FILE__, line);
	check_num(c.between, between, __FILE__, line);
}

#define READ(kind, text, want)                                                 \
	check_read((kind), 8, (text), true, (want), false, __LINE__)
#define BETWEEN(kind, text, want)                                              \
	check_read((kind), 8, (text), true, (want), true, __LINE__)
#define NOT_READ(kind, text)                                                   \
	check_read((kind), 8, (text), false, 0, false, __LINE__)

static void
texts_of_numbers_are_read(void)
{
	READ(KIND_ERRNO, "ENOENT", 2);
	READ(KIND_ERRNO, "-ENOENT", -2);
	READ(KIND_ERRNO, "EWOULDBLOCK", 11);
	READ(KIND_ERRNO, "-5", -5);
	NOT_READ(KIND_ERRNO, "ENOPE");
	NOT_READ(KIND_ERRNO, "-");
	NOT_READ(KIND_ERRNO, "");
	READ(KIND_SIGNAL, "SIGKILL", 9);
	READ(KIND_SIGNAL, "kill", 9);
	READ(KIND_SIGNAL, "SIGRTMIN+1", 35);
	READ(KIND_PROTO, "TCP", 6);
	READ(KIND_PROTO, "IPPROTO_TCP", 6);
	READ(KIND_FAMILY, "AF_INET", 2);
	READ(KIND_FAMILY, "inet6", 10);
	READ(KIND_TCP_STATE, "TCP_ESTABLISHED", 1);
	READ(KIND_SOCK_TYPE, "STREAM|SOCK_CLOEXEC", 02000001);
	READ(KIND_OPEN_FLAGS, "O_CREAT", 0100);
	READ(KIND_OPEN_FLAGS, "O_RDWR|O_CREAT", 0102);
	NOT_READ(KIND_OPEN_FLAGS, "O_RDWR|");
	READ(KIND_FLAGS, "RD|WR", 3);
	NOT_READ(KIND_FLAGS, "RD|EX");
	NOT_READ(KIND_SYSCALL, "openat");
	context.arch = KIND_ARCH_X86_64;
	READ(KIND_SYSCALL, "openat", 257);
	context.arch = KIND_ARCH_UNKNOWN;
	READ(KIND_FILE_MODE, "0755", 0755);
	READ(KIND_FILE_MODE, "drwxr-sr-T", 043754);
	READ(KIND_FILE_MODE, "rw-r--r--", 0644);
	NOT_READ(KIND_FILE_MODE, "rw-r--r-q");
	NOT_READ(KIND_FILE_MODE, "xrw-r--r--");
	READ(KIND_DEV, "8:1", 8 << 20 | 1);
	NOT_READ(KIND_DEV, "4096:0");
	READ(KIND_BOOL, "true", 1);
	READ(KIND_BOOL, "false", 0);
	READ(KIND_HEX, "0x1f", 31);
	NOT_READ(KIND_HEX, "0x");
	READ(KIND_BOOTTIME, "2026-11-22T14:48:01Z", 0);
	READ(KIND_KTIME, "2026-11-22T14:48:01.5Z", 1500000000);
	READ(KIND_BOOTTIME, "2026-11-22T14:48:00Z", -1000000000);
	READ(KIND_UID, "1000", 1000);
	NOT_READ(KIND_UID, "ana");
}

static void
quantities_are_read(void)
{
	READ(KIND_NS, "5ms", 5000000);
	READ(KIND_US, "5ms", 5000);
	READ(KIND_US, "1.5 ms", 1500);
	READ(KIND_NS, "2h", INT64_C(7200000000000));
	READ(KIND_NS, "-1us", -1000);
	BETWEEN(KIND_MS, "5us", 0);
	BETWEEN(KIND_MS, "-5us", -1);
	BETWEEN(KIND_NS, "0.1ns", 0);
	READ(KIND_MS, "0.0050s", 5);
	READ(KIND_BYTES, "4MiB", 4 << 20);
	READ(KIND_BYTES, "1.5K", 1536);
	READ(KIND_BYTES, "2MB", 2000000);
	READ(KIND_KIB, "4MiB", 4096);
	READ(KIND_PAGES, "4MiB", 1024);
	BETWEEN(KIND_PAGES, "1B", 0);
	READ(KIND_PAGES, "73786976294838206460 KiB", UINT64_MAX);
	READ(KIND_NS, "12", 12);
	NOT_READ(KIND_NS, "5MiB");
	NOT_READ(KIND_NS, "ms");
	NOT_READ(KIND_NS, "5.ms");
	NOT_READ(KIND_NS, "99999999999999999999999999999s");
	NOT_READ(KIND_NS, "1.0000000000000000001s");
	NOT_READ(KIND_BYTES, "5 parsecs");
}

static void
check_address(
    enum kind kind, const char *text, bool readable, const char *want, int line)
{
	const struct kind_form f = make_form(kind, 16, false, false);
	struct kind_constant c;
	char hex[80], *p = hex;
	bool got = kind_text_read(&f, &context, text, strlen(text), &c);

	check_num(got, readable, __FILE__, line);
	if (!got)
		return;
	CHECK(c.is_bytes);
	p = text_hex(p, c.bytes, c.len);
	*p++ = '/';
	*text_hex(p, c.mask, c.len) = '\0';
	check_str(hex, want, __FILE__, line);
}

#define ADDRESS(kind, text, want)                                              \
	check_address((kind), (text), true, (want), __LINE__)
#define NO_ADDRESS(kind, text)                                                 \
	check_address((kind), (text), false, NULL, __LINE__)

static void
addresses_are_read(void)
{
	ADDRESS(KIND_IP4, "127.0.0.1", "7f000001/ffffffff");
	ADDRESS(KIND_IP4, "10.1.2.3/12", "0a000000/fff00000");
	ADDRESS(KIND_IP4, "0.0.0.0/0", "00000000/00000000");
	ADDRESS(KIND_IP6, "fe80::1/10",
	    "fe800000000000000000000000000000/"
	    "ffc00000000000000000000000000000");
	ADDRESS(KIND_IP, "10.0.0.1", "0a000001/ffffffff");
	ADDRESS(KIND_MAC, "01:2:03:aa:BB:ff", "010203aabbff/ffffffffffff");
	NO_ADDRESS(KIND_IP4, "10.0.0.1/33");
	NO_ADDRESS(KIND_IP4, "10.0.0");
	NO_ADDRESS(KIND_IP4, "::1");
	NO_ADDRESS(KIND_IP6, "1.2.3.4");
	NO_ADDRESS(KIND_IP, "1.2.3.4/");
	NO_ADDRESS(KIND_MAC, "01:02:03:aa:bb");
	NO_ADDRESS(KIND_MAC, "01:02:03:aa:bb:123");
}

/* A value of each kind, for the manual. */
static const struct {
	enum kind kind;
	uint8_t size;
	bool is_signed;
	uint64_t number;
	const char *bytes, *shown; /* of kinds of bytes */
} examples[] = {
	{ KIND_IP4, 4, false, 0, "\x7f\0\0\1", "16777343" },
	{ KIND_IP6, 16, false, 0, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
	    "16 bytes" },
	{ KIND_IP, 16, false, 0, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0",
	    "4 or 16 bytes" },
	{ KIND_MAC, 6, false, 0, "\2\0\0\1\2\3", "6 bytes" },
	{ KIND_PORT_BE, 2, false, 0, "\0\x50", "20480" },
	{ KIND_BE16, 2, false, 0, "\0\1", "256" },
	{ KIND_BE32, 4, false, 0, "\0\0\0\1", "16777216" },
	{ KIND_BE64, 8, false, 0, "\0\0\0\0\0\0\0\1", "72057594037927936" },
	{ KIND_ERRNO, 4, true, (uint64_t)-13, NULL, NULL },
	{ KIND_SIGNAL, 4, true, 9, NULL, NULL },
	{ KIND_SYSCALL, 4, true, 257, NULL, NULL },
	{ KIND_PROTO, 1, false, 6, NULL, NULL },
	{ KIND_FAMILY, 2, false, 10, NULL, NULL },
	{ KIND_TCP_STATE, 4, true, 1, NULL, NULL },
	{ KIND_SOCK_TYPE, 4, true, 02000001, NULL, NULL },
	{ KIND_FILE_MODE, 2, false, 0100644, NULL, NULL },
	{ KIND_OPEN_FLAGS, 4, true, 02000000, NULL, NULL },
	{ KIND_FLAGS, 4, false, 9, NULL, NULL },
	{ KIND_DEV, 4, false, 8 << 20 | 1, NULL, NULL },
	{ KIND_UID, 4, false, 1000, NULL, NULL },
	{ KIND_GID, 4, false, 50, NULL, NULL },
	{ KIND_IFINDEX, 4, false, 2, NULL, NULL },
	{ KIND_CGROUP, 8, false, 2311, NULL, NULL },
	{ KIND_CONTAINER, 8, false, 2311, NULL, NULL },
	{ KIND_PID_NS, 4, false, 4026531836, NULL, NULL },
	{ KIND_KSYM, 8, false, 0xffffffff81000010, NULL, NULL },
	{ KIND_USYM, 8, false, 0x401136, NULL, NULL },
	{ KIND_KTIME, 8, false, 1000000001, NULL, NULL },
	{ KIND_BOOTTIME, 8, false, 1, NULL, NULL },
	{ KIND_REALTIME, 8, false, 1795358881000000001, NULL, NULL },
	{ KIND_NS, 8, false, 1234567, NULL, NULL },
	{ KIND_US, 8, false, 1500, NULL, NULL },
	{ KIND_MS, 4, false, 250, NULL, NULL },
	{ KIND_S, 4, false, 3600, NULL, NULL },
	{ KIND_BYTES, 8, false, 1500, NULL, NULL },
	{ KIND_KIB, 8, false, 4096, NULL, NULL },
	{ KIND_PAGES, 8, false, 1024, NULL, NULL },
	{ KIND_HEX, 4, false, 48879, NULL, NULL },
	{ KIND_OCT, 4, false, 493, NULL, NULL },
	{ KIND_TEXT, 0, false, 0, NULL, NULL },
	{ KIND_UTF8, 0, false, 0, NULL, NULL },
	{ KIND_BOOL, 1, false, 1, NULL, NULL },
};

_Static_assert(nitems(examples) == KIND_COUNT - 1, "an example of each kind");

/* What a filter can compare a member of each kind with. */
static const char *const constants[KIND_COUNT] = {
	[KIND_IP4] = "10.0.0.0/8",
	[KIND_IP6] = "fe80::/10",
	[KIND_IP] = "10.0.0.1",
	[KIND_MAC] = "02:00:00:01:02:03",
	[KIND_PORT_BE] = "443",
	[KIND_BE16] = "1",
	[KIND_BE32] = "1",
	[KIND_BE64] = "1",
	[KIND_ERRNO] = "EACCES",
	[KIND_SIGNAL] = "KILL",
	[KIND_SYSCALL] = "openat",
	[KIND_PROTO] = "TCP",
	[KIND_FAMILY] = "AF_INET6",
	[KIND_TCP_STATE] = "ESTABLISHED",
	[KIND_SOCK_TYPE] = "SOCK_STREAM",
	[KIND_FILE_MODE] = "-rw-r--r--",
	[KIND_OPEN_FLAGS] = "O_RDWR|O_CREAT",
	[KIND_FLAGS] = "RD|WR",
	[KIND_DEV] = "8:1",
	[KIND_UID] = "\"ana\"",
	[KIND_GID] = "\"staff\"",
	[KIND_IFINDEX] = "\"eth0\"",
	[KIND_CGROUP] = "2311",
	[KIND_CONTAINER] = "\"web\"",
	[KIND_PID_NS] = "\"host\"",
	[KIND_KSYM] = "\"do_syscall_64\"",
	[KIND_USYM] = "\"main\"",
	[KIND_KTIME] = "2026-11-22T14:48:01Z",
	[KIND_BOOTTIME] = "2026-11-22T14:48:01Z",
	[KIND_REALTIME] = "2026-11-22T14:48:01Z",
	[KIND_NS] = "5ms",
	[KIND_US] = "1.5ms",
	[KIND_MS] = "2s",
	[KIND_S] = "1h",
	[KIND_BYTES] = "4MiB",
	[KIND_KIB] = "4MiB",
	[KIND_PAGES] = "1GiB",
	[KIND_HEX] = "0xbeef",
	[KIND_OCT] = "0755",
	[KIND_TEXT] = "\"bash\"",
	[KIND_UTF8] = "\"bash\"",
	[KIND_BOOL] = "true",
};

static struct name_store *
make_names(void)
{
	struct name_store *names = name_store_new();

	name_store_set(names, KIND_UID, 0, 1000, "ana");
	name_store_set(names, KIND_GID, 0, 50, "staff");
	name_store_set(names, KIND_IFINDEX, 0, 2, "eth0");
	name_store_set(
	    names, KIND_CGROUP, 0, 2311, "/system.slice/ssh.service");
	name_store_set(names, KIND_CONTAINER, 0, 2311, "web");
	name_store_set(names, KIND_PID_NS, 0, 4026531836, "host");
	name_store_set(
	    names, KIND_KSYM, 0, 0xffffffff81000010, "do_syscall_64");
	name_store_set(names, KIND_USYM, 0, 0x401136, "main");
	return names;
}

static void
print_manual(void)
{
	struct name_store *names = make_names();

	context.names = names;
	context.arch = KIND_ARCH_X86_64;
	for (size_t i = 0; i < nitems(examples); i++) {
		const struct kind_value v = { .number = examples[i].number,
			.bytes = (const unsigned char *)examples[i].bytes };
		struct kind_form f = make_form(examples[i].kind,
		    examples[i].size, examples[i].is_signed, false);

		CHECK_NUM(examples[i].kind, i + 1);
		printf(".It Li %s Ta ", kind_name(f.kind));
		if (f.size == 0) {
			printf("bytes up to a 0 Ta bash\n");
			continue;
		}
		if (examples[i].shown != NULL)
			printf("%s", examples[i].shown);
		else if (f.is_signed)
			printf("%" PRId64, (int64_t)v.number);
		else
			printf("%" PRIu64, v.number);
		printf(" Ta %s\n", text_of(&f, &v));
	}
	name_store_free(names);
}

/* Whether a member can be of the kind: an integer of that many bytes, or an
 * array of them. */
static bool
can_be(enum kind kind, unsigned int size, bool is_array)
{
	struct types t = { 0 };
	struct type one = { .kind = TYPE_INT,
		.name = strdup("one"),
		.size = 1 },
		    array = { .kind = TYPE_ARRAY,
			    .name = strdup(""),
			    .size = size,
			    .count = size },
		    number = { .kind = TYPE_INT,
			    .name = strdup("n"),
			    .size = size },
		    record = { .kind = TYPE_STRUCT,
			    .name = strdup("r"),
			    .size = size + 1,
			    .members = calloc(2, sizeof(*record.members)),
			    .nmembers = 2 };
	struct type_member *m = record.members;
	uint32_t byte = types_add(&t, &one, "test");
	struct report_held held;
	char text[64];
	bool ret;

	array.of = byte;
	m[0].name = strdup("m");
	m[0].type = types_add(&t, is_array ? &array : &number, "test");
	m[1] = (struct type_member){
		.name = strdup("af"), .type = byte, .offset = size
	};
	if (is_array)
		free(number.name);
	else
		free(array.name);
	snprintf(text, sizeof(text), "%s%s", kind_name(kind),
	    kind == KIND_IP ? "(family=af)" : "");
	CHECK_NUM(kind_parse(&m[0].as, text, "test"), 0);
	CHECK(types_add(&t, &record, "test") != TYPE_NONE);
	report_hold(&held);
	ret = member_kinds_set(&t, "test") == 0;
	report_release_held(&held, "");
	types_free(&t);
	return ret;
}

/* Prints what a member of a kind can be. */
static void
print_member(enum kind kind)
{
	static const unsigned char sizes[] = { 1, 2, 4, 6, 8, 16 };
	const char *before = "";

	if (kind == KIND_FLAGS || can_be(kind, 1, false)) {
		printf("integer");
		return;
	}
	if (can_be(kind, 5, true)) {
		printf("bytes");
		return;
	}
	for (size_t i = 0; i < nitems(sizes); i++)
		if (can_be(kind, sizes[i], true)) {
			printf("%s%d", before, sizes[i]);
			before = " or ";
		}
	printf(" bytes");
}

/* What a member of each kind can be, what a table shows, and what a filter
 * takes. */
static void
print_kinds(void)
{
	struct name_store *names = make_names();

	context.names = names;
	context.arch = KIND_ARCH_X86_64;
	for (size_t i = 0; i < nitems(examples); i++) {
		const struct kind_value v = { .number = examples[i].number,
			.bytes = (const unsigned char *)examples[i].bytes };
		struct kind_form f = make_form(examples[i].kind,
		    examples[i].size, examples[i].is_signed, true);
		const char *read = constants[f.kind];
		struct kind_constant c;

		printf(".It Li %s Ta ", kind_name(f.kind));
		print_member(f.kind);
		printf(" Ta %s Ta ", f.size == 0 ? "bash" : text_of(&f, &v));
		if (*read == '"') {
			/* A name that is told, or text, as it is shown. */
			printf("\\(dq%.*s\\(dq\n", (int)strlen(read) - 2,
			    read + 1);
			CHECK(f.size == 0 || strncmp(text_of(&f, &v), read + 1,
						 strlen(read) - 2) == 0);
			continue;
		}
		printf("%s\n", read);
		CHECK(kind_text_read(&f, &context, read, strlen(read), &c));
	}
	name_store_free(names);
}

/* Prints the text of a value, and what it is read as. */
static void
print_value(const struct kind_form *f, const struct kind_value *v)
{
	const char *text = text_of(f, v);
	struct kind_constant c;
	char back[40];

	printf("%s", text);
	if (!kind_text_read(f, &context, text, strlen(text), &c))
		printf("\t-\n");
	else if (c.is_bytes)
		printf("\t%s\n",
		    memcmp(c.bytes, v->bytes, c.len) == 0 ? "same" : "other");
	else {
		*text_i128(back, c.number) = '\0';
		printf("\t%s\n", back);
	}
}

static int
print_values(char **argv)
{
	struct kind_form f = { .flags = types.v };
	char line[80];

	while (f.kind < KIND_COUNT && strcmp(kind_name(f.kind), argv[0]) != 0)
		f.kind++;
	if (f.kind == KIND_COUNT)
		return 2;
	f.size = (uint8_t)atoi(argv[1]);
	for (argv += 2; *argv != NULL; argv++) {
		f.is_signed |= strcmp(*argv, "signed") == 0;
		f.is_short |= strcmp(*argv, "short") == 0;
		if (kind_arch_find(*argv) != KIND_ARCH_UNKNOWN)
			context.arch = kind_arch_find(*argv);
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		unsigned char bytes[16] = { 0 };
		struct kind_value v = { .bytes = bytes };

		if (!kind_has_bytes(f.kind))
			v.number = f.is_signed
				       ? (uint64_t)strtoll(line, NULL, 0)
				       : strtoull(line, NULL, 0);
		for (size_t i = 0; kind_has_bytes(f.kind) && i < f.size; i++)
			bytes[i] =
			    (unsigned char)(text_hex_value(line[2 * i]) << 4 |
					    text_hex_value(line[2 * i + 1]));
		print_value(&f, &v);
	}
	return check_done();
}

int
main(int argc, char **argv)
{
	int status;

	setenv("TZ", "UTC", 1);
	make_types();
	if (argc == 2 && strcmp(argv[1], "--manual") == 0) {
		print_manual();
		types_free(&types);
		return check_done();
	}
	if (argc == 2 && strcmp(argv[1], "--kinds") == 0) {
		print_kinds();
		types_free(&types);
		return check_done();
	}
	if (argc > 2) {
		status = print_values(argv + 1);
		types_free(&types);
		return status;
	}
	numbers_that_have_names();
	numbers_of_which_parts_have_names();
	quantities();
	addresses();
	times_of_a_host();
	names_that_were_told();
	texts_of_numbers_are_read();
	quantities_are_read();
	addresses_are_read();
	types_free(&types);
	return check_done();
}
