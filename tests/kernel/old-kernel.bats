#!/usr/bin/env bats
# Fallbacks for kernels that are too old to be tested: strace(1) refuses the system
# calls that those kernels lack.
#
# The output of traced() are several words:
# shellcheck disable=SC2046

load ../helpers/helper
load ../helpers/session
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	need_strace
	need_bpf
	make_maps
	# The leak checker and strace cannot both be the tracer.
	export ASAN_OPTIONS=detect_leaks=0
}

teardown() {
	[ -z "${POLL:-}" ] || kill -KILL "$POLL" 2>/dev/null || :
	remove_maps
}

# traced CALL [INJECT]: print the start of a command line that writes these system
# calls to the file log and makes some of them fail.
traced() {
	echo "strace -qq -e trace=$1 ${2:+-e inject=$1:error=EINVAL:when=$2} -o log"
}

# number COMMAND: print which call of bpf(2) in log is the first with this command.
number() {
	# Signals have lines too.
	grep '^bpf(' log | grep -n "^bpf($1," | head -n 1 | cut -d : -f 1
}

# refused: print the names of the calls that strace made fail.
refused() {
	sed -nE 's/^([a-z_]+)\(([A-Z_]*).*\(INJECTED\)$/\1 \2/p' log | paste -s -d ,
}

# once [INJECT]: make one pass over the session's map, and write its records without
# times to the file records.
once() {
	$(traced bpf "${1:-}") skel-poll -f json --once session > out
	jq -c 'select(has("value")) | del(.["@time"])' out > records
}

@test "before Linux 6.0 the losses of perf buffers are added up from the kernel's records" {
	PAGES=1 make_session "$PB" > session
	# With -D the background process is skel-poll, not strace.
	$(traced perf_event_open 1) -D env --default-signal=INT skel-poll -f json session > out 2> err 3>&- &
	POLL=$!
	wait_for 10 test -s out
	is "perf_event_open " "$(refused)"
	ON_CPU=$(taskset -cp $$ | grep -oE "[0-9]+\$")
	export ON_CPU
	kill -STOP "$POLL"
	produce to_perf 5000
	kill -CONT "$POLL"
	wait_for 10 has_lines out 100
	# The kernel reports a loss before the next record.
	wait_for 10 noted
	local status=0
	kill -INT "$POLL"
	wait "$POLL" || status=$?
	POLL=
	[ "$status" -eq 3 ]
	[ "$(tail -n 1 out | jq '.["@end"] | .records + .lost')" -eq "$produced" ]
	[ "$(grep -c '@time' out)" -eq "$(tail -n 1 out | jq '.["@end"].records')" ]
}

produced=5000
noted() {
	produce to_perf 1
	produced=$((produced + 1))
	grep -q '@lost' out
}

@test "before Linux 5.13 each existing thread gets a perf event of its own" {
	run -0 --separate-stderr $(traced perf_event_open 1) \
		skel-load -f json -t 0.1 -a profile=perf:page-faults,pid=$$ "$ASSETS/profile.json"
	is "perf_event_open " "$(refused)"
	[[ $stderr == *"program profile: this kernel (before Linux 5.13) cannot sample the threads that process $$ creates from now on"* ]]
	grep -q "}, $$, -1, -1, .*) = [0-9]" log
	run ! grep -q "inherit=1.*}, $$, -1" log
	run -0 --separate-stderr $(traced perf_event_open) \
		skel-load -f json -t 0.1 -a profile=perf:page-faults,pid=$$ "$ASSETS/profile.json"
	[[ $stderr != *"cannot sample"* ]]
	grep -q "inherit=1.*}, $$, -1, -1, .*) = [0-9]" log
}

@test "before Linux 5.5 a sampled array is looked up, since it cannot be mapped" {
	bpf_package many
	edit many.json '(.meta.bpf_skel.maps[] | select(.name == "cells")).sample = {interval: 100, type: "default_kv"}'
	$(traced bpf) skel-load -f json -n 100000 -a to_all=off -a churn=off -a lock=off many.json > out
	jq -c 'select(has("value")) | del(.["@time"])' out > mapped
	[ "$(wc -l < mapped)" -eq 100000 ]
	run ! grep -q LOOKUP log
	grep -q 'MMAPABLE.*map_name="cells"' log
	$(traced bpf "$(number BPF_MAP_CREATE)") skel-load -f json -n 100000 -a to_all=off -a churn=off -a lock=off many.json > out
	is "bpf BPF_MAP_CREATE" "$(refused)"
	grep -q 'map_name="skel_mappable".*INJECTED' log
	run ! grep -q 'MMAPABLE.*map_name="cells"' log
	grep -q LOOKUP_BATCH log
	jq -c 'select(has("value")) | del(.["@time"])' out | cmp mapped
}

@test "before Linux 6.16 the kernel's BTF is read, since it cannot be mapped" {
	local size
	size=$(stat -c %s /sys/kernel/btf/vmlinux)
	$(traced mmap,memfd_create) skel-load --check "$ASSETS/opensnoop.json" > one
	# If this kernel is older, it refuses the call itself.
	$(traced mmap,memfd_create "$(grep -n "mmap(NULL, $size, PROT_READ, " log | cut -d : -f 1)") \
		skel-load --check "$ASSETS/opensnoop.json" > other
	grep -q "mmap(NULL, $size, PROT_READ, .* = -1 E" log
	grep -q 'memfd_create("skel-btf"' log
	cmp one other
}

@test "before Linux 5.6 a map is read key by key, without batches" {
	produce to_counts 7
	make_session "$(sampled counts 10)" > session
	once
	cp records batch
	[ "$(jq -c '[.key, .value]' batch)" = '[5,7]' ]
	once "$(number BPF_MAP_LOOKUP_BATCH)"
	is "bpf BPF_MAP_LOOKUP_BATCH" "$(refused)"
	cmp batch records
}

@test "before Linux 5.14 an element of a hash is read and then deleted in two calls" {
	local n
	produce to_counts 7
	make_session "$(sampled counts 10 true)" > session
	once
	[ "$(jq -c '[.key, .value]' records)" = '[5,7]' ]
	cp records batch
	# After the refused batch three calls follow: get the only key, get the key after
	# it, which does not exist, and remove the element.
	n=$(number BPF_MAP_LOOKUP_AND_DELETE_BATCH)
	produce to_counts 7
	once "$n..$((n + 3))+3"
	is "bpf BPF_MAP_LOOKUP_AND_DELETE_BATCH,bpf BPF_MAP_LOOKUP_AND_DELETE_ELEM" "$(refused)"
	cmp batch records
	once
	[ ! -s records ]
}

@test "a program that a kernel before Linux 5.8 refuses is told how old the kernel is" {
	# It calls itself 2.6, and refuses what any kernel does.
	bpf_object refused
	run -1 --separate-stderr setarch --uname-2.6 skel-load --check refused.bpf.o
	[[ $stderr == *"the verifier refused it"*"skel-load: this kernel is Linux 2.6."*", older than 5.8, "* ]]
	run -1 --separate-stderr skel-load --check refused.bpf.o
	[[ $stderr != *"this kernel is"* ]]
}
