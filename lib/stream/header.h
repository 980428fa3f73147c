/*
 * The header: the first line of a stream or of a session, which says what maps
 * the records are from and what types they have; see skel-stream(5).
 *
 * Each function that fails reports the error and returns -1 or NULL.
 */
#ifndef SKEL_STREAM_HEADER_H
#define SKEL_STREAM_HEADER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "kinds/kind-words.h"
#include "types/types.h"

enum stream_source {
	STREAM_RINGBUF,
	STREAM_PERF,
	STREAM_SAMPLE,
	STREAM_ITER,
	STREAM_PRINTK, /* what a program prints; no BPF map.  To readers of the
			  stream it is a ring buffer. */
};

enum stream_sample {
	SAMPLE_KV, /* "default_kv" */
	SAMPLE_LOG2_HIST,
	SAMPLE_LINEAR_HIST,
	SAMPLE_EXP2_HIST, /* the last member of the key is the bucket */
};

/* The unit of a sampled map for which none is given. */
#define STREAM_NO_UNIT "(unit)"

enum stream_encoding { STREAM_BINARY, STREAM_JSON };

enum {
	STREAM_MAPS_MAX = 256,        /* of a host, and of all hosts together
					 where records are binary: the index
					 of a map is one byte */
	STREAM_ENTRIES_MAX = 4096,    /* maps of all hosts of a merged stream */
	STREAM_HOSTS_MAX = 4096,      /* of a merged stream */
	STREAM_HOST_NAME_MAX = 255,   /* bytes of the name of one of them */
	STREAM_HEADER_MAX = 16 << 20, /* bytes of the header line */
	STREAM_RECORD_MAX = 32 << 20, /* bytes of a record, by its types */
	STREAM_CPUS_MAX = 65536,      /* values in a record of a per-CPU map */
};

/* What a session pins of a map, as absolute paths.  Owned, or NULL. */
struct stream_pins {
	char *map;
	char *stacks, *lost; /* the maps that struct stream_map names */
	char *reported;      /* the count of losses that readers reported; its
				key is "told_pin" for historic reasons */
};

/* How often a sampled map or an iterator is read, and what becomes of it. */
struct stream_polling {
	uint64_t interval_ms; /* 0: an iterator that is read once */
	bool clear_map;       /* keys are deleted when they have been read */
	bool nonzero;         /* keys whose value is all zeros are left out */
	/* Of a ring buffer its bytes, of a perf buffer the pages for each CPU;
	 * 0 if it is not known.  Only sessions have it in their JSON. */
	uint64_t buffer_size;
};

/* Of a map whose records all come from programs that run at each sample of a
 * perf event. */
struct stream_perf {
	char *event; /* owned: its name; NULL: the map is not known to be so */
	/* Samples a second, or occurrences of the event (of a clock, ns) from
	 * one sample to the next; one of them is 0. */
	uint64_t frequency, period;
};

/*
 * Of a record that is a part of a BPF map's only value: variables in the map of
 * a data section.  Its key is a struct without members, its value the bytes of
 * the map's value from offset on.
 */
struct stream_part {
	bool set;
	uint64_t offset;
	char *map; /* owned: the name of the BPF map; NULL in a header that was
		      read, since its pin leads to the map */
};

/*
 * A map, as the header describes it.  A ring or perf buffer whose records have
 * several types has an entry for each, all of the same name; the first one
 * stands for the map where the type does not matter.
 */
