/*
 * lib/format/plan: every form of records of random types and bytes.  The
 * expected text in tests/fixtures/format covers single values; this covers
 * records larger than a buffer and types that nobody would write.
 */
#include <jansson.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "check.h"
#include "format/plan.h"
#include "layout/flame.h"
#include "record/fields.h"
#include "record/stack-layout.h"
#include "stream-text.h"
#include "stream/header.h"
#include "types/types.h"

static uint64_t seed = 88172645463325252u;

static uint64_t
any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static struct type
named(enum type_kind kind, const char *name, uint64_t size)
{
	return (
	    struct type){ .kind = kind, .name = strdup(name), .size = size };
}

static uint32_t
add_scalar(struct types *t, enum type_kind kind, uint64_t size, bool is_signed)
{
	struct type type = named(kind, "scalar", size);

	type.is_signed = is_signed;
	return types_add(t, &type, "test");
}

static uint32_t
add_array(struct types *t, uint32_t of, uint64_t count)
{
	struct type type = named(TYPE_ARRAY, "", t->v[of].size * count);

	type.of = of;
	type.count = count;
	return types_add(t, &type, "test");
}

static uint32_t
add_enum(struct types *t)
{
	static const char *const names[] = { "A", "B,\"\\", "C\tD" };
	struct type type = named(TYPE_ENUM, "letters", 4);

	type.constants = calloc(3, sizeof(*type.constants));
	type.nconstants = 3;
	for (size_t i = 0; i < 3; i++)
		type.constants[i] =
		    (struct type_constant){ strdup(names[i]), i * i };
	return types_add(t, &type, "test");
}

/* Adds a struct or union with up to six of the existing types. */
static uint32_t
add_struct(struct types *t, bool is_union)
{
	static const char *const names[] = { "a", "b\"\n", "", "ü", "e,\t",
		"slots" };
	struct type type =
	    named(is_union ? TYPE_UNION : TYPE_STRUCT, "thing", 0);
	uint64_t end = 0;

	type.nmembers = any(6) + 1;
	type.members = calloc(type.nmembers, sizeof(*type.members));
	for (size_t i = 0; i < type.nmembers; i++) {
		struct type_member *m = &type.members[i];

		*m = (struct type_member){
			.name = strdup(names[any(6)]),
			.type = (uint32_t)any(t->n),
			.offset = is_union ? 0 : end,
		};
		if (t->v[m->type].kind == TYPE_INT && any(3) == 0) {
			m->bit_offset = (uint32_t)any(8);
			m->bits = (uint32_t)any(t->v[m->type].size * 8) + 1;
		}
		end = m->offset + t->v[m->type].size + 1;
		if (type.size < end)
			type.size = end;
	}
	return types_add(t, &type, "test");
}

/* Makes random types, each from those before it. */
static void
any_types(struct types *t)
{
	add_scalar(t, TYPE_CHAR, 1, any(2));
	for (uint64_t size = 1; size <= 16; size *= 2)
		add_scalar(t, TYPE_INT, size, any(2));
	add_scalar(t, TYPE_BOOL, 1, false);
	add_scalar(t, TYPE_FLOAT, 4, false);
	add_scalar(t, TYPE_FLOAT, 8, false);
	add_scalar(t, TYPE_POINTER, 8, false);
	add_enum(t);
	for (int i = 0; i < 12; i++) {
		uint32_t of = (uint32_t)any(t->n);

		if (any(2) == 0)
			add_struct(t, any(4) == 0);
		else if (t->v[of].size < 1000)
			add_array(t, of, any(9));
	}
}

static void
any_header(struct stream_header *h)
{
	struct stream_map *m;

	*h = (struct stream_header){ 0 };
	any_types(&h->types);
	m = stream_header_add_map(h, "m,\"\t");
	m->value = (uint32_t)(h->types.n - 1);
	if (any(2) == 0)
		return;
	m->source = STREAM_SAMPLE;
	m->key = (uint32_t)any(h->types.n);
	m->unit = strdup("(unit)");
	m->cpus = any(2) == 0 ? 0 : any(4) + 1;
	m->sample = (enum stream_sample)any(3);
}

static size_t
count(const struct buf *b, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == c;
	return n;
}

static void
check_json(const struct buf *out)
{
	json_error_t e;
	/* Whole numbers above INT64_MAX are too big for jansson as such. */
	json_t *v =
	    json_loadb(out->data, out->len, JSON_DECODE_INT_AS_REAL, &e);

	if (v == NULL)
		fprintf(stderr, "%s: %.*s\n", e.text, (int)out->len, out->data);
	CHECK(v != NULL);
	CHECK_NUM(count(out, '\n'), 1);
	json_decref(v);
}

