#!/usr/bin/env bats
# skel-lookup, the process that finds names: what it may cost whom, and that records go
# on without it.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	OTHERS=()
}

teardown() {
	local pid
	kill_load
	end_sleepy
	for pid in "${OTHERS[@]}"; do
		kill -KILL "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# start_busy: start a well-behaved process that is busy in hot(), with the pid GOOD.
start_busy() {
	c_program busy -fno-omit-frame-pointer
	./busy 3>&- &
	GOOD=$!
	OTHERS+=("$GOOD")
}

# children PID: print the processes that descend from the process.
children() {
	local child
	for child in $(pgrep -P "$1"); do
		echo "$child"
		children "$child"
	done
}

# lookups PID: print those of them that find names.
lookups() {
	local pid
	for pid in $(children "$1"); do
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) != skel-lookup ]] || echo "$pid"
	done
}

# bats test_tags=kernel:any
@test "--no-symbols starts no process that finds names, and shows addresses" {
	start_load -f json --no-symbols "$ASSETS/profile.json"
	wait_for 10 grep -q '"ustack":\[{' out
	[ -z "$(children "$LOAD")" ]
	end_load
	[ ! -s err ]
	head -n 1 out | jq -e 'has("symbols") | not'
	[ "$(jq -c 'select(.["@map"]) | .ustack[], .kstack[] | keys' out | sort -u)" = '["addr"]' ]
	start_load --pin --no-symbols "$ASSETS/profile.json"
	skel-poll -f json --no-symbols out > polled 3>&- &
	OTHERS+=($!)
	wait_for 10 grep -q '"ustack":\[{' polled
	[ -z "$(children "${OTHERS[0]}")" ]
	end_load
	wait "${OTHERS[0]}"
	head -n 1 polled | jq -e 'has("symbols") | not'
	[ "$(jq -c 'select(.["@map"]) | .ustack[], .kstack[] | keys' polled | sort -u)" = '["addr"]' ]
}

# bats test_tags=kernel:any
@test "skel-lookup that is started by hand does nothing" {
	fails_with 2 "this program is started by skel-load, skel-poll and the C library, not by hand" \
		skel-lookup < /dev/null
	run -2 python3 -c 'import socket, subprocess, sys
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
sys.exit(subprocess.call(["timeout", "30", "skel-lookup"], stdin=b))'
}

