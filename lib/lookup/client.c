#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "lookup/client.h"

#define PROGRAM "skel-lookup"

enum {
	WAITING_MAX = 256, /* messages */
	SOCKET_BYTES = 1 << 20,
};

struct lookup_waiting {
	struct lookup_waiting *next;
	int fds[2]; /* owned, or -1 */
	size_t len;
	char bytes[];
};

extern char **environ;

/*
 * Whether only root, this user and owner, who could have changed the program
 * that this is as well, can change what st is of.
 */
static bool
is_trusted(const struct stat *st, const struct stat *owner)
{
	bool group = st->st_gid != 0 && st->st_gid != getegid() &&
		     st->st_gid != owner->st_gid;

	return (st->st_uid == 0 || st->st_uid == geteuid() ||
		   st->st_uid == owner->st_uid) &&
	       (st->st_mode & S_IWOTH) == 0 &&
	       (!group || (st->st_mode & S_IWGRP) == 0);
}

/* Whether path is a program that nobody else could put there.  Its directory
 * counts too: in one like /tmp, others replace links. */
static bool
is_trusted_program(char *path, const struct stat *owner)
{
	char *slash = strrchr(path, '/');
	struct stat st, dir;
	bool found;

	*slash = '\0';
	found = stat(path, &dir) == 0 && is_trusted(&dir, owner);
	*slash = '/';
	return found && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       is_trusted(&st, owner) && access(path, X_OK) == 0;
}

/* Whether the program is beside the file at path, or at a place that is
 * relative to its directory.  path changes to that of the program. */
static bool
find_beside(char *path, size_t size)
{
	static const char *const places[] = { PROGRAM, "bin/" PROGRAM,
		"../bin/" PROGRAM, "../libexec/skel/" PROGRAM };
	char *slash = strrchr(path, '/');
	struct stat owner;

	if (slash == NULL || stat(path, &owner) == -1)
		return false;
	for (size_t i = 0; i < nitems(places); i++) {
		size_t room = size - (size_t)(slash + 1 - path);

		if ((size_t)snprintf(slash + 1, room, "%s", places[i]) < room &&
		    is_trusted_program(path, &owner))
			return true;
	}
	return false;
}

/*
 * Finds the program: where the environment says, beside the program or the
 * shared library that this code is in, as it is in a build and in every
 * installation, or where it would be installed.
 */
static void
find_program(char *path, size_t size)
{
	const char *given = secure_getenv("SKEL_LOOKUP");
	Dl_info info;
	ssize_t n;

	if (given != NULL && given[0] == '/') {
		snprintf(path, size, "%s", given);
		return;
	}
	n = readlink("/proc/self/exe", path, size - 1);
	if (n > 0) {
		path[n] = '\0';
		if (find_beside(path, size))
			return;
	}
	if (dladdr((void *)(uintptr_t)lookup_client_open, &info) != 0 &&
	    info.dli_fname != NULL && info.dli_fname[0] == '/' &&
	    snprintf(path, size, "%s", info.dli_fname) < (int)size &&
	    find_beside(path, size))
		return;
	snprintf(path, size, "%s/%s", LIBEXECDIR, PROGRAM);
}

/* Starts the program with the socket as its standard input.  Unless it is to
 * be detached, *child becomes its pid; else waits until it has left this
 * process's children.  Returns 0 or an error number. */
static int
spawn(char *path, int fd, unsigned int options, pid_t *child)
{
	char name[] = PROGRAM, detach_option[] = LOOKUP_DETACH_OPTION,
	     host_option[] = LOOKUP_HOST_OPTION;
	bool detach = options & LOOKUP_CLIENT_DETACH;
	char *argv[4] = { name };
	size_t argc = 1;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int error, status = 0;
	pid_t pid;

	if (detach)
		argv[argc++] = detach_option;
	if (options & LOOKUP_CLIENT_HOST)
		argv[argc++] = host_option;
	if ((error = posix_spawn_file_actions_init(&actions)) != 0)
		return error;
	if ((error = posix_spawnattr_init(&attributes)) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	error = posix_spawn_file_actions_adddup2(&actions, fd, LOOKUP_SOCKET);
	if (error == 0)
		error = posix_spawn(
		    &pid, path, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	*child = 0;
	if (error == 0 && !detach)
		*child = pid;
	if (error != 0 || !detach)
		return error;
	/* A host that ignores SIGCHLD has no status to get. */
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return status != 0 ? EPROTO : 0;
}

int
lookup_client_open(struct lookup_client *c, unsigned int options)
{
	const int room = SOCKET_BYTES;
	char path[PATH_MAX];
	int pair[2], error;

	*c = (struct lookup_client)LOOKUP_CLIENT_CLOSED;
	c->last = &c->first;
	find_program(path, sizeof(path));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		snprintf(c->why, sizeof(c->why), "%s", strerror(errno));
		return -1;
	}
	/* As large as may be: what does not fit waits here. */
	for (size_t i = 0; i < nitems(pair); i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &room,
			sizeof(room)) == -1)
			setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &room,
			    sizeof(room));
	/* dup2(2) of a descriptor onto itself would leave it to be closed. */
	if (pair[1] == LOOKUP_SOCKET) {
		int other = fcntl(pair[1], F_DUPFD_CLOEXEC, 3);

		close(pair[1]);
		pair[1] = other;
	}
	error = pair[1] == -1 ? errno : spawn(path, pair[1], options, &c->pid);
	if (pair[1] != -1)
		close(pair[1]);
	if (error == 0) {
		c->fd = pair[0];
		return 0;
	}
	close(pair[0]);
	snprintf(c->why, sizeof(c->why), "%.400s: %s", path, strerror(error));
	return -1;
}

