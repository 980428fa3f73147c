#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/report.h"
#include "base/util.h"
#include "host/comm.h"
#include "host/mount.h"
#include "host/pid-owner.h"
#include "session/trace-pipe.h"

#define INSTANCE_PREFIX "skel-"
#define PRINTK_EVENT "events/bpf_trace/bpf_trace_printk"

/* Stands for a comm that is not known, as in the kernel's own text. */
#define UNNAMED "<...>"

enum {
	EVENTS_MAX = 4096,          /* per call of trace_pipe_read() */
	DESCRIPTION_MAX = 64 << 10, /* bytes of a file that describes events */
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

/* Opens a file of the instance for reading.  Returns -1 with errno set. */
static int
open_instance_file(const struct trace_pipe *t, const char *file)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/%s", t->dir, file) == -1) {
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	free(path);
	return fd;
}

/* Reads a file of the instance, adding a NUL. */
static int
read_instance_file(const struct trace_pipe *t, const char *file, struct buf *b)
{
	int fd = open_instance_file(t, file), ret;

	if (fd == -1)
		return report_errno(file);
	if ((ret = buf_read_fd(b, fd, DESCRIPTION_MAX)) == -1)
		report_errno(file);
	close(fd);
	buf_chr(b, '\0');
	if (b->failed)
		return report_nomem();
	return ret;
}

static int
read_layout(struct trace_pipe *t)
{
	struct buf page = { 0 }, format = { 0 };
	int ret = -1;

	if (read_instance_file(t, "events/header_page", &page) == 0 &&
	    read_instance_file(t, PRINTK_EVENT "/format", &format) == 0) {
		if (trace_layout_parse(&t->layout, page.data, format.data))
			ret = 0;
		else
			report_error("--trace-pipe: %s/" PRINTK_EVENT
				     "/format: unknown format",
			    t->dir);
	}
	buf_free(&page);
	buf_free(&format);
	return ret;
}

static int
open_cpu(struct trace_pipe *t, unsigned int cpu)
{
	struct trace_cpu *c;
	char file[64];

	if (!array_room(t->cpus, t->ncpus, t->cpus_cap))
		return report_nomem();
	c = &t->cpus[t->ncpus];
	*c = (struct trace_cpu){ .cpu = cpu };
	snprintf(file, sizeof(file), "per_cpu/cpu%u/trace_pipe_raw", cpu);
	if ((c->fd = open_instance_file(t, file)) == -1)
		return report_errno(file);
	if ((c->bytes = malloc(t->layout.size)) == NULL) {
		close(c->fd);
		return report_nomem();
	}
	t->ncpus++;
	return 0;
}

