/*
 * The ELF object inside a package: its text form, base64 of a zlib stream,
 * and the check that it is a BPF object at all.  For package.c; everyone else
 * meets the object as struct package's elf.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_PACKAGE_OBJECT_TEXT_H
#define SKEL_PACKAGE_OBJECT_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The size bytes that text stands for, *elf to free.  Inflating stops at the
 * first byte beyond size, so a small text cannot fill the memory.
 */
int package_object_decode(
    const char *text, uint64_t size, unsigned char **elf, const char *where);

/* Whether it is a relocatable object for BPF as this machine loads it. */
int package_object_check(
    const unsigned char *elf, size_t size, const char *where);

#endif
