#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "session/session-dir.h"
#include "session/session-watch.h"

/*
 * What is watched; all is an epoll of the other two.
 */
static struct session_watch {
	int all, removals, owner;
} watch = { -1, -1, -1 };

static int
add(int fd)
{
	/* The owner's stays readable for ever. */
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

	return epoll_ctl(watch.all, EPOLL_CTL_ADD, fd, &e);
}

/* A directory that goes is told by the one that it is in. */
static int
watch_removals(const char *dir)
{
	char *copy = strdup(dir);
	int ret = -1;

	watch.removals = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (copy != NULL && watch.removals != -1 &&
	    inotify_add_watch(watch.removals, dirname(copy),
		IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR) != -1)
		ret = add(watch.removals);
	free(copy);
	return ret;
}

static int
watch_owner(const char *dir)
{
	long pid = session_dir_owner(dir);

	/* A detached session has none. */
	if (pid <= 0)
		return (int)pid;
	watch.owner = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (watch.owner == -1 || add(watch.owner) == -1)
		return -1;
	/* It may have ended before, and another have its number. */
	return session_dir_owner(dir) == pid ? 0 : -1;
}

static void
close_watch(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
session_watch_open(const char *dir)
{
	watch.all = epoll_create1(EPOLL_CLOEXEC);
	if (watch.all != -1 && watch_removals(dir) == 0 &&
	    watch_owner(dir) == 0)
		return watch.all;
	session_watch_close();
	return -1;
}

void
session_watch_clear(void)
{
	struct epoll_event unused[2];
	char events[4096];

	epoll_wait(watch.all, unused, 2, 0);
	while (read(watch.removals, events, sizeof(events)) > 0)
		;
}

void
session_watch_close(void)
{
	close_watch(&watch.owner);
	close_watch(&watch.removals);
	close_watch(&watch.all);
}
