#!/usr/bin/env bats
# The example programs: the committed packages match the sources, and the programs
# report what happens.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	PINS=/sys/fs/bpf/skel-test-$$
}

teardown() {
	[ ! -d "$PINS" ] || rm -r "$PINS"
}

need_clang14() {
	need_clang
	clang --version | grep -q 'version 14\.' ||
		skip "needs clang 14: others give other bytes"
}

names() {
	for source in "$ASSETS"/*.bpf.c; do
		basename "$source" .bpf.c
	done
}

# events ASSET [ARG...]: run the example in the background; return when it is
# attached.  finish() ends it and writes its records as JSON into the file rows.
events() {
	local asset=$1
	shift
	rm -f run.skel
	skel-load "$ASSETS/$asset.json" "$@" >run.skel 3>&- &
	LOADER=$!
	wait_for 10 test -s run.skel
}

finish() {
	kill "$LOADER"
	wait "$LOADER"
	skel-fmt --json run.skel >rows
}

@test "building the sources gives the committed packages" {
	need_clang14
	make -s -C "$ROOT" MAKEFLAGS= assets-check ${SAN:+SAN=1}
}

@test "the objects do not contain the path where they were built" {
	need_clang14
	mkdir -p far/away/{assets,tests/helpers}
	cp "$ASSETS"/*.bpf.[ch] far/away/assets
	cp "$HELPERS/install-missing" far/away/tests/helpers
	cp "$ROOT/Makefile" far/away
	make -s -C far/away MAKEFLAGS= SAN= build/assets/bootstrap.bpf.o
	skel-pack -u "$ASSETS/bootstrap.json" | cmp - far/away/build/assets/bootstrap.bpf.o
	run ! grep -aE "$BATS_TEST_TMPDIR|/home|/root|/tmp" far/away/build/assets/bootstrap.bpf.o
}

@test "every package has a source, with a licence and without a generated header" {
	for package in "$ASSETS"/*.json; do
		[ -f "${package%.json}.bpf.c" ]
	done
	for name in $(names); do
		[ -f "$ASSETS/$name.json" ]
		head -n 1 "$ASSETS/$name.bpf.c" |
			grep -qx '// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause'
		run ! grep -n vmlinux.h "$ASSETS/$name.bpf.c"
	done
}

@test "other loaders can use the objects: bpftool loads them and makes skeletons of them" {
	need_bpf
	for name in $(names); do
		skel-pack -u "$ASSETS/$name.json" >"$name.bpf.o"
		bpftool gen skeleton "$name.bpf.o" >/dev/null
		bpftool prog loadall "$name.bpf.o" "$PINS"
		[ "$(find "$PINS" -type f | wc -l)" -eq \
			"$(jq '.meta.bpf_skel.progs | length' "$ASSETS/$name.json")" ]
		rm -r "$PINS"
	done
}

@test "skel-load --check verifies every package" {
	need_bpf
	for name in $(names); do
		run -0 --separate-stderr skel-load --check "$ASSETS/$name.json"
	done
}

@test "every package has a brief text, and a help text for each argument" {
	for name in $(names); do
		brief=$(jq -r .meta.bpf_skel.doc.brief "$ASSETS/$name.json")
		run -0 --separate-stderr skel-args "$ASSETS/$name.json" --help
		[[ $output == *"$brief"* ]]
		jq -e '[.meta.bpf_skel.data_sections[].variables[].cmdarg.help] |
			length > 0 and all(. != null)' "$ASSETS/$name.json"
	done
}

@test "bootstrap's events have the fields of the reference loader's example in the same order" {
	run -0 jq -r '.meta.export_types[0].members[] | .type + " " + .name' "$ASSETS/bootstrap.json"
	[ "$output" = 'int pid
int ppid
unsigned int exit_code
unsigned long long duration_ns
char[16] comm
char[127] filename
bool exit_event
enum event_kind kind' ]
}

@test "bootstrap reports a killed process, one that only forked, and one that ran before" {
	need_bpf
	mkfifo held
	sh -c 'read -r _ <held' 3>&- &
	before=$!
	events bootstrap
	sh -c 'echo $$ >killed; kill -9 $$' || :
	bash -c '(echo $BASHPID >forked; exit 5)' || :
	echo >held
	wait "$before"
	finish
	jq -es "map(select(.pid == $(cat killed))) |
		length == 2 and .[1].exit_code == 0 and .[1].kind == \"EXIT(1)\" and
		.[1].exit_event and .[1].duration_ns > 0" rows
	jq -es "map(select(.pid == $(cat forked))) |
		length == 1 and .[0].exit_code == 5 and .[0].duration_ns == 0" rows
	jq -es "map(select(.pid == $before)) |
		length == 1 and .[0].duration_ns == 0" rows
}

@test "bootstrap does not report the end of a thread" {
	need_bpf
	events bootstrap
	python3 -c 'import threading, os
for i in range(5):
    t = threading.Thread(target=lambda: None); t.start(); t.join()
print(os.getpid())' >threaded
	finish
	jq -es "map(select(.pid == $(cat threaded)) | .kind) |
		first == \"EXEC(0)\" and index(\"EXIT(1)\") == length - 1" rows
}

@test "opensnoop reports each way to open a file, with pid, flags and error" {
	need_bpf
	cc -o opens -x c - <<-'C'
		#include <fcntl.h>
		#include <linux/openat2.h>
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			struct open_how how = { .flags = O_WRONLY };
			printf("%d\n", getpid());
			syscall(SYS_open, "/dev/null/by-open", O_RDONLY);
			syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR);
			syscall(SYS_openat2, AT_FDCWD, "no-such-file", &how, sizeof(how));
		}
	C
	events opensnoop
	pid=$(./opens)
	# A busy machine opens more files than there is room for.
	finish || [ $? -eq 3 ]
	[ "$(jq -c "select(.pid == $pid and .comm == \"opens\") |
		[.fname, .flags, (if .ret < 0 then .ret else 0 end), .tid == .pid, .uid]" rows |
		tail -n 3)" = '["/dev/null/by-open",0,-20,true,0]
["/dev/null",2,0,true,0]
["no-such-file",1,-2,true,0]' ]
}

@test "opensnoop --failed, --pid and --uid select events" {
	need_bpf
	events opensnoop --failed
	cat /dev/null no-such-file || :
	finish
	jq -es 'length > 0 and all(.ret < 0)' rows
	jq -es 'any(.fname == "no-such-file")' rows

	events opensnoop --pid "$BASHPID"
	cat /dev/null
	: </dev/zero
	finish
	jq -es "length > 0 and all(.pid == $BASHPID) and any(.fname == \"/dev/zero\")" rows

	events opensnoop -u 65534
	cat /dev/null
	setpriv --reuid=65534 cat /dev/zero </dev/null | head -c 1
	finish
	jq -es 'length > 0 and all(.uid == 65534) and any(.fname == "/dev/zero")' rows
}

@test "multi reports two kinds of events, or one of them with -m" {
	need_bpf
	events multi --signal 10
	sh -c 'trap : USR1; kill -USR1 $$; echo $$' >signalled
	finish
	jq -es "map(select(.\"@map\" == \"signals\")) | length > 0 and all(.sig == 10) and
		any(.target_pid == $(cat signalled) and .pid == $(cat signalled) and .result == \"DELIVERED(0)\")" rows
	jq -es "map(select(.\"@map\" == \"execs\" and .pid == $(cat signalled))) |
		length == 1 and .[0].comm == \"sh\" and .[0].ppid > 0 and
		(.[0].filename | endswith(\"/sh\"))" rows
}

@test "syscount counts the calls of a process exactly over all CPUs" {
	need_bpf
	cc -o calls -x c - <<-'C'
		#include <stdio.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			getchar();
			for (int i = 0; i < 1000; i++)
				syscall(SYS_getpgid, 0);
			getchar();
		}
	C
	mkfifo in
	./calls <in 3>&- &
	exec 4>in
	events syscount --pid $!
	echo >&4
	# SYS_getpgid
	counted() {
		skel-fmt --json -q run.skel | jq -es 'any(.key == 121 and .value.count == 1000)'
	}
	wait_for 10 counted
	exec 4>&-
	finish
	jq -es 'map(select(.key == 121)) | last | .value.count == 1000 and .value.total_ns > 0' rows
}

@test "runqlat makes one histogram for all, or one for each process with its name" {
	need_bpf
	events runqlat
	sampled() {
		[ "$(grep -c '@sampled' run.skel)" -ge 2 ]
	}
	wait_for 10 sampled
	finish
	jq -es 'length > 0 and all(.key == 0 and .value.comm == "")' rows
	jq -es 'last | .value.slots | length == 26 and add > 0' rows

	events runqlat --targ_per_process
	wait_for 10 sampled
	finish
	jq -es 'map(.key) | unique | length > 1' rows
	jq -es "any(.value.comm == \"skel-load\")" rows
}

@test "calls has what a system call returned, and how long it took" {
	need_bpf
	events calls --failed
	run -1 cat /no/such/file
	run -0 true
	finish
	jq -es 'any(.comm == "cat" and .nr_text == "openat" and .ret_text == "-ENOENT" and .took > 0 and .cgroup > 0)' rows
	jq -es 'all(.ret < 0 and .ret >= -4095)' rows
	# By error, the most frequent first.
	run -0 --separate-stderr bash -c "skel-grep 'comm == \"cat\"' run.skel | skel-count --by nr,ret -f json | grep '\"key\":{'"
	[[ $output == *'"nr_text":"openat","ret":-2,"ret_text":"-ENOENT"'* ]]
}

@test "runqlen sees threads that wait for a CPU, and their cgroup" {
	need_bpf
	local spinners=()
	for ((i = 0; i < 3 * $(nproc); i++)); do
		(while :; do :; done) 3>&- &
		spinners+=($!)
	done
	events runqlen
	waited() {
		[ "$(skel-grep -c 'length > 0 && cgroup > 0' run.skel 2>/dev/null)" -gt 10 ]
	}
	wait_for 10 waited
	kill "${spinners[@]}"
	finish
	run -0 --separate-stderr bash -c "skel-count --by cgroup --max length --mean length -f json run.skel | grep '\"key\":{'"
	[[ $output == *'"max_length":'[1-9]* ]]
}

@test "skel-grep answers who opens a file, which connections fail, and why, of live records" {
	need_bpf
	events opensnoop
	echo x > watched-$$
	cat "$PWD/watched-$$" > /dev/null
	kill "$LOADER"
	wait "$LOADER"
	is cat "$(skel-grep "fname == \"$PWD/watched-$$\" && uid == \"$(id -un)\" && ret >= 0" run.skel |
		skel-fmt --tsv -b -H -c comm)"
	run -1 --separate-stderr skel-grep -q "fname == \"$PWD/watched-$$\" && uid != \"$(id -un)\"" run.skel

	events tcpconnect
	# Nobody listens where the kernel has just given a port away, and taken it back.
	python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); to = s.getsockname(); s.close()
print(to[1]); socket.socket().connect_ex(to)' > port
	kill "$LOADER"
	wait "$LOADER"
	is $'127.0.0.1\t'"$(cat port)" "$(skel-grep "from == SYN_SENT && to == CLOSE && daddr in 127.0.0.0/8 && dport == $(cat port)" run.skel |
		skel-fmt --tsv -b -H --text -c daddr,dport)"

	events calls --failed
	python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); to = s.getsockname(); s.close(); socket.socket().connect_ex(to)'
	kill "$LOADER"
	wait "$LOADER"
	skel-grep 'nr == connect && ret ~ "^-ECONN" && comm ~ "python" && cgroup ~ "^/"' run.skel |
		skel-fmt --tsv -b -H --text -c nr,ret | grep -Fx $'connect\t-ECONNREFUSED'
}
