# Bash completion for skel-poll(1)

_skel_poll_options='-f --format -h --help --latency -m --map -n --count --no-log --once -q --quiet
-t --time -V --version -v --verbose'

# Print the maps of the session or stream on the command line, one name on each
# line, from its first line.  compgen -W expands its words as a shell does, so only
# plain names are printed.
_skel_poll_maps() {
	local word

	for word in "${COMP_WORDS[@]:1}"; do
		[[ -f $word ]] && head -c 65536 -- "$word" | head -n 1
	done | grep -aoE '"name":"[A-Za-z0-9_.]+","source"' | cut -d '"' -f 4
}

_skel_poll() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $before in
	-f | --format)
		mapfile -t COMPREPLY < <(compgen -W 'binary json' -- "$word")
		return
		;;
	-m | --map)
		mapfile -t COMPREPLY < <(compgen -W "$(_skel_poll_maps)" -- "$word")
		return
		;;
	--latency | -n | --count | -t | --time) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_poll_options" -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _skel_poll skel-poll
