#!/usr/bin/env bats
# Programs on network interfaces: they are attached where they should be, run
# there, leave other programs on the hook alone, and are gone at the end.

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

filters_on() { # INTERFACE SIDE
	in_net tc filter show dev "$1" "$2"
}

has_clsact() {
	in_net tc qdisc show dev "$1" | grep -q clsact
}

# tc_takes ARG...: run tc(8) with the program of other.o.
tc_takes() {
	local pin=/sys/fs/bpf/skel-net-$NET
	bpftool prog load other.o "$pin"
	in_net tc "$@" pinned "$pin"
	rm "$pin"
}

need_clsact() {
	in_net tc qdisc add dev lo clsact || skip "needs clsact"
	in_net tc qdisc del dev lo clsact
}

@test "an XDP program without a place is attached to lo with a notice, and gone at the end" {
	hook probe xdp 2
	begin probe -v probe.json
	grep -q 'program probe: the package names no interface; attaching to number 1, lo; choose one with -a' probe.err
	grep -q 'the driver of lo does not support it; it runs in generic mode' probe.err
	[[ $(xdp_on lo) == xdpgeneric* ]]
	fires probe probe send_to 127.0.0.1
	local link
	link=$(links_of probe)
	finish probe
	[ -z "$(xdp_on lo)" ]
	wait_for 5 none_of link "$link"
}

@test "-a attaches an XDP program to another interface without a change of the package" {
	need_pair
	hook probe xdp 2
	cp probe.json before.json
	begin probe -v -a probe=xdp:v1 probe.json
	grep -q 'XDP on v1, mode native' probe.err
	[ "$(xdp_on v1)" = "xdp " ]
	[ -z "$(xdp_on lo)" ]
	fires probe probe send_to 10.9.9.2
	finish probe
	[ -z "$(xdp_on v1)" ]
	cmp probe.json before.json
	begin probe -v -a probe=xdp:v1,mode=skb probe.json
	[[ $(xdp_on v1) == xdpgeneric* ]]
	finish probe
	[ -z "$(xdp_on v1)" ]
}

@test "the package's ifindex and flags, or a number with -a, determine where an XDP program goes" {
	need_pair
	local index
	index=$(in_net ip -o link show v1 | cut -d: -f1)
	hook probe xdp 2
	edit probe.json ".meta.bpf_skel.progs[0] += {ifindex: $index, flags: 2, xdpopts: {old_prog_fd: -1}}"
	begin probe -v probe.json
	[[ $(xdp_on v1) == xdpgeneric* ]]
	run ! grep 'names no interface' probe.err
	finish probe
	[ -z "$(xdp_on v1)" ]
	begin probe -v -a "probe=xdp:$index,mode=native" probe.json
	[ "$(xdp_on v1)" = "xdp " ]
	finish probe
}

# bats test_tags=kernel:any
@test "invalid XDP flags are refused with the reason" {
	hook probe xdp 2
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 6}'
	fails_with 1 "program probe: xdp: the package's flags are 0x6, but generic (2), native (4) and hardware (8) exclude each other" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 64}'
	fails_with 1 "program probe: xdp: the package's flags are 0x40, and some of them are no XDP flags" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 16}'
	fails_with 1 "program probe: xdp: the package asks by flag 0x10 to replace a program" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 0, xdpopts: {old_prog_fd: 5}}'
	fails_with 1 "program probe: xdp: the package asks by xdpopts.old_prog_fd to replace a program" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] |= (.xdpopts = null | .flags = 0)'
	fails_with 1 "program probe: xdp:lo,mode=native: lo does not support mode native; try generic mode with -a probe=xdp:lo,mode=skb" \
		in_net skel-load -a probe=xdp:lo,mode=native probe.json
}