static void
free_waiting(struct lookup_client *c)
{
	struct lookup_waiting *w = c->first;

	c->first = w->next;
	if (c->first == NULL)
		c->last = &c->first;
	c->nwaiting--;
	for (size_t i = 0; i < nitems(w->fds); i++)
		if (w->fds[i] != -1)
			close(w->fds[i]);
	free(w);
}

/* Waits for the process, which ends when its socket is closed, but not for
 * ever: somebody may have stopped it. */
static void
wait_for_end(pid_t pid)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	pid_t got = 0;

	for (int i = 0; i < 1000 && got == 0; i++) {
		got = waitpid(pid, NULL, WNOHANG);
		if (got == -1 && errno == EINTR)
			got = 0;
		if (got == 0)
			nanosleep(&nap, NULL);
	}
}

void
lookup_client_close(struct lookup_client *c)
{
	while (c->first != NULL)
		free_waiting(c);
	if (c->fd != -1)
		close(c->fd);
	if (c->pid != 0)
		wait_for_end(c->pid);
	*c = (struct lookup_client)LOOKUP_CLIENT_CLOSED;
}

/* Sends what waits, as far as there is room. */
static void
send_waiting(struct lookup_client *c)
{
	while (c->first != NULL) {
		const struct lookup_waiting *w = c->first;

		if (lookup_send(c->fd, w->bytes, w->len, w->fds, true) == -1 &&
		    errno == EAGAIN)
			return;
		/* If the process has gone, receiving says so. */
		free_waiting(c);
	}
}

/* Keeps a message until there is room; the descriptors become its own. */
static int
keep_waiting(
    struct lookup_client *c, const void *message, size_t len, int fds[2])
{
	struct lookup_waiting *w = NULL;

	if (c->nwaiting < WAITING_MAX)
		w = malloc(sizeof(*w) + len);
	if (w == NULL)
		return -1;
	w->next = NULL;
	w->fds[0] = fds[0];
	w->fds[1] = fds[1];
	w->len = len;
	memcpy(w->bytes, message, len);
	*c->last = w;
	c->last = &w->next;
	c->nwaiting++;
	return 0;
}

/* Sends a message now or later; the descriptors are closed.  Returns 0 or -1.
 */
static int
send_or_keep(
    struct lookup_client *c, const void *message, size_t len, int fds[2])
{
	int ret = -1;

	if (c->fd != -1) {
		send_waiting(c);
		errno = EAGAIN;
		ret = c->first == NULL
			  ? lookup_send(c->fd, message, len, fds, true)
			  : -1;
		if (ret == -1 && (errno == EAGAIN || errno == ETOOMANYREFS) &&
		    keep_waiting(c, message, len, fds) == 0)
			return 0;
	}
	for (size_t i = 0; i < 2; i++)
		if (fds[i] != -1)
			close(fds[i]);
	return ret;
}

int
lookup_client_tell(struct lookup_client *c, struct lookup_file *f, int fds[2])
{
	f->has_fd = fds[0] != -1;
	f->has_root = fds[1] != -1;
	return send_or_keep(c, f, lookup_file_len(f), fds);
}

int
lookup_client_ask(struct lookup_client *c, const struct lookup_find *request)
{
	int none[2] = { -1, -1 };

	return send_or_keep(c, request, lookup_find_len(request), none);
}

int
lookup_client_receive(struct lookup_client *c, struct lookup_packet *p)
{
	while (c->fd != -1) {
		int got;

		send_waiting(c);
		got = lookup_receive(c->fd, p, true);
		if (got == -1 && errno == EAGAIN)
			return 0;
		if (got != 1)
			break;
		lookup_packet_close(p);
		switch ((enum lookup_type)p->m.head.type) {
		case LOOKUP_READY:
			if (p->m.head.number != LOOKUP_VERSION)
				goto gone;
			continue;
		case LOOKUP_IMAGE:
		case LOOKUP_FOUND:
		case LOOKUP_DONE:
		case LOOKUP_BAD:
			return 1;
		default:
			continue;
		}
	}
gone:
	lookup_client_close(c);
	return -1;
}
