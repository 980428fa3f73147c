#!/usr/bin/env bats
# Sessions: what skel-load pins, how long the pins stay, and who removes them.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	DIR=/sys/fs/bpf/skel-test-$BASHPID
	PACKAGE=$ASSETS/bootstrap.json
}

teardown() {
	[ -z "${OWNER:-}" ] || kill -9 "$OWNER"
	kill_load
	end_background
	sweep
	skel-load -q --unload "$DIR-old" 2>/dev/null || :
	rm -f "$DIR-link"
	rmdir "$DIR"/*/* "$DIR"/* "$DIR" 2>/dev/null || :
}

# Let a skel-load remove what a killed session left; any skel-load does so.
sweep() {
	skel-load -q --check "$PACKAGE" > /dev/null
	skel-load -q --unload "$DIR" 2>/dev/null || :
}

field() { # FILTER
	jq -r "$1" out
}

@test "a session is one line that names the pins, in a directory only for its owner" {
	start_load --pin "$PACKAGE"
	[ "$(wc -l < out)" -eq 1 ]
	[ "$(field .skel)" = session ]
	[ "$(field .name)" = bootstrap_bpf ]
	[ "$(field '"\(.perf_buffer_pages) \(.poll_timeout_ms)"')" = "64 100" ]
	local dir
	dir=$(field .dir)
	[[ $dir == /sys/fs/bpf/skel/bootstrap_bpf-$LOAD-* ]]
	[ "$(field '.maps[0].pin')" = "$dir/rb" ]
	[ "$(stat -c %a:%u "$dir")" = 700:0 ]
	bpftool map show pinned "$dir/rb" | grep -q ringbuf
	[ "$(find "$dir" -type f -printf '%f\n' | sort | xargs)" = "lost_rb rb told_rb" ]
	run ! grep -vE ': (mounted|removed) ' err
	end_load
}

@test "SIGINT, SIGTERM and SIGHUP unpin, unload and end with status 0" {
	for signal in INT TERM HUP; do
		start_load --pin "$PACKAGE"
		local dir progs
		dir=$(field .dir)
		progs=$(held prog)
		[ -d "$dir" ]
		end_load "$signal"
		[ ! -e "$dir" ]
		# shellcheck disable=SC2086
		wait_for 5 none_of prog $progs
	done
}

@test "a reader that leaves ends the session" {
	mkfifo reader
	head -c 1 < reader > /dev/null &
	skel-load --pin "$PACKAGE" > reader 3>&- &
	local pid=$!
	wait "$pid"
	run ! compgen -G "/sys/fs/bpf/skel/bootstrap_bpf-$pid-*"
}

@test "-t ends a session" {
	run -0 --separate-stderr skel-load -t 0.3 --pin="$DIR" "$PACKAGE"
	[ "$(jq -r .dir <<<"$output")" = "$DIR" ]
	[ ! -e "$DIR" ]
}

@test "the next skel-load removes what kill -9 leaves, whatever else it does" {
	start_load --pin "$PACKAGE"
	local dir maps owner=$LOAD status=0
	dir=$(field .dir)
	maps=$(held map)
	end_load KILL || status=$?
	[ "$status" -eq 137 ]
	[ -d "$dir" ]
	run -0 --separate-stderr skel-load --check "$PACKAGE"
	[ ! -e "$dir" ]
	[[ $stderr == *"skel-load: removed $dir, which pid $owner left behind"* ]]
	# shellcheck disable=SC2086
	wait_for 5 none_of map $maps
}

@test "other commands do not remove a live session" {
	start_load --pin "$PACKAGE"
	run -0 --separate-stderr skel-load --check "$PACKAGE"
	[ -z "$stderr" ]
	[ -e "$(field '.maps[0].pin')" ]
	end_load
}

@test "a directory of another user is not swept, and its lock is not waited for" {
	start_load --pin "$PACKAGE"
	local dir=/sys/fs/bpf/skel/theirs-1-2-3 holder status=0
	mkdir "$dir" "$dir/owner-$LOAD-1-$(stat -L -c %i /proc/self/ns/pid)"
	chown 65534 "$dir"
	flock "$dir" sh -c 'touch kept && exec sleep 1000' 3>&- &
	holder=$!
	wait_for 10 test -e kept
	timeout -k 1 30 skel-load -q --check "$PACKAGE" > checked || status=$?
	pkill -KILL -P "$holder"
	wait "$holder" || :
	[ -d "$dir" ] || status=gone
	# Now nobody holds it.
	skel-load -q --check "$PACKAGE" > checked
	[ -d "$dir" ] || status=swept
	rm -rf "$dir"
	is 0 "$status"
	end_load
}

@test "an owner whose pid now belongs to a process with another start time is dead" {
	start_load --pin "$PACKAGE"
	local dir=/sys/fs/bpf/skel/old-1-2-3 ns
	ns=$(stat -L -c %i /proc/self/ns/pid)
	mkdir "$dir" "$dir/owner-$LOAD-1-$ns"
	run -0 --separate-stderr skel-load --check "$PACKAGE"
	[ ! -e "$dir" ]
	[ -d "$(field .dir)" ]
	end_load
}

@test "the session of an owner in another pid namespace, which may live, is not removed" {
	start_load --pin "$PACKAGE"
	local dir=/sys/fs/bpf/skel/elsewhere-$BASHPID
	mkdir "$dir" "$dir/owner-4194304-1-1"
	run -0 --separate-stderr skel-load --check "$PACKAGE"
	[ -d "$dir" ]
	rmdir "$dir"/* "$dir"
	end_load
}

# owner_in FLAG...: start a session whose owner is in namespaces of its own, and set
# OWNER to its pid here.
owner_in() {
	# Only here bpffs is mounted.
	run -0 skel-load -q -t 0.1 --pin "$PACKAGE"
	unshare "$@" --fork skel-load --pin "$PACKAGE" > out 2> err 3>&- &
	HOLDER=$!
	wait_for 10 grep -q '"dir"' out
	OWNER=$(pgrep -P "$HOLDER")
}

# is_kept_while_alive: other commands remove the session only when OWNER is dead.
is_kept_while_alive() {
	skel-load -q --check "$PACKAGE" > /dev/null
	[ -e "$(field '.maps[0].pin')" ]
	fails_with 1 "still runs this session" skel-load --unload "$(field .dir)"
	kill -9 "$OWNER"
	wait "$HOLDER" || :
	OWNER=
	skel-load -q --check "$PACKAGE" > /dev/null
	[ ! -e "$(field .dir)" ]
}

@test "the session of an owner in another time namespace is removed only when it is dead" {
	unshare --time true 2>/dev/null || skip "needs time namespaces"
	owner_in --time --boottime 1000
	is_kept_while_alive
}

@test "the session of an owner in another pid namespace is removed only when it is dead" {
	unshare --pid --fork --mount-proc true 2>/dev/null || skip "needs pid namespaces"
	owner_in --pid --mount-proc
	is_kept_while_alive
}

@test "without a lock, an owner in another time namespace counts as alive" {
	unshare --time true 2>/dev/null || skip "needs time namespaces"
	start_load --pin "$PACKAGE"
	unshare --time --boottime 1000 --fork sleep 1000 3>&- &
	HOLDER=$!
	local dir=/sys/fs/bpf/skel/clock-$BASHPID ns
	wait_for 10 pgrep -P "$HOLDER" sleep
	OWNER=$(pgrep -P "$HOLDER" sleep)
	ns=$(stat -L -c %i /proc/self/ns/pid)
	mkdir "$dir" "$dir/owner-$OWNER-1-$ns"
	skel-load -q --check "$PACKAGE" > /dev/null
	[ -d "$dir" ]
	kill "$OWNER"
	wait "$HOLDER" || :
	OWNER=
	skel-load -q --check "$PACKAGE" > /dev/null
	[ ! -e "$dir" ]
	end_load
}

@test "a session that another process has locked does not keep a command waiting" {
	start_load --pin="$DIR" "$PACKAGE"
	local own=/sys/fs/bpf/skel/old-1-2-3
	mkdir -p "$own"
	exec {lock}< "$own" {held}< "$DIR"
	flock -x "$lock"
	flock -x "$held"
	run -0 timeout 30 skel-load -q --check "$PACKAGE"
	[ -d "$own" ]
	# The wait of --unload ends at the first signal.
	run -124 timeout -s TERM 1 skel-load --unload "$DIR"
	# The owner needs no lock to remove what is its own.
	end_load
	[ ! -e "$DIR" ]
	exec {lock}<&- {held}<&-
	rmdir "$own"
}

@test "two commands can remove old sessions at the same time" {
	local owners=() pid
	for _ in 1 2 3 4; do
		start_load --pin "$PACKAGE"
		owners+=("$LOAD")
	done
	kill -9 "${owners[@]}"
	for pid in "${owners[@]}"; do
		wait "$pid" || :
	done
	skel-load --check "$PACKAGE" > one 2> one.err &
	local other=$!
	skel-load --check "$PACKAGE" > two 2> two.err
	wait "$other"
	cmp one two
	run ! grep -v ': removed ' one.err two.err
	for pid in "${owners[@]}"; do
		run ! compgen -G "/sys/fs/bpf/skel/bootstrap_bpf-$pid-*"
	done
}

@test "--pin=DIR makes the directory and its parents, and removes it at the end" {
	start_load --pin="$DIR/a/b" "$PACKAGE"
	[ "$(field .dir)" = "$DIR/a/b" ]
	[ "$(stat -c %a "$DIR/a/b")" = 700 ]
	[ -e "$DIR/a/b/rb" ]
	end_load
	[ ! -e "$DIR" ]
	# What was there before stays, even if it is empty.
	mkdir "$DIR" "$DIR/a"
	start_load --pin="$DIR/a/b/c/d" "$PACKAGE"
	end_load
	[ -d "$DIR/a" ]
	[ ! -e "$DIR/a/b" ]
	rmdir "$DIR/a" "$DIR"
}

@test "--pin=DIR may be relative, and the session has the absolute path" {
	mkdir "$DIR"
	cd /sys/fs/bpf
	run -0 --separate-stderr skel-load -t 0.2 --pin="${DIR##*/}/x" "$PACKAGE"
	[ "$(jq -r .dir <<<"$output")" = "$DIR/x" ]
	rmdir "$DIR"
}

