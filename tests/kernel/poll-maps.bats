#!/usr/bin/env bats
# skel-poll(1) reads maps that somebody else loaded, and lists the kernel's maps.

load ../helpers/helper
load ../helpers/session
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR" || return 1
	need_bpf
	make_maps
}

teardown() {
	[ -z "${POLL:-}" ] || kill -KILL "$POLL" 2>/dev/null || :
	remove_maps
}

# The number of a map of poll.bpf.c.
id_of() { # NAME
	bpftool -j map show pinned "$DIR/$1" | jq .id
}

# The records in the output of skel-poll, without their times.
records() {
	jq -c 'select(.["@map"]) | del(.["@time"])'
}

@test "a map is read by its number, its name and its pin, with the kernel's types" {
	produce to_counts 5
	local name=own$$
	bpftool map create "$DIR/$name" type hash key 4 value 8 entries 4 name "$name"
	bpftool map update pinned "$DIR/$name" key 1 0 0 0 value 2 0 0 0 0 0 0 0
	run -0 --separate-stderr skel-poll -f json --once "map:$(id_of counts)"
	[ -z "$stderr" ]
	[ "$(records <<<"$output")" = '{"@map":"counts","key":5,"value":5}' ]
	[ "$(head -n 1 <<<"$output" | jq -c '[.maps[0].source, .types[.maps[0].value].name]')" = '["sample","__u64"]' ]
	[ "$(skel-poll -f json --once "$DIR/counts" | records)" = '{"@map":"counts","key":5,"value":5}' ]
	# This one has no BTF.
	[ "$(skel-poll -f json --once "map:$name" | records)" = "{\"@map\":\"$name\",\"key\":1,\"value\":2}" ]
	# Several, one per CPU.
	produce to_percpu 3
	[ "$(skel-poll -f json --once "$DIR/percpu" "$DIR/counts" | records | jq -c '[.["@map"], .value]' | paste -s)" = \
		$'["percpu",3]\t["counts",5]' ]
	# A name as long as the kernel keeps it stands for the whole name.
	bpftool map create "$DIR/long" type array key 4 value 4 entries 1 name "long_name$$"
	[ "$(skel-poll -f json --once "map:long_name$$" | records | jq .value)" = 0 ]
}

@test "the variables of a data section are one record" {
	produce to_ring 4
	run -0 skel-poll -f json --once "map:$(bpftool -j prog show pinned "$DIR/programs/to_ring" |
		jq '.map_ids[]' | while read -r id; do
			bpftool -j map show id "$id" | jq 'select(.name | endswith(".bss")) | .id'
		done)"
	[ "$(records <<<"$output" | jq -c '[.key, .value.seq]')" = '[{},4]' ]
	[ "$(skel-fmt --csv -b -c seq <<<"$output" | tr -d '\r' | paste -s)" = $'seq\t4' ]
}

@test "a map is never cleared unless --sample says so" {
	produce to_counts 5
	skel-poll --sample counts=20 -t 0.2 "$DIR/counts" > run.skel
	[ "$(skel-fmt --json run.skel | wc -l)" -gt 3 ]
	bpftool -j map dump pinned "$DIR/counts" | jq -e 'length == 1'
	[ "$(skel-poll -f json --sample 'c*=1s,clear' --once "$DIR/counts" | records | jq .value)" = 5 ]
	bpftool -j map dump pinned "$DIR/counts" | jq -e 'length == 0'
}

@test "the records of a ring buffer are taken from its owner, with a warning and the type that --type gives" {
	produce to_ring 3
	run -0 --separate-stderr skel-poll -f json --once --type poll.bpf.o:'struct event' "$DIR/rb"
	[ "$(records <<<"$output" | jq -c '[.n, .pid, .comm]' | paste -s)" = $'[0,7,"a\\nb"]\t[1,7,"a\\nb"]\t[2,7,"a\\nb"]' ]
	[ "$stderr" = "skel-poll: map rb: a ring buffer gives each record to one reader: its owner loses those that are read here" ]
	produce to_ring 1
	produce to_ring2 1
	# Of several maps, by name; from a package too.
	skel-pack poll.bpf.o > poll.json 2> /dev/null
	skel-poll -q -f json --once --type rb=poll.json:'struct event' --type rb2=poll.bpf.o:'struct tick' \
		"$DIR/rb" "$DIR/rb2" > out
	[ "$(records < out | paste -s)" = $'{"@map":"rb","n":3,"pid":7,"comm":"a\\nb"}\t{"@map":"rb2","n":4}' ]
	produce to_ring2 1
	run -0 --separate-stderr skel-poll -f json --once "$DIR/rb2"
	[ "$(records <<<"$output" | jq -r .raw)" = 05000000 ]
	[[ $stderr == *"map rb2: the kernel does not know the type of its records, which are shown as bytes; give it with --type"* ]]
}

@test "--type finds a type that is only in the DWARF, in a package too" {
	bpf_object unnamed
	! bpftool btf dump file unnamed.bpf.o | grep "STRUCT 'event'" || false
	# Another type is stated, so that packing does not add this one.
	skel-pack --events rb='unsigned long long' unnamed.bpf.o > unnamed.json 2> /dev/null
	for file in unnamed.bpf.o unnamed.json; do
		run -0 --separate-stderr skel-poll -q -f json --once --type "$file:struct event" "$DIR/rb"
		[ -z "$stderr" ]
		[ "$(head -n 1 <<<"$output" | jq -r '. as $h | $h.types[$h.maps[0].value].name')" = event ]
	done
}

