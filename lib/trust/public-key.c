#include <sodium.h>
#include <string.h>

#include "trust/public-key.h"

static const char algorithm[] = { 'E', 'd' };

const char *
key_line_next(const char **text, const char *end, size_t *len)
{
	const char *line = *text, *newline;

	if (line == end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*len = (size_t)((newline == NULL ? end : newline) - line);
	*text = newline == NULL ? end : newline + 1;
	/* Files that were edited on Windows. */
	if (*len > 0 && line[*len - 1] == '\r')
		--*len;
	return line;
}

int
key_line_decode(const char *line, size_t len, unsigned char *out, size_t n)
{
	const char *stop;
	size_t got;

	if (sodium_base642bin(out, n, line, len, NULL, &got, &stop,
		sodium_base64_VARIANT_ORIGINAL) == -1)
		return -1;
	return got == n && stop == line + len ? 0 : -1;
}

int
public_key_parse(struct public_key *k, const char *text, size_t len)
{
	unsigned char all[KEY_ALGORITHM_BYTES + sizeof(*k)];
	const char *end = text + len, *line, *rest = text;
	size_t n;

	/* A comment has characters that base64 does not, such as its colon. */
	line = key_line_next(&rest, end, &n);
	if (line != NULL && memchr(line, ':', n) != NULL)
		line = key_line_next(&rest, end, &n);
	if (line == NULL || key_line_decode(line, n, all, sizeof(all)) == -1 ||
	    memcmp(all, algorithm, sizeof(algorithm)) != 0)
		return -1;
	while (rest != end)
		if (memchr(" \t\r\n", *rest++, 4) == NULL)
			return -1;
	memcpy(k->number, all + KEY_ALGORITHM_BYTES, sizeof(k->number));
	memcpy(k->bytes, all + KEY_ALGORITHM_BYTES + KEY_NUMBER_BYTES,
	    sizeof(k->bytes));
	return 0;
}
