#!/usr/bin/env bats
# The code, the manuals, the usage lines and the completions agree about options,
# and the top of the tree has no stray files.

load ../helpers/helper

# Each of these prints the long options that one source has, sorted, one per line.
code_table() {
	sed -n '/struct command_option .*\[\] = {/,/^}/p' "$ROOT/cmd/$1/main.c"
	# Those that commands share.
	sed -n '/define COMMAND_OPTIONS_VERBOSE/,/[^\\]$/p' "$ROOT/cmd/command.h"
}
code_options() {
	code_table "$1" | grep -oE '\{ "[a-z-]+"' | grep -oE '[a-z][a-z-]*' | sort -u
}
manual_options() {
	grep -E '^\.It Fl ' "$(manual_of "$1")" |
		grep -oE 'Fl -[a-z][a-z-]*' | sed 's/^Fl -//' | sort -u
}
help_options() {
	"$1" --help | grep -E '^ +-' | sed -E 's/^ +//; s/  .*//' |
		grep -oE -e '--[a-z][a-z-]*' | sed 's/^--//' | sort -u
}
completion_options() {
	"$1" --complete=0 -- -- | grep -oE -e '^--[a-z][a-z-]*' | sed 's/^--//' | sort -u
}
# The same for short options.
code_letters() {
	code_table "$1" | grep -oE "\{ \"[a-z-]+\", '[A-Za-z]'" | grep -oE "'.'" | tr -d "'" | sort -u
}
manual_letters() {
	grep -E '^\.It Fl ' "$(manual_of "$1")" |
		grep -oE 'Fl [A-Za-z]( |$)' | grep -oE '[A-Za-z] *$' | tr -d ' ' | sort -u
}
help_letters() {
	"$1" --help | grep -oE '^ +-[A-Za-z]' | grep -oE '[A-Za-z]' | sort -u
}
completion_letters() {
	"$1" --complete=0 -- - | grep -oE -e '^-[A-Za-z]' | tr -d - | sort -u
}
# The words of the usage line on standard error that are options.
usage_words() {
	"$1" --no-such-option 2>&1 | sed -n '/^usage: /,$p' |
		grep -oE '(^|[[ |])-(-[a-z][a-z-]*|[A-Za-z]+)' | tr -d '[| '
}

