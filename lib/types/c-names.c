#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "types/c-names.h"
#include "types/name-table.h"
#include "types/types.h"

enum { WORDS_MAX = 8, DIMENSIONS_MAX = 16, POINTER_SIZE = 8 };

/* C's own types as BPF has them: char is signed, long has 64 bits.  Each is
 * here under one of its spellings. */
static const struct c_type {
	const char *name;
	enum type_kind kind;
	unsigned int size;
	bool is_signed;
} c_types[] = {
	{ "char", TYPE_CHAR, 1, true },
	{ "signed char", TYPE_INT, 1, true },
	{ "unsigned char", TYPE_INT, 1, false },
	{ "short", TYPE_INT, 2, true },
	{ "unsigned short", TYPE_INT, 2, false },
	{ "int", TYPE_INT, 4, true },
	{ "unsigned int", TYPE_INT, 4, false },
	{ "long", TYPE_INT, 8, true },
	{ "unsigned long", TYPE_INT, 8, false },
	{ "long long", TYPE_INT, 8, true },
	{ "unsigned long long", TYPE_INT, 8, false },
	{ "__int128", TYPE_INT, 16, true },
	{ "unsigned __int128", TYPE_INT, 16, false },
	{ "_Bool", TYPE_BOOL, 1, false },
	{ "float", TYPE_FLOAT, 4, true },
	{ "double", TYPE_FLOAT, 8, true },
};

/* The names of the kernel's headers and of stdint.h for them. */
static const struct c_alias {
	const char *name, *base;
} c_aliases[] = {
	{ "bool", "_Bool" },
	{ "u8", "unsigned char" },
	{ "u16", "unsigned short" },
	{ "u32", "unsigned int" },
	{ "u64", "unsigned long long" },
	{ "u128", "unsigned __int128" },
	{ "s8", "signed char" },
	{ "s16", "short" },
	{ "s32", "int" },
	{ "s64", "long long" },
	{ "s128", "__int128" },
	{ "__u8", "unsigned char" },
	{ "__u16", "unsigned short" },
	{ "__u32", "unsigned int" },
	{ "__u64", "unsigned long long" },
	{ "__u128", "unsigned __int128" },
	{ "__s8", "signed char" },
	{ "__s16", "short" },
	{ "__s32", "int" },
	{ "__s64", "long long" },
	{ "__s128", "__int128" },
	{ "uint8_t", "unsigned char" },
	{ "uint16_t", "unsigned short" },
	{ "uint32_t", "unsigned int" },
	{ "uint64_t", "unsigned long long" },
	{ "int8_t", "signed char" },
	{ "int16_t", "short" },
	{ "int32_t", "int" },
	{ "int64_t", "long long" },
	{ "__be16", "unsigned short" },
	{ "__be32", "unsigned int" },
	{ "__be64", "unsigned long long" },
	{ "__le16", "unsigned short" },
	{ "__le32", "unsigned int" },
	{ "__le64", "unsigned long long" },
	{ "size_t", "unsigned long" },
	{ "ssize_t", "long" },
	{ "uintptr_t", "unsigned long" },
	{ "intptr_t", "long" },
	{ "ptrdiff_t", "long" },
	{ "off_t", "long" },
	{ "loff_t", "long long" },
	{ "pid_t", "int" },
	{ "uid_t", "unsigned int" },
	{ "gid_t", "unsigned int" },
	{ "dev_t", "unsigned int" },
	{ "mode_t", "unsigned int" },
	{ "umode_t", "unsigned short" },
	{ "ino_t", "unsigned long" },
	{ "sector_t", "unsigned long long" },
	{ "ktime_t", "long long" },
	{ "time64_t", "long long" },
	{ "clockid_t", "int" },
	{ "gfp_t", "unsigned int" },
	{ "sa_family_t", "unsigned short" },
};

/* The index of the node that equals like with that name, added if this file has
 * not added it yet; like owns nothing. */
static uint32_t
c_names_node(struct types *t, struct type like, const char *name)
{
	uint32_t i = TYPE_NONE;
	char *key;

	if (asprintf(&key, "%d %" PRIu64 " %d %" PRIu32 " %" PRIu64 " %s",
		(int)like.kind, like.size, like.is_signed, like.of, like.count,
		name) == -1) {
		report_nomem();
		return TYPE_NONE;
	}
	i = name_table_find(&t->c_nodes, 0, key);
	if (i == NAME_NONE && (like.name = strdup(name)) == NULL)
		report_nomem();
	else if (i == NAME_NONE &&
		 (i = types_add(t, &like, name)) != TYPE_NONE &&
		 name_table_add(&t->c_nodes, 0, key, i) == -1)
		i = TYPE_NONE;
	free(key);
	return i;
}

static uint32_t
base_node(struct types *t, const char *name)
{
	for (size_t i = 0; i < nitems(c_types); i++) {
		const struct c_type *b = &c_types[i];
		struct type like = { .kind = b->kind,
			.size = b->size,
			.is_signed = b->is_signed };

		if (strcmp(b->name, name) == 0)
			return c_names_node(t, like, name);
	}
	return TYPE_NONE;
}

