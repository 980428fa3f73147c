#!/usr/bin/env bats
# Where code is mapped from, as streams tell it, in what is cut and joined of them: what
# skel-fmt --pprof shows of it, decoded by tests/helpers/pprof.py.

load ../helpers/helper

setup() {
	note_places
	command -v python3 > /dev/null || skip "needs python3"
	cd "$BATS_TEST_TMPDIR"
	stream host > x.skel
}

# A stream of stacks of two processes with equal addresses, in which a mapping of one
# is replaced, and one begins where a function returns to.
stream() { # HOST [FOLLOW]
	python3 - "$FIXTURES/format" "$@" <<- 'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		host, follow = sys.argv[2], len(sys.argv) > 3
		s = Stream("p", host=host, boot_id=host, started="2026-11-22T14:48:00.000000000Z")
		if follow:
		    s.header["symbols"] = "follow"
		u32, u64 = s.integer("u32", 4), s.integer("u64", 8)
		stack = s.array(u64, 3)
		event = s.struct("event", ("pid", u32), ("n", u32), ("kstack", stack), ("ustack", stack))
		s.map("rb", "ringbuf", event, intepreter={"stack_trace": {"with_symbols": True, "field_map": {}}})
		def mapping(pid, start, end, file):
		    s.control(symbols={"pid": pid, "mappings": [
		        {"start": start, "end": end, "file": f"/{host}/{file}", "build_id": f"{pid:02x}"}], "frames": []})
		def put(pid, *ustack, kernel=0):
		    user, late = [*ustack, 0, 0, 0][:3], lambda: (
		        s.symbols(0, (kernel, "k", 0)) if kernel else None,
		        s.symbols(pid, *[(a, f"f{pid}_{a}", 0) for a in ustack]))
		    if not follow:
		        late()
		    s.put(struct.pack("<II6Q", pid, 1, kernel, 0, 0, *user), time=TIME)
		    if follow:
		        late()
		mapping(0, 1 << 63, 2**64 - 1, "kernel")
		mapping(7, 4096, 8192, "a")
		mapping(7, 8192, 9000, "behind")
		mapping(8, 4096, 8192, "b")
		for i in range(4):
		    put(7, 5000, 8192, kernel=(1 << 63) + 5)
		    put(8, 5000, 6000)
		mapping(7, 4000, 5001, "new")
		for i in range(3):
		    put(7, 5000, 6000)
		    put(8, 5000, 6000, kernel=(1 << 63) + 5)
		s.end()
		for line in (json.dumps(s.header).encode(), *s.lines):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
}

# profile FILE...: the stacks of all, each with where its addresses are mapped from, and
# how often it was seen.
profile() {
	local pb
	pb=$(mktemp x.pb.gz.XXXX)
	skel-fmt -q --pprof "$@" > "$pb"
	python3 - "$HELPERS" "$pb" <<- 'PYTHON'
		import sys
		sys.path.insert(0, sys.argv[1])
		from pprof import Profile
		p = Profile(sys.argv[2])
		def place(i):
		    at = p.locations[i]
		    m = p.mappings.get(at["mapping_id"])
		    return "%d=%s" % (at["address"], m and p.strings[m["filename"]] + "+" + p.strings[m["build_id"]])
		print("\n".join(sorted("%s %s %d" % (p.labels(s), [place(i) for i in s["location_id"]], s["value"][0])
		                       for s in p.raw["sample"])))
	PYTHON
}

@test "the example has all that can go wrong" {
	run -0 profile x.skel
	is "{'pid': 7, 'host': 'host'} ['5000=/host/new+07', '5999=None'] 3
{'pid': 7, 'host': 'host'} ['9223372036854775813=/host/kernel+00', '5000=/host/a+07', '8191=/host/a+07'] 4
{'pid': 8, 'host': 'host'} ['5000=/host/b+08', '5999=/host/b+08'] 4
{'pid': 8, 'host': 'host'} ['9223372036854775813=/host/kernel+00', '5000=/host/b+08', '5999=/host/b+08'] 3" "$output"
}

@test "segments have the mappings of their records, wherever they are cut" {
	local n file stream
	stream host follow > follow.skel
	profile follow.skel | cmp - <(profile x.skel)
	for stream in x follow; do
		profile $stream.skel > want
		for n in 1 2 3 5 7 100; do
			rm -rf out && mkdir out
			skel-split -N "$n" -d out $stream.skel > names
			mapfile -t segments < names
			profile "${segments[@]}" | diff want -
			# Together, and each alone.
			skel-merge -q "${segments[@]}" > again.skel
			profile again.skel | diff want -
			for file in "${segments[@]}"; do
				run -0 profile "$file"
				[ "$(grep -c None <<< "$output")" -eq "$(grep -c 5999=None <<< "$output")" ]
			done
		done
	done
	# All in one are told once, and none is that no record needs.
	is 5 "$(grep -ac '"mappings"' "${segments[0]}")"
	rm -rf out && mkdir out
	skel-split -N 1 -d out x.skel > names
	is 3 "$(grep -ac '"mappings"' "$(head -n 1 names)")"
}

@test "what skel-tail writes has the mappings of its records" {
	local n
	stream host follow > follow.skel
	for stream in x follow; do
		for n in 1 2 6 7 9 100; do
			skel-tail -N "$n" $stream.skel > tail.skel
			run -0 profile tail.skel
			[ "$(grep -c None <<< "$output")" -eq "$(grep -c 5999=None <<< "$output")" ]
			[[ $output == *"'5000=/host/b+08', '5999=/host/b+08'"* ]]
		done
		profile $stream.skel | diff - <(echo "$output")
	done
}

@test "hosts of a merged stream have mappings of their own, also in its segments" {
	stream other > y.skel
	skel-merge -q x.skel y.skel > xy.skel
	LC_ALL=C sort <(profile x.skel) <(profile y.skel) > want
	profile xy.skel | LC_ALL=C sort | diff want -
	for n in 1 3 10; do
		rm -rf out && mkdir out
		skel-split -N "$n" -d out xy.skel > names
		mapfile -t segments < names
		profile "${segments[@]}" | LC_ALL=C sort | diff want -
		skel-merge -q "${segments[@]}" > again.skel
		profile again.skel | LC_ALL=C sort | diff want -
	done
	skel-tail -N 100 xy.skel > tail.skel
	profile tail.skel | LC_ALL=C sort | diff want -
}