commands() {
	for main in "$ROOT"/cmd/*/main.c; do
		basename "$(dirname "$main")"
	done
}

# The commands that others start, not people: their manuals are in section 8, and
# they have no completion.
helpers() {
	sed -n 's/^HELPERS := //p' "$ROOT/Makefile" | tr ' ' '\n'
}
is_helper() {
	helpers | grep -qx "$1"
}

manual_of() {
	if is_helper "$1"; then
		echo "$ROOT/cmd/$1/$1.8"
	else
		echo "$ROOT/cmd/$1/$1.1"
	fi
}

same() { # WHAT WANT GOT
	[ "$2" = "$3" ] || {
		echo "$1 differs (< code, > $1):"
		diff <(echo "$2") <(echo "$3")
		return 1
	}
}

@test "every long option is in the code, the manual, the help and the completion" {
	for cmd in $(commands); do
		want=$(code_options "$cmd")
		[ -n "$want" ]
		same "$cmd manual" "$want" "$(manual_options "$cmd")"
		same "$cmd --help" "$want" "$(help_options "$cmd")"
		is_helper "$cmd" || same "$cmd completion" "$want" "$(completion_options "$cmd")"
	done
}

@test "every short option is in the code, the manual, the help and the completion" {
	for cmd in $(commands); do
		want=$(code_letters "$cmd")
		[ -n "$want" ]
		same "$cmd manual" "$want" "$(manual_letters "$cmd")"
		same "$cmd --help" "$want" "$(help_letters "$cmd")"
		is_helper "$cmd" || same "$cmd completion" "$want" "$(completion_letters "$cmd")"
	done
}

@test "the usage line names every short option" {
	for cmd in $(commands); do
		words=$(usage_words "$cmd")
		for letter in $(code_letters "$cmd"); do
			grep -qE -e "^-[A-Za-z]*$letter" <<<"$words" ||
				{ echo "$cmd: usage lacks -$letter"; echo "$words"; return 1; }
		done
	done
}

@test "every command rejects a wrong option with status 2 and an empty stdout" {
	for cmd in $(commands); do
		fails_with 2 "usage: $cmd" "$cmd" --no-such-option
	done
}

@test "a wrong option is reported in getopt's words, without control characters" {
	for cmd in $(commands); do
		fails_with 2 "$cmd: unrecognized option '--\\^[[2Jx\\ny=\\a'" "$cmd" $'--\e[2Jx\ny=\a'
		[[ $stderr != *$'\e'* && $stderr == *"usage: $cmd"* ]]
		fails_with 2 "$cmd: invalid option -- '\\^['" "$cmd" $'-\e[2J'
		fails_with 2 "$cmd: invalid option -- '\\^['" "$cmd" --quiet $'-q\e'
		fails_with 2 "$cmd: option '--ver' is ambiguous; possibilities: '--verbose' '--version'" "$cmd" --ver
		fails_with 2 "$cmd: option '--version' doesn't allow an argument" "$cmd" $'--versi=\e'
		[[ $stderr != *$'\e'* ]]
	done
	fails_with 2 "skel-pack: option '--name' requires an argument" skel-pack --na
	fails_with 2 "skel-pack: option requires an argument -- 'n'" skel-pack -qn
}

@test "--version and --help of every command exit 0 and are silent on stderr" {
	for cmd in $(commands); do
		run -0 --separate-stderr "$cmd" --version
		[[ $output =~ ^$cmd\ [0-9.]+$ ]]
		[ -z "$stderr" ]
		run -0 --separate-stderr "$cmd" --help
		[[ $output == "usage: $cmd"* ]]
		[ -z "$stderr" ]
	done
}

@test "--version and --help of every command fail on a full disk" {
	for cmd in $(commands); do
		for option in --version --help; do
			run -1 bash -c "$cmd $option >/dev/full"
			[ "$output" = "$cmd: <stdout>: No space left on device" ]
		done
	done
}

@test "every command has a manual, a completion and a place in skel(7) and the README" {
	for cmd in $(helpers); do
		[ -f "$ROOT/cmd/$cmd/$cmd.8" ]
		grep -q "Xr $cmd 8" "$ROOT/cmd/skel.7"
	done
	for cmd in $(commands); do
		! is_helper "$cmd" || continue
		[ -f "$ROOT/cmd/$cmd/$cmd.1" ]
		[ "$(readlink "$ROOT/completions/$cmd.bash")" = skel.bash ]
		for shell in bash zsh fish; do
			grep -qE "^(complete|#compdef|for command in) .*\\b$cmd\\b" "$ROOT/completions/skel.$shell"
		done
		grep -q "Xr $cmd 1" "$ROOT/cmd/skel.7"
		grep -q "$cmd" "$ROOT/README.md"
	done
	for completion in "$ROOT"/completions/skel-*.bash; do
		[ -d "$ROOT/cmd/$(basename "$completion" .bash)" ]
	done
}

@test "every manual explains the exit statuses that skel(7) lists" {
	for cmd in $(commands); do
		for status in 0 1 2; do
			sed -n '/^\.Sh EXIT STATUS/,/^\.Sh EXAMPLES/p' "$(manual_of "$cmd")" |
				grep -qx "\.It $status" || { echo "$cmd: $status"; return 1; }
		done
	done
	for cmd in skel-load skel-poll; do
		grep -qx '\.It 3' "$ROOT/cmd/$cmd/$cmd.1"
	done
}

# The names of the kinds of programs, and of the ways to attach that -a accepts.
code_kinds() {
	sed -n '/^static const struct attach_kind kinds/,/^}/p' "$ROOT/lib/attach/kind.c" |
		sed -n 's/^\t{ "\([^"]*\)".*/\1/p' | sort -u
}
manual_kinds() {
	sed -n '/^\.Ss What is attached/,/^\.Ss Where/s/^\.It \([a-z].*\)/\1/p' "$ROOT/cmd/skel-load/skel-load.1" |
		sed 's/ Ta .*//' | tr -s ', ' '\n' | sort -u
}
code_ways() {
	skel-load -a p=nowhere 2>&1 | sed -n 's/.*WHERE is one of //p' | grep -oE '[a-z_.]+:[A-Z[]' |
		sed 's/:.*//' | sort -u
}
manual_ways() {
	grep -E '^\.(It|Fl a Ar program Ns = Ns) Cm ' "$ROOT/cmd/skel-load/skel-load.1" | grep -oE 'Cm [a-z_.]+ : ' |
		sed 's/^Cm //; s/ : //' | sort -u
}
completion_ways() {
	skel-load --complete=1 -- -a p= | sed -n 's/^p=\([a-z_.]*\):$/\1/p' | sort -u
}

