#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "count/copy-types.h"
#include "count/count-shape.h"
#include "record/fields.h"
#include "types/member-kinds.h"

static const char key_type[] = "count_key", value_type[] = "count_value";

/* Whether a member may be measured for a column. */
static int
check_measured(const struct column *c, const struct counted_member *m)
{
	if (c->op == COLUMN_COUNT || m->class == MEMBER_FLOAT ||
	    m->class <= MEMBER_BOOL)
		return 0;
	report_error("%s: %s is %s, and not a number", c->name, c->member,
	    counted_member_class(m));
	return -1;
}

static int
widen(struct counted_member *to, const struct counted_member *from, bool first,
    const char *name, const char *where)
{
	if (first) {
		*to = *from;
		return 0;
	}
	if (counted_member_widen(to, from))
		return 0;
	report_error("%s: %s is %s, but %s in another map; choose a map with "
		     "-m",
	    where, name, counted_member_class(from), counted_member_class(to));
	return -1;
}

void
count_shape_reset(struct count_shape *s)
{
	for (size_t i = 0; i < s->nimplied; i++) {
		free(s->implied[i].by.member);
		free(s->implied[i].by.name);
	}
	free(s->stack_map);
	*s = (struct count_shape){ .question = s->question };
}

size_t
count_shape_parts(const struct count_shape *s)
{
	return s->question->nby + s->nimplied;
}

const struct by_member *
count_shape_part(const struct count_shape *s, size_t i)
{
	size_t nby = s->question->nby;

	return i < nby ? &s->question->by[i] : &s->implied[i - nby].by;
}

/* Add a part for a member, unless there is one of its name, and set *part to
 * its number.  Takes member, which may be NULL. */
static int
imply(struct count_shape *s, char *member, bool hidden, size_t *part)
{
	char *name = member == NULL ? NULL : question_key_name(member);
	size_t n = count_shape_parts(s);

	for (size_t i = 0; name != NULL && i < n; i++)
		if (strcmp(count_shape_part(s, i)->name, name) == 0) {
			*part = i;
			free(member);
			free(name);
			return 0;
		}
	if (name == NULL || s->nimplied == COUNT_IMPLIED_MAX) {
		free(member);
		free(name);
		return report_nomem();
	}
	*part = n;
	s->implied[s->nimplied++] =
	    (struct implied_part){ .by = { .member = member, .name = name },
		    .hidden = hidden };
	return 0;
}

/* The name of a member beside another one: "key.b" for "b" beside "key.a". */
static char *
name_beside(const char *member, const char *name)
{
	const char *dot = strrchr(member, '.');
	int before = dot == NULL ? 0 : (int)(dot + 1 - member);
	char *path;

	return asprintf(&path, "%.*s%s", before, member, name) == -1 ? NULL
								     : path;
}

/* The name of the process of a stack, in a map that has one. */
static const char *
stack_pid_name(const struct stream_map *m)
{
	const json_t *stack = json_object_get(m->interpreter, "stack_trace");
	const char *name = json_doc_string(
	    json_object_get(json_object_get(stack, "field_map"), "pid"));

	return name == NULL ? "pid" : name;
}

/* The ids of stacks are those of one map. */
static int
set_stack_map(struct count_shape *s, const struct stream_map *m)
{
	if (m->stacks == NULL)
		return 0;
	if (s->stack_map == NULL)
		return (s->stack_map = strdup(m->stacks)) == NULL
			   ? report_nomem()
			   : 0;
	if (strcmp(s->stack_map, m->stacks) == 0)
		return 0;
	report_error("--by: the stacks of map %s are in %s, but those of "
		     "another map in %s; choose a map with -m",
	    m->name, m->stacks, s->stack_map);
	return -1;
}

enum stack_side
count_stack_side(
    const struct stack_layout *layout, const struct counted_member *m)
{
	for (int side = 0; side < STACK_SIDES; side++) {
		const struct stack_field *f = &layout->sides[side];

		if (f->kind != STACK_ABSENT && m->type == f->at.type &&
		    m->offset == f->at.offset && m->bits == 0)
			return (enum stack_side)side;
	}
	return STACK_SIDES;
}

