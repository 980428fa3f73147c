#!/usr/bin/env bats
# The assertions of the reference loader's own tests about packages, arguments, data
# sections and text, and about the names in its errors.  The expected bytes and
# lines are that loader's.  Where a message of ours differs, it names the same thing.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	kill_load
	end_background
}

# Write values.json, a bare meta whose .rodata and .bss have the variables of the
# reference loader's tests of arguments.
values() {
	cat > values.json <<-'JSON'
		{"bpf_skel":{"obj_name":"simple_prog_bpf","maps":[],"progs":[],"data_sections":[
		{"name":".rodata","variables":[
			{"name":"const_val_1","type":"int"},
			{"name":"const_val_2","type":"long long"},
			{"name":"const_val_3","type":"char[16]"},
			{"name":"bool_val","type":"bool"},
			{"name":"on","type":"bool","cmdarg":{"default":true,"short":"o"}},
			{"name":"off","type":"bool","cmdarg":{"default":false,"long":"other"}},
			{"name":"targ_tgid","type":"unsigned short","cmdarg":{"short":"t","default":1}},
			{"name":"__eunomia_dummy_event_ptr","type":"struct event *"}]},
		{"name":".bss","variables":[{"name":"bss_val","type":"int"}]}]}}
	JSON
}

# Print the values of the variables of the package on standard input.
set_values() {
	jq -c '[.bpf_skel.data_sections[].variables[] | select(has("value")) | {(.name): .value}] | add'
}

# records MAP N [ARGUMENT...]: run the program of conformance.bpf.c until MAP has
# given N records, and write them as JSON into the file records.  If DASHES is set,
# a -- goes before the arguments.
records() { # MAP N [ARGUMENT...]
	local map=$1 n=$2
	shift 2
	start_load -q -f json -m "$map" -n "$n" conformance.json ${DASHES:+--} --targ_pid $BASHPID "$@"
	wait_for 10 ended_stream out
	wait "$LOAD"
	LOAD=
	grep -v '^{"@end"\|^{"skel"' out > records
}

# Write one record of the map values into out, a binary stream.
binary_record() {
	start_load -q -m values -n 1 conformance.json --targ_pid $BASHPID
	wait_for 10 ended_stream out
	wait "$LOAD"
	LOAD=
}

ended_stream() {
	tail -n 1 "$1" | grep -q '^{"@end"'
}

# section_bytes NAME: print the bytes of a data section's map in decimal on one line.
section_bytes() { # NAME
	local id
	for id in $(held map); do
		bpftool -j map show id "$id" | jq -e --arg name "$1" '.name == $name' >/dev/null || continue
		# bpftool's output for floats is not valid JSON.
		bpftool -j map dump id "$id" | sed 's/.*"value":\[\([^]]*\)\].*/\1/' | tr -d '"' | tr ',' '\n' |
			while read -r hex; do
				printf '%d\n' "$hex"
			done | paste -s -d ' '
	done
}

# Arguments

@test "arguments set variables of .rodata and .bss" {
	values
	is '{"const_val_1":1234,"const_val_2":2345,"const_val_3":"abcdefg","bool_val":true,"on":true,"off":false,"targ_tgid":1,"bss_val":7890}' \
		"$(skel-args values.json --const_val_1 1234 --const_val_2 2345 --const_val_3 abcdefg --bool_val --bss_val 7890 | set_values)"
}

@test "a variable without a default and an argument keeps the object's value" {
	values
	is '{"on":true,"off":false,"targ_tgid":1}' "$(skel-args values.json | set_values)"
}

@test "a bool with a default has an argument --disable-NAME or --enable-NAME" {
	values
	is '{"on":false,"off":true,"targ_tgid":7}' "$(skel-args values.json --disable-on --enable-other -t 7 | set_values)"
	# The reference loader gives these no short names.
	is '{"on":false,"off":false,"targ_tgid":1}' "$(skel-args values.json -o | set_values)"
}

