/*
 * Tries every system call in every stage of confinement, and compares the
 *answer with the table in host/syscalls.c.
 *
 *	syscalls             try them
 *	syscalls --manual    print the table as skel(7) has it
 *
 * No call is made for real: a second filter, below the one under test, answers
 * each with an error of its own.  The kernel prefers refusals, and among two
 * errors that of the newer filter; so that error says that the filter under
 *test has let the call through.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "check.h"
#include "host/seccomp.h"
#include "host/syscalls.h"

enum {
	PASSED = 1234,    /* the error that no call has */
	TRIED = 0x5e1ec7, /* in the last argument of a call that is tried */
	NUMBERS = 1100,
	ARGS = 6,
};

static const struct stage {
	const char *name;
	enum syscall_stage stage;
	unsigned int needs;
} stages[] = {
	{ "filter", SYSCALL_FILTER, 0 },
	{ "filter with keys", SYSCALL_FILTER, SYSCALL_KEYS },
	{ "filter that makes files", SYSCALL_FILTER, SYSCALL_MAKES },
	{ "opening", SYSCALL_OPENING, SYSCALL_OPENAT2 | SYSCALL_REMOVES },
	{ "head", SYSCALL_HEAD, 0 },
	{ "head that writes", SYSCALL_HEAD, SYSCALL_WRITES },
	{ "head that removes", SYSCALL_HEAD, SYSCALL_REMOVES },
	{ "head with sockets", SYSCALL_HEAD, SYSCALL_SOCKETS },
	{ "head with openat2", SYSCALL_HEAD, SYSCALL_OPENAT2 },
	{ "lookup", SYSCALL_LOOKUP, 0 },
	{ "lookup with openat2", SYSCALL_LOOKUP, SYSCALL_OPENAT2 },
	{ "worker", SYSCALL_WORKER, 0 },
	{ "worker with openat2", SYSCALL_WORKER, SYSCALL_OPENAT2 },
	{ "worker that watches", SYSCALL_WORKER, SYSCALL_WATCHES },
};

/* What the table must say, whoever changes it: these calls are refused in every
 * stage with these arguments. */
