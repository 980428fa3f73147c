#!/usr/bin/env bats
# Kinds of programs: those that the package keeps unattached, those that cannot be
# attached, and those that are attached together as a struct.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load
load ../helpers/net
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	make_net
}

teardown() {
	end_net
}

# /proc lists descriptors one by one, and the process may close some meanwhile.
holds_one() {
	[ "$(held prog "${LOADS[$1]}" | wc -l)" -eq 1 ]
}

# bats test_tags=kernel:any
@test "link: false keeps programs of every kind unattached, and -a overrules it" {
	local section
	for section in xdp tc sk_lookup flow_dissector sk_msg cgroup_skb/egress sockops socket; do
		hook probe $section 1
		edit probe.json '.meta.bpf_skel.progs[].link = false'
		begin probe probe.json
		wait_for 5 holds_one probe || { echo "$section"; cat probe.err; return 1; }
		[ -z "$(links_of probe)" ] || { echo "$section"; return 1; }
		finish probe
	done
	hook probe xdp 2
	edit probe.json '.meta.bpf_skel.progs[].link = false'
	begin probe -v -a probe=xdp:lo probe.json
	[ -n "$(xdp_on lo)" ]
	finish probe
}

@test "a program that the package lists twice is an error, and nothing is attached" {
	hook probe xdp 2
	edit probe.json '.meta.bpf_skel.progs += .meta.bpf_skel.progs'
	fails_with 1 "skel-load: probe.json: program probe: the package lists it twice" in_net skel-load -a probe=xdp:lo probe.json
	[ -z "$(xdp_on lo)" ]
}

# bats test_tags=kernel:any
@test "a program that cannot be attached is an error that names its kind and the reason" {
	local section kind why
	while read -r section kind why; do
		hook probe "$section" 0
		fails_with 1 "program probe: $section: $kind programs cannot be attached: $why" skel-load probe.json
		fails_with 1 "leave it out with -a probe=off" skel-load probe.json
	done <<-'END'
		sk_reuseport sk_reuseport a process attaches them to a socket
		lwt_in lwt_in they are part of a route; see ip-route(8)
		lwt_out lwt_out they are part of a route
		lwt_xmit lwt_xmit they are part of a route
		lwt_seg6local lwt_seg6local they are part of a route
		action action they are an action of a tc filter; see tc(8)
		freplace/main freplace they replace a function of another program
		syscall syscall a process runs them by calling bpf(2)
		lirc_mode2 lirc_mode2 they belong to an infrared receiver
		xdp_devmap/x xdp_devmap they run from the entries of a device map or CPU map, and the process that fills the map has to put them there
		xdp_cpumap xdp_cpumap they run from the entries of a device map or CPU map
	END
	hook probe no_such_kind 0
	fails_with 1 "program probe: no_such_kind: neither libbpf nor this program knows a section of that name; leave it out with -a probe=off" skel-load probe.json
}

# Make a package of a congestion control with a name that only this test uses.
ops_package() {
	CONTROL=skel_$(printf %06d $((NET % 1000000)))
	bpf_object ops "$@"
	sed -i "s/skel_000000/$CONTROL/" ops.bpf.o
	skel-pack ops.bpf.o > ops.json
}

controls() {
	cat /proc/sys/net/ipv4/tcp_available_congestion_control
}

need_ops() {
	has_symbol bpf_tcp_ca_init || has_symbol bpf_tcp_ca_kfunc_init ||
		has_symbol bpf_tcp_ca_reg || skip "needs a kernel with struct_ops for TCP"
}

@test "a struct of programs is attached as a whole, runs, and is gone at the end" {
	need_ops
	c_program talk
	ops_package
	begin ops -v ops.json
	grep -q 'map slow: attached' ops.err
	[[ $(controls) == *$CONTROL* ]]
	in_net sh -c "echo $CONTROL > /proc/sys/net/ipv4/tcp_congestion_control"
	fires ops begins in_net ./talk
	in_net sh -c 'echo reno > /proc/sys/net/ipv4/tcp_congestion_control'
	finish ops
	wait_for 5 control_gone
}

