#!/usr/bin/env bats
# skel-split(1): a stream as segments, each a stream of its own.

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

# split OPTION... STREAM: the segments of a stream, in the array SEGMENTS.
split_stream() {
	rm -rf out && mkdir out
	skel-split -d out "$@" > names 2> err
	mapfile -t SEGMENTS < names
}

# same STREAM [FORM...]: the segments show what the stream shows.
same() {
	local stream=$1 form forms=(table plain json csv tsv raw)
	shift
	for form in "${@:-${forms[@]}}"; do
		skel-fmt -q "--$form" "$stream" > want 2> /dev/null || :
		skel-fmt -q "--$form" "${SEGMENTS[@]}" > got 2> /dev/null || :
		diff -u --label "$stream --$form" want got
	done
}

# ends FILE...: the sums of the records and losses in their ends.
ends() {
	local file
	for file in "$@"; do
		tail -q -n 1 "$file"
	done | jq -sc '[(map(.["@end"].records) | add), (map(.["@end"].lost) | add)]'
}

@test "the segments of a stream show what the stream shows, wherever it is cut" {
	local stream n
	for stream in "$FORMAT"/*.skel "$FIXTURES"/recorded/*.skel; do
		for n in 1 2 $((RANDOM % 20 + 3)); do
			split_stream -N "$n" "$stream" || [ "${stream##*/}" = errors.skel ]
			[ -s names ] && sort -c names
			same "$stream"
		done
		split_stream -C $((RANDOM % 8000 + 1)) "$stream" || [ "${stream##*/}" = errors.skel ]
		same "$stream"
	done
}

@test "each segment is a whole stream, and the ends add up to that of the stream" {
	local stream file
	for stream in "$FORMAT"/{enums,maps,sampled,stacks,hists}.skel "$FIXTURES"/recorded/{lost,sequence,stack-ids}.skel; do
		split_stream -N 2 "$stream"
		[ "${#SEGMENTS[@]}" -gt 1 ]
		for file in "${SEGMENTS[@]}"; do
			cmp <(head -n 1 "$stream") <(head -n 1 "$file")
			run -0 --separate-stderr skel-fmt --json "$file"
			[[ $stderr != *missing* ]]
			is "$(grep -ac '^[=]\|^{"@map"' "$file")" "$(tail -n 1 "$file" | jq '.["@end"].records')"
		done
		is "$(ends "$stream")" "$(ends "${SEGMENTS[@]}")"
	done
}

@test "a segment has the names of its records alone, and those told long before" {
	split_stream -N 1 "$FORMAT/stacks.skel"
	same "$FORMAT/stacks.skel"
	python3 - "${SEGMENTS[@]}" <<-'PYTHON'
		import json, sys
		told = [sum(line.startswith(b'{"@symbols"') for line in open(f, "rb")) for f in sys.argv[1:]]
		assert any(told), told
	PYTHON
	# The last record of a stream of many names has one.
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
	split_stream -N 1000 many.skel
	same many.skel
	is 2 "${#SEGMENTS[@]}"
	grep -a '"@names"' "${SEGMENTS[1]}" > names.last
	printf '{"@names":{"kind":"uid","names":[[%s,"user%s"]]}}\n' 7 7 900 900 3 3 | diff - names.last
}

@test "names that come behind the segment whose records need them are in it" {
	"$LATE" small > small.skel
	"$LATE" numbers > numbers.skel
	"$LATE" move "$FORMAT/stacks.skel" > moved.skel
	"$LATE" move "$FIXTURES/recorded/stacks.skel" > recorded.skel
	local stream n file
	for stream in small numbers moved recorded; do
		for n in 1 2 3; do
			split_stream -N "$n" "$stream.skel"
			sort -c names
			same "$stream.skel"
			split_stream -N "$n" --zstd < <(cat "$stream.skel")
			same "$stream.skel"
		done
		# Each alone has them too.
		for file in "${SEGMENTS[@]}"; do
			skel-fmt --json "$file" 2>&1
		done | diff <(skel-fmt --json "$stream.skel" 2>&1) -
	done
}

@test "as long as too many segments wait for names, the next one becomes longer" {
	"$LATE" many 1000 > many.skel
	split_stream -N 1 many.skel
	is 65 "${#SEGMENTS[@]}"
	same many.skel
}

