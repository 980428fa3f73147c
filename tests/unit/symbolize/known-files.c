/* lib/symbolize/known-files: which mapped files are the same one. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "symbolize/known-files.h"

enum { NO_PID = 0x7fffffff };

static struct known_files k;
static struct lookup_client client;

/* The number of the mapping of this program that has main(). */
static size_t
find_own(const struct mappings *maps)
{
	return (size_t)(mappings_find(maps, (uint64_t)(uintptr_t)find_own) -
			maps->v);
}

static uint32_t
number_of(const struct process *p, size_t i)
{
	return known_files_number(&k, &client, p, i);
}

/* Whether the file of the mapping can be noted, under the device that its line
 * has: not without privilege, and not on every file system. */
static bool
can_note(const struct process *p, size_t i)
{
	const struct mapping *m = &p->maps.v[i];
	struct process_file f;

	process_note_file(p, i, &f);
	if (f.fd != -1)
		close(f.fd);
	return f.fd != -1 && f.device == makedev(m->major, m->minor);
}

/* A process may end before its file could be noted, of which only the inode is
 * known then. */
static void
check_ended(void)
{
	struct process own = { .pid = getpid() }, ended = { .pid = NO_PID };
	struct lookup_bad bad = { .head = { LOOKUP_BAD, 0 },
		.reason = LOOKUP_TOOK_LONG };
	uint32_t number;
	size_t i;

	CHECK_NUM(mappings_read(&own.maps, own.pid), 0);
	ended.maps = own.maps;
	i = find_own(&own.maps);
	if (can_note(&own, i)) {
		number = number_of(&own, i);
		CHECK(number != 0);
		CHECK_NUM(number_of(&ended, i), number);
		CHECK_NUM(number_of(&own, i), number);
		bad.head.number = number;
		known_files_take_bad(&k, &bad);
		CHECK_SAID("unit/symbolize/known-files: its functions are");
		CHECK_NUM(number_of(&ended, i), number);
		CHECK(known_files_find(&k, number)->bad);
	}
	mappings_free(&own.maps);
}

/* What is told first without its size is told again with it, once. */
static void
check_ended_first(void)
{
	struct process own = { .pid = getpid() }, ended = { .pid = NO_PID };
	uint32_t number;
	size_t i;

	CHECK_NUM(mappings_read(&own.maps, own.pid), 0);
	ended.maps = own.maps;
	i = find_own(&own.maps);
	CHECK(number_of(&ended, i) != 0);
	number = number_of(&own, i);
	CHECK(number != 0);
	CHECK_NUM(number_of(&own, i), number);
	if (can_note(&own, i))
		CHECK_NUM(number_of(&ended, i), number);
	CHECK_NUM(number_of(&own, i), number);
	mappings_free(&own.maps);
}

int
main(void)
{
	int ends[2];

	check_forget();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		return 1;
	client = (struct lookup_client){ .fd = ends[0], .last = &client.first };
	known_files_init(&k);
	check_ended();
	known_files_free(&k);
	known_files_init(&k);
	check_ended_first();
	known_files_free(&k);
	return check_done();
}
