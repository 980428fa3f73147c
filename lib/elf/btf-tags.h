/*
 * The notes that the author of a program has made on members of structs, by
 * SKEL_AS and the like (assets/skel.bpf.h): tags in the BTF of the form
 * "skel:KEY" or "skel:KEY=VALUE" on a member.
 */
#ifndef SKEL_ELF_BTF_TAGS_H
#define SKEL_ELF_BTF_TAGS_H

#include "elf/btf.h"

/* What begins the tags that are for us. */
#define BTF_TAG "skel:"

/*
 * Sets the notes of all types that were imported: kind, help, whether a table
 * leaves the member out, its width there, and whether it is the record's time.
 * Kinds are checked by member_kinds_set() later.  Returns 0, or -1 after
 * reporting "where: struct event.x: ...".
 */
int btf_tags_set(struct btf_import *in, const char *where);

/* Imports the enum that a kind names, "flags(ENUM)", if the BTF has it: nothing
 * else may refer to it.  Returns 0, or -1 after reporting. */
int btf_tags_import_enum(
    struct btf_import *in, const struct member_kind *k, const char *where);

#endif