/* Note that part i is a stack, which needs the process if it is of one. */
static int
imply_stack(struct count_shape *s, const struct stream_map *m, size_t i,
    enum stack_side side, const struct stack_layout *layout)
{
	size_t part = 0;

	s->stacks[side] = i + 1;
	s->with_symbols |= layout->with_symbols;
	if (layout->sides[side].kind == STACK_ID && set_stack_map(s, m) == -1)
		return -1;
	if (side != STACK_USER || layout->pid.type == TYPE_NONE)
		return 0;
	if (imply(s, strdup(stack_pid_name(m)), false, &part) == -1)
		return -1;
	s->pid = part + 1;
	return 0;
}

static int
imply_family(struct count_shape *s, size_t i, const struct counted_member *m)
{
	size_t part = 0;

	if (imply(s, name_beside(s->question->by[i].member, m->note->as.arg),
		true, &part) == -1)
		return -1;
	s->family[i] = part + 1;
	s->has_family = true;
	return 0;
}

/* Add the process of an address, as fields.c knows it. */
static int
imply_process(struct count_shape *s, const struct stream_header *h,
    unsigned int map, size_t i)
{
	static const char *const names[] = { "tgid", "pid" };
	size_t part;

	for (size_t n = 0; n < nitems(names); n++) {
		char *path = name_beside(s->question->by[i].member, names[n]);

		if (path == NULL || fields_has(h, map, path))
			return imply(s, path, false, &part);
		free(path);
	}
	return 0;
}

int
count_shape_imply(struct count_shape *s, const struct stream_header *h,
    unsigned int map, const struct counted_member *members,
    const struct stack_layout *layout)
{
	for (size_t i = 0; i < s->question->nby; i++) {
		const struct counted_member *m = &members[i];
		enum stack_side side = count_stack_side(layout, m);

		if ((m->kind == KIND_IP && imply_family(s, i, m) == -1) ||
		    (m->kind == KIND_USYM &&
			imply_process(s, h, map, i) == -1) ||
		    (side != STACK_SIDES &&
			imply_stack(s, &h->maps[map], i, side, layout) == -1))
			return -1;
	}
	return 0;
}

int
count_shape_add(struct count_shape *s, const struct counted_member *parts,
    const struct counted_member *columns, const char *where)
{
	const struct question *q = s->question;
	bool first = s->value_size == 0;

	for (size_t i = 0; i < count_shape_parts(s); i++)
		if (widen(&s->key[i].member, &parts[i], first,
			count_shape_part(s, i)->member, where) == -1)
			return -1;
	for (size_t i = 0; i < q->ncolumns; i++) {
		const struct counted_member *m = &columns[i];

		if (check_measured(&q->columns[i], m) == -1 ||
		    (q->columns[i].op != COLUMN_COUNT &&
			widen(&s->measured[i], m, first, q->columns[i].member,
			    where) == -1))
			return -1;
	}
	s->value_size = sizeof(uint64_t);
	return 0;
}

static bool
fits(const struct counted_member *to, const struct counted_member *from)
{
	struct counted_member wide = *to;

	if (from->absent)
		return true;
	if (to->absent)
		return false;
	if (to->class == MEMBER_BYTES)
		return counted_member_same(to, from);
	/* Classes and sizes say enough, and notes of a stream before are gone.
	 */
	wide.type = TYPE_NONE;
	wide.note = NULL;
	wide.kind = KIND_NONE;
	if (!counted_member_widen(&wide, from))
		return false;
	return wide.size == to->size && wide.is_signed == to->is_signed;
}

bool
count_shape_fits(const struct count_shape *s,
    const struct counted_member *parts, const struct counted_member *columns)
{
	const struct question *q = s->question;

	for (size_t i = 0; i < count_shape_parts(s); i++)
		if (!fits(&s->key[i].member, &parts[i]))
			return false;
	for (size_t i = 0; i < q->ncolumns; i++)
		if (q->columns[i].op != COLUMN_COUNT &&
		    !fits(&s->measured[i], &columns[i]))
			return false;
	return true;
}

