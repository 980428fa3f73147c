/*
 * CO-RE relocations: which of the kernel's types an object refers to, by the
 * records in its section .BTF.ext that libbpf follows.
 */
#ifndef SKEL_LOAD_CORE_RELOS_H
#define SKEL_LOAD_CORE_RELOS_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A type, by its name without the flavour: of task_struct___old eleven bytes.
 */
struct core_root {
	const char *name; /* borrowed from the object's BTF */
	size_t len;
	uint16_t kind; /* BTF_KIND_ENUM stands for BTF_KIND_ENUM64 too */
	bool found;    /* for who looks for it */
};

/* A zeroed one is closed. */
struct core_relos {
	struct btf *btf;     /* owned: the object's */
	struct core_root *v; /* owned; each once */
	size_t n, cap;
};

/* The kind that counts: numbers of more than 32 bits may be added to an enum.
 */
uint16_t core_kind(const struct btf_type *t);

/*
 * Collect the types that the object in elf, which has passed the gate, refers
 * to.  Returns whether nothing matters but these and what they hold by value:
 * false, with c closed, also where it refers to none, asks for the number of
 * one, or compares what is behind its pointers.  Nothing is reported.
 */
bool core_relos_open(
    struct core_relos *c, const unsigned char *elf, size_t size);
void core_relos_close(struct core_relos *c);

#endif
