#!/usr/bin/env bats
# What the commands make of compiled objects, as "make check-objects" says it: our
# examples, and programs as people write them who do not know this project.

load ../helpers/helper
load ../helpers/load
load ../helpers/object

setup() {
	cd "$BATS_TEST_TMPDIR"
	need_bpf
	need_clang
	command -v python3 >/dev/null || skip "needs python3"
}

# row OBJECT: the object's line of the table, with single spaces.
row() {
	grep "^$1 " table | tr -s ' '
}

@test "our examples show their data with no option" {
	local source
	mkdir objects
	for source in "$ASSETS"/*.bpf.c; do
		source=${source##*/}
		clang -g -O2 -target bpf -I "$ASSETS" -idirafter "/usr/include/$(cc -dumpmachine)" \
			-c -o "objects/${source%.c}.o" "$ASSETS/$source"
	done
	"$ROOT/tests/objects/check" objects >table
	is "bootstrap yes yes yes columns -" "$(row bootstrap)"
	is "calls yes yes yes columns -" "$(row calls)"
	is "multi yes yes yes columns -" "$(row multi)"
	is "opensnoop yes yes yes columns -" "$(row opensnoop)"
	is "profile yes yes yes stacks -" "$(row profile)"
	is "ps yes yes yes columns -" "$(row ps)"
	is "runqlat yes yes yes bars -" "$(row runqlat)"
	is "runqlen yes yes yes columns -" "$(row runqlen)"
	is "syscount yes yes yes columns -" "$(row syscount)"
	is "tcpconnect yes yes yes columns -" "$(row tcpconnect)"
	[[ $(tail -n 1 table) == *"10 show data with no option, 0 with one that a notice gave, 0 do not, 0 failures" ]]
}

@test "programs that do not know us show their data, and a wrong type is found" {
	object ring <<-'END'
		struct event { int pid; char comm[16]; unsigned long long ns; };
		struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
		SEC("tp/sched/sched_process_exit") int on_exit(void *ctx)
		{
			struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
			if (!e)
				return 0;
			e->pid = bpf_get_current_pid_tgid() >> 32;
			bpf_ringbuf_submit(e, 0);
			return 0;
		}
	END
	object hist <<-'END'
		struct hist { unsigned slots[8]; };
		struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1);
			__type(key, int); __type(value, struct hist); } hists SEC(".maps");
		SEC("tp/sched/sched_process_exit") int on_exit(void *ctx)
		{
			struct hist *h = bpf_map_lookup_elem(&hists, &(int){ 0 });
			if (h)
				__sync_fetch_and_add(&h->slots[bpf_get_prandom_u32() & 7], 1);
			return 0;
		}
	END
	object count <<-'END'
		unsigned long long exits;
		SEC("tp/sched/sched_process_exit") int on_exit(void *ctx) { __sync_fetch_and_add(&exits, 1); return 0; }
	END
	object hello <<-'END'
		SEC("tp/sched/sched_process_exit") int on_exit(void *ctx) { bpf_printk("exit"); return 0; }
	END
	object nowhere <<-'END'
		SEC("tp/sched/no_such_event") int on_it(void *ctx) { return 0; }
	END
	"$ROOT/tests/objects/check" ring.bpf.o hist.bpf.o count.bpf.o hello.bpf.o nowhere.bpf.o >table
	is "ring yes yes yes columns -" "$(row ring)"
	is "hist yes yes yes bars --sample hists" "$(row hist)"
	is "count yes yes yes columns --sample exits" "$(row count)"
	is "hello yes yes yes lines -" "$(row hello)"
	[[ $(row nowhere) == "nowhere yes yes no nothing - "*"this kernel has no tracepoint sched/no_such_event"* ]]
	echo "ring rb event" >right
	"$ROOT/tests/objects/check" -e right ring.bpf.o >table
	echo "ring rb other" >wrong
	run -1 "$ROOT/tests/objects/check" -e wrong ring.bpf.o
	[[ $output == *"WRONG TYPE: map rb has event, expected other"* ]]
}
