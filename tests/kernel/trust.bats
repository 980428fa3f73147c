#!/usr/bin/env bats
# Which packages skel-load takes: those that a key has signed which the user or the
# administrator trusts.

load ../helpers/helper
load ../helpers/load

setup() {
	note_places
	command -v minisign >/dev/null || skip "needs minisign"
	cd "$BATS_TEST_TMPDIR"
	cp "$ASSETS/bootstrap.json" x.json
	local name
	for name in our other; do
		minisign -G -W -p $name.pub -s $name.sec > out
	done
}

# sign NAME FILE [OPTION...]: sign the file with this key of minisign.
sign() {
	minisign -S -W -s "$1.sec" -m "$2" "${@:3}" > out
}

# checks ARG...: have skel-load check, and no more; where the kernel takes no programs
# it ends after everything that is tested here.
checks() {
	if [ -z "${NO_BPF:-}" ]; then
		run -0 skel-load --check "$@"
		[[ $output == *" ok, "* ]]
	else
		run skel-load --check "$@"
		[[ $output != *refused:* ]]
	fi
}

# refuses MESSAGE ARG...: skel-load says this in one line, and asks the kernel nothing.
refuses() {
	local message=$1
	shift
	fails_with 1 "$message" skel-load "$@"
	is 1 "$(wc -l <<<"$stderr")"
	command -v strace >/dev/null && [ -z "${SAN:-}" ] || return 0
	strace -f -qq -e trace=bpf,perf_event_open -o trace skel-load "$@" >/dev/null 2>&1 || :
	[ ! -s trace ]
}

# flip FILE AT: change one bit of the byte at this place.
flip() {
	python3 - "$1" "$2" <<-'EOF'
		import sys
		with open(sys.argv[1], "r+b") as f:
		    f.seek(int(sys.argv[2]))
		    byte = f.read(1)[0]
		    f.seek(int(sys.argv[2]))
		    f.write(bytes([byte ^ 1]))
	EOF
}

# with_policy COMMAND...: run it where the policy is the directory "trusted" here.
with_policy() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	# shellcheck disable=SC2016
	unshare -m bash -c '
		mkdir -p upper work && mount -t tmpfs none work && mkdir work/upper work/work &&
			mount -t overlay -o lowerdir=/etc,upperdir=work/upper,workdir=work/work none /etc &&
			mkdir -p /etc/skel-load/trusted && mount --bind trusted /etc/skel-load/trusted ||
			exit 77
		exec "$@"' bash "$@" || {
		local status=$?
		[ "$status" -ne 77 ] || skip "cannot mount an overlay on /etc"
		return "$status"
	}
}

@test "a package that minisign signed is loaded" {
	"$HELPERS/has-bpf" >/dev/null || NO_BPF=1
	sign our x.json
	checks --trust our.pub x.json
	# The key stands on the command line, as for minisign -P.
	checks --trust "$(tail -n 1 our.pub)" x.json
	checks --trust other.pub --trust our.pub x.json
	# Signed as it was before minisign hashed files.
	sign our x.json -l
	checks --trust our.pub x.json
	run skel-load -v --check --trust our.pub x.json
	[[ $output == *"x.json: signed, with the comment: timestamp:"* ]]
}

@test "a package that signify signed is loaded" {
	command -v signify-openbsd >/dev/null || skip "needs signify-openbsd"
	"$HELPERS/has-bpf" >/dev/null || NO_BPF=1
	signify-openbsd -G -n -p s.pub -s s.sec
	signify-openbsd -S -s s.sec -m x.json
	checks --trust s.pub x.json
	refuses "x.json: refused: x.json.sig is of the key " --trust our.pub x.json
	flip x.json 100
	refuses "x.json: refused: it is not what x.json.sig signs" --trust s.pub x.json
}

@test "one changed bit of the package, the signature, its comment or the key is refused" {
	local size at
	sign our x.json -t "made on Monday"
	size=$(stat -c %s x.json)
	for at in 0 1 $((size / 2)) $((size - 1)); do
		flip x.json "$at"
		refuses "x.json: refused: it is not what x.json.minisig signs" --trust our.pub x.json
		flip x.json "$at"
	done
	cp x.json.minisig good
	sed -i 's/Monday/Sunday/' x.json.minisig
	refuses "x.json: refused: it is not what x.json.minisig signs" --trust our.pub x.json
	# The last bytes of the number of the key, and the first of the signature.
	python3 - <<-'EOF'
		import base64
		lines = open("good").read().split("\n")
		for name, at in ("number", 3), ("bytes", 12):
		    raw = bytearray(base64.b64decode(lines[1]))
		    raw[at] ^= 1
		    with open(name, "w") as f:
		        f.write("\n".join([lines[0], base64.b64encode(raw).decode(), *lines[2:]]))
	EOF
	cp number x.json.minisig
	refuses "x.json: refused: x.json.minisig is of the key " --trust our.pub x.json
	cp bytes x.json.minisig
	refuses "x.json: refused: it is not what x.json.minisig signs" --trust our.pub x.json
	cp good x.json.minisig
	printf x >> x.json
	refuses "x.json: refused: it is not what x.json.minisig signs" --trust our.pub x.json
}