static const struct {
	const char *name;
	uint64_t args[5];
} never[] = {
	{ "execve", { 0 } },
	{ "execveat", { 0 } },
	{ "clone", { CLONE_NEWUSER | SIGCHLD } },
	{ "clone", { CLONE_VM | CLONE_THREAD | CLONE_SIGHAND } },
	{ "clone3", { 0 } },
	{ "unshare", { 0 } },
	{ "setns", { 0 } },
	{ "ptrace", { 0 } },
	{ "process_vm_readv", { 0 } },
	{ "process_vm_writev", { 0 } },
	{ "pidfd_getfd", { 0 } },
	{ "kill", { 1, SIGTERM } },
	{ "kill", { 1, SIGSTOP } },
	{ "kill", { 1, SIGKILL } },
	{ "tkill", { 1, SIGKILL } },
	{ "tgkill", { 1, 1, SIGKILL } },
	{ "rt_sigqueueinfo", { 0 } },
	{ "rt_tgsigqueueinfo", { 0 } },
	{ "pidfd_send_signal", { 1, SIGTERM } },
	{ "fcntl", { 0, F_SETOWN } },
	{ "fcntl", { 0, F_SETOWN_EX } },
	{ "fcntl", { 0, F_SETSIG } },
	{ "fcntl", { 0, F_SETLEASE } },
	{ "fcntl", { 0, F_NOTIFY } },
	{ "fcntl", { 0, F_SETFL, O_ASYNC } },
	{ "ioctl", { 0, 0x5412 /* TIOCSTI */ } },
	{ "ioctl", { 0, 0x8901 /* FIOSETOWN */ } },
	{ "ioctl", { 0, 0x541c /* TIOCLINUX */ } },
	{ "ioctl", { 0, 0x5452 /* FIOASYNC */ } },
	{ "mmap", { 0, 0, PROT_READ | PROT_EXEC } },
	{ "mprotect", { 0, 0, PROT_READ | PROT_EXEC } },
	{ "pkey_mprotect", { 0, 0, PROT_READ } },
	{ "shmat", { 0 } },
	{ "remap_file_pages", { 0 } },
	{ "personality", { 0 } },
	{ "mq_open", { 0 } },
	{ "open", { 0, O_CREAT } },
	{ "open", { 0, O_RDWR | O_CREAT } },
	{ "openat", { 0, 0, O_CREAT | O_WRONLY } },
	{ "openat", { 0, 0, O_CREAT | O_EXCL | O_WRONLY, 0644 } },
	{ "openat", { 0, 0, O_CREAT | O_NOFOLLOW | O_WRONLY, 0644 } },
	{ "openat", { 0, 0, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0644 } },
	{ "openat", { 0, 0, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 04755 } },
	{ "openat", { 0, 0, O_TMPFILE | O_WRONLY } },
	{ "creat", { 0 } },
	{ "truncate", { 0 } },
	{ "mkdirat", { 0 } },
	{ "mknodat", { 0 } },
	{ "linkat", { 0 } },
	{ "symlinkat", { 0 } },
	{ "renameat2", { 0, 0, 0, 0, RENAME_EXCHANGE } },
	{ "renameat2", { 0, 0, 0, 0, RENAME_WHITEOUT } },
	{ "rename", { 0 } },
	{ "renameat", { 0 } },
	{ "fchmod", { 0 } },
	{ "fchmodat", { 0 } },
	{ "fchmodat2", { 0 } },
	{ "fchown", { 0 } },
	{ "fchownat", { 0 } },
	{ "setxattr", { 0 } },
	{ "fsetxattr", { 0 } },
	{ "setxattrat", { 0 } },
	{ "removexattrat", { 0 } },
	{ "file_setattr", { 0 } },
	{ "utimensat", { 0 } },
	{ "bpf", { BPF_MAP_CREATE } },
	{ "bpf", { BPF_PROG_LOAD } },
	{ "bpf", { BPF_BTF_LOAD } },
	{ "bpf", { BPF_LINK_CREATE } },
	{ "bpf", { BPF_LINK_UPDATE } },
	{ "bpf", { BPF_PROG_ATTACH } },
	{ "bpf", { BPF_RAW_TRACEPOINT_OPEN } },
	{ "bpf", { BPF_OBJ_PIN } },
	{ "bpf", { BPF_PROG_TEST_RUN } },
	{ "socket", { AF_INET } },
	{ "socket", { AF_INET6 } },
	{ "socket", { AF_PACKET } },
	{ "socketpair", { AF_INET } },
	{ "listen", { 0 } },
	{ "accept4", { 0 } },
	{ "mount", { 0 } },
	{ "umount2", { 0 } },
	{ "move_mount", { 0 } },
	{ "open_tree", { 0 } },
	{ "open_tree_attr", { 0 } },
	{ "fsopen", { 0 } },
	{ "mount_setattr", { 0 } },
	{ "pivot_root", { 0 } },
	{ "chroot", { 0 } },
	{ "init_module", { 0 } },
	{ "finit_module", { 0 } },
	{ "delete_module", { 0 } },
	{ "kexec_load", { 0 } },
	{ "kexec_file_load", { 0 } },
	{ "reboot", { 0 } },
	{ "userfaultfd", { 0 } },
	{ "io_uring_setup", { 0 } },
	{ "open_by_handle_at", { 0 } },
	{ "prctl", { PR_SET_MM } },
	{ "prctl", { PR_SET_PTRACER } },
	{ "prlimit64", { 1 } },
	{ "setuid", { 0 } },
	{ "setresuid", { 0 } },
	{ "add_key", { 0 } },
	{ "keyctl", { 0 } },
	{ "syslog", { 0 } },
	{ "swapon", { 0 } },
	{ "acct", { 0 } },
	{ "quotactl", { 0 } },
	{ "settimeofday", { 0 } },
	{ "clock_settime", { 0 } },
	{ "sethostname", { 0 } },
	{ "seccomp",
	    { SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER } },
};

/* The first differences are shown, and all are counted. */
enum { SHOWN = 20 };

/* Shared with the child that is confined. */
static struct shared {
	unsigned int tried, wrong, refused;
} * shared;

