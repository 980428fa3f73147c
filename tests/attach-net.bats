#!/usr/bin/env bats
# Programs for the network: where they go, that they run there, that nothing
# else on the hook is touched, and that they are gone at the end.
#
# Each test has a network namespace of its own, with lo up and a pair v0 - v1.

load helper
load chain
load load

declare -gA LOADS

setup() {
	cd "$BATS_TEST_TMPDIR"
	need_bpf
	unshare -n sleep 1000 3>&- &
	NET=$!
	wait_for 5 other_net || skip "needs network namespaces"
	in_net ip link set lo up
}

teardown() {
	local name
	for name in "${!LOADS[@]}"; do
		kill -9 "${LOADS[$name]}" 2>/dev/null || :
	done
	[ -z "${NET:-}" ] || kill "$NET"
	if [ -d cgroups ]; then
		wait_for 5 remove_cgroup || :
		umount cgroups || :
	fi
}

other_net() {
	[ "$(readlink "/proc/$NET/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

in_net() {
	nsenter -t "$NET" -n -- "$@"
}

# A pair of interfaces; what is sent to 10.9.9.2 leaves v0 and comes in on v1.
need_pair() {
	in_net ip link add v0 type veth peer name v1 || skip "needs veth"
	in_net ip addr add 10.9.9.1/24 dev v0
	in_net ip link set v0 up
	in_net ip link set v1 up
	in_net ip neigh add 10.9.9.2 lladdr 02:00:00:00:00:02 dev v0
}

send_to() {
	in_net bash -c "echo hello > /dev/udp/$1/9" 2>/dev/null || :
}

# A cgroup of version 2, as a relative path.
need_cgroup() {
	mkdir cgroups
	mount -t cgroup2 none cgroups || { rmdir cgroups; skip "needs cgroups of version 2"; }
	CGROUP=cgroups/skel-net-$NET
	mkdir "$CGROUP"
}

remove_cgroup() {
	rmdir "$CGROUP"
}

in_cgroup() {
	in_net bash -c 'echo $$ > "$0"/cgroup.procs && exec "$@"' "$CGROUP" "$@"
}

# hook NAME SECTION RESULT: a package NAME.json with the program NAME.
hook() {
	bpf_package hook "-DSECTION=\"$2\"" "-DNAME=$1" "-DRESULT=$3"
	mv hook.json "$1.json"
}

# loadable NAME SECTION RESULT: an object NAME.o that other loaders take.
loadable() {
	bpf_object hook "-DSECTION=\"$2\"" "-DNAME=$1" "-DRESULT=$3" -DUNTYPED
	mv hook.bpf.o "$1.o"
}

# begin NAME ARG...: skel-load in the namespace, or in that of the file FROM, in
# the background, until its header is out: then all is attached.
begin() {
	local name=$1
	shift
	rm -f "$name.out" "$name.err"
	nsenter -n"${FROM:-/proc/$NET/ns/net}" -- skel-load "$@" > "$name.out" 2> "$name.err" 3>&- &
	LOADS[$name]=$!
	wait_for 10 has_header "$name.out" || { cat "$name.err"; return 1; }
}

# finish NAME [SIGNAL]: its exit status is the status.
finish() {
	local pid=${LOADS[$1]}
	unset "LOADS[$1]"
	kill -"${2:-TERM}" "$pid"
	wait "$pid"
}

links_of() {
	held link "${LOADS[$1]}"
}

# runs NAME HOOK: a record of HOOK is in NAME's stream.
runs() {
	skel-fmt -q --json < "$1.out" 2>/dev/null | grep -q "\"hook\":\"$2\""
}

# fires NAME HOOK COMMAND...: running the command makes a record of HOOK.
fires() {
	local name=$1 hook=$2
	shift 2
	wait_for 5 fired "$@" || { echo "$hook did not run"; cat "$name.err"; return 1; }
}

fired() {
	"$@"
	runs "$name" "$hook"
}

# fires_again NAME HOOK COMMAND...: one more than before.
fires_again() {
	local name=$1 hook=$2 before
	shift 2
	before=$(count_of)
	wait_for 5 fired_again "$@" || { echo "$hook did not run again"; return 1; }
}

count_of() {
	skel-fmt -q --json < "$name.out" 2>/dev/null | grep -c "\"hook\":\"$hook\"" || :
}

fired_again() {
	"$@"
	[ "$(count_of)" -gt "$before" ]
}

xdp_on() {
	in_net ip link show "$1" | grep -oE 'xdp[a-z]* ' | head -n 1
}

filters_on() { # INTERFACE SIDE
	in_net tc filter show dev "$1" "$2"
}

has_clsact() {
	in_net tc qdisc show dev "$1" | grep -q clsact
}

# tc_takes ARG...: tc(8) with the program of other.o.
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

@test "an XDP program without a place goes to lo, says so, and is gone at the end" {
	hook probe xdp 2
	begin probe -v probe.json
	grep -q 'program probe: the package names no interface; going to number 1, lo' probe.err
	grep -q 'lo does not take it natively; it runs in generic mode' probe.err
	[[ $(xdp_on lo) == xdpgeneric* ]]
	fires probe probe send_to 127.0.0.1
	local link
	link=$(links_of probe)
	finish probe
	[ -z "$(xdp_on lo)" ]
	wait_for 5 none_of link "$link"
}

@test "-a moves an XDP program to another interface, natively; the package stays as it is" {
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

@test "the package's ifindex and flags say where an XDP program goes; a number does too" {
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

@test "XDP flags that cannot be are refused with the reason" {
	hook probe xdp 2
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 6}'
	fails_with 1 "program probe: flags 0x6: generic (2), native (4) and hardware (8) exclude each other" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 64}'
	fails_with 1 "program probe: flags 0x40: the package asks for XDP flags that do not exist" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 16}'
	fails_with 1 "program probe: flags 0x10: a package cannot replace a program" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] += {flags: 0, xdpopts: {old_prog_fd: 5}}'
	fails_with 1 "program probe: xdpopts.old_prog_fd: a package cannot replace a program" \
		in_net skel-load probe.json
	edit probe.json '.meta.bpf_skel.progs[0] |= (.xdpopts = null | .flags = 0)'
	fails_with 1 "program probe: lo does not take it in mode native; generic is -a probe=xdp:lo,mode=skb" \
		in_net skel-load -a probe=xdp:lo,mode=native probe.json
}

