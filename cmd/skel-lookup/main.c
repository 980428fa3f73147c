/*
 * skel-lookup: find the names of addresses, for skel-load, skel-poll and the C
 * library, which start it.
 *
 * It reads the files of other processes, which nobody can trust, so that the
 * process that records events need not.  Its standard input is a socket, on
 * which it is told of files and asked for functions in them; skel-lookup(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "account-process.h"
#include "base/report.h"
#include "child.h"
#include "command.h"
#include "host/kallsyms.h"
#include "lookup/host-names.h"
#include "lookup/message.h"
#include "supervisor.h"

enum { OPT_DETACH = 256, OPT_HOST };

static const struct command_option option_table[] = {
	{ "detach", OPT_DETACH, NULL,
	    "be no child of the process that starts it", NULL },
	{ "host", OPT_HOST, NULL,
	    "find also the names of numbers that only this host knows", NULL },
	COMMAND_OPTIONS,
};

static const struct command command = {
	.usage = "usage: skel-lookup [-hqvV] [--detach] [--host]\n",
	.about = "Find the names of addresses and numbers. skel-load, "
		 "skel-poll and the C "
		 "library start this program; it is of no use by itself.",
	.options = option_table,
};

/* Whether standard input is the socket that a command has made. */
static bool
was_started_by_command(void)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(LOOKUP_SOCKET, SOL_SOCKET, SO_TYPE, &type, &len) ==
		   0 &&
	       type == SOCK_SEQPACKET;
}

/* What was inherited is closed, so that no pipe stays open because of this
 * process, and 1 and 2 become something harmless. */
static void
close_inherited(void)
{
	int null;

	if (close_range(LOOKUP_SOCKET + 1, ~0U, 0) == -1)
		for (int fd = LOOKUP_SOCKET + 1; fd < 1024; fd++)
			close(fd);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Descriptor 1; what is written to 2 is lost in either case. */
	if (null == -1)
		null = dup(LOOKUP_SOCKET);
	if (dup(null) == -1)
		_exit(EXIT_FAILURE);
}

int
main(int argc, char *argv[])
{
	struct host_names *names = NULL;
	int ch, kallsyms, error, status;
	pid_t accounts = 0;
	bool detach = false, host = false;

	while ((ch = command_next(&command, argc, argv, NULL)) != -1)
		if (ch == OPT_DETACH)
			detach = true;
		else if (ch == OPT_HOST)
			host = true;
		else
			command_option(&command, ch);
	if (optind < argc || !was_started_by_command()) {
		report_error("this program is started by skel-load, skel-poll "
			     "and the C library, not by hand");
		command_usage(&command);
	}
	close_inherited();
	/* The host waits for this process only, and has no child then. */
	switch (detach ? fork() : 0) {
	case -1:
		return EXIT_FAILURE;
	case 0:
		break;
	default:
		_exit(EXIT_SUCCESS);
	}
	/* A signal for all commands of a pipeline, or for all processes of a
	 * service, is not for this process, which ends when its command does:
	 * until then there are names to find. */
	setsid();
	signal(SIGTERM, SIG_IGN);
	if (host)
		names = host_names_open(account_process_start(&accounts));
	kallsyms = kallsyms_open();
	error = errno;
	status = supervisor_run(LOOKUP_SOCKET, kallsyms, error, names);
	host_names_close(names);
	if (accounts != 0)
		child_reap(accounts);
	return status;
}
