/*
 * Streams: what flows between the stages.  A header line, then a line per
 * record, then "@end"; see skel-stream(5).
 *
 * The functions report what is wrong, as "name:line: what", and return -1.
 */
#ifndef SKEL_STREAM_STREAM_H
#define SKEL_STREAM_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"
#include "types/types.h"

enum stream_source {
	STREAM_RINGBUF,
	STREAM_PERF,
	STREAM_SAMPLE,
	STREAM_ITER,
};

enum stream_sample {
	SAMPLE_KV, /* "default_kv" */
	SAMPLE_LOG2_HIST,
	SAMPLE_LINEAR_HIST,
};

enum stream_encoding { STREAM_BINARY, STREAM_JSON };

enum {
	STREAM_MAPS_MAX = 256,        /* the index is one byte */
	STREAM_HEADER_MAX = 16 << 20, /* bytes of the header line */
	STREAM_LINE_MAX = 64 << 20,   /* bytes of any other line */
	STREAM_RECORD_MAX = 32 << 20, /* bytes of a record by its types */
	STREAM_CPUS_MAX = 65536,      /* values in a per-CPU record */
	STREAM_BAD_SHOWN = 100,    /* bad lines that are reported one by one */
	STREAM_TAG = '=',          /* the first byte of a binary record */
	STREAM_BODY_HEAD = 9,      /* map index and time before the record */
	STREAM_BATCH = 32,         /* records that are read at once */
	STREAM_BATCH_BYTES = 8192, /* or so many bytes of them */
};

/* What a session pins of a map: absolute paths.  Owned, or NULL. */
struct stream_pins {
	char *map;
	char *stacks, *lost; /* of the maps called so in struct stream_map */
	char *reported; /* of the count of losses that readers have reported */
};

/* How a map that is sampled, or an iterator, is read. */
struct stream_polling {
	uint64_t interval_ms; /* iterators: 0: read once */
	bool clear_map;       /* sampled maps: delete what was read */
};

/* A map as the header describes it. */
struct stream_map {
	char *name; /* owned */
	enum stream_source source;
	/* Indexes into types; TYPE_NONE: raw bytes.  A sampled map has both
	 * or neither, any other map has no key. */
	uint32_t value, key;
	uint64_t cpus; /* per-CPU map: values per record; 0 else */
	/* Of a header that was read: stream_record_size(). */
	size_t record_size;
	enum stream_sample sample; /* sampled maps only */
	char *unit;                /* owned; never NULL for sampled maps */
	json_t *interpreter; /* owned; "intepreter" of the package, or NULL */
	/* The BPF_MAP_TYPE_STACK_TRACE map that ids in the records refer to.
	 * Owned, or NULL. */
	char *stacks;
	/* Ring buffers: the map in which the program counts the records that
	 * did not fit.  Owned, or NULL. */
	char *lost;
	bool text; /* iterators without a type: a record is a line of text */
	struct stream_polling polling;
	struct stream_pins pins; /* sessions only */
};

struct stream_header {
	bool session;  /* a session: maps have pins, no records follow */
	bool detached; /* a session that outlives skel-load */
	char *name;    /* owned; the object's name */
	enum stream_encoding encoding;
	char *host, *boot_id, *started; /* owned; "" where unknown */
	char *dir;                      /* owned; sessions only, else NULL */
	/* Sessions: what the package says of polling, for skel-poll. */
	uint64_t perf_buffer_pages, poll_timeout_ms;
	struct stream_map *maps; /* owned */
	size_t nmaps, maps_cap;
	struct types types;
};

/* The encoding of a word of the command line (-f), "binary" or "json".
 * Returns 0, or -1 after reporting. */
int stream_encoding_parse(enum stream_encoding *encoding, const char *word);

void stream_header_free(struct stream_header *h);

/* Release what one map holds, for whoever takes it out of the list. */
void stream_map_free(struct stream_map *m);

/*
 * Set name, host, boot_id and started (now, RFC 3339 in UTC with ns) of a
 * zeroed header.  Returns 0 or -1.
 */
int stream_header_init(struct stream_header *h, const char *name);

/* Append one map, zeroed but for its name (copied) and for value and key, which
 * are TYPE_NONE.  NULL: no memory, or 256 maps are there already; reported. */
struct stream_map *stream_header_add_map(
    struct stream_header *h, const char *name);

/* Append the header line, newline included. */
int stream_header_write(const struct stream_header *h, struct buf *out);

/*
 * Read a header, of a stream or a session, from its JSON; every index, size
 * and name is checked here, and only here.  where is "name:1".  Returns 0, or
 * -1 with h empty.
 */
int stream_header_read(
    struct stream_header *h, const json_t *json, const char *where);

/* Bytes of a key (0 if none) and of a whole record (key, then value or all
 * CPUs' values), from the types.  A raw map's record size is 0. */
size_t stream_key_size(const struct stream_header *h, unsigned int map);
size_t stream_record_size(const struct stream_header *h, unsigned int map);

/*
 * Writing.  Each function appends whole lines to out.
 */

