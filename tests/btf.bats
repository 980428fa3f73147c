#!/usr/bin/env bats
# The kernel's BTF: where it is looked for, and what is said when none serves.

load helper
load chain
load load

setup() {
	cd "$BATS_TEST_TMPDIR"
	CORE=$ASSETS/opensnoop.json
	echo junk >junk
	need_bpf
}

# without_btf COMMAND...: where the kernel shows no BTF of its own; a copy of
# it is ./vmlinux.
without_btf() {
	cp /sys/kernel/btf/vmlinux vmlinux
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh "$@"
}

# archive DIR: the file for this system in DIR, a BTFHub archive.
archive() {
	(
		. /etc/os-release
		echo "$1/$ID/${VERSION_ID:-}/$(uname -m)/$(uname -r).btf"
	)
}

@test "--btf FILE serves where the kernel has none" {
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

@test "a file that was asked for must be there" {
	fails_with 1 "skel-load: --btf: BTF file $PWD/no: No such file or directory" \
		skel-load --btf "$PWD/no" --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	BTF_FILE_PATH=$PWD/no fails_with 1 "skel-load: BTF_FILE_PATH: BTF file $PWD/no: No such file or directory" \
		skel-load --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a file that is no BTF is named, in one report" {
	fails_with 1 "the object cannot be loaded: no BTF of the kernel to fit it to; tried --btf: junk: not BTF" \
		skel-load --btf junk --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	BTF_FILE_PATH=junk fails_with 1 "tried --btf: not given; BTF_FILE_PATH: junk: not BTF" \
		skel-load --check "$CORE"
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	[[ $stderr != */sys/kernel* ]]
}

@test "when none serves each source is named with what it lacks" {
	run -1 --separate-stderr without_btf skel-load --check "$CORE"
	[ -z "$output" ]
	[[ $stderr == "skel-load: $CORE: the object cannot be loaded: no BTF of the kernel to fit it to; tried --btf: not given; BTF_FILE_PATH: not set; /sys/kernel/btf/vmlinux: No such file or directory; no vmlinux of this kernel below"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a file that lacks a type is named, with what it lacks" {
	bpf_object prints
	run -1 --separate-stderr skel-load --btf prints.bpf.o --check "$CORE"
	[[ $stderr == "skel-load: $CORE: program "*": the BTF in prints.bpf.o lacks what it refers to: <byte_off> "*" struct trace_event_raw_sys_"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a program without CO-RE needs no BTF, and minds none that is bad" {
	bpf_package prints
	run -0 --separate-stderr without_btf skel-load --check prints.json
	[[ $output == "program prints tracepoint"* ]]
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-load --btf junk --check prints.json
	BTF_FILE_PATH=junk run -0 --separate-stderr skel-load --check prints.json
}

@test "--btf DIR serves by this system's file, where the kernel has none" {
	file=$(archive hub)
	mkdir -p "${file%/*}"
	cp /sys/kernel/btf/vmlinux "$file"
	run -0 --separate-stderr without_btf skel-load --btf hub --check "$CORE"
	echo junk >"$file"
	fails_with 1 "tried --btf: $file: not BTF" without_btf skel-load --btf hub --check "$CORE"
	# The kernel's own goes before an archive.
	run -0 --separate-stderr skel-load --btf hub --check "$CORE"
}

@test "an archive without this system's file is an error, whatever else there is" {
	mkdir hub
	fails_with 1 "skel-load: --btf: BTF file $(archive hub): No such file or directory" \
		skel-load --btf hub --check "$CORE"
	fails_with 1 "skel-load: --btf: BTF file $(archive hub): No such file or directory" \
		without_btf skel-load --btf hub --check "$CORE"
}

@test "one who may not read a file is told so" {
	need_nobody
	chmod 600 junk
	[ "$(id -u)" -eq 0 ] || skip "needs root to hide a file"
	run -1 --separate-stderr as_nobody skel-load --btf junk --check "$CORE"
	[ "$stderr" = "skel-load: --btf: BTF file junk: Permission denied" ]
}

@test "what hooks the kernel's functions needs the kernel's own, whatever else there is" {
	run -1 --separate-stderr without_btf skel-load --btf vmlinux --check "$ASSETS/bootstrap.json"
	[[ $stderr == *"tried --btf: vmlinux: BTF, but it does not serve; BTF_FILE_PATH: not set; /sys/kernel/btf/vmlinux: No such file"* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}