@test "a wrong interface, side, mode or number is named" {
	hook probe xdp 2
	hook filter tc -1
	fails_with 1 "program probe: no interface nosuch here; there are: lo" \
		in_net skel-load -a probe=xdp:nosuch probe.json
	fails_with 1 "program filter: no interface 99999 here; there are: lo" \
		in_net skel-load -a filter=tc:99999/egress filter.json
	fails_with 1 "program probe: xdp programs cannot go to tc:lo; WHERE is one of xdp:INTERFACE[,mode=native|skb|hw], off" \
		skel-load -a probe=tc:lo probe.json
	fails_with 1 "program filter: tc programs cannot go to xdp:lo; WHERE is one of tcx:INTERFACE[/ingress|egress], tc:INTERFACE[/ingress|egress][,prio=N][,handle=N], off" \
		skel-load -a filter=xdp:lo filter.json
	fails_with 2 "-a p=xdp:lo,mode=fast: expected xdp:INTERFACE[,mode=native|skb|hw]" skel-load -a p=xdp:lo,mode=fast
	fails_with 2 "-a p=tc:lo/up: expected tc:INTERFACE[/ingress|egress][,prio=N][,handle=N]" skel-load -a p=tc:lo/up
	fails_with 2 "-a p=tcx:/ingress: expected tcx:INTERFACE[/ingress|egress]" skel-load -a p=tcx:/ingress
	fails_with 2 "-a p=tc:lo,prio=70000: prio: expected a number from 0 to 65535" skel-load -a p=tc:lo,prio=70000
	fails_with 2 "-a p=tcx:lo,prio=1: unknown option prio" skel-load -a p=tcx:lo,prio=1
}

@test "a second XDP program is refused by name, and the first goes on" {
	hook first xdp 2
	hook second xdp 2
	begin first -v first.json
	run -1 --separate-stderr in_net skel-load second.json
	[[ $stderr == *"program second: lo has an XDP program already (program "*", first), which was left as it is"* ]]
	name=first hook=first fires_again first first send_to 127.0.0.1
	in_net ip -d link show lo | grep -q 'xdpgeneric'
	finish first
	begin second -v second.json
	finish second
}

@test "an XDP program that others put there stays" {
	local pin=/sys/fs/bpf/skel-net-$NET
	hook second xdp 2
	loadable first xdp 2
	bpftool prog load first.o "$pin"
	in_net bpftool net attach xdpgeneric pinned "$pin" dev lo
	rm "$pin"
	run -1 --separate-stderr in_net skel-load second.json
	[[ $stderr == *"lo has an XDP program already"*"first), which was left as it is"* ]]
	[[ $(xdp_on lo) == xdpgeneric* ]]
}

