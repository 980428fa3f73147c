/*
 * JSON sources: the members of JSON records that a question names, as the bytes
 * of a record that has these members alone, in places of its own.
 */
#ifndef SKEL_COUNT_JSON_SOURCE_H
#define SKEL_COUNT_JSON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "count/json-value.h"
#include "kinds/name-store.h"
#include "record/json-row.h"

/* A member that is taken from each record. */
struct json_field {
	const char *name;              /* borrowed: of the question */
	struct counted_member *member; /* borrowed; its place is set */
	bool is_key;
	bool seen; /* some record has it */
	uint32_t cell;
	uint32_t text_cell; /* of its name; JSON_ROW_NO_CELL: it has none */
	struct query_member taken;
	struct json_found found;
	struct json_guess guess;
};

struct json_source {
	bool untyped; /* types are what the values need */
	struct json_row row;
	uint32_t time_cell;
	struct query_member time;
	struct json_field *fields; /* owned */
	size_t n, cap;
	unsigned char *record; /* owned */
	size_t size;
	const struct json_field *wrong; /* JSON_WRONG, JSON_LACKS */
};

enum json_got {
	JSON_GOOD,
	JSON_NOT,     /* it is no JSON from column row.wrong_at on */
	JSON_LACKS,   /* it has not all members */
	JSON_WRONG,   /* a member is of another type */
	JSON_CHANGED, /* members have become of other types, which is to be
			 noticed before json_source_place() */
	JSON_NOMEM,
};

/* Returns 0, or -1 after reporting that memory ran out. */
int json_source_open(struct json_source *s, bool untyped);
void json_source_close(struct json_source *s);

/* Add a member of that path in the records.  Returns as json_source_open(). */
int json_source_add(struct json_source *s, struct counted_member *m,
    const char *name, const char *path, bool is_key);

/* Set the places of all members.  Returns as json_source_open(). */
int json_source_place(struct json_source *s);

/* Read a record, and set *time_ns if it has a time.  If it is good, its members
 * are to be written with json_source_write(). */
enum json_got json_source_read(
    struct json_source *s, const char *text, size_t len, uint64_t *time_ns);

/* Write the members that were read to s->record.  Returns JSON_GOOD or
 * JSON_WRONG. */
enum json_got json_source_write(struct json_source *s);

/* Append "@names" lines for the names that the record last written has as text,
 * as "uid_text", unless the store has them; it gets them.  Returns 0, or -1
 * after reporting that memory ran out. */
int json_source_tell_names(
    struct json_source *s, struct name_store *names, struct buf *lines);

/* Report members that no record had so far, with names like them.  Returns
 * whether there is one. */
bool json_source_report_unseen(const struct json_source *s, const char *where);

#endif
