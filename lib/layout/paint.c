#include <string.h>

#include "layout/paint.h"

#define SGR_START "\033["
#define SGR_RESET "\033[m"

/* By meaning: the parameters of "select graphic rendition", ECMA-48. */
static const char *const paint_sgr[PAINT_MEANINGS] = {
	[PAINT_HEAD] = "1",  /* bold */
	[PAINT_TIME] = "36", /* cyan */
	[PAINT_MAP] = "35",  /* magenta */
	[PAINT_ERROR] = "31" /* red */
};

void
paint_from(struct buf *out, size_t start, enum paint what)
{
	const char *sgr = paint_sgr[what];
	size_t n = strlen(SGR_START) + strlen(sgr) + 1, len;
	char *p;

	if (out->failed || out->len == start)
		return;
	len = out->len - start;
	if (buf_room(out, n + strlen(SGR_RESET)) == NULL)
		return;
	p = out->data + start;
	memmove(p + n, p, len);
	memcpy(p, SGR_START, strlen(SGR_START));
	memcpy(p + strlen(SGR_START), sgr, strlen(sgr));
	p[n - 1] = 'm';
	memcpy(p + n + len, SGR_RESET, strlen(SGR_RESET));
	out->len += n + strlen(SGR_RESET);
}

size_t
paint_length(const char *text, size_t len)
{
	size_t n = strlen(SGR_START);

	if (len < n || memcmp(text, SGR_START, n) != 0)
		return 0;
	while (
	    n < len && ((text[n] >= '0' && text[n] <= '9') || text[n] == ';'))
		n++;
	return n < len && text[n] == 'm' ? n + 1 : 0;
}
