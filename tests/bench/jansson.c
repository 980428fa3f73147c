/* A rival: builds a tree of a JSON library for each record. */
#include <jansson.h>

#include "event.h"

static void
put(const struct timed *t)
{
	const struct event *e = &t->e;
	char kind[16];
	json_t *json;

	snprintf(kind, sizeof(kind), "%s(%u)", kinds[e->kind], e->kind);
	json = json_pack("{s:i,s:i,s:I,s:I,s:s,s:s,s:b,s:s}", "pid", e->pid,
	    "ppid", e->ppid, "exit_code", (json_int_t)e->exit_code,
	    "duration_ns", (json_int_t)e->duration_ns, "comm", e->comm,
	    "filename", e->filename, "exit_event", e->exit_event, "kind", kind);
	if (json == NULL || json_dumpf(json, stdout, JSON_COMPACT) == -1)
		exit(EXIT_FAILURE);
	putchar('\n');
	json_decref(json);
}

int
main(void)
{
	return rival_main(put);
}
