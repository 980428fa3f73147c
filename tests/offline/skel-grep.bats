#!/usr/bin/env bats
# skel-grep(1): the records of a stream for which an expression is true.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	FORMAT=$FIXTURES/format
}

# shown EXPRESSION FILE: the records that are passed on, as JSON without time and map.
shown() {
	skel-grep "$@" | skel-fmt --json --bare
}

# kinds.skel: a stream with members of several kinds, from make.py's class.
make_kinds() {
	python3 - "$FORMAT" > kinds.skel <<-'PYTHON'
		import struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("kinds", clock={"boottime": TIME - 5000, "monotonic": TIME - 4000})
		u8, u16, u32 = s.integer("u8", 1), s.integer("__u16", 2), s.integer("__u32", 4)
		i32, u64 = s.integer("int", 4, True), s.integer("__u64", 8)
		v6 = s.array(u8, 16)
		event = s.struct("event", ("saddr", u32), ("ret", i32), ("sig", i32), ("dport", u16),
		    ("plain", u16), ("took", u64), ("born", u64), ("six", v6), ("family", u32), ("err", i32))
		kinds = {"saddr": "ip4", "ret": "errno", "sig": "signal", "dport": "port_be",
		         "took": "us", "born": "boottime", "six": "ip(family=family)"}
		for m in s.types[event]["members"]:
		    if m["name"] in kinds:
		        m["as"] = kinds[m["name"]]
		s.map("rb", "ringbuf", event)
		def put(addr, ret, sig, port, took, six, family):
		    s.put(bytes(addr) + struct.pack("<ii", ret, sig) + struct.pack(">H", port)
		          + struct.pack("<HQQ", port, took, 5000) + bytes(six).ljust(16, b"\0")
		          + struct.pack("<Ii", family, ret), time=TIME)
		put([10, 1, 2, 3], -2, 9, 443, 5000, [10, 0, 0, 7], 2)
		put([127, 0, 0, 1], 2, 15, 80, 4999, [0xfe, 0x80] + [0] * 13 + [1], 10)
		put([192, 168, 1, 9], 0, 0, 65535, 1, [10, 0, 0, 7], 10)
		import json
		end = {"@end": {"records": s.records, "lost": 0}}
		for line in (json.dumps(s.header).encode(), *s.lines, json.dumps(end).encode()):
		    sys.stdout.buffer.write(line + b"\n")
	PYTHON
	as_json kinds
}

# as_json NAME: NAME.json, the stream NAME.skel with JSON records.
as_json() {
	{
		head -n 1 "$1.skel" | sed 's/"encoding": *"binary"/"encoding":"json"/'
		skel-fmt --json --numeric "$1.skel"
		grep -a '^{"@names"' "$1.skel" || :
		tail -n 1 "$1.skel"
	} > "$1.json"
}

# counts EXPRESSION WANT [NAME]: so many of the records of NAME.skel, which is kinds.skel, and
# NAME.json.
counts() {
	local got file
	for file in "${3:-kinds}".{skel,json}; do
		got=$(skel-grep -c -- "$1" "$file") || [ $? = 1 ]
		[ "$got" = "$2" ] || { echo "$file: $1: $got, not $2"; return 1; }
	done
}

@test "random expressions select the records that they select in Python" {
	run -0 timeout 120 "$HELPERS/query-oracle.py" "${SEED:-1}" 150 250 .
	[[ $output == "250 expressions, "* ]]
}

@test "awk and DuckDB find the same records, where they can be asked" {
	run -0 timeout 120 "$HELPERS/query-rivals.py" "${SEED:-1}" 300 60 .
	[[ $output == "60 expressions, "* ]]
}

@test "the same stream goes out: header, other lines, the end counted anew" {
	{
		head -n 1 "$FORMAT/maps.skel"
		echo '{"@symbols":{"pid":1,"frames":[]}}'
		echo '{"@lost":{"map":"execs","count":3}}'
		grep -a '^=' "$FORMAT/maps.skel"
		echo '{"@unknown":1}'
		echo '{"@end":{"records":6,"lost":3,"rings":[{"map":"execs","size":4096,"most":64}]}}'
	} > in.skel
	skel-grep 'pid == 10' in.skel > out.skel 2> err
	[ ! -s err ]
	grep -av '^=' in.skel | sed 's/"records":6/"records":2/' > want
	grep -av '^=' out.skel | cmp - want
	# The binary records are lines of the input.
	grep -a '^=' in.skel | sed -n '1p;3p' > want
	grep -a '^=' out.skel | cmp - want
	skel-grep -v 'pid == 77' in.skel | cmp - in.skel
}

