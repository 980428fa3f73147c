/*
 * PLAN_PROM: the state of sampled maps as metrics (metrics/metrics.h).  Members
 * of the key, and what is no number in the value, are labels; the numbers of
 * the value are metrics.  Of maps of events the records are counted.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "count/counted-member.h"
#include "count/member-load.h"
#include "format/plan-column.h"
#include "record/field-kind.h"
#include "types/value.h"

/* What a column of the map becomes. */
enum role { ROLE_LABEL, ROLE_COUNTER, ROLE_GAUGE, ROLE_TIME, ROLE_NONE };

static bool
is_key(const struct field *c)
{
	return strncmp(c->path, "key", 3) == 0 &&
	       (c->path[3] == '\0' || c->path[3] == '.');
}

/* Whether --gauge names the column: as MEMBER or MAP.MEMBER. */
static bool
is_named_gauge(const struct plan *p, const struct field *c)
{
	size_t n = strlen(p->map_name);

	for (size_t i = 0; i < p->options.ngauges; i++) {
		const char *name = p->options.gauges[i];

		if (plan_names_member(name, c))
			return true;
		if (strncmp(name, p->map_name, n) == 0 &&
		    (name[n] == '\0' ? strcmp(c->path, "value") == 0
				     : name[n] == '.' &&
					   plan_names_member(name + n + 1, c)))
			return true;
	}
	return false;
}

bool
plan_names_member(const char *name, const struct field *c)
{
	return strcmp(name, c->path) == 0 || strcmp(name, c->name) == 0 ||
	       (strncmp(c->path, "value.", 6) == 0 &&
		   strcmp(name, c->path + 6) == 0);
}

/* Whether a number of this kind says how much, and not which. */
static bool
is_amount(enum kind kind)
{
	return kind == KIND_NONE || kind == KIND_BOOL ||
	       kind_is_quantity(kind) ||
	       (kind >= KIND_BE16 && kind <= KIND_BE64);
}

static enum role
find_role(
    const struct plan *p, const struct field *c, const struct counted_member *m)
{
	const struct type *type =
	    field_place_type(&p->header->types, &c->place);

	if (is_key(c))
		return ROLE_LABEL;
	if (type == NULL || type->kind == TYPE_POINTER)
		return ROLE_NONE;
	switch (m->class) {
	case MEMBER_FLOAT:
	case MEMBER_BOOL:
		return ROLE_GAUGE;
	case MEMBER_INT:
		break;
	case MEMBER_BYTES:
		return c->place.has_text ? ROLE_LABEL : ROLE_NONE;
	default:
		return ROLE_LABEL;
	}
	if (m->kind >= KIND_KTIME && m->kind <= KIND_REALTIME)
		return ROLE_TIME;
	if (!is_amount(m->kind) || type->kind == TYPE_CHAR)
		return ROLE_LABEL;
	return m->kind == KIND_BOOL ||
		       (c->place.member != NULL && c->place.member->gauge) ||
		       is_named_gauge(p, c)
		   ? ROLE_GAUGE
		   : ROLE_COUNTER;
}

/* Where a column is, for counted_member_find().  What it says of a member that
 * cannot be counted is not to be shown. */
static struct counted_member
find_member(const struct plan *p, const struct field *c)
{
	struct counted_member m = { .class = MEMBER_BYTES, .type = TYPE_NONE };
	struct report_held held;
	int ret;

	report_hold(&held);
	ret = counted_member_find(&m, p->header, p->map, c->path);
	report_release_held(&held, "");
	if (ret == 1 && m.class == MEMBER_INT && m.swapped)
		counted_member_measure(&m);
	if (ret != 1)
		m = (struct counted_member){ .class = MEMBER_BYTES,
			.type = TYPE_NONE };
	return m;
}

/* Whether a member beside slots is the sum of what they count. */
static bool
is_sum(const struct field *c)
{
	const char *dot = strrchr(c->path, '.'),
		   *name = dot == NULL ? c->path : dot + 1;

	return strcmp(name, "sum") == 0 || strcmp(name, "total") == 0 ||
	       strncmp(name, "sum_", 4) == 0 || strncmp(name, "total_", 6) == 0;
}

