#!/usr/bin/env bats
# skel-pack(1) makes a package of an object, and the object of a package.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

# Get the object from an example's package, which needs no clang.
example() {
	skel-pack --unpack "$ASSETS/$1.json" >"$1.bpf.o"
}

@test "the same object gives the same bytes, from a file, a pipe and another directory" {
	example bootstrap
	skel-pack bootstrap.bpf.o >a.json
	mkdir elsewhere
	cp bootstrap.bpf.o elsewhere
	(cd elsewhere && skel-pack bootstrap.bpf.o) | cmp - a.json
	skel-pack -n bootstrap_bpf <bootstrap.bpf.o | cmp - a.json
	skel-pack --name bootstrap_bpf - <bootstrap.bpf.o | cmp - a.json
	cmp a.json "$ASSETS/bootstrap.json"
	[ "$(wc -l <a.json)" -eq 1 ]
}

@test "--unpack gives the object back to the byte" {
	example multi
	skel-pack multi.bpf.o >multi.json
	skel-pack -u multi.json | cmp - multi.bpf.o
	skel-pack -u - <multi.json | cmp - multi.bpf.o
	skel-pack multi.bpf.o | skel-pack -u | cmp - multi.bpf.o
}

@test "the object is named after its file, with letters and digits only, 63 at most" {
	example multi
	long=$(printf 'x%.0s' {1..80})
	for pair in a.bpf.o:a_bpf client.o:client a-b+c.o:a_b_c noext:noext \
		"$long.o:${long:0:63}"; do
		cp multi.bpf.o "${pair%%:*}"
		is "\"${pair##*:}\"" "$(meta "./${pair%%:*}" .bpf_skel.obj_name)"
	done
	run -0 --separate-stderr skel-pack -n "e.i/../x y" multi.bpf.o
	is '"x_y"' "$(jq .meta.bpf_skel.obj_name <<<"$output")"
	run -0 --separate-stderr skel-pack <multi.bpf.o
	is '"stdin"' "$(jq .meta.bpf_skel.obj_name <<<"$output")"
}

@test "the package has every key that a loader requires, even if the object is empty" {
	need_clang
	object empty </dev/null
	is '{"bpf_skel":{"data_sections":[],"maps":[],"progs":[],"obj_name":"empty_bpf"},"export_types":[]}' \
		"$(meta empty.bpf.o .)"
	is "$(stat -c %s empty.bpf.o)" "$(skel-pack empty.bpf.o | jq .bpf_object_size)"
}

@test "globals are listed by section with their C types, static variables are not" {
	need_clang
	object vars <<-'C'
		typedef unsigned int u32;
		enum color { RED, GREEN };
		struct pair { int a, b; };
		const volatile int number = 1;
		const volatile u32 alias = 0;
		const volatile _Bool yes_no = 0;
		const volatile enum color color = GREEN;
		const volatile char text[16] = "x";
		const volatile struct pair pair = {};
		const volatile unsigned long long grid[2][3] = {};
		static volatile const int hidden = 3;
		static volatile int hidden_too = 4;
		int initialised = 5;
		long zero;
		int *pointer;
		int mine SEC(".data.mine") = 6;
		int later SEC(".bss.later");
		const volatile int other SEC(".rodata.other") = 7;
		SEC("socket") int prog(void *ctx) { return hidden + hidden_too; }
	C
	is '[".data","initialised=int"]
[".rodata","number=int","alias=u32","yes_no=bool","color=enum color","text=char[16]","pair=struct pair","grid=unsigned long long[2][3]"]
[".bss","zero=long","pointer=int *"]
[".data.mine","mine=int"]
[".bss.later","later=int"]
[".rodata.other","other=int"]' "$(
		meta vars.bpf.o '.bpf_skel.data_sections[] |
			[.name] + [.variables[] | .name + "=" + .type]' | sort -t, -k1,1 >got
		grep -F '[".data",' got; grep -F '[".rodata",' got; grep -F '[".bss",' got
		grep -F '[".data.mine",' got; grep -F '[".bss.later",' got; grep -F '[".rodata.other",' got)"
}

@test "maps have the names that libbpf gives them, and those of data sections are marked" {
	need_clang
	object averylongname <<-'C'
		extern int CONFIG_HZ __kconfig;
		const volatile int number = 1;
		int zero, *config = &zero;
		struct {
			__uint(type, BPF_MAP_TYPE_ARRAY);
			__uint(max_entries, 1);
			__type(key, int);
			__type(value, int);
		} plain SEC(".maps");
		SEC("socket") int prog(void *ctx) { return number + CONFIG_HZ; }
	C
	meta averylongname.bpf.o '.bpf_skel.maps[] | [.name, .ident, .mmaped]' | sort >got
	grep -Fx '["plain","plain",null]' got
	grep -Fx '["averylon.rodata","rodata",true]' got
	grep -Fx '["averylon.bss","bss",true]' got
	grep -F '"kconfig"' got
	# Nobody can set a value of the kernel's configuration.
	is 0 "$(meta averylongname.bpf.o '[.bpf_skel.data_sections[] | select(.name == ".kconfig")] | length')"
}

