/* text, utf8 and clock: values as text. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "layout/hist.h"

static int failures;

static void
same(int line, const char *got, size_t len, const char *want)
{
	if (len == strlen(want) && (len == 0 || memcmp(got, want, len) == 0))
		return;
	fprintf(stderr, "%s:%d: got '%.*s', want '%s'\n", __FILE__, line,
	    (int)len, got, want);
	failures++;
}

/* Checks what a call writes into buf. */
#define IS(call, want)                                                         \
	do {                                                                   \
		char buf[1024];                                                \
		char *end = (call);                                            \
		same(__LINE__, buf, (size_t)(end - buf), (want));              \
	} while (0)

#define BYTES(s) (const unsigned char *)(s), sizeof(s) - 1

static void
integers(void)
{
	unsigned __int128 ones = ~(unsigned __int128)0;

	IS(text_u64(buf, 0), "0");
	IS(text_u64(buf, UINT64_MAX), "18446744073709551615");
	IS(text_i64(buf, INT64_MIN), "-9223372036854775808");
	IS(text_i64(buf, -1), "-1");
	IS(text_u128(buf, ones), "340282366920938463463374607431768211455");
	IS(text_i128(buf, (__int128)(ones >> 1)),
	    "170141183460469231731687303715884105727");
	IS(text_i128(buf, (__int128)(ones / 2 + 1)),
	    "-170141183460469231731687303715884105728");
	IS(text_u128(buf, (unsigned __int128)10000000000000000000u * 10),
	    "100000000000000000000");
	IS(text_digits(buf, 7, 9), "000000007");
	IS(text_digits(buf, 42, 2), "42");
	IS(text_nanoseconds(buf, 0), "000000000");
	IS(text_nanoseconds(buf, 100000000), "100000000");
	IS(text_nanoseconds(buf, 99999999), "099999999");
	IS(text_nanoseconds(buf, 987654321), "987654321");
	IS(text_hex(buf, BYTES("\x00\xab\xff")), "00abff");
}

/* The smallest and largest number of each number of digits. */
static void
integer_widths(void)
{
	char want[32];

	for (uint64_t v = 1; v < UINT64_C(10000000000000000000); v *= 10) {
		snprintf(want, sizeof(want), "%" PRIu64, v);
		IS(text_u64(buf, v), want);
		snprintf(want, sizeof(want), "%" PRIu64, v - 1);
		IS(text_u64(buf, v - 1), want);
		snprintf(want, sizeof(want), "%" PRIu64, v * 9 + 9);
		IS(text_u64(buf, v * 9 + 9), want);
	}
}

static void
floats(void)
{
	IS(text_double(buf, 1), "1.0");
	IS(text_double(buf, 4.56), "4.56");
	IS(text_double(buf, -0.0), "-0.0");
	IS(text_double(buf, 0.1 + 0.2), "0.30000000000000004");
	IS(text_double(buf, 1e15), "1000000000000000.0");
	IS(text_double(buf, 1e16), "1e16");
	IS(text_double(buf, 1.5e300), "1.5e300");
	IS(text_double(buf, 1e-5), "0.00001");
	IS(text_double(buf, 1e-7), "1e-7");
	IS(text_double(buf, 5e-324), "5e-324");
	IS(text_double(buf, DBL_MAX), "1.7976931348623157e308");
	IS(text_double(buf, DBL_MIN), "2.2250738585072014e-308");
	IS(text_double(buf, 1234567.125), "1234567.125");
	IS(text_double(buf, NAN), "null");
	IS(text_double(buf, -INFINITY), "null");
	IS(text_float(buf, 1.23f), "1.23");
	IS(text_float(buf, 16777216.0f), "16777216.0");
	IS(text_float(buf, FLT_MAX), "3.4028235e38");
	IS(text_float(buf, 1e-45f), "1e-45");
	IS(text_float(buf, 1e-6f), "0.000001");
	IS(text_float(buf, 0.1f), "0.1");
	IS(text_float(buf, -33554432.0f), "-33554432.0");
}

/* A number that is written and read again is the same. */
/* The significant digits of text, without zeros at either end, as a number, and
 * how many they are. */
static int
digits_of(const char *text, uint64_t *number)
{
	int n = 0, zeros = 0;

	*number = 0;
	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9')
			continue;
		if (*text == '0') {
			zeros += n > 0;
			continue;
		}
		for (; zeros > 0; zeros--, n++)
			*number *= 10;
		*number = *number * 10 + (uint64_t)(*text - '0');
		n++;
	}
	return n;
}

