/* lib/host/comm: the comm of a running task, and of one that has ended. */
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "host/comm.h"
#include "host/pidns.h"

static char comm[COMM_SIZE];

/* Write a file with these lines, as tracefs would have them. */
static char *
saved(const char *lines)
{
	static char path[] = "/tmp/skel-comm-XXXXXX";
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	CHECK(fd != -1);
	CHECK_NUM(write(fd, lines, strlen(lines)), strlen(lines));
	close(fd);
	return path;
}

/* A task that cannot exist: pids are below 2^22. */
enum { GONE = 1 << 23 };

static void
check_living(void)
{
	const char *path = saved("");

	prctl(PR_SET_NAME, "two\nlines 678901234");
	if (pidns_is_initial()) {
		CHECK(comm_find((unsigned long)getpid(), path, comm));
		CHECK_STR(comm, "two\nlines 67890");
		prctl(PR_SET_NAME, "");
		CHECK(comm_find((unsigned long)getpid(), path, comm));
		CHECK_STR(comm, "");
	}
	unlink(path);
}

static void
check_gone(void)
{
	const char *path = saved(
	    "7 seven\n8388608 a b\n83886080 other\n8388609 "
	    "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmn\n"
	    "838860 8388610 no\n");

	CHECK(comm_find(GONE, path, comm));
	CHECK_STR(comm, "a b");
	CHECK(comm_find(GONE + 1, path, comm));
	CHECK_STR(comm, "0123456789abcde");
	CHECK(!comm_find(GONE + 2, path, comm));
	unlink(path);
	CHECK(!comm_find(GONE, path, comm));
}

/* Look for the task number GONE in these lines. */
static bool
find_gone(const char *lines)
{
	const char *path = saved(lines);
	bool found = comm_find(GONE, path, comm);

	unlink(path);
	return found;
}

static void
check_newlines(void)
{
	CHECK(find_gone("8388608 a\n\nb\n9 other\n"));
	CHECK_STR(comm, "a\n\nb");
	CHECK(find_gone("8388608 \nb \n"));
	CHECK_STR(comm, "\nb ");
	/* A line that does not fit into the comm before is an entry. */
	CHECK(find_gone("7 seven\n8388608 python3\n9 a\n8388608 no\n"));
	CHECK_STR(comm, "python3");
	CHECK(find_gone("9 a\n8388608 no\n7 seven\n8388608 python3\n"));
	CHECK_STR(comm, "python3");
	/* Here one of the two is part of a comm. */
	CHECK(!find_gone("9 a\n8388608 b\n8 a\n8388608 c\n"));
}

int
main(void)
{
	check_newlines();
	check_living();
	check_gone();
	return check_done();
}