@test "a package without a signature, or with another's, is refused, and standard input" {
	refuses "x.json: refused: it is not signed, which --trust demands; there is no x.json.minisig and no x.json.sig" \
		--trust our.pub x.json
	sign other x.json
	refuses "x.json: refused: x.json.minisig is of the key $(sed -n 's/.*public key //p' other.pub), which is not in --trust" \
		--trust our.pub x.json
	refuses "<stdin>: refused: standard input has no signature, which --trust demands; name the file" \
		--trust our.pub < x.json
	sign our x.json
	fails_with 1 ": refused: it is not signed" skel-load --trust our.pub <(cat x.json)
}

@test "the object of -e, and an object in place of a package, need signatures too" {
	"$HELPERS/has-bpf" >/dev/null || NO_BPF=1
	skel-pack --unpack x.json > x.bpf.o
	sign our x.json
	refuses "x.bpf.o: refused: it is not signed" --trust our.pub -e x.bpf.o x.json
	refuses "x.bpf.o: refused: it is not signed" --trust our.pub x.bpf.o
	sign our x.bpf.o
	checks --trust our.pub -e x.bpf.o x.json
	checks --trust our.pub x.bpf.o
}

@test "files that are no keys and no signatures are refused" {
	sign our x.json
	fails_with 2 "skel-load: nothing.pub: No such file or directory" skel-load --trust nothing.pub x.json
	fails_with 2 "skel-load: x.json: no public key of minisign or signify" skel-load --trust x.json x.json
	fails_with 2 "skel-load: .: no public key of minisign or signify" skel-load --trust . x.json
	fails_with 2 "skel-load: our.sec: no public key of minisign or signify" skel-load --trust our.sec x.json
	fails_with 2 "--unload allows no other option" skel-load --trust our.pub --unload /sys/fs/bpf/none
	local text
	for text in "" "x" "untrusted comment: x" $'untrusted comment: x\nRWQ=' "$(head -c 20000 /dev/zero | tr '\0' A)" \
		"$(head -n 3 x.json.minisig)" "$(cat x.json.minisig; echo more)"; do
		printf '%s\n' "$text" > x.json.minisig.new
		cp x.json.minisig good
		cp x.json.minisig.new x.json.minisig
		refuses "x.json.minisig: no signature of minisign or signify" --trust our.pub x.json
		cp good x.json.minisig
	done
	rm x.json.minisig
	mkfifo x.json.minisig
	refuses "x.json.minisig: no signature of minisign or signify" --trust our.pub x.json
}

@test "the policy of the administrator holds for every package, whatever is asked for" {
	local load=(with_policy skel-load) name
	mkdir trusted
	name=$(sed -n 's/.*public key //p' other.pub)
	"$HELPERS/has-bpf" >/dev/null || skip "needs a kernel that loads BPF programs"
	# No key, no policy; a file whose name begins with a dot is none.
	touch trusted/.hidden
	run -0 "${load[@]}" --check x.json
	cp our.pub trusted
	fails_with 1 "x.json: refused: it is not signed, which /etc/skel-load/trusted demands" "${load[@]}" --check x.json
	fails_with 1 "<stdin>: refused: standard input has no signature, which /etc/skel-load/trusted demands" \
		"${load[@]}" < x.json
	sign other x.json
	fails_with 1 "x.json.minisig is of the key $name, which is not in /etc/skel-load/trusted" "${load[@]}" x.json
	fails_with 1 "x.json.minisig is of the key $name, which is not in /etc/skel-load/trusted" \
		"${load[@]}" --trust other.pub x.json
	sign our x.json
	run -0 "${load[@]}" --check x.json
	fails_with 1 "which is not in --trust" "${load[@]}" --trust other.pub x.json
	cp other.pub trusted
	run -0 "${load[@]}" --check x.json
	# The command of -c is not run for what is refused.
	flip x.json 7
	fails_with 1 "x.json: refused: it is not what x.json.minisig signs" "${load[@]}" -c 'touch ran' x.json
	[ ! -e ran ]
	flip x.json 7
	echo "no key" > trusted/README
	fails_with 1 "/etc/skel-load/trusted/README: no public key of minisign or signify" "${load[@]}" x.json
}
