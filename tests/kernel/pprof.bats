#!/usr/bin/env bats
# A profile of a process on this kernel: what skel-lookup(8) tells of its file.

load ../helpers/helper

setup() {
	note_places
	need_bpf
	command -v python3 > /dev/null || skip "needs python3"
	command -v readelf > /dev/null || skip "needs readelf"
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${BUSY:-}" ] || kill "$BUSY" 2> /dev/null || true
}

@test "a profile has the build ID of the program that runs" {
	cat > busy.c <<- 'EOF'
		static volatile unsigned long sum;
		__attribute__((noinline)) void spin(void) { for (int i = 0; i < 100000; i++) sum += i; }
		int main(void) { for (;;) spin(); }
	EOF
	gcc -g -O1 -Wl,--build-id -o busy busy.c || skip "needs gcc"
	./busy 3>&- &
	BUSY=$!
	skel-load -n 20 -t 60 "$ASSETS/profile.json" --pid "$BUSY" > x.skel
	skel-fmt --pprof=x.pb.gz x.skel
	"$HELPERS/pprof.py" x.pb.gz > x.json
	run -0 jq -r '.mappings[] | select(.file | endswith("/busy")) | .build_id' x.json
	[ "$output" = "$(readelf -n busy | sed -n 's/.*Build ID: //p')" ]
	jq -e '[.locations[].lines[] | select(.[0] == "spin")] | length > 0' x.json
	diff <("$HELPERS/pprof.py" --folded x.pb.gz) <(skel-fmt --folded x.skel | sed 's/_\[k\]//g' | LC_ALL=C sort)
}

@test "the header says how often an event is sampled, and the profile how much time that is" {
	skel-load -n 20 -t 60 -a profile=perf:cpu-clock,freq=200 "$ASSETS/profile.json" > x.skel
	run -0 jq -c '.maps[] | [.name, .perf_event]' <(head -n 1 x.skel)
	[ "$output" = '["samples",{"event":"cpu-clock","frequency":200}]' ]
	skel-fmt --pprof=x.pb.gz x.skel
	run -0 jq -c '[.types, ([.samples[].values[0]] | add), ([.samples[].values[1]] | add), .period]' <("$HELPERS/pprof.py" x.pb.gz)
	[ "$output" = '[["samples/count","cpu/nanoseconds"],20,100000000,5000000]' ]
}
