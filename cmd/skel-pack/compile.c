#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/report.h"
#include "base/util.h"
#include "compile.h"
#include "elf/object-check.h"
#include "pack/source-scan.h"
#include "package/input.h"
#include "source-includes.h"
#include "vmlinux-header.h"

enum { SOURCE_SIZE_MAX = 16 << 20 };

/* The architecture for which the program is compiled: the name that libbpf's
 * headers know, and that of the folder with its system headers. */
static const struct {
	const char *define, *triplet;
} architecture =
#if defined(__x86_64__) && defined(__ILP32__)
    { "x86", "x86_64-linux-gnux32" };
#elif defined(__x86_64__)
    { "x86", "x86_64-linux-gnu" };
#elif defined(__i386__)
    { "x86", "i386-linux-gnu" };
#elif defined(__aarch64__)
    { "arm64", "aarch64-linux-gnu" };
#elif defined(__arm__)
    { "arm", "arm-linux-gnueabihf" };
#elif defined(__s390x__)
    { "s390", "s390x-linux-gnu" };
#elif defined(__powerpc64__)
    { "powerpc", "powerpc64le-linux-gnu" };
#elif defined(__riscv)
    { "riscv", "riscv64-linux-gnu" };
#elif defined(__loongarch64)
    { "loongarch", "loongarch64-linux-gnu" };
#elif defined(__mips64)
    { "mips", "mips64el-linux-gnuabi64" };
#else
    { "unknown", "unknown" };
#endif

/* The arguments of the compiler. */
struct compiler {
	char **v; /* owned, as the strings */
	size_t n, cap;
	bool failed;
	int preamble; /* a file in memory, or -1 */
};

static void __attribute__((format(printf, 2, 3)))
add_argument(struct compiler *c, const char *fmt, ...)
{
	va_list args;
	int n = -1;

	if (array_room(c->v, c->n, c->cap)) {
		va_start(args, fmt);
		n = vasprintf(&c->v[c->n], fmt, args);
		va_end(args);
	}
	if (n == -1)
		c->failed = true;
	else
		c->n++;
}

static void
free_compiler(struct compiler *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i]);
	free(c->v);
	if (c->preamble != -1)
		close(c->preamble);
}

/*
 * Adds the folder with our skel.bpf.h: where it is installed, or that of the
 * tree in which this command was built, in build/bin or deeper.
 */
static void
add_macros_folder(struct compiler *c)
{
	static const char *const places[] = { "../share/skel", "../../assets",
		"../../../assets" };
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct stat st;
	char *path;

	self[n > 0 ? n : 0] = '\0';
	if ((slash = strrchr(self, '/')) == NULL)
		return;
	slash[1] = '\0';
	for (size_t i = 0; i < nitems(places); i++) {
		if (asprintf(&path, "%s%s/skel.bpf.h", self, places[i]) == -1) {
			c->failed = true;
			return;
		}
		if (stat(path, &st) == 0)
			add_argument(c, "-idirafter%s%s", self, places[i]);
		free(path);
	}
}

static void
add_vmlinux_folder(struct compiler *c)
{
	struct buf dir = { 0 };

	if (vmlinux_header_find(&dir) == 0)
		add_argument(c, "-idirafter%s", dir.data);
	buf_free(&dir);
}

/* The BTF of an object has a struct only if something refers to it, so the
 * preamble has a function that does.  It is never called or loaded. */
static int
print_preamble(void *ctx, struct source_span name)
{
	int n = (int)name.len;

	buf_printf(ctx,
	    "struct %.*s; __attribute__((used)) static void skel_export_%.*s("
	    "struct %.*s *record __attribute__((unused))) {}\n",
	    n, name.text, n, name.text, n, name.text);
	return 0;
}

/* Has the structs of the event header kept in the object.  The preamble is a
 * file in memory, which clang opens by its descriptor. */
static int
add_preamble(struct compiler *c, const struct buf *header)
{
	struct buf text = { 0 };
	int ret = 0;

	source_scan_structs(header->data, header->len, print_preamble, &text);
	if (text.len > 0) {
		c->preamble = memfd_create("skel-pack", 0);
		ret = c->preamble == -1 ? -1 : buf_write_fd(&text, c->preamble);
	}
	if (ret == -1)
		report_error(
		    "cannot create a file in memory: %s", strerror(errno));
	else if (c->preamble != -1)
		add_argument(c, "-include/proc/self/fd/%d", c->preamble);
	c->failed |= text.failed;
	buf_free(&text);
	return ret;
}