/* Checks what must be true for any record in a form. */
static void
check_form(const struct stream_header *h, enum plan_form form,
    const unsigned char *data, size_t len)
{
	struct plan_options o = { .form = form, .width = any(2) * 80 };
	struct plan *p = plan_new(h, 0, &o);
	struct buf head = { 0 }, out = { 0 };

	if (p == NULL) {
		CHECK(!"a plan");
		return;
	}
	plan_head(p, &head);
	CHECK_NUM(plan_record(p, &out, any(UINT64_MAX), data, len), 0);
	/* Histograms whose buckets are in the key are written together. */
	if (plan_collects(p))
		plan_end_pass(p, &out);
	CHECK(out.len > 0 || form == PLAN_RAW);
	if (form == PLAN_JSON)
		check_json(&out);
	if (form == PLAN_TSV) {
		CHECK_NUM(count(&out, '\n'), 1);
		CHECK_NUM(count(&out, '\t'), count(&head, '\t'));
	}
	if (form == PLAN_RAW)
		CHECK(out.len == len &&
		      (len == 0 || memcmp(out.data, data, len) == 0));
	for (size_t i = 0; i < out.len && form != PLAN_RAW; i++)
		CHECK(out.data[i] != '\0');
	buf_free(&head);
	buf_free(&out);
	plan_free(p);
}

/* Checks that the JSON of a binary record, read as a record, gives the same
 * JSON and the same fields. */
static void
check_again(
    const struct stream_header *h, const unsigned char *data, size_t len)
{
	static const enum plan_form forms[] = { PLAN_JSON, PLAN_TSV, PLAN_CSV };
	struct plan_options o = { .form = PLAN_JSON };
	struct plan *p = plan_new(h, 0, &o);
	struct buf json = { 0 }, a = { 0 }, b = { 0 };
	size_t wrong_at;

	plan_record(p, &json, 1, data, len);
	plan_free(p);
	for (size_t i = 0; i < nitems(forms); i++) {
		o.form = forms[i];
		p = plan_new(h, 0, &o);
		a.len = b.len = 0;
		plan_record(p, &a, 1, data, len);
		CHECK_NUM(
		    plan_json_record(p, &b, json.data, json.len - 1, &wrong_at),
		    0);
		CHECK_NUM(a.len, b.len);
		CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
		plan_free(p);
	}
	buf_free(&json);
	buf_free(&a);
	buf_free(&b);
}

/* In JSON, two members of one struct with the same name cannot be
 * distinguished. */
static bool
has_twins(const struct stream_header *h)
{
	struct fields c = { 0 };
	bool twins = false;

	fields_add_selected(&c, h, 0, NULL, 0, true);
	for (size_t i = 0; i < c.n; i++)
		for (size_t j = 0; j < i; j++)
			twins |= strcmp(c.v[i].path, c.v[j].path) == 0 ||
				 strncmp(c.v[i].path, c.v[j].path,
				     strcspn(c.v[i].path, ".")) == 0;
	fields_free(&c);
	return twins;
}

static void
any_records(void)
{
	check_forget();
	for (int i = 0; i < 3000; i++) {
		struct stream_header h;
		unsigned char *data;
		size_t len;

		any_header(&h);
		len = stream_record_size(&h, 0);
		data = malloc(len + 1);
		for (size_t j = 0; j < len; j++)
			data[j] = (unsigned char)(any(3) == 0 ? 'a' : any(256));
		for (int form = PLAN_JSON; form <= PLAN_RAW; form++)
			check_form(&h, (enum plan_form)form, data, len);
		if (!has_twins(&h))
			check_again(&h, data, len);
		free(data);
		stream_header_free(&h);
	}
}

