#!/usr/bin/env bats
# skel-fmt(1) reads streams and NDJSON and writes text.  tests/fixtures/format has
# streams with every kind of value, which make.py there wrote, and the expected text
# in each form.

load ../helpers/helper

setup() {
	note_places
	FMT=$FIXTURES/format
	export TZ=UTC0
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${JOB:-}" ] || kill -KILL "$JOB" 2>/dev/null || :
}

# Print the stream with its records as JSON.
as_json() { # STREAM
	head -n 1 "$1" | sed 's/"encoding":"binary"/"encoding":"json"/'
	skel-fmt -q --json "$1"
	grep -aE '^\{"@(lost|end)' "$1"
}

# on_terminal COLUMNS COMMAND: print the command's output on a terminal of that width,
# without colours.
on_terminal() {
	NO_COLOR=1 script -qec "stty cols $1 -onlcr; $2" /dev/null
}

@test "the committed streams are what their generator writes" {
	python3 "$FMT/make.py" .
	for file in "$FMT"/*.skel "$FMT"/slots.plain; do
		cmp "$file" "${file##*/}"
	done
}

@test "every kind of value in every form is as its golden output" {
	for stream in "$FMT"/*.skel; do
		for form in json csv tsv table plain raw; do
			skel-fmt -q "--$form" "$stream" |
				diff -u --label "${stream##*/} --$form" "${stream%.skel}.$form" -
		done
	done
}

@test "the header of --plain is that of the reference loader" {
	run -0 skel-fmt --plain "$FMT/reference.skel"
	[ "${lines[0]}" = 'TIME     ARR1   STR    STR_ARR FT     DBL    U8V    I8V    U16V   I16V   U32V   I32V   U64V   I64V   E      ' ]
}

@test "the histogram of --plain is that of the reference loader" {
	run -0 skel-fmt --plain -m hists "$FMT/hists.skel"
	[ "${lines[0]}" = 'key =  305419896' ]
	[ "${lines[1]}" = 'comm = COMM-STR' ]
	[ "${lines[2]}" = '     (unit)              : count    distribution' ]
	[ "${lines[3]}" = '         0 -> 1          : 1000     |*************************************** |' ]
	[ "${lines[28]}" = '  33554432 -> 67108863   : 1025     |****************************************|' ]
}

@test "slots of any width are drawn without overflow; a map without slots is reported" {
	diff -u "$FMT/slots.plain" <(skel-fmt -q --plain "$FMT/slots.skel")
	run -0 --separate-stderr skel-fmt --plain "$FMT/slots.skel"
	[ "$(grep -c 'needs a member slots, an array of integers; shown as default_kv' <<<"$stderr")" -eq 4 ]
	[[ $stderr == *"map scalar: log2_hist needs "* ]]
	[[ $stderr == *"map below: linear_hist needs "* ]]
	as_json "$FMT/slots.skel" > j.skel
	diff -u "$FMT/slots.table" <(skel-fmt -q --table j.skel)
}

@test "slots inside of values and buckets in keys are drawn, from JSON records too" {
	as_json "$FMT/bars.skel" > j.skel
	# JSON records lack the ends of passes, of which these maps have one each.
	for map in .bss cpus depth; do
		skel-fmt -m "$map" "$FMT/bars.skel" > binary.table
		grep -q '\*\*\*\*' binary.table
		diff -u binary.table <(skel-fmt -m "$map" j.skel)
	done
	[ "$(skel-fmt -q -m depth -c key,count "$FMT/bars.skel" | wc -l)" -eq 5 ]
	run -0 --separate-stderr skel-fmt "$FMT/bars.skel"
	[[ $stderr == *"map text: exp2_hist needs a key that ends in an integer"* ]]
}

@test "the JSON of every stream is valid and has as many objects as there are records" {
	for stream in "$FMT"/*.skel; do
		[ "$(skel-fmt -q --json "$stream" | jq -c . | wc -l)" -eq "$(grep -ac ^= "$stream")" ]
	done
}

@test "in JSON histograms have their unit and what each slot counts, and all that they had before" {
	local stream n
	for stream in bars hists slots sampled; do
		skel-poll -q -f json "$FMT/$stream.skel" > plain
		skel-fmt -q --json "$FMT/$stream.skel" > binary
		n=$(python3 "$HELPERS/buckets.py" "$FMT/$stream.skel" plain binary)
		[ "$stream" = sampled ] || [ "${n#* }" -gt 0 ]
		# The header and the records, which have no buckets, and those that have some.
		skel-fmt -q --json plain | diff binary -
		{ head -n 1 plain; cat binary; } | skel-fmt -q --json | diff binary -
	done
	# They are no columns of other forms, and none if some are chosen.
	skel-poll -q -f json "$FMT/hists.skel" > plain
	{ head -n 1 plain; skel-fmt -q --json "$FMT/hists.skel"; } > with
	diff <(skel-fmt -q --csv plain) <(skel-fmt -q --csv with)
	is '{"@map":"line","@time":"2026-11-22T14:48:01.000000001Z","comm":"lin"}' "$(skel-fmt --json -m line -c comm "$FMT/hists.skel")"
}

@test "buckets of JSON records that are not as they should be are valid JSON" {
	local slots
	for slots in 5 null '{}' '[]' '["1",null,true,[1],{"a":1}]' '[-1,1e3,0.5,0]' '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28]' \
		'[340282366920938463463374607431768211455]'; do
		{
			head -n 1 "$FMT/hists.skel" | sed 's/"encoding":"binary"/"encoding":"json"/'
			echo '{"@map":"line","key":1,"value":{"slots":'"$slots"',"comm":"x"}}'
			echo '{"@map":"line","key":1,"value":{"buckets":7,"slots":[1],"unit":[]}}'
		} | skel-fmt -q --json > out
		is "$slots" "$(head -n 1 out | grep -o '"slots":.*' | sed 's/"slots"://; s/,"unit.*//; s/,"comm.*//')"
		is '{"@map":"line","key":1,"value":{"buckets":7,"slots":[1],"unit":[]}}' "$(tail -n 1 out)"
		jq . out >/dev/null
	done
	is '{"min":0,"max":0,"count":340282366920938463463374607431768211455}' "$(grep -o '{"min.*}]' out | head -c -2)"
	is '-1 1000 0.5' "$({ head -n 1 "$FMT/hists.skel" | sed 's/"encoding":"binary"/"encoding":"json"/'
		echo '{"@map":"line","key":1,"value":{"slots":[-1,1e3,0.5,0]}}'
	} | skel-fmt -q --json | jq -r '[.value.buckets[].count] | join(" ")')"
}

@test "CSV reads back with as many fields in each row as in its header" {
	for stream in scalars floats enums texts nested; do
		skel-fmt --csv "$FMT/$stream.skel" > out.csv
		python3 - out.csv <<-'PY'
			import csv, sys
			rows = list(csv.reader(open(sys.argv[1], newline="", encoding="utf-8"), strict=True))
			assert len(rows) > 1 and len({len(row) for row in rows}) == 1, rows
		PY
	done
	[ "$(grep -c $'\r$' out.csv)" -eq "$(wc -l < out.csv)" ]
}

