#include "merge/merge-header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "merge/merge-types.h"
#include "stream/header-words.h"

/* The keys of a header that are not said of a host. */
static const char *const stream_keys[] = { "skel", "version", "encoding",
	"maps", "types", "hosts" };

int
merge_source_open(struct merge_source *s, const struct stream_header *h,
    const char *text, size_t len)
{
	*s = (struct merge_source){ .len = len,
		.nmaps = h->nmaps,
		.nhosts = h->nhosts > 0 ? h->nhosts : 1,
		.encoding = h->encoding };
	s->header = json_doc_parse(text, len, "header", 0);
	if (s->header == NULL)
		return -1;
	s->text = malloc(len + 1);
	if (s->text == NULL) {
		merge_source_close(s);
		return report_nomem();
	}
	memcpy(s->text, text, len);
	return 0;
}

void
merge_source_close(struct merge_source *s)
{
	free(s->text);
	json_decref(s->header);
	*s = (struct merge_source){ .text = NULL };
}

static const char *
get_text(const json_t *object, const char *key)
{
	const char *text = json_doc_string(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The name of all streams, if it is the same. */
static const char *
common_name(struct merge_source *const *sources, size_t n)
{
	const char *name = get_text(sources[0]->header, "name");

	for (size_t i = 1; i < n; i++)
		if (strcmp(get_text(sources[i]->header, "name"), name) != 0)
			return "";
	return name;
}

/* When the first one began: the times are in one form, and sort as texts. */
static const char *
first_start(struct merge_source *const *sources, size_t n)
{
	const char *first = "", *started;

	for (size_t i = 0; i < n; i++) {
		started = get_text(sources[i]->header, "started");
		if (*started != '\0' &&
		    (*first == '\0' || strcmp(started, first) < 0))
			first = started;
	}
	return first;
}

/* A copy of what a header says of its host. */
static json_t *
copy_host(const json_t *header)
{
	json_t *host = json_copy((json_t *)(uintptr_t)header);

	for (size_t i = 0;
	     host != NULL && i < sizeof(stream_keys) / sizeof(*stream_keys);
	     i++)
		json_object_del(host, stream_keys[i]);
	return host;
}

/* Whether a header is that of a merged stream. */
static bool
is_merged(const json_t *header)
{
	uint64_t version;

	return json_doc_u64(json_object_get(header, "version"), &version) &&
	       version == STREAM_VERSION_MERGED;
}

static int
add_hosts(json_t *hosts, struct merge_source *s)
{
	s->first_host = (uint32_t)json_array_size(hosts);
	return is_merged(s->header)
		   ? json_array_extend(
			 hosts, json_object_get(s->header, "hosts"))
		   : json_array_append_new(hosts, copy_host(s->header));
}

/* Have the index of a type be that in the table of all. */
static int
set_type(json_t *map, const char *key, const uint32_t *index)
{
	uint64_t i;

	if (!json_doc_u64(json_object_get(map, key), &i))
		return 0;
	return json_object_set_new(map, key, json_doc_u64_new(index[i]));
}

static int
add_map(json_t *maps, const struct merge_source *s, const json_t *from,
    const uint32_t *index)
{
	json_t *map = json_copy((json_t *)(uintptr_t)from);
	uint64_t host = 0;
	int ret = -1;

	if (is_merged(s->header))
		json_doc_u64(json_object_get(from, "host"), &host);
	if (map != NULL && set_type(map, "value", index) == 0 &&
	    set_type(map, "key", index) == 0 &&
	    json_object_set_new(
		map, "host", json_doc_u64_new(s->first_host + host)) == 0)
		ret = json_array_append(maps, map);
	json_decref(map);
	return ret;
}

static int
add_maps(json_t *maps, struct merge_types *types, struct merge_source *s)
{
	const json_t *from = json_object_get(s->header, "types");
	uint32_t *index = calloc(json_array_size(from) + 1, sizeof(uint32_t));
	int ret = index == NULL ? -1 : merge_types_add(types, from, index);

	s->first_map = (unsigned int)json_array_size(maps);
	from = json_object_get(s->header, "maps");
	for (size_t i = 0; i < json_array_size(from) && ret == 0; i++)
		ret = add_map(maps, s, json_array_get(from, i), index);
	free(index);
	return ret;
}

/* Report more maps than a stream can have. */
static int
check_maps(struct merge_source *const *sources, size_t n)
{
	size_t maps = 0, hosts = 0;
	bool binary = sources[0]->encoding == STREAM_BINARY;
	size_t most = binary ? STREAM_MAPS_MAX : STREAM_ENTRIES_MAX;

	for (size_t i = 0; i < n; i++) {
		maps += sources[i]->nmaps;
		hosts += sources[i]->nhosts;
	}
	if (hosts > STREAM_HOSTS_MAX) {
		report_error("these are %zu streams, and at most %d can be "
			     "merged; merge fewer at once",
		    hosts, STREAM_HOSTS_MAX);
		return -1;
	}
	if (maps <= most)
		return 0;
	report_error("the streams have %zu maps together, and a %s one has at "
		     "most %zu; merge fewer%s",
	    maps, binary ? "binary" : "JSON", most,
	    binary ? ", or make them JSON before: skel-poll -f json" : "");
	return -1;
}

/* Compose the tree of the header.  Returns NULL if memory ran out. */
static json_t *
compose(struct merge_source *const *sources, size_t n)
{
	struct merge_types types;
	json_t *hosts = json_array(), *maps = json_array(), *json = NULL;
	int ret = merge_types_open(&types);

	for (size_t i = 0; i < n && ret == 0; i++)
		if (add_hosts(hosts, sources[i]) == -1 ||
		    add_maps(maps, &types, sources[i]) == -1)
			ret = -1;
	if (ret == 0)
		json =
		    json_pack("{sssisssssssOsOsO}", "skel", "stream", "version",
			STREAM_VERSION_MERGED, "name", common_name(sources, n),
			"encoding", stream_encodings[sources[0]->encoding],
			"started", first_start(sources, n), "hosts", hosts,
			"maps", maps, "types", types.array);
	json_decref(hosts);
	json_decref(maps);
	merge_types_close(&types);
	return json;
}

/* One stream stays as it is. */
static int
make_same(struct merge_source *s, struct stream_header *h, struct buf *text)
{
	s->first_map = 0;
	s->first_host = 0;
	buf_add(text, s->text, s->len);
	buf_chr(text, '\n');
	return text->failed ? report_nomem()
			    : stream_header_parse(h, s->header, "header");
}

int
merge_header_make(struct merge_source *const *sources, size_t n,
    struct stream_header *h, struct buf *text)
{
	size_t start = text->len;
	json_t *json;
	int ret = -1;

	*h = (struct stream_header){ 0 };
	if (n == 1)
		return make_same(sources[0], h, text);
	if (check_maps(sources, n) == -1)
		return -1;
	json = compose(sources, n);
	if (json == NULL || json_doc_write(json, text) == -1) {
		report_nomem();
	} else if (text->len - start > STREAM_HEADER_MAX) {
		report_error("the header of the merged stream has %zu bytes, "
			     "more than %d; merge fewer streams",
		    text->len - start, STREAM_HEADER_MAX);
	} else {
		buf_chr(text, '\n');
		ret = text->failed
			  ? report_nomem()
			  : stream_header_parse(h, json, "the merged header");
	}
	json_decref(json);
	return ret;
}
