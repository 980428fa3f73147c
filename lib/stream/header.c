#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/json-doc.h"
#include "base/report.h"
#include "base/util.h"
#include "stream/header-words.h"
#include "stream/header.h"
#include "stream/stream-clock.h"

int
stream_encoding_parse(enum stream_encoding *encoding, const char *word)
{
	for (size_t i = 0; i < nitems(stream_encodings); i++) {
		if (strcmp(word, stream_encodings[i]) == 0) {
			*encoding = (enum stream_encoding)i;
			return 0;
		}
	}
	report_error("-f: %s: neither binary nor json", word);
	return -1;
}

void
stream_map_free(struct stream_map *m)
{
	free(m->name);
	free(m->unit);
	free(m->stacks);
	free(m->lost_map);
	free(m->when_member);
	free(m->label);
	free(m->part.map);
	free(m->pins.map);
	free(m->pins.stacks);
	free(m->pins.lost);
	free(m->pins.reported);
	free(m->perf.event);
	json_decref(m->interpreter);
	*m = (struct stream_map){ 0 };
}

void
stream_header_free(struct stream_header *h)
{
	for (size_t i = 0; i < h->nmaps; i++)
		stream_map_free(&h->maps[i]);
	for (size_t i = 0; i < h->nhosts; i++) {
		free(h->hosts[i].host);
		free(h->hosts[i].boot_id);
		free(h->hosts[i].started);
		free(h->hosts[i].machine);
		free(h->hosts[i].name);
	}
	free(h->hosts);
	free(h->clocks);
	free(h->maps);
	free(h->name);
	free(h->host);
	free(h->boot_id);
	free(h->machine);
	free(h->started);
	free(h->dir);
	json_decref(h->replaced_events);
	types_free(&h->types);
	*h = (struct stream_header){ 0 };
}

/* Gets the kernel's id of this boot, or "". */
static void
get_boot_id(char *id, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	if (fd != -1) {
		n = read(fd, id, size - 1);
		close(fd);
	}
	id[n > 0 ? n : 0] = '\0';
	id[strcspn(id, "\n")] = '\0';
}

/* Gets this machine's name, or "" if it is not UTF-8, as JSON has to be. */
static void
get_host_name(char *host, size_t size)
{
	json_t *text;

	if (gethostname(host, size) == -1)
		host[0] = '\0';
	host[size - 1] = '\0';
	if ((text = json_string(host)) == NULL)
		host[0] = '\0';
	json_decref(text);
}

int
stream_header_init(struct stream_header *h, const char *name)
{
	char host[256], boot_id[64], started[CLOCK_UTC_LEN + 1];
	struct clock clock = { 0 };
	struct stream_clock offsets;
	struct utsname machine;

	stream_clock_open(&offsets);
	h->clock = offsets.offsets;
	get_host_name(host, sizeof(host));
	get_boot_id(boot_id, sizeof(boot_id));
	*clock_utc(&clock, started, clock_now()) = '\0';
	h->name = strdup(name);
	h->host = strdup(host);
	h->boot_id = strdup(boot_id);
	h->machine = strdup(uname(&machine) == 0 ? machine.machine : "");
	h->started = strdup(started);
	if (h->name != NULL && h->host != NULL && h->boot_id != NULL &&
	    h->machine != NULL && h->started != NULL)
		return 0;
	stream_header_free(h);
	return report_nomem();
}

enum kind_arch
stream_header_arch(const struct stream_header *h, unsigned int map)
{
	const char *machine =
	    h->nhosts > 0 ? h->hosts[h->maps[map].host].machine : h->machine;

	return machine == NULL ? KIND_ARCH_UNKNOWN : kind_arch_find(machine);
}

struct stream_map *
stream_header_add_map(struct stream_header *h, const char *name)
{
	struct stream_map *m;

	if (h->nmaps >= STREAM_MAPS_MAX) {
		report_error("map %s: a stream has at most %d maps", name,
		    STREAM_MAPS_MAX);
		return NULL;
	}
	if (!array_room(h->maps, h->nmaps, h->maps_cap)) {
		report_nomem();
		return NULL;
	}
	m = &h->maps[h->nmaps];
	*m = (struct stream_map){ .value = TYPE_NONE, .key = TYPE_NONE };
	if ((m->name = strdup(name)) == NULL) {
		report_nomem();
		return NULL;
	}
	h->nmaps++;
	return m;
}

