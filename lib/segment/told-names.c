#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "segment/told-names.h"

/* The first map whose ids of stacks are those of map number map. */
static unsigned int
first_with_stacks(const struct stream_header *h, unsigned int map)
{
	const char *stacks = h->maps[map].stacks;

	for (unsigned int i = 0; stacks != NULL && i < map; i++)
		if (h->maps[i].stacks != NULL &&
		    h->maps[i].host == h->maps[map].host &&
		    strcmp(h->maps[i].stacks, stacks) == 0)
			return i;
	return map;
}

static int
open_map(struct told_names *t, unsigned int map)
{
	const struct stream_header *h = t->header;
	const uint32_t host = h->maps[map].host;
	struct told_map *m = &t->maps[map];
	struct report_held reports;
	int got;

	m->symbols = symbol_store_of(t->symbols, host);
	m->names = name_store_of(t->names, host);
	m->symbols_follow =
	    h->nhosts > 0 ? h->hosts[host].symbols_follow : h->symbols_follow;
	m->names_follow =
	    h->nhosts > 0 ? h->hosts[host].names_follow : h->names_follow;
	/* What does not fit is reported by who shows the records. */
	report_hold(&reports);
	got = stack_layout_find(&m->layout, t->header, map);
	report_release_held(&reports, "");
	for (int i = 0; got == 1 && i < STACK_SIDES; i++)
		if (m->layout.sides[i].kind != STACK_ABSENT)
			m->sides |= 1U << i;
	m->stacks = first_with_stacks(t->header, map);
	if (named_members_find(&m->named, t->header, map) == -1)
		return -1;
	m->needs = m->sides != 0 || m->named.n > 0;
	return 0;
}

int
told_names_open(struct told_names *t, const struct stream_header *h)
{
	*t = (struct told_names){ .header = h };
	if ((t->symbols = symbol_store_new()) == NULL ||
	    (t->names = name_store_new()) == NULL ||
	    symbol_store_set_hosts(t->symbols, h->nhosts) == -1 ||
	    name_store_set_hosts(t->names, h->nhosts) == -1)
		return -1;
	if ((t->maps = calloc(h->nmaps + 1, sizeof(*t->maps))) == NULL)
		return report_nomem();
	t->nmaps = h->nmaps;
	for (unsigned int i = 0; i < h->nmaps; i++)
		if (open_map(t, i) == -1)
			return -1;
	return 0;
}

void
told_names_close(struct told_names *t)
{
	for (size_t i = 0; i < t->nmaps; i++)
		named_members_free(&t->maps[i].named);
	free(t->maps);
	symbol_store_free(t->symbols);
	name_store_free(t->names);
	buf_free(&t->whole);
	*t = (struct told_names){ .header = NULL };
}

int
told_names_take(
    struct told_names *t, const struct stream_line *line, const char *where)
{
	switch (line->kind) {
	case LINE_SYMBOLS:
		return symbol_store_parse(t->symbols, line->value, where);
	case LINE_STACK:
		return symbol_store_parse_stack(t->symbols, line->value, where);
	default:
		return name_store_parse(t->names, line->value, where);
	}
}

const unsigned char *
told_names_complete(struct told_names *t, unsigned int map,
    const unsigned char *data, size_t len)
{
	size_t size = t->header->maps[map].record_size;
	char *whole;

	if (len >= size)
		return data;
	t->whole.len = 0;
	if ((whole = buf_room(&t->whole, size)) == NULL) {
		t->whole.failed = false;
		return NULL;
	}
	memcpy(whole, data, len);
	memset(whole + len, 0, size - len);
	return (const unsigned char *)whole;
}
