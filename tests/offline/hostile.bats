#!/usr/bin/env bats
# Input written to do harm.  Each is refused with one line that says what is wrong
# and status 1 or 2, and takes no more memory than skel-package(5) and
# skel-stream(5) promise.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

# hostile NAME [ARG...]: write the input of this name to the file NAME.
hostile() {
	python3 "$HELPERS/hostile.py" "$@" >"$1"
}

# within KIB COMMAND...: fail if the command's peak of memory is more than KIB.
# Sets the same variables as run.  The sanitizers need memory of their own.
within() {
	local most=$1 used
	shift
	run --separate-stderr command time -o peak -f %M "$@"
	used=$(tail -n 1 peak)
	peaks+=("$used")
	[ -n "$SAN" ] || [ "$used" -le "$most" ] ||
		{ echo "$*: $used KiB, at most $most are allowed"; return 1; }
}

# refused KIB MESSAGE COMMAND...: the command refuses its input within KIB of memory
# and with one line that has MESSAGE, and prints nothing on standard output.
refused() {
	local most=$1 message=$2
	shift 2
	within "$most" "$@"
	[ "$status" -eq 1 ] || [ "$status" -eq 2 ] || { echo "status $status"; return 1; }
	[ -z "$output" ] || { echo "stdout: ${output:0:200}"; return 1; }
	[[ $stderr == *"$message"* ]] || { echo "stderr: ${stderr:0:500}"; return 1; }
	[ "$(wc -l <<<"$stderr")" -eq 1 ] || { echo "more than a line: ${stderr:0:500}"; return 1; }
}

# The bounds in KiB: that of skel-package(5) for a package with an object of so many
# MiB, and that of skel-stream(5) for any stream.
package_bound() {
	echo $((5 * $(stat -c %s "$1") / 1024 + 2 * $2 * 1024 + 256 * 1024))
}
STREAM_BOUND=$((1024 * 1024))

# Each command that reads packages refuses it with MESSAGE: NAME MIB MESSAGE.
no_package() {
	hostile "$1"
	for command in skel-args "skel-pack --unpack" "skel-load --check"; do
		# shellcheck disable=SC2086
		refused "$(package_bound "$1" "$2")" "$3" $command "$1"
	done
}

# Each that reads streams does: NAME MESSAGE.
no_stream() {
	hostile "$1"
	refused "$STREAM_BOUND" "$1:1: $2" skel-fmt "$1"
	refused "$STREAM_BOUND" "$1:1: $2" skel-poll "$1"
}

# A line of a stream is bad: NAME MESSAGE; the rest is read.
no_line() {
	hostile "$1"
	refused "$STREAM_BOUND" "$1:2: $2" skel-fmt --json "$1"
}

tell_peaks() {
	local most
	most=$(printf '%s\n' "${peaks[@]}" | sort -n | tail -n 1)
	echo "# ${#peaks[@]} runs, at most $((most / 1024)) MiB" >&3
}

@test "an object that would inflate to gigabytes is inflated only up to its declared size" {
	no_package bomb_in_small 1 'bomb_in_small: package: bpf_object_size says 4096, the object has more bytes'
	no_package bomb_at_most 128 'not an ELF object'
	tell_peaks
}

@test "an object is at most 128 MiB, whatever its declared size" {
	no_package bomb_as_told 1 'bpf_object_size: 2147483648 is too large; at most 134217728 is allowed'
	no_package size_of_64_bits 1 'bpf_object_size: 18446744073709551615 is too large'
	tell_peaks
}

@test "JSON of depth 100000 is refused" {
	no_package deep_arrays 0 'deep_arrays:1: not JSON: maximum parsing depth reached'
	no_package deep_meta 0 'deep_meta:1: not JSON: maximum parsing depth reached'
	no_stream deep_header 'not JSON: maximum parsing depth reached'
	no_line deep_control 'not JSON: maximum parsing depth reached'
	no_line deep_record 'not JSON from column 2576 on'
	tell_peaks
}

@test "JSON of 1048576 values is read within the bound of memory, and more are refused" {
	no_package more_values 0 'more_values:1: more than 1048576 JSON values'
	no_stream more_header_values 'more than 1048576 JSON values'
	no_line control_of_values 'more than 1048576 JSON values'
	hostile most_values
	within "$(package_bound most_values 0)" bash -c 'skel-args most_values | cmp -n 80 - most_values'
	[ "$status" -eq 0 ]
	hostile most_header_values
	within "$STREAM_BOUND" skel-fmt most_header_values
	[ "$status" -eq 0 ]
	tell_peaks
}

