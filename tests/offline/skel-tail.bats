#!/usr/bin/env bats
# skel-tail(1): the last of a stream, written when something happens.

load ../helpers/helper

setup() {
	note_places
	export TZ=UTC0
	cd "$BATS_TEST_TMPDIR"
	FORMAT=$FIXTURES/format
	LATE=$HELPERS/late-names.py
	mkdir out
}

teardown() {
	[ -z "${JOB:-}" ] || kill -KILL "$JOB" 2>/dev/null || :
}

# numbers N [STEP_NS]: numbers.skel, a stream of N records n = 0, 1, ..., so much apart.
numbers() {
	python3 - "$FORMAT" "$1" "${2:-1000000000}" > numbers.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("numbers")
		s.map("ev", "ringbuf", s.struct("ev", ("n", s.integer("u32", 4))))
		write = sys.stdout.buffer.write
		write(json.dumps(s.header).encode() + b"\n")
		for i in range(int(sys.argv[2])):
		    s.put(struct.pack("<I", i), time=TIME + i * int(sys.argv[3]))
		    if len(s.lines) == 1000:
		        write(b"\n".join(s.lines) + b"\n")
		        s.lines.clear()
		s.lines.append(json.dumps({"@end": {"records": s.records, "lost": 0}}).encode())
		write(b"\n".join(s.lines) + b"\n")
	PYTHON
}

# shown FILE...: the numbers in dumps, on one line.
shown() {
	skel-fmt --json --bare "$@" | jq -r .n | paste -s -d ' '
}

# handles_usr1: the command catches SIGUSR1 now, signal number 10 in its mask.
handles_usr1() {
	local mask
	mask=$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$JOB/status")
	((0x$mask >> 9 & 1))
}

# start OPTION...: run the command on a pipe, which stays open as descriptor 8.
start() {
	rm -f in
	mkfifo in
	skel-tail "$@" < in > got 2> err 3>&- &
	JOB=$!
	exec 8> in
	wait_for 10 handles_usr1
}

finish() {
	exec 8>&-
	wait "$JOB"
	JOB=
	[ ! -s err ] || { cat err; return 1; }
}

@test "at the end the last N records are written, as tail writes lines" {
	local stream n
	for stream in "$FORMAT"/{enums,floats,kinds,nested,short,texts,types,maps,stacks}.skel \
		"$FIXTURES"/recorded/{lost,perf,sequence,events-json,stacks-json}.skel; do
		for n in 1 2 $((RANDOM % 20 + 3)) 1000; do
			# It would begin within a pass that another one follows: see below.
			[[ $stream != */stacks.skel ]] || ((n < 8 || n > 10)) || continue
			skel-tail -N "$n" "$stream" > got.skel 2> /dev/null || :
			diff <(skel-fmt --json "$stream" 2> /dev/null | tail -n "$n") <(skel-fmt --json got.skel 2> /dev/null)
			skel-tail -N "$n" <(cat "$stream") 2> /dev/null | cmp - got.skel
		done
	done
}

@test "what left the window is told, and adds up with what was written" {
	numbers 5000
	for n in 1 31 32 33 4999 5000; do
		skel-tail -N "$n" numbers.skel > got.skel
		is "$n" "$(grep -ac '^=' got.skel)"
		is "[$n,0,$((5000 - n))]" "$(tail -n 1 got.skel | jq -c '.["@end"] | [.records, .lost, (.left_out // 0)]')"
	done
	skel-tail -N 1 "$FIXTURES/recorded/lost.skel" > got.skel
	is "$(tail -n 1 "$FIXTURES/recorded/lost.skel" | jq '.["@end"] | .records + .lost')" \
		"$(tail -n 1 got.skel | jq '.["@end"] | .records + .lost + .left_out + (.left_out_lost // 0)')"
	# Readers skip the keys that they do not know.
	run -0 --separate-stderr skel-fmt --json got.skel
	[[ $stderr != *error* ]]
	skel-grep -c 'true == false || @map == "none"' got.skel || [ $? -le 2 ]
}

