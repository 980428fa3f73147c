#!/usr/bin/env bats
# The Makefile: what it installs and when, and what it finds out by itself.

load ../helpers/helper

setup() {
	note_places
	MISSING=$ROOT/tests/helpers/install-missing
	# An apt-get that installs nothing and writes down that it was asked.
	mkdir "$BATS_TEST_TMPDIR/apt"
	printf '#!/bin/sh\necho "$*" >>"%s/asked"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/apt/apt-get"
	printf '#!/bin/sh\nexec "$@"\n' >"$BATS_TEST_TMPDIR/apt/sudo"
	chmod +x "$BATS_TEST_TMPDIR"/apt/*
	# A machine without apt-get.
	mkdir "$BATS_TEST_TMPDIR/bare"
	for command in sh cc id; do
		ln -s "$(command -v "$command")" "$BATS_TEST_TMPDIR/bare/"
	done
}

with_apt() {
	PATH="$BATS_TEST_TMPDIR/apt:$PATH" "$@"
}

without_apt() {
	# The script itself adds the folders of root's commands.
	sed 's/^PATH=.*//' "$MISSING" >"$BATS_TEST_TMPDIR/script"
	PATH=$BATS_TEST_TMPDIR/bare sh "$BATS_TEST_TMPDIR/script" "$@"
}

asked() {
	cat "$BATS_TEST_TMPDIR/asked" 2>/dev/null || :
}

# run_make ARG...: make without what "make check CC=clang" has in the environment.
run_make() {
	env -u MAKEFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u B -u CC make --no-print-directory -C "$ROOT" "$@"
}

@test "nothing is reported and nothing installed where nothing is missing" {
	run -0 --separate-stderr with_apt "$MISSING" sh cc jansson.pc libiberty.a '/de*/null' -- cat
	[ -z "$output$stderr" ]
	[ -z "$(asked)" ]
}

@test "what is missing is installed with apt-get, by the names of its packages, and reported first" {
	run -0 --separate-stderr with_apt "$MISSING" sh nothing.pc:libnothing-dev -- cat no-such-command
	[ -z "$output" ]
	is "installing with apt-get: libnothing-dev no-such-command" "$stderr"
	is "update -qq
install -y -qq --no-install-recommends libnothing-dev no-such-command" "$(asked)"
}

@test "an apt-get that fails is reported, with what to do without it" {
	printf '#!/bin/sh\nexit 100\n' >"$BATS_TEST_TMPDIR/apt/apt-get"
	run -1 --separate-stderr with_apt "$MISSING" no-such-command
	is "installing with apt-get: no-such-command
apt-get failed; NO_DEPS=1 makes do with what there is" "$stderr"
}

@test "NO_DEPS=1 and -n install nothing, list what is missing, and fail if it is required" {
	NO_DEPS=1 run -1 --separate-stderr with_apt "$MISSING" nothing.pc:libnothing-dev libnothing.a /no/*/file:x -- no-such-command
	is "missing on this machine: nothing.pc libnothing.a /no/*/file no-such-command
\"make deps\" installs them" "$stderr"
	run -0 --separate-stderr with_apt "$MISSING" -n sh -- no-such-command
	is "missing on this machine: no-such-command" "$stderr"
	[ -z "$(asked)" ]
}

@test "without apt-get the missing pieces are listed by name and nothing is tried" {
	run -0 --separate-stderr without_apt sh -- bats:bats jq
	is "missing on this machine: bats jq" "$stderr"
	run -1 --separate-stderr without_apt sh no-such-command:x -- jq
	is "missing on this machine: no-such-command jq
there is no apt-get here: install what this system calls them; a build on Debian, or its tarball, runs here too" "$stderr"
}

# what_installs GOAL...: the commands that make would run to install something.
what_installs() {
	run_make -n B="$BATS_TEST_TMPDIR/build" "$@" |
		grep -E '^(\s.*)?CC=.*install-missing ([^-]|$)' || :
}

@test "only deps, demo, check and the goals that need more may install" {
	local goal
	for goal in deps demo check check-build check-vm check-clang check-deb check-systemd check-tarball deb fuzz mutate bench bench-live bench-check tarball; do
		[ -n "$(what_installs "$goal")" ] || { echo "$goal"; return 1; }
	done
	for goal in all lib test assets lint install soak help clean; do
		[ -z "$(what_installs "$goal" T=unit/cobs)" ] || { echo "$goal"; return 1; }
	done
	# A build names what is missing before the compiler does.
	run_make -n B="$BATS_TEST_TMPDIR/build" all | grep -q 'install-missing -n cc:gcc'
}

