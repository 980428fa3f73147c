/*
 * Bits: numbers of which parts have a meaning, as text and back: permissions of
 * a file, flags of open(2), and those of an enum.
 */
#ifndef SKEL_KINDS_KIND_BITS_H
#define SKEL_KINDS_KIND_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds/kind-words.h"
#include "types/types.h"

enum {
	KIND_MODE_MAX = 10,
	/* Of flags without those of an enum: all names of open(2) and what has
	 * no name. */
	KIND_FLAGS_MAX = 320,
};

/* "-rw-r--r--", as ls(1) does; without the first letter if the number has no
 * type of file.  Bits that a mode does not have are not shown. */
char *kind_bits_mode(char *p, uint64_t mode);
bool kind_bits_read_mode(const char *text, size_t len, int64_t *mode);

/* "O_RDWR|O_CREAT|0x80000000". */
char *kind_bits_open(char *p, uint64_t flags, enum kind_arch arch);
bool kind_bits_read_open(
    enum kind_arch arch, const char *text, size_t len, int64_t *flags);

/* "SOCK_STREAM|SOCK_CLOEXEC". */
char *kind_bits_sock(char *p, uint64_t type);
bool kind_bits_read_sock(const char *text, size_t len, int64_t *type);

/*
 * The name of the enum's constant with that number, extended by its sign, or of
 * the bits that it has in its size bytes: "RD|WR|0x8".  It takes at most
 * kind_bits_enum_max() bytes.
 */
char *kind_bits_enum(
    char *p, uint64_t number, size_t size, const struct type *type);
size_t kind_bits_enum_max(const struct type *type);
bool kind_bits_read_enum(
    const struct type *type, const char *text, size_t len, int64_t *bits);

#endif
