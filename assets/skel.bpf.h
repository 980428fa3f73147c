// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * skel.bpf.h: notes that a BPF program carries for its users.
 *
 * skel-pack(1) turns an object file into a package.  From the object's BTF it
 * knows the globals, maps and programs; what it cannot know, the author says
 * with the macros below.  They add declaration tags to the BTF and nothing
 * else: no instruction, no data, no map (but for SKEL_COUNT_LOST
 * and what goes with it).  Any loader takes the object as before.
 *
 * The arguments.  Every global of the program becomes one.  Without a macro it
 * is called as the variable is, and its default is the initial value:
 *
 *	SKEL_ARG("pid", "p", "trace this process only")
 *	const volatile int targ_pid = 0;
 *
 * The events.  Which struct do the records of a ring or perf buffer hold?
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_RINGBUF);
 *		__uint(max_entries, 256 * 1024);
 *	} rb SEC(".maps");
 *	SKEL_EVENTS(rb, struct event);
 *
 * __type(value, struct event) in the map says the same to skel-pack, but the
 * kernel refuses a ring buffer that has a value; only skel-load can load it.
 *
 * The losses.  The kernel does not count what does not fit into a ring buffer;
 * so the program does, and skel-load tells:
 *
 *	SKEL_COUNT_LOST(rb);
 *	...
 *	struct event *e = SKEL_RESERVE(rb, sizeof(*e));
 *
 * The samples.  A map that is read again and again, every 1000 ms:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_HASH);
 *		...
 *	} hists SEC(".maps") SKEL_SAMPLE(1000) SKEL_LOG2_HIST("usecs");
 *
 * The stacks.  Records whose members pid, comm, kstack and ustack (arrays of
 * addresses, or ids of a stack-trace map) are to be shown as stacks:
 *
 *	struct {
 *		...
 *	} rb SEC(".maps") SKEL_STACK_TRACE;
 *
 * A program that samples the CPUs, at 99 Hz:
 *
 *	SKEL_PERF_EVENT("cpu-clock", 99)
 *	SEC("perf_event")
 *	int profile(void *ctx)
 *
 * The iterators.  An iterator program writes text, line by line, or records,
 * one after another: of which struct?  It is read once, or every 1000 ms:
 *
 *	SEC("iter/task") SKEL_SAMPLE(1000)
 *	int list(struct bpf_iter__task *ctx)
 *	{
 *		...
 *		bpf_seq_write(ctx->meta->seq, &line, sizeof(line));
 *	}
 *	SKEL_ITER(list, struct line);
 *
 * The program as a whole.  Its license is the one thing that every program
 * has, so that is where its description stands:
 *
 *	SKEL_BRIEF("Trace the start and end of processes")
 *	char LICENSE[] SEC("license") = "Dual BSD/GPL";
 *
 * Needs clang 14 or newer, with -g.
 */
#ifndef SKEL_BPF_H
#define SKEL_BPF_H

#define SKEL_TAG(text) __attribute__((btf_decl_tag("skel:" text)))
#define SKEL_TEXT_(x) #x
#define SKEL_TEXT(x) SKEL_TEXT_(x)

/*
 * On a global: the help text, the name after "--", the letter after "-", and
 * the default.  A default is text, read as the argument would be; use it where
 * the initial value in C cannot say it.
 */
#define SKEL_HELP(text) SKEL_TAG("help=" text)
#define SKEL_LONG(name) SKEL_TAG("long=" name)
#define SKEL_SHORT(letter) SKEL_TAG("short=" letter)
#define SKEL_DEFAULT(text) SKEL_TAG("default=" text)
#define SKEL_ARG(name, letter, help)                                           \
	SKEL_LONG(name) SKEL_SHORT(letter) SKEL_HELP(help)

/*
 * On a map: read all of it every so many milliseconds; on an iterator program:
 * run it so often.  A map's values are shown as they are (keys and values), or
 * as a histogram of their member slots[], counted in the unit.  SKEL_CLEAR
 * empties the map after each reading.
 */
#define SKEL_SAMPLE(ms) SKEL_TAG("sample=" SKEL_TEXT(ms))
#define SKEL_LOG2_HIST(unit) SKEL_TAG("type=log2_hist") SKEL_UNIT(unit)
#define SKEL_LINEAR_HIST(unit) SKEL_TAG("type=linear_hist") SKEL_UNIT(unit)
#define SKEL_UNIT(unit) SKEL_TAG("unit=" unit)
#define SKEL_CLEAR SKEL_TAG("clear")

