/*
 * A BPF object file in memory, opened and checked once.  Everything that reads
 * the object besides libbpf shares this handle and its BTF.
 */
#ifndef SKEL_ELF_BPF_ELF_H
#define SKEL_ELF_BPF_ELF_H

#include <bpf/btf.h>
#include <gelf.h>
#include <stddef.h>

/* A zeroed one is closed. */
struct bpf_elf {
	const unsigned char *bytes; /* borrowed: the file; NULL if closed */
	size_t size;
	Elf *elf;        /* owned; reads bytes */
	struct btf *btf; /* owned; NULL if the object has no BTF */
};

/*
 * Checks the size bytes of an object file (object-check.h) and opens them.
 * bytes must stay valid until bpf_elf_close().  name stands for the object in
 * error messages.  Returns 0, or -1 after reporting what is wrong; e is closed
 * then.
 */
int bpf_elf_open(struct bpf_elf *e, const unsigned char *bytes, size_t size,
    const char *name);
void bpf_elf_close(struct bpf_elf *e);

#endif
