/*
 * Makes a package from an object file and its BTF alone (skel-pack(1)).  The
 * same object always gives the same bytes.
 */
#ifndef SKEL_PACK_PACK_H
#define SKEL_PACK_PACK_H

#include <stddef.h>

#include "base/buf.h"
#include "package/sample-option.h"

/* The C source of the object, and the header beside it that defines its
 * records, which may be empty.  All borrowed. */
struct pack_source {
	const char *text;
	size_t len;
	const char *header;
	size_t header_len;
};

/* The options of skel-pack.  Zeroed, they are the defaults. */
struct pack_options {
	/* The name that the package gives to the object, or NULL to make it
	 * from that of the file: "x_bpf" from "x.bpf.o". */
	const char *name;
	const struct pack_source *source; /* borrowed, or NULL */
	/* Borrowed: maps and variables to sample, besides those of annotations.
	 */
	struct sample_option *samples;
	size_t nsamples;
	/* Borrowed: the arguments of --events (events-option.h). */
	const char *const *events;
	size_t nevents;
};

/*
 * Appends the package for the ELF object, one line of JSON, to out.  file
 * stands for the object in reports.  Returns 0, or -1 after reporting what is
 * wrong.
 */
int pack_object(const unsigned char *elf, size_t size, const char *file,
    const struct pack_options *o, struct buf *out);

#endif
