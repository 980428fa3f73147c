/*
 * The directory in which a filter makes files, before and after the filter
 * confines itself.
 *
 *	output-dir                       test it
 *	output-dir --stage DIR [opens]   be such a filter, which does nothing;
 *	                                 kernel/privilege.bats has it try
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "base/signals.h"
#include "check.h"
#include "host/confine.h"
#include "output-dir.h"

/* The last report. */
static char said[1024];

static void
note_report(void *ctx, enum report_level level, const char *text)
{
	(void)ctx;
	(void)level;
	snprintf(said, sizeof(said), "%s", text);
}

/* What is in a file, at most 99 bytes; "none" if there is no such file. */
static const char *
content(const char *path)
{
	static char text[100];
	int fd = open(path, O_RDONLY | O_NOFOLLOW);
	ssize_t n = fd == -1 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd != -1)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return fd == -1 ? "none" : text;
}

static void
put(int fd, const char *text)
{
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static int
count_name(void *ctx, const char *name)
{
	int *n = ctx;

	CHECK(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
	return ++*n == 100 ? -1 : 0;
}

static int
stop(void *ctx, const char *name)
{
	(void)name;
	++*(int *)ctx;
	return -1;
}

static int
count(struct output_dir *d)
{
	int n = 0;

	CHECK_NUM(output_dir_list(d, count_name, &n), 0);
	return n;
}

/* What holds in the current directory, in which are a directory dir and the
 * symbolic link link to ../victim. */
static void
test_files(struct output_dir *d)
{
	struct output_file f = OUTPUT_FILE_NONE, g = OUTPUT_FILE_NONE;
	struct stat st;
	char name[300];
	int n = 0;

	CHECK_NUM(output_dir_check(d), 0);
	CHECK_NUM(count(d), 2);
	CHECK_NUM(output_file_create(&f, d, "new"), 0);
	put(f.fd, "one");
	CHECK_NUM(output_file_publish(&f, true), 0);
	CHECK_NUM(f.fd, -1);
	CHECK_STR(content("new"), "one");
	CHECK_NUM(stat("new", &st), 0);
	CHECK_NUM(st.st_mode & 07777, 0640);
	CHECK_NUM(output_file_create(&f, d, "new"), 1);
	CHECK_NUM(f.fd, -1);

	/* The old file is there until the new one is whole. */
	CHECK_NUM(output_file_replace(&f, d, "new"), 0);
	CHECK_NUM(output_file_replace(&g, d, "new"), 0);
	CHECK_NUM(count(d), 5);
	put(f.fd, "two");
	put(g.fd, "three");
	CHECK_STR(content("new"), "one");
	CHECK_NUM(output_file_publish(&f, false), 0);
	CHECK_STR(content("new"), "two");
	output_file_discard(&f);
	output_file_discard(&g);
	output_file_discard(&g);
	CHECK_STR(content("new"), "two");
	CHECK_NUM(count(d), 3);
	CHECK_NUM(output_dir_list(d, stop, &n), -1);
	CHECK_NUM(n, 1);

	/* A link is replaced, and not followed. */
	CHECK_NUM(output_file_create(&f, d, "link"), 1);
	CHECK_NUM(output_file_replace(&f, d, "link"), 0);
	put(f.fd, "four");
	CHECK_NUM(output_file_publish(&f, false), 0);
	CHECK_STR(content("link"), "four");
	CHECK_STR(content("../victim"), "whole");

	/* A directory is in the way. */
	CHECK_NUM(output_file_replace(&f, d, "dir"), 0);
	CHECK_NUM(output_file_publish(&f, false), -1);
	/* Landlock says that permission is denied. */
	CHECK(strncmp(said, "./dir: ", 7) == 0);
	CHECK_NUM(output_dir_remove(d, "dir"), -1);
	CHECK_NUM(output_dir_remove(d, "new"), 0);
	CHECK_NUM(output_dir_remove(d, "new"), 0);
	CHECK_NUM(output_dir_remove(d, "link"), 0);
	CHECK_NUM(count(d), 1);

	memset(name, 'x', sizeof(name));
	name[255] = '\0';
	CHECK_NUM(output_file_replace(&f, d, name), 0);
	CHECK_NUM(output_file_publish(&f, false), 0);
	CHECK_NUM(output_dir_remove(d, name), 0);
	name[255] = 'x';
	name[256] = '\0';
	CHECK_NUM(output_file_replace(&f, d, name), -1);
	CHECK(strstr(said, "xx: File name too long") != NULL);
	CHECK_NUM(output_file_create(&f, d, "../x"), -1);
	CHECK_STR(said, "./../x: Invalid argument");
	CHECK_NUM(output_file_create(&f, d, ""), -1);
	output_file_discard(&f);
	CHECK_NUM(count(d), 1);
}

/* Runs the tests in a child that is a filter. */
static void
test_confined(void)
{
	struct output_dir d;
	pid_t child;
	int status;

	CHECK_NUM(output_dir_open(&d, "."), 0);
	child = fork();
	if (child == 0) {
		confine_filter_writing(true, d.fd);
		test_files(&d);
		output_dir_close(&d);
		_exit(check_done());
	}
	waitpid(child, &status, 0);
	CHECK_NUM(status, 0);
	output_dir_close(&d);
}

static void
test_opening(void)
{
	struct output_dir d;
	const char *name;
	int fd;

	CHECK_NUM(output_dir_open(&d, ""), -1);
	CHECK_STR(said, "the name of a directory is empty");
	CHECK_NUM(output_dir_open(&d, "none"), -1);
	CHECK_STR(said, "none: No such file or directory");
	CHECK_NUM(d.fd, -1);
	CHECK_NUM(output_dir_open_parent(&d, "none/x", &name), -1);
	CHECK_STR(said, "none/: No such file or directory");
	CHECK_NUM(output_dir_open_parent(&d, "victim/x", &name), -1);
	CHECK_STR(said, "victim/: Not a directory");
	CHECK_NUM(output_dir_open_parent(&d, "", &name), -1);
	CHECK_STR(said, ": not the name of a file");
	CHECK_NUM(output_dir_open_parent(&d, "sub/", &name), -1);
	CHECK_NUM(output_dir_open_parent(&d, "sub/..", &name), -1);
	CHECK_STR(said, "sub/..: not the name of a file");
	CHECK_NUM(output_dir_open_parent(&d, "/dev/null", &name), -1);
	CHECK_STR(said,
	    "/dev/null: it exists and is no regular file, so it is not "
	    "replaced");
	CHECK_NUM(symlink("victim", "to-victim"), 0);
	CHECK_NUM(output_dir_open_parent(&d, "to-victim", &name), -1);
	CHECK_STR(said,
	    "to-victim: it exists and is no regular file, so it is not "
	    "replaced");
	CHECK_NUM(unlink("to-victim"), 0);
	CHECK_NUM(output_dir_open_parent(&d, "victim", &name), 0);
	CHECK_STR(name, "victim");
	CHECK_STR(d.prefix, "");
	output_dir_close(&d);
	CHECK_NUM(output_dir_open_parent(&d, "sub//new", &name), 0);
	CHECK_STR(name, "new");
	CHECK_STR(d.prefix, "sub//");
	fd = d.fd;
	CHECK_NUM(fcntl(fd, F_GETFD), FD_CLOEXEC);
	output_dir_close(&d);
	CHECK_NUM(fcntl(fd, F_GETFD), -1);
	CHECK_NUM(output_dir_open_parent(&d, "/new", &name), 0);
	CHECK_STR(d.prefix, "/");
	output_dir_close(&d);
}

/* A signal that kills leaves no file with its name for the meantime. */
static void
test_killed(void)
{
	struct output_file f;
	struct output_dir d;
	struct timespec pause_ns = { .tv_nsec = 600000000 };
	pid_t child;
	int status;

	CHECK_NUM(output_dir_open(&d, "."), 0);
	child = fork();
	if (child == 0) {
		if (signals_catch() == -1 ||
		    output_file_replace(&f, &d, "new") == -1)
			_exit(1);
		raise(SIGTERM);
		/* What comes at once is the same request. */
		nanosleep(&pause_ns, NULL);
		raise(SIGTERM);
		_exit(2);
	}
	waitpid(child, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	CHECK_NUM(count(&d), 0);
	output_dir_close(&d);
}

/* Sweeps what is left of "new"; how many files there are then. */
static int
sweep(struct output_dir *d)
{
	output_dir_sweep(d, "new");
	return count(d);
}

/* What a killed process has left is removed, and what somebody writes is not;
 * nor what only looks like it. */
static void
test_sweep(void)
{
	static const char *const others[] = { ".skel-new.0123456789abcde",
		".skel-new.0123456789abcdef0", ".skel-new.0123456789abcdeg",
		".skel-newer.0123456789abcdef", ".skel-new-0123456789abcdef" };
	struct output_file f, g;
	struct output_dir d;
	char name[300];
	pid_t child;
	int status;

	CHECK_NUM(output_dir_open(&d, "."), 0);
	child = fork();
	if (child == 0) {
		if (output_file_replace(&f, &d, "new") == -1)
			_exit(1);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	CHECK(WIFSIGNALED(status));
	CHECK_NUM(output_file_replace(&f, &d, "new"), 0);
	CHECK_NUM(output_file_replace(&g, &d, "old"), 0);
	CHECK_NUM(count(&d), 3);
	CHECK_NUM(sweep(&d), 2);
	put(f.fd, "one");
	CHECK_NUM(output_file_publish(&f, false), 0);
	CHECK_STR(content("new"), "one");
	CHECK_NUM(f.lock, -1);
	output_file_discard(&g);
	CHECK_NUM(output_dir_remove(&d, "new"), 0);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		CHECK_NUM(output_file_create(&f, &d, others[i]), 0);
		output_file_publish(&f, false);
	}
	CHECK_NUM(symlink("nowhere", ".skel-new.0123456789abcdef"), 0);
	CHECK_NUM(mkfifo(".skel-new.1123456789abcdef", 0600), 0);
	CHECK_NUM(mkdir(".skel-new.2123456789abcdef", 0700), 0);
	CHECK_NUM(sweep(&d), 8);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		CHECK_NUM(unlink(others[i]), 0);
	CHECK_NUM(unlink(".skel-new.0123456789abcdef"), 0);
	CHECK_NUM(unlink(".skel-new.1123456789abcdef"), 0);
	CHECK_NUM(rmdir(".skel-new.2123456789abcdef"), 0);
	CHECK_NUM(output_file_create(&f, &d, ".skel-new.0123456789abcdef"), 0);
	output_file_publish(&f, false);
	CHECK_NUM(sweep(&d), 0);

	/* The name of the longest file leaves room for the digits. */
	memset(name, 'x', 255);
	name[255] = '\0';
	CHECK_NUM(output_file_replace(&f, &d, name), 0);
	CHECK_NUM(strlen(f.temp), 255);
	output_dir_sweep(&d, name);
	CHECK_NUM(count(&d), 1);
	close(f.fd);
	close(f.lock);
	output_dir_sweep(&d, name);
	CHECK_NUM(count(&d), 0);
	output_dir_close(&d);
}

/* A full disk: the old file stays, and nothing else. */
static void
test_full(void)
{
	struct output_file f;
	struct output_dir d;

	CHECK_NUM(output_dir_open(&d, "."), 0);
	CHECK_NUM(output_file_replace(&f, &d, "new"), 0);
	put(f.fd, "old");
	CHECK_NUM(output_file_publish(&f, false), 0);
	CHECK_NUM(output_file_replace(&f, &d, "new"), 0);
	/* What close(2) says is what the writer would not have seen. */
	close(f.fd);
	CHECK_NUM(output_file_publish(&f, false), -1);
	CHECK_STR(said, "./new: Bad file descriptor");
	CHECK_STR(content("new"), "old");
	CHECK_NUM(count(&d), 1);
	CHECK_NUM(output_dir_remove(&d, "new"), 0);
	output_dir_close(&d);
}

/* Another user's directory, if this is root. */
static void
test_others(void)
{
	struct output_dir d;
	pid_t child;
	int status;

	if (geteuid() != 0)
		return;
	CHECK_NUM(chown(".", 65534, 65534), 0);
	CHECK_NUM(output_dir_open(&d, "."), 0);
	CHECK_NUM(output_dir_check(&d), 0);
	child = fork();
	if (child == 0) {
		confine_filter_writing(false, d.fd);
		CHECK_NUM(output_dir_check(&d), -1);
		CHECK_STR(said,
		    "./: Permission denied; it belongs to the user 65534: run "
		    "this command as that user, since it gives up the "
		    "privileges of root");
		_exit(check_done());
	}
	waitpid(child, &status, 0);
	CHECK_NUM(status, 0);
	output_dir_close(&d);
	CHECK_NUM(chown(".", 0, 0), 0);
}

static int
be_stage(const char *dir, bool opens)
{
	struct output_dir d;

	if (output_dir_open(&d, dir) == -1)
		return 1;
	confine_filter_writing(opens, d.fd);
	for (;;)
		pause();
}

int
main(int argc, char *argv[])
{
	char dir[] = "/tmp/skel-output-dir-XXXXXX";
	int fd;

	if (argc > 2 && strcmp(argv[1], "--stage") == 0)
		return be_stage(argv[2], argc > 3);
	report_set_sink(note_report, NULL);
	umask(027);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	fd = open("victim", O_WRONLY | O_CREAT, 0644);
	put(fd, "whole");
	close(fd);
	CHECK_NUM(mkdir("sub", 0755), 0);
	test_opening();
	CHECK_NUM(chdir("sub"), 0);
	test_killed();
	test_sweep();
	test_full();
	test_others();
	CHECK_NUM(mkdir("dir", 0755), 0);
	CHECK_NUM(symlink("../victim", "link"), 0);
	test_confined();
	CHECK_NUM(rmdir("dir"), 0);
	CHECK_STR(content("../victim"), "whole");
	CHECK_NUM(rmdir("../sub"), 0);
	CHECK_NUM(unlink("../victim"), 0);
	CHECK_NUM(chdir("/"), 0);
	CHECK_NUM(rmdir(dir), 0);
	return check_done();
}
