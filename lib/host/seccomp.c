#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/util.h"
#include "host/privilege.h"
#include "host/seccomp.h"

#if defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#define OUR_ARCH AUDIT_ARCH_X86_64
#endif

enum {
	NUMBERS = SYSCALL_NUMBER_MAX + 1,
	/* x86-64 has another interface for calls from here on. */
	X32_BIT = 0x40000000,
	MESSAGE_MAX = 128,
};

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code */
#endif

/* A program for the kernel. */
struct program {
	struct sock_filter code[BPF_MAXINSNS];
	unsigned short n;
};

/* Calls with successive numbers that have one rule. */
struct range {
	uint32_t first;
	const struct syscall_rule *rule; /* NULL: unknown */
};

struct ranges {
	struct range v[NUMBERS + 1];
	size_t n;
};

/* Appends an instruction, and returns its place.  A table that is too long is
 * refused by the kernel. */
static unsigned short
emit(struct program *p, uint16_t code, uint32_t k)
{
	if (p->n < BPF_MAXINSNS)
		p->code[p->n++] = (struct sock_filter){ .code = code, .k = k };
	return p->n - 1;
}

static void
emit_answer(struct program *p, enum syscall_answer answer)
{
	static const uint32_t returns[] = {
		[SYSCALL_ALLOWED] = SECCOMP_RET_ALLOW,
		[SYSCALL_REFUSED] = SECCOMP_RET_TRAP,
		[SYSCALL_EPERM] = SECCOMP_RET_ERRNO | EPERM,
		[SYSCALL_ENOSYS] = SECCOMP_RET_ERRNO | ENOSYS,
	};

	emit(p, BPF_RET | BPF_K, returns[answer]);
}

/* Compares one half of an argument.  Returns the place of the jump, whose way
 * where it differs is not known yet; or -1 if there is nothing to compare. */
static int
emit_half(struct program *p, uint32_t offset, uint32_t mask, uint32_t value)
{
	if (mask == 0)
		return -1;
	emit(p, BPF_LD | BPF_W | BPF_ABS, offset);
	if (mask != UINT32_MAX)
		emit(p, BPF_ALU | BPF_AND | BPF_K, mask);
	return emit(p, BPF_JMP | BPF_JEQ | BPF_K, value);
}

/* Appends the tests of a choice, and the answer if they hold. */
static void
emit_choice(struct program *p, const struct syscall_choice *c)
{
	int jumps[2 * nitems(c->tests)];
	size_t n = 0;

	for (size_t i = 0; i < nitems(c->tests); i++) {
		const struct syscall_test *t = &c->tests[i];
		uint64_t value = t->own_pid ? (uint64_t)getpid() : t->value;
		uint32_t low = offsetof(struct seccomp_data, args) +
			       t->arg * sizeof(uint64_t);

		/* Both architectures are little-endian. */
		jumps[n++] =
		    emit_half(p, low, (uint32_t)t->mask, (uint32_t)value);
		jumps[n++] = emit_half(p, low + sizeof(uint32_t),
		    (uint32_t)(t->mask >> 32), (uint32_t)(value >> 32));
	}
	emit_answer(p, SYSCALL_ALLOWED);
	for (size_t i = 0; i < n; i++)
		if (jumps[i] != -1)
			p->code[jumps[i]].jf =
			    (unsigned char)(p->n - jumps[i] - 1);
}

static void
emit_rule(struct program *p, const struct syscall_rule *r)
{
	for (size_t i = 0; r != NULL && i < r->nchoices; i++)
		emit_choice(p, &r->choices[i]);
	emit_answer(p, r != NULL ? r->otherwise : SYSCALL_ENOSYS);
}

/* Appends a binary search for the number among n ranges. */
static void
emit_search(struct program *p, const struct range *v, size_t n)
{
	unsigned short jump;

	if (n == 1) {
		emit_rule(p, v->rule);
		return;
	}
	/* A conditional jump is too short for the way to the second half. */
	emit(p, BPF_JMP | BPF_JGE | BPF_K, v[n / 2].first);
	p->code[p->n - 1].jf = 1;
	jump = emit(p, BPF_JMP | BPF_JA, 0);
	emit_search(p, v, n / 2);
	p->code[jump].k = p->n - jump - 1U;
	emit_search(p, v + n / 2, n - n / 2);
}