/* text reads back as v, and no number of one digit less does. */
static void
is_shortest(const char *text, double v, bool is_float)
{
	char near[64], other[96];
	uint64_t number;
	int n = digits_of(text, &number);
	char *e;

	if (is_float ? strtof(text, NULL) != (float)v : strtod(text, NULL) != v)
		same(__LINE__, text, strlen(text), "the same number");
	if (n <= 1)
		return;
	/* The nearest of n - 1 digits, and those beside it. */
	snprintf(near, sizeof(near), "%.*e", n - 2, fabs(v));
	e = strchr(near, 'e');
	number = 0;
	for (const char *p = near; p < e; p++)
		if (*p != '.')
			number = number * 10 + (uint64_t)(*p - '0');
	for (int i = -1; i <= 1; i++) {
		snprintf(other, sizeof(other), "%" PRIu64 "e%d",
		    number + (uint64_t)i, atoi(e + 1) - (n - 2));
		if (is_float ? strtof(other, NULL) == fabsf((float)v)
			     : strtod(other, NULL) == fabs(v))
			same(__LINE__, text, strlen(text), other);
	}
}

static void
shortest(double d, float f)
{
	char text[64];

	*text_double(text, d) = '\0';
	if (isfinite(d))
		is_shortest(text, d, false);
	*text_float(text, f) = '\0';
	if (isfinite(f)) {
		is_shortest(text, (double)f, true);
		*text_double(text, (double)f) = '\0';
		is_shortest(text, (double)f, false);
	}
}

/* Powers of two, and numbers below the normal range. */
static void
floats_of_any_size_are_shortest(void)
{
	IS(text_double(buf, 0x1p-140), "7.174648137343064e-43");
	IS(text_double(buf, (double)0x1p-140f), "7.174648137343064e-43");
	IS(text_float(buf, 0x1p-140f), "7.17e-43");
	IS(text_double(buf, 0x1p-1074), "5e-324");
	IS(text_double(buf, 0x1p-1022), "2.2250738585072014e-308");
	IS(text_double(buf, 0x1p-1023), "1.1125369292536007e-308");
	IS(text_double(buf, 0x1p-44), "5.684341886080802e-14");
	for (double d = 0x1p-1074; isfinite(d); d *= 2)
		shortest(d, (float)d);
	for (uint32_t i = 1; i < 3000; i++) {
		uint64_t bits = i;
		double d;
		float f;

		memcpy(&d, &bits, sizeof(d));
		memcpy(&f, &i, sizeof(f));
		shortest(d, f);
		bits = UINT64_C(0x10000000000000) - i;
		memcpy(&d, &bits, sizeof(d));
		bits = 0x800000 - i;
		memcpy(&f, &bits, sizeof(f));
		shortest(d, f);
	}
}

static void
floats_return(void)
{
	uint64_t bits = 88172645463325252u;

	for (int i = 0; i < 20000; i++) {
		uint32_t half;
		double d;
		float f;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		half = (uint32_t)bits;
		memcpy(&d, &bits, sizeof(d));
		memcpy(&f, &half, sizeof(f));
		shortest(d, f);
	}
}

static void
text(void)
{
	IS(text_json(buf, BYTES("bash\0tail")), "bash");
	IS(text_json(buf, BYTES("0123456789abcdef0123456789abcde")),
	    "0123456789abcdef0123456789abcde");
	IS(text_json(buf, BYTES("0123456789\"abcdef\\")),
	    "0123456789\\\"abcdef\\\\");
	IS(text_json(buf, BYTES("\b\t\n\v\f\r\x01\x1f\x7f/")),
	    "\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f/");
	IS(text_json(buf, BYTES("gr\xc3\xbc\xc3\x9f")), "gr\xc3\xbc\xc3\x9f");
	IS(text_json(buf, BYTES("a\xff\xc3")), "a\xef\xbf\xbd\xef\xbf\xbd");
	IS(text_csv(buf, BYTES("plain text")), "plain text");
	IS(text_csv(buf, BYTES("a,b")), "\"a,b\"");
	IS(text_csv(buf, BYTES("a\rb")), "\"a\rb\"");
	IS(text_csv(buf, BYTES("a\nb")), "\"a\nb\"");
	IS(text_csv(buf, BYTES("a,b")), "\"a,b\"");
	IS(text_csv(buf, BYTES("say \"x\"\r\n")), "\"say \"\"x\"\"\r\n\"");
	IS(text_csv(buf, BYTES("a\0,")), "a");
	IS(text_csv(buf, BYTES("\xff")), "\xef\xbf\xbd");
	IS(text_tsv(buf, BYTES("a\tb\nc\rd\\e,\"")), "a\\tb\\nc\\rd\\\\e,\"");
	IS(text_vis(buf, BYTES("a\033[2J\n\x7f")), "a\\^[[2J\\n\\^?");
	IS(text_vis(buf, BYTES("\xff\x80\xc3\xa9")), "\\M^?\\M^@\xc3\xa9");
	IS(text_vis(buf, BYTES("\xc2\x9b")), "\\M-B\\M^[");
	IS(text_vis(buf, BYTES("\xe2\x80\xae")), "\\M-b\\M^@\\M-.");
}

