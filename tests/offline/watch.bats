#!/usr/bin/env bats
# skel-fmt --watch: passes that are drawn in place, on a terminal that tmux makes.

load ../helpers/helper
load ../helpers/tmux

setup() {
	note_places
	need_tmux
	cd "${BATS_TEST_TMPDIR:?}"
}

teardown() {
	[ ! -e ctl ] || exec 9>&-
	stop
}

# End the terminal.
stop() {
	close_terminal
	rm -f before after ctl
}

# start COLUMNS ROWS COMMAND...: run the command on a terminal of that size, with the
# modes of the terminal before and after in files, and then a line that is read there.
start() {
	local size=(-x "$1" -y "$2")
	shift 2
	cat > script <<-END
		trap : INT
		unset TMUX
		stty -a > before
		echo "older text"
		$*
		echo "ended with \${PIPESTATUS[*]}"
		stty -a > after
		read -r line
		echo "typed: \$line"
		sleep 100
	END
	in_tmux new-session -d "${size[@]}" "bash $BATS_TEST_TMPDIR/script"
}

# start_passes COLUMNS ROWS MAP...: run passes.py | skel-fmt --watch.  Then pass asks
# for a pass; the script can end, and cut, what stands before skel-fmt.
start_passes() {
	local size=("$1" "$2")
	shift 2
	mkfifo ctl
	start "${size[@]}" "$HELPERS/passes.py ctl $* 2>/dev/null | skel-fmt --watch ${OPTIONS:-}"
	exec 9<>ctl
}

pass() {
	echo "$*" >&9
}

# What the terminal shows, without the blanks at the ends of lines.
capture() {
	local text
	text=$(in_tmux capture-pane -pJ | sed 's/ *$//')
	echo "$text"
}

shows() {
	[[ $(capture) == *"$1"* ]]
}

# wait_shows TEXT: wait until the terminal shows it, or print what it shows.
wait_shows() {
	wait_for 5 shows "$1" || { capture; return 1; }
}

key() {
	in_tmux send-keys "$@"
}

# has_ended: skel-fmt has, but perhaps not what stands before it.
has_ended() {
	! pgrep -P "$(in_tmux list-panes -F '#{pane_pid}')" -x skel-fmt >/dev/null
}

# is_sane: the terminal has the modes that it had, and shows what is typed.
is_sane() {
	wait_for 5 test -s after
	diff before after
	grep -q ' icanon' after
	key "some words" Enter
	wait_shows "typed: some words"
}

# rows KEYWIDTH FIRST LAST FACTOR: the lines of tasks, the last one first.
rows() {
	local i
	printf '%-8s %-*s %20s %20s\n' TIME "$1" KEY HITS BYTES
	for ((i = $2; i >= $3; i--)); do
		printf '14:48:01 %-*s %20d %20d\n' "$1" "task-$i" $((i * $4)) $((i * $4 * 1000))
	done
}

@test "the last pass is shown with its largest rows that fit, and how many there are more" {
	TZ=UTC start_passes 80 12 hits
	pass hits 50 3
	wait_shows "… 41 more"
	is "$(rows 29 49 41 3)
… 41 more" "$(capture)"
	# It is drawn in place.
	pass hits 3 100
	wait_shows " 200 "
	is "$(rows 29 2 0 100)" "$(capture)"
}

@test "a window of 120 columns is filled, and a resize draws the same pass anew" {
	TZ=UTC start_passes 80 12 hits
	pass hits 50 3
	wait_shows "… 41 more"
	in_tmux resize-window -x 120 -y 8
	wait_shows "… 45 more"
	wait_for 5 shows "$(rows 63 49 45 3)" || { capture; return 1; }
	is "$(rows 63 49 45 3)
… 45 more" "$(capture)"
	in_tmux resize-window -x 80 -y 20
	wait_shows "… 33 more"
	is "$(rows 29 49 33 3)
… 33 more" "$(capture)"
}

@test "q ends, what was last shown stays, and the terminal is as it was" {
	start_passes 80 24 hits
	pass hits 3 5
	wait_shows task-2
	# The keys are not shown.
	key x y
	key q
	wait_for 5 has_ended
	pass hits 1 1
	wait_shows "ended with"
	capture | grep -q '^ended with [0-9]* 0'
	[ "$(capture | grep -c .)" = 5 ]
	[[ $(capture | sed -n 2p) == *task-2* ]]
	is_sane
	# What stood there before can be scrolled to.
	in_tmux capture-pane -p -S -100 | grep -q "older text"
}

@test "an interrupt ends, and the terminal is as it was" {
	start_passes 80 24 hits
	pass hits 3 5
	wait_shows task-2
	key C-c
	wait_shows "ended with"
	[[ $(capture) == *task-2*task-0*ended\ with*\ 0* ]]
	is_sane
}

@test "a second interrupt, if the first command of the pipe goes on, kills no modes" {
	mkfifo ctl
	start 80 24 "(trap '' INT; exec $HELPERS/passes.py ctl hits) | skel-fmt --watch"
	exec 9<>ctl
	pass hits 3 5
	wait_shows task-2
	key C-c
	sleep 1
	run ! has_ended
	key C-c
	wait_for 5 has_ended
	pass end
	is_sane
	[[ $(capture) == *"ended with "*" 130"* ]]
}

@test "SIGTERM, SIGHUP and SIGQUIT give back the terminal too" {
	local signal
	for signal in TERM HUP QUIT; do
		start_passes 80 24 hits
		pass hits 3 5
		wait_shows task-2
		pkill "-$signal" -P "$(in_tmux list-panes -F '#{pane_pid}')" -x skel-fmt
		pass end
		is_sane
		stop
	done
}

