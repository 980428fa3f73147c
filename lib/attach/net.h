/*
 * Helpers of the ways that attach to the network: interfaces, the programs
 * that are attached already, and constants that the headers of Linux 6.1 lack.
 */
#ifndef SKEL_ATTACH_NET_H
#define SKEL_ATTACH_NET_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "attach/job.h"

/* Of enum bpf_attach_type in linux/bpf.h. */
enum {
	ATTACH_TCX_INGRESS = 46,    /* BPF_TCX_INGRESS: Linux 6.6 */
	ATTACH_TCX_EGRESS = 47,     /* BPF_TCX_EGRESS: Linux 6.6 */
	ATTACH_NETFILTER = 45,      /* BPF_NETFILTER: Linux 6.4 */
	ATTACH_NETKIT_PRIMARY = 54, /* BPF_NETKIT_PRIMARY: Linux 6.7 */
	ATTACH_NETKIT_PEER = 55,    /* BPF_NETKIT_PEER: Linux 6.7 */
};

/* Of enum bpf_prog_type: BPF_PROG_TYPE_NETFILTER. */
#define ATTACH_TYPE_NETFILTER ((enum bpf_prog_type)32)

enum { ATTACH_PROGRAM_TEXT = 64 };

struct net_interface {
	unsigned int index;
	char name[IF_NAMESIZE];
};

/*
 * Find the interface that text gives by name or number.  If text is NULL, find
 * it by its index in the package.  If the package does not list one (not
 * listed), index is the default of the format, and a notice is reported.
 */
struct attach_error attach_net_interface(const struct attach_job *j,
    const char *text, uint32_t index, bool listed, struct net_interface *out);

/* Write "program 42, NAME" for the program with this id, for messages.
 * Returns text. */
const char *attach_net_program(uint32_t id, char text[ATTACH_PROGRAM_TEXT]);

#endif
