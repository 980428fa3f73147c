#!/usr/bin/env bats
# How each command behaves as a stage of a pipe: when its reader leaves, when its
# input ends, and on signals.

load ../helpers/helper
load ../helpers/chain

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	end_background
}

# Make run.skel, a complete stream of N records.
make_stream() {
	need_bpf
	record_bootstrap run.skel shown "$1" --json
}

# Print the milliseconds since the epoch.
now() {
	echo $(($(date +%s%N) / 1000000))
}

# closes_when_reader_leaves COMMAND...: when its reader has gone, the command ends
# with status 0 although it has nothing to write.  The manual promises 100 ms; the
# test allows a second, since the machine may be busy.
closes_when_reader_leaves() {
	local status_file=$BATS_TEST_TMPDIR/status
	rm -f "$status_file"
	# One that does not end would keep bats waiting, long after the test.
	(
		timeout -k 5 60 "$@"
		echo $? > "$status_file"
	) 3>&- | head -n 1 > first
	wait_for 5 test -s "$status_file"
	[ "$(cat "$status_file")" = 0 ]
}

@test "skel-load ends when its reader leaves, without traffic" {
	need_bpf
	# No process runs that long, so only the header is ever written.
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
	# The input stays open, so that its end is not the reason.
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

@test "while records flow, every stage ends when the last one leaves" {
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

@test "skel-fmt ends at the end of its input after it has shown everything" {
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

@test "two equal signals at once are one request to end" {
	need_bpf
	local signal
	for signal in TERM INT HUP; do
		# A file of its own: the header of the one before would be mistaken for
		# this one's while bash, which ignores SIGINT here, has not begun it.
		skel-load "$ASSETS/bootstrap.json" >"$signal.skel" &
		PIPES+=($!)
		wait_for 10 has_header "$signal.skel"
		kill -STOP "${PIPES[-1]}"
		# timeout(1) signals its child and then the group.
		kill "-$signal" "${PIPES[-1]}"
		kill -CONT "${PIPES[-1]}"
		kill "-$signal" "${PIPES[-1]}" || :
		wait "${PIPES[-1]}"
		tail -n 1 "$signal.skel" | grep -q '^{"@end"'
	done
}

@test "a hangup is ignored under nohup, as a terminal that closes sends it" {
	make_stream 5
	mkfifo live
	setsid bash -c 'exec nohup skel-fmt --json < live > out 2>/dev/null' 3>&- &
	PIPES+=($!)
	exec 4> live
	head -n 3 run.skel >&4
	wait_for 5 has_lines out 2
	kill -HUP "${PIPES[0]}"
	kill -HUP "${PIPES[0]}"
	tail -n +4 run.skel >&4
	exec 4>&-
	wait_pipe
	[ "$PIPE_STATUS" = 0 ]
	diff -u shown out
}

# nonblocking END COMMAND...: run the command with a pipe for its input (END is 0) or
# output (1) that somebody else made nonblocking, and that is slow.
nonblocking() {
	python3 - "$@" <<'PY'
import fcntl, os, subprocess, sys, time
end, command = int(sys.argv[1]), sys.argv[2:]
r, w = os.pipe()
inner, outer = (r, w) if end == 0 else (w, r)
fcntl.fcntl(inner, fcntl.F_SETFL, fcntl.fcntl(inner, fcntl.F_GETFL) | os.O_NONBLOCK)
if end == 0:
    with open("input", "rb") as f:
        text = f.read()
    p = subprocess.Popen(command, stdin=inner)
    os.close(inner)
    time.sleep(0.2)
    with os.fdopen(outer, "wb") as f:
        f.write(text[:1000])
        f.flush()
        time.sleep(0.2)
        f.write(text[1000:])
else:
    p = subprocess.Popen(command, stdout=inner)
    os.close(inner)
    time.sleep(0.5)
    while part := os.read(outer, 65536):
        sys.stdout.buffer.write(part)
        sys.stdout.flush()
sys.exit(p.wait())
PY
}

@test "a pipe that somebody made nonblocking is waited for" {
	seq 20000 | sed 's/.*/{"n":&}/' >numbers
	nonblocking 1 skel-fmt --json numbers >out
	[ "$(wc -l <out)" -eq 20000 ]
	cp "$ASSETS/bootstrap.json" input
	nonblocking 0 skel-args - >out
	cmp <(skel-args "$ASSETS/bootstrap.json") out
	cp numbers input
	nonblocking 0 skel-fmt --json >out
	[ "$(wc -l <out)" -eq 20000 ]
}

# waits_for FIFO COMMAND...: it waits until somebody opens or writes into the FIFO, and
# ends at the first signal.  timeout(1) exits with 137 if that is not enough.
waits_for() {
	local fifo=$1 keep
	shift
	run -124 timeout -k 30 1 "$@"
	exec {keep}<>"$fifo"
	run -124 timeout -k 30 1 "$@"
	exec {keep}<&-
}

@test "a package may come through a FIFO, and no wait for one outlives the first signal" {
	need_bpf
	local package=$ASSETS/bootstrap.json
	run -0 skel-load -q --check <(cat "$package")
	mkfifo fifo
	waits_for fifo skel-load --check fifo
	waits_for fifo skel-args fifo
	waits_for fifo skel-pack fifo
	waits_for fifo skel-fmt fifo
	waits_for fifo skel-load -t 0.1 --set exec_start=@fifo "$package"
	waits_for fifo skel-poll fifo
}

@test "an event is passed on when it happens" {
	need_bpf
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	./worker 91 || :
	# No other event of ours follows that could push this one out.
	wait_for 2 grep -q '"exit_code":91' out
	stop_pipe
}

@test "a pipe stopped by Ctrl-Z continues where it was" {
	need_bpf
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	./worker 51 || :
	# This sends SIGSTOP: Ctrl-Z sends SIGTSTP, which the kernel discards in a
	# session without a terminal, and no command catches either.
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

@test "every command fails if the disk is full" {
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

@test "a document in the wrong place is refused with the stage that was left out" {
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
