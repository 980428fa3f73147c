#!/usr/bin/env bats
# Names of numbers that only the host of the records knows: skel-lookup finds them while
# they can be found, and the stream has them when they no longer can.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	unshare -m true || skip "needs mount namespaces"
	cd "$BATS_TEST_TMPDIR"
	bpf_package host-names -I "$ASSETS"
	c_program getpgid
	chmod 755 getpgid
	ID=$(printf '0123456789abcdef%.0s' 1 2 3 4)
	cp /etc/passwd /etc/group /etc/nsswitch.conf .
}

teardown() {
	kill_load
	ip link del skelnames1 2>/dev/null || :
	if [ -d cgroups ]; then
		wait_for 5 remove_cgroups || :
		umount cgroups || :
	fi
}

# start_with_files: start skel-load where the files in this directory are those of /etc,
# with its output in out and err.
start_with_files() {
	: > out
	# shellcheck disable=SC2016
	LD_LIBRARY_PATH=. unshare -m sh -c 'for f in passwd group nsswitch.conf; do
		mount --bind $f /etc/$f || exit; done; exec "$@"' sh skel-load host-names.json > out 2> err 3>&- &
	# shellcheck disable=SC2034
	LOAD=$!
	wait_for 20 grep -aq '"maps"' out || { cat err; return 1; }
}

# call UID LINK: call getpgid(2) as this user, in the cgroup of CALLER_CGROUP if that is set.
call() {
	# shellcheck disable=SC2016
	sh -c '[ -z "$CALLER_CGROUP" ] || echo $$ > "$CALLER_CGROUP/cgroup.procs" || exit
		exec setpriv --reuid="$1" --regid="$1" --clear-groups ./getpgid "$2"' sh "$1" "$2"
}

# records N: there are so many records.
records() {
	[ "$(skel-fmt --json --numeric out 2>/dev/null | grep -c '"uid"')" -ge "$1" ]
}

# texts COLUMN...: print these texts of the records of the users from 400000 to 500000.
texts() {
	local columns
	columns=$(printf ',.%s_text' "$@")
	skel-fmt --json out 2>/dev/null | jq -r "select((.uid // 0) >= 400000 and .uid < 500000) | [${columns#,}] | join(\" \")"
}

need_cgroups() {
	mkdir cgroups
	mount -t cgroup2 none cgroups || { rmdir cgroups; skip "needs cgroups of version 2"; }
	CGROUP=skel-names-$BASHPID
}

remove_cgroups() {
	[ ! -d "cgroups/$CGROUP" ] || find "cgroups/$CGROUP" -depth -type d -exec rmdir {} +
}

@test "users, groups, interfaces, cgroups and containers that have gone keep their names" {
	local link
	need_cgroups
	echo "skel user:x:424242:424242::/:/bin/sh" >> passwd
	echo "skelgroup:x:424242:" >> group
	start_with_files
	ip link add skelnames1 type veth peer name skelnames2 || skip "needs virtual interfaces"
	link=$(cat /sys/class/net/skelnames1/ifindex)
	mkdir -p "cgroups/$CGROUP/docker-$ID.scope"
	export CALLER_CGROUP="cgroups/$CGROUP/docker-$ID.scope"
	call 424242 "$link"
	# Before Linux 6.6 only what lives for a moment has a path.
	[ "$(stat -f -c %i cgroups)" != 0 ] || wait_for 10 told 424242
	wait_for 5 remove_cgroups
	ip link del skelnames1
	wait_for 10 records 1
	end_load
	[ ! -s err ] || { cat err; return 1; }
	# The files of this host have never had the user.
	run ! getent passwd 424242
	is "skel user skelgroup skelnames1 /$CGROUP/docker-$ID.scope 0123456789ab" \
		"$(texts uid gid link cgroup container)"
}

# service_process: print the process of this skel-load that asks the service; the worker
# for the names of this host is the other one.
service_process() {
	pgrep -u 65534 -P "$(pgrep -P "$LOAD" -x skel-lookup)"
}
worker() {
	pgrep -u 0 -P "$(pgrep -P "$LOAD" -x skel-lookup)"
}

@test "a worker that ends over a name is said once, and the next one finds names" {
	local i
	echo "later:x:424299:424299::/:/bin/sh" >> passwd
	start_with_files
	call 424241 1
	wait_for 10 told 424241
	for i in 1 2; do
		kill -STOP "$(worker)"
		call $((424241 + i)) 1
		wait_for 10 records $((1 + i))
		# The request is on its way to the worker.
		sleep 0.5
		kill -KILL "$(worker)"
		wait_for 10 told $((424241 + i))
	done
	call 424299 1
	wait_for 10 told 424299
	end_load
	is "skel-load: some users, groups, interfaces and cgroups are shown as numbers: the process that finds their names had to be started again" \
		"$(cat err)"
	is $'424241\n424242\n424243\nlater' "$(texts uid)"
}

# told UID: the stream has the name of the user, or that there is none.
told() {
	grep -aqE "\"kind\":\"uid\".*[[]$1," out
}

# compile_service: the service that nsswitch.conf then names for users.
compile_service() {
	cc -O1 -shared -fPIC -o libnss_skeltest.so.2 "$PROGRAMS/nss.c"
	sed -i '/^passwd:/d' nsswitch.conf
	echo "passwd: files skeltest" >> nsswitch.conf
}

@test "users are asked of the services in nsswitch.conf, by a process without privileges" {
	local pid
	compile_service
	start_with_files
	call 434343 1
	call 434345 1
	wait_for 10 told 434345
	pid=$(service_process)
	grep -q '^CapPrm:	0*$' "/proc/$pid/status"
	grep -q '^NoNewPrivs:	1$' "/proc/$pid/status"
	end_load
	[ ! -s err ] || { cat err; return 1; }
	is $'of-service lo\n434345 lo' "$(texts uid link)"
	[ ! -d "/proc/$pid" ]
}

@test "a service that does not answer holds up neither records nor other names" {
	local pid
	compile_service
	start_with_files
	call 434344 1
	call 0 1
	call 434343 1
	wait_for 20 told 434343
	pid=$(service_process)
	end_load
	[ ! -s err ] || { cat err; return 1; }
	is $'434344 lo\n434343 lo' "$(texts uid link)"
	skel-fmt --json out | jq -se 'any(.uid == 0 and .uid_text == "root")'
	wait_for 5 test ! -d "/proc/$pid"
}