@test "the compiler's markers are not arguments, and an unknown argument is an error" {
	values
	fails_with 2 "unknown argument --__eunomia_dummy_event_ptr" skel-args values.json --__eunomia_dummy_event_ptr 1
	fails_with 2 "unknown argument --const_val_4" skel-args values.json --const_val_4 1
}

@test "a value that does not fit its variable is an error with variable, value and limits" {
	values
	fails_with 2 '--const_val_1: "abcdefg" is not a number (int)' skel-args values.json --const_val_1 abcdefg
	fails_with 2 '--const_val_1: 111111111111111111 does not fit int: -2147483648 to 2147483647' \
		skel-args values.json --const_val_1 111111111111111111
	fails_with 2 '--targ_tgid: 65536 does not fit unsigned short: 0 to 65535' skel-args values.json --targ_tgid 65536
	fails_with 2 '--const_val_3: text of 16 bytes is too long for char[16], which holds 15 and a NUL' \
		skel-args values.json --const_val_3 1234567890123456
}

@test "help and version come from doc, with brief before description and details after it" {
	values
	run -0 skel-args values.json --help
	[[ $output == "An eBPF program"$'\n'* ]]
	is "simple_prog_bpf 0.1.0" "$(skel-args values.json --version)"
	edit values.json '.bpf_skel.doc = {"version":"1.2","description":"Second","details":"Behind"}'
	run -0 skel-args values.json --help
	[[ $output == "Second"$'\n'*"Behind" ]]
	edit values.json '.bpf_skel.doc.brief = "First"'
	run -0 skel-args values.json --help
	[[ $output == "First"$'\n'*"Behind" ]]
	is "simple_prog_bpf 1.2" "$(skel-args values.json -V)"
}

# Data sections

@test "the bytes of .rodata and .bss are those of the values, in the machine's order" {
	need_bpf
	bpf_package conformance
	start_load -f json conformance.json --targ_pid 0 --bool_1 --enable-bool_2 --bool_3=true --bool_4 \
		--const_val_1 1 --const_val_2 0x12345678 --const_buf 123567 --const_float 1.2345 --const_double -1.5 \
		--bss_val_1 72623859790382856 --bss_val_2 -2
	section_bytes conforma.rodata > rodata
	is "1 1 1 1 1 0 0 0 120 86 52 18" "$(cut -d ' ' -f 1-12 rodata)"
	is "49 50 51 53 54 55 0" "$(cut -d ' ' -f 17-23 rodata)"
	# 1.2345f is 0x3f9e0419, -1.5 is 0xbff8000000000000.
	is "25 4 158 63" "$(cut -d ' ' -f 117-120 rodata)"
	is "0 0 0 0 0 0 248 191" "$(cut -d ' ' -f 121-128 rodata)"
	# The static variables after these have the object's values: abcdefg, Created %d.
	is "97 98 99 100 101 102 103 0 67 114 101 97 116 101 100 32 37 100 10 0" "$(cut -d ' ' -f 129-148 rodata)"
	is "0 0 0 0 0 0 0 0 8 7 6 5 4 3 2 1 254 255 255 255" "$(section_bytes conforma.bss)"
}

@test "the running program sees the values that arguments and the package set" {
	need_bpf
	bpf_package conformance
	records execs 1 --const_val_2 2345 --bss_val_1 7890
	is '[7890,2345]' "$(jq -c '[.pid,.ppid]' records)"
	edit conformance.json '(.meta.bpf_skel.data_sections[].variables[] | select(.name == "bss_val_1")).value = 78'
	records execs 1 --const_val_2 -1
	is '[78,-1]' "$(jq -c '[.pid,.ppid]' records)"
}