@test "XDP programs of other sections are attached; those of maps are not, and say why" {
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
	fails_with 1 "program devmap: xdp_devmap programs cannot be attached: whoever puts them into a map" \
		in_net skel-load devmap.json
	fails_with 1 "program cpumap: xdp_cpumap programs cannot be attached" in_net skel-load cpumap.json
}

@test "a tc program goes where the kernel's links are, and is gone at the end" {
	need_tcx
	hook probe tc -1
	begin probe -v probe.json
	grep -q 'going to number 1, lo' probe.err
	grep -q 'program probe: tcx link on lo ingress' probe.err
	fires probe probe send_to 127.0.0.1
	run ! has_clsact lo
	local link
	link=$(links_of probe)
	bpftool link show id "$link"
	finish probe
	wait_for 5 none_of link "$link"
}

@test "without tcx a tc program is a filter, and -a tcx says what to do" {
	need_no_tcx
	need_clsact
	hook probe tc -1
	begin probe -v probe.json
	filters_on lo ingress | grep -q probe
	finish probe
	run ! has_clsact lo
	fails_with 1 "program probe: this kernel has no tcx (Linux 6.6); a filter is -a probe=tc:lo/ingress" \
		in_net skel-load -a probe=tcx:lo probe.json
}

@test "a filter of tc is seen by tc(8), runs, and goes with the qdisc that it needed" {
	need_clsact
	hook probe tc -1
	begin probe -v -a probe=tc:lo/ingress probe.json
	filters_on lo ingress | grep -q 'pref 1 bpf.*handle 0x1 .*probe.*direct-action'
	fires probe probe send_to 127.0.0.1
	finish probe
	[ -z "$(filters_on lo ingress)" ]
	run ! has_clsact lo
}

@test "-a moves a tc program; the package says side, handle and priority else" {
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
	run ! has_clsact v1
}

