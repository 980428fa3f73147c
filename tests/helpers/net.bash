# Programs on hooks of the network; `load ../helpers/net`, after load.  Each test has a
# network namespace of its own, NET, with lo up.

declare -gA LOADS

# make_net: for setup().
make_net() {
	need_bpf
	unshare -n sleep 1000 3>&- &
	NET=$!
	wait_for 5 other_net || skip "needs network namespaces"
	in_net ip link set lo up
}

# end_net: for teardown().
end_net() {
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

# Make a pair of interfaces: packets to 10.9.9.2 leave through v0 and arrive on v1.
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

# Make a cgroup of version 2; CGROUP is its relative path.
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

# hook NAME SECTION RESULT: make the package NAME.json of a program called NAME
# that returns RESULT.
hook() {
	bpf_package hook "-DSECTION=\"$2\"" "-DNAME=$1" "-DRESULT=$3"
	mv hook.json "$1.json"
}

# loadable NAME SECTION RESULT: make an object NAME.o that other loaders can load.
loadable() {
	bpf_object hook "-DSECTION=\"$2\"" "-DNAME=$1" "-DRESULT=$3" -DUNTYPED
	mv hook.bpf.o "$1.o"
}

# begin NAME ARG...: run skel-load in the background, in the network namespace NET
# or in that of the file FROM, and wait for its header, which it writes when all
# programs are attached.
begin() {
	local name=$1
	shift
	rm -f "$name.out" "$name.err"
	nsenter -n"${FROM:-/proc/$NET/ns/net}" -- skel-load "$@" > "$name.out" 2> "$name.err" 3>&- &
	LOADS[$name]=$!
	wait_for 10 has_header "$name.out" || { cat "$name.err"; return 1; }
}

# finish NAME [SIGNAL]: end it with the signal and return its exit status.
finish() {
	local pid=${LOADS[$1]}
	unset "LOADS[$1]"
	kill -"${2:-TERM}" "$pid"
	wait "$pid"
}

links_of() {
	held link "${LOADS[$1]}"
}

# runs NAME HOOK: NAME's stream has a record of HOOK.
runs() {
	skel-fmt -q --json < "$1.out" 2>/dev/null | grep -q "\"hook\":\"$2\""
}

# fires NAME HOOK COMMAND...: run the command until a record of HOOK appears.
fires() {
	local name=$1 hook=$2
	shift 2
	wait_for 5 fired "$@" || { echo "$hook did not run"; cat "$name.err"; return 1; }
}

fired() {
	"$@"
	runs "$name" "$hook"
}

# fires_again NAME HOOK COMMAND...: run the command until one more record appears.
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

# both_in_any_order PLACE_OF_ONE PLACE_OF_TWO COMMAND...: attach both programs.
# Each runs on the command, and goes on when the other ends, whichever ends first.
both_in_any_order() {
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

xdp_on() {
	in_net ip link show "$1" | grep -oE 'xdp[a-z]* ' | head -n 1
}
