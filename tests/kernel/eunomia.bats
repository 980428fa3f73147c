#!/usr/bin/env bats
# libeunomia(3): programs in C and C++ are built with the files that make install
# installs, and run.
#
# The output of pkg-config and SANITIZE are several words:
# shellcheck disable=SC2046,SC2086

load ../helpers/helper
load ../helpers/load

# USR is where everything is installed, SANITIZE how the tested build was made.
setup_file() {
	export USR=$BATS_FILE_TMPDIR/usr
	install_into "$USR" || return 1
	export PKG_CONFIG_PATH=$USR/lib/pkgconfig LD_LIBRARY_PATH=$USR/lib
	SANITIZE=${SAN:+-fsanitize=address,undefined -fno-sanitize-recover=all}
	export SANITIZE
	cd "$BATS_FILE_TMPDIR"
	for name in errors poll reference threads; do
		compile "$name" $(pkg-config --cflags --libs eunomia) || return 1
	done
	skel-pack --unpack "$ASSETS/bootstrap.json" > bootstrap.o
	jq -c .meta "$ASSETS/bootstrap.json" > bootstrap.meta
}

setup() {
	note_places
	POLL=
	PATH=$BATS_FILE_TMPDIR:$PATH
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "$POLL" ] || kill -KILL "$POLL" 2>/dev/null || :
}

# install_into PREFIX [VARIABLE=VALUE...]: run make install with the options of the
# build that is tested.
install_into() {
	local prefix=$1
	shift
	env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u DESTDIR \
		make -s -C "$ROOT" install ${SAN:+SAN=1} PREFIX="$prefix" "$@" >"$BATS_FILE_TMPDIR/install.log" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/install.log"; return 1; }
}

# compile NAME FLAG...: compile a program of tests/eunomia; warnings are errors.
compile() {
	local name=$1
	shift
	gcc -std=gnu11 -O1 -g -Wall -Wextra -Wshadow -Wstrict-prototypes -Werror $SANITIZE \
		-o "$name" "$ROOT/tests/eunomia/$name.c" "$@" -pthread
}

# start_poll FORMAT CALLS PACKAGE [ARG...]: run the program poll in the background;
# POLL is its pid.
start_poll() {
	poll "$@" > calls 2> err 3>&- &
	POLL=$!
	wait_for 20 grep -q '^ready' err || { cat err; return 1; }
}

# end_poll: end the program poll and return its exit status.
end_poll() {
	local pid=$POLL
	POLL=
	kill -TERM "$pid"
	wait "$pid"
}

# Print what the handler received, one line for each call, without sizes.
calls() {
	grep -v '^-- ' calls
}

# shows PATTERN: at least one call matches.
shows() {
	calls | grep -q -- "$1"
}

# quietly COMMAND...: the command succeeds and prints nothing at all.
quietly() {
	run --separate-stderr "$@"
	if [ "$status" -ne 0 ] || [ -n "$output$stderr" ]; then
		echo "status $status: $output$stderr"
		return 1
	fi
}

# Print the functions that the header declares.
declared() {
	gcc -E -P "$USR/include/eunomia.h" | grep -oE '[a-z_]+\(' | tr -d '(' | grep -v '^__' | sort
}

@test "make install puts a header, both libraries, a manual and a pkg-config file in place" {
	[ -f "$USR/include/eunomia.h" ]
	[ -f "$USR/lib/libeunomia.a" ]
	[ -f "$USR/share/man/man3/libeunomia.3" ]
	[ "$(readlink "$USR/lib/libeunomia.so")" = libeunomia.so.0 ]
	[ "$(readlink -f "$USR/lib/libeunomia.so.0")" = "$(readlink -f "$USR"/lib/libeunomia.so.0.*.*)" ]
	run -0 readelf -d "$USR/lib/libeunomia.so"
	[[ $output == *"soname: [libeunomia.so.0]"* ]]
	run -0 pkg-config --cflags --libs eunomia
	[[ $output == "-I$USR/include "*"-L$USR/lib -leunomia"* ]]
	[ "$(pkg-config --modversion eunomia)" = "$(skel-load -V | cut -d ' ' -f 2)" ]
}