@test "programs are listed with their whole section; functions and disabled programs are not" {
	need_clang
	object progs <<-'C'
		static __noinline int helper(int x) { return x * 7 + 1; }
		SEC("tp/sched/sched_switch") int one(void *ctx) { return helper((long)ctx); }
		SEC("kprobe/do_exit") int two(void *ctx) { return helper(2 + (long)ctx); }
		SEC("?tp/sched/sched_wakeup") int three(void *ctx) { return 0; }
	C
	is '[["one","tp/sched/sched_switch",true],["two","kprobe/do_exit",true]]' \
		"$(meta progs.bpf.o '[.bpf_skel.progs[] | [.name, .attach, .link]]')"
}

@test "annotations of globals become arguments, with defaults read according to their types" {
	need_clang
	object args <<-'C'
		enum color { RED, GREEN };
		SKEL_HELP("the first") const volatile int plain = 0;
		SKEL_ARG("pid", "p", "the second") const volatile int targ_pid = 0;
		SKEL_ARG("all", "", "no letter") const volatile int targ_all = 0;
		const volatile int after SKEL_LONG("after-it") = 0;
		SKEL_DEFAULT("0x10") const volatile unsigned int hex = 0;
		SKEL_DEFAULT("18446744073709551615") const volatile unsigned long long big = 0;
		SKEL_DEFAULT("GREEN") const volatile enum color color = RED;
		SKEL_DEFAULT("false") const volatile _Bool off = 1;
		SKEL_DEFAULT("a \"b\"=c") const volatile char text[16] = "";
		const volatile _Bool on = 1;
		const volatile _Bool unset = 0;
	C
	skel-pack args.bpf.o >args.json
	jq -r '.meta.bpf_skel.data_sections[0].variables[] | .name + " " + (.cmdarg | tojson)' args.json >got
	is 'plain {"help":"the first"}
targ_pid {"long":"pid","short":"p","help":"the second"}
targ_all {"long":"all","help":"no letter"}
after {"long":"after-it"}
hex {"default":16}
color {"default":1}
off {"default":false}
text {"default":"a \"b\"=c"}
on {"default":true}
unset null' "$(grep -v '^big ' got)"
	# jq itself cannot hold this number.
	grep -q '"name":"big","type":"unsigned long long","cmdarg":{"default":18446744073709551615}}' args.json
}

@test "annotations of maps become samples" {
	need_clang
	object samples <<-'C'
		#define HASH(name) struct { \
			__uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); \
			__type(key, int); __type(value, struct hist); } name SEC(".maps")
		#define SECOND 1000
		struct hist { unsigned int slots[26]; };
		HASH(plain);
		HASH(kv) SKEL_SAMPLE(SECOND);
		HASH(twos) SKEL_SAMPLE(100) SKEL_LOG2_HIST("usecs") SKEL_CLEAR;
		HASH(linear) SKEL_SAMPLE(1) SKEL_LINEAR_HIST("%");
		HASH(unit) SKEL_UNIT("ms") SKEL_SAMPLE(4294967295);
	C
	is 'null
{"interval":1000}
{"interval":100,"type":"log2_hist","unit":"usecs","clear_map":true}
{"interval":1,"type":"linear_hist","unit":"%"}
{"unit":"ms","interval":4294967295}' "$(meta samples.bpf.o '.bpf_skel.maps[].sample')"
}

@test "annotations of the license become the program's doc" {
	need_clang
	object doc <<-'C'
		SKEL_BRIEF("One line") SKEL_VERSION("1.2") SKEL_DETAILS("Two\nlines")
	C
	is '{"brief":"One line","version":"1.2","details":"Two\nlines"}' \
		"$(meta doc.bpf.o .bpf_skel.doc)"
}

