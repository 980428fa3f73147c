#!/usr/bin/env bats
# skel-fmt --pprof, decoded by tests/helpers/pprof.py.

load ../helpers/helper

setup() {
	note_places
	command -v python3 > /dev/null || skip "needs python3"
	STACKS=$FIXTURES/format/stacks.skel
	cd "$BATS_TEST_TMPDIR"
}

# The profile as JSON, filtered by jq.
profile() { # JQ SKEL-FMT-ARGUMENT...
	local filter=$1
	shift
	skel-fmt -q --pprof "$@" > x.pb.gz && "$HELPERS/pprof.py" x.pb.gz | jq -c "$filter"
}

# A header with a stack of the kernel and of a process in a ring buffer, and, with a
# first argument, what follows in the map's object.
header() { # [MAP-JSON] [TYPES-OF-COUNT]
	echo '{"skel":"stream","version":1,"name":"p","encoding":"binary","host":"web1","boot_id":"",
		"started":"2026-11-22T14:48:00.5Z","maps":[{"name":"rb","source":"ringbuf","value":3,
		"intepreter":{"stack_trace":{"with_symbols":true,"field_map":{}}}}],
		"types":[{"kind":"int","name":"u32","size":4,"signed":false},
			{"kind":"int","name":"u64","size":8,"signed":false},
			{"kind":"array","of":1,"count":3,"size":24},
			{"kind":"struct","name":"e","size":56,"members":[{"name":"pid","type":0,"offset":0},
				{"name":"kstack","type":2,"offset":8},{"name":"ustack","type":2,"offset":32}]}]}' |
		tr -d '\n\t'
	echo
}

# A record of process PID with addresses of the kernel, and of the process.
record() { # PID 'ADDR...' 'ADDR...' [TIME]
	python3 - "$@" << 'EOF'
import struct, sys
def stack(text):
    a = [int(x, 0) for x in text.split()]
    return struct.pack("<3Q", *(a + [0] * 3)[:3])
body = b"\0" + struct.pack("<Q", int((sys.argv + ["1764374400000000000"])[4]))
body += struct.pack("<IxxxxI"[:2] + "xxxx", int(sys.argv[1])) + stack(sys.argv[2]) + stack(sys.argv[3])
out, block = b"=", b""
for piece in body.split(b"\n"):
    while len(piece) > 253:
        out, piece = out + bytes([255 ^ 10]) + piece[:254], piece[254:]
    out += bytes([len(piece) + 1 ^ 10]) + piece
sys.stdout.buffer.write(out + b"\n")
EOF
}

@test "a profile has the stacks and the counts of --folded" {
	for x in "$STACKS" "$FIXTURES"/recorded/stack*.skel; do
		skel-fmt -q --pprof "$x" > x.pb.gz
		skel-fmt -q --folded "$x" | sed 's/_\[k\]//g' | LC_ALL=C sort > folded
		[ -s folded ]
		"$HELPERS/pprof.py" --folded x.pb.gz | diff folded -
	done
}

@test "the same input is the same profile, also as JSON and in two inputs" {
	skel-fmt -q --pprof "$STACKS" > a
	skel-fmt -q --pprof < "$STACKS" | cmp a -
	skel-fmt -q --pprof "$STACKS" "$STACKS" > twice.pb.gz
	skel-fmt -q --pprof "$STACKS" > once.pb.gz
	"$HELPERS/pprof.py" --folded once.pb.gz | awk '{ $NF *= 2; print }' |
		diff - <("$HELPERS/pprof.py" --folded twice.pb.gz)
	local json=$FIXTURES/recorded/stacks-json.skel
	skel-fmt -q --pprof "$json" > j.pb.gz
	"$HELPERS/pprof.py" --folded j.pb.gz | diff - <(skel-fmt -q --folded "$json" | sed 's/_\[k\]//g')
}