@test "a value in the package that does not fit is an error with variable, value and limits" {
	need_bpf
	bpf_package conformance
	local name value message
	while IFS='|' read -r name value message; do
		jq -c --arg name "$name" --argjson value "$value" \
			'(.meta.bpf_skel.data_sections[].variables[] | select(.name == $name)).value = $value' conformance.json > bad.json
		fails_with 1 "bad.json: $name: $message" skel-load bad.json
		fails_with 1 "bad.json: $name: $message" skel-args bad.json
	done <<-END
		bool_1|1.2345|expected true or false (_Bool), found 1.2345
		bool_1|"yes"|expected true or false (_Bool), found a string
		const_val_1|1.5|expected a whole number (int), found 1.5
		const_val_1|"abcdefg"|"abcdefg" is not a number (int)
		const_val_1|11111111111|11111111111 does not fit int: -2147483648 to 2147483647
		targ_pid|4294967296|4294967296 does not fit unsigned int: 0 to 4294967295
		targ_pid|-1|-1 does not fit unsigned int: 0 to 4294967295
		const_buf|"$(printf '%0200d' 0)"|text of 200 bytes is too long for char[100]
		const_float|"x"|"x" is not a number (float)
	END
}

@test "variables of .kconfig come from the kernel, even if the package names their section" {
	need_bpf
	bpf_package conformance -DKCONFIG
	edit conformance.json '.meta.bpf_skel.data_sections += [{name: ".kconfig", variables: [{name: "LINUX_KERNEL_VERSION", type: "unsigned int"}]}]'
	records execs 1
	local major minor
	IFS=.- read -r major minor _ < /proc/sys/kernel/osrelease
	is $((major * 256 + minor)) "$(jq '.ppid / 256 | floor' records)"
}

@test "an unsigned variable can be set to values in its whole upper half" {
	need_bpf
	bpf_package conformance
	start_load -f json conformance.json --targ_pid 4294967295 --times 3000000000
	is "255 255 255 255" "$(section_bytes conforma.rodata | cut -d ' ' -f 13-16)"
	is "0 94 208 178" "$(section_bytes conforma.bss | cut -d ' ' -f 1-4)"
}

# Records

@test "the JSON of each kind of member is the reference loader's except for order and floats" {
	need_bpf
	bpf_package conformance
	records values 1
	# Compare text, since jq rounds large numbers.
	[[ $(cat records) == '{"@map":"values","@time":"'*'Z","arr1":[[[0,1,2,3],[4,5,6,7],[8,9,10,11]],[[12,13,14,15],[16,17,18,19],[20,21,22,23]]],"str":"A-String","str_arr":["hello","a \"quoted\" one"],"ft":1.23,"dbl":4.56,"u8v":18,"i8v":-18,"u16v":4660,"i16v":-4660,"u32v":305419896,"i32v":-305419896,"u64v":18364758544493064720,"i64v":-1311768467463790320,"e":"E_B(1)"}' ]]
}

