/*
 * The words in the header of a stream for the enums of header.h.
 */
#ifndef SKEL_STREAM_HEADER_WORDS_H
#define SKEL_STREAM_HEADER_WORDS_H

/* The second is that of merged streams: a reader that does not know them would
 * give the records of all hosts the names of one. */
enum { STREAM_VERSION = 1, STREAM_VERSION_MERGED = 2 };

/* By enum stream_source, enum stream_sample and enum stream_encoding. */
static const char *const stream_sources[] = { "ringbuf", "perf", "sample",
	"iter", "ringbuf" };
static const char *const stream_samples[] = { "default_kv", "log2_hist",
	"linear_hist", "exp2_hist" };
static const char *const stream_encodings[] = { "binary", "json" };

/* When the names of addresses come: "symbols". */
static const char stream_follow[] = "follow";

#endif
