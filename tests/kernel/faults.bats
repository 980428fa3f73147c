#!/usr/bin/env bats
# Failures of all kinds: of memory and system calls, stages that die or stall, full
# disks, streams that are cut.  FAULTS=all tries every place, otherwise some of each
# kind are tried; the tests print how many.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	local library
	for library in alloc close; do
		cc -O1 -g -shared -fPIC -o "$library.so" "$ROOT/tests/faults/$library.c"
	done
	load ../helpers/load
	c_program spin
	# All our objects in the kernel have this in their names.
	TAG=f${BASHPID}_
	bpf_object faults "-DTAG=$TAG"
	skel-pack -n "$TAG" faults.bpf.o > faults.json
	# This is slow enough that even a busy machine loses no record.
	./spin 0 20000 < /dev/null > /dev/null 3>&- &
	SPIN=$!
	export TAG SPIN FILES=$BATS_FILE_TMPDIR
}

teardown_file() {
	kill "$SPIN"
}

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	cp "$FILES"/faults.* .
}

teardown() {
	kill_load
	end_background
	[ -z "${MOUNTED:-}" ] || umount "$MOUNTED"
}

# The system calls that strace makes fail.
need_injection() {
	need_bpf
	need_strace
	[ -z "${SAN:-}" ] || skip "LeakSanitizer does not work below strace"
}

# say TEXT...: print a line of numbers while the test runs.
say() {
	echo "# $*" >&3
}

# sweep ARG...: run faults/sweep.py and print its last line; if it fails, its other
# lines show why.
sweep() {
	local status=0
	python3 "$ROOT/tests/faults/sweep.py" "$@" > swept || status=$?
	cat swept
	say "$(tail -n 1 swept)"
	return "$status"
}

starve() { # [OPTION...] COMMAND...
	local options=()
	while [[ $1 == -* ]]; do
		options+=("$1")
		[[ $1 == -m ]] || { options+=("$2"); shift; }
		shift
	done
	sweep "${options[@]}" alloc "$FILES/alloc.so" "$@"
}

# Print how many of our programs and maps the kernel has.
held_by_us() {
	local kind n=0
	for kind in prog map; do
		n=$((n + $(bpftool -j "$kind" show | jq --arg tag "$TAG" \
			'[.[] | select(.name // "" | startswith($tag))] | length')))
	done
	echo "$n"
}

# Nothing of ours is left except pins, which the next skel-load removes.
nothing_of_ours() {
	skel-load -q --check "$ASSETS/bootstrap.json" > /dev/null
	[ "$(held_by_us)" -eq 0 ]
}

# The same for instances of the trace pipe whose process is gone.
no_dead_instances() {
	local dir pid
	skel-load -q --check "$ASSETS/bootstrap.json" > /dev/null
	for dir in /sys/kernel/tracing/instances/skel-*; do
		[[ $dir =~ /skel-([0-9]+)- ]] || continue
		pid=${BASH_REMATCH[1]}
		[ -e "/proc/$pid" ] || { echo "$dir is left"; return 1; }
	done
}

none_left() {
	wait_for 10 nothing_of_ours || { bpftool prog show; ls /sys/fs/bpf/skel; return 1; }
	run ! compgen -G "/sys/fs/bpf/skel/$TAG-*"
	wait_for 10 no_dead_instances
	say "left behind: 0 programs, maps, pins and trace instances"
}

# record FILE OPTION...: record a stream with these options of skel-load.
record() {
	local file=$1
	shift
	skel-load -t 10 "$@" faults.json --pid "$SPIN" > "$file"
}

# The directory of start_load's session exists and has its pins.
session_is_there() {
	compgen -G "/sys/fs/bpf/skel/$TAG-$LOAD-*/owner-*" > /dev/null || { echo "the session was swept"; return 1; }
}

# SOME failures are spread over the calls of a run, since strace is slow; with
# FAULTS=all each call fails in turn.  SOME=1000 covers each place that allocates,
# but not each of its calls.
SOME=${SOME:-${SAN:+6}}
SOME=${SOME:-18}

