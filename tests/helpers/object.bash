# Functions that compile BPF sources that stand in the test itself.
# `load ../helpers/object`.

need_clang() {
	command -v clang >/dev/null || skip "needs clang"
}

# object NAME [FLAG...] <<SOURCE: compile SOURCE into NAME.bpf.o in the current
# directory, with the flags of the example programs.
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

# meta FILE FILTER: pack FILE and print the filter's result for the package's meta.
meta() {
	skel-pack -q "$1" | jq -c ".meta | $2"
}
