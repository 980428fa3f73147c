// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Maps whose sizes and values are left to user space, for the tests of --map
 * and
 * --set.  getpgid(2) writes a record of what the program finds in some of them.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "skel.bpf.h"

enum color { RED, GREEN = 7, BLUE };

struct point {
	int x;
	int y;
};

struct value {
	unsigned char on;
	enum color color;
	struct point at;
	unsigned short list[3];
	char name[8];
	unsigned int low : 4, high : 12;
	union {
		unsigned int whole;
		unsigned char bytes[4];
	};
};

struct key {
	unsigned int pid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct key);
	__type(value, struct value);
} structs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, char[16]);
	__type(value, unsigned long long);
} names SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, unsigned int);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} each SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, struct point);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(key_size, 3);
	__uint(value_size, 2);
} untyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} cgroups SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, unsigned int);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner);
} maps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, 4);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
#ifdef RING
	__uint(max_entries, RING);
#endif
} ring SEC(".maps");

#ifdef NO_SIZE
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, unsigned int);
	__type(value, unsigned int);
} sized SEC(".maps");
#endif

#ifdef NO_VALUE
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, 4);
} sized SEC(".maps");
#endif

#ifdef PINNED
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PINNED);
	__type(key, unsigned int);
	__type(value, unsigned int);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} skel_test_pinned SEC(".maps");
#endif

struct seen {
	unsigned int mine, last;
	unsigned long long cpu;
	struct point first;
#ifdef LARGE
	char large[LARGE];
#endif
};
SKEL_EVENTS(ring, struct seen);

SEC("tp/syscalls/sys_enter_getpgid")
int
on_getpgid(void *ctx)
{
	struct seen *s = bpf_ringbuf_reserve(&ring, sizeof(*s), 0);
	unsigned int zero = 0, one = 1, *n;
	unsigned long long *c;

	if (s == NULL)
		return 0;
	n = bpf_map_lookup_elem(&numbers, &zero);
	s->mine = n != NULL ? *n : 0;
	n = bpf_map_lookup_elem(&numbers, &one);
	s->last = n != NULL ? *n : 0;
	c = bpf_map_lookup_elem(&each, &one);
	s->cpu = c != NULL ? *c : 0;
	s->first.x = s->first.y = 0;
	bpf_map_pop_elem(&queue, &s->first);
	bpf_ringbuf_submit(s, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpgid")
int
callee(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
