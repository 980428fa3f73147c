#!/usr/bin/env bats
# Iterators, read as records or as text, once or at intervals.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	kill_load
	rm -rf "/sys/fs/bpf/skel-test-$$"
}

# only NAME FILTER: make NAME.json of iters.json with only the program NAME, which
# the jq filter changes.
only() {
	jq -c --arg name "$1" ".meta.bpf_skel.progs |= map(select(.name == \$name) | $2)" \
		iters.json >"$1.json"
}

once='del(.sample)'

@test "skel-pack learns from the macros what an iterator writes and how often it is read" {
	bpf_package iters -DELEMENTS
	[ "$(jq -c '.meta.bpf_skel.progs[] | [.name, .sample, (.export_config | type)]' iters.json)" = \
		'["records",{"interval":50},"object"]
["lines",null,"null"]
["cgroups",null,"null"]
["elements",null,"null"]
["endless",null,"null"]' ]
	bpftool btf dump file iters.bpf.o | grep -q \
		"^\[$(jq '.meta.bpf_skel.progs[0].export_config.btf_type_id' iters.json)\] STRUCT 'line' size=16"
}

@test "an iterator of records is read once, in whole records, and the run ends by itself" {
	need_bpf
	bpf_package iters
	only records "$once"
	run -0 --separate-stderr skel-load -f json records.json
	[ -z "$stderr" ]
	[ "$(jq -c '.maps[0] | [.name, .source, .text, .sample]' <<<"${lines[0]}")" = '["records","iter",null,null]' ]
	n=$((${#lines[@]} - 3))
	[ "$n" -gt 2 ]
	[ "${lines[-2]}" = "{\"@sampled\":{\"map\":\"records\",\"round\":1,\"keys\":$n}}" ]
	[ "${lines[-1]}" = "{\"@end\":{\"records\":$n,\"lost\":0}}" ]
	printf '%s\n' "${lines[@]:1:n}" | jq -es "all(.name == \"abc\" and .pid > 0) and
		any(.pid == $$) and (map(.number) | . == sort)"
}

@test "-a restricts an iterator to one process" {
	need_bpf
	bpf_package iters
	only records "$once"
	run -0 --separate-stderr skel-load -f json -a "records=iter:pid=$$" records.json
	[ "$(jq -c 'select(.pid) | .pid' <<<"$output")" = $$ ]
}

@test "an iterator with an interval is read repeatedly until -t ends the run" {
	need_bpf
	bpf_package iters
	only records .
	start_load -f json -a "records=iter:pid=$$" records.json
	wait_for 10 grep -q '"round":3,' out
	end_load
	[ "$(sed 1q out | jq -c '.maps[0].sample')" = '{"interval":50}' ]
	[ "$(grep -c "\"pid\":$$," out)" -ge 3 ]
	run -0 --separate-stderr skel-load -f json -t 0.3 -a "records=iter:pid=$$" records.json
	[[ $output == *'"round":2,'* ]]
	run ! grep -E '"keys":([02-9]|1[0-9])' out
}

@test "a pass starts afresh, whatever the previous one left" {
	need_bpf
	bpf_package iters
	only lines '.sample = {interval: 50}'
	start_load -f json -a "lines=iter:pid=$$" lines.json
	wait_for 10 grep -q '"round":3,' out
	end_load
	[ "$(grep -c '"keys":5}' out)" -ge 3 ]
	run ! grep -E '"keys":[^5]' out
}

@test "an iterator that writes more for one object than the kernel can buffer is an error" {
	need_map_elements
	bpf_package iters -DELEMENTS -DFILLER=40000
	only endless "$once"
	run -1 --separate-stderr skel-load -f json -a endless=iter:map=many endless.json
	[ "$stderr" = "skel-load: iterator endless: the program writes more for one object than the kernel's buffer holds" ]
}

@test "-a restricts an iterator to one thread" {
	need_bpf
	bpf_package iters
	only lines "$once"
	run -0 --separate-stderr skel-load -f json -a "lines=iter:tid=$$" lines.json
	[ "$(jq -r 'select(.text).text' <<<"$output" | sed -n 2p)" = "$(printf '%6d' $$)" ]
	[ "${lines[-1]}" = '{"@end":{"records":5,"lost":0}}' ]
}

@test "an incomplete record at the end is an @error line, and the exit status is 1" {
	need_bpf
	bpf_package iters -DSHORT
	only records "$once"
	run -1 --separate-stderr skel-load -f json -a "records=iter:pid=$$" records.json
	[ "$stderr" = "skel-load: map records: record of 15 bytes, its type needs 16" ]
	[[ $output == *'{"@error":{"map":"records","message":"record of 15 bytes, its type needs 16"}}'* ]]
	[ "${lines[-1]}" = '{"@end":{"records":1,"lost":0}}' ]
}

@test "each line of text is a record, in every form" {
	need_bpf
	bpf_package iters
	only lines "$once"
	skel-load -a "lines=iter:pid=$$" lines.json >run.skel
	[ "$(sed 1q run.skel | jq -c '.maps[0] | [.text, .value]')" = '[true,null]' ]
	pid=$(printf '%6d' $$)
	escape=$(printf '\033')
	[ "$(skel-fmt run.skel)" = "  TGID \"tasks\",
$pid
red \\^[[31m, a tab	here

the end" ]
	[ "$(skel-fmt --json --bare run.skel)" = "{\"text\":\"  TGID \\\"tasks\\\",\"}
{\"text\":\"$pid\"}
{\"text\":\"red \\u001b[31m, a tab\\there\"}
{\"text\":\"\"}
{\"text\":\"the end\"}" ]
	[ "$(skel-fmt --csv --bare run.skel | tr -d '\r')" = "text
\"  TGID \"\"tasks\"\",\"
$pid
\"red ${escape}[31m, a tab	here\"

the end" ]
	[ "$(skel-fmt --tsv --bare run.skel)" = "text
  TGID \"tasks\",
$pid
red ${escape}[31m, a tab\\there

the end" ]
	[ "$(skel-fmt --raw run.skel)" = "  TGID \"tasks\",
$pid
red ${escape}[31m, a tab	here

the end" ]
	[ "$(skel-fmt --plain run.skel | sed 's/^[0-9][0-9:]*/NOW/')" = "TIME     TEXT   
NOW    TGID \"tasks\",
NOW  $pid
NOW  red \\^[[31m, a tab	here
NOW  
NOW  the end" ]
}

@test "text in JSON records gives the same output, and skel-poll makes it binary again" {
	need_bpf
	bpf_package iters
	only lines "$once"
	skel-load -f json -a "lines=iter:pid=$$" lines.json >run.json
	skel-poll -f binary <run.json >run.skel
	run ! grep -q '"@map"' run.skel
	skel-poll -f json <run.skel >again.json
	cmp run.json again.json
	for form in table csv tsv plain; do
		skel-fmt --$form run.json >a
		skel-fmt --$form run.skel >b
		cmp a b
	done
	sed 's/"text":"/"txt":"/' run.json >bad.json
	run -1 --separate-stderr skel-poll -f binary bad.json
	[[ $stderr == *"bad.json:2: text is missing"* ]]
}

@test "a line longer than 8 MiB becomes several records" {
	need_map_elements
	bpf_package iters -DELEMENTS
	only endless "$once"
	run -0 --separate-stderr skel-load -f json -a endless=iter:map=many endless.json
	[ "${lines[-1]}" = '{"@end":{"records":2,"lost":0}}' ]
	skel-load -a endless=iter:map=many endless.json | skel-fmt --raw >raw
	[ "$(stat -c %s raw)" -eq $((600 * 16384 + 2)) ]
	[ "$(head -n 1 raw | wc -c)" -eq $((8388608 + 1)) ]
}

@test "a pass that takes longer than the interval is completed" {
	need_map_elements
	bpf_package iters -DELEMENTS
	only endless '.sample = {interval: 1}'
	start_load -a endless=iter:map=many endless.json
	wait_for 10 grep -qa '"round":2,"keys":2}' out
	end_load
}

@test "-a names the map of an iterator over elements, by name or pin; without it there is an error" {
	need_map_elements
	bpf_package iters -DELEMENTS
	only elements "$once"
	[ "$(skel-load -a elements=iter:map=numbers elements.json | skel-fmt)" = "0 is 0
1 is 0
2 is 0" ]
	pin=/sys/fs/bpf/skel-test-$$
	bpftool map create "$pin" type array key 4 value 8 entries 2 name other
	bpftool map update pinned "$pin" key 1 0 0 0 value 7 0 0 0 0 0 0 0
	run -0 skel-load -f json -a "elements=iter:map=$pin" elements.json
	rm "$pin"
	[ "$(jq -r 'select(.text).text' <<<"$output")" = "0 is 0
1 is 7" ]
	run -1 --separate-stderr skel-load elements.json
	[ "$stderr" = "skel-load: program elements: iter/bpf_map_elem: it needs a map; name one with -a elements=iter:map=NAME" ]
	run -1 --separate-stderr skel-load -a elements=iter:map=nosuch elements.json
	[[ $stderr == "skel-load: program elements: iter:map=nosuch: the object has no map nosuch; "* ]]
	run -1 --separate-stderr skel-load -a "elements=iter:map=$pin" elements.json
	[ "$stderr" = "skel-load: program elements: iter:map=$pin: map $pin: No such file or directory" ]
}

@test "an iterator visits all cgroups, or those from a path on in the order of -a" {
	need_bpf
	top=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$top" ] || skip "no cgroup2 is mounted"
	mkdir -p "$top/skel-test-$$/below" || skip "cannot make a cgroup"
	bpf_package iters
	only cgroups "$once"
	count() {
		skel-load "$@" cgroups.json | skel-fmt | grep -c cgroup
	}
	all=$(count)
	some=$(count -a "cgroups=iter:cgroup=$top/skel-test-$$")
	self=$(count -a "cgroups=iter:cgroup=$top/skel-test-$$,order=self")
	up=$(count -a "cgroups=iter:cgroup=$top/skel-test-$$/below,order=up")
	rmdir -p "$top/skel-test-$$/below" 2>/dev/null || :
	[ "$all" -ge 3 ]
	[ "$some" -eq 2 ]
	[ "$self" -eq 1 ]
	[ "$up" -eq 3 ]
}

@test "wrong parameters of an iterator are refused" {
	fails_with 2 "-a p=iter:eth0: expected iter:[map=NAME|pid=PID|tid=TID" skel-load -a p=iter:eth0 x.json
	fails_with 2 "-a p=iter:pid=0: pid: expected a number from 1" skel-load -a p=iter:pid=0 x.json
	fails_with 2 "-a p=iter:pid=1,tid=2: pid and tid exclude each other" \
		skel-load -a p=iter:pid=1,tid=2 x.json
	fails_with 2 "-a p=iter:order=down: order is pre, post, up or self" \
		skel-load -a p=iter:order=down x.json
	need_bpf
	bpf_package iters
	only lines "$once"
	fails_with 1 "program lines: iter:map=numbers: an iterator of task has no option map" \
		skel-load -a lines=iter:map=numbers lines.json
}

@test "-m selects iterators; the others are attached and not read" {
	need_bpf
	bpf_package iters
	edit iters.json '.meta.bpf_skel.progs |= map(select(.name == "lines" or .name == "records"))'
	run -0 --separate-stderr skel-load -f json -m lines iters.json
	[ "$(jq -c .maps <<<"${lines[0]}")" = '[{"name":"lines","source":"iter","text":true}]' ]
	fails_with 1 "-m nosuch: not an exported map; these are: records, lines" skel-load -m nosuch iters.json
}

@test "an iterator that is off, has link: false, or is optional and fails, is not read" {
	need_map_elements
	bpf_package iters -DELEMENTS
	edit iters.json '.meta.bpf_skel.progs |= map(select(.name == "lines" or .name == "elements"))'
	run -0 --separate-stderr skel-load -f json -a elements=off iters.json
	[ "$(jq -c '[.maps[].name]' <<<"${lines[0]}")" = '["lines"]' ]
	run -0 --separate-stderr skel-load -f json --optional elements iters.json
	[[ $stderr == *"elements: iter/bpf_map_elem: it needs a map"* ]]
	[ "$(jq -r 'select(."@sampled")."@sampled".map' <<<"$output")" = lines ]
	edit iters.json '(.meta.bpf_skel.progs[] | select(.name == "elements")).link = false'
	run -0 --separate-stderr skel-load -f json iters.json
	[ "$(jq -c '[.maps[].name]' <<<"${lines[0]}")" = '["lines"]' ]
}

@test "a session pins an iterator's link, and each skel-poll reads it" {
	need_bpf
	bpf_package iters
	only lines "$once"
	start_load --pin -a "lines=iter:pid=$$" lines.json
	pin=$(jq -r '.maps[0].pin' out)
	[ -e "$pin" ]
	for file in out /dev/stdin; do
		run -0 --separate-stderr skel-poll -f json "$file" <out
		[ "$(jq -r 'select(.text).text' <<<"$output" | tail -n 1)" = "the end" ]
		[ "${lines[-1]}" = '{"@end":{"records":5,"lost":0}}' ]
	done
	run -0 --separate-stderr skel-poll --once -f json out
	[ "${lines[-1]}" = '{"@end":{"records":5,"lost":0}}' ]
	end_load
	[ ! -e "$pin" ]
	fails_with 1 "does not exist: the session has ended" skel-poll out
}

@test "a detached iterator stays until it is unloaded" {
	need_bpf
	bpf_package iters
	only records .
	dir=/sys/fs/bpf/skel-test-$$
	skel-load --pin="$dir" --detach -a "records=iter:pid=$$" records.json >session
	run -0 skel-poll -n 2 -f json session
	[ "$(jq -c 'select(.pid).pid' <<<"$output")" = "$$
$$" ]
	skel-load --unload "$dir"
	[ ! -e "$dir" ]
}

@test "a pinned link that is not an iterator's is refused" {
	need_bpf
	bpf_package second -Dfirst=f -Dsecond=s
	dir=/sys/fs/bpf/skel-test-$$
	skel-load --pin="$dir" --detach -a s=off second.json >session
	edit session '.maps = [{name: "f", source: "iter", text: true, pin: (.dir + "/link_f")}]'
	run -1 --separate-stderr skel-poll session
	skel-load --unload "$dir"
	[ "$stderr" = "skel-poll: iterator f: its link is not a link to an iterator" ]
}

@test "ps shows the test's own process and its parent" {
	need_bpf
	run -0 --separate-stderr skel-load -f json "$ASSETS/ps.json"
	jq -es "any(.pid == $$ and .ppid == $PPID and .comm == \"$(cat /proc/$$/comm)\")" <<<"$output"
	jq -es 'any(.comm == "skel-load" and .state == "RUNNING(0)")' <<<"$output"
	run -0 --separate-stderr skel-load -f json "$ASSETS/ps.json" --uid 2000000000
	[ "${lines[-1]}" = '{"@end":{"records":0,"lost":0}}' ]
}