@test "--pin=DIR is refused with the pid if DIR has a live session, and replaces a dead one" {
	start_load --pin="$DIR" "$PACKAGE"
	fails_with 1 "skel-load: $DIR: in use by pid $LOAD" skel-load --pin="$DIR" "$PACKAGE"
	[ -e "$DIR/rb" ]
	end_load KILL || :
	[ -e "$DIR/rb" ]
	start_load --pin="$DIR" "$PACKAGE"
	[ "$(find "$DIR" -mindepth 1 | wc -l)" -eq 5 ]
	end_load
	[ ! -e "$DIR" ]
}

@test "--pin=DIR is refused if DIR has other files, and leaves them alone" {
	mkdir "$DIR" "$DIR/something"
	fails_with 1 "skel-load: $DIR: is not empty and holds no session" skel-load --pin="$DIR" "$PACKAGE"
	[ -d "$DIR/something" ]
	rmdir "$DIR/something"
	chown 65534 "$DIR"
	fails_with 1 "skel-load: $DIR: not safe, because it belongs to another user" skel-load --pin="$DIR" "$PACKAGE"
	rmdir "$DIR"
	fails_with 1 "bpffs allows no dot in a name" skel-load --pin="$DIR.x" "$PACKAGE"
	fails_with 1 "$PWD/x: not on a bpffs; use a directory below /sys/fs/bpf" \
		skel-load --pin=x "$PACKAGE"
	[ ! -e x ]
	fails_with 1 "skel-load: /: not on a bpffs" skel-load --pin=/ "$PACKAGE"
	# If the path is too long, none of its directories is made.
	fails_with 1 "/a/a: File name too long" skel-load --pin="$DIR$(printf '/a%.0s' {1..2100})" "$PACKAGE"
	[ ! -e "$DIR" ]
}

