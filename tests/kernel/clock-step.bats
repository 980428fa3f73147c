#!/usr/bin/env bats
# What becomes of times when the time of day is set while records come.  It is set in
# guests alone, never on the machine that runs the tests.

load ../helpers/helper
load ../helpers/chain
load ../helpers/load

setup() {
	note_places
	tr '\0' ' ' < /proc/1/cmdline | grep -q 'tests/vm/guest' || skip "sets the time of day, so it runs in guests"
	need_bpf
	cd "$BATS_TEST_TMPDIR"
	bpf_object times
}

teardown() {
	end_background
}

# step SECONDS: set the time of day by so much.
step() {
	date -s "@$(($(date +%s) + $1))" > /dev/null
}

# seen FILE N: the stream has N records or more.
seen() {
	[ "$(grep -c '"pid"' "$1")" -ge "$2" ]
}

# The records of a stream as "SECONDS SECONDS": its @time and the text of at.boot.
seconds() {
	skel-fmt --json "$1" | jq -r '[."@time", .at.boot_text] | map(.[:19] + "Z" | fromdate) | join(" ")'
}

# between FROM TO NUMBER...: the numbers, of which there is at least one, are from FROM to TO.
between() {
	local from=$1 to=$2
	shift 2
	[ $# -gt 0 ]
	for number; do
		if [ "$number" -lt "$from" ] || [ "$number" -gt "$to" ]; then
			echo "$number is not in $from..$to"
			return 1
		fi
	done
}

# stepped SECONDS FILE COMMAND: run the pipe COMMAND, which writes the stream FILE, set
# the time of day between two records, and look at their times, of a minute before.
stepped() {
	local by=$1 file=$2 from middle other to
	from=$(date +%s)
	start_pipe "$3"
	wait_for 20 has_header "$file"
	/bin/true
	wait_for 10 seen "$file" 1
	middle=$(date +%s)
	step "$by"
	other=$(date +%s)
	wait_for 10 grep -q '"@clock"' "$file"
	/bin/true
	wait_for 10 eval "[ \"\$(sed '1,/\"@clock\"/d' '$file' | grep -c '\"pid\"')\" -ge 1 ]"
	to=$(date +%s)
	stop_pipe
	is 1 "$(grep -c '"@clock"' "$file")"
	# What is added to both clocks is what the time was set by; less than a second was lost.
	between $((by - 2)) $((by + 2)) "$(jq -s --argjson by "$by" '
		(.[0].clock.boottime - ([.[] | ."@clock" // empty][0].boottime)) / -1e9 | floor' < <(head -n 1 "$file"; grep '"@clock"' "$file"))"
	# shellcheck disable=SC2046
	between $((from - 61)) $((middle - 57)) $(seconds <(sed '/"@clock"/,$d' "$file") 2> /dev/null)
	# shellcheck disable=SC2046
	between $((other - 61)) $((to - 59)) $(seconds <(sed -n '1p; /"@clock"/,$p' "$file"))
	# All together are the same.
	diff <(seconds "$file") <(seconds <(sed '/"@clock"/,$d' "$file") 2> /dev/null; seconds <(sed -n '1p; /"@clock"/,$p' "$file"))
}

@test "when the time of day is set, times before and after it are right" {
	stepped 3600 run.skel "skel-load -f json times.bpf.o > run.skel"
}

@test "the time of day can be set back, and with -f binary it is the same" {
	stepped -7200 run.json "skel-load times.bpf.o | skel-poll -f json > run.json"
}

@test "a reader of a session sees the step of the clock" {
	start_pipe "skel-load --pin=/sys/fs/bpf/clock-step times.bpf.o > session"
	wait_for 20 has_header session
	stepped 5000 run.skel "skel-poll -f json session > run.skel"
}
