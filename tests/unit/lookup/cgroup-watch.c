/* lib/lookup/cgroup-watch: both ways to watch, and events that are none. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lookup/cgroup-watch.h"

static struct cgroup_watch w;
static struct cgroup_event e;

/* A directory in the watched one is told of when it is made; a file is not. */
static void
check_directory(void)
{
	char dir[] = "/tmp/cgroup-watch-XXXXXX", path[64];
	int fd;

	if (mkdtemp(dir) == NULL)
		exit(1);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup_watch_open(&w, dir, false);
	CHECK(w.fd != -1 && !w.whole);
	CHECK(!cgroup_watch_next(&w, &e));
	cgroup_watch_dir(&w, fd, 42);
	CHECK(!w.incomplete);
	snprintf(path, sizeof(path), "%s/file", dir);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	unlink(path);
	snprintf(path, sizeof(path), "%s/made", dir);
	mkdir(path, 0755);
	CHECK(cgroup_watch_next(&w, &e));
	CHECK_NUM(e.type, CGROUP_MADE);
	CHECK_NUM(e.dir, 42);
	CHECK_STR(e.name, "made");
	rmdir(path);
	CHECK(!cgroup_watch_next(&w, &e));
	/* What is no directory cannot be watched. */
	cgroup_watch_dir(&w, -1, 43);
	CHECK(w.incomplete);
	close(fd);
	rmdir(dir);
	cgroup_watch_close(&w);
	CHECK(!cgroup_watch_next(&w, &e));
	cgroup_watch_dir(&w, 0, 1);
}

/* More changes than the kernel keeps. */
static void
check_lost(void)
{
	char dir[] = "/tmp/cgroup-watch-XXXXXX", path[64];
	const struct inotify_event lost = { .wd = -1, .mask = IN_Q_OVERFLOW };
	int ends[2];

	if (mkdtemp(dir) == NULL || pipe(ends) == -1)
		exit(1);
	snprintf(path, sizeof(path), "%s/nothing", dir);
	cgroup_watch_open(&w, path, true);
	/* No file system: the other way. */
	CHECK(!w.whole);
	close(w.fd);
	w.fd = ends[0];
	CHECK_NUM(write(ends[1], &lost, sizeof(lost)), sizeof(lost));
	close(ends[1]);
	CHECK(cgroup_watch_next(&w, &e));
	CHECK_NUM(e.type, CGROUP_LOST);
	CHECK(!cgroup_watch_next(&w, &e));
	cgroup_watch_close(&w);
	rmdir(dir);
}

/* Bytes that no kernel sends are skipped, and every name ends in them. */
static void
check_noise_is_safe(bool whole)
{
	static const char bytes[] = "\0\0\0\1\2\3\10\20\30a\376\377";
	static char noise[1024];

	for (int round = 0; round < 5000; round++) {
		size_t n =
		    check_noise(noise, sizeof(noise), bytes, sizeof(bytes) - 1);
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) == -1)
			exit(1);
		/* The start of an event of fanotify(7): its length, version and
		 * the length of its head. */
		if (n > 96) {
			memset(noise, 0, 8);
			noise[0] = (char)(24 + random() % 100);
			noise[4] = 3;
			noise[6] = 24;
			noise[26] = (char)(random() % 64);
			noise[27] = 0;
		}
		w = (struct cgroup_watch){
			.fd = ends[0], .whole = whole, .dirs = { .size = 24 }
		};
		if (write(ends[1], noise, n) == -1)
			exit(1);
		close(ends[1]);
		while (cgroup_watch_next(&w, &e))
			CHECK(e.name == NULL || strlen(e.name) < n);
		cgroup_watch_close(&w);
	}
}

/* The ways of real cgroups are tested in cgroup-names.c. */
int
main(void)
{
	srandom(1);
	check_directory();
	check_lost();
	check_noise_is_safe(true);
	check_noise_is_safe(false);
	return check_done();
}
