#!/usr/bin/env bats
# The part of "make check-agree" that runs in a guest.

bats_require_minimum_version 1.5.0
BATS_TEST_TIMEOUT=3000

@test "Debian's libbpf-tools and skel-load see the same" {
	"$BATS_TEST_DIRNAME/agree" "$BATS_TEST_DIRNAME/../../build/objects/given" 2>&1 | sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}
