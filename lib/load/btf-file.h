/*
 * The bytes of a kernel's BTF, for readers that need a few of its types and not
 * libbpf's index of all.
 */
#ifndef SKEL_LOAD_BTF_FILE_H
#define SKEL_LOAD_BTF_FILE_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A zeroed one is closed. */
struct btf_file {
	const unsigned char *types; /* borrowed, as the strings are */
	uint32_t types_len;
	const char *strings; /* ends with a NUL */
	uint32_t strings_len;
	void *map; /* owned: the mapped file, or NULL */
	size_t map_len;
	struct buf copy; /* owned: the file, where it cannot be mapped */
};

/* Finds the types and strings in len bytes, which are aligned to 4 and borrowed
 * by f.  Returns whether they lie within. */
bool btf_file_parse(struct btf_file *f, const void *btf, size_t len);

/* The same for the file at fd, which the caller closes.  Returns false too if
 * it cannot be read; f is closed then. */
bool btf_file_open(struct btf_file *f, int fd);

void btf_file_close(struct btf_file *f);

/*
 * The type at this offset of the types, with *size, the bytes that it takes; or
 * NULL if it is malformed, of an unknown kind, or beyond the end.  Its name is
 * inside the strings.
 */
const struct btf_type *btf_file_type(
    const struct btf_file *f, uint32_t at, size_t *size);

#endif
