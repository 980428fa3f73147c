# Bash completion for skel-poll(1)

_skel_poll_options='-f --format -h --help --latency --list -m --map -n --count --no-log --no-symbols --once -q --quiet
--sample -t --time --type -V --version -v --verbose'

# Print the maps of the session or stream on the command line, one name on each
# line, from its first line.  compgen -W expands its words as a shell does, so only
# plain names are printed.
_skel_poll_maps() {
	local word

	for word in "${COMP_WORDS[@]:1}"; do
		[[ -f $word ]] && head -c 65536 -- "$word" | head -n 1
	done | grep -aoE '"name":"[A-Za-z0-9_.]+","source"' | cut -d '"' -f 4
}

# Print the names of the kernel's maps, if this user may see them.
_skel_poll_kernel_maps() {
	skel-poll -q -f json --list 2> /dev/null | sed -nE 's/^\{"id":[0-9]+,"type":"[^"]*","name":"([A-Za-z0-9_.]+)".*/\1/p'
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
	--type)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--latency | --sample | -n | --count | -t | --time) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_poll_options" -- "$word")
		return
	fi
	# bash breaks words at colons: the prefix is not part of what is completed.
	if [[ $word == map:* || $before == : ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_skel_poll_kernel_maps)" -- "${word#map:}")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -W 'map:' -- "$word")
}
complete -o filenames -F _skel_poll skel-poll
