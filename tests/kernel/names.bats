#!/usr/bin/env bats
# The names of users, interfaces, cgroups and single addresses, which skel-load and
# skel-poll tell in the stream; nothing is looked up by those who read it.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	bpf_package names -I "$ASSETS"
	ln -s "$(python3 -c 'import sys; print(sys.executable)')" asker
}

teardown() {
	kill_load
	stop_asking
}

# Ask for a process group, in a process that lives on.
ask() {
	./asker -c 'import os, time; os.getpgid(0); time.sleep(60)' 3>&- &
	ASKERS+=($!)
}

stop_asking() {
	[ "${#ASKERS[@]}" -eq 0 ] || kill "${ASKERS[@]}" 2>/dev/null || :
	ASKERS=()
}

# asked: wait until skel-load ends by itself.
asked() {
	local pid=$LOAD
	LOAD=
	wait "$pid"
	stop_asking
	is "" "$(cat err)"
}

# last MEMBER,...: the texts of these members of the last record.
last() {
	skel-fmt -q --tsv -b -H --text -c "$1" out | tail -n 1
}

@test "functions of single addresses are told by name, of the kernel and of processes" {
	start_load -n 1 names.json
	ask
	asked
	run -0 last fn,at
	[[ $output =~ ^[a-z_0-9.]+\+0x[0-9a-f]+$'\t'(__)?getpgid\+0x[0-9a-f]+$ ]]
	# JSON records have the same texts.
	start_load -n 1 -f json names.json
	ask
	asked
	run -0 last fn,at
	[[ $output =~ ^[a-z_0-9.]+\+0x[0-9a-f]+$'\t'(__)?getpgid\+0x[0-9a-f]+$ ]]
	grep -q '"fn_text":"[a-z_0-9.]*+0x' out
}

@test "a number is told once, and not at all with --no-symbols" {
	start_load -n 3 names.json
	for _ in 1 2 3; do
		ask
	done
	asked
	[ "$(grep -ac '^{"@names":{"kind":"ksym"' out)" -eq 1 ]
	[ "$(grep -ac '^{"@names":{"kind":"usym"' out)" -eq 3 ]
	head -n 1 out | grep -aq '"names":"follow"'
	start_load -n 1 --no-symbols names.json
	ask
	asked
	run -0 last fn
	[[ $output == 0xffffffff* ]]
	run -1 grep -a '@names\|"names"' out
}
