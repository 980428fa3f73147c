#!/usr/bin/env bats
# skel-count: counts of recordings, compared with jq and sort.

load ../helpers/helper

rows() { # FILE ARG...: "key count" of each row, sorted
	local file=$1
	shift
	skel-count -f json "$@" "$file" | jq -c 'select(.key) | [(.key | del(.other)), .value.count]' | sort
}

as_json() { # FILE: the stream with its records in JSON
	head -n 1 "$1" | sed 's/"encoding":"binary"/"encoding":"json"/'
	skel-fmt -q --json "$1"
	echo '{"@end":{"records":0,"lost":0}}'
}

@test "records are counted by an enum, by a number and by text as jq counts them" {
	cd "$BATS_TEST_TMPDIR"
	for by in "enums color" "scalars u8" "texts name"; do
		read -r file member <<<"$by"
		skel-fmt --json "$FIXTURES/format/$file.skel" | jq -c "{$member:.$member}" |
			jq -sc 'group_by(.)[] | [.[0], length]' | jq -cS . | sort > want
		rows "$FIXTURES/format/$file.skel" --by "$member" | jq -cS . | sort > got
		diff want got
		[ -s got ]
	done
}

@test "random questions have the answers that they have in Python" {
	run -0 timeout 240 "$HELPERS/count-oracle.py" "${SEED:-1}" 200 250 "$BATS_TEST_TMPDIR"
	[[ $output == "250 questions, "* ]]
}

