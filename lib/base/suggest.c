#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/suggest.h"

static size_t
suggest_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The edit distance: how many letters must be changed, added, removed or
 * swapped with their neighbour to turn a into b.  Both are shorter than
 * SUGGEST_NAME.
 */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t rows[3][SUGGEST_NAME] = { 0 };

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const size_t *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] =
			    suggest_min(above[j - 1] + (a[i - 1] != b[j - 1]),
				suggest_min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = suggest_min(row[j], second[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

/* Whether the name was offered before, as a symbol in two tables is. */
static bool
suggest_has(const struct suggest *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (strcmp(n->best[i].name, name) == 0)
			return true;
	return false;
}

/* How well a name fits; the first that differs decides. */
static bool
fits_better(const struct suggestion *a, const struct suggestion *b)
{
	if (a->continues != b->continues)
		return a->continues;
	if (a->alike != b->alike)
		return a->alike;
	return a->distance < b->distance;
}

/* Put the name among the best, if it belongs there. */
static void
insert_suggestion(struct suggest *n, const struct suggestion *s)
{
	size_t at = n->n;

	while (at > 0 && fits_better(s, &n->best[at - 1]))
		at--;
	if (at == SUGGEST_MAX || suggest_has(n, s->name))
		return;
	if (n->n < SUGGEST_MAX)
		n->n++;
	memmove(&n->best[at + 1], &n->best[at],
	    (n->n - at - 1) * sizeof(n->best[0]));
	n->best[at] = *s;
}

void
suggest_offer(struct suggest *n, const char *name)
{
	size_t want = strlen(n->wanted), len = strlen(name),
	       far = want < 6 ? 1 : want / 3, same = 0;
	struct suggestion s;

	n->seen++;
	if (len >= SUGGEST_NAME || want >= SUGGEST_NAME)
		return;
	while (same < want && n->wanted[same] == name[same])
		same++;
	s.continues = want >= SUGGEST_PREFIX && same == want;
	/* The distance is at least the difference in length, so most names end
	 * here. */
	if (!s.continues && (len + far < want || want + far < len))
		return;
	s.distance = s.continues ? len - want : edit_distance(n->wanted, name);
	if (!s.continues && s.distance > far)
		return;
	s.alike = same >= (want + 1) / 2;
	memcpy(s.name, name, len + 1);
	insert_suggestion(n, &s);
}

char *
suggest_text(const struct suggest *n)
{
	struct buf b = { 0 };

	if (n->n > 0)
		buf_str(&b, "; the nearest: ");
	for (size_t i = 0, start = b.len; i < n->n; i++)
		buf_list(&b, start, n->best[i].name);
	buf_chr(&b, '\0');
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return b.data;
}