@test "skel-pack and skel-args report that memory ran out and write nothing" {
	starve -m -n $((SOME * 2)) skel-pack faults.bpf.o
	starve -m -n $((SOME * 2)) skel-args faults.json --pid 5
	starve -m -n "$SOME" skel-args faults.json --help
}

@test "skel-fmt reports that memory ran out, in each format" {
	local form input
	for form in table json plain csv tsv raw folded; do
		starve -m -o lines -n "$SOME" skel-fmt "--$form" "$FIXTURES/format/stacks.skel"
	done
	# All calls of one format, to cover those made for a record.
	[ -n "${SAN:-}" ] ||
		starve -m -o lines skel-fmt --csv "$FIXTURES/format/stacks.skel"
	for form in table json plain csv; do
		for input in hists sampled nested; do
			starve -m -o lines -n $((SOME / 3)) skel-fmt "--$form" \
				"$FIXTURES/format/$input.skel"
		done
	done
}

# jansson does not notice if its buffer for a token cannot grow.  Here it would have
# to grow at the end of a string (16 characters), an exponent (32) and a number (64).
@test "memory that runs out in the middle of a token of JSON is reported" {
	printf '%s\n' '{"skel":"stream","version":1,"name":"","encoding":"json","maps":[],"types":[],"other":["aaaaaaaaaaaaaa",1.0000000000000000000000000000e5,123456789012345678901234567890.12345678901234567890123456789012,"\u00e4"]}' \
		'{"@end":{"records":0,"lost":0}}' > tokens.skel
	FAULTS=all starve -m -o any skel-fmt --json tokens.skel
}

@test "skel-load reports that memory ran out and leaves nothing behind" {
	need_bpf
	starve -o same -n "$SOME" skel-load --check faults.json
	starve -o end -n "$SOME" skel-load -n 100 -t 10 faults.json --pid "$SPIN"
	starve -o any -n "$SOME" skel-load --pin -t 0.02 faults.json
	none_left
}

@test "skel-poll reports that memory ran out" {
	need_bpf
	start_load --pin faults.json --pid "$SPIN"
	starve -o end -n "$SOME" skel-poll -n 100 -t 10 out
	end_load
	record run.skel -n 100
	starve -o lines -n "$SOME" skel-poll -f json run.skel
	none_left
}

@test "a system call that fails is reported, or does not matter" {
	need_bpf
	need_strace
	[ -z "${SAN:-}" ] || skip "the sanitizer's own system calls come first, and it dies of them"
	record run.skel -n 100
	sweep -n "$SOME" calls skel-pack faults.bpf.o
	sweep -n "$SOME" calls skel-args faults.json --pid 5
	sweep -n "$SOME" -o lines calls skel-fmt --table run.skel
	sweep -n "$SOME" calls skel-load --check faults.json
	sweep -n $((SOME * 2)) -o end calls skel-load -n 100 -t 10 faults.json --pid "$SPIN"
	sweep -n "$SOME" -o any calls skel-load --pin -t 0.02 faults.json
	sweep -n "$SOME" -o any calls skel-load --trace-pipe -t 0.02 faults.json
	start_load --pin faults.json --pid "$SPIN"
	sweep -n "$SOME" -o end calls skel-poll -n 100 -t 10 out
	session_is_there
	end_load
	none_left
}

@test "a descriptor that cannot be closed is reported if it was the output, and otherwise does not matter" {
	need_bpf
	record run.skel -n 100
	local close="$FILES/close.so"
	sweep -n "$SOME" close "$close" skel-pack faults.bpf.o
	sweep -n "$SOME" close "$close" skel-args faults.json --pid 5
	sweep -n "$SOME" -o lines close "$close" skel-fmt --table run.skel
	sweep -n "$SOME" -o end close "$close" skel-load -n 100 -t 10 faults.json --pid "$SPIN"
	start_load --pin faults.json --pid "$SPIN"
	sweep -n "$SOME" -o end close "$close" skel-poll -n 100 -t 10 out
	end_load
	none_left
}

