#!/usr/bin/env bats
# skel-fmt --sql declares the tables of databases for the rows of a stream.  make
# check-engines loads such rows into the databases themselves.

load ../helpers/helper

setup() {
	note_places
	FMT=$FIXTURES/format
	cd "$BATS_TEST_TMPDIR"
}

# hostile_stream MEMBER...: a stream of a record whose members, each a number, have these
# names.
hostile_stream() {
	python3 - "$@" <<-'END'
		import json, sys
		names = sys.argv[1:]
		members = [{"name": name, "type": 0, "offset": i} for i, name in enumerate(names)]
		print(json.dumps({"skel": "stream", "version": 1, "name": "x", "encoding": "json", "host": "h",
			"boot_id": "", "started": "2026-11-22T14:48:00.123456789Z",
			"maps": [{"name": "m", "source": "ringbuf", "value": 1}],
			"types": [{"kind": "int", "name": "u8", "size": 1, "signed": False},
				{"kind": "struct", "name": "s", "size": len(names), "members": members}]}))
		print(json.dumps({"@map": "m", **{name: i for i, name in enumerate(names)}}))
	END
}

@test "each value of a stream in SQLite is that of --json" {
	for stream in "$FMT"/*.skel "$FIXTURES"/recorded/*.skel; do
		run -0 python3 "$HELPERS/sql-rows.py" "$stream"
		[[ $output == *" values compared" ]]
		[[ $output != "0 values"* || $stream == */events*.skel ]]
	done
}

@test "each value of JSON records in SQLite is that of --json, also where members are missing or added" {
	cat >records <<-'END'
		{"@map":"m","a":1,"b":"\\N","c":[1,2]}
		{"@map":"m","b":"","c":null}
		{"a":-18446744073709551616,"@map":"m","b":"x,\"y\"\n"}
	END
	run -0 python3 "$HELPERS/sql-rows.py" records
	is "15 values compared" "$output"
	skel-fmt -q --json "$FMT/floats.skel" >plain
	{ head -n 1 "$FMT/floats.skel" | sed 's/"encoding":"binary"/"encoding":"json"/'
		jq -c '.added = "x"' plain; } >floats
	run -0 python3 "$HELPERS/sql-rows.py" floats
	[ "${output%% *}" -gt 0 ]
	run -0 skel-fmt -q --sql=sqlite:t floats
	[[ $output == *'"added" TEXT'* ]]
}

@test "each value of chosen columns in SQLite is that of --json" {
	run -0 python3 "$HELPERS/sql-rows.py" "$FMT/kinds.skel" --bare --text
	[ "${output%% *}" -gt 0 ]
	run -0 python3 "$HELPERS/sql-rows.py" "$FMT/kinds.skel" --numeric
	[ "${output%% *}" -gt 0 ]
}

@test "the types of each engine hold all values" {
	for engine in clickhouse postgresql sqlite duckdb; do
		{
			echo "$engine:"
			skel-fmt -q --sql=$engine:t --bare "$FMT/scalars.skel" | grep -E '\W(u8|u64|u128|s128|b|p8)\W '
		}
	done >got
	is 'clickhouse:
	`u8` UInt8,
	`u64` UInt64,
	`u128` UInt128,
	`s128` Int128,
	`b` Bool,
	`p8` UInt64,
postgresql:
	"u8" smallint,
	"u64" numeric(20),
	"u128" numeric(39),
	"s128" numeric(39),
	"b" boolean,
	"p8" numeric(20),
sqlite:
	"u8" INTEGER,
	"u64" TEXT,
	"u128" TEXT,
	"s128" TEXT,
	"b" TEXT,
	"p8" TEXT,
duckdb:
	"u8" UTINYINT,
	"u64" UBIGINT,
	"u128" UHUGEINT,
	"s128" HUGEINT,
	"b" BOOLEAN,
	"p8" UBIGINT,' "$(<got)"
}

@test "the type of the time follows --time" {
	types() {
		for style in iso unix ns delta %H none; do
			skel-fmt --sql="$1:t" --time="$style" -c u8 "$FMT/scalars.skel" | sed -nE 's/.*.@time. ([^,]*(, .*\))?),$/\1/p'
		done | paste -s -d ';'
	}
	is "DateTime64(9, 'UTC');DateTime64(9, 'UTC');DateTime64(9, 'UTC');Decimal(38, 9);String" "$(types clickhouse)"
	is "text;numeric(38, 9);bigint;numeric(38, 9);text" "$(types postgresql)"
	is "TEXT;TEXT;INTEGER;TEXT;TEXT" "$(types sqlite)"
	is "TIMESTAMP_NS;DECIMAL(38, 9);BIGINT;DECIMAL(38, 9);VARCHAR" "$(types duckdb)"
}

