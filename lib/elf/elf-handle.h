/*
 * ELF files that anybody may have written: opened without mapping them, so
 * that one which is cut while it is read is an error and no SIGBUS, and
 * bounded in what reading them can take.
 */
#ifndef SKEL_ELF_ELF_HANDLE_H
#define SKEL_ELF_ELF_HANDLE_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ELF_BYTES_MAX = 1 << 30, /* of a file; also of its sections unpacked */
	BUILD_ID_MAX = 64,
};

/* A zeroed one is closed; fd counts only if elf is set. */
struct elf_handle {
	Elf *elf; /* owned */
	int fd;   /* owned; -1: it is in memory */
	uint64_t bytes;
};

/* Open the file at fd, which is taken over even on failure: -1 is one.
 * Returns 0 or -1; nothing is reported. */
int elf_handle_open(struct elf_handle *h, int fd);
void elf_handle_close(struct elf_handle *h);

/* Whether it has a section of that name with something in it. */
bool elf_handle_has(const struct elf_handle *h, const char *section);

/* Whether libdw may read it: its sections, unpacked, are within the bound, and
 * strings of debug information end in theirs.  Those are unpacked here. */
bool elf_handle_is_sound(const struct elf_handle *h);

/* Whether h's build ID is this one. */
bool elf_handle_is_build(
    const struct elf_handle *h, const void *id, size_t len);

#endif
