# BPF programs of tests/bpf as packages, and one skel-load in the background;
# `load load`, after chain.

# bpf_object NAME [FLAG...]: compile NAME.bpf.c into NAME.bpf.o, in the current
# directory.
bpf_object() {
	local name=$1
	shift
	clang -g -O2 -Wall -target bpf -D__TARGET_ARCH_x86 \
		-idirafter "/usr/include/$(cc -dumpmachine)" "$@" \
		-c -o "$name.bpf.o" "$BATS_TEST_DIRNAME/bpf/$name.bpf.c"
}

# bpf_package NAME [FLAG...]: and make NAME.json of it.
bpf_package() {
	bpf_object "$@"
	skel-pack "$1.bpf.o" > "$1.json"
}

# Change a package: edit FILE FILTER.
edit() {
	jq -c "$2" "$1" > "$1.new"
	mv "$1.new" "$1"
}

# start_load ARG...: skel-load in the background, as LOAD; its output is in
# out, what it says in err.  Shells ignore SIGINT for what they start so.
start_load() {
	env --default-signal=INT skel-load "$@" > out 2> err 3>&- &
	LOAD=$!
	wait_for 10 has_header out || { cat err; return 1; }
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
