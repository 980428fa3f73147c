/*
 * Rows: records that are JSON already, one object on a line, taken apart in
 * one pass into cells by key.  No tree is built: a cell is a piece of the
 * line.
 */
#ifndef SKEL_RECORD_JSON_ROW_H
#define SKEL_RECORD_JSON_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/style.h"

enum json_kind {
	JSON_CELL_ABSENT,
	JSON_CELL_SCALAR, /* a number, true, false, null: its text */
	JSON_CELL_STRING, /* its text with the quotes and escapes */
	JSON_CELL_NESTED, /* an array or object: its text */
};

struct json_cell {
	enum json_kind kind;
	const char *text; /* borrowed from the line */
	size_t len;
	const char *member; /* where its key begins */
};

/* A key that is looked for, at its place among the others. */
struct json_row_key {
	char *name; /* owned */
	size_t len;
	/* The first and last below, the next beside; 0: none. */
	uint32_t parent, child, last, next;
	uint32_t cell; /* JSON_ROW_NO_CELL: only what is below it is wanted */
};

#define JSON_ROW_NO_CELL UINT32_MAX

struct json_row {
	struct json_row_key *keys; /* owned; the first is the whole object */
	size_t nkeys, keys_cap;
	struct json_cell *cells; /* owned */
	size_t ncells, cells_cap;
	/* Add the keys of the next object as they come, and with deep those of
	 * objects in it. */
	bool collect, deep;
	struct buf scratch;
	size_t wrong_at; /* column from which on the last line is no JSON */
	bool failed;     /* memory ran out */
};

/* Returns 0, or -1 when memory ran out. */
int json_row_open(struct json_row *r);
void json_row_close(struct json_row *r);

/*
 * Look for the value at path, "a.b".  Returns the number of its cell, or
 * JSON_ROW_NO_CELL when memory ran out.
 */
uint32_t json_row_add(struct json_row *r, const char *path);

/* Append the path of a cell to out. */
void json_row_write_path(
    const struct json_row *r, uint32_t cell, struct buf *out);

/*
 * Take len bytes of text apart.  Returns 0, or -1 when it is no JSON object:
 * wrong_at says where.
 */
int json_row_parse(struct json_row *r, const char *text, size_t len);

/*
 * Append a cell in a style.  In JSON it stays as it came; else strings lose
 * their quotes and escapes first, and what nests its blanks.
 */
void json_row_write_cell(struct json_row *r, const struct json_cell *cell,
    struct buf *out, enum style style);

/* The string of a cell without quotes and escapes, in r->scratch until the
 * next call.  U+0000 becomes U+FFFD, as no text here holds a NUL. */
void json_row_unescape(struct json_row *r, const struct json_cell *cell);

/* The whole number in a cell, or 0. */
uint64_t json_row_number(const struct json_cell *cell);

/* The next whole number in an array: *at is NULL first and moves on.  Returns
 * whether there was one. */
bool json_row_next_number(
    const struct json_cell *cell, const char **at, uint64_t *v);

#endif
