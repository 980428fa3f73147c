#include <string.h>
#include <time.h>

#include "base/report.h"
#include "base/time-style.h"
#include "base/utf8.h"
#include "base/util.h"

/* A Wednesday in September, which has the longest English names. */
#define WIDE_TIME (UINT64_C(1790809138) * CLOCK_SECOND)

static const char *const names[] = { "iso", "local", "unix", "ns", "delta",
	"none" };

/* The conversions whose text is on one line and of bounded length. */
static const char conversions[] = "aAbBCdDeFgGhHIjklmMNpPrRsSTuUVwWyYzZ%";

/* Parses what follows a '%'.  Returns the length of the conversion, or 0. */
static size_t
parse_conversion(const char *s, unsigned int *digits)
{
	size_t n = 0;

	*digits = 9;
	if (s[0] >= '1' && s[0] <= '9' && s[1] == 'N') {
		*digits = (unsigned int)(s[0] - '0');
		return 2;
	}
	if (s[0] != '\0' && strchr("-_0^#", s[0]) != NULL)
		n++;
	if (s[n] == '\0' || strchr(conversions, s[n]) == NULL ||
	    (n > 0 && s[n] == 'N'))
		return 0;
	return n + 1;
}

static int
check_format(const char *format)
{
	unsigned int digits, fractions = 0;
	size_t n;

	for (const char *s = format; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f) {
			report_error("--time: a format has no control "
				     "characters; use one line of text");
			return -1;
		}
		if (*s != '%')
			continue;
		if ((n = parse_conversion(s + 1, &digits)) == 0) {
			report_error("--time: unknown conversion \"%.3s\"; see "
				     "strftime(3), and %%N for nanoseconds",
			    s);
			return -1;
		}
		s += n;
		fractions += *s == 'N';
	}
	if (fractions > TIME_STYLE_FRACTIONS) {
		report_error("--time: at most %d times %%N in a format",
		    TIME_STYLE_FRACTIONS);
		return -1;
	}
	if (utf8_valid_len(format, strlen(format)) != strlen(format)) {
		report_error("--time: the format is not UTF-8");
		return -1;
	}
	return 0;
}

/* The text of one second, before it is escaped. */
struct raw_text {
	char text[TIME_STYLE_RAW_MAX];
	size_t len;
	struct time_style_fraction fractions[TIME_STYLE_FRACTIONS];
	size_t nfractions;
	bool full; /* there was more */
};

static void
add_raw(struct raw_text *r, const char *text, size_t n)
{
	if (n > sizeof(r->text) - r->len) {
		r->full = true;
		return;
	}
	memcpy(r->text + r->len, text, n);
	r->len += n;
}

static void
add_fraction(struct raw_text *r, unsigned int digits)
{
	if (r->nfractions < TIME_STYLE_FRACTIONS)
		r->fractions[r->nfractions++] =
		    (struct time_style_fraction){ (unsigned int)r->len,
			    digits };
	add_raw(r, "000000000", digits);
	if (r->full && r->nfractions > 0)
		r->nfractions--;
}

/* Adds a conversion of strftime(3), "%-d", whose '%' is at s. */
static void
add_conversion(struct raw_text *r, const char *s, size_t n, const struct tm *tm)
{
	char one[8], text[TIME_STYLE_RAW_MAX] = "";

	memcpy(one, s, n + 1);
	one[n + 1] = '\0';
	add_raw(r, text, strftime(text, sizeof(text), one, tm));
}

static void
add_format(struct raw_text *r, const char *format, const struct tm *tm,
    uint64_t second)
{
	char digits[TEXT_U64_MAX];
	unsigned int fraction;

	for (const char *s = format; *s != '\0'; s++) {
		size_t n;

		if (*s != '%') {
			add_raw(r, s, 1);
			continue;
		}
		n = parse_conversion(s + 1, &fraction);
		if (s[n] == 'N')
			add_fraction(r, fraction);
		else if (s[n] == 's')
			add_raw(r, digits,
			    (size_t)(text_u64(digits, second) - digits));
		else
			add_conversion(r, s, n, tm);
		s += n;
	}
}

/* RFC 3339 with the offset of the zone, which has no colon in %z. */
static void
add_local(struct raw_text *r, const struct tm *tm)
{
	char zone[8];

	add_format(r, "%Y-%m-%dT%H:%M:%S.%N", tm, 0);
	if (strftime(zone, sizeof(zone), "%z", tm) != 5)
		return;
	add_raw(r, zone, 3);
	add_raw(r, ":", 1);
	add_raw(r, zone + 3, 2);
}

/* The names of a zone come from a file: they may be any bytes. */
static void
make_printable(struct raw_text *r)
{
	bool valid = utf8_valid_len(r->text, r->len) == r->len;

	for (size_t i = 0; i < r->len; i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c < ' ' || c == 0x7f || (c >= 0x80 && !valid))
			r->text[i] = '?';
	}
}

static struct raw_text
make_raw(const struct time_style *s, uint64_t second)
{
	struct raw_text r = { .len = 0 };
	time_t t = (time_t)second;
	struct tm tm;

	localtime_r(&t, &tm);
	if (s->form == TIME_LOCAL)
		add_local(&r, &tm);
	else
		add_format(&r, s->format, &tm, second);
	make_printable(&r);
	return r;
}

