#!/usr/bin/env bats
# Stacks in every form of skel-fmt(1), as JSON records, and through skel-poll(1).
# tests/fixtures/format/stacks.skel, which make.py there writes, has one of each kind.

load ../helpers/helper

setup() {
	note_places
	FMT=$FIXTURES/format
	STACKS=$FMT/stacks.skel
	export TZ=UTC0
	cd "$BATS_TEST_TMPDIR"
}

# Print the header, edited.
header() { # SED
	head -n 1 "$STACKS" | sed -E "$1"
}

@test "stacks in every form are as their golden output" {
	for form in table plain json csv tsv raw folded; do
		skel-fmt -q "--$form" "$STACKS" |
			diff -u --label "stacks.skel --$form" "$FMT/stacks.$form" -
	done
}

@test "the text of --plain without symbols is that of the reference loader" {
	run -0 skel-fmt --plain -m bare "$STACKS"
	[ "$output" = $'COMM: test-comm (pid=4660) @ CPU 22136\nKernel:\n0000000000010000\n0000000000010001\nUserspace:\n0000000000010000' ]
	[ "$(skel-fmt --plain -m bare "$STACKS" | tail -c 2 | od -An -c)" = '  \n  \n' ]
}

@test "--plain shows symbols as the reference loader, and leaves out records without a stack" {
	skel-fmt --plain -m profile "$STACKS" > out
	[ "$(head -n 7 out)" = 'COMM: busy loop (pid=42) @ CPU 7
Kernel:
  0 [<ffffffff81000020>] asm_sysvec_apic_timer_interrupt+0x1a
Userspace:
  0 [<0000000000401136>]
        spin "/src/work/busy.c":12
        busy+0x6 "/src/work/busy.c":30' ]
	[ "$(sed -n 8,9p out)" = $'  1 [<00000000004011a0>] main+0x40 "/src/x.c":7' ]
	[ "$(grep -c ^COMM: out)" -eq 9 ]
	[ "$(grep -ac ^COMM: out)" -eq $(($(skel-fmt --csv -m profile -H "$STACKS" | wc -l) - 1)) ]
}

@test "--folded prints the process, its functions, then the kernel's, in sorted lines" {
	skel-fmt --folded -m profile "$STACKS" > out
	grep -qxF 'busy_loop;main;busy;spin;asm_sysvec_apic_timer_interrupt_[k] 2' out
	grep -qxF 'busy_loop;asm_sysvec_apic_timer_interrupt_[k] 1' out
	grep -qxF 'busy_loop;[unknown] 1' out
	grep -qxF '44;[unknown] 1' out
	[ "$(awk '{ n += $NF } END { print n }' out)" -eq 10 ]
	LC_ALL=C sort -c out
}

@test "--folded counts the last pass over a map, but all passes over a map that is cleared" {
	run -0 skel-fmt --folded -m counts "$STACKS"
	[ "$output" = '42;[unknown];asm_sysvec_apic_timer_interrupt_[k] 5
42;main2 1
42;main2;busy;spin 1
42;main2;busy;spin;[unknown]_[k] 3
42;main2;busy;spin;asm_sysvec_apic_timer_interrupt_[k] 12' ]
	run -0 skel-fmt --folded -m cleared "$STACKS"
	[ "$output" = "7;[unknown] 9" ]
}

@test "--folded adds up several inputs" {
	skel-fmt --folded -m profile "$STACKS" "$STACKS" > twice
	skel-fmt --folded -m profile "$STACKS" | awk '{ $NF *= 2; print }' | diff - twice
}

@test "--folded omits maps without stacks, and fails if there are no others" {
	run -0 --separate-stderr skel-fmt --folded -m trap -m other "$STACKS"
	[ "$output" = "[unknown];[unknown] 1" ]
	[ -z "$stderr" ]
	fails_with 1 "stacks.skel: --folded: there are no stacks in the records" \
		skel-fmt --folded -m other "$STACKS"
	echo '{"pid":1}' > u.json
	fails_with 1 "u.json: --folded: there are no stacks in the records" skel-fmt --folded u.json
}

@test "--folded has no columns to choose" {
	fails_with 2 "skel-fmt: --folded: stacks have no columns; run it without -c" skel-fmt --folded -c pid "$STACKS"
}

@test "JSON records give the same text as the binary ones they were made from" {
	skel-poll -f json "$STACKS" > j.skel
	run -1 grep -qE '^\{"@(stack|symbols)"' j.skel
	for form in json csv tsv folded; do
		skel-fmt -q "--$form" j.skel | diff -u "$FMT/stacks.$form" -
	done
	# JSON has U+FFFD in place of bytes that were not UTF-8.
	for form in table plain; do
		skel-fmt -q "--$form" j.skel | diff -u <(sed 's/il\\M^?/il\xef\xbf\xbd/' "$FMT/stacks.$form") -
	done
}

@test "JSON records become binary again, with @symbols lines for their names" {
	skel-poll -f json "$STACKS" > j.skel
	run -0 --separate-stderr skel-poll -f binary j.skel
	[ -z "$stderr" ]
	skel-poll -f binary j.skel > b.skel
	grep -aq '^{"@stack":{"stacks":"stackmap"' b.skel
	for form in json csv folded; do
		skel-fmt -q "--$form" b.skel | diff -u "$FMT/stacks.$form" -
	done
	# A name that is known already gets no second line.
	[ "$(grep -ac '"symbol":"spin"' b.skel)" -eq 1 ]
}

@test "a malformed stack is refused when JSON becomes binary" {
	header 's/"encoding":"binary"/"encoding":"json"/' > j.skel
	cat >> j.skel <<-'END'
		{"@map":"trap","addrs":[{"symbol":"x"}],"deep":[]}
		{"@map":"trap","addrs":[{"addr":1},"x"],"deep":[]}
		{"@map":"trap","addrs":[5,6],"deep":[]}
		{"@end":{"records":3}}
	END
	run -1 --separate-stderr skel-poll -f binary j.skel
	[ "${stderr_lines[0]}" = "skel-poll: j.skel:2: addrs[0]: addr is missing" ]
	[ "${stderr_lines[1]}" = 'skel-poll: j.skel:3: addrs[1]: expected an address or {"addr":...}, found a string' ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	skel-poll -q -f binary j.skel 2>/dev/null | skel-fmt --csv -b -c addrs - > out || :
	[ "$(tail -n 1 out)" = $'0x6;0x5\r' ]
}

@test "objects without a header are folded by the names of their keys" {
	cat > u.json <<-'END'
		{"comm":"a b","pid":1,"ustack":[{"addr":2,"symbol":"f"},{"addr":1,"symbol":"main"}],"kstack":[]}
		{"comm":"a b","pid":2,"ustack":[ {"addr": 9, "symbol": "f"}, {"addr": 1, "symbol": "main"} ],"kstack":[7]}
		{"comm":"a b","pid":3,"ustack":[{"addr":3,"symbol":"f"},{"addr":1,"symbol":"main"}],"kstack":[]}
		{"pid":3,"ustack":3}
		{"@map":"m","key":{"where":[{"addr":1,"symbol":"g;h"}]},"value":{"count":7}}
		{"@map":"m","key":{"where":[{"addr":1,"symbol":"g;h"}]},"value":{"count":3}}
	END
	run -0 --separate-stderr skel-fmt --folded u.json
	[ "$output" = '3;[unknown] 1
a_b;main;f 2
a_b;main;f;[unknown]_[k] 1
g:h 10' ]
	[ -z "$stderr" ]
}

@test "jq may change stacks between two commands" {
	skel-poll -f json -m profile "$STACKS" |
		jq -c 'if .ustack then .ustack |= map(select(.symbol != "spin")) else . end' |
		skel-fmt --folded > out
	grep -qxF 'busy_loop;main;busy;asm_sysvec_apic_timer_interrupt_[k] 2' out
	run -1 grep -q spin out
}

@test "a stack can be chosen as a column" {
	run -0 skel-fmt --csv -b -m counts -c value,uid "$STACKS"
	[ "${lines[1]}" = $'10,main2;busy;spin\r' ]
	run -0 skel-fmt --plain -m counts -c value,uid "$STACKS"
	[ "${lines[1]}" = "14:48:01  10    main2;busy;spin" ]
	run -0 skel-fmt --json -b -m counts -c kid,value "$STACKS"
	[ "${lines[1]}" = '{"kid":[],"value":1}' ]
	skel-fmt --table -b -m counts -c value,kid "$STACKS" > out
	[ "$(sed -n 2p out | tr -d ' ')" = 10 ]
	[ "$(sed -n 3p out)" = "  kernel" ]
	run -1 grep -q user out
	skel-fmt --table -b -m counts -c value "$STACKS" > out
	[ "$(grep -c . out)" -eq 7 ]
}

@test "an interpreter that does not fit the types is reported once, and the records are shown without it" {
	header 's/"kstack","type"/"other","type"/; s/"stack_trace":\{\}/"stack_trace":{"field_map":{"kstack":"none"}}/' > x.skel
	grep -a '^=' "$STACKS" | head -n 3 >> x.skel
	echo '{"@end":{}}' >> x.skel
	run -0 --separate-stderr skel-fmt --json -m profile x.skel
	[ "$stderr" = "skel-fmt: map profile: stack_trace: kstack: the records have no member none" ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == *'"ustack":[4198710,4198816,57005,57005]}' ]]
	fails_with 1 "--folded: there are no stacks in the records" skel-fmt --folded -m profile x.skel
}

@test "a stream without its end is shown as far as it goes" {
	head -n 4 "$STACKS" > cut.skel
	run -0 --separate-stderr skel-fmt --folded cut.skel
	[ "$output" = "busy_loop;main;busy;spin;asm_sysvec_apic_timer_interrupt_[k] 1" ]
	[ "$stderr" = "skel-fmt: cut.skel: the end is missing: the stream was cut" ]
	head -n 3 "$STACKS" | head -c -50 > cut.skel
	run -1 --separate-stderr skel-fmt cut.skel
	[ -z "$output" ]
	[ "${stderr_lines[0]}" = "skel-fmt: cut.skel:3: the stream ends within this line" ]
}

@test "bad @symbols lines are reported with their number, counted and skipped" {
	while IFS='|' read -r line message; do
		{ head -n 1 "$STACKS"; echo "$line"; echo '{"@end":{}}'; } > bad.skel
		fails_with 1 "skel-fmt: bad.skel:2: $message" skel-fmt --folded bad.skel
		run -1 --separate-stderr skel-poll -f json bad.skel
		[[ $stderr == "skel-poll: bad.skel:2: $message"* ]]
		[ "${lines[1]}" = '{"@end":{"records":0,"lost":0}}' ]
	done <<-'END'
		{"@symbols":{"pid":42,"frames":[{"addr":-1,"symbol":"x"}]}}|@symbols: frames[0].addr: 
		{"@symbols":[]}|@symbols: expected an object
		{"@stack":{"stacks":"stackmap","id":-3,"addrs":[1]}}|@stack.id: 
	END
}

@test "control bytes in the names of functions and files do not reach the terminal" {
	for form in table plain folded; do
		skel-fmt "--$form" "$STACKS" > out
		[ -z "$(LC_ALL=C tr -d '\n\r\t\040-\377' < out)" ]
	done
	for form in table plain; do
		run -1 grep -q $'\u202e' <(skel-fmt "--$form" "$STACKS")
	done
	run -1 grep -vqE '^[^ ]+ [0-9]+$' <(skel-fmt --folded "$STACKS")
}

@test "on a terminal the lines of functions are cut to its width" {
	script -qec "stty cols 80 -onlcr; skel-fmt -m profile '$STACKS'" /dev/null > out
	[ "$(wc -L < out)" -le 80 ]
	grep -qF 'main+0x40  /src/x.c:7' out
	grep -qE 'std::[^…]*…\+0x10  stl_vector_with_a_long_name.h:1287' out
	skel-fmt -m profile "$STACKS" > out
	grep -qF 'push_back(int const&)+0x10  /usr/include/c++/12/bits/stl_vector_with_a_long_name.h:1287' out
}

@test "damaged streams are read to their end or refused" {
	skel-poll -f json "$STACKS" > j.skel
	run -0 python3 - "$STACKS" j.skel <<-'PY'
		import random, re, subprocess, sys
		random.seed(1)
		words = [b"0", b"-1", b"18446744073709551615", b"[]", b"{}", b"null", b'"kstack"', b"4096"]
		for i in range(100):
		    text = bytearray(open(random.choice(sys.argv[1:]), "rb").read())
		    for _ in range(random.choice([1, 2, 4])):
		        at = random.randrange(random.choice([len(text), text.index(b"\n")]))
		        word = re.compile(rb'[0-9]+|"[a-z_]+"').search(bytes(text), at)
		        if random.random() < 0.4 or word is None:
		            text[at] ^= 1 << random.randrange(8)
		        else:
		            text[word.start():word.end()] = random.choice(words)
		    for command in ("skel-fmt", "--table"), ("skel-fmt", "--folded"), ("skel-poll", "-f", "binary"):
		        p = subprocess.run(command, input=bytes(text), capture_output=True, timeout=60)
		        said = p.stderr.decode("utf-8")
		        bad = p.returncode not in (0, 1, 3) or (p.returncode == 1 and not said)
		        if bad or not all(l.startswith(command[0] + ": ") for l in said.splitlines()):
		            sys.exit(f"{i} {command}: {p.returncode}: {said}")
	PY
}

@test "SIGTERM makes --folded print the stacks it has so far" {
	mkfifo in
	skel-fmt -v --folded < in > out 2> err 3>&- &
	job=$!
	exec 5> in
	head -n 4 "$STACKS" >&5
	wait_for 10 grep -q "records of stacks" err
	kill -TERM "$job"
	wait "$job"
	exec 5>&-
	[ "$(cat out)" = "busy_loop;main;busy;spin;asm_sysvec_apic_timer_interrupt_[k] 1" ]
}
