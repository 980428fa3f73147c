# A terminal of any size, which tmux makes; `load ../helpers/tmux` after the helper.
# shellcheck disable=SC2034  # the files that load this use the variables

TERMINALS=0

# Skip the test if there is no tmux.
need_tmux() {
	command -v tmux >/dev/null || skip "needs tmux"
	unset TMUX NO_COLOR
	export TMUX_TMPDIR=$BATS_TEST_TMPDIR
}

in_tmux() {
	LC_ALL=C.UTF-8 tmux -u -L "terminal-$TERMINALS" -f /dev/null "$@"
}

# open_terminal COLUMNS ROWS COMMAND: run the shell's command on a new terminal of that
# size, and keep the terminal when it has ended.
open_terminal() {
	close_terminal
	in_tmux new-session -d -x "$1" -y "$2" "$3; exec sleep 1000"
	in_tmux set-option -g history-limit 10000 \; set-option -g window-size manual
}

# The next terminal has a server of its own, since this one takes a while to end.
close_terminal() {
	local pane
	# The leak check at the end of a command can wait for ever if its terminal goes
	# meanwhile.
	for pane in $([ -z "${SAN:-}" ] || in_tmux list-panes -a -F '#{pane_pid}' 2>/dev/null); do
		pkill -KILL -s "$pane" || :
	done
	in_tmux kill-server 2>/dev/null || :
	TERMINALS=$((TERMINALS + 1))
}

resize_terminal() { # COLUMNS ROWS
	in_tmux resize-window -x "$1" -y "$2"
}

# terminal_text [OPTION...]: all that was written on the terminal, with what has left
# its window, and without blanks and empty lines at the ends.
terminal_text() {
	local text
	text=$(in_tmux capture-pane -p -S - "$@" | sed 's/ *$//')
	echo "$text"
}

terminal_shows() {
	[[ $(terminal_text "${@:2}") == *"$1"* ]]
}

# wait_terminal TEXT [OPTION...]: wait until the terminal shows the text; if it does
# not, print what it shows.
wait_terminal() {
	wait_for 5 terminal_shows "$@" || { terminal_text "${@:2}"; return 1; }
}