static volatile sig_atomic_t trapped;
static struct sigaction report_action;

/* Forget TRIED, which may still be in its register: what the handler calls, and
 * its return, are real calls. */
static inline void
forget_argument(void)
{
#if defined(__x86_64__)
	__asm__ volatile("xor %%r9d, %%r9d" : : : "r9");
#elif defined(__aarch64__)
	__asm__ volatile("mov x5, xzr" : : : "x5");
#endif
}

static void
note_trap(int sig, siginfo_t *info, void *context)
{
	trapped = 1;
	forget_argument();
	report_action.sa_sigaction(sig, info, context);
	forget_argument();
}

/* Answers each call that has TRIED in its last argument with PASSED. */
static int
pass_none(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, args[ARGS - 1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRIED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | PASSED),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = nitems(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

/* The answer of the confined process to a call. */
static int
ask(int number, const uint64_t *args)
{
	long ret;

	trapped = 0;
	ret =
	    syscall(number, args[0], args[1], args[2], args[3], args[4], TRIED);
	forget_argument();
	if (ret != -1)
		return -1;
	if (trapped)
		return errno == EPERM ? SYSCALL_REFUSED : -1;
	switch (errno) {
	case PASSED:
		return SYSCALL_ALLOWED;
	case EPERM:
		return SYSCALL_EPERM;
	case ENOSYS:
		return SYSCALL_ENOSYS;
	default:
		return -1;
	}
}

static bool
holds(const struct syscall_choice *c, const uint64_t *args)
{
	for (size_t i = 0; i < nitems(c->tests); i++) {
		const struct syscall_test *t = &c->tests[i];
		uint64_t value = t->own_pid ? (uint64_t)getpid() : t->value;

		if ((args[t->arg] & t->mask) != (value & t->mask))
			return false;
	}
	return true;
}

/* The answer of the table. */
static int
look_up(
    const struct syscall_row *row, const struct stage *s, const uint64_t *args)
{
	const struct syscall_rule *r;

	if (row == NULL)
		return SYSCALL_ENOSYS;
	r = syscall_rule(row, s->stage, s->needs);
	for (size_t i = 0; i < r->nchoices; i++)
		if (holds(&r->choices[i], args))
			return SYSCALL_ALLOWED;
	return r->otherwise;
}

static void
try_call(int number, const struct syscall_row *row, const struct stage *s,
    const uint64_t *args)
{
	int want = look_up(row, s, args), got = ask(number, args);

	shared->tried++;
	if (got == want)
		return;
	if (shared->wrong++ < SHOWN)
		printf("%s: %d %s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
		       "): answer %d, the table has %d\n",
		    s->name, number, row != NULL ? row->name : "?", args[0],
		    args[1], args[2], got, want);
}

/* Tries a call with arguments that a choice allows, and with each of the bits
 * that it looks at changed. */
static void
try_choice(const struct syscall_row *row, const struct stage *s,
    const struct syscall_choice *c)
{
	uint64_t args[ARGS] = { 0 };

	for (size_t i = 0; i < nitems(c->tests); i++)
		if (c->tests[i].mask != 0)
			args[c->tests[i].arg] = c->tests[i].own_pid
						    ? (uint64_t)getpid()
						    : c->tests[i].value;
	try_call(row->number, row, s, args);
	for (size_t i = 0; i < nitems(c->tests); i++)
		for (unsigned int bit = 0; bit < 64; bit++) {
			args[c->tests[i].arg] ^= UINT64_C(1) << bit;
			try_call(row->number, row, s, args);
			args[c->tests[i].arg] ^= UINT64_C(1) << bit;
		}
}

/* Tries a call with the arguments that any stage distinguishes. */
static void
try_number(int number, const struct syscall_row *row, const struct stage *s)
{
	static const uint64_t none[ARGS] = { 0 };
	static const uint64_t all[ARGS] = { UINT64_MAX, UINT64_MAX, UINT64_MAX,
		UINT64_MAX, UINT64_MAX, UINT64_MAX };

	/* The kernel asks no filter about these, which are for its own code in
	 * probed processes; elsewhere they are an illegal instruction. */
	if (row != NULL && (strcmp(row->name, "uretprobe") == 0 ||
			       strcmp(row->name, "uprobe") == 0))
		return;
	try_call(number, row, s, none);
	try_call(number, row, s, all);
	for (size_t i = 0; row != NULL && i < nitems(stages); i++) {
		const struct syscall_rule *r =
		    syscall_rule(row, stages[i].stage, stages[i].needs);

		for (size_t k = 0; k < r->nchoices; k++)
			try_choice(row, s, &r->choices[k]);
	}
}

static void
try_never(
    size_t i, const struct syscall_row *const *by_number, const struct stage *s)
{
	uint64_t args[ARGS] = { never[i].args[0], never[i].args[1],
		never[i].args[2], never[i].args[3], never[i].args[4] };

	for (int k = 0; k < NUMBERS; k++) {
		if (by_number[k] == NULL ||
		    strcmp(by_number[k]->name, never[i].name) != 0 ||
		    ask(k, args) != SYSCALL_ALLOWED)
			continue;
		printf("%s: %s(%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
		       ") is allowed\n",
		    s->name, never[i].name, args[0], args[1], args[2]);
		shared->wrong++;
	}
}

/* The whole child.  Returns its exit status. */
static int
try_stage(const struct stage *s, const struct syscall_row *const *by_number)
{
	struct sigaction sa = { .sa_sigaction = note_trap,
		.sa_flags = SA_SIGINFO };

	if (pass_none() == -1 || seccomp_confine(s->stage, s->needs) == -1)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	sigaction(SIGSYS, &sa, &report_action);
	for (int i = 0; i < NUMBERS; i++)
		try_number(i, by_number[i], s);
	for (size_t i = 0; i < nitems(never); i++)
		try_never(i, by_number, s);
	/* The C library blocks all signals meanwhile. */
	if (s->stage != SYSCALL_LOOKUP) {
		errno = 0;
		CHECK(fork() == -1 && errno == EPERM);
	}
	fflush(stdout);
	return check_done();
}

/* Counts the lines of what the child has reported. */
static unsigned int
count_reports(int fd)
{
	FILE *in = fdopen(fd, "r");
	unsigned int n = 0;
	char line[256], *end;

	if (in == NULL)
		return 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		end = strstr(line, " refused by our own filter\n");
		if (end != NULL && strstr(line, ": system call ") != NULL)
			n++;
		else
			fprintf(stderr, "%s", line);
	}
	fclose(in);
	return n;
}

/* How many calls the table refuses with some of the arguments that are tried.
 */
static unsigned int
count_refusals(const struct stage *s, const struct syscall_row *rows, size_t n)
{
	unsigned int all = 0;

	for (size_t i = 0; i < n; i++)
		all += rows[i].number >= 0 &&
		       syscall_rule(&rows[i], s->stage, s->needs)->otherwise ==
			   SYSCALL_REFUSED;
	return all;
}

/* Returns whether the kernel has seccomp(2). */
static bool
test_stage(const struct stage *s, const struct syscall_row *const *by_number,
    const struct syscall_row *rows, size_t n)
{
	int fds[2], status;
	pid_t child;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	if (pipe(fds) == -1 || (child = fork()) == -1) {
		perror("fork");
		exit(1);
	}
	if (child == 0) {
		dup2(fds[1], STDERR_FILENO);
		_exit(try_stage(s, by_number));
	}
	close(fds[1]);
	CHECK_NUM(count_reports(fds[0]), count_refusals(s, rows, n));
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		return false;
	CHECK_NUM(status, 0);
	CHECK_NUM(shared->wrong, 0);
	CHECK(shared->tried > 2 * NUMBERS);
	return true;
}

#ifdef __x86_64__
/* Calls by the other two interfaces of the machine. */
static void
call_foreign(bool x32)
{
	long ret = 20; /* getpid(2) */

	if (x32)
		syscall(0x40000000 | SYS_getpid);
	else
		__asm__ volatile("int $0x80" : "+a"(ret) : : "memory");
}

static void
test_foreign(const struct stage *s, bool x32)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_confine(s->stage, s->needs) == 0)
			call_foreign(x32);
		_exit(0);
	}
	waitpid(child, &status, 0);
	CHECK(WIFSIGNALED(status));
}
#endif

