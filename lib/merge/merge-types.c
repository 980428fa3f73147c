#include "merge/merge-types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"

#define FLAGS_BEFORE "flags("

struct merged_node {
	struct hash_key key;
	uint32_t index;
};

struct merged_enum {
	struct hash_key key;
	uint32_t last; /* the number of the last one that was renamed */
};

/* The types of one header while they are added. */
struct adding {
	struct merge_types *t;
	const json_t *types;
	uint32_t *index;
	/* The names that enums got, by those that they had: a kind refers to
	 * the first one of its name. */
	json_t *names;
};

static const uint32_t NOT_ADDED = UINT32_MAX;

int
merge_types_open(struct merge_types *t)
{
	*t = (struct merge_types){
		.array = json_array(),
		.nodes.size = sizeof(struct merged_node),
		.enums.size = sizeof(struct merged_enum),
	};
	return t->array == NULL ? report_nomem() : 0;
}

void
merge_types_close(struct merge_types *t)
{
	json_decref(t->array);
	hash_free(&t->nodes);
	hash_free(&t->enums);
	buf_free(&t->scratch);
}

static struct hash_key
key_of(const char *text, size_t len)
{
	struct hash_key key = hash_start();

	hash_mix(&key, text, len);
	return key;
}

/* Set *key to that of a node's text.  Returns 0 or -1. */
static int
read_key(struct merge_types *t, const json_t *node, struct hash_key *key)
{
	t->scratch.len = 0;
	if (json_doc_write(node, &t->scratch) == -1 || t->scratch.failed)
		return -1;
	*key = key_of(t->scratch.data, t->scratch.len);
	return 0;
}

/* Append a node, unless one like it is there.  Takes the reference, which may
 * be NULL.  Returns its index, or NOT_ADDED if memory ran out. */
static uint32_t
append_node(struct merge_types *t, json_t *node)
{
	struct merged_node *found = NULL;
	struct hash_key key;

	if (node != NULL && read_key(t, node, &key) == 0) {
		found = hash_find(&t->nodes, key);
		if (found == NULL && json_array_append(t->array, node) == 0 &&
		    (found = hash_add(&t->nodes, key)) != NULL)
			found->index = (uint32_t)json_array_size(t->array) - 1;
	}
	json_decref(node);
	return found == NULL ? NOT_ADDED : found->index;
}

/* Give an enum a name that no other one has: NAME_2, if NAME is taken. */
static int
rename_enum(struct merge_types *t, json_t *node, const char *name)
{
	struct merged_enum *e =
	    hash_find(&t->enums, key_of(name, strlen(name)));
	struct hash_key key;
	char *other = NULL;
	int ret = 0;

	while (e != NULL && ret == 0) {
		uint32_t number = e->last == 0 ? 2 : e->last + 1;

		e->last = number;
		free(other);
		if (asprintf(&other, "%s_%u", name, number) == -1) {
			other = NULL;
			return -1;
		}
		key = key_of(other, strlen(other));
		if (hash_find(&t->enums, key) == NULL)
			break;
		e = hash_find(&t->enums, key_of(name, strlen(name)));
	}
	if (other != NULL) {
		ret = json_object_set_new(
		    node, "name", json_doc_string_new(other, strlen(other)));
		if (ret == 0 && hash_add(&t->enums, key) == NULL)
			ret = -1;
	} else if (hash_add(&t->enums, key_of(name, strlen(name))) == NULL) {
		ret = -1;
	}
	free(other);
	return ret;
}

static const char *
name_of(const json_t *node)
{
	const char *name = json_doc_string(json_object_get(node, "name"));

	return name != NULL ? name : "";
}

/* Add an enum that is not in the table; one of its name that differs may be.
 * key is that of its text.  Returns its index, or NOT_ADDED if memory ran out.
 */
static uint32_t
append_enum(struct merge_types *t, const json_t *from, struct hash_key key)
{
	json_t *node = json_copy((json_t *)(uintptr_t)from);
	struct merged_node *again;
	uint32_t index;

	if (node == NULL || (*name_of(from) != '\0' &&
				rename_enum(t, node, name_of(from)) == -1)) {
		json_decref(node);
		return NOT_ADDED;
	}
	index = append_node(t, node);
	/* By the name that it had it is found again. */
	if (index != NOT_ADDED && hash_find(&t->nodes, key) == NULL) {
		again = hash_add(&t->nodes, key);
		if (again == NULL)
			return NOT_ADDED;
		again->index = index;
	}
	return index;
}

