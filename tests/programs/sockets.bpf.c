// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Sockets of a cgroup are put into a map, and what goes through them runs the
 * map's programs; each writes a record with its name.  BARE: the sk_skb
 * program without a parser.  OTHER: a second map of sockets.  TWICE: a second
 * sk_msg program.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct hit {
	char hook[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
	__type(value, struct hit);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, int);
} sockets SEC(".maps");

#ifdef OTHER
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 64);
	__type(key, int);
	__type(value, int);
} others SEC(".maps");
#endif

#define SAY(name)                                                              \
	({                                                                     \
		struct hit h_ = { name };                                      \
		bpf_ringbuf_output(&rb, &h_, sizeof(h_), 0);                   \
	})

SEC("sockops")
int
join(struct bpf_sock_ops *ops)
{
	__u64 key = bpf_get_socket_cookie(ops);

	if (ops->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB &&
	    ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	bpf_sock_hash_update(ops, &sockets, &key, BPF_ANY);
	SAY("join");
	return 1;
}

SEC("sk_msg")
int
message(struct sk_msg_md *msg)
{
	SAY("message");
	return SK_PASS;
}

#ifdef TWICE
SEC("sk_msg")
int
again(struct sk_msg_md *msg)
{
	return SK_PASS;
}
#endif

#ifdef BARE
SEC("sk_skb")
int
arrived(struct __sk_buff *skb)
{
	SAY("arrived");
	return SK_PASS;
}
#else
SEC("sk_skb/stream_parser")
int
parser(struct __sk_buff *skb)
{
	SAY("parser");
	return skb->len;
}

SEC("sk_skb/stream_verdict")
int
verdict(struct __sk_buff *skb)
{
	SAY("verdict");
	return SK_PASS;
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
