#!/usr/bin/env bats
# Lost records are counted: produced = received + lost, for each kind of buffer and
# each way to read it.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

# The calls from each CPU while the reader runs, and while it is stopped.  On any
# machine a buffer of one page then loses more than ten times what it holds.
LIVE=5
STOPPED=100

setup() {
	note_places
	need_bpf
	has_symbol bpf_loop || skip "needs a kernel with bpf_loop()"
	cd "$BATS_TEST_TMPDIR"
	LOAD='' POLL='' READER=''
	DIR=/sys/fs/bpf/skel-test-$BASHPID
}

teardown() {
	local pid
	for pid in $LOAD $POLL $READER; do
		kill -CONT "$pid" 2>/dev/null || :
		kill -KILL "$pid" 2>/dev/null || :
	done
	[ ! -d "$DIR" ] || skel-load -q --unload "$DIR" || :
	sweep
}

# Let a skel-load remove what a killed session left.
sweep() {
	[ -z "$LOAD" ] || skel-load -q --check "$ASSETS/bootstrap.json" > /dev/null || :
}

# flood_standing N PID: call flood while the process is stopped.
flood_standing() {
	kill -STOP "$2"
	wait_for 10 stands "$2"
	flood "$1"
	kill -CONT "$2"
}

stands() {
	grep -q '^State:.T' "/proc/$1/status"
}

