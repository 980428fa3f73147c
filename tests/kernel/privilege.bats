#!/usr/bin/env bats
# The privileges of each stage: programs/acts.c runs inside the command and tries
# what each row of the table in skel(7) says.  Further, what less than root may do.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load
load ../helpers/net
load ../helpers/session

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	load ../helpers/load
	c_program acts -D_GNU_SOURCE -shared -fPIC
}

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	# The user nobody can reach files in this directory, but not in that of the file.
	cp "$BATS_FILE_TMPDIR/acts" .
	STAGE=
	sleep 1000 3>&- &
	OTHER=$!
}

teardown() {
	[ -z "$STAGE" ] || kill -9 "$STAGE" 2>/dev/null || :
	kill "$OTHER"
	kill_load
	remove_maps
	[ -z "${NET:-}" ] || end_net
}

# start COMMAND...: run the command in the background with the pid STAGE and acts.c
# preloaded.  Its input is the file input, if that exists, and then stays open.
start() {
	rm -rf report report.dir report.new* report.link report.renamed report.to ../acts.*
	touch report report.old report.victim report.victim2 report.from
	chmod 666 report
	[ -p hold ] || mkfifo hold
	exec 9<>hold
	[ ! -f input ] || cat input >&9
	# The runtime of the sanitizers must be preloaded first.
	LD_PRELOAD=./acts ACTS=report ACTS_PID=$OTHER \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 "$@" <hold >out 2>err 3>&- 9>&- &
	STAGE=$!
}

# begin COMMAND...: do the same and wait until the command is confined.
begin() {
	local FILTERS=1
	[ "$1" != skel-poll ] || FILTERS=2
	start "$@"
	wait_for 20 is_confined || { echo "not confined:"; cat err; return 1; }
}

# confined: the command has done the last step, the filter of system calls; with the
# sanitizers, which have no such filter, the last step is to drop capabilities.
is_confined() {
	[ "$(field NoNewPrivs)" = 1 ] && if [ -n "${SAN:-}" ]; then
		[ "$(field CapBnd)" = "${BOUND-0000000000000000}" ]
	else
		# skel-poll has one filter before it reads its input, another when it knows
		# what it is.
		[ "$(field Seccomp 2>/dev/null)" = 2 ] && [ "$(field Seccomp_filters)" -ge "${FILTERS:-1}" ]
	fi
}

# field NAME [PID]: print the value of a line of /proc/PID/status.
field() {
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/${2:-$STAGE}/status"
}

# end: end STAGE and return its exit status.
end() {
	local pid=$STAGE
	STAGE=
	local status=0
	kill "$pid" || { wait "$pid" || echo "it had ended with $?"; tail -n 5 err; return 1; }
	wait "$pid" || { status=$?; cat err; }
	return "$status"
}

# try: set MAY to the sorted names of the acts that STAGE may do.  The filter of
# system calls, which comes first, answers EPERM, or ENOSYS for calls that the C
# library can do without; Landlock answers EACCES.
try() {
	kill -USR1 "$STAGE"
	wait_for 10 grep -qx end report || { cat report; return 1; }
	[ "$(grep -cE "^[a-z0-9-]+ (ok|${ERRORS:-EPERM})\$|^(read|list|.*-outside) (EACCES|EXDEV)\$|^(openat2|clone3) ENOSYS\$" report)" -eq 45 ] || { cat report; return 1; }
	MAY=$(awk '$2 == "ok" { print $1 }' report | sort | paste -s -d ' ')
}

# may_only ACT...: STAGE may do these acts and no others.  With the sanitizers, which
# need more system calls, only Landlock and the capabilities are tested.
may_only() {
	if [ -z "${SAN:-}" ]; then
		try
		is "$(printf '%s\n' "$@" | sort | paste -s -d ' ')" "$MAY"
	elif has_landlock && [[ " $* " != *" unlink"* ]]; then
		ERRORS='EPERM|EACCES' try
		run ! grep -E '^(create|write|change|empty|openat2|truncate|mkdir|link|rename|make-outside|move-outside|unlink|exec|ptrace) ok$' report
	fi
}

# head_may_only ACT...: the same for a head that removes nothing.  Landlock does not
# confine it.
head_may_only() {
	[ -n "${SAN:-}" ] || may_only "$@"
}