@test "skel-load's manual lists every kind of program, and every way to attach one" {
	[ -n "$(code_kinds)" ] && [ -n "$(code_ways)" ]
	same "skel-load.1" "$(code_kinds)" "$(manual_kinds)"
	same "skel-load.1" "$(code_ways)" "$(manual_ways)"
	same "completion of -a" "$(code_ways)" "$(completion_ways)"
}

@test "the manuals are clean and refer only to manuals that exist" {
	for page in "$ROOT"/cmd/*.[78] "$ROOT"/cmd/*/*.[18] "$ROOT"/lib/*/*.[35]; do
		mandoc -Tlint -Wwarning "$page"
		grep -ohE '^\.Xr skel[a-z-]* [1578]' "$page" | sort -u | while read -r _ name section; do
			compgen -G "$ROOT/*/$name.$section" >/dev/null ||
				compgen -G "$ROOT/*/*/$name.$section" >/dev/null ||
				{ echo "$page: no $name($section)"; exit 1; }
		done
	done
}

@test "the top of the tree has only the files and folders that belong there" {
	cd "$ROOT"
	for entry in *; do
		case $entry in
		Makefile | cmd | lib | assets | tests | completions | README.md | LICENSE | build | compile_commands.json) ;;
		*) echo "$entry does not belong here"; return 1 ;;
		esac
	done
}

@test "PCRE2 is linked by skel-grep and skel-tail alone" {
	local cmd
	for cmd in $(commands); do
		readelf -d "$(command -v "$cmd")" | grep -q 'NEEDED.*libpcre2' || continue
		[[ $cmd == skel-@(grep|tail) ]] || { echo "$cmd"; return 1; }
	done
	readelf -d "$(command -v skel-grep)" | grep -q 'NEEDED.*libpcre2-8'
}

@test "skel-fmt links no libbpf, and little else" {
	run -0 ldd "$(command -v skel-fmt)"
	[[ $output != *libbpf* ]]
	[[ $output != *libelf* ]]
	is "libbsd libc libjansson libz libzstd" "$(readelf -d "$(command -v skel-fmt)" |
		sed -n 's/.*(NEEDED).*\[\(lib[a-z]*\)\.so.*/\1/p' | grep -vE "^lib(${SAN:+asan|m})\$" | sort | paste -s -d ' ')"
}

@test "skel(7) has the table of system calls" {
	local table
	table=$(dirname "$(command -v skel-fmt)")/../unit/host/syscalls
	[ -x "$table" ] || skip "needs the unit programs, as make check builds them"
	"$table" --manual > "$BATS_TEST_TMPDIR/table"
	grep -q '^read, write, ' "$BATS_TEST_TMPDIR/table"
	sed -n '/syscalls --manual prints/,/The end of the list/p' "$ROOT/cmd/skel.7" | grep -v '^\.\\"' |
		sed '1d;$d' | diff - "$BATS_TEST_TMPDIR/table"
}

@test "skel-stream(5) has the table of kinds, with an example of each" {
	local table
	table=$(dirname "$(command -v skel-fmt)")/../unit/kinds/kind-text
	[ -x "$table" ] || skip "needs the unit programs, as make check builds them"
	"$table" --manual > "$BATS_TEST_TMPDIR/table"
	grep -q '^.It Li errno Ta -13 Ta -EACCES' "$BATS_TEST_TMPDIR/table"
	sed -n '/kind-text --manual prints/,/The end of the table/p' "$ROOT/lib/stream/skel-stream.5" |
		sed -n '/^\.It Li/p' | diff - "$BATS_TEST_TMPDIR/table"
}

@test "skel(7) has the table of kinds: members, texts and constants" {
	local table
	table=$(dirname "$(command -v skel-fmt)")/../unit/kinds/kind-text
	[ -x "$table" ] || skip "needs the unit programs, as make check builds them"
	"$table" --kinds > "$BATS_TEST_TMPDIR/table"
	grep -qx '.It Li errno Ta integer Ta -EACCES Ta EACCES' "$BATS_TEST_TMPDIR/table"
	sed -n '/kind-text --kinds prints/,/The end of the table/p' "$ROOT/cmd/skel.7" |
		sed -n '/^\.It Li/p' | diff - "$BATS_TEST_TMPDIR/table"
}