static uint32_t
add_scalar(struct types *t, enum type_kind kind, size_t size, bool is_signed)
{
	static const char *const floats[] = { [4] = "float", [8] = "double" };
	struct type type = {
		.kind = kind, .size = size, .is_signed = is_signed
	};
	char name[16];

	if (kind == TYPE_INT)
		snprintf(name, sizeof(name), "%c%zu", is_signed ? 's' : 'u',
		    size * 8);
	else
		snprintf(name, sizeof(name), "%s",
		    kind == TYPE_FLOAT  ? floats[size]
		    : kind == TYPE_BOOL ? "bool"
					: "char");
	if ((type.name = strdup(name)) == NULL) {
		report_nomem();
		return TYPE_NONE;
	}
	return types_add(t, &type, "types");
}

static uint32_t
add_array(struct types *t, uint32_t of, size_t count)
{
	struct type type = { .kind = TYPE_ARRAY, .of = of, .count = count };

	if (of == TYPE_NONE || (type.name = strdup("")) == NULL)
		return TYPE_NONE;
	type.size = t->v[of].size * count;
	return types_add(t, &type, "types");
}

static uint32_t
add_member_type(struct types *t, const struct counted_member *m)
{
	if (m->type != TYPE_NONE && !m->absent)
		return copy_types_add(t, m->types, m->type);
	switch (m->class) {
	case MEMBER_TEXT:
		return add_array(t, add_scalar(t, TYPE_CHAR, 1, true), m->size);
	case MEMBER_FLOAT:
		return add_scalar(t, TYPE_FLOAT, m->size, true);
	case MEMBER_BOOL:
		return add_scalar(t, TYPE_BOOL, m->size, false);
	default:
		return add_scalar(t, TYPE_INT, m->size, m->is_signed);
	}
}

/* The kind of a column's value, of a member of some kind: that of sums is the
 * same if it is a quantity, and the least and the greatest are what some record
 * had. */
static enum kind
column_kind(const struct column *c, enum kind kind)
{
	if (kind_is_quantity(kind))
		return c->op == COLUMN_HIST || c->op == COLUMN_COUNT ? KIND_NONE
								     : kind;
	if ((c->op != COLUMN_LEAST && c->op != COLUMN_GREATEST) ||
	    kind <= KIND_BE64 || kind == KIND_FLAGS || kind == KIND_USYM)
		return KIND_NONE;
	return kind;
}

/* What a column's value is. */
static struct counted_member
column_member(const struct column *c, const struct counted_member *m)
{
	struct counted_member v = { .class = MEMBER_INT,
		.type = TYPE_NONE,
		.size = 8,
		.is_signed = m->is_signed,
		.kind = column_kind(c, m->kind) };

	switch (c->op) {
	case COLUMN_COUNT:
		v.is_signed = false;
		return v;
	case COLUMN_LEAST:
	case COLUMN_GREATEST:
		v = *m;
		v.kind = column_kind(c, m->kind);
		return v;
	case COLUMN_SUM:
		if (m->class != MEMBER_FLOAT && (c->wide || m->size > 8))
			v.size = 16;
		break;
	case COLUMN_QUANTILE:
		if (m->class == MEMBER_INT && m->size > 8)
			v.size = 16;
		break;
	default:
		v.class = c->op == COLUMN_MEAN ? MEMBER_FLOAT : MEMBER_INT;
		return v;
	}
	if (m->class == MEMBER_FLOAT)
		v.class = MEMBER_FLOAT;
	return v;
}

/* Append a member to a struct, aligned, and set where it is.  Returns 0, or -1
 * after reporting. */
