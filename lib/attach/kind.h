/*
 * The table of the kinds of programs: which ways programs of a type and
 * section can go, and why others cannot be attached.
 */
#ifndef SKEL_ATTACH_KIND_H
#define SKEL_ATTACH_KIND_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "attach/job.h"

struct attach_kind;
struct attach_way;

/* The kind of a program, or NULL. */
const struct attach_kind *attach_kind_find(const struct bpf_program *program);

/* Whether programs of the kind can go this way. */
bool attach_kind_has_way(
    const struct attach_kind *kind, const struct attach_way *way);

/* The name of the program's kind, "tracepoint", or of its type.  A constant. */
const char *attach_kind_name(const struct bpf_program *program);

/* The error for a program without a type: neither libbpf nor this file knows
 * its section. */
struct attach_error attach_kind_unknown_section(const struct attach_job *j);

/* Set the type of a program whose section libbpf 1.1 does not know. */
void attach_kind_set_type(struct bpf_program *program);

#endif