@test "make install with DESTDIR: paths do not have it, and all files are readable whatever the umask" {
	(umask 077 && install_into /usr DESTDIR="$PWD/root" LIBDIR=/usr/lib/x)
	[ "$(find root -type f ! -perm -444)" = "" ]
	[ "$(find root -type d ! -perm -555 ! -path root)" = "" ]
	[ "$(readlink -f root/usr/lib/x/libeunomia.so)" = "$(readlink -f root/usr/lib/x/libeunomia.so.0.*.*)" ]
	run ! grep -r "$PWD" root/usr/lib/x/pkgconfig
	export PKG_CONFIG_PATH=$PWD/root/usr/lib/x/pkgconfig
	[ "$(pkg-config --variable=libdir eunomia)" = /usr/lib/x ]
	# If the prefix is moved, everything is found in the new place.
	run -0 pkg-config --define-variable=prefix=/opt/x --cflags --libs eunomia
	[[ $output == "-I/opt/x/include "*"-L/opt/x/lib/x -leunomia"* ]]
}

@test "the libraries export the functions of the header and nothing else" {
	[ "$(declared | wc -l)" -eq 17 ]
	run -0 diff <(declared) <(nm -D --defined-only "$USR/lib/libeunomia.so" |
		awk '$2 == "T" { sub("@@.*", "", $3); print $3 }' | sort)
	[ -z "$SAN" ] || skip "the sanitizers have names of their own"
	run -0 diff <(declared) <(nm -D --defined-only "$USR/lib/libeunomia.so" |
		awk '$3 != "EUNOMIA_0" { sub("@@.*", "", $3); print $3 }' | sort)
	run -0 diff <(declared) <(nm --defined-only --extern-only "$USR/lib/libeunomia.a" |
		awk 'NF == 3 { print $3 }' | sort)
}

@test "the header alone compiles as C99, C11 and C++ without warnings" {
	local flags=(-Wall -Wextra -Wshadow -pedantic -Werror -fsyntax-only -I"$USR/include" -include eunomia.h)
	gcc -x c -std=c99 -Wstrict-prototypes "${flags[@]}" /dev/null
	gcc -x c -std=c11 "${flags[@]}" /dev/null
	g++ -x c++ -std=c++98 "${flags[@]}" /dev/null
	g++ -x c++ -std=c++20 "${flags[@]}" /dev/null
	clang -x c -std=c99 "${flags[@]}" /dev/null
}

@test "errors are return values and messages; the library never prints or crashes" {
	quietly errors "$ASSETS/bootstrap.json" "$BATS_FILE_TMPDIR"/bootstrap.o "$BATS_FILE_TMPDIR"/bootstrap.meta
}

@test "the locale of the program does not affect numbers and does not change" {
	localedef -i de_DE -f UTF-8 ./de_DE.UTF-8 2>/dev/null || skip "needs the sources of a locale with a decimal comma"
	compile locale $(pkg-config --cflags --libs eunomia)
	LOCPATH=$PWD run -0 --separate-stderr ./locale
	[ "$output" = "1,5" ]
	[ -z "$stderr" ] || { echo "$stderr"; return 1; }
}

@test "a program that uses jansson keeps its own allocator" {
	compile allocator $(pkg-config --cflags --libs eunomia jansson)
	run -0 --separate-stderr ./allocator
	[ -z "$output$stderr" ] || { echo "$output$stderr"; return 1; }
}