/* The words for a rule, in brackets, or "". */
static void
format_rule(char *out, size_t size, const struct syscall_rule *r)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < r->nchoices; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    i == 0 ? " (" : ", ", r->choices[i].text);
	if (r->nchoices > 0)
		snprintf(out + n, size - n, ")");
}

enum { ENTRIES_MAX = 1024, ENTRY_MAX = 1024 };

/* A call with the stages that may make it under one rule. */
struct entry {
	char text[ENTRY_MAX];
	unsigned int stages;
};

static struct entry entries[ENTRIES_MAX];
static size_t nentries;

static void
add_entries(const struct syscall_row *row)
{
	const struct syscall_rule *had[nitems(stages)] = { NULL };

	for (size_t i = 0; i < nitems(stages); i++) {
		struct entry *e = &entries[nentries];
		char words[ENTRY_MAX / 2];
		size_t k = 0;

		had[i] = syscall_rule(row, stages[i].stage, stages[i].needs);
		if (had[i]->otherwise != SYSCALL_ALLOWED &&
		    had[i]->nchoices == 0)
			continue;
		while (had[k] != had[i])
			k++;
		if (k < i)
			continue;
		for (k = i; k < nitems(stages); k++)
			if (syscall_rule(row, stages[k].stage,
				stages[k].needs) == had[i])
				e->stages |= 1U << k;
		format_rule(words, sizeof(words), had[i]);
		snprintf(e->text, sizeof(e->text), "%s%s", row->name, words);
		nentries++;
	}
}