@test "a comparison with a member that the map lacks is false, before ! is applied" {
	is 3 "$(skel-grep -c 'comm != "x"' "$FORMAT/maps.skel")"
	is 3 "$(skel-grep -c '!(comm != "x")' "$FORMAT/maps.skel")"
	is 3 "$(skel-grep -c -v 'comm != "x"' "$FORMAT/maps.skel")"
	is 4 "$(skel-grep -c 'comm ~ "" || code == 0' "$FORMAT/maps.skel")"
	is 1 "$(skel-grep -c '@map == "exits"' "$FORMAT/maps.skel")"
	is 2 "$(skel-grep -c '@map ~ "^(n|b)"' "$FORMAT/maps.skel")"
}

@test "a member that no map has is an error with the nearest names" {
	fails_with 2 'maps.skel: expression:14: no map has a member comn; the nearest: comm' \
		skel-grep 'pid == 10 && comn == "x"' "$FORMAT/maps.skel"
	fails_with 2 "expression:1: comm of map execs: 5: text is put in quotes" \
		skel-grep 'comm == 5' "$FORMAT/maps.skel"
	fails_with 2 "color of map rb: PURPLE: its enum has no such constant" \
		skel-grep 'color == PURPLE' "$FORMAT/enums.skel"
	fails_with 2 "at of map rb: it is a struct; name a member, as a.b" \
		skel-grep 'at == 1' "$FORMAT/nested.skel"
	fails_with 2 "cube of map rb: it is an array; name an element, as a[0]" \
		skel-grep 'cube' "$FORMAT/nested.skel"
	fails_with 2 "pid of map rb: it is no text, which ~ is for" \
		skel-grep 'pid ~ "1"' "$FORMAT/nested.skel"
}

@test "an error in an expression is one line with its column and what was expected" {
	local expression want
	while IFS='|' read -r expression want; do
		fails_with 2 "skel-grep: expression:$want" skel-grep -- "$expression" "$FORMAT/maps.skel"
		[ "$(wc -l <<<"$stderr")" = 1 ]
	done <<-'LINES'
		|1: expected the name of a member, a constant, ! or (, found its end
		pid ==|7: expected a constant or a member, found its end
		pid = 1|5: expected ==, found =
		(pid == 1|10: expected &&, || or ), found its end
		pid == 1)|9: expected &&, || or the end, found )
		pid == 1 2|10: expected &&, || or the end, found 2
		0 < pid < 5|9: expected && or || between two comparisons, found <
		!pid == 1|2: put what the ! is for in parentheses: !(...)
		1 == 1|1: both sides are constants; one must be the name of a member
		pid == 5x|8: 5x is no number; units are
		pid in (1, 2|13: expected "," or ")" in the list, found its end
		pid in ()|9: expected a constant, found )
		comm == "x|9: the quote that begins here has no end
		comm == "\q"|10: expected \n, \t, \x and two hex digits
		comm ~ x|8: expected a regular expression in quotes, found x
		comm ~ "(x"|8: regular expression: missing closing parenthesis, at its byte 2
		pid ; 1|5: this character means nothing here; put text in quotes
		pid & 1|5: expected &&, found &
		- == pid|3: expected a number or a name behind the -
	LINES
}

@test "depth, length and the number of terms are bounded" {
	local parens terms
	parens=$(printf '(%.0s' {1..101})
	fails_with 2 "expression:101: more than 100 parentheses and ! around each other" \
		skel-grep "$parens" "$FORMAT/maps.skel"
	parens=$(printf '!%.0s' {1..100000} | head -c 65000)
	fails_with 2 "more than 100 parentheses and !" skel-grep "$parens pid" "$FORMAT/maps.skel"
	terms=$(printf 'pid==1||%.0s' {1..1024})
	fails_with 2 "more than 1024 comparisons" skel-grep "${terms}pid==1" "$FORMAT/maps.skel"
	terms=$(printf '1,%.0s' {1..9000})
	fails_with 2 "more than 8192 constants" skel-grep "pid in (${terms}1)" "$FORMAT/maps.skel"
	fails_with 2 "the expression is longer than 65536 bytes" \
		skel-grep "pid == 1 || comm == \"$(printf %70000s x)\"" "$FORMAT/maps.skel"
	terms=$(printf 'pid==1||%.0s' {1..1023})
	run -0 skel-grep -c "${terms}pid==12" "$FORMAT/maps.skel"
	[ "$output" = 1 ]
}

