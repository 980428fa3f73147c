#!/usr/bin/env bats
# skel-merge(1): one stream of several, of hosts or of segments.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	FORMAT=$FIXTURES/format
	"$HELPERS/two-hosts.py" "$FORMAT" .
}

# of_host HOST FILE: its records in JSON, without the name of the host.
of_host() {
	skel-fmt -q --json "$2" | jq -c "select(.\"@host\" == \"$1\") | del(.\"@host\")"
}

# with_host HOST FILE: the stream as one of this host.
with_host() {
	head -n 1 "$2" | jq -c ".host = \"$1\" | .boot_id = \"$1\""
	tail -n +2 "$2"
}

# unlabelled: records in JSON, without labels that are the numbers of maps.
unlabelled() {
	jq -c 'if (."@type" // "") | test("^[0-9]+$") then del(."@type") else . end'
}

# stream HOST MAPS RECORDS: a stream of so many maps, whose records are numbers, one each ms.
stream() {
	python3 - "$FORMAT" "$@" <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("s", host=sys.argv[2], boot_id=sys.argv[2])
		n = s.integer("u64", 8)
		maps = int(sys.argv[3])
		for i in range(maps):
		    s.map(f"m{i}", "ringbuf", n)
		for i in range(int(sys.argv[4])):
		    s.put(struct.pack("<Q", i), map=i % maps, time=TIME + i * 1_000_000)
		s.end()
		sys.stdout.buffer.write(json.dumps(s.header).encode() + b"\n" + b"".join(x + b"\n" for x in s.lines))
	PYTHON
}

@test "a merged stream has the records, names, stacks and times of each host" {
	local order from
	for order in '' --order; do
		for from in "a.skel b.skel" "b.skel a.skel" "<(cat a.skel) <(cat b.skel)" "- b.skel < a.skel"; do
			eval "skel-merge $order $from > m.skel"
			diff <(skel-fmt -q --json a.skel | jq -c .) <(of_host a m.skel)
			diff <(skel-fmt -q --json b.skel | jq -c .) <(of_host host-b m.skel)
			[ "$(tail -n 1 m.skel)" = '{"@end":{"records":12,"lost":5}}' ]
		done
	done
	# Types that agree are joined, others are not.
	skel-merge a.skel b.skel > m.skel
	[ "$(head -n 1 m.skel | jq -c '[.maps[] | select(.name == "rb") | .value] | unique | length')" = 1 ]
	[ "$(head -n 1 m.skel | jq -c '[.maps[] | select(.name == "perf") | .value] | unique | length')" = 2 ]
	[ "$(head -n 1 m.skel | jq -c '[.types[] | tojson] | length == (unique | length)')" = true ]
	diff <(skel-fmt -q --json ab.skel) <(skel-fmt -q --json m.skel)
}