@test "-a moves a tc program to another interface and side by link" {
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

@test "sections of tc programs say the side" {
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

@test "the package's attach_point goes before the section; BPF_TC_CUSTOM says why not" {
	need_tcx
	hook probe tc/ingress -1
	edit probe.json '.meta.bpf_skel.progs[0] += {tchook: {ifindex: 1, attach_point: "BPF_TC_EGRESS"}}'
	begin probe -v probe.json
	run ! grep 'names no interface' probe.err
	grep -q "program probe: tcx link on lo egress" probe.err
	finish probe
	edit probe.json '.meta.bpf_skel.progs[0] += {tchook: {attach_point: "BPF_TC_CUSTOM"}}'
	fails_with 1 "program probe: BPF_TC_CUSTOM needs a parent, which a package cannot name" \
		in_net skel-load probe.json
	begin probe -a probe=tcx:lo -v probe.json
	finish probe
}

@test "a taken handle is an error that says what to do, and what has it goes on" {
	need_clsact
	hook first tc -1
	hook second tc -1
	begin first -v -a first=tc:lo first.json
	fails_with 1 "program second: handle 1 at priority 1 on lo ingress is taken; choose another with -a second=tc:lo/ingress,prio=N,handle=N" \
		in_net skel-load -q -a second=tc:lo second.json <<<''
	name=first hook=first fires_again first first send_to 127.0.0.1
	filters_on lo ingress | grep -q first
	finish first
	run ! has_clsact lo
}

@test "without CAP_NET_ADMIN the reason is that" {
	hook probe xdp 2
	fails_with 1 "needs CAP_NET_ADMIN, if it is a program for the network; run as root" \
		in_net setpriv --bounding-set=-net_admin,-sys_admin skel-load probe.json
}

# both FIRST SECOND: two packages run; the one that ends leaves the other.
both_in_any_order() { # ARG of first, ARG of second, CHECK
	local ender stayer
	for ender in one two; do
		stayer=two
		[ $ender = one ] || stayer=one
		begin one -v -a "one=$1" one.json
		begin two -v -a "two=$2" two.json
		name=one hook=one fires_again one one "${@:3}"
		name=two hook=two fires_again two two "${@:3}"
		finish $ender
		name=$stayer hook=$stayer fires_again $stayer $stayer "${@:3}"
		finish $stayer
	done
}

@test "two tc programs by link do not disturb each other in any order of ending" {
	need_tcx
	hook one tc -1
	hook two tc -1
	both_in_any_order tcx:lo tcx:lo send_to 127.0.0.1
}

@test "two tc filters do not disturb each other in any order of ending" {
	need_clsact
	hook one tc -1
	hook two tc -1
	both_in_any_order tc:lo/egress tc:lo/egress,handle=2 send_to 127.0.0.1
	[ -z "$(filters_on lo egress)" ]
	both_in_any_order tc:lo/egress tc:lo/ingress,prio=2 send_to 127.0.0.1
	[ -z "$(filters_on lo egress)$(filters_on lo ingress)" ]
	run ! has_clsact lo
}

@test "a qdisc that skel-load made goes with the last of three filters; one that others made stays" {
	need_clsact
	local order
	hook one tc -1
	hook two tc -1
	hook three tc -1
	for order in "one two three" "two one three" "three one two" "one three two"; do
		begin one -v -a one=tc:lo one.json
		begin two -v -a two=tc:lo,handle=2 two.json
		begin three -v -a three=tc:lo,handle=3 three.json
		# shellcheck disable=SC2086
		set -- $order
		finish "$1"
		finish "$2"
		name=$3 hook=$3 fires_again "$3" "$3" send_to 127.0.0.1
		finish "$3"
		run ! has_clsact lo
	done
	in_net tc qdisc add dev lo clsact
	begin one -v -a one=tc:lo one.json
	begin two -v -a two=tc:lo,handle=2 two.json
	finish one
	finish two
	has_clsact lo
}

@test "a qdisc and filters that others put there stay" {
	need_clsact
	hook probe tc -1
	in_net tc qdisc add dev lo clsact
	begin probe -v -a probe=tc:lo probe.json
	finish probe
	has_clsact lo
	in_net tc qdisc del dev lo clsact
	# Ours came first; a filter that comes later keeps the qdisc.
	begin probe -v -a probe=tc:lo probe.json
	loadable other tc -1
	tc_takes filter add dev lo egress pref 5 bpf da
	finish probe
	[ -n "$(filters_on lo egress)" ]
	[ -z "$(filters_on lo ingress)" ]
	has_clsact lo
}

@test "a filter that took the place of ours is left alone" {
	need_clsact
	hook probe tc -1
	loadable other tc -1
	begin probe -v -a probe=tc:lo probe.json
	tc_takes filter replace dev lo ingress pref 1 handle 1 bpf da
	finish probe
	filters_on lo ingress | grep -q 'other'
}

@test "sk_lookup programs go to the own network namespace, or one by path, name or process" {
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
	fails_with 1 "program probe: netns:/dev/null: that is no network namespace, or this kernel attaches no sk_lookup programs" \
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
	# Packets that come in on lo go to CPUs by their flow.
	in_net unshare -m sh -c 'mount -t sysfs none /sys && echo 3 > /sys/class/net/lo/queues/rx-0/rps_cpus' ||
		skip "needs a kernel with RPS"
	begin probe -v probe.json
	fires probe probe send_to 127.0.0.1
	fails_with 1 "program other: flow_dissector: the network namespace has as many flow_dissector programs as it can" \
		in_net skel-load other.json
	local link
	link=$(links_of probe)
	finish probe
	wait_for 5 none_of link "$link"
	begin other -v other.json
	finish other
}

@test "programs of a map of sockets see what goes through it, until the end" {
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

@test "a sk_skb program without a parser; a named map; a map that is not clear" {
	need_cgroup
	c_program talk
	bpf_package sockets -DBARE -DOTHER
	fails_with 1 "program message: say to which map of sockets it goes with -a message=sockmap:MAP; there are: sockets, others" \
		skel-load -a join=off sockets.json
	fails_with 1 "program message: sockmap:rb: the object has no such map of sockets; it has: sockets, others" \
		skel-load -a join=off -a message=sockmap:rb sockets.json
	begin sockets -v -a "join=cgroup:$CGROUP" -a message=sockmap:others -a arrived=sockmap:sockets sockets.json
	fires sockets arrived in_cgroup ./talk
	run ! runs sockets message
	finish sockets
	bpf_package sockets -DTWICE
	fails_with 1 "program again: map sockets has such a program already (program " \
		skel-load -q -a join=off sockets.json
	hook message sk_msg 1
	fails_with 1 "program message: sk_msg programs belong to a map of sockets, and the object has none" \
		skel-load message.json
}

@test "each kind of cgroup program runs in its cgroup, is seen there, and is gone at the end" {
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

@test "two cgroup programs do not disturb each other in any order of ending" {
	need_cgroup
	c_program talk
	hook one cgroup_skb/egress 1
	hook two cgroup_skb/egress 1
	both_in_any_order "cgroup:$CGROUP" "cgroup:$CGROUP" in_cgroup ./talk
}

@test "cgroup programs of others stay; one that lets no other in is named" {
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
	[[ $stderr == *"program probe: cgroup:$CGROUP: a program there or above it lets no other in (program "*", other); it was left as it is" ]]
	bpftool cgroup show "$CGROUP" | grep -q other
	bpftool cgroup detach "$CGROUP" egress pinned "$pin"
	rm "$pin"
}

@test "a path that is no cgroup of version 2 says so" {
	hook probe cgroup_skb/egress 1
	fails_with 1 "program probe: cgroup:/proc: not a cgroup of version 2; " \
		skel-load -a probe=cgroup:/proc probe.json
	fails_with 1 "program probe: cgroup:./nosuch: no such cgroup" \
		skel-load -a probe=cgroup:./nosuch probe.json
}

# The files in /proc come one by one, while the process may close others.
holds_one() {
	[ "$(held prog "${LOADS[$1]}" | wc -l)" -eq 1 ]
}

@test "link: false holds back programs of every kind, and -a overrules it" {
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

@test "where descriptors run out, the reason is said and nothing is left behind" {
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
		run ! has_clsact lo
	done
	[ -n "$done" ]
}

@test "a program that the package lists twice is an error, and nothing is attached" {
	hook probe xdp 2
	edit probe.json '.meta.bpf_skel.progs += .meta.bpf_skel.progs'
	fails_with 1 "skel-load: program probe: the package lists it twice" in_net skel-load -a probe=xdp:lo probe.json
	[ -z "$(xdp_on lo)" ]
}

@test "what cannot be attached says what it is and why" {
	local section kind why
	while read -r section kind why; do
		hook probe "$section" 0
		fails_with 1 "program probe: $kind programs cannot be attached: $why" skel-load probe.json
		fails_with 1 "leave it out with -a probe=off" skel-load probe.json
	done <<-'END'
		socket socket they belong to one socket, and its owner attaches them
		sk_reuseport sk_reuseport they belong to one socket
		lwt_in lwt_in they belong to a route: see ip-route(8)
		lwt_out lwt_out they belong to a route
		lwt_xmit lwt_xmit they belong to a route
		lwt_seg6local lwt_seg6local they belong to a route
		action action they are an action of a tc filter: see tc(8)
		freplace/main freplace they replace a function of another program
		syscall syscall whoever loads them runs them by a system call
		lirc_mode2 lirc_mode2 they belong to an infrared receiver
		xdp_devmap/x xdp_devmap whoever puts them into a map of devices or CPUs runs them
		xdp_cpumap xdp_cpumap whoever puts them into a map
	END
	hook probe no_such_kind 0
	fails_with 1 "program probe: section no_such_kind: no kind of program that is known here" skel-load probe.json
}

@test "a link stays pinned with --detach; a filter cannot, and says so" {
	local dir=/sys/fs/bpf/skel-net-$NET
	need_clsact
	hook probe xdp 2
	in_net skel-load "--pin=$dir" --detach probe.json > session
	[[ $(xdp_on lo) == xdpgeneric* ]]
	skel-load --unload "$dir"
	# The kernel lets go of a link when it has time.
	wait_for 5 gone_from_lo
	hook filter tc -1
	fails_with 1 "program filter: cannot be left running: it is attached without a link" \
		in_net skel-load "--pin=$dir" --detach -a filter=tc:lo filter.json
	[ -z "$(filters_on lo ingress)" ]
	run ! has_clsact lo
	[ ! -e "$dir" ]
}

@test "kill -9 leaves no link; a filter of tc stays, as the manual says" {
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

# A package of congestion control that has its name for this test alone.
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

@test "a struct of programs is attached as one, runs, and is gone at the end" {
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

control_gone() {
	[[ $(controls) != *$CONTROL* ]]
}

@test "a struct is not attached when it or one of its programs is held back" {
	need_ops
	ops_package
	local what
	for what in slow undo; do
		run -0 --separate-stderr skel-load -v -t 0.1 -a $what=off ops.json
		[[ $stderr != *"map slow: attached"* ]]
	done
	[[ $stderr == *"map slow: not attached, since its program undo is not to be"* ]]
	edit ops.json '(.meta.bpf_skel.progs[] | select(.name == "avoid")).link = false'
	run -0 --separate-stderr skel-load -v -t 0.1 ops.json
	[[ $stderr == *"map slow: not attached, since its program avoid is not to be"* ]]
	fails_with 1 "program begins: struct_ops programs cannot go to xdp:lo; WHERE can only be off" skel-load -a slow=xdp:lo ops.json
	ops_package -DUNUSED
	fails_with 1 "program unused: no struct in section .struct_ops has it" skel-load ops.json
}

@test "kill -9 and --detach: a struct is held by a link where the kernel has that" {
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