static int
add_enum(const struct adding *a, size_t i, const json_t *from)
{
	const char *name = name_of(from), *now;
	const struct merged_node *found;
	struct hash_key key;

	if (read_key(a->t, from, &key) == -1)
		return -1;
	found = hash_find(&a->t->nodes, key);
	a->index[i] =
	    found != NULL ? found->index : append_enum(a->t, from, key);
	if (a->index[i] == NOT_ADDED)
		return -1;
	if (json_object_get(a->names, name) != NULL)
		return 0;
	now = name_of(json_array_get(a->t->array, a->index[i]));
	return json_object_set_new(
	    a->names, name, json_doc_string_new(now, strlen(now)));
}

/* Have a kind of flags name the enum as it is called in the table. */
static int
set_flags(const struct adding *a, json_t *member)
{
	const char *as = json_doc_string(json_object_get(member, "as"));
	size_t before = sizeof(FLAGS_BEFORE) - 1, n;
	const char *name;
	char *text;
	int ret;

	if (as == NULL || strncmp(as, FLAGS_BEFORE, before) != 0 ||
	    (n = strlen(as)) <= before || as[n - 1] != ')')
		return 0;
	if ((text = strndup(as + before, n - before - 1)) == NULL)
		return -1;
	name = json_doc_string(json_object_get(a->names, text));
	free(text);
	if (name == NULL)
		return 0;
	if (asprintf(&text, FLAGS_BEFORE "%s)", name) == -1)
		return -1;
	ret = json_object_set_new(
	    member, "as", json_doc_string_new(text, strlen(text)));
	free(text);
	return ret;
}

static uint32_t add_node(const struct adding *a, uint64_t i);

/* Have a reference, at key, lead to the table. */
static int
set_reference(const struct adding *a, json_t *object, const char *key)
{
	uint64_t i;
	uint32_t index;

	if (!json_doc_u64(json_object_get(object, key), &i))
		return 0;
	if ((index = add_node(a, i)) == NOT_ADDED)
		return -1;
	return json_object_set_new(object, key, json_doc_u64_new(index));
}

/* Replace the members by copies that refer to the table. */
static int
set_members(const struct adding *a, json_t *node)
{
	const json_t *from = json_object_get(node, "members");
	json_t *members, *member;
	size_t n = json_array_size(from);

	if (!json_is_array(from))
		return 0;
	members = json_array();
	for (size_t i = 0; i < n; i++) {
		member = json_copy(json_array_get(from, i));
		if (member == NULL || set_reference(a, member, "type") == -1 ||
		    set_flags(a, member) == -1 ||
		    json_array_append(members, member) == -1) {
			json_decref(member);
			json_decref(members);
			return -1;
		}
		json_decref(member);
	}
	return json_object_set_new(node, "members", members);
}

/* The depth of types is bounded (TYPES_DEPTH_MAX), and so is this recursion. */
static uint32_t
add_node(const struct adding *a, uint64_t i)
{
	json_t *node;

	if (a->index[i] != NOT_ADDED)
		return a->index[i];
	node = json_copy(json_array_get(a->types, i));
	if (node == NULL || set_reference(a, node, "of") == -1 ||
	    set_members(a, node) == -1) {
		json_decref(node);
		return NOT_ADDED;
	}
	return a->index[i] = append_node(a->t, node);
}

static bool
is_enum(const json_t *node)
{
	const char *kind = json_doc_string(json_object_get(node, "kind"));

	return kind != NULL && strcmp(kind, "enum") == 0;
}

int
merge_types_add(struct merge_types *t, const json_t *types, uint32_t *index)
{
	struct adding a = { t, types, index, json_object() };
	size_t n = json_array_size(types);
	int ret = a.names == NULL ? -1 : 0;

	for (size_t i = 0; i < n; i++)
		index[i] = NOT_ADDED;
	for (size_t i = 0; i < n && ret == 0; i++)
		if (is_enum(json_array_get(types, i)))
			ret = add_enum(&a, i, json_array_get(types, i));
	for (size_t i = 0; i < n && ret == 0; i++)
		if (add_node(&a, i) == NOT_ADDED)
			ret = -1;
	json_decref(a.names);
	return ret == -1 ? report_nomem() : 0;
}
