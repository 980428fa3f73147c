/*
 * Known files: what the process that finds names was told of, by number: files
 * that processes have mapped, their vdso, and the code that they generate.
 */
#ifndef SKEL_SYMBOLIZE_KNOWN_FILES_H
#define SKEL_SYMBOLIZE_KNOWN_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/hash.h"
#include "lookup/client.h"
#include "symbolize/process.h"

struct known_file {
	struct hash_key key; /* the number, 0 */
	uint64_t device, inode, size;
	struct timespec mtime;
	bool forgotten; /* by the process, which has to be told again */
	/* The GNU build ID in hex digits; "" if it is not known. */
	char build_id[2 * LOOKUP_BUILD_ID_MAX + 1];
	bool bad;   /* it is not read; its addresses are told by offset */
	char *path; /* owned; NULL: generated code, or the vdso */
};

struct known_files {
	struct hash files;   /* of struct known_file */
	struct hash numbers; /* of struct file_number */
	uint32_t last;       /* the newest number */
	char kernel_build_id[2 * LOOKUP_BUILD_ID_MAX + 1];
	bool reported_strikes, reported_kernel;
};

void known_files_init(struct known_files *k);
void known_files_free(struct known_files *k);

/* The file of a number, or NULL if it was forgotten. */
const struct known_file *known_files_find(
    const struct known_files *k, uint32_t number);

/* The number of what mapping number i of p is of, which is told to c unless it
 * was told before; or 0. */
uint32_t known_files_number(struct known_files *k, struct lookup_client *c,
    const struct process *p, size_t i);

/* Notes the build ID of a file, or of the kernel, LOOKUP_KERNEL.  Returns it in
 * hex digits: "" if it is not known. */
void known_files_take_image(
    struct known_files *k, uint32_t number, const struct lookup_image *image);
const char *known_files_build_id(const struct known_files *k, uint32_t number);

/* Notes and reports why the functions of a file, or of the kernel, will not be
 * told. */
void known_files_take_bad(struct known_files *k, const struct lookup_bad *bad);

#endif
