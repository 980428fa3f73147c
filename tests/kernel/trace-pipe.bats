#!/usr/bin/env bats
# skel-load --trace-pipe shows what its own programs print, and not what others do.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

SPINS=()

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	kill_load
	[ -z "${OTHER:-}" ] || kill "$OTHER" 2>/dev/null || :
	[ "${#SPINS[@]}" -eq 0 ] || kill "${SPINS[@]}" 2>/dev/null || :
}

need_trace() {
	need_bpf
	# This mounts tracefs if it is missing; the kernel's features are probed below.
	skel-load -q -t 0.01 --trace-pipe "$ASSETS/bootstrap.json" >/dev/null 2>&1 || :
	[ -d /sys/kernel/tracing/events/bpf_trace ] || skip "needs the event bpf_trace"
}

# Make the call at which the programs print; print the pid.
call() {
	python3 -c 'import os; os.getpgid(0); print(os.getpid())'
}

instances() {
	find /sys/kernel/tracing/instances -maxdepth 1 -name "skel-$1-*" | wc -l
}

said() {
	grep -q "$1" err
}

# Start two processes that make the call as often as they can.
spin() {
	echo 'int getpgid(int); unsigned alarm(unsigned); int main(void) { for (alarm(60);;) getpgid(0); }' >spin.c
	cc -o spin spin.c
	./spin 3>&- &
	SPINS+=($!)
	./spin 3>&- &
	SPINS+=($!)
}

@test "the lines that a program prints appear on standard error with process and pid, escaped" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	[ "$(instances "$LOAD")" -eq 1 ]
	pid=$(call)
	wait_for 10 said "mine too"
	pid_of_load=$LOAD
	end_load
	grep "python3-$pid:" err >lines
	[ "$(cat lines)" = "skel-load: python3-$pid: mine: pid $pid, 100% of 0x000000ff
skel-load: python3-$pid: mine too, \"\\^[[31mred\" as text" ]
	[ "$(instances "$pid_of_load")" -eq 0 ]
	run ! grep -q mine out
}

@test "a task that has stayed on its CPU since it printed is named too" {
	need_trace
	bpf_package prints
	echo 'int getpgid(int); unsigned alarm(unsigned);
		int main(void) { alarm(60); getpgid(0); for (;;); }' >stay.c
	cc -o stay stay.c
	start_load --trace-pipe prints.json
	for _ in 1 2 3 4 5 6 7 8; do
		./stay 3>&- &
		SPINS+=($!)
		wait_for 10 said "$!: mine too"
		kill "$!"
	done
	end_load
	[ "$(grep -c 'stay-[0-9]*: mine too' err)" -eq 8 ]
}

@test "lines of other programs are not shown, and stay where those print them" {
	need_trace
	bpf_package prints
	bpf_object prints -DWORD='"other"'
	skel-pack prints.bpf.o >other.json
	skel-load -q --trace-pipe other.json >/dev/null 2>other.err 3>&- &
	OTHER=$!
	start_load --trace-pipe prints.json
	has_other() {
		grep -q "other too" other.err
	}
	wait_for 10 eval '[ "$(instances "$OTHER")" -eq 1 ]'
	until has_other; do call >/dev/null; done
	wait_for 10 said "mine too"
	end_load
	kill "$OTHER"
	wait "$OTHER"
	run ! grep other err
	run ! grep mine other.err
}

@test "lines that are in the pipe when the program is detached are still shown" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	kill -STOP "$LOAD"
	pid=$(call)
	kill -TERM "$LOAD"
	kill -CONT "$LOAD"
	wait "$LOAD"
	LOAD=
	grep -q "python3-$pid: mine too" err
}

load_ended() {
	! kill -0 "$LOAD" 2>/dev/null
}

@test "skel-load ends even if programs print faster than it reads" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	spin
	wait_for 10 said "mine too"
	kill -TERM "$LOAD"
	wait_for 10 load_ended
	wait "$LOAD"
	start_load -t 0.2 --trace-pipe prints.json
	wait_for 10 load_ended
	wait "$LOAD"
}

@test "a burst that is larger than one read(2) is shown to its end" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	kill -STOP "$LOAD"
	pid=$(python3 -c 'import os; [os.getpgid(0) for i in range(1500)]; print(os.getpid())')
	kill -CONT "$LOAD"
	all_said() {
		[ "$(grep -c "python3-$pid: mine too" err)" -eq 1500 ]
	}
	wait_for 10 all_said
	end_load
}

