/* A rival: writes the rows of a table with printf(3), as the tools of libbpf
 * and bcc do. */
#include <time.h>

#include "event.h"

static void
put(const struct timed *t)
{
	time_t second = (time_t)(t->time_ns / 1000000000);
	const struct event *e = &t->e;
	char time[16], kind[16];

	strftime(time, sizeof(time), "%H:%M:%S", localtime(&second));
	snprintf(kind, sizeof(kind), "%s(%u)", kinds[e->kind], e->kind);
	printf("%s %11d %11d %10u %20llu %-15s %-32s %-10s %s\n", time, e->pid,
	    e->ppid, e->exit_code, e->duration_ns, e->comm, e->filename,
	    e->exit_event ? "true" : "false", kind);
}

int
main(void)
{
	printf("%-8s %11s %11s %10s %20s %-15s %-32s %-10s %s\n", "TIME", "PID",
	    "PPID", "EXIT_CODE", "DURATION_NS", "COMM", "FILENAME",
	    "EXIT_EVENT", "KIND");
	return rival_main(put);
}