/*
 * After a ring or perf buffer, or a sampled map that has no value type of its
 * own: the type of its records.  clang leaves a type out of the BTF that
 * nothing refers to; this function does, and is never called or loaded.
 */
#define SKEL_EVENTS(map, ...)                                                  \
	SKEL_TAG("events=" #map)                                               \
	__attribute__((used)) static void skel_events_##map(                   \
	    __VA_ARGS__ *event __attribute__((unused)))                        \
	{                                                                      \
	}                                                                      \
	_Static_assert(sizeof(map) > 0, "a map stands before SKEL_EVENTS")

/*
 * After a ring buffer: count its losses, in a map called as the ring with
 * "_lost_samples" behind.  SKEL_RESERVE and SKEL_OUTPUT do what
 * bpf_ringbuf_reserve() and bpf_ringbuf_output() do, and count when they fail;
 * SKEL_LOST counts one where something else did.  The addition is atomic, since
 * a program that interrupts another may count too.
 */
#define SKEL_COUNT_LOST(ring)                                                  \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                       \
		__uint(max_entries, 1);                                        \
		__type(key, unsigned int);                                     \
		__type(value, unsigned long long);                             \
	} ring##_lost_samples SEC(".maps")
#define SKEL_LOST(ring)                                                        \
	({                                                                     \
		unsigned int skel_key = 0;                                     \
		unsigned long long *skel_lost =                                \
		    bpf_map_lookup_elem(&ring##_lost_samples, &skel_key);      \
		if (skel_lost)                                                 \
			__sync_fetch_and_add(skel_lost, 1);                    \
	})
#define SKEL_RESERVE(ring, size)                                               \
	({                                                                     \
		void *skel_room = bpf_ringbuf_reserve(&ring, size, 0);         \
		if (!skel_room)                                                \
			SKEL_LOST(ring);                                       \
		skel_room;                                                     \
	})
#define SKEL_OUTPUT(ring, data, size, flags)                                   \
	({                                                                     \
		long skel_error =                                              \
		    bpf_ringbuf_output(&ring, data, size, flags);              \
		if (skel_error)                                                \
			SKEL_LOST(ring);                                       \
		skel_error;                                                    \
	})

/*
 * On a map: its records have stacks.  The members are called pid, cpu_id, comm,
 * kstack_sz, ustack_sz, kstack and ustack; SKEL_STACK_FIELD says what one of
 * them is called instead.  SKEL_STACK_MAP names the stack-trace map that ids
 * belong to, where the program has several.  SKEL_NO_SYMBOLS: addresses are
 * enough.  The last three stand beside the first.
 */
#define SKEL_STACK_TRACE SKEL_TAG("stack_trace")
#define SKEL_STACK_FIELD(field, member)                                        \
	SKEL_TAG("stack_field=" #field ":" #member)
#define SKEL_STACK_MAP(map) SKEL_TAG("stack_map=" #map)
#define SKEL_NO_SYMBOLS SKEL_TAG("no_symbols")

/*
 * On a program of section "perf_event": the event, named as perf(1) does or by
 * the number of its type, and how many samples a second.
 */
#define SKEL_PERF_EVENT(type, hz) SKEL_TAG("perf_event=" type ":" SKEL_TEXT(hz))

/*
 * After an iterator program that writes records: their type.  Without it they
 * are lines of text.
 */
#define SKEL_ITER(program, ...)                                                \
	SKEL_TAG("iter=" #program)                                             \
	__attribute__((used)) static void skel_iter_##program(                 \
	    __VA_ARGS__ *record __attribute__((unused)))                       \
	{                                                                      \
	}                                                                      \
	_Static_assert(                                                        \
	    sizeof(&program) > 0, "a program stands before SKEL_ITER")

/*
 * On the license: one line, a longer text, and the version of the program.
 */
#define SKEL_BRIEF(text) SKEL_TAG("brief=" text)
#define SKEL_DETAILS(text) SKEL_TAG("details=" text)
#define SKEL_VERSION(text) SKEL_TAG("version=" text)

#endif
