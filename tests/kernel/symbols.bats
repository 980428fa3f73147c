#!/usr/bin/env bats
# Stacks of real processes, and the names that skel-load and skel-poll find for their
# addresses.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	package stacks
	cc -O1 -g -shared -fPIC -fno-omit-frame-pointer -o libmarker.so \
		"$PROGRAMS/marker.c"
	LD_LIBRARY_PATH=$PWD
	export LD_LIBRARY_PATH
}

teardown() {
	kill_load
	# The target ends at the end of its input.
	exec 7>&-
	[ -z "${TARGET:-}" ] || wait "$TARGET" 2>/dev/null || :
}

# package NAME [FLAG...]: make a package of a program that uses skel.bpf.h.
package() {
	bpf_package "$@" -I "$ASSETS"
}

# called NAME [FLAG...]: compile called.c into NAME.
called() {
	local name=$1
	shift
	cc -O1 -fno-omit-frame-pointer -o "$name" "$PROGRAMS/called.c" \
		"$@" -L. -lmarker
}

# start_target COMMAND...: run the command with the pid TARGET; tell() sends it
# commands.
start_target() {
	rm -f commands
	mkfifo commands
	: > answers
	"$@" < commands > answers 2> target.err 3>&- &
	TARGET=$!
	exec 7> commands
}

# tell COMMAND: send the target a command and wait until it has done it.
tell() {
	local before
	before=$(wc -l < answers)
	echo "$1" >&7
	wait_for 10 answered "$before" || { cat target.err; return 1; }
}

answered() {
	[ "$(wc -l < answers)" -gt "$1" ]
}

# trace N [ARG...]: run skel-load for N records of TARGET's calls of marker().
trace() {
	local n=$1
	shift
	start_load -f json -n "$n" "$@" -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" \
		stacks.json
}

# traced: wait until skel-load ends by itself, with status 0 and without messages.
traced() {
	local pid=$LOAD status=0
	LOAD=
	wait "$pid" || status=$?
	echo "status $status"
	cat err
	[ "$status" -eq 0 ] && [ ! -s err ]
}

# frames [FILTER]: print the user frames of the last record, innermost first.
frames() {
	grep '"@map"' out | tail -n 1 | jq -r ".user[] | ${1:-.symbol // \"-\"}"
}

# line_of MARK: print the number of the line in called.c that has this mark.
line_of() {
	grep -n "line: $1 " "$PROGRAMS/called.c" | cut -d: -f1
}

# has_line WORD...: standard input has this line.
has_line() {
	local text
	text=$(cat)
	grep -qxF -e "$1" <<< "$text" || { echo "no line \"$1\" in:"; echo "$text"; return 1; }
}

@test "a function is named with file and line, after the functions inlined into it" {
	called called -g
	start_target ./called
	trace 1
	tell "call 1"
	traced
	run -0 frames '[.symbol, (.file // "" | sub(".*/"; "")), .line] | join(" ")'
	[[ ${lines[0]} == "marker marker.c "[1-9]* ]]
	has_line "inlined called.c $(line_of inlined)" <<< "$output"
	has_line "outer called.c $(line_of outer)" <<< "$output"
	[ "$(frames | grep -xE 'inlined|outer|main' | paste -sd ' ')" = "inlined outer main" ]
	# Both have the same address.
	[ "$(frames 'select(.symbol == "inlined" or .symbol == "outer").addr' | uniq | wc -l)" -eq 1 ]
}

@test "a function without debug information is named with the offset of the address" {
	called called -g0
	start_target ./called
	trace 1
	tell "call 1"
	traced
	[ "$(frames 'select(.symbol == "outer") | has("file")')" = false ]
	[ "$(frames | grep -xE 'inlined|outer|main' | paste -sd ' ')" = "outer main" ]
	# Compute the address from the symbol in nm's output and the mappings.
	base=$(awk '/\/called$/ { split($1, a, "-"); print a[1]; exit }' "/proc/$TARGET/maps")
	start=$(nm called | awk '$3 == "outer" { print $1 }')
	[ "$(frames 'select(.symbol == "outer") | "\(.addr) \(.offset)"')" = \
		"$((0x$base + 0x$start + $(frames 'select(.symbol == "outer").offset'))) $(frames 'select(.symbol == "outer").offset')" ]
	[ "$(frames 'select(.symbol == "outer").offset')" -gt 0 ]
}