@test "functions, files, lines, inlined ones, labels, mappings and build IDs are those of the stream" {
	{
		header
		echo '{"@symbols":{"pid":7,"mappings":[{"start":4096,"end":8192,"offset":512,"file":"/bin/x y","build_id":"00aaFF"}],"frames":[]}}'
		echo '{"@symbols":{"pid":7,"frames":[{"addr":5000,"symbol":"in","file":"/src/a.c","line":3},
			{"addr":5000,"symbol":"f","offset":4,"file":"/src/a.c","line":9},
			{"addr":6000,"symbol":"main","offset":1}]}}' | tr -d '\n\t'
		echo
		echo '{"@symbols":{"pid":0,"mappings":[{"start":9223372036854775808,"end":18446744073709551615,"file":"[kernel.kallsyms]"}],"frames":[{"addr":18446744071562067968,"symbol":"entry"}]}}'
		record 7 0xffffffff80000000 '5000 6000 9000' 1795358881500000000
		record 7 0xffffffff80000000 '5000 6000 9000' 1795358882500000000
		echo '{"@end":{"records":2,"lost":0}}'
	} > x.skel
	run -0 profile .samples x.skel
	[ "$output" = '[{"stack":[["entry","",0],["in","/src/a.c",3],["f","/src/a.c",9],["main","",0],null],"values":[2],"labels":{"pid":7,"host":"web1"}}]' ]
	# Old versions of jq round large numbers.
	run -0 profile '.mappings | (.[0].start, .[0].limit) |= (. / 1e15 | floor)' x.skel
	[ "$output" = '[{"start":9223,"limit":18446,"offset":0,"file":"[kernel.kallsyms]","build_id":"","has":[1,0,0,0]},{"start":4096,"limit":8192,"offset":512,"file":"/bin/x y","build_id":"00aaFF","has":[1,1,1,1]}]' ]
	# A return address is that of the call; 9000 is in no mapping.
	run -0 profile '[.locations[1:][] | [.mapping, .address]]' x.skel
	[ "$output" = '[[2,5000],[2,5999],[0,8999]]' ]
	run -0 profile '[.types, .time, .duration, .period, .comments]' x.skel
	[ "$output" = '[["samples/count"],1795358880500000000,2000000000,0,["program: p","host: web1"]]' ]
}

@test "a later mapping replaces those that it overlaps" {
	{
		header
		echo '{"@symbols":{"pid":7,"mappings":[{"start":4096,"end":8192,"file":"/old"},{"start":8192,"end":9000,"file":"/kept"}],"frames":[]}}'
		record 7 '' 4100
		echo '{"@symbols":{"pid":7,"mappings":[{"start":4000,"end":4200,"file":"/new"}],"frames":[]}}'
		record 7 '' '4101 8193 5000'
		echo '{"@end":{"records":2,"lost":0}}'
	} > x.skel
	run -0 profile '[(.mappings | map(.file)), (.locations | map([.mapping, .address]))]' x.skel
	[ "$output" = '[["/old","/new","/kept"],[[1,4100],[2,4101],[3,8192],[0,4999]]]' ]
}

@test "a mapping that cannot be one is a bad line with the reason" {
	local what message
	while IFS='|' read -r what message; do
		{
			header
			echo "{\"@symbols\":{\"pid\":7,\"mappings\":$what,\"frames\":[]}}"
			record 7 '' 4100
			echo '{"@end":{"records":1,"lost":0}}'
		} > bad.skel
		run -1 --separate-stderr skel-fmt --folded bad.skel
		[ "$output" = '7;[unknown] 1' ]
		[[ $stderr == *"skel-fmt: bad.skel:2: @symbols: $message"* ]] || { echo "$stderr"; false; }
	done <<- 'EOF'
		[5]|mappings[0]: expected an object, found
		[{"start":1}]|mappings[0]: end is missing
		[{"end":1}]|mappings[0]: start is missing
		[{"start":-1,"end":1}]|mappings[0].start:
		[{"start":5,"end":5}]|mappings[0]: it ends before it begins
		[{"start":5,"end":6,"file":7}]|mappings[0].file:
		[{"start":5,"end":6,"build_id":"abc"}]|mappings[0].build_id: expected an even number of hex digits, at most 128
		[{"start":5,"end":6,"build_id":"xy"}]|mappings[0].build_id: expected an even number of hex digits
		[{"start":5,"end":6,"build_id":""}]|mappings[0].build_id: expected an even number of hex digits
	EOF
}

