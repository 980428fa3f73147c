#!/usr/bin/env bats
# tests/engines/run, which runs the scripts of "make check-engines".

load ../helpers/helper

setup() {
	note_places
	mkdir -p "$BATS_TEST_TMPDIR/tests/engines" "$BATS_TEST_TMPDIR/build/bin"
	cp "$ROOT/tests/engines/run" "$BATS_TEST_TMPDIR/tests/engines/"
	RUN=$BATS_TEST_TMPDIR/tests/engines/run
	unset BUILD
}

# script NAME: write the script NAME from standard input.
script() {
	{ echo '#!/bin/bash'; cat; } >"$BATS_TEST_TMPDIR/tests/engines/$1"
	chmod +x "$BATS_TEST_TMPDIR/tests/engines/$1"
}

# gone PID: the process has ended.
gone() {
	wait_for 5 sh -c '! kill -0 "$1" 2>/dev/null' sh "$1"
}

@test "results are shown under the script's name and counted" {
	script a <<<'echo ok one; echo "not ok two"; echo skip three; exit 1'
	script b <<<'echo some text; echo ok four'
	echo '#!/bin/sh' >"$BATS_TEST_TMPDIR/tests/engines/notes"
	run -1 "$RUN"
	is "# a
ok one
not ok two
skip three
# b
some text
ok four
2 passed, 1 failed, 1 skipped" "$output"
	run -0 "$RUN" b
	is "# b
some text
ok four
1 passed, 0 failed, 0 skipped" "$output"
}

@test "a script that prints nothing, or only fails by its status, has failed" {
	script silent <<<:
	script comment <<<'echo "# ok"'
	script status <<<'echo ok one; exit 3'
	run -1 "$RUN"
	is "# comment
# ok
not ok comment: printed no result
# silent
not ok silent: printed no result
# status
ok one
not ok status: ended with status 3
1 passed, 3 failed, 0 skipped" "$output"
}

@test "a script that does not end is ended, with what it started" {
	script hangs <<<'sleep 1000 & echo $! >"$KEEP/child"; sleep 1000'
	ENGINE_TIMEOUT=0.2 run -1 "$RUN"
	is "# hangs
not ok hangs: not done after 0.2 seconds
0 passed, 1 failed, 0 skipped" "$output"
	gone "$(<"$BATS_TEST_TMPDIR/build/engines/child")"
}

@test "what a script leaves behind ends with it: processes, and its empty directory" {
	script leaves <<<'ls -A; touch file; sleep 1000 & echo $! >"$KEEP/child"; pwd >"$KEEP/dir"; echo ok done'
	run -0 "$RUN" leaves leaves
	is "# leaves
ok done
# leaves
ok done
2 passed, 0 failed, 0 skipped" "$output"
	gone "$(<"$BATS_TEST_TMPDIR/build/engines/child")"
	[ ! -e "$(<"$BATS_TEST_TMPDIR/build/engines/dir")" ]
}

@test "a script finds the build's commands first in PATH" {
	printf '#!/bin/sh\necho ours\n' >"$BATS_TEST_TMPDIR/build/bin/skel-fmt"
	chmod +x "$BATS_TEST_TMPDIR/build/bin/skel-fmt"
	script which <<<'echo "ok $(skel-fmt)"'
	run -0 "$RUN" which
	[[ $output == *"ok ours"* ]]
}

@test "an unknown name is refused with the names that there are" {
	script a <<<'echo ok'
	script b <<<'echo ok'
	run -2 --separate-stderr "$RUN" a nothing
	[ -z "$output" ]
	is "$RUN: no script is called \"nothing\"; there are: a b" "$stderr"
}
