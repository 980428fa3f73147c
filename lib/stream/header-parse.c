#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/header-words.h"
#include "stream/header.h"
#include "stream/stream-clock.h"

enum { WHERE_MAX = 1024, PART_MAX = WHERE_MAX + 64 };

/* Sets *out to a copy of the string at key.  If it is absent sets "", or fails
 * if it is required. */
static int
parse_string(const json_t *json, const char *key, bool required, char **out,
    const char *where)
{
	const char *s = "";
	int got = json_doc_get_string(json, key, &s, where);

	if (got == -1 || (got == 0 && required))
		return got == 0 ? json_doc_missing(key, where) : -1;
	*out = strdup(s);
	return *out == NULL ? report_nomem() : 0;
}

/* Sets *out to the index of the string at key, which is required, in names. */
static int
parse_header_word(const json_t *json, const char *key, const char *const *names,
    size_t n, unsigned int *out, const char *where)
{
	const char *s;
	int got = json_doc_get_string(json, key, &s, where);

	if (json_doc_require(got, key, where) == -1)
		return -1;
	for (unsigned int i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0) {
			*out = i;
			return 0;
		}
	report_error("%s.%s: unknown %s \"%s\"", where, key, key, s);
	return -1;
}

static int
parse_type_index(const json_t *json, const char *key, const struct types *t,
    uint32_t *out, const char *where)
{
	uint64_t i = 0;
	int got = json_doc_get_u64(json, key, TYPES_MAX, &i, where);

	if (got != 1)
		return got;
	if (i >= t->n) {
		report_error(
		    "%s.%s: there is no type number %" PRIu64, where, key, i);
		return -1;
	}
	*out = (uint32_t)i;
	return 0;
}

/* Sets the type of a sampled map: "buckets" is over "type", which is for
 * readers that do not know it.  One that this reader does not know is ignored.
 */
static int
parse_sample_type(struct stream_map *m, const json_t *sample, const char *where)
{
	unsigned int type = SAMPLE_KV;
	const char *buckets = "";

	if (parse_header_word(sample, "type", stream_samples, SAMPLE_EXP2_HIST,
		&type, where) == -1 ||
	    json_doc_get_string(sample, "buckets", &buckets, where) == -1)
		return -1;
	m->sample = strcmp(buckets, stream_samples[SAMPLE_EXP2_HIST]) == 0
			? SAMPLE_EXP2_HIST
			: (enum stream_sample)type;
	return 0;
}

/* Parses how a map is read.  An iterator has only the interval, and not even
 * that if it is read once. */
static int
parse_sample(struct stream_map *m, const json_t *json, const char *where)
{
	bool iter = m->source == STREAM_ITER;
	char at[PART_MAX];
	json_t *sample;
	int got = json_doc_get_object(json, "sample", &sample, where);

	if (got == 0)
		return iter ? 0 : json_doc_missing("sample", where);
	if (got == -1)
		return -1;
	snprintf(at, sizeof(at), "%s.sample", where);
	got = json_doc_get_u64(
	    sample, "interval", UINT32_MAX, &m->polling.interval_ms, at);
	if (iter)
		return got == 0 ? json_doc_missing("interval", at) : got;
	if (got == -1 || parse_sample_type(m, sample, at) == -1 ||
	    parse_string(sample, "unit", false, &m->unit, at) == -1 ||
	    json_doc_get_bool(sample, "clear_map", &m->polling.clear_map, at) ==
		-1)
		return -1;
	return json_doc_get_bool(sample, "nonzero", &m->polling.nonzero, at) ==
		       -1
		   ? -1
		   : 0;
}

/* Keeps an object, which others parse.  A string, "default_struct", adds
 * nothing. */
static int
parse_interpreter(struct stream_map *m, const json_t *json, const char *where)
{
	json_t *v = json_object_get(json, "intepreter");

	if (v == NULL || json_is_null(v) || json_doc_string(v) != NULL)
		return 0;
	if (!json_is_object(v)) {
		report_error("%s.intepreter: expected an object, found %s",
		    where, json_doc_kind(v));
		return -1;
	}
	m->interpreter = json_incref(v);
	return 0;
}

