#!/usr/bin/env bats
# The pictures of skel-fmt(1), --flame and --heat, and what weighs stacks.  The judge
# of what is XML is expat, in tests/helpers/picture.py; what a browser makes of the
# pictures is in tests/engines/chromium.

load ../helpers/helper

setup() {
	note_places
	command -v python3 >/dev/null || skip "needs python3"
	STACKS=$FIXTURES/format/stacks.skel
	cd "$BATS_TEST_TMPDIR"
}

picture() {
	"$HELPERS/picture.py" "$@"
}

# Print a stream of JSON records with a weight of each kind beside a stack.
weighed() {
	head -n 1 "$STACKS" | jq -c '.encoding = "json" | del(.boot_id) |
		.types += [{kind:"int",name:"long",size:8,signed:true}] |
		(.types | length - 1) as $long |
		.types += [{kind:"struct",name:"inner",size:8,members:[{name:"n",type:$long,offset:0}]}] |
		.types[7].size = 112 |
		.types[7].members += [{name:"bytes",type:3,offset:96},{name:"in",type:($long + 1),offset:104}] |
		.maps = [{name:"samples",source:"perf",value:7,intepreter:{stack_trace:{}}}]'
	cat
}

@test "--flame is XML, and has the stacks of --folded with the same counts" {
	for map in profile counts cleared bare trap; do
		skel-fmt -q --flame -m "$map" "$STACKS" > p.svg
		picture --folded p.svg > got
		# Of control characters and other directions only the places are left.
		skel-fmt -q --folded -m "$map" "$STACKS" | grep -v '^e:v' > want
		diff -u want <(grep -v '^e' got)
	done
	skel-fmt -q --flame "$STACKS" > p.svg
	[ "$(picture --folded p.svg | awk '{ n += $NF } END { print n }')" -eq \
		"$(skel-fmt -q --folded "$STACKS" | awk '{ n += $NF } END { print n }')" ]
}

@test "the frames of --flame are as wide as what they count, and lie on what they are in" {
	skel-fmt -q --flame -m profile "$STACKS" > p.svg
	picture --frames p.svg > frames
	[ "$(head -n 1 frames)" = "0 10 10 1180 all (10 samples, 100.00%)" ]
	awk '{ w = $2 * 118 - $4; if (w < -0.02 || w > 0.02) { print; bad = 1 } } END { exit bad }' frames
	grep -qxE '1 [0-9] [0-9.]+ [0-9.]+ busy loop \(. samples, ..\...%, process\)' frames
	grep -qE '^4 2 .* spin \(2 samples, 20.00%, user program, inlined\)$' frames
	grep -qE '^5 2 .* asm_sysvec_apic_timer_interrupt \(2 samples, 20.00%, kernel\)$' frames
	grep -qE '^2 1 .* \[unknown\] \(1 sample, 10.00%, unknown\)$' frames
}

@test "--flame says of what, since when, and what was lost" {
	skel-fmt -q --flame "$STACKS" > p.svg
	picture --texts p.svg > texts
	grep -qxF 'Flame graph: stacks on test' texts
	grep -qxF 'since 2026-11-22T14:48:00Z: 43 samples' texts
	run -1 grep -E 'lost|cut|unreadable' texts
	{
		grep -av '^{"@end"' "$STACKS"
		echo '{"@lost":{"map":"profile","count":1200}}'
		echo '{"@error":{"map":"trap","message":"x","count":3}}'
	} > lost.skel
	skel-fmt -q --flame lost.skel > p.svg || [ $? -eq 1 ]
	picture --texts p.svg | grep -qxF "1"$'\u00a0'"200 records lost, 3 records unreadable, 1 stream cut"
	# The end counts what no line told.
	sed 's/"lost": *[0-9]*}/"lost":7}/' "$STACKS" > end.skel
	skel-fmt -q --flame end.skel > p.svg
	picture --texts p.svg | grep -qxF "7 records lost"
}

@test "--flame adds up several inputs, and names others" {
	sed '1s/"name":"stacks"/"name":"mine"/; 1s/"host":"test"/"host":"far"/; 1s/T14:48/T14:40/' "$STACKS" > b.skel
	skel-fmt -q --flame -m counts "$STACKS" b.skel > p.svg
	picture --folded p.svg > twice
	skel-fmt -q --folded -m counts "$STACKS" "$STACKS" | diff - twice
	picture --texts p.svg | grep -qxF 'Flame graph: stacks and others on test and others'
	picture --texts p.svg | grep -qxF 'since 2026-11-22T14:40:00Z, 2 streams: 44 samples'
}