@test "a regular expression that explodes ends in time, is reported once, and status is 2" {
	python3 "$ROOT/tests/faults/stream.py" 1 head body
	jq -c '.types[3] += {size: 20000, count: 20000} | .types[4].size = 20012' head > in.skel
	python3 - >> in.skel <<-'PYTHON'
		import struct, sys
		def stuff(b):
		    out = b"="
		    while len(b) > 253:
		        out, b = out + b"\xf5" + b[:254], b[254:]
		    return out + bytes([(len(b) + 1) ^ 10]) + b + b"\n"
		for text in (b"a" * 5000 + b"!", b"aaa", b"a" * 19999 + b"!"):
		    sys.stdout.buffer.write(stuff(struct.pack("<BQQI20000s", 0, 1, 1, 1, text)))
	PYTHON
	run -2 --separate-stderr timeout 20 skel-grep -c 'comm ~ "^(a+)+$"' in.skel
	[ "$output" = 1 ]
	[[ $stderr == *"a regular expression was given up for a text that costs too much (match limit exceeded)"* ]]
	[ "$(grep -c 'given up' <<<"$stderr")" = 1 ]
	# What is given up is no match of !~ either.
	run -2 --separate-stderr timeout 20 skel-grep -c 'comm !~ "^(a+)+$"' in.skel
	[ "$output" = 0 ]
	run -2 --separate-stderr skel-grep 'comm ~ "(a{60000}){60000}"' in.skel
	[[ $stderr == *"expression:8: regular expression: "* ]]
	run -2 --separate-stderr skel-grep "comm ~ \"$(printf '(%.0s' {1..60})$(printf ')%.0s' {1..60})\"" in.skel
	[[ $stderr == *"regular expression: parentheses are too deeply nested"* ]]
}

@test "hostile expressions end in time, with one clear line" {
	run -0 timeout 100 python3 - "$FORMAT/nested.skel" <<-'PYTHON'
		import json, subprocess, sys
		with open("in.json", "w") as f:
		    for i in range(2000):
		        print(json.dumps({"n": i, "t": "a" * 40 + "!", "d": i + .5, "ip": f"10.1.{i // 256}.{i % 256}"}),
		              file=f)
		def grep(expression, status, said="", count=None, name="in.json"):
		    got = subprocess.run(["skel-grep", "-c", "--", expression, name], capture_output=True)
		    if (got.returncode != status or said.encode() not in got.stderr or len(got.stderr) > 500
		            or got.stderr.count(b"\n") != bool(said) or b"\x1b" in got.stderr
		            or (count is not None and int(got.stdout) != count)):
		        sys.exit(f"{expression[:100]!r}: status {got.returncode}, {got.stdout}, {got.stderr[:1000]}")
		# Very many constants, of every kind, in a record that has none or one of them.
		many = range(8000)
		grep("n in (%s)" % ",".join(str(2 * i) for i in many), 0, count=1000)
		grep("n in (%s)" % ",".join(f"{4 * i}..{4 * i + 1}" for i in many[:4000]), 0, count=1000)
		grep("d in (%s)" % ",".join(f"{2 * i}.5" for i in many), 0, count=1000)
		grep("t in (%s)" % ",".join(f'"b{i}"' for i in many), 1)
		grep("t in (%s)" % ",".join(["'a'..'aaaa'", "'b'", "'aaaa'..'ab'"] * 1000), 0, count=2000)
		grep("t in (%s)" % ",".join(["'z'..'a'"] * 4000), 1)
		grep("ip in (%s)" % ",".join(f"10.1.{i // 256}.{i % 256}" for i in range(0, 4000, 2)), 0, count=1000)
		grep("ip in (%s)" % ",".join(["10.1.0.0/24", "10.1.0.0..10.1.1.0", "::/0"] * 1000), 0, count=257)
		# Very many comparisons, each of which fails.
		grep("||".join(f"n == {i}.5" for i in range(1024)), 1)
		# Regular expressions that explode together, and others that do not.
		grep("||".join(f't ~ "^(a+)+[{i % 10}b]$"' for i in range(1000)), 2,
		    "and after 10000 of them all")
		grep('t ~ "^(a+)+$"', 2, "given up for a text that costs too much (match limit exceeded)")
		for pattern in r"(*LIMIT_MATCH=4000000000)^(a+)+$", r"(?:(?:(?:a?)*)*)*!b", r"(a*)*(a*)*(a*)*b", r"^(?:a|aa)+$":
		    got = subprocess.run(["skel-grep", "-c", f't ~ "{pattern}"', "in.json"], capture_output=True)
		    assert got.returncode in (1, 2) and got.stderr.count(b"\n") < 2, (pattern, got)
		grep('t ~ "(?R)"', 2, "nested recursion")
		for pattern, said in (
		    ("(" * 4000, "parentheses are too deeply nested"), (r"\C", r"using \C is disabled"),
		    ("(((a{1,100}){1,100}){1,100})", "regular expression is too large"),
		    ("(*UTF)a", "using UTF is disabled"), ("(?<=a{1,60000})", "lookbehind assertion"),
		    ("a" * 5000, "longer than the limit")):
		    grep(f't ~ "{pattern}"', 2, said)
		# Long names, paths and numbers.
		stream = sys.argv[1]
		grep("a." * 30000 + "a == 1", 2, "no map has a member a.a.a.", name=stream)
		grep("cube" + "[0]" * 20000 + " == 1", 2, "no map has a member cube[0][0]", name=stream)
		grep("cube[99999999999999999999] == 1", 2, "no map has a member cube[9999", name=stream)
		grep("x" * 65000 + " == 1", 2, "no map has a member xxx", name=stream)
		grep("pid == " + "x" * 65000, 2, "it is a number, and this is neither", name=stream)
		grep("pid == 'a\nb\x1b'", 2, "a\\nb", name=stream)
		grep("pid == \x1b[2J", 2, "this character means nothing here", name=stream)
		for number in "1e999999999", "9" * 60000, "0x" + "f" * 60000, "1." + "9" * 60000, "1e-999999999":
		    grep(f"pid == {number}", 1, name=stream)
		    grep(f"pid == -{number}", 1, name=stream)
		grep("pid < 1e30d && -1e30d < pid", 0, count=2, name=stream)
		grep("!(" * 50 + "at.x" + ")" * 50, 0, count=2, name=stream)
		grep("pid==1)" * 9000, 2, "expected &&, || or the end", name=stream)
		grep("pid==1 &&" * 7000, 2, "more than 1024 comparisons", name=stream)
	PYTHON
	is "" "$output"
}

