#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "watch/pass-rows.h"

void
pass_rows_free(struct pass_rows *r)
{
	free(r->v);
	buf_free(&r->bytes);
	*r = (struct pass_rows){ 0 };
}

void
pass_rows_clear(struct pass_rows *r)
{
	r->n = 0;
	r->all = 0;
	r->bytes.len = 0;
	r->is_full = false;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct pass_row *x = a, *y = b;
	int order = measure_compare(&y->number, &x->number);

	return order != 0 ? order : x->place < y->place ? -1 : 1;
}

/* Copy what is kept to the front of new bytes. */
static void
drop_bytes(struct pass_rows *r)
{
	struct buf kept = { 0 };

	for (size_t i = 0; i < r->n; i++) {
		size_t at = kept.len;

		buf_add(&kept, r->bytes.data + r->v[i].at, r->v[i].len);
		r->v[i].at = at;
	}
	r->failed |= kept.failed;
	buf_free(&r->bytes);
	r->bytes = kept;
}

void
pass_rows_sort(struct pass_rows *r)
{
	if (r->n > 1)
		qsort(r->v, r->n, sizeof(*r->v), compare_rows);
	if (r->n < PASS_ROWS_MAX)
		return;
	r->is_full = true;
	if (r->n == PASS_ROWS_MAX)
		return;
	r->n = PASS_ROWS_MAX;
	drop_bytes(r);
}

void
pass_rows_add(struct pass_rows *r, const struct pass_row *row, const void *data,
    size_t len)
{
	struct pass_row *to;
	uint64_t place = r->all++;

	/* A later row comes after those of the same number. */
	if (r->failed ||
	    (r->is_full && measure_compare(&row->number,
			       &r->v[PASS_ROWS_MAX - 1].number) <= 0))
		return;
	if (!array_room(r->v, r->n, r->cap)) {
		r->failed = true;
		return;
	}
	to = &r->v[r->n++];
	*to = *row;
	to->place = place;
	to->at = r->bytes.len;
	to->len = len;
	/* Even an empty record has an address. */
	buf_room(&r->bytes, 1);
	buf_add(&r->bytes, data, len);
	r->failed |= r->bytes.failed;
	if (r->n == 2 * PASS_ROWS_MAX)
		pass_rows_sort(r);
}