/* A binary record: body is map index, time_ns (CLOCK_REALTIME), then key and
 * value as they lie in memory; key may be NULL with key_len 0. */
void stream_write_record(struct buf *out, unsigned int map, uint64_t time_ns,
    const void *key, size_t key_len, const void *value, size_t value_len);

void stream_write_lost(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t count);
void stream_write_sampled(struct buf *out, const struct stream_header *h,
    unsigned int map, uint64_t round, uint64_t keys);
void stream_write_error(struct buf *out, const struct stream_header *h,
    unsigned int map, const char *message);
void stream_write_end(struct buf *out, uint64_t records, uint64_t lost);

/*
 * Reading, from a descriptor, without blocking more than read(2) does.
 */

enum stream_line_kind {
	LINE_END,     /* no more lines: end of input; see errno in
			 stream_reader_next */
	LINE_RECORD,  /* a binary record: map, time_ns, data, len */
	LINE_JSON,    /* any other object: a JSON record; text, text_len */
	LINE_LOST,    /* "@lost": map, count */
	LINE_SAMPLED, /* "@sampled": map, round, keys */
	LINE_ERROR,   /* "@error": map, message (until the next line) */
	LINE_STACK,   /* "@stack": value, for symbol_store_parse_stack() */
	LINE_SYMBOLS, /* "@symbols": value, for symbol_store_parse() */
	LINE_FINISH,  /* "@end": records, lost */
	LINE_OTHER,   /* another "@" line, or one of the three above where no
			 header names the maps: skip it, or pass its text on */
	LINE_BAD,     /* not readable: reported and counted already */
};

struct stream_line {
	enum stream_line_kind kind;
	/* The line as it came, without its newline.  Borrowed until the next
	 * line is asked for or stream_reader_fill() is called; so is data. */
	const char *text;
	size_t text_len;
	unsigned int map;
	uint64_t time_ns;
	const unsigned char *data;
	size_t len;
	uint64_t count, round, keys, records, lost;
	const char *message;
	const json_t *value; /* borrowed until the next line */
};

enum stream_opening {
	STREAM_OPENED,  /* a stream with a header */
	STREAM_SESSION, /* a session: its header was read, nothing follows */
	STREAM_NDJSON,  /* objects without a header: header is empty */
	STREAM_EMPTY,   /* no line at all */
	STREAM_REFUSED, /* something else, reported */
};

struct stream_reader {
	int fd;           /* borrowed */
	const char *name; /* borrowed; "<stdin>" or the file's */
	unsigned long line;
	unsigned long bad; /* bad lines so far */
	bool ended;        /* "@end" was seen */
	bool eof;
	int error; /* errno of a failed read, or 0 */
	struct stream_header header;
	struct buf in; /* what was read; from start on it is unparsed */
	size_t start;
	size_t scanned;   /* of the unparsed, bytes known to have no newline */
	bool has_newline; /* the next byte is one */
	bool skipping;    /* inside a line longer than STREAM_LINE_MAX */
	struct buf body;  /* the last binary record, unstuffed */
	json_t *control;  /* owned: the tree of the last control line */
};

/*
 * Read the first line.  A package, and anything else that is neither a stream,
 * a session nor NDJSON, is refused with what to do about it: "this is a
 * package; load it first: skel-load".  r is to be closed whatever was found.
 */
enum stream_opening stream_reader_open(
    struct stream_reader *r, int fd, const char *name);
void stream_reader_close(struct stream_reader *r);

/*
 * Whether stream_reader_next() has a line (or the end) without reading, or so
 * much of one that it is too long and skipped.  For those who flush their
 * output before they wait.
 */
bool stream_reader_is_ready(struct stream_reader *r);

/* A binary record. */
struct stream_record {
	const unsigned char *data; /* borrowed as in a struct stream_line */
	size_t len;
	uint64_t time_ns;
	unsigned int map;
};

/*
 * The next lines, up to STREAM_BATCH, as long as they are all there, binary
 * records, and nothing is wrong with them.  Returns how many that are; where it
 * is 0, nothing has happened, and stream_reader_next() has the line.
 */
size_t stream_reader_next_records(
    struct stream_reader *r, struct stream_record records[STREAM_BATCH]);

/*
 * read(2) once and keep what came.  Returns 1, 0 at end of input, or -1 with
 * errno set, also in r->error (EINTR and EAGAIN: not kept, call again).
 */
int stream_reader_fill(struct stream_reader *r);

/*
 * Count a bad line.  Returns whether it is to be reported: of a flood the
 * first are, and then once that there are more.
 */
bool stream_reader_count_bad(struct stream_reader *r);

/*
 * The next line.  Reads as needed; EINTR is tried again.  Returns its kind,
 * LINE_END at end of input or when a read failed (r->error says).  A last line
 * without its newline is a cut one: LINE_BAD, but a JSON object that parses is
 * taken.
 */
enum stream_line_kind stream_reader_next(
    struct stream_reader *r, struct stream_line *line);

#endif