static int
append_member(const struct types *t, struct type *to, const char *name,
    uint32_t type, size_t align, size_t *offset)
{
	struct type_member *m = &to->members[to->nmembers];

	if (type == TYPE_NONE)
		return -1;
	*m = (struct type_member){ .name = strdup(name), .type = type };
	to->nmembers++;
	if (m->name == NULL)
		return report_nomem();
	m->offset = (to->size + align - 1) / align * align;
	to->size = m->offset + t->v[type].size;
	*offset = (size_t)m->offset;
	return 0;
}

static size_t
alignment(const struct counted_member *m)
{
	return m->class == MEMBER_TEXT    ? 1
	       : m->class == MEMBER_BYTES ? 8
					  : m->size;
}

/* Say of the last member of a struct that it is of a kind, which may need the
 * name of another thing. */
static int
set_kind(struct type *to, const struct counted_member *m, const char *arg)
{
	struct member_kind *as = &to->members[to->nmembers - 1].as;
	enum kind was = m->note == NULL ? KIND_NONE : m->note->as.kind;

	/* A kind that does not hold any more is not to be guessed again. */
	*as = (struct member_kind){ .kind = m->kind,
		.said = m->kind != KIND_NONE || was != KIND_NONE };
	if (arg == NULL)
		return 0;
	return (as->arg = strdup(arg)) == NULL ? report_nomem() : 0;
}

/* Append a member to a struct, with its kind. */
static int
append_part(struct types *t, struct type *to, const char *name,
    struct shape_part *p, const char *arg)
{
	struct counted_member *m = &p->member;

	p->size = m->size;
	p->type = m->type = add_member_type(t, m);
	m->types = t;
	if (append_member(t, to, name, p->type, alignment(m), &p->offset) == -1)
		return -1;
	return set_kind(to, m, arg);
}

/* Take kinds away that the types do not fit, which two maps may have made
 * wider. */
static void
check_kinds(const struct types *t, struct type *type)
{
	for (size_t i = 0; i < type->nmembers; i++) {
		struct type_member *m = &type->members[i];

		if (member_kinds_fit(t, m, type))
			continue;
		kind_free(&m->as);
		m->as.said = true;
	}
}

/* Complete a struct, or release it. */
static uint32_t
finish_struct(struct types *t, struct type *type, int ret)
{
	type->size = (type->size + 7) / 8 * 8;
	if (ret == 0)
		check_kinds(t, type);
	if (ret == 0 && (type->name != NULL || report_nomem() == 0))
		return types_add(t, type, "types");
	types_free_type(type);
	return TYPE_NONE;
}

static int
open_struct(struct type *type, const char *name, size_t members)
{
	*type = (struct type){ .kind = TYPE_STRUCT,
		.name = strdup(name),
		.members = calloc(members, sizeof(*type->members)) };
	return type->name == NULL || type->members == NULL ? report_nomem() : 0;
}

/* Copy how the last member of a struct is shown, from a member of the input. */
static int
copy_note(struct type *to, const struct type_member *from)
{
	struct type_member *m = &to->members[to->nmembers - 1];

	m->width = from->width;
	if (from->help == NULL)
		return 0;
	return (m->help = strdup(from->help)) == NULL ? report_nomem() : 0;
}

/* Append part i of the key. */
static int
append_key_part(
    struct count_shape *s, struct types *t, struct type *key, size_t i)
{
	size_t nby = s->question->nby;
	struct shape_part *p = &s->key[i];
	const struct type_member *note = p->member.note;
	const char *arg = NULL;

	if (p->member.kind == KIND_IP && i < nby)
		arg = count_shape_part(s, s->family[i] - 1)->name;
	if (p->member.kind == KIND_FLAGS) {
		arg = note->as.arg;
		if (copy_types_add(t, p->member.types, note->as.flags) ==
		    TYPE_NONE)
			return -1;
	}
	if (append_part(t, key, count_shape_part(s, i)->name, p, arg) == -1 ||
	    (note != NULL && copy_note(key, note) == -1))
		return -1;
	if (i >= nby)
		key->members[key->nmembers - 1].hidden =
		    s->implied[i - nby].hidden;
	return 0;
}