@test "the rows are a stream that skel-fmt shows, largest first" {
	run -0 --separate-stderr bash -c "skel-count --by color $FIXTURES/format/enums.skel | skel-fmt --csv --bare -c color,count"
	[ "${lines[0]}" = color,count ] && [ ${#lines[@]} = 4 ]
	[ -z "$stderr" ]
}

@test "keys beyond --keys are counted as others, and that is said" {
	run -0 --separate-stderr bash -c "skel-count --keys 1 --by color -f json $FIXTURES/format/enums.skel"
	[[ $output == *'"other":true'* ]]
	[[ $stderr == *"are counted as others"* ]]
	total=$(grep '"key"' <<<"$output" | jq -s 'map(.value.count) | add')
	[ "$total" = "$(skel-fmt --json "$FIXTURES/format/enums.skel" | wc -l)" ]
}

@test "a row of other keys has a column of its own only where it is needed" {
	run -1 bash -c "skel-count --by color -f json $FIXTURES/format/enums.skel | grep -c other"
	[ "$output" = 0 ]
	run -0 bash -c "skel-count --by color --every 1s -f json $FIXTURES/format/enums.skel | grep -c other"
	[ "$output" -gt 1 ]
	run -0 bash -c "skel-count -q --by color --keys 1 $FIXTURES/format/enums.skel | skel-fmt --csv --bare -c color,other,count"
	[[ $output == *"RED(0),false,1"* ]]
	[[ $output == *"RED(0),true,2"* ]]
	# What is told before the only pass stands behind the header.
	run -0 bash -c "skel-count -m exits --by @map $FIXTURES/format/maps.skel | head -n 2 | cut -c 1-8"
	[ "$output" = "$(printf '%s\n' '{"skel":' '{"@lost"')" ]
}

@test "a member that no map has is an error with the nearest names" {
	fails_with 1 "no map has a member \"colr\"; the nearest: color" skel-count --by colr -f json "$FIXTURES/format/enums.skel"
}

@test "wrong words are errors of usage" {
	fails_with 2 "--every: \"5x\" is no interval" skel-count --every 5x
	fails_with 2 "--quantile a: \"101\" is not a percentage" skel-count --quantile a=101
	fails_with 2 "--sort: there is no column \"cuont\"; the nearest: count" skel-count --sort cuont
}

@test "members of a key keep their kinds, widths and the family of an address" {
	run -0 --separate-stderr bash -c "skel-count -q --by saddr,ret,dport,addr $FIXTURES/format/kinds.skel |
		skel-fmt --csv --bare -c saddr_text,ret_text,dport_text,addr_text,count"
	[ "${output//$'\r'/}" = "$(printf '%s\n' saddr_text,ret_text,dport_text,addr_text,count 0.0.0.0,5,8080,1.1.1.1,1 \
		10.1.22.133,0,443,10.0.0.1,1 127.0.0.1,-EACCES,80,fe80::200:ff:fe00:1,1)" ]
	run -0 --separate-stderr bash -c "skel-count -q --by saddr,cookie $FIXTURES/format/kinds.skel | head -n 1"
	[ "$(jq -c '[.types[].members[]? | select(.name == "saddr" or .name == "cookie") | [.as, .help, .width]]' <<<"$output")" = \
		'[["ip4","who asked",null],["hex",null,12]]' ]
	run -0 --separate-stderr bash -c "skel-count -q --by saddr $FIXTURES/format/kinds.skel | skel-grep -c 'saddr in 10.0.0.0/8'"
	[ "$output" = 1 ]
}

@test "sums, extremes and quantiles keep units, but no address" {
	run -0 --separate-stderr bash -c "skel-count -q -m all --sum took --max took --min sig --max dev --sum sig $FIXTURES/format/kinds.skel | head -n 1"
	[ "$(jq -c '[.types[].members[]? | {(.name): .as}] | add | del(.other)' <<<"$output")" = \
		'{"count":null,"sum_took":"ns","max_took":"ns","min_sig":"signal","max_dev":"dev","sum_sig":null}' ]
	run -0 --separate-stderr bash -c "skel-count -q --max saddr --max dport --max hop $FIXTURES/format/kinds.skel | skel-fmt --json"
	[ "$(jq -c '.value | [.max_dport, has("max_dport_text"), has("max_saddr_text")]' <<<"$output")" = '[8080,false,false]' ]
}

@test "names in JSON records are told for the rows, each once" {
	cd "$BATS_TEST_TMPDIR"
	as_json "$FIXTURES/format/kinds.skel" > json.skel
	as_json "$FIXTURES/format/kinds.skel" | tail -n +2 | sed '$d' >> json.skel
	grep -q '"uid_text":"ana"' json.skel
	run -0 bash -c "skel-count -q -m all --by uid,cgroup json.skel | tee rows | skel-fmt --csv --bare -c uid_text,cgroup_text,count"
	[[ $output == *"ana,/system.slice/ssh.service,2"* ]]
	[ "$(grep -ac '@names' rows)" = 3 ]
	run -0 skel-count -q -f json -m all --by uid json.skel
	[[ $output == *'"uid_text":"ana"'* ]]
}

@test "a mean keeps the unit, as text and for questions" {
	cd "$BATS_TEST_TMPDIR"
	skel-count -q -m all --by sig --mean took --mean kib "$FIXTURES/format/kinds.skel" > means.skel
	for way in cat 'skel-fmt --json'; do
		run -0 bash -c "$way means.skel | skel-fmt --json | jq -c 'select(.key.sig == 9) | .value | [.mean_took_text, .mean_kib_text]'"
		[ "$output" = '["1.234567 ms","1536 KiB"]' ]
	done
	run -0 skel-count -q -f json -m all --by sig --mean took "$FIXTURES/format/kinds.skel"
	[[ $output == *'"mean_took":1234567.0,"mean_took_text":"1.234567 ms"'* ]]
	run -0 skel-fmt <<<"$output"
	[[ $output == *"1.23 ms"* ]]
	run -0 skel-grep -c 'mean_took > 1ms && mean_took < 2ms' means.skel
	[ "$output" = 1 ]
}

# numbers FILE NUMBER...: a stream of records with an integer and a double of each number.
numbers() {
	local n
	{
		echo '{"skel":"stream","version":1,"name":"x","encoding":"json","host":"","boot_id":"","started":"","maps":[{"name":"e","source":"ringbuf","value":2}],"types":[{"kind":"int","name":"s64","size":8,"signed":true},{"kind":"float","name":"double","size":8},{"kind":"struct","name":"e","size":24,"members":[{"name":"n","type":0,"offset":0,"as":"us"},{"name":"d","type":1,"offset":8},{"name":"m","type":0,"offset":16}]}]}'
		for n in "${@:2}"; do echo '{"@map":"e","@time":"2026-11-22T14:48:01.000000001Z","n":'"$n"',"d":'"$n"'.5,"m":'"$n"'}'; done
		echo '{"@end":{"records":'$(($# - 1))',"lost":0}}'
	} > "$1"
}

@test "the slots of a linear histogram have their borders in the stream, and so in every form" {
	cd "$BATS_TEST_TMPDIR"
	numbers x.skel -7 0 99 100 199 200 349 350 6499 6500 1000000
	local f
	for f in binary json; do
		skel-count -q -f $f --hist n=linear:100:50 x.skel > $f.skel
		is '{"name":"slots","step":100,"start":50}' \
			"$(head -n 1 $f.skel | jq -c '.types[].members[]? | select(.name == "slots") | {name, step, start}')"
		# -7, 0 and 99 are below 150, the last one has 6350 and more.
		is '{"min":50,"max":149,"count":4}
{"min":150,"max":249,"count":2}
{"min":250,"max":349,"count":1}
{"min":350,"max":449,"count":1}
{"min":6350,"count":3}' "$(skel-fmt --json $f.skel | jq -c '.value.buckets[] | select(.count > 0)')"
		is us "$(skel-fmt --json $f.skel | jq -r .value.unit)"
		is '50 -> 149|150 -> 249|250 -> 349|350 -> 449|6350 ->' \
			"$(skel-fmt $f.skel | grep '|\*' | sed 's/ *:.*//; s/^ *//; s/  */ /g' | paste -sd '|')"
		is 'count 11  p50 <= 249  p90 6350+  p99 6350+' "$(skel-fmt $f.skel | grep '^count 11')"
		is '6350+ 6350+' "$(skel-fmt --spark $f.skel | tail -n 1 | awk '{ print $NF, $NF }')"
		is '4 6 7 8 8' "$(skel-fmt --prom $f.skel | grep -E 'le="0.000(149|249|349|449|549)"' | sed 's/.* //' | paste -sd ' ')"
		diff <(skel-fmt --plain $f.skel | grep ' : ') <(skel-fmt $f.skel | grep ' : ')
		skel-fmt --heat $f.skel | grep -q '150 to 249 us: 2<'
	done
	# Several, of which one is of doubles; and through what copies a header.
	skel-count -q --hist n=linear:1000 --hist d=linear:10 --hist m=linear:1 x.skel | skel-count -q --by count | head -n 1 | jq -e . >/dev/null
	skel-count -q --hist n=linear:1000 --hist d=linear:10 --hist m=linear:1 x.skel > several.skel
	cp several.skel again.skel
	skel-merge several.skel again.skel > merged.skel
	for f in several merged; do
		is '{"min":1000,"max":1999,"count":0} {"min":90,"max":99,"count":1} {"min":62,"max":62,"count":0}' "$(skel-fmt -q --json $f.skel | head -n 1 |
			jq -c '.value | .hist_n.buckets[1], .hist_d.buckets[9], .hist_m.buckets[62]' | paste -sd ' ')"
		is '{"min":63,"count":9}' "$(skel-fmt -q --json $f.skel | head -n 1 | jq -c '.value.hist_m.buckets[63]')"
	done
	# Of log2 there is nothing to say.
	is null "$(skel-count -q --hist n x.skel | head -n 1 | jq -r '.types[].members[]? | select(.name == "slots") | .step')"
}

@test "a histogram has the unit of its member" {
	run -0 bash -c "skel-count -q -m all --hist took $FIXTURES/format/kinds.skel | skel-fmt"
	[[ $output == *"  ns  "* ]]
	run -0 bash -c "skel-count -q -m all --hist took --hist size $FIXTURES/format/kinds.skel | head -n 1 | jq -r '.maps[0].sample.unit'"
	[ "$output" = "(unit)" ]
}

@test "--as says what a member is, and names of its kind are passed on" {
	cd "$BATS_TEST_TMPDIR"
	{
		head -n 1 "$FIXTURES/format/scalars.skel"
		echo '{"@names":{"kind":"uid","names":[[255,"someone"]]}}'
		echo '{"@names":{"kind":"cgroup","names":[[255,"/x"]]}}'
		tail -n +2 "$FIXTURES/format/scalars.skel"
	} > named.skel
	skel-count -q --as u8=uid --by u8 named.skel > counted.skel
	[ "$(grep -ac '@names' counted.skel)" = 1 ]
	grep -aq '"uid","names":\[\[255,"someone"\]\]' counted.skel
	fails_with 1 'no map has a member "nix"' skel-count --as nix=uid --by u8 named.skel
	fails_with 2 'unknown kind "uidd"' skel-count --as u8=uidd --by u8 named.skel
	fails_with 1 '"key" is a whole key or value' skel-count -m scalar --as key=uid --by key "$FIXTURES/format/sampled.skel"
}

@test "records in JSON are counted as the same ones in binary" {
	cd "$BATS_TEST_TMPDIR"
	while read -r file args; do
		as_json "$FIXTURES/format/$file.skel" > json.skel
		# shellcheck disable=SC2086
		skel-count -q -f json $args "$FIXTURES/format/$file.skel" > want
		# shellcheck disable=SC2086
		skel-count -q -f json $args json.skel > got
		diff want got
		[ "$(grep -c '"key":{' got)" -gt 1 ]
	done <<-END
		scalars --by u8,s8,u16,s16,u32,s32,u64,s64 --sum u64=128 --max s64 --min s64
		scalars --by u128,s128,c,b,p4,p8,pid --max u128 --min s128
		enums --by color
		texts --by name
		nested --by at,cube,path,flags.big,flags.wide,flags
		kinds -m flow --by saddr,daddr6,addr,dport,ret,via,to --max dport
		kinds -m all --by mac,name,path --max took --mean took
		short --by len
	END
}

@test "bare JSON is counted by the types that its values need, exactly" {
	cd "$BATS_TEST_TMPDIR"
	printf '{"a":%s}\n' 9007199254740993 9007199254740992 9007199254740993 -1 > ints
	# jq would round them.
	run -0 skel-count -f json --by a ints
	for row in -1:1 9007199254740992:1 9007199254740993:2; do
		[[ $output == *"\"a\":${row%:*}},\"value\":{\"count\":${row#*:}}"* ]]
	done
	echo '{"a":18446744073709551615}' >> ints
	run -0 skel-count -f json --min a --max a ints
	[[ $output == *'"min_a":"-1","max_a":"18446744073709551615"'* ]]
	# A fraction would make two of these numbers one.
	echo '{"a":2.5}' >> ints
	[ "$(rows ints --by a | wc -l)" = 5 ]
	[[ $(rows ints --by a) == *'[{"a":"9007199254740993"},2]'* ]]
	printf '{"a":%s,"b":%s}\n' 1 1 2 2.5 1.0 true '"1"' 7 '"much more than thirty-two bytes of text"' 1 > mixed
	[ "$(rows mixed --by a)" = "$(printf '[{"a":"%s"},%s]\n' 1 3 2 1 'much more than thirty-two bytes of text' 1 | sort)" ]
	printf '{"a":%s}\n' 1 2.5 '"x"' 1 1.0 > late
	[[ $(rows late --by a) == *'[{"a":"1"},3]'* ]]
	run -0 skel-count -f json --sum b --max b mixed
	[[ $output == *'"count":5,"sum_b":12.5,"max_b":7.0'* ]]
}

@test "records of bare JSON that lack a member are left out, and that is said" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' '{"a":1,"b":1}' '{"a":1}' '{"a":null,"b":1}' '{"a":1,"b":"x"}' > some
	run -1 --separate-stderr skel-count -f json --by a --sum b some
	[[ $stderr == *"some:4: b is not a number"* ]]
	[[ $stderr == *"some: 2 records were left out: they lack a member"* ]]
	[[ $output == *'"value":{"count":1,"sum_b":1}'* ]]
	fails_with 1 'some: no record has a member "bb"; the nearest: b' skel-count -f json --by bb some
}

@test "passes over bare JSON go on in another stream when the types change" {
	cd "$BATS_TEST_TMPDIR"
	printf '{"@time":"2026-11-22T14:48:%sZ","a":%s}\n' 01 1 02 1 03 '"x"' 03.5 1 > grows
	skel-count --by a --every 1s grows | skel-fmt --json | jq -c '[.key.a, .value.count]' > got
	diff - got <<-END
		[1,1]
		["1",2]
		["1",3]
		["x",1]
	END
}

@test "stacks are grouped with their process, and keep the names of their functions" {
	run -0 --separate-stderr bash -c "skel-count -q -m profile --by ustack,kstack $FIXTURES/format/stacks.skel | skel-fmt"
	[[ $output == *"spin (inlined)  /src/work/busy.c:12"* ]]
	[[ $output == *"ext4_write [ext4]+0x34"* ]]
	# What is behind the last address is no part of a stack.
	run -0 --separate-stderr bash -c "skel-count -q -m profile --by kstack -f json $FIXTURES/format/stacks.skel"
	[ "$(grep '"key"' <<<"$output" | jq -c '[[.key.kstack[] | .symbol], .value.count]')" = "$(printf '%s\n' '[[],5]' \
		'[["asm_sysvec_apic_timer_interrupt"],3]' \
		'[["asm_sysvec_apic_timer_interrupt","asm_sysvec_apic_timer_interrupt","asm_sysvec_apic_timer_interrupt","asm_sysvec_apic_timer_interrupt"],1]' \
		'[["ext4_write [ext4]","do_syscall_64"],1]')" ]
	# Ids of stacks.
	run -0 --separate-stderr bash -c "skel-count -q -m counts --by uid --sum value -f json $FIXTURES/format/stacks.skel"
	[[ $output == *'"tgid":42'* ]]
	[[ $output == *'"@stack"'* ]]
}

@test "stacks in JSON records, which lack the ids, are refused with advice" {
	head -n 1 "$FIXTURES/format/stacks.skel" | sed 's/"encoding":"binary"/"encoding":"json"/' > "$BATS_TEST_TMPDIR/json.skel"
	fails_with 1 "leave out -f json" skel-count -m profile --by kstack "$BATS_TEST_TMPDIR/json.skel"
}

@test "what lies between the members of a struct does not make two keys of one" {
	cd "$BATS_TEST_TMPDIR"
	"$HELPERS/padded.py" > padded.skel
	for by in s both s,both; do
		run -0 skel-count -f json --by "$by" padded.skel
		[ "$(grep -c '"key":{' <<<"$output")" = 3 ]
		[[ $output == *'"value":{"count":3}'* ]]
	done
}

@test "equal rows are in the order of what their keys mean" {
	cd "$BATS_TEST_TMPDIR"
	"$HELPERS/padded.py" > padded.skel
	run -0 bash -c "skel-count -f json --by s padded.skel | jq -c 'select(.key) | .key.s.n'"
	[ "$output" = "$(printf '%s\n' 256 -2 3)" ]
	run -0 bash -c "skel-count -f json --by s.n --sort +s_n padded.skel | jq -c 'select(.key) | .key.s_n'"
	[ "$output" = "$(printf '%s\n' -2 3 256)" ]
	for n in 300 5 -1 256; do echo "{\"n\":$n,\"t\":\"t$n\"}"; done > numbers
	run -0 bash -c "skel-count -f json --by n,t numbers | jq -c 'select(.key) | .key.n'"
	[ "$output" = "$(printf '%s\n' -1 5 256 300)" ]
	run -0 bash -c "skel-count -f json --by t --top 2 numbers | jq -r 'select(.key) | .key.t'"
	[ "$output" = "$(printf '%s\n' t-1 t256)" ]
}

at() { # SECONDS VALUE: a record in JSON
	printf '{"@time":"2026-11-22T14:48:%06.3fZ","a":%s}\n' "$1" "$2"
}

passes() { # ARG...: the rows of standard input, each with the second of its pass
	skel-count -f json --by a "$@" | jq -c 'select(.key) | [.["@time"][17:21], .key.a, .value.count]'
}

@test "appended streams are counted together, those of other types apart" {
	cd "$FIXTURES/format"
	run -0 bash -c "cat enums.skel enums.skel | skel-count -f json --by color | jq -c 'select(.key) | .value.count'"
	[ "$output" = "$(printf '%s\n' 2 2 2)" ]
	# What cannot be counted is left out; the rest is not.
	run -1 --separate-stderr bash -c "cat enums.skel scalars.skel enums.skel | skel-count -f json --by color"
	[[ $stderr == *'no map has a member "color"'* ]]
	[ "$(grep -c '"count":2' <<<"$output")" = 3 ]
	[ "$(tail -n 1 <<<"$output")" = '{"@end":{"records":3,"lost":0}}' ]
	echo '{"color":7}' > "$BATS_TEST_TMPDIR/json"
	run -0 bash -c "skel-count -f json --by color enums.skel $BATS_TEST_TMPDIR/json"
	[ "$(grep -c '"skel"' <<<"$output")" = 2 ]
	[ "$(grep '@end' <<<"$output")" = "$(printf '%s\n' '{"@end":{"records":3,"lost":0}}' '{"@end":{"records":1,"lost":0}}')" ]
}

@test "lost records are told for the rows, at once and at the end" {
	run -0 --separate-stderr skel-count -f json -m exits --by @map "$FIXTURES/format/maps.skel"
	[[ $output == *'{"@lost":{"map":"count","count":12}}'* ]]
	[[ $output == *'{"@end":{"records":1,"lost":12}}' ]]
}

@test "what was read of a stream that was cut is counted" {
	file=$FIXTURES/format/enums.skel
	head -n 3 "$file" > "$BATS_TEST_TMPDIR/line.skel"
	run -0 --separate-stderr skel-count -f json "$BATS_TEST_TMPDIR/line.skel"
	[[ $output == *'"value":{"count":2}'* ]]
	[[ $stderr == *"the end is missing"* ]]
	head -c $(($(stat -c %s "$BATS_TEST_TMPDIR/line.skel") - 5)) "$file" > "$BATS_TEST_TMPDIR/cut.skel"
	run -1 --separate-stderr skel-count -f json "$BATS_TEST_TMPDIR/cut.skel"
	[[ $output == *'"value":{"count":1}'* ]]
	[[ $stderr == *":3: the stream ends within this line"* ]]
}

@test "passes end by the time of the records, also of those out of order" {
	cd "$BATS_TEST_TMPDIR"
	{ at 1 1; at 1.5 1; at 2.1 2; at 1.9 1; at 5.5 1; } > late
	diff - <(passes --every 1s < late) <<-END
		["02.0",1,2]
		["03.0",1,3]
		["03.0",2,1]
		["05.5",1,4]
		["05.5",2,1]
	END
	diff - <(passes --every 1s --delta < late) <<-END
		["02.0",1,2]
		["03.0",1,1]
		["03.0",2,1]
		["05.5",1,1]
	END
	# An older recording behind it has passes of its own.
	{ at 31 1; at 32 1; at 1 2; at 2 2; } > older
	diff - <(passes --every 1s --delta < older) <<-END
		["32.0",1,1]
		["32.0",1,1]
		["02.0",2,1]
		["02.0",2,1]
	END
}

@test "each pass of its own records has its own first rows" {
	cd "$BATS_TEST_TMPDIR"
	{ at 1 1; at 1 1; at 1 2; at 2 2; at 2 2; at 2 3; at 2 3; at 2 1; } > many
	diff - <(passes --every 1s --delta --top 1 < many) <<-END
		["02.0",1,2]
		["02.0",2,2]
	END
	diff - <(passes --every 1s --top 1 < many) <<-END
		["02.0",1,2]
		["02.0",1,3]
	END
}

@test "a pass ends without records behind it, and what was counted is written at the end" {
	cd "$BATS_TEST_TMPDIR"
	mkfifo in
	skel-count --by a --every 100ms -f json in > out 3>&- &
	count=$!
	exec 7> in
	for i in 1 2 3; do echo "{\"a\":$i}"; done >&7
	for ((i = 0; i < 100; i++)); do
		[ "$(grep -c '"value":{"count":1}' out)" -lt 3 ] || break
		sleep 0.1
	done
	grep -q '@sampled' out
	run -1 grep '@end' out
	exec 7>&-
	wait "$count"
	grep -q '@end' out
	# A second signal does not wait for the end of the pipe.
	skel-count --by a -f json in > out 3>&- &
	count=$!
	exec 7> in
	for i in 1 1 1; do echo "{\"a\":$i}"; done >&7
	sleep 0.5
	kill -INT "$count"
	sleep 0.7
	kill -TERM "$count"
	wait "$count"
	exec 7>&-
	grep -q '"value":{"count":3}' out
	grep -q '@end' out
}

@test "members and maps of the recording on the line are completed" {
	file=$FIXTURES/format/kinds.skel
	run -0 skel-count --complete=1 -- --by saddr,dp "$file"
	[ "$output" = "$(printf '%s\n' +nospace saddr,dport)" ]
	for option in sum min max mean quantile hist; do
		run -0 skel-count --complete=1 -- "--$option" took "$file"
		[ "$output" = took ]
	done
	run -0 skel-count --complete=5 -- --by saddr,to.port --sum size --sort "" "$file"
	[ "$output" = "$(printf '%s\n' saddr to_port count sum_size)" ]
	run -0 skel-count --complete=5 -- --quantile took --by sig --sort +p "$file"
	[ "$output" = "$(printf '%s\n' +p50_took +p90_took +p99_took)" ]
	run -0 skel-count --complete=1 -- -m fl "$file"
	[ "$output" = flow ]
}

# sampled FILE PASS...: a stream of a map with two CPUs; a pass is "pid:count,count ...".
sampled() {
	python3 - "$FIXTURES/format" "$@" <<-'PYTHON'
		import json, struct, sys
		sys.path.insert(0, sys.argv[1])
		from make import Stream, TIME
		s = Stream("sampled")
		u32, u64 = s.integer("u32", 4), s.integer("u64", 8)
		s.map("hits", "sample", s.struct("hit", ("n", u64)), key=s.struct("key", ("pid", u32)), cpus=2,
		      sample={"interval": 1000, "type": "default_kv", "unit": "", "clear_map": sys.argv[3] == "clear"})
		s.map("other", "ringbuf", s.struct("event", ("pid", u32)))
		for i, words in enumerate(sys.argv[4:]):
		    for word in words.split():
		        pid, counts = word.split(":")
		        s.put(struct.pack("<I2Q", int(pid), *map(int, counts.split(","))), time=TIME + i * 10**9)
		    s.control(sampled={"map": "hits", "round": i + 1, "keys": len(words.split())})
		s.end()
		with open(sys.argv[2], "wb") as f:
		    f.write(b"\n".join([json.dumps(s.header).encode(), *s.lines, b""]))
	PYTHON
}

sums() { # ARG...: the rows of the file hits, each with the second of its pass
	skel-count -f json -q -m hits --by pid --sum n "$@" hits |
		jq -c 'select(.key) | [.["@time"][17:19], .key.pid, .value.sum_n]'
}

@test "each pass over a sampled map that is not cleared takes the place of the one before" {
	cd "$BATS_TEST_TMPDIR"
	sampled hits keep "7:1,2 8:10,20" "7:5,5 9:1,0" "7:6,6"
	diff - <(sums) <<-END
		["01",7,3]
		["01",8,30]
		["02",7,10]
		["02",9,1]
		["03",7,12]
	END
	is "$(sums)" "$(sums --delta)"
	# The passes that end within one of --every are written once, as the last one was.
	diff - <(sums --every 1h) <<-END
		["03",7,12]
	END
	fails_with 1 "passes over a sampled map cannot be counted with another map; choose one with -m" \
		skel-count --by pid hits
}

@test "passes over a sampled map that is cleared are added up, or with --delta are not" {
	cd "$BATS_TEST_TMPDIR"
	sampled hits clear "7:1,2 8:10,20" "7:5,5 9:1,0"
	diff - <(sums) <<-END
		["01",7,3]
		["01",8,30]
		["02",7,13]
		["02",8,30]
		["02",9,1]
	END
	diff - <(sums --delta) <<-END
		["01",7,3]
		["01",8,30]
		["02",7,10]
		["02",9,1]
	END
}

@test "--sort orders by a number, a text or a column, + the smallest first" {
	cd "$BATS_TEST_TMPDIR"
	for i in "b 3" "a -1" "a 7" "c 3" "b 4"; do
		read -r name n <<< "$i"
		echo "{\"name\":\"$name\",\"n\":$n}"
	done > in
	sorted() {
		skel-count -f json --by name --sum n --min n "$@" in |
			jq -r 'select(.key) | .key.name' | paste -s -d ' '
	}
	is "a b c" "$(sorted)"
	is "c a b" "$(sorted --sort +count)"
	is "c b a" "$(sorted --sort name)"
	is "a b c" "$(sorted --sort +name)"
	is "b a c" "$(sorted --sort sum_n)"
	is "b c a" "$(sorted --sort min_n)"
	is "a" "$(sorted --sort +min_n --top 1)"
}

@test "records of keys beyond --keys are in one row, which --top does not hide" {
	cd "$BATS_TEST_TMPDIR"
	for n in 1 1 2 3 4 4 5; do echo "{\"n\":$n,\"text\":\"a text that is long $n\"}"; done > in
	run -0 --separate-stderr bash -c "skel-count -f json --by n --sum n --keys 2 --top 1 in | jq -c 'select(.key) | [.key.n, .key.other, .value.count, .value.sum_n]'"
	[ "$output" = "$(printf '%s\n' '[0,true,4,16]' '[1,false,2,2]')" ]
	[ "$stderr" = "skel-count: 4 records of more than 2 keys are counted as others; --keys allows more" ]
	run -0 --separate-stderr bash -c "skel-count -q -f json --by text --keys 3 in | jq -r 'select(.key) | .key.text, .value.count' | paste -s -d ' '"
	[ "$output" = "(other) 3 a text that is long 1 2 a text that is long 2 1 a text that is long 3 1" ]
	[ -z "$stderr" ]
}

@test "numbers that a column cannot hold are shown as the nearest, and that is said" {
	cd "$BATS_TEST_TMPDIR"
	for n in 18446744073709551615 18446744073709551615; do echo "{\"n\":$n}"; done > in
	run -0 --separate-stderr skel-count -f json --sum n in
	[[ $output == *'"sum_n":18446744073709551615}'* ]]
	[ "$stderr" = "skel-count: a number in sum_n was too large, and the nearest is shown" ]
	run -0 --separate-stderr skel-count -f json --sum n=128 --quantile n=50 in
	[[ $output == *'"sum_n":"36893488147419103230"'* ]]
	[ -z "$stderr" ]
}

@test "a record that is not as the header says is a bad line" {
	cd "$BATS_TEST_TMPDIR"
	file=$FIXTURES/format/enums.skel
	{ head -n 2 "$file"; echo '{"@map":"rb","color":"RED(0)"}'; tail -n 1 "$file"; } > mixed
	run -1 --separate-stderr skel-count -f json --by color mixed
	[[ $output == *'"count":1}'* ]]
	[ "$stderr" = "skel-count: mixed:3: a JSON record among binary ones" ]
	sed '1s/"binary"/"json"/' mixed > other
	run -1 --separate-stderr skel-count -f json --by color other
	[[ $output == *'"count":1}'* ]]
	[ "$stderr" = "skel-count: other:2: a binary record among JSON ones" ]
}

@test "no records are no rows, and without --by there is one row" {
	cd "$BATS_TEST_TMPDIR"
	run -0 --separate-stderr skel-count -f json /dev/null
	[ -z "$output$stderr" ]
	{ head -n 1 "$FIXTURES/format/enums.skel"; tail -n 1 "$FIXTURES/format/enums.skel" | sed 's/3/0/'; } > none
	run -0 --separate-stderr skel-count -f json --by color none
	[ "${lines[1]}" = '{"@end":{"records":0,"lost":0}}' ]
	[ -z "$stderr" ]
	run -0 --separate-stderr bash -c "skel-count -f json --min color $FIXTURES/format/enums.skel | jq -c 'select(.key) | [.key, .value]'"
	[ "$output" = '[{},{"count":3,"min_color":"RED(0)"}]' ]
	run -0 --separate-stderr bash -c "printf '%s\n' '{\"a\":1}' '{\"b\":2}' | skel-count -f json | jq -c 'select(.key) | [.key, .value]'"
	[ "$output" = '[{},{"count":2}]' ]
}

@test "only the maps of -m are counted" {
	file=$FIXTURES/format/maps.skel
	run -0 --separate-stderr bash -c "skel-count -f json --by @map -m exits -m execs $file | jq -c 'select(.key) | [.key.map, .value.count]'"
	[ "$output" = "$(printf '%s\n' '["execs",3]' '["exits",1]')" ]
	fails_with 1 "no map \"none\"" skel-count -m none "$file"
	run -0 --separate-stderr skel-count -f json --by comm "$file"
	[[ $stderr == "skel-count: $file: map exits was left out: it lacks a member of the question"* ]]
}

@test "wrong questions are one line each" {
	local floats=$FIXTURES/format/floats.skel texts=$FIXTURES/format/texts.skel
	refuse() { # STATUS MESSAGE ARG...
		fails_with "$1" "$2" skel-count "${@:3}"
		[ "$1" = 2 ] || [ "$(wc -l <<< "$stderr")" = 1 ] || { echo "$stderr"; return 1; }
	}
	refuse 2 "--by: the name of a member is empty" --by a,,b
	refuse 2 "--sum: the name of a member is empty" --sum =128
	refuse 2 '--sum a: "64"' --sum a=64
	refuse 2 '--hist a: "linear:0" is neither log2 nor linear:STEP[:START] with integers of at most 2^56' --hist a=linear:0
	for option in linear: linear:1: linear:1:-1 linear:1:2:3 linear:72057594037927937 linear:1:99999999999999999999 linear:x; do
		refuse 2 "--hist a: \"$option\" is neither log2 nor linear:STEP[:START]" --hist "a=$option"
	done
	refuse 2 "--hist: a and b have to be both log2 or both linear" --hist a --hist b=linear:2
	refuse 2 'two columns would be called "min_a"' --min a --min value.a
	refuse 2 "--top: 0: not a number from 1" --top 0
	refuse 2 "--keys: -1: not a number from 1" --keys=-1
	refuse 2 '--sort: "hist_a" is a histogram' --hist a --sort hist_a
	refuse 1 'no map has a member "dbll"; the nearest: dbl' --mean dbll "$floats"
	refuse 1 "sum_name: name is a text, and not a number" --sum name "$texts"
}

@test "a full disk is a failure, and a reader that leaves is none" {
	[ -c /dev/full ] || skip "no /dev/full"
	file=$FIXTURES/format/enums.skel
	run -1 bash -c "skel-count --by color $file > /dev/full"
	[ "$output" = "skel-count: <stdout>: No space left on device" ]
	cd "$BATS_TEST_TMPDIR"
	for ((i = 0; i < 20000; i++)); do echo "{\"n\":$i}"; done > in
	run -0 bash -c "skel-count -f json --by n in | head -n 1 | cut -c 1-7; exit \"\${PIPESTATUS[0]}\""
	[ "$output" = '{"skel"' ]
}
