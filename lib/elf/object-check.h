/*
 * The gate: what an ELF object must be before libbpf may read it.  libbpf
 * trusts compilers: versions before 1.3 follow a wrong type id or section
 * index out of their memory.  Objects come from outside, so everything that
 * libbpf follows when it opens one is looked at here first.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_ELF_OBJECT_CHECK_H
#define SKEL_ELF_OBJECT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether elf is a BPF object whose sections lie in the file, whose symbols
 * lie in their sections, and whose BTF refers to nothing that is not there.
 * An object without BTF passes: *has_btf says so, and may be NULL.
 */
int gate_check(
    const unsigned char *elf, size_t size, const char *name, bool *has_btf);

#endif
