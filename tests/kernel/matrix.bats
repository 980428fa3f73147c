#!/usr/bin/env bats
# Every source of records with every export_config, sample type and interpreter that
# a package can give it, on the real kernel.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	bpf_package matrix
	HIST=$(type_id matrix.bpf.o hist)
}

teardown() {
	kill_load
	end_background
}

SAMPLED="array cpuarray cpuhash cpulru hash lru"
BUFFERS="perf ring"

# package MULTIPLE CONFIG SAMPLE INTERPRETER MAP...: make x.json, where these maps
# have the export_config and the interpreter, and a sample unless they are buffers.
package() {
	jq -c --argjson multiple "$1" --argjson config "$2" --arg sample "$3" --argjson interpreter "$4" --arg buffers "$BUFFERS" '
		.meta.enable_multiple_export_types = $multiple
		| .meta.export_types = []
		| .meta.bpf_skel.maps |= map(del(.export_config)
			| if .name | IN($ARGS.positional[]) then
				. + {export_config: $config, intepreter: $interpreter}
				+ if .name | IN($buffers | split(" ")[]) then {}
				  else {sample: {interval: 10, type: $sample}} end
			  else . end)' matrix.json --args "${@:5}" > x.json
	CHANGED="$*"
}

# Run x.json until the binary stream out has complete records of each map, which
# contain COUNTED or COMM-STR.
run_until() { # MAP...
	start_load -q x.json --targ_pid $BASHPID
	wait_for 10 has_records "$@" || { echo "$CHANGED: not all have records:"; wc out; cat err; return 1; }
	end_load
	is "" "$(cat err)"
}

has_records() {
	local names
	names=$(skel-fmt -q --json out | sed -n "s/^{\"@map\":\"\([a-z]*\)\".*${COUNTED:-COMM-STR}.*/\1/p" | sort -u)
	for map; do
		grep -qx "$map" <<<"$names" || return 1
	done
}

# Print the last row of a map in text without the time.  An array has its element
# even before that is filled in.
shown() { # MAP
	skel-fmt -q --plain -m "$1" --no-header out | sed 's/^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] *//' | tail -n 1
}

SLOTS=$(seq -s , 1000 1025)
CPUS=$(($(sed 's/.*[-,]//' /sys/devices/system/cpu/possible) + 1))

# Print a record's members in JSON, all of them or the selected ones.
ALL="{\"slots\":[$SLOTS],\"comm\":\"COMM-STR\",\"pid\":4660,\"cpu_id\":1,\"kstack_sz\":16,\"ustack_sz\":8,\"kstack\":[65536,131072,0,0],\"ustack\":[196608,0,0,0]}"
SORTED="{\"comm\":\"COMM-STR\",\"cpu_id\":1,\"kstack\":[65536,131072,0,0],\"kstack_sz\":16,\"pid\":4660,\"slots\":[$SLOTS],\"ustack\":[196608,0,0,0],\"ustack_sz\":8}"
PICKED="{\"who\":\"COMM-STR\",\"pid\":4660,\"slots\":[$SLOTS]}"

custom() {
	jq -nc --argjson comm "$(member_type matrix.bpf.o hist comm)" --argjson slots "$(member_type matrix.bpf.o hist slots)" --argjson int "$(member_type matrix.bpf.o hist pid)" '
		{custom_members: [{name: "who", offset: 104, btf_type_id: $comm}, {name: "pid", offset: 120, btf_type_id: $int},
			{name: "slots", offset: 0, btf_type_id: $slots}]}'
}

# without_buckets: copy JSON without what it says of slots.
without_buckets() {
	sed -E 's/(,"unit":"[^"]*")?,"buckets":\[[^]]*\]//g'
}