@test "several maps are several tables, and one of them has the name alone" {
	run -0 skel-fmt --sql=duckdb:d.t "$FMT/maps.skel"
	is 'CREATE TABLE "d"."t_execs" (
CREATE TABLE "d"."t_exits" (
CREATE TABLE "d"."t_numbers" (
CREATE TABLE "d"."t_bytes" (' "$(grep CREATE <<<"$output")"
	run -0 skel-fmt --sql=duckdb:d.t -m execs "$FMT/maps.skel"
	is 'CREATE TABLE "d"."t" (' "$(grep CREATE <<<"$output")"
}

@test "names that an engine takes for one get numbers, and those that it has itself too" {
	hostile_stream pid PID pid_2 '' 'a"b' 'x\y' 'y`' $'n\nl' select >names
	run -0 skel-fmt --sql=sqlite:t names
	is 'CREATE TABLE "t" (
	"@map" TEXT,
	"@time" TEXT,
	"pid" INTEGER,
	"PID_2" INTEGER,
	"pid_2_2" INTEGER,
	"_" INTEGER,
	"a""b" INTEGER,
	"x\y" INTEGER,
	"y`" INTEGER,
	"n
l" INTEGER,
	"select" INTEGER
);' "$output"
	run -0 skel-fmt --sql=clickhouse:t names
	is 'CREATE TABLE `t` (
	`@map` String,
	`@time` Nullable(DateTime64(9, '\''UTC'\'')),
	`pid` Nullable(UInt8),
	`PID` Nullable(UInt8),
	`pid_2` Nullable(UInt8),
	`_` Nullable(UInt8),
	`a"b` Nullable(UInt8),
	`x\\y` Nullable(UInt8),
	`y``` Nullable(UInt8),
	`n
l` Nullable(UInt8),
	`select` Nullable(UInt8)
) ENGINE = MergeTree ORDER BY tuple();' "$output"
	long=$(printf 'é%.0s' {1..40})
	hostile_stream ctid "${long}a" "${long}b" >names
	run -0 skel-fmt --sql=postgresql:t --bare names
	is "CREATE TABLE \"t\" (
	\"ctid_2\" smallint,
	\"${long:0:31}\" smallint,
	\"${long:0:30}_2\" smallint
);" "$output"
}

@test "the hostile names are those of a table that SQLite makes" {
	hostile_stream a A b 'b"' "'; DROP TABLE t; --" 'c]' $'t\t' '%s' select >names
	run -0 python3 "$HELPERS/sql-rows.py" names
	is "11 values compared" "$output"
}

@test "a table with more columns than the engine has is refused, by name" {
	# shellcheck disable=SC2046
	hostile_stream $(seq -f m%g 1999) >many
	fails_with 1 "skel-fmt: --sql: a table of sqlite has at most 2000 columns, and the records have 2001; choose some with -c" \
		skel-fmt --sql=sqlite:t many
	run -0 skel-fmt --sql=sqlite:t --time=none many
	[ "${#lines[@]}" -eq 2002 ]
}

@test "where there is nothing, --csv=sql and --tsv=sql have \\N, and a text of these two is told apart" {
	printf '%s\n' '{"a":"\\N","b":1}' '{"a":null,"b":null}' '{"b":1.5}' >records
	is 'a,b
"\N",1
\N,\N
\N,1.5' "$(skel-fmt -q --csv=sql records | tr -d '\r')"
	is 'a	b
\\N	1
\N	\N
\N	1.5' "$(skel-fmt -q --tsv=sql records)"
	is 'a	b
\\N	1
null	null
	1.5' "$(skel-fmt -q --tsv records)"
}

