#!/usr/bin/env bats
# skel-count: counts of recordings, compared with jq and sort.

load ../helpers/helper

rows() { # FILE ARG...: "key count" of each row, sorted
	local file=$1
	shift
	skel-count -f json "$@" "$file" | jq -c 'select(.key) | [(.key | del(.other)), .value.count]' | sort
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
}

as_json() { # FILE: the stream with its records in JSON
	head -n 1 "$1" | sed 's/"encoding":"binary"/"encoding":"json"/'
	skel-fmt -q --json "$1"
	echo '{"@end":{"records":0,"lost":0}}'
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
		[[ $output == *"\"a\":${row%:*},\"other\":false},\"value\":{\"count\":${row#*:}}"* ]]
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