# as_other COMMAND...: become that command, as the user nobody, in a background job,
# whose pid is then the command's.
as_other() {
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# start_evil KIND...: start a process for each kind, as the user nobody and with the
# least priority, since it loops.
start_evil() {
	local kind
	for kind; do
		python3 "$HELPERS/evil-program.py" "$kind" "evil-$kind"
		chmod 755 "evil-$kind"
		as_other nice -n 19 "./evil-$kind" 3>&- &
		OTHERS+=($!)
		wait_for 15 [ "/proc/$!/exe" -ef "evil-$kind" ]
	done
}

# watch COMMAND...: run it with its output in out and err; fail if it does not end by
# itself within 30 s, uses 256 MiB of memory together with its processes, or leaves
# one behind.
watch() {
	local status=0
	python3 "$HELPERS/watch.py" 30 "$PWD/report" "$@" > out 2> err || status=$?
	cat report err
	# The sanitizers take more.
	[ -n "${SAN:-}" ] || [ "$(sed -n 's/^peak //p' report)" -lt $((256 * 1024)) ]
	[ "$(sed -n 's/^peak //p' report)" -gt 1000 ]
	# Whoever looks waits a second for it, which the sanitizers' memory may outlast.
	if grep -qE "^(${SAN:+no }left|remain) " report; then
		return 1
	fi
	return "$status"
}

# names_of PID FILE: print the functions that the stream tells of the process's addresses,
# "?" for one without.  Of an address that is told more than once the last line counts.
names_of() {
	grep -a "^{\"@symbols\":{\"pid\":$1," "$2" |
		jq -r '.["@symbols"].frames[] | "\(.addr) \(.symbol // "?")"' |
		awk '{ name[$1] = $2 } END { for (addr in name) print name[addr] }' | sort -u
}

# good_has_names FILE: the stream has records of the good process, and names for them.
# When they come depends on how busy the machine is.
good_has_names() {
	skel-fmt --json "$1" | jq -c --argjson pid "$GOOD" 'select(.pid == $pid)' > good
	[ -s good ]
	names_of "$GOOD" "$1" > names
	grep -qx hot names || { cat names; return 1; }
}

# nothing_lost FILE: its last line says so.
nothing_lost() {
	tail -n 1 "$1" | grep -aq '"lost":0'
}

# bats test_tags=kernel:any
@test "no file can hold up a profile, hide the names of others, or take much memory" {
	start_busy
	start_evil lines blocks units huge cycle
	watch skel-load -t 2 "$ASSETS/profile.json"
	nothing_lost out
	good_has_names out
}

# bats test_tags=kernel:any
@test "a file that takes too much is said once, and shown as offsets in the file" {
	start_busy
	start_evil mangled underscores same
	start_load "$ASSETS/profile.json"
	for kind in mangled underscores same; do
		wait_for 45 grep -q "$PWD/evil-$kind: its functions are shown as offsets in the file: to find them takes too " err ||
			{ cat err; return 1; }
	done
	wait_for 10 grep -aq '"symbol":"evil-same"' out
	end_load
	cat err
	[ "$(grep -c "$PWD/evil-.* offsets in the file" err)" -eq 3 ]
	nothing_lost out
	good_has_names out
	# Of an address that was first seen at the end, a slow machine finds no name in time.
	[ -n "${SAN:-}" ] || run ! grep -x '[?]' names
	is evil-same "$(names_of "${OTHERS[-1]}" out)"
}

need_fuse() {
	[ -c /dev/fuse ] || modprobe -q fuse || :
	[ -c /dev/fuse ] || skip "needs FUSE"
}

# serve_sleepy: have a process with the pid SERVER serve a file system at sleepy, with
# the program of start_busy.
serve_sleepy() {
	c_program sleepy-fs
	mkdir sleepy
	: > served
	timeout -s KILL 120 ./sleepy-fs "$PWD/sleepy" busy > served 2>&1 3>&- &
	OTHERS+=($!)
	wait_for 10 grep -qx ready served || { cat served; return 1; }
	SERVER=$(pgrep -P $!)
}

# start_sleepy: start the process of start_busy once more, from a file system that then
# sleeps.
start_sleepy() {
	serve_sleepy
	sleepy/program 3>&- &
	OTHERS+=($!)
	# It has read its pages when it has used some time.
	wait_for 10 used_time $!
	kill -STOP "$SERVER"
}

used_time() {
	[ "$(cut -d ' ' -f 14 "/proc/$1/stat")" -gt 5 ]
}

# end_sleepy: nobody waits for a file system any more when its server is killed.
end_sleepy() {
	[ -n "${SERVER:-}" ] || return 0
	kill -KILL "$SERVER" 2>/dev/null || :
	umount -l sleepy 2>/dev/null || :
	SERVER=
}

# bats test_tags=kernel:any
@test "a file system that sleeps holds up neither records, nor the names of others, nor the end" {
	need_fuse
	start_busy
	start_sleepy
	watch skel-load -t 2 "$ASSETS/profile.json"
	nothing_lost out
	good_has_names out
	start_load "$ASSETS/profile.json"
	wait_for 15 grep -q "sleepy/program: .*its file system does not answer" err || { cat err; return 1; }
	end_load
	nothing_lost out
	good_has_names out
	end_sleepy
}

# start_jit TARGET|BYTES: start a process of nobody that lists its generated code so,
# with the pid JIT.
start_jit() {
	[ -x jit-loop ] || c_program jit-loop
	chmod 755 jit-loop
	as_other ./jit-loop "$1" 3>&- &
	JIT=$!
	OTHERS+=("$JIT")
	wait_for 10 compgen -G "/tmp/perf-$JIT.map" > /dev/null
}

# jit_names: profile the process and print what its generated code is called.  On a
# busy machine it may have no turn within a second.
jit_names() {
	local seconds
	for seconds in 1 4 16; do
		watch skel-load -t "$seconds" "$ASSETS/profile.json" --pid "$JIT" > /dev/null || return
		[ -z "$(names_of "$JIT" out)" ] || break
	done
	rm -f "/tmp/perf-$JIT.map"
	names_of "$JIT" out | grep -xE 'generated|wrong' || names_of "$JIT" out | grep -x '[?]'
}

# bats test_tags=kernel:any
@test "a list of generated code that is a link is not followed, a huge one is read in part" {
	need_tracefs
	start_jit "$TRACE/trace_pipe"
	echo "note of $JIT" > "$TRACE/trace_marker"
	[ "$(jit_names)" = "?" ]
	grep -q "note of $JIT" "$TRACE/trace"
	printf '%s\n' '0 ffffffffffffffff wrong' > list
	start_jit "$PWD/list"
	[ "$(jit_names)" = "?" ]
	# The first lines of 40 MB have the name.
	start_jit 40000000
	[ "$(jit_names)" = generated ]
}

# need_tracefs: the commands mount it, where it is not.
need_tracefs() {
	TRACE=/sys/kernel/tracing
	[ -e $TRACE/trace_marker ] || mount -t tracefs nodev $TRACE || skip "needs tracefs at $TRACE"
}

# start_jit_at DIR|FILE PLACE [MODE]: start a process of nobody that lists nothing,
# with the pid JIT, where DIR or FILE is mounted over PLACE, in which PID stands for
# the process's.
start_jit_at() {
	[ -x jit-loop ] || c_program jit-loop
	chmod 755 jit-loop
	# shellcheck disable=SC2016
	unshare -m sh -c 'place=$(echo "$2" | sed "s/PID/$$/")
		[ -e "$place" ] || : > "$place"
		exec 9< jit-loop && mount --bind "$1" "$place" &&
			exec setpriv --reuid=65534 --regid=65534 --clear-groups /proc/self/fd/9' sh "$@" 3>&- &
	JIT=$!
	OTHERS+=("$JIT")
	wait_for 10 used_time "$JIT"
}

# The list that names all addresses so, which only root may read.
secret_list() {
	rm -f secret
	(umask 077 && printf '%s\n' '0 ffffffffffffffff wrong' > secret)
}

# bats test_tags=kernel:any
@test "a list of generated code is an ordinary file: no FIFO, socket, device or directory" {
	local list kind
	for kind in p c s d; do
		start_jit 0
		list=/tmp/perf-$JIT.map
		rm "$list"
		case $kind in
		p) mkfifo "$list" ;;
		c) mknod "$list" c 1 5 ;;
		s) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$list" ;;
		d) mkdir "$list" ;;
		esac
		chown 65534 "$list"
		[ "$(jit_names)" = "?" ]
		[ "$kind" != d ] || rmdir "$list"
	done
}