# bats test_tags=kernel:any
@test "a wrong interface, side, mode or number is an error that names it" {
	hook probe xdp 2
	hook filter tc -1
	fails_with 1 "program probe: xdp:nosuch: there is no interface nosuch; there are: lo" \
		in_net skel-load -a probe=xdp:nosuch probe.json
	fails_with 1 "program filter: tc:99999/egress: there is no interface 99999; there are: lo" \
		in_net skel-load -a filter=tc:99999/egress filter.json
	fails_with 1 "program probe: tc:lo: xdp programs cannot go there; WHERE is one of xdp:INTERFACE[,mode=native|skb|hw], load, off" \
		skel-load -a probe=tc:lo probe.json
	fails_with 1 "program filter: xdp:lo: tc programs cannot go there; WHERE is one of tcx:INTERFACE[/ingress|egress], tc:INTERFACE[/ingress|egress][,prio=N][,handle=N], netkit:INTERFACE[/primary|peer], load, off" \
		skel-load -a filter=xdp:lo filter.json
	fails_with 2 "-a p=xdp:lo,mode=fast: expected xdp:INTERFACE[,mode=native|skb|hw]" skel-load -a p=xdp:lo,mode=fast
	fails_with 2 "-a p=tc:lo/up: expected tc:INTERFACE[/ingress|egress][,prio=N][,handle=N]" skel-load -a p=tc:lo/up
	fails_with 2 "-a p=tcx:/ingress: expected tcx:INTERFACE[/ingress|egress]" skel-load -a p=tcx:/ingress
	fails_with 2 "-a p=tc:lo,prio=70000: prio: expected a number from 0 to 65535" skel-load -a p=tc:lo,prio=70000
	fails_with 2 "-a p=tcx:lo,prio=1: unknown option prio" skel-load -a p=tcx:lo,prio=1
}

@test "a second XDP program is refused with the name of the first, which goes on" {
	hook first xdp 2
	hook second xdp 2
	begin first -v first.json
	run -1 --separate-stderr in_net skel-load second.json
	[[ $stderr == *"program second: xdp: lo has an XDP program already (program "*", first); nothing was changed"* ]]
	name=first hook=first fires_again first first send_to 127.0.0.1
	in_net ip -d link show lo | grep -q 'xdpgeneric'
	finish first
	begin second -v second.json
	finish second
}

@test "an XDP program that somebody else attached stays" {
	local pin=/sys/fs/bpf/skel-net-$NET
	hook second xdp 2
	loadable first xdp 2
	bpftool prog load first.o "$pin"
	in_net bpftool net attach xdpgeneric pinned "$pin" dev lo
	rm "$pin"
	run -1 --separate-stderr in_net skel-load second.json
	[[ $stderr == *"lo has an XDP program already"*"first); nothing was changed"* ]]
	[[ $(xdp_on lo) == xdpgeneric* ]]
}

@test "XDP programs of all sections are attached but for those of maps, which give a notice" {
	takes xdp.frags || skip "needs a kernel with XDP programs of many fragments"
	hook frags xdp.frags 2
	hook other xdp/mine 2
	hook devmap xdp/devmap 2
	hook cpumap xdp/cpumap 2
	local name
	for name in frags other; do
		begin $name -v $name.json
		[[ $(xdp_on lo) == xdpgeneric* ]]
		finish $name
	done
	fails_with 1 "program devmap: xdp/devmap: xdp_devmap programs cannot be attached: they run from the entries of a device map" \
		in_net skel-load devmap.json
	fails_with 1 "program cpumap: xdp/cpumap: xdp_cpumap programs cannot be attached" in_net skel-load cpumap.json
}

@test "with tcx a tc program is attached by a link, and is gone at the end" {
	need_tcx
	hook probe tc -1
	begin probe -v probe.json
	grep -q 'attaching to number 1, lo; choose one with -a' probe.err
	grep -q 'program probe: tcx link on lo ingress' probe.err
	fires probe probe send_to 127.0.0.1
	run ! has_clsact lo
	local link
	link=$(links_of probe)
	bpftool link show id "$link" | grep "^$link: "
	finish probe
	wait_for 5 none_of link "$link"
}

@test "without tcx a tc program becomes a filter, and -a tcx is refused with advice" {
	need_no_tcx
	need_clsact
	hook probe tc -1
	begin probe -v probe.json
	filters_on lo ingress | grep -q probe
	finish probe
	[ -z "$(filters_on lo ingress)" ]
	fails_with 1 "program probe: tcx:lo: this kernel has no tcx (Linux 6.6); attach a filter with -a probe=tc:lo/ingress" \
		in_net skel-load -a probe=tcx:lo probe.json
}

