/*
 * The section .BTF.ext: which BTF function each function of the code is, and
 * which source line each instruction is from.
 */
#ifndef SKEL_ELF_BTF_EXT_H
#define SKEL_ELF_BTF_EXT_H

#include <bpf/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What describes functions that were appended to a section. */
struct btf_ext_functions {
	const char *section;
	uint32_t section_name;   /* offset in the BTF's strings, as below */
	uint32_t file, text;     /* of the source line */
	uint32_t type;           /* BTF id of the functions */
	const uint32_t *offsets; /* borrowed: where they start; bytes */
	size_t n;
};

/*
 * Appends to out the content of a section .BTF.ext, of size bytes, with the
 * functions added to it.  What the section does not have at all, such as
 * lines, is not added.  btf has the section's names.  Returns false if the
 * section is not laid out as it should.
 */
bool btf_ext_add_functions(const void *ext, size_t size, const struct btf *btf,
    const struct btf_ext_functions *f, struct buf *out);

#endif
