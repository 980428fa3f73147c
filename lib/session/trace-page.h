/*
 * The pages of the kernel's trace in their binary form, as tracefs's files
 * per_cpu/cpuN/trace_pipe_raw give them, with events of bpf_printk().  Text of
 * trace_pipe is ambiguous, because comms and texts may contain newlines; here
 * each event has its length.  The pages come from the kernel, but nothing
 * outside of them is read whatever they hold.
 */
#ifndef SKEL_SESSION_TRACE_PAGE_H
#define SKEL_SESSION_TRACE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets and sizes, which differ between kernels and architectures. */
struct trace_layout {
	unsigned int size; /* of a page, in bytes */
	unsigned int data; /* offset of the events in a page */
	unsigned int
	    commit_size;     /* of the word "commit", which has flags too */
	unsigned int id;     /* of the events wanted, in common_type */
	unsigned int string; /* offset in an event of the text's place */
};

struct trace_page {
	const unsigned char *bytes; /* borrowed: layout.size of them */
	size_t at, end;
	uint64_t time; /* of the last event */
};

struct trace_event {
	uint64_t time;    /* by the trace clock; for the order only */
	int32_t pid;      /* in the initial pid namespace */
	const char *text; /* borrowed from the page */
	size_t len;
};

/* Events were lost, but the kernel did not count them. */
#define TRACE_LOST_UNKNOWN UINT64_MAX

/* Parses the text of tracefs's events/header_page, and of the event's file
 * "format".  Returns false if they do not describe what this file can read. */
bool trace_layout_parse(
    struct trace_layout *l, const char *header_page, const char *format);

/* Begins to read a page of l->size bytes.  Returns the number of events that
 * the kernel dropped before it. */
uint64_t trace_page_begin(struct trace_page *p, const struct trace_layout *l,
    const unsigned char *bytes);

/* Finds the next event of bpf_printk().  Returns false at the page's end. */
bool trace_page_next(
    struct trace_page *p, const struct trace_layout *l, struct trace_event *e);

#endif