@test "--detach leaves the program running and --unload ends it" {
	skel-load --pin="$DIR" --detach "$PACKAGE" > out
	[ "$(field .detached)" = true ]
	[ "$(find "$DIR" -type f -printf '%f\n' | sort | xargs)" = "link_handle_exec link_handle_exit lost_rb rb told_rb" ]
	local id
	id=$(bpftool -j link show pinned "$DIR/link_handle_exec" | jq .prog_id)
	bpftool prog show id "$id"
	# It has no owner, so nobody removes it.
	skel-load -q --check "$PACKAGE" > /dev/null
	bpftool prog show id "$id"
	fails_with 1 "$DIR: holds a detached session; end it first: skel-load --unload $DIR" \
		skel-load --pin="$DIR" "$PACKAGE"
	run -0 --separate-stderr skel-load --unload "$DIR"
	[ -z "$output$stderr" ]
	[ ! -e "$DIR" ]
	wait_for 5 none_of prog "$id"
}

@test "--detach leaves nothing if the session cannot be written" {
	run -1 --separate-stderr bash -c "skel-load --pin='$DIR' --detach '$PACKAGE' > /dev/full"
	[[ $stderr == *"<stdout>: No space left on device" ]]
	[ ! -e "$DIR" ]
}

@test "a detached program goes on collecting events, which skel-poll reads" {
	make_worker
	skel-load --pin="$DIR" --detach "$PACKAGE" > out
	./worker 93 || :
	run -0 --separate-stderr skel-poll --once -f json out
	[[ $output == *'"exit_code":93,'* ]]
	skel-load --unload "$DIR"
}

