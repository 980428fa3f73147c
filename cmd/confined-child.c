#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "base/util.h"
#include "confined-child.h"
#include "host/confine.h"

enum {
	CHILD_CPU_SECONDS = 60,
	CHILD_MEMORY_MIB = 4096, /* an object may have 128 MiB, as JSON more */
};

/* Limits what a hostile object can make the child spend. */
static void
limit_child(void)
{
	const struct rlimit cpu = { CHILD_CPU_SECONDS, CHILD_CPU_SECONDS };
	const struct rlimit memory = { (rlim_t)CHILD_MEMORY_MIB << 20,
		(rlim_t)CHILD_MEMORY_MIB << 20 };
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
	/* The sanitizers reserve terabytes of addresses. */
	if (!SANITIZED)
		setrlimit(RLIMIT_AS, &memory);
}

/* Closes what the child has inherited, but for standard error and fd.  Nothing
 * that it has left may act on the parent's behalf. */
static void
close_inherited(int fd)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	if (fd > STDERR_FILENO + 1)
		syscall(SYS_close_range, STDERR_FILENO + 1, fd - 1, 0);
	syscall(SYS_close_range, fd + 1, ~0U, 0);
}

/* The whole child.  Returns its exit status. */
static int
run_child(confined_child_fn *fn, void *ctx, int fd, pid_t parent)
{
	struct buf reply = { 0 };
	int ret;

	/* Whatever ends the parent ends the child. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return EXIT_FAILURE;
	close_inherited(fd);
	limit_child();
	confine_filter(false);
	ret = fn(ctx, &reply);
	if (ret == 0 && reply.failed)
		ret = report_nomem();
	if (ret == 0 && buf_write_fd(&reply, fd) == -1)
		ret = -1;
	buf_free(&reply);
	return ret == 0 && !report_pending_nomem() ? EXIT_SUCCESS
						   : EXIT_FAILURE;
}

/* Reports how the child ended, unless it has reported that itself.  Returns 0
 * if it did all of its work, or -1. */
static int
check_child_status(const char *name, int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0 ? 0 : -1;
	if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
		report_error("%s: reading the object took more than %d s of "
			     "CPU time, so it was ended",
		    name, CHILD_CPU_SECONDS);
	else
		report_error("%s: the process that read the object crashed: %s",
		    name, strsignal(WTERMSIG(status)));
	return -1;
}

static int
wait_for_child(pid_t child, const char *name)
{
	int status;

	while (waitpid(child, &status, 0) == -1) {
		if (errno == EINTR)
			continue;
		report_error("cannot wait for a child process: %s",
		    report_error_text(errno));
		return -1;
	}
	return check_child_status(name, status);
}

int
confined_child_run(confined_child_fn *fn, void *ctx, const char *name,
    size_t max, struct buf *reply)
{
	pid_t parent = getpid(), child;
	int fds[2], ret = 0, error;

	if (pipe2(fds, O_CLOEXEC) == -1 || (child = fork()) == -1) {
		report_error("%s: cannot start a child process: %s", name,
		    report_error_text(errno));
		return -1;
	}
	if (child == 0) {
		close(fds[0]);
		_exit(run_child(fn, ctx, fds[1], parent));
	}
	close(fds[1]);
	if (buf_read_fd(reply, fds[0], max) == -1)
		ret = -1;
	error = errno;
	close(fds[0]);
	if (wait_for_child(child, name) == -1)
		return -1;
	if (ret == -1)
		report_error("%s: %s", name, report_error_text(error));
	return ret;
}
