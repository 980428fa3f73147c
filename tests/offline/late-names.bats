#!/usr/bin/env bats
# Streams whose names come after the records that need them ("symbols":"follow" in
# the header): skel-fmt(1) and skel-poll(1) hold such records back.

load ../helpers/helper

setup() {
	note_places
	LATE=$HELPERS/late-names.py
	STACKS=$FIXTURES/format/stacks.skel
	export TZ=UTC0
	cd "$BATS_TEST_TMPDIR"
	"$LATE" small > small.skel
}

teardown() {
	[ -z "${JOB:-}" ] || kill -KILL "$JOB" 2>/dev/null || :
}

# Print lines of small.skel, as in "2,4".
small() { # LINES
	LC_ALL=C sed -n "$1p" small.skel
}

# Start a command that reads a pipe, which stays open as descriptor 8, and whose
# output is descriptor 9.
start() { # COMMAND...
	mkfifo in out
	"$@" < in > out 2> err 3>&- &
	JOB=$!
	exec 8> in 9< out
}

# The next line of the started command has to be this one.
comes() { # LINE
	local line
	read -r -t 30 line <&9
	[ "$line" = "$1" ] || { echo "came: $line"; return 1; }
}

# Let the started command read the end.
finish() {
	exec 8>&-
	run -0 cat <&9
	wait "$JOB"
	JOB=
	[ ! -s err ] || { cat err; return 1; }
}

@test "records and passes wait for their names, in every form and in their order" {
	"$LATE" first "$STACKS" > early.skel
	"$LATE" move "$STACKS" > late.skel
	run -1 cmp early.skel late.skel
	for form in table plain json csv tsv raw folded; do
		skel-fmt -q "--$form" early.skel > want
		skel-fmt -q "--$form" late.skel | diff -u --label "--$form" want -
		skel-fmt -q "--$form" < <(cat late.skel) | diff -u --label "--$form of a pipe" want -
	done
	skel-fmt -q --csv -m counts -c kid,value early.skel > want
	skel-fmt -q --csv -m counts -c kid,value late.skel | diff -u want -
}

@test "a record of a live stream comes with its names, and those behind it come then" {
	start skel-fmt --csv -b -m ev -c n,ustack
	{ small 1,2; small 4; } >&8
	comes $'n,ustack\r'
	# The records have been read, too.
	small 7 >&8
	small 5,6 >&8
	comes $'1,main;leaf\r'
	comes $'3,0x20\r'
	small 8 >&8
	finish
	[ -z "$output" ]
}

@test "a record of a live stream whose names do not come is shown without them" {
	start skel-fmt --json -b -c n,ustack
	small 1,3 >&8
	comes '{"n":1,"ustack":[{"addr":16},{"addr":17}]}'
	comes '{"n":2}'
	# It still reads: the names are for those that come later.
	small 5,6 >&8
	small 2 >&8
	comes '{"n":1,"ustack":[{"addr":16,"symbol":"leaf"},{"addr":17,"symbol":"main"}]}'
	small 8 >&8
	finish
}

@test "a header whose word for names is unknown, or that has none, lets no record wait" {
	for word in '' '"symbols":"later",'; do
		sed "1s/\"symbols\": \"follow\", */$word/" small.skel > other.skel
		run -0 skel-fmt --csv -b -m ev -c n,ustack other.skel
		[ "${lines[1]}" = $'1,0x11;0x10\r' ]
	done
	run -0 skel-fmt --csv -b -m ev -c n,ustack small.skel
	[ "${lines[1]}" = $'1,main;leaf\r' ]
}

@test "a stream that was cut shows all that waited" {
	small 1,4 > cut.skel
	run -0 --separate-stderr skel-fmt --json -b -c n cut.skel
	[ "$output" = $'{"n":1}\n{"n":2}\n{"n":3}' ]
	[[ $stderr == *"the stream was cut" ]]
	run -0 skel-fmt -q --folded cut.skel
	[ "$(awk '{ n += $NF } END { print n }' <<< "$output")" -eq 2 ]
}

@test "of too many records that wait the first come without names" {
	"$LATE" many 70000 > many.skel
	for from in file pipe; do
		[ "$from" = file ] || mkfifo many
		if [ "$from" = file ]; then
			skel-fmt --csv -b -H -c n,ustack many.skel > out
		else
			skel-fmt --csv -b -H -c n,ustack < <(cat many.skel) > out
		fi
		diff <(cut -d , -f 1 out) <(seq 0 69999)
		n=$(grep -c ',0x10' out)
		# 65536 wait, and some are read at once.
		[ "$n" -ge $((70000 - 65536 - 100)) ]
		[ "$n" -le $((70000 - 65536 + 100)) ]
		[ "$(grep -c ',leaf' out)" -eq $((70000 - n)) ]
	done
}

@test "lines that are wrong keep their numbers while records wait" {
	{ small 1,3; echo '{"@map":"plain","n":}'; small 4,8; } > wrong.skel
	run -1 --separate-stderr skel-fmt --json -b -c n wrong.skel
	[ "$output" = $'{"n":1}\n{"n":2}\n{"n":3}' ]
	[[ $stderr == "skel-fmt: wrong.skel:4: not JSON from column "* ]]
}

