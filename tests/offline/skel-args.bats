#!/usr/bin/env bats
# skel-args(1) reads a package and writes it with the values of arguments.

load ../helpers/helper

# An object with every kind of global in every section, and its package.
setup_file() {
	cd "$BATS_FILE_TMPDIR"
	cat >kinds.bpf.c <<-'C'
		typedef unsigned int uid_t;
		typedef unsigned long long u64;
		enum kind { EXEC = 1, EXIT = 2, ODD = -7 };
		struct pair { int a, b; };
		const volatile _Bool on = 1, off = 0;
		const volatile char letter = 3;
		const volatile signed char s8 = -3;
		const volatile unsigned char u8 = 200;
		const volatile short s16 = -300;
		const volatile unsigned short u16 = 60000;
		const volatile int s32 = -5;
		const volatile uid_t uid = 4294967295;
		const volatile long s64 = -6;
		const volatile u64 big = 18446744073709551615ULL;
		const volatile __int128 wide = -8;
		const volatile float f32 = 1.23f;
		const volatile double f64 = 0.1;
		const volatile enum kind kind = EXIT;
		const volatile char path[16] = "/bin";
		const volatile unsigned short ports[3] = { 80, 443 };
		const volatile struct pair pair = { 1, 2 };
		const volatile void *pointer = 0;
		u64 zeroed;
		int set = 7;
		__attribute__((section("raw_tp/sys_enter"))) int prog(void *ctx)
		{
			return on + off + letter + s8 + u8 + s16 + u16 + s32 + uid + s64 + big +
			    kind + path[set & 3] + ports[set & 1] + pair.a + (pointer != 0) +
			    zeroed + set + *(volatile char *)&f32 + *(volatile char *)&f64 +
			    *(volatile char *)&wide;
		}
		char LICENSE[] __attribute__((section("license"))) = "GPL";
	C
	clang -g -O2 -target bpf -c kinds.bpf.c -o kinds.bpf.o
	# skel-pack gives a bool that is true a default; here only the object does.
	skel-pack kinds.bpf.o | sed 's/,"cmdarg":{"default":true}//' >kinds.json
}

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	cp "$BATS_FILE_TMPDIR"/kinds.* .
}

# Write a bare meta, x.json, whose .rodata has the variables given as JSON objects.
meta() {
	local IFS=,
	echo "{\"bpf_skel\":{\"obj_name\":\"x_bpf\",\"data_sections\":[{\"name\":\".rodata\",\"variables\":[$*]}]}}" >x.json
}
# {"name":...,"type":...,REST}
var() {
	echo "{\"name\":\"$1\",\"type\":\"$2\"${3:+,$3}}"
}
# Print the value that the package on standard input has for the variable.
value() {
	jq -c ".. | .variables? // empty | .[] | select(.name == \"$1\") | .value"
}
# Check that the arguments set the variable to the value.
sets() { # VARIABLE VALUE ARG...
	local variable=$1 want=$2
	shift 2
	run -0 --separate-stderr skel-args kinds.json "$@"
	[ -z "$stderr" ]
	# jq reads numbers as doubles, so compare text.
	[[ $output == *"{\"name\":\"$variable\","*"\"value\":$want}"* ]] || {
		value "$variable" <<<"$output"
		return 1
	}
}

@test "without arguments the package passes unchanged" {
	run -0 --separate-stderr skel-args kinds.json
	[ -z "$stderr" ]
	[ "$output" = "$(cat kinds.json)" ]
	skel-args "$ASSETS/bootstrap.json" | cmp - "$ASSETS/bootstrap.json"
}

@test "- or no file means standard input, which messages call <stdin>" {
	[ "$(skel-args <kinds.json)" = "$(cat kinds.json)" ]
	[ "$(skel-args - --s32 9 <kinds.json | value s32)" = 9 ]
	fails_with 1 "skel-args: <stdin>: empty; expected a package" skel-args </dev/null
}

