#!/usr/bin/env bats
# Which tests run in guests, and how their results are counted.  `make check-vm`
# runs them there.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	UNITS=$(dirname "$(command -v skel-load)")/../unit
}

@test "every test that is listed for guests exists" {
	local file
	while read -r file; do
		[ -e "${file/#unit/$UNITS}" ] || [ -e "$ROOT/$file" ] || { echo "$file"; return 1; }
	done < "$ROOT/tests/vm/list"
}

@test "if programs cannot be loaded, a kernel test is skipped with advice where it can run" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to have less than that"
	run -0 env NO_GUEST=1 SAN= setpriv --bounding-set=-sys_admin,-bpf,-perfmon \
		"$ROOT/tests/run" "$UNITS/poll/map-walk"
	[[ $output == *"ok unit poll/map-walk # skip "* ]]
	[[ $output == *"# tests of the kernel were skipped (needs "*"); make check-vm runs them in guests"* ]]
	[ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
	# A test that is not listed gets no such advice.
	run -1 env NO_GUEST=1 setpriv --bounding-set=-sys_admin,-bpf,-perfmon "$ROOT/tests/run" /bin/false
	[[ $output != *guest* ]]
}

@test "what a test leaves running ends with its file" {
	# bats would take a line with its word for a test of this file.
	printf '%s' '@test' ' "a test that fails before it has tidied up" {
			sleep 1000 >/dev/null 2>&1 3>&- &
			echo $! >left
			false
		}
	' >left.bats
	run -1 "$ROOT/tests/run" left.bats
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
	[ ! -d "/proc/$(<left)" ] || grep -q '^State:.Z' "/proc/$(<left)/status"
}

@test "results are counted by file and kernel, and tests that did not run everywhere are listed" {
	cat > here.tap <<-'END'
		ok here unit poll/poller
		# x.bats
		ok here x.bats: runs: everywhere in 12ms
		ok here x.bats: is new in 3ms # skip needs a new kernel
		ok here x.bats: breaks
		ok here x.bats: is for no guest
		ok here y.bats: nor is this
	END
	cat > 6.1.tap <<-'END'
		ok 6.1 unit poll/poller
		ok 6.1 x.bats: runs: everywhere
		ok 6.1 x.bats: is new
		not ok 6.1 x.bats: breaks in 5ms
		# 6.1: 14 seconds
	END
	run -0 "$ROOT/tests/vm/summary" here.tap 6.1.tap
	is "| tests | $(uname -r | cut -d . -f 1,2) (here) | 6.1 |
|---|---|---|
| unit poll/poller | 1 of 1 | 1 of 1 |
| x.bats | 2 of 3 | 2 of 3 |

| not everywhere | $(uname -r | cut -d . -f 1,2) (here) | 6.1 |
|---|---|---|
| x.bats: is new | - | ran |
| x.bats: breaks | ran | failed |" "$output"
}