@test "tc(8) shows our filter, which is removed at the end; its clsact qdisc stays" {
	need_clsact
	hook probe tc -1
	begin probe -v -a probe=tc:lo/ingress probe.json
	filters_on lo ingress | grep -q 'pref 1 bpf.*handle 0x1 .*probe.*direct-action'
	fires probe probe send_to 127.0.0.1
	finish probe
	[ -z "$(filters_on lo ingress)" ]
	has_clsact lo
	# The next filter uses the existing qdisc.
	begin probe -v -a probe=tc:lo/ingress probe.json
	filters_on lo ingress | grep -q probe
	finish probe
	[ -z "$(filters_on lo ingress)" ]
	has_clsact lo
}

@test "side, handle and priority of a tc program come from -a or else from the package" {
	need_clsact
	need_pair
	hook probe tc/egress -1
	edit probe.json '.meta.bpf_skel.progs[0] += {tcopts: {handle: 7, priority: 3}}'
	cp probe.json before.json
	begin probe -v -a probe=tc:v0 probe.json
	filters_on v0 egress | grep -q 'pref 3 bpf.*handle 0x7 '
	fires probe probe send_to 10.9.9.2
	finish probe
	begin probe -v -a probe=tc:v1/ingress,prio=9,handle=0x20 probe.json
	filters_on v1 ingress | grep -q 'pref 9 bpf.*handle 0x20 '
	fires probe probe send_to 10.9.9.2
	finish probe
	cmp probe.json before.json
	edit probe.json '.meta.bpf_skel.progs[0] += {tchook: {attach_point: "BPF_TC_INGRESS"}}'
	begin probe -v -a probe=tc:v1,prio=0,handle=0 probe.json
	filters_on v1 ingress | grep -q 'pref [1-9][0-9]* bpf'
	finish probe
	[ -z "$(filters_on v1 ingress)" ]
}

@test "-a attaches a tc program by a link to another interface and side" {
	need_tcx
	need_pair
	hook probe tc -1
	begin probe -v -a probe=tcx:v0/egress probe.json
	grep -q 'tcx link on v0 egress' probe.err
	fires probe probe send_to 10.9.9.2
	finish probe
	begin probe -v -a probe=tcx:v1 probe.json
	fires probe probe send_to 10.9.9.2
	finish probe
}

@test "the section of a tc program determines its side" {
	need_tcx
	local section side
	for section in tc/ingress tc/egress tcx/ingress tcx/egress classifier classifier/egress; do
		side=ingress
		[[ $section != */egress ]] || side=egress
		hook probe "$section" -1
		begin probe -v probe.json
		grep -q "program probe: tcx link on lo $side" probe.err
		finish probe
	done
}

@test "the package's attach_point goes before the section; BPF_TC_CUSTOM is refused" {
	need_tcx
	hook probe tc/ingress -1
	edit probe.json '.meta.bpf_skel.progs[0] += {tchook: {ifindex: 1, attach_point: "BPF_TC_EGRESS"}}'
	begin probe -v probe.json
	run ! grep 'names no interface' probe.err
	grep -q "program probe: tcx link on lo egress" probe.err
	finish probe
	edit probe.json '.meta.bpf_skel.progs[0] += {tchook: {attach_point: "BPF_TC_CUSTOM"}}'
	fails_with 1 "program probe: tc/ingress: the package's attach_point is BPF_TC_CUSTOM, which needs a parent that a package cannot name" \
		in_net skel-load probe.json
	begin probe -a probe=tcx:lo -v probe.json
	finish probe
}

# Neither ip(8) nor libbpf has to know of netkit for this.
@test "netkit programs run for what leaves either side of a pair" {
	has_symbol netkit_link_attach || skip "needs a kernel with netkit"
	# IPv6 would send packets by itself.
	in_net sh -c 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'
	in_net ip link add kit0 type netkit
	local peer
	peer=$(in_net ip -o link | sed -n 's/.*: \([^@:]*\)@kit0:.*/\1/p')
	in_net ip addr add 10.9.9.1/24 dev kit0
	in_net ip addr add 10.9.8.1/24 dev "$peer"
	in_net ip link set kit0 up
	in_net ip link set "$peer" up
	hook first netkit/primary -1
	hook second netkit/peer -1
	hook third tc -1
	fails_with 1 "program first: netkit:$peer: $peer is not the primary interface of a netkit pair" \
		in_net skel-load -a "first=netkit:$peer" first.json
	fails_with 1 "program first: netkit:lo: lo is not the primary interface of a netkit pair" \
		in_net skel-load -a first=netkit:lo first.json
	begin first -v -a first=netkit:kit0 first.json
	begin second -v -a second=netkit:kit0 second.json
	begin third -v -a third=netkit:kit0/primary third.json
	grep -q 'netkit link on kit0 primary' first.err
	grep -q 'netkit link on kit0 peer' second.err
	fires first first send_to 10.9.9.7
	fires third third send_to 10.9.9.7
	run ! runs second second
	fires second second send_to 10.9.8.7
	finish first
	finish second
	finish third
}