@test "make help has a line for every goal" {
	local goal goals help
	mapfile -t goals < <(sed -n '/^\.PHONY:/,/[^\\]$/p' "$ROOT/Makefile" | grep -oE '[a-z-]+$|[a-z-]+ ' | tr -d ' ')
	[ "${#goals[@]}" -gt 20 ]
	help=$(run_make help)
	for goal in "${goals[@]}"; do
		case $goal in
		find-missing) ;;
		*) grep -qE "^ +make $goal  +[^ ]" <<<"$help" || { echo "$goal"; return 1; } ;;
		esac
	done
	grep -qE '^ +NO_DEPS=1  +[^ ]' <<<"$help"
}

@test "a cross compiler brings its own ar, ld and objcopy" {
	run -0 --separate-stderr run_make -n V=1 lib CC=/opt/x/bin/aarch64-linux-gnu-gcc-12 \
		B="$BATS_TEST_TMPDIR/build"
	for tool in ar ld objcopy; do
		grep -qE "^/opt/x/bin/aarch64-linux-gnu-$tool " <<<"$output"
	done
	run -0 --separate-stderr run_make -n V=1 lib CC=clang LD=lld B="$BATS_TEST_TMPDIR/build"
	grep -qE '^lld -r ' <<<"$output"
	grep -qE '^ar ' <<<"$output"
	grep -qE '^objcopy ' <<<"$output"
}

@test "compile_commands.json names every source with a command that compiles it" {
	local dir=$BATS_TEST_TMPDIR/tree
	# Not in the tree itself, where somebody may use theirs.
	mkdir "$dir"
	ln -s "$ROOT"/{Makefile,lib,cmd,tests,assets} "$dir"
	run_make -s -C "$dir" compile_commands.json
	is "$(cd "$ROOT" && printf '%s\n' lib/*/*.c cmd/*.c cmd/*/*.c tests/unit/*/*.c tests/{fuzz,bench}/*.c |
		grep -v '\.bpf\.c$' | sort)" "$(jq -r '.[].file' "$dir/compile_commands.json" | sort)"
	jq -r '.[] | select(.file | endswith("base/json-doc.c")) | .command + " -fsyntax-only"' \
		"$dir/compile_commands.json" >"$dir/commands"
	[ "$(wc -l <"$dir/commands")" -eq 2 ]
	(cd "$dir" && sh -e commands)
}

@test "other flags than those of the last build rebuild; make install installs what there is" {
	local build=$BATS_TEST_TMPDIR/build
	run_make -s B="$build" "$build/lib/base/clock.o"
	touch -d 2000-01-01 "$build/lib/base/clock.o" "$build/compile.flags"
	find "$build" -name '*.d' -delete
	run_make -s B="$build" "$build/lib/base/clock.o" -o Makefile -o lib/base/clock.c
	[ "$(date -r "$build/lib/base/clock.o" +%Y)" = 2000 ]
	run_make -s B="$build" CFLAGS=-O0 "$build/lib/base/clock.o" -o Makefile -o lib/base/clock.c
	[ "$(date -r "$build/lib/base/clock.o" +%Y)" != 2000 ]
	run -0 run_make -n B="$build" CFLAGS=-O3 install
	[[ $output != *cmp*compile.flags* ]]
}

