#!/usr/bin/env bats
# Which maps skel-load exports, and with which types, according to the package's
# export_types and export_config and to the object's BTF.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	clang -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" \
		-c "$PROGRAMS/export.bpf.c" -o x.o
	EVENT=$(btf_id STRUCT event)
	OTHER=$(btf_id STRUCT other)
}

# Print the id of a type in the object.
btf_id() { # KIND NAME
	bpftool btf dump file x.o | sed -n "s/^\[\([0-9]*\)\] $1 '$2'.*/\1/p"
}

# meta MAP...: write a bare meta of the maps, given as JSON objects without "ident";
# at last the jq filter EDIT changes it.
meta() {
	jq -nc --argjson event "$EVENT" --argjson other "$OTHER" '
		{bpf_skel: {data_sections: [], progs: [], obj_name: "x",
			maps: [$ARGS.positional[] | . + {ident: .name}]}}
		| '"${EDIT:-.}" --jsonargs "$@" > meta.json
}

# Print each map in the header as a line NAME SOURCE VALUE KEY, with types by their
# names or, if they have none, their kinds.
exported() { # ARG...
	run -0 --separate-stderr skel-load -f json -t 0.001 -e x.o "$@" meta.json
	head -n 1 <<<"$output" > header
	jq -r '. as $h | def t: if . == null then "-" else $h.types[.] | if .name == "" then .kind else .name end end;
		.maps[] | "\(.name) \(.source) \(.value | t) \(.key | t)"' header
}

refused() { # MESSAGE ARG...
	local message=$1
	shift
	fails_with 1 "$message" skel-load -t 0.001 -e x.o "$@" meta.json
}

LISTED='.export_types = [{name: "event", type_id: $event, size: 32, members: [
	{name: "pid", type: "int"}, {name: "ppid", type: "int"},
	{name: "comm", type: "char[16]"}, {name: "ns", type: "unsigned long long"}]}]'
RB='{"name":"rb"}'
SAMPLE='"sample":{"interval":50}'

@test "export_types[0] is the type of the only buffer" {
	EDIT=$LISTED meta "$RB"
	is "rb ringbuf event -" "$(exported)"
	is '["pid","ppid","comm","ns"]' "$(jq -c '[.types[] | select(.name == "event") | .members[].name]' header)"
	EDIT=$LISTED meta '{"name":"pb"}'
	is "pb perf event -" "$(exported)"
}

@test "export_types[0] goes before the type of the only buffer's definition" {
	EDIT=$LISTED meta '{"name":"typed"}'
	is "typed ringbuf event -" "$(exported)"
}

@test "without export_types a buffer has the type of its definition, or none" {
	meta "$RB" '{"name":"typed"}' '{"name":"pb"}' '{"name":"pbtyped"}'
	is "rb ringbuf - -
typed ringbuf other -
pb perf - -
pbtyped perf other -" "$(exported)"
}

@test "of several buffers without a type the last gets export_types[0], with a notice" {
	EDIT=$LISTED meta "$RB" '{"name":"typed"}' '{"name":"rb2"}'
	exported > got
	is "rb ringbuf - -
typed ringbuf other -
rb2 ringbuf event -" "$(cat got)"
	run -0 --separate-stderr skel-load -t 0.001 -e x.o meta.json
	[ "$stderr" = "skel-load: meta.json: map rb: the type of its records is unknown, since export_types[0] describes map rb2" ]
}

@test "export_types that do not match the object are refused" {
	EDIT="$LISTED | .export_types[0].type_id = 1" meta "$RB"
	refused "meta.json: map rb: export_types[0] is struct event, but type 1 of the object is not a struct"
	EDIT="$LISTED | .export_types[0].type_id = 99999" meta "$RB"
	refused "map rb: export_types[0] is struct event, but type 99999 of the object is not a struct"
	EDIT="$LISTED | .export_types[0].type_id = \$other" meta "$RB"
	refused "map rb: export_types[0] is struct event, but type $OTHER of the object is struct other"
	EDIT="$LISTED | .export_types[0].members[1].name = \"parent\"" meta "$RB"
	refused "map rb: export_types[0].members[1] is parent in the package, but ppid in the object"
	EDIT="$LISTED | del(.export_types[0].members[3])" meta "$RB"
	refused "map rb: export_types[0]: struct event has 3 members in the package, but 4 in the object"
}