@test "reading the output of skel-args again does not change it" {
	skel-args kinds.json --s32 9 --on=false --path x --ports 1,2 --big 18446744073709551615 >once
	skel-args once >twice
	cmp once twice
}

@test "unknown keys and their order survive" {
	echo '{"z":1,"bpf_skel":{"data_sections":[{"q":2,"name":".bss","variables":[{"mine":[1,{}],"name":"v","type":"int"}]}],"zz":null},"a":0}' >x.json
	[ "$(skel-args x.json)" = "$(cat x.json)" ]
	[ "$(skel-args x.json --v 5)" = \
		'{"z":1,"bpf_skel":{"data_sections":[{"q":2,"name":".bss","variables":[{"mine":[1,{}],"name":"v","type":"int","value":5}]}],"zz":null},"a":0}' ]
}

@test "every integer type accepts its least and its greatest value and rejects the next" {
	local name least most
	while read -r name least most; do
		sets "$name" "$least" "--$name" "$least"
		sets "$name" "$most" "--$name=$most"
		fails_with 2 "skel-args: --$name: ${least}0 does not fit " skel-args kinds.json "--$name" "${least}0"
		fails_with 2 "skel-args: --$name: ${most}0 does not fit " skel-args kinds.json "--$name" "${most}0"
	done <<-'END'
		letter -128 127
		s8 -128 127
		s16 -32768 32767
		s32 -2147483648 2147483647
		s64 -9223372036854775808 9223372036854775807
	END
	while read -r name most above; do
		sets "$name" 0 "--$name" 0
		sets "$name" "$most" "--$name" "$most"
		fails_with 2 "--$name: -1 does not fit " skel-args kinds.json "--$name" -1
		fails_with 2 "--$name: $above does not fit " skel-args kinds.json "--$name=$above"
	done <<-'END'
		u8 255 256
		u16 65535 65536
		uid 4294967295 4294967296
		big 18446744073709551615 18446744073709551616
		zeroed 18446744073709551615 18446744073709551616
	END
	sets wide '"-170141183460469231731687303715884105728"' --wide -170141183460469231731687303715884105728
	fails_with 2 "--u16: 70000 does not fit unsigned short: 0 to 65535" skel-args kinds.json --u16 70000
	fails_with 2 "--uid: -1 does not fit uid_t: 0 to 4294967295" skel-args kinds.json --uid -1
}

@test "integers may be hex and octal, with a sign, and nothing else" {
	sets s32 31 --s32 0x1f
	sets s32 -31 --s32=-0X1F
	sets s32 8 --s32 010
	sets s32 5 --s32 +5
	sets big 18446744073709551615 --big 0xffffffffffffffff
	local bad
	for bad in abcdefg '' 1.5 0x 08 ' 1' 1e3 --; do
		fails_with 2 "skel-args: --s32: \"$bad\" is not a number (int)" skel-args kinds.json --s32 "$bad"
	done
}

@test "enums are set by name or number, floats in their own width, text with its NUL" {
	sets kind 1 --kind EXEC
	sets kind -7 --kind ODD
	sets kind 5 --kind 5
	fails_with 2 'skel-args: --kind: "exec" is none of EXEC, EXIT, ODD, and not a number (enum kind)' \
		skel-args kinds.json --kind exec
	sets f64 0.5 --f64 0.5
	sets f32 -2.5 --f32 -2.5
	fails_with 2 '--f64: "x" is not a number (double)' skel-args kinds.json --f64 x
	fails_with 2 '--f32: 1e39 does not fit float' skel-args kinds.json --f32 1e39
	sets path '"123456789012345"' --path 123456789012345
	sets path '""' --path=
	fails_with 2 '--path: text of 16 bytes is too long for char[16], which holds 15 and a NUL' \
		skel-args kinds.json --path 1234567890123456
	sets path '[-1,0]' --path $'\xff'
}