struct stream_map {
	char *name;    /* owned */
	uint32_t host; /* of a merged stream: the index of its host; else 0 */
	enum stream_source source;
	/* Indexes into types.  TYPE_NONE means that the type is not known.  A
	 * sampled map has both or neither; no other map has a key. */
	uint32_t value, key;
	uint64_t cpus;      /* values in a record of a per-CPU map; or 0 */
	size_t record_size; /* stream_record_size(), kept since each record is
			       checked against it */
	size_t least_size;  /* what a record has at least: of a buffer, up to
			       where the last array of its type begins; set
			       by stream_map_set_sizes() with record_size */
	bool text; /* of an iterator without a type: records are lines */
	enum stream_sample sample; /* of sampled maps */
	char *unit;                /* owned; never NULL for sampled maps */
	json_t *interpreter; /* owned; "intepreter" of the package, or NULL */
	/* The name of the BPF_MAP_TYPE_STACK_TRACE map that ids of stacks in
	 * the records refer to.  Owned, or NULL. */
	char *stacks;
	/* Of a ring buffer: the name of the map in which the program counts the
	 * records that did not fit.  Owned, or NULL. */
	char *lost_map;
	/* Of a map with several types: records are of this type if their
	 * member has this value.  Owned; NULL: they are told apart by size. */
	char *when_member;
	/* And its name in JSON records, "@type": that of the type or, where
	 * that is not unique, the number of the entry.  Owned; NULL if the map
	 * has only one type.  stream_header_set_labels() sets it. */
	char *label;
	uint64_t when_value; /* two's complement if it is negative */
	struct stream_polling polling;
	struct stream_part part;
	struct stream_perf perf;
	struct stream_pins pins; /* of a session */
};

/*
 * One of the streams that a merged stream is made of: what the header of that
 * stream said of its host.  Two of them may have the same name, as a host has
 * before and after it was started again.
 */
struct stream_host {
	char *host, *boot_id, *started, *machine, *name; /* owned; "" if not
							    known */
	uint32_t first, nmaps; /* its entries of maps, which stand together */
	bool same;             /* another one has its name */
	bool cut;              /* "@cut" was read */
	bool symbols_follow, names_follow; /* as in the header */
};

struct stream_header {
	bool session;  /* a session: maps have pins, and no records follow */
	bool detached; /* a session that goes on after skel-load has exited */
	char *name;    /* owned: the object's */
	enum stream_encoding encoding;
	char *host, *boot_id, *started; /* owned; "" if not known */
	/* Owned: what uname(2) calls the machine, whose system calls have these
	 * numbers: "x86_64"; "" if not known, as in earlier versions. */
	char *machine;
	/* Those of the machine that the records are from: first of the key
	 * "clock", which streams of earlier versions lack, then of the last
	 * "@clock" line that was read. */
	struct clock_offsets clock;
	/* Of a merged stream, owned: its hosts, and the clock of each.  Then
	 * clock, boot_id and machine are not known. */
	struct stream_host *hosts;
	struct clock_offsets *clocks;
	size_t nhosts; /* 0: the stream is of one host */
	/* The names of addresses may come after the records that need them; of
	 * a merged stream, those of some host. */
	bool symbols_follow;
	/* So may the names of numbers, "@names". */
	bool names_follow;
	char *dir; /* owned: of a session; or NULL */
	/* Of a session: settings of the package, for skel-poll, and whether
	 * every record of a ring buffer wakes its reader. */
	uint64_t perf_buffer_pages, poll_timeout_ms;
	bool records_wake;
	/* Owned: perf events that the machine lacks, with those that are
	 * sampled instead, as the array "replaced_events"; or NULL. */
	json_t *replaced_events;
	struct stream_map *maps; /* owned */
	size_t nmaps, maps_cap;
	struct types types;
};

/* Parses the argument of the option -f, "binary" or "json". */
int stream_encoding_parse(enum stream_encoding *encoding, const char *word);

/* Sets name, host, boot_id, machine, started (RFC 3339, UTC, ns) and clock of a
 * zeroed header, for a stream that begins now on this machine. */
int stream_header_init(struct stream_header *h, const char *name);

/* The machine of the records of a map, as texts of kinds need it. */
enum kind_arch stream_header_arch(
    const struct stream_header *h, unsigned int map);