/* An iterator writes either lines of text or records of a type. */
static int
check_iter_text(const struct stream_map *m, const char *where)
{
	bool iter = m->source == STREAM_ITER;

	if (m->text && !iter)
		report_error("%s: only an iterator can have text", where);
	else if (m->text && m->value != TYPE_NONE)
		report_error("%s: it has both text and a type", where);
	else if (iter && !m->text && m->value == TYPE_NONE)
		report_error("%s: an iterator needs text or a type", where);
	else
		return 0;
	return -1;
}

static int
check_record_type(struct stream_header *h, unsigned int map, const char *where)
{
	struct stream_map *m = &h->maps[map];
	bool sampled = m->source == STREAM_SAMPLE;

	if (check_iter_text(m, where) == -1)
		return -1;
	if ((m->key != TYPE_NONE) != (sampled && m->value != TYPE_NONE)) {
		report_error("%s: %s", where,
		    !sampled ? "only a sampled map can have a key"
			     : "a sampled map needs types for both key and "
			       "value, or for neither");
		return -1;
	}
	if (m->cpus != 0 && !sampled) {
		report_error("%s: only a sampled map can have cpus", where);
		return -1;
	}
	/* The product is at most 2^16 * 2^24 bytes: it does not overflow. */
	stream_map_set_sizes(h, map);
	if (m->record_size > STREAM_RECORD_MAX) {
		report_error(
		    "%s: its records have %zu bytes, the maximum is %d", where,
		    m->record_size, STREAM_RECORD_MAX);
		return -1;
	}
	/* Each type is within this bound, but the values of all CPUs together
	 * may not be. */
	if (m->value != TYPE_NONE &&
	    m->cpus * h->types.v[m->value].text_bytes > TYPES_TEXT_MAX) {
		report_error("%s: its records are too long as text", where);
		return -1;
	}
	return 0;
}

/* Control lines and JSON records refer to a map by its name. */
static int
check_map_name(
    const struct stream_header *h, unsigned int map, const char *where)
{
	if (h->maps[map].name[0] != '\0')
		return 0;
	report_error("%s.name: a map needs a name", where);
	return -1;
}

/* Entries of one name are the types of one ring or perf buffer. */
static int
check_same_name(
    const struct stream_header *h, unsigned int map, const char *where)
{
	const struct stream_map *m = &h->maps[map], *first;

	first = &h->maps[stream_header_first_entry(h, map)];
	if (first == m)
		return 0;
	if (first->source == m->source && m->value != TYPE_NONE &&
	    first->value != TYPE_NONE &&
	    (m->source == STREAM_RINGBUF || m->source == STREAM_PERF))
		return 0;
	report_error("%s.name: there are two maps \"%s\", which are not a ring "
		     "or perf buffer whose records have several types",
	    where, m->name);
	return -1;
}

/* Parses how records of this type are told from others in the same map. */
static int
parse_when(struct stream_map *m, const json_t *json, const char *where)
{
	json_t *when;
	char at[PART_MAX];
	int got = json_doc_get_object(json, "when", &when, where);

	if (got != 1)
		return got;
	snprintf(at, sizeof(at), "%s.when", where);
	if (parse_string(when, "member", true, &m->when_member, at) == -1)
		return -1;
	got = json_doc_get_u64(when, "value", UINT64_MAX, &m->when_value, at);
	return json_doc_require(got, "value", at) == -1 ? -1 : 0;
}

/* Parses the path of a pin, which is required. */
static int
parse_pin(const json_t *json, const char *key, char **pin, const char *where)
{
	if (parse_string(json, key, true, pin, where) == -1)
		return -1;
	if ((*pin)[0] == '/')
		return 0;
	report_error("%s.%s: \"%s\" is not an absolute path", where, key, *pin);
	return -1;
}