@test "--sample and annotations sample maps, variables and sections; what code writes is marked" {
	need_clang
	object samples <<-'C'
		#define MAP(type_) struct { __uint(type, BPF_MAP_TYPE_##type_); __uint(max_entries, 8); \
			__type(key, int); __type(value, int); }
		MAP(HASH) first SEC(".maps"), second SEC(".maps"); MAP(ARRAY) third SEC(".maps") SKEL_SAMPLE(9) SKEL_EXP2_HIST("ns");
		struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 8); __uint(value_size, 4); } fifo SEC(".maps");
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
		SKEL_SAMPLE(7) SKEL_NONZERO unsigned long long reads;
		unsigned long long writes[4]; int verbose; volatile const int level = 1;
		int fixed SEC(".data.x") = 1; int start SEC(".data.x") = 3; int last SEC(".data.x") = 1;
		SEC("socket") int p(struct __sk_buff *s)
		{
			if (verbose > level) return 0;
			__sync_fetch_and_add(&reads, 1);
			writes[s->len & 3]++;
			start = s->len;
			return 0;
		}
	C
	samples() {
		skel-pack "$@" samples.bpf.o 2>/dev/null | jq -c '.meta.bpf_skel | [.data_sections[], .data_sections[].variables[], .maps[]] |
			map(select(.sample) | {(.name): .sample}) | add'
	}
	KV='"type":"default_kv","unit":"(unit)","clear_map":false'
	is '{"reads":{"interval":7,"nonzero":true},"third":{"interval":9,"type":"exp2_hist","unit":"ns"}}' "$(samples)"
	is "$(jq -Sc . <<<"{\"reads\":{\"interval\":7,\"nonzero\":true},\"third\":{\"interval\":2000,$KV},\"first\":{\"interval\":2000,$KV}}")" \
		"$(samples --sample 'fi*t=1' --sample '*ir*=2s' | jq -Sc .)"
	is '{"interval":500,"type":"linear_hist","unit":"n","clear_map":true,"nonzero":true}' \
		"$(samples --sample writes=500ms,linear_hist,unit=n,clear,nonzero | jq -c .writes)"
	is "{\"interval\":1000,$KV}" "$(samples --sample .bss | jq -c '.[".bss"]')"
	is '["reads","start","writes"]' "$(skel-pack samples.bpf.o 2>/dev/null |
		jq -c '[.meta.bpf_skel.data_sections[].variables[] | select(.written).name] | sort')"
	skel-pack samples.bpf.o 2>/dev/null > samples.json
	# Results are not offered, but can be set.
	skel-args samples.json --reads 5 | jq -e '[.. | objects | select(.name == "reads").value] == [5]'
	is "level verbose" "$(skel-args --list samples.json | grep -oE '(level|verbose|reads|writes|start)' | sort -u | xargs)"
	while IFS='|' read -r option want; do
		fails_with 1 "samples.bpf.o: --sample ${option%%[=,]*}: $want" skel-pack --sample "$option" samples.bpf.o
	done <<-'TEXT'
		fifo|a map of this type cannot be read key by key
		ring|a map of this type cannot be read key by key
		level|the variable is constant while programs run
		.rodata|its variables are constant while programs run
		.bss,clear|clear is for single variables: programs may need the others
		none*|the object has no such map or variable
		firts|the object has no such map or variable; the nearest: first
	TEXT
	while IFS='|' read -r option want; do
		fails_with 2 "--sample $option: $want" skel-pack --sample "$option" samples.bpf.o
	done <<-'TEXT'
		|the name of a map or variable is missing
		first=|"" is no interval
		first=0|"0" is no interval
		first=5x|"5x" is no interval
		first=4294967296|"4294967296" is no interval
		first,hist|"hist" is not known
	TEXT
}

@test "a wrong annotation is an error that names it" {
	need_clang
	map='struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); '
	map+='__type(key, int); __type(value, int); } m SEC(".maps")'
	rb='struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } m SEC(".maps")'
	while IFS='|' read -r want source; do
		object wrong <<<"$source"
		fails_with 1 "wrong.bpf.o: $want" skel-pack wrong.bpf.o
		is 1 "$(wc -l <<<"$stderr")"
	done <<-C
		variable x: it is constant while programs run and cannot be sampled|SKEL_SAMPLE(5) const volatile int x = 0;
		variable x: the sampling interval is missing|SKEL_UNIT("ms") int x;
		x: skel:type=exp: unknown sample type|SKEL_TAG("type=exp") int x;
		m: skel:help=h: there is no such annotation for a map|SKEL_HELP("h") $map;
		LICENSE: skel:help=h: there is no such annotation for the license|SKEL_HELP("h")
		hidden: skel:help=h: there is no such annotation for a declaration other than|SKEL_HELP("h") static volatile int hidden; SEC("socket") int p(void *c) { return hidden; }
		x: skel:colour=red: there is no such annotation for a variable|SKEL_TAG("colour=red") int x;
		x: skel:short=pid: expected one letter|SKEL_SHORT("pid") int x;
		x: skel:short=-: expected one letter|SKEL_SHORT("-") int x;
		x: skel:default=300: |SKEL_DEFAULT("300") unsigned char x;
		x: skel:default=BLUE: |enum c { RED }; SKEL_DEFAULT("BLUE") enum c x;
		m: skel:sample=0: expected milliseconds|$map SKEL_SAMPLE(0);
		m: skel:sample=-1: expected milliseconds|$map SKEL_SAMPLE(-1);
		m: skel:sample=1s: expected milliseconds|$map SKEL_TAG("sample=1s");
		m: skel:sample=4294967296: expected milliseconds|$map SKEL_SAMPLE(4294967296);
		map m: the sampling interval is missing|$map SKEL_UNIT("ms");
		map m: a ring or perf buffer cannot be sampled|$rb SKEL_SAMPLE(5);
		map m: the type of its records, s, has no size|struct s; $rb; SKEL_EVENTS(m, struct s);
		skel_events_m: skel:events=m: expected SKEL_EVENTS|$rb; SKEL_EVENTS(m, void);
		skel_events_x: skel:events=x: the object has no such map|int x; SKEL_EVENTS(x, int);
		map m: its values have 4 bytes, but the type of its records has 8|$map SKEL_SAMPLE(5); SKEL_EVENTS(m, long);
	C
}

