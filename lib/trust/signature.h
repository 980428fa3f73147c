/*
 * Signatures of minisign(1), FILE.minisig, and signify(1), FILE.sig.  Both are
 * a line of comment, then base64 of an algorithm, the number of the key, and an
 * Ed25519 signature (RFC 8032) of 64 bytes: "Ed" signs the bytes of the file,
 * and "ED", which only minisign writes, their BLAKE2b hash of 64 bytes (RFC
 * 7693).  In those of minisign a third line, a comment that is signed too, and
 * a fourth line, that signature, follow:
 * https://jedisct1.github.io/minisign/#signature-format.
 */
#ifndef SKEL_TRUST_SIGNATURE_H
#define SKEL_TRUST_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "trust/public-key.h"

enum {
	SIGNATURE_BYTES = 64,
	SIGNATURE_FILE_MAX = 16 << 10, /* bytes of a file that can be one */
};

struct signature {
	bool hashed; /* "ED" */
	unsigned char number[KEY_NUMBER_BYTES];
	unsigned char bytes[SIGNATURE_BYTES];
	/* The comment that is signed, borrowed from the text; NULL: none. */
	const char *comment;
	size_t comment_len;
	unsigned char comment_bytes[SIGNATURE_BYTES];
};

/* Reads a signature from the text of a file, which s borrows.  Returns 0, or -1
 * if it is none. */
int signature_parse(struct signature *s, const char *text, size_t len);

/* Whether the key that k is the public one of has made the signature of these
 * bytes, and that of its comment. */
bool signature_is_valid(const struct signature *s, const struct public_key *k,
    const void *data, size_t len);

#endif