/* Two rules without choices are the same if the answer is. */
static bool
is_same(const struct syscall_rule *a, const struct syscall_rule *b)
{
	return a == b || (a != NULL && b != NULL && a->nchoices == 0 &&
			     b->nchoices == 0 && a->otherwise == b->otherwise);
}

static void
find_ranges(struct ranges *r, const struct syscall_row *rows, size_t nrows,
    enum syscall_stage stage, unsigned int needs)
{
	const struct syscall_rule *numbers[NUMBERS + 1] = { NULL };

	for (size_t i = 0; i < nrows; i++)
		if (rows[i].number >= 0 && rows[i].number < NUMBERS)
			numbers[rows[i].number] =
			    syscall_rule(&rows[i], stage, needs);
	r->n = 0;
	for (uint32_t i = 0; i < nitems(numbers); i++)
		if (r->n == 0 || !is_same(r->v[r->n - 1].rule, numbers[i]))
			r->v[r->n++] = (struct range){ i, numbers[i] };
}

static void
emit_program(struct program *p, const struct ranges *r)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH);
	p->code[p->n - 1].jt = 1;
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	emit(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	/* The number -1 means that a tracer has cancelled the call. */
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX);
	p->code[p->n - 1].jt = 2;
	emit(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT);
	p->code[p->n - 1].jf = 1;
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
#endif
	emit_search(p, r->v, r->n);
}

/* What the handler says of itself. */

static const char *program_name;

/* The numbers that were reported. */
static volatile char reported[NUMBERS];

/* Appends text to the message of n bytes.  Returns its new length. */
static size_t
append(char *message, size_t n, const char *text)
{
	while (*text != '\0' && n < MESSAGE_MAX - 1)
		message[n++] = *text++;
	return n;
}

static size_t
append_number(char *message, size_t n, unsigned int number)
{
	char digits[16], *p = digits + sizeof(digits);

	*--p = '\0';
	do
		*--p = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	return append(message, n, p);
}

/* Report a refused call without a function that is unsafe in a handler. */
static void
report_refused(int number)
{
	char message[MESSAGE_MAX];
	const char *name = syscall_name(number);
	size_t n = append(message, 0, program_name);

	n = append(message, n, ": system call ");
	n = append_number(message, n, (unsigned int)number);
	if (name != NULL) {
		n = append(message, n, " (");
		n = append(message, n, name);
		n = append(message, n, ")");
	}
	n = append(message, n, " refused by our own filter");
	message[n++] = '\n';
	if (write(STDERR_FILENO, message, n) == -1)
		return; /* there is nobody else to tell */
}

/* Let the trapped call fail with EPERM. */
static void
set_result(ucontext_t *c)
{
#if defined(__x86_64__)
	c->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
	c->uc_mcontext.regs[0] = (unsigned long long)-EPERM;
#else
	(void)c;
#endif
}

static void
handle_refused(int sig, siginfo_t *info, void *context)
{
	int number = info->si_syscall, error = errno;

	(void)sig;
	/* Somebody else may send the signal, too. */
	if (info->si_code != SYS_SECCOMP || number < 0 || number >= NUMBERS)
		return;
	if (!reported[number]) {
		reported[number] = 1;
		report_refused(number);
	}
	set_result(context);
	errno = error;
}

static int
catch_refused(void)
{
	struct sigaction sa = { .sa_sigaction = handle_refused,
		.sa_flags = SA_SIGINFO | SA_RESTART };

	program_name = getprogname();
	sigemptyset(&sa.sa_mask);
	return sigaction(SIGSYS, &sa, NULL);
}

/* prctl(2) is no substitute for seccomp(2).  Only valgrind lacks the call, and
 * the filter would then apply to valgrind itself. */
int
seccomp_confine(enum syscall_stage stage, unsigned int needs)
{
	struct program p = { .n = 0 };
	struct sock_fprog prog = { .filter = p.code };
	const struct syscall_row *rows;
	struct ranges ranges;
	size_t n;

	if (SANITIZED)
		return 0;
	rows = syscall_rows(&n);
	if (n == 0) {
		errno = ENOSYS;
		return -1;
	}
	find_ranges(&ranges, rows, n, stage, needs);
	emit_program(&p, &ranges);
	prog.len = p.n;
	if (catch_refused() == -1)
		return -1;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == -1)
		return -1;
	privilege_note_filter();
	return 0;
}