@test "a program written for the reference loader's library builds unchanged and runs" {
	need_bpf
	run -0 --separate-stderr reference "$ASSETS/bootstrap.json" "$BATS_FILE_TMPDIR"/bootstrap.meta "$BATS_FILE_TMPDIR"/bootstrap.o
	[ -z "$stderr" ] || { echo "$stderr"; return 1; }
	[ "${lines[0]}" = "config: value 1000" ]
	[ "${lines[1]}" = "fd: rb" ]
	[ "${lines[2]}" = "TIME     PID    PPID   EXIT_CODE DURATION_NS COMM   FILENAME EXIT_EVENT KIND   " ]
	[[ ${lines[3]} =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}\ \ [0-9]+ ]]
	[ "${#lines[@]}" -eq 5 ]
}

@test "a C++ program receives its context and whole events" {
	need_bpf
	g++ -std=c++17 -O1 -g -Wall -Wextra -Werror $SANITIZE -o events "$ROOT/tests/eunomia/events.cc" \
		$(pkg-config --cflags --libs eunomia)
	./events "$ASSETS/bootstrap.json" 4 > out 2> err 3>&- &
	POLL=$!
	wait_for 20 grep -q ready err
	for _ in 1 2 3 4; do /bin/true; done
	wait "$POLL"
	POLL=
	[ "$(wc -l < out)" -eq 4 ]
	[ "$(jq -c keys_unsorted out | sort -u)" = '["comm","duration_ns","exit_code","exit_event","filename","kind","pid","ppid"]' ]
	[ "$(cat err)" = ready ]
}

@test "an exception of a C++ handler passes through the library and leaves nothing behind" {
	need_bpf
	g++ -std=c++17 -O1 -g -Wall -Wextra -Werror $SANITIZE -o throw "$ROOT/tests/eunomia/throw.cc" \
		$(pkg-config --cflags --libs eunomia)
	run -0 --separate-stderr timeout 60 ./throw "$ASSETS/bootstrap.json"
	[ "$output" = $'caught\ncaught\nended 0' ]
	[ -z "$stderr" ]
}

@test "a static program contains the library" {
	[ -z "$SAN" ] || skip "sanitized programs are not static"
	# That of Debian 13 wants libeu, which is in no package.
	echo 'int elf_end(void *elf); int main(void) { return elf_end(0); }' >elf.c
	gcc -static -o elf elf.c $(pkg-config --static --libs libelf) || skip "libelf cannot be linked statically"
	compile errors -static $(pkg-config --static --cflags --libs eunomia)
	run -0 readelf -d errors
	[[ $output == *"no dynamic section"* ]]
	quietly ./errors "$ASSETS/bootstrap.json" "$BATS_FILE_TMPDIR"/bootstrap.o "$BATS_FILE_TMPDIR"/bootstrap.meta
}

@test "a program that defines names the library uses internally links with the static library" {
	echo 'int report(void); int report(void) { return 0; } int buf_add; int types_add;' > names.c
	compile errors names.c $(pkg-config --cflags eunomia) "$USR/lib/libeunomia.a" \
		$(pkg-config --static --libs-only-l eunomia | sed 's/-leunomia//')
	run -0 readelf -d errors
	[[ $output != *libeunomia* ]]
	quietly ./errors "$ASSETS/bootstrap.json" "$BATS_FILE_TMPDIR"/bootstrap.o "$BATS_FILE_TMPDIR"/bootstrap.meta
}

@test "the example of the manual builds and prints records until SIGINT" {
	need_bpf
	# Format the page and take the indented example.
	mandoc -Tascii "$ROOT/lib/eunomia/libeunomia.3" | sed 's/.\x08//g' > page
	sed -n '/^ *#include <eunomia.h>/h; /^ *#include <eunomia.h>/!H; /^SEE ALSO/{x;p;q}' page |
		sed '$d' > watch.c
	gcc -std=c99 -D_GNU_SOURCE -Wall -Wextra -Werror $SANITIZE -o watch watch.c $(pkg-config --cflags --libs eunomia)
	./watch < "$ASSETS/bootstrap.json" > out 2> err 3>&- &
	POLL=$!
	wait_for 20 grep -q '^SigCgt:.*[2367abef]$' "/proc/$POLL/status"
	# It catches the signal before it has attached.
	wait_for 20 eval '/bin/true; grep -q "\"comm\":\"true\"" out'
	kill -INT "$POLL"
	wait "$POLL"
	POLL=
	jq -e .pid out > pids
	[ ! -s err ]
}

