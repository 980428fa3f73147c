/*
 * The text form of the ELF object inside a package: base64 of a zlib stream.
 * Only package.c and pack.c use it; others use the object of struct package.
 */
#ifndef SKEL_PACKAGE_OBJECT_TEXT_H
#define SKEL_PACKAGE_OBJECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the len bytes of text consist of base64 digits and padding. text[len]
 * must be readable and neither of them. */
bool package_object_is_text(const char *text, size_t len);

/*
 * Decodes text to exactly size bytes and sets *bytes to them; the caller frees
 * them.  Inflating stops at the first byte beyond size, so that a small text
 * cannot fill the memory.  Returns 0, or -1 after reporting what is wrong;
 * where stands for the package in reports.
 */
int package_object_decode(
    const char *text, uint64_t size, unsigned char **bytes, const char *where);

/*
 * Encodes an ELF object for the key bpf_object.  The same bytes always give the
 * same text.  Returns a string to free, or NULL after reporting that memory ran
 * out.
 */
char *package_object_encode(const unsigned char *bytes, size_t size);

#endif