# The JSON of the maps has these members; the values of each CPU are zero or these.
has_members() { # MEMBERS MAP...
	local members=$1 map want
	shift
	for map; do
		skel-fmt -q --json -b -m "$map" out | without_buckets | sort -u > json
		case $map in
		ring | perf) want="$members" ;;
		array) want="{\"key\":0,\"value\":$members}" ;;
		hash | lru) want="{\"key\":305419896,\"value\":$members}" ;;
		cpu*) want="$members" ;;
		esac
		grep -qF "$want" json || { echo "$CHANGED: $map:"; head -n 3 json; return 1; }
		[[ $map != cpu* ]] || jq -e ".values | length == $CPUS" json >/dev/null
	done
}

@test "default_kv shows each source with each export_config, one type or several" {
	local multiple config maps members
	for multiple in true false; do
		for config in '"no_export"' '"default"' "{\"btf_type_id\":$HIST}" "$(custom)"; do
			maps="$SAMPLED $BUFFERS" members=$ALL
			case $config in
			*no_export*) [ $multiple = false ] || continue ;;
			*default*) [ $multiple = false ] || maps=$SAMPLED ;;
			*custom*) members=$PICKED ;;
			esac
			# shellcheck disable=SC2086
			package $multiple "$config" default_kv '"default_struct"' $maps
			# shellcheck disable=SC2086
			run_until $maps
			# shellcheck disable=SC2086
			has_members "$members" $maps
		done
	done
}

@test "default_kv in text names the types of key and value and has the members in a row" {
	# shellcheck disable=SC2086
	package true "{\"btf_type_id\":$HIST}" default_kv '"default_struct"' $SAMPLED $BUFFERS
	# shellcheck disable=SC2086
	run_until $SAMPLED $BUFFERS
	for map in hash lru; do
		is "{\"u32\":305419896} $SORTED" "$(shown $map)"
	done
	is "{\"u32\":0} $SORTED" "$(shown array)"
	for map in ring perf; do
		is "[$SLOTS] COMM-STR 4660 1 16 8 [65536,131072,0,0] [196608,0,0,0]" "$(shown $map)"
	done
	is "TIME     U32    SLOTS  COMM   PID    CPU_ID KSTACK_SZ USTACK_SZ KSTACK USTACK " \
		"$(skel-fmt -q --plain -m hash out | head -n 1)"
	is "TIME     SLOTS  COMM   PID    CPU_ID KSTACK_SZ USTACK_SZ KSTACK USTACK " \
		"$(skel-fmt -q --plain -m ring out | head -n 1)"
	# Text and addresses cannot be added up, so the values of each CPU are shown.
	for map in cpuhash cpulru; do
		shown $map | grep -qF '{"u32":305419896} {"'
		shown $map | grep -qF '"comm":"COMM-STR","cpu_id":1,'
	done
}

@test "log2_hist shows each sampled map as a histogram if its export_config has the slots" {
	local multiple config
	for multiple in true false; do
		for config in '"default"' "{\"btf_type_id\":$HIST}" "$(custom)"; do
			# shellcheck disable=SC2086
			package $multiple "$config" log2_hist '"default_struct"' $SAMPLED
			# shellcheck disable=SC2086
			run_until $SAMPLED
			for map in $SAMPLED; do
				is_log2 plain "$map"
				is_log2 table "$map"
			done
			is "key =  305419896" "$(skel-fmt -q --plain -m hash out | head -n 1)"
		done
	done
}

# The histogram of 26 slots that start at 1000, or at more if CPUs are added up.
is_log2() { # FORM MAP
	skel-fmt -q "--$1" -m "$2" out > text
	grep -qx '     (unit)              : count    distribution' text
	grep -qE '^         0 -> 1          : [1-9]000     \|\*{39} \|$' text
	grep -qE '^  33554432 -> 67108863   : [1-9][0-9]+ +\|\*{40}\|$' text
	[ "$(grep -c '67108864 ->' text)" -eq 0 ]
}