@test "names that do not come are waited for as long as readers wait" {
	mkfifo in
	skel-split -N 1 -d out < in > names 3>&- &
	JOB=$!
	exec 8> in
	"$LATE" small > small.skel
	# A record without its name, and one that needs none.
	head -n 1 small.skel >&8
	LC_ALL=C sed -n '2,4p' small.skel >&8
	wait_for 10 test -s names
	exec 8>&-
	wait "$JOB"
	JOB=
	is 3 "$(wc -l < names)"
}

# merged: merged.skel, with names before their records, and follow.skel, with names behind
# them, of two hosts each.
merged() {
	local host
	"$HELPERS/two-hosts.py" "$FORMAT" .
	skel-merge --order a.skel b.skel > merged.skel
	"$LATE" numbers > numbers.skel
	for host in here there; do
		{
			head -n 1 numbers.skel | jq -c ".host = \"$host\" | .boot_id = \"$host\""
			LC_ALL=C sed "1d;s/ana/ana of $host/;s/\"main\"/\"main of $host\"/" numbers.skel
			# A host may say that it tells no more of a kind.
			echo '{"@names":{"kind":"gid","over":true}}'
		} > "$host.skel"
	done
	skel-merge -q here.skel there.skel > follow.skel
}

# as_json FILE: a binary stream with its records in JSON.
as_json() {
	skel-poll -q -f json < "$1" || [ $? = 3 ]
}

@test "a merged stream is cut into merged streams, each with the names of its hosts" {
	local stream n file expression name
	merged
	# Each host has told another name of the same number.
	grep -aq 'ana of there' follow.skel && grep -aq '"beta"' merged.skel
	for stream in merged ab follow; do
		name=uid
		[ "$stream" != follow ] || name=owner
		for n in 1 2 3 5 1000; do
			split_stream -N "$n" "$stream.skel"
			[[ ${SEGMENTS[0]} == out/merged-[nt]*-20261122T144801.*Z.skel ]]
			same "$stream.skel"
			# Each by itself.
			for file in "${SEGMENTS[@]}"; do
				cmp <(head -n 1 "$stream.skel") <(head -n 1 "$file")
				skel-fmt -q --json "$file"
			done | cmp - <(skel-fmt -q --json "$stream.skel")
			# Together they are the stream again.
			skel-merge -q "${SEGMENTS[@]}" > again.skel
			cmp <(skel-fmt -q --json "$stream.skel") <(skel-fmt -q --json again.skel)
			cmp <(head -n 1 "$stream.skel") <(head -n 1 again.skel)
			is "$(ends "$stream.skel")" "$(ends again.skel)"
			for expression in '@host ~ "b|there"' "$name ~ \"there|bob\""; do
				skel-grep "$expression" "$stream.skel" | skel-fmt -q --json > want
				[ -s want ]
				skel-grep "$expression" "${SEGMENTS[@]}" | skel-fmt -q --json | cmp want -
			done
		done
		as_json "$stream.skel" > json.skel
		for n in 1 3 1000; do
			split_stream -N "$n" json.skel
			same json.skel
			cmp <(skel-fmt -q --json "$stream.skel") <(skel-merge -q "${SEGMENTS[@]}" | skel-fmt -q --json)
		done
	done
	# A record of one host brings no name of the other.
	split_stream -N 1 ab.skel
	run -1 grep -a '"@\(names\|symbols\|stack\)".*"host":1' "${SEGMENTS[@]:0:4}"
	grep -aq '"@names".*"host":1.*"bob"' "${SEGMENTS[-2]}"
}

@test "a changed clock is that of the segments after it" {
	python3 - "$FORMAT" > clock.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("clock", clock={"boottime": TIME, "monotonic": TIME})
		u64 = s.integer("u64", 8)
		event = s.struct("ev", ("at", u64))
		s.types[event]["members"][0]["as"] = "ktime"
		s.map("ev", "ringbuf", event)
		for i in range(6):
		    s.put(struct.pack("<Q", i))
		    if i == 2:
		        s.lines.append(json.dumps({"@clock": {"boottime": TIME + 1000, "monotonic": TIME + 2000}}).encode())
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	for n in 1 2 3; do
		split_stream -N "$n" clock.skel
		same clock.skel
		[[ $(skel-fmt --json "${SEGMENTS[-1]}") == *'"at":5,"at_text":"2026-11-22T14:48:01.000002006Z"'* ]]
	done
}

