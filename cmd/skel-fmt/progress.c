#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/report.h"
#include "base/text.h"
#include "base/utf8.h"
#include "progress.h"
#include "terminal.h"

enum { DRAW_NS = 200000000 };

#define ERASE_LINE "\r\033[K"

void
progress_open(struct progress *p, int out_fd)
{
	struct stat out, err;

	p->possible = terminal_knows_sequences(STDERR_FILENO) &&
		      report_get_level() >= REPORT_NOTICE &&
		      tcgetpgrp(STDERR_FILENO) == getpgrp() &&
		      fstat(out_fd, &out) == 0 &&
		      fstat(STDERR_FILENO, &err) == 0 &&
		      (S_ISREG(out.st_mode) ||
			  (S_ISCHR(out.st_mode) && out.st_rdev != err.st_rdev));
}

static void
write_line(struct progress *p)
{
	/* If it cannot be written, neither can a message that says so. */
	if (!p->line.failed)
		buf_write_fd(&p->line, STDERR_FILENO);
	p->line.len = 0;
}

static void
remove_line(struct progress *p)
{
	if (!p->shown)
		return;
	p->shown = false;
	p->line.len = 0;
	buf_str(&p->line, ERASE_LINE);
	write_line(p);
}

/* The sink of messages while there is a line. */
static void
report_above(void *ctx, enum report_level level, const char *text)
{
	(void)level;
	remove_line(ctx);
	fprintf(stderr, "%s: %s\n", getprogname(), text);
}

void
progress_begin(struct progress *p, int fd, const char *name)
{
	struct stat st;

	p->on = p->possible && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_size >= PROGRESS_LEAST;
	if (!p->on)
		return;
	p->fd = fd;
	p->name = name;
	p->size = st.st_size;
	report_set_sink(report_above, p);
}

/* Cut the text from start on to the window, whose last column stays free. */
static void
cut_line(struct progress *p, size_t start)
{
	struct window w;

	if (p->line.failed || !terminal_window(STDERR_FILENO, &w))
		return;
	p->line.len = start + utf8_fitting(p->line.data + start,
				  p->line.len - start, w.columns - 1);
}

void
progress_note(struct progress *p)
{
	uint64_t now;
	off_t at;
	size_t start;

	if (!p->on)
		return;
	now = clock_elapsed();
	if (p->shown && now - p->drawn < DRAW_NS)
		return;
	at = lseek(p->fd, 0, SEEK_CUR);
	if (at < 0 || at > p->size) {
		/* It grows. */
		remove_line(p);
		return;
	}
	p->drawn = now;
	p->shown = true;
	p->line.len = 0;
	buf_str(&p->line, ERASE_LINE);
	start = p->line.len;
	text_write(&p->line, p->name, strlen(p->name), STYLE_VIS);
	buf_printf(&p->line, ": %u %% of %ju MiB",
	    (unsigned int)((unsigned __int128)at * 100 / (uint64_t)p->size),
	    (uintmax_t)p->size >> 20);
	cut_line(p, start);
	write_line(p);
}

void
progress_end(struct progress *p)
{
	if (!p->on)
		return;
	remove_line(p);
	report_set_sink(NULL, NULL);
	p->on = false;
	buf_free(&p->line);
}