static uint32_t
alias_node(struct types *t, const char *name)
{
	struct type like = { .kind = TYPE_TYPEDEF };

	for (size_t i = 0; i < nitems(c_aliases); i++) {
		if (strcmp(c_aliases[i].name, name) != 0)
			continue;
		like.of = base_node(t, c_aliases[i].base);
		if (like.of == TYPE_NONE)
			return TYPE_NONE;
		like.size = t->v[like.of].size;
		return c_names_node(t, like, name);
	}
	return TYPE_NONE;
}

/* The parts of a declaration. */
struct declaration {
	char text[128];
	const char *v[WORDS_MAX]; /* borrowed from text */
	size_t n;
	bool pointer;
	uint64_t dimensions[DIMENSIONS_MAX];
	size_t ndimensions;
};

static const char *
c_names_skip_blanks(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Parse the words before any star, bracket or parenthesis.  Returns what
 * follows them, or NULL if there are too many. */
static const char *
parse_type_words(struct declaration *w, const char *p)
{
	size_t used = 0, n;

	for (p = c_names_skip_blanks(p);
	     *p == '_' || isalnum((unsigned char)*p);
	     p = c_names_skip_blanks(p + n)) {
		n = strspn(p, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (w->n == WORDS_MAX || n + 1 > sizeof(w->text) - used)
			return NULL;
		memcpy(w->text + used, p, n);
		w->text[used + n] = '\0';
		w->v[w->n] = w->text + used;
		if (strcmp(w->v[w->n], "const") != 0 &&
		    strcmp(w->v[w->n], "volatile") != 0) {
			w->n++;
			used += n + 1;
		}
	}
	return p;
}

static const char *
parse_dimension(struct declaration *w, const char *p)
{
	unsigned long long count;
	char *end;

	p = c_names_skip_blanks(p + 1);
	if (!isdigit((unsigned char)*p) || w->ndimensions == DIMENSIONS_MAX)
		return NULL;
	count = strtoull(p, &end, 0);
	p = c_names_skip_blanks(end);
	if (*p != ']' || count > TYPES_SIZE_MAX)
		return NULL;
	w->dimensions[w->ndimensions++] = count;
	return c_names_skip_blanks(p + 1);
}

static bool
parse_declaration(struct declaration *w, const char *name)
{
	const char *p = parse_type_words(w, name);

	if (p == NULL || w->n == 0)
		return false;
	/* "void (*)(int)" and "int (*)[4]" are pointers; the rest of the
	 * declaration does not matter. */
	if (*p == '(') {
		w->pointer = true;
		return strncmp(p, "(*)", 3) == 0;
	}
	for (; *p == '*' || isspace((unsigned char)*p) ||
	       strncmp(p, "const", 5) == 0;
	     p += *p == 'c' ? 5 : 1)
		w->pointer |= *p == '*';
	while (p != NULL && *p == '[')
		p = parse_dimension(w, p);
	return p != NULL && *p == '\0';
}

/*
 * The node that the words name, without stars and brackets.  The words of an
 * integer type may stand in any order: they are counted, and written in the
 * order in which c_types has them.
 */
static uint32_t
words_node(struct types *t, const struct declaration *w)
{
	enum { SIGNED, UNSIGNED, SHORT, LONG, CHAR, INT128, INT, WORDS };
	static const char *const order[WORDS] = { "signed", "unsigned", "short",
		"long", "char", "__int128", "int" };
	unsigned int n[WORDS] = { 0 };
	char name[2 * sizeof(w->text)] = "", *p = name;
	uint32_t i;

	for (size_t k = 0; k < w->n; k++) {
		for (i = 0; i < WORDS && strcmp(order[i], w->v[k]) != 0; i++)
			;
		if (i == WORDS && w->n > 1)
			return TYPE_NONE;
		if (i == WORDS) {
			i = alias_node(t, w->v[0]);
			return i != TYPE_NONE ? i : base_node(t, w->v[0]);
		}
		n[i]++;
	}
	/* C lets these two be left out.  A wrong combination of words stays
	 * one, which c_types does not have. */
	if (n[INT] <= 1 && n[CHAR] + n[INT128] == 0)
		n[INT] = n[SHORT] + n[LONG] == 0;
	if (n[SIGNED] == 1 && n[UNSIGNED] + n[CHAR] == 0)
		n[SIGNED] = 0;
	for (i = 0; i < WORDS; i++)
		for (; n[i] > 0; n[i]--)
			p += sprintf(p, "%s%s", p > name ? " " : "", order[i]);
	return base_node(t, name);
}

uint32_t
c_names_find(struct types *t, const char *name)
{
	const struct type pointer = { .kind = TYPE_POINTER,
		.size = POINTER_SIZE };
	struct declaration w = { 0 };
	uint32_t i;

	if (!parse_declaration(&w, name))
		return TYPE_NONE;
	i = w.pointer ? c_names_node(t, pointer, "") : words_node(t, &w);
	for (size_t k = w.ndimensions; i != TYPE_NONE && k > 0; k--) {
		struct type like = { .kind = TYPE_ARRAY, .of = i };

		like.count = w.dimensions[k - 1];
		like.size = like.count * t->v[i].size;
		i = c_names_node(t, like, "");
	}
	return i;
}