@test "-T is a window by the times of the records, and -C by memory" {
	numbers 100 100000000
	is "89 90 91 92 93 94 95 96 97 98 99" "$(shown <(skel-tail -T 1s numbers.skel))"
	is "97 98 99" "$(shown <(skel-tail -T 1s -N 3 numbers.skel))"
	numbers 20000
	skel-tail -C 64K numbers.skel > got.skel
	[ "$(stat -c %s got.skel)" -lt 70000 ] && [ "$(stat -c %s got.skel)" -gt 40000 ]
	is 19999 "$(shown got.skel | tr ' ' '\n' | tail -n 1)"
	is 20000 "$(tail -n 1 got.skel | jq '.["@end"] | .records + .left_out')"
	diff <(shown got.skel) <(seq $((20000 - $(grep -ac '^=' got.skel))) 19999 | paste -s -d ' ')
}

@test "--when writes the window and the record, and each record once" {
	numbers 1000
	skel-tail -N 3 --when 'n in (10, 500, 502)' numbers.skel > got.skel
	is "7 8 9 10 497 498 499 500 501 502 997 998 999" "$(shown got.skel)"
	is "4 4 2 3" "$(grep -a '^{"@end"' got.skel | jq '.["@end"].records' | paste -s -d ' ')"
	is "7 486 0 494" "$(grep -a '^{"@end"' got.skel | jq '.["@end"].left_out // 0' | paste -s -d ' ')"
	skel-tail -N 3 --when 'n == 0 || n == 999' numbers.skel > got.skel
	is "0 996 997 998 999" "$(shown got.skel)"
	# Without such a record, the end alone writes.
	skel-tail -N 3 --when 'n == 1000' numbers.skel > got.skel
	is "997 998 999" "$(shown got.skel)"
}

@test "--after writes what comes afterwards, and a further one makes it longer" {
	numbers 100
	skel-tail -N 2 --when 'n == 50' --after 3s numbers.skel > got.skel
	is "48 49 50 51 52 98 99" "$(shown got.skel)"
	skel-tail -N 2 --when 'n == 50 || n == 52' --after 3s numbers.skel > got.skel
	is "48 49 50 51 52 53 54 98 99" "$(shown got.skel)"
	is "7 2" "$(grep -a '^{"@end"' got.skel | jq '.["@end"].records' | paste -s -d ' ')"
}

@test "-d writes each dump to a file of its own, and prints its name" {
	numbers 100
	run -0 --separate-stderr skel-tail -N 2 --when 'n == 50 || n == 70' -d out numbers.skel
	is "out/test-numbers-20261122T144849.000000001Z.skel out/test-numbers-20261122T144909.000000001Z.skel out/test-numbers-20261122T144939.000000001Z.skel" "${lines[*]}"
	is "48 49 50" "$(shown "${lines[0]}")"
	is "68 69 70" "$(shown "${lines[1]}")"
	is "98 99" "$(shown "${lines[2]}")"
	is 3 "$(find out -type f | wc -l)"
}

@test "a dump has the names that its records need, told long before or soon after" {
	local stream
	"$LATE" move "$FORMAT/stacks.skel" > moved.skel
	"$LATE" numbers > named.skel
	for stream in "$FORMAT/stacks.skel" "$FIXTURES/recorded/stacks.skel" "$FIXTURES/recorded/stack-ids.skel" moved.skel named.skel; do
		for n in 1 2 3 7; do
			diff <(skel-fmt --json "$stream" | tail -n "$n") <(skel-tail -N "$n" "$stream" | skel-fmt --json) ||
				{ echo "$stream -N $n"; return 1; }
		done
	done
	# And not those of others.
	python3 - "$FORMAT" > many.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("many")
		u32 = s.integer("u32", 4)
		event = s.struct("ev", ("uid", u32), ("n", u32))
		s.types[event]["members"][0]["as"] = "uid"
		s.map("ev", "ringbuf", event)
		for i in range(1000):
		    s.lines.append(json.dumps({"@names": {"kind": "uid", "names": [[i, f"user{i}"]]}}).encode())
		    s.put(struct.pack("<II", i, 1))
		for i in (7, 7, 900, 3):
		    s.put(struct.pack("<II", i, 2))
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	skel-tail -N 4 many.skel > got.skel
	is "user7 user7 user900 user3" "$(skel-fmt --json got.skel | jq -r .uid_text | paste -s -d ' ')"
	is 3 "$(grep -ac '^{"@names"' got.skel)"
	# The expression knows the names before its record has left the window, or after.
	skel-tail -N 1 --when 'uid == "user500"' many.skel > got.skel
	is "user499 user500 user3" "$(skel-fmt --json got.skel | jq -r .uid_text | paste -s -d ' ')"
}

