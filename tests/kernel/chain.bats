#!/usr/bin/env bats
# Whole pipelines of the commands, with real programs and real events.

load ../helpers/helper
load ../helpers/chain

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${OPENER:-}" ] || kill "$OPENER"
	end_background
}

@test "every start and end of 200 processes is reported once, with the right fields" {
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	python3 "$HELPERS/processes.py" run 200 "$PWD/worker" > expected
	stop_pipe
	python3 "$HELPERS/processes.py" check expected out
}

@test "min_duration_ns shows sleep 0.3 but not true, given to skel-load or to skel-args" {
	start_pipe 'skel-load "$ASSETS/bootstrap.json" --min_duration_ns 200000000 | tee s1 | skel-fmt --json > o1'
	start_pipe 'skel-args "$ASSETS/bootstrap.json" --min_duration_ns 200000000 | skel-load | tee s2 | skel-fmt --json > o2'
	wait_for 10 has_header s1
	wait_for 10 has_header s2
	sleep 0.3 &
	local sleeper=$!
	/bin/true &
	local quick=$!
	wait "$sleeper" "$quick"
	stop_pipe
	for out in o1 o2; do
		[ "$(jq -c "select(.pid == $sleeper)" "$out" | wc -l)" -eq 1 ]
		[ "$(jq "select(.pid == $sleeper).duration_ns >= 200000000" "$out")" = true ]
		[ "$(jq -c "select(.pid == $quick)" "$out" | wc -l)" -eq 0 ]
	done
}

@test "the three ways to write a pipeline give the same rows" {
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" | tee s1 | skel-fmt --json > o1'
	start_pipe 'skel-args "$ASSETS/bootstrap.json" | skel-load | tee s2 | skel-fmt --json > o2'
	start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" | skel-poll | tee s3 | skel-fmt --json > o3'
	for s in s1 s2 s3; do
		wait_for 10 has_header "$s"
	done
	python3 "$HELPERS/processes.py" run 30 "$PWD/worker" > expected
	stop_pipe
	for o in o1 o2 o3; do
		python3 "$HELPERS/processes.py" check expected "$o"
		jq -c 'select(.filename | endswith("worker")) | [.pid,.ppid,.exit_code,.comm,.filename,.exit_event]' "$o" > "$o.rows"
	done
	[ -s o1.rows ]
	diff -u <(sort o1.rows) <(sort o2.rows)
	diff -u <(sort o1.rows) <(sort o3.rows)
}

@test "a recorded stream that an ordinary user formats later gives the same text" {
	record_bootstrap run.skel shown 20 --csv
	need_nobody
	chmod 644 run.skel
	run -0 --separate-stderr as_nobody skel-fmt --csv run.skel
	diff -u shown <(printf '%s\n' "$output")
	[ -z "$stderr" ]
}

@test "head -n 50 of a stream has 49 records, and the missing end is reported" {
	record_bootstrap run.skel shown 60 --json
	head -n 50 run.skel > cut.skel
	run -0 --separate-stderr skel-fmt --json cut.skel
	[ "${#lines[@]}" -eq 49 ]
	[[ $stderr == *"end is missing"* ]]
	run -0 --separate-stderr bash -c 'head -n 50 run.skel | skel-fmt --json'
	[ "${#lines[@]}" -eq 49 ]
	[[ $stderr == *"<stdin>: "*"end is missing"* ]]
}

@test "wc -l counts header, records and control lines" {
	record_bootstrap run.skel shown 20 --json
	local records
	records=$(wc -l < shown)
	[ "$(wc -l < run.skel)" -eq $((records + 2)) ]
	[ "$(tail -n 1 run.skel | jq -c '.["@end"]' | without_rings)" = "{\"records\":$records,\"lost\":0}" ]
}

@test "newlines in a payload survive the stream, also through head, split and cat" {
	make_worker
	local odd=$PWD/$'a\nb\n'
	cp worker "$odd"
	start_pipe 'skel-load "$ASSETS/bootstrap.json" > run.skel'
	wait_for 10 has_header run.skel
	# Among 300 process ids some have the byte 0x0A.
	for _ in $(seq 300); do
		"$odd" 10 || :
	done
	stop_pipe
	skel-fmt --json run.skel > whole
	[ "$(jq -r 'select(.comm == "a\nb\n" and .exit_event and .exit_code == 10) | .pid' whole | wc -l)" -eq 300 ]
	split -l 100 run.skel part.
	cat part.* | skel-fmt --json | diff -u whole -
	head -n 200 run.skel | skel-fmt --json 2>/dev/null | diff -u <(head -n 199 whole) -
	[ "$(grep -ac '^=' run.skel)" -eq "$(wc -l < whole)" ]
}

