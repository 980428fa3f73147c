#!/usr/bin/env bats
# skel-pack(1) finds the types of records in what the program does and in what other
# builders write, keeps them in the package, and says how it found them.

load ../helpers/helper
load ../helpers/object

setup() {
	note_places
	need_clang
	cd "$BATS_TEST_TMPDIR"
}

RING='struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");'
PERF='struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } pb SEC(".maps");'

# packed NAME ARG...: pack NAME.bpf.o into NAME.json, with what is said in $stderr.
packed() {
	local name=$1
	shift
	run -0 --separate-stderr skel-pack "$@" "$name.bpf.o"
	echo "$output" >"$name.json"
}

# The name of the struct with this BTF id in the object of a package.
struct_name() { # NAME ID
	skel-pack -u "$1.json" >"$1.out.o"
	bpftool btf dump file "$1.out.o" | sed -n "s/^\[$2\] STRUCT '\([^']*\)' size=\([0-9]*\).*/\1 \2/p"
}

@test "the struct of a local variable is found in the DWARF and added to the object's BTF" {
	object raw <<-C
		struct event { int pid; char comm[16]; unsigned long long ns; };
		struct other { int a; char b[16]; unsigned long long c; };
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct other unused = { 1 };
			struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
			bpf_printk("%d", unused.a);
			if (!e)
				return 0;
			e->pid = 1;
			bpf_get_current_comm(e->comm, sizeof(e->comm));
			bpf_ringbuf_submit(e, 0);
			return 0;
		}
	C
	packed raw
	is "skel-pack: raw.bpf.o: map rb: its records are struct event, the type of what one() writes" "$stderr"
	is '["event",["pid","comm","ns"]]' \
		"$(jq -c '.meta.export_types[] | [.name, [.members[].name]]' raw.json)"
	is "event 32" "$(struct_name raw "$(jq '.meta.export_types[0].type_id' raw.json)")"
	bpftool btf dump file raw.bpf.o | grep -q "STRUCT 'event'" && return 1
	skel-pack -q raw.bpf.o | cmp - raw.json
	# The object is as good as before: it can be packed again, without its DWARF.
	llvm-strip -g raw.out.o
	skel-pack -q -n raw_bpf --events 'rb=struct event' raw.out.o | jq -e '.meta.export_types[0].name == "event"'
}

@test "a perf buffer gets the type of what stands on the stack, a helper function's too" {
	object pb <<-C
		struct event { int pid; int ret; };
		struct twin { int a; int b; };
		$PERF
		static __attribute__((noinline)) int emit(void *ctx, struct event *e)
		{
			return bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, e, sizeof(*e));
		}
		SEC("kprobe/x") int one(void *ctx)
		{
			struct event e = { .pid = bpf_get_current_pid_tgid() >> 32, .ret = bpf_get_smp_processor_id() };

			return emit(ctx, &e);
		}
	C
	packed pb
	[[ $stderr == *"map pb: its records are struct event, the type of what emit() writes" ]] ||
		[[ $stderr == *"map pb: its records are struct event, the type of what one() writes" ]]
}

@test "what a void pointer of a helper function points to is followed to its callers" {
	object void <<-C
		struct event { int pid; int ret; };
		struct twin { int a; int b; };
		$PERF
		static __attribute__((noinline)) int emit(void *ctx, void *data, int size)
		{
			return bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, data, size & 63);
		}
		static __attribute__((noinline)) int emit8(void *ctx, void *data)
		{
			return bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, data, 8);
		}
		SEC("kprobe/x") int one(void *ctx)
		{
			struct event e = { .pid = bpf_get_current_pid_tgid() >> 32, .ret = bpf_get_smp_processor_id() };

			return emit8(ctx, &e);
		}
	C
	packed void
	[[ $stderr == *"map pb: its records are struct event, the type of what one() writes" ]]
}

@test "a value of a map that is written, of a size that varies, has the type of the value" {
	object value <<-C
		struct event { int pid; int len; char text[512]; };
		$PERF
		struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1);
			__type(key, int); __type(value, struct event); } heap SEC(".maps");
		SEC("kprobe/x") int one(void *ctx)
		{
			int k = 0;
			void *e = bpf_map_lookup_elem(&heap, &k);
			unsigned long n = bpf_get_smp_processor_id();

			return e ? bpf_perf_event_output(ctx, &pb, BPF_F_CURRENT_CPU, e, 8 + (n & 511)) : 0;
		}
	C
	packed value
	[[ $stderr == *"map pb: its records are struct event, the type of the values of map heap, which are written" ]]
	# That needs no DWARF.
	llvm-strip -g value.bpf.o
	packed value
	[[ $stderr == *"map pb: its records are struct event, the type of the values of map heap, which are written" ]]
}

