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
	grep -qE '^4 2 .* spin \(2 samples, 20.00%, user code, inlined\)$' frames
	grep -qE '^5 2 .* asm_sysvec_apic_timer_interrupt \(2 samples, 20.00%, kernel\)$' frames
	grep -qE '^2 1 .* \[unknown\] \(1 sample, 10.00%, unknown\)$' frames
}

@test "--flame tells code of the program, of libraries and of compilers apart" {
	run -1 grep -c '"mappings"' "$STACKS"
	sed '1a {"@symbols":{"pid":42,"mappings":[{"start":4194304,"end":4202496,"file":"/usr/bin/so.bus"},{"start":139637976727552,"end":139637976731648,"file":"/usr/lib/libstdc++.so.6"},{"start":2400,"end":2500,"file":"[anon]"}],"frames":[]}}' "$STACKS" > m.skel
	skel-fmt -q --flame -m profile m.skel > p.svg
	picture --frames p.svg > frames
	grep -qE ' busy \([^,]*,[^,]*, user program\)$' frames
	grep -qE ' std::vector.*push_back.* \([^,]*,[^,]*, shared library\)$' frames
	grep -qE ' \[unknown\] \([^,]*,[^,]*, generated code\)$' frames
	sed 's/"\/usr\/bin\/so.bus"/"[vdso]"/' m.skel > v.skel
	skel-fmt -q --flame -m profile v.skel > p.svg
	picture --frames p.svg | grep -qE ' busy \([^,]*,[^,]*, shared library\)$'
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
	fails_with 2 "skel-fmt: --weight: it is for stacks; run it with --folded, --flame or --pprof" skel-fmt --weight pid w.skel
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

# Print a stream of histograms: CLEAR (true or false), PASSES, KEYS.  Slot i of key k
# counts (i + 1) * (k + 1) in each pass; if the map is not cleared, they add up.
hists() {
	python3 - "$@" <<-'END'
		import json, sys
		clear, passes, keys = sys.argv[1] == "true", int(sys.argv[2]), int(sys.argv[3])
		print(json.dumps({"skel": "stream", "version": 1, "name": "lat", "encoding": "json", "host": "test",
		    "started": "2026-11-22T14:48:00.000000000Z", "maps": [{"name": "hists", "source": "sample", "key": 0,
		    "value": 2, "sample": {"interval": 1000, "type": "log2_hist", "unit": "us", "clear_map": clear}}],
		    "types": [{"kind": "int", "name": "u32", "size": 4, "signed": False},
		    {"kind": "array", "name": "", "size": 16, "of": 0, "count": 4},
		    {"kind": "struct", "name": "hist", "size": 16,
		    "members": [{"name": "slots", "type": 1, "offset": 0}]}]}))
		for n in range(passes):
		    for k in range(keys):
		        slots = [(i + 1) * (k + 1) * (1 if clear else n + 1) for i in range(4)]
		        print(json.dumps({"@map": "hists", "@time": "2026-11-22T%02d:%02d:%02d.000000000Z" %
		            (14 + n // 3600, n // 60 % 60, n % 60), "key": k, "value": {"slots": slots}}))
		    print(json.dumps({"@sampled": {"map": "hists", "round": n + 1, "keys": keys}}))
		print('{"@end":{"records":%d,"lost":0}}' % (passes * keys))
	END
}

# Print the sums of the slots of a picture with one panel, by range.
slot_sums() {
	picture --cells "$1" | sed -E 's/^([0-9]+) .*, (.*): .*/\1 \2/' |
		awk '{ n = $1; $1 = ""; sum[$0] += n } END { for (i in sum) print substr(i, 2), sum[i] }' | sort -n
}

@test "--heat is XML, and its cells are what the passes counted, also of maps that add up" {
	for clear in true false; do
		hists "$clear" 7 1 > h.skel
		skel-fmt --heat h.skel > p.svg
		picture --cells p.svg > cells
		[ "$(wc -l < cells)" -eq 28 ]
		grep -qxF '4 14:00:04 to 14:00:05, 8 to 15 us: 4' cells
		grep -qxF '1 13:59:59 to 14:00:00, 0 to 1 us: 1' cells
		[ "$(slot_sums p.svg)" = $'0 to 1 us 7\n2 to 3 us 14\n4 to 7 us 21\n8 to 15 us 28' ]
		picture --texts p.svg > texts
		grep -qxF 'Heat map: lat on test' texts
		grep -qxF 'hists, key = 0: 70 counted' texts
		skel-poll -f binary h.skel | skel-fmt --heat | cmp - p.svg
		skel-fmt --heat < h.skel | cmp - p.svg
	done
}

@test "--heat has a panel for each histogram, the largest first, and says how many it leaves out" {
	hists false 3 40 > h.skel
	skel-fmt --heat h.skel > p.svg
	picture --texts p.svg > texts
	[ "$(grep -c ' counted$' texts)" -eq 32 ]
	[ "$(grep ' counted$' texts | head -n 2)" = $'hists, key = 39: 1\u00a0200 counted\nhists, key = 38: 1\u00a0170 counted' ]
	grep -qxF '8 smaller histograms are left out' texts
	# Two streams with the same times are added.
	hists true 3 1 > h.skel
	skel-fmt --heat h.skel h.skel > p.svg
	[ "$(slot_sums p.svg)" = $'0 to 1 us 6\n2 to 3 us 12\n4 to 7 us 18\n8 to 15 us 24' ]
	[ "$(picture --cells p.svg | wc -l)" -eq 12 ]
}

@test "--heat joins passes when there are many, and loses none" {
	hists true 20000 1 > h.skel
	skel-fmt --heat h.skel > p.svg
	[ "$(slot_sums p.svg)" = $'0 to 1 us 20000\n2 to 3 us 40000\n4 to 7 us 60000\n8 to 15 us 80000' ]
	[ "$(picture --cells p.svg | wc -l)" -le 2900 ]
	[ "$(stat -c %s p.svg)" -lt 1000000 ]
	python3 - p.svg <<-'END'
		import sys, xml.etree.ElementTree as tree
		for r in tree.parse(sys.argv[1]).getroot().iter("{http://www.w3.org/2000/svg}rect"):
		    assert r.get("data-c") is None or float(r.get("width")) >= 1, r.attrib
	END
}

@test "--heat marks losses where they were" {
	hists true 5 1 | sed '/"round": 3,/a {"@lost":{"map":"hists","count":12}}' > h.skel
	skel-fmt -q --heat h.skel > p.svg
	picture p.svg
	grep -qF '<title>14:00:01 to 14:00:02: 12 records lost</title>' p.svg
	picture --texts p.svg | grep -qxF '12 records lost'
}

@test "--heat shows what skel-count --hist counts, and linear and exp2 histograms" {
	head -n 1 "$FIXTURES/format/slots.skel" > none.skel
	python3 - > r.json <<-'END'
		for i in range(3000):
		    print('{"@map":"m","@time":"2026-11-22T14:48:%02d.000000000Z","cpu":%d,"ns":%d}' % (i // 100, i % 2, i * 7))
	END
	skel-count --by cpu --hist ns --every 1s --delta r.json > c.skel
	skel-fmt --heat c.skel > p.svg
	[ "$(picture --cells p.svg | awk '{ n += $1 } END { print n }')" -eq 3000 ]
	[ "$(picture --texts p.svg | grep -c '^count, cpu = [01], other = false: 1.*500 counted$')" -eq 2 ]
	# All passes so far are no other picture.
	skel-count --by cpu --hist ns --every 1s r.json | skel-fmt --heat > q.svg
	[ "$(picture --cells q.svg | awk '{ n += $1 } END { print n }')" -eq 3000 ]
	for stream in hists slots bars; do
		skel-fmt -q --heat "$FIXTURES/format/$stream.skel" > p.svg
		picture p.svg
		skel-poll -q -f json "$FIXTURES/format/$stream.skel" | skel-fmt -q --heat > q.svg
		diff <(picture --cells p.svg) <(picture --cells q.svg)
	done
}

@test "hostile names stay text in --heat" {
	hists true 2 1 | sed '1s/"unit": "us"/"unit": "<\/text>]]><script>"/; 1s/"name": "lat"/"name": "\\u202e\&amp;"/' > h.skel
	skel-fmt --heat h.skel > p.svg
	picture p.svg
	picture --texts p.svg | grep -qxF ' </text>]]><script>'
}

@test "--heat says what to do when there are no histograms" {
	local no="there are no histograms in the records; make some: skel-count --hist MEMBER --every 1s"
	fails_with 1 "stacks.skel: --heat: $no" skel-fmt --heat "$STACKS"
	echo '{"pid":1}' > u.json
	fails_with 1 "u.json: --heat: $no" skel-fmt --heat u.json
	hists true 2 1 > h.skel
	fails_with 1 'h.skel: no map "other"; there is hists' skel-fmt --heat -m other h.skel
	fails_with 2 "skel-fmt: --heat: histograms have no columns; run it without -c" skel-fmt --heat -c key h.skel
	{ head -n 1 h.skel; echo '{"@end":{"records":0}}'; } > none.skel
	skel-fmt --heat none.skel > p.svg
	picture --texts p.svg | grep -qxF "nothing was counted"
}

@test "=FILE is replaced when the picture is whole, and else the old one stays" {
	hists true 2 1 > h.skel
	for form in flame heat; do
		input=$STACKS
		[ "$form" = flame ] || input=h.skel
		mkdir "$form"
		echo old > "$form/p.svg"
		run -0 --separate-stderr skel-fmt -q "--$form=$form/p.svg" "$input"
		[ -z "$output$stderr" ]
		skel-fmt -q "--$form" "$input" | cmp - "$form/p.svg"
		[ "$(ls -A "$form")" = p.svg ]
		# What has nothing to show replaces nothing.
		echo old > "$form/p.svg"
		fails_with 1 "there are no" skel-fmt "--$form=$form/p.svg" <(echo '{"pid":1}')
		[ "$(cat "$form/p.svg")" = old ]
		[ "$(ls -A "$form")" = p.svg ]
		# A full disk: files may have 1 KiB.
		run -1 bash -c "ulimit -f 1; exec skel-fmt -q --$form=$form/p.svg $input"
		[[ $output == *"$form/p.svg: "* ]]
		[ "$(cat "$form/p.svg")" = old ]
		[ "$(ls -A "$form")" = p.svg ]
	done
	fails_with 1 "/dev/full: it is no regular file" skel-fmt -q --flame=/dev/full "$STACKS" ||
		fails_with 1 "/dev/full" skel-fmt -q --flame=/dev/full "$STACKS"
	run -1 bash -c 'skel-fmt -q --heat h.skel > /dev/full'
}
