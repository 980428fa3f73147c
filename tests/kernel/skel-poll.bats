#!/usr/bin/env bats
# skel-poll(1) reads a session and writes a stream, or passes a stream on.

load ../helpers/helper
load ../helpers/session
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR" || return 1
}

teardown() {
	[ -z "${POLL:-}" ] || kill -KILL "$POLL" 2>/dev/null || :
	remove_maps
}

need_maps() {
	need_bpf
	make_maps
}

# start_poll: run skel-poll in the background, with the session in the file session,
# whose end does not end it, and its JSON in the file out.
start_poll() {
	rm -f out
	# bash ignores SIGINT in background jobs, nohup ignores SIGHUP everywhere.
	env --default-signal=INT,HUP skel-poll -f json session > out 2> err 3>&- &
	POLL=$!
	wait_for 10 test -s out
}

# end_poll STATUS: interrupt skel-poll, which must end with this status.
end_poll() {
	local status=0
	kill -INT "$POLL"
	wait "$POLL" || status=$?
	POLL=
	[ "$status" -eq "$1" ] || { echo "status $status"; cat err; return 1; }
}

has_matches() { # FILE N PATTERN
	[ "$(grep -c "$3" "$1")" -ge "$2" ]
}

the_end() {
	tail -n 1 out | jq -c '.["@end"] | del(.rings)'
}

@test "each record of a ring buffer arrives once and in order" {
	need_maps
	make_session "$RB" > session
	start_poll
	produce to_ring 1000
	wait_for 10 has_matches out 1000 '@time'
	end_poll 0
	[ ! -s err ]
	diff -u <(seq 0 999) <(jq 'select(has("pid")) | .n' out)
	[ "$(jq -c 'select(.n == 3) | [.pid, .comm, .["@map"]]' out)" = '[7,"a\nb","rb"]' ]
	[ "$(the_end)" = '{"records":1000,"lost":0}' ]
}

@test "while records are few, each is passed on before the next one is made" {
	need_maps
	make_session "$RB" > session
	mkfifo stream
	skel-poll -f json --latency 1000 session > stream 2> err 3>&- &
	POLL=$!
	exec 4< stream
	read -r -t 10 line <&4
	for n in 0 1 2; do
		produce to_ring 1
		read -r -t 10 line <&4
		[ "$(jq .n <<< "$line")" = "$n" ]
	done
	cat <&4 > out &
	end_poll 0
	exec 4<&-
	[ ! -s err ]
}

@test "with any --latency each record arrives once and in order" {
	need_maps
	make_session "$RB" > session
	local from=0
	for latency in 0 0.25 1000; do
		skel-poll -f json --latency "$latency" session > out 2> err 3>&- &
		POLL=$!
		for _ in 1 2 3 4; do
			produce to_ring 250
		done
		wait_for 10 has_matches out 1000 '@time'
		end_poll 0
		[ ! -s err ]
		diff -u <(seq "$from" $((from + 999))) <(jq 'select(has("pid")) | .n' out)
		from=$((from + 1000))
	done
}

# Make records, and see whether skel-poll has slept for a time of its own choice.
has_slept() {
	produce to_ring 250
	grep -q 'ppoll(.*{tv_sec=' log
}

@test "skel-poll sleeps between readings under load, unless --latency is 0" {
	need_maps
	need_strace
	[ -z "${SAN:-}" ] || skip "the sanitizers do not work below strace"
	make_session "$RB" > session
	strace -D -f -qq -e trace=ppoll -o log skel-poll -f json --latency 1000 session > out 2> err 3>&- &
	POLL=$!
	wait_for 30 has_header out
	wait_for 30 has_slept
	end_poll 0
	strace -D -f -qq -e trace=ppoll -o log skel-poll -f json --latency 0 session > out 2> err 3>&- &
	POLL=$!
	wait_for 30 has_header out
	produce to_ring 1000
	wait_for 30 has_matches out 1000 '@time'
	end_poll 0
	run ! grep 'ppoll(.*{tv_sec=0, tv_nsec=[1-9]' log
}

