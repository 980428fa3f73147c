#!/usr/bin/env bats
# skel-fmt --prom: the state of sampled maps as metrics.  helpers/prom-check.py says
# whether a text is of Prometheus' format, and what its series are.

load ../helpers/helper

setup() {
	note_places
	FMT=$FIXTURES/format
	cd "$BATS_TEST_TMPDIR"
}

# values: print the series on standard input, but for skel_build_info, as JSON.
values() {
	python3 "$HELPERS/prom-check.py" --values | grep -v skel_build_info
}

# stream NAME MAP KEY-MEMBERS VALUE-MEMBERS [SAMPLE]: print the header of a stream of
# JSON records.  Types: 0 u64, 1 char[16], 2 double, 3 the enum way, 4 bool, 5 u64[4],
# 6 and 7 the key and the value.  Members are "name:type" or JSON of "name:type:more".
stream() {
	python3 - "$@" <<-'END'
		import json, sys
		name, map_, *members = sys.argv[1:5]
		sample = {"interval": 1000, "type": "default_kv", "unit": "(unit)", "clear_map": False}
		sample.update(json.loads(sys.argv[5]) if len(sys.argv) > 5 else {})
		sizes = [8, 16, 8, 4, 1, 32]
		types = [{"kind": "int", "name": "u64", "size": 8, "signed": False},
		         {"kind": "array", "name": "", "size": 16, "of": 8, "count": 16},
		         {"kind": "float", "name": "double", "size": 8},
		         {"kind": "enum", "name": "way", "size": 4, "values": [["IN", 0], ["OUT", 1]]},
		         {"kind": "bool", "name": "bool", "size": 1},
		         {"kind": "array", "name": "", "size": 32, "of": 0, "count": 4}]
		for struct, text in zip(("key", "value"), members):
		    at, list_ = 0, []
		    for m in text.split():
		        n, t, *more = m.split(":", 2)
		        list_.append({"name": n, "type": int(t), "offset": at, **(json.loads(more[0]) if more else {})})
		        at += (sizes[int(t)] + 7) // 8 * 8
		    types.append({"kind": "struct", "name": struct, "size": at, "members": list_})
		types.append({"kind": "char", "name": "char", "size": 1})
		print(json.dumps({"skel": "stream", "version": 1, "name": name, "encoding": "json", "host": "", "boot_id": "",
		                  "started": "", "maps": [{"name": map_, "source": "sample", "key": 6, "value": 7, "sample": sample}],
		                  "types": types}))
	END
}

# row MAP KEY VALUE, pass MAP ROUND: lines of that stream.
row() {
	printf '{"@map":"%s","@time":"2026-11-22T14:48:01.000000001Z","key":%s,"value":%s}\n' "$1" "$2" "$3"
}
pass() {
	printf '{"@sampled":{"map":"%s","round":%d,"keys":1}}\n' "$1" "$2"
}
END='{"@end":{"records":1,"lost":0}}'

@test "every stream becomes valid metrics, and binary records the same ones as JSON" {
	local stream base
	for stream in "$FMT"/*.skel; do
		base=${stream##*/}
		skel-fmt -q --prom "$stream" > binary 2>/dev/null || [ "$base" = types.skel ]
		python3 "$HELPERS/prom-check.py" < binary || { echo "$base"; return 1; }
		# What types.skel has that is bad would be bad twice, and the stacks of JSON
		# records have the names of their time.
		[ "$base" != types.skel ] && [ "$base" != stacks.skel ] || continue
		skel-poll -q -f json "$stream" | skel-fmt -q --prom | diff binary - || { echo "$base"; return 1; }
	done
	grep -q '^skel_build_info{version="[0-9.]*"} 1$' binary
}

