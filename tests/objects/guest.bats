#!/usr/bin/env bats
# The part of "make check-objects KERNELS=..." that runs in a guest.

bats_require_minimum_version 1.5.0
# Programs load slowly in an emulated machine.
BATS_TEST_TIMEOUT=3000

@test "what compiled objects show" {
	"$BATS_TEST_DIRNAME/check" -s 120 -e "$BATS_TEST_DIRNAME/../../build/objects/given/expected" "$BATS_TEST_DIRNAME/../../build/objects/given" |
		sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}
