#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/suggest.h"
#include "base/util.h"
#include "types/kind.h"
#include "types/types.h"

/* What a member of a kind must be. */
enum shape {
	SHAPE_NUMBER, /* an integer of any size */
	SHAPE_2,      /* of so many bytes, in any type */
	SHAPE_4,
	SHAPE_6,
	SHAPE_8,
	SHAPE_16,
	SHAPE_4_OR_16,
	SHAPE_TEXT,
};

static const struct {
	const char *name;
	enum shape shape;
} kinds[KIND_COUNT] = {
	[KIND_NONE] = { "", SHAPE_NUMBER },
	[KIND_IP4] = { "ip4", SHAPE_4 },
	[KIND_IP6] = { "ip6", SHAPE_16 },
	[KIND_IP] = { "ip", SHAPE_4_OR_16 },
	[KIND_MAC] = { "mac", SHAPE_6 },
	[KIND_PORT_BE] = { "port_be", SHAPE_2 },
	[KIND_BE16] = { "be16", SHAPE_2 },
	[KIND_BE32] = { "be32", SHAPE_4 },
	[KIND_BE64] = { "be64", SHAPE_8 },
	[KIND_ERRNO] = { "errno", SHAPE_NUMBER },
	[KIND_SIGNAL] = { "signal", SHAPE_NUMBER },
	[KIND_SYSCALL] = { "syscall", SHAPE_NUMBER },
	[KIND_PROTO] = { "proto", SHAPE_NUMBER },
	[KIND_FAMILY] = { "family", SHAPE_NUMBER },
	[KIND_TCP_STATE] = { "tcp_state", SHAPE_NUMBER },
	[KIND_SOCK_TYPE] = { "sock_type", SHAPE_NUMBER },
	[KIND_FILE_MODE] = { "file_mode", SHAPE_NUMBER },
	[KIND_OPEN_FLAGS] = { "open_flags", SHAPE_NUMBER },
	[KIND_FLAGS] = { "flags", SHAPE_NUMBER },
	[KIND_DEV] = { "dev", SHAPE_NUMBER },
	[KIND_UID] = { "uid", SHAPE_NUMBER },
	[KIND_GID] = { "gid", SHAPE_NUMBER },
	[KIND_IFINDEX] = { "ifindex", SHAPE_NUMBER },
	[KIND_CGROUP] = { "cgroup", SHAPE_NUMBER },
	[KIND_CONTAINER] = { "container", SHAPE_NUMBER },
	[KIND_PID_NS] = { "pid_ns", SHAPE_NUMBER },
	[KIND_KSYM] = { "ksym", SHAPE_NUMBER },
	[KIND_USYM] = { "usym", SHAPE_NUMBER },
	[KIND_KTIME] = { "ktime", SHAPE_8 },
	[KIND_BOOTTIME] = { "boottime", SHAPE_8 },
	[KIND_REALTIME] = { "realtime", SHAPE_8 },
	[KIND_NS] = { "ns", SHAPE_NUMBER },
	[KIND_US] = { "us", SHAPE_NUMBER },
	[KIND_MS] = { "ms", SHAPE_NUMBER },
	[KIND_S] = { "s", SHAPE_NUMBER },
	[KIND_BYTES] = { "bytes", SHAPE_NUMBER },
	[KIND_KIB] = { "kib", SHAPE_NUMBER },
	[KIND_PAGES] = { "pages", SHAPE_NUMBER },
	[KIND_HEX] = { "hex", SHAPE_NUMBER },
	[KIND_OCT] = { "oct", SHAPE_NUMBER },
	[KIND_TEXT] = { "text", SHAPE_TEXT },
	[KIND_UTF8] = { "utf8", SHAPE_TEXT },
	[KIND_BOOL] = { "bool", SHAPE_NUMBER },
};

const char *
kind_name(enum kind kind)
{
	return kinds[kind].name;
}

void
kind_free(struct member_kind *k)
{
	free(k->arg);
	*k = (struct member_kind){ 0 };
}

/* What stands before the argument of a kind, or NULL if it takes none. */
static const char *
before_argument(enum kind kind)
{
	return kind == KIND_IP ? "family=" : kind == KIND_FLAGS ? "" : NULL;
}

