/*
 * The names in an ELF file that uprobes can be attached to: its functions and
 * its USDT probes.
 */
#ifndef SKEL_ELF_ELF_NAMES_H
#define SKEL_ELF_ELF_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct elf_function {
	const char *name; /* borrowed */
	uint64_t offset;  /* in the file */
	bool local;       /* static: another may have the same name */
	bool indirect; /* the code only chooses the function (STT_GNU_IFUNC) */
};

/* Called for each; reading ends when it returns false. */
typedef bool elf_function_fn(void *ctx, const struct elf_function *f);
typedef bool elf_probe_fn(void *ctx, const char *provider, const char *name);

/*
 * Reads the functions in the symbol tables, or the USDT probes, of the file at
 * path and calls fn with each; some may come twice.  Returns 0, or -1 with
 * errno set: ENOEXEC if the file is not an ELF file.
 */
int elf_names_read_functions(const char *path, elf_function_fn *fn, void *ctx);
int elf_names_read_probes(const char *path, elf_probe_fn *fn, void *ctx);

#endif