@test "a pass over a sampled map is not cut, and its @sampled stays with it" {
	split_stream -N 1 "$FORMAT/sampled.skel"
	local file
	for file in "${SEGMENTS[@]}"; do
		python3 - "$file" <<-'PYTHON'
			import json, sys
			lines = open(sys.argv[1], "rb").read().splitlines()
			header = json.loads(lines[0])
			sampled = [i for i, m in enumerate(header["maps"]) if m["source"] in ("sample", "iter")]
			# A body of one block begins behind its code; map 0x0a does not occur here.
			left = dict.fromkeys(sampled, 0)
			for line in lines[1:]:
			    if line[:1] == b"=" and line[2] in left:
			        left[line[2]] += 1
			    elif line.startswith(b'{"@sampled"'):
			        v = json.loads(line)["@sampled"]
			        at = [m["name"] for m in header["maps"]].index(v["map"])
			        assert left[at] == v["keys"], (left, v)
			        left[at] = 0
		PYTHON
	done
}

@test "-T cuts by the times of the records, -C by bytes, and the first limit counts" {
	python3 - "$FORMAT" > times.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("times")
		s.map("ev", "ringbuf", s.struct("ev", ("n", s.integer("u32", 4))))
		for i in range(100):
		    # Some are earlier than the one before.
		    s.put(struct.pack("<I", i), time=TIME + (i - (i % 5 == 4) * 3) * 100_000_000)
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	split_stream -T 1s times.skel
	same times.skel
	is 10 "${#SEGMENTS[@]}"
	is "out/test-times-20261122T144801.000000001Z.skel" "${SEGMENTS[0]}"
	is "out/test-times-20261122T144802.000000001Z.skel" "${SEGMENTS[1]}"
	split_stream -T 1s -N 8 times.skel
	same times.skel
	for file in "${SEGMENTS[@]}"; do
		[ "$(grep -ac '^=' "$file")" -le 8 ]
	done
	split_stream -C 700 times.skel
	same times.skel
	[ "${#SEGMENTS[@]}" -gt 3 ]
	for file in "${SEGMENTS[@]}"; do
		[ "$(stat -c %s "$file")" -le 700 ] || { ls -l "$file"; return 1; }
	done
}

@test "the segment of a live stream ends with its time, though nothing comes" {
	mkfifo in
	skel-split -T 1s -d out < in > names 3>&- &
	JOB=$!
	exec 8> in
	head -n 1 "$FORMAT/enums.skel" | sed 's/"encoding": *"binary"/"encoding":"json"/' >&8
	printf '{"@map":"%s","@time":"%s"}\n' "$(head -n 1 "$FORMAT/enums.skel" | jq -r '.maps[0].name')" "$(date -u +%Y-%m-%dT%H:%M:%S.%NZ)" >&8
	wait_for 10 test -s names
	is '{"@end":{"records":1,"lost":0}}' "$(tail -n 1 "$(cat names)")"
	exec 8>&-
	wait "$JOB"
	JOB=
	is 1 "$(wc -l < names)"
}

@test "compressed segments are read as they are, and so is compressed input" {
	zstd -q < "$FORMAT/stacks.skel" > stacks.zst
	split_stream -N 3 --zstd stacks.zst
	[[ ${SEGMENTS[0]} == *.skel.zst ]]
	zstd -qt "${SEGMENTS[@]}"
	same "$FORMAT/stacks.skel"
}

@test "JSON records, and JSON without a header, are cut as well" {
	local name
	for name in events-json stacks-json percpu-json; do
		split_stream -N 1 "$FIXTURES/recorded/$name.skel"
		same "$FIXTURES/recorded/$name.skel"
	done
	for i in 1 2 3 4 5; do
		echo "{\"@time\":\"2026-11-22T14:48:0$i.5Z\",\"n\":$i}"
	done > bare.json
	split_stream -N 2 bare.json
	is "out/unknown-ndjson-20261122T144801.500000000Z.skel out/unknown-ndjson-20261122T144803.500000000Z.skel out/unknown-ndjson-20261122T144805.500000000Z.skel" "${SEGMENTS[*]}"
	cat "${SEGMENTS[@]}" | diff bare.json -
	split_stream -T 2s bare.json
	is 3 "${#SEGMENTS[@]}"
	echo '{"n":1}' > none.json
	split_stream -N 2 none.json
	cmp none.json "${SEGMENTS[0]}"
}

