#!/usr/bin/env bats
# The texts of kinds against what others say of the same values: headers, Python, the
# shell, stat, getent, lsblk, strace.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

# same_as_oracle KIND...: tests/helpers/kind-oracle.py finds no difference.
same_as_oracle() {
	local unit kind
	unit=$(dirname "$(command -v skel-fmt)")/../unit/kinds/kind-text
	[ -x "$unit" ] || skip "needs the unit programs, as make check builds them"
	for kind; do
		python3 "$HELPERS/kind-oracle.py" "$kind" . "$unit"
	done
}

# texts KIND SIZE [SIGNED]: print what is shown of the numbers on standard input,
# records of a stream of this machine.
texts() {
	jq -nc --arg kind "$1" --argjson size "$2" --argjson signed "${3:-false}" --arg machine "$(uname -m)" '{
		skel: "stream", version: 1, name: "x", encoding: "json", machine: $machine,
		maps: [{name: "rb", source: "ringbuf", value: 1}],
		types: [{kind: "int", name: "v", $size, $signed},
			{kind: "struct", name: "r", $size, members: [{name: "v", type: 0, offset: 0, as: $kind}]}]}' > "$1.skel"
	sed 's/.*/{"@map":"rb","v":&}/' >> "$1.skel"
	printf '{"@end":{"records":%d,"lost":0}}\n' $(($(wc -l < "$1.skel") - 1)) >> "$1.skel"
	skel-fmt --bare --no-header --tsv --text "$1.skel"
}

# same_texts LEAST KIND SIZE [SIGNED]: standard input has numbers and their texts, at
# least so many.
same_texts() {
	local least=$1
	shift
	sort -u > "$1.wanted"
	has_lines "$1.wanted" "$least"
	cut -d ' ' -f 1 "$1.wanted" | texts "$@" > "$1.shown"
	diff <(cut -d ' ' -f 2- "$1.wanted") "$1.shown"
}

@test "errors, signals, protocols, families and TCP states are those of the headers and the shell" {
	same_as_oracle errno signal proto family tcp_state
}

@test "system calls are those of the headers, of both architectures" {
	same_as_oracle syscall
}

@test "modes, types of sockets, flags of open and devices have all their bits, and no other" {
	same_as_oracle file_mode sock_type open_flags dev
}

@test "addresses and numbers in network order are those of Python" {
	same_as_oracle ip4 ip6 ip mac port_be be16 be32 be64
}

@test "durations and sizes are exact, and in a table have three digits" {
	same_as_oracle ns us ms s bytes kib pages
}

@test "hex, octal, yes or no, bits of an enum and text are the value" {
	same_as_oracle hex oct bool flags text utf8
}

@test "names of the host are those that the stream tells" {
	same_as_oracle uid gid ifindex cgroup container pid_ns ksym
}

@test "users, groups, interfaces and kernel functions have the names of getent, ip and /proc" {
	local kind size
	getent passwd | awk -F : '{ print $3, $1 }' > uid
	getent group | awk -F : '{ print $3, $1 }' > gid
	ip -o link | sed 's/^\([0-9]*\): \([^:@]*\).*/\1 \2/' > ifindex
	find /sys/fs/cgroup -maxdepth 3 -type d -printf '%i /%P\n' > cgroup
	awk '$2 ~ /[tT]/ && !seen[$1]++ && $1 !~ /^0*$/ { print $1, $3 } NR == 3000 { exit }' /proc/kallsyms |
		while read -r address name; do printf '%u %s\n' "0x$address" "$name"; done > ksym
	for kind in uid gid ifindex cgroup ksym; do
		[ -s "$kind" ] || continue
		sort -u -k 1,1n "$kind" > "$kind.told"
		size=8
		[ "$kind" = cgroup ] || [ "$kind" = ksym ] || size=4
		cut -d ' ' -f 1 "$kind.told" | texts "$kind" "$size" > numbers
		python3 -c 'import json, sys
names = [line.rstrip("\n").split(" ", 1) for line in sys.stdin]
print(json.dumps({"@names": {"kind": sys.argv[1], "names": [[int(n), name] for n, name in names]}}))' "$kind" \
			< "$kind.told" > names
		sed '1r names' "$kind.skel" > told.skel
		skel-fmt --bare --no-header --tsv --text told.skel | diff <(cut -d ' ' -f 2- "$kind.told") -
	done
	[ -s uid ] && [ -s gid ] && [ -s ifindex ]
}

@test "times of each clock are those of Python, on each day of two centuries" {
	same_as_oracle ktime boottime realtime
}

@test "modes of files are those of stat" {
	mkdir dir
	mkfifo fifo
	ln -s nowhere link
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	for mode in 0000 0644 0755 1777 2750 4711 7777 7000; do
		touch "file$mode"
		chmod "$mode" "file$mode"
	done
	stat -c '%f %A' ./* /dev/null /tmp /dev /usr/bin/* /proc/self/exe /dev/block/* /sys/block/*/dev 2>/dev/null |
		while read -r mode text; do echo "$((16#$mode)) $text"; done | same_texts 12 file_mode 4
}

