/*
 * JSON rows: finds the values of a JSON record by their paths, "a.b", in one
 * pass over its text.  The paths that are wanted are added first; then each
 * record that is parsed fills one cell for each.  No tree is built: a cell is a
 * piece of the record's text.
 */
#ifndef SKEL_RECORD_JSON_ROW_H
#define SKEL_RECORD_JSON_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/json-cursor.h"
#include "base/text.h"
#include "stream/header.h"

/* One name of a wanted path.  The numbers are indexes of keys; 0 is the record
 * itself and therefore also means "none". */
struct json_row_key {
	char *name; /* owned */
	size_t len;
	uint32_t parent, first_child, last_child, next;
	uint32_t cell; /* JSON_ROW_NO_CELL: only keys below it are wanted */
};

#define JSON_ROW_NO_CELL UINT32_MAX

enum { JSON_ROW_NEWS_MAX = 16 }; /* a good start for news_left */

struct json_row {
	struct json_row_key *keys; /* owned */
	size_t nkeys, keys_cap;
	struct json_value *cells; /* owned; those of the last record */
	size_t ncells, cells_cap;
	/* Add a cell for each key of the next record that has none yet; if
	 * deep, also for the keys of the objects inside it. */
	bool collect, deep;
	bool full; /* keys were not collected, because there are too many */
	/* The names of so many more members that are not wanted are appended to
	 * news, each once, as "a, b.c"; names with "@" are not. */
	unsigned int news_left;
	struct buf news;
	bool spaced;     /* the last record has blanks between its parts */
	size_t wrong_at; /* the column where the last text ceased to be JSON */
	bool failed;     /* memory ran out */
	struct buf scratch;
};

/* Returns 0, or -1 when memory ran out. */
int json_row_open(struct json_row *r);
void json_row_close(struct json_row *r);

/*
 * Add a path, unless it is there.  Returns the index of its cell, or
 * JSON_ROW_NO_CELL when memory ran out.
 */
uint32_t json_row_add(struct json_row *r, const char *path);

/* Add the paths that JSON records of a map have by its types, and those of what
 * skel-fmt --json adds to histograms. */
void json_row_add_typed(
    struct json_row *r, const struct stream_header *h, unsigned int map);

/* Append the path of a cell to out. */
void json_row_write_path(
    const struct json_row *r, uint32_t cell, struct buf *out);

/*
 * Parse the len bytes at text, one JSON object, and fill the cells; they point
 * into text.  Returns 0, or -1 with r->wrong_at set if that is no JSON object.
 */
int json_row_parse(struct json_row *r, const char *text, size_t len);

/* The same for an object that is part of a text, which the cursor is at.
 * Returns whether it is JSON. */
bool json_row_parse_at(struct json_row *r, struct json_cursor *c);

/*
 * Append a cell in a style.  STYLE_JSON keeps strings as they were written; in
 * the others they lose their quotes and escapes.
 */
void json_row_write_cell(struct json_row *r, const struct json_value *cell,
    struct buf *out, enum style style);

/* Decode a string; it is in r->scratch until the next call. */
void json_row_decode(struct json_row *r, const struct json_value *string);

#endif