@test "a dump of a merged stream has the names of each host" {
	local stream host n
	"$HELPERS/two-hosts.py" "$FORMAT" .
	skel-merge --order a.skel b.skel > merged.skel
	"$LATE" numbers > numbers.skel
	for host in here there; do
		head -n 1 numbers.skel | jq -c ".host = \"$host\" | .boot_id = \"$host\""
		LC_ALL=C sed "1d;s/ana/ana of $host/;s/\"main\"/\"main of $host\"/" numbers.skel
	done > hosts.skel
	skel-merge -q <(LC_ALL=C sed -n '1,/^{"@end"/p' hosts.skel) <(LC_ALL=C sed '1,/^{"@end"/d' hosts.skel) > follow.skel
	for stream in merged ab follow; do
		skel-poll -q -f json < "$stream.skel" > json.skel || [ $? = 3 ]
		skel-fmt --json "$stream.skel" > want
		for n in 1 2 3 7 1000; do
			skel-tail -N "$n" "$stream.skel" > got.skel
			skel-fmt --json got.skel | diff <(tail -n "$n" want) -
			skel-merge -q got.skel | cmp - got.skel
			skel-tail -N "$n" json.skel | skel-fmt --json | diff <(tail -n "$n" want) -
		done
	done
	grep -q '"ana of there"' want
	# The expression compares with the names of the host of its record, which wait for them.
	skel-tail -N 2 --when 'owner == "ana of there" && n == 1' -d out follow.skel > names
	is "there 1 there 2" "$(skel-fmt --json out/merged-* | jq -r '."@host", .n' | paste -s -d ' ')"
}

@test "a pass whose beginning left the window is left out if another one follows" {
	python3 - "$FORMAT" > passes.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("passes")
		u32 = s.integer("u32", 4)
		s.map("m", "sample", u32, key=u32, sample={"interval": 1000, "type": "default_kv", "unit": "", "clear_map": False})
		for round in range(1, 6):
		    for key in range(4):
		        s.put(struct.pack("<II", key, round), time=TIME + round)
		    s.lines.append(json.dumps({"@sampled": {"map": "m", "round": round, "keys": 4}}).encode())
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	values() {
		skel-tail -N "$1" passes.skel > got.skel
		skel-fmt --json got.skel | jq .value | paste -s -d ' '
		[ "$(tail -n 1 got.skel | jq '.["@end"] | .records + .left_out')" = 20 ]
	}
	is "4 4 4 4 5 5 5 5" "$(values 11)"
	is "4 4 4 4 5 5 5 5" "$(values 8)"
	is "5 5 5 5" "$(values 6)"
	is "5 5" "$(values 2)"
}

@test "SIGUSR1 writes the window of a live stream, and nothing comes without" {
	numbers 10
	start -N 3
	head -n 6 numbers.skel >&8
	wait_for 10 eval 'grep -q "^State:.S" /proc/$JOB/status'
	[ ! -s got ]
	kill -USR1 "$JOB"
	wait_for 10 grep -aq '^{"@end"' got
	is "2 3 4" "$(shown got)"
	LC_ALL=C sed -n '7,8p' numbers.skel >&8
	wait_for 10 eval 'kill -USR1 "$JOB"; [ "$(grep -ac "^=" got)" = 5 ]'
	LC_ALL=C sed -n '9,$p' numbers.skel >&8
	finish
	is "2 3 4 5 6 7 8 9" "$(shown got)"
}