static int
parse_pins(const struct stream_header *h, struct stream_map *m,
    const json_t *json, const char *where)
{
	if (!h->session)
		return 0;
	if (parse_pin(json, "pin", &m->pins.map, where) == -1 ||
	    json_doc_get_u64(json, "buffer_size", UINT32_MAX,
		&m->polling.buffer_size, where) == -1)
		return -1;
	if (m->stacks != NULL &&
	    parse_pin(json, "stacks_pin", &m->pins.stacks, where) == -1)
		return -1;
	if (m->lost_map != NULL &&
	    parse_pin(json, "lost_pin", &m->pins.lost, where) == -1)
		return -1;
	return m->lost_map == NULL || json_object_get(json, "told_pin") == NULL
		   ? 0
		   : parse_pin(json, "told_pin", &m->pins.reported, where);
}

/* Parses the name of another map that belongs to this one, if there is one. */
static int
parse_map_ref(
    const json_t *json, const char *key, char **name, const char *where)
{
	if (json_object_get(json, key) == NULL)
		return 0;
	return parse_string(json, key, true, name, where);
}

/* Parses the offset of a record that is a part of its BPF map's value. */
static int
parse_part(struct stream_map *m, const json_t *json, const char *where)
{
	int got = json_doc_get_u64(
	    json, "offset", UINT32_MAX, &m->part.offset, where);

	m->part.set = got == 1;
	if (got != 1 || m->source == STREAM_SAMPLE)
		return got == -1 ? -1 : 0;
	report_error("%s.offset: only a sampled map can have it", where);
	return -1;
}

/* Parses at which samples of a perf event the records come. */
static int
parse_perf(struct stream_map *m, const json_t *json, const char *map)
{
	json_t *perf = NULL;
	char where[PART_MAX + 16];

	if (json_doc_get_object(json, "perf_event", &perf, map) == -1)
		return -1;
	if (perf == NULL)
		return 0;
	snprintf(where, sizeof(where), "%s.perf_event", map);
	if (parse_string(perf, "event", true, &m->perf.event, where) == -1 ||
	    json_doc_get_u64(perf, "frequency", UINT32_MAX, &m->perf.frequency,
		where) == -1 ||
	    json_doc_get_u64(
		perf, "period", INT64_MAX, &m->perf.period, where) == -1)
		return -1;
	if ((m->perf.frequency == 0) == (m->perf.period == 0)) {
		report_error(
		    "%s: it has either a frequency or a period", where);
		return -1;
	}
	return 0;
}

static int
parse_map(struct stream_header *h, unsigned int map, const json_t *json,
    const char *where)
{
	struct stream_map *m = &h->maps[map];
	unsigned int source;

	if (!json_is_object(json)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(json));
		return -1;
	}
	if (parse_string(json, "name", true, &m->name, where) == -1 ||
	    check_map_name(h, map, where) == -1 ||
	    parse_header_word(json, "source", stream_sources,
		nitems(stream_sources), &source, where) == -1 ||
	    parse_type_index(json, "value", &h->types, &m->value, where) ==
		-1 ||
	    parse_type_index(json, "key", &h->types, &m->key, where) == -1 ||
	    json_doc_get_u64(json, "cpus", STREAM_CPUS_MAX, &m->cpus, where) ==
		-1 ||
	    json_doc_get_bool(json, "text", &m->text, where) == -1 ||
	    parse_interpreter(m, json, where) == -1 ||
	    parse_map_ref(json, "stacks", &m->stacks, where) == -1 ||
	    parse_map_ref(json, "lost", &m->lost_map, where) == -1 ||
	    parse_pins(h, m, json, where) == -1)
		return -1;
	m->source = (enum stream_source)source;
	if (m->lost_map != NULL && m->source != STREAM_RINGBUF) {
		report_error(
		    "%s.lost: only a ring buffer can have a counter", where);
		return -1;
	}
	if ((m->source == STREAM_SAMPLE || m->source == STREAM_ITER) &&
	    parse_sample(m, json, where) == -1)
		return -1;
	if (parse_part(m, json, where) == -1 ||
	    parse_when(m, json, where) == -1 ||
	    parse_perf(m, json, where) == -1 ||
	    check_same_name(h, map, where) == -1)
		return -1;
	return check_record_type(h, map, where);
}

