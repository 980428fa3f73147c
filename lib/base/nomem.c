#include "base/nomem.h"

static _Thread_local unsigned long failures;

void
nomem_note(void)
{
	failures++;
}

unsigned long
nomem_count(void)
{
	return failures;
}