@test "functions of C++ have their names in the source, inlined ones too" {
	local want=("shop::(anonymous namespace)::hidden" "shop::basket<int>::add"
		"shop::basket<int>::operator<<" main)
	for flag in -g -g0; do
		c++ -O1 -fno-omit-frame-pointer $flag -o named "$PROGRAMS/called.cc" -L. -lmarker
		start_target ./named
		trace 1
		tell "call"
		traced
		frames
		diff <(frames | grep -xF "$(printf '%s\n' "${want[@]}")") <(printf '%s\n' "${want[@]}")
		[ "$(frames | grep -c '^_Z')" -eq 0 ]
		inlined=$(frames | grep -c '^twice<shop::(anonymous namespace)::hidden') || :
		[ "$inlined" = "$([ "$flag" = -g ] && echo 1 || echo 0)" ]
		exec 7>&-
		wait "$TARGET"
	done
}

@test "functions of a stripped program have exported names or only addresses" {
	called called -g0 -rdynamic -Wl,--version-script=<(echo '{ global: main; local: *; };')
	strip called
	start_target ./called
	trace 1
	tell "call 1"
	traced
	[ "$(frames | grep -xE 'outer|main|inner')" = "main" ]
	frames | has_line -
	[ "$(frames 'select(.symbol == null) | .addr > 0' | sort -u)" = true ]
}

@test "the names of a stripped program are found in the debug file beside it" {
	called called -g
	objcopy --only-keep-debug called called.debug
	strip --strip-all called
	objcopy --add-gnu-debuglink=called.debug called
	start_target ./called
	trace 1
	tell "call 1"
	traced
	frames '"\(.symbol) \(.line)"' | has_line "inlined $(line_of inlined)"
}

@test "a debug file of another build is not used" {
	called called -g
	called another -g -DOUTER=wrong_one
	objcopy --only-keep-debug another called.debug
	strip --strip-all called
	objcopy --add-gnu-debuglink=called.debug called
	start_target ./called
	trace 1
	tell "call 1"
	traced
	[ "$(frames | grep -cxE 'wrong_one|outer|inlined')" -eq 0 ]
}

@test "without a build ID, a debug file that was changed later is not used" {
	called called -g -Wl,--build-id=none
	called another -g -DOUTER=wrong_one -Wl,--build-id=none
	objcopy --only-keep-debug called called.debug
	strip --strip-all called
	objcopy --add-gnu-debuglink=called.debug called
	start_target ./called
	trace 1
	tell "call 1"
	traced
	frames | has_line inlined
	objcopy --only-keep-debug another called.debug
	start_target ./called
	trace 1
	tell "call 1"
	traced
	[ "$(frames | grep -cxE 'wrong_one|outer|inlined')" -eq 0 ]
}

@test "a program linked for fixed addresses, and one that was deleted, are named too" {
	called called -g -no-pie
	start_target ./called
	tell "call 1"
	rm called
	trace 1
	tell "call 1"
	traced
	frames '"\(.symbol) \(.line)"' | has_line "outer $(line_of outer)"
}

@test "functions of a library that is loaded just after the first lookup are named" {
	called called -g
	cc -O1 -g -shared -fPIC -fno-omit-frame-pointer -o plugin.so "$PROGRAMS/plugin.c"
	start_target ./called
	trace 2
	# At once, as a program does when it starts.
	echo "call 1" >&7
	timeout 10 sh -c 'until grep -q "\"@map\"" out; do :; done'
	tell "load $PWD/plugin.so"
	traced
	frames '"\(.symbol) \(.file // "" | sub(".*/"; ""))"' | has_line "plugin plugin.c"
}

@test "after execve(2) a process has the names of the new program" {
	# The new program has the same addresses.
	called called -g -no-pie
	called another -g -no-pie -DOUTER=other
	# Libraries are at the same addresses too.
	start_target setarch -R ./called
	trace 2
	tell "call 1"
	wait_for 10 grep -q '"@map"' out
	[ "$(frames | grep -xE 'outer|other')" = outer ]
	# Whether a process has called execve(2) is only checked now and then.
	echo "exec $PWD/another" >&7
	wait_for 10 is_program another
	sleep 0.2
	tell "call 1"
	traced
	[ "$(frames | grep -xE 'outer|other')" = other ]
}