@test "skel-poll -f json gives records with their names, and the lines between them in order" {
	"$LATE" first "$STACKS" > early.skel
	"$LATE" move "$STACKS" > late.skel
	for file in early late; do
		# Other lines keep their place as well.
		sed -i '/"counts", "round": 1/a{"@lost":{"map":"profile","count":2}}' $file.skel
		sed -i '/"@lost"/a{"@note":{"text":"unknown"}}' $file.skel
		run -3 --separate-stderr skel-poll -f json -m counts -m profile $file.skel
		printf '%s\n' "${lines[@]}" > $file.json
	done
	diff -u early.json late.json
	run -1 grep -q '"symbols":' late.json
	skel-poll -q -f json < <(cat early.skel) > early.json || :
	skel-poll -q -f json < <(cat late.skel) > late.json || :
	diff -u early.json late.json
	# There are no names to wait for in JSON, and none is lost on the way back.
	sed -i '1s/{/{"symbols":"follow",/' late.json
	skel-poll -q -f binary late.json > again.skel || :
	run -1 grep -aq '"symbols":' again.skel
	skel-fmt -q --csv early.skel > want
	skel-fmt -q --csv again.skel | diff -u want -
}

@test "skel-poll passes binary records on at once, and the names when they come" {
	skel-poll small.skel > out.skel
	grep -aq '^{.*"symbols":"follow"' out.skel
	diff -a <(small 2,7) <(tail -n +2 out.skel | head -n -1)
}

@test "skel-poll -f json does not wait for names that do not come" {
	start skel-poll -f json -m ev
	small 1,2 >&8
	read -r -t 30 header <&9
	[[ $header == '{"skel":"stream",'* ]]
	read -r -t 30 record <&9
	[[ $record == *'"n":1,"ustack":[{"addr":16},{"addr":17}]}' ]]
	small 8 >&8
	finish
	[ "$output" = '{"@end":{"records":1,"lost":0}}' ]
}

@test "skel-poll -n ends when the names of the last record have come" {
	skel-poll -n 1 small.skel > one.skel
	diff -a <(small '2p;5,6') <(tail -n +2 one.skel | head -n -1)
	[ "$(tail -n 1 one.skel)" = '{"@end":{"records":1,"lost":0}}' ]
	skel-poll -n 1 -f json small.skel > one.skel
	[[ $(sed -n 2p one.skel) == *'"n":1,"ustack":[{"addr":16,"symbol":"leaf"},{"addr":17,"symbol":"main"}]}' ]]
	[ "$(wc -l < one.skel)" -eq 3 ]
	# Not those of another one, and not for ever.
	small 1,4 | skel-poll -q -n 1 > one.skel
	[ "$(wc -l < one.skel)" -eq 3 ]
	start skel-poll -n 2
	small 1,4 >&8
	read -r -t 30 header <&9
	read -r -t 30 record <&9
	read -r -t 30 record <&9
	comes '{"@end":{"records":2,"lost":0}}'
	finish
}

@test "skel-grep -m does not wait for ever for the names of its last record" {
	start skel-grep -m 1 'n == 1'
	small 1,4 >&8
	read -r -t 30 header <&9
	read -r -t 30 record <&9
	comes '{"@end":{"records":1,"lost":0}}'
	finish
}

@test "of appended streams each has its own names, and all that waits comes before the next" {
	{ small 1,3; small 1,8; } > two.skel
	run -0 skel-fmt -q --csv -b -H -m ev -c n,ustack two.skel
	[ "$output" = $'1,0x11;0x10\r\n1,main;leaf\r\n3,0x20\r' ]
	run -0 skel-poll -q -f json -m ev two.skel
	[[ ${lines[1]} == *'"n":1,"ustack":[{"addr":16},{"addr":17}]}' ]]
	[[ ${lines[2]} == '{"skel":'* ]]
	[[ ${lines[3]} == *'{"addr":17,"symbol":"main"}]}' ]]
	# The second stream is not searched for names of the first.
	run -0 bash -c 'skel-poll -q -n 1 two.skel | wc -l'
	[ "$output" -eq 3 ]
}

@test "the names of numbers are waited for as well" {
	"$LATE" numbers > numbers.skel
	run -0 --separate-stderr skel-fmt --csv -b --text -c n,owner,fn,at numbers.skel
	is $'n,owner_text,fn_text,at_text\r\n1,ana,do_it+0x4,main\r\n2,ana,do_it+0x4,0x401136\r' "$output"
	is "" "$stderr"
	sed '1s/"names": "follow", *//' numbers.skel | skel-fmt --csv -b -H --text -c owner > numbers.csv
	is $'1000\r\n1000\r' "$(cat numbers.csv)"
	# JSON records have them inside, and give them back.
	skel-poll -f json numbers.skel > numbers.json
	run -0 skel-fmt --csv -b -H --text -c n,owner,fn,at numbers.json
	is $'1,ana,do_it+0x4,main\r\n2,ana,do_it+0x4,0x401136\r' "$output"
	skel-poll -f binary numbers.json > again.skel
	diff <(grep -a '^{"@names"' numbers.skel | tr -d ' ' | grep -v null) <(grep -a '^{"@names"' again.skel)
	run -0 skel-fmt --csv -b -H --text -c n,owner,fn,at again.skel
	is $'1,ana,do_it+0x4,main\r\n2,ana,do_it+0x4,0x401136\r' "$output"
	# Numbers alone need not wait.
	start skel-fmt --csv -b --numeric -H -c n,owner
	sed -n 1,2p numbers.skel >&8
	comes $'1,1000\r'
	sed -n 8p numbers.skel >&8
	finish
}

