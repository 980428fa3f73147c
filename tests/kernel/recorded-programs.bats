#!/usr/bin/env bats
# Packages and sessions that earlier versions wrote still work on a kernel.
# tests/fixtures/recorded/README.md says what is in them.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	RECORDED=$FIXTURES/recorded
	DIR=/sys/fs/bpf/skel-test-$BASHPID
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	kill_load
	[ ! -d "$DIR" ] || skel-load -q --unload "$DIR" || :
	skel-load -q --check "$RECORDED/packages/bootstrap.json" > /dev/null || :
}

# check_package NAME [OPTION...]: skel-load verifies every program of the package.
check_package() {
	local name=$1
	shift
	run -0 --separate-stderr skel-load --check "$@" "$RECORDED/packages/$name.json"
	[ "${#lines[@]}" -gt 0 ]
	[ "$(grep -cvE '^program [a-z_]+ .* ok, [0-9]+ insns$' <<<"$output")" -eq 0 ] || { echo "$output"; return 1; }
}

# revive NAME: the recorded session, with the directory and the pins of the one
# that runs now and that wrote the file live.
revive() {
	jq -c --slurpfile live live '
		.dir = $live[0].dir
		| .maps |= map(. as $map
			| ($live[0].maps[] | select(.name == $map.name)) as $now
			| with_entries(if .key | test("pin$") then
				if $now[.key] then .value = $now[.key] else empty end
			else . end))' "$RECORDED/sessions/$1.json" > revived
	jq -e '.maps[0].pin' revived > /dev/null
}

@test "skel-load --check verifies every program of each package" {
	local package
	for package in "$RECORDED"/packages/*.json; do
		package=${package##*/}
		[ "$package" = meta.json ] || check_package "${package%.json}"
	done
}

@test "skel-load --check takes a package without its object and the object beside it" {
	check_package meta -e "$RECORDED/packages/meta.bpf.o"
}

@test "skel-poll reads a session of a ring buffer" {
	start_load --pin "$RECORDED/packages/bootstrap.json"
	cp out live
	revive pinned
	make_worker
	skel-poll -q -t 20 -f json -n 2 revived > stream 3>&- &
	local poller=$!
	wait_for 10 has_header stream
	./worker 0
	wait "$poller"
	[ "$(jq -c 'select(has("@map")) | [.["@map"], (.pid > 0)]' stream | uniq)" = '["rb",true]' ]
	end_load
}

@test "skel-poll reads a detached session of a sampled map" {
	skel-load -q --pin="$DIR" --detach "$RECORDED/packages/runqlat.json" > live
	revive detached
	skel-poll -q -t 20 -f json -n 1 revived > stream
	jq -es '[.[] | select(has("@map")) | .value.slots | add] | length == 1 and .[0] > 0' stream
}

@test "skel-poll reads a session with the key sequence, with one notice" {
	has_symbol bpf_loop || skip "needs a kernel with bpf_loop()"
	skel-load -q --pin="$DIR" --detach "$RECORDED/packages/sequence.json" --burst 3 > live
	revive sequence
	flood 1
	skel-poll -t 20 -f json -n 3 revived > stream 2> err
	[ "$(jq -c 'select(has("@map")) | .n' stream | sort -n | head -n 3 | paste -sd ' ')" = "0 1 2" ]
	is 'skel-poll: revived:1: maps[0]: the key "sequence" is ignored: lost records are counted only where the program counts them' "$(cat err)"
}