@test "arrays are lists with commas, which may be shorter than the array" {
	sets ports '[1,2,3]' --ports 1,2,0x3
	sets ports '[1]' --ports 1
	fails_with 2 '--ports: "1,2,3,4" has more elements than unsigned short[3]' skel-args kinds.json --ports 1,2,3,4
	fails_with 2 '--ports: 70000 does not fit' skel-args kinds.json --ports 1,70000
}

@test "variables of .bss and .data are arguments too" {
	sets zeroed 5 --zeroed 5
	sets set 5 --set 5
}

@test "a bool accepts --x, --x=WORD, --enable-x and --disable-x, whatever its default" {
	meta "$(var a bool)" "$(var b _Bool '"cmdarg":{"default":true,"short":"b"}')" "$(var c bool '"value":false,"cmdarg":{"short":"c"}')"
	run -0 skel-args --list x.json
	[ "$(cut -f 1-5 <<<"$output")" = "$(printf '%s\n' \
		$'--a\t-\tbool\t-\ttrue|false' \
		$'--disable-b\t-b\t_Bool\ttrue\t-' \
		$'--enable-c\t-c\tbool\tfalse\t-')" ]
	local name
	for name in a b c; do
		[ "$(skel-args x.json "--$name" | value $name)" = true ]
		[ "$(skel-args x.json "--enable-$name" | value $name)" = true ]
		[ "$(skel-args x.json "--disable-$name" | value $name)" = false ]
		[ "$(skel-args x.json "--$name=off" | value $name)" = false ]
		[ "$(skel-args x.json "--$name=yes" | value $name)" = true ]
		fails_with 2 "skel-args: --$name: \"maybe\" is not true or false" skel-args x.json "--$name=maybe"
		fails_with 2 "skel-args: --disable-$name takes no value" skel-args x.json "--disable-$name=1"
	done
	# A short name means the long one it is listed with; two may share a dash.
	run -0 skel-args x.json -bc
	[ "$(value b <<<"$output")$(value c <<<"$output")" = falsetrue ]
	# A later skel-args may overrule an argument.
	[ "$(skel-args x.json --enable-b | skel-args - --disable-b | value b)" = false ]
}

@test "a bool that only the object sets to true stays true and can be disabled" {
	run -0 skel-args --list kinds.json
	[[ $output == *$'--disable-on\t-\tbool\ttrue\t-\t'* ]]
	[[ $output == *$'--off\t-\tbool\tfalse\ttrue|false\t'* ]]
	[ "$(skel-args kinds.json | value on)" = null ]
	[ "$(skel-args kinds.json --disable-on | value on)" = false ]
}

@test "defaults of the package are checked and written, the object's are left alone" {
	meta "$(var a int '"value":3')" "$(var b int '"value":3,"cmdarg":{"default":4}')" \
		"$(var c char[8] '"cmdarg":{"default":123}')" "$(var d u64 '"cmdarg":{"default":18446744073709551615}')" \
		"$(var e int '"cmdarg":{"default":"0x10"}')" "$(var f int)" "$(var g int '"cmdarg":{"default":null}')"
	run -0 --separate-stderr skel-args x.json
	[ -z "$stderr" ]
	[ "$(value a <<<"$output")" = 3 ]
	[ "$(value b <<<"$output")" = 4 ]
	[ "$(value c <<<"$output")" = '"123"' ]
	[[ $output == *'"cmdarg":{"default":18446744073709551615},"value":18446744073709551615}'* ]]
	[ "$(value e <<<"$output")" = 16 ]
	[ "$(value f <<<"$output")" = null ]
	[ "$(value g <<<"$output")" = null ]
}

@test "an argument goes before the default, and is stored where the reference loader reads it" {
	meta "$(var b int '"value":3,"cmdarg":{"default":4}')"
	run -0 skel-args x.json --b 5
	[[ $output == *'"value":5,"cmdarg":{"default":5}'* ]]
}

