#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc-stat.h"

bool
proc_stat_read(long pid, struct proc_stat *s)
{
	char path[64], line[1024], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	/* The name in parentheses may hold anything. */
	if ((p = strrchr(line, ')')) == NULL || p[1] != ' ' ||
	    strchr("ZX", p[2]) != NULL)
		return false;
	/* state is field 3, flags 9, starttime 22, startcode 26, startstack
	 * 28. */
	return sscanf(p + 2,
		   "%*c %*s %*s %*s %*s %*s %lu %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %llu %*s %*s %*s %llu %*s %llu",
		   &s->flags, &s->start, &s->code, &s->stack) == 4;
}