@test "the header is the session's without the keys that only a session has" {
	need_maps
	make_session "$RB" "$(sampled counts 1000)" > session
	run -0 --separate-stderr skel-poll -t 0.01 session
	[ "$(head -n 1 <<<"$output" | jq -c '[.skel, .name, .encoding, has("dir"), has("poll_timeout_ms"), (.maps[] | .name, has("pin"))]')" = \
		'["stream","poll","binary",false,false,"rb",false,"counts",false]' ]
	[ "$(head -n 1 <<<"$output" | jq -c .types)" = "$(jq -c .types session)" ]
}

@test "a binary stream and a JSON stream hold the same records" {
	need_maps
	make_session "$RB" > session
	produce to_ring 300
	skel-poll -n 300 session > run.bin
	# The ring gives its records only once, so the JSON comes from the stream.
	skel-poll -f json run.bin > run.json
	[ "$(grep -ac '^=' run.bin)" -eq 300 ]
	[ "$(wc -l < run.bin)" -eq 302 ]
	diff -u <(seq 0 299) <(jq 'select(has("pid")) | .n' run.json)
	skel-poll -f binary run.json > again
	cmp run.bin again
}

@test "-n is exact and leaves the other records for the next skel-poll" {
	need_maps
	make_session "$RB" > session
	produce to_ring 10
	run -0 --separate-stderr skel-poll -f json -n 4 session
	[ "$(tail -n 1 <<<"$output" | without_rings)" = '{"@end":{"records":4,"lost":0}}' ]
	run -0 --separate-stderr skel-poll -f json -n 6 session
	[ "$(jq -c 'select(has("pid")) | .n' <<<"$output" | tr '\n' ' ')" = "4 5 6 7 8 9 " ]
}

@test "-t ends after a fraction of a second" {
	need_maps
	make_session "$RB" > session
	run -0 --separate-stderr timeout 10 skel-poll -f json -t 0.05 session
	[ "${#lines[@]}" -eq 2 ]
	[ "$(without_rings <<<"${lines[1]}")" = '{"@end":{"records":0,"lost":0}}' ]
}

@test "-m selects maps" {
	need_maps
	make_session "$RB" "$RB2" "$(sampled counts 1000)" > session
	produce to_ring 3
	produce to_ring2 4
	produce to_counts 5
	run -0 --separate-stderr skel-poll -f json --once -m rb2 -m counts session
	[ "$(head -n 1 <<<"$output" | jq -c '[.maps[].name]')" = '["rb2","counts"]' ]
	[ "$(jq -r 'select(has("@time")) | .["@map"]' <<<"$output" | sort | uniq -c | tr -s ' \n' ' ')" = " 1 counts 4 rb2 " ]
	fails_with 1 "session: -m nope: no such map; there are: rb, rb2, counts" \
		skel-poll -m nope session
}

@test "--once makes one pass over the sampled maps and reads what the rings hold" {
	need_maps
	make_session "$RB" "$(sampled counts 10)" > session
	produce to_ring 100
	produce to_counts 100
	run -0 --separate-stderr skel-poll -f json --once session
	[ "$(grep -c '"@map":"rb"' <<<"$output")" -eq 100 ]
	[ "$(jq -c 'select(.["@map"] == "counts") | [.key, .value]' <<<"$output")" = '[5,100]' ]
	[ "$(grep '@sampled' <<<"$output")" = '{"@sampled":{"map":"counts","round":1,"keys":1}}' ]
}