# silent_but_acts: STAGE has reported nothing on its own account.
silent_but_acts() {
	silent "$(grep -v ' refused by our own filter$' err)"
}

# silent TEXT: the text has no messages except about mounts and about sessions that
# others left.
silent() {
	is "" "$(grep -vE ': (mounted|removed) ' <<<"$1")"
}

# A test that uses may_only calls this at its end.
under_sanitizers() {
	[ -z "${SAN:-}" ] || skip "under the sanitizers there is no filter of system calls; the rest was tested"
}

has_landlock() {
	python3 -c 'import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall(444, 0, 0, 1) < 1)'
}

# caps NAME...: print this set of capabilities as /proc does, without those that
# root on this machine lacks.
caps() {
	local -A numbers=([dac_override]=1 [dac_read_search]=2 [net_admin]=12 [ipc_lock]=14
		[sys_ptrace]=19 [sys_admin]=21 [sys_resource]=24
		[syslog]=34 [perfmon]=38 [bpf]=39 [checkpoint_restore]=40)
	local name set=0
	for name; do
		set=$((set | 1 << numbers[$name]))
	done
	printf '%016x\n' $((set & 0x${HAVE:-$(field CapPrm self)}))
}

# may_use NAME...: these are the capabilities of STAGE now.
may_use() {
	[ "$(caps "$@")" = "$(field CapPrm)" ]
}

# has_caps NAME...: STAGE has exactly these capabilities and cannot get others, once
# it has given up those that it opened maps with.
has_caps() {
	wait_for 10 may_use "$@" || :
	is "$(caps "$@")" "$(field CapEff)"
	is "$(caps "$@")" "$(field CapPrm)"
	is 0000000000000000 "$(field CapInh)"
	is 0000000000000000 "$(field CapAmb)"
	is "${BOUND-0000000000000000}" "$(field CapBnd)"
}

@test "without confinement a process may do everything that these tests try" {
	[ -z "${SAN:-}" ] || skip "nothing of this is built with the sanitizers"
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	touch report.old report.victim report.victim2 report.from
	mkfifo hold
	exec 9<>hold
	LD_PRELOAD=./acts ACTS=report ACTS_PID=$OTHER cat <hold 3>&- 9>&- &
	STAGE=$!
	wait_for 10 test -e report
	# Older kernels lack two of the calls, and some machines the memory and the queues.
	ERRORS=ENOSYS try
	exec 9>&-
	is "$(awk '$1 != "end" && $2 != "ok" && !($2 == "ENOSYS" && $1 ~ /^(fchmodat2|setxattrat|pkey|shm|mq)/)' report)" ""
}

@test "a filter that reads its standard input can open no file and do none of the other acts" {
	local cmd words may=()
	has_landlock || may=(read list)
	for cmd in skel-args skel-count "skel-count --by a -" skel-fmt "skel-fmt -" "skel-grep a" "skel-grep a~'b' -" skel-merge "skel-merge --order -" skel-pack "skel-pack --unpack" "skel-args -l"; do
		read -ra words <<<"$cmd"
		begin "${words[@]}"
		has_caps
		may_only "${may[@]}"
		end || :
	done
	under_sanitizers
}

@test "a filter that reads files can open files for reading and do none of the other acts" {
	local cmd words
	for cmd in "skel-args /dev/stdin" "skel-count - /dev/null" "skel-fmt - /dev/null" "skel-grep a - /dev/null" "skel-pack /dev/stdin" \
		"skel-args -e /dev/stdin -"; do
		read -ra words <<<"$cmd"
		begin "${words[@]}"
		has_caps
		may_only read list
		end || :
	done
	under_sanitizers
}

@test "skel-merge opens its files before, and then can open none and do none of the other acts" {
	local may=()
	has_landlock || may=(read list)
	# An input that ended does not end it.
	begin skel-merge --order /dev/stdin "$FIXTURES/format/hists.skel"
	has_caps
	may_only "${may[@]}"
	end || :
	under_sanitizers
}