@test "records pass through jq and come back into a table" {
	make_worker
	start_pipe 'skel-load -f json "$ASSETS/bootstrap.json" | tee s | jq --unbuffered -c "select(.exit_code == 77)" | skel-fmt --table > out'
	wait_for 10 has_header s
	./worker 77 || :
	./worker 78 || :
	stop_pipe
	grep -E 'TIME +PID +PPID +EXIT_CODE' out
	[ "$(grep -c 'worker' out)" -eq 1 ]
	grep -E '[0-9:]{8} +[0-9]+ +[0-9]+ +77 .*worker' out
}

@test "a binary and a JSON stream of the same events give the same text" {
	make_worker
	start_pipe 'skel-load "$ASSETS/bootstrap.json" > b.skel'
	start_pipe 'skel-load -f json "$ASSETS/bootstrap.json" > j.skel'
	wait_for 10 has_header b.skel
	wait_for 10 has_header j.skel
	for i in 1 2 3 4 5; do
		./worker $((70 + i)) || :
	done
	stop_pipe
	local columns=pid,ppid,exit_code,comm,filename,exit_event
	for form in csv tsv json plain; do
		skel-fmt --$form --bare -c "$columns" b.skel | grep -a worker | sed 's/^[0-9:]* *//' > b.out
		skel-fmt --$form --bare -c "$columns" j.skel | grep -a worker | sed 's/^[0-9:]* *//' > j.out
		[ "$(wc -l < b.out)" -ge 10 ]
		diff -u <(sort b.out) <(sort j.out)
	done
}

@test "the counts of runqlat's histograms add up to those in the map" {
	make_worker
	# The one process whose latency is counted ends before the last sample.
	./worker spin 2 &
	local pid=$!
	start_pipe "skel-load --pin \"\$ASSETS/runqlat.json\" --targ_tgid $pid | tee session | skel-poll -f json > out"
	wait_for 10 has_header out
	busy 2
	wait "$pid" || :
	wait_for 10 sampled_again out
	local pin
	pin=$(jq -r '.maps[0].pin' session)
	bpftool -j map dump pinned "$pin" > map.json
	stop_pipe
	python3 "$HELPERS/slots.py" map.json out
}

@test "kill -9 of any stage leaves nothing attached, loaded or pinned" {
	for victim in skel-load skel-poll skel-fmt; do
		start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" | skel-poll | skel-fmt --json > out'
		wait_for 10 polled
		remember_objects
		session_dirs
		kill_stage "$victim"
		wait_pipe
		nothing_left
	done
}

@test "kill -9 of either stage without a session leaves nothing attached or loaded" {
	for victim in skel-load skel-fmt; do
		rm -f out
		start_pipe 'skel-load "$ASSETS/bootstrap.json" | skel-fmt --json > out'
		wait_for 10 test -s out
		remember_objects
		kill_stage "$victim"
		wait_pipe
		nothing_left
	done
}

@test "the next skel-load removes the session of a killed one if no other stage did" {
	start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" > session'
	wait_for 10 has_header session
	remember_objects
	kill_stage skel-load
	wait_pipe
	session_dirs
	skel-load -t 0.1 "$ASSETS/bootstrap.json" > /dev/null
	nothing_left
}

@test "Ctrl-C, SIGTERM and SIGHUP of the pipe leave nothing attached or pinned" {
	for signal in INT TERM HUP; do
		start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" | skel-poll | tee s | skel-fmt --json > out'
		wait_for 10 polled
		remember_objects
		signal_stage "$signal" skel-load
		wait_pipe
		nothing_left
		[ "$(tail -n 1 s | jq -c '.["@end"].lost')" = 0 ]
	done
}

@test "a reader that leaves ends the whole pipe of three stages without traffic" {
	mkfifo go
	start_pipe 'skel-load --pin "$ASSETS/bootstrap.json" --min_duration_ns 18446744073709551615 | skel-poll | skel-fmt --json | { read -r _ < go; }'
	wait_for 10 polled
	remember_objects
	echo > go
	wait_pipe
	nothing_left
}

