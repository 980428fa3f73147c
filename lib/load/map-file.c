#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "load/map-file.h"
#include "types/value.h"

enum {
	FILE_MAX = 256 << 20,  /* bytes of a file */
	COLUMNS_MAX = 4096,    /* of CSV */
	MAP_FILE_WHERE = 4096, /* bytes of "FILE:LINE" */
};

/* A column of CSV. */
struct map_column {
	enum {
		COLUMN_IGNORED,
		COLUMN_KEY,
		COLUMN_VALUE,
		COLUMN_VALUES,     /* one for each CPU, as a JSON array */
		COLUMN_KEY_MEMBER, /* path */
		COLUMN_VALUE_MEMBER,
	} kind;
	char *path;    /* owned: "a.b" */
	uint32_t type; /* of the member */
};

struct map_file {
	struct map_target *target;
	const char *name;
	char *p;            /* what is left of the text, which ends with NUL */
	unsigned long line; /* of the last row */
	char where[MAP_FILE_WHERE];
	/* The cells of the last row, and the names of columns, which are found
	 * in the types only when a row is of this map.  The arrays are owned,
	 * the strings are in the text. */
	char **cells, **names;
	size_t ncells, cells_cap, nnames, names_cap;
	struct map_column *columns; /* owned */
	size_t ncolumns, columns_cap;
};

static int
report_map_line(const struct map_file *f, const char *what)
{
	report_error("%s: %s", f->where, what);
	return -1;
}

static void
set_line(struct map_file *f)
{
	snprintf(f->where, sizeof(f->where), "%s:%lu", f->name, f->line);
}

/* Whether the JSON object is a record of another map, or describes the stream.
 */
static bool
is_other_record(const struct map_file *f, const json_t *record)
{
	const char *map = json_doc_string(json_object_get(record, "@map"));
	void *first = json_object_iter((json_t *)record);

	if (map != NULL)
		return strcmp(map, bpf_map__name(f->target->map)) != 0;
	if (json_object_get(record, "skel") != NULL)
		return true;
	return json_object_size(record) == 1 &&
	       json_object_iter_key(first)[0] == '@';
}

static int
load_json_record(struct map_file *f, const json_t *record)
{
	const json_t *key = json_object_get(record, "key");
	const json_t *value = json_object_get(record, "value");
	const json_t *values = json_object_get(record, "values");
	bool each = values != NULL && f->target->cpus > 0;
	struct map_element k = { 0 }, v = { 0 };

	if (!json_is_object(record))
		return report_map_line(f, "expected an object");
	if (is_other_record(f, record))
		return 0;
	if (each)
		value = values;
	if (value == NULL)
		return report_map_line(f, "the key \"value\" is missing");
	if (f->target->key_size > 0 && key == NULL)
		return report_map_line(f, "the key \"key\" is missing");
	k.json = f->target->key_size > 0 ? key : NULL;
	v.json = value;
	return map_target_set(f->target, k, v, each, f->where);
}

static int
load_json_lines(struct map_file *f)
{
	int ret = 0;

	while (ret == 0 && *f->p != '\0') {
		size_t n = strcspn(f->p, "\n");
		json_t *record;

		f->line++;
		set_line(f);
		if (strspn(f->p, " \t\r\n") < n) {
			record = json_doc_parse(f->p, n, f->name, f->line - 1);
			ret = record == NULL ? -1 : load_json_record(f, record);
			json_decref(record);
		}
		f->p += n + (f->p[n] == '\n');
	}
	return ret;
}

/* Reads a cell of CSV, which is unquoted in place, to *cell.  Returns the
 * character after it: a comma, a newline or NUL; or -1 after reporting. */
static int
read_cell(struct map_file *f, char **cell)
{
	char *in = f->p, *out = f->p;
	char end;

	*cell = f->p;
	if (*in == '"') {
		for (in++; *in != '\0' && (*in != '"' || in[1] == '"'); in++) {
			if (*in == '"')
				in++;
			if (*in == '\n')
				f->line++;
			*out++ = *in;
		}
		if (*in++ != '"')
			return report_map_line(f, "a quote has no end");
	} else {
		in += strcspn(in, ",\r\n");
		out = in;
	}
	if (in[0] == '\r' && (in[1] == '\n' || in[1] == '\0'))
		in++;
	end = *in;
	if (end != ',' && end != '\n' && end != '\0')
		return report_map_line(
		    f, "expected a comma or the end of the line");
	f->p = in + (end != '\0');
	*out = '\0';
	return end;
}

/* Reads a row into f->cells.  Returns 1, 0 at the end of the file, or -1 after
 * reporting. */
static int
read_row(struct map_file *f)
{
	int end = ',';
	char *cell;

	f->ncells = 0;
	f->line++;
	set_line(f);
	if (*f->p == '\0')
		return 0;
	while (end == ',') {
		if ((end = read_cell(f, &cell)) == -1)
			return -1;
		if (f->ncells == COLUMNS_MAX)
			return report_map_line(f, "there are too many columns");
		if (!array_room(f->cells, f->ncells, f->cells_cap))
			return report_nomem();
		f->cells[f->ncells++] = cell;
	}
	return 1;
}

