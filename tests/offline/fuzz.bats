#!/usr/bin/env bats
# Replays the inputs of the fuzz targets with this build: those that once crashed
# something, and those that fuzzing starts from.  `make fuzz` searches for more.

load ../helpers/helper

setup_file() {
	bin=$(dirname "$(command -v skel-fmt)")
	export REPLAY=${bin%/bin}
	[ -x "$REPLAY/replay-records" ] || skip "the fuzz targets are not built; make check does"
	command -v cc >/dev/null || skip "needs a compiler for a program with debug information"
	tests=$ROOT/tests/fuzz
	export tests
	"$tests/seeds" "$BATS_FILE_TMPDIR"
}

# replay TARGET FILE...: the target reads all of them without a crash.
replay() {
	local target=$1
	shift
	"$REPLAY/replay-$target" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" ||
		{ echo "$target: status $?"; tail -n 40 "$BATS_TEST_TMPDIR/err"; return 1; }
	is "$# inputs" "$(<"$BATS_TEST_TMPDIR/out")"
}

@test "inputs that once crashed a reader no longer do" {
	n=0
	for file in "$tests"/found/*; do
		name=${file##*/}
		replay "${name%%-*}" "$file"
		n=$((n + 1))
	done
	[ "$n" -gt 0 ]
	echo "# $n inputs that were found" >&3
}

@test "every fuzz target has inputs to start from and reads them" {
	n=0
	for program in "$REPLAY"/replay-*; do
		target=${program##*/replay-}
		files=()
		for file in "$BATS_FILE_TMPDIR/$target"/* "$tests/corpus/$target"/*; do
			[ ! -e "$file" ] || files+=("$file")
		done
		[ "${#files[@]}" -gt 0 ]
		replay "$target" "${files[@]}"
		n=$((n + ${#files[@]}))
	done
	echo "# $n inputs to start from" >&3
}

@test "make fuzz runs every fuzz target" {
	for source in "$tests"/*.c; do
		target=$(basename "$source" .c)
		[[ $target == @(replay|mutate-*) ]] || [ -x "$REPLAY/replay-$target" ]
	done
}