@test "devices are those of stat and lsblk" {
	# stat has the major and minor numbers, with which the kernel makes one.
	stat -c '%t %T' /dev/* /dev/*/* 2>/dev/null |
		while read -r major minor; do
			echo "$((16#$major << 20 | 16#$minor)) $((16#$major)):$((16#$minor))"
		done | same_texts 5 dev 4
	cat /sys/class/block/*/dev | sort > blocks
	[ -s blocks ] || skip "there is no block device"
	while IFS=: read -r major minor; do echo $((major << 20 | minor)); done < blocks > numbers
	texts dev 4 < numbers | diff blocks -
	if lsblk -nro MAJ:MIN > all && [ -s all ]; then
		sort -u all | comm -23 - blocks > others
		is "" "$(cat others)"
	fi
}

@test "protocols are those of getent" {
	# The database has more, and for IPIP, which the kernel has as 4, another.
	local name number
	texts proto 2 < <(seq 0 262) | cat -n | grep '[A-Z]' | while read -r number name; do
		[ "$name" != IPIP ] || continue
		number=$((number - 1)) name=${name,,}
		set -- "$(getent protocols "$name" | tr -s ' ' | cut -d ' ' -f 2)"
		[ -n "$1" ] || continue
		echo "$number $1 $name"
	done > both
	has_lines both 15
	is "" "$(awk '$1 != $2' both)"
}

@test "system calls and flags of open are those that strace sees" {
	need_strace
	strace -n true 2> log || skip "strace cannot trace here"
	strace -f -n -o log bash -c 'ls / | sort > sorted; read -r x < /etc/passwd; exit 0'
	sed -n 's/^[0-9]* *\[ *\([0-9]*\)\] \([a-z0-9_]*\)(.*/\1 \2/p' log | same_texts 15 syscall 4 true
	strace -f -X verbose -e trace=open,openat -o log python3 -c '
import os, mmap
for flags in (os.O_RDWR | os.O_CREAT | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_APPEND, os.O_RDONLY | os.O_DIRECTORY,
              os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW, os.O_RDWR | os.O_SYNC, os.O_RDWR | os.O_DSYNC, os.O_PATH,
              os.O_RDWR | os.O_NOATIME | os.O_NOCTTY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, os.O_RDWR | os.O_DIRECT,
              os.O_RDWR | os.O_TMPFILE, os.O_RDWR | os.O_ASYNC, os.O_ACCMODE, 0o100000):
    try:
        os.open("." if flags & os.O_DIRECTORY else f"file{flags & os.O_EXCL}", flags)
    except OSError:
        pass'
	# In which order the names stand is not the same, and one has an older name there.
	sed -n 's/FASYNC/O_ASYNC/; s/.*, \(0x*[0-9a-f]*\) \/\* \(O_[A-Z_|]*\) \*\/.*/\1 \2/p' log |
		while read -r flags names; do
			echo "$((flags)) $(tr '|' '\n' <<< "$names" | LC_ALL=C sort | paste -s -d '|')"
		done | sort -u > wanted
	has_lines wanted 15
	cut -d ' ' -f 1 wanted | texts open_flags 4 true | while read -r names; do
		tr '|' '\n' <<< "$names" | LC_ALL=C sort | paste -s -d '|'
	done | diff <(cut -d ' ' -f 2 wanted) -
}

@test "system calls need the machine, which stages of a pipe pass on" {
	printf '%s\n' 0 59 257 | texts syscall 4 true > shown
	[ "$(uname -m)" != x86_64 ] || is "read execve openat" "$(paste -s -d ' ' shown)"
	sed '1s/"machine":"[^"]*"/"machine":"x86_64"/' syscall.skel > x86
	sed '1s/x86_64/aarch64/' x86 > arm
	sed '1s/x86_64/riscv64/' x86 > other
	sed '1s/"machine":"[^"]*",//' x86 > none
	is "read execve openat" "$(skel-grep 'v >= 0' x86 | skel-poll -f binary | skel-fmt --bare --tsv --text --no-header | paste -s -d ' ')"
	is "io_setup mknodat getrlimit" "$(printf '%s\n' 0 33 163 |
		sed 's/.*/{"@map":"rb","v":&}/' | cat <(head -n 1 arm) - <(tail -n 1 arm) | skel-fmt --bare --tsv --text --no-header | paste -s -d ' ')"
	for file in other none; do
		is "0 59 257" "$(skel-fmt --bare --tsv --text --no-header "$file" | paste -s -d ' ')"
	done
	# And the way back.
	is 257 "$(skel-grep 'v == openat' x86 | skel-fmt --bare --tsv --numeric --no-header)"
	is 59 "$(skel-grep 'v == "execve"' x86 | skel-fmt --bare --tsv --numeric --no-header)"
	# Counted by their number, they still have their names.
	is "execve openat read" "$(skel-poll -f binary x86 | skel-count --by v | skel-fmt --bare --tsv --text --no-header |
		cut -f 1 | sort | paste -s -d ' ')"
}
