/*
 * The CO-RE relocations of a BPF object: which types of the kernel it refers
 * to, from the records in its section .BTF.ext that libbpf follows.
 */
#ifndef SKEL_LOAD_CORE_RELOS_H
#define SKEL_LOAD_CORE_RELOS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"

/* A type of the kernel.  Its name is compared without the flavor: len is 11 for
 * task_struct___old. */
struct core_root {
	const char *name; /* borrowed from the object's BTF */
	size_t len;
	uint16_t kind; /* see core_relos_kind() */
	bool found;    /* set by btf_slice_cut() */
};

/* A zeroed one is closed. */
struct core_relos {
	const struct btf *btf; /* borrowed: the object's */
	struct core_root *v;   /* owned; each type once */
	size_t n, cap;
};

/* The kind by which libbpf compares t: BTF_KIND_ENUM for BTF_KIND_ENUM64 too,
 * since an enum becomes 64 bits wide when a large constant is added. */
uint16_t core_relos_kind(const struct btf_type *t);

/*
 * Collects the types that the object refers to.  Returns true if libbpf needs
 * nothing but these types and those that they hold by value.  Returns false,
 * and leaves c closed, if the object has no relocations, asks for the id of a
 * type or compares the targets of pointers, or if memory ran out.  Nothing is
 * reported: without a slice libbpf reads the whole BTF.
 */
bool core_relos_open(struct core_relos *c, const struct bpf_elf *elf);
void core_relos_close(struct core_relos *c);

#endif