@test "in text the names of columns and the rows have the reference loader's bytes" {
	need_bpf
	bpf_package conformance
	records values 1
	mv out json.skel
	binary_record
	for stream in json.skel out; do
		skel-fmt --plain $stream > text
		is 'TIME     ARR1   STR    STR_ARR FT     DBL    U8V    I8V    U16V   I16V   U32V   I32V   U64V   I64V   E      ' \
			"$(head -n 1 text)"
		is '[[[0,1,2,3],[4,5,6,7],[8,9,10,11]],[[12,13,14,15],[16,17,18,19],[20,21,22,23]]] A-String ["hello","a \"quoted\" one"] 1.2300000190734863 4.56 18 -18 4660 -4660 305419896 -305419896 18364758544493064720 -1311768467463790320 E_B(1)' \
			"$(sed 1d text | sed 's/^..:..:..  //')"
		[[ $(sed -n 2p text) =~ ^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\ \ \[ ]]
	done
}

@test "raw records are the bytes of the struct" {
	need_bpf
	bpf_package conformance
	binary_record
	skel-fmt --raw out > raw
	python3 - <<-'PY' | cmp - raw
		import struct, sys
		sys.stdout.buffer.write(struct.pack("@24i16s16s16sfdBbHhIiQqI4x", *range(24),
		    b"A-String", b"hello", b'a "quoted" one', 1.23, 4.56, 0x12, -0x12, 0x1234, -0x1234,
		    0x12345678, -0x12345678, 0xfedcba9876543210, -0x123456789abcdef0, 1))
	PY
}

@test "integers of 128 bits are strings in JSON and digits in text" {
	need_bpf
	bpf_package conformance
	records integers 1
	[[ $(cat records) == *'"low":"-1237940039285380274899124224","high":"170141183460469231731687303715884105738"}' ]]
	is "-1237940039285380274899124224 170141183460469231731687303715884105738" \
		"$(skel-fmt --plain out | sed -n '2s/^..:..:..  //p')"
}

@test "a stack without symbols is a line for its process and a line for each address" {
	# pid 0x1234, CPU 0x5678, 16 addresses of the kernel and 128 of the program.
	python3 - "$FIXTURES/format" <<-'PY'
		import struct, sys
		sys.path.insert(0, sys.argv[1])
		sys.argv = ["make.py", "."]
		import make
		s = make.Stream("profile")
		u32, s32, u64 = s.integer("unsigned int", 4), s.integer("int", 4, True), s.integer("u64", 8)
		comm, stack = s.array(s.type("char", "char", 1, signed=True), 16), s.array(u64, 128)
		event = s.struct("stacktrace_event", ("pid", u32), ("cpu_id", u32), ("comm", comm), ("kstack_sz", s32),
		                 ("ustack_sz", s32), ("kstack", stack), ("ustack", stack))
		assert s.size(event) == 2080
		s.map("events", "perf", event, intepreter={"stack_trace": {"with_symbols": False}})
		addresses = [1 << 16 | i for i in range(128)]
		s.put(struct.pack("<II16sii128Q128Q", 0x1234, 0x5678, b"test-comm", 16 * 8, 128 * 8, *addresses, *addresses))
		s.end()
		s.write("profile")
	PY
	{
		echo "COMM: test-comm (pid=4660) @ CPU 22136"
		echo "Kernel:"
		printf '%016x\n' $(seq 65536 65551)
		echo "Userspace:"
		printf '%016x\n' $(seq 65536 65663)
		echo
	} | diff - <(skel-fmt --plain profile.skel)
}

# Exports

@test "custom members show what they pick, in their order, with any name" {
	need_bpf
	bpf_package conformance
	members=$(custom "comm?" comm 8 ppid ppid 4 fname fname 24 pid pid 0)
	edit conformance.json "(.meta.bpf_skel.maps[] | select(.name == \"execs\")).export_config = {custom_members: $members}"
	records execs 1 --const_val_2 2 --bss_val_1 1
	is '{"comm?":"COMM-STR","ppid":2,"fname":"a/file","pid":1}' "$(jq -c 'del(.["@map"], .["@time"])' records)"
	# The reference loader's text has them in the order of their offsets.
	is "TIME     PID    PPID   COMM?  FNAME  " "$(skel-fmt --plain out | head -n 1)"
	is "1     2      COMM-STR a/file" "$(skel-fmt --plain out | sed -n '2s|^[0-9:]*  *||p')"
}

# custom NAME MEMBER OFFSET...: print custom members that have the types of members
# of struct exec.
custom() {
	local members=()
	while [ $# -gt 0 ]; do
		members+=("{\"name\":\"$1\",\"offset\":$3,\"btf_type_id\":$(member_type conformance.bpf.o exec "$2")}")
		shift 3
	done
	(IFS=,; echo "[${members[*]}]")
}

@test "custom members that overlap or lie outside are an error that names the field" {
	need_bpf
	bpf_package conformance
	local execs='(.meta.bpf_skel.maps[] | select(.name == "execs")).export_config'
	jq -c "$execs = {custom_members: $(custom pid pid 0 ppid ppid 2)}" conformance.json > bad.json
	fails_with 1 "bad.json: map execs: field ppid overlaps field pid" skel-load bad.json
	jq -c "$execs = {custom_members: $(custom pid pid 12345678)}" conformance.json > bad.json
	fails_with 1 "bad.json: map execs: field pid ends at byte 12345682, but the value has 32 bytes" skel-load bad.json
	jq -c "$execs = {custom_members: [{name: \"pid\", offset: 0, btf_type_id: 12345678}]}" conformance.json > bad.json
	fails_with 1 "bad.json: map execs: field pid: " skel-load bad.json
	[[ $stderr == *12345678* ]]
}

@test "a package from the reference compiler runs unchanged" {
	need_bpf
	bpf_package conformance
	jq -c --argjson id "$(type_id conformance.bpf.o exec)" '
		.meta |= {bpf_skel: (.bpf_skel
				| .maps |= map(select(.name != "values" and .name != "integers") | del(.export_config))
				| .doc = null),
			eunomia_version: "0.3.4",
			export_types: [{name: "exec", type_id: $id, size: 32, members: [{name: "pid", type: "int"},
				{name: "ppid", type: "int"}, {name: "comm", type: "composite"}, {name: "fname", type: "char[8]"}]},
				{name: "S", type_id: 1, size: 1, members: []}]}' conformance.json |
		sed 's/{"name":"bss_val_1"/{"name":"__padding","size":4,"name":"bss_val_1"/' > ecc.json
	grep -q __padding ecc.json
	mv ecc.json conformance.json
	records execs 1 --bss_val_1 7
	is '{"pid":7,"ppid":0,"comm":"COMM-STR","fname":"a/file"}' "$(jq -c 'del(.["@map"], .["@time"])' records)"
	# Only the first of export_types counts, and it must match the object.
	sed 's/"name":"fname"/"name":"file"/' conformance.json > bad.json
	fails_with 1 "bad.json: map execs: export_types[0].members[3] is file in the package, but fname in the object" skel-load bad.json
	sed 's/"name":"exec","type_id"/"name":"exit","type_id"/' conformance.json > bad.json
	fails_with 1 "bad.json: map execs: export_types[0] is struct exit, but type" skel-load bad.json
}

@test "several ring buffers have a type each, and their records are not mixed up" {
	need_bpf
	bpf_package conformance
	start_load -q -f json conformance.json --targ_pid $BASHPID
	wait_for 10 shows_maps out 3
	end_load
	is "execs integers values" "$(jq -r '.["@map"] // empty' out | sort -u | paste -s -d ' ')"
	is '[7,3,16]' "$(jq -sc '[first(.[] | select(.["@map"] == "execs")), first(.[] | select(.["@map"] == "integers")), first(.[] | select(.["@map"] == "values"))] | map(length) | [.[0] + 1, .[1] - 1, .[2]]' out)"
}

shows_maps() {
	[ "$(grep -o '^{"@map":"[^"]*"' "$1" | sort -u | wc -l)" -eq "$2" ]
}

# Errors and names

@test "every key that is read of a package is explained in skel-package(5)" {
	local key
	# Find the names in the calls of the reader's functions and in its tables.
	find "$ROOT/lib/package" -name '*.c' -exec cat {} + | tr -s '\n\t ' ' ' |
		grep -oE '(json_doc_get_[a-z0-9]+|json_object_get)\([^;]*|\{ "[a-z_]+", KEY_' |
		grep -oE '"[a-z_]{3,}"' | tr -d '"' | sort -u > keys
	[ "$(wc -l < keys)" -ge 58 ]
	while read -r key; do
		grep -qE "^\\.(It )?(Brq )?Va .*\\b$key\\b" "$ROOT/lib/package/skel-package.5" || { echo "not explained: $key"; return 1; }
	done < keys
}

@test "an error in a package has the name that the reference loader gives" {
	need_bpf
	bpf_package conformance
	local filter message
	while IFS='|' read -r filter message; do
		jq -c "${filter//\;/|}" conformance.json > bad.json
		fails_with 1 "skel-load: bad.json: $message" skel-load bad.json
	done <<-'END'
		.bpf_object = "*"|package.bpf_object: character 1 is not base64
		.bpf_object = "AAAA"|package.bpf_object: not a zlib stream
		.bpf_object_size += 1|package: bpf_object_size says
		del(.bpf_object)|package: bpf_object is missing
		del(.meta.bpf_skel)|meta: bpf_skel is missing
		.meta.bpf_skel.data_sections = null|meta.bpf_skel: data_sections is missing
		.meta.bpf_skel.data_sections[0].name = ".rodata.x"|section .rodata.x is not in the object
		.meta.bpf_skel.progs[0].name = "nosuch"|program nosuch is not in the object
		.meta.bpf_skel.maps[0].name = "nosuch"|map nosuch: the object has no map of this name
		.meta.bpf_skel.maps[0].export_config = {btf_type_id: 99999}|map values: there is no BTF type 99999
		.meta.bpf_skel.maps[0].export_config = "default"|map values: "export_config" is "default", which works for sampled maps only
		.meta.bpf_skel.maps[0].export_config = "custom"|maps[0].export_config: unknown export "custom"; known: no_export, default
		.meta.bpf_skel.maps[0].sample = {type: "default_kv"}|maps[0].sample: interval is missing
		.meta.bpf_skel.maps[0].sample = {interval: 1, type: "hist"}|maps[0]: unknown sample type "hist"; known: default_kv, log2_hist, linear_hist
		.meta.bpf_skel.maps[0].intepreter = "stack"|maps[0].intepreter: unknown interpreter "stack"
		.meta.bpf_skel.data_sections[0].variables[0].cmdarg.short = "no"|variable bool_1: the short name "no" is not one letter or digit
	END
}

@test "a name with a NUL is refused with its position" {
	bpf_package conformance
	sed 's/"name":"values"/"name":"val\\u0000ues"/' conformance.json > bad.json
	fails_with 1 'skel-load: bad.json:1: a string contains the character \u0000, which no name or value may contain' skel-load bad.json
}

@test "names reach the kernel unchanged, without trailing bytes" {
	need_bpf
	bpf_package conformance
	start_load -f json --as-is conformance.json --targ_pid 0
	is ".rodata.cst16 .rodata.str1.1 conforma.bss conforma.rodata execs integers values" \
		"$(for id in $(held map); do bpftool -j map show id "$id" | jq -r '.name // "-"'; done | sort | paste -s -d ' ')"
	is send_all "$(bpftool -j prog show id "$(held prog)" | jq -r .name)"
}

@test "arguments follow the package, with or without the -- that the reference loader needs" {
	need_bpf
	bpf_package conformance
	DASHES=1 records execs 1 --const_val_2 5
	is 5 "$(jq .ppid records)"
	jq -c .meta conformance.json > meta.json
	run -0 --separate-stderr skel-load --no-log -t 0.1 -e conformance.bpf.o meta.json -- --const_val_2 5
	is "" "$stderr"
	is conformance_bpf "$(head -n 1 <<<"$output" | jq -r .name)"
	fails_with 2 "unknown argument --nosuch" skel-load conformance.json -- --nosuch
}

@test "unknown keys are ignored, and skel-args keeps them" {
	need_bpf
	bpf_package conformance
	edit conformance.json '. + {mine: 1} | .meta += {eunomia_version: "0.3.4"} | .meta.bpf_skel.maps[0] += {mine: [2]} | .meta.bpf_skel.progs[0] += {others: {a: 3}}'
	run -0 --separate-stderr skel-load --check conformance.json
	is "" "$stderr"
	is '[1,"0.3.4",[2],{"a":3}]' "$(skel-args conformance.json --const_val_2 5 |
		jq -c '[.mine, .meta.eunomia_version, .meta.bpf_skel.maps[0].mine, .meta.bpf_skel.progs[0].others]')"
}