@test "no command in the pipelines of skel(7) is a usage error" {
	cd "$BATS_TEST_TMPDIR"
	# Only the options are tested, since the files do not exist.
	grep -ohE '(skel-(load|args|poll|fmt|pack)) [^|;]*' <(mandoc -Tascii "$ROOT/cmd/skel.7" | sed 's/.\x08//g') |
		grep -E '^skel-[a-z]+ +-' | while read -r line; do
			read -ra words <<<"$line"
			run "${words[@]}" </dev/null
			[ "$status" -ne 2 ] || { echo "$line: $output"; exit 1; }
		done
}

@test "manuals and helps fit a terminal of 80 columns" {
	local page cmd wide
	command -v mandoc >/dev/null || skip "needs mandoc"
	for page in "$ROOT"/cmd/*.[78] "$ROOT"/cmd/*/*.[18] "$ROOT"/lib/*/*.[35]; do
		# Remove the overstrikes that stand for bold and underlined letters.
		wide=$(mandoc -Tascii -O width=80 "$page" | sed 's/.\x08//g' | awk 'length > 80')
		[ -z "$wide" ] || { echo "$page: $wide"; return 1; }
	done
	for cmd in $(commands); do
		wide=$("$cmd" --help | awk 'length > 80')
		[ -z "$wide" ] || { echo "$cmd: $wide"; return 1; }
	done
}

@test "make test with a name that no test has lists those there are" {
	run -2 make -s -C "$ROOT" MAKEFLAGS= test T=nonsense
	[[ $output == 'no test is called "nonsense"; there are:'* ]]
	[[ $output == *"offline/docs"[[:space:]]* ]]
	[[ $output == *"unit/stream/cobs"[[:space:]]* ]]
}

@test "the README for strangers fits 130 lines of 100 columns, and its links lead somewhere" {
	[ "$(wc -l <"$ROOT/README.md")" -le 130 ]
	local page link wide
	for page in README.md lib/README.md .github/CONTRIBUTING.md; do
		wide=$(LC_ALL=C.UTF-8 grep -nE '^.{101}' "$ROOT/$page" || :)
		[ -z "$wide" ] || { echo "$page: $wide"; return 1; }
		while read -r link; do
			[ -e "$ROOT/$(dirname "$page")/$link" ] || { echo "$page: $link"; return 1; }
		done < <(grep -oE '\]\([^)#:]+\)' "$ROOT/$page" | tr -d '](' | tr -d ')')
	done
}

# Names with "()" behind them, and files of lib/.
@test "every function and file that lib/README.md names exists" {
	local name
	while read -r name; do
		grep -qE "^$name\(" "$ROOT"/lib/*/*.[ch] "$ROOT"/cmd/*.c "$ROOT"/cmd/*/*.c ||
			{ echo "lib/README.md names $name(), which does not exist"; return 1; }
	done < <(grep -oE '[a-z_0-9]+\(\)' "$ROOT/lib/README.md" | tr -d '()' | sort -u)
	while read -r name; do
		grep -qE "^struct $name \{" "$ROOT"/lib/*/*.h ||
			{ echo "lib/README.md names struct $name, which does not exist"; return 1; }
	done < <(grep -oE '`struct [a-z_]+`' "$ROOT/lib/README.md" | tr -d '`' | cut -d ' ' -f 2 | sort -u)
	while read -r name; do
		compgen -G "$ROOT/lib/$name" >/dev/null || [ -e "$ROOT/$name" ] ||
			{ echo "lib/README.md names $name, which does not exist"; return 1; }
	done < <(grep -oE '`[a-z./-]+/[a-z./-]*`' "$ROOT/lib/README.md" | tr -d '`' | sort -u)
	[ "$(grep -oE '[a-z_0-9]+\(\)' "$ROOT/lib/README.md" | sort -u | wc -l)" -gt 20 ]
	is "$(sed -n '/^ROOMS /,/[^\\]$/p' "$ROOT/Makefile" | sed 's/.*=//' | grep -oE '[a-z]+')" \
		"$(sed -nE 's/^\| `([a-z]+)\/` .*/\1/p' "$ROOT/lib/README.md")"
}