@test "JSON records give the same text as binary ones" {
	for stream in scalars floats enums short types nested reference hists sampled maps kinds; do
		as_json "$FMT/$stream.skel" > j.skel
		for form in json csv tsv table; do
			diff -u "$FMT/$stream.$form" <(skel-fmt -q "--$form" j.skel)
		done
	done
	for stream in scalars floats enums maps; do
		as_json "$FMT/$stream.skel" > j.skel
		diff -u "$FMT/$stream.plain" <(skel-fmt -q --plain j.skel)
	done
}

@test "JSON records give the same text however a program spelled them" {
	for stream in scalars floats enums short types nested reference texts hists slots sampled maps stacks; do
		as_json "$FMT/$stream.skel" > j.skel
		grep -aE '^\{"@(stack|symbols|sampled)' "$FMT/$stream.skel" >> j.skel || :
		for way in compact spaced reversed escaped; do
			"$HELPERS/respell.py" "$way" < j.skel > "$way.skel"
		done
		for form in table csv tsv plain 'csv --bare' folded; do
			[ "$form" != folded ] || [ "$stream" = stacks ] || continue
			read -ra options <<<"--$form"
			skel-fmt -q "${options[@]}" compact.skel > want
			[ -s want ]
			for way in spaced reversed escaped; do
				diff -u --label "$stream $form" want --label "$way" <(skel-fmt -q "${options[@]}" "$way.skel")
			done
		done
		for option in --json --bare; do
			skel-fmt -q --json "$option" compact.skel > want
			# Blanks are dropped; text in ASCII stays as it came.
			skel-fmt -q --json "$option" spaced.skel > got
			"$HELPERS/respell.py" compact < <(echo; cat got) | tail -n +2 | cmp want -
			run -1 grep -aE '^([^"]|"([^"\\]|\\.)*")*[:,] ' got
			for way in reversed escaped; do
				skel-fmt -q --json "$option" "$way.skel" > got
				cmp <(jq -cS . want) <(jq -cS . got)
			done
		done
	done
}

@test "a per-CPU histogram with blanks, as jq or Python write it, is drawn" {
	as_json "$FMT/hists.skel" > j.skel
	{ head -n 1 j.skel; tail -n +2 j.skel | jq -c .; } > jq.skel
	{ head -n 1 j.skel; tail -n +2 j.skel | sed 's/":/" : /g; s/,"/ , "/g; s/\[/[ /g'; } > blank.skel
	for file in jq blank; do
		diff -u "$FMT/hists.table" <(skel-fmt -q --table "$file.skel")
		diff -u "$FMT/hists.plain" <(skel-fmt -q --plain "$file.skel")
	done
	[ "$(grep -c '^count [1-9]' "$FMT/hists.table")" -gt 3 ]
}

@test "--plain has the members of a record by their offsets, other forms as the header has them" {
	jq -c '.types |= map(if .members then .members |= reverse else . end)' <(head -n 1 "$FMT/scalars.skel") > r.skel
	tail -n +2 "$FMT/scalars.skel" >> r.skel
	diff -u "$FMT/scalars.plain" <(skel-fmt -q --plain r.skel)
	for stream in "$FMT/scalars.skel" r.skel; do
		skel-fmt -q --csv --bare "$stream" | head -n 1 | tr -d '\r' | tr , '\n' > "names.${stream##*/}"
	done
	tac names.r.skel | diff -u names.scalars.skel -
}

@test "by default skel-fmt reads standard input, as it does for -, and prints a table" {
	diff -u "$FMT/scalars.table" <(skel-fmt < "$FMT/scalars.skel")
	diff -u "$FMT/scalars.table" <(skel-fmt - < "$FMT/scalars.skel")
}

@test "files are printed one after another, with one line of names if those are the same" {
	cp "$FMT/floats.skel" again
	run -0 skel-fmt --csv -b "$FMT/floats.skel" - "$FMT/scalars.skel" < again
	[ "$(grep -c '^ft,dbl' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^1.23,4.56' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^u8,' <<<"$output")" -eq 1 ]
}

@test "a bitfield of 128 bits may lie in 17 bytes" {
	local sign int
	for sign in false true; do
		int='{"kind":"int","name":"i","size":16,"signed":'$sign'}'
		echo '{"skel":"stream","version":1,"name":"x","encoding":"binary","maps":[{"name":"m","source":"ringbuf","value":2}],
			"types":['"$int"',{"kind":"int","name":"short","size":2,"signed":'$sign'},
			{"kind":"struct","name":"s","size":18,"members":[{"name":"low","type":1,"offset":0,"bit_offset":0,"bits":7},
			{"name":"wide","type":0,"offset":0,"bit_offset":7,"bits":128},
			{"name":"high","type":1,"offset":16,"bit_offset":7,"bits":9}]}]}' | tr -d '\n\t'
		printf '\n=\x09\x00\x01\x13Y\xdace\xea\x18\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\x55\xd5\xaa\n'
		echo '{"@end":{"records":1,"lost":0}}'
	done >two
	split -l 3 two part.
	run -0 skel-fmt --json --bare part.aa
	is '{"low":85,"wide":"226854911280625642308916404954512140970","high":341}' "$output"
	run -0 skel-fmt --json --bare part.ab
	is '{"low":-43,"wide":"-113427455640312821154458202477256070486","high":-171}' "$output"
}

@test "times are in UTC with nanoseconds in JSON and local times of day in a table" {
	export TZ=UTC-5:30
	run -0 skel-fmt --json -c u8 "$FMT/scalars.skel"
	[ "${lines[1]}" = '{"@map":"rb","@time":"2026-11-22T14:48:02.500000001Z","u8":255}' ]
	run -0 skel-fmt -c u8 "$FMT/scalars.skel"
	[ "${lines[2]}" = '20:18:02 255' ]
}

@test "--time writes times in each style, in every form" {
	export TZ=UTC-5:30
	styles=(iso local unix ns delta none '%d.%m. "%H,%M":%S.%3N')
	for style in "${styles[@]}"; do
		for form in table json csv tsv plain; do
			printf -- '-- %s %s\n' "$form" "$style"
			skel-fmt -q "--$form" -c u8 "--time=$style" "$FMT/scalars.skel" | sed 3q
		done
	done > all
	tr -d '\r' < all > got
	diff -u "$FIXTURES/time-styles.txt" got
}

