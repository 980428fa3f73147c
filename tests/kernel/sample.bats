#!/usr/bin/env bats
# Results in maps and global variables that no annotation and no package names, and
# stacks that nothing names but their members.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	[ -d /sys/kernel/tracing/events/syscalls/sys_enter_getpgid ] ||
		mount -t tracefs none /sys/kernel/tracing 2>/dev/null || :
	[ -d /sys/kernel/tracing/events/syscalls/sys_enter_getpgid ] || skip "needs tracepoints of system calls"
	cd "$BATS_TEST_TMPDIR"
	bpf_package results 2>/dev/null
}

teardown() {
	kill_load
}

# call NUMBER...: have the program count the numbers.
call() {
	python3 - "$@" <<-'PY'
		import os, sys
		for n in sys.argv[1:]:
		    try:
		        os.getpgid(0x700000 + int(n))
		    except ProcessLookupError:
		        pass
	PY
}

# counted OPTION... -- NUMBER...: run skel-load with the options while the numbers are
# counted, and leave the last record of each key in the file records.
counted() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	start_load "${options[@]}" results.json
	call "$@"
	end_load
	skel-fmt --json out > records
}

# last FILTER: the last record for which the filter is true.
last() {
	jq -sc "[.[] | select($1)] | last | del(.[\"@time\"])" records
}

@test "a map of each kind is sampled with its own types, and a per-CPU map with the sum" {
	counted --sample 'hists=20ms' --sample buckets=20 --sample percpu=1h --sample plain=20ms,nonzero -- 3 5 5
	is '{"@map":"hists","key":1,"value":{"slots":[0,0,0,0,0,2,0,0]}}' "$(last '.["@map"] == "hists" and .key == 1')"
	is '{"@map":"buckets","key":{"name":"odd","log2":5},"value":2}' "$(last '.["@map"] == "buckets" and .key.log2 == 5')"
	is 2 "$(last '.["@map"] == "percpu" and .key == 5' | jq .value)"
	is '[3,5]' "$(jq -sc '[.[] | select(.["@map"] == "plain").key] | unique' records)"
	is '[["buckets",20,null],["hists",20,null],["percpu",3600000,null],["plain",20,true]]' \
		"$(head -n 1 out | jq -c '[.maps[] | [.name, .sample.interval, .sample.nonzero]] | sort')"
}

@test "-m of a map or a variable that nobody exports samples it every second" {
	counted -m hists -m calls -- 0 1 6
	is '{"@map":"calls","key":{},"value":{"calls":3}}' "$(last '.["@map"] == "calls"')"
	is '{"@map":"hists","key":0,"value":{"slots":[1,1,0,0,0,0,0,0]}}' "$(last '.key == 0')"
	is '["hists","calls"]' "$(head -n 1 out | jq -c '[.maps[].name]')"
	is '[1000,1000]' "$(head -n 1 out | jq -c '[.maps[].sample.interval]')"
	fails_with 1 "results.json: -m fifo: a map of type queue cannot be read key by key" skel-load -m fifo results.json
}

@test "a section's variables are one record; a single variable may be cleared without the others" {
	counted --sample .bss=20ms --sample '.bss.other=20ms' --sample limit=20ms -- 2 2 1 4
	is '{"@map":".bss","key":{},"value":{"calls":4,"by_parity":[{"slots":[0,0,2,0,1,0,0,0]},{"slots":[0,1,0,0,0,0,0,0]}],"narrow":[0,2,3]}}' \
		"$(last '.["@map"] == ".bss"' | jq -c '.value |= {calls, by_parity, narrow}')"
	is '{"last":4}' "$(last '.["@map"] == ".bss.other"' | jq -c .value)"
	is '{"limit":7}' "$(last '.["@map"] == "limit"' | jq -c .value)"

	start_load --sample narrow=20ms,clear,nonzero --sample calls=20ms results.json
	call 0
	call 1
	end_load
	skel-fmt --json out > records
	is '[1,2,0]' "$(jq -sc '[.[] | select(.["@map"] == "narrow").value.narrow] | transpose | map(add)' records)"
	is 2 "$(last '.["@map"] == "calls"' | jq .value.calls)"
}

@test "slots of a map or variable are bars by number until an option says what they are" {
	start_load --sample hists=1h --sample by_parity=1h,log2_hist,unit=numbers --sample buckets=1h,exp2_hist,unit=ns results.json
	call 3 3 2
	end_load
	skel-fmt out > table
	grep -q '^     slot  *: count    distribution$' table
	grep -q '^         3               : 2        |\*\{40\}|$' table
	grep -q '^by_parity\[1\]$' table
	grep -q '^     numbers  *: count    distribution$' table
	grep -q '^[0-9:]* name = odd$' table
	grep -q '^         8 -> 15         : 2        |\*\{40\}|$' table
}