static int
report_unknown(const char *text, size_t len, const char *where)
{
	char name[SUGGEST_NAME], *nearest;
	struct suggest near = { .wanted = name };

	snprintf(name, sizeof(name), "%.*s", (int)len, text);
	for (int i = KIND_NONE + 1; i < KIND_COUNT; i++)
		suggest_offer(&near, kinds[i].name);
	nearest = suggest_text(&near);
	report_error("%s: unknown kind \"%s\"%s", where, name,
	    nearest != NULL ? nearest : "");
	free(nearest);
	return -1;
}

/* Parses what follows the name: "(family=af)". */
static int
parse_argument(struct member_kind *k, const char *text, const char *where)
{
	const char *before = before_argument(k->kind),
		   *name = kind_name(k->kind);
	size_t len = strlen(text), skip;

	if (before == NULL && *text == '\0')
		return 0;
	if (before == NULL) {
		report_error("%s: kind %s takes no argument", where, name);
		return -1;
	}
	skip = 1 + strlen(before);
	if (len < skip + 2 || text[0] != '(' || text[len - 1] != ')' ||
	    strncmp(text + 1, before, skip - 1) != 0) {
		report_error("%s: kind %s is written %s(%s%s)", where, name,
		    name, before, k->kind == KIND_IP ? "MEMBER" : "ENUM");
		return -1;
	}
	k->arg = strndup(text + skip, len - skip - 1);
	return k->arg != NULL ? 0 : report_nomem();
}

int
kind_parse(struct member_kind *k, const char *text, const char *where)
{
	size_t len = strcspn(text, "(");

	*k = (struct member_kind){ .said = true };
	while (k->kind < KIND_COUNT &&
	       (strncmp(kinds[k->kind].name, text, len) != 0 ||
		   kinds[k->kind].name[len] != '\0'))
		k->kind++;
	if (k->kind == KIND_COUNT) {
		*k = (struct member_kind){ 0 };
		return report_unknown(text, len, where);
	}
	if (parse_argument(k, text + len, where) == 0)
		return 0;
	kind_free(k);
	return -1;
}

char *
kind_spell(const struct member_kind *k)
{
	char *text;

	if (k->arg == NULL)
		return strdup(kind_name(k->kind));
	return asprintf(&text, "%s(%s%s)", kind_name(k->kind),
		   before_argument(k->kind), k->arg) == -1
		   ? NULL
		   : text;
}

static bool
is_integer(const struct type *type)
{
	switch (type->kind) {
	case TYPE_INT:
	case TYPE_BOOL:
	case TYPE_CHAR:
	case TYPE_POINTER:
	case TYPE_ENUM:
		return type->size <= 8;
	default:
		return false;
	}
}

static bool
is_bytes(const struct types *t, const struct type *type)
{
	const struct type *of;

	if (type->kind != TYPE_ARRAY)
		return false;
	of = types_get(t, type->of);
	return (of->kind == TYPE_INT || of->kind == TYPE_CHAR) && of->size == 1;
}

static bool
has_size(const struct types *t, const struct type_member *m, uint64_t size)
{
	const struct type *type = types_get(t, m->type);

	return m->bits == 0 && type->size == size && type->kind != TYPE_FLOAT &&
	       type->kind != TYPE_BOOL;
}

/* What the member should be, if it cannot be of the shape; otherwise NULL. */
static const char *
check_shape(
    const struct types *t, const struct type_member *m, enum shape shape)
{
	const struct type *type = types_get(t, m->type);

	switch (shape) {
	case SHAPE_NUMBER:
		return is_integer(type) ? NULL : "an integer of up to 8 bytes";
	case SHAPE_2:
		return has_size(t, m, 2) ? NULL : "2 bytes";
	case SHAPE_4:
		return has_size(t, m, 4) ? NULL : "4 bytes";
	case SHAPE_6:
		return has_size(t, m, 6) ? NULL : "6 bytes";
	case SHAPE_8:
		return has_size(t, m, 8) ? NULL : "8 bytes";
	case SHAPE_16:
		return has_size(t, m, 16) ? NULL : "16 bytes";
	case SHAPE_4_OR_16:
		return has_size(t, m, 4) || has_size(t, m, 16)
			   ? NULL
			   : "4 or 16 bytes";
	case SHAPE_TEXT:
		return is_bytes(t, type) ? NULL : "an array of bytes";
	}
	return NULL;
}

const struct type *
kind_find_enum(const struct types *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].kind == TYPE_ENUM &&
		    strcmp(t->v[i].name, name) == 0)
			return &t->v[i];
	return NULL;
}

