#!/usr/bin/env bats
# Kinds: what members mean, by whom it is said, and what becomes of it.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

# said FILE: the members of a stream's header that have a kind, "name=kind", in a line.
said() {
	head -n 1 "$1" | jq -r '[.types[] | .members[]? | select(.as != null) | "\(.name)=\(.as)"] | join(" ")'
}

# recording: write a stream x.skel of one record of int ret, u16 port, u8 comm[4], and
# a struct in of u32 addr.
recording() {
	jq -nc '{skel: "stream", version: 1, name: "x", encoding: "json", host: "", boot_id: "", started: "",
		maps: [{name: "rb", source: "ringbuf", value: 5}],
		types: [{kind: "int", name: "int", size: 4, signed: true}, {kind: "int", name: "u16", size: 2},
			{kind: "int", name: "u8", size: 1}, {kind: "array", size: 4, of: 2, count: 4},
			{kind: "struct", name: "in", size: 4, members: [{name: "addr", type: 0, offset: 0}]},
			{kind: "struct", name: "event", size: 16, members: [{name: "ret", type: 0, offset: 0},
				{name: "port", type: 1, offset: 4}, {name: "comm", type: 3, offset: 8},
				{name: "in", type: 4, offset: 12}]}]}' > x.skel
	echo '{"@map":"rb","ret":-2,"port":80,"comm":[97,98,0,0],"in":{"addr":1}}' >> x.skel
	echo '{"@end":{"records":1,"lost":0}}' >> x.skel
}

@test "--as says a kind, and takes one away, in every stage that passes a header on" {
	recording
	skel-poll --as ret=errno --as in.addr=ip4 --as rb.port=port_be --as comm= x.skel > y.skel
	is 'addr=ip4 ret=errno port=port_be comm=' "$(said y.skel)"
	# It stays so.
	skel-poll -f binary y.skel > z.skel
	is 'addr=ip4 ret=errno port=port_be comm=' "$(said z.skel)"
	skel-fmt --json --as ret=errno x.skel
}

@test "a kind that is none, does not fit, or is of no member, is one line" {
	recording
	fails_with 2 "skel-fmt: --as: ret=errrno: unknown kind \"errrno\"; the nearest: errno" skel-fmt --as ret=errrno x.skel
	fails_with 2 "skel-fmt: --as: ret: expected MEMBER=KIND" skel-fmt --as ret x.skel
	fails_with 2 "skel-poll: --as: ret=ip: kind ip is written ip(family=MEMBER)" skel-poll --as ret=ip x.skel
	run -1 --separate-stderr skel-fmt --as rett=errno x.skel
	is 'skel-fmt: --as: rett=errno: no map has a member "rett"; the nearest: ret' "$stderr"
	[ -z "$output" ]
	run -1 --separate-stderr skel-fmt --as port=ip4 x.skel
	is 'skel-fmt: --as: port cannot be of kind ip4, which is 4 bytes' "$stderr"
	run -1 --separate-stderr skel-poll --as 'in.addr=flags(way)' x.skel
	is 'skel-poll: --as: kind flags needs an enum called "way", which the types lack' "$stderr"
	run -1 --separate-stderr skel-poll --as 'comm=ip(family=prt)' x.skel
	is 'skel-poll: --as: kind ip needs an integer called "prt" in the same struct' "$stderr"
}

@test "a kind of a later version is no error, one that does not fit is" {
	recording
	sed -i '1s/"name":"ret",/"name":"ret","as":"of_tomorrow",/' x.skel
	run -0 --separate-stderr skel-fmt -c ret --bare --tsv --no-header x.skel
	is -2 "$output"
	is "" "$stderr"
	sed -i '1s/of_tomorrow/mac/' x.skel
	run -1 --separate-stderr skel-fmt x.skel
	is 'skel-fmt: x.skel:1: ret cannot be of kind mac, which is 6 bytes' "$stderr"
}

# author MEMBERS: pack a program whose records have these members.
author() {
	cat > own.bpf.c <<-EOF
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "skel.bpf.h"
		typedef __u16 __be16x;
		enum way { A = 1, B = 2 };
		struct inner { __u32 addr SKEL_AS(ip4); };
		struct event { $1 };
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
		SKEL_EVENTS(rb, struct event);
		enum way unused = A;
		char LICENSE[] SEC("license") = "GPL";
	EOF
	clang -g -O2 -target bpf -I"$ASSETS" -idirafter "/usr/include/$(cc -dumpmachine)" -c -o own.bpf.o own.bpf.c
	skel-pack own.bpf.o > own.json
}