/* A record whose text is far larger than what is reserved at a time. */
static void
large(void)
{
	struct stream_header h = { 0 };
	struct type type = named(TYPE_STRUCT, "large", 0);
	uint32_t c = add_scalar(&h.types, TYPE_CHAR, 1, true);
	uint32_t u64 = add_scalar(&h.types, TYPE_INT, 8, false);
	uint32_t text = add_array(&h.types, c, 100000);
	uint32_t numbers = add_array(&h.types, u64, 50000);
	unsigned char *data = malloc(500000);

	type.size = 500000;
	type.nmembers = 2;
	type.members = calloc(2, sizeof(*type.members));
	type.members[0] =
	    (struct type_member){ .name = strdup("text"), .type = text };
	type.members[1] = (struct type_member){
		.name = strdup("numbers"), .type = numbers, .offset = 100000
	};
	stream_header_add_map(&h, "rb")->value =
	    types_add(&h.types, &type, "test");
	memset(data, 0xff, 500000);
	for (int form = PLAN_JSON; form <= PLAN_RAW; form++)
		check_form(&h, (enum plan_form)form, data, 500000);
	memset(data, 1, 500000);
	for (int form = PLAN_JSON; form <= PLAN_RAW; form++)
		check_form(&h, (enum plan_form)form, data, 500000);
	free(data);
	stream_header_free(&h);
}

#define STACKED                                                                \
	HEAD(                                                                  \
	    "\"maps\":[{\"name\":\"rb\",\"source\":\"ringbuf\",\"value\":3,"   \
	    "\"intepreter\":{\"stack_trace\":{}}},"                            \
	    "{\"name\":\"c\",\"source\":\"sample\",\"value\":1,\"key\":"       \
	    "4," SAMPLE ",\"stacks\":\"s\",\"intepreter\":{\"stack_trace\":{}" \
	    "}}],\"types\":["                                                  \
	    "{\"kind\":\"int\",\"name\":\"u32\",\"size\":4,\"signed\":false}," \
	    "{\"kind\":\"int\",\"name\":\"u64\",\"size\":8,\"signed\":false}," \
	    "{\"kind\":\"array\",\"name\":\"\",\"size\":16,\"of\":1,"          \
	    "\"count\":2},"                                                    \
	    "{\"kind\":\"struct\",\"name\":\"e\",\"size\":40,\"members\":["    \
	    "{\"name\":\"pid\",\"type\":1,\"offset\":0},"                      \
	    "{\"name\":\"kstack\",\"type\":2,\"offset\":8},"                   \
	    "{\"name\":\"ustack\",\"type\":2,\"offset\":24}]},"                \
	    "{\"kind\":\"struct\",\"name\":\"k\",\"size\":4,\"members\":["     \
	    "{\"name\":\"kstack\",\"type\":0,\"offset\":0}]}]")

static void
shows(const struct stream_header *h, unsigned int map, enum plan_form form,
    const char *column, unsigned int sides, int line)
{
	struct flame *folded = flame_new();
	const struct plan_options o = {
		.form = form,
		.columns = &column,
		.ncolumns = column != NULL,
		.folded = folded,
	};
	struct plan *p = plan_new(h, map, &o);

	check_num(plan_shown_stacks(p), sides, __FILE__, line);
	plan_free(p);
	flame_free(folded);
}

#define SHOWS(map, form, column, sides)                                        \
	shows(&r.header, (map), (form), (column), (sides), __LINE__)

/* Only what is shown has to wait for names. */
static void
shown_stacks(void)
{
	const unsigned int kernel = 1U << STACK_KERNEL;
	const unsigned int user = 1U << STACK_USER;
	struct stream_reader r;

	CHECK_NUM(open_text(&r, STACKED), STREAM_OPENED);
	for (int form = PLAN_JSON; form <= PLAN_REFERENCE; form++) {
		bool raw = form == PLAN_RAW;

		/* They collect elsewhere. */
		if (form > PLAN_FLAME && form != PLAN_REFERENCE)
			continue;
		SHOWS(0, (enum plan_form)form, NULL, raw ? 0 : kernel | user);
		SHOWS(1, (enum plan_form)form, NULL, raw ? 0 : kernel);
		if (raw || form >= PLAN_FOLDED)
			continue;
		SHOWS(0, (enum plan_form)form, "pid", 0);
		SHOWS(0, (enum plan_form)form, "kstack", kernel);
		SHOWS(0, (enum plan_form)form, "ustack", user);
		SHOWS(1, (enum plan_form)form, "value", 0);
		SHOWS(1, (enum plan_form)form, "key", kernel);
	}
	close_reader(&r);
}

/* Maps of s32: "h" has slots, "b" a struct that has them, and the key of "k" is
 * the bucket. */