@test "kinds: addresses, networks, ports, errors, signals, durations, times" {
	make_kinds
	counts 'saddr == 127.0.0.1' 1
	counts 'saddr == 16777343' 1
	counts 'saddr != 127.0.0.1' 2
	counts 'saddr in 10.0.0.0/8' 1
	counts 'saddr in (10.0.0.0/8, 192.168.0.0/16)' 2
	counts 'dport == 443' 1
	counts 'dport in (80, 440..65535)' 3
	counts 'plain == 443' 1
	counts 'ret == ENOENT' 2
	counts 'ret == -ENOENT' 1
	counts 'err == ENOENT' 1
	counts 'err == -ENOENT' 1
	counts 'sig == SIGKILL' 1
	counts 'sig in (KILL, TERM)' 2
	counts 'took >= 5ms' 1
	counts 'took > 4.999ms' 1
	counts 'took == 1000ns' 1
	counts 'took < 1.5us' 1
	counts 'six == 10.0.0.7' 1
	counts 'six in 10.0.0.0/8' 1
	counts 'six in fe80::/10' 1
	counts 'born == "2026-11-22T14:48:01.000000001Z"' 3
	counts 'born < "2026-11-22T15:48:01.000000001+01:00"' 0
	counts '@time in "2026-11-22 14:48Z".."2026-11-22 14:49Z"' 3
	TZ=Asia/Tokyo counts '@time >= "2026-11-22 23:48:01"' 3
	TZ=Asia/Tokyo counts '@time >= "2026-11-22 23:48:02"' 0
	fails_with 2 "it is an address, of another form" skel-grep 'six == 01:02:03:04:05:06' kinds.skel
	fails_with 2 "10.0.0.0/8: networks are compared by ==, != and in" skel-grep 'saddr > 10.0.0.0/8' kinds.skel
	fails_with 2 "networks are compared by ==, != and in" skel-grep 'saddr in 10.0.0.0/8..11.0.0.0' kinds.skel
	fails_with 2 "::1: it is an address of another form" skel-grep 'six in 10.0.0.0..::1' kinds.skel
}

@test "times are those of the clock at their record" {
	make_kinds
	counts 'born == "2026-11-22T14:48:01.000000001Z"' 3
	# From the third record on the clock is a second later.
	{
		sed -n 1,3p kinds.skel
		echo '{"@clock":{"boottime":1795358882000000000,"monotonic":1795358882000000000}}'
		sed -n '4,$p' kinds.skel
	} > clock.skel
	is 2 "$(skel-grep -c 'born == "2026-11-22T14:48:01.000000001Z"' clock.skel)"
	is 1 "$(skel-grep -c 'born > "2026-11-22T14:48:01.5Z"' clock.skel)"
	is 1 "$(skel-grep -c 'born ~ "T14:48:02"' clock.skel)"
	# JSON records too, which may have members that are not in the header.
	skel-poll -f json clock.skel > clock.json
	is 2 "$(skel-grep -c 'born == "2026-11-22T14:48:01.000000001Z"' clock.json)"
	is 1 "$(skel-grep -c 'born > "2026-11-22T14:48:01.5Z"' clock.json)"
	sed 's/^{"@map":"[^"]*",/&"more":1,/; /"@clock"/,$s/"more":1,//' clock.json > more.json
	run -0 --separate-stderr skel-grep -c 'born > "2026-11-22T14:48:01.5Z" || more == 1' more.json
	is "3 " "$output $stderr"
}

