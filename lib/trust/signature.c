#include <sodium.h>
#include <string.h>

#include "base/buf.h"
#include "trust/signature.h"

/* What precedes the comment that is signed. */
#define COMMENT "trusted comment: "

int
signature_parse(struct signature *s, const char *text, size_t len)
{
	unsigned char
	    all[KEY_ALGORITHM_BYTES + KEY_NUMBER_BYTES + SIGNATURE_BYTES];
	const char *end = text + len, *line;
	size_t n;

	*s = (struct signature){ 0 };
	line = key_line_next(&text, end, &n);
	if (line == NULL || memchr(line, ':', n) == NULL ||
	    (line = key_line_next(&text, end, &n)) == NULL ||
	    key_line_decode(line, n, all, sizeof(all)) == -1 || all[0] != 'E' ||
	    (all[1] != 'd' && all[1] != 'D'))
		return -1;
	s->hashed = all[1] == 'D';
	memcpy(s->number, all + KEY_ALGORITHM_BYTES, sizeof(s->number));
	memcpy(s->bytes, all + KEY_ALGORITHM_BYTES + KEY_NUMBER_BYTES,
	    sizeof(s->bytes));
	if (text == end)
		return 0;
	line = key_line_next(&text, end, &n);
	if (n < strlen(COMMENT) || memcmp(line, COMMENT, strlen(COMMENT)) != 0)
		return -1;
	s->comment = line + strlen(COMMENT);
	s->comment_len = n - strlen(COMMENT);
	line = key_line_next(&text, end, &n);
	if (line == NULL || text != end)
		return -1;
	return key_line_decode(
	    line, n, s->comment_bytes, sizeof(s->comment_bytes));
}

/* Whether the comment is signed, which comes after the signature itself. */
static bool
is_comment_valid(const struct signature *s, const struct public_key *k)
{
	struct buf signed_text = { 0 };
	bool valid = false;

	if (s->comment == NULL)
		return true;
	buf_add(&signed_text, s->bytes, sizeof(s->bytes));
	buf_add(&signed_text, s->comment, s->comment_len);
	if (!signed_text.failed)
		valid = crypto_sign_verify_detached(s->comment_bytes,
			    (const unsigned char *)signed_text.data,
			    signed_text.len, k->bytes) == 0;
	buf_free(&signed_text);
	return valid;
}

bool
signature_is_valid(const struct signature *s, const struct public_key *k,
    const void *data, size_t len)
{
	unsigned char hash[crypto_generichash_BYTES_MAX];

	if (s->hashed) {
		if (crypto_generichash(
			hash, sizeof(hash), data, len, NULL, 0) != 0)
			return false;
		data = hash;
		len = sizeof(hash);
	}
	return crypto_sign_verify_detached(s->bytes, data, len, k->bytes) ==
		   0 &&
	       is_comment_valid(s, k);
}