static void
sequence(int line, const char *s, size_t n, size_t want, uint32_t point)
{
	uint32_t c = 0;
	size_t got = utf8_length((const unsigned char *)s, n, &c);

	if (got == want && (want == 0 || c == point))
		return;
	fprintf(stderr, "%s:%d: length %zu of U+%04X, want %zu of U+%04X\n",
	    __FILE__, line, got, c, want, point);
	failures++;
}

typedef char *emit_text(char *p, const unsigned char *s, size_t n);

/* Checks text of which one byte is special, in memory that ends with the text.
 */
static char *
one_odd(char *p, emit_text *emit, size_t len, size_t at, unsigned char odd)
{
	unsigned char *s = malloc(len);

	for (size_t i = 0; i < len; i++)
		s[i] = (unsigned char)('a' + i % 26);
	s[at] = odd;
	p = emit(p, s, len);
	free(s);
	return p;
}

/* A byte is written as it would be alone, wherever it is, and the letters
 * around it do not change, except that fields of CSV may be quoted. */
static void
odd_bytes(void)
{
	static emit_text *const emits[] = { text_json, text_csv, text_tsv,
		text_vis };
	static const size_t lens[] = { 1, 15, 16, 17, 33 };

	for (size_t i = 0; i < nitems(emits) * nitems(lens) * 256; i++) {
		emit_text *emit = emits[i / 256 / nitems(lens)];
		size_t len = lens[i / 256 % nitems(lens)];
		unsigned char c = (unsigned char)i;

		for (size_t at = 0; at < len; at++) {
			char want[256], alone[64], *p = want;
			size_t n =
			    (size_t)(one_odd(alone, emit, 1, 0, c) - alone);
			bool quoted =
			    emit == text_csv && n > 1 && alone[0] == '"';

			if (quoted)
				*p++ = '"';
			for (size_t k = 0; k < at; k++)
				*p++ = (char)('a' + k % 26);
			memcpy(p, alone + quoted, n - 2 * quoted);
			p += n - 2 * quoted;
			for (size_t k = at + 1; k < len && c != 0; k++)
				*p++ = (char)('a' + k % 26);
			if (quoted)
				*p++ = '"';
			*p = '\0';
			IS(one_odd(buf, emit, len, at, c), want);
		}
	}
}