/* Checks that all maps together are within the bounds of one type, since a plan
 * is made for each of them. */
static int
check_types_together(const struct stream_header *h, const char *where)
{
	const struct types *t = &h->types;
	uint64_t leaves = 0, names = 0;

	for (size_t i = 0; i < h->nmaps; i++) {
		const uint32_t refs[] = { h->maps[i].key, h->maps[i].value };

		for (size_t k = 0; k < nitems(refs); k++)
			if (refs[k] != TYPE_NONE) {
				leaves += t->v[refs[k]].leaves;
				names += t->v[refs[k]].name_bytes;
			}
	}
	if (leaves <= TYPES_LEAVES_MAX && names <= TYPES_NAMES_MAX)
		return 0;
	report_error("%s: the maps' types have too many members", where);
	return -1;
}

/* Earlier versions could count the losses of a ring buffer by numbers in its
 * records, and named the member that has the number in the header. */
static void
notice_ignored_sequence(const json_t *maps, const char *where)
{
	const json_t *map;
	size_t i;

	json_array_foreach (maps, i, map) {
		if (json_object_get(map, "sequence") == NULL)
			continue;
		report_notice("%s: maps[%zu]: the key \"sequence\" is ignored: "
			      "lost records are counted only where the program "
			      "counts them",
		    where, i);
		return;
	}
}

/* Parse which host of a merged stream the next map is of: the maps of a host
 * stand together, and the hosts are in their order. */
static int
parse_map_host(struct stream_header *h, const json_t *json, const char *where)
{
	unsigned int map = (unsigned int)h->nmaps - 1;
	uint32_t last = map > 0 ? h->maps[map - 1].host : 0;
	struct stream_host *host;
	uint64_t i = 0;

	if (h->nhosts == 0)
		return 0;
	if (json_doc_require(
		json_doc_get_u64(json, "host", UINT32_MAX, &i, where), "host",
		where) == -1)
		return -1;
	if (i >= h->nhosts || i < last) {
		report_error("%s.host: %s", where,
		    i < last ? "the maps are not in the order of their hosts"
			     : "there is no such host");
		return -1;
	}
	host = &h->hosts[i];
	if (host->nmaps == STREAM_MAPS_MAX) {
		report_error(
		    "%s: a host has at most %d maps", where, STREAM_MAPS_MAX);
		return -1;
	}
	if (host->nmaps++ == 0)
		host->first = map;
	h->maps[map].host = (uint32_t)i;
	return 0;
}

static int
parse_maps(struct stream_header *h, const json_t *json, const char *where)
{
	size_t most = h->nhosts > 0 && h->encoding == STREAM_JSON
			  ? STREAM_ENTRIES_MAX
			  : STREAM_MAPS_MAX;
	char at[WHERE_MAX];
	json_t *array;
	int got = json_doc_get_array(json, "maps", &array, where);

	if (json_doc_require(got, "maps", where) == -1)
		return -1;
	if (json_array_size(array) > most) {
		report_error("%s: maps: there are %zu maps, the maximum is %zu",
		    where, json_array_size(array), most);
		return -1;
	}
	h->maps_cap = json_array_size(array) + 1;
	h->maps = calloc(h->maps_cap, sizeof(*h->maps));
	if (h->maps == NULL)
		return report_nomem();
	while (h->nmaps < json_array_size(array)) {
		unsigned int i = (unsigned int)h->nmaps++;

		snprintf(at, sizeof(at), "%s: maps[%u]", where, i);
		h->maps[i].value = h->maps[i].key = TYPE_NONE;
		if (parse_map_host(h, json_array_get(array, i), at) == -1 ||
		    parse_map(h, i, json_array_get(array, i), at) == -1)
			return -1;
	}
	notice_ignored_sequence(array, where);
	if (stream_header_set_labels(h) == -1)
		return -1;
	return check_types_together(h, where);
}