@test "JSON records have the same times in every style as binary ones" {
	export TZ=UTC-5:30
	for stream in scalars maps hists sampled; do
		as_json "$FMT/$stream.skel" > j.skel
		for style in local unix delta none '%d.%m. "%H,%M":%S.%3N'; do
			for form in json csv tsv table; do
				diff -u <(skel-fmt -q "--$form" "--time=$style" "$FMT/$stream.skel") \
				    <(skel-fmt -q "--$form" "--time=$style" j.skel)
			done
		done
	done
	run -0 skel-fmt --json --time=ns <<-'END'
		{"a":1,"@time":"2026-11-22T14:48:01Z","b":{"@time":"x"},"@map":"rb"}
		{ "@map" : "rb" , "c" : [ 1 ] }
		{"@time":"yesterday","@map":"rb"}
		{"@time":"2026-11-22T14:48:01Z"}
	END
	[ "${lines[0]}" = '{"a":1,"@time":1795358881000000000,"b":{"@time":"x"},"@map":"rb"}' ]
	[ "${lines[1]}" = '{"@map":"rb","c":[1]}' ]
	[ "${lines[2]}" = '{"@time":"yesterday","@map":"rb"}' ]
	[ "${lines[3]}" = '{"@time":1795358881000000000}' ]
	run -0 skel-fmt --json --time=none <<<'{"a":1,"@time":"2026-11-22T14:48:01Z"}'
	[ "$output" = '{"a":1}' ]
}

@test "--time=delta counts from record to record of all maps and files" {
	skel-fmt --csv -q --time=ns "$FMT/maps.skel" "$FMT/scalars.skel" | awk -F, '
		$2 ~ /^[0-9]/ {
			s = substr($2, 1, 10); n = substr($2, 11)
			printf "%.9f\n", any++ ? (s - last_s) + (n - last_n) / 1e9 : 0
			last_s = s; last_n = n
		}' > want
	[ "$(wc -l < want)" -gt 5 ]
	grep -q '^[1-9]' want
	skel-fmt --csv -q --time=delta "$FMT/maps.skel" "$FMT/scalars.skel" |
		cut -d, -f2 | grep -v time > got
	diff -u want got
}

@test "--time refuses what is no style, with those there are" {
	run -2 --separate-stderr skel-fmt --time=utc "$FMT/scalars.skel"
	[ -z "$output" ]
	[[ $stderr = *'unknown style "utc"; expected iso, local, unix, ns, delta, none, or a format'* ]]
	run -2 --separate-stderr skel-fmt --time=%q "$FMT/scalars.skel"
	[[ $stderr = *'--time: unknown conversion "%q"'* ]]
}

@test "the local zone is known to --time although skel-fmt gives up opening files" {
	TZ=Europe/Berlin
	[ -e "/usr/share/zoneinfo/$TZ" ] || skip "no zone files"
	export TZ
	run -0 skel-fmt --json --time='%H:%M %Z %z' -c u8 < "$FMT/scalars.skel"
	[ "${lines[1]}" = '{"@map":"rb","@time":"15:48 CET +0100","u8":255}' ]
}

@test "--bare leaves out the map and the time" {
	run -0 skel-fmt --json --bare -m execs -q "$FMT/maps.skel"
	[ "${lines[0]}" = '{"pid":10,"comm":"true"}' ]
	run -0 bash -c 'skel-fmt --json -q "$1" | skel-fmt --json --bare -m exits' - "$FMT/maps.skel"
	[ "$output" = '{"pid":10,"code":0}' ]
	run -0 skel-fmt --csv -b -m execs -q "$FMT/maps.skel"
	[ "${lines[0]}" = $'pid,comm\r' ]
	run -0 skel-fmt -b -m execs -q "$FMT/maps.skel"
	[ "${lines[0]}" = '       PID COMM' ]
}

@test "--bare finds the map and the time wherever they stand" {
	run -0 skel-fmt --json --bare <<-'END'
		{"a":1,"@time":"2026-11-22T14:48:01Z","b":{"@map":"x"},"@map":"rb"}
		{ "@map" : "rb" , "c" : [ 1 ] }
		{"@time":"2026-11-22T14:48:01Z","@map":"rb"}
	END
	[ "${lines[0]}" = '{"a":1,"b":{"@map":"x"}}' ]
	[ "${lines[1]}" = '{"c":[1]}' ]
	[ "${lines[2]}" = '{}' ]
}

@test "-c selects columns and their order, also nested members and whole structs" {
	run -0 skel-fmt --csv -b -c when,at.y,pid "$FMT/nested.skel"
	[ "${lines[0]}" = $'when,at.y,pid\r' ]
	[ "${lines[1]}" = $'3,2,1\r' ]
	run -0 skel-fmt --csv -b -c at -c pid "$FMT/nested.skel"
	[ "${lines[0]}" = $'at.x,at.y,pid\r' ]
	run -0 skel-fmt --json -b -c at,at.y "$FMT/nested.skel"
	[ "${lines[0]}" = '{"at":{"x":-1,"y":2},"at.y":2}' ]
	run -0 skel-fmt --plain -c fd,pid "$FMT/nested.skel"
	[ "${lines[0]}" = 'TIME     FD     PID    ' ]
}

@test "-c selects members of a sampled map's key and value, and the values of each CPU" {
	run -0 skel-fmt --json -b -m struct -c name,value.comm,key "$FMT/sampled.skel"
	[ "$output" = '{"name":"a,b","value.comm":"bash","key":{"pid":42,"name":"a,b"}}' ]
	run -0 skel-fmt --csv -b -H -m count -c values,value "$FMT/sampled.skel"
	[ "$output" = $'"[4294967295,1,3]",4294967299\r' ]
}

@test "an unknown column or map is an error that lists the known ones" {
	fails_with 1 'scalars.skel: no column "nope"; there are b, c, p4, p8, pid' \
		skel-fmt -c u8,nope "$FMT/scalars.skel"
	fails_with 1 'maps.skel: no map "nope"; there are execs, exits, numbers, bytes' \
		skel-fmt -m execs -m nope "$FMT/maps.skel"
}

@test "with -c only the maps that have one of the columns are shown" {
	run -0 skel-fmt -q --csv -b -c code,value "$FMT/maps.skel"
	[ "$output" = $'code\r\n0\r\nvalue\r\n99\r' ]
}

@test "--no-header omits the names of columns in every form" {
	for form in csv tsv table plain; do
		run -0 skel-fmt -q "--$form" --no-header "$FMT/maps.skel"
		[[ $output != *[Pp][Ii][Dd]* ]]
		[[ $output != *execs:* ]]
	done
}

@test "the columns of NDJSON without a header are the keys of its first object" {
	run -1 --separate-stderr skel-fmt --csv <<-'END'
		{"pid":1,"a":{"b":"x,y","c":[1, 2]},"ok":true}
		{"a":{"c":null},"new":1,"pid":-2.5e3}
		{"pid":}
		{"ok":"\u0041\ud83d\ude00\ud800","pid":3}
	END
	[ "${lines[0]}" = $'pid,a.b,a.c,ok\r' ]
	[ "${lines[1]}" = $'1,"x,y","[1,2]",true\r' ]
	[ "${lines[2]}" = $'-2.5e3,,null,\r' ]
	[ "${lines[3]}" = $'3,,,A😀�\r' ]
	[ "${stderr_lines[0]}" = 'skel-fmt: <stdin>:2: no column for new: the first record did not have it; choose columns with -c' ]
	[ "${stderr_lines[1]}" = 'skel-fmt: <stdin>:3: not JSON from column 8 on' ]
}

