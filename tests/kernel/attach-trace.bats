#!/usr/bin/env bats
# Tracing programs, in every place that -a or their section can name: once attached
# they fire, and at the end they are gone.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	# A process whose name no other process has.
	RUN=run-$BASHPID
	cp "$(type -P true)" "$RUN"
}

teardown() {
	[ -z "${CALLER:-}" ] || kill "$CALLER" "${OTHER:-$CALLER}" 2>/dev/null || :
	kill_load
	end_background
	[ -z "${session:-}" ] || skel-load --unload "$session" || :
}

# others_off PROGRAM: set off to the options that leave out the other programs of
# hits.json.  jq runs only once, since it takes a third of a second in a guest.
others_off() {
	local program
	off=()
	[ programs -nt hits.json ] || jq -r '.meta.bpf_skel.progs[].name' hits.json > programs
	while read -r program; do
		[ "$program" = "$1" ] || off+=(-a "$program=off")
	done < programs
}

# only PROGRAM [ARGUMENT...]: load this program of hits.json alone, in the
# background; progs and links become the ids that it holds.
only() {
	others_off "$1"
	shift
	start_load -v -f json "${off[@]}" "$@" hits.json
	progs=$(held prog)
	links=$(held link)
}

# Stop it and check that nothing of it is left.
# shellcheck disable=SC2086
gone() {
	end_load
	wait_for 5 none_of prog $progs
	wait_for 5 none_of link $links
	grep -q '^{"@end"' out
}

# refused PROGRAM WHERE MESSAGE [PREFIX]: the program cannot be attached there, and
# MESSAGE is all that is printed but for a notice of a mount.
refused() {
	others_off "$1"
	fails_with 1 "skel-load: program $1: ${4-$2: }$3" skel-load "${off[@]}" -a "$1=$2" hits.json
	[ "$(grep -vc '^skel-load: mounted ' <<<"$stderr")" -eq 1 ]
}

# start_caller NAME: run a copy of caller.c's program with the pid CALLER; say()
# sends it commands of one letter.
AS=()
start_caller() {
	[ -e caller ] || c_program caller -static
	[ -e "$1" ] || cp caller "$1"
	mkfifo "$1.in" "$1.out"
	"${AS[@]}" "./$1" < "$1.in" > "$1.out" 3>&- &
	CALLER=$!
	exec {CALLER_IN}> "$1.in" {CALLER_OUT}< "$1.out"
}

say() { # IN OUT LETTERS
	printf %s "$3" >&"$1"
	head -c "${#3}" <&"$2" >/dev/null
}

# Count the records of that process so far.
hits_of() {
	jq -c "select(.pid == $1)" out | wc -l
}

has_hits() { # PID N
	[ "$(hits_of "$1")" -eq "$2" ]
}

has_some_hits() {
	[ "$(hits_of "$1")" -gt 0 ]
}

has_run() {
	jq -c "select(.comm == \"$RUN\")" out | grep -q .
}

# hits_by_rm PROGRAM WHERE: attached there, the program runs when rm runs.
hits_by_rm() {
	rm -f out
	only "$1" -a "$1=$2"
	touch file
	rm file &
	wait "$!"
	wait_for 10 has_some_hits "$!"
	gone
}

@test "every kind of tracepoint program fires where -a attaches it, until the end" {
	need_bpf
	bpf_package hits
	local where
	for where in on_tracepoint=tracepoint:sched/sched_process_exec \
		on_tracepoint=tracepoint:sched:sched_process_exit \
		on_raw_tp=raw_tp:sched_process_exec on_tp_btf=tp_btf:sched_process_exit \
		on_fentry=tp_btf:sched_process_exec; do
		rm -f out
		only "${where%%=*}" -a "$where"
		grep -qxF "skel-load: program ${where%%=*}: attached to ${where#*=}" err
		"./$RUN"
		wait_for 10 has_run
		gone
	done
}

@test "every kind of tracepoint program fires where its section attaches it, until the end" {
	need_bpf
	local section
	for section in tp/sched/sched_process_exec tracepoint/sched/sched_process_exit \
		raw_tp/sched_process_exec raw_tracepoint/sched_process_exit \
		tp_btf/sched_process_exec; do
		rm -f out
		bpf_package hits "-DKIND=\"$section\""
		only hit
		"./$RUN"
		wait_for 10 has_run
		gone
	done
}

@test "a tracepoint that does not exist is an error that names it" {
	need_bpf
	bpf_package hits
	refused on_tracepoint tracepoint:sched/nosuch "this kernel has no tracepoint sched/nosuch"
	refused on_raw_tp raw_tp:nosuch "this kernel has no tracepoint nosuch"
	refused on_tp_btf tp_btf:nosuch "this kernel has no tracepoint nosuch"
	refused on_fentry fentry:nosuch "this kernel has no function nosuch"
	refused on_lsm lsm:nosuch "this kernel has no hook nosuch"
	bpf_package hits -DDEEP
	refused deep tracepoint:sched/sched_process_exec "the program reads beyond the fields of this tracepoint"
	fails_with 2 "-a p=tracepoint:sched: expected tracepoint:CATEGORY/NAME" \
		skel-load -a p=tracepoint:sched hits.json
}

# bats test_tags=kernel:any
@test "a program whose section has no target is refused with advice before anything is loaded" {
	need_bpf
	bpf_package hits
	local way message='its section does not name its target; give one with -a'
	for way in on_kprobe=kprobe:FUNCTION on_multi=kprobe.multi:PATTERN \
		on_uprobe=uprobe:FILE:FUNCTION on_usdt=usdt:FILE:PROVIDER:NAME \
		on_tracepoint=tracepoint:CATEGORY/NAME on_raw_tp=raw_tp:NAME \
		on_tp_btf=tp_btf:NAME on_fentry=fentry:FUNCTION on_lsm=lsm:HOOK; do
		others_off "${way%%=*}"
		fails_with 1 ": $message $way" skel-load "${off[@]}" hits.json
		[[ $stderr == "skel-load: program ${way%%=*}: "* ]]
	done
	# A section with a function and no file.
	bpf_package hits '-DKIND="uprobe/readline"' '-DALSO="raw_tp/sched_process_exec"'
	fails_with 1 "program hit: uprobe/readline: its section does not name all of its target; give it with -a hit=uprobe:FILE:FUNCTION" skel-load hits.json
}

