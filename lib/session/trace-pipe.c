#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "host/comm.h"
#include "host/mount.h"
#include "host/pid-owner.h"
#include "session/trace-pipe.h"

#define INSTANCE_PREFIX "skel-"
#define PRINTK_EVENT "events/bpf_trace/bpf_trace_printk"

/* Precedes the text of a line. */
static const char marker[] = ": bpf_trace_printk: ";
/* Precedes the pid of a task whose comm the kernel has not recorded yet. */
static const char unnamed[] = "<...>-";

enum {
	READ_BYTES = 16 << 10,
	READS_MAX = 16,            /* per call of trace_pipe_read() */
	LINE_MAX_BYTES = 64 << 10, /* the kernel writes no longer line */
};

/* Returns where tracefs is mounted, or NULL if it has no instances. */
static const char *
find_tracefs(void)
{
	static const char *const dirs[] = { "/sys/kernel/tracing",
		"/sys/kernel/debug/tracing" };
	char path[64];

	for (size_t i = 0; i < nitems(dirs); i++) {
		snprintf(path, sizeof(path), "%s/instances", dirs[i]);
		if (eaccess(path, F_OK) == 0)
			return dirs[i];
	}
	return NULL;
}

/* Writes text to a file of the instance.  Returns 0, or -1 with errno set. */
static int
write_instance_file(
    const struct trace_pipe *t, const char *file, const char *text)
{
	char *path;
	int fd, ret = -1, error;

	if (asprintf(&path, "%s/%s", t->dir, file) == -1) {
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd != -1) {
		ret = write(fd, text, strlen(text)) == -1 ? -1 : 0;
		error = errno;
		close(fd);
		errno = error;
	}
	free(path);
	return ret;
}

static int
report_errno(const char *what)
{
	report_error("--trace-pipe: %s: %s", what, report_error_text(errno));
	return -1;
}

static int
make_instance(struct trace_pipe *t, const char *tracefs)
{
	struct pid_owner o;
	char *event;
	int ret;

	if (asprintf(&event, "%s/" PRINTK_EVENT, tracefs) == -1)
		return report_nomem();
	ret = eaccess(event, F_OK);
	if (ret == -1)
		report_error("--trace-pipe: this kernel has no %s, which came "
			     "with Linux 5.9; read %s/trace_pipe instead",
		    event, tracefs);
	free(event);
	if (ret == -1 || pid_owner_self(&o) == -1)
		return -1;
	if (asprintf(&t->dir, "%s/instances/" INSTANCE_PREFIX PID_OWNER_FORMAT,
		tracefs, o.pid, o.start, o.pidns) == -1) {
		t->dir = NULL;
		return report_nomem();
	}
	if (mkdir(t->dir, 0700) == 0)
		return 0;
	if (errno == EACCES)
		report_error("--trace-pipe: %s: permission denied; run as root "
			     "or with CAP_DAC_OVERRIDE",
		    t->dir);
	else
		report_errno(t->dir);
	free(t->dir);
	t->dir = NULL;
	return -1;
}

static int
start_tracing(struct trace_pipe *t)
{
	char *path;

	/* Per CPU; the default is more than a megabyte. */
	write_instance_file(t, "buffer_size_kb", "256");
	/* Else it becomes readable only when it is half full (Linux 6.1). */
	write_instance_file(t, "buffer_percent", "0");
	if (write_instance_file(t, PRINTK_EVENT "/enable", "1") == -1)
		return report_errno(t->dir);
	if (asprintf(&path, "%s/trace_pipe", t->dir) == -1)
		return report_nomem();
	t->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd == -1)
		report_errno(path);
	free(path);
	return t->fd == -1 ? -1 : 0;
}

int
trace_pipe_open(struct trace_pipe *t, const struct package *p)
{
	const char *tracefs;

	*t = (struct trace_pipe)TRACE_PIPE_NONE;
	if (mount_tracefs() == -1)
		return -1;
	if ((tracefs = find_tracefs()) == NULL) {
		report_error("--trace-pipe: the tracefs of this kernel has no "
			     "instances");
		return -1;
	}
	if (printk_formats_open(&t->formats, &p->object) == 0 &&
	    make_instance(t, tracefs) == 0 && start_tracing(t) == 0)
		return 0;
	trace_pipe_close(t);
	return -1;
}

void
trace_pipe_add_needs(const struct trace_pipe *t, struct confine_needs *n)
{
	if (t->dir == NULL)
		return;
	/* Closing writes to a file of the instance to disable the event. */
	n->opens_for_writing = true;
	if (geteuid() != 0)
		n->caps |= CONFINE_CAP(CAP_DAC_OVERRIDE);
}

/* Finds "comm-pid" in a line, which is followed by "[cpu]" somewhere before
 * mark.  Moves *line to its start and returns its length. */
static size_t
find_task(const char **line, const char *mark)
{
	const char *end = mark, *p = *line;

	while (end > p && *end != '[')
		end--;
	while (end > p && end[-1] == ' ')
		end--;
	while (p < end && *p == ' ')
		p++;
	*line = p;
	return (size_t)(end - p);
}

/*
 * Reports a text after its task, "comm-pid".  The kernel records a comm when
 * its task leaves the CPU; until then the line has "<...>" in its place.
 */
static void
show_text(const struct trace_pipe *t, const char *task, size_t task_len,
    const char *text, size_t len)
{
	char saved[512], comm[COMM_SIZE];
	size_t n = sizeof(unnamed) - 1;

	snprintf(saved, sizeof(saved), "%s/../../saved_cmdlines", t->dir);
	/* REPORT_ERROR, since -q must not hide lines that were asked for. */
	if (task_len > n && strncmp(task, unnamed, n) == 0 &&
	    comm_find(strtoul(task + n, NULL, 10), saved, comm))
		report(REPORT_ERROR, "%s-%.*s: %.*s", comm, (int)(task_len - n),
		    task + n, (int)len, text);
	else
		report(REPORT_ERROR, "%.*s: %.*s", (int)task_len, task,
		    (int)len, text);
}

