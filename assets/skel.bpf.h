// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * skel.bpf.h: macros by which a BPF program describes itself to skel-pack(1).
 *
 * skel-pack turns an object file into a package.  It reads the globals, maps
 * and programs from the object's BTF.  What the BTF does not say, the author of
 * the program states with these macros.  They only add declaration tags to the
 * BTF, and neither instructions nor data nor maps, except for SKEL_COUNT_LOST
 * and the macros used with it.  Every loader can load the object as before.
 *
 * Arguments.  Each global of the program becomes an argument of the command. By
 * default it has the name of the variable and its initial value:
 *
 *	SKEL_ARG("pid", "p", "trace this process only")
 *	const volatile int targ_pid = 0;
 *
 * Events.  State the type of the records of a ring or perf buffer:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_RINGBUF);
 *		__uint(max_entries, 256 * 1024);
 *	} rb SEC(".maps");
 *	SKEL_EVENTS(rb, struct event);
 *
 * If a ring buffer has records of several types, which all begin with a member
 * that tells them apart:
 *
 *	SKEL_EVENTS_BY(rb, kind, KIND_OPEN, struct open_event);
 *	SKEL_EVENTS_BY(rb, kind, KIND_CLOSE, struct close_event);
 *
 * To skel-pack, __type(value, struct event) in the map means the same.  But the
 * kernel refuses a ring buffer that has a value type, so only skel-load can
 * load such an object.
 *
 * Lost records.  The kernel does not count the records that do not fit into a
 * ring buffer.  skel-load changes the program so that it does.  A program may
 * also count them itself, for any loader:
 *
 *	SKEL_COUNT_LOST(rb);
 *	...
 *	struct event *e = SKEL_RESERVE(rb, sizeof(*e));
 *
 * Sampled maps.  Have a map read repeatedly, here every 1000 ms:
 *
 *	struct {
 *		__uint(type, BPF_MAP_TYPE_HASH);
 *		...
 *	} hists SEC(".maps") SKEL_SAMPLE(1000) SKEL_LOG2_HIST("usecs");
 *
 * or global variables in which the program keeps its results:
 *
 *	SKEL_SAMPLE(1000) unsigned long long reads, writes;
 *
 * Members.  Say what the members of records mean, and how they are shown:
 *
 *	struct event {
 *		__u32 saddr SKEL_AS(ip4);
 *		__u16 family SKEL_HIDE;
 *		__u8 peer[16] SKEL_AS(ip(family=family));
 *		int ret SKEL_AS(errno) SKEL_HELP("what connect(2) returned");
 *		__u64 when SKEL_TIME;
 *		__u32 in_flight SKEL_GAUGE;
 *	};
 *
 * Stacks.  Have records shown as stacks if their members pid, comm, kstack and
 * ustack are arrays of addresses, or ids of a stack-trace map:
 *
 *	struct {
 *		...
 *	} rb SEC(".maps") SKEL_STACK_TRACE;
 *
 * A program that samples the CPUs at 99 Hz:
 *
 *	SKEL_PERF_EVENT("cpu-clock", 99)
 *	SEC("perf_event")
 *	int profile(void *ctx)
 *
 * Iterators.  The output of an iterator program is lines of text, unless you
 * state the type of its records.  It is read once, or here every 1000 ms:
 *
 *	SEC("iter/task") SKEL_SAMPLE(1000)
 *	int list(struct bpf_iter__task *ctx)
 *	{
 *		...
 *		bpf_seq_write(ctx->meta->seq, &line, sizeof(line));
 *	}
 *	SKEL_ITER(list, struct line);
 *
 * The whole program.  Its description stands at the license, because every
 * program has one:
 *
 *	SKEL_BRIEF("Trace the start and end of processes")
 *	char LICENSE[] SEC("license") = "Dual BSD/GPL";
 *
 * The macros need clang 14 or newer, and the option -g.
 */
#ifndef SKEL_BPF_H
#define SKEL_BPF_H

#define SKEL_TAG(text) __attribute__((btf_decl_tag("skel:" text)))
#define SKEL_TEXT_(x) #x
#define SKEL_TEXT(x) SKEL_TEXT_(x)

/*
 * On a global: its help text, the name after "--", the letter after "-", and
 * its default.  The default is parsed like an argument; use it if the initial
 * value in C cannot express it.
 */
#define SKEL_HELP(text) SKEL_TAG("help=" text)
#define SKEL_LONG(name) SKEL_TAG("long=" name)
#define SKEL_SHORT(letter) SKEL_TAG("short=" letter)
#define SKEL_DEFAULT(text) SKEL_TAG("default=" text)
#define SKEL_ARG(name, letter, help)                                           \
	SKEL_LONG(name) SKEL_SHORT(letter) SKEL_HELP(help)

/*
 * On a member of a record: its kind, of which skel-stream(5) has the list; that
 * a table leaves it out; its columns in a table; that it is the time of the
 * record, in ns of bpf_ktime_get_ns() unless its kind is another time; and that
 * it is no count but goes up and down, as a size does, which those who draw it
 * over time have to know.  SKEL_HELP, above, is a line about it.
 */