@test "text: the first call has the names, each further one a row, as skel-fmt --plain prints them" {
	need_bpf
	start_poll 0 0 "$ASSETS/bootstrap.json"
	bash -c 'exec -a unusual /bin/true'
	wait_for 10 shows 'true.*EXIT(1)'
	end_poll
	[ "$(calls | head -n 1)" = "TIME     PID    PPID   EXIT_CODE DURATION_NS COMM   FILENAME EXIT_EVENT KIND   " ]
	[ "$(calls | grep -c '^TIME')" -eq 1 ]
	[ "$(calls | tail -n +2 | grep -cvE '^[0-9]{2}:[0-9]{2}:[0-9]{2}  [0-9]+ ')" -eq 0 ]
	[ "$(grep -c '^-- ' calls)" -eq "$(calls | wc -l)" ]
	[ "$(sed -n 's/^-- //p; q' calls)" -eq "$(calls | head -n 1 | tr -d '\n' | wc -c)" ]
	[[ $(cat err) == *"ended 0" ]]
}

@test "text: a line of names for each exported map before any event" {
	need_bpf
	poll 0 2 "$ASSETS/multi.json" > calls
	[ "$(calls | wc -l)" -eq 2 ]
	[ "$(calls | grep -c '^TIME ')" -eq 2 ]
}

@test "text: the time of a record is that of its member, SKEL_TIME, a minute before" {
	local from to
	need_bpf
	bpf_package times
	from=$(date +%s)
	start_poll 0 0 times.json
	/bin/true
	wait_for 10 shows '^[0-9]'
	end_poll
	to=$(date +%s)
	is "" "$(calls | sed -n 's/^\([0-9:]*\) .*/\1/p' | sort -u |
		grep -vxf <(seq $((from - 60)) $((to - 60)) | sed 's/^/@/' | date -f - +%T))"
}

@test "text: each key of a histogram makes two calls" {
	need_bpf
	poll 0 4 "$ASSETS/runqlat.json" > calls
	[ "$(grep -c '^-- ' calls)" -eq 4 ]
	[ "$(calls | grep -c '^key = ')" -eq 2 ]
	[ "$(calls | grep -c '^comm = ')" -eq 2 ]
	[ "$(calls | grep -c '^     usecs               : count    distribution$')" -eq 2 ]
	[[ $(calls | head -n 1) == "key = "* ]]
	shows '^         0 -> 1          : [0-9]'
}

@test "options of skel-load are set by their names before loading" {
	need_bpf
	bpf_package params -DNO_SIZE
	# Without the option the array has no size.
	run -1 --separate-stderr poll 1 1 params.json
	[[ $stderr == "load: "*"map sized: its definition gives no max_entries; add --map sized=entries:N"* ]]
	OPTIONS='map sized=entries:2
set numbers[1]=17
sample numbers=1s
export numbers
attach callee=off' poll 1 4 params.json > calls
	[ "$(calls | jq -c '[.. | numbers]' | tr -d '\n')" = '[0,0][1,17][2,0][3,0]' ]
	OPTIONS='map sized=entries:2
set numbers[1]=x' run -1 --separate-stderr poll 1 1 params.json
	[[ $stderr == *'--set numbers[1]: "x" is not a number'* ]]
}

@test "the library gives up none of its host's privileges" {
	need_bpf
	start_poll 1 0 "$ASSETS/bootstrap.json"
	local what='^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters):'
	is "$(grep -E "$what" /proc/self/status)" "$(grep -E "$what" "/proc/$POLL/status")"
	end_poll
}

