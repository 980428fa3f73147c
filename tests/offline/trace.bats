#!/usr/bin/env bats
# skel-fmt --trace, checked by tests/helpers/trace-events.py.

load ../helpers/helper

setup() {
	note_places
	command -v python3 > /dev/null || skip "needs python3"
	FMT=$FIXTURES/format
	cd "$BATS_TEST_TMPDIR"
}

# The events as jq prints them.
events() { # JQ SKEL-FMT-ARGUMENT...
	local filter=$1
	shift
	skel-fmt --trace "$@" > t.json && "$HELPERS/trace-events.py" t.json > events && jq -rc "$filter" events
}

# A stream of JSON records with a type of execs and exits.
stream() {
	echo '{"skel":"stream","version":1,"name":"p","encoding":"json","host":"h","boot_id":"",
		"started":"2026-11-22T14:48:00Z","maps":[
			{"name":"rb","source":"ringbuf","value":4},{"name":"enter","source":"ringbuf","value":5},
			{"name":"leave","source":"ringbuf","value":5},
			{"name":"counts","source":"sample","key":0,"value":6,"sample":{"interval":1000,"type":"default_kv","unit":"(unit)"}}],
		"types":[{"kind":"int","name":"u32","size":4,"signed":false},
			{"kind":"int","name":"u64","size":8,"signed":false},
			{"kind":"enum","name":"what","size":4,"signed":false,"values":[["EXEC",1],["EXIT",2],["FORK",3]]},
			{"kind":"array","of":7,"count":16,"size":16},
			{"kind":"struct","name":"e","size":40,"members":[{"name":"what","type":2,"offset":0},
				{"name":"pid","type":0,"offset":4},{"name":"comm","type":3,"offset":8},
				{"name":"latency","type":1,"offset":24,"as":"us"},{"name":"code","type":0,"offset":32}]},
			{"kind":"struct","name":"m","size":16,"members":[{"name":"tgid","type":0,"offset":0},
				{"name":"pid","type":0,"offset":4},{"name":"n","type":1,"offset":8}]},
			{"kind":"struct","name":"v","size":16,"members":[{"name":"a","type":1,"offset":0},
				{"name":"b","type":8,"offset":8}]},
			{"kind":"char","name":"char","size":1,"signed":true},
			{"kind":"int","name":"s64","size":8,"signed":true}]}' | tr -d '\n\t'
	echo
	cat
	echo '{"@end":{"records":9,"lost":0}}'
}

rec() { # TIME WHAT PID COMM [LATENCY]
	echo "{\"@map\":\"rb\",\"@time\":\"2026-11-22T14:48:$1Z\",\"what\":\"$2\",\"pid\":$3,\"comm\":\"$4\",\"latency\":${5:-0},\"code\":7}"
}