@test "the end of the stream ends, and the last pass is shown" {
	# It comes before the first one was looked at.
	printf '%s\n' "hits 3 5" "hits 4 7" end > asked
	"$HELPERS/passes.py" asked hits > run.skel
	start 80 24 "skel-fmt --watch run.skel"
	wait_shows "ended with 0"
	[[ $(capture) == *" 21 "* ]]
	is_sane
}

@test "Ctrl-Z gives back the terminal, and fg draws again" {
	mkfifo ctl
	cat > part <<-END
		set -m
		$HELPERS/passes.py ctl hits | skel-fmt --watch
		stty -a > stopped
		clear
		echo "now stopped"
		read -r line
		fg
	END
	start 80 24 ". ./part"
	exec 9<>ctl
	pass hits 3 5
	wait_shows task-2
	stty -a -F "$(in_tmux list-panes -F '#{pane_tty}')" | grep -q -e -icanon
	key C-z
	wait_shows "now stopped"
	diff before stopped
	run ! shows task-2
	key Enter
	wait_shows task-2
	wait_for 5 sh -c "stty -a -F $(in_tmux list-panes -F '#{pane_tty}') | grep -q -e -icanon"
	key q
	wait_for 5 has_ended
	pass end
	is_sane
}

@test "several maps share the window, and what one does not need is for the others" {
	start_passes 80 16 small large other
	pass small 2 1
	pass large 50 1
	pass other 50 1
	wait_shows "other:"
	wait_shows "… 48 more"
	is "small: TIME task-1 task-0  large: TIME task-49 … 49 more  other: TIME task-49 task-48 … 48 more" \
		"$(capture | sed -E 's/^14:48:01 (task-[0-9]+) .*/\1/; s/^(TIME).*/\1/' | paste -s -d ' ')"
}

@test "colours take no columns, and --color=never has none" {
	mkfifo ctl
	start 40 24 "$HELPERS/passes.py ctl hits | skel-fmt --watch"
	exec 9<>ctl
	pass hits 3 5
	wait_shows task-2
	in_tmux capture-pane -pe | grep -q $'^\e\\[1mTIME'
	is "$(capture | sed -E 's/.{40}$/40/' | sort -u)" 40
	stop
	OPTIONS=--color=never start_passes 40 24 hits
	pass hits 3 5
	wait_shows task-2
	in_tmux capture-pane -pe | grep -q '^TIME'
}

@test "text of a stream cannot control the terminal" {
	start_passes 80 24 hits
	pass hits 3 5
	wait_shows task-2
	pass hostile hits
	wait_shows '\^[[2J\^[[1;1Hgone\a'
	[[ $(capture | head -1) == TIME* ]]
}

@test "rows of counting keep the order that it gave them" {
	skel-count --by color --sort color -f json "$FIXTURES/format/enums.skel" > counted
	start 80 24 "skel-fmt --bare --watch counted"
	wait_shows "ended with"
	is "MANY <UNKNOWN RED" "$(capture | grep -oE '^(MANY|RED|<UNKNOWN)' | paste -s -d ' ')"
}

@test "JSON records are sorted as binary ones are" {
	{ echo "hits 30 4"; echo end; } > asked
	"$HELPERS/passes.py" asked hits > run.skel
	head -1 run.skel | sed 's/"encoding": "binary"/"encoding": "json"/' > json.skel
	{
		skel-fmt --json run.skel
		echo '{"@sampled":{"map":"hits","round":1,"keys":30}}'
		echo '{"@end":{"records":30,"lost":0}}'
	} >> json.skel
	start 80 14 "skel-fmt --watch json.skel"
	wait_shows "ended with"
	[[ $(capture) == *" 116 "*" 112 "*"… 19 more"* ]]
}

@test "an iterator's passes are shown in their order, and histograms as such" {
	start 80 50 "skel-fmt --watch $FIXTURES/recorded/histogram.skel"
	wait_shows "ended with 0"
	[[ $(capture) == *"distribution"*"|***"* ]]
	stop
	start 80 50 "skel-fmt --watch $FIXTURES/recorded/iterator.skel"
	wait_shows "ended with 0"
	is "$(sed -n '2p' "$FIXTURES/recorded/iterator.table" | cut -c 10-)" "$(capture | sed -n 2p | cut -c 10-)"
}

@test "what is wrong with a stream is said after the end, below what was shown" {
	start_passes 80 24 hits
	pass hits 3 5
	wait_shows task-2
	pass garbage
	pass hits 4 7
	wait_shows task-3
	run ! shows "bad line"
	pass end
	wait_shows "ended with 0 1"
	[[ $(capture) == *task-0*"skel-fmt: <stdin>:"*"ended with"* ]]
	[[ $(capture) != *refused* ]]
}

@test "on something that is no terminal --watch is an error, and so is one that cannot be drawn on" {
	fails_with 2 "--watch: the output is no terminal" skel-fmt --watch "$FIXTURES/format/sampled.skel"
	start 80 24 "TERM=dumb skel-fmt --watch $FIXTURES/format/sampled.skel"
	wait_shows "ended with 2"
	shows 'the terminal cannot be drawn on; TERM is "dumb"'
	is_sane
}

@test "--watch shows tables alone, of streams that have passes" {
	fails_with 2 "--watch: it draws tables" skel-fmt --watch --json "$FIXTURES/format/sampled.skel"
	start 80 24 "skel-fmt --watch $FIXTURES/format/maps.skel"
	wait_shows "ended with 1"
	shows "--watch: no map is sampled"
	is_sane
	stop
	start 80 24 "echo '{\"a\":1}' | skel-fmt --watch"
	wait_shows "ended with 0 1"
	shows "JSON records without the header of a stream have no passes"
}
