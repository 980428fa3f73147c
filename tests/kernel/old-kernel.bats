#!/usr/bin/env bats
# What kernels older than any of these refuse, refused here by strace(1): then
# it is done in the way that they know.
#
# What traced() says are words:
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
	# The leak checker and strace both want to be the tracer.
	export ASAN_OPTIONS=detect_leaks=0
}

teardown() {
	[ -z "${POLL:-}" ] || kill -KILL "$POLL" 2>/dev/null || :
	remove_maps
}

# traced CALL [INJECT]: the command line that keeps these calls in the file log,
# and refuses some.
traced() {
	echo "strace -qq -e trace=$1 ${2:+-e inject=$1:error=EINVAL:when=$2} -o log"
}

# number COMMAND: the first such call of bpf(2) in log is which.
number() {
	grep -n "^bpf($1," log | head -n 1 | cut -d : -f 1
}

# refused: the calls that strace refused, by name.
refused() {
	sed -nE 's/^([a-z_]+)\(([A-Z_]*).*\(INJECTED\)$/\1 \2/p' log | paste -s -d ,
}

# once [INJECT]: one pass over the session's map, its records without times in
# the file records.
once() {
	$(traced bpf "${1:-}") skel-poll -f json --once session > out
	jq -c 'select(has("value")) | del(.["@time"])' out > records
}

@test "Linux before 6.0 counts no losses of perf buffers: its notes of them are added up" {
	PAGES=1 make_session "$PB" > session
	# -D: the process is skel-poll itself.
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
	# The note of a loss comes with the next record.
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

@test "Linux before 5.13 passes no perf event on to threads alone: those that there are have one" {
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

@test "Linux before 5.5 makes no array that can be mapped: a sampled one is looked up" {
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

@test "Linux before 6.16 maps not its BTF: it is read" {
	local size
	size=$(stat -c %s /sys/kernel/btf/vmlinux)
	$(traced mmap,memfd_create) skel-load --check "$ASSETS/opensnoop.json" > one
	# A kernel that is older itself refuses it.
	$(traced mmap,memfd_create "$(grep -n "mmap(NULL, $size, PROT_READ, " log | cut -d : -f 1)") \
		skel-load --check "$ASSETS/opensnoop.json" > other
	grep -q "mmap(NULL, $size, PROT_READ, .* = -1 E" log
	grep -q 'memfd_create("skel-btf"' log
	cmp one other
}

@test "Linux before 5.6 looks up no batches: a map is read key by key" {
	produce to_counts 7
	make_session "$(sampled counts 10)" > session
	once
	cp records batch
	[ "$(jq -c '[.key, .value]' batch)" = '[5,7]' ]
	once "$(number BPF_MAP_LOOKUP_BATCH)"
	is "bpf BPF_MAP_LOOKUP_BATCH" "$(refused)"
	cmp batch records
}

@test "Linux before 5.14 takes no element out of a hash at once: it is read and deleted" {
	local n
	produce to_counts 7
	make_session "$(sampled counts 10 true)" > session
	once
	[ "$(jq -c '[.key, .value]' records)" = '[5,7]' ]
	cp records batch
	# There is one key; after it comes none, and then it is taken.
	n=$(number BPF_MAP_LOOKUP_AND_DELETE_BATCH)
	produce to_counts 7
	once "$n..$((n + 3))+3"
	is "bpf BPF_MAP_LOOKUP_AND_DELETE_BATCH,bpf BPF_MAP_LOOKUP_AND_DELETE_ELEM" "$(refused)"
	cmp batch records
	once
	[ ! -s records ]
}
