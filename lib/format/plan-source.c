#include "format/plan-source.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/report.h"
#include "base/util.h"

enum { SOURCES_MAX = 1 << 16 };

struct known_source {
	struct hash_key key;
	struct plan_source source;
};

struct plan_sources {
	struct hash known;
	struct hash_key start;
};

struct plan_sources *
plan_sources_new(void)
{
	struct plan_sources *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		report_nomem();
		return NULL;
	}
	s->known.size = sizeof(struct known_source);
	if (hash_random(&s->start) == -1) {
		free(s);
		return NULL;
	}
	return s;
}

void
plan_sources_free(struct plan_sources *s)
{
	if (s == NULL)
		return;
	hash_free(&s->known);
	free(s);
}

static void
mix_text(struct hash_key *k, const char *text)
{
	hash_mix(k, text, strlen(text));
}

/* Mix the names and the places of a type and of its members: another program
 * can have made another stream of this one, with a map of the same name. */
static void
mix_type(struct hash_key *k, const struct types *t, uint32_t index)
{
	const struct type *type;

	hash_mix(k, &(bool){ index == TYPE_NONE }, sizeof(bool));
	if (index == TYPE_NONE)
		return;
	type = &t->v[index];
	mix_text(k, type->name);
	hash_mix(k, &type->size, sizeof(type->size));
	for (size_t i = 0; i < type->nmembers; i++) {
		mix_text(k, type->members[i].name);
		hash_mix(k, &type->members[i].offset,
		    sizeof(type->members[i].offset));
	}
}

/* Set *k to the key of a map.  Returns false if nothing says when and where its
 * stream began. */
static bool
make_key(struct hash_key *k, const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	const struct stream_host *of =
	    h->nhosts > 0 ? &h->hosts[m->host] : NULL;
	const char *const said[] = { of != NULL ? of->host : h->host,
		of != NULL ? of->boot_id : h->boot_id,
		of != NULL ? of->started : h->started,
		of != NULL ? of->name : h->name };
	unsigned int same = 0;

	for (size_t i = 0; i < nitems(said); i++) {
		if (i < 3 && *said[i] == '\0')
			return false;
		mix_text(k, said[i]);
	}
	mix_text(k, m->name);
	/* A map with several types has an entry for each. */
	for (unsigned int i = map; i-- > 0 && h->maps[i].host == m->host &&
				   strcmp(h->maps[i].name, m->name) == 0;)
		same++;
	hash_mix(k, &same, sizeof(same));
	mix_type(k, &h->types, m->key);
	mix_type(k, &h->types, m->value);
	return true;
}

struct plan_source
plan_source_find(
    struct plan_sources *s, const struct stream_header *h, unsigned int map)
{
	struct plan_source unknown = { .number = 0 };
	struct known_source *known;
	struct hash_key k;

	if (s == NULL)
		return unknown;
	k = s->start;
	if (!make_key(&k, h, map))
		return unknown;
	if ((known = hash_find(&s->known, k)) != NULL)
		return known->source;
	if (s->known.n == SOURCES_MAX ||
	    (known = hash_add(&s->known, k)) == NULL)
		return unknown;
	known->source.number = s->known.n;
	return known->source;
}

void
plan_source_keep(struct plan_sources *s, const struct plan_source *source)
{
	struct known_source *known;

	if (s == NULL || source->number == 0)
		return;
	known = hash_at(&s->known, source->number - 1);
	known->source = *source;
}
