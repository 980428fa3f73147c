#compdef skel-args skel-count skel-fmt skel-grep skel-load skel-merge skel-pack skel-poll skel-split skel-tail
# Zsh completion for all commands of the suite.  The commands themselves know what
# a word may become, and print it with --complete; cmd/complete.h says how.

_skel() {
	local -a out plain texts space
	local line word help from patterns
	local -a given=("${(@Q)words[2,-1]}")

	given[CURRENT-1]=${(Q)PREFIX}
	out=("${(@f)$(${(Q)words[1]} --complete=$((CURRENT - 2)) -- "${given[@]}" 2>/dev/null </dev/null)}")
	[[ ${out[(r)+nospace]} == +nospace ]] && space=(-S '')
	for line in "${out[@]}"; do
		case $line in
		'' | +nospace) ;;
		+files\ * | +dirs\ *)
			from=${${(z)line}[2]}
			patterns=${line#+(files|dirs) $from}
			((from == 0)) || compset -p $from
			if [[ $line == +dirs* ]]; then
				_files -/
			elif [[ -n ${patterns// } ]]; then
				_files -g "(${(j:|:)${(z)patterns}})"
			else
				_files "${space[@]}"
			fi
			;;
		*)
			word=${line%%$'\t'*} help=
			[[ $line != *$'\t'* ]] || help=${line#*$'\t'}
			plain+=("$word")
			texts+=("$word${help:+  -- $help}")
			;;
		esac
	done
	((${#plain})) && compadd -l "${space[@]}" -d texts -a plain
}
_skel "$@"