@test "a session is not removed if its lock cannot tell whether its owner lives" {
	need_injection
	local error
	start_load --pin faults.json --pid "$SPIN"
	for error in ENOLCK ENOMEM EINTR; do
		strace -qq -I2 -o asked -e "inject=flock:error=$error" skel-load -q --check faults.json > checked || :
		grep -q INJECTED asked
		session_is_there
	done
	end_load
	none_left
}

@test "a kernel's BTF that cannot be read is not reported as missing" {
	need_injection
	local btf=/sys/kernel/btf/vmlinux fault call error
	[ -r "$btf" ] || skip "needs a kernel with BTF"
	for fault in "openat ENOMEM: Cannot allocate memory" "openat EMFILE: Too many open files" \
		"read EIO: Input/output error"; do
		read -r call error <<< "${fault%%:*}"
		fails_with 1 "the object cannot be loaded: the BTF in $btf cannot be read: ${fault#*: }" \
			strace -qq -I2 -o asked -P "$btf" -e "inject=$call:error=$error" \
			skel-load -q --check "$ASSETS/bootstrap.json"
	done
}

@test "kill -9 at any moment leaves nothing attached, and pins until the next sweep" {
	need_bpf
	need_strace
	export ASAN_OPTIONS=detect_leaks=0
	sweep -n "$SOME" -o any kill skel-load -n 100 -t 10 faults.json --pid "$SPIN"
	sweep -n "$SOME" -o any kill skel-load --pin -t 0.02 faults.json
	sweep -n "$SOME" -o any kill skel-load --trace-pipe -t 0.02 faults.json
	start_load --pin faults.json --pid "$SPIN"
	sweep -n "$SOME" -o any kill skel-poll -n 100 -t 10 out
	end_load
	none_left
}

# killed_at STAGE CALL N: run the pipe and kill that stage at its N-th such system
# call.  The pipe ends by itself, and no message is one of a crash.
killed_at() {
	local stage=$1 at="strace -qq -I2 -o /dev/null -e inject=$2:signal=KILL:when=$3"
	local pack=skel-pack args=skel-args load=skel-load poll=skel-poll fmt=skel-fmt status=0
	printf -v "$stage" '%s' "$at ${!stage}"
	timeout 60 bash -c "
		$pack faults.bpf.o | $args - --pid $SPIN | $load --pin -t 10 | $poll -n 200 | $fmt
	" > shown 2> said || status=$?
	[ "$status" -ne 124 ] || { echo "$stage killed at $2 $3: the others hang"; return 1; }
	run ! grep -iE 'assert|sanitizer|segmentation' said
}

@test "if one stage is killed, at whatever moment, the others end by themselves" {
	need_bpf
	need_strace
	export ASAN_OPTIONS=detect_leaks=0
	local at n=0
	for at in pack:openat:9 pack:write:1 args:read:2 args:write:1 load:read:9 load:bpf:4 \
		load:perf_event_open:1 load:write:1 load:poll:1 poll:read:9 poll:bpf:2 \
		poll:epoll_wait:1 poll:epoll_wait:3 poll:write:1 fmt:read:8 fmt:write:1 fmt:write:3; do
		IFS=: read -r stage call when <<< "$at"
		killed_at "$stage" "$call" "$when"
		n=$((n + 1))
	done
	say "kill in a pipe of five: $n faults"
	none_left
}

# stalls_pipe NAME PIPE: run one more pipe on the perf buffer of the test that
# stalls a stage; NAME.skel has its stream, NAME.out its text.
stalls_pipe() {
	start_pipe "$2 | tee $1.skel | skel-fmt --json > $1.out"
	wait_for 20 has_header "$1.skel"
}

# The records are exactly those produced, none twice and none garbled.
accounted() { # NAME PRODUCED
	local records lost
	read -r records lost < <(tail -n 1 "$1.skel" | jq -r '."@end" | "\(.records) \(.lost)"')
	say "stalled $1: $2 produced, $records carried, $lost lost"
	[ $((records + lost)) -eq "$2" ]
	[ "$lost" -gt 0 ]
	is "$records" "$(wc -l < "$1.out")"
	is "$records" "$(jq -c 'select(.text == "line\none" and .n < '"$2"') | .n' "$1.out" | sort -u | wc -l)"
}

