#!/usr/bin/env bats
# SKEL_TIME: the time of a record is the one that the program keeps in it, by the
# clock of its kind, and not that at which it was read.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	end_background
}

# trace COMMAND ARG...: print the records of the programs that start while COMMAND,
# which ends with skel-load's options, runs; set BEFORE and AFTER to the time then.
trace() {
	BEFORE=$(date +%s%N)
	run -0 --separate-stderr "$@" -n 1 -t 20 -c 'sh -c "date; date"' times.bpf.o
	AFTER=$(date +%s%N)
}

# happened_before SECONDS [STREAM]: the records of the stream, or of trace, have the
# time of so many seconds before.
happened_before() {
	local time times
	skel-fmt --csv --time=ns -H "${2:-/dev/stdin}" <<<"$output" > times.csv
	mapfile -t times < <(cut -d, -f2 times.csv)
	[ "${#times[@]}" -gt 0 ]
	for time in "${times[@]}"; do
		[ "$time" -ge $((BEFORE - $1 * 1000000000)) ]
		[ "$time" -le $((AFTER - $1 * 1000000000)) ]
	done
}

@test "the time of a record is that of its member, by the clock of its kind" {
	bpf_object times
	trace skel-load -f json
	happened_before 60
	bpf_object times -DBOOT
	trace skel-load -f json
	happened_before 60
	# Binary records have it too.
	skel-load -n 1 -t 20 -c 'sh -c "date; date"' times.bpf.o > run.skel
	AFTER=$(date +%s%N)
	happened_before 60 run.skel
}

@test "a time of another clock is said late by --as" {
	bpf_object times
	trace skel-load -f json --as at.mono=realtime
	# It counts from 1970, in which the machine was not up.
	[[ $output == *'"@time":"1970-01-'* ]]
}

@test "a record whose time is 0 has that at which it was read" {
	bpf_object times -DNEVER
	trace skel-load -f json
	happened_before 0
}

@test "a member that is no 64-bit integer is no time, which is said" {
	bpf_object times -DJIFFIES
	trace skel-load -f json
	happened_before 60
	[[ $stderr != *jiffies* ]]
	sed 's/unsigned long long mono OF_MONO/unsigned long long mono/' "$PROGRAMS/times.bpf.c" > other.bpf.c
	clang -g -O2 -target bpf -DJIFFIES -iquote "$ROOT/assets" \
		-idirafter "/usr/include/$(cc -dumpmachine)" -c -o times.bpf.o other.bpf.c
	trace skel-load -f json
	happened_before 0
	[[ $stderr == *'map rb: jiffies is no 64-bit integer, and so not the time of the records'* ]]
}

@test "readers of a session find the time too" {
	bpf_object times
	BEFORE=$(date +%s%N)
	start_pipe "skel-load --pin times.bpf.o | skel-poll -f json -n 2 > run.skel"
	wait_for 10 has_header run.skel
	date > /dev/null
	date > /dev/null
	wait_pipe
	AFTER=$(date +%s%N)
	happened_before 60 run.skel
}

@test "the time namespace of the loader does not matter" {
	unshare --time --boottime 7200 --monotonic 3600 --fork true ||
		skip "needs a kernel with time namespaces"
	bpf_object times
	trace unshare --time --boottime 7200 --monotonic 3600 --fork skel-load -f json
	happened_before 60
	bpf_object times -DBOOT
	trace unshare --time --boottime 7200 --monotonic 3600 --fork skel-load -f json
	happened_before 60
}
