/* lib/host/pid-owner: the owner in the name of a mark, and whether it lives. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "host/pid-owner.h"

static void
names_are_parsed_whole(void)
{
	static const char *const wrong[] = { "", "1", "1-2", "1-2-", "1-2-3x",
		"1-2-3 ", "1-2-3-4", "x-2-3", "-1-2-3", " 1-2-3", "1 -2-3x",
		"+1-2-3" };
	struct pid_owner o;

	CHECK(pid_owner_parse(&o, "17-18446744073709551615-4026531836"));
	CHECK_NUM(o.pid, 17);
	CHECK(o.start == UINT64_MAX && o.pidns == 4026531836);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (pid_owner_parse(&o, wrong[i])) {
			fprintf(stderr, "taken: \"%s\"\n", wrong[i]);
			check_failures++;
		}
}

static void
this_process_lives(void)
{
	struct pid_owner self, o;
	char name[128];

	CHECK_NUM(pid_owner_self(&self), 0);
	CHECK_NUM(self.pid, getpid());
	CHECK(pid_owner_is_alive(&self));
	snprintf(name, sizeof(name), PID_OWNER_FORMAT, self.pid, self.start,
	    self.pidns);
	CHECK(pid_owner_parse(&o, name));
	CHECK(o.pid == self.pid && o.start == self.start &&
	      o.pidns == self.pidns);
	/* Its pid may be another process's later. */
	o.start++;
	CHECK(!pid_owner_is_alive(&o));
	/* Of a process in another namespace nothing is known. */
	o.pidns++;
	CHECK(pid_owner_is_alive(&o));
}

static void
a_process_that_has_ended_is_dead(void)
{
	struct pid_owner o;
	int ends[2], status;
	pid_t pid;

	CHECK_NUM(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (pid_owner_self(&o) == -1 ||
		    write(ends[1], &o, sizeof(o)) != sizeof(o))
			_exit(1);
		_exit(0);
	}
	CHECK_NUM(read(ends[0], &o, sizeof(o)), sizeof(o));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(!pid_owner_is_alive(&o));
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	names_are_parsed_whole();
	this_process_lives();
	a_process_that_has_ended_is_dead();
	return check_done();
}
