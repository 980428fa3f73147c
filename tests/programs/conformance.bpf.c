// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * What the reference loader's tests assert of its values and texts, as one
 * program: whenever the process targ_pid makes a system call, a struct with a
 * member of each kind goes to a ring buffer, and one with 128-bit integers to
 * another.  KCONFIG: with the kernel's version added to execs.ppid.  The
 * globals are those whose bytes the tests look at.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

enum E { E_A = 0, E_B = 1 };

struct S {
	int arr1[2][3][4];
	char str[16];
	char str_arr[2][16];
	float ft;
	double dbl;
	unsigned char u8v;
	signed char i8v;
	unsigned short u16v;
	short i16v;
	unsigned int u32v;
	int i32v;
	unsigned long long u64v;
	long long i64v;
	enum E e;
};

struct wide {
	__int128 low;
	unsigned __int128 high;
};

struct exec {
	int pid;
	int ppid;
	char comm[16];
	char fname[8];
};

/* .rodata: these bytes, in this order. */
const volatile _Bool bool_1 = 0, bool_2 = 0, bool_3 = 0, bool_4 = 0;
const volatile int const_val_1 = 0;
const volatile int const_val_2 = 0;
const volatile unsigned int targ_pid = 0;
const volatile char const_buf[100] = "";
const volatile float const_float = 0;
const volatile double const_double = 0;
static const volatile char hidden[] = "abcdefg";
static const char format[] = "Created %d\n";

#ifdef KCONFIG
extern unsigned int LINUX_KERNEL_VERSION __kconfig;
#else
#define LINUX_KERNEL_VERSION 0
#endif

volatile long long bss_val_1;
volatile int bss_val_2;
volatile unsigned int times;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct S);
} values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct wide);
} integers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct exec);
} execs SEC(".maps");

static void
send_values(void)
{
	struct S *s = bpf_ringbuf_reserve(&values, sizeof(*s), 0);

	if (s == 0)
		return;
	__builtin_memset(s, 0, sizeof(*s));
	for (int i = 0; i < 24; i++)
		(&s->arr1[0][0][0])[i] = i;
	__builtin_memcpy(s->str, "A-String", 9);
	__builtin_memcpy(s->str_arr[0], "hello", 6);
	__builtin_memcpy(s->str_arr[1], "a \"quoted\" one", 15);
	s->ft = 1.23F;
	s->dbl = 4.56;
	s->u8v = 0x12;
	s->i8v = -0x12;
	s->u16v = 0x1234;
	s->i16v = -0x1234;
	s->u32v = 0x12345678;
	s->i32v = -0x12345678;
	s->u64v = 0xfedcba9876543210;
	s->i64v = -0x123456789abcdef0;
	s->e = E_B;
	bpf_ringbuf_submit(s, 0);
}

static void
send_integers(void)
{
	struct wide *w = bpf_ringbuf_reserve(&integers, sizeof(*w), 0);

	if (w == 0)
		return;
	w->low = -((__int128)1 << 90);
	w->high = ((unsigned __int128)1 << 127) + 10;
	bpf_ringbuf_submit(w, 0);
}

static void
send_exec(void)
{
	struct exec e = { (int)bss_val_1, const_val_2, "COMM-STR", "a/file" };

	e.ppid += LINUX_KERNEL_VERSION;
	bpf_ringbuf_output(&execs, &e, sizeof(e), 0);
}

SEC("raw_tp/sys_enter")
int
send_all(void *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 != targ_pid)
		return 0;
	send_values();
	send_integers();
	send_exec();
	times++;
	/* Never true, but nobody can know. */
	if (hidden[const_val_1 & 7] == 'x' || const_buf[0] == '\xff' ||
	    *(volatile char *)&const_float == 'x' ||
	    *(volatile char *)&const_double == 'x' || bool_1 + bool_2 > 2 ||
	    bool_3 + bool_4 > 2)
		bpf_trace_printk(format, sizeof(format), times);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
