# bash completion for skel-fmt(1)

_skel_fmt_options='--bare -b --columns -c --csv --help -h --json --map -m --no-header -H
--no-log --plain --quiet -q --raw --table --tsv --verbose -v --version -V'

# The streams among the words of the command line.
_skel_fmt_streams() {
	local word
	for word in "${COMP_WORDS[@]:1}"; do
		[[ -f $word ]] && printf '%s\n' "$word"
	done
}

# The names of the maps in the headers of those streams.
_skel_fmt_maps() {
	local file
	while read -r file; do
		head -c 65536 -- "$file" | head -n 1 |
			grep -ao '{"name":"[^"]*","source"' | cut -d '"' -f 4
	done < <(_skel_fmt_streams)
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
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_fmt_options" -- "$word")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _skel_fmt skel-fmt