/* The type of the member with this path, "a.b", or TYPE_NONE. */
static uint32_t
find_path_type(const struct types *t, uint32_t type, const char *path)
{
	const struct type_member *m;
	enum type_kind kind;
	size_t n;

	for (;;) {
		kind = types_get(t, type)->kind;
		if (kind != TYPE_STRUCT && kind != TYPE_UNION)
			return TYPE_NONE;
		n = strcspn(path, ".");
		if ((m = value_find_member(t, type, path, n)) == NULL)
			return TYPE_NONE;
		type = m->type;
		if (path[n] == '\0')
			return type;
		path += n + 1;
	}
}

/* Whether an earlier column is this member of the key. */
static bool
is_taken(const struct map_file *f, const char *path)
{
	for (size_t i = 0; i < f->ncolumns; i++)
		if (f->columns[i].kind == COLUMN_KEY_MEMBER &&
		    strcmp(f->columns[i].path, path) == 0)
			return true;
	return false;
}

/* Finds the member of the key or value that the name of a column means. */
static int
find_column_member(struct map_file *f, struct map_column *c, const char *name)
{
	const struct map_target *t = f->target;
	bool key = strncmp(name, "key.", 4) == 0;
	bool value = strncmp(name, "value.", 6) == 0;
	const char *path = key ? name + 4 : value ? name + 6 : name;

	c->type = TYPE_NONE;
	if (!value && !is_taken(f, path)) {
		c->kind = COLUMN_KEY_MEMBER;
		c->type = find_path_type(t->types, t->key, path);
	}
	if (c->type == TYPE_NONE && !key) {
		c->kind = COLUMN_VALUE_MEMBER;
		c->type = find_path_type(t->types, t->value, path);
	}
	if (c->type == TYPE_NONE) {
		report_error("%s: column %s is no member of the map's key or "
			     "value",
		    f->where, name);
		return -1;
	}
	c->path = strdup(path);
	return c->path != NULL ? 0 : report_nomem();
}

static int
add_column(struct map_file *f, const char *name)
{
	struct map_column c = { .kind = COLUMN_IGNORED };

	if (!array_room(f->columns, f->ncolumns, f->columns_cap))
		return report_nomem();
	if (strcmp(name, "key") == 0)
		c.kind = COLUMN_KEY;
	else if (strcmp(name, "value") == 0)
		c.kind = COLUMN_VALUE;
	else if (strcmp(name, "values") == 0)
		c.kind = COLUMN_VALUES;
	else if (name[0] != '@' && find_column_member(f, &c, name) == -1)
		return -1;
	f->columns[f->ncolumns++] = c;
	return 0;
}

static void
free_columns(struct map_file *f)
{
	for (size_t i = 0; i < f->ncolumns; i++)
		free(f->columns[i].path);
	f->ncolumns = 0;
}

static bool
has_column(const struct map_file *f, int kind)
{
	for (size_t i = 0; i < f->ncolumns; i++)
		if ((int)f->columns[i].kind == kind)
			return true;
	return false;
}

/* The number of the column of this name, or nnames if there is none. */
static size_t
find_name(const struct map_file *f, const char *name)
{
	size_t i = 0;

	while (i < f->nnames && strcmp(f->names[i], name) != 0)
		i++;
	return i;
}

/* Keeps the row as the names of columns. */
static void
keep_names(struct map_file *f)
{
	char **names = f->names;
	size_t cap = f->names_cap;

	f->names = f->cells;
	f->names_cap = f->cells_cap;
	f->nnames = f->ncells;
	f->cells = names;
	f->cells_cap = cap;
	free_columns(f);
}

/* Finds the columns in the types of the map. */
static int
find_columns(struct map_file *f)
{
	for (size_t i = 0; i < f->nnames; i++)
		if (add_column(f, f->names[i]) == -1)
			return -1;
	if (!has_column(f, COLUMN_VALUE) && !has_column(f, COLUMN_VALUES) &&
	    !has_column(f, COLUMN_VALUE_MEMBER))
		return report_map_line(f, "there is no column for the value");
	if (f->target->key_size > 0 && !has_column(f, COLUMN_KEY) &&
	    !has_column(f, COLUMN_KEY_MEMBER))
		return report_map_line(f, "there is no column for the key");
	/* skel-fmt adds the values of all CPUs in CSV. */
	if (f->target->cpus > 0 && find_name(f, "@time") < f->nnames &&
	    !has_column(f, COLUMN_VALUES))
		return report_map_line(f, "its values are sums of those of "
					  "the CPUs; write the file with "
					  "skel-fmt --json");
	return 0;
}