static int
check_family(const struct types *t, const struct member_kind *k,
    const struct type *around, const char *where)
{
	for (size_t i = 0; i < around->nmembers; i++) {
		const struct type_member *m = &around->members[i];

		if (strcmp(m->name, k->arg) == 0 && m->bits == 0 &&
		    is_integer(types_get(t, m->type)))
			return 0;
	}
	if (where != NULL)
		report_error("%s: kind ip needs an integer called \"%s\" in "
			     "the same struct",
		    where, k->arg);
	return -1;
}

int
kind_check(const struct types *t, const struct type_member *m,
    const struct member_kind *k, const struct type *around, const char *where)
{
	const char *wanted = check_shape(t, m, kinds[k->kind].shape);

	if (k->kind == KIND_NONE)
		return 0;
	if (wanted != NULL) {
		if (where != NULL)
			report_error("%s: %s cannot be of kind %s, which is %s",
			    where, m->name, kind_name(k->kind), wanted);
		return -1;
	}
	if (k->kind == KIND_IP)
		return check_family(t, k, around, where);
	if (k->kind != KIND_FLAGS || kind_find_enum(t, k->arg) != NULL)
		return 0;
	if (where != NULL)
		report_error("%s: kind flags needs an enum called \"%s\", "
			     "which the types lack",
		    where, k->arg);
	return -1;
}

/* Typedefs and structs whose name tells the kind.  Those that begin with
 * gadget_ are Inspektor Gadget's. */
static const struct {
	const char *name;
	enum kind kind;
} told_by_type[] = {
	{ "__be16", KIND_BE16 },
	{ "__be32", KIND_BE32 },
	{ "__be64", KIND_BE64 },
	{ "dev_t", KIND_DEV },
	{ "__kernel_dev_t", KIND_DEV },
	{ "umode_t", KIND_FILE_MODE },
	{ "uid_t", KIND_UID },
	{ "__kernel_uid32_t", KIND_UID },
	{ "kuid_t", KIND_UID },
	{ "gid_t", KIND_GID },
	{ "__kernel_gid32_t", KIND_GID },
	{ "kgid_t", KIND_GID },
	{ "ktime_t", KIND_NONE }, /* a time, or a duration */
	{ "in_addr", KIND_IP4 },
	{ "in6_addr", KIND_IP6 },
	{ "gadget_timestamp", KIND_BOOTTIME },
	{ "gadget_duration", KIND_NS },
	{ "gadget_bytes", KIND_BYTES },
	{ "gadget_signal", KIND_SIGNAL },
	{ "gadget_errno", KIND_ERRNO },
	{ "gadget_uid", KIND_UID },
	{ "gadget_gid", KIND_GID },
	{ "gadget_syscall", KIND_SYSCALL },
	{ "gadget_file_mode", KIND_FILE_MODE },
	{ "gadget_file_flags", KIND_OPEN_FLAGS },
};

/* Members that hold text, also if they are of unsigned bytes. */
static const char *const texts[] = { "comm", "name", "path", "line" };

static enum kind
told_by_name(const char *name)
{
	for (size_t i = 0; i < nitems(told_by_type); i++)
		if (strcmp(told_by_type[i].name, name) == 0)
			return told_by_type[i].kind;
	return KIND_NONE;
}

/* Whether the name of a member says that it is a port. */
static bool
is_port(const char *name)
{
	size_t len = strlen(name);

	return len >= 4 && strcmp(name + len - 4, "port") == 0;
}

static bool
is_name_of_text(const char *name)
{
	for (size_t i = 0; i < nitems(texts); i++)
		if (strcmp(texts[i], name) == 0)
			return true;
	return false;
}

enum kind
kind_guess(const struct types *t, const struct type_member *m)
{
	const struct type *type = &t->v[m->type];
	enum kind kind = KIND_NONE;

	for (; kind == KIND_NONE && type->kind == TYPE_TYPEDEF;
	     type = &t->v[type->of])
		kind = told_by_name(type->name);
	if (kind == KIND_NONE && type->kind == TYPE_STRUCT)
		kind = told_by_name(type->name);
	if (kind == KIND_BE16 && is_port(m->name))
		kind = KIND_PORT_BE;
	if (kind == KIND_NONE && type->kind == TYPE_ARRAY &&
	    !types_is_text(t, m->type) && is_bytes(t, type) &&
	    !types_get(t, type->of)->is_signed && is_name_of_text(m->name))
		kind = KIND_TEXT;
	return check_shape(t, m, kinds[kind].shape) == NULL ? kind : KIND_NONE;
}