/* The member of the value that is the sum of the histogram: the only one with
 * such a name. */
static size_t
find_sum(const struct fields *all, const enum role *roles)
{
	size_t found = METRICS_NONE, n = 0;

	for (size_t i = 0; i < all->n; i++)
		if ((roles[i] == ROLE_COUNTER || roles[i] == ROLE_GAUGE) &&
		    is_sum(&all->v[i])) {
			found = i;
			n++;
		}
	return n == 1 ? found : METRICS_NONE;
}

/* The bucket of a histogram with its buckets in the key, and the count. */
static bool
find_exp2(const struct plan *p, const struct fields *all,
    const enum role *roles, size_t *bucket, size_t *count)
{
	size_t values = 0;
	bool named = false;

	*bucket = *count = METRICS_NONE;
	if (p->header->maps[p->map].sample != SAMPLE_EXP2_HIST ||
	    plan_is_narrowed(p))
		return false;
	for (size_t i = 0; i < all->n; i++) {
		const char *name = all->v[i].name;

		if (is_key(&all->v[i])) {
			*bucket = i;
		} else if (roles[i] == ROLE_COUNTER) {
			values++;
			if (!named)
				*count = i;
			named |= strcmp(name, "count") == 0;
		}
	}
	return *bucket != METRICS_NONE && *count != METRICS_NONE &&
	       (values == 1 || named) &&
	       find_member(p, &all->v[*bucket]).class == MEMBER_INT;
}

static int
add_label(struct plan *p, const struct field *c)
{
	fields_add(&p->columns, c);
	return metrics_add_label(p->prom.group, c->name);
}

/* Adds a value that is read into a cell. */
static int
add_value(struct plan *p, const struct field *c, enum prom_op op, size_t cell)
{
	const struct counted_member m = find_member(p, c);
	struct prom_value *v = &p->prom.values[p->prom.nvalues];

	if (cell == METRICS_NONE)
		return -1;
	*v = (struct prom_value){ .op = op,
		.cell = cell,
		.column = p->columns.n,
		.load = member_load_new(&m) };
	if (op == PROM_CELL && m.class == MEMBER_FLOAT)
		v->op = PROM_REAL;
	if (m.kind == KIND_KTIME)
		v->op = PROM_KTIME;
	else if (m.kind == KIND_BOOTTIME)
		v->op = PROM_BOOTTIME;
	p->prom.nvalues++;
	fields_add(&p->columns, c);
	return 0;
}

/* The name of a member: its path in the value. */
static const char *
member_name(const struct field *c)
{
	return strncmp(c->path, "value.", 6) == 0 ? c->path + 6 : "";
}

static int
add_metric(struct plan *p, const struct field *c, enum role role)
{
	const struct counted_member m = find_member(p, c);
	struct metric_family_info f = {
		.member = member_name(c),
		.help = m.note == NULL ? NULL : m.note->help,
		.type = role == ROLE_COUNTER ? METRIC_COUNTER : METRIC_GAUGE,
		.real = m.class == MEMBER_FLOAT,
		.unit = metric_unit_of_kind(m.kind),
		.sum = METRICS_NONE,
	};
	char *name = NULL;
	int ret;

	if (role == ROLE_TIME) {
		f.unit = metric_unit_of_kind(KIND_NS);
		if (asprintf(&name, "%s timestamp", f.member) == -1)
			return report_nomem();
		f.member = name;
	}
	ret = add_value(p, c, PROM_CELL, metrics_add_family(p->prom.group, &f));
	free(name);
	return ret;
}

/* Adds the histogram, whose sum is the column sum of all, unless that is
 * METRICS_NONE. */