@test "an object without keys is a row without columns" {
	run -0 --separate-stderr skel-fmt --csv <<<$'{"@map":"x"}\n{"@map":"x","a":1}\n{}\n{}'
	[ "$output" = $'@map,@time\r\nx,\r\nx,\r\n\r\n\r\n\r' ]
	[ "$stderr" = "skel-fmt: <stdin>:2: no column for a: the first record did not have it; choose columns with -c" ]
}

@test "NDJSON with @map and @time gives the same text as the stream it came from" {
	run -0 bash -c 'skel-fmt -q --json "$1" | skel-fmt' - "$FMT/maps.skel"
	[ "${lines[0]}" = 'TIME         PID COMM' ]
	[ "${lines[1]}" = '14:48:01      10 true' ]
	[[ $output == *$'\n\nexits:\nTIME         PID    CODE\n14:48:01      10       0\n\n'* ]]
	diff -u "$FMT/maps.csv" <(skel-fmt -q --json "$FMT/maps.skel" | skel-fmt --csv)
}

@test "a line that is not JSON is reported with its line and column" {
	local text
	for text in '{"a"}' '{"a":01}' '{"a":1,}' '{"a":"x' '{"a":"\q"}' '{"a":[1}' \
		'{"a":1}}' '{"a":tru}' $'{"a":"\001"}' '{"a":-}' '{"a":1.}' '{"a":"\u12"}'; do
		run -1 --separate-stderr skel-fmt --json <<<$'{"a":0}\n'"$text"
		[ "$output" = '{"a":0}' ]
		[[ $stderr == 'skel-fmt: <stdin>:2: not JSON from column '* ]]
	done
	run -1 --separate-stderr skel-fmt --json < <(
		echo '{"a":0}'
		printf '{"a":%s1%s}\n' "$(printf '[%.0s' {1..600})" "$(printf ']%.0s' {1..600})"
	)
	[[ $stderr == *'<stdin>:2: not JSON from column'* ]]
}

@test "a bad line is reported with its number and skipped, and the exit status is 1" {
	LC_ALL=C sed '3s/.*/nonsense/' "$FMT/floats.skel" > bad.skel
	run -1 --separate-stderr skel-fmt --json bad.skel
	diff <(sed 2d "$FMT/floats.json") <(echo "$output")
	[ "$stderr" = 'skel-fmt: bad.skel:3: neither a record nor a JSON object' ]
}

@test "a record that ends before its last array begins is a bad line" {
	head -n 1 "$FMT/short.skel" > bad.skel
	# A body of map 0, a time and 3 bytes; the array begins after 4.
	printf '=\x07\0\1\1\1\1\1\1\1\1\1\1\1\n{"@end":{"records":0,"lost":0}}\n' >> bad.skel
	run -1 --separate-stderr skel-fmt --json bad.skel
	[ -z "$output" ]
	[ "$stderr" = "skel-fmt: bad.skel:2: record of map text is 3 bytes, its type needs 4" ]
}

