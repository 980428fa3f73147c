#!/usr/bin/env bats
# The examples in skel-stream(5) match the format that the commands use.

load ../helpers/helper

# Print the literal block of the manual that has this word in it.
literal() {
	awk -v word="$1" '/^\.Bd/ { block = ""; next }
		/^\.Ed/ { if (index(block, word)) printf "%s", block; next }
		{ block = block $0 "\n" }' "$ROOT/lib/stream/skel-stream.5" |
		sed 's/\\e/\\/g'
}

@test "the reader in the manual reads a stream" {
	local run=$BATS_TEST_TMPDIR/run.skel

	literal unstuff > "$BATS_TEST_TMPDIR/reader.py"
	{
		echo '{"skel":"stream","version":1,"maps":[{"name":"rb"},{"name":"raw"}]}'
		# Map 0 at 1 ns, a newline and "a"; then map 1 at 10 ns, nothing.
		printf '=\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x08a\n'
		echo '{"@lost":{"map":"rb","count":12}}'
		printf '=\x08\x01\x02\x00\x00\x00\x00\x00\x00\x00\n'
	} > "$run"
	run -0 python3 "$BATS_TEST_TMPDIR/reader.py" < "$run"
	[ "$output" = $'rb 1 0a61\nraw 10 ' ]
}

@test "the header in the manual is one that skel-fmt reads" {
	local run=$BATS_TEST_TMPDIR/run.skel

	literal bootstrap_bpf | tr -d '\n' > "$run"
	printf '\n=\x04\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07\x00\x00\x00\n{"@end":{"records":1,"lost":0}}\n' >> "$run"
	run -0 --separate-stderr skel-fmt --json --bare "$run"
	[ "$output" = '{"pid":7}' ]
	[ -z "$stderr" ]
}