@test "log2_hist: slots of 64 bits hold counts above 2^32, and the members of a key are listed" {
	local slots zeros
	zeros=$(printf '0,%.0s' $(seq 31))
	slots="[4294967301,0,2147483648,${zeros}8589934592,0,0,0,0,0]"
	package true '"default"' log2_hist '"default_struct"' large
	COUNTED=8589934592 run_until large
	skel-fmt -q --json -b out | tail -n 1 > json
	is "{\"key\":{\"pid\":7,\"tid\":9},\"value\":{\"slots\":$slots}}" "$(without_buckets < json)"
	grep -qF '{"min":4,"max":7,"count":2147483648},' json
	grep -qF ',{"min":17179869184,"max":34359738367,"count":8589934592}]}}' json
	skel-fmt --plain out | head -n 38 > text
	is 'key =  {"pid":7,"tid":9}' "$(head -n 1 text)"
	is '               (unit)                        : count    distribution' "$(sed -n 3p text)"
	is '                   0 -> 1                    : 4294967301 |**********          |' "$(sed -n 4p text)"
	is '                   4 -> 7                    : 2147483648 |*****               |' "$(sed -n 6p text)"
	is '         17179869184 -> 34359738367          : 8589934592 |********************|' "$(sed -n 38p text)"
	package true '"default"' default_kv '"default_struct"' large
	COUNTED=8589934592 run_until large
	is "TIME     PID    TID    SLOTS  " "$(skel-fmt --plain out | head -n 1)"
	is "{\"pid\":7,\"tid\":9} {\"slots\":$slots}" "$(shown large)"
}

@test "linear_hist shows each sampled map as a histogram of single values" {
	local multiple
	for multiple in true false; do
		# shellcheck disable=SC2086
		package $multiple '"default"' linear_hist '"default_struct"' $SAMPLED
		# shellcheck disable=SC2086
		run_until $SAMPLED
		for map in $SAMPLED; do
			for form in plain table; do
				skel-fmt -q "--$form" -m "$map" out > text
				grep -qx '     (unit)              : count    distribution' text
				grep -qE '^         0               : [1-9]000     \|\*{39} \|$' text
				grep -qE '^        25               : [1-9][0-9]+ +\|\*{40}\|$' text
				[ "$(grep -c '^        26 ' text)" -eq 0 ]
			done
		done
		# shellcheck disable=SC2086
		has_members "$ALL" $SAMPLED
	done
}

@test "histograms are numbers in JSON, CSV and TSV" {
	# shellcheck disable=SC2086
	package true '"default"' log2_hist '"default_struct"' $SAMPLED
	# shellcheck disable=SC2086
	run_until $SAMPLED
	# shellcheck disable=SC2086
	has_members "$ALL" $SAMPLED
	skel-fmt -q --json -m hash out | head -n 1 |
		jq -ce '.value.buckets | length == 26 and .[25] == {min: 33554432, count: 1025}'
	is "305419896,\"[$SLOTS]\",COMM-STR,4660,1,16,8,\"[65536,131072,0,0]\",\"[196608,0,0,0]\""$'\r' \
		"$(skel-fmt -q --csv -b -m hash out | sed -n 2p)"
	is "305419896	[$SLOTS]	COMM-STR	4660	1	16	8	[65536,131072,0,0]	[196608,0,0,0]" \
		"$(skel-fmt -q --tsv -b -m hash out | sed -n 2p)"
}

@test "stack_trace shows the stacks of each source that is not per CPU, if its export_config has them" {
	local multiple config stacks map
	stacks=$'COMM: COMM-STR (pid=4660) @ CPU 1\nKernel:\n0000000000010000\n0000000000020000\nUserspace:\n0000000000030000'
	for multiple in true false; do
		for config in "{\"btf_type_id\":$HIST}" "$(custom_stacks)"; do
			# shellcheck disable=SC2086
			package $multiple "$config" default_kv '{"stack_trace":{"with_symbols":false}}' array hash lru $BUFFERS
			# shellcheck disable=SC2086
			run_until array hash lru $BUFFERS
			# shellcheck disable=SC2086
			for map in array hash lru $BUFFERS; do
				is "$stacks" "$(skel-fmt -q --plain -m $map out | grep -A 5 -m 1 '^COMM: COMM-STR')"
				skel-fmt -q --json -m $map out | grep -F '"kstack":[{"addr":65536},{"addr":131072}]' |
					grep -qF '"ustack":[{"addr":196608}]'
			done
		done
	done
}