/* Whether a field of CSV needs quotes. */
static bool
needs_quotes(const struct time_style *s, const struct raw_text *r)
{
	return s->style == STYLE_CSV &&
	       (memchr(r->text, ',', r->len) != NULL ||
		   memchr(r->text, '"', r->len) != NULL);
}

/* The character that stands before c in the style, or NUL. */
static char
escape_of(const struct time_style *s, char c)
{
	if (c == '"' && s->style == STYLE_CSV)
		return '"';
	if ((c == '"' && s->style == STYLE_JSON) ||
	    (c == '\\' && (s->style == STYLE_JSON || s->style == STYLE_TSV)))
		return '\\';
	return '\0';
}

static void
keep_second(struct time_style *s, uint64_t second)
{
	struct raw_text r = make_raw(s, second);
	bool quoted = needs_quotes(s, &r);
	size_t fraction = 0;
	char *p = s->text;

	if (quoted)
		*p++ = '"';
	for (size_t i = 0; i < r.len; i++) {
		if (fraction < r.nfractions && r.fractions[fraction].at == i)
			r.fractions[fraction++].at =
			    (unsigned int)(p - s->text);
		if ((*p = escape_of(s, r.text[i])) != '\0')
			p++;
		*p++ = r.text[i];
	}
	if (quoted)
		*p++ = '"';
	s->len = (size_t)(p - s->text);
	memcpy(s->fractions, r.fractions, sizeof(s->fractions));
	s->nfractions = r.nfractions;
	s->second_end = second + 1;
}

static char *
write_format(struct time_style *s, char *p, uint64_t time_ns)
{
	uint64_t second = time_ns / CLOCK_SECOND;
	char digits[9 + TEXT_SLACK];

	if (s->second_end != second + 1)
		keep_second(s, second);
	text_nanoseconds(digits, (uint32_t)(time_ns - second * CLOCK_SECOND));
	for (size_t i = 0; i < s->nfractions; i++)
		memcpy(s->text + s->fractions[i].at, digits,
		    s->fractions[i].digits);
	memcpy(p, s->text, s->len);
	return p + s->len;
}

static char *
write_seconds(char *p, uint64_t ns)
{
	p = text_u64(p, ns / CLOCK_SECOND);
	*p++ = '.';
	return text_nanoseconds(p, (uint32_t)(ns % CLOCK_SECOND));
}

static char *
write_delta(char *p, uint64_t time_ns, uint64_t since_ns)
{
	if (time_ns >= since_ns)
		return write_seconds(p, time_ns - since_ns);
	*p++ = '-';
	return write_seconds(p, since_ns - time_ns);
}

char *
time_style_write_within(
    struct time_style *s, char *p, uint64_t time_ns, uint64_t record_ns)
{
	switch (s->form) {
	case TIME_UNIX:
		return write_seconds(p, time_ns);
	case TIME_NS:
		return text_u64(p, time_ns);
	case TIME_DELTA:
		return write_delta(p, time_ns, record_ns);
	case TIME_LOCAL:
	case TIME_FORMAT:
		return write_format(s, p, time_ns);
	default:
		return clock_utc(&s->clock, p, time_ns);
	}
}

char *
time_style_write(struct time_style *s, char *p, uint64_t time_ns)
{
	uint64_t last = s->has_last ? s->last : time_ns;

	s->last = time_ns;
	s->has_last = true;
	return time_style_write_within(s, p, time_ns, last);
}

unsigned int
time_style_width(const struct time_style *s)
{
	struct raw_text r;

	switch (s->form) {
	case TIME_DELTA:
		return sizeof("999.000000000") - 1;
	case TIME_NS:
		return sizeof("1795358881123456789") - 1;
	case TIME_UNIX:
		return sizeof("1795358881.123456789") - 1;
	case TIME_LOCAL:
	case TIME_FORMAT:
		r = make_raw(s, WIDE_TIME / CLOCK_SECOND);
		return (unsigned int)utf8_columns(r.text, r.len);
	default:
		return CLOCK_UTC_LEN;
	}
}

int
time_style_parse(struct time_style *s, const char *text)
{
	struct raw_text r;
	size_t i = 0;

	*s = (struct time_style){ .form = TIME_FORMAT, .format = text };
	if (strchr(text, '%') != NULL) {
		if (check_format(text) == -1)
			return -1;
		r = make_raw(s, WIDE_TIME / CLOCK_SECOND);
		if (!r.full)
			return 0;
		report_error("--time: the format gives more than %d bytes",
		    TIME_STYLE_RAW_MAX);
		return -1;
	}
	while (i < nitems(names) && strcmp(names[i], text) != 0)
		i++;
	s->form = (enum time_form)i;
	if (i < nitems(names))
		return 0;
	report_error("--time: unknown style \"%s\"; expected iso, local, unix, "
		     "ns, delta, none, or a format with %%, as \"%%H:%%M:%%S\"",
	    text);
	return -1;
}