@test "addresses have an order, that of their numbers, and only with those of their form" {
	make_kinds
	counts 'saddr > 10.0.0.0' 3
	counts 'saddr > 10.1.2.3' 2
	counts 'saddr >= 10.1.2.3' 3
	counts 'saddr < 127.0.0.2' 2
	counts 'saddr <= 127.0.0.0' 1
	counts 'saddr < 0.0.0.0' 0
	counts 'saddr > 255.255.255.255' 0
	counts 'saddr >= 0.0.0.0' 3
	counts 'saddr in 10.0.0.0..127.0.0.1' 2
	counts 'saddr in (10.0.0.0..10.255.255.255, 192.168.1.9)' 2
	counts 'saddr in 127.0.0.1..10.0.0.0' 0
	counts '128.0.0.0 > saddr' 2
	# The first is of family 2, the others of family 10.
	counts 'six > 10.0.0.6' 1
	counts 'six < 10.0.0.8' 1
	counts 'six >= ::' 2
	counts 'six > a00:7::' 1
	counts 'six < fe80::1' 1
	counts 'six in fe80::..fe80::ffff' 1
	counts 'six != 10.0.0.7' 2
	counts 'saddr == six' 0
	counts 'saddr != six' 3
	counts 'saddr > six' 1
	counts 'six' 3
	printf '{"ip":"10.0.0.%d"}\n' 2 10 1 > bare
	is 1 "$(skel-grep -c 'ip > 10.0.0.2' bare)"
	is 2 "$(skel-grep -c 'ip <= 10.0.0.2' bare)"
}

@test "~ matches the text of a member's kind, as skel-fmt has it beside its number" {
	make_kinds
	counts 'saddr ~ "^10\."' 1
	counts 'saddr !~ "^10\."' 2
	counts 'ret ~ "^-ENO"' 1
	counts 'ret ~ "^[02]$"' 2
	counts 'sig ~ "KILL|TERM"' 2
	counts 'dport ~ "^443$"' 1
	counts 'took ~ "^5 ms$"' 1
	counts 'took ~ "ms$"' 2
	counts 'born ~ "^2026-11-22T14:48:0"' 3
	counts 'six ~ "^10\.0\.0\.7$"' 1
	counts 'six ~ "^fe80::1$"' 1
	counts '@time ~ "T14:48:01\.000000001Z$"' 3
	counts 'saddr_text == "10.1.2.3"' 1
	counts 'saddr_text in ("10.1.2.3", "127.0.0.1")' 2
	counts 'ret_text ~ "ENOENT"' 1
	counts 'six_text > "fe"' 1
	fails_with 2 "plain of map rb: it is no text, which ~ is for" skel-grep 'plain ~ "4"' kinds.skel
	fails_with 2 "no map has a member plain_text" skel-grep 'plain_text == "4"' kinds.skel
}

@test "every text that skel-fmt has of a kind is one that ~ matches and NAME_text equals" {
	cp "$FORMAT/kinds.skel" all.skel
	as_json all
	head -n 1 all.json > told.json
	skel-fmt --json all.skel >> told.json
	tail -n 1 all.skel >> told.json
	run -0 python3 - <<-'PYTHON'
		import collections, json, re, subprocess
		# Only the host of the records knows these.
		named = "uid gid ifindex cgroup box ns_id fn".split()
		def texts(path, value, found):
		    if isinstance(value, list):
		        for i, v in enumerate(value):
		            texts(f"{path}[{i}]", v, found)
		    elif isinstance(value, dict):
		        for k, v in value.items():
		            if k.endswith("_text") and k[:-5] in value and isinstance(v, str):
		                found.append((path + "." + k[:-5], v))
		            texts(path + "." + k, v, found)
		counts = collections.Counter()
		shown = subprocess.run(["skel-fmt", "--json", "--bare", "all.skel"], stdout=subprocess.PIPE)
		for line in shown.stdout.splitlines():
		    found = []
		    texts("", json.loads(line), found)
		    # A path may be one of the key and of the value.
		    counts.update({(p.removeprefix(".value").removeprefix(".key")[1:], t) for p, t in found})
		done = 0
		for (path, text), n in counts.items():
		    # A number that has no name is shown, but matches nothing.
		    if path in named and re.fullmatch(r"\d+|0x[0-9a-f]+", text) or not text.isascii() or not text.isprintable():
		        continue
		    quoted = re.sub(r"([^A-Za-z0-9 ])", r"\\\1", text)
		    plain = text.replace("\\", "\\\\").replace('"', '\\"')
		    for expression in (f'{path} ~ "^{quoted}$"', f'{path}_text == "{plain}"'):
		        for name in ("all.skel", "told.json"):
		            got = subprocess.run(["skel-grep", "-c", expression, name], capture_output=True, text=True)
		            if got.stdout.strip() != str(n):
		                print(name, expression, got.stdout, n, got.stderr)
		            done += 1
		assert done > 100, done
	PYTHON
	is "" "$output"
}