static int
add_histogram(struct plan *p, const struct fields *all, size_t sum, bool exp2)
{
	const struct stream_map *m = &p->header->maps[p->map];
	struct metric_family_info f = {
		.member = "",
		.type = METRIC_HISTOGRAM,
		.unit = metric_unit_of_text(m->unit),
		.scale = exp2 ? plan_hist_scale(p, NULL) : p->slots.scale,
		.slots = exp2 ? HIST_EXP2_SLOTS : p->slots.count,
		.sum = METRICS_NONE,
	};
	struct counted_member member;

	if (sum != METRICS_NONE) {
		member = find_member(p, &all->v[sum]);
		f.sum = metrics_add_cell(
		    p->prom.group, member.class == MEMBER_FLOAT);
		f.sum_unit = metric_unit_of_kind(member.kind);
		if (f.sum_unit.name == NULL)
			f.sum_unit = f.unit;
		if (add_value(p, &all->v[sum], PROM_CELL, f.sum) == -1)
			return -1;
	}
	return metrics_add_family(p->prom.group, &f) == METRICS_NONE ? -1 : 0;
}

/* Adds the members of the map to its group.  Returns 0, or -1 if there is no
 * room, or memory, for them. */
static int
add_members(struct plan *p, const struct fields *all, enum role *roles)
{
	size_t sum, bucket, count;
	bool exp2 = find_exp2(p, all, roles, &bucket, &count);
	bool hist = exp2 || p->slots.v != NULL;
	int ret = 0;

	sum = hist ? find_sum(all, roles) : METRICS_NONE;
	if (exp2) {
		roles[bucket] = roles[count] = ROLE_NONE;
		if (sum == count)
			sum = METRICS_NONE;
	}
	if (sum != METRICS_NONE)
		roles[sum] = ROLE_NONE;
	for (size_t i = 0; i < all->n && ret == 0; i++)
		if (roles[i] == ROLE_LABEL)
			ret = add_label(p, &all->v[i]);
	p->prom.nlabels = p->columns.n;
	if (hist && ret == 0)
		ret = add_histogram(p, all, sum, exp2);
	for (size_t i = 0; i < all->n && ret == 0; i++)
		if (roles[i] != ROLE_LABEL && roles[i] != ROLE_NONE)
			ret = add_metric(p, &all->v[i], roles[i]);
	if (exp2 && ret == 0)
		ret = add_value(p, &all->v[bucket], PROM_BUCKET, 0);
	if (exp2 && ret == 0)
		ret = add_value(p, &all->v[count], PROM_BUCKET_COUNT, 0);
	return ret;
}

/* Notes which bytes of a record say what row it is of. */
static void
find_ranges(struct plan *p)
{
	const struct types *t = &p->header->types;
	struct plan_prom *m = &p->prom;

	for (size_t i = 0; i < m->nlabels; i++) {
		const struct field_place *at = &p->columns.v[i].place;
		const struct type *type = field_place_type(t, at);
		struct prom_range *last =
		    m->nranges == 0 ? NULL : &m->ranges[m->nranges - 1];
		struct prom_range r = { at->offset,
			type == NULL ? 0 : (size_t)type->size, false };

		if (at->bits != 0)
			r.len = (at->bit_offset + at->bits + 7) / 8;
		r.text = type != NULL &&
			 (types_is_text(t, at->type) || at->kind == KIND_TEXT ||
			     at->kind == KIND_UTF8);
		if (!r.text && last != NULL && !last->text &&
		    last->offset + last->len == r.offset)
			last->len += r.len;
		else
			m->ranges[m->nranges++] = r;
		if (at->family_size != 0)
			m->ranges[m->nranges++] =
			    (struct prom_range){ at->family_offset,
				    at->family_size, false };
	}
}

/* Has the walk tell records apart by all bytes from the first range to the end
 * of the last, if there are few. */
static void
find_walk(struct plan_prom *m)
{
	size_t start = SIZE_MAX, end = 0;

	for (size_t i = 0; i < m->nranges; i++) {
		const struct prom_range *r = &m->ranges[i];

		if (start > r->offset)
			start = r->offset;
		if (end < r->offset + r->len)
			end = r->offset + r->len;
	}
	if (start < end && end - start <= KEY_WALK_BYTES) {
		m->walk.offset = start;
		m->walk.len = end - start;
	}
}

