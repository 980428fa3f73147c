#!/usr/bin/env bats
# Merged streams: records of several hosts, on which the same numbers have different names.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	"$HELPERS/two-hosts.py" "$FIXTURES/format" .
	skel-poll -q -f json < ab.skel > ab.json || [ $? = 3 ]
}

# of_host HOST FILE: its records in JSON, without the name of the host.
of_host() {
	skel-fmt -q --json "$2" | jq -c "select(.\"@host\" == \"$1\") | del(.\"@host\")"
}

@test "each record has the names, the stacks and the times of its own host, in both encodings" {
	local file
	skel-fmt -q --json a.skel | jq -c . > a.want
	skel-fmt -q --json b.skel | jq -c . > b.want
	grep -q '"uid_text":"ana".*"symbol":"alpha".*"born_text":"2026-11-22T14:48:01.000005001Z"' a.want
	grep -q '"uid_text":"bob".*"symbol":"beta".*"born_text":"2026-11-22T14:48:01.000004001Z"' b.want
	for file in ab.skel ab.json; do
		diff a.want <(of_host a "$file")
		diff b.want <(of_host host-b "$file")
	done
}

@test "the host is a column beside map and time; -b leaves it out, -c @host has it anywhere" {
	run -0 --separate-stderr skel-fmt --csv ab.skel
	[ "${lines[0]%$'\r'}" = "@map,@host,@time,uid,uid_text,pid,stack,pad,born,born_text,comm" ]
	[[ ${lines[1]} == "rb,a,2026-11-22T14:48:01.000000001Z,1000,ana,7,"* ]]
	run -0 --separate-stderr skel-fmt --tsv -m rb ab.json
	[[ ${lines[6]} == $'rb\thost-b\t2026-11-22T14:48:01.000001001Z\t1000\tbob\t7\t'* ]]
	run -0 --separate-stderr skel-fmt --csv -b -m rb ab.skel
	[ "${lines[0]%$'\r'}" = "uid,uid_text,pid,stack,pad,born,born_text,comm" ]
	for file in ab.skel ab.json; do
		run -0 --separate-stderr skel-fmt --csv -b -m rb -c comm,@host "$file"
		[ "${lines[0]%$'\r'}" = "@host,comm" ]
		[ "${lines[10]%$'\r'}" = "host-b,host-b" ]
		run -0 --separate-stderr skel-fmt --json -b -m rb -c @host "$file"
		[ "${lines[9]}" = '{"@host":"host-b"}' ]
		run -0 --separate-stderr skel-fmt --json -b -m perf "$file"
		[ "${lines[0]}" = '{"value":10}' ]
	done
	run -0 --separate-stderr skel-fmt --csv -b -m rb -c @host,uid a.skel
	[ "${lines[0]%$'\r'} ${lines[1]%$'\r'}" = "@host,uid a,1000" ]
}

@test "rows of maps that are alike share one table, others have a title of their own" {
	run -0 --separate-stderr skel-fmt --table -m rb ab.skel
	[ "$(grep -c "TIME " <<< "$output")" = 1 ]
	[[ ${lines[0]} == "TIME     HOST   UID "* ]]
	[[ ${lines[1]} == ??:??:??" a      ana "* ]]
	[[ ${lines[3]} == *" alpha+0x1" ]]
	[[ ${lines[16]} == ??:??:??" host-b bob "* ]]
	[[ ${lines[18]} == *" beta+0x1" ]]
	run -0 --separate-stderr skel-fmt --table -m rb -c pid ab.json
	[ "${#lines[@]}" = 11 ]
	[[ ${lines[10]} == ??:??:??" host-b "*7 ]]
	run -0 --separate-stderr skel-fmt --table -m perf -b ab.skel
	[[ $(printf '%s|' "${lines[@]}") =~ ^perf:\|\ +VALUE\|\ +10\|perf:\|UID\ +MORE\|bob\ +9\|$ ]]
	run -0 --separate-stderr skel-fmt --table --color=always -m rb -c comm ab.skel
	[[ ${lines[0]} == *"TIME     HOST   COMM"* ]]
	[[ ${lines[10]} == *host-b*host-b ]]
}

