/*
 * Values in keys: made the same where they mean the same, and ordered by what
 * they mean.
 */
#ifndef SKEL_COUNT_KEY_VALUE_H
#define SKEL_COUNT_KEY_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "types/types.h"

/* A text in an array or struct, whose bytes after its NUL mean nothing. */
struct key_text {
	size_t offset, size;
};

/* What of the bytes of an array, a struct or a union is copied to a key. */
struct key_copy {
	size_t size;
	/* Owned: the bits that are of members; NULL: all. */
	unsigned char *mask;
	struct key_text *texts; /* owned */
	size_t ntexts, texts_cap;
};

/* Prepare to copy values of a type.  Returns 0, or -1 after reporting that
 * memory ran out.  The zeroed *k is to be released with key_copy_free(). */
int key_copy_init(struct key_copy *k, const struct types *t, uint32_t type);
void key_copy_free(struct key_copy *k);

/* Copy a value without what lies between its members. */
void key_copy_run(
    const struct key_copy *k, unsigned char *to, const unsigned char *from);

/*
 * Compare two values of a type: numbers as numbers, text by its bytes, arrays
 * and structs from their first member on, unions by their bytes.  What is no
 * number is less than every number.  Returns less than, equal to or greater
 * than 0.
 */
int key_value_compare(const struct types *t, uint32_t type,
    const unsigned char *a, const unsigned char *b);

#endif