static void
report_left_out(
    const struct plan *p, const struct fields *all, const enum role *roles)
{
	const struct type *type;

	for (size_t i = 0; i < all->n; i++) {
		const struct field *c = &all->v[i];

		type = field_place_type(&p->header->types, &c->place);
		if (roles[i] == ROLE_NONE && type != NULL &&
		    c->place.cpus != FIELD_CPUS_ALL &&
		    (p->slots.v == NULL || strcmp(c->name, "slots") != 0))
			report_info("map %s: %s is no number, and no metric",
			    p->map_name, c->name);
	}
}

/* The name of the program, on its host. */
static const char *
program_name(const struct plan *p)
{
	const struct stream_header *h = p->header;

	return h->nhosts > 0 ? h->hosts[h->maps[p->map].host].name : h->name;
}

/* Makes the group of a sampled map. */
static int
open_group(struct plan *p, const struct fields *all)
{
	const struct stream_map *m = &p->header->maps[p->map];
	enum role *roles = calloc(all->n + 1, sizeof(*roles));
	struct plan_prom *prom = &p->prom;
	int ret = -1;

	prom->values = calloc(all->n + 1, sizeof(*prom->values));
	prom->ranges = calloc(2 * all->n + 1, sizeof(*prom->ranges));
	if (roles == NULL || prom->values == NULL || prom->ranges == NULL)
		goto done;
	for (size_t i = 0; i < all->n; i++) {
		const struct counted_member member = find_member(p, &all->v[i]);

		roles[i] = find_role(p, &all->v[i], &member);
	}
	report_left_out(p, all, roles);
	if (p->header->nhosts > 0)
		prom->host_label = stream_header_host(p->header, p->map);
	prom->group = metrics_begin(p->options.metrics, program_name(p),
	    p->map_name, m->polling.clear_map,
	    plan_is_narrowed(p) || m->sample == SAMPLE_EXP2_HIST);
	if (prom->group == NULL)
		goto done;
	if ((prom->host_label != NULL &&
		metrics_add_label(prom->group, "host") == -1) ||
	    add_members(p, all, roles) == -1) {
		metrics_abandon(prom->group);
		prom->group = NULL;
		report_notice("map %s: there are too many metrics, and it is "
			      "left out; choose some by -m or -c",
		    p->map_name);
		ret = 0;
		goto done;
	}
	find_ranges(p);
	find_walk(prom);
	prom->group = metrics_complete(prom->group);
	if (prom->group == NULL)
		goto done;
	prom->host = metrics_host(
	    prom->group, prom->host_label != NULL ? prom->host_label : "");
	ret = prom->host == METRICS_NONE ? -1 : 0;
done:
	free(roles);
	return ret;
}

static void
compile_prom(struct plan *p)
{
	const struct stream_map *m = &p->header->maps[p->map];
	struct fields all;

	if (m->source != STREAM_SAMPLE) {
		p->prom.counts = metrics_counts(p->options.metrics,
		    program_name(p), p->map_name,
		    p->header->nhosts > 0
			? stream_header_host(p->header, p->map)
			: "");
		p->formatter.failed |= p->prom.counts == NULL;
		report_notice("map %s: of events only the number becomes a "
			      "metric; skel-count makes metrics of their "
			      "members",
		    p->map_name);
		return;
	}
	if (m->value == TYPE_NONE) {
		report_notice("map %s: its types are not known, so it has no "
			      "metrics",
		    p->map_name);
		return;
	}
	plan_find_slots(p);
	plan_add_columns(p);
	all = p->columns;
	p->columns = (struct fields){ 0 };
	if (all.failed || hash_random(&p->prom.first) == -1 ||
	    open_group(p, &all) == -1)
		p->formatter.failed = true;
	fields_free(&all);
	plan_add_column_parts(p, NULL);
}

/* Without types there are no passes. */
static void
guess_prom(struct plan *p)
{
	p->prom.counts =
	    metrics_counts(p->options.metrics, "", p->map_name, "");
	p->columns.failed |= p->prom.counts == NULL;
}

