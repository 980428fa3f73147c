#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/report.h"
#include "poll/sequence.h"

#define LOOK_NS UINT64_C(50000000)  /* between two looks, at least */
#define JUMP_MAX (INT64_C(1) << 48) /* more were never lost at one go */

static const struct type_member *
find_member(const struct type *t, const char *name)
{
	for (size_t i = 0; i < t->nmembers; i++)
		if (strcmp(t->members[i].name, name) == 0)
			return &t->members[i];
	return NULL;
}

int
sequence_find(const struct types *t, uint32_t value, const char *member,
    size_t *offset, size_t *size, const char *where)
{
	const struct type *record =
	    value != TYPE_NONE ? types_get(t, value) : NULL;
	const struct type_member *m;
	const struct type *number;

	if (record == NULL || record->kind != TYPE_STRUCT) {
		report_error("%s: its records are no struct with a member %s "
			     "that numbers them",
		    where, member);
		return -1;
	}
	if (member[0] == '\0' || (m = find_member(record, member)) == NULL) {
		report_error("%s: struct %s has no member \"%s\" that numbers "
			     "its records",
		    where, record->name, member);
		return -1;
	}
	number = types_get(t, m->type);
	if (number->kind != TYPE_INT || number->is_signed || m->bits != 0 ||
	    (number->size != 4 && number->size != 8)) {
		report_error("%s: member %s numbers no records: it is no "
			     "unsigned integer of 4 or 8 bytes",
		    where, member);
		return -1;
	}
	*offset = (size_t)m->offset;
	*size = (size_t)number->size;
	return 0;
}

/* Whether a is below b, both within 2^63 of each other. */
static bool
is_below(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}

/* How far the number of a record is ahead of the next one expected. */
static int64_t
ahead(const struct sequence *q, const unsigned char *record)
{
	uint64_t high = q->all->high, wide;
	uint32_t narrow;

	if (q->size == sizeof(wide)) {
		memcpy(&wide, record + q->offset, sizeof(wide));
		return (int64_t)(wide - high);
	}
	memcpy(&narrow, record + q->offset, sizeof(narrow));
	return (int32_t)(narrow - (uint32_t)high);
}

void
sequence_take(struct sequence *q, const void *data, size_t len)
{
	struct sequence_state *all = q->all;
	uint64_t number;
	int64_t by;

	if (q->size == 0 || len < q->offset + q->size)
		return;
	by = ahead(q, data);
	number = all->high + (uint64_t)by;
	if (by >= JUMP_MAX)
		all->broken = 1;
	else if (by >= 0)
		all->high = number + 1;
	all->received[is_below(number, all->mark[0])   ? 0
		      : is_below(number, all->mark[1]) ? 1
						       : 2]++;
}

/* The younger mark becomes the older. */
static void
move_marks(struct sequence_state *all)
{
	all->mark[0] = all->mark[1];
	all->mark[1] = all->high;
	all->received[0] += all->received[1];
	all->received[1] = all->received[2];
	all->received[2] = 0;
}

/* More records than there are numbers: some came twice. */
static bool
is_repeating(const struct sequence_state *all)
{
	return is_below(
	    all->high, all->received[0] + all->received[1] + all->received[2]);
}

/* Whether there is nothing to count, which is said once. */
static bool
is_over(struct sequence *q)
{
	struct sequence_state *all = q->all;
	const char *why = NULL;

	if (all->shared != 0)
		why = "several readers share its records";
	else if (all->broken != 0 || is_repeating(all))
		why = "the numbers of its records jump or repeat";
	if (why == NULL)
		return false;
	if (all->shared == 0)
		all->broken = 1;
	if (!q->noticed)
		report_notice("map %s: its losses are not counted any more: %s",
		    q->name, why);
	q->noticed = true;
	return true;
}

uint64_t
sequence_count(struct sequence *q)
{
	struct sequence_state *all = q->all;
	uint64_t lost, more;

	if (q->size == 0 || is_over(q))
		return 0;
	lost = all->mark[0] - all->received[0];
	more = is_below(all->told, lost) ? lost - all->told : 0;
	all->told += more;
	return more;
}

uint64_t
sequence_look(struct sequence *q)
{
	uint64_t now, more;

	if (q->size == 0 || (now = clock_elapsed()) < q->due)
		return 0;
	q->due = now + LOOK_NS;
	more = sequence_count(q);
	move_marks(q->all);
	return more;
}

void
sequence_settle(struct sequence *q)
{
	if (q->size == 0)
		return;
	move_marks(q->all);
	move_marks(q->all);
	q->due = 0;
}

void
sequence_begin(struct sequence *q)
{
	if (q->size != 0 &&
	    __atomic_load_n(&q->all->reader, __ATOMIC_ACQUIRE) != q->reader)
		__atomic_store_n(&q->all->shared, 1, __ATOMIC_RELEASE);
}