# In a chroot the paths of another mount namespace start at the root outside.
is_program() {
	[[ "$(readlink "/proc/$TARGET/exe")" == *"$PWD/$1" ]]
}

@test "after execve(2) of a program without names the old names are not used" {
	called called -g -no-pie
	called bare -no-pie
	strip bare
	# Libraries are at the same addresses too.
	start_target setarch -R ./called
	start_load -n 2 -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stacks.json
	tell "call 1"
	wait_for 10 grep -aq '^=' out
	echo "exec $PWD/bare" >&7
	wait_for 10 is_program bare
	sleep 0.2
	tell "call 1"
	traced
	skel-fmt --json out > records
	mv records out
	[ "$(head -n 1 out | jq -c '.user | map(.symbol) | contains(["outer"])')" = true ]
	[ "$(frames | grep -cxE 'outer|inlined')" -eq 0 ]
	# It has the same addresses, so the old names could have been used.
	[ "$(jq -s -c '[.[].user[].addr] | group_by(.) | any(length > 1)' out)" = true ]
}

# Put another program at the path of called in the mount namespace of the target.
hidden_target() {
	mkdir -p hidden inside
	called hidden/called -g -DOUTER=outside
	called inside/called -g -DOUTER=inside
	start_target unshare -m sh -c 'mount --bind inside hidden && exec hidden/called'
	wait_for 10 is_program hidden/called
}

@test "a path in another mount namespace refers to the file there" {
	hidden_target
	trace 1
	tell "call 1"
	traced
	[ "$(frames | grep -xE 'outside|inside')" = inside ]
}

@test "a file in a chroot is found, even if it may not be opened through its mapping" {
	mkdir -p jail/bin bin
	cc -O1 -g -static -fno-omit-frame-pointer -o jail/bin/called "$PROGRAMS"/{called,marker}.c 2>/dev/null
	# Outside the chroot the path would lead to another file.
	called bin/called -g -DOUTER=outside
	start_target chroot jail /bin/called
	tell "call 0"
	skel-load --pin -a "hit=uprobe:/bin/called:marker,pid=$TARGET" stacks.json > session 3>&- &
	LOAD=$!
	wait_for 10 has_header session
	for caps in +all -sys_admin,-checkpoint_restore; do
		tell "call 1"
		run -0 --separate-stderr setpriv --bounding-set="$caps" skel-poll -f json -n 1 session
		[ -z "$stderr" ]
		echo "$output" > out
		frames '"\(.symbol) \(.line)"' | has_line "outer $(line_of outer)"
	done
	end_load
}

@test "generated code has the names that the process lists in a perf map" {
	[ "$(uname -m)" = x86_64 ] || skip "needs x86_64: the test brings machine code"
	mkdir -p jail/bin jail/tmp
	cc -O1 -g -static -fno-omit-frame-pointer -o jail/bin/called "$PROGRAMS"/{called,marker}.c 2>/dev/null
	start_target chroot jail /bin/called
	tell "call 0"
	for owner in 0 65534; do
		start_load -f json -n 1 -a "hit=uprobe:/bin/called:marker,pid=$TARGET" stacks.json
		# Stop it before it reads the list.
		kill -STOP "$LOAD"
		tell jit
		chown "$owner" jail/tmp/perf-"$TARGET".map
		kill -CONT "$LOAD"
		traced
		cp out "by-$owner"
	done
	cp by-0 out
	frames | has_line "generated function"
	# Everybody can write to /tmp, so another user's list is not used.
	cp by-65534 out
	[ "$(frames | grep -c generated)" -eq 0 ]
}

@test "names that were found for a process stay known when it is gone" {
	called called -g
	start_target ./called
	trace 2
	tell "call 1"
	wait_for 10 grep -q '"@map"' out
	kill -STOP "$LOAD"
	tell "call 1"
	kill -9 "$TARGET"
	wait "$TARGET" || :
	kill -CONT "$LOAD"
	traced
	[ "$(grep -c '"@map"' out)" -eq 2 ]
	frames '"\(.symbol) \(.line)"' | has_line "outer $(line_of outer)"
}

@test "a process that is gone before the lookup has only addresses, and that is no failure" {
	called called -g
	start_target ./called
	skel-load --pin -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stacks.json > session 3>&- &
	LOAD=$!
	wait_for 10 has_header session
	tell "call 1"
	kill -9 "$TARGET"
	wait "$TARGET" || :
	run -0 --separate-stderr skel-poll --once -f json session
	[ -z "$stderr" ]
	[ "$(sed -n 2p <<< "$output" | jq -c '[.user | length > 1, (map(keys) | add | unique)]')" = '[true,["addr"]]' ]
	end_load
}