static uint32_t
add_key_type(struct count_shape *s, struct types *t)
{
	size_t n = count_shape_parts(s);
	struct type key;
	bool text = n == 0;
	int ret = open_struct(&key, key_type, n + 1);

	for (size_t i = 0; i < n && ret == 0; i++) {
		ret = append_key_part(s, t, &key, i);
		text |= s->key[i].member.class == MEMBER_TEXT &&
			s->key[i].size >= sizeof(COUNT_OTHER_TEXT);
	}
	s->other = !text;
	if (ret == 0 && s->other)
		ret = append_member(t, &key, "other",
		    add_scalar(t, TYPE_BOOL, 1, false), 1, &s->other_offset);
	return finish_struct(t, &key, ret);
}

/* Append the slots of a column to a struct, with what they count. */
static int
append_slots(
    const struct column *c, struct types *t, struct type *to, uint32_t slots)
{
	size_t unused;
	int ret = append_member(t, to, "slots", slots, 8, &unused);

	if (ret == 0) {
		to->members[to->nmembers - 1].step = c->step;
		to->members[to->nmembers - 1].start = c->start;
	}
	return ret;
}

/* A histogram is an array called slots; of several, each is in a struct. */
static int
append_hist(
    const struct count_shape *s, struct types *t, struct type *value, size_t i)
{
	const struct question *q = s->question;
	uint32_t slots =
	    add_array(t, add_scalar(t, TYPE_INT, 8, false), HIST_SLOTS);
	size_t hists = 0, offset;
	struct type hist;
	int ret;

	for (size_t j = 0; j < q->ncolumns; j++)
		hists += q->columns[j].op == COLUMN_HIST;
	if (hists == 1)
		return append_slots(&q->columns[i], t, value, slots);
	ret = open_struct(&hist, q->columns[i].name, 1);
	if (ret == 0)
		ret = append_slots(&q->columns[i], t, &hist, slots);
	return append_member(t, value, q->columns[i].name,
	    finish_struct(t, &hist, ret), 8, &offset);
}

static uint32_t
add_value_type(struct count_shape *s, struct types *t)
{
	const struct question *q = s->question;
	struct type value;
	int ret = open_struct(&value, value_type, q->ncolumns);

	for (size_t i = 0; i < q->ncolumns && ret == 0; i++) {
		const struct column *c = &q->columns[i];
		struct shape_part *p = &s->value[i];

		if (c->op == COLUMN_HIST) {
			p->size = HIST_SLOTS * sizeof(uint64_t);
			ret = append_hist(s, t, &value, i);
			p->offset = (size_t)(value.size - p->size);
			continue;
		}
		p->member = column_member(c, &s->measured[i]);
		ret = append_part(t, &value, c->name, p, NULL);
		if (ret == 0)
			value.members[value.nmembers - 1].gauge =
			    c->op != COLUMN_COUNT && c->op != COLUMN_SUM;
	}
	return finish_struct(t, &value, ret);
}

/* The unit of all histograms, or that of a map for which none is given. */
static const char *
hist_unit(const struct count_shape *s)
{
	const struct question *q = s->question;
	enum kind unit = KIND_NONE;

	for (size_t i = 0; i < q->ncolumns; i++) {
		enum kind kind = s->measured[i].kind;

		if (q->columns[i].op != COLUMN_HIST)
			continue;
		if (kind < KIND_NS || kind > KIND_PAGES ||
		    (unit != KIND_NONE && unit != kind))
			return STREAM_NO_UNIT;
		unit = kind;
	}
	return unit == KIND_NONE ? STREAM_NO_UNIT : kind_name(unit);
}

static void
set_sample(const struct count_shape *s, struct stream_map *m)
{
	const struct question *q = s->question;

	m->sample = SAMPLE_KV;
	for (size_t i = 0; i < q->ncolumns; i++)
		if (q->columns[i].op == COLUMN_HIST)
			m->sample = q->columns[i].step == 0
					? SAMPLE_LOG2_HIST
					: SAMPLE_LINEAR_HIST;
	m->polling.interval_ms = s->question->every_ns / 1000000;
	m->polling.clear_map = s->question->delta;
	m->unit = strdup(hist_unit(s));
}