@test "a filter that makes files can do so in one directory, and do none of the other acts" {
	local stage may=(make replace unlinkat sync) reads=()
	stage=$(dirname "$(command -v skel-fmt)")/../unit/cmd/output-dir
	[ -x "$stage" ] || skip "needs the unit programs, as make check builds them"
	# On aarch64 the one is the other.
	[ "$(uname -m)" = x86_64 ] || may+=(unlink)
	has_landlock || { may+=(make-outside move-outside) reads=(read list); }
	begin "$stage" --stage .
	has_caps
	may_only "${may[@]}" "${reads[@]}"
	end || :
	begin "$stage" --stage . opens
	has_caps
	may_only "${may[@]}" read list
	end || :
	# They list the directory that they write to.
	begin skel-split -N 1 -d .
	has_caps
	may_only "${may[@]}" "${reads[@]}"
	end || :
	# SIGUSR1, by which the acts are asked for, is its own in skel-tail.
	begin skel-tail -N 1 -d .
	has_caps
	end || :
	begin skel-split -N 1 -d . - /dev/null
	has_caps
	may_only "${may[@]}" read list
	end || :
	under_sanitizers
}

@test "a filter that an ordinary user runs is confined as much" {
	need_nobody
	local may=()
	has_landlock || may=(read list)
	BOUND=$(as_nobody awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
	# A function would add a shell between.
	begin setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all skel-fmt
	has_caps
	is 65534 "$(field Uid)"
	may_only "${may[@]}"
	end
	under_sanitizers
}

@test "the confinement does not hinder the filters" {
	skel-args "$ASSETS/runqlat.json" --help | grep -q -- --help
	skel-pack --unpack "$ASSETS/runqlat.json" > runqlat.bpf.o
	skel-pack runqlat.bpf.o | skel-args - > package.json
	skel-args -e runqlat.bpf.o <(jq -c .meta package.json) > /dev/null
	TZ=America/New_York skel-fmt --table "$FIXTURES/format/hists.skel" > there
	TZ=UTC skel-fmt --table - < "$FIXTURES/format/hists.skel" > here
	grep -q '^09:48:01' there
	TZ=America/New_York skel-fmt --table < "$FIXTURES/format/hists.skel" | cmp - there
	run ! cmp -s here there
	is 3 "$(skel-count -f json <"$FIXTURES/format/enums.skel" | jq 'select(.value) | .value.count')"
	is 10 "$(skel-merge --order "$FIXTURES/format/hists.skel" <(gzip -c "$FIXTURES/format/hists.skel") | skel-grep -c '@time > "2000-01-01"')"
	# The zone of a time in an expression is read before; PCRE2 needs no memory that
	# can be executed.
	is 1 "$(TZ=America/New_York skel-grep -c '@time >= "2026-11-22 09:48:01" && comm ~ "^l"' <"$FIXTURES/format/maps.skel")"
}

@test "a confinement that the kernel lacks is reported with -v and is no failure" {
	[ -z "${SAN:-}" ] || skip "the sanitizers do not work below strace"
	local stream=$FIXTURES/format/hists.skel
	refuse() { # SYSCALL:ERROR ARG...
		local what=$1
		shift
		# strace's own output must not mix with the filter's.
		strace -qq -o /dev/null -e inject="${what%:*}:error=${what#*:}" skel-fmt "$@"
	}
	run -0 --separate-stderr skel-fmt -v "$stream"
	run ! grep 'cannot give up' <<<"$stderr"
	run -0 --separate-stderr refuse landlock_create_ruleset:ENOSYS -v "$stream"
	[[ $stderr == *"skel-fmt: cannot give up access to files: Function not implemented"* ]]
	run -0 --separate-stderr refuse landlock_restrict_self:EPERM -v "$stream"
	[[ $stderr == *"skel-fmt: cannot give up access to files: Operation not permitted"* ]]
	run -0 --separate-stderr refuse seccomp:EINVAL -v "$stream"
	[[ $stderr == *"skel-fmt: cannot give up system calls: "* ]]
	# Below valgrind for instance, which must not be confined instead of the filter.
	run -0 --separate-stderr refuse seccomp:ENOSYS -v "$stream"
	[[ $stderr == *"skel-fmt: cannot give up system calls: Function not implemented"* ]]
	run -0 --separate-stderr refuse capset:EPERM -v "$stream"
	[[ $stderr == *"skel-fmt: cannot give up capabilities: Operation not permitted"* ]]
	run -0 --separate-stderr refuse landlock_create_ruleset:EPERM "$stream"
	silent "$stderr"
}

@test "skel-poll keeps no capability once its maps are open" {
	need_bpf
	make_maps
	make_session "$RB" "$PB" "$(sampled counts 100)" > input
	begin skel-poll -f json
	has_caps
	may_only read list unlink unlinkat
	produce to_ring 3
	produce to_counts 1
	wait_for 10 grep -q '"@sampled"' out
	wait_for 10 grep -q '"n":' out
	end
	silent_but_acts
	# Each is reported once, for whoever looks for the cause of a failure.
	[ -n "${SAN:-}" ] ||
		is 1 "$(grep -cx 'skel-poll: system call 90 (chmod) refused by our own filter\|skel-poll: system call 53 (fchmodat) refused by our own filter' err)"
	under_sanitizers
}

@test "skel-poll is confined before it reads its input" {
	: > input
	start skel-poll
	wait_for 20 is_confined
	has_caps bpf perfmon sys_admin ipc_lock sys_resource dac_override dac_read_search sys_ptrace \
		checkpoint_restore syslog
	may_only read list unlink unlinkat openat2
	end
	silent_but_acts
	under_sanitizers
}

@test "skel-poll with a stream as input is confined like a filter" {
	head -n 1 "$FIXTURES/format/hists.skel" > input
	begin skel-poll
	has_caps
	local may=()
	has_landlock || may=(read list)
	may_only "${may[@]}"
	end
	under_sanitizers
}

@test "skel-load keeps no capability once it has attached by links" {
	need_bpf
	begin skel-load -f json "$ASSETS/bootstrap.json"
	has_caps
	head_may_only read list
	/bin/true
	wait_for 10 grep -q '"comm":"true"' out
	end
	silent_but_acts
	under_sanitizers
}

@test "a command that names functions keeps only the capabilities for that" {
	need_bpf
	begin skel-load -f json "$ASSETS/profile.json"
	has_caps sys_ptrace checkpoint_restore dac_read_search
	head_may_only read list
	# A slow machine may lose some records.
	end || [ $? -eq 3 ]
	begin_session "$ASSETS/profile.json"
	begin skel-poll -f json
	has_caps sys_ptrace checkpoint_restore dac_read_search
	may_only read list unlink unlinkat
	end || [ $? -eq 3 ]
	end_load
	under_sanitizers
}

# begin_session PACKAGE: run skel-load --pin and put the session into the file input.
begin_session() {
	start_load --pin "$1"
	cp out input
}

@test "skel-load --pin keeps no capability, and removes its directory" {
	need_bpf
	begin skel-load --pin "$ASSETS/bootstrap.json"
	has_caps
	may_only read list unlink unlinkat
	local dir
	dir=$(jq -r .dir out)
	[ -d "$dir" ]
	end
	[ ! -e "$dir" ]
	under_sanitizers
}

@test "skel-load --trace-pipe may write files too, and removes its instance" {
	need_bpf
	begin skel-load --trace-pipe "$ASSETS/bootstrap.json"
	has_caps
	may_only read list unlink unlinkat write change empty
	local instance pattern="instances/skel-$STAGE-*"
	instance=$(compgen -G "/sys/kernel/tracing/$pattern" ||
		compgen -G "/sys/kernel/debug/tracing/$pattern")
	end
	[ ! -d "$instance" ]
	under_sanitizers
}

@test "skel-load keeps CAP_NET_ADMIN and sockets if only they can remove what it attached" {
	make_net
	in_net tc qdisc add dev lo clsact || skip "needs clsact"
	in_net tc qdisc del dev lo clsact
	hook probe tc -1
	begin nsenter -t "$NET" -n -- skel-load -a probe=tc:lo/ingress probe.json
	in_net tc filter show dev lo ingress | grep -q probe
	has_caps net_admin
	head_may_only read list netlink
	end
	[ -z "$(in_net tc filter show dev lo ingress)" ]
	under_sanitizers
}

@test "CAP_BPF is kept if the kernel requires it for the use of an open map" {
	[ -z "${SAN:-}" ] || skip "the sanitizers do not work below strace"
	need_bpf
	make_maps
	make_session "$RB" > input
	# A probe with an invalid descriptor detects kernels before 5.19.
	strace -qq -e trace=bpf skel-poll -t 0.1 input 2>&1 >/dev/null | grep '^bpf(' > calls
	local probe
	probe=$(grep -n 'BPF_OBJ_GET_INFO_BY_FD.*bpf_fd=-1' calls | cut -d : -f 1)
	start strace -qq -o trace -e inject=bpf:error=EPERM:when="$probe" skel-poll
	local tracer=$STAGE
	wait_for 10 pgrep -P "$tracer" -x skel-poll
	STAGE=$(pgrep -P "$tracer" -x skel-poll)
	has_caps bpf
	end || :
	wait "$tracer" || :
}

@test "the C library links nothing that could confine its host" {
	local build
	build=$(dirname "$(command -v skel-fmt)")/..
	[ -e "$build/libeunomia.a" ] || skip "needs the library beside the commands"
	nm "$build/libeunomia.a" > names
	grep -q ' T destroy_eunomia_skel' names
	run ! grep -E 'confine|seccomp|landlock' names
}

# able CAPABILITIES COMMAND...: run the command as an ordinary user with these
# capabilities, for instance "+bpf,+perfmon".
able() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps "$1" --ambient-caps "$1" "${@:2}"
}