@test "names are in @symbols lines, as the header says, each only once" {
	called called -g
	start_target ./called
	start_load -n 3 -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stacks.json
	tell "call 3"
	traced
	[ "$(head -n 1 out | jq -c .symbols)" = '"follow"' ]
	[ "$(grep -ac '^=' out)" -eq 3 ]
	grep -a '^{"@symbols":' out > names
	jq -es --argjson pid "$TARGET" 'map(.["@symbols"]) |
		all(.pid == $pid) and any(.[].frames[]; .symbol == "outer")' names
	# Each address is in one line only.
	[ -z "$(jq -c '.["@symbols"].frames | map(.addr) | unique[]' names | sort | uniq -d)" ]
	run -0 --separate-stderr as_nobody skel-fmt --json - < out
	[[ ${lines[0]} == *'"symbol":"outer"'* ]]
}

@test "with_symbols: false turns the lookup of names off" {
	package stacks -DSYMBOLS_OFF
	[ "$(jq .meta.bpf_skel.maps[0].intepreter.stack_trace.with_symbols stacks.json)" = false ]
	called called -g
	start_target ./called
	trace 1
	tell "call 1"
	traced
	[ "$(frames | sort -u)" = "-" ]
	start_load -n 1 -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stacks.json
	tell "call 1"
	traced
	[ "$(grep -ac '^{"@symbols":' out)" -eq 0 ]
}

@test "ten thousand records of the same stacks do not need a lookup each" {
	called called -g
	start_target ./called
	ASAN_OPTIONS=detect_leaks=0 strace -f -c -o calls skel-load -n 10000 \
		-a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stacks.json > out 2> err 3>&- &
	LOAD=$!
	wait_for 10 has_header out
	# A thousand at a time, as the ring holds fewer than all of them.
	for ((told = 1000; told <= 10000; told += 1000)); do
		tell "call 1000"
		wait_for 30 has_records "$told"
	done
	traced
	opened=$(awk '$NF ~ /^open/ { n += $4 } END { print n }' calls)
	echo "opened $opened"
	[ "$opened" -lt 500 ]
}

# has_records N: the output has at least N records.
has_records() {
	[ "$(grep -ac '^=' out)" -ge "$1" ]
}

@test "no server is asked for debug information" {
	called called -g0
	strip called
	start_target ./called
	ASAN_OPTIONS=detect_leaks=0 DEBUGINFOD_URLS=http://127.0.0.1:1/ strace -f -e trace=openat,socket,connect -o calls \
		skel-load -f json -n 1 -a "hit=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" \
		stacks.json > out 2> err 3>&- &
	LOAD=$!
	wait_for 10 has_header out
	tell "call 1"
	traced
	grep -q build-id calls
	run -1 grep -E 'AF_INET|debuginfod|libcurl' calls
}

@test "a profile names a process's hot function, with and without debug information, and kernel functions" {
	for flag in -g -g0; do
		called called $flag
		start_target ./called
		start_load "$ASSETS/profile.json" --pid "$TARGET"
		tell spin
		end_load
		[ ! -s err ] || { cat err; return 1; }
		exec 7>&-
		wait "$TARGET"
		run -0 --separate-stderr skel-fmt --folded out
		[ -z "$stderr" ]
		echo "$output"
		grep -qE '^called;([^;]*;)*hot(;[^;]*)* [0-9]+$' <<< "$output"
		grep -qE '^called;.*;(ksys_read|vfs_read)_\[k\];' <<< "$output"
	done
}

@test "a kernel address has the name that /proc/kallsyms gives it" {
	called called -g0
	start_target ./called
	start_load -f json "$ASSETS/profile.json" --pid "$TARGET"
	tell spin
	end_load
	# jq has no numbers of 64 bits.
	python3 - out <<-'SCRIPT' | sort -u > starts
		import json, sys
		for line in open(sys.argv[1]):
		    for f in json.loads(line).get("kstack", []):
		        if "symbol" in f:
		            print("%016x %s" % (f["addr"] - f["offset"], f["symbol"]))
	SCRIPT
	[ -s starts ]
	awk '$2 ~ /[tTwW]/ { print $1, $3 }' /proc/kallsyms | sort -u > kernel
	diff <(comm -23 starts kernel) /dev/null
}

