#!/usr/bin/env bats
# Maps as parameters: their sizes (--map), their values (--set) and their pins.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

PIN=/sys/fs/bpf/skel_test_pinned

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	LOAD=
}

teardown() {
	kill_load
	[ ! -e "$PIN" ] || rm "$PIN"
}

# sampled MAP N OPTION...: print the N elements of the map after the options, as
# JSON without their times, in the order of their keys.
sampled() {
	local map=$1 n=$2
	shift 2
	timeout 20 skel-load -q -f json -n "$n" --sample "$map" -m "$map" "$@" params.json > stream || return
	grep '^{"@map"' stream | jq -cS 'del(."@map", ."@time")' | sort
}

# refused STATUS MESSAGE OPTION...: skel-load says just this and attaches nothing.
refused() {
	fails_with "$1" "$2" timeout 20 skel-load -q "${@:3}" params.json
	[ "$1" -eq 2 ] || [ "$(wc -l <<< "$stderr")" -eq 1 ]
}

# bats test_tags=kernel:any
@test "without /sys the file is named that tells the number of CPUs, and what a probe needs" {
	need_bpf
	unshare -m true || skip "needs mount namespaces"
	fails_with 1 ": the number of CPUs cannot be read from /sys/devices/system/cpu/possible: No such file or directory" \
		unshare -m sh -c 'mount -t tmpfs none /sys/devices && exec "$@"' sh skel-load -t 0.1 "$ASSETS/bootstrap.json"
	bpf_package hits '-DKIND="uprobe"'
	fails_with 1 "uprobes need /sys/bus/event_source/devices: mount /sys" \
		unshare -m sh -c 'mount -t tmpfs none /sys/bus && exec "$@"' sh skel-load -t 0.1 -a hit=uprobe:bash:main hits.json
	fails_with 1 "uprobes need /proc: mount it" \
		unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh skel-load -t 0.1 -a hit=uprobe:bash:main hits.json
}


@test "sizes that a definition leaves out get defaults, with a notice that has the option" {
	bpf_package params
	run -0 --separate-stderr skel-load --check params.json
	[[ $stderr == *"params.json: map structs: its definition gives no size; it gets 10240 entries; to change that: --map structs=entries:10240"* ]]
	[[ $stderr == *"map ring: its definition gives no size; it gets 262144 bytes; to change that: --map ring=entries:262144"* ]]
	[[ $stderr == *"map stacks: its definition gives no size; it gets 16384 entries of 127 frames; to change that: --map stacks=entries:16384,value_size:1016"* ]]
	[ "$(wc -l <<< "$stderr")" -eq 3 ]
	run -0 --separate-stderr skel-load --check --map structs=entries:5 --map 'st[a-b]*=entries:2K,value_size:8' \
		--map ring=entries:4K params.json
	[ -z "$stderr" ]
}

