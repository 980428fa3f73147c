#!/usr/bin/env bats
# Streams and packages that earlier versions wrote are still read, and give the
# same text.  tests/fixtures/recorded/README.md says what is in them.

load ../helpers/helper

setup() {
	note_places
	RECORDED=$FIXTURES/recorded
	export TZ=UTC0
	cd "$BATS_TEST_TMPDIR"
}

@test "each form of each stream is the text that was printed before" {
	local stream form
	for stream in "$RECORDED"/*.skel; do
		for form in json csv table plain; do
			skel-fmt -q "--$form" "$stream" > text
			diff -u --label "${stream##*/} --$form" "${stream%.skel}.$form" text
		done
	done
}

@test "skel-poll passes each stream on with all its records" {
	local stream
	for stream in "$RECORDED"/*.skel; do
		skel-poll -q "$stream" > passed || [ $? -eq 3 ]
		diff -u --label "${stream##*/} --json" "${stream%.skel}.json" <(skel-fmt -q --json passed)
		skel-poll -q -f json "$stream" > passed || [ $? -eq 3 ]
		diff -u --label "${stream##*/} -f json --json" "${stream%.skel}.json" <(skel-fmt -q --json passed)
	done
}

@test "the key sequence in a header is passed over with one notice" {
	run -0 --separate-stderr skel-fmt --json "$RECORDED/sequence.skel"
	[ "${#lines[@]}" -eq 4 ]
	is "skel-fmt: $RECORDED/sequence.skel:1: maps[0]: the key \"sequence\" is ignored: lost records are counted only where the program counts them" "$stderr"
	run -0 --separate-stderr skel-poll "$RECORDED/sequence.skel"
	[[ $output != *'"sequence"'* ]]
}

@test "the key sequence in a package is passed over with one notice" {
	local package=$RECORDED/packages/sequence.json
	run -0 --separate-stderr skel-args "$package"
	is "skel-args: $package: maps[0]: the key \"sequence\" is ignored: lost records are counted only where the program counts them (SKEL_COUNT_LOST in skel.bpf.h)" "$stderr"
}

@test "an object that was compiled with SKEL_SEQUENCE is packed without it, with one notice" {
	skel-pack --unpack "$RECORDED/packages/sequence.json" > sequence.bpf.o
	run -0 --separate-stderr skel-pack sequence.bpf.o
	is "skel-pack: sequence.bpf.o: flood_of_more_than_15: skel:sequence=n: ignored; records lost by a ring buffer are counted with SKEL_COUNT_LOST alone" "$stderr"
	jq -e '.meta.bpf_skel.maps[0] | .name == "flood_of_more_than_15" and (has("sequence") | not)' <<< "$output"
}

@test "skel-args lists the arguments of each package as before" {
	local package
	for package in "$RECORDED"/packages/*.json; do
		# The last column is help in words, which may change.
		diff -u --label "${package##*/}" <(cut -f 1-5 "${package%.json}.list") \
			<(skel-args -q --list "$package" | cut -f 1-5)
	done
}

@test "skel-args fills in an argument of each package that has one" {
	local package name
	for package in "$RECORDED"/packages/*.json; do
		name=$(awk -F '\t' '$3 ~ /int|long/ { print $1; exit }' "${package%.json}.list")
		[ -n "$name" ] || continue
		skel-args -q "$package" "$name" 7 > filled
		jq -e '[.. | objects | select(has("value")) | .value] | index(7)' filled > /dev/null ||
			{ echo "${package##*/}: $name is not set"; return 1; }
	done
}