@test "what cannot be sampled is a clear error, and nothing is attached" {
	while IFS='|' read -r option want; do
		fails_with 1 "results.json: --sample ${option%%[=,]*}: $want" skel-load --sample "$option" results.json
	done <<-'TEXT'
		fifo|a map of type queue cannot be read key by key
		stacks|a map of type stack_trace cannot be read key by key
		only|the variable is constant while programs run
		.rodata|its variables are constant while programs run
		.bss,clear|clear is for single variables: programs may need the others
		zero|the object has no such map or variable
		none*|the object has no such map or variable
		hist|the object has no such map or variable; the nearest: hists
		cals|the object has no such map or variable; the nearest: calls
	TEXT
	fails_with 2 '--sample hists=soon: "soon" is no interval; expected one such as 500ms or 2s' skel-load --sample hists=soon results.json
	fails_with 2 '--sample hists,log2_hist,linear_hist: more than one of default_kv, ' \
		skel-load --sample hists,log2_hist,linear_hist results.json
	fails_with 2 '--sample hists,log: "log" is not known; known: default_kv, ' skel-load --sample hists,log results.json
}

@test "a program that exports nothing runs, and a notice lists what may hold its results, likely ones first" {
	start_load results.json
	call 1
	end_load
	is '{"records":0,"lost":0}' "$(tail -n 1 out | jq -c '.["@end"] | {records, lost}')"
	grep -q 'results.json: nothing to export; its results may be in:$' err
	grep -oE -- '--sample [^ ]+' err | sed 's/--sample //' > names
	is "hists .bss by_parity" "$(head -n 3 names | xargs)"
	is "buckets counts" "$(sed -n 4,5p names | sort | xargs)"
	# A map whose keys the program deletes has what is under way.
	run ! grep -qx -e fifo -e stacks -e limit -e only -e started names
	skel-load -t 0.01 --sample "$(sed -n 2p names)" results.json > again
	is 1 "$(head -n 1 again | jq '.maps | length')"
}

@test "the sampled variables of a session are read by skel-poll" {
	start_load --pin --sample calls=20ms --sample .bss.other=20ms results.json
	call 6 6
	skel-poll --once < out > polled
	end_load
	skel-fmt --json polled > records
	is '{"calls":2}' "$(last '.["@map"] == "calls"' | jq -c .value)"
	is '{"last":6}' "$(last '.["@map"] == ".bss.other"' | jq -c .value)"
}

@test "stack ids are resolved by the names of their members" {
	start_load --sample counts=1h results.json
	call 1
	end_load
	grep -q 'map counts: shown as stacks: kern_stack_id, user_stack_id' err
	skel-fmt --json out > records
	jq -se 'any(.[]; .key.kern_stack_id | type == "array" and length > 0 and any(.[]; .addr))' records ||
		jq -se 'any(.[]; .key.kern_stack_id | type == "array" and length > 0)' records
	skel-fmt out > table
	grep -q '^  kernel$' table
	grep -q '^  user$' table
	jq -c '.meta.bpf_skel.maps |= map(.intepreter = "default_struct")' results.json > structs.json
	skel-load -t 0.01 --sample counts structs.json 2>err | head -n 1 | jq -e '.maps[0].intepreter == null'
	run ! grep -q stacks: err
}

@test "segments of a map that is not cleared are folded as the whole is" {
	local n
	start_load --sample counts=20ms results.json
	for n in 1 2 3; do
		call 1 "$n" "$n"
		# Passes before and after.
		wait_for 10 eval '[ "$(grep -ac "^{\"@sampled\"" out)" -ge $((3 * n)) ]'
	done
	end_load
	skel-fmt -q --folded out > want
	[ -s want ]
	# The passes behind the first call have a record at least: six, or more.
	for n in 1 2 4; do
		rm -rf parts && mkdir parts
		skel-split -q -N "$n" -d parts out > names
		[ "$(wc -l < names)" -ge 2 ]
		skel-merge -q parts/* | skel-fmt -q --folded | diff want -
		skel-merge -q --order parts/* | skel-fmt -q --folded | diff want -
		skel-fmt -q --folded parts/* | diff want -
		cat parts/* | skel-fmt -q --folded | diff want -
	done
}
