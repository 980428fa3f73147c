# Bash completion for skel-load(1)

_skel_load_options='-a --as-is --attach --both --btf --check -c --command -n --count --detach -e --elf --events --export
-f --format -h --help --latency -m --map --no-log --no-symbols --only --optional --pin -q --quiet --sample --set -t --time --trace-pipe --unload
-v --verbose -V --version'

# The completion of skel-args completes the program's own arguments.  Its file lies
# beside this one, and has no suffix where it is installed.
if ! declare -F _skel_program_args >/dev/null; then
	for _skel_args_file in "${BASH_SOURCE[0]%/*}"/skel-args{.bash,}; do
		# shellcheck source=/dev/null
		[[ -r $_skel_args_file ]] && . "$_skel_args_file"
	done
	unset _skel_args_file
fi

# The ways that can follow "-a PROGRAM=", or "off".
_skel_load_ways='cgroup: fentry: fexit: fmod_ret: iter: kprobe: kprobe.multi:
kretprobe: kretprobe.multi: kretsyscall: ksyscall: load lsm: netns: off perf: raw_tp:
socket: sockmap: tc: tcx: tp_btf: tracepoint: uprobe: uprobe.multi: uretprobe:
uretprobe.multi: usdt: xdp:'

# Complete PROGRAM=WAY, or only WAY if "=" is in COMP_WORDBREAKS.
_skel_load_where() {
	local program=

	[[ $1 == *=* ]] && program=${1%%=*}=
	compopt -o nospace 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -P "$program" -W "$_skel_load_ways" -- "${1#"$program"}")
}

_skel_load_files() { # -f or -d, PREFIX
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_skel_load() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local i where elf=()

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-e | --elf)
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			elf=(-e "${COMP_WORDS[++i]}")
			;;
		# PROGRAM=WAY:TARGET,KEY=VALUE is one word or several, because "="
		# and ":" may be in COMP_WORDBREAKS.
		-a | --attach)
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			((i++))
			where=${COMP_WORDS[i]}
			while [[ ${COMP_WORDS[i + 1]} == [=:] ]]; do
				where+=${COMP_WORDS[i + 1]}${COMP_WORDS[i + 2]}
				((i += 2))
			done
			((i < COMP_CWORD)) && continue
			[[ $word == = ]] && word=
			[[ $where == *=* && $where != *:* ]] && _skel_load_where "$word"
			return
			;;
		# So are MAP=SIZE:N, MAP[KEY]=VALUE and MAP=TYPE.
		--events | --map | --sample | --set)
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			((i++))
			while [[ ${COMP_WORDS[i + 1]} == [=:] ]]; do
				((i += 2))
			done
			((i < COMP_CWORD)) || return
			;;
		-[cmnft] | --btf | --command | --count | --export | --format | --latency | --only | --optional | --time | --unload)
			[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))
			((i++))
			;;
		# "=" may be a separate word, as above.
		--pin) [[ ${COMP_WORDS[i + 1]} == = ]] && ((i += 2)) ;;
		-?*) ;;
		*)
			_skel_program_args "${COMP_WORDS[i]}" "${elf[@]}"
			return
			;;
		esac
	done
	[[ $word == = ]] && word=
	[[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD - 2]}
	case $before in
	-f | --format) mapfile -t COMPREPLY < <(compgen -W 'binary json' -- "$word") ;;
	-c | --command | --export | --latency | -m | -n | --count | --only | --optional | -t | --time) ;;
	--pin | --unload) [[ $word == -* ]] || _skel_load_files -d "$word" ;;
	-e | --elf | --btf) _skel_load_files -f "$word" ;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$_skel_load_options" -- "$word")
		else
			_skel_load_files -f "$word"
		fi
		;;
	esac
}
complete -F _skel_load skel-load
