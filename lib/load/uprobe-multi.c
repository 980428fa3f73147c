#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "load/uprobe-multi.h"

/* The members of union bpf_attr for BPF_LINK_CREATE.  Debian's headers do not
 * have those of this kind of link. */
struct multi_attr {
	uint32_t prog, target, type, flags;
	uint64_t path, offsets, counters, cookies;
	uint32_t count, how, pid, padding;
};

enum { AT_RETURN = 1 }; /* BPF_F_UPROBE_MULTI_RETURN */

static int
create_link(const struct multi_attr *a)
{
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, a, sizeof(*a));
}

int
uprobe_multi_attach(int prog, const char *path, const uint64_t *offsets,
    size_t n, bool at_return, int pid)
{
	const struct multi_attr a = {
		.prog = (uint32_t)prog,
		.type = UPROBE_MULTI_TYPE,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.count = (uint32_t)n,
		.how = at_return ? AT_RETURN : 0,
		.pid = pid != -1 ? (uint32_t)pid : 0,
	};

	if (n > UINT32_MAX) {
		errno = E2BIG;
		return -1;
	}
	return create_link(&a);
}

/* Whether creating the link fails with the error.  It does not succeed. */
static bool
fails_with(const struct multi_attr *a, int error)
{
	int fd = create_link(a);

	if (fd != -1) {
		close(fd);
		return false;
	}
	return errno == error;
}

/* Asks the kernel with links that no kernel makes: of a directory, for which an
 * older one fails with EINVAL, and of an invalid process, for which one that
 * takes it for a thread fails with ESRCH. */
static bool
ask_kernel(int prog)
{
	static const uint64_t offset;
	struct multi_attr a = {
		.prog = (uint32_t)prog,
		.type = UPROBE_MULTI_TYPE,
		.path = (uintptr_t) "/",
		.offsets = (uintptr_t)&offset,
		.count = 1,
	};

	if (!fails_with(&a, EBADF))
		return false;
	a.path = (uintptr_t) "/proc/self/exe";
	a.pid = UINT32_MAX;
	return fails_with(&a, EINVAL);
}

bool
uprobe_multi_is_there(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, o,
	    .expected_attach_type = (enum bpf_attach_type)UPROBE_MULTI_TYPE);
	static enum { UNKNOWN, MISSING, THERE } known;
	int prog;

	if (known != UNKNOWN)
		return known == THERE;
	known = MISSING;
	prog = bpf_prog_load(
	    BPF_PROG_TYPE_KPROBE, "skel_probe", "GPL", code, nitems(code), &o);
	if (prog >= 0) {
		known = ask_kernel(prog) ? THERE : MISSING;
		close(prog);
	}
	return known == THERE;
}
