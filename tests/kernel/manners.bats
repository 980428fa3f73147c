#!/usr/bin/env bats
# The manners of a pipe, of each command that stands in one.

load ../helpers/helper
load ../helpers/chain

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	end_background
}

# A stream of N records in the file run.skel, its end included.
make_stream() {
	need_bpf
	record_bootstrap run.skel shown "$1" --json
}

# The milliseconds since the epoch.
now() {
	echo $(($(date +%s%N) / 1000000))
}

# closes_when_reader_leaves COMMAND...: with its reader gone and nothing to
# write it ends by itself, with status 0, within a second (the promise is 100
# ms; a busy machine may need more).
closes_when_reader_leaves() {
	local status_file=$BATS_TEST_TMPDIR/status
	rm -f "$status_file"
	(
		"$@"
		echo $? > "$status_file"
	) | head -n 1 > first
	wait_for 5 test -s "$status_file"
	[ "$(cat "$status_file")" = 0 ]
}

@test "skel-load ends when its reader leaves, without traffic" {
	need_bpf
	# No process can live that long: nothing is ever written but the header.
	closes_when_reader_leaves skel-load "$ASSETS/bootstrap.json" \
		--min_duration_ns 18446744073709551615
	grep -q '"skel":"stream"' first
}

@test "skel-load --pin ends when its reader leaves and unpins" {
	need_bpf
	closes_when_reader_leaves skel-load --pin "$ASSETS/bootstrap.json"
	[ ! -e "$(jq -r .dir first)" ]
}

@test "skel-poll ends when its reader leaves, without traffic" {
	need_bpf
	start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" --min_duration_ns 18446744073709551615 > session'
	wait_for 10 has_header session
	mkfifo live
	# Held open: it is not the end of the input that ends it.
	exec 4<>live
	cat session > live
	closes_when_reader_leaves skel-poll live
	exec 4>&-
	grep -q '"skel":"stream"' first
	stop_pipe
}

@test "skel-fmt ends when its reader leaves, without traffic" {
	make_stream 5
	mkfifo live
	exec 4<>live
	head -n 3 run.skel > live
	closes_when_reader_leaves skel-fmt --json live
	exec 4>&-
	[ "$(head -n 1 shown)" = "$(cat first)" ]
}

@test "under traffic every stage ends when the last one leaves" {
	need_bpf
	make_worker
	start_pipe 'skel-load "$ASSETS/opensnoop.json" | skel-fmt --json | head -n 5 > out'
	local pipe=${PIPES[0]}
	for _ in $(seq 200); do
		kill -0 "$pipe" 2>/dev/null || break
		cat /etc/hostname > /dev/null
	done
	wait_pipe
	[ "$(wc -l < out)" -eq 5 ]
	run ! pgrep -g "$pipe" -x 'skel-load|skel-fmt'
}

@test "end of input drains what is there and ends: skel-fmt" {
	make_stream 20
	run -0 --separate-stderr skel-fmt --json < run.skel
	diff -u shown <(printf '%s\n' "$output")
	[ -z "$stderr" ]
}

@test "Ctrl-C ends the head and skel-fmt finishes what is in the pipe" {
	make_stream 5
	mkfifo live
	setsid bash -c 'skel-fmt --json < live > out' 3>&- &
	PIPES+=($!)
	exec 4> live
	head -n 3 run.skel >&4
	wait_for 5 has_lines out 2
	pkill -INT -g "${PIPES[0]}" -x skel-fmt
	tail -n +4 run.skel >&4
	exec 4>&-
	wait_pipe
	diff -u shown out
}

@test "a second Ctrl-C does not wait" {
	make_stream 5
	mkfifo live
	setsid bash -c 'exec skel-fmt --json < live > out' 3>&- &
	PIPES+=($!)
	exec 4> live
	head -n 3 run.skel >&4
	wait_for 5 has_lines out 2
	kill -INT "${PIPES[0]}"
	kill -0 "${PIPES[0]}"
	wait_for 5 second_interrupt "${PIPES[0]}"
	exec 4>&-
	wait_pipe
}