@test "a header in the input begins a segment, and a stream that was cut stays cut" {
	cat "$FORMAT/enums.skel" "$FORMAT/floats.skel" > two.skel
	split_stream -N 1000 two.skel
	is 2 "${#SEGMENTS[@]}"
	same two.skel json csv
	head -c -20 "$FORMAT/enums.skel" > cut.skel
	run -1 --separate-stderr skel-split -d out -N 2 cut.skel
	[[ $stderr == *"cut.skel: the end is missing: the stream was cut"* ]]
	mapfile -t SEGMENTS <<< "$output"
	run -0 --separate-stderr skel-fmt --json "${SEGMENTS[-1]}"
	[[ $stderr == *"the end is missing: the stream was cut"* ]]
	head -n 1 "$FORMAT/enums.skel" > empty.skel
	echo '{"@end":{"records":0,"lost":3}}' >> empty.skel
	split_stream -N 1 empty.skel
	cmp empty.skel "${SEGMENTS[0]}"
}

@test "the lines of a stream that is not cut are the stream" {
	local stream
	for stream in "$FORMAT"/{enums,maps,sampled,hists}.skel "$FIXTURES"/recorded/{events,lost,lines}.skel; do
		split_stream -N 1000000 "$stream"
		is 1 "${#SEGMENTS[@]}"
		diff <(sed '$d' "$stream") <(sed '$d' "${SEGMENTS[0]}")
		diff <(tail -n 1 "$stream" | jq -cS .) <(tail -n 1 "${SEGMENTS[0]}" | jq -cS .)
	done
}

@test "host and program of a header cannot lead out of the directory" {
	python3 - <<-'PYTHON'
		import json, subprocess, os, re
		lines = open(os.environ["FIXTURES"] + "/format/enums.skel", "rb").read().splitlines(True)
		header = json.loads(lines[0])
		nasty = ["", ".", "..", "../../etc/passwd", "/etc", "a\nb", "a b", "\x1b[2J", "x" * 4096, "-rf", "é" * 100,
		         "a\tb", "%s%n", "*", "web-1", "CON", "a\\b", "a;b", "$(id)", "'", '"']
		for host in nasty:
		    for name in nasty:
		        data = json.dumps({**header, "host": host, "name": name}).encode() + b"\n" + b"".join(lines[1:])
		        p = subprocess.run(["skel-split", "-N", "1000", "-d", "out"], input=data, capture_output=True)
		        assert p.returncode == 0 and p.stderr == b"", (host, name, p)
		        file = p.stdout.decode()
		        assert re.fullmatch(r"out/[-A-Za-z0-9_][-A-Za-z0-9._]{0,63}-[A-Za-z0-9_][A-Za-z0-9._]{0,63}-\d{8}T\d{6}\.\d{9}Z\.skel\n", file), file
		        assert os.path.isfile(file.strip())
		assert sorted(os.listdir(".")) == ["out"], os.listdir(".")
		assert len(os.listdir("out")) == len(nasty) ** 2
	PYTHON
}

@test "a time at the end of all times makes names that are unique and sort" {
	python3 - "$FORMAT" > end.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream
		s = Stream("end")
		s.map("ev", "ringbuf", s.struct("ev", ("n", s.integer("u32", 4))))
		for i, time in enumerate((2**64 - 1, 2**64 - 1, 0, 5, 2**64 - 1)):
		    s.put(struct.pack("<I", i), time=time)
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	split_stream -N 1 end.skel
	is 5 "${#SEGMENTS[@]}"
	sort -cu names
	same end.skel json csv
}

