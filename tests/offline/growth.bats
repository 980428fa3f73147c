#!/usr/bin/env bats
# Twice the input takes about twice the time, for whatever an input may have many of.
# Time is counted in instructions, by valgrind, and is less than three times as much
# for twice the input; four times would be quadratic.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	[ -z "$SAN" ] || skip "valgrind cannot run a command with sanitizers"
	command -v valgrind >/dev/null || skip "no valgrind"
	# Old versions give up on what newer compilers write.
	valgrind -q --tool=none skel-fmt --version >/dev/null 2>&1 ||
		skip "valgrind cannot read the debug information of this build"
	cd "$BATS_TEST_TMPDIR"
}

# instructions COMMAND...: set $count to the number that the command takes.
instructions() {
	timeout 120 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" >out 2>log || [ $? -lt 3 ]
	count=$(sed -n 's/^==.*Collected : //p' log)
	[ -n "$count" ] || { cat log; return 1; }
}

# linear NAME N COMMAND...: the command, with growing.py's input of this name.
linear() {
	local name=$1 n=$2 once
	shift 2
	python3 "$HELPERS/growing.py" "$name" "$n" >once
	python3 "$HELPERS/growing.py" "$name" $((2 * n)) >twice
	instructions "$@" once
	once=$count
	instructions "$@" twice
	[ "$count" -lt $((3 * once)) ] || { echo "$name: $once, then $count instructions"; return 1; }
}

@test "skel-args: variables, sections, types by name, constants of enums" {
	linear variables 600 skel-args --list
	linear other_variables 1500 skel-args --list
	linear named_types 600 skel-args --list
	linear constants_and_variables 400 skel-args --list
	linear sections 600 skel-args --list
}

@test "skel-pack: annotations, maps, programs" {
	linear tags 2000 skel-pack
	linear default_tags 600 skel-pack
	linear maps 300 skel-pack
	linear programs 300 skel-pack
}

@test "skel-poll: constants of enums, members" {
	linear constants 2000 skel-poll -f binary
	linear members 600 skel-poll -f binary
}

@test "skel-fmt: constants of enums, enums" {
	linear constants 2000 skel-fmt --json
	linear enums 800 skel-fmt --json
}

@test "a section or program that a package lists twice is refused, and too many are" {
	run -1 --separate-stderr skel-args - <<<'{"bpf_skel":{"data_sections":[{"name":".bss"},{"name":".bss"}]}}'
	[ "$stderr" = 'skel-args: <stdin>: section .bss: the package lists it twice' ]
	run -1 --separate-stderr skel-args - <<<'{"bpf_skel":{"data_sections":[],"progs":[{"name":"p"},{"name":"p"}]}}'
	[ "$stderr" = 'skel-args: <stdin>: program p: the package lists it twice' ]
	python3 "$HELPERS/growing.py" sections 4097 >many
	run -1 --separate-stderr skel-args many
	[[ $stderr == *'data_sections: there are 4097; at most 4096 are allowed' ]]
}
