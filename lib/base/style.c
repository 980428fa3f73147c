#include <string.h>

#include "base/style.h"
#include "base/text.h"

void
style_write(struct buf *out, const void *text, size_t n, enum style style)
{
	static char *(*const emit[])(char *, const unsigned char *, size_t) = {
		[STYLE_JSON] = text_json,
		[STYLE_CSV] = text_csv,
		[STYLE_TSV] = text_tsv,
		[STYLE_VIS] = text_vis,
	};
	char *p = buf_room(out, TEXT_ESCAPED_MAX(n));

	/* text may be NULL when n is 0: the data of an empty buffer. */
	if (p != NULL)
		out->len =
		    (size_t)(emit[style](p, n > 0 ? text : "", n) - out->data);
}

void
style_write_line(struct buf *out, const void *text, size_t n, enum style style)
{
	const char *p = text, *end, *tab;

	if (n == 0)
		return;
	end = p + strnlen(p, n);
	while (style == STYLE_VIS &&
	       (tab = memchr(p, '\t', (size_t)(end - p))) != NULL) {
		style_write(out, p, (size_t)(tab - p), style);
		buf_chr(out, '\t');
		p = tab + 1;
	}
	style_write(out, p, (size_t)(end - p), style);
}