@test "-k keeps the newest segments, and removes no file that is not one" {
	local keep
	mkdir target
	keep=(out/test-bars-20200101T000000.000000000Z.txt out/test-bars-20200101T000000.000000000Z.skel.gz
		out/other-bars-20200101T000000.000000000Z.skel out/test-bars2-20200101T000000.000000000Z.skel
		out/test-bars-20200101T000000Z.skel out/test-bars-2020.skel out/xtest-bars-20200101T000000.000000000Z.skel
		"out/test-bars-20200101T000000.000000000Z.skel " out/test-bars-20200101T00000a.000000000Z.skel)
	touch "${keep[@]}"
	mkdir out/test-bars-20200101T000001.000000000Z.skel
	ln -s ../target out/test-bars-20200101T000002.000000000Z.skel
	touch target/x
	touch out/test-bars-20200101T000003.000000000Z.skel out/test-bars-20200101T000004.000000000Z.skel.zst
	skel-split -N 1 -k 3 -d out "$FORMAT/bars.skel" > names
	[ "$(wc -l < names)" -gt 3 ]
	ls "${keep[@]}" target/x > /dev/null
	[ -d out/test-bars-20200101T000001.000000000Z.skel ] && [ -L out/test-bars-20200101T000002.000000000Z.skel ]
	[ ! -e out/test-bars-20200101T000003.000000000Z.skel ] && [ ! -e out/test-bars-20200101T000004.000000000Z.skel.zst ]
	diff <(tail -n 3 names) <(find out -type f -newer "$FORMAT/make.py" -size +0 | sort)
	# Another run counts those of this one.
	skel-split -N 1000 -k 2 -d out "$FORMAT/bars.skel" > later
	is "$(cat later)"$'\n'"$(tail -n 1 names)" "$(find out -type f -size +0 | sort)"
}

