# Bash completion for skel-pack(1)

_skel_pack_options='--events -h --help -n --name --no-log -q --quiet --sample -u --unpack -V --version
-v --verbose'

_skel_pack() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local patterns=('*.o' '*.c') pattern i

	COMPREPLY=()
	case $before in
	--events | -n | --name | --sample) return ;;
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$_skel_pack_options" -- "$word")
		return
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-u | --unpack) patterns=('*.json') ;;
		# Flags for the compiler follow.
		--) return ;;
		esac
	done
	mapfile -t COMPREPLY < <(
		for pattern in "${patterns[@]}"; do
			compgen -f -X "!$pattern" -- "$word"
		done
		compgen -d -- "$word"
	)
}
complete -o filenames -F _skel_pack skel-pack