@test "a default that its variable cannot hold is an error of the package: exit 1" {
	meta "$(var u8 'unsigned char' '"value":256')"
	fails_with 1 "skel-args: x.json: u8: 256 does not fit unsigned char: 0 to 255" skel-args x.json
	meta "$(var on bool '"value":1.2345')"
	fails_with 1 "skel-args: x.json: on: expected true or false (bool), found 1.2345" skel-args x.json
	meta "$(var n int '"cmdarg":{"default":1.5}')"
	fails_with 1 "skel-args: x.json: n: expected a whole number (int), found 1.5" skel-args x.json
	meta "$(var n int '"cmdarg":{"default":[1]}')"
	fails_with 1 "skel-args: x.json: n: expected a whole number (int), found an array" skel-args x.json
	meta "$(var s 'char[4]' '"value":"long"')"
	fails_with 1 "skel-args: x.json: s: text of 4 bytes is too long for char[4]" skel-args x.json
	meta "$(var n int '"cmdarg":{"short":"no"}')"
	fails_with 1 'skel-args: x.json: variable n: the short name "no" is not one letter or digit' skel-args x.json
}

@test "long and short names come from the package" {
	meta "$(var targ_pid pid_t '"cmdarg":{"long":"pid","short":"p","help":"H"},"description":"D"')" "$(var t int '"description":"D"')"
	[ "$(skel-args x.json --pid 5 | value targ_pid)" = 5 ]
	[ "$(skel-args x.json -p5 | value targ_pid)" = 5 ]
	[ "$(skel-args x.json -p -5 | value targ_pid)" = -5 ]
	[ "$(skel-args x.json --pid=-5 | value targ_pid)" = -5 ]
	[ "$(skel-args x.json --pi -5 | value targ_pid)" = -5 ]
	[ "$(skel-args --list x.json)" = "$(printf '%s\n' $'--pid\t-p\tpid_t\t-\t-\tH' $'--t\t-\tint\t-\t-\tD')" ]
}

@test "globals named help, version and verbose do not break the rest" {
	meta "$(var help int)" "$(var version int)" "$(var verbose bool)" "$(var pid int)"
	run -0 --separate-stderr skel-args x.json --var-help 1 --var-version 2 --verbose --pid 3
	[[ $stderr == *"skel-args: x.json: variable help: --help is taken or cannot be typed; its argument is --var-help"* ]]
	[ "$(value help <<<"$output")$(value version <<<"$output")$(value verbose <<<"$output")$(value pid <<<"$output")" = 12true3 ]
	[ "$(jq .debug_verbose <<<"$output")" = null ]
	[ "$(skel-args -q x.json --version)" = "x_bpf 0.1.0" ]
	[[ "$(skel-args -q x.json --help)" == *"Usage: skel-args x.json"* ]]
}

@test "--verbose shows libbpf's debug messages if no global is called verbose" {
	[ "$(skel-args kinds.json --verbose | jq .meta.debug_verbose)" = true ]
	meta "$(var pid int)"
	[ "$(skel-args x.json --verbose | jq .debug_verbose)" = true ]
}

@test "of two variables with one argument name the first gets it, with a notice" {
	meta "$(var a int '"cmdarg":{"long":"pid","short":"p"}')" "$(var b int '"cmdarg":{"long":"pid","short":"p"}')" "$(var c int '"cmdarg":{"short":"h"}')"
	run -0 --separate-stderr skel-args --list x.json
	[ "$(cut -f 1,2 <<<"$output")" = "$(printf '%s\n' $'--pid\t-p' $'--b\t-' $'--c\t-')" ]
	[[ $stderr == *"variable b: --pid is taken or cannot be typed; its argument is --b"* ]]
	[[ $stderr == *"variable b: -p is taken by --pid; it has no short name"* ]]
	[[ $stderr == *"variable c: -h is taken by --help; it has no short name"* ]]
	run -0 --separate-stderr skel-args -q --list x.json
	[ -z "$stderr" ]
}

@test "compiler markers, pointers and structs are not arguments and keep their values" {
	meta "$(var __eunomia_dummy_event_ptr 'struct event *')" "$(var p 'char *' '"value":0')" "$(var s 'struct foo' '"value":{"a":1}')" "$(var k int)"
	[ "$(skel-args --list x.json | cut -f 1)" = --k ]
	[ "$(skel-args x.json)" = "$(cat x.json)" ]
	run -0 skel-args --list kinds.json
	[[ $output != *pair* ]]
	[[ $output != *pointer* ]]
}

