/* A rival: writes JSON with printf(3), as people do it by hand. */
#include "event.h"

static void
put(const struct timed *t)
{
	const struct event *e = &t->e;

	printf("{\"pid\":%d,\"ppid\":%d,\"exit_code\":%u,\"duration_ns\":%llu,"
	       "\"comm\":\"%s\",\"filename\":\"%s\",\"exit_event\":%s,"
	       "\"kind\":\"%s(%u)\"}\n",
	    e->pid, e->ppid, e->exit_code, e->duration_ns, e->comm, e->filename,
	    e->exit_event ? "true" : "false", kinds[e->kind], e->kind);
}

int
main(void)
{
	return rival_main(put);
}