@test "members of the key, texts and enums are labels, numbers counters or gauges in base units" {
	{
		stream net sent 'comm:1 way:3 uid:0:{"as":"uid"}' \
			'n:0 took_ns:0 sent:0:{"as":"kib","help":"how_much"} mean:2 up:4 depth:0:{"gauge":true} state:3 who:0:{"as":"signal"}'
		row sent '{"comm":"a\"b\\\n","way":"OUT(1)","uid":0}' \
			'{"n":18446744073709551615,"took_ns":1500000000,"sent":3,"mean":0.5,"up":true,"depth":7,"state":"IN(0)","who":9}'
		row sent '{"comm":"x","way":"<UNKNOWN_VARIANT>(7)","uid":1}' \
			'{"n":0,"took_ns":1,"sent":0,"mean":-1e300,"up":false,"depth":0,"state":"OUT(1)","who":1000}'
		pass sent 1
		echo "$END"
	} > x.skel
	skel-fmt --prom x.skel > out
	grep -qx '# HELP net_sent_bytes_total how_much' out
	grep -qx '# TYPE net_sent_depth gauge' out
	grep -qx '# TYPE net_sent_mean gauge' out
	grep -qx '# HELP net_sent_n_total n of map sent of net' out
	# To promtool blanks are no help.
	sed 's/"how_much"/" \\t "/' x.skel | skel-fmt --prom | grep -qx '# HELP net_sent_bytes_total sent of map sent of net'
	local labels='{"comm":"a\"b\\\n","way":"OUT","uid":"root","state":"IN","who":"SIGKILL"}'
	# The stream tells no names of users.
	labels=${labels/root/0}
	values < out > series
	is "[\"net_sent_n_total\",$labels,\"18446744073709551615\"]
[\"net_sent_took_seconds_total\",$labels,\"1.5\"]
[\"net_sent_bytes_total\",$labels,\"3072\"]
[\"net_sent_mean\",$labels,\"0.5\"]
[\"net_sent_up\",$labels,\"1\"]
[\"net_sent_depth\",$labels,\"7\"]" "$(grep KILL series)"
	is '"way":"7"' "$(grep -o '"way":"7"' series | sort -u)"
	grep -q 'took_seconds_total",.*,"0.000000001"' series
	skel-fmt --prom --numeric x.skel | values | grep -q '"who":"9"'
}

@test "what is seen of a map that is cleared is added up, other passes replace the one before" {
	local clear
	for clear in true false; do
		{
			stream p tab 'k:0' 'n:0 now:0:{"gauge":true}' "{\"clear_map\":$clear}"
			row tab '{"k":1}' '{"n":5,"now":5}'
			row tab '{"k":2}' '{"n":7,"now":7}'
			pass tab 1
			row tab '{"k":1}' '{"n":10,"now":1}'
			row tab '{"k":1}' '{"n":20,"now":1}'
			pass tab 2
			echo "$END"
		} > $clear.skel
		skel-fmt --prom $clear.skel | values > $clear
	done
	is '["p_tab_n_total",{"k":"1"},"35"]
["p_tab_n_total",{"k":"2"},"7"]
["p_tab_now",{"k":"1"},"2"]
["p_tab_now",{"k":"2"},"7"]' "$(cat true)"
	# A walk over a map can come to a key twice.
	is '["p_tab_n_total",{"k":"1"},"20"]
["p_tab_now",{"k":"1"},"1"]' "$(cat false)"
}

@test "keys that come, go and change their order have their rows, of each host its own" {
	python3 - "$FMT" <<-'END'
		import json, random, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream
		random.seed(7)
		for host, clear in (("a", False), ("b", False), ("c", True)):
		    s = Stream("walk")
		    s.header["host"] = host
		    text, u64 = s.array(s.type("char", "char", 1, signed=True), 16), s.integer("u64", 8)
		    key = s.struct("key", ("comm", text), ("cpu", s.integer("u32", 4)))
		    s.map("m", "sample", s.struct("value", ("hits", u64)), key=key,
		          sample={"interval": 1000, "type": "default_kv", "unit": "(unit)", "clear_map": clear})
		    keys = [(b"%s-%d" % (host.encode(), k // 3), k % 3) for k in range(300)]
		    for n in range(60):
		        if n % 7 == 0:
		            random.shuffle(keys)
		        some = [k for k in keys if random.random() < (1, 0.9, 0.1)[n % 3]]
		        for comm, cpu in some:
		            # Bytes behind the NUL say nothing.
		            junk = bytes(random.choice((0, 1)) for _ in range(15 - len(comm)))
		            s.put(struct.pack("<16sIQ", comm + b"\0" + junk, cpu, random.randrange(1000)), time=n * 10**9)
		        s.control(sampled={"map": "m", "round": n + 1, "keys": len(some)})
		    s.end()
		    with open(host + ".skel", "wb") as f:
		        f.write(json.dumps(s.header).encode() + b"\n" + b"".join(line + b"\n" for line in s.lines))
	END
	skel-merge a.skel b.skel > ab.skel
	local stream
	for stream in a b c ab; do
		skel-fmt -q --prom $stream.skel > binary
		skel-poll -q -f json $stream.skel | skel-fmt -q --prom > as-json
		[ "$(grep -c '^walk_.*{' binary)" -gt 10 ]
		diff -u as-json binary
	done
	# Rows that are gone make room for others, and the places of keys change.
	skel-fmt -q --prom --series 300 a.skel > binary
	skel-poll -q -f json a.skel | skel-fmt -q --prom --series 300 > as-json
	diff -u as-json binary
}

@test "of the next stream of a program the state goes on, and several inputs are one state" {
	{ stream p tab 'k:0' 'n:0' '{"clear_map":true}'; row tab '{"k":1}' '{"n":5}'; pass tab 1; echo "$END"; } > a.skel
	cat a.skel a.skel > b.skel
	is '["p_tab_n_total",{"k":"1"},"15"]' "$(skel-fmt --prom a.skel b.skel | values)"
	# Another program with other members takes the place of the one before.
	{ cat a.skel; stream p tab 'j:0' 'n:0' '{"clear_map":true}'; row tab '{"j":1}' '{"n":5}'; pass tab 1; } > c.skel
	is '["p_tab_n_total",{"j":"1"},"5"]' "$(skel-fmt -q --prom c.skel | values)"
}

@test "chosen columns are the only labels and metrics, and rows without other labels are added" {
	{
		stream p tab 'k:0 j:0' 'n:0 now:0'
		row tab '{"k":1,"j":1}' '{"n":5,"now":1}'
		row tab '{"k":1,"j":2}' '{"n":6,"now":1}'
		pass tab 1
		echo "$END"
	} > x.skel
	is '["p_tab_n_total",{"k":"1"},"11"]' "$(skel-fmt --prom -c k,n x.skel | values)"
}

@test "slots are histograms in base units, with a sum only if the program keeps one" {
	{
		stream p lat 'k:0' 'slots:5 sum:0 n:0' '{"type":"log2_hist","unit":"usecs"}'
		row lat '{"k":1}' '{"slots":[1,2,0,4],"sum":1500,"n":3}'
		pass lat 1
		echo "$END"
	} > x.skel
	is '["p_lat_seconds_bucket",{"k":"1","le":"0.000001"},"1"]
["p_lat_seconds_bucket",{"k":"1","le":"0.000003"},"3"]
["p_lat_seconds_bucket",{"k":"1","le":"0.000007"},"3"]
["p_lat_seconds_bucket",{"k":"1","le":"+Inf"},"7"]
["p_lat_seconds_sum",{"k":"1"},"0.0015"]
["p_lat_seconds_count",{"k":"1"},"7"]
["p_lat_n_total",{"k":"1"},"3"]' "$(skel-fmt --prom x.skel | values)"
	is '["p_depth_bucket",{"k":"1","le":"0"},"1"]
["p_depth_bucket",{"k":"1","le":"1"},"3"]
["p_depth_bucket",{"k":"1","le":"2"},"3"]
["p_depth_bucket",{"k":"1","le":"+Inf"},"7"]
["p_depth_count",{"k":"1"},"7"]
["p_depth_sum_a_total",{"k":"1"},"1"]
["p_depth_sum_c_total",{"k":"1"},"2"]' "$({
		stream p depth 'k:0' 'slots:5 sum_a:0 sum_c:0' '{"type":"linear_hist"}'
		row depth '{"k":1}' '{"slots":[1,2,0,4],"sum_a":1,"sum_c":2}'
	} | skel-fmt -q --prom | values)"
}

@test "a histogram whose bucket is in the key has one series for the rest of the key" {
	{
		stream p lat 'comm:1 bucket:0' 'count:0' '{"buckets":"exp2_hist","unit":"ns"}'
		row lat '{"comm":"a","bucket":0}' '{"count":1}'
		row lat '{"comm":"a","bucket":10}' '{"count":2}'
		row lat '{"comm":"a","bucket":99}' '{"count":4}'
		pass lat 1
		echo "$END"
	} > x.skel
	skel-fmt --prom x.skel | values > series
	is 64 "$(grep -c bucket series)"
	is '["p_lat_seconds_bucket",{"comm":"a","le":"0.000001023"},"1"]
["p_lat_seconds_bucket",{"comm":"a","le":"0.000002047"},"3"]
["p_lat_seconds_bucket",{"comm":"a","le":"+Inf"},"7"]
["p_lat_seconds_count",{"comm":"a"},"7"]' "$(grep -E '00(1023|2047)"|Inf|_count' series)"
}

@test "the percentile of a table lies in the slot that the buckets have it in" {
	skel-fmt -m wide "$FMT/hists.skel" > table
	skel-fmt --prom -m wide "$FMT/hists.skel" | values > series
	local p99 count
	p99=$(sed -n 's/.*p99 <= \([0-9]*\).*/\1/p' table)
	count=$(sed -n 's/.*seconds_count.*"\([0-9]*\)".*/\1/p' series)
	is "$p99" "$(jq -r "select(.[0] | endswith(\"bucket\")) | select((.[2] | tonumber) >= $count * 0.99) | .[1].le" series |
		head -n 1 | awk '{ printf "%.0f\n", $1 * 1e6 }')"
}

@test "names are valid and no two the same, whatever the program calls things" {
	{
		stream '7 höst"s_bpf' 'le bytes' '__name__:0 le:0 quantile:0 LE:0 9:0 ü:0' \
			'b:0 gauge:0 fooBar:0 foo_bar:0 x_total:0 total:2 count:2 milliseconds_left:0 h:0:{"gauge":true} s_ms:0 :0 minutes:0'
		row 'le bytes' '{"__name__":1,"le":2,"quantile":3,"LE":4,"9":5,"ü":6}' '{"b":1,"foo_bar":2}'
		echo "$END"
	} > x.skel
	skel-fmt -q --prom x.skel > out
	values < out > series
	is '{"name":"1","leval":"2","quantileval":"3","leval_2":"4","_9":"5","label":"6"}' \
		"$(jq -c '.[1]' series | sort -u)"
	run ! grep -E '^[^#{]*(__|[A-Z])' out
	is "$(cut -d '"' -f 2 series | sort -u | wc -l)" "$(wc -l <series)"
	grep -q 'foo_bar_total' series
	grep -q 'foo_bar_2_total' series
	# That of the program could be ours.
	{ stream skel lost k:0 n:0; row lost '{"k":1}' '{"n":1}'; } | sed 's/"name": "n"/"name": "lost"/; s/"n":1/"lost":1/' |
		skel-fmt -q --prom | values | grep -q skel_lost_2_total
}

@test "--gauge says what is no count" {
	{ stream p tab k:0 'n:0 now:0'; row tab '{"k":1}' '{"n":5,"now":1}'; echo "$END"; } > x.skel
	local name
	for name in now tab.now value.now; do
		skel-fmt -q --prom --gauge $name x.skel | grep -qx '# TYPE p_tab_now gauge'
	done
	skel-fmt -q --prom --gauge scalar --gauge count "$FMT/sampled.skel" | grep -qx '# TYPE sampled_scalar gauge'
	fails_with 1 'skel-fmt: x.skel: --gauge: no map has a member "e"' skel-fmt --prom --gauge e x.skel
	fails_with 2 "--gauge and --series are for --prom" skel-fmt --gauge now x.skel
	fails_with 2 "--series: 0: not a number of series, 1 to 100000000" skel-fmt --prom --series 0 x.skel
}

@test "SKEL_GAUGE reaches the package, and the counts of skel-count know what is one" {
	command -v clang >/dev/null || skip "needs clang"
	cat > p.bpf.c <<-'END'
		#include <linux/bpf.h>
		#include <bpf/bpf_helpers.h>
		#include "skel.bpf.h"
		struct value { unsigned long long n; unsigned int in_flight SKEL_GAUGE; };
		struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, int); __type(value, struct value);
		} m SEC(".maps") SKEL_SAMPLE(1000);
		SEC("tracepoint/syscalls/sys_enter_nanosleep") int f(void *ctx) { bpf_map_lookup_elem(&m, &(int){ 0 }); return 0; }
		char LICENSE[] SEC("license") = "GPL";
	END
	cp "$ASSETS/skel.bpf.h" .
	run -0 --separate-stderr skel-pack p.bpf.c
	is '{"name":"value.in_flight","gauge":true}' "$(jq -c '.meta.bpf_skel.maps[] | select(.name == "m").fields[]' <<<"$output")"
	skel-count -q --by comm --mean pid --max pid --sum pid "$FMT/maps.skel" | skel-fmt --prom | grep '^# TYPE' > types
	is '# TYPE maps_count_total counter
# TYPE maps_count_mean_pid gauge
# TYPE maps_count_max_pid gauge
# TYPE maps_count_sum_pid_total counter
# TYPE skel_build_info gauge' "$(cat types)"
}

@test "records of maps of events are counted, those that were lost too" {
	run -0 --separate-stderr skel-fmt --prom "$FMT/maps.skel"
	[[ $stderr == *"skel-fmt: map execs: of events only the number becomes a metric; skel-count makes metrics of their members"* ]]
	values <<<"$output" > series
	grep -qxF '["skel_records_total",{"program":"maps","map":"execs"},"3"]' series
	grep -qxF '["skel_lost_total",{"program":"maps","map":"exits"},"12"]' series
	# Objects without a header are events too.
	is '["skel_records_total",{"program":"","map":""},"2"]' "$(printf '{"a":1}\n{"a":2}\n' | skel-fmt --prom | values | grep records)"
}

@test "losses that only the end tells of are of the only map of events, or of none that is named" {
	local header='{"skel":"stream","version":1,"name":"p","encoding":"json","host":"","boot_id":"","started":"","maps":['
	local sampled='{"name":"tab","source":"sample","sample":{"interval":1000,"type":"default_kv","unit":"(unit)","clear_map":false}}'
	local end='{"@lost":{"map":"a","count":2}}
{"@end":{"records":0,"lost":7}}'
	is '["skel_lost_total",{"program":"p","map":"a"},"7"]' \
		"$(printf '%s\n' "$header$sampled"',{"name":"a","source":"ringbuf"}],"types":[]}' "$end" |
			skel-fmt -q --prom | values | grep lost)"
	is '["skel_lost_total",{"program":"p","map":"a"},"2"]
["skel_lost_total",{"program":"p","map":"b"},"0"]
["skel_lost_total",{"program":"p","map":""},"5"]' \
		"$(printf '%s\n' "$header"'{"name":"a","source":"ringbuf"},{"name":"b","source":"perf"}],"types":[]}' "$end" |
			skel-fmt -q --prom | values | grep lost)"
}

# written N: whether there are so many files that are to replace x.svg.
written() {
	[ "$(compgen -G '.skel-x.svg.*' | wc -l)" -eq "$1" ]
}

@test "what kill -9 leaves of a file that is replaced, the next one removes, but not what another one writes" {
	local pids=() name
	mkfifo in in2
	for name in in in2; do
		skel-fmt --flame=x.svg < $name 3>&- &
		pids+=($!)
	done
	exec 8>in 9>in2
	head -n 3 "$FMT/stacks.skel" | tee /dev/fd/9 >&8
	wait_for 10 written 2
	kill -KILL "${pids[0]}"
	wait "${pids[0]}" || [ $? -eq 137 ]
	written 2
	: > .skel-x.svg.kept
	skel-fmt --prom=x.svg "$FMT/sampled.skel"
	written 2 # that of the other one, and the one that is none of ours
	grep -q sampled_scalar x.svg
	exec 8>&- 9>&-
	wait "${pids[1]}"
	is .skel-x.svg.kept "$(compgen -G '.skel-*')"
	grep -q '</svg>' x.svg
}

@test "more series than --series are told, counted and not made" {
	{
		stream p tab k:0 'n:0 now:0'
		for i in 1 2 3 4; do row tab "{\"k\":$i}" '{"n":5,"now":1}'; done
		pass tab 1
		echo "$END"
	} > x.skel
	run -0 --separate-stderr skel-fmt --prom --series 5 x.skel
	is "skel-fmt: map tab: there are 4 series, and no more are made: records with other labels are left out; --series=N allows more, -c fewer labels" "$stderr"
	is '["skel_left_out_total",{"program":"p","map":"tab"},"2"]' "$(values <<<"$output" | grep left)"
	is 4 "$(grep -c '^p_tab' <<<"$output")"
	# Keys that are gone make room.
	{
		stream p tab k:0 'n:0'
		for i in {1..300}; do row tab "{\"k\":$i}" '{"n":5}'; pass tab "$i"; done
		echo "$END"
	} > x.skel
	run -0 --separate-stderr skel-fmt --prom --series 3 x.skel
	is "" "$stderr"
	is '["p_tab_n_total",{"k":"300"},"5"]' "$(values <<<"$output")"
}

@test "a file is replaced as a whole after each round of passes, and at the end" {
	local i
	mkfifo in
	umask 027
	skel-fmt --prom=out.prom < in 3>&- &
	local pid=$!
	exec 9>in
	head -n 1 "$FMT/sampled.skel" | jq -c '.maps |= .[0:2]' >&9
	printf '{"@map":"scalar","key":5,"value":1}\n{"@sampled":{"map":"scalar","round":1,"keys":1}}\n' >&9
	printf '{"@sampled":{"map":"struct","round":1,"keys":0}}\n' >&9
	wait_for 10 test -s out.prom
	is 640 "$(stat -c %a out.prom)"
	is '["sampled_scalar_total",{"key":"5"},"1"]' "$(values <out.prom)"
	printf '{"@map":"scalar","key":5,"value":2}\n{"@sampled":{"map":"scalar","round":2,"keys":1}}\n' >&9
	printf '{"@map":"scalar","key":5,"value":3}\n' >&9
	exec 9>&-
	wait "$pid"
	is '["sampled_scalar_total",{"key":"5"},"3"]' "$(values <out.prom)"
	is "" "$(compgen -G '.skel-*')"
}

@test "who reads the file meanwhile never sees half of it" {
	{
		stream p tab k:0 n:0
		for i in {1..300}; do
			for k in {1..20}; do row tab "{\"k\":$k}" "{\"n\":$i}"; done
			pass tab "$i"
		done
		echo "$END"
	} > x.skel
	skel-fmt --prom=out.prom < x.skel 3>&- &
	local n=0
	while kill -0 $! 2>/dev/null; do
		[ -e out.prom ] || continue
		cat out.prom > seen
		is "20 1 1" "$(grep -c ^p_tab seen) $(grep '^p_tab' seen | cut -d ' ' -f 2 | sort -u | wc -l) $(grep -c '^skel_build_info' seen)"
		n=$((n + 1))
	done
	wait $!
	is "out.prom seen x.skel" "$(echo *)"
	is 300 "$(grep ^p_tab out.prom | cut -d ' ' -f 2 | sort -u)"
}

@test "what cannot be replaced stays, and is told" {
	{ stream p tab k:0 n:0; row tab '{"k":1}' '{"n":5}'; pass tab 1; echo "$END"; } > x.skel
	fails_with 1 "skel-fmt: none/: No such file or directory" skel-fmt --prom=none/x.prom x.skel
	fails_with 1 "skel-fmt: /dev/null: it exists and is no regular file, so it is not replaced" skel-fmt --prom=/dev/null x.skel
	echo old > old.prom
	ln -s old.prom link.prom
	fails_with 1 "skel-fmt: link.prom: it exists and is no regular file, so it is not replaced" skel-fmt --prom=link.prom x.skel
	# An input that is no stream has nothing to say.
	fails_with 1 "this is a package; load it first" skel-fmt --prom=old.prom "$ASSETS/runqlat.json"
	is old "$(cat old.prom)"
	# A disk that is full, as far as a test without privilege can have one.
	row tab '{"k":2}' '{"n":5}' >> x.skel
	for i in {1..100}; do row tab "{\"k\":$i}" '{"n":5}'; done >> x.skel
	run -1 --separate-stderr bash -c 'ulimit -f 1; exec skel-fmt --prom=old.prom x.skel'
	[[ $stderr == *"skel-fmt: old.prom: File too large" ]]
	# That of the first pass.
	is '["p_tab_n_total",{"k":"1"},"5"]' "$(values <old.prom)"
	is "" "$(compgen -G '.skel-*')"
	skel-fmt --prom=old.prom x.skel
	grep -q '^p_tab_n_total{k="100"} 5$' old.prom
}

@test "root is told when the directory is another user's" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	need_nobody
	mkdir theirs
	chown 65534:65534 theirs
	fails_with 1 "skel-fmt: theirs/: Permission denied; it belongs to the user 65534: run this command as that user" \
		skel-fmt --prom=theirs/x.prom "$FMT/sampled.skel"
}

@test "a stream of 330 series can be written a thousand times" {
	{
		stream p tab k:0 'n:0 now:0:{"gauge":true} f:2'
		for ((i = 0; i < 110; i++)); do row tab "{\"k\":$i}" "{\"n\":$i,\"d\":1,\"f\":1.5}"; done > rows
		for ((i = 1; i <= 1000; i++)); do cat rows; pass tab "$i"; done
		echo "$END"
	} > x.skel
	skel-fmt --prom=out.prom < x.skel
	is 330 "$(grep -c ^p_tab out.prom)"
}
