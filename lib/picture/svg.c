#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "picture/svg.h"

static const char replacement[] = "\xef\xbf\xbd", ellipsis[] = "\xe2\x80\xa6";

/* Whether a character is shown as it is: XML 1.0, section 2.2, allows it, and
 * it does not change how the text around it is shown. */
static bool
is_shown(uint32_t c)
{
	return !(c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
		 c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
		 (c >= 0x2066 && c <= 0x2069) || (c & 0xfffe) == 0xfffe);
}

static void
write_character(struct buf *out, const unsigned char *s, size_t len, uint32_t c)
{
	switch (c) {
	case '&':
		buf_str(out, "&amp;");
		break;
	case '<':
		buf_str(out, "&lt;");
		break;
	case '>':
		buf_str(out, "&gt;");
		break;
	case '"':
		buf_str(out, "&quot;");
		break;
	case '\'':
		buf_str(out, "&#39;");
		break;
	case '\t':
	case '\n':
	case '\r':
		buf_chr(out, ' ');
		break;
	default:
		if (is_shown(c))
			buf_add(out, s, len);
		else
			buf_str(out, replacement);
	}
}

void
svg_text(struct buf *out, const char *text, size_t n, size_t columns)
{
	const unsigned char *s = (const unsigned char *)text;
	bool cut = columns > 0 && utf8_columns(text, n) > columns;
	uint32_t c;
	size_t len;

	if (cut)
		n = utf8_fitting(text, n, columns - 1);
	for (; n > 0; s += len, n -= len) {
		len = utf8_length(s, n, &c);
		if (len > 0) {
			write_character(out, s, len, c);
			continue;
		}
		buf_str(out, replacement);
		len = 1;
	}
	if (cut)
		buf_str(out, ellipsis);
}

void
svg_count(struct buf *out, unsigned __int128 count)
{
	char text[TEXT_128_MAX];
	size_t n = (size_t)(text_u128(text, count) - text);

	for (size_t i = 0; i < n; i++) {
		/* U+00A0, at which no line ends. */
		if (i > 0 && (n - i) % 3 == 0)
			buf_str(out, "\xc2\xa0");
		buf_chr(out, text[i]);
	}
}

void
svg_percent(struct buf *out, unsigned __int128 part, unsigned __int128 whole)
{
	double percent = whole == 0 ? 0 : (double)part * 100 / (double)whole;

	buf_printf(out, "%.2f%%", percent);
}

void
svg_length(struct buf *out, double length)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%.2f", length);

	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 0 && text[n - 1] == '.')
		n--;
	buf_add(out, text, n > 0 ? (size_t)n : 0);
}

void
svg_begin(struct buf *out, unsigned int height, const char *style)
{
	buf_printf(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
	    "width=\"%d\" height=\"%u\" viewBox=\"0 0 %d %u\">\n"
	    "<style>\n"
	    "text { font: 12px \"DejaVu Sans Mono\", \"Liberation Mono\", "
	    "Menlo, Consolas, monospace; fill: #1b1b1b; white-space: pre; }\n"
	    ".title { font-size: 17px; font-weight: bold; "
	    "text-anchor: middle; }\n"
	    ".sub { text-anchor: middle; fill: #555; }\n"
	    ".end { text-anchor: end; }\n"
	    ".lost { fill: #b3261e; font-weight: bold; }\n"
	    ".note { fill: #555; }\n"
	    ".ground { fill: #fff; }\n"
	    "%s</style>\n"
	    "<rect width=\"100%%\" height=\"100%%\" class=\"ground\"/>\n",
	    SVG_WIDTH, height, SVG_WIDTH, height, style);
}

void
svg_end(struct buf *out, const char *script)
{
	buf_str(out, "<script><![CDATA[\n");
	buf_str(out, script);
	buf_str(out, "]]></script>\n</svg>\n");
}