static int
parse_types(struct stream_header *h, const json_t *json, const char *where)
{
	const json_t *array = json_object_get(json, "types");

	if (array == NULL)
		return json_doc_missing("types", where);
	return types_parse(&h->types, array, where);
}

static int
parse_version(const json_t *json, uint64_t *version, const char *where)
{
	int got = json_doc_get_u64(json, "version", UINT64_MAX, version, where);

	if (json_doc_require(got, "version", where) == -1)
		return -1;
	if (*version == STREAM_VERSION || *version == STREAM_VERSION_MERGED)
		return 0;
	report_error("%s: unknown version %" PRIu64 " (this %s reads versions "
		     "%d and %d)",
	    where, *version, getprogname(), STREAM_VERSION,
	    STREAM_VERSION_MERGED);
	return -1;
}

static int
parse_session(struct stream_header *h, const json_t *json, const char *where)
{
	h->perf_buffer_pages = 64;
	h->poll_timeout_ms = 100;
	if (parse_string(json, "dir", true, &h->dir, where) == -1 ||
	    json_doc_get_bool(json, "detached", &h->detached, where) == -1 ||
	    json_doc_get_bool(json, "records_wake", &h->records_wake, where) ==
		-1 ||
	    json_doc_get_u64(json, "perf_buffer_pages", UINT32_MAX,
		&h->perf_buffer_pages, where) == -1 ||
	    json_doc_get_u64(json, "poll_timeout_ms", INT32_MAX,
		&h->poll_timeout_ms, where) == -1)
		return -1;
	if (h->dir[0] == '/')
		return 0;
	report_error("%s.dir: \"%s\" is not an absolute path", where, h->dir);
	return -1;
}

/* Whether the names that a key is about follow.  What this reader does not know
 * is as good as no word, so that no record waits for what may never come. */
static bool
has_names_later(const json_t *json, const char *key)
{
	const char *when = json_doc_string(json_object_get(json, key));

	return when != NULL && strcmp(when, stream_follow) == 0;
}

/* Streams of earlier versions have no clock. */
static int
parse_clock(
    struct clock_offsets *offsets, const json_t *json, const char *where)
{
	char at[PART_MAX + 16];
	json_t *clock;
	int got = json_doc_get_object(json, "clock", &clock, where);

	if (got != 1)
		return got;
	snprintf(at, sizeof(at), "%s.clock", where);
	return stream_clock_parse(offsets, clock, at);
}

static int
parse_host(
    struct stream_header *h, uint32_t i, const json_t *json, const char *where)
{
	struct stream_host *host = &h->hosts[i];

	if (!json_is_object(json)) {
		report_error("%s: expected an object, found %s", where,
		    json_doc_kind(json));
		return -1;
	}
	if (parse_string(json, "host", false, &host->host, where) == -1 ||
	    parse_string(json, "boot_id", false, &host->boot_id, where) == -1 ||
	    parse_string(json, "started", false, &host->started, where) == -1 ||
	    parse_string(json, "machine", false, &host->machine, where) == -1 ||
	    parse_string(json, "name", false, &host->name, where) == -1 ||
	    parse_clock(&h->clocks[i], json, where) == -1)
		return -1;
	host->symbols_follow = has_names_later(json, "symbols");
	host->names_follow = has_names_later(json, "names");
	h->symbols_follow |= host->symbols_follow;
	h->names_follow |= host->names_follow;
	if (strlen(host->host) <= STREAM_HOST_NAME_MAX)
		return 0;
	report_error("%s.host: the name has more than %d bytes", where,
	    STREAM_HOST_NAME_MAX);
	return -1;
}

static int
compare_hosts(const void *a, const void *b)
{
	const struct stream_host *x = *(struct stream_host *const *)a;
	const struct stream_host *y = *(struct stream_host *const *)b;

	return strcmp(x->host, y->host);
}

