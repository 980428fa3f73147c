# bash completion for skel-args(1); skel-load(1)'s uses the function
# _skel_program_args of it.

_skel_args_options='-e --elf -h --help -l --list --no-log -q --quiet -v --verbose
-V --version'

# _skel_offer WORD...: add those that go on from the current word.  They come
# from a package: what a shell would expand is left out, and compgen -W, which
# expands too, must not see them.
_skel_offer() {
	local word=$1 offer

	shift
	for offer; do
		[[ $offer == "$word"* && $offer =~ ^[A-Za-z0-9_.-]+$ ]] &&
			COMPREPLY+=("$offer")
	done
}

# _skel_program_args PACKAGE [OPTION...]
# Complete one of the program's own arguments, from what skel-args with the
# options (-e FILE) lists for the package: its names, or what the argument
# before takes.
_skel_program_args() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local package=${1//\\/} equals='' list long short type choices
	local offers=(--help --version --verbose)

	shift
	COMPREPLY=()
	# "=" is a word of its own where readline breaks words at it.
	if [[ $word == = ]]; then
		word='' equals=1
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]} equals=1
	fi
	list=$(skel-args -q "$@" --list "${package/#\~/$HOME}" 2>/dev/null </dev/null)
	while IFS=$'\t' read -r long short type _ choices _; do
		offers+=("$long")
		[[ $before == "$long" || $short != - && $before == "$short" ]] || continue
		# A bool's value only stands behind "=".
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