@test "each stream of every kind, merged with itself as another host, is what it is alone" {
	local stream name
	for stream in "$FORMAT"/*.skel "$FIXTURES"/recorded/*.skel; do
		name=$(basename "$stream" .skel)
		with_host here "$stream" > here.skel
		with_host there "$stream" > there.skel
		skel-merge here.skel there.skel > m.skel 2> /dev/null || [ $? = 1 ]
		skel-fmt -q --json here.skel > want 2> /dev/null || :
		for host in here there; do
			of_host $host m.skel > got 2> /dev/null || :
			# Of types without a name of their own the label is a number.
			unlabelled < want > wanted
			unlabelled < got > given
			diff wanted given > differ || { echo "$name: $host"; head differ; false; }
		done
	done
}

@test "one stream is given back, also of several, compressed or in a pipe" {
	local stream
	for stream in "$FORMAT"/*.skel "$FIXTURES"/recorded/*.skel a.skel; do
		skel-merge "$stream" 2> /dev/null | cmp - "$stream"
		gzip -c "$stream" | skel-merge 2> /dev/null | cmp - "$stream"
	done
	cat "$FORMAT"/{bars,stacks,kinds}.skel a.skel > several.skel
	skel-merge several.skel | cmp - several.skel
	skel-merge --order several.skel | cmp - several.skel
	skel-merge ab.skel | cmp - ab.skel
	for stream in ab.json a.json; do
		skel-poll -q -f json < "${stream%.json}.skel" > "$stream" || [ $? = 3 ]
		skel-merge "$stream" | cmp - "$stream"
		skel-merge --order "$stream" | grep -v '"@end"' | sort | cmp - <(grep -v '"@end"' "$stream" | sort)
	done
}

@test "segments of a stream, made by hand or by skel-split, are that stream again" {
	local n
	stream one 3 2000 > long.skel
	for n in 1 7 1999; do
		head -n $((n + 1)) long.skel > part1.skel
		{ head -n 1 long.skel; tail -n +$((n + 2)) long.skel; } > part2.skel
		skel-merge part1.skel part2.skel 2> err | cmp - long.skel
		grep -q "part1.skel: the end is missing" err
		skel-merge -q --order part1.skel part2.skel | cmp - long.skel
		skel-merge -q --order part2.skel part1.skel | grep -av '^{"@end"' | cmp - <(grep -av '^{"@end"' long.skel)
		skel-merge -q <(cat part1.skel part2.skel) | cmp - long.skel
	done
	for n in long.skel "$FORMAT/stacks.skel" a.skel; do
		rm -rf out && mkdir out
		skel-split -N 3 -d out "$n" > names
		skel-merge -q out/* > m.skel
		cmp <(skel-fmt -q --json "$n") <(skel-fmt -q --json m.skel)
		[ "$(head -n 1 m.skel)" = "$(head -n 1 "$n")" ]
		[ "$(tail -n 1 m.skel | jq -c '.["@end"] | [.records, .lost]')" = "$(tail -n 1 "$n" | jq -c '.["@end"] | [.records, .lost]')" ]
	done
}

@test "with an order the records are those that Python sorts" {
	run -0 timeout 300 "$HELPERS/merge-oracle.py" "$FORMAT" "${SEED:-1}" 8 .
	[[ $output == "8 rounds, "* ]]
}

@test "what is out of order by more than the bound is passed on at once, and counted" {
	# More than is read at once.
	stream late 1 60000 > s.skel
	{ head -n 1 s.skel; sed -n '102,60001p' s.skel; sed -n '2,101p' s.skel; tail -n 1 s.skel; } > late.skel
	run -0 --separate-stderr skel-merge --order=10 late.skel
	[[ $stderr == "skel-merge: 100 records came too late for their place, and are out of order; a larger --order may help" ]]
	skel-merge -q --order=10 late.skel | skel-fmt --csv -b | tail -n +2 | tr -d '\r' > got
	cmp <(sort -n got) <(seq 0 59999)
	cmp <(grep -vxE '[0-9]{1,2}' got) <(seq 100 59999)
	cmp <(grep -xE '[0-9]{1,2}' got) <(seq 0 99)
	[ "$(head -n 1 got)" = 100 ]
	skel-merge --order=1m late.skel | cmp - s.skel
	# A time in the far future holds up neither others nor memory.
	python3 - s.skel <<-'PYTHON' > far.skel
		import sys
		lines = open(sys.argv[1], "rb").read().split(b"\n")
		far = bytearray(lines[3])
		far[10] = 0x7F
		lines[3] = bytes(far)
		sys.stdout.buffer.write(b"\n".join(lines[:301] + lines[1:301] * 300 + lines[-2:]))
	PYTHON
	# The sanitizers reserve address space.
	run -0 bash -c '[ -n "${SAN:-}" ] || ulimit -v 400000; skel-merge -q --order far.skel | grep -ac "^="'
	[ "$output" = 90300 ]
}

@test "a merge of merges is the merge of all" {
	with_host c a.skel > c.skel
	skel-merge a.skel b.skel > ab1.skel
	skel-merge ab1.skel c.skel > abc.skel
	skel-merge a.skel b.skel c.skel > want.skel
	cmp <(skel-fmt -q --json want.skel) <(skel-fmt -q --json abc.skel)
	[ "$(head -n 1 want.skel | jq -cS .)" = "$(head -n 1 abc.skel | jq -cS .)" ]
	skel-merge c.skel <(skel-merge b.skel a.skel) > cba.skel
	diff <(skel-fmt -q --json want.skel | sort) <(skel-fmt -q --json cba.skel | sort)
	diff <(skel-fmt -q --json want.skel | sort) \
		<(skel-merge <(skel-poll -q -f json < ab1.skel) <(skel-poll -q -f json < c.skel) | skel-fmt -q --json | sort)
}

@test "hosts of one name are shown as it is, and keep their names apart" {
	with_host a b.skel > again.skel
	skel-merge a.skel again.skel > m.skel
	[ "$(skel-count --by @host m.skel | skel-fmt --csv -b | tr -d '\r' | tail -n 1)" = "a,12" ]
	[ "$(skel-grep -c 'uid == "ana"' m.skel) $(skel-grep -c 'uid == "bob"' m.skel)" = "5 6" ]
	# In JSON records, types that differ have labels.
	skel-poll -q -f json < m.skel > m.json || [ $? = 3 ]
	diff <(skel-fmt -q --json m.skel) <(skel-fmt -q --json m.json)
	[ "$(skel-fmt -q --csv -b -m perf m.json | tr -d '\r' | tr '\n' ' ')" = "value 10 uid,uid_text,more 1000,bob,9 " ]
	skel-poll -q -f json < a.skel > a.json || [ $? = 3 ]
	skel-poll -q -f json < again.skel > again.json || [ $? = 3 ]
	diff <(skel-fmt -q --json m.skel) <(skel-merge a.json again.json | skel-fmt -q --json)
}

@test "an enum of the same name with other constants stays another one" {
	local n
	for n in 1 2; do
		python3 - "$FORMAT" $n <<-'PYTHON' > flags$n.skel
			import json, struct, sys
			sys.path.insert(0, sys.argv[1])
			from make import Stream
			n = sys.argv[2]
			s = Stream("f", host="h" + n, boot_id=n)
			u32 = s.integer("u32", 4)
			s.type("enum", "bits", 4, values=[["ONE" + n, 1], ["TWO" + n, 2]])
			e = s.type("enum", "state", 4, values=[["S" + n, 0]])
			event = s.struct("event", ("flags", u32), ("state", e))
			s.types[event]["members"][0]["as"] = "flags(bits)"
			s.map("rb", "ringbuf", event)
			s.put(struct.pack("<II", 3, 0))
			s.end()
			sys.stdout.buffer.write(json.dumps(s.header).encode() + b"\n" + b"".join(x + b"\n" for x in s.lines))
		PYTHON
	done
	run -0 skel-fmt --csv -b <(skel-merge flags1.skel flags2.skel)
	[[ $output == *"ONE1|TWO1"*"S1(0)"*"ONE2|TWO2"*"S2(0)"* ]] || { echo "$output"; false; }
	with_host h3 flags2.skel > flags3.skel
	skel-merge flags1.skel flags2.skel flags3.skel > m.skel
	[ "$(head -n 1 m.skel | jq -c '[.types[] | select(.kind == "enum") | .name]')" = '["bits","state","bits_2","state_2"]' ]
}

@test "256 maps fit a binary stream, and each record has its own, whatever its number" {
	local h
	for h in a b c d; do stream $h 64 128 > $h.skel; done
	skel-merge a.skel b.skel c.skel d.skel > m.skel
	for h in a b c d; do
		diff <(skel-fmt --csv $h.skel) <(skel-grep "@host == \"$h\"" m.skel | skel-fmt --csv | sed "s/^\(m[0-9]*\),$h,/\1,/; s/^@map,@host,/@map,/")
	done
	# Map 10 of the merged stream, whose number is a newline, has another one in its own.
	stream few 8 16 > few.skel
	stream more 8 16 > more.skel
	skel-merge few.skel more.skel > m.skel
	diff <(skel-fmt --csv -b -m m2 more.skel) <(skel-grep '@host == "more"' m.skel | skel-fmt --csv -b -m m2)
	stream e 1 1 > e.skel
	run -1 --separate-stderr skel-merge a.skel b.skel c.skel d.skel e.skel
	[ -z "$output" ]
	[ "$stderr" = "skel-merge: the streams have 257 maps together, and a binary one has at most 256; merge fewer, or make them JSON before: skel-poll -f json" ]
	for h in a b c d e; do skel-poll -f json < $h.skel > $h.json; done
	skel-merge {a,b,c,d,e}.json > m.json
	[ "$(skel-grep -c '@host == "e"' m.json)" = 1 ]
	[ "$(skel-count --by @host m.json | skel-fmt --csv -b | tr -d '\r' | tail -n 5 | sort | tr '\n' ' ')" = "a,128 b,128 c,128 d,128 e,1 " ]
}

@test "a stream that was cut is told with its host, and the others go on" {
	head -n 6 a.skel > cut.skel
	run -3 --separate-stderr skel-merge cut.skel b.skel
	[ "$stderr" = "skel-merge: cut.skel: the end is missing: the stream was cut" ]
	skel-merge -q cut.skel b.skel > m.skel || [ $? = 3 ]
	[ "$(grep -a '^{"@cut"' m.skel)" = '{"@cut":{"host":0}}' ]
	[ "$(tail -n 1 m.skel)" = '{"@end":{"records":8,"lost":3}}' ]
	run -0 --separate-stderr skel-fmt m.skel
	[[ $stderr == *"the stream of host a was cut here"* ]]
	# Alone it stays as it is.
	run -3 --separate-stderr bash -c 'skel-merge -q cut.skel > alone.skel'
	cmp cut.skel alone.skel
	: > empty
	run -3 --separate-stderr skel-merge empty b.skel
	[ "$stderr" = "skel-merge: empty: empty: no stream has come" ]
	head -c 1000 a.skel > half.skel
	run -1 --separate-stderr skel-merge half.skel b.skel
	[ "$(grep -ac ^= <<< "$output")" = 6 ]
}

@test "records of two encodings are not mixed" {
	skel-poll -q -f json < b.skel > b.json || [ $? = 3 ]
	run -1 --separate-stderr skel-merge a.skel b.json
	[ "$stderr" = "skel-merge: b.json: its records are JSON, those of other inputs binary; make them alike before: skel-poll -f json" ]
	run -1 --separate-stderr skel-merge b.json a.skel
	[[ $stderr == *"a.skel: its records are binary, those of other inputs JSON;"* ]]
	[ "$(skel-merge <(skel-poll -q -f json < a.skel) b.json | skel-fmt -q --json | sort)" = "$(skel-fmt -q --json ab.skel | sort)" ]
	echo '{"a":1}' > bare.json
	run -1 --separate-stderr skel-merge bare.json a.skel
	[ "$stderr" = "skel-merge: bare.json: these records have no header, which says what host they are of" ]
}

@test "hostile headers are refused with a line, and do not stop the others" {
	local n=0 h
	for h in '.host = ("x" * 300)' '.maps[0].value = 99' '.types[5].members[0].type = 5' '.version = 2' \
		'.hosts = [{"host":"a"}] | .version = 2 | .maps[0].host = 0' '.encoding = "tar"' '.maps = 1' \
		'.maps[0].name = ""' '.types[5].members[0].offset = 4000'; do
		{ head -n 1 a.skel | jq -c "$h"; tail -n +2 a.skel; } > bad.skel
		run -1 --separate-stderr skel-merge bad.skel b.skel
		[[ $stderr == "skel-merge: "* ]] || { echo "$h: $stderr"; false; }
		# The name of a host is too long for the merged stream only.
		[ $n = 0 ] || [ "$(skel-merge -q bad.skel b.skel 2> /dev/null | grep -ac ^=)" = 6 ] || { echo "$h"; false; }
		n=$((n + 1))
	done
	h='.host = "\u001b[2J\n\"web\"" | .maps[0].name = "\u0007\"" | .unknown = {"a":[1,18446744073709551615]}'
	{ head -n 1 a.skel | jq -c "$h" | sed 's/18446744073709552000/18446744073709551615/'; grep -a '^=' a.skel; } > odd.skel
	echo '{"@end":{"records":6,"lost":0,"let_go":7}}' >> odd.skel
	skel-merge odd.skel b.skel > m.skel
	[ "$(head -n 1 m.skel | grep -c '"unknown":{"a":\[1,18446744073709551615\]}')" = 1 ]
	[ "$(tail -n 1 m.skel)" = '{"@end":{"records":12,"lost":3,"let_go":7}}' ]
	skel-fmt -q --table m.skel | grep -q '\\^\[\[2J'
	run ! grep -q $'\e' <(skel-fmt -q --table m.skel)
	# A line that names a host itself is of its own stream all the same.
	{ head -n 1 a.skel; echo '{"@names":{"kind":"uid","names":[[1000,"eve"]],"host":1}}'; tail -n +3 a.skel; } > eve.skel
	skel-merge eve.skel b.skel > m.skel
	[ "$(skel-grep -c 'uid == "bob"' m.skel) $(skel-grep -c 'uid == "eve"' m.skel)" = "6 5" ]
}

@test "an input that is silent, or blocked, holds up no other one" {
	mkfifo never slow
	skel-merge never slow > out &
	exec 8> never 9> slow
	head -n 3 a.skel >&8
	head -n 4 b.skel >&9
	sed -n 5,6p b.skel >&9
	wait_for 30 eval 'grep -aq "^=" out'
	sed -n 7,8p b.skel >&9
	wait_for 30 eval '[ "$(grep -ac "^=" out)" = 4 ]'
	tail -n +4 a.skel >&8
	tail -n +9 b.skel >&9
	exec 8>&- 9>&-
	wait $!
	diff <(skel-fmt -q --json out | sort) <(skel-fmt -q --json ab.skel | sort)
}

@test "with an order a silent input is waited for only for the bound" {
	mkfifo quick quiet
	skel-merge --order=20 quick quiet > out &
	exec 8> quick 9> quiet
	head -n 5 a.skel >&8
	head -n 2 b.skel >&9
	wait_for 30 eval 'grep -aq "^=" out'
	tail -n +6 a.skel >&8
	tail -n +3 b.skel >&9
	exec 8>&- 9>&-
	wait $!
	diff <(skel-fmt -q --json out | sort) <(skel-fmt -q --json ab.skel | sort)
}

@test "clocks that differ by hours, or step back, hold up neither records nor memory" {
	local way
	stream h0 1 300 | skel-poll -f json > now.json
	sed '1s/"h0"/"h1"/g; s/T14:48:/T16:48:/' now.json > later.json
	# The clock of this host steps back by an hour in the middle.
	sed '1s/"h0"/"h2"/g; 150,$ s/T14:48:/T13:48:/' now.json > back.json
	for way in "now.json later.json back.json" "<(cat now.json) <(cat later.json) <(cat back.json)"; do
		eval "skel-merge -q --order $way" > m.json
		[ "$(tail -n 1 m.json)" = '{"@end":{"records":900,"lost":0}}' ]
		[ "$(grep '"@map"' m.json | sort | uniq | wc -l)" = 900 ]
	done
	# Of recordings the order is exact but for what is late.
	skel-merge -q --order now.json later.json | jq -r '.["@time"] // empty' | sort -c
}

@test "a host that comes late begins another stream, with what the others have told" {
	mkfifo first later
	skel-merge first later > out &
	exec 8> first
	head -n 5 a.skel >&8
	# The first header waits for others for a while, but not for ever.
	wait_for 30 eval 'grep -aq "^=" out'
	exec 9> later
	head -n 5 b.skel >&9
	wait_for 30 eval '[ "$(grep -ac "^{\"skel\"" out)" = 2 ]'
	tail -n +6 a.skel >&8
	tail -n +6 b.skel >&9
	exec 8>&- 9>&-
	wait $!
	[ "$(grep -ac '^{"@end"' out)" = 2 ]
	diff <(skel-fmt -q --json out | jq -c 'del(."@host")' | sort) \
		<(skel-fmt -q --json a.skel b.skel | jq -c . | sort)
	# So does another stream behind the first one of an input.
	cat a.skel b.skel > both.skel
	with_host c a.skel > c.skel
	for order in '' --order; do
		skel-merge $order both.skel c.skel > m.skel
		diff <(skel-fmt -q --json m.skel | jq -c 'del(."@host")' | sort) \
			<(skel-fmt -q --json a.skel b.skel c.skel | jq -c . | sort)
	done
}

@test "a thousand inputs are merged, as far as there may be descriptors" {
	local i
	stream h0 1 3 > base.skel
	skel-poll -f json < base.skel > base.json
	mkdir many
	for ((i = 0; i < 1000; i++)); do
		sed "1s/\"h0\"/\"h$i\"/g" base.json > "many/$i.json"
	done
	run -0 bash -c 'ulimit -Sn 100; [ -n "${SAN:-}" ] || ulimit -v 2000000; skel-merge --order many/*.json > m.json'
	[ "$(skel-count --by @host m.json | skel-fmt --csv -b | tail -n +2 | tr -d '\r' | cut -d, -f2 | sort | uniq -c | xargs)" = "1000 3" ]
	[ "$(tail -n 1 m.json)" = '{"@end":{"records":3000,"lost":0}}' ]
	run -1 --separate-stderr bash -c 'ulimit -n 100; skel-merge many/*.json'
	[ -z "$output" ]
	[[ $stderr == *'1000 inputs need as many descriptors, more than "ulimit -Hn" allows; merge fewer at once' ]]
}

@test "the manners of a pipe: usage, a reader that leaves, a full disk, a signal, no file" {
	run -2 --separate-stderr skel-merge --order=soon a.skel
	[ -z "$output" ]
	[[ $stderr == 'skel-merge: --order: "soon" is no time; expected one such as 50ms or 2s, at most 1 hour'* ]]
	run -2 --separate-stderr skel-merge --order=2h a.skel
	run -0 bash -c 'set -o pipefail; skel-merge a.skel <(cat b.skel; sleep 60 & echo $! > sleeper; wait) | head -n 1'
	kill "$(cat sleeper)" 2> /dev/null || :
	run -1 --separate-stderr bash -c 'skel-merge a.skel b.skel > /dev/full'
	[ "$stderr" = "skel-merge: <stdout>: No space left on device" ]
	run -1 --separate-stderr skel-merge a.skel nosuch.skel
	[ "$stderr" = "skel-merge: nosuch.skel: No such file or directory" ]
	[ -z "$output" ]
	ln a.skel again.skel
	run -1 --separate-stderr skel-merge a.skel b.skel again.skel
	[ "$stderr" = "skel-merge: again.skel: this is the same file as a.skel; its records would come twice" ]
	[ -z "$output" ]
	run -1 --separate-stderr skel-merge a.skel .
	[ "$stderr" = "skel-merge: .: Is a directory" ]
	mkfifo in
	skel-merge in > out 2> err &
	exec 8> in
	cat a.skel >&8
	wait_for 30 eval '[ "$(grep -ac "^=" out)" = 6 ]'
	kill -TERM $!
	wait $! || [ $? = 3 ]
	exec 8>&-
	[ "$(skel-fmt -q --json out)" = "$(skel-fmt -q --json a.skel)" ]
}

@test "bad lines are reported with their number, and skipped" {
	sed '4s/.*/nonsense/' a.skel > bad.skel
	run -1 --separate-stderr skel-merge bad.skel b.skel
	[[ $stderr == "skel-merge: bad.skel:4: "* ]]
	[ "$(skel-merge -q bad.skel b.skel 2> /dev/null | grep -ac '^=')" = 12 ]
	gzip -c a.skel | head -c -20 > half.gz
	run -1 --separate-stderr skel-merge half.gz b.skel
	[[ $stderr == *"half.gz: "* ]]
}
