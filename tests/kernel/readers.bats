#!/usr/bin/env bats
# Several readers of one session share its records: none comes twice, and all is
# counted once.  And a ring buffer that was full is told where nothing counts what
# it lost.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

MAP=flood_of_more_than_15

setup() {
	note_places
	need_bpf
	has_symbol bpf_loop || skip "needs a kernel with bpf_loop()"
	cd "$BATS_TEST_TMPDIR"
	LOAD='' HOLDER='' READERS=()
	DIR=/sys/fs/bpf/skel-test-$BASHPID
}

teardown() {
	local pid
	for pid in "${READERS[@]}" $HOLDER $LOAD; do
		kill -CONT "$pid" 2>/dev/null || :
		kill -KILL "$pid" 2>/dev/null || :
	done
	[ ! -d "$DIR" ] || skel-load -q --unload "$DIR" || :
}

# start_session ARG...: leave flood.bpf.c running in DIR.
start_session() {
	bpf_package flood "-DROOM=(1<<22)"
	skel-load -q --pin="$DIR" --detach "$@" > session
}

# start_readers N [ARG...]: start N readers of the session, whose streams are in
# out.1 and so on, and wait until they read.
start_readers() {
	local n=$1 i
	shift
	for i in $(seq "$n"); do
		skel-poll "$@" session > "out.$i" 2> "err.$i" 3>&- &
		READERS+=($!)
	done
	for i in $(seq "$n"); do
		wait_for 20 has_header "out.$i" || { cat "err.$i"; return 1; }
	done
}