@test "the same input gives the same picture" {
	skel-fmt -q --flame "$STACKS" > a.svg
	skel-fmt -q --flame < "$STACKS" > b.svg
	cmp a.svg b.svg
	skel-poll -f json "$STACKS" | skel-fmt -q --flame -m profile > j.svg
	picture --folded j.svg > got
	skel-fmt -q --flame -m profile "$STACKS" > b.svg
	picture --folded b.svg | diff - got
}

@test "hostile names stay text in --flame" {
	python3 - > h.json <<-'END'
		import json
		names = ["</text><script>alert(1)</script>", "]]>", "<!--", "&amp;&#0;", "\"'`", "</title>",
		    "a\u0001\u001b[2J\u007f\u0085b", "\u202eabc\u2066\u061c", "\ufffe\uffff", "x" * 4096, "\t\n\r",
		    "{{constructor}}", "javascript:alert(1)", "\u00e4" * 2000, "\ud83d\ude00"]
		for i, name in enumerate(names):
		    print(json.dumps({"comm": name, "ustack": [{"addr": 2, "symbol": name}, {"addr": 1, "symbol": "main"}]}))
	END
	# Bytes that are not UTF-8 are in the binary fixture.
	skel-fmt --flame h.json > p.svg
	picture p.svg
	picture --frames p.svg > frames
	[ "$(wc -l < frames)" -eq 46 ]
	grep -qF ' </text><script>alert(1)</script> (1 sample' frames
	grep -qF ' ]]> (1 sample' frames
	grep -qF " a"$'\ufffd\ufffd'"[2J"$'\ufffd\ufffd'"b (1 sample" frames
	grep -qE " x{255}… \(1 sample" frames
	skel-fmt -q --flame "$STACKS" > p.svg
	picture --frames p.svg | grep -qF "e;v"$'\ufffd'"il"$'\ufffd'
	# So do those of the program, the host and the member.
	sed '1s/"name":"stacks"/"name":"<b>]]>\&lt;"/; 1s/"host":"test"/"host":"\\u0001<script>"/' "$STACKS" > n.skel
	skel-fmt -q --flame n.skel > p.svg
	picture --texts p.svg | grep -qxF "Flame graph: <b>]]>&lt; on "$'\ufffd'"<script>"
}

@test "--flame without records is a picture that says so" {
	head -n 1 "$STACKS" > none.skel
	echo '{"@end":{"records":0,"lost":0}}' >> none.skel
	skel-fmt --flame none.skel > p.svg
	picture --texts p.svg | grep -qxF "nothing was counted"
	[ "$(picture --frames p.svg)" = "0 0 10 0 all (0 samples, 0.00%)" ]
	fails_with 1 "stacks.skel: --flame: there are no stacks in the records" \
		skel-fmt --flame -m other "$STACKS"
	fails_with 2 "skel-fmt: --flame: stacks have no columns; run it without -c" \
		skel-fmt --flame -c pid "$STACKS"
}

@test "--flame is bounded, and says what it leaves out" {
	# 100000 stacks of one sample each beside a wide one, and one that is very deep.
	python3 - > many.json <<-'END'
		print('{"comm":"wide","value":900000,"ustack":[{"addr":1,"symbol":"f"}]}')
		for i in range(100000):
		    print('{"comm":"narrow","value":1,"ustack":[{"addr":%d,"symbol":"g%d"}]}' % (i, i))
		print('{"comm":"deep","value":100000,"ustack":[%s]}' %
		    ",".join('{"addr":%d,"symbol":"d"}' % i for i in range(60000)))
	END
	skel-fmt --flame many.json > p.svg
	picture --texts p.svg | grep -qxF "100"$'\u00a0'"000 frames too narrow to be shown; 1 stack cut off above row 512"
	picture --frames p.svg > frames
	[ "$(wc -l < frames)" -eq 516 ]
	grep -qE '^1 100000 .* narrow \(' frames
	# Many stacks that are all as wide as a frame may be.
	python3 - > even.json <<-'END'
		for i in range(5000):
		    print('{"comm":"p%d","ustack":[%s]}' % (i,
		        ",".join('{"addr":%d,"symbol":"s%d"}' % (k, k) for k in range(20))))
	END
	skel-fmt --flame even.json > p.svg
	picture --frames p.svg > frames
	[ "$(wc -l < frames)" -eq 16385 ]
	# The outer ones are kept.
	[ "$(grep -c '^1 ' frames)" -eq 5000 ]
	[ "$(stat -c %s p.svg)" -lt 8000000 ]
}

