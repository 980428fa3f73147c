/*
 * The users of the kernel's maps: programs that refer to them, processes that
 * have them open, and pins on any bpffs that is mounted.
 */
#ifndef CMD_SKEL_POLL_MAP_USERS_H
#define CMD_SKEL_POLL_MAP_USERS_H

#include <stddef.h>
#include <stdint.h>

enum map_user_kind { MAP_USER_PROGRAM, MAP_USER_PROCESS, MAP_USER_PIN };

struct map_user {
	uint32_t map; /* its number */
	enum map_user_kind kind;
	uint32_t id; /* of the program or the process */
	char *name; /* owned: the program's, the comm, or the path of the pin */
};

struct map_users {
	struct map_user *v; /* owned; sorted by map, kind and id */
	size_t n, cap;
};

/* Finds them all.  What this process may not see is left out.  Returns 0, or -1
 * after reporting. */
int map_users_find(struct map_users *u);
void map_users_free(struct map_users *u);

/* Sets *n to the number of users of the map, and returns the first of them. */
const struct map_user *map_users_of(
    const struct map_users *u, uint32_t map, size_t *n);

#endif
