# Functions that compile the programs in tests/programs, make packages of them and
# run one skel-load in the background.  `load ../helpers/load`, after chain.

# Compiled files are kept in build/objects under their arguments, and used again
# as long as their sources are older: clang takes longer than most tests, and
# very long in an emulated machine, for which tests/vm/run compiles in advance.
# A file whose arguments name a directory of this run is not kept, since no other
# run could use it.
OBJECTS=$ROOT/build/objects

# take_kept OUT SOURCE ARGUMENT...: copy the kept file to OUT; fail if there is
# none, or if it is older than SOURCE.
take_kept() {
	local out=$1 source=$2 ready
	shift 2
	ready="$*"
	ready=$OBJECTS/${ready//\//%}
	[ "$ready" -nt "$source" ] && [ "$ready" -nt "$ROOT/assets/skel.bpf.h" ] && cp "$ready" "$out"
}

# keep OUT ARGUMENT...: keep a copy of OUT for later tests, if that is possible.
keep() {
	local out=$1 ready
	shift
	ready="$*"
	[[ $ready != *"${BATS_RUN_TMPDIR:?}"* ]] || return 0
	ready=$OBJECTS/${ready//\//%}
	{ mkdir -p "$OBJECTS" && cp "$out" "$OBJECTS/.$BASHPID" && mv "$OBJECTS/.$BASHPID" "$ready"; } 2>/dev/null || :
}

# bpf_object NAME [FLAG...]: compile NAME.bpf.c into NAME.bpf.o, in the current
# directory.
bpf_object() {
	local name=$1 source=$PROGRAMS/$1.bpf.c
	shift
	! take_kept "$name.bpf.o" "$source" "$name.bpf.o" "$@" || return 0
	clang -g -O2 -Wall -target bpf -D__TARGET_ARCH_x86 \
		-iquote "$ROOT/assets" -idirafter "/usr/include/$(cc -dumpmachine)" "$@" \
		-c -o "$name.bpf.o" "$source" || return
	keep "$name.bpf.o" "$name.bpf.o" "$@"
}

# c_program NAME [FLAG...]: compile tests/programs/NAME.c into NAME, in the current
# directory.
c_program() {
	local name=$1 source=$PROGRAMS/$1.c
	shift
	! take_kept "$name" "$source" "$name" "$@" || return 0
	cc -O1 -g -o "$name" "$source" "$@" || return
	keep "$name" "$name" "$@"
}

# bpf_package NAME [FLAG...]: do the same, and pack it into NAME.json.
bpf_package() {
	bpf_object "$@"
	skel-pack "$1.bpf.o" > "$1.json"
}

# The functions need_* skip the test, with the reason, if the kernel lacks a
# feature.  They probe for the feature itself and do not compare versions, since
# kernels of one version are built with different features.

# has_symbol NAME: the kernel has a function of this name.
has_symbol() {
	grep -qE " $1\$" /proc/kallsyms
}

# takes SECTION: the kernel loads a program with this section.  The answer is kept
# for the other tests of the file.
takes() {
	local answer=$BATS_FILE_TMPDIR/takes-${1//\//%} pin=/sys/fs/bpf/skel-need-$BASHPID
	if [ ! -e "$answer" ]; then
		(
			mkdir "$answer.d" && cd "$answer.d" && bpf_object need "-DKIND=\"$1\"" &&
				bpftool prog load need.bpf.o "$pin" && rm "$pin"
		) >/dev/null 2>&1
		echo $? > "$answer"
	fi
	[ "$(cat "$answer")" -eq 0 ]
}

# Whether one link can hold many uprobes.
takes_uprobe_multi() {
	has_symbol bpf_uprobe_multi_link_release
}

# libbpf opens kprobes and kretprobes through this performance monitoring unit.
need_kprobes() {
	need_bpf
	[ -e /sys/bus/event_source/devices/kprobe/type ] || skip "needs a kernel with kprobes"
}

# The kernel attaches kprobe.multi through fprobes.
need_kprobe_multi() {
	need_bpf
	has_symbol register_fprobe_ips || skip "needs a kernel with kprobe.multi (fprobes)"
}

# Only the verifier can answer this for fentry and fexit: it looks up the function
# and checks that its entry can be patched.
need_fentry() {
	need_bpf
	takes fentry/do_unlinkat || skip "needs a kernel that loads fentry programs"
}

# Some kernels load iterators, but not those over the elements of a map.
need_map_elements() {
	need_bpf
	takes iter/bpf_map_elem || skip "needs a kernel that loads iterators of maps' elements"
}

# If bpf is not among the active security modules, LSM programs load but never run.
need_lsm() {
	need_bpf
	takes lsm/file_open || skip "needs a kernel that loads LSM programs"
	unshare -m sh -c 'mount -t securityfs none /sys/kernel/security; grep -qw bpf /sys/kernel/security/lsm' \
		2>/dev/null || skip "needs bpf among the kernel's active security modules"
}

# Linux 5.15 attaches perf events, which include probes of user space, by a link,
# whose cookie distinguishes USDT probes.  Older kernels attach the program to the
# event itself.
need_perf_links() {
	need_bpf
	has_symbol bpf_perf_link_dealloc || skip "needs a kernel with links of perf events"
}

# Linux 6.6 attaches tc programs by a link; older kernels attach them as filters
# of a clsact qdisc.
has_tcx() {
	has_symbol tcx_prog_attach
}

need_tcx() {
	need_bpf
	has_tcx || skip "needs a kernel with tcx"
}

need_no_tcx() {
	need_bpf
	! has_tcx || skip "needs a kernel without tcx"
}

# has_libbpf VERSION: the programs were built with this libbpf, or a newer one.
# Those that link it statically tell no version, but that of a way that needs one.
has_libbpf() {
	local way=netfilter:ip/input
	[ "$1" != 1.5 ] || way=kprobe.session:f
	! skel-load -a "p=$way" /nonexistent 2>&1 | grep -q "needs libbpf $1 or newer"
}

# edit FILE FILTER: change a package with jq.
edit() {
	jq -c "$2" "$1" > "$1.new"
	mv "$1.new" "$1"
}

# start_load ARG...: run skel-load in the background and wait for its header.
# LOAD is its pid, out and err have its standard output and standard error.  It
# gets the default actions for SIGINT, which a shell ignores in background jobs,
# and SIGHUP, which nohup ignores.
start_load() {
	# The header of an earlier skel-load would be mistaken for the new one.
	rm -f out err
	env --default-signal=INT,HUP skel-load "$@" > out 2> err 3>&- &
	LOAD=$!
	wait_for 30 has_header out || { cat err; return 1; }
}

# end_load [SIGNAL]: end skel-load with the signal and return its exit status.
end_load() {
	local pid=$LOAD
	LOAD=
	kill -"${1:-TERM}" "$pid"
	wait "$pid"
}

# kill_load: for teardown().
kill_load() {
	[ -z "${LOAD:-}" ] || kill -9 "$LOAD" 2>/dev/null || :
}

# held KIND [PID]: print the ids of the programs, maps or links (KIND is prog, map
# or link) for which the process, by default skel-load, has descriptors.
held() {
	cat /proc/"${2:-$LOAD}"/fdinfo/* 2>/dev/null |
		awk -v key="$1_id:" '$1 == key { print $2 }' | sort -u
}

# none_of KIND ID...: the kernel has no object with any of these ids.
none_of() {
	local kind=$1 id
	shift
	for id; do
		bpftool "$kind" show id "$id" >/dev/null 2>&1 && return 1
	done
	return 0
}

# without_mounts COMMAND...: run it where neither tracefs nor bpffs is mounted.
without_mounts() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'for dir in /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf; do
			while umount -l "$dir" 2>/dev/null; do :; done
		done
		exec "$@"' sh "$@"
}

# flood N: call getpgid(2) N times on each CPU at once; flood.bpf.c writes records
# for each call.
flood() {
	[ -x flood ] ||
		c_program flood
	./flood "$1"
}