/* Appends the texts of a field of TSV, and a NUL.  Of an enum, whose text is
 * NAME(3), the name or, without one, the number is a label. */
static void
add_label_value(struct buf *out, const char *text, size_t len, bool is_enum)
{
	static const char unknown[] = TYPED_JSON_UNKNOWN "(";
	const char *end = text + len, *open;

	if (is_enum && len > 2 && end[-1] == ')' &&
	    (open = memrchr(text, '(', len)) != NULL) {
		if ((size_t)(open + 1 - text) == sizeof(unknown) - 1 &&
		    memcmp(text, unknown, sizeof(unknown) - 1) == 0)
			text = open + 1;
		end = text == open + 1 ? end - 1 : open;
	}
	for (; text < end; text++) {
		char c = *text;

		if (c == '\\' && text + 1 < end) {
			c = *++text;
			c = (char)(c == 't'   ? '\t'
				   : c == 'n' ? '\n'
				   : c == 'r' ? '\r'
					      : c);
		}
		buf_chr(out, c);
	}
	buf_chr(out, '\0');
}

/* Adds the row of a record that is the first with its labels. */
static size_t
add_row(struct plan *p, const struct plan_input *rec, struct hash_key key)
{
	struct plan_input to = *rec;
	struct buf *field = &p->prom.field, *values = &p->prom.labels;

	to.run.out = field;
	values->len = 0;
	if (p->prom.host_label != NULL) {
		field->len = 0;
		text_write(field, p->prom.host_label,
		    strlen(p->prom.host_label), STYLE_TSV);
		add_label_value(values, field->data, field->len, false);
	}
	for (size_t i = 0; i < p->prom.nlabels; i++) {
		const struct type *type =
		    field_place_type(&p->header->types, &p->columns.v[i].place);

		field->len = 0;
		plan_write_column(p, &to, i);
		if (field->len == 0)
			buf_chr(values, '\0');
		else
			add_label_value(values, field->data, field->len,
			    type != NULL && type->kind == TYPE_ENUM);
	}
	values->failed |= field->failed;
	return metrics_add_row(p->prom.group, p->prom.host, key, values);
}

/* A hash of what tells the record from others. */
static struct hash_key
make_key(const struct plan *p, const struct plan_input *rec)
{
	const struct plan_prom *m = &p->prom;
	struct hash_key k = m->first;

	for (size_t i = 0; i < m->nranges && !rec->is_json; i++) {
		const struct prom_range *r = &m->ranges[i];
		const unsigned char *at = rec->run.data + r->offset;

		hash_mix(&k, at,
		    r->text ? strnlen((const char *)at, r->len) : r->len);
	}
	for (size_t i = 0; i < m->nlabels && rec->is_json; i++) {
		const struct json_value *v = plan_column_cell(p, i);

		hash_mix(
		    &k, v->text, v->kind == JSON_VALUE_ABSENT ? 0 : v->len);
	}
	return k;
}