@test "JSON: each call has one object with sorted keys, without map and time" {
	need_bpf
	start_poll 1 0 "$ASSETS/bootstrap.json"
	/bin/true
	wait_for 10 shows '"comm":"true".*"kind":"EXIT(1)"'
	end_poll
	diff <(calls) <(calls | jq -cS .)
	[ "$(calls | jq -c keys_unsorted | sort -u)" = '["comm","duration_ns","exit_code","exit_event","filename","kind","pid","ppid"]' ]
}

@test "JSON: a sampled map's records are key and value, with numbers named after their types" {
	need_bpf
	poll 1 3 "$ASSETS/syscount.json" > calls
	[ "$(calls | jq -c '[keys_unsorted, (.key | keys_unsorted), (.value | keys_unsorted)]' | sort -u)" = \
		'[["key","value"],["unsigned int"],["count","total_ns"]]' ]
	poll 1 2 "$ASSETS/runqlat.json" > calls
	[ "$(calls | jq -c '.value | [keys_unsorted, (.slots | length)]' | sort -u)" = '[["comm","slots"],26]' ]
}

@test "raw: each call has the bytes of an event, or of a sampled map's value" {
	need_bpf
	start_poll 2 0 "$ASSETS/bootstrap.json"
	/bin/true
	wait_for 10 shows '^ [0-9a-f]'
	end_poll
	# The size of struct event includes the padding at its end.
	[ "$(sed -n 's/^-- //p' calls | sort -u)" = "$(jq '.meta.export_types[0].size' "$ASSETS/bootstrap.json")" ]
	poll 2 2 "$ASSETS/runqlat.json" > calls
	[ "$(sed -n 's/^-- //p' calls | sort -u)" = 120 ]
}

@test "raw key and value: each call has the map, the key and the values of all CPUs" {
	need_bpf
	poll 3 2 "$ASSETS/syscount.json" > calls
	cpus=$(sed 's/.*-//' /sys/devices/system/cpu/possible)
	[ "$(calls | awk '{ print $1, length($2), length($3) }' | sort -u)" = "totals 8 $((32 * (cpus + 1)))" ]
	start_poll 3 0 "$ASSETS/bootstrap.json"
	/bin/true
	wait_for 10 shows '^rb  [0-9a-f]'
	end_poll
}

@test "iterators are read, and polling ends after them" {
	need_bpf
	timeout 60 poll 1 0 "$ASSETS/ps.json" > calls 2> err
	[[ $(cat err) == *"ended 0" ]]
	[ "$(calls | jq -s "map(select(.pid == $$)) | length")" -eq 1 ]
	timeout 60 poll 0 0 "$ASSETS/ps.json" > calls
	[[ $(calls | head -n 1) == "TIME     "* ]]
}

@test "stacks with the names of functions are one call, in JSON as arrays" {
	need_bpf
	poll 0 3 "$ASSETS/profile.json" > calls 2> err || { cat err; return 1; }
	[ "$(grep -c '^-- ' calls)" -eq 3 ]
	shows '^  0 \[<[0-9a-f]\{16\}>\]'
	poll 1 3 "$ASSETS/profile.json" > calls
	[ "$(calls | jq -c '[(.kstack, .ustack) | type] | unique' | sort -u)" = '["array"]' ]
}

@test "the process that finds names is no child of the host, and ends with the skeleton" {
	need_bpf
	compile children $(pkg-config --cflags --libs eunomia)
	printf '#!/bin/sh\n: > "%s"\nexec "%s" "$@"\n' "$PWD/ran" "$(command -v skel-lookup)" > lookup
	chmod 755 lookup
	SKEL_LOOKUP=$PWD/lookup python3 "$HELPERS/watch.py" 60 "$PWD/report" ./children "$ASSETS/profile.json" > out
	cat out report
	[ "$(sort out | uniq -c | tr -s ' ')" = " 3 ECHILD" ]
	run ! grep '^remain ' report
	[ -e ran ]
}

