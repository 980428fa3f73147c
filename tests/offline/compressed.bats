#!/usr/bin/env bats
# Streams that gzip(1) or zstd(1) compressed are read as they are.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	cp "$FIXTURES/format/stacks.skel" x.skel
	gzip -k x.skel
	# Without it zstd's part of each test is left out, and counted as a skip below.
	FORMS=(x.skel.gz)
	! command -v zstd > zstd.path || { zstd -q x.skel; FORMS+=(x.skel.zst); }
	export TZ=UTC0
}

@test "every reader takes compressed streams, from files and from pipes" {
	skel-fmt -q --json x.skel > want
	[ -s want ]
	for x in "${FORMS[@]}"; do
		skel-fmt -q --json "$x" | diff want -
		skel-fmt -q --json < <(cat "$x") | diff want -
		skel-poll "$x" | cmp <(skel-poll x.skel) -
		is "$(skel-grep -c 'pid >= 0' x.skel)" "$(skel-grep -c 'pid >= 0' "$x")"
		diff <(skel-count --by pid x.skel | skel-fmt --csv) <(skel-count --by pid "$x" | skel-fmt --csv)
		diff <(skel-fmt --list x.skel) <(skel-fmt --list "$x")
		# Appended ones are one after another.
		cat want want > twice
		cat "$x" "$x" | skel-fmt -q --json | diff twice -
	done
}

@test "zstd was tried, too" {
	[ "${#FORMS[@]}" -eq 2 ] || skip "zstd is not installed"
}

@test "what a pipe brings byte by byte is shown when it is there" {
	for x in "${FORMS[@]}"; do
		python3 -c '
import sys
for b in open(sys.argv[1], "rb").read():
    sys.stdout.buffer.write(bytes([b]))
    sys.stdout.buffer.flush()' "$x" | skel-fmt -q --json > got
		diff <(skel-fmt -q --json x.skel) got
	done
	# A compressor that flushes after each line.
	mkfifo in
	skel-fmt --json -b < in > out 2> err 3>&- &
	exec 8> in
	printf '{"n":1}\n' | gzip >&8
	for _ in {1..300}; do
		[ ! -s out ] || break
		sleep 0.1
	done
	is '{"n":1}' "$(cat out)"
	printf '{"n":2}\n' | gzip >&8
	exec 8>&-
	wait $!
	is $'{"n":1}\n{"n":2}' "$(cat out)"
	is "" "$(cat err)"
}

@test "data that ends early or is damaged is an error, after what could be read" {
	for x in "${FORMS[@]}"; do
		name=gzip
		[ "$x" = x.skel.gz ] || name=zstd
		size=$(stat -c %s "$x")
		head -c $((size - 5)) "$x" > "cut-$x"
		run -1 --separate-stderr skel-fmt --json "cut-$x"
		[[ $stderr == *"skel-fmt: cut-$x: the $name data ends early" ]]
		head -c 7 "$x" > "cut-$x"
		run -1 --separate-stderr skel-fmt --json "cut-$x"
		is "skel-fmt: cut-$x: the $name data ends early" "$stderr"
		{ head -c 12 "$x"; head -c 3000 < <(yes wrong); } > "bad-$x"
		for command in "skel-fmt --json" "skel-poll" "skel-grep pid==1" "skel-count --by pid"; do
			status=1
			[[ $command != skel-grep* ]] || status=2
			read -ra words <<< "$command"
			run -"$status" --separate-stderr "${words[@]}" "bad-$x"
			[[ $stderr == "${command%% *}: bad-$x: the $name data "* ]]
			[ "${#stderr_lines[@]}" -eq 1 ]
		done
	done
	# What only looks like it.
	printf '\x1f' > x
	run -1 --separate-stderr skel-fmt x
	is "skel-fmt: x: this is not a stream: its first line is not a JSON object" "$stderr"
}

@test "little data that becomes much takes no more memory than a line may" {
	python3 -c '
import sys, zlib
c = zlib.compressobj(9, zlib.DEFLATED, 31)
sys.stdout.buffer.write(c.compress(b"{\"n\":1}\n" + bytes(300 << 20)) + c.flush())' > bomb.gz
	# The sanitizers reserve most of the address space.
	run -1 --separate-stderr bash -c "${SAN:+#}ulimit -v 400000
		exec skel-fmt --json -b bomb.gz"
	is '{"n":1}' "$output"
	is "skel-fmt: bomb.gz:2: a line longer than 67108864 bytes" "$stderr"
	[ "${#FORMS[@]}" -eq 2 ] || return 0
	head -c 300M /dev/zero | zstd -q --long=31 > wide.zst
	run -1 --separate-stderr skel-fmt wide.zst
	is "skel-fmt: wide.zst: the zstd data needs a window of more than 128 MiB" "$stderr"
}