# two NAME MEMBERS: a program that writes 24 bytes, which no variable points to.
two() {
	object "$1" <<-C
		struct a { int x; char y[20]; } *pa;
		struct b { int z; char v[$2]; } *pb;
		$RING
		SEC("socket") int one(void *ctx)
		{
			void *e = bpf_ringbuf_reserve(&rb, 24, 0);

			if (!e)
				return 0;
			__builtin_memset(e, 0, 24);
			bpf_ringbuf_submit(e, 0);
			return 0;
		}
	C
}

@test "where no variable is left, the only struct of the size is taken, never one of two" {
	two only 24
	packed only
	is "skel-pack: only.bpf.o: map rb: its records are struct a, the only struct of 24 bytes that the program declares" "$stderr"
	two two 20
	packed two
	is "skel-pack: two.bpf.o: map rb: the type of its records is not known, so they will be raw bytes; it may be struct a or struct b; choose with --events 'rb=struct a' or 'rb=struct b'" "$stderr"
	is '[]' "$(jq -c .meta.export_types two.json)"
	packed two --events 'rb=struct b'
	is "" "$stderr"
	is b "$(jq -r '.meta.export_types[].name' two.json)"
}

@test "the beginning of a larger struct has the type of its first member, not of another struct of the size" {
	object part <<-C
		struct head { int pid; int cpu; };
		struct other { int x; int y; } *seen;
		struct large {
		#ifdef HEAD
			struct head head;
		#else
			int pid, cpu;
		#endif
			long long ns;
		};
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct large l = { .ns = bpf_ktime_get_ns() };

			return bpf_ringbuf_output(&rb, &l, 8, 0);
		}
	C
	packed part
	[[ $stderr == *"map rb: the type of its records is not known, "*"; one() writes 8 bytes, and no variable or struct tells which;"* ]]
	object first -DHEAD <<<"$(sed '1,3d; $d' part.bpf.c)"
	packed first
	[[ $stderr == *"map rb: its records are struct head, the type of what one() writes" ]]
}

@test "what is written to one of two buffers counts for both" {
	object either <<-C
		struct a { int pid; int cpu; };
		struct b { int x; int y; };
		$RING
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } second SEC(".maps");
		SEC("socket") int one(void *ctx)
		{
			struct a a = { 1, 2 };
			struct b b = { 3, 4 };

			bpf_ringbuf_output(&rb, &a, sizeof(a), 0);
			bpf_ringbuf_output(bpf_get_prandom_u32() & 1 ? (void *)&rb : (void *)&second, &b, sizeof(b), 0);
			return 0;
		}
	C
	packed either
	[[ ${stderr_lines[0]} == *"map rb: the type of its records is not known, "*"; it may be struct a or struct b;"* ]]
	[[ ${stderr_lines[1]} != *"its records are"* ]]
}

@test "two structs of one name in two functions are two types" {
	object local <<-C
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct event { int pid; int cpu; } e = { 1, 2 };

			return bpf_ringbuf_output(&rb, &e, sizeof(e), 0);
		}
		SEC("socket") int two(void *ctx)
		{
			struct event { int x; int y; } e = { 3, 4 };

			return bpf_ringbuf_output(&rb, &e, sizeof(e), 0);
		}
	C
	packed local
	[[ $stderr == *"map rb: the type of its records is not known, "*"; it may be struct event or struct event;"* ]]
}

@test "of the members of a union, each may be what is written" {
	object members <<-C
		struct head { int kind; int pid; };
		struct ended { int kind; int pid; int code; int signal; } *ended;
		struct opened { int kind; int pid; char name[32]; };
		struct other { long long x; long long y; } *other;
		union any { struct head head; struct ended ended; struct opened opened; };
		struct {
			__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
			__uint(max_entries, 1);
			__type(key, int);
			__type(value, union any);
		} heap SEC(".maps");
		$RING
		SEC("socket") int one(void *ctx)
		{
			int zero = 0;
			union any *u = bpf_map_lookup_elem(&heap, &zero);

			if (!u)
				return 0;
			u->head.pid = 1;
			return bpf_ringbuf_output(&rb, u, sizeof(u->ended), 0);
		}
	C
	packed members
	[[ $stderr == *"map rb: its records are struct ended, the type of what one() writes" ]]
}

@test "an array of bytes may be room for the struct of its size, so none of the two is taken" {
	object bytes -DSIZE=28 <<-C
		struct event { int pid; int cpu; char name[20]; };
		char room[SIZE];
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct event *e = (void *)room;

			e->pid = 1;
			return bpf_ringbuf_output(&rb, room, sizeof(room), 0);
		}
	C
	packed bytes
	[[ $stderr == *"map rb: the type of its records is not known, "*"; it may be char[28] or struct event; choose with --events 'rb=struct event'" ]]
	object text -DSIZE=64 <<<"$(sed '1,3d; $d' bytes.bpf.c)"
	packed text
	[[ $stderr == *"map rb: its records are char[64], the type of what one() writes" ]]
}