@test "a bare meta is read by the names of types; one that does not tell its size needs the object" {
	meta "$(var t my_type_t '"value":5')" "$(var e 'enum kind')" "$(var k '__u16')"
	[ "$(skel-args x.json --e 3 | value e)" = 3 ]
	[[ "$(skel-args --list x.json)" == *$'--t\t-\tmy_type_t\t-\t-\tValue of my_type_t t (cannot be set without the object)'* ]]
	[ "$(skel-args x.json | value t)" = 5 ]
	fails_with 2 "skel-args: --t: the size of type my_type_t is not in the package; with the object (-e) it can be set" skel-args x.json --t 5
	fails_with 2 "--k: 70000 does not fit __u16: 0 to 65535" skel-args x.json --k 70000
}

@test "-e adds the object, and so the types, to a bare meta" {
	jq -c .meta kinds.json >bare.json
	fails_with 2 '--kind: "EXEC" is not a number' skel-args bare.json --kind EXEC
	[ "$(skel-args -e kinds.bpf.o bare.json --kind EXEC | value kind)" = 1 ]
	[ "$(skel-args --elf kinds.bpf.o bare.json --kind EXEC | jq 'has("bpf_object")')" = false ]
	fails_with 1 "nosuch.o: No such file or directory" skel-args -e nosuch.o bare.json
	fails_with 1 "bare.json: not an ELF object" skel-args -e bare.json bare.json
}

@test "for an object without BTF the names of types are used" {
	clang -O2 -target bpf -c kinds.bpf.c -o plain.bpf.o
	jq -c .meta kinds.json >bare.json
	run -0 --separate-stderr skel-args -e plain.bpf.o bare.json --u16 65535
	[ -z "$stderr" ]
	[ "$(value u16 <<<"$output")" = 65535 ]
}

@test "the help shows types, defaults of the package and the object, and choices" {
	run -0 --separate-stderr skel-args --list kinds.json
	[ -z "$stderr" ]
	diff -u - <(cut -f 1-5 <<<"$output" | sort) <<-'END'
		--big	-	u64	18446744073709551615	-
		--disable-on	-	bool	true	-
		--f32	-	float	1.23	-
		--f64	-	double	0.1	-
		--kind	-	enum kind	EXIT	EXEC|EXIT|ODD
		--letter	-	char	3	-
		--off	-	bool	false	true|false
		--path	-	char[16]	/bin	-
		--ports	-	unsigned short[3]	80,443,0	-
		--s16	-	short	-300	-
		--s32	-	int	-5	-
		--s64	-	long	-6	-
		--s8	-	signed char	-3	-
		--set	-	int	7	-
		--u16	-	unsigned short	60000	-
		--u8	-	unsigned char	200	-
		--uid	-	uid_t	4294967295	-
		--wide	-	__int128	-8	-
		--zeroed	-	u64	0	-
	END
	run -0 --separate-stderr skel-args kinds.json --help
	[ -z "$stderr" ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *" --kind <enum kind> Value of enum kind kind [one of: EXEC, EXIT, ODD] [default: EXIT] "* ]]
}

@test "the program's help has its brief text, usage, aligned and wrapped options, and details" {
	meta "$(var pid int '"cmdarg":{"short":"p","default":7,"help":"trace this process only, and wrap what is too long for a line of eighty columns"}')" "$(var quiet bool)"
	jq -c '.bpf_skel.doc = {"brief":"Trace things","details":"More\nto say","version":"1.2"}' x.json >y.json
	run -0 --separate-stderr skel-args y.json --help
	[ -z "$stderr" ]
	diff -u - <(printf '%s\n' "$output") <<-'END'
		Trace things

		Usage: skel-args y.json [OPTIONS]

		Options:
		  -p, --pid <int>  trace this process only, and wrap what is too long for a line
		                   of eighty columns [default: 7]
		      --quiet      Set the variable quiet
		      --verbose    Show libbpf's debug messages
		  -h, --help       Print this help
		  -V, --version    Print the version

		More
		to say
	END
	[ "$(skel-args y.json -V)" = "x_bpf 1.2" ]
	[ "$(skel-args y.json -h)" = "$output" ]
}