@test "the author's words are in the package, and a program's own are checked" {
	author 'int ret SKEL_AS(errno) SKEL_HELP("what it returned"); __u16 af SKEL_HIDE;
		__u8 who[16] SKEL_AS(ip(family = af)) SKEL_WIDTH(15); struct inner in; __u64 at SKEL_TIME;
		unsigned int how SKEL_AS(flags(way));'
	is '[{"name":"ret","as":"errno","help":"what it returned"},{"name":"af","hide":true},{"name":"who","as":"ip(family=af)","width":15},{"name":"in.addr","as":"ip4"},{"name":"at","time":true},{"name":"how","as":"flags(way)"}]' \
		"$(jq -c '.meta.bpf_skel.maps[] | select(.name == "rb") | .fields' own.json)"
	# skel-args keeps them.
	is "$(jq -c '[.meta.bpf_skel.maps[].fields]' own.json)" "$(skel-args own.json | jq -c '[.meta.bpf_skel.maps[].fields]')"
	author 'int ret SKEL_WIDTH(4096); union { struct inner a; struct inner b SKEL_HIDE; } how SKEL_HELP("one");
		union { struct inner from; int other SKEL_AS(hex); };'
	is '[{"name":"ret","width":4096},{"name":"how","help":"one"},{"name":"how.a.addr","as":"ip4"},{"name":"how.b","hide":true},{"name":"how.b.addr","as":"ip4"},{"name":"from.addr","as":"ip4"},{"name":"other","as":"hex"}]' \
		"$(jq -c '.meta.bpf_skel.maps[] | select(.name == "rb") | .fields' own.json)"
	run -1 author 'int ret SKEL_TAG("hides");'
	[[ $output == *'unknown annotation "skel:hides" on a member'* ]]
	run -1 author 'int ret SKEL_WIDTH(4097);'
	[[ $output == *'own.bpf.o: struct event.ret: SKEL_WIDTH: expected columns, 1 to 4096' ]]
	run -1 author 'int ret SKEL_TAG("width=5x");'
	[[ $output == *'own.bpf.o: struct event.ret: SKEL_WIDTH: expected columns, 1 to 4096' ]]
	run -1 author 'int ret SKEL_AS(errrno);'
	[[ $output == *'own.bpf.o: struct event.ret: unknown kind "errrno"; the nearest: errno' ]]
	run -1 author 'char ret[3] SKEL_AS(errno);'
	[[ $output == *'own.bpf.o: ret cannot be of kind errno, which is an integer of up to 8 bytes' ]]
	run -1 author 'int ret SKEL_WIDTH(0);'
	[[ $output == *'own.bpf.o: struct event.ret: SKEL_WIDTH: expected columns, 1 to 4096' ]]
	run -1 author 'int ret SKEL_TAG("colour=red");'
	[[ $output == *'unknown annotation "skel:colour=red" on a member; known: as=, gauge, help=, hide, time, width=' ]]
}

# calls MACHINE: write calls.skel, two records with the numbers of system calls on x86-64
# and on aarch64, from that machine; without one the header does not say it.
calls() {
	jq -nc --arg machine "$1" '{skel: "stream", version: 1, name: "x", encoding: "json",
		maps: [{name: "rb", source: "ringbuf", value: 1}],
		types: [{kind: "int", name: "int", size: 4, signed: true},
			{kind: "struct", name: "event", size: 4, members: [{name: "nr", type: 0, offset: 0, as: "syscall"}]}]}
		+ if $machine == "" then {} else {machine: $machine} end' > calls.skel
	printf '%s\n' '{"@map":"rb","nr":257}' '{"@map":"rb","nr":56}' '{"@end":{"records":2,"lost":0}}' >> calls.skel
}

@test "system calls have the names of the machine that the header tells, whatever machine shows them" {
	local filter
	calls x86_64
	for filter in 'cat' 'skel-poll -f json' 'skel-grep --as nr=syscall nr>0' 'skel-count --by nr'; do
		is '{"nr_text":"clone"} {"nr_text":"openat"}' \
			"$(skel-poll -f binary calls.skel | $filter | skel-fmt --json | grep -o '"nr_text":"[a-z]*"' | sed 's/.*/{&}/' | sort | xargs -d '\n')"
	done
	is 257 "$(skel-grep 'nr == "openat"' calls.skel | skel-fmt --json --bare | jq .nr)"
	calls aarch64
	is 'openat' "$(skel-grep 'nr in ("openat", openat2)' calls.skel | skel-fmt --tsv --text --no-header --bare)"
	is 56 "$(skel-grep 'nr == "openat"' calls.skel | skel-fmt --json --bare | jq .nr)"
	for filter in '' riscv64; do
		calls "$filter"
		is '257 56' "$(skel-fmt --tsv --text --no-header --bare calls.skel | xargs)"
		is 1 "$(skel-grep -c 'nr == 56' calls.skel)"
		fails_with 2 'calls.skel: expression:1: nr of map rb: openat: the header does not say of which machine' \
			skel-grep 'nr == "openat"' calls.skel
	done
	# What is not known is passed on.
	is riscv64 "$(skel-poll calls.skel | head -n 1 | jq -r .machine)"
	sed -i '1s/"riscv64"/5/' calls.skel
	run -1 --separate-stderr skel-fmt calls.skel
	is 'skel-fmt: calls.skel:1: header.machine: expected a string, found a number' "$stderr"
}

@test "members of keys and values of sampled maps have kinds" {
	cat > own.bpf.c <<-EOF
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "skel.bpf.h"
		struct key { __u32 addr SKEL_AS(ip4); };
		struct value { __u64 bytes SKEL_AS(bytes) SKEL_HELP("sent"); };
		struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8);
			__type(key, struct key); __type(value, struct value); } sent SEC(".maps") SKEL_SAMPLE(1000);
		char LICENSE[] SEC("license") = "GPL";
	EOF
	clang -g -O2 -target bpf -I"$ASSETS" -idirafter "/usr/include/$(cc -dumpmachine)" -c -o own.bpf.o own.bpf.c
	is '[{"name":"key.addr","as":"ip4"},{"name":"value.bytes","as":"bytes","help":"sent"}]' \
		"$(skel-pack own.bpf.o | jq -c '.meta.bpf_skel.maps[] | select(.name == "sent") | .fields')"
}