# Custom members for all members but the slots.
custom_stacks() {
	bpftool -j btf dump file matrix.bpf.o | jq -c '{custom_members: [.types[]
		| select(.kind == "STRUCT" and .name == "hist") | .members[] | select(.name != "slots")
		| {name, offset: (.bits_offset / 8), btf_type_id: .type_id}]}'
}

@test "stack_trace does not show the stacks of a per-CPU map, and gives a notice" {
	package true "{\"btf_type_id\":$HIST}" default_kv '{"stack_trace":{"with_symbols":false}}' cpuhash
	run bash -c 'skel-load -t 0.1 x.json | skel-fmt --plain'
	[[ $output == *"map cpuhash: stack_trace: the records have no member kstack or ustack in their key"* ]]
}

@test "stack_trace goes before a histogram" {
	package true "{\"btf_type_id\":$HIST}" log2_hist '{"stack_trace":{"with_symbols":false}}' hash
	run_until hash
	is "COMM: COMM-STR (pid=4660) @ CPU 1" "$(skel-fmt -q --plain -m hash out | head -n 1)"
	[ "$(skel-fmt -q --plain -m hash out | grep -c '0 -> 1')" -eq 0 ]
}

@test "all sources with all samples work in a session too" {
	# shellcheck disable=SC2086
	package true "{\"btf_type_id\":$HIST}" log2_hist '"default_struct"' $SAMPLED $BUFFERS
	start_pipe "skel-load -q --pin x.json --targ_pid $BASHPID | skel-poll -q > out"
	# shellcheck disable=SC2086
	wait_for 10 has_records $SAMPLED $BUFFERS
	stop_pipe
	# shellcheck disable=SC2086
	has_members "$ALL" $SAMPLED $BUFFERS
	for map in $SAMPLED; do
		is_log2 plain "$map"
	done
}

@test "a histogram whose export_config omits the slots is shown as key and value, with a notice" {
	local config
	config=$(custom | jq -c 'del(.custom_members[2])')
	for sample in log2_hist linear_hist; do
		# shellcheck disable=SC2086
		package true "$config" $sample '"default_struct"' hash cpuarray
		run_until hash cpuarray
		run -0 --separate-stderr skel-fmt --plain -m hash --no-header out
		[[ $stderr == "skel-fmt: map hash: $sample needs a member slots, an array of integers; shown as default_kv"* ]]
		[[ ${lines[0]} == *' {"u32":305419896} {"pid":4660,"who":"COMM-STR"}' ]]
	done
}

@test "no_export with several types shows nothing, with a notice; a single map is shown" {
	# shellcheck disable=SC2086
	package true '"no_export"' default_kv '"default_struct"' $SAMPLED $BUFFERS
	run -0 --separate-stderr skel-load -f json -t 0.1 x.json --targ_pid $BASHPID
	is '{"@end":{"records":0,"lost":0}}' "$(without_rings <<<"${lines[1]}")"
	[[ $stderr == *"x.json: "*"export"* ]]
}

@test "export_config default with several types is refused for buffers, which have no value type" {
	for map in ring perf; do
		package true '"default"' default_kv '"default_struct"' "$map"
		fails_with 1 "x.json: map $map: \"export_config\" is \"default\", which works for sampled maps only" skel-load x.json
	done
}

@test "a map with an export_config but no sample is refused, or with one export type not exported" {
	local config
	for config in '"default"' "{\"btf_type_id\":$HIST}" "$(custom)"; do
		package true "$config" default_kv '"default_struct"' hash
		edit x.json 'del(.meta.bpf_skel.maps[].sample)'
		fails_with 1 'x.json: map hash: "export_config" needs a "sample" beside it' skel-load x.json
		edit x.json '.meta.enable_multiple_export_types = false'
		run -0 --separate-stderr skel-load -t 0.01 x.json
		is 'skel-load: x.json: map hash: not exported: "export_config" needs a "sample" beside it, since the map is no ring buffer and no perf buffer' \
			"$(grep -v 'shown as stacks' <<<"$stderr")"
	done
}