# end_readers: end all readers, and set STATUSES to their statuses.
end_readers() {
	local pid status
	STATUSES=''
	[ ${#READERS[@]} -eq 0 ] || kill "${READERS[@]}"
	for pid in "${READERS[@]}"; do
		status=0
		wait "$pid" || status=$?
		STATUSES+="$status "
	done
	READERS=()
}

# numbers: print the numbers in the records of all streams.
numbers() {
	local out
	for out in out.*; do
		skel-fmt -q --tsv -b --no-header -c n "$out"
	done
}

# count_of N: print how many records a reader's stream has.
count_of() {
	skel-fmt -q --tsv -b --no-header -c n "out.$1" | wc -l
}

lost_in_all() {
	grep -ah '^{"@lost"' out.* | jq -s 'map(.["@lost"].count) | add // 0'
}

# share N: N readers share what a flood makes.
share() {
	local received i
	start_session flood.json
	start_readers "$1"
	flood 150
	end_readers
	[[ ! $STATUSES =~ [^03\ ] ]]
	received=$(numbers | wc -l)
	echo "# $1 readers: received $received, lost $(lost_in_all)" >&3
	[ "$(numbers | sort -n | uniq -d | wc -l)" -eq 0 ]
	[ $((received + $(lost_in_all))) -eq $((150 * 1024 * $(nproc))) ]
	for i in $(seq "$1"); do
		[ "$(count_of "$i")" -gt 1000 ]
		# What the reader says of itself, too.
		[ "$(tail -n 1 "out.$i" | jq '.["@end"].records')" -eq "$(count_of "$i")" ]
		run ! grep -v 'were lost' "err.$i"
	done
}

@test "two readers of a session share its records: each comes once, and the sum is right" {
	share 2
}

@test "three readers of a session share its records: each comes once, and the sum is right" {
	share 3
}

@test "a reader that is killed takes its turn with it, and no record comes twice" {
	start_session flood.json
	start_readers 3
	flood 100 &
	local flood=$! before
	wait_for 20 has_bytes out.1 1000000
	kill -KILL "${READERS[0]}"
	wait "${READERS[0]}" || :
	READERS=("${READERS[@]:1}")
	wait "$flood"
	before=$(($(count_of 2) + $(count_of 3)))
	# The others go on.
	flood 1
	wait_for 20 got_more "$before"
	end_readers
	[[ ! $STATUSES =~ [^03\ ] ]]
	[ "$(numbers | sort -n | uniq -d | wc -l)" -eq 0 ]
}

has_bytes() { # FILE N
	[ "$(stat -c %s "$1")" -ge "$2" ]
}

got_more() { # THAN
	[ $(($(count_of 2) + $(count_of 3))) -ge $(($1 + 1024)) ]
}

# keep_turn NAME: a process takes the turn to read the map and keeps it, as a reader
# would that is stopped in its turn.
keep_turn() {
	[ -d "$DIR/turn-$1" ]
	flock "$DIR/turn-$1" sh -c 'touch kept && exec sleep 1000' 3>&- &
	HOLDER=$!
	wait_for 10 test -e kept
}

give_back_turn() {
	pkill -KILL -P "$HOLDER"
	wait "$HOLDER" || :
	HOLDER=
}

@test "a reader that waits for its turn says for whom, ends at the first signal, and leaves the records" {
	start_session flood.json
	start_readers 2
	keep_turn "$MAP"
	flood 1
	local waits="skel-poll: map $MAP: waits for pid $HOLDER, which reads this session too and keeps its turn; is it stopped?"
	wait_for 20 grep -qxF "$waits" err.1
	kill "${READERS[0]}"
	local status=0
	wait "${READERS[0]}" || status=$?
	READERS=("${READERS[1]}")
	[ "$status" -eq 0 ]
	is "$waits"$'\n'"skel-poll: map $MAP: it was not read to its end, because another process keeps its turn to read it" "$(cat err.1)"
	is 0 "$(tail -n 1 out.1 | jq '.["@end"].records')"
	# --once fails then.
	run -1 --separate-stderr skel-poll --once session
	[[ $stderr == *"map $MAP: it was not read to its end"* ]]
	give_back_turn
	wait_for 20 all_came 2 $((1024 * $(nproc)))
	end_readers
	is "0 " "$STATUSES"
}

all_came() { # READER N
	[ "$(count_of "$1")" -eq "$2" ]
}

@test "a reader whose output waits does not keep the others from reading" {
	start_session flood.json
	mkfifo slow
	exec 4<> slow
	skel-poll session > slow 2> err.slow 3>&- 4>&- &
	READERS=($!)
	read -r -u 4 -t 20 _
	flood 10
	# It has read something, and cannot write it.
	wait_for 20 grep -q pipe_write "/proc/${READERS[0]}/wchan" || wait_for 1 true
	start_readers 1
	flood 10
	wait_for 20 got_one_flood
	exec 4>&-
	end_readers
}

got_one_flood() {
	[ "$(count_of 1)" -ge $((10 * 1024 * $(nproc))) ]
}

@test "a perf buffer has one reader at a time: a second one is refused, and may follow" {
	bpf_package flood -DPERF
	skel-load -q --pin="$DIR" --detach flood.json > session
	start_readers 1
	local first=${READERS[0]}
	fails_with 1 "skel-poll: map $MAP: pid $first reads it already, and a perf buffer has one reader at a time; read other maps with -m" \
		skel-poll --once session
	flood 1
	wait_for 20 has_lines out.1 5
	end_readers
	skel-poll -q --once session > again
	grep -q '@end' again
}

@test "a session's directory goes with the turns in it, whoever removes it" {
	start_session flood.json
	[ -d "$DIR/turn-$MAP" ]
	skel-load --unload "$DIR"
	[ ! -e "$DIR" ]
	rm session
	skel-load -q --pin="$DIR" flood.json > session 3>&- &
	LOAD=$!
	wait_for 20 has_header session
	[ -d "$DIR/turn-$MAP" ]
	kill -KILL "$LOAD"
	wait "$LOAD" || :
	LOAD=
	skel-poll -q --once session > rest
	[ ! -e "$DIR" ]
}

@test "a ring buffer of somebody else that another process reads too is told" {
	start_session flood.json
	start_readers 1
	skel-poll "$DIR/$MAP" > other 2> err.other 3>&- &
	READERS+=($!)
	wait_for 20 has_header other
	for _ in $(seq 20); do
		flood 10
		! grep -q 'reads it too' err.other || break
	done
	end_readers
	grep -qxF "skel-poll: map ${MAP::15}: another process reads it too: each of the two gets some of the records, and some come to both" err.other
}

# The fullness in the last line of a stream.
ring_of() { # FILE
	tail -n 1 "$1" | jq -c '.["@end"].rings'
}

flood_standing() { # N PID
	kill -STOP "$2"
	wait_for 10 stands "$2"
	flood "$1"
	kill -CONT "$2"
}

stands() {
	grep -q '^State:.T' "/proc/$1/status"
}

TIME='[0-9-]{10}T[0-9:]{8}Z'

@test "a ring buffer that was full is told where nothing counts, with the option for a larger one" {
	bpf_package flood -DROOM=4096 -DCOUNTER=BPF_MAP_TYPE_ARRAY
	start_load --as-is -v flood.json
	flood_standing 1 "$LOAD"
	end_load
	[ "$(ring_of out | jq '.[0].most')" -gt 4000 ]
	is "[\"$MAP\",4096]" "$(ring_of out | jq -c '.[0] | [.map, .size]')"
	grep -qE "^skel-load: map $MAP: records may have been lost since $TIME: it was full, at most 40[0-9]+ of 4096 bytes were in use; for a larger buffer: skel-load --map $MAP=entries:8K$" err
	# It is nothing that failed, and skel-fmt does not mind.
	[ "$(tail -n 1 out | jq '.["@end"].lost')" -eq 0 ]
	run -0 --separate-stderr skel-fmt out
	is "" "$stderr"
	# A copy of the stream keeps it, for the maps that it has.
	is "$(tail -n 1 out)" "$(skel-poll -f json out | skel-poll -f binary | tail -n 1)"
	# What is counted is known, and needs no guess.
	bpf_package flood -DROOM=4096
	start_load -v flood.json
	flood_standing 1 "$LOAD"
	local status=0
	end_load || status=$?
	[ "$status" -eq 3 ]
	[ "$(ring_of out | jq '.[0].most')" -gt 4000 ]
	run ! grep 'may have been' err
	grep -q "map $MAP: at most 40[0-9]* of 4096 bytes were in use$" err
}

@test "a ring buffer that never was full lost nothing, which -v says" {
	bpf_package flood -DROOM=65536 -DCOUNTER=BPF_MAP_TYPE_ARRAY
	start_load --as-is -v flood.json --burst 1
	flood 10
	end_load
	run ! grep 'may have been' err
	grep -qE "map $MAP: at most [0-9]+ of 65536 bytes were in use: there was room for every record of up to 64 bytes$" err
	[ "$(ring_of out | jq '.[0].most')" -gt 0 ]
	[ "$(ring_of out | jq '.[0].most')" -lt 60000 ]
	# Without -v nothing is said.
	start_load --as-is flood.json --burst 1
	flood 10
	end_load
	run ! grep 'in use' err
}

@test "a ring buffer of somebody else that was full before is told, with whom it concerns" {
	start_session flood.json --burst 1024
	flood 100
	run -0 --separate-stderr skel-poll --once "$DIR/$MAP"
	grep -qE "map ${MAP::15}: records may have been lost since $TIME or before: it was full, at most 41[0-9]+ of 4194304 bytes were in use; its size is for the program to say that loaded it$" <<<"$stderr"
	run -0 --separate-stderr skel-poll -v --once "$DIR/$MAP"
	[[ $stderr == *"map ${MAP::15}: at most 0 of 4194304 bytes were in use"* ]]
}
