/*
 * The kernel's symbols, from /proc/kallsyms: functions only, sorted.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_HOST_KALLSYMS_H
#define SKEL_HOST_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct kernel_symbol {
	uint64_t addr;
	uint32_t name; /* where it starts in names; 0: here a function ends and
			  none begins */
	uint32_t rank; /* of those at one address the lowest is taken */
};

/* A zeroed one is empty. */
struct kallsyms {
	struct kernel_symbol *v; /* owned; by address, one for each */
	size_t n;
	struct buf names; /* each with its NUL; the first is "" */
	bool hidden;      /* there were functions, all at address 0 */
};

void kallsyms_free(struct kallsyms *k);

/* Take the symbols from text in the form of /proc/kallsyms, in place of those
 * that were there.  Lines that are none are skipped. */
int kallsyms_parse(struct kallsyms *k, const char *text, size_t len);

/*
 * Take them from the kernel.  That they cannot be read, or are hidden, is said
 * as a notice and leaves k empty.
 */
int kallsyms_read(struct kallsyms *k);

/* The function that addr lies in: its name, borrowed until the next reading,
 * or NULL, and the offset of addr in it. */
const char *kallsyms_find(
    const struct kallsyms *k, uint64_t addr, uint64_t *offset);

/* Whether the kernel itself or one of its modules has a symbol of this name,
 * as the file has it now. */
bool kallsyms_has(const char *name, bool in_module);

#endif
