#include <string.h>

#include "base/nomem.h"
#include "base/report.h"
#include "types/name-table.h"

struct name_entry {
	struct hash_key key; /* of the scope and the name */
	uint32_t number;
};

static struct hash_key
name_key(const struct name_table *t, uint32_t scope, const char *name)
{
	struct hash_key key = t->first;

	hash_mix(&key, &scope, sizeof(scope));
	hash_mix(&key, name, strlen(name));
	return key;
}

int
name_table_add(
    struct name_table *t, uint32_t scope, const char *name, uint32_t number)
{
	struct name_entry *e;
	struct hash_key key;

	if (t->hash.size == 0) {
		if (hash_random(&t->first) == -1)
			return -1;
		t->hash.size = sizeof(*e);
	}
	key = name_key(t, scope, name);
	if (hash_find(&t->hash, key) != NULL)
		return 0;
	if ((e = hash_add(&t->hash, key)) == NULL)
		return report_nomem();
	e->number = number;
	return 0;
}

uint32_t
name_table_find(const struct name_table *t, uint32_t scope, const char *name)
{
	const struct name_entry *e;

	if (t->hash.n == 0)
		return NAME_NONE;
	e = hash_find(&t->hash, name_key(t, scope, name));
	return e != NULL ? e->number : NAME_NONE;
}

void
name_table_free(struct name_table *t)
{
	hash_free(&t->hash);
	*t = (struct name_table){ 0 };
}
