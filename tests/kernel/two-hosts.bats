#!/usr/bin/env bats
# Two hosts in one merged stream: the small version of tests/engines/two-hosts.

load ../helpers/helper

@test "what two hosts produced has come or was counted as lost, with one killed in the middle" {
	need_bpf
	[ "$(id -u)" = 0 ] || skip "needs root"
	cd "$BATS_TEST_TMPDIR"
	CALLS=${CALLS:-5} WAYS=${WAYS:-socat} KEEP=$BATS_TEST_TMPDIR run "$ROOT/tests/engines/two-hosts"
	[ "$status" = 0 ] || { echo "$output"; false; }
	# Without a network, or both programs that connect the hosts, nothing was shown.
	[[ $output == *"ok "*": produced = received + lost, of both"* ]] || skip "$(grep '^skip' <<< "$output" | paste -s -d ' ')"
	[[ $output != *"not ok "* ]]
}