@test "a struct in .struct_ops.link is attached, whatever libbpf reads itself" {
	need_ops
	ops_package '-DSECTION=".struct_ops.link"'
	run -0 skel-load --check ops.json
	[[ $output == *"program begins struct_ops struct_ops/begins ok, "* ]]
	begin ops -v ops.json
	[[ $(controls) == *$CONTROL* ]]
	finish ops
	wait_for 5 control_gone
}

# bats test_tags=kernel:any
@test "an object without programs is an error that says so, for --check too" {
	local section
	for section in .struct_ops .struct_ops.link; do
		ops_package -DEMPTY "-DSECTION=\"$section\""
		fails_with 1 "skel-load: ops.json: nothing was loaded: it has no program to load" skel-load ops.json
		fails_with 1 "skel-load: ops.json: nothing was loaded: it has no program to load" skel-load --check ops.json
	done
}

# bats test_tags=kernel:any
@test "an object whose programs are all disabled names one, and the way to enable it" {
	need_clang
	object off <<-'C'
		SEC("?tp/sched/sched_process_exec") int p(void *ctx) { return 0; }
	C
	fails_with 1 "skel-load: off.bpf.o: nothing was loaded: the section of program p, ?tp/sched/sched_process_exec, disables it" skel-load off.bpf.o
	[[ $stderr == *" -a p=WHERE" ]]
	fails_with 1 "off.bpf.o has no such program; it has: none" skel-load -a p=off off.bpf.o
}

# bats test_tags=kernel:any
@test "a verifier's log of an unknown helper is followed by what that means" {
	need_clang
	object helper <<-'C'
		static long (*none)(void) = (void *)9999;
		SEC("tp/sched/sched_process_exec") int p(void *ctx) { return none(); }
	C
	fails_with 1 "this kernel is too old for the helper " skel-load --check helper.bpf.o
}

control_gone() {
	[[ $(controls) != *$CONTROL* ]]
}

# bats test_tags=kernel:any
@test "a struct is not attached if it or one of its programs is turned off" {
	need_ops
	ops_package
	local what
	for what in slow undo; do
		run -0 --separate-stderr skel-load -v -t 0.1 -a $what=off ops.json
		[[ $stderr != *"map slow: attached"* ]]
	done
	[[ $stderr == *"map slow: not attached, because its program undo is left out"* ]]
	edit ops.json '(.meta.bpf_skel.progs[] | select(.name == "avoid")).link = false'
	run -0 --separate-stderr skel-load -v -t 0.1 ops.json
	[[ $stderr == *"map slow: not attached, because its program avoid is left out"* ]]
	fails_with 1 "program begins: xdp:lo: struct_ops programs cannot go there; WHERE can only be load or off" skel-load -a slow=xdp:lo ops.json
	ops_package -DUNUSED
	fails_with 1 "program unused: struct_ops/unused: it is in no struct of section .struct_ops; leave it out with -a unused=off" skel-load ops.json
}

@test "a struct that the kernel refuses counts as one that is not attached" {
	need_ops
	ops_package
	start_load ops.json
	fails_with 1 "program begins: struct_ops/begins: cannot be attached: File exists" skel-load -t 0.1 ops.json
	local optional
	for optional in '*' slow; do
		fails_with 1 "skel-load: ops.json: none of its programs could be attached" \
			skel-load -t 0.1 --optional "$optional" ops.json
	done
	end_load
}

@test "a struct is attached by a link if the kernel has such, for kill -9 and --detach" {
	need_ops
	has_symbol bpf_struct_ops_link_create || skip "needs a kernel with links of struct_ops (Linux 6.4)"
	local dir=/sys/fs/bpf/skel-net-$NET
	ops_package
	begin ops -v ops.json
	finish ops KILL || :
	wait_for 5 control_gone
	skel-load "--pin=$dir" --detach ops.json > session
	[[ $(controls) == *$CONTROL* ]]
	skel-load --unload "$dir"
	wait_for 5 control_gone
}
