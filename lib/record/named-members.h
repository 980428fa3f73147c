/*
 * Named members: those members of a map's records whose numbers have names that
 * only the host of the records knows, as users and cgroups; who writes a stream
 * finds these names, and who shows it waits for them.
 */
#ifndef SKEL_RECORD_NAMED_MEMBERS_H
#define SKEL_RECORD_NAMED_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kinds/name-store.h"
#include "stream/header.h"

/* Of a map; its further members have no names. */
enum { NAMED_MEMBERS_MAX = 1024 };

struct named_member {
	enum kind kind;
	uint8_t size; /* bytes of the number */
	bool is_signed;
	uint8_t pid_size; /* KIND_USYM: of the process; 0: there is none */
	size_t offset, pid_offset;
};

/* A number that has a name, or none. */
struct named_id {
	enum kind kind;
	uint64_t pid; /* KIND_USYM; else 0 */
	uint64_t id;
};

/* Whether a number may have a name: addresses in what is no process have none,
 * and nobody waits for them. */
static inline bool
named_id_is_told(const struct named_id *id)
{
	return id->kind != KIND_USYM || (id->pid != 0 && id->pid <= INT32_MAX);
}

struct named_members {
	struct named_member *v; /* owned */
	size_t n;
};

/* Whether numbers of a kind are looked up: those whose names are told, but for
 * namespaces, which have none. */
bool named_members_has_kind(enum kind kind);

/* Find the members of map number map.  Returns 0, or -1 after reporting that
 * memory ran out. */
int named_members_find(
    struct named_members *m, const struct stream_header *h, unsigned int map);
void named_members_free(struct named_members *m);

/* The number of a member in a record, which has at least stream_record_size()
 * bytes: as kinds/kind-text.h takes it, extended by its sign. */
struct named_id named_member_load(
    const struct named_member *m, const unsigned char *record);

#endif
