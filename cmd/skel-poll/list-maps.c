#include <bpf/libbpf.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/text.h"
#include "find-map.h"
#include "layout/table.h"
#include "list-maps.h"
#include "map-users.h"

enum { NUMBER_WIDTH = 10, TYPE_WIDTH = 16, USERS_WIDTH = 24 };

/* Returns the bytes of kernel memory that the map uses, or 0 if that is not
 * known. */
static uint64_t
read_memory(int fd)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(f);
	return bytes;
}

static const char *
list_type_name(const struct found_map *m)
{
	const char *name =
	    libbpf_bpf_map_type_str((enum bpf_map_type)m->info.type);

	return name != NULL ? name : "?";
}

static json_t *
user_to_json(const struct map_user *u)
{
	if (u->kind == MAP_USER_PIN)
		return json_doc_string_new(u->name, strlen(u->name));
	return json_pack("{soso}", u->kind == MAP_USER_PROGRAM ? "id" : "pid",
	    json_integer(u->id), u->kind == MAP_USER_PROGRAM ? "name" : "comm",
	    json_doc_string_new(u->name, strlen(u->name)));
}

static json_t *
users_to_json(const struct map_user *u, size_t n, enum map_user_kind kind)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		if (u[i].kind == kind &&
		    json_array_append_new(array, user_to_json(&u[i])) == -1) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static int
write_json_map(struct buf *out, const struct found_map *m, uint64_t memory,
    const struct map_user *users, size_t n)
{
	const struct bpf_map_info *i = &m->info;
	size_t len = strnlen(i->name, sizeof(i->name));
	json_t *json = json_pack("{sI ss so sI sI sI so so so so}", "id",
	    (json_int_t)i->id, "type", list_type_name(m), "name",
	    json_doc_string_new(i->name, len), "entries",
	    (json_int_t)i->max_entries, "key_size", (json_int_t)i->key_size,
	    "value_size", (json_int_t)i->value_size, "memory",
	    json_doc_u64_new(memory), "programs",
	    users_to_json(users, n, MAP_USER_PROGRAM), "processes",
	    users_to_json(users, n, MAP_USER_PROCESS), "pins",
	    users_to_json(users, n, MAP_USER_PIN));
	int ret = json == NULL ? report_nomem() : json_doc_write(json, out);

	json_decref(json);
	buf_chr(out, '\n');
	return ret;
}

/* Appends the users of a kind as a cell, "name (3), name (4)". */
static void
write_users(struct buf *out, const struct map_user *u, size_t n, bool programs)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if ((u[i].kind == MAP_USER_PROGRAM) != programs)
			continue;
		if (any)
			buf_str(out, ", ");
		any = true;
		text_write(out, u[i].name, strlen(u[i].name), STYLE_VIS);
		if (u[i].kind != MAP_USER_PIN)
			buf_printf(out, " (%" PRIu32 ")", u[i].id);
	}
	if (!any)
		buf_chr(out, '-');
}

static void
write_table_map(struct buf *out, const struct table *t,
    const struct found_map *m, uint64_t memory, const struct map_user *users,
    size_t n)
{
	const struct bpf_map_info *info = &m->info;
	unsigned int over = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t start = table_start(i, out);

		switch (i) {
		case 0:
			buf_printf(out, "%" PRIu32, info->id);
			break;
		case 1:
			buf_str(out, list_type_name(m));
			break;
		case 2:
			text_write(out, info->name,
			    strnlen(info->name, sizeof(info->name)), STYLE_VIS);
			break;
		case 3:
			buf_printf(out, "%" PRIu32, info->max_entries);
			break;
		case 4:
			buf_printf(out, "%" PRIu64, memory);
			break;
		default:
			write_users(out, users, n, i == 5);
			break;
		}
		table_cell(t, i, out, start, &over);
	}
	buf_chr(out, '\n');
}

static int
make_table(struct table *t)
{
	table_add(t, "id", true, NUMBER_WIDTH, 5);
	table_add(t, "type", false, TYPE_WIDTH, 0);
	table_add(t, "name", false, BPF_OBJ_NAME_LEN, 0);
	table_add(t, "entries", true, NUMBER_WIDTH, 7);
	table_add(t, "memory", true, NUMBER_WIDTH, 7);
	table_add(t, "programs", false, USERS_WIDTH, 0);
	table_add(t, "held by", false, USERS_WIDTH, 0);
	if (!t->failed)
		table_fit(t);
	return t->failed ? report_nomem() : 0;
}

/* Writes all maps.  Returns 0, or -1 if something failed. */
static int
write_maps(const struct skel_poll_options *o, const struct map_users *u,
    const struct table *t, struct output *out)
{
	bool json = o->has_encoding && o->encoding == STREAM_JSON;
	struct found_map m;
	uint32_t id = 0;
	int got, ret = 0;

	if (!json)
		table_head(t, &out->buf);
	while (ret == 0 && (got = find_next_map(&m, &id)) != 0) {
		const struct map_user *users;
		uint64_t memory;
		size_t n;

		if (got == -1)
			return -1;
		users = map_users_of(u, m.info.id, &n);
		memory = read_memory(m.fd);
		close(m.fd);
		if (json)
			ret = write_json_map(&out->buf, &m, memory, users, n);
		else
			write_table_map(&out->buf, t, &m, memory, users, n);
		if (ret == 0)
			ret = output_flush_if_full(out);
	}
	return ret;
}

int
skel_poll_list_maps(const struct skel_poll_options *o, struct output *out)
{
	struct map_users u;
	struct table t = { 0 };
	int ret;

	if (map_users_find(&u) == -1)
		return EXIT_FAILURE;
	ret = make_table(&t);
	if (ret == 0)
		ret = write_maps(o, &u, &t, out);
	table_free(&t);
	map_users_free(&u);
	return ret == 0 || out->gone ? EXIT_SUCCESS : EXIT_FAILURE;
}
