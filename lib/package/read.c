#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "package/read.h"

const char *const package_stack_fields[PACKAGE_STACK_FIELDS] = { "pid",
	"cpu_id", "comm", "kstack_sz", "ustack_sz", "kstack", "ustack" };

void
package_path(char path[PACKAGE_PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, PACKAGE_PATH_MAX, fmt, ap);
	va_end(ap);
}

int
package_find_word(const char *const *words, size_t n, const char *text,
    const char *noun, const char *where)
{
	struct buf known = { 0 };

	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (int)i;
	for (size_t i = 0; i < n; i++)
		buf_list(&known, 0, words[i]);
	report_error("%s: unknown %s \"%s\"; known: %.*s", where, noun, text,
	    (int)known.len, known.data);
	buf_free(&known);
	return -1;
}

static int
read_number(const struct package_key *k, const json_t *obj, void *place,
    const char *where)
{
	uint64_t n = 0;
	int got = json_doc_get_u64(obj, k->name, k->max, &n, where);

	if (got == 1 && n == 0 && k->zero != NULL) {
		report_error("%s.%s: %s", where, k->name, k->zero);
		return -1;
	}
	if (got == 1 && k->kind == KEY_U32)
		*(uint32_t *)place = (uint32_t)n;
	else if (got == 1)
		*(uint64_t *)place = n;
	return got;
}

static int
read_word(const struct package_key *k, const json_t *obj, int *place,
    const char *where)
{
	const char *text, *end;
	char path[PACKAGE_PATH_MAX];
	int got = json_doc_get_string(obj, k->name, &text, where);

	if (got != 1)
		return got;
	if (k->noun_tells && (end = strrchr(where, ']')) != NULL)
		package_path(path, "%.*s", (int)(end + 1 - where), where);
	else
		package_path(path, "%s.%s", where, k->name);
	*place = package_find_word(k->words, k->nwords, text, k->noun, path);
	return *place == -1 ? -1 : 1;
}

static int
read_object_keys(const struct package_key *k, const json_t *obj, void *out,
    const char *where, const char *root)
{
	char path[PACKAGE_PATH_MAX];
	json_t *v;
	int got = json_doc_get_object(obj, k->name, &v, where);

	if (got != 1)
		return got;
	package_path(path, "%s.%s", where, k->name);
	return package_read_keys(k->keys, v, out, path, root) == -1 ? -1 : 1;
}

static int
read_list(const struct package_key *k, const json_t *obj, void *place,
    const char *where, const char *root)
{
	struct package_list list;
	char path[PACKAGE_PATH_MAX];
	json_t *array, *v;
	int got = json_doc_get_array(obj, k->name, &array, where);
	char *item;
	size_t i;

	if (got != 1 || json_array_size(array) == 0)
		return got;
	list.n = json_array_size(array);
	if (k->most != 0 && list.n > k->most) {
		report_error("%s%s%s: there are %zu; at most %zu are allowed",
		    root != NULL ? root : where, root != NULL ? ": " : ".",
		    k->name, list.n, k->most);
		return -1;
	}
	if ((list.v = item = calloc(list.n, k->size)) == NULL)
		return report_nomem();
	memcpy(place, &list, sizeof(list));
	json_array_foreach (array, i, v) {
		package_path(path, "%s%s%s[%zu]", root != NULL ? root : where,
		    root != NULL ? ": " : ".", k->name, i);
		if (!json_is_object(v)) {
			report_error("%s: expected an object, found %s", path,
			    json_doc_kind(v));
			return -1;
		}
		if (k->initial != NULL)
			memcpy(item, k->initial, k->size);
		if (package_read_keys(k->keys, v, item, path, NULL) == -1)
			return -1;
		item += k->size;
	}
	return 1;
}

/* Reads one key.  Returns 1, 0 if the object does not have it, or -1 after
 * reporting. */
static int
read_key(const struct package_key *k, json_t *obj, void *out, const char *where,
    const char *root)
{
	uint64_t unused;
	void *place = k->offset == KEY_CHECKED ? (void *)&unused
					       : (char *)out + k->offset;
	json_t *v = json_object_get(obj, k->name);

	if (json_is_null(v))
		v = NULL;
	switch (k->kind) {
	case KEY_STRING:
		return json_doc_get_string(obj, k->name, place, where);
	case KEY_BOOL:
		return json_doc_get_bool(obj, k->name, place, where);
	case KEY_U32:
	case KEY_U64:
		return read_number(k, obj, place, where);
	case KEY_WORD:
		return read_word(k, obj, place, where);
	case KEY_VALUE:
		if (v != NULL)
			*(json_t **)place = v;
		return v != NULL;
	case KEY_PRESENT:
		*(bool *)place = v != NULL;
		return v != NULL;
	case KEY_SELF:
		*(json_t **)place = obj;
		return 1;
	case KEY_OBJECT:
		return read_object_keys(k, obj, out, where, root);
	case KEY_LIST:
		return read_list(k, obj, place, where, root);
	case KEY_OTHER:
		return v == NULL ? 0 : k->read(out, obj, where) == -1 ? -1 : 1;
	}
	return -1;
}

int
package_read_keys(const struct package_key *keys, json_t *obj, void *out,
    const char *where, const char *root)
{
	for (const struct package_key *k = keys; k->name != NULL; k++) {
		int got = read_key(k, obj, out, where, root);

		if (got == -1)
			return -1;
		if (got == 0 && k->required)
			return json_doc_missing(k->name, where);
	}
	return 0;
}
