/*
 * The format strings that a program passes to bpf_printk().  The kernel's trace
 * pipe does not say which program printed a line; the formats in the object
 * do.
 */
#ifndef SKEL_ELF_PRINTK_FORMAT_H
#define SKEL_ELF_PRINTK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "elf/bpf-elf.h"

struct printk_formats {
	char **v; /* owned: formats as in C */
	size_t n, cap;
};

/* Collects the strings in the read-only data of the object.  Returns 0, or -1
 * after reporting that memory ran out. */
int printk_formats_open(struct printk_formats *f, const struct bpf_elf *elf);
void printk_formats_close(struct printk_formats *f);

/* Whether one of the formats may have printed the len bytes of text. */
bool printk_formats_match(
    const struct printk_formats *f, const char *text, size_t len);

#endif