/* Sets the value at the path in the object, which owns v from here on. */
static int
set_path(json_t *object, const char *path, json_t *v)
{
	size_t n = strcspn(path, ".");
	char *name = strndup(path, n);
	json_t *below;
	int ret;

	if (name == NULL) {
		json_decref(v);
		return report_nomem();
	}
	if (path[n] == '\0') {
		ret = json_object_set_new(object, name, v);
		free(name);
		return ret == 0 ? 0 : report_nomem();
	}
	below = json_object_get(object, name);
	if (below == NULL) {
		below = json_object();
		json_object_set_new(object, name, below);
	}
	free(name);
	if (json_is_object(below))
		return set_path(below, path + n + 1, v);
	json_decref(v);
	return report_nomem();
}

/* An element that is put together from the cells of a row. */
struct map_row {
	json_t *key, *value; /* owned: objects of members */
	struct map_element whole_key, whole_value;
	json_t *values; /* owned: of a column "values" */
};

static int
add_cell(struct map_file *f, struct map_row *r, const struct map_column *c,
    char *cell)
{
	json_t *v;

	switch (c->kind) {
	case COLUMN_IGNORED:
		return 0;
	case COLUMN_KEY:
		r->whole_key.text = cell;
		return 0;
	case COLUMN_VALUE:
		r->whole_value.text = cell;
		return 0;
	case COLUMN_VALUES:
		json_decref(r->values);
		r->values =
		    json_doc_parse(cell, strlen(cell), f->name, f->line - 1);
		return r->values != NULL ? 0 : -1;
	default:
		break;
	}
	/* Text may fill a member to its end. */
	v = types_is_text(f->target->types, c->type)
		? json_doc_string_new(cell, strlen(cell))
		: NULL;
	if (v == NULL)
		v = value_from_literal(
		    f->target->types, c->type, cell, NULL, f->where);
	if (v == NULL)
		return -1;
	return set_path(
	    c->kind == COLUMN_KEY_MEMBER ? r->key : r->value, c->path, v);
}

static int
set_row(struct map_file *f, struct map_row *r)
{
	bool each = r->values != NULL && f->target->cpus > 0;

	if (has_column(f, COLUMN_KEY_MEMBER))
		r->whole_key = (struct map_element){ .json = r->key };
	if (has_column(f, COLUMN_VALUE_MEMBER))
		r->whole_value = (struct map_element){ .json = r->value };
	if (each)
		r->whole_value = (struct map_element){ .json = r->values };
	return map_target_set(
	    f->target, r->whole_key, r->whole_value, each, f->where);
}

static int
load_row(struct map_file *f)
{
	struct map_row r = { .key = json_object(), .value = json_object() };
	int ret = 0;

	if (r.key == NULL || r.value == NULL)
		ret = report_nomem();
	for (size_t i = 0; i < f->ncolumns && ret == 0; i++)
		ret = add_cell(f, &r, &f->columns[i], f->cells[i]);
	if (ret == 0)
		ret = set_row(f, &r);
	json_decref(r.key);
	json_decref(r.value);
	json_decref(r.values);
	return ret;
}

/* Handles a row that is not empty: the names of columns, of which there is a
 * row for each map, or an element. */
static int
handle_row(struct map_file *f)
{
	size_t map = find_name(f, "@map");

	if (f->nnames == 0 || strcmp(f->cells[0], "@map") == 0) {
		keep_names(f);
		return 0;
	}
	if (f->ncells != f->nnames)
		return report_map_line(f, "the line has not as many cells as "
					  "there are columns");
	if (map < f->nnames &&
	    strcmp(f->cells[map], bpf_map__name(f->target->map)) != 0)
		return 0;
	if (f->ncolumns == 0 && find_columns(f) == -1)
		return -1;
	return load_row(f);
}

static int
load_csv(struct map_file *f)
{
	int got;

	while ((got = read_row(f)) == 1) {
		if (f->ncells == 1 && f->cells[0][0] == '\0')
			continue;
		if (handle_row(f) == -1)
			return -1;
	}
	return got;
}

int
map_file_load(struct map_target *t, const char *file)
{
	struct map_file f = { .target = t, .name = file };
	int fd = open(file, O_RDONLY | O_CLOEXEC), ret = -1;
	struct buf text = { 0 };

	if (fd == -1 || buf_read_fd(&text, fd, FILE_MAX) == -1) {
		report_error("%s: %s", file, report_error_text(errno));
	} else {
		buf_chr(&text, '\0');
		f.p = text.data;
		if (text.failed)
			report_nomem();
		else if (strlen(text.data) + 1 != text.len)
			report_error("%s: a NUL byte is in the text", file);
		else if (text.data[strspn(text.data, " \t\r\n")] == '{')
			ret = load_json_lines(&f);
		else
			ret = load_csv(&f);
	}
	if (fd != -1)
		close(fd);
	free_columns(&f);
	free(f.columns);
	free(f.cells);
	free(f.names);
	buf_free(&text);
	return ret;
}
