#!/usr/bin/env bats
# skel-lookup, the process that finds names: what it may cost whom, and that records go
# on without it.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	OTHERS=()
}

teardown() {
	local pid
	kill_load
	for pid in "${OTHERS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# start_busy: start a well-behaved process that is busy in hot(), with the pid GOOD.
start_busy() {
	c_program busy -fno-omit-frame-pointer
	./busy 3>&- &
	GOOD=$!
	OTHERS+=("$GOOD")
}

# children PID: print the processes that descend from the process.
children() {
	local child
	for child in $(pgrep -P "$1"); do
		echo "$child"
		children "$child"
	done
}

# lookups PID: print those of them that find names.
lookups() {
	local pid
	for pid in $(children "$1"); do
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) != skel-lookup ]] || echo "$pid"
	done
}

@test "--no-symbols starts no process that finds names, and shows addresses" {
	start_load -f json --no-symbols "$ASSETS/profile.json"
	wait_for 10 grep -q '"ustack":\[{' out
	[ -z "$(children "$LOAD")" ]
	end_load
	[ ! -s err ]
	head -n 1 out | jq -e 'has("symbols") | not'
	[ "$(jq -c 'select(.["@map"]) | .ustack[], .kstack[] | keys' out | sort -u)" = '["addr"]' ]
	start_load --pin --no-symbols "$ASSETS/profile.json"
	skel-poll -f json --no-symbols out > polled 3>&- &
	OTHERS+=($!)
	wait_for 10 grep -q '"ustack":\[{' polled
	[ -z "$(children "${OTHERS[0]}")" ]
	end_load
	wait "${OTHERS[0]}"
	head -n 1 polled | jq -e 'has("symbols") | not'
	[ "$(jq -c 'select(.["@map"]) | .ustack[], .kstack[] | keys' polled | sort -u)" = '["addr"]' ]
}

@test "skel-lookup that is started by hand does nothing" {
	fails_with 2 "this program is started by skel-load, skel-poll and the C library, not by hand" \
		skel-lookup < /dev/null
	run -2 python3 -c 'import socket, subprocess, sys
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
sys.exit(subprocess.call(["skel-lookup"], stdin=b))'
}
