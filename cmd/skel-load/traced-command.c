#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/report.h"
#include "traced-command.h"

enum { GRACE_MS = 2000 };

/* The ends of the pipes that the supervisor and the command use. */
struct command_pipes {
	int gate, control, ended;
};

static int
report_command(const char *what)
{
	report_error("-c: %s: %s", what, strerror(errno));
	return -1;
}

/* The number in the environment variable.  Returns false if there is none. */
static bool
environment_id(const char *name, unsigned long *id)
{
	const char *text = getenv(name);
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*id = strtoul(text, &end, 10);
	return errno == 0 && *end == '\0' && *id < (uid_t)-1;
}

/* Sets the variables that sudo(8) changed back to those of the user. */
static int
set_user_environment(const struct passwd *user)
{
	if (setenv("HOME", user->pw_dir, 1) == -1 ||
	    setenv("SHELL", user->pw_shell, 1) == -1 ||
	    setenv("USER", user->pw_name, 1) == -1 ||
	    setenv("LOGNAME", user->pw_name, 1) == -1)
		return report_command("environment");
	return 0;
}

/* Becomes the user who called sudo(8), if it was called.  Returns 0, or -1
 * after reporting, as when it cannot be known who that was. */
static int
become_caller(void)
{
	const struct passwd *user;
	unsigned long uid, gid;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() != 0 || getenv("SUDO_UID") == NULL)
		return 0;
	if (!environment_id("SUDO_UID", &uid) ||
	    !environment_id("SUDO_GID", &gid)) {
		report_error("-c: SUDO_UID and SUDO_GID do not say which user "
			     "called sudo; without both, the command runs as "
			     "root");
		return -1;
	}
	user = getpwuid((uid_t)uid);
	if (user != NULL && set_user_environment(user) == -1)
		return -1;
	if ((user != NULL ? initgroups(user->pw_name, (gid_t)gid)
			  : setgroups(0, NULL)) == -1 ||
	    setgid((gid_t)gid) == -1 || setuid((uid_t)uid) == -1)
		return report_command("cannot become the user who called sudo");
	return 0;
}

/* Waits for the byte that lets the command run.  Returns whether it came. */
static bool
wait_at_gate(int gate)
{
	ssize_t n;
	char byte;

	do
		n = read(gate, &byte, 1);
	while (n == -1 && errno == EINTR);
	return n == 1;
}