@test "a storm of SIGUSR1 writes each record once, and no dump of nothing" {
	numbers 200
	start -N 1000 -d out
	for i in {1..40}; do
		LC_ALL=C sed -n "$((i * 5 - 4)),$((i * 5))p" numbers.skel >&8
		for _ in {1..25}; do
			kill -USR1 "$JOB"
		done
	done
	LC_ALL=C sed -n '201,$p' numbers.skel >&8
	finish
	is "$(seq 0 199 | paste -s -d ' ')" "$(shown out/*)"
	# Only the first can have come before any record.
	[ "$(tail -q -n 1 out/* | jq '.["@end"] | select(.records == 0) | .records' | wc -l)" -le 1 ]
	is "$(wc -l < got)" "$(find out -type f | wc -l)"
}

@test "the time of --after passes by the clock, if nothing comes" {
	numbers 10
	start -N 2 --when 'n == 4' --after 300ms -d out
	head -n 6 numbers.skel >&8
	wait_for 10 test -s got
	is "2 3 4" "$(shown "$(cat got)")"
	LC_ALL=C sed -n '7,$p' numbers.skel >&8
	finish
	is "8 9" "$(shown "$(tail -n 1 got)")"
}

@test "a dump waits for the names that follow, in a file and a pipe" {
	"$LATE" small > small.skel
	start -N 10
	head -n 4 small.skel >&8
	wait_for 10 eval 'kill -USR1 "$JOB"; grep -aq "^=" got'
	LC_ALL=C sed -n '5,$p' small.skel >&8
	finish
	diff <(skel-fmt --json small.skel) <(skel-fmt --json got)
}

@test "signals end it with the window written, and so does the end of a cut stream" {
	local signal
	numbers 10
	for signal in TERM HUP; do
		start -N 2
		head -n 8 numbers.skel >&8
		wait_for 10 eval 'grep -q "^State:.S" /proc/$JOB/status'
		kill "-$signal" "$JOB"
		wait "$JOB"
		JOB=
		exec 8>&-
		is "5 6" "$(shown got)"
	done
	head -n 8 numbers.skel > cut.skel
	run -0 --separate-stderr bash -c 'skel-tail -N 2 cut.skel | skel-fmt --json'
	[[ $stderr == *"skel-tail: cut.skel: the end is missing"*"skel-fmt: <stdin>: the end is missing"* ]]
}

@test "JSON, JSON without a header, compressed and appended streams" {
	for i in 1 2 3 4 5; do
		echo "{\"@time\":\"2026-11-22T14:48:0$i.5Z\",\"n\":$i}"
	done > bare.json
	is "4 5" "$(skel-tail -N 2 bare.json | jq .n | paste -s -d ' ')"
	is "3 4 5" "$(skel-tail -T 2s bare.json | jq .n | paste -s -d ' ')"
	is "1 2 5" "$(skel-tail -N 1 --when 'n == 2' bare.json | jq .n | paste -s -d ' ')"
	numbers 10
	zstd -q < numbers.skel > numbers.zst
	is "8 9" "$(shown <(skel-tail -N 2 numbers.zst))"
	is "8 9 8 9" "$(shown <(cat numbers.skel numbers.skel | skel-tail -N 2))"
	{
		head -n 1 numbers.skel | sed 's/"encoding": *"binary"/"encoding":"json"/'
		skel-fmt --json numbers.skel
		tail -n 1 numbers.skel
	} > json.skel
	is "3 4 5 8 9" "$(shown <(skel-tail -N 2 --when 'n == 5' json.skel))"
}

@test "memory stays within the bound, however long the stream is" {
	numbers 200000
	{
		head -n 1 numbers.skel
		for i in 1 2 3 4 5; do
			LC_ALL=C sed '1d;$d' numbers.skel
		done
		tail -n 1 numbers.skel
	} > long.skel
	for option in "-C 4M" "-N 1000" "-T 10s"; do
		# shellcheck disable=SC2086
		/usr/bin/time -f %M -o kib skel-tail $option long.skel > got.skel
		[ -s got.skel ]
		[ "$(cat kib)" -lt $(((4 << 10) + 16384)) ] || ldd "$(command -v skel-tail)" | grep -q asan
	done
	# So do the names that are told.
	python3 - "$FORMAT" > names.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("names")
		u64 = s.integer("u64", 8)
		event = s.struct("ev", ("cgroup", u64))
		s.types[event]["members"][0]["as"] = "cgroup"
		s.map("ev", "ringbuf", event)
		write = sys.stdout.buffer.write
		write(json.dumps(s.header).encode() + b"\n")
		for i in range(100000):
		    s.lines.append(json.dumps({"@names": {"kind": "cgroup", "names": [[i, "/x" * 100 + str(i)]]}}).encode())
		    s.put(struct.pack("<Q", i))
		write(b"\n".join(s.lines) + b"\n")
		write(json.dumps({"@end": {"records": s.records, "lost": 0}}).encode() + b"\n")
	PYTHON
	/usr/bin/time -f %M -o kib skel-tail -C 1M names.skel > got.skel
	[ "$(cat kib)" -lt 16384 ] || ldd "$(command -v skel-tail)" | grep -q asan
	skel-fmt --json got.skel | tail -n 1 | grep -q '/x99999"'
}

