#!/usr/bin/env bats
# The kernel's BTF: where it is searched for, and the errors if none can be used.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	CORE=$ASSETS/opensnoop.json
	echo junk >junk
	need_bpf
}

teardown() {
	kill_load
}

# without_btf COMMAND...: run it where the kernel shows no BTF of its own; ./vmlinux
# is a copy of that.
without_btf() {
	cp /sys/kernel/btf/vmlinux vmlinux
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh "$@"
}

# archive DIR: print the path of this system's file in DIR, a BTFHub archive.
archive() {
	(
		. /etc/os-release
		echo "$1/$ID/${VERSION_ID:-}/$(uname -m)/$(uname -r).btf"
	)
}

@test "an empty file is no BTF" {
	: > empty
	fails_with 1 "skel-load: --btf: BTF file empty: an empty file" skel-load --btf empty --check "$CORE"
}

@test "--btf FILE is used if the kernel has no BTF" {
	run -0 --separate-stderr without_btf skel-load --btf vmlinux --check "$CORE"
	[[ $output == *"program enter_open tracepoint"* ]]
	[ -z "$stderr" ]
}

@test "--btf goes before BTF_FILE_PATH, and that before the kernel's own" {
	BTF_FILE_PATH=junk run -0 --separate-stderr skel-load --btf /sys/kernel/btf/vmlinux --check "$CORE"
	BTF_FILE_PATH=junk fails_with 1 "BTF_FILE_PATH: junk: not BTF" skel-load --check "$CORE"
	BTF_FILE_PATH='' run -0 --separate-stderr skel-load --check "$CORE"
	BTF_FILE_PATH=vmlinux run -0 --separate-stderr without_btf skel-load --check "$CORE"
}

@test "a file that --btf or BTF_FILE_PATH names must exist" {
	fails_with 1 "skel-load: --btf: BTF file $PWD/no: No such file or directory" \
		skel-load --btf "$PWD/no" --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	BTF_FILE_PATH=$PWD/no fails_with 1 "skel-load: BTF_FILE_PATH: BTF file $PWD/no: No such file or directory" \
		skel-load --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a BTF file that is not a regular file is refused, and not waited for" {
	mkfifo fifo
	mkdir dir
	local file
	for file in "$PWD/fifo" /dev/zero; do
		fails_with 1 "skel-load: --btf: BTF file $file: not a regular file" \
			timeout 30 skel-load --btf "$file" --check "$CORE"
		BTF_FILE_PATH=$file fails_with 1 "skel-load: BTF_FILE_PATH: BTF file $file: not a regular file" \
			timeout 30 skel-load --check "$CORE"
	done
	BTF_FILE_PATH=$PWD/dir fails_with 1 "skel-load: BTF_FILE_PATH: BTF file $PWD/dir: not a regular file" \
		skel-load --check "$CORE"
	file=$(archive hub)
	mkdir -p "${file%/*}"
	mkfifo "$file"
	fails_with 1 "skel-load: --btf: BTF file $file: not a regular file" \
		timeout 30 skel-load --btf hub --check "$CORE"
}

@test "a file that is not BTF is named in a single message" {
	fails_with 1 "the object cannot be loaded: there is no usable BTF of the kernel; tried --btf: junk: not BTF" \
		skel-load --btf junk --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	BTF_FILE_PATH=junk fails_with 1 "tried --btf: not given; BTF_FILE_PATH: junk: not BTF" \
		skel-load --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr != */sys/kernel* ]]
}

