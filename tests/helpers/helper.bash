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

# note_places: every setup() calls this.  Before each command bats records its
# line, to report where a test failed.  In a test that polls for something this
# takes most of the time, so from here on only the lines of the test itself are
# recorded, not those of the functions it calls.  The commands of the trap itself
# all have line 1.
note_places() {
	declare -F bats_debug_trap > /dev/null || return 0
	trap '[ "$LINENO" -eq 1 ] || bats_debug_trap "$BASH_SOURCE"' DEBUG
	set +T
	# Since bats 1.11 the test does not call its setup(), but is called after it.
	declare -ft "${BATS_TEST_NAME%% *}"
}

# The setup of files that do not define their own.
setup() {
	note_places
}

# fails_with STATUS MESSAGE COMMAND...
# The command must exit with STATUS, write nothing on standard output, and have
# MESSAGE in its standard error.
fails_with() {
	local want=$1 msg=$2
	shift 2
	run "-$want" --separate-stderr "$@"
	[ -z "$output" ] || { echo "stdout: $output"; return 1; }
	[[ $stderr == *"$msg"* ]] || { echo "stderr: $stderr"; return 1; }
}

# Skip the test, with the reason, if the kernel loads no BPF programs.  The answer
# is kept for the other tests of the file.
need_bpf() {
	[ ! -e "${BATS_FILE_TMPDIR:?}/bpf" ] || return 0
	local why
	why=$("$HELPERS/has-bpf") || skip "$why"
	touch "$BATS_FILE_TMPDIR/bpf"
}

# Skip the test if there is no strace to observe system calls or make them fail.
need_strace() {
	command -v strace >/dev/null || skip "needs strace"
}

# Run the command without any capability; if root runs the tests, as the user
# nobody.
as_nobody() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$@"
	else
		"$@"
	fi
}

# Skip the test if the user nobody cannot run the build, for instance because it
# is below /root.
need_nobody() {
	as_nobody test -x "$(command -v skel-fmt)" || skip "an ordinary user cannot reach the build"
	chmod 755 "$BATS_TEST_TMPDIR"
}

# complete_words COMMAND WORD...: print what the completion offers for the last
# word, sorted, on one line.
complete_words() {
	bash -c '
		source "$ROOT/completions/$1.bash"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_skel
		printf "%s\n" "${COMPREPLY[@]}" | sort -u | paste -s -d " "' complete "$@"
}

# wait_for SECONDS COMMAND...: try the command every 20 ms until it succeeds; fail
# after four times SECONDS, since the machine may be busy with other work.
wait_for() {
	local end=$((SECONDS + $1 * 4))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# is WANT GOT: succeed if the texts are equal, otherwise show the difference.
is() {
	[ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2"); return 1; }
}

# without_rings: copy the end of a stream without how full its ring buffers were,
# which is never twice the same.
without_rings() {
	sed 's/,"rings":\[[^]]*\]}/}/'
}

# has_lines FILE N: the file has at least N lines; one that does not exist has 0.
has_lines() {
	[ -s "$1" ] && [ "$(wc -l < "$1")" -ge "$2" ]
}

# type_id OBJECT STRUCT: print the struct's type id in the object's BTF.
type_id() {
	bpftool -j btf dump file "$1" |
		jq ".types[] | select(.kind == \"STRUCT\" and .name == \"$2\").id"
}

# member_type OBJECT STRUCT MEMBER: print the id of the member's type.
member_type() {
	bpftool -j btf dump file "$1" |
		jq ".types[] | select(.kind == \"STRUCT\" and .name == \"$2\") | .members[] | select(.name == \"$3\").type_id"
}
