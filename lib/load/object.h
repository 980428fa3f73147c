/*
 * Opens a package's ELF object with libbpf, sets its globals and loads it into
 * the kernel.  No other file loads an object.
 *
 * The functions return 0, or -1 after reporting what is wrong, unless noted.
 */
#ifndef SKEL_LOAD_OBJECT_H
#define SKEL_LOAD_OBJECT_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "elf/libbpf-log.h"
#include "host/map-fds.h"
#include "load/object-names.h"
#include "package/package.h"
#include "stream/header.h"

struct object {
	const struct package *package; /* borrowed */
	struct bpf_object *bpf;        /* owned */
	struct object_names names;
	const char *btf; /* borrowed: argument of --btf, or NULL */
	char *btf_path;  /* owned: see vmlinux_choose(); or NULL */
	/* A slice of the kernel's BTF and the path by which libbpf opens it.
	 * Both owned; if slice_path is NULL, there is none. */
	int slice;
	char *slice_path;
	/* Why object_load() failed. */
	enum libbpf_refusal_kind refusal;
	int load_error; /* then errno of bpf_object__load() */
};

/*
 * Opens the object of p under its obj_name and writes the values of the
 * variables to their sections (.rodata .bss .data and .rodata.* .data.*
 * .bss.*).  p must outlive o.  btf is the argument of --btf, or NULL.
 */
int object_open(struct object *o, const struct package *p, const char *btf);

/*
 * Loads the object.  If the verifier refuses a program, its name and the last
 * lines of the verifier's log are reported.  A package that lists no program is
 * an error too.
 */
int object_load(struct object *o);

/* The descriptors of h's maps in the loaded object, which keeps them open.
 * Returns an array to free(), or NULL after reporting. */
struct map_fds *object_map_fds(
    const struct object *o, const struct stream_header *h);

/* Closes the object.  The kernel unloads its programs and maps unless they are
 * pinned or attached. */
void object_close(struct object *o);

#endif
