# Shared by every test file; `load ../helpers/helper` first.
bats_require_minimum_version 1.5.0

ROOT=$(cd "${BATS_TEST_DIRNAME:?}/../.." && pwd)
ASSETS=$ROOT/assets
HELPERS=$ROOT/tests/helpers
PROGRAMS=$ROOT/tests/programs
FIXTURES=$ROOT/tests/fixtures
export ROOT ASSETS HELPERS PROGRAMS FIXTURES
# tests/run puts the build to test into PATH.  Without it, as in "bats
# tests/offline/skel-fmt.bats", the commands of the ordinary build are tested.
command -v skel-load >/dev/null || PATH=$ROOT/build/bin:$PATH

# note_places: for each setup.  bats notes the place of every command before it
# runs, to tell where a test failed, and in tests that look often for something
# that is most of the time.  From here on it notes those of the test itself, not
# of functions that it calls.  A trap's own command is in no line but the first.
note_places() {
	declare -F bats_debug_trap > /dev/null || return 0
	trap '[ "$LINENO" -eq 1 ] || bats_debug_trap "$BASH_SOURCE"' DEBUG
	set +T
}

# For files that have none of their own.
setup() {
	note_places
}

# fails_with STATUS MESSAGE COMMAND...
# The command must exit with STATUS, write nothing on stdout, and say MESSAGE.
fails_with() {
	local want=$1 msg=$2
	shift 2
	run "-$want" --separate-stderr "$@"
	[ -z "$output" ] || { echo "stdout: $output"; return 1; }
	[[ $stderr == *"$msg"* ]] || { echo "stderr: $stderr"; return 1; }
}

# Skip aloud where the kernel loads no BPF programs.  Asked once a file.
need_bpf() {
	[ ! -e "${BATS_FILE_TMPDIR:?}/bpf" ] || return 0
	local why
	why=$("$HELPERS/has-bpf") || skip "$why"
	touch "$BATS_FILE_TMPDIR/bpf"
}

# Skip aloud where no system call can be watched or made to fail.
need_strace() {
	command -v strace >/dev/null || skip "needs strace"
}

# Run as an ordinary user without any capability: nobody, where root asks.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$@"
	else
		"$@"
	fi
}

# Skip aloud where nobody cannot run what was built, as below /root.
need_nobody() {
	as_nobody test -x "$(command -v skel-fmt)" || skip "an ordinary user cannot reach the build"
	chmod 755 "$BATS_TEST_TMPDIR"
}

# complete_words COMMAND WORD...: what TAB offers for the last word, sorted, on
# one line.
complete_words() {
	bash -c '
		source "$ROOT/completions/$1.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		"_${1//-/_}"
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -s -d " "' complete "$@"
}

# wait_for SECONDS COMMAND...: until the command holds, a look every 20 ms.  A
# machine that is busy with other things gets several times as long.
wait_for() {
	local end=$((SECONDS + $1 * 4))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# is WANT GOT: the same text, else what differs is shown.
is() {
	[ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2"); return 1; }
}

# has_lines FILE N: at least so many; a file that is not there yet has none.
has_lines() {
	[ -s "$1" ] && [ "$(wc -l < "$1")" -ge "$2" ]
}

# type_id OBJECT STRUCT: its number in the object's BTF.
type_id() {
	bpftool -j btf dump file "$1" |
		jq ".types[] | select(.kind == \"STRUCT\" and .name == \"$2\").id"
}

# member_type OBJECT STRUCT MEMBER: the number of the member's type.
member_type() {
	bpftool -j btf dump file "$1" |
		jq ".types[] | select(.kind == \"STRUCT\" and .name == \"$2\") | .members[] | select(.name == \"$3\").type_id"
}