@test "text of several lines that a program prints is shown whole" {
	need_trace
	bpf_object prints '-DWORD="mine\nsecond"'
	skel-pack prints.bpf.o >prints.json
	start_load --trace-pipe prints.json
	pid=$(call)
	wait_for 10 said "second too"
	end_load
	[ "$(grep -A 1 -m 1 "python3-$pid: mine" err)" = "skel-load: python3-$pid: mine
skel-load:     second: pid $pid, 100% of 0x000000ff" ]
}

# Make the call in a process of each of these comms, and print the pids.  Each
# process ends when it can read a byte.
call_as() {
	python3 -c 'import ctypes, os, signal, sys
for comm in sys.argv[1:]:
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(15, comm.encode())
        os.getpgid(0)
        signal.alarm(60)
        os.read(0, 1)
        os._exit(0)
    print(pid)' "$@"
}

# Do that, and keep the processes until release_all.
hold_all() {
	mkfifo hold
	exec 4<>hold
	call_as "${FORGED[@]}" <&4 >pids 3>&- 4>&-
}

release_all() {
	printf '%*s' "${#FORGED[@]}" '' >&4
	exec 4>&-
}

# all_print FILE TEXT: whether the file has the text after each pid.
all_print() {
	local pid
	while read -r pid; do
		grep -q -e "$pid$2" "$1" || return
	done <pids
}

# Comms that try to pass for other lines, and how they are shown.
FORGED=($'a\nforged' $'\nforged' $'forged\n' $'\n\nforged\n\n' $'a\nx-1 [0' 'x-1 [0' $'a\n    forged'
	'    forged' $'a\n1 c-2 [3' $'0123456789abcd\n' 'x-1: mine: y')
SHOWN=('a\nforged' '\nforged' 'forged\n' '\n\nforged\n\n' 'a\nx-1 [0' 'x-1 [0' 'a\n    forged'
	'forged' 'a\n1 c-2 [3' '0123456789abcd\n' 'x-1\072 mine: y')

@test "no comm can pass for another line or for a further line of a text" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	hold_all
	wait_for 10 all_print err ': mine too'
	end_load
	release_all
	i=0
	while read -r pid; do
		echo "skel-load: ${SHOWN[i]}-$pid: mine: pid $pid, 100% of 0x000000ff"
		echo "skel-load: ${SHOWN[i]}-$pid: mine too, \"\\^[[31mred\" as text"
		i=$((i + 1))
	done <pids >expected
	# Not the lines of other processes of the machine.
	grep -E -e "-($(paste -sd '|' pids)):" -e 'forged|x-1|^skel-load:  ' err | sort >lines
	sort expected | diff - lines
}

@test "the records of a comm or a text with newlines have all of it" {
	need_trace
	bpf_object prints '-DWORD="mine\nsecond"'
	skel-pack prints.bpf.o >prints.json
	start_load -f json prints.json
	hold_all
	wait_for 10 all_print out ',.*second too'
	end_load
	release_all
	skel-fmt --json out | jq -c --slurpfile pids pids \
		'select(.pid | IN($pids[])) | [.comm, .pid, (.text | split(":")[0] | sub("\u001b.31m"; "^["))]' >records
	i=0
	while read -r pid; do
		for text in mine second mine 'second too, "^[red" as text'; do
			jq -nc --arg comm "${FORGED[i]}" --argjson pid "$pid" --arg text "$text" '[$comm, $pid, $text]'
		done
		i=$((i + 1))
	done <pids | sort >expected
	sort records | diff expected -
}

