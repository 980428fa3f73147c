/*
 * The names in an ELF file that a probe can be put at: its functions and its
 * USDT probes.
 */
#ifndef SKEL_ELF_ELF_NAMES_H
#define SKEL_ELF_ELF_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct elf_function {
	const char *name; /* borrowed */
	uint64_t offset;  /* in the file */
	bool local;       /* static: others may have the same name */
};

/* What is done with each; false ends the reading. */
typedef bool elf_function_fn(void *ctx, const struct elf_function *f);
typedef bool elf_probe_fn(void *ctx, const char *provider, const char *name);

/*
 * Read the functions of the symbol tables, or the USDT probes, of the file at
 * path.  One may come twice.  Returns 0, or -1 with errno set, ENOEXEC for what
 * is no ELF file.
 */
int elf_functions(const char *path, elf_function_fn *fn, void *ctx);
int elf_probes(const char *path, elf_probe_fn *fn, void *ctx);

#endif