/* The folder of the file, with its slash; none if the file has none. */
static int
folder_length(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash != NULL ? (int)(slash - file) + 1 : 0;
}

/* What a BPF program needs comes before the user's flags, which may change it;
 * the folders come after, so that the user's are searched first. */
static int
add_arguments(struct compiler *c, const char *file, char *const flags[],
    int nflags, const struct source_includes *includes,
    const struct buf *header)
{
	const char *clang = getenv("CLANG");

	add_argument(
	    c, "%s", clang != NULL && clang[0] != '\0' ? clang : "clang");
	add_argument(c, "-g");
	add_argument(c, "-O2");
	add_argument(c, "-target");
	add_argument(c, "bpf");
	add_argument(c, "-D__TARGET_ARCH_%s", architecture.define);
	for (int i = 0; i < nflags; i++)
		add_argument(c, "%s", flags[i]);
	add_argument(c, "-I%.*s.", folder_length(file), file);
	add_macros_folder(c);
	if (includes->lacks_vmlinux)
		add_vmlinux_folder(c);
	add_argument(c, "-idirafter/usr/include/%s", architecture.triplet);
	if (add_preamble(c, header) == -1)
		return -1;
	add_argument(c, "-c");
	add_argument(c, "-o");
	add_argument(c, "-");
	add_argument(c, "%s%s", file[0] == '-' ? "./" : "", file);
	if (!array_room(c->v, c->n, c->cap))
		c->failed = true;
	else
		c->v[c->n] = NULL;
	return c->failed ? report_nomem() : 0;
}

/* The child: becomes the compiler, which ends if this command does. */
_Noreturn static void
run_compiler(const struct compiler *c, pid_t parent, int out)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent ||
	    dup2(out, STDOUT_FILENO) == -1)
		_exit(1);
	execvp(c->v[0], c->v);
	if (errno == ENOENT)
		report_error("%s: no such command; install clang, or name it "
			     "in the environment variable CLANG",
		    c->v[0]);
	else
		report_error("%s: %s", c->v[0], strerror(errno));
	_exit(1);
}

/* Waits for the child.  Returns 0, or -1 if it failed; it has said why. */
static int
wait_for_compiler(const struct compiler *c, pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (WIFSIGNALED(status))
		report_error("%s: ended by signal %d (%s)", c->v[0],
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
receive_object(const char *file, int fd, struct buf *object)
{
	if (buf_read_fd(object, fd, OBJECT_SIZE_MAX) == 0)
		return 0;
	report_error("%s: the object cannot be read from the compiler: %s",
	    file, strerror(errno));
	return -1;
}

static int
run_clang(const struct compiler *c, const char *file, struct buf *object)
{
	pid_t self = getpid(), child;
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		report_error("cannot start %s: %s", c->v[0], strerror(errno));
		return -1;
	}
	if (child == 0)
		run_compiler(c, self, fds[1]);
	close(fds[1]);
	ret = receive_object(file, fds[0], object);
	/* A child that still writes is ended by SIGPIPE. */
	close(fds[0]);
	return wait_for_compiler(c, child) == 0 ? ret : -1;
}

bool
compile_is_source(const char *file)
{
	size_t n = strlen(file);

	return n > 2 && strcmp(file + n - 2, ".c") == 0;
}

/* The name of the event header of x.bpf.c or x.c: x.h.  To be freed. */
static char *
header_name(const char *file)
{
	size_t n = strlen(file) - 2;
	char *name;

	if (n > 4 && memcmp(file + n - 4, ".bpf", 4) == 0)
		n -= 4;
	if (asprintf(&name, "%.*s.h", (int)n, file) == -1) {
		report_nomem();
		return NULL;
	}
	return name;
}

int
compile_source(
    const char *file, char *const flags[], int nflags, struct compiled *out)
{
	struct source_includes includes = { 0 };
	struct compiler c = { .preamble = -1 };
	char *header = header_name(file);
	int ret = -1;

	if (header != NULL &&
	    package_input_read(&out->source, file, file, SOURCE_SIZE_MAX) ==
		0 &&
	    source_includes_find(
		&includes, file, &out->source, header, flags, nflags) == 0 &&
	    (!includes.has_header || package_input_read(&out->header, header,
					 header, SOURCE_SIZE_MAX) == 0) &&
	    add_arguments(&c, file, flags, nflags, &includes, &out->header) ==
		0)
		ret = run_clang(&c, file, &out->object);
	free_compiler(&c);
	free(header);
	return ret;
}

void
compiled_free(struct compiled *c)
{
	buf_free(&c->object);
	buf_free(&c->source);
	buf_free(&c->header);
}