second_interrupt() {
	kill -INT "$1" 2>/dev/null
	! kill -0 "$1" 2>/dev/null
}

@test "an event is on its way when it happens" {
	need_bpf
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	./worker 91 || :
	# No more events of ours come to push this one out.
	wait_for 2 grep -q '"exit_code":91' out
	stop_pipe
}

@test "stopped by Ctrl-Z and continued, a pipe goes on where it was" {
	need_bpf
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	./worker 51 || :
	# Ctrl-Z sends SIGTSTP, which the kernel drops in a session of its own as
	# this one is: nobody catches either.
	pkill -STOP -g "${PIPES[0]}" -x 'skel-load|skel-fmt'
	wait_for 5 stopped
	./worker 52 || :
	pkill -CONT -g "${PIPES[0]}" -x 'skel-load|skel-fmt'
	./worker 53 || :
	wait_for 5 grep -q '"exit_code":53' out
	grep -q '"exit_code":51' out
	grep -q '"exit_code":52' out
	stop_pipe
	tail -n 1 s | grep -q '@end'
}

stopped() {
	local states
	states=$(ps -o stat= -p "$(pgrep -d, -g "${PIPES[0]}" -x 'skel-load|skel-fmt')")
	[ -n "$states" ] && ! grep -qv '^T' <<<"$states"
}

@test "a full disk is a failure of every command" {
	need_bpf
	[ -c /dev/full ] || skip "no /dev/full"
	make_stream 5
	local said='<stdout>: No space left on device'
	run -1 bash -c 'skel-fmt run.skel > /dev/full'
	[[ $output == "skel-fmt: $said" ]]
	run -1 bash -c 'skel-args "$ASSETS/bootstrap.json" > /dev/full'
	[[ $output == "skel-args: $said" ]]
	run -1 bash -c 'skel-pack --unpack "$ASSETS/bootstrap.json" > /dev/full'
	[[ $output == "skel-pack: $said" ]]
	run -1 bash -c 'skel-load "$ASSETS/bootstrap.json" > /dev/full'
	[[ $output == *"skel-load: $said"* ]]
	run -1 bash -c 'skel-poll run.skel > /dev/full'
	[[ $output == *"skel-poll: $said"* ]]
}

@test "a closed standard output is a failure, not a silent loss" {
	make_stream 2
	run -1 bash -c 'skel-fmt run.skel >&-'
	[[ $output == *"<stdout>: Bad file descriptor"* ]]
	run -1 bash -c 'skel-args "$ASSETS/bootstrap.json" >&-'
	[[ $output == *"<stdout>: Bad file descriptor"* ]]
}

@test "a bad record is reported with its line number, counted and skipped" {
	make_stream 5
	sed '4s/.*/=garbage/' run.skel > bad.skel
	run -1 --separate-stderr skel-fmt --json bad.skel
	[[ $stderr == *"skel-fmt: bad.skel:4: "* ]]
	diff -u <(sed 3d shown) <(printf '%s\n' "$output")
}

@test "each document in the wrong place says which stage was left out" {
	make_stream 2
	need_bpf
	fails_with 1 "skel-fmt: <stdin>: this is a package; load it first: skel-load" \
		skel-fmt < "$ASSETS/bootstrap.json"
	fails_with 1 "this is a package; load it first: skel-load" \
		skel-poll "$ASSETS/bootstrap.json"
	fails_with 1 "skel-fmt" skel-load run.skel
	fails_with 1 "skel-fmt" skel-args run.skel
	start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" > session'
	wait_for 10 has_header session
	fails_with 1 "this is a session; poll it first: skel-poll" skel-fmt session
	fails_with 1 "skel-poll" skel-load session
	stop_pipe
}
