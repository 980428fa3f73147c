# Bash completion for skel-fmt(1)

_skel_fmt_options='--bare -b --columns -c --csv --folded --help -h --json --map -m
--no-header -H --no-log --plain --quiet -q --raw --table --tsv --verbose -v --version -V'

# Print the maps of the streams on the command line, one name on each line, from
# the header in the first line of a stream.  compgen -W expands its words as a shell
# does, so only plain names are printed.
_skel_fmt_maps() {
	local word

	for word in "${COMP_WORDS[@]:1}"; do
		[[ -f $word ]] && head -c 65536 -- "$word" | head -n 1
	done | grep -aoE '"name":"[A-Za-z0-9_.]+","source"' | cut -d '"' -f 4
}

_skel_fmt() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $before in
	-c | --columns) return ;;
	-m | --map)
		mapfile -t COMPREPLY < <(compgen -W "$(_skel_fmt_maps)" -- "$word")
		return
		;;
	esac
	# Readline splits --csv=safe at the "=".
	if [[ $before == --[ct]sv && $word == = ]] ||
		[[ $before == = && ${COMP_WORDS[COMP_CWORD - 2]} == --[ct]sv ]]; then
		mapfile -t COMPREPLY < <(compgen -W safe -- "${word#=}")
		return
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_fmt_options" -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _skel_fmt skel-fmt
