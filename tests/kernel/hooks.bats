#!/usr/bin/env bats
# Every hook on a kernel function: once attached the program runs, and at the end it
# is gone.  Many kernels lack some of the hooks; tests/vm has kernels with all.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
	# A process whose name no other process has.
	REMOVE=rm-$BASHPID
	cp "$(command -v rm)" "$REMOVE"
}

teardown() {
	kill_load
	end_background
}

# load_only PROGRAM [ARGUMENT...]: load this program of hooks.bpf.c alone.
load_only() {
	local only=$1 off=() program
	shift
	bpf_package hooks
	for program in $(jq -r '.meta.bpf_skel.progs[].name' hooks.json); do
		[ "$program" = "$only" ] || off+=(-a "$program=off")
	done
	start_load -v -f json "${off[@]}" hooks.json --targ_comm "$REMOVE" "$@"
	progs=$(held prog)
	[ "$(wc -w <<<"$progs")" -eq 1 ]
}

# fires_and_goes HOOK RET: the program reports the removal of a file.  After the end
# the program is gone, and the removal of another file is not reported.
fires_and_goes() {
	touch a b
	"./$REMOVE" a
	wait_for 10 grep -q '"@map":"hits"' out
	end_load
	"./$REMOVE" b
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $progs
	run -0 jq -c 'select(.["@map"]) | [.hook, .ret]' out
	[ "$output" = "$1" ] || { echo "seen: $output"; return 1; }
}

@test "a kprobe fires when its function is called, until the end" {
	need_kprobes
	load_only on_kprobe
	fires_and_goes '["KPROBE(0)",0]'
}

@test "a kretprobe fires when its function returns, until the end" {
	need_kprobes
	load_only on_kretprobe
	fires_and_goes '["KRETPROBE(1)",0]'
}

@test "a kprobe.multi fires for the functions of its pattern, until the end" {
	need_kprobe_multi
	load_only on_multi
	fires_and_goes '["MULTI(2)",0]'
}

@test "fentry fires when its function is called, until the end" {
	need_fentry
	load_only on_fentry
	fires_and_goes '["FENTRY(3)",0]'
}

@test "fexit fires with what its function returned, until the end" {
	need_fentry
	load_only on_fexit
	fires_and_goes '["FEXIT(4)",0]'
}

# refuses_and_goes PROGRAM HOOK: the program reports a removal; with --refuse 1 it
# forbids removals, but only as long as it is attached.
refuses_and_goes() {
	load_only "$1"
	fires_and_goes "$2"
	touch kept
	load_only "$1" --refuse 1
	run ! "./$REMOVE" kept
	[[ $output == *"Operation not permitted"* ]]
	[ -e kept ]
	end_load
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $progs
	"./$REMOVE" kept
	[ ! -e kept ]
}

@test "an LSM program fires, and what it forbids is forbidden until the end" {
	need_lsm
	refuses_and_goes on_lsm '["LSM(6)",0]'
}

@test "fmod_ret fires, and changes the function's result until the end" {
	need_fentry
	refuses_and_goes on_fmod_ret '["FMOD_RET(5)",0]'
}

@test "kill -9 detaches a kprobe, an fentry and an LSM program" {
	need_kprobes
	need_fentry
	need_lsm
	bpf_package hooks
	start_load --both -a on_multi=off hooks.json --targ_comm "$REMOVE" --refuse 1
	local progs
	progs=$(held prog)
	[ "$(wc -w <<<"$progs")" -eq 6 ]
	touch kept
	run ! "./$REMOVE" kept
	end_load KILL || :
	# shellcheck disable=SC2086
	wait_for 5 none_of prog $progs
	"./$REMOVE" kept
}
