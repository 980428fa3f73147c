#!/usr/bin/env bats
# Completion: what the commands offer with --complete, and the shells that ask them.

load ../helpers/helper

setup() {
	note_places
	cd "$BATS_TEST_TMPDIR"
}

# offers INDEX WORD... : what the command $CMD offers, without help texts, on a line.
offers() {
	local index=$1
	shift
	"$CMD" --complete="$index" -- "$@" | cut -f 1 | sort -u | paste -s -d ' '
}

@test "a package is read wherever it stands, and programs and maps come from it" {
	local CMD=skel-load package=$ASSETS/bootstrap.json
	is '+nospace handle_exec= handle_exit=' "$(offers 1 -a handle "$package")"
	is 'handle_exec handle_exit' "$(offers 1 --only handle "$package" --min_duration_ns 3)"
	is 'handle_exec,handle_exit' "$(offers 0 --only=handle_exec,handle_exi "$package" | sed 's/--only=//g')"
	is rb "$(offers 1 -vm rb "$package")"
	is '+nospace exec_start=' "$(offers 1 --map exec_s "$package")"
	is '+nospace exec_start=entries:' "$(offers 1 --map exec_start=en "$package")"
	is '+nospace min_duration_ns=' "$(offers 1 --sample min "$package")"
	is '+nospace rb=log2_hist,clear' "$(offers 1 --sample rb=log2_hist,cl "$package")"
	# An object is packed, in memory.
	skel-pack --unpack "$package" > x.bpf.o
	is 'handle_exec handle_exit' "$(offers 1 --only handle x.bpf.o)"
	# Nothing is there, or it cannot be read.
	is '' "$(offers 1 --only handle)"
	is '' "$(offers 1 --only handle missing.json)"
	mkfifo fifo
	run -0 timeout 10 skel-fmt --complete=1 -- -c '' fifo
	run -0 timeout 10 skel-load --complete=1 -- --only '' fifo
	run -0 timeout 10 skel-load --complete=1 -- -a p=uprobe:./fifo:m
	run -0 timeout 10 skel-args --complete=1 -- fifo --m
}

@test "places are those of this machine" {
	local CMD=skel-load
	[[ " $(offers 1 -a p=xdp:) " == *' p=xdp:lo '* ]]
	is '+files 9 +nospace' "$(offers 1 -a p=uprobe:/bin/l)"
	is '+dirs 9' "$(offers 1 -a p=cgroup:/sys)"
	cp "$(command -v skel-fmt)" program
	[[ " $(offers 1 -a p=uprobe:./program:mai) " == *' p=uprobe:./program:main '* ]]
	is 'p=off' "$(offers 1 -a p=of)"
	[ ! -d /sys/kernel/tracing/events/sched ] ||
		is 'p=tracepoint:sched/sched_switch' "$(offers 1 -a p=tracepoint:sched/sched_swi)"
}

@test "members and maps come from the header of a recording" {
	local CMD=skel-fmt
	is 'execs exits' "$(offers 1 -m ex "$FIXTURES/format/maps.skel")"
	is 'comm key pid' "$(offers 1 -c '' "$FIXTURES/format/hists.skel" | tr ' ' '\n' | grep -xE 'comm|key|pid' | paste -s -d ' ')"
	is '+nospace pid,comm' "$(offers 1 -c pid,co "$FIXTURES/format/hists.skel")"
	is '+nospace' "$(offers 1 -c '' /dev/null)"
	is '' "$(offers 1 -m '' "$ASSETS/bootstrap.json")"
	CMD=skel-grep
	is '+nospace comm' "$(offers 0 co "$FIXTURES/format/hists.skel")"
	is '+nospace pid > 1 && !(comm' "$(offers 0 'pid > 1 && !(co' "$FIXTURES/format/hists.skel")"
	CMD=skel-count
	is '+nospace pid,comm' "$(offers 1 --by pid,co "$FIXTURES/format/hists.skel")"
}

@test "options, their letters and their words" {
	local CMD=skel-fmt
	is '--csv' "$(offers 0 --cs)"
	is '--csv=safe --csv=sql' "$(offers 0 --csv=)"
	is '-c' "$(offers 0 -c)"
	is '' "$(offers 0 --nothing=)"
	# After "--" and after a package there are no more of them.
	is '+files 0' "$(offers 1 -- --cs)"
	CMD=skel-load
	is 'binary json' "$(offers 2 -v -f '')"
	is '' "$(offers 1 "$ASSETS/bootstrap.json" --de)"
	is '' "$(offers 1 -n '')"
	run -2 skel-load --complete=1 -- one
	run -2 skel-load --complete=x -- one
}

@test "what a shell would run is not offered" {
	local CMD=skel-fmt
	jq -nc '{skel: "stream", version: 1, name: "x", encoding: "binary", types: [], maps:
		["$(touch ran)", "a b", "a;b", "`id`", "fine"] | map({name: ., source: "ringbuf"})}' > odd.skel
	skel-fmt odd.skel
	is fine "$(offers 1 -m '' odd.skel)"
}

# types SHELL FILE KEYS WANT: the shell shows this when these keys are typed.
types() {
	python3 "$HELPERS/type-keys.py" "$@"
}

@test "bash completes on a terminal" {
	cp "$ASSETS/bootstrap.json" b.json
	types bash "$ROOT/completions/skel.bash" 'skel-fmt --colum\t' 'skel-fmt --columns '
	types bash "$ROOT/completions/skel.bash" 'skel-load -a p=xdp:l\to' 'skel-load -a p=xdp:lo '
	types bash "$ROOT/completions/skel.bash" 'skel-load b.js\t--min\t' 'skel-load b.json --min_duration_ns '
	types bash "$ROOT/completions/skel.bash" 'skel-fmt --csv=sa\t' 'skel-fmt --csv=safe '
}

@test "zsh completes on a terminal" {
	command -v zsh >/dev/null || skip "no zsh"
	mkdir functions
	cp "$ROOT/completions/skel.zsh" functions/_skel
	cp "$ASSETS/bootstrap.json" b.json
	types zsh "$PWD/functions/_skel" 'skel-fmt --colum\t' 'skel-fmt --columns '
	types zsh "$PWD/functions/_skel" 'skel-load -a p=xdp:l\t' 'skel-load -a p=xdp:lo '
	types zsh "$PWD/functions/_skel" 'skel-load b.js\t--min\t' ' --min_duration_ns '
	types zsh "$PWD/functions/_skel" 'skel-fmt --csv=sa\t' 'skel-fmt --csv=safe '
}

@test "fish completes" {
	command -v fish >/dev/null || skip "no fish"
	fish_offers() {
		HOME=$PWD fish -c 'source $argv[1]; complete -C $argv[2]' "$ROOT/completions/skel.fish" "$1" |
			cut -f 1 | sort | paste -s -d ' '
	}
	is --csv "$(fish_offers 'skel-fmt --cs')"
	is --min_duration_ns "$(fish_offers "skel-load $ASSETS/bootstrap.json --min")"
	is 'p=xdp:lo' "$(fish_offers 'skel-load -a p=xdp:l')"
	touch a.o a.c a.json
	is 'a.c a.o' "$(fish_offers 'skel-pack a.')"
	is 'a.c a.json a.o' "$(fish_offers 'skel-fmt a.')"
}