/* Passes the record on, with a comm that the line lacked.  What poller_record()
 * returns is also known to the poller. */
static void
emit_line(struct trace_pipe *t, const char *text, size_t len)
{
	struct printk_record *r = &t->record;

	poller_record(
	    t->poller, t->map, clock_now(), r, printk_set_text(r, text, len));
}

/* Begins a record with the task in a line, which ends at mark. */
static void
begin_record(struct trace_pipe *t, const char *line, const char *mark)
{
	struct printk_record *r = &t->record;
	char saved[512];

	while (line < mark && *line == ' ')
		line++;
	printk_parse_task(r, line, (size_t)(mark - line));
	if (strcmp(r->comm, "<...>") != 0)
		return;
	snprintf(saved, sizeof(saved), "%s/../../saved_cmdlines", t->dir);
	if (!comm_find((unsigned long)r->pid, saved, r->comm))
		memset(r->comm, 0, sizeof(r->comm));
}

static void
show_line(struct trace_pipe *t, const char *line, size_t len)
{
	const char *end = line + len, *text, *mark;
	size_t n = sizeof(marker) - 1, task;

	mark = memmem(line, len, marker, n);
	if (mark == NULL && strncmp(line, "CPU:", 4) == 0 &&
	    memmem(line, len, " EVENTS]", 8) != NULL) {
		report_notice("trace pipe: %.*s", (int)len, line);
		return;
	}
	if (mark == NULL && t->poller != NULL) {
		if (t->ours && len > 0)
			emit_line(t, line, len);
		return;
	}
	if (mark == NULL) {
		if (t->ours && len > 0)
			report(REPORT_ERROR, "    %.*s", (int)len, line);
		return;
	}
	text = mark + n;
	t->ours = printk_formats_match(&t->formats, text, (size_t)(end - text));
	if (!t->ours)
		return;
	if (t->poller != NULL) {
		begin_record(t, line, mark);
		emit_line(t, text, (size_t)(end - text));
		return;
	}
	task = find_task(&line, mark);
	show_text(t, line, task, text, (size_t)(end - text));
}

static void
show_whole_lines(struct trace_pipe *t)
{
	size_t at = 0;
	char *eol;

	while (at < t->in.len &&
	       (eol = memchr(t->in.data + at, '\n', t->in.len - at)) != NULL) {
		*eol = '\0';
		show_line(t, t->in.data + at, (size_t)(eol - t->in.data) - at);
		at = (size_t)(eol - t->in.data) + 1;
	}
	if (t->in.len - at > LINE_MAX_BYTES)
		at = t->in.len;
	t->in.len -= at;
	memmove(t->in.data, t->in.data + at, t->in.len);
}

/* Reads once and shows whole lines.  Returns 1, 0 if nothing could be read, or
 * -1 after reporting. */
static int
read_and_show(struct trace_pipe *t)
{
	char *room = buf_room(&t->in, READ_BYTES);
	ssize_t n;

	if (room == NULL)
		return report_nomem();
	n = read(t->fd, room, READ_BYTES);
	if (n == -1 && errno == EINTR)
		return 1;
	if (n == -1 && errno != EAGAIN)
		return report_errno(t->dir);
	if (n <= 0)
		return 0;
	t->in.len += (size_t)n;
	show_whole_lines(t);
	return 1;
}

int
trace_pipe_read(void *ctx)
{
	struct trace_pipe *t = ctx;
	int ret = t->fd != -1 ? 1 : 0;

	/* Programs may print faster than this reads, and records wait. */
	for (int i = 0; i < READS_MAX && ret == 1; i++)
		ret = read_and_show(t);
	return ret == -1 ? -1 : 0;
}

int
trace_pipe_drain(void *ctx)
{
	struct trace_pipe *t = ctx;
	int ret = 1;

	/* Other programs print too: only a disabled event lets the reading come
	 * to an end. */
	if (t->fd != -1 &&
	    write_instance_file(t, PRINTK_EVENT "/enable", "0") == 0)
		while (ret == 1)
			ret = read_and_show(t);
	return ret == -1 ? -1 : 0;
}

void
trace_pipe_close(struct trace_pipe *t)
{
	/* A poller is drained before, and gone now. */
	if (t->poller == NULL)
		trace_pipe_drain(t);
	if (t->fd != -1)
		close(t->fd);
	if (t->dir != NULL && rmdir(t->dir) == -1)
		report_errno(t->dir);
	free(t->dir);
	buf_free(&t->in);
	printk_formats_close(&t->formats);
	*t = (struct trace_pipe)TRACE_PIPE_NONE;
}

void
trace_pipe_sweep(void)
{
	const char *tracefs = find_tracefs();
	char path[512];
	struct dirent *e;
	struct pid_owner o;
	DIR *d;

	if (tracefs == NULL)
		return;
	snprintf(path, sizeof(path), "%s/instances", tracefs);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, INSTANCE_PREFIX,
			strlen(INSTANCE_PREFIX)) != 0 ||
		    !pid_owner_parse(&o, e->d_name + strlen(INSTANCE_PREFIX)) ||
		    pid_owner_is_alive(&o))
			continue;
		snprintf(
		    path, sizeof(path), "%s/instances/%s", tracefs, e->d_name);
		if (rmdir(path) == 0)
			report_notice("removed %s, which pid %ld left behind",
			    path, o.pid);
	}
	closedir(d);
}
