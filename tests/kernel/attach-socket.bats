#!/usr/bin/env bats
# Programs on the sockets of a network namespace, map or cgroup: they run there,
# leave other programs alone, and are gone at the end.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load
load ../helpers/net

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	make_net
}

teardown() {
	end_net
}

@test "sk_lookup programs go to our network namespace, or one named by path, name or process" {
	local name=skel-net-$NET
	hook probe sk_lookup 1
	c_program talk
	begin probe -v probe.json
	fires probe probe in_net ./talk 127.0.0.1 9
	local link
	link=$(links_of probe)
	finish probe
	wait_for 5 none_of link "$link"

	for where in "/proc/$NET/ns/net" "$NET"; do
		FROM=/proc/self/ns/net begin probe -v -a "probe=netns:$where" probe.json
		fires probe probe in_net ./talk 127.0.0.1 9
		finish probe
	done
	fails_with 1 "program probe: netns:nosuch-$NET: no such network namespace" \
		skel-load -a "probe=netns:nosuch-$NET" probe.json
	mkfifo fifo
	fails_with 1 "program probe: netns:$PWD/fifo: this is not a network namespace" \
		timeout 30 skel-load -a "probe=netns:$PWD/fifo" probe.json
	fails_with 1 "program probe: netns:/dev/null: this is not a network namespace" \
		skel-load -a "probe=netns:/dev/null" probe.json

	mkdir -p /run/netns
	touch "/run/netns/$name"
	mount --bind "/proc/$NET/ns/net" "/run/netns/$name"
	FROM=/proc/self/ns/net begin probe -v -a "probe=netns:$name" probe.json || :
	umount "/run/netns/$name"
	rm "/run/netns/$name"
	fires probe probe in_net ./talk 127.0.0.1 9
	finish probe
}

@test "a flow dissector runs, and a second one is refused" {
	hook probe flow_dissector 0
	hook other flow_dissector 0
	# Packets that arrive on lo are distributed to CPUs by their flow.
	in_net unshare -m sh -c 'mount -t sysfs none /sys && echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus' ||
		skip "needs a kernel with RPS"
	begin probe -v probe.json
	fires probe probe send_to 127.0.0.1
	fails_with 1 "program other: flow_dissector: the network namespace cannot hold another flow_dissector program" \
		in_net skel-load other.json
	local link
	link=$(links_of probe)
	finish probe
	wait_for 5 none_of link "$link"
	begin other -v other.json
	finish other
}

@test "programs of a map of sockets see the data of its sockets, until the end" {
	need_cgroup
	c_program talk
	bpf_package sockets
	begin sockets -v -a "join=cgroup:$CGROUP" sockets.json
	local hook ids
	for hook in join message parser verdict; do
		fires sockets $hook in_cgroup ./talk
	done
	ids=$(held prog "${LOADS[sockets]}")
	[ "$(in_cgroup ./talk)" = hello ]
	finish sockets
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $ids
	[ "$(in_cgroup ./talk)" = hello ]
}

@test "of several sockmaps -a chooses one, and an sk_skb program needs no parser" {
	need_cgroup
	c_program talk
	bpf_package sockets -DBARE -DOTHER
	fails_with 1 "program message: sk_msg: the object has several sockmaps; choose one with -a message=sockmap:MAP; it has: sockets, others" \
		skel-load -a join=off sockets.json
	fails_with 1 "program message: sockmap:rb: the object has no such sockmap or sockhash; it has: sockets, others" \
		skel-load -a join=off -a message=sockmap:rb sockets.json
	begin sockets -v -a "join=cgroup:$CGROUP" -a message=sockmap:others -a arrived=sockmap:sockets sockets.json
	fires sockets arrived in_cgroup ./talk
	run ! runs sockets message
	finish sockets
	bpf_package sockets -DTWICE
	fails_with 1 "program again: sk_msg: map sockets has such a program already (program " \
		skel-load -q -a join=off sockets.json
	hook message sk_msg 1
	fails_with 1 "program message: sk_msg: sk_msg programs are attached to a sockmap or sockhash, and the object has none" \
		skel-load message.json
}

@test "each kind of cgroup program runs in its cgroup, is listed there, and is gone at the end" {
	need_cgroup
	c_program talk
	local section
	for section in cgroup_skb/ingress cgroup_skb/egress cgroup/skb cgroup/sock cgroup/sock_create \
		cgroup/sock_release cgroup/bind4 cgroup/post_bind4 cgroup/connect4 cgroup/getsockname4 \
		cgroup/getsockopt cgroup/setsockopt sockops; do
		hook probe "$section" 1
		begin probe -v -a "probe=cgroup:$CGROUP" probe.json
		bpftool cgroup show "$CGROUP" | grep -q probe || { echo "$section is not there"; return 1; }
		fires probe probe in_cgroup ./talk || { echo "$section"; return 1; }
		finish probe
		run -0 bpftool cgroup show "$CGROUP"
		[[ $output != *probe* ]]
	done
	hook probe cgroup/dev 1
	begin probe -v -a "probe=cgroup:$CGROUP" probe.json
	fires probe probe in_cgroup cat /dev/null
	finish probe
	hook probe cgroup/sysctl 1
	begin probe -v -a "probe=cgroup:$CGROUP" probe.json
	fires probe probe in_cgroup cat /proc/sys/kernel/ostype
	finish probe
	[ "$(bpftool cgroup show "$CGROUP" | wc -l)" -le 1 ]
}

@test "an LSM program of a cgroup runs there" {
	need_cgroup
	takes lsm_cgroup/socket_bind || skip "needs a kernel that loads lsm_cgroup programs"
	c_program talk
	hook probe lsm_cgroup/socket_bind 1
	begin probe -v -a "probe=cgroup:$CGROUP" probe.json
	fires probe probe in_cgroup ./talk
	finish probe
}

@test "two cgroup programs do not disturb each other, whichever ends first" {
	need_cgroup
	c_program talk
	hook one cgroup_skb/egress 1
	hook two cgroup_skb/egress 1
	both_in_any_order "cgroup:$CGROUP" "cgroup:$CGROUP" in_cgroup ./talk
}

@test "cgroup programs of others stay; one that allows no other is named" {
	need_cgroup
	local pin=/sys/fs/bpf/skel-net-$NET
	c_program talk
	hook probe cgroup_skb/egress 1
	loadable other cgroup_skb/egress 1
	bpftool prog load other.o "$pin"
	bpftool cgroup attach "$CGROUP" egress pinned "$pin" multi
	begin probe -v -a "probe=cgroup:$CGROUP" probe.json
	fires probe probe in_cgroup ./talk
	finish probe
	bpftool cgroup show "$CGROUP" | grep -q other
	bpftool cgroup detach "$CGROUP" egress pinned "$pin"
	bpftool cgroup attach "$CGROUP" egress pinned "$pin"
	run -1 --separate-stderr skel-load -a "probe=cgroup:$CGROUP" probe.json
	[[ $stderr == *"program probe: cgroup:$CGROUP: a program of this cgroup or one above it excludes others (program "*", other); nothing was changed" ]]
	bpftool cgroup show "$CGROUP" | grep -q other
	bpftool cgroup detach "$CGROUP" egress pinned "$pin"
	rm "$pin"
}

@test "a path that is not a cgroup of version 2 is refused as such" {
	hook probe cgroup_skb/egress 1
	fails_with 1 "program probe: cgroup:/proc: not a cgroup of version 2; " \
		skel-load -a probe=cgroup:/proc probe.json
	fails_with 1 "program probe: cgroup:./nosuch: no such cgroup" \
		skel-load -a probe=cgroup:./nosuch probe.json
}