@test "--folded=MEMBER and --weight add up a member of each record" {
	weighed > w.skel <<-'END'
		{"@map":"samples","pid":1,"comm":"a","ustack_sz":8,"bytes":18446744073709551610,"in":{"n":5},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@map":"samples","pid":1,"comm":"a","ustack_sz":8,"bytes":5,"in":{"n":7},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@map":"samples","pid":1,"comm":"b","ustack_sz":8,"bytes":0,"in":{"n":1},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@end":{"records":3}}
	END
	run -0 --separate-stderr skel-fmt --folded=bytes w.skel
	[ "$output" = "a;f 18446744073709551615" ]
	[ -z "$stderr" ]
	run -0 skel-fmt --folded --weight in.n w.skel
	[ "$output" = $'a;f 12\nb;f 1' ]
	skel-poll -f binary w.skel > b.skel
	run -0 skel-fmt --folded=in.n b.skel
	[ "$output" = $'a;f 12\nb;f 1' ]
	skel-fmt --flame --weight in.n w.skel > p.svg
	picture --folded p.svg | diff <(echo "$output") -
	picture --texts p.svg | grep -qxF 'since 2026-11-22T14:48:00Z: 13 in.n'
	# Of sampled maps it is a member of the key or the value.
	run -0 skel-fmt -q --folded=tgid -m counts "$STACKS"
	[ "$output" = "$(skel-fmt -q --folded -m counts "$STACKS" | sed 's/ [0-9]*$/ 42/')" ]
	is "$output" "$(skel-fmt -q --folded=key.tgid -m counts "$STACKS")"
	run -0 skel-fmt -q --folded=value -m counts "$STACKS"
	[ "$output" = "$(skel-fmt -q --folded -m counts "$STACKS")" ]
}

@test "a weight that is no number, negative, or too large in sum is reported in one line" {
	weighed > w.skel <<-'END'
		{"@map":"samples","pid":1,"comm":"a","bytes":18446744073709551615,"in":{"n":-5},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@map":"samples","pid":1,"comm":"a","bytes":1,"in":{"n":-1},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@map":"samples","pid":1,"comm":"a","in":{"n":3},"ustack":[{"addr":1,"symbol":"f"}]}
		{"@end":{"records":3}}
	END
	run -0 --separate-stderr skel-fmt --folded=in.n w.skel
	[ "$output" = "a;f 3" ]
	[ "$stderr" = "skel-fmt: weight in.n: 2 records with a negative one weigh nothing" ]
	run -1 --separate-stderr skel-fmt --folded=bytes w.skel
	[ "$output" = "a;f 18446744073709551615" ]
	[ "$stderr" = "skel-fmt: weight bytes: 1 record without such an integer weighs nothing
skel-fmt: --folded: the sum of a stack does not fit 64 bits: it is shown as 18446744073709551615" ]
	fails_with 1 'w.skel: no column "byte"; there are bytes, comm,' skel-fmt --folded=byte w.skel
	fails_with 1 "w.skel: comm cannot be the weight of a stack: it is no integer of at most 64 bits beside one" \
		skel-fmt --folded=comm w.skel
	fails_with 1 "w.skel: in cannot be the weight of a stack" skel-fmt --flame --weight in w.skel
	fails_with 2 "skel-fmt: --weight: it is for stacks; run it with --folded or --flame" skel-fmt --weight pid w.skel
	# Objects without a header.
	cat > u.json <<-'END'
		{"comm":"a","ustack":[{"addr":1,"symbol":"f"}],"v":{"w":7}}
		{"comm":"a","ustack":[{"addr":1,"symbol":"f"}],"v":{"w":1.5}}
		{"comm":"a","ustack":[{"addr":1,"symbol":"f"}],"late":3}
	END
	run -0 --separate-stderr skel-fmt --folded=v.w u.json
	[ "$output" = "a;f 7" ]
	[ "$stderr" = "skel-fmt: weight v.w: 2 records without such an integer weigh nothing" ]
	run -0 --separate-stderr skel-fmt --folded=late u.json
	[ "$output" = "a;f 3" ]
}
