#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/report.h"
#include "base/suggest.h"
#include "count/json-source.h"
#include "kinds/kind-text.h"
#include "query/query-cell.h"
#include "record/fields.h"

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

/* Let the text beside a member be found. */
static int
add_text(struct json_source *s, struct json_field *f, const char *path)
{
	char *text;

	if (asprintf(&text, "%s" FIELD_TEXT_SUFFIX, path) == -1)
		return report_nomem();
	f->text_cell = json_row_add(&s->row, text);
	free(text);
	return 0;
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
		.text_cell = JSON_ROW_NO_CELL,
		.cell = json_row_add(&s->row, path) };
	f->taken.rest = "";
	/* The name of an address is that of a process, too. */
	if (!s->untyped && is_key && name_store_has_kind(m->kind) &&
	    m->kind != KIND_USYM && add_text(s, f, path) == -1)
		return -1;
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

/* Whether the text is that of a number without a name. */
static bool
is_nameless(const struct counted_member *m, uint64_t id, const char *text)
{
	static const struct kind_context none = { 0 };
	const struct kind_form form = { .kind = m->kind,
		.size = (uint8_t)m->size,
		.is_signed = m->is_signed };
	const struct kind_value v = { .number = id };
	char own[NAME_STORE_TEXT_MAX + TEXT_SLACK];

	*kind_text_write(own, &form, &v, &none) = '\0';
	return strcmp(own, text) == 0;
}

/* Tell the name of a member, which is the text in the row's scratch. */
static int
tell_name(const struct json_source *s, const struct json_field *f,
    struct name_store *names, struct buf *lines)
{
	const char *name = s->row.scratch.data, *old;
	struct json_found found;
	uint64_t id;

	json_value_load(&found, f->member, s->record + f->member->offset);
	id = (uint64_t)int128_bits(&found.value.number);
	old = name_store_find(names, f->member->kind, id);
	if ((old != NULL && strcmp(old, name) == 0) ||
	    is_nameless(f->member, id, name))
		return 0;
	if (name_store_set(names, f->member->kind, 0, id, name) == -1)
		return -1;
	name_store_write(names, lines, f->member->kind, 0, &id, 1);
	return 0;
}

int
json_source_tell_names(
    struct json_source *s, struct name_store *names, struct buf *lines)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct json_field *f = &s->fields[i];
		const struct json_value *cell;

		if (f->text_cell == JSON_ROW_NO_CELL)
			continue;
		cell = &s->row.cells[f->text_cell];
		if (cell->kind != JSON_VALUE_STRING)
			continue;
		json_row_decode(&s->row, cell);
		buf_chr(&s->row.scratch, '\0');
		if (s->row.scratch.failed)
			return report_nomem();
		if (tell_name(s, f, names, lines) == -1)
			return -1;
	}
	return 0;
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