@test "the program's arguments are filled in" {
	need_bpf
	start_poll 1 0 "$ASSETS/bootstrap.json" --min_duration_ns 200000000
	/bin/true
	sleep 0.3
	wait_for 10 shows '"comm":"sleep"'
	end_poll
	run -1 shows '"comm":"true"'
}

@test "loading twice, pausing, ending and releasing work from any thread" {
	need_bpf
	quietly timeout 120 threads "$ASSETS/bootstrap.json" "$ASSETS/opensnoop.json"
}

@test "the thread sanitizer reports nothing about them" {
	need_bpf
	echo 'int main(void) { return 0; }' > empty.c
	gcc -fsanitize=thread empty.c -o empty 2>/dev/null || skip "needs libtsan"
	env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u SAN make -s -C "$ROOT" TSAN=1 lib > log 2>&1 || { cat log; return 1; }
	SANITIZE='-fsanitize=thread' compile threads $(pkg-config --cflags eunomia) "$ROOT/build/tsan/libeunomia.a" \
		$(pkg-config --static --libs-only-l eunomia | sed 's/-leunomia//')
	quietly timeout 200 ./threads "$ASSETS/bootstrap.json" "$ASSETS/opensnoop.json"
}

@test "kill -9 leaves nothing in the kernel" {
	need_bpf
	start_poll 1 0 "$ASSETS/bootstrap.json"
	ids=$(cat "/proc/$POLL"/fdinfo/* | awk '/^prog_id:/ { print $2 }' | sort -u)
	[ -n "$ids" ]
	kill -KILL "$POLL"
	wait "$POLL" || :
	POLL=
	for id in $ids; do
		wait_for 10 eval "! bpftool prog show id $id >/dev/null 2>&1"
	done
}

@test "a program that the kernel refuses is an error with the reason" {
	need_bpf
	fails_with 1 "open: <json>" poll 1 0 "$ROOT/Makefile"
	jq '.meta.bpf_skel.progs[0].name = "no_such"' "$ASSETS/bootstrap.json" > wrong.json
	fails_with 1 "program no_such is not in the object" poll 1 0 wrong.json
	fails_with 1 "load: <json>: " setpriv --bounding-set=-all --inh-caps=-all poll 1 0 "$ASSETS/bootstrap.json"
}

# at_rest: the handler was not called for half a second.
at_rest() {
	local size
	size=$(stat -c %s calls)
	sleep 0.5
	[ "$size" -eq "$(stat -c %s calls)" ]
}

@test "records that a ring buffer could not hold are counted and reported when polling ends" {
	need_bpf
	has_symbol bpf_loop || skip "needs a kernel with bpf_loop()"
	bpf_package flood
	start_poll 1 0 flood.json
	flood 50
	# An end that comes within a batch leaves the rest of it in the ring.
	wait_for 10 at_rest
	end_poll
	local received lost
	received=$(calls | grep -c "^{")
	lost=$(sed -n 's/.*: \([0-9]*\) records were lost.*/\1/p' err)
	echo "# produced $((50 * 1024 * $(nproc))), received $received, lost $lost" >&3
	[ $((received + lost)) -eq $((50 * 1024 * $(nproc))) ]
}

@test "a program that does not count its losses is made to count them" {
	need_bpf
	bpf_package silent
	start_poll 1 0 silent.json
	export PGID=987654323
	flood 500
	wait_for 10 at_rest
	end_poll
	local received lost
	received=$(calls | grep -c "^{")
	lost=$(sed -n 's/.*: \([0-9]*\) records were lost.*/\1/p' err)
	# Each call is one record in three rings, and in one of two others.
	[ $((received + lost)) -eq $((4 * 500 * $(nproc))) ]
	[ "$lost" -gt 0 ]
}
