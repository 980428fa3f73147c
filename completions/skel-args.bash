# Bash completion for skel-args(1).  The completion of skel-load(1) uses the
# function _skel_program_args of this file.

_skel_args_options='-e --elf -h --help -l --list --no-log -q --quiet -v --verbose
-V --version'

# _skel_offer PREFIX WORD...: add the words that begin with PREFIX.  The words come
# from a package, so this leaves out those with characters that a shell expands,
# and does not pass them to compgen -W, which expands its words.
_skel_offer() {
	local word=$1 offer

	shift
	for offer; do
		[[ $offer == "$word"* && $offer =~ ^[A-Za-z0-9_.-]+$ ]] &&
			COMPREPLY+=("$offer")
	done
}

# _skel_program_args PACKAGE [OPTION...]
# Complete one of the program's own arguments: its name, or the value of the
# argument before it.  "skel-args OPTION... --list PACKAGE" lists them, where the
# options are -e FILE or none.
_skel_program_args() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local package=${1//\\/} equals='' list long short type choices
	local offers=(--help --version --verbose)

	shift
	COMPREPLY=()
	# With "=" in COMP_WORDBREAKS, the default, "=" is a separate word.
	if [[ $word == = ]]; then
		word='' equals=1
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]} equals=1
	fi
	list=$(skel-args -q "$@" --list "${package/#\~/$HOME}" 2>/dev/null </dev/null)
	while IFS=$'\t' read -r long short type _ choices _; do
		offers+=("$long")
		[[ $before == "$long" || $short != - && $before == "$short" ]] || continue
		# The value of a bool can only follow "=".
		[[ $type == bool || $type == _Bool ]] && [[ -z $equals ]] && continue
		if [[ $choices != - ]]; then
			IFS='|' read -ra offers <<<"$choices"
			_skel_offer "$word" "${offers[@]}"
		fi
		return
	done <<<"$list"
	[[ -n $equals ]] || _skel_offer "$word" "${offers[@]}"
}

_skel_args() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i elf=()

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-e | --elf)
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			elf=(-e "${COMP_WORDS[++i]}")
			;;
		-?* | =) ;;
		*)
			_skel_program_args "${COMP_WORDS[i]}" "${elf[@]}"
			return
			;;
		esac
	done
	if [[ $word == -* && $before != -e && $before != --elf ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_args_options" -- "$word")
		return
	fi
	[[ $word == = ]] && word=
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -F _skel_args skel-args
