# BPF objects from sources in the test itself; `load ../helpers/object`.

need_clang() {
	command -v clang >/dev/null || skip "needs clang"
}

# object NAME [FLAG...] <<SOURCE: compile SOURCE into NAME.bpf.o here, as the
# example programs are.
object() {
	local name=$1
	shift
	{
		echo '#include <linux/bpf.h>'
		echo '#include <bpf/bpf_helpers.h>'
		echo '#include "skel.bpf.h"'
		cat
		echo 'char LICENSE[] SEC("license") = "GPL";'
	} >"$name.bpf.c"
	clang -g -O2 -target bpf -I "$ASSETS" "$@" \
		-idirafter "/usr/include/$(cc -dumpmachine)" -c -o "$name.bpf.o" "$name.bpf.c"
}

# meta FILE FILTER: what jq finds in the meta of FILE's package.
meta() {
	skel-pack -q "$1" | jq -c ".meta | $2"
}