# bats test_tags=kernel:any
@test "a list of generated code is its user's, or one of root's that all may read" {
	secret_list
	start_jit 0
	chown 65533 "/tmp/perf-$JIT.map"
	[ "$(jit_names)" = "?" ]
	# Some tools make lists root's, for perf(1).
	start_jit 0
	chown 0 "/tmp/perf-$JIT.map"
	[ "$(jit_names)" = generated ]
	start_jit 0
	cp secret "/tmp/perf-$JIT.map"
	chmod 600 "/tmp/perf-$JIT.map"
	chown 0 "/tmp/perf-$JIT.map"
	[ "$(jit_names)" = "?" ]
	# A file of others can have a name there, if the kernel lets everybody make links.
	chmod 644 secret
	start_jit 0
	ln -f secret "/tmp/perf-$JIT.map" || skip "$PWD and /tmp are two file systems"
	[ "$(jit_names)" = "?" ]
}

# bats test_tags=kernel:any
@test "a list of generated code is found, and not followed, in a mount namespace of its own" {
	need_tracefs
	secret_list
	start_jit_at secret /tmp/perf-PID.map
	[ "$(jit_names)" = "?" ]
	start_jit_at "$TRACE/trace_pipe" /tmp/perf-PID.map
	echo "note of $JIT" > "$TRACE/trace_marker"
	[ "$(jit_names)" = "?" ]
	grep -q "note of $JIT" "$TRACE/trace"
	start_jit_at /proc/version /tmp/perf-PID.map
	[ "$(jit_names)" = "?" ]
	mkdir own
	start_jit_at own /tmp
	printf '%s\n' '0 ffffffffffffffff generated' > "own/perf-$JIT.map"
	chown 65534 "own/perf-$JIT.map"
	[ "$(jit_names)" = generated ]
}

