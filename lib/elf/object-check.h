/*
 * Checks a BPF object file before libbpf reads it.  Objects come from outside,
 * and libbpf trusts the compiler: versions before 1.3 follow a wrong type id or
 * section index out of bounds.  Everything that libbpf follows while it opens
 * an object is therefore checked here first.
 *
 * name stands for the object in error messages.  The functions return 0, or -1
 * after reporting what is wrong.  Only bpf-elf.c calls them, and for files of
 * the kernel's BTF, which libbpf trusts no less, load/vmlinux.c.
 */
#ifndef SKEL_ELF_OBJECT_CHECK_H
#define SKEL_ELF_OBJECT_CHECK_H

#include <bpf/btf.h>
#include <gelf.h>
#include <stddef.h>

enum {
	OBJECT_SIZE_MAX = 128 << 20, /* bytes of an object file */
	/* libbpf looks for each section and each variable in all symbols. */
	OBJECT_WORK_MAX = 1 << 28,
};

/* Checks that the ELF header describes a relocatable 64-bit little-endian BPF
 * object. */
int object_check_header(
    const unsigned char *bytes, size_t size, const char *name);

/*
 * Checks that every section lies within the file and none shares bytes with
 * another, that every symbol lies within its section, that names end and are
 * not too long, and that .BTF.ext is aligned behind its header.  Sets *btf to
 * the data of the section .BTF, or to NULL if there is none; the data belongs
 * to elf.  Sets *symbols to their number, which times that of sections is at
 * most OBJECT_WORK_MAX.
 */
int object_check_sections(
    Elf *elf, const char *name, Elf_Data **btf, size_t *symbols);

/* Checks that the header of this .BTF section keeps its types aligned, which
 * libbpf takes for granted. */
int object_check_btf_header(const Elf_Data *data, const char *name);

/* Checks that all types and names that the BTF refers to exist, that no chain
 * of typedefs, qualifiers, pointers and arrays is a circle, and that there are
 * not too many maps, nor more symbols times variables than OBJECT_WORK_MAX. */
int object_check_btf(const struct btf *btf, size_t symbols, const char *name);

#endif