@test "a tracepoint of a detached program stays enabled" {
	skel-load -q --pin="$DIR" --detach "$ASSETS/opensnoop.json" > out
	bpftool link show pinned "$DIR/link_enter_openat" | grep -q perf_event
	skel-poll -n 1 -t 10 -f json out > seen &
	local poll=$!
	wait_for 10 opened_until_seen
	wait "$poll"
	skel-load --unload "$DIR"
	[ ! -e "$DIR" ]
}

opened_until_seen() {
	: < "$PACKAGE"
	[ "$(wc -l < seen)" -ge 2 ]
}

@test "--unload refuses a live session, a directory that is no session, and a missing one" {
	start_load --pin="$DIR" "$PACKAGE"
	fails_with 1 "skel-load: $DIR: pid $LOAD still runs this session; end it with: kill $LOAD" \
		skel-load --unload "$DIR"
	[ -e "$DIR/rb" ]
	end_load
	mkdir "$DIR"
	fails_with 1 "skel-load: $DIR: not the directory of a session" skel-load --unload "$DIR"
	rmdir "$DIR"
	fails_with 1 "$DIR: No such file or directory" skel-load --unload "$DIR"
	fails_with 1 "skel-load: $DIR.dir: No such file or directory" skel-load --unload "$DIR.dir"
	fails_with 2 "--unload needs the directory of a session" skel-load --unload ""
	mkdir -p x/owner-none
	fails_with 1 "x: not the directory of a session" skel-load --unload x
	[ -d x/owner-none ]
}

@test "--unload follows no link, and --pin makes nothing outside of a bpffs" {
	run -0 skel-load -q --pin="$DIR" --detach "$PACKAGE"
	ln -s "$DIR" link
	local path inside=$DIR-link
	ln -s "$DIR" "$inside"
	for path in "$inside" link link/ link// "$DIR/." "$DIR/rb/.." /sys/fs/bpf /; do
		fails_with 1 "skel-load: $path: not the directory of a session" skel-load --unload "$path"
	done
	[ -e "$DIR/rb" ]
	rm "$inside"
	# A parent may be a link, of which the end is on a bpffs.
	ln -s /sys/fs/bpf parent
	run -0 skel-load --unload "parent/${DIR##*/}/"
	[ ! -e "$DIR" ]
	fails_with 1 "$DIR: No such file or directory" skel-load --unload "$DIR"
	local out=../../../../../../..$PWD/made
	fails_with 1 "bpffs allows no dot in a name" skel-load --pin="$DIR/$out" "$PACKAGE"
	[ ! -e "$DIR" ]
	mkdir "$DIR"
	fails_with 1 "not on a bpffs" skel-load --pin="$DIR/$out" "$PACKAGE"
	[ ! -e made ]
	rmdir "$DIR"
}