@test "--as gives a kind, which the header then has" {
	make_kinds
	counts 'plain == 443' 1
	run -1 skel-grep -c --as plain=port_be 'plain == 443' kinds.skel
	skel-grep --as plain=port_be 'plain > 0' kinds.skel | head -n 1 |
		jq -e '.types[].members[]? | select(.name == "plain").as == "port_be"'
	fails_with 2 "usage: skel-grep" skel-grep --as plain 'plain > 0' kinds.skel
}

@test "enums, elements, sums of CPUs, bitfields, 128 bits and short records" {
	is '{"color":"MANY(4294967295)"}' "$(shown 'color == MANY' "$FORMAT/enums.skel" | jq -c '{color}')"
	is 1 "$(skel-grep -c 'err == "EPERM"' "$FORMAT/enums.skel")"
	is 1 "$(skel-grep -c 'MANY == color' "$FORMAT/enums.skel")"
	is 1 "$(skel-grep -c 'color ~ "^M"' "$FORMAT/enums.skel")"
	is 1 "$(skel-grep -c 'flag == 18446744073709551615' "$FORMAT/enums.skel")"
	is 1 "$(skel-grep -c 'tiny == -128' "$FORMAT/enums.skel")"
	is 1 "$(skel-grep -c 'cube[1][2][3] == 24' "$FORMAT/nested.skel")"
	is 2 "$(skel-grep -c 'path[1].y == -4' "$FORMAT/nested.skel")"
	is 1 "$(skel-grep -c 'flags.big > 295147905179352825854' "$FORMAT/nested.skel")"
	is 1 "$(skel-grep -c 'flags.mid == -16 && flags.on' "$FORMAT/nested.skel")"
	fails_with 2 "no map has a member cube[5][0][0]" skel-grep 'cube[5][0][0] == 24' "$FORMAT/nested.skel"
	is 1 "$(skel-grep -c 'values[0] == 4294967295 && value == 4294967299' "$FORMAT/sampled.skel")"
	is 1 "$(skel-grep -c 'values[1].each[1] == 4 && each[1] == 6' "$FORMAT/sampled.skel")"
	is 1 "$(skel-grep -c 'value.count > 18446744073709551615 && sum == -3' "$FORMAT/sampled.skel")"
}

# ending.skel: records that end within their last array, of structs, texts or addresses; one
# of each map has all elements, the others end in the middle of one.  ending.json has the same.
make_ending() {
	python3 - "$FORMAT" <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream
		s = Stream("ending")
		u8, u32 = s.integer("u8", 1), s.integer("u32", 4)
		char = s.type("char", "char", 1, signed=True)
		pair = s.struct("pair", ("a", u32), ("b", u32), ("tag", s.array(char, 4)))
		s.map("pairs", "ringbuf", s.struct("pairs", ("n", u32), ("pair", s.array(pair, 0))))
		s.map("fixed", "ringbuf", s.struct("fixed", ("n", u32), ("v", s.array(u32, 4))))
		s.map("words", "ringbuf", s.struct("words", ("n", u32), ("word", s.array(s.array(char, 4), 3))))
		s.map("macs", "ringbuf", s.struct("macs", ("n", u32), ("mac", s.array(s.array(u8, 6), 0))))
		s.map("six", "ringbuf", s.struct("six", ("n", u32), ("addr", s.array(u32, 4))))
		pairs = struct.pack("<III4sII4s", 2, 0, 0, b"x", 0, 7, b"y")
		for n in (28, 27, 24, 20, 16, 8, 4):
		    s.put(pairs[:n], 0)
		for n in (20, 19, 8, 7, 4):
		    s.put(struct.pack("<IIIII", 4, 0, 0, 0, 0)[:n], 1)
		for n in (16, 14, 9, 8, 4):
		    s.put(struct.pack("<I4s4s4s", 3, b"abc", b"defg", b"hi")[:n], 2)
		for n in (16, 15, 10, 9, 4):
		    s.put(struct.pack("<I6s6s", 2, bytes(6), bytes(6))[:n], 3)
		for n in (20, 12):
		    s.put(struct.pack("<IIIII", 4, 0, 0, 0, 0)[:n], 4)
		end = json.dumps({"@end": {"records": s.records, "lost": 0}}).encode()
		with open("ending.skel", "wb") as f:
		    f.writelines(line + b"\n" for line in (json.dumps(s.header).encode(), *s.lines, end))
		s.header["encoding"] = "json"
		with open("ending.json", "w") as f:
		    print(json.dumps(s.header), file=f)
	PYTHON
	skel-fmt --json ending.skel >> ending.json
	echo '{"@end":{"records":24,"lost":0}}' >> ending.json
}