@test "a handle in use is an error with advice, and the filter that has it goes on" {
	need_clsact
	hook first tc -1
	hook second tc -1
	begin first -v -a first=tc:lo first.json
	fails_with 1 "program second: tc:lo: lo ingress has a filter with handle 1 at priority 1 already; choose another with -a second=tc:lo/ingress,prio=N,handle=N" \
		in_net skel-load -q -a second=tc:lo second.json <<<''
	name=first hook=first fires_again first first send_to 127.0.0.1
	filters_on lo ingress | grep -q first
	finish first
	[ -z "$(filters_on lo ingress)" ]
}

@test "an error without CAP_NET_ADMIN names that capability" {
	hook probe xdp 2
	fails_with 1 "needs CAP_NET_ADMIN, if it is a program for the network; run as root" \
		in_net setpriv --bounding-set=-net_admin,-sys_admin skel-load probe.json
}

@test "two tc programs by link do not disturb each other, whichever ends first" {
	need_tcx
	hook one tc -1
	hook two tc -1
	both_in_any_order tcx:lo tcx:lo send_to 127.0.0.1
}

@test "two tc filters do not disturb each other, whichever ends first" {
	need_clsact
	hook one tc -1
	hook two tc -1
	both_in_any_order tc:lo/egress tc:lo/egress,handle=2 send_to 127.0.0.1
	[ -z "$(filters_on lo egress)" ]
	both_in_any_order tc:lo/egress tc:lo/ingress,prio=2 send_to 127.0.0.1
	[ -z "$(filters_on lo egress)$(filters_on lo ingress)" ]
}

@test "a qdisc and filters that somebody else made stay" {
	need_clsact
	hook probe tc -1
	in_net tc qdisc add dev lo clsact
	begin probe -v -a probe=tc:lo probe.json
	loadable other tc -1
	tc_takes filter add dev lo egress pref 5 bpf da
	finish probe
	[ -n "$(filters_on lo egress)" ]
	[ -z "$(filters_on lo ingress)" ]
	has_clsact lo
}

@test "a filter that replaced ours is not removed" {
	need_clsact
	hook probe tc -1
	loadable other tc -1
	begin probe -v -a probe=tc:lo probe.json
	tc_takes filter replace dev lo ingress pref 1 handle 1 bpf da
	finish probe
	filters_on lo ingress | grep -q 'other'
}

# bats test_tags=kernel:any
@test "when descriptors run out, the error says so and nothing is left behind" {
	need_clsact
	hook filter tc -1
	local most done=
	for most in {8..24}; do
		# shellcheck disable=SC2016
		run --separate-stderr in_net bash -c 'ulimit -n $0 && exec "$@"' "$most" \
			skel-load -t 0.1 -a filter=tc:lo filter.json 3>&-
		if [ "$status" -eq 0 ]; then
			done=$most
		else
			[ "$status" -eq 1 ] || { echo "$most: status $status"; return 1; }
			[[ $stderr == *"Too many open files"* ]] || { echo "$most: $stderr"; return 1; }
		fi
		[ -z "$(filters_on lo ingress)" ]
	done
	[ -n "$done" ]
}