@test "the values of a sampled map with a unit have it, and are no numbers of samples" {
	run -0 profile .types -m counts "$STACKS"
	[ "$output" = '["samples/count"]' ]
	head -n 1 "$STACKS" | jq -c '(.maps[] | select(.name == "counts") | .sample.unit) = "us"' > u.skel
	sed 1d "$STACKS" >> u.skel
	run -0 profile '[.types, ([.samples[].values[0]] | add)]' -m counts u.skel
	[ "$output" = "[[\"value/microseconds\"],$(skel-fmt -q --folded -m counts u.skel | awk '{ n += $NF } END { print n }')]" ]
	# Beside a map of another sort each sample has both.
	run -0 profile '[.types, (.samples | map(.values | map(select(. > 0)) | length) | unique)]' -m counts -m profile u.skel
	[ "$output" = '[["samples/count","value/microseconds"],[1]]' ]
}

@test "names that no text has are valid UTF-8 in a profile" {
	{
		header
		printf '{"@symbols":{"pid":7,"frames":[{"addr":1,"symbol":"a\\u0007\\"<b>&; \\u202e\xc3\xa4"}]}}\n'
		record 7 '' 1
		echo '{"@end":{"records":1,"lost":0}}'
	} > x.skel
	run -0 profile '.samples[].stack[0][0]' x.skel
	[ "$output" = $'"a_\\"<b>&; \u202eä"' ]
	printf '{"comm":"a\\u007f;","ustack":[{"addr":1,"symbol":"x\\n"}]}\n' > u.json
	run -0 profile '.samples[] | .stack, .labels' u.json
	[ "$output" = $'[["x_","",0]]\n{"comm":"a_;"}' ]
}

@test "without stacks --pprof fails and writes nothing, and it has no columns" {
	run -0 --separate-stderr skel-fmt --pprof /dev/null
	[ -z "$output$stderr" ]
	fails_with 1 "stacks.skel: --pprof: there are no stacks in the records" skel-fmt --pprof -m other "$STACKS"
	fails_with 2 "skel-fmt: --pprof: stacks have no columns; run it without -c" skel-fmt --pprof -c pid "$STACKS"
}

@test "a profile is not written to a terminal" {
	command -v script > /dev/null || skip "needs script"
	run -2 script -qec "skel-fmt --pprof $STACKS" /dev/null
	[[ $output == *'skel-fmt: --pprof: a terminal cannot show a profile; append "> x.pb.gz" to the command'* ]]
}

@test "a weight stands beside the number of samples" {
	run -0 profile '[.types, ([.samples[].values[0]] | add)]' -m profile --weight cpu_id "$STACKS"
	[ "$output" = '[["samples/count","cpu_id/count"],10]' ]
	skel-fmt -q --folded -m profile --weight cpu_id "$STACKS" | awk '{ n += $NF } END { print n }' > want
	run -0 profile '[.samples[].values[1]] | add' -m profile --weight cpu_id "$STACKS"
	[ "$output" = "$(cat want)" ]
	run -0 profile '.types' -m profile --weight cpu_id --as cpu_id=ms "$STACKS"
	[ "$output" = '["samples/count","cpu_id/milliseconds"]' ]
}

@test "--pprof=FILE replaces the file when the profile is complete" {
	skel-fmt -q --pprof "$STACKS" > want
	echo old > x.pb.gz
	run -0 --separate-stderr skel-fmt -q --pprof=x.pb.gz "$STACKS"
	[ -z "$output" ]
	cmp want x.pb.gz
	run -1 skel-fmt -q --pprof=x.pb.gz -m other "$STACKS"
	cmp want x.pb.gz
}

