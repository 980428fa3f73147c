/*
 * The lines that a program prints with bpf_printk(), as records of the stream:
 * the map "printk", whose records have comm, pid, cpu and text.
 */
#ifndef SKEL_SESSION_PRINTK_RECORD_H
#define SKEL_SESSION_PRINTK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/bpf-elf.h"
#include "host/comm.h"
#include "stream/header.h"

enum {
	/* The kernel prints at most 1023 characters at once (MAX_BPRINTF_BUF,
	 * linux/bpf.h); the last byte here is a NUL. */
	PRINTK_TEXT_MAX = 1024,
};

/* A record, as its types in the header describe it. */
struct printk_record {
	char comm[COMM_SIZE];
	int32_t pid;
	uint32_t cpu;
	char text[PRINTK_TEXT_MAX];
};

/* Whether code of the object calls bpf_trace_printk() or bpf_trace_vprintk().
 */
bool printk_is_used(const struct bpf_elf *elf);

/* Adds the map to the header.  Returns its number, or -1 after reporting. */
int printk_add_map(struct stream_header *h);

/* Sets all but the text.  comm may be NULL: not known. */
void printk_set_task(
    struct printk_record *r, const char *comm, int32_t pid, unsigned int cpu);

/* Sets the text, without what does not fit.  Returns the bytes of the record,
 * which ends with the text's NUL. */
size_t printk_set_text(struct printk_record *r, const char *text, size_t len);

#endif