/* The clocks of the hosts of the maps, by stream_map.host. */
static inline const struct clock_offsets *
stream_header_clocks(const struct stream_header *h)
{
	return h->nhosts > 0 ? h->clocks : &h->clock;
}

/* The name of the host of a map, "" if it is not known. */
static inline const char *
stream_header_host(const struct stream_header *h, unsigned int map)
{
	return h->nhosts > 0 ? h->hosts[h->maps[map].host].host : h->host;
}

/* Releases what h holds and zeroes it. */
void stream_header_free(struct stream_header *h);

/* Appends a map, zeroed but for its name, which is copied, and its key and
 * value, which are TYPE_NONE.  Returns it, valid until the next call; or NULL
 * if there are STREAM_MAPS_MAX maps already or memory runs out. */
struct stream_map *stream_header_add_map(
    struct stream_header *h, const char *name);

/* Returns the number of the map of this name, the first of its entries, of any
 * host; or -1. */
int stream_header_find_map(const struct stream_header *h, const char *name);

/* The same for a map of one host, of which there is only number 0 if the stream
 * is not merged. */
int stream_header_find_map_of(
    const struct stream_header *h, const char *name, uint32_t host);

/* The first entry of the map of an entry, which control lines are about. */
unsigned int stream_header_first_entry(
    const struct stream_header *h, unsigned int map);

/* Returns the number of the next entry after map that has its name and its
 * host, or -1. */
int stream_header_next_entry(const struct stream_header *h, unsigned int map);

/* Returns the number of the entry of the map with this label, or the first one
 * if label is NULL; or -1.  host is the name of the map's host; NULL: any. */
int stream_header_find_entry(const struct stream_header *h, const char *name,
    const char *host, const char *label);

/* The same for a map of one host, by number. */
int stream_header_find_entry_of(const struct stream_header *h, const char *name,
    uint32_t host, const char *label);

/* Whether JSON records of a map have "@host_index", since the name of their
 * host is that of another one too. */
static inline bool
stream_header_needs_host_index(const struct stream_header *h, unsigned int map)
{
	return h->nhosts > 0 && h->hosts[h->maps[map].host].same;
}

/* Whether a map of another host before it has the same name and types: only the
 * host differs. */
bool stream_header_is_alike(const struct stream_header *h, unsigned int map);

/* Sets the labels of all entries, when the maps are complete. */
int stream_header_set_labels(struct stream_header *h);

/* Releases what one map holds, for a caller that removes it from the header. */
void stream_map_free(struct stream_map *m);

/* Adds to the header that the program samples another event than the one it
 * asks for, which the machine lacks. */
int stream_header_add_replaced(struct stream_header *h, const char *program,
    const char *event, const char *sampled);

/* Appends the header line, with its newline. */
int stream_header_write(const struct stream_header *h, struct buf *out);

/*
 * Parses the header of a stream or a session and checks all of it: users of a
 * header can rely on every index, size and name in it.  where begins reports,
 * and is "NAME:1".  Leaves h empty if it returns -1.
 */
int stream_header_parse(
    struct stream_header *h, const json_t *json, const char *where);

/* Sets the sizes of the records of a map, whose types are set. */
void stream_map_set_sizes(struct stream_header *h, unsigned int map);

/*
 * Find the array in which a record of the map may end: that with which the type
 * of a ring or perf buffer ends.  Returns whether there is one, as
 * types_find_last_array() does.
 */
bool stream_find_last_array(const struct stream_header *h, unsigned int map,
    uint32_t *array, uint64_t *offset);

/*
 * The bytes of a key, 0 if there is none, and of a whole record: the key, then
 * the value or the values of all CPUs.  A record may be longer, and is shorter
 * only if it was truncated or ends within its last array.  A map without types
 * has 0.
 */
size_t stream_key_size(const struct stream_header *h, unsigned int map);
size_t stream_record_size(const struct stream_header *h, unsigned int map);

#endif