@test "a failed attach of the second program leaves nothing of the first" {
	# The object's second program cannot be attached.
	skel-pack --unpack "$ASSETS/bootstrap.json" > whole.o
	sed 's|tp_btf/sched_process_exit|tp_btf/sched_process_exjt|g' whole.o > broken.o
	run -1 --separate-stderr skel-load -e broken.o "$ASSETS/bootstrap.json"
	[ -z "$output" ]
	[[ $stderr == *handle_exit* ]]
}

# Print the pipelines of the README, without the comments beside them.
readme_pipelines() {
	sed -nE 's/^    \$ (sudo skel-load assets\/bootstrap.*)/\1/p' "$ROOT/README.md"
	sed -n '/^## Pipelines/,/^## The commands/p' "$ROOT/README.md" |
		sed -nE 's/^    ([^ ].*)/\1/p' | sed -E 's/ +# .*//'
}

# Print those of skel(7) that need privilege.
manual_pipelines() {
	sed -n '/^\.Ss Examples/,/^\.S[sh] The/s/^\.Dl # //p' "$ROOT/cmd/skel.7"
}

# Open a file and start a process every few milliseconds until killed.
keep_busy() {
	while :; do
		: < /etc/hostname
		: 2> /dev/null < /etc/no-such-file || :
		/bin/true
		read -r -t 0.003 _ <> nothing || :
	done
}

# every_pipeline_works COUNT: run the pipelines on standard input as printed, but with
# small numbers in place of those that would take long.
every_pipeline_works() {
	local line ran=0
	mkfifo nothing
	keep_busy 3>&- &
	OPENER=$!
	while read -r line; do
		rm -f run.skel
		: > out
		line=${line//--pid 42/--pid $OPENER}
		line=${line//head -n 1000/head -n 20}
		line=${line//-t 10 /-t 1 }
		line=${line//duration_ns 200000000/duration_ns 1000}
		command -v sudo >/dev/null || line=${line//sudo /}
		start_pipe "{ $line ; } > out"
		if [[ $line == *'> run.skel' ]]; then
			wait_pipe
			[ "$(wc -l < run.skel)" -eq 20 ]
		elif [[ $line == *'> cpu.svg' ]]; then
			wait_pipe
			grep -q '</svg>' cpu.svg
		else
			wait_for 10 some_output
			stop_pipe
			[ -s out ] || { echo "nothing from: $line"; cat out; false; }
		fi
		# Status 3 means that records were lost, because so many files were opened.
		[ "$PIPE_STATUS" -eq 0 ] || [ "$PIPE_STATUS" -eq 3 ] ||
			{ echo "$PIPE_STATUS from: $line"; false; }
		ran=$((ran + 1))
	done
	[ "$ran" -ge "$1" ]
}

@test "every pipeline of the README works as printed" {
	cp "$ASSETS/opensnoop.json" x.json
	ln -s "$ASSETS" assets
	cp "$ASSETS/opensnoop.bpf.c" x.bpf.c
	readme_pipelines > pipelines
	every_pipeline_works 8 < pipelines
}

@test "every pipeline of skel(7) works as printed" {
	cp "$ASSETS"/{bootstrap,opensnoop,profile}.json "$ASSETS"/{profile.bpf.c,skel.bpf.h} .
	printf '#!/bin/bash\nfor ((i = 0; i < 1000000; i++)); do :; done\n' > work
	chmod +x work
	skel-pack --unpack bootstrap.json > bootstrap.bpf.o
	manual_pipelines > pipelines
	every_pipeline_works 10 < pipelines
}

@test "the program of the README compiles, and reports who sends signals" {
	local compile
	sed -n '/^```c/,/^```/p' "$ROOT/README.md" | grep -v '^```' > kills.bpf.c
	[ "$(wc -l < kills.bpf.c)" -eq 10 ]
	compile=$(sed -n 's/^    \(skel-pack kills.bpf.c [^&]*\) && .*/\1/p' "$ROOT/README.md")
	[ -n "$compile" ]
	bash -c "$compile"
	start_pipe 'skel-load kills.json | tee s | skel-fmt --json > out'
	wait_for 10 has_header s
	kill -0 $$
	wait_for 10 grep -q "\"pid\":$BASHPID," out
	stop_pipe
}

some_output() {
	[ -s run.skel ] || [ "$(wc -l < out)" -ge 3 ]
}
