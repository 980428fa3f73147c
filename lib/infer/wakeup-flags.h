/*
 * Whether a program lets the kernel wake the reader of its ring buffers.  With
 * BPF_RB_NO_WAKEUP (bpf-helpers(7), bpf_ringbuf_output) it does not, and then
 * the reader has to look by itself from time to time.
 */
#ifndef SKEL_INFER_WAKEUP_FLAGS_H
#define SKEL_INFER_WAKEUP_FLAGS_H

#include <stdbool.h>

#include "elf/bpf-elf.h"

/*
 * Returns true if in each call of a helper that makes a record of a ring buffer
 * visible, or discards it, the flags are a constant without BPF_RB_NO_WAKEUP;
 * false if that is not so, or not plain from the instructions before the call.
 * elf is the object as it was written, not one whose calls are counted.
 */
bool wakeup_flags_are_plain(const struct bpf_elf *elf);

#endif