@test "a record may be the beginning of a struct that ends within its last array, and no further" {
	object cut <<-C
		struct event { int pid; int len; char text[256]; };
		struct other { int a[12]; };
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct event e = { .pid = bpf_get_smp_processor_id() };

			bpf_get_current_comm(e.text, 40);
			bpf_ringbuf_output(&rb, &e, 48, 0);
			return 0;
		}
	C
	packed cut
	is "skel-pack: cut.bpf.o: map rb: its records are struct event, the type of what one() writes" "$stderr"
	object early <<-C
		struct event { int pid; int len; char text[256]; };
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct event e = { .pid = bpf_get_smp_processor_id() };

			bpf_get_current_comm(e.text, 40);
			bpf_ringbuf_output(&rb, &e, 6, 0);
			return 0;
		}
	C
	packed early
	[[ $stderr == *"map rb: the type of its records is not known"* ]]
}

@test "two structs of one size that two calls write are not told apart" {
	object alike <<-C
		struct first { int kind; int a; };
		struct second { int kind; int b; };
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct first f = { .kind = bpf_get_smp_processor_id() };
			struct second s = { .kind = 2 };

			bpf_ringbuf_output(&rb, &f, sizeof(f), 0);
			bpf_ringbuf_output(&rb, &s, sizeof(s), 0);
			return 0;
		}
	C
	packed alike
	[[ $stderr == *"map rb: "*"struct first"*"struct second"* ]]
	is '[null,0]' "$(jq -c '[.meta.export_types[0].name, (.meta.bpf_skel.maps[0].records | length)]' alike.json)"
}

@test "records of several types are kept if their sizes differ" {
	object several <<-C
		struct small { int kind; };
		struct large { int kind; long a, b; };
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct small s = { .kind = bpf_get_smp_processor_id() };
			struct large *l = bpf_ringbuf_reserve(&rb, sizeof(*l), 0);

			bpf_ringbuf_output(&rb, &s, sizeof(s), 0);
			if (!l)
				return 0;
			l->kind = 1;
			bpf_ringbuf_submit(l, 0);
			return 0;
		}
	C
	packed several
	[[ $stderr == *"map rb: its records are struct large or struct small, by their sizes" ]]
	is '[true,null,2]' "$(jq -c '.meta | [.enable_multiple_export_types,
		(.bpf_skel.maps[0] | .export_config, (.records | length))]' several.json)"
	is "large 24" "$(struct_name several "$(jq '.meta.bpf_skel.maps[0].records[0].btf_type_id' several.json)")"
	is "small 4" "$(struct_name several "$(jq '.meta.bpf_skel.maps[0].records[1].btf_type_id' several.json)")"
	# The option replaces what was found.
	packed several --events 'rb=struct small'
	is small "$(jq -r '.meta.export_types[].name' several.json)"
	packed several --events rb=small,kind=0 --events 'rb=struct large,kind=-1'
	is '["kind",[0,-1]]' "$(jq -c '.meta.bpf_skel.maps[0] | [.records_by, [.records[].value]]' several.json)"
	fails_with 1 "--events rb=small,size=1" skel-pack --events rb=small,kind=0 --events rb=small,size=1 several.bpf.o
	fails_with 1 "the types of its records need a number called a in the same place" \
		skel-pack --events rb=large,a=0 --events rb=small,a=1 several.bpf.o
}

@test "SKEL_EVENTS_BY gives several types, told apart by a member" {
	object by <<-C
		enum kind { OPEN = 1, CLOSE = 7 };
		struct open_event { enum kind kind; int fd; };
		struct close_event { enum kind kind; int ret; };
		$RING
		SKEL_EVENTS_BY(rb, kind, OPEN, struct open_event);
		SKEL_EVENTS_BY(rb, kind, CLOSE, struct close_event);
	C
	packed by
	is "" "$stderr"
	is '["kind",[1,7],true]' "$(jq -c '.meta | [(.bpf_skel.maps[0] | .records_by, [.records[].value]), .enable_multiple_export_types]' by.json)"
	object wrong <<-C
		struct a { int kind; };
		struct b { long x; int kind; };
		$RING
		SKEL_EVENTS_BY(rb, kind, 1, struct a);
		SKEL_EVENTS_BY(rb, kind, 2, struct b);
	C
	fails_with 1 "map rb: the types of its records need a number called kind in the same place" skel-pack wrong.bpf.o
}