@test "-a attaches a uprobe to another executable without a change of the package" {
	need_bpf
	c_program target
	cp target other
	bpf_package probes "-DTARGET=\"./target\""
	cp probes.json before.json
	start_load -f json -a left=off -a passed=off -a "entered=uprobe:$PWD/other:work" probes.json
	progs=$(held prog) links=$(held link)
	./target
	./other &
	local other=$!
	wait "$other"
	wait_for 10 has_hits "$other" 1
	gone
	[ "$(jq -c 'select(.probe)' out | wc -l)" -eq 1 ]
	cmp before.json probes.json
}

@test "a uprobe fires at a function, at an offset in it, and at an offset in the file" {
	need_bpf
	bpf_package hits
	start_caller caller
	local at offset address
	at=$(nm caller | sed -n 's/^0*\([0-9a-f]*\) T work$/0x\1/p')
	read -r offset address < <(readelf -lW caller | awk '$1 == "LOAD" && $8 == "E" { print $2, $3 }')
	at=$(printf '0x%x' $((at - address + offset)))
	for where in "$PWD/caller:work" "$PWD/caller:work+0" "$PWD/caller:work,offset=0" \
		"$PWD/caller:$at"; do
		rm -f out
		only on_uprobe -a "on_uprobe=uprobe:$where"
		say "$CALLER_IN" "$CALLER_OUT" wdw
		wait_for 10 has_hits "$CALLER" 2
		gone
		say "$CALLER_IN" "$CALLER_OUT" w
	done
}

# bats test_tags=kernel:any
@test "a global function goes before a static one of the same name" {
	need_bpf
	bpf_package hits
	c_program caller -static
	objcopy --localize-symbol=wander caller both
	objcopy --redefine-sym wander=work both
	start_caller both
	only on_uprobe -a "on_uprobe=uprobe:$PWD/both:work"
	say "$CALLER_IN" "$CALLER_OUT" dwdwd
	wait_for 10 has_hits "$CALLER" 2
	gone
	has_hits "$CALLER" 2
}

@test "a uprobe program may be attached to the return of a function" {
	need_bpf
	bpf_package hits
	start_caller caller
	only on_uprobe -a "on_uprobe=uretprobe:$PWD/caller:wander"
	say "$CALLER_IN" "$CALLER_OUT" wdd
	wait_for 10 has_hits "$CALLER" 2
	gone
	refused on_uprobe "uretprobe:$PWD/caller:wander+4" "a return probe has no offset"
	# This function never returns.
	OTHER=$CALLER
	cp caller another
	only on_uprobe -a "on_uprobe=uretprobe:$PWD/another:main"
	start_caller another
	say "$CALLER_IN" "$CALLER_OUT" w
	kill -9 "$CALLER"
	gone
	has_hits "$CALLER" 0
}

@test "with pid= all threads of one process are probed, and no other process" {
	need_bpf
	bpf_package hits
	start_caller first
	OTHER=$CALLER
	local other_in=$CALLER_IN other_out=$CALLER_OUT
	ln first second
	start_caller second
	only on_uprobe -a "on_uprobe=uprobe:$PWD/first:work,pid=$OTHER"
	say "$CALLER_IN" "$CALLER_OUT" wt
	say "$other_in" "$other_out" wtw
	wait_for 10 has_hits "$OTHER" 3
	gone
	has_hits "$CALLER" 0
	[ "$(jq -s 'map(select(.pid) | .tid) | unique | length' out)" -eq 2 ]
}

@test "uprobe.multi fires at every function that matches, by -a and by section" {
	need_perf_links
	bpf_package hits
	start_caller caller
	only on_uprobe -a "on_uprobe=uprobe.multi:$PWD/caller:w[ao]*r*,pid=$CALLER"
	# work, wander and others of the C library.
	if takes_uprobe_multi; then
		[ "$(wc -w <<<"$links")" -eq 1 ]
	else
		[ "$(wc -w <<<"$links")" -ge 2 ]
	fi
	say "$CALLER_IN" "$CALLER_OUT" wd
	wait_for 10 has_hits "$CALLER" 2
	gone
	local section
	for section in uprobe.multi uretprobe.multi uprobe.multi.s; do
		rm -f out
		bpf_package hits "-DKIND=\"$section/./caller:wande*\""
		only hit
		say "$CALLER_IN" "$CALLER_OUT" wd
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
	refused hit "uprobe.multi:$PWD/caller:nosuch*" "no function of $PWD/caller matches nosuch*"
}

@test "a place of a program that cannot be probed is told for what it is" {
	need_bpf
	bpf_package hits
	cat > indirect.c <<-'X'
		int __twice_plain(int n) { return 2 * n; }
		static int (*choose(void))(int) { return __twice_plain; }
		int twice(int n) __attribute__((ifunc("choose")));
		int main(int argc, char **argv) { (void)argv; return twice(argc); }
	X
	cc -O1 -o indirect indirect.c
	refused on_uprobe "uprobe:$PWD/indirect:twice" \
		"twice is an indirect function (IFUNC) of $PWD/indirect; name the implementation that this machine uses, such as: __twice_plain"
	strip -o stripped indirect -K twice
	refused on_uprobe "uprobe:$PWD/stripped:twice" \
		"twice is an indirect function (IFUNC) of $PWD/stripped, which has no names of its implementations; give the offset of one"
	refused on_uprobe "uprobe:$PWD:twice" "$PWD: a directory; give the path of a program or library"
	refused on_uprobe uprobe:/dev/null:twice "/dev/null: not a regular file"
	refused on_uprobe "uprobe:$PWD/indirect:0xfffffff" "$PWD/indirect has only $(stat -c %s indirect) bytes"
}

@test "uprobe sections with and without a target, sleepable ones too, fire" {
	need_bpf
	takes uprobe.s || skip "needs a kernel with sleepable uprobes"
	start_caller caller
	local section
	for section in uprobe uretprobe uprobe.s uretprobe.s; do
		rm -f out
		bpf_package hits "-DKIND=\"$section/./caller:work\""
		only hit
		say "$CALLER_IN" "$CALLER_OUT" dw
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
	bpf_package hits '-DKIND="?uprobe"'
	edit hits.json '.meta.bpf_skel.progs = [{"name":"hit","attach":"?uprobe","link":true}]'
	only hit -a "hit=uprobe:$PWD/caller:work"
	say "$CALLER_IN" "$CALLER_OUT" dw
	wait_for 10 has_hits "$CALLER" 1
	gone
}