/* Whether PATH, or the name itself if it has a slash, leads to a program. */
static bool
is_program(const char *name, size_t len)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	if (memchr(name, '/', len) != NULL)
		return true;
	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");

		if (snprintf(file, sizeof(file), "%.*s/%.*s", (int)n, path,
			(int)len, name) < (int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

/*
 * Many shells start a single program as a process of its own, so that the
 * process of the shell, whose number {pid} is, does nothing.  Appends the
 * command with "exec" before it if it is one program with plain words, and
 * else as it is.
 */
static void
add_command_text(struct buf *out, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "_./,:@%+- ";
	const char *name = text + strspn(text, " ");

	if (text[strspn(text, plain)] == '\0' && *name != '\0' &&
	    is_program(name, strcspn(name, " ")))
		buf_str(out, "exec ");
	buf_str(out, text);
	buf_chr(out, '\0');
}

/* The process of the command. */
_Noreturn static void
run_shell(const char *text, bool no_input, int gate, pid_t parent)
{
	struct buf command = { 0 };
	int null = no_input ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;

	setpgid(0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent ||
	    (no_input && dup2(null, STDIN_FILENO) == -1) ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) == -1 || !wait_at_gate(gate))
		_exit(127);
	add_command_text(&command, text);
	if (command.failed) {
		report_nomem();
		_exit(127);
	}
	execl("/bin/sh", "sh", "-c", command.data, (char *)NULL);
	report_command("/bin/sh");
	_exit(127);
}

/* Waits until the descriptor is readable or at its end, or for ms. */
static bool
wait_readable(struct pollfd *fds, nfds_t n, int ms)
{
	int ready;

	do
		ready = poll(fds, n, ms);
	while (ready == -1 && errno == EINTR);
	return ready > 0;
}

/* Waits until the command ends, or ends it when the control pipe does.  Returns
 * its status, as waitpid(2) does. */
static int
supervise_command(pid_t command, int control)
{
	struct pollfd fds[] = {
		{ .fd = (int)syscall(SYS_pidfd_open, command, 0),
		    .events = POLLIN },
		{ .fd = control, .events = POLLIN },
	};
	int status = 0;

	wait_readable(fds, 2, -1);
	/* Nobody else waits for the command, so its number stays its own. */
	if (fds[0].revents == 0) {
		kill(-command, SIGTERM);
		kill(-command, SIGCONT);
		if (!wait_readable(fds, 1, GRACE_MS))
			kill(-command, SIGKILL);
	}
	while (waitpid(command, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

/* Ends as the command did, so that the parent sees its status. */
_Noreturn static void
end_like(int status)
{
	const struct rlimit no_core = { 0 };

	if (WIFSIGNALED(status)) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

/* The supervisor.  It leaves the process group of the pipeline, which a
 * terminal interrupts as a whole. */
_Noreturn static void
run_supervisor(const struct command_pipes *p, const char *text, bool no_input)
{
	pid_t self = getpid(), command;

	setpgid(0, 0);
	unsetenv("NOTIFY_SOCKET");
	if (become_caller() == -1)
		_exit(127);
	if ((command = fork()) == -1) {
		report_command("fork");
		_exit(127);
	}
	if (command == 0) {
		close(p->control);
		run_shell(text, no_input, p->gate, self);
	}
	setpgid(command, command);
	close(p->gate);
	if (write(p->ended, &command, sizeof(command)) != sizeof(command))
		_exit(127);
	end_like(supervise_command(command, p->control));
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Makes the pipes: one end of each for c, the other for p. */
static int
open_pipes(struct traced_command *c, struct command_pipes *p)
{
	int gate[2], control[2], ended[2];

	if (pipe2(gate, O_CLOEXEC) == -1)
		return -1;
	c->gate = gate[1];
	p->gate = gate[0];
	if (pipe2(control, O_CLOEXEC) == -1)
		return -1;
	c->control = control[1];
	p->control = control[0];
	if (pipe2(ended, O_CLOEXEC) == -1)
		return -1;
	c->ended = ended[0];
	p->ended = ended[1];
	return 0;
}

int
traced_command_start(struct traced_command *c, const char *text, bool no_input)
{
	struct command_pipes p = { .gate = -1, .control = -1, .ended = -1 };
	int ret = open_pipes(c, &p);

	no_input |= isatty(STDIN_FILENO) == 1;
	if (ret == -1 || (c->supervisor = fork()) == -1)
		ret = report_command("cannot start the command");
	if (ret == 0 && c->supervisor == 0) {
		close_fd(&c->gate);
		close_fd(&c->control);
		close_fd(&c->ended);
		run_supervisor(&p, text, no_input);
	}
	close_fd(&p.gate);
	close_fd(&p.control);
	close_fd(&p.ended);
	/* If nothing comes, the supervisor has said why. */
	if (ret == 0 && read(c->ended, &c->pid, sizeof(c->pid)) !=
			    (ssize_t)sizeof(c->pid)) {
		c->pid = 0;
		ret = -1;
	}
	return ret;
}

void
traced_command_release(struct traced_command *c)
{
	if (c->pid == 0)
		return;
	if (write(c->gate, "", 1) == 1)
		c->released = true;
	else
		report_command("the command cannot run");
	close_fd(&c->gate);
}

static void
report_command_status(int status)
{
	if (WIFSIGNALED(status))
		report_notice("-c: the command was ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		report_notice("-c: the command ended with status %d",
		    WEXITSTATUS(status));
}

void
traced_command_finish(struct traced_command *c)
{
	int status;

	if (c->pid == 0)
		return;
	close_fd(&c->gate);
	close_fd(&c->control);
	while (waitpid(c->supervisor, &status, 0) == -1)
		if (errno != EINTR)
			break;
	close_fd(&c->ended);
	if (c->released)
		report_command_status(status);
	c->pid = 0;
}

void
traced_command_expand(
    const struct traced_command *c, const char *text, struct buf *out)
{
	const char *found;

	while ((found = strstr(text, TRACED_COMMAND_PID)) != NULL) {
		buf_add(out, text, (size_t)(found - text));
		buf_printf(out, "%d", (int)c->pid);
		text = found + strlen(TRACED_COMMAND_PID);
	}
	buf_str(out, text);
	buf_chr(out, '\0');
}
