#include <sys/stat.h>

#include "host/pidns.h"

unsigned long long
pidns_self(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

bool
pidns_is_initial(void)
{
	/* PROC_PID_INIT_INO of Linux, include/linux/proc_ns.h. */
	enum { INITIAL = 0xEFFFFFFC };
	unsigned long long self = pidns_self();

	return self == 0 || self == INITIAL;
}
