#!/usr/bin/env bats
# A pipe with nothing to do sleeps: no process of it wakes up without an event, a
# pass or a time that was asked for.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	PIPES=() LOAD=''
}

teardown() {
	end_background
	kill_load
}

# call: make the one call that idle.bpf.c has a record for.
call() {
	python3 -c '
import os
try:
    os.getpgid(987654321)
except OSError:
    pass'
}

# has_record TEXT: the record of another call came with this text.
has_record() {
	call
	grep -q "$1" out
}

# family PID...: print these processes and all that they have started.
family() {
	local pid
	for pid; do
		echo "$pid"
		# shellcheck disable=SC2046
		family $(pgrep -P "$pid")
	done
}

# waits: print how often each process of the pipes has begun to wait.
waits() {
	local pid
	for pid in $(family "${PIPES[@]}"); do
		awk -v pid="$pid" '$1 == "Name:" { name = $2 }
			$1 == "voluntary_ctxt_switches:" { print name, pid, $2 }' "/proc/$pid/status"
	done
}

# rests: nothing woke up for a second.
rests() {
	local before
	before=$(waits)
	sleep 1
	[ "$before" = "$(waits)" ]
}

# sleeps COMMAND...: once they have come to rest, these commands wait, and none of
# them wakes up for three seconds, longer than any of them could wait by itself.
sleeps() {
	local before name
	wait_for 10 rests || { waits; return 1; }
	before=$(waits)
	for name; do
		grep -q "^$name " <<<"$before" || { echo "no $name"; return 1; }
	done
	sleep 3
	is "$before" "$(waits)"
}

@test "no stage of a pipe wakes up while nothing happens" {
	bpf_package idle
	start_pipe 'skel-load idle.json 2> err | skel-grep "n >= 0" | skel-fmt --csv > out'
	start_pipe 'skel-load idle.json | skel-count --by n | skel-poll | skel-fmt > counts'
	wait_for 20 has_record ,0
	sleeps skel-load skel-grep skel-count skel-poll skel-fmt
	call
	wait_for 10 grep -q ,1 out
	stop_pipe
	grep -q 1 counts
}

@test "a pipe with stacks and names, for which a process looks, sleeps as deeply" {
	bpf_package host-names
	start_pipe 'skel-load host-names.json 2> err | skel-fmt > out'
	wait_for 20 eval 'waits | grep -q "^skel-lookup "'
	sleeps skel-load skel-fmt skel-lookup
	stop_pipe
}

@test "records that do not wake their reader are looked for" {
	bpf_package idle -DFLAGS=flags
	start_pipe 'skel-load idle.json 2> err | skel-fmt --csv > out'
	wait_for 20 has_record ,0
	call
	# By itself, without the other calls of has_record.
	wait_for 10 grep -q ,1 out
	stop_pipe
}

@test "a session is read without waking up, and its end is noticed" {
	local dir=/sys/fs/bpf/skel-idle-$BASHPID
	bpf_package idle
	start_load --pin="$dir" idle.json
	start_pipe 'skel-poll out 2> err.poll | skel-fmt --csv > rows'
	wait_for 20 eval 'call; grep -q ,0 rows'
	sleeps skel-poll skel-fmt
	end_load
	wait_pipe
	[ ! -d "$dir" ]
}

@test "the end of the process that holds a session is noticed, and of a detached one" {
	local dir=/sys/fs/bpf/skel-idle-$BASHPID pid
	bpf_package idle
	start_load --pin="$dir" idle.json
	start_pipe 'skel-poll out 2> err.poll | skel-fmt --csv > rows'
	wait_for 20 eval 'call; grep -q ,0 rows'
	pid=$LOAD LOAD=''
	kill -9 "$pid"
	wait_pipe
	[ ! -d "$dir" ]
	skel-load --pin="$dir" --detach idle.json > session
	start_pipe 'skel-poll session 2> err.poll | skel-fmt --csv > rows'
	wait_for 20 eval 'call; grep -q ,0 rows'
	sleeps skel-poll skel-fmt
	skel-load --unload "$dir"
	wait_pipe
}

@test "the trace pipe is read when a line is printed, and not before" {
	bpf_package idle -DPRINT
	start_pipe 'skel-load --trace-pipe idle.json 2> err | skel-fmt --csv > out'
	wait_for 20 has_record ,0
	sleeps skel-load skel-fmt
	call
	wait_for 10 eval '[ "$(grep -c "getpgid 987654321" err)" -ge 2 ]'
	stop_pipe
}
