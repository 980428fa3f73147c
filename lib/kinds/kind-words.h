/*
 * Words: the numbers of the kernel that have names, as error numbers, signals
 * and system calls.  The numbers are those of x86-64 and aarch64, whatever the
 * machine that shows them has.
 */
#ifndef SKEL_KINDS_KIND_WORDS_H
#define SKEL_KINDS_KIND_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "types/kind.h"

/* The machine that a stream is from. */
enum kind_arch {
	KIND_ARCH_UNKNOWN,
	KIND_ARCH_X86_64,
	KIND_ARCH_AARCH64,
};

/* Returns that of a machine, as uname(2) calls it: "x86_64". */
enum kind_arch kind_arch_find(const char *machine);

enum { KIND_WORD_MAX = 31 };

/* A name, which has a fixed size so that wide copies may read it.  len 0: the
 * number has no name. */
struct kind_word {
	char text[KIND_WORD_MAX];
	uint8_t len;
};

struct kind_words {
	const struct kind_word *v; /* by number */
	size_t n;
	const char *prefix; /* of all names: "SIG" */
};

/*
 * The words of a kind; none, n 0, if it has no words.  Those of KIND_ERRNO
 * begin with "-", for the negative numbers that functions of the kernel
 * return.
 */
struct kind_words kind_words_get(enum kind kind, enum kind_arch arch);

/*
 * Find the number of a word of len bytes.  The case of letters does not
 * matter, and a prefix, as "SIG" or "IPPROTO_", may be there or not.  Those of
 * KIND_ERRNO are without "-".  Returns false if there is no such word.
 */
bool kind_words_find(enum kind kind, enum kind_arch arch, const char *text,
    size_t len, int64_t *number);

/* Returns whether a machine has no system call of this name, and one of another
 * arch has.  False for KIND_ARCH_UNKNOWN, and for a name that nobody knows. */
bool kind_words_is_foreign_call(enum kind_arch arch, const char *name);

#endif