@test "a sampled map has the types of its definition" {
	meta "{\"name\":\"hists\",$SAMPLE}" "{\"name\":\"percpu\",$SAMPLE}" '{"name":"bare"}'
	is "hists sample hist key
percpu sample unsigned long unsigned int" "$(exported)"
	is "$(($(sed 's/.*[-,]//' /sys/devices/system/cpu/possible) + 1))" "$(jq '.maps[1].cpus' header)"
	is '{"interval":50,"type":"default_kv","unit":"(unit)","clear_map":false}' "$(jq -c '.maps[0].sample' header)"
}

@test "the header has the package's sample and interpreter" {
	meta '{"name":"traces","sample":{"interval":7,"type":"log2_hist","unit":"usecs","clear_map":true},"intepreter":{"stack_trace":{"with_symbols":false}}}'
	exported > got
	is '{"interval":7,"type":"log2_hist","unit":"usecs","clear_map":true}' "$(jq -c '.maps[0].sample' header)"
	is '{"stack_trace":{"with_symbols":false}}' "$(jq -c '.maps[0].intepreter' header)"
}

@test "a sampled map of which only the sizes are known has numbers and bytes" {
	meta "{\"name\":\"bare\",$SAMPLE}"
	is "bare sample array u32" "$(exported)"
	is '[24,"u8",1]' "$(jq -c '. as $h | .types[.maps[0].value] | [.count, ($h.types[.of] | .name, .size)]' header)"
}

@test "export_types[0] must agree with the only sampled map's values" {
	EDIT=$LISTED meta "{\"name\":\"hists\",$SAMPLE}"
	refused "map hists: export_types[0] is struct event, but type $(btf_id STRUCT hist) of the object is struct hist"
	EDIT='.export_types = [{name: "hist", type_id: 1, size: 32, members: [{name: "slots", type: "u32"}]}]' \
		meta "{\"name\":\"hists\",$SAMPLE}"
	is "hists sample hist key" "$(exported)"
}

MULTI='.enable_multiple_export_types = true'

@test "with enable_multiple_export_types only maps with an export_config are exported" {
	EDIT=$MULTI meta "$RB" "{\"name\":\"rb2\",\"export_config\":{\"btf_type_id\":$EVENT}}" \
		"{\"name\":\"hists\",$SAMPLE,\"export_config\":\"default\"}" \
		"{\"name\":\"bare\",$SAMPLE,\"export_config\":\"no_export\"}"
	is "rb2 ringbuf event -
hists sample hist key" "$(exported)"
}

@test "with enable_multiple_export_types the key export_types is ignored, right or wrong" {
	EDIT="$MULTI | .export_types = [{name: \"nosuch\", type_id: 99999, size: 1, members: []}]" \
		meta "{\"name\":\"rb2\",\"export_config\":{\"btf_type_id\":$EVENT}}"
	is "rb2 ringbuf event -" "$(exported)"
}