# A stream of one map m with an int a and, if one is named, another member; its
# records have the numbers given.
one_stream() { # ENCODING MEMBER NUMBER...
	local n member=${2:+,\{\"name\":\"$2\",\"type\":0,\"offset\":4\}}
	echo '{"skel":"stream","version":1,"name":"x","encoding":"'"$1"'","maps":[{"name":"m","source":"ringbuf","value":1}],"types":[{"kind":"int","name":"int","size":4,"signed":true},{"kind":"struct","name":"s","size":8,"members":[{"name":"a","type":0,"offset":0}'"$member"']}]}'
	for n in "${@:3}"; do
		if [ "$1" = json ]; then
			echo '{"@map":"m","@time":"2026-11-22T14:48:01.000000001Z","a":'"$n${2:+,\"$2\":$n}"'}'
		else
			printf '%b' "=\\x18\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x0$n\\x00\\x00\\x00\\x0$n\\x00\\x00\\x00\n"
		fi
	done
	echo '{"@end":{"records":'$(($# - 2))',"lost":0}}'
}

@test "streams that were appended are as good as several files" {
	cd "$FIXTURES/format"
	local form
	for form in json csv tsv table plain raw; do
		cat ./*.skel | skel-fmt -q "--$form" > "$BATS_TEST_TMPDIR/appended"
		cmp <(skel-fmt -q "--$form" ./*.skel) "$BATS_TEST_TMPDIR/appended"
	done
	run -0 --separate-stderr bash -c 'cat ./*.skel | skel-poll | skel-fmt -q --json'
	[ "$output" = "$(skel-fmt -q --json ./*.skel)" ]
	for form in json binary; do
		cat ./*.skel | skel-poll -q -f $form | skel-fmt -q --csv |
			diff <(for s in ./*.skel; do skel-poll -q -f $form "$s" || :; done | skel-fmt -q --csv) -
	done
}

@test "rows of the same columns go on, other columns have a header line and one notice" {
	cd "$BATS_TEST_TMPDIR"
	{ one_stream binary b 1 2; one_stream json b 3; } > same
	run -0 --separate-stderr skel-fmt --csv --bare same
	[ "${output//$'\r'/}" = $'a,b\n1,1\n2,2\n3,3' ]
	[ -z "$stderr" ]
	{ cat same; one_stream json c 4 5; one_stream binary b 6; } > others
	run -0 --separate-stderr skel-fmt --csv --bare others
	[ "${output//$'\r'/}" = $'a,b\n1,1\n2,2\n3,3\na,c\n4,4\n5,5\na,b\n6,6' ]
	[ "$stderr" = "skel-fmt: others:8: another stream begins here, and its columns are others; a new header line names them" ]
	run -0 --separate-stderr skel-fmt --csv --bare -H others
	[ "$stderr" = "skel-fmt: others:8: another stream begins here, and its columns are others" ]
	run -0 --separate-stderr skel-fmt --json --bare others
	[ "${lines[3]}" = '{"a":4,"c":4}' ]
	[ -z "$stderr" ]
}

@test "the end of each stream is checked, and its losses are added up" {
	cd "$BATS_TEST_TMPDIR"
	{ one_stream binary b 1; one_stream binary b 2 | sed '$d'; one_stream json b 3; } > cut.skel
	run -0 --separate-stderr skel-fmt --csv -bH cut.skel
	[ "${output//$'\r'/}" = $'1,1\n2,2\n3,3' ]
	[ "$stderr" = "skel-fmt: cut.skel:6: another stream begins here, but the end of the one before is missing: it was cut" ]
	run -0 --separate-stderr skel-poll -f json cut.skel
	[ "$(grep -c @end <<< "$output")" -eq 2 ]
	[ "$stderr" = "skel-poll: cut.skel:6: another stream begins here, but the end of the one before is missing: it was cut" ]
	{ one_stream json b 1 | sed 's/"lost":0/"lost":2/'
		one_stream json b 2 | sed '2i {"@lost":{"map":"m","count":3}}' | sed 's/"lost":0/"lost":3/'; } > lost
	run -0 --separate-stderr skel-fmt --json lost
	[ "${stderr_lines[1]}" = "skel-fmt: lost: 5 records lost in total" ]
	run -3 --separate-stderr skel-poll lost
	[ "$stderr" = "skel-poll: 5 records were lost" ]
	[ "$(grep @end <<< "$output")" = $'{"@end":{"records":1,"lost":2}}\n{"@end":{"records":1,"lost":3}}' ]
}

@test "a header after a line that was cut begins a stream, whatever was cut" {
	cd "$BATS_TEST_TMPDIR"
	local size encoding first
	for encoding in binary json; do
		one_stream $encoding b 1 > first
		for ((size = 1; size < $(stat -c %s first); size += 3)); do
			{ head -c "$size" first; one_stream json c 7; } > joined
			skel-fmt -q --json --bare joined > out 2> err && first=0 || first=$?
			[ "$(tail -n 1 out)" = '{"a":7,"c":7}' ]
			# Between two lines nothing but the end is missing.
			[ "$first" -eq 1 ] || [ ! -s err ]
			skel-poll -q joined 2> err > out || [ $? -eq 1 ]
			[ "$(tail -n 1 out)" = '{"@end":{"records":1,"lost":0}}' ]
		done
	done
}

@test "-n, -t and -m of skel-poll apply to appended streams, and each end counts its own" {
	cd "$BATS_TEST_TMPDIR"
	{ one_stream binary b 1 2; one_stream json c 3 4 5; one_stream binary b 6; } > all
	run -0 --separate-stderr skel-poll -f json -n 4 all
	[ "$(grep @end <<< "$output")" = $'{"@end":{"records":2,"lost":0}}\n{"@end":{"records":2,"lost":0}}' ]
	run -0 --separate-stderr skel-poll -f json all
	[ "$(jq -s 'map(.["@end"].records // empty)' -c <<< "$output")" = '[2,3,1]' ]
	one_stream json c 3 4 5 | sed 's/"m"/"other"/' > other
	run -1 --separate-stderr bash -c 'cat all other all | skel-poll -f json -m m'
	[ "$(jq -s 'map(.["@end"].records // empty)' -c <<< "$output")" = '[2,3,1,2,3,1]' ]
	[ "$stderr" = 'skel-poll: <stdin>: -m m: no such map; there are: other' ]
}

@test "what follows the end of a stream is passed on, and what is no record is not" {
	cd "$BATS_TEST_TMPDIR"
	{ one_stream json b 1; one_stream json b 2 | sed -n 2p; } > after
	run -0 --separate-stderr skel-poll after
	[ "$(tail -n 2 <<< "$output" | jq -c '[.a, .["@end"].records]')" = $'[2,null]\n[null,2]' ]
	# Lines that are no records are told, counted and left out.
	{ one_stream json b 1; echo '{"@map":"m","a":'; echo '{"@map":"m"}}'; echo '{"a":[}'
		printf '{"@map":"m","a":"\xff"}\n'; } > bad
	run -1 --separate-stderr skel-poll bad
	[ "$(tail -n 1 <<< "$output")" = '{"@end":{"records":1,"lost":0}}' ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${#stderr_lines[@]}" -eq 4 ]
	[ "${stderr_lines[3]}" = "skel-poll: bad:7: not UTF-8 from column 18 on" ]
	local form
	for form in json csv tsv table plain folded; do
		run -1 --separate-stderr skel-fmt "--$form" bad
		[[ $stderr == *"not UTF-8 from column 18 on"* || $form == folded ]]
	done
}

@test "of thousands of bad lines and cut streams few are reported, the rest are counted" {
	cd "$BATS_TEST_TMPDIR"
	one_stream json b 1 | sed '$d' > cut.skel
	for ((i = 0; i < 300; i++)); do
		cat cut.skel
		echo '{"@map":"m","a":'
		echo '{"@error":{"map":"m","message":"no"}}'
		echo '{"@symbols":7}'
	done > all
	local command
	for command in 'skel-fmt --json' skel-poll 'skel-poll -f binary'; do
		run -1 --separate-stderr bash -c "$command all"
		[ "${#stderr_lines[@]}" -le 350 ]
		[[ $stderr == *"all: 300 streams were cut, in total"* ]]
		[[ $stderr == *"all: 600 bad lines in total"* ]]
	done
	# A thousand records that have no bytes.
	{ one_stream json b; for ((i = 0; i < 1000; i++)); do echo '{"@map":"m","a":"x"}'; done; } > words
	run -1 --separate-stderr skel-poll -f binary words
	[ "${#stderr_lines[@]}" -le 110 ]
	[[ $stderr == *"words: 1000 bad lines in total"* ]]
}

@test "members that a filter added are columns, where the first record has them" {
	cd "$BATS_TEST_TMPDIR"
	one_stream json b 1 2 > s
	jq -c 'if .a then .half = .a / 2 | .deep.x = "y" else . end' s > added
	run -0 --separate-stderr skel-fmt --csv --bare added
	[ "${output//$'\r'/}" = $'a,b,half,deep.x\n1,1,0.5,y\n2,2,1,y' ]
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-fmt --bare added
	[ "${lines[0]}" = '     A      B    HALF DEEP.X' ] || [ "$(tr -s ' ' <<< "${lines[0]}")" = ' A B HALF DEEP.X' ]
	[ "$(tr -s ' ' <<< "${lines[1]}")" = ' 1 1 0.5 y' ]
	run -0 --separate-stderr skel-fmt --tsv --bare -c deep,b,half,a added
	[ "$output" = $'deep.x\tb\thalf\ta\ny\t1\t0.5\t1\ny\t2\t1\t2' ]
	run -0 --separate-stderr skel-fmt --json --bare -c half,a added
	[ "$output" = $'{"half":0.5,"a":1}\n{"half":1,"a":2}' ]
	# Binary records among them have no such members.
	{ sed '$d' added; one_stream binary b 3 | tail -n 2; } > mixed
	run -0 --separate-stderr skel-fmt --csv --bare -c half,a,b mixed
	[ "${output//$'\r'/}" = $'half,a,b\n0.5,1,1\n1,2,2\n,3,3' ]
	run -0 --separate-stderr skel-fmt --bare mixed
	[ "$(tr -s ' ' <<< "${lines[3]}")" = ' 3 3 ' ] || [ "$(tr -s ' ' <<< "${lines[3]}")" = ' 3 3' ]
}

@test "members that come late, or have no place in a form, are named once" {
	cd "$BATS_TEST_TMPDIR"
	one_stream json b 1 2 3 | jq -c 'if .a and .a > 1 then .half = .a / 2 else . end' > late
	run -0 --separate-stderr skel-fmt --csv --bare late
	[ "${output//$'\r'/}" = $'a,b\n1,1\n2,2\n3,3' ]
	[ "$stderr" = "skel-fmt: late:3: no column for half: the first record did not have it; choose columns with -c" ]
	run -0 --separate-stderr skel-fmt --csv --bare -c half late
	[ -z "$output" ] || [ "${output//$'\r'/}" = $'half\n1\n1.5' ]
	[ "$stderr" = "skel-fmt: map m: its first record has none of the columns of -c" ]
	run -0 --separate-stderr skel-fmt --csv --bare -c half,a late
	[ "${output//$'\r'/}" = $'half,a\n,1\n1,2\n1.5,3' ]
	run -0 --separate-stderr skel-fmt --plain late
	[ "$stderr" = "skel-fmt: late:3: no column for half: this form has columns for the members of the types only" ]
	run -0 --separate-stderr skel-fmt --json late
	[ -z "$stderr" ]
	run -0 --separate-stderr skel-poll -f binary late
	[ "$stderr" = "skel-poll: late:3: the type of the record does not have half: binary records are without it" ]
	# Without a header the first record has the columns.
	run -0 --separate-stderr skel-fmt --csv <<< $'{"a":1}\n{"a":2,"b":3,"c":{"d":1}}\n{"a":2,"b":3}'
	[ "${output//$'\r'/}" = $'a\n1\n2\n2' ]
	[ "$stderr" = "skel-fmt: <stdin>:2: no column for b, c: the first record did not have it; choose columns with -c" ]
}

@test "a header line that waits for the first record comes without one too" {
	cd "$BATS_TEST_TMPDIR"
	one_stream json b > none
	run -0 --separate-stderr skel-fmt --csv --bare none
	[ "${output//$'\r'/}" = 'a,b' ]
	{ one_stream json b 1; one_stream json b 2 | jq -c 'if .a then .half = 1 else . end'; one_stream json b 3; } > all
	run -0 --separate-stderr skel-fmt --csv --bare all
	[ "${output//$'\r'/}" = $'a,b\n1,1\na,b,half\n2,2,1\na,b\n3,3' ]
	[ "$stderr" = "skel-fmt: all:4: another stream begins here, and its columns are others; a new header line names them" ]
}

@test "more members than there can be columns are told" {
	run -0 --separate-stderr skel-fmt --csv <<< "$(jq -nc '[range(2000) | {key: "k\(.)", value: .}] | from_entries')"
	[[ ${stderr_lines[0]} == "skel-fmt: <stdin>:1: the record has too many members: those after the first thousand have no column" ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a file that may grow no more is a failure of every command, said in a line" {
	local stream=$BATS_TEST_TMPDIR/s package=$ROOT/assets/bootstrap.json object=$BATS_TEST_TMPDIR/o.bpf.o

	python3 "$HELPERS/growing.py" constants 20000 >"$stream"
	skel-pack --unpack "$package" >"$object"
	for command in "skel-fmt --json $stream" "skel-poll -f json $stream" "skel-args $package" \
		"skel-pack -q $object" "skel-load --help" "skel-fmt --help"; do
		run -1 --separate-stderr bash -c "(ulimit -f 1; exec $command 2>&3 >'$BATS_TEST_TMPDIR/out') 3>&1 | cat; exit \${PIPESTATUS[0]}"
		[ "$output" = "${command%% *}: <stdout>: File too large" ]
	done
}

@test "column names are unique: key.count and value.count, also of what a filter added" {
	cd "$BATS_TEST_TMPDIR"
	cat > s <<-'END'
		{"skel":"stream","version":1,"name":"x","encoding":"json","maps":[{"name":"m","source":"sample","key":2,"value":3,"sample":{"interval":1000,"type":"default_kv","unit":"u","clear_map":false}}],"types":[{"kind":"int","name":"int","size":4,"signed":true},{"kind":"struct","name":"in","size":4,"members":[{"name":"x","type":0,"offset":0}]},{"kind":"struct","name":"k","size":12,"members":[{"name":"count","type":0,"offset":0},{"name":"in","type":1,"offset":4},{"name":"pid","type":0,"offset":8}]},{"kind":"struct","name":"v","size":12,"members":[{"name":"count","type":0,"offset":0},{"name":"in","type":1,"offset":4},{"name":"ns","type":0,"offset":8}]}]}
		{"@map":"m","key":{"count":1,"in":{"x":2},"pid":3},"value":{"count":4,"in":{"x":5},"ns":6}}
	END
	run -0 --separate-stderr skel-fmt -q --csv --bare s
	[ "${output//$'\r'/}" = $'key.count,key.in.x,pid,value.count,value.in.x,ns\n1,2,3,4,5,6' ]
	run -0 --separate-stderr bash -c 'skel-poll -q -f binary s | skel-fmt -q --tsv --bare'
	[ "$output" = $'key.count\tkey.in.x\tpid\tvalue.count\tvalue.in.x\tns\n1\t2\t3\t4\t5\t6' ]
	run -0 --separate-stderr skel-fmt -q --csv --bare <(jq -c 'if .key then .ns = 7 else . end' s)
	[ "${output//$'\r'/}" = $'key.count,key.in.x,pid,value.count,value.in.x,value.ns,ns\n1,2,3,4,5,6,7' ]
	run -0 --separate-stderr skel-fmt --csv --bare <<< '{"a":{"b":1},"a.b":2}'
	[ "${output//$'\r'/}" = $'a.b,a.b_2\n1,2' ]
}

@test "the clock of a stream and its steps go with it" {
	cd "$BATS_TEST_TMPDIR"
	sed -e '1s/"host"/"clock":{"boottime":5,"monotonic":6},"host"/' \
		-e '2i {"@clock":{"boottime":7,"monotonic":8}}' "$FIXTURES/format/scalars.skel" > in.skel
	for way in 'skel-poll' 'skel-poll -f json' 'skel-count --by u8'; do
		read -ra command <<<"$way"
		"${command[@]}" in.skel > out.skel
		is '{"boottime":5,"monotonic":6}' "$(head -n 1 out.skel | jq -c .clock)"
		is '{"@clock":{"boottime":7,"monotonic":8}}' "$(grep -a '^{"@clock"' out.skel)"
	done
	# And it changes nothing where no time is since the boot.
	diff "$FIXTURES/format/scalars.json" <(skel-fmt --json in.skel)
	run -1 --separate-stderr skel-fmt --json <(sed 's/"boottime":7/"boottime":-7/' in.skel)
	[[ $stderr == *':2: @clock.boottime: expected a whole number from 0'* ]]
}