@test "maps that cannot be read are refused" {
	fails_with 1 "map pb is a perf buffer, which has one reader for each CPU: its owner would get no more records" \
		skel-poll "$DIR/pb"
	bpftool map create "$DIR/queue" type queue value 4 entries 4 name queue
	fails_with 1 "$DIR/queue: map queue is a map of type queue, which cannot be read key by key" skel-poll "$DIR/queue"
	fails_with 1 "map:no_such_map: no map is called no_such_map" skel-poll map:no_such_map
	fails_with 1 "map:4294967295: there is no such map; skel-poll --list shows" skel-poll map:4294967295
	fails_with 1 "map:: expected map:ID or map:NAME" skel-poll map:
	fails_with 1 "$DIR/programs/to_ring: a program or a link is pinned there, not a map" skel-poll "$DIR/programs/to_ring"
	fails_with 1 "$DIR/counts: this map was named before" skel-poll "map:$(id_of counts)" "$DIR/counts"
	local twin=twin$$
	bpftool map create "$DIR/twin1" type hash key 4 value 8 entries 4 name "$twin"
	bpftool map create "$DIR/twin2" type array key 4 value 8 entries 4 name "$twin"
	fails_with 1 "map:$twin: 2 maps are called $twin; name one by its number, as in map:$(id_of twin1): $(id_of twin1) (hash), $(id_of twin2) (array)" \
		skel-poll "map:$twin"
	run -1 --separate-stderr setpriv --reuid 65534 --clear-groups "$(command -v skel-poll)" "map:$(id_of counts)"
	[[ $stderr == *"opening a map of somebody else needs CAP_SYS_ADMIN"* ]]
}

@test "options that do not fit maps are refused" {
	fails_with 2 "cannot be read together" skel-poll "$DIR/counts" run.skel
	fails_with 2 "-m is for sessions and streams" skel-poll -m counts "$DIR/counts"
	fails_with 2 "--sample is for maps" skel-poll --sample counts=1s run.skel
	fails_with 2 "--type is for maps" skel-poll --type x.o:y
	fails_with 2 "--type x.o: expected [MAP=]FILE:TYPE" skel-poll --type x.o "$DIR/rb"
	fails_with 2 "--list: it takes no operands" skel-poll --list map:1
	fails_with 1 "--type other=...: no map of this name is read" skel-poll -q --type other=poll.bpf.o:'struct event' "$DIR/rb"
	fails_with 1 "--sample other: no map of this name is sampled" skel-poll --sample other=1s "$DIR/counts"
	fails_with 1 "poll.bpf.o: neither its BTF nor its DWARF has a type struct evnt; the nearest: event" skel-poll -q --type poll.bpf.o:'struct evnt' "$DIR/rb"
	fails_with 1 "map counts: its values have 8 bytes, but the type of --type has 24" \
		skel-poll --type poll.bpf.o:'struct event' "$DIR/counts"
	fails_with 1 "no.o: No such file" skel-poll -q --type no.o:'struct event' "$DIR/rb"
}

@test "while maps are read no privilege is kept" {
	skel-poll "$DIR/counts" > out 2> err 3>&- &
	POLL=$!
	wait_for 10 test -s out
	# Under the sanitizers there is no filter of system calls.
	[ -n "${SAN:-}" ] || wait_for 10 grep -q '^Seccomp:[[:space:]]2$' "/proc/$POLL/status"
	grep -q '^CapEff:[[:space:]]0*$' "/proc/$POLL/status"
	grep -q '^CapPrm:[[:space:]]0*$' "/proc/$POLL/status"
	grep -q '^NoNewPrivs:[[:space:]]1$' "/proc/$POLL/status"
	kill -TERM "$POLL"
	wait "$POLL"
	POLL=
	[ ! -s err ]
}

@test "--list shows maps, the programs that use them, and who holds them" {
	skel-poll "$DIR/counts" > out 2>/dev/null 3>&- &
	POLL=$!
	wait_for 10 test -s out
	run -0 --separate-stderr skel-poll --list -f json
	local map
	map=$(jq -c --argjson id "$(id_of counts)" 'select(.id == $id)' <<<"$output")
	[ "$(jq -c '[.type, .name, .entries, .key_size, .value_size]' <<<"$map")" = '["hash","counts",64,4,8]' ]
	[ "$(jq '.memory > 0' <<<"$map")" = true ]
	[ "$(jq -c '[.programs[].name]' <<<"$map")" = '["to_counts"]' ]
	[ "$(jq -c '.processes' <<<"$map")" = "[{\"pid\":$POLL,\"comm\":\"skel-poll\"}]" ]
	[ "$(jq -c '.pins' <<<"$map")" = "[\"$DIR/counts\"]" ]
	[ -z "$stderr" ]
	run -0 skel-poll --list
	[[ ${lines[0]} == *"ID TYPE "*"NAME "*"ENTRIES"*"MEMORY PROGRAMS "*"HELD BY"* ]]
	grep -qE "^ *$(id_of counts) hash +counts +64 +[0-9]+ to_counts \([0-9]+\) +skel-poll \($POLL\), $DIR/counts" <<<"$output"
	# Names come from anybody.
	run ! grep -q $'\033' <<<"$output"
}