@test "fill-section passes a command's output on, and keeps that of a successful one in a document" {
	local fill=$ROOT/tests/helpers/fill-section
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' before '<!-- a -->' old '<!-- end -->' between '<!-- b -->' '<!-- end -->' after >page
	run -0 --separate-stderr "$fill" page a echo new
	[ "$output$stderr" = new ]
	run -0 "$fill" --text page b printf '1\n2\n'
	is "before
<!-- a -->
new
<!-- end -->
between
<!-- b -->
\`\`\`
1
2
\`\`\`
<!-- end -->
after" "$(cat page)"
	cp page kept
	run -3 "$fill" page a sh -c 'echo broken; exit 3'
	[ "$output" = broken ]
	cmp page kept
	run -1 --separate-stderr "$fill" page c echo new
	is "page: no lines <!-- c --> and <!-- end -->" "$stderr"
	cmp page kept
}

@test "LDFLAGS=-static asks for the static libraries, and leaves the shared library as it is" {
	command -v pkg-config >/dev/null || skip "needs pkg-config"
	local lines
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr run_make -n V=1 LDFLAGS=-static B="$BATS_TEST_TMPDIR/build"
	lines=$(sed -z 's/\\\n//g' <<<"$output")
	grep -E "^cc .* -static-pie -o .*/bin/skel-fmt " <<<"$lines" | grep -q -e ' -lmd'
	grep -E "^cc -shared .*-o .*/libeunomia\.so" <<<"$lines" >shared
	run ! grep -q -e ' -static' shared
}

@test "make uninstall removes all that make install installed, and nothing else" {
	local dir=$BATS_TEST_TMPDIR/dest
	mkdir -p "$dir/opt/bin" "$dir/opt/share/man/man1"
	touch "$dir/opt/bin/other" "$dir/opt/share/man/man1/other.1"
	(cd "$dir" && find . ! -type d | sort) >"$BATS_TEST_TMPDIR/before"
	run -0 run_make -s install uninstall DESTDIR="$dir" PREFIX=/opt SYSTEMDDIR=/opt/lib/systemd/system
	(cd "$dir" && find . ! -type d | sort) | diff "$BATS_TEST_TMPDIR/before" -
	[ ! -e "$dir/opt/share/skel" ] && [ ! -e "$dir/opt/libexec/skel" ]
}

@test "make install brings completions for three shells, and units only where SYSTEMDDIR says" {
	local dir=$BATS_TEST_TMPDIR/dest command
	run -0 run_make -s install DESTDIR="$dir" PREFIX=/opt
	[ ! -e "$dir/opt/lib/systemd" ]
	for command in "$dir"/opt/bin/skel-*; do
		[ -s "$dir/opt/share/bash-completion/completions/${command##*/}" ]
		[ -s "$dir/opt/share/fish/vendor_completions.d/${command##*/}.fish" ]
		grep -q "^#compdef.* ${command##*/}" "$dir/opt/share/zsh/vendor-completions/_skel"
	done
	run -0 run_make -s install DESTDIR="$dir" PREFIX=/opt SYSTEMDDIR=/lib/systemd/system
	grep -qx 'ExecStart=/opt/libexec/skel/skel-record %i' "$dir/lib/systemd/system/skel@.service"
	grep -qx 'PATH=/opt/bin:$PATH' "$dir/opt/libexec/skel/skel-record"
	run ! grep -r '@[A-Z]*@' "$dir/lib/systemd/system" "$dir/opt/libexec/skel/skel-record"
}

@test "the version and the functions of Debian's packages are those of the Makefile and the library" {
	is "$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")" "$(sed -nE '1s/.*\((.*)-[0-9]+\).*/\1/p' "$ROOT/assets/debian/changelog")"
	is "$(sed -n 's/^\t\([a-z_]*\);$/\1/p' "$ROOT/lib/eunomia/eunomia.map" | sort)" \
		"$(sed -nE 's/^ ([a-z_]+)@EUNOMIA_0 .*/\1/p' "$ROOT/assets/debian/libeunomia0.symbols" | sort)"
}

@test "systemd finds no fault in skel@.service, and judges it below 3.0" {
	command -v systemd-analyze >/dev/null || skip "needs systemd-analyze"
	local dir=$BATS_TEST_TMPDIR/dest
	run -0 run_make -s install DESTDIR="$dir" PREFIX="$dir/opt" SYSTEMDDIR=/units
	# The paths in the unit are those of the installation.
	mkdir -p "$dir/opt/libexec" && cp -R "$dir$dir/opt/libexec/skel" "$dir/opt/libexec/"
	run -0 --separate-stderr systemd-analyze verify --man=no "$dir/units/skel@.service"
	[ -z "$stderr" ] || { echo "$stderr"; return 1; }
	systemd-analyze security --help | grep -q -e --offline || skip "needs systemd 250 for security --offline"
	run -0 --separate-stderr systemd-analyze security --no-pager --offline=true --threshold=29 "$dir/units/skel@.service"
}

# start_recorder: run what the service runs, for a package, with segments in ./out.
start_recorder() {
	mkdir -p opt out
	run_make -s install DESTDIR="$PWD/opt" PREFIX=/usr >/dev/null
	sed -i "s|^PATH=.*|PATH=$PATH|" opt/usr/libexec/skel/skel-record
	SKEL_PACKAGES=$PWD/none:$ASSETS LOGS_DIRECTORY=$PWD:$PWD/out run "$@" opt/usr/libexec/skel/skel-record "$package"
}

@test "skel-record says which package it did not find, and where" {
	cd "$BATS_TEST_TMPDIR"
	package=nothing
	start_recorder -1
	is "skel-record: no nothing.json in $PWD/none $ASSETS" "$output"
}

@test "skel-record fails as skel-load does, and leaves no segment" {
	cd "$BATS_TEST_TMPDIR"
	package=opensnoop
	ARGUMENTS='--no-such' start_recorder -2
	[[ $output == *"unknown argument --no-such"* ]]
	[ -z "$(ls out)" ]
}