int
stream_header_find_map(const struct stream_header *h, const char *name)
{
	for (size_t i = 0; i < h->nmaps; i++)
		if (strcmp(h->maps[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Returns the first entry of the name from number i to before end, or -1. */
static int
find_from(const struct stream_header *h, const char *name, size_t i, size_t end)
{
	for (; i < end; i++)
		if (strcmp(h->maps[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Where the entries of a host end. */
static size_t
host_end(const struct stream_header *h, uint32_t host)
{
	return h->nhosts > 0
		   ? (size_t)h->hosts[host].first + h->hosts[host].nmaps
		   : h->nmaps;
}

int
stream_header_find_map_of(
    const struct stream_header *h, const char *name, uint32_t host)
{
	return find_from(h, name, h->nhosts > 0 ? h->hosts[host].first : 0,
	    host_end(h, host));
}

unsigned int
stream_header_first_entry(const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];

	return (unsigned int)stream_header_find_map_of(h, m->name, m->host);
}

int
stream_header_next_entry(const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];

	return find_from(h, m->name, map + (size_t)1, host_end(h, m->host));
}

/* The same among the entries of one host. */
static int
find_entry_of(const struct stream_header *h, const char *name, uint32_t host,
    const char *label)
{
	int i = stream_header_find_map_of(h, name, host);

	while (i != -1 && label != NULL && h->maps[i].label != NULL &&
	       strcmp(h->maps[i].label, label) != 0)
		i = stream_header_next_entry(h, (unsigned int)i);
	return i;
}

int
stream_header_find_entry_of(const struct stream_header *h, const char *name,
    uint32_t host, const char *label)
{
	return h->nhosts > 0 && host >= h->nhosts
		   ? -1
		   : find_entry_of(h, name, host, label);
}

int
stream_header_find_entry(const struct stream_header *h, const char *name,
    const char *host, const char *label)
{
	int i = -1;

	if (h->nhosts == 0)
		return find_entry_of(h, name, 0, label);
	for (uint32_t k = 0; k < h->nhosts && i == -1; k++)
		if (host == NULL || strcmp(h->hosts[k].host, host) == 0)
			i = find_entry_of(h, name, k, label);
	return i;
}

/* Whether the records of two entries are of different types. */
static bool
has_other_types(const struct stream_map *a, const struct stream_map *b)
{
	return a->value != b->value || a->key != b->key;
}

/* The name of the type of an entry's records, "" if there is none. */
static const char *
type_name(const struct stream_header *h, const struct stream_map *m)
{
	return m->value == TYPE_NONE ? "" : h->types.v[m->value].name;
}

/* Find whether the entry is one of several types of its map, and whether
 * another one has a type of the same name. */
static void
find_others(const struct stream_header *h, unsigned int map, bool *several,
    bool *same_name)
{
	const struct stream_map *m = &h->maps[map];
	int i = (int)stream_header_first_entry(h, map);

	*several = *same_name = false;
	for (; i != -1; i = stream_header_next_entry(h, (unsigned int)i)) {
		if (i == (int)map)
			continue;
		*several = true;
		*same_name |=
		    strcmp(type_name(h, &h->maps[i]), type_name(h, m)) == 0;
	}
}

bool
stream_header_is_alike(const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map], *o = h->maps;

	for (; o->host < m->host; o++)
		if (!has_other_types(o, m) && strcmp(o->name, m->name) == 0)
			return true;
	return false;
}

int
stream_header_set_labels(struct stream_header *h)
{
	for (unsigned int i = 0; i < h->nmaps; i++) {
		struct stream_map *m = &h->maps[i];
		bool several, same_name;
		const char *name = type_name(h, m);

		free(m->label);
		m->label = NULL;
		find_others(h, i, &several, &same_name);
		if (!several)
			continue;
		if (*name != '\0' && !same_name)
			m->label = strdup(name);
		else if (asprintf(&m->label, "%u", i) == -1)
			m->label = NULL;
		if (m->label == NULL)
			return report_nomem();
	}
	return 0;
}

size_t
stream_key_size(const struct stream_header *h, unsigned int map)
{
	uint32_t key = h->maps[map].key;

	return key == TYPE_NONE ? 0 : (size_t)h->types.v[key].size;
}

size_t
stream_record_size(const struct stream_header *h, unsigned int map)
{
	const struct stream_map *m = &h->maps[map];
	size_t value;

	if (m->value == TYPE_NONE)
		return 0;
	value = (size_t)h->types.v[m->value].size;
	if (m->cpus != 0)
		value = round_up_8(value) * (size_t)m->cpus;
	return stream_key_size(h, map) + value;
}

bool
stream_find_last_array(const struct stream_header *h, unsigned int map,
    uint32_t *array, uint64_t *offset)
{
	const struct stream_map *m = &h->maps[map];

	return (m->source == STREAM_RINGBUF || m->source == STREAM_PERF ||
		   m->source == STREAM_PRINTK) &&
	       m->value != TYPE_NONE &&
	       types_find_last_array(&h->types, m->value, array, offset);
}

void
stream_map_set_sizes(struct stream_header *h, unsigned int map)
{
	struct stream_map *m = &h->maps[map];
	uint32_t array;
	uint64_t offset;

	m->record_size = m->least_size = stream_record_size(h, map);
	if (stream_find_last_array(h, map, &array, &offset) &&
	    offset < m->least_size)
		m->least_size = (size_t)offset;
}

/*
 * The functions below make the JSON of a header, in the order of keys that
 * skel-stream(5) gives.  jansson's setters fail if the value is NULL, because
 * its maker has failed, so only they are checked.
 */

static int
set_type_index(json_t *json, const char *key, uint32_t i)
{
	return i == TYPE_NONE ? 0
			      : json_object_set_new(json, key, json_integer(i));
}

/*
 * Earlier versions refuse a sample type that they do not know, so exp2_hist is
 * written as another key beside the type that has them show keys and values.
 */
static json_t *
sample_to_json(const struct stream_map *m)
{
	bool exp2 = m->sample == SAMPLE_EXP2_HIST;
	json_t *sample = json_pack("{sosssssb}", "interval",
	    json_doc_u64_new(m->polling.interval_ms), "type",
	    stream_samples[exp2 ? SAMPLE_KV : m->sample], "unit", m->unit,
	    "clear_map", m->polling.clear_map);

	if (sample == NULL ||
	    (exp2 && json_object_set_new(sample, "buckets",
			 json_string(stream_samples[m->sample])) == -1) ||
	    (m->polling.nonzero &&
		json_object_set_new(sample, "nonzero", json_true()) == -1)) {
		json_decref(sample);
		return NULL;
	}
	return sample;
}

/* An iterator has only the interval, and not even that if it is read once. */
static int
set_sample(json_t *json, const struct stream_map *m)
{
	json_t *sample;

	if (m->source == STREAM_SAMPLE)
		sample = sample_to_json(m);
	else if (m->source == STREAM_ITER && m->polling.interval_ms != 0)
		sample = json_pack("{so}", "interval",
		    json_doc_u64_new(m->polling.interval_ms));
	else
		return 0;
	return json_object_set_new(json, "sample", sample);
}

static int
set_optional(json_t *json, const char *key, const char *text)
{
	return text == NULL ? 0
			    : json_object_set_new(json, key, json_string(text));
}

static int
set_when(json_t *json, const struct stream_map *m)
{
	return m->when_member == NULL
		   ? 0
		   : json_object_set_new(json, "when",
			 json_pack("{ssso}", "member", m->when_member, "value",
			     json_doc_u64_new(m->when_value)));
}

static int
set_perf(json_t *json, const struct stream_map *m)
{
	const struct stream_perf *p = &m->perf;

	return p->event == NULL
		   ? 0
		   : json_object_set_new(json, "perf_event",
			 json_pack("{ssso}", "event", p->event,
			     p->frequency != 0 ? "frequency" : "period",
			     json_doc_u64_new(p->frequency != 0 ? p->frequency
								: p->period)));
}

static json_t *
map_to_json(const struct stream_map *m)
{
	json_t *json = json_pack(
	    "{ssss}", "name", m->name, "source", stream_sources[m->source]);

	if (json == NULL || set_type_index(json, "value", m->value) == -1 ||
	    set_type_index(json, "key", m->key) == -1 ||
	    (m->text && json_object_set_new(json, "text", json_true()) == -1) ||
	    (m->cpus != 0 && json_object_set_new(json, "cpus",
				 json_doc_u64_new(m->cpus)) == -1) ||
	    set_sample(json, m) == -1 ||
	    (m->part.set && json_object_set_new(json, "offset",
				json_doc_u64_new(m->part.offset)) == -1) ||
	    (m->interpreter != NULL &&
		json_object_set(json, "intepreter", m->interpreter) == -1) ||
	    set_when(json, m) == -1 || set_perf(json, m) == -1 ||
	    set_optional(json, "stacks", m->stacks) == -1 ||
	    set_optional(json, "stacks_pin", m->pins.stacks) == -1 ||
	    set_optional(json, "lost", m->lost_map) == -1 ||
	    set_optional(json, "lost_pin", m->pins.lost) == -1 ||
	    set_optional(json, "told_pin", m->pins.reported) == -1 ||
	    set_optional(json, "pin", m->pins.map) == -1 ||
	    (m->pins.map != NULL && m->polling.buffer_size != 0 &&
		json_object_set_new(json, "buffer_size",
		    json_doc_u64_new(m->polling.buffer_size)) == -1)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *
maps_to_json(const struct stream_header *h)
{
	json_t *array = json_array(), *map;

	for (size_t i = 0; i < h->nmaps; i++) {
		map = map_to_json(&h->maps[i]);
		if (h->nhosts > 0 && map != NULL &&
		    json_object_set_new(
			map, "host", json_doc_u64_new(h->maps[i].host)) == -1) {
			json_decref(map);
			map = NULL;
		}
		if (json_array_append_new(array, map) == -1) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
host_to_json(const struct stream_host *host, const struct clock_offsets *clock)
{
	json_t *json = json_pack("{ssssssssss}", "host", host->host, "boot_id",
	    host->boot_id, "started", host->started, "machine", host->machine,
	    "name", host->name);

	if ((host->symbols_follow && json_object_set_new(json, "symbols",
					 json_string(stream_follow)) == -1) ||
	    (host->names_follow && json_object_set_new(json, "names",
				       json_string(stream_follow)) == -1) ||
	    (clock->known && json_object_set_new(json, "clock",
				 stream_clock_to_json(clock)) == -1)) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static json_t *
hosts_to_json(const struct stream_header *h)
{
	json_t *array = json_array();

	for (size_t i = 0; i < h->nhosts; i++)
		if (json_array_append_new(array,
			host_to_json(&h->hosts[i], &h->clocks[i])) == -1) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* Set what is said of the host, or of the hosts. */
static int
set_hosts(json_t *json, const struct stream_header *h)
{
	if (h->nhosts > 0)
		return json_object_set_new(
			   json, "started", json_string(h->started)) == -1
			   ? -1
			   : json_object_set_new(
				 json, "hosts", hosts_to_json(h));
	if (json_object_set_new(json, "host", json_string(h->host)) == -1 ||
	    json_object_set_new(json, "boot_id", json_string(h->boot_id)) ==
		-1 ||
	    json_object_set_new(json, "started", json_string(h->started)) == -1)
		return -1;
	return h->machine == NULL || *h->machine == '\0'
		   ? 0
		   : json_object_set_new(
			 json, "machine", json_string(h->machine));
}

static int
set_session_keys(json_t *json, const struct stream_header *h)
{
	if (json_object_set_new(json, "dir", json_string(h->dir)) == -1 ||
	    (h->detached &&
		json_object_set_new(json, "detached", json_true()) == -1) ||
	    (h->records_wake &&
		json_object_set_new(json, "records_wake", json_true()) == -1))
		return -1;
	if (json_object_set_new(json, "perf_buffer_pages",
		json_doc_u64_new(h->perf_buffer_pages)) == -1)
		return -1;
	return json_object_set_new(
	    json, "poll_timeout_ms", json_doc_u64_new(h->poll_timeout_ms));
}

static json_t *
header_to_json(const struct stream_header *h)
{
	json_t *json = json_pack("{sssissss}", "skel",
	    h->session ? "session" : "stream", "version",
	    h->nhosts > 0 ? STREAM_VERSION_MERGED : STREAM_VERSION, "name",
	    h->name, "encoding", stream_encodings[h->encoding]);

	if (json == NULL || set_hosts(json, h) == -1 ||
	    (h->nhosts == 0 && h->symbols_follow &&
		json_object_set_new(
		    json, "symbols", json_string(stream_follow)) == -1) ||
	    (h->nhosts == 0 && h->names_follow &&
		json_object_set_new(
		    json, "names", json_string(stream_follow)) == -1) ||
	    (h->clock.known && json_object_set_new(json, "clock",
				   stream_clock_to_json(&h->clock)) == -1) ||
	    (h->session && set_session_keys(json, h) == -1) ||
	    (h->replaced_events != NULL &&
		json_object_set(json, "replaced_events", h->replaced_events) ==
		    -1) ||
	    json_object_set_new(json, "maps", maps_to_json(h)) == -1 ||
	    json_object_set_new(json, "types", types_write(&h->types)) == -1) {
		json_decref(json);
		return NULL;
	}
	return json;
}

int
stream_header_add_replaced(struct stream_header *h, const char *program,
    const char *event, const char *sampled)
{
	if (h->replaced_events == NULL)
		h->replaced_events = json_array();
	if (json_array_append_new(h->replaced_events,
		json_pack("{ssssss}", "program", program, "event", event,
		    "sampled", sampled)) == -1)
		return report_nomem();
	return 0;
}

int
stream_header_write(const struct stream_header *h, struct buf *out)
{
	json_t *json = header_to_json(h);
	int ret;

	if (json == NULL) {
		report_error(
		    "cannot write the header of the stream: memory ran "
		    "out, or a name in it is not UTF-8");
		return -1;
	}
	ret = json_doc_write(json, out);
	json_decref(json);
	buf_chr(out, '\n');
	return out->failed ? -1 : ret;
}