# bats test_tags=kernel:any
@test "a list of generated code may be huge, grow and shrink while it is read" {
	start_jit 0
	: > "/tmp/perf-$JIT.map"
	truncate -s 8T "/tmp/perf-$JIT.map" || skip "no file of 8 TB in /tmp"
	[ "$(jit_names)" = "?" ]
	start_jit 0
	yes "1 1 a" >> "/tmp/perf-$JIT.map" 3>&- &
	OTHERS+=($!)
	[ "$(jit_names)" = generated ]
	kill -KILL "${OTHERS[-1]}"
	start_jit 1000000
	cp "/tmp/perf-$JIT.map" list
	{ while :; do
		cat list > "/tmp/perf-$JIT.map"
	done; } 3>&- &
	OTHERS+=($!)
	[[ $(jit_names || :) =~ ^(generated|[?])$ ]]
	nothing_lost out
}

# bats test_tags=kernel:any
@test "the last line of a list of generated code counts when it is complete" {
	start_jit 0
	printf '0 ffffffffffffffff wro' > "/tmp/perf-$JIT.map"
	chown 65534 "/tmp/perf-$JIT.map"
	[ "$(jit_names)" = "?" ]
}

@test "a list of generated code on a file system that sleeps holds up nothing" {
	need_fuse
	start_busy
	serve_sleepy
	start_jit_at sleepy /tmp
	kill -STOP "$SERVER"
	watch skel-load -t 2 "$ASSETS/profile.json"
	nothing_lost out
	good_has_names out
	[ "$(names_of "$JIT" out)" = "?" ]
	end_sleepy
}

# more_records: wait until records of the good process come that are not there yet.
more_records() {
	local seen
	seen=$(records)
	wait_for 10 has_more_records "$seen"
}
records() {
	grep -ac '"comm":"busy"' out || :
}
has_more_records() {
	[ "$(records)" -gt "$1" ]
}

# bats test_tags=kernel:any
@test "a worker that is killed is replaced, and without its supervisor records go on" {
	local supervisor
	start_busy
	start_load -f json "$ASSETS/profile.json"
	wait_for 10 grep -q '"symbol":"hot"' out || { cat err; return 1; }
	supervisor=$(lookups "$LOAD" | head -n 1)
	lookups "$supervisor" | xargs kill -KILL
	more_records
	[ -d "/proc/$supervisor" ]
	kill -KILL "$supervisor"
	wait_for 10 grep -q "functions are shown as addresses from now on" err
	more_records
	[ -z "$(lookups "$LOAD")" ]
	end_load
	[ "$(grep -c "functions are shown as addresses from now on: the process that finds their names has ended" err)" -eq 1 ]
	nothing_lost out
}

# A service manager signals every process of a service when it stops it.
# bats test_tags=kernel:any
@test "SIGTERM ends none of the processes that find names: they end with skel-load" {
	local -a all
	start_busy
	start_load -f json "$ASSETS/profile.json"
	wait_for 10 grep -q '"symbol":"hot"' out || { cat err; return 1; }
	mapfile -t all < <(children "$LOAD")
	lookups "$LOAD" | xargs kill -TERM
	more_records
	[ "$(children "$LOAD" | wc -l)" -eq "${#all[@]}" ]
	end_load
	wait_for 10 gone "${all[@]}"
	run ! grep addresses err
	nothing_lost out
}

gone() {
	local pid
	for pid; do
		[ ! -d "/proc/$pid" ] || return 1
	done
}

# bats test_tags=kernel:any
@test "a supervisor that is stopped holds up neither records nor the end" {
	local supervisor
	start_busy
	start_load -f json "$ASSETS/profile.json"
	supervisor=$(lookups "$LOAD" | head -n 1)
	OTHERS+=("$supervisor")
	kill -STOP "$supervisor"
	more_records
	end_load
	nothing_lost out
	kill -CONT "$supervisor"
	wait_for 10 gone "$supervisor"
}

# bats test_tags=kernel:any
@test "without skel-lookup there is one notice, and records are as usual" {
	start_busy
	SKEL_LOOKUP=/nonexistent watch skel-load -f json -t 1 "$ASSETS/profile.json"
	[ "$(cat err)" = "skel-load: functions are shown as addresses: the process that finds their names cannot be started: /nonexistent: No such file or directory" ]
	head -n 1 out | jq -e 'has("symbols") | not'
	grep -q '"comm":"busy"' out
	nothing_lost out
}

@test "kill -9 of skel-load ends all of its processes" {
	local -a all
	start_busy
	start_load "$ASSETS/profile.json"
	wait_for 10 grep -aq '"symbol":"hot"' out
	mapfile -t all < <(children "$LOAD")
	[ "${#all[@]}" -ge 2 ]
	kill -KILL "$LOAD"
	wait_for 10 gone "${all[@]}"
}
