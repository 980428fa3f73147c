/*
 * The trace pipe: shows the lines that a program prints with bpf_printk(), as
 * reports on standard error or as records of the stream.  They are read from a
 * tracefs instance that this process creates, because reading the global
 * trace_pipe would take the lines away from its other readers.  They are read
 * in binary form (session/trace-page.h), in which no comm and no text can pass
 * for another line.  The kernel does
 * not remove the instance when its owner is killed, so the directory is named
 * after the process, and the next skel-load that starts removes it.
 *
 * Functions that return int return 0, or -1 after reporting.
 */
#ifndef SKEL_SESSION_TRACE_PIPE_H
#define SKEL_SESSION_TRACE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/printk-format.h"
#include "host/confine.h"
#include "package/package.h"
#include "poll/poller.h"
#include "session/printk-record.h"
#include "session/trace-page.h"

enum { TRACE_COMMS = 64 };

/* The comm of a task, as it was found at the last reading. */
struct trace_comm {
	int32_t pid; /* 0: none */
	bool known;
	char comm[COMM_SIZE];
};

/* The buffer of one CPU. */
struct trace_cpu {
	unsigned int cpu;
	int fd;               /* owned: its trace_pipe_raw */
	unsigned char *bytes; /* owned: the page that was read last */
	struct trace_page page;
	struct trace_event next; /* if pending; in bytes */
	bool pending;
};

struct trace_pipe {
	/* Borrowed: passes on lines as records of map number map; NULL: they
	 * are reported. */
	struct poller *poller;
	unsigned int map;
	struct printk_record record; /* the last one */
	struct printk_formats formats;
	char *dir; /* owned: the instance's directory, or NULL */
	/* Owned: its trace_pipe, which becomes readable when one of the CPUs
	 * has events, but is not read; or -1. */
	int fd;
	struct trace_layout layout;
	struct trace_cpu *cpus; /* owned */
	size_t ncpus, cpus_cap;
	struct trace_comm comms[TRACE_COMMS];
};

/* Initialises a trace pipe that is not open. */
#define TRACE_PIPE_NONE                                                        \
	{                                                                      \
		.fd = -1                                                       \
	}

/* Creates the instance and begins to collect.  Only lines that match a format
 * of bpf_printk() in p's object will be shown. */
int trace_pipe_open(struct trace_pipe *t, const struct package *p);

/* Adds to n what a confined process needs to read and close t; nothing if t is
 * not open. */
void trace_pipe_add_needs(const struct trace_pipe *t, struct confine_needs *n);

/* Shows lines that can be read now.  ctx is the struct trace_pipe, as for
 * poller_options.extra_ctx.  Returns 0; 1 if there may be more, for which the
 * descriptor need not be readable; or -1 after reporting. */
int trace_pipe_read(void *ctx);

/* Collects no more lines, and shows those that can be read.  ctx as above. */
int trace_pipe_drain(void *ctx);

/* Shows the remaining lines and removes the instance. */
void trace_pipe_close(struct trace_pipe *t);

/* Removes the instances whose owner is dead, with a notice for each. */
void trace_pipe_sweep(void);

#endif