@test "of an array that a record ends in, only the elements that are whole are compared" {
	local expression want file
	make_ending
	while IFS='|' read -r expression want; do
		for file in ending.skel ending.json; do
			is "$want" "$(skel-grep -c "$expression" "$file" || :)" || { echo "$file: $expression"; return 1; }
		done
	done <<-'LINES'
		pair[0].a == 0|5
		pair[0].b == 0|5
		pair[0].tag == "x"|5
		pair[0].tag ~ "^x?"|5
		pair[1].a == 0|1
		pair[1].b != 7|0
		pair[1].tag < "z"|1
		!(pair[1].a == 0)|23
		v[0] == 0|3
		v[3] == 0|1
		v[0] != 1|3
		word[0] == "abc"|4
		word[1] == "d"|1
		word[1] == "defg"|2
		word[2] == "hi"|2
		word[2] ~ ""|2
		mac[0] == 00:00:00:00:00:00|3
		mac[1] == 00:00:00:00:00:00|1
		mac[1] in 00:00:00:00:00:00|1
		!(mac[1] == 00:00:00:00:00:00)|23
	LINES
	is 1 "$(skel-grep -c --as addr=ip6 'addr == ::' ending.skel)"
	is 1 "$(skel-grep -c --as addr=ip6 'addr == ::' ending.json)"
	is 0 "$(skel-grep -c --as addr=ip6 'addr != ::' ending.json || :)"
}

@test "JSON with and without a header" {
	jq -c '.encoding = "json"' <(head -n 1 "$FORMAT/nested.skel") > in.json
	skel-fmt --json "$FORMAT/nested.skel" >> in.json
	echo '{"@end":{"records":2,"lost":0}}' >> in.json
	is 1 "$(skel-grep -c 'cube[1][2][3] == 24 && at.x == -1 && flags.big > 5' in.json)"
	run -0 --separate-stderr skel-grep 'at.x == -1' in.json
	is '{"@end":{"records":1,"lost":0}}' "${lines[2]}"
	# A binary record among them has no member beside its types.
	{ head -n 1 in.json; grep -a '^=' "$FORMAT/nested.skel"; } > mixed.skel
	run -1 --separate-stderr skel-grep -c 'more == 0 || more != 0' mixed.skel
	is 0 "$output"
	# Members that a filter added.
	jq -c 'if .pid then .more = {n: .pid} else . end' in.json > more.json
	is 1 "$(skel-grep -c 'more.n == 100' more.json)"
	printf '%s\n' '{"a":1,"b":{"c":"x\ty"},"d":[5,{"e":2.5}],"k":"EXIT(1)","ip":"10.1.2.3"}' \
		'{"a":9007199254740993,"b":null,"k":"EXEC(0)","t":true}' > bare
	is 1 "$(skel-grep -c 'a == 9007199254740993' bare)"
	run -1 skel-grep -c 'a == 9007199254740992' bare
	is "$(head -n 1 bare)" "$(skel-grep 'b.c == "x\ty"' bare)"
	is 1 "$(skel-grep -c 'd[1].e > 2.4' bare)"
	is 1 "$(skel-grep -c 'k == EXIT' bare)"
	is 1 "$(skel-grep -c 'k == "EXIT(1)"' bare)"
	is 1 "$(skel-grep -c 'ip in 10.0.0.0/8' bare)"
	is 1 "$(skel-grep -c 't' bare)"
	run -1 --separate-stderr skel-grep 'aa == 1' bare
	[ "$stderr" = "skel-grep: bare: no record has a member aa; others of the first records: a, b, d, k, ip, t" ]
}

@test "a bad line is reported with its number, counted, skipped, and status is 2" {
	{ cat "$FORMAT/maps.skel"; echo '=x'; echo nonsense; sed -n 2p "$FORMAT/maps.skel"; } > in.skel
	run -2 --separate-stderr skel-grep -c 'pid == 10' in.skel
	[ "$output" = 3 ]
	[[ $stderr == *"skel-grep: in.skel:11: "*"skel-grep: in.skel:12: "* ]]
	run -0 --separate-stderr skel-grep -q 'pid == 10' in.skel
	[ -z "$output$stderr" ]
}