@test "types that contain themselves, or each other twice, are refused" {
	no_stream typedef_of_itself 'types[0]: typedef "t" contains itself'
	no_stream struct_in_itself 'types[0]: struct "s" contains itself'
	no_stream doubled_64_times 'types[18]: struct "s" has too many members'
	tell_peaks
}

@test "a struct that contains itself in the BTF of an object is refused" {
	need_bpf
	skel-pack --unpack "$ASSETS/bootstrap.json" >x.bpf.o
	local id
	id=$(type_id x.bpf.o event)
	hostile btf_struct_in_itself x.bpf.o "$id"
	within "$(package_bound x.bpf.o 1)" skel-pack -n x btf_struct_in_itself
	[ "$status" -eq 0 ]
	echo "$output" >x.json
	refused "$(package_bound x.json 1)" "map rb: BTF type $id \"event\": nested too deeply" skel-load -n 1 x.json
}

@test "types of 2^60 bytes are refused" {
	no_stream struct_of_exabytes 'types[0]: struct "s" of 1152921504606846976 bytes is too large; at most 16777216 are read'
	no_stream array_of_exabytes 'types[0]: array "" of 1152921504606846976 bytes is too large'
	tell_peaks
}

@test "counts, offsets and numbers of CPUs that overflow are refused" {
	no_stream count_that_overflows 'types[0]: an array of 4611686018427387905 elements'
	no_stream offset_that_overflows 'types[0].members[0].offset: 18446744073709551612 is too large'
	no_stream cpus_that_overflow 'maps[0].cpus: 9223372036854775808 is too large; at most 65536 is allowed'
}

@test "too many maps or types, and a header that is too long, are refused" {
	no_stream many_maps 'maps: there are 257 maps, the maximum is 256'
	no_stream many_types 'types: 65537 types; at most 65536 are read'
	no_stream long_header 'the header is longer than 16777216 bytes'
	tell_peaks
}

@test "a line of 300 MiB is skipped, and a record of 63 MiB is shown, within the bound" {
	no_line long_line 'a line longer than 67108864 bytes'
	hostile record_of_64_mib
	for form in table plain json csv tsv; do
		within "$STREAM_BOUND" bash -c "skel-fmt --$form record_of_64_mib >shown"
		[ "$status" -eq 0 ]
		[ "$(stat -c %s shown)" -gt $((63 << 20)) ]
	done
	tell_peaks
}

