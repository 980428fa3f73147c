/*
 * Trace formats: what a program can say by bpf_printk().  The kernel's trace
 * does not tell whose a line is; the format strings of an object do.
 */
#ifndef SKEL_ELF_PRINTK_FORMAT_H
#define SKEL_ELF_PRINTK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

struct printk_formats {
	char **v; /* owned: formats as in C, to their first newline */
	size_t n, cap;
};

/* Collect the strings of the object's read-only data.  Returns 0, or -1 after
 * reporting. */
int printk_formats_open(struct printk_formats *f, const unsigned char *elf,
    size_t size, const char *name);
void printk_formats_close(struct printk_formats *f);

/* Whether one of the formats makes this text. */
bool printk_formats_match(
    const struct printk_formats *f, const char *text, size_t len);

#endif
