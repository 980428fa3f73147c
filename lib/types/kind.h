/*
 * The kind of a member: what its number or its bytes mean, such as an IPv4
 * address or an errno, which C types do not say.  The author of a program says
 * it (SKEL_AS in assets/skel.bpf.h), or an option; of well-known typedefs it is
 * known.  Whether it
 * fits is in types/member-kinds.h, its text in kinds/.
 */
#ifndef SKEL_TYPES_KIND_H
#define SKEL_TYPES_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum kind {
	KIND_NONE,
	KIND_IP4, /* in network order, as all addresses */
	KIND_IP6,
	KIND_IP, /* either, as another member says: ip(family=MEMBER) */
	KIND_MAC,
	KIND_PORT_BE, /* in network order */
	KIND_BE16,
	KIND_BE32,
	KIND_BE64,
	KIND_ERRNO, /* negative, as the kernel returns it, or positive */
	KIND_SIGNAL,
	KIND_SYSCALL,
	KIND_PROTO,  /* of IP */
	KIND_FAMILY, /* of addresses and sockets */
	KIND_TCP_STATE,
	KIND_SOCK_TYPE,
	KIND_FILE_MODE,
	KIND_OPEN_FLAGS,
	KIND_FLAGS, /* bits with the names of an enum: flags(ENUM) */
	KIND_DEV,   /* as the kernel has it: 12 bits, then 20 */
	KIND_UID,
	KIND_GID,
	KIND_IFINDEX,
	KIND_CGROUP,    /* the id, of bpf_get_current_cgroup_id() */
	KIND_CONTAINER, /* that of a cgroup id */
	KIND_PID_NS,
	KIND_KSYM,
	KIND_USYM,
	KIND_KTIME,    /* ns, bpf_ktime_get_ns() */
	KIND_BOOTTIME, /* ns, bpf_ktime_get_boot_ns() */
	KIND_REALTIME, /* ns since 1970 */
	KIND_NS,       /* durations */
	KIND_US,
	KIND_MS,
	KIND_S,
	KIND_BYTES,
	KIND_KIB,
	KIND_PAGES, /* of 4096 bytes */
	KIND_HEX,
	KIND_OCT,
	KIND_TEXT, /* up to a NUL */
	KIND_UTF8,
	KIND_BOOL,
	KIND_COUNT
};

/* A zeroed one is of no kind. */
struct member_kind {
	enum kind kind;
	/* Somebody said it, if only that the member is of no kind: it is not
	 * guessed. */
	bool said;
	char *arg; /* owned: the member of KIND_IP, the enum of KIND_FLAGS; or
		      NULL */
	uint32_t flags; /* of KIND_FLAGS: the index of the enum in the table of
			   types, set by member_kinds_set() */
};

/* Whether values of a kind can be added: durations and sizes, whose unit the
 * kind is. */
static inline bool
kind_is_quantity(enum kind kind)
{
	return kind >= KIND_NS && kind <= KIND_PAGES;
}

/* "ip4".  KIND_NONE has "". */
const char *kind_name(enum kind kind);

/*
 * Parses "errno", "ip(family=af)", "flags(open_how)", or "", which is no kind.
 * where begins reports.  Returns 0, or -1 after reporting; then *k is empty.
 * *k is to be released by kind_free().
 */
int kind_parse(struct member_kind *k, const char *text, const char *where);
void kind_free(struct member_kind *k);

/* Returns it as kind_parse() takes it, to be freed by the caller, or NULL if
 * memory ran out. */
char *kind_spell(const struct member_kind *k);

#endif