@test "@error lines of a map are reported once, and then as a count" {
	{
		head -n 1 "$FMT/floats.skel"
		yes '{"@error":{"map":"rb","message":"too short"}}' | head -n 3
		echo '{"@error":{"map":"rb","message":"still too short","count":7}}'
		echo '{"@end":{"records":0,"lost":0}}'
	} > e.skel
	run --separate-stderr skel-fmt --json e.skel
	[ "${stderr_lines[0]}" = "skel-fmt: e.skel:2: map rb: too short" ]
	[ "${stderr_lines[1]}" = "skel-fmt: e.skel: map rb: 10 records could not be read, in total" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
}

@test "a record shorter than its type is a bad line" {
	head -n 1 "$FMT/floats.skel" > short.skel
	# The tag 3D, then a stuffed body of 4 bytes, too short for a time.
	printf '=\x0f\0\1\2\3\n{"@end":{"records":0,"lost":0}}\n' >> short.skel
	run -1 --separate-stderr skel-fmt --json short.skel
	[ -z "$output" ]
	[[ $stderr == 'skel-fmt: short.skel:2: '* ]]
}

@test "a stream without its end is shown with a notice, and that is no failure" {
	run -0 --separate-stderr skel-fmt --json < <(head -n 3 "$FMT/floats.skel")
	[ "$(wc -l <<<"$output")" -eq 2 ]
	[ "$stderr" = 'skel-fmt: <stdin>: the end is missing: the stream was cut' ]
	run -0 --separate-stderr skel-fmt -q --json < <(head -n 3 "$FMT/floats.skel")
	[ -z "$stderr" ]
	head -c 700 "$FMT/nested.skel" > half.skel
	run -1 --separate-stderr skel-fmt --json half.skel
	[[ $stderr == *half.skel* ]]
}

@test "lost records give a notice, unknown @ lines do not" {
	run -0 --separate-stderr skel-fmt --json "$FMT/maps.skel"
	[ "$stderr" = "skel-fmt: $FMT/maps.skel: 12 records lost in map exits" ]
}

@test "losses are told as they come, and at the end all of them, also those of which only the end knows" {
	{
		head -n 1 "$FMT/floats.skel"
		printf '{"@lost":{"map":"rb","count":%d}}\n' 3 4
		echo '{"@end":{"records":0,"lost":9}}'
	} >lossy
	run -0 --separate-stderr skel-fmt --json lossy
	is "skel-fmt: lossy: 3 records lost in map rb
skel-fmt: lossy: 9 records lost in total" "$stderr"
	run -3 --separate-stderr skel-poll lossy
	is "skel-poll: 9 records were lost" "$stderr"
	is '{"@end":{"records":0,"lost":9}}' "${lines[-1]}"
	# Another stream has losses of its own.
	cat lossy lossy >twice
	run -0 --separate-stderr skel-fmt --json twice
	[[ $stderr == *"skel-fmt: twice: 18 records lost in total" ]]
	sed -i 's/"lost":9/"lost":7/' lossy
	run -0 --separate-stderr skel-fmt --json lossy
	is "skel-fmt: lossy: 3 records lost in map rb
skel-fmt: lossy: 7 records lost in total" "$stderr"
}

@test "an @error line of the stream is reported with its number" {
	LC_ALL=C sed '3s/.*/{"@error":{"map":"rb","message":"too\\u001b\\nshort\\u0085"}}/' "$FMT/floats.skel" > e.skel
	run -0 --separate-stderr skel-fmt --json e.skel
	[ "$stderr" = 'skel-fmt: e.skel:3: map rb: too\^[\nshort\M-B\M^E' ]
}

@test "a histogram map without slots is reported and shown as keys and values" {
	run -0 --separate-stderr skel-fmt -m broken "$FMT/sampled.skel"
	[[ $stderr == *'map broken: log2_hist needs a member slots, an array of integers; shown as default_kv'* ]]
	[[ $output == *'14:48:01          9                    1                    2 [3,4]' ]]
}

@test "an input that is not a stream is refused with advice" {
	fails_with 1 'this is a package; load it first: skel-load' skel-fmt "$ASSETS/bootstrap.json"
	LC_ALL=C sed 's/"skel":"stream"/"skel":"session","dir":"\/sys\/fs\/bpf\/x"/; s/"source"/"pin":"\/sys\/fs\/bpf\/x\/rb","source"/' \
		<(head -n 1 "$FMT/floats.skel") > session
	fails_with 1 'session: this is a session; poll it first: skel-poll' skel-fmt session
	fails_with 1 '/nonexistent: No such file or directory' skel-fmt /nonexistent
	fails_with 1 'JSON records have no raw bytes' skel-fmt --raw <<<'{"a":1}'
}

@test "a file that cannot be read does not prevent the others from being shown" {
	run -1 --separate-stderr skel-fmt --json /nonexistent "$FMT/floats.skel"
	diff "$FMT/floats.json" <(echo "$output")
}

@test "usage errors exit 2 and print nothing on stdout" {
	fails_with 2 'usage: skel-fmt' skel-fmt --folder
	fails_with 2 '-c: the name of a column is empty' skel-fmt -c a,,b
	fails_with 2 'usage: skel-fmt' skel-fmt -m
}

@test "an empty input is empty output" {
	run -0 --separate-stderr skel-fmt </dev/null
	[ -z "$output$stderr" ]
}

@test "on a terminal a table fits its width and cuts text with an ellipsis" {
	run -0 on_terminal 80 "skel-fmt $FMT/texts.skel"
	[ "${lines[2]}" = '14:48:01 sixteen letter… 0123456789abcd… ["eightchr","","x"] xxxxxxxxxxxxxxxxxx…' ]
	[ "${lines[4]}" = '14:48:01 grün 中文       \M^?\M-~\M-C    ["é","�",""]        cut \M-d\M-8' ]
	run -0 on_terminal 30 "skel-fmt -c comm,name $FMT/texts.skel"
	[ "${lines[2]}" = '14:48:01 sixteen l… 012345678…' ]
}

@test "on a terminal numbers are never cut" {
	run -0 on_terminal 40 "skel-fmt -c u64,s32,u8 $FMT/scalars.skel"
	[ "${lines[0]}" = 'TIME              U64     S32  U8' ]
	[ "${lines[2]}" = '14:48:02 18446744073709551615 2147483647 255' ]
}

@test "--spark shows a histogram as one line" {
	is 'TIME     KEY                              SLOTS                           COUNT        P50        P99
14:48:01 key = 305419896, comm = COMM-STR ██████████████████████████      26325      16383   67108863
14:48:01 key = 1, comm = idle\n                                               0' \
		"$(skel-fmt -q --spark -m hists "$FMT/hists.skel" | sed 's/ *$//; /^$/d')"
	is 'TIME     KEY                              CPUS                            COUNT        P50        P99
14:48:01 key = 7, comm = lin              ▃ █                                 4          2          2' \
		"$(skel-fmt -q --spark -m line "$FMT/hists.skel" | sed '/^$/d')"
	# Those inside of a value, one by one; what is no histogram is as ever.
	is 'TIME     KEY                              SLOT      COUNT
14:48:01 exits = 18, one.unused = 1       █ ▂           7
14:48:01 exits = 18, one.unused = 1, hists[0] ▂▄▆█     10
14:48:01 exits = 18, one.unused = 1, hists[2]   █       9
14:48:01 exits = 18, one.unused = 1, one  █             5' \
		"$(skel-fmt -q --spark -m .bss "$FMT/bars.skel" | sed '/^$/d')"
	[[ $(skel-fmt -q --spark "$FMT/bars.skel") == *$'text:\nTIME     KEY '*'VALUE'* ]]
	# Those whose bucket is in the key; a row for what is in no bucket.
	run -0 --separate-stderr skel-fmt -q --spark -b -m lat "$FMT/bars.skel"
	[[ $output == *$'comm = sh                        █▁                             ▁ 8589934598 '*$'\nand 1 below bucket 0\n'* ]]
	for stream in hists slots; do
		skel-fmt -q --spark "$FMT/$stream.skel" > binary
		as_json "$FMT/$stream.skel" | skel-fmt -q --spark | diff binary -
	done
	# A terminal that has less room has less slots.
	run -0 on_terminal 60 "skel-fmt -q --spark -m wide $FMT/hists.skel"
	[[ ${lines[1]} == '14:48:01 pid = 1'*'▁       █     400000010 '* ]]
	fails_with 2 '--spark: it is for a table' skel-fmt --spark --json "$FMT/hists.skel"
}

# with_errors_on_terminal COMMAND: print what the command writes to a terminal.
with_errors_on_terminal() {
	TERM=xterm script -qec "stty cols ${COLUMNS_THERE:-80} -onlcr; $1" /dev/null < /dev/null
}

@test "a long file has a line of progress on a terminal, which goes away" {
	head -n 1 "$FMT/maps.skel" | sed 's/"encoding":"binary"/"encoding":"json"/' > long.skel
	{ yes '{"@map":"execs","@time":"2026-11-22T14:48:01Z","pid":1,"comm":"sh"}' || :; } |
		head -n 260000 >> long.skel
	local erase=$'\r\e[K' shown
	shown=$(with_errors_on_terminal "skel-fmt --csv long.skel > out")
	[[ $shown == "$erase"'long.skel: '[0-9]*' % of 16 MiB'* ]]
	# It is removed before a message, here of the end that is missing.
	[[ $shown == *" MiB$erase"'skel-fmt: long.skel: the end is missing: the stream was cut' ]]
	[ "$(wc -l < out)" -gt 260000 ]
	# No line is longer than the window.
	ln long.skel a-very-long-name-of-a-file-that-is-long.skel
	shown=$(COLUMNS_THERE=20 with_errors_on_terminal "skel-fmt --csv a-very*.skel > out")
	[[ $shown == "$erase"a-very-long-name-of"$erase"* ]]
	# On the terminal itself, to a pipe, with -q, of a short file, in the
	# background and in a script there is none.
	for run in "skel-fmt -m numbers long.skel" "skel-fmt --csv long.skel | tail -n 1" \
		"skel-fmt -q --csv long.skel > out" "skel-fmt --csv $FMT/maps.skel > out" \
		"set -m; skel-fmt --csv long.skel > out & wait"; do
		[[ $(with_errors_on_terminal "$run") != *' MiB'* ]]
	done
	run -0 --separate-stderr skel-fmt --csv long.skel
	[[ $stderr != *MiB* ]]
}

# Without the escape sequences of colours.
unpainted() {
	sed $'s/\e\\[[0-9]*m//g'
}

@test "--color paints the table by what a text means, and changes nothing else" {
	run -0 --separate-stderr skel-fmt -q --color=always -m flow -c saddr,ret "$FMT/kinds.skel"
	is $'\e[1mTIME     SADDR           RET\e[m
\e[36m14:48:01\e[m 127.0.0.1       \e[31m-EACCES\e[m
\e[36m14:48:01\e[m 10.1.22.133     0
\e[36m14:48:01\e[m 0.0.0.0         5' "$output"
	# An unsigned member has the error without its sign; a number that is no
	# error is not painted, and with --numeric an error is a number.
	skel-fmt -q --color=always -b -m flow -c hop,ret --as hop=errno "$FMT/kinds.skel" > out
	[ "$(grep -c $'\e\\[31mE' out)" -gt 0 ]
	skel-fmt -q --color --numeric -b -H -m flow -c ret "$FMT/kinds.skel" > out
	is $'\e[31m        -13\e[m' "$(head -n 1 out)"
	run -0 --separate-stderr skel-fmt -q --color=always "$FMT/maps.skel"
	[ "${lines[0]}" = $'\e[35mexecs:\e[m' ]
	# The widths are those without colours, and no text of a stream is painted.
	for stream in "$FMT"/*.skel; do
		skel-fmt -q "$stream" > plain
		skel-fmt -q --color=always "$stream" > painted
		unpainted < painted | diff plain -
		# That is all that there may be.
		! unpainted < painted | grep -q $'\e'
		as_json "$stream" | skel-fmt -q --color=always | unpainted > json
		as_json "$stream" | skel-fmt -q | diff - json
	done
	skel-fmt -q --color=always --json "$FMT/kinds.skel" | cmp - "$FMT/kinds.json"
	fails_with 2 '--color=sometimes: it is auto, always or never' skel-fmt --color=sometimes
}

@test "colours are for terminals that have them" {
	local run="skel-fmt -q -m flow -c ret" stream=$FMT/kinds.skel painted=$'\e[31m-EACCES\e[m'
	export TERM=xterm
	unset NO_COLOR
	[[ $($run "$stream") != *$'\e'* ]]
	[[ $(script -qec "$run $stream" /dev/null) == *"$painted"* ]]
	[[ $(script -qec "$run --color=never $stream" /dev/null) != *$'\e'* ]]
	[[ $(NO_COLOR=1 script -qec "$run $stream" /dev/null) != *$'\e'* ]]
	[[ $(NO_COLOR='' script -qec "$run $stream" /dev/null) == *"$painted"* ]]
	[[ $(TERM=dumb script -qec "$run $stream" /dev/null) != *$'\e'* ]]
	[[ $(NO_COLOR=1 $run --color=always "$stream") == *"$painted"* ]]
}

@test "on a narrow terminal a column's name is cut to the width of its values" {
	tr -d '\n\t' > heads.skel <<'EOF'
{"skel":"stream","version":1,"name":"x","encoding":"json",
"maps":[{"name":"m","source":"ringbuf","value":3}],"types":[
	{"kind":"int","name":"int","size":4,"signed":true},
	{"kind":"bool","name":"_Bool","size":1},
	{"kind":"char","name":"char","size":1},
	{"kind":"struct","name":"e","size":37,"members":[
		{"name":"exit_code","type":0,"offset":0},
		{"name":"exit_event","type":1,"offset":4},
		{"name":"file","type":4,"offset":5}]},
	{"kind":"array","name":"","size":32,"of":2,"count":32}]}
EOF
	cat >> heads.skel <<'EOF'

{"@map":"m","exit_code":-1,"exit_event":false,"file":"/usr/share/doc/x"}
{"@end":{"records":1,"lost":0}}
EOF
	run -0 on_terminal 80 "skel-fmt -b heads.skel"
	[ "${lines[0]}" = '  EXIT_CODE EXIT_EVENT FILE' ]
	run -0 on_terminal 28 "skel-fmt -b heads.skel"
	[ "${lines[0]}" = 'EXIT_C… EXIT… FILE' ]
	[ "${lines[1]}" = '     -1 false /usr/share/do…' ]
}

@test "a histogram omits members whose text is empty" {
	head -n 1 "$FMT/hists.skel" > empty.skel
	printf '%s\n' '{"@map":"hists","key":5,"value":{"slots":[1],"comm":""}}' \
		'{"@map":"hists","key":6,"value":{"slots":[1],"comm":"x"}}' >> empty.skel
	run -0 skel-fmt -q -b -m hists empty.skel
	[ "${lines[0]}" = 'key = 5' ]
	[[ $output == *$'\nkey = 6, comm = x\n'* ]]
}

@test "of many bad lines the first hundred are reported, and then their number" {
	{ head -n 1 "$FMT/maps.skel"; yes x | head -n 5000; echo '{"@end":{"records":0,"lost":0}}'; } > flood.skel
	run -1 --separate-stderr skel-fmt flood.skel
	[ "${#stderr_lines[@]}" -eq 102 ]
	[ "${stderr_lines[99]}" = 'skel-fmt: flood.skel:101: neither a record nor a JSON object' ]
	[ "${stderr_lines[100]}" = 'skel-fmt: flood.skel:102: more than 100 bad lines; from here on they are only counted' ]
	[ "${stderr_lines[101]}" = 'skel-fmt: flood.skel: 5000 bad lines in total' ]
}

@test "a line that is too long is skipped without keeping it, and the next one is read" {
	{ head -n 1 "$FMT/maps.skel"; printf '='; head -c 70M /dev/zero; echo; sed 1d "$FMT/maps.skel"; } > long.skel
	run -0 --separate-stderr skel-fmt "$FMT/maps.skel"
	whole=$output
	run -1 --separate-stderr skel-fmt -q < <(cat long.skel)
	[ "$output" = "$whole" ]
	[ "$stderr" = 'skel-fmt: <stdin>:2: a line longer than 67108864 bytes' ]
}

@test "a header whose first key is damaged is refused in one line" {
	LC_ALL=C sed '1s/"skel"/"spel"/' "$FMT/maps.skel" > spel.skel
	run -1 --separate-stderr skel-fmt spel.skel
	[ -z "$output" ]
	[ "$stderr" = 'skel-fmt: spel.skel:1: header: skel is missing' ]
}

@test "control bytes in the name of a process do not reach the terminal" {
	run -0 skel-fmt "$FMT/texts.skel"
	[ "$(tr -d '[:cntrl:]' <<<"$output" | wc -c)" -eq "$(tr -d '\n' <<<"$output" | wc -c)" ]
	run ! grep -P '\xc2[\x80-\x9f]|\xe2\x80\xae' <<<"$output"
}

@test "on a terminal CSV and TSV have no control bytes either" {
	local form
	for form in csv tsv; do
		run -0 on_terminal 80 "skel-fmt --$form $FMT/texts.skel"
		[[ $output != *$'\033'* ]]
		[[ $(skel-fmt --$form "$FMT/texts.skel") == *$'\033'* ]]
	done
}

@test "control bytes in the names of a header do not reach the terminal" {
	LC_ALL=C sed '1s/"name":"execs"/"name":"e\\u001b[2J"/; 1s/"name":"pid"/"name":"p\\u009b"/g' \
		"$FMT/maps.skel" > evil.skel
	for form in table plain; do
		run -0 skel-fmt -q "--$form" evil.skel
		[[ $output == *'\M-B\M^['* ]]
		[[ $output != *$'\033'* && $output != *$'\302\233'* ]]
	done
	[ "$(skel-fmt -q evil.skel | head -n 1)" = 'e\^[[2J:' ]
}

@test "of several maps without a header --plain names the columns of each once" {
	run -0 bash -c 'skel-fmt -q --json "$1" | skel-fmt --plain' - "$FMT/maps.skel"
	[ "$(grep -c TIME <<<"$output")" -eq 4 ]
}

@test "-v reports what is read" {
	run -0 --separate-stderr skel-fmt -v --json "$FMT/floats.skel"
	[ "$stderr" = "skel-fmt: $FMT/floats.skel: records of floats, from test, since 2026-11-22T14:48:00.000000000Z" ]
}

@test "a record is written before the next one arrives" {
	coproc skel-fmt --json
	JOB=$COPROC_PID
	exec 5<&"${COPROC[0]}" 6>&"${COPROC[1]}"
	head -n 2 "$FMT/floats.skel" >&6
	read -r -t 5 line <&5
	[ "$line" = "$(head -n 1 "$FMT/floats.json")" ]
	sed -n 3p "$FMT/floats.skel" >&6
	read -r -t 5 line <&5
	[ "$line" = "$(sed -n 2p "$FMT/floats.json")" ]
}

@test "the names of a single map's columns are written before its first record" {
	coproc skel-fmt --csv
	JOB=$COPROC_PID
	exec 5<&"${COPROC[0]}" 6>&"${COPROC[1]}"
	head -n 1 "$FMT/floats.skel" >&6
	read -r -t 5 line <&5
	[ "$line" = $'@map,@time,ft,dbl\r' ]
}

# start_fmt: run skel-fmt in the background as JOB; descriptor 6 holds its input
# open, and two records have been shown.
start_fmt() {
	mkfifo in
	skel-fmt --json < in > out 3>&- &
	JOB=$!
	exec 6> in
	head -n 3 "$FMT/floats.skel" >&6
	wait_for 5 has_two
}

has_two() {
	[ "$(wc -l < out)" -eq 2 ]
}

@test "Ctrl-C does not end skel-fmt, which shows what the head still writes" {
	# This runs as a job of an interactive shell; others start with SIGINT ignored.
	trap - INT
	set -m
	start_fmt
	kill -INT "$JOB"
	tail -n +4 "$FMT/floats.skel" >&6
	exec 6>&-
	wait "$JOB"
	diff -u "$FMT/floats.json" out
}

@test "SIGTERM ends skel-fmt at once with status 0, after it has written what it read" {
	start_fmt
	kill -TERM "$JOB"
	wait "$JOB"
	exec 6>&-
	[ "$(wc -l < out)" -eq 2 ]
}

@test "when its reader leaves, skel-fmt ends with status 0 without waiting for more input" {
	mkfifo in
	exec 6<> in
	head -n 3 "$FMT/floats.skel" >&6
	run -0 timeout 5 bash -c 'skel-fmt --json < in | head -n 1; exit ${PIPESTATUS[0]}'
	[ "$output" = "$(head -n 1 "$FMT/floats.json")" ]
	exec 6>&-
}

@test "a reader that has left while there is more to write is no failure" {
	yes '{"n":1}' | head -n 200000 >numbers
	run -0 --separate-stderr bash -c 'skel-fmt --json numbers | head -n 1; exit ${PIPESTATUS[0]}'
	[ "$output" = '{"n":1}' ]
	[ -z "$stderr" ]
}

@test "a reader that leaves before there is any input ends skel-fmt too" {
	mkfifo in
	exec 6<> in
	run -0 timeout 5 bash -c 'skel-fmt < in | :; exit ${PIPESTATUS[0]}'
	[ -z "$output" ]
	exec 6>&-
}

@test "a full disk is a failure" {
	[ -c /dev/full ] || skip "no /dev/full"
	run -1 bash -c 'skel-fmt "$1" > /dev/full' - "$FMT/floats.skel"
	[ "$output" = 'skel-fmt: <stdout>: No space left on device' ]
}

@test "--csv=safe and --tsv=safe leave a spreadsheet no formula, and numbers as they are" {
	local record='{"a":"=1+1","b":-5,"c":"-5.5e-3","d":"+x,\"y","e":"@u","f":"\t=x","g":"\u0066\uff1dx","h":"\uff1dx","=i":"-2+3","j":[1],"k":"-","l":"a\n=b"}'

	run -0 skel-fmt --csv=safe <<<"$record"
	[ "$output" = $'a,b,c,d,e,f,g,h,\'=i,j,k,l\r\n\'=1+1,-5,-5.5e-3,"\'+x,""y",\'@u,\'\t=x,f\uff1dx,\'\uff1dx,\'-2+3,[1],\'-,"a\n=b"\r' ]
	run -0 skel-fmt --tsv=safe --no-header <<<"$record"
	[ "$output" = $'\'=1+1\t-5\t-5.5e-3\t\'+x,"y\t\'@u\t\\t=x\tf\uff1dx\t\'\uff1dx\t\'-2+3\t[1]\t\'-\ta\\n=b' ]
	# Other forms, and these without the word, have each cell as it is.
	run -0 skel-fmt --csv=safe --csv --no-header <<<"$record"
	[[ $output == '=1+1,-5,'* ]]
	run -0 skel-fmt --csv=safe --no-header -m rb "$FMT/enums.skel"
	[[ ${lines[0]} == 'rb,2026-11-22T14:48:01.000000001Z,RED(0),'* ]]
	fails_with 2 "skel-fmt: --csv=all: it is safe or sql" skel-fmt --csv=all
}

# A record with the members f, of an enum of bits, fs, two of them, and n, an enum that counts.
enum_of_bits() {
	echo '{"skel":"stream","version":1,"name":"x","encoding":"json","maps":[{"name":"m","source":"ringbuf","value":3}],"types":[{"kind":"enum","name":"access","size":4,"values":[["RD",1],["WR",2],["X",4],["RX",5]]},{"kind":"array","name":"","size":8,"of":0,"count":2},{"kind":"enum","name":"n","size":4,"values":[["A",1],["B",2]]},{"kind":"struct","name":"s","size":16,"members":[{"name":"f","type":0,"offset":0},{"name":"fs","type":1,"offset":4},{"name":"n","type":2,"offset":12}]}]}'
	echo "{\"@map\":\"m\",\"@time\":\"2026-01-01T00:00:00Z\",$1}"
	echo '{"@end":{"records":1,"lost":0}}'
}

@test "a combination of bits is shown as these, but in the reference loader's text" {
	cd "$BATS_TEST_TMPDIR"
	enum_of_bits '"f":3,"fs":[5,73],"n":3' | skel-poll -f binary >bits.bin
	run -0 skel-fmt --json -b bits.bin
	[ "$output" = '{"f":"RD|WR(3)","fs":["RX(5)","RD|0x48(73)"],"n":"<UNKNOWN_VARIANT>(3)"}' ]
	run -0 skel-fmt --tsv -b -H bits.bin
	[ "$output" = $'RD|WR(3)\t["RX(5)","RD|0x48(73)"]\t<UNKNOWN_VARIANT>(3)' ]
	run -0 skel-fmt --plain bits.bin
	[[ $output == *' <UNKNOWN_VARIANT>(3) ["RX(5)","<UNKNOWN_VARIANT>(73)"] <UNKNOWN_VARIANT>(3)' ]]
	# JSON records have the same text in each form, and become the same bytes.
	skel-poll -f json bits.bin >bits.json
	skel-poll -f binary bits.json | cmp - bits.bin
	for form in --json --csv --table --plain; do
		diff <(skel-fmt "$form" bits.bin) <(skel-fmt "$form" bits.json)
	done
	run -0 skel-fmt --json -b -c f <(enum_of_bits '"f":0,"fs":[],"n":1' | skel-poll -f binary)
	[ "$output" = '{"f":"0(0)"}' ]
}

@test "an ordinary user can format a stream that root recorded" {
	need_nobody
	run -0 as_nobody skel-fmt --json "$FMT/floats.skel"
	diff "$FMT/floats.json" <(echo "$output")
}

@test "completion offers options, and the maps of the streams on the command line" {
	[ "$(complete_words skel-fmt --t)" = '--table --text --time --trace --tsv' ]
	[ "$(complete_words skel-fmt --tsv =)" = "safe sql" ]
	[ "$(complete_words skel-fmt --csv = sa)" = safe ]
	[ "$(complete_words skel-fmt "$FMT/maps.skel" -m ex)" = 'execs exits' ]
}

@test "completion does not execute the names of a stream's maps" {
	echo '{"skel":"stream","version":1,"name":"x","encoding":"binary","maps":[{"name":"$(touch ran)","source":"ringbuf"},{"name":"rb","source":"ringbuf"}],"types":[]}' > odd.skel
	skel-fmt --json odd.skel
	[ "$(complete_words skel-fmt odd.skel -m '')" = rb ]
	[ ! -e ran ]
}

@test "--list lists maps and members from the header alone" {
	run -0 --separate-stderr skel-fmt --list "$FMT/maps.skel"
	is 'MAP     SOURCE  MEMBER TYPE     KIND UNIT HELP
execs   ringbuf pid    u32      -    -    -
execs   ringbuf comm   char[16] -    -    -
exits   perf    pid    u32      -    -    -
exits   perf    code   int      -    -    -
numbers ringbuf value  u32      -    -    -
bytes   ringbuf raw    -        -    -    -' "$output"
	run -0 --separate-stderr skel-fmt --list -H -m line "$FMT/hists.skel"
	is 'line sample key   u32              - -    -
line sample slots unsigned int[26] - cpus -
line sample comm  char[16]         - -    -' "$output"
	# The list does not wait for a record, and -m and -f hold for it.
	mkfifo fifo
	{ head -n 1 "$FMT/hists.skel"; sleep 60; } > fifo &
	JOB=$!
	run -0 --separate-stderr timeout 10 skel-fmt --list -f json -m wide fifo
	is '{"map":"wide","source":"sample","member":"pid","type":"unsigned int"}
{"map":"wide","source":"sample","member":"dev","type":"unsigned int"}
{"map":"wide","source":"sample","member":"slots","type":"u64[40]","unit":"usecs"}' "$output"
}

@test "--list has the kinds, units and helps of members" {
	skel-fmt --list -f json "$FMT/kinds.skel" > list
	is '{"member":"saddr","type":"u32","kind":"ip4","help":"who asked"}
{"member":"addr","type":"u8[16]","kind":"ip(family=af)"}
{"member":"dport","type":"__be16","kind":"port_be"}
{"member":"hop","type":"u16"}
{"member":"took","type":"u64","kind":"ns","unit":"ns"}
{"member":"bytes","type":"u64","kind":"bytes","unit":"bytes"}' \
		"$(jq -c 'select(.member | IN("saddr", "addr", "dport", "hop", "took", "bytes"))
			| select(.map != "sizes" or .member == "bytes") | del(.map, .source)' list)"
	run -0 --separate-stderr skel-fmt --list -H -m flow --as hop=us "$FMT/kinds.skel"
	[[ $output == *$'\nflow ringbuf hop '*' us '*' us '*$' -\n'* ]]
	[[ $output == *'flow ringbuf saddr '*' ip4 '*' who asked'$'\n'* ]]
	fails_with 1 '--as: nowhere=us: no map has a member' skel-fmt --list --as nowhere=us "$FMT/kinds.skel"
	# What an author says may hold anything.
	head -n 1 "$FMT/kinds.skel" | sed 's/who asked/\\u001b[2J/' > evil.skel
	run -0 --separate-stderr skel-fmt --list evil.skel
	[[ $output == *'\^[[2J'* && $output != *$'\e'* ]]
}

@test "every member that --list names is a column of -c" {
	for stream in "$FMT"/*.skel; do
		skel-fmt --list -f json "$stream" | jq -r '.map + " " + .member' > members
		while read -r map member; do
			run -0 --separate-stderr skel-fmt -q --csv -m "$map" -c "$member" "$stream"
		done < members
	done
}

@test "--list says why there is nothing to list" {
	fails_with 1 '<stdin>: these records have no header, which would list them' \
		skel-fmt --list <<< '{"a":1}'
	fails_with 1 '<stdin>: empty; expected a stream' skel-fmt --list < /dev/null
	fails_with 1 'no map "x"' skel-fmt --list -m x "$FMT/maps.skel"
	fails_with 2 '-f: xml: the formats of --list are text and json' skel-fmt --list -f xml "$FMT/maps.skel"
	fails_with 2 '-f is for --list' skel-fmt -f json "$FMT/maps.skel"
}

@test "--list shows hostile names safely" {
	head -n 1 "$FMT/maps.skel" | sed 's/"name":"comm"/"name":"\\u001b[2J"/' > evil.skel
	run -0 --separate-stderr skel-fmt --list evil.skel
	[[ $output == *'\^[[2J'* && $output != *$'\e'* ]]
}