@test "a stage that stalls for 10 seconds loses records that are counted, and garbles none" {
	need_bpf
	mkfifo gate
	"$FILES/spin" 0 1000 < gate > produced 3>&- &
	local spin=$! load="skel-load -m ${TAG}pb faults.json --pid $!" pipes
	exec 6> gate
	# No other process may hold it open.
	{
		stalls_pipe fmt "$load"
		stalls_pipe load "$load"
		stalls_pipe poll "skel-load --pin -m ${TAG}pb faults.json --pid $spin | skel-poll"
	} 6>&-
	pipes=("${PIPES[@]}")
	wait_for 20 all_attached "${pipes[@]}"
	exec 6>&-
	wait_for 20 has_lines fmt.out 100
	pkill -STOP -g "${pipes[0]}" -x skel-fmt
	pkill -STOP -g "${pipes[1]}" -x skel-load
	pkill -STOP -g "${pipes[2]}" -x skel-poll
	# The stage must stand for 10 seconds; there is nothing to wait for.
	sleep 10
	pkill -CONT -g "${pipes[0]}" -x skel-fmt
	pkill -CONT -g "${pipes[1]}" -x skel-load
	pkill -CONT -g "${pipes[2]}" -x skel-poll
	kill -TERM "$spin"
	wait_for 10 has_lines produced 1
	stop_pipe
	accounted fmt "$(cat produced)"
	accounted load "$(cat produced)"
	accounted poll "$(cat produced)"
	none_left
}

all_attached() {
	local pipe
	for pipe; do
		grep -qs '^link_type' /proc/"$(pgrep -g "$pipe" -x skel-load)"/fdinfo/* || return 1
	done
}

@test "if the disk fills up in the middle of a record, the earlier records are kept" {
	need_bpf
	mkdir disk
	mount -t tmpfs -o size=64k tmpfs disk 2>/dev/null || skip "needs to mount a tmpfs"
	MOUNTED=$PWD/disk
	local whole shown encoding
	for encoding in binary json; do
		run -1 --separate-stderr bash -c "skel-load -t 60 -f $encoding -m ${TAG}rb faults.json --pid $SPIN > disk/run.skel"
		[[ $stderr == *"skel-load: <stdout>: No space left on device"* ]]
		is 65536 "$(stat -c %s disk/run.skel)"
		whole=$(($(wc -l < disk/run.skel) - 1))
		run -1 --separate-stderr skel-fmt --json disk/run.skel
		shown=$(wc -l <<< "$output")
		say "full disk, $encoding: $whole records whole, $shown read"
		is "$whole" "$shown"
		[[ $stderr == *"the end is missing"* ]]
		is "$shown" "$(jq -c 'select(.text == "line\none")' <<< "$output" | wc -l)"
	done
	none_left
}

@test "a stream that is cut at any place is read up to that place" {
	need_bpf
	local encoding
	for encoding in binary json; do
		record cut.skel -n 10 -f "$encoding" -m "${TAG}rb"
		run python3 "$ROOT/tests/faults/cut.py" cut.skel
		echo "$output"
		say "$encoding: ${lines[-1]}"
		[ "$status" -eq 0 ]
	done
}

@test "a hundred runs of a package, two at a time, leave nothing in the kernel" {
	need_bpf
	local before
	before=$(held_by_us)
	for _ in $(seq 50); do
		skel-load -q --pin -t 0.01 faults.json > one 3>&- &
		skel-load -q -n 1 -t 10 -m "${TAG}rb" faults.json --pid "$SPIN" > two
		wait $!
		tail -n 1 two | grep -q '@end'
	done
	wait_for 10 nothing_of_ours
	is "$before" "$(held_by_us)"
	say "100 runs: $before programs and maps before, $(held_by_us) after"
	none_left
}

@test "memory stays flat over a million replayed events and many live ones" {
	command -v clang >/dev/null || skip "needs clang"
	local replayed=1000000 line
	[ -z "${SAN:-}" ] || replayed=200000
	run "$ROOT/tests/soak" "$replayed" 200000
	echo "$output"
	for line in "${lines[@]}"; do
		say "$line"
	done
	[ "$status" -eq 0 ]
}
