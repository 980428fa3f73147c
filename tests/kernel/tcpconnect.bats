#!/usr/bin/env bats
# The addresses, ports, names and states that the example tcpconnect shows, against what
# ss says, and what Debian's libbpf-tools show of the same connections.

load ../helpers/helper

setup() {
	need_bpf
	note_places
	cd "$BATS_TEST_TMPDIR"
	PORT=$((20000 + RANDOM % 10000))
}

teardown() {
	[ -z "${OTHER:-}" ] || kill "$OTHER" 2> /dev/null || :
}

# Trace the connections of connections.py, whose truth goes into the file said; ours
# goes into shown, tables without a header.  OTHER, if it is set, is ended after them.
trace_connections() {
	skel-load "$ASSETS/tcpconnect.json" > run.skel 3>&- &
	local loader=$!
	wait_for 10 test -s run.skel
	python3 "$HELPERS/connections.py" "$PORT" > said
	# The last states come when the sockets are closed.
	wait_for 5 sockets_are_closed
	if [ -n "${OTHER:-}" ]; then
		kill -INT "$OTHER"
		wait "$OTHER" || :
	fi
	kill "$loader"
	wait "$loader"
	skel-fmt --bare --no-header --tsv --text -c comm,saddr,sport,daddr,dport,from,to run.skel > shown
}

sockets_are_closed() {
	[ "$(skel-fmt --bare --no-header --tsv --text -c sport,to run.skel 2> /dev/null | grep -cx "$PORT.CLOSE")" -ge 4 ]
}

# others COMMAND ARG...: start another tracer, whose output goes into the file theirs.
# Return when it traces.
others() {
	command -v "$1" > /dev/null || skip "needs $1 of libbpf-tools"
	stdbuf -oL "$@" > theirs 2> their-errors 3>&- &
	OTHER=$!
	wait_for 20 tracer_began
}

tracer_began() {
	[ -s theirs ] || ! kill -0 "$OTHER" 2> /dev/null
}

@test "tcpconnect shows the addresses and ports of ss, and how each connection ends" {
	command -v ss > /dev/null || skip "needs ss"
	trace_connections
	# Of each connection: it is asked for, when the port is not known yet, and then made
	# or refused.
	jq -r '.[] | "kind-client\t\(.saddr)\t\(if .open then .sport else "PORT" end)\t\(.daddr)\t\(.dport)\tSYN_SENT\t\(if .open then "ESTABLISHED" else "CLOSE" end)"' \
		said | sort > wanted
	has_lines wanted 6
	awk -F '\t' -v OFS='\t' '$6 == "SYN_SENT" { if ($7 == "CLOSE") $3 = "PORT"; print }' shown | sort | diff wanted -
	is 6 "$(awk -F '\t' '$6 == "CLOSE" && $7 == "SYN_SENT"' shown | wc -l)"
	# The numbers are still those of the program, and find the same records.
	is 3 "$(skel-grep -c "to == ESTABLISHED && dport == $PORT" run.skel)"
	is 1 "$(skel-grep -c "from == SYN_SENT && to == ESTABLISHED && daddr == ::1" run.skel)"
	is 2 "$(skel-grep -c "from == TCP_SYN_SENT && daddr in 127.9.0.0/16" run.skel)"
	is '{"family":2,"family_text":"AF_INET","from":2,"from_text":"SYN_SENT"}' "$(skel-grep -m 1 "from == SYN_SENT" run.skel |
		skel-fmt --bare --json | jq -c '{family, family_text, from, from_text}')"
}

@test "tcpconnect shows the same states as Debian's tcpstates" {
	others tcpstates
	trace_connections
	awk -v OFS='\t' -v port="$PORT" '$5 == port || $7 == port { print $3, $4, $5, $6, $7, $8, $10 }' theirs | sort > wanted
	has_lines wanted 20
	# It cuts names after ten letters.
	awk -F '\t' -v OFS='\t' -v port="$PORT" '$3 == port || $5 == port { $1 = substr($1, 1, 10); print }' shown |
		sort | diff wanted -
}

@test "tcpconnect shows the same connections as Debian's tcpconnect" {
	[ -e /sys/bus/event_source/devices/kprobe ] || skip "the kernel has no kprobes"
	others tcpconnect
	trace_connections
	awk -v OFS='\t' -v port="$PORT" '$6 ~ "^" port "|^" port + 1 { print $2, $4, $5, $6 }' theirs | sort > wanted
	has_lines wanted 6
	awk -F '\t' -v OFS='\t' '$6 == "CLOSE" && $7 == "SYN_SENT" { print $1, $2, $4, $5 }' shown | sort | diff wanted -
}
