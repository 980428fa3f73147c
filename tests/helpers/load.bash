# BPF programs of tests/programs as packages, and one skel-load in the background;
# `load ../helpers/load`, after chain.

# What was compiled is kept in build/objects by its arguments, and taken from
# there while nothing that it came from is newer: clang takes longer than most
# tests, and very long in an emulated machine, where tests/vm/run has compiled
# before.  What has a directory of one run in it is not worth it.
OBJECTS=$ROOT/build/objects

# take_kept OUT SOURCE ARGUMENT...
take_kept() {
	local out=$1 source=$2 ready
	shift 2
	ready="$*"
	ready=$OBJECTS/${ready//\//%}
	[ "$ready" -nt "$source" ] && [ "$ready" -nt "$ROOT/assets/skel.bpf.h" ] && cp "$ready" "$out"
}

# keep OUT ARGUMENT...
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

# bpf_package NAME [FLAG...]: and make NAME.json of it.
bpf_package() {
	bpf_object "$@"
	skel-pack "$1.bpf.o" > "$1.json"
}

# What follows skips aloud where the kernel lacks a feature.  Each asks the
# kernel for the feature itself, never for its version: kernels are built with
# different things left out.

# has_symbol NAME: the kernel has this function.
has_symbol() {
	grep -qE " $1\$" /proc/kallsyms
}

# takes SECTION: the kernel loads a program of this section.  Asked once a file.
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

# kprobe and kretprobe: the performance unit that libbpf opens them by.
need_kprobes() {
	need_bpf
	[ -e /sys/bus/event_source/devices/kprobe/type ] || skip "needs a kernel with kprobes"
}

# kprobe.multi is attached by fprobes.
need_kprobe_multi() {
	need_bpf
	has_symbol register_fprobe_ips || skip "needs a kernel with kprobe.multi (fprobes)"
}

# fentry and fexit: only the verifier tells, since it looks the function up and
# whether it can be patched.
need_fentry() {
	need_bpf
	takes fentry/do_unlinkat || skip "needs a kernel that loads fentry programs"
}

# Iterators over the elements of maps; some kernels load only other iterators.
need_map_elements() {
	need_bpf
	takes iter/bpf_map_elem || skip "needs a kernel that loads iterators of maps' elements"
}

# LSM programs load where bpf is not among the active modules, and never run.
need_lsm() {
	need_bpf
	takes lsm/file_open || skip "needs a kernel that loads LSM programs"
	unshare -m sh -c 'mount -t securityfs none /sys/kernel/security; grep -qw bpf /sys/kernel/security/lsm' \
		2>/dev/null || skip "needs bpf among the kernel's active security modules"
}

# Perf events, probes of user space among them, by link (5.15), which also tells
# USDT probes apart; without it the event alone has the program.
need_perf_links() {
	need_bpf
	has_symbol bpf_perf_link_dealloc || skip "needs a kernel with links of perf events"
}

# tc programs by link (6.6); without it they are filters of a clsact qdisc.
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

# Change a package: edit FILE FILTER.
edit() {
	jq -c "$2" "$1" > "$1.new"
	mv "$1.new" "$1"
}

# start_load ARG...: skel-load in the background, as LOAD; its output is in
# out, what it says in err.  Shells ignore SIGINT for what they start so, nohup
# SIGHUP for all.
start_load() {
	# Otherwise the header of an earlier one passes for this one's.
	rm -f out err
	env --default-signal=INT,HUP skel-load "$@" > out 2> err 3>&- &
	LOAD=$!
	wait_for 30 has_header out || { cat err; return 1; }
}

# end_load [SIGNAL]: stop it; its exit status is the status.
end_load() {
	local pid=$LOAD
	LOAD=
	kill -"${1:-TERM}" "$pid"
	wait "$pid"
}

# For teardown.
kill_load() {
	[ -z "${LOAD:-}" ] || kill -9 "$LOAD" 2>/dev/null || :
}

# held KIND [PID]: ids of what the process holds: prog, map or link.
held() {
	cat /proc/"${2:-$LOAD}"/fdinfo/* 2>/dev/null |
		awk -v key="$1_id:" '$1 == key { print $2 }' | sort -u
}

# none_of KIND ID...: the kernel has none of these any more.
none_of() {
	local kind=$1 id
	shift
	for id; do
		bpftool "$kind" show id "$id" >/dev/null 2>&1 && return 1
	done
	return 0
}

# without_mounts COMMAND...: where neither tracefs nor bpffs is mounted.
without_mounts() {
	# shellcheck disable=SC2016
	unshare -m sh -c 'for dir in /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf; do
			while umount -l "$dir" 2>/dev/null; do :; done
		done
		exec "$@"' sh "$@"
}

# flood N: so many calls of getpgid(2) on each CPU, at once, that flood.bpf.c
# answers.
flood() {
	[ -x flood ] ||
		c_program flood
	./flood "$1"
}