@test "a text with a process's newlines is shown whole, and its lines cannot pass for others" {
	need_trace
	bpf_object prints '-DWORD="mine"' -DCOMM
	skel-pack prints.bpf.o >prints.json
	start_load --trace-pipe prints.json
	pid=$(python3 -c 'import ctypes, os
ctypes.CDLL(None).prctl(15, b"a\nforged")
os.getpgid(0)
print(os.getpid())')
	wait_for 10 said "mine too"
	end_load
	[ "$(grep -A 1 "by a" err)" = "skel-load: a\\nforged-$pid: mine by a
skel-load:     forged, a comm" ]
}

@test "--pin shows the lines too" {
	need_trace
	bpf_package prints
	start_load --pin --trace-pipe prints.json
	pid=$(call)
	wait_for 10 said "python3-$pid: mine too"
	end_load
}

@test "-q leaves the lines" {
	need_trace
	bpf_package prints
	start_load -q --trace-pipe prints.json
	pid=$(call)
	wait_for 10 said "python3-$pid: mine too"
	end_load
	run ! grep -q nothing err
}

@test "the next skel-load removes the tracefs instance of one that was killed" {
	need_trace
	bpf_package prints
	start_load --trace-pipe prints.json
	killed=$LOAD
	kill -9 "$LOAD"
	wait "$LOAD" || :
	LOAD=
	[ "$(instances "$killed")" -eq 1 ]
	swept() {
		skel-load -t 0.01 prints.json >/dev/null 2>sweeps
		[ "$(instances "$killed")" -eq 0 ]
	}
	wait_for 10 swept
}

@test "the instance of a live skel-load is not removed, even if nothing in it is open yet" {
	need_trace
	bpf_package prints
	sleep 60 3>&- &
	OTHER=$!
	local start instance
	start=$(cut -d' ' -f22 "/proc/$OTHER/stat")
	instance=/sys/kernel/tracing/instances/skel-$OTHER-$start-$(stat -Lc %i /proc/self/ns/pid)
	mkdir "$instance"
	skel-load -t 0.01 prints.json >/dev/null 2>sweeps
	[ -d "$instance" ]
	kill "$OTHER"
	wait "$OTHER" || :
	gone() {
		skel-load -t 0.01 prints.json >/dev/null 2>sweeps
		[ ! -e "$instance" ]
	}
	wait_for 10 gone
	grep -q "removed $instance, which pid $OTHER left behind" sweeps
}

@test "a program that exports a map prints nothing without --trace-pipe, and no instance is made" {
	need_trace
	bpf_package prints -DBUFFER
	start_load prints.json
	[ "$(instances "$LOAD")" -eq 0 ]
	call
	end_load
	run ! grep -q mine err out
}

@test "what a program prints that exports nothing is a stream of the map printk" {
	need_trace
	bpf_package prints
	for format in binary json; do
		start_load -f "$format" -n 2 prints.json
		[ "$(instances "$LOAD")" -eq 1 ]
		pid=$(call)
		wait "$LOAD"
		[ "$(instances "$LOAD")" -eq 0 ]
		skel-fmt --json out > records
		[ "$(wc -l < records)" -eq 2 ]
		jq -se --argjson pid "$pid" 'any(.[]; .["@map"] == "printk" and .comm == "python3" and
			.pid == $pid and .cpu >= 0 and .text == "mine: pid \($pid), 100% of 0x000000ff")' records
		jq -se 'any(.[]; .text == "mine too, \"\u001b[31mred\" as text")' records
		run ! grep -q . err
	done
	skel-fmt out > table
	[[ $(head -n 1 table) == "TIME "*" COMM "*" PID "*" CPU TEXT" ]]
	[[ $(tail -n 1 table) == *'as text' ]]
}

@test "where a program prints and has maps, the maps are listed too" {
	need_trace
	bpf_package prints -DCOUNTS
	run -0 --separate-stderr skel-load -t 0.1 prints.json
	is printk "$(head -n 1 <<<"$output" | jq -r '.maps[].name')"
	[[ ${stderr_lines[0]} == *"prints.json: nothing to export but what it prints; more results may be in:" ]]
	[[ ${stderr_lines[1]} == *" --sample counts "*" hash of long by int" ]]
}

@test "with --pin, where printed lines cannot be polled, a notice names --trace-pipe" {
	need_trace
	bpf_package prints
	run -0 --separate-stderr skel-load -t 0.1 --pin prints.json
	[[ $stderr == *"prints.json: it prints with bpf_printk(); --trace-pipe shows that"* ]]
}

@test "if the kernel lacks the trace event the error says so" {
	need_trace
	bpf_package prints
	run -1 --separate-stderr unshare -m sh -c '
		mount -t tmpfs none /sys/kernel/tracing/events/bpf_trace &&
		exec skel-load --trace-pipe prints.json'
	[ -z "$output" ]
	[[ $stderr == "skel-load: --trace-pipe: this kernel has no /sys/kernel/tracing/events/bpf_trace/bpf_trace_printk, which came with Linux 5.9;"* ]]
}

@test "--trace-pipe cannot be combined with --check, --detach and --unload" {
	fails_with 2 "--trace-pipe: with --check no program runs" skel-load --check --trace-pipe x.json
	fails_with 2 "--trace-pipe: with --detach nothing stays to read it" \
		skel-load --pin=/sys/fs/bpf/x --detach --trace-pipe x.json
	fails_with 2 "--unload allows no other option and no package" skel-load --trace-pipe --unload /x
}
