#!/usr/bin/env bats
# The examples in skel-stream(5) match the format that the commands use.

load ../helpers/helper

# Print the literal block of the manual that has this word in it.
literal() {
	awk -v word="$1" '/^\.Bd/ { block = ""; next }
		/^\.Ed/ { if (index(block, word)) printf "%s", block; next }
		{ block = block $0 "\n" }' "$ROOT/lib/stream/skel-stream.5" |
		sed 's/\\e/\\/g'
}

@test "the reader in the manual reads a stream" {
	local run=$BATS_TEST_TMPDIR/run.skel

	literal unstuff > "$BATS_TEST_TMPDIR/reader.py"
	{
		echo '{"skel":"stream","version":1,"maps":[{"name":"rb"},{"name":"raw"}]}'
		# Map 0 at 1 ns, a newline and "a"; then map 1 at 10 ns, nothing.
		printf '=\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x08a\n'
		echo '{"@lost":{"map":"rb","count":12}}'
		printf '=\x08\x01\x02\x00\x00\x00\x00\x00\x00\x00\n'
	} > "$run"
	run -0 python3 "$BATS_TEST_TMPDIR/reader.py" < "$run"
	[ "$output" = $'rb 1 0a61\nraw 10 ' ]
}

@test "the header in the manual is one that skel-fmt reads" {
	local run=$BATS_TEST_TMPDIR/run.skel

	literal bootstrap_bpf | tr -d '\n' > "$run"
	printf '\n=\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\n{"@end":{"records":1,"lost":0}}\n' >> "$run"
	run -0 --separate-stderr skel-fmt --json --bare "$run"
	[ "$output" = '{"pid":7}' ]
	[ -z "$stderr" ]
}

@test "a second header in one input is an error; two files are two streams" {
	cd "$FIXTURES/format"
	local streams=(*.skel)
	local first=${streams[0]} second=${streams[1]}
	run -1 --separate-stderr bash -c "cat $first $second | skel-fmt --json"
	[ "$output" = "$(skel-fmt --json "$first")" ]
	[[ $stderr == "skel-fmt: <stdin>:$(($(wc -l < "$first") + 1)): a second header: "* ]]
	# The same streams as two files are read without an error.
	run -0 --separate-stderr skel-fmt --json "$first" "$second"
	[ -z "$stderr" ]
}
