/*
 * The kernel's functions, from /proc/kallsyms.
 */
#ifndef SKEL_HOST_KALLSYMS_H
#define SKEL_HOST_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct kernel_symbol {
	uint64_t addr;
	uint32_t name; /* offset in names; 0: no function begins here, the one
			  before ends */
	uint32_t rank; /* the lowest is preferred among names of an address */
};

/* A zeroed one is empty. */
struct kallsyms {
	struct kernel_symbol *v; /* owned; sorted, one for each address */
	size_t n;
	struct buf names; /* NUL-terminated; the first is "" */
	bool hidden;      /* all functions had address 0 */
};

void kallsyms_free(struct kallsyms *k);

/* Parse text in the format of /proc/kallsyms; k's functions are replaced.
 * Invalid lines are skipped.  Returns 0, or -1 after reporting that memory ran
 * out. */
int kallsyms_parse(struct kallsyms *k, const char *text, size_t len);

/* Open /proc/kallsyms for kallsyms_read(): whether addresses are hidden is
 * decided now.  Returns a descriptor, or -1 with errno set. */
int kallsyms_open(void);

/* Read it from its start; nothing else may read from fd meanwhile.  Returns 0,
 * or -1 with errno set and k empty. */
int kallsyms_read(struct kallsyms *k, int fd);

/* Find the function that contains addr, and the offset of addr in it.  Returns
 * its name, valid until k changes, or NULL. */
const char *kallsyms_find(
    const struct kallsyms *k, uint64_t addr, uint64_t *offset);

/* Whether the kernel itself, or with in_module one of its modules, has a symbol
 * of this name now.  Reads the file each time. */
bool kallsyms_has(const char *name, bool in_module);

#endif