@test "expressions and counts know the host, also of a stream of one" {
	for file in ab.skel ab.json; do
		[ "$(skel-grep -c '@host == "a"' $file)" = 6 ]
		[ "$(skel-grep -c '@host ~ "^host" && uid == "bob"' $file)" = 6 ]
		[ "$(skel-grep -c '@host == "a" && uid == "bob"' $file || :)" = 0 ]
		[ "$(skel-grep -c 'born < "2026-11-22T14:48:01.000005001Z"' $file)" = 5 ]
		run -0 --separate-stderr skel-fmt --csv -b <(skel-count --by @host,@map $file)
		[ "$(printf '%s ' "${lines[@]//$'\r'/}")" = "host,map,count a,rb,5 host-b,rb,5 a,perf,1 host-b,perf,1 " ] || {
			printf '%s\n' "${lines[@]}"
			false
		}
	done
	[ "$(skel-grep -c '@host == "a"' a.skel)" = 6 ]
	run -0 --separate-stderr skel-fmt --csv -b <(skel-count --by @host a.skel b.skel)
	[ "$(printf '%s ' "${lines[@]//$'\r'/}")" = "host,count a,6 host-b,6 " ]
}

@test "counts over hosts show numbers without the names that one of them gives" {
	for file in ab.skel ab.json; do
		run -0 --separate-stderr skel-fmt --csv -b <(skel-count --by uid -m rb $file)
		[ "$(printf '%s ' "${lines[@]//$'\r'/}")" = "uid,uid_text,count 1000,1000,10 " ]
	done
}

@test "JSON records become binary again with the names of their hosts" {
	skel-poll -q -f binary < ab.json > again.skel || [ $? = 3 ]
	diff <(skel-fmt -q --json ab.skel) <(skel-fmt -q --json again.skel)
}

@test "what is lost is said with its host, and a host that was cut" {
	run -0 --separate-stderr skel-fmt ab.skel
	[[ $stderr == *"ab.skel: 2 records lost in map rb of host a"* ]]
	{
		grep -av '^{"@end"' ab.skel
		echo '{"@cut":{"host":1}}'
		echo '{"@cut":{"host":1}}'
		tail -n 1 ab.skel
	} > cut.skel
	run -0 --separate-stderr skel-fmt cut.skel
	[ "$(grep -c "cut.skel:22: the stream of host host-b was cut here" <<< "$stderr")" = 1 ]
	[ "$(grep -c "was cut here" <<< "$stderr")" = 1 ]
}

@test "lines and headers of a merged stream that name no host, or another one, are bad" {
	local line
	for line in '{"@lost":{"map":"rb","count":1}}' '{"@lost":{"map":"rb","count":1,"host":2}}' \
		'{"@names":{"kind":"uid","names":[[1,"x"]],"host":9}}' '{"@symbols":{"pid":1,"frames":[],"host":-1}}' \
		'{"@clock":{"boottime":1,"monotonic":1}}' '{"@lost":{"map":"rb2","count":1,"host":1}}'; do
		sed "2i $line" ab.skel > bad.skel
		run -1 --separate-stderr skel-fmt bad.skel
		[[ $stderr == *"bad.skel:2: @"* ]] || { echo "$line: $stderr"; false; }
		[ "$(skel-fmt -q --csv -m rb bad.skel 2> /dev/null | grep -c '^rb,')" = 10 ]
	done
	header() {
		head -n 1 ab.skel | jq -c "$1" | skel-fmt -q 2>&1 && return 1
		:
	}
	[[ $(header 'del(.hosts)') == *"header: hosts is missing" ]]
	[[ $(header '.hosts = []') == *"header.hosts: there is none" ]]
	[[ $(header '.hosts[1].host = ("x" * 256)') == *"hosts[1].host: the name has more than 255 bytes" ]]
	[[ $(header 'del(.maps[0].host)') == *"maps[0]: host is missing" ]]
	[[ $(header '.maps[0].host = 2') == *"maps[0].host: there is no such host" ]]
	[[ $(header '.maps[0].host = 1') == *"maps[1].host: the maps are not in the order of their hosts" ]]
	[[ $(header '.hosts[0].clock = 1') == *"hosts[0].clock: expected an object"* ]]
	[[ $(header '.version = 3') == *"unknown version 3"* ]]
	[[ $(header '.maps = [range(257) | {name:"m\(.)",source:"ringbuf",host:0}]') == *"there are 257 maps"* ]]
}

@test "more than 256 maps of several hosts are read in JSON, and each record by its host" {
	python3 - <<-'PYTHON' > many.json
		import json
		hosts = [{"host": f"h{i}"} for i in range(1000)]
		maps = [{"name": f"m{k}", "source": "ringbuf", "value": 1, "host": i} for i in range(1000) for k in range(3)]
		types = [{"kind": "int", "name": "u32", "size": 4},
		         {"kind": "struct", "name": "e", "size": 4, "members": [{"name": "n", "type": 0, "offset": 0}]}]
		print(json.dumps({"skel": "stream", "version": 2, "name": "x", "encoding": "json", "started": "",
		                  "hosts": hosts, "maps": maps, "types": types}))
		for i in range(3000):
		    print(json.dumps({"@map": f"m{i % 3}", "@host": f"h{i % 1000}", "@time": "2026-11-22T14:48:01Z", "n": i}))
		print(json.dumps({"@end": {"records": 3000, "lost": 0}}))
	PYTHON
	run -0 --separate-stderr skel-fmt --csv -b -m m1 -c @host,n many.json
	[ "${#lines[@]}" = 1001 ]
	[ "${lines[1000]%$'\r'}" = "h998,2998" ]
	[ "$(skel-grep -c '@host == "h999"' many.json)" = 3 ]
	[ "$(skel-fmt --table -m m0 many.json | grep -c HOST)" = 1 ]
	echo '{"@map":"m1","@host":"nobody","n":1}' >> many.json
	run -1 --separate-stderr skel-fmt --json many.json
	[[ $stderr == *'many.json:3003: the record is of map "m1" of host "nobody", which the header does not have'* ]]
}

@test "a trace keeps equal processes of several hosts apart, and names them by host" {
	local file
	for file in ab.skel ab.json; do
		skel-fmt -q --trace "$file" > t.json
		"$HELPERS/trace-events.py" t.json > events
		# The first host has its own numbers.
		run -0 jq -rc 'select(.ph == "M" and .name == "process_name") | [.pid, .args.name]' events
		[ "$(sort <<< "$output")" = '[0,"a"]
[4194304,"host-b"]
[4194311,"host-b: host-b"]
[7,"a: a"]' ] || { echo "$output"; false; }
		run -0 jq -sc '[.[] | select(.ph == "i" and .cat == "rb")] | group_by(.pid) | map([.[0].pid, .[0].tid, length, .[0].args.uid_text])' events
		[ "$output" = '[[7,7,5,"ana"],[4194311,4194311,5,"bob"]]' ]
		run -0 jq -c 'select(.cat == "lost") | .args' events
		[ "${lines[0]}" = '{"map":"rb","host":"a","count":2}' ]
	done
	# So are those of streams one after the other; the first one needs no name.
	skel-fmt -q --trace a.skel b.skel a.skel > t.json
	"$HELPERS/trace-events.py" t.json > events
	run -0 jq -rc 'select(.ph == "M" and .name == "process_name") | [.pid, .args.name]' events
	[ "$output" = $'[7,"a"]\n[4194311,"host-b: host-b"]\n[4194304,"host-b"]' ]
}

@test "a begin is not ended by the same process of another host" {
	local host
	for host in a b; do
		{
			head -n 1 a.skel | jq -c ".host = \"$host\" | .boot_id = \"$host\" | .encoding = \"json\" |
				.maps = [{name: \"enter\", source: \"ringbuf\", value: .maps[0].value},
					{name: \"leave\", source: \"ringbuf\", value: .maps[0].value}]"
			echo '{"@map":"enter","@time":"2026-11-22T14:48:01Z","pid":7,"comm":"x"}'
			[ $host = a ] || echo '{"@map":"leave","@time":"2026-11-22T14:48:02Z","pid":7,"comm":"x"}'
			echo '{"@end":{"records":1,"lost":0}}'
		} > $host.json
	done
	skel-merge --order a.json b.json > pairs.json
	run -0 --separate-stderr skel-fmt --trace=t.json --pair enter=leave pairs.json
	[[ $stderr == *"--pair: 1 begin without an end"* ]]
	"$HELPERS/trace-events.py" t.json > events
	run -0 jq -c 'select(.ph != "M") | [.ph, .pid]' events
	[ "$output" = $'["X",4194311]\n["B",7]' ]
}

@test "stacks of several hosts stand on their host, and are labelled with it" {
	for file in ab.skel ab.json; do
		run -0 skel-fmt -q --folded "$file"
		[ "$output" = $'a;a;alpha 5\nhost-b;host-b;beta 5' ]
		skel-fmt -q --flame "$file" > x.svg
		run -0 grep -o '<title>[^<]*</title>' x.svg
		[[ $output == *"<title>a (5 samples, 50.00%, host)</title>"*"<title>host-b (5 samples, 50.00%, host)</title>"*"<title>a (5 samples, 50.00%, process)</title>"* ]]
		skel-fmt -q --pprof "$file" > x.pb.gz
		run -0 jq -c '[.samples[] | [.labels.host, .labels.pid, .stack[0][0], .values[0]]]' <("$HELPERS/pprof.py" x.pb.gz)
		[ "$output" = '[["a",7,"alpha",5],["host-b",7,"beta",5]]' ]
	done
	run -0 skel-fmt -q --folded a.skel
	[ "$output" = 'a;alpha 5' ]
}

# kept_segments N: the stream of five passes over maps that are not cleared, and segments of N records of it.
kept_segments() {
	"$HELPERS/kept-maps.py" "$FIXTURES/format" a 5 > kept.skel
	rm -rf out && mkdir out
	skel-split -q -N "$1" -d out kept.skel > names
}

@test "segments of a map that is not cleared are its one state, merged, appended or listed" {
	local n form
	# Also where a pass is in two segments.
	for n in 4 5 7; do
		kept_segments "$n"
		for form in --folded --flame --pprof --heat --prom; do
			skel-fmt -q "$form" kept.skel > want
			skel-merge -q out/* | skel-fmt -q "$form" | cmp - want
			skel-merge -q --order out/* | skel-fmt -q "$form" | cmp - want
		done
		for form in --folded --prom; do
			skel-fmt -q "$form" kept.skel > want
			cat out/* | skel-fmt -q "$form" | cmp - want
			skel-fmt -q "$form" out/* | cmp - want
			skel-fmt -q "$form" kept.skel out/* | cmp - want
		done
		skel-fmt -q --heat kept.skel | grep -o '<title>[^<]*' > want
		skel-fmt -q --heat out/* | grep -o '<title>[^<]*' | cmp - want
		skel-fmt -q --pprof kept.skel > kept.pb.gz
		skel-fmt -q --pprof out/* > parts.pb.gz
		"$HELPERS/pprof.py" --folded kept.pb.gz > want
		[ -s want ]
		"$HELPERS/pprof.py" --folded parts.pb.gz | cmp - want
	done
	[ "$(skel-fmt --folded kept.skel | tr '\n' ' ')" = "7;one 10 7;three 30 7;two 20 " ]
	# The same program on another host, or started again, is another state.
	"$HELPERS/kept-maps.py" "$FIXTURES/format" b 5 > other.skel
	sed '1s/2026-11-22T14:48:00/2026-11-22T14:48:09/' kept.skel > later.skel
	for n in other later; do
		[ "$(skel-fmt --folded kept.skel $n.skel | tr '\n' ' ')" = "7;one 20 7;three 60 7;two 40 " ]
	done
}

@test "the maps of several hosts that are not cleared are each a state of its own" {
	local order
	"$HELPERS/kept-maps.py" "$FIXTURES/format" x 5 > x.skel
	"$HELPERS/kept-maps.py" "$FIXTURES/format" y 3 > y.skel
	for order in '' --order; do
		skel-merge $order x.skel y.skel > xy.skel
		[ "$(skel-fmt --folded xy.skel | tr '\n' ' ')" = "x;7;one 10 x;7;three 30 x;7;two 20 y;7;one 6 y;7;three 18 y;7;two 12 " ]
		# Each pass counts one more of slot 1.
		[ "$(skel-fmt --heat xy.skel | grep -o '<title>.* 2 to 3 us: [0-9]*' | sed 's/.* //' | paste -s -d +)" = "2+2+2+1+1" ]
	done
	# In one family they have the host as a label; a map of other types has a family of its own.
	"$HELPERS/kept-maps.py" "$FIXTURES/format" z 2 sum > z.skel
	for order in '' --order; do
		skel-merge $order x.skel y.skel z.skel > xyz.skel
		skel-fmt --prom xyz.skel > prom
		[ "$(grep -c '^# TYPE kept_counts_total' prom)" = 1 ]
		[ "$(sed -n 's/^kept_counts_total{host="\(.\)",.*three.*cpu="1"} /\1 /p' prom | paste -s -d ' ')" = "x 15 y 9 z 6" ]
		[ "$(sed -n 's/^kept_hists_seconds\(.*\)_count{host="\(.\)",key="5"} /\1\2 /p' prom | paste -s -d ' ')" = "x 30 y 18 _2z 12" ]
		skel-poll -q -f json < xyz.skel | skel-fmt --prom | cmp - prom
	done
	skel-merge a.skel b.skel | skel-fmt -q --prom > prom
	[ "$(sed -n 's/^skel_lost_total{program="two",map="rb",host="\(.*\)"} /\1 /p' prom | paste -s -d ' ')" = "a 2 host-b 3" ]
	[ "$(sed -n 's/^skel_records_total{program="two",map="rb",host="\(.*\)"} /\1 /p' prom | paste -s -d ' ')" = "a 5 host-b 5" ]
}
