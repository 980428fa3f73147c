#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "lookup/account-service.h"

enum { ENTRY_MAX = 1 << 20 }; /* bytes of a group with its members */

/* A request, whose name is empty, and its answer, the same with the name. */
struct account_message {
	uint32_t kind, id;
	char name[ACCOUNT_SERVICE_NAME_MAX];
};

/* Whether the services of a line of nsswitch.conf are more than files. */
static bool
has_other_service(char *services)
{
	static const char blank[] = " \t\n";
	char *save = NULL, *word;
	bool in_action = false;

	for (word = strtok_r(services, blank, &save); word != NULL;
	     word = strtok_r(NULL, blank, &save)) {
		if (word[0] == '#')
			break;
		/* "[NOTFOUND=return]" is no service. */
		in_action |= word[0] == '[';
		if (!in_action && strcmp(word, "files") != 0 &&
		    strcmp(word, "compat") != 0)
			return true;
		if (word[strlen(word) - 1] == ']')
			in_action = false;
	}
	return false;
}

bool
account_service_is_needed(const char *path)
{
	FILE *in = fopen(path, "re");
	char line[512];
	bool needed = false;

	if (in == NULL)
		return false;
	while (!needed && fgets(line, sizeof(line), in) != NULL) {
		char *start = line + strspn(line, " \t");
		char *colon = strchr(start, ':');

		if (colon == NULL)
			continue;
		*colon = '\0';
		if (strcmp(start, "passwd") == 0 || strcmp(start, "group") == 0)
			needed = has_other_service(colon + 1);
	}
	fclose(in);
	return needed;
}

/* A program that is linked statically has the C library's services only if the
 * same C library is installed as a shared one, and may crash otherwise. */
#ifdef STATIC_BUILD
static void
look_up(struct account_message *m, char *entry)
{
	(void)m;
	(void)entry;
}
#else
static void
look_up(struct account_message *m, char *entry)
{
	struct passwd user, *got_user = NULL;
	struct group group, *got_group = NULL;
	const char *name = NULL;

	if (m->kind == KIND_UID &&
	    getpwuid_r(m->id, &user, entry, ENTRY_MAX, &got_user) == 0 &&
	    got_user != NULL)
		name = got_user->pw_name;
	if (m->kind == KIND_GID &&
	    getgrgid_r(m->id, &group, entry, ENTRY_MAX, &got_group) == 0 &&
	    got_group != NULL)
		name = got_group->gr_name;
	if (name != NULL)
		snprintf(m->name, sizeof(m->name), "%s", name);
}
#endif

/* Has SIGALRM come every second, or not any more. */
static void
set_alarm(bool on)
{
	const struct itimerval every = {
		.it_interval = { .tv_sec = on },
		.it_value = { .tv_sec = on },
	};

	setitimer(ITIMER_REAL, &every, NULL);
}

void
account_service_run(int fd)
{
	struct account_message m;
	char *entry = malloc(ENTRY_MAX);

	while (entry != NULL) {
		ssize_t n = recv(fd, &m, sizeof(m), 0);

		if (n == -1 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(m))
			break;
		memset(m.name, 0, sizeof(m.name));
		set_alarm(true);
		look_up(&m, entry);
		set_alarm(false);
		if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) == -1)
			break;
	}
	free(entry);
}

void
account_service_open(struct account_service *s, int fd)
{
	*s = (struct account_service){ .fd = fd };
	account_service_renew(s);
}

void
account_service_renew(struct account_service *s)
{
	s->left_ms = ACCOUNT_SERVICE_ALL_MS;
}

/* Receives an answer, if one comes in time.  Returns whether there is one. */
static bool
receive(struct account_service *s, struct account_message *m, int wait_ms)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	uint64_t start = clock_elapsed();
	ssize_t n;
	int got;

	if (wait_ms > s->left_ms)
		wait_ms = s->left_ms;
	got = poll(&p, 1, wait_ms);
	if (wait_ms > 0)
		s->left_ms -= (int)((clock_elapsed() - start) / 1000000);
	if (s->left_ms < 0)
		s->left_ms = 0;
	if (got <= 0)
		return false;
	n = recv(s->fd, m, sizeof(*m), MSG_DONTWAIT);
	s->waiting = false;
	if (n != (ssize_t)sizeof(*m))
		account_service_close(s);
	return s->fd != -1;
}

bool
account_service_find(
    struct account_service *s, enum kind kind, uint64_t id, char *out)
{
	struct account_message m = { .kind = kind, .id = (uint32_t)id }, got;

	if (s->fd == -1 || s->left_ms == 0 || id >= UINT32_MAX)
		return false;
	/* The answer that came too late is for nobody. */
	if (s->waiting && !receive(s, &got, 0))
		return false;
	if (send(s->fd, &m, sizeof(m), MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
		account_service_close(s);
		return false;
	}
	s->waiting = true;
	if (!receive(s, &got, ACCOUNT_SERVICE_WAIT_MS))
		return false;
	/* That of a request of a process like this one that has ended. */
	if (got.kind != m.kind || got.id != m.id) {
		s->waiting = true;
		if (!receive(s, &got, ACCOUNT_SERVICE_WAIT_MS))
			return false;
	}
	if (got.kind != m.kind || got.id != m.id)
		return false;
	got.name[sizeof(got.name) - 1] = '\0';
	memcpy(out, got.name, sizeof(got.name));
	return out[0] != '\0';
}

void
account_service_close(struct account_service *s)
{
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
	s->waiting = false;
}
