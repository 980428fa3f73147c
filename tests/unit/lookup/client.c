/* lib/lookup/client: skel-lookup itself is asked for names of this host, also
 * of what has gone meanwhile; and goes on when its worker is killed. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lookup/client.h"
#include "types/kind.h"

static struct lookup_client c = LOOKUP_CLIENT_CLOSED;
static struct lookup_packet p;
static struct symbol_frame frames[SYMBOL_STORE_INLINES_MAX];
static struct lookup_find request = { .head = { LOOKUP_FIND, 0 },
	.file = LOOKUP_HOST };
static char names[LOOKUP_OFFSETS_MAX][NAME_MAX + 1];
static unsigned int bad; /* LOOKUP_BAD since the start */

static void
add(enum kind kind, uint64_t id)
{
	request.v[request.n++] =
	    (struct lookup_offset){ .at = id, .is_return = kind };
}

/* Receives the next message, which must come. */
static void
receive(void)
{
	struct pollfd fd = { .fd = c.fd, .events = POLLIN };
	int got;

	while ((got = lookup_client_receive(&c, &p)) == 0)
		if (poll(&fd, 1, 60000) <= 0)
			break;
	if (got != 1) {
		fprintf(stderr, "no answer\n");
		exit(1);
	}
}

/* Asks, and stores the names, "(none)" of what has none, "" of what was not
 * answered. */
static void
ask(void)
{
	request.head.number++;
	memset(names, 0, sizeof(names));
	CHECK_NUM(lookup_client_ask(&c, &request), 0);
	for (receive(); p.m.head.type != LOOKUP_DONE; receive()) {
		size_t n;

		if (p.m.head.type == LOOKUP_BAD) {
			CHECK_NUM(p.m.bad.head.number, LOOKUP_HOST);
			bad++;
			continue;
		}
		CHECK_NUM(p.m.head.number, request.head.number);
		CHECK_NUM(p.m.found.settled, 1);
		n = lookup_found_frames(&p, frames);
		CHECK(n <= 1 && p.m.found.index < request.n);
		snprintf(names[p.m.found.index], sizeof(names[0]), "%s",
		    n == 1 ? frames[0].symbol : "(none)");
	}
	CHECK_NUM(p.m.head.number, request.head.number);
	request.n = 0;
}

static void
check_accounts(void)
{
	char user[64], group[64];

	snprintf(user, sizeof(user), "%s", getpwuid(0)->pw_name);
	snprintf(group, sizeof(group), "%s", getgrgid(0)->gr_name);
	add(KIND_UID, 0);
	add(KIND_GID, 0);
	add(KIND_UID, 3999999999U);
	add(KIND_UID, UINT64_MAX);
	add(KIND_IFINDEX, 1);
	ask();
	CHECK_STR(names[0], user);
	CHECK_STR(names[1], group);
	CHECK_STR(names[2], "(none)");
	CHECK_STR(names[3], "(none)");
	CHECK(names[4][0] != '\0');
}

/* One that is removed at once, and one that was there before. */
static void
check_cgroups(void)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified",
		"/sys/fs/cgroup" };
	char path[128], name[64];
	struct stat st;

	snprintf(name, sizeof(name), "skel-client-%ld", (long)getpid());
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", mounts[i], name);
		if (mkdir(path, 0755) == -1)
			continue;
		stat(path, &st);
		rmdir(path);
		/* Not so in the directory of the older hierarchies. */
		snprintf(path, sizeof(path), "%s/cgroup.procs", mounts[i]);
		if (access(path, F_OK) == 0)
			break;
		st.st_ino = 0;
	}
	if (path[0] == '\0' || access(path, F_OK) == -1) {
		printf("no cgroups of version 2 here\n");
		return;
	}
	add(KIND_CGROUP, st.st_ino);
	add(KIND_CONTAINER, st.st_ino);
	add(KIND_CGROUP, 0);
	ask();
	if (strcmp(names[0], "(none)") != 0)
		CHECK_STR(names[0] + 1, name);
	else
		printf("no events of whole file systems here\n");
	CHECK_STR(names[1], "(none)");
	CHECK_STR(names[2], "(none)");
}

/* The process of the first name in a list of children. */
static pid_t
child_of(pid_t pid)
{
	char path[64];
	long child = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	if ((in = fopen(path, "r")) != NULL) {
		/* The last one was started last. */
		while (fscanf(in, "%ld", &child) == 1)
			;
		fclose(in);
	}
	return (pid_t)child;
}

/* Requests that are under way when the worker ends are done; that it ended is
 * said once, and the next worker knows the names again. */
static void
check_ends(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t worker = child_of(c.pid);

		CHECK(worker > 0);
		kill(worker, SIGSTOP);
		request.head.number++;
		request.n = 0;
		add(KIND_UID, 0);
		CHECK_NUM(lookup_client_ask(&c, &request), 0);
		usleep(100000);
		kill(worker, SIGKILL);
		for (receive(); p.m.head.type != LOOKUP_DONE; receive())
			bad += p.m.head.type == LOOKUP_BAD;
		request.n = 0;
		add(KIND_UID, 0);
		ask();
		CHECK_STR(names[0], getpwuid(0)->pw_name);
	}
	CHECK_NUM(bad, 1);
}

/* As many as fit into a request, of any numbers. */
static void
check_many(void)
{
	srandom(1);
	for (int round = 0; round < 20; round++) {
		while (request.n < LOOKUP_OFFSETS_MAX)
			add(KIND_UID + (enum kind)(random() % 5),
			    (uint64_t)random() << (random() % 40));
		ask();
		for (size_t i = 0; i < LOOKUP_OFFSETS_MAX; i++)
			CHECK(names[i][0] != '\0');
	}
}

int
main(void)
{
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 64);
	char *end;

	program[n > 0 ? n : 0] = '\0';
	/* build/unit/lookup/client is beside build/bin. */
	for (int i = 0; i < 3; i++)
		if ((end = strrchr(program, '/')) != NULL)
			*end = '\0';
	strcat(program, "/bin/skel-lookup");
	setenv("SKEL_LOOKUP", program, 1);
	if (lookup_client_open(&c, LOOKUP_CLIENT_HOST) == -1) {
		fprintf(stderr, "%s\n", c.why);
		return 1;
	}
	/* The first answer says that it has begun to note what ends. */
	check_accounts();
	check_cgroups();
	check_many();
	check_ends();
	lookup_client_close(&c);
	return check_done();
}
