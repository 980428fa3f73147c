#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/suggest.h"
#include "count/json-source.h"
#include "query/query-cell.h"

int
json_source_open(struct json_source *s, bool untyped)
{
	*s = (struct json_source){ .untyped = untyped };
	if (json_row_open(&s->row) == -1)
		return report_nomem();
	s->row.news_left = untyped ? JSON_ROW_NEWS_MAX : 0;
	s->time = (struct query_member){ .source = QUERY_TIME, .rest = "" };
	s->time_cell = json_row_add(&s->row, "@time");
	return s->row.failed ? report_nomem() : 0;
}

void
json_source_close(struct json_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		query_member_free(&s->fields[i].taken);
	free(s->fields);
	free(s->record);
	query_member_free(&s->time);
	json_row_close(&s->row);
	*s = (struct json_source){ 0 };
}

int
json_source_add(struct json_source *s, struct counted_member *m,
    const char *name, const char *path, bool is_key)
{
	struct json_field *f;

	if (!array_room(s->fields, s->n, s->cap))
		return report_nomem();
	f = &s->fields[s->n++];
	*f = (struct json_field){ .name = name,
		.member = m,
		.is_key = is_key,
		.cell = json_row_add(&s->row, path) };
	f->taken.rest = "";
	if (s->untyped)
		f->taken.target.class = QUERY_CLASS_ANY;
	else
		json_value_prepare(&f->taken, m);
	return s->row.failed ? report_nomem() : 0;
}

int
json_source_place(struct json_source *s)
{
	unsigned char *record;
	size_t at = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct counted_member *m = s->fields[i].member;

		m->offset = at;
		m->bit_offset = m->bits = 0;
		m->cpus = 0;
		m->tail = false;
		at += (m->size + 15) / 16 * 16;
	}
	if ((record = realloc(s->record, at + 1)) == NULL)
		return report_nomem();
	memset(record, 0, at + 1);
	s->record = record;
	s->size = at;
	return 0;
}

/* Find the values of members whose types are not known. */
static enum json_got
find_values(struct json_source *s)
{
	bool changed = false;

	for (size_t i = 0; i < s->n; i++) {
		struct json_field *f = &s->fields[i];

		s->wrong = f;
		if (!json_value_find(
			&f->found, &f->taken, &s->row.cells[f->cell]))
			return f->taken.scratch.failed ? JSON_NOMEM
						       : JSON_LACKS;
		if (!f->is_key && f->found.value.kind == QUERY_VALUE_TEXT)
			return JSON_WRONG;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct json_field *f = &s->fields[i];

		changed |= json_value_guess(
		    &f->guess, f->member, &f->found, f->is_key);
	}
	return changed ? JSON_CHANGED : JSON_GOOD;
}

/* Note the members that some record has. */
static void
note_seen(struct json_source *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->fields[i].seen |=
		    s->row.cells[s->fields[i].cell].kind != JSON_VALUE_ABSENT;
}

static enum json_got
find_typed(struct json_source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct json_field *f = &s->fields[i];

		if (s->row.cells[f->cell].kind != JSON_VALUE_ABSENT)
			continue;
		s->wrong = f;
		return JSON_LACKS;
	}
	return JSON_GOOD;
}

enum json_got
json_source_read(
    struct json_source *s, const char *text, size_t len, uint64_t *time_ns)
{
	struct query_value time;

	if (json_row_parse(&s->row, text, len) == -1)
		return s->row.failed ? JSON_NOMEM : JSON_NOT;
	query_cell_load(&s->time, &time, &s->row.cells[s->time_cell]);
	if (time.kind == QUERY_VALUE_INT)
		*time_ns = (uint64_t)time.number.magnitude;
	note_seen(s);
	return s->untyped ? find_values(s) : find_typed(s);
}

enum json_got
json_source_write(struct json_source *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct json_field *f = &s->fields[i];
		unsigned char *to = s->record + f->member->offset;
		bool good;

		if (s->untyped)
			good = json_value_write(f->member, to, &f->found);
		else
			good = json_value_store(&f->taken, f->member, to,
			    &s->row.cells[f->cell], f->name);
		if (good)
			continue;
		s->wrong = f;
		return JSON_WRONG;
	}
	return JSON_GOOD;
}

/* Offer the names that records have beside those that are wanted. */
static void
suggest_news(struct suggest *nearest, const struct buf *news)
{
	char *copy = strndup(news->data, news->len), *rest = copy, *name;

	while (copy != NULL && (name = strsep(&rest, ",")) != NULL)
		suggest_offer(nearest, name + (*name == ' '));
	free(copy);
}

bool
json_source_report_unseen(const struct json_source *s, const char *where)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct json_field *f = &s->fields[i];
		struct suggest nearest = { .wanted = f->name };
		char *text;

		if (f->seen)
			continue;
		if (s->row.news.len > 0)
			suggest_news(&nearest, &s->row.news);
		text = suggest_text(&nearest);
		report_error("%s: no record has a member \"%s\"%s", where,
		    f->name, text == NULL ? "" : text);
		free(text);
		return true;
	}
	return false;
}