static void
utf8(void)
{
	sequence(__LINE__, "\x7f", 1, 1, 0x7f);
	sequence(__LINE__, "\xc2\x80", 2, 2, 0x80);
	sequence(__LINE__, "\xef\xbf\xbd", 3, 3, 0xfffd);
	sequence(__LINE__, "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff);
	sequence(__LINE__, "\xc3", 1, 0, 0);             /* cut */
	sequence(__LINE__, "\xc1\xbf", 2, 0, 0);         /* overlong */
	sequence(__LINE__, "\xe0\x9f\xbf", 3, 0, 0);     /* overlong */
	sequence(__LINE__, "\xf0\x8f\xbf\xbf", 4, 0, 0); /* overlong */
	sequence(__LINE__, "\xed\xa0\x80", 3, 0, 0);     /* surrogate */
	sequence(__LINE__, "\xf4\x90\x80\x80", 4, 0, 0); /* too large */
	sequence(__LINE__, "\x80", 1, 0, 0);
}

static void
number_is(int line, size_t got, size_t want)
{
	if (got == want)
		return;
	fprintf(
	    stderr, "%s:%d: got %zu, want %zu\n", __FILE__, line, got, want);
	failures++;
}

static void
columns(void)
{
	static const char long_text[] = "twenty bytes and then\xc3\xa9";
	const char *wide = "a\xe4\xb8\xad\xe6\x96\x87"; /* a, two wide ones */

	number_is(__LINE__, utf8_columns("abc", 3), 3);
	number_is(__LINE__, utf8_columns(wide, 7), 5);
	number_is(__LINE__, utf8_columns("e\xcc\x81", 3), 1);
	/* Whether all is ASCII is found in words of 8 and 4 bytes. */
	for (size_t n = 0; n < sizeof(long_text) - 2; n++)
		number_is(__LINE__,
		    utf8_columns(long_text + n, sizeof(long_text) - 1 - n),
		    sizeof(long_text) - 2 - n);
	number_is(__LINE__, utf8_fitting(wide, 7, 4), 4);
	number_is(__LINE__, utf8_fitting(wide, 7, 2), 1);
	number_is(__LINE__, utf8_fitting(wide, 7, 9), 7);
}

static void
times(void)
{
	const uint64_t t = UINT64_C(1795358881000000001);
	struct clock c = { 0 };
	uint64_t back = 0;

	IS(clock_utc(&c, buf, t), "2026-11-22T14:48:01.000000001Z");
	IS(clock_utc(&c, buf, t), "2026-11-22T14:48:01.000000001Z");
	IS(clock_utc(&c, buf, t + 5), "2026-11-22T14:48:01.000000006Z");
	c = (struct clock){ 0 };
	IS(clock_utc(&c, buf, 0), "1970-01-01T00:00:00.000000000Z");
	IS(clock_utc(&c, buf, t + 1000000000),
	    "2026-11-22T14:48:02.000000001Z");
	IS(clock_utc(&c, buf, 0), "1970-01-01T00:00:00.000000000Z");
	IS(clock_utc(&c, buf, UINT64_MAX), "2554-07-21T23:34:33.709551615Z");
	IS(clock_local(&c, buf, t), "15:48:01");
	IS(clock_local(&c, buf, t + 60000000000), "15:49:01");
	number_is(__LINE__,
	    (size_t)clock_parse("2026-11-22T14:48:01.000000001Z", 30, &back),
	    0);
	number_is(__LINE__, back, t);
	number_is(__LINE__,
	    (size_t)clock_parse("2026-11-22T14:48:01Z", 20, &back), 0);
	number_is(__LINE__, back, t - 1);
	number_is(__LINE__,
	    (size_t)clock_parse("2026-11-22T14:48:01", 19, &back), (size_t)-1);
	number_is(__LINE__,
	    (size_t)clock_parse("2026-11-22 14:48:01Z", 20, &back), (size_t)-1);
}

static void
hist_is(int line, const struct hist *h, const char *want, const char *summary)
{
	struct buf out = { 0 };

	hist_write(h, &out);
	same(line, out.data, out.len, want);
	out.len = 0;
	hist_summary(h, &out);
	same(line, out.data, out.len, summary);
	buf_free(&out);
}

static void
histograms(void)
{
	static const uint64_t slots[8] = { 1000, 0, 500, 1024 };
	static const uint64_t zero[4];
	static uint64_t high[64];
	struct hist h = { .unit = "(unit)", .slots = slots, .n = 8 };

	hist_is(__LINE__, &h,
	    "     (unit)              : count    distribution\n"
	    "         0 -> 1          : 1000     "
	    "|*************************************** |\n"
	    "         2 -> 3          : 0        "
	    "|                                        |\n"
	    "         4 -> 7          : 500      "
	    "|*******************                     |\n"
	    "         8 -> 15         : 1024     "
	    "|****************************************|\n",
	    "count 2524  p50 <= 7  p90 <= 15  p99 <= 15\n");
	h.scale.linear = true;
	h.unit = "\033[2J";
	h.n = 1;
	hist_is(__LINE__, &h,
	    "     \\^[[2J              : count    distribution\n"
	    "         0               : 1000     "
	    "|****************************************|\n",
	    "count 1000  p50 <= 0  p90 <= 0  p99 <= 0\n");
	hist_is(__LINE__, &(struct hist){ .unit = "", .slots = zero, .n = 4 },
	    "", "count 0\n");
	/* Counts whose product exceeds 32 bits, and the widest slot. */
	high[63] = UINT64_MAX;
	h = (struct hist){ .unit = "ns", .slots = high, .n = 64 };
	struct buf out = { 0 };
	hist_write(&h, &out);
	const char *last = " 9223372036854775808 -> 18446744073709551615 : "
			   "18446744073709551615 |********************|\n";
	same(__LINE__, out.data + out.len - strlen(last), strlen(last), last);
	buf_free(&out);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TZ", "UTC-1", 1);
	tzset();
	integers();
	integer_widths();
	floats();
	floats_return();
	floats_of_any_size_are_shortest();
	text();
	odd_bytes();
	utf8();
	columns();
	times();
	histograms();
	return failures != 0;
}