@test "a text that is \\N in a binary record is told apart, in fields of any length" {
	python3 - "$FMT" <<-'END'
		import sys
		sys.path.insert(0, sys.argv.pop(1))
		import make
		make.DIRECTORY = "."
		stream = make.Stream("x")
		char = stream.type("char", "char", 1)
		names = [(f"t{n}", stream.array(char, n)) for n in (2, 3, 16, 40)]
		stream.map("m", "ringbuf", stream.struct("s", *names))
		for text in (b"\\N", b"\\", b"\\n", b"\\Nx"):
		    stream.put(b"".join(text[:n].ljust(n, b"\0") for n in (2, 3, 16, 40)))
		stream.end()
		stream.write("nulls")
	END
	is '"\N","\N","\N","\N"
\,\,\,\
\n,\n,\n,\n
"\N",\Nx,\Nx,\Nx' "$(skel-fmt -q --csv=sql --bare -H nulls.skel | tr -d '\r')"
}

@test "a float that is no number is one that databases read" {
	run -0 skel-fmt --csv=sql --bare -H "$FMT/floats.skel"
	[[ $output == *nan* && $output == *-inf* && $output != *null,* ]]
}

@test "what is wrong with --sql is said, and nothing printed" {
	fails_with 2 'skel-fmt: --sql: no engine "mysql"; there are clickhouse, postgresql, sqlite, duckdb' \
		skel-fmt --sql=mysql:t "$FMT/maps.skel"
	fails_with 2 "skel-fmt: --sql=sqlite: the name of the table is missing, as in --sql=sqlite:events" \
		skel-fmt --sql=sqlite "$FMT/maps.skel"
	fails_with 2 "skel-fmt: --sql: a table is for one stream; name one file" \
		skel-fmt --sql=sqlite:t "$FMT/maps.skel" "$FMT/maps.skel"
	fails_with 2 "skel-fmt: --sql: run it without --list" skel-fmt --list --sql=sqlite:t "$FMT/maps.skel"
	fails_with 2 "skel-fmt: --csv=x: it is safe or sql" skel-fmt --csv=x "$FMT/maps.skel"
	fails_with 1 "empty; expected a stream" skel-fmt --sql=sqlite:t /dev/null
	fails_with 1 'no map "x"; there are execs' skel-fmt --sql=sqlite:t -m x "$FMT/maps.skel"
}

@test "the header of a stream suffices, and one that goes on is not waited for" {
	mkfifo fifo
	exec 5<>fifo
	head -n 1 "$FMT/scalars.skel" >fifo
	run -0 timeout 30 skel-fmt --sql=sqlite:t fifo
	exec 5>&-
	is 'CREATE TABLE "t" (' "${lines[0]}"
}

@test "the completion offers the engines" {
	is "--sql=clickhouse: --sql=duckdb: --sql=postgresql: --sql=sqlite:" "$(complete_words skel-fmt --sql=)"
}

@test "each value of RowBinary is that of --json, in the types of --sql=clickhouse" {
	for stream in "$FMT"/*.skel "$FIXTURES"/recorded/*.skel; do
		run -0 python3 "$HELPERS/rowbinary.py" "$stream"
		[[ $output == *" values compared" ]]
		[[ $output != "0 values"* || $stream == */events*.skel ]]
	done
	run -0 python3 "$HELPERS/rowbinary.py" "$FMT/kinds.skel" --bare --text
	run -0 python3 "$HELPERS/rowbinary.py" "$FMT/kinds.skel" --time=none --numeric
}

@test "each value of a JSON record is so in RowBinary, and NULL where there is none" {
	for name in scalars floats enums nested sampled kinds texts slots; do
		{ head -n 1 "$FMT/$name.skel" | sed 's/"encoding":"binary"/"encoding":"json"/'
			skel-fmt -q --json "$FMT/$name.skel"; } >json
		run -0 python3 "$HELPERS/rowbinary.py" json
		[ "${output%% *}" -gt 0 ]
		# jq rounds what these hold.
		[[ $name != sampled && $name != slots ]] || continue
		{ head -n 1 json; tail -n +2 json | jq -c 'with_entries(select(.key | test("^@|[13579]$|name|key|value"))) | .x = [1]'
			tail -n +2 json; } >fewer
		run -0 python3 "$HELPERS/rowbinary.py" fewer
		[ "${output%% *}" -gt 0 ]
	done
	printf '%s\n' '{"a":"x","b":1}' '{"b":null}' >plain
	run -0 python3 "$HELPERS/rowbinary.py" plain
	is "4 values compared" "$output"
	is "00 01 78 00 01 31 01 01" "$(skel-fmt -q --rowbinary plain | od -An -tx1 | xargs)"
}

