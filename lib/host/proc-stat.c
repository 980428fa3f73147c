#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/proc-stat.h"

/* Read the file as a string.  Returns 0, or -1 with errno set. */
static int
read_stat_line(long pid, char *line, size_t size)
{
	char path[64];
	ssize_t n;
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	while ((n = read(fd, line, size - 1)) == -1 && errno == EINTR)
		;
	error = errno;
	close(fd);
	errno = error;
	line[n > 0 ? n : 0] = '\0';
	return n == -1 ? -1 : 0;
}

int
proc_stat_read(long pid, struct proc_stat *s)
{
	char line[1024], *p;

	/* ESRCH means that the process ended after the open. */
	if (read_stat_line(pid, line, sizeof(line)) == -1)
		return errno == ENOENT || errno == ESRCH ? 0 : -1;
	/* The comm in parentheses may contain parentheses. */
	if ((p = strrchr(line, ')')) != NULL && p[1] == ' ' && p[2] != '\0') {
		if (strchr("ZX", p[2]) != NULL)
			return 0;
		/* From state, field 3: flags is field 9, starttime 22,
		 * startcode 26, startstack 28. */
		if (sscanf(p + 2,
			"%*c %*s %*s %*s %*s %*s %lu %*s %*s %*s %*s %*s %*s "
			"%*s %*s %*s %*s %*s %*s %llu %*s %*s %*s %llu %*s "
			"%llu",
			&s->flags, &s->start, &s->code, &s->stack) == 4)
			return 1;
	}
	errno = EPROTO;
	return -1;
}
