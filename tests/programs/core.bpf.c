// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * CO-RE relocations of every kind that there is in programs: what they become
 * is in the program's tag.  ABSENT: of a type that no kernel has; NUMBER: the
 * number of one.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define CORE __attribute__((preserve_access_index))

typedef struct {
	int counter;
} CORE atomic_t;

struct list_head {
	struct list_head *next;
} CORE;

struct sched_entity {
	unsigned long long sum_exec_runtime;
} CORE;

struct task_struct {
	int pid, tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct sched_entity se;
	struct list_head tasks;
	unsigned int in_execve : 1;
} CORE;

/* As of another kernel. */
struct task_struct___other {
	long no_such_member;
	long __state;
} CORE;

struct sk_buff {
	unsigned char pkt_type : 3;
	unsigned int len;
	unsigned long long tstamp;
} CORE;

enum bpf_map_type___ours {
	BPF_MAP_TYPE_HASH___ours = 1000,
};

enum pid_type {
	PIDTYPE_SID = 77,
};

#ifdef ABSENT
struct skel_has_no_such {
	int a;
} CORE;
#endif

long sum;

SEC("tracepoint/syscalls/sys_enter_getpgid")
int
relocated(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct task_struct___other *other = (void *)t;
	struct sk_buff *b = 0;
	atomic_t *a = 0;

	sum += bpf_core_field_offset(t->pid) + bpf_core_field_offset(t->tgid);
	sum += bpf_core_field_offset(t->comm[3]) + bpf_core_field_size(t->comm);
	sum += bpf_core_field_offset(t->se.sum_exec_runtime);
	sum += bpf_core_field_offset(t->tasks.next);
	sum += BPF_CORE_READ(t, real_parent, tgid);
	sum += BPF_CORE_READ_BITFIELD_PROBED(t, in_execve);
	sum += bpf_core_field_exists(other->no_such_member) ? 1000 : 1;
	sum += bpf_core_field_offset(other->__state);
	sum += bpf_core_field_offset(b->len) + bpf_core_field_size(b->tstamp);
	sum += bpf_core_field_offset(a->counter);
	sum += bpf_core_type_size(struct sk_buff);
	sum += bpf_core_type_exists(struct sched_entity) ? 3000 : 3;
	sum += bpf_core_enum_value(
	    enum bpf_map_type___ours, BPF_MAP_TYPE_HASH___ours);
	sum += bpf_core_enum_value_exists(enum pid_type, PIDTYPE_SID);
	sum += bpf_core_enum_value(enum pid_type, PIDTYPE_SID);
#ifdef ABSENT
	sum += bpf_core_type_exists(struct skel_has_no_such) ? 5000 : 5;
#endif
#ifdef NUMBER
	sum += bpf_core_type_id_kernel(struct task_struct);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
