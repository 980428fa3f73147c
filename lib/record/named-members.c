#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "record/field-kind.h"
#include "record/fields.h"
#include "record/named-members.h"

bool
named_members_has_kind(enum kind kind)
{
	return kind != KIND_PID_NS && name_store_has_kind(kind);
}

/* Sets a member, unless it has no text, or is none that is looked up. */
static bool
set_member(struct named_member *m, const struct stream_header *h,
    const struct field_place *p)
{
	struct kind_form form;

	if (!named_members_has_kind(p->kind) || p->bits != 0 ||
	    p->cpus != FIELD_CPUS_ONE ||
	    !field_kind_form(&h->types, p, false, &form))
		return false;
	*m = (struct named_member){ .kind = p->kind,
		.size = form.size,
		.is_signed = form.is_signed,
		.pid_size = p->kind == KIND_USYM ? p->family_size : 0,
		.offset = p->offset,
		.pid_offset = p->family_offset };
	return true;
}

int
named_members_find(
    struct named_members *m, const struct stream_header *h, unsigned int map)
{
	struct fields all = { 0 };

	*m = (struct named_members){ 0 };
	fields_add_selected(&all, h, map, NULL, 0, true);
	m->v = calloc(all.n + 1, sizeof(*m->v));
	if (all.failed || m->v == NULL) {
		fields_free(&all);
		named_members_free(m);
		return report_nomem();
	}
	for (size_t i = 0; i < all.n && m->n < NAMED_MEMBERS_MAX; i++)
		m->n += set_member(&m->v[m->n], h, &all.v[i].place);
	fields_free(&all);
	return 0;
}

void
named_members_free(struct named_members *m)
{
	free(m->v);
	*m = (struct named_members){ 0 };
}

static uint64_t
load(const unsigned char *at, uint8_t size)
{
	uint64_t number = 0;

	memcpy(&number, at, size);
	return number;
}

struct named_id
named_member_load(const struct named_member *m, const unsigned char *record)
{
	const unsigned int left = 64 - m->size * 8U;
	struct named_id id = { .kind = m->kind,
		.id = load(record + m->offset, m->size) };

	if (m->is_signed)
		id.id = (uint64_t)((int64_t)(id.id << left) >> left);
	if (m->pid_size != 0)
		id.pid = load(record + m->pid_offset, m->pid_size);
	return id;
}