@test "an iterator that writes structs has their type, one that prints has text" {
	object iter <<-C
		struct row { int pid; int cpu; };
		struct meta { void *seq; };
		struct it { struct meta *meta; };
		SEC("iter/task") int rows(struct it *ctx)
		{
			struct row r = { .pid = 1, .cpu = bpf_get_smp_processor_id() };

			bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
			return 0;
		}
		SEC("iter/task") int lines(struct it *ctx)
		{
			struct row r = { .pid = 1, .cpu = bpf_get_smp_processor_id() };

			bpf_seq_printf(ctx->meta->seq, "x", 2, 0, 0);
			bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
			return 0;
		}
	C
	packed iter
	is "skel-pack: iter.bpf.o: iterator rows: its records are struct row, the type of what rows() writes" "$stderr"
	is "row 8" "$(struct_name iter "$(jq '.meta.bpf_skel.progs[0].export_config.btf_type_id' iter.json)")"
	is null "$(jq '.meta.bpf_skel.progs[1].export_config' iter.json)"
	packed iter --events lines=row
	is "row 8" "$(struct_name iter "$(jq '.meta.bpf_skel.progs[1].export_config.btf_type_id' iter.json)")"
}

@test "without DWARF only a type in the BTF counts, and the notice says what helps" {
	object stripped <<-C
		struct event { int pid; char comm[16]; };
		#ifdef NAMED
		struct event *seen;
		#endif
		$RING
		SEC("socket") int one(void *ctx)
		{
			struct event e = { .pid = bpf_get_smp_processor_id() };

			return bpf_ringbuf_output(&rb, &e, sizeof(e), 0);
		}
	C
	llvm-strip -g stripped.bpf.o
	packed stripped
	is "skel-pack: stripped.bpf.o: map rb: the type of its records is not known, so they will be raw bytes; one() writes 20 bytes, and the object has no DWARF: pack it before it is stripped, or give the type with SKEL_EVENTS or --events" "$stderr"
	fails_with 1 'the object has no type "event"; the object has no DWARF' skel-pack --events rb=event stripped.bpf.o
	object named -DNAMED <<<"$(sed '1,3d; $d' stripped.bpf.c)"
	llvm-strip -g named.bpf.o
	packed named
	[[ $stderr == *"map rb: its records are struct event, the only struct of 20 bytes that the variables in its BTF have" ]]
}

@test "an option --events that does not fit is an error in one line" {
	object fits <<<"struct event { int pid; } *seen; $RING"
	fails_with 2 "expected MAP=TYPE" skel-pack --events rb fits.bpf.o
	fails_with 2 "expected MAP=TYPE" skel-pack --events rb=event,pid fits.bpf.o
	fails_with 1 'fits.bpf.o: --events rx=event: the object has no ring or perf buffer, and no iterator program, called "rx"; the nearest: rb' \
		skel-pack --events rx=event fits.bpf.o
	fails_with 1 'fits.bpf.o: --events rb=evnt: the object has no type "evnt"' skel-pack --events rb=evnt fits.bpf.o
	fails_with 2 'expected MAP=TYPE' skel-pack --events rb=event,pid=x fits.bpf.o
	fails_with 1 'two types of its records have 4 bytes' skel-pack --events rb=event --events rb=int fits.bpf.o
	fails_with 2 "usage:" skel-pack -u --events rb=event fits.bpf.o
}

@test "the markers of other builders name types, sampled maps and parameters" {
	object gadget <<-C
		struct event { int pid; char comm[16]; };
		$PERF
		struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4);
			__type(key, int); __type(value, long); } stats SEC(".maps");
		const void *gadget_tracer_exec___pb___event __attribute__((unused));
		const struct event *__gadget_tracer_type_exec __attribute__((unused));
		const void *gadget_mapiter_st___stats __attribute__((unused));
		const void *gadget_param_target __attribute__((unused));
		const volatile int target = 0, other = 0;
	C
	packed gadget
	is "skel-pack: gadget.bpf.o: map pb: its records are struct event, as gadget_tracer_exec___pb___event says
skel-pack: gadget.bpf.o: map stats: sampled every second, as gadget_mapiter_st___stats says" "$stderr"
	is '{"interval":1000}' "$(jq -c '.meta.bpf_skel.maps[] | select(.name == "stats").sample' gadget.json)"
	is '["target"]' "$(jq -c '[.meta.bpf_skel.data_sections[] | .variables[].name]' gadget.json)"
	object dummy <<-C
		struct event { int pid; };
		$RING
		const volatile struct event *__eunomia_dummy_event_ptr __attribute__((unused));
	C
	packed dummy
	[[ $stderr == *"map rb: its records are struct event, as __eunomia_dummy_event_ptr says" ]]
}
