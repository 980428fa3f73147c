#include <string.h>

#include "base/report.h"
#include "base/util.h"
#include "types/member-kinds.h"

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
	SHAPE_QUANTITY, /* an integer of any size, or a double, as of a mean */
};

/* Those that are not here are SHAPE_NUMBER. */
static const unsigned char shapes[KIND_COUNT] = {
	[KIND_IP4] = SHAPE_4,
	[KIND_IP6] = SHAPE_16,
	[KIND_IP] = SHAPE_4_OR_16,
	[KIND_MAC] = SHAPE_6,
	[KIND_PORT_BE] = SHAPE_2,
	[KIND_BE16] = SHAPE_2,
	[KIND_BE32] = SHAPE_4,
	[KIND_BE64] = SHAPE_8,
	[KIND_KTIME] = SHAPE_8,
	[KIND_BOOTTIME] = SHAPE_8,
	[KIND_REALTIME] = SHAPE_8,
	[KIND_NS] = SHAPE_QUANTITY,
	[KIND_US] = SHAPE_QUANTITY,
	[KIND_MS] = SHAPE_QUANTITY,
	[KIND_S] = SHAPE_QUANTITY,
	[KIND_BYTES] = SHAPE_QUANTITY,
	[KIND_KIB] = SHAPE_QUANTITY,
	[KIND_PAGES] = SHAPE_QUANTITY,
	[KIND_TEXT] = SHAPE_TEXT,
	[KIND_UTF8] = SHAPE_TEXT,
};

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
	case SHAPE_QUANTITY:
		return is_integer(type) || (type->kind == TYPE_FLOAT &&
					       type->size == sizeof(double))
			   ? NULL
			   : "an integer of up to 8 bytes or a double";
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
member_kinds_find_enum(const struct types *t, const char *name)
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

static int
member_kind_check(const struct types *t, const struct type_member *m,
    const struct member_kind *k, const struct type *around, const char *where)
{
	const char *wanted = check_shape(t, m, (enum shape)shapes[k->kind]);

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
	if (k->kind != KIND_FLAGS || member_kinds_find_enum(t, k->arg) != NULL)
		return 0;
	if (where != NULL)
		report_error("%s: kind flags needs an enum called \"%s\", "
			     "which the types lack",
		    where, k->arg);
	return -1;
}

bool
member_kinds_fit(const struct types *t, const struct type_member *m,
    const struct type *around)
{
	return member_kind_check(t, m, &m->as, around, NULL) == 0;
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

static enum kind
member_kind_guess(const struct types *t, const struct type_member *m)
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
	return check_shape(t, m, (enum shape)shapes[kind]) == NULL ? kind
								   : KIND_NONE;
}

/* Sets the kind of a member for which none is said, or checks the one that is.
 */
static int
set_member_kind(const struct types *t, const struct type *type,
    struct type_member *m, size_t *nargs, const char *where)
{
	if (!m->as.said) {
		m->as.kind = member_kind_guess(t, m);
		return 0;
	}
	/* Each takes a search. */
	if (m->as.arg != NULL && ++*nargs > MEMBER_KINDS_ARGS_MAX) {
		report_error("%s: more than %d members have kinds with "
			     "arguments",
		    where, MEMBER_KINDS_ARGS_MAX);
		return -1;
	}
	if (member_kind_check(t, m, &m->as, type, where) == -1)
		return -1;
	if (m->as.kind == KIND_FLAGS)
		m->as.flags =
		    (uint32_t)(member_kinds_find_enum(t, m->as.arg) - t->v);
	return 0;
}

int
member_kinds_set(struct types *t, const char *where)
{
	size_t nargs = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct type *type = &t->v[i];

		for (size_t k = 0; k < type->nmembers; k++)
			if (set_member_kind(t, type, &type->members[k], &nargs,
				where) == -1)
				return -1;
	}
	return 0;
}
