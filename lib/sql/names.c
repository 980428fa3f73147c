#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sql/names.h"

struct used_name {
	struct hash_key key;
	uint64_t next; /* the number that the next one of this name gets */
};

void
sql_names_free(struct sql_names *names)
{
	hash_free(&names->used);
	buf_free(&names->scratch);
}

static char
fold(const struct sql_engine *e, char c)
{
	return e->folds_case && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The key by which the engine tells a name from others. */
static struct hash_key
name_key(struct sql_names *names, const char *name, size_t n)
{
	struct hash_key key = hash_start();
	struct buf *text = &names->scratch;

	text->len = 0;
	for (size_t i = 0; i < n; i++)
		buf_chr(text, fold(names->engine, name[i]));
	names->failed |= text->failed;
	if (!text->failed)
		hash_mix(&key, text->data, text->len);
	return key;
}

/* The bytes of a name up to most, none of them part of a character. */
static size_t
cut(const char *name, size_t n, size_t most)
{
	if (n <= most)
		return n;
	while (most > 0 && ((unsigned char)name[most] & 0xc0) == 0x80)
		most--;
	return most;
}

static bool
is_taken(const struct sql_engine *e, const char *name, size_t n)
{
	for (size_t i = 0; e->taken != NULL && e->taken[i] != NULL; i++)
		if (strlen(e->taken[i]) == n &&
		    memcmp(e->taken[i], name, n) == 0)
			return true;
	return false;
}

static struct used_name *
note(struct sql_names *names, struct hash_key key)
{
	struct used_name *used = hash_add(&names->used, key);

	if (used == NULL)
		names->failed = true;
	else
		used->next = 2;
	return used;
}

/* Append the name with the first number that makes it another one than those
 * before.  first is the key of the name itself. */
static void
add_number(struct sql_names *names, const char *name, size_t n,
    struct hash_key first, struct buf *out)
{
	struct buf numbered = { 0 };
	char number[TEXT_U64_MAX + 2];
	struct used_name *used;
	struct hash_key key;
	size_t kept;

	do {
		used = hash_find(&names->used, first);
		if (used == NULL && (used = note(names, first)) == NULL)
			break;
		snprintf(number, sizeof(number), "_%llu",
		    (unsigned long long)used->next++);
		kept = cut(name, n, names->engine->name_max - strlen(number));
		numbered.len = 0;
		buf_add(&numbered, name, kept);
		buf_str(&numbered, number);
		if (numbered.failed)
			break;
		key = name_key(names, numbered.data, numbered.len);
	} while (!names->failed && hash_find(&names->used, key) != NULL);
	names->failed |= numbered.failed;
	if (!names->failed) {
		note(names, key);
		sql_engine_quote(
		    names->engine, numbered.data, numbered.len, out);
	}
	buf_free(&numbered);
}

void
sql_names_add(struct sql_names *names, const char *name, struct buf *out)
{
	const struct sql_engine *e = names->engine;
	struct buf plain = { 0 };
	struct hash_key key;
	size_t n;

	names->used.size = sizeof(struct used_name);
	buf_str(&plain, *name == '\0' ? "_" : name);
	for (size_t i = 0; i < plain.len && !e->has_dots; i++)
		if (plain.data[i] == '.')
			plain.data[i] = '_';
	names->failed |= plain.failed;
	if (!names->failed) {
		n = cut(plain.data, plain.len, e->name_max);
		key = name_key(names, plain.data, n);
		if (is_taken(e, plain.data, n) ||
		    hash_find(&names->used, key) != NULL) {
			add_number(names, plain.data, n, key, out);
		} else {
			note(names, key);
			sql_engine_quote(e, plain.data, n, out);
		}
	}
	out->failed |= names->failed;
	buf_free(&plain);
}