@test "records lost by a perf buffer are counted exactly and reported, with status 3" {
	need_maps
	PAGES=1 make_session "$PB" > session
	start_poll
	# The kernel reports a loss before the next record of the same CPU.
	ON_CPU=$(taskset -cp $$ | grep -oE "[0-9]+\$")
	export ON_CPU
	# While it is stopped the buffer overflows; then it reads what fitted.
	kill -STOP "$POLL"
	produce to_perf 5000
	kill -CONT "$POLL"
	wait_for 10 has_matches out 100 '@time'
	wait_for 10 waits "$POLL"
	produce to_perf 1
	wait_for 10 grep -q '@lost' out
	end_poll 3
	local records lost
	records=$(the_end | jq .records)
	lost=$(the_end | jq .lost)
	[ "$lost" -gt 0 ]
	[ $((records + lost)) -eq 5001 ]
	[ "$(grep -c '@time' out)" -eq "$records" ]
	[ "$(jq -s 'map(.["@lost"].count // 0) | add' out)" -eq "$lost" ]
	[ "$(cat err)" = "skel-poll: $lost records were lost" ]
}

@test "losses that no record follows are counted at the end too" {
	need_maps
	PAGES=1 make_session "$PB" > session
	start_poll
	kill -STOP "$POLL"
	produce to_perf 3000
	kill -CONT "$POLL"
	end_poll 3
	[ "$(the_end | jq '.records + .lost')" -eq 3000 ]
}

@test "a number of perf pages that is not a power of two is rounded up" {
	need_maps
	PAGES=3 make_session "$PB" > session
	start_poll
	produce to_perf 10
	wait_for 10 has_matches out 10 '@time'
	end_poll 0
	[ "$(jq -c 'select(.n == 3) | [.pid, .comm]' out)" = '[7,"a\nb"]' ]
}

@test "two sampled maps keep their own intervals" {
	need_maps
	make_session "$(sampled counts 20)" "$(sampled percpu 100000)" "$RB" > session
	produce to_counts 1
	produce to_percpu 1
	start_poll
	wait_for 10 has_matches out 10 '"@sampled":{"map":"counts"'
	produce to_ring 1
	wait_for 2 grep -q '"@map":"rb"' out
	[ "$(grep -c '"@sampled":{"map":"percpu"' out)" -eq 1 ]
	end_poll 0
	# Look at the last pass of each.
	[ "$(grep -c '"@sampled":{"map":"percpu"' out)" -eq 2 ]
}

@test "a per-CPU map has the values of each CPU" {
	need_maps
	local cpu n=0 total=0 expected=()
	for ((cpu = 0; cpu < $(possible_cpus); cpu++)); do
		n=$((100 * (cpu + 1)))
		if taskset -c "$cpu" true 2>/dev/null; then
			taskset -c "$cpu" bpftool prog run pinned "$DIR/programs/to_percpu" data_in packet repeat "$n" >/dev/null
			total=$((total + n))
			expected+=("$n")
		else
			expected+=(0)
		fi
	done
	make_session "$(sampled percpu 1000)" > session
	run -0 --separate-stderr skel-poll -f json --once session
	jq -c 'select(.key == 5) | .value' <<<"$output"
	[ "$(jq -c 'select(.key == 5) | .value' <<<"$output")" -eq "$total" ]
	[ "$(jq -c 'select(.key == 5) | .values | join(" ")' <<<"$output")" = "\"${expected[*]}\"" ]
}

# counted_all: do one round; succeed if no more counts were lost than one update for
# each pass, which may fall between the kernel's copy of an element and its removal.
counted_all() {
	local passes sum
	start_poll
	for _ in 1 2 3 4 5; do
		produce to_counts 10000
	done
	end_poll 0
	passes=$(grep -c '"key":5' out)
	sum=$(jq -s 'map(.value // 0) | add' out)
	[ "$passes" -gt 1 ]
	[ "$sum" -le 50000 ]
	# Nothing stays in the map.
	[ "$(bpftool -j map dump pinned "$DIR/counts")" = "[]" ]
	echo "$((50000 - sum)) lost in $passes passes" >> losses
	[ "$sum" -ge $((50000 - passes)) ] || more=$((more + 1))
}