@test "escape sequences in a package's names are escaped in messages" {
	hostile escapes
	for command in skel-args "skel-args --list" "skel-load --check"; do
		# shellcheck disable=SC2086
		refused "$(package_bound escapes 0)" \
			'escapes: maps[0]: unknown sample type "\^[]0;owned\a\M-B\M^[2J\r\n"' $command escapes
	done
	# Where the map is good, the default is not, and the name of its section is shown.
	jq -c '.bpf_skel.maps = []' escapes >variable
	within "$(package_bound variable 0)" skel-args variable --help
	[ "$status" -eq 1 ]
	[[ $stderr == *owned* && $stderr != *[[:cntrl:]]* ]]
	jq -c 'del(.bpf_skel.data_sections[].variables[].cmdarg.default)' variable >help
	within "$(package_bound help 0)" skel-args help --help
	[ "$status" -eq 0 ]
	[[ $output == *owned* && ${output//$'\n'/} != *[[:cntrl:]]* ]]
}

@test "a name of 8 MiB is cut so that the message stays one line" {
	hostile long_name
	refused "$(package_bound long_name 0)" 'long_name: maps[0].ident: expected a string, found a number' skel-args long_name
	hostile long_name_of_argument
	within "$(package_bound long_name_of_argument 0)" bash -c "skel-args long_name_of_argument >shown"
	[ "$status" -eq 0 ]
	[ "${#stderr}" -lt 20000 ]
}

@test "a NUL in a name is refused with its position" {
	no_stream nul_in_name 'a string contains the character \u0000, which no name or value may contain'
	printf '{"bpf_skel":{"obj_name":"x\\u0000","data_sections":[]}}' >nul
	refused "$(package_bound nul 0)" 'nul:1: a string contains the character \u0000' skel-args nul
	printf '{"bpf_skel":{"obj_name":"x\0","data_sections":[]}}' >raw
	refused "$(package_bound raw 0)" 'raw:1: not JSON' skel-args raw
}

@test "sections that share bytes, and names of megabytes, are refused" {
	no_package package_of_sections_that_overlap 1 'corrupted: its sections overlap'
	no_package package_of_section_of_long_name 16 'has a name without an end, or of more than 4095 bytes'
	hostile sections_that_overlap
	refused "$(package_bound sections_that_overlap 1)" 'corrupted: its sections overlap' \
		skel-pack sections_that_overlap
}

@test "2000 members that may be stacks cost one reading of 150000 instructions" {
	need_bpf
	need_clang
	{
		echo 'struct e {'
		seq -f 'int stack_a%.0f;' 2000
		cat <<-'C'
			};
			struct {
				__uint(type, BPF_MAP_TYPE_RINGBUF);
				__uint(max_entries, 65536);
				__type(value, struct e);
			} rb SEC(".maps");
			struct {
				__uint(type, BPF_MAP_TYPE_STACK_TRACE);
				__uint(max_entries, 64);
				__uint(key_size, 4);
				__uint(value_size, 1016);
			} st SEC(".maps");
			SEC("xdp") int f(void *c)
			{
				bpf_get_stackid(c, &st, 0);
				asm volatile(".rept 50000\nif r1 == 0 goto +1\nr1 += 1\nr1 += 1\n.endr" ::: "r1");
				struct e *x = bpf_ringbuf_reserve(&rb, sizeof(*x), 0);
				if (x)
					bpf_ringbuf_discard(x, 0);
				return 0;
			}
		C
	} | object stacks
	skel-pack -q stacks.bpf.o >stacks.json
	# The verifier refuses it, after the stacks were found.
	run timeout 10 skel-load --check stacks.json
	is 1 "$status"
	[[ $output == *"map rb: shown as stacks: stack_a1"* ]]
}

@test "60000 copies of a reservation that is written 15000 times are packed in time" {
	need_clang
	object copies <<-'C'
		struct e {
			int a, b;
			long c[4];
		};
		struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 65536);
		} rb SEC(".maps");
		struct e *unused;
		SEC("xdp") int f(void *c)
		{
			asm volatile("r7 = %0\nr1 = r7\nr2 = 40\nr3 = 0\ncall 131\nr6 = r0\n"
				     ".rept 60000\nr8 = r6\n.endr\n"
				     ".rept 15000\nr1 = r7\nr2 = r6\nr3 = 40\nr4 = 0\ncall 130\n.endr"
				     :: "r"(&rb) : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8");
			return 0;
		}
	C
	run timeout 10 skel-pack copies.bpf.o
	is 0 "$status"
	[[ $output == *"map rb: its records are struct e, "* ]]
}

@test "debug information that is endless, circular or compressed is packed without it, in time" {
	need_clang
	grep -v LICENSE "$PROGRAMS/records.bpf.c" | object records -gdwarf-4
	for name in dwarf_same_names dwarf_long_lists dwarf_many_entries dwarf_wide_array \
		dwarf_nearly_equal dwarf_long_chains dwarf_bomb; do
		hostile "$name" records.bpf.o
		within "$(package_bound "$name" 32)" timeout 20 skel-pack "$name"
		[ "$status" -eq 0 ] || { echo "$name: status $status, $stderr"; return 1; }
		[[ $stderr == *"$name: map ring: the type of its records is not known"* ]]
	done
	[[ $stderr == *"the object's DWARF is compressed"* ]]
	tell_peaks
}

@test "an object with very many maps is refused" {
	need_clang
	local i
	{
		echo '#include <linux/bpf.h>'
		echo '#include <bpf/bpf_helpers.h>'
		echo 'struct map { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); };'
		for ((i = 0; i < 4100; i++)); do
			echo "struct map m$i SEC(\".maps\");"
		done
	} >many.bpf.c
	clang -g -O1 -target bpf -idirafter "/usr/include/$(cc -dumpmachine)" -c -o many.bpf.o many.bpf.c
	fails_with 1 "skel-pack: many.bpf.o: the object has 4100 maps; there may be 4096" skel-pack many.bpf.o
}
