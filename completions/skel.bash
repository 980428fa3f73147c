# Bash completion for all commands of the suite.  The commands themselves know what
# a word may become, and print it with --complete; cmd/complete.h says how.

_skel() {
	local at=0 words=() glue='' i word part strip line out=() head from patterns pattern

	# "=" and ":" are words of their own where they are in COMP_WORDBREAKS.
	for ((i = 1; i < ${#COMP_WORDS[@]}; i++)); do
		part=${COMP_WORDS[i]}
		word=${part//[\\\"\']/}
		((i == COMP_CWORD)) || word=${word/#\~\//$HOME/}
		if [[ -n $glue || $part =~ ^[=:]+$ ]] && ((${#words[@]})); then
			words[-1]+=$word
		else
			words+=("$word")
		fi
		[[ $part =~ ^[=:]+$ ]] && glue=1 || glue=''
		((i == COMP_CWORD)) && at=$((${#words[@]} - 1))
	done
	word=${words[at]} part=${COMP_WORDS[COMP_CWORD]//[\\\"\']/}
	[[ $part =~ ^[=:]+$ ]] && part=''
	# What readline takes for words before this one is not repeated.
	strip=${word%"$part"}
	COMPREPLY=()
	mapfile -t out < <("${COMP_WORDS[0]}" --complete="$at" -- "${words[@]}" 2>/dev/null </dev/null)
	for line in "${out[@]}"; do
		case $line in
		+nospace) compopt -o nospace 2>/dev/null ;;
		+files\ * | +dirs\ *)
			IFS=' ' read -r _ from patterns <<<"$line"
			head=${word:0:from} head=${head#"$strip"}
			[[ -n $head ]] || compopt -o filenames 2>/dev/null
			if [[ $line == +files* ]]; then
				while IFS= read -r -d ' ' pattern; do
					mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
						compgen -f -X "$pattern" -P "$head" -- "${word:from}"
					)
				done < <(for pattern in ${patterns:-'*'}; do printf '!%s ' "$pattern"; done)
			fi
			[[ $line == +files* && -z $patterns ]] ||
				mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
					compgen -d -P "$head" -- "${word:from}"
				)
			;;
		*)
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$strip"}")
			;;
		esac
	done
}
complete -F _skel skel-args skel-count skel-fmt skel-grep skel-load skel-merge skel-pack skel-poll skel-split skel-tail