@test "a record of a live stream comes when the names of its numbers do" {
	"$LATE" numbers > numbers.skel
	start skel-fmt --csv -b -H --text -c n,owner,at
	sed -n 1,5p numbers.skel >&8
	sed -n 6p numbers.skel >&8
	comes $'1,ana,main\r'
	sed -n 7,8p numbers.skel >&8
	comes $'2,ana,0x401136\r'
	finish
}

# grep_counts EXPRESSION WANT: so many records of numbers.skel, from a file and from a pipe, and
# when the names come first.
grep_counts() {
	is "$2" "$(skel-grep -c "$1" numbers.skel || :)" || { echo "$1"; return 1; }
	is "$2" "$(skel-grep -c "$1" < <(cat numbers.skel) || :)" || { echo "pipe: $1"; return 1; }
	is "$2" "$(skel-grep -c "$1" early.skel || :)" || { echo "early: $1"; return 1; }
}

@test "skel-grep compares with the names of numbers, and waits for them" {
	"$LATE" numbers > numbers.skel
	{ sed -n 1p numbers.skel; sed -n 4,7p numbers.skel; sed -n 2,3p numbers.skel; sed -n 8p numbers.skel; } > early.skel
	sed -i '1s/"names": "follow", *//' early.skel
	grep_counts 'owner == "ana"' 2
	grep_counts 'owner != "ana"' 0
	grep_counts 'owner != "bob"' 2
	grep_counts 'owner in (5, "ana")' 2
	grep_counts 'owner in (1000, "bob")' 2
	grep_counts 'owner == 1000 && owner ~ "^a"' 2
	grep_counts 'fn ~ "^do_it"' 2
	grep_counts 'fn_text == "do_it+0x4"' 2
	# The same address of two processes, of which one has no name for it.
	grep_counts 'at == "main"' 1
	grep_counts 'at != "main"' 0
	grep_counts 'at !~ "main"' 0
	grep_counts '!(at == "main")' 1
	fails_with 2 "owner of map ev: ana: names are put in quotes" skel-grep 'owner == ana' numbers.skel
	fails_with 2 "ana: names are compared by ==, !=, in, ~ and !~" skel-grep 'owner < "ana"' numbers.skel
	# The end comes, or nothing more does: there is no name.
	sed '4,7d' numbers.skel > without.skel
	run -1 skel-grep -c 'owner == "ana" || at ~ "main"' without.skel
	is 0 "$output"
	run -1 --separate-stderr skel-grep -c 'owner == "ana"' < <(head -n 3 without.skel)
	is 0 "$output"
}

@test "what skel-grep passes on stays in its order behind a record that waits" {
	"$LATE" numbers > numbers.skel
	sed -i '2a{"@lost":{"map":"ev","count":3}}' numbers.skel
	skel-grep 'owner == "ana"' numbers.skel > out.skel
	# Names need not wait; records and the line between them do.
	{ sed -n 1p numbers.skel; sed -n 5p numbers.skel; sed -n '6,7p' numbers.skel; } > want
	sed -n '1,4p' out.skel | diff -a want -
	sed -n '2,4p' numbers.skel | diff -a - <(grep -a '^=\|@lost' out.skel)
	skel-grep -m 1 'owner == "ana"' numbers.skel > out.skel
	is 1 "$(grep -ac '^=' out.skel)"
	is 1,ana "$(skel-fmt --csv -b -H --text -c n,owner out.skel | tr -d '\r')"
	skel-grep -v 'at == "main"' numbers.skel | skel-fmt --csv -b -H --text -c n,owner,at > out
	is 2,ana,0x401136 "$(tr -d '\r' < out)"
	# A query that has no names in it does not wait.
	skel-grep 'owner == 1000' numbers.skel | head -n -1 | diff -a <(head -n -1 numbers.skel) -
}

@test "skel-grep passes a record of a live stream on when its names come" {
	"$LATE" numbers > numbers.skel
	start skel-grep 'owner == "ana" && n > 0'
	sed -n 1,4p numbers.skel >&8
	comes "$(sed -n 1p numbers.skel)"
	comes "$(sed -n 4p numbers.skel)"
	sed -n 5,6p numbers.skel >&8
	comes "$(sed -n 5p numbers.skel)"
	comes "$(sed -n 6p numbers.skel)"
	is "=" "$(head -c 1 <&9)"
	exec 8>&-
	cat <&9 > rest
	wait "$JOB"
	JOB=
}