need_setpriv() {
	need_bpf
	need_nobody
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be less than that"
}

@test "an error names the missing capability" {
	need_setpriv
	fails_with 1 "runqlat.json: needs CAP_BPF and CAP_PERFMON; run as root" able -all skel-load -t 0.2 "$ASSETS/runqlat.json"
	fails_with 1 "runqlat.json: needs CAP_PERFMON; run as root" able +bpf skel-load -t 0.2 "$ASSETS/runqlat.json"
	fails_with 1 "runqlat.json: needs CAP_BPF; run as root" able +perfmon skel-load -t 0.2 "$ASSETS/runqlat.json"
}

@test "the root of a user namespace is told that its capabilities do not count" {
	need_bpf
	unshare -U -r true || skip "needs user namespaces"
	fails_with 1 "bootstrap.json: this process is in a user namespace, whose capabilities do not count for BPF; run as root of the host" \
		unshare -U -r skel-load -t 0.2 "$ASSETS/bootstrap.json"
	fails_with 1 "skel-poll: map:1: opening a map of somebody else needs CAP_SYS_ADMIN; run as root of the host" \
		unshare -U -r skel-poll map:1
}

@test "where the host delegates BPF to a user namespace, that is enough for its network" {
	need_setpriv
	unshare -U -r -n true || skip "needs user namespaces"
	has_libbpf 1.5 || skip "needs a build with libbpf 1.5"
	grep -q ' bpf_token_create$' /proc/kallsyms || skip "needs a kernel with BPF tokens"
	hook probe xdp 2
	# The recording ends with the first record.
	cat > inside <<-'END'
		ip link set lo up
		skel-load -t 20 -n 1 -f json probe.json 2>err >out &
		until [ ! -d /proc/$! ] || grep -q '"hook":"probe"' out; do
			echo hello > /dev/udp/127.0.0.1/9
		done 2>/dev/null
		wait $!
	END
	python3 "$HELPERS/delegated.py" bash inside || { cat err; return 1; }
	grep -q '"hook":"probe"' out
}