@test "a directory that belongs to another user is neither locked nor unloaded" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to make one"
	run -0 skel-load -q --pin="$DIR" --detach "$PACKAGE"
	chown nobody "$DIR"
	fails_with 1 "skel-load: $DIR: belongs to another user" skel-load --unload "$DIR"
	[ -e "$DIR/rb" ]
	chown root "$DIR"
	run -0 skel-load --unload "$DIR"
}

@test "--unload waits for a lock, and then ends the session that is there" {
	run -0 skel-load -q --pin="$DIR" --detach "$PACKAGE"
	exec 9<"$DIR"
	flock 9
	skel-load --unload "$DIR" 2>err 3>&- 9>&- &
	local waiting=$!
	waits() { grep -q -- "-> FLOCK .* $waiting " /proc/locks; }
	wait_for 10 waits
	mv "$DIR" "$DIR-old"
	run -0 skel-load -q --pin="$DIR" --detach "$PACKAGE"
	exec 9<&-
	wait "$waiting"
	[ ! -s err ]
	[ ! -e "$DIR" ]
	[ -e "$DIR-old/rb" ]
	run -0 skel-load --unload "$DIR-old"
}

@test "the end of a session removes what it made, wherever that is then" {
	start_load --pin="$DIR/a/s" "$PACKAGE"
	mv "$DIR/a" "$DIR/b"
	mkdir -p "$DIR/a/s/kept"
	end_load
	[ -d "$DIR/a/s/kept" ]
	[ -d "$DIR/b" ]
	[ ! -e "$DIR/b/s" ]
	rmdir "$DIR/a/s/kept" "$DIR/a/s" "$DIR/a" "$DIR/b"
}

@test "--unload removes what kill -9 left" {
	start_load --pin="$DIR" "$PACKAGE"
	end_load KILL || :
	run -0 skel-load --unload "$DIR"
	[ ! -e "$DIR" ]
}

@test "if a link cannot be pinned, the error names it and nothing is left" {
	c_program target
	bpf_package probes "-DTARGET=\"$PWD/target\""
	fails_with 1 "program passed: cannot be left running: the link of a program in section usdt/$PWD/target:skel:here cannot be pinned; leave it out with -a passed=off" \
		skel-load --pin="$DIR" --detach probes.json
	[ ! -e "$DIR" ]
	run -0 --separate-stderr skel-load -q --pin="$DIR" --detach -a passed=off probes.json
	skel-load --unload "$DIR"
}

@test "nothing stays pinned if loading or attaching fails" {
	bpf_package refused
	fails_with 1 "the verifier refused it" skel-load --pin="$DIR" refused.json
	[ ! -e "$DIR" ]
	bpf_package second
	fails_with 1 "this kernel has no tracepoint " skel-load --pin="$DIR" second.json
	[ ! -e "$DIR" ]
}

@test "bpffs is mounted if it is missing, with one notice" {
	run -0 --separate-stderr without_mounts skel-load -t 0.1 --pin "$PACKAGE"
	[ "$stderr" = "skel-load: mounted bpffs on /sys/fs/bpf" ]
	run -0 --separate-stderr without_mounts skel-load -t 0.1 "$PACKAGE"
	[ -z "$stderr" ]
}

@test "if bpffs cannot be mounted the error has advice" {
	run -1 --separate-stderr without_mounts setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
		skel-load --pin "$PACKAGE"
	[ -z "$output" ]
	[[ $stderr == *"bpffs is not mounted on /sys/fs/bpf and cannot be mounted: Operation not permitted; run as root: mount -t bpf bpf /sys/fs/bpf"* ]]
}

@test "an ordinary user's commands remove nothing of root's sessions" {
	need_nobody
	start_load --pin="$DIR" "$PACKAGE"
	run -1 --separate-stderr as_nobody skel-load --unload "$DIR"
	[[ $stderr == *"$DIR: Permission denied"* ]]
	[ -e "$DIR/rb" ]
	end_load
}