/* Opens the buffers of all CPUs, also of those that are offline now. */
static int
open_cpus(struct trace_pipe *t)
{
	int fd = open_instance_file(t, "per_cpu"), ret = 0;
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;
	unsigned int cpu;

	if (d == NULL) {
		report_errno("per_cpu");
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (ret == 0 && (e = readdir(d)) != NULL)
		if (sscanf(e->d_name, "cpu%u", &cpu) == 1)
			ret = open_cpu(t, cpu);
	closedir(d);
	return ret;
}

static int
start_tracing(struct trace_pipe *t)
{
	/* Per CPU; the default is more than a megabyte. */
	write_instance_file(t, "buffer_size_kb", "256");
	/* Else it becomes readable only when it is half full (Linux 6.1). */
	write_instance_file(t, "buffer_percent", "0");
	if (read_layout(t) == -1 || open_cpus(t) == -1)
		return -1;
	if (write_instance_file(t, PRINTK_EVENT "/enable", "1") == -1)
		return report_errno(t->dir);
	if ((t->fd = open_instance_file(t, "trace_pipe")) == -1)
		return report_errno("trace_pipe");
	return 0;
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
	n->removes = true;
	if (geteuid() != 0)
		n->caps |= CONFINE_CAP(CAP_DAC_OVERRIDE);
}

/*
 * Returns the comm of a task, NULL if it is not known.  It is remembered until
 * the end of trace_pipe_read(), since tasks print many lines at a time.
 */
static const char *
find_comm(struct trace_pipe *t, int32_t pid)
{
	struct trace_comm *c = &t->comms[(uint32_t)pid % TRACE_COMMS];
	char saved[512];

	/* The task that is idle is in no list. */
	if (pid == 0)
		return "<idle>";
	if (c->pid != pid) {
		snprintf(
		    saved, sizeof(saved), "%s/../../saved_cmdlines", t->dir);
		*c = (struct trace_comm){ .pid = pid };
		c->known = comm_find((unsigned long)pid, saved, c->comm);
	}
	return c->known ? c->comm : NULL;
}

/*
 * Copies a comm in such a form that a report that begins with it cannot be
 * mistaken for one of another task, "other-1: text", or for a further line of a
 * text, which begins with blanks.
 */
static void
quote_comm(char *out, size_t size, const char *comm)
{
	size_t n = 0;

	comm += strspn(comm, " \t");
	for (; *comm != '\0' && n + 5 < size; comm++)
		if (comm[0] == ':' && comm[1] == ' ' && n > 0 &&
		    isdigit((unsigned char)out[n - 1]))
			n += (size_t)snprintf(out + n, size - n, "\\072");
		else
			out[n++] = *comm;
	out[n] = '\0';
}

/* Shows a line of a text: the first one, or a further one. */
static void
show_line(struct trace_pipe *t, const struct trace_event *e, const char *line,
    size_t len)
{
	char comm[COMM_SIZE * 5];
	const char *name;

	if (t->poller != NULL) {
		/* What poller_record() returns is also known to the poller. */
		poller_record(t->poller, t->map, clock_now(), &t->record,
		    printk_set_text(&t->record, line, len));
		return;
	}
	/* REPORT_ERROR, since -q must not hide lines that were asked for. */
	if (line != e->text) {
		report(REPORT_ERROR, "    %.*s", (int)len, line);
		return;
	}
	name = find_comm(t, e->pid);
	quote_comm(comm, sizeof(comm), name != NULL ? name : UNNAMED);
	report(REPORT_ERROR, "%s-%d: %.*s", comm, e->pid, (int)len, line);
}

/* Shows the lines of an event, but for empty ones after the first. */
static void
show_event(struct trace_pipe *t, const struct trace_event *e, unsigned int cpu)
{
	const char *line = e->text, *end = e->text + e->len, *eol;

	if (!printk_formats_match(&t->formats, e->text, e->len))
		return;
	if (t->poller != NULL)
		printk_set_task(&t->record, find_comm(t, e->pid), e->pid, cpu);
	do {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (eol == NULL)
			eol = end;
		if (eol > line || line == e->text)
			show_line(t, e, line, (size_t)(eol - line));
		line = eol + 1;
	} while (line < end);
}

static void
report_loss(const struct trace_cpu *c, uint64_t lost)
{
	if (lost == TRACE_LOST_UNKNOWN)
		report_notice("trace pipe: CPU:%u [LOST EVENTS]", c->cpu);
	else if (lost > 0)
		report_notice("trace pipe: CPU:%u [LOST %" PRIu64 " EVENTS]",
		    c->cpu, lost);
}

/*
 * Finds the next event of a CPU, in its page or in those that can be read.
 * Returns 1, 0 if there is none, or -1 after reporting.
 */
static int
advance_cpu(struct trace_pipe *t, struct trace_cpu *c)
{
	c->pending = false;
	while (!trace_page_next(&c->page, &t->layout, &c->next)) {
		ssize_t n = read(c->fd, c->bytes, t->layout.size);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno != EAGAIN)
			return report_errno(t->dir);
		if (n < (ssize_t)t->layout.size)
			return 0;
		report_loss(
		    c, trace_page_begin(&c->page, &t->layout, c->bytes));
	}
	c->pending = true;
	return 1;
}

/*
 * Shows at most max events, in the order of their time.  Returns 1 if there may
 * be more, 0 if all were read, or -1 after reporting.
 */
static int
show_events(struct trace_pipe *t, size_t max)
{
	struct trace_cpu *first;

	memset(t->comms, 0, sizeof(t->comms));
	for (size_t i = 0; i < t->ncpus; i++)
		if (!t->cpus[i].pending && advance_cpu(t, &t->cpus[i]) == -1)
			return -1;
	for (; max > 0; max--) {
		first = NULL;
		for (size_t i = 0; i < t->ncpus; i++)
			if (t->cpus[i].pending &&
			    (first == NULL ||
				t->cpus[i].next.time < first->next.time))
				first = &t->cpus[i];
		if (first == NULL)
			return 0;
		show_event(t, &first->next, first->cpu);
		if (advance_cpu(t, first) == -1)
			return -1;
	}
	return 1;
}

int
trace_pipe_read(void *ctx)
{
	struct trace_pipe *t = ctx;

	/* Programs may print faster than this reads, and records wait. */
	return show_events(t, EVENTS_MAX);
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
			ret = show_events(t, EVENTS_MAX);
	return ret == -1 ? -1 : 0;
}

void
trace_pipe_close(struct trace_pipe *t)
{
	/* A poller is drained before, and gone now. */
	if (t->poller == NULL)
		trace_pipe_drain(t);
	for (size_t i = 0; i < t->ncpus; i++) {
		close(t->cpus[i].fd);
		free(t->cpus[i].bytes);
	}
	free(t->cpus);
	if (t->fd != -1)
		close(t->fd);
	if (t->dir != NULL && rmdir(t->dir) == -1)
		report_errno(t->dir);
	free(t->dir);
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