#define SKEL_AS(...) SKEL_TAG("as=" #__VA_ARGS__)
#define SKEL_HIDE SKEL_TAG("hide")
#define SKEL_WIDTH(columns) SKEL_TAG("width=" SKEL_TEXT(columns))
#define SKEL_TIME SKEL_TAG("time")
#define SKEL_GAUGE SKEL_TAG("gauge")

/*
 * On a map, on a global or on an iterator program: read all of it every ms
 * milliseconds.  The values of a map are shown with their keys, or as a
 * histogram of their member slots[], whose buckets have the unit; with
 * SKEL_EXP2_HIST the last member of the key is the bucket.  SKEL_CLEAR empties
 * the map after each reading.  SKEL_NONZERO leaves out keys whose value is all
 * zeros.
 */
#define SKEL_SAMPLE(ms) SKEL_TAG("sample=" SKEL_TEXT(ms))
#define SKEL_LOG2_HIST(unit) SKEL_TAG("type=log2_hist") SKEL_UNIT(unit)
#define SKEL_LINEAR_HIST(unit) SKEL_TAG("type=linear_hist") SKEL_UNIT(unit)
#define SKEL_EXP2_HIST(unit) SKEL_TAG("type=exp2_hist") SKEL_UNIT(unit)
#define SKEL_UNIT(unit) SKEL_TAG("unit=" unit)
#define SKEL_CLEAR SKEL_TAG("clear")
#define SKEL_NONZERO SKEL_TAG("nonzero")

/*
 * After a ring or perf buffer, or a sampled map without a value type: the type
 * of its records.  clang omits a type from the BTF if nothing refers to it, so
 * this macro defines a function that does.  It is never called or loaded.
 */
#define SKEL_EVENTS(map, ...)                                                  \
	SKEL_TAG("events=" #map)                                               \
	__attribute__((used)) static void skel_events_##map(                   \
	    __VA_ARGS__ *event __attribute__((unused)))                        \
	{                                                                      \
	}                                                                      \
	_Static_assert(sizeof(map) > 0, "a map stands before SKEL_EVENTS")

/*
 * After a ring or perf buffer: the type of those of its records whose member
 * has the value, a constant from 0 to 4294967294.  Once for each type; all
 * types have the member at the same place.
 */
#define SKEL_EVENTS_BY(map, member, value, ...)                                \
	SKEL_EVENTS_BY_(map, member, value, __COUNTER__, __VA_ARGS__)
#define SKEL_EVENTS_BY_(map, member, value, n, ...)                            \
	SKEL_EVENTS_BY__(map, member, value, n, __VA_ARGS__)
#define SKEL_EVENTS_BY__(map, member, value, n, ...)                           \
	SKEL_TAG("events_by=" #map ":" #member)                                \
	__attribute__((used)) static void skel_events_by_##n##_##map(          \
	    __VA_ARGS__ *event __attribute__((unused)),                        \
	    char(*is)[(value) + 1UL] __attribute__((unused)))                  \
	{                                                                      \
	}                                                                      \
	_Static_assert(sizeof(((__VA_ARGS__ *)0)->member) && (value) >= 0,     \
	    "a value stands in SKEL_EVENTS_BY")

/*
 * After a ring buffer: defines a map that counts its lost records, with the
 * name of the ring buffer and "_lost_samples".  SKEL_RESERVE and SKEL_OUTPUT
 * call bpf_ringbuf_reserve() and bpf_ringbuf_output(), and count if they fail.
 * SKEL_LOST counts a record that was lost in another way.  The addition is
 * atomic because the program may be interrupted by another that counts too.
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
 * On a map: its records have stacks, in members called pid, cpu_id, comm,
 * kstack_sz, ustack_sz, kstack and ustack.  Beside it, SKEL_STACK_FIELD gives
 * another name for one of these members; SKEL_STACK_MAP names the stack-trace
 * map of the ids, if the program has several; and SKEL_NO_SYMBOLS shows
 * addresses without the names of functions.
 */
#define SKEL_STACK_TRACE SKEL_TAG("stack_trace")
#define SKEL_STACK_FIELD(field, member)                                        \
	SKEL_TAG("stack_field=" #field ":" #member)
#define SKEL_STACK_MAP(map) SKEL_TAG("stack_map=" #map)
#define SKEL_NO_SYMBOLS SKEL_TAG("no_symbols")

/*
 * On a program in the section "perf_event": the event, by its name in perf(1)
 * or the number of its type, and the number of samples per second.
 */
#define SKEL_PERF_EVENT(type, hz) SKEL_TAG("perf_event=" type ":" SKEL_TEXT(hz))

/* After an iterator program that writes records: their type. */
#define SKEL_ITER(program, ...)                                                \
	SKEL_TAG("iter=" #program)                                             \
	__attribute__((used)) static void skel_iter_##program(                 \
	    __VA_ARGS__ *record __attribute__((unused)))                       \
	{                                                                      \
	}                                                                      \
	_Static_assert(                                                        \
	    sizeof(&program) > 0, "a program stands before SKEL_ITER")

/* On the license: a description in one line, a longer text, and the version of
 * the program. */
#define SKEL_BRIEF(text) SKEL_TAG("brief=" text)
#define SKEL_DETAILS(text) SKEL_TAG("details=" text)
#define SKEL_VERSION(text) SKEL_TAG("version=" text)

#endif