@test "records may be of any type: structs and unions behind typedefs, enums, numbers, arrays" {
	local int
	int=$(member_type x.o event pid)
	while read -r kind name want; do
		EDIT=$MULTI meta "{\"name\":\"rb\",\"export_config\":{\"btf_type_id\":$(btf_id "$kind" "$name")}}"
		is "rb ringbuf $want -" "$(exported)"
	done <<-'END'
		TYPEDEF event_t event_t
		TYPEDEF again_t again_t
		TYPEDEF both_t both_t
		UNION both both
		ENUM kind kind
		INT int int
	END
	EDIT=$MULTI meta "{\"name\":\"rb\",\"export_config\":{\"btf_type_id\":$(member_type x.o event comm)}}"
	is "rb ringbuf array -" "$(exported)"
	# A custom member may be any of them too.
	EDIT=$MULTI meta "{\"name\":\"rb\",\"export_config\":{\"custom_members\":[
		{\"name\":\"all\",\"offset\":0,\"btf_type_id\":$(btf_id TYPEDEF again_t)},
		{\"name\":\"kind\",\"offset\":32,\"btf_type_id\":$(btf_id ENUM kind)},
		{\"name\":\"both\",\"offset\":36,\"btf_type_id\":$(btf_id TYPEDEF both_t)}]}}"
	exported > got
	is '{"size":40,"members":["again_t","kind","both_t"]}' \
		"$(jq -c '. as $h | .types[.maps[0].value] | {size, members: [.members[] | $h.types[.type].name]}' header)"
}

@test "a type that no value can have is refused with its id" {
	for id in 0 99999 "$(bpftool btf dump file x.o | sed -n "s/^\[\([0-9]*\)\] DATASEC.*/\1/p" | head -n 1)"; do
		EDIT=$MULTI meta "{\"name\":\"rb\",\"export_config\":{\"btf_type_id\":$id}}"
		refused "meta.json: map rb: "
		[[ $stderr == *"BTF type $id"* ]]
	done
}

@test "the only buffer's export_config goes before export_types and its definition" {
	EDIT=$LISTED meta "{\"name\":\"typed\",\"export_config\":{\"btf_type_id\":$(btf_id UNION both)}}"
	is "typed ringbuf both -" "$(exported)"
	meta "{\"name\":\"hists\",$SAMPLE,\"export_config\":\"default\"}"
	is "hists sample hist key" "$(exported)"
}

@test "a buffer's sample is ignored with a notice; a sampled map that cannot be walked is refused" {
	meta "{\"name\":\"rb\",$SAMPLE}"
	run -0 --separate-stderr skel-load -t 0.001 -e x.o meta.json
	is 'skel-load: meta.json: map rb: "sample" is ignored: the map is a buffer, whose records need no sampling' "$stderr"
	meta "{\"name\":\"queue\",$SAMPLE}"
	run -1 --separate-stderr skel-load -t 0.001 -e x.o meta.json
	is "skel-load: map queue: a map of type queue cannot be sampled" "$stderr"
}

@test "custom members form a struct of their own" {
	EDIT=$MULTI meta "{\"name\":\"rb\",\"export_config\":{\"custom_members\":[
		{\"name\":\"comm\",\"offset\":8,\"btf_type_id\":$(member_type x.o event comm)},
		{\"name\":\"pid\",\"offset\":0,\"btf_type_id\":$(member_type x.o event pid)}]}}"
	is "rb ringbuf rb -" "$(exported)"
	is '{"size":24,"members":[["comm",8],["pid",0]]}' \
		"$(jq -c '.types[.maps[0].value] | {size, members: [.members[] | [.name, .offset]]}' header)"
	EDIT=$MULTI meta "{\"name\":\"hists\",$SAMPLE,\"export_config\":{\"custom_members\":[
		{\"name\":\"first\",\"offset\":0,\"btf_type_id\":$(member_type x.o event pid)}]}}"
	is "hists sample hists key" "$(exported)"
	# The values have the size of the map's, whatever the members cover.
	is 32 "$(jq '.types[.maps[0].value].size' header)"
}

@test "custom members that overlap or do not fit are refused" {
	local int
	int=$(member_type x.o event pid)
	custom() { # MAP MEMBERS
		EDIT=$MULTI meta "{\"name\":\"$1\",$SAMPLE,\"export_config\":{\"custom_members\":[$2]}}"
	}
	custom rb "{\"name\":\"comm\",\"offset\":0,\"btf_type_id\":$int},{\"name\":\"ppid\",\"offset\":3,\"btf_type_id\":$int}"
	refused "meta.json: map rb: field ppid overlaps field comm"
	custom hists "{\"name\":\"far\",\"offset\":30,\"btf_type_id\":$int}"
	refused "map hists: field far ends at byte 34, but the value has 32 bytes"
	custom typed "{\"name\":\"far\",\"offset\":8,\"btf_type_id\":$int}"
	refused "map typed: field far ends at byte 12, but the value has 8 bytes"
	custom rb "{\"name\":\"far\",\"offset\":4000000000,\"btf_type_id\":$int}"
	refused "map rb: field far: offset 4000000000 is too large"
	custom rb '{"name":"x","offset":0,"btf_type_id":99999}'
	refused "map rb: field x: "
	custom rb '{"name":"x","offset":0,"btf_type_id":0}'
	refused "map rb: field x: "
}

@test "an impossible export_config is refused" {
	EDIT=$MULTI meta '{"name":"rb","export_config":"default"}'
	refused 'meta.json: map rb: "export_config" is "default", which works for sampled maps only'
	EDIT=$MULTI meta '{"name":"rb","export_config":{"btf_type_id":99999}}'
	refused "map rb: "
	EDIT=$MULTI meta '{"name":"hists","export_config":"default"}'
	refused 'map hists: "export_config" needs a "sample" beside it'
	EDIT=$MULTI meta '{"name":"nope","export_config":"default"}'
	refused "map nope: the object has no map of this name"
	meta "{\"name\":\"nope\",$SAMPLE}"
	refused "map nope: the object has no map of this name"
	EDIT=$MULTI meta "{\"name\":\"hists\",$SAMPLE,\"export_config\":{\"btf_type_id\":$EVENT}}"
	exported > got
	EDIT=$MULTI meta "{\"name\":\"hists\",$SAMPLE,\"export_config\":{\"btf_type_id\":$OTHER}}"
	refused "map hists: the map's value has 32 bytes, but its type other has 8"
	meta "$RB" "$RB"
	refused "rb"
}

@test "a map that the object lacks is refused unless it is one of libbpf's own" {
	meta "$RB" '{"name":"nope"}'
	refused "meta.json: map nope: the object has no map of this name"
	meta "$RB" '{"name":"other_o.bss","ident":"bss","mmaped":true}'
	is "rb ringbuf - -" "$(exported)"
}

@test "-m selects maps; an unknown one is refused with a list of the known ones" {
	meta "$RB" '{"name":"typed"}' "{\"name\":\"hists\",$SAMPLE}"
	is "typed ringbuf other -
hists sample hist key" "$(exported -m hists -m typed)"
	is '["int","key","long","other"]' "$(jq -c '[.types[].name] | map(select(. == "int" or . == "key" or . == "long" or . == "other")) | sort' header)"
	refused "meta.json: -m nope: not an exported map; these are: rb, typed, hists" -m nope
	meta '{"name":"bare"}'
	refused "meta.json: -m nope: the package exports no map" -m nope
	is "bare sample array u32" "$(exported -m bare)"
}

@test "buffers defined with a value can be loaded, exported or not" {
	# Every object in this file has such buffers; this test shows that it matters.
	meta "$RB"
	is "rb ringbuf - -" "$(exported)"
	run -0 --separate-stderr skel-load -t 0.001 -e x.o meta.json
	[ -z "$stderr" ]
}

# Pack types.bpf.c and give its buffers several types.
types_package() {
	bpf_package types 2>/dev/null
	cp types.bpf.o x.o
	jq -c --argjson s "$(btf_id STRUCT started)" --argjson e "$(btf_id STRUCT ended)" --argjson f "$(btf_id STRUCT failed)" '
		def map($name): .meta.bpf_skel.maps[] | select(.name == $name);
		map("by_size").records = [{btf_type_id: $s}, {btf_type_id: $e}]
		| map("by_kind") += {records_by: "kind", records: [{btf_type_id: $s, value: 1},
			{btf_type_id: $e, value: 2}, {btf_type_id: $f, value: -1}]}
		| map("perf").records = [{btf_type_id: $s}, {btf_type_id: $f}]
		| del(map("by_size", "by_kind", "perf").export_config)' types.json > t.json
}

# The records in the file, each kind once: map, type and members.
kinds_of() { # FILE
	jq -c 'select(.["@map"]) | [.["@map"], .["@type"], .kind, .args // .ns // .at]' "$1" | sort -u
}

TYPES='["by_kind","ended","ENDED(2)",1000]
["by_kind","failed","FAILED(-1)",2000]
["by_kind","started","STARTED(1)","echo"]
["by_size","ended","ENDED(2)",1000]
["by_size","started","STARTED(1)","ech"]
["by_size","started","STARTED(1)","echo hi"]
["perf","failed","FAILED(-1)",2000]
["perf","started","STARTED(1)","echo hi"]'

@test "the records of a buffer may have several types, told apart by size or by a member" {
	types_package
	local status=0
	start_load t.json --targ_pid $BASHPID
	wait_for 10 grep -aq '@error.*by_kind' out
	end_load || status=$?
	[ "$status" -eq 1 ]
	head -n 1 out > header
	is '[["by_size",null],["by_size",null],["by_kind","kind"],["by_kind","kind"],["by_kind","kind"],["perf",null],["perf",null]]' \
		"$(jq -c '[.maps[] | [.name, .when.member]]' header)"
	skel-fmt -q --json out > j 2>/dev/null
	is "$TYPES" "$(kinds_of j)"
	[[ $(cat err) == *"skel-load: map by_size: record of 6 bytes, which is none of the map's types"* ]]
	[ "$(grep -c "map by_kind: record of 16 bytes" err)" -ge 1 ]
	# In a table each type has its columns; -m shows all types of a map.
	skel-fmt -q -m by_kind out 2>/dev/null > table
	grep -qxF "by_kind (failed):" table
	grep -q "^TIME  *KIND  *ERROR  *AT" table
	run ! grep -q "by_size" table
	# JSON records, and a copy of the stream as JSON, say the type, and read back.
	skel-poll -q -f json out > j.skel || :
	is "$TYPES" "$(kinds_of j.skel)"
	diff <(skel-fmt -q --csv out 2>/dev/null) <(skel-fmt -q --csv j.skel 2>/dev/null)
	diff <(skel-fmt -q --json -b out 2>/dev/null) <(skel-fmt -q --json -b j.skel 2>/dev/null)
	skel-poll -q -f binary j.skel > b.skel || :
	is "$TYPES" "$(skel-fmt -q --json b.skel 2>/dev/null > j; kinds_of j)"
}

@test "a session has one pin for all types of a map, and counts its losses once" {
	types_package
	start_load --pin t.json --targ_pid $BASHPID
	is 3 "$(jq '.maps | map(.pin) | unique | length' out)"
	is 0 "$(jq '[.maps[] | select(.lost) | .name] | length - (unique | length)' out)"
	skel-poll -q -f json -m by_kind -n 8 out > j 2>/dev/null || :
	is "$(grep by_kind <<<"$TYPES")" "$(kinds_of j)"
	end_load
}

@test "types that cannot be told apart are refused" {
	types_package
	jq -c '(.meta.bpf_skel.maps[] | select(.name == "by_kind_lost_samples")) += {sample: {interval: 100},
		records: [{btf_type_id: 1}]}' t.json > u.json
	fails_with 1 'u.json: map by_kind_lost_samples: only the records of a ring or perf buffer can have several types' \
		skel-load -t 1 u.json
	edit t.json '(.meta.bpf_skel.maps[] | select(.name == "by_kind")) |= (del(.records_by) | del(.records[].value))'
	fails_with 1 'map by_kind: types ended and failed of its records both have 16 bytes; a member has to tell them apart' \
		skel-load -t 1 t.json
}

@test "records have the types that only the DWARF of an object has" {
	bpf_object records
	start_load -f json records.bpf.o
	wait_for 10 eval 'python3 -c "import os; os.getpid(); os.getppid()"; grep -q python3 out &&
		grep -q "\"third\",\"@time" out && grep -q "\"other\",\"@time" out'
	end_load
	grep -F "map ring: its records are struct on_stack, the type of what write_stack() writes" err
	grep -F "map other: its records are struct reserved, the type of what write_reserved() writes" err
	grep -F "map third: its records are nameless, the type of what write_nameless() writes" err
	is '{"who":0,"shade":"LIGHT(1)","text":"python3"}' \
		"$(jq -c 'select(.text == "python3") | del(.["@map"], .["@time"], .when)' out | head -n 1)"
	is '{"low":5,"high":0,"yes":false,"wide":"WIDE(4294967297)"}' \
		"$(jq -c 'select(.["@map"] == "other") | {low, high, yes, wide}' out | head -n 1)"
	is '{"first":1,"second":2,"third":3}' \
		"$(jq -c 'select(.["@map"] == "third") | {first, second, third}' out | head -n 1)"
}