/* Note which hosts have the name of another one. */
static int
note_same_hosts(struct stream_header *h)
{
	struct stream_host **sorted = calloc(h->nhosts, sizeof(*sorted));

	if (sorted == NULL)
		return report_nomem();
	for (size_t i = 0; i < h->nhosts; i++)
		sorted[i] = &h->hosts[i];
	qsort(sorted, h->nhosts, sizeof(*sorted), compare_hosts);
	for (size_t i = 1; i < h->nhosts; i++)
		if (compare_hosts(&sorted[i - 1], &sorted[i]) == 0)
			sorted[i - 1]->same = sorted[i]->same = true;
	free(sorted);
	return 0;
}

/* Parse the hosts of a merged stream. */
static int
parse_hosts(struct stream_header *h, const json_t *json, const char *where)
{
	char at[PART_MAX + 16];
	json_t *array;
	size_t n;

	if (json_doc_require(json_doc_get_array(json, "hosts", &array, where),
		"hosts", where) == -1)
		return -1;
	n = json_array_size(array);
	if (n == 0 || n > STREAM_HOSTS_MAX || h->session) {
		report_error("%s.hosts: %s", where,
		    h->session ? "a session is of one host"
		    : n == 0   ? "there is none"
			       : "there are too many");
		return -1;
	}
	h->hosts = calloc(n, sizeof(*h->hosts));
	h->clocks = calloc(n, sizeof(*h->clocks));
	if (h->hosts == NULL || h->clocks == NULL)
		return report_nomem();
	for (; h->nhosts < n; h->nhosts++) {
		uint32_t i = (uint32_t)h->nhosts;

		snprintf(at, sizeof(at), "%s.hosts[%u]", where, i);
		if (parse_host(h, i, json_array_get(array, i), at) == -1) {
			h->nhosts++;
			return -1;
		}
	}
	return note_same_hosts(h);
}

static int
parse_header(struct stream_header *h, const json_t *json, const char *where)
{
	static const char *const skels[] = { "stream", "session" };
	unsigned int skel, encoding;
	uint64_t version;
	char top[PART_MAX];

	snprintf(top, sizeof(top), "%s: header", where);
	if (parse_header_word(json, "skel", skels, nitems(skels), &skel, top) ==
		-1 ||
	    parse_version(json, &version, top) == -1 ||
	    parse_string(json, "name", true, &h->name, top) == -1 ||
	    parse_header_word(json, "encoding", stream_encodings,
		nitems(stream_encodings), &encoding, top) == -1 ||
	    parse_string(json, "host", false, &h->host, top) == -1 ||
	    parse_string(json, "boot_id", false, &h->boot_id, top) == -1 ||
	    parse_string(json, "started", false, &h->started, top) == -1 ||
	    parse_string(json, "machine", false, &h->machine, top) == -1 ||
	    parse_clock(&h->clock, json, top) == -1)
		return -1;
	if (version == STREAM_VERSION) {
		h->symbols_follow = has_names_later(json, "symbols");
		h->names_follow = has_names_later(json, "names");
	}
	h->session = skel == 1;
	h->encoding = (enum stream_encoding)encoding;
	if (h->session && parse_session(h, json, top) == -1)
		return -1;
	if (version == STREAM_VERSION_MERGED && parse_hosts(h, json, top) == -1)
		return -1;
	h->replaced_events =
	    json_incref(json_object_get(json, "replaced_events"));
	if (h->replaced_events != NULL && !json_is_array(h->replaced_events)) {
		report_error("%s.replaced_events: expected an array, found %s",
		    top, json_doc_kind(h->replaced_events));
		return -1;
	}
	if (parse_types(h, json, where) == -1)
		return -1;
	return parse_maps(h, json, where);
}

int
stream_header_parse(
    struct stream_header *h, const json_t *json, const char *where)
{
	*h = (struct stream_header){ 0 };
	if (parse_header(h, json, where) == 0)
		return 0;
	stream_header_free(h);
	return -1;
}
