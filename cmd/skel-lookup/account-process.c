#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "account-process.h"
#include "host/confine.h"
#include "lookup/account-service.h"
#include "worker.h"

enum { BYTES_MAX = 256 << 20 }; /* of memory, for all libraries too */

static bool
is_needed(void)
{
#ifdef STATIC_BUILD
	return false;
#else
	return account_service_is_needed("/etc/nsswitch.conf");
#endif
}

/* Ends the process if nobody waits for its answer. */
static void
leave_if_alone(int sig)
{
	struct pollfd p = { .fd = STDIN_FILENO };

	(void)sig;
	if (poll(&p, 1, 0) == 1)
		_exit(EXIT_SUCCESS);
}

/* In the new process. */
static _Noreturn void
serve(int fd, pid_t parent)
{
	const struct sigaction alarm = { .sa_handler = leave_if_alone,
		.sa_flags = SA_RESTART };
	const struct rlimit none = { 0, 0 };

	/* The standard input is the socket of the supervisor. */
	if (dup2(fd, STDIN_FILENO) == -1)
		_exit(EXIT_FAILURE);
	close(fd);
	worker_limit_memory(BYTES_MAX);
	setrlimit(RLIMIT_FSIZE, &none);
	confine_account_service();
	/* To become another user undoes this; and the kernel does not send the
	 * signal to another user's process, which sees that its socket is
	 * closed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent ||
	    sigaction(SIGALRM, &alarm, NULL) == -1)
		_exit(EXIT_FAILURE);
	account_service_run(STDIN_FILENO);
	_exit(EXIT_SUCCESS);
}

int
account_process_start(pid_t *pid)
{
	pid_t parent = getpid();
	int pair[2];

	*pid = 0;
	if (!is_needed() ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	/* By the C library, which it uses: child_fork() would leave that
	 * unprepared. */
	*pid = fork();
	if (*pid == 0) {
		close(pair[0]);
		serve(pair[1], parent);
	}
	close(pair[1]);
	if (*pid != -1)
		return pair[0];
	*pid = 0;
	close(pair[0]);
	return -1;
}