@test "an error names what an ordinary user lacks for a session or the trace pipe" {
	need_setpriv
	able -all test -x /sys/fs/bpf && skip "bpffs is anybody's here"
	# An ordinary user cannot mount it.
	make_dir
	local package=$ASSETS/bootstrap.json base=+bpf,+perfmon
	fails_with 1 "skel-load: /sys/fs/bpf: Permission denied; run as root, or add CAP_DAC_OVERRIDE" \
		able $base skel-load -t 0.2 --pin "$package"
	fails_with 1 "skel-load: $DIR/x: Permission denied; run as root, or as its owner" \
		able $base,+dac_read_search skel-load -t 0.2 --pin="$DIR/x" "$package"
	run -0 --separate-stderr able $base,+dac_override skel-load --pin -t 0.1 "$package"
	silent "$stderr"
	[ ! -e "$(jq -r .dir <<<"$output")" ]
	skel-load -q -t 0.1 --trace-pipe "$package" >/dev/null
	able -all test -r /sys/kernel/tracing && skip "tracefs is anybody's here"
	fails_with 1 "skel-load: --trace-pipe: /sys/kernel/tracing/instances/skel-" \
		able $base,+dac_read_search skel-load -t 0.2 --trace-pipe "$package"
	[[ $stderr == *": permission denied; run as root or with CAP_DAC_OVERRIDE" ]]
	run -0 --separate-stderr able $base,+dac_override skel-load -t 0.1 --trace-pipe "$package"
	silent "$stderr"
}