@test "if no BTF can be used, each source is named with what it lacks" {
	run -1 --separate-stderr without_btf skel-load --check "$CORE"
	[ -z "$output" ]
	[[ $stderr == "skel-load: $CORE: the object cannot be loaded: there is no usable BTF of the kernel; tried --btf: not given; BTF_FILE_PATH: not set; /sys/kernel/btf/vmlinux: No such file or directory; no vmlinux of this kernel below"*"; name a file with the BTF of this kernel with --btf" ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a file that lacks a type is named, with what it lacks" {
	bpf_object prints
	run -1 --separate-stderr skel-load --btf prints.bpf.o --check "$CORE"
	[[ $stderr == "skel-load: $CORE: program "*": the BTF in prints.bpf.o lacks what the program refers to: <byte_off> "*" struct trace_event_raw_sys_"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a program without CO-RE needs no BTF and ignores a bad one" {
	bpf_package prints
	run -0 --separate-stderr without_btf skel-load --check prints.json
	[[ $output == "program prints tracepoint"* ]]
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-load --btf junk --check prints.json
	BTF_FILE_PATH=junk run -0 --separate-stderr skel-load --check prints.json
}

@test "--btf DIR finds this system's file if the kernel has no BTF" {
	file=$(archive hub)
	mkdir -p "${file%/*}"
	cp /sys/kernel/btf/vmlinux "$file"
	run -0 --separate-stderr without_btf skel-load --btf hub --check "$CORE"
	echo junk >"$file"
	fails_with 1 "tried --btf: $file: not BTF" without_btf skel-load --btf hub --check "$CORE"
	# The kernel's own goes before an archive.
	run -0 --separate-stderr skel-load --btf hub --check "$CORE"
}

@test "an archive without this system's file is an error, whatever other sources there are" {
	mkdir hub
	fails_with 1 "skel-load: --btf: BTF file $(archive hub): No such file or directory" \
		skel-load --btf hub --check "$CORE"
	fails_with 1 "skel-load: --btf: BTF file $(archive hub): No such file or directory" \
		without_btf skel-load --btf hub --check "$CORE"
}

@test "a file that may not be read is an error that says so" {
	need_nobody
	chmod 600 junk
	[ "$(id -u)" -eq 0 ] || skip "needs root to hide a file"
	run -1 --separate-stderr as_nobody skel-load --btf junk --check "$CORE"
	[ "$stderr" = "skel-load: --btf: BTF file junk: Permission denied" ]
}

@test "a program on a kernel function needs the kernel's own BTF, whatever other sources there are" {
	run -1 --separate-stderr without_btf skel-load --btf vmlinux --check "$ASSETS/bootstrap.json"
	[[ $stderr == *"tried --btf: vmlinux: BTF, but it cannot be used for this object; BTF_FILE_PATH: not set; /sys/kernel/btf/vmlinux: No such file"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

# tag_of ARG...: print the kernel's digest of the program that skel-load loads; log
# has the system calls that open and read files.
tag_of() {
	local status=0
	# The header of an earlier call must not be taken for this one's.
	rm -f out
	strace -qq -e trace=open,openat,read,mmap,memfd_create -o log -D \
		env --default-signal=INT skel-load -q "$@" > out 3>&- &
	LOAD=$!
	wait_for 20 has_header out || status=$?
	[ "$status" -ne 0 ] || awk '$1 == "prog_tag:" { print $2 }' /proc/"$LOAD"/fdinfo/* 2>/dev/null | sort -u
	kill -INT "$LOAD"
	wait "$LOAD" || :
	LOAD=
	return "$status"
}

need_tracer() {
	need_strace
	# The leak checker and strace both want to be the tracer.
	export ASAN_OPTIONS=detect_leaks=0
}

# libbpf 1.1 opened the kernel's whole BTF.  Later versions do that as we do.
libbpf_opens_whole() {
	grep -q '/sys/kernel/btf/vmlinux", O_RDONLY) = [0-9]' log
}

# libbpf or we did.
opens_whole() {
	grep -q '/sys/kernel/btf/vmlinux", O_RDONLY[A-Z_|]*) = [0-9]' log
}

@test "a part of the kernel's BTF gives the same program as the whole" {
	need_tracer
	bpf_package core
	whole=$(tag_of --btf /sys/kernel/btf/vmlinux core.json)
	opens_whole
	part=$(tag_of core.json)
	run ! libbpf_opens_whole
	grep -q 'memfd_create("skel-btf"' log
	[ -n "$part" ]
	is "$whole" "$part"
	# A kernel that can map its BTF is not asked to copy it.
	if grep -qE "^mmap\(NULL, $(stat -c %s /sys/kernel/btf/vmlinux), PROT_READ, MAP_PRIVATE, .* = 0x" log; then
		[ "$(grep -c '^read(' log)" -lt 200 ]
	fi
}

@test "the kernel's BTF is not opened if no program needs it" {
	need_tracer
	bpf_package prints
	for package in prints.json "$ASSETS/syscount.json"; do
		strace -f -qq -e trace=open,openat,memfd_create -o log skel-load -q --check "$package"
		run ! grep -E 'btf/vmlinux|memfd_create[(]"skel-btf' log
	done
}

# needs_whole: core.json gives the same program with and without --btf, and libbpf
# reads the whole BTF.
needs_whole() {
	local whole
	whole=$(tag_of --btf /sys/kernel/btf/vmlinux core.json)
	[ -n "$whole" ]
	is "$whole" "$(tag_of core.json)"
	opens_whole
	run ! grep 'memfd_create("skel-btf' log
}

@test "a type that the kernel lacks, or a type id, needs the whole BTF" {
	need_tracer
	bpf_package core -DABSENT
	needs_whole
	bpf_package core -DNUMBER
	needs_whole
}

@test "a program on a kernel function reads the whole BTF, once" {
	need_tracer
	strace -f -qq -e trace=open,openat,memfd_create -o log skel-load -q --check "$ASSETS/bootstrap.json"
	run ! grep 'memfd_create("skel-btf' log
	[ "$(grep -c 'btf/vmlinux.* = [0-9]' log)" -eq 1 ]
}
