/*
 * ELF files from untrusted sources, such as the executables of other users'
 * processes.  They are read, not mapped, so that a file that is truncated
 * meanwhile gives an error and not SIGBUS, and their size is limited.
 */
#ifndef SKEL_ELF_ELF_HANDLE_H
#define SKEL_ELF_ELF_HANDLE_H

#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	ELF_BYTES_MAX =
	    1 << 30, /* of a file, and of its decompressed sections */
};

/* A zeroed one is closed; then fd has no meaning. */
struct elf_handle {
	Elf *elf; /* owned */
	int fd;   /* owned; -1 if the file is in memory */
};

/* Opens the file at fd, which h owns from here on; on failure, fd is closed.
 * fd may be -1, which is a failure.  Returns 0 or -1; nothing is reported. */
int elf_handle_open(struct elf_handle *h, int fd);
void elf_handle_close(struct elf_handle *h);

/* Whether the file has a section of that name that is not empty. */
bool elf_handle_has_section(const struct elf_handle *h, const char *section);

/* Whether libdw can read the file safely: its sections are within the size
 * limit after decompression, those of debug information not larger than
 * debug_max in all, and the sections of strings end with a NUL.  Decompresses
 * the latter. */
bool elf_handle_is_sound(const struct elf_handle *h, uint64_t debug_max);

#endif