@test "a value that its column cannot hold is NULL in RowBinary, and told once" {
	hostile_stream a b c >stream
	printf '%s\n' '{"@map":"m","a":256,"b":-1,"c":"x"}' '{"@map":"m","a":1.5,"b":true,"c":255}' >>stream
	run -0 --separate-stderr skel-fmt --rowbinary --bare stream
	skel-fmt -q --rowbinary --bare stream | od -An -tx1 | xargs >got
	is "00 00 00 01 00 02 01 01 01 01 01 00 ff" "$(<got)"
	is "skel-fmt: map m: this is no value of the type of a: 256; it is left out, as all such are" \
		"$(grep -v 'end is missing' <<<"$stderr")"
}

@test "RowBinary has a text's own bytes, and lengths of any size" {
	python3 - "$FMT" <<-'END'
		import sys
		sys.path.insert(0, sys.argv.pop(1))
		import make
		make.DIRECTORY = "."
		stream = make.Stream("x")
		char = stream.type("char", "char", 1)
		names = [(f"t{n}", stream.array(char, n)) for n in (2, 20, 300)]
		state = stream.type("enum", "e", 4, signed=False, values=[["N" * 150, 1]])
		stream.map("m", "ringbuf", stream.struct("s", *names, ("e", state)))
		stream.put(b"\xff\xfe" + b"\xc3".ljust(20, b"\0") + b"y" * 300 + b"\1\0\0\0")
		stream.end()
		stream.write("bytes")
	END
	skel-fmt --rowbinary --bare bytes.skel >got
	{ printf '\002\377\376\001\303\254\002'; printf 'y%.0s' {1..300}
		printf '\231\001'; printf 'N%.0s' {1..150}; printf '(1)'; } | cmp - got
}

@test "RowBinary is for one map, for no terminal, and for times in nanoseconds" {
	fails_with 1 "maps.skel: the rows of several maps have no columns in common; choose one with -m" \
		skel-fmt --rowbinary "$FMT/maps.skel"
	run -1 --separate-stderr bash -c 'printf "%s\n" "{\"@map\":\"a\"}" "{\"@map\":\"b\"}" | skel-fmt --rowbinary'
	[[ $stderr == *"<stdin>:2: a record of another map, whose columns are others; choose one with -m" ]]
	fails_with 2 "skel-fmt: --rowbinary: its times are nanoseconds since 1970; run it without --time, or with --time=none" \
		skel-fmt --rowbinary --time=local "$FMT/scalars.skel"
	run script -qec "skel-fmt --rowbinary $FMT/scalars.skel; echo status \$?" /dev/null
	[[ $output == *"skel-fmt: --rowbinary: binary rows are not written to a terminal; pipe them into clickhouse-client"* ]]
	[[ $output == *"status 2"* ]]
}

@test "an appended stream of the same columns goes on in RowBinary, and another one is left out" {
	run -0 bash -c 'cat "$1" "$1" | skel-fmt --rowbinary | wc -c' bash "$FMT/scalars.skel"
	[ "$output" -eq $((2 * $(skel-fmt --rowbinary "$FMT/scalars.skel" | wc -c))) ]
	run -1 --separate-stderr bash -c 'cat "$@" | skel-fmt --rowbinary | wc -c; exit ${PIPESTATUS[1]}' \
		bash "$FMT/scalars.skel" "$FMT/texts.skel"
	[ "$output" -eq "$(skel-fmt --rowbinary "$FMT/scalars.skel" | wc -c)" ]
	[[ $stderr == *"this stream is left out: its rows have other columns" ]]
}

@test "a map of several hosts is one table, with the host as a column, in RowBinary too" {
	sed '1s/"host":"test"/"host":"two"/' "$FMT/scalars.skel" >two.skel
	skel-merge "$FMT/scalars.skel" two.skel >merged.skel
	run -0 skel-fmt --sql=clickhouse:t merged.skel
	is 'CREATE TABLE `t` (
	`@map` String,
	`@host` String,
	`@time` DateTime64(9, '\''UTC'\''),' "$(head -n 4 <<<"$output")"
	[ "$(grep -c CREATE <<<"$output")" -eq 1 ]
	rows=$(skel-fmt --rowbinary "$FMT/scalars.skel" | wc -c)
	# Two rows of each, with "test" and with "two" and their lengths.
	[ "$(skel-fmt --rowbinary merged.skel | wc -c)" -eq $((2 * rows + 2 * 5 + 2 * 4)) ]
}