# bats test_tags=kernel:any
@test "a library without a directory is found as the dynamic linker or the process finds it" {
	need_bpf
	bpf_package hits
	c_program caller
	start_caller caller
	only on_uprobe -a on_uprobe=uprobe:libc.so.6:getppid
	say "$CALLER_IN" "$CALLER_OUT" wp
	wait_for 10 has_hits "$CALLER" 1
	gone
	# Only this process has the library.
	local libc
	libc=$(ldd caller | awk '/libc.so.6/ { print $3 }')
	cp "$libc" libown.so
	exec {CALLER_IN}>&- {CALLER_OUT}<&-
	mv caller.in old.in
	mv caller.out old.out
	LD_PRELOAD=$PWD/libown.so start_caller caller
	say "$CALLER_IN" "$CALLER_OUT" w
	refused on_uprobe uprobe:libown.so:getppid "libown.so: no such file in the directories of libraries; give its path"
	only on_uprobe -a "on_uprobe=uprobe:libown.so:getppid,pid=$CALLER"
	say "$CALLER_IN" "$CALLER_OUT" p
	wait_for 10 has_hits "$CALLER" 1
	gone
}

# bats test_tags=kernel:any
@test "a program without a directory is found in PATH" {
	need_bpf
	bpf_package hits
	start_caller caller
	mkdir bin
	ln caller "bin/caller-$$"
	PATH=$PWD/bin:$PATH only on_uprobe -a "on_uprobe=uprobe:caller-$$:work"
	say "$CALLER_IN" "$CALLER_OUT" w
	wait_for 10 has_hits "$CALLER" 1
	gone
	refused on_uprobe uprobe:nosuch:work "nosuch: no such file in PATH; give its path"
}

@test "with pid= the path is looked up in the root directory of the process" {
	need_bpf
	bpf_package hits
	c_program caller -static
	mkdir root
	mv caller root/inner
	mkfifo in out.fifo
	chroot root /inner < in > out.fifo 3>&- &
	CALLER=$!
	exec {CALLER_IN}> in {CALLER_OUT}< out.fifo
	say "$CALLER_IN" "$CALLER_OUT" w
	refused on_uprobe uprobe:/inner:work "/inner: No such file or directory"
	refused on_uprobe "uprobe:/bin/sh:work,pid=$CALLER" \
		"/bin/sh: no such file in the root directory of process $CALLER"
	# A file in our root directory is not used instead.
	ln -s "$PWD/root/inner" root/link
	refused on_uprobe "uprobe:/link:work,pid=$CALLER" "/link: no such file in the root directory of process $CALLER"
	ln -sf /inner root/link
	local path
	for path in /inner /link "/proc/$CALLER/root/inner" inner; do
		rm -f out
		only on_uprobe -a "on_uprobe=uprobe:$path:work,pid=$CALLER"
		say "$CALLER_IN" "$CALLER_OUT" w
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
}

