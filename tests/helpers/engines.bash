# What the scripts of tests/engines share.

HELPERS=${ROOT:?}/tests/helpers
RECORDS=${RECORDS:-1000000}

failed=0
trap 'exit "$failed"' EXIT

# check TEXT WANT GOT: one result.
check() {
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1: $3, not $2"
		failed=1
	fi
}

# need COMMAND...: end the script, with the reason, if there is no such command.
need() {
	local command
	for command; do
		command -v "$command" >/dev/null || { echo "skip needs $command"; exit 0; }
	done
}

# need_python PACKAGE...: the same for packages of Python that Debian lacks, which are
# installed once; PYTHON is the interpreter that has them.
need_python() {
	local package
	PYTHON=$KEEP/python/bin/python
	[ -x "$PYTHON" ] || python3 -m venv "$KEEP/python" >venv.log 2>&1 ||
		{ echo "skip needs python3-venv"; exit 0; }
	for package; do
		"$PYTHON" -c "import $package" 2>/dev/null ||
			"$PYTHON" -m pip install -q "${package//nats/nats-py}" >pip.log 2>&1 ||
			{ echo "skip needs $package, and pip cannot install it: $(tail -n 1 pip.log)"; exit 0; }
	done
}

# The stream with the records, and what is expected of them in COUNT, IDS, DELTAS,
# CHECKSUM and CHECKSUM_RAW.  Both are made once.
records() {
	local kept
	kept=$KEEP/$(md5sum <"$HELPERS/engine-records.py" | cut -c1-12)-$RECORDS
	STREAM=$kept.skel
	[ -s "$STREAM" ] || {
		python3 "$HELPERS/engine-records.py" make "$RECORDS" "$STREAM.new" && mv "$STREAM.new" "$STREAM"
	} || exit 1
	[ -s "$kept.expected" ] || {
		python3 "$HELPERS/engine-records.py" expect "$STREAM" >"$kept.new" && mv "$kept.new" "$kept.expected"
	} || exit 1
	# shellcheck disable=SC2034
	read -r COUNT IDS DELTAS CHECKSUM CHECKSUM_RAW <"$kept.expected"
}

# wait_until SECONDS COMMAND...: try the command until it succeeds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}
