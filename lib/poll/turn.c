#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/report.h"
#include "poll/turn.h"

enum {
	LOCKS_MAX = 1 << 20, /* bytes of /proc/locks that are read */
	FORGET = 200000000,  /* ns between two tries that are not one wait */
};

void
turn_open(struct turn *t, const char *name, int fd)
{
	*t = (struct turn){ .name = name, .fd = fd, .locks = -1, .open = true };
	if (fd != -1)
		t->locks = open("/proc/locks", O_RDONLY | O_CLOEXEC);
}

void
turn_close(struct turn *t)
{
	if (t->open) {
		turn_end(t);
		if (t->locks != -1)
			close(t->locks);
	}
	*t = (struct turn){ 0 };
}

/* Returns the process in a line of /proc/locks, if that is a lock of flock(2)
 * on this file. */
static long
holder_in_line(const char *line, const struct stat *st)
{
	unsigned int major_id, minor_id;
	unsigned long inode;
	long pid;

	/* The lines of those that wait have "->" after the number. */
	if (sscanf(line, "%*u: FLOCK %*s %*s %ld %x:%x:%lu", &pid, &major_id,
		&minor_id, &inode) != 4)
		return 0;
	return inode == st->st_ino && major_id == major(st->st_dev) &&
		       minor_id == minor(st->st_dev)
		   ? pid
		   : 0;
}

static long
find_holder(const struct turn *t)
{
	struct buf text = { 0 };
	struct stat st;
	long pid = 0;
	char *line;

	if (t->locks == -1 || fstat(t->fd, &st) == -1 ||
	    lseek(t->locks, 0, SEEK_SET) == -1 ||
	    buf_read_fd(&text, t->locks, LOCKS_MAX) == -1)
		goto out;
	buf_chr(&text, '\0');
	if (text.failed)
		goto out;
	line = text.data;
	while (line != NULL && pid == 0) {
		pid = holder_in_line(line, &st);
		if ((line = strchr(line, '\n')) != NULL)
			line++;
	}
out:
	buf_free(&text);
	return pid;
}

const char *
turn_who(const struct turn *t, char who[TURN_WHO_MAX])
{
	long pid = find_holder(t);

	if (pid > 0)
		snprintf(who, TURN_WHO_MAX, "pid %ld", pid);
	else
		snprintf(who, TURN_WHO_MAX, "another process");
	return who;
}

static void
tell_wait(struct turn *t)
{
	char who[TURN_WHO_MAX];

	t->told = true;
	report_notice("map %s: waits for %s, which reads this session too and "
		      "keeps its turn; is it stopped?",
	    t->name, turn_who(t, who));
}

void
turn_begin_wait(struct turn *t)
{
	t->wanted = clock_elapsed();
	t->retry = TURN_RETRY;
}

static void
note_wait(struct turn *t)
{
	uint64_t now = clock_elapsed();

	if (t->wanted == 0 || now - t->tried > FORGET)
		turn_begin_wait(t);
	else if (t->retry < TURN_RETRY_MAX)
		t->retry += t->retry / 8;
	t->tried = now;
	if (!t->told && now >= t->wanted + CLOCK_SECOND)
		tell_wait(t);
}

bool
turn_take(struct turn *t)
{
	t->held = t->fd == -1 || flock(t->fd, LOCK_EX | LOCK_NB) == 0;
	return t->held;
}

void
turn_end(struct turn *t)
{
	if (t->held && t->fd != -1)
		flock(t->fd, LOCK_UN);
	t->held = false;
}

bool
turn_wait(struct turn *t)
{
	while (!turn_take(t)) {
		struct timespec ts = { 0 };

		note_wait(t);
		ts.tv_nsec = (long)t->retry;
		if (clock_elapsed() >= t->deadline)
			return false;
		nanosleep(&ts, NULL);
	}
	if (t->wanted != 0)
		turn_note_others(t);
	t->wanted = 0;
	t->told = false;
	return true;
}

void
turn_note_others(struct turn *t)
{
	t->others = clock_elapsed();
}

uint64_t
turn_pause(const struct turn *t)
{
	return t->others != 0 && clock_elapsed() - t->others < CLOCK_SECOND / 10
		   ? TURN_PAUSE
		   : 0;
}
