#!/usr/bin/env bats
# skel-load(1) reads a package and writes a stream, on the real kernel.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	kill_load
	end_background
}

# Print the globals of globals.bpf.c as the program sees them, as one JSON record.
seen_globals() { # [-e ELF] [ARGUMENT...]
	local options=()
	[ "${1:-}" != -e ] || { options=(-e "$2"); shift 2; }
	start_load -q -f json -n 1 "${options[@]}" globals.json --targ_pid $BASHPID "$@"
	wait_for 10 has_lines out 2
	wait "$LOAD"
	LOAD=
	sed -n 2p out
}

@test "--check verifies every example, prints a line for each program, and attaches nothing" {
	need_bpf
	for package in "$ASSETS"/*.json; do
		run -0 --separate-stderr skel-load --check "$package"
		[ -z "$stderr" ]
		[ "${#lines[@]}" -eq "$(jq '.meta.bpf_skel.progs | length' "$package")" ]
		for line in "${lines[@]}"; do
			[[ $line =~ ^program\ [a-z_0-9]+\ [a-z_]+\ [^\ ]+\ ok,\ [0-9]+\ insns$ ]]
		done
	done
}

@test "arguments set variables in every kind of data section, up to the largest u64" {
	need_bpf
	bpf_package globals
	run -0 --separate-stderr seen_globals --ro 18446744073709551615 --ro_x 0xfffffffffffffffe \
		--da 4294967295 --da_x 17 --bs 3000000000 --small -128 \
		--disable-yes --enable-no --text 'fifteen letters'
	[[ $output == '{"@map":"rb",'*'"ro":18446744073709551615,"ro_x":18446744073709551614,"da":4294967295,"da_x":17,"bs":3000000000,"small":-128,"yes":false,"no":true,"text":"fifteen letters"}' ]]
}

@test "variables without an argument keep the object's values, also a bool that is true" {
	need_bpf
	bpf_package globals
	run -0 --separate-stderr seen_globals
	[[ $output == *'"ro":1,"ro_x":2,"da":3,"da_x":4,"bs":0,"small":-5,"yes":true,"no":false,"text":"as it was"}' ]]
}

@test "if the package has no defaults the object's own values are kept" {
	need_bpf
	bpf_package globals
	edit globals.json 'del(.meta.bpf_skel.data_sections[].variables[] | (.value, .cmdarg))'
	run -0 --separate-stderr seen_globals
	[[ $output == *'"ro":1,"ro_x":2,"da":3,"da_x":4,"bs":0,"small":-5,"yes":true,"no":false,"text":"as it was"}' ]]
}

@test "a global in a section .bss.x can be set, and is zero otherwise" {
	need_bpf
	bpf_package globals
	edit globals.json '(.meta.bpf_skel.data_sections[] | select(.name == ".bss").name) = ".bss.x"'
	bpf_object globals -DBSS_X
	run -0 --separate-stderr seen_globals -e globals.bpf.o --bs 77
	[[ $output == *'"da_x":4,"bs":77,"small":-5,'* ]]
	run -0 --separate-stderr seen_globals -e globals.bpf.o
	[[ $output == *'"da_x":4,"bs":0,"small":-5,'* ]]
}

@test "a u64 that skel-args wrote into the package is set exactly" {
	need_bpf
	bpf_package globals
	skel-args globals.json --ro 18446744073709551615 --targ_pid $BASHPID > filled.json
	grep -q 18446744073709551615 filled.json
	start_load -f json -n 1 filled.json
	wait_for 10 has_lines out 2
	sed -n 2p out | grep -q '"ro":18446744073709551615,'
}

@test "a variable or a section that the object lacks is an error that names it" {
	need_bpf
	bpf_package globals
	edit globals.json '(.meta.bpf_skel.data_sections[].variables[] | select(.name == "da_x").name) = "nosuch"'
	fails_with 1 "globals.json: nosuch: " skel-load globals.json
	bpf_package globals
	edit globals.json '(.meta.bpf_skel.data_sections[] | select(.name == ".data.x").name) = ".data.y"'
	fails_with 1 "globals.json: section .data.y is not in the object" skel-load globals.json
	edit globals.json '(.meta.bpf_skel.data_sections[] | select(.name == ".data.y").variables) = []'
	run -0 skel-load --check globals.json
	# Two static variables may have one name, so none can be set.
	cat >static.bpf.c <<-'C'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		static volatile int hidden = 1;
		int shown = 2;
		SEC("socket") int f(void *c)
		{
			return hidden + shown;
		}
	C
	clang -g -O2 -target bpf -idirafter "/usr/include/$(cc -dumpmachine)" -c -o static.bpf.o static.bpf.c
	skel-pack static.bpf.o | jq -c '(.meta.bpf_skel.data_sections[].variables[] | select(.name == "shown")) |=
		(.name = "hidden" | .value = 7)' >static.json
	fails_with 1 "static.json: hidden: the object has no such variable in .data" skel-load static.json
}

@test "a program that the object lacks is an error that names it" {
	need_bpf
	bpf_package kinds
	edit kinds.json '.meta.bpf_skel.progs[0].name = "nosuch"'
	fails_with 1 "skel-load: kinds.json: program nosuch is not in the object" skel-load kinds.json
}

@test "an extern that the kernel lacks is named" {
	need_bpf
	local declared what
	for declared in "int CONFIG_NOT_THERE __kconfig|kernel's configuration has no CONFIG_NOT_THERE" \
		"const int nosuch_symbol __ksym|kernel has no symbol or function nosuch_symbol"; do
		what=${declared%|*}
		cat > needs.bpf.c <<-X
			#include <linux/bpf.h>
			#include <bpf/bpf_helpers.h>
			extern $what;
			SEC("raw_tp/sched_process_exec") int needs(void *ctx)
			{
				return $(awk '{ print $(NF - 1) }' <<<"$what");
			}
			char LICENSE[] SEC("license") = "GPL";
		X
		skel-pack needs.bpf.c > needs.json
		fails_with 1 "skel-load: needs.json: this ${declared#*|}, which the program requires; where it can do without, declare it __weak" \
			skel-load -t 0.1 needs.json
	done
}

@test "if all programs are off, a notice says so" {
	need_bpf
	run -0 --separate-stderr skel-load -t 0.1 -a '*=off' "$ASSETS/bootstrap.json"
	[[ $stderr == *"bootstrap.json: no program is loaded, because all of them are left out" ]]
}

@test "a program that the verifier refuses is named, with the verifier's last lines" {
	need_bpf
	bpf_package refused
	fails_with 1 "skel-load: refused.json: program careless (raw_tp/sched_process_exit): the verifier refused it: Permission denied" \
		skel-load refused.json
	[[ $stderr == *"skel-load:     R0 invalid mem access 'map_value_or_null'"* ]]
	[[ $stderr != *libbpf* ]]
	fails_with 1 "program careless" skel-load --check refused.json
}

@test "of a long verifier's log only the last 20 lines are shown" {
	need_bpf
	bpf_package refused -DLONG
	fails_with 1 "program careless" skel-load -q refused.json
	[ "$(grep -c '^skel-load:     ' <<<"$stderr")" -eq 20 ]
}

@test "if the second program cannot be attached, the first does not stay" {
	need_bpf
	local first=f_$BASHPID second=s_$BASHPID
	bpf_package second "-Dfirst=$first" "-Dsecond=$second"
	fails_with 1 "skel-load: program $second: tp/sched/no_such_tracepoint: this kernel has no tracepoint sched/no_such_tracepoint" \
		skel-load second.json
	run ! bpftool prog show name "$first"
	# Alone it can be attached.
	run -0 --separate-stderr skel-load -v -t 0.1 -a "$second=off" second.json
	[[ $stderr == *"program $first: attached to tp/sched/sched_process_exec"* ]]
	[[ $stderr != *"$second: attached"* ]]
}

@test "the section places uprobes, uretprobes and USDT probes" {
	need_bpf
	c_program target
	bpf_package probes "-DTARGET=\"$PWD/target\""
	start_load -f json -n 3 probes.json
	./target
	wait_for 10 has_lines out 5
	wait "$LOAD"
	LOAD=
	[ "$(sed 1d out | jq -r 'select(.probe).probe' | xargs)" = "uprobe usdt uretprobe" ] ||
		[ "$(sed 1d out | jq -r 'select(.probe).probe' | xargs)" = "usdt uprobe uretprobe" ]
}

@test "a probe of a function that the file lacks is an error that says so" {
	need_bpf
	bpf_package probes '-DTARGET="/nonexistent"'
	fails_with 1 "skel-load: program entered: uprobe//nonexistent:work: /nonexistent: No such file or directory" \
		skel-load probes.json
}

@test "-a PROGRAM=cgroup:PATH attaches to that cgroup, until the end" {
	need_bpf
	local top cgroup
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$top" ] || skip "no cgroup2 is mounted"
	cgroup=$top/skel-test-$$
	mkdir "$cgroup" || skip "cannot make a cgroup"
	bpf_package kinds
	start_load -a "count_packets=cgroup:$cgroup" -a each_task=off -a pass=off -a nowhere=off kinds.json
	bpftool cgroup show "$cgroup" | grep -q count_packets
	end_load
	run -0 bpftool cgroup show "$cgroup"
	[[ $output != *count_packets* ]]
	rmdir "$cgroup"
	fails_with 1 "program count_packets: cgroup:$cgroup: no such cgroup" \
		skel-load -q -a "count_packets=cgroup:$cgroup" -a pass=off -a nowhere=off kinds.json
}

@test "a program that cannot be attached is reported before anything is loaded" {
	need_bpf
	bpf_package kinds
	fails_with 1 "program count_packets: cgroup_skb/egress: its section does not name its target; give one with -a count_packets=cgroup:PATH" \
		skel-load --only count_packets kinds.json
	fails_with 1 "program each_task: cgroup:/x: iter programs cannot go there; WHERE is one of iter:" \
		skel-load -a count_packets=off -a each_task=cgroup:/x kinds.json
	fails_with 1 "program nowhere: uprobe: its section does not name its target; give one with -a nowhere=uprobe:FILE:FUNCTION[,offset=N][,pid=PID]" \
		skel-load -q --only 'no*' kinds.json
	fails_with 1 "-a nosuch: kinds.json has no such program; it has: count_packets, each_task, pass, nowhere" \
		skel-load -a nosuch=off kinds.json
}

@test "link: false keeps a program loaded and unattached" {
	need_bpf
	bpf_package kinds
	edit kinds.json '.meta.bpf_skel.progs[].link = false | (.meta.bpf_skel.progs[] | select(.name == "each_task")) += {link: true, sample: {interval: 100}}'
	start_load kinds.json
	[ "$(held link | wc -l)" -eq 1 ]
	[ "$(held prog | wc -l)" -eq 4 ]
}

@test "a package without an exported map runs, with a header, an end and a notice" {
	need_bpf
	bpf_package second
	run -0 --separate-stderr skel-load -t 0.1 -a second=off second.json
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -c .maps <<<"${lines[0]}")" = '[]' ]
	[ "${lines[1]}" = '{"@end":{"records":0,"lost":0}}' ]
	[[ $stderr == *"second.json: nothing to export"* ]]
}

@test "-n ends after a number of records, -t after a time" {
	need_bpf
	bpf_package globals
	seen_globals --da 1 >/dev/null
	has_lines out 3
	[ "$(tail -n 1 out | without_rings)" = '{"@end":{"records":1,"lost":0}}' ]
	run -0 --separate-stderr skel-load -t 0.2 globals.json
	[ "$(without_rings <<<"${lines[1]}")" = '{"@end":{"records":0,"lost":0}}' ]
}

@test "lost records are counted, and the exit status is 3" {
	need_bpf
	cp "$ASSETS/opensnoop.json" .
	edit opensnoop.json '.meta.perf_buffer_pages = 1'
	mkfifo slow
	exec 4<> slow
	skel-load -t 2 opensnoop.json > slow 2> err 3>&- 4>&- &
	LOAD=$!
	# Nothing reads yet, so the pipe fills, and then the kernel's buffer.
	local end=$((SECONDS + 3))
	while [ "$SECONDS" -lt "$end" ]; do
		: < /dev/null
	done
	exec 5< slow
	exec 4<&-
	cat <&5 > out &
	local status=0
	wait "$LOAD" || status=$?
	LOAD=
	[ "$status" -eq 3 ]
	grep -q 'records were lost' err
	[ "$(tail -n 1 out | jq '.["@end"].lost')" -gt 0 ]
}

@test "a record shorter than its type is an @error line, and the exit status is 1" {
	need_bpf
	bpf_package globals -DSHORT
	start_load -t 1 globals.json --targ_pid $BASHPID
	wait_for 10 has_lines out 2
	local status=0
	wait "$LOAD" || status=$?
	LOAD=
	[ "$status" -eq 1 ]
	sed -n 2p out | grep -q '^{"@error":{"map":"rb","message":"record of 24 bytes, its type needs 31"}}$'
	grep -q 'skel-load: map rb: record of 24 bytes, its type needs 31' err
}

@test "without a package, or with -, standard input is read; arguments follow the -" {
	need_bpf
	bpf_package globals
	run -0 --separate-stderr skel-load -t 0.1 < globals.json
	[ "$(jq -r .name <<<"${lines[0]}")" = globals_bpf ]
	run -0 --separate-stderr bash -c 'skel-pack globals.bpf.o | skel-load -t 0.1 -v - --da 7'
	[[ $stderr == *"da = 7"* ]]
	run -0 --separate-stderr skel-load -t 0.1 -v globals.json -- --da 8
	[[ $stderr == *"da = 8"* ]]
}

@test "an object file is packed on the way, by a child without privileges" {
	need_bpf
	bpf_package globals
	run -0 --separate-stderr skel-load -t 0.1 -v globals.bpf.o --da 7
	[ "$(jq -r .name <<<"${lines[0]}")" = globals_bpf ]
	[[ $stderr == *"globals.bpf.o: da = 7"* ]]
	run -0 --separate-stderr skel-load --check - <globals.bpf.o
	[[ $output == "program report_globals raw_tracepoint "* ]]
	head -c 3000 globals.bpf.o >cut.bpf.o
	fails_with 1 "skel-load: cut.bpf.o: " skel-load cut.bpf.o
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	fails_with 1 "globals.bpf.o: this is an object file; -e needs a package" skel-load -e globals.bpf.o globals.bpf.o
	# What the child may do ends with the confinement that skel-pack has.
	[ -n "${SAN:-}" ] || [ -z "$(command -v strace)" ] ||
		strace -f -e trace=seccomp,landlock_restrict_self,bpf -o calls skel-load --check globals.bpf.o
	[ ! -f calls ] || ! grep -q seccomp calls ||
		awk '/seccomp\(SECCOMP_SET_MODE_FILTER/ { child = $1 } child == $1 && /bpf\(/ { bad = 1 } END { exit child == "" || bad }' calls
}

# is_stuck PID: a child of it, to which child is set, is confined.
is_stuck() {
	local c children
	read -ra children <"/proc/$1/task/$1/children" || :
	for c in "${children[@]}"; do
		! grep -q '^NoNewPrivs:.*1' "/proc/$c/status" || { child=$c; return 0; }
	done
	return 1
}

@test "the child that packs an object has no descriptors but standard error and its pipe" {
	need_bpf
	bpf_package globals
	# A FIFO with nobody to read what it reports stops the child after its work began.
	mkfifo hold
	exec 8<>hold
	head -c 65536 /dev/zero >&8
	head -c 3000 globals.bpf.o >cut.bpf.o
	sleep 1000 3>&- 8>&- &
	local other=$! pid child
	skel-load -c 'touch ran' cut.bpf.o 7<"/proc/$other/environ" 2>&8 3>&- 8>&- >/dev/null &
	pid=$!
	wait_for 10 is_stuck "$pid"
	ls -l "/proc/$child/fd" >fds
	kill "$other"
	# What was filled in, and then what it reports, until it ends.
	cat <hold >/dev/null 3>&- 8>&- &
	other=$!
	exec 8>&-
	wait "$pid" && return 1
	wait "$other"
	grep -q ' 2 -> ' fds
	is 2 "$(grep -c -- '->' fds)"
	[ ! -e ran ]
}

@test "an object that says nothing of its records shows them with names, at once or packed before" {
	need_bpf
	bpf_object unnamed
	run -0 --separate-stderr skel-load --as-is -f json -n 3 -t 10 unnamed.bpf.o
	[[ $stderr == *"map rb: its records are struct event, the type of what on_call() writes"* ]]
	[[ $stderr == *"iterator list: its records are struct row, the type of what list() writes"* ]]
	is '[["rb","event"],["list","row"]]' "$(head -n 1 <<<"$output" |
		jq -c '. as $h | [.maps[] | [.name, $h.types[.value].name]]')"
	sed -n '2,4p' <<<"$output" | grep -qE '^\{"@map":"(rb",.*"pid":[0-9]+,"comm":"[^"]*","ns":[0-9]+|list",.*"cpu":[0-9]+,"mark":"row")\}$'
	skel-pack -q unnamed.bpf.o >unnamed.json
	skel-load --as-is -f json -n 1 unnamed.json | head -n 1 | jq -e '.types | any(.name == "event")'
	# Another type is stated: a record of another size is no event.
	run -0 --separate-stderr skel-load --as-is -f json -m rb -n 1 -t 10 --events 'rb=unsigned long long' unnamed.json
	is 'unsigned long long' "$(head -n 1 <<<"$output" | jq -r '. as $h | $h.types[$h.maps[0].value].name')"
	# The types of the object are those in its DWARF, too.
	jq '.meta | del(.export_types, .bpf_skel.progs[].export_config)' unnamed.json >bare.json
	for type in 'struct event' 'struct row'; do
		run -0 --separate-stderr skel-load --as-is -e unnamed.bpf.o -f json -m rb -n 1 -t 10 --events "rb=$type" bare.json
		is "$type" "struct $(head -n 1 <<<"$output" | jq -r '. as $h | $h.types[$h.maps[0].value].name')"
		# The buffer is a page, which a busy machine fills.
		is "" "$(grep -v 'records may have been lost since' <<<"$stderr")"
	done
	fails_with 1 "unnamed.json: --events rb=struct evnt: the object has no type" skel-load --events 'rb=struct evnt' unnamed.json
	fails_with 1 "unnamed.bpf.o: --events rb=struct evnt: the object has no type" skel-load --events 'rb=struct evnt' unnamed.bpf.o
	fails_with 2 "expected MAP=TYPE" skel-load --events rb unnamed.json
}

@test "-e adds the object to a bare meta, or replaces the one in the package" {
	need_bpf
	bpf_package globals
	jq -c .meta globals.json > meta.json
	fails_with 1 "meta.json: " skel-load meta.json
	run -0 --separate-stderr skel-load --check -e globals.bpf.o meta.json
	[[ $output == "program report_globals raw_tracepoint raw_tp/sys_enter ok, "* ]]
	run -0 --separate-stderr skel-load --check -e globals.bpf.o globals.json
}

@test "the program's --help is on standard output, its wrong arguments are usage errors" {
	bpf_package globals
	run -0 --separate-stderr skel-load globals.json --help
	[[ $output == *"Usage: skel-load globals.json"*"--targ_pid"* ]]
	[ -z "$stderr" ]
	fails_with 2 "nosuch" skel-load globals.json --nosuch 1
	fails_with 2 "small" skel-load globals.json --small 128
	run -0 bash -c 'set -o pipefail; skel-load globals.json --help | true'
}

@test "a wrong command line exits 2 with nothing on stdout, before anything is read" {
	fails_with 2 "usage: skel-load" skel-load --nosuch
	fails_with 2 "options of the program come after the package, whose --help lists them" skel-load --nosuch x.json
	fails_with 2 "--detach needs --pin=DIR" skel-load --detach nosuch.json
	fails_with 2 "--detach needs --pin=DIR" skel-load --pin --detach nosuch.json
	fails_with 2 "-t" skel-load --pin=/sys/fs/bpf/x --detach -t 1 nosuch.json
	fails_with 2 "-n" skel-load --pin -n 1 nosuch.json
	fails_with 2 "--check" skel-load --pin --check nosuch.json
	fails_with 2 "--unload allows no other option and no package" skel-load --unload /x nosuch.json
	fails_with 2 "--unload allows no other option and no package" skel-load --unload /x -n 5
	fails_with 2 "-n: 0: not a number of records" skel-load -n 0 nosuch.json
	fails_with 2 "-t: soon: not a number of seconds" skel-load -t soon nosuch.json
	fails_with 2 "--latency: 1001: not a number of milliseconds up to 1000" \
		skel-load --latency 1001 nosuch.json
	fails_with 2 "--latency: with --pin records are read by skel-poll; give it the option" skel-load --pin --latency 10 nosuch.json
	fails_with 2 "--unload allows no other option and no package" skel-load --unload /x --latency 10
	fails_with 2 "-f: xml: neither binary nor json" skel-load -f xml nosuch.json
	fails_with 2 "-a x: expected PROGRAM=WHERE" skel-load -a x nosuch.json
	fails_with 2 "-a x=there: WHERE is one of " skel-load -a x=there nosuch.json
	fails_with 2 "-a x=xpd:lo: unknown WHERE xpd; the nearest: xdp" skel-load -a x=xpd:lo nosuch.json
	fails_with 2 "-a x=of: unknown WHERE of; the nearest: off" skel-load -a x=of nosuch.json
	fails_with 2 "-a x=xdp: expected xdp:INTERFACE[,mode=native|skb|hw]" skel-load -a x=xdp nosuch.json
	fails_with 2 "unknown argument -n; --help lists them all; options of skel-load come before the package" \
		skel-load "$ASSETS/ps.json" -n 5
	fails_with 1 "nosuch.json: No such file" skel-load nosuch.json
}

@test "an unknown map is an error" {
	need_bpf
	bpf_package globals
	fails_with 1 "nosuch" skel-load -m nosuch globals.json
}

@test "an ordinary user is told which capabilities are missing" {
	need_nobody
	bpf_package globals
	fails_with 1 "skel-load: globals.json: needs CAP_BPF and CAP_PERFMON; run as root" \
		as_nobody skel-load globals.json
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "-q prints no messages, -v what is done, -vv libbpf's lines too" {
	need_bpf
	bpf_package second
	run -0 --separate-stderr skel-load -q -t 0.1 -a second=off second.json
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-load --no-log -t 0.1 -a second=off second.json
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-load -v -t 0.1 -a second=off second.json
	[[ $stderr == *"program first: attached"* ]]
	[[ $stderr != *"libbpf: "* ]]
	run -0 --separate-stderr skel-load -vv -t 0.1 -a second=off second.json
	[[ $stderr == *"skel-load: libbpf: "* ]]
	edit second.json '.meta.debug_verbose = true'
	run -0 --separate-stderr skel-load -t 0.1 -a second=off second.json
	[[ $stderr == *"skel-load: libbpf: "* ]]
}

@test "tracefs is mounted if it is missing, with one notice" {
	need_bpf
	bpf_package second
	run -0 --separate-stderr without_mounts sh -c \
		'skel-load -t 0.1 -a second=off second.json && skel-load -t 0.1 -a second=off second.json'
	[ "$(grep -c '^skel-load: mounted tracefs on /sys/kernel/tracing$' <<<"$stderr")" -eq 1 ]
	# A program that does not need tracefs does not mount it.
	bpf_package globals
	run -0 --separate-stderr without_mounts skel-load -t 0.1 globals.json
	[ -z "$stderr" ]
}

@test "if tracefs cannot be mounted the error has advice" {
	need_bpf
	bpf_package second
	run -1 --separate-stderr without_mounts setpriv --bounding-set -sys_admin --inh-caps -sys_admin \
		skel-load -a second=off second.json
	[[ $stderr == *"tracefs is not mounted on /sys/kernel/tracing and cannot be mounted: Operation not permitted; run as root: mount -t tracefs tracefs /sys/kernel/tracing"* ]]
}

# able CAPABILITIES COMMAND...: run the command as an ordinary user with these
# capabilities, for instance "+bpf,+perfmon".
able() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps "$1" --ambient-caps "$1" "${@:2}"
}

@test "CAP_BPF and CAP_PERFMON are enough, with CAP_DAC_READ_SEARCH if only root may read tracefs" {
	need_bpf
	need_nobody
	run -0 able +bpf,+perfmon skel-load -t 0.1 "$ASSETS/runqlat.json"
	if [ "$(cat /proc/sys/kernel/perf_event_paranoid)" -gt 2 ]; then
		fails_with 1 "not permitted without CAP_SYS_ADMIN, since kernel.perf_event_paranoid is " \
			able +bpf,+perfmon,+dac_read_search skel-load "$ASSETS/opensnoop.json"
		return
	fi
	# A busy machine opens more files than there is room for.
	run able +bpf,+perfmon,+dac_read_search skel-load -t 0.1 "$ASSETS/opensnoop.json"
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	able -all test -r /sys/kernel/tracing && skip "tracefs is anybody's here"
	fails_with 1 "/tracing: Permission denied; run as root, or add CAP_DAC_READ_SEARCH" \
		able +bpf,+perfmon skel-load "$ASSETS/opensnoop.json"
}

@test "a binary stream is not written to a terminal, and nothing is attached for it" {
	need_bpf
	local load='skel-load -n 1 -t 0.1'
	run -2 script -qec "$load '$ASSETS/bootstrap.json' 2>&1" /dev/null
	[ "${output%$'\r'}" = 'skel-load: a terminal cannot show a binary stream; append "| skel-fmt" to the command, or add -f json' ]
	skel-load -n 1 -t 0.1 "$ASSETS/bootstrap.json" >run.skel
	run -2 script -qec "skel-poll run.skel 2>&1" /dev/null
	[[ $output == 'skel-poll: a terminal cannot show a binary stream; '* ]]
	run -0 script -qec "skel-load '$ASSETS/bootstrap.json' --help" /dev/null
	run -0 script -qec "$load -f json '$ASSETS/bootstrap.json'" /dev/null
	[[ ${lines[0]} == '{"skel":"stream",'* ]]
	run -0 --separate-stderr bash -c "$load '$ASSETS/bootstrap.json'"
	[ -z "$stderr" ]
}

@test "options of skel-load stand among the program's arguments too, unless it has one of that name" {
	need_bpf
	need_clang
	object both <<-'END'
		const volatile int set = 1;
		struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2);
			__type(key, int); __type(value, int); } kept SEC(".maps");
		SEC("raw_tp/sys_enter") int on_call(void *ctx) { return set + bpf_map_lookup_elem(&kept, &(int){0}) != 0; }
	END
	skel-pack -q both.bpf.o >both.json
	skel-load -t 0.2 -f json both.json --sample kept=100ms --set 5 >out
	grep -q '"source":"sample"' out
	fails_with 2 'skel-load: --set: "kept[0]=5" is not a number (int)' skel-load -t 0.1 both.json --set 'kept[0]=5'
	fails_with 2 "skel-load: --sample needs a value" skel-load -t 0.1 both.json --sample
	fails_with 2 "skel-load: --both takes no value" skel-load -t 0.1 both.json --both=1
}

@test "kill -9 leaves no program, map or link" {
	need_bpf
	start_load "$ASSETS/bootstrap.json"
	local progs maps links
	progs=$(held prog) maps=$(held map) links=$(held link)
	[ -n "$progs" ]
	[ -n "$maps" ]
	[ -n "$links" ]
	local status=0
	end_load KILL || status=$?
	[ "$status" -eq 137 ]
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $progs
	# shellcheck disable=SC2086
	wait_for 5 none_of map $maps
	# shellcheck disable=SC2086
	wait_for 5 none_of link $links
}

@test "-c runs a command when all is attached, and ends with it" {
	need_bpf
	bpf_package globals
	run -0 --separate-stderr skel-load -f json -c 'cat; echo out; exit 5' globals.json --targ_pid '{pid}' </dev/null
	# Its output is among the messages, and its status is one of them.
	is $'out\nskel-load: -c: the command ended with status 5' "$stderr"
	is '{"skel":"stream"' "${lines[0]%%,*}"
	[[ ${lines[-1]} == '{"@end":{"records":'"$((${#lines[@]} - 2)),"* ]]
	# The shell was started after the program was attached: at least execve().
	[ "${#lines[@]}" -gt 20 ]
	run -0 --separate-stderr skel-load -q -c 'kill -KILL $$' "$ASSETS/bootstrap.json"
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-load -c 'kill -KILL $$' -f json "$ASSETS/bootstrap.json"
	is "skel-load: -c: the command was ended by signal 9 (Killed)" "$stderr"
	# A package on standard input is not for the command.
	run -0 --separate-stderr bash -c 'skel-load -f json -c "cat; echo read" <"$1"' - "$ASSETS/bootstrap.json"
	is $'read\nskel-load: -c: the command ended with status 0' "$stderr"
}

@test "a C source goes straight to its records" {
	need_bpf
	cp "$PROGRAMS/globals.bpf.c" .
	skel-pack globals.bpf.c | skel-load -q -f json -n 1 -c true - --targ_pid '{pid}' --da 7 >out
	[[ $(sed -n 2p out) == '{"@map":"rb",'*'"ro":1,"ro_x":2,"da":7,"da_x":4,'*'"text":"as it was"}' ]]
}

@test "-c: our end ends the command and what it started" {
	need_bpf
	local pids
	gone() { ! kill -0 "${pids[0]}" 2>/dev/null && ! kill -0 "${pids[1]}" 2>/dev/null; }
	start_load -c 'sleep 300 & echo $! $$ >both; wait' "$ASSETS/bootstrap.json"
	wait_for 10 has_lines both 1
	read -r -a pids <both
	end_load
	is "skel-load: -c: the command was ended by signal 15 (Terminated)" "$(<err)"
	wait_for 5 gone
	# Also if it does not want to, and if we are killed.
	rm both
	start_load -c 'trap "" TERM; sleep 300 & echo $! $$ >both; wait' "$ASSETS/bootstrap.json"
	wait_for 10 has_lines both 1
	read -r -a pids <both
	end_load
	is "skel-load: -c: the command was ended by signal 9 (Killed)" "$(<err)"
	wait_for 5 gone
	rm both
	start_load -c 'sleep 300 & echo $! $$ >both; wait' "$ASSETS/bootstrap.json"
	wait_for 10 has_lines both 1
	read -r -a pids <both
	kill -9 "$LOAD"
	wait_for 5 gone
}

@test "-c: where something fails before, the command never runs" {
	need_bpf
	bpf_package globals
	fails_with 1 "nosuch.json: No such file" skel-load -c 'touch ran' nosuch.json
	fails_with 1 "" skel-load -c 'touch ran' -m nosuch globals.json
	fails_with 2 "-a x=nowhere" skel-load -c 'touch ran' -a 'x=nowhere:{pid}' globals.json
	fails_with 2 "-c: with --check no program runs" skel-load --check -c 'touch ran' globals.json
	fails_with 2 "-c: with --pin records are read by skel-poll" skel-load --pin -c 'touch ran' globals.json
	fails_with 2 "{pid} stands for the process of -c" skel-load -a 'x=perf:pid={pid}' globals.json
	[ ! -e ran ]
}

@test "-c runs as the user who called sudo" {
	need_bpf
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run -0 --separate-stderr env SUDO_UID=65534 SUDO_GID=65534 NOTIFY_SOCKET=/none \
		skel-load -q -c 'id -u; id -g; id -G; echo $HOME; echo "[$NOTIFY_SOCKET]"' "$ASSETS/bootstrap.json"
	is "65534 65534 65534 $(getent passwd 65534 | cut -d: -f6) []" "$(paste -s -d ' ' <<<"$stderr")"
	# A user without a name has no groups of ours either.
	run -0 --separate-stderr env SUDO_UID=12345 SUDO_GID=12346 skel-load -q -c 'id -u; id -G' "$ASSETS/bootstrap.json"
	is "12345 12346" "$(paste -s -d ' ' <<<"$stderr")"
	# Where it is not known who that was, it does not run as root.
	for who in "SUDO_UID=65534" "SUDO_UID=x SUDO_GID=65534" "SUDO_UID=4294967295 SUDO_GID=0"; do
		# shellcheck disable=SC2086
		fails_with 1 "-c: SUDO_UID and SUDO_GID do not say which user called sudo" \
			env -u SUDO_GID $who skel-load -c 'touch ran' "$ASSETS/bootstrap.json"
	done
	[ ! -e ran ]
}

@test "-c: {pid} in a place is the command's process" {
	need_bpf
	run -0 --separate-stderr skel-load -f json -n 3 -c 'echo $$ >pid; while :; do :; done' \
		-a 'profile=perf:cpu-clock,freq=999,pid={pid}' "$ASSETS/profile.json"
	is "$(<pid)" "$(grep '"@map"' <<<"$output" | jq .pid | sort -u)"
}

# ready SOCKET COMMAND...: run the command with NOTIFY_SOCKET, print the first
# message there, and how many lines out has then; the command ends when its reader
# does.
ready() {
	python3 - "$@" <<-'PYTHON'
		import os, socket, subprocess, sys
		name = sys.argv[1]
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("\0" + name[1:] if name[0] == "@" else name)
		s.settimeout(60)
		p = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, env=dict(os.environ, NOTIFY_SOCKET=name))
		print(s.recv(100).decode(), end=" ")
		os.set_blocking(p.stdout.fileno(), False)
		print(os.read(p.stdout.fileno(), 16).decode())
		p.stdout.close()
		p.terminate()
		sys.exit(p.wait())
	PYTHON
}

@test "READY=1 is sent when all is attached and the header is written" {
	need_bpf
	run -0 --separate-stderr ready "$PWD/socket" skel-load "$ASSETS/bootstrap.json"
	is 'READY=1 {"skel":"stream"' "$output"
	run -0 --separate-stderr ready "@skel-test-$BASHPID" skel-load -f json "$ASSETS/bootstrap.json"
	is 'READY=1 {"skel":"stream"' "$output"
	run -0 --separate-stderr ready "$PWD/pinned" skel-load --pin "$ASSETS/bootstrap.json"
	is 'READY=1 {"skel":"session' "$output"
	# Nobody there is no reason not to run.
	run -0 --separate-stderr env NOTIFY_SOCKET=/none/there skel-load -t 0.1 -f json "$ASSETS/bootstrap.json"
	is "skel-load: NOTIFY_SOCKET: /none/there: No such file or directory" "$stderr"
}

@test "SIGINT, SIGTERM and SIGHUP end the stream properly, with status 0" {
	need_bpf
	for signal in INT TERM HUP; do
		start_load "$ASSETS/bootstrap.json"
		end_load "$signal"
		[[ $(tail -n 1 out | without_rings) == '{"@end":{"records":'*',"lost":0}}' ]]
	done
}

@test "completion offers the program's arguments after the options and the package" {
	local package=$ASSETS/bootstrap.json
	[ "$(complete_words skel-load "$package" --min)" = --min_duration_ns ]
	[ "$(complete_words skel-load -f json -t 5 --pin "$package" --min)" = --min_duration_ns ]
	[ "$(complete_words skel-load --pin = /sys/fs/bpf/x "$package" --min)" = --min_duration_ns ]
	[ "$(complete_words skel-load -a p=off -m rb -n 3 "$package" --min)" = --min_duration_ns ]
	[ "$(complete_words skel-load -a p = tc : lo,prio = 5 "$package" --min)" = --min_duration_ns ]
	skel-pack --unpack "$package" > x.bpf.o
	jq -c .meta "$package" > bare.json
	[ "$(complete_words skel-load -e x.bpf.o bare.json --min)" = --min_duration_ns ]
}

@test "completion offers options, formats and files before the package" {
	touch a.json
	mkdir there
	[ "$(complete_words skel-load --de)" = --detach ]
	[ "$(complete_words skel-load -a p=tc)" = "p=tc: p=tcx:" ]
	[ "$(complete_words skel-load -a p = tc)" = "tc: tcx:" ]
	[ "$(complete_words skel-load --attach = p = o)" = off ]
	[ "$(complete_words skel-load -a p = xdp : lo)" = lo ]
	[ "$(complete_words skel-load -a p)" = "" ]
	[ "$(complete_words skel-load -f '')" = "binary json" ]
	[ "$(complete_words skel-load --format = j)" = json ]
	[ "$(complete_words skel-load a)" = a.json ]
	[ "$(complete_words skel-load --btf a)" = a.json ]
	[ "$(complete_words skel-load --unload '')" = there ]
	[ "$(complete_words skel-load -n '')" = "" ]
	[ "$(complete_words skel-load --latency '')" = "" ]
	[ "$(complete_words skel-load --latency 5 a)" = a.json ]
}

@test "all descriptors of the hard limit are used, and if they run out the verifier is not blamed" {
	need_bpf
	prlimit --nofile=12: skel-load -n 1 "$ASSETS/ps.json" > out
	has_header out
	local n ended=0
	for n in {8..24}; do
		run bash -c "ulimit -n $n; skel-load -t 0.1 '$ASSETS/bootstrap.json' 2>&1 >/dev/null"
		[[ $output != *refuse* ]] || { echo "$n: $output"; return 1; }
		[[ $output == *": Too many"* ]] || continue
		is 1 "${#lines[@]}"
		[[ $output == *": Too many open files; the limit is $n (ulimit -n)" ]]
		ended=$((ended + 1))
	done
	[ "$ended" -gt 3 ]
}