@test "several files and appended streams each keep their header; one that is wrong is left out" {
	cat "$FORMAT/maps.skel" "$FORMAT/maps.skel" > twice.skel
	run -0 skel-grep 'pid == 10' twice.skel "$FORMAT/maps.skel"
	[ "$(skel-grep 'pid == 10' twice.skel "$FORMAT/maps.skel" | grep -ac '"skel":"stream"')" = 3 ]
	[ "$(skel-grep 'pid == 10' twice.skel "$FORMAT/maps.skel" | grep -ac '^=')" = 6 ]
	is 'twice.skel:4' "$(skel-grep -c 'pid == 10' twice.skel - < "$FORMAT/maps.skel" | head -n 1)"
	cat "$FORMAT/enums.skel" "$FORMAT/maps.skel" > mixed.skel
	run -2 --separate-stderr skel-grep -c 'pid == 10' mixed.skel
	[[ $stderr == *"no map has a member pid"* ]]
	run -2 --separate-stderr skel-grep -c 'pid == 10' "$FORMAT/maps.skel" missing.skel
	[[ $output == *"maps.skel:2" && $stderr == *"missing.skel: No such file"* ]]
}

@test "a cut stream is passed on without an end, and that is said" {
	head -n 3 "$FORMAT/maps.skel" > in.skel
	run -0 --separate-stderr skel-grep 'pid > 0' in.skel
	[ "$stderr" = "skel-grep: in.skel: the end is missing: the stream was cut" ]
	skel-grep 'pid > 0' in.skel 2>/dev/null | cmp - in.skel
}

@test "-c, -m, -q, -v and the exit status are grep's" {
	is 2 "$(skel-grep -c 'pid == 10' "$FORMAT/maps.skel")"
	run -1 --separate-stderr skel-grep -c 'pid == 77' "$FORMAT/maps.skel"
	[ "$output" = 0 ] && [ -z "$stderr" ]
	is 1 "$(skel-grep -c -m 1 'pid == 10' "$FORMAT/maps.skel")"
	run -0 --separate-stderr bash -c "skel-grep -m 1 'pid == 10' '$FORMAT/maps.skel' | skel-fmt --json"
	[ "${#lines[@]}" = 1 ] && [ -z "$stderr" ]
	skel-grep -m 1 'pid == 10' "$FORMAT/maps.skel" | tail -n 1 | grep -q '"records":1'
	run -0 --separate-stderr skel-grep -q 'pid == 10' "$FORMAT/maps.skel"
	[ -z "$output$stderr" ]
	run -1 --separate-stderr skel-grep -q 'pid == 77' "$FORMAT/maps.skel"
	[ -z "$output$stderr" ]
	is 4 "$(skel-grep -cv 'pid == 10' "$FORMAT/maps.skel")"
	fails_with 2 "-m: 0: not a number of records" skel-grep -m 0 'pid == 10' "$FORMAT/maps.skel"
	fails_with 2 "the expression is missing" skel-grep
	run -1 --separate-stderr skel-grep 'pid == 10' /dev/null
	[ -z "$output$stderr" ]
	fails_with 2 "this is a package; load it first: skel-load" skel-grep a "$ASSETS/bootstrap.json"
}

@test "passes of a sampled map keep their counts right" {
	skel-grep '@map == "scalar" && key == 5' "$FORMAT/sampled.skel" > out.skel
	python3 - out.skel <<-'PYTHON'
		import json, sys
		n = 0
		for line in open(sys.argv[1], "rb").read().split(b"\n"):
		    n += line.startswith(b"=")
		    if line.startswith(b'{"@sampled"'):
		        assert json.loads(line)["@sampled"]["keys"] == n, (line, n)
		        n = 0
	PYTHON
}

@test "an event is on its way before the next one comes" {
	mkfifo in out
	skel-grep 'a == 1' <in >out 3>&- &
	exec 8>in 9<out
	echo '{"a":1}' >&8
	read -r -t 5 line <&9
	[ "$line" = '{"a":1}' ]
	exec 8>&-
	wait $!
	exec 9<&-
}

@test "a reader that leaves is noticed, also where no record is selected" {
	run -0 timeout 10 bash -c 'yes "{\"a\":1}" | skel-grep "a == 1" | head -n 1'
	[ "$output" = '{"a":1}' ]
	timeout 10 bash -c 'set -o pipefail; yes "{\"a\":1}" | { skel-grep "a == 2"; echo $? > status; } | true' || :
	[ "$(cat status)" = 1 ]
}

@test "a full disk is a failure, and a terminal gets no binary records" {
	[ -c /dev/full ] || skip "no /dev/full"
	run -2 bash -c "skel-grep 'pid > 0' '$FORMAT/maps.skel' > /dev/full"
	[[ $output == *"No space left"* ]]
	run -2 script -qec "skel-grep 'pid > 0' '$FORMAT/maps.skel'" /dev/null
	[[ $output == *"skel-grep: "* && $output != *'"skel":"stream"'* ]]
}
