/*
 * Public keys of minisign(1) and signify(1), whose files have the same format:
 * a line of comment, then base64 of "Ed", the 8 bytes of the key's number and
 * the 32 bytes of an Ed25519 key (RFC 8032).  minisign writes the second line
 * alone too, where a key stands on a command line.
 */
#ifndef SKEL_TRUST_PUBLIC_KEY_H
#define SKEL_TRUST_PUBLIC_KEY_H

#include <stddef.h>

enum {
	KEY_ALGORITHM_BYTES = 2,
	KEY_NUMBER_BYTES = 8,
	PUBLIC_KEY_BYTES = 32,
	PUBLIC_KEY_FILE_MAX = 4096, /* bytes of a file that can be one */
};

struct public_key {
	unsigned char number[KEY_NUMBER_BYTES];
	unsigned char bytes[PUBLIC_KEY_BYTES];
};

/* Reads a key from text, which is that of a file or the second line alone.
 * Returns 0, or -1 if it is no key. */
int public_key_parse(struct public_key *k, const char *text, size_t len);

/*
 * The next line of a document that minisign or signify wrote: *len bytes,
 * without its end, borrowed from the text.  *text becomes what follows.
 * Returns NULL at the end.
 */
const char *key_line_next(const char **text, const char *end, size_t *len);

/* Decodes a line of base64 (RFC 4648) that stands for exactly n bytes.  Returns
 * 0, or -1. */
int key_line_decode(const char *line, size_t len, unsigned char *out, size_t n);

#endif