# map_ids: print the ids of the maps that skel-load holds.
map_ids() {
	cat "/proc/$LOAD"/fdinfo/* 2>/dev/null | awk '/^map_id:/ { print $2 }' | sort -un
}

# number NAME: print the program's variable of that name.
number() {
	local id
	for id in $(map_ids); do
		bpftool -j map dump id "$id" 2>/dev/null |
			jq --arg name "$1" '.. | .[$name]? // empty' 2>/dev/null
	done | sort -un | tail -n 1
}

# produced: print how many records the program counted itself.
produced() {
	local id
	for id in $(map_ids); do
		bpftool -j map dump id "$id" 2>/dev/null |
			jq '.. | .produced? // empty' 2>/dev/null
	done | sort -un | tail -n 1
}

# Print what the stream has: the records that a reader finds in it, and the losses.
received() {
	skel-fmt -q --json out | wc -l
}

lost_lines() { # FILE
	grep -a '^{"@lost"' "$1" | jq -s 'map(.["@lost"].count) | add // 0'
}

the_end() {
	tail -n 1 out | jq -c '.["@end"] | del(.rings)'
}

# lost_is N: the stream has reported N lost records.
lost_is() {
	[ "$(lost_lines out)" -eq "$1" ]
}

# check_sum STATUS STDERR_OF: after a flood, produced = received + lost.
check_sum() {
	local received lost
	received=$(received)
	lost=$(lost_lines out)
	echo "# $BATS_TEST_DESCRIPTION: produced $PRODUCED, received $received, lost $lost" >&3
	[ "$1" -eq 3 ]
	[ "$PRODUCED" -eq $((received + lost)) ]
	[ "$PRODUCED" -ge $((10 * received)) ]
	[ "$received" -gt 0 ]
	is "{\"records\":$received,\"lost\":$lost}" "$(the_end)"
	is "$2: $lost records were lost" "$(grep -o '^.* lost' err)"
}

# end_with PID: end the process and set STATUS to its exit status.
end_with() {
	STATUS=0
	wait "$1" || STATUS=$?
}

# last_one: wait until no more records arrive, then make one more, since a perf
# buffer reports losses only with the next record.
last_one() {
	wait_for 10 is_quiet
	python3 -c 'import os
try:
    os.getpgid(987654322)
except ProcessLookupError:
    pass'
}

# is_quiet: no record has arrived since a moment ago.
is_quiet() {
	local before
	before=$(stat -c %s out)
	sleep 0.2
	[ "$(stat -c %s out)" -eq "$before" ]
}

# flood_load: make a flood for skel-load, which runs the package made before.
flood_load() {
	edit flood.json '.meta.perf_buffer_pages = 1'
	start_load flood.json
	flood "$LIVE"
	flood_standing "$STOPPED" "$LOAD"
	flood "$LIVE"
	last_one
	PRODUCED=$(produced)
	kill "$LOAD"
	end_with "$LOAD"
	LOAD=
	check_sum "$STATUS" skel-load
}

# start_session ARG...: run skel-load --pin with the pid LOAD and skel-poll with the
# pid POLL, and wait until that polls; out has its stream.
start_session() {
	mkfifo session
	skel-load --pin "$@" > session 2> err.load 3>&- &
	LOAD=$!
	skel-poll < session > out 2> err 3>&- &
	POLL=$!
	wait_for 10 has_header out || { cat err err.load; return 1; }
}

flood_session() {
	edit flood.json '.meta.perf_buffer_pages = 1'
	start_session flood.json
	flood "$LIVE"
	flood_standing "$STOPPED" "$POLL"
	flood "$LIVE"
	last_one
	PRODUCED=$(produced)
	kill "$LOAD"
	end_with "$LOAD"
	LOAD=
	[ "$STATUS" -eq 0 ]
	end_with "$POLL"
	POLL=
	check_sum "$STATUS" skel-poll
}

@test "a ring buffer that skel-load reads: produced = received + lost" {
	bpf_package flood
	flood_load
	jq -se '.[0].maps[0].lost == "flood_of_more_than_15_lost_samples"' <(head -n 1 out)
}

@test "a perf buffer that skel-load reads: produced = received + lost" {
	bpf_package flood -DPERF
	flood_load
}

@test "a ring buffer of a session: produced = received + lost" {
	bpf_package flood
	flood_session
}

@test "a perf buffer of a session: produced = received + lost" {
	bpf_package flood -DPERF
	flood_session
}

@test "a ring buffer with a stopped reader and a full pipe: produced = received + lost" {
	bpf_package flood
	mkfifo slow
	exec 4<> slow
	skel-load flood.json > slow 2> err 3>&- 4>&- &
	LOAD=$!
	wait_for 10 attached
	# Fill the pipe and the ring, and lose many more records than all buffers on the
	# way can hold.
	while [ "$(counted)" -lt 300000 ]; do
		flood "$STOPPED"
	done
	exec 5< slow
	exec 4<&-
	cat <&5 > out &
	READER=$!
	exec 5<&-
	PRODUCED=$(produced)
	kill "$LOAD"
	end_with "$LOAD"
	LOAD=
	wait "$READER"
	READER=
	check_sum "$STATUS" skel-load
}

# attached: the program is attached and runs.
attached() {
	flood 1
	[ "$(produced)" -gt 0 ]
}

# counted: print how many records the program itself counted as lost.
counted() {
	local id
	for id in $(map_ids); do
		bpftool -j map show id "$id" | jq -e '.type == "percpu_array"' >/dev/null || continue
		bpftool -j map dump id "$id" | jq '[.[0].formatted.values[].value] | add'
		return
	done
}

@test "losses are reported while the ring is quiet, and only once" {
	bpf_package flood
	start_load flood.json
	flood_standing 5 "$LOAD"
	local lost
	lost=$(counted)
	[ "$lost" -gt 1000 ]
	wait_for 10 lost_is "$lost"
	is "{\"@lost\":{\"map\":\"flood_of_more_than_15\",\"count\":$lost}}" "$(grep -a '^{"@lost"' out)"
	STATUS=0
	end_load || STATUS=$?
	[ "$STATUS" -eq 3 ]
	[ "$(lost_lines out)" -eq "$lost" ]
	is "skel-load: $lost records were lost; for larger buffers: --map flood_of_more_than_15=entries:8K" "$(grep ' lost' err)"
}

@test "a counter that stays at zero is not reported, and the exit status is 0" {
	bpf_package flood
	start_load flood.json --burst 10
	flood 1
	end_load
	is '"lost":0}' "$(the_end | grep -o '"lost":.*')"
	[ "$(received)" -gt 0 ]
	run ! grep -a '@lost' out
	run ! grep ' lost' err
}

# all_there COUNT: out has this number of records.
all_there() {
	[ "$(grep -ac '^=' out)" -eq "$1" ]
}

# bats test_tags=kernel:any
@test "nothing is lost of a flood from all CPUs that the ring can hold" {
	bpf_package flood -DROOM=67108864
	start_load flood.json
	flood 100
	wait_for 60 all_there $((100 * 1024 * $(nproc)))
	end_load
	is "{\"records\":$((100 * 1024 * $(nproc))),\"lost\":0}" "$(the_end)"
	is '' "$(cat err)"
}

@test "several readers of a session, one after another, report each loss once" {
	bpf_package flood
	skel-load --pin="$DIR" --detach flood.json > session 2> err.load
	flood 5
	local lost first
	lost=$(bpftool -j map dump pinned "$DIR/lost_flood_of_more_than_15" | jq '[.[0].formatted.values[].value] | add')
	[ "$lost" -gt 1000 ]
	# The ring has what nobody read; the rest was lost before this reader came.
	STATUS=0
	skel-poll --once session > out 2> err || STATUS=$?
	[ "$STATUS" -eq 3 ]
	[ "$(lost_lines out)" -eq "$lost" ]
	first=$(received)
	[ $((first + lost)) -eq $((5 * 1024 * $(nproc))) ]
	skel-poll --once session > out 2> err
	is '{"records":0,"lost":0}' "$(the_end)"
	flood 5
	STATUS=0
	skel-poll --once session > out 2> err || STATUS=$?
	[ "$STATUS" -eq 3 ]
	[ $(($(received) + $(lost_lines out))) -eq $((5 * 1024 * $(nproc))) ]
	skel-load --unload "$DIR"
	[ ! -e "$DIR" ]
}

@test "-n reports what was lost before the last record" {
	bpf_package flood
	start_load -n 100 flood.json
	flood_standing 5 "$LOAD"
	flood 5
	end_with "$LOAD"
	LOAD=
	[ "$STATUS" -eq 3 ]
	[ "$(the_end | jq .records)" -eq 100 ]
	[ "$(lost_lines out)" -ge 1000 ]
	[ "$(the_end | jq .lost)" -eq "$(lost_lines out)" ]
}

# bats test_tags=kernel:any
@test "a map with the counter's name that is not a counter is reported in one line and not used" {
	bpf_package flood -DCOUNTER=BPF_MAP_TYPE_ARRAY
	run -0 --separate-stderr skel-load --check flood.json
	is "" "$stderr"
	run -0 --separate-stderr skel-load --check --as-is flood.json
	is "skel-load: flood.json: map flood_of_more_than_15: lost records are not counted: map flood_of_more_than_15_lost_samples is not a per-CPU array of one 64-bit number" "$stderr"
	start_load --as-is flood.json
	flood 1
	end_load
	run -0 jq -e '.maps | map(.name, .lost) == ["flood_of_more_than_15", null]' <(head -n 1 out)
	[ "$(grep -c 'not counted' err)" -eq 1 ]
}

# bats test_tags=kernel:any
@test "the counter is not exported, whatever the package says about its maps" {
	bpf_package flood
	start_load flood.json
	run -0 jq -e '.maps | map(.name) == ["flood_of_more_than_15"]' <(head -n 1 out)
	end_load
	# The reference compiler lists it like this.
	jq -c --argjson id "$(type_id flood.bpf.o event)" '
		.meta.enable_multiple_export_types = true
		| .meta.export_types = []
		| .meta.bpf_skel.maps |= map(.export_config =
			if .name == "flood_of_more_than_15" then {btf_type_id: $id} else "no_export" end)' flood.json > ref.json
	start_load ref.json
	run -0 jq -e '.maps | map(.name, .lost) == ["flood_of_more_than_15", "flood_of_more_than_15_lost_samples"]' <(head -n 1 out)
	flood_standing 2 "$LOAD"
	wait_for 10 grep -qa '@lost' out
	end_load || [ $? -eq 3 ]
	# The package may also not mention it.
	edit ref.json '.meta.bpf_skel.maps |= map(select(.name != "flood_of_more_than_15_lost_samples"))'
	start_load ref.json
	run -0 jq -e '.maps[0].lost == "flood_of_more_than_15_lost_samples"' <(head -n 1 out)
	end_load
}

# of RING: print the records of the ring in the stream, and the losses.
of() {
	echo $(($(skel-fmt -q --json -m "$1" out | wc -l) + $(grep -a '^{"@lost"' out |
		jq -s --arg ring "$1" 'map(.["@lost"] | select(.map == $ring).count) | add // 0')))
}

# check_silent STATUS: each ring of silent.bpf.c has lost most of its records, and
# says exactly how many.
check_silent() {
	local lost
	lost=$(lost_lines out)
	[ "$1" -eq 3 ]
	[ "$PRODUCED" -gt 1000 ]
	[ "$(of reserved)" -eq $((PRODUCED - DISCARDED)) ]
	[ "$(of written)" -eq "$PRODUCED" ]
	[ "$(of both)" -eq "$PRODUCED" ]
	[ "$(of even)" -eq $((PRODUCED - PRODUCED / 2)) ]
	[ "$(of odd)" -eq $((PRODUCED / 2)) ]
	[ "$lost" -gt "$PRODUCED" ]
	is "$lost" "$(the_end | jq .lost)"
	is "$2: $lost records were lost" "$(grep -oE '^[a-z-]*: [0-9]+ records were lost' err)"
}

# flood_silent PID: call silent.bpf.c while the process reads, while it is stopped,
# and again.
flood_silent() {
	export PGID=987654323
	flood "$LIVE"
	flood_standing 1000 "$1"
	flood "$LIVE"
	wait_for 10 is_quiet
	PRODUCED=$(number produced)
	DISCARDED=$(number discarded)
	: "${DISCARDED:=0}"
}

# silent_load [FLAG...]
silent_load() {
	bpf_package silent "$@"
	start_load silent.json
	flood_silent "$LOAD"
	kill "$LOAD"
	end_with "$LOAD"
	LOAD=
	check_silent "$STATUS" skel-load
}

@test "a program that does not count is made to count, in both helpers, functions and rings chosen late" {
	silent_load
	# A single ring says the same of the same object.
	rm out
	start_load -m written silent.bpf.o
	flood_standing 100 "$LOAD"
	PRODUCED=$((100 * $(nproc)))
	STATUS=0
	end_load || STATUS=$?
	[ "$STATUS" -eq 3 ]
	[ "$(of written)" -eq "$PRODUCED" ]
	is '["written"]' "$(head -n 1 out | jq -c '.maps | map(.name)')"
}

@test "a discarded record is not a lost one" {
	silent_load -DDISCARD=1
	[ "$DISCARDED" -gt 0 ]
}

@test "calls that write through a dynptr are counted where the kernel has them" {
	has_symbol bpf_ringbuf_reserve_dynptr || skip "needs a kernel with dynptrs"
	silent_load -DDYNPTR
}

@test "the readers of a session report what a program lost that does not count" {
	bpf_package silent
	start_session silent.json
	flood_silent "$POLL"
	kill "$LOAD"
	end_with "$LOAD"
	LOAD=
	end_with "$POLL"
	POLL=
	check_silent "$STATUS" skel-poll
	skel-load --pin="$DIR" --detach silent.json >kept 2>err.load
	local sum=0
	for _ in 1 2 3; do
		flood 50
		skel-poll --once kept >out 2>err || [ $? -eq 3 ]
		((sum += $(of reserved) + $(of written)))
		skel-poll --once kept >out 2>err
		is '{"records":0,"lost":0}' "$(the_end)"
	done
	skel-load --unload "$DIR"
	[ "$sum" -eq $((2 * 3 * 50 * $(nproc))) ]
}

# bats test_tags=kernel:any
@test "-v lists the calls that are counted, --as-is counts none, and -n and --check work with both" {
	bpf_package silent
	export PGID=987654323
	run -0 --separate-stderr skel-load --check -v silent.json
	grep -q 'silent.json: .text, instruction [0-9]*: the call of bpf_ringbuf_output() for written is counted' <<<"$stderr"
	grep -q 'sys_enter_getpgid, instruction [0-9]*: the call of bpf_ringbuf_reserve() for reserved is counted' <<<"$stderr"
	grep -q '.text, instruction [0-9]*: the call of bpf_ringbuf_output() for a ring buffer is counted' <<<"$stderr"
	[ "$(grep -c 'is counted$' <<<"$stderr")" -eq 4 ]
	run -0 --separate-stderr skel-load --check -v --as-is silent.json
	run ! grep counted <<<"$stderr"
	# Nothing is counted twice.
	bpf_package flood
	run -0 --separate-stderr skel-load --check -v flood.json
	run ! grep 'is counted' <<<"$stderr"
	start_load --as-is silent.json
	flood_standing 100 "$LOAD"
	end_load
	is 0 "$(the_end | jq .lost)"
	is '[null]' "$(head -n 1 out | jq -c '.maps | map(.lost) | unique')"
}

# bats test_tags=kernel:any
@test "a program whose functions nest too deeply for a counted call is loaded as it was written" {
	bpf_package silent -DDEEP
	run -0 --separate-stderr skel-load --check silent.json
	is "skel-load: silent.json: the kernel refuses the program if its calls are counted, so records that do not fit into a ring buffer are lost uncounted" "$stderr"
	[[ $output == "program write_deep tracepoint tracepoint/syscalls/sys_enter_getpgid ok, "* ]]
	run -0 --separate-stderr skel-load --check --as-is silent.json
	is "" "$stderr"
}

# refuses FILTER MESSAGE COMMAND...: the command refuses the session, changed by the
# jq filter, with one line.
refuses() {
	local filter=$1 message=$2
	shift 2
	jq -c "$filter" out > wrong
	fails_with 1 "$message" "$@" wrong
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

# bats test_tags=kernel:any
@test "a session whose counter is not a counter is refused in one line" {
	bpf_package flood
	start_load --pin="$DIR" flood.json
	refuses '.maps[0].lost_pin = .maps[0].pin' "skel-poll: map flood_of_more_than_15: its counter of lost records is no percpu_array of one 64-bit number" \
		skel-poll --once
	refuses '.maps[0].told_pin = .maps[0].lost_pin' "map flood_of_more_than_15: its counter of lost records is no array of one 64-bit number" \
		skel-poll --once
	refuses '.maps[0].lost_pin = "/sys/fs/bpf/other/x"' "its pin /sys/fs/bpf/other/x is not in the session's directory" \
		skel-poll --once
	refuses 'del(.maps[0].lost_pin)' 'maps[0]' skel-poll --once
	refuses '.maps[0].source = "perf"' 'maps[0].lost: only a ring buffer can have a counter' skel-poll --once
	end_load
}
