# Functions that run pipelines in the background and check what they leave behind.
# `load ../helpers/chain`.

# start_pipe 'A | B | C': run the pipeline in a process group of its own.  As in
# any script, its processes start with SIGINT ignored.
start_pipe() {
	setsid env --default-signal=HUP bash -c "set -o pipefail; $1" 3>&- &
	PIPES+=($!)
}

# Send SIGINT to the head of each pipe and wait for the other stages to end.
stop_pipe() {
	local pid
	for pid in "${PIPES[@]}"; do
		pkill -INT -g "$pid" -x 'skel-load' || :
	done
	wait_pipe
}

# Wait for all pipes to end by themselves; fail if one does not.
wait_pipe() {
	local pid late=0
	for pid in "${PIPES[@]}"; do
		wait_for 20 pipe_ended "$pid" || {
			echo "did not end:"
			ps -o pid,stat,args -g "$pid"
			late=1
		}
	done
	end_background
	return "$late"
}

pipe_ended() {
	! pgrep -g "$1" >/dev/null
}

# Kill all pipes that still run.  PIPE_STATUS becomes the exit status of the last.
end_background() {
	local pid
	for pid in "${PIPES[@]}"; do
		pkill -KILL -g "$pid" || :
		PIPE_STATUS=0
		wait "$pid" 2>/dev/null || PIPE_STATUS=$?
	done
	PIPES=()
	export PIPE_STATUS
}

kill_stage() {
	signal_stage KILL "$1"
}

signal_stage() { # SIGNAL COMMAND
	pkill "-$1" -g "${PIPES[-1]}" -x "$2"
}

# The first line of a stream or session is complete.
has_header() {
	[ -s "$1" ] && [ "$(wc -l < "$1")" -ge 1 ]
}

sampled_again() {
	local seen
	seen=$(grep -c '@sampled' "$1")
	wait_for 5 more_samples "$1" "$seen"
}

more_samples() {
	[ "$(grep -c '@sampled' "$1")" -ge $(($2 + 2)) ]
}

# Remember the pid of the last pipe's skel-load in LOADER, and the ids of its
# programs and maps in PROG_IDS and MAP_IDS.
remember_objects() {
	LOADER=$(pgrep -g "${PIPES[-1]}" -x skel-load)
	PROG_IDS=$(object_ids prog_id)
	MAP_IDS=$(object_ids map_id)
	[ -n "$PROG_IDS" ] && [ -n "$MAP_IDS" ]
}

object_ids() {
	cat "/proc/$LOADER"/fdinfo/* 2>/dev/null | awk "/^$1:/ { print \$2 }" | sort -u
}

# polled: skel-poll in the last pipe has opened a map.
polled() {
	local poller
	poller=$(pgrep -g "${PIPES[-1]}" -x skel-poll) &&
		grep -qs '^map_id:' "/proc/$poller"/fdinfo/*
}

session_dirs() {
	compgen -G "/sys/fs/bpf/skel/*-$LOADER-*"
}

objects_gone() {
	local id
	for id in $PROG_IDS; do
		bpftool prog show id "$id" >/dev/null 2>&1 && return 1
	done
	for id in $MAP_IDS; do
		bpftool map show id "$id" >/dev/null 2>&1 && return 1
	done
	return 0
}

nothing_left() {
	wait_for 5 objects_gone || { echo "left: $PROG_IDS / $MAP_IDS"; return 1; }
	! session_dirs || { echo "left: a directory"; return 1; }
}

make_worker() {
	cc -O1 -o worker "$PROGRAMS/worker.c"
}

# record_bootstrap STREAM SHOWN N FORMAT: record the events of N processes into
# STREAM, and what skel-fmt printed for them meanwhile into SHOWN.
record_bootstrap() {
	make_worker
	start_pipe "skel-load \"\$ASSETS/bootstrap.json\" | tee $1 | skel-fmt $4 > $2"
	wait_for 10 has_header "$1"
	local i
	for i in $(seq "$3"); do
		./worker "$i" || :
	done
	stop_pipe
}

# busy SECONDS: keep two CPUs busy.
busy() {
	timeout "$1" sh -c 'while :; do :; done' 3>&- &
	local one=$!
	timeout "$1" sh -c 'while :; do :; done' 3>&- || :
	wait "$one" || :
}