/* Stages with needs are named only where that makes a difference. */
static void
print_stages(unsigned int set)
{
	const char *before = ".It Em ";

	if (set == (1U << nitems(stages)) - 1) {
		printf(".It Em every stage\n");
		return;
	}
	for (size_t i = 0; i < nitems(stages); i++) {
		size_t plain = i;

		while (plain > 0 && stages[plain - 1].stage == stages[i].stage)
			plain--;
		if (!(set >> i & 1) || (i != plain && (set >> plain & 1)))
			continue;
		printf("%s%s", before, stages[i].name);
		before = ", ";
	}
	printf("\n");
}

/* Prints the calls of a set of stages, in lines of at most 80 characters. */
static void
print_entries(unsigned int set)
{
	const char *between = "";
	size_t column = 0;

	for (size_t i = 0; i < nentries; i++) {
		char *word = entries[i].text, *next;

		if (entries[i].stages != set)
			continue;
		printf("%s", between);
		column += strlen(between);
		for (; word != NULL; word = next) {
			if ((next = strchr(word, ' ')) != NULL)
				*next++ = '\0';
			if (column + strlen(word) > 76) {
				printf("\n");
				column = 0;
			} else if (column > 0) {
				column += (size_t)printf(" ");
			}
			column += (size_t)printf("%s", word);
		}
		entries[i].stages = 0;
		between = ",";
	}
	printf(".\n");
}

static void
print_manual(const struct syscall_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_entries(&rows[i]);
	for (size_t i = 0; i < nentries; i++) {
		unsigned int set = entries[i].stages;

		if (set == 0)
			continue;
		print_stages(set);
		print_entries(set);
	}
}

int
main(int argc, char *argv[])
{
	static const struct syscall_row *by_number[NUMBERS];
	size_t n;
	const struct syscall_row *rows = syscall_rows(&n);

	if (argc > 1 && strcmp(argv[1], "--manual") == 0) {
		print_manual(rows, n);
		return 0;
	}
	/* Such a build, or machine, has no filters. */
	if (SANITIZED || n == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (rows[i].number >= 0) {
			CHECK(by_number[rows[i].number] == NULL);
			by_number[rows[i].number] = &rows[i];
		}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < nitems(stages); i++) {
		if (!test_stage(&stages[i], by_number, rows, n)) {
			printf("skipped: the kernel has no seccomp(2)\n");
			return 0;
		}
#ifdef __x86_64__
		test_foreign(&stages[i], true);
		test_foreign(&stages[i], false);
#endif
	}
	return check_done();
}