static char *
copy_text(const char *text)
{
	return strdup(text == NULL ? "" : text);
}

/* Say which members of the key are stacks. */
static int
set_stacks(const struct count_shape *s, struct stream_map *m)
{
	static const char *const keys[] = { "kstack", "ustack", "pid" };
	const size_t parts[] = { s->stacks[STACK_KERNEL], s->stacks[STACK_USER],
		s->pid };
	json_t *names;

	if (parts[0] == 0 && parts[1] == 0)
		return 0;
	if ((names = json_object()) == NULL)
		return report_nomem();
	for (size_t i = 0; i < nitems(keys); i++)
		if (parts[i] != 0 &&
		    json_object_set_new(names, keys[i],
			json_doc_string_new(
			    count_shape_part(s, parts[i] - 1)->name,
			    strlen(count_shape_part(s, parts[i] - 1)->name))) ==
			-1) {
			json_decref(names);
			return report_nomem();
		}
	m->interpreter = json_pack("{s{sbso}}", "stack_trace", "with_symbols",
	    s->with_symbols, "field_map", names);
	if (m->interpreter == NULL ||
	    (s->stack_map != NULL &&
		(m->stacks = strdup(s->stack_map)) == NULL))
		return report_nomem();
	return 0;
}

static bool
is_called(const struct types *t, uint32_t type, const char *name)
{
	return type != TYPE_NONE && t->v[type].name != NULL &&
	       strcmp(t->v[type].name, name) == 0;
}

bool
count_shape_made(const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];

	return is_called(&h->types, m->key, key_type) &&
	       is_called(&h->types, m->value, value_type);
}

/* The machine of all hosts, if it is the same. */
static const char *
same_machine(const struct stream_header *h)
{
	for (size_t i = 1; i < h->nhosts; i++)
		if (strcmp(h->hosts[i].machine, h->hosts[0].machine) != 0)
			return "";
	return h->hosts[0].machine;
}

int
count_shape_make_header(struct count_shape *s, struct stream_header *h,
    const struct stream_header *from, enum stream_encoding encoding)
{
	bool merged = from->nhosts > 0;
	struct stream_map *m;
	uint32_t key, value;

	/* What is of one host means nothing where rows are of several. */
	*h = (struct stream_header){ .encoding = encoding,
		.name = copy_text(from->name),
		.host = copy_text(from->host),
		.boot_id = copy_text(merged ? "" : from->boot_id),
		.started = copy_text(from->started),
		.machine =
		    copy_text(merged ? same_machine(from) : from->machine),
		.symbols_follow = from->symbols_follow && !merged,
		.names_follow = from->names_follow && !merged };
	if (!merged)
		h->clock = from->clock;
	if (h->name == NULL || h->host == NULL || h->boot_id == NULL ||
	    h->started == NULL || h->machine == NULL)
		return report_nomem();
	if ((m = stream_header_add_map(h, "count")) == NULL)
		return -1;
	m->source = STREAM_SAMPLE;
	set_sample(s, m);
	if (m->unit == NULL)
		return report_nomem();
	if (set_stacks(s, m) == -1)
		return -1;
	key = add_key_type(s, &h->types);
	value = key == TYPE_NONE ? TYPE_NONE : add_value_type(s, &h->types);
	if (value == TYPE_NONE)
		return -1;
	m->key = key;
	m->value = value;
	stream_map_set_sizes(h, 0);
	if (member_kinds_set(&h->types, "types") == -1)
		return -1;
	s->key_size = (size_t)h->types.v[key].size;
	s->value_size = (size_t)h->types.v[value].size;
	if (s->key_size <= COUNT_KEY_MAX)
		return 0;
	report_error("--by: the members have %zu bytes, more than %d",
	    s->key_size, COUNT_KEY_MAX);
	return -1;
}