@test "CAP_BPF and CAP_PERFMON are enough for programs that are attached by links" {
	need_setpriv
	chmod 777 .
	BOUND=$(field CapBnd self)
	begin setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon skel-load -f json "$ASSETS/bootstrap.json"
	is 65534 "$(field Uid)"
	has_caps
	/bin/true
	wait_for 10 grep -q '"comm":"true"' out
	end
	silent "$(cat err)"
}

@test "with CAP_NET_ADMIN in addition programs can be attached to interfaces and removed" {
	need_setpriv
	make_net
	local net=(nsenter -t "$NET" -n -- setpriv --reuid=65534 --regid=65534 --clear-groups)
	hook probe xdp 2
	fails_with 1 "needs CAP_NET_ADMIN, if it is a program for the network" \
		"${net[@]}" --inh-caps +bpf,+perfmon --ambient-caps +bpf,+perfmon skel-load -t 0.2 -a probe=xdp:lo probe.json
	BOUND=$(field CapBnd self)
	net+=(--inh-caps "+bpf,+perfmon,+net_admin" --ambient-caps "+bpf,+perfmon,+net_admin")
	begin "${net[@]}" skel-load -a probe=xdp:lo,mode=skb -f json probe.json
	in_net ip link show dev lo | grep -q xdp
	has_caps
	end
	wait_for 5 no_xdp
	in_net tc qdisc add dev lo clsact || skip "needs clsact"
	in_net tc qdisc del dev lo clsact
	hook probe tc -1
	begin "${net[@]}" skel-load -a probe=tc:lo/ingress probe.json
	in_net tc filter show dev lo ingress | grep -q probe
	has_caps net_admin
	end
	[ -z "$(in_net tc filter show dev lo ingress)" ]
}

no_xdp() {
	! in_net ip link show dev lo | grep -q xdp
}

# Make DIR, a directory on bpffs for the test.
make_dir() {
	need_bpf
	DIR=/sys/fs/bpf/skel-test-$$-$BATS_TEST_NUMBER
	skel-load -q -t 0.1 --pin "$ASSETS/bootstrap.json" >/dev/null
	mkdir "$DIR"
}

@test "an ordinary user can pin in its own directory, poll there, and remove the pins" {
	need_setpriv
	make_dir
	chown 65534:65534 "$DIR"
	chmod 777 .
	# The way there is root's.
	local caps=+dac_read_search
	able $caps,+bpf,+perfmon skel-load --pin="$DIR/run" "$ASSETS/bootstrap.json" > out 2> err 3>&- &
	local load=$!
	wait_for 30 has_header out || { cat err; return 1; }
	[ "$(stat -c %a:%u "$DIR/run")" = 700:65534 ]
	able $caps skel-poll -f json out > seen 2>err.poll 3>&- &
	local poll=$!
	wait_for 30 seen_one
	pkill -P "$load" -x skel-load || kill "$load"
	wait "$load"
	[ ! -e "$DIR/run" ]
	silent "$(cat err)"
	# A session in a file: skel-poll checks that the directory still exists.
	wait "$poll"
	silent "$(cat err.poll)"
}

@test "the owner can poll a ring buffer without privilege and a perf buffer with CAP_PERFMON" {
	need_setpriv
	make_maps
	chown 65534:65534 "$DIR" "$DIR/rb" "$DIR/pb"
	make_session "$RB" > ring
	make_session "$PB" > perf
	# The way there is root's.
	run -0 --separate-stderr able +dac_read_search skel-poll --once ring
	silent "$stderr"
	fails_with 1 "skel-poll: $DIR: Permission denied; run as root, or as its owner" \
		able -all skel-poll --once ring
	chown 0:0 "$DIR/rb"
	fails_with 1 "skel-poll: map rb: $DIR/rb: Permission denied; run as root or as the user who made the session" \
		able +dac_read_search skel-poll --once ring
	case $(cat /proc/sys/kernel/perf_event_paranoid) in
	1 | 2) ;;
	*) skip "needs kernel.perf_event_paranoid at 1 or 2" ;;
	esac
	run -1 --separate-stderr able +dac_read_search skel-poll --once perf
	[[ $stderr == "skel-poll: map pb: cannot open perf buffers of 64 pages: needs CAP_PERFMON; run as root" ]]
	run -0 --separate-stderr able +dac_read_search,+perfmon skel-poll --once perf
	silent "$stderr"
	PAGES=1048576 make_session "$PB" > large
	fails_with 1 "skel-poll: map pb: cannot open perf buffers of 1048576 pages: more than this process may lock; needs CAP_IPC_LOCK, a higher kernel.perf_event_mlock_kb, or fewer pages (--map pb=pages:N)" \
		able +dac_read_search,+perfmon skel-poll --once large
}