@test "a package cannot write control bytes to the terminal" {
	meta "$(var pid int '"cmdarg":{"help":"a\u001b[2J\tb\u009bc\nd"}')"
	run -0 skel-args x.json --help
	[[ $output == *"a [2J b c d"* ]]
	[[ $output != *$'\e'* ]]
	run -0 skel-args --list x.json
	[ "$output" = $'--pid\t-\tint\t-\t-\ta [2J b c d' ]
	meta "$(var 'a\u001bb' int)"
	run -0 --separate-stderr skel-args x.json
	[[ $stderr == *"cannot be set: all names for its argument are taken or cannot be typed"* ]]
	[[ $stderr != *$'\e'* ]]
}

@test "a -- may stand between the package and its arguments, as the reference loader requires" {
	run -0 --separate-stderr bash -c 'skel-args kinds.json --u8 9 >want && skel-args kinds.json -- --u8 9 >got && cmp want got'
	[ -z "$output$stderr" ]
	run -0 --separate-stderr skel-args - -- --help <kinds.json
	[[ $output == *"Usage: "* ]]
}

@test "wrong arguments are named, with exit 2 and an empty stdout" {
	fails_with 2 "skel-args: unknown argument --nosuch; --help lists them all; options of skel-args come before the package" \
		skel-args kinds.json --nosuch
	fails_with 2 "skel-args: unknown argument --; " skel-args kinds.json --=5
	fails_with 2 "skel-args: unknown argument -x; " skel-args kinds.json -x
	fails_with 2 'skel-args: unexpected argument "foo"' skel-args kinds.json foo
	fails_with 2 'skel-args: unexpected argument "--s32"' skel-args kinds.json --u8 1 -- --s32
	fails_with 2 'skel-args: unexpected argument "-"' skel-args kinds.json -
	fails_with 2 "skel-args: --s32 needs a value of type int" skel-args kinds.json --s32
	fails_with 2 "skel-args: --s is ambiguous, it may stand for --s8, --s16, --s32, --s64, --set" skel-args kinds.json --s 1
	fails_with 2 "skel-args: --help takes no value" skel-args kinds.json --help=1
	fails_with 2 "usage: skel-args" skel-args --list kinds.json --s32 1
}

@test "a stream, a session or an object in place of a package is refused with the command for it" {
	fails_with 1 "skel-args: s: this is a stream already; format it: skel-fmt" \
		bash -c 'echo "{\"skel\":\"stream\",\"version\":1}" >s; skel-args s'
	fails_with 1 "this is a session, its program is loaded already; poll it: skel-poll" \
		skel-args <<<'{"skel":"session","version":1}'
	fails_with 1 "this is an ELF object; pack it first: skel-pack" skel-args kinds.bpf.o
}

@test "bad packages give one clear line and exit 1" {
	local what message
	jq -c . kinds.json >good.json
	while IFS='#' read -r what message; do
		jq -c "$what" good.json >bad.json
		fails_with 1 "skel-args: bad.json: $message" skel-args bad.json
		[ "$(wc -l <<<"$stderr")" -eq 1 ]
	done <<-'END'
		[.]#not a package
		del(.meta)#package: meta is missing
		del(.bpf_object)#package: bpf_object is missing; give the object with -e
		del(.bpf_object_size)#package: bpf_object_size is missing
		del(.meta.bpf_skel)#meta: bpf_skel is missing
		.bpf_object=5#package.bpf_object: expected a string, found a number
		.bpf_object|=.[:-2]#package.bpf_object: the base64 text is cut off
		.bpf_object|=.[:400]#package.bpf_object: the zlib stream is cut off
		.bpf_object="AAAA"#package.bpf_object: not a zlib stream
		.bpf_object_size-=1#package: bpf_object_size says
		.bpf_object_size+=1#package: bpf_object_size says
		.bpf_object_size=-1#package.bpf_object_size: expected a whole number
		.bpf_object_size=1e18#package.bpf_object_size:
		.meta.bpf_skel.data_sections=null#meta.bpf_skel: data_sections is missing
		.meta.bpf_skel.data_sections[0].variables[2].type=1#data_sections[0].variables[2].type: expected a string, found a number
		.meta.bpf_skel.maps[0].name={}#maps[0].name: expected a string, found an object
		.meta.poll_timeout_ms="1"#meta.poll_timeout_ms: expected a number, found a string
	END
}

@test "objects with damaged sizes and offsets never crash it" {
	jq -c .meta kinds.json >bare.json
	run -0 python3 - kinds.bpf.o <<-'PY'
		import subprocess, sys
		whole = open(sys.argv[1], "rb").read()
		for at in range(0, len(whole), 61):
		    bent = bytearray(whole)
		    bent[at:at + 4] = b"\xff" * 4
		    open("bent.o", "wb").write(bent)
		    p = subprocess.run(["skel-args", "-e", "bent.o", "bare.json", "--list"], capture_output=True, timeout=60)
		    if not 0 <= p.returncode <= 2:
		        sys.exit(f"byte {at}: {p.returncode}: {p.stderr.decode()}")
	PY
}

@test "skel-args needs neither privileges nor a kernel with BPF" {
	need_nobody
	run -0 as_nobody skel-args - --s32 5 <kinds.json
	[ "$(value s32 <<<"$output")" = 5 ]
}

@test "a full disk is a failure, a reader that leaves is not" {
	[ -c /dev/full ] || skip "no /dev/full"
	run -1 bash -c 'skel-args kinds.json >/dev/full'
	[ "$output" = "skel-args: <stdout>: No space left on device" ]
	run -0 bash -c 'set -o pipefail; skel-args kinds.json | true'
}

@test "completion offers the program's arguments, and the names of an enum after its argument" {
	[ "$(complete_words skel-args kinds.json --s)" = "--s16 --s32 --s64 --s8 --set" ]
	[[ "$(complete_words skel-args kinds.json '')" == *"--disable-on "*"--help "* ]]
	[ "$(complete_words skel-args kinds.json --kind '')" = "EXEC EXIT ODD" ]
	[ "$(complete_words skel-args kinds.json --kind EX)" = "EXEC EXIT" ]
	[ "$(complete_words skel-args kinds.json --kind = E)" = "EXEC EXIT" ]
	[ "$(complete_words skel-args kinds.json --off =)" = "false true" ]
	[ "$(complete_words skel-args kinds.json --off --ki)" = "--kind" ]
	[ "$(complete_words skel-args kinds.json --s32 '')" = "" ]
	jq -c .meta kinds.json >bare.json
	[ "$(complete_words skel-args -e kinds.bpf.o bare.json --kind '')" = "EXEC EXIT ODD" ]
}

@test "completion offers the command's options and files before the package" {
	[ "$(complete_words skel-args --e)" = "--elf" ]
	[ "$(complete_words skel-args kin)" = "kinds.bpf.c kinds.bpf.o kinds.json" ]
	[ "$(complete_words skel-args -e kinds.bpf.)" = "kinds.bpf.c kinds.bpf.o" ]
}

@test "completion never runs what a package contains" {
	# shellcheck disable=SC2016
	meta "$(var '$(touch${IFS}ran)' int)" "$(var '`touch${IFS}ran`' int)" "$(var 'a;b' int)" "$(var fine int)"
	[[ "$(skel-args --list x.json)" == *'--$(touch'* ]]
	[ "$(complete_words skel-args x.json '')" = "--fine --help --verbose --version" ]
	[ ! -e ran ]
}
