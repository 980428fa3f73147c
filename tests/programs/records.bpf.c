// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Writes records whose types only the DWARF of the object has: from the stack,
 * by a wrapper that knows them as bytes, and into a reservation.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum shade { DARK = -1, LIGHT = 1 };
enum wide { WIDE = 0x100000001 };
typedef unsigned int user;

struct on_stack {
	unsigned long long when;
	user who;
	enum shade shade;
	char text[16];
};

struct reserved {
	struct on_stack inner;
	unsigned int low : 3, high : 7;
	_Bool yes;
	enum wide wide;
	const char *where;
	union {
		int number;
		unsigned char bytes[2][3];
	};
};

typedef struct {
	int first, second, third;
} nameless;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps"), other SEC(".maps"), third SEC(".maps");

static __always_inline long
send(void *map, void *data, unsigned int size)
{
	return bpf_ringbuf_output(map, data, size, 0);
}

SEC("tp/syscalls/sys_enter_getpid")
int
write_stack(void *ctx)
{
	struct on_stack e = { .when = bpf_ktime_get_ns(), .shade = LIGHT };

	bpf_get_current_comm(e.text, sizeof(e.text));
	return (int)send(&ring, &e, sizeof(e));
}

SEC("tp/syscalls/sys_exit_getpid")
int
write_reserved(void *ctx)
{
	struct reserved *e = bpf_ringbuf_reserve(&other, sizeof(*e), 0);

	if (e == NULL)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->inner.when = bpf_ktime_get_ns();
	e->low = 5;
	e->wide = WIDE;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getppid")
int
write_nameless(void *ctx)
{
	nameless e = { 1, 2, 3 };

	return (int)send(&third, &e, sizeof(e));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