seen_one() {
	/bin/true
	[ "$(wc -l < seen)" -ge 2 ]
}

@test "directories are made 0700 and pins 0600, whatever the umask" {
	make_dir
	(
		umask 0
		skel-load --pin="$DIR/a/b" --detach "$ASSETS/bootstrap.json" > out
	)
	[ "$(stat -c %a "$DIR/a" "$DIR/a/b" "$DIR/a/b/owner-none" | sort -u)" = 700 ]
	[ "$(find "$DIR/a/b" -type f -printf '%m\n' | sort -u)" = 600 ]
	skel-load --unload "$DIR/a/b"
}

# refused PATH WHO: skel-load pins nothing there, and its message names WHO.
refused() {
	fails_with 1 "skel-load: $2: $3" skel-load -t 0.2 --pin="$1" "$ASSETS/bootstrap.json"
	[ -z "$(find "$DIR" -type f)" ]
}

@test "a directory for pins that another user could have made is refused" {
	make_dir
	local theirs="not safe, because it belongs to another user"
	mkdir "$DIR/mine" "$DIR/theirs"
	chown 65534 "$DIR/theirs"
	refused "$DIR/theirs" "$DIR/theirs" "$theirs"
	refused "$DIR/theirs/new/deeper" "$DIR/theirs" "$theirs"
	[ ! -e "$DIR/theirs/new" ]
	ln -s "$DIR/mine" link
	chown -h 65534 link
	refused link "$PWD/link" "$theirs"
	refused link/new "$PWD/link" "$theirs"
	# A link of root's into a directory where anybody can make another link.
	mkdir "$DIR/theirs/x"
	ln -s "$DIR/theirs/x" own
	refused own "$DIR/theirs" "$theirs"
	refused own/new "$DIR/theirs" "$theirs"
	[ ! -e "$DIR/theirs/x/new" ]
}

@test "a directory in which others may write is refused, but not one below a sticky directory" {
	make_dir
	local open="not safe, because other users may write to it; use a directory of your own"
	chmod 777 "$DIR"
	refused "$DIR" "$DIR" "$open"
	refused "$DIR/new" "$DIR" "$open"
	[ ! -e "$DIR/new" ]
	chmod 770 "$DIR"
	chgrp 65534 "$DIR"
	refused "$DIR/new" "$DIR" "$open"
	chmod 1777 "$DIR"
	refused "$DIR" "$DIR" "$open"
	run -0 --separate-stderr skel-load -t 0.1 --pin="$DIR/new" "$ASSETS/bootstrap.json"
	silent "$stderr"
	ln -s "$DIR" own
	run -0 --separate-stderr skel-load -t 0.1 --pin=own/new "$ASSETS/bootstrap.json"
	silent "$stderr"
}

@test "the directory of all sessions is refused if another user made it" {
	need_bpf
	local theirs="skel-load: /sys/fs/bpf/skel: not safe, because it belongs to another user"
	run -1 --separate-stderr unshare -m sh -c '
		mount -t bpf bpf /sys/fs/bpf && mkdir /sys/fs/bpf/skel && chown 65534 /sys/fs/bpf/skel &&
		exec skel-load -t 0.2 --pin "$ASSETS/bootstrap.json"'
	[ -z "$output" ]
	[[ $stderr == *"$theirs"* ]]
}

@test "skel-poll opens and removes no pin that another user could have made" {
	need_bpf
	make_maps
	make_session "$RB" "$(sampled counts 100 true)" > session
	produce to_counts 1
	chown 65534 "$DIR"
	fails_with 1 "skel-poll: $DIR: not safe, because it belongs to another user" skel-poll --once session
	chown 0 "$DIR"
	chmod 777 "$DIR"
	fails_with 1 "skel-poll: $DIR: not safe, because other users may write to it" skel-poll --once session
	bpftool map dump pinned "$DIR/counts" | grep -q key
	chmod 755 "$DIR"
	run -0 skel-poll -f json --once session
	[[ $output == *'"key":'* ]]
}