@test "the sizes of options are those in the kernel, the last one that matches counts" {
	bpf_package params
	start_load -f json --map '*=entries:16' --map 'ring=entries:5000' --map 'n*=entries:1K' params.json
	grep -q 'map ring: 5000 bytes are rounded up to 8192' err
	bpftool -j map show > shown
	size_of() {
		cat "/proc/$LOAD"/fdinfo/* 2>/dev/null | awk '/^map_id:/ { print $2 }' | sort -un |
			while read -r id; do
				jq -r ".[] | select(.id == $id and .name == \"$1\") | .max_entries" shown
			done
	}
	[ "$(size_of structs)" -eq 16 ]
	[ "$(size_of numbers)" -eq 1024 ]
	[ "$(size_of names)" -eq 1024 ]
	[ "$(size_of ring)" -eq 8192 ]
	[ "$(size_of stacks)" -eq 16 ]
	# So small a ring may lose records.
	end_load || [ $? -eq 3 ]
}

@test "a missing size without a default is an error that names it and the option" {
	bpf_package params -DNO_SIZE
	refused 1 "params.json: map sized: its definition gives no max_entries; add --map sized=entries:N"
	run -0 skel-load -q --check --map sized=entries:3 params.json
	bpf_package params -DNO_VALUE
	refused 1 "params.json: map sized: its definition gives no value_size; add --map sized=value_size:N" --check
	run -0 skel-load -q --check --map sized=value_size:3 params.json
}

@test "a map that the kernel cannot make is named with its sizes and the option" {
	bpf_package params
	refused 1 "params.json: map names: the kernel cannot make a map of type hash with 4 entries, keys of 16 bytes and values of 1073741824: too large; another size: --map names=entries:N" \
		--map names=value_size:1G
}

@test "a wrong --map is one line, with status 2 if the option alone shows it" {
	bpf_package params
	refused 2 "--map numbers=entries:5X: \"5X\" is not a number" --map numbers=entries:5X
	refused 2 "--map numbers=entries:4G: 4G is not from 1 to 4294967295" --map numbers=entries:4G
	refused 2 "--map numbers=entries:0: 0 is not from 1 to" --map numbers=entries:0
	refused 2 "unknown size \"size:4\"; expected entries:N, value_size:N or pages:N" --map numbers=size:4
	refused 2 "expected MAP=entries:N" --map =entries:4
	refused 1 "params.json: --map nombers: the object has no such map; the nearest: numbers" --map nombers=entries:4
	refused 1 "map numbers: --map: only a perf buffer has pages" --map numbers=pages:4
	refused 1 "--map n*: the object has no such map" --map 'n*=pages:4'
	refused 1 "map ring: a ring buffer can have 1G bytes at most" --map ring=entries:2G
	refused 1 "map ring: --map: the values of this map have no size" --map ring=value_size:2
}

@test "a --map without = names an export, as -m does" {
	bpf_package params
	refused 1 "-m no_such: " --map no_such
	refused 1 "-m no_such: " --export no_such
	run -0 skel-load -q --check --map ring params.json
}

@test "a package can give the entries and values of a map" {
	bpf_package params
	edit params.json '(.meta.bpf_skel.maps[] | select(.name == "numbers")) += {"max_entries":2,
		"values":[{"key":0,"value":5},{"key":"0x1","value":"0x10"}]}
		| (.meta.bpf_skel.maps[] | select(.name == "devices")) += {"values":[{"key":7,"value":"if:lo"}]}'
	run -0 sampled numbers 2
	[ "$output" = '{"key":0,"value":5}'$'\n''{"key":1,"value":16}' ]
	run -0 sampled numbers 3 --map numbers=entries:3 --set 'numbers[1]=17'
	[ "$output" = '{"key":0,"value":5}'$'\n''{"key":1,"value":17}'$'\n''{"key":2,"value":0}' ]
	edit params.json '(.meta.bpf_skel.maps[] | select(.name == "numbers")).values[1].key |= 2'
	refused 1 "params.json: map numbers: values[1]: the map has the keys 0 to 1; --map numbers=entries:N changes that"
	edit params.json '(.meta.bpf_skel.maps[] | select(.name == "numbers")).max_entries |= 0'
	refused 1 ".max_entries: must be at least 1"
}

@test "--set writes numbers, text, enums, bitfields, nested structs and unions by their types" {
	bpf_package params
	run -0 sampled numbers 4 --set 'numbers[1]=7' --set 'numbers[0x2]=0xffffffff' --set 'numbers[1]=8'
	[ "$output" = '{"key":0,"value":0}
{"key":1,"value":8}
{"key":2,"value":4294967295}
{"key":3,"value":0}' ]
	run -0 sampled names 3 --set 'names[bash]=1' --set 'names["a]b"]=0x1fffffffffffff' --set 'names[x,{]=0x10'
	[ "$output" = '{"key":"a]b","value":9007199254740991}
{"key":"bash","value":1}
{"key":"x,{","value":16}' ]
	run -0 sampled structs 2 --set 'structs[{pid=6}]={"on":1, "at":{"y":3}, "bytes":[5,6]}' \
		--set 'structs[{pid=5, comm="a,b"}]={on=1,color=BLUE,at={x=-1,y=2},list=[1,2],name=12345678,low=15,high=0xfff,bytes=0x01020304}'
	[ "$output" = '{"key":{"comm":"","pid":6},"value":{"at":{"x":0,"y":3},"bytes":[5,6,0,0],"color":"RED(0)","high":0,"list":[0,0,0],"low":0,"name":"","on":1,"whole":1541}}
{"key":{"comm":"a,b","pid":5},"value":{"at":{"x":-1,"y":2},"bytes":[1,2,3,4],"color":"BLUE(8)","high":4095,"list":[1,2,0],"low":15,"name":"12345678","on":1,"whole":67305985}}' ]
}

@test "--set gives all CPUs the same value, and fills queues and maps without BTF" {
	bpf_package params
	cpus=$(getconf _NPROCESSORS_CONF)
	run -0 sampled each 2 --set 'each[1]=7'
	[ "$(jq -c 'select(.key == 1).values | unique' <<< "$output")" = '[7]' ]
	[ "$(jq -c 'select(.key == 1).value' <<< "$output")" -ge $((7 * cpus)) ]
	run -0 sampled untyped 2 --set 'untyped[0x010203]=0x7' --set 'untyped[1,2,4]=0xfffe'
	[ "$output" = '{"key":[1,2,3],"value":7}'$'\n''{"key":[1,2,4],"value":65534}' ]
	# The program shows what it finds.
	start_load -q -f json -n 1 --set 'queue[]={x=3,y=-4}' --set 'numbers[0]=42' --set 'each[1]=5' params.json
	python3 -c 'import os; os.getpgid(0)'
	wait_for 10 has_lines out 2
	wait "$LOAD"
	LOAD=
	[[ $(sed -n 2p out) == *'"mine":42,"last":0,"cpu":5,"first":{"x":3,"y":-4}}' ]]
}

@test "maps of interfaces, cgroups, programs and maps take the names of such" {
	bpf_package params
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$cgroup" ] || skip "needs a mounted cgroup2"
	run -0 --separate-stderr skel-load -q --check --set 'devices[1]=if:lo' --set 'devices[if:lo]=1' \
		--set "cgroups[1]=cgroup:$cgroup" --set 'progs[0]=prog:callee' --set 'maps[9]=map:numbers' params.json
	[ -z "$stderr" ]
	refused 1 "--set devices[1]: network interface no-such: No such device" --set 'devices[1]=if:no-such'
	refused 1 "--set cgroups[0]: cgroup /no/such: No such file or directory" --set 'cgroups[0]=cgroup:/no/such'
	refused 1 "--set cgroups[0]: not a cgroup of version 2" --set 'cgroups[0]=cgroup:/'
	refused 1 '--set cgroups[0]: "7" cannot be a value of this map; expected cgroup:PATH' --set 'cgroups[0]=7'
	refused 1 "--set progs[0]: the object has no program no_such" --set 'progs[0]=prog:no_such'
	refused 1 "--set progs[0]: program callee is not loaded; -a callee=load loads it without attaching it" \
		-a callee=off --set 'progs[0]=prog:callee'
	refused 1 "--set maps[0]: the object has no map no_such" --set 'maps[0]=map:no_such'
	refused 1 "--set maps[0]: that map is not like the inner maps that the definition declares" --set 'maps[0]=map:names'
}

@test "a wrong --set is one line, with status 2 if the option alone shows it" {
	bpf_package params
	for wrong in numbers 'numbers[1]' 'numbers[1=2' '[1]=2' 'numbers=@' 'numbers=5'; do
		refused 2 "--set $wrong: expected MAP[KEY]=VALUE, or MAP=@FILE" --set "$wrong"
	done
	refused 1 "params.json: --set: the object has no map nombers; the nearest: numbers" --set 'nombers[1]=2'
	refused 1 "--set numbers[9]: the map has the keys 0 to 3; --map numbers=entries:N changes that" --set 'numbers[9]=1'
	refused 1 '--set numbers[1]: "x" is not a number (unsigned int)' --set 'numbers[1]=x'
	refused 1 "--set numbers[1]: 4294967296 does not fit unsigned int: 0 to 4294967295" --set 'numbers[1]=4294967296'
	refused 1 "--set queue[1]: this map has no keys; expected MAP[]=VALUE" --set 'queue[1]={x=1}'
	refused 1 '--set structs[{pid=1}]: there is no member "z"; struct value has: on, color' --set 'structs[{pid=1}]={z=1}'
	refused 1 "--set structs[{pid=1}].low: 16 does not fit unsigned int: 0 to 15" --set 'structs[{pid=1}]={low=16}'
	refused 1 '--set structs[{pid=1}]: "PINK" is none of RED, GREEN, BLUE' --set 'structs[{pid=1}]={color=PINK}'
	refused 1 '--set structs[{pid=1}]: "{at={x=1}" ends before "," or "}"' --set 'structs[{pid=1}]={at={x=1}'
	refused 1 '--set structs[{pid=1}]: expected "{MEMBER=VALUE,...}" at "5"' --set 'structs[{pid=1}]=5'
	refused 1 "map ring: values of maps of type ringbuf cannot be set" --set 'ring[0]=1'
	refused 1 "--set names[e]: the map is full with 4 entries; --map names=entries:8 makes room for more" \
		--set 'names[a]=1' --set 'names[b]=1' --set 'names[c]=1' --set 'names[d]=1' --set 'names[e]=1'
}

@test "--set reads what skel-fmt printed for a sampled map, as JSON and as CSV" {
	bpf_package params
	sampled structs 2 --set 'structs[{pid=6}]={at={y=3},list=[1,2,3]}' \
		--set 'structs[{pid=5,comm="a,b"}]={on=1,color=BLUE,name=12345678,low=15,bytes=[1,2,3,4]}' > want
	skel-fmt --json stream > structs.json
	skel-fmt --csv stream > structs.csv
	sampled structs 2 --set structs=@structs.json | diff want -
	sampled structs 2 --set structs=@structs.csv | diff want -
	# Records of other maps, each with names of its own, are skipped.
	sampled names 2 --set 'names[a]=1' --set 'names["b,"]=2' > named
	skel-fmt --csv stream | cat - structs.csv > both.csv
	sampled structs 2 --set structs=@both.csv | diff want -
	sampled names 2 --set names=@both.csv | diff named -
	# A table that somebody wrote.
	printf 'value,key\r\n1,"x ""y"""\r\n0x10,z\r\n' > mine.csv
	run -0 sampled names 2 --set names=@mine.csv
	[ "$output" = '{"key":"x \"y\"","value":1}'$'\n''{"key":"z","value":16}' ]
	# The values of each CPU are in JSON only.
	sampled each 2 --set 'each[1]=7' > want
	skel-fmt --json stream > each.json
	skel-fmt --csv stream > each.csv
	sampled each 2 --set each=@each.json | diff want -
	refused 1 "skel-load: each.csv:2: its values are sums of those of the CPUs; write the file with skel-fmt --json" \
		--set each=@each.csv
}

@test "a wrong line of a file is reported with its number, and nothing is attached" {
	bpf_package params
	refused 1 "no-such: No such file or directory" --set names=@no-such
	printf '{"key":"a","value":1}\n{"key":"b"}\n' > x
	refused 1 'x:2: the key "value" is missing' --set names=@x
	printf '{"key":"a","value":1}\n[]\n' > x
	refused 1 'x:2: expected an object' --set names=@x
	printf '{"key":"a","value":1}\n{"key"\n' > x
	refused 1 'x:2: ' --set names=@x
	printf 'key,value\na,1\nb,-1\n' > x
	refused 1 'x:3: -1 does not fit' --set names=@x
	printf 'key,value\na,1\nb\n' > x
	refused 1 'x:3: the line has not as many cells as there are columns' --set names=@x
	printf 'key,nothing\na,1\n' > x
	refused 1 'x:2: column nothing is no member' --set names=@x
	printf 'key\na\n' > x
	refused 1 'there is no column for the value' --set names=@x
	printf 'key,value\n"a,1\n' > x
	refused 1 'a quote has no end' --set names=@x
	printf 'key,value\na\0,1\n' > x
	refused 1 'x: a NUL byte is in the text' --set names=@x
}

@test "a record that a ring or perf buffer cannot hold is refused before it is attached" {
	bpf_package params -DRING=4096 -DLARGE=4072
	refused 1 "params.json: map ring: its type has 4096 bytes, too many for a ring buffer of 4096; --map ring=entries:8192"
	run -0 skel-load -q --check --map ring=entries:8192 params.json
	bpf_package params -DRING=4096 -DLARGE=4056
	run -0 skel-load -q --check params.json
	edit params.json '.meta.export_types[0].type_id as $id | .meta.enable_multiple_export_types = true |
		(.meta.bpf_skel.maps[] | select(.name == "ring")).export_config |= {"custom_members":
			[{"name":"far","offset":12345678,"btf_type_id":$id}]}'
	refused 1 "too many for a ring buffer of 4096; --map ring=entries:16777216"
}

@test "the size of a perf buffer is its map's own, also in a session" {
	bpf_package flood -DPERF
	run -0 --separate-stderr timeout 20 skel-load -q --pin --map 'flood*=pages:3' -t 0.1 flood.json
	[ "$(jq .maps[0].buffer_size <<< "$output")" -eq 4 ]
	run -0 --separate-stderr timeout 20 skel-load -q --pin -t 0.1 flood.json
	[ "$(jq .maps[0].buffer_size <<< "$output")" -eq 64 ]
	edit flood.json '.meta.perf_buffer_pages = 5'
	run -0 --separate-stderr timeout 20 skel-load -q --pin -t 0.1 flood.json
	[ "$(jq .maps[0].buffer_size <<< "$output")" -eq 8 ]
	has_symbol bpf_loop || skip "needs a kernel with bpf_loop()"
	c_program flood
	start_load --map flood_of_more_than_15=pages:1 flood.json
	kill -STOP "$LOAD"
	./flood 1
	kill -CONT "$LOAD"
	STATUS=0
	end_load || STATUS=$?
	[ "$STATUS" -eq 3 ]
	grep -qE '^skel-load: [0-9]+ records were lost; for larger buffers: --map flood_of_more_than_15=pages:2$' err
}

@test "a map that its definition pins: --check leaves no pin, a run says what it pinned or reused" {
	[ ! -e "$PIN" ]
	bpf_package params -DPINNED=3
	run -0 --separate-stderr skel-load --check params.json
	[[ $stderr != *skel_test_pinned* ]]
	[ ! -e "$PIN" ]
	start_load -f json --set 'skel_test_pinned[1]=5' params.json
	grep -q "params.json: map skel_test_pinned: pinned at $PIN, as its definition says; it stays there until: rm $PIN" err
	end_load
	[ -e "$PIN" ]
	run -0 bpftool -j map lookup pinned "$PIN" key 1 0 0 0
	[ "$(jq .formatted.value <<< "$output")" -eq 5 ]
	# The next run goes on with it; --check does not touch it.
	run -0 skel-load -q --check --set 'skel_test_pinned[1]=6' params.json
	start_load -f json params.json
	grep -q "params.json: map skel_test_pinned: reused, as it was pinned at $PIN" err
	end_load
	run -0 bpftool -j map lookup pinned "$PIN" key 1 0 0 0
	[ "$(jq .formatted.value <<< "$output")" -eq 5 ]
	refused 1 "params.json: map skel_test_pinned: another map is pinned at $PIN: array of 3 entries, 4+4 bytes, flags 0, not array of 9, 4+4, flags 0; if nothing needs it: rm $PIN" \
		--map skel_test_pinned=entries:9
}

@test "a run that fails before all is attached leaves no pin of its own" {
	bpf_package params -DPINNED=3
	refused 1 "the map has the keys 0 to 3" --set 'numbers[9]=1'
	[ ! -e "$PIN" ]
	refused 1 "no_such" -a 'callee=tracepoint:no_such/event'
	[ ! -e "$PIN" ]
}

@test "where no bpffs is mounted, a run mounts it for such a map, and --check does not" {
	bpf_package params -DPINNED=3
	run -0 --separate-stderr unshare -m sh -c 'umount -a -t bpf && skel-load -q --check params.json && ! grep " /sys/fs/bpf bpf " /proc/mounts'
	[ -z "$stderr" ]
	run -0 --separate-stderr unshare -m sh -c 'umount -a -t bpf && skel-load -t 0.1 -f json params.json'
	[[ $stderr == *"mounted bpffs on /sys/fs/bpf"*"pinned at $PIN"* ]]
	[ ! -e "$PIN" ]
}
