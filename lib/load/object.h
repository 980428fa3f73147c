/*
 * Objects: a package's ELF object opened by libbpf, its globals filled in, and
 * loaded into the kernel.  The only file that loads one.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_LOAD_OBJECT_H
#define SKEL_LOAD_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "package/package.h"
#include "stream/header.h"
#include "stream/map-fds.h"

struct object {
	const struct package *package; /* borrowed */
	struct bpf_object *bpf;        /* owned */
	const char *btf;               /* borrowed: --btf's argument, or NULL */
	char *btf_path;                /* owned: what was chosen, or NULL */
	/* Of the kernel's BTF, in memory, and where libbpf finds it.  Owned;
	 * slice_path is NULL: there is none. */
	int slice;
	char *slice_path;
};

/*
 * Open the package's object under its obj_name and put the variables' values
 * into their sections (.rodata .bss .data and .rodata.* .data.* .bss.*).
 * btf is --btf's argument or NULL.
 */
int object_open(struct object *o, const struct package *p, const char *btf);

/*
 * Load it.  When the verifier refuses, reports which program and the
 * verifier's own last lines.
 */
int object_load(struct object *o);

/* The descriptors of h's maps in the loaded object, which keeps them open.
 * Returns an array to free(), or NULL after reporting. */
struct map_fds *object_map_fds(
    const struct object *o, const struct stream_header *h);

/* Unloads what the kernel holds for it, unless pinned. */
void object_close(struct object *o);

#endif