@test "if the kernel hides its addresses there is one notice, and that is no failure" {
	hidden=(setpriv --bounding-set=-syslog)
	[ "$("${hidden[@]}" awk '$3 == "_text" { print $1 }' /proc/kallsyms)" = 0000000000000000 ] ||
		skip "this kernel shows its addresses to everyone"
	called called -g0
	start_target ./called
	"${hidden[@]}" skel-load -f json "$ASSETS/profile.json" --pid "$TARGET" > out 2> err 3>&- &
	LOAD=$!
	wait_for 10 has_header out
	tell spin
	tell spin
	end_load
	cat err
	[ "$(wc -l < err)" -eq 1 ]
	grep -q '/proc/kallsyms shows no addresses; run as root, with kernel.kptr_restrict at 0 or 1' err
	[ "$(jq -c 'select(.["@map"]).kstack[] | has("symbol")' out | sort -u)" = false ]
	jq -r 'select(.["@map"]).ustack[].symbol' out | has_line hot
}

@test "idle CPUs and kernel threads have no user stack, and that is no failure" {
	run -0 --separate-stderr skel-load -f json -t 0.5 "$ASSETS/profile.json" --idle
	[ -z "$stderr" ]
	grep -F '"pid":0,' <<< "$output" > idle || skip "no CPU was idle"
	[ "$(jq -c .ustack idle | sort -u)" = "[]" ]
}

@test "stack ids are resolved, in a sampled map too" {
	called called -g
	package stackids
	start_target ./called
	start_load -a "count=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stackids.json
	[ "$(head -n 1 out | jq -c '.maps[0].stacks')" = '"stackmap"' ]
	tell "call 7"
	wait_for 10 grep -aq '^=' out
	end_load
	[ ! -s err ]
	[ "$(grep -anE '^(=|\{"@sta)' out | cut -d: -f2 | cut -c-5 | tr -d '\0' | head -n 1)" = '{"@st' ]
	grep -a '^{"@stack' out | jq -e '.["@stack"] | .stacks == "stackmap" and .id >= 0 and (.addrs | length) > 1'
	# The @stack line is not repeated while the stack is the same.
	[ "$(grep -ac '^{"@stack' out)" -eq 1 ]
	run -0 skel-fmt --folded out
	[[ $output =~ ^called\;.*main\;outer\;inlined\;(inner\;)?marker\ [0-9]+$ ]] || { echo "$output"; return 1; }
}

@test "a session names the stack map's pin, and skel-poll opens it" {
	called called -g
	package stackids
	start_target ./called
	skel-load --pin -a "count=uprobe:$PWD/libmarker.so:marker,pid=$TARGET" stackids.json > session 3>&- &
	LOAD=$!
	wait_for 10 has_header session
	dir=$(jq -r .dir session)
	[ "$(jq -r '.maps[0].stacks_pin' session)" = "$dir/stacks_stackmap" ]
	tell "call 2"
	run -0 --separate-stderr skel-poll --once -f json session
	[ -z "$stderr" ]
	sed -n 2p <<< "$output" | jq -e '.key.ustack | any(.symbol == "outer")'
	# No pin outside of the session's directory is opened.
	jq -c '.maps[0].stacks_pin = "/sys/fs/bpf/other"' session > moved
	fails_with 1 "map stackmap: its pin /sys/fs/bpf/other is not in the session's directory $dir" \
		skel-poll --once moved
	jq -c 'del(.maps[0].stacks_pin)' session > without
	fails_with 1 'maps[0]: stacks_pin is missing' skel-poll --once without
	end_load
	[ ! -e "$dir" ]
}

@test "if there are several stack maps the package names the one to use" {
	package stackids -DTWO_STACK_MAPS
	fails_with 1 'the object has several stack-trace maps; set "stacks" to one of: stackmap, other' \
		skel-load --check stackids.json
	package stackids -DTWO_STACK_MAPS -DSTACKS=stackmap
	run -0 skel-load --check stackids.json
	package stackids -DTWO_STACK_MAPS -DSTACKS=counts
	fails_with 1 'map counts: stack_trace: the object has no stack-trace map called counts' \
		skel-load --check stackids.json
}