@test "clear_map loses no counts when it empties the map after each pass" {
	need_maps
	make_session "$(sampled counts 1 true)" > session
	local more=0
	for _ in 1 2 3 4 5; do
		counted_all
	done
	cat losses
	# Try again: if a virtual CPU is stopped between the two, there may be many
	# updates meanwhile.
	[ "$more" -le 1 ]
}

# Make maps of a hundred thousand entries in addition to the others.
need_many() {
	need_maps
	need_strace
	# The leak checker and strace cannot both be the tracer.
	export ASAN_OPTIONS=detect_leaks=0
	bpf_object many
	bpftool prog loadall many.bpf.o "$DIR/many-programs" pinmaps "$DIR"
}

# bpf_calls COMMAND...: print how many calls of bpf(2) the command makes; its output
# is in out.
bpf_calls() {
	strace -f -qq -e trace=bpf -o log "$@" > out && grep -c '^[0-9 ]*bpf(' log
}

@test "a map of 100000 entries is read with few system calls, a mapped array with none" {
	need_many
	bpftool prog run pinned "$DIR/many-programs/to_all" data_in packet repeat 100000 >/dev/null
	for map in many cells memory; do
		make_session "$(sampled "$map" 1000)" > session
		calls=$(bpf_calls skel-poll -f json --once session)
		diff -u <(seq 0 99999) <(sed -nE 's/.*"key":([0-9]+),"value":\1\}$/\1/p' out | sort -n)
		if [ "$map" = memory ]; then
			run ! grep -q LOOKUP log
		else
			[ "$calls" -lt 1000 ]
		fi
	done
}

@test "an array whose values have a lock is looked up, since it cannot be mapped" {
	need_many
	bpf_package many
	edit many.json '(.meta.bpf_skel.maps[] | select(.name == "locked")).sample = {interval: 100, type: "default_kv"}'
	strace -f -qq -e trace=bpf -o log skel-load -f json -n 3 -a to_all=off -a churn=off -a lock=off many.json > out
	[ "$(jq -c 'select(has("value")) | [.key, .value.n]' out | paste -s -d ,)" = "[0,0],[1,0],[2,0]" ]
	grep -q 'MMAPABLE.*map_name="locked"' log
	grep -q LOOKUP_BATCH log
}

@test "keys that change while a map is read in batches are no failure" {
	need_many
	make_session "$(sampled many 1)" > session
	start_poll
	for _ in 1 2 3 4 5; do
		bpftool prog run pinned "$DIR/many-programs/churn" data_in packet repeat 100000 >/dev/null
	done
	end_poll 0
	[ ! -s err ]
	[ "$(grep -c '@sampled' out)" -gt 2 ]
	# In the last pass nothing changes any more, so all remaining keys are there.
	diff -u <(seq 499000 499999) \
		<(tac out | sed -n '/@sampled/,$p' | sed -n '2,/@sampled/p' | jq '.key // empty' | sort -n)
}