@test "after the clock went backwards -k keeps the files of this run" {
	local file
	for file in out/test-bars-20990101T00000{1,2,3,4,5,6}.000000000Z.skel; do
		cp "$FORMAT/bars.skel" "$file"
	done
	skel-split -N 1 -k 4 -d out "$FORMAT/bars.skel" > names
	[ "$(wc -l < names)" -gt 4 ]
	diff <(tail -n 4 names) <(ls out/*)
	# With fewer, the newest of the others stay.
	for file in out/test-bars-20990101T00000{1,2,3}.000000000Z.skel; do
		cp "$FORMAT/bars.skel" "$file"
	done
	rm -f out/test-bars-2026*
	skel-split -N 1000 -k 3 -d out "$FORMAT/bars.skel" > names
	is "$(cat names) out/test-bars-20990101T000002.000000000Z.skel out/test-bars-20990101T000003.000000000Z.skel" "$(echo out/*)"
}

@test "-k leaves files of other users alone, also where it could not remove them" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	local theirs=out/test-bars-20200101T000000.000000000Z.skel
	chmod 1777 out
	touch "$theirs"
	chown 65534 "$theirs"
	run -0 --separate-stderr skel-split -N 1 -k 2 -d out "$FORMAT/bars.skel"
	is "" "$stderr"
	[ -e "$theirs" ]
	is 3 "$(find out -type f | wc -l)"
}

@test "a link with the name of a segment is not followed, and no segment has a name twice" {
	local name
	name=$(skel-split -N 1000 -d out "$FORMAT/enums.skel")
	rm "$name"
	echo precious > target
	ln -s ../target "$name"
	ln -s ../nowhere "${name/01Z/02Z}"
	chmod 1777 out
	is "${name/01Z/03Z}" "$(skel-split -N 1000 -d out "$FORMAT/enums.skel")"
	is precious "$(cat target)"
	[ ! -e nowhere ]
	# Many processes at once.
	local n pids=()
	for n in 1 2 3 4 5 6 7 8; do
		skel-split -N 1 -d out "$FORMAT/enums.skel" > "names.$n" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	is "$(($(skel-fmt -q --json "$FORMAT/enums.skel" | wc -l) * 8))" "$(cat names.* | sort -u | wc -l)"
}

@test "a directory that is removed meanwhile is a failure that is told" {
	mkfifo in
	skel-split -N 1 -d out < in > names 2> err 3>&- &
	JOB=$!
	exec 8> in
	head -n 3 "$FIXTURES/format/short.skel" >&8
	wait_for 10 test -s names
	rm -r out
	sed -n '4,$p' "$FIXTURES/format/short.skel" >&8
	exec 8>&-
	local status=0
	wait "$JOB" || status=$?
	JOB=
	is 1 "$status"
	[[ $(cat err) == "skel-split: out/test-"*"Z.skel: No such file or directory" ]]
	mkdir out
}

@test "a file that is there is not written to" {
	skel-split -N 1000 "$FORMAT/enums.skel" > first
	cp "$(cat first)" kept
	skel-split -N 1000 "$FORMAT/enums.skel" > second
	cmp kept "$(cat first)"
	run -1 cmp first second
	cmp kept "$(cat second)"
}

# all_written: the segments have all lines of the file sent.
all_written() {
	[ "$(skel-fmt -q --json out/* 2>/dev/null | wc -l)" = "$(wc -l < want)" ]
}

@test "kill -9 costs at most the last record, wherever the input was cut" {
	local size at option
	"$LATE" move "$FORMAT/stacks.skel" > moved.skel
	for stream in "$FORMAT/short.skel" "$FORMAT/maps.skel" moved.skel; do
		size=$(stat -c %s "$stream")
		for option in -q --zstd; do
			at=$(($(head -n 1 "$stream" | wc -c) + RANDOM % (size - $(head -n 1 "$stream" | wc -c))))
			rm -rf out in && mkdir out && mkfifo in
			head -c "$at" "$stream" > sent
			# The lines that have come.
			head -n "$(wc -l < sent)" sent > whole
			skel-fmt -q --json whole > want 2>/dev/null || :
			skel-split -N 3 "$option" -d out < in > names 3>&- &
			JOB=$!
			exec 8> in
			cat sent >&8
			[ ! -s want ] || wait_for 20 all_written
			kill -KILL "$JOB"
			wait "$JOB" || :
			JOB=
			exec 8>&-
			[ -s want ] || continue
			skel-fmt --json out/* 2> err > got || :
			diff want got
			cmp -s sent "$stream" || grep -q 'the end is missing\|ends early' err
		done
	done
}

# after_cut FILE: cut at random places, it shows the records of the lines before these places
# that are complete, and no other.
after_cut() {
	python3 - "$1" <<-'PYTHON'
		import random, subprocess, sys
		name = sys.argv[1]
		whole = open(name, "rb").read()
		packed = name.endswith(".zst")
		# What is read of a file that was cut: with zstd, what its own tool finds.
		def lines(data):
		    if packed:
		        data = subprocess.run(["zstd", "-dcq"], input=data, capture_output=True).stdout
		    return data[:data.rfind(b"\n") + 1]
		def rows(data, file):
		    open(file, "wb").write(data)
		    p = subprocess.run(["skel-fmt", "-q", "--json", file], capture_output=True)
		    return p.returncode, p.stdout.splitlines()
		status, want = rows(whole, "whole" + (".zst" if packed else ""))
		assert status == 0 and len(want) > 1, (status, len(want))
		plain = lines(whole)
		header = plain.index(b"\n") + 1
		found = set()
		for at in [len(whole) - 1, *(random.randrange(1, len(whole)) for _ in range(20))]:
		    before = lines(whole[:at])
		    if len(before) < header:
		        continue
		    assert plain.startswith(before), at
		    # Of a plain file nothing but the line in which the cut is.
		    assert packed or plain[len(before):].find(b"\n") + len(before) + 1 > at - 1, at
		    _, got = rows(whole[:at], "cut" + (".zst" if packed else ""))
		    n = sum(x[:1] == b"=" or x.startswith(b'{"@map"') for x in before.split(b"\n"))
		    assert len(got) == n, (at, len(got), n)
		    # Names that were to come are missing, nothing else.
		    bare = rows(before, "before")[1]
		    assert got == bare, at
		    found.add(n)
		assert len(found) > 1, found
	PYTHON
}

@test "a segment that is cut at any byte shows all records before that" {
	local stream file
	merged
	python3 - "$FORMAT" > many.skel <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("many")
		u32 = s.integer("u32", 4)
		s.map("ev", "ringbuf", s.struct("ev", ("n", u32), ("rest", s.array(u32, 8))))
		for i in range(10000):
		    # Bytes that zstd makes something of, and newlines.
		    s.put(struct.pack("<9I", i, *(i * k * 2654435761 & 0xffffffff for k in range(8))), time=TIME + i)
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	as_json merged.skel > json.skel
	for stream in merged.skel ab.skel many.skel json.skel "$FORMAT/stacks.skel"; do
		split_stream -N 7000 "$stream"
		for file in "${SEGMENTS[@]}"; do
			after_cut "$file" || { echo "$file"; return 1; }
		done
	done
	# Under load zstd has pieces of 64 KiB: those before the cut are whole.
	split_stream -N 7000 --zstd many.skel
	for file in "${SEGMENTS[@]}"; do
		after_cut "$file"
	done
}

@test "a full disk is a failure that is told, and the segments before it stay" {
	unshare -rm true || skip "needs a mount namespace"
	# shellcheck disable=SC2016
	unshare -rm bash -c '
		mount -t tmpfs -o size=32k none out
		for i in $(seq 200); do cat "$FIXTURES/format/stacks.skel"; done 2> /dev/null |
			skel-split -C 4K -d out > names 2> err
		echo "${PIPESTATUS[@]}" > ended
		while read -r f; do skel-fmt --json "$f" || exit 1; done < names 2> bad > rows
		cp out/* . || :' || { cat err bad; return 1; }
	read -r _ status < ended
	is 1 "$status"
	is 1 "$(wc -l < err)"
	[[ $(cat err) == "skel-split: out/"*"Z.skel: No space left on device" ]]
	[ "$(wc -l < names)" -ge 2 ] && [ ! -s bad ]
}

@test "what cannot be done is said, with the status of a usage error where it is one" {
	fails_with 2 "how long a segment is is missing: -C, -T or -N" skel-split "$FORMAT/enums.skel"
	fails_with 2 '-C: "64X" is no size' skel-split -C 64X
	fails_with 2 '-C: "0" is no size' skel-split -C 0
	fails_with 2 '-C: "99999999G" is no size' skel-split -C 99999999G
	fails_with 2 '-T: "1y" is no time' skel-split -T 1y
	fails_with 2 '-T: "" is no time' skel-split -T ""
	fails_with 2 '-N: "-1" is not a number of records' skel-split -N -1
	fails_with 2 "-k: 0: not a number of files, at least 1" skel-split -N 1 -k 0
	fails_with 1 "skel-split: nowhere: No such file or directory" skel-split -N 1 -d nowhere "$FORMAT/enums.skel"
	fails_with 1 "skel-split: missing.skel: No such file or directory" skel-split -N 1 -d out missing.skel
	fails_with 1 "this is a package; load it first: skel-load" skel-split -N 1 -d out "$ASSETS/bootstrap.json"
	is "" "$(ls out)"
}

# written N: the files have so many records.
written() {
	[ "$(cat out/* 2> /dev/null | grep -ac '^=')" = "$1" ]
}

@test "a reader that leaves and a signal end it, with segments that are complete" {
	mkfifo in names
	local signal
	for signal in TERM HUP INT; do
		rm -rf out && mkdir out
		skel-split -N 1000 -d out < in > names 3>&- &
		JOB=$!
		exec 8> in 9< names
		head -n 5 "$FIXTURES/format/short.skel" >&8
		wait_for 10 written 4
		kill "-$signal" "$JOB"
		[ "$signal" != INT ] || exec 8>&-
		wait "$JOB"
		read -r name <&9
		exec 8>&- 9<&-
		if [ "$signal" = INT ]; then
			run -0 --separate-stderr skel-fmt --json "$name"
			[[ $stderr == *"the end is missing"* ]]
		else
			is '{"@end":{"records":4,"lost":0}}' "$(tail -n 1 "$name")"
		fi
	done
	rm -rf out && mkdir out
	skel-split -N 1000 -d out < in > names 3>&- &
	JOB=$!
	exec 8> in 9< names
	head -n 5 "$FIXTURES/format/short.skel" >&8
	wait_for 10 written 4
	exec 9<&-
	wait "$JOB"
	JOB=
	exec 8>&-
	is '{"@end":{"records":4,"lost":0}}' "$(tail -n 1 out/*)"
}