@test "--detach leaves a link pinned; it refuses a filter, which cannot be" {
	local dir=/sys/fs/bpf/skel-net-$NET
	need_clsact
	hook probe xdp 2
	in_net skel-load "--pin=$dir" --detach probe.json > session
	[[ $(xdp_on lo) == xdpgeneric* ]]
	skel-load --unload "$dir"
	# The kernel releases a link some time later.
	wait_for 5 gone_from_lo
	hook filter tc -1
	fails_with 1 "program filter: cannot be left running: it is attached without a link" \
		in_net skel-load "--pin=$dir" --detach -a filter=tc:lo filter.json
	[ -z "$(filters_on lo ingress)" ]
	[ ! -e "$dir" ]
}

@test "kill -9 leaves no link, but it leaves a filter, as the manual says" {
	need_clsact
	hook probe xdp 2
	hook filter tc -1
	begin probe -v probe.json
	begin filter -v -a filter=tc:lo filter.json
	finish probe KILL || :
	finish filter KILL || :
	wait_for 5 gone_from_lo
	filters_on lo ingress | grep -q filter
}

gone_from_lo() {
	[ -z "$(xdp_on lo)" ]
}

# bats test_tags=kernel:any
@test "a socket filter sees the packets of an interface, and is gone at the end" {
	hook probe socket 1
	hook other socket 0
	fails_with 1 "program probe: socket: its section does not name its target; give one with -a probe=socket:INTERFACE" \
		in_net skel-load probe.json
	begin probe -v -a probe=socket:lo probe.json
	begin other -v -a other=socket:lo other.json
	fires probe probe send_to 127.0.0.1
	fires other other send_to 127.0.0.1
	[ "$(in_net ss -0Hn | wc -l)" -eq 2 ]
	finish probe KILL || :
	finish other
	wait_for 5 no_packet_sockets
	fails_with 1 "program probe: socket:nosuch: there is no interface nosuch; there are: lo" \
		in_net skel-load -a probe=socket:nosuch probe.json
	fails_with 1 "program probe: cannot be left running: it is attached without a link" \
		in_net skel-load "--pin=/sys/fs/bpf/skel-net-$NET" --detach -a probe=socket:lo probe.json
}

no_packet_sockets() {
	[ -z "$(in_net ss -0Hn)" ]
}

need_netfilter() {
	has_libbpf 1.3 || skip "needs a build with libbpf 1.3"
	has_symbol bpf_nf_link_attach || skip "needs a kernel with links of netfilter"
}

@test "a netfilter program runs for the packets of its hook, and is gone at the end" {
	need_netfilter
	hook probe netfilter 1
	fails_with 1 "program probe: netfilter: its section does not name its target; give one with -a probe=netfilter:FAMILY/HOOK[,prio=N]" \
		in_net skel-load probe.json
	begin probe -a probe=netfilter:ip6/input,prio=-100 probe.json
	send_to 127.0.0.1
	fires probe probe send_to ::1
	local link
	link=$(links_of probe)
	in_net bpftool link show id "$link" | grep -qE 'netfilter|type 10'
	finish probe
	wait_for 5 none_of link "$link"
	# One with the result 0 drops what comes.
	hook drop netfilter 0
	begin drop -a drop=netfilter:ip/output drop.json
	run ! in_net timeout 1 bash -c 'echo hello > /dev/udp/127.0.0.1/9'
	fires drop drop send_to 127.0.0.1
	finish drop
}

@test "a second netfilter program of one priority is refused, and the first goes on" {
	need_netfilter
	hook one netfilter 1
	hook two netfilter 1
	begin one -a one=netfilter:ip/input one.json
	fails_with 1 "program two: netfilter:ip/input: another BPF program has priority 0 there; choose another with -a two=netfilter:ip/input,prio=N" \
		in_net skel-load -a two=netfilter:ip/input two.json
	name=one hook=one fires_again one one send_to 127.0.0.1
	finish one
	both_in_any_order netfilter:ip/input,prio=-1 netfilter:ip/input,prio=1 send_to 127.0.0.1
}

@test "a program that a newer libbpf attaches is refused with the version it needs" {
	! has_libbpf 1.3 || skip "needs a build with an older libbpf than 1.3"
	hook probe netfilter 1
	fails_with 1 "program probe: netfilter: netfilter needs libbpf 1.3 or newer, and this program was built with libbpf 1." \
		skel-load probe.json
	fails_with 2 "-a probe=netfilter:ip/input: netfilter needs libbpf 1.3 or newer" \
		skel-load -a probe=netfilter:ip/input probe.json
}