#define SIGNED                                                                 \
	HEAD("\"maps\":["                                                      \
	     "{\"name\":\"h\",\"source\":\"sample\",\"value\":2,\"key\":"      \
	     "0," SAMPLE "},"                                                  \
	     "{\"name\":\"b\",\"source\":\"sample\",\"value\":3,\"key\":"      \
	     "0," SAMPLE "},"                                                  \
	     "{\"name\":\"k\",\"source\":\"sample\",\"value\":0,\"key\":"      \
	     "0,\"sample\":{\"interval\":1000,\"type\":\"default_kv\","        \
	     "\"buckets\":\"exp2_hist\","                                      \
	     "\"unit\":\"ns\",\"clear_map\":true}}],"                          \
	     "\"types\":["                                                     \
	     "{\"kind\":\"int\",\"name\":\"s32\",\"size\":4,\"signed\":true}," \
	     "{\"kind\":\"array\",\"name\":\"\",\"size\":12,\"of\":0,"         \
	     "\"count\":3},"                                                   \
	     "{\"kind\":\"struct\",\"name\":\"hist\",\"size\":12,\"members\":" \
	     "[{\"name\":\"slots\",\"type\":1,\"offset\":0}]},"                \
	     "{\"kind\":\"struct\",\"name\":\"out\",\"size\":12,\"members\":"  \
	     "[{\"name\":\"one\",\"type\":2,\"offset\":0}]}]")

/* Checks that n records of len bytes, and the same as JSON, are drawn as want.
 */
static void
draws(const struct stream_header *h, unsigned int map, enum plan_form form,
    const int32_t *data, size_t len, size_t n, const char *want)
{
	struct plan_options o = { .form = PLAN_JSON, .bare = true };
	struct plan *to_json = plan_new(h, map, &o), *binary, *again;
	struct buf json = { 0 }, a = { 0 }, b = { 0 };
	size_t wrong_at;

	o.form = form;
	binary = plan_new(h, map, &o);
	again = plan_new(h, map, &o);
	for (size_t i = 0; i < n; i++) {
		const unsigned char *rec = (const unsigned char *)data;

		json.len = 0;
		plan_record(to_json, &json, 1, rec + i * len, len);
		plan_record(binary, &a, 1, rec + i * len, len);
		CHECK_NUM(plan_json_record(
			      again, &b, json.data, json.len - 1, &wrong_at),
		    0);
	}
	if (plan_collects(binary)) {
		plan_end_pass(binary, &a);
		plan_end_pass(again, &b);
	}
	buf_chr(&a, '\0');
	buf_chr(&b, '\0');
	CHECK(strstr(a.data, want) != NULL);
	CHECK(strstr(b.data, want) != NULL);
	buf_free(&json);
	buf_free(&a);
	buf_free(&b);
	plan_free(to_json);
	plan_free(binary);
	plan_free(again);
}

/* Counts and buckets below zero keep their sign. */
static void
signed_histograms(void)
{
	static const int32_t slots[] = { 7, -3, 4, -5 };
	static const int32_t negative[] = { 7, -3, -2147483647 - 1, 0 };
	static const int32_t buckets[] = { -1, 5, 0, 8, 1, -4, -2, -7, 70, 2 };
#define STARS "****************************************"
#define BLANKS "                                        "
	static const char drawn[] =
	    "         0 -> 1          : -3       |" BLANKS "|\n"
	    "         2 -> 3          : 4        |" STARS "|\n"
	    "         4 -> 7          : -5       |" BLANKS "|\n";
	static const char none[] =
	    "         0 -> 1          : -3          |" BLANKS "|\n"
	    "         2 -> 3          : -2147483648 |" BLANKS "|\n"
	    "count -2147483651\n";
	struct stream_reader r;

	CHECK_NUM(open_text(&r, SIGNED), STREAM_OPENED);
	draws(&r.header, 0, PLAN_TABLE, slots, sizeof(slots), 1, drawn);
	draws(&r.header, 0, PLAN_TABLE, slots, sizeof(slots), 1,
	    "count -4  p50 <= 3  p90 <= 3  p99 <= 3\n");
	draws(&r.header, 0, PLAN_PLAIN, slots, sizeof(slots), 1, drawn);
	draws(&r.header, 1, PLAN_TABLE, slots, sizeof(slots), 1, drawn);
	draws(&r.header, 0, PLAN_TABLE, negative, sizeof(negative), 1, none);
	draws(&r.header, 2, PLAN_TABLE, buckets, 8, 5,
	    "         0 -> 1          : 8        |" STARS "|\n"
	    "         2 -> 3          : -4       |" BLANKS "|\n"
	    "count 4  p50 <= 1  p90 <= 1  p99 <= 1\n"
	    "and -2 below bucket 0\nand 2 beyond these buckets\n");
	close_reader(&r);
}

int
main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	any_records();
	large();
	shown_stacks();
	signed_histograms();
	return check_done();
}
