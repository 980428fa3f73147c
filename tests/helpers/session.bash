# Sessions without skel-load: bpftool(8) pins the maps of poll.bpf.c, and the tests
# write the session that describes them.  `load ../helpers/session`.

load ../helpers/load

# Pin the maps in DIR.  Only root gets there, however bpffs is mounted.
make_maps() {
	bpf_object poll
	local way=/sys/fs/bpf/skel-test-$$-$BATS_TEST_NUMBER
	DIR=$way/maps
	# bpftool mounts bpffs where it is missing, to pin something there.
	bpftool map create "$way-mount" type array key 4 value 4 entries 1 name t
	rm "$way-mount"
	mkdir -m 700 "$way"
	mkdir "$DIR"
	bpftool prog loadall poll.bpf.o "$DIR/programs" pinmaps "$DIR"
	head -c 64 /dev/zero > packet
}

remove_maps() {
	[ -z "${DIR:-}" ] || rm -rf "${DIR%/maps}"
}

# produce PROGRAM N: run the program N times, on the CPU ON_CPU if that is set.
produce() {
	${ON_CPU:+taskset -c "$ON_CPU"} bpftool prog run pinned "$DIR/programs/$1" data_in packet repeat "$2" >/dev/null
}

# make_session MAP...: print a session of these maps, which are JSON objects
# without their pins, with the types of poll.bpf.c.  PAGES is its
# perf_buffer_pages, LOOK its poll_timeout_ms.
make_session() {
	jq -nc --arg dir "$DIR" --argjson pages "${PAGES:-64}" --argjson look "${LOOK:-100}" '
		{skel: "session", version: 1, name: "poll", encoding: "binary",
		 host: "", boot_id: "", started: "", dir: $dir,
		 perf_buffer_pages: $pages, poll_timeout_ms: $look,
		 maps: [$ARGS.positional[] | . + {pin: ($dir + "/" + .name)}],
		 types: [
			{kind: "int", name: "u64", size: 8, signed: false},
			{kind: "int", name: "u32", size: 4, signed: false},
			{kind: "char", name: "char", size: 1, signed: true},
			{kind: "array", name: "", size: 12, of: 2, count: 12},
			{kind: "struct", name: "event", size: 24, members: [
				{name: "n", type: 0, offset: 0},
				{name: "pid", type: 1, offset: 8},
				{name: "comm", type: 3, offset: 12}]},
			{kind: "struct", name: "tick", size: 4, members: [
				{name: "n", type: 1, offset: 0}]}]}' \
		--jsonargs "$@"
}

export RB='{"name":"rb","source":"ringbuf","value":4}'
export RB2='{"name":"rb2","source":"ringbuf","value":5}'
export PB='{"name":"pb","source":"perf","value":4}'

# sampled NAME INTERVAL [CLEAR]: print a sampled map for make_session.
sampled() {
	jq -nc --arg name "$1" --argjson ms "$2" --argjson clear "${3:-false}" \
		--argjson cpus "$(if [ "$1" = percpu ]; then possible_cpus; else echo 0; fi)" '
		{name: $name, source: "sample", value: 0, key: 1,
		 sample: {interval: $ms, type: "default_kv", unit: "(unit)", clear_map: $clear}}
		+ if $cpus > 0 then {cpus: $cpus} else {} end'
}

possible_cpus() {
	echo $(($(sed 's/.*[-,]//' /sys/devices/system/cpu/possible) + 1))
}
