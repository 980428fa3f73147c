#!/usr/bin/env bats
# skel-fmt on a terminal: header lines that stay in sight, widths that follow the
# window, and several maps in turn.

load ../helpers/helper
load ../helpers/tmux

setup() {
	note_places
	need_tmux
	FMT=$FIXTURES/format
	export TZ=UTC0
	cd "${BATS_TEST_TMPDIR:?}"
}

teardown() {
	close_terminal
}

# The header of maps.skel, for records as JSON.
head_of_maps() {
	head -n 1 "$FMT/maps.skel" | sed 's/"encoding":"binary"/"encoding":"json"/'
}

# A record of a map as JSON.
record() { # MAP MEMBERS
	echo '{"@map":"'"$1"'","@time":"2026-11-22T14:48:01Z",'"$2"'}'
}

# open_table COLUMNS ROWS [OPTION...]: run skel-fmt there, on a fifo that is fd 9.
open_table() {
	local size=("$1" "$2")
	shift 2
	rm -f in
	mkfifo in
	open_terminal "${size[@]}" "skel-fmt -q $* < in"
	exec 9<>in
}

@test "on a terminal a table has its header line on each screenful" {
	{
		head_of_maps
		for i in {1..20}; do record execs "\"pid\":$i,\"comm\":\"sh\""; done
	} > execs.skel
	local want="" i
	for i in {1..20}; do
		# A window of ten rows has the header line, eight rows and the
		# row of the cursor.
		[ $((i % 8)) -ne 1 ] || want+=$'TIME            PID COMM\n'
		want+=$(printf '14:48:01 %10d sh' "$i")$'\n'
	done
	open_terminal 80 10 "skel-fmt -q -m execs execs.skel"
	wait_terminal ' 20 sh'
	is "${want%?}" "$(terminal_text)"
	# Elsewhere it comes once, and -H leaves it out.
	[ "$(skel-fmt -q -m execs execs.skel | grep -c TIME)" -eq 1 ]
	open_terminal 80 10 "skel-fmt -q -H -m execs execs.skel"
	wait_terminal ' 20 sh'
	[[ $(terminal_text) != *TIME* ]]
	# A row that takes two of the window counts as two.
	sed -i 's/"sh"/"long-name"/' execs.skel
	open_terminal 20 10 "skel-fmt -q -m execs execs.skel"
	wait_terminal ' 20 lon'
	[ "$(terminal_text | grep -c TIME)" -eq 5 ]
}

@test "on a terminal rows of several maps name their map, and heads are few" {
	{
		head_of_maps
		for i in {1..6}; do
			record execs "\"pid\":$i,\"comm\":\"sh\""
			record exits "\"pid\":$i,\"code\":0"
		done
		record numbers '"value":7'
	} > turns.skel
	local want='TIME     execs          PID COMM
14:48:01 execs            1 sh
TIME     exits          PID        CODE
14:48:01 exits            1           0
14:48:01 execs            2 sh
14:48:01 exits            2           0
14:48:01 execs            3 sh
14:48:01 exits            3           0
14:48:01 execs            4 sh
14:48:01 exits            4           0
TIME     execs          PID COMM
14:48:01 execs            5 sh
TIME     exits          PID        CODE
14:48:01 exits            5           0
14:48:01 execs            6 sh
14:48:01 exits            6           0
TIME     numbers      VALUE
14:48:01 numbers          7'
	open_terminal 80 10 "skel-fmt -q turns.skel"
	wait_terminal 'numbers          7'
	is "$want" "$(terminal_text)"
	# JSON without types is shown so too, from the second map on.
	grep '@map' turns.skel | tail -n +2 > turns.json
	open_terminal 80 10 "skel-fmt -q turns.json"
	wait_terminal ' numbers '
	[ "$(terminal_text | grep -c '^TIME')" -le 7 ]
	[[ $(terminal_text) == *$'\n14:48:01 execs '*' 6 sh'* ]]
	# Without maps and times the maps stand above their rows.
	open_terminal 80 20 "skel-fmt -q -b turns.skel"
	wait_terminal 'numbers:'
	[[ $(terminal_text) == *$'execs:\n       PID COMM\n         6 sh'* ]]
}

@test "a table follows its window from one record to the next" {
	local long=0123456789abcdefghijABCDEFGHIJ0123456789abcdefghijABCDEFGHIJ
	local type='{"skel":"stream","version":1,"name":"x","encoding":"json","maps":[{"name":"m","source":"ringbuf","value":3}],"types":[{"kind":"int","name":"int","size":4,"signed":true},{"kind":"char","name":"char","size":1},{"kind":"array","of":1,"count":61,"size":61},{"kind":"struct","name":"s","size":128,"members":[{"name":"id","type":0,"offset":0},{"name":"a","type":2,"offset":4},{"name":"b","type":2,"offset":65}]}]}'
	open_table 80 10
	{
		echo "$type"
		record m '"id":1,"a":"'$long'","b":"'$long'"'
	} >&9
	wait_terminal ' 1 0123'
	is 'TIME              ID A                             B
14:48:01           1 0123456789abcdefghijABCDEFGH… 0123456789abcdefghijABCDEFGH…' \
		"$(terminal_text)"
	resize_terminal 120 10
	record m '"id":2,"a":"'$long'","b":"'$long'"' >&9
	wait_terminal ' 2 0123'
	is 'TIME              ID A                                                 B
14:48:01           2 0123456789abcdefghijABCDEFGHIJ0123456789abcdefgh… 0123456789abcdefghijABCDEFGHIJ0123456789abcdefgh…' \
		"$(terminal_text | tail -n 2)"
	resize_terminal 60 10
	record m '"id":3,"a":"'$long'","b":"'$long'"' >&9
	wait_terminal ' 3 0123'
	[ "$(terminal_text | tail -n 1 | wc -m)" -le 61 ]
	# The header line that was repeated is no word of other columns.
	[[ $(terminal_text) != *skel-fmt:* ]]
}

@test "on a terminal histograms of several maps name their map" {
	open_terminal 80 10 "skel-fmt -q $FMT/bars.skel"
	wait_terminal ' lat   comm = sh'
	[[ $(terminal_text) == *$'\n14:48:01 cpus  key = 4\nhists[0]\n'* ]]
	[[ $(terminal_text) != *lat:* ]]
}

@test "the colours of a table pass through less -R" {
	command -v less >/dev/null || skip "needs less"
	open_terminal 80 10 "skel-fmt -q --color=always -m flow -c ret $FMT/kinds.skel | less -R"
	wait_terminal -EACCES
	[[ $(terminal_text -e) == *$'\e[31m-EACCES'* ]]
	[[ $(terminal_text) != *ESC* ]]
}