@test "every stream is a valid trace, as binary and as JSON" {
	for x in "$FMT"/*.skel "$FIXTURES"/recorded/*.skel; do
		skel-fmt -q --trace "$x" > t.json 2> err || [ $? -eq 1 ]
		"$HELPERS/trace-events.py" t.json > events || { echo "$x"; return 1; }
	done
	# A record is an event, unless it is of a sampled map.
	skel-fmt -q --trace "$FMT/scalars.skel" > t.json
	"$HELPERS/trace-events.py" t.json > events
	[ "$(grep -vc '"ph": "M"' events)" -eq "$(skel-fmt -q --json "$FMT/scalars.skel" | wc -l)" ]
	diff <(jq -c 'select(.ph == "i") | .args' events) <(skel-fmt -q --json --bare "$FMT/scalars.skel" | jq -c .)
}

@test "times have all nanoseconds, from midnight of the day before" {
	rec 01.000000001 FORK 5 sh | stream > x.skel
	run -0 events 'select(.ph == "i") | .ts' x.skel
	[ "$output" = $(( (86400 + 14 * 3600 + 48 * 60 + 1) * 1000000 )).001 ]
}

@test "records are instants by the names of constants, and name their processes" {
	{
		rec 01 FORK 5 sh
		rec 02 FORK 5 sh
		rec 03 'FORK(3)' 5 'a\"<b>\u0007'
	} | stream > x.skel
	run -0 events '[.ph, .name, .cat // "", .pid, .tid, .s // "", .args.name // .args.comm]' x.skel
	[ "$output" = '["M","thread_name","",5,5,"","sh"]
["M","process_name","",5,5,"","sh"]
["i","FORK","rb",5,5,"t","sh"]
["i","FORK","rb",5,5,"t","sh"]
["M","thread_name","",5,5,"","a\"<b>\u0007"]
["M","process_name","",5,5,"","a\"<b>\u0007"]
["i","FORK","rb",5,5,"t","a\"<b>\u0007"]' ]
}

@test "a duration makes a slice that ends at the time of the record" {
	rec 02.5 FORK 5 sh 1500000 | stream > x.skel
	run -0 events 'select(.ph == "X") | [.dur, .ts, .args.latency, .args.latency_text]' x.skel
	[ "$output" = '["1500000.000","139681000000.000",1500000,"1.5 s"]' ]
	echo '{"@time":"2026-11-22T00:00:01Z","tgid":7,"pid":8,"took_ms":12}' > u.json
	run -0 events '[.ph, .name, .pid, .tid, .dur, .ts]' u.json
	[ "$output" = '["X","",7,8,"12000.000","86400988000.000"]' ]
	# Without a unit it is no duration.
	echo '{"@time":"2026-11-22T00:00:01Z","pid":8,"delta":12}' > u.json
	run -0 events .ph u.json
	[ "$output" = i ]
}

@test "--pair makes slices of begins and ends, by process, the last begin first" {
	{
		rec 01 EXEC 5 a
		rec 02 EXEC 6 b
		rec 03 EXEC 5 c
		rec 04.000000001 EXIT 5 c
		rec 05 EXIT 5 a
		rec 06 EXIT 5 a
		rec 07 FORK 5 a
	} | stream > x.skel
	run -0 --separate-stderr events 'select(.ph != "M") | [.ph, .name, .pid, .dur, (.args.begin // .args).what]' --pair EXEC=EXIT x.skel
	[ "$output" = '["X","c",5,"1000000.001","EXEC"]
["X","a",5,"4000000.000","EXEC"]
["i","EXIT",5,null,"EXIT"]
["i","FORK",5,null,"FORK"]
["B","b",6,null,"EXEC"]' ] || { echo "$output"; false; }
	[ "$stderr" = $'skel-fmt: --pair: 1 end without a begin\nskel-fmt: --pair: 1 begin without an end' ]
	# The same by a member, and by numbers.
	cp t.json want
	skel-fmt -q --trace --pair what:EXEC=EXIT x.skel | cmp want -
	skel-fmt -q --trace --pair what:1=2 x.skel | cmp want -
	skel-fmt -q --trace --pair code:8=9 --pair EXEC=EXIT x.skel | cmp want -
}

@test "--pair takes two maps, also without a header" {
	{
		echo '{"@map":"enter","@time":"2026-11-22T14:48:01Z","tgid":5,"pid":6,"n":1}'
		echo '{"@map":"enter","@time":"2026-11-22T14:48:01Z","tgid":5,"pid":7,"n":1}'
		echo '{"@map":"leave","@time":"2026-11-22T14:48:03Z","tgid":5,"pid":6,"n":2}'
		echo '{"@map":"leave","@time":"2026-11-22T14:48:04Z","tgid":5,"pid":7,"n":3}'
	} > records
	stream < records > x.skel
	for input in x.skel records; do
		run -0 --separate-stderr events '[.ph, .name, .pid, .tid, .dur, .args.begin.n, .args.end.n]' --pair enter=leave "$input"
		[ "$output" = '["X","enter",5,6,"2000000.000",1,2]
["X","enter",5,7,"3000000.000",1,3]' ] || { echo "$input: $output"; false; }
		[ -z "$stderr" ]
	done
}

@test "a pair that nothing is called is an error, as is one that is none" {
	rec 01 EXEC 5 a | stream > x.skel
	fails_with 1 "skel-fmt: x.skel: --pair EXEC=NOTHING: no map is called so, and no integer or enum has these values" \
		skel-fmt --trace --pair EXEC=NOTHING x.skel
	for pair in EXEC =EXIT EXEC= a:=b :a=b a=b=c ''; do
		fails_with 2 "skel-fmt: --pair $pair: it is BEGIN=END" skel-fmt --trace --pair "$pair" x.skel
	done
	fails_with 2 "skel-fmt: --pair: it is for --trace" skel-fmt --pair a=b x.skel
	# shellcheck disable=SC2046
	fails_with 2 "skel-fmt: --pair: there are at most 16" skel-fmt --trace $(for i in {1..17}; do echo --pair "a=$i"; done) x.skel
}

@test "begins that wait are bounded, and what is given up is said" {
	{
		for ((i = 0; i < 16384 + 10; i++)); do rec 01 EXEC $i a; done
		rec 02 EXIT 0 a
		rec 02 EXIT 100 a
	} | stream > x.skel
	run -0 --separate-stderr events 'select(.ph != "M" and .ph != "B") | [.ph, .pid]' --pair EXEC=EXIT x.skel
	[ "$output" = $'["i",0]\n["X",100]' ]
	[[ $stderr == *"--pair: 10 begins were given up: too many waited for their ends"* ]]
	[[ $stderr == *"--pair: 16383 begins without an end"* ]]
	[ "$(grep -c '"ph": "B"' events)" -eq $((16384 + 9)) ]
}

@test "a sampled map is a counter for each key" {
	{
		echo '{"@map":"counts","@time":"2026-11-22T14:48:01Z","key":7,"value":{"a":18446744073709551615,"b":-3}}'
		echo '{"@sampled":{"map":"counts","round":1,"keys":1}}'
	} | stream > x.skel
	run -0 events '[.ph, .name, .cat]' x.skel
	[ "$output" = '["C","counts 7","counts"]' ]
	grep -q '"args": {"a": 18446744073709551615, "b": -3}' events
	run -0 events 'select(.name == "stats 7") | .args' "$FMT/sampled.skel"
	[ "${lines[0]}" = '{"count":0,"sum":-3}' ]
}

@test "records that were lost are an event over the whole width" {
	{
		rec 01 EXEC 5 a
		echo '{"@lost":{"map":"rb","count":12}}'
	} | stream > x.skel
	sed -i 's/"lost":0}}/"lost":13}}/' x.skel
	run -0 --separate-stderr events 'select(.cat == "lost") | [.ph, .name, .s, .ts, .args]' x.skel
	[ "$output" = '["i","12 records lost","g","139681000000.000",{"map":"rb","count":12}]
["i","1 record lost","g","139681000000.000",{"map":"","count":1}]' ]
}

@test "an event is there when its record came, and a trace that is cut can be read" {
	mkfifo in
	skel-fmt --trace < in > out 2> err 3>&- &
	local pid=$!
	exec 5> in
	rec 01 FORK 5 sh | stream | head -n 2 >&5
	wait_for 5 grep -q FORK out
	"$HELPERS/trace-events.py" --cut out > events
	[ "$(wc -l < events)" -eq 3 ]
	exec 5>&-
	wait $pid
	"$HELPERS/trace-events.py" out > events
}

@test "without a record a trace is an empty array; a failure replaces no file" {
	run -0 skel-fmt --trace /dev/null
	[ "$output" = $'[\n]' ]
	skel-fmt -q --trace "$FMT/scalars.skel" > want
	run -0 skel-fmt -q --trace=t.json "$FMT/scalars.skel"
	[ -z "$output" ]
	cmp want t.json
	run -1 skel-fmt --trace=t.json "$ASSETS/bootstrap.json"
	cmp want t.json
}

@test "-c chooses the arguments, and -m the maps" {
	rec 01 FORK 5 sh | stream > x.skel
	run -0 events 'select(.ph == "i") | [.name, .pid, .args]' -c code -m rb x.skel
	[ "$output" = '["FORK",5,{"code":7}]' ]
	run -0 events . -m enter x.skel
	[ -z "$output" ]
}