@test "one map with a struct is exported as the reference compiler does" {
	need_clang
	for how in 'SKEL_EVENTS(m, struct ev)' 'SKEL_EVENTS(m, ev_t)' 'SKEL_EVENTS(m, const ev_t)'; do
		object one <<-C
			struct in { int x; };
			typedef struct ev { int pid; char comm[16]; struct in in; int a : 3; union { int u; long v; }; } ev_t;
			struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } m SEC(".maps");
			$how;
		C
		is '{"export_types":[{"name":"ev","members":[["pid","int"],["comm","char[16]"],["in","struct in"],["a","int"],["",""]],"size":40}],"multi":null,"config":null}' \
			"$(meta one.bpf.o '{export_types, multi: .enable_multiple_export_types, config: .bpf_skel.maps[0].export_config} |
			.export_types[0] |= {name, members: [.members[] | [.name, if .name == "" then "" else .type end]], size}')"
		id=$(meta one.bpf.o '.export_types[0].type_id')
		bpftool btf dump file one.bpf.o | grep -q "^\[$id\] STRUCT 'ev' size=40 vlen=5"
	done
}

@test "__type(value, struct) of ring and perf buffers has the same effect" {
	need_clang
	for type in RINGBUF PERF_EVENT_ARRAY; do
		object value <<-C
			struct ev { int pid; };
			struct { __uint(type, BPF_MAP_TYPE_$type); __uint(max_entries, 4096);
				__type(value, struct ev); } m SEC(".maps");
		C
		is '["ev"]' "$(meta value.bpf.o '[.export_types[].name]')"
	done
}

@test "the int value of a perf buffer, a descriptor, is not taken for an event" {
	need_clang
	object perf <<-'C'
		struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
			__type(key, int); __type(value, int); } m SEC(".maps");
	C
	run -0 --separate-stderr skel-pack perf.bpf.o
	is '[]' "$(jq -c .meta.export_types <<<"$output")"
	[[ $stderr == *"perf.bpf.o: map m: the type of its records is not known, so they will be raw bytes; no call was found that writes them; give the type with SKEL_EVENTS or --events" ]]
	fails_with 0 '' skel-pack -q perf.bpf.o || [ -z "$stderr" ]
}

@test "each of several maps has its own type" {
	need_clang
	object several <<-'C'
		struct a { int x; };
		struct b { int y; };
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ra SEC(".maps"), rb SEC(".maps"), raw SEC(".maps");
		SKEL_EVENTS(ra, struct a);
		SKEL_EVENTS(rb, struct b);
		struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1);
			__type(key, int); __type(value, long); } counts SEC(".maps") SKEL_SAMPLE(1000);
	C
	run -0 --separate-stderr skel-pack several.bpf.o
	[[ $stderr == *"map raw: the type of its records is not known, so they will not be shown"* ]]
	dump=$(bpftool btf dump file several.bpf.o)
	a=$(sed -n "s/^\[\([0-9]*\)\] STRUCT 'a' .*/\1/p" <<<"$dump")
	b=$(sed -n "s/^\[\([0-9]*\)\] STRUCT 'b' .*/\1/p" <<<"$dump")
	is "[true,[{\"btf_type_id\":$a},{\"btf_type_id\":$b},null,\"default\"]]" \
		"$(jq -c '.meta | [.enable_multiple_export_types, [.bpf_skel.maps[].export_config]]' <<<"$output")"
}

@test "a single map whose records are not a named struct has its type as a number" {
	need_clang
	object scalar <<-'C'
		struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1);
			__type(key, int); __type(value, long); } counts SEC(".maps") SKEL_SAMPLE(1000);
	C
	is '[true,"default",[]]' \
		"$(meta scalar.bpf.o '[.enable_multiple_export_types, .bpf_skel.maps[0].export_config, .export_types]')"
	object nameless <<-'C'
		typedef struct { int x; } ev;
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } m SEC(".maps");
		SKEL_EVENTS(m, ev);
	C
	is '[true,"number",[]]' \
		"$(meta nameless.bpf.o '[.enable_multiple_export_types, (.bpf_skel.maps[0].export_config.btf_type_id | type), .export_types]')"
}