@test "records that are too short are an @error line and then a count, and count for -n" {
	need_maps
	make_session "$RB" > session
	produce cut_to_ring 3
	produce to_ring 3
	run -1 --separate-stderr skel-poll -f json -n 4 session
	[ "${lines[1]}" = '{"@error":{"map":"rb","message":"record of 4 bytes, its type needs 12"}}' ]
	[ "$(grep -c '"n":' <<<"$output")" -eq 1 ]
	[ "${lines[3]}" = '{"@error":{"map":"rb","message":"record of 4 bytes, its type needs 12","count":2}}' ]
	[ "$(without_rings <<<"${lines[4]}")" = '{"@end":{"records":1,"lost":0}}' ]
	[ "${stderr_lines[0]}" = "skel-poll: map rb: record of 4 bytes, its type needs 12" ]
	[ "${stderr_lines[1]}" = "skel-poll: map rb: record of 4 bytes, its type needs 12; 2 such records since the last message" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	# While they keep coming, the count is reported once a second.
	start_poll
	produce cut_to_ring 5
	wait_for 10 grep -q '"count":4' out
	end_poll 1
	[ "$(wc -l < err)" -eq 2 ]
	# A copy of the stream counts them too, after the two that were left before.
	run -0 skel-poll -n 3 out
	[[ ${lines[3]} == '{"@error"'* ]]
	[ "$(without_rings <<<"${lines[4]}")" = '{"@end":{"records":2,"lost":0}}' ]
}

@test "a record that ends within its last array is shown as far as it goes" {
	need_maps
	make_session "$RB" "$PB" > session
	start_poll
	produce short_to_ring 1
	produce to_ring 1
	produce short_to_perf 1
	wait_for 10 has_matches out 3 '@time'
	end_poll 0
	[ ! -s err ]
	[ "$(jq -c 'select(.n) | [.n, .pid, .comm]' out | sort | paste -s)" = $'[0,7,"a\\nb"]\t[1,7,"a\\nb"]\t[2,7,"a\\nb"]' ]
	make_session "$RB" > session
	produce short_to_ring 1
	skel-poll -n 1 session > run.skel
	# The tag, the map, the time and 15 bytes, as COBS stuffs them, and the newline.
	[ "$(sed -n 2p run.skel | LC_ALL=C wc -c)" -eq $((1 + 1 + 1 + 8 + 15 + 1)) ]
	run -0 skel-fmt --csv -b run.skel
	[ "$output" = $'n,pid,comm\r\n3,7,"a\nb"\r' ]
}

@test "a map without a type is shown as bytes" {
	need_maps
	make_session '{"name":"rb2","source":"ringbuf"}' > session
	produce to_ring2 2
	run -0 --separate-stderr skel-poll -f json -n 2 session
	[ "$(jq -r '.raw // empty' <<<"$output" | tr '\n' ' ')" = "00000000 01000000 " ]
	produce to_ring2 2
	skel-poll -n 2 session > run.bin
	skel-poll -f json run.bin | skel-poll -f binary | cmp run.bin -
}

@test "at the end of the session's pipe skel-poll reads what is left and ends" {
	need_maps
	make_session "$RB" "$(sampled counts 100000)" > line
	mkfifo pipe
	skel-poll -f json < pipe > out 2> err 3>&- &
	POLL=$!
	exec 4> pipe
	cat line >&4
	wait_for 10 grep -q '@sampled' out
	produce to_counts 7
	produce to_ring 2000
	exec 4>&-
	wait "$POLL"
	POLL=
	[ ! -s err ]
	[ "$(the_end)" = '{"records":2001,"lost":0}' ]
	grep -q '"key":5,"value":7' out
}

@test "skel-poll of a detached session ends when the directory is removed, not with the pipe" {
	need_maps
	make_session "$RB" | jq -c '.detached = true' > session
	skel-poll -f json > out 2> err 3>&- < <(cat session) &
	POLL=$!
	wait_for 10 test -s out
	produce to_ring 3
	wait_for 10 has_matches out 3 '"@map"'
	rm -rf "$DIR"
	wait_for 10 grep -q '@end' out
	wait "$POLL"
	POLL=
	[ "$(the_end)" = '{"records":3,"lost":0}' ]
}

@test "SIGINT, SIGTERM and SIGHUP end skel-poll with status 0, after it has read what is left" {
	need_maps
	make_session "$RB" > session
	local signal
	for signal in INT TERM HUP; do
		start_poll
		kill -STOP "$POLL"
		produce to_ring 500
		kill "-$signal" "$POLL"
		kill -CONT "$POLL"
		wait "$POLL"
		POLL=
		[ "$(the_end)" = '{"records":500,"lost":0}' ]
	done
}

@test "while skel-poll waits for its session, signals end it, and so does its reader's end" {
	mkfifo pipe
	exec 4<>pipe
	env --default-signal=INT skel-poll < pipe > out 2> err 3>&- &
	POLL=$!
	wait_for 10 waits "$POLL"
	kill -INT "$POLL"
	wait "$POLL"
	POLL=
	[ ! -s out ]
	[ ! -s err ]
	run -0 --separate-stderr bash -c 'set -o pipefail; timeout 10 skel-poll < pipe | true'
	[ -z "$stderr" ]
	exec 4>&-
}

# skel-poll has started and waits for its input.
waits() {
	grep -q poll "/proc/$1/wchan" 2>/dev/null || [ "$(cut -d ' ' -f 1 "/proc/$1/syscall" 2>/dev/null)" = 7 ]
}

@test "many other signals, Ctrl-Z and fg do no harm" {
	need_maps
	make_session "$RB" "$(sampled counts 10)" > session
	start_poll
	for _ in $(seq 100); do
		kill -WINCH "$POLL"
		kill -CONT "$POLL"
		produce to_ring 1
	done
	kill -STOP "$POLL"
	produce to_ring 100
	kill -CONT "$POLL"
	produce to_ring 100
	wait_for 10 has_matches out 300 '"@map":"rb"'
	end_poll 0
	[ ! -s err ]
	diff -u <(seq 0 299) <(jq 'select(has("pid")) | .n' out)
}

@test "when its reader leaves skel-poll ends without a message, with and without traffic" {
	need_maps
	make_session "$RB" > session
	run -0 --separate-stderr bash -c 'set -o pipefail; timeout 10 skel-poll session | head -n 1'
	[ -z "$stderr" ]
	produce to_ring 5000
	run -0 --separate-stderr bash -c 'set -o pipefail; timeout 10 skel-poll session | head -n 2 | wc -l'
	[ "$output" = 2 ]
	[ -z "$stderr" ]
}

@test "a full disk is a failure" {
	need_maps
	[ -c /dev/full ] || skip "no /dev/full"
	make_session "$RB" > session
	run -1 --separate-stderr bash -c 'skel-poll session > /dev/full'
	[ "$stderr" = "skel-poll: <stdout>: No space left on device" ]
}

@test "for a session that has ended the error says so" {
	need_maps
	make_session "$RB" > session
	rm "$DIR/rb"
	fails_with 1 "skel-poll: map rb: $DIR/rb does not exist: the session has ended" skel-poll session
}

@test "a session that does not match the kernel's maps is refused in one line" {
	need_maps
	refused() { # MESSAGE: of the session on stdin
		cat > bad
		fails_with 1 "$1" skel-poll bad
		[ "${#stderr_lines[@]}" -eq 1 ]
	}
	make_session "$RB" | jq -c '.maps[0].pin = "/sys/fs/bpf/elsewhere"' |
		refused "map rb: its pin /sys/fs/bpf/elsewhere is not in the session's directory $DIR"
	make_session "$RB" | jq -c '.maps[0].pin = .dir + "/../x"' | refused "is not in the session's directory"
	make_session "$RB" | jq -c '.maps[0].pin = .dir + "/programs"' | refused "map rb: $DIR/programs: "
	make_session "$RB" | jq -c '.maps[0].pin = .dir + "/counts"' | refused "map rb: it is a map of type hash, not ringbuf"
	make_session "$RB" | jq -c '.maps[0].pin = "rb"' | refused "rb"
	make_session "$RB" | jq -c '.maps[0].value = 99' | refused "there is no type number 99"
	make_session "$RB" | jq -c 'del(.dir)' | refused "dir"
	make_session "$RB" | jq -c '.dir = "x"' | refused "absolute"
	make_session "$RB" | jq -c '.version = 3' | refused "unknown version 3"
	make_session "$RB" | head -c 200 | refused "bad"
	make_session "$(sampled counts 10)" | jq -c '.maps[0].value = 4' |
		refused "map counts: its keys have 4 and its values 8 bytes, the header says 4 and 24"
	make_session "$(sampled counts 10)" | jq -c '.maps[0].key = 0' | refused "bytes, the header says "
	make_session "$(sampled counts 10)" | jq -c '.maps[0].cpus = 2' | refused "it has the values of 0 CPUs, the header says 2"
	make_session "$(sampled percpu 10)" | jq -c 'del(.maps[0].cpus)' | refused "CPUs, the header says 0"
	make_session "$(sampled counts 10)" | jq -c '.maps[0].sample.interval = -1' | refused "interval"
	make_session "$RB" | jq -c '.perf_buffer_pages = "x"' | refused "perf_buffer_pages"
	make_session "$(sampled pb 10)" | refused "map pb: a map of type perf_event_array cannot be sampled"
}

@test "an excessive number of perf pages is refused at once" {
	need_maps
	PAGES=4294967295 make_session "$PB" > session
	fails_with 1 "map pb: cannot open perf buffers of 4294967296 pages" skel-poll session
}

# Make a small stream with two maps in both encodings.
stream() {
	cat <<'END'
{"skel":"stream","version":1,"name":"x","encoding":"json","maps":[{"name":"a","source":"ringbuf","value":1},{"name":"b","source":"ringbuf","value":1}],"types":[{"kind":"int","name":"u32","size":4,"signed":false},{"kind":"struct","name":"s","size":4,"members":[{"name":"n","type":0,"offset":0}]}]}
{"@map":"a","@time":"2026-11-22T14:48:00.000000001Z","n":1}
{"@map":"b","@time":"2026-11-22T14:48:00.000000002Z","n":10}
{"@lost":{"map":"b","count":3}}
{"@map":"a","@time":"2026-11-22T14:48:00.000000003Z","n":2}
{"@later":{"x":1}}
{"@end":{"records":3,"lost":3}}
END
}

@test "a stream is passed on unchanged, and its losses give the same exit status" {
	stream > s
	run -3 --separate-stderr skel-poll s
	diff -u <(tail -n +2 s) <(tail -n +2 <<<"$output")
	[ "$stderr" = "skel-poll: 3 records were lost" ]
}

@test "-m, -n and -t apply to a stream" {
	stream > s
	run -0 --separate-stderr skel-poll -m a s
	[ "$(jq -c '[.n, .["@end"]]' <<<"$(tail -n +2 <<<"$output")" | tr '\n' ' ')" = \
		'[1,null] [2,null] [null,null] [null,{"records":2,"lost":0}] ' ]
	run -0 --separate-stderr skel-poll -n 2 s
	[ "$(tail -n 1 <<<"$output")" = '{"@end":{"records":2,"lost":0}}' ]
	[ "${#lines[@]}" -eq 4 ]
	mkfifo live
	exec 4<>live
	head -n 2 s >&4
	run -0 --separate-stderr timeout 10 skel-poll -t 0.1 live
	exec 4>&-
	[ "$(tail -n 1 <<<"$output")" = '{"@end":{"records":1,"lost":0}}' ]
	fails_with 1 "s: -m c: no such map; there are: a, b" skel-poll -m c s
}

@test "JSON records become binary ones and back" {
	stream > s
	skel-poll -f binary s > b 2> err || [ $? -eq 3 ]
	[ "$(head -n 1 b | jq -r .encoding)" = binary ]
	[ "$(grep -ac '^=' b)" -eq 3 ]
	skel-poll -f json b > j || [ $? -eq 3 ]
	diff -u <(tail -n +2 s) <(tail -n +2 j)
}

@test "a bad record of a stream is reported with its line, skipped, and status 1" {
	stream | sed '3s/.*/{"@map":"b","n":"x"}/; 5s/.*/{"@map":"q","n":1}/' > s
	run -1 --separate-stderr bash -c 'skel-poll -f binary s | skel-poll -f json; exit "${PIPESTATUS[0]}"'
	[[ ${stderr_lines[0]} == "skel-poll: s:3"*"n"* ]]
	[[ $stderr == *'skel-poll: s:5: the record is of map "q", which the header does not have'* ]]
	[ "$(tail -n 1 <<<"$output")" = '{"@end":{"records":1,"lost":3}}' ]
}

@test "a stream without its end is passed on without one, with a notice" {
	stream | head -n 3 > s
	run -0 --separate-stderr skel-poll s
	[ "${#lines[@]}" -eq 3 ]
	[ "$stderr" = "skel-poll: s: the end is missing: the stream was cut" ]
}

@test "a record of a stream is passed on before the next one arrives" {
	stream > s
	mkfifo in out
	skel-poll < in > out 3>&- &
	POLL=$!
	exec 4> in 5< out
	head -n 2 s >&4
	read -r -t 5 line <&5
	read -r -t 5 line <&5
	[ "$line" = "$(sed -n 2p s)" ]
	exec 4>&-
	wait "$POLL"
	exec 5>&-
	POLL=
}

@test "an input that is neither a session nor a stream is refused" {
	fails_with 1 "skel-poll: <stdin>: empty; expected a session, as skel-load --pin writes it" skel-poll < /dev/null
	echo '{"n":1}' > records
	fails_with 1 "skel-poll: records: expected a session or stream, but there is no header; skel-fmt reads records without one" skel-poll records
	echo 'hello' > text
	fails_with 1 "skel-poll: text: " skel-poll text
	fails_with 1 "skel-poll: nowhere: No such file or directory" skel-poll nowhere
}

@test "a directory is no map, and a refusal is not blamed on the command's own filter" {
	need_bpf
	fails_with 1 "skel-poll: /sys/fs/bpf: a directory; name the maps that are pinned in it" skel-poll /sys/fs/bpf
	need_strace
	[ -z "${SAN:-}" ] || skip "the sanitizers do not work below strace"
	[ "$(awk '/^Seccomp:/ { print $2 }' /proc/self/status)" = 0 ] || skip "a filter is on"
	fails_with 1 "skel-poll: map:1: the kernel refuses it, though this process has CAP_BPF and CAP_PERFMON" \
		strace -qq -o log -e trace=bpf -e inject=bpf:error=EPERM skel-poll map:1
	[[ $stderr != *"filter of system calls is on, as"* ]]
}

@test "usage errors exit 2 and print nothing on stdout" {
	fails_with 2 "-f: xml: neither binary nor json" skel-poll -f xml
	fails_with 2 "-n: 0: not a number of records" skel-poll -n 0
	fails_with 2 "-n: 1x: not a number of records" skel-poll -n 1x
	fails_with 2 "-t: 0: not a number of seconds" skel-poll -t 0
	fails_with 2 "-t: -1: not a number of seconds" skel-poll -t -1
	fails_with 2 "-t: .: not a number of seconds" skel-poll -t .
	fails_with 2 "-t: 1e3: not a number of seconds" skel-poll -t 1e3
	fails_with 2 "-t: 99999999999999999999: not a number of seconds" skel-poll -t 99999999999999999999
	for wrong in -1 1000.1 1e3 . '' x 99999999999999999999; do
		fails_with 2 "--latency: $wrong: not a number of milliseconds up to 1000" \
			skel-poll --latency "$wrong"
	done
	fails_with 2 "usage: skel-poll" skel-poll a b
}

@test "completion offers options, formats and the maps of the session, and executes nothing" {
	[ "$(complete_words skel-poll --o)" = --once ]
	[ "$(complete_words skel-poll -f '')" = 'binary json' ]
	[ "$(complete_words skel-poll --latency '')" = '' ]
	jq -nc '{skel: "session", version: 1, name: "x", encoding: "binary", dir: "/sys/fs/bpf/x", types: [],
		maps: [{name: "$(touch ran)", source: "ringbuf", pin: "/sys/fs/bpf/x/a"},
			{name: "rb", source: "ringbuf", pin: "/sys/fs/bpf/x/rb"}]}' > odd
	[ "$(complete_words skel-poll odd -m '')" = rb ]
	[ ! -e ran ]
}
