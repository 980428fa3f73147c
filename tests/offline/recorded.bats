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

@test "skel-fmt reads a stream whose header has the key sequence" {
	run -0 --separate-stderr skel-fmt --json "$RECORDED/sequence.skel"
	[ "${#lines[@]}" -eq 4 ]
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
