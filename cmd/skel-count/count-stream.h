/*
 * Count streams: counts the records of one input after another and writes the
 * passes.
 */
#ifndef SKEL_COUNT_STREAM_H
#define SKEL_COUNT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/output.h"
#include "count/counter.h"
#include "format/plan.h"
#include "stream/reader.h"

struct count_stream {
	struct output *out;       /* borrowed */
	const struct question *q; /* borrowed */
	const char *const *maps;  /* borrowed: those of -m */
	size_t nmaps;             /* 0: all */
	const char *const *as;    /* borrowed: those of --as */
	size_t nas;
	enum stream_encoding encoding;
	struct counter *counter; /* owned */
	/* Owned: to write JSON, with the names that it has; or NULL. */
	struct plan *plan;
	struct symbol_store *symbols;
	struct name_store *names;

	struct stream_reader in;
	bool is_pipe;
	bool wanted[STREAM_ENTRIES_MAX];
	uint64_t stream_lost;
	bool untyped;           /* records of JSON, without a header */
	bool one_pass;          /* all rows are written at the end */
	bool written;           /* the header of the rows */
	struct buf early;       /* lines that have to wait for it */
	bool json_read;         /* some record in JSON */
	uint64_t lacking;       /* records in JSON without a member */
	struct buf map, label;  /* of one in JSON */
	bool kinds[KIND_COUNT]; /* the rows have members of this kind */
	bool stacks;            /* they have stacks */

	uint64_t time; /* of the last record */
	uint64_t end;  /* of the pass; 0: none has begun */
	bool counted;  /* records that no pass has yet */
	bool complete; /* a pass over the map that is replaced ended */
	uint64_t pass; /* passes written */
	uint64_t rows; /* rows written */
	uint64_t lost;
};

/* Count all of fd, whose name is for messages.  Returns 0, or -1 if something
 * failed, which was reported unless it is that the reader of the output left.
 */
int count_stream_run(struct count_stream *s, int fd, const char *name);

/* Write the last pass and the end. */
int count_stream_finish(struct count_stream *s);
void count_stream_close(struct count_stream *s);

#endif