# bats test_tags=kernel:any
@test "with pid= the path is looked up in the mount namespace of the process" {
	need_bpf
	unshare -m true || skip "needs mount namespaces"
	bpf_package hits
	c_program caller -static
	mkdir mounted
	# Here prog is another program, and mounted is empty.
	cp "$(type -P true)" prog
	AS=(unshare -m sh -c 'mount --bind caller prog && mount -t tmpfs none mounted &&
		cp caller mounted && exec "$@"' sh)
	start_caller prog
	say "$CALLER_IN" "$CALLER_OUT" w
	refused on_uprobe "uprobe:$PWD/prog:work" "$PWD/prog "
	refused on_uprobe "uprobe:$PWD/mounted/nosuch:work,pid=$CALLER" \
		"$PWD/mounted/nosuch: no such file in the root directory of process $CALLER"
	refused on_uprobe "uprobe:$PWD/mounted:work,pid=$CALLER" "$PWD/mounted: not a regular file"
	local place
	for place in "uprobe:$PWD/prog:work" "uprobe:./prog:work" "uprobe:prog:work" \
		"uprobe.multi:$PWD/prog:wor[k]"; do
		rm -f out
		only on_uprobe -a "on_uprobe=$place,pid=$CALLER"
		say "$CALLER_IN" "$CALLER_OUT" w
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
	# The symbols are those of the file, which this process can see too.
	only on_uprobe -a "on_uprobe=uprobe:$PWD/mounted/caller:work,pid=$CALLER"
	gone
	say "$CALLER_IN" "$CALLER_OUT" w
	has_hits "$CALLER" 0
}

# bats test_tags=kernel:any
@test "with pid= a USDT probe of a file that only the process sees is attached" {
	need_perf_links
	unshare -m true || skip "needs mount namespaces"
	bpf_package hits
	c_program target
	mkdir mounted
	AS=(unshare -m sh -c 'mount -t tmpfs none mounted && cp target mounted && exec mounted/target wait' sh)
	start_caller target
	say "$CALLER_IN" "$CALLER_OUT" w
	local file
	for file in "$PWD/mounted/target" target; do
		rm -f out
		only on_usdt -a "on_usdt=usdt:$file:skel:here,pid=$CALLER"
		say "$CALLER_IN" "$CALLER_OUT" w
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
}

# bats test_tags=kernel:any
@test "with pid= a program whose file was replaced is probed by its name" {
	need_bpf
	bpf_package hits
	start_caller replaced
	say "$CALLER_IN" "$CALLER_OUT" w
	cp "$(type -P true)" new
	mv new replaced
	only on_uprobe -a "on_uprobe=uprobe:replaced:work,pid=$CALLER"
	say "$CALLER_IN" "$CALLER_OUT" w
	wait_for 10 has_hits "$CALLER" 1
	gone
}

# bats test_tags=kernel:any
@test "a pattern that matches 500 functions has one link, and ends at once" {
	need_bpf
	takes_uprobe_multi || skip "needs a kernel with links of many uprobes"
	bpf_package hits
	{
		printf 'void many_%d(void) {}\n' {1..500}
		echo 'int main(void) { many_7(); many_500(); }'
	} > many.c
	cc -O0 -o many many.c
	only on_uprobe -a "on_uprobe=uprobe.multi:$PWD/many:many_*"
	[ "$(wc -w <<<"$links")" -eq 1 ]
	./many &
	local pid=$!
	wait "$pid"
	wait_for 10 has_hits "$pid" 2
	gone
}

# bats test_tags=kernel:any
@test "a uprobe that cannot be placed is an error that names the file and what it lacks" {
	need_bpf
	bpf_package hits
	c_program caller -static
	refused on_uprobe "uprobe:$PWD/nosuch:work" "$PWD/nosuch: No such file or directory"
	refused on_uprobe "uprobe:$PWD/caller:wrok" "$PWD/caller has no function wrok; the nearest: work"
	refused on_uprobe "uprobe:$PWD/hits.json:work" "$PWD/hits.json: not an ELF file"
	mkfifo fifo
	refused on_uprobe "uprobe:$PWD/fifo:work" "$PWD/fifo: "
	refused on_uprobe "uprobe:$PWD/caller:work,pid=4194305" "there is no process 4194305"
	cp caller stripped
	strip stripped
	refused on_uprobe "uprobe:$PWD/stripped:work" \
		"$PWD/stripped has no names of functions, because it is stripped; give the offset in the file"
	objcopy --redefine-sym wander=work caller twins
	refused on_uprobe "uprobe:$PWD/twins:work" "$PWD/twins has 2 functions work; give the offset of one, 0x"
	refused on_uprobe cgroup:/x "uprobe programs cannot go there"
	fails_with 2 "expected uprobe:FILE:FUNCTION" skel-load -a p=uprobe:/bin/true hits.json
	fails_with 2 "pid: expected a number from 1 to" skel-load -a p=uprobe:/bin/true:x,pid=0 hits.json
	fails_with 2 "unknown option pdi" skel-load -a p=uprobe:/bin/true:x,pdi=1 hits.json
	fails_with 2 "offset: expected a number from 0 to" skel-load -a p=uprobe:/bin/true:x,offset=y hits.json
}

@test "without CAP_SYS_ADMIN the error of a uprobe says what it needs" {
	need_bpf
	need_nobody
	[ "$(id -u)" -eq 0 ] || skip "needs root to hand out capabilities"
	bpf_package hits
	others_off on_uprobe
	local caps=-all,+bpf,+perfmon
	fails_with 1 "skel-load: program on_uprobe: uprobe:/bin/true:0x1000: needs CAP_SYS_ADMIN; run as root" \
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=$caps --ambient-caps=$caps \
		--bounding-set=$caps skel-load "${off[@]}" -a on_uprobe=uprobe:/bin/true:0x1000 hits.json
}

@test "-a attaches a USDT probe in all processes or in one" {
	need_perf_links
	bpf_package hits
	c_program target
	only on_usdt -a "on_usdt=usdt:$PWD/target:skel:here"
	./target &
	local pid=$!
	wait "$pid"
	wait_for 10 has_hits "$pid" 1
	gone
	refused on_usdt "usdt:$PWD/target:skel:her" "$PWD/target has no USDT probe skel:her; the nearest: skel:here"
	refused on_usdt "usdt:$PWD/target:sker:here" "$PWD/target has no USDT probe sker:here; the nearest: skel:here"
	cp "$(type -P true)" plain
	refused on_usdt "usdt:$PWD/plain:skel:here" "$PWD/plain has no USDT probes"
	fails_with 2 "expected usdt:FILE:PROVIDER:NAME" skel-load -a p=usdt:/bin/true:x hits.json
}

@test "a perf event samples each online CPU, by default 99 times a second" {
	need_perf_links
	bpf_package hits
	only on_perf
	[ "$(wc -w <<<"$links")" -eq "$(getconf _NPROCESSORS_ONLN)" ]
	sleep 0.5
	gone
	# Even on a busy machine there are not ten times as many, and on an idle one there
	# is a tenth.
	local n
	n=$(jq -c 'select(.pid != null)' out | wc -l)
	echo "$n samples"
	[ "$n" -gt 4 ]
	[ "$n" -lt $((10 * 99 * $(getconf _NPROCESSORS_ONLN))) ]
}

@test "with pid= a perf event samples only the threads of that process" {
	need_perf_links
	bpf_package hits
	start_caller caller
	only on_perf -a "on_perf=perf:page-faults,pid=$CALLER"
	[ "$(wc -w <<<"$links")" -eq 1 ]
	say "$CALLER_IN" "$CALLER_OUT" ff
	wait_for 10 has_some_hits "$CALLER"
	gone
	# Each page fault is a sample.
	[ "$(hits_of "$CALLER")" -ge 128 ]
	[ "$(jq -c "select(.pid != null and .pid != $CALLER)" out | wc -l)" -eq 0 ]
	# The section perf_event/here behaves the same.
	rm out
	bpf_package hits '-DKIND="perf_event/here"'
	only hit -a "hit=perf:page-faults,pid=$CALLER,period=50"
	say "$CALLER_IN" "$CALLER_OUT" ff
	wait_for 10 has_some_hits "$CALLER"
	gone
	[ "$(hits_of "$CALLER")" -lt 20 ]
}

@test "the package determines the perf event unless -a does" {
	need_bpf
	bpf_package hits
	start_caller caller
	edit hits.json '(.meta.bpf_skel.progs[] | select(.name == "on_perf")) += {"perf_event":{"type":"page-faults","period":50}}'
	only on_perf -a "on_perf=perf:pid=$CALLER"
	say "$CALLER_IN" "$CALLER_OUT" ff
	wait_for 10 has_some_hits "$CALLER"
	gone
	[ "$(hits_of "$CALLER")" -lt 20 ]
	rm out
	only on_perf -a "on_perf=perf:pid=$CALLER,period=1"
	say "$CALLER_IN" "$CALLER_OUT" ff
	wait_for 10 has_some_hits "$CALLER"
	gone
	[ "$(hits_of "$CALLER")" -ge 128 ]
	edit hits.json '(.meta.bpf_skel.progs[] | select(.name == "on_perf")).perf_event.type = "page-fautls"'
	others_off on_perf
	fails_with 1 "program on_perf: perf_event: unknown event page-fautls; the nearest: page-faults" \
		skel-load "${off[@]}" hits.json
}

@test "if the machine lacks a hardware event the clock is used instead, with a notice" {
	need_bpf
	[ ! -e /sys/bus/event_source/devices/cpu ] || skip "needs a machine without hardware counters"
	bpf_package hits
	only on_perf -a on_perf=perf:cycles,freq=99
	grep -qx 'skel-load: program on_perf: this machine has no counter for cycles; sampling cpu-clock instead, 99 times a second' err
	sleep 0.3
	gone
	jq -c 'select(.pid != null)' out | grep -q .
	[ "$(head -n 1 out | jq -c .replaced_events)" = '[{"program":"on_perf","event":"cycles","sampled":"cpu-clock"}]' ]
	# A period of cycles does not become one of nanoseconds.
	only on_perf -a on_perf=perf:cycles,period=5
	grep -q 'sampling cpu-clock instead, 99 times a second' err
	sleep 0.3
	gone
	[ "$(wc -l < out)" -lt 300 ]
	local event
	for event in cache-misses instructions raw,config=1; do
		refused on_perf "perf:$event" "this machine has no counter for ${event%%,*}, as is common for virtual machines"
	done
}

# bats test_tags=kernel:any
@test "the section of a perf event may give its numbers" {
	need_perf_links
	bpf_package hits '-DKIND="perf_event/type=1,config=2,period=50"'
	start_caller caller
	only hit -a "hit=perf:pid=$CALLER"
	say "$CALLER_IN" "$CALLER_OUT" ff
	wait_for 10 has_some_hits "$CALLER"
	gone
	[ "$(hits_of "$CALLER")" -lt 20 ]
	bpf_package hits '-DKIND="perf_event/type=1,config=2,periot=50"'
	fails_with 1 "program hit: perf_event/type=1,config=2,periot=50: its section has periot=50, but the numbers of type=N,config=N,frequency=N|period=N are expected there" \
		skel-load hits.json
}

# bats test_tags=kernel:any
@test "of two forms of one hook the best is attached, and both with --both" {
	need_bpf
	takes tp_btf/sched_process_exec || skip "needs a kernel with tp_btf"
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' '-DALSO="tp_btf/sched_process_exec"'
	start_load -f json hits.json
	grep -qx 'skel-load: hits.json: left out, because another form of the same hook is attached: hit; --both keeps them' err
	[ "$(held prog | wc -l)" -eq 1 ]
	"./$RUN"
	wait_for 10 has_run
	end_load
	[ "$(jq -r "select(.comm == \"$RUN\").by" out)" = also ]
	start_load -f json --both hits.json
	"./$RUN"
	wait_for 10 ran_twice
	end_load
	# Programs of one form are all attached, and other hooks have nothing to do with it.
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' '-DALSO="raw_tp/sched_process_exec"'
	run -0 --separate-stderr skel-load -v -t 0.1 hits.json
	[[ $stderr != *"left out"* ]]
	# What -a places stays; the other form of its hook does not.
	bpf_package hits '-DKIND="raw_tp/nosuch"' '-DALSO="tp_btf/sched_process_exec"'
	run -0 --separate-stderr skel-load -v -t 0.1 -a hit=raw_tp:sched_process_exec hits.json
	[[ $stderr == *"program hit: attached to raw_tp:sched_process_exec"* ]]
	[[ $stderr == *"left out, because another form of the same hook is attached: also"* ]]
	run -0 --separate-stderr skel-load -v -t 0.1 -a hit=raw_tp:sched_process_exec -a also=tp_btf:sched_process_exec hits.json
	[[ $stderr != *"left out"* ]]
}

ran_twice() {
	[ "$(jq -r "select(.comm == \"$RUN\").by" out | sort | xargs)" = "also hit" ]
}

# bats test_tags=kernel:any
@test "if the kernel refuses the best form when it is loaded or attached, the next one is attached" {
	need_bpf
	takes tp_btf/sched_process_exec || skip "needs a kernel with tp_btf"
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' -DREFUSED '-DREFUSED_AT="tp_btf/sched_process_exec"'
	start_load -f json hits.json
	grep -q '^skel-load: left out: hits.json: program refused (tp_btf/sched_process_exec): the verifier refused it: ' err
	[ "$(held prog | wc -l)" -eq 1 ]
	"./$RUN"
	wait_for 10 has_run
	end_load
	command -v strace >/dev/null || skip "needs strace"
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' '-DALSO="tp_btf/sched_process_exec"'
	# The first run removes what killed tests left, which takes calls too.
	skel-load -q -t 0.1 hits.json > first
	ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=bpf -o log skel-load -v -f json -t 0.1 hits.json > first
	local call
	# The log has lines of signals too.
	call=$(grep '^bpf(' log | grep -nE '^bpf\(BPF_(LINK_CREATE|RAW_TRACEPOINT_OPEN),.*= [0-9]+$' | head -n 1 | cut -d : -f 1)
	ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=bpf -e "inject=bpf:error=EBUSY:when=$call" -o log -D \
		env --default-signal=INT skel-load -v -f json hits.json > out 2> err 3>&- &
	LOAD=$!
	wait_for 10 has_header out
	grep -qx 'skel-load: left out: program also: tp_btf/sched_process_exec: cannot be attached: Device or resource busy' err
	grep -qx 'skel-load: program hit: attached to raw_tp/sched_process_exec' err
	"./$RUN"
	wait_for 10 has_run
	end_load
	[ "$(jq -r "select(.comm == \"$RUN\").by" out)" = hit ]
}

# The forms of which rm makes records.
forms_by_rm() {
	start_load -f json hits.json
	touch file
	rm file &
	wait "$!"
	wait_for 10 has_some_hits "$!"
	end_load
	jq -r "select(.pid == $!).by" out | sort | xargs
}

@test "fentry goes before kprobe, and programs that share state stay together" {
	need_fentry
	need_kprobes
	# The return is another side.
	bpf_package hits -DFORMS
	is "by_best return" "$(forms_by_rm)"
	# The kretprobe needs what the kprobe leaves for it.
	bpf_package hits -DFORMS -DSTATE
	is "entry return" "$(forms_by_rm)"
	# fexit sees the arguments too.
	bpf_package hits -DFORMS -DSTATE -DFEXIT
	is "by_best" "$(forms_by_rm)"
}

# bats test_tags=kernel:any
@test "uprobe.multi goes before uprobe, and programs that share state stay together" {
	need_bpf
	c_program caller -static
	local best want place=$PWD/caller:work
	local forms=(-DFORMS "-DENTRY=\"uprobe/$place\"" "-DRETURN=\"uretprobe/$place\"")
	while read -r best want; do
		bpf_package hits "${forms[@]}" "-DBEST=\"$best/$place\"" ${want:+-DSTATE}
		run -0 --separate-stderr skel-load -v -t 0.1 hits.json
		is "${want:-best return}" "$(sed -n 's/.*program by_\([a-z]*\): attached.*/\1/p' <<<"$stderr" | sort | xargs)"
	done <<-END
		uprobe.multi
		uprobe.multi entry return
		uretprobe.multi best
	END
	bpf_package hits "${forms[@]}" "-DBEST=\"uretprobe.multi/$place\""
	run -0 --separate-stderr skel-load -t 0.1 hits.json
	[[ $stderr == *"left out, because another form of the same hook is attached: by_return; --both keeps them"* ]]
}

# bats test_tags=kernel:any
@test "patterns choose the programs of -a, --only and --optional" {
	need_bpf
	bpf_package hits
	run -0 --separate-stderr skel-load -v -t 0.1 -a '*=off' -a on_raw_tp=raw_tracepoint:sched_process_exec \
		-a on_raw_tp=raw_tp:sched_process_exit -a on_tracepoint=tp:sched/sched_process_exec hits.json
	[ "$(grep -c 'attached to' <<<"$stderr")" -eq 3 ]
	run -0 --separate-stderr skel-load -v -t 0.1 -a on_raw_tp=raw_tp:sched_process_exec -a 'on_[rt]*=off' \
		-a on_raw_tp=raw_tp:sched_process_exit --only 'on_raw*,on_tra*' hits.json
	[ "$(grep 'attached to' <<<"$stderr")" = 'skel-load: program on_raw_tp: attached to raw_tp:sched_process_exit' ]
	bpf_package hits '-DKIND="raw_tp/nosuch"' '-DALSO="raw_tp/sched_process_exec"'
	run -0 --separate-stderr skel-load -t 0.1 --optional '*' hits.json
	[[ $stderr == "skel-load: left out: program hit: raw_tp/nosuch: this kernel has no tracepoint nosuch"* ]]
	run -0 skel-load --check --only 'a*' hits.json
	[[ $output == "program also raw_tracepoint raw_tp/sched_process_exec ok, "* ]]
	fails_with 1 "skel-load: --only x*: hits.json has no such program; it has: hit, also" skel-load --only 'also,x*' hits.json
	fails_with 2 "expected the names of programs, with commas between them" skel-load --only also, hits.json
}

# bats test_tags=kernel:any
@test "a program in the initial values of a map is loaded, never attached, and cannot be off" {
	need_bpf
	bpf_package hits -DTAIL
	start_load -v -f json hits.json
	grep -qx 'skel-load: program root: attached to raw_tp/sched_process_exec' err
	run ! grep -q 'program leaf: attached' err
	[ "$(held prog | wc -l)" -eq 2 ]
	"./$RUN"
	wait_for 10 has_run
	end_load
	[ "$(jq -r "select(.comm == \"$RUN\").by" out)" = leaf ]
	fails_with 1 "-a leaf=off: a map has the program in its initial values, for others to call it" skel-load -a leaf=off hits.json
	run -0 --separate-stderr skel-load -v -t 0.1 --only root hits.json
	[[ $stderr == *"program root: attached"* ]]
	[[ $stderr != *"program leaf: attached"* ]]
}

# bats test_tags=kernel:any
@test "a program without a place is left out where another has one" {
	need_bpf
	bpf_package hits '-DKIND="uprobe"' '-DALSO="raw_tp/sched_process_exec"'
	run -0 --separate-stderr skel-load -v -t 0.1 hits.json
	[[ $stderr == *"left out: program hit: uprobe: its section does not name its target; give one with -a hit=uprobe:"* ]]
	# Several get one notice.
	bpf_package hits '-DKIND="uprobe"' '-DALSO="uprobe"' '-DTHIRD="raw_tp/sched_process_exec"'
	run -0 --separate-stderr skel-load -t 0.1 hits.json
	is "skel-load: hits.json: left out, because their sections name no target: hit, also; to attach one: -a PROGRAM=uprobe:FILE:FUNCTION[,offset=N][,pid=PID]" "$stderr"
	# A section that names a place which does not exist is a placeholder, if -a gives places.
	bpf_package hits '-DKIND="raw_tp/nosuch"' '-DALSO="raw_tp/neither"'
	fails_with 1 "raw_tp/nosuch: this kernel has no tracepoint nosuch" skel-load hits.json
	run -0 --separate-stderr skel-load -v -t 0.1 -a also=raw_tp:sched_process_exec hits.json
	[[ $stderr == *"left out: program hit: raw_tp/nosuch: this kernel has no tracepoint nosuch"* ]]
	fails_with 1 "raw_tp:nosuch: this kernel has no tracepoint nosuch" skel-load -a also=raw_tp:nosuch -a hit=load hits.json
	run -0 --separate-stderr skel-load -v -t 0.1 -a '*=load' hits.json
	[[ $stderr != *"attached to"* ]]
}

# bats test_tags=kernel:any
@test "a program can be attached in several places, unless it is verified for one" {
	need_bpf
	bpf_package hits
	start_caller caller
	only on_uprobe -a "on_uprobe=uprobe:$PWD/caller:work" -a "on_uprobe=uprobe:$PWD/caller:wander"
	say "$CALLER_IN" "$CALLER_OUT" wd
	wait_for 10 has_hits "$CALLER" 2
	gone
	others_off on_tp_btf
	fails_with 1 "program on_tp_btf: tp_btf:sched_process_exit: it cannot go there and to tp_btf:sched_process_exec too, because it is verified for one of them" \
		skel-load "${off[@]}" -a on_tp_btf=tp_btf:sched_process_exec -a on_tp_btf=tp_btf:sched_process_exit hits.json
}

# bats test_tags=kernel:any
@test "a library is found by its name without a version, in the cache or the process" {
	need_bpf
	bpf_package hits
	c_program caller
	start_caller caller
	local name
	for name in libc c; do
		rm -f out
		only on_uprobe -a "on_uprobe=uprobe:$name:getppid"
		say "$CALLER_IN" "$CALLER_OUT" p
		wait_for 10 has_hits "$CALLER" 1
		gone
	done
	rm -f out
	bpf_package hits '-DKIND="uprobe/libc:getppid"'
	only hit
	say "$CALLER_IN" "$CALLER_OUT" p
	wait_for 10 has_hits "$CALLER" 1
	gone
	# Only the process has the library.
	local libc
	libc=$(ldd caller | awk '/libc.so.6/ { print $3 }')
	cp "$libc" libown-2.1.so
	exec {CALLER_IN}>&- {CALLER_OUT}<&-
	mv caller.in old.in
	mv caller.out old.out
	LD_PRELOAD=$PWD/libown-2.1.so start_caller caller
	say "$CALLER_IN" "$CALLER_OUT" w
	refused hit uprobe:libown:getppid "libown: no such file in PATH; give its path"
	only hit -a "hit=uprobe:libown:getppid,pid=$CALLER"
	say "$CALLER_IN" "$CALLER_OUT" p
	wait_for 10 has_hits "$CALLER" 1
	gone
}

# bats test_tags=kernel:any
@test "an impossible perf event is refused with the reason" {
	need_bpf
	bpf_package hits
	fails_with 2 "-a p=perf:xyz: unknown event xyz; expected cpu-clock, task-clock, page-faults" \
		skel-load -a p=perf:xyz hits.json
	fails_with 2 "give either a frequency or a period" skel-load -a p=perf:freq=1,period=1 hits.json
	fails_with 2 "config goes with raw or the number of a type" skel-load -a p=perf:cycles,config=1 hits.json
	fails_with 2 "freq: expected a number from 1 to" skel-load -a p=perf:freq=0 hits.json
	refused on_perf perf:freq=4000000000 "this kernel samples at most $(cat /proc/sys/kernel/perf_event_max_sample_rate) times a second"
	refused on_perf perf:pid=4194305 "there is no process 4194305"
	refused on_perf perf:cpu=4095 "CPU 4095 is not online"
	refused on_perf perf:4294967,config=1 "this kernel has no event of type 4294967 with config=1"
}

@test "-a attaches a kprobe to a function, an instruction, a return or a system call" {
	need_kprobes
	bpf_package hits
	start_caller caller
	for where in kprobe:do_unlinkat kprobe:do_unlinkat+0 kretprobe:do_unlinkat ksyscall:unlinkat \
		kretsyscall:unlinkat; do
		hits_by_rm on_kprobe "$where"
	done
	refused on_kprobe kprobe:do_unlinkta "this kernel has no function do_unlinkta; the nearest: do_unlinkat"
	refused on_kprobe kprobe:sys_execve "this kernel has no function sys_execve; the system call is ksyscall:execve"
	refused on_kprobe ksyscall:nosuch "this kernel has no system call nosuch"
	refused on_kprobe kretprobe:do_unlinkat+4 "a return probe has no offset"
	# A kprobe program can be attached as a uprobe too.
	rm -f out
	only on_kprobe -a "on_kprobe=uprobe:$PWD/caller:work"
	say "$CALLER_IN" "$CALLER_OUT" w
	wait_for 10 has_hits "$CALLER" 1
	gone
}

@test "-a attaches a kprobe.multi program by a pattern, or to a single function" {
	need_kprobe_multi
	bpf_package hits
	for where in kprobe.multi:do_unlink* kretprobe.multi:do_unlink* kprobe:do_unlinkat; do
		hits_by_rm on_multi "$where"
	done
	only on_kprobe -a 'on_kprobe=kprobe.multi:do_unlink*'
	gone
	refused on_multi 'kprobe.multi:nosuch_*' "no function that this kernel can probe matches nosuch_*"
}

@test "a kprobe.session program runs at the entry and the return of the functions of its pattern" {
	need_kprobe_multi
	has_libbpf 1.5 || skip "needs a build with libbpf 1.5"
	grep -q ' bpf_session_is_return$' /proc/kallsyms || skip "needs a kernel with kprobe.session"
	bpf_package hits '-DKIND="kprobe.session/do_unlinka*"'
	start_load -f json hits.json
	touch file
	rm file &
	wait "$!"
	wait_for 10 has_hits "$!" 2
	end_load
	bpf_package hits
	only on_multi -a 'on_multi=kprobe.session:do_unlinka*'
	touch file
	rm file &
	wait "$!"
	wait_for 10 has_hits "$!" 2
	gone
	refused on_multi 'kprobe.session:nosuch_*' "no function that this kernel can probe matches nosuch_*"
}

@test "-a attaches one program to fentry, fexit or fmod_ret of a function" {
	need_fentry
	bpf_package hits
	for where in fentry:do_unlinkat fexit:do_unlinkat fmod_ret:security_file_open; do
		hits_by_rm on_fentry "$where"
	done
}

@test "-a attaches an LSM program to another hook" {
	need_lsm
	bpf_package hits
	only on_lsm -a on_lsm=lsm:file_open
	cat /dev/null &
	wait "$!"
	wait_for 10 has_some_hits "$!"
	gone
}

@test "on a kernel without kprobes the error says that there are none" {
	need_bpf
	[ ! -e /sys/bus/event_source/devices/kprobe ] || skip "needs a kernel without kprobes"
	bpf_package hits
	refused on_kprobe kprobe:do_unlinkat "this kernel has no kprobes"
	refused on_kprobe kretprobe:do_unlinkat "this kernel has no kprobes"
	refused on_kprobe ksyscall:unlinkat "this kernel has no kprobes"
}

@test "on a kernel without kprobe.multi the error says that there is none" {
	need_bpf
	! has_symbol register_fprobe_ips || skip "needs a kernel without kprobe.multi"
	bpf_package hits
	refused on_multi 'kprobe.multi:do_unlink*' "this kernel has no kprobe.multi"
}

@test "kill -9 detaches a uprobe, a tracepoint program and perf events" {
	need_perf_links
	bpf_package hits
	c_program caller -static
	start_load -f json -a on_kprobe=off -a on_multi=off -a on_usdt=off -a on_raw_tp=off -a on_tp_btf=off \
		-a on_fentry=off -a on_lsm=off -a "on_uprobe=uprobe:$PWD/caller:work" \
		-a on_tracepoint=tracepoint:sched/sched_process_exec hits.json
	progs=$(held prog) links=$(held link)
	[ "$(wc -w <<<"$progs")" -eq 3 ]
	[ "$(wc -w <<<"$links")" -eq $((2 + $(getconf _NPROCESSORS_ONLN))) ]
	kill -9 "$LOAD"
	wait "$LOAD" || :
	LOAD=
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $progs
	# shellcheck disable=SC2086
	wait_for 5 none_of link $links
}

@test "--detach leaves the perf events of all CPUs pinned, until --unload" {
	need_perf_links
	bpf_package hits
	session=/sys/fs/bpf/skel-trace-$$
	skel-load --pin="$session" --detach -a on_kprobe=off -a on_multi=off -a on_uprobe=off -a on_usdt=off \
		-a on_tracepoint=off -a on_raw_tp=off -a on_tp_btf=off -a on_fentry=off -a on_lsm=off hits.json > detached
	[ "$(find "$session" -name 'link*_on_perf' | wc -l)" -eq "$(getconf _NPROCESSORS_ONLN)" ]
	skel-poll -f json -n 3 detached > out
	[ "$(jq -c 'select(.by == "on_perf")' out | wc -l)" -eq 3 ]
	links=$(bpftool -j link show | jq '.[] | select(any(.pinned[]?; startswith("'"$session"'/"))) | .id')
	skel-load --unload "$session"
	[ ! -e "$session" ]
	session=
	# shellcheck disable=SC2086
	wait_for 5 none_of link $links
}

@test "--optional omits a program that cannot be attached, with the reason" {
	need_bpf
	bpf_package hits '-DKIND="raw_tp/nosuch"' '-DALSO="raw_tp/sched_process_exec"'
	fails_with 1 "program hit: raw_tp/nosuch: this kernel has no tracepoint nosuch" skel-load -t 0.1 hits.json
	start_load -f json --optional hit hits.json
	[ "$(grep -v ': removed ' err)" = "skel-load: left out: program hit: raw_tp/nosuch: this kernel has no tracepoint nosuch" ]
	[ "$(held link | wc -l)" -eq 1 ]
	"./$RUN"
	wait_for 10 has_run
	end_load
	[ "$(jq -r 'select(.by).by' out | sort -u)" = also ]
	# A section without a target has the same effect.
	bpf_package hits '-DKIND="uprobe"' '-DALSO="raw_tp/sched_process_exec"'
	run -0 --separate-stderr skel-load -t 0.1 --optional hit hits.json
	[[ $stderr == "skel-load: left out: program hit: uprobe: its section does not name its target; give one with -a hit=uprobe:"* ]]
	# With -q there is no notice.
	run -0 --separate-stderr skel-load -q -t 0.1 --optional hit hits.json
	[ -z "$stderr" ]
}

@test "--optional omits programs that the kernel refuses to load, one after another" {
	need_bpf
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' '-DALSO="tp_btf/nosuch"' -DREFUSED
	fails_with 1 "hits.json: program refused (raw_tp/sched_process_exec): the verifier refused it: " \
		skel-load -t 0.1 --optional also hits.json
	fails_with 1 "hits.json: program also (tp_btf/nosuch): this kernel has nothing of that name" \
		skel-load -t 0.1 -a refused=off hits.json
	start_load -f json --optional refused --optional also hits.json
	grep -qx 'skel-load: left out: program also: tp_btf/nosuch: this kernel has no tracepoint nosuch' err
	grep -q '^skel-load: left out: hits.json: program refused (raw_tp/sched_process_exec): the verifier refused it: ' err
	[ "$(grep -vc ': removed ' err)" -eq 2 ]
	[ "$(held prog | wc -l)" -eq 1 ]
	"./$RUN"
	wait_for 10 has_run
	end_load
	# The object is opened again and must have the arguments and maps as before.
	run -0 --separate-stderr skel-load --check --optional refused --optional also hits.json
	[[ $output == "program hit raw_tracepoint raw_tp/sched_process_exec ok, "* ]]
	[ "${#lines[@]}" -eq 1 ]
}

# bats test_tags=kernel:any
@test "--optional fails if no program is left, and for a name that no program has" {
	need_bpf
	bpf_package hits '-DKIND="raw_tp/nosuch"' '-DALSO="uprobe"'
	fails_with 1 "skel-load: hits.json: none of its programs could be attached" \
		skel-load --optional hit --optional also hits.json
	fails_with 1 "skel-load: hits.json: none of its programs could be attached" \
		skel-load --optional hit -a also=off hits.json
	fails_with 1 "skel-load: --optional nosuch: hits.json has no such program; it has: hit, also" \
		skel-load --optional nosuch hits.json
	# A program that is turned off is not counted as missing.
	run -0 --separate-stderr skel-load -t 0.1 --optional hit -a hit=off -a also=off hits.json
}

# bats test_tags=kernel:any
@test "--optional omits what the kernel refuses also where -a only loads it" {
	need_bpf
	bpf_package hits '-DKIND="raw_tp/sched_process_exec"' '-DALSO="tp_btf/nosuch"' -DREFUSED
	fails_with 1 "hits.json: program refused (raw_tp/sched_process_exec): the verifier refused it: " \
		skel-load -t 0.1 -a '*=load' --optional also hits.json
	start_load -f json --optional '*' -a '*=load' hits.json
	[ "$(grep -c '^skel-load: left out: hits.json: program ' err)" -eq 2 ]
	[ "$(held prog | wc -l)" -eq 1 ]
	[ "$(held link | wc -l)" -eq 0 ]
	end_load
	fails_with 1 "skel-load: hits.json: none of its programs could be loaded" \
		skel-load -t 0.1 --optional '*' -a '*=load' -a hit=off hits.json
	fails_with 1 "skel-load: hits.json: none of its programs could be loaded" \
		skel-load --check --optional '*' -a hit=off hits.json
}
