/*
 * The trace pipe: the lines that a program writes by bpf_printk(), reported on
 * standard error.  An instance of tracefs of our own, so that nobody else's
 * trace_pipe is emptied; its directory carries its owner, for it outlives a
 * kill -9, and whoever comes next sweeps it.
 *
 * The functions report what is wrong and return -1.
 */
#ifndef SKEL_SESSION_TRACE_PIPE_H
#define SKEL_SESSION_TRACE_PIPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "elf/printk-format.h"
#include "host/confine.h"
#include "package/package.h"

struct trace_pipe {
	struct printk_formats formats;
	char *dir; /* owned: of the instance, or NULL */
	int fd;    /* owned: becomes readable; or -1 */
	struct buf in;
	bool ours; /* the last line was; those that continue it are too */
};

/* A pipe that is not open. */
#define TRACE_PIPE_NONE                                                        \
	{                                                                      \
		.fd = -1                                                       \
	}

/* Begin to collect; shown is what the programs of p's object say. */
int trace_pipe_open(struct trace_pipe *t, const struct package *p);

/* Add what reading and closing it needs to n: nothing if it is not open. */
void trace_pipe_add_needs(const struct trace_pipe *t, struct confine_needs *n);

/* Report what is there.  ctx is the pipe: for poller_options. */
int trace_pipe_read(void *ctx);

/* Report the rest and remove the instance. */
void trace_pipe_close(struct trace_pipe *t);

/* Remove the instances whose owner is dead, quietly if there are none. */
void trace_pipe_sweep(void);

#endif
