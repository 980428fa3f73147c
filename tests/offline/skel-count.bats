#!/usr/bin/env bats
# skel-count: counts of recordings, compared with jq and sort.

load ../helpers/helper

rows() { # FILE ARG...: "key count" of each row, sorted
	local file=$1
	shift
	skel-count -f json "$@" "$file" | jq -c 'select(.key) | [(.key | del(.other)), .value.count]' | sort
}

@test "records are counted by an enum, by a number and by text as jq counts them" {
	cd "$BATS_TEST_TMPDIR"
	for by in "enums color" "scalars u8" "texts name"; do
		read -r file member <<<"$by"
		skel-fmt --json "$FIXTURES/format/$file.skel" | jq -c "{$member:.$member}" |
			jq -sc 'group_by(.)[] | [.[0], length]' | jq -cS . | sort > want
		rows "$FIXTURES/format/$file.skel" --by "$member" | jq -cS . | sort > got
		diff want got
		[ -s got ]
	done
}

@test "the rows are a stream that skel-fmt shows, largest first" {
	run -0 --separate-stderr bash -c "skel-count --by color $FIXTURES/format/enums.skel | skel-fmt --csv --bare -c color,count"
	[ "${lines[0]}" = color,count ] && [ ${#lines[@]} = 4 ]
	[ -z "$stderr" ]
}

@test "keys beyond --keys are counted as others, and that is said" {
	run -0 --separate-stderr bash -c "skel-count --keys 1 --by color -f json $FIXTURES/format/enums.skel"
	[[ $output == *'"other":true'* ]]
	[[ $stderr == *"are counted as others"* ]]
	total=$(grep '"key"' <<<"$output" | jq -s 'map(.value.count) | add')
	[ "$total" = "$(skel-fmt --json "$FIXTURES/format/enums.skel" | wc -l)" ]
}

@test "a member that no map has is an error with the nearest names" {
	fails_with 1 "no map has a member \"colr\"; the nearest: color" skel-count --by colr -f json "$FIXTURES/format/enums.skel"
}

@test "wrong words are errors of usage" {
	fails_with 2 "--every: \"5x\" is no interval" skel-count --every 5x
	fails_with 2 "--quantile a: \"101\" is not a percentage" skel-count --quantile a=101
	fails_with 2 "--sort: there is no column \"cuont\"; the nearest: count" skel-count --sort cuont
}