@test "a full disk is a failure, and a reader that leaves is not" {
	[ -e /dev/full ] || skip "needs /dev/full"
	run -1 bash -c 'skel-fmt -q --pprof "$1" > /dev/full' _ "$STACKS"
	[[ $output == *"<stdout>: No space left on device"* ]]
	run -0 bash -c 'set -o pipefail; skel-fmt -q --pprof "$1" | true' _ "$STACKS"
}

@test "samples of a clock stand for time, if the stream says how often there are some" {
	local perf want
	sampled() { # PERF-EVENT...: a stream for each
		local perf
		for perf; do
			header | jq -c "$perf as \$p | if \$p == null then . else .maps[0].perf_event = \$p end"
			record 7 0xffffffff80000000 '5000 6000'
			record 7 0xffffffff80000000 '5000 6000'
			echo '{"@end":{"records":2,"lost":0}}'
		done
	}
	while IFS='|' read -r perf want; do
		sampled "$perf" > x.skel
		run -0 profile '[.types, .samples[0].values, .period]' x.skel
		[ "$output" = "$want" ] || { echo "$perf: $output"; false; }
	done <<- 'EOF'
		{"event":"cpu-clock","frequency":99}|[["samples/count","cpu/nanoseconds"],[2,20202020],10101010]
		{"event":"task-clock","period":1000000}|[["samples/count","cpu/nanoseconds"],[2,2000000],1000000]
		{"event":"cycles","frequency":1000}|[["samples/count","cpu/nanoseconds"],[2,2000000],1000000]
		{"event":"cycles","period":1000000}|[["samples/count"],[2],0]
		{"event":"page-faults","period":1}|[["samples/count"],[2],0]
		{"event":"context-switches","frequency":99}|[["samples/count"],[2],0]
		null|[["samples/count"],[2],0]
	EOF
	# Streams of one rate together, and of two.
	sampled '{"event":"cpu-clock","frequency":100}' '{"event":"cpu-clock","period":10000000}' > x.skel
	run -0 profile '[.types, .samples[0].values]' x.skel
	[ "$output" = '[["samples/count","cpu/nanoseconds"],[4,40000000]]' ]
	sampled '{"event":"cpu-clock","frequency":100}' '{"event":"cpu-clock","frequency":99}' > x.skel
	run -0 profile '[.types, .samples[0].values]' x.skel
	[ "$output" = '[["samples/count"],[4]]' ]
	# It is passed on, also by skel-merge, for each map.
	sampled '{"event":"cpu-clock","frequency":100}' > x.skel
	{
		header | jq -c '.host = "web2"'
		echo '{"@end":{"records":0,"lost":0}}'
	} > y.skel
	skel-merge -q x.skel y.skel > xy.skel
	run -0 jq -c '[.maps[].perf_event]' <(head -n 1 xy.skel)
	[ "$output" = '[{"event":"cpu-clock","frequency":100},null]' ]
	run -0 jq -c '.maps[0].perf_event' <(skel-poll -q -f json < x.skel | head -n 1)
	[ "$output" = '{"event":"cpu-clock","frequency":100}' ]
}

@test "a perf event that cannot be one is a bad header with the reason" {
	local perf message
	while IFS='|' read -r perf message; do
		header | jq -c ".maps[0].perf_event = $perf" > x.skel
		run -1 skel-fmt --pprof x.skel
		[[ $output == *"header: maps[0].perf_event$message"* || $output == *": maps[0].perf_event$message"* ]] || { echo "$perf: $output"; false; }
	done <<- 'EOF'
		5|: expected an object
		{"frequency":99}|: event is missing
		{"event":"cpu-clock"}|: it has either a frequency or a period
		{"event":"cpu-clock","frequency":9,"period":9}|: it has either a frequency or a period
		{"event":"cpu-clock","frequency":-1}|.frequency:
		{"event":"cpu-clock","period":9223372036854775808}|.period:
	EOF
}
