# bash completion for skel-poll(1)

_skel_poll_options='-f --format -h --help -m --map -n --count --no-log --once -q --quiet
-t --time -V --version -v --verbose'

# The maps of the session or stream named on the command line, a name a line;
# its first line says.
_skel_poll_maps() {
	local file=${COMP_WORDS[-1]}

	[[ -f $file ]] || return
	head -n 1 -- "$file" 2>/dev/null |
		grep -oE '"name":"[^"]*","source"' | cut -d '"' -f 4
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
	-n | --count | -t | --time) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_poll_options" -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _skel_poll skel-poll
