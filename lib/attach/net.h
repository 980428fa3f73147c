/*
 * What the ways to attach to the network share: interfaces, programs that were
 * there before, and names that the headers of Linux 6.1 lack.
 */
#ifndef SKEL_ATTACH_NET_H
#define SKEL_ATTACH_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "attach/way.h"

/* Of enum bpf_attach_type in linux/bpf.h. */
enum {
	ATTACH_STRUCT_OPS = 44,  /* BPF_STRUCT_OPS: Linux 6.4 */
	ATTACH_TCX_INGRESS = 46, /* BPF_TCX_INGRESS: Linux 6.6 */
	ATTACH_TCX_EGRESS = 47,  /* BPF_TCX_EGRESS: Linux 6.6 */
};

/* Of the flags of a map in linux/bpf.h. */
enum { ATTACH_MAP_LINK = 1 << 13 }; /* BPF_F_LINK: Linux 6.4 */

enum { ATTACH_NAMED_MAX = 64 };

struct interface {
	unsigned int index;
	char name[IF_NAMESIZE];
};

/*
 * The interface that "-a" names, by its name or its number, or, with text
 * NULL, the one that the package says; said: it really does, and not the
 * format's default.  Returns 0, or -1 as struct way's attach does.
 */
int attach_interface(const struct attach_job *j, const char *text,
    uint32_t index, bool said, struct interface *out);

/* "program 42, pass": the program with this id, for reports. */
const char *attach_named(uint32_t id, char text[ATTACH_NAMED_MAX]);

#endif
