/*
 * Trust: whose packages may be loaded.  A package is signed by a file beside
 * it, FILE.minisig or FILE.sig.  --trust names the keys that a user asks for.
 * The administrator's policy is a directory of keys: as long as it holds any, a
 * package that none of them has signed is refused, whatever a user asks for.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_TRUST_TRUST_H
#define SKEL_TRUST_TRUST_H

#include <stddef.h>

#include "trust/public-key.h"

/* The directory of the policy. */
#define TRUST_POLICY "/etc/skel-load/trusted"

/* Keys of which one must have signed. */
struct trust_keys {
	struct public_key *v; /* owned */
	size_t n, cap;
};

/* A zeroed one demands nothing. */
struct trust {
	struct trust_keys asked, policy;
};

/*
 * Adds a key: text is the name of its file or, if there is no such file, the
 * key itself, as minisign -P takes it.
 */
int trust_add_key(struct trust *t, const char *text);

/*
 * Adds the keys of the policy in the directory dir, which need not exist.  Each
 * file in it must be a key, but for those whose names begin with a dot.
 */
int trust_add_policy(struct trust *t, const char *dir);

void trust_close(struct trust *t);

/*
 * Checks that the len bytes at data, which were read from file ("-" is standard
 * input, which has no signature), are signed as t demands.  The files with the
 * signatures are read, and file is not read again.
 */
int trust_check(
    const struct trust *t, const char *file, const void *data, size_t len);

#endif