@test "packages follow the reference loader's rules for keys, types, words and ranges" {
	cat >rules.jq <<-'JQ'
		def text: type == "string" and length > 0;
		def number: type == "number" and . == floor and . >= 0 and . < 4294967296;
		def only($keys): (keys - $keys) == [];
		def cmdarg: only(["default", "long", "short", "help"]) and
			((.short // "x") | length == 1) and ((.default // 0) | type | . != "array" and . != "object");
		def variable: (.name | text) and (.type | text) and only(["name", "type", "cmdarg"]) and
			((.cmdarg // {}) | cmdarg);
		def sample: (.interval | number) and only(["interval", "type", "unit", "clear_map", "nonzero"]) and
			((.type // "default_kv") | IN("default_kv", "log2_hist", "linear_hist"));
		def config: . == "no_export" or . == "default" or (only(["btf_type_id"]) and (.btf_type_id | number));
		def map: (.name | text) and (.ident | text) and ((.mmaped // false) | type == "boolean") and
			only(["name", "ident", "mmaped", "sample", "export_config"]) and
			(.sample == null or (.sample | sample)) and ((.export_config // "no_export") | config) and
			(.export_config != "default" or .sample != null);
		def program: (.name | text) and (.attach | text) and .link == true;
		def export: (.name | text) and (.size | number) and (.type_id | number) and
			(.members | length > 0 and all((.name | type == "string") and (.type | text)));
		(.bpf_object | text) and (.bpf_object_size | number) and (.meta |
			(.bpf_skel |
				(.obj_name | text and length < 64) and
				(.data_sections | type == "array" and all((.name | text) and (.variables | all(variable)))) and
				(.maps | type == "array" and all(map)) and
				(.progs | type == "array" and all(program)) and
				((.doc // {}) | only(["brief", "details", "version"]) and all(.[]; type == "string"))) and
			(.export_types | type == "array" and all(export)) and
			# Without several types there is one export type, and one map takes it.
			(.enable_multiple_export_types == true or
				((.export_types | length) <= 1 and all(.bpf_skel.maps[]; .export_config == null))))
	JQ
	for package in "$ASSETS"/*.json; do
		jq -e -f rules.jq "$package" >/dev/null || { echo "$package"; return 1; }
	done
	# The rules do reject wrong packages.
	for change in 'del(.meta.bpf_skel.maps)' '.meta.bpf_skel.progs = null' \
		'.meta.bpf_skel.maps[0].sample = {}' '.meta.bpf_skel.maps[0].export_config = "default"'; do
		jq "$change" "$ASSETS/bootstrap.json" >changed.json
		run -1 jq -e -f rules.jq changed.json
	done
}

@test "a file that is not an object is refused with advice" {
	fails_with 1 "none.bpf.o: No such file or directory" skel-pack none.bpf.o
	fails_with 1 "/dev/null: not an ELF object" skel-pack /dev/null
	fails_with 1 "/bin/true: this is an ELF file for another machine" skel-pack /bin/true
	fails_with 1 "bootstrap.json: this is JSON, not an object file; --unpack" skel-pack "$ASSETS/bootstrap.json"
	fails_with 1 "pack it first: skel-pack" skel-pack -u /bin/true
	echo '{"bpf_skel":{"data_sections":[],"maps":[],"progs":[],"obj_name":"x"}}' >bare.json
	fails_with 1 'bare.json: this is the object "meta" of a package alone, without an ELF object' skel-pack -u bare.json
}

@test "an object without BTF is refused with the flag that adds it" {
	need_clang
	object plain -g0 <<<'SEC("socket") int prog(void *ctx) { return 0; }'
	fails_with 1 "plain.bpf.o: the object has no BTF; compile it with clang -g" skel-pack plain.bpf.o
}

@test "libbpf's message about an object is shown" {
	need_clang
	object odd <<<'struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(colour, 1); } m SEC(".maps");'
	fails_with 1 "odd.bpf.o: the object cannot be opened: " skel-pack odd.bpf.o
	[[ $stderr == *"map 'm': unknown field 'colour'"* ]]
}

@test "a damaged object gives a package or an error, whatever the damage" {
	example multi
	run -0 python3 "$HELPERS/damage.py" multi.bpf.o 300 skel-pack
	echo "$output"
	# Both must occur, otherwise nothing was damaged.
	[[ $output =~ ^([0-9]+)\ packed,\ ([0-9]+)\ refused$ ]]
	[ "${BASH_REMATCH[1]}" -gt 20 ]
	[ "${BASH_REMATCH[2]}" -gt 20 ]
}

@test "BTF that refers to itself or to nothing is refused" {
	example bootstrap
	# Each changes one type in a copy, which the dump helps to find.
	fails_with 1 "corrupted: " \
		skel-pack <(python3 "$HELPERS/damage.py" bootstrap.bpf.o type 1 9999)
	# Since version 1.3 libbpf refuses it before we do.
	[[ $stderr == *"BTF type 1 refers to a type or name that does not exist"* ||
		$stderr == *"libbpf cannot read the section .BTF"* ]]
	fails_with 1 "corrupted: BTF type 1 refers to itself" \
		skel-pack <(python3 "$HELPERS/damage.py" bootstrap.bpf.o type 1 1)
}

@test "an ordinary user can pack, without bpf(2), /sys and /proc" {
	example runqlat
	# The leak checker and strace cannot both be the tracer.
	ASAN_OPTIONS=detect_leaks=0 \
		strace -f -qq -e trace=bpf,openat -o log skel-pack runqlat.bpf.o >a.json
	run ! grep -E 'bpf\(|"/sys|"/proc' log
	need_nobody
	as_nobody skel-pack -n runqlat_bpf <runqlat.bpf.o | cmp - a.json
}

@test "usage errors exit 2 and write nothing" {
	fails_with 2 "b.o: there can be one file" skel-pack a.o b.o
	fails_with 2 "usage: skel-pack" skel-pack -u -n name x.json
	fails_with 2 "usage: skel-pack" skel-pack --name
	fails_with 2 "usage: skel-pack" skel-pack --name '' x.o
}

@test "a full disk is a failure, a reader that leaves is not" {
	example multi
	run -1 --separate-stderr bash -c 'skel-pack multi.bpf.o >/dev/full'
	[[ $stderr == *"skel-pack: <stdout>: No space left on device"* ]]
	run -0 --separate-stderr bash -c 'set -o pipefail; skel-pack multi.bpf.o | true'
	[ -z "$stderr" ]
}

@test "the manual explains every macro of skel.bpf.h, and no other" {
	macros=$(grep -oE '^#define SKEL_[A-Z0-9_]+' "$ASSETS/skel.bpf.h" | cut -d' ' -f2 |
		grep -vxE 'SKEL_BPF_H|SKEL_TAG|SKEL_TEXT|SKEL_[A-Z_]*_' | sort)
	is "$macros" "$(grep -oE '^\.It (Fn|Dv) SKEL_[A-Z0-9_]+' "$ROOT/cmd/skel-pack/skel-pack.1" |
		cut -d' ' -f3 | sort -u)"
}

# What a compiler sees, with a header of its own.
example_source() {
	cat >x.h <<-'H'
		struct inner { int a; };
		struct event { int pid; struct inner in; char comm[16]; };
	H
	cat >x.bpf.c <<-'C'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "x.h"
		/// the process to trace
		/// @cmdarg {"short": "p", "default": 3}
		const volatile int pid = 0;
		/** @cmdarg {"long": "all"} */
		const volatile _Bool everything = 1;
		/// @sample {"interval": 500,
		///          "type": "log2_hist"}
		struct {
			__uint(type, BPF_MAP_TYPE_HASH);
			__uint(max_entries, 8);
			__type(key, int);
			__type(value, struct inner);
		} hists SEC(".maps");
		/// @tchook {"ifindex": 1, "attach_point": "BPF_TC_INGRESS"}
		/// @tcopts {"handle": 1, "priority": 1}
		SEC("tc") int on_packet(struct __sk_buff *skb) { return pid; }
		/// @version 1.0
		/// @brief Count things
		char LICENSE[] SEC("license") = "GPL";
	C
}

@test "a C source is compiled and packed, as its object is" {
	need_clang
	object same <<<'SKEL_ARG("pid", "p", "help") const volatile int pid; SEC("socket") int p(void *c) { return pid; }'
	skel-pack same.bpf.o | jq .meta >want.json
	skel-pack same.bpf.c | jq .meta | cmp - want.json
	is '"same_bpf"' "$(meta "$PWD/same.bpf.c" .bpf_skel.obj_name)"
	is '"other"' "$(skel-pack -n other same.bpf.c | jq .meta.bpf_skel.obj_name)"
	# Two runs give the same bytes, without debug information.
	skel-pack same.bpf.c >a.json
	skel-pack same.bpf.c | cmp - a.json
	skel-pack -u a.json >stripped.o
	run ! grep -q 'clang version' stripped.o
	grep -q 'clang version' same.bpf.o
	# skel.bpf.h is found from the command, in the tree and where it is installed.
	mkdir -p usr/bin usr/share/skel
	cp "$(command -v skel-pack)" usr/bin
	fails_with 1 "'skel.bpf.h' file not found" usr/bin/skel-pack same.bpf.c
	cp "$ASSETS/skel.bpf.h" usr/share/skel
	usr/bin/skel-pack same.bpf.c | cmp - a.json
}

@test "flags after -- reach the compiler, after ours and before our folders" {
	need_clang
	mkdir first
	echo '#define VALUE 7' >first/value.h
	echo '#define VALUE 8' >value.h
	cat >flags.bpf.c <<-'C'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include <value.h>
		const volatile int value = VALUE + EXTRA;
		SEC("socket") int p(void *c) { return value; }
	C
	skel-pack flags.bpf.c -- -DEXTRA=1 -I first >flags.json
	is 8 "$(skel-args --list flags.json | cut -f 4)"
	is 9 "$(skel-args --list <(skel-pack flags.bpf.c -- -DEXTRA=1) | cut -f 4)"
	fails_with 2 'flags after "--" are for the compiler; x.o is not a C source' skel-pack x.o -- -g
	fails_with 2 '-DEXTRA=1: there can be one file; flags for the compiler come after "--"' skel-pack flags.bpf.c -DEXTRA=1
	fails_with 1 "flags.bpf.c: the object has no BTF" skel-pack flags.bpf.c -- -DEXTRA=1 -g0
}

@test "the compiler's messages are passed on as they are, and it leaves no files" {
	need_clang
	printf '#warning odd\nint f( { return 1; }\n' >bad.bpf.c
	touch before
	find . -type f | sort >before
	run -1 clang -g -O2 -target bpf -c -o - bad.bpf.c
	echo "$output" >want
	run -1 bash -c 'skel-pack bad.bpf.c 2>&1'
	is "$(<want)" "$output"
	rm want
	run -1 --separate-stderr skel-pack bad.bpf.c
	[ -z "$output" ]
	is "$(<before)" "$(find . -type f ! -name 'separate-stderr-*' | sort)"
	CLANG=no-such-clang fails_with 1 "skel-pack: no-such-clang: no such command; install clang, or name it in the environment variable CLANG" \
		skel-pack bad.bpf.c
	fails_with 1 "none.bpf.c: No such file or directory" skel-pack none.bpf.c
	CLANG=/bin/true fails_with 1 "bad.bpf.c: not an ELF object" skel-pack bad.bpf.c
	printf '#!/bin/sh\nkill -9 $$\n' >dies
	chmod +x dies
	CLANG=./dies fails_with 1 "./dies: ended by signal 9 (Killed)" skel-pack bad.bpf.c
}

@test "the compiler ends with skel-pack" {
	printf '#!/bin/sh\necho $$ >pid\nexec sleep 60\n' >slow
	chmod +x slow
	echo >x.c
	CLANG=./slow skel-pack x.c 3>&- &
	wait_for 5 test -s pid
	kill $!
	gone() { ! kill -0 "$(<pid)" 2>/dev/null; }
	wait_for 5 gone
	is "pid slow x.c" "$(echo *)"
}

@test "comments say what macros say, in any order of the lines" {
	need_clang
	example_source
	is '[{"name":"pid","type":"int","cmdarg":{"short":"p","default":3},"description":"the process to trace"},{"name":"everything","type":"bool","cmdarg":{"default":true,"long":"all"}}]' \
		"$(meta x.bpf.c '.bpf_skel.data_sections[0].variables')"
	is '{"interval":500,"type":"log2_hist"}' "$(meta x.bpf.c '.bpf_skel.maps[] | select(.name == "hists").sample')"
	is '{"name":"on_packet","attach":"tc","link":true,"tchook":{"ifindex":1,"attach_point":"BPF_TC_INGRESS"},"tcopts":{"handle":1,"priority":1}}' \
		"$(meta x.bpf.c '.bpf_skel.progs[0]')"
	is '{"version":"1.0","brief":"Count things"}' "$(meta x.bpf.c .bpf_skel.doc)"
	skel-pack x.bpf.c | skel-args - --help >help
	grep -q 'Count things' help
	grep -q -- '-p, --pid' help
	# The lines of two comments in the reverse order.
	skel-pack x.bpf.c | jq -S .meta.bpf_skel >want.json
	sed -i -e '/^\/\/\/ the process/{h;d}' -e '/^\/\/\/ @cmdarg {"short/{G}' \
		-e '/^\/\/\/ @version/{h;d}' -e '/^\/\/\/ @brief/{G}' x.bpf.c
	grep -A 1 '@brief' x.bpf.c | grep -q '@version'
	skel-pack x.bpf.c | jq -S .meta.bpf_skel | cmp - want.json
}

@test "the macros of skel.bpf.h count more than comments" {
	need_clang
	object both <<<'/// @cmdarg {"long": "by-comment", "short": "c"}
SKEL_LONG("by-macro") const volatile int pid; SEC("socket") int p(void *c) { return pid; }'
	is '{"long":"by-macro","short":"c"}' "$(meta both.bpf.c '.bpf_skel.data_sections[0].variables[0].cmdarg')"
}

@test "a comment that is wrong is refused with its line" {
	need_clang
	example_source
	sed -i 's/@cmdarg {"short": "p"/@cmdarg {"short": p/' x.bpf.c
	fails_with 1 "x.bpf.c:5: " skel-pack x.bpf.c
	example_source
	sed -i 's/@tcopts .*/@tcopts 1/' x.bpf.c
	fails_with 1 "x.bpf.c:18: @tcopts: expected a JSON object" skel-pack x.bpf.c
	example_source
	sed -i 's/"default": 3/"default": "three"/' x.bpf.c
	fails_with 1 "x.bpf.c: " skel-pack x.bpf.c
	example_source
	sed -i 's/@version 1.0/@name x/; s/the process to trace/@name x/' x.bpf.c
	run -0 --separate-stderr skel-pack x.bpf.c
	is "skel-pack: x.bpf.c:4: @name is left out: the object says what it is" "$stderr"
	is '"pid"' "$(jq '.meta.bpf_skel.data_sections[0].variables[0].name' <<<"$output")"
}

@test "the structs of x.h beside x.bpf.c are export types" {
	need_clang
	example_source
	is '[["inner",4],["event",24]]' "$(meta x.bpf.c '[.export_types[] | [.name, .size]]')"
	cat >>x.bpf.c <<-'C'
		struct {
			__uint(type, BPF_MAP_TYPE_RINGBUF);
			__uint(max_entries, 4096);
		} rb SEC(".maps");
	C
	sed -i '/struct inner {/d; s/struct inner in/int in/' x.h
	sed -i '/@sample/,/hists SEC/d' x.bpf.c
	is '{"export_types":[{"name":"event","members":[{"name":"pid","type":"int"},{"name":"in","type":"int"},{"name":"comm","type":"char[16]"}],"size":24}]}' \
		"$(meta x.bpf.c '{export_types} | del(.export_types[].type_id)')"
	run -0 --separate-stderr skel-pack x.bpf.c
	[[ $stderr == *"x.bpf.c: map rb: its records are struct event, the one of the event header"* ]]
	# What the code writes counts more.
	cat >>x.bpf.c <<-'C'
		struct other { long a, b, c; };
		SEC("raw_tp/sys_enter") int write_other(void *ctx)
		{
			struct other o = { .a = (long)ctx };
			return bpf_ringbuf_output(&rb, &o, sizeof(o), 0);
		}
	C
	is '["other","event"]' "$(meta x.bpf.c '[.export_types[].name]')"
	# A header that is not included says nothing.
	sed -i '/struct other {/,$d' x.bpf.c
	sed -i '/"x.h"/d' x.bpf.c
	is '[]' "$(meta x.bpf.c .export_types)"
}

@test "vmlinux.h is made of the running kernel's types, once, in the user's cache" {
	need_clang
	[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel's types cannot be read"
	cat >v.bpf.c <<-'C'
		#include <vmlinux.h>
		#include <bpf/bpf_helpers.h>
		#include <bpf/bpf_core_read.h>
		const volatile int x;
		SEC("raw_tp/sched_switch") int p(void *c)
		{
			return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), pid) + x;
		}
		char LICENSE[] SEC("license") = "GPL";
	C
	export XDG_CACHE_HOME=$PWD/cache
	is '"x"' "$(meta v.bpf.c '.bpf_skel.data_sections[0].variables[0].name')"
	header=$(echo cache/skel/*/vmlinux.h)
	[[ $header =~ ^cache/skel/[0-9a-f]{40}/vmlinux.h$ ]] || [[ $header == */"$(uname -r)"/* ]]
	is 1 "$(find cache -type f | wc -l)"
	grep -q '^struct task_struct {' "$header"
	# What is there is used, and not made again.
	echo '#error used' >"$header"
	fails_with 1 "#error used" skel-pack v.bpf.c
	# One beside the source goes before, and is all that is needed.
	echo '#error beside' >vmlinux.h
	fails_with 1 "#error beside" skel-pack v.bpf.c
	rm -r cache vmlinux.h
	mkdir own
	echo '#error own' >own/vmlinux.h
	fails_with 1 "#error own" skel-pack v.bpf.c -- -I own
	[ ! -e cache ]
	# Without a place for it the compiler says what is missing.
	touch blocked
	XDG_CACHE_HOME=$PWD/blocked fails_with 1 "cannot make vmlinux.h: " skel-pack v.bpf.c
	[[ $stderr == *"'vmlinux.h' file not found"* ]]
	unset XDG_CACHE_HOME
	HOME=$PWD/no/home fails_with 1 "cannot make vmlinux.h: " skel-pack v.bpf.c
	[ ! -e no ]
}

@test "vmlinux.h is written through no link that is there, where files need a name" {
	need_clang
	[ -z "${SAN:-}" ] || skip "the sanitizers cannot be traced"
	command -v strace >/dev/null || skip "needs strace"
	[ -r /sys/kernel/btf/vmlinux ] || skip "the kernel's types cannot be read"
	printf '%s\n' '#include <vmlinux.h>' '#include <bpf/bpf_helpers.h>' 'const volatile int x;' \
		'SEC("xdp") int p(void *c) { return x; }' 'char LICENSE[] SEC("license") = "GPL";' >v.bpf.c
	export XDG_CACHE_HOME=$PWD/cache
	skel-pack v.bpf.c >/dev/null
	local header
	header=$(echo "$PWD"/cache/skel/*/vmlinux.h)
	rm "$header"
	echo mine >victim
	strace -o calls -e trace=openat -e inject=openat:error=EOPNOTSUPP -P "${header%/*}" \
		sh -c 'ln -s "$PWD/victim" "$1.$$" && exec skel-pack v.bpf.c' sh "$header" >/dev/null
	grep -q 'O_TMPFILE.*INJECTED' calls
	is mine "$(<victim)"
	[ -s "$header" ] && [ ! -L "$header" ]
	is "$header" "$(echo "${header%/*}"/*)"
}

@test "the program in the README is packed by the commands there" {
	need_clang
	sed -n '/^```c$/,/^```$/p' "$ROOT/README.md" | sed '/^```/d' >kills.bpf.c
	line=$(grep -E '^    skel-pack kills.bpf.c' "$ROOT/README.md")
	bash -c "${line%%&&*}"
	is '"events"' "$(jq '.meta.bpf_skel.maps[0].name' kills.json)"
	is '"event"' "$(jq '.meta.export_types[0].name' kills.json)"
}

@test "the other commands say what a C source needs" {
	echo 'int x;' >x.bpf.c
	fails_with 1 "x.bpf.c: this is a C source; compile and pack it first: skel-pack" skel-args x.bpf.c
	fails_with 1 "x.bpf.c: this is a C source; compile and pack it first: skel-pack" skel-load x.bpf.c
}

@test "the completion offers options, objects, and packages after --unpack" {
	touch a.o b.json c.c
	mkdir dir
	is 'a.o c.c dir' "$(complete_words skel-pack '')"
	is '' "$(complete_words skel-pack c.c -- '')"
	is 'b.json dir' "$(complete_words skel-pack -u '')"
	is --unpack "$(complete_words skel-pack --u)"
	is '' "$(complete_words skel-pack -n '')"
}

@test "the processor's time is limited, and a line says so" {
	local pid status=0
	mkfifo slow
	skel-pack <slow 2>err >out &
	pid=$!
	exec 4>slow
	wait_for 5 grep -q '^Max cpu time  *60 ' "/proc/$pid/limits"
	kill -XCPU "$pid"
	wait "$pid" || status=$?
	exec 4>&-
	[ "$status" -eq 1 ]
	grep -q "^skel-pack: the object takes more than a minute of processor time; it is not packed$" err
	[ ! -s out ]
}