/* The integer in a JSON record; 0 if it is none. */
static __int128
read_json_integer(const struct plan *p, const struct prom_value *v)
{
	const struct json_value *cell = plan_column_cell(p, v->column);
	const char *s = cell->text, *end = s + cell->len;
	unsigned __int128 n = 0;
	bool negative;
	uint64_t u64;

	/* Numbers of 128 bits are strings. */
	if (cell->kind == JSON_VALUE_STRING && cell->len > 2) {
		s++;
		end--;
	} else if (cell->kind != JSON_VALUE_SCALAR) {
		return 0;
	}
	if (*s == 't' || *s == 'f')
		return field_kind_read_number(cell, &u64) ? (__int128)u64 : 0;
	negative = *s == '-';
	for (s += negative; s < end && *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (unsigned)(*s - '0');
	return negative ? (__int128)(0 - n) : (__int128)n;
}

static double
read_json_real(const struct plan *p, const struct prom_value *v)
{
	const struct json_value *cell = plan_column_cell(p, v->column);
	char text[64];

	if (cell->kind != JSON_VALUE_SCALAR || cell->len >= sizeof(text))
		return 0;
	memcpy(text, cell->text, cell->len);
	text[cell->len] = '\0';
	return strtod(text, NULL);
}

static __int128
read_integer(const struct plan *p, const struct plan_input *rec,
    const struct prom_value *v)
{
	return rec->is_json
		   ? read_json_integer(p, v)
		   : (__int128)member_load_integer(&v->load, rec->run.data);
}

/* What is added to a time to have it since 1970. */
static __int128
clock_offset(const struct plan *p, enum prom_op op)
{
	const struct clock_offsets *c = p->kinds.clocks;

	if (c == NULL || !c->known)
		return 0;
	return op == PROM_KTIME ? c->monotonic : c->boottime;
}

/* Adds the slots of a record. */
static void
add_slots(struct plan *p, const struct plan_input *rec, uint64_t *slots)
{
	struct hist h = plan_read_slots(p, rec);

	for (size_t i = 0; i < h.n; i++)
		/* A count below zero is no part of the distribution. */
		if (!h.is_signed || h.slots[i] <= INT64_MAX)
			slots[i] += h.slots[i];
}

/* The row of a record, or METRICS_NONE. */
static size_t
find_row(struct plan *p, const struct plan_input *rec)
{
	struct plan_prom *m = &p->prom;
	struct hash_key key;
	size_t place, row;

	if (!rec->is_json && key_walk_find(&m->walk, metrics_era(m->group),
				 rec->run.data, &place))
		return metrics_find_at(m->group, place);
	key = make_key(p, rec);
	if ((row = metrics_find(m->group, key)) == METRICS_NONE &&
	    (row = add_row(p, rec, key)) == METRICS_NONE)
		return METRICS_NONE;
	if (!rec->is_json)
		key_walk_note(&m->walk, metrics_era(m->group), rec->run.data,
		    metrics_place(m->group));
	return row;
}

static void
record_prom(struct plan *p, const struct plan_input *rec)
{
	struct plan_prom *m = &p->prom;
	union metric_cell *cells;
	__int128 bucket = -1, n;
	size_t row;

	if (m->counts != NULL)
		m->counts->records++;
	if (m->group == NULL)
		return;
	if ((row = find_row(p, rec)) == METRICS_NONE)
		return;
	metrics_touch(m->group, row);
	cells = metrics_cells(m->group, row);
	for (size_t i = 0; i < m->nvalues; i++) {
		const struct prom_value *v = &m->values[i];

		if (v->op == PROM_REAL) {
			cells[v->cell].real +=
			    rec->is_json
				? read_json_real(p, v)
				: member_load_real(&v->load, rec->run.data);
			continue;
		}
		n = read_integer(p, rec, v);
		switch (v->op) {
		case PROM_CELL:
			cells[v->cell].integer += n;
			break;
		case PROM_BUCKET:
			bucket = n;
			break;
		case PROM_BUCKET_COUNT:
			if (bucket >= HIST_EXP2_SLOTS)
				bucket = HIST_EXP2_SLOTS - 1;
			if (bucket >= 0 && n > 0)
				metrics_slots(m->group, row)[bucket] +=
				    (uint64_t)n;
			break;
		default:
			cells[v->cell].integer = n + clock_offset(p, v->op);
		}
	}
	if (p->slots.v != NULL)
		add_slots(p, rec, metrics_slots(m->group, row));
}

void
plan_free_prom(struct plan *p)
{
	if (p->prom.group != NULL)
		metrics_release(p->prom.group);
	free(p->prom.values);
	free(p->prom.ranges);
	buf_free(&p->prom.field);
	buf_free(&p->prom.labels);
	key_walk_free(&p->prom.walk);
}

const struct plan_ops plan_prom_ops = {
	.compile = compile_prom,
	.record = record_prom,
	.guess = guess_prom,
	.traits.document = true,
	.traits.states = true,
	.style = STYLE_TSV,
	.kinds = true,
	.instead = true,
	.deep = true,
};
