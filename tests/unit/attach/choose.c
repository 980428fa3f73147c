/* lib/attach/choose: which tracepoints of system calls only other machines
 * have. */
#include <stdio.h>

#include "attach/choose.h"
#include "base/util.h"
#include "check.h"
#include "kinds/syscall-numbers.h"

static const struct call {
	const char *name;
	int x86, arm;
} calls[] = {
#define CALL(name, x86, arm)                                                   \
	{ #name, SYSCALL_X86_64_##name, SYSCALL_AARCH64_##name },
	SYSCALL_NUMBERS(CALL)
#undef CALL
};

static bool
is_foreign(const char *call, enum kind_arch arch)
{
	char section[96];
	bool entry, exit;

	snprintf(
	    section, sizeof(section), "tracepoint/syscalls/sys_enter_%s", call);
	entry = attach_is_foreign_call(section, arch);
	snprintf(section, sizeof(section), "tp/syscalls/sys_exit_%s", call);
	exit = attach_is_foreign_call(section, arch);
	CHECK_NUM(entry, exit);
	return entry;
}

static void
what_only_the_other_machine_has_is_foreign(void)
{
	size_t n = 0;

	for (size_t i = 0; i < nitems(calls); i++) {
		const struct call *c = &calls[i];

		CHECK_NUM(is_foreign(c->name, KIND_ARCH_AARCH64), c->arm == -1);
		CHECK_NUM(is_foreign(c->name, KIND_ARCH_X86_64), c->x86 == -1);
		CHECK(!is_foreign(c->name, KIND_ARCH_UNKNOWN));
		n += c->arm == -1;
	}
	CHECK(n > 0 && n < nitems(calls));
	CHECK(is_foreign("open", KIND_ARCH_AARCH64));
	CHECK(!is_foreign("open", KIND_ARCH_X86_64));
	CHECK(!is_foreign("openat", KIND_ARCH_AARCH64));
}

/* The kernel calls the tracepoints of stat(2), lstat(2) and fstat(2) newstat
 * and so on; aarch64 has the last. */
static void
newer_functions_are_calls_too(void)
{
	CHECK(is_foreign("newstat", KIND_ARCH_AARCH64));
	CHECK(is_foreign("newlstat", KIND_ARCH_AARCH64));
	CHECK(!is_foreign("newfstat", KIND_ARCH_AARCH64));
	CHECK(!is_foreign("newstat", KIND_ARCH_X86_64));
}

static void
what_nobody_has_is_not_foreign(void)
{
	static const char *const sections[] = { "", "tracepoint",
		"tracepoint/syscalls/sys_", "tracepoint/syscalls/sys_enter",
		"tracepoint/syscalls/sys_enter_",
		"tracepoint/syscalls/sys_enter_nosuch",
		"tracepoint/syscalls/sys_enter_opens",
		"tracepoint/syscalls/sys_enter_new",
		"tracepoint/sched/sys_enter_open", "raw_tp/sys_enter",
		"kprobe/do_sys_open" };

	for (size_t i = 0; i < nitems(sections); i++)
		CHECK(!attach_is_foreign_call(sections[i], KIND_ARCH_AARCH64));
}

int
main(void)
{
	what_only_the_other_machine_has_is_foreign();
	newer_functions_are_calls_too();
	what_nobody_has_is_not_foreign();
	return check_done();
}