# waiting N: waiting.skel, a stream of N records whose names come behind all of them.
waiting() {
	python3 - "$FORMAT" "$1" > waiting.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream
		s = Stream("waiting", names="follow")
		u32 = s.integer("u32", 4)
		event = s.struct("ev", ("uid", u32), ("n", u32), ("rest", s.array(u32, 48)))
		s.types[event]["members"][0]["as"] = "uid"
		s.map("ev", "ringbuf", event)
		write, n = sys.stdout.buffer.write, int(sys.argv[2])
		write(json.dumps(s.header).encode() + b"\n")
		for i in range(n):
		    s.put(struct.pack("<II192x", i, i))
		s.lines.append(json.dumps({"@names": {"kind": "uid", "names": [[n - 1, "last"]]}}).encode())
		s.lines.append(json.dumps({"@end": {"records": n, "lost": 0}}).encode())
		write(b"\n".join(s.lines) + b"\n")
	PYTHON
}

# peak OPTION...: the most memory of the command, in KiB, as the kernel counts it.
peak() {
	/usr/bin/time -f %M -o kib skel-tail "$@" --when 'uid == "last"' waiting.skel > got.skel
	cat kib
}

@test "the records that wait for names are within the bound too" {
	local size none
	# The process without the memory that is asked for, but with its buffers.
	waiting 2000
	none=$(peak -C 64K)
	waiting 100000
	for size in 2 4 8; do
		# At most one record more than that: its line has 220 bytes.
		[ "$(peak -C "${size}M")" -le $((none + (size << 10) + 1)) ] ||
			ldd "$(command -v skel-tail)" | grep -q asan
		# It is full, as far as it is the window's.
		[ "$(stat -c %s got.skel)" -gt $((size * 400000)) ]
		# And the record whose name comes is found.
		is 'true "last"' "$(skel-fmt -q --json got.skel | tail -n 1 | jq -c '.n == 99999, .uid_text' | paste -s -d ' ')"
		is 1 "$(grep -ac '"@end"' got.skel)"
	done
}

@test "what cannot be done is said, with the status of a usage error where it is one" {
	fails_with 2 "how much is kept is missing: -C, -T or -N" skel-tail "$FORMAT/enums.skel"
	fails_with 2 "-C: 1K: too little; at least 64K" skel-tail -C 1K
	fails_with 2 '--after: "soon" is no time' skel-tail -N 1 --after soon
	fails_with 2 "expression:" skel-tail -N 1 --when 'n ==' "$FORMAT/enums.skel"
	fails_with 1 "nonesuch" skel-tail -N 1 --when 'nonesuch == 1' "$FORMAT/enums.skel"
	fails_with 1 "nowhere: No such file or directory" skel-tail -N 1 -d nowhere "$FORMAT/enums.skel"
	fails_with 1 "this is a package; load it first: skel-load" skel-tail -N 1 "$ASSETS/bootstrap.json"
	run -1 --separate-stderr bash -c 'skel-tail -N 1 "$FIXTURES/format/enums.skel" > /dev/full'
	is "skel-tail: <stdout>: No space left on device" "$stderr"
}

@test "a reader that leaves ends it" {
	numbers 10
	mkfifo in got
	skel-tail -N 5 < in > got 2> err 3>&- &
	JOB=$!
	exec 8> in 9< got
	head -n 3 numbers.skel >&8
	exec 9<&-
	wait "$JOB"
	JOB=
	exec 8>&-
	[ ! -s err ]
}
